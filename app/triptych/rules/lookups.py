"""What several rules ask of the whole case, worked out once a scan and kept in the context."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TypeVar, cast

from triptych.analysis.baseline import is_known_action
from triptych.analysis.pairing import shown_view
from triptych.formats.sddl import parse_sddl
from triptych.formats.security_descriptor import ADMINISTRATOR_TOKEN, READ, SYSTEM_TOKEN, Ace, SecurityDescriptor, grants
from triptych.model.case import Weight
from triptych.model.evidence import EvidenceRef, State
from triptych.model.finding import Confidence
from triptych.model.paths import fold
from triptych.model.task import Presence, Store, Task, TaskRecord, Trace, TraceKind
from triptych.model.times import TICKS_A_SECOND, Instant, parse_iso
from triptych.rules.rule import Context

T = TypeVar("T")
WINDOWS_8 = 9200
WINDOWS_10 = 10240
TREE = "\\schedule\\taskcache\\tree"
_GUID_NAME = re.compile(r"\\(\{[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}\})(?:\\|$)", re.IGNORECASE | re.ASCII)


def once(context: Context, name: str, make: Callable[[], T]) -> T:
    """The value of that name, made at the first question."""
    if name not in context.cache:
        context.cache[name] = make()
    return cast("T", context.cache[name])


def has_tree_key(record: TaskRecord) -> bool:
    return record.orphan != "tasks"


def has_tasks_key(record: TaskRecord) -> bool:
    return record.orphan != "tree"


def is_linked(record: TaskRecord) -> bool:
    """Whether Tree key and Tasks key belong together: only then is there something that Windows could run."""
    return not record.orphan


def traces(context: Context, kind: TraceKind) -> tuple[Trace, ...]:
    """The traces of a kind that belong to the same Windows as the tasks."""
    view = once(context, "view", lambda: shown_view(context.case))
    return tuple(trace for trace in _traces(context).get(kind, ()) if trace.view == view)


def _traces(context: Context) -> dict[TraceKind, list[Trace]]:
    def make() -> dict[TraceKind, list[Trace]]:
        found: dict[TraceKind, list[Trace]] = defaultdict(list)
        for trace in context.case.traces:
            found[trace.kind].append(trace)
        return found

    return once(context, "traces", make)


def was_read(context: Context, store: Store) -> bool:
    """Whether a store was read at all, wholly or in part."""
    report = context.case.report(store)
    return report is not None and report.state in ("read", "partly")


def is_absent(task: Task, store: Store) -> bool:
    """Whether the store was read where the task would stand, and does not hold it; a file not collected is no such thing."""
    absence = task.absence(store)
    return absence is not None and absence.presence is Presence.ABSENT


def folders(context: Context) -> dict[str, Trace]:
    """Tree keys without an Id, by case-folded path (the root is a lone backslash)."""

    def make() -> dict[str, Trace]:
        return {_folder_path(trace.path): trace for trace in traces(context, TraceKind.TREE_FOLDER)}

    return once(context, "folders", make)


def _folder_path(path: str) -> str:
    return "\\" + fold(path).strip("\\")


def parents(path: str) -> list[str]:
    """The folders above a task, nearest first, case folded; the root comes last."""
    parts = fold(path).strip("\\").split("\\")[:-1]
    return ["\\" + "\\".join(parts[:number]) for number in range(len(parts), 0, -1)] + ["\\"]


def parent_written(context: Context, path: str) -> Instant | None:
    """When the nearest folder above that still has a Tree key was written last: deleting a key below it changes that time."""
    for parent in parents(path):
        if parent in folders(context):
            return folders(context)[parent].written
    return None


def access_share(context: Context) -> tuple[int, int]:
    """How many Tree keys (folders and tasks) have an SD, and how many could."""

    def make() -> tuple[int, int]:
        states = [trace.reading("access").state for trace in traces(context, TraceKind.TREE_FOLDER)]
        states += [record.keeping.access.state for _, record in context.pairs() if has_tree_key(record)]
        kept = [state for state in states if state is not State.NOT_KEPT]
        return sum(state is State.STATED for state in kept), len(kept)

    return once(context, "access share", make)


def is_modern(context: Context) -> bool:
    """Whether this Windows keeps an SD in the Tree and Actions in the Tasks keys (8 and later; Windows 7 SP1 keeps neither).

    Decided by the build and by the other keys: a build number alone would let anybody who changes it switch the rules off.
    """
    with_access, all_keys = access_share(context)
    if context.build is not None:
        return context.build >= WINDOWS_8 or (all_keys > 0 and with_access * 2 >= all_keys)
    return with_access > 0 or any(record.has_actions and record.actions for _, record in context.pairs())


def newest_write(context: Context) -> Instant | None:
    """The newest last-write time of any key of TaskCache: the registry is not older than that."""

    def make() -> Instant | None:
        times = [trace.written for kind in (TraceKind.TREE_FOLDER, TraceKind.INDEX_ENTRY) for trace in traces(context, kind)]
        for _, record in context.pairs():
            keeping = record.keeping
            times += [reading.value for reading in (keeping.tree_written, keeping.tasks_written, keeping.index_written)]
        return max((time for time in times if time is not None), key=lambda time: time.ticks, default=None)

    return once(context, "newest write", make)


def offsets(context: Context) -> tuple[int, ...]:
    """Minutes by which the host's wall clock may be ahead of UTC, at its last shutdown first; empty where nothing tells."""
    found = []
    for name in ("active-bias", "bias"):
        text = context.case.host.get(name).value or ""
        if text.isascii() and text.removeprefix("-").isdecimal():
            found.append(-int(text))
    return tuple(dict.fromkeys(found))


