"""Hands that go past the service: a task written into the registry, an action changed there, the time of a file set back."""

from __future__ import annotations

from dataclasses import replace

from triptych.lessons.benign_tasks import daily, definition
from triptych.lessons.chance import Chance
from triptych.lessons.logbook_acts import registry_set, service_started, service_stopped
from triptych.lessons.machine import Machine, task_file
from triptych.lessons.scenarios.hidden import ALSO, SINCE_8, common
from triptych.lessons.scenarios.names import free_path, harmless, nightly, of_system, payload, script
from triptych.lessons.scenarios.scenario import Planted, Scenario, Scene, in_key, tasks_key, tree_key
from triptych.lessons.scenarios.stage import staged
from triptych.lessons.scenarios.telling import (
    POWERSHELL,
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
from triptych.lessons.task_spec import ActionSpec, Definition, PrincipalSpec, SettingsSpec, TaskSpec, TaskTimes
from triptych.model.times import TICKS_A_DAY, TICKS_A_SECOND, Instant, Zone

_NOBODY = "O:BAG:SYD:"
_BY_HAND = "O:BAG:SYD:P(A;;FA;;;BA)(A;;FA;;;SY)"
_TOOLS = (r"C:\ProgramData\Sync\gt.exe", r"C:\Users\Public\Libraries\ts.exe", r"C:\Windows\Temp\svcreg.exe")
_IMPORTS = (r"C:\ProgramData\Sync\a.reg", r"C:\Windows\Temp\a.reg", r"C:\Users\Public\s.reg")
_TASKS = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tasks"


def _line(action: ActionSpec) -> str:
    return f"{action.command} {action.arguments}".strip()


def _ghost(machine: Machine, chance: Chance, path: str, when: int, access: str) -> TaskSpec:
    """Every mark of GhostTask (its code): local time in whole milliseconds, no Hash, no Schema, no file, a checksum of 0."""
    created = when // 10_000 * 10_000 - machine.bias * 60 * TICKS_A_SECOND
    second = created - created % TICKS_A_SECOND
    trigger = daily(Instant(second, Zone.LOCAL, 0).iso[:11] + f"{chance.number(0, 23):02d}:{chance.number(0, 59):02d}:00")
    told_so = definition(
        PrincipalSpec("Author", sid="S-1-5-18", logon_type="InteractiveToken", sid_type=1),
        (script(chance),),
        trigger,
        author="SYSTEM",
        date=Instant(second, Zone.LOCAL, 0).iso,
        uri=path,
        settings=SettingsSpec(no_start_on_batteries=False, stop_on_batteries=False, idle_duration="PT10M", idle_wait="PT1H"),
    )
    index = when + chance.ticks(0.001, 0.01)
    times = TaskTimes(created, when, index + chance.ticks(0.0005, 0.004), index, 0)
    return TaskSpec(path, chance.guid(), told_so, access, times, hashed=False, has_file=False)


def ghost_task(machine: Machine, chance: Chance) -> Scene:
    """A task written into the registry, live since the service was started again."""
    hour = intrusion(machine, chance)
    access = chance.pick((_NOBODY, _NOBODY, _BY_HAND))
    task = _ghost(machine, chance, free_path(machine, chance), hour.when, access)
    action = task.definition.actions[0]
    window = system_shell(hour)
    tool = chance.pick(_TOOLS)
    line = f'{tool} localhost add "{task.name}" "{action.command}" "{action.arguments}" "NT AUTHORITY\\SYSTEM" daily'
    client = started(hour, -0.3, tool, line, by=hour.system, parent=window)
    again = hour.when + chance.ticks(40, 900)
    acts = (
        *processes(hour, *([window.parent] if window.parent else []), window, client),
        service_stopped(hour.running, again - chance.ticks(1, 3), "Schedule"),
        service_started(hour.running, again, "Schedule"),
    )
    lived_task, runs = lived(machine, task, again)
    after = told(machine.with_task(lived_task), *acts, *runs)
    rules = [("registry-handmade", task.path), ("registry-only", task.path)]
    rules += [("sd-denies", task.path)] if access == _NOBODY else []
    rules += [("no-creation-event", task.path)] if log_is_kept(machine) else []
    keys = tasks_key(task.guid)
    facts = (
        ("task", task.path), ("guid", task.guid), ("account", "SYSTEM"), ("sid", "S-1-5-18"), ("command", action.command),
        ("arguments", action.arguments), ("written", iso(hour.when)), ("stated", iso(task.times.registered)), ("active", iso(again)),
        ("value", "Hash"), ("key", tree_key(task.path)), ("actions", in_key(keys, "Actions")), ("tool", tool),
    )  # fmt: skip
    planted = (
        Planted("registry", keys, "Written by a program, not by the service: neither Hash nor Schema, and there is no file."),
        Planted("registry", in_key(keys, "Actions"), f"The action that the service runs: {_line(action)}."),
        Planted("registry", in_key(keys, "DynamicInfo"), "The time of registration is local time in whole milliseconds."),
        Planted("registry", in_key(tree_key(task.path), "SD"), f"The descriptor that the program wrote: {access}."),
        Planted("scheduler", task.path, "The service knows the task since it was started again."),
    )
    ran = pick_event((event for act in runs for event in act), 200)
    logged = records(
        after,
        (pick_event(acts[-1], 7036), "The service was started again: from here on the task is live. No 106 and no 4698 names it."),
        (ran, "The first run, of a task that no event ever registered."),
    )
    return Scene(after, (task.path,), tuple(rules), (*ALSO, "time-contradiction", "sd-denies"), facts, planted + logged)


def disagreement(machine: Machine, chance: Chance) -> Scene:
    """The file says something harmless, the registry starts something else, and the registry decides."""
    hour = intrusion(machine, chance)
    task = planted_task(
        machine, chance, free_path(machine, chance), of_system(harmless(chance), nightly(chance, hour.when)), hour.when
    )
    asked = registration(machine, hour, task, chance)
    changed_at = min(hour.when + chance.ticks(600, 20 * 3_600), machine.collected - TICKS_A_DAY - TICKS_A_DAY // 12)
    task, before = lived(machine, task, hour.when, changed_at)
    bad = script(chance)
    told_so = replace(task.definition, actions=(bad,))
    task = replace(task, registry=told_so, times=replace(task.times, tasks=changed_at))
    window = system_shell(replace(hour, when=changed_at))
    line = f"reg  import {chance.pick(_IMPORTS)}"
    at = replace(hour, when=changed_at)
    client = started(at, -0.2, "reg.exe", line, by=hour.system, parent=window)
    hand = registry_set(hour.running, changed_at, client, rf"{_TASKS}\{task.guid}", "Actions", "Binary Data")
    task, since = lived(machine, task, changed_at)
    service = [window.parent] if window.parent else []
    after = told(machine.with_task(task), *asked, *before, *processes(hour, *service, window, client), hand, *since)
    good = task.definition.actions[0]
    value = in_key(tasks_key(task.guid), "Actions")
    facts = (
        ("task", task.path), ("guid", task.guid), ("account", "SYSTEM"), ("sid", "S-1-5-18"), ("command", bad.command),
        ("arguments", bad.arguments), ("stated-command", good.command), ("stated-arguments", good.arguments),
        ("created", iso(hour.when)), ("changed-at", iso(changed_at)), ("value", "Actions"), ("actions", value),
    )  # fmt: skip
    planted = (
        Planted("xml", task_file(task.path), f"The file as the service wrote it at the registration: it starts {_line(good)}."),
        Planted("registry", value, f"Changed past the service: {_line(bad)}. The registry decides what runs."),
        Planted("registry", in_key(tasks_key(task.guid), "Hash"), "Still the hash of the harmless file."),
        Planted("scheduler", task.path, f"Shows {_line(bad)} since the service read the task anew."),
    )
    created = pick_event((event for act in asked for event in act), 4698)
    ran = pick_event((event for act in since for event in act), 200)
    logged = records(
        after,
        (created, "The registration, with the harmless definition. No 4702 tells of a change."),
        (ran, "The first run of the other program."),
    )
    return Scene(
        after,
        (task.path,),
        (("action-differs", task.path),),
        (*ALSO, "hash-differs", "time-contradiction"),
        facts,
        planted + logged,
    )


def time_stomp(machine: Machine, chance: Chance) -> Scene:
    """A new task with an old date, and a file that bears the time of its neighbour."""
    hour = intrusion(machine, chance)
    year = chance.pick((2016, 2017, 2018, 2019))
    day = f"{year}-{chance.number(1, 12):02d}-{chance.number(1, 28):02d}"
    date = f"{day}T{chance.number(8, 18):02d}:{chance.number(0, 59):02d}:{chance.number(0, 59):02d}"
    told_so = of_system(
        payload(chance), nightly(chance, hour.when), author=rf"{machine.name}\{chance.pick(('setup', 'Administrator'))}"
    )
    told_so = replace(
        told_so, registration=replace(told_so.registration, date=date), schema="1.2" if machine.windows.is_7 else "1.6"
    )
    task = planted_task(machine, chance, free_path(machine, chance), told_so, hour.when)
    asked = registration(machine, hour, task, chance)
    task, runs = lived(machine, task, hour.when)
    neighbours = [
        other for other in machine.tasks
        if other.has_file and "\\Microsoft\\" not in other.path and other.times.file < hour.when - 90 * TICKS_A_DAY
    ]  # fmt: skip
    neighbour = chance.pick(neighbours)
    true = task.times.file
    task = replace(task, times=replace(task.times, file=neighbour.times.file))
    at = replace(hour, when=hour.when + chance.ticks(20, 200))
    text = f"(gi 'C:\\Windows\\System32\\Tasks{task.path}').LastWriteTime=(gi 'C:\\Windows\\System32\\Tasks{neighbour.path}').LastWriteTime"
    client = started(at, 0, POWERSHELL, f'powershell  -nop -c "{text}"')
    after = told(machine.with_task(task), *asked, *processes(at, client), *runs)
    action = task.definition.actions[0]
    facts = (
        ("task", task.path), ("guid", task.guid), ("account", "SYSTEM"), ("sid", "S-1-5-18"), ("command", action.command),
        ("arguments", action.arguments), ("created", iso(hour.when)), ("file-time", iso(task.times.file)), ("date", date),
        ("true-file-time", iso(true)), ("neighbour", neighbour.path), ("key", tree_key(task.path)),
        ("dynamic-info", in_key(tasks_key(task.guid), "DynamicInfo")),
    )  # fmt: skip
    planted = (
        Planted(
            "file", task_file(task.path), f"Its time was set to that of {neighbour.path}; the service wrote it at {iso(true)}."
        ),
        Planted("xml", task_file(task.path), f"Date says {date}, which nothing checks."),
        Planted("registry", in_key(tasks_key(task.guid), "DynamicInfo"), f"The true time of the registration: {iso(hour.when)}."),
        Planted("registry", tree_key(task.path), "Written last at the registration."),
        *common(task, "The task window shows the task, with the old date.")[1:],
    )
    created = pick_event((event for act in asked for event in act), 106)
    logged = records(after, (created, "The registration as it was, years after the date that the task states."))
    rules = (("time-contradiction", task.path),)
    return Scene(after, (task.path,), rules, (*ALSO, "author-spoofed"), facts, planted + logged)


def written_by_hand(machine: Machine, path: str, when: int) -> Machine:
    """The Actions of a task are changed in the registry alone."""
    task = machine.task(path)
    told_so: Definition = replace(task.told_by_registry, actions=(script(Chance("hand", machine.seed, path)),))
    return machine.with_task(replace(task, registry=told_so, times=replace(task.times, tasks=max(task.times.tasks, when))))


SCENES = (
    Scenario(3, "ghost-task", "Never registered", 3, "10", staged(ghost_task), ("odd-time",), SINCE_8),
    Scenario(4, "disagreement", "Two tellings of one task", 1, "10", staged(disagreement), versions=SINCE_8, onto=written_by_hand),
    Scenario(15, "time-stomp", "Older than it is", 3, "10", staged(time_stomp)),
)
