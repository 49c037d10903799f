"""Tasks that bear the marks of a writer that is not the Task Scheduler.

The marks are those that the tool GhostTask leaves (netero1010/GhostTask, its code). Each alone is weak, and an honest task may
bear one or two; three or more together are a different hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from triptych.model.evidence import EvidenceRef, State
from triptych.model.finding import Confidence, Finding, Severity
from triptych.model.task import Store, Task, TaskRecord
from triptych.model.times import TICKS_A_SECOND
from triptych.rules.lookups import access_of, entries, is_absent, is_an_offset, is_linked, is_modern, offsets, once
from triptych.rules.phrases import cited, join, sentences
from triptych.rules.rule import Context, Rule

_GHOST_VALUES = {"author", "path", "uri", "date", "actions", "dynamicinfo", "triggers"}
_MILLISECOND = 10_000
_NEAR = 5 * TICKS_A_SECOND
_LONE = 0.1  # a mark that more tasks of this host bear is a habit of the host


@dataclass(frozen=True)
class _Mark:
    words: str
    refs: tuple[EvidenceRef, ...]


def _check(context: Context) -> Iterator[Finding]:
    for task, record in context.pairs():
        if not is_linked(record):
            continue
        marks = list(_marks(context, task, record))
        if len(marks) < 3:
            continue
        yield REGISTRY_HANDMADE.finding(
            task,
            "; ".join(mark.words for mark in marks),
            summary=f"{task.path}: {len(marks)} marks of a writer that is not the Task Scheduler",
            why=sentences(
                f"The marks: {join([mark.words for mark in marks])}.",
                "Each of them alone is weak; the service leaves none of them, and the tool GhostTask, which writes tasks straight "
                "into the registry, leaves all.",
                "A task made so causes no event 106 and no 4698, and is live from the next start of the service.",
            ),
            refs=cited(*(mark.refs for mark in marks), record.ref),
            confidence=Confidence.LIKELY if len(marks) >= 4 else Confidence.POSSIBLE,
            time=record.keeping.tasks_written.value,
        )


def _marks(context: Context, task: Task, record: TaskRecord) -> Iterator[_Mark]:
    yield from _missing_values(context, record)
    yield from _index(record)
    yield from _closed(context, record)
    yield from _crc(context, record)
    yield from _clock(context, record)
    if is_absent(task, Store.XML):
        absence = task.absence(Store.XML)
        yield _Mark("no XML file", absence.refs if absence else ())


def _missing_values(context: Context, record: TaskRecord) -> Iterator[_Mark]:
    """Without Hash and Schema. A Windows 7 keeps no Schema, and an XML without version leaves none: Hash must be gone too."""
    keeping = record.keeping
    if keeping.hash.state is not State.NOT_STATED or record.registration.schema.state is not State.NOT_STATED:
        return
    hashless = once(context, "hashless", lambda: _share(context, lambda other: other.keeping.hash.state is State.NOT_STATED))
    if hashless > 0.5:
        return
    names = {name.casefold() for name in keeping.value_names.value or ()}
    exactly = names == _GHOST_VALUES
    words = (
        "exactly the values Author, Path, URI, Date, Actions, DynamicInfo and Triggers, so neither Hash nor Schema"
        if exactly
        else "neither Hash nor Schema"
    )
    yield _Mark(words, cited(keeping.hash, keeping.value_names))


def _index(record: TaskRecord) -> Iterator[_Mark]:
    keys = record.keeping.index_keys.value or ()
    logon = [trigger for trigger in record.triggers if trigger.type.value == "LogonTrigger" and trigger.enabled.value is not False]
    if record.keeping.index.value == 3 and keys == ("Plain",) and logon and len(logon) == len(record.triggers):
        yield _Mark("a logon trigger in the index key Plain", cited(record.keeping.index, record.keeping.index_keys, logon[0].type))


def _closed(context: Context, record: TaskRecord) -> Iterator[_Mark]:
    descriptor = access_of(record)
    if is_modern(context) and descriptor is not None and descriptor.dacl is not None and not entries(descriptor):
        yield _Mark("an SD with an empty access list", record.keeping.access.refs)


def _crc(context: Context, record: TaskRecord) -> Iterator[_Mark]:
    if record.keeping.crc.value != 0:
        return
    if once(context, "crc share", lambda: _share(context, lambda other: other.keeping.crc.value == 0)) <= _LONE:
        yield _Mark("a checksum of 0, unlike the other tasks", record.keeping.crc.refs)


def _clock(context: Context, record: TaskRecord) -> Iterator[_Mark]:
    """The time of registration in whole milliseconds, which is local time written as UTC."""
    registered = record.run.registered.value
    if registered is None or registered.ticks == 0 or registered.ticks % _MILLISECOND:
        return
    share = once(context, "millisecond share", lambda: _share(context, _in_milliseconds))
    if share <= _LONE:
        yield _Mark("a time of registration in whole milliseconds", record.run.registered.refs)
    date = record.registration.date.value
    if date is not None and date.digits == 0 and 0 <= registered.ticks - date.ticks < TICKS_A_SECOND and any(offsets(context)):
        yield _Mark(
            "a Date that equals the time of registration although one is local and the other UTC", record.registration.date.refs
        )
    elif _is_local(context, record):
        yield _Mark("a time of registration that is off from its key by the host's offset from UTC", record.run.registered.refs)


def _is_local(context: Context, record: TaskRecord) -> bool:
    registered = record.run.registered.value
    keys = (record.keeping.index_written.value, record.keeping.tree_written.value, record.keeping.tasks_written.value)
    if registered is None:
        return False
    return any(written is not None and is_an_offset(context, registered.ticks - written.ticks, _NEAR) for written in keys)


def _in_milliseconds(record: TaskRecord) -> bool:
    registered = record.run.registered.value
    return registered is not None and registered.ticks % _MILLISECOND == 0


def _share(context: Context, holds: Callable[[TaskRecord], bool]) -> float:
    """The part of the host's other tasks for which something holds; a single one counts as none."""
    linked = [record for _, record in context.pairs() if is_linked(record)]
    having = sum(1 for record in linked if holds(record))
    return max(having - 1, 0) / max(len(linked) - 1, 1)


REGISTRY_HANDMADE = Rule(
    "registry-handmade",
    Severity.HIGH,
    "The values of a task bear several marks of a writer that is not the Task Scheduler (GhostTask and its kind).",
    "Deployment tools and images whose makers write tasks into the registry; a .reg file imported by a person.",
    (
        "Look for the process that wrote the keys: Sysmon 12 and 13, Security 4657, remote registry (5145 winreg).",
        "Look for the registration (106, 4698): a task made so has none.",
        "See in events 100, 129, 200 when it ran first: it is live from the next start of the service.",
    ),
    _check,
    ("T1053.005", "T1112"),
)
HANDMADE: tuple[Rule, ...] = (REGISTRY_HANDMADE,)
