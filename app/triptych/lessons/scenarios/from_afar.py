"""Tasks from another computer, and logs that were cleared."""

from __future__ import annotations

from dataclasses import replace

from triptych.lessons.chance import Chance
from triptych.lessons.logbook import AUDIT_SHARES, SECURITY, TASKS, Logon
from triptych.lessons.logbook_acts import log_cleared, logoff, logon, registered, run, share_access
from triptych.lessons.logbook_presence import uptime_at
from triptych.lessons.machine import Machine
from triptych.lessons.scenarios.hidden import ALSO, common
from triptych.lessons.scenarios.names import address, free_path, nightly, of_system, payload, workstation
from triptych.lessons.scenarios.scenario import Planted, Scenario, Scene, in_key, tasks_key
from triptych.lessons.scenarios.stage import staged
from triptych.lessons.scenarios.telling import (
    HOUR,
    Hour,
    Told,
    after_run,
    intrusion,
    iso,
    lived,
    log_is_kept,
    pick_event,
    planted_task,
    processes,
    records,
    registration,
    shell,
    started,
    told,
)

_SHARED = ("srvsvc", "wkssvc", "lsarpc", "samr", "spoolss")


def shares_audited(machine: Machine, chance: Chance) -> Machine:
    """The machine with audited shares, and with what ordinary servers ask of it over the network every day."""
    if machine.logs is None or AUDIT_SHARES in machine.logs.audits:
        return machine
    first = min((event.time for event in machine.events), default=machine.collected)
    server, port = address(chance), chance.number(49_700, 60_000)
    acts: list[Told] = []
    when = first + HOUR
    while when < machine.collected - HOUR:
        one = uptime_at(machine, machine.seed, when)
        if one.began + HOUR < when and (not one.shutdown or when + HOUR < one.shutdown):
            sid = machine.accounts[1].sid.rpartition("-")[0] + "-1103"
            who = Logon(sid, "SRV-MON-01$", one.running.domain, chance.number(0x600000, 0x6000000), 3, 0, server, port)
            acts += [logon(one.running, when, who), share_access(one.running, when + 900_000, who, "IPC$", chance.pick(_SHARED)),
                     logoff(one.running, when + 90_000_000, who)]  # fmt: skip
        when += chance.ticks(5 * 3_600, 9 * 3_600)
    logs = replace(machine.logs, audits=(*machine.logs.audits, AUDIT_SHARES))
    return told(replace(machine, logs=logs), *acts)


def arrival(machine: Machine, hour: Hour, chance: Chance) -> tuple[Logon, tuple[Told, ...]]:
    """The administrators' account comes in over the network and opens the pipe of the task service."""
    sid = machine.accounts[1].sid
    kerberos = chance.chance(0.4)
    who = Logon(
        sid, hour.who.name, hour.running.domain, chance.number(0x700000, 0x7000000), 3, 0, address(chance),
        chance.number(49_700, 65_000), "" if kerberos else workstation(chance),
    )  # fmt: skip
    came = hour.when - chance.ticks(0.4, 3)
    return who, (logon(hour.running, came, who), share_access(hour.running, came + chance.ticks(0.05, 0.3), who, "IPC$", "atsvc"))


