"""The stage that every scenario is played on: what changes on a machine all the time, and red herrings.

Updaters register their tasks anew, Windows rewrites its own, and the keys that were deleted thereby stay in free cells: the
newest key, the newest file and what can be recovered are as a rule nobody's deed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from triptych.lessons.benign_tasks import dated, new_task, registered_between, task_times
from triptych.lessons.chance import Chance
from triptych.lessons.deviations.hand import clock_of
from triptych.lessons.hive_key import HiveKey
from triptych.lessons.host import Hives
from triptych.lessons.logbook import Logon
from triptych.lessons.logbook_acts import process, registered, removed, updated
from triptych.lessons.logbook_presence import uptime_at
from triptych.lessons.logbook_running import Running
from triptych.lessons.machine import Edit, Machine
from triptych.lessons.scenarios.herrings import HERRINGS, by_administrator
from triptych.lessons.scenarios.names import free_path, harmless, nightly, of_system
from triptych.lessons.scenarios.scenario import Scene
from triptych.lessons.scenarios.telling import HOUR, Hour, Told, lived, logs_begin, told
from triptych.lessons.software_hive import task_values
from triptych.lessons.task_spec import Definition, TaskSpec
from triptych.model.times import TICKS_A_DAY, TICKS_A_SECOND

UPDATERS = ("\\GoogleUpdateTaskMachine", "\\MicrosoftEdgeUpdateTaskMachine", "\\NvDriverUpdateCheck")
"""Tasks that their own programs delete and register anew."""

SERVICED = tuple(
    rf"\Microsoft\Windows\{folder}"
    for folder in (
        "UpdateOrchestrator", "WindowsUpdate", "WaaSMedic", "InstallService", "Windows Defender", "Flighting", "Customer Experience",
        "Application Experience", "SoftwareProtectionPlatform", "Time Synchronization", "Shell", "Maintenance", "Windows Error",
    )
)  # fmt: skip
"""Folders of tasks that Windows writes again and again."""

_DAYS = 4
_NOW = 12  # hours before the collection within which something always changed
_BYTES, _CHUNK = 1_000, 1 << 16  # of a record, on the large side; of a piece of a log
_LEAST = TICKS_A_SECOND * 900


def staged(technique: Callable[[Machine, Chance], Scene], herrings: tuple[int, int] = (2, 4)) -> Callable[[Machine, Chance], Scene]:
    """The scenario of a technique: everyday changes and so many of the red herrings first, then the technique.

    On a machine that a scenario was played on before, the technique alone.
    """

    def plant(machine: Machine, chance: Chance) -> Scene:
        before = Counter(event.channel for event in machine.events)
        decoys: tuple[str, ...] = ()
        if set_already not in machine.edits:
            machine = _neighbours(stirred(machine, chance), chance)
            for herring in chance.some(HERRINGS, chance.number(*herrings)):
                machine, paths = herring(machine, chance)
                decoys += paths
        scene = technique(machine, chance)
        tasks = tuple(sorted(scene.machine.tasks, key=lambda task: (task.times.tree, task.path)))
        machine = replace(_with_room(scene.machine, before), tasks=tasks).with_edit(set_already)
        return replace(scene, machine=machine, decoys=scene.decoys + decoys)

    return plant


def _of_somebody(chance: Chance, hour: Hour) -> Definition:
    return of_system(harmless(chance), nightly(chance, hour.when))


def _neighbours(machine: Machine, chance: Chance) -> Machine:
    """Harmless tasks with names of the same list as the planted one's, some of them as new: no name gives anything away."""
    clock, begin = clock_of(machine), logs_begin(machine)
    for _ in range(chance.number(2, 3)):
        machine, _paths = by_administrator(machine, chance, free_path(machine, chance), lambda hour: _of_somebody(chance, hour))
    for _ in range(chance.number(3, 5)):
        when = registered_between(chance, machine.installed + TICKS_A_DAY, machine.collected - 60 * TICKS_A_DAY)
        told_so = dated(of_system(harmless(chance), nightly(chance, when)), clock, when)
        task = new_task(chance, clock, machine.windows, free_path(machine, chance), told_so, registered=when, ran=False)
        task, runs = lived(machine, task, max(when, begin))
        machine = told(machine.with_task(task), *runs)
    return machine


def set_already(_: Hives) -> None:
    """An edit that changes nothing: the mark of a machine whose stage is set, so that a second scenario sets none of its own."""


