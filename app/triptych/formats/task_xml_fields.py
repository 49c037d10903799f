"""What the Task Scheduler schema has where: one table a section, from element names to fields of the model.

Source: MS-TSCH 2.5, the published schema (defaults, ranges), and task files of Windows 10 and 11 for WnfStateChangeTrigger, which
no public schema has. A default is what Windows assumes where the element is missing; None where it assumes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from triptych.formats import task_xml_values as values
from triptych.formats.task_xml_values import Converter, flag, span, text, when, whole

NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """An element that holds one value: the field that takes it, how its text is understood, what its absence means."""

    field: str
    convert: Converter[Any] = text
    default: Any = None
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """An element that only holds others. `chosen` is the word that the element's presence states for `schedule.kind`."""

    members: Mapping[str, Leaf | Group | Names | Texts | Raw]
    chosen: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Names:
    """An element whose children are words by their own names (`<Monday />`); `all_if_absent`: no such element means all."""

    field: str
    words: tuple[str, ...]
    all_if_absent: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """An element whose children of one name hold a text each; `words` are those allowed, `attribute` names each."""

    field: str
    child: str
    words: tuple[str, ...] = ()
    attribute: str = ""
    inner: tuple[str, ...] = ()  # names of two elements inside each child, shown as `first=second`


@dataclass(frozen=True, slots=True, eq=False)
class Raw:
    """An element that may hold any XML: kept as it is written."""

    field: str


Rule = Leaf | Group | Names | Texts | Raw
Table = Mapping[str, Rule]

REGISTRATION: Table = {
    "URI": Leaf("uri"),
    "Author": Leaf("author"),
    "Date": Leaf("date", when),
    "Source": Leaf("source"),
    "Description": Leaf("description"),
    "Documentation": Leaf("documentation"),
    "Version": Leaf("version"),
    "SecurityDescriptor": Leaf("security_descriptor"),
}

PRINCIPAL: Table = {
    "UserId": Leaf("user_id"),
    "GroupId": Leaf("group_id"),
    "DisplayName": Leaf("display_name"),
    "LogonType": Leaf("logon_type", values.LOGON_TYPE, "InteractiveToken"),
    "RunLevel": Leaf("run_level", values.RUN_LEVEL, "LeastPrivilege"),
    "ProcessTokenSidType": Leaf("process_token_sid_type", values.SID_TYPE),
    "RequiredPrivileges": Texts("required_privileges", "Privilege"),
}

_IDLE_NOTE = "the schema's default; the service itself uses another where idle settings are missing (MS-TSCH, note 28)"
SETTINGS: Table = {
    "Enabled": Leaf("enabled", flag, True),
    "Hidden": Leaf("hidden", flag, False),
    "AllowStartOnDemand": Leaf("allow_start_on_demand", flag, True),
    "MultipleInstancesPolicy": Leaf("multiple_instances_policy", values.INSTANCES, "IgnoreNew"),
    "DisallowStartIfOnBatteries": Leaf("disallow_start_if_on_batteries", flag, True),
    "StopIfGoingOnBatteries": Leaf("stop_if_going_on_batteries", flag, True),
    "AllowHardTerminate": Leaf("allow_hard_terminate", flag, True),
    "StartWhenAvailable": Leaf("start_when_available", flag, False),
    "RunOnlyIfNetworkAvailable": Leaf("run_only_if_network_available", flag, False),
    "NetworkProfileName": Leaf("network_profile_name"),
    "NetworkSettings": Group({"Name": Leaf("network_name"), "Id": Leaf("network_id")}),
    "WakeToRun": Leaf("wake_to_run", flag, False),
    "RunOnlyIfIdle": Leaf("run_only_if_idle", flag, False),
    "IdleSettings": Group(
        {
            "Duration": Leaf("idle_duration", span, "PT10M", _IDLE_NOTE),
            "WaitTimeout": Leaf("idle_wait_timeout", span, "PT1H", _IDLE_NOTE),
            "StopOnIdleEnd": Leaf("stop_on_idle_end", flag, True, _IDLE_NOTE),
            "RestartOnIdle": Leaf("restart_on_idle", flag, False),
        }
    ),
    "ExecutionTimeLimit": Leaf("execution_time_limit", span, "P3D"),
    "DeleteExpiredTaskAfter": Leaf("delete_expired_task_after", span),
    "Priority": Leaf("priority", whole(0, 10), 7),
    "RestartOnFailure": Group({"Interval": Leaf("restart_interval", span), "Count": Leaf("restart_count", whole(1, 255))}),
    "UseUnifiedSchedulingEngine": Leaf("use_unified_scheduling_engine", flag, False),
    "DisallowStartOnRemoteAppSession": Leaf("disallow_start_on_remote_app_session", flag, False),
    "MaintenanceSettings": Group(
        {
            "Period": Leaf("maintenance_period", span),
            "Deadline": Leaf("maintenance_deadline", span),
            "Exclusive": Leaf("maintenance_exclusive", flag, False),
        }
    ),
    "Volatile": Leaf("volatile", flag, False),
}

