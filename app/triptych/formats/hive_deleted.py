"""Keys and values that were deleted and still stand in free cells, as far as they concern the TaskCache.

A freed cell keeps its content until it is used again: the key record with its parent pointer and lists, the value record with
the pointer to its data. Whether a pointer still leads to what it led to is told with each: data in a free cell is `free`,
data in a cell that is in use again is `reused` and not given.
"""

from __future__ import annotations

import re
import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from triptych.formats import hive_lists
from triptych.formats.cursor import Block
from triptych.formats.hive import Hive, State
from triptych.formats.hive_cells import BASE, Budget, Image, free_ranges
from triptych.formats.hive_keys import HiveKey
from triptych.formats.hive_scan import GUID_NAME, LOST_PARENT, TASK_CACHE, TASK_VALUES, is_whole, value_name, way
from triptych.formats.hive_tree import Tree
from triptych.formats.hive_values import RESIDENT, SEGMENT
from triptych.formats.keys import REG_BINARY
from triptych.model.evidence import EvidenceRef, RegistryPlace, Span
from triptych.model.times import Instant

_KEY = re.compile(rb"nk(?=[\x00-\xff][\x00-\x1f])")
NAMES = (
    "SD", "Id", "Index", "Path", "Hash", "Schema", "URI", "Date", "Author", "Source", "Description", "Documentation", "Version",
    "SecurityDescriptor", "Data", "Actions", "Triggers", "DynamicInfo", "Package", "Capabilities",
)  # fmt: skip
_VALUE = re.compile(rb"vk(?=(?s:.{18})(?:" + b"|".join(name.encode() for name in NAMES) + rb"))")
_VK = struct.Struct("<HIIIH")
_NEAR = 64 * 1024  # bytes between a value and the key before it
_MOST_VALUES = 64  # of one deleted key; a Tasks key has about 20


@dataclass(frozen=True, slots=True)
class DeletedValue:
    """A value record in free space. `key` is the path of the key it belonged to, as `relation` says: `listed` (the key's list,
    or what stands behind it, names the record), `possible` (the nearest key before it in the file), `none`.

    `data` says where its bytes are: `resident`, `free` (whole in free cells), `reused` (no longer its own; `block` is empty and
    cites the record). `record` is the vk record.
    """

    name: str
    kind: int
    block: Block
    record: Block
    key: str
    relation: str
    data: str


@dataclass(frozen=True, slots=True)
class DeletedKey:
    """A key record in free space, with the path its parent pointers give (`(parent lost)` where they lead nowhere)."""

    name: str
    path: str
    written: Instant | None
    block: Block
    values: tuple[DeletedValue, ...]
    parent_known: bool

    @property
    def ref(self) -> EvidenceRef:
        return self.block.ref()


@dataclass(frozen=True, slots=True)
class Deleted:
    """What one search found."""

    keys: tuple[DeletedKey, ...] = ()
    values: tuple[DeletedValue, ...] = ()


def deleted(hive: Hive) -> Deleted:
    """Search the free cells of the best state of a hive. Never raises; a problem tells what the search could not do."""
    state = hive.state
    if state is None:
        return Deleted()
    keys: list[DeletedKey] = []
    values: list[DeletedValue] = []
    faults = state.image.faults
    with faults.guard(
        "hive.deleted", "the free cells", tried="search free cells for deleted keys and values", lost="deleted items"
    ):
        search = _Search(state)
        keys.extend(search.keys())
        values.extend(search.values())
    return Deleted(tuple(keys), tuple(values))


def deleted_keys(hive: Hive) -> Iterator[DeletedKey]:
    """Deleted keys of the TaskCache: below it by their parents, or with lost parents and a task's values (see `deleted`)."""
    return iter(deleted(hive).keys)


def deleted_values(hive: Hive) -> Iterator[DeletedValue]:
    """Deleted values of keys of the TaskCache that are not those of a deleted key."""
    return iter(deleted(hive).values)


@dataclass(frozen=True, slots=True)
class _Vk:
    """A vk record by its place in the file; `pieces` cover its data."""

    at: int
    name: str
    kind: int
    record: tuple[int, int]
    data: bytes
    pieces: tuple[Span, ...]
    where: str


