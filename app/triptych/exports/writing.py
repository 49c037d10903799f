"""Writing an export: whole or not at all, and never over a file that is there."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

Data = bytes | Iterable[bytes]
"""What is written: whole, or in pieces that are made as they are asked for."""


class OutputError(Exception):
    """An export that could not be written; the message is a sentence for the person."""


def check(target: str, force: bool) -> None:
    """Raises OutputError where `write` would not write: asked before a long scan."""
    if target == "-" or force:
        return
    path = Path(target)
    try:
        there = not _takes_a_stream(path) and (path.is_symlink() or path.exists())
    except OSError as error:
        raise OutputError(f"{target} cannot be written ({error.strerror or error}).") from error
    if there:
        raise OutputError(f"{target} is there already; give --force to replace it, or another name.")


def check_folder(target: str, names: Iterable[str], force: bool) -> None:
    """The same for `write_folder`."""
    if target == "-":
        raise OutputError("These are several files: give a folder instead of -.")
    for name in names:
        check(str(Path(target) / name), force)


def write(target: str, data: Data, force: bool = False) -> None:
    """Write to a path, or to standard output for `-`. Raises OutputError; leaves no part of a file behind.

    The permissions are those that the person's umask gives to any new file. A device or pipe is written into, never replaced.
    """
    if target == "-":
        sys.stdout.buffer.writelines(_pieces(data))
        sys.stdout.buffer.flush()
        return
    check(target, force)
    path = Path(target)
    try:
        if _takes_a_stream(path):
            with path.open("wb") as stream:
                stream.writelines(_pieces(data))
        else:
            _replace(path, data)
    except OSError as error:
        needed = f"; {len(data):,} bytes are needed" if isinstance(data, bytes) else ""
        raise OutputError(f"{target} could not be written ({error.strerror or error}){needed}.") from error


def _pieces(data: Data) -> Iterable[bytes]:
    return (data,) if isinstance(data, bytes) else data


def _takes_a_stream(path: Path) -> bool:
    return path.exists() and not path.is_file() and not path.is_dir()


def _replace(path: Path, data: Data) -> None:
    part = path.parent / f".{secrets.token_hex(8)}.part"
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(_pieces(data))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _settle(path.parent)


def _settle(folder: Path) -> None:
    """Bring the new name to the disk too, where the system can do that for a folder."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_folder(target: str, files: Mapping[str, Data], force: bool = False) -> None:
    """Write several files into a folder, made where missing. Raises OutputError before anything is written where one is there."""
    check_folder(target, files, force)
    folder = Path(target)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{target} cannot be made a folder ({error.strerror or error}).") from error
    for name, data in files.items():
        write(str(folder / name), data, force=True)
