"""The frame of an event log: file header, chunks of 64 KiB, and the records that stand in them.

Nothing here trusts a header: every chunk on disk is looked at, records are followed by their own sizes, and where one is
damaged the walk goes on at the next whole one. Facts: MS-EVEN6, the libevtx format description, checked on real logs.
"""

from __future__ import annotations

import re
import struct
import zlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise, repeat
from typing import NamedTuple, overload

FILE_HEADER = 0x1000
CHUNK = 0x10000
FIRST = 0x200  # the first record of a chunk; before it stand header, string table and template table
FILE_MAGIC, CHUNK_MAGIC, MAGIC = b"ElfFile\0", b"ElfChnk\0", b"\x2a\x2a\0\0"
SMALLEST = 28  # header of 24 bytes and the copy of the size
MOST = 2600  # records that a chunk can hold, generously
LATEST = 0x24C85A5ED1C04000  # 9999-12-31 in ticks: later times make readers fail
_MAGIC_NUMBER = 0x2A2A
_SIGNATURE = re.compile(re.escape(MAGIC))  # three times as fast as bytes.count
_signatures = _SIGNATURE.findall
_HEAD = struct.Struct("<IIQQ").unpack_from
_COPY_AND_HEAD = struct.Struct("<IIIQQ").unpack_from  # the copy of the size of the record before, and a record's header
_SIZE = struct.Struct("<I").unpack_from


class Slot(NamedTuple):
    """A record as its chunk places it: number, offset in the chunk, length, time in ticks; `mend` says what is wrong with
    its header ("" nothing, else signature, size, time, hidden), `size` what the header states."""

    number: int
    at: int
    length: int
    ticks: int
    mend: str = ""


_tuple = tuple.__new__  # half the time of the class's own constructor, and there are millions


class Placed(Sequence[Slot]):
    """Sound records of a chunk, as columns: most of a log is only counted, so a slot is made when it is asked for."""

    __slots__ = ("_lengths", "_numbers", "_places", "ticks")

    def __init__(self, numbers: Sequence[int], places: Sequence[int], lengths: Sequence[int], ticks: Sequence[int]) -> None:
        self._numbers, self._places, self._lengths, self.ticks = numbers, places, lengths, ticks

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Slot: ...
    @overload
    def __getitem__(self, index: slice) -> list[Slot]: ...
    def __getitem__(self, index: int | slice) -> Slot | list[Slot]:
        if isinstance(index, slice):
            return list(self)[index]
        return Slot(self._numbers[index], self._places[index], self._lengths[index], self.ticks[index])

    def __iter__(self) -> Iterator[Slot]:
        return map(_tuple, repeat(Slot), zip(self._numbers, self._places, self._lengths, self.ticks, repeat("")))

    @property
    def steady(self) -> bool:
        """Whether the numbers go up by one."""
        first = self._numbers[0]
        return self._numbers == tuple(range(first, first + len(self._numbers)))


class Hole(NamedTuple):
    """Bytes between records where no record could be made out."""

    at: int
    length: int


@dataclass(frozen=True, slots=True)
class FileHeader:
    """What the log says of itself. `chunks` counts modulo 65,536, `next_number` is the number of the record to come."""

    whole: bool
    chunks: int
    next_number: int
    dirty: bool
    full: bool
    sound: bool


@dataclass(frozen=True, slots=True)
class ChunkHeader:
    """`first` to `last` are record numbers, `count` how many records it promises (None where that cannot be).

    `ordinal` counts the records since the file was begun: it starts at 1 again when a log is cleared, the numbers do not.
    """

    ordinal: int
    first: int
    last: int
    count: int | None
    last_at: int
    free: int
    data_sum: int
    sound: bool


@dataclass(frozen=True, slots=True)
class Chunk:
    """64 KiB as they stand at `offset` of the file, padded with zeros where the file ends after `size` bytes of them."""

    number: int
    offset: int
    data: bytes
    size: int

    @property
    def cut(self) -> bool:
        return self.size < CHUNK

    @property
    def signed(self) -> bool:
        return self.data.startswith(CHUNK_MAGIC)

    @property
    def blank(self) -> bool:
        return not self.data.strip(b"\0")


@dataclass(frozen=True, slots=True)
class Layout:
    """The live records of a chunk in order, the holes between them, where they end, whole records in the slack behind.

    `behind` of the records stood after the free-space offset; `data_sound` tells whether the checksum of the data holds
    (None where there is no header to compare with). `plain`: the records are whole and numbered as the header says.
    """

    header: ChunkHeader
    slots: Sequence[Slot]
    holes: tuple[Hole, ...]
    end: int
    slack: int
    behind: int = 0
    data_sound: bool | None = None
    plain: bool = False


def file_header(data: bytes) -> FileHeader:
    """The first 128 bytes of the file; `whole` is False where the signature is missing or bytes lack."""
    if len(data) < 128 or not data.startswith(FILE_MAGIC):
        return FileHeader(False, 0, 0, False, False, False)
    next_number = int.from_bytes(data[24:32], "little")
    chunks = int.from_bytes(data[42:44], "little")
    flags, checksum = struct.unpack_from("<II", data, 120)
    return FileHeader(True, chunks, next_number, bool(flags & 1), bool(flags & 2), zlib.crc32(data[:120]) == checksum)


