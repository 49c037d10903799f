"""A large Security log, grown from the chunks of real ones: content as it was, record numbers and checksums made anew."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from tests.material import shared

MIB = 1 << 20
CHUNK, FIRST = 0x10000, 0x200
# Logs and how often their chunks are taken: so that about 40 of 100 records are of wanted kinds.
SOURCES = (
    ("puffyCid/Security.evtx", 10),
    ("JPCERTCC/Security.evtx", 2),
    ("Yamato-Security/psattack-security.evtx", 1),
    ("mdecrevoisier/ID4688-5447-4950-Firewall disabled (command).evtx", 1),
    ("mdecrevoisier/ID5145-4624-DonPAPI full extraction.evtx", 1),
)


def grown(folder: Path, mib: int) -> Path:
    """A sound log of so many MiB, made once."""
    made = folder / f"security-{mib}" / "Security.evtx"
    if not made.exists():
        made.parent.mkdir(parents=True, exist_ok=True)
        _grow(made, mib * MIB // CHUNK)
    return made


def _grow(path: Path, count: int) -> None:
    pool = [chunk for name, times in SOURCES for chunk in list(_chunks(shared("data/evtx") / name)) * times]
    step = next(step for step in range(round(len(pool) * 0.618), 3 * len(pool)) if math.gcd(step, len(pool)) == 1)
    number, at = 1, 0
    with path.open("wb") as file:
        file.write(bytes(0x1000))
        for _ in range(count):
            data, records, free = pool[at]
            at = (at + step) % len(pool)
            file.write(_numbered(bytearray(data), records, free, number))
            number += len(records)
        file.seek(0)
        file.write(_header(count, number))


def _chunks(path: Path) -> Iterator[tuple[bytes, list[tuple[int, int]], int]]:
    """Each whole chunk of a log with its records (place, place of EventRecordID in it) and its free-space offset."""
    data = path.read_bytes()
    for start in range(0x1000, len(data) - CHUNK + 1, CHUNK):
        chunk = data[start : start + CHUNK]
        free = struct.unpack_from("<I", chunk, 48)[0]
        at, records = FIRST, []
        while at < free <= CHUNK and chunk.startswith(b"\x2a\x2a\0\0", at):
            place = _record_id(chunk, at)
            if place < 0:
                break
            records.append((at, place))
            at += struct.unpack_from("<I", chunk, at + 4)[0]
        if records and at == free and chunk.startswith(b"ElfChnk\0"):
            yield chunk, records, free


def _record_id(chunk: bytes, at: int) -> int:
    """Where EventRecordID stands, value 10 of the template that Windows uses for System; -1 for another shape."""
    if chunk[at + 24 : at + 29] != b"\x0f\x01\x01\x00\x0c":
        return -1
    definition = struct.unpack_from("<I", chunk, at + 34)[0]
    table = at + 38
    if definition == table:
        table += 24 + struct.unpack_from("<I", chunk, definition + 20)[0]
    values = struct.unpack_from("<I", chunk, table)[0]
    place = table + 4 + 4 * values
    for value in range(values):
        size, kind = struct.unpack_from("<HB", chunk, table + 4 + 4 * value)
        if value == 10:
            return place if (size, kind) == (8, 10) else -1
        place += size
    return -1


def _numbered(chunk: bytearray, records: list[tuple[int, int]], free: int, first: int) -> bytes:
    for number, (at, place) in enumerate(records, first):
        struct.pack_into("<Q", chunk, at + 8, number)
        struct.pack_into("<Q", chunk, place, number)
    last = first + len(records) - 1
    struct.pack_into("<4Q", chunk, 8, first, last, first, last)
    struct.pack_into("<I", chunk, 44, records[-1][0])
    struct.pack_into("<I", chunk, 52, zlib.crc32(memoryview(chunk)[FIRST:free]))
    struct.pack_into("<I", chunk, 120, 0)
    struct.pack_into("<I", chunk, 124, zlib.crc32(chunk[128:FIRST], zlib.crc32(chunk[:120])))
    return bytes(chunk)


def _header(count: int, number: int) -> bytes:
    header = bytearray(0x1000)
    struct.pack_into("<8sQQQIHHHH", header, 0, b"ElfFile\0", 0, count - 1, number, 128, 1, 3, 0x1000, count & 0xFFFF)
    struct.pack_into("<I", header, 124, zlib.crc32(header[:120]))
    return bytes(header)
