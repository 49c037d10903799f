"""Cases in which something happened: a made machine (or none) with events, told by the logs as a scan tells it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tests.analysis.logged import NOON, after, blocks
from tests.rules.made import Machine, findings
from triptych.analysis.event_table import EventTable
from triptych.analysis.pairing import paired
from triptych.analysis.told_in_logs import answers, jobs_of_table
from triptych.evidence.source import open_source
from triptych.limits import DEFAULT
from triptych.logs.event_kinds import SECURITY, TASKS
from triptych.logs.telling import TELLINGS
from triptych.model.case import Case, Problem, StoreReport
from triptych.model.event import Event, LogReport
from triptych.model.evidence import EvidenceRef, FilePlace, Span
from triptych.model.finding import Finding
from triptych.model.task import Store, TaskRecord
from triptych.model.times import TICKS_A_DAY, Instant

DAY = 86_400.0


def log(channel: str, first: float = -30 * DAY, last: float = 30 * DAY, **more: object) -> LogReport:
    """A log that reaches from and to so many seconds around noon, whole but for its oldest records."""
    path = f"Windows/System32/winevt/Logs/{channel.replace('/', '%4')}.evtx"
    whole = LogReport(
        channel, path, after(first), after(last), 10_000, ordinal=5_000, first_number=5_000, last_number=14_999,
        ref=EvidenceRef(FilePlace(path), (Span(path, 0, 4096),)),
    )  # fmt: skip
    return replace(whole, **more)  # type: ignore[arg-type]  # the fields are checked by the dataclass


def told(base: Case, events: Iterable[Event], logs: Iterable[LogReport] = ()) -> Case:
    """A case with these events, its definitions read and its tasks paired anew."""
    held = tuple(events)
    reports = tuple(logs) or tuple(log(channel) for channel in sorted({event.channel for event in held}))
    case = base.with_(events=blocks(*held), logs=reports)
    source = open_source(".")
    found = [answer for job in jobs_of_table(EventTable(case.events)) for answer in TELLINGS.read(job, source, DEFAULT)]
    case = _with(case, found)
    return paired(_with(case, list(answers(case, EventTable(case.events)))))


def _with(case: Case, found: Sequence[object]) -> Case:
    stores = [answer for answer in found if isinstance(answer, StoreReport)]
    kept = tuple(report for report in case.reports if report.store not in {store.store for store in stores})
    return case.with_(
        records=case.records + tuple(answer for answer in found if isinstance(answer, TaskRecord)),
        problems=case.problems + tuple(answer for answer in found if isinstance(answer, Problem)),
        reports=(*kept, *stores),
    )


def of_logs(*events: Event, logs: Iterable[LogReport] = ()) -> Case:
    """A case of nothing but logs."""
    absent = tuple(StoreReport(store, "absent", 0) for store in (Store.XML, Store.REGISTRY, Store.SCHEDULER))
    return told(Case(reports=absent), events, logs)


def on_machine(machine: Machine, *events: Event, logs: Iterable[LogReport] = ()) -> Case:
    return told(machine.case, events, logs)


def rules_of(case: Case) -> set[str]:
    return {finding.rule for rule in LIFE for finding in findings(case, rule)}


def cites(finding: Finding, *events: Event) -> bool:
    """Whether a finding cites the records of all these events."""
    return {event.ref.spans[0] for event in events} <= {span for ref in finding.refs for span in ref.spans}


LIFE = ("created-and-deleted", "created-remotely", "changed-logged", "ghost-run", "no-creation-event", "load-failed")
__all__ = [
    "DAY", "LIFE", "NOON", "SECURITY", "TASKS", "TICKS_A_DAY", "Instant", "cites", "log", "of_logs", "on_machine", "rules_of", "told",
]  # fmt: skip
