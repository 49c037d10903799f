"""What the bulk reader is shown instead of the file: one chunk at a time behind a fresh file header, mended in a copy.

The evidence itself is never changed. A chunk that is sound is shown as it stands; else its header, the headers of
damaged records and the holes between records are made good in a copy, so that one bad byte costs one record.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from functools import cache
from operator import itemgetter
from typing import BinaryIO, Protocol, cast

import evtx

from triptych.formats.evtx_layout import CHUNK_MAGIC, FILE_HEADER, FIRST, MAGIC, SMALLEST, Chunk, Hole, Layout, Slot

_HOLE_TIME = 0x01D0000000000000  # any time that a calendar has
_data = itemgetter("data")
_NO_NUMBER = (1 << 64) - 2
_TABLES = slice(128, FIRST)
_NOTHING = b"\x0f\x01\x01\x00\x00"  # a fragment that says nothing
_FILLED = SMALLEST + len(_NOTHING) + 3  # the smallest hole that a record of our own fits into


class Bytes(Protocol):
    """Bytes that are read at a place; short where they end."""

    @property
    def size(self) -> int: ...
    def read_at(self, offset: int, length: int) -> bytes: ...


class InMemory:
    """A log that lies in memory."""

    def __init__(self, data: bytes) -> None:
        self._data, self.size = data, len(data)

    def read_at(self, offset: int, length: int) -> bytes:
        return self._data[offset : offset + length]


class InFile:
    """A log behind an open binary file that can seek."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = file.seek(0, io.SEEK_END)

    def read_at(self, offset: int, length: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(length)


@cache
def _fresh_header(chunks: int = 1) -> bytes:
    header = bytearray(FILE_HEADER)
    struct.pack_into("<8sQQQIHHHH", header, 0, b"ElfFile\0", 0, chunks - 1, 1 << 40, 128, 1, 3, FILE_HEADER, chunks)
    struct.pack_into("<I", header, 124, zlib.crc32(header[:120]))
    return bytes(header)


def mended(chunk: Chunk, layout: Layout, anew: bool = False) -> bytes:
    """The chunk as the bulk reader can take it: itself where it is sound, else a copy that was made good.

    `anew` makes the header anew in any case. The reader stops at the record that the header calls the last one, so the
    copy names a number that no record has; the free-space offset ends it.
    """
    faulty = not layout.plain and (layout.holes or any(slot.mend for slot in layout.slots))
    if not anew and chunk.signed and not chunk.cut and not faulty and layout.header.free == layout.end:
        return chunk.data
    copy = bytearray(chunk.data)
    for slot in layout.slots:
        if slot.mend:
            ticks = _HOLE_TIME if slot.mend == "time" or slot.ticks >= 1 << 62 else slot.ticks
            struct.pack_into("<4sIQQ", copy, slot.at, MAGIC, slot.length, slot.number, ticks)
            struct.pack_into("<I", copy, slot.at + slot.length - 4, slot.length)
    before = {slot.at + slot.length: slot for slot in layout.slots}
    for hole in layout.holes:
        if hole.length >= _FILLED:
            _fill(copy, hole.at, hole.length)
        elif hole.at in before:
            _stretch(copy, before[hole.at], hole)
    last = layout.slots[-1].at if layout.slots else FIRST
    struct.pack_into("<8sQQQQIII", copy, 0, CHUNK_MAGIC, 0, _NO_NUMBER, 0, _NO_NUMBER, 128, last, layout.end)
    return bytes(copy)


def _fill(copy: bytearray, at: int, length: int) -> None:
    """A record that says nothing over a hole."""
    copy[at : at + length] = bytes(length)
    struct.pack_into("<4sIQQ", copy, at, MAGIC, length, 0, _HOLE_TIME)
    copy[at + 24 : at + 24 + len(_NOTHING)] = _NOTHING
    struct.pack_into("<I", copy, at + length - 4, length)


def _stretch(copy: bytearray, before: Slot, hole: Hole) -> None:
    """Let the record before a hole cover it, where it is too small for one of its own."""
    size = struct.pack("<I", before.length + hole.length)
    copy[before.at + 4 : before.at + 8] = copy[hole.at + hole.length - 4 : hole.at + hole.length] = size


def entries(layout: Layout) -> list[Slot | None]:
    """What the bulk reader meets in a mended chunk, in order: records, and None for a hole that was filled."""
    if layout.plain:
        return list(layout.slots)
    places: list[tuple[int, Slot | None]] = [(slot.at, slot) for slot in layout.slots]
    places += [(hole.at, None) for hole in layout.holes if hole.length >= _FILLED]
    return [slot for _, slot in sorted(places, key=lambda place: place[0])]


def without_tables(data: bytes) -> bytes:
    """The chunk with its string and template tables blanked, for one whose tables the reader cannot take."""
    copy = bytearray(data)
    copy[_TABLES] = bytes(FIRST - 128)
    return bytes(copy)


def texts(*data: bytes) -> list[str | None]:
    """Each record of one chunk as JSON in order, None for one that the bulk reader refused; of several sound ones at once.

    It goes on after a faulty record and ends a chunk at a faulty header, so the list may be short. With
    `validate_checksums` whole chunks would vanish: checksums are our own affair.
    """
    found: list[str | None] = []
    try:
        parser = evtx.PyEvtxParser(io.BytesIO(b"".join((_fresh_header(len(data)), *data))), number_of_threads=1)
        records = cast("Iterator[dict[str, str]]", parser.records_json())
    except (RuntimeError, OSError):
        return found
    while True:
        try:
            found.extend(map(_data, records))
        except RuntimeError as error:
            if not str(error).startswith("Failed to parse record number"):
                return found
            found.append(None)
        else:
            return found
