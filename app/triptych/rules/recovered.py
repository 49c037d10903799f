"""What was deleted and can still be read: free space of the hive, and other copies of the system."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from triptych.model.evidence import State
from triptych.model.finding import Confidence, Finding, Severity
from triptych.model.task import Store, Task, TaskRecord, Trace, TraceKind
from triptych.model.times import Instant
from triptych.rules.lookups import (
    guid_in,
    is_modern,
    is_vendors,
    once,
    parents,
    removed,
    traces,
    tree_path,
    was_read,
)
from triptych.rules.phrases import cited, count, join, quoted, sentences, when
from triptych.rules.rule import Context, Rule

_OLD_SYSTEM = "windows.old"
_NOT_A_COPY = ("listing",)  # what another tool printed: no copy of the system
_PROVES_A_TASK = {"id", "index", "path", "actions", "triggers", "dynamicinfo", "hash"}


@dataclass
class _Remains:
    """What is left of one task: its path ("" where unknown), its GUID, the traces."""

    path: str
    guid: str
    traces: list[Trace] = field(default_factory=list)

    @property
    def values(self) -> dict[str, list[Trace]]:
        found: dict[str, list[Trace]] = defaultdict(list)
        for trace in self.traces:
            if trace.get("value"):
                found[trace.get("value").casefold()].append(trace)
        return found

    @property
    def written(self) -> Instant | None:
        times = [trace.written for trace in self.traces if trace.written is not None]
        return max(times, key=lambda time: time.ticks, default=None)


def _check(context: Context) -> Iterator[Finding]:
    yield from _from_free_space(context)
    yield from _put_back(context)
    yield from _from_views(context)


def _from_free_space(context: Context) -> Iterator[Finding]:
    # Of two records with one path the linked one counts, then the Tree key, then the Tasks key.
    order = sorted(context.pairs(), key=lambda pair: ("tasks", "tree", "").index(pair[1].orphan))
    by_path = {record.path.casefold(): (task, record) for task, record in order}
    by_guid = {record.guid: (task, record) for task, record in context.pairs() if record.guid}
    for remains in _gathered(context):
        living = by_path.get(remains.path.casefold()) or by_guid.get(remains.guid)
        if living is not None:
            yield from _of_living(context, *living, remains)
        elif not _is_folder(context, remains.path):
            yield _of_gone(context, remains)


def _gathered(context: Context) -> list[_Remains]:
    """The traces by task; a GUID whose Path value was recovered too goes by that path."""
    traces_left = [trace for trace in removed(context) if trace.refs]
    paths = {
        guid_in(trace.get("key")): _data(trace)
        for trace in traces_left
        if trace.get("value").casefold() == "path" and _data(trace).startswith("\\")
    }
    found: dict[str, _Remains] = {}
    for trace in traces_left:
        guid = guid_in(trace.get("key"))
        path = tree_path(trace.get("key")) or paths.get(guid, "")
        if path or guid:
            found.setdefault(path.casefold() or guid, _Remains(path, guid)).traces.append(trace)
    return [found[name] for name in sorted(found)]


def _data(trace: Trace) -> str:
    return trace.get("data") or trace.get("before")


def _is_folder(context: Context, path: str) -> bool:
    """Whether tasks or folders of today lie below: what was deleted there is an older state of a folder."""

    def make() -> set[str]:
        paths = [task.path for task in context.case.tasks]
        paths += [f"{trace.path.rstrip(chr(92))}\\x" for trace in traces(context, TraceKind.TREE_FOLDER)]
        return {parent for path in paths for parent in parents(path)}

    return bool(path) and path.casefold() in once(context, "all folders", make)


def _of_living(context: Context, task: Task, record: TaskRecord, remains: _Remains) -> Iterator[Finding]:
    """A task that is there: what counts is a value that it lacks now. Older versions of values it has are everyday leftovers."""
    lacking = {name: found for name, found in remains.values.items() if _lacks(context, record, name)}
    if not lacking:
        return
    names = [found[0].get("value") for _, found in sorted(lacking.items())]
    several = len(names) > 1
    fact = f"the deleted value{'s' if several else ''} {join(names)} {'were' if several else 'was'} recovered"
    yield DELETED_RECOVERED.finding(
        task,
        f"deleted values {' '.join(sorted(lacking))}",
        summary=f"{task.path}: {fact}; the task lacks {'them' if several else 'it'} now",
        why=sentences(
            "The hive still holds the value, in free space or from before its log was replayed: it was there and was deleted, so "
            "that it is missing is no accident of the copy and no way in which this Windows keeps tasks.",
            *_contents(lacking),
            "Windows never deletes SD, Id or Index of a task that it keeps." if {"sd", "id", "index"} & set(lacking) else "",
        ),
        refs=cited(*(trace.refs for found in lacking.values() for trace in found), record.ref),
        confidence=Confidence.LIKELY if _inferred([trace for found in lacking.values() for trace in found]) else Confidence.CERTAIN,
        time=record.keeping.tree_written.value if {"sd", "id", "index"} & set(lacking) else record.keeping.tasks_written.value,
    )


def _contents(values: dict[str, list[Trace]]) -> list[str]:
    """What SD and Actions said."""
    told = []
    for name in ("sd", "actions"):
        text = next((_data(trace) for trace in values.get(name, ()) if _data(trace)), "")
        if text:
            told.append(f"{values[name][0].get('value')} said {quoted(text, 300)}.")
    return told


def _inferred(traces_left: list[Trace]) -> bool:
    """Whether the key of every value was only inferred from where the value lies."""
    return all("inferred" in trace.reading("key").note for trace in traces_left)


def _lacks(context: Context, record: TaskRecord, name: str) -> bool:
    keeping = record.keeping
    if name == "sd":
        return keeping.access.state in (State.NOT_STATED, State.UNREADABLE) and is_modern(context)
    if name == "index":
        return keeping.index.state is State.NOT_STATED
    if name == "id":
        return record.orphan == "tasks"
    if name in ("actions", "triggers", "hash", "path", "dynamicinfo"):
        names = keeping.value_names.value
        if record.orphan == "tree":
            return True
        return names is not None and name not in {kept.casefold() for kept in names}
    return False


def _put_back(context: Context) -> Iterator[Finding]:
    """Descriptors that only the hive's log holds, of tasks that stood there before: for a time they were hidden."""
    by_log = traces(context, TraceKind.LOG_CHANGE)
    new = {
        trace.get("key").casefold()
        for trace in by_log
        if trace.get("what") == "key-added" or (trace.get("what") == "value-added" and trace.get("value").casefold() == "id")
    }
    added = {
        tree_path(trace.get("key")).casefold(): trace
        for trace in by_log
        if trace.get("what") == "value-added" and trace.get("value").casefold() == "sd" and trace.get("key").casefold() not in new
    }
    for task, record in context.pairs() if added and is_modern(context) else ():
        trace = added.get(record.path.casefold())
        if trace is not None and trace.refs and record.keeping.access.stated and record.orphan != "tasks":
            yield DELETED_RECOVERED.finding(
                task,
                "SD put back",
                summary=f"{task.path}: its SD was missing and was put back; the hive's log alone holds it",
                why=sentences(
                    "The hive as it was last written has the task's key and Id without SD, and the hive's log adds it: for a time "
                    "the scheduler did not show the task, and now it does.",
                    "Windows never deletes the SD of a task that it keeps. Whoever reads the hive without its log takes the task "
                    "for hidden still.",
                ),
                refs=cited(trace.refs, record.keeping.access),
                confidence=Confidence.LIKELY,
                benign="Somebody repaired a hidden task; a program that writes task keys by itself set the SD late.",
                time=record.keeping.tree_written.value,
            )


