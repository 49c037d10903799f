"""Tasks that run and that the scheduler does not show: the descriptor deleted or closed, the Index set to 0, the hive's log."""

from __future__ import annotations

from dataclasses import dataclass, replace

from triptych.lessons.access import descriptor
from triptych.lessons.chance import Chance
from triptych.lessons.hive_key import binary, dword
from triptych.lessons.host import Hives
from triptych.lessons.logbook import LoggedEvent
from triptych.lessons.logbook_acts import registry_deleted, registry_set, script_block, updated
from triptych.lessons.machine import CONFIG, Edit, Machine, task_file
from triptych.lessons.scenarios.names import free_path, nightly, of_system, payload
from triptych.lessons.scenarios.scenario import Planted, Scenario, Scene, in_key, tasks_key, tree_key
from triptych.lessons.scenarios.stage import staged
from triptych.lessons.scenarios.telling import (
    POWERSHELL,
    Hour,
    Told,
    intrusion,
    iso,
    lived,
    log_is_kept,
    pick_event,
    planted_task,
    processes,
    records,
    registration,
    started,
    system_shell,
    told,
)
from triptych.lessons.task_spec import TaskSpec
from triptych.model.times import TICKS_A_SECOND

ALSO = ("deleted-recovered", "command-suspicious", "not-in-baseline", "stock-folder-foreign", "index-mismatch", "tampering-logged")
_KEY = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tree"
SINCE_8 = ("10", "11", "2022")
"""Where descriptors stand in the Tree key, and the registry decides what runs."""

CLOSED = (
    "O:BAG:SYD:P(D;;FA;;;BA)(A;;FA;;;SY)(A;;FA;;;BA)",
    "O:SYG:SYD:P(D;;FR;;;BA)(D;;FR;;;BU)(A;;FA;;;SY)(A;;FR;;;AU)",
    "O:SYG:SYD:P(D;;FRFX;;;BA)(A;;FA;;;SY)",
)
"""Descriptors that keep administrators from seeing a task, and let SYSTEM see it."""


def without_descriptor(path: str, when: int) -> Edit:
    """The SD value of the Tree key is deleted; its cells stay behind."""

    def edit(hives: Hives) -> None:
        key = hives.tree(path)
        key.drop("SD")
        key.written = when

    return edit


def delete_descriptor(machine: Machine, path: str, when: int) -> Machine:
    """The SD value of the Tree key is deleted, as Tarrask did. The service starts the task all the same."""
    return machine.with_edit(without_descriptor(path, when))


def zero_index(machine: Machine, path: str, when: int) -> Machine:
    """The Index of the Tree key is set to 0, whatever index key holds the task."""

    def edit(hives: Hives) -> None:
        key = hives.tree(path)
        key.put(dword("Index", 0))
        key.written = when

    return machine.with_edit(edit)


def close_descriptor(machine: Machine, path: str, when: int, access: str = CLOSED[0]) -> Machine:
    """The descriptor denies administrators."""

    def edit(hives: Hives) -> None:
        key = hives.tree(path)
        key.put(binary("SD", descriptor(access)))
        key.written = when

    return machine.with_edit(edit)


@dataclass(frozen=True, slots=True)
class _Laid:
    """A task registered at the machine one night, with its runs since; the machine has it and its events."""

    machine: Machine
    hour: Hour
    task: TaskSpec
    created: LoggedEvent | None
    last_run: LoggedEvent | None


def _laid(machine: Machine, chance: Chance) -> _Laid:
    hour = intrusion(machine, chance)
    told_so = of_system(payload(chance), nightly(chance, hour.when))
    task = planted_task(machine, chance, free_path(machine, chance), told_so, hour.when)
    asked = registration(machine, hour, task, chance)
    task, runs = lived(machine, task, hour.when)
    created = pick_event((event for act in asked for event in act), 4698)
    return _Laid(told(machine.with_task(task), *asked, *runs), hour, task, created, pick_event(runs[-1], 200) if runs else None)


