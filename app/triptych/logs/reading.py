"""Event logs read in a reader process: one log after the other, whatever its file is called, as events and reports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from triptych.evidence.layouts import Found, Item
from triptych.evidence.source import EvidenceSource
from triptych.formats.evtx import Log
from triptych.formats.evtx_balance import ChannelTally
from triptych.formats.evtx_event import EventRecord, Fields
from triptych.formats.evtx_json_lines import read_lines
from triptych.formats.evtx_window import InMemory
from triptych.formats.faults import Faults
from triptych.limits import DEFAULT, MIB, Limits
from triptych.logs.blocks import BlockBuilder
from triptych.logs.event_kinds import EventKind, careful, kind_of, wanted
from triptych.logs.numbers import folded_id, process_number
from triptych.model.case import Balance, Weight
from triptych.model.event import Event, LogReport, NumberGap
from triptych.model.evidence import EventPlace, EvidenceRef, ListingPlace, ReadState, Span
from triptych.model.times import Instant
from triptych.stores.files import FileRead, read_file
from triptych.stores.job import Answer, Job, StoreReader

NAME = "logs"
ROLE = "event-log"
_TOGETHER = 16 * MIB  # small logs are read in batches of this size
_CLEARED = frozenset((("security", 1102), ("system", 104)))

_BLOCK = 4096  # events that cross together


def _jobs(found: Found) -> list[Job]:
    """A job for each large log, batches for the small ones (a machine has hundreds)."""
    jobs: list[Job] = []
    batch: list[Item] = []
    for item in found.of(ROLE):
        if item.size >= _TOGETHER:
            jobs.append(_job([item]))
            continue
        batch.append(item)
        if sum(held.size for held in batch) >= _TOGETHER or len(batch) >= DEFAULT.batch_files:
            jobs.append(_job(batch))
            batch = []
    return jobs + ([_job(batch)] if batch else [])


def _job(items: list[Item]) -> Job:
    label = f"event log {items[0].path}" if len(items) == 1 else f"{len(items)} event logs from {items[0].path} on"
    return Job(NAME, label, tuple(item.as_row() for item in items), sum(item.size for item in items))


def _read(job: Job, source: EvidenceSource, limits: Limits) -> Iterator[Answer]:
    for row in job.items:
        item = Item.from_row(row)
        faults = Faults(item.path)
        file = read_file(source, item, "event log", limits.archive_member, faults)
        if file.data is None:
            yield from faults.problems
            yield file.ledger
            continue
        yield from _read_log(item, file, file.data, faults)


def _read_log(item: Item, file: FileRead, data: bytes, faults: Faults) -> Iterator[Answer]:
    log = Log(InMemory(data), item.path, faults, wanted(), careful())
    kept: dict[str, int] = {}
    cleared: dict[str, list[Instant]] = {}
    exported = False
    builder = BlockBuilder(item.path, item.view)
    with faults.guard("evtx.reader", "the whole file", tried="read it as an event log", lost="what is not listed of it"):
        for record in log.records():
            event = event_of(record, item)
            if event is None:
                continue
            exported = exported or record.number != record.record_id
            kept[event.channel] = kept.get(event.channel, 0) + 1
            if (event.channel.casefold(), event.event_id) in _CLEARED:
                cleared.setdefault(event.channel, []).append(event.time)
            builder.add(event)
            if len(builder) >= _BLOCK:
                yield builder.block()
    yield builder.block()
    tally = log.tally
    for channel, sums in sorted(tally.channels.items()):
        report = _report(item, log, channel, sums, file.ref)
        yield replace(report, kept=kept.get(channel, 0), cleared=tuple(cleared.get(channel, ())), exported=exported)
    yield from faults.problems
    yield tally.balance(item.path)
    yield replace(file.ledger, read=_state(log, faults, file.ledger.read))


def _state(log: Log, faults: Faults, read: ReadState) -> ReadState:
    lost = any(problem.severity is Weight.LOST for problem in faults.problems)
    if not lost:
        return read
    return ReadState.PART if log.tally.listed or log.tally.repaired else ReadState.FAILED


def _report(item: Item, log: Log, channel: str, sums: ChannelTally, ref: EvidenceRef) -> LogReport:
    tally = log.tally
    gaps = tuple(NumberGap(gap.first, gap.last, Instant(gap.after), Instant(gap.before)) for gap in tally.gaps)
    return LogReport(
        channel, item.path, _instant(sums.first), _instant(sums.last), sums.records, gaps=gaps,
        first_number=sums.first_number, last_number=sums.last_number, slack=tally.slack, lost=tally.lost, ordinal=tally.ordinal,
        ref=ref, view=item.view,
    )  # fmt: skip


def _instant(ticks: int | None) -> Instant | None:
    return None if ticks is None else Instant(ticks)


def event_of(record: EventRecord, item: Item) -> Event | None:
    """A record as an event of ours, None where its kind does not concern us or its content cannot be read."""
    if record.fault:
        return None
    place = EventPlace(record.channel, record.record_id)
    ref = EvidenceRef(place, (Span(item.path, record.offset, record.length),))
    event = _event(record.fields, Instant(record.ticks), ref, record.record_id, item.view)
    return replace(event, recovered=record.recovered, note=record.note) if event and record.note else event


def listed_events(data: bytes, item: Item, faults: Faults) -> Iterator[Event | Balance]:
    """The events of ours in a listing of JSON lines, and its balance last; one without a time is told as a problem."""
    for listed in read_lines(data, item.path, faults):
        if isinstance(listed, Balance):
            yield listed
            continue
        ref = EvidenceRef(ListingPlace(listed.line), (Span(item.path, listed.offset, listed.length),))
        event = _event(listed.fields, listed.time or Instant(0), ref, listed.fields.record_id or 0, item.view)
        if event is not None and listed.time is None:
            faults.add(
                Weight.DOUBT, "evtx.json-time", f"line {listed.line}", tried="read when the event happened",
                found="no time that can be read", lost="its place in the timeline", advice="look at the line",
            )  # fmt: skip
        elif event is not None:
            yield replace(event, note=listed.note)


def _event(fields: Fields, time: Instant, ref: EvidenceRef, record_id: int, view: str) -> Event | None:
    if fields.event_id is None:
        return None
    kind = kind_of(fields.channel, fields.event_id, fields.provider)
    if kind is None or not kind.keeps(fields.data):
        return None
    told = _Told(kind, fields.data)
    return Event(
        time=time, channel=fields.channel, event_id=fields.event_id, record_id=record_id,
        lane=kind.lane, kind=kind.kind, words=kind.words, ref=ref, task=_task(told.text("task")), account=told.account(),
        process=told.text("process"), command=told.text("command"), process_id=process_number(told.text("pid")),
        parent_id=process_number(told.text("parent")), logon_id=folded_id(told.text("logon")),
        instance_id=folded_id(told.text("instance") or _activity(kind, fields.activity)), result=told.text("result"),
        content=told.text("content"), provider=fields.provider, computer=fields.computer, user=fields.user,
        version=fields.version, data=fields.data, view=view,
    )  # fmt: skip


class _Told:
    """What the data of an event tell by the roles of its kind; of several values of a name the first."""

    def __init__(self, kind: EventKind, data: tuple[tuple[str, str], ...]) -> None:
        values = dict(reversed(data))
        self._by_role = {role: [values.get(name, "") for name in names] for role, names in kind.roles}

    def text(self, role: str) -> str:
        return next((value for value in self._by_role.get(role, ()) if value), "")

    def account(self) -> str:
        """DOMAIN\\name of a pair, or the one name; "-" is none."""
        return "\\".join(value for value in self._by_role.get("account", ()) if value and value != "-")


def _task(text: str) -> str | None:
    """A task path with a leading backslash; the events of a root task may leave it out."""
    return None if not text else text if text.startswith("\\") else "\\" + text


def _activity(kind: EventKind, activity: str) -> str:
    """The activity of the scheduler's own events is the run (100, 102, 110, 200, 201 bear it)."""
    return activity if kind.lane == "tasks-log" else ""


LOGS = StoreReader(NAME, _jobs, _read)
