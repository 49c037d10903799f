"""The building blocks of the TaskCache blobs: one table a structure gives reading, writing and the place of every field.

Source: winreg-tasks grammars (GDATA, checked on Windows 10 1909 and Windows 7 SP1) and our own reading of 46 Windows 7 blobs.
All integers are little-endian, all text is UTF-16LE. The service fills its buffer with 0x48 before writing, and structures
copied from memory carry leftovers: padding is never looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from triptych.formats.cursor import Block, Cursor
from triptych.formats.faults import Faults, FormatFault
from triptych.model.case import Weight

T = TypeVar("T")
PAD = 0x48

Spot = tuple[int, int]
"""Where a field stands in its blob: offset and length in bytes; the length is 0 for empty bytes alone."""
Spots = Mapping[str, Spot]
NO_SPOTS: Spots = MappingProxyType({})


def no_spots() -> Spots:
    """The places of a structure that was made and not read."""
    return NO_SPOTS


@dataclass(frozen=True, slots=True)
class TsTime:
    """TSTIME: `local` 1 means that `ticks` count the machine's wall clock, 0 UTC; ticks are FILETIME."""

    local: int = 0
    ticks: int = 0


@dataclass(frozen=True, slots=True)
class TsPeriod:
    """TSTIMEPERIOD: calendar amounts, all 0 where nothing is set."""

    years: int = 0
    months: int = 0
    weeks: int = 0
    days: int = 0
    hours: int = 0
    minutes: int = 0
    seconds: int = 0


class Reader(Cursor):
    """A cursor that also notes what is odd and yet readable, as (what, offset, found)."""

    def __init__(self, block: Block, where: str, at: int = 0) -> None:
        super().__init__(block, where, at)
        self.oddities: list[tuple[str, int, str]] = []

    def pad(self, length: int) -> None:
        """Pass over padding; where the blob ends within it nothing is lost."""
        self.at += min(length, self.left)

    def report(self, faults: Faults, code: str) -> None:
        """Turn what was noted into problems."""
        for what, at, found in self.oddities:
            where = f"{self.where}, offset 0x{at:X}"
            faults.add(Weight.DOUBT, code, where, tried=f"read {what} as text", found=found, advice="compare with the bytes")


class Writer:
    """Collects the bytes of a blob; `pad` is the byte that padding is made of."""

    def __init__(self, pad: int = PAD) -> None:
        self.data = bytearray()
        self._pad = bytes([pad])

    def number(self, value: int, width: int) -> None:
        """Raises OverflowError where the number does not fit."""
        self.data += value.to_bytes(width, "little")

    def raw(self, value: bytes) -> None:
        self.data += value

    def pad(self, length: int) -> None:
        self.data += self._pad * length


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """One kind of field: how it is read (value, offset, length) and how it is written."""

    read: Callable[[Reader, str], tuple[T, int, int]]
    write: Callable[[Writer, T], None]


Layout = tuple[tuple[str, Part[Any]], ...]
"""The fields of a structure in order, by the names of its dataclass; a field without a name is padding."""


class Cut(FormatFault):
    """A structure whose bytes end or stop making sense at `field`; `values` and `spots` hold what was read before.

    A part that is a structure itself may leave what it read in `partial`.
    """

    def __init__(self, values: dict[str, Any], spots: Spots, field: str, fault: FormatFault, partial: object = None) -> None:
        super().__init__(fault.code, fault.where, fault.tried, fault.found)
        self.values, self.spots, self.field, self.partial = values, spots, field, partial


def read_layout(reader: Reader, layout: Layout) -> tuple[dict[str, Any], Spots]:
    """The values of a structure and where each stands. Raises Cut, with what was read, where the bytes do not suffice."""
    values: dict[str, Any] = {}
    spots: dict[str, Spot] = {}
    for name, part in layout:
        start = reader.at
        try:
            value, at, length = part.read(reader, name.replace("_", " ") or "padding")
        except FormatFault as fault:
            spots[name] = (start, max(len(reader.block.data) - start, 0))
            if isinstance(fault, Cut) and fault.partial is not None:
                values[name] = fault.partial
            raise Cut(values, MappingProxyType(spots), name, fault) from fault
        if name:
            values[name] = value
            spots[name] = (at, length)
    return values, MappingProxyType(spots)


