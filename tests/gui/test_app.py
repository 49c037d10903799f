"""Why no window can open, in sentences; and the binding that kills Python 3.11 is refused."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from triptych.gui import app
from triptych.gui.settings import Settings
from triptych.gui.trouble import Trouble, keep_log
from triptych.gui.window import Window


def asked(**environment: str) -> str:
    kept = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    code = "from triptych.gui.app import why_not; print(why_not())"
    done = subprocess.run([sys.executable, "-c", code], env={**kept, **environment}, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_offscreen_can_open() -> None:
    assert asked(QT_QPA_PLATFORM="offscreen") == "None"


@pytest.mark.skipif(sys.platform != "linux", reason="displays are named by variables only there")
def test_no_display_is_said() -> None:
    assert "No display" in asked()
    refused = asked(DISPLAY=":9731")
    assert "No display: no X server answers at :9731" in refused or "apt-get install" in refused


@pytest.mark.parametrize(
    ("version", "python", "good"),
    [
        ("6.12.0", (3, 11), False),
        ("6.12.3", (3, 11), False),
        ("6.11.3", (3, 11), True),
        ("6.12.0", (3, 12), True),
        ("6.13.0", (3, 11), True),
    ],
)
def test_the_binding_that_takes_none_as_its_own_is_refused(version: str, python: tuple[int, int], good: bool) -> None:
    said = app.refused(version, python)
    assert (said is None) is good
    assert said is None or "pip install" in said


def test_a_missing_library_is_named_with_the_command() -> None:
    said = app.sentence_of(ImportError("libGL.so.1: cannot open shared object file: No such file or directory"))
    assert "libGL.so.1" in said
    assert "apt-get install" in said
    assert "pip install" in app.sentence_of(ImportError("No module named 'PySide6'"))


def test_calls_that_return_nothing_leave_none_alone() -> None:
    thing = QObject()
    thing.setObjectName("x")
    before = sys.getrefcount(None)
    for _ in range(1000):
        thing.setObjectName("x")
    assert abs(sys.getrefcount(None) - before) < 500


@pytest.mark.window
def test_a_hundred_frames(qtbot: QtBot, window: Window) -> None:
    before = sys.getrefcount(None)
    for number in range(100):
        window.tasks.step(1 if number % 30 < 15 else -1)
        assert not window.grab().isNull()
    assert sys.getrefcount(None) > before - 100


def test_an_error_of_our_own_is_told_and_logged_by_marks(qtbot: QtBot, tmp_path: Path) -> None:
    log = keep_log(tmp_path / "window.log")
    trouble = Trouble()
    undo = trouble.install(log)
    try:
        with qtbot.waitSignal(trouble.happened) as said:
            error = ValueError("a\u202eb")
            sys.excepthook(ValueError, error, None)
    finally:
        undo()
        logger = logging.getLogger("triptych")
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
            handler.close()
    assert said.args is not None
    assert "ValueError" in said.args[0]
    assert "⟨U+202E⟩" in Path(log).read_text("utf-8")


def test_settings_keep_types_and_survive_a_broken_list(tmp_path: Path) -> None:
    kept = Settings(tmp_path / "window.ini")
    kept.keep("wide", False)
    kept.keep("recent", "[1, {]")
    kept.sync()
    again = Settings(tmp_path / "window.ini")
    assert again.flag("wide", True) is False
    assert again.recent() == ()
    for number in range(12):
        again.opened((f"/cases/{number}",))
    again.opened(("/cases/5",))
    assert again.recent()[:2] == (("/cases/5",), ("/cases/11",))
    assert len(again.recent()) == 8