def chunk_header(data: bytes) -> ChunkHeader:
    """The header of a chunk, believed only as far as it can be true."""
    low, high, first, last, _, last_at, free, data_sum = struct.unpack_from("<QQQQIIII", data, 8)
    sound = zlib.crc32(data[128:FIRST], zlib.crc32(data[:120])) == _SIZE(data, 124)[0]
    counts = [high - low + 1, last - first + 1]
    plausible = [count for count in counts if 1 <= count <= MOST]
    believed = data.startswith(CHUNK_MAGIC) and plausible
    return ChunkHeader(low, first, last, plausible[0] if believed else None, last_at, free, data_sum, sound)


def is_record(data: bytes, at: int, end: int) -> bool:
    """Whether a whole record stands there: signature, a size that fits, and its copy at the end."""
    if at + SMALLEST > end:
        return False
    magic, size, _, _ = _HEAD(data, at)
    return bool(magic == _MAGIC_NUMBER and SMALLEST <= size <= end - at and _SIZE(data, at + size - 4)[0] == size)


def next_record(data: bytes, at: int, end: int) -> int:
    """Where the next whole record stands from `at` on; -1 where there is none."""
    for found in _SIGNATURE.finditer(data, at, end):
        if is_record(data, found.start(), end):
            return found.start()
    return -1


def lay_out(chunk: Chunk, follower: int | None) -> Layout:
    """Find the records of a chunk. `follower` is the first record number of the next chunk, None where there is none.

    Whole records inside of other records are found too: one can be made larger to swallow the next ones.
    """
    data, header = chunk.data, chunk_header(chunk.data)
    end = _stated_end(chunk, header)
    data_sound = None
    if chunk.signed and end is not None and not chunk.cut:
        data_sound = zlib.crc32(memoryview(data)[FIRST:end]) == header.data_sum
    placed = None if end is None else _placed(data, end)
    if placed is not None and end is not None and not _behind(chunk, header, [placed[-1]], end, follower):
        plain = len(placed) == header.count and placed.steady
        return Layout(header, placed, (), end, _slack(data, end, chunk.size), 0, data_sound, plain)
    slots, holes, at = _walk(data, end or chunk.size, guess=end is None)
    behind = _behind(chunk, header, slots, at if end is None else end, follower)
    if behind:
        slots += behind
        at = behind[-1].at + behind[-1].length
    elif end is not None:
        at = end
    if len(_signatures(data, FIRST, at)) != len(slots):
        slots, holes = _with_swallowed(data, slots, holes, at)
    slack = _slack(data, max(at, FIRST), chunk.size)
    plain = not holes and not behind and not [None for slot in slots if slot.mend] and _steady(slots, header)
    return Layout(header, slots, tuple(holes), at, slack, len(behind), data_sound, plain)


def _steady(slots: list[Slot], header: ChunkHeader) -> bool:
    """Whether the numbers go up by one, as many as the header counts."""
    first = slots[0].number if slots else 0
    return len(slots) == header.count and [slot[0] for slot in slots] == list(range(first, first + len(slots)))


def _stated_end(chunk: Chunk, header: ChunkHeader) -> int | None:
    """The free-space offset where it can be true; without the chunk's signature only where the checksum proves it."""
    free = header.free
    if not FIRST <= free <= CHUNK:
        return None
    if not chunk.signed and (free == FIRST or zlib.crc32(chunk.data[FIRST:free]) != header.data_sum):
        return None
    return min(free, chunk.size)


def _placed(data: bytes, end: int) -> Placed | None:
    """The records from 0x200 to `end` where each of them is sound and covers no other, else None.

    Made to be fast, since nearly all chunks are so.
    """
    rows: list[tuple[int, ...]] = []
    take, read, last = rows.append, _COPY_AND_HEAD, end - SMALLEST
    at, length = FIRST, _SIZE(data, FIRST - 4)[0]
    while at <= last:
        row = read(data, at - 4)
        if row[0] != length or row[1] != _MAGIC_NUMBER:
            return None
        length = row[2]
        if length < SMALLEST:
            return None
        take(row)
        at += length
    if at != end or not rows or _SIZE(data, at - 4)[0] != length:
        return None
    _, _, sizes, numbers, ticks = zip(*rows, strict=True)
    places = list(accumulate(sizes, initial=FIRST))[:-1]
    if max(ticks) >= LATEST or (len(_signatures(data, FIRST, end)) != len(places) and _covers(data, places, end)):
        return None
    return Placed(numbers, places, sizes, ticks)


def _covers(data: bytes, places: list[int], end: int) -> bool:
    """Whether one of these records covers another one. Most signatures inside of a record are leftovers of memory."""
    strays = {match.start() for match in _SIGNATURE.finditer(data, FIRST, end)}.difference(places)
    for stray in strays:
        index = bisect_right(places, stray)
        stop = places[index] if index < len(places) else end
        if stray >= places[index - 1] + 24 and _is_inner(data, stray, stop):
            return True
    return False


