"""When the triggers of a task fire in a stretch of time, and whom it then runs as."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from triptych.lessons.chance import Chance
from triptych.lessons.host import Host
from triptych.lessons.logbook import Logon
from triptych.lessons.logbook_presence import HOUR, Uptime, local_clock, service_logon, utc_of
from triptych.lessons.task_spec import TaskSpec, TriggerSpec
from triptych.model.times import TICKS_A_DAY, TICKS_A_SECOND, duration_seconds

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_STATES = {
    "ConsoleConnect": "connect", "ConsoleDisconnect": "disconnect", "RemoteConnect": "remote-connect",
    "RemoteDisconnect": "remote-disconnect", "SessionLock": "lock", "SessionUnlock": "unlock",
}  # fmt: skip
_OTHER = {"EventTrigger": "event", "IdleTrigger": "idle", "RegistrationTrigger": "registration"}
_SHORTEST = 60 * TICKS_A_SECOND
_LONGEST_DELAY = 7_200
_DAYS_OF_PERIOD = {"P1D": 1, "P7D": 7, "P1M": 30}


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, the machine's uptimes in it, and the moments of each day at which its user unlocked it."""

    host: Host
    seed: int
    start: int
    end: int
    uptimes: tuple[Uptime, ...]
    unlocks: tuple[int, ...] = ()

    def uptime(self, time: int) -> Uptime | None:
        """The uptime that a moment lies in, with half a minute of grace after the start."""
        for one in self.uptimes:
            if one.began + 30 * TICKS_A_SECOND <= time and (not one.shutdown or time < one.shutdown - 60 * TICKS_A_SECOND):
                return one
        return None


def fires(span: Span, task: TaskSpec) -> tuple[tuple[int, str], ...]:
    """The moments at which a task was started in the span, with the word for the trigger; never two within a minute.

    A task whose triggers are none of the clock's or the session's keeps the run that its times state, where it lies in the span.
    """
    told = task.definition
    chance = Chance("fires", span.seed, task.path)
    begin = max(span.start, task.times.registered + _SHORTEST, task.times.tree + _SHORTEST)
    found: list[tuple[int, str]] = []
    for trigger in told.triggers:
        if trigger.enabled:
            found += _fired(span, trigger, chance)
    if told.settings.maintenance_period:
        found += _maintained(span, _DAYS_OF_PERIOD.get(told.settings.maintenance_period, 7), chance)
    if not found and begin <= task.times.last_run <= span.end:
        kinds = [_OTHER[trigger.type] for trigger in told.triggers if trigger.type in _OTHER]
        found = [(task.times.last_run, kinds[0] if kinds else "")]
    return tuple(_apart(time for time in found if begin <= time[0] <= span.end and span.uptime(time[0])))


def _apart(found: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    last = 0
    for time, word in sorted(found):
        if time - last >= _SHORTEST:
            yield time, word
            last = time


def _fired(span: Span, trigger: TriggerSpec, chance: Chance) -> Iterator[tuple[int, str]]:
    delay = _seconds(trigger.delay) * TICKS_A_SECOND
    match trigger.type:
        case "CalendarTrigger" | "TimeTrigger":
            spread = min(_seconds(trigger.random_delay), _LONGEST_DELAY)
            for time in _on_the_clock(span, trigger):
                yield time + chance.ticks(0.001, 0.4) + (chance.ticks(0, spread) if spread else 0), "time"
        case "BootTrigger":
            for one in span.uptimes:
                yield one.began + 45 * TICKS_A_SECOND + delay + chance.ticks(0.5, 20), "boot"
        case "LogonTrigger":
            for one in span.uptimes:
                for session in one.sessions[:1]:
                    yield session.began + delay + chance.ticks(0.5, 15), "logon"
        case "SessionStateChangeTrigger":
            for time in span.unlocks:
                yield time + delay + chance.ticks(0.01, 2), _STATES[trigger.state_change]


def _on_the_clock(span: Span, trigger: TriggerSpec) -> Iterator[int]:
    """The moments of a calendar or time trigger, with its repetition."""
    if trigger.start is None:
        return
    of_day = trigger.start.ticks % TICKS_A_DAY
    interval = _seconds(trigger.interval) * TICKS_A_SECOND
    first, last = local_clock(span.host, span.start)[0], local_clock(span.host, span.end)[0]
    if trigger.type == "TimeTrigger" and not interval:
        yield utc_of(span.host, trigger.start.ticks // TICKS_A_DAY, of_day)
        return
    for day in range(first - 1, last + 1):
        if trigger.type == "CalendarTrigger" and not _is_due(trigger, day):
            continue
        times = range(of_day, of_day + TICKS_A_DAY, interval) if interval else range(of_day, of_day + 1)
        for time in times:
            yield utc_of(span.host, day, time)


def _is_due(trigger: TriggerSpec, day: int) -> bool:
    if trigger.days_of_week:
        return _WEEKDAYS[day % 7] in trigger.days_of_week
    if trigger.days_of_month or trigger.weeks_of_month:
        return day % 30 == 0
    return day % (trigger.days or 1) == 0


def _maintained(span: Span, period: int, chance: Chance) -> Iterator[tuple[int, str]]:
    """Automatic maintenance: in the small hours, by no trigger of its own."""
    phase = chance.number(0, period - 1)
    for day in range(local_clock(span.host, span.start)[0], local_clock(span.host, span.end)[0] + 1):
        if day % period == phase:
            yield utc_of(span.host, day, 2 * HOUR) + chance.ticks(5, 2_700), ""


def _seconds(text: str) -> int:
    return duration_seconds(text) or 0 if text else 0


def runs_as(span: Span, task: TaskSpec, time: int) -> Logon | None:
    """The logon that a run of a task has at a moment; None where the one it needs is not there.

    A group runs as the first account's session, S4U and passwords make a logon of type 4 of their own.
    """
    one = span.uptime(time)
    if one is None:
        return None
    told = task.definition.principal
    sid = told.known_sid or "S-1-5-18"
    if sid in ("S-1-5-18", "S-1-5-19", "S-1-5-20"):
        return service_logon(one.running, sid)
    sessions = [session for session in one.sessions if session.began <= time]
    if told.group_id:
        return sessions[0].logon if sessions else None
    found = next((session.logon for session in sessions if session.logon.sid == sid), None)
    if told.logon_type not in ("S4U", "Password"):
        return found
    account = next((account for account in span.host.accounts if account.sid == sid), None)
    number = Chance("batch", span.seed, task.path, time).number(0x400000, 0x4000000)
    return Logon(sid, account.name, one.running.domain, number, 4, 0, elevated=False) if account else None
