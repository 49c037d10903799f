"""Weeks of ordinary life on a machine, as its logs tell them: starts, logons, runs of tasks, registrations, everyday noise.

The runs follow from the triggers, and the machine's last run times from the runs, so hive and logs tell the same. The logs
reach back as far as their size allows: older records were overwritten, as on every machine that has been in use for a while.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from triptych.lessons.chance import Chance
from triptych.lessons.event_log_templates import size_limit
from triptych.lessons.logbook import (
    AUDIT_LOGON,
    AUDIT_PROCESSES,
    AUDIT_TASKS,
    CHANNELS,
    SECURITY,
    SYSMON,
    TASKS,
    LoggedEvent,
    Logon,
    LogPolicy,
    Process,
)
from triptych.lessons.logbook_everyday import everyday, installed, logoff_quietly, powershell_started, unlock_times, unlocks
from triptych.lessons.logbook_machine import boot, logoff, logon, shutdown
from triptych.lessons.logbook_presence import Uptime, service_logon, uptime_at, uptimes
from triptych.lessons.logbook_processes import process
from triptych.lessons.logbook_running import Running
from triptych.lessons.logbook_runs import Span, fires, runs_as
from triptych.lessons.logbook_tasks import registered, run
from triptych.lessons.machine import Machine
from triptych.lessons.task_spec import TaskSpec, TaskTimes
from triptych.model.times import TICKS_A_DAY, TICKS_A_SECOND

WATCHED = LogPolicy(audits=(AUDIT_LOGON, AUDIT_TASKS, AUDIT_PROCESSES))
"""The policy of a machine that somebody prepared for incidents: tasks and processes are audited, the scheduler's log is on."""

USUAL = LogPolicy(off=((TASKS, 0),))
"""The policy of a machine as Windows 10 and later come: the scheduler's log is off, neither tasks nor processes are audited."""

_BYTES = {SECURITY: 700, TASKS: 540, SYSMON: 1_300}
"""What a record of a busy channel takes, on the small side."""

_LEAST, _CHUNK, _HEADER = 1 << 20, 1 << 16, 4_096
_LAST_MINUTES = 5 * 60 * TICKS_A_SECOND
Told = Iterator[tuple[LoggedEvent, ...]]


def lived(machine: Machine, weeks: int, policy: LogPolicy = WATCHED) -> Machine:
    """The machine with so many weeks of life in its logs, and the times of its tasks' last runs as that life made them."""
    end = machine.collected - _LAST_MINUTES
    start = max(machine.collected - weeks * 7 * TICKS_A_DAY, machine.installed)
    span = Span(machine, machine.seed, start, end, uptimes(machine, machine.seed, start))
    span = replace(span, unlocks=unlock_times(span))
    events: list[LoggedEvent] = []
    tasks = []
    for task in machine.tasks:
        life = _life(span, task)
        tasks.append(replace(task, times=life.times))
        _keep(events, policy, span, life.told(span))
    for told in (_starts(span), unlocks(span), everyday(span)):
        _keep(events, policy, span, told)
    events.sort(key=lambda event: event.time)
    logs = replace(policy, sizes=_sizes(events, policy), first_numbers=policy.first_numbers or _numbers(span))
    return replace(machine, tasks=tuple(tasks), events=tuple(events), logs=logs)


def running_at(machine: Machine, time: int) -> Running:
    """The machine as it ran at a moment: for acts that are planted into its everyday life."""
    return uptime_at(machine, machine.seed, time).running


def session_at(machine: Machine, account: str, time: int) -> Logon:
    """The session that an account has at a moment. Raises KeyError for no such account, LookupError where it is not logged on."""
    found = uptime_at(machine, machine.seed, time).session(machine.account(account).sid)
    if found is None or found.began > time:
        raise LookupError(f"{account} is not logged on then")
    return found.logon


def _sizes(events: list[LoggedEvent], policy: LogPolicy) -> tuple[tuple[str, int], ...]:
    """Limits of the busy channels that are small enough for the oldest of the events to be overwritten, in steps of 64 KiB."""
    sizes = dict(policy.sizes)
    counts = Counter(event.channel for event in events)
    for channel, each in _BYTES.items():
        limit = _HEADER + counts[channel] * each // _CHUNK * _CHUNK
        if channel not in sizes and _LEAST < limit < size_limit(channel):
            sizes[channel] = limit
    return tuple(sizes.items())


def _keep(events: list[LoggedEvent], policy: LogPolicy, span: Span, told: Told) -> None:
    """Only what is in the span and would be written: a machine need not carry more."""
    for act in told:
        events += (event for event in act if span.start <= event.time <= span.end and policy.writes(event))


def _numbers(span: Span) -> tuple[tuple[str, int], ...]:
    """How far each channel had counted before the oldest record that is left."""
    chance = Chance("numbers", span.seed, span.host.name)
    return tuple((channel, chance.number(8_000, 90_000)) for channel in CHANNELS)


