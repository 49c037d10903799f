"""Whole machines with weeks of logs: quiet ones accuse nobody; cleared, switched off, rolled and audited no longer are told apart."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from tests.machines import Machine, small
from tests.scanning import Scanned, scan_of
from triptych.lessons.logbook import AUDIT_TASKS, SECURITY, TASKS, AuditChange, Logon
from triptych.lessons.logbook_machine import audit_changed, log_cleared, logon
from triptych.lessons.logbook_processes import process, registry_deleted
from triptych.lessons.logbook_tasks import registered, removed, run
from triptych.lessons.logbook_weeks import USUAL, WATCHED, lived, running_at
from triptych.model.event import Moment
from triptych.model.finding import Finding, Severity
from triptych.model.times import TICKS_A_DAY, TICKS_A_SECOND

OURS = {"log-cleared", "log-gap", "log-disabled", "audit-off", "log-flood", "tampering-logged", "time-contradiction"}
VICTIM = "\\Contoso\\Health Check"
INTRUDER = Logon(
    "S-1-5-21-1004336348-1177238915-682003330-1105", "m.frost", "CORP", 0x9D3F21, kind=3, address="10.20.30.40", port=50123
)


@cache
def watched(version: str = "10") -> Machine:
    return lived(small(version), 1, WATCHED)


def ours(found: Scanned) -> list[Finding]:
    return [finding for finding in found.case.findings if finding.rule in OURS]


@pytest.mark.parametrize("version", ["7", "10"])
def test_a_watched_machine_is_quiet_and_its_runs_are_linked(version: str) -> None:
    found = scan_of(watched(version))
    assert ours(found) == []
    linked = {(moment.kind, found.case.timeline[link.to].kind) for moment in found.case.timeline for link in moment.links}
    assert {("triggered", "run-started"), ("action-started", "action-finished")} <= linked
    assert {log.exported for log in found.case.logs} == {False}


def test_the_usual_machine_has_its_logs_off_and_that_is_information() -> None:
    found = ours(scan_of(lived(small("10"), 1, USUAL)))
    assert [(finding.rule, finding.severity) for finding in found] == [
        ("audit-off", Severity.INFO), ("log-disabled", Severity.INFO),
    ]  # fmt: skip


def _at(days: float) -> int:
    return watched().collected - int(days * TICKS_A_DAY)


def test_a_cleared_log_is_told_with_its_hand() -> None:
    machine, time = watched(), _at(1)
    events = log_cleared(running_at(machine, time), time, SECURITY, INTRUDER)
    found = ours(scan_of(machine.with_cleared_log(SECURITY, time, *events)))
    assert [(finding.rule, finding.severity) for finding in found] == [("log-cleared", Severity.MEDIUM)]
    assert "by CORP\\m.frost" in found[0].summary


def test_a_log_that_was_switched_off_lately_was_on_once() -> None:
    machine = lived(small("10"), 1, replace(WATCHED, off=((TASKS, _at(2)),)))
    found = ours(scan_of(machine))
    assert [(finding.rule, finding.severity) for finding in found] == [("log-disabled", Severity.MEDIUM)]
    assert "was switched off" in found[0].why


def test_a_log_that_rolled_is_no_finding() -> None:
    report = next(log for log in scan_of(watched()).case.logs if log.channel == SECURITY)
    assert (report.first_number or 0) > 1
    assert not report.cleared


def test_auditing_that_a_person_took_away() -> None:
    time = _at(2)
    policy = replace(WATCHED, audit_changes=(AuditChange(time, AUDIT_TASKS, on=False),))
    machine = lived(small("10"), 1, policy)
    events = audit_changed(running_at(machine, time), time, AUDIT_TASKS, False, INTRUDER)
    found = ours(scan_of(machine.with_events(*events)))
    assert [(finding.rule, finding.severity) for finding in found] == [("audit-off", Severity.MEDIUM)]
    assert "by CORP\\m.frost" in found[0].summary


def _remote() -> Scanned:
    machine, time = watched(), _at(0.3)
    here = running_at(machine, time)
    task = replace(machine.task(VICTIM), path="\\Sync")
    second = TICKS_A_SECOND
    system = here.system
    events = (
        *logon(here, time, INTRUDER),
        *registered(here, time + second, task, INTRUDER),
        *run(here, time + 3 * second, task, system, trigger="demand", finished=time + 5 * second),
        *removed(here, time + 9 * second, task, INTRUDER),
    )
    return scan_of(machine.with_events(*events))


def _reached(timeline: tuple[Moment, ...], start: int) -> set[int]:
    found, waiting = {start}, [start]
    while waiting:
        for link in timeline[waiting.pop()].links:
            if link.to not in found:
                found.add(link.to)
                waiting.append(link.to)
    return found


def test_a_remote_registration_is_one_chain_from_the_logon_to_the_process() -> None:
    timeline = _remote().case.timeline
    (start,) = [place for place, moment in enumerate(timeline) if moment.kind == "logon" and "10.20.30.40" in moment.text]
    chain = [timeline[place] for place in sorted(_reached(timeline, start))]
    told = {(moment.source, moment.kind) for moment in chain}
    assert {
        ("security", "registered"),
        ("tasks-log", "registered"),
        ("tasks-log", "triggered"),
        ("security", "process-created"),
    } <= told
    assert all(link.why for moment in chain for link in moment.links)
    assert {moment.task for moment in chain if moment.kind == "registered"} == {"\\Sync"}


def test_the_hand_on_a_key_is_found_and_makes_the_finding_sure() -> None:
    machine = lived(small("10"), 1, replace(WATCHED, sysmon=True))
    time = _at(0.2)
    here = running_at(machine, time)
    reg = here.start(time, "C:\\Windows\\System32\\reg.exe", "reg.exe delete ...", here.system, here.service("services"))
    key = f"HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tree{VICTIM}"
    events = (*process(here, reg), *registry_deleted(here, time + TICKS_A_SECOND, reg, key, "SD"))
    (found,) = ours(scan_of(machine.with_events(*events)))
    assert (found.rule, found.severity, found.task) == ("tampering-logged", Severity.HIGH, VICTIM)
    assert "reg.exe" in found.summary
    assert "deleted the value SD of its Tree key" in found.summary
