"""A folder of evidence: a mounted volume or what a collector wrote. Walked without following anything, read by name."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

from triptych.evidence.access import Directory, Listed, open_folder
from triptych.evidence.collections_known import decoded, is_collection
from triptych.evidence.entry import Entry, EvidenceError, Skip
from triptych.evidence.passed_over import PassedOver
from triptych.evidence.random_access import OpenFile
from triptych.limits import Limits
from triptych.model.case import Weight


@dataclass(slots=True)
class Tally:
    """What a walk met and what became of it."""

    met: int = 0
    listed: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """An entry, whether it is an archive to look into, whether it is a folder to walk."""

    entry: Entry
    archive: bool = False
    walked: bool = False


@dataclass(slots=True)
class Folder:
    """One folder that was given. `base` stands before every path (`0:` where several were given)."""

    path: str
    base: str
    argument: int
    limits: Limits
    tally: Tally = field(default_factory=Tally)

    def walk(self, passed: PassedOver, skip: Skip | None = None) -> Iterator[Step]:
        """Everything below it, each folder's names sorted; folders for which `skip` is true are listed and not entered."""
        self.tally = Tally()
        try:
            root = open_folder(self.path)
        except OSError as error:
            self._unlisted("", error, passed)
            return
        if not root.quiet:
            passed.add(
                Weight.NOTE,
                "evidence.access-time",
                self.base or ".",
                tried="list folders without moving their access times",
                found="the system does not allow it for this account",
                advice="mount the evidence read-only",
            )
        yield from self._below(root, passed, skip)

    def _below(self, root: Directory, passed: PassedOver, skip: Skip | None) -> Iterator[Step]:
        open_now: list[tuple[Directory, Iterator[Step]]] = [(root, self._in(root, (), passed, skip))]
        try:
            while open_now:
                folder, steps = open_now[-1]
                step = next(steps, None)
                if step is None:
                    folder.close()
                    open_now.pop()
                    continue
                yield step
                if step.walked and (entered := self._enter(folder, step.entry, len(open_now), passed)):
                    names = tuple(step.entry.path[len(self.base) :].split("/"))
                    open_now.append((entered, self._in(entered, names, passed, skip)))
        finally:
            for folder, _ in open_now:
                folder.close()

    def _enter(self, folder: Directory, entry: Entry, depth: int, passed: PassedOver) -> Directory | None:
        if depth >= self.limits.folder_depth:
            passed.add(
                Weight.LOST,
                "evidence.too-deep",
                entry.path,
                tried="list this folder",
                found=f"it lies {depth} folders deep",
                lost="everything in it",
                advice="give this folder by itself",
            )
            return None
        try:
            return folder.enter(entry.path[len(self.base) :].rpartition("/")[2])
        except OSError as error:
            self._unlisted(entry.path, error, passed)
            return None

    def _unlisted(self, path: str, error: OSError, passed: PassedOver) -> None:
        passed.add(
            Weight.LOST,
            "evidence.folder-unreadable",
            path or self.base or ".",
            tried="list this folder",
            found=reason(error),
            lost="everything in it",
            advice="run with the rights to read it, or copy it",
        )

    def _in(self, folder: Directory, names: tuple[str, ...], passed: PassedOver, skip: Skip | None) -> Iterator[Step]:
        here = self.base + "".join(f"{name}/" for name in names)
        room = self.limits.folder_entries - self.tally.met
        try:
            listed, fault = folder.names(max(room, 0))
        except OSError as error:
            self._unlisted(here.removesuffix("/"), error, passed)
            return
        if fault:
            self._cut_short(here.removesuffix("/"), fault, len(listed), passed)
        beside = frozenset(one.name.casefold() for one in listed)
        self.tally.met += len(listed)
        for one in listed:
            self.tally.listed += 1
            path = here + one.name
            if one.fault:
                self._special(path, one, passed)
            parts = decoded((*names, one.name))
            entry = Entry(path, parts, one.kind, one.size, one.modified, one.target, argument=self.argument)
            if one.kind == "folder":
                yield Step(entry, walked=skip is None or not skip(parts, beside))
            else:
                yield Step(entry, archive=one.kind == "file" and is_collection(one.name, len(names), beside))

    def _cut_short(self, path: str, fault: str, kept: int, passed: PassedOver) -> None:
        passed.add(
            Weight.LOST,
            "evidence.folder-cut",
            path or self.base or ".",
            tried="list this folder to its end",
            found=fault,
            lost=f"what stands after the first {kept:,} names",
            advice="give the folders that matter by themselves",
        )

    def _special(self, path: str, one: Listed, passed: PassedOver) -> None:
        passed.add(
            Weight.LOST,
            "evidence.not-a-file",
            path,
            tried="see what kind of entry this is",
            found=one.fault,
            lost="its content; it was not opened",
            advice="no Windows volume holds such a thing: ask where the folder comes from",
        )

    def open(self, path: str) -> tuple[OpenFile, bool]:
        """A file by its path below this folder, and whether access times stay. Raises EvidenceError."""
        *folders, name = path.split("/")
        if any(step in ("", ".", "..") for step in (*folders, name)):
            raise EvidenceError("evidence.gone", "no entry of a folder can have such a path")
        with ExitStack() as stack:
            try:
                folder = open_folder(self.path)
                stack.callback(folder.close)
                for step in folders:
                    folder = folder.enter(step)
                    stack.callback(folder.close)
                descriptor, quiet = folder.open(name)
            except (OSError, ValueError) as error:
                raise as_evidence_error(error) from error
        return OpenFile(descriptor), quiet


def reason(error: OSError) -> str:
    """An error of the operating system in its own words."""
    return error.strerror or str(error)


def as_evidence_error(error: OSError | ValueError) -> EvidenceError:
    """An error of the operating system as one of ours."""
    if isinstance(error, ValueError):
        return EvidenceError("evidence.gone", "no such file can exist")
    codes = {
        errno.ENOENT: ("evidence.gone", "it is not there any more"),
        errno.ENOTDIR: ("evidence.gone", "it is not there any more"),
        errno.ELOOP: ("evidence.link", "it is a link, which is never followed"),
        errno.EACCES: ("evidence.denied", "the system does not let this account read it"),
        errno.EPERM: ("evidence.denied", "the system does not let this account read it"),
        errno.ENXIO: ("evidence.not-a-file", "it is no regular file, which is never read"),
    }
    code, words = codes.get(error.errno or 0, ("evidence.unreadable", f"the system could not open it: {reason(error)}"))
    return EvidenceError(code, words)
