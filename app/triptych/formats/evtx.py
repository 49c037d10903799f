"""One event log, read whole: every chunk on disk, damaged ones mended in a copy, each record with its bytes in the file.

The bulk reader is `evtx` (Rust); what it refuses or silently shortens is read again by our own `evtx_binxml`. Which
records are given is told by EventID, found in the text before anything is parsed; all are counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from triptych.formats import evtx_window as window
from triptych.formats.evtx_balance import ChannelTally, Tally, close_chunks, close_foreign, close_numbers, missing_in
from triptych.formats.evtx_binxml import Doubts, read_event
from triptych.formats.evtx_complaints import (
    place,
    tell_chunk,
    tell_header,
    tell_odd_names,
    tell_odd_values,
    tell_slack,
    tell_twice,
    tell_unchecked,
    tell_unreadable,
)  # fmt: skip
from triptych.formats.evtx_event import EventRecord, channel, channel_mark, event_id, event_ids, fields_of_tree, ticks_of
from triptych.formats.evtx_layout import CHUNK, Chunk, Layout, Slot, chunk_header, file_header, lay_out
from triptych.formats.faults import Faults, FormatFault

Wanted = Mapping[str, frozenset[int]]
_NONE: frozenset[int] = frozenset()
_MENDS = {
    "signature": "its signature was wrong and was put right in a copy",
    "size": "its stated size was wrong and was put right in a copy",
    "time": "its header states a time that no calendar has",
    "hidden": "it stood inside of another record that was made larger to cover it",
}
_BEHIND = "it stood behind the free-space offset"
_REBUILT = "its chunk's header was lost or cut and was made anew"
_UNSOUND = "the checksum of its chunk is wrong"
_SECOND = "the bulk reader refused it; the second reader took it"


class Log:
    """A log to be read once: pull `records` to the end, then `tally` holds the sums and `faults` what was wrong.

    `wanted` are the EventIDs to give by channel (case folded, "" for records that name none), None for all; a record that
    states no EventID is always given. `careful` are those whose texts are compared with the raw bytes, since the bulk
    reader drops NULs and lone surrogates without a word; None for all that are wanted.
    """

    def __init__(
        self, source: window.Bytes, file: str, faults: Faults,
        wanted: Wanted | None = None, careful: Wanted | None = None,
    ) -> None:  # fmt: skip
        self.tally = Tally()
        self.header = file_header(source.read_at(0, 128))
        self.file = file
        self._source, self._faults = source, faults
        self._wanted, self._careful = wanted, careful
        self._doubts = Doubts()
        self._known_gaps: list[tuple[int, int]] = []
        self._first_records: dict[tuple[int, int], Chunk] = {}
        self._channel, self._mark = ChannelTally(), ""
        self._ids: frozenset[int] | None = None  # of the channel at hand
        self._careful_ids: frozenset[int] | None = None

    def records(self) -> Iterator[EventRecord]:
        """The wanted records in the order of the file, those whose content cannot be read too. Raises nothing for bad input."""
        for chunk, follower in _with_follower(window.chunks(self._source)):
            self.tally.chunks += 1
            if _uniform(chunk):
                self.tally.dead.append(chunk.number)
                continue
            layout = lay_out(chunk, follower)
            self.tally.slack += layout.slack
            if not layout.slots and not layout.header.count:
                self._nothing(chunk)
                continue
            self.tally.used = chunk.number + 1
            if self._is_copy(chunk, layout):
                continue
            lost, gaps = missing_in(layout)
            self.tally.lost += lost
            self.tally.promised += len(layout.slots) + lost
            self.tally.run(layout, chunk.number)
            self._known_gaps += gaps
            tell_chunk(chunk, layout, lost, gaps, self.header.dirty, self._faults)
            yield from self._decode(chunk, layout)
        self._close()

    def _nothing(self, chunk: Chunk) -> None:
        self.tally.dead.append(chunk.number)
        if chunk.signed:
            self.tally.used = chunk.number + 1
        elif self.header.whole or chunk.number:
            self.tally.foreign.append(chunk.number)

    def _is_copy(self, chunk: Chunk, layout: Layout) -> bool:
        """Whether all records of a chunk stand byte for byte in an earlier one."""
        if not layout.slots:
            return False
        key = (layout.slots[0].number, layout.slots[0].ticks)
        earlier = self._first_records.setdefault(key, Chunk(chunk.number, chunk.offset, b"", chunk.size))
        if earlier.number == chunk.number:
            return False
        other = self._source.read_at(earlier.offset, CHUNK)
        same = [
            slot for slot in layout.slots if other[slot.at : slot.at + slot.length] == chunk.data[slot.at : slot.at + slot.length]
        ]
        if len(same) < len(layout.slots):
            return False
        self.tally.twice += len(same)
        tell_twice(chunk, len(same), earlier.number, self._faults)
        return True

    def _decode(self, chunk: Chunk, layout: Layout) -> Iterator[EventRecord]:
        data = window.mended(chunk, layout)
        entries = window.entries(layout)
        texts = self._texts(chunk, data)
        if data is chunk.data and len(texts) == len(entries) and None not in texts:
            yield from self._plain(chunk, layout, texts)
            return
        if len(texts) < len(entries):
            anew = window.mended(chunk, layout, anew=True)
            texts = max(texts, self._texts(chunk, anew), key=len)
        if len(texts) < len(entries):
            texts = max(texts, self._texts(chunk, window.without_tables(anew)), key=len)
        texts += [None] * (len(entries) - len(texts))
        behind = {slot.at for slot in layout.slots[len(layout.slots) - layout.behind :]} if layout.behind else frozenset[int]()
        rebuilt = "" if chunk.signed and not chunk.cut else _REBUILT
        for slot, text in zip(entries, texts, strict=False):
            if slot is not None:
                why = _MENDS.get(slot.mend) or (_BEHIND if slot.at in behind else rebuilt)
                record = self._record(chunk, data, slot, text, why, why or _doubt(layout))
                if record is not None:
                    yield record

    def _texts(self, chunk: Chunk, data: bytes) -> list[str | None]:
        """What the bulk reader gives of a chunk; should it break down, the second reader has to do."""
        found: list[list[str | None]] = []
        tried = "read the chunk with the bulk reader"
        with self._faults.guard("evtx.bulk-reader", place(chunk), tried=tried, lost="nothing, if the second reader can read it"):
            found.append(window.texts(data))
        return found[0] if found else []

    def _plain(self, chunk: Chunk, layout: Layout, texts: list[str | None]) -> Iterator[EventRecord]:
        """The records of a chunk that needed no repair; made to be fast, since nearly every chunk is one."""
        whole = [text for text in texts if text is not None]
        numbers = event_ids(whole)
        self.tally.by_id.update(numbers)
        self.tally.listed += len(numbers)
        mark = self._mark
        steady = bool(mark) and not [None for text in whole if mark not in text]
        if steady:
            self._channel.add_all(layout.slots)
        note = _doubt(layout)
        for slot, text, number in zip(layout.slots, whole, numbers, strict=True):
            if not steady:
                self._enter(text, slot)
            if self._ids is not None and number not in self._ids and number >= 0:
                continue
            if self._careful_ids is None or number in self._careful_ids or number < 0:
                yield self._checked(chunk, chunk.data, slot, text, "", note)
            else:
                yield EventRecord(slot.number, slot.ticks, chunk.offset + slot.at, slot.length, text, False, note)

    def _record(self, chunk: Chunk, data: bytes, slot: Slot, text: str | None, recovered: str, note: str) -> EventRecord | None:
        """One record of a chunk that needed repair, None where it is not wanted; every one is counted."""
        if text is None:
            found = self._second(chunk, data, slot, recovered or _SECOND, note)
            number = found.event_id
            if found.fault:
                self.tally.lost += 1
                return found
        else:
            stated = event_id(text)
            number = stated if stated >= 0 else None
            self._enter(text, slot)
            found = self._checked(chunk, data, slot, text, recovered, note)
        self.tally.by_id[-1 if number is None else number] += 1
        if found.recovered:
            self.tally.repaired += 1
        else:
            self.tally.listed += 1
        wanted = self._wanted
        return found if wanted is None or number is None or number in wanted.get(found.channel.casefold(), _NONE) else None

    def _checked(self, chunk: Chunk, data: bytes, slot: Slot, text: str, recovered: str, note: str) -> EventRecord:
        """A record as the bulk reader gives it, or by the second reader where that one drops something."""
        found = EventRecord(slot.number, slot.ticks, chunk.offset + slot.at, slot.length, text, bool(recovered), note)
        if self._doubts.about(data, slot.at, slot.length):
            try:
                event = read_event(data, slot.at, slot.length)
            except FormatFault as fault:
                tell_unchecked(chunk, slot, fault, self._faults)
                found.note = note or "its texts could not be checked against its bytes"
            else:
                tell_odd_values(chunk, slot, event, self._faults)
                fields = fields_of_tree(event)
                found = EventRecord(slot.number, slot.ticks, found.offset, slot.length, fields, bool(recovered), note)
        tell_odd_names(chunk, slot, found.fields, self._faults)
        return found

    def _second(self, chunk: Chunk, data: bytes, slot: Slot, recovered: str, note: str) -> EventRecord:
        """A record that the bulk reader refused; with a `fault` where the second reader does too."""
        offset = chunk.offset + slot.at
        try:
            event = read_event(data, slot.at, slot.length)
        except FormatFault as fault:
            tell_unreadable(chunk, slot, fault, self._faults)
            return EventRecord(slot.number, slot.ticks, offset, slot.length, None, False, note, f"{fault.tried}: {fault.found}")
        tell_odd_values(chunk, slot, event, self._faults)
        fields = fields_of_tree(event)
        tell_odd_names(chunk, slot, fields, self._faults)
        tally = self.tally.channels.setdefault(fields.channel, ChannelTally())
        tally.add(ticks_of(fields.system_time, slot.ticks), slot.number)
        return EventRecord(slot.number, slot.ticks, offset, slot.length, fields, True, recovered)

    def _enter(self, text: str, slot: Slot) -> None:
        """Count a record for its channel; nearly always that of the one before."""
        if not self._mark or self._mark not in text:
            name = channel(text)
            self._mark = channel_mark(name) if name else ""
            self._channel = self.tally.channels.setdefault(name, ChannelTally())
            folded = name.casefold()
            self._ids = None if self._wanted is None else self._wanted.get(folded, _NONE)
            self._careful_ids = None if self._careful is None else self._careful.get(folded, _NONE)
        self._channel.add(slot.ticks, slot.number)

    def _close(self) -> None:
        tally, faults = self.tally, self._faults
        close_numbers(tally, self._known_gaps, faults)
        close_foreign(tally, self.header, faults)
        close_chunks(tally, self.header, faults)
        if not self.header.whole or not (self.header.sound or self.header.dirty):
            tell_header(self._source.read_at(0, 16), self.header.whole, tally.promised, faults)
        if tally.slack:
            tell_slack(tally.slack, faults)


def _doubt(layout: Layout) -> str:
    return _UNSOUND if layout.data_sound is False else ""


def _with_follower(chunks: Iterator[Chunk]) -> Iterator[tuple[Chunk, int | None]]:
    """Each chunk with the first record number of the next one, None where that is not known."""
    held: Chunk | None = None
    for chunk in chunks:
        if held is not None:
            yield held, chunk_header(chunk.data).first if chunk.signed else None
        held = chunk
    if held is not None:
        yield held, None


def _uniform(chunk: Chunk) -> bool:
    """Whether it is one byte over and over: never used, or wiped."""
    first = chunk.data[:1]
    return not chunk.signed and chunk.data[:16] == first * 16 and chunk.data[: chunk.size] == first * chunk.size
