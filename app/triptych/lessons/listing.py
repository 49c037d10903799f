"""Listings of a machine's tasks in the words of the tools that people bring: schtasks and PowerShell.

Sources: listings of real hosts. CSV repeats its header for every folder, has a row for each trigger and does not escape quotes
inside a command; TABLE cuts names at 40 characters; a task that never ran shows the year 1999. Each function takes the machine
and the tasks to list (`scheduler_view.visible`, less or more of them); times are the machine's wall clock.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import groupby

from triptych.lessons.machine import Machine
from triptych.lessons.task_spec import ActionSpec, Definition, PrincipalSpec, SettingsSpec, TaskSpec, TriggerSpec
from triptych.lessons.task_xml import xml_text
from triptych.model.times import TICKS_A_SECOND, Instant, Zone

CSV_HEADER = (
    "HostName", "TaskName", "Next Run Time", "Status", "Logon Mode", "Last Run Time", "Last Result", "Author", "Task To Run",
    "Start In", "Comment", "Scheduled Task State", "Idle Time", "Power Management", "Run As User",
    "Delete Task If Not Rescheduled", "Stop Task If Runs X Hours and X Mins", "Schedule", "Schedule Type", "Start Time",
    "Start Date", "End Date", "Days", "Months", "Repeat: Every", "Repeat: Until: Time", "Repeat: Until: Duration",
    "Repeat: Stop If Still Running",
)  # fmt: skip
NEVER_RAN = "11/30/1999 12:00:00 AM"
_NO_DATA = "Scheduling data is not available in this format."
_NOTHING_HERE = "INFO: There are no scheduled tasks presently available at your access level."
_NAMES = {
    "S-1-5-18": "SYSTEM", "S-1-5-19": "LOCAL SERVICE", "S-1-5-20": "NETWORK SERVICE", "S-1-5-4": "INTERACTIVE",
    "S-1-5-11": "Authenticated Users", "S-1-5-32-544": "Administrators", "S-1-5-32-545": "Users", "S-1-1-0": "Everyone",
}  # fmt: skip
_TYPES = {
    "BootTrigger": "At system start up",
    "LogonTrigger": "At logon time",
    "IdleTrigger": "At idle time",
    "EventTrigger": "When an event occurs",
    "TimeTrigger": "One Time Only",
    "CalendarTrigger": "Daily",
}
_LOGON_TYPES = {"": 3, "Password": 1, "S4U": 2, "InteractiveToken": 3, "InteractiveTokenOrPassword": 6}
_GROUP, _SERVICE = 4, 5
_RUN_LEVELS = {"": 0, "LeastPrivilege": 0, "HighestAvailable": 1}
_POLICIES = {"Parallel": 0, "Queue": 1, "IgnoreNew": 2, "StopExisting": 3}
_READY, _DISABLED = 3, 1


def schtasks_csv(machine: Machine, tasks: Iterable[TaskSpec], encoding: str = "utf-16") -> bytes:
    """`schtasks /query /fo CSV /v`; redirected by Windows PowerShell (UTF-16 with a mark) where no encoding is given."""
    lines = []
    for _, members in groupby(tasks, key=lambda task: task.folder):
        lines.append(_csv_line(CSV_HEADER))
        lines += (_csv_line(row) for task in members for row in _rows(machine, task))
    return _encoded(lines, encoding)


def schtasks_list(machine: Machine, tasks: Iterable[TaskSpec], encoding: str = "utf-16") -> bytes:
    """`schtasks /query /fo LIST /v`."""
    width = max(map(len, CSV_HEADER)) + 1
    lines = []
    for folder, members in groupby(tasks, key=lambda task: task.folder):
        lines += ["", f"Folder: {folder}"]
        for task in members:
            for row in _rows(machine, task):
                lines += [f"{name + ':':<{width}} {value}" for name, value in zip(CSV_HEADER, row, strict=True)]
                lines.append("")
    return _encoded(lines, encoding)


def schtasks_table(machine: Machine, tasks: Iterable[TaskSpec], encoding: str = "utf-16") -> bytes:
    """`schtasks /query`: names cut at 40 characters, folders without tasks named too."""
    rule = f"{'=' * 40} {'=' * 22} {'=' * 15}"
    by_folder = {folder: list(members) for folder, members in groupby(tasks, key=lambda task: task.folder)}
    lines = []
    for folder in sorted({above for name in by_folder for above in _above(name)}, key=str.casefold):
        lines += ["", f"Folder: {folder}", f"{'TaskName':<40} {'Next Run Time':<22} {'Status':<15}", rule]
        for task in by_folder.get(folder, ()):
            lines.append(f"{task.name[:40]:<40} {'N/A':<22} {_status(task):<15}")
        if folder not in by_folder:
            lines.append(_NOTHING_HERE)
    return _encoded(lines, encoding)


def schtasks_xml(machine: Machine, tasks: Iterable[TaskSpec], encoding: str = "utf-16") -> bytes:
    """`schtasks /query /xml ONE`: the path of each task stands in the comment before it alone."""
    lines = ['<?xml version="1.0" encoding="UTF-16"?>', "<Tasks>"]
    for task in tasks:
        document = xml_text(_shown(machine, task), "stock")
        lines += [f"<!-- {task.path} -->", *document.split("\r\n")[1:]]
    return _encoded([*lines, "</Tasks>"], encoding)


def powershell_json(machine: Machine, tasks: Iterable[TaskSpec], encoding: str = "utf-8-sig") -> bytes:
    """`Get-ScheduledTask | ConvertTo-Json -Depth 5`."""
    objects = [_object(machine, task) for task in tasks]
    return json.dumps(objects, indent=4, ensure_ascii=False).replace("\n", "\r\n").encode(encoding, "surrogatepass")


def _encoded(lines: Sequence[str], encoding: str) -> bytes:
    text = "\r\n".join([*lines, ""])
    if encoding == "utf-16":
        return b"\xff\xfe" + text.encode("utf-16-le", "surrogatepass")
    return text.encode(encoding, "replace")


def _csv_line(values: Iterable[str]) -> str:
    return ",".join(f'"{value}"' for value in values)


def _above(folder: str) -> list[str]:
    """A folder and those above it, the root among them."""
    parts = [part for part in folder.split("\\") if part]
    return ["\\", *("\\" + "\\".join(parts[: number + 1]) for number in range(len(parts)))]


def _shown(machine: Machine, task: TaskSpec) -> Definition:
    """What the scheduler knows of a task: the registry's telling; Windows 7 takes actions from the file."""
    return task.definition if machine.windows.is_7 else task.told_by_registry


