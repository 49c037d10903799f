"""The real window over the real engine with its reader processes: by keyboard alone from the start page to the bytes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from triptych.gui import engine
from triptych.gui.main import build
from triptych.gui.rooms.bytes import BytesRoom
from triptych.gui.settings import Settings
from triptych.gui.window import Window

pytestmark = pytest.mark.window
WAIT = 60_000


@pytest.fixture
def window(qtbot: QtBot, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Window]:
    monkeypatch.setattr(engine, "user_cache_path", lambda *_, **__: tmp_path)
    made = build(engine.open_work, settings, engine.example())
    qtbot.addWidget(made)
    made.resize(1600, 1000)
    with qtbot.waitExposed(made):
        made.show()
    made.activateWindow()
    yield made
    made.close()


def press(window: Window, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(QApplication.focusWidget() or window, key, modifier)


def clipboard() -> str:
    return QApplication.clipboard().text()


def test_keyboard_alone_leads_from_the_start_page_to_the_bytes_that_prove_the_worst_finding(qtbot: QtBot, window: Window) -> None:
    press(window, Qt.Key.Key_Right)
    press(window, Qt.Key.Key_Right)
    press(window, Qt.Key.Key_Return)  # the example host
    qtbot.waitUntil(lambda: window.session.run.state == "done", timeout=WAIT)
    assert window.tasks.view.hasFocus()
    assert window.session.line is not None
    assert window.session.line.task.path == "\\Microsoft\\Windows\\WinUpdate"
    press(window, Qt.Key.Key_F8)
    finding = window.session.finding(window.session.selection.finding)
    assert finding is not None
    assert finding.rule == "action-differs"
    press(window, Qt.Key.Key_Return)
    room = window.rooms["bytes"]
    assert isinstance(room, BytesRoom)
    assert window.current_room == "bytes"
    assert [ref for _, ref, _ in room.table.rows()] == list(finding.refs)
    place = next(at for at, (_, _, span) in enumerate(room.table.rows()) if span.file.endswith("config/SOFTWARE"))
    room.places.setFocus()
    for _ in range(place):
        press(window, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: "UTF-16: cmd.exe" in room.reading.text, timeout=WAIT)
    press(window, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    ledger = {file.path: file.id for file in window.session.case.files}
    _, _, span = room.table.row(place)
    assert f"SHA-256 {ledger[span.file]}" in clipboard()
    assert f"0x{span.offset:X}" in clipboard()


def test_rows_appear_while_reading_goes_on_and_what_was_chosen_stays_chosen(qtbot: QtBot, window: Window) -> None:
    seen: list[tuple[int, bool]] = []
    window.session.case_changed.connect(lambda digest: seen.append((len(digest.lines), digest.case.complete)))
    window.actions_of["open-example"].trigger()
    qtbot.waitUntil(lambda: window.tasks.table.rowCount() > 2, timeout=WAIT)
    window.tasks.focus()
    press(window, Qt.Key.Key_End)
    chosen = window.session.selection.task
    assert chosen is not None
    qtbot.waitUntil(lambda: window.session.run.state == "done", timeout=WAIT)
    assert any(rows and not complete for rows, complete in seen)
    kept = window.session.selection.task
    assert kept is not None
    assert kept[0] == chosen[0]  # its GUID may have come with the registry
    assert window.tasks.table.row(window.tasks.view.currentIndex().row()).key == kept


def test_cancel_leaves_what_was_read_and_reading_again_finishes_it(qtbot: QtBot, window: Window) -> None:
    window.actions_of["open-example"].trigger()
    window.actions_of["cancel"].trigger()
    assert window.session.run.state == "cancelled"
    qtbot.wait(100)
    assert not window.session.case.complete
    press(window, Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: window.session.run.state == "done", timeout=WAIT)
    assert window.session.case.complete


def test_readers_started_before_the_window_give_the_same_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "user_cache_path", lambda *_, **__: tmp_path)
    given = (engine.example(),)
    engine.prepare(given, ())
    first = list(engine.open_work(given, ()).scan())[-1]
    assert first == list(engine.open_work(given, ()).scan())[-1]
    engine.prepare(("/not/there",), ())  # is told when it is opened
    with pytest.raises(OSError, match="not/there"):
        list(engine.open_work(("/not/there",), ()).scan())
