"""Lessons from their files: built-in ones by name, trainers' own by path. What is wrong is told with file, line and key."""

from __future__ import annotations

import re
from pathlib import Path

from triptych import resources
from triptych.lessons.answers import KINDS, PLAIN_KINDS
from triptych.lessons.lesson import (
    FEWEST_TASKS,
    HINTS,
    LEVELS,
    MOST_TASKS,
    MOST_WEEKS,
    ROOMS,
    Check,
    Lesson,
    LessonError,
    Mistake,
    OwnFile,
    OwnTask,
    Question,
)
from triptych.lessons.lesson_fields import Fields, read_toml
from triptych.lessons.lesson_plant import TECHNIQUES
from triptych.lessons.lesson_proof import prove
from triptych.lessons.scenarios import SCENARIOS
from triptych.lessons.windows import WINDOWS
from triptych.limits import MIB

FOLDER = "lessons"
"""Of the resources, where the built-in lessons stand."""

_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", re.ASCII)
_ATTACK = re.compile(r"T\d{4}(?:\.\d{3})?", re.ASCII)
_TASK_PATH = re.compile(r"(?:\\[^\\/:*?\"<>|\x00-\x1f]{1,200}){1,8}")
_DRIVE_PATH = re.compile(r"[^\\/:*?\"<>|\x00-\x1f]+(?:/[^\\/:*?\"<>|\x00-\x1f]+)*")


def shelf() -> tuple[str, ...]:
    """The names of the built-in lessons."""
    return tuple(name.removesuffix(".toml") for name in resources.names(FOLDER) if name.endswith(".toml"))


