"""What a registry key is to those who read it, whether it comes from a hive or from a text export."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from triptych.formats.cursor import Block
from triptych.model.evidence import EvidenceRef, Reading, not_stated, stated, unreadable
from triptych.model.times import Instant

REG_NONE, REG_SZ, REG_EXPAND_SZ, REG_BINARY, REG_DWORD, REG_DWORD_BE, REG_LINK, REG_MULTI_SZ, REG_QWORD = 0, 1, 2, 3, 4, 5, 6, 7, 11
TYPE_NAMES = {
    0: "REG_NONE",
    1: "REG_SZ",
    2: "REG_EXPAND_SZ",
    3: "REG_BINARY",
    4: "REG_DWORD",
    5: "REG_DWORD_BIG_ENDIAN",
    6: "REG_LINK",
    7: "REG_MULTI_SZ",
    8: "REG_RESOURCE_LIST",
    9: "REG_FULL_RESOURCE_DESCRIPTOR",
    10: "REG_RESOURCE_REQUIREMENTS_LIST",
    11: "REG_QWORD",
}


@dataclass(frozen=True, slots=True)
class Value:
    """A value: its name ("" is the default value), its type number and its bytes with their spans."""

    name: str
    kind: int
    block: Block

    @property
    def ref(self) -> EvidenceRef:
        return self.block.ref()


class Key(Protocol):
    """A key. Children and values are made anew at each call and never raise: what cannot be read is a problem elsewhere."""

    @property
    def name(self) -> str: ...
    @property
    def path(self) -> str:
        """Path below the root of the hive, without a leading backslash; "" for the root."""
        ...

    @property
    def written(self) -> Instant | None:
        """Last-write time; None where the source keeps none or it is out of range."""
        ...

    @property
    def ref(self) -> EvidenceRef:
        """The bytes that are the key (its nk record, its line)."""
        ...

    @property
    def written_ref(self) -> EvidenceRef:
        """The bytes of the last-write time; those of the key where there is none."""
        ...

    def subkeys(self) -> Iterator[Key]: ...
    def values(self) -> Iterator[Value]: ...


def child(key: Key, name: str) -> Key | None:
    """The first child of that name, without regard to case."""
    wanted = name.casefold()
    return next((sub for sub in key.subkeys() if sub.name.casefold() == wanted), None)


def find(key: Key | None, path: str) -> Key | None:
    """The key at a path below `key`; None where a part is missing."""
    for part in path.split("\\"):
        if key is None:
            return None
        key = child(key, part)
    return key


def value(key: Key, name: str) -> Value | None:
    """The first value of that name, without regard to case."""
    wanted = name.casefold()
    return next((found for found in key.values() if found.name.casefold() == wanted), None)


def utf16(data: bytes) -> tuple[str, str]:
    """UTF-16LE text as Windows takes it, and what stands after the first NUL (trailing NULs left out).

    An odd last byte is kept as U+FFFD; lone surrogates stay. Never swapped for a byte-order mark: Windows does not.
    """
    whole = data[: len(data) & ~1].decode("utf-16-le", "surrogatepass")
    if len(data) & 1 and data[-1]:
        whole += "\ufffd"
    text, _, rest = whole.partition("\0")
    return text, rest.rstrip("\0")


def text(key: Key, name: str) -> Reading[str]:
    """A string value as a reading; one of another type is UNREADABLE with its bytes in hex, a missing one cites the key."""
    found = value(key, name)
    return not_stated(None, key.ref) if found is None else text_of(found)


def text_of(found: Value) -> Reading[str]:
    if found.kind not in (REG_SZ, REG_EXPAND_SZ, REG_LINK):
        kind = TYPE_NAMES.get(found.kind, f"type {found.kind}")
        return unreadable(found.block.data[:64].hex(" "), found.ref, note=f"{kind}, not a string")
    content, rest = utf16(found.block.data)
    note = f"text after NUL: {rest[:200]!r}" if rest else ""
    return stated(content, found.ref, note=note)


def number(key: Key, name: str) -> Reading[int]:
    """A REG_DWORD or REG_QWORD as a reading."""
    found = value(key, name)
    if found is None:
        return not_stated(None, key.ref)
    width = {REG_DWORD: 4, REG_QWORD: 8}.get(found.kind)
    if width is None or len(found.block.data) < width:
        kind = TYPE_NAMES.get(found.kind, f"type {found.kind}")
        return unreadable(found.block.data[:64].hex(" "), found.ref, note=f"{kind} of {len(found.block.data)} bytes, not a number")
    return stated(int.from_bytes(found.block.data[:width], "little"), found.ref)
