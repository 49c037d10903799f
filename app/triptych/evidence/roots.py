"""What one argument is and how its entries are listed and read: a folder, an archive, one file, or nothing readable."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from typing import Protocol

from triptych.evidence import access, signatures
from triptych.evidence.archive import Got
from triptych.evidence.archive_tree import ArchiveTree
from triptych.evidence.collections_known import has_archive_name
from triptych.evidence.entry import Entry, EvidenceError, Skip, Stream
from triptych.evidence.folder import Folder, as_evidence_error, reason
from triptych.evidence.passed_over import PassedOver
from triptych.evidence.random_access import OpenFile
from triptych.limits import Limits
from triptych.model.case import Balance, Weight

_MOVED = "access times may have moved: the system does not let this account read without"
_LOGS = (".log", ".log1", ".log2")
_NO_ARCHIVES = (".evtx", ".job", ".reg", ".xml", ".hive", ".hve", ".dat")  # whatever stands in them, they are meant to be these


class Root(Protocol):
    """One argument, opened. Paths are without what stands before them where several were given."""

    @property
    def kind(self) -> str:
        """folder, archive, file, image or other."""
        ...

    def entries(self, passed: PassedOver, balances: list[Balance], skip: Skip | None = None) -> Iterator[Entry]: ...
    def read(self, path: str, limit: int) -> Got: ...
    def stream(self, path: str, limit: int) -> Stream: ...
    def peek(self, path: str, length: int) -> bytes: ...
    def modified(self, path: str) -> int | None: ...
    def close(self) -> None: ...


def open_root(path: str, base: str, argument: int, limits: Limits) -> Root:
    """What the argument at an absolute path is. Raises FileNotFoundError where it is not there."""
    try:
        mode = os.stat(access.long_path(path)).st_mode  # noqa: PTH116 - the prefix is no path for pathlib
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileNotFoundError(f"no such evidence: {path}") from error
    except (OSError, ValueError) as error:
        return UnreadRoot("other", base + _name(path), "evidence.denied", str(error))
    if stat.S_ISDIR(mode):
        return FolderRoot(path, base, argument, limits)
    if not stat.S_ISREG(mode):
        found = f"{access.special_of(mode)}: disks and volumes cannot be opened yet"
        return UnreadRoot("other", base + _name(path), "evidence.not-a-file", found)
    return _of_file(FileRoot(path, base, argument, limits), path, base, argument, limits)


def _of_file(plain: FileRoot, path: str, base: str, argument: int, limits: Limits) -> Root:
    name = _name(path)
    try:
        opened = plain.open(name)
    except EvidenceError as error:
        return UnreadRoot("other", base + name, error.code, str(error))
    head = opened.read_at(0, signatures.HEAD)
    words = signatures.container_kind(head, opened.read_at(max(opened.size - 512, 0), 512), opened.size)
    opened.close()
    if words:
        return UnreadRoot("image", base + name, "evidence.image", f"{words}: such files cannot be opened yet")
    if has_archive_name(name) or (signatures.archive_kind(head) and not name.casefold().endswith(_NO_ARCHIVES)):
        return ArchiveRoot(plain, name, base, argument, limits)
    return plain


def _name(path: str) -> str:
    return os.path.basename(path)  # noqa: PTH119 - names may end in what pathlib would drop


class FolderRoot:
    """A folder, and the archives of collectors near its top."""

    kind = "folder"

    def __init__(self, path: str, base: str, argument: int, limits: Limits) -> None:
        self._folder = Folder(path, base, argument, limits)
        self._trees: dict[str, ArchiveTree] = {}

    def entries(self, passed: PassedOver, balances: list[Balance], skip: Skip | None = None) -> Iterator[Entry]:
        for step in self._folder.walk(passed, skip):
            yield step.entry
            if step.archive:
                yield from self._tree(step.entry.path[len(self._folder.base) :]).entries(passed, balances)
        tally = self._folder.tally
        balances.append(Balance(self._folder.base or ".", "entries", tally.met, tally.listed))

    def read(self, path: str, limit: int) -> Got:
        try:
            return whole_file(*self._folder.open(path), limit)
        except EvidenceError as error:
            tree, rest = self._archive_of(path, error)
            return tree.read(rest, limit)

    def stream(self, path: str, limit: int) -> Stream:
        try:
            return held_open(*self._folder.open(path), limit)
        except EvidenceError as error:
            tree, rest = self._archive_of(path, error)
            return tree.open(rest, limit)

    def peek(self, path: str, length: int) -> bytes:
        try:
            return first_bytes(self._folder.open(path)[0], length)
        except EvidenceError as error:
            tree, rest = self._archive_of(path, error)
            return tree.peek(rest, length)

    def modified(self, path: str) -> int | None:
        try:
            opened, _ = self._folder.open(path)
            return opened.modified
        except EvidenceError as error:
            tree, rest = self._archive_of(path, error)
            return tree.modified(rest)

    def close(self) -> None:
        for tree in self._trees.values():
            tree.close()

    def _archive_of(self, path: str, error: EvidenceError) -> tuple[ArchiveTree, str]:
        """The archive in this folder that holds a path; raises the error where there is none."""
        at = path.find("!/")
        while error.code == "evidence.gone" and at >= 0:
            name = path[:at]
            if has_archive_name(name):
                return self._tree(name), path[at + 2 :]
            at = path.find("!/", at + 1)
        raise error

    def _tree(self, path: str) -> ArchiveTree:
        if path not in self._trees:
            folder = self._folder
            parts = tuple(path.split("/"))
            self._trees[path] = ArchiveTree(lambda: folder.open(path)[0], folder.base + path, parts, folder.argument, folder.limits)
        return self._trees[path]


class ArchiveRoot:
    """An archive that was given by itself."""

    kind = "archive"

    def __init__(self, file: FileRoot, name: str, base: str, argument: int, limits: Limits) -> None:
        self._before = f"{name}!/"
        self._tree = ArchiveTree(lambda: file.open(name), base + name, (), argument, limits)

    def entries(self, passed: PassedOver, balances: list[Balance], skip: Skip | None = None) -> Iterator[Entry]:
        yield from self._tree.entries(passed, balances)

    def read(self, path: str, limit: int) -> Got:
        return self._tree.read(self._inside(path), limit)

    def stream(self, path: str, limit: int) -> Stream:
        return self._tree.open(self._inside(path), limit)

    def peek(self, path: str, length: int) -> bytes:
        return self._tree.peek(self._inside(path), length)

    def modified(self, path: str) -> int | None:
        return self._tree.modified(self._inside(path))

    def close(self) -> None:
        self._tree.close()

    def _inside(self, path: str) -> str:
        if not path.startswith(self._before):
            raise EvidenceError("evidence.gone", "the archive given holds no such member")
        return path[len(self._before) :]


class FileRoot:
    """One file, and the transaction logs that lie beside a hive (SOFTWARE.LOG1, in any case)."""

    kind = "file"

    def __init__(self, path: str, base: str, argument: int, limits: Limits) -> None:
        if not os.path.exists(access.long_path(path)):  # noqa: PTH110 - the prefix is no path for pathlib
            raise FileNotFoundError(f"no such file: {path}")
        real = os.path.realpath(path)  # what a person gave may be a link; what lies in evidence may not
        self._folder = os.path.dirname(real)  # noqa: PTH120
        self._name, self._real = _name(path), _name(real)
        self._base, self._argument, self._limits = base, argument, limits

    def entries(self, passed: PassedOver, balances: list[Balance], skip: Skip | None = None) -> Iterator[Entry]:
        listed = self._listed(passed)
        balances.append(Balance(self._base + self._name, "files", len(listed), len(listed)))
        for name, one in listed:
            yield Entry(self._base + name, (name,), "file", one.size, one.modified, argument=self._argument)

    def _listed(self, passed: PassedOver) -> list[tuple[str, access.Listed]]:
        wanted = {f"{self._real}{ending}".casefold() for ending in _LOGS}
        try:
            folder = access.open_folder(self._folder)
            found, _ = folder.names(self._limits.folder_entries)
            folder.close()
        except OSError as error:
            passed.add(
                Weight.DOUBT,
                "evidence.folder-unreadable",
                self._base + self._name,
                tried="look for transaction logs beside this file",
                found=reason(error),
                lost="what a log beside it would add",
                advice="give the logs too",
            )
            found = []
        here = [one for one in found if one.kind == "file" and (one.name == self._real or one.name.casefold() in wanted)]
        return [(self._shown(one.name), one) for one in here]

    def _shown(self, name: str) -> str:
        """A name on the disk as it is shown: the same, unless a link was given, whose logs then bear the link's name."""
        return name if self._name == self._real else self._name + name[len(self._real) :]

    def _stored(self, path: str, folder: access.Directory) -> str:
        if self._name == self._real or path == self._name:
            return self._real if path == self._name else path
        names = [one.name for one in folder.names(self._limits.folder_entries)[0]]
        return next((name for name in names if self._shown(name) == path), path)

    def open(self, path: str) -> OpenFile:
        """The file or a log beside it. Raises EvidenceError."""
        return self._open(path)[0]

    def _open(self, path: str) -> tuple[OpenFile, bool]:
        try:
            folder = access.open_folder(self._folder)
            try:
                descriptor, quiet = folder.open(self._stored(path, folder))
            finally:
                folder.close()
        except (OSError, ValueError) as error:
            raise as_evidence_error(error) from error
        return OpenFile(descriptor), quiet

    def read(self, path: str, limit: int) -> Got:
        return whole_file(*self._open(self._allowed(path)), limit)

    def stream(self, path: str, limit: int) -> Stream:
        return held_open(*self._open(self._allowed(path)), limit)

    def peek(self, path: str, length: int) -> bytes:
        return first_bytes(self.open(self._allowed(path)), length)

    def modified(self, path: str) -> int | None:
        return self.open(self._allowed(path)).modified

    def _allowed(self, path: str) -> str:
        beside = {f"{self._name}{ending}".casefold() for ending in _LOGS}
        if path != self._name and path.casefold() not in beside:
            raise EvidenceError("evidence.gone", "it is not the file that was given")
        return path

    def close(self) -> None:
        """Nothing is held open."""


