"""A disk image: a partition table with one NTFS volume at 1 MiB, which holds the files of a collection."""

from __future__ import annotations

import struct
from pathlib import Path

from triptych.lessons.chance import Chance
from triptych.lessons.collection import Collection
from triptych.lessons.ntfs_records import SECTOR
from triptych.lessons.ntfs_volume import laid_out
from triptych.limits import MIB

VOLUME_AT = MIB
"""Where the volume begins, as Windows aligns partitions."""

_NTFS = 0x07
_NO_CYLINDERS = b"\xfe\xff\xff"
_SIGNATURE_AT = 440


def write_disk(collection: Collection, path: Path, formatted: int) -> None:
    """Write the image to a file that is not there yet; the same collection gives the same bytes.

    A file has its one time as all of its times. Folders and the volume's own files have `formatted` (ticks), the moment at which
    the machine was set up: a folder's own time would tell when somebody put something into it. Volume and disk are numbered by
    what the evidence shows anyway. Raises ValueError for a name that NTFS cannot hold, two files of one path, and OSError.
    """
    volume = laid_out(collection, formatted)
    chance = Chance("disk", collection.name, collection.taken, formatted)
    signature, serial = chance.number(1, 0xFFFFFFFF), chance.number(1, 2**64 - 1)
    with path.open("xb") as out:
        out.truncate(VOLUME_AT + volume.sectors * SECTOR)
        out.write(_table(signature, volume.sectors))
        volume.write(out, VOLUME_AT, serial)


def _table(signature: int, sectors: int) -> bytes:
    """The master boot record; its one partition is not active, and there is no code."""
    entry = struct.pack("<B3sB3sII", 0, _NO_CYLINDERS, _NTFS, _NO_CYLINDERS, VOLUME_AT // SECTOR, sectors)
    head = struct.pack("<I2x", signature).rjust(_SIGNATURE_AT + 6, b"\0") + entry
    return head.ljust(SECTOR - 2, b"\0") + b"\x55\xaa"
