"""An NTFS 3.1 volume of a collection's files: clusters of 4 KiB, records of 1 KiB; the same collection gives the same bytes.

Everything is laid out first, then written piece by piece; what is zero is sought over, so that the file is sparse where the
system has such files. Each file is one run of clusters, in the order of paths; what is free stands behind all.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from triptych.lessons.collection import Collection
from triptych.lessons.ntfs_index import Index, folder_index, named
from triptych.lessons.ntfs_names import upcase_bytes
from triptych.lessons.ntfs_records import (
    CLUSTER,
    DATA,
    FOLDER,
    IN_USE,
    RECORD,
    SECTOR,
    Attribute,
    Run,
    aligned,
    clusters,
    record,
    reference,
    room,
)
from triptych.lessons.ntfs_security import stream
from triptych.lessons.ntfs_system import (
    ALLOCATED,
    BOOT,
    DEFINITIONS,
    FIRST,
    IN_MFT,
    LOG,
    MFT,
    MIRROR,
    SECURE,
    UPCASE,
    Own,
    attribute_definitions,
    in_root,
)
from triptych.lessons.ntfs_tree import ROOT, Node, listed, nodes
from triptych.limits import MIB

_BOOT_SIZE, _LOG_SIZE = 8_192, 2 * MIB
_MIRRORED = 4
_FREE = 16 * MIB // CLUSTER
_GROWS_BY = 64  # records at a time
_SECTORS_A_CLUSTER = CLUSTER // SECTOR
_HALT = b"\xfa\xf4\xeb\xfd"  # cli, hlt, and again: nothing starts from this volume


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume as it will be written: `sectors` in all, `used` clusters from its start on; `starts` and `indexes` by record."""

    sectors: int
    records: int
    used: int
    nodes: tuple[Node, ...]
    starts: Mapping[int, int]
    indexes: Mapping[int, Index]
    own: Own

    def write(self, out: BinaryIO, at: int, serial: int) -> None:
        """Write it into a file that is large enough and zero, from byte `at` on; `serial` is its number (64 bits)."""
        first = _boot(self, serial)
        out.seek(at + (self.sectors - 1) * SECTOR)
        out.write(first)
        for cluster, data in self._pieces(first):
            out.seek(at + cluster * CLUSTER)
            out.write(data)

    def _pieces(self, first: bytes) -> Iterator[tuple[int, bytes]]:
        """What stands at which cluster."""
        where = {number: run.cluster or 0 for number, run in self.own.runs.items()}
        yield where[BOOT], first
        yield where[UPCASE], upcase_bytes()
        yield where[DEFINITIONS], attribute_definitions()
        yield where[LOG], b"\xff" * _LOG_SIZE
        yield where[SECURE], stream()
        yield self.own.records_in_use.cluster or 0, self._records_in_use()
        yield where[ALLOCATED], self._allocated()
        table = b"".join(self._records())
        yield where[MIRROR], table[: _MIRRORED * RECORD]
        yield where[MFT], table
        for number, index in self.indexes.items():
            yield self.starts[number], index.stored()
        for node in self.nodes:
            if node.data is not None and not node.resident:
                yield self.starts[node.number], node.data

    def _records(self) -> Iterator[bytes]:
        """All records in turn."""
        own = self.own.records(self.indexes[ROOT], self.starts[ROOT])
        files = {node.number: node for node in self.nodes}
        for number in range(self.records):
            node = files.get(number)
            yield own.get(number) or (record(number, (), 0) if node is None else self._record(node))

    def _record(self, node: Node) -> bytes:
        start = self.starts.get(node.number, 0)
        if node.data is None:
            return record(node.number, (*node.base, *self.indexes[node.number].attributes(start)), IN_USE | FOLDER)
        size = len(node.data)
        if node.resident:
            return record(node.number, (*node.base, Attribute(DATA, node.data)))
        return record(node.number, (*node.base, Attribute(DATA, run=Run(start, clusters(size)), size=size)))

    def _records_in_use(self) -> bytes:
        bits = bytearray(self.own.records_in_use_size)
        for number in (*IN_MFT, *(node.number for node in self.nodes)):
            bits[number // 8] |= 1 << number % 8
        return bytes(bits)

    def _allocated(self) -> bytes:
        """A bit for each cluster; those behind the last cluster are set too."""
        size = self.own.sizes[ALLOCATED]
        used, behind = (1 << self.used) - 1, (1 << size * 8) - (1 << self.own.clusters)
        return (used | behind).to_bytes(size, "little")


def laid_out(collection: Collection, formatted: int) -> Volume:
    """The volume of a collection; folders and the volume's own files have the time `formatted` (ticks).

    Raises ValueError for a name that NTFS cannot hold, and for two files of one path.
    """
    found = nodes(collection, FIRST, formatted)
    records = aligned(FIRST + len(found), _GROWS_BY)
    sectors = _sectors(found, records)
    own, used = _own(records, sectors, formatted)
    indexes = _indexes(found, own)
    starts: dict[int, int] = {}
    for number, size in _sizes(found, indexes):
        starts[number] = used
        used += size
    return Volume(sectors, records, used, found, starts, indexes, own)


def _sectors(found: tuple[Node, ...], records: int) -> int:
    """A volume that holds all, with a quarter and 16 MiB free, in whole MiB. Index blocks are fewer than entries."""
    data = sum(clusters(len(node.data)) for node in found if node.data is not None)
    fixed = clusters(_BOOT_SIZE + _LOG_SIZE + records * RECORD) + clusters(len(upcase_bytes())) + clusters(len(stream()))
    content = data + len(found) + fixed
    return aligned((content + content // 4 + _FREE) * CLUSTER, MIB) // SECTOR


def _own(records: int, sectors: int, formatted: int) -> tuple[Own, int]:
    """The places of the volume's own files, one behind the other, and the first cluster behind them."""
    count = (sectors - 1) // _SECTORS_A_CLUSTER  # the last sector is the copy of the first
    bits = aligned(-(-records // 8))
    sizes = {
        BOOT: _BOOT_SIZE,
        MIRROR: _MIRRORED * RECORD,
        UPCASE: len(upcase_bytes()),
        DEFINITIONS: len(attribute_definitions()),
        LOG: _LOG_SIZE,
        SECURE: len(stream()),
        ALLOCATED: aligned(-(-count // 8)),
        MFT: records * RECORD,
    }
    runs: dict[int, Run] = {}
    at = 0
    for number, size in sizes.items():
        runs[number] = Run(at, clusters(size))
        at += clusters(size)
    return Own(runs, sizes, Run(at, clusters(bits)), bits, count, formatted), at + clusters(bits)


def _indexes(found: tuple[Node, ...], own: Own) -> dict[int, Index]:
    """The index of each folder, by its record; the root's first."""
    below = listed(found)
    made = {ROOT: in_root(own, [(node.entry, named(reference(node.number), node.entry)) for node in below.get(ROOT, [])])}
    for node in found:
        if node.data is None:
            entries = [named(reference(child.number), child.entry) for child in below.get(node.number, [])]
            made[node.number] = folder_index(entries, room(node.base))
    return made


def _sizes(found: tuple[Node, ...], indexes: Mapping[int, Index]) -> Iterator[tuple[int, int]]:
    """What each record needs outside of itself, in clusters: the root, then all by path."""
    yield ROOT, clusters(len(indexes[ROOT].stored()))
    for node in found:
        if node.data is None:
            yield node.number, clusters(len(indexes[node.number].stored()))
        elif not node.resident:
            yield node.number, clusters(len(node.data))


def _boot(volume: Volume, serial: int) -> bytes:
    """The first sector: the volume's measures (BIOS parameter block), and no way to start."""
    where = volume.own.runs
    head = struct.pack("<3s8sHB7xBH", b"\xeb\x52\x90", b"NTFS    ", SECTOR, _SECTORS_A_CLUSTER, 0xF8, 0)
    head += struct.pack("<HHI4xI", 63, 255, MIB // SECTOR, 0x80_0080)
    head += struct.pack("<QQQ", volume.sectors - 1, where[MFT].cluster or 0, where[MIRROR].cluster or 0)
    head += struct.pack("<b3xb3xQ4x", -10, 1, serial)  # records of 2 to the 10th bytes, index blocks of a cluster
    return (head + _HALT).ljust(SECTOR - 2, b"\0") + b"\x55\xaa"
