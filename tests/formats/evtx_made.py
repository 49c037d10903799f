"""Small event logs made for tests: records of plain binary XML (no templates) in chunks with sound checksums."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

CHUNK, FIRST = 0x10000, 0x200
START = 133_000_000_000_000_000
SECOND = 10_000_000


@dataclass(frozen=True)
class Made:
    """One event to write; `data` are the values of EventData."""

    event_id: int
    data: tuple[tuple[str, str], ...] = ()
    channel: str = "Security"
    ticks: int = START
    number: int = 0
    provider: str = "Microsoft-Windows-Security-Auditing"
    computer: str = "LAB"


def iso(ticks: int) -> str:
    from triptych.formats.evtx_values import filetime

    return filetime(ticks)[0]


class _Xml:
    """Writes elements at their place in a chunk, names inline."""

    def __init__(self, at: int) -> None:
        self.at, self.out = at, bytearray(b"\x0f\x01\x01\x00")

    def name(self, text: str) -> None:
        self.out += struct.pack("<I", self.at + len(self.out) + 4)
        self.out += struct.pack("<IHH", 0, 0, len(text)) + text.encode("utf-16-le", "surrogatepass") + b"\0\0"

    def value(self, text: str) -> None:
        self.out += struct.pack("<BBH", 5, 1, len(text.encode("utf-16-le", "surrogatepass")) // 2)
        self.out += text.encode("utf-16-le", "surrogatepass")

    def open(self, name: str, attributes: tuple[tuple[str, str], ...] = ()) -> None:
        self.out += struct.pack("<BI", 0x41 if attributes else 0x01, 0)
        self.name(name)
        if attributes:
            self.out += struct.pack("<I", 0)
        for key, text in attributes:
            self.out += b"\x06"
            self.name(key)
            self.value(text)
        self.out += b"\x02"

    def leaf(self, name: str, text: str, attributes: tuple[tuple[str, str], ...] = ()) -> None:
        self.open(name, attributes)
        if text:
            self.value(text)
        self.out += b"\x04"


def record(made: Made, number: int, at: int) -> bytes:
    """The record as it stands at `at` of its chunk."""
    xml = _Xml(at + 24)
    xml.open("Event")
    xml.open("System")
    xml.leaf("Provider", "", (("Name", made.provider),))
    xml.leaf("EventID", str(made.event_id))
    xml.leaf("TimeCreated", "", (("SystemTime", iso(made.ticks)),))
    xml.leaf("EventRecordID", str(number))
    xml.leaf("Channel", made.channel)
    xml.leaf("Computer", made.computer)
    xml.out += b"\x04"
    xml.open("EventData")
    for name, text in made.data:
        xml.leaf("Data", text, (("Name", name),))
    xml.out += b"\x04\x04\x00"
    size = (28 + len(xml.out) + 7) & ~7
    body = bytes(xml.out).ljust(size - 28, b"\0")
    return struct.pack("<4sIQQ", b"\x2a\x2a\0\0", size, number, made.ticks) + body + struct.pack("<I", size)


def chunk(events: list[Made], first: int, ordinal: int = 0) -> bytes:
    """One chunk; records are numbered from `first` on unless they bring a number."""
    out = bytearray(FIRST)
    last_at = FIRST
    numbers = [made.number or first + index for index, made in enumerate(events)]
    for made, number in zip(events, numbers, strict=True):
        last_at = len(out)
        out += record(made, number, len(out))
    assert len(out) <= CHUNK
    low = ordinal or numbers[0]
    end = len(out)
    head = (b"ElfChnk\0", low, low + len(events) - 1, numbers[0], numbers[-1], 128, last_at, end, zlib.crc32(out[FIRST:]))
    struct.pack_into("<8sQQQQIIII", out, 0, *head)
    return sealed(out.ljust(CHUNK, b"\0"))


def sealed(data: bytes) -> bytes:
    """A chunk with its checksums made right again."""
    out = bytearray(data)
    free = struct.unpack_from("<I", out, 48)[0]
    struct.pack_into("<I", out, 52, zlib.crc32(out[FIRST:free]))
    struct.pack_into("<I", out, 124, zlib.crc32(out[128:FIRST], zlib.crc32(out[:120])))
    return bytes(out)


def log(*chunks: bytes, counted: int | None = None, flags: int = 0) -> bytes:
    """A log of whole chunks."""
    head = bytearray(0x1000)
    count = len(chunks) if counted is None else counted
    struct.pack_into("<8sQQQIHHHH", head, 0, b"ElfFile\0", 0, max(count - 1, 0), 1 << 20, 128, 1, 3, 0x1000, count & 0xFFFF)
    struct.pack_into("<II", head, 120, flags, zlib.crc32(head[:120]))
    return bytes(head) + b"".join(chunks)


def task_events(count: int, start: int = START) -> list[Made]:
    """Registrations of `count` tasks, a second apart."""
    return [
        Made(4698, (("SubjectUserName", "anna"), ("TaskName", f"\\Task{index}")), ticks=start + index * SECOND)
        for index in range(count)
    ]