def _status(task: TaskSpec) -> str:
    return "Ready" if task.told_by_registry.settings.enabled else "Disabled"


def _account(machine: Machine, task: TaskSpec) -> str:
    principal = task.told_by_registry.principal
    known = {account.sid: account.name for account in machine.accounts}
    return _NAMES.get(principal.known_sid) or known.get(principal.known_sid) or principal.known_sid


def _clock(machine: Machine, ticks: int) -> str:
    """A moment as schtasks writes it in the United States: 3/14/2026 2:17:03 AM."""
    return _american(Instant(ticks - machine.bias * 60 * TICKS_A_SECOND, Zone.LOCAL))


def _american(moment: Instant) -> str:
    date, time = moment.iso[:19].split("T")
    year, month, day = date.split("-")
    hour, minute, second = time.split(":")
    half = "AM" if int(hour) < 12 else "PM"
    return f"{int(month)}/{int(day)}/{year} {(int(hour) + 11) % 12 + 1}:{minute}:{second} {half}"


def _rows(machine: Machine, task: TaskSpec) -> list[tuple[str, ...]]:
    """One row a trigger, one at least."""
    triggers: tuple[TriggerSpec | None, ...] = _shown(machine, task).triggers or (None,)
    return [_row(machine, task, trigger) for trigger in triggers]


