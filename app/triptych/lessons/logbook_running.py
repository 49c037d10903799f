"""A machine between two starts: the processes of its services, the ids that its logs give to processes and logons.

Layout of Sysmon's GUIDs: read off real logs (machine, time, and a running number or the logon id).
"""

from __future__ import annotations

import struct
import uuid
from dataclasses import dataclass
from functools import cache

from triptych.lessons.chance import Chance
from triptych.lessons.host import Host
from triptych.lessons.logbook import LoggedEvent, Logon, Process, Value
from triptych.lessons.windows import Windows
from triptych.model.times import TICKS_A_SECOND, to_unix

_SYSTEM32 = "C:\\Windows\\System32\\"
_SVCHOST = _SYSTEM32 + "svchost.exe"
_SERVICES = {
    "System": ("System", "", ""),
    "smss": (_SYSTEM32 + "smss.exe", r"\SystemRoot\System32\smss.exe", "System"),
    "wininit": (_SYSTEM32 + "wininit.exe", "wininit.exe", "smss"),
    "winlogon": (_SYSTEM32 + "winlogon.exe", "winlogon.exe", "smss"),
    "services": (_SYSTEM32 + "services.exe", r"C:\Windows\system32\services.exe", "wininit"),
    "lsass": (_SYSTEM32 + "lsass.exe", r"C:\Windows\system32\lsass.exe", "wininit"),
    "Schedule": (_SVCHOST, r"C:\Windows\system32\svchost.exe -k netsvcs -p -s Schedule", "services"),
    "EventLog": (_SVCHOST, r"C:\Windows\System32\svchost.exe -k LocalServiceNetworkRestricted -p -s EventLog", "services"),
    "DcomLaunch": (_SVCHOST, r"C:\Windows\system32\svchost.exe -k DcomLaunch -p", "services"),
    "gpsvc": (_SVCHOST, r"C:\Windows\system32\svchost.exe -k netsvcs -p -s gpsvc", "services"),
    "Sysmon": (r"C:\Windows\Sysmon64.exe", r"C:\Windows\Sysmon64.exe", "services"),
    "taskeng": (_SYSTEM32 + "taskeng.exe", "taskeng.exe {0C7F6A4E-1B5D-4D0E-9E4B-5B0A2C3F1D77}", "Schedule"),
}
_LONGEST = 28_000  # characters of a text; what is longer leaves no room for the rest of the event in its chunk
_ON_7 = {"Schedule": r"C:\Windows\system32\svchost.exe -k netsvcs"}


@dataclass(frozen=True, slots=True)
class Running:
    """A machine since its start at `booted` (ticks). `computer` is its full name, `domain` the short one of its domain."""

    computer: str
    name: str
    domain: str
    windows: Windows
    booted: int
    seed: int = 0

    @property
    def system(self) -> Logon:
        """The logon of the machine itself, as Security events name it."""
        return Logon("S-1-5-18", f"{self.name}$", self.domain, 0x3E7, kind=0, session=0)

    def service(self, name: str) -> Process:
        """A process that runs since the start: System, smss, wininit, winlogon, services, lsass, Schedule, EventLog, gpsvc ..."""
        return _service(self, name)

    def start(self, time: int, image: str, command: str, by: Logon, parent: Process | None = None, directory: str = "") -> Process:
        """A process that starts at a moment; its id is drawn. Without a parent it is the user's Explorer's."""
        chance = Chance("process", self.seed, self.name, time, image)
        held = parent or self.explorer(by)
        return Process(chance.number(700, 4200) * 4, image, command, time, by, held, directory or "C:\\Windows\\system32\\")

    def explorer(self, by: Logon) -> Process:
        """The shell of a logon."""
        return _explorer(self, by)

    def thread(self, process: str, at: int) -> int:
        """One of the few threads of a service that write events."""
        return _thread(self.seed, self.booted, process, at % 5)


def running(host: Host, booted: int, seed: int = 0) -> Running:
    """The machine of a description, started at a moment."""
    computer = f"{host.name}.{host.domain}" if host.domain else host.name
    domain = host.domain.split(".")[0].upper() if host.domain else "WORKGROUP"
    return Running(computer, host.name, domain, host.windows, booted, seed)