def is_an_offset(context: Context, ticks: int, tolerance: int) -> bool:
    """Whether a difference is the host's offset from UTC; a host that lives in UTC has none."""
    return any(minutes and abs(ticks - minutes * 60 * TICKS_A_SECOND) <= tolerance for minutes in offsets(context))


def hive_doubt(context: Context, refs: Iterable[EvidenceRef]) -> tuple[Confidence, str]:
    """How sure a finding about something missing is: a hive that could not be read whole may hold it after all."""
    damaged = once(context, "damaged hives", lambda: _damaged_hives(context))
    for ref in refs:
        for span in ref.spans:
            reason = damaged.get(span.file.removesuffix("#replayed"))
            if reason is not None:
                return Confidence.LIKELY, (
                    f"The hive could not be read without doubt ({reason}), so the value may stand in a part that was not read."
                )
    return Confidence.CERTAIN, ""


def _damaged_hives(context: Context) -> dict[str, str]:
    found: dict[str, str] = {}
    for problem in context.case.problems:
        if problem.code.startswith("hive.") and problem.severity is not Weight.NOTE:
            found.setdefault(problem.file.removesuffix("#replayed"), problem.found)
    return found


def tree_path(key: str) -> str:
    """The task path that a Tree key's path stands for, "" for any other key."""
    at = ("\\" + key.casefold()).find(TREE + "\\")
    return ("\\" + key)[at + len(TREE) :].rstrip("\\") if at >= 0 else ""


def guid_in(key: str) -> str:
    """The GUID that a key below Tasks, an index key or a lost parent is named by, in upper case; "" for any other key."""
    match = _GUID_NAME.search(key)
    return match[1].upper() if match else ""


def removed(context: Context) -> tuple[Trace, ...]:
    """Keys and values of TaskCache that are gone and can still be read: in free space, or before the hive's log was replayed."""
    by_log = traces(context, TraceKind.LOG_CHANGE)
    return traces(context, TraceKind.DELETED) + tuple(trace for trace in by_log if trace.get("what").endswith("-removed"))


def recovered(context: Context, path: str, value: str) -> tuple[Trace, ...]:
    """Deleted values of that name that free space or the hive's log still hold for a task's Tree key."""

    def make() -> dict[tuple[str, str], list[Trace]]:
        found: dict[tuple[str, str], list[Trace]] = defaultdict(list)
        for trace in removed(context):
            if trace.get("value"):
                found[tree_path(trace.get("key")).casefold(), trace.get("value").casefold()].append(trace)
        return found

    return tuple(once(context, "recovered values", make).get((path.casefold(), value.casefold()), ()))


def hive_written(context: Context) -> Instant | None:
    """When the SOFTWARE hive says that it was written last (fact `hive-written`); None where the evidence does not tell."""
    text = context.case.host.get("hive-written").value
    if not text:
        return None
    try:
        return parse_iso(text)
    except ValueError:
        return None


def access_of(record: TaskRecord) -> SecurityDescriptor | None:
    """The descriptor of a task's Tree key; None where there is none that can be read."""
    reading = record.keeping.access
    if not reading.stated:
        return None
    try:
        return parse_sddl(reading.value or "")
    except ValueError:
        return None  # the store vouches for the text; SDDL that nobody knows yet accuses nobody


def entries(descriptor: SecurityDescriptor) -> tuple[Ace, ...]:
    """The entries that count for the task itself and not only for what is below."""
    return tuple(ace for ace in descriptor.dacl or () if not ace.inherit_only)


def can_be_read(record: TaskRecord) -> bool:
    """Whether SYSTEM and administrators may read the task by its SD."""
    descriptor = access_of(record)
    return descriptor is not None and all(grants(descriptor, token, READ) for token in (SYSTEM_TOKEN, ADMINISTRATOR_TOKEN))


def is_vendors(context: Context, path: str) -> bool:
    """Whether a path is one that a common vendor's software makes."""
    return context.baseline.vendor(path) is not None


def has_stock_actions(context: Context, path: str, record: TaskRecord) -> bool:
    """Whether all that a record starts is what some version of Windows ships under that path; no actions are not."""
    stock = context.baseline.find(path)
    if stock is None or (record.has_actions and not record.actions):
        return False
    return all(is_known_action(stock, action, context.case.host) for action in record.actions)


def recovered_below(context: Context, path: str) -> tuple[Trace, ...]:
    """Deleted keys and values that free space still holds for the Tree key of a path."""

    def make() -> dict[str, list[Trace]]:
        found: dict[str, list[Trace]] = defaultdict(list)
        for trace in removed(context):
            if place := tree_path(trace.get("key")):
                found[place.casefold()].append(trace)
        return found

    return tuple(once(context, "recovered keys", make).get(path.casefold(), ()))
