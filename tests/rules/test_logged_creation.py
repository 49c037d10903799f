"""A registration that no log tells of: only where the logs cover it, and never of what setup and Windows itself wrote."""

from __future__ import annotations

from tests.analysis.logged import NOON, event, named
from tests.rules.happened import DAY, TASKS, cites, log, on_machine
from tests.rules.made import Machine, findings, guid_of, one, stated, tasks_ref
from triptych.model.case import Case
from triptych.model.event import Event, LogReport
from triptych.model.finding import Confidence, Severity
from triptych.model.times import TICKS_A_SECOND, Instant

PATH = "\\Made\\Task 5"


def machine(*hand_made: str) -> Machine:
    """Two tasks registered in the time of the logs, the others long before."""
    made = Machine()
    for number, path in enumerate(made.registry):
        seconds = 0.0 if path == PATH else 3600.0 if path == "\\Made\\Task 6" else -300 * DAY - number * 60
        if path in hand_made:
            seconds = 7200.0
        time = Instant(NOON + round(seconds * TICKS_A_SECOND))
        made.change(path, "run", registered=stated(time, tasks_ref(guid_of(number + 1))))
    return made


def case_of(made: Machine, *events: Event, logs: tuple[LogReport, ...] = ()) -> Case:
    return on_machine(made, *events, logs=logs or (log(TASKS),))


NEIGHBOUR = named(106, 3600, "\\Made\\Task 6")
OTHERS = (named(200, -DAY, "\\Made\\Task 9", ActionName="made.exe"), named(200, 2 * DAY, "\\Made\\Task 9", ActionName="made.exe"))


def test_a_silent_registration_beside_a_logged_one_is_medium() -> None:
    finding = one(case_of(machine(), NEIGHBOUR, *OTHERS), "no-creation-event")
    assert (finding.severity, finding.confidence, finding.task) == (Severity.MEDIUM, Confidence.LIKELY, PATH)
    assert "without a gap" in finding.why
    assert {ref.spans[0].file for ref in finding.refs} >= {machine().registry[PATH].run.registered.refs[0].spans[0].file}


def test_a_logged_registration_is_nothing() -> None:
    assert findings(case_of(machine(), named(106, 0.5, PATH.upper()), NEIGHBOUR, *OTHERS), "no-creation-event") == []


def test_a_log_that_begins_later_or_was_cleared_knows_nothing() -> None:
    later = (log(TASKS, 1800),)
    assert findings(case_of(machine(), NEIGHBOUR, *OTHERS, logs=later), "no-creation-event") == []
    cleared = event(104, 1800, "System", Channel=TASKS, SubjectUserName="eve")
    assert findings(case_of(machine(), cleared, NEIGHBOUR, logs=(log(TASKS, 1800),)), "no-creation-event") == []


def test_where_no_neighbour_has_its_event_either_it_is_low() -> None:
    found = findings(case_of(machine(), *OTHERS), "no-creation-event")
    assert {finding.severity for finding in found} == {Severity.LOW}
    assert {finding.task for finding in found} == {PATH, "\\Made\\Task 6"}


def test_many_that_lack_their_event_are_one_finding() -> None:
    paths = [f"\\Made\\Task {number}" for number in range(10, 18)]
    finding = one(case_of(machine(*paths), *OTHERS), "no-creation-event")
    assert (finding.task, finding.severity) == (None, Severity.LOW)
    assert "10 tasks" in finding.summary


def test_without_logs_nobody_is_accused() -> None:
    assert findings(machine(), "no-creation-event") == []


def test_setup_writes_tasks_without_the_service() -> None:
    made = machine().fact("installed", Instant(NOON - 3600 * TICKS_A_SECOND).iso)
    assert findings(case_of(made, NEIGHBOUR, *OTHERS), "no-creation-event") == []


def test_right_after_a_start_the_log_may_not_be_open() -> None:
    start = event(400, -60, TASKS)
    assert findings(case_of(machine(), start, NEIGHBOUR, *OTHERS), "no-creation-event") == []


def test_a_writer_that_took_the_machines_clock_for_utc_is_not_accused_where_the_event_fits() -> None:
    made = machine().fact("active-bias", "-120")
    told = named(106, -7200, PATH)
    assert findings(case_of(made, told, NEIGHBOUR, *OTHERS), "no-creation-event") == []


def test_the_finding_cites_the_time_that_the_registry_states() -> None:
    finding = one(case_of(machine(), NEIGHBOUR, *OTHERS), "no-creation-event")
    assert machine().registry[PATH].run.registered.refs[0] in finding.refs
    assert not cites(finding, NEIGHBOUR)
