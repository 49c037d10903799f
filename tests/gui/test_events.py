"""The events: columns of numbers under a table, filters with NOT, rare values, three kinds of copies, one record in full."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from Evtx.Evtx import Evtx
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui import made, made_events
from tests.gui.test_hostile import OWN, no_hostile_widget
from tests.material import shared
from triptych.evidence.source import open_source
from triptych.gui import engine
from triptych.gui.clock import UTC
from triptych.gui.events_columns import Entries, EntriesBuilder
from triptych.gui.events_copy import Copying
from triptych.gui.events_filter import COLUMNS, Term, exactly, kept, stacked, terms
from triptych.gui.events_model import COPIED, EntryTable
from triptych.gui.events_text import report_text, text_of
from triptych.gui.main import build
from triptych.gui.rooms.events import EventsRoom
from triptych.gui.settings import Settings
from triptych.gui.timeline_lens import ALL
from triptych.gui.timeline_measure import made as many
from triptych.gui.window import Window
from triptych.limits import DEFAULT
from triptych.logs import one_event
from triptych.logs.blocks import blocks_of
from triptych.model.case import Case, Problem
from triptych.model.display import needs_mark
from triptych.model.evidence import Excerpt

ATEXEC = "data/evtx/mdecrevoisier/ID4688,4698,4699,5145,4624-ATexec remote trask creation (GLOBAL).evtx"


@pytest.fixture
def case(files: made.Files) -> Case:
    return made_events.case(files)


@pytest.fixture
def entries(case: Case) -> Entries:
    return EntriesBuilder()(case).entries


@pytest.fixture
def window(qtbot: QtBot, files: made.Files, case: Case, settings: Settings) -> Iterator[Window]:
    shown = made_events.opened(qtbot, files, case, settings)
    shown.session.lens.choose_mode(ALL)
    shown.show_room("events")
    yield shown
    shown.close()


def room_of(window: Window) -> EventsRoom:
    room = window.rooms["events"]
    assert isinstance(room, EventsRoom)
    return room


def clipboard() -> str:
    return QApplication.clipboard().text()


# columns --------------------------------------------------------------------------------------------------------------
def test_events_and_moments_stand_in_one_order_of_time_each_once(case: Case, entries: Entries) -> None:
    events = sum(block.rows for block in case.events)
    stores = sum(moment.source in ("registry", "file", "xml") for moment in case.timeline)
    assert len(entries) == events + stores
    assert np.all(np.diff(entries.ticks) >= 0)
    assert sorted(int(row) for row in entries.event if row >= 0) == list(range(events))
    for number, moment in enumerate(case.timeline):
        row = int(entries.row_of_moment[number])
        assert int(entries.moment[row]) == number
        assert entries.time(row) == moment.time
        assert entries.refs(row)[0].spans[0] == moment.refs[0].spans[0]


def test_a_key_finds_its_row_again_in_another_snapshot(case: Case, entries: Entries) -> None:
    keys = [entries.key(row) for row in range(len(entries))]
    assert len(set(keys)) == len(keys)
    fewer = case.with_(events=case.events[1:])
    later = EntriesBuilder()(fewer).entries
    for key in keys:
        row = later.find(key)
        assert row == -1 or later.key(row) == key
    assert sum(later.find(key) >= 0 for key in keys) == len(later)
    assert entries.find(None) == entries.find((0, "", 0, "")) == -1


def test_what_did_not_change_is_not_made_again(case: Case) -> None:
    builder = EntriesBuilder()
    first = builder(case)
    assert builder(case.with_(problems=())) is first
    table = first.entries.table
    assert builder(case.with_(timeline=case.timeline[:3])).entries.table is table
    assert builder(case.with_(events=case.events[:1])).entries.table is not table


def test_no_entries_at_all() -> None:
    nothing = EntriesBuilder()(Case()).entries
    assert len(nothing) == 0
    assert kept(nothing, nothing.everything, {"task": "x", "text": "y", "id": "!4"}).tolist() == []
    assert stacked(nothing, nothing.everything, "task") == ()
    assert nothing.resting_on([("a", ())]) == {"a": ()}


# filters --------------------------------------------------------------------------------------------------------------
def test_terms_of_what_a_person_types() -> None:
    assert terms('  cmd !powershell =SYSTEM "two words" a|b !=x ') == (
        Term(("cmd",)), Term(("powershell",), negated=True), Term(("system",), whole=True), Term(("two words",)), Term(("a", "b")),
        Term(("x",), whole=True, negated=True),
    )  # fmt: skip
    assert terms("") == terms("   ") == ()
    assert terms('="') == (Term(("",), whole=True),)


@given(st.text(max_size=20))
def test_a_filter_for_exactly_a_value_keeps_it_and_its_negation_drops_it(value: str) -> None:
    (term,) = terms(exactly(value))
    assert term.hits(value.casefold())
    assert not term.hits(value.casefold() + "x")
    (negated,) = terms(exactly(value, negated=True))
    assert negated.negated


@given(st.text(max_size=30))
def test_whatever_is_typed_is_a_filter(text: str) -> None:
    assert all(isinstance(term, Term) for term in terms(text))


def naive(entries: Entries, row: int, column: str) -> list[str]:
    """The texts that a column's filter looks at, the slow way."""
    if column == "text":
        event, moment = entries.event_of(row), entries.moment_of(row)
        values = [value for pair in event.data for value in pair] if event else []
        return [entries.kind(row).words, moment.text if moment else "", *values, event.note if event else ""]
    if column == "id":
        return [entries.kind(row).event_id]
    if column == "kind":
        return [entries.kind(row).kind]
    return [entries.text(column, row)]