@dataclass(frozen=True, slots=True)
class Rest:
    """The bytes after the last record that was kept, from offset `at`: broken, unknown, left over or beyond the limit."""

    at: int = 0
    data: bytes = b""
    found: str = ""

    @property
    def spot(self) -> Spot:
        return self.at, len(self.data)


NO_REST = Rest()
R = TypeVar("R")


def read_records(
    reader: Reader, faults: Faults, one: Callable[[Reader], tuple[R, FormatFault | None]], limit: int, noun: str
) -> tuple[tuple[R, ...], Rest]:
    """Records to the end of the blob. `one` gives a record, with the fault that cut it short, or raises FormatFault where
    none begins. The first `limit` are kept; the rest is counted; whatever is left over is a problem and kept as bytes.
    """
    kept: list[R] = []
    beyond, rest_at, end = 0, 0, ""
    while reader.left and not end:
        start = reader.at
        try:
            record, fault = one(reader)
        except FormatFault as none:
            rest_at, end, fault = rest_at or start, none.found, none
        else:
            if len(kept) < limit:
                kept.append(record)
            else:
                beyond, rest_at = beyond + 1, rest_at or start
            if fault is not None:
                rest_at, end = rest_at or start, fault.found
        if fault is not None:
            lost = f"this {noun} or a part of it, and what follows"
            faults.add(
                Weight.LOST, fault.code, fault.where, tried=fault.tried, found=fault.found, lost=lost, advice="look at the bytes"
            )
    if beyond:
        end = f"{beyond:,} more {noun}s after the first {limit}"
        where = f"{reader.where}, offset 0x{rest_at:X}"
        faults.add(
            Weight.LOST, f"task-cache.{noun}s-many", where, tried=f"read {noun}s", found=end, lost=f"these {beyond:,} {noun}s"
        )
    return tuple(kept), Rest(rest_at, reader.block.data[rest_at:], end) if end else NO_REST


def write_layout(writer: Writer, layout: Layout, structure: object) -> None:
    """The reverse of `read_layout`."""
    for name, part in layout:
        part.write(writer, getattr(structure, name) if name else None)


def fill(length: int) -> int:
    """How many bytes bring a length to a multiple of eight."""
    return -length % 8


def number(width: int, after: int = 0) -> Part[int]:
    """An unsigned number of `width` bytes and `after` bytes of padding."""

    def read(reader: Reader, what: str) -> tuple[int, int, int]:
        at = reader.at
        value = int.from_bytes(reader.take(width, what), "little")
        reader.pad(after)
        return value, at, width

    def write(writer: Writer, value: int) -> None:
        writer.number(value, width)
        writer.pad(after)

    return Part(read, write)


def raw(length: int) -> Part[bytes]:
    """Bytes that are kept as they are."""

    def read(reader: Reader, what: str) -> tuple[bytes, int, int]:
        at = reader.at
        return reader.take(length, what), at, length

    return Part(read, Writer.raw)


def padding(length: int) -> Part[None]:
    """Bytes that mean nothing."""

    def read(reader: Reader, what: str) -> tuple[None, int, int]:
        reader.pad(length)
        return None, reader.at, length

    def write(writer: Writer, _: None) -> None:
        writer.pad(length)

    return Part(read, write)


def text_bytes(text: str) -> bytes:
    """UTF-16LE, lone surrogates included."""
    return text.encode("utf-16-le", "surrogatepass")


def _text(reader: Reader, length: int, what: str) -> tuple[str, int]:
    """Text of `length` bytes and where it starts; an odd last byte is noted and left out."""
    at = reader.at
    data = reader.take(length, what)
    if length % 2:
        reader.oddities.append((what, at, f"{length} bytes, an odd number: the last one is left out"))
    return data[: length & ~1].decode("utf-16-le", "surrogatepass"), at


def _without_nul(reader: Reader, text: str, what: str, at: int) -> str:
    if text.endswith("\0"):
        return text[:-1]
    reader.oddities.append((what, at, "no NUL at its end"))
    return text


