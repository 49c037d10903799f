"""Grab the pictures of docs/pictures anew from the example host, without a display: `python packaging/pictures.py [NAME ...]`.

Names are start, main, finding, bytes, timeline-whole, timeline-run, timeline-near; all of them where none is given. Each picture
comes in both themes. Look at what was grabbed before it is kept.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication

from triptych.gui import engine
from triptych.gui.main import build
from triptych.gui.settings import Settings
from triptych.gui.window import Window
from triptych.lessons.example import WIN_UPDATE
from triptych.model.times import parse_iso

PROJECT = Path(__file__).resolve().parents[1]
PICTURES = PROJECT / "docs" / "pictures"
EXAMPLE = PROJECT / "resources" / "example" / "ws-fin-07.zip"
ZOOMS = {
    "timeline-whole": None,
    "timeline-run": ("2026-03-14T02:10:00Z", "2026-03-14T02:20:00Z"),
    "timeline-near": ("2026-03-14T02:11:40.8Z", "2026-03-14T02:11:41Z"),
}
_SIZE = (1600, 1000)
_PATIENCE = 60.0  # seconds


def main(names: list[str]) -> int:
    app = QApplication(["triptych"])
    wanted = names or ["start", "main", "finding", "bytes", *ZOOMS]
    with tempfile.TemporaryDirectory() as folder:
        for theme in ("dark", "light"):
            settings = Settings(Path(folder) / f"{theme}.ini")
            settings.keep("theme", theme)
            window = build(engine.open_work, settings, "")
            window.resize(*_SIZE)
            window.show()
            for name in wanted:
                _STEPS[name.partition("-")[0]](window, name)
                _spin(0.6)
                window.grab().save(str(PICTURES / f"{name}-{theme}.png"))
            window.close()
    app.quit()
    return 0


def _start(window: Window, _: str) -> None:
    """The start page is what the window shows before anything is opened: it must come first."""


def _opened(window: Window) -> None:
    if window.session.run.state != "done":
        window.open((str(EXAMPLE),))
        _until(lambda: window.session.run.state == "done")
    line = next(line for line in window.session.digest.lines if line.task.path == WIN_UPDATE)
    window.session.select_task(line.key)


def _main(window: Window, _: str) -> None:
    _opened(window)
    window.show_room("compare")


def _finding(window: Window, _: str) -> None:
    _opened(window)
    window.show_room("compare")
    window.session.step_finding(1)


def _bytes(window: Window, _: str) -> None:
    _finding(window, "")
    key = window.session.selection.finding
    found = window.session.finding(key) if key else None
    if found is not None:
        window.session.show_proof(found.summary, found.refs)


def _timeline(window: Window, name: str) -> None:
    _opened(window)
    window.show_room("timeline")
    _spin(0.5)
    window.session.lens.choose_mode("task" if ZOOMS[name] else "all")
    _spin(0.5)
    zoom = ZOOMS[name]
    if zoom is not None:
        window.session.lens.look(*(parse_iso(time).ticks for time in zoom))


_STEPS: dict[str, Callable[[Window, str], None]] = {
    "start": _start, "main": _main, "finding": _finding, "bytes": _bytes, "timeline": _timeline,
}  # fmt: skip


def _spin(seconds: float) -> None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        time.sleep(0.005)


def _until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + _PATIENCE
    while not holds():
        _spin(0.05)
        if time.monotonic() > ends:
            raise TimeoutError("the example was not read in time")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
