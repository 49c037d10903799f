"""The entries of transaction logs, checked before anything is written: sequence, bounds, hashes."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

from triptych.formats.hive_cells import BASE, HEADER, PAGE
from triptych.limits import Limits

_HVLE = struct.Struct("<4sIIIIIQQ")  # signature, size, flags, sequence, hive bins size, pages, hash 1, hash 2
_SEED = 0x82EF4D887A4E55C5  # of the Marvin32 hashes in logs (regf specification)
_MASK = 0xFFFFFFFF
SECTOR = 512
Refuse = Callable[[str, str, str, str], None]


@dataclass(frozen=True, slots=True)
class Page:
    """`size` bytes for file offset `offset` of the hive, standing at `source` of the log."""

    offset: int
    size: int
    source: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One checked entry."""

    at: int
    sequence: int
    flags: int
    bins: int
    pages: tuple[Page, ...]


class Reader:
    """The entries of one log of the format of Windows 8.1, from its first sequence number on."""

    def __init__(self, file: str, data: bytes, first: int, bins: int, name: str) -> None:
        self.file, self.data, self.expected, self.bins, self.name = file, data, first, bins, name

    def entries(self, limits: Limits, refuse: Refuse) -> Iterator[Entry]:
        """Entries in sequence; at the first that does not fit the log ends, with a problem where it should have fitted."""
        at, number = HEADER, 0
        while at + _HVLE.size <= len(self.data) and self.data[at : at + 4] == b"HvLE":
            number += 1
            size, flags, sequence, bins, count, hash1, hash2 = _HVLE.unpack_from(self.data, at)[1:]
            where = f"{self.name}, log entry {number} (sequence {sequence}), offset 0x{at:X}"
            if sequence != self.expected:
                if 0 < ((sequence - self.expected) & _MASK) < 0x80000000:
                    words = f"log entry {number} not applied: its sequence number is {sequence}, {self.expected} should follow"
                    refuse("hive.log.gap", where, "apply the entries in sequence", words + self._rest(at))
                return  # an older number is what an earlier use of the log left
            found = self._checked(at, size, bins, count, (hash1, hash2), limits)
            if isinstance(found, str):
                refuse(
                    "hive.log.entry", where, "apply the entry", f"log entry {number} not applied: {found}" + self._rest(at + size)
                )
                return
            yield Entry(at, sequence, flags, bins, found)
            self.expected, self.bins = (sequence + 1) & _MASK, bins
            at += size
        if number == 0:
            refuse(
                "hive.log.entry", self.name, "find the log's first entry", "log entry 1 not applied: no entry follows the header"
            )

    def _rest(self, at: int) -> str:
        further = sum(1 for place in range(at, len(self.data), SECTOR) if self.data[place : place + 4] == b"HvLE")
        return f"; {further} entries of the log from here on are not applied" if further else ""

    def _checked(
        self, at: int, size: int, bins: int, count: int, hashes: tuple[int, int], limits: Limits
    ) -> tuple[Page, ...] | str:
        """The pages of an entry, or what is wrong with it. Bounds come before hashes: they cost nothing."""
        if size < SECTOR or size % SECTOR or at + size > len(self.data):
            return f"its size is {size} bytes, the log holds {len(self.data) - at} (cut short)"
        if bins % PAGE or bins > limits.hive or bins > self.bins + 4 * len(self.data):
            return f"it states 0x{bins:X} bytes of hive bins, more than hive and log can hold"
        source = at + _HVLE.size + 8 * count
        if source > at + size:
            return f"it counts {count} pages, more than its {size} bytes hold"
        pages = []
        for offset, length in struct.iter_unpack("<II", self.data[at + _HVLE.size : source]):
            if not length or offset + length > bins:
                return f"a page of {length} bytes for offset 0x{offset:X}, outside the hive bins of 0x{bins:X} bytes"
            if source + length > at + size:
                return "its pages are longer than the entry"
            pages.append(Page(BASE + offset, length, source))
            source += length
        if marvin32(self.data[at : at + 32]) != hashes[1]:
            return "hash of its header"
        if marvin32(self.data[at + _HVLE.size : at + size]) != hashes[0]:
            return "hash"
        return tuple(pages)


def old_pages(data: bytes, bins: int, hive_size: int, limits: Limits) -> tuple[Page, ...] | str:
    """The dirty sectors of a log of Vista to 8, or what is wrong with it. A bit stands for 512 bytes, lowest first."""
    if data[HEADER : HEADER + 4] != b"DIRT":
        return f"no bitmap of dirty sectors: {data[HEADER : HEADER + 4].hex(' ') or 'the log ends'} stands where it starts"
    if bins % PAGE or bins > limits.hive or bins > hive_size + 4 * len(data):
        return f"it states 0x{bins:X} bytes of hive bins, more than hive and log can hold"
    length = (bins // SECTOR + 7) // 8
    bitmap = data[HEADER + 4 : HEADER + 4 + length]
    source = (HEADER + 4 + length + SECTOR - 1) // SECTOR * SECTOR
    if len(bitmap) < length:
        return "the log ends inside its bitmap"
    pages = []
    for index, byte in enumerate(bitmap):
        for bit in range(8):
            if byte >> bit & 1:
                offset = (8 * index + bit) * SECTOR
                if offset + SECTOR > bins or source + SECTOR > len(data):
                    return f"the log is cut short: the sector for 0x{offset:X} is missing"
                pages.append(Page(BASE + offset, SECTOR, source))
                source += SECTOR
    return tuple(pages)


def marvin32(data: bytes) -> int:
    """Marvin32 as Windows uses it in transaction logs. The rounds are written out: a log of a megabyte has 262,144."""
    low, high = _SEED & _MASK, _SEED >> 32
    whole = len(data) & ~3
    tail = int.from_bytes(data[whole:] + b"\x80", "little")
    for (word,) in chain(struct.iter_unpack("<I", memoryview(data)[:whole]), ((tail,), (0,))):
        low = (low + word) & _MASK
        high ^= low
        low = ((low << 20 | low >> 12) + high) & _MASK
        high = (high << 9 & _MASK | high >> 23) ^ low
        low = ((low << 27 & _MASK | low >> 5) + high) & _MASK
        high = high << 19 & _MASK | high >> 13
    return high << 32 | low
