"""What a Triggers value tells: settings, principal and triggers of a task, in the words of the schema."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from triptych.formats.cursor import Block
from triptych.formats.task_cache.tell import SHOWN, Told, account, guid_text
from triptych.formats.task_cache.tell_schedule import schedule
from triptych.formats.task_cache.triggers import (
    BOOT,
    EVENT,
    IDLE,
    LOGON,
    REGISTRATION,
    SCHEDULE,
    SESSION,
    UNSET,
    WNF,
    EventTrigger,
    JobBucket,
    LogonTrigger,
    OptionalSettings,
    ScheduleTrigger,
    SessionTrigger,
    TriggerLayout,
    TriggersBlob,
    WnfTrigger,
)
from triptych.model.evidence import NOT_KEPT, EvidenceRef, Reading, kept_not, not_stated, stated, unreadable
from triptych.model.task import Extra, Principal, Settings, Trigger
from triptych.resources import table

_FLAGS = {
    "run_only_if_idle": 0x2,
    "restart_on_idle": 0x4,
    "stop_on_idle_end": 0x8,
    "disallow_start_if_on_batteries": 0x10,
    "stop_if_going_on_batteries": 0x20,
    "start_when_available": 0x40,
    "run_only_if_network_available": 0x80,
    "allow_start_on_demand": 0x100,
    "wake_to_run": 0x200,
    "enabled": 0x400000,
    "hidden": 0x800000,
}
_INSTANCES = {0x400: "Parallel", 0x800: "StopExisting", 0x1000: "Queue", 0x2000: "IgnoreNew"}
_LOGONS = {
    0x4000: "S4U",
    0x8000: "Group",
    0x10000: "InteractiveToken",
    0x20000: "ServiceAccount",
    0x40000: "Password",
    0x80000: "InteractiveTokenOrPassword",
}
_GROUP, _HIGHEST, _HARD_TERMINATE = 0x8000, 0x1000000, 0x40000000
_TOKENS = {0x8000000: "None", 0x10000000: "Unrestricted"}
_TYPES = {
    EVENT: "EventTrigger",
    IDLE: "IdleTrigger",
    BOOT: "BootTrigger",
    LOGON: "LogonTrigger",
    REGISTRATION: "RegistrationTrigger",
    SESSION: "SessionStateChangeTrigger",
    WNF: "WnfStateChangeTrigger",
}
# The blob counts the states on; 7 and 8 are the numbers that the COM interface has for lock and unlock.
_STATES = {
    1: "ConsoleConnect",
    2: "ConsoleDisconnect",
    3: "RemoteConnect",
    4: "RemoteDisconnect",
    5: "SessionLock",
    6: "SessionUnlock",
    7: "SessionLock",
    8: "SessionUnlock",
}


@dataclass(frozen=True, slots=True)
class TriggersTold:
    """What the value tells. `extras` are what no field of the schema takes: the raw flags, the kind of account."""

    settings: Settings
    principal: Principal
    triggers: tuple[Trigger, ...]
    version: Reading[int]
    crc: Reading[int]
    extras: tuple[Extra, ...] = ()


def tell_triggers(blob: TriggersBlob, block: Block) -> TriggersTold:
    """Settings, principal and triggers of a blob that was decoded from `block`."""
    version = stated(blob.version, block.ref(0, 1), raw=f"0x{blob.version:X}") if blob.spots else kept_not()
    triggers = tuple(_trigger(trigger, Told(block, trigger, trigger.spots)) for trigger in blob.triggers)
    if blob.bucket is None:
        return TriggersTold(*_nothing(blob, block), triggers, version, kept_not())
    told = Told(block, blob.bucket, blob.bucket.spots)
    optional = blob.bucket.optional
    crc = told.missing("crc") or stated(blob.bucket.crc, told.ref("crc"), raw=f"0x{blob.bucket.crc:08X}")
    settings = _settings(blob, told, Told(block, optional, optional.spots) if optional else None)
    return TriggersTold(settings, _principal(blob.bucket, told), triggers, version, crc, _extras(blob, told))


def _nothing(blob: TriggersBlob, block: Block) -> tuple[Settings, Principal]:
    """Settings and principal where the blob has no bucket: eight bytes, or bytes that could not be read."""
    if not blob.cut:
        return Settings(), Principal()
    lost = unreadable(block.data[:SHOWN].hex(" "), block.ref(), note="the value is too short")
    return Settings(enabled=lost, hidden=lost), Principal(user_id=lost)


def _settings(blob: TriggersBlob, told: Told, optional: Told | None) -> Settings:
    bucket: JobBucket = told.structure
    lost = told.missing("flags")
    flags = bucket.flags
    ref, raw = told.ref(told.structure.cut if lost else "flags"), f"0x{flags:08X}"
    bits: dict[str, Any] = {name: lost or stated(bool(flags & bit), ref, raw=raw) for name, bit in _FLAGS.items()}
    instances = lost or _one_of(_INSTANCES, flags, ref, "IgnoreNew")
    hard = kept_not() if blob.version < 0x16 else lost or stated(bool(flags & _HARD_TERMINATE), ref, raw=raw)
    return Settings(**bits, multiple_instances_policy=instances, allow_hard_terminate=hard, **_optional(told, optional))


def _one_of(words: dict[int, str], flags: int, ref: EvidenceRef, default: str | None) -> Reading[str]:
    """The one word whose bit is set; none is not stated, several cannot be understood."""
    found = [word for bit, word in words.items() if flags & bit]
    if len(found) == 1:
        return stated(found[0], ref, raw=f"0x{flags:08X}")
    if not found:
        return not_stated(default, ref)
    return unreadable(f"0x{flags:08X}", ref, note=f"several at once: {', '.join(found)}")


def _optional(bucket: Told, told: Told | None) -> dict[str, Any]:
    """The optional settings; where there are none, the schema's defaults, citing the length that says so."""
    if told is None:
        return {
            name: bucket.missing("optional") or not_stated(default, bucket.ref("optional")) for name, default in _DEFAULTS.items()
        }
    settings: OptionalSettings = told.structure
    found: dict[str, Any] = {
        "idle_duration": told.seconds("idle_duration", "PT10M", (0, UNSET)),
        "idle_wait_timeout": told.seconds("idle_wait_timeout", "PT1H", (UNSET,)),
        "execution_time_limit": told.seconds("execution_time_limit", "P3D", (UNSET,)),
        "delete_expired_task_after": told.seconds("delete_expired_task_after", None, (UNSET,)),
        "priority": told.whole("priority", 7, UNSET),
        "restart_interval": told.seconds("restart_interval", None, (0, UNSET)),
        "restart_count": told.whole("restart_count", None, 0),
        "network_id": told.missing("network_id") or _network(settings.network_id, told.ref("network_id")),
        "maintenance_period": told.period("maintenance_period"),
        "maintenance_deadline": told.period("maintenance_deadline"),
        "maintenance_exclusive": told.flag("maintenance_exclusive"),
    }
    silent = {name: not_stated(default, told.ref("length")) for name, default in _DEFAULTS.items()}
    return {name: silent[name] if reading is NOT_KEPT else reading for name, reading in found.items()}


