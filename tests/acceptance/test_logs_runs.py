"""Runs and registrations that the stores do not explain, in logs as people hand them in: of two computers, late, silent, borrowed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.analysis.logged import NOON, event, named, run
from tests.rules.happened import log, on_machine
from tests.rules.made import Machine, findings, guid_of, one, registry, stated, tasks_ref, xml
from triptych.logs.event_kinds import TASKS
from triptych.model.case import Case
from triptych.model.event import Event, LogReport
from triptych.model.finding import Severity
from triptych.model.times import TICKS_A_SECOND, Instant

DAY = 86_400
PATH = "\\Made\\Task 5"
LATER = "22222222-2222-4333-8444-555555555555"


def ran(*events: Event) -> Case:
    return on_machine(Machine().fact("installed", "2024-01-01T00:00:00Z"), *events)


def test_a_task_deleted_while_it_runs_is_no_ghost_when_the_run_ends() -> None:
    begun, ended = run(5)[:4], (named(201, 7200, TaskInstanceId=LATER, ActionName="a.exe"), named(102, 7201, InstanceId=LATER))
    assert findings(ran(named(106, 0), *begun, named(141, 600), *ended), "ghost-run") == []


def test_a_run_after_its_deletion_is_one_and_the_deletion_is_told() -> None:
    finding = one(ran(named(106, 0), named(141, 6000), *run(DAY)), "ghost-run")
    assert finding.severity is Severity.HIGH
    assert "It was deleted at 2026-03-01T13:40:00Z (event 141), and ran again after that" in finding.why
    assert "no event says that it was deleted" not in finding.why


def test_a_deletion_after_the_clock_was_set_back_is_one() -> None:
    begun = [replace(told, record_id=100 + at) for at, told in enumerate(run(0))]
    assert findings(ran(*begun, named(141, -7200, record=120)), "ghost-run") == []
    assert one(ran(*begun, named(141, -7200, record=90)), "ghost-run").severity is Severity.HIGH
    assert one(ran(*begun, named(141, -7200, "\\Other", record=120)), "ghost-run").severity is Severity.HIGH


def test_runs_of_another_computer_whose_logs_lie_beside_the_own_ones_are_low() -> None:
    others = [
        event(200, at, computer="DC01.corp.example", file="dc/t.evtx", TaskName="\\Theirs", ActionName="a.exe") for at in (0, 60)
    ]
    finding = one(ran(*others, replace(named(106, 5, "\\Mine"), computer="MADE.corp.example")), "ghost-run")
    assert (finding.task, finding.severity) == ("\\Theirs", Severity.LOW)
    assert "The events are of the computer DC01.corp.example, the registry is of MADE." in finding.why


def test_a_long_name_that_the_registry_cuts_is_no_other_computer() -> None:
    machine = Machine().fact("installed", "2024-01-01T00:00:00Z")
    machine.facts = [fact for fact in machine.facts if fact.name != "name"]
    machine.fact("name", "VERYLONGHOSTNAM")
    finding = one(on_machine(machine, *(replace(told, computer="verylonghostname01.corp.example") for told in run(0))), "ghost-run")
    assert finding.severity is Severity.HIGH
    assert "the computer" not in finding.why


def test_a_registry_written_before_the_task_was_registered_does_not_know_it() -> None:
    newest = 90 * DAY
    finding = one(ran(named(106, newest), *run(newest + 60)), "ghost-run")
    assert finding.severity is Severity.LOW


@pytest.mark.parametrize(
    ("program", "severity"),
    [
        ("C:\\Program Files (x86)\\Google\\Update\\GoogleUpdate.exe", Severity.LOW),
        ("cmd.exe", Severity.HIGH),
        ("C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe", Severity.HIGH),
        ("C:\\Users\\Public\\a.exe", Severity.HIGH),
    ],
)
def test_a_known_name_excuses_what_its_maker_runs_and_nothing_else(program: str, severity: Severity) -> None:
    assert one(ran(*run(0, task="\\GoogleUpdateTaskMachineCore", program=program)), "ghost-run").severity is severity


# -- registrations --------------------------------------------------------------------------------------------------------


def registered_at_noon(path: str = PATH) -> Machine:
    """The others were registered before the logs begin, but for one whose event is there."""
    made = Machine()
    for number, name in enumerate(list(made.registry), 1):
        seconds = 0 if name == path else 3600 if name == "\\Made\\Task 6" else -300 * DAY - number * 60
        time = stated(Instant(NOON + seconds * TICKS_A_SECOND), tasks_ref(guid_of(number)))
        made.change(name, "run", registered=time)
    return made


NEIGHBOUR = named(106, 3600, "\\Made\\Task 6")


def kept(since: float, until: float, computer: str = "WS-1", file: str = "") -> list[Event]:
    """A log that tells of a run every six hours."""
    count = int((until - since) // 21_600)
    return [
        event(200, since + at * 21_600, TASKS, computer=computer, file=file, TaskName="\\Made\\Task 9", ActionName="made.exe")
        for at in range(count)
    ]


def silent(machine: Machine, *events: Event, logs: tuple[LogReport, ...] = ()) -> Case:
    return on_machine(machine, *events, logs=logs or (log(TASKS),))


def test_a_log_that_is_kept_all_the_time_lacks_the_event() -> None:
    assert one(silent(registered_at_noon(), NEIGHBOUR, *kept(-9 * DAY, 9 * DAY)), "no-creation-event").severity is Severity.MEDIUM


def test_a_log_that_is_silent_for_days_around_it_may_have_been_off() -> None:
    told = (*kept(-9 * DAY, -2 * DAY), NEIGHBOUR, *kept(DAY, 9 * DAY))
    finding = one(silent(registered_at_noon(), *told), "no-creation-event")
    assert finding.severity is Severity.LOW
    assert "tells of nothing at all between 2026-02-27T06:00:00Z and 2026-03-01T13:00:00Z" in finding.why


def test_the_log_of_another_computer_covers_nothing_here() -> None:
    theirs = kept(-9 * DAY, 9 * DAY, computer="DC01", file="dc/t.evtx")
    own = kept(DAY, 9 * DAY, computer="MADE")
    logs = (replace(log(TASKS), file="dc/t.evtx"), log(TASKS, float(DAY)))
    assert findings(silent(registered_at_noon(), *theirs, *own, logs=logs), "no-creation-event") == []
    assert findings(silent(registered_at_noon(), *kept(-9 * DAY, 9 * DAY, computer="MADE"), *own), "no-creation-event") != []


def test_a_vendors_name_on_another_program_is_no_excuse() -> None:
    name, vendors = "\\GoogleUpdateTaskMachineCore", "C:\\Program Files (x86)\\Google\\Update\\GoogleUpdate.exe"
    for command, wanted in ((vendors, 0), ("C:\\Users\\Public\\a.exe", 1)):
        machine = registered_at_noon(name)
        record = registry(name, 777, command)
        machine.registry[name], machine.xml[name] = record, xml(record)
        machine.change(name, "run", registered=stated(Instant(NOON), tasks_ref(guid_of(777))))
        found = findings(silent(machine, NEIGHBOUR, *kept(-9 * DAY, 9 * DAY)), "no-creation-event")
        assert [finding.task for finding in found if finding.task == name] == [name] * wanted
