"""What a frame of the timeline and a filter of the table cost, with as many events as are asked for. For the benchmarks."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from PySide6.QtGui import QImage, QPainter

from triptych.analysis.columns import np
from triptych.gui.clock import Clock
from triptych.gui.events_columns import EntriesBuilder
from triptych.gui.events_filter import kept, stacked
from triptych.gui.theme import Theme, load_fonts
from triptych.gui.timeline_drawing import Drawing
from triptych.gui.timeline_layout import lay_out
from triptych.gui.timeline_lens import ALL, Lens
from triptych.model.case import Case
from triptych.model.event import TEXTS, EventBlock
from triptych.model.times import TICKS_A_DAY, from_parts

_TABLE = (
    ("Security", 4688, 2, "security", "process-created", "Process created"),
    ("Security", 4624, 2, "security", "logon", "Logon"),
    ("Security", 4698, 1, "security", "registered", "Task created"),
    ("Microsoft-Windows-TaskScheduler/Operational", 200, 1, "tasks-log", "action-started", "Action started"),
    ("Microsoft-Windows-Sysmon/Operational", 1, 5, "sysmon", "process-created", "Process created"),
    ("System", 104, 0, "system", "log-cleared", "Log cleared"),
)
_SIZE = (1500, 420)
_FILTERS = (
    {"task": "job 17"},
    {"command": "-enc !powershell"},
    {"id": "=4698|=4688", "account": "svc"},
    {"text": "logon"},
)


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds of processor time: of frames while a person zooms and pans the median and the one that 95 % stay below; of the
    dearest of some filters; of stacking; of making the entries, which the job thread does."""

    events: int
    frame_median: float
    frame_95: float
    filter_most: float
    stack: float
    build: float


def measure(events: int = 1_000_000, frames: int = 200) -> Measured:
    """Frames and filters over made events. Needs a QGuiApplication (offscreen will do); takes some seconds."""
    load_fonts()
    case = Case(events=(made(events),), complete=True)
    began = time.thread_time()
    happened = EntriesBuilder()(case)
    build = (time.thread_time() - began) * 1000
    lens = Lens()
    lens.mode = ALL
    lens.show(happened, None, events // 2)
    drawn = sorted(_frames(lens, frames))
    filters = [_took(partial(kept, lens.entries, lens.scope.rows, wanted)) for wanted in _FILTERS]
    stack = _took(partial(stacked, lens.entries, lens.scope.rows, "command"))
    return Measured(events, drawn[len(drawn) // 2], drawn[len(drawn) * 95 // 100], max(filters), stack, build)


def _took(work: Callable[[], object]) -> float:
    began = time.thread_time()
    work()
    return (time.thread_time() - began) * 1000


def _frames(lens: Lens, count: int) -> Iterator[float]:
    """In to a minute, along, and out again: layout and painting of each."""
    drawing, picture = Drawing(Theme("dark")), QImage(*_SIZE, QImage.Format.Format_ARGB32_Premultiplied)
    for number in range(count):
        began = time.thread_time()
        step = number % 100
        if step < 40:
            lens.zoom(lens.start + (lens.end - lens.start) * 0.4, 0.8)
        elif step < 60:
            lens.pan(0.1)
        else:
            lens.zoom(lens.start + (lens.end - lens.start) * 0.6, 1.25)
        painter = QPainter(picture)
        drawing.frame(painter, lens, lay_out(lens, *_SIZE, ()), Clock(), "square root", 1.0)
        painter.end()
        yield (time.thread_time() - began) * 1000


def made(events: int, *, seed: int = 1) -> EventBlock:
    """Events of a year: bursts and quiet, thousands of different commands, hundreds of tasks."""
    dice = np.random.default_rng(seed)
    start = from_parts(2026, 1, 1)
    ticks = np.sort(start + (dice.random(events) ** 2 * 365 * TICKS_A_DAY).astype(np.int64))
    strings = ["", *(f"\\Vendor\\job {number}" for number in range(500)), *(f"CORP\\svc-{number}" for number in range(200))]
    commands = len(strings)
    strings += [f"C:\\Windows\\System32\\cmd.exe /c run {number} -enc {number * 7919:x}" for number in range(20_000)]
    kinds = dice.choice(len(_TABLE), events, p=(0.5, 0.3, 0.02, 0.08, 0.0999, 0.0001)).astype("<u2")
    of_task = (kinds == 2) | (kinds == 3)
    texts = {name: np.zeros(events, "<i4") for name in TEXTS}
    texts["task"] = np.where(of_task, dice.integers(1, 501, events), 0).astype("<i4")
    texts["account"] = dice.integers(501, 701, events).astype("<i4")
    texts["command"] = np.where(kinds != 1, dice.integers(commands, len(strings), events), 0).astype("<i4")
    numbers = array("q", range(1, events + 1)).tobytes()
    nothing = np.full(events, -1, "<i8").tobytes()
    return EventBlock(
        file="Security.evtx", view="", rows=events, ticks=ticks.astype("<i8").tobytes(), numbers=numbers,
        offsets=(np.arange(events, dtype="<i8") * 512 + 4608).tobytes(), lengths=np.full(events, 512, "<i4").tobytes(),
        kinds=kinds.tobytes(), pids=nothing, parents=nothing, flags=bytes(events),
        texts=tuple(texts[name].tobytes() for name in TEXTS), strings=tuple(strings), table=_TABLE,
    )  # fmt: skip


def words(measured: Measured) -> tuple[tuple[str, str, str], ...]:
    """What was measured, the figure, the bound: lines for a table."""
    return (
        (f"timeline frame, {measured.events:,} events, median", f"{measured.frame_median:.1f} ms", "8 ms"),
        ("timeline frame, 95 %", f"{measured.frame_95:.1f} ms", "16 ms"),
        (f"filtering {measured.events:,} rows", f"{measured.filter_most:.1f} ms", "50 ms"),
        ("stacking by command", f"{measured.stack:.1f} ms", ""),
        ("making the entries (job thread)", f"{measured.build:.0f} ms", ""),
    )
