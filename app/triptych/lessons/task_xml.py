"""Task XML as Windows writes it: UTF-16LE with a byte-order mark, CRLF, two blanks of indent.

The order of elements and which of them are written differ between writers and are taken from files of real hosts: the service
writes down all settings that a client gave (`full`), Windows' own tasks name only what departs from the defaults, with the
triggers late (`stock`); hand-made files are shorter still (`minimal`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from triptych.lessons.task_spec import ActionSpec, Definition, SettingsSpec, TriggerSpec

NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
_PARTS = {
    "full": ("registration", "triggers", "principals", "settings", "data", "actions"),
    "stock": ("registration", "principals", "settings", "data", "triggers", "actions"),
    "minimal": ("registration", "triggers", "principals", "settings", "data", "actions"),
}
_STOCK_SETTINGS = (
    "AllowHardTerminate", "AllowStartOnDemand", "DisallowStartIfOnBatteries", "StopIfGoingOnBatteries", "Enabled",
    "ExecutionTimeLimit", "Hidden", "DeleteExpiredTaskAfter", "MultipleInstancesPolicy", "Priority", "RestartOnFailure",
    "StartWhenAvailable", "WakeToRun", "RunOnlyIfNetworkAvailable", "RunOnlyIfIdle", "IdleSettings",
    "DisallowStartOnRemoteAppSession", "UseUnifiedSchedulingEngine", "MaintenanceSettings",
)  # fmt: skip
_FULL_SETTINGS = (
    "MultipleInstancesPolicy", "DisallowStartIfOnBatteries", "StopIfGoingOnBatteries", "AllowHardTerminate",
    "StartWhenAvailable", "RunOnlyIfNetworkAvailable", "IdleSettings", "AllowStartOnDemand", "Enabled", "Hidden",
    "RunOnlyIfIdle", "DisallowStartOnRemoteAppSession", "UseUnifiedSchedulingEngine", "MaintenanceSettings", "WakeToRun",
    "ExecutionTimeLimit", "DeleteExpiredTaskAfter", "Priority", "RestartOnFailure",
)  # fmt: skip
_REGISTRATION = {
    "full": ("Date", "Source", "Author", "Version", "Description", "Documentation", "URI", "SecurityDescriptor"),
    "stock": ("Version", "Date", "SecurityDescriptor", "Source", "Author", "Description", "Documentation", "URI"),
}
# What stands in stock files even where it is the default.
_ALWAYS = {"DisallowStartIfOnBatteries", "StopIfGoingOnBatteries", "MultipleInstancesPolicy", "IdleSettings"}
_SINCE_1_3 = {"DisallowStartOnRemoteAppSession", "UseUnifiedSchedulingEngine", "MaintenanceSettings"}


def xml_bytes(definition: Definition, order: str = "full") -> bytes:
    """The file's bytes."""
    return b"\xff\xfe" + xml_text(definition, order).encode("utf-16-le", "surrogatepass")


def xml_hash(data: bytes) -> bytes:
    """The Hash value that belongs to a file: SHA-256 of what follows the byte-order mark (winreg-kb)."""
    return hashlib.sha256(data.removeprefix(b"\xff\xfe")).digest()


def xml_text(definition: Definition, order: str = "full") -> str:
    """The document with its declaration, lines ended by CRLF, the last by none."""
    version = f'version="{definition.schema}" ' if definition.schema else ""
    lines = ['<?xml version="1.0" encoding="UTF-16"?>', f'<Task {version}xmlns="{NAMESPACE}">']
    for part in _PARTS[order]:
        lines += ("  " + line for line in _WRITERS[part](definition, order))
    lines.append("</Task>")
    return "\r\n".join(lines)


