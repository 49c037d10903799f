"""A whole event log: LoggedEvents in, the bytes of an .evtx file out, the same each time.

Numbering as Windows does it (read off real logs that were cleared): a record keeps the number that it got when it was written,
while the chunks also count its place since the file was begun; so a cleared log goes on in numbers and begins anew in places.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from triptych.lessons.event_log_chunk import CHUNK, Chunk, Full, Instance
from triptych.lessons.event_log_templates import EventTemplate, size_limit, template
from triptych.lessons.event_log_values import (
    BINARY,
    FILETIME,
    GUID,
    HEX64,
    NULL,
    SID,
    STRING,
    STRINGS,
    U8,
    U16,
    U32,
    U64,
    XML,
    TooLarge,
    guid_bytes,
    nothing,
    pack_strings,
    packer,
)  # fmt: skip
from triptych.lessons.logbook import LoggedEvent
from triptych.lessons.windows import Windows

_FILE_HEADER = 4096
_SMALLEST = _FILE_HEADER + CHUNK
_STEP = 0x100000  # a live log grows by so much at a time, filled with zeros
_MINOR = 1  # Windows writes 2 since build 19041; nothing else differs, and readers that check want 1
_LONGEST = 0xFFFF
_DIRTY = 1


@dataclass(frozen=True, slots=True)
class LogState:
    """What a log went through before it was taken.

    `first_number` is the number of the first event handed over, `cleared` the moment before which everything is gone, `size`
    the limit in bytes beyond which the oldest chunks were overwritten (0: the channel's usual one). `dirty`: taken while it
    was open, so the file header is as of the beginning of the last chunk.
    """

    first_number: int = 1
    cleared: int = 0
    size: int = 0
    dirty: bool = False


def log_bytes(channel: str, events: Iterable[LoggedEvent], computer: str, windows: Windows, state: LogState | None = None) -> bytes:
    """The file of a channel. `events` are all that were ever written to it, in the order in which they were.

    Raises KeyError for an event without a template, ValueError for values that do not fit it or are too large for a chunk.
    """
    state = state or LogState()
    encoder = _Encoder(computer, windows)
    chunks: list[bytes] = []
    chunk = Chunk(state.first_number if not state.cleared else 1)
    number = state.first_number - 1
    for event in events:
        number += 1
        if event.erased or event.time < state.cleared:
            continue
        system, own = encoder.instances(event, number)
        try:
            chunk.add(number, event.time, system, own)
        except Full:
            chunks.append(chunk.finished())
            chunk = Chunk(chunk.ordinal + chunk.count)
            chunk.add(number, event.time, system, own)
    begun = chunk.first or number + 1
    chunks.append(chunk.finished())
    return _file(chunks, number + 1, begun, state.size or size_limit(channel), state.dirty)


def _file(chunks: list[bytes], following: int, begun: int, limit: int, dirty: bool) -> bytes:
    """The chunks behind a file header. `begun` is the last chunk's first number.

    Of a log that reached its limit the newest chunks are left. They stand as at the end of a round, the newest last: there all
    readers agree on what the header's oldest and current chunk mean.
    """
    room = max(1, (limit - _FILE_HEADER) // CHUNK)
    kept = chunks[-room:]
    header = bytearray(_FILE_HEADER)
    struct.pack_into("<8sQQQIHHHH", header, 0, b"ElfFile\0", 0, len(kept) - 1, begun if dirty else following,
                     128, _MINOR, 3, _FILE_HEADER, len(kept))  # fmt: skip
    struct.pack_into("<I", header, 120, _DIRTY if dirty else 0)
    struct.pack_into("<I", header, 124, zlib.crc32(header[:120]))
    whole = bytes(header) + b"".join(kept)
    grown = _SMALLEST + -(-(len(whole) - _SMALLEST) // _STEP) * _STEP
    return whole.ljust(max(len(whole), min(grown, _FILE_HEADER + room * CHUNK)), b"\0")


class _Encoder:
    """From events to template instances, for one machine."""

    def __init__(self, computer: str, windows: Windows) -> None:
        self._computer, self._is_7 = computer, windows.is_7

    def instances(self, event: LoggedEvent, number: int) -> tuple[Instance, Instance]:
        found = template(event.channel, event.event_id, event.version, event.provider, self._computer, self._is_7)
        try:
            return _system(found, event, number), _own(found, event)
        except (struct.error, TypeError, ValueError) as error:
            raise ValueError(f"event {event.event_id} of {event.channel}: {error}") from error


_BY_VALUE_TABLE = struct.Struct("<I" + "HBB" * 18)
_BY_TEXT_TABLE = struct.Struct("<I" + "HBB" * 20)
_START = struct.Struct("<BBHH").pack
_MIDDLE = struct.Struct("<QQ").pack
_PLACE = struct.Struct("<IIQB").pack
_sid = packer(SID)


def _system(found: EventTemplate, event: LoggedEvent, number: int) -> Instance:
    """The values of the System part, in the order and with the types that Windows gives them."""
    activity = guid_bytes(event.activity) if event.activity else b""
    user = _sid(event.user) if event.user else b""
    qualifiers = b"" if found.qualifiers is None else struct.pack("<H", found.qualifiers)
    values = (
        _START(found.level, found.opcode, found.task, event.event_id)
        + qualifiers
        + _MIDDLE(found.keywords, event.time)
        + activity
        + _PLACE(event.process_id, event.thread_id, number, found.version)
        + user
    )
    head = (
        1, U8, 0, 1, U8, 0, 2, U16, 0, 2, U16, 0, len(qualifiers), U16 if qualifiers else NULL, 0, 8, HEX64, 0, 8, FILETIME, 0,
        len(activity), GUID if activity else NULL, 0, 4, U32, 0, 4, U32, 0, 8, U64, 0, 1, U8, 0,
        len(user), SID if user else NULL, 0, 0, NULL, 0,
    )  # fmt: skip
    if found.by_value:
        provider, channel = found.provider.encode("utf-16-le"), found.channel.encode("utf-16-le")
        values += provider + guid_bytes(found.provider_guid) + channel
        table = _BY_VALUE_TABLE.pack(18, *head, len(provider), STRING, 0, 16, GUID, 0, len(channel), STRING, 0, 0, XML, 0)
    else:
        table = _BY_TEXT_TABLE.pack(20, *head, *(0, NULL, 0) * 5, 0, XML, 0)
    return Instance(found.system, table, values)


def _own(found: EventTemplate, event: LoggedEvent) -> Instance:
    if found.fields is None:
        return _strings(found, event)
    given = dict(event.data)
    parts = []
    table = [len(found.fields)]
    for field in found.fields:
        value = given.pop(field.name, None)
        packed = field.pack(nothing(field.kind) if value is None else value)
        if len(packed) > _LONGEST:
            raise TooLarge(f"{field.name} has {len(packed):,} bytes, a value at most {_LONGEST:,}")
        parts.append(packed)
        table += (len(packed), field.stored, 0)
    if given:
        raise ValueError(f"its template has no {', '.join(given)}")
    return Instance(found.event, struct.pack("<I" + "HBB" * len(parts), *table), b"".join(parts))


def _strings(found: EventTemplate, event: LoggedEvent) -> Instance:
    """Inserted strings and binary data of a classic event: an array, the length of the binary part, that part."""
    packed = pack_strings([str(value) for _, value in event.data if not isinstance(value, bytes)])
    binary = b"".join(value for _, value in event.data if isinstance(value, bytes))
    if max(len(packed), len(binary)) > _LONGEST:
        raise TooLarge(f"its strings have {len(packed):,} bytes, a value at most {_LONGEST:,}")
    table = struct.pack("<IHBBHBBHBB", 3, len(packed), STRINGS if packed else NULL, 0, 4, U32, 0,
                        len(binary), BINARY if binary else NULL, 0)  # fmt: skip
    return Instance(found.event, table, packed + struct.pack("<I", len(binary)) + binary)
