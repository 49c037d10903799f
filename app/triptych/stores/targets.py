"""The files that tasks start, where they are at hand: are they there, and what do they say of themselves?

Collections hold artefacts and few programs: of them only what was collected is told, since a file that was not is not missing.
"""

from __future__ import annotations

import ntpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from triptych.evidence.entry import Skip
from triptych.evidence.layouts import Found, Item
from triptych.evidence.source import Entry, EvidenceSource
from triptych.formats.faults import Faults
from triptych.limits import MIB, Limits
from triptych.model.evidence import stated, unreadable
from triptych.model.task import Text, Trace, TraceKind
from triptych.model.times import Instant
from triptych.stores.files import FileRead, read_file, whole_file, written
from triptych.stores.job import Answer, Job, StoreReader

NAME = "targets"
LIMIT = 32 * MIB
_KIND = "program"
_BATCH = 50
_WHOLE = ("volume", "collection")  # kinds of views that may be more than artefacts
_INDEX = re.compile(r"^\d+:")
# Programs that no Windows lacks.
_ALWAYS_THERE = ("ntdll.dll", "kernel32.dll", "ntoskrnl.exe", "svchost.exe", "cmd.exe")
_SYSTEM32, _MANY = "windows\\system32\\", 50
_SUFFIXES = ("", ".exe", ".com", ".bat", ".cmd")
_SEARCHED = (_SYSTEM32, "windows\\", "windows\\system32\\wbem\\", "windows\\system32\\windowspowershell\\v1.0\\")


@dataclass(frozen=True, slots=True)
class Volume:
    """The files of the running system by their path below the drive's root: case-folded, with backslashes."""

    files: dict[str, Entry]
    root: str

    @property
    def whole(self) -> bool:
        """Whether programs that no Windows lacks are here: the evidence is then more than a collection of artefacts."""
        return any(_SYSTEM32 + name in self.files for name in _ALWAYS_THERE)

    @property
    def complete(self) -> bool:
        """Whether System32 holds so many programs that one which is not there is missing, and not merely not collected."""
        programs = (path for path in self.files if path.startswith(_SYSTEM32) and path.endswith((".exe", ".dll")))
        return sum(1 for _ in programs) >= _MANY

    def find(self, command: str) -> Entry | None:
        """The file that a command names, as the service would look for it; None where it is not there."""
        below = _below_root(command)
        if below is None:
            return None
        places = ("",) if "\\" in below or below != command.casefold().strip() else ("", *_SEARCHED)
        candidates = (place + below + suffix for place in places for suffix in _SUFFIXES)
        return next((self.files[path] for path in candidates if path in self.files), None)


def _below_root(command: str) -> str | None:
    """A path below the drive's root, case-folded; None for what no volume of this machine holds (UNC, other drives)."""
    path = command.strip().replace("/", "\\").casefold()
    for prefix in ("\\\\?\\", "\\??\\"):
        path = path.removeprefix(prefix)
    if path.startswith(("\\\\", "unc\\")) or "%" in path or not path:
        return None
    drive, below = ntpath.splitdrive(path)
    if drive not in ("", "c:"):
        return None
    return ntpath.normpath(below).lstrip("\\")


def jobs_of(found: Found, commands: Iterable[str], source: EvidenceSource) -> list[Job]:
    """Jobs that look at the programs which tasks start, given by full path or bare name; of a collection, those that it holds.

    An item of these jobs bears the command as `task`; its `role` is yes, no or not-collected, its `path` that of the file.
    """
    wanted = sorted(set(commands))
    volume = _volume(found, wanted, source)
    if volume is None:
        return []
    absent = "no" if volume.complete else "not-collected"
    asked = [command for command in wanted if volume.whole or volume.find(command) is not None]
    items = [_item(command, volume, found, absent) for command in asked]
    jobs = []
    for at in range(0, len(items), _BATCH):
        batch = items[at : at + _BATCH]
        size = sum(min(item.size, LIMIT) for item in batch)
        jobs.append(
            Job(NAME, f"programs that tasks start, {at + 1} to {at + len(batch)}", tuple(item.as_row() for item in batch), size)
        )
    return jobs


