"""Whole machines with weeks of life in their logs: what somebody did is found, and the life around it accuses nobody."""

from __future__ import annotations

from functools import cache

from tests.rules.happened import LIFE, rules_of
from tests.rules.made import findings, one
from tests.scanning import scan_of
from triptych.lessons.benign import benign
from triptych.lessons.benign_tasks import SYSTEM, daily, definition, exec_
from triptych.lessons.deviations.hand import planted
from triptych.lessons.deviations.planted_tasks import GHOST, ghost_task
from triptych.lessons.logbook import Logon
from triptych.lessons.logbook_acts import registered, removed, run
from triptych.lessons.logbook_weeks import USUAL, WATCHED, running_at, session_at
from triptych.lessons.machine import Machine
from triptych.lessons.task_spec import TaskSpec
from triptych.model.case import Case
from triptych.model.finding import Severity
from triptych.model.task import Presence, Store
from triptych.model.times import TICKS_A_SECOND

DROP = "\\Drop"
HOUR = 3600 * TICKS_A_SECOND


@cache
def machine(*, watched: bool = True) -> Machine:
    return benign("10", 3, tasks=20, weeks=1, policy=WATCHED if watched else USUAL)


def at_work(of: Machine) -> tuple[int, Logon]:
    """A moment days before the collection at which somebody was logged on, and that logon."""
    for hours in range(24, 7 * 24):
        time = of.collected - hours * HOUR
        for account in of.accounts:
            try:
                return time, session_at(of, account.name, time)
            except LookupError:
                continue
    raise AssertionError("nobody ever works on this machine")


def dropped(of: Machine) -> TaskSpec:
    told = definition(SYSTEM, (exec_("cmd.exe", r"/c C:\Users\Public\drop.bat"),), daily("2026-03-01T02:17:00"))
    return planted(of, DROP, told, ran=False)


def scan(of: Machine) -> Case:
    return scan_of(of).case


def test_weeks_of_ordinary_life_accuse_nobody() -> None:
    for watched in (True, False):
        assert rules_of(scan(machine(watched=watched))) == set(), LIFE


def test_a_task_made_run_and_deleted_within_40_seconds_is_recovered_with_its_command() -> None:
    of = machine()
    time, who = at_work(of)
    running, task = running_at(of, time), dropped(of)
    system = Logon("S-1-5-18", "SYSTEM", "NT AUTHORITY", 0x3E7, 5)
    case = scan(
        of.with_events(
            *registered(running, time, task, who),
            *run(running, time + 5 * TICKS_A_SECOND, task, system, finished=time + 9 * TICKS_A_SECOND),
            *removed(running, time + 40 * TICKS_A_SECOND, task, who),
        )
    )
    row = case.task(DROP)
    assert row is not None
    assert [record.store for record in row.records] == [Store.LOG]
    assert {absence.presence for absence in row.absences if absence.store is not Store.SCHEDULER} == {Presence.ABSENT}
    assert [action.arguments.value for action in row.records[0].actions] == [r"/c C:\Users\Public\drop.bat"]
    finding = one(case, "created-and-deleted")
    assert (finding.task, finding.severity) == (DROP, Severity.HIGH)
    for words in ("drop.bat", "40 s", who.account.rpartition("\\")[2]):
        assert words in finding.why + finding.summary
    assert DROP in {judged.task for judged in findings(case, "command-suspicious")}
    assert "ghost-run" not in rules_of(case)


def test_a_run_from_memory_is_a_ghost() -> None:
    of = machine()
    time, who = at_work(of)
    finding = one(scan(of.with_events(*run(running_at(of, time), time, dropped(of), who, finished=time + HOUR))), "ghost-run")
    assert (finding.task, finding.severity) == (DROP, Severity.HIGH)


def test_ghosttask_lacks_its_event_only_where_the_logs_cover_its_time() -> None:
    finding = one(scan(ghost_task(machine())), "no-creation-event")
    assert finding.task == GHOST
    assert finding.severity in (Severity.MEDIUM, Severity.LOW)
    assert "no-creation-event" not in rules_of(scan(ghost_task(machine(watched=False))))
