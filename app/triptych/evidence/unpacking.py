"""From bytes to an archive: by signature, a compressed tar unpacked once into an unnamed copy with limits."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, cast

from triptych.evidence import signatures
from triptych.evidence.archive import Archive, problem
from triptych.evidence.entry import EvidenceError
from triptych.evidence.random_access import Copy, RandomAccess, Window
from triptych.evidence.tar_members import TarArchive
from triptych.evidence.zip_members import ZipArchive
from triptych.limits import MIB, Limits
from triptych.model.case import Problem, Weight

_BROKEN = (EOFError, OSError, zlib.error, lzma.LZMAError, ValueError)


@dataclass(frozen=True, slots=True)
class Opened:
    """An archive, what it reads from, and what was wrong on the way there."""

    archive: Archive
    access: RandomAccess
    problems: tuple[Problem, ...] = ()


def open_archive(access: RandomAccess, limits: Limits) -> Opened:
    """The archive in these bytes. Raises EvidenceError where there is none, or none that can be read."""
    kind = signatures.archive_kind(access.read_at(0, signatures.HEAD))
    if kind == "tar":
        return Opened(TarArchive(access, limits), access)
    if kind in ("gzip", "bzip2", "xz"):
        copy, problems = _unpacked(access, kind, limits)
        return Opened(TarArchive(copy, limits), copy, problems)
    return Opened(ZipArchive(access, limits), access)


def room(limits: Limits) -> int:
    """How many bytes may be unpacked to a temporary copy: half of what is free, at most the limit."""
    try:
        free = shutil.disk_usage(tempfile.gettempdir()).free // 2
    except OSError:  # no temporary folder: what fits into memory
        free = limits.archive_in_memory
    return min(limits.archive_sum, free)


def _stream(access: RandomAccess, kind: str) -> io.BufferedIOBase:
    window = Window(access, MIB)
    if kind == "gzip":
        return gzip.GzipFile(fileobj=window, mode="rb")
    return bz2.BZ2File(window) if kind == "bzip2" else lzma.LZMAFile(cast("IO[bytes]", window))


def _unpacked(access: RandomAccess, kind: str, limits: Limits) -> tuple[Copy, tuple[Problem, ...]]:
    copy = Copy(limits.archive_in_memory)
    try:
        for piece in _pieces(access, kind, copy, limits):
            if not copy.size and not signatures.is_tar(piece):
                raise EvidenceError(
                    "archive.not-a-tar", f"it is one file packed with {kind}, not a tar: unpack it and give the file"
                )
            copy.append(piece)
    except _BROKEN as error:
        if not copy.size:
            raise EvidenceError("archive.damaged", f"nothing of it could be unpacked: {error}") from error
        return copy, (_cut("archive.damaged", f"{error} after {copy.size:,} bytes"),)
    except _TooMuch as error:
        return copy, (_cut(error.code, str(error)),)
    return copy, ()


class _TooMuch(EvidenceError):
    """The copy has reached a limit; what is in it is good."""


def _pieces(access: RandomAccess, kind: str, copy: Copy, limits: Limits) -> Iterator[bytes]:
    most = room(limits)
    with _stream(access, kind) as stream:
        begin = b""  # the first block decides whether it is a tar
        while piece := stream.read1(MIB):  # read() would lose what comes before a fault
            begin += piece
            if len(begin) >= 512:
                break
        if begin:
            yield begin
        while piece := stream.read1(MIB):
            total = copy.size + len(piece)
            if total > most:
                raise _TooMuch("archive.no-room", f"more than {most:,} bytes come out, the limit or half of the free disk")
            if total > limits.archive_ratio_from and total > limits.archive_ratio * access.size:
                raise _TooMuch("archive.ratio", f"{access.size:,} bytes unpack to more than {limits.archive_ratio} times as many")
            yield piece


def _cut(code: str, found: str) -> Problem:
    return problem(
        Weight.LOST,
        code,
        "the compressed stream",
        tried="unpack the archive to its end",
        found=found,
        lost="every member after that place",
        advice="get a whole copy of the archive, or unpack it and give the folder",
    )