@pytest.mark.parametrize(
    ("column", "wanted"),
    [
        ("task", "winupdate"),
        ("account", "svc"),
        ("process", "CMD.EXE"),
        ("command", "reg.exe"),
        ("id", "46"),
        ("kind", "process"),
        ("text", "10.8.0.41"),
    ],
)
def test_filters_keep_what_looking_at_every_row_would_keep(entries: Entries, column: str, wanted: str) -> None:
    hits = {row for row in range(len(entries)) if any(wanted.casefold() in text.casefold() for text in naive(entries, row, column))}
    assert hits
    assert set(kept(entries, entries.everything, {column: wanted}).tolist()) == hits
    assert set(kept(entries, entries.everything, {column: f"!{wanted}"}).tolist()) == set(range(len(entries))) - hits


def test_filters_of_several_columns_hold_together_and_source_is_as_it_is_shown(entries: Entries) -> None:
    rows = kept(entries, entries.everything, {"source": '"security log"', "id": "=4688", "command": "!svchost"})
    assert {entries.text("process", int(row)).rpartition("\\")[2] for row in rows} == {"regedit.exe", "reg.exe", "cmd.exe"}
    assert (
        kept(entries, entries.everything, {"id": "=4624|=4698"}).tolist()
        == kept(entries, entries.everything, {"id": "=4624|4698"}).tolist()
    )


def test_stacks_count_every_row_once_the_rarest_first(entries: Entries) -> None:
    for column in COLUMNS:
        stacks = stacked(entries, entries.everything, column)
        assert sum(stack.count for stack in stacks) == len(entries)
        assert [stack.count for stack in stacks] == sorted(stack.count for stack in stacks)
        for stack in stacks:
            if column != "text":
                assert len(kept(entries, entries.everything, {column: exactly(stack.value)})) == stack.count


def test_a_hundred_thousand_rows_filter_like_a_few(qtbot: QtBot) -> None:
    entries = EntriesBuilder()(Case(events=(many(100_000),))).entries
    rows = kept(entries, entries.everything, {"task": '"job 17" !"job 170"'})
    texts = {entries.text("task", int(row)) for row in rows[:500]}
    assert "\\Vendor\\job 17" in texts
    assert "\\Vendor\\job 170" not in texts
    assert all("job 17" in text for text in texts)


# the table ------------------------------------------------------------------------------------------------------------
@pytest.mark.window
def test_typing_under_a_head_filters_and_esc_takes_it_back(window: Window) -> None:
    room = room_of(window)
    everything = room.panel.table.rowCount()
    QTest.keyClicks(room.panel.view.header.fields["command"], "reg.exe !import")
    assert [room.panel.table.cell(row, 7).text[:14] for row in range(room.panel.table.rowCount())] == ["reg.exe delete"]
    assert "1 of" in room.count.accessibleName()
    QTest.keyClick(room.panel.view.header.fields["command"], Qt.Key.Key_Escape)
    assert room.panel.table.rowCount() == everything


