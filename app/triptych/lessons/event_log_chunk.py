"""A chunk of an event log while it is filled: 64 KiB with its own names, template definitions and checksums.

A record is built at its final place and taken back where it does not fit, since the names and definitions that it is first to
use stand inside of it. Layout: MS-EVEN6 and the libevtx format description, read off real logs.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from triptych.lessons.event_log_values import TooLarge
from triptych.lessons.event_log_xml import BYTES, FRAGMENT, NAME, SIZE, Definition, name_bytes, name_hash

CHUNK, FIRST = 0x10000, 0x200
_NAMES, _TEMPLATES = 64, 32
_RECORD = struct.Struct("<IIQQ").pack
_U32 = struct.Struct("<I")
_INSTANCE = struct.Struct("<4sBBI").pack
_SIZE_U16 = struct.Struct("<H").pack_into
_MAGIC = 0x2A2A
_NOTHING = (1 << 64) - 1


class Full(Exception):
    """The record does not fit into what is left of the chunk."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A template with the values of one event: the table of sizes and types (with its count), and the values behind it."""

    definition: Definition
    table: bytes
    values: bytes


class Chunk:
    """Records are added until one raises Full; `ordinal` is the place of its first record in the file, from 1."""

    def __init__(self, ordinal: int) -> None:
        self.data = bytearray(FIRST)
        self.ordinal = ordinal
        self.count = self.first = self.last = 0
        self._last_at = 0
        self._names: dict[bytes, int] = {}
        self._templates: dict[bytes, int] = {}
        self._name_table = [0] * _NAMES
        self._template_table = [0] * _TEMPLATES
        self._undo: list[tuple[dict[bytes, int], bytes, list[int], int, int]] = []

    def add(self, number: int, ticks: int, system: Instance, event: Instance) -> None:
        """Add a record: the System part, whose last value is the event's own part. Raises Full, and TooLarge for any chunk."""
        data, at = self.data, len(self.data)
        self._undo.clear()
        data += _RECORD(_MAGIC, 0, number, ticks)
        self._instance(system.definition)
        data += system.table
        nested_size = len(data) - 4
        data += system.values
        start = len(data)
        self._instance(event.definition)
        data += event.table
        data += event.values
        data += b"\0"
        size = len(data) - start
        data += b"\0" * (1 + -(len(data) + 5 - at) % 8)
        end = len(data) + 4
        if end > CHUNK:
            self._take_back(at)
            raise Full if self.count else TooLarge(f"record {number} needs {end - at:,} bytes, more than a chunk has")
        _SIZE_U16(data, nested_size, size)
        length = _U32.pack(end - at)
        data += length
        data[at + 4 : at + 8] = length
        self.first = self.first or number
        self.last, self._last_at = number, at
        self.count += 1

    def _take_back(self, at: int) -> None:
        del self.data[at:]
        for known, key, table, bucket, before in reversed(self._undo):
            del known[key]
            table[bucket] = before

    def _instance(self, definition: Definition) -> None:
        """The head of a template instance: where its definition stands, or the definition itself where it is the first."""
        data = self.data
        data += _INSTANCE(FRAGMENT, 0x0C, 0x01, definition.ident)
        place = self._templates.get(definition.guid)
        if place is not None:
            data += _U32.pack(place)
            return
        place = len(data) + 4
        data += struct.pack("<II16sI", place, self._know(self._templates, definition.guid, self._template_table,
                                                         definition.ident % _TEMPLATES, place), definition.guid, 0)  # fmt: skip
        start = len(data)
        data += FRAGMENT
        self._define(definition)
        data += b"\0"
        _U32.pack_into(data, start - 4, len(data) - start)

    def _define(self, definition: Definition) -> None:
        data = self.data
        sizes: list[int] = []
        for kind, content in definition.steps:
            if kind == BYTES:
                data += content
            elif kind == NAME:
                self._name(content)
            elif kind == SIZE:
                data += b"\0\0\0\0"
                sizes.append(len(data))
            else:
                start = sizes.pop()
                _U32.pack_into(data, start - 4, len(data) - start)

    def _name(self, name: bytes) -> None:
        place = self._names.get(name)
        if place is not None:
            self.data += _U32.pack(place)
            return
        text = name.decode()
        place = len(self.data) + 4
        following = self._know(self._names, name, self._name_table, name_hash(text) % _NAMES, place)
        self.data += struct.pack("<II", place, following) + name_bytes(text)

    def _know(self, known: dict[bytes, int], key: bytes, table: list[int], bucket: int, place: int) -> int:
        """Enter what is defined at a place into its bucket; gives what stood first there before."""
        before = table[bucket]
        known[key] = table[bucket] = place
        self._undo.append((known, key, table, bucket, before))
        return before

    def finished(self) -> bytes:
        """The whole chunk with its header, tables and checksums."""
        data, end = self.data, len(self.data)
        first, last = self.ordinal, self.ordinal + self.count - 1
        if not self.count:
            last, self.first, self.last = _NOTHING, 1, 0  # what every reader takes for a chunk without records
        struct.pack_into("<8sQQQQIIII", data, 0, b"ElfChnk\0", first, last, self.first, self.last,
                         128, self._last_at, end, zlib.crc32(data[FIRST:end]))  # fmt: skip
        struct.pack_into("<I", data, 120, 1)
        struct.pack_into(f"<{_NAMES}I", data, 128, *self._name_table)
        struct.pack_into(f"<{_TEMPLATES}I", data, 384, *self._template_table)
        struct.pack_into("<I", data, 124, zlib.crc32(data[128:FIRST], zlib.crc32(data[:120])))
        return bytes(data) + bytes(CHUNK - end)
