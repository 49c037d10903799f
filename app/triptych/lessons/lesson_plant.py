"""A task of the trainer's own: registered through the service at a given time, and a technique laid on it.

Where the machine has logs, they tell of the registration and of the runs since, as of any other task: no technique here avoids
that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from triptych.lessons.benign_tasks import LAPTOP, SYSTEM, daily, dated, definition, exec_, new_task, registered_between
from triptych.lessons.chance import Chance
from triptych.lessons.deviations import DEVIATIONS, disagreement, hidden
from triptych.lessons.deviations.hand import clock_of, moment
from triptych.lessons.hive_key import HiveKey
from triptych.lessons.host import Hives
from triptych.lessons.lesson import LessonError, OwnTask
from triptych.lessons.logbook_presence import uptime_at
from triptych.lessons.machine import Machine, built_hives, task_file
from triptych.lessons.scenarios import SCENARIOS, Planted, Scene
from triptych.lessons.scenarios.scenario import in_key, tasks_key, tree_key, with_registered
from triptych.lessons.scenarios.telling import (
    ADMINISTRATOR,
    Hour,
    Told,
    intrusion,
    lived,
    logs_begin,
    pick_event,
    records,
    registration,
    told,
)
from triptych.lessons.task_spec import TaskSpec
from triptych.model.times import TICKS_A_DAY, TICKS_A_SECOND, Instant

NONE = "none"
"""The technique of a task that is merely registered."""

_Lay = Callable[[Machine, str], Machine]
_HANDS: dict[str, tuple[_Lay, str]] = {
    "sd-deleted": (hidden.delete_access, "The descriptor (SD) of the Tree key was deleted."),
    "sd-blank": (hidden.blank_access, "The descriptor (SD) of the Tree key was emptied."),
    "sd-text": (hidden.garble_access, "The descriptor (SD) of the Tree key was replaced by a text."),
    "sd-empty-list": (hidden.empty_access_list, "The descriptor (SD) of the Tree key got an access list without entries."),
    "sd-denies-system": (hidden.deny_system, "The descriptor (SD) of the Tree key denies SYSTEM and Administrators."),
    "sd-weak": (hidden.weaken_access, "The descriptor (SD) of the Tree key lets everyone change the task."),
    "index-zero": (hidden.zero_index, "The Index of the Tree key was set to 0."),
    "index-deleted": (hidden.delete_index, "The Index of the Tree key was deleted."),
    "index-nine": (hidden.invalid_index, "The Index of the Tree key was set to 9."),
    "index-moved": (hidden.move_index_entry, "The entry of the index was moved below Boot."),
    "tree-deleted": (hidden.delete_tree_key, "The Tree key was deleted; the Tasks key stayed."),
    "tasks-deleted": (hidden.delete_tasks_key, "The Tasks key was deleted; the Tree key stayed."),
    "task-deleted": (hidden.delete_task, "File and keys were deleted; free cells of the hive still hold them."),
    "file-deleted": (disagreement.delete_file, "The XML file was deleted; the registration stayed."),
    "registry-triggers": (disagreement.edit_registry_triggers, "The registry alone wakes the task every quarter of an hour."),
    "registry-settings": (disagreement.edit_registry_settings, "The registry alone says that the task is hidden."),
}  # fmt: skip

TECHNIQUES: tuple[str, ...] = (NONE, *sorted({*_HANDS, *(scenario.name for scenario in SCENARIOS.values() if scenario.onto)}))
"""What can be laid on a trainer's task: deviations that take any task, and the scenarios that do."""

_NIGHT_SECONDS = 600
_ENDS = ("task-deleted", "tasks-deleted")  # what the service needs to start the task is gone


@dataclass(frozen=True, slots=True)
class _Laid:
    machine: Machine
    rules: tuple[str, ...]
    also: tuple[str, ...]
    says: str


def plays_on(technique: str, version: str) -> bool:
    """Whether a technique leaves anything on that release."""
    if technique in SCENARIOS and technique not in _HANDS:
        return version in SCENARIOS[technique].versions
    return technique == NONE or version != "7" or DEVIATIONS[technique].on_7


