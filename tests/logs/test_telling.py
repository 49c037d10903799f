"""Definitions in events: every value cites its event, bad ones cost themselves alone, floods stay bounded."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analysis.logged import after, audited, blocks, definition, event, named, process
from tests.material import shared
from tests.rules.happened import of_logs, on_machine
from tests.rules.made import Machine
from tests.scanning import scanned
from triptych.analysis.event_table import EventTable
from triptych.analysis.told_in_logs import answers, jobs_of_table, tellings
from triptych.evidence.source import open_source
from triptych.formats.faults import Faults
from triptych.limits import DEFAULT
from triptych.logs.telling import TELLINGS, Telling, jobs_of, record_of, telling_of
from triptych.model.case import Problem
from triptych.model.evidence import State
from triptych.model.task import Presence, Store, TaskRecord, leaves

EVIL = definition("C:\\Users\\Public\\a.exe", "-x")


def read(*held: Telling) -> tuple[list[TaskRecord], list[Problem]]:
    found = [answer for job in jobs_of(held) for answer in TELLINGS.read(job, open_source("."), DEFAULT)]
    return [one for one in found if isinstance(one, TaskRecord)], [one for one in found if isinstance(one, Problem)]


def test_every_value_cites_the_event_that_states_it() -> None:
    made = audited(4698, 0, content=EVIL)
    (record,), problems = read(telling_of(made))
    assert record.store is Store.LOG
    assert (record.path, record.actions[0].command.value, record.actions[0].arguments.value) == (
        "\\Evil", "C:\\Users\\Public\\a.exe", "-x",
    )  # fmt: skip
    assert record.principal.user_id.value == "S-1-5-18"
    assert (record.keeping.told.value, record.keeping.basis.value) == (made.time, "4698")
    for name, reading in leaves(record):
        if reading.state is not State.NOT_KEPT:
            assert reading.refs == (made.ref,), name
    assert {problem.code for problem in problems} <= {"xml.namespace"}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("no xml at all", "xml.not-xml"),
        ("<!DOCTYPE Task [<!ENTITY a 'b'>]><Task/>", "xml.dtd"),
        ("<Job/>", "xml.not-a-task"),
        (EVIL[: len(EVIL) // 2], "xml."),
        ("\x00\x01\ud800<Task>", "xml."),
    ],
)
def test_content_that_is_no_definition_is_told_with_its_record_and_costs_nothing_else(content: str, code: str) -> None:
    bad, good = audited(4698, 0, "\\Bad", content), audited(4698, 1, "\\Good", EVIL)
    records, problems = read(telling_of(bad), telling_of(good))
    assert {record.path for record in records} == {"\\Bad", "\\Good"}
    about = [problem for problem in problems if problem.code.startswith(code) and "event 4698" in problem.where]
    assert about
    assert all(f"record {bad.record_id}" in problem.where for problem in about if problem.code != "xml.namespace")
    assert next(record for record in records if record.path == "\\Good").actions[0].command.value == "C:\\Users\\Public\\a.exe"


def test_what_is_no_task_still_tells_that_the_task_was_there() -> None:
    (record,), _ = read(telling_of(audited(4698, 0, content="nonsense")))
    assert record.presence.value is Presence.PRESENT
    assert not record.has_actions
    assert "cannot be read" in record.presence.note


def test_content_above_the_limit_is_cut_and_told() -> None:
    limits = replace(DEFAULT, xml=200)
    faults = Faults("Security.evtx")
    record_of(telling_of(audited(4698, 0, content=EVIL)), faults, limits)
    assert "telling.too-large" in {problem.code for problem in faults.problems}


def test_a_lone_surrogate_in_a_command_is_kept_as_it_is() -> None:
    (record,), _ = read(telling_of(audited(4698, 0, content=definition("a.exe", "-\ud800x"))))
    assert (record.actions[0].command.value, record.actions[0].arguments.value) == ("a.exe", "-\ud800x")


@given(st.text(st.characters(), max_size=400))
def test_no_text_makes_reading_fail(content: str) -> None:
    records, problems = read(telling_of(audited(4702, 0, content=content)))
    assert len(records) == 1
    assert all(problem.found for problem in problems)


def test_equal_definitions_are_read_once_and_cite_the_newest_event() -> None:
    events = [audited(4702, second, content=EVIL) for second in range(50)]
    chosen = tellings(EventTable(blocks(*events)))
    assert [telling.ref for telling in chosen] == [events[-1].ref]


def test_of_more_definitions_than_the_limit_the_newest_of_each_task_are_read_and_the_rest_is_told() -> None:
    events = [audited(4702, second, f"\\T{second % 4}", definition(f"a{second}.exe")) for second in range(40)]
    limits = replace(DEFAULT, tellings=6)
    chosen = tellings(EventTable(blocks(*events)), limits)
    assert len(chosen) == 6
    assert {telling.path for telling in chosen if telling.ticks >= after(36).ticks} == {"\\T0", "\\T1", "\\T2", "\\T3"}
    case = of_logs(*events)
    problems = [answer for answer in answers(case, EventTable(case.events), limits) if isinstance(answer, Problem)]
    assert [(problem.code, problem.found) for problem in problems] == [("telling.too-many", "34 more")]


def test_of_more_tasks_than_the_limit_the_rest_is_told() -> None:
    case = of_logs(*(named(106, second, f"\\T{second}") for second in range(30)))
    limits = replace(DEFAULT, told_tasks=10)
    found = list(answers(case.with_(records=()), EventTable(case.events), limits))
    assert sum(isinstance(answer, TaskRecord) for answer in found) == 10
    assert [answer.code for answer in found if isinstance(answer, Problem)] == ["telling.too-many-tasks"]


def test_jobs_are_small_and_bring_every_text() -> None:
    events = [audited(4702, second, content=definition(f"a{second}.exe")) for second in range(450)]
    jobs = jobs_of_table(EventTable(blocks(*events)))
    assert [len(job.items) for job in jobs] == [1, 1, 1]
    records, _ = read(*tellings(EventTable(blocks(*events))))
    assert len({record.actions[0].command.value for record in records}) == 450


# -- rows -----------------------------------------------------------------------------------------------------------------------


def test_the_newest_of_4698_4699_and_4702_is_the_definition_of_the_row() -> None:
    case = of_logs(
        audited(4698, 0, content=definition("one.exe")),
        audited(4702, 10, content=definition("two.exe")),
        audited(4701, 20, content=definition("three.exe")),
        audited(4699, 30, content=""),
    )
    task = case.task("\\Evil")
    assert task is not None
    record = task.record(Store.LOG)
    assert record is not None
    assert (record.actions[0].command.value, record.keeping.basis.value) == ("two.exe", "4702")


def test_a_definition_of_4701_serves_where_there_is_no_other() -> None:
    task = of_logs(audited(4701, 20, content=definition("three.exe"))).task("\\Evil")
    assert task is not None
    assert [action.command.value for record in task.records for action in record.actions] == ["three.exe"]


def test_a_lone_log_gives_rows_and_accuses_no_store_that_is_not_there() -> None:
    case = of_logs(named(106, 0), named(200, 1, "\\Other\\Task", ActionName="a.exe"))
    assert [task.path for task in case.tasks] == ["\\Evil", "\\Other\\Task"]
    for task in case.tasks:
        assert {absence.store: absence.presence for absence in task.absences} == {
            Store.XML: Presence.NOT_READ, Store.REGISTRY: Presence.NOT_READ, Store.SCHEDULER: Presence.UNKNOWN,
        }  # fmt: skip


def test_a_name_in_another_case_is_the_same_task() -> None:
    case = of_logs(audited(4698, 0, "\\Foo", EVIL), named(106, 0.1, "\\foo"), named(141, 5, "\\FOO"))
    assert len(case.tasks) == 1


def test_whether_the_logs_would_know_a_task_is_told_apart() -> None:
    machine = Machine()
    audit = on_machine(machine, audited(4698, 0, content=EVIL))
    silent = on_machine(machine, process(0, 12, "C:\\Windows\\a.exe", "a.exe"))
    words = []
    for case in (audit, silent, machine.case):
        task = case.task("\\Made\\Task 3")
        assert task is not None
        absence = task.absence(Store.LOG)
        words.append(absence.presence if absence else None)
    assert words == [Presence.ABSENT, Presence.NOT_READ, None]


def test_a_task_of_the_stores_keeps_its_row_and_gets_the_logs_telling() -> None:
    case = on_machine(Machine(), audited(4702, 0, "\\MADE\\task 3", EVIL))
    task = case.task("\\Made\\Task 3")
    assert task is not None
    assert task.path == "\\Made\\Task 3"
    assert {record.store for record in task.records} == {Store.XML, Store.REGISTRY, Store.LOG}


def test_a_task_known_from_a_command_line_alone_gets_a_row_with_its_command() -> None:
    line = 'schtasks /create /tn "Up date" /tr "\\"C:\\Program Files\\a b.exe\\" -q" /ru SYSTEM /sc daily'
    made = process(0, 12, "C:\\Windows\\System32\\schtasks.exe", line)
    task = of_logs(made).task("\\Up date")
    assert task is not None
    record = task.record(Store.LOG)
    assert record is not None
    assert (record.actions[0].command.value, record.actions[0].arguments.value) == ("C:\\Program Files\\a b.exe", "-q")
    assert (record.principal.user_id.value, record.keeping.basis.value) == ("SYSTEM", "command line")
    assert record.ref == (made.ref,)


def test_a_definition_counts_more_than_a_command_line() -> None:
    line = "schtasks /create /tn Evil /tr other.exe /sc daily"
    case = of_logs(process(0, 12, "C:\\Windows\\System32\\schtasks.exe", line), audited(4698, 1, content=EVIL))
    (task,) = case.tasks
    assert [action.command.value for record in task.records for action in record.actions] == ["C:\\Users\\Public\\a.exe"]


def test_a_command_line_fills_in_what_a_mere_name_does_not_tell() -> None:
    line = "schtasks /create /tn Evil /tr other.exe /sc daily"
    case = of_logs(process(0, 12, "C:\\Windows\\System32\\schtasks.exe", line), named(106, 1))
    (task,) = case.tasks
    assert [action.command.value for record in task.records for action in record.actions] == ["other.exe"]


@pytest.mark.parametrize("line", ["schtasks /delete /tn * /f", "schtasks /run /tn %NAME%", "schtasks /query"])
def test_a_line_that_names_no_one_task_makes_no_row(line: str) -> None:
    assert of_logs(process(0, 12, "C:\\Windows\\System32\\schtasks.exe", line)).tasks == ()


def test_powershell_names_a_task_without_its_folder_and_makes_no_second_row() -> None:
    script = event(4104, 0, "Microsoft-Windows-PowerShell/Operational", ScriptBlockText="Start-ScheduledTask -TaskName 'Task 3'")
    case = on_machine(Machine(), script)
    assert case.task("\\Task 3") is None


def test_the_atomic_set_in_reader_processes_is_the_same_as_in_this_one() -> None:
    path = shared("data/evtx/Velocidex/SecurityTasks.evtx")
    one, two = scanned(path), scanned(path, workers=2)
    told = [[(record.path, record.actions, record.keeping.told) for record in held.case.records] for held in (one, two)]
    assert told[0] == told[1]
    assert {task.path for task in one.case.tasks} == {"\\T1053_005_OnLogon", "\\T1053_005_OnStartup", "\\T1053_005_powershell"}
    assert all(task.record(Store.LOG).has_actions for task in one.case.tasks)  # type: ignore[union-attr]  # each has one, or fails
