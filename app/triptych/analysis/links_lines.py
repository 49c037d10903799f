"""The rows of an event table that concern tasks, with no more of each than links ask for; a tie between two rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from triptych.analysis.columns import np
from triptych.analysis.event_table import EventTable, Rows
from triptych.analysis.touches import TOUCHING, touch_of
from triptych.logs.event_kinds import PIECE, TASKS, kinds
from triptych.model.paths import fold
from triptych.model.times import TICKS_A_SECOND

SECURITY, TASKS_LOG, SYSMON = "security", "tasks-log", "sysmon"
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


@dataclass(frozen=True, slots=True)
class Line:
    """One row: `task` is folded, `pid` -1 for none, `logon` and `instance` "" for none."""

    row: int
    tick: int
    host: int
    lane: str
    kind: str
    event_id: int
    task: str
    pid: int
    logon: str
    instance: str
    process: str


@dataclass(frozen=True, slots=True)
class Tie:
    """Two rows that belong together: what was there first or led to it, what came of it, and why we say so.

    `kind` is logon, client (the process that asked), process (that a task started), twin (two logs, one act), run, first-run,
    definition (its command was started), child, pipe, handle, parent, act.
    """

    cause: int
    effect: int
    kind: str
    why: str


def concerned(table: EventTable) -> Rows:
    """The rows that concern tasks or the witnesses, without logons, processes and the like that only stand beside them."""
    if not len(table):
        return np.zeros(0, np.int64)
    numbers = [number for number, row in enumerate(table.table) if not is_context(row[0], row[1]) and row[4] != PIECE]
    return np.flatnonzero(np.isin(table.columns["kinds"], numbers)).astype(np.int64)


def is_context(channel: str, event_id: int) -> bool:
    """Whether events of a kind are of interest only beside others."""
    kind = kinds().get((channel.casefold() or TASKS.casefold(), event_id))
    return kind is not None and kind.context


def lines_of(table: EventTable, rows: Rows, hosts: Rows) -> Iterator[Line]:
    """The rows as lines, in order; what happened to the file or Tree key of a task counts as its task's."""
    if not len(rows):
        return
    columns, strings = table.columns, table.strings
    names = ("ticks", "kinds", "pids", "task", "logon_id", "instance_id", "process")
    held = [columns[name][rows].tolist() for name in names]
    folded: dict[int, str] = {}
    for row, host, tick, kind, pid, task, logon, instance, process in zip(rows.tolist(), hosts[rows].tolist(), *held, strict=True):
        if task not in folded:
            folded[task] = fold(strings[task])
        _, event_id, _, lane, name, _ = table.table[kind]
        path = folded[task]
        if not task and name in TOUCHING:
            touch = touch_of(table[row])
            path = fold(touch.task) if touch else ""
        yield Line(row, tick, host, lane, name, event_id, path, pid, strings[logon], strings[instance], strings[process])


def apart(ticks: int) -> str:
    """A stretch of time in words: `4 ms`, `1.3 s`, `12 minutes`, `3 days`."""
    seconds = abs(ticks) / TICKS_A_SECOND
    if seconds < 0.001:
        return "less than a millisecond"
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 2 * _MINUTE:
        return f"{seconds:.1f} s"
    if seconds < 2 * _HOUR:
        return f"{round(seconds / _MINUTE)} minutes"
    if seconds < 2 * _DAY:
        return f"{round(seconds / _HOUR)} hours"
    return f"{round(seconds / _DAY)} days"
