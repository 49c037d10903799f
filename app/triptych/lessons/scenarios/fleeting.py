"""Tasks that live for seconds: woken by an event of their maker's own, or run once and deleted."""

from __future__ import annotations

from dataclasses import replace

from triptych.lessons.benign_tasks import LAPTOP, SYSTEM, definition, exec_, local
from triptych.lessons.chance import Chance
from triptych.lessons.logbook import Process
from triptych.lessons.logbook_acts import application_event, logoff, registered, removed, run
from triptych.lessons.machine import Machine
from triptych.lessons.scenarios.from_afar import arrival, shares_audited
from triptych.lessons.scenarios.names import AUTHOR, free_path, payload
from triptych.lessons.scenarios.remains import freed
from triptych.lessons.scenarios.scenario import Planted, Scenario, Scene, tasks_key, tree_key
from triptych.lessons.scenarios.stage import staged
from triptych.lessons.scenarios.telling import (
    Hour,
    Told,
    after_run,
    intrusion,
    iso,
    log_is_kept,
    pick_event,
    planted_task,
    processes,
    records,
    shell,
    started,
    told,
)
from triptych.lessons.task_spec import TriggerSpec
from triptych.model.times import TICKS_A_SECOND, Instant

ALSO = ("deleted-recovered", "command-suspicious", "trigger-unusual", "created-remotely", "created-and-deleted", "not-in-baseline")
_QUERY = "<QueryList><Query><Select Path='Application'>*[System/EventID=777]</Select></Query></QueryList>"
_SOURCES = ("DriveGuard", "Display Notifier", "Print Assistant", "Power Notify", "Update Agent")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ORDERS = ("ipconfig /all", 'net group "Domain Admins" /domain', "nltest /dclist:corp.example", "tasklist /v", "whoami /all")


def event_trigger(machine: Machine, chance: Chance) -> Scene:
    """A task that wakes on event 777 of a source of its maker's, who then writes that event, and deletes the task."""
    hour = intrusion(machine, chance)
    source, path = chance.pick(_SOURCES), free_path(machine, chance)
    action = payload(chance)
    trigger = TriggerSpec("EventTrigger", subscription=_QUERY)
    told_so = definition(SYSTEM, (action,), trigger, author=AUTHOR, settings=replace(LAPTOP))
    task = planted_task(machine, chance, path, told_so, hour.when)
    window = shell(hour, -5)
    makes = f'schtasks  /create /tn "{path}" /tr "{action.command} {action.arguments}" /ru SYSTEM /sc ONEVENT'
    makes += " /ec Application /mo *[System/EventID=777] /f"
    fires = f'eventcreate  /ID 777 /L APPLICATION /T INFORMATION /SO "{source}" /D "Status {chance.number(100, 999)}"'
    begun = hour.when + chance.ticks(0.6, 2.5)
    gone = begun + chance.ticks(1.5, 9)
    took = chance.ticks(0.3, 1.2)
    create = started(hour, -0.3, "schtasks.exe", makes, parent=window)
    wake = started(replace(hour, when=begun), -0.2, "eventcreate.exe", fires, parent=window)
    delete = started(replace(hour, when=gone), -0.2, "schtasks.exe", f'schtasks  /delete /tn "{path}" /f', parent=window)
    running = hour.running
    acts: tuple[Told, ...] = (
        *processes(hour, window, create, wake, delete),
        registered(running, task.times.index, task, hour.who, create),
        application_event(running, begun, source, 777, "Status"),
        run(running, begun + chance.ticks(0.02, 0.2), task, running.system, trigger="event", finished=begun + took),
        removed(running, gone, task, hour.who, delete),
    )
    after = told(machine.with_edit(freed(machine, after_run(task, begun, took, chance), gone)), *acts)
    logged = log_is_kept(machine)
    ran = pick_event(acts[-2], 129)
    facts = (
        ("task", path), ("guid", task.guid), ("account", "SYSTEM"), ("sid", "S-1-5-18"), ("command", action.command),
        ("arguments", action.arguments), ("created", iso(hour.when)), ("deleted-at", iso(gone)), ("source", source), ("event", "777"),
        ("created-by", hour.who.name), ("parent", running.service("Schedule").image), ("channel", "Application"),
    )  # fmt: skip
    planted = (
        Planted("registry", tree_key(path), "Deleted with the task; the freed cells still hold it."),
        Planted("registry", tasks_key(task.guid), "Deleted with the task; Actions and Triggers can be recovered."),
    )
    stated = records(
        after,
        (pick_event(acts[-4], 4698), "The registration, with the query that the task waits for."),
        (pick_event(acts[-3], 777), "The event that woke the task, written by eventcreate."),
        (ran, "The process that the service started, so that its parent is the service."),
        (pick_event(acts[-1], 141), "The deletion, seconds later."),
    )
    rules = (("deleted-recovered", ""), *((("created-and-deleted", path),) if logged else ()))
    return Scene(after, (path,), rules, ALSO, facts, planted + stated)


