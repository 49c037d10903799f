"""The runs of tasks, put together from the events that the scheduler writes of one: launch, start, process, action, end.

How they belong together: the instance id (InstanceId, TaskInstanceId, the ActivityID of 100, 102, 110, 200, 201); 129 bears none
and belongs to the run of its task whose 200 names its process (EnginePID), or that started in the same moment. Checked on real
logs of Windows 10, where 129 comes some tenths of a millisecond before 100.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from triptych.analysis.links_lines import TASKS_LOG, Line, Tie, apart
from triptych.model.times import TICKS_A_SECOND

_SAME_PROCESS = 10 * TICKS_A_SECOND  # between 129 and 200 that name one process
_SAME_MOMENT = 2 * TICKS_A_SECOND  # between 129 and 100 where no number tells
_NEIGHBOURS = 64  # runs of one task that are looked at around a moment
_ORDER = {"triggered": 0, "run-queued": 1, "run-sent": 1, "run-started": 2}
_LAUNCHES = frozenset((107, 108, 109, 110, 114, 117, 118, 119, 120, 121, 122, 123, 124, 125))


@dataclass(frozen=True, slots=True)
class Run:
    """One run: its events in the order of what happened, and the 129s among them with the reason they belong to it."""

    task: str
    host: int
    instance: str
    lines: tuple[Line, ...]
    joined: tuple[tuple[int, str], ...] = ()

    @property
    def first(self) -> Line:
        return self.lines[0]


def runs(lines: Iterable[Line]) -> tuple[Run, ...]:
    """Every run that events with an instance id tell of, with the events that belong to it without one; in the order of time."""
    of_log = [line for line in lines if line.lane == TASKS_LOG]
    groups: dict[tuple[int, str], list[Line]] = defaultdict(list)
    for line in of_log:
        if line.instance:
            groups[line.host, line.instance].append(line)
    lone = {key: held[0] for key, held in groups.items() if len(held) == 1 and held[0].event_id in _LAUNCHES}
    near = _Starts(line for key, held in groups.items() if key not in lone for line in held)
    joined: dict[tuple[int, str], list[tuple[Line, str]]] = defaultdict(list)
    for line in of_log:
        if line.event_id == 129 or (line.host, line.instance) in lone:
            found = near.of(line)
            if found is not None:
                joined[line.host, found[0].instance].append((line, found[1]))
                groups.pop((line.host, line.instance), None)
    made = [_run(host, instance, held, joined[host, instance]) for (host, instance), held in groups.items()]
    return tuple(sorted(made, key=lambda run: (run.first.tick, run.first.row)))


def _run(host: int, instance: str, held: list[Line], joined: list[tuple[Line, str]]) -> Run:
    ordered = sorted((*held, *(line for line, _ in joined)), key=lambda line: (_ORDER.get(line.kind, 3), line.tick, line.row))
    task = next((line.task for line in ordered if line.task), "")
    return Run(task, host, instance, tuple(ordered), tuple((line.row, why) for line, why in joined))


class _Starts:
    """Events 100 and 200 by task, to find the run of an event that bears no instance id, or one of its own."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._held: dict[tuple[int, str], list[tuple[int, int, Line]]] = defaultdict(list)
        for line in lines:
            if line.event_id in (100, 200):
                self._held[line.host, line.task].append((line.tick, line.row, line))
        for found in self._held.values():
            found.sort(key=lambda entry: entry[:2])

    def of(self, line: Line) -> tuple[Line, str] | None:
        held = self._held.get((line.host, line.task))
        if not held:
            return None
        at = bisect_left(held, line.tick, key=lambda entry: entry[0])
        around = sorted(
            (entry[2] for entry in held[max(0, at - _NEIGHBOURS) : at + _NEIGHBOURS]), key=lambda other: abs(other.tick - line.tick)
        )
        for other in around:
            if line.pid >= 0 and other.pid == line.pid and abs(other.tick - line.tick) <= _SAME_PROCESS:
                return other, f"the same task, and process {line.pid} is the one that event 200 of the run names"
        for other in around:
            if (line.pid < 0 or other.pid < 0) and abs(other.tick - line.tick) <= _SAME_MOMENT:
                return other, f"the same task, {apart(other.tick - line.tick)} apart; the event itself does not name the run"
        return None


def run_ties(found: Iterable[Run]) -> Iterator[Tie]:
    """The events of a run as a chain, each to the next."""
    for run in found:
        joined = dict(run.joined)
        for one, other in zip(run.lines, run.lines[1:], strict=False):
            why = joined.get(other.row) or joined.get(one.row) or f"the same run, instance {{{run.instance}}}"
            yield Tie(one.row, other.row, "run", why)
