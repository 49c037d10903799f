"""From a definition to the Actions, Triggers and DynamicInfo values that the service would keep of it.

The bytes themselves are written by `formats.task_cache`; here is which bits and numbers say what. Sources: winreg-tasks (flags
of the job bucket, records), GhostTask (defaults), 46 blobs of a real Windows 7 (version 0x15, group and service bits).
"""

from __future__ import annotations

import uuid

from triptych.formats.sid import sid_bytes
from triptych.formats.task_cache.actions import (
    ActionLayout,
    ActionsBlob,
    ComHandlerAction,
    ExecAction,
    SendEmailAction,
    ShowMessageAction,
    encode_actions,
)
from triptych.formats.task_cache.dynamic_info import DynamicInfoBlob, encode_dynamic_info
from triptych.formats.task_cache.parts import TsPeriod, TsTime
from triptych.formats.task_cache.triggers import (
    ANY_USER,
    BOOT,
    IDLE,
    REGISTRATION,
    UNSET,
    EventTrigger,
    GenericTrigger,
    JobBucket,
    LogonTrigger,
    OptionalSettings,
    ScheduleTrigger,
    SessionTrigger,
    TriggerLayout,
    TriggersBlob,
    UserInfo,
    WnfTrigger,
    encode_triggers,
)
from triptych.lessons.task_spec import ActionSpec, Definition, PrincipalSpec, SettingsSpec, TaskTimes, TriggerSpec
from triptych.model.times import UNBOUNDED, Instant, Zone, duration_seconds

DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
SESSION_STATES = {
    "ConsoleConnect": 1,
    "ConsoleDisconnect": 2,
    "RemoteConnect": 3,
    "RemoteDisconnect": 4,
    "SessionLock": 5,
    "SessionUnlock": 6,
}
_POLICY = {"Parallel": 0x400, "StopExisting": 0x800, "Queue": 0x1000, "IgnoreNew": 0x2000}
_LOGON = {"S4U": 0x4000, "InteractiveToken": 0x10000, "Password": 0x40000, "InteractiveTokenOrPassword": 0x80000}
_GROUP, _SERVICE = 0x8000, 0x20000
_HIGHEST, _ALWAYS, _HARD_TERMINATE = 0x01000000, 0x02000000, 0x40000000
_TOKEN_SID = {"None": 0x08000000, "Unrestricted": 0x10000000}
# Privilege numbers: [MS-LSAD] 3.1.1.2.1.
PRIVILEGES = {
    name: number
    for number, name in enumerate(
        (
            "SeCreateTokenPrivilege", "SeAssignPrimaryTokenPrivilege", "SeLockMemoryPrivilege", "SeIncreaseQuotaPrivilege",
            "SeMachineAccountPrivilege", "SeTcbPrivilege", "SeSecurityPrivilege", "SeTakeOwnershipPrivilege",
            "SeLoadDriverPrivilege", "SeSystemProfilePrivilege", "SeSystemtimePrivilege", "SeProfileSingleProcessPrivilege",
            "SeIncreaseBasePriorityPrivilege", "SeCreatePagefilePrivilege", "SeCreatePermanentPrivilege", "SeBackupPrivilege",
            "SeRestorePrivilege", "SeShutdownPrivilege", "SeDebugPrivilege", "SeAuditPrivilege", "SeSystemEnvironmentPrivilege",
            "SeChangeNotifyPrivilege", "SeRemoteShutdownPrivilege", "SeUndockPrivilege", "SeSyncAgentPrivilege",
            "SeEnableDelegationPrivilege", "SeManageVolumePrivilege", "SeImpersonatePrivilege", "SeCreateGlobalPrivilege",
            "SeTrustedCredManAccessPrivilege", "SeRelabelPrivilege", "SeIncreaseWorkingSetPrivilege", "SeTimeZonePrivilege",
            "SeCreateSymbolicLinkPrivilege",
        ),
        start=2,
    )
}  # fmt: skip


def actions_value(told: Definition, version: int = 3) -> bytes:
    """The Actions value."""
    return encode_actions(ActionsBlob(version, told.principal.id, tuple(_action(action) for action in told.actions)))


def _action(action: ActionSpec) -> ActionLayout:
    if action.type == "ComHandler":
        return ComHandlerAction(action.id, uuid.UUID(action.class_id).bytes_le, action.data)
    if action.type == "ShowMessage":
        return ShowMessageAction(action.id, action.title, action.body)
    if action.type == "SendEmail":
        return SendEmailAction(action.id, action.sender, action.to, server=action.server, subject=action.subject, body=action.body)
    return ExecAction(action.id, action.command, action.arguments, action.working_directory)


