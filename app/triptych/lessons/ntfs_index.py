"""Indexes of NTFS: B-trees whose root stands in the record and whose other nodes are blocks of $INDEX_ALLOCATION.

A folder's index holds the $FILE_NAME of each entry, sorted; the indexes of $Secure and its like hold a key and its data.
An inner node holds entries too: each one leads to the node with what comes before it, the last (without a key) to what is left.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from triptych.lessons.ntfs_records import (
    BITMAP,
    CLUSTER,
    FILE_NAME,
    INDEX_ALLOCATION,
    INDEX_ROOT,
    Attribute,
    Name,
    Run,
    aligned,
    guarded,
)

NAMES, NUMBERS, SIDS, HASHES, ROWS = 1, 0x10, 0x11, 0x12, 0x13
"""Collations: names, one number, a SID, a security hash and a number, rows of numbers."""

I30 = "$I30"
"""The index of a folder."""

_ENTRY = struct.Struct("<QHHHH")
_ROOT, _NODE = struct.Struct("<IIIBxxx"), struct.Struct("<IIII")
_BLOCK = struct.Struct("<4sHHQQ")
_LEADS, _LAST = 1, 2
_FIXUPS_AT, _FIRST = 0x28, 0x40
_ELSEWHERE_ROOM = 168
"""What a record must keep for the allocation (88 bytes) and the bitmap (80) of an index whose root has nodes below it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry: eight bytes that say what it is of, its key, and what follows the key."""

    of: bytes
    key: bytes
    data: bytes = b""

    def encoded(self, child: int | None) -> bytes:
        """As it stands in a node; `child` is the block with the entries before it."""
        body = self.key + self.data
        length = _ENTRY.size + aligned(len(body)) + (0 if child is None else 8)
        flags = 0 if child is None else _LEADS
        head = self.of + struct.pack("<HHHH", length, len(self.key), flags, 0)
        return (head + body).ljust(_ENTRY.size + aligned(len(body)), b"\0") + _child(child)


@dataclass(frozen=True, slots=True)
class Index:
    """A finished index: the content of its root, and its blocks."""

    name: str
    root: bytes
    blocks: tuple[bytes, ...] = ()

    def attributes(self, first: int) -> tuple[Attribute, ...]:
        """The attributes of the record; the blocks stand from the cluster `first` on, and after them the bitmap where it is long."""
        root = Attribute(INDEX_ROOT, self.root, self.name)
        if not self.blocks:
            return (root,)
        count = len(self.blocks)
        blocks = Attribute(INDEX_ALLOCATION, name=self.name, run=Run(first, count), size=count * CLUSTER)
        bitmap = self.bitmap()
        if not self.long:
            return root, blocks, Attribute(BITMAP, bitmap, self.name)
        after = Run(first + count, -(-len(bitmap) // CLUSTER))
        return root, blocks, Attribute(BITMAP, name=self.name, run=after, size=len(bitmap))

    @property
    def long(self) -> bool:
        """Whether the bitmap of the blocks stands in clusters of its own."""
        return len(self.bitmap()) > 48

    def bitmap(self) -> bytes:
        """A bit for each block, in rows of eight bytes."""
        count = len(self.blocks)
        return ((1 << count) - 1).to_bytes(aligned(-(-count // 8)), "little")

    def stored(self) -> bytes:
        """What stands in the index's clusters."""
        return b"".join(self.blocks) + (self.bitmap() if self.long else b"")


@dataclass(frozen=True, slots=True)
class _Level:
    """The nodes of one height in a row: entries with the block before each, and the block behind the last."""

    entries: Sequence[tuple[Entry, int | None]]
    last: int | None = None

    def encoded(self) -> bytes:
        body = b"".join(entry.encoded(child) for entry, child in self.entries)
        return body + _end(self.last)


def named(of: int, name: Name) -> Entry:
    """The entry of a file in its folder; `of` is its reference."""
    return Entry(struct.pack("<Q", of), name.encoded())


def keyed(key: bytes, data: bytes, behind: bytes = b"") -> Entry:
    """The entry of another index; `behind` stands after its data and does not count."""
    return Entry(struct.pack("<HHI", _ENTRY.size + len(key), len(data), 0), key, data + behind)


def folder_index(entries: Sequence[Entry], room: int) -> Index:
    """The index of a folder whose entries come sorted; `room` is what the record has left for its attributes."""
    head = len(Attribute(INDEX_ROOT, _root(FILE_NAME, NAMES, b"", False), I30).encoded())
    level = _Level([(entry, None) for entry in entries])
    blocks: list[bytes] = []
    if head + len(level.encoded()) > room:
        while not blocks or head + len(level.encoded()) > room - _ELSEWHERE_ROOM:
            level = _raised(level, blocks)
    return Index(I30, _root(FILE_NAME, NAMES, level.encoded(), bool(blocks)), tuple(blocks))


def small_index(name: str, collation: int, entries: Sequence[Entry]) -> Index:
    """Another index, whose few sorted entries stand in the record."""
    return Index(name, _root(0, collation, _Level([(entry, None) for entry in entries]).encoded(), False))


def _raised(level: _Level, blocks: list[bytes]) -> _Level:
    """Cut a level into blocks, which are added; the entries between them are the level above."""
    above: list[tuple[Entry, int | None]] = []
    last = None
    for node, between in _cut(level):
        last = len(blocks)
        blocks.append(_block(last, node))
        if between is not None:
            above.append((between, last))
    return _Level(above, last)


def _cut(level: _Level) -> Iterator[tuple[_Level, Entry | None]]:
    """Full nodes in turn, and the entry that stands between each and the next. None is empty."""
    space = CLUSTER - _FIRST - len(_end(level.last))
    entries = level.entries
    start = at = used = 0
    while at < len(entries):
        size = len(entries[at][0].encoded(entries[at][1]))
        if used + size > space:
            at -= at == len(entries) - 1  # what would stand between this node and none
            between, child = entries[at]
            yield _Level(entries[start:at], child), between
            start, used = at + 1, 0
        else:
            used += size
        at += 1
    yield _Level(entries[start:], level.last), None


def _root(kind: int, collation: int, body: bytes, leads: bool) -> bytes:
    length = _NODE.size + len(body)
    return _ROOT.pack(kind, collation, CLUSTER, 1) + _NODE.pack(_NODE.size, length, length, leads) + body


def _block(number: int, node: _Level) -> bytes:
    head = _BLOCK.pack(b"INDX", _FIXUPS_AT, CLUSTER // 512 + 1, 0, number)
    start = _FIRST - _BLOCK.size
    body = node.encoded()
    head += _NODE.pack(start, start + len(body), CLUSTER - _BLOCK.size, node.last is not None)
    return guarded((head.ljust(_FIRST, b"\0") + body).ljust(CLUSTER, b"\0"), _FIXUPS_AT)


def _end(child: int | None) -> bytes:
    length = _ENTRY.size + (0 if child is None else 8)
    return _ENTRY.pack(0, length, 0, _LAST | (child is not None), 0) + _child(child)


def _child(child: int | None) -> bytes:
    return b"" if child is None else struct.pack("<Q", child)
