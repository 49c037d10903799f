"""How far the logs of a system reach, what they lost, and what silenced them: clearings, switches, audit policy.

Codes and the subcategory's GUID: Microsoft Learn (4719, audit policy).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from triptych.logs.event_kinds import SECURITY, TASKS
from triptych.model.case import Fact, Host
from triptych.model.event import Event, LogReport, NumberGap
from triptych.model.evidence import EvidenceRef
from triptych.model.times import TICKS_A_SECOND, Instant, parse_iso

OTHER_OBJECT_ACCESS = "0CCE9227-69AE-11D9-BED3-505054503030"  # the subcategory of 4698 to 4702 (Microsoft Learn)
_AUDITED = frozenset((4698, 4699, 4700, 4701, 4702))
NEAR = 120 * TICKS_A_SECOND  # between two sources that tell of one thing; a slow machine takes its time
# Success removed, success added: the codes of the record, and the words of listings that Event Viewer wrote in English, German, French
_REMOVED = ("%%8448", "success removed", "erfolg entfernt", "succ\u00e8s supprim")
_ADDED = ("%%8449", "success added", "erfolg hinzugef\u00fcgt", "succ\u00e8s ajout")


@dataclass(frozen=True, slots=True)
class Clearing:
    """A log was cleared: which channel, when, by whom."""

    channel: str
    time: Instant
    account: str
    ref: EvidenceRef


@dataclass(frozen=True, slots=True)
class AuditChange:
    """Auditing of the tasks' subcategory was switched: `on` by 4719, for success."""

    on: bool
    time: Instant
    account: str
    ref: EvidenceRef


