"""The files of a collection as the records of a volume: folders found, names checked, numbers given by path alone.

Neither record numbers nor clusters follow time or the order in which things were planted: a real volume's would, and would
answer what a lesson asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from triptych.lessons.collection import Collection
from triptych.lessons.ntfs_names import check, order, same
from triptych.lessons.ntfs_records import (
    ARCHIVE,
    CLUSTER,
    DATA,
    IS_FOLDER,
    RECORD,
    Attribute,
    Name,
    aligned,
    file_name,
    reference,
    room,
    standard_information,
)
from triptych.lessons.ntfs_security import OF_FILES, OF_FOLDERS

ROOT = 5
"""The record of the root folder."""

_Key = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Node:
    """A file, or with `data` None a folder: its record, its folder's record, its last name, its one time (ticks)."""

    number: int
    parent: int
    name: str
    time: int
    data: bytes | None = None

    @property
    def resident(self) -> bool:
        """Whether its data stand in the record."""
        return self.data is not None and len(Attribute(DATA, self.data[:RECORD]).encoded()) <= room(self.base)

    @property
    def base(self) -> tuple[Attribute, ...]:
        """The attributes that do not hold its content."""
        if self.data is None:
            return standard_information(self.time, 0, OF_FOLDERS), file_name(self._named())
        return standard_information(self.time, ARCHIVE, OF_FILES), file_name(self._named())

    @property
    def entry(self) -> Name:
        """What its folder's index says of it."""
        if self.data is None:
            return self._named()
        size = len(self.data)
        return replace(self._named(), size=size, allocated=aligned(size) if self.resident else aligned(size, CLUSTER))

    def _named(self) -> Name:
        """As Windows leaves it in the record: the sizes of the moment at which the file was made."""
        above = reference(self.parent, ROOT if self.parent == ROOT else 1)
        return Name(self.name, above, self.time, flags=IS_FOLDER if self.data is None else ARCHIVE)


def nodes(collection: Collection, first: int, folder_time: int) -> tuple[Node, ...]:
    """All folders and files, sorted by path, in records from `first` on.

    Folders whose paths differ in case alone are one, as on Windows. Raises ValueError for a name that cannot be, and for two
    files of one path.
    """
    folders = _folders(collection)
    found: dict[_Key, tuple[str, int, bytes | None]] = {key: (name, folder_time, None) for key, name in folders.items()}
    for file in collection.files:
        parts = _parts(file.path)
        key = _key(parts)
        if key in found:
            raise ValueError(f"{file.path!r} stands there twice: names that differ in case alone are one")
        found[key] = (parts[-1], file.modified, file.data)
    ordered = sorted(found)
    numbers: dict[_Key, int] = {(): ROOT} | {key: first + at for at, key in enumerate(ordered)}
    return tuple(Node(numbers[key], numbers[key[:-1]], *found[key]) for key in ordered)


def listed(all_nodes: tuple[Node, ...]) -> dict[int, list[Node]]:
    """The entries of each folder that has some, by its record; sorted by path, they are in the order of its index."""
    made: dict[int, list[Node]] = {}
    for node in all_nodes:
        made.setdefault(node.parent, []).append(node)
    return made


def _folders(collection: Collection) -> dict[_Key, str]:
    """Every folder, named or on the way to a file; of several spellings the first in the order of names stands."""
    made: dict[_Key, str] = {}
    for parts in _ways(collection):
        for depth in range(1, len(parts) + 1):
            key, name = _key(parts[:depth]), parts[depth - 1]
            made[key] = min(made.get(key, name), name, key=order)
    return made


def _ways(collection: Collection) -> Iterator[tuple[str, ...]]:
    yield from (_parts(path) for path in collection.folders)
    yield from (_parts(file.path)[:-1] for file in collection.files)


def _parts(path: str) -> tuple[str, ...]:
    parts = tuple(path.split("/"))
    for part in parts:
        check(part)
    return parts


def _key(parts: tuple[str, ...]) -> _Key:
    return tuple(same(part) for part in parts)