def _of_gone(context: Context, remains: _Remains) -> Finding:
    name = remains.path or remains.guid
    severity, confidence, moved = _weigh_gone(context, remains)
    values = sorted({found[0].get("value") for found in remains.values.values()})
    return DELETED_RECOVERED.finding(
        None,
        f"gone {name.casefold()}",
        summary=f"{name}: a deleted task; {count(len(remains.traces), 'piece')} of it recovered from the hive",
        why=sentences(
            f"Recovered: {join(values)}." if values else "Recovered: the key alone.",
            *_contents(remains.values),
            f"Its key was written last at {when(remains.written)}." if remains.written else "",
            "No store holds the task now.",
            moved,
            _removal_words(context, remains.path),
        ),
        refs=cited(*(trace.refs for trace in remains.traces)),
        severity=severity,
        confidence=Confidence.POSSIBLE if _inferred(remains.traces) else confidence,
        time=remains.written,
    )


def _weigh_gone(context: Context, remains: _Remains) -> tuple[Severity, Confidence, str]:
    if not remains.path and not remains.values:
        return Severity.INFO, Confidence.POSSIBLE, "A key named by a GUID, and nothing of what it held. Information only."
    if not _PROVES_A_TASK & set(remains.values):
        return Severity.LOW, Confidence.POSSIBLE, "No value that makes a task was recovered: it may have been a folder. Judged low."
    if not remains.path:
        if "actions" in remains.values:
            return Severity.MEDIUM, Confidence.POSSIBLE, "Its path was not recovered, what it started was."
        return Severity.LOW, Confidence.POSSIBLE, "Neither its path nor what it started was recovered. Judged low."
    if context.baseline.find(remains.path) is not None:
        return Severity.INFO, Confidence.LIKELY, (
            "Windows ships a task of that path: updates register such tasks anew and remove them. Information only."
        )  # fmt: skip
    if is_vendors(context, remains.path):
        return Severity.LOW, Confidence.LIKELY, "A common vendor's software makes tasks of that name and removes them. Judged low."
    if _removal_words(context, remains.path):
        return Severity.LOW, Confidence.LIKELY, "Judged low, since it was removed in the regular way."
    return Severity.MEDIUM, Confidence.LIKELY, ""


