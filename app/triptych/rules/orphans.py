"""Halves of tasks: a Tasks key without its Tree key, a Tree key without its Tasks key, and two that claim to be one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from triptych.model.evidence import EvidenceRef, State
from triptych.model.finding import Confidence, Finding, Severity
from triptych.model.paths import fold
from triptych.model.task import Store, Task, TaskRecord, TraceKind
from triptych.model.times import Instant
from triptych.rules.lookups import (
    WINDOWS_8,
    folders,
    has_tasks_key,
    has_tree_key,
    once,
    parent_written,
    traces,
    was_read,
)
from triptych.rules.phrases import cited, join, sentences, when
from triptych.rules.rule import Context, Rule

_Pair = tuple[Task, TaskRecord]


def _by_path(context: Context) -> dict[str, list[_Pair]]:
    """Records with a Tasks key, by the path that its Path value gives."""

    def make() -> dict[str, list[_Pair]]:
        found: dict[str, list[_Pair]] = defaultdict(list)
        for task, record in context.pairs():
            if has_tasks_key(record):
                found[fold(record.keeping.tasks_path.value or record.path)].append((task, record))
        return found

    return once(context, "tasks keys by path", make)


def _owner(context: Context, record: TaskRecord) -> TaskRecord | None:
    """The record whose Tree key stands at the path that an orphaned Tasks key claims."""
    mates = _by_path(context).get(fold(record.keeping.tasks_path.value or record.path), [])
    return next((mate for _, mate in mates if mate is not record and not mate.orphan), None)


def _dangling(context: Context) -> dict[str, str]:
    """Paths whose Tree key has an Id that leads nowhere, with that Id."""
    return once(
        context,
        "dangling ids",
        lambda: {fold(record.path): record.guid for _, record in context.pairs() if record.orphan == "tree"},
    )


def _keys(record: TaskRecord) -> tuple[str, ...]:
    return record.keeping.index_keys.value or ()


def _last_run(record: TaskRecord) -> Instant | None:
    times = [reading.value for reading in (record.run.last_run, record.run.last_success) if reading.value is not None]
    return max(times, key=lambda time: time.ticks, default=None)


def _newest(record: TaskRecord) -> int:
    return max((time.ticks for time in (record.run.registered.value, _last_run(record)) if time is not None), default=0)


def _check_tree(context: Context) -> Iterator[Finding]:
    for task, record in context.pairs():
        if record.orphan != "tasks":
            continue
        owner = _owner(context, record)
        if owner is not None:
            severity, fact, why = _superseded(record, owner)
        else:
            severity, fact, why = _treeless(context, record)
        yield TREE_MISSING.finding(
            task,
            f"no Tree key for {record.guid}",
            summary=f"{task.path}: {fact}",
            why=sentences(
                "Windows finds a task by its Tree key: without one the service does not list it and cannot be asked for it, while "
                "a copy that it had loaded runs on until the service is started again.",
                why,
            ),
            refs=cited(record.keeping.tasks_path, record.ref, record.keeping.index_keys, record.run.last_run),
            severity=severity,
            time=record.keeping.tasks_written.value,
        )


def _superseded(record: TaskRecord, owner: TaskRecord) -> tuple[Severity, str, str]:
    """The Tree key of that path names another GUID."""
    fact = f"the Tasks key {record.guid} claims a path whose Tree key names {owner.guid}"
    if not _keys(record) and _newest(record) <= _newest(owner):
        return Severity.LOW, fact, (
            "This GUID is in no index key and not newer than the one in use: what a registration anew or a feature upgrade leaves. "
            "Judged low."
        )  # fmt: skip
    reason = f"it is in the index key {join(list(_keys(record)))}" if _keys(record) else "it is newer than the one that Tree names"
    return Severity.HIGH, fact, f"It is more than what a registration anew leaves behind, since {reason}."


def _treeless(context: Context, record: TaskRecord) -> tuple[Severity, str, str]:
    if fold(record.path) in folders(context):
        return (
            Severity.HIGH,
            "the Tree key has lost its Id value, the Tasks key is still there",
            "With the Id the key stops being a task and becomes a folder. Nothing in Windows removes that value alone.",
        )
    other = _dangling(context).get(fold(record.path))
    fact = f"the Tasks key {record.guid} has no Tree key"
    if other:
        fact = f"the Tree key names {other}, which does not exist, instead of the Tasks key {record.guid} of that path"
    if _keys(record):
        return Severity.HIGH, fact, (
            f"Its GUID is still in the index key {join(list(_keys(record)))}, which the service walks at its start: "
            "the definition is alive and unseen."
        )  # fmt: skip
    last, parent = _last_run(record), parent_written(context, record.path)
    if last is None:
        return Severity.LOW, fact, (
            "Its GUID is in no index key and it never ran: uninstallers and clean-up scripts leave this. Judged low."
        )  # fmt: skip
    if parent is None:
        return Severity.MEDIUM, fact, (
            "Its GUID is in no index key. Whether it ran after its Tree key went cannot be said: no folder above it has a "
            "last-write time. Judged between a leftover and a hidden task."
        )  # fmt: skip
    if last.ticks <= parent.ticks:
        return Severity.LOW, fact, (
            f"Its GUID is in no index key, and its last run ({when(last)}) is not later than the last write of the folder above "
            f"({when(parent)}): uninstallers and clean-up scripts leave this. Judged low."
        )  # fmt: skip
    return Severity.HIGH, fact, (
        f"It ran at {when(last)}, after the last write of the folder above ({when(parent)}), so after its Tree key was gone."
    )  # fmt: skip


def _check_tasks(context: Context) -> Iterator[Finding]:
    entries = once(context, "index entries", lambda: _entries(context))
    for task, record in context.pairs():
        if record.orphan != "tree":
            continue
        guid = (record.keeping.tree_id.value or record.guid).upper()
        keys = sorted(set(_keys(record)) | {name for name, _ in entries.get(guid, ())})
        severity, why = _why_tasks_missing(context, task, record, keys)
        yield TASKS_MISSING.finding(
            task,
            f"no Tasks key {guid}",
            summary=f"{task.path}: its Id {guid} leads to no Tasks key",
            why=sentences(
                "The definition stood in the Tasks key: nothing can be started from what is left, unless the service loaded it "
                "before and has not been started again.",
                why,
            ),
            refs=cited(record.keeping.tree_id, record.ref, *(refs for _, refs in entries.get(guid, ()))),
            severity=severity,
            time=record.keeping.tree_written.value,
        )


def _entries(context: Context) -> dict[str, list[tuple[str, tuple[EvidenceRef, ...]]]]:
    found: dict[str, list[tuple[str, tuple[EvidenceRef, ...]]]] = defaultdict(list)
    for trace in traces(context, TraceKind.INDEX_ENTRY):
        found[(trace.get("guid") or trace.path).upper()].append((trace.get("index"), trace.refs))
    return found


def _why_tasks_missing(context: Context, task: Task, record: TaskRecord, keys: list[str]) -> tuple[Severity, str]:
    if keys:
        return Severity.MEDIUM, f"The GUID is still in the index key {join(keys)}, so the Tasks key went without the rest."
    stock = context.baseline.find(task.path) is not None
    if stock and record.keeping.index.value == 0 and (context.build is None or context.build < WINDOWS_8):
        return Severity.LOW, (
            "Windows 7 itself keeps several shipped tasks like this one: a Tree key with Index 0 and no Tasks key. Judged low."
        )  # fmt: skip
    if task.record(Store.XML) is not None:
        return Severity.MEDIUM, "The task's XML file is still there, so it was not uninstalled in the usual way."
    if not was_read(context, Store.XML):
        return Severity.LOW, (
            "No index key has the GUID: uninstallers and clean-up scripts leave this. Judged low; whether a task file is left is "
            "unknown, since none were collected."
        )  # fmt: skip
    return (
        Severity.LOW,
        "No index key has the GUID and no task file is left: uninstallers and clean-up scripts leave this. Judged low.",
    )


def _check_duplicates(context: Context) -> Iterator[Finding]:
    by_id: dict[str, list[_Pair]] = defaultdict(list)
    for task, record in context.pairs():
        identity = record.keeping.tree_id
        if has_tree_key(record) and identity.state is State.STATED and identity.value:
            by_id[identity.value.upper()].append((task, record))
    for guid, pairs in by_id.items():
        if len(pairs) > 1:
            yield _shared_id(guid, pairs)
    for path, pairs in _by_path(context).items():
        guids = {record.guid for _, record in pairs if record.keeping.guid.known}
        if len(guids) > 1:
            yield _shared_path(path, pairs)


def _shared_id(guid: str, pairs: list[_Pair]) -> Finding:
    """Two Tree keys lead to one Tasks key; the one that its Path does not name is the stranger."""
    strangers = [
        (task, record) for task, record in pairs if fold(record.keeping.tasks_path.value or "") not in ("", fold(record.path))
    ]
    task, record = (strangers or pairs)[-1]
    paths = sorted(record.path for _, record in pairs)
    return DUPLICATE_ID.finding(
        task,
        f"Id {guid} {' '.join(path.casefold() for path in paths)}",
        summary=f"{task.path}: {len(pairs)} Tree keys share the Id {guid}",
        why=sentences(
            f"The keys are {join(paths)}. The service makes a new GUID for every registration, so no two tasks share one.",
            "Which of the two a caller is shown depends on the path asked for; both lead to the same definition.",
            f"The Tasks key itself gives the path {record.keeping.tasks_path.value}." if record.keeping.tasks_path.value else "",
        ),
        refs=cited(*(record.keeping.tree_id for _, record in pairs), *(record.ref for _, record in pairs)),
        time=record.keeping.tree_written.value,
    )


def _shared_path(path: str, pairs: list[_Pair]) -> Finding:
    owners = [(task, record) for task, record in pairs if not record.orphan]
    task, record = (owners or pairs)[0]
    others = [mate for _, mate in pairs if mate is not record]
    leftovers = bool(owners) and all(
        mate.orphan == "tasks" and not _keys(mate) and _newest(mate) <= _newest(record) for mate in others
    )
    reason = (
        "The Tree key names one of them, the others are in no index key and not newer: what a registration anew or a feature "
        "upgrade leaves. Judged low."
        if leftovers
        else "A registration anew leaves an old GUID without index and older than the one in use; that is not so here."
    )
    guids = sorted({mate.guid for _, mate in pairs})
    return DUPLICATE_ID.finding(
        task,
        f"Path {path} {' '.join(guids)}",
        summary=f"{task.path}: {len(guids)} Tasks keys claim this path",
        why=sentences(
            f"The keys are {join(guids)}.",
            "The service goes by the Tree key, which names one GUID; what the others define is not listed and may still be loaded "
            "through an index key.",
            reason,
        ),
        refs=cited(*(mate.keeping.tasks_path for _, mate in pairs), *(mate.ref for _, mate in pairs)),
        severity=Severity.LOW if leftovers else Severity.HIGH,
        confidence=Confidence.CERTAIN,
        time=record.keeping.tree_written.value,
    )


_NEXT = (
    "Look for the missing half in free space of the hive, in LOG1 and LOG2, in RegBack and shadow copies.",
    "Look for the task's runs after that time (129, 200, 201) and for its removal (141, 4699).",
    "Look for the hand on the keys: Sysmon 12, Security 4657 and 4663.",
)
TREE_MISSING = Rule(
    "tree-missing",
    Severity.HIGH,
    "A Tasks key whose path has no Tree key, or a Tree key with another Id: a definition that no listing shows.",
    "Uninstallers and clean-up scripts delete only some of the keys; feature upgrades leave old GUIDs.",
    _NEXT,
    _check_tree,
    ("T1053.005", "T1564", "T1070"),
)
TASKS_MISSING = Rule(
    "tasks-missing",
    Severity.MEDIUM,
    "The Id of a Tree key leads to no Tasks key: the definition is gone.",
    "Failed upgrades, uninstallers and clean-up scripts; Windows 7 ships several such keys.",
    _NEXT,
    _check_tasks,
    ("T1053.005", "T1070.009"),
)
DUPLICATE_ID = Rule(
    "duplicate-id",
    Severity.HIGH,
    "Two Tree keys share an Id, or two Tasks keys a Path.",
    "A task registered anew after its Index was lost, or carried through a feature upgrade, leaves its old GUID.",
    _NEXT,
    _check_duplicates,
    ("T1053.005", "T1112"),
)
ORPHANS: tuple[Rule, ...] = (TREE_MISSING, TASKS_MISSING, DUPLICATE_ID)
