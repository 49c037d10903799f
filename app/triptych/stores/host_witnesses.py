"""What hives say of the witnesses: the switches of event logs and when they were last changed, the audit policy, the log service.

The switch of a channel: SOFTWARE `Microsoft\\Windows\\CurrentVersion\\WINEVT\\Channels\\<channel>`, value Enabled; the key's last write
is the last change of it. The classic logs (Security, System, Application) have no such switch.

The audit policy: SECURITY `Policy\\PolAdtEv`, default value, as RegRipper (auditpol) and dissect.target read it, and the published
layout (kazamiya.net, poladtev): 12 bytes of header with the number of categories at 4 and the place of the footer at 8; a
16-bit number for each subcategory (1: success, 2: failure); the footer counts the subcategories of each category. Other Object
Access Events, the subcategory of 4698 to 4702, is the fifth of the third category, Object Access.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from triptych.formats.cursor import Block
from triptych.formats.keys import Key
from triptych.model.case import Fact
from triptych.model.evidence import Reading, stated, unreadable
from triptych.stores import registry_values as values
from triptych.stores.registry_cache import hold
from triptych.stores.registry_open import find_key

TASKS = "Microsoft-Windows-TaskScheduler/Operational"
CHANNELS = (
    TASKS, "Microsoft-Windows-TaskScheduler/Maintenance", "Microsoft-Windows-Sysmon/Operational",
    "Microsoft-Windows-PowerShell/Operational", "PowerShellCore/Operational", "Microsoft-Windows-WMI-Activity/Operational",
    "Microsoft-Windows-GroupPolicy/Operational", "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",
)  # fmt: skip
TASK_AUDIT = "Other Object Access Events"
_CHANNELS = "Microsoft\\Windows\\CurrentVersion\\WINEVT\\Channels"
_POLICY = "Policy\\PolAdtEv"
_HEADER = 12
_LOGON, _OBJECT, _PLACE = 1, 2, 4  # categories before, the category, the place of the subcategory in it
_MOST = 64  # categories or subcategories that a policy may claim
AUDITED = {0: "off", 1: "success", 2: "failure", 3: "success and failure"}


def switches(root: Key, view: str) -> Iterator[Fact]:
    """For each channel of ours that the hive knows: whether it is on, and when its key was last written."""
    channels = find_key(root, _CHANNELS)
    for name in CHANNELS if channels is not None else ():
        channel = find_key(channels, name)
        if channel is None:
            continue
        enabled = values.number(hold(channel), "Enabled")
        if enabled.value is not None:
            word = "enabled" if enabled.value else "disabled"
            yield Fact("channel", name, stated(word, *enabled.refs, raw=str(enabled.value)), view)
        if channel.written is not None:
            yield Fact("channel-written", name, stated(channel.written.iso, channel.written_ref), view)


def security_facts(root: Key, view: str) -> Iterator[Fact]:
    """What HKLM\\SECURITY says: whether tasks are audited, and when the audit policy was last written."""
    key = find_key(root, _POLICY)
    found = hold(key).get("") if key is not None else None
    if key is None or found is None:
        return
    yield Fact("audit-policy", TASK_AUDIT, audited(found.block), view)
    if key.written is not None:
        yield Fact("audit-policy-written", "", stated(key.written.iso, key.written_ref), view)


def audited(block: Block) -> Reading[str]:
    """How tasks are audited: off, success, failure, success and failure; UNREADABLE where the value has another shape."""
    data = block.data
    at = _place(data)
    if at is None:
        return unreadable(
            data[:64].hex(" "), block.ref(), note=f"an audit policy of {len(data)} bytes, of a shape that is not known"
        )
    number = int(struct.unpack_from("<H", data, at)[0])
    if number not in AUDITED:
        return unreadable(str(number), block.ref(at, 2), note="no setting of an audit policy")
    return stated(AUDITED[number], block.ref(at, 2), raw=str(number))


def _place(data: bytes) -> int | None:
    """Where the subcategory's number stands; None where header, footer and length do not go together."""
    if len(data) < _HEADER:
        return None
    categories, footer = struct.unpack_from("<II", data, 4)
    if not _OBJECT < categories <= _MOST or not _HEADER <= footer <= len(data) - 2 * categories:
        return None
    counts: tuple[int, ...] = struct.unpack_from(f"<{categories}H", data, footer)
    if counts[_OBJECT] <= _PLACE or sum(counts) > _MOST * _MOST or _HEADER + 2 * sum(counts) > footer:
        return None
    return _HEADER + 2 * (sum(counts[:_OBJECT]) + _PLACE)


def log_service(control_set: Key, view: str) -> Iterator[Fact]:
    """How the service of the event logs starts (2: by itself, 4: not at all)."""
    service = find_key(control_set, "Services\\EventLog")
    found = values.number(hold(service), "Start") if service is not None else None
    if found is not None and found.value is not None:
        yield Fact("eventlog-start", "", stated(str(found.value), *found.refs), view)
