"""FILE records of NTFS 3.1: attributes, resident or in one run of clusters, and the fixups that guard each sector.

Layout as in the NTFS documentation of the Linux-NTFS project, checked against a volume that Windows 11 wrote.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from triptych.lessons.ntfs_names import units

SECTOR, CLUSTER, RECORD = 512, 4_096, 1_024

STANDARD_INFORMATION, FILE_NAME, VOLUME_NAME, VOLUME_INFORMATION = 0x10, 0x30, 0x60, 0x70
DATA, INDEX_ROOT, INDEX_ALLOCATION, BITMAP = 0x80, 0x90, 0xA0, 0xB0

IN_USE, FOLDER, IN_EXTEND, VIEW = 1, 2, 4, 8
"""Flags of a record; VIEW has an index that is no folder's."""

HIDDEN_SYSTEM, ARCHIVE, IS_FOLDER, IS_VIEW = 0x06, 0x20, 0x1000_0000, 0x2000_0000
"""Flags of a file; the last two stand in its $FILE_NAME alone, IS_VIEW in both."""

POSIX, WIN32_AND_DOS = 0, 3
"""Namespaces of a name. A volume without short names bears POSIX for every name but those of its own files."""

_HEAD = struct.Struct("<4sHHQHHHHIIQHHI")
_RESIDENT, _ELSEWHERE = struct.Struct("<IIBBHHHIHBB"), struct.Struct("<IIBBHHHQQHHIQQQ")
_FIXUPS_AT, _FIRST = 0x30, 0x38
_END = b"\xff\xff\xff\xff\0\0\0\0"
_FIXUP = 1


@dataclass(frozen=True, slots=True)
class Run:
    """Clusters in a row; of none (`cluster` None) nothing is stored."""

    cluster: int | None
    count: int

    def encoded(self) -> bytes:
        """The mapping pairs: how many clusters, and where, each as short as a signed number can be."""
        count = _signed(self.count)
        where = b"" if self.cluster is None else _signed(self.cluster)
        return bytes((len(where) << 4 | len(count),)) + count + where + b"\0"


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute with its content in the record, or with `run` and `size` (bytes) elsewhere. FILE_NAME is `indexed`."""

    kind: int
    content: bytes = b""
    name: str = ""
    run: Run | None = None
    size: int = 0
    indexed: bool = False

    def encoded(self, instance: int = 0) -> bytes:
        """As it stands in a record; `instance` is its number there."""
        return self._resident(instance) if self.run is None else self._elsewhere(self.run, instance)

    def _resident(self, instance: int) -> bytes:
        name = units(self.name)
        start = aligned(_RESIDENT.size + len(name))
        length = aligned(start + len(self.content))
        packed = _RESIDENT.pack(
            self.kind, length, 0, len(name) // 2, _RESIDENT.size, 0, instance, len(self.content), start, self.indexed, 0
        )
        return ((packed + name).ljust(start, b"\0") + self.content).ljust(length, b"\0")

    def _elsewhere(self, run: Run, instance: int) -> bytes:
        name = units(self.name)
        start = aligned(_ELSEWHERE.size + len(name))
        pairs = run.encoded()
        length = aligned(start + len(pairs))
        stored = 0 if run.cluster is None else self.size
        packed = _ELSEWHERE.pack(
            self.kind, length, 1, len(name) // 2, _ELSEWHERE.size, 0, instance,
            0, run.count - 1, start, 0, 0, run.count * CLUSTER, self.size, stored,
        )  # fmt: skip
        return ((packed + name).ljust(start, b"\0") + pairs).ljust(length, b"\0")


@dataclass(frozen=True, slots=True)
class Name:
    """What a $FILE_NAME says, in the record and in the folder's index alike: all four times are `time` (ticks)."""

    name: str
    parent: int
    time: int
    size: int = 0
    allocated: int = 0
    flags: int = 0
    namespace: int = POSIX

    def encoded(self) -> bytes:
        head = struct.pack("<7QII", self.parent, *(self.time,) * 4, self.allocated, self.size, self.flags, 0)
        name = units(self.name)
        return head + bytes((len(name) // 2, self.namespace)) + name


def reference(number: int, sequence: int = 1) -> int:
    """How one record names another."""
    return sequence << 48 | number


def standard_information(time: int, flags: int, security: int) -> Attribute:
    """All four times are `time` (ticks); `security` is the number of the descriptor in $Secure."""
    flags &= ~IS_FOLDER
    return Attribute(STANDARD_INFORMATION, struct.pack("<4Q6IQQ", *(time,) * 4, flags, 0, 0, 0, 0, security, 0, 0))


def file_name(name: Name) -> Attribute:
    """The name of a record."""
    return Attribute(FILE_NAME, name.encoded(), indexed=True)


def room(attributes: tuple[Attribute, ...]) -> int:
    """The bytes that a record with these attributes has left."""
    return RECORD - _FIRST - len(_END) - sum(len(attribute.encoded()) for attribute in attributes)


def record(number: int, attributes: tuple[Attribute, ...], flags: int = IN_USE, *, sequence: int = 1) -> bytes:
    """A FILE record; its attributes come in the order of their kinds and names. Raises ValueError where they do not fit."""
    ordered = sorted(attributes, key=lambda attribute: (attribute.kind, attribute.name))
    body = b"".join(attribute.encoded(instance) for instance, attribute in enumerate(ordered)) + _END
    used = _FIRST + len(body)
    if used > RECORD:
        raise ValueError(f"record {number} would take {used} bytes; there are {RECORD}")
    links = sum(attribute.kind == FILE_NAME for attribute in attributes)
    head = _HEAD.pack(
        b"FILE", _FIXUPS_AT, RECORD // SECTOR + 1, 0, sequence, links, _FIRST, flags, used, RECORD, 0, len(ordered), 0, number
    )
    return guarded((head.ljust(_FIRST, b"\0") + body).ljust(RECORD, b"\0"), _FIXUPS_AT)


def guarded(block: bytes, fixups_at: int) -> bytes:
    """The block with its fixups: the last two bytes of each sector go to the array, the same number stands in their place."""
    made = bytearray(block)
    struct.pack_into("<H", made, fixups_at, _FIXUP)
    for sector in range(len(block) // SECTOR):
        end = (sector + 1) * SECTOR - 2
        at = fixups_at + 2 + 2 * sector
        made[at : at + 2] = made[end : end + 2]
        struct.pack_into("<H", made, end, _FIXUP)
    return bytes(made)


def aligned(size: int, to: int = 8) -> int:
    """The next multiple of `to`."""
    return -(-size // to) * to


def clusters(size: int) -> int:
    """How many clusters hold so many bytes."""
    return -(-size // CLUSTER)


def _signed(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1, "little", signed=True)
