"""Where in the built evidence a planted thing stands: Triptych's own scan names the file, the offset and the length."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from triptych.evidence.source import EvidenceSource, open_source
from triptych.lessons.lesson import LessonError
from triptych.limits import DEFAULT
from triptych.model.case import Case
from triptych.model.event import EventBlock
from triptych.model.evidence import EventPlace, EvidenceRef, RegistryPlace, Span
from triptych.model.paths import fold
from triptych.model.task import leaves
from triptych.readers import Readers
from triptych.scan import scan
from triptych.stores import proof

_FAR = 4_096
"""Pieces of one thing that are farther apart are told one by one."""

_RECORD, _HEAD = b"**\0\0", struct.Struct("<IQ")


@dataclass(frozen=True, slots=True)
class Looked:
    """A scan of built evidence, to look places up in."""

    case: Case
    source: EvidenceSource
    spans: dict[str, tuple[Span, ...]]

    def where(self, place: str) -> tuple[Span, ...]:
        """The bytes of a place, spelled as `Planted.where`; pieces that lie together are one. Empty where nothing cites it."""
        found = self.spans.get(fold(place), ())
        return _joined(found) or self._file(place) or self._record(place)

    def find(self, place: str, wanted: str) -> Span:
        """Where a text (as UTF-16LE, else as UTF-8) or bytes (`0x` and hex) stand in a place. Raises LessonError where not once."""
        spans = self.where(place)
        if not spans:
            raise LessonError(f"no bytes of the evidence are known for the place {place}")
        for needle in _needles(wanted):
            found = [Span(span.file, at, len(needle)) for span in spans for at in self._all(span, needle)]
            if len(found) == 1:
                return found[0]
            if found:
                raise LessonError(f"{wanted!r} stands {len(found)} times in {place}; look for something that stands there once")
        raise LessonError(f"{wanted!r} does not stand in {place}")

    def _file(self, place: str) -> tuple[Span, ...]:
        """The whole file; one that is set aside, as by an upgrade, only where the running system has none of that place."""
        for file in sorted(self.case.files, key=lambda file: bool(file.view)):
            if f"/{fold(file.path)}".endswith(f"/{fold(place)}") and file.size:
                return (Span(file.path, 0, file.size),)
        return ()

    def _record(self, place: str) -> tuple[Span, ...]:
        """The record of a channel and a number: among the events that a scan keeps, else by the number that each record bears."""
        channel, _, number = place.rpartition(" : ")
        if not (number.isascii() and number.isdigit()):
            return ()
        kept = tuple(span for block in self.case.events if not block.view for span in _in_block(block, channel, int(number)))
        return kept or self._numbered(channel.replace("/", "%4") + ".evtx", int(number))

    def _numbered(self, name: str, number: int) -> tuple[Span, ...]:
        """The record of that number in a log, found by its head: signature, size, number."""
        for file in self.case.files:
            if fold(file.path).endswith(f"/{fold(name)}") and not file.view:
                data = proof.bytes_of(self.source, file.path, file.derived_from, DEFAULT)
                at = data.find(_RECORD)
                while at >= 0:
                    size, found = _HEAD.unpack_from(data, at + 4) if at + 16 <= len(data) else (0, -1)
                    if found == number and at % 8 == 0:
                        return (Span(file.path, at, size),)
                    at = data.find(_RECORD, at + 4)
        return ()

    def _all(self, span: Span, needle: bytes) -> Iterator[int]:
        derived = next((file.derived_from for file in self.case.files if file.path == span.file), ())
        data = proof.bytes_of(self.source, span.file, derived, DEFAULT)[span.offset : span.offset + span.length]
        at = data.find(needle)
        while at >= 0:
            yield span.offset + at
            at = data.find(needle, at + 1)


def _in_block(block: EventBlock, channel: str, number: int) -> Iterator[Span]:
    numbers, kinds = struct.unpack(f"<{block.rows}q", block.numbers), struct.unpack(f"<{block.rows}H", block.kinds)
    offsets, lengths = struct.unpack(f"<{block.rows}q", block.offsets), struct.unpack(f"<{block.rows}I", block.lengths)
    for row, found in enumerate(numbers):
        if found == number and fold(block.table[kinds[row]][0]) == fold(channel):
            yield Span(block.file, offsets[row], lengths[row])


def look(evidence: str, listing: str = "") -> Looked:
    """Scan evidence in this process. Raises OSError where it cannot be opened."""
    source = open_source(evidence, listings=(listing,) if listing else ())
    case = Case()
    with Readers(source, 0) as readers:
        for step in scan(source, readers, snapshots=False):
            if isinstance(step, Case):
                case = step
    spans: dict[str, list[Span]] = {}
    for ref in _references(case):
        spans.setdefault(fold(_spelled(ref)), []).extend(ref.spans)
    return Looked(case, source, {place: tuple(found) for place, found in spans.items() if place})


def _spelled(ref: EvidenceRef) -> str:
    match ref.place:
        case RegistryPlace(key, None):
            return key
        case RegistryPlace(key, value):
            return f"{key} : {value}"
        case EventPlace(channel, record):
            return f"{channel} : {record}"
    return ""


def _references(case: Case) -> Iterator[EvidenceRef]:
    """The references of the running system: of every reading, trace, finding and moment."""
    for record in case.records:
        if not record.view:
            for _, reading in leaves(record):
                yield from reading.refs
    for trace in case.traces:
        if not trace.view:
            yield from trace.refs
            for _, reading in trace.readings:
                yield from reading.refs
    for finding in case.findings:
        yield from finding.refs
    for moment in case.timeline:
        yield from moment.refs


def _joined(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """Spans in order, near ones of a file made one."""
    joined: list[Span] = []
    for span in sorted(set(spans), key=lambda span: (span.file, span.offset, span.length)):
        last = joined[-1] if joined else None
        if last and last.file == span.file and span.offset - (last.offset + last.length) <= _FAR:
            end = max(last.offset + last.length, span.offset + span.length)
            joined[-1] = Span(last.file, last.offset, end - last.offset)
        else:
            joined.append(span)
    return tuple(joined)


def _needles(wanted: str) -> tuple[bytes, ...]:
    digits = wanted.removeprefix("0x")
    if wanted.startswith("0x"):
        try:
            return (bytes.fromhex(digits),)
        except ValueError:
            raise LessonError(f"{wanted!r} is no row of bytes: write 0x and two hex digits for each") from None
    return wanted.encode("utf-16-le"), wanted.encode("utf-8")
