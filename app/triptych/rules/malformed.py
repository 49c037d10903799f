"""Values of TaskCache that the Task Scheduler would not have written so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from triptych.model.evidence import EvidenceRef, Reading, State
from triptych.model.finding import Confidence, Finding, Severity
from triptych.model.task import Store, Task, TaskRecord, leaves
from triptych.rules.lookups import hive_doubt, is_absent, is_linked, is_modern
from triptych.rules.phrases import cited, count, join, quoted, sentences
from triptych.rules.rule import Context, Rule

# sd-invalid and index-invalid tell of two; a Date is text that the author wrote.
_JUDGED_ELSEWHERE = ("keeping.access", "keeping.index", "presence", "registration.date")
# Words of the notes by which the registry store tells what it saw.
_AFTER_NUL, _SECOND, _LEFT_OVER = "text after NUL", "a second value of this name", "bytes not understood"
_LARGE = 512  # bytes
_PACKAGED = ("package", "capabilities")  # what packaged programs of late Windows 10 and 11 have
_COMMON = 0.25
_SEVERAL = 5


@dataclass(frozen=True)
class _Fault:
    """One thing wrong with a value. `kind` groups equal faults of many tasks."""

    kind: str
    words: str
    means: str
    refs: tuple[EvidenceRef, ...]
    missing: bool = False


def _check(context: Context) -> Iterator[Finding]:
    found = [(task, record, faults) for task, record in context.pairs() if (faults := list(_faults(context, task, record)))]
    common = _common(context, found)
    for task, record, faults in found:
        own = [fault for fault in faults if fault.kind not in common]
        if own:
            yield _finding(context, task, record, own)
    for kind in sorted(common):
        yield _shared(kind, common[kind])


_Found = tuple[Task, TaskRecord, list[_Fault]]


def _common(context: Context, found: list[_Found]) -> dict[str, list[tuple[Task, _Fault]]]:
    """Faults of a quarter of all tasks: then it is the way this Windows writes, or our reading, and no hand on a task."""
    by_kind: dict[str, list[tuple[Task, _Fault]]] = defaultdict(list)
    for task, _, faults in found:
        for fault in faults:
            by_kind[fault.kind].append((task, fault))
    tasks = sum(1 for _ in context.pairs())
    return {kind: hits for kind, hits in by_kind.items() if len(hits) >= _SEVERAL and len(hits) >= _COMMON * tasks}


def _finding(context: Context, task: Task, record: TaskRecord, faults: list[_Fault]) -> Finding:
    missing = any(fault.missing for fault in faults)
    refs = cited(*(fault.refs for fault in faults), record.ref)
    confidence, doubt = hive_doubt(context, refs) if missing else (Confidence.CERTAIN, "")
    return VALUE_MALFORMED.finding(
        task,
        "; ".join(fault.kind for fault in faults),
        summary=f"{task.path}: {join([fault.words for fault in faults], 4)}",
        why=sentences(*dict.fromkeys(fault.means for fault in faults), doubt),
        refs=refs,
        confidence=confidence,
        time=record.keeping.tasks_written.value,
    )


def _shared(kind: str, hits: list[tuple[Task, _Fault]]) -> Finding:
    paths = [task.path for task, _ in hits]
    return VALUE_MALFORMED.finding(
        None,
        kind,
        summary=f"{count(len(hits), 'task')} of this host: {hits[0][1].words}",
        why=sentences(
            "So many tasks alike are the way in which this version of Windows writes the value, or a limit of this program, and "
            "not a hand on one task. Judged low, once for all.",
            f"They are {join(paths)}.",
        ),
        refs=cited(*(fault.refs for _, fault in hits)),
        severity=Severity.LOW,
        confidence=Confidence.POSSIBLE,
    )


def _faults(context: Context, task: Task, record: TaskRecord) -> Iterator[_Fault]:
    for name, reading in _suspects(record):
        if name in _JUDGED_ELSEWHERE:
            continue
        if reading.state is State.UNREADABLE:
            yield _unreadable(name, reading)
        elif _AFTER_NUL in reading.note:
            yield _Fault(
                f"{name} text after NUL",
                f"{_label(name)} goes on after its end ({quoted(reading.note, 80)})",
                "Windows takes a text up to its first NUL; what follows is seen by tools that read on, or meant for them.",
                reading.refs,
            )
        elif _SECOND in reading.note:
            yield _Fault(
                f"{name} twice",
                f"{_label(name)} stands there twice",
                "Windows lets no key have two values of one name: they were written into the hive from outside.",
                reading.refs,
            )
        elif name.startswith("extras.key "):
            yield _Fault(
                "keys below a Tasks key",
                f"a key lies below its Tasks key ({quoted(reading.value or '', 80)})",
                "The service keeps values there and no keys, and never looks at any.",
                reading.refs,
            )
        elif _is_a_stowaway(record, name, reading):
            yield _Fault(
                f"unknown value {name.removeprefix('extras.').casefold()}",
                f"a value {quoted(name.removeprefix('extras.'), 60)} of {_size(reading):,} bytes stands beside those of the task",
                "The service writes no value of this name and does not read it: a place to keep data where few look.",
                reading.refs,
            )
        elif name == "extras.Tree.subkeys":
            yield _Fault(
                "keys below a task",
                f"keys lie below its Tree key ({quoted(reading.value or '', 80)})",
                "A Tree key is a task or a folder. The service does not list what lies below a task, so tasks there are not shown.",
                reading.refs,
            )
    if is_linked(record):
        yield from _missing(context, task, record)


def _is_a_stowaway(record: TaskRecord, name: str, reading: Reading[Any]) -> bool:
    """Whether a value that nobody knows holds more than a new Windows would state in one; names of values alone count."""
    own = name.removeprefix("extras.").removeprefix("Tree.")
    known = own in (record.keeping.value_names.value or ()) or name.startswith("extras.Tree.")
    return (
        known and name.startswith("extras.") and own != "subkeys" and _size(reading) >= _LARGE and own.casefold() not in _PACKAGED
    )


def _size(reading: Reading[Any]) -> int:
    return sum(span.length for ref in reading.refs for span in ref.spans)


def _suspects(record: TaskRecord) -> Iterator[tuple[str, Reading[Any]]]:
    """All readings of a record that was not read whole; of any other those that can be odd although they were read."""
    if not record.complete:
        yield from leaves(record)
        return
    for extra in record.extras:
        yield f"extras.{extra.name}", extra.reading
    for member in fields(record.registration):
        yield f"registration.{member.name}", getattr(record.registration, member.name)
    yield "keeping.tasks_path", record.keeping.tasks_path
    yield "keeping.tree_id", record.keeping.tree_id


def _unreadable(name: str, reading: Reading[Any]) -> _Fault:
    note = reading.note or "its bytes make no sense"
    label = _label(name)
    if _LEFT_OVER in note:
        return _Fault(
            f"{label} {_LEFT_OVER}",
            f"{label}: {note}",
            "The service writes nothing behind the last record that it reads, and reads what it wrote: these bytes come from "
            "another hand, from a value that was cut down, or from a layout newer than this program.",
            reading.refs,
        )
    return _Fault(
        f"{label} unreadable",
        f"{label} cannot be read ({note})",
        "The service writes this value in one type and layout; it refuses or ignores any other, so another hand wrote it.",
        reading.refs,
    )


def _label(name: str) -> str:
    """`actions[0].command` is in the Actions value; the rest of the names are near enough to the registry's own."""
    head, _, tail = name.partition(".")
    if head == "extras":
        return tail.removeprefix("Tree.")
    part = head.partition("[")[0]
    values = {"actions": "Actions", "triggers": "Triggers", "principal": "Triggers", "settings": "Triggers", "run": "DynamicInfo"}
    if part in values:
        return f"{values[part]} ({head}.{tail})" if tail else values[part]
    return {"tasks_path": "Path", "tree_id": "Id", "uri": "URI"}.get(tail, tail.replace("_", " ").capitalize() or head)


