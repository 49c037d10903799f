"""An archive and the archives in it, as entries with paths: `outer.zip!/C/Windows`, `outer.zip!/inner.zip!/C/Windows`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from triptych.evidence.archive import CHUNK, Archive, Damaged, Got, Member, check_flow, copied, gather
from triptych.evidence.collections_known import decoded, is_collection
from triptych.evidence.entry import Entry, EvidenceError, Stream
from triptych.evidence.passed_over import PassedOver
from triptych.evidence.random_access import Copy, RandomAccess
from triptych.limits import Limits
from triptych.model.case import Balance, Problem, Weight

if TYPE_CHECKING:
    from triptych.evidence.unpacking import Opened

_SEPARATOR = "!/"
_PEEKABLE = ("", "archive.ratio", "archive.too-large")  # refusals that do not speak against the first bytes


@dataclass(slots=True)
class _Index:
    """What an archive holds, once its directory was read; `opened` is None where it cannot be."""

    opened: Opened | None = None
    entries: list[Entry] = field(default_factory=list)
    members: dict[str, Member] = field(default_factory=dict)  # by the path inside
    inner: dict[str, ArchiveTree] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    lost: int = 0
    roots: int = 0  # members that are the archive's own root (`./`)


class ArchiveTree:
    """One archive. `path` is its own spelling, `parts` stand before those of its members, `depth` 1 is the outermost."""

    def __init__(
        self, opener: Callable[[], RandomAccess], path: str, parts: tuple[str, ...], argument: int, limits: Limits, depth: int = 1
    ) -> None:
        self._opener, self._path, self._parts = opener, path, parts
        self._argument, self._limits, self._depth = argument, limits, depth
        self._access: RandomAccess | None = None
        self._known: _Index | None = None

    def entries(self, passed: PassedOver, balances: list[Balance]) -> Iterator[Entry]:
        """Every member that stays inside the archive, and those of the archives in it."""
        index = self._index()
        passed.extend(index.problems)
        if index.opened:
            promised = index.opened.archive.promised - index.roots
            balances.append(Balance(self._path, "members", promised, len(index.entries), 0, index.lost))
        for entry in index.entries:
            yield entry
            tree = index.inner.get(entry.path[len(self._path) + len(_SEPARATOR) :])
            if tree is not None:
                yield from tree.entries(passed, balances)

    def read(self, path: str, limit: int) -> Got:
        """A member by its path inside this archive. Raises EvidenceError."""
        tree, rest = self._holder(path)
        return tree.read(rest, limit) if tree else gather(self._archive(), self._member(path), limit, self._limits)

    def open(self, path: str, limit: int) -> Stream:
        """A member by its path inside this archive, as a copy that is read in pieces. Raises EvidenceError."""
        tree, rest = self._holder(path)
        return tree.open(rest, limit) if tree else copied(self._archive(), self._member(path), limit, self._limits)

    def peek(self, path: str, length: int) -> bytes:
        """The first bytes of a member. Raises EvidenceError."""
        tree, rest = self._holder(path)
        if tree:
            return tree.peek(rest, length)
        member = self._member(path)
        refused = member.refused[0] not in _PEEKABLE or (member.refused[0] == "archive.ratio" and length > CHUNK)
        if member.kind != "file" or refused:
            raise EvidenceError(member.refused[0] or "evidence.not-a-file", member.refused[1] or "it is no regular file")
        head = b""
        try:
            for piece in self._archive().chunks(member):
                head += piece
                if len(head) >= length:
                    break
        except Damaged as fault:
            if not head:
                raise EvidenceError("archive.damaged", f"nothing of it could be unpacked: {fault}") from fault
        return head[:length]

    def modified(self, path: str) -> int | None:
        """When a member was last modified, in ticks; None where that is not known. Raises EvidenceError."""
        tree, rest = self._holder(path)
        return tree.modified(rest) if tree else self._member(path).modified

    def close(self) -> None:
        """Forget what was read and close the file."""
        if self._known is not None:
            for tree in self._known.inner.values():
                tree.close()
            if self._known.opened is not None:
                self._known.opened.access.close()
        if self._access is not None:
            self._access.close()
        self._access, self._known = None, None

    def _archive(self) -> Archive:
        opened = self._index().opened
        if opened is None:
            raise EvidenceError("archive.not-readable", "the archive that holds it cannot be read")
        return opened.archive

    def _member(self, path: str) -> Member:
        member = self._index().members.get(path)
        if member is None:
            self._archive()
            raise EvidenceError("evidence.gone", "the archive holds no such member")
        return member

    def _holder(self, path: str) -> tuple[ArchiveTree | None, str]:
        """The inner archive that holds a path, and the rest of the path; None where it is a member of this one."""
        index = self._index()
        at = path.find(_SEPARATOR)
        while at >= 0 and path not in index.members:
            if tree := index.inner.get(path[:at]):
                return tree, path[at + len(_SEPARATOR) :]
            at = path.find(_SEPARATOR, at + 1)
        return None, path

    def _index(self) -> _Index:
        if self._known is None:
            self._known = self._made()
        return self._known

    def _made(self) -> _Index:
        index = _Index()
        try:
            self._access = self._opener()
            from triptych.evidence.unpacking import open_archive  # late: a folder of loose files needs no unpacking

            index.opened = open_archive(self._access, self._limits)
        except EvidenceError as error:
            index.problems.append(self._problem(error.code, self._path, "open this archive", str(error), "everything in it"))
            return index
        archive = index.opened.archive
        index.problems += [replace(one, file=self._path) for one in (*index.opened.problems, *archive.problems)]
        index.lost = archive.promised - len(archive.members)
        twins: Counter[str] = Counter()
        for member in archive.members:
            if member.parts and not member.outside:
                self._enter(index, member, twins)
            elif member.outside or member.kind != "folder":
                index.lost += 1
                index.problems.append(self._outside(member))
            else:
                index.roots += 1
        self._find_inner(index, archive)
        return index

    def _enter(self, index: _Index, member: Member, twins: Counter[str]) -> None:
        plain = "/".join(member.parts)
        inside, ordinal = plain, 0
        if member.kind != "folder":
            ordinal, twins[plain] = twins[plain], twins[plain] + 1
            if ordinal:
                inside = f"{plain}#{ordinal + 1}"
            while inside in index.members:  # another member really bears that name
                inside += "#"
        path = f"{self._path}{_SEPARATOR}{inside}"
        if member.kind != "folder":
            index.members[inside] = member
            index.problems += self._doubts(member, path, plain, ordinal)
        parts = decoded((*self._parts, *member.parts))
        entry = Entry(path, parts, member.kind, member.size, member.modified, member.target, ordinal, self._argument)
        index.entries.append(entry)

    def _doubts(self, member: Member, path: str, plain: str, ordinal: int) -> Iterator[Problem]:
        if ordinal:
            yield Problem(
                Weight.DOUBT,
                "archive.same-name",
                path,
                f"member {member.number + 1:,}",
                tried="tell the members apart by their names",
                found=f"{ordinal + 1} members are named {plain}",
                lost="nothing: all are read",
                advice="other programs show only one of them; compare them",
            )
        if member.kind == "other":
            found = "a FIFO, a device or a socket"
            yield self._problem(
                "evidence.not-a-file", path, "see what kind of member this is", found, "its content; it was not opened"
            )
        if member.refused[0]:
            yield self._problem(member.refused[0], path, "unpack this member", member.refused[1], "its content")

    def _outside(self, member: Member) -> Problem:
        return self._problem(
            "archive.outside",
            self._path,
            f"place the member named {member.name}",
            "the name leads out of the archive" if member.parts else "it has no name",
            "this member: it was not read as a part of Windows",
            f"member {member.number + 1:,}",
        )

    def _problem(self, code: str, file: str, tried: str, found: str, lost: str, where: str = "") -> Problem:
        advice = _ADVICE.get(code, "unpack the archive with another program and give the folder")
        return Problem(Weight.LOST, code, file, where, tried, found, lost, advice)

    def _find_inner(self, index: _Index, archive: Archive) -> None:
        beside: dict[tuple[str, ...], set[str]] = {}
        for member in index.members.values():
            for depth in range(min(len(member.parts), 2)):
                beside.setdefault(member.parts[:depth], set()).add(member.parts[depth].casefold())
        for inside, member in index.members.items():
            above = member.parts[:-1]
            if member.kind != "file" or not is_collection(member.parts[-1], len(above), frozenset(beside.get(above, ()))):
                continue
            path = f"{self._path}{_SEPARATOR}{inside}"
            if self._depth >= self._limits.archive_nesting:
                found = f"it lies {self._depth} archives deep, an archive at depth {self._depth + 1}"
                index.problems.append(self._problem("archive.nesting", path, "look into this archive", found, "everything in it"))
            elif not member.refused[0]:
                parts = (*self._parts, *member.parts)
                opener = _unpacking(archive, member, self._limits)
                index.inner[inside] = ArchiveTree(opener, path, parts, self._argument, self._limits, self._depth + 1)


_ADVICE = {
    "archive.outside": "no collector writes such names: ask where the archive comes from",
    "archive.encrypted": "unpack it with its password and give the folder",
    "archive.nesting": "unpack the outer archive and give the inner one",
    "archive.ratio": "if it is no archive bomb, unpack it with another program and give the folder",
    "archive.not-a-tar": "unpack it and give the file",
    "evidence.not-a-file": "no Windows volume holds such a thing: ask where the archive comes from",
}


def _unpacking(archive: Archive, member: Member, limits: Limits) -> Callable[[], RandomAccess]:
    """What makes a copy of an archive that is a member of another one."""

    def copy_of_it() -> RandomAccess:
        copy = Copy(limits.archive_in_memory)
        from triptych.evidence.unpacking import room  # late, see above

        most = room(limits)
        try:
            for piece in archive.chunks(member):
                check_flow(copy.size + len(piece), member.packed, most, limits)
                copy.append(piece)
        except Damaged as fault:
            if not copy.size:
                raise EvidenceError("archive.damaged", f"nothing of it could be unpacked: {fault}") from fault
        return copy

    return copy_of_it
