"""Folders opened so that nothing in them can mislead the reader: by descriptor, never through a link, regular files only.

On systems with `openat` every step goes from an open folder to a name in it, with O_NOFOLLOW, O_NONBLOCK (a FIFO named like
a task must not hang) and O_NOATIME where it is allowed. On Windows paths are used, links are told by the reparse attribute,
and the prefix `\\\\?\\` lets names such as `con` and `trailing.` be opened as they are.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from typing import Protocol

from triptych.evidence.entry import EvidenceError
from triptych.model import times

_REPARSE = 0x400  # FILE_ATTRIBUTE_REPARSE_POINT
_PLAIN = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOCTTY", 0)
_GUARDED = _PLAIN | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_NOATIME = getattr(os, "O_NOATIME", 0)
_FOLDER = getattr(os, "O_DIRECTORY", 0)


@dataclass(frozen=True, slots=True)
class Listed:
    """A name in a folder, as `lstat` tells it; `fault` where the system would not tell."""

    name: str
    kind: str
    size: int = 0
    modified: int | None = None
    target: str = ""
    fault: str = ""


class Directory(Protocol):
    """An open folder. `quiet` is False where the system would not promise to leave access times alone."""

    @property
    def quiet(self) -> bool: ...
    def names(self, most: int) -> tuple[list[Listed], str]:
        """At most `most` names, sorted, and why it ends too early ("" where it does not). Raises OSError."""
        ...

    def enter(self, name: str) -> Directory:
        """A folder in it. Raises OSError, also for a link."""
        ...

    def open(self, name: str) -> tuple[int, bool]:
        """A descriptor of a regular file in it, and whether access times stay. Raises OSError, EvidenceError."""
        ...

    def close(self) -> None: ...


def open_folder(path: str) -> Directory:
    """The folder at a path that a person gave (links in it are followed: they are not the evidence's). Raises OSError."""
    if os.scandir in os.supports_fd and os.open in os.supports_dir_fd:
        descriptor, quiet = _open(os.path.realpath(path), _PLAIN | _FOLDER, None)
        return DescriptorDirectory(descriptor, quiet)
    return PathDirectory(long_path(os.path.realpath(path)))


def long_path(path: str, windows: bool = os.name == "nt") -> str:
    r"""An absolute path in the spelling that lets Windows take every name as it is: `\\?\C:\x`, `\\?\UNC\host\share\x`."""
    if not windows or path.startswith("\\\\?\\"):
        return path
    return f"\\\\?\\UNC{path[1:]}" if path.startswith("\\\\") else f"\\\\?\\{path}"


def kind_of(mode: int, attributes: int = 0) -> str:
    """file, folder, link or other, from a mode and, on Windows, the file attributes."""
    if stat.S_ISLNK(mode) or attributes & _REPARSE:
        return "link"
    if stat.S_ISDIR(mode):
        return "folder"
    return "file" if stat.S_ISREG(mode) else "other"


def special_of(mode: int) -> str:
    """What a thing is that is no file, folder or link, in words."""
    words = {
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a FIFO",
        stat.S_IFCHR: "a character device",
        stat.S_IFBLK: "a block device",
        stat.S_IFSOCK: "a socket",
    }
    return words.get(stat.S_IFMT(mode), "no regular file")


class DescriptorDirectory:
    """A folder by its descriptor."""

    def __init__(self, descriptor: int, quiet: bool) -> None:
        self._descriptor, self.quiet = descriptor, quiet

    def names(self, most: int) -> tuple[list[Listed], str]:
        return _names(self._descriptor, most, self._target)

    def _target(self, entry: os.DirEntry[str]) -> str:
        return os.readlink(entry.name, dir_fd=self._descriptor)

    def enter(self, name: str) -> DescriptorDirectory:
        return DescriptorDirectory(*_open(name, _GUARDED | _FOLDER, self._descriptor))

    def open(self, name: str) -> tuple[int, bool]:
        mode = os.stat(name, dir_fd=self._descriptor, follow_symlinks=False).st_mode
        if stat.S_ISLNK(mode):
            raise OSError(errno.ELOOP, "a link")
        if not stat.S_ISREG(mode):  # to open a device may already do something
            raise EvidenceError("evidence.not-a-file", f"it is {special_of(mode)}, which is never read")
        return _regular(*_open(name, _GUARDED, self._descriptor))

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __del__(self) -> None:
        self.close()


class PathDirectory:
    """A folder by its path, for systems that cannot open from a descriptor (Windows)."""

    quiet = False

    def __init__(self, path: str) -> None:
        self._path = path

    def names(self, most: int) -> tuple[list[Listed], str]:
        return _names(self._path, most, lambda entry: os.readlink(entry.path))  # noqa: PTH115 - odd names

    def enter(self, name: str) -> PathDirectory:
        return PathDirectory(self._checked(name, "folder"))

    def open(self, name: str) -> tuple[int, bool]:
        return _regular(os.open(self._checked(name, "file"), _GUARDED), False)

    def _checked(self, name: str, kind: str) -> str:
        path = os.path.join(self._path, name)  # noqa: PTH118 - pathlib drops dots and slashes that are part of odd names
        found = os.lstat(path)
        if kind_of(found.st_mode, getattr(found, "st_file_attributes", 0)) != kind:
            raise OSError(errno.ELOOP if kind == "folder" else errno.EINVAL, f"not a {kind}")
        return path

    def close(self) -> None:
        """Nothing is held open."""


class _Target(Protocol):
    def __call__(self, entry: os.DirEntry[str], /) -> str: ...


def _names(place: int | str, most: int, target: _Target) -> tuple[list[Listed], str]:
    found: list[Listed] = []
    fault = ""
    with os.scandir(place) as listing:
        try:
            for entry in listing:
                if len(found) >= most:
                    fault = f"more than {most:,} entries"
                    break
                found.append(_listed(entry, target))
        except OSError as error:  # the medium failed between two names: keep those before
            fault = error.strerror or str(error)
    return sorted(found, key=lambda one: one.name), fault


def _listed(entry: os.DirEntry[str], target: _Target) -> Listed:
    try:
        found = entry.stat(follow_symlinks=False)
        kind = kind_of(found.st_mode, getattr(found, "st_file_attributes", 0))
        if kind == "other":
            return Listed(entry.name, kind, fault=special_of(found.st_mode))
        leads = _leads(entry, target) if kind == "link" else ""
        return Listed(entry.name, kind, found.st_size, times.from_unix_ns(found.st_mtime_ns).ticks, leads)
    except (OSError, ValueError) as error:  # one entry the file system cannot give (a junction on a foreign mount)
        return Listed(entry.name, "other", fault=getattr(error, "strerror", None) or str(error))


def _leads(entry: os.DirEntry[str], target: _Target) -> str:
    try:
        return target(entry)
    except (OSError, ValueError):  # a reparse point that is no link in the eyes of this system
        return ""


def _open(name: str, flags: int, folder: int | None) -> tuple[int, bool]:
    if _NOATIME:
        try:
            return os.open(name, flags | _NOATIME, dir_fd=folder), True
        except PermissionError as error:
            if error.errno != errno.EPERM:  # EPERM: only the owner may ask to leave the access time alone
                raise
    descriptor = os.open(name, flags, dir_fd=folder)
    return descriptor, _never_moves(descriptor)


def _never_moves(descriptor: int) -> bool:
    """Whether the mount keeps no access times or takes no writes at all."""
    quiet = getattr(os, "ST_RDONLY", 0) | getattr(os, "ST_NOATIME", 0)
    return bool(quiet) and bool(os.fstatvfs(descriptor).f_flag & quiet)


def _regular(descriptor: int, quiet: bool) -> tuple[int, bool]:
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise EvidenceError("evidence.not-a-file", f"it is {special_of(mode)}, which is never read")
    return descriptor, quiet