class UnreadRoot:
    """An argument that is there and cannot be read: it has no entries and one problem."""

    def __init__(self, kind: str, path: str, code: str, found: str) -> None:
        self.kind, self._path, self._code, self._found = kind, path, code, found

    def entries(self, passed: PassedOver, balances: list[Balance], skip: Skip | None = None) -> Iterator[Entry]:
        image = self.kind == "image" or self._code == "evidence.not-a-file"
        passed.add(
            Weight.LOST,
            self._code,
            self._path,
            tried="open this evidence",
            found=self._found,
            lost="everything in it",
            advice="mount it read-only and give the mounted folder" if image else "run with the rights to read it, or copy it",
        )
        yield from ()

    def read(self, path: str, limit: int) -> Got:
        raise EvidenceError(self._code, f"the evidence given cannot be opened: it is {self._found}")

    def stream(self, path: str, limit: int) -> Stream:
        raise EvidenceError(self._code, f"the evidence given cannot be opened: it is {self._found}")

    def peek(self, path: str, length: int) -> bytes:
        return self.read(path, length).data

    def modified(self, path: str) -> int | None:
        return None

    def close(self) -> None:
        """Nothing is held open."""


def whole_file(opened: OpenFile, quiet: bool, limit: int) -> Got:
    """All bytes of an open file, which is closed. Raises EvidenceError where there are more than `limit`."""
    try:
        data = opened.read_at(0, limit + 1) if opened.size <= limit else b""
        if opened.size > limit or len(data) > limit:
            raise EvidenceError("evidence.too-large", f"it has {opened.size:,} bytes, more than the {limit:,} that are read")
    finally:
        opened.close()
    return Got(data, True, "" if quiet else _MOVED, opened.modified)


def held_open(opened: OpenFile, quiet: bool, limit: int) -> Stream:
    """An open file to be read in pieces; it is closed where it has more than `limit` bytes, which raises EvidenceError."""
    if opened.size > limit:
        opened.close()
        raise EvidenceError("evidence.too-large", f"it has {opened.size:,} bytes, more than the {limit:,} that are read")
    return Stream(opened, opened.modified, True, "" if quiet else _MOVED)


def first_bytes(opened: OpenFile, length: int) -> bytes:
    """The first bytes of an open file, which is closed."""
    try:
        return opened.read_at(0, length)
    finally:
        opened.close()
