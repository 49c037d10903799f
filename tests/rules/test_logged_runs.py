"""Runs of a task that no store holds: accused only where the stores and the logs could tell."""

from __future__ import annotations

import pytest

from tests.analysis.logged import after, audited, definition, event, named, process, run
from tests.rules.happened import DAY, TASKS, cites, log, of_logs, on_machine
from tests.rules.made import Machine, findings, one
from triptych.model.event import LogReport, NumberGap
from triptych.model.finding import Confidence, Severity
from triptych.model.task import Store

GHOST = "\\Ghost"


def machine() -> Machine:
    return Machine().fact("hive-written", after(3600).iso)


def logs(**more: object) -> tuple[LogReport, ...]:
    return (log(TASKS, -20 * DAY, 7200, **more),)


def test_a_run_of_a_task_that_no_store_holds_is_high() -> None:
    ran = run(0, task=GHOST, program="C:\\Windows\\Temp\\a.exe")
    finding = one(on_machine(machine(), *ran, logs=logs()), "ghost-run")
    assert (finding.severity, finding.confidence, finding.task) == (Severity.HIGH, Confidence.LIKELY, GHOST)
    assert "a.exe" in finding.why
    assert "from memory" in finding.why
    assert cites(finding, ran[0], ran[-1])


def test_what_it_was_to_start_is_told_where_an_event_defines_it() -> None:
    made = audited(4698, -60, GHOST, definition("b.exe"))
    finding = one(on_machine(machine(), made, *run(0, task=GHOST), logs=logs()), "ghost-run")
    assert "b.exe" in finding.why
    assert cites(finding, made)


@pytest.mark.parametrize("gone", [named(141, 60, GHOST), audited(4699, 60, GHOST), named(141, 1.05, GHOST)])
def test_a_task_deleted_after_its_run_is_no_ghost(gone: object) -> None:
    assert findings(on_machine(machine(), *run(0, task=GHOST), gone, logs=logs()), "ghost-run") == []  # type: ignore[arg-type]


def test_a_command_line_that_deletes_it_explains_it_too() -> None:
    line = process(60, 12, "C:\\Windows\\System32\\schtasks.exe", "schtasks /delete /tn Ghost /f")
    assert findings(on_machine(machine(), *run(0, task=GHOST), line, logs=logs()), "ghost-run") == []


def test_deleted_before_the_run_explains_nothing() -> None:
    assert one(on_machine(machine(), named(141, -600, GHOST), *run(0, task=GHOST), logs=logs()), "ghost-run")


def test_stores_that_are_not_in_the_evidence_accuse_nobody() -> None:
    assert findings(of_logs(*run(0, task=GHOST)), "ghost-run") == []
    bare = machine()
    bare.registry.clear()
    bare.unread |= {Store.REGISTRY}
    assert findings(on_machine(bare, *run(0, task=GHOST), logs=logs()), "ghost-run") == []


def test_a_task_that_a_store_holds_is_no_ghost() -> None:
    assert findings(on_machine(machine(), *run(0, task="\\Made\\Task 3"), logs=logs()), "ghost-run") == []


def test_a_log_that_lost_records_afterwards_counts_less() -> None:
    gap = NumberGap(100, 120, after(60), after(120))
    finding = one(on_machine(machine(), *run(0, task=GHOST), logs=logs(gaps=(gap,))), "ghost-run")
    assert (finding.severity, finding.confidence) == (Severity.MEDIUM, Confidence.POSSIBLE)
    cleared = event(104, 500, "System", Channel=TASKS, SubjectUserName="eve")
    assert one(on_machine(machine(), *run(0, task=GHOST), cleared, logs=logs()), "ghost-run").severity is Severity.MEDIUM


def test_a_registry_older_than_the_run_does_not_know_the_task_yet() -> None:
    old = Machine().fact("hive-written", after(-3 * DAY).iso)
    assert one(on_machine(old, *run(0, task=GHOST), logs=logs()), "ghost-run").severity is Severity.LOW


def test_runs_before_an_upgrade_are_low() -> None:
    upgraded = machine().fact("installed", after(600).iso)
    assert one(on_machine(upgraded, *run(0, task=GHOST), logs=logs()), "ghost-run").severity is Severity.LOW


def test_tasks_of_the_update_orchestrator_come_and_go() -> None:
    path = "\\Microsoft\\Windows\\UpdateOrchestrator\\Reboot_AC_X"
    assert one(on_machine(machine(), *run(0, task=path), logs=logs()), "ghost-run").severity is Severity.LOW