def _bstr(align: bool) -> Part[str]:
    def read(reader: Reader, what: str) -> tuple[str, int, int]:
        start = reader.at
        length = reader.u32(f"the length of {what}")
        text, at = _text(reader, length, what)
        if align:
            reader.pad(fill(4 + length))
        return (text, at, length) if length else (text, start, 4)

    def write(writer: Writer, value: str) -> None:
        data = text_bytes(value)
        writer.number(len(data), 4)
        writer.raw(data)
        if align:
            writer.pad(fill(4 + len(data)))

    return Part(read, write)


def _read_aligned_bstr(reader: Reader, what: str) -> tuple[str | None, int, int]:
    start = reader.at
    length = reader.u32(f"the length of {what}")
    reader.pad(4)
    if not length:
        return None, start, 4
    text, at = _text(reader, length, what)
    text = _without_nul(reader, text, what, at)
    reader.pad(fill(length))
    return text, at, length


def _write_aligned_bstr(writer: Writer, value: str | None) -> None:
    data = b"" if value is None else text_bytes(value) + b"\0\0"
    writer.number(len(data), 4)
    writer.pad(4)
    writer.raw(data)
    writer.pad(fill(len(data)))


def _read_counted(reader: Reader, what: str) -> tuple[str, int, int]:
    start = reader.at
    count = reader.u32(f"the length of {what}")
    reader.pad(4)
    if not count:
        return "", start, 4
    length = count * 2 + 2
    text, at = _text(reader, length, what)
    text = _without_nul(reader, text, what, at)
    reader.pad(fill(length))
    return text, at, length


def _write_counted(writer: Writer, value: str) -> None:
    data = text_bytes(value)
    writer.number(len(data) // 2, 4)
    writer.pad(4)
    if data:
        writer.raw(data + b"\0\0")
        writer.pad(fill(len(data) + 2))


def _buffer(align: bool) -> Part[bytes]:
    def read(reader: Reader, what: str) -> tuple[bytes, int, int]:
        start = reader.at
        length = reader.u32(f"the length of {what}")
        reader.pad(4)
        at = reader.at
        data = reader.take(length, what)
        if align:
            reader.pad(fill(length))
        return (data, at, length) if length else (data, start, 4)

    def write(writer: Writer, value: bytes) -> None:
        writer.number(len(value), 4)
        writer.pad(4)
        writer.raw(value)
        if align:
            writer.pad(fill(len(value)))

    return Part(read, write)


def _read_time(reader: Reader, what: str) -> tuple[TsTime, int, int]:
    at = reader.at
    data = reader.take(16, what)
    return TsTime(data[0], int.from_bytes(data[8:], "little")), at, 16


def _write_time(writer: Writer, value: TsTime) -> None:
    writer.number(value.local, 1)
    writer.pad(7)
    writer.number(value.ticks, 8)


def _read_period(reader: Reader, what: str) -> tuple[TsPeriod, int, int]:
    at = reader.at
    data = reader.take(14, what)
    return TsPeriod(*(int.from_bytes(data[i : i + 2], "little") for i in range(0, 14, 2))), at, 14


def _write_period(writer: Writer, value: TsPeriod) -> None:
    for amount in (value.years, value.months, value.weeks, value.days, value.hours, value.minutes, value.seconds):
        writer.number(amount, 2)


U8, U16, U32 = number(1), number(2), number(4)
U8_ALIGNED, U32_ALIGNED = number(1, 7), number(4, 4)
BSTR = _bstr(align=False)  # 32-bit byte length, text, no NUL
BSTR_ALIGNED = _bstr(align=True)  # the same, length and text together padded to eight
TEXT_ALIGNED = Part(_read_aligned_bstr, _write_aligned_bstr)  # byte length with NUL and 4 of padding; 0 is absent (None)
TEXT_COUNTED = Part(_read_counted, _write_counted)  # count of characters without the NUL and 4 of padding
BUFFER_ALIGNED = _buffer(align=True)
BUFFER_LOOSE = _buffer(align=False)  # WNF data: not padded
TIME = Part(_read_time, _write_time)
PERIOD = Part(_read_period, _write_period)