@pytest.mark.window
def test_a_click_on_a_rare_value_keeps_it_alone(window: Window) -> None:
    room = room_of(window)
    room.stack_by.setCurrentIndex(room.stack_by.findData("id"))
    stacks = room.stack_table.rows()
    assert stacks[0].count == 1
    index = room.stack_table.index(0, 1)
    box = room.stack_view.visualRect(index)
    QTest.mouseClick(room.stack_view.viewport(), Qt.MouseButton.LeftButton, pos=box.center())
    assert room.panel.table.rowCount() == 1
    QTest.mouseClick(room.clear, Qt.MouseButton.LeftButton)
    assert room.panel.table.rowCount() == len(window.session.lens.entries)


@pytest.mark.window
def test_the_menu_of_a_cell_keeps_or_drops_its_value(window: Window) -> None:
    room = room_of(window)
    view, table = room.panel.view, room.panel.table
    row = next(row for row in range(table.rowCount()) if table.cell(row, 2).text == "4624")
    actions = {action.text(): action for action in view.menu(table.index(row, 2)).actions()}
    actions["Not this value"].trigger()
    assert "4624" not in {table.cell(row, 2).text for row in range(table.rowCount())}
    view.header.fields["id"].clear()
    actions["Only this value"].trigger()
    assert {table.cell(row, 2).text for row in range(table.rowCount())} == {"4624"}


@pytest.mark.window
def test_sorting_keeps_rows_of_one_value_in_the_order_of_time_and_the_choice(window: Window) -> None:
    room = room_of(window)
    table, lens = room.panel.table, window.session.lens
    window.session.select_entry(int(lens.scope.rows[20]))
    for column in range(9):
        for order in (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder):
            room.panel.view.sortByColumn(column, order)
            assert sorted(table.rows()) == lens.scope.rows.tolist()
            assert table.row(room.panel.view.currentIndex().row()) == lens.row
    room.panel.view.sortByColumn(2, Qt.SortOrder.AscendingOrder)
    numbers = [(int(text) if (text := table.cell(row, 2).text) else 1 << 62, table.row(row)) for row in range(table.rowCount())]
    assert numbers == sorted(numbers)


@pytest.mark.window
def test_the_arrow_keys_choose_and_a_key_in_the_table_goes_everywhere(window: Window) -> None:
    room = room_of(window)
    room.focus()
    QTest.keyClick(room.panel.view, Qt.Key.Key_Home)
    QTest.keyClick(room.panel.view, Qt.Key.Key_Down)
    assert window.session.lens.row == int(window.session.lens.scope.rows[1])
    QTest.keyClick(room.panel.view, Qt.Key.Key_End)
    assert window.session.lens.row == int(window.session.lens.scope.rows[-1])
    QTest.keyClick(room.panel.view, Qt.Key.Key_Return)
    assert window.current_room == "bytes"


@pytest.mark.window
def test_copies_as_text_table_and_xml(qtbot: QtBot, window: Window) -> None:
    room = room_of(window)
    view, table = room.panel.view, room.panel.table
    at = [row for row in range(table.rowCount()) if table.cell(row, 2).text in ("4698", "106")]
    flags = QItemSelectionModel.SelectionFlag
    view.selectionModel().clear()
    for row in at:
        view.selectionModel().select(table.index(row, 0), flags.Select | flags.Rows)
    room.panel.copy("text")
    assert "Task: \\Microsoft\\Windows\\WinUpdate" in clipboard()
    assert f"SHA-256 {'ab' * 32}" in clipboard()
    assert clipboard().count("bytes 0x") == 2
    room.panel.copy("table")
    assert clipboard().split("\n")[0].startswith("Time UTC\tSource\tEvent")
    assert clipboard().count("4698") == 1
    QApplication.clipboard().clear()
    room.panel.copy("xml")
    qtbot.waitUntil(lambda: clipboard().count("<Event>") == 2, timeout=3000)
    assert clipboard().count("<At>") == 2


