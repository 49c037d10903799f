"""A Windows machine that never was: its tasks, accounts and hives, and the files that a collection of it would hold.

A machine is a plain value. What a hand did to it afterwards is a function from Machine to Machine (`deviations/`): it changes
the description where the service would have known, and adds an `edit` of the finished keys where only the registry knows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from triptych.lessons.access import key_descriptor
from triptych.lessons.collection import Collection, File, tar_bytes, write_folder, zip_bytes
from triptych.lessons.hive_log import dirty_with_new_log, dirty_with_old_log, split_new_logs
from triptych.lessons.hive_writer import write_hive
from triptych.lessons.host import Hives, Host
from triptych.lessons.logbook import LoggedEvent, LogPolicy
from triptych.lessons.logbook_files import log_files, record_id, security_root, tell_channels
from triptych.lessons.software_hive import software_root
from triptych.lessons.system_hive import system_root, user_roots
from triptych.lessons.task_spec import TaskSpec
from triptych.lessons.task_xml import xml_bytes

CONFIG = "Windows/System32/config"
TASKS = "Windows/System32/Tasks"


Edit = Callable[[Hives], None]


@dataclass(frozen=True, slots=True)
class Machine(Host):
    """`edits` change the finished keys in order; `logged_edits` come after them and stand in the SOFTWARE hive's log alone.

    `extra_files` come on top and replace files of the same path; `folders` are empty folders of the evidence.

    `events` are everything that was ever handed to the logs, in any order, `logs` which of it was written and is still there;
    without a policy the evidence has no logs at all. Events take no part in the hash, so that a machine stays cheap to look up.
    """

    seed: int = 0
    edits: tuple[Edit, ...] = ()
    logged_edits: tuple[Edit, ...] = ()
    extra_files: tuple[File, ...] = ()
    folders: tuple[str, ...] = ()
    events: tuple[LoggedEvent, ...] = field(default=(), hash=False)
    logs: LogPolicy | None = None

    def task(self, path: str) -> TaskSpec:
        """Raises KeyError."""
        folded = path.casefold()
        for task in self.tasks:
            if task.path.casefold() == folded:
                return task
        raise KeyError(path)

    def with_task(self, *tasks: TaskSpec) -> Machine:
        """The machine with these tasks, each in the place of the one of the same path, or added."""
        new = {task.path.casefold(): task for task in tasks}
        kept = tuple(new.pop(task.path.casefold(), task) for task in self.tasks)
        return replace(self, tasks=kept + tuple(new.values()))

    def without_task(self, path: str) -> Machine:
        gone = self.task(path)
        return replace(self, tasks=tuple(task for task in self.tasks if task is not gone))

    def with_edit(self, *edits: Edit) -> Machine:
        return replace(self, edits=self.edits + edits)

    def with_logged_edit(self, *edits: Edit) -> Machine:
        return replace(self, logged_edits=self.logged_edits + edits)

    def with_file(self, path: str, data: bytes, modified: int = 0) -> Machine:
        """The machine with a file more, or in place of another; its time is that of the collection where none is given."""
        added = File(path, data, modified or self.collected)
        return replace(self, extra_files=(*(file for file in self.extra_files if file.path != path), added))

    def with_events(self, *events: LoggedEvent) -> Machine:
        """The machine with more events in its logs; they need not come in order."""
        return replace(self, events=self.events + events)

    def with_cleared_log(self, channel: str, time: int, *events: LoggedEvent) -> Machine:
        """The machine after a log was cleared: all before `time` is gone from it; `events` tell of it (`log_cleared`)."""
        policy = self.logs or LogPolicy()
        return replace(self.with_events(*events), logs=replace(policy, cleared=(*policy.cleared, (channel, time))))

    def record_id(self, event: LoggedEvent) -> int:
        """The number that an event's record has in its log. Raises LookupError where it was never written."""
        return record_id(event, self.events, self.logs or LogPolicy())

    def contents(self) -> tuple[File, ...]:
        """All files with their times, by path."""
        held = _contents(replace(self, events=()) if self.events else self)
        if self.logs is None:
            return held
        files = {file.path: file for file in (*_logs(self), *held)}
        return tuple(files[path] for path in sorted(files))

    def files(self) -> dict[str, bytes]:
        """All files, by path from the drive's root."""
        return {file.path: file.data for file in self.contents()}

    def collection(self) -> Collection:
        """The machine's files as somebody takes them away."""
        return Collection(self.name, self.collected, self.contents(), self.folders)

    def write(self, folder: Path, shape: str = "plain") -> None:
        """The files below a folder, with their times; `shape` as in `collection`."""
        write_folder(self.collection(), folder, shape)

    def write_zip(self, path: Path, shape: str = "kape") -> None:
        path.write_bytes(zip_bytes(self.collection(), shape))

    def write_tar(self, path: Path, shape: str = "plain") -> None:
        path.write_bytes(tar_bytes(self.collection(), shape))