def triggers_value(told: Definition, version: int = 0x17, crc: int = 0) -> bytes:
    """The Triggers value: header, job bucket, triggers. In version 0x15 AllowHardTerminate has no bit."""
    triggers = tuple(_trigger(trigger) for trigger in told.triggers)
    starts = [trigger.start for trigger in triggers if trigger.start.ticks]
    ends = [trigger.end for trigger in triggers if trigger.end.ticks not in (0, UNBOUNDED)]
    bounded = triggers and len(ends) == len(triggers)
    blob = TriggersBlob(
        version,
        min(starts, key=lambda time: time.ticks, default=TsTime()),
        max(ends, key=lambda time: time.ticks) if bounded else TsTime(0, UNBOUNDED),
        JobBucket(
            job_flags(told) & ~(_HARD_TERMINATE if version == 0x15 else 0),
            crc,
            told.principal.id or None,
            told.principal.display_name or None,
            _user(told.principal),
            _optional(told.settings, told.principal),
        ),
        triggers,
    )
    return encode_triggers(blob)


def job_flags(told: Definition) -> int:
    """The flags of the job bucket."""
    settings, principal = told.settings, told.principal
    flags = _ALWAYS | _POLICY[settings.multiple_instances] | _logon_flag(principal)
    for wanted, bit in (
        (settings.idle_only, 0x2),
        (settings.restart_on_idle, 0x4),
        (settings.stop_on_idle_end, 0x8),
        (settings.no_start_on_batteries, 0x10),
        (settings.stop_on_batteries, 0x20),
        (settings.start_when_available, 0x40),
        (settings.network_only, 0x80),
        (settings.allow_start_on_demand, 0x100),
        (settings.wake_to_run, 0x200),
        (settings.enabled, 0x400000),
        (settings.hidden, 0x800000),
        (principal.run_level == "HighestAvailable", _HIGHEST),
        (settings.allow_hard_terminate, _HARD_TERMINATE),
    ):
        flags |= bit if wanted else 0
    return flags | _TOKEN_SID.get(principal.token_sid_type, 0)


def _logon_flag(principal: PrincipalSpec) -> int:
    if principal.group_id:
        return _GROUP
    if principal.logon_type:
        return _LOGON[principal.logon_type]
    if principal.known_sid.startswith(("S-1-5-18", "S-1-5-19", "S-1-5-20", "S-1-5-80-")):
        return _SERVICE
    return _LOGON["InteractiveToken"]


def _user(principal: PrincipalSpec) -> UserInfo:
    sid = principal.known_sid
    if not sid.startswith("S-1-"):
        raise ValueError(f"the registry needs a SID, and {sid!r} is none")
    return UserInfo(0, 0, principal.sid_type or _sid_type(sid), sid_bytes(sid), principal.account or None)


def _sid_type(sid: str) -> int:
    """SID_NAME_USE: 1 user, 4 alias, 5 well-known group."""
    if sid.startswith("S-1-5-32-"):
        return 4
    return 1 if sid.startswith(("S-1-5-21-", "S-1-12-1-")) else 5


def _seconds(text: str, default: int = 0) -> int:
    """Seconds of a duration; months count 30 days, years 365."""
    if not text:
        return default
    found = duration_seconds(text)
    if found is None:
        months = int(text.partition("P")[2].partition("M")[0])
        return months * 30 * 86_400
    return found


def _optional(settings: SettingsSpec, principal: PrincipalSpec) -> OptionalSettings:
    length = 0x58 if settings.maintenance_period else 0x38 if principal.privileges else 0x2C
    return OptionalSettings(
        length,
        _seconds(settings.idle_duration),
        _seconds(settings.idle_wait, UNSET),
        _seconds(settings.time_limit),
        _seconds(settings.delete_after, UNSET),
        settings.priority,
        _seconds(settings.restart_interval),
        settings.restart_count,
        privileges=sum(1 << PRIVILEGES[name] for name in principal.privileges),
        maintenance_period=_period(settings.maintenance_period),
        maintenance_deadline=_period(settings.maintenance_deadline),
        maintenance_exclusive=int(settings.maintenance_exclusive),
    )


