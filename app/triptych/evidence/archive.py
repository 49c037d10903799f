"""What all archives have in common: members by number, their bytes as a stream that is counted as it comes out.

A member's name is an index and nothing else: no file is ever made under it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from triptych.evidence.entry import EvidenceError, Stream
from triptych.evidence.random_access import Copy
from triptych.limits import Limits
from triptych.model.case import Problem, Weight

CHUNK = 1 << 16
TARGET = 4096  # bytes of a link's target


@dataclass(frozen=True, slots=True)
class Member:
    """One member: `name` as the archive spells it, `parts` the names it stands for, `outside` where these leave the archive.

    `size` is what the archive declares, `packed` the bytes it takes there. `refused` is why it cannot be read (a problem's
    code and a sentence), empty where nothing is known against it.
    """

    number: int
    name: str
    parts: tuple[str, ...]
    kind: str
    size: int
    packed: int
    modified: int | None
    target: str = ""
    outside: bool = False
    refused: tuple[str, str] = ("", "")


class Archive(Protocol):
    """An archive whose directory was read. `problems` name a file by the empty path; whoever knows its path fills it in."""

    @property
    def members(self) -> tuple[Member, ...]: ...
    @property
    def promised(self) -> int:
        """How many members the archive says it has."""
        ...

    @property
    def problems(self) -> tuple[Problem, ...]: ...
    def chunks(self, member: Member) -> Iterator[bytes]:
        """The bytes of a file, in pieces. Raises Damaged after the last good piece, EvidenceError where there is none."""
        ...


class Damaged(Exception):
    """A member that ends too early or does not agree with its checksum; what came before it is good to have."""


@dataclass(frozen=True, slots=True)
class Got:
    """Bytes of a file, whether they are all of it and sound, what to tell the reader of the ledger, when it was modified."""

    data: bytes
    whole: bool = True
    note: str = ""
    modified: int | None = None


def names_in(name: str) -> tuple[tuple[str, ...], bool, bool]:
    """A member's name as names from the archive's root; whether it is absolute; whether it climbs out (`..`).

    Backslashes part names too: NTFS has none in a name, and Windows tools write them. Empty names and `.` say nothing.
    """
    slashes = name.replace("\\", "/")
    parts = tuple(part for part in slashes.split("/") if part not in ("", "."))
    return parts, slashes.startswith("/"), ".." in parts


def refusal(kind: str, size: int, packed: int, limits: Limits) -> tuple[str, str]:
    """Why a member of that size is not unpacked: a code and a sentence, empty where nothing speaks against it."""
    if kind != "file":
        return "", ""
    if size > limits.archive_member:
        return "archive.too-large", f"it declares {size:,} bytes, more than the {limits.archive_member:,} that are unpacked"
    if size > limits.archive_ratio_from and size > limits.archive_ratio * max(packed, 1):
        return "archive.ratio", f"{packed:,} bytes would unpack to {size:,}: more than {limits.archive_ratio} to 1"
    return "", ""


def gather(archive: Archive, member: Member, limit: int, limits: Limits) -> Got:
    """The bytes of a member, counted as they come out, whatever it declared. Raises EvidenceError."""
    pieces: list[bytes] = []
    note = _unpack(archive, member, limit, limits, pieces.append)
    return Got(b"".join(pieces), not note, note, member.modified)


def copied(archive: Archive, member: Member, limit: int, limits: Limits) -> Stream:
    """A member unpacked to a copy without a name: in memory while it is small, then on disk. Raises EvidenceError."""
    copy = Copy(limits.archive_in_memory)
    note = _unpack(archive, member, limit, limits, copy.append)
    return Stream(copy, member.modified, not note, note)


def _unpack(archive: Archive, member: Member, limit: int, limits: Limits, take: Callable[[bytes], None]) -> str:
    """Hand on the bytes of a member, and give what is wrong with them ("" nothing). Raises EvidenceError."""
    if member.refused[0]:
        raise EvidenceError(*member.refused)
    if member.kind != "file":
        raise EvidenceError("evidence.not-a-file", "it is no regular file, which is never read")
    if member.size > limit:
        raise EvidenceError("evidence.too-large", f"it declares {member.size:,} bytes, more than the {limit:,} that are read")
    total = 0
    note = ""
    try:
        for piece in archive.chunks(member):
            total += len(piece)
            check_flow(total, member.packed, limit, limits)
            take(piece)
    except Damaged as fault:
        if not total:
            raise EvidenceError("archive.damaged", f"nothing of it could be unpacked: {fault}") from fault
        note = str(fault)
    if total != member.size and not note:
        note = f"the archive declares {member.size:,} bytes and holds {total:,}"
    return note


def check_flow(total: int, packed: int, limit: int, limits: Limits) -> None:
    """Raises EvidenceError where more came out than may."""
    if total > limit:
        raise EvidenceError("evidence.too-large", f"more than the {limit:,} bytes that are read came out of the archive")
    if total > limits.archive_ratio_from and total > limits.archive_ratio * max(packed, 1):
        raise EvidenceError("archive.ratio", f"{packed:,} bytes unpack to more than {limits.archive_ratio} times as many")


def problem(severity: Weight, code: str, where: str, *, tried: str, found: str, lost: str = "nothing", advice: str = "") -> Problem:
    """A problem of an archive that does not know its own path yet."""
    return Problem(severity, code, "", where, tried, found, lost, advice)
