"""The files that an NTFS 3.1 volume keeps about itself: records 0 to 11, and those below $Extend.

What stands in them was checked against a volume that Windows 11 formatted.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from triptych.lessons.ntfs_index import NUMBERS, ROWS, SIDS, Entry, Index, folder_index, keyed, named, small_index
from triptych.lessons.ntfs_names import order, units
from triptych.lessons.ntfs_records import (
    BITMAP,
    CLUSTER,
    DATA,
    FOLDER,
    HIDDEN_SYSTEM,
    IN_EXTEND,
    IN_USE,
    IS_FOLDER,
    IS_VIEW,
    VIEW,
    VOLUME_INFORMATION,
    VOLUME_NAME,
    WIN32_AND_DOS,
    Attribute,
    Name,
    Run,
    file_name,
    record,
    reference,
    room,
    standard_information,
)
from triptych.lessons.ntfs_security import OF_FOLDERS, READ_ONLY, READ_WRITE
from triptych.lessons.ntfs_security import indexes as security_indexes
from triptych.lessons.ntfs_tree import ROOT

MFT, MIRROR, LOG, VOLUME, DEFINITIONS, ALLOCATED, BOOT, BAD, SECURE, UPCASE, EXTEND = 0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11
_QUOTA, _OBJECTS, _REPARSE = 24, 25, 26
_RESERVED = range(12, 16)

FIRST = 27
"""The first record that is free for files."""

LABEL = "Windows"

_NAMES = {
    MFT: "$MFT", MIRROR: "$MFTMirr", LOG: "$LogFile", VOLUME: "$Volume", DEFINITIONS: "$AttrDef", ROOT: ".", ALLOCATED: "$Bitmap",
    BOOT: "$Boot", BAD: "$BadClus", SECURE: "$Secure", UPCASE: "$UpCase", EXTEND: "$Extend",
}  # fmt: skip
_EXTENDING = {_QUOTA: "$Quota", _OBJECTS: "$ObjId", _REPARSE: "$Reparse"}
_SHAPES = {ROOT: IS_FOLDER, EXTEND: IS_FOLDER, SECURE: IS_VIEW}
_WRITABLE = (VOLUME, SECURE, EXTEND, *_EXTENDING)

IN_MFT = frozenset((*_NAMES, *_RESERVED, *_EXTENDING))
"""The records that are in use before there is a file."""

_DEFINED = (
    ("$STANDARD_INFORMATION", 0x10, 0x40, 48, 72),
    ("$ATTRIBUTE_LIST", 0x20, 0x80, 0, -1),
    ("$FILE_NAME", 0x30, 0x42, 68, 578),
    ("$OBJECT_ID", 0x40, 0x40, 0, 256),
    ("$SECURITY_DESCRIPTOR", 0x50, 0x80, 0, -1),
    ("$VOLUME_NAME", 0x60, 0x40, 2, 256),
    ("$VOLUME_INFORMATION", 0x70, 0x40, 12, 12),
    ("$DATA", 0x80, 0, 0, -1),
    ("$INDEX_ROOT", 0x90, 0x40, 0, -1),
    ("$INDEX_ALLOCATION", 0xA0, 0x80, 0, -1),
    ("$BITMAP", 0xB0, 0x80, 0, -1),
    ("$REPARSE_POINT", 0xC0, 0x80, 0, 16_384),
    ("$EA_INFORMATION", 0xD0, 0x40, 8, 8),
    ("$EA", 0xE0, 0, 0, 65_536),
    ("$LOGGED_UTILITY_STREAM", 0x100, 0x80, 0, 65_536),
)
"""Name, kind, flags (2: indexed, 0x40: resident, 0x80: may be elsewhere), least and largest size of each kind of attribute."""

_ADMINISTRATORS = bytes.fromhex("01020000000000052000000020020000")


@dataclass(frozen=True, slots=True)
class Own:
    """What the volume's own records depend on: where each file's data stand, its clusters, the moment of its formatting (ticks)."""

    runs: Mapping[int, Run]
    sizes: Mapping[int, int]
    records_in_use: Run
    records_in_use_size: int
    clusters: int
    time: int

    def names(self) -> dict[int, Name]:
        """The $FILE_NAME of each, but those below $Extend."""
        return {number: self._name(number, name, reference(ROOT, ROOT)) for number, name in _NAMES.items()}

    def root_entries(self) -> list[tuple[Name, Entry]]:
        """What the root folder's index says of them."""
        return [(name, named(reference(number, number or 1), name)) for number, name in self.names().items()]

    def records(self, root: Index, root_first: int) -> dict[int, bytes]:
        """All records in use before there is a file; `root` is the index of the root folder, its blocks from `root_first` on."""
        made = {number: self._record(number, name, root, root_first) for number, name in self.names().items()}
        plain = (standard_information(self.time, HIDDEN_SYSTEM, READ_ONLY), Attribute(DATA))
        made |= {number: record(number, plain, sequence=number) for number in _RESERVED}
        return made | self._extending()

    def root_room(self) -> int:
        """What the root folder's record has left for its index."""
        return room(self._base(ROOT, self.names()[ROOT]))

    def _name(self, number: int, name: str, above: int) -> Name:
        flags = HIDDEN_SYSTEM | (IS_VIEW if number in _EXTENDING else _SHAPES.get(number, 0))
        size = self.sizes.get(number, 0) if number != SECURE else 0
        allocated = self.runs[number].count * CLUSTER if size else 0
        return Name(name, above, self.time, size, allocated, flags, WIN32_AND_DOS)

    def _base(self, number: int, name: Name) -> tuple[Attribute, ...]:
        security = OF_FOLDERS if number == ROOT else READ_WRITE if number in _WRITABLE else READ_ONLY
        return standard_information(self.time, name.flags, security), file_name(name)

    def _record(self, number: int, name: Name, root: Index, root_first: int) -> bytes:
        base, flags = self._base(number, name), IN_USE
        if number == ROOT:
            base, flags = (*base, *root.attributes(root_first)), IN_USE | FOLDER
        elif number == EXTEND:
            base, flags = (*base, *self._extend_index(room(base)).attributes(0)), IN_USE | FOLDER
        elif number == SECURE:
            by_hash, by_number = security_indexes()
            base, flags = (*base, self._data(SECURE, "$SDS"), *by_hash.attributes(0), *by_number.attributes(0)), IN_USE | VIEW
        elif number == BAD:
            none = Attribute(DATA, name="$Bad", run=Run(None, self.clusters), size=self.clusters * CLUSTER)
            base = (*base, Attribute(DATA), none)
        elif number == VOLUME:
            version = Attribute(VOLUME_INFORMATION, struct.pack("<8xBBH", 3, 1, 0))
            base = (*base, Attribute(VOLUME_NAME, units(LABEL)), version, Attribute(DATA))
        else:
            base = (*base, self._data(number))
        if number == MFT:
            base = (*base, Attribute(BITMAP, run=self.records_in_use, size=self.records_in_use_size))
        return record(number, base, flags, sequence=number or 1)

    def _data(self, number: int, name: str = "") -> Attribute:
        return Attribute(DATA, name=name, run=self.runs[number], size=self.sizes[number])

    def _extended(self) -> dict[int, Name]:
        above = reference(EXTEND, EXTEND)
        return {number: self._name(number, name, above) for number, name in _EXTENDING.items()}

    def _extend_index(self, space: int) -> Index:
        ordered = sorted(self._extended().items(), key=lambda pair: order(pair[1].name))
        return folder_index([named(reference(number), name) for number, name in ordered], space)

    def _extending(self) -> dict[int, bytes]:
        """Quotas that are not kept, and two indexes without entries."""
        indexes = {
            _QUOTA: (small_index("$O", SIDS, [keyed(_ADMINISTRATORS, struct.pack("<I", 0x100))]), self._quotas()),
            _OBJECTS: (small_index("$O", ROWS, []),),
            _REPARSE: (small_index("$R", ROWS, []),),
        }
        made = {}
        for number, name in self._extended().items():
            base = (*self._base(number, name), *(one for index in indexes[number] for one in index.attributes(0)))
            made[number] = record(number, base, IN_USE | IN_EXTEND | VIEW)
        return made

    def _quotas(self) -> Index:
        """The defaults (entry 1), and the administrators without a limit: version, flags, used, changed, limits."""
        unlimited = struct.pack("<QqqQ", self.time, -1, -1, 0)
        default = struct.pack("<IIQ", 2, 1, 0) + unlimited
        owner = struct.pack("<IIQ", 2, 0, 0) + unlimited + _ADMINISTRATORS
        return small_index("$Q", NUMBERS, [keyed(struct.pack("<I", 1), default), keyed(struct.pack("<I", 0x100), owner)])


def attribute_definitions() -> bytes:
    """The content of $AttrDef, with an empty row at its end."""
    rows = [
        units(name).ljust(128, b"\0") + struct.pack("<IIIIqq", kind, 0, 0, flags, least, largest)
        for name, kind, flags, least, largest in _DEFINED
    ]
    return b"".join(rows) + bytes(160)


def in_root(own: Own, entries: list[tuple[Name, Entry]]) -> Index:
    """The index of the root folder: the volume's own files and those of a collection. Raises ValueError where a name is both."""
    ordered = sorted([*own.root_entries(), *entries], key=lambda pair: order(pair[0].name))
    for (name, _), (other, _) in pairwise(ordered):
        if order(name.name)[0] == order(other.name)[0]:
            raise ValueError(f"{name.name!r} is the name of a file that the volume keeps for itself")
    return folder_index([entry for _, entry in ordered], own.root_room())
