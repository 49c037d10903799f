"""From evidence to a case. Read this first: each line below is a folder."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from triptych.analysis import baseline, host_in_logs, timeline, told_in_logs
from triptych.analysis.baseline import Baseline
from triptych.analysis.event_table import EventTable
from triptych.analysis.pairing import other_views, paired
from triptych.analysis.told_twice import with_disagreements
from triptych.evidence.layouts import find
from triptych.evidence.source import EvidenceSource
from triptych.logs.jobs import LOGS
from triptych.model.case import Case, Progress
from triptych.readers import Readers
from triptych.rules import book
from triptych.rules.acting import classes_of_files, programs
from triptych.stores import STORES, classes, scheduler, targets
from triptych.stores.gathering import Gathering
from triptych.stores.job import Job

SNAPSHOT_SECONDS = 0.5
_FIRST_SECONDS = 0.1  # what is known first is shown soon: a person waits for it
_SHARE = 10  # of the time of reading, at most one part in so many goes into snapshots


def scan(
    source: EvidenceSource, readers: Readers, known: Baseline | None = None, *, snapshots: bool = True, events: bool = True
) -> Iterator[Progress | Case]:
    """Yield progress a person can read, and a Case each time more is known; the last one is complete.

    Stop pulling to cancel. Raises nothing for bad evidence: what could not be read is in the case's problems. Without
    `snapshots` the complete case comes alone, without `events` the event logs are left aside.
    """
    readers.warm()
    yield Progress("Looking for a Windows in the evidence")
    found = find(source)  # evidence/: where bytes come from
    gathering = Gathering(found)

    jobs = [job for store in STORES for job in store.jobs(found)]  # stores/: what each store tells
    jobs += LOGS.jobs(found) if events else []  # logs/: what happened to tasks, and what of it nobody wrote down
    yield from _read(readers, jobs, gathering, snapshots)
    table = EventTable(gathering.events)  # analysis/: every event in the order of time, put together once
    yield from _read(readers, told_in_logs.jobs_of_table(table), gathering, snapshots)  # definitions that events carry
    if gathering.has_logs:
        gathering.extend(host_in_logs.facts(gathering.case(), table))  # whose logs they are
        gathering.extend(told_in_logs.answers(gathering.case(), table))  # tasks that live in logs, known by name or a command line
    gathering.extend(scheduler.reconstructed(gathering.case()))  # and what the service would show of it

    case = paired(gathering.case())  # analysis/: the tellings side by side
    if snapshots:
        yield case
    yield from _read(readers, classes.jobs_of(found, classes_of_files(case)), gathering, snapshots)
    yield from _read(readers, targets.jobs_of(found, programs(case), source), gathering, snapshots)

    readers.close()  # nothing more is to be read: what they hold in memory is not needed any longer
    yield Progress("Judging")
    case = paired(gathering.case())
    case = case.with_(traces=case.traces + other_views(case), problems=with_disagreements(case))
    case = case.with_(timeline=timeline.moments(case, table))
    case = case.with_(findings=book.judged(case, known or baseline.load(), table))  # rules/: what is wrong, and why
    yield case.with_(complete=True)


def _read(readers: Readers, jobs: Iterable[Job], gathering: Gathering, snapshots: bool) -> Iterator[Progress | Case]:
    """Pull the answers of the reader processes; snapshots come twice a second, and less often where there is much to show."""
    due = time.monotonic() + _FIRST_SECONDS
    for answer in readers.read(jobs):
        if isinstance(answer, Progress):
            yield answer
            continue
        gathering.add(answer)
        began = time.monotonic()
        if snapshots and began >= due:
            yield paired(gathering.case())
            ended = time.monotonic()
            due = ended + max(SNAPSHOT_SECONDS, _SHARE * (ended - began))