@pytest.mark.window
def test_long_copies_say_what_is_left_out(qtbot: QtBot, window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    copying = Copying(window.session, said.append, window)
    copying.as_text([0] * 2_001)
    assert said == ["The first 2,000 of 2,001 entries were copied; Export writes all of them."]
    monkeypatch.setattr("triptych.gui.events_model.COPIED", 5)
    text = room_of(window).panel.table.text_of([(0, 0, 19, 1)])
    assert text.endswith("… 15 more rows: write them with Export")
    assert COPIED > 5


@pytest.mark.window
def test_the_table_keeps_qts_rules_while_it_is_filled_filtered_and_sorted(qtbot: QtBot, window: Window) -> None:
    table = EntryTable(window.session)
    tester = QAbstractItemModelTester(table, QAbstractItemModelTester.FailureReportingMode.Fatal, window)
    table.show(window.session.lens.scope.rows)
    table.set_filters({"id": "4688"})
    table.sort(5, Qt.SortOrder.DescendingOrder)
    table.forget()
    table.set_filters({})
    assert table.rowCount() == len(window.session.lens.entries)
    assert tester is not None


@pytest.mark.window
def test_a_line_of_the_xml_lights_its_bytes(qtbot: QtBot, window: Window) -> None:
    room, lens = room_of(window), window.session.lens
    row = next(row for row in range(len(lens.entries)) if lens.entries.kind(row).event_id == "4698")
    window.session.select_entry(row)
    record = room.panel.record
    qtbot.waitUntil(lambda: "<At>" in record.xml.toPlainText(), timeout=3000)
    record.xml.setFocus()
    QTest.keyClick(record.xml, Qt.Key.Key_Down)
    offset = lens.entries.refs(row)[0].spans[0].offset
    assert record.hex.accessibleDescription() == f"4 bytes cited, from 0x{offset + 8:X} to 0x{offset + 11:X}"
    record.tabs.setCurrentIndex(2)
    assert record.definition.toPlainText().startswith('<?xml version="1.0"')
    assert "\r" not in record.definition.toPlainText()


@pytest.mark.window
def test_a_record_that_cannot_be_read_says_why(qtbot: QtBot, window: Window) -> None:
    room, lens = room_of(window), window.session.lens

    def failing(file: str, offset: int, length: int) -> bytes:
        raise OSError("the evidence is gone")

    work = window.session.work
    assert work is not None
    window.session.work = replace(work, event=failing)
    row = next(row for row in range(len(lens.entries)) if lens.entries.kind(row).event_id == "106")
    window.session.select_entry(row)
    qtbot.waitUntil(lambda: "the evidence is gone" in room.panel.record.xml.toPlainText(), timeout=3000)


# hostile text ---------------------------------------------------------------------------------------------------------
@pytest.mark.window
def test_hostile_events_are_shown_by_marks_everywhere(qtbot: QtBot, files: made.Files, settings: Settings) -> None:
    told = tuple(
        made_events.event(100 + number, f"14T02:11:{number:02d}", made_events.SECURITY, 4698, "registered", text,
                          task=f"\\{text}", account=text, process=text, command=text, content=text, data=((text, text),))
        for number, text in enumerate(OWN)
    )  # fmt: skip
    case = made_events.case(files).with_(events=blocks_of(told), timeline=())
    window = build(lambda given, listings: made_events.work(case, files, given), settings)
    qtbot.addWidget(window)
    window.show()
    window.open(("/cases/hostile",))
    qtbot.waitUntil(lambda: window.session.run.state == "done", timeout=5000)
    window.session.lens.choose_mode(ALL)
    for name in ("timeline", "events"):
        window.show_room(name)
        for row in range(len(window.session.lens.entries)):
            window.session.select_entry(row)
            assert no_hostile_widget(window) == []
            assert not window.grab().isNull()
    table = room_of(window).panel.table
    for row in range(table.rowCount()):
        for column in range(table.columnCount()):
            shown = table.index(row, column).data()
            assert not any(needs_mark(character) for character in shown)
    room_of(window).panel.copy("text")
    assert not any(needs_mark(character) for character in clipboard() if character != "\n")
    window.close()


# real logs ------------------------------------------------------------------------------------------------------------
@pytest.mark.window
def test_the_atexec_log_tells_logon_task_command_and_process_as_one_chain(qtbot: QtBot, settings: Settings) -> None:
    path = str(shared(ATEXEC))
    window = build(engine.open_work, settings)
    qtbot.addWidget(window)
    window.resize(1600, 1000)
    window.show()
    window.open((path,))
    qtbot.waitUntil(lambda: window.session.run.state == "done", timeout=60_000)
    window.session.lens.choose_mode(ALL)
    window.show_room("events")
    entries = window.session.lens.entries
    row = next(row for row in range(len(entries)) if entries.kind(row).event_id == "4698")
    window.session.select_entry(row)
    chain = {entries.kind(end).event_id for link in window.session.lens.links for end in (link.earlier, link.later)}
    assert {"4624", "4698", "4688"} <= chain
    assert all(link.why for link in window.session.lens.links)
    record = room_of(window).panel.record
    qtbot.waitUntil(lambda: "<EventRecordID>2004852</EventRecordID>" in record.xml.toPlainText(), timeout=30_000)
    assert '<Data Name="TaskName">\\bouWFQYO</Data>' in record.xml.toPlainText()
    assert "cmd.exe" in record.definition.toPlainText()
    told = report_text(entries, row, UTC, window.session.case.files)
    assert "Security, record 2,004,852" in told
    assert f"SHA-256 {window.session.case.files[0].id}" in told
    window.close()


def test_every_event_of_the_real_logs_is_shown_as_xml_as_python_evtx_reads_it_with_bytes_inside_it() -> None:
    """The independent reader is python-evtx: it finds the records, and names their values."""
    for name in ("data/evtx/Velocidex/TaskScheduler.evtx", ATEXEC):
        path = shared(name)
        source = open_source(str(path))
        with Evtx(str(path)) as log:
            records = [(record.offset(), record.length(), record.xml()) for record in log.records()]
        assert len(records) > 10
        for offset, length, judge in records:
            (answer,) = one_event.ONE_EVENT.read(one_event.job(path.name, offset, length), source, DEFAULT)
            assert isinstance(answer, Excerpt)
            lines = one_event.lines_of(answer.data)
            whole = "\n".join(text for text, _, _ in lines)
            assert lines[0][0].startswith("<Event")
            assert lines[-1][0] == "</Event>"
            for element in ("EventID", "EventRecordID", "Computer", "Channel"):
                said = re.search(rf"<{element}[^>]*>([^<]*)<", judge)
                ours = re.search(rf"<{element}[^>]*>([^<]*)<", whole)
                assert said is not None
                assert ours is not None
                assert ours[1] == said[1]
            assert whole.count("<Data Name=") == judge.count("<Data Name=")
            stated = [(at, size) for _, at, size in lines if size]
            assert stated
            assert all(at >= 4096 and at + size <= path.stat().st_size for at, size in stated)


def test_an_event_that_is_none_is_a_problem_not_a_crash() -> None:
    path = shared("data/evtx/Velocidex/TaskScheduler.evtx")
    source = open_source(str(path))
    for offset in (0, 4096, 4608 + 3, path.stat().st_size - 1, path.stat().st_size + 10):
        answers = list(one_event.ONE_EVENT.read(one_event.job(path.name, offset, 100), source, DEFAULT))
        assert answers == [] or isinstance(answers[0], Problem | Excerpt)
        assert not any(isinstance(answer, Excerpt) and b"EventRecordID" in answer.data for answer in answers)
    (answer,) = one_event.ONE_EVENT.read(one_event.job("not-there.evtx", 4608, 100), source, DEFAULT)
    assert isinstance(answer, Problem)


def test_sentences_name_what_an_event_tells(entries: Entries) -> None:
    told = [text_of(entries, row) for row in range(len(entries))]
    assert "Logon: type 3, from 10.8.0.41, logon 0x3e7a1c4" in told
    assert "Task created: \\Microsoft\\Windows\\WinUpdate, logon 0x3e7a1c4" in told
    assert all(told)
