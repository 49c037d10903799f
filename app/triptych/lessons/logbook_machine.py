"""What Windows logs of the machine as a whole: starts, logons, services, shares, policies, and of its logs themselves."""

from __future__ import annotations

from triptych.lessons.logbook import LoggedEvent, Logon, Process, Value
from triptych.lessons.logbook_running import Running


def boot(machine: Running, clean: bool = True) -> tuple[LoggedEvent, ...]:
    """The machine started (at its `booted`): 12, 6009, 6005, 6013 of System, 4608 of Security, 400 of the task service."""
    raise NotImplementedError


def shutdown(machine: Running, time: int) -> tuple[LoggedEvent, ...]:
    """The machine went down: 402 of the task service, 13 and 6006 of System, 1100 of Security."""
    raise NotImplementedError


def logon(machine: Running, time: int, who: Logon) -> tuple[LoggedEvent, ...]:
    """An account logged on: 4624, 4672 where elevated, and 21 and 22 of the session's log for types 2, 7 and 10."""
    raise NotImplementedError


def logoff(machine: Running, time: int, who: Logon) -> tuple[LoggedEvent, ...]:
    """The account logged off: 4634 (4647 before it at the keyboard), 23 of the session's log."""
    raise NotImplementedError


def service_started(machine: Running, time: int, name: str, shown: str = "") -> tuple[LoggedEvent, ...]:
    """A service runs: 7036. `Schedule` also writes 400 into its own log."""
    raise NotImplementedError


def service_stopped(machine: Running, time: int, name: str, shown: str = "") -> tuple[LoggedEvent, ...]:
    """A service stopped: 7036. `Schedule` also writes 402."""
    raise NotImplementedError


def log_cleared(machine: Running, time: int, channel: str, by: Logon, backup: str = "") -> tuple[LoggedEvent, ...]:
    """A log was cleared: 1102 for Security, 104 of System for any other. Put `(channel, time)` into the policy's `cleared` too."""
    raise NotImplementedError


def log_switched(machine: Running, time: int, channel: str, on: bool, by: Process) -> tuple[LoggedEvent, ...]:
    """A channel was switched on or off: Sysmon 13 of its Enabled value. Put it into the policy's `off` too."""
    raise NotImplementedError


def audit_changed(machine: Running, time: int, subcategory: str, on: bool, by: Logon) -> tuple[LoggedEvent, ...]:
    """Auditing of a subcategory (AUDIT_TASKS ...) was switched: 4719. Put an AuditChange into the policy too."""
    raise NotImplementedError


def share_access(machine: Running, time: int, who: Logon, share: str, target: str, mask: int = 0x3) -> tuple[LoggedEvent, ...]:
    r"""A file or pipe of a share was opened: 5145 (and 5140 for the share). `share` is `IPC$` or `C$`, `target` `atsvc` or a path."""
    raise NotImplementedError


def policy_applied(machine: Running, time: int, extension: str = "Group Policy Scheduled Tasks") -> tuple[LoggedEvent, ...]:
    """An extension of group policy ran: 4016 and 5016."""
    raise NotImplementedError


def application_event(machine: Running, time: int, provider: str, event_id: int, *strings: str) -> tuple[LoggedEvent, ...]:
    """A classic event of the Application log with its inserted strings."""
    raise NotImplementedError
