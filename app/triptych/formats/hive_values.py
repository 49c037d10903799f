"""A value record of a hive and its data: resident, in one cell, or in segments (big data)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

from triptych.formats.cursor import Block
from triptych.formats.hive_cells import BASE, Image
from triptych.formats.keys import TYPE_NAMES, Value
from triptych.model.case import Weight
from triptych.model.evidence import RegistryPlace, Span

_VK = struct.Struct("<i2sHIIIH2x")  # cell size, signature, name length, data length, data offset, type, flags
_LATIN = 1
RESIDENT = 0x80000000
SEGMENT = 16344  # bytes of a big value in one segment (libregf, regf specification)


@dataclass(frozen=True, slots=True)
class HiveValue(Value):
    """A value as the hive holds it. `cell` is the offset of its record, `note` says what is wrong with it (cut, refused)."""

    cell: int = 0
    note: str = ""


class _Record(NamedTuple):
    at: int  # file offset of the vk record
    length: int  # of the record with its name
    name: str
    size: int  # as stated, with the resident flag
    offset: int
    kind: int
    odd: str


def read_value(image: Image, path: str, cell: int, first: bool) -> HiveValue | str:
    """The value whose record stands in `cell`; where there is none, what stands there instead, in words.

    `first` says that the key's values are read for the first time, so that their bytes count against the hive's size.
    """
    record = _record(image, path, cell)
    if isinstance(record, str):
        return record
    size = record.size & ~RESIDENT
    head = image.span(record.at, record.length)
    data, pieces, note = b"", tuple[Span, ...](), ""
    if cell in image.refused or (first and image.bytes_left < 0):
        image.refused.add(cell)
        note = "refused: values that share their data"
        _tell(image, path, record, "hive.value.shared", "the values read so far hold more bytes than the file: they share data")
    elif record.size & RESIDENT:
        data, pieces, note = _resident(image, path, record, size)
    elif size:
        data, pieces, note = _in_cells(image, path, record, size)
    if first:
        image.bytes_left -= len(data)
    if record.kind not in TYPE_NAMES:
        _tell_kind(image, path, record)
    block = Block(data, RegistryPlace(path, record.name), pieces or (head,), head=head)
    return HiveValue(record.name, record.kind, block, cell, f"{record.odd}; {note}" if record.odd and note else record.odd or note)


def _record(image: Image, path: str, cell: int) -> _Record | str:
    at = BASE + cell
    if at + 24 > image.end:
        return f"it names offset 0x{cell:08X}, the file ends at 0x{image.end:X}"
    cell_size, sign, name_length, size, offset, kind, flags = _VK.unpack_from(image.data, at)
    if sign != b"vk":
        return f"at 0x{at + 4:X} stands {sign.hex(' ')}, not a value ('vk')"
    stop = at + 24 + name_length
    raw, odd = image.data[at + 24 : stop], ""
    if cell_size >= 0 or at - cell_size > image.end or stop > at - cell_size:
        raw, odd = _odd_record(image, path, at, cell_size, raw)
    if flags & _LATIN or not raw:
        name = raw.decode("latin-1")
    else:
        name = raw[: len(raw) & ~1].decode("utf-16-le", "surrogatepass") + ("\ufffd" if len(raw) & 1 else "")
    return _Record(at + 4, 20 + len(raw), name, size, offset, kind, odd)


def _odd_record(image: Image, path: str, at: int, cell_size: int, raw: bytes) -> tuple[bytes, str]:
    """The name cut to its cell, and what is odd about the cell of a value record."""
    if cell_size > 0:
        odd, code = "in a freed cell", "hive.value.freed"
    elif cell_size == 0 or at - cell_size > image.end:
        odd, code = "in a cell of impossible size", "hive.value.cell"
    else:
        raw = raw[: max(at - cell_size - (at + 24), 0)]
        odd, code = "name cut at the end of its cell", "hive.value.name-length"
    image.tell(
        Weight.DOUBT, code, at, f"value of {path}", tried="read a value's record", found=f"a cell size of {cell_size}: {odd}"
    )
    return raw, odd


def _tell(image: Image, path: str, record: _Record, code: str, found: str, lost: str = "the rest of the value") -> None:
    where = f"value {record.name!r} of {path}"
    advice = "Do not rely on this value; compare the hive with a backup or a shadow copy."
    image.tell(Weight.LOST, code, record.at, where, tried="read the value's data", found=found, lost=lost, advice=advice)


def _tell_kind(image: Image, path: str, record: _Record) -> None:
    """An unknown type is a problem below TaskCache only: SAM and SYSTEM use the field for numbers of their own."""
    if "\\taskcache\\" in path.casefold():
        image.tell(
            Weight.DOUBT,
            "hive.value.type",
            record.at,
            f"value {record.name!r} of {path}",
            tried="tell the value's type",
            found=f"type 0x{record.kind:X}, which Windows does not have",
            advice="The bytes are kept as they are.",
        )


Data = tuple[bytes, tuple[Span, ...], str]


def _resident(image: Image, path: str, record: _Record, size: int) -> Data:
    """At most four bytes, in the place of the data offset."""
    note = ""
    if size > 4:
        note = f"cut: {size} bytes stated in a place for 4"
        _tell(image, path, record, "hive.value.resident", f"{size} bytes stated to lie inside the record, which holds 4")
        size = 4
    at = record.at + 8
    return image.data[at : at + size], (image.span(at, size),) if size else (), note


def _in_cells(image: Image, path: str, record: _Record, size: int) -> Data:
    cell = image.cell(record.offset, 4)
    if cell is None:
        found = f"the data is said to stand at 0x{record.offset:08X}, the file ends at 0x{image.end:X}"
        _tell(image, path, record, "hive.value.data-outside", found, "the value's data; its name and type are kept")
        return b"", (), "lost: the data lies outside the file"
    limit, note = image.limits.value, ""
    if size > limit:
        note = f"refused above the limit: {size} bytes stated"
        _tell(image, path, record, "hive.value.limit", f"{size} bytes stated, the limit is {limit}", "what lies above the limit")
    if size > SEGMENT and image.data[cell.at : cell.at + 2] == b"db" and (image.base.minor >= 4 or cell.room < size):
        return _big(image, path, record, min(size, limit), note)
    kept = min(size, limit, cell.room)
    if kept < min(size, limit):
        note = f"cut: {size} bytes stated, its cell holds {cell.room}"
        _tell(image, path, record, "hive.value.length", f"{size} bytes stated, its cell holds {cell.room}")
    if cell.odd:
        note = f"{note}; in {cell.odd}" if note else f"in {cell.odd}"
        image.tell(
            Weight.DOUBT,
            "hive.value.data-cell",
            cell.at - 4,
            f"value {record.name!r} of {path}",
            tried="read the value's data",
            found=f"it lies in {cell.odd}",
        )
    return image.data[cell.at : cell.at + kept], (image.span(cell.at, kept),) if kept else (), note


def _big(image: Image, path: str, record: _Record, wanted: int, note: str) -> Data:
    """Big data: a list of segments, each in a cell of its own and named once."""
    at = BASE + record.offset + 4
    if at + 8 > image.end:
        _tell(image, path, record, "hive.value.segments", "the record of the segments ends with the file", "the value's data")
        return b"", (), "lost: no list of segments"
    count, where = struct.unpack_from("<HI", image.data, at + 2)
    listed = image.cell(where, 4 * count) or image.cell(where, 4)
    if listed is None:
        _tell(image, path, record, "hive.value.segments", "the list of segments lies outside the file", "the value's data")
        return b"", (), "lost: no list of segments"
    count = min(count, listed.room // 4)
    parts: list[bytes] = []
    pieces: list[Span] = []
    got, seen, fault = 0, set[int](), ""
    for offset in struct.unpack_from(f"<{count}I", image.data, listed.at):
        cell = image.cell(offset, 4)
        if got >= wanted:
            break
        if cell is None or offset in seen or not cell.room:
            fault = f"segment {len(parts) + 1} is " + (
                "outside the file" if cell is None else "named twice" if cell.room else "empty"
            )
            break
        seen.add(offset)
        length = min(SEGMENT, cell.room, wanted - got)
        parts.append(image.data[cell.at : cell.at + length])
        pieces.append(image.span(cell.at, length))
        got += length
    if got < wanted:
        fault = fault or "its segments end"
        _tell(image, path, record, "hive.value.segments", f"{wanted} bytes wanted, {fault} after {got}")
        note = f"{note}; cut after {got} bytes" if note else f"cut: {wanted} bytes stated, {got} there"
    return b"".join(parts), tuple(pieces), note
