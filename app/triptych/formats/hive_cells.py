"""A hive as bytes: base block, hive bins, cells. Nothing here follows a pointer from one cell to another.

Layout after Microsoft's regf format as documented by libregf and by the regf specification of M. Suhanov: a base block of
4,096 bytes, then hive bins of whole 4,096-byte pages; offsets inside the format count from the end of the base block; a cell
starts with its signed size, negative while it is in use.
The base block is read by python-registry (`REGFBlock`: plain reads at fixed places); its lists, bins and values are not used,
since one bad entry there costs every sibling.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

from Registry.RegistryParse import REGFBlock

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
_BIN, _SIZE = struct.Struct("<4sII"), struct.Struct("<i")


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
    block = REGFBlock(data[:HEADER], 0, False)
    return BaseBlock(
        sequence1=int(block.hive_sequence1()),
        sequence2=int(block.hive_sequence2()),
        written=int(block.unpack_qword(12)),
        minor=int(block.minor_version()),
        kind=int(block.unpack_dword(28)),
        root=int(block.unpack_dword(36)),
        bins=int(block.hbins_size()),
        name=data[48:112].decode("utf-16-le", "surrogatepass").partition("\0")[0],
        owner=data[112:128],
        checksum_right=bool(block.validate_checksum()),
    )


def checksum(header: bytes | bytearray) -> int:
    """The checksum that belongs at offset 508 of a base block."""
    return int(REGFBlock(bytes(header[:HEADER]), 0, False).calculate_checksum())


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


def free_ranges(image: Image, found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Start and stop of each run of free cells, and what stands behind the last hive bin. Cells are walked by their sizes."""
    whole = image.stop & ~3
    words = memoryview(image.data)[:whole].cast("i")
    free: list[tuple[int, int]] = []
    for start, stop in found:
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
                _broken_chain(image, at << 2, size)
                break
    if image.stop < image.end:
        free.append((image.stop, image.end))
    return free


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