class _Search:
    """One search of one state: the free ranges, and what was found in them so far."""

    def __init__(self, state: State) -> None:
        self.image: Image = state.image
        self.tree: Tree = state.tree
        self.root = state.root
        self.ranges = free_ranges(self.image, list(state.bins))
        self._starts = [start for start, _ in self.ranges]
        self._ways: dict[int, tuple[str, ...] | None] = {}
        self._budget = Budget(self.image.data)
        self._near: tuple[int, str, str] = (0, LOST_PARENT, "none")
        self._taken: set[int] = set()  # vk records that belong to deleted keys
        self._listed: dict[int, frozenset[int]] = {}

    def free(self, at: int, length: int) -> bool:
        """Whether these bytes of the file lie inside one free range."""
        index = bisect_right(self._starts, at) - 1
        return index >= 0 and at + length <= self.ranges[index][1]

    # -- keys ---------------------------------------------------------------------------------------------------------

    def keys(self) -> Iterator[DeletedKey]:
        for start, stop in self.ranges:
            for match in _KEY.finditer(self.image.data, start, stop):
                at = match.start()
                if not (at - 4) & 7 and (found := self._key(at - 4 - BASE, stop)) is not None:
                    yield found

    def _key(self, cell: int, stop: int) -> DeletedKey | None:
        key = self.tree.peek(cell)
        if key is None or key.at + key.record_length > stop or not is_whole(self.image, key):
            return None
        path, known = self._path(key)
        wanted = self._below_cache(path) or (not known and GUID_NAME.fullmatch(key.name) and self._task_values(key))
        if not wanted or self._alive(key):
            return None
        place = RegistryPlace(path)
        block = Block(self.image.data[key.at : key.at + key.record_length], place, (self.image.span(key.at, key.record_length),))
        return DeletedKey(key.name, path, key.written, block, tuple(self._values_of(key, path)), known)

    def _task_values(self, key: HiveKey) -> bool:
        """Whether the list of a deleted key still names values of a task; a GUID alone may be a class or an interface."""
        count = min(key.stated_values, _MOST_VALUES)
        at = BASE + key.value_list + 4
        cells = struct.iter_unpack("<I", self.image.data[at : at + 4 * count]) if count and self.free(at, 4 * count) else ()
        return any(value_name(self.image, cell) in TASK_VALUES for (cell,) in cells)

    def _alive(self, key: HiveKey) -> bool:
        """Whether a list still names the key, though its cell is free: then it is a key with a problem, not a deleted one."""
        if key.cell in self.tree.owners:
            return True
        if key.parent_cell not in self._listed:
            parent = self.tree.peek(key.parent_cell)
            alive = parent is not None and not self.free(parent.at, parent.record_length) and parent.stated_subkeys
            cells = hive_lists.children(self.image, parent.subkey_list, self._budget).cells if alive and parent else []
            self._listed[key.parent_cell] = frozenset(cells)
        return key.cell in self._listed[key.parent_cell]

    def _path(self, key: HiveKey) -> tuple[str, bool]:
        """The path that parent pointers give, through keys in use and deleted ones, and whether it starts at the root."""
        names = way(self.tree, key.parent_cell, self.root, self._ways)
        return "\\".join((LOST_PARENT, key.name) if names is None else (*names, key.name)), names is not None

    @staticmethod
    def _below_cache(path: str) -> bool:
        return path.casefold().startswith(TASK_CACHE.casefold() + "\\")

    def _values_of(self, key: HiveKey, path: str) -> Iterator[DeletedValue]:
        """The values that the list of a deleted key names, where the list and they are still free."""
        count = min(key.stated_values, _MOST_VALUES)
        at = BASE + key.value_list + 4
        if not count or not self.free(at - 4, 4 + 4 * count):
            return
        for (offset,) in struct.iter_unpack("<I", self.image.data[at : at + 4 * count]):
            if self.free(BASE + offset, 24) and (found := self._vk(BASE + offset + 4)) is not None and found.at not in self._taken:
                self._taken.add(found.at)
                yield self._value(found, path, "listed")

    # -- values -------------------------------------------------------------------------------------------------------

    def values(self) -> Iterator[DeletedValue]:
        """Values of keys that are still there, or of nobody known; `keys` must have run before."""
        found: dict[int, _Vk] = {}
        for start, stop in self.ranges:
            for match in _VALUE.finditer(self.image.data, start, stop):
                at = match.start()
                record = self._vk(at) if not (at - 4) & 7 and at not in self._taken else None
                if record is not None and record.name in NAMES and record.at + record.record[1] <= stop:
                    found[at - 4 - BASE] = record
        if not found:
            return
        owners = self._owners(found)
        for cell, record in sorted(found.items()):
            path, relation = owners.get(cell) or self._nearest(record.at)
            if self._below_cache(path):
                yield self._value(record, path, relation)
            elif record.name in TASK_VALUES and record.kind == REG_BINARY and record.data:
                yield self._value(record, LOST_PARENT, "none")

    def _owners(self, found: dict[int, _Vk]) -> dict[int, tuple[str, str]]:
        """Keys of the TaskCache in use whose value list, or what stands behind it, still names a deleted record."""
        owners: dict[int, tuple[str, str]] = {}
        cache = self.root.find(TASK_CACHE) if self.root else None
        for key in self.tree.walk(cache) if cache else ():
            if key.stated_values:
                for _, offset in hive_lists.value_slack(self.image, key.value_list, key.stated_values):
                    if offset in found:
                        owners.setdefault(offset, (key.path, "listed"))
        return owners

    def _nearest(self, at: int) -> tuple[str, str]:
        """The nearest key record before a value record, in use or deleted: Windows puts a key and its values side by side.

        Asked in the order of the file, so that no stretch is searched twice.
        """
        data, place = self.image.data, at
        asked, path, relation = self._near
        floor = max(BASE, at - _NEAR, asked)
        while (place := data.rfind(b"nk", floor, place)) >= 0:
            cell = place - 4 - BASE
            key = self.tree.peek(cell) if cell >= 0 and not cell & 7 else None
            if key is not None and is_whole(self.image, key):
                path, relation = self._path(key)[0], "possible"
                break
        else:
            if asked < at - _NEAR:
                path, relation = LOST_PARENT, "none"
        self._near = at, path, relation
        return path, relation

    def _vk(self, at: int) -> _Vk | None:
        """The value record at a file offset; None where it cannot be one."""
        data = self.image.data
        if at + 20 > self.image.end or data[at : at + 2] != b"vk":
            return None
        length, size, offset, kind, flags = _VK.unpack_from(data, at + 2)
        raw = data[at + 20 : at + 20 + length]
        if len(raw) < length or length > 1024 or kind > 0xFFFF:
            return None
        name = raw.decode("latin-1") if flags & 1 or not raw else raw[: len(raw) & ~1].decode("utf-16-le", "surrogatepass")
        content, pieces, where = self._data(at, size, offset)
        return _Vk(at, name, kind, (at, 20 + length), content, pieces, where)

    def _data(self, at: int, size: int, offset: int) -> tuple[bytes, tuple[Span, ...], str]:
        data = self.image.data
        if size & RESIDENT:
            size = min(size & ~RESIDENT, 4)
            return data[at + 8 : at + 8 + size], (self.image.span(at + 8, size),) if size else (), "resident"
        start = BASE + offset + 4
        if size > SEGMENT and data[start : start + 2] == b"db":
            return self._segments(start, size)
        if not size or size > self.image.limits.value or not self.free(start - 4, 4 + size):
            return b"", (), "reused" if size else "resident"
        return data[start : start + size], (self.image.span(start, size),), "free"

    def _segments(self, start: int, size: int) -> tuple[bytes, tuple[Span, ...], str]:
        """Big data of a deleted value: whole, or not at all."""
        count, where = struct.unpack_from("<HI", self.image.data.ljust(start + 8, b"\0"), start + 2)
        listed = BASE + where + 4
        if size > self.image.limits.value or not self.free(start, 8) or not self.free(listed, 4 * count):
            return b"", (), "reused"
        pieces: list[Span] = []
        left = size
        for (offset,) in struct.iter_unpack("<I", self.image.data[listed : listed + 4 * count]):
            length = min(SEGMENT, left)
            if length and self.free(BASE + offset + 4, length):
                pieces.append(self.image.span(BASE + offset + 4, length))
                left -= length
        if left or len(set(pieces)) < len(pieces):
            return b"", (), "reused"
        return b"".join(self.image.data[p.offset : p.offset + p.length] for p in pieces), tuple(pieces), "free"

    def _value(self, found: _Vk, path: str, relation: str) -> DeletedValue:
        place = RegistryPlace(path, found.name)
        at, length = found.record
        head = self.image.span(at, length)
        record = Block(self.image.data[at : at + length], place, (head,))
        block = Block(found.data, place, found.pieces or (head,), head=head)
        return DeletedValue(found.name, found.kind, block, record, path, relation, found.where)
