"""What looks like hiding and is none: shipped tasks with the Hidden flag, halves of tasks that an upgrade left."""

from __future__ import annotations

from dataclasses import replace

from triptych.lessons.chance import Chance
from triptych.lessons.deviations.hand import clock_of
from triptych.lessons.host import Hives
from triptych.lessons.machine import Machine, task_file
from triptych.lessons.scenarios.hidden import ALSO, common
from triptych.lessons.scenarios.names import free_path, nightly, of_system, payload
from triptych.lessons.scenarios.scenario import Planted, Scenario, Scene, in_key, tasks_key, tree_key
from triptych.lessons.scenarios.stage import SERVICED, staged
from triptych.lessons.scenarios.telling import intrusion, iso, lived, pick_event, planted_task, records, registration, told
from triptych.lessons.software_hive import task_values
from triptych.lessons.stock_tasks import stock_facts, stock_task
from triptych.lessons.task_spec import TaskSpec
from triptych.lessons.task_xml import xml_bytes
from triptych.lessons.windows import WINDOWS

_STOCK = "\\Microsoft\\Windows\\"
_MIGRATED = "Windows/System32/Tasks_Migrated"


def hidden_decoy(machine: Machine, chance: Chance) -> Scene:
    """Three shipped tasks with Hidden=true, which mean nothing, and one of an intruder without the flag."""
    shipped = [
        task for task in machine.tasks
        if task.path.startswith(_STOCK) and not task.registry and not task.path.startswith(SERVICED) and task.has_file
    ]  # fmt: skip
    decoys = [_hidden(task) for task in chance.some(shipped, 3)]
    machine = machine.with_task(*decoys)
    hour = intrusion(machine, chance)
    told_so = of_system(payload(chance), nightly(chance, hour.when))
    task = planted_task(machine, chance, free_path(machine, chance), told_so, hour.when)
    asked = registration(machine, hour, task, chance)
    task, runs = lived(machine, task, hour.when)
    after = told(machine.with_task(task), *asked, *runs)
    action = task.definition.actions[0]
    facts = (
        ("task", task.path), ("guid", task.guid), ("account", "SYSTEM"), ("sid", "S-1-5-18"), ("command", action.command),
        ("arguments", action.arguments), ("created", iso(hour.when)), ("hidden", "false"), ("hidden-1", decoys[0].path),
        ("hidden-2", decoys[1].path), ("hidden-3", decoys[2].path), ("key", tree_key(task.path)),
    )  # fmt: skip
    odd = tuple(
        Planted("xml", task_file(decoy.path), "Hidden is true, as for many shipped tasks: the task window hides it until asked.")
        for decoy in decoys
    )
    stated = records(after, (pick_event((event for act in asked for event in act), 4698), "The registration, without the flag."))
    planted = (*common(task, "The task window shows the task, for it does not hide."), *odd, *stated)
    rules = (("command-suspicious", task.path),)
    return Scene(after, (task.path,), rules, ALSO, facts, planted, tuple(decoy.path for decoy in decoys))


def _hidden(task: TaskSpec) -> TaskSpec:
    settings = replace(task.definition.settings, hidden=True)
    return replace(task, definition=replace(task.definition, settings=settings))


def upgrade_orphan(machine: Machine, chance: Chance) -> Scene:
    """What a feature upgrade leaves: Tasks keys without Tree keys, and their files set aside, all of one night."""
    night = machine.upgraded or machine.installed
    shipped = [task for task in machine.tasks if task.path.startswith(_STOCK) and task.has_file and not task.registry]
    chosen = chance.some(shipped, chance.number(60, 90))
    dropped = chance.some(_of_earlier(machine, chance), chance.number(4, 7))
    left = [_left_behind(machine, chance, task, night) for task in (*chosen, *dropped)]
    windows = machine.windows

    def edit(hives: Hives) -> None:
        for task in left:
            hives.cache.make(rf"Tasks\{task.guid}", task.times.tasks).put(*task_values(task, windows))

    after = machine.with_edit(edit)
    for task in left:
        name = _MIGRATED + task.path.replace("\\", "/")
        after = after.with_file(name, xml_bytes(task.definition, task.xml_order), task.times.file)
    one = left[-1]
    facts = (
        ("task", one.path), ("guid", one.guid), ("orphans", str(len(left))), ("upgraded", iso(night)), ("malicious", "no"),
        ("folder", _MIGRATED), ("account", "SYSTEM"), ("key", tasks_key(one.guid)),
    )  # fmt: skip
    gone = left[len(chosen) :]
    planted = (
        *(Planted("registry", in_key(tasks_key(task.guid), "Path"), "A Tasks key of before the upgrade; no Tree key and no index has it.")
          for task in gone),
        *(Planted("file", _MIGRATED + task.path.replace("\\", "/"), "Its file, set aside by the upgrade that night.") for task in gone),
    )  # fmt: skip
    rules = tuple(("tree-missing", task.path) for task in gone)
    return Scene(after, (), rules, ("duplicate-id",), facts, planted, tuple(dict.fromkeys(task.path for task in left)))


def _of_earlier(machine: Machine, chance: Chance) -> list[TaskSpec]:
    """Tasks that an earlier Windows shipped and this one does not."""
    now = {fact.path.casefold() for fact in stock_facts(machine.windows)} | {task.path.casefold() for task in machine.tasks}
    folders = {task.folder.casefold() for task in machine.tasks}
    found = [
        fact for fact in stock_facts(WINDOWS["7"])
        if fact.principal and fact.path.casefold() not in now and fact.path.rpartition("\\")[0].casefold() not in folders
    ]  # fmt: skip
    return [stock_task(chance, clock_of(machine), machine.windows, fact) for fact in found]


def _left_behind(machine: Machine, chance: Chance, task: TaskSpec, night: int) -> TaskSpec:
    """The earlier registration of a task: other GUID, never run since, written while the upgrade ran."""
    written = night - chance.ticks(200, 2_400)
    times = replace(
        task.times, tree=written, index=written, tasks=written + chance.ticks(0.001, 0.2),
        file=written + chance.ticks(1, 200), last_run=0, last_success=0, result=0x41303,
    )  # fmt: skip
    return replace(task, guid=chance.guid(), times=times)


SCENES = (
    Scenario(13, "hidden-decoy", "Hidden is not hiding", 1, "11", staged(hidden_decoy)),
    Scenario(14, "upgrade-orphan", "After the upgrade", 4, "10", staged(upgrade_orphan), versions=("10", "11")),
)
