"""How each store was read, told from the files that were found and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from triptych.evidence.layouts import Found
from triptych.model.case import XML_NOT_LISTED, StoreReport
from triptych.model.evidence import EvidenceFile, ReadState
from triptych.model.task import Presence, Store, TaskRecord

_SOURCES = 50  # names kept in a report


def store_reports(found: Found, files: Mapping[str, EvidenceFile], records: Iterable[TaskRecord]) -> tuple[StoreReport, ...]:
    """The reports of XML, registry, scheduler and logs; `files` are those answered so far, by path."""
    by_store: dict[Store, list[TaskRecord]] = {store: [] for store in Store}
    for record in records:
        by_store[record.store].append(record)
    return (
        _xml(found, files, by_store[Store.XML]),
        _registry(found, files, by_store[Store.REGISTRY]),
        _scheduler(files, by_store[Store.SCHEDULER]),
        _logs(found, files, by_store[Store.LOG]),
    )


def _xml(found: Found, files: Mapping[str, EvidenceFile], records: list[TaskRecord]) -> StoreReport:
    items = found.of("task-file")
    views = {item.view for item in items}
    if not items:
        return _report(Store.XML, (), records, absent=not any(view.tasks_listed for view in found.views))
    whole = any(view.tasks_listed for view in found.views if view.name in views)
    read = [files[item.path] for item in items if item.path in files]
    return _report(Store.XML, read, records, absent=False, basis="" if whole else XML_NOT_LISTED)


def _registry(found: Found, files: Mapping[str, EvidenceFile], records: list[TaskRecord]) -> StoreReport:
    read = [files[item.path] for item in found.of("software-hive", "reg-export") if item.path in files]
    return _report(Store.REGISTRY, read, records, absent=not read)


def _scheduler(files: Mapping[str, EvidenceFile], records: list[TaskRecord]) -> StoreReport:
    read = [file for file in files.values() if file.kind.startswith("listing")]
    bases = sorted({record.keeping.basis.value or "" for record in records} - {""})
    return _report(Store.SCHEDULER, read, records, absent=not records and not read, basis=bases[0] if bases else "")


def _logs(found: Found, files: Mapping[str, EvidenceFile], records: list[TaskRecord]) -> StoreReport:
    """Of event logs as a store, as long as nobody has looked at what their events say of tasks."""
    items = found.of("event-log")
    read = [files[item.path] for item in items if item.path in files]
    return _report(Store.LOG, read, records, absent=not items)


def _report(
    store: Store, files: Iterable[EvidenceFile], records: list[TaskRecord], *, absent: bool, basis: str = ""
) -> StoreReport:
    here = [record for record in records if not record.view] or records
    views = {record.view for record in here} or {""}
    broken = [record for record in here if record.presence.value is Presence.UNREADABLE or not record.complete]
    read = [file for file in files if file.view in views] or list(files)
    hurt = [file for file in read if file.read is not ReadState.WHOLE]
    if absent:
        state = "absent"
    elif not here and hurt and all(file.read is ReadState.FAILED for file in read):
        state = "failed"
    else:
        state = "partly" if broken or hurt else "read"
    sources = tuple(sorted({ref.spans[0].file for record in here for ref in record.presence.refs[:1]}))[:_SOURCES]
    return StoreReport(store, state, len(here), basis, sources, _note(broken, here, hurt))


def _note(broken: list[TaskRecord], here: list[TaskRecord], hurt: list[EvidenceFile]) -> str:
    if broken:
        return f"{len(broken)} of {len(here)} not wholly readable"
    if hurt:
        return f"{hurt[0].path} could not be read whole" if len(hurt) == 1 else f"{len(hurt)} files could not be read whole"
    return ""