def _with_room(machine: Machine, before: Counter[str]) -> Machine:
    """The machine with logs so much larger as more was put into them: the oldest records are overwritten where they were before."""
    if machine.logs is None:
        return machine
    added = Counter(event.channel for event in machine.events) - before
    sizes = tuple((channel, size + -(-added[channel] * _BYTES // _CHUNK) * _CHUNK) for channel, size in machine.logs.sizes)
    return replace(machine, logs=replace(machine.logs, sizes=sizes))


def stirred(machine: Machine, chance: Chance) -> Machine:
    """The machine with a few days of such changes, the newest of them in the last hours."""
    anew = [task for task in machine.tasks if task.path.startswith(UPDATERS) and not task.registry]
    again = [task for task in machine.tasks if task.path.startswith(SERVICED) and not task.registry and task.has_file]
    for number, task in enumerate(chance.some(anew, 4)):
        machine = _recreated(machine, chance, task, _moment(machine, chance, number))
    for number, task in enumerate(chance.some(again, 14)):
        machine = _updated(machine, chance, task, _moment(machine, chance, number))
    return _classes_anew(machine, chance)


def _classes_anew(machine: Machine, chance: Chance) -> Machine:
    """Updates register classes anew, with the servers that they had."""
    again = {com.class_id for com in chance.some([com for com in machine.classes if not com.owner], 5)}
    classes = tuple(
        replace(com, written=_moment(machine, chance, number)) if com.class_id in again else com
        for number, com in enumerate(machine.classes)
    )
    first = next((number for number, com in enumerate(classes) if com.class_id in again), None)
    if first is not None:
        newest = replace(classes[first], written=_moment(machine, chance, 0))
        classes = (*classes[:first], newest, *classes[first + 1 :])
    return replace(machine, classes=classes)


def _moment(machine: Machine, chance: Chance, number: int) -> int:
    """Of the first two one in the last hours, of the others one in the last days; while the machine was up."""
    back = _NOW * HOUR if number < 2 else _DAYS * TICKS_A_DAY
    while True:
        when = machine.collected - _LEAST - chance.ticks(0, (back - _LEAST) / TICKS_A_SECOND)
        one = uptime_at(machine, machine.seed, when)
        if one.began + HOUR < when and (not one.shutdown or when + HOUR < one.shutdown):
            return when


def _updated(machine: Machine, chance: Chance, task: TaskSpec, when: int) -> Machine:
    tree = when + chance.ticks(0.001, 0.01)
    tasks = max(task.times.tasks, tree + chance.ticks(0.0002, 0.004))
    changed = replace(task, times=replace(task.times, tree=tree, tasks=tasks, file=tree + chance.ticks(0.004, 0.06)))
    running, system = _system(machine, when)
    client = running.start(when - 40_000_000, r"C:\Windows\System32\MoUsoCoreWorker.exe",
                           r"C:\Windows\System32\mousocoreworker.exe -Embedding", system, running.service("DcomLaunch"))  # fmt: skip
    return told(machine.with_task(changed), process(running, client), updated(running, tasks, changed, system, client))


def _system(machine: Machine, when: int) -> tuple[Running, Logon]:
    running = uptime_at(machine, machine.seed, when).running
    return running, running.system


def _recreated(machine: Machine, chance: Chance, task: TaskSpec, when: int) -> Machine:
    times = task_times(chance, clock_of(machine), when, ran=False)
    new = replace(task, guid=chance.guid(), times=times, crc=chance.number(1, 0xFFFFFFFF))
    new, runs = lived(machine, new, when)
    running, system = _system(machine, when)
    action = task.definition.actions[0]
    gone = when - chance.ticks(8, 40)
    client = running.start(gone - 20_000_000, action.command, f'"{action.command}" /update', system, running.service("services"))
    acts: tuple[Told, ...] = (
        process(running, client), removed(running, gone, task, system, client), registered(running, times.index, new, system, client),
    )  # fmt: skip
    return told(machine.with_task(new).with_edit(_left_of(machine, task)), *acts, *runs)


def _left_of(machine: Machine, task: TaskSpec) -> Edit:
    """The keys of the earlier registration, freed and not wiped."""
    windows = machine.windows

    def edit(hives: Hives) -> None:
        gone = HiveKey(task.guid, task.times.tasks).put(*task_values(task, windows))
        hives.cache.at("Tasks").ghost_keys.append(gone)
        for name in task.index_keys:
            hives.cache.at(name).ghost_keys.append(HiveKey(task.guid, task.times.index))

    return edit
