"""Where everything of the timeline stands for one size and one stretch of time: markers, findings, lanes. No Qt, no painting."""

from __future__ import annotations

from dataclasses import dataclass, field

from triptych.analysis.columns import np
from triptych.gui.events_columns import Ints, place_of
from triptych.gui.timeline_density import BIN, clusters, edges
from triptych.gui.timeline_lanes import LANES, Lane
from triptych.gui.timeline_lens import Lens
from triptych.model.finding import Finding, Severity

LEFT, RIGHT = 156, 16  # of the plot
STRIP_TOP, STRIP = 8, 44  # the density over the whole time
AXIS, FUNNEL = 18, 12
FINDINGS = 26
LOW, HIGH = 34, 46  # heights of a lane
NEAR = 15  # pixels: nearer markers become one
_CROWDED = 0.3  # of a lane's bins occupied: a picture of the density says more than markers
_LOOKED_AT = 64  # rows of a marker that are asked whether they are the task's own


@dataclass(frozen=True, slots=True)
class Marker:
    """One entry, or several nearer than a marker: where, and which of the lane's rows (from, to behind the last)."""

    lane: int
    x: float
    first: int
    last: int
    hollow: bool
    chosen: bool

    @property
    def count(self) -> int:
        return self.last - self.first


@dataclass(frozen=True, slots=True)
class Flag:
    """Findings that rest on what happened at one place, the worst first."""

    x: float
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Strip:
    """One lane in sight: where its line stands, its markers, or how many stand in each bin where it is crowded."""

    number: int
    lane: Lane
    top: float
    height: float
    markers: tuple[Marker, ...]
    crowd: Ints | None

    @property
    def line(self) -> float:
        return self.top + self.height * 0.46


@dataclass(slots=True)
class Layout:
    """Everything for one frame."""

    width: int
    height: int
    start: int
    end: int
    whole: tuple[int, int]
    strips: tuple[Strip, ...] = ()
    flags: tuple[Flag, ...] = ()
    unplaced: int = 0  # findings that rest on nothing that has a time
    lines: dict[int, float] = field(default_factory=dict)  # of each lane in sight

    @property
    def plot(self) -> int:
        return max(self.width - LEFT - RIGHT, 40)

    @property
    def axis(self) -> float:
        """Where the lanes' own axis begins."""
        return STRIP_TOP + STRIP + AXIS + FUNNEL

    @property
    def lanes_top(self) -> float:
        return self.axis + AXIS + FINDINGS

    def x(self, ticks: int) -> float:
        return LEFT + (ticks - self.start) / max(self.end - self.start, 1) * self.plot

    def ticks(self, x: float) -> float:
        return self.start + (x - LEFT) / self.plot * (self.end - self.start)

    def whole_x(self, ticks: int) -> float:
        low, high = self.whole
        return LEFT + (ticks - low) / max(high - low, 1) * self.plot

    def whole_ticks(self, x: float) -> float:
        low, high = self.whole
        return low + (x - LEFT) / self.plot * (high - low)

    def marker_at(self, x: float, y: float) -> Marker | None:
        for strip in self.strips:
            if strip.top <= y < strip.top + strip.height:
                near = [marker for marker in strip.markers if abs(marker.x - x) <= 9]
                return min(near, key=lambda marker: abs(marker.x - x), default=None)
        return None

    def flag_at(self, x: float, y: float) -> Flag | None:
        if not self.lanes_top - FINDINGS <= y < self.lanes_top:
            return None
        return min((flag for flag in self.flags if abs(flag.x - x) <= 9), key=lambda flag: abs(flag.x - x), default=None)


def lanes_in_sight(lens: Lens) -> tuple[int, ...]:
    """Lanes with an entry of the scope, or of whose log there is something to say."""
    covered = lens.happened.covered
    return tuple(number for number, (rows, _) in enumerate(lens.scope.lanes) if len(rows) or number in covered)


def least_height(lens: Lens) -> int:
    """So high that no lane is lower than LOW."""
    return STRIP_TOP + STRIP + 2 * AXIS + FUNNEL + FINDINGS + LOW * max(len(lanes_in_sight(lens)), 2) + 4


def roomy_height(lens: Lens) -> int:
    """So high that every lane has its full height."""
    return least_height(lens) + (HIGH - LOW) * max(len(lanes_in_sight(lens)), 2)


def lay_out(lens: Lens, width: int, height: int, findings: tuple[Finding, ...]) -> Layout:
    """A frame. Costs by its width, not by the number of entries."""
    layout = Layout(width, height, lens.start, lens.end, lens.whole)
    numbers = lanes_in_sight(lens)
    tall = min(max((height - layout.lanes_top - 4) / max(len(numbers), 1), LOW), HIGH)
    at = edges(lens.start, lens.end, layout.plot // BIN)
    layout.strips = tuple(
        _strip(lens, layout, at, number, layout.lanes_top + place * tall, tall) for place, number in enumerate(numbers)
    )
    layout.lines = {strip.number: strip.line for strip in layout.strips}
    layout.flags, layout.unplaced = _flags(lens, layout, findings)
    return layout


def _strip(lens: Lens, layout: Layout, at: Ints, number: int, top: float, tall: float) -> Strip:
    rows, ticks = lens.scope.lanes[number]
    places = np.searchsorted(ticks, at)
    places[-1] = np.searchsorted(ticks, at[-1], side="right")
    count = np.diff(places)
    if np.count_nonzero(count) > len(count) * _CROWDED:
        return Strip(number, LANES[number], top, tall, (), count)
    found = []
    for begin, end, _ in clusters(count, max(NEAR // BIN, 1)):
        first, last = int(places[begin]), int(places[end + 1])
        x = (layout.x(int(ticks[first])) + layout.x(int(ticks[last - 1]))) / 2
        hollow = not any(lens.scope.own(int(row)) for row in rows[first : min(last, first + _LOOKED_AT)])
        place = place_of(rows, lens.row) if lens.row >= 0 else -1
        found.append(Marker(number, x, first, last, hollow, first <= place < last and int(rows[place]) == lens.row))
    return Strip(number, LANES[number], top, tall, tuple(found), None)


def _flags(lens: Lens, layout: Layout, findings: tuple[Finding, ...]) -> tuple[tuple[Flag, ...], int]:
    placed: list[tuple[float, Finding]] = []
    unplaced = 0
    for finding in findings:
        if finding.severity is Severity.INFO:
            continue
        rows = lens.happened.resting.get(finding.key, ())
        ticks = int(lens.entries.ticks[rows[0]]) if rows else finding.time.ticks if finding.time else None
        if ticks is None:
            unplaced += 1
        elif lens.start <= ticks <= lens.end:
            placed.append((layout.x(ticks), finding))
    flags: list[Flag] = []
    for x, finding in sorted(placed, key=lambda pair: (pair[0], pair[1].severity.rank)):
        if flags and x - flags[-1].x < NEAR:
            together = sorted((*flags[-1].findings, finding), key=lambda held: held.severity.rank)
            flags[-1] = Flag(flags[-1].x, tuple(together))
        else:
            flags.append(Flag(x, (finding,)))
    return tuple(flags), unplaced
