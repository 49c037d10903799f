"""One record in detail: every value with its name, its bytes in the file and its text; and what a second library makes of it.

The names and places come from our own `evtx_binxml`; python-evtx, written by other people, reads the same bytes as a second
opinion. That library follows chains in a chunk that can lead in circles, so it is given a copy whose tables were checked; it
is slow and may still surprise, so call this in a reader process only.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from Evtx.Evtx import ChunkHeader, Record

from triptych.formats.evtx_binxml import Element, read_event
from triptych.formats.evtx_layout import CHUNK, CHUNK_MAGIC, FILE_HEADER, FIRST, SMALLEST
from triptych.formats.faults import Faults, FormatFault

_STRINGS = (128, 64)  # where the table of strings begins, and how many chains it has
_TEMPLATES = (384, 32)


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a record: its name (`System/EventID`, `TaskName`, `Provider/@Name`), its text, its bytes in the file.

    `length` is 0 for a value that the record leaves out or that its template states as text of its own elsewhere.
    """

    name: str
    text: str
    offset: int
    length: int
    odd: str = ""


@dataclass(frozen=True, slots=True)
class Substitution:
    """One value as the second library reads it, by its number in the template."""

    number: int
    kind: str
    text: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class RecordDetail:
    """A record: header fields, our own reading, and the second opinion (empty where it could not be had)."""

    number: int
    offset: int
    length: int
    raw: bytes
    values: tuple[Value, ...]
    second_xml: str = ""
    second: tuple[Substitution, ...] = ()


def one_record(data: bytes, offset: int, faults: Faults, base: int = 0) -> RecordDetail:
    """The record at `offset` of a log. `data` is the log, or a piece of it that begins at `base` with a whole chunk.

    Raises FormatFault where no record stands there; what a reader cannot take is a problem in `faults`.
    """
    start = _chunk_start(data, offset, base)
    chunk = data[start - base : start - base + CHUNK].ljust(CHUNK, b"\0")
    at = offset - start
    if at < FIRST or at + SMALLEST > CHUNK:
        raise FormatFault("evtx.record-place", f"0x{offset:X}", "read a record", "a place where none can stand")
    size, number = struct.unpack_from("<IQ", chunk, at + 4)
    length = size if SMALLEST <= size <= CHUNK - at else CHUNK - at
    values: tuple[Value, ...] = ()
    with faults.guard(
        "evtx.record-detail", f"record {number} at 0x{offset:X}", tried="read its values", lost="their names and places"
    ):
        values = tuple(_values(read_event(chunk, at, length), start))
    second_xml = ""
    second: tuple[Substitution, ...] = ()
    tried = "ask python-evtx for a second opinion"
    with faults.guard("evtx.second-opinion", f"record {number} at 0x{offset:X}", tried=tried, lost="the second opinion"):
        second_xml, second = _second_opinion(chunk, at, start)
    return RecordDetail(number, offset, length, chunk[at : at + length], values, second_xml, second)


def _chunk_start(data: bytes, offset: int, base: int) -> int:
    """Where the chunk begins that holds a place: the nearest signature before it, else by the usual grid."""
    lowest = max(offset - CHUNK, base)
    found = data.rfind(CHUNK_MAGIC, lowest - base, offset - base)
    if found >= 0:
        return found + base
    return max(FILE_HEADER + (offset - FILE_HEADER) // CHUNK * CHUNK, base)


def _values(event: Element, start: int) -> Iterator[Value]:
    stack: list[tuple[str, Element]] = [("", child) for child in reversed(event.children)]
    while stack:
        path, element = stack.pop()
        is_data = element.name == "Data"
        shown = element.attribute("Name") or "Data" if is_data else f"{path}{element.name}"
        for key, pieces in element.attributes:
            if not is_data or key != "Name":
                yield from (Value(f"{shown}/@{key}", piece.text, start + piece.at, piece.length, piece.odd) for piece in pieces)
        yield from (Value(shown, piece.text, start + piece.at, piece.length, piece.odd) for piece in element.pieces)
        inner = "" if element.name in ("EventData", "UserData") else f"{shown}/"
        stack += [(inner, child) for child in reversed(element.children)]


def _second_opinion(chunk: bytes, at: int, start: int) -> tuple[str, tuple[Substitution, ...]]:
    checked = without_circles(chunk)
    record = Record(checked, at, ChunkHeader(checked, 0))
    found = tuple(
        Substitution(number, type(node).__name__.removesuffix("TypeNode"), _text(node), start + node.offset(), node.length())
        for number, node in enumerate(record.root().substitutions())
    )
    return str(record.xml()), found


def _text(node: object) -> str:
    string = getattr(node, "string", None)
    try:
        return str(string()) if callable(string) else ""
    except (ValueError, OverflowError, UnicodeDecodeError, NotImplementedError):
        return ""


def without_circles(chunk: bytes) -> bytes:
    """The chunk with every chain of strings or templates blanked that leads in a circle, backwards out of it, or nowhere."""
    copy = bytearray(chunk)
    for begin, count in (_STRINGS, _TEMPLATES):
        seen: set[int] = set()
        for bucket in range(begin, begin + 4 * count, 4):
            at = struct.unpack_from("<I", copy, bucket)[0]
            chain: list[int] = []
            while at and FIRST <= at <= CHUNK - 24 and at not in seen:
                chain.append(at)
                seen.add(at)
                at = struct.unpack_from("<I", copy, at)[0]
            if at:
                copy[bucket : bucket + 4] = bytes(4)
    return bytes(copy)
