"""What happened when, as the stores alone tell it: dates they state, times of files and keys, runs."""

from __future__ import annotations

from collections.abc import Iterator

from triptych.model.case import Case
from triptych.model.event import Moment
from triptych.model.evidence import EvidenceRef
from triptych.model.task import Store, TaskRecord, Trace, TraceKind, When
from triptych.model.times import NEVER, Instant, parse_iso

# (attribute of the record, source, kind, what the time is); `timestamp_desc` of the time-line formats is such words.
_FILE = ("keeping.file_written", "file", "file-modified", "Task File Modified")
_DATE = ("registration.date", "xml", "registration-date", "XML Registration Date")
_REGISTRY = (
    ("registration.date", "registry", "registration-date", "Registry Registration Date"),
    ("keeping.tree_written", "registry", "tree-key-written", "TaskCache Tree Key Last Written"),
    ("keeping.tasks_written", "registry", "tasks-key-written", "TaskCache Tasks Key Last Written"),
    ("keeping.index_written", "registry", "index-key-written", "TaskCache Index Key Last Written"),
    ("run.registered", "registry", "registered", "Task Registered (DynamicInfo)"),
    ("run.last_run", "registry", "last-run", "Task Last Run (DynamicInfo)"),
    ("run.last_success", "registry", "last-success", "Task Last Completed (DynamicInfo)"),
)
_LISTING = (("run.last_run", "listing", "last-run", "Task Last Run (Listing)"),)
_OF_STORE = {Store.XML: (_DATE, _FILE), Store.REGISTRY: _REGISTRY, Store.SCHEDULER: _LISTING}
_OF_TRACE = {
    TraceKind.TREE_FOLDER: ("registry", "folder-key-written", "TaskCache Tree Folder Key Last Written"),
    TraceKind.INDEX_ENTRY: ("registry", "index-key-written", "TaskCache Index Key Last Written"),
    TraceKind.DELETED: ("registry", "deleted-key", "Deleted TaskCache Key Last Written"),
    TraceKind.STATE_FLAGS: ("registry", "state-flags-written", "TaskStateFlags Key Last Written"),
    TraceKind.WOW_CACHE: ("registry", "wow-key-written", "Wow6432Node TaskCache Key Last Written"),
    TraceKind.WOW_FILE: ("file", "file-modified", "SysWOW64 Task File Modified"),
    TraceKind.JOB: ("file", "file-modified", "Job File Modified"),
    TraceKind.POLICY_TASK: ("file", "policy-written", "Group Policy File Modified"),
    TraceKind.TARGET: ("file", "target-modified", "Target File Modified"),
}
_OF_READING = {
    TraceKind.JOB: (("last_run", "job", "last-run", "Job Last Run"),),
    TraceKind.JOB_LOG: (("started", "job", "job-started", "Job Log Start"), ("finished", "job", "job-finished", "Job Log Finish")),
    TraceKind.TARGET: (("modified", "file", "target-modified", "Target File Modified"),),
    TraceKind.POLICY_TASK: (("changed", "file", "policy-changed", "Group Policy Task Changed"),),
}
_OF_FACT = {
    "channel-written": ("switch-written", "Event Log Switch Key Last Written"),
    "audit-policy-written": ("audit-policy-written", "Audit Policy Key Last Written"),
}
_TASK_PATHS = (TraceKind.STATE_FLAGS, TraceKind.WOW_FILE)


def stored(case: Case) -> Iterator[tuple[Moment, str, str]]:
    """Every moment that the stores tell, with its view and the path it is about, in no order; some more than once."""
    dated = {(record.view, record.path.casefold(), _ticks(record.registration.date)) for record in case.records if _is_xml(record)}
    for record in case.records:
        yield from ((moment, record.view, record.path) for moment in _of_record(record, dated))
    for trace in case.traces:
        yield from ((moment, trace.view, trace.path) for moment in _of_trace(trace))
    for fact in case.host.facts:
        time = _parsed(fact.reading.value) if fact.name in _OF_FACT else None
        if time is not None:
            kind, what = _OF_FACT[fact.name]
            yield _moment(time, "registry", kind, None, what, fact.subject, fact.reading.refs, fact.view), fact.view, fact.subject


def _is_xml(record: TaskRecord) -> bool:
    return record.store is Store.XML


def _ticks(reading: When) -> int:
    return reading.value.ticks if reading.value else 0


def _of_record(record: TaskRecord, dated: set[tuple[str, str, int]]) -> Iterator[Moment]:
    for name, source, kind, what in _OF_STORE.get(record.store, ()):
        part, _, leaf = name.partition(".")
        reading: When = getattr(getattr(record, part), leaf)
        if not _tells(reading) or reading.value is None:
            continue
        if kind == "registration-date" and not _is_xml(record) and (record.view, record.path.casefold(), _ticks(reading)) in dated:
            continue  # the registry repeats what the file states
        if record.store is Store.SCHEDULER and record.keeping.basis.value == "reconstructed":
            continue  # made from the registry, which tells it itself
        yield _moment(reading.value, source, kind, record.path, what, record.path, reading.refs or record.ref, record.view)


def _tells(reading: When) -> bool:
    return reading.stated and reading.value is not None and 0 < reading.value.ticks < NEVER and reading.value.showable


def _of_trace(trace: Trace) -> Iterator[Moment]:
    task = trace.path if trace.kind in _TASK_PATHS else None
    for name, source, kind, what in _OF_READING.get(trace.kind, ()):
        reading = trace.reading(name)
        time = _parsed(reading.value)
        if time is not None:
            yield _moment(time, source, kind, task, what, trace.path, reading.refs or trace.refs, trace.view)
    if trace.kind in _OF_TRACE and trace.written is not None and trace.written.ticks > 0 and trace.written.showable:
        source, kind, what = _OF_TRACE[trace.kind]
        yield _moment(trace.written, source, kind, task, what, trace.path, trace.refs, trace.view)


def _parsed(text: str | None) -> Instant | None:
    try:
        time = parse_iso(text) if text else None
    except ValueError:
        return None
    return time if time is not None and time.ticks > 0 and time.showable else None


def _moment(
    time: Instant, source: str, kind: str, task: str | None, what: str, path: str, refs: tuple[EvidenceRef, ...], view: str
) -> Moment:
    text = (f"{what}: {path}" if path else what) + (f" (in {view})" if view else "")
    return Moment(time, source, kind, task, text, refs, precision="100ns" if time.digits else "seconds")
