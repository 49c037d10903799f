"""A hive as bytes: base block, hive bins, cells. Nothing here follows a pointer from one cell to another.

Layout after Microsoft's regf format as documented by libregf and by the regf specification of M. Suhanov: a base block of
4,096 bytes, then hive bins of whole 4,096-byte pages; offsets inside the format count from the end of the base block; a cell
starts with its signed size, negative while it is in use.
"""

from __future__ import annotations

import re
import struct
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Container, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import xor
from typing import NamedTuple

from triptych.formats.faults import Faults
from triptych.limits import Limits
from triptych.model.case import Weight
from triptych.model.evidence import Span

BASE = 4096
HEADER = 512  # bytes of the base block that are used; logs keep no more
PAGE = 4096
NOWHERE = 0xFFFFFFFF
REPLAYED = "#replayed"  # behind the name of a hive whose logs were replayed
SMALLEST_KEY, SMALLEST_VALUE = 80, 24  # bytes of the smallest cells of a key and of a value
_FEW = 200_000  # list entries, read in about a second
_BASE = struct.Struct("<4xIIQ4xII4xII")
_BIN, _SIZE = struct.Struct("<4sII"), struct.Struct("<i")
_USED_KEY, _FREE_KEY = re.compile(rb"nk(?<=[\x80-\xff]nk)"), re.compile(rb"nk(?<=[^\x80-\xff]nk)")  # by the sign of the size
_PARENT_ENDS = 24  # bytes from the start of a key's cell to behind its parent pointer


@dataclass(frozen=True, slots=True)
class BaseBlock:
    """The header of a hive or of a log. Sequence numbers differ while a hive is dirty; `written` in ticks; `root` and `bins`
    are the offset of the root key's cell and the size of all hive bins, both as stated."""

    sequence1: int
    sequence2: int
    written: int
    minor: int
    kind: int
    root: int
    bins: int
    name: str
    owner: bytes
    checksum_right: bool

    @property
    def dirty(self) -> bool:
        return self.sequence1 != self.sequence2 or not self.checksum_right


def base_block(data: bytes) -> BaseBlock | None:
    """The base block of a hive or log; None where it is too short or bears no signature."""
    if len(data) < HEADER or data[:4] != b"regf":
        return None
    sequence1, sequence2, written, minor, kind, root, bins_size = _BASE.unpack_from(data)
    return BaseBlock(
        sequence1,
        sequence2,
        written,
        minor,
        kind,
        root,
        bins_size,
        name=data[48:112].decode("utf-16-le", "surrogatepass").partition("\0")[0],
        owner=data[112:128],
        checksum_right=checksum(data) == int.from_bytes(data[508:512], "little"),
    )


def checksum(header: bytes | bytearray) -> int:
    """The checksum that belongs at offset 508 of a base block: all words before it, exclusively or-ed; never 0 or all ones."""
    found: int = reduce(xor, struct.unpack_from("<127I", header))
    return {0: 1, 0xFFFFFFFF: 0xFFFFFFFE}.get(found, found)


