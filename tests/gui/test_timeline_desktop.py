"""The timeline under a real window manager on a display of its own: what arrives there is what a mouse and a keyboard send."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from tests.material import PROJECT

pytestmark = pytest.mark.window
NEEDED = ("Xvfb", "openbox", "xdotool")
WAIT = 60.0
State = dict[str, float]


def _play() -> None:
    """The window, telling on its output whatever changes; it ends when its input does."""
    from PySide6.QtCore import QPoint, QSocketNotifier, QTimer
    from PySide6.QtWidgets import QApplication

    from tests.gui import made, made_events
    from triptych.gui.main import build
    from triptych.gui.rooms.timeline import TimelineRoom
    from triptych.gui.settings import Settings

    app = QApplication(["triptych"])
    files = made.Files()
    case = made_events.case(files)
    settings = Settings(Path(sys.argv[1]))
    settings.keep("theme", "dark")
    window = build(lambda given, listings: made_events.work(case, files, given), settings)
    window.resize(1400, 900)
    window.move(20, 20)
    window.show()
    window.open(("/cases/ws-fin-07",))
    room = window.rooms["timeline"]
    assert isinstance(room, TimelineRoom)
    lens, canvas = window.session.lens, room.canvas

    def tell(*_: object) -> None:
        corner = canvas.mapToGlobal(QPoint(0, 0))
        state = {
            "start": lens.start, "end": lens.end, "row": lens.row, "rows": len(lens.scope.rows), "x": corner.x(), "y": corner.y(),
            "width": canvas.width(), "top": canvas.layout_now().lanes_top, "whole": lens.is_whole, "focus": canvas.hasFocus(),
            "active": window.isActiveWindow(), "done": window.session.run.state == "done", "shown": room.panel.table.rowCount(),
        }  # fmt: skip
        print(json.dumps(state), flush=True)

    timer = QTimer()
    timer.timeout.connect(tell)
    timer.start(100)
    QTimer.singleShot(400, lambda: window.show_room("timeline"))
    ends = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
    ends.activated.connect(app.quit)
    app.exec()
    window.close()


class Desktop:
    """The display, its manager and the window; `state` is the newest that the window told."""

    def __init__(self, display: str, window: subprocess.Popen[str]) -> None:
        self._environment = {**os.environ, "DISPLAY": display}
        assert window.stdout is not None
        self._output: IO[str] = window.stdout

    def until(self, holds: Callable[[State], bool]) -> State:
        """The first state told from now on that holds; fails with the last one."""
        ends = time.monotonic() + WAIT
        last: State = {}
        while time.monotonic() < ends:
            line = self._output.readline()
            if not line:
                break
            last = json.loads(line)
            if holds(last):
                return last
        raise AssertionError(f"it did not come to that: {last}")

    def do(self, *words: object) -> None:
        subprocess.run(["xdotool", *map(str, words)], env=self._environment, check=True, timeout=WAIT)

    def fresh(self) -> State:
        """A state told after what was sent has arrived."""
        time.sleep(0.3)
        ends = time.monotonic() + 0.25
        return self.until(lambda _: time.monotonic() > ends)


@pytest.fixture
def desktop(tmp_path: Path) -> Iterator[Desktop]:
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        pytest.skip(f"NO VIRTUAL DESKTOP: {', '.join(missing)} not installed")
    started: list[subprocess.Popen[str]] = []
    read, write = os.pipe()
    try:
        server = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"]
        started.append(subprocess.Popen(server, pass_fds=(write,), stderr=subprocess.DEVNULL, text=True))
        os.close(write)
        with os.fdopen(read) as told:
            display = f":{told.readline().strip()}"
        environment = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "PYTHONPATH": f"{PROJECT}:{PROJECT / 'app'}"}
        started.append(subprocess.Popen(["openbox"], env=environment, stderr=subprocess.DEVNULL, text=True))
        command = [sys.executable, "-m", "tests.gui.test_timeline_desktop", str(tmp_path / "window.ini")]
        errors = (tmp_path / "errors").open("w+")
        window = subprocess.Popen(
            command, env=environment, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        started.append(window)
        shown = Desktop(display, window)
        try:
            shown.until(lambda state: bool(state["done"] and state["active"] and state["focus"]))
        except AssertionError:
            errors.seek(0)
            said = errors.read()
            if "could not be loaded" in said or "libxcb" in said:
                pytest.skip(f"NO X11 FOR QT: {said.strip()[-200:]}")
            raise
        finally:
            errors.close()
        yield shown
    finally:
        for process in reversed(started):
            if process.stdin is not None:
                process.stdin.close()
            process.terminate()
            process.wait(10)
            if process.stdout is not None:
                process.stdout.close()


def test_mouse_and_keyboard_of_a_real_desktop_drive_the_timeline(desktop: Desktop) -> None:
    whole = desktop.fresh()
    at = (whole["x"] + whole["width"] / 2, whole["y"] + whole["top"] + 40)
    desktop.do("mousemove", round(at[0]), round(at[1]))
    desktop.do("click", "--repeat", "3", "4")  # the wheel, away from the person
    nearer = desktop.until(lambda state: state["end"] - state["start"] < 0.6 * (whole["end"] - whole["start"]))
    middle = (whole["start"] + whole["end"]) / 2
    assert nearer["start"] < middle < nearer["end"]
    desktop.do("mousedown", "1", "mousemove_relative", "--", "-60", "0", "mousemove_relative", "--", "-60", "0", "mouseup", "1")
    panned = desktop.until(lambda state: state["start"] > nearer["start"])
    assert panned["end"] - panned["start"] == nearer["end"] - nearer["start"]
    desktop.do("click", "--repeat", "2", "--delay", "60", "1")
    desktop.until(lambda state: bool(state["whole"]))
    desktop.do("key", "plus")
    desktop.until(lambda state: not state["whole"])
    desktop.do("key", "0")
    desktop.until(lambda state: bool(state["whole"]))
    desktop.do("key", "Down")
    chosen = desktop.until(lambda state: state["row"] >= 0)
    desktop.do("key", "Down")
    desktop.until(lambda state: state["row"] > chosen["row"])
    desktop.do("key", "t")
    desktop.until(lambda state: state["rows"] > whole["rows"])
    desktop.do("keydown", "shift", "mousemove", round(at[0] - 100), round(at[1]), "mousedown", "1")
    desktop.do("mousemove_relative", "60", "0", "mousemove_relative", "60", "0", "mouseup", "1", "keyup", "shift")
    brushed = desktop.until(lambda state: not state["whole"])
    held = desktop.fresh()
    assert held["end"] - held["start"] <= brushed["end"] - brushed["start"]
    assert held["shown"] <= held["rows"]


if __name__ == "__main__":
    _play()
