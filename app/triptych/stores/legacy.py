"""What tells of tasks beside the three tellings: .job files, the old scheduler's log, and tasks that a Group Policy brings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from triptych.evidence.layouts import Found, Item
from triptych.evidence.source import EvidenceSource
from triptych.formats.faults import Faults
from triptych.limits import DEFAULT, Limits
from triptych.model.case import Balance
from triptych.model.evidence import ReadState, stated
from triptych.model.task import Text, Trace, TraceKind
from triptych.model.times import Instant
from triptych.stores.files import FileRead, read_file
from triptych.stores.job import Answer, Job, StoreReader

NAME = "legacy"
_ROLES = {"job": "job file", "job-log": "scheduler log", "policy-file": "policy file"}

_Outcome = tuple[list[Trace], ReadState]


def _jobs(found: Found) -> list[Job]:
    items = found.of(*_ROLES)
    size = DEFAULT.batch_files
    jobs = []
    for at in range(0, len(items), size):
        batch = items[at : at + size]
        label = f"job and policy files {at + 1} to {at + len(batch)}"
        jobs.append(Job(NAME, label, tuple(item.as_row() for item in batch), sum(item.size for item in batch)))
    return jobs


def _read(job: Job, source: EvidenceSource, limits: Limits) -> Iterator[Answer]:
    listed = repaired = 0
    for row in job.items:
        item = Item.from_row(row)
        faults = Faults(item.path)
        file = read_file(source, item, _ROLES[item.role], limits.xml, faults)
        traces, state = ([], ReadState.FAILED) if file.data is None else _READ[item.role](item, file, file.data, faults, limits)
        if state is ReadState.WHOLE and file.ledger.read is ReadState.PART:
            state = ReadState.PART
        yield from traces
        yield from faults.problems
        listed += state is ReadState.WHOLE
        repaired += state is ReadState.PART
        yield file.ledger if file.ledger.read is not ReadState.WHOLE else replace(file.ledger, read=state)
    yield Balance(job.label, "files", len(job.items), listed, repaired, len(job.items) - listed - repaired)


def _modified(item: Item) -> Instant | None:
    return None if item.modified is None else Instant(item.modified)


def _job_file(item: Item, file: FileRead, data: bytes, faults: Faults, limits: Limits) -> _Outcome:
    from triptych.formats.job import read_job  # late, as below: most evidence has nothing of the kind

    parsed = read_job(data, item.path, faults)
    if not parsed.is_job:
        return [], ReadState.FAILED
    name = (item.inner or item.path).rpartition("/")[2]
    readings: tuple[tuple[str, Text], ...] = (("name", stated(name, file.ref)), *parsed.readings)
    trace = Trace(TraceKind.JOB, item.path, readings, (file.ref,), _modified(item), item.view)
    return [trace], ReadState.WHOLE if parsed.complete else ReadState.PART


def _job_log(item: Item, file: FileRead, data: bytes, faults: Faults, limits: Limits) -> _Outcome:
    from triptych.formats.job_log import read_job_log

    entries = read_job_log(data, item.path, faults)
    traces = []
    for entry in entries:
        readings = (*entry.readings, ("order", stated(str(entry.order), entry.ref)))
        traces.append(Trace(TraceKind.JOB_LOG, entry.name or item.path, readings, (entry.ref,), view=item.view))
    return traces, ReadState.WHOLE


def _policy_file(item: Item, file: FileRead, data: bytes, faults: Faults, limits: Limits) -> _Outcome:
    from triptych.formats.policy_xml import read_policy

    tasks = read_policy(data, item.path, faults, limits)
    traces = [
        Trace(TraceKind.POLICY_TASK, "\\" + task.name.lstrip("\\"), task.readings, (task.ref,), _modified(item), item.view)
        for task in tasks
    ]
    lost = any(problem.severity.value == "lost" for problem in faults.problems)
    return traces, ReadState.PART if lost and tasks else ReadState.FAILED if lost else ReadState.WHOLE


_READ: dict[str, Callable[[Item, FileRead, bytes, Faults, Limits], _Outcome]] = {
    "job": _job_file,
    "job-log": _job_log,
    "policy-file": _policy_file,
}

LEGACY = StoreReader(NAME, _jobs, _read)
