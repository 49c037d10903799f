"""A window over the made case, offscreen."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from pytestqt.qtbot import QtBot

from tests.gui import made
from triptych.gui.main import build
from triptych.gui.settings import Settings
from triptych.gui.window import Window
from triptych.model.case import Case


@pytest.fixture
def files() -> made.Files:
    return made.Files()


@pytest.fixture
def case(files: made.Files) -> Case:
    return made.case(files)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    kept = Settings(tmp_path / "window.ini")
    kept.keep("theme", "dark")
    return kept


@pytest.fixture
def fresh(qtbot: QtBot, files: made.Files, case: Case, settings: Settings) -> Iterator[Window]:
    """A window on its start page."""
    window = build(lambda arguments, listings: made.work(case, files, arguments), settings, "/example.zip")
    qtbot.addWidget(window)
    window.resize(1600, 1000)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    yield window
    window.close()


@pytest.fixture
def window(qtbot: QtBot, fresh: Window) -> Window:
    """A window with the made case read to its end."""
    fresh.open(("/cases/ws-fin-07",))
    qtbot.waitUntil(lambda: fresh.session.run.state == "done", timeout=5000)
    return fresh
