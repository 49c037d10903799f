"""The hour of an intruder, and what the logs tell of it; a machine without logs stays without.

All acts go through the administrators' account, which is logged on all the time. The first hours after a start are left out, so
that it is, and so that a rule about the minutes after a start has nothing to say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from triptych.lessons.benign_tasks import dated, new_task
from triptych.lessons.chance import Chance
from triptych.lessons.deviations.hand import clock_of
from triptych.lessons.logbook import GROUP_POLICY, SECURITY, TASKS, LoggedEvent, Logon, Process
from triptych.lessons.logbook_acts import process, registered, run, script_block
from triptych.lessons.logbook_presence import Uptime, uptime_at, uptimes
from triptych.lessons.logbook_running import Running
from triptych.lessons.logbook_runs import Span, fires, runs_as
from triptych.lessons.machine import Machine
from triptych.lessons.scenarios.scenario import Planted, Scene
from triptych.lessons.task_spec import ActionSpec, Definition, TaskSpec
from triptych.model.times import TICKS_A_DAY, TICKS_A_SECOND, Instant

HOUR = 3_600 * TICKS_A_SECOND
ADMINISTRATOR = "svc-backup"
POWERSHELL = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe"
Told = tuple[LoggedEvent, ...]

_SYSTEM32 = "C:\\Windows\\System32\\"
_WITHOUT_LOGS = 20 * TICKS_A_DAY
_RECENT = TICKS_A_DAY + HOUR * 6
_LAST_MINUTES = 300 * TICKS_A_SECOND
_LIKELY = 9 * TICKS_A_DAY  # before the collection: so long ago is the last run of a benign task at most
_DRAWS = 200


@dataclass(frozen=True, slots=True)
class Hour:
    """When the intruder is at work, the machine as it runs then, and the logon that is used."""

    when: int
    uptime: Uptime
    who: Logon

    @property
    def running(self) -> Running:
        return self.uptime.running

    @property
    def system(self) -> Logon:
        return self.running.system


def logs_begin(machine: Machine) -> int:
    """How far back the logs go; nothing but everyday life writes of policies, so the oldest of these events tells."""
    everyday = (event.time for event in machine.events if event.channel == GROUP_POLICY)
    return min(everyday, default=machine.collected - _WITHOUT_LOGS)


def intrusion(machine: Machine, chance: Chance, *, recent: bool = False) -> Hour:
    """A night of the last weeks, in the newer half of what the logs tell; `recent`: of the last night before the collection.

    Raises LookupError where the machine was hardly ever up.
    """
    first = logs_begin(machine)
    newest = machine.collected - _RECENT
    oldest = max(machine.collected - (machine.collected - first) // 2, machine.installed + TICKS_A_DAY)
    if recent:
        newest, oldest = machine.collected - HOUR * 2, machine.collected - HOUR * 9
    for _ in range(_DRAWS):
        when = oldest + chance.ticks(0, max(1, newest - oldest) / TICKS_A_SECOND)
        one = uptime_at(machine, machine.seed, when)
        session = one.session(machine.account(ADMINISTRATOR).sid)
        night = recent or when % TICKS_A_DAY < HOUR * 5
        if night and session and session.began + HOUR < when and (not one.shutdown or when + HOUR * 2 < one.shutdown):
            return Hour(when, one, session.logon)
    raise LookupError("the machine was hardly ever up in its last weeks")


def told(machine: Machine, *acts: Told) -> Machine:
    """The machine with these acts in its logs, as far as they lie before the collection."""
    if machine.logs is None:
        return machine
    return machine.with_events(*(event for act in acts for event in act if event.time < machine.collected))


def records(machine: Machine, *stated: tuple[LoggedEvent | None, str]) -> tuple[Planted, ...]:
    """What to say of single records, where the logs have them."""
    found = []
    for event, what in stated:
        if event is None or machine.logs is None:
            continue
        cleared = machine.logs.cleared_at(event.channel)
        if machine.logs.writes(event) and event.time >= cleared:
            found.append(Planted("log", f"{event.channel} : {machine.record_id(event)}", what))
    return tuple(found)


def renumbered(planted: Iterable[Planted], before: Machine, after: Machine) -> tuple[Planted, ...]:
    """What was said of records of a machine, with the numbers that these have after more was put into its logs."""
    if before.logs is None:
        return tuple(planted)
    first, written = dict(before.logs.first_numbers), [event for event in before.events if before.logs.writes(event)]
    found = []
    for one in planted:
        channel, _, number = one.where.rpartition(" : ")
        if one.store == "log" and number.isdecimal():
            of_channel = sorted((event for event in written if event.channel == channel), key=lambda event: event.time)
            event = of_channel[int(number) - first.get(channel, 1)]
            one = replace(one, where=f"{channel} : {after.record_id(event)}")
        found.append(one)
    return tuple(found)


def both(scene: Scene, more: Scene) -> Scene:
    """Two scenes on one machine; the facts stay those of the first, and its records have the numbers that they have now."""
    return replace(
        scene,
        machine=more.machine,
        tasks=scene.tasks + more.tasks,
        rules=scene.rules + more.rules,
        also=tuple(dict.fromkeys(scene.also + more.also)),
        planted=renumbered(scene.planted, scene.machine, more.machine) + more.planted,
        decoys=scene.decoys + more.decoys,
    )


def pick_event(events: Iterable[LoggedEvent], number: int) -> LoggedEvent | None:
    """The first event of that number."""
    return next((event for event in events if event.event_id == number), None)


# -- programs -------------------------------------------------------------------------------------------------------------


def started(
    hour: Hour, after: float, program: str, line: str, *, by: Logon | None = None, parent: Process | None = None
) -> Process:
    """A program that starts so many seconds into the hour."""
    image = program if "\\" in program else _SYSTEM32 + program
    late = Chance("started", hour.when, after, program).ticks(0, 0.09)
    return hour.running.start(hour.when + int(after * TICKS_A_SECOND) + late, image, line, by or hour.who, parent)


def shell(hour: Hour, after: float = -60) -> Process:
    """The command window that the intruder works in."""
    return started(hour, after, "cmd.exe", r'"C:\Windows\system32\cmd.exe" ')


def system_shell(hour: Hour, after: float = -30) -> Process:
    """A command window of SYSTEM, by the service that PsExec leaves running."""
    began = hour.when + int((after - 1) * TICKS_A_SECOND) + Chance("service", hour.when, after).ticks(0, 0.3)
    image, parent = r"C:\Windows\PSEXESVC.exe", hour.running.service("services")
    service = Process(parent.id + 2_612, image, image, began, hour.system, parent)
    return started(hour, after, "cmd.exe", '"cmd.exe" ', by=hour.system, parent=service)


def processes(hour: Hour, *begun: Process) -> tuple[Told, ...]:
    """The events of their starts."""
    return tuple(process(hour.running, one) for one in begun)


# -- tasks ----------------------------------------------------------------------------------------------------------------


def planted_task(machine: Machine, chance: Chance, path: str, definition: Definition, when: int) -> TaskSpec:
    """A task registered through the service at that moment; it has not run yet."""
    clock = clock_of(machine)
    definition = dated(definition, clock, when) if not definition.registration.date else definition
    return new_task(chance, clock, machine.windows, path, definition, registered=when, ran=False)


def registration(machine: Machine, hour: Hour, task: TaskSpec, chance: Chance) -> tuple[Told, ...]:
    """How the intruder registered it at the machine: by schtasks, or by PowerShell."""
    window = shell(hour)
    action = task.definition.actions[0]
    trigger = task.definition.triggers[0] if task.definition.triggers else None
    at = trigger.start.iso[11:16] if trigger and trigger.start else "02:00"
    if machine.windows.is_7 or chance.chance(0.5):
        line = f'schtasks  /create /tn "{task.path}" /tr "{action.command} {action.arguments}" /sc daily /st {at} /ru SYSTEM /rl HIGHEST /f'
        client = started(hour, -0.4, "schtasks.exe", line, parent=window)
        return (*processes(hour, window, client), registered(hour.running, task.times.index, task, hour.who, client))
    line = "powershell  -nop"
    client = started(hour, -40, POWERSHELL, line, parent=window)
    text = (
        f"$a = New-ScheduledTaskAction -Execute '{action.command}' -Argument '{action.arguments}'; "
        f"$t = New-ScheduledTaskTrigger -Daily -At {at}; Register-ScheduledTask -TaskName '{task.name}' "
        f"-TaskPath '{task.folder.rstrip(chr(92))}\\' -Action $a -Trigger $t -User 'SYSTEM' -RunLevel Highest"
    )
    asked = script_block(hour.running, hour.when - TICKS_A_SECOND // 3, client, text)
    return (*processes(hour, window, client), asked, registered(hour.running, task.times.index, task, hour.who, client))


def lived(
    machine: Machine, task: TaskSpec, since: int, until: int = 0, actions: tuple[ActionSpec, ...] = ()
) -> tuple[TaskSpec, tuple[Told, ...]]:
    """The task with the runs that its triggers made since a moment, and the events of them; `actions` are what ran, where others.

    On a machine without logs its last run is drawn as that of every other task there.
    """
    if machine.logs is None:
        return (task if until else _ran_somewhen(machine, task, since)), ()
    end = min(until or machine.collected, machine.collected - _LAST_MINUTES)
    span = Span(machine, machine.seed, since, end, uptimes(machine, machine.seed, since))
    chance = Chance("lived", machine.seed, task.path, task.guid, since)
    acts: list[Told] = []
    for time, trigger in fires(span, task):
        one, who, took = span.uptime(time), runs_as(span, task, time), chance.ticks(0.05, 20)
        if one is not None and who is not None and since <= time and time + took < end:
            acts.append(run(one.running, time, task, who, trigger=trigger, finished=time + took, actions=actions))
            task = after_run(task, time, took, chance)
    return task, tuple(acts)


def _ran_somewhen(machine: Machine, task: TaskSpec, since: int) -> TaskSpec:
    chance = Chance("lived", machine.seed, task.path, task.guid, since)
    earliest = max(since + 60 * TICKS_A_SECOND, machine.collected - _LIKELY)
    if machine.collected - since < TICKS_A_DAY // 8:
        return task
    time = earliest + chance.ticks(0, (machine.collected - earliest) / TICKS_A_SECOND * 0.98)
    return after_run(task, time, chance.ticks(0.05, 20), chance)


def after_run(task: TaskSpec, time: int, took: int, chance: Chance) -> TaskSpec:
    """The task after a run, whose times DynamicInfo keeps and the Tasks key bears."""
    written = time + took + chance.ticks(0.0005, 0.01)
    times = replace(task.times, last_run=time, last_success=time + took, result=0, tasks=max(written, task.times.tasks))
    return replace(task, times=times)


def iso(ticks: int) -> str:
    """A moment as facts spell it."""
    return Instant(ticks).iso


def log_is_kept(machine: Machine) -> bool:
    """Whether the machine has logs that tell of tasks."""
    return machine.logs is not None and machine.logs.has_file(TASKS) and machine.logs.has_file(SECURITY)