def _hand(laid: _Laid, chance: Chance, after: float, value: str, *, deletes: bool) -> tuple[int, tuple[Told, ...]]:
    """SYSTEM deletes a value of the Tree key or sets it to 0, by reg.exe or by PowerShell: when, and the events."""
    hour = laid.hour
    window = system_shell(hour, after - 9)
    key = _KEY + laid.task.path
    scripts: tuple[Told, ...] = ()
    if chance.chance(0.6):
        line = f'reg  delete "{key}" /v {value} /f' if deletes else f'reg  add "{key}" /v {value} /t REG_DWORD /d 0 /f'
        client = started(hour, after, "reg.exe", line, by=hour.system, parent=window)
    else:
        place = key.replace("HKLM\\", "HKLM:\\")
        text = (
            f"Remove-ItemProperty -Path '{place}' -Name {value}"
            if deletes
            else f"Set-ItemProperty -Path '{place}' -Name {value} -Value 0"
        )
        client = started(hour, after, POWERSHELL, f'powershell  -nop -c "{text}"', by=hour.system, parent=window)
        scripts = (script_block(hour.running, client.started + chance.ticks(0.2, 0.4), client, text),)
    when = client.started + (chance.ticks(0.5, 0.9) if scripts else chance.ticks(0.01, 0.08))
    if deletes:
        touched = registry_deleted(hour.running, when, client, key, value)
    else:
        touched = registry_set(hour.running, when, client, key, value, "DWORD (0x00000000)")
    service = window.parent
    return when, (*processes(hour, *([service] if service else []), window, client), *scripts, touched)


def _facts(task: TaskSpec, hour: Hour, hidden_at: int, value: str) -> tuple[tuple[str, str], ...]:
    action = task.definition.actions[0]
    return (
        ("task", task.path),
        ("guid", task.guid),
        ("account", "SYSTEM"),
        ("sid", "S-1-5-18"),
        ("command", action.command),
        ("arguments", action.arguments),
        ("created", iso(hour.when)),
        ("created-by", hour.who.name),
        ("hidden-at", iso(hidden_at)),
        ("last-run", iso(task.times.last_run) if task.times.last_run else ""),
        ("value", value),
        ("key", tree_key(task.path)),
        ("actions", in_key(tasks_key(task.guid), "Actions")),
    )


def common(task: TaskSpec, shown: str) -> tuple[Planted, ...]:
    """What the service itself wrote when the task was registered; `shown` says what the scheduler shows of it."""
    action = task.definition.actions[0]
    line = f"{action.command} {action.arguments}".strip()
    return (
        Planted("xml", task_file(task.path), f"The file that the service wrote at the registration: it starts {line} as SYSTEM."),
        Planted("registry", in_key(tasks_key(task.guid), "Actions"), f"The action that the service runs: {line}."),
        Planted("scheduler", task.path, shown),
    )


_UNSEEN = "Neither the task window nor schtasks shows the task; it runs on time all the same."


def _logged(laid: _Laid, machine: Machine, acts: tuple[Told, ...] = (), what: str = "") -> tuple[Planted, ...]:
    line = next((event for act in reversed(acts) for event in reversed(act) if event.event_id == 4688), None)
    return records(
        machine,
        (laid.created, "The registration, with the whole definition and the account that asked for it."),
        (line, what),
        (laid.last_run, "The newest run: the task that no window shows still runs."),
    )


def _rules(machine: Machine, path: str, *ids: str, logged: tuple[str, ...] = ()) -> tuple[tuple[str, str], ...]:
    return tuple((rule, path) for rule in (*ids, *(logged if log_is_kept(machine) else ())))


def tarrask(machine: Machine, chance: Chance) -> Scene:
    """A task of SYSTEM, and its descriptor deleted within minutes."""
    laid = _laid(machine, chance)
    path = laid.task.path
    when, acts = _hand(laid, chance, chance.number(20, 400), "SD", deletes=True)
    after = told(delete_descriptor(laid.machine, path, when), *acts)
    key = tree_key(path)
    removed = (
        Planted("registry", in_key(key, "SD"), "The descriptor was deleted; its cells are free and still hold it."),
        Planted("registry", key, "The last write of this key is the moment of the deletion, later than that of the registration."),
    )
    return Scene(
        after,
        (path,),
        _rules(machine, path, "sd-missing", "deleted-recovered", logged=("tampering-logged",)),
        ALSO,
        _facts(laid.task, laid.hour, when, "SD"),
        common(laid.task, _UNSEEN) + removed + _logged(laid, after, acts, "The command of SYSTEM that deleted the descriptor."),
    )