def _walk(data: bytes, end: int, guess: bool) -> tuple[list[Slot], list[Hole], int]:
    """Follow the records from 0x200. With `guess` the end is not known: stop where the sequence of whole records stops."""
    slots: list[Slot] = []
    holes: list[Hole] = []
    at = FIRST
    while at < end:
        if end - at >= SMALLEST:
            magic, size, number, ticks = _HEAD(data, at)
            if magic == _MAGIC_NUMBER and SMALLEST <= size <= end - at and _SIZE(data, at + size - 4)[0] == size:
                if guess and slots and not slots[-1].number < number <= slots[-1].number + MOST:
                    break
                slots.append(Slot(number, at, size, ticks) if ticks < LATEST else Slot(number, at, size, ticks, "time"))
                at += size
                continue
        following = next_record(data, at + 1, end)
        stop = following if following >= 0 else end
        if guess and following >= 0 and slots and not slots[-1].number < _HEAD(data, following)[2] <= slots[-1].number + MOST:
            stop = -1
        found = _damaged(data, at, stop, slots) if stop >= 0 else None
        if found is not None:
            slots.append(found)
        elif stop < 0 or (guess and following < 0):
            break
        else:
            holes.append(Hole(at, stop - at))
        at = stop
    return slots, holes, at


def _damaged(data: bytes, at: int, stop: int, slots: list[Slot]) -> Slot | None:
    """The record with a broken header that fills `at` to `stop`, where there is one."""
    length = stop - at
    if length < SMALLEST + 4:
        return None
    magic, size, number, ticks = _HEAD(data, at)
    expected = slots[-1].number + 1 if slots else number
    if magic == _MAGIC_NUMBER and (number == expected or ticks < LATEST):
        used = size if SMALLEST <= size <= length and not data[at + size : stop].strip(b"\0") else length
        return Slot(number, at, used if used % 8 == 0 else length, ticks, "size")
    if number == expected and (size == length or _SIZE(data, stop - 4)[0] == length):
        return Slot(number, at, length, ticks, "signature")
    return None


def _behind(chunk: Chunk, header: ChunkHeader, slots: Sequence[Slot], at: int, follower: int | None) -> list[Slot]:
    """Records after the free-space offset that go on with the live ones, by the header's range or by their number."""
    found: list[Slot] = []
    last = slots[-1] if slots else None
    ranged = header.count is not None and header.first <= header.last
    while is_record(chunk.data, at, chunk.size):
        _, size, number, ticks = _HEAD(chunk.data, at)
        expected = last.number + 1 if last else header.first
        in_range = ranged and header.first <= number <= header.last and (last is None or number > last.number)
        goes_on = (
            number == expected and last is not None and last.ticks <= ticks < LATEST and (follower is None or follower > number)
        )
        if not (in_range or goes_on):
            break
        last = Slot(number, at, size, ticks, "time" if ticks >= LATEST else "")
        found.append(last)
        at += size
    return found


def _with_swallowed(data: bytes, slots: list[Slot], holes: list[Hole], end: int) -> tuple[list[Slot], list[Hole]]:
    """The records, and behind each the ones that its size covers. Most signatures inside of a record are leftovers of memory."""
    starts = [slot.at for slot in slots]
    inner: dict[int, list[int]] = {}
    places = {match.start() for match in _SIGNATURE.finditer(data, FIRST, end)}
    for at in sorted(places.difference(starts)):
        index = bisect_right(starts, at) - 1
        if index < 0 or at < starts[index] + 24:
            continue
        stop = starts[index] + slots[index].length
        if at < stop and _is_inner(data, at, stop):
            inner.setdefault(index, []).append(at)
    if not inner:
        return slots, holes
    found: list[Slot] = []
    for index, slot in enumerate(slots):
        within = inner.get(index, [])
        found.append(slot._replace(length=within[0] - slot.at, mend="size") if within else slot)
        reached = 0
        for at in within:
            _, size, number, ticks = _HEAD(data, at)
            if at >= reached:
                found.append(Slot(number, at, size, ticks, "hidden"))
                reached = at + size
    return found, _between(found, holes)


def _is_inner(data: bytes, at: int, stop: int) -> bool:
    """Whether a record stands there inside of one that ends at `stop`; the last one's copy of its size may be the other's."""
    return is_record(data, at, stop) or (at + SMALLEST <= stop and at + _SIZE(data, at + 4)[0] == stop)


def _between(slots: list[Slot], holes: list[Hole]) -> list[Hole]:
    """The holes, with what is left of a swollen record behind the last one that it covered."""
    known = {hole.at for hole in holes}
    left_over = [
        Hole(left.at + left.length, right.at - left.at - left.length)
        for left, right in pairwise(slots)
        if right.at > left.at + left.length and left.at + left.length not in known
    ]
    return sorted([*holes, *left_over])


def _slack(data: bytes, at: int, end: int) -> int:
    """How many whole records stand behind the live ones."""
    count = 0
    at = next_record(data, at, end)
    while at >= 0:
        count += 1
        at = next_record(data, at + _SIZE(data, at + 4)[0], end)
    return count
