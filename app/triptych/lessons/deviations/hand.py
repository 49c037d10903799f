"""What all deviations share: the task they are laid on, the moment of the hand, and planting a task through the service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from triptych.lessons.benign_tasks import Clock, new_task
from triptych.lessons.chance import Chance
from triptych.lessons.host import Hives
from triptych.lessons.machine import Machine
from triptych.lessons.task_spec import Definition, TaskSpec
from triptych.model.times import TICKS_A_DAY, TICKS_A_SECOND

VICTIM = r"\Contoso\Backup"
"""A harmless task of SYSTEM that every benign machine has: what is done to it is the only thing wrong."""

STOCK = r"\Microsoft\Windows\Defrag\ScheduledDefrag"
"""A task that every Windows ships."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """A deviation by name: what it does, the task (or key, or file) it is about, and the rules that must speak.

    `on_7` is False where Windows 7 has nothing of the kind. `also` names rules that may speak too, since the thing planted is
    wrong in more ways than one, `rules_on_7` those that must on Windows 7 where they are others; `not-in-baseline` may speak
    of any planted task. Every other rule must be as silent as on the benign machine.
    """

    name: str
    apply: Callable[[Machine], Machine]
    path: str
    rules: tuple[str, ...]
    also: tuple[str, ...] = ()
    on_7: bool = True
    rules_on_7: tuple[str, ...] | None = None

    def expected(self, version: str) -> tuple[str, ...]:
        """The rules that must speak on a release."""
        return self.rules_on_7 if version == "7" and self.rules_on_7 is not None else self.rules


def moment(machine: Machine, step: float = 0) -> int:
    """The night before the collection, `step` seconds into the work; never a round time."""
    night = machine.collected - machine.collected % TICKS_A_DAY + 7_929 * TICKS_A_SECOND
    return night + Chance("hand", machine.seed, step).ticks(0, 0.4) + int(step * TICKS_A_SECOND)


def clock_of(machine: Machine) -> Clock:
    return Clock(machine.installed, machine.upgraded, machine.collected, machine.bias)


def planted(machine: Machine, path: str, told: Definition, *, ran: bool = True, access: str = "", order: str = "full") -> TaskSpec:
    """A task registered through the service that night."""
    chance = Chance("planted", machine.seed, path)
    return new_task(
        chance,
        clock_of(machine),
        machine.windows,
        path,
        told,
        registered=moment(machine),
        access=access,
        ran=ran,
        order=order,
    )


def edit_tree(machine: Machine, path: str, change: Callable[[Hives], None], *, step: float = 30) -> Machine:
    """Lay a hand on the Tree key of a task, whose last-write time says so."""

    def edit(hives: Hives) -> None:
        change(hives)
        hives.tree(path).written = moment(machine, step)

    return machine.with_edit(edit)


def edit_tasks(machine: Machine, path: str, change: Callable[[Hives], None], *, step: float = 40) -> Machine:
    """Lay a hand on the Tasks key of a task."""
    guid = machine.task(path).guid

    def edit(hives: Hives) -> None:
        change(hives)
        hives.tasks(guid).written = moment(machine, step)

    return machine.with_edit(edit)


def retold(machine: Machine, path: str, told: Definition, *, step: float = 40) -> Machine:
    """Let the registry tell something else of a task than its file, which stays as it was."""
    task = machine.task(path)
    times = replace(task.times, tasks=max(task.times.tasks, moment(machine, step)))
    return machine.with_task(replace(task, registry=told, times=times))


def rewritten(task: TaskSpec, told: Definition, when: int) -> TaskSpec:
    """A task changed through the service: file, hash and registry agree, all written at that moment."""
    times = replace(
        task.times,
        tree=when + 21_337,
        tasks=max(task.times.last_run, when + 30_011),
        file=when + 411_023,
    )
    return replace(task, definition=told, registry=None, times=times)


def as_of(machine: Machine, when: int) -> Machine:
    """The machine as it was at an earlier moment: the tasks of then, their runs before it, no later hand."""
    tasks = tuple(_run_before(task, when) for task in machine.tasks if task.times.tree < when)
    upgraded = machine.upgraded if machine.upgraded < when else 0
    return replace(machine, tasks=tasks, collected=when, upgraded=upgraded, edits=(), logged_edits=(), extra_files=())


def _run_before(task: TaskSpec, when: int) -> TaskSpec:
    times = task.times
    if times.tasks < when:
        return task
    back = ((times.tasks - when) // TICKS_A_DAY + 1) * TICKS_A_DAY
    if times.last_run - back <= times.index:
        return replace(task, times=replace(times, tasks=times.index + 9_007, last_run=0, last_success=0, result=0x41303))
    success = times.last_success - back if times.last_success else 0
    return replace(task, times=replace(times, tasks=times.tasks - back, last_run=times.last_run - back, last_success=success))
