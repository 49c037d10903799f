"""Values of binary XML as bytes, by the names that the table of templates gives their types.

Types: MS-EVEN6 2.2.12 and the libevtx format description. Strings have no terminating NUL, as in real logs.
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Callable
from functools import lru_cache

from triptych.formats.sid import sid_bytes
from triptych.lessons.logbook import Value

NULL, STRING, U8, U16, U32, U64, BOOL, BINARY, GUID, POINTER, FILETIME, SID, HEX32, HEX64, XML, STRINGS = (
    0, 1, 4, 6, 8, 10, 13, 14, 15, 16, 17, 19, 20, 21, 0x21, 0x81,
)  # fmt: skip
NOBODY = "S-1-0-0"
_NO_GUID = "00000000-0000-0000-0000-000000000000"
_KINDS = {
    "string": STRING, "u8": U8, "u16": U16, "u32": U32, "u64": U64, "bool": BOOL, "binary": BINARY, "guid": GUID,
    "pointer": POINTER, "filetime": FILETIME, "sid": SID, "hex32": HEX32, "hex64": HEX64,
}  # fmt: skip
_NOTHING: dict[int, Value] = {STRING: "", BINARY: b"", GUID: _NO_GUID, SID: NOBODY}
_NUMBERS = {
    U8: struct.Struct("<B"), U16: struct.Struct("<H"), U32: struct.Struct("<I"), U64: struct.Struct("<Q"),
    BOOL: struct.Struct("<I"), POINTER: struct.Struct("<Q"), FILETIME: struct.Struct("<Q"), HEX32: struct.Struct("<I"),
    HEX64: struct.Struct("<Q"),
}  # fmt: skip


class TooLarge(ValueError):
    """A value or an event that no chunk can hold."""


def kind_named(name: str) -> int:
    """The number of a type by its name in the table. Raises KeyError."""
    return _KINDS[name]


def nothing(kind: int) -> Value:
    """What stands for a value that an act leaves out: an empty text, zero, the null GUID, nobody's SID."""
    return _NOTHING.get(kind, 0)


@lru_cache(maxsize=4096)
def guid_bytes(text: str) -> bytes:
    """A GUID in any spelling. Raises ValueError."""
    return uuid.UUID(text).bytes_le


@lru_cache(maxsize=1024)
def _sid(text: str) -> bytes:
    return sid_bytes(text)


def _text(value: Value) -> bytes:
    if type(value) is not str:
        raise TypeError(f"a text is wanted, not {value!r}")
    return value.encode("utf-16-le", "surrogatepass")


def _binary(value: Value) -> bytes:
    if type(value) is not bytes:
        raise TypeError(f"bytes are wanted, not {value!r}")
    return value


_PACKED: dict[int, Callable[[Value], bytes]] = {
    STRING: _text,
    BINARY: _binary,
    GUID: lambda value: guid_bytes(str(value)),
    SID: lambda value: _sid(str(value)),
    **{kind: number.pack for kind, number in _NUMBERS.items()},
}


def packer(kind: int) -> Callable[[Value], bytes]:
    """What makes bytes of a value of that type. It raises TypeError, ValueError or struct.error for a value that is none."""
    return _PACKED[kind]


def pack_strings(texts: list[str]) -> bytes:
    """An array of strings: each with a NUL."""
    return b"".join(text.encode("utf-16-le", "surrogatepass") + b"\0\0" for text in texts)
