"""The timeline as a person uses it: lanes, brush, wheel, keys, links; one selection with tasks, findings and the table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QHelpEvent, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui import made, made_events
from triptych.gui.events_columns import EntriesBuilder
from triptych.gui.main import build
from triptych.gui.rooms.bytes import BytesRoom
from triptych.gui.rooms.timeline import TimelineRoom
from triptych.gui.settings import Settings
from triptych.gui.timeline_lanes import CLEARED, COVERED, DISABLED, GAP, LANES, channel_lanes
from triptych.gui.timeline_layout import LEFT, STRIP, STRIP_TOP, Layout, lay_out
from triptych.gui.timeline_lens import ALL, LEAST, TASK, Lens
from triptych.gui.timeline_measure import made as many
from triptych.gui.timeline_measure import measure, words
from triptych.gui.window import Window
from triptych.logs.blocks import blocks_of
from triptych.model.case import Case
from triptych.model.times import TICKS_A_SECOND, Instant

pytestmark = pytest.mark.window


@pytest.fixture
def case(files: made.Files) -> Case:
    return made_events.case(files)


@pytest.fixture
def window(qtbot: QtBot, files: made.Files, case: Case, settings: Settings) -> Iterator[Window]:
    shown = made_events.opened(qtbot, files, case, settings)
    shown.show_room("timeline")
    QApplication.processEvents()
    yield shown
    shown.close()


def room_of(window: Window) -> TimelineRoom:
    room = window.rooms["timeline"]
    assert isinstance(room, TimelineRoom)
    return room


def row_of(window: Window, event_id: str) -> int:
    entries = window.session.lens.entries
    return next(row for row in range(len(entries)) if entries.kind(row).event_id == event_id)


def layout_of(window: Window) -> Layout:
    return room_of(window).canvas.layout_now()


def lane(title: str) -> int:
    return next(number for number, lane in enumerate(LANES) if lane.title == title)


def place(window: Window, row: int) -> QPoint:
    """Where an entry stands on the canvas."""
    layout, entries = layout_of(window), window.session.lens.entries
    return QPoint(round(layout.x(int(entries.ticks[row]))), round(layout.lines[int(entries.lanes[row])]))


def press(window: Window, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(room_of(window).canvas, key, modifier)


def wheel(window: Window, at: QPointF, steps: int, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    canvas = room_of(window).canvas
    event = QWheelEvent(
        at,
        canvas.mapToGlobal(at),
        QPoint(),
        QPoint(0, 120 * steps),
        Qt.MouseButton.NoButton,
        modifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


def drag(window: Window, start: QPoint, end: QPoint, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    canvas = room_of(window).canvas
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, modifier, start)
    for share in (0.3, 0.7, 1.0):
        at = QPointF(start) + (QPointF(end) - QPointF(start)) * share
        move = QMouseEvent(
            QEvent.Type.MouseMove, at, canvas.mapToGlobal(at), Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton, modifier
        )
        QApplication.sendEvent(canvas, move)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, modifier, end)


def test_the_room_takes_the_whole_width_until_the_list_is_asked_for(window: Window) -> None:
    assert not window.tasks.isVisible()
    assert room_of(window).canvas.hasFocus()
    QTest.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert window.tasks.view.hasFocus()
    window.show_room("compare")
    assert window.tasks.isVisible()
    QTest.keyClick(window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    assert window.current_room == "timeline"


def test_each_source_has_its_lane_and_hollow_markers_are_of_the_host(window: Window) -> None:
    layout = layout_of(window)
    titles = [strip.lane.title for strip in layout.strips]
    assert titles == ["Files", "Registry", "Task log", "Security log", "Logons, processes", "System"]
    by_lane = {strip.lane.title: strip.markers for strip in layout.strips}
    assert [marker.hollow for marker in by_lane["System"]] == [True]
    assert [marker.hollow for marker in by_lane["Files"]] == [False]
    assert all(marker.hollow for marker in by_lane["Logons, processes"])
    assert max(marker.count for marker in by_lane["Task log"]) == 6  # a run within a marker's width is one with its number
    own, host = window.session.lens.scope.counted
    assert own == 12
    assert host == 5  # logon, scheduler started, cmd.exe of the run, cleared, switched off


def test_coverage_tells_gap_cleared_and_switched_off_apart(case: Case) -> None:
    covered = EntriesBuilder()(case).covered
    states = {LANES[number].title: {stretch.state for stretch in stretches} for number, stretches in covered.items()}
    assert states["Task log"] == {COVERED, DISABLED}
    assert states["Security log"] == states["Logons, processes"] == {COVERED, GAP}
    assert states["System"] == {COVERED, CLEARED}
    (gap,) = [stretch for stretch in covered[lane("Security log")] if stretch.state == GAP]
    assert gap.words == "gap: 27 record numbers"
    (cleared,) = [stretch for stretch in covered[lane("System")] if stretch.state == CLEARED]
    assert cleared.end == made_events.at("14T02:18:05.220").ticks
    assert channel_lanes("security") == (lane("Security log"), lane("Logons, processes"))
    assert channel_lanes("No such log") == ()


def test_a_click_on_a_marker_selects_in_table_record_and_finding_list(qtbot: QtBot, window: Window) -> None:
    room, row = room_of(window), row_of(window, "4698")
    QTest.mouseClick(room.canvas, Qt.MouseButton.LeftButton, pos=place(window, row))
    assert window.session.lens.row == row
    assert window.session.selection.entry == window.session.lens.entries.key(row)
    assert room.panel.table.row(room.panel.view.currentIndex().row()) == row
    assert "4698" in room.panel.record.title.accessibleName()
    qtbot.waitUntil(lambda: "<At>" in room.panel.record.xml.toPlainText(), timeout=3000)
    said = [button.accessibleName() for button in room.panel.record.links if button.isVisible()]
    assert said == [
        "1  Security log 4624, 42.8 s before: same logon id 0x3e7a1c4",
        "2  Registry, 28.5 s later: same task; its Tree key was written after",
    ]


def test_links_of_the_selection_are_one_chain_in_the_order_of_time(window: Window) -> None:
    window.session.select_entry(row_of(window, "4698"))
    links = window.session.lens.links
    entries = window.session.lens.entries
    assert [link.number for link in links] == [1, 2, 3, 4]
    assert [entries.kind(link.later).kind for link in links] == [
        "registered",
        "tree-key-written",
        "process-created",
        "process-created",
    ]
    assert all(link.earlier < link.later for link in links)
    assert links[0].why == "same logon id 0x3e7a1c4"
    table = room_of(window).panel.table
    assert [table.cell(row, 9).text for row in range(table.rowCount()) if table.cell(row, 9).text not in ("", "host")] == [
        "1", "1, 2", "2, 3", "3, 4", "4",
    ]  # fmt: skip


def test_a_link_in_the_record_leads_to_the_other_entry(window: Window) -> None:
    window.session.select_entry(row_of(window, "4698"))
    button = next(button for button in room_of(window).panel.record.links if button.isVisible())
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert window.session.lens.entries.kind(window.session.lens.row).event_id == "4624"


def test_the_wheel_zooms_at_the_pointer(window: Window) -> None:
    lens, layout = window.session.lens, layout_of(window)
    at = QPointF(LEFT + layout.plot * 0.25, layout.lanes_top + 30)
    under, span = layout.ticks(at.x()), lens.end - lens.start
    wheel(window, at, 3)
    assert lens.end - lens.start == pytest.approx(span * 0.8**3, rel=1e-6)
    assert layout_of(window).ticks(at.x()) == pytest.approx(under, abs=span * 1e-6)
    wheel(window, at, -20)
    assert (lens.start, lens.end) == lens.whole  # no further than all there is
    wheel(window, at, 500)
    assert lens.end - lens.start == LEAST
    start = lens.start
    wheel(window, at, -1, Qt.KeyboardModifier.ShiftModifier)
    assert lens.start > start  # sideways


def test_dragging_pans_and_shift_dragging_brushes(window: Window) -> None:
    lens, layout = window.session.lens, layout_of(window)
    wheel(window, QPointF(LEFT + layout.plot / 2, layout.lanes_top + 20), 4)
    start, span = lens.start, lens.end - lens.start
    low = round(layout.lanes_top) + 20
    drag(window, QPoint(LEFT + 500, low), QPoint(LEFT + 400, low))
    assert lens.start == pytest.approx(start + span * 100 / layout.plot, rel=1e-3 * span / start)
    assert lens.end - lens.start == span
    left, right = layout_of(window).ticks(LEFT + 200), layout_of(window).ticks(LEFT + 300)
    drag(window, QPoint(LEFT + 300, low), QPoint(LEFT + 200, low), Qt.KeyboardModifier.ShiftModifier)
    assert [lens.start, lens.end] == pytest.approx([left, right], abs=40)


def test_the_strip_brushes_moves_and_widens(window: Window) -> None:
    lens, layout, high = window.session.lens, layout_of(window), STRIP_TOP + STRIP // 2
    drag(window, QPoint(LEFT + 300, high), QPoint(LEFT + 600, high))
    assert [lens.start, lens.end] == pytest.approx([layout.whole_ticks(LEFT + 300), layout.whole_ticks(LEFT + 600)], abs=40)
    span = lens.end - lens.start
    drag(window, QPoint(LEFT + 450, high), QPoint(LEFT + 550, high))
    assert lens.start == pytest.approx(layout.whole_ticks(LEFT + 400), abs=40)
    assert lens.end - lens.start == span
    drag(window, QPoint(LEFT + 700, high), QPoint(LEFT + 800, high))  # its right handle
    assert lens.end == pytest.approx(layout.whole_ticks(LEFT + 800), abs=span * 0.02)
    assert lens.start == pytest.approx(layout.whole_ticks(LEFT + 400), abs=40)
    QTest.mouseDClick(room_of(window).canvas, Qt.MouseButton.LeftButton, pos=QPoint(LEFT + 40, high))
    assert lens.is_whole


def test_the_table_shows_what_the_brush_holds_and_all_when_told(qtbot: QtBot, window: Window) -> None:
    lens, panel = window.session.lens, room_of(window).panel
    everything = panel.table.rowCount()
    assert everything == len(lens.scope.rows)
    lens.look(made_events.at("14T02:17:00").ticks, made_events.at("14T02:17:10").ticks)
    qtbot.waitUntil(lambda: panel.table.rowCount() == len(lens.rows()), timeout=2000)
    assert panel.table.rowCount() == 8
    assert {panel.table.entries.text("task", row) for row in panel.table.rows() if lens.scope.own(row)} == {made_events.TASK}
    panel.in_brush.click()
    assert panel.table.rowCount() == everything


def test_everything_works_from_the_keyboard(window: Window) -> None:
    lens, whole = window.session.lens, window.session.lens.whole
    press(window, Qt.Key.Key_Plus)
    span = lens.end - lens.start
    assert span < whole[1] - whole[0]
    press(window, Qt.Key.Key_Home)
    assert lens.start == whole[0]
    press(window, Qt.Key.Key_Right)
    assert lens.start == pytest.approx(whole[0] + span * 0.1, abs=40)
    press(window, Qt.Key.Key_Left)
    press(window, Qt.Key.Key_End)
    assert lens.end == whole[1]
    press(window, Qt.Key.Key_PageUp)
    assert lens.end < whole[1]
    press(window, Qt.Key.Key_Minus)
    press(window, Qt.Key.Key_0)
    assert lens.is_whole
    press(window, Qt.Key.Key_Down)
    assert lens.row == int(lens.scope.rows[0])
    press(window, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert lens.row == int(lens.scope.rows[1])
    press(window, Qt.Key.Key_Up)
    assert lens.row == int(lens.scope.rows[0])
    press(window, Qt.Key.Key_A)
    assert lens.start <= int(lens.entries.ticks[lens.row]) <= lens.end
    assert lens.end - lens.start <= 2 * 5 * 60 * TICKS_A_SECOND
    press(window, Qt.Key.Key_T)
    assert lens.mode == ALL
    assert len(lens.scope.rows) == len(lens.entries)
    press(window, Qt.Key.Key_L)
    assert room_of(window).canvas.scale == "log"
    press(window, Qt.Key.Key_T)
    assert lens.mode == TASK


def test_enter_shows_the_bytes_of_the_chosen_entry(window: Window) -> None:
    window.session.select_entry(row_of(window, "4698"))
    press(window, Qt.Key.Key_Return)
    assert window.current_room == "bytes"
    room = window.rooms["bytes"]
    assert isinstance(room, BytesRoom)
    assert [span.offset for _, _, span in room.table.rows()] == [4608 + 512 * 197]


def test_minutes_around_the_chosen_entry(window: Window) -> None:
    lens = window.session.lens
    lens.choose_mode(ALL)
    row = row_of(window, "4698")
    window.session.select_entry(row)
    lens.around(1)
    middle = int(lens.entries.ticks[row])
    assert (lens.start, lens.end) == (middle - 60 * TICKS_A_SECOND, middle + 60 * TICKS_A_SECOND)
    lens.around(100_000)
    assert (lens.start, lens.end) == lens.whole


def test_a_finding_selects_what_it_rests_on_and_its_flag_selects_the_finding(window: Window) -> None:
    finding = next(finding for finding in window.session.case.findings if finding.rule == "sd-missing")
    window.session.select_finding(finding)
    lens = window.session.lens
    assert lens.entries.kind(lens.row).kind == "tree-key-written"
    layout = layout_of(window)
    flag = layout.flags[0]
    assert flag.findings[0].rule == "sd-missing"
    other = next(line for line in window.session.digest.lines if line.key != window.session.selection.task)
    window.session.select_task(other.key)
    window.session.lens.choose_mode(ALL)
    layout = layout_of(window)
    at = QPoint(round(layout.flags[0].x), round(layout.lanes_top) - 12)
    QTest.mouseClick(room_of(window).canvas, Qt.MouseButton.LeftButton, pos=at)
    chosen = window.session.finding(window.session.selection.finding)
    assert chosen is not None
    assert chosen.task == made_events.TASK
    assert window.session.line is not None
    assert window.session.line.task.path == made_events.TASK


def test_choosing_an_entry_among_all_chooses_its_task_in_the_list(window: Window) -> None:
    other = next(line for line in window.session.digest.lines if line.task.path == "\\OneDrive Reporting")
    window.session.select_task(other.key)
    assert len(window.session.lens.scope.rows) == 0  # nothing of it has a time: how far the logs reach is still shown
    assert window.session.lens.whole[0] <= made_events.at("13T20:00:00").ticks
    assert "0 entries" in room_of(window).canvas.span_words()
    window.session.lens.choose_mode(ALL)
    window.session.select_entry(row_of(window, "4698"))
    assert window.session.line is not None
    assert window.session.line.task.path == made_events.TASK
    window.show_tasks()
    assert window.tasks.table.row(window.tasks.view.currentIndex().row()).task.path == made_events.TASK
    window.session.select_task(other.key)
    assert window.session.lens.row == -1
    assert window.session.selection.entry is None


def test_an_empty_room_says_what_would_fill_it(qtbot: QtBot, files: made.Files, settings: Settings) -> None:
    bare = made.case(files)
    window = build(lambda given, listings: made.work(bare, files, given), settings)
    qtbot.addWidget(window)
    window.show()
    window.open(("/cases/ws-fin-07",))
    qtbot.waitUntil(lambda: window.session.run.state == "done", timeout=5000)
    window.show_room("timeline")
    assert room_of(window).empty.isVisible()
    assert "Nothing that has a time" in room_of(window)._why_empty()
    assert "winevt" in room_of(window)._why_empty()[1]
    window.close()


def test_the_brush_stays_while_the_evidence_is_read_again_and_so_does_the_entry(qtbot: QtBot, window: Window) -> None:
    lens, row = window.session.lens, row_of(window, "4698")
    window.session.select_entry(row)
    lens.look(made_events.at("14T02:11:00").ticks, made_events.at("14T02:12:30").ticks)
    looked, key = (lens.start, lens.end), lens.entries.key(row)
    window.session.rescan()
    qtbot.waitUntil(lambda: window.session.run.state == "done", timeout=5000)
    assert lens.entries.key(lens.row) == key
    assert (lens.start, lens.end) == looked


def test_the_brush_and_the_entry_outlast_a_snapshot_that_knows_nothing_yet(case: Case) -> None:
    lens, full = Lens(), EntriesBuilder()(case)
    lens.show(full, made_events.TASK, -1)
    lens.look(made_events.at("14T02:11:00").ticks, made_events.at("14T02:12:30").ticks)
    looked = (lens.start, lens.end)
    lens.show(EntriesBuilder()(Case()), None, -1)
    assert len(lens.scope.rows) == 0
    lens.show(full, made_events.TASK, 3)
    assert (lens.start, lens.end) == looked
    assert lens.row == 3
    lens.clear()
    assert (lens.row, len(lens.entries), lens.is_whole) == (-1, 0, True)


def test_times_follow_the_clock_of_the_window(window: Window) -> None:
    room = room_of(window)
    assert "Z" in room.canvas.span_words()
    before = room.panel.table.headerData(0, Qt.Orientation.Horizontal)
    window.session.choose_clock("here")
    assert before == "Time UTC"
    assert room.panel.table.headerData(0, Qt.Orientation.Horizontal) == "Time this computer"
    assert "Z" not in room.canvas.span_words()


def test_the_canvas_speaks_and_its_tip_is_plain_text(window: Window) -> None:
    canvas, row = room_of(window).canvas, row_of(window, "4698")
    canvas.layout_now()
    assert "table" in canvas.accessibleName()
    assert "17 entries" in canvas.accessibleDescription()
    at = QPointF(place(window, row))
    move = QMouseEvent(
        QEvent.Type.MouseMove,
        at,
        canvas.mapToGlobal(at),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(canvas, move)
    assert canvas.toolTip().startswith("<qt>")
    assert "Security log 4698" in canvas.toolTip()
    QApplication.sendEvent(canvas, QHelpEvent(QEvent.Type.ToolTip, at.toPoint(), canvas.mapToGlobal(at.toPoint())))
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))
    assert canvas.toolTip() == ""


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_pixels_change_with_the_brush_and_carry_the_colours_of_the_lanes(window: Window, theme: str) -> None:
    window.theme.choose(theme)
    QApplication.processEvents()
    canvas = room_of(window).canvas
    row = row_of(window, "4698")
    picture = canvas.grab().toImage()
    ratio = picture.devicePixelRatio()
    at = place(window, row)
    shown = picture.pixelColor(round((at.x()) * ratio), round((at.y()) * ratio))
    assert shown == window.theme.colour("high") or shown == window.theme.colour("on_store")
    window.session.lens.zoom(window.session.lens.start, 0.5)
    assert canvas.grab().toImage() != picture


def test_a_frame_over_many_events_is_a_picture_of_the_density(qtbot: QtBot) -> None:
    lens = Lens()
    lens.mode = ALL
    lens.show(EntriesBuilder()(Case(events=(many(20_000),), complete=True)), None, -1)
    layout = lay_out(lens, 1200, 400, ())
    crowded = [strip for strip in layout.strips if strip.crowd is not None]
    assert crowded
    assert (
        sum(int(strip.crowd.sum()) for strip in crowded if strip.crowd is not None)
        + sum(marker.count for strip in layout.strips for marker in strip.markers)
        == 20_000
    )  # nothing of what the brush holds is left out
    assert int(np.max(lens.scope.rows)) == 19_999


def test_measured_figures_have_their_bounds_beside_them(qtbot: QtBot) -> None:
    lines = words(measure(5_000, 10))
    assert [bound for _, _, bound in lines] == ["8 ms", "16 ms", "50 ms", "", ""]
    assert all(figure.endswith(" ms") for _, figure, _ in lines)


@pytest.mark.parametrize("ticks", [(0,), (-5, 7), (1, 2**63 - 1), (-(2**63), 2**63 - 1), (134179279006880000, 2**63 - 1)])
def test_times_that_no_calendar_has_are_drawn_and_told(window: Window, ticks: tuple[int, ...]) -> None:
    told = [
        replace(
            made_events.event(number, "14T02:11:00", made_events.SECURITY, 4698, "registered", "Task created"), time=Instant(value)
        )
        for number, value in enumerate(ticks)
    ]
    lens = window.session.lens
    lens.mode = ALL
    lens.show(EntriesBuilder()(Case(events=blocks_of(told), complete=True)), None, -1)
    canvas = room_of(window).canvas
    for _ in range(3):
        assert not canvas.grab().isNull()
        assert canvas.span_words()
        press(window, Qt.Key.Key_Plus)
        press(window, Qt.Key.Key_Down)
    assert sum(marker.count for strip in lay_out(lens, 900, 400, ()).strips for marker in strip.markers) <= len(ticks)
    lens.reset()
    assert sum(marker.count for strip in lay_out(lens, 900, 400, ()).strips for marker in strip.markers) == len(ticks)
