"""A registry key while it is being made: the one mutable thing of the writers, since a hive grows by small steps.

What a deletion leaves behind is kept beside what is there (`ghosts`, `ghost_keys`): the hive writer frees their cells without
wiping them, as the kernel does.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from triptych.formats.keys import REG_BINARY, REG_DWORD, REG_EXPAND_SZ, REG_MULTI_SZ, REG_QWORD, REG_SZ

LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class HiveValue:
    """A value: its name ("" is the default value), its type number and its bytes as they stand in the hive."""

    name: str
    kind: int
    data: bytes


def string(name: str, text: str) -> HiveValue:
    """REG_SZ: UTF-16LE with a terminating NUL."""
    return HiveValue(name, REG_SZ, text.encode("utf-16-le", "surrogatepass") + b"\0\0")


def expand_string(name: str, text: str) -> HiveValue:
    return replace(string(name, text), kind=REG_EXPAND_SZ)


def strings(name: str, texts: Iterable[str]) -> HiveValue:
    """REG_MULTI_SZ: each text with a NUL, one more NUL at the end."""
    data = b"".join(text.encode("utf-16-le", "surrogatepass") + b"\0\0" for text in texts)
    return HiveValue(name, REG_MULTI_SZ, data + b"\0\0")


def dword(name: str, number: int) -> HiveValue:
    return HiveValue(name, REG_DWORD, struct.pack("<I", number & 0xFFFFFFFF))


def qword(name: str, number: int) -> HiveValue:
    return HiveValue(name, REG_QWORD, struct.pack("<Q", number & 0xFFFFFFFFFFFFFFFF))


def binary(name: str, data: bytes) -> HiveValue:
    return HiveValue(name, REG_BINARY, data)


@dataclass(slots=True)
class HiveKey:
    """A key with what is below it. `written` in ticks; `security` None takes the parent's descriptor.

    `keys` are found by their names in upper case, as the kernel compares them.
    """

    name: str
    written: int
    security: bytes | None = None
    class_name: str = ""
    values: list[HiveValue] = field(default_factory=list)
    keys: dict[str, HiveKey] = field(default_factory=dict)
    ghosts: list[HiveValue] = field(default_factory=list)
    ghost_keys: list[HiveKey] = field(default_factory=list)

    def put(self, *values: HiveValue) -> HiveKey:
        """Set values: one of the same name is replaced where it stands, a new one goes to the end."""
        for value in values:
            for at, old in enumerate(self.values):
                if old.name.upper() == value.name.upper():
                    self.values[at] = value
                    break
            else:
                self.values.append(value)
        return self

    def drop(self, name: str) -> HiveValue:
        """Delete a value; its cells stay behind, freed. Raises KeyError."""
        for at, value in enumerate(self.values):
            if value.name.upper() == name.upper():
                self.ghosts.append(self.values.pop(at))
                return value
        raise KeyError(name)

    def remove(self, path: str) -> HiveKey:
        """Delete the key at a path with all below it; its cells stay behind, freed. Raises KeyError."""
        parent, _, name = path.rpartition("\\")
        holder = self.at(parent) if parent else self
        gone = holder.keys.pop(name.upper())
        holder.ghost_keys.append(gone)
        return gone

    def at(self, path: str) -> HiveKey:
        """The key at a path below this one. Raises KeyError."""
        key = self
        for part in path.split("\\"):
            key = key.keys[part.upper()]
        return key

    def make(self, path: str, written: int | None = None, security: bytes | None = None) -> HiveKey:
        """The key at a path, made with all above it where missing (with this key's time where none is given).

        A time or descriptor given is set on the last key, whether it was there or not. Raises ValueError for a name that no
        hive can hold.
        """
        key = self
        for part in path.split("\\"):
            if not 0 < len(part) <= LONGEST_NAME:
                raise ValueError(f"no key can have the name {part!r}")
            key = key.keys.setdefault(part.upper(), HiveKey(part, key.written if written is None else written))
        key.written = key.written if written is None else written
        key.security = key.security if security is None else security
        return key

    def value(self, name: str) -> HiveValue:
        """The value of that name. Raises KeyError."""
        for value in self.values:
            if value.name.upper() == name.upper():
                return value
        raise KeyError(name)
