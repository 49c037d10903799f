"""One more task on a made machine: for the rules on what is unusual about a task by itself."""

from __future__ import annotations

from typing import Any

from tests.rules.made import Machine, guid_of, registry, stated, tasks_ref, xml
from triptych.model.case import Fact
from triptych.model.task import Action, Trigger

PATH = "\\Made\\Planted"
NUMBER = 700
REF = tasks_ref(guid_of(NUMBER))
USER = "S-1-5-21-1-2-3-1001"
ADMINISTRATOR = "S-1-5-21-1-2-3-500"


def planted(
    path: str = PATH,
    command: str = "C:\\Program Files\\Made\\made.exe",
    arguments: str = "/quiet",
    *,
    build: int | None = 19045,
    registered: bool = True,
) -> Machine:
    """A made machine on which all stores tell one task more; without `registered` only its file is there."""
    machine = Machine(build=build)
    record = registry(path, NUMBER, command, arguments)
    machine.xml[path] = xml(record)
    if registered:
        machine.registry[path] = record
    return machine


def change(machine: Machine, path: str = PATH, part: str = "", /, **changes: Any) -> Machine:
    """Change what both stores tell of a task."""
    return machine.change(path, part, **changes).change_xml(path, part, **changes)


def as_user(machine: Machine, path: str = PATH, sid: str = USER, level: str = "LeastPrivilege") -> Machine:
    return change(machine, path, "principal", user_id=stated(sid, REF), run_level=stated(level, REF))


def executes(command: str, arguments: str = "") -> Action:
    return Action(type=stated("Exec", REF), command=stated(command, REF), arguments=stated(arguments, REF))


def handles(class_id: str) -> Action:
    return Action(type=stated("ComHandler", REF), class_id=stated(class_id, REF))


def wakes(kind: str, subscription: str = "") -> Trigger:
    trigger = Trigger(type=stated(kind, REF), enabled=stated(True, REF))
    return Trigger(type=trigger.type, enabled=trigger.enabled, subscription=stated(subscription, REF)) if subscription else trigger


def served(machine: Machine, class_id: str, detail: str, server: str) -> Machine:
    """A fact about who serves a COM class."""
    machine.facts.append(Fact("class", class_id, stated(server, REF), "", detail))
    return machine