_NEEDED = {
    "path": ("Path", "The service cannot tell where the task belongs."),
    "triggers": ("Triggers", "Triggers, account and settings stand in that value alone: the service cannot load the task."),
    "dynamicinfo": ("DynamicInfo", "The service writes it with every registration."),
    "actions": (
        "Actions",
        "What the task starts stands in that value alone (Windows 8 and later): the service has nothing to start.",
    ),
    "hash": ("Hash", "The service writes it with every registration; tools that write into the registry leave it out."),
}


def _missing(context: Context, task: Task, record: TaskRecord) -> Iterator[_Fault]:
    """Values that every task made by the service has; Actions only where this Windows keeps them."""
    names = record.keeping.value_names
    if names.value is None:
        return
    having = {name.casefold() for name in names.value}
    by_hand = is_absent(task, Store.XML) and not {"hash", "schema"} & having  # then registry-only tells of both
    for needed, (label, means) in _NEEDED.items():
        if needed == "hash" and by_hand:
            continue
        if needed not in having and (needed != "actions" or is_modern(context)):
            yield _Fault(f"{label} missing", f"the Tasks key has no {label} value", means, cited(names, record.ref), missing=True)
    if "schema" not in having and "hash" in having and is_modern(context):
        file = task.record(Store.XML)
        version = file.registration.schema if file else None
        if version is not None and version.stated and version.value:
            yield _Fault(
                "Schema missing",
                f"the Tasks key has no Schema value although the XML file states version {version.value}",
                "The service writes Schema wherever the definition states a version.",
                cited(names, version),
                missing=True,
            )


VALUE_MALFORMED = Rule(
    "value-malformed",
    Severity.MEDIUM,
    "A TaskCache value of the wrong type, unparsable, missing where the service always writes it, or with bytes left over.",
    "A damaged hive; a layout of a Windows newer than this program; old values carried through upgrades.",
    (
        "Look at the bytes of the value.",
        "Compare with the same value of other tasks of this host.",
        "Look for the hand on the key: Sysmon 13, Security 4657.",
    ),
    _check,
    ("T1053.005", "T1112"),
)
MALFORMED: tuple[Rule, ...] = (VALUE_MALFORMED,)
