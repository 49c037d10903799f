"""The evidence that is measured: a whole SOFTWARE hive with task files beside it, and machines of many tasks."""

from __future__ import annotations

import lzma
import shutil
from pathlib import Path

from tests.material import shared
from triptych.lessons.benign import benign
from triptych.lessons.machine import CONFIG, TASKS

WHOLE_HIVE = "data/hives/win7sp1-dorkbot-lab/SOFTWARE-262k-keys-schedule-A-M.xz"
SMALL_HIVE = "data/hives/win7sp1-dorkbot-lab/SOFTWARE-schedule-A-M"


def machine(folder: Path, tasks: int) -> Path:
    """A harmless machine of so many tasks, as it lies on its disk."""
    made = folder / f"{tasks}-tasks"
    if not made.exists():
        benign("10", 3, tasks=tasks).write(made)
    return made


def whole_hive(folder: Path, files: int = 250, hive: str = WHOLE_HIVE) -> Path:
    """The hive of the shared material in its place, with the task files of a machine of so many tasks."""
    made = folder / f"hive-and-{files}-files"
    place = hive_of(made)
    if not place.exists():
        place.parent.mkdir(parents=True)
        packed = shared(hive)
        if packed.suffix == ".xz":
            with lzma.open(packed) as source, place.open("wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
        else:
            shutil.copyfile(packed, place)
        shutil.copytree(machine(folder, files) / TASKS, made / TASKS)
    return made


def hive_of(evidence: Path) -> Path:
    return evidence / CONFIG / "SOFTWARE"
