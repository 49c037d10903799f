"""When a machine of ours was up, and who was logged on: the same answer for all who ask, from the machine's seed alone.

The starts are counted backwards from the collection: the last one follows the shutdown that the SYSTEM hive states. Each account
has one session a start; a workstation's user comes in the morning, the administrators' account right after the start.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from triptych.lessons.chance import Chance
from triptych.lessons.host import Host
from triptych.lessons.logbook import Logon
from triptych.lessons.logbook_running import Running, running
from triptych.model.times import TICKS_A_DAY, TICKS_A_SECOND

HOUR = 3600 * TICKS_A_SECOND
_MORNING, _EVENING = 7, 18


@dataclass(frozen=True, slots=True)
class Session:
    """A logon at the keyboard and when it began (ticks)."""

    logon: Logon
    began: int


@dataclass(frozen=True, slots=True)
class Uptime:
    """A machine from a start to the shutdown after it (0: it still runs), and the sessions of its accounts."""

    running: Running
    shutdown: int
    sessions: tuple[Session, ...]

    @property
    def began(self) -> int:
        return self.running.booted

    def session(self, sid: str) -> Session | None:
        return next((session for session in self.sessions if session.logon.sid == sid), None)


def uptimes(host: Host, seed: int, since: int) -> tuple[Uptime, ...]:
    """The times during which the machine was up, oldest first; the first one reaches back over `since`."""
    found: list[Uptime] = []
    following = 0
    for shutdown, booted in _starts(host, seed):
        made = running(host, booted, seed)
        found.append(Uptime(made, following, _sessions(host, made, following or host.collected)))
        following = shutdown
        if booted <= since:
            break
    return tuple(reversed(found))


def _starts(host: Host, seed: int) -> Iterator[tuple[int, int]]:
    """Shutdowns and the starts after them, newest first, without end."""
    shutdown, number = host.last_shutdown, 0
    while True:
        chance = Chance("start", seed, host.name, number)
        yield shutdown, shutdown + chance.ticks(35, 170)
        shutdown -= chance.number(2, 5) * TICKS_A_DAY + chance.ticks(-5_400, 5_400)
        number += 1


def _sessions(host: Host, machine: Running, until: int) -> tuple[Session, ...]:
    found = []
    for number, account in enumerate(host.accounts, 1):
        chance = Chance("session", machine.seed, machine.booted, account.sid)
        began = machine.booted + chance.ticks(70, 400)
        if number == 1 and not _at_work(host, began):
            began = next_morning(host, began) + chance.ticks(0, 2_400)
        if began < until:
            ident = chance.number(0x30000, 0x90000) + 0x100000 * number
            who = Logon(account.sid, account.name, machine.domain, ident, 2, number, began=began)
            found.append(Session(who, began))
    return tuple(found)


def local_clock(host: Host, ticks: int) -> tuple[int, int]:
    """Day and ticks of the day on the machine's wall clock (standard time all year)."""
    return divmod(ticks - host.bias * 60 * TICKS_A_SECOND, TICKS_A_DAY)


def utc_of(host: Host, day: int, ticks: int) -> int:
    """The moment of a day and a time of day on the wall clock."""
    return day * TICKS_A_DAY + ticks + host.bias * 60 * TICKS_A_SECOND


def is_workday(day: int) -> bool:
    """Whether a day (counted from 1601-01-01, a Monday) is Monday to Friday."""
    return day % 7 < 5


def _at_work(host: Host, ticks: int) -> bool:
    day, time = local_clock(host, ticks)
    return is_workday(day) and _MORNING * HOUR <= time <= _EVENING * HOUR


def next_morning(host: Host, ticks: int) -> int:
    """The next workday's eight o'clock after a moment."""
    day, time = local_clock(host, ticks)
    if time > _MORNING * HOUR:
        day += 1
    while not is_workday(day):
        day += 1
    return utc_of(host, day, 8 * HOUR)


def uptime_at(host: Host, seed: int, time: int) -> Uptime:
    """The uptime that a moment belongs to: the one that began last before it."""
    return next(one for one in reversed(uptimes(host, seed, time)) if one.began <= time)


@cache
def service_logon(machine: Running, sid: str) -> Logon:
    """The logon of a service account, SYSTEM included. Raises KeyError for any other."""
    return {
        "S-1-5-18": machine.system,
        "S-1-5-19": Logon("S-1-5-19", "LOCAL SERVICE", "NT AUTHORITY", 0x3E5, 5, 0),
        "S-1-5-20": Logon("S-1-5-20", f"{machine.name}$", machine.domain, 0x3E4, 5, 0),
    }[sid]