@dataclass(frozen=True, slots=True)
class Channel:
    """What all files together hold of one channel of one system.

    `beginning` tells why it begins where it does: whole (nothing was overwritten), cleared (begun anew), rolled (the oldest
    records were overwritten), exported (it may be a part), none (no records).
    """

    name: str
    first: Instant | None
    last: Instant | None
    records: int
    beginning: str
    reports: tuple[LogReport, ...]

    @property
    def gaps(self) -> tuple[NumberGap, ...]:
        found = {gap for report in self.reports for gap in report.gaps}
        return tuple(sorted(found, key=lambda gap: (gap.first, gap.last, gap.after.ticks)))

    @property
    def refs(self) -> tuple[EvidenceRef, ...]:
        return tuple(report.ref for report in self.reports if report.ref)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the logs of one system cover, and what silenced them. Everything is in the order of time.

    `switch` is the fact that tells whether the scheduler's own log is on, None where no hive tells, and `switch_written` when
    that was last changed; `policy` and `policy_written` are the same of the audit policy for tasks; `self_disabled` the
    times of event 719 (the service switched it off by itself); `latest` the newest record of any log.
    """

    channels: tuple[Channel, ...] = ()
    clearings: tuple[Clearing, ...] = ()
    audit_changes: tuple[AuditChange, ...] = ()
    self_disabled: tuple[Event, ...] = ()
    audited: tuple[Event, ...] = ()
    registered: tuple[Event, ...] = ()
    switch: Fact | None = None
    latest: Instant | None = None
    switch_written: Instant | None = None
    policy: Fact | None = None
    policy_written: Instant | None = None

    def channel(self, name: str) -> Channel | None:
        folded = name.casefold()
        return next((channel for channel in self.channels if channel.name.casefold() == folded), None)


def coverage(reports: Iterable[LogReport], events: Iterable[Event], host: Host, view: str = "") -> Coverage:
    """Sum up the logs of one system; `view` is "" for the running one. Copies of a record in several files count once."""
    mine = sorted(
        (report for report in reports if report.view == view), key=lambda report: (report.channel.casefold(), report.file)
    )
    told = distinct(event for event in events if event.view == view)
    by_channel: dict[str, list[LogReport]] = {}
    for report in mine:
        by_channel.setdefault(report.channel.casefold(), []).append(report)
    clearings = tuple(_clearings(told))
    lasts = [report.last for report in mine if report.last]
    return Coverage(
        channels=tuple(_channel(held, clearings) for held in by_channel.values()),
        clearings=clearings,
        audit_changes=tuple(_audit_changes(told)),
        self_disabled=tuple(event for event in told if event.event_id == 719 and event.kind == "log-disabled"),
        audited=tuple(event for event in told if event.event_id in _AUDITED and event.lane == "security"),
        registered=tuple(event for event in told if event.kind == "registered"),
        switch=_fact(host, "channel", TASKS, view),
        latest=max(lasts, key=lambda time: time.ticks, default=None),
        switch_written=_time(_fact(host, "channel-written", TASKS, view)),
        policy=_fact(host, "audit-policy", "", view),
        policy_written=_time(_fact(host, "audit-policy-written", "", view)),
    )


def _fact(host: Host, name: str, subject: str, view: str) -> Fact | None:
    """The fact of that name and view; of any subject where "" is asked for."""
    found = (fact for fact in host.facts if fact.name == name and fact.view == view)
    return next((fact for fact in found if not subject or same(fact.subject, subject)), None)


def _time(fact: Fact | None) -> Instant | None:
    """The time that a fact states, None where it states none."""
    try:
        return parse_iso(fact.reading.value) if fact is not None and fact.reading.value else None
    except ValueError:
        return None


def distinct(events: Iterable[Event]) -> tuple[Event, ...]:
    """Each record once, though several files hold it (a copy, an archive), in the order of time."""
    found: dict[tuple[object, ...], Event] = {}
    for event in sorted(events, key=_order):
        key = (event.view, event.channel.casefold(), event.computer.casefold(), event.record_id, event.time.ticks, event.event_id)
        found.setdefault(key, event)
    return tuple(found.values())


def _order(event: Event) -> tuple[int, str, int, str, int]:
    return (event.time.ticks, event.channel.casefold(), event.record_id, event.ref.spans[0].file, event.ref.spans[0].offset)


def same(left: str, right: str) -> bool:
    return left.casefold() == right.casefold()


def clearings_of(events: Iterable[Event], view: str = "") -> tuple[Clearing, ...]:
    """The clearings that events of one view tell of, in the order of time."""
    return tuple(_clearings(distinct(event for event in events if event.view == view)))


def _clearings(events: Iterable[Event]) -> Iterable[Clearing]:
    for event in events:
        if event.kind == "log-cleared":
            name = SECURITY if event.event_id == 1102 else event.get("Channel") or "a log that it does not name"
            yield Clearing(name, event.time, event.account, event.ref)


def _audit_changes(events: Iterable[Event]) -> Iterable[AuditChange]:
    for event in events:
        if event.kind != "audit-changed" or OTHER_OBJECT_ACCESS not in event.get("SubcategoryGuid").upper():
            continue
        if adds_success(event):
            yield AuditChange(True, event.time, event.account, event.ref)
        elif removes_success(event):
            yield AuditChange(False, event.time, event.account, event.ref)


def adds_success(event: Event) -> bool:
    """Whether an event 4719 says that success is audited from then on."""
    changes = event.get("AuditPolicyChanges").casefold()
    return any(words in changes for words in _ADDED)


def removes_success(event: Event) -> bool:
    """Whether an event 4719 says that success is not audited any longer."""
    changes = event.get("AuditPolicyChanges").casefold()
    return any(words in changes for words in _REMOVED)


def _channel(reports: list[LogReport], clearings: tuple[Clearing, ...]) -> Channel:
    firsts = [report for report in reports if report.first and report.first.ticks > 0]
    lasts = [report.last for report in reports if report.last]
    oldest = min(firsts, key=lambda report: report.first.ticks if report.first else 0, default=None)
    return Channel(
        reports[0].channel, oldest.first if oldest else None, max(lasts, key=lambda time: time.ticks, default=None),
        sum(report.records for report in reports), beginning(oldest, clearings), tuple(reports),
    )  # fmt: skip


def beginning(oldest: LogReport | None, clearings: tuple[Clearing, ...]) -> str:
    """Why a file of a channel begins where it does, in the words of `Channel`."""
    if oldest is None or oldest.first is None:
        return "none"
    cleared = [clearing for clearing in clearings if same(clearing.channel, oldest.channel)]
    if any(abs(clearing.time.ticks - oldest.first.ticks) <= NEAR for clearing in cleared):
        return "cleared"
    if oldest.exported:
        return "exported"
    if oldest.ordinal == 1:
        return "whole" if oldest.first_number == 1 or _begins_before(oldest) else "cleared"
    return "rolled"


def _begins_before(report: LogReport) -> bool:
    """Whether the record of the earliest time need not be the first that was written: where the clock was set back it is not."""
    first, last = report.first_number, report.last_number
    if first is None or last is None or last - first + 1 >= report.records:
        return False
    return first <= report.records + sum(gap.last - gap.first + 1 for gap in report.gaps)