_DEFAULTS: dict[str, str | int | bool | None] = {
    "idle_duration": "PT10M",
    "idle_wait_timeout": "PT1H",
    "execution_time_limit": "P3D",
    "delete_expired_task_after": None,
    "priority": 7,
    "restart_interval": None,
    "restart_count": None,
    "network_id": None,
    "maintenance_period": None,
    "maintenance_deadline": None,
    "maintenance_exclusive": False,
}


def _network(data: bytes, ref: EvidenceRef) -> Reading[str]:
    return stated(guid_text(data), ref) if any(data) else not_stated(None, ref)


def _principal(bucket: JobBucket, told: Told) -> Principal:
    lost = told.missing("flags")
    ref = told.ref(bucket.cut if lost else "flags")
    user = Told(told.block, bucket.user, bucket.user.spots)
    # A partial account is kept when the bytes break within it.
    who = account(user) if bucket.user.spots else told.missing("user") or kept_not()
    group = bool(bucket.flags & _GROUP)
    absent: Reading[str] = not_stated(None, ref)
    raw = f"0x{bucket.flags:08X}"
    return Principal(
        id=told.text("principal_id"),
        display_name=told.text("display_name"),
        user_id=absent if group else who,
        group_id=who if group else absent,
        account=user.text("name") if "name" in user.spots else kept_not(),
        logon_type=lost or _one_of(_LOGONS, bucket.flags, ref, "InteractiveToken"),
        run_level=lost or stated("HighestAvailable" if bucket.flags & _HIGHEST else "LeastPrivilege", ref, raw=raw),
        process_token_sid_type=lost or _one_of(_TOKENS, bucket.flags, ref, None),
        required_privileges=_privileges(bucket, told),
    )


