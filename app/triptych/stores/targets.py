"""The files that tasks start, where the evidence is a whole volume: are they there, and what do they say of themselves?

Collections hold artefacts and no programs: of them nothing is said, since a file that was not collected is not missing.
"""

from __future__ import annotations

import ntpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from triptych.evidence.layouts import Found, Item, View
from triptych.evidence.source import Entry, EvidenceSource
from triptych.formats.faults import Faults
from triptych.formats.pe_version import read_version
from triptych.limits import MIB, Limits
from triptych.model.case import Case
from triptych.model.evidence import stated, unreadable
from triptych.model.task import Text, Trace, TraceKind
from triptych.model.times import Instant
from triptych.stores.files import FileRead, read_file, whole_file, written
from triptych.stores.job import Answer, Job, StoreReader

NAME = "targets"
LIMIT = 32 * MIB
_KIND = "program"
_BATCH = 50
# Programs that no Windows lacks: where one of them lies in System32, the evidence is more than a collection.
_ALWAYS_THERE = ("ntdll.dll", "kernel32.dll", "ntoskrnl.exe", "svchost.exe", "cmd.exe")
_SYSTEM32, _MANY = "windows\\system32\\", 50
_VARIABLES = {
    "windir": "c:\\windows", "systemroot": "c:\\windows", "systemdrive": "c:", "programfiles": "c:\\program files",
    "programfiles(x86)": "c:\\program files (x86)", "programw6432": "c:\\program files", "programdata": "c:\\programdata",
    "allusersprofile": "c:\\programdata", "commonprogramfiles": "c:\\program files\\common files", "public": "c:\\users\\public",
    "comspec": "c:\\windows\\system32\\cmd.exe",
}  # fmt: skip
_VARIABLE = re.compile(r"%([^%\\/\s]{1,64})%")
_SUFFIXES = ("", ".exe", ".com", ".bat", ".cmd")
_SEARCHED = (_SYSTEM32, "windows\\", "windows\\system32\\wbem\\", "windows\\system32\\windowspowershell\\v1.0\\")


@dataclass(frozen=True, slots=True)
class Volume:
    """The files of the running system by their path below the drive's root: case-folded, with backslashes."""

    files: dict[str, Entry]
    root: str

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


def expanded(command: str) -> str:
    """A command without quotes, with the variables that are the same on every machine; others stay as they are."""
    bare = command.strip().strip('"').strip()
    return _VARIABLE.sub(lambda match: _VARIABLES.get(match.group(1).casefold(), match.group()), bare)


def _below_root(command: str) -> str | None:
    """A path below the drive's root, case-folded; None for what no volume of this machine holds (UNC, other drives)."""
    path = command.strip().replace("/", "\\").casefold()
    for prefix in ("\\\\?\\", "\\??\\"):
        path = path.removeprefix(prefix)
    if path.startswith("\\\\") or "%" in path or not path:
        return None
    drive, below = ntpath.splitdrive(path)
    if drive not in ("", "c:"):
        return None
    return ntpath.normpath(below).lstrip("\\")


def volume_of(found: Found, source: EvidenceSource) -> Volume | None:
    """The volume of the running system; None where the evidence is a mere collection or holds no Windows."""
    view = next((view for view in found.views if not view.name), None)
    if view is None:
        return None
    root = _root_of(view, found)
    files: dict[str, Entry] = {}
    for entry in source.entries():
        if entry.kind == "file" and entry.path.startswith(root):
            files.setdefault(entry.path[len(root) :].replace("/", "\\").casefold(), entry)
    whole = any(_SYSTEM32 + name in files for name in _ALWAYS_THERE)
    return Volume(files, root) if whole else None


def _root_of(view: View, found: Found) -> str:
    """What stands before `Windows/...` in the evidence paths of a view: from an item of it, else from the view itself."""
    for item in found.items:
        if item.view == view.name and item.inner and item.path.casefold().endswith(item.inner.casefold()):
            return item.path[: len(item.path) - len(item.inner)]
    return f"{view.root.rstrip('/')}/" if view.root else ""


def commands_of(case: Case) -> tuple[str, ...]:
    """Every program that a task of the running system starts, in any telling, expanded and each once."""
    found = {
        expanded(action.command.value)
        for record in case.records
        if not record.view
        for action in record.actions
        if action.command.value
    }
    return tuple(sorted(command for command in found if command))


def jobs_for(case: Case, found: Found, source: EvidenceSource) -> list[Job]:
    """Jobs that look at what the tasks of a case start."""
    return jobs_of(found, commands_of(case), source)


def jobs_of(found: Found, commands: Iterable[str], source: EvidenceSource) -> list[Job]:
    """Jobs for commands that are expanded already; none where the evidence is no volume.

    An item of these jobs bears the command as `task`, the file's evidence path as `path` ("" where there is none) and what is
    known of its absence as `inner`.
    """
    volume = volume_of(found, source)
    if volume is None:
        return []
    absent = "no" if volume.complete else "not-collected"
    items = [_item(command, volume, found, absent) for command in sorted(set(commands))]
    jobs = []
    for at in range(0, len(items), _BATCH):
        batch = items[at : at + _BATCH]
        size = sum(min(item.size, LIMIT) for item in batch)
        jobs.append(
            Job(NAME, f"programs that tasks start, {at + 1} to {at + len(batch)}", tuple(item.as_row() for item in batch), size)
        )
    return jobs


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
        version = read_version(file.data, item.path, faults)
        readings.append(("kind", stated("program" if version.is_program else "no program (PE)", ref)))
        readings += version.readings
    modified = written(item, ref).value
    return Trace(TraceKind.TARGET, item.task, tuple(readings), (ref,), modified)


TARGETS = StoreReader(NAME, lambda found: [], _read)
