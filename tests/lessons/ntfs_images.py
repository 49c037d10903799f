"""NTFS images read by two libraries that have nothing to do with the writer: libfsntfs and The Sleuth Kit."""

from __future__ import annotations

import hashlib
import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyfsntfs
import pytsk3

from triptych.model.times import TICKS_A_SECOND, from_parts

VOLUME_AT = 1 << 20
UNIX = from_parts(1970, 1, 1)
DATA, FILE_NAME = 0x80, 0x30
ROOT = 5


@dataclass(frozen=True)
class Seen:
    """What a reader says of a path. `times` are created, modified, record changed, accessed (ticks); `names` those of the index."""

    folder: bool
    size: int
    sha256: str
    times: tuple[int, int, int, int]
    names: tuple[int, int, int, int]


class Part(io.RawIOBase):
    """The volume within an image, as a file."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._at = 0
        self._size = path.stat().st_size - VOLUME_AT

    def read(self, size: int = -1) -> bytes:
        self._file.seek(VOLUME_AT + self._at)
        data = self._file.read(size)
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def get_size(self) -> int:
        return self._size

    def close(self) -> None:
        self._file.close()


def by_libfsntfs(path: Path) -> dict[str, Seen]:
    """Every path of the volume that is not its own file."""
    part, volume = Part(path), pyfsntfs.volume()
    volume.open_file_object(part)
    try:
        return dict(_below_libfsntfs(volume.get_root_directory(), ""))
    finally:
        volume.close()
        part.close()


def _below_libfsntfs(folder: pyfsntfs.file_entry, above: str) -> Iterator[tuple[str, Seen]]:
    for entry in folder.sub_file_entries:
        name = above + entry.name
        if not above and entry.file_reference & 0xFFFFFFFFFFFF < 27:
            continue
        is_folder = entry.has_directory_entries_index()
        data = b"" if is_folder else entry.read_buffer(entry.size) if entry.size else b""
        times = (
            entry.get_creation_time_as_integer(), entry.get_modification_time_as_integer(),
            entry.get_entry_modification_time_as_integer(), entry.get_access_time_as_integer(),
        )  # fmt: skip
        names = (
            entry.get_i30_creation_time_as_integer(), entry.get_i30_modification_time_as_integer(),
            entry.get_i30_entry_modification_time_as_integer(), entry.get_i30_access_time_as_integer(),
        )  # fmt: skip
        yield name, Seen(is_folder, 0 if is_folder else entry.size, hashlib.sha256(data).hexdigest(), times, names)
        if is_folder:
            yield from _below_libfsntfs(entry, name + "/")


def sleuth(path: Path) -> pytsk3.FS_Info:
    """The volume, found by the partition table."""
    image = pytsk3.Img_Info(str(path))
    (start,) = [part.start for part in pytsk3.Volume_Info(image) if b"NTFS" in part.desc]
    return pytsk3.FS_Info(image, start * 512)


def by_sleuth(path: Path) -> dict[str, Seen]:
    """Every path of the volume that is not its own file."""
    return dict(_below_sleuth(sleuth(path).open_dir("/"), ""))


def _below_sleuth(folder: pytsk3.Directory, above: str) -> Iterator[tuple[str, Seen]]:
    for entry in folder:
        name = entry.info.name.name.decode()
        meta = entry.info.meta
        if name in (".", "..") or (not above and (entry.info.name.meta_addr < 27 or name == "$OrphanFiles")):
            continue
        is_folder = meta.type == pytsk3.TSK_FS_META_TYPE_DIR
        size = 0 if is_folder else meta.size
        data = entry.read_random(0, size) if size else b""
        times = tuple(
            UNIX + getattr(meta, which) * TICKS_A_SECOND + getattr(meta, f"{which}_nano") // 100
            for which in ("crtime", "mtime", "ctime", "atime")
        )
        (named,) = [attribute for attribute in entry if int(attribute.info.type) == FILE_NAME]
        held = entry.read_random(0, named.info.size, named.info.type, named.info.id)
        yield above + name, Seen(is_folder, size, hashlib.sha256(data).hexdigest(), times, struct.unpack_from("<4Q", held, 8))
        if is_folder:
            yield from _below_sleuth(entry.as_directory(), above + name + "/")


def content(fs: pytsk3.FS_Info, number: int, kind: int = DATA, name: bytes | None = None) -> bytes:
    """The content of an attribute of a record."""
    held = fs.open_meta(number)
    (found,) = [one for one in held if int(one.info.type) == kind and one.info.name == name]
    return held.read_random(0, found.info.size, found.info.type, found.info.id) if found.info.size else b""


def occupied(fs: pytsk3.FS_Info) -> list[int]:
    """The clusters of everything that has some, in the order of records; one that two have stands there twice."""
    found: list[int] = []
    for number in range(fs.info.last_inum):  # the last is the library's own
        for attribute in fs.open_meta(number):
            for run in attribute:
                if not run.flags & pytsk3.TSK_FS_ATTR_RUN_FLAG_SPARSE:
                    found += range(run.addr, run.addr + run.len)
    return found


def bits(data: bytes) -> set[int]:
    """The numbers of the bits that are set."""
    return {8 * at + bit for at, byte in enumerate(data) for bit in range(8) if byte >> bit & 1}