def escaped(text: str) -> str:
    """Text between tags; characters that XML has no room for are left as they are (a hostile task may hold them)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _leaf(name: str, value: str) -> list[str]:
    return [f"<{name}>{escaped(value)}</{name}>"] if value else []


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _element(head: str, inner: Iterable[str]) -> list[str]:
    """An element with its children indented; one without children closes itself."""
    lines = ["  " + line for line in inner]
    if not lines:
        return [f"<{head} />"]
    return [f"<{head}>", *lines, f"</{head.split()[0]}>"]


def _identified(name: str, ident: str) -> str:
    return f'{name} id="{escaped(ident).replace(chr(34), "&quot;")}"' if ident else name


def _registration(definition: Definition, order: str) -> list[str]:
    told = definition.registration
    values = {
        "Date": told.date, "Source": told.source, "Author": told.author, "Version": told.version,
        "Description": told.description, "Documentation": told.documentation, "URI": told.uri,
        "SecurityDescriptor": told.security_descriptor,
    }  # fmt: skip
    names = _REGISTRATION["stock" if order == "stock" else "full"]
    inner = [line for name in names for line in _leaf(name, values[name])]
    return _element("RegistrationInfo", inner) if inner or order != "minimal" else []


def _principals(definition: Definition, order: str) -> list[str]:
    told = definition.principal
    run_level = _leaf("RunLevel", told.run_level or ("LeastPrivilege" if order == "full" else ""))
    inner = [
        *_leaf("DisplayName", told.display_name),
        *_leaf("GroupId", told.group_id),
        *_leaf("UserId", told.user_id),
        *_leaf("LogonType", told.logon_type),
        *run_level,
        *_leaf("ProcessTokenSidType", told.token_sid_type),
    ]
    if told.privileges:
        inner += _element("RequiredPrivileges", (f"<Privilege>{name}</Privilege>" for name in told.privileges))
    return _element("Principals", _element(_identified("Principal", told.id), inner)) if inner else []


def _settings(definition: Definition, order: str) -> list[str]:
    told, plain = _setting_lines(definition.settings), _setting_lines(SettingsSpec())
    inner: list[str] = []
    for name in _FULL_SETTINGS if order == "full" else _STOCK_SETTINGS:
        stated = told[name] != plain[name] or (order == "stock" and name in _ALWAYS)
        allowed = order == "full" and (name not in _SINCE_1_3 or definition.schema > "1.2")
        if stated or allowed:
            inner += told[name]
    return _element("Settings", inner) if inner or order != "minimal" else []


def _setting_lines(told: SettingsSpec) -> dict[str, list[str]]:
    flags = {
        "AllowHardTerminate": told.allow_hard_terminate, "AllowStartOnDemand": told.allow_start_on_demand,
        "DisallowStartIfOnBatteries": told.no_start_on_batteries, "StopIfGoingOnBatteries": told.stop_on_batteries,
        "Enabled": told.enabled, "Hidden": told.hidden, "StartWhenAvailable": told.start_when_available,
        "WakeToRun": told.wake_to_run, "RunOnlyIfNetworkAvailable": told.network_only, "RunOnlyIfIdle": told.idle_only,
        "DisallowStartOnRemoteAppSession": told.no_remote_app_session, "UseUnifiedSchedulingEngine": told.unified_engine,
    }  # fmt: skip
    lines = {name: _leaf(name, _flag(value)) for name, value in flags.items()}
    lines["ExecutionTimeLimit"] = _leaf("ExecutionTimeLimit", told.time_limit)
    lines["DeleteExpiredTaskAfter"] = _leaf("DeleteExpiredTaskAfter", told.delete_after)
    lines["MultipleInstancesPolicy"] = _leaf("MultipleInstancesPolicy", told.multiple_instances)
    lines["Priority"] = _leaf("Priority", str(told.priority))
    lines["RestartOnFailure"] = []
    if told.restart_interval:
        restart = [*_leaf("Interval", told.restart_interval), *_leaf("Count", str(told.restart_count))]
        lines["RestartOnFailure"] = _element("RestartOnFailure", restart)
    lines["IdleSettings"] = _element("IdleSettings", _idle(told))
    lines["MaintenanceSettings"] = []
    if told.maintenance_period:
        lines["MaintenanceSettings"] = _element("MaintenanceSettings", _maintenance(told))
    return lines


def _idle(told: SettingsSpec) -> Iterator[str]:
    yield from _leaf("Duration", told.idle_duration)
    yield from _leaf("WaitTimeout", told.idle_wait)
    yield f"<StopOnIdleEnd>{_flag(told.stop_on_idle_end)}</StopOnIdleEnd>"
    yield f"<RestartOnIdle>{_flag(told.restart_on_idle)}</RestartOnIdle>"


def _maintenance(told: SettingsSpec) -> Iterator[str]:
    yield from _leaf("Period", told.maintenance_period)
    yield from _leaf("Deadline", told.maintenance_deadline)
    if told.maintenance_exclusive:
        yield "<Exclusive>true</Exclusive>"


def _data(definition: Definition, order: str) -> list[str]:
    return _leaf("Data", definition.registration.data)


def _triggers(definition: Definition, order: str) -> list[str]:
    return _element("Triggers", (line for trigger in definition.triggers for line in _trigger(trigger, order)))


def _trigger(trigger: TriggerSpec, order: str) -> list[str]:
    enabled = _leaf("Enabled", _flag(trigger.enabled)) if order == "full" or not trigger.enabled else []
    inner = [*_repetition(trigger)]
    if trigger.start:
        inner += _leaf("StartBoundary", trigger.start.iso)
    if trigger.end:
        inner += _leaf("EndBoundary", trigger.end.iso)
    inner += _leaf("ExecutionTimeLimit", trigger.execution_time_limit) + enabled
    inner += _leaf("Subscription", trigger.subscription)
    inner += _leaf("UserId", trigger.user_id) + _leaf("StateChange", trigger.state_change)
    inner += _leaf("Delay", trigger.delay) + _leaf("RandomDelay", trigger.random_delay)
    inner += _leaf("StateName", trigger.state_name) + _leaf("Data", trigger.data)
    if trigger.value_queries:
        queries = (f'<Value name="{escaped(name)}">{escaped(query)}</Value>' for name, query in trigger.value_queries)
        inner += _element("ValueQueries", queries)
    return _element(_identified(trigger.type, trigger.id), [*inner, *_schedule(trigger)])


def _repetition(trigger: TriggerSpec) -> list[str]:
    if not trigger.interval:
        return []
    inner = [*_leaf("Interval", trigger.interval), *_leaf("Duration", trigger.duration)]
    return _element("Repetition", [*inner, f"<StopAtDurationEnd>{_flag(trigger.stop_at_duration_end)}</StopAtDurationEnd>"])


def _schedule(trigger: TriggerSpec) -> list[str]:
    if trigger.type != "CalendarTrigger":
        return []
    days = _element("DaysOfWeek", (f"<{day} />" for day in trigger.days_of_week))
    months = _element("Months", (f"<{month} />" for month in trigger.months)) if trigger.months else []
    if trigger.weeks_of_month:
        weeks = _element("Weeks", (f"<Week>{week}</Week>" for week in trigger.weeks_of_month))
        return _element("ScheduleByMonthDayOfWeek", [*weeks, *days, *months])
    if trigger.days_of_month:
        dates = _element("DaysOfMonth", (f"<Day>{day}</Day>" for day in trigger.days_of_month))
        return _element("ScheduleByMonth", [*dates, *months])
    if trigger.days_of_week:
        return _element("ScheduleByWeek", [*_leaf("WeeksInterval", str(trigger.weeks or 1)), *days])
    return _element("ScheduleByDay", _leaf("DaysInterval", str(trigger.days or 1)))


def _actions(definition: Definition, order: str) -> list[str]:
    head = f'Actions Context="{escaped(definition.principal.id)}"' if definition.principal.id else "Actions"
    return _element(head, (line for action in definition.actions for line in _action(action)))


def _action(action: ActionSpec) -> list[str]:
    values = {
        "Exec": (("Command", action.command), ("Arguments", action.arguments), ("WorkingDirectory", action.working_directory)),
        "ComHandler": (("ClassId", action.class_id),),
        "ShowMessage": (("Title", action.title), ("Body", action.body)),
        "SendEmail": (
            ("Server", action.server), ("Subject", action.subject), ("To", action.to), ("From", action.sender),
            ("Body", action.body),
        ),
    }[action.type]  # fmt: skip
    inner = [line for name, value in values for line in _leaf(name, value)]
    if action.type == "ComHandler" and action.data:
        inner.append(f"<Data><![CDATA[{action.data}]]></Data>")
    return _element(_identified(action.type, action.id), inner)


_WRITERS = {
    "registration": _registration,
    "triggers": _triggers,
    "principals": _principals,
    "settings": _settings,
    "data": _data,
    "actions": _actions,
}
