"""Evidence as somebody hands it over: a folder, a zip of a collector, a tar. The same files give the same bytes.

Shapes, as the collectors name things: `plain` (the drive's root), `kape` (`<host>/C/...`), `velociraptor`
(`uploads/auto/C%3A/...` with its own escapes), `cylr` (`C/...`).
"""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from triptych.model.times import TICKS_A_DAY, TICKS_A_SECOND, from_parts, to_unix

_ZIP_FIRST = from_parts(1980, 1, 1)
_ZIP_FOLDER, _ZIP_ARCHIVE = 0x10, 0x20
_ESCAPED = '%:*?"<>|'


@dataclass(frozen=True, slots=True)
class File:
    """A file of the evidence: its path from the drive's root with `/`, its bytes, its modification time in ticks."""

    path: str
    data: bytes
    modified: int


@dataclass(frozen=True, slots=True)
class Collection:
    """What was taken from one machine: files by path, empty folders, the machine's name, the moment (ticks)."""

    name: str
    taken: int
    files: tuple[File, ...]
    folders: tuple[str, ...] = ()


def placed(collection: Collection, path: str, shape: str) -> str:
    """Where a path of the drive stands in a collection of that shape. Raises KeyError for an unknown shape."""
    return {
        "plain": lambda: path,
        "kape": lambda: f"{collection.name}/C/{path}",
        "velociraptor": lambda: "uploads/auto/C%3A/" + _velociraptor(path),
        "cylr": lambda: f"C/{path}",
    }[shape]()


def _velociraptor(path: str) -> str:
    return "".join(f"%{ord(char):02X}" if char in _ESCAPED else char for char in path)


def write_folder(collection: Collection, folder: Path, shape: str = "plain") -> None:
    """The files below a folder, with their times."""
    for path in collection.folders:
        (folder / placed(collection, path, shape)).mkdir(parents=True, exist_ok=True)
    for file in collection.files:
        target = folder / placed(collection, file.path, shape)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.data)
        nanoseconds = (file.modified - from_parts(1970, 1, 1)) * 100
        os.utime(target, ns=(nanoseconds, nanoseconds))


def zip_bytes(collection: Collection, shape: str = "kape") -> bytes:
    """A zip archive: times in UTC to two seconds, as zip keeps them, members by path."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(collection.folders):
            info = zipfile.ZipInfo(placed(collection, path, shape) + "/", _zip_time(collection.taken))
            info.create_system, info.external_attr = 0, _ZIP_FOLDER
            archive.writestr(info, b"")
        for file in collection.files:
            info = zipfile.ZipInfo(placed(collection, file.path, shape), _zip_time(file.modified))
            info.create_system, info.external_attr, info.compress_type = 0, _ZIP_ARCHIVE, zipfile.ZIP_DEFLATED
            archive.writestr(info, file.data)
    return out.getvalue()


def _zip_time(ticks: int) -> tuple[int, int, int, int, int, int]:
    seconds = max(ticks, _ZIP_FIRST) % TICKS_A_DAY // TICKS_A_SECOND
    year, month, day = _date(max(ticks, _ZIP_FIRST))
    return year, month, day, seconds // 3600, seconds // 60 % 60, seconds % 60


def _date(ticks: int) -> tuple[int, int, int]:
    day = date.fromordinal(date(1601, 1, 1).toordinal() + ticks // TICKS_A_DAY)
    return day.year, day.month, day.day


def tar_bytes(collection: Collection, shape: str = "plain") -> bytes:
    """A tar archive (pax), with times to the microsecond."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(_parents(collection)):
            info = tarfile.TarInfo(placed(collection, path, shape))
            info.type, info.mode, info.mtime = tarfile.DIRTYPE, 0o755, int(to_unix(collection.taken))
            archive.addfile(info)
        for file in collection.files:
            info = tarfile.TarInfo(placed(collection, file.path, shape))
            info.size, info.mtime = len(file.data), round(to_unix(file.modified), 6)
            archive.addfile(info, io.BytesIO(file.data))
    return out.getvalue()


def _parents(collection: Collection) -> Iterable[str]:
    found = set(collection.folders)
    for path in [*collection.folders, *(file.path for file in collection.files)]:
        parts = path.split("/")[:-1]
        found.update("/".join(parts[: number + 1]) for number in range(len(parts)))
    return found