def _period(text: str) -> TsPeriod:
    if not text:
        return TsPeriod()
    if duration_seconds(text) is None:
        return TsPeriod(months=int(text.partition("P")[2].partition("M")[0]))
    seconds = _seconds(text)
    return TsPeriod(days=seconds // 86_400, hours=seconds // 3600 % 24, minutes=seconds // 60 % 60, seconds=seconds % 60)


def _time(when: Instant | None, none: int) -> TsTime:
    return TsTime(0, none) if when is None else TsTime(int(when.zone is Zone.LOCAL), when.ticks)


def _trigger(trigger: TriggerSpec) -> TriggerLayout:
    if trigger.type in ("TimeTrigger", "CalendarTrigger"):
        return _scheduled(trigger)
    common = GenericTrigger(
        0,
        _time(trigger.start, 0),
        _time(trigger.end, UNBOUNDED),
        _seconds(trigger.delay),
        _seconds(trigger.execution_time_limit, UNSET),
        _seconds(trigger.interval),
        _seconds(trigger.duration),
        _seconds(trigger.duration),
        int(trigger.stop_at_duration_end),
        int(trigger.enabled),
        id=trigger.id,
    )
    return _special(trigger, common)


def _special(trigger: TriggerSpec, common: GenericTrigger) -> TriggerLayout:
    shared = (
        common.start, common.end, common.delay, common.execution_time_limit, common.repetition_interval,
        common.repetition_duration, common.repetition_duration_again, common.stop_at_duration_end, common.enabled,
        common.unknown, common.id,
    )  # fmt: skip
    user = UserInfo(0, 0, 1, sid_bytes(trigger.user_sid), trigger.user_id or None) if trigger.user_sid else ANY_USER
    match trigger.type:
        case "LogonTrigger":
            return LogonTrigger(LogonTrigger().magic, *shared, user=user)
        case "SessionStateChangeTrigger":
            return SessionTrigger(SessionTrigger().magic, *shared, state=SESSION_STATES[trigger.state_change], user=user)
        case "EventTrigger":
            return EventTrigger(
                EventTrigger().magic, *shared, subscription=trigger.subscription, value_queries=trigger.value_queries
            )
        case "WnfStateChangeTrigger":
            name, data = bytes.fromhex(trigger.state_name), bytes.fromhex(trigger.data)
            return WnfTrigger(WnfTrigger().magic, *shared, state_name=name, data=data)
        case _:
            magic = {"BootTrigger": BOOT, "IdleTrigger": IDLE, "RegistrationTrigger": REGISTRATION}[trigger.type]
            return GenericTrigger(magic, *shared)


def _scheduled(trigger: TriggerSpec) -> ScheduleTrigger:
    mode, numbers = _calendar(trigger)
    return ScheduleTrigger(
        start=_time(trigger.start, 0),
        end=_time(trigger.end, 0),
        repetition_interval=_seconds(trigger.interval),
        repetition_duration=_seconds(trigger.duration),
        execution_time_limit=_seconds(trigger.execution_time_limit, UNSET),
        mode=mode,
        data1=numbers[0],
        data2=numbers[1],
        data3=numbers[2],
        stop_at_duration_end=int(trigger.stop_at_duration_end),
        enabled=int(trigger.enabled),
        random_delay=_seconds(trigger.random_delay),
        id=trigger.id,
    )


def _bits(names: tuple[str, ...], order: tuple[str, ...]) -> int:
    return sum(1 << order.index(name) for name in names)


def _calendar(trigger: TriggerSpec) -> tuple[int, tuple[int, int, int]]:
    """Mode and the three numbers of a schedule; months that are not named are all."""
    if trigger.type == "TimeTrigger":
        return 0, (0, 0, 0)
    months = _bits(trigger.months, MONTHS) or 0xFFF
    if trigger.weeks_of_month:
        weeks = _bits(trigger.weeks_of_month, ("1", "2", "3", "4", "Last"))
        return 4, (_bits(trigger.days_of_week, DAYS), weeks, months)
    if trigger.days_of_month:
        days = sum(1 << (31 if day == "Last" else int(day) - 1) for day in trigger.days_of_month)
        return 3, (days & 0xFFFF, days >> 16, months)
    if trigger.days_of_week:
        return 2, (trigger.weeks or 1, _bits(trigger.days_of_week, DAYS), 0)
    return 1, (trigger.days or 1, 0, 0)


def dynamic_info_value(times: TaskTimes, *, short: bool = False) -> bytes:
    """The DynamicInfo value: 36 bytes, or 28 as Windows 7 has them."""
    return encode_dynamic_info(
        DynamicInfoBlob(
            created=times.registered,
            last_run=times.last_run,
            state=times.state,
            result=times.result,
            last_success=None if short else times.last_success,
        )
    )
