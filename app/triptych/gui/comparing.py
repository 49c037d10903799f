"""One task as rows of the comparison: what each cell shows, how it is drawn and what proves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType
from typing import Any

from triptych.analysis.comparison_logs import SAME_NOW, log_telling
from triptych.analysis.row import Row, Verdict
from triptych.gui import words
from triptych.gui.clock import UTC, Clock
from triptych.gui.difference import against_all
from triptych.gui.display import visible
from triptych.gui.tables import Cell, Column, Kind
from triptych.model.case import Case
from triptych.model.evidence import EvidenceRef, Reading, State
from triptych.model.task import Presence, Store, Task
from triptych.model.times import Instant

_LONG = frozenset(("Settings", "Storage"))  # begin folded where nothing in them differs
_AS_CODE = frozenset(
    (
        "command", "arguments", "working_directory", "class_id", "data", "server", "guid", "tree_id", "tasks_path", "index",
        "hash", "hash_found", "crc", "access", "security_descriptor", "subscription", "state_name", "last_result",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the comparison: a section head (`row` None) or a field. `first` stands at the top: there reasons are told.

    A head says how many `fields` it holds, how many `differ`, and whether they are `folded` away.
    """

    section: str
    row: Row | None = None
    first: bool = False
    folded: bool = False
    fields: int = 0
    differ: int = 0


@dataclass(frozen=True, slots=True)
class Telling:
    """How one store stands to a task: whether it has a record, and if not, why."""

    store: Store
    kind: Kind  # PLAIN: it has a record
    reason: str = ""
    refs: tuple[EvidenceRef, ...] = ()


def entries(rows: Sequence[Row], *, only_differences: bool, folds: Mapping[str, bool] = MappingProxyType({})) -> list[Entry]:
    """Section heads and fields in order; the first field of all is marked.

    `folds` says of a section whether a person folded it; long sections in which nothing differs begin folded. Looking at
    differences alone folds nothing.
    """
    made: list[Entry] = []
    for section, members in groupby(rows, key=lambda row: row.section):
        fields = list(members)
        differ = sum(1 for row in fields if row.verdict is Verdict.DIFFERS)
        if only_differences and not differ:
            continue
        folded = not only_differences and folds.get(section, section in _LONG and not differ)
        shown = [row for row in fields if not folded and (not only_differences or row.verdict is Verdict.DIFFERS)]
        made.append(Entry(section, folded=folded, fields=len(fields), differ=differ))
        made += [Entry(section, row, first=len(made) == 1 and at == 0) for at, row in enumerate(shown)]
    return made


def telling(task: Task, store: Store, *, complete: bool = True) -> Telling:
    """Whether a store tells the task at all, with the reason in words; nothing is absent while reading is not `complete`."""
    record, absence = task.record(store), task.absence(store)
    if record is not None and record.presence.value in (Presence.HIDDEN, Presence.ABSENT):
        note = record.presence.note
        return Telling(store, Kind.ABSENT, f"absent: {note}" if note else "absent", record.presence.refs)
    if record is not None:
        return Telling(store, Kind.PLAIN)
    if not complete:
        return Telling(store, Kind.DIM, "not read so far")
    if absence is None or absence.presence is Presence.NOT_READ:
        return Telling(store, Kind.DIM, absence.reason if absence and absence.reason else "not read")
    word = {Presence.UNKNOWN: "not known", Presence.UNREADABLE: "unreadable"}.get(absence.presence, "absent")
    text = f"{word}: {absence.reason}" if absence.reason else word
    return Telling(store, Kind.DIM if absence.presence is Presence.UNKNOWN else Kind.ABSENT, text, absence.refs)


def tellers(task: Task) -> tuple[Store, ...]:
    """Whose columns a task has: the three stores, and the event logs where they tell more than its name."""
    return words.STORES if log_telling(task) is None else words.TELLERS


def heading(store: Store, case: Case, task: Task | None = None) -> str:
    """The head of a store's column: its name and where it tells from."""
    name = words.STORE_NAMES[store]
    report = case.report(store)
    record = task.record(store) if task is not None and store is Store.LOG else None
    basis = record.keeping.basis.value or "" if record else report.basis if report else ""
    logged = f"event {basis}" if record and basis.isdigit() else basis
    where = {Store.XML: "System32\\Tasks", Store.REGISTRY: "TaskCache"}.get(store, logged)
    return f"{name}  {where}".rstrip()


def columns(task: Task, case: Case, clock: Clock = UTC) -> list[Column[Entry]]:
    """The fields of a task, and a column for each of its tellers."""
    told = [telling(task, store, complete=case.complete) for store in tellers(task)]
    speaking = frozenset(one.store for one in told if one.kind is Kind.PLAIN)
    return [Column("Field", _label, width=140), *(_column(one, heading(one.store, case, task), speaking, clock) for one in told)]


