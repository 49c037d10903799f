"""Cases for the exports: a small machine, and one whose every text is hostile."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.engine import scanned
from tests.material import shared
from triptych.exports.json_case import Run
from triptych.lessons.benign import benign
from triptych.lessons.machine import Machine
from triptych.lessons.task_spec import TaskSpec
from triptych.model.case import Case

RUN = Run("2026-01-02T03:04:05Z", "2026-01-02T03:04:06Z", ("scan", "evidence"))
OURS = (
    "<b>bold</b>", "=1+1", "+1", "@SUM(1)", "\t=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff201", " =1", "\x1b[2J", "a\u202eb",
    "line1\nline2", "line1\u2028line2", "\x85x", "\u27e8U+202E\u27e9", '"quoted", and comma', "</script><script>alert(1)</script>",
    "javascript:alert(1)", "%s%n{0.__class__}", "\U000e0041tag", "-2+3",
)  # fmt: skip


def texts() -> tuple[str, ...]:
    """Ours and the crafted ones, which are skipped loudly where they are missing."""
    return (*OURS, *json.loads(shared("bad-inputs/text/texts.json").read_text("utf-8")))


@cache
def machine() -> Machine:
    return benign("10", 3, name="LAB-PC", tasks=4)


def hostile(strings: tuple[str, ...]) -> Machine:
    """A machine whose tasks bear one string each as description, author, command and arguments, and one each as a name."""
    base = machine()
    pattern = next(task for task in base.tasks if task.definition.actions and task.definition.actions[0].type == "Exec")
    told = [_telling(pattern, number, text) for number, text in enumerate(strings)]
    named = [_named(pattern, number, text) for number, text in enumerate(strings) if text.replace("\\", "")]
    return base.with_task(*told, *named)


def _telling(pattern: TaskSpec, number: int, text: str) -> TaskSpec:
    definition = pattern.definition
    action = replace(definition.actions[0], command=text, arguments=text)
    registration = replace(definition.registration, description=text, author=text, uri=f"\\Hostile{number}")
    return replace(
        pattern,
        path=f"\\Hostile{number}",
        guid=f"{{{number + 0x10:08X}-AAAA-4BBB-8CCC-0123456789AB}}",
        definition=replace(definition, registration=registration, actions=(action,)),
        has_file=all(character >= " " and not 0xD800 <= ord(character) < 0xE000 for character in text),
    )


def _named(pattern: TaskSpec, number: int, text: str) -> TaskSpec:
    name = text.replace("\\", "")[:200]
    guid = f"{{{number + 0x10:08X}-CCCC-4BBB-8CCC-0123456789AB}}"
    return replace(pattern, path=f"\\{name}", guid=guid, has_file=False)


def case_of(made: Machine) -> Case:
    """The complete case of a machine, read from a folder."""
    with TemporaryDirectory() as folder:
        made.write(Path(folder))
        return scanned(folder)


@cache
def sound() -> Case:
    return case_of(machine())


@cache
def poisoned() -> Case:
    return case_of(hostile(texts()))
