"""What Windows and Sysmon log of processes, the registry, files and PowerShell.

Fields: Microsoft Learn (4657, 4688), Sysmon's manifest, checked on real logs. Sysmon 1, 11, 12 and 13 as version 13 and later
write them; a registry path begins with HKLM in Sysmon and with `\\REGISTRY\\MACHINE` in Security.
"""

from __future__ import annotations

import hashlib
from functools import cache

from triptych.lessons.logbook import POWERSHELL, SECURITY, SYSMON, WINDOWS_POWERSHELL, LoggedEvent, Logon, Process, Value
from triptych.lessons.logbook_running import Running, Telling, logon_guid, process_guid
from triptych.model.times import Instant

_SYSTEM = "S-1-5-18"
_FULL, _ELEVATED, _LIMITED = "%%1936", "%%1937", "%%1938"
_LABELS = {"System": "S-1-16-16384", "High": "S-1-16-12288", "Medium": "S-1-16-8192"}
_SERVICES = ("S-1-5-18", "S-1-5-19", "S-1-5-20")
_PART = 10_000  # characters of a script block in one event
_TYPES = {"DWORD": "%%1876", "QWORD": "%%1883", "Binary": "%%1875"}  # else REG_SZ
_HIVES = {"HKLM": r"\REGISTRY\MACHINE", "HKU": r"\REGISTRY\USER"}


def subject(by: Logon) -> tuple[tuple[str, Value], ...]:
    """The four values that name who did it."""
    return (
        ("SubjectUserSid", by.sid), ("SubjectUserName", by.name), ("SubjectDomainName", by.domain), ("SubjectLogonId", by.id),
    )  # fmt: skip


def process(machine: Running, started: Process, *, high: bool | None = None) -> tuple[LoggedEvent, ...]:
    """A process was created: 4688 with its command line, Sysmon 1 with hashes and parent. `high`: elevated, else as its logon is."""
    telling = Telling(machine, started.started, "process", started.id)
    integrity = _integrity(started.logon, started.logon.elevated if high is None else high)
    telling.add(SECURITY, 4688, *_created(machine, started, integrity), service="System")
    telling.wait(0.0005, 0.004)
    telling.add(SYSMON, 1, *_sysmon_created(machine, started, integrity), service="Sysmon", user=_SYSTEM)
    return telling.told()


def _integrity(who: Logon, high: bool) -> str:
    if who.sid in _SERVICES:
        return "System"
    return "High" if high else "Medium"


def _created(machine: Running, started: Process, integrity: str) -> list[tuple[str, Value]]:
    parent = started.parent
    creator = parent.logon if parent else started.logon
    limited = _LIMITED if integrity == "Medium" else _ELEVATED
    data: list[tuple[str, Value]] = [
        *subject(creator),
        ("NewProcessId", started.id),
        ("NewProcessName", started.image),
        ("TokenElevationType", _FULL if integrity == "System" else limited),
        ("ProcessId", parent.id if parent else 0),
        ("CommandLine", started.command),
    ]
    if machine.windows.is_7:
        return data
    other = started.logon if started.logon.sid != creator.sid else None
    return [
        *data,
        ("TargetUserSid", other.sid if other else "S-1-0-0"),
        ("TargetUserName", other.name if other else "-"),
        ("TargetDomainName", other.domain if other else "-"),
        ("TargetLogonId", other.id if other else 0),
        ("ParentProcessName", parent.image if parent else ""),
        ("MandatoryLabel", _LABELS[integrity]),
    ]


def _sysmon_created(machine: Running, started: Process, integrity: str) -> list[tuple[str, Value]]:
    parent, who = started.parent, started.logon
    own = started.image.lower().startswith("c:\\windows\\")
    return [
        *_head(machine, started.started, started),
        ("FileVersion", f"10.0.{machine.windows.build}.1 (WinBuild.160101.0800)" if own else "-"),
        ("Description", started.name.rpartition(".")[0] or started.name),
        ("Product", "Microsoft\u00ae Windows\u00ae Operating System" if own else "-"),
        ("Company", "Microsoft Corporation" if own else "-"),
        ("OriginalFileName", started.name.upper() if own else "-"),
        ("CommandLine", started.command),
        ("CurrentDirectory", started.directory),
        ("User", who.token),
        ("LogonGuid", logon_guid(machine, who)),
        ("LogonId", who.id),
        ("TerminalSessionId", who.session),
        ("IntegrityLevel", integrity),
        ("Hashes", hashes(started.image)),
        ("ParentProcessGuid", process_guid(machine, parent) if parent else "00000000-0000-0000-0000-000000000000"),
        ("ParentProcessId", parent.id if parent else 0),
        ("ParentImage", parent.image if parent else "-"),
        ("ParentCommandLine", parent.command if parent else "-"),
        ("ParentUser", parent.logon.token if parent else "-"),
    ]


@cache
def hashes(image: str) -> str:
    """Hashes of a program that is not there, the same for the same path."""
    seed = image.casefold().encode()
    parts = (hashlib.sha1(seed).hexdigest()[:32], hashlib.sha256(seed).hexdigest(), hashlib.sha224(seed).hexdigest()[:32])  # noqa: S324 - not for security
    return "MD5={},SHA256={},IMPHASH={}".format(*(part.upper() for part in parts))


def sysmon_time(ticks: int) -> str:
    """A moment as Sysmon writes it: UTC, milliseconds, no zone."""
    whole = Instant(ticks - ticks % 10_000_000).iso.removesuffix("Z").replace("T", " ")
    return f"{whole}.{ticks % 10_000_000 // 10_000:03d}"


