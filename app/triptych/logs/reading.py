"""Event logs read in reader processes: one log after the other, whatever its file is called, as events and reports.

A large log that lies in a folder is read in stretches of chunks, so that two readers share it; `logs.parts` puts their sums
together. Its SHA-256 is a job of its own. Nothing here holds a log as a whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from triptych.evidence.contents import LONG, event_set_kind
from triptych.evidence.layouts import Item
from triptych.evidence.source import EvidenceError, EvidenceSource, Stream, open_source
from triptych.formats.evtx import Log, record_of
from triptych.formats.evtx_csv_listing import LOCAL, LOCAL_IN_DOUBT, read_csv
from triptych.formats.evtx_csv_listing_ecmd import read_ecmd_csv, read_ecmd_json
from triptych.formats.evtx_index import Index, index_of
from triptych.formats.evtx_json_lines import Listed, read_lines
from triptych.formats.evtx_xml_listing import read_xml
from triptych.formats.faults import Faults
from triptych.limits import DEFAULT, Limits
from triptych.logs.asked import SET, SUM
from triptych.logs.blocks import BlockBuilder
from triptych.logs.event_kinds import careful, wanted
from triptych.logs.making import event_from, event_of
from triptych.logs.parts import KIND, Kept, joined, part_of
from triptych.logs.shapes import Ways
from triptych.model.case import Balance, LogPart, Weight
from triptych.model.event import Event, EventBlock
from triptych.model.evidence import EvidenceFile, EvidenceRef, ListingPlace, ReadState
from triptych.model.times import Instant, Zone
from triptych.stores.files import read_file
from triptych.stores.job import Answer, Job

_BLOCK = 16_384  # events that cross together
_FIRST_BLOCK = 256  # and at first, since a person waits for the first of them
_PIECE = 256 * 1024  # bytes that are hashed at a time: more would be fetched anew from the system each time


def read(job: Job, source: EvidenceSource, limits: Limits) -> Iterator[Answer]:
    """The answers to a job of `logs.jobs`. Raises nothing for bad input."""
    for row in job.items:
        item, part = Item.from_row(row[:_ROW]), tuple(map(int, row[_ROW:]))
        faults = Faults(item.path)
        if item.role == SET:
            yield from _read_set(item, source, limits, faults)
            continue
        try:
            file = source.open(item.path, limits.archive_sum)
        except EvidenceError as error:
            yield from _unopened(item, error, faults)
            continue
        try:
            yield from _read_open(item, file, part, source, faults)
        finally:
            file.close()


_ROW = len(Item("", "", "", "").as_row())


def _unopened(item: Item, error: EvidenceError, faults: Faults) -> Iterator[Answer]:
    faults.add(
        Weight.LOST, error.code, "the whole file", tried=f"read the {KIND}", found=str(error), lost="what it says",
        advice="check that the evidence is mounted and readable, then scan again",
    )  # fmt: skip
    yield from faults.problems
    yield EvidenceFile(item.path, KIND, item.size, item.modified, "", ReadState.FAILED, view=item.view, note=str(error))


def _read_open(item: Item, file: Stream, part: tuple[int, ...], source: EvidenceSource, faults: Faults) -> Iterator[Answer]:
    steady = Steady(file, item.size, faults)
    if not part:
        ledger = hashed(item, steady, file)
        found: list[LogPart] = []
        for answer in read_stretch(steady, item, faults, ledger=ledger):
            if isinstance(answer, LogPart):
                found.append(answer)
            else:
                yield answer
        yield from joined(found)
        return
    number, parts, chunks = part
    if number == SUM:
        ledger = hashed(item, steady, file)
        yield _empty(item, steady, parts, ledger, faults)
        return
    index = _index_of(source.arguments, item.path, file.size, file.modified) or index_of(steady)
    stop = None if number + 1 == parts else (number + 1) * chunks
    yield from read_stretch(steady, item, faults, index=index, first=number * chunks, stop=stop, number=number, parts=parts + 1)


@lru_cache(maxsize=2)  # a reader gets one stretch of a log after the other
def _index_of(arguments: tuple[str, ...], path: str, size: int, modified: int | None) -> Index | None:
    try:
        file = open_source(*arguments).open(path, DEFAULT.archive_sum)
    except (EvidenceError, OSError):
        return None
    try:
        return index_of(Steady(file, size, Faults(path))) if (file.size, file.modified) == (size, modified) else None
    finally:
        file.close()


class Steady:
    """A log as its reader sees it: what the medium does not give is told and taken for nothing, and the rest is read."""

    def __init__(self, file: Stream, listed: int, faults: Faults) -> None:
        self.size = file.size
        self._file, self._faults = file, faults
        if self.size < listed:
            self._tell_cut(listed, self.size)

    def read_at(self, offset: int, length: int) -> bytes:
        """The bytes at a place, short where the file ends. What cannot be read comes as zeros."""
        try:
            data = self._file.read_at(offset, length)
        except EvidenceError as error:
            self._faults.add(
                Weight.LOST, error.code, f"0x{offset:X}", tried=f"read {length:,} bytes", found=str(error), lost="what stands there",
                advice="the medium fails: make an image of it with a tool for that, and scan the image",
            )  # fmt: skip
            return bytes(max(min(length, self.size - offset), 0))
        if len(data) < length and offset + len(data) < self.size:
            self._tell_cut(self.size, offset + len(data))
            self.size = offset + len(data)
        return data

    def _tell_cut(self, before: int, now: int) -> None:
        self._faults.add(
            Weight.LOST, "evidence.cut", f"0x{now:X}", tried="read the file to its end",
            found=f"it ends after {now:,} bytes; it had {before:,} when it was found", lost="what stood behind",
            advice="something changes the evidence: copy the file first, then scan the copy",
        )  # fmt: skip


def hashed(item: Item, steady: Steady, file: Stream) -> EvidenceFile:
    """The row of the ledger; the bytes are read once for it, a piece at a time."""
    whole = hashlib.sha256()
    at = 0
    while piece := steady.read_at(at, _PIECE):
        whole.update(piece)
        at += len(piece)
    state = ReadState.WHOLE if file.whole else ReadState.PART
    return EvidenceFile(item.path, KIND, at, file.modified, whole.hexdigest(), state, view=item.view, note=file.note)


def _empty(item: Item, steady: Steady, parts: int, ledger: EvidenceFile, faults: Faults) -> LogPart:
    """The part that is no stretch."""
    head = steady.read_at(0, 128)
    return LogPart(
        item.path, item.view, parts, parts + 1, steady.size, head, (0,) * 9, (), (), (), (), (), (), False, faults.problems, ledger
    )


def read_stretch(
    source: Steady, item: Item, faults: Faults, *, index: Index | None = None, first: int = 0, stop: int | None = None,
    number: int = 0, parts: int = 1, ledger: EvidenceFile | None = None, ids: Mapping[str, frozenset[int]] | None = None,
) -> Iterator[EventBlock | LogPart]:  # fmt: skip
    """The events of some chunks of a log as blocks, then what was counted of them."""
    log = Log(source, item.path, faults, ids or wanted(), careful(), index, first, stop)
    kept = Kept()
    builder = BlockBuilder(item.path, item.view)
    ways = Ways(builder, kept)
    enough = _BLOCK if number else _FIRST_BLOCK
    with faults.guard("evtx.reader", "the whole file", tried="read it as an event log", lost="what is not listed of it"):
        for batch in log.batches():
            short = {} if batch.note else ways.of(batch.channel)
            for slot, text, event_id in batch.plain:
                way = short.get(event_id)
                if way is not None and way.take(slot, text, batch.offset):
                    continue
                record = record_of(slot, text, batch.offset, batch.note)
                event = event_of(record, item.path, item.view)
                if event is not None:
                    kept.add(event, record.number)
                    builder.add(event)
                    if way is not None:
                        way.learn(text, record.fields)
            for record in batch.records:
                event = event_of(record, item.path, item.view)
                if event is not None:
                    kept.add(event, record.number)
                    builder.add(event)
            if len(builder) >= enough:
                yield builder.block()
                enough = min(4 * enough, _BLOCK)
    yield builder.block()
    part = part_of(log, kept, number, parts, source.size, source.read_at(0, 128), faults, item.view)
    yield replace(part, ledger=ledger)


def _read_set(item: Item, source: EvidenceSource, limits: Limits, faults: Faults) -> Iterator[Answer]:
    """The events of a listing, with its balance; it says nothing of what its log held besides."""
    file = read_file(source, item, KIND, limits.hive, faults)
    builder = BlockBuilder(item.path, item.view)
    listed = 0
    with faults.guard("evtx.reader", "the whole file", tried="read it as a listing of events", lost="what is not listed of it"):
        for event in listed_events(file.data or b"", item, faults):
            if isinstance(event, Balance):
                listed = event.listed
                yield event
                continue
            builder.add(event)
            if len(builder) >= _BLOCK:
                yield builder.block()
    yield builder.block()
    yield from faults.problems
    lost = any(problem.severity is Weight.LOST for problem in faults.problems)
    state = ReadState.PART if listed else ReadState.FAILED
    yield replace(file.ledger, read=state) if lost and file.data is not None else file.ledger


_SETS: Mapping[str, Callable[[bytes, str, Faults], Iterator[Listed | Balance]]] = {
    "json": read_lines, "xml": read_xml, "csv": read_csv, "ecmd-json": read_ecmd_json, "ecmd-csv": read_ecmd_csv,
}  # fmt: skip
LISTED = "listed"  # the kind of an event whose time in UTC nobody knows


def listed_events(data: bytes, item: Item, faults: Faults) -> Iterator[Event | Balance]:
    """The events of ours in a listing, and its balance last; one without a time is told as a problem."""
    kind = event_set_kind(data[:LONG])
    if data and kind not in _SETS:
        faults.add(
            Weight.LOST, "evtx.export-unknown", "the whole file", tried="read it as a listing of events",
            found="what looks like an export of events by a tool, in a form that is not read", lost="the events in it",
            advice="give the .evtx itself, or save the events as XML in Event Viewer (wevtutil qe /f:xml)",
        )  # fmt: skip
        return
    local = 0
    for listed in _SETS.get(kind, read_lines)(data, item.path, faults):
        if isinstance(listed, Balance):
            yield listed
            continue
        ref = EvidenceRef.to(ListingPlace(listed.line), item.path, listed.offset, listed.length)
        event = event_from(listed.fields, listed.time or Instant(0), ref, listed.fields.record_id or 0, item.view)
        if event is not None and listed.time is None:
            faults.add(
                Weight.DOUBT, f"evtx.{kind.removeprefix('ecmd-')}-time", f"line {listed.line}", tried="read when the event happened",
                found="no time that can be read", lost="its place in the timeline", advice="look at the line",
            )  # fmt: skip
        elif event is not None and event.time.zone is Zone.LOCAL:
            local += 1
            yield _in_local_time(event, listed.note or LOCAL)
        elif event is not None:
            yield replace(event, note=listed.note)
    if local:
        faults.add(
            Weight.NOTE, "evtx.local-time", "the times of the events", tried="tell when the events happened",
            found=f"{local:,} events in local time of the machine that wrote the list; it does not state its zone",
            advice="they stand at the time that the list shows, up to 14 hours from UTC, and say so; what judges by kinds of events leaves "
            "them out. Give the .evtx itself, which has UTC, record numbers and all data",
        )  # fmt: skip


def _in_local_time(event: Event, note: str) -> Event:
    """An event whose zone is not known: what shows it says so, and what goes by kinds leaves it out."""
    words = "local time, day and month in doubt" if note == LOCAL_IN_DOUBT else "local time"
    return replace(event, kind=LISTED, words=f"{event.words} ({words})", note=note)