def _volume(found: Found, commands: list[str], source: EvidenceSource) -> Volume | None:
    """What the running system's volume holds where the commands lead; None where the evidence has no volume."""
    view = next((view for view in found.views if not view.name), None)
    if view is None or view.kind not in _WHOLE:
        return None
    root = view.root if not view.root or view.root.endswith((":", "/")) else f"{view.root}/"
    files: dict[str, Entry] = {}
    for entry in source.entries(_skip(root, commands)):
        if entry.kind == "file" and entry.path.startswith(root):
            files.setdefault(entry.path[len(root) :].replace("/", "\\").casefold(), entry)
    return Volume(files, root)


def _skip(root: str, commands: list[str]) -> Skip:
    """Leave out every folder that no command leads through: a volume has half a million files."""
    above = tuple(name.casefold() for name in _INDEX.sub("", root).split("/") if name)
    ways: set[tuple[str, ...]] = set()
    for path in (*_SEARCHED, *(_below_root(command) or "" for command in commands)):
        names = path.split("\\")[:-1]
        ways.update(tuple(names[:depth]) for depth in range(1, len(names) + 1))

    def skip(parts: tuple[str, ...], beside: frozenset[str]) -> bool:
        names = tuple(part.casefold() for part in parts)
        if len(names) <= len(above):
            return names != above[: len(names)]
        return names[: len(above)] != above or names[len(above) :] not in ways

    return skip


def _item(command: str, volume: Volume, found: Found, absent: str) -> Item:
    entry = volume.find(command)
    if entry is None:
        state = "not-collected" if _below_root(command) is None else absent
        proof = next((item.path for item in found.items if not item.view), "")
        return Item(state, proof, "", state, command)
    return Item("yes", entry.path, "", entry.path[len(volume.root) :], command, size=entry.size, modified=entry.modified)


def _read(job: Job, source: EvidenceSource, limits: Limits) -> Iterator[Answer]:
    for row in job.items:
        item = Item.from_row(row)
        if item.role != "yes":
            yield _absent(item)
            continue
        faults = Faults(item.path)
        file = read_file(source, item, _KIND, LIMIT, faults)
        yield _target(item, file, faults)
        yield from faults.problems
        yield file.ledger


def _absent(item: Item) -> Trace:
    """A command without a file. What proves it is the listing of the volume; the file cited is one that stands in it."""
    ref = whole_file(item.path or ".", 1)
    elsewhere = _below_root(item.task) is None
    note = "another machine or drive, or a variable of an account" if elsewhere else "the evidence holds no file of this path"
    readings: tuple[tuple[str, Text], ...] = (("command", stated(item.task, ref)), ("exists", stated(item.role, ref, note=note)))
    return Trace(TraceKind.TARGET, item.task, readings, (ref,))


def _target(item: Item, file: FileRead, faults: Faults) -> Trace:
    ref = file.ref
    readings: list[tuple[str, Text]] = [
        ("command", stated(item.task, ref)),
        ("exists", stated("yes", ref)),
        ("file", stated(item.inner, ref)),
        ("size", stated(str(item.size), ref)),
    ]
    if item.modified is not None:
        readings.append(("modified", stated(Instant(item.modified).iso, ref)))
    if file.ledger.id:
        readings.append(("sha256", stated(file.ledger.id, ref)))
    if file.data is None:
        readings.append(("kind", unreadable("", ref, note=file.ledger.note)))
    else:
        from triptych.formats.pe_version import read_version  # late: pefile takes long to load, and few collections hold programs

        version = read_version(file.data, item.path, faults)
        readings.append(("kind", stated("program" if version.is_program else "no program (PE)", ref)))
        readings += version.readings
    modified = written(item, ref).value
    return Trace(TraceKind.TARGET, item.task, tuple(readings), (ref,), modified)


TARGETS = StoreReader(NAME, lambda found: [], _read)
