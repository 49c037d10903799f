"""Tasks that event logs alone tell, in every place of the window that shows a task; the logs' own chip and table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui import made, made_events, made_logged
from triptych.analysis import comparison, comparison_logs
from triptych.gui.comparing import columns, entries, heading, tellers
from triptych.gui.digest import Digester, Line, Mark
from triptych.gui.events_columns import EntriesBuilder
from triptych.gui.head import badges
from triptych.gui.main import build
from triptych.gui.rooms.compare import CompareRoom
from triptych.gui.rooms.sources import SourcesRoom
from triptych.gui.settings import Settings
from triptych.gui.strip import log_words
from triptych.gui.tables import Kind
from triptych.gui.timeline_lanes import COVERED, DISABLED, LANES, Stretch, coverage
from triptych.gui.window import Window
from triptych.gui.words import STORES, TELLERS
from triptych.logs.event_kinds import TASKS
from triptych.model.case import Case, Fact, Host, StoreReport
from triptych.model.event import LogReport
from triptych.model.evidence import stated
from triptych.model.task import Presence, Store
from triptych.model.times import Instant

TASK_LOG = next(number for number, lane in enumerate(LANES) if "tasks-log" in lane.sources)


@pytest.fixture
def shown(files: made.Files) -> Case:
    return made_logged.with_logs(made_events.case(files))


def line_of(case: Case, path: str) -> Line:
    digest = Digester(comparison.differences)(case)
    line = digest.line_at(path)
    assert line is not None
    return line


@pytest.fixture
def over(qtbot: QtBot, settings: Settings, files: made.Files, shown: Case) -> Iterator[Window]:
    window = build(
        lambda arguments, listings: replace(made_events.work(shown, files, arguments), rows=comparison_logs.rows), settings
    )
    qtbot.addWidget(window)
    window.resize(1600, 1000)
    with qtbot.waitExposed(window):
        window.show()
    window.open(("/cases/ws-fin-07",))
    qtbot.waitUntil(lambda: window.session.run.state == "done", timeout=10_000)
    yield window
    window.close()


def test_the_list_tells_what_the_logs_tell(shown: Case) -> None:
    line = line_of(shown, made_logged.ALONE)
    record = line.task.record(Store.LOG)
    assert record is not None
    assert line.marks == (Mark.ABSENT, Mark.ABSENT, Mark.ABSENT, Mark.PRESENT)
    assert line.action.startswith("C:\\Users\\Public\\gone.exe")
    assert line.runs_as
    assert "gone.exe" in line.text
    assert badges(line) == ("Told by event logs alone",)


def test_the_mark_of_events_is_there_only_where_logs_were_read(shown: Case, case: Case) -> None:
    assert {len(line.marks) for line in Digester(comparison.differences)(shown).lines} == {4}
    assert {len(line.marks) for line in Digester(comparison.differences)(case).lines} == {3}
    failed = shown.with_(reports=(*case.reports, StoreReport(Store.LOG, "failed", 0)))
    assert {len(line.marks) for line in Digester(comparison.differences)(failed).lines} == {3}


def test_an_old_definition_does_not_change_what_the_list_says_runs(case: Case) -> None:
    task = case.tasks[0]
    logged = replace(task, records=(*task.records, made_logged.logged(task, command="old.exe")))
    before = line_of(case, task.path)
    after = line_of(case.with_(tasks=(logged, *case.tasks[1:])), task.path)
    assert (after.action, after.runs_as, after.differing) == (before.action, before.runs_as, before.differing)
    assert "old.exe" in after.text  # a search finds it


def test_three_panels_and_a_fourth_where_the_logs_tell_more_than_a_name(shown: Case) -> None:
    alone = shown.tasks[-1]
    assert tellers(shown.tasks[0]) == STORES
    assert tellers(alone) == TELLERS
    told = columns(alone, shown)
    assert [column.title.split("  ")[0] for column in told] == ["Field", "XML", "Registry", "Scheduler", "Log"]
    assert heading(Store.LOG, shown, alone) == "Log  event 4698"
    rows = entries(comparison_logs.rows(alone, shown.host), only_differences=False)
    cells = [[column.cell(entry) for column in told] for entry in rows if entry.row is not None]
    assert cells
    assert all(row[4].refs for row in cells if row[4].kind is Kind.PLAIN)
    assert {cell.kind for row in cells for cell in row[1:4]} == {Kind.ABSENT}
    assert not any(cell.kind is Kind.DIFFERS for row in cells for cell in row)


def test_a_definition_that_is_not_the_stores_any_longer_is_marked_and_of_itself_each_says_something_else(case: Case) -> None:
    pattern = next(
        task for task in case.tasks if task.record(Store.REGISTRY) and not comparison.differences(task, case.host)
        and task.record(Store.XML)
    )  # fmt: skip
    task = replace(pattern, records=(*pattern.records, made_logged.logged(pattern, command="old.exe")))
    told = columns(task, case)
    rows = {entry.row.field: entry for entry in entries(comparison_logs.rows(task, case.host), only_differences=False) if entry.row}
    command = [column.cell(rows["actions[0].command"]) for column in told]
    assert command[4].kind is Kind.DIFFERS
    assert command[1].kind is Kind.DIFFERS
    assert not any(cell.bold for cell in command)
    assert all(column.cell(rows["presence"]).kind is not Kind.DIFFERS for column in told)


def test_the_rooms_show_it_and_enter_leads_to_the_event(qtbot: QtBot, over: Window, shown: Case) -> None:
    line = over.session.digest.line_at(made_logged.ALONE)
    assert line is not None
    over.session.select_task(line.key)
    room = over.rooms["compare"]
    assert isinstance(room, CompareRoom)
    assert room.table.columnCount() == 5
    current = room.view.currentIndex()
    assert current.column() == 4  # the eye falls on the one that tells
    room.view.ask_proof(current)
    proof = over.session.selection.proof
    assert proof is not None
    assert proof.refs == (made_logged.REF,)
    other = next(line for line in over.session.digest.lines if line.task is not shown.tasks[-1])
    over.session.select_task(other.key)
    assert room.table.columnCount() == 4


def test_the_chip_counts_events_and_leads_to_the_logs(qtbot: QtBot, over: Window, shown: Case) -> None:
    events = sum(block.rows for block in shown.events)
    chip = over.strip.chips[Store.LOG]
    assert chip.text() == f"Events {events:,}"
    assert "Security: 2026-03-13 20:00:00Z to 2026-03-14 02:29:41Z" in chip.toolTip()
    assert "1 gap" in chip.toolTip()
    chip.click()
    assert over.current_room == "sources"
    room = over.rooms["sources"]
    assert isinstance(room, SourcesRoom)
    assert [line.report for line in room.logs.rows()] == list(shown.logs)
    assert "1 gap (27 record numbers)" in room.logs.text_of([(0, 0, room.logs.rowCount() - 1, room.logs.columnCount() - 1)])
    QApplication.processEvents()
    assert room.logs_view.isVisible()


@pytest.mark.parametrize(
    ("state", "complete", "text"),
    [("absent", True, "Events · not in the evidence"), ("absent", False, "Events –"), ("partly", True, "Events 0 · partly read")],
)
def test_the_chip_says_how_the_logs_were_read(state: str, complete: bool, text: str) -> None:
    report = StoreReport(Store.LOG, state, 0)
    assert log_words(Case(reports=(report,), complete=complete), report)[0] == text
    assert log_words(Case(), None)[0] == "Events –"


@pytest.mark.parametrize(
    ("note", "badge"),
    [
        ("hidden from Administrators: only SYSTEM may read it", "◆ Hidden from Administrators"),
        ("hidden from Administrators: its SD lets nobody read it", "◆ Hidden from the scheduler"),
        ("Index 0 or missing: left out of listings, found by its exact path alone", "◆ Hidden from the scheduler"),
    ],
)
def test_the_badge_says_from_whom_a_task_is_hidden(case: Case, note: str, badge: str) -> None:
    task = case.tasks[0]
    scheduler = task.record(Store.SCHEDULER)
    assert scheduler is not None
    hidden = replace(scheduler, presence=stated(Presence.HIDDEN, made_logged.REF, note=note))
    changed = replace(task, records=tuple(hidden if record is scheduler else record for record in task.records))
    assert badges(line_of(case.with_(tasks=(changed, *case.tasks[1:])), task.path))[0] == badge


def at(ticks: int) -> Instant:
    return Instant(ticks)


def of_task_log(*reports: LogReport, since: int, begins: int = 0, ends: int = 1000) -> tuple[Stretch, ...]:
    return coverage(reports, (), (), begins, ends, [(TASKS, since)])[TASK_LOG]


def test_a_log_that_the_registry_has_off_is_drawn_as_switched_off() -> None:
    report = LogReport(TASKS, "a.evtx", at(100), at(400), 9, 9)
    off = Stretch(600, 1000, DISABLED, "switched off in the registry")
    assert of_task_log(report, since=600) == (Stretch(100, 400, COVERED), off)
    assert of_task_log(report, since=200)[-1].start == 400  # as long as it holds records it was on
    assert of_task_log(since=0, begins=50) == (Stretch(50, 1000, DISABLED, "switched off in the registry"),)
    assert all(stretch.state != DISABLED for stretch in of_task_log(report, since=2000))


def test_the_switch_of_the_running_system_alone_counts() -> None:
    facts = (
        Fact("channel", TASKS, stated("disabled", made_logged.REF)),
        Fact("channel-written", TASKS, stated("2026-03-14T02:18:20Z", made_logged.REF)),
    )
    report = LogReport(TASKS, "a.evtx", made_events.at("13T20:00:00"), made_events.at("14T02:10:00"), 9, 9)
    security = LogReport("Security", "b.evtx", made_events.at("13T20:00:00"), made_events.at("14T03:00:00"), 9, 9)
    case = Case(host=Host(facts), logs=(report, security), complete=True)
    last = EntriesBuilder()(case).covered[TASK_LOG][-1]
    assert (last.state, last.start) == (DISABLED, made_events.at("14T02:18:20").ticks)
    elsewhere = tuple(replace(fact, view="Windows.old") for fact in facts)
    assert all(stretch.state != DISABLED for stretch in EntriesBuilder()(case.with_(host=Host(elsewhere))).covered[TASK_LOG])