def _removal_words(context: Context, path: str) -> str:
    """What the logs tell of the removal: a task deleted through the service leaves 141 or 4699."""
    moment = once(context, "removals", lambda: _removals(context)).get(path.casefold()) if path else None
    return f"The logs tell of its removal at {moment}." if moment else ""


def _removals(context: Context) -> dict[str, str]:
    return {
        moment.task.casefold(): moment.time.iso
        for moment in context.case.timeline
        if moment.task and moment.source in ("tasks-log", "security") and "delete" in moment.kind.casefold()
    }


# -- other copies of the system ------------------------------------------------------------------------------------------


def _from_views(context: Context) -> Iterator[Finding]:
    """Tasks that shadow copies, backups or Windows.old hold and that are gone now."""
    if not was_read(context, Store.REGISTRY):
        return
    here = {task.path.casefold() for task in context.case.tasks}
    gone: dict[str, list[Trace]] = defaultdict(list)
    for trace in context.case.traces:
        is_copy = trace.kind is TraceKind.VIEW_TASK and trace.view.casefold() not in _NOT_A_COPY
        if is_copy and trace.path.casefold() not in here and trace.refs:
            gone[trace.path.casefold()].append(trace)
    for folded in sorted(gone):
        held = gone[folded]
        if context.baseline.find(held[0].path) is None:
            yield _of_view(context, held)


def _of_view(context: Context, held: list[Trace]) -> Finding:
    path = held[0].path
    views = sorted({trace.view for trace in held})
    action = next((trace.get("action") for trace in held if trace.get("action")), "")
    severity, moved = _weigh_view(context, path, views)
    return DELETED_RECOVERED.finding(
        None,
        f"view {path.casefold()}",
        summary=f"{path}: held by {join(views)}, and gone from the system as it is",
        why=sentences(
            f"It started: {action}." if action else "",
            "Software that is removed takes its tasks along, so this alone is no sign of a hand that hides something.",
            moved,
            _removal_words(context, path),
        ),
        refs=cited(*(trace.refs for trace in held)),
        severity=severity,
        confidence=Confidence.POSSIBLE,
        time=max((trace.written for trace in held if trace.written), key=lambda time: time.ticks, default=None),
    )


def _weigh_view(context: Context, path: str, views: list[str]) -> tuple[Severity, str]:
    if all(_OLD_SYSTEM in view.casefold() for view in views):
        return Severity.LOW, "It was last seen before a feature upgrade, which does not carry over every task. Judged low."
    if is_vendors(context, path):
        return Severity.LOW, "A common vendor's software makes tasks of that name and removes them. Judged low."
    if _removal_words(context, path):
        return Severity.LOW, "Judged low, since it was removed in the regular way."
    return Severity.MEDIUM, "Windows does not ship it and no event that we have tells of its removal."


DELETED_RECOVERED = Rule(
    "deleted-recovered",
    Severity.MEDIUM,
    "A task or a value of one was recovered from free registry space, logs, shadow copies or backups.",
    "Software that was removed took its tasks along; updates register shipped tasks anew.",
    (
        "Decode what was recovered: Actions, Triggers, SD, Path.",
        "Look for the removal (141, 4699) and for earlier runs (129, 200) in the logs.",
        "Look for the same key in LOG1, LOG2, shadow copies and RegBack.",
    ),
    _check,
    ("T1053.005", "T1070.009"),
)
RECOVERED: tuple[Rule, ...] = (DELETED_RECOVERED,)