@cache
def _service(machine: Running, name: str) -> Process:
    image, command, parent = _SERVICES[name]
    if machine.windows.is_7:
        command = _ON_7.get(name, command.replace(" -p ", " ").removesuffix(" -p"))
    place = list(_SERVICES).index(name)
    number = 4 if name == "System" else Chance("service", machine.seed, machine.booted, name).number(75, 140) * 4 + 340 * place
    started = machine.booted + place * 3_171_113
    return Process(number, image, command, started, machine.system, _service(machine, parent) if parent else None)


@cache
def _thread(seed: int, booted: int, process: str, which: int) -> int:
    return Chance("thread", seed, booted, process, which).number(300, 2600) * 4


@cache
def _explorer(machine: Running, by: Logon) -> Process:
    chance = Chance("explorer", machine.seed, machine.booted, by.sid, by.id)
    began = by.began or machine.booted + 40 * TICKS_A_SECOND
    first, second = chance.number(900, 1900) * 4, chance.number(900, 1900) * 4
    image, winlogon = _SYSTEM32 + "userinit.exe", machine.service("winlogon")
    userinit = Process(first, image, r"C:\Windows\system32\userinit.exe", began + 9_000_000, by, winlogon)
    return Process(second, r"C:\Windows\explorer.exe", r"C:\Windows\Explorer.EXE", began + 15_000_000, by, userinit)


@cache
def lsa_activity(machine: Running) -> str:
    """The activity that all events of the security authority bear until the next start (read off logs of Windows 10 and 11)."""
    ticks = machine.booted + 61_700_000
    head = struct.pack("<IHH", (ticks & 0xFFFFFFFF) ^ 0x163, ticks >> 32 & 0xFFFF, 1)
    return str(uuid.UUID(bytes_le=head + struct.pack("<Q", ticks))).upper()


def process_guid(machine: Running, process: Process) -> str:
    """Sysmon's ProcessGuid: the machine, the second of the start, a number, the count of starts."""
    number = (process.started // 10_000 + process.id) & 0xFFFFFF
    return _sysmon_guid(machine, process.started, struct.pack("<IHH", number, 0, 8))


def logon_guid(machine: Running, logon: Logon) -> str:
    """Sysmon's LogonGuid: the machine, the second, the logon id."""
    return _sysmon_guid(machine, logon.began or machine.booted, struct.pack("<Q", logon.id))


def _sysmon_guid(machine: Running, time: int, tail: bytes) -> str:
    ident = _machine_number(machine.seed, machine.name)
    return str(uuid.UUID(bytes_le=struct.pack("<II", ident, int(to_unix(time)) & 0xFFFFFFFF) + tail)).upper()


@cache
def _machine_number(seed: int, name: str) -> int:
    return Chance("sysmon", seed, name).number(0x10000000, 0xFFFFFFFF)


class Telling:
    """The events of one act while they are told: each a moment after the one before, from a draw of the act's own."""

    def __init__(self, machine: Running, time: int, *about: object) -> None:
        self.machine, self.now = machine, time
        self.chance = Chance("act", machine.seed, machine.name, time, *about)
        self._events: list[LoggedEvent] = []

    def wait(self, low: float, high: float) -> int:
        """Let time pass, between two numbers of seconds; gives the new moment."""
        self.now += self.chance.ticks(low, high)
        return self.now

    def add(
        self, channel: str, event_id: int, *data: tuple[str, Value],
        service: str = "", user: str = "", activity: str = "", version: int | None = None, provider: str = "",
        writer: Process | None = None,
    ) -> None:  # fmt: skip
        """An event now, written by a service of the machine, by a process, or by nobody that the event names."""
        held = writer or (self.machine.service(service) if service else None)
        process = held.id if held else 0
        thread = self.machine.thread(held.name, self.now) if held else 0
        if service == "lsass" and not self.machine.windows.is_7:
            activity = lsa_activity(self.machine)
        kept = tuple((name, value[:_LONGEST] if type(value) is str else value) for name, value in data)
        self._events.append(LoggedEvent(self.now, channel, event_id, kept, user, process, thread, activity, version, provider))

    def extend(self, events: tuple[LoggedEvent, ...]) -> None:
        """Events of another act that belongs to this one."""
        self._events += events

    def told(self) -> tuple[LoggedEvent, ...]:
        """All of them in the order of time."""
        return tuple(sorted(self._events, key=lambda event: event.time))