_ANY_TRIGGER: dict[str, Rule] = {
    "Enabled": Leaf("enabled", flag, True),
    "StartBoundary": Leaf("start_boundary", when),
    "EndBoundary": Leaf("end_boundary", when),
    "ExecutionTimeLimit": Leaf("execution_time_limit", span),
    "Repetition": Group(
        {
            "Interval": Leaf("repetition_interval", span),
            "Duration": Leaf("repetition_duration", span),
            "StopAtDurationEnd": Leaf("stop_at_duration_end", flag, False),
        }
    ),
}
_DELAY: dict[str, Rule] = {"Delay": Leaf("delay", span, "PT0S")}
_RANDOM: dict[str, Rule] = {"RandomDelay": Leaf("random_delay", span, "PT0S")}
_USER: dict[str, Rule] = {"UserId": Leaf("user_id")}
_EVENT: dict[str, Rule] = {
    "Subscription": Leaf("subscription"),
    "PeriodOfOccurrence": Leaf("period_of_occurrence", span, "PT0S"),
    "NumberOfOccurrences": Leaf("number_of_occurrences", whole(1, 32), 1),
    "MatchingElement": Leaf("matching_element"),
    "ValueQueries": Texts("value_queries", "Value", attribute="name"),
}
_WNF: dict[str, Rule] = {"StateName": Leaf("state_name"), "Data": Leaf("data"), "DataOffset": Leaf("data_offset")}
_DAYS_OF_WEEK = Names("schedule.days_of_week", values.WEEKDAYS)
_MONTHS = Names("schedule.months", values.MONTHS, all_if_absent=True)
SCHEDULES: dict[str, Rule] = {
    "ScheduleByDay": Group({"DaysInterval": Leaf("schedule.days_interval", whole(1, 365), 1)}, "Daily"),
    "ScheduleByWeek": Group(
        {"WeeksInterval": Leaf("schedule.weeks_interval", whole(1, 52), 1), "DaysOfWeek": _DAYS_OF_WEEK}, "Weekly"
    ),
    "ScheduleByMonth": Group({"DaysOfMonth": Texts("schedule.days_of_month", "Day", values.DAYS), "Months": _MONTHS}, "Monthly"),
    "ScheduleByMonthDayOfWeek": Group(
        {"Weeks": Texts("schedule.weeks", "Week", values.WEEKS), "DaysOfWeek": _DAYS_OF_WEEK, "Months": _MONTHS},
        "MonthlyDayOfWeek",
    ),
}
TRIGGERS: dict[str, Table] = {
    "BootTrigger": {**_ANY_TRIGGER, **_DELAY},
    "RegistrationTrigger": {**_ANY_TRIGGER, **_DELAY},
    "LogonTrigger": {**_ANY_TRIGGER, **_DELAY, **_USER},
    "SessionStateChangeTrigger": {**_ANY_TRIGGER, **_DELAY, **_USER, "StateChange": Leaf("state_change", values.STATE_CHANGE)},
    "EventTrigger": {**_ANY_TRIGGER, **_DELAY, **_EVENT},
    "TimeTrigger": {**_ANY_TRIGGER, **_RANDOM},
    "CalendarTrigger": {**_ANY_TRIGGER, **_RANDOM, **SCHEDULES},
    "IdleTrigger": _ANY_TRIGGER,
    "WnfStateChangeTrigger": {**_ANY_TRIGGER, **_DELAY, **_WNF},
}
UNKNOWN_TRIGGER: Table = _ANY_TRIGGER

ACTIONS: dict[str, Table] = {
    "Exec": {
        "Command": Leaf("command"),
        "Arguments": Leaf("arguments"),
        "WorkingDirectory": Leaf("working_directory"),
    },
    "ComHandler": {"ClassId": Leaf("class_id"), "Data": Raw("data")},
    "SendEmail": {
        "Server": Leaf("server"),
        "Subject": Leaf("subject"),
        "To": Leaf("to"),
        "Cc": Leaf("cc"),
        "Bcc": Leaf("bcc"),
        "ReplyTo": Leaf("reply_to"),
        "From": Leaf("sender"),
        "HeaderFields": Texts("headers", "HeaderField", inner=("Name", "Value")),
        "Body": Leaf("body"),
        "Attachments": Texts("attachments", "File"),
    },
    "ShowMessage": {"Title": Leaf("title"), "Body": Leaf("body")},
}

SECTIONS = ("RegistrationInfo", "Principals", "Settings", "Data", "Triggers", "Actions")


def _pairs(parent: str, table: Table, found: set[tuple[str, str]]) -> None:
    for name, rule in table.items():
        found.add((parent, name))
        if isinstance(rule, Group):
            _pairs(name, rule.members, found)
        elif isinstance(rule, Names):
            found.update((name, word) for word in rule.words)
        elif isinstance(rule, Texts):
            found.add((name, rule.child))
            found.update((rule.child, inner) for inner in rule.inner)


def _all_pairs() -> frozenset[tuple[str, str]]:
    found: set[tuple[str, str]] = {("Principals", "Principal"), *(("Task", section) for section in SECTIONS)}
    for parent, table in (("RegistrationInfo", REGISTRATION), ("Principal", PRINCIPAL), ("Settings", SETTINGS)):
        _pairs(parent, table, found)
    for parent, tables in (("Triggers", TRIGGERS), ("Actions", ACTIONS)):
        for name, table in tables.items():
            found.add((parent, name))
            _pairs(name, table, found)
    return frozenset(found)


_EXPECTED = _all_pairs()


def expected(parent: str, child: str) -> bool:
    """Whether the schema has a child of that name below a parent of that one."""
    return (parent, child) in _EXPECTED
