"""One event log, read whole: every chunk on disk, damaged ones mended in a copy, each record with its bytes in the file.

The bulk reader is `evtx` (Rust); what it refuses or silently shortens is read again by our own `evtx_binxml`. Which
records are given is told by EventID, found in the text before anything is parsed; all are counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple, cast

from triptych.formats import evtx_window as window
from triptych.formats.evtx_balance import ChannelTally, Tally, close, missing_in
from triptych.formats.evtx_binxml import Doubts, read_event
from triptych.formats.evtx_complaints import (
    place,
    tell_chunk,
    tell_odd_names,
    tell_odd_values,
    tell_twice,
    tell_unchecked,
    tell_unreadable,
)  # fmt: skip
from triptych.formats.evtx_event import EventRecord, all_of, channel, channel_mark, event_id, event_ids, fields_of_tree, ticks_of
from triptych.formats.evtx_index import Index, index_of
from triptych.formats.evtx_layout import Chunk, Layout, Slot, file_header, lay_out
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
_offset = attrgetter("offset")
_TOGETHER = 4  # more of them are no faster: what is read must stay near the processor
_SECOND = "the bulk reader refused it; the second reader took it"


class Batch(NamedTuple):
    """Wanted records of one chunk. `plain` are those of a sound chunk whose text nobody needs to check: place, JSON, EventID;
    `records` are all others, each list in the order of the file. `offset` is the chunk's, `channel` that of the plain ones.
    """

    offset: int
    channel: str
    note: str
    plain: Sequence[tuple[Slot, str, int]]
    records: Sequence[EventRecord]

    def all(self) -> Iterator[EventRecord]:
        """Every record in the order of the file."""
        if not self.plain:
            return iter(self.records)
        made = [record_of(slot, text, self.offset, self.note) for slot, text, _ in self.plain]
        return iter(sorted((*made, *self.records), key=_offset)) if self.records else iter(made)


def record_of(slot: Slot, text: str, offset: int, note: str) -> EventRecord:
    """A plain record of the chunk at `offset`."""
    return EventRecord(slot.number, slot.ticks, offset + slot.at, slot.length, text, False, note)


class Log:
    """A log, or a stretch of its chunks, to be read once: pull `batches` or `records` to the end; `tally` then holds the sums
    and `faults` what was wrong with its chunks. What concerns the log as a whole is told by `evtx_balance.close`.

    `wanted` are the EventIDs to give by channel (case folded, "" for records that name none), None for all; a record that
    states no EventID is always given. `careful` are those whose texts are compared with the raw bytes, since the bulk
    reader drops NULs and lone surrogates without a word; None for all that are wanted. `first` to `stop` are numbers of
    chunks, `stop` None for the end of the log; `index` spares looking for them once more.
    """

    def __init__(
        self, source: window.Bytes, file: str, faults: Faults,
        wanted: Wanted | None = None, careful: Wanted | None = None,
        index: Index | None = None, first: int = 0, stop: int | None = None,
    ) -> None:  # fmt: skip
        self.tally = Tally()
        self.header = file_header(source.read_at(0, 128))
        self.file = file
        self._source, self._faults = source, faults
        self._wanted, self._careful = wanted, careful
        self._index = index_of(source) if index is None else index
        self._chunks = range(first, len(self._index) if stop is None else min(stop, len(self._index)))
        self._doubts = Doubts()
        self._earlier: tuple[int, Chunk, Layout] | None = None  # the chunk that others may be copies of, laid out
        self._channel, self._name, self._mark = ChannelTally(), "", ""
        self._ids: frozenset[int] | None = None  # of the channel at hand
        self._careful_ids: frozenset[int] | None = None

    def records(self) -> Iterator[EventRecord]:
        """The wanted records of a whole log in the order of the file, those whose content cannot be read too."""
        for batch in self.batches():
            yield from batch.all()
        close(self.tally, self.header, self._source.read_at(0, 16), self._faults)

    def batches(self) -> Iterator[Batch]:
        """The wanted records, chunk by chunk. Raises nothing for bad input."""
        sound: list[tuple[Chunk, Layout]] = []  # chunks whose texts are asked for together, which is faster
        for chunk, layout in self._listed():
            if layout.plain and window.mended(chunk, layout) is chunk.data:
                sound.append((chunk, layout))
                if len(sound) == _TOGETHER:
                    yield from self._together(sound)
                    sound = []
                continue
            yield from self._together(sound)
            sound = []
            yield self._decode(chunk, layout)
        yield from self._together(sound)

    def _listed(self) -> Iterator[tuple[Chunk, Layout]]:
        """The chunks that hold records, each of them counted."""
        for number in self._chunks:
            chunk = self._index.chunk(self._source, number)
            if not chunk.size:  # the file was cut since
                return
            self.tally.chunks += 1
            if _uniform(chunk):
                self.tally.dead.append(number)
                continue
            layout = lay_out(chunk, self._index.follower(number))
            self.tally.slack += layout.slack
            if not layout.slots and not layout.header.count:
                self._nothing(chunk)
                continue
            self.tally.used = number + 1
            if self._is_copy(chunk, layout):
                continue
            lost, gaps = missing_in(layout)
            self.tally.lost += lost
            self.tally.promised += len(layout.slots) + lost
            self.tally.run(layout, number)
            self.tally.known += gaps
            tell_chunk(chunk, layout, lost, gaps, self.header.dirty, self._faults)
            yield chunk, layout

    def _together(self, sound: list[tuple[Chunk, Layout]]) -> Iterator[Batch]:
        """The records of several sound chunks; where one of them is not as good as it looks, each is read by itself."""
        texts = self._texts(sound[0][0], *[chunk.data for chunk, _ in sound]) if sound else []
        if len(texts) != sum([len(layout.slots) for _, layout in sound]) or None in texts:
            yield from (self._decode(chunk, layout) for chunk, layout in sound)
            return
        at = 0
        for chunk, layout in sound:
            yield self._plain(chunk, layout, cast("list[str]", texts[at : at + len(layout.slots)]))
            at += len(layout.slots)

    def _nothing(self, chunk: Chunk) -> None:
        self.tally.dead.append(chunk.number)
        if chunk.signed:
            self.tally.used = chunk.number + 1
        elif self.header.whole or chunk.number:
            self.tally.foreign.append(chunk.number)

    def _is_copy(self, chunk: Chunk, layout: Layout) -> bool:
        """Whether all records of a chunk stand byte for byte in an earlier one, and are listed there."""
        number = self._index.earlier.get(chunk.number)
        if number is None or not layout.slots:
            return False
        if self._earlier is None or self._earlier[0] != number:
            other = self._index.chunk(self._source, number)
            self._earlier = number, other, lay_out(other, self._index.follower(number))
        _, other, placed = self._earlier
        listed = {(slot.at, slot.length) for slot in placed.slots}
        for slot in layout.slots:
            stretch = slice(slot.at, slot.at + slot.length)
            if (slot.at, slot.length) not in listed or other.data[stretch] != chunk.data[stretch]:
                return False
        self.tally.twice += len(layout.slots)
        tell_twice(chunk, len(layout.slots), number, self._faults)
        return True

    def _decode(self, chunk: Chunk, layout: Layout) -> Batch:
        data = window.mended(chunk, layout)
        entries = window.entries(layout)
        texts = self._texts(chunk, data)
        if data is chunk.data and len(texts) == len(entries) and None not in texts:
            return self._plain(chunk, layout, cast("list[str]", texts))
        if len(texts) < len(entries):
            anew = window.mended(chunk, layout, anew=True)
            texts = max(texts, self._texts(chunk, anew), key=len)
        if len(texts) < len(entries):
            texts = max(texts, self._texts(chunk, window.without_tables(anew)), key=len)
        texts += [None] * (len(entries) - len(texts))
        behind = {slot.at for slot in layout.slots[len(layout.slots) - layout.behind :]} if layout.behind else frozenset[int]()
        rebuilt = "" if chunk.signed and not chunk.cut else _REBUILT
        found = []
        for slot, text in zip(entries, texts, strict=False):
            if slot is not None:
                why = _MENDS.get(slot.mend) or (_BEHIND if slot.at in behind else rebuilt)
                record = self._record(chunk, data, slot, text, why, why or _doubt(layout))
                if record is not None:
                    found.append(record)
        return Batch(chunk.offset, "", "", (), found)

    def _texts(self, chunk: Chunk, *data: bytes) -> list[str | None]:
        """What the bulk reader gives of a chunk, or of several from it on; should it break down, the second reader has to do."""
        found: list[list[str | None]] = []
        tried = "read the chunk with the bulk reader"
        with self._faults.guard("evtx.bulk-reader", place(chunk), tried=tried, lost="nothing, if the second reader can read it"):
            found.append(window.texts(*data))
        return found[0] if found else []

    def _plain(self, chunk: Chunk, layout: Layout, texts: list[str]) -> Batch:
        """The records of a chunk that needed no repair; made to be fast, since nearly every chunk is one."""
        numbers = event_ids(texts)
        self.tally.by_id.update(numbers)
        self.tally.listed += len(numbers)
        mark, note = self._mark, _doubt(layout)
        if not mark or not all_of(mark, texts):
            return Batch(chunk.offset, "", "", (), list(self._mixed(chunk, layout, texts, numbers)))
        self._channel.add_all(layout.slots)
        both = zip(layout.slots, texts, numbers, strict=True)
        if self._ids is None or self._careful_ids is None:
            return Batch(chunk.offset, "", "", (), [record for one in both if (record := self._one(chunk, *one, note))])
        ids, careful, odd = self._ids, self._careful_ids, -1 in numbers
        if ids.isdisjoint(numbers) and not odd:
            return Batch(chunk.offset, self._name, note, (), ())
        wanted = [one for one in both if one[2] in ids or one[2] < 0]
        if careful.isdisjoint(numbers) and not odd:
            return Batch(chunk.offset, self._name, note, wanted, ())
        plain = [one for one in wanted if one[2] not in careful and one[2] >= 0]
        rest = [record for one in wanted if one[2] in careful or one[2] < 0 if (record := self._one(chunk, *one, note))]
        return Batch(chunk.offset, self._name, note, plain, rest)

    def _mixed(self, chunk: Chunk, layout: Layout, texts: list[str], numbers: list[int]) -> Iterator[EventRecord]:
        """The same where not all records are of the channel at hand."""
        note = _doubt(layout)
        for slot, text, number in zip(layout.slots, texts, numbers, strict=True):
            self._enter(text, slot)
            record = self._one(chunk, slot, text, number, note)
            if record is not None:
                yield record

    def _one(self, chunk: Chunk, slot: Slot, text: str, number: int, note: str) -> EventRecord | None:
        """A record of a sound chunk, None where it is not wanted."""
        if self._ids is not None and number not in self._ids and number >= 0:
            return None
        if self._careful_ids is None or number in self._careful_ids or number < 0:
            return self._checked(chunk, chunk.data, slot, text, "", note)
        return record_of(slot, text, chunk.offset, note)

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
            self._name, self._mark = name, channel_mark(name) if name else ""
            self._channel = self.tally.channels.setdefault(name, ChannelTally())
            folded = name.casefold()
            self._ids = None if self._wanted is None else self._wanted.get(folded, _NONE)
            self._careful_ids = None if self._careful is None else self._careful.get(folded, _NONE)
        self._channel.add(slot.ticks, slot.number)


def _doubt(layout: Layout) -> str:
    return _UNSOUND if layout.data_sound is False else ""


def _uniform(chunk: Chunk) -> bool:
    """Whether it is one byte over and over: never used, or wiped."""
    first = chunk.data[:1]
    return not chunk.signed and chunk.data[:16] == first * 16 and chunk.data[: chunk.size] == first * chunk.size
