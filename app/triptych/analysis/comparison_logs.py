"""What the event logs tell of a task, beside the three stores: a fourth cell where a task has such a telling.

The definition in an event is Task XML, word for word, so it is normalised as a task file is. It tells what was registered at one
time, not what is there now: a difference to the stores says that the task was changed since.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from triptych.analysis import comparison
from triptych.analysis.row import SECTIONS, Row, Verdict
from triptych.model.case import Host
from triptych.model.task import Store, Task, TaskRecord

SAME_NOW = ("Actions", "Principal", "Triggers", "Settings")  # sections of which an old definition and a store can contradict
_WHY = "The event log tells what was registered {}; what the stores hold now is something else."


def log_telling(task: Task) -> TaskRecord | None:
    """What the logs tell of a task: a definition or a command line, or its name where no store holds the task; else None."""
    record = task.record(Store.LOG)
    if record is None or (not record.has_actions and any(one.store is not Store.LOG for one in task.records)):
        return None
    return record


def rows(task: Task, host: Host) -> tuple[Row, ...]:
    """The rows of `comparison.rows`, with a cell of the logs in each of which they tell something, and rows they alone tell."""
    return _beside_stores(task, host)[0]


def differences(task: Task, host: Host) -> tuple[Row, ...]:
    """The rows in which two stores contradict each other, or the logs the store that Windows acts on."""
    told, contradicted = _beside_stores(task, host)
    names = {row.field for row in comparison.differences(task, host)} | contradicted
    return tuple(row for row in told if row.field in names and row.verdict is Verdict.DIFFERS)


def _beside_stores(task: Task, host: Host) -> tuple[tuple[Row, ...], frozenset[str]]:
    """All rows, and the fields in which the logs contradict the stores."""
    told = comparison.rows(task, host)
    record = log_telling(task)
    if record is None:
        return told, frozenset()
    logged = {row.field: row for row in _of_log(task, record, host)}
    contradicted = _contradicted(task, record, told, logged, host)
    why = _WHY.format(f"at {record.keeping.told.value.iso}" if record.keeping.told.value else "then")
    return tuple(_merged(told, logged, contradicted, why)), contradicted


def _of_log(task: Task, record: TaskRecord, host: Host) -> tuple[Row, ...]:
    return comparison.rows(Task(task.path, task.guid, (_as_file(record),)), host)


def _as_file(record: TaskRecord) -> TaskRecord:
    """The telling as a task file of the same content would give it."""
    return replace(record, store=Store.XML)


def _contradicted(task: Task, record: TaskRecord, told: Iterable[Row], logged: dict[str, Row], host: Host) -> frozenset[str]:
    """The fields in which the store that Windows acts on says something else than the event."""
    acting = task.record(Store.REGISTRY) or task.record(Store.SCHEDULER)
    if not record.has_actions or record.keeping.basis.value == "command line":
        return frozenset()
    if acting is not None:
        found = comparison.differences(Task(task.path, task.guid, (_as_file(record), acting)), host)
        return frozenset(row.field for row in found if row.section in SAME_NOW)
    mine = {field: row.text(Store.XML) for field, row in logged.items()}
    return frozenset(row.field for row in told if row.section in SAME_NOW and mine.get(row.field, "") != row.text(Store.XML))


def _merged(told: tuple[Row, ...], logged: dict[str, Row], contradicted: frozenset[str], why: str) -> Iterator[Row]:
    held = {row.field for row in told}
    for section in SECTIONS:
        for row in told:
            if row.section == section:
                yield _beside(row, logged.get(row.field), row.field in contradicted, why)
        yield from (_alone(row) for row in logged.values() if row.section == section and row.field not in held)


def _beside(row: Row, logged: Row | None, contradicted: bool, why: str) -> Row:
    if logged is None:
        return row
    differs = contradicted and row.verdict is not Verdict.DIFFERS
    joined = _alone(logged)
    return replace(
        row, cells=row.cells + joined.cells, shown=row.shown + joined.shown,
        verdict=Verdict.DIFFERS if differs else row.verdict, why=why if differs else row.why,
    )  # fmt: skip


def _alone(row: Row) -> Row:
    """A row whose only teller is the log."""
    cells = tuple((Store.LOG, reading) for _, reading in row.cells)
    return replace(row, cells=cells, shown=tuple((Store.LOG, text) for _, text in row.shown))
