"""What lessons cost: a machine built, and the demo held against an empty window."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.figure import Figure, at_most, seconds
from tests.benchmarks.lesson import TASKS, WEEKS
from tests.benchmarks.measure import MIB, Cost, best, run

_PROGRAM = "tests.benchmarks.lesson"


def lesson_figures(runs: int, tasks: int = TASKS, weeks: int = WEEKS) -> Iterator[Figure]:
    """All figures, each as soon as it is known."""
    with tempfile.TemporaryDirectory() as folder:
        built = run("-m", _PROGRAM, "build", str(Path(folder, "machine")), str(tasks), str(weeks))
    yield Figure(f"a machine of {tasks} tasks and {weeks} weeks of logs, built", seconds(built), *at_most(built.wall, 5.0, " s"))
    yield Figure("  its peak memory", f"{built.main / MIB:.0f} MiB", *at_most(built.main / MIB, 300, " MiB"))
    rounds = [best(1, ("-m", _PROGRAM, "empty"), ("-m", _PROGRAM, "demo")) for _ in range(runs)]
    empty = min(_told(first)["shown"] for first, _ in rounds)
    found = min(_told(second)["findings"] for _, second in rounds)
    yield Figure("an empty window, from the start of the program", f"{empty:.2f} s")
    yield Figure("  the demo with its first findings", f"{found:.2f} s", *at_most(found / empty, 4.0, " times that"))


def _told(cost: Cost) -> dict[str, float]:
    found: dict[str, float] = json.loads(cost.output.strip().splitlines()[-1])
    return found