def one_shot(machine: Machine, chance: Chance) -> Scene:
    """A task that runs one command and is deleted: by hand at the machine, or by a tool from afar."""
    afar = chance.chance(0.6)
    hour = intrusion(machine, chance)
    machine = shares_audited(machine, chance) if afar else machine
    running = hour.running
    name = "".join(chance.pick(_LETTERS) for _ in range(8))
    path = f"\\{name}" if afar else free_path(machine, chance)
    output = rf"C:\Windows\Temp\{''.join(chance.pick(_LETTERS) for _ in range(8))}.tmp"
    action = exec_("cmd.exe", f"/C {chance.pick(_ORDERS)} > {output} 2>&1")
    start = local(f"{Instant(hour.when).iso[:10]}T{chance.number(0, 23):02d}:{chance.number(10, 59):02d}:00")
    told_so = definition(SYSTEM, (action,), TriggerSpec("CalendarTrigger", start=start, days=1), author="" if afar else AUTHOR,
                         settings=replace(LAPTOP, hidden=afar))  # fmt: skip
    task = planted_task(machine, chance, path, told_so, hour.when)
    who, acts = arrival(machine, hour, chance) if afar else (hour.who, ())
    begun, took = hour.when + chance.ticks(0.3, 2), chance.ticks(0.3, 2)
    gone = begun + took + chance.ticks(0.5, 20)
    makes, deletes = _by_hand(hour, path, action.arguments, gone) if not afar else (None, None)
    acts = (
        *acts,
        *processes(hour, *(one for one in (makes, deletes) if one is not None)),
        registered(running, task.times.index, task, who, makes),
        run(running, begun, task, running.system, trigger="demand", finished=begun + took),
        removed(running, gone, task, who, deletes),
        *((logoff(running, gone + chance.ticks(2, 8), who),) if afar else ()),
    )
    after = told(machine.with_edit(freed(machine, after_run(task, begun, took, chance), gone)), *acts)
    everything = tuple(event for act in acts for event in act)
    facts = (
        ("task", path), ("guid", task.guid), ("account", "SYSTEM"), ("sid", "S-1-5-18"), ("command", action.command),
        ("arguments", action.arguments), ("created", iso(hour.when)), ("deleted-at", iso(gone)), ("deleted-by", who.name),
        ("seconds", str(round((gone - hour.when) / TICKS_A_SECOND))), ("logon-id", f"0x{who.id:x}"), ("address", who.address),
        ("output", output),
    )  # fmt: skip
    planted = (
        Planted("registry", tree_key(path), "Deleted with the task; the freed cells still hold it."),
        Planted("registry", tasks_key(task.guid), "Deleted with the task; Actions can be recovered."),
    )
    stated = records(
        after,
        (pick_event(everything, 4698), "The registration, with the whole definition and the logon behind it."),
        (pick_event(everything, 200), "The run."),
        (pick_event(everything, 141), "The deletion."),
    )
    logged = log_is_kept(machine)
    rules = [("deleted-recovered", "")]
    rules += [("created-and-deleted", path)] if logged else []
    rules += [("created-remotely", path)] if logged and afar else []
    return Scene(after, (path,), tuple(rules), ALSO, facts, planted + stated)


def _by_hand(hour: Hour, path: str, arguments: str, gone: int) -> tuple[Process, Process]:
    window = shell(hour, -50)
    line = f'schtasks  /create /tn "{path}" /tr "cmd.exe {arguments}" /sc daily /st 10:10 /ru SYSTEM'
    makes = started(hour, -0.3, "schtasks.exe", line, parent=window)
    at = replace(hour, when=gone)
    return makes, started(at, -0.2, "schtasks.exe", f'schtasks  /delete /tn "{path}" /f', parent=window)


SCENES = (
    Scenario(5, "event-trigger", "Woken by an event", 3, "10", staged(event_trigger)),
    Scenario(7, "one-shot", "Run once and gone", 2, "10", staged(one_shot)),
)
