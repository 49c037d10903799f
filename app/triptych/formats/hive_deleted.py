"""Keys and values that were deleted and still stand in free cells, as far as they concern the TaskCache.

A freed cell keeps its content until it is used again: the key record with its parent pointer and lists, the value record with
the pointer to its data. Whether a pointer still leads to what it led to is told with each: data in a free cell is `free`,
data in a cell that is in use again is `reused` and not given.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from triptych.formats import hive_lists
from triptych.formats.cursor import Block
from triptych.formats.hive import Hive, State
from triptych.formats.hive_cells import BASE, Budget, FreeSpace, Image
from triptych.formats.hive_keys import HiveKey
from triptych.formats.hive_scan import GUID_NAME, LOST_PARENT, TASK_CACHE, TASK_VALUES, concerned, is_whole, value_name, way
from triptych.formats.hive_tree import Tree
from triptych.formats.hive_values import RESIDENT, SEGMENT
from triptych.formats.keys import REG_BINARY
from triptych.model.evidence import EvidenceRef, RegistryPlace, Span
from triptych.model.times import Instant

_FLAGS = 0x1F  # the most that the high byte of a key's flags holds
NAMES = (
    "SD", "Id", "Index", "Path", "Hash", "Schema", "URI", "Date", "Author", "Source", "Description", "Documentation", "Version",
    "SecurityDescriptor", "Data", "Actions", "Triggers", "DynamicInfo", "Package", "Capabilities",
)  # fmt: skip


def _record_of(names: Iterable[str]) -> re.Pattern[bytes]:
    """What finds the signatures of value records that bear one of these names."""
    named = (re.escape(struct.pack("<H", len(name))) + b".{16}" + name.encode() for name in names)
    return re.compile(rb"vk(?=(?s:" + b"|".join(named) + rb"))")


_VALUE, _TASK_VALUE = _record_of(NAMES), _record_of(sorted(TASK_VALUES))
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
    """One search of one state: its free space, and what was found there so far.

    Only what could be of the TaskCache is looked at, so that the cells of few bins are walked.
    """

    def __init__(self, state: State) -> None:
        self.image: Image = state.image
        self.tree: Tree = state.tree
        self.root = state.root
        self.space = FreeSpace(self.image, state.bins)
        self.free = self.space.holds
        self._ways: dict[int, tuple[str, ...] | None] = {}
        self._budget = Budget(self.image.data)
        self._near: tuple[int, str, str] = (0, LOST_PARENT, "none")
        self._taken: set[int] = set()  # vk records that belong to deleted keys
        self._listed: dict[int, frozenset[int]] = {}
        cache = self.root.find(TASK_CACHE) if self.root else None
        self._cache = list(self.tree.walk(cache)) if cache else []
        self._concerned = concerned(self.tree, (key.cell for key in self._cache), self.root)

    # -- keys ---------------------------------------------------------------------------------------------------------

    def keys(self) -> Iterator[DeletedKey]:
        for cell in self._concerned:
            found = self.space.around(BASE + cell + 4)
            if found is not None and self.image.data[BASE + cell + 7] <= _FLAGS and (key := self._key(cell, found[1])) is not None:
                yield key

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
        slack = self._slack()
        for at in self._worth_a_look(slack):
            space = self.space.around(at) if at not in self._taken else None
            record = self._vk(at) if space else None
            if space is None or record is None or at + record.record[1] > space[1]:
                continue
            owner = slack.get(at - 4 - BASE)
            path, relation = (owner.path, "listed") if owner else self._nearest(at)
            if self._below_cache(path):
                yield self._value(record, path, relation)
            elif record.name in TASK_VALUES and record.kind == REG_BINARY and record.data:
                yield self._value(record, LOST_PARENT, "none")

    def _slack(self) -> dict[int, HiveKey]:
        """What stands behind the value lists of keys of the TaskCache in use: cells of values that once were theirs."""
        found: dict[int, HiveKey] = {}
        for key in self._cache:
            if key.stated_values:
                for _, offset in hive_lists.value_slack(self.image, key.value_list, key.stated_values):
                    found.setdefault(offset, key)
        return found

    def _worth_a_look(self, slack: dict[int, HiveKey]) -> list[int]:
        """Where records of values stand that bear a task's names and may be of the TaskCache, in the order of the file."""
        data = self.image.data
        found = {BASE + 4 + cell for cell in slack}
        found.update(match.start() for match in _TASK_VALUE.finditer(data, BASE))
        for start, stop in self._near_keys():
            found.update(match.start() for match in _VALUE.finditer(data, start, stop))
        return sorted(at for at in found if at & 7 == 4 and at >= BASE and _VALUE.match(data, at))

    def _near_keys(self) -> Iterator[tuple[int, int]]:
        """Stretches of the file, from a key that concerns the search on, in which its values may stand."""
        start = stop = 0
        for cell in self._concerned:
            at = BASE + cell
            if at > stop:
                if start:
                    yield start, stop
                start = at
            stop = at + _NEAR
        if start:
            yield start, stop

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
        count, where = struct.unpack("<HI", self.image.data[start + 2 : start + 8].ljust(6, b"\0"))
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
