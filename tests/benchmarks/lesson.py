"""A machine built for a lesson, and the demo of one: `python -m tests.benchmarks.lesson build FOLDER TASKS WEEKS`, `... empty`, `... demo`.

`empty` and `demo` tell the seconds from the start of the process to a painted window, and for the demo to its first findings.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from tests.benchmarks.first_rows import shown_window

TASKS, WEEKS = 220, 2
_PATIENCE = 60.0


def build(folder: str, tasks: int, weeks: int) -> dict[str, float]:
    """A machine of so many tasks and weeks of logs (two give about 20,000 events), written as a folder."""
    from triptych.lessons.benign import benign

    machine = benign("10", 7, tasks=tasks, weeks=weeks)
    machine.write(Path(folder))
    return {"files": len(machine.files())}


def window(evidence: tuple[str, ...] = (), listings: tuple[str, ...] = ()) -> dict[str, float]:
    """As `triptych open` starts it, without a display."""
    from triptych.gui import engine

    engine.prepare(evidence, listings)
    app, shown = shown_window()
    shown.grab()
    told = {"shown": _age()}
    if evidence:
        shown.open(evidence, listings)
        while not shown.session.case.findings and _age() < _PATIENCE:
            app.processEvents()
            time.sleep(0.004)
        app.processEvents()
        shown.grab()
        told["findings"] = _age()
    shown.session.jobs.close()
    return told


def demo() -> dict[str, float]:
    """The command itself, with this window in place of the one that waits for a person."""
    from triptych import cli
    from triptych.gui import app

    told: dict[str, float] = {}

    def run(arguments: tuple[str, ...], listings: tuple[str, ...]) -> int:
        told.update(window(arguments, listings))
        return 0

    app.run = run
    cli.main(["demo"])
    return told


def _age() -> float:
    """Seconds since this process was started; Linux tells it in hundredths."""
    started = int(Path("/proc/self/stat").read_text("ascii").rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
    return float(Path("/proc/uptime").read_text("ascii").split()[0]) - started


if __name__ == "__main__":
    os.environ["QT_QPA_PLATFORM"] = "offscreen"  # the command asks for a display before the window is made
    what, *more = sys.argv[1:]
    if what == "build":
        told = build(more[0], int(more[1]), int(more[2]))
    else:
        told = {"empty": window, "demo": demo}[what]()
    print(json.dumps(told))
