"""A store's telling as the contract spells it: normalised values, null where the store says nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Any

from triptych.analysis import accounts
from triptych.model.case import Host
from triptych.model.evidence import NOT_KEPT, Reading, State
from triptych.model.task import Action, Presence, Principal, RunState, Schedule, Settings, TaskRecord, Trigger, leaves
from triptych.model.times import Instant

Json = dict[str, Any]
# What the contract names is always there, null where the store does not tell it; the rest only where it is told.
_OF_TRIGGER = frozenset((
    "type", "enabled", "start_boundary", "end_boundary", "delay", "random_delay", "subscription", "user_id", "state_change",
))  # fmt: skip
_OF_ACTION = frozenset(("type", "command", "arguments", "working_directory", "class_id", "data", "server"))


# The names of the readings of each part, and what gets them all at once.
_NAMES = {
    part: tuple(member.name for member in fields(part) if member.name != "schedule")
    for part in (Principal, Trigger, Schedule, Action, Settings, RunState)
}
_GET: dict[type, tuple[tuple[str, ...], Callable[[Any], tuple[Reading[Any], ...]]]] = {
    part: (names, attrgetter(*names)) for part, names in _NAMES.items()
}


def plain(reading: Reading[Any]) -> Any:
    """The value in JSON's own types; None where the store does not tell it (what it says unreadably stays in `problems`)."""
    value = reading.value
    if value is None or not reading.known:
        return None
    if type(value) is Instant:
        return value.iso
    return list(value) if type(value) is tuple else value


def definition(record: TaskRecord | None, host: Host) -> Json | None:
    """The definition of `contract.md`; None for a store without a record, or whose record says that it shows none."""
    if record is None or record.presence.value in (Presence.HIDDEN, Presence.ABSENT):
        return None
    registration, keeping = record.registration, record.keeping
    return {
        "path": record.path,
        "guid": record.guid or None,
        "uri": plain(registration.uri),
        "author": plain(registration.author),
        "date": plain(registration.date),
        "source": plain(registration.source),
        "description": plain(registration.description),
        "documentation": plain(registration.documentation),
        "version": plain(registration.version),
        "schema": plain(registration.schema),
        "data": plain(registration.data),
        "enabled": plain(record.settings.enabled),
        "hidden": plain(record.settings.hidden),
        "security_descriptor": _access(record),
        "principal": _principal(record, host),
        "triggers": [_trigger(trigger) for trigger in record.triggers] if record.has_triggers else None,
        "actions": [_action(action) for action in record.actions] if record.has_actions else None,
        "settings": _settings(record.settings),
        "run": _members(record.run),
        "tree_id": plain(keeping.tree_id),
        "tasks_path": plain(keeping.tasks_path),
        "index": plain(keeping.index),
        "index_keys": plain(keeping.index_keys),
        "hash": plain(keeping.hash),
        "encoding": plain(keeping.encoding),
        "last_written": {
            "tree": plain(keeping.tree_written),
            "tasks": plain(keeping.tasks_written),
            "index": plain(keeping.index_written),
            "file": plain(keeping.file_written),
        },
        "orphan": record.orphan or None,
        "complete": record.complete,
        "extras": [{"name": extra.name, "value": plain(extra.reading)} for extra in record.extras],
        "unreadable": _unreadable(record),
    }


def _access(record: TaskRecord) -> Any:
    """The descriptor in force where the store keeps it (the Tree key's SD), else the one the definition states."""
    in_force = plain(record.keeping.access)
    return in_force if in_force is not None else plain(record.registration.security_descriptor)


def _principal(record: TaskRecord, host: Host) -> Json:
    """The principal, with the name of its account where this host knows it (a SID is what the registry keeps)."""
    told = _members(record.principal)
    stated = told["user_id"] or told["group_id"]
    sid = accounts.sid_of(stated, host) if stated else None
    return told | {"account": told["account"] or (accounts.name_of(sid, host) if sid else None)}


def _members(part: Any) -> Json:
    names, get = _GET[type(part)]
    return {name: None if reading is NOT_KEPT else plain(reading) for name, reading in zip(names, get(part), strict=True)}


def _trigger(trigger: Trigger) -> Json:
    flat = _members(trigger)
    repetition = {
        "interval": flat.pop("repetition_interval"),
        "duration": flat.pop("repetition_duration"),
        "stop_at_duration_end": flat.pop("stop_at_duration_end"),
    }
    told = {name: value for name, value in flat.items() if value is not None or name in _OF_TRIGGER}
    return {**told, "repetition": repetition if repetition["interval"] else None, "schedule": _schedule(trigger.schedule)}


def _schedule(schedule: Schedule) -> Json | None:
    told = {name: value for name, value in _members(schedule).items() if value is not None}
    return told or None


def _action(action: Action) -> Json:
    return {name: value for name, value in _members(action).items() if value is not None or name in _OF_ACTION}


def _settings(settings: Settings) -> Json:
    return {name: value for name, value in _members(settings).items() if name not in ("enabled", "hidden")}


def _unreadable(record: TaskRecord) -> list[Json]:
    return [
        {"field": name, "raw": reading.raw, "note": reading.note}
        for name, reading in leaves(record)
        if reading.state is State.UNREADABLE and name != "presence"
    ]
