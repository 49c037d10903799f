"""Which records are one task: by path, then by GUID; what a store that was read does not hold is an absence with its reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from triptych.analysis.lost_letters import join_lost_letters
from triptych.model.case import XML_NOT_LISTED, Case, StoreReport
from triptych.model.evidence import EvidenceFile, EvidenceRef, stated
from triptych.model.paths import fold
from triptych.model.task import Absence, Presence, Store, Task, TaskRecord, Text, Trace, TraceKind

STORES = (Store.XML, Store.REGISTRY, Store.SCHEDULER)
NOT_LISTED = XML_NOT_LISTED
_READ = ("read", "partly")
_SHOWN = 40  # characters of a name that schtasks shows in columns
_SPELLING = (Store.REGISTRY, Store.SCHEDULER, Store.XML, Store.LOG)
_LOG_RANK = {"4698": 2, "4699": 2, "4702": 2, "4700": 1, "4701": 1}
_ORPHANS = {"": 0, "tree": 1, "tasks": 2}
_TELLING_KINDS = ("task file", "reg-export")


def paired(case: Case) -> Case:
    """The case with its tasks made from its records, sorted by path (case folded), then GUID. Linear in the records."""
    view = shown_view(case)
    groups: dict[str, list[TaskRecord]] = defaultdict(list)
    for record in case.records:
        if record.view == view:
            groups[fold(record.path)].append(record)
    _join_cut_names(groups)
    join_lost_letters(groups)
    absences = _Absences(case, view)
    tasks = [absences.added(task) for group in groups.values() for task in _tasks(group)]
    return case.with_(tasks=tuple(sorted(tasks, key=lambda task: (task.path.casefold(), task.guid, task.path))))


def _join_cut_names(groups: dict[str, list[TaskRecord]]) -> None:
    """Put rows of a listing whose names were cut (schtasks TABLE: after 40 characters) to the tasks that they can be of.

    Names that are alike as far as they are shown go to those tasks in the order of their paths; what is left stays by itself.
    """
    cut = [path for path, group in groups.items() if _may_be_cut(path) and all(one.store is Store.SCHEDULER for one in group)]
    if not cut:
        return
    whole: dict[str, list[str]] = defaultdict(list)
    for path in sorted(groups):
        if len(path) > len(_shown_start(path)) and any(one.store is not Store.SCHEDULER for one in groups[path]):
            whole[_shown_start(path)].append(path)
    for path in sorted(cut):
        left = [record for record in groups.pop(path) if not _joined(record, path, whole[_shown_start(path)], groups)]
        if left:
            groups[path] = left


def _joined(record: TaskRecord, path: str, candidates: list[str], groups: dict[str, list[TaskRecord]]) -> bool:
    """Whether a cut row found a task that its own listing does not name otherwise."""
    for other in candidates:
        named = any(one.store is Store.SCHEDULER and _file_of(one) == _file_of(record) for one in groups[other])
        if other.startswith(_stem(path)) and not named:
            groups[other].append(record)
            return True
    return False


def _may_be_cut(path: str) -> bool:
    return _SHOWN - 3 <= len(path.rpartition("\\")[2]) <= _SHOWN


def _stem(path: str) -> str:
    return path.removesuffix("...").removesuffix("\u2026")


def _shown_start(path: str) -> str:
    """A path with as much of its name as even a name that ends in dots shows."""
    folder, _, name = path.rpartition("\\")
    return f"{folder}\\{name[: _SHOWN - 3]}"


def shown_view(case: Case) -> str:
    """The view whose tasks are shown: the running system, or the newest other one where nothing is of the running system."""
    views = {record.view for record in case.records if record.store in STORES}
    if "" in views or not views or any(not file.view and _tells_tasks(file) for file in case.files):
        return ""
    newest = {view: max((file.modified or 0 for file in case.files if file.view == view), default=0) for view in views}
    return max(views, key=lambda view: (newest[view], view))


def _tells_tasks(file: EvidenceFile) -> bool:
    """Whether a file could tell of tasks: the running system counts as read although it may hold none any more."""
    if file.kind == "hive":
        return file.path.removesuffix("#replayed").rpartition("/")[2].casefold().startswith("software")
    return file.kind in _TELLING_KINDS


def _tasks(group: list[TaskRecord]) -> Iterable[Task]:
    """The tasks of one path: one for each registry record, one more for each further record of another store."""
    by_store: dict[Store, list[TaskRecord]] = defaultdict(list)
    for record in _told_once(group):
        by_store[record.store].append(record)
    rows: list[dict[Store, TaskRecord]] = [
        {Store.REGISTRY: record}
        for record in sorted(by_store[Store.REGISTRY], key=lambda record: (_ORPHANS.get(record.orphan, 3), record.guid))
    ]
    for store in (Store.XML, Store.SCHEDULER):
        for record in by_store[store]:
            _place(rows, record)
    if by_store[Store.LOG]:  # logs tell of the task whose registration counts, and of tasks that no store holds
        rows = rows or [{}]
        rows[0][Store.LOG] = newest_telling(by_store[Store.LOG])
    for row in rows:
        yield _task(row)


def newest_telling(records: Iterable[TaskRecord]) -> TaskRecord:
    """Of what the logs tell of a task the newest definition of 4698, 4699 or 4702; else of 4700 or 4701; else what there is."""
    return max(records, key=_weight_of_telling)


def _weight_of_telling(record: TaskRecord) -> tuple[bool, int, int]:
    told = record.keeping.told.value
    return record.has_actions, _LOG_RANK.get(record.keeping.basis.value or "", 0), told.ticks if told else 0


def _told_once(group: list[TaskRecord]) -> Iterator[TaskRecord]:
    """The records without those of a second file (a hive and an export of it, two listings) that tell the same task again.

    Of keys the one with their times counts, which exports have not; of listings the one that names actions; task files tell the
    same where every byte is the same.
    """
    first: dict[tuple[Store, str, str], TaskRecord] = {}
    same: dict[tuple[str, str], TaskRecord] = {}
    for record in sorted(group, key=lambda record: (not record.keeping.tasks_written.known, not record.has_actions)):
        if record.store in (Store.REGISTRY, Store.SCHEDULER):
            known = first.setdefault((record.store, record.guid, record.orphan), record)
            if known is not record and _file_of(known) != _file_of(record):
                continue
        elif record.store is Store.XML and record.keeping.hash_found.value:
            known = same.setdefault((record.path, record.keeping.hash_found.value), record)
            if known is not record and _file_of(known) != _file_of(record):
                continue
        yield record


def _file_of(record: TaskRecord) -> str:
    return record.presence.refs[0].spans[0].file if record.presence.refs else ""


def _place(rows: list[dict[Store, TaskRecord]], record: TaskRecord) -> None:
    """Put a record to the task it tells of: the one of its GUID, else the first that this store has not told yet."""
    free = [row for row in rows if record.store not in row]
    named = [row for row in free if record.guid and record.guid == _guid(row)]
    for row in named or free:
        row[record.store] = record
        return
    rows.append({record.store: record})


def _guid(row: dict[Store, TaskRecord]) -> str:
    return next((row[store].guid for store in _SPELLING if store in row and row[store].guid), "")


def _task(row: dict[Store, TaskRecord]) -> Task:
    path = next(row[store].path for store in _SPELLING if store in row)
    return Task(path, _guid(row), tuple(row[store] for store in Store if store in row))


@dataclass(frozen=True)
class _Reason:
    presence: Presence
    words: str


class _Absences:
    """Why a store holds no record of a task, and what shows it."""

    def __init__(self, case: Case, view: str) -> None:
        logs = case.report(Store.LOG)
        kept = (*STORES, Store.LOG) if logs is not None and logs.state != "absent" else STORES
        self._reasons = {store: _reason(store, case.report(store)) for store in kept}
        self._folders = {
            _folded(trace.path): trace.refs
            for trace in case.traces
            if trace.kind is TraceKind.TREE_FOLDER and trace.view == view and trace.refs
        }

    def added(self, task: Task) -> Task:
        missing = [store for store in self._reasons if task.record(store) is None]
        absences = tuple(
            Absence(store, self._reasons[store].presence, self._reasons[store].words, self._refs(store, task)) for store in missing
        )
        return Task(task.path, task.guid, task.records, absences)

    def _refs(self, store: Store, task: Task) -> tuple[EvidenceRef, ...]:
        """For the registry the nearest Tree folder that lacks the key; elsewhere the record that says it should be there."""
        if self._reasons[store].presence is not Presence.ABSENT:
            return ()
        if store is Store.REGISTRY:
            folder = _folded(task.folder)
            while len(folder) > 1 and folder not in self._folders:
                folder = folder.rpartition("\\")[0] or "\\"
            if folder in self._folders:
                return self._folders[folder]
        return next((record.ref for record in task.records if record.ref), ())


def _folded(folder: str) -> str:
    return "\\" + fold(folder).strip("\\")


def _reason(store: Store, report: StoreReport | None) -> _Reason:
    state = report.state if report else "absent"
    note = f": {report.note}" if report and report.note else ""
    unknown = Presence.UNKNOWN if store is Store.SCHEDULER else Presence.NOT_READ
    if state not in _READ:
        return _Reason(unknown, _UNREAD[store] if state == "absent" else f"{_FAILED[store]}{note}")
    basis = report.basis if report else ""
    if store is Store.LOG and basis != _AUDITED:
        return _Reason(unknown, _NOT_AUDITED)
    if store is Store.REGISTRY and state == "partly" and report and not report.tasks:
        return _Reason(unknown, "what could be read of the registry does not reach its tasks")
    if store is Store.XML and basis == NOT_LISTED:
        return _Reason(unknown, _UNREAD[store])
    if store is Store.SCHEDULER and basis == "reconstructed":
        return _Reason(Presence.ABSENT, "not registered, so the service has nothing to list")
    if state == "partly" and store is not Store.XML:
        return _Reason(Presence.ABSENT, f"{_LACKS[store]}, as far as it could be read")
    return _Reason(Presence.ABSENT, _LACKS[store])


_AUDITED = "audited"
_NOT_AUDITED = "no event of the logs says that tasks were audited (events 4698 to 4702 are off by default)"
_UNREAD = {
    Store.XML: "the Tasks folder was not collected",
    Store.REGISTRY: "no SOFTWARE hive and no export of TaskCache in the evidence",
    Store.SCHEDULER: "no listing of the scheduler in the evidence",
    Store.LOG: "no event log in the evidence",
}
_FAILED = {
    Store.XML: "the task files could not be read",
    Store.REGISTRY: "the registry could not be read",
    Store.SCHEDULER: "the listing could not be read",
    Store.LOG: "the event logs could not be read",
}
_LACKS = {
    Store.XML: "no file at this path below System32\\Tasks",
    Store.REGISTRY: "no Tree key and no Tasks key names this path",
    Store.SCHEDULER: "the listing does not name it",
    Store.LOG: "no event of the logs names it, though tasks were audited at some time",
}


def other_views(case: Case) -> tuple[Trace, ...]:
    """What the other views (Windows.old, RegBack, snapshots) hold: one VIEW_TASK a task and view, sorted by view and path.

    Readings: view, guid, store (the one it is taken from), action (what all its actions start, in one line).
    """
    shown = shown_view(case)
    groups: dict[tuple[str, str], list[TaskRecord]] = defaultdict(list)
    for record in case.records:
        if record.view != shown and record.store in STORES:
            groups[record.view, fold(record.path)].append(record)
    traces: list[Trace] = []
    for key in sorted(groups):
        group = groups[key]
        registry = [record for record in group if record.store is Store.REGISTRY]
        chosen = registry or group[:1]
        traces += [_view_task(record) for record in sorted(chosen, key=lambda record: record.guid)]
    return tuple(traces)


def _view_task(record: TaskRecord) -> Trace:
    keeping = record.keeping
    readings: list[tuple[str, Text]] = [
        ("view", stated(record.view, *record.ref)),
        ("guid", stated(record.guid, *record.ref)),
        ("store", stated(record.store.value, *record.ref)),
    ]
    parts = [[part for part in (one.command, one.arguments, one.class_id) if part.value] for one in record.actions]
    words = "; ".join(" ".join(part.value or "" for part in action) for action in parts if action)
    if words:
        readings.append(("action", stated(words, *(ref for action in parts for part in action for ref in part.refs))))
    times = (keeping.tree_written, keeping.tasks_written, keeping.file_written)
    written = next((reading.value for reading in times if reading.value is not None), None)
    return Trace(TraceKind.VIEW_TASK, record.path, tuple(readings), record.ref, written, record.view)
