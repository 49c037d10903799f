"""Writing an export: whole or not at all, and never over a file that is there."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path


class OutputError(Exception):
    """An export that could not be written; the message is a sentence for the person."""


def write(target: str, data: bytes, force: bool = False) -> None:
    """Write to a path, or to standard output for `-`. Raises OutputError; leaves no part of a file behind."""
    if target == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    path = Path(target)
    if path.exists() and not force:
        raise OutputError(f"{target} is there already; give --force to replace it, or another name.")
    try:
        _replace(path, data)
    except OSError as error:
        raise OutputError(f"{target} could not be written ({error.strerror or error}); {len(data):,} bytes are needed.") from error


def _replace(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_folder(target: str, files: dict[str, bytes], force: bool = False) -> None:
    """Write several files into a folder, made where missing. Raises OutputError before anything is written where one is there."""
    folder = Path(target)
    there = [name for name in files if (folder / name).exists()]
    if there and not force:
        raise OutputError(f"{folder / there[0]} is there already; give --force to replace it, or another folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{target} cannot be made a folder ({error.strerror or error}).") from error
    for name, data in files.items():
        write(str(folder / name), data, force=True)