def _row(machine: Machine, task: TaskSpec, trigger: TriggerSpec | None) -> tuple[str, ...]:
    told = _shown(machine, task)
    last = _clock(machine, task.times.last_run) if task.times.last_run else NEVER_RAN
    result = task.times.result - (1 << 32 if task.times.result >> 31 else 0)
    enabled = "Enabled" if told.settings.enabled else "Disabled"
    start = _american(trigger.start).split(" ", 1) if trigger and trigger.start else ("N/A", "N/A")
    directory = next((action.working_directory for action in told.actions), "")
    interactive = "Interactive only" if told.principal.logon_type == "InteractiveToken" else "Interactive/Background"
    return (
        *(machine.name, task.path, "N/A", _status(task), interactive, last, str(result)),
        *(told.registration.author or "N/A", _to_run(told.actions), directory or "N/A", told.registration.description or "N/A"),
        *(enabled, "Disabled", _power(told), _account(machine, task), "Disabled", _limit(told.settings.time_limit), _NO_DATA),
        *(_TYPES.get(trigger.type, "Undefined") if trigger else "On demand only", start[1], start[0], "N/A"),
        *("Every 1 day(s)" if trigger and trigger.type == "CalendarTrigger" else "N/A", "N/A"),
        *("Disabled", "Disabled", "Disabled", "Disabled"),
    )


def _to_run(actions: tuple[ActionSpec, ...]) -> str:
    if len(actions) > 1:
        return "Multiple actions"
    return next((f"{one.command} {one.arguments}" if one.type == "Exec" else "COM handler" for one in actions), "N/A")


def _power(told: Definition) -> str:
    words = []
    if told.settings.stop_on_batteries:
        words.append("Stop On Battery Mode")
    if told.settings.no_start_on_batteries:
        words.append("No Start On Batteries")
    return ", ".join(words)


def _limit(duration: str) -> str:
    return {"P3D": "72:00:00", "PT0S": "Disabled"}.get(duration, "01:00:00")


def _object(machine: Machine, task: TaskSpec) -> dict[str, object]:
    told = _shown(machine, task)
    registration = told.registration
    return {
        "State": _READY if told.settings.enabled else _DISABLED,
        "Actions": [_action(action) for action in told.actions],
        "Author": registration.author or None,
        "Date": registration.date or None,
        "Description": registration.description or None,
        "Documentation": registration.documentation or None,
        "Principal": _principal(told.principal, _account(machine, task)),
        "SecurityDescriptor": registration.security_descriptor or None,
        "Settings": _settings(told.settings),
        "Source": registration.source or None,
        "TaskName": task.name,
        "TaskPath": task.folder.rstrip("\\") + "\\",
        "Triggers": [_trigger(trigger) for trigger in told.triggers],
        "URI": task.path,
        "Version": registration.version or None,
        "PSComputerName": None,
    }


def _principal(told: PrincipalSpec, account: str) -> dict[str, object]:
    logon = _GROUP if told.group_id else _LOGON_TYPES[told.logon_type]
    if not told.logon_type and told.known_sid in _NAMES and not told.group_id:
        logon = _SERVICE
    return {
        "DisplayName": told.display_name or None,
        "GroupId": account if told.group_id else None,
        "Id": told.id,
        "LogonType": logon,
        "RunLevel": _RUN_LEVELS[told.run_level],
        "UserId": None if told.group_id else account,
    }


def _settings(told: SettingsSpec) -> dict[str, object]:
    return {
        "AllowDemandStart": told.allow_start_on_demand,
        "AllowHardTerminate": told.allow_hard_terminate,
        "DisallowStartIfOnBatteries": told.no_start_on_batteries,
        "Enabled": told.enabled,
        "ExecutionTimeLimit": told.time_limit,
        "Hidden": told.hidden,
        "MultipleInstances": _POLICIES[told.multiple_instances],
        "Priority": told.priority,
        "StartWhenAvailable": told.start_when_available,
        "StopIfGoingOnBatteries": told.stop_on_batteries,
        "WakeToRun": told.wake_to_run,
    }


def _action(action: ActionSpec) -> dict[str, object]:
    if action.type == "ComHandler":
        return {"Id": action.id or None, "ClassId": action.class_id, "Data": action.data or None}
    return {
        "Id": action.id or None,
        "Arguments": action.arguments or None,
        "Execute": action.command,
        "WorkingDirectory": action.working_directory or None,
    }


def _trigger(trigger: TriggerSpec) -> dict[str, object]:
    return {
        "Enabled": trigger.enabled,
        "EndBoundary": trigger.end.iso if trigger.end else None,
        "ExecutionTimeLimit": trigger.execution_time_limit or None,
        "Id": trigger.id or None,
        "Repetition": {"Duration": trigger.duration or None, "Interval": trigger.interval or None},
        "StartBoundary": trigger.start.iso if trigger.start else None,
    }
