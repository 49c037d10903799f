"""How long a person waits for the first rows: from the call of `scan`, and in the window. Run as a program."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from typing import TYPE_CHECKING

from triptych.evidence.source import open_source
from triptych.model.case import Case
from triptych.readers import Readers
from triptych.scan import scan

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from triptych.gui.window import Window

_PATIENCE = 60.0


def of_scan(path: str) -> dict[str, float]:
    """Seconds from the call of `scan`, readers started, to the first case with tasks and to the last."""
    source = open_source(path)
    with Readers(source) as readers:
        readers.warm()
        time.sleep(1.0)
        began, first = time.monotonic(), 0.0
        for step in scan(source, readers):
            if not first and isinstance(step, Case) and step.tasks:
                first = time.monotonic() - began
        return {"first": first, "all": time.monotonic() - began}


def shown_window() -> tuple[QApplication, Window]:
    """A window as the program builds it, without a display and with settings of its own."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ["XDG_CONFIG_HOME"] = tempfile.mkdtemp()
    from PySide6.QtWidgets import QApplication

    from triptych.gui import engine
    from triptych.gui.main import build
    from triptych.gui.settings import Settings

    app = QApplication(["triptych"])
    window = build(engine.open_work, Settings())
    window.show()
    app.processEvents()
    return app, window


def of_window(path: str, prepared: bool) -> dict[str, float]:
    """Seconds from `open` in a window that is shown to the first painted rows, and to the end of the scan.

    With `prepared` the evidence is that of the command line, for which readers start before the window does.
    """
    if prepared:
        from triptych.gui import engine

        engine.prepare((path,), ())
    app, window = shown_window()
    time.sleep(1.0)
    session = window.session
    began, first = time.monotonic(), 0.0
    window.open((path,), ())
    while time.monotonic() - began < _PATIENCE:
        app.processEvents()
        if not first and session.case.tasks:
            app.processEvents()
            window.grab()
            first = time.monotonic() - began
        if session.case.complete:
            break
        time.sleep(0.005)
    whole = time.monotonic() - began
    session.jobs.close()
    return {"first": first, "all": whole}


if __name__ == "__main__":
    what, evidence = sys.argv[1:]
    print(json.dumps(of_scan(evidence) if what == "scan" else of_window(evidence, prepared=what == "window")))