def load(name: str, *, proved: bool = True) -> Lesson:
    """A built-in lesson by its name, or the one in a file ending with .toml. Raises LessonError.

    Built-in lessons are proved by the tests: without `proved` they are taken as they are, where every moment counts.
    """
    if name in shelf():
        return parse(resources.text(f"{FOLDER}/{name}.toml"), f"{name}.toml", proved=proved)
    if not name.endswith(".toml"):
        raise LessonError(f"There is no lesson {name!r}; there are {', '.join(shelf())}, or give a file ending with .toml.")
    path = Path(name)
    try:
        if path.stat().st_size > MIB:
            raise LessonError(f"{name} is larger than a lesson can be ({MIB:,} bytes).")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise LessonError(f"{name} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise LessonError(f"{name} is not UTF-8 text (byte {error.start}).") from error
    return parse(text.replace("\r\n", "\n"), path.name, path.parent)


def parse(text: str, file: str, folder: Path | None = None, *, proved: bool = True) -> Lesson:
    """A lesson from its text, proved against a machine of its kind. Files it brings are looked for in `folder`, if any."""
    top = read_toml(text, file)
    ident = top.text("id")
    if not _ID.fullmatch(ident):
        raise top.error("id", f"{ident!r} must be of lower case letters, digits and hyphens, 40 at most")
    scenarios, plant = _what(top)
    machine = top.table("machine")
    lesson = Lesson(
        id=ident,
        title=top.text("title"),
        level=top.whole("level", LEVELS[0], LEVELS[-1]),
        minutes=top.whole("minutes", 1, 480),
        attack=_attack(top),
        story=top.text("story"),
        debrief=top.text("debrief"),
        real_windows=top.text("real_windows", ""),
        scenarios=scenarios,
        plant=plant,
        version=machine.one_of("version", tuple(WINDOWS), "") if machine else "",
        tasks=machine.whole("tasks", FEWEST_TASKS, MOST_TASKS, 0) if machine else 0,
        weeks=machine.whole("weeks", 0, MOST_WEEKS, 0) if machine else 0,
        steps=tuple(_step(fields, str(number)) for number, fields in enumerate(top.tables("steps", required=True), 1)),
        quiz=tuple(_quiz(fields, f"quiz-{number}") for number, fields in enumerate(top.tables("quiz"), 1)),
        files=tuple(_file(fields, folder) for fields in top.tables("files")),
        source=text,
        file=file,
    )
    if machine:
        machine.done()
    top.done()
    if proved:
        prove(lesson, top.source)
    return lesson


def _attack(top: Fields) -> tuple[str, ...]:
    ids = top.texts("attack")
    for one in ids:
        if not _ATTACK.fullmatch(one):
            raise top.error("attack", f"{one!r} is no ATT&CK id; they are written T1053.005")
    return ids


def _what(top: Fields) -> tuple[tuple[str, ...], OwnTask | None]:
    """What is planted: scenarios, or a task of the trainer's."""
    scenario, plant = top.table("scenario"), top.table("plant")
    if (scenario is None) == (plant is None):
        raise top.error("", "either [scenario] or [plant] must be there, and not both")
    if plant is not None:
        return (), _plant(plant)
    assert scenario is not None  # noqa: S101 - one of the two is there
    names = (scenario.one_of("name", tuple(SCENARIOS)), *scenario.texts("with"))
    for name in names[1:]:
        if name not in SCENARIOS or names.count(name) > 1:
            raise scenario.error("with", f"{name!r} is unknown or named twice; known are {', '.join(SCENARIOS)}")
    scenario.done()
    return names, None


def _plant(fields: Fields) -> OwnTask:
    path = fields.text("name")
    path = path if path.startswith("\\") else f"\\{path}"
    parts = path.split("\\")[1:]
    if not _TASK_PATH.fullmatch(path) or any(part.strip(". ") != part for part in parts):
        raise fields.error("name", r"this is no path of a task, such as \Contoso\Cache Refresh (no .., no / : * ? and the like)")
    own = OwnTask(
        path,
        fields.text("command"),
        fields.text("arguments", ""),
        fields.one_of("technique", TECHNIQUES),
        fields.ticks("time"),
    )
    fields.done()
    return own


def _step(fields: Fields, ident: str) -> Question:
    text, room, why = fields.text("text"), fields.one_of("room", ROOMS), fields.text("why", "")
    hints = fields.texts("hints", required=True)
    if not 1 <= len(hints) <= HINTS:
        raise fields.error("hints", f"one to {HINTS} hints must be there, the vaguest first")
    check = fields.table("check")
    if check is None:
        raise fields.error("", 'check is missing: a step needs one; a step without an answer has kind = "text"')
    made = Question(ident, text, _check(check), room, hints, why)
    fields.done()
    return made


def _check(fields: Fields) -> Check:
    kind = fields.one_of("kind", KINDS)
    place, of = "", "task"
    answer: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    if kind == "bytes":
        place, answer = fields.text("place"), (fields.raw("find"),)
    elif kind in ("order", "set"):
        answer = fields.texts("answer", required=True)
        of = fields.one_of("of", PLAIN_KINDS, "task") if kind == "set" else of
        items = fields.texts("items", required=True) if kind == "order" else ()
    elif kind == "choice":
        answer, choices = (fields.text("answer"),), fields.texts("choices", required=True)
        _chosen(fields, answer[0], choices)
    elif kind != "text":
        answer = (fields.text("answer"),)
    if kind == "order" and sorted(answer) != sorted(items):
        raise fields.error("answer", "must hold the texts of items, each once, in the right order")
    if kind == "order" and answer == items:
        raise fields.error("items", "are in the right order already: students would see it")
    own = () if kind == "text" else _mistakes(fields, kind)
    fields.done()
    return Check(kind, answer, of, items, choices, place, own)


def _chosen(fields: Fields, answer: str, choices: tuple[str, ...]) -> None:
    if len(set(choices)) < 2 or len(set(choices)) < len(choices):
        raise fields.error("choices", "two at least must be there, and all different")
    if answer not in choices:
        raise fields.error("answer", "is none of the choices")


def _mistakes(fields: Fields, kind: str) -> tuple[Mistake, ...]:
    made = []
    for one in fields.tables("mistakes"):
        answer = one.text_or_texts("answer") if kind in ("order", "set") else (one.text("answer"),)
        made.append(Mistake(answer, one.text("hint")))
        one.done()
    return tuple(made)


def _quiz(fields: Fields, ident: str) -> Question:
    text, why = fields.text("text"), fields.text("why", "")
    answer, choices = fields.text("answer"), fields.texts("choices", required=True)
    _chosen(fields, answer, choices)
    check = Check("choice", (answer,), choices=choices, own=_mistakes(fields, "choice"))
    fields.done()
    return Question(ident, text, check, why=why)


def _file(fields: Fields, folder: Path | None) -> OwnFile:
    source, to, modified = fields.text("source"), fields.text("to"), fields.ticks("modified")
    if not _inside(to):
        raise fields.error("to", "must be a place below the drive's root, such as Users/Public/note.txt (with /, without ..)")
    if not _inside(source):
        raise fields.error("source", "must lie in the folder of the lesson file or below it (with /, without ..)")
    path = (folder or Path()) / source
    if folder is not None:
        if not path.is_file():
            raise fields.error("source", f"there is no file {path}")
        if not path.resolve().is_relative_to(folder.resolve()):
            raise fields.error("source", "leads out of the folder of the lesson file")
    fields.done()
    return OwnFile(path, to, modified)


def _inside(path: str) -> bool:
    """Whether a path stays below where it starts, on Windows too (which drops dots and blanks at the end of a name)."""
    return bool(_DRIVE_PATH.fullmatch(path)) and all(part == part.rstrip(". ") for part in path.split("/"))
