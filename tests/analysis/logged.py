"""Events made by hand, as the reader of logs would give them: roles and words come from the table of kinds."""

from __future__ import annotations

from itertools import count

from triptych.analysis.event_table import EventTable
from triptych.logs.blocks import blocks_of
from triptych.logs.event_kinds import SECURITY, SYSTEM, TASKS, kind_of
from triptych.logs.numbers import folded_id, process_number
from triptych.model.event import Event, EventBlock
from triptych.model.evidence import EventPlace, EvidenceRef, Span
from triptych.model.times import TICKS_A_SECOND, Instant, parse_iso

SYSMON = "Microsoft-Windows-Sysmon/Operational"
POWERSHELL = "Microsoft-Windows-PowerShell/Operational"
NOON = parse_iso("2026-03-01T12:00:00Z").ticks
_NUMBER = count(1)
TASK = "\\Evil"
RUN = "11111111-2222-4333-8444-555555555555"


def after(seconds: float) -> Instant:
    return Instant(NOON + round(seconds * TICKS_A_SECOND))


def event(
    number: int, seconds: float, channel: str = "", *, computer: str = "WS-1", view: str = "", file: str = "", instance: str = "",
    record: int = 0, **data: str,
) -> Event:  # fmt: skip
    """An event of a kind that the table knows; `data` are its values by name."""
    place = channel or (SECURITY if number > 1000 else TASKS)
    kind = kind_of(place, number)
    assert kind is not None, (place, number)
    given = next(_NUMBER)
    roles = {role: next((data[name] for name in names if data.get(name)), "") for role, names in kind.roles}
    account = "\\".join(data[name] for name in dict(kind.roles).get("account", ()) if data.get(name))
    path = file or f"Windows/System32/winevt/Logs/{place.replace('/', '%4')}.evtx"
    return Event(
        after(seconds), place, number, record or given, kind.lane, kind.kind, kind.words,
        EvidenceRef(EventPlace(place, record or given), (Span(path, 512 * given, 400),)), task=roles.get("task") or None,
        account=account, process=roles.get("process", ""), command=roles.get("command", ""),
        process_id=process_number(roles.get("pid", "")), parent_id=process_number(roles.get("parent", "")),
        logon_id=folded_id(roles.get("logon", "")), instance_id=folded_id(instance or roles.get("instance", "")),
        result=roles.get("result", ""), content=roles.get("content", ""), computer=computer, data=tuple(data.items()), view=view,
    )  # fmt: skip


def table(*events: Event) -> EventTable:
    return EventTable(blocks_of(events))


def blocks(*events: Event) -> tuple[EventBlock, ...]:
    return blocks_of(events)


def logon(
    seconds: float, number: str = "0x5a41", kind: str = "3", address: str = "10.0.0.9", name: str = "eve", record: int = 0,
    computer: str = "WS-1", view: str = "",
) -> Event:  # fmt: skip
    """4624."""
    data = {"TargetDomainName": "LAB", "TargetUserName": name, "TargetLogonId": number, "LogonType": kind, "IpAddress": address}
    return event(4624, seconds, record=record, computer=computer, view=view, **data)


def process(seconds: float, pid: int, name: str, line: str = "", parent: int = 0x414, by: str = "", **more: str) -> Event:
    data = {
        "SubjectDomainName": "LAB", "SubjectUserName": "eve", "SubjectLogonId": "0x5a41", "NewProcessId": hex(pid),
        "NewProcessName": name, "CommandLine": line, "ProcessId": hex(parent), "ParentProcessName": by,
    }  # fmt: skip
    return event(4688, seconds, **{**data, **more})


def started(seconds: float, pid: int, image: str, line: str, **more: str) -> Event:
    """Sysmon 1."""
    return event(1, seconds, SYSMON, **{"Image": image, "ProcessId": str(pid), "CommandLine": line, "User": "LAB\\eve", **more})


def definition(command: str, arguments: str = "", account: str = "S-1-5-18") -> str:
    return (
        '<?xml version="1.0" encoding="UTF-16"?>\r\n<Task version="1.2"><Principals><Principal><UserId>'
        f"{account}</UserId></Principal></Principals><Actions><Exec><Command>{command}</Command>"
        f"<Arguments>{arguments}</Arguments></Exec></Actions></Task>"
    )


def audited(number: int, seconds: float, task: str = TASK, content: str = "", logon_id: str = "0x5a41", **more: str) -> Event:
    """4698 to 4702."""
    name = "TaskContentNew" if number == 4702 else "TaskContent"
    data = {
        "SubjectUserSid": "S-1-5-21-1-2-3-1001", "SubjectDomainName": "LAB", "SubjectUserName": "eve", "SubjectLogonId": logon_id,
        "TaskName": task, name: content,
    }  # fmt: skip
    return event(number, seconds, **{**data, **more})


def named(number: int, seconds: float, task: str = TASK, record: int = 0, **more: str) -> Event:
    """An event of the scheduler's own log."""
    data = {"TaskName": task, "UserContext": "LAB\\eve", "UserName": "LAB\\eve", **more}
    return event(number, seconds, record=record, **data)


def run(seconds: float, pid: int = 6292, task: str = TASK, program: str = "cmd.exe", instance: str = RUN) -> tuple[Event, ...]:
    """A run as Windows 10 logs it: 129 before 100, then 200, 110, 201, 102."""
    return (
        named(129, seconds, task, Path=program, ProcessID=str(pid)),
        named(100, seconds + 0.0003, task, InstanceId=instance),
        named(200, seconds + 0.0004, task, ActionName=program, TaskInstanceId=instance, EnginePID=str(pid)),
        named(110, seconds + 0.0005, task, InstanceId=instance),
        named(201, seconds + 1, task, ActionName=program, TaskInstanceId=instance, EnginePID=str(pid), ResultCode="0"),
        named(102, seconds + 1.1, task, InstanceId=instance),
    )


__all__ = [
    "NOON", "POWERSHELL", "RUN", "SECURITY", "SYSMON", "SYSTEM", "TASK", "TASKS", "after", "audited", "blocks", "definition",
    "event", "logon", "named", "process", "run", "started", "table",
]  # fmt: skip
