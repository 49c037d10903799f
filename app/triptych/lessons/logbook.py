"""What happened on a machine, as the events that Windows logs of it, and what its logs keep.

An act (`logbook_acts`) gives all the events that Windows could write of it; the policy of the machine (`LogPolicy`) says which
of them were written and are still there. So an act need not know which channels are on, what is audited, what was cleared.
"""

from __future__ import annotations

from dataclasses import dataclass

SECURITY, SYSTEM_LOG, APPLICATION = "Security", "System", "Application"
TASKS = "Microsoft-Windows-TaskScheduler/Operational"
SYSMON = "Microsoft-Windows-Sysmon/Operational"
POWERSHELL, WINDOWS_POWERSHELL = "Microsoft-Windows-PowerShell/Operational", "Windows PowerShell"
GROUP_POLICY = "Microsoft-Windows-GroupPolicy/Operational"
SESSIONS = "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational"
CHANNELS = (SECURITY, SYSTEM_LOG, APPLICATION, TASKS, SYSMON, POWERSHELL, WINDOWS_POWERSHELL, GROUP_POLICY, SESSIONS)
"""The channels that a machine of ours can have."""

Value = str | int | bytes
"""A value of an event: text, GUID (any spelling) and SID as text; numbers, hex numbers and times (ticks) as int; binary as bytes."""


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One event as it was handed to the log. `time` in ticks (UTC).

    `data` are its values by name; their types and order, the level, task, opcode and keywords come from the event's template
    (`resources/lessons/event_templates.json`), names left out are empty. `user` is the SID of the System part ("" none),
    `activity` the ActivityID (a GUID, "" none). `version` None takes the template's newest; `provider` "" the channel's usual
    one. An `erased` event had its record number, but somebody took its record out of the file.
    """

    time: int
    channel: str
    event_id: int
    data: tuple[tuple[str, Value], ...] = ()
    user: str = ""
    process_id: int = 0
    thread_id: int = 0
    activity: str = ""
    version: int | None = None
    provider: str = ""
    erased: bool = False

    def get(self, name: str) -> Value | None:
        """The first value of that name, None where there is none."""
        return next((value for key, value in self.data if key == name), None)


AUDIT_LOGON, AUDIT_TASKS, AUDIT_PROCESSES, AUDIT_SHARES, AUDIT_REGISTRY = "logon", "tasks", "processes", "shares", "registry"
_AUDITED_AS = {
    AUDIT_TASKS: (4698, 4699, 4700, 4701, 4702),
    AUDIT_PROCESSES: (4688, 4689),
    AUDIT_SHARES: (5140, 5145),
    AUDIT_REGISTRY: (4657, 4656, 4660, 4663),
    AUDIT_LOGON: (4624, 4634, 4647, 4648, 4672, 4778, 4779),
}
_SUBCATEGORY = {number: name for name, numbers in _AUDITED_AS.items() for number in numbers}


@dataclass(frozen=True, slots=True)
class AuditChange:
    """From `time` on the subcategory (AUDIT_TASKS ...) is audited for success, or no longer."""

    time: int
    subcategory: str
    on: bool


@dataclass(frozen=True, slots=True)
class LogPolicy:
    """Which logs a machine keeps, and what happened to them.

    `off`: channels with the time from which they are switched off (0: they never were on). `audits`: the subcategories that
    the audit policy asks for at first, `audit_changes` what changed, in order of time. `sysmon`: it is installed. `sizes`: the
    limit of a channel in bytes, beyond which its oldest chunks are overwritten. `cleared`: channels with the time before
    which all their records are gone (the events that tell of it are `log_cleared`'s). `missing`: channels whose file is not
    in the evidence. `first_numbers`: how many records a channel had written before our first one, plus one. `dirty`: taken
    from the running machine, so that the headers of the logs are not up to date.
    """

    off: tuple[tuple[str, int], ...] = ()
    audits: tuple[str, ...] = (AUDIT_LOGON,)
    audit_changes: tuple[AuditChange, ...] = ()
    sysmon: bool = False
    sizes: tuple[tuple[str, int], ...] = ()
    cleared: tuple[tuple[str, int], ...] = ()
    missing: tuple[str, ...] = ()
    first_numbers: tuple[tuple[str, int], ...] = ()
    dirty: bool = False

    def off_since(self, channel: str) -> int | None:
        """When the channel was switched off, None where it is on."""
        return dict(self.off).get(channel)

    def cleared_at(self, channel: str) -> int:
        """The last time at which the channel was cleared, 0 for never."""
        return max((time for name, time in self.cleared if name == channel), default=0)

    def audited(self, subcategory: str, time: int) -> bool:
        """Whether a subcategory was audited at a time."""
        asked = subcategory in self.audits
        for change in self.audit_changes:
            if change.subcategory == subcategory and change.time <= time:
                asked = change.on
        return asked

    def writes(self, event: LoggedEvent) -> bool:
        """Whether the event was written to its log at all."""
        off = self.off_since(event.channel)
        if off is not None and event.time >= off:
            return False
        if event.channel == SYSMON:
            return self.sysmon
        subcategory = _SUBCATEGORY.get(event.event_id) if event.channel == SECURITY else None
        return subcategory is None or self.audited(subcategory, event.time)

    def has_file(self, channel: str) -> bool:
        """Whether the evidence holds a log of that channel (an unused one is there too, empty)."""
        return channel not in self.missing and (channel != SYSMON or self.sysmon)


@dataclass(frozen=True, slots=True)
class Logon:
    """An account that is logged on: `id` is the logon id (a number), `kind` the logon type (2 at the keyboard, 3 network, ...).

    `address` and `port` tell where a network logon came from, `workstation` the name it gave; `began` is when it began, in
    ticks (0: soon after the start of the machine).
    """

    sid: str
    name: str
    domain: str
    id: int
    kind: int = 2
    session: int = 1
    address: str = ""
    port: int = 0
    workstation: str = ""
    elevated: bool = True
    began: int = 0

    @property
    def account(self) -> str:
        """DOMAIN\\name."""
        return f"{self.domain}\\{self.name}" if self.domain else self.name

    @property
    def token(self) -> str:
        """The name that its processes bear: `NT AUTHORITY\\SYSTEM` for the machine itself, else DOMAIN\\name."""
        return _SERVICE_ACCOUNTS.get(self.sid) or self.account


_SERVICE_ACCOUNTS = {
    "S-1-5-18": "NT AUTHORITY\\SYSTEM",
    "S-1-5-19": "NT AUTHORITY\\LOCAL SERVICE",
    "S-1-5-20": "NT AUTHORITY\\NETWORK SERVICE",
}


@dataclass(frozen=True, slots=True)
class Process:
    """A process as the logs name it: its id, program (full path), command line, start in ticks, whose it is, its parent."""

    id: int
    image: str
    command: str
    started: int
    logon: Logon
    parent: Process | None = None
    directory: str = "C:\\Windows\\system32\\"

    @property
    def name(self) -> str:
        """The file name of the program."""
        return self.image.rpartition("\\")[2]
