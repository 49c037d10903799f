"""A small writer of sound hives for the tests of the reader, and a proof that others read them."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, field

from Registry import Registry

NOWHERE = 0xFFFFFFFF
BIG = 16344
CACHE = "Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache"
STAMP = 133_500_000_000_000_000


@dataclass
class K:
    name: str
    values: list[tuple[str, int, bytes]] = field(default_factory=list)
    keys: list[K] = field(default_factory=list)
    gone: list[tuple[str, int, bytes]] = field(default_factory=list)  # values in free cells
    gone_keys: list[K] = field(default_factory=list)
    written: int = STAMP
    at: int = 0  # its cell, known after building

    def down(self, path: str) -> K:
        key = self
        for part in path.split("\\"):
            found = next((k for k in key.keys if k.name == part), None)
            if found is None:
                found = K(part)
                key.keys.append(found)
            key = found
        return key


class Hive:
    """Cells in one run of one hive bin; `build` gives the file."""

    def __init__(self) -> None:
        self.out = bytearray(32)

    def cell(self, content: bytes, free: bool = False) -> int:
        at = len(self.out)
        size = (len(content) + 4 + 7) & ~7
        self.out += struct.pack("<i", size if free else -size) + content.ljust(size - 4, b"\0")
        return at

    def key(self, key: K, parent: int, free: bool = False) -> int:
        raw, flags = key.name.encode("utf-16-le", "surrogatepass"), 0
        if all(ord(sign) < 256 for sign in key.name):
            raw, flags = key.name.encode("latin-1"), 0x20
        at = key.at = self.cell(bytes(76) + raw, free)
        values = [self.value(value, free) for value in key.values]
        listed = self.cell(struct.pack(f"<{len(values)}I", *values), free) if values else NOWHERE
        for value in key.gone:
            self.value(value, True)
        kids = [self.key(kid, at, free) for kid in key.keys]
        for kid in key.gone_keys:
            self.key(kid, at, True)
        kids_at = NOWHERE
        if kids:
            kids_at = self.cell(struct.pack("<2sH", b"lh", len(kids)) + b"".join(struct.pack("<II", k, 0) for k in kids), free)
        head = struct.pack(
            "<2sHQIIIIIIIIIIIIIIIHH", b"nk", flags | (0x0C if parent == NOWHERE else 0), key.written, 0, parent, len(kids), 0,
            kids_at, NOWHERE, len(values), listed, NOWHERE, NOWHERE, 0, 0, 0, 0, 0, len(raw), 0,
        )  # fmt: skip
        self.out[at + 4 : at + 80] = head
        return at

    def value(self, value: tuple[str, int, bytes], free: bool) -> int:
        name, kind, data = value
        size, where = len(data), 0
        if size <= 4:
            size, where = size | 0x80000000, int.from_bytes(data.ljust(4, b"\0"), "little")
        elif size <= BIG:
            where = self.cell(data, free)
        else:
            parts = [self.cell(data[i : i + BIG], free) for i in range(0, size, BIG)]
            index = self.cell(struct.pack(f"<{len(parts)}I", *parts), free)
            where = self.cell(struct.pack("<2sHII", b"db", len(parts), index, 0), free)
        raw, flags = name.encode("utf-16-le", "surrogatepass"), 0
        if all(ord(sign) < 256 for sign in name):
            raw, flags = name.encode("latin-1"), 1
        return self.cell(struct.pack("<2sHIIIHH", b"vk", len(raw), size, where, kind, flags, 0) + raw, free)

    def build(self, root: K, sequences: tuple[int, int] = (7, 7)) -> bytes:
        at = self.key(root, NOWHERE)
        size = (len(self.out) + 8 + 4095) & ~4095
        left = size - len(self.out)
        self.out += struct.pack("<i", left) + bytes(left - 4)
        struct.pack_into("<4sII", self.out, 0, b"hbin", 0, size)
        return header(sequences, size, at) + bytes(self.out)


def header(sequences: tuple[int, int], bins: int, root: int = 32, kind: int = 0) -> bytes:
    base = bytearray(4096)
    struct.pack_into("<4sIIQIIIIIII", base, 0, b"regf", *sequences, STAMP, 1, 5, kind, 1, root, bins, 1)
    base[48:66] = "\\SOFTWARE".encode("utf-16-le")
    return sealed(base)


def sealed(base: bytes | bytearray) -> bytes:
    """A file whose base block has the checksum that belongs there."""
    made = bytearray(base)
    total = 0
    for (word,) in struct.iter_unpack("<I", bytes(made[:508])):
        total ^= word
    struct.pack_into("<I", made, 508, {0: 1, NOWHERE: NOWHERE - 1}.get(total, total))
    return bytes(made)


def sz(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass") + b"\0\0"


def guid(number: int) -> str:
    return f"{{{number:08X}-1111-4222-8333-{number:012X}}}"


def machine(tasks: int = 3) -> K:
    """A SOFTWARE hive with a TaskCache."""
    root = K("ROOT")
    cache = root.down(CACHE)
    for number in range(1, tasks + 1):
        tree = cache.down(f"Tree\\Task{number}")
        tree.values += [("SD", 3, b"\1\0\4\x80" + bytes(16)), ("Id", 1, sz(guid(number))), ("Index", 4, struct.pack("<I", 3))]
        task = cache.down(f"Tasks\\{guid(number)}")
        task.values += [("Path", 1, sz(f"\\Task{number}")), ("Actions", 3, bytes(range(40))), ("", 1, sz("default")), ("e", 3, b"")]
        cache.down(f"Plain\\{guid(number)}")
    return root


def test_the_writer_makes_hives_that_python_registry_reads() -> None:
    data = Hive().build(machine())
    registry = Registry.Registry(io.BytesIO(data))
    task = registry.open(f"{CACHE}\\Tasks\\{guid(2)}")
    assert task.value("Path").value() == "\\Task2"
    assert [key.name() for key in registry.open(f"{CACHE}\\Tree").subkeys()] == ["Task1", "Task2", "Task3"]