def _starts(span: Span) -> Told:
    """Starts, shutdowns and sessions."""
    for one in span.uptimes:
        yield boot(one.running)
        for session in one.sessions:
            yield logon(one.running, session.began, session.logon)
            shell = one.running.explorer(session.logon)
            if shell.parent is not None:
                yield process(one.running, shell.parent, high=False)
            yield process(one.running, shell, high=False)
        if one.shutdown:
            for session in one.sessions:
                yield logoff(one.running, one.shutdown - 9 * TICKS_A_SECOND, session.logon)
            yield shutdown(one.running, one.shutdown)


@dataclass(frozen=True, slots=True)
class _Life:
    """A task in the span: when it ran, by which trigger and for how long (ticks), and the times that remain of it."""

    task: TaskSpec
    times: TaskTimes
    runs: tuple[tuple[int, str, Logon, int], ...]

    def told(self, span: Span) -> Told:
        if self.task.registered and span.start <= self.task.times.tree <= span.end:
            yield from _registration(span, self.task)
        for time, trigger, who, took in self.runs:
            one = span.uptime(time)
            if one is not None:
                yield from _run(one, self.task, time, trigger, who, took)


def _life(span: Span, task: TaskSpec) -> _Life:
    """The runs of a task that ever ran and is not disabled; without any in the span its times stay as they are."""
    times = task.times
    if not times.last_run or not task.registered or not task.told_by_registry.settings.enabled:
        return _Life(task, times, ())
    chance = Chance("runs", span.seed, task.path)
    found = []
    for time, trigger in fires(span, task):
        who = runs_as(span, task, time)
        took = chance.ticks(0.05, 20)
        if who is not None and time + took < span.end:
            found.append((time, trigger, who, took))
    if not found:
        return _Life(task, _before(span, times), ())
    last, _, _, took = found[-1]
    done = last + took
    success = done if not times.result else 0
    return _Life(task, replace(times, last_run=last, last_success=success, tasks=done + chance.ticks(0.0005, 0.01)), tuple(found))


def _before(span: Span, times: TaskTimes) -> TaskTimes:
    """The times of a task that did not run in the span: one that its times place there is moved to before it, or never was."""
    if times.last_run < span.start:
        return times
    earlier = span.start - (times.last_run - span.start) // 8 - TICKS_A_DAY
    moved = earlier - times.last_run
    if earlier < max(times.registered, times.tree):
        return replace(times, last_run=0, last_success=0, result=0x41303, tasks=times.index + 4_711)
    success = times.last_success + moved if times.last_success else 0
    return replace(times, last_run=earlier, last_success=success, tasks=times.tasks + moved)


def _run(one: Uptime, task: TaskSpec, time: int, trigger: str, who: Logon, took: int) -> Told:
    if who.kind == 4:
        yield logon(one.running, time - 180_000, who)
    told = run(one.running, time, task, who, trigger=trigger, finished=time + took, result=task.times.result)
    yield told
    for event in told:
        image = str(event.get("NewProcessName") or "") if event.channel == SECURITY else ""
        if image.endswith("powershell.exe"):
            started = Process(int(event.get("NewProcessId") or 0), image, str(event.get("CommandLine")), event.time, who)
            yield from powershell_started(one, started, took)
    if who.kind == 4:
        yield logoff_quietly(one, time + took + 90_000, who)


def _registration(span: Span, task: TaskSpec) -> Told:
    """Who registered a task, by which program: the author where it is an account of the machine, else an installer."""
    time = task.times.index
    one = span.uptime(time) or next((one for one in reversed(span.uptimes) if one.began <= time), span.uptimes[0])
    author = task.definition.registration.author.rpartition("\\")[2]
    session = next((session for session in one.sessions if session.logon.name == author and session.began < time), None)
    running = one.running
    if session is not None:
        image, command = r"C:\Windows\System32\mmc.exe", r'"C:\Windows\system32\mmc.exe" C:\Windows\system32\taskschd.msc'
        client = running.start(time - 400_000_000, image, command, session.logon)
    elif task.path.startswith("\\Microsoft\\Windows\\"):
        image = r"C:\Windows\servicing\TrustedInstaller.exe"
        client = running.start(time - 400_000_000, image, image, service_logon(running, "S-1-5-18"), running.service("services"))
    else:
        image = r"C:\Windows\System32\msiexec.exe"
        by = service_logon(running, "S-1-5-18")
        client = running.start(time - 400_000_000, image, r"C:\Windows\system32\msiexec.exe /V", by, running.service("services"))
        yield installed(one, time + 21_000_000, task.name.split("{")[0], by)
    yield process(running, client)
    yield registered(running, time, task, client.logon, client)