class Budget:
    """How many list entries may still be looked at: each names a cell of its own, and the smallest of a value has 24 bytes.

    A small hive may have more, so that one list full of repetitions costs no other list.
    """

    def __init__(self, data: bytes) -> None:
        self.left = max(len(data) // SMALLEST_VALUE, _FEW)

    @property
    def gone(self) -> bool:
        return self.left < 0

    def spend(self, entries: int) -> None:
        self.left -= entries + 1


class Image:
    """The bytes of one state of a hive under the name that spans use, with where its problems go.

    Problems are kept once a place however often it is read. `bytes_left` counts the bytes of values at their first reading: a
    hive cannot hold more than its own size of them, so whoever goes beyond shares data; what was `refused` then stays so.
    """

    def __init__(self, data: bytes, file: str, base: BaseBlock, faults: Faults, limits: Limits) -> None:
        self.data, self.file, self.base, self.faults, self.limits = data, file, base, faults, limits
        self.end = len(data)
        self.root = base.root
        self.stop = min(len(data), BASE + base.bins)  # where the hive bins end
        self.bytes_left = len(data)
        self.refused: set[int] = set()
        self._told: set[tuple[str, int]] = set()

    @property
    def most_keys(self) -> int:
        """How many keys the hive could hold by its size, that of the part which a truncated file lacks included."""
        return max(self.end, BASE + self.base.bins) // SMALLEST_KEY

    @cached_property
    def key_cells(self) -> KeyCells:
        """All cells that look like keys, in use or free; searched for once."""
        return KeyCells(self)

    def forget_key_cells(self) -> None:
        """Free the memory that they take; asked for again, they are searched again."""
        self.__dict__.pop("key_cells", None)

    def span(self, at: int, length: int) -> Span:
        return Span(self.file, at, length or 1)

    def tell(
        self, severity: Weight, code: str, at: int, where: str, *, tried: str, found: str, lost: str = "nothing", advice: str = ""
    ) -> None:
        """Note a problem of the place at file offset `at`, the first time it is met."""
        if (code, at) not in self._told:
            self._told.add((code, at))
            place = f"{where}, offset 0x{at:X}" + (" of the replayed hive" if self.file.endswith(REPLAYED) else "")
            self.faults.add(severity, code, place, tried=tried, found=found, lost=lost, advice=advice)

    def told(self, code: str, at: int) -> bool:
        return (code, at) in self._told

    def cell(self, offset: int, need: int) -> Cell | None:
        """The cell at an offset as the format counts it; None where `need` bytes of content do not fit into the file."""
        at = BASE + offset
        if at + 4 + need > self.end:
            return None
        size: int = _SIZE.unpack_from(self.data, at)[0]
        stop = at + abs(size)
        if size < 0 and at + 4 + need <= stop <= self.end:
            return Cell(at + 4, stop)
        odd = ""
        if size >= 0:
            odd = "a cell of size 0" if size == 0 else "a freed cell"
        if stop > self.end:
            odd = f"a cell of {abs(size)} bytes, which the file does not hold"
        if stop > self.end or stop < at + 4 + need:
            stop = self.end if size == 0 or stop > self.end else stop
        return Cell(at + 4, stop, odd)


class Cell(NamedTuple):
    """The content of a cell, from file offset `at` up to `stop`; `odd` says in words what is wrong with the cell."""

    at: int
    stop: int
    odd: str = ""

    @property
    def room(self) -> int:
        return self.stop - self.at if self.stop > self.at else 0


def bins(image: Image) -> list[tuple[int, int]]:
    """Start and stop of each hive bin, in file offsets; bins whose header is wrong are passed over page by page, as problems.

    Their cells are still read where a list leads to them: keys and values do not need the bin's header.
    """
    data, found, at = image.data, [], BASE
    while at + 32 <= image.stop:
        sign, offset, size = _BIN.unpack_from(data, at)
        fault = _bin_fault(image, at, sign, offset, size)
        if not fault:
            found.append((at, at + size))
            at += size
            continue
        after = _next_bin(image, at + PAGE)
        image.tell(
            Weight.DOUBT,
            "hive.bin",
            at,
            "hive bin",
            tried="read the header of a hive bin",
            found=fault,
            advice="Keys in it are read where a list leads to them; its free cells are not searched.",
        )
        at = after
    if image.base.bins > image.end - BASE:
        _cut_short(image)
    return found


def _bin_fault(image: Image, at: int, sign: bytes, offset: int, size: int) -> str:
    if sign != b"hbin":
        return f"the signature is {sign.hex(' ')}, not 'hbin'"
    if size < PAGE or size % PAGE:
        return f"the size is 0x{size:X}, not whole pages"
    if at + size > image.stop:
        return f"the size is 0x{size:X}, the hive bins end at 0x{image.stop:X}"
    if offset != at - BASE:
        return f"it says that it stands at 0x{BASE + offset:X}"
    return ""


def _next_bin(image: Image, at: int) -> int:
    while at < image.stop and not (
        image.data[at : at + 4] == b"hbin" and image.data[at + 4 : at + 8] == struct.pack("<I", at - BASE)
    ):
        at += PAGE
    return at


def _cut_short(image: Image) -> None:
    held = max(image.end - BASE, 0)
    image.tell(
        Weight.LOST,
        "hive.truncated",
        image.end,
        "end of the file",
        tried=f"read 0x{image.base.bins:X} bytes of hive bins, which the base block states",
        found=f"the file ends at 0x{image.end:X}, so that {image.base.bins - held} bytes are missing",
        lost="the keys and values that stood behind the end; each list names how many it promised",
        advice="Copy the hive again from the evidence; the file is cut short.",
    )


class FreeSpace:
    """The free cells of a hive, and what stands behind its last bin. A bin's cells are walked by their sizes once it is asked for.

    A range is the start and stop of a run of free cells in one bin, in file offsets.
    """

    def __init__(self, image: Image, found: Sequence[tuple[int, int]]) -> None:
        self._image, self._bins = image, found
        self._starts = [start for start, _ in found]
        self._words = memoryview(image.data)[: image.stop & ~3].cast("i")
        self._known: dict[int, list[tuple[int, int]]] = {}

    def around(self, at: int) -> tuple[int, int] | None:
        """The range that holds a file offset; None where a cell in use or nothing known stands there."""
        if self._image.stop <= at < self._image.end:
            return self._image.stop, self._image.end
        index = bisect_right(self._starts, at) - 1
        if index < 0 or at >= self._bins[index][1]:
            return None
        ranges = self._known.get(index)
        if ranges is None:
            ranges = self._known[index] = self._walked(*self._bins[index])
        place = bisect_right(ranges, (at, self._image.end)) - 1
        return ranges[place] if place >= 0 and at < ranges[place][1] else None

    def holds(self, at: int, length: int) -> bool:
        """Whether these bytes of the file lie inside one range."""
        found = self.around(at)
        return found is not None and at + length <= found[1]

    def _walked(self, start: int, stop: int) -> list[tuple[int, int]]:
        words, free = self._words, list[tuple[int, int]]()
        at, last = (start + 32) >> 2, stop >> 2
        while at < last:
            size = words[at]
            if size < -7:
                at -= size >> 2
            elif size > 7:
                first = at
                while at < last and (size := words[at]) > 7:
                    at += size >> 2
                free.append((first << 2, min(at, last) << 2))
            else:
                _broken_chain(self._image, at << 2, size)
                break
        return free


class KeyCells:
    """Every cell that starts with a key's signature, found in one search: those in use, and the free.

    `used` cells go with `parents`, the cells that their parent pointers name; `lost` are those whose parent is no key in use, by
    that parent. Cells stand at multiples of 8; what stands behind the last bin counts as free.
    """

    def __init__(self, image: Image) -> None:
        data, stop, last = image.data, image.stop, image.end - BASE - _PARENT_ENDS
        words = memoryview(data)[: image.end & ~7].cast("I")
        head = BASE + 4
        self.used = [
            at - head for key in _USED_KEY.finditer(data, head, stop) if (at := key.start()) & 7 == 4 and at - head <= last
        ]
        self.parents = [words[(BASE + 20 + cell) >> 2] for cell in self.used]
        missing = set(self.parents).difference(self.used)
        self.lost: dict[int, list[int]] = {}
        for cell, parent in zip(self.used, self.parents, strict=True) if missing else ():
            if parent in missing:
                self.lost.setdefault(parent, []).append(cell)
        self.free = [at - head for key in _FREE_KEY.finditer(data, head) if (at := key.start()) & 7 == 4 and at - head <= last]
        self.free += [at - head for key in _USED_KEY.finditer(data, stop) if (at := key.start()) & 7 == 4 and at - head <= last]

    @cached_property
    def by_parent(self) -> dict[int, list[int]]:
        """The cells in use by their parents. Most hives never need it: see `below`."""
        found: defaultdict[int, list[int]] = defaultdict(list)
        for cell, parent in zip(self.used, self.parents, strict=True):
            found[parent].append(cell)
        return dict(found)

    def below(self, parents: Container[int]) -> list[int]:
        """The cells in use whose parent pointers name one of these."""
        return [cell for cell, parent in zip(self.used, self.parents, strict=True) if parent in parents]


def _broken_chain(image: Image, at: int, size: int) -> None:
    image.tell(
        Weight.NOTE,
        "hive.cell.size",
        at,
        "cell",
        tried="walk the cells of a hive bin by their sizes",
        found=f"a size of {size}",
        lost="deleted keys and values in the rest of this hive bin are not searched for",
    )
