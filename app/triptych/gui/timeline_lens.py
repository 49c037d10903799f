"""What of all that happened is looked at: this task or all, from when to when, which entry. One for the whole window."""

from __future__ import annotations

from functools import cached_property

from PySide6.QtCore import QObject, Signal

from triptych.analysis.columns import np
from triptych.gui.events_columns import Entries, Happened, Ints, Mask, no_entries, place_of, split
from triptych.gui.timeline_links import Drawn, chain, with_context
from triptych.model.times import TICKS_A_SECOND

TASK, ALL = "task", "all"
LEAST = TICKS_A_SECOND // 1000  # ticks: nearer than a millisecond nothing is to be seen
_FARTHEST = (1 << 63) - 1  # hostile logs hold such times
_MARGIN = 0.03  # of the whole on either side


class Scope:
    """The rows looked at, by lane and as a whole, and which of them are the task's own."""

    def __init__(self, entries: Entries, task: str | None) -> None:
        self.entries, self.task = entries, task
        self._own: Mask | None = None
        if task is None:
            self.rows, self.lanes = entries.everything, entries.of_lanes
        else:
            self._own = entries.of_task(task)
            self.rows = with_context(entries, np.flatnonzero(self._own))
            self.lanes = split(entries, self.rows)
        self.ticks: Ints = entries.ticks if task is None else entries.ticks[self.rows]

    def own(self, row: int) -> bool:
        """Whether a row tells of the task; where all are looked at, of any."""
        return bool(self._own[row]) if self._own is not None else bool(self.entries.words["task"].codes[row])

    def holds(self, row: int) -> bool:
        at = place_of(self.rows, row)
        return at < len(self.rows) and int(self.rows[at]) == row

    def between(self, start: int, end: int) -> Ints:
        first, last = np.searchsorted(self.ticks, start), np.searchsorted(self.ticks, end, side="right")
        return self.rows[first:last]

    @cached_property
    def counted(self) -> tuple[int, int]:
        """How many rows are the task's own (or any task's), and how many are the host's."""
        own = int(np.count_nonzero(self._own[self.rows] if self._own is not None else self.entries.words["task"].codes))
        return own, len(self.rows) - own


class Lens(QObject):
    """`changed`: other rows; `moved`: another time; `chosen`: another entry."""

    changed = Signal()
    moved = Signal()
    chosen = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.happened: Happened = no_entries()
        self.task: str | None = None
        self.mode = TASK
        self.row = -1
        self.scope = Scope(no_entries().entries, None)
        self.start, self.end = 0, LEAST
        self.links: tuple[Drawn, ...] = ()
        self._whole = True

    @property
    def entries(self) -> Entries:
        return self.happened.entries

    @property
    def whole(self) -> tuple[int, int]:
        """From when to when there is anything, with a margin."""
        ticks = self.scope.ticks
        first, last = self.happened.begins, self.happened.ends
        if len(ticks):
            first, last = int(ticks[0]), int(ticks[-1])
        margin = max(int((last - first) * _MARGIN), 5 * LEAST) if last > first else 30 * TICKS_A_SECOND
        return max(first - margin, -_FARTHEST - 1), min(last + margin, _FARTHEST)

    @property
    def is_whole(self) -> bool:
        return self._whole

    def rows(self) -> Ints:
        """The rows of the scope that the brush holds."""
        return self.scope.between(self.start, self.end)

    # what the session tells ---------------------------------------------------------------------------------------
    def show(self, happened: Happened, task: str | None, row: int) -> None:
        """Another snapshot; the time looked at stays unless all was looked at."""
        if happened is self.happened and task == self.task and row == self.row:
            return
        self.happened, self.task, self.row = happened, task, row
        self._look(keep=not self._whole)

    def clear(self) -> None:
        """Other evidence: nothing has happened yet."""
        self._whole = True
        self.show(no_entries(), None, -1)

    def show_task(self, task: str | None) -> None:
        if task != self.task:
            self.task = task
            if self.mode == TASK:
                self._look(keep=False)

    def choose(self, row: int) -> None:
        """An entry; the time looked at follows where it stands outside."""
        if row == self.row:
            return
        self.row = row
        self.links = chain(self.entries, row)
        if row >= 0 and not self.start <= int(self.entries.ticks[row]) <= self.end:
            self.centre(int(self.entries.ticks[row]))
        self.chosen.emit()

    # what a person does -------------------------------------------------------------------------------------------
    def choose_mode(self, mode: str) -> None:
        if mode != self.mode:
            self.mode = mode
            self._look(keep=False)

    def look(self, start: float, end: float) -> None:
        """Look at a stretch of time; it is kept within all there is."""
        low, high = self.whole
        span = int(min(max(end - start, LEAST), high - low))
        begin = int(min(max(start, low), high - span))
        if (begin, begin + span) != (self.start, self.end):
            self.start, self.end = begin, begin + span
            self._whole = (self.start, self.end) == (low, high)
            self.moved.emit()

    def reset(self) -> None:
        self.look(*self.whole)

    def zoom(self, at: float, factor: float) -> None:
        """Nearer (factor below 1) or further; the time `at` stays where it is."""
        span = self.end - self.start
        wanted = max(span * factor, LEAST)
        share = (at - self.start) / span
        self.look(at - wanted * share, at + wanted * (1 - share))

    def pan(self, share: float) -> None:
        """Move by a share of what is in sight."""
        step = (self.end - self.start) * share
        self.look(self.start + step, self.end + step)

    def centre(self, ticks: int) -> None:
        half = (self.end - self.start) // 2
        self.look(ticks - half, ticks + half)

    def around(self, minutes: float) -> None:
        """So many minutes before and after the chosen entry, or the middle of what is in sight."""
        at = int(self.entries.ticks[self.row]) if self.row >= 0 else (self.start + self.end) // 2
        reach = int(minutes * 60 * TICKS_A_SECOND)
        self.look(at - reach, at + reach)

    def neighbour(self, step: int) -> int:
        """The next or previous row of the scope after the chosen one, or in the time looked at; -1 where there is none."""
        rows = self.scope.rows
        if not len(rows):
            return -1
        if self.row < 0:
            ticks = self.scope.ticks
            at = int(np.searchsorted(ticks, self.start) if step > 0 else np.searchsorted(ticks, self.end, side="right") - 1)
        else:
            at = place_of(rows, self.row)
            here = at < len(rows) and int(rows[at]) == self.row
            at += (1 if here else 0) if step > 0 else -1
        return int(rows[min(max(at, 0), len(rows) - 1)])

    def _look(self, *, keep: bool) -> None:
        self.scope = Scope(self.entries, self.task if self.mode == TASK else None)
        self.links = chain(self.entries, self.row)
        if not keep:
            self.start, self.end = self.whole
            self._whole = True
        self.changed.emit()
