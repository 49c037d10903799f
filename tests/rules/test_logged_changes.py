"""Changes told by the logs: another's task, a shipped task, changed and put back; and what services and owners do."""

from __future__ import annotations

from tests.analysis.logged import audited, definition, named, run
from tests.rules.happened import cites, of_logs, on_machine
from tests.rules.made import STOCK, Machine, findings, one
from triptych.model.finding import Severity

OWN = definition("C:\\Program Files\\Tool\\tool.exe", "-q", "LAB\\eve")
EVIL = definition("C:\\Users\\Public\\a.exe", "", "LAB\\eve")
SHIPPED = definition("%windir%\\system32\\defrag.exe", "-c -h -o -$")
SYSTEM = {"SubjectUserSid": "S-1-5-18", "SubjectUserName": "WS-1$"}
ADAM = {"SubjectUserName": "adam", "SubjectUserSid": "S-1-5-21-1-2-3-1002"}


def test_a_shipped_task_changed_by_a_person_says_what_was_and_what_is() -> None:
    before, after = audited(4702, 0, STOCK, SHIPPED, **SYSTEM), audited(4702, 7200, STOCK, definition("notepad.exe"))
    finding = one(of_logs(before, after), "changed-logged")
    assert (finding.severity, finding.task, finding.time) == (Severity.MEDIUM, STOCK, after.time)
    for words in ("LAB\\eve", "notepad.exe", "defrag.exe", "before"):
        assert words in finding.why
    assert cites(finding, before, after)


def test_a_shipped_task_made_to_start_something_suspicious_is_high() -> None:
    case = of_logs(audited(4702, 0, STOCK, SHIPPED, **SYSTEM), audited(4702, 7200, STOCK, EVIL))
    assert one(case, "changed-logged").severity is Severity.HIGH


def test_a_service_updating_its_own_task_is_nothing() -> None:
    case = of_logs(audited(4702, 0, STOCK, SHIPPED, **SYSTEM), audited(4702, 7200, STOCK, SHIPPED.replace("-c", "-v"), **SYSTEM))
    assert findings(case, "changed-logged") == []


def test_a_task_changed_by_whom_it_belongs_to_is_nothing() -> None:
    case = of_logs(audited(4698, 0, content=OWN), audited(4702, 7200, content=OWN.replace("-q", "-v")))
    assert findings(case, "changed-logged") == []


def test_anothers_task_changed_is_medium() -> None:
    case = of_logs(audited(4698, 0, content=OWN), audited(4702, 7200, content=OWN.replace("-q", "-v"), **ADAM))
    finding = one(case, "changed-logged")
    assert finding.severity is Severity.MEDIUM
    assert "another's task" in finding.why
    assert "LAB\\adam" in finding.summary


def test_the_same_definition_again_is_no_change() -> None:
    case = of_logs(audited(4698, 0, content=OWN), audited(4702, 60, content=OWN.replace("<Task ", "<Task  "), **ADAM))
    assert findings(case, "changed-logged") == []


def test_changed_run_and_put_back_is_high_whoever_does_it() -> None:
    events = (
        audited(4698, 0, content=OWN), audited(4702, 7200, content=EVIL, **SYSTEM), *run(7210, program="a.exe"),
        audited(4702, 7260, content=OWN, **SYSTEM),
    )  # fmt: skip
    finding = one(of_logs(*events), "changed-logged")
    assert finding.severity is Severity.HIGH
    assert "put back 60 s later" in finding.summary
    assert "a.exe" in finding.why
    assert cites(finding, events[1], events[-1], events[2])


def test_put_back_the_next_day_is_an_ordinary_change() -> None:
    case = of_logs(
        audited(4698, 0, content=OWN), audited(4702, 7200, content=OWN.replace("-q", "-v")), audited(4702, 99_000, content=OWN)
    )
    assert findings(case, "changed-logged") == []


def test_account_and_triggers_are_told() -> None:
    other = OWN.replace("LAB\\eve", "S-1-5-18").replace("<Actions>", "<Triggers><LogonTrigger/></Triggers><Actions>")
    finding = one(of_logs(audited(4698, 0, content=OWN), audited(4702, 7200, content=other, **ADAM)), "changed-logged")
    assert "the account it runs as and when it starts" in finding.summary
    assert "SYSTEM" in finding.why
    assert "LogonTrigger" in finding.why


def test_without_content_the_programs_that_ran_tell_a_borrowed_task() -> None:
    path = "\\Made\\Task 3"
    events = (named(140, 0, path), *run(20, task=path, program="C:\\Windows\\evil.exe"), named(140, 60, path))
    finding = one(on_machine(Machine(), *events), "changed-logged")
    assert finding.severity is Severity.HIGH
    assert "evil.exe" in finding.why
    assert "made" in finding.why
    assert cites(finding, events[0], events[-1])


def test_updates_around_a_run_of_its_own_program_are_nothing() -> None:
    path = "\\Made\\Task 3"
    events = (named(140, 0, path), *run(20, task=path, program="C:\\Program Files\\Made\\made.exe"), named(140, 60, path))
    assert findings(on_machine(Machine(), *events), "changed-logged") == []


def test_a_shipped_task_first_told_with_a_foreign_program() -> None:
    finding = one(of_logs(audited(4702, 0, STOCK, definition("notepad.exe"))), "changed-logged")
    assert "What it was before, no event" in finding.why
    assert findings(of_logs(audited(4702, 0, STOCK, SHIPPED)), "changed-logged") == []
    assert findings(of_logs(audited(4702, 0, STOCK, definition("notepad.exe"), **SYSTEM)), "changed-logged") == []