def remote_creation(machine: Machine, chance: Chance) -> Scene:
    """A task registered from another computer; it stays."""
    machine = shares_audited(machine, chance)
    hour = intrusion(machine, chance)
    who, came = arrival(machine, hour, chance)
    other = workstation(chance)
    told_so = of_system(
        payload(chance), nightly(chance, hour.when), author=rf"{other}\{chance.pick(('admin', 'Administrator', 'user'))}"
    )
    task = planted_task(machine, chance, free_path(machine, chance), told_so, hour.when)
    asked = registered(hour.running, task.times.index, task, who)
    begun, took = hour.when + chance.ticks(1, 20), chance.ticks(0.3, 9)
    once = run(hour.running, begun, task, hour.system, trigger="demand", finished=begun + took)
    task = after_run(task, begun, took, chance)
    task, runs = lived(machine, task, begun + took)
    left = logoff(hour.running, begun + took + chance.ticks(3, 60), who)
    after = told(machine.with_task(task), *came, asked, once, left, *runs)
    action = task.definition.actions[0]
    facts = (
        ("task", task.path), ("guid", task.guid), ("account", who.name), ("sid", who.sid), ("runs-as", "SYSTEM"),
        ("command", action.command), ("arguments", action.arguments), ("created", iso(hour.when)), ("address", who.address),
        ("logon-id", f"0x{who.id:x}"), ("pipe", "atsvc"), ("author", told_so.registration.author), ("logon-type", "3"),
    )  # fmt: skip
    stated = records(
        after,
        (pick_event(came[0], 4624), "The logon over the network, with its address."),
        (pick_event(came[1], 5145), "The pipe of the task service, opened by that logon."),
        (
            pick_event(asked, 4698),
            "The registration; its logon id is that of the network logon, and no process of this machine asked.",
        ),
    )
    planted = common(task, "The task window shows the task like any other.")
    rules = (("command-suspicious", task.path), *((("created-remotely", task.path),) if log_is_kept(machine) else ()))
    return Scene(after, (task.path,), rules, ALSO, facts, planted + stated)


def log_cleared_scene(machine: Machine, chance: Chance) -> Scene:
    """A task, and the logs that told of its registration cleared an hour later."""
    hour = intrusion(machine, chance)
    told_so = of_system(payload(chance), nightly(chance, hour.when))
    task = planted_task(machine, chance, free_path(machine, chance), told_so, hour.when)
    asked = registration(machine, hour, task, chance)
    task, runs = lived(machine, task, hour.when)
    after = told(machine.with_task(task), *asked, *runs)
    cleared_at = hour.when + chance.ticks(200, 3_000)
    at = replace(hour, when=cleared_at)
    window = shell(at, -30)
    channels = (TASKS, SECURITY) if chance.chance(0.7) else (SECURITY, TASKS)
    told_of = []
    first = 0
    for number, channel in enumerate(channels):
        client = started(at, number * 6 - 0.3, "wevtutil.exe", f"wevtutil  cl {channel}", parent=window)
        when = client.started + chance.ticks(0.05, 0.4)
        first = first or when
        clearing = log_cleared(hour.running, when, channel, hour.who)
        told_of.append(clearing[0])
        if after.logs is not None:
            after = told(after, *processes(at, *([window] if not number else []), client))
            after = after.with_cleared_log(channel, when, *clearing)
    action = task.definition.actions[0]
    facts = (
        ("task", task.path), ("guid", task.guid), ("account", "SYSTEM"), ("sid", "S-1-5-18"), ("command", action.command),
        ("arguments", action.arguments), ("created", iso(hour.when)), ("cleared-at", iso(first)), ("cleared-by", hour.who.name),
        ("logon-id", f"0x{hour.who.id:x}"), ("dynamic-info", in_key(tasks_key(task.guid), "DynamicInfo")),
        ("survives", "DynamicInfo"), ("cleared-sid", hour.who.sid),
    )  # fmt: skip
    stated = records(
        after,
        *((event, "The clearing, with the account behind it.") for event in told_of),
    )
    survives = Planted("registry", in_key(tasks_key(task.guid), "DynamicInfo"), "Still says when the task was registered.")
    rules = (("command-suspicious", task.path), *((("log-cleared", ""),) if log_is_kept(machine) else ()))
    planted = (*common(task, "The task window shows the task like any other."), survives, *stated)
    return Scene(after, (task.path,), rules, (*ALSO, "no-creation-event"), facts, planted)


SCENES = (
    Scenario(6, "remote-creation", "From another computer", 2, "10", staged(remote_creation)),
    Scenario(11, "log-cleared", "The blind night", 3, "2022", staged(log_cleared_scene)),
)
