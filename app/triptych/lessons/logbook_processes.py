"""What Windows and Sysmon log of processes, the registry, files and PowerShell."""

from __future__ import annotations

from triptych.lessons.logbook import LoggedEvent, Logon, Process, Value
from triptych.lessons.logbook_running import Running


def process(machine: Running, started: Process, *, elevation: str = "") -> tuple[LoggedEvent, ...]:
    """A process was created: 4688 with its command line, Sysmon 1 with hashes and parent."""
    raise NotImplementedError


def registry_set(machine: Running, time: int, by: Process, key: str, name: str, details: str) -> tuple[LoggedEvent, ...]:
    r"""A value was set: Sysmon 13 and 4657. `key` as `HKLM\SOFTWARE\...`; `details` as Sysmon writes it (`DWORD (0x00000000)`)."""
    raise NotImplementedError


def registry_deleted(machine: Running, time: int, by: Process, key: str, name: str = "") -> tuple[LoggedEvent, ...]:
    """A value (with a `name`) or a key was deleted: Sysmon 12, and 4657 for a value."""
    raise NotImplementedError


def registry_renamed(machine: Running, time: int, by: Process, key: str, new: str) -> tuple[LoggedEvent, ...]:
    """A key was renamed: Sysmon 14."""
    raise NotImplementedError


def file_created(machine: Running, time: int, by: Process, path: str) -> tuple[LoggedEvent, ...]:
    """A file was written: Sysmon 11."""
    raise NotImplementedError


def file_deleted(machine: Running, time: int, by: Process, path: str) -> tuple[LoggedEvent, ...]:
    """A file was deleted: Sysmon 26."""
    raise NotImplementedError


def script_block(machine: Running, time: int, by: Process, text: str, path: str = "") -> tuple[LoggedEvent, ...]:
    """PowerShell compiled a script block: 4104 (of several parts where the text is long), and 400 of the classic log."""
    raise NotImplementedError
