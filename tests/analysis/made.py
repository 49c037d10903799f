"""Records, tasks and hosts made by hand: each reading cites a span, as real ones do."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from triptych.model.case import Fact, Host
from triptych.model.evidence import EvidenceRef, FilePlace, Reading, RegistryPlace, Span, not_stated, stated
from triptych.model.task import (
    Action,
    Keeping,
    Presence,
    Principal,
    Registration,
    RunState,
    Schedule,
    Settings,
    Store,
    Task,
    TaskRecord,
    Trigger,
)
from triptych.model.times import Instant, Zone, parse_iso

GUID = "{8A3C1D7E-52B0-4C0F-9E0B-6E1F2B7C9D11}"
USER = "S-1-5-21-1-2-3-1001"


def ref(file: str = "SOFTWARE", offset: int = 64, length: int = 8) -> EvidenceRef:
    place = RegistryPlace("Tree\\X", "Id") if file == "SOFTWARE" else FilePlace(file)
    return EvidenceRef(place, (Span(file, offset, length),))


def say(value: Any, file: str = "SOFTWARE") -> Reading[Any]:
    return stated(value, ref(file))


def silent(default: Any = None, file: str = "SOFTWARE") -> Reading[Any]:
    return not_stated(default, ref(file))


def local(text: str) -> Instant:
    return parse_iso(text)


def utc(text: str) -> Instant:
    return Instant(parse_iso(text + "Z").ticks, Zone.UTC)


def part(kind: Any, values: dict[str, Any], file: str) -> Any:
    """A part of a record; a plain value becomes a stated reading, a Reading stays what it is."""
    known = {member.name for member in fields(kind)}
    made: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            raise TypeError(f"{kind.__name__} has no {name}")
        made[name] = value if isinstance(value, (Reading, Schedule)) else say(value, file)
    return kind(**made)


def action(file: str = "SOFTWARE", **values: Any) -> Action:
    values.setdefault("type", "ComHandler" if "class_id" in values else "Exec")
    return part(Action, values, file)  # type: ignore[no-any-return]


def trigger(kind: str = "TimeTrigger", file: str = "SOFTWARE", schedule: dict[str, Any] | None = None, **values: Any) -> Trigger:
    inner = part(Schedule, schedule or {}, file)
    return part(Trigger, {"type": kind, "schedule": inner, **values}, file)  # type: ignore[no-any-return]


def record(
    store: Store = Store.REGISTRY,
    path: str = "\\Foo",
    *,
    view: str = "",
    orphan: str = "",
    guid: str = "",
    actions: tuple[Action, ...] = (),
    triggers: tuple[Trigger, ...] = (),
    presence: Presence = Presence.PRESENT,
    has_actions: bool = True,
    has_triggers: bool = True,
    registration: dict[str, Any] | None = None,
    principal: dict[str, Any] | None = None,
    settings: dict[str, Any] | None = None,
    run: dict[str, Any] | None = None,
    keeping: dict[str, Any] | None = None,
) -> TaskRecord:
    file = {Store.XML: f"Tasks{path}", Store.REGISTRY: "SOFTWARE", Store.SCHEDULER: "listing.csv"}.get(store, "log.evtx")
    kept = dict(keeping or {})
    if guid:
        kept["guid"] = guid
    return TaskRecord(
        store,
        path,
        say(presence, file),
        view=view,
        registration=part(Registration, registration or {}, file),
        principal=part(Principal, principal or {}, file),
        triggers=triggers,
        actions=actions,
        settings=part(Settings, settings or {}, file),
        run=part(RunState, run or {}, file),
        keeping=part(Keeping, kept, file),
        orphan=orphan,
        has_actions=has_actions,
        has_triggers=has_triggers,
    )


def task(*records: TaskRecord) -> Task:
    return Task(records[0].path, next((record.guid for record in records if record.guid), ""), records)


def twins(**parts: Any) -> tuple[TaskRecord, TaskRecord]:
    """The same telling from the XML file and from the registry."""
    return record(Store.XML, **parts), record(Store.REGISTRY, guid=GUID, **parts)


def host(build: int | None = 19045, accounts: dict[str, str] | None = None, **facts: str) -> Host:
    made = [Fact("account", sid, say(name)) for sid, name in (accounts or {}).items()]
    made += [Fact(name.replace("_", "-"), "", say(value)) for name, value in facts.items()]
    if build is not None:
        made.append(Fact("build", "", say(str(build))))
    return Host(tuple(made))


__all__ = [
    "GUID",
    "USER",
    "action",
    "host",
    "local",
    "record",
    "ref",
    "replace",
    "say",
    "silent",
    "task",
    "trigger",
    "twins",
    "utc",
]