def _privileges(bucket: JobBucket, told: Told) -> Reading[tuple[str, ...]]:
    lost = told.missing("optional")
    if lost is not None:
        return lost
    if bucket.optional is None:
        return not_stated(None, told.ref("optional"))
    optional = Told(told.block, bucket.optional, bucket.optional.spots)
    mask = bucket.optional.privileges
    if not mask:
        return not_stated(None, optional.ref("privileges" if "privileges" in optional.spots else "length"))
    names: dict[str, str] = table("words/privileges.json")["privileges"]
    found = tuple(names.get(str(bit), f"privilege {bit}") for bit in range(64) if mask >> bit & 1)
    return stated(found, optional.ref("privileges"), raw=f"0x{mask:X}")


def _extras(blob: TriggersBlob, told: Told) -> tuple[Extra, ...]:
    bucket: JobBucket = told.structure
    extras = []
    if "flags" in told.spots and told.missing("flags") is None:
        extras.append(Extra("Triggers.flags", stated(f"0x{bucket.flags:08X}", told.ref("flags"))))
    user = Told(told.block, bucket.user, bucket.user.spots)
    if "sid_type" in user.spots:
        extras.append(Extra("Triggers.sid_type", stated(str(bucket.user.sid_type), user.ref("sid_type"))))
    if "optional" in told.spots and told.missing("optional") is None:
        length = bucket.optional.length if bucket.optional else 0
        extras.append(Extra("Triggers.optional_length", stated(f"0x{length:X}", told.ref("optional"))))
    return tuple(extras)


def _trigger(trigger: TriggerLayout, told: Told) -> Trigger:
    interval, length, stop = _repetition(told)
    known: dict[str, Any] = {
        "type": _type(trigger, told),
        "id": told.text("id"),
        "enabled": told.flag("enabled"),
        "start_boundary": told.moment("start"),
        "end_boundary": told.moment("end"),
        "execution_time_limit": told.seconds("execution_time_limit", None, (UNSET,)),
        "repetition_interval": interval,
        "repetition_duration": length,
        "stop_at_duration_end": stop,
    }
    if isinstance(trigger, ScheduleTrigger):
        random_delay = told.seconds("random_delay", "PT0S", (0, UNSET))
        return Trigger(**known, random_delay=random_delay, schedule=schedule(trigger, told))
    return Trigger(**known, delay=told.seconds("delay", "PT0S", (0, UNSET)), **_special(trigger, told))


def _type(trigger: TriggerLayout, told: Told) -> Reading[str]:
    magic = trigger.magic & 0xFFFF
    raw = f"0x{magic:04X}"
    if magic != SCHEDULE:
        return stated(_TYPES[magic], told.ref("magic"), raw=raw)
    lost = told.missing("mode")
    if lost is not None:
        return lost
    mode = told.get("mode")
    return stated("CalendarTrigger" if mode else "TimeTrigger", told.ref("magic"), told.ref("mode"), raw=f"{raw}, mode {mode}")


def _repetition(told: Told) -> tuple[Reading[str], Reading[str], Reading[bool]]:
    """Interval, duration and stop of the repetition; with no interval there is none, with no duration it never ends."""
    interval = told.seconds("repetition_interval", None, (0, UNSET))
    length = told.seconds("repetition_duration", None, (0, UNSET))
    stop = told.flag("stop_at_duration_end")
    if interval.stated or told.structure.cut:
        return interval, length, stop
    absent: Reading[str] = not_stated(None, told.ref("repetition_interval"))
    return interval, absent, not_stated(False, told.ref("repetition_interval"))


def _special(trigger: TriggerLayout, told: Told) -> dict[str, Any]:
    """What one kind of trigger has beyond the others."""
    found: dict[str, Any] = {}
    if isinstance(trigger, LogonTrigger | SessionTrigger):
        user = Told(told.block, trigger.user, trigger.user.spots)
        found["user_id"] = account(user) if trigger.user.spots else told.missing("user") or kept_not()
    if isinstance(trigger, SessionTrigger):
        word = _STATES.get(trigger.state)
        raw = str(trigger.state)
        found["state_change"] = told.missing("state") or (
            stated(word, told.ref("state"), raw=raw) if word else unreadable(raw, told.ref("state"), note="no known state")
        )
    if isinstance(trigger, EventTrigger):
        queries = tuple(f"{name}={query}" for name, query in trigger.value_queries)
        found["subscription"] = told.text("subscription")
        found["period_of_occurrence"] = told.seconds("period", "PT0S", (0, UNSET))
        found["number_of_occurrences"] = told.whole("occurrences", 1, 0)
        found["matching_element"] = told.text("matching_element")
        found["value_queries"] = told.missing("value_queries") or (
            stated(queries, told.ref("value_queries")) if queries else not_stated((), told.ref("value_queries"))
        )
    if isinstance(trigger, WnfTrigger):
        found["state_name"] = told.hex("state_name")
        found["data"] = told.hex("data")
    return found