def _head(machine: Running, time: int, by: Process, kind: str = "") -> list[tuple[str, Value]]:
    """What nearly every event of Sysmon begins with."""
    return [
        ("RuleName", "-"),
        *([("EventType", kind)] if kind else []),
        ("UtcTime", sysmon_time(time)),
        ("ProcessGuid", process_guid(machine, by)),
        ("ProcessId", by.id),
        ("Image", by.image),
    ]


def registry_set(
    machine: Running, time: int, by: Process, key: str, name: str, details: str, *, new: bool = False
) -> tuple[LoggedEvent, ...]:
    r"""A value was set: Sysmon 13 and 4657. `key` as `HKLM\SOFTWARE\...`; `details` as Sysmon writes it (`DWORD (0x00000000)`).

    `new` says that it was not there before.
    """
    telling = Telling(machine, time, "registry-set", key, name)
    telling.wait(0.0004, 0.004)
    kind = _TYPES.get(details.split(" ")[0], "%%1873")
    content = details.partition("(")[2].rstrip(")") if kind == "%%1876" else details
    old = ("-", "-") if new else (kind, "-")
    _value_changed(telling, by, key, name, "%%1904" if new else "%%1905", old, (kind, content))
    data = [*_head(machine, time, by, "SetValue"), ("TargetObject", rf"{key}\{name}"), ("Details", details)]
    telling.add(SYSMON, 13, *data, ("User", by.logon.token), service="Sysmon", user=_SYSTEM)
    return telling.told()


def registry_deleted(machine: Running, time: int, by: Process, key: str, name: str = "") -> tuple[LoggedEvent, ...]:
    """A value (with a `name`) or a key was deleted: Sysmon 12, and 4657 for a value."""
    telling = Telling(machine, time, "registry-deleted", key, name)
    telling.wait(0.0004, 0.004)
    if name:
        _value_changed(telling, by, key, name, "%%1906", ("%%1875", "-"), ("-", "-"))
    target = rf"{key}\{name}" if name else key
    data = [*_head(machine, time, by, "DeleteValue" if name else "DeleteKey"), ("TargetObject", target)]
    telling.add(SYSMON, 12, *data, ("User", by.logon.token), service="Sysmon", user=_SYSTEM)
    return telling.told()


def registry_renamed(machine: Running, time: int, by: Process, key: str, new: str) -> tuple[LoggedEvent, ...]:
    """A key was renamed: Sysmon 14."""
    telling = Telling(machine, time, "registry-renamed", key)
    telling.wait(0.0004, 0.004)
    data = [*_head(machine, time, by, "RenameKey"), ("TargetObject", key), ("NewName", new)]
    telling.add(SYSMON, 14, *data, ("User", by.logon.token), service="Sysmon", user=_SYSTEM)
    return telling.told()


def _value_changed(
    telling: Telling, by: Process, key: str, name: str, operation: str, old: tuple[str, str], new: tuple[str, str]
) -> None:
    hive, _, rest = key.partition("\\")
    telling.add(
        SECURITY, 4657, *subject(by.logon), ("ObjectName", rf"{_HIVES.get(hive, hive)}\{rest}"), ("ObjectValueName", name),
        ("HandleId", telling.chance.number(30, 900) * 4), ("OperationType", operation), ("OldValueType", old[0]),
        ("OldValue", old[1]), ("NewValueType", new[0]), ("NewValue", new[1]), ("ProcessId", by.id), ("ProcessName", by.image),
        service="System",
    )  # fmt: skip


def file_created(machine: Running, time: int, by: Process, path: str) -> tuple[LoggedEvent, ...]:
    """A file was written: Sysmon 11."""
    telling = Telling(machine, time, "file-created", path)
    telling.wait(0.0004, 0.004)
    data = [*_head(machine, time, by), ("TargetFilename", path), ("CreationUtcTime", sysmon_time(time))]
    telling.add(SYSMON, 11, *data, ("User", by.logon.token), service="Sysmon", user=_SYSTEM)
    return telling.told()


def file_deleted(machine: Running, time: int, by: Process, path: str) -> tuple[LoggedEvent, ...]:
    """A file was deleted: Sysmon 26."""
    telling = Telling(machine, time, "file-deleted", path)
    telling.wait(0.0004, 0.004)
    data = [*_head(machine, time, by), ("User", by.logon.token), ("TargetFilename", path), ("Hashes", hashes(path))]
    telling.add(SYSMON, 26, *data, ("IsExecutable", 0), service="Sysmon", user=_SYSTEM)
    return telling.told()


def script_block(machine: Running, time: int, by: Process, text: str, path: str = "") -> tuple[LoggedEvent, ...]:
    """PowerShell ran a script: 400 of the classic log, and 4104 (of several parts where the text is long)."""
    telling = Telling(machine, time, "script", text[:200])
    activity, ident = telling.chance.guid(), telling.chance.guid()[1:-1].lower()
    host = f"HostApplication={by.command}"
    details = "\r\n".join(f"\t{line}" for line in ("NewEngineState=Available", "PreviousEngineState=None", "", "SequenceNumber=13",
                                                    "", "HostName=ConsoleHost", "HostVersion=5.1", host))  # fmt: skip
    telling.wait(0.001, 0.05)
    telling.add(WINDOWS_POWERSHELL, 400, ("Data", "Available"), ("Data", "None"), ("Data", details), provider="PowerShell")
    parts = [text[at : at + _PART] for at in range(0, len(text), _PART)] or [""]
    for number, part in enumerate(parts, 1):
        telling.wait(0.0005, 0.01)
        telling.add(
            POWERSHELL, 4104, ("MessageNumber", number), ("MessageTotal", len(parts)), ("ScriptBlockText", part),
            ("ScriptBlockId", ident), ("Path", path), writer=by, user=by.logon.sid, activity=activity,
        )  # fmt: skip
    return telling.told()
