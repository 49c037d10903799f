"""What Windows logs of the machine as a whole: starts, logons, services, shares, policies, and of its logs themselves.

Fields: Microsoft Learn (4624, 4634, 4672, 4719, 5140, 5145, 1102) and event manifests, checked on real logs where they hold
such events.
"""

from __future__ import annotations

from triptych.lessons.logbook import (
    APPLICATION,
    AUDIT_LOGON,
    AUDIT_PROCESSES,
    AUDIT_REGISTRY,
    AUDIT_SHARES,
    AUDIT_TASKS,
    GROUP_POLICY,
    SECURITY,
    SESSIONS,
    SYSMON,
    SYSTEM_LOG,
    TASKS,
    LoggedEvent,
    Logon,
    Process,
    Value,
)  # fmt: skip
from triptych.lessons.logbook_processes import registry_set, subject, sysmon_time
from triptych.lessons.logbook_running import Running, Telling
from triptych.model.times import TICKS_A_SECOND

_SYSTEM = "S-1-5-18"
_NOBODY: tuple[tuple[str, Value], ...] = (
    ("SubjectUserSid", "S-1-0-0"), ("SubjectUserName", "-"), ("SubjectDomainName", "-"), ("SubjectLogonId", 0),
)  # fmt: skip
_PRIVILEGES = (
    "SeSecurityPrivilege", "SeBackupPrivilege", "SeRestorePrivilege", "SeTakeOwnershipPrivilege", "SeDebugPrivilege",
    "SeSystemEnvironmentPrivilege", "SeLoadDriverPrivilege", "SeImpersonatePrivilege", "SeDelegateSessionUserImpersonatePrivilege",
)  # fmt: skip
_OF_SYSTEM = (
    "SeAssignPrimaryTokenPrivilege", "SeTcbPrivilege", "SeSecurityPrivilege", "SeTakeOwnershipPrivilege", "SeLoadDriverPrivilege",
    "SeBackupPrivilege", "SeRestorePrivilege", "SeDebugPrivilege", "SeAuditPrivilege", "SeSystemEnvironmentPrivilege",
    "SeImpersonatePrivilege", "SeDelegateSessionUserImpersonatePrivilege",
)  # fmt: skip
_LIST = "\r\n\t\t\t"
_INTERACTIVE = frozenset((2, 7, 10, 11))
_SUBCATEGORIES = {  # category, subcategory, GUID (Microsoft Learn)
    AUDIT_TASKS: ("%%8274", "%%12804", "0CCE9227-69AE-11D9-BED3-505054503030"),
    AUDIT_PROCESSES: ("%%8276", "%%13312", "0CCE922B-69AE-11D9-BED3-505054503030"),
    AUDIT_SHARES: ("%%8274", "%%12811", "0CCE9244-69AE-11D9-BED3-505054503030"),
    AUDIT_REGISTRY: ("%%8274", "%%12801", "0CCE921E-69AE-11D9-BED3-505054503030"),
    AUDIT_LOGON: ("%%8273", "%%12544", "0CCE9215-69AE-11D9-BED3-505054503030"),
}
_EXTENSIONS = {
    "Group Policy Scheduled Tasks": "{AADCED64-746C-4633-A97C-D61349046527}",
    "Group Policy Registry": "{B087BE9D-ED37-454F-AF9C-04291E351182}",
    "Registry": "{35378EAC-683F-11D2-A89A-00C04FBBCFA2}",
    "Security": "{827D319E-6EAC-11D2-A4EA-00C04F79F83A}",
    "Audit Policy Configuration": "{F3CCC681-B74C-4060-9F26-CD84525DCA2A}",
}
_SHOWN = {"Schedule": "Task Scheduler", "EventLog": "Windows Event Log"}


