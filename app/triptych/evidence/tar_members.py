"""Tar archives, read in place: the headers by the standard library, the data by their offsets.

No `tarfile` filters: Python 3.11.2 of Debian 12 has none, and nothing is ever extracted under a member's name.
"""

from __future__ import annotations

import struct
import tarfile
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from triptych.evidence.archive import CHUNK, Damaged, Member, names_in, problem, refusal
from triptych.evidence.random_access import RandomAccess, Window
from triptych.limits import MIB, Limits
from triptych.model import times
from triptych.model.case import Problem, Weight

_HEADER_AT_MOST = 16 * MIB  # pax headers are a few hundred bytes; one may claim anything
_BROKEN = (tarfile.TarError, ValueError, OverflowError, struct.error, OSError, EOFError, IndexError, KeyError)


class TarArchive:
    """A tar archive, not compressed. Members before a damaged header are kept."""

    def __init__(self, access: RandomAccess, limits: Limits) -> None:
        self._access, self._limits = access, limits
        self._infos: list[tarfile.TarInfo] = []
        self._members: list[Member] = []
        self._problems: list[Problem] = []
        self._list()
        self.promised = len(self._members)

    @property
    def members(self) -> tuple[Member, ...]:
        return tuple(self._members)

    @property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(self._problems)

    def _list(self) -> None:
        try:
            window = Window(self._access, _HEADER_AT_MOST)
            with tarfile.open(fileobj=window, mode="r:", encoding="utf-8", errors="surrogateescape") as tar:
                while info := tar.next():
                    if len(self._members) >= self._limits.archive_members:
                        self._stopped("archive.too-many", f"the limit is {self._limits.archive_members:,}")
                        return
                    self._add(info)
        except _BROKEN as error:
            self._stopped("archive.damaged", str(error) or type(error).__name__)

    def _stopped(self, code: str, found: str) -> None:
        self._problems.append(
            problem(
                Weight.LOST,
                code,
                f"the header after member {len(self._members):,}",
                tried="read the next member's header",
                found=found,
                lost="every member after it",
                advice="get a whole copy of the archive, or unpack what can be unpacked and give the folder",
            )
        )

    def _add(self, info: tarfile.TarInfo) -> None:
        parts, _, climbs = names_in(info.name)  # absolute names are normal here: acquire writes /fs/c:/Windows
        kind = _kind(info)
        size = max(info.size, 0) if kind == "file" else 0
        packed = _stored_size(info)
        refused = refusal(kind, size, packed, self._limits)
        target = f"{info.linkname} (the same file, by a hard link)" if info.islnk() else info.linkname if info.issym() else ""
        member = Member(len(self._members), info.name, parts, kind, size, packed, _modified(info), target, climbs, refused)
        self._infos.append(info)
        self._members.append(member)

    def chunks(self, member: Member) -> Iterator[bytes]:
        info = self._infos[member.number]
        at = info.offset_data
        done = 0
        for start, length in _stretches(info):
            yield from _zeros(min(start, member.size) - done)
            done = max(done, min(start, member.size))
            while length > 0 and done < member.size:
                piece = self._access.read_at(at, min(CHUNK, length, member.size - done))
                if not piece:
                    raise Damaged(f"the archive ends {member.size - done:,} bytes too early")
                yield piece
                at, length, done = at + len(piece), length - len(piece), done + len(piece)
        yield from _zeros(member.size - done)


def _kind(info: tarfile.TarInfo) -> str:
    if info.issym() or info.islnk():
        return "link"
    if info.isdir():
        return "folder"
    return "file" if info.isreg() else "other"


def _stretches(info: tarfile.TarInfo) -> list[tuple[int, int]]:
    """Offset and length of each stretch that is in the archive; the rest of a sparse file is zeros."""
    sparse: list[tuple[int, int]] | None = getattr(info, "sparse", None)
    return sorted(sparse) if sparse else [(0, info.size)]


def _stored_size(info: tarfile.TarInfo) -> int:
    return sum(max(length, 0) for _, length in _stretches(info)) if info.isreg() else 0


def _zeros(length: int) -> Iterator[bytes]:
    while length > 0:
        yield bytes(min(CHUNK, length))
        length -= CHUNK


def _modified(info: tarfile.TarInfo) -> int | None:
    """Ticks of the modification time, exact where a pax header tells it in decimals; None where it is no number."""
    text = info.pax_headers.get("mtime", info.mtime)
    try:
        return times.from_unix_ns(int(Decimal(text) * 1_000_000_000)).ticks
    except (InvalidOperation, ValueError, OverflowError):
        return None
