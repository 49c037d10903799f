"""The lines of one event: read in a reader process, by our own reader, and by python-evtx where that one refuses."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from xml.sax.saxutils import escape

from triptych.evidence.source import EvidenceError, EvidenceSource
from triptych.formats.evtx_binxml import Element, Piece, read_event
from triptych.formats.evtx_layout import CHUNK, CHUNK_MAGIC, FILE_HEADER, FIRST, SMALLEST
from triptych.formats.evtx_record import one_record
from triptych.formats.faults import Faults, FormatFault
from triptych.limits import Limits
from triptych.logs.asked import Line
from triptych.model.case import Problem, Weight
from triptych.model.evidence import Excerpt
from triptych.stores.job import Answer, Job


def read(wanted: Job, source: EvidenceSource, limits: Limits) -> Iterator[Answer]:
    """An Excerpt whose data are the lines, or a problem."""
    for offset, path, length in wanted.items:
        faults = Faults(path)
        lines: tuple[Line, ...] = ()
        try:
            lines = _lines(source, path, int(offset), int(length), limits, faults)
        except (EvidenceError, FormatFault) as error:
            found = error.found if isinstance(error, FormatFault) else str(error)
            yield Problem(
                Weight.LOST, error.code, path, f"0x{int(offset):X}", tried="read the event again to show it", found=found,
                lost="its XML; what was read before stays", advice="look at its bytes",
            )  # fmt: skip
        if lines:
            yield Excerpt(path, int(offset), json.dumps(lines).encode(), len(lines))


def _lines(source: EvidenceSource, path: str, offset: int, length: int, limits: Limits, faults: Faults) -> tuple[Line, ...]:
    file = source.open(path, limits.archive_sum)
    try:
        base = max(offset - CHUNK, 0)
        data = file.read_at(base, offset - base + max(length, CHUNK))
    finally:
        file.close()
    start = data.rfind(CHUNK_MAGIC, 0, offset - base)
    if start < 0 and data[offset - base : offset - base + 4] != b"\x2a\x2a\0\0":
        text = data[offset - base : offset - base + length].decode("utf-8", "replace")  # a line of a listing
        return tuple((line, offset, length) for line in text.splitlines())
    begin = base + start if start >= 0 else FILE_HEADER + (offset - FILE_HEADER) // CHUNK * CHUNK
    chunk = data[begin - base : begin - base + CHUNK].ljust(CHUNK, b"\0")
    at = offset - begin
    if at < FIRST or at + SMALLEST > CHUNK:
        raise FormatFault("evtx.record-place", f"0x{offset:X}", "read a record", "a place where none can stand")
    size = struct.unpack_from("<I", chunk, at + 4)[0]
    try:
        return tuple(_told(read_event(chunk, at, size if SMALLEST <= size <= CHUNK - at else CHUNK - at), begin))
    except FormatFault:
        detail = one_record(chunk, offset, faults, begin)  # the second reader may understand what ours refuses
        if not detail.second_xml:
            raise
        return tuple((line, 0, 0) for line in detail.second_xml.splitlines())


def _told(event: Element, begin: int) -> Iterator[Line]:
    """The tree as lines, without recursion: an element of text alone is one line (a line more for each line break in it)."""
    stack: list[tuple[Element | None, str, int]] = [(event, "", 0)]
    while stack:
        element, text, depth = stack.pop()
        indent = "  " * depth
        if element is None:
            yield indent + text, 0, 0
            continue
        stated = [(name, pieces) for name, pieces in element.attributes if any(piece.text for piece in pieces)]
        attributes = "".join(f' {name}="{_said(pieces, quoted=True)}"' for name, pieces in stated)
        inner = _said(element.pieces)
        held = [piece for _, pieces in element.attributes for piece in pieces] if not element.pieces else element.pieces
        place = _place(held, begin)
        if element.children:
            yield f"{indent}<{element.name}{attributes}>{inner}", *place
            stack.append((None, f"</{element.name}>", depth))
            stack += [(child, "", depth + 1) for child in reversed(element.children)]
        elif inner:
            for line in f"{indent}<{element.name}{attributes}>{inner}</{element.name}>".splitlines():
                yield line, *place
        else:
            yield f"{indent}<{element.name}{attributes}/>", *place


def _said(pieces: list[Piece], *, quoted: bool = False) -> str:
    text = "".join(piece.text for piece in pieces)
    return escape(text, {'"': "&quot;"}) if quoted else escape(text)


def _place(pieces: list[Piece], begin: int) -> tuple[int, int]:
    """The bytes of the values in a line, from the first to the last where they stand beside each other."""
    held = sorted((piece.at, piece.at + piece.length) for piece in pieces if piece.length)
    if not held:
        return 0, 0
    end = held[0][1]
    for start, stop in held[1:]:
        if start - end > 16:
            break
        end = max(end, stop)
    return begin + held[0][0], end - held[0][0]
