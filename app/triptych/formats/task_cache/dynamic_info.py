"""The DynamicInfo and Hash values of a Tasks key: what the runs left, and the hash of the definition.

Source: RegRipper, Eric Zimmerman's Registry plugins and winreg-tasks agree on the offsets. 28 bytes on Windows Vista and 7,
36 since Windows 8, longer forms exist: what is known is read, the rest is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from triptych.formats.cursor import Block
from triptych.formats.faults import Faults
from triptych.formats.task_cache.parts import (
    NO_REST,
    U32,
    Cut,
    Layout,
    Reader,
    Rest,
    Spots,
    Writer,
    no_spots,
    number,
    read_layout,
    write_layout,
)
from triptych.model.case import Weight

_U64 = number(8)
_SHORT: Layout = (("magic", U32), ("created", _U64), ("last_run", _U64), ("state", U32), ("result", U32))
_LONG: Layout = (*_SHORT, ("last_success", _U64))


@dataclass(frozen=True, slots=True)
class DynamicInfoBlob:
    """The whole value; times are FILETIME in UTC, 0 for never, `last_success` None in the short form.

    `state` (offset 0x14) held an HRESULT on Windows 7 and 8, `result` (0x18) holds the exit code or HRESULT since Windows 10.
    `magic` is 3; the service refuses anything else.
    """

    magic: int = 3
    created: int = 0
    last_run: int = 0
    state: int = 0
    result: int = 0
    last_success: int | None = 0
    rest: Rest = NO_REST
    cut: str = ""
    spots: Spots = field(default_factory=no_spots, compare=False, repr=False)


def decode_dynamic_info(block: Block, faults: Faults) -> DynamicInfoBlob:
    """The layout of a DynamicInfo value. Never raises for bad bytes."""
    reader = Reader(block, "DynamicInfo")
    size = len(block.data)
    try:
        values, spots = read_layout(reader, _LONG if size >= 36 else _SHORT)
    except Cut as cut:
        code, lost = "task-cache.dynamic-info-short", "what the runs left"
        faults.add(Weight.LOST, code, cut.where, tried=cut.tried, found=cut.found, lost=lost)
        at = cut.spots[cut.field][0]
        rest = Rest(at, block.data[at:], cut.found)
        known = {"magic": 0, **cut.values}
        return DynamicInfoBlob(**known, last_success=None, rest=rest, cut=cut.field, spots=cut.spots)
    if values["magic"] != 3:
        found = f"0x{values['magic']:X} where the service writes 3"
        faults.add(Weight.DOUBT, "task-cache.dynamic-info-magic", "DynamicInfo, offset 0x0", tried="read the version", found=found)
    rest = Rest(reader.at, block.data[reader.at :], f"{reader.left} bytes of unknown meaning") if reader.left else NO_REST
    return DynamicInfoBlob(**{"last_success": None, **values}, rest=rest, spots=spots)


def encode_dynamic_info(blob: DynamicInfoBlob) -> bytes:
    """The bytes of the value: 28 where `last_success` is None, else 36, and what was kept after them."""
    writer = Writer()
    layout = _SHORT if blob.last_success is None else _LONG
    names = [name for name, _ in layout]
    write_layout(writer, layout[: names.index(blob.cut)] if blob.cut else layout, blob)
    writer.raw(blob.rest.data)
    return bytes(writer.data)


def hash_kind(data: bytes) -> str:
    """The algorithm that a Hash value of this length names: SHA-256, CRC32 (before KB2305420), "" for any other length."""
    return {32: "SHA-256", 4: "CRC32"}.get(len(data), "")