def plant_own(machine: Machine, own: OwnTask, chance: Chance) -> Scene:
    """The scene of a trainer's task, a daily one of SYSTEM. Raises LessonError where the machine cannot hold it."""
    if any(task.path.casefold() == own.path.casefold() for task in machine.tasks):
        raise LessonError(f"the machine has a task {own.path} of its own; give the planted one another name")
    when = own.time + chance.ticks(0, 0.9) if own.time else _drawn(machine, chance)
    if not machine.installed + TICKS_A_DAY < when < machine.collected - _NIGHT_SECONDS * TICKS_A_SECOND:
        span = f"{Instant(machine.installed + TICKS_A_DAY).iso[:10]} and {Instant(machine.collected).iso[:16]}Z"
        raise LessonError(f"the time {Instant(when).iso} lies outside of the life of this machine, which is between {span}")
    clock = clock_of(machine)
    start = f"{Instant(when).iso[:10]}T{chance.number(0, 23):02d}:{chance.number(0, 59):02d}:00"
    asked = definition(SYSTEM, (exec_(own.command, own.arguments),), daily(start), author=r"CORP\svc-backup", settings=LAPTOP)
    ran = machine.logs is None
    task = new_task(chance, clock, machine.windows, own.path, dated(asked, clock, when), registered=when, ran=ran)
    laid = _laid(with_registered(machine, task), own, when)
    laid, logged = _logged(laid, task, own, chance) if not ran else (laid, ())
    facts = (
        ("task", task.path), ("guid", task.guid), ("account", "SYSTEM"), ("sid", "S-1-5-18"), ("command", own.command),
        ("arguments", own.arguments), ("created", Instant(when).iso), ("key", tree_key(task.path)),
        ("actions", in_key(tasks_key(task.guid), "Actions")), *_changed(laid.machine, own),
    )  # fmt: skip
    planted = (
        Planted("xml", task_file(task.path), "The file that the service wrote at the registration."),
        Planted("registry", tree_key(task.path), laid.says),
        Planted("registry", in_key(tasks_key(task.guid), "Actions"), "The action that the service runs."),
        *logged,
    )
    also = (*laid.also, "command-suspicious", "not-in-baseline", "stock-folder-foreign", "name-lookalike")
    return Scene(laid.machine, (task.path,), tuple((rule, task.path) for rule in laid.rules), also, facts, planted)


def _drawn(machine: Machine, chance: Chance) -> int:
    """When it was registered where the trainer does not say: within what the logs tell, if there are any."""
    if machine.logs is not None:
        return intrusion(machine, chance).when
    return registered_between(chance, machine.installed + 2 * TICKS_A_DAY, machine.collected - 3 * TICKS_A_DAY)


def _logged(laid: _Laid, task: TaskSpec, own: OwnTask, chance: Chance) -> tuple[_Laid, tuple[Planted, ...]]:
    """The registration and the runs since, in the logs as far as these reach back; and what the debrief says of them."""
    machine, when, begin = laid.machine, task.times.registered, logs_begin(laid.machine)
    one = uptime_at(machine, machine.seed, when)
    session = one.session(machine.account(ADMINISTRATOR).sid)
    who = session.logon if session and session.began < when else one.running.system
    asked = registration(machine, Hour(when, one, who), task, chance) if when > begin else ()
    runs: tuple[Told, ...] = ()
    if own.technique not in _ENDS:
        now = machine.task(own.path)
        now, runs = lived(machine, now, max(when, begin), actions=now.told_by_registry.actions)
        machine = machine.with_task(now)
    machine = told(machine, *asked, *runs)
    stated = records(
        machine,
        (pick_event((event for act in asked for event in act), 4698), "The registration, with the whole definition."),
        (pick_event((event for act in reversed(runs) for event in act), 200), "The newest run."),
    )
    return replace(laid, machine=machine), stated


def _laid(machine: Machine, own: OwnTask, when: int) -> _Laid:
    if own.technique == NONE:
        return _Laid(machine, (), (), "The task was registered, and nothing else was done to it.")
    onto = SCENARIOS[own.technique].onto if own.technique in SCENARIOS else None
    if onto is not None and own.technique not in _HANDS:
        changed = onto(machine, own.path, when + 31 * TICKS_A_SECOND)
        return _Laid(changed, (), (), f"The technique of the scenario {own.technique} was laid on the task.")
    lay, says = _HANDS[own.technique]
    deviation = DEVIATIONS[own.technique]
    return _Laid(_moved(lay(machine, own.path), machine, own.path, when), deviation.rules, deviation.also, says)


def _moved(changed: Machine, before: Machine, path: str, when: int) -> Machine:
    """The hand laid at the trainer's time: deviations are made in one night, and the task's keys of that night say another."""
    night = moment(before)
    task = before.task(path)

    def edit(hives: Hives) -> None:
        cache = hives.cache
        tasks = [cache.at(name) for name in ("Tasks", *task.index_keys, "Boot")]
        keys = [*_chain(cache.at("Tree"), path), *tasks, *(key.keys[task.guid] for key in tasks if task.guid in key.keys)]
        for key in {id(key): key for key in keys}.values():
            if night - TICKS_A_SECOND <= key.written <= night + _NIGHT_SECONDS * TICKS_A_SECOND:
                key.written += when - night

    return changed.with_edit(edit)


def _chain(key: HiveKey, path: str) -> list[HiveKey]:
    """The keys from Tree down to the task, as far as they are there."""
    found = [key]
    for part in path.strip("\\").split("\\"):
        below = found[-1].keys.get(part.upper())
        if below is None:
            break
        found.append(below)
    return found


def _changed(machine: Machine, own: OwnTask) -> tuple[tuple[str, str], ...]:
    """When the Tree key was written last, where it is there."""
    try:
        written = built_hives(machine, machine.edits).tree(own.path).written
    except KeyError:
        return ()
    return (("hidden-at", Instant(written).iso),)
