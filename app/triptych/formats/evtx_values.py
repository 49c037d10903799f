"""Values of binary XML as text, spelled as the bulk reader spells them, so that both readings of a record can be compared.

Types: MS-EVEN6 2.2.12 and the libevtx format description; checked against the bulk reader on real logs.
"""

from __future__ import annotations

import struct

from triptych.formats.evtx_layout import LATEST
from triptych.formats.faults import FormatFault
from triptych.formats.sid import sid_text
from triptych.model.times import Instant, from_parts

NULL, STRING, ANSI, BINARY, GUID, FILETIME, SYSTEMTIME, SID, BINXML = 0, 1, 2, 14, 15, 17, 18, 19, 0x21
_ARRAY = 0x80
_NUMBERS = {
    3: struct.Struct("<b"), 4: struct.Struct("<B"), 5: struct.Struct("<h"), 6: struct.Struct("<H"), 7: struct.Struct("<i"),
    8: struct.Struct("<I"), 9: struct.Struct("<q"), 10: struct.Struct("<Q"), 11: struct.Struct("<f"), 12: struct.Struct("<d"),
}  # fmt: skip
_SIZES = {kind: number.size for kind, number in _NUMBERS.items()} | {13: 4, 15: 16, 17: 8, 18: 16, 20: 4, 21: 8}


def text_of(kind: int, data: bytes) -> tuple[str, str]:
    """The value as text, and what is odd about it ("" nothing). Raises FormatFault for bytes too few for the type."""
    if kind & _ARRAY:
        return _array(kind & ~_ARRAY, data)
    if not data or kind == NULL:
        return "", ""
    if kind == STRING:
        return string(data)
    if kind == ANSI:
        return data.decode("cp1252", "replace").rstrip("\0"), ""
    if kind == BINARY:
        return data.hex().upper(), ""
    if kind in _NUMBERS:
        return str(_NUMBERS[kind].unpack(_exact(kind, data))[0]), ""
    simple = _SIMPLE.get(kind)
    if simple is None:
        return data.hex().upper(), f"a value of the unknown type 0x{kind:02X}, shown as hex"
    return simple(data)


def string(data: bytes) -> tuple[str, str]:
    """UTF-16LE kept whole: lone surrogates and inner NULs stay, trailing NULs go; odd where the bulk reader would lose."""
    text = data[: len(data) & ~1].decode("utf-16-le", "surrogatepass").rstrip("\0")
    if "\0" in text:
        return text, "a NUL inside the text"
    if any("\ud800" <= character <= "\udfff" for character in text):
        return text, "half of a surrogate pair in the text"
    return text, "an odd number of bytes as text" if len(data) & 1 else ""


def is_odd(data: bytes) -> bool:
    """Whether a string's bytes hold something that the bulk reader drops."""
    try:
        return "\0" in data.decode("utf-16-le").rstrip("\0")
    except UnicodeDecodeError:
        return True


def filetime(ticks: int) -> tuple[str, str]:
    """ISO 8601 with six digits; a time that no calendar has is shown as it stands."""
    if ticks >= LATEST:
        return f"0x{ticks:016x}", "a time that no calendar has, shown as it stands"
    whole = Instant(ticks - ticks % 10_000_000).iso.removesuffix("Z")
    return f"{whole}.{ticks % 10_000_000 // 10:06d}Z", ""


def _exact(kind: int, data: bytes) -> bytes:
    size = _SIZES[kind]
    if len(data) < size:
        raise FormatFault("evtx.value-short", f"a value of type {kind}", "read it", f"{len(data)} bytes of {size}")
    return data[:size]


def _filetime(data: bytes) -> tuple[str, str]:
    return filetime(int.from_bytes(_exact(FILETIME, data), "little"))


def _systemtime(data: bytes) -> tuple[str, str]:
    year, month, _, day, hour, minute, second, milli = struct.unpack("<8H", _exact(SYSTEMTIME, data))
    try:
        return filetime(from_parts(year, month, day, hour, minute, second, milli * 10_000))
    except ValueError:
        return data[:16].hex().upper(), "a date that no calendar has, shown as it stands"


def _guid(data: bytes) -> tuple[str, str]:
    first, second, third = struct.unpack_from("<IHH", _exact(GUID, data))
    rest = data[8:16].hex().upper()
    return f"{first:08X}-{second:04X}-{third:04X}-{rest[:4]}-{rest[4:]}", ""


def _sid(data: bytes) -> tuple[str, str]:
    try:
        return sid_text(data), ""
    except FormatFault:
        return data.hex().upper(), "no security identifier, shown as hex"


def _hex(data: bytes) -> tuple[str, str]:
    return f"0x{int.from_bytes(data[:8], 'little'):x}", ""


def _bool(data: bytes) -> tuple[str, str]:
    return "true" if int.from_bytes(data[:4], "little") else "false", ""


_SIMPLE = {13: _bool, GUID: _guid, 16: _hex, FILETIME: _filetime, SYSTEMTIME: _systemtime, SID: _sid, 20: _hex, 21: _hex}


def members(kind: int, data: bytes) -> tuple[str, ...] | None:
    """The members of an array, for which Windows repeats the element; None for any other type."""
    if not kind & _ARRAY:
        return None
    kind &= ~_ARRAY
    if kind == STRING:
        return tuple(data[: len(data) & ~1].decode("utf-16-le", "surrogatepass").removesuffix("\0").split("\0"))
    size = _SIZES.get(kind)
    if size is None or len(data) % size:
        return (data.hex().upper(),)
    return tuple(text_of(kind, data[at : at + size])[0] for at in range(0, len(data), size))


def _array(kind: int, data: bytes) -> tuple[str, str]:
    known = kind == STRING or (kind in _SIZES and len(data) % _SIZES[kind] == 0)
    return ", ".join(members(kind | _ARRAY, data) or ()), "" if known else f"an array of the type 0x{kind:02X}, shown as hex"
