"""The window as a person uses it: by keyboard, from the start page to the bytes, while reading goes on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui import made
from triptych.gui.main import build
from triptych.gui.palette import Palette
from triptych.gui.rooms import ROOMS
from triptych.gui.rooms.bytes import BytesRoom
from triptych.gui.rooms.compare import CompareRoom
from triptych.gui.rooms.start import StartRoom
from triptych.gui.settings import Settings
from triptych.gui.tables import PROOF_ROLE
from triptych.gui.theme import Theme
from triptych.gui.window import Window
from triptych.model.case import Case, Progress

pytestmark = pytest.mark.window


def press(window: Window, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(QApplication.focusWidget() or window, key, modifier)


def clipboard() -> str:
    return QApplication.clipboard().text()


def test_keyboard_alone_leads_from_the_start_page_to_the_evidence_of_a_finding(qtbot: QtBot, fresh: Window) -> None:
    assert fresh.start.buttons[0].hasFocus()
    press(fresh, Qt.Key.Key_Right)
    press(fresh, Qt.Key.Key_Right)
    assert fresh.start.buttons[2].hasFocus()
    press(fresh, Qt.Key.Key_Return)  # the example host
    qtbot.waitUntil(lambda: fresh.session.run.state == "done", timeout=5000)
    press(fresh, Qt.Key.Key_F8)
    press(fresh, Qt.Key.Key_F8)
    finding = fresh.session.finding(fresh.session.selection.finding)
    assert finding is not None
    assert finding.rule == "action-differs"
    press(fresh, Qt.Key.Key_Return)
    assert fresh.current_room == "bytes"
    room = fresh.rooms["bytes"]
    assert isinstance(room, BytesRoom)
    qtbot.waitUntil(lambda: room.hex.cited() == "cmd.exe".encode("utf-16-le"), timeout=3000)
    assert "UTF-16: cmd.exe" in room.reading.text
    press(fresh, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert "SHA-256" in clipboard()
    assert made.HIVE in clipboard()
    press(fresh, Qt.Key.Key_Escape)
    assert fresh.current_room == "compare"


def test_the_numbered_keys_and_f6_lead_through_all_rooms(window: Window) -> None:
    control = Qt.KeyboardModifier.ControlModifier
    press(window, Qt.Key.Key_1, control)
    assert window.tasks.view.hasFocus()
    press(window, Qt.Key.Key_3, control)
    assert window.current_room == "bytes"
    press(window, Qt.Key.Key_2, control)
    assert window.current_room == "compare"
    press(window, Qt.Key.Key_1, control)
    seen = []
    for _ in ROOMS:
        press(window, Qt.Key.Key_F6)
        seen.append(window.current_room)
    assert seen == [room.name for room in ROOMS]
    press(window, Qt.Key.Key_F6)
    assert window.tasks.view.hasFocus()


def test_letters_in_the_list_filter_and_elsewhere_j_steps_through_findings(qtbot: QtBot, window: Window) -> None:
    window.show_tasks()
    for letter in "jk":
        QTest.keyClicks(QApplication.focusWidget() or window, letter)
    assert window.search.text() == "jk"
    assert window.search.hasFocus()
    assert window.tasks.table.rowCount() == 0
    assert "No task matches" in window.tasks.empty.accessibleName() or window.tasks.empty.isVisible()
    press(window, Qt.Key.Key_Escape)
    assert window.search.text() == ""
    assert window.tasks.table.rowCount() == len(window.session.digest.lines)
    press(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    press(window, Qt.Key.Key_J)
    press(window, Qt.Key.Key_J)
    first = window.session.selection.finding
    press(window, Qt.Key.Key_K)
    assert window.session.selection.finding != first


def test_f8_goes_through_every_finding_and_stops_at_either_end(window: Window) -> None:
    seen = []
    for _ in range(12):
        press(window, Qt.Key.Key_F8)
        seen.append(window.session.selection.finding)
    assert set(seen) == {finding.key for finding in window.session.case.findings}
    assert seen[-1] == seen[-2]
    assert window.current_room == "findings"  # the last one is about the host


def test_search_looks_into_the_commands_of_every_store(window: Window) -> None:
    press(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(window.search, "u.bat")
    assert [line.task.name for line in window.tasks.table.rows()] == ["WinUpdate"]
    window.search.setText("updater.exe")  # only the XML tells it
    assert [line.task.name for line in window.tasks.table.rows()] == ["WinUpdate"]


def test_enter_on_a_cell_of_the_comparison_shows_the_bytes_it_rests_on(qtbot: QtBot, window: Window) -> None:
    compare = window.rooms["compare"]
    assert isinstance(compare, CompareRoom)
    row = next(n for n in range(compare.table.rowCount()) if compare.table.cell(n, 0).text.endswith("Arguments"))
    press(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    compare.view.setCurrentIndex(compare.table.index(row, 2))
    press(window, Qt.Key.Key_Return)
    room = window.rooms["bytes"]
    assert isinstance(room, BytesRoom)
    qtbot.waitUntil(lambda: room.hex.cited() == "/c C:\\ProgramData\\x\\u.bat".encode("utf-16-le"), timeout=3000)


def test_every_cell_with_a_telling_has_its_proof_under_one_role(window: Window) -> None:
    compare = window.rooms["compare"]
    assert isinstance(compare, CompareRoom)
    proved = 0
    for row in range(compare.table.rowCount()):
        entry = compare.table.row(row)
        for column in (1, 2) if entry.row else ():
            reading = entry.row.cells[column - 1][1] if entry.row else None
            assert compare.table.index(row, column).data(PROOF_ROLE) == (reading.refs if reading else None)
            proved += bool(reading and reading.refs)
    assert proved > 20
    assert all(window.tasks.table.index(row, 1).data(PROOF_ROLE) for row in range(window.tasks.table.rowCount()))


def test_copy_gives_the_whole_value_from_the_model(window: Window) -> None:
    window.show_tasks()
    press(window, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert "\\Microsoft\\Windows\\WinUpdate" in clipboard()
    assert "≠ cmd.exe /c C:\\ProgramData\\x\\u.bat" in clipboard()


def test_chips_count_and_filter(window: Window) -> None:
    texts = [chip.text() for chip in window.tasks.chips]
    assert texts == ["All 18", "Findings 4", "Hidden 2", "Differing 2", "Not in baseline 0", "Marked 0"]
    assert not window.tasks.chips[-1].isVisible()
    window.tasks.chips[2].click()
    assert {line.task.name for line in window.tasks.table.rows()} == {"WinUpdate", "OneDrive Reporting"}


def test_sorting_by_a_column_and_back(window: Window) -> None:
    window.tasks.table.sort(1, Qt.SortOrder.DescendingOrder)
    names = [line.task.name.casefold() for line in window.tasks.table.rows()]
    assert names == sorted(names, reverse=True)
    window.tasks.table.sort(-1)
    assert window.tasks.table.rows()[0].task.name == "WinUpdate"


def test_dropping_evidence_opens_it_as_one_host(qtbot: QtBot, fresh: Window, tmp_path: Path) -> None:
    dropped = QMimeData()
    dropped.setUrls([QUrl.fromLocalFile(str(tmp_path / name)) for name in ("a", "b.csv")])
    action, button, modifier = Qt.DropAction.CopyAction, Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    fresh.dropEvent(QDropEvent(QPointF(10, 10), action, dropped, button, modifier))
    assert fresh.session.work is not None
    assert fresh.session.work.arguments == (str(tmp_path / "a"), str(tmp_path / "b.csv"))
    assert fresh.settings.recent()[0] == fresh.session.work.arguments


def test_what_cannot_be_opened_is_told_in_a_sentence(qtbot: QtBot, files: made.Files, case: Case, settings: Settings) -> None:
    def broken() -> Iterator[Progress | Case]:
        yield Progress("Opening")
        raise OSError(2, "No such file or directory", "/cases/gone")

    window = build(lambda given, listings: replace(made.work(case, files, given), scan=broken), settings)
    qtbot.addWidget(window)
    window.show()
    window.open(("/cases/gone",))
    qtbot.waitUntil(lambda: window.session.run.state == "failed", timeout=3000)
    assert window.trouble.isVisible()
    assert "/cases/gone" in window.trouble.label.text()
    assert "No tasks found" not in window.tasks.empty.accessibleDescription()
    window.close()


def test_results_appear_and_the_choice_stays_while_reading_goes_on(
    qtbot: QtBot, files: made.Files, case: Case, settings: Settings
) -> None:
    go_on = threading.Event()

    def slow() -> Iterator[Progress | Case]:
        yield case.with_(tasks=case.tasks[4:], findings=(), complete=False)
        go_on.wait(10)
        yield case

    window = build(lambda given, listings: replace(made.work(case, files, given), scan=slow), settings)
    qtbot.addWidget(window)
    window.show()
    window.open(("/cases/slow",))
    qtbot.waitUntil(lambda: window.tasks.table.rowCount() == 14, timeout=3000)
    assert window.session.run.state == "reading"
    QTest.keyClick(window.tasks.view, Qt.Key.Key_Down)
    chosen = window.session.selection.task
    assert chosen is not None
    go_on.set()
    qtbot.waitUntil(lambda: window.session.run.state == "done", timeout=3000)
    assert window.tasks.table.rowCount() == 18
    assert window.session.selection.task == chosen
    current = window.tasks.view.currentIndex()
    assert window.tasks.table.row(current.row()).key == chosen
    window.close()


def test_without_a_choice_the_worst_task_is_shown_at_the_end(window: Window) -> None:
    assert window.session.line is not None
    assert window.session.line.task.name == "WinUpdate"


def test_cancel_is_told_at_once_and_later_answers_are_dropped(
    qtbot: QtBot, files: made.Files, case: Case, settings: Settings
) -> None:
    go_on, closed = threading.Event(), threading.Event()

    def slow() -> Iterator[Progress | Case]:
        try:
            yield case.with_(tasks=case.tasks[:2], complete=False)
            go_on.wait(10)
            yield case
        finally:
            closed.set()

    window = build(lambda given, listings: replace(made.work(case, files, given), scan=slow), settings)
    qtbot.addWidget(window)
    window.show()
    window.open(("/cases/slow",))
    qtbot.waitUntil(lambda: window.tasks.table.rowCount() == 2, timeout=3000)
    window.actions_of["cancel"].trigger()
    assert window.session.run.state == "cancelled"
    go_on.set()
    qtbot.waitUntil(closed.is_set, timeout=3000)
    qtbot.wait(120)
    assert window.tasks.table.rowCount() == 2
    window.close()


def test_start_page_offers_only_what_is_built(qtbot: QtBot, settings: Settings) -> None:
    window = build(lambda given, listings: made.work(Case(), made.Files(), given), settings)
    qtbot.addWidget(window)
    assert [button.choice.name for button in window.start.buttons] == ["folder", "file"]
    assert "open-example" not in window.actions_of
    assert window.start.recents == []


def test_recent_evidence_is_offered_again(qtbot: QtBot, settings: Settings) -> None:
    settings.opened(("/cases/one.zip", "/cases/two.csv"))
    start = StartRoom(Theme("dark"), (), settings.recent())
    qtbot.addWidget(start)
    with qtbot.waitSignal(start.recent_chosen) as chosen:
        start.recents[0].click()
    assert chosen.args == [("/cases/one.zip", "/cases/two.csv")]


def test_small_window_keeps_the_list_narrow_and_moves_the_cards_below(qtbot: QtBot, window: Window) -> None:
    window.resize(1024, 700)
    qtbot.wait(50)
    compare = window.rooms["compare"]
    assert isinstance(compare, CompareRoom)
    assert compare.split.orientation() is Qt.Orientation.Vertical
    assert window.split.sizes()[0] <= 1024 * 2 // 5 + 1


def test_theme_is_switched_and_kept(window: Window) -> None:
    dark = window.grab().toImage().pixelColor(300, 900)
    window.actions_of["theme-light"].trigger()
    light = window.grab().toImage().pixelColor(300, 900)
    assert dark.lightness() < 60 < 200 < light.lightness()
    assert window.settings.text("theme") == "light"


def test_column_widths_and_splitter_are_kept_between_runs(qtbot: QtBot, window: Window, settings: Settings) -> None:
    window.tasks.view.setColumnWidth(3, 201)
    window.split.setSizes([430, 1170])
    window.split.splitterMoved.emit(430, 1)  # as a drag does
    kept = window.split.sizes()
    window.close()
    again = build(lambda given, listings: made.work(Case(), made.Files(), given), settings)
    qtbot.addWidget(again)
    again.resize(1600, 1000)
    again.show()
    assert again.tasks.view.columnWidth(3) == 201
    again.open(("/x",))
    qtbot.wait(50)
    assert abs(again.split.sizes()[0] - kept[0]) < 3
    again.close()


def test_warnings_chip_leads_to_the_problems_with_their_balances(window: Window) -> None:
    assert window.strip.warnings.text() == "3 warnings"
    window.strip.warnings.click()
    assert window.current_room == "problems"


def test_empty_rooms_say_what_would_fill_them(qtbot: QtBot, settings: Settings) -> None:
    window = build(lambda given, listings: made.work(Case(complete=True), made.Files(), given), settings)
    qtbot.addWidget(window)
    window.show()
    window.open(("/empty",))
    qtbot.waitUntil(lambda: window.session.run.state == "done", timeout=3000)
    assert window.tasks.empty.isVisible()
    for name in ("compare", "bytes", "findings", "problems"):
        window.show_room(name)
        empty = getattr(window.rooms[name], "empty")  # noqa: B009 - rooms of several kinds
        assert empty.isVisible(), name
    window.close()


def test_space_marks_a_task_and_the_chip_shows_the_marked(window: Window) -> None:
    window.show_tasks()
    press(window, Qt.Key.Key_Down)
    press(window, Qt.Key.Key_Space)
    key = window.session.selection.task
    assert window.session.marked == {key}
    chip = window.tasks.chips[-1]
    assert (chip.text(), chip.isVisible()) == ("Marked 1", True)
    chip.click()
    assert [line.key for line in window.tasks.table.rows()] == [key]
    assert window.tasks.table.cell(0, 1).said.startswith("marked, ")
    press(window, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    assert window.session.marked == set()


def test_the_list_is_grouped_and_the_keyboard_passes_over_the_heads(window: Window) -> None:
    window.tasks.group_by("folder")
    table, view = window.tasks.table, window.tasks.view
    heads = table.heads()
    assert heads[0] == 0
    assert len(heads) == len({line.task.folder for line in window.session.digest.lines})
    for line in window.session.digest.lines:
        at = table.find(line.key)
        head = max(number for number in heads if number < at)
        assert table.cell(head, 0).text == line.task.folder
    window.show_tasks()
    press(window, Qt.Key.Key_Home)
    seen = []
    for _ in range(table.rowCount()):
        seen.append(view.currentIndex().row())
        press(window, Qt.Key.Key_Down)
    assert seen[: table.rowCount() - len(heads)] == [row for row in range(table.rowCount()) if row not in heads]
    assert view.columnSpan(0, 0) == table.columnCount()
    table.sort(1, Qt.SortOrder.DescendingOrder)
    assert {view.columnSpan(row, 0) for row in table.heads()} == {table.columnCount()}
    window.tasks.set_needle("winupdate")
    assert len(table.heads()) == 1
    window.tasks.group_by("")
    assert table.heads() == []


def test_the_grouping_is_kept_between_runs(qtbot: QtBot, window: Window, settings: Settings) -> None:
    window.tasks.group_by("account")
    window.close()
    again = build(lambda given, listings: made.work(Case(), made.Files(), given), settings)
    qtbot.addWidget(again)
    assert again.tasks.group == "account"


def test_a_section_folds_by_space_and_says_what_it_holds(window: Window) -> None:
    compare = window.rooms["compare"]
    assert isinstance(compare, CompareRoom)
    shown = compare.table.rowCount()
    press(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    compare.view.setCurrentIndex(compare.table.index(0, 0))
    press(window, Qt.Key.Key_Space)
    assert compare.table.rowCount() < shown
    head = compare.table.cell(0, 0)
    assert "folded" in head.said
    assert "fields" in str(head.extra)
    assert head.text == "PRESENCE"
    press(window, Qt.Key.Key_Space)
    assert compare.table.rowCount() == shown


def test_the_first_difference_is_where_the_keyboard_stands(window: Window) -> None:
    compare = window.rooms["compare"]
    assert isinstance(compare, CompareRoom)
    index = compare.view.currentIndex()
    assert compare.table.cell(index.row(), index.column()).text == "cmd.exe"


def test_commands_are_found_by_name(qtbot: QtBot, window: Window) -> None:
    palette = Palette(window.actions_of.values(), window)
    qtbot.addWidget(palette)
    palette.line.setText("light theme")
    QTest.keyClick(palette.line, Qt.Key.Key_Return)
    assert window.theme.name == "light"


def test_the_keyboard_is_on_the_list_when_the_first_rows_come(
    qtbot: QtBot, files: made.Files, case: Case, settings: Settings
) -> None:
    window = build(lambda given, listings: made.work(case, files, given), settings)
    qtbot.addWidget(window)
    window.open(("/cases/ws-fin-07",))  # before it is shown, as from the command line
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    qtbot.waitUntil(lambda: window.session.run.state == "done", timeout=5000)
    assert window.tasks.view.hasFocus()
    window.close()


def test_f8_into_another_task_puts_the_keyboard_on_its_finding_at_once(window: Window) -> None:
    window.show_tasks()
    first = window.session.selection.task
    while window.session.selection.task == first:
        press(window, Qt.Key.Key_F8)
    finding = window.session.finding(window.session.selection.finding)
    assert finding is not None
    press(window, Qt.Key.Key_Return)
    proof = window.session.selection.proof
    assert proof is not None
    assert proof.refs == finding.refs
