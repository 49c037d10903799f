"""The SYSTEM hive of a host, as far as it speaks about tasks, and the hives of its users' own COM classes."""

from __future__ import annotations

import struct

from triptych.lessons.hive_key import HiveKey, HiveValue, binary, dword, expand_string, string, strings
from triptych.lessons.host import ComClass, Host
from triptych.model.times import TICKS_A_DAY, TICKS_A_SECOND, to_unix

_ROOT = "CMI-CreateHive{2A7FB991-7BBE-4F9D-B91E-7CB51D4737F5}"


def system_root(host: Host) -> HiveKey:
    """Select, computer name, time zone, last shutdown, the Schedule service, and earlier installations."""
    root = HiveKey(_ROOT, host.installed)
    root.make("Select").put(dword("Current", 1), dword("Default", 1), dword("Failed", 0), dword("LastKnownGood", 1))
    control = root.make(r"ControlSet001\Control")
    control.make(r"ComputerName\ComputerName").put(string("", "mnmsrvc"), string("ComputerName", host.name))
    control.make("TimeZoneInformation", host.installed).put(*_time_zone(host))
    shutdown = host.collected - 2 * TICKS_A_DAY - 4_217 * TICKS_A_SECOND - 1_234_567
    control.make("Windows", shutdown).put(binary("ShutdownTime", struct.pack("<Q", shutdown)))
    services = root.make(r"ControlSet001\Services")
    tcpip = services.make(r"Tcpip\Parameters")
    tcpip.put(string("Hostname", host.name), string("Domain", host.domain), string("NV Hostname", host.name))
    schedule = services.make("Schedule").put(
        dword("Type", 0x20),
        dword("Start", 2),
        dword("ErrorControl", 1),
        expand_string("ImagePath", r"%systemroot%\system32\svchost.exe -k netsvcs -p"),
        string("ObjectName", "LocalSystem"),
        strings("DependOnService", ["RPCSS", "SystemEventsBroker"]),
    )
    schedule.make("Parameters").put(expand_string("ServiceDll", r"%systemroot%\system32\schedsvc.dll"))
    if host.upgraded:
        _earlier(root, host)
    return root


def _time_zone(host: Host) -> tuple[HiveValue, ...]:
    return (
        dword("Bias", host.bias),
        dword("ActiveTimeBias", host.bias),
        dword("StandardBias", 0),
        dword("DaylightBias", -60),
        string("StandardName", "@tzres.dll,-322"),
        string("DaylightName", "@tzres.dll,-321"),
        string("TimeZoneKeyName", host.time_zone),
    )


def _earlier(root: HiveKey, host: Host) -> None:
    r"""What a feature upgrade leaves: `Setup\Source OS (Updated on ...)` with the installation before it."""
    key = root.make(r"Setup\Source OS (Updated on 11/9/2023 21:14:03)", host.upgraded)
    key.put(string("CurrentBuild", "19044"), string("ProductName", "Windows 10 Pro"))
    key.put(dword("InstallDate", int(to_unix(host.installed))))


def user_roots(host: Host) -> dict[str, HiveKey]:
    """UsrClass.dat of each account, with the COM classes that are its own."""
    roots = {}
    for account in host.accounts:
        root = HiveKey(f"{account.sid}_Classes", host.installed)
        root.make("CLSID")
        for com in host.classes:
            if com.owner == account.sid:
                add_class(root, com, host.installed)
        roots[account.sid] = root
    return roots


def add_class(classes: HiveKey, com: ComClass, installed: int) -> None:
    """Register a class below a Classes key (or at the root of UsrClass.dat)."""
    written = com.written or installed
    key = classes.make(rf"CLSID\{com.class_id}", written)
    if com.name:
        key.put(string("", com.name))
    server = key.make(com.kind, written)
    if "%" in com.server:
        server.put(expand_string("", com.server))
    else:
        server.put(string("", com.server))
    if com.kind == "InprocServer32":
        server.put(string("ThreadingModel", "Both"))
