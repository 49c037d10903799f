"""The first telling: the task files below System32\\Tasks, of the running system and of every other view."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from triptych.evidence.layouts import Found, Item
from triptych.evidence.source import EvidenceSource
from triptych.formats.faults import Faults
from triptych.formats.task_xml import ParsedTask, read_task
from triptych.limits import DEFAULT, Limits
from triptych.model.case import Balance, Problem, Weight
from triptych.model.display import show
from triptych.model.evidence import Reading, ReadState, stated
from triptych.model.task import Keeping, Presence, Store, TaskRecord, Text, Trace, TraceKind
from triptych.model.times import Instant
from triptych.stores.files import FileRead, read_file, written
from triptych.stores.job import Answer, Job, StoreReader
from triptych.stores.troubles import EMPTY_NOT_LISTED

NAME, FLOOD = "xml", "empty-task-files"  # the second shows no empty file as a task: they are counted
KIND = "task file"
# Files that Windows itself puts beside tasks.
_BESIDE = frozenset(("desktop.ini", "sa.dat", "schedlgu.txt", "thumbs.db", ".ds_store"))
_PROGRAMS = (
    (b"MZ", "a Windows program (PE)"),
    (b"\x7fELF", "a Linux program"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"#!", "a script"),
)
_SCRIPTS = (".ps1", ".psm1", ".bat", ".cmd", ".vbs", ".vbe", ".js", ".jse", ".wsf", ".hta", ".py", ".lnk", ".url")


def _jobs(found: Found) -> list[Job]:
    items = found.of("task-file", "wow-task-file")
    empty = [item for item in items if not item.size][DEFAULT.empty_task_files :]
    aside = set(empty)
    shown = [item for item in items if item not in aside] if aside else items
    size = DEFAULT.batch_files
    jobs = [_job(NAME, shown[at : at + size], at, "task files") for at in range(0, len(shown), size)]
    return [*jobs, _job(FLOOD, empty, 0, "empty task files")] if empty else jobs  # one job, and so one problem


def _job(reader: str, items: Sequence[Item], before: int, what: str) -> Job:
    label = f"{what} {before + 1} to {before + len(items)}"
    return Job(reader, label, tuple(item.as_row() for item in items), sum(item.size for item in items))


def _read(job: Job, source: EvidenceSource, limits: Limits) -> Iterator[Answer]:
    listed = repaired = unlisted = 0
    for row in job.items:
        item = Item.from_row(row)
        faults = Faults(item.path)
        file = read_file(source, item, KIND, limits.xml, faults)
        if job.reader == FLOOD and file.data == b"":
            unlisted += 1
            yield replace(file.ledger, read=ReadState.FAILED)
            continue
        answer, state = _telling(item, file, faults, limits)
        if answer is not None:
            yield answer
        yield from faults.problems
        listed += state is ReadState.WHOLE
        repaired += state is ReadState.PART
        yield file.ledger if file.ledger.read is not ReadState.WHOLE else replace(file.ledger, read=state)
    yield Balance(job.label, "files", len(job.items), listed, repaired, len(job.items) - listed - repaired)
    if unlisted:
        yield _not_listed(job.items[0][1].rpartition("/")[0], unlisted, limits)


def _not_listed(folder: str, count: int, limits: Limits) -> Problem:
    return Problem(
        Weight.LOST,
        EMPTY_NOT_LISTED,
        folder,
        "empty files",
        tried="show each empty file as a task whose file cannot be read",
        found=f"more than {limits.empty_task_files:,} empty files in the place of tasks: the further ones are in the ledger alone",
        lost="their rows among the tasks; a task that the registry knows counts as one without a file where its file is one of these",
        advice="somebody filled the folder: look at when these files were made, and by whom",
        count=count,
    )


def _telling(item: Item, file: FileRead, faults: Faults, limits: Limits) -> tuple[TaskRecord | Trace | None, ReadState]:
    """What one file tells, and how much of it was read; None for a file that Windows keeps beside tasks."""
    if file.data is None:
        return _unreadable(item, file, "the file could not be read"), ReadState.FAILED
    foreign = _foreign(item, file.data)
    if foreign and _name(item) in _BESIDE:
        _not_a_task(faults, Weight.NOTE, file.data, foreign, "nothing: Windows keeps it beside tasks")
        return None, ReadState.WHOLE
    if foreign:
        _not_a_task(faults, Weight.DOUBT, file.data, foreign, "nothing: no definition was to be had")
        return _unreadable(item, file, foreign), ReadState.FAILED
    parsed = read_task(file.data, item.path, faults, limits)
    if not parsed.is_task and _name(item) in _BESIDE:
        return None, ReadState.WHOLE
    if item.role == "wow-task-file":
        return _wow_file(item, file, parsed), _state(parsed, file)
    return parsed.record(Store.XML, _path(item), item.view, written(item, file.ref)), _state(parsed, file)


def _state(parsed: ParsedTask, file: FileRead) -> ReadState:
    if not parsed.is_task:
        return ReadState.FAILED
    return ReadState.WHOLE if parsed.complete and file.ledger.read is ReadState.WHOLE else ReadState.PART


def _path(item: Item) -> str:
    return item.task or "\\" + _plain_name(item)


def _plain_name(item: Item) -> str:
    return (item.inner or item.path).rpartition("/")[2]


def _name(item: Item) -> str:
    return _plain_name(item).casefold()


def _foreign(item: Item, data: bytes) -> str:
    """What a file is that no task begins like; "" where it may be one."""
    for magic, what in _PROGRAMS:
        if data.startswith(magic):
            return what
    start = data[:64].lstrip(b"\xff\xfe\xef\xbb\xbf\0 \t\r\n")
    if not data or not start or start.startswith(b"<"):
        return ""
    if _name(item).endswith(_SCRIPTS):
        return f"a file named like a script or link ({show(_plain_name(item), 80)})"
    return "a file kept beside tasks" if _name(item) in _BESIDE else ""


def _not_a_task(faults: Faults, weight: Weight, data: bytes, what: str, lost: str) -> None:
    advice = "" if weight is Weight.NOTE else "nothing but task definitions belongs here: look at this file, and at what starts it"
    found = f"{what}; it begins with {data[:16].hex(' ')}"
    faults.add(weight, "xml.foreign-file", "the whole file", tried="read it as a task", found=found, lost=lost, advice=advice)


def _unreadable(item: Item, file: FileRead, note: str) -> TaskRecord | Trace:
    if item.role == "wow-task-file":
        return _trace(item, file, (("kind", stated(note, file.ref)),))
    presence = stated(Presence.UNREADABLE, file.ref, note=note)
    keeping = Keeping(file_written=written(item, file.ref))
    return TaskRecord(Store.XML, _path(item), presence, item.view, keeping=keeping, complete=False)


def _wow_file(item: Item, file: FileRead, parsed: ParsedTask) -> Trace:
    """A file in SysWOW64\\Tasks: the service loads nothing from there."""
    readings: list[tuple[str, Text]] = [("kind", stated("a task" if parsed.is_task else parsed.reason, parsed.whole))]
    for number, action in enumerate(parsed.actions):
        named: tuple[tuple[str, Reading[str]], ...] = (
            ("type", action.type), ("command", action.command), ("arguments", action.arguments), ("class_id", action.class_id),
        )  # fmt: skip
        suffix = f"[{number}]" if number else ""
        readings += [(name + suffix, reading) for name, reading in named if reading.stated]
    return _trace(item, file, tuple(readings))


def _trace(item: Item, file: FileRead, readings: tuple[tuple[str, Text], ...]) -> Trace:
    modified = None if item.modified is None else Instant(item.modified)
    return Trace(TraceKind.WOW_FILE, _path(item), readings, (file.ref,), modified, item.view)


XML = StoreReader(NAME, _jobs, _read)
EMPTY_FILES = StoreReader(FLOOD, lambda found: [], _read)