def index_zero(machine: Machine, chance: Chance) -> Scene:
    """A task of SYSTEM, and its Index set to 0 within minutes."""
    laid = _laid(machine, chance)
    task = laid.task
    when, acts = _hand(laid, chance, chance.number(20, 400), "Index", deletes=False)
    after = told(zero_index(laid.machine, task.path, when), *acts)
    key = tree_key(task.path)
    changed = (
        Planted("registry", in_key(key, "Index"), f"The Index is 0. The service had written {task.index}."),
        Planted("registry", key, "The last write of this key is the moment of the change, later than that of the registration."),
    )
    return Scene(
        after,
        (task.path,),
        _rules(machine, task.path, "index-zero", logged=("tampering-logged",)),
        ALSO,
        (*_facts(task, laid.hour, when, "Index"), ("index", str(task.index)), ("index-key", task.index_keys[0])),
        common(task, _UNSEEN) + changed + _logged(laid, after, acts, "The command of SYSTEM that set the Index to 0."),
    )


def deny_ace(machine: Machine, chance: Chance) -> Scene:
    """A task whose descriptor was changed through the scheduler, so that administrators do not see it."""
    laid = _laid(machine, chance)
    access = chance.pick(CLOSED)
    hour = laid.hour
    client = started(
        hour, chance.number(30, 500), r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe", "powershell  -nop -sta"
    )
    when = client.started + chance.ticks(4, 30)
    times = replace(laid.task.times, tree=when, tasks=max(laid.task.times.tasks, when + chance.ticks(0.0003, 0.002)),
                    file=when + chance.ticks(0.003, 0.05))  # fmt: skip
    task = replace(laid.task, access=access, times=times)
    acts = (*processes(hour, client), updated(hour.running, when, task, hour.who, client))
    after = told(laid.machine.with_task(task), *acts)
    key = tree_key(task.path)
    changed = (
        Planted(
            "registry", in_key(key, "SD"), f"The descriptor is now {access}: administrators are denied before anybody is admitted."
        ),
        Planted("registry", key, "The last write of this key is the moment at which the descriptor was changed."),
    )
    seen = "An administrator's window and schtasks leave the task out; a program that runs as SYSTEM sees it."
    change = pick_event((event for act in acts for event in act), 4702)
    return Scene(
        after,
        (task.path,),
        _rules(machine, task.path, "sd-denies"),
        (*ALSO, "changed-logged"),
        (*_facts(task, hour, when, "SD"), ("sddl", access), ("denied", "Administrators"), ("seen-by", "SYSTEM")),
        common(task, seen) + changed + _logged(laid, after)
        + records(after, (change, "The change through the scheduler; its definition says nothing of the descriptor.")),
    )  # fmt: skip


def dirty_hive(machine: Machine, chance: Chance) -> Scene:
    """The deletion of the descriptor stands in the hive's log alone: it happened just before the collection."""
    laid = _laid(machine, chance)
    path = laid.task.path
    late = intrusion(laid.machine, chance, recent=True)
    when = machine.collected - chance.ticks(400, 3_000)
    hour = replace(late, when=when - TICKS_A_SECOND * 20)
    at = replace(laid, hour=hour)
    when, acts = _hand(at, chance, 20, "SD", deletes=True)
    after = told(laid.machine.with_logged_edit(without_descriptor(path, when)), *acts)
    key = in_key(tree_key(path), "SD")
    changed = (
        Planted(
            "registry", key, "The hive still has the descriptor. Its log deletes it: who reads the hive alone sees a task in order."
        ),
        Planted("file", f"{CONFIG}/SOFTWARE.LOG1", "The pages that the hive has not taken in yet, the deletion among them."),
    )
    return Scene(
        after,
        (path,),
        _rules(machine, path, "sd-missing", logged=("tampering-logged",)),
        ALSO,
        _facts(laid.task, laid.hour, when, "SD"),
        common(laid.task, _UNSEEN) + changed + _logged(laid, after, acts, "The command of SYSTEM that deleted the descriptor."),
    )


SCENES = (
    Scenario(1, "tarrask", "The descriptor is gone", 2, "10", staged(tarrask), versions=SINCE_8, onto=delete_descriptor),
    Scenario(2, "index-zero", "An Index of nothing", 2, "10", staged(index_zero), onto=zero_index),
    Scenario(10, "deny-ace", "Not for administrators", 3, "10", staged(deny_ace), versions=SINCE_8, onto=close_descriptor),
    Scenario(16, "dirty-hive", "Only in the log", 4, "11", staged(dirty_hive), ("newest-key",), SINCE_8),
)