def boot(machine: Running, clean: bool = True) -> tuple[LoggedEvent, ...]:
    """The machine started (at its `booted`): 12, 6009, 6005, 6013 of System, 4608 of Security, 400 of the task service.

    Not `clean`: the machine had gone down without a word, and 6008 tells of it.
    """
    telling = Telling(machine, machine.booted, "boot")
    build = machine.windows.build
    telling.add(
        SYSTEM_LOG, 12, ("MajorVersion", 6 if machine.windows.is_7 else 10), ("MinorVersion", 1 if machine.windows.is_7 else 0),
        ("BuildVersion", build), ("QfeVersion", machine.windows.revision), ("StartTime", machine.booted),
        service="System", user=_SYSTEM,
    )  # fmt: skip
    telling.wait(4, 9)
    telling.add(SECURITY, 4608, service="lsass")
    telling.wait(0.01, 0.2)
    telling.add(SECURITY, 4902, ("PuaCount", 0), ("PuaPolicyId", telling.chance.number(30_000, 60_000)), service="lsass")
    telling.wait(1, 3)
    if not clean:
        telling.add(SYSTEM_LOG, 6008, ("Data", sysmon_time(machine.booted - 60 * TICKS_A_SECOND)[11:19]), provider="EventLog")
    telling.add(SYSTEM_LOG, 6009, *_texts("10.00." if build > 9000 else "6.01.", str(build), "", "Multiprocessor Free", "0"))
    telling.add(SYSTEM_LOG, 6005)
    telling.add(SYSTEM_LOG, 6013, *_texts("", "", "", "", str((telling.now - machine.booted) // TICKS_A_SECOND), "60"))
    telling.add(SYSMON, 4, *_sysmon_state(telling.now, "Started"), service="Sysmon", user=_SYSTEM)
    telling.wait(0.5, 3)
    telling.add(TASKS, 400, service="Schedule", user=_SYSTEM)
    telling.wait(1, 6)
    telling.add(SECURITY, 5033, service="lsass")
    telling.wait(0.2, 1)
    telling.add(SECURITY, 5024, service="lsass")
    return telling.told()


def _sysmon_state(time: int, state: str) -> list[tuple[str, Value]]:
    return [("UtcTime", sysmon_time(time)), ("State", state), ("Version", "15.15"), ("SchemaVersion", "4.90")]


def _texts(*texts: str) -> list[tuple[str, Value]]:
    return [("Data", text) for text in texts]


def shutdown(machine: Running, time: int) -> tuple[LoggedEvent, ...]:
    """The machine went down: 402 of the task service, 1100 of Security, 6006 and 13 of System."""
    telling = Telling(machine, time, "shutdown")
    telling.now = time - 4 * TICKS_A_SECOND
    telling.add(TASKS, 402, service="Schedule", user=_SYSTEM)
    telling.wait(0.5, 1.5)
    telling.add(SECURITY, 1100, service="EventLog")
    telling.add(SYSTEM_LOG, 6006)
    telling.wait(0.5, 1.5)
    telling.add(SYSTEM_LOG, 13, ("StopTime", time), service="System", user=_SYSTEM)
    return telling.told()


def logon(machine: Running, time: int, who: Logon) -> tuple[LoggedEvent, ...]:
    """An account logged on: 4624, 4672 where elevated, and 21 and 22 of the session's log for types 2, 10 and 11."""
    telling = Telling(machine, time, "logon", who.id)
    telling.add(SECURITY, 4624, *_logged_on(machine, who), service="lsass")
    if who.elevated or who.sid == _SYSTEM:
        names = _LIST.join(_OF_SYSTEM if who.sid == _SYSTEM else _PRIVILEGES)
        telling.add(SECURITY, 4672, *subject(who), ("PrivilegeList", names), service="lsass")
    if who.kind in (2, 10, 11):
        address = who.address if who.kind == 10 else "LOCAL"
        data: tuple[tuple[str, Value], ...] = (("User", who.account), ("SessionID", who.session), ("Address", address))
        for number in (21, 22):
            telling.wait(0.2, 1.4)
            telling.add(SESSIONS, number, *data, service="DcomLaunch", user=_SYSTEM)
    return telling.told()


def _logged_on(machine: Running, who: Logon) -> list[tuple[str, Value]]:
    """The values of 4624 by logon type: who let them in, by which package, from where."""
    local, far = who.kind in _INTERACTIVE, who.kind == 3
    by = machine.service({4: "Schedule", 5: "services"}.get(who.kind, "winlogon" if machine.windows.is_7 else "DcomLaunch"))
    kerberos = far and not who.workstation
    package = "Negotiate" if not far else "Kerberos" if kerberos else "NTLM"
    name = "User32 " if local else "Advapi  " if not far else "Kerberos" if kerberos else "NtLmSsp "
    address = who.address or ("127.0.0.1" if local else "-")
    data: list[tuple[str, Value]] = [
        *(_NOBODY if far else subject(machine.system)),
        ("TargetUserSid", who.sid),
        ("TargetUserName", who.name),
        ("TargetDomainName", who.domain),
        ("TargetLogonId", who.id),
        ("LogonType", who.kind),
        ("LogonProcessName", name),
        ("AuthenticationPackageName", package),
        ("WorkstationName", who.workstation or (machine.name if local else "-")),
        ("TransmittedServices", "-"),
        ("LmPackageName", "NTLM V2" if package == "NTLM" else "-"),
        ("KeyLength", 128 if package == "NTLM" else 0),
        ("ProcessId", 0 if far else by.id),
        ("ProcessName", "-" if far else by.image),
        ("IpAddress", address),
        ("IpPort", str(who.port) if who.address or local else "-"),
    ]
    if machine.windows.is_7:
        return data
    return [
        *data,
        ("ImpersonationLevel", "%%1833"),
        ("RestrictedAdminMode", "-"),
        ("TargetOutboundUserName", "-"),
        ("TargetOutboundDomainName", "-"),
        ("VirtualAccount", "%%1843"),
        ("TargetLinkedLogonId", 0),
        ("ElevatedToken", "%%1842" if who.elevated else "%%1843"),
    ]


def logoff(machine: Running, time: int, who: Logon) -> tuple[LoggedEvent, ...]:
    """The account logged off: 4634 (4647 before it at the keyboard), 23 of the session's log."""
    telling = Telling(machine, time, "logoff", who.id)
    data: list[tuple[str, Value]] = [
        ("TargetUserSid", who.sid), ("TargetUserName", who.name), ("TargetDomainName", who.domain), ("TargetLogonId", who.id),
    ]  # fmt: skip
    if who.kind in _INTERACTIVE:
        telling.add(SECURITY, 4647, *data, service="lsass")
        telling.wait(0.3, 2)
        telling.add(SESSIONS, 23, ("User", who.account), ("SessionID", who.session), service="DcomLaunch", user=_SYSTEM)
    telling.wait(0.001, 0.1)
    telling.add(SECURITY, 4634, *data, ("LogonType", who.kind), service="lsass")
    return telling.told()


def service_started(machine: Running, time: int, name: str, shown: str = "") -> tuple[LoggedEvent, ...]:
    """A service runs: 7036. `Schedule` also writes 400 into its own log."""
    return _service(machine, time, name, shown, "running", 400)


def service_stopped(machine: Running, time: int, name: str, shown: str = "") -> tuple[LoggedEvent, ...]:
    """A service stopped: 7036. `Schedule` also writes 402."""
    return _service(machine, time, name, shown, "stopped", 402)


def _service(machine: Running, time: int, name: str, shown: str, state: str, own: int) -> tuple[LoggedEvent, ...]:
    telling = Telling(machine, time, "service", name, state)
    if name == "Schedule":
        telling.add(TASKS, own, service="Schedule", user=_SYSTEM)
        telling.wait(0.01, 0.3)
    mark = f"{name}/{4 if state == 'running' else 1}\0".encode("utf-16-le")
    told = (("param1", shown or _SHOWN.get(name, name)), ("param2", state), ("", mark))
    telling.add(SYSTEM_LOG, 7036, *told, service="services")
    return telling.told()


def log_cleared(machine: Running, time: int, channel: str, by: Logon, backup: str = "") -> tuple[LoggedEvent, ...]:
    """A log was cleared: 1102 for Security, 104 of System for any other. Put `(channel, time)` into the policy's `cleared` too."""
    telling = Telling(machine, time, "log-cleared", channel)
    telling.wait(0.0005, 0.01)
    if channel == SECURITY:
        telling.add(SECURITY, 1102, *subject(by), service="EventLog")
    else:
        data = [("SubjectUserName", by.name), ("SubjectDomainName", by.domain), ("Channel", channel), ("BackupPath", backup)]
        telling.add(SYSTEM_LOG, 104, *data, service="EventLog", user=by.sid)
    return telling.told()


def log_switched(machine: Running, time: int, channel: str, on: bool, by: Process) -> tuple[LoggedEvent, ...]:
    """A channel was switched on or off: Sysmon 13 of its Enabled value. Put it into the policy's `off` too."""
    key = rf"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WINEVT\Channels\{channel}"
    return registry_set(machine, time, by, key, "Enabled", f"DWORD (0x{int(on):08x})")


def audit_changed(machine: Running, time: int, subcategory: str, on: bool, by: Logon) -> tuple[LoggedEvent, ...]:
    """Auditing of a subcategory (AUDIT_TASKS ...) was switched: 4719. Put an AuditChange into the policy too."""
    telling = Telling(machine, time, "audit-changed", subcategory, on)
    category, number, guid = _SUBCATEGORIES[subcategory]
    telling.wait(0.0005, 0.01)
    telling.add(
        SECURITY, 4719, *subject(by), ("CategoryId", category), ("SubcategoryId", number), ("SubcategoryGuid", guid),
        ("AuditPolicyChanges", "%%8449" if on else "%%8448"), service="lsass",
    )  # fmt: skip
    return telling.told()


def share_access(machine: Running, time: int, who: Logon, share: str, target: str, mask: int = 0x3) -> tuple[LoggedEvent, ...]:
    r"""A file or pipe of a share was opened: 5140 and 5145. `share` is `IPC$` or `C$`, `target` `atsvc` or a path below it."""
    telling = Telling(machine, time, "share", share, target)
    local = "" if share == "IPC$" else rf"\??\{share[0]}:" + "\\" if share.endswith("$") else rf"\??\C:\{share}"
    head: list[tuple[str, Value]] = [
        *subject(who), ("ObjectType", "File"), ("IpAddress", who.address or "-"), ("IpPort", str(who.port)),
        ("ShareName", rf"\\*\{share}"), ("ShareLocalPath", local),
    ]  # fmt: skip
    telling.add(SECURITY, 5140, *head, ("AccessMask", 0x1), ("AccessList", "%%4416\r\n\t\t\t\t"), service="System")
    telling.wait(0.001, 0.02)
    listed = "".join(f"{word}\r\n\t\t\t\t" for bit, word in enumerate(("%%4416", "%%4417", "%%4418")) if mask >> bit & 1)
    rest = (("RelativeTargetName", target), ("AccessMask", mask), ("AccessList", listed), ("AccessReason", "-"))
    telling.add(SECURITY, 5145, *head, *rest, service="System")
    return telling.told()


def policy_applied(machine: Running, time: int, extension: str = "Group Policy Scheduled Tasks") -> tuple[LoggedEvent, ...]:
    """An extension of group policy ran: 4016 and 5016. Raises KeyError for one that is not known here."""
    telling = Telling(machine, time, "policy", extension)
    ident, activity = _EXTENSIONS[extension], telling.chance.guid()
    telling.add(
        GROUP_POLICY, 4016, ("CSEExtensionId", ident), ("CSEExtensionName", extension), ("IsExtensionAsyncProcessing", 0),
        ("IsGPOListChanged", 0), ("GPOListStatusString", "%%4101"), ("DescriptionString", "%%4108"),
        ("ApplicableGPOList", "Default Domain Policy\n"), service="gpsvc", user=_SYSTEM, activity=activity,
    )  # fmt: skip
    took = telling.chance.number(15, 900)
    telling.wait(took / 1000, took / 1000 + 0.001)
    data = (("CSEElaspedTimeInMilliSeconds", took), ("ErrorCode", 0), ("CSEExtensionName", extension), ("CSEExtensionId", ident))
    telling.add(GROUP_POLICY, 5016, *data, service="gpsvc", user=_SYSTEM, activity=activity)
    return telling.told()


def application_event(machine: Running, time: int, provider: str, event_id: int, *strings: str) -> tuple[LoggedEvent, ...]:
    """A classic event of the Application log with its inserted strings."""
    return (LoggedEvent(time, APPLICATION, event_id, tuple(_texts(*strings)), provider=provider),)
