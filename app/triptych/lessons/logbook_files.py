"""The event logs of a machine as files, and what its hives say of the channels: both by the machine's policy.

Names and places of the files, and the values of a channel's key: the format notes of the field, real hives. The key is last
written when the channel was last switched.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from triptych.formats.keys import REG_NONE
from triptych.lessons.collection import File
from triptych.lessons.event_log import LogState, log_bytes
from triptych.lessons.event_log_templates import provider_guid, size_limit
from triptych.lessons.hive_key import HiveKey, HiveValue, dword, string
from triptych.lessons.host import Hives, Host
from triptych.lessons.logbook import (
    APPLICATION,
    AUDIT_LOGON,
    AUDIT_PROCESSES,
    AUDIT_REGISTRY,
    AUDIT_SHARES,
    AUDIT_TASKS,
    CHANNELS,
    SECURITY,
    SYSMON,
    SYSTEM_LOG,
    WINDOWS_POWERSHELL,
    LoggedEvent,
    LogPolicy,
)
from triptych.lessons.logbook_running import running

FOLDER = "Windows/System32/winevt/Logs"
_CHANNELS = r"Microsoft\Windows\CurrentVersion\WINEVT\Channels"
_CLASSIC = (SECURITY, SYSTEM_LOG, APPLICATION, WINDOWS_POWERSHELL)
"""Channels that have their settings elsewhere (Services\\EventLog of the SYSTEM hive)."""


def log_file(channel: str) -> str:
    """Where the log of a channel stands, from the drive's root."""
    return f"{FOLDER}/{channel.replace('/', '%4')}.evtx"


def record_id(event: LoggedEvent, events: Iterable[LoggedEvent], policy: LogPolicy) -> int:
    """The number of an event's record among all events of its machine. Raises LookupError where it was never written."""
    written = sorted((one for one in events if one.channel == event.channel and policy.writes(one)), key=_time)
    for place, one in enumerate(written):
        if one == event:
            return dict(policy.first_numbers).get(event.channel, 1) + place
    raise LookupError(f"event {event.event_id} of {event.channel} was not written")


def log_files(host: Host, events: Iterable[LoggedEvent], policy: LogPolicy | None) -> list[File]:
    """The logs that the evidence holds, none without a policy."""
    if policy is None:
        return []
    computer = running(host, host.installed).computer
    written: dict[str, list[LoggedEvent]] = {channel: [] for channel in CHANNELS}
    for event in events:
        if policy.writes(event):
            written[event.channel].append(event)
    made = []
    for channel, held in written.items():
        if policy.has_file(channel):
            held.sort(key=_time)
            data = log_bytes(channel, held, computer, host.windows, _state(channel, policy))
            made.append(File(log_file(channel), data, _modified(host, channel, held, policy)))
    return made


def _time(event: LoggedEvent) -> int:
    return event.time


def _state(channel: str, policy: LogPolicy) -> LogState:
    return LogState(
        dict(policy.first_numbers).get(channel, 1),
        policy.cleared_at(channel),
        dict(policy.sizes).get(channel, 0),
        policy.dirty,
    )


def _modified(host: Host, channel: str, held: list[LoggedEvent], policy: LogPolicy) -> int:
    """When the file was last written: with its last event, or when it was emptied, or made."""
    last = held[-1].time if held else host.upgraded or host.installed
    return min(max(last, policy.cleared_at(channel)), host.collected)


def tell_channels(hives: Hives, host: Host, policy: LogPolicy) -> None:
    """Write the keys of the channels: whether each is on, its size, whose it is."""
    channels = hives.software.make(_CHANNELS, host.installed)
    for channel in CHANNELS:
        if channel in _CLASSIC or (channel == SYSMON and not policy.sysmon):
            continue
        off = policy.off_since(channel)
        key = channels.make(channel, off or host.upgraded or host.installed)
        key.put(
            string("OwningPublisher", f"{{{provider_guid(channel)}}}"),
            dword("Enabled", int(off is None)),
            dword("Isolation", 0),
            dword("Type", 1),
            dword("MaxSize", dict(policy.sizes).get(channel, size_limit(channel))),
            dword("MaxSizeUpper", 0),
            dword("Retention", 0),
        )
    _tell_classic(hives, host, policy)


def _tell_classic(hives: Hives, host: Host, policy: LogPolicy) -> None:
    logs = hives.system.make(r"ControlSet001\Services\EventLog", host.installed)
    logs.put(dword("Start", 2), dword("Type", 0x20), string("ObjectName", r"NT AUTHORITY\LocalService"))
    for channel in _CLASSIC:
        key = logs.make(channel, host.installed)
        key.put(dword("MaxSize", dict(policy.sizes).get(channel, size_limit(channel))), dword("Retention", 0))


_SUBCATEGORIES = {  # category, place in it: the layout that RegRipper and dissect.target read
    AUDIT_LOGON: ((1, 0), (1, 1), (1, 8)),
    AUDIT_TASKS: ((2, 4),),
    AUDIT_SHARES: ((2, 8), (2, 11)),
    AUDIT_REGISTRY: ((2, 1),),
    AUDIT_PROCESSES: ((4, 0),),
}
_ALWAYS = ((0, 0), (0, 1), (0, 3), (6, 0))  # what Windows audits as it comes: state changes, integrity, policy changes
_COUNTS = {"7": (5, 9, 12, 3, 4, 6, 6, 4, 4), "11": (5, 12, 14, 3, 6, 6, 6, 4, 4)}
_COUNTS_OF_OTHERS = (5, 11, 14, 3, 6, 6, 6, 4, 4)
_SUCCESS = 1


def security_root(host: Host, policy: LogPolicy) -> HiveKey:
    """The SECURITY hive as far as it states the audit policy at the time of the collection."""
    root = HiveKey("CMI-CreateHive{0297523D-E529-4E02-BBB5-E5F5C4C1B1D8}", host.installed)
    made = host.upgraded or host.installed
    changed = [change.time for change in policy.audit_changes if change.time <= host.collected]
    root.make(r"Policy\PolAdtEv", max(changed, default=made)).put(HiveValue("", REG_NONE, _audit_policy(host, policy)))
    return root


def _audit_policy(host: Host, policy: LogPolicy) -> bytes:
    """PolAdtEv: a header with the number of categories and the place of the footer, a number for each subcategory, the footer."""
    counts = _COUNTS.get(host.windows.key, _COUNTS_OF_OTHERS)
    settings = [0] * sum(counts)
    asked = [place for name, places in _SUBCATEGORIES.items() if policy.audited(name, host.collected) for place in places]
    for category, place in (*_ALWAYS, *asked):
        settings[sum(counts[:category]) + place] = _SUCCESS
    body = struct.pack(f"<{len(settings)}HH", *settings, 0)
    return struct.pack("<HHII", 0x100, 0, len(counts), 12 + len(body)) + body + struct.pack(f"<{len(counts)}H", *counts)