def _column(told: Telling, title: str, telling_stores: frozenset[Store], clock: Clock) -> Column[Entry]:
    return Column(title, lambda entry: _cell(entry, told, telling_stores, clock), width=200)


def _label(entry: Entry) -> Cell:
    if entry.row is None:
        return _head(entry)
    differs = entry.row.verdict is Verdict.DIFFERS
    said = f"{entry.row.label}, {'the stores differ' if differs else entry.row.verdict.value}"
    return Cell(entry.row.label, kind=Kind.DIM, tip=_tip(entry.row), said=said)


def _head(entry: Entry) -> Cell:
    count = f"{words.plural(entry.fields, 'field')}, " + (f"{entry.differ} differ" if entry.differ else "none differs")
    text = f"▸  {entry.section.upper()}   {count}" if entry.folded else f"▾  {entry.section.upper()}"
    said = f"Section {entry.section}, {count}, {'folded' if entry.folded else 'unfolded'}"
    return Cell(
        entry.section.upper(), kind=Kind.SECTION, said=said, extra=text, tip="Space or a click folds and unfolds this section"
    )


def _tip(row: Row) -> str:
    acted = f"Windows acts on the {words.STORE_NAMES[row.runs]}" if row.runs else ""
    return "\n".join(part for part in (row.label, acted, row.why) if part)


def _cell(entry: Entry, told: Telling, speaking: frozenset[Store], clock: Clock) -> Cell:
    row, name = entry.row, words.STORE_NAMES[told.store]
    if row is None:
        return Cell("", kind=Kind.SECTION)
    reading = row.cell(told.store)
    if told.kind is not Kind.PLAIN:
        dash = "—" if told.kind is Kind.ABSENT else ""
        text = told.reason if entry.first else dash
        return Cell(text, told.refs, told.kind, tip=told.reason, said=f"{name}: {told.reason}")
    if reading is None:
        return Cell("", kind=Kind.DIM, said=f"{name}: nothing")
    if reading.state is State.NOT_KEPT:
        text = f"not kept in {'the scheduler' if told.store is Store.SCHEDULER else name}"
        return Cell(text, reading.refs, Kind.DIM, said=f"{name}: {text}")
    return _stated(row, told.store, reading, speaking, clock)


def _stated(row: Row, store: Store, reading: Reading[Any], speaking: frozenset[Store], clock: Clock) -> Cell:
    """A cell with a telling. One that differs from an absent store alone is no difference: absence is drawn as such."""
    text = text_of(row, store, reading, clock)
    comparable = speaking if row.section in SAME_NOW else speaking - {Store.LOG}  # of itself each telling says something else
    told = [(other, cell) for other, cell in row.cells if other in comparable and cell.state is not State.NOT_KEPT]
    others = [text_of(row, other, cell, clock) for other, cell in told if other is not store]
    differs = row.verdict is Verdict.DIFFERS and store in comparable and any(other != text for other in others)
    marks = against_all(visible(text), [visible(other) for other in others]) if differs else ()
    acted = differs and row.runs is store
    dim = reading.state is State.NOT_STATED and not differs
    notes = (text, f"as written: {reading.raw}" if reading.raw and reading.raw != text else "", reading.note)
    tip = "\n".join(part for part in (*notes, _tip(row) if acted else "") if part)
    said = f"{words.STORE_NAMES[store]}: {text}{', differs' if differs else ''}{', Windows acts on this' if acted else ''}"
    kind = Kind.DIFFERS if differs else Kind.DIM if dim else Kind.PLAIN
    mono = reading.state is State.STATED and is_code(row, reading)
    return Cell(text, reading.refs, kind, marks, mono=mono, bold=acted, tip=tip, said=said, brief=_brief(reading, differs, clock))


def _brief(reading: Reading[Any], differs: bool, clock: Clock) -> str:
    """A time to the second, for a narrow column; where times differ the fraction may be what differs."""
    return clock.brief(reading.value) if isinstance(reading.value, Instant) and reading.stated and not differs else ""


def text_of(row: Row, store: Store, reading: Reading[Any], clock: Clock = UTC) -> str:
    """What a cell says: the comparison's words, else the value; what could not be read as it stands there."""
    if reading.state is State.UNREADABLE:
        return f"unreadable: {reading.raw or reading.note}"
    if isinstance(reading.value, Instant) and reading.stated and reading.value.showable:
        return clock.moment(reading.value)
    shown = row.text(store)
    if reading.state is State.NOT_STATED:
        return shown or "not stated"
    return shown or words.value(reading.value)


def is_code(row: Row, reading: Reading[Any]) -> bool:
    """Whether a value is shown in the fixed face: paths, commands, numbers, times, identifiers."""
    return isinstance(reading.value, Instant) or row.field.rpartition(".")[2] in _AS_CODE