def task_file(path: str) -> str:
    """Where the XML file of a task stands, from the drive's root."""
    return TASKS + path.replace("\\", "/")


@lru_cache(maxsize=2)
def _logs(machine: Machine) -> tuple[File, ...]:
    """The event logs, kept for the last two machines alone, since they are large."""
    return tuple(log_files(machine, machine.events, machine.logs))


@lru_cache(maxsize=16)
def _contents(machine: Machine) -> tuple[File, ...]:
    """Everything but the event logs, by path; the machine comes without its events."""
    files = {file.path: file for file in (*_hive_files(machine), *_task_files(machine), *machine.extra_files)}
    return tuple(files[path] for path in sorted(files))


def _task_files(machine: Machine) -> list[File]:
    return [
        File(task_file(task.path), xml_bytes(task.definition, task.xml_order), task.times.file)
        for task in machine.tasks
        if task.has_file
    ]


def built_hives(machine: Machine, edits: tuple[Edit, ...]) -> Hives:
    """The keys of a machine after these edits, before they are written."""
    hives = Hives(software_root(machine), system_root(machine), user_roots(machine))
    if machine.logs is not None:
        tell_channels(hives, machine, machine.logs)
    for edit in edits:
        edit(hives)
    return hives


def _hive_files(machine: Machine) -> list[File]:
    hives = built_hives(machine, machine.edits)
    written = machine.collected
    software = _software_bytes(machine, hives)
    made = [File(f"{CONFIG}/SYSTEM", write_hive(hives.system, r"\SystemRoot\System32\Config\SYSTEM", key_descriptor()), written)]
    if machine.logs is not None:
        security = write_hive(security_root(machine, machine.logs), r"\SystemRoot\System32\Config\SECURITY", key_descriptor())
        made.append(File(f"{CONFIG}/SECURITY", security, written))
    if machine.logged_edits:
        software, first, second = _logged(machine, software)
        made += [File(f"{CONFIG}/SOFTWARE.LOG1", first, written), File(f"{CONFIG}/SOFTWARE.LOG2", second, written)]
    made.append(File(f"{CONFIG}/SOFTWARE", software, written))
    for account in machine.accounts:
        root = hives.users.get(account.sid)
        if root is not None:
            home = f"Users/{account.profile}/AppData/Local/Microsoft/Windows"
            name = rf"\??\C:\Users\{account.profile}\AppData\Local\Microsoft\Windows\UsrClass.dat"
            made.append(File(f"{home}/UsrClass.dat", write_hive(root, name, key_descriptor()), written))
    return made


def _logged(machine: Machine, software: bytes) -> tuple[bytes, bytes, bytes]:
    """Primary, LOG1 and LOG2. Of several logged edits the first stands in LOG1, the others in LOG2 (new format alone)."""

    def after(count: int) -> bytes:
        return _software_bytes(machine, built_hives(machine, machine.edits + machine.logged_edits[:count]))

    last = after(len(machine.logged_edits))
    if not machine.windows.new_logs:
        return (*dirty_with_old_log(software, last), b"")
    if len(machine.logged_edits) == 1:
        return (*dirty_with_new_log(software, last), b"")
    return split_new_logs(software, after(1), last)


def _software_bytes(machine: Machine, hives: Hives) -> bytes:
    return write_hive(hives.software, r"\SystemRoot\System32\Config\SOFTWARE", key_descriptor(), written=machine.collected)
