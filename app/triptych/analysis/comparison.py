"""The tellings of one task side by side: a row a field, and which telling Windows acts on where they differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from triptych.analysis import normalise
from triptych.analysis.fields import ACTION, FIELDS, TRIGGER, Field
from triptych.analysis.normalise import Side, Told
from triptych.analysis.row import SECTIONS, Row, Verdict
from triptych.model.case import Host
from triptych.model.evidence import Reading, State, not_stated, stated
from triptych.model.task import Presence, Store, Task, TaskRecord

COMPARED = (Store.XML, Store.REGISTRY, Store.SCHEDULER)
WINDOWS_8 = 9200
PRESENCE = "presence"
_SILENT = (State.NOT_KEPT, State.UNREADABLE)
_Cell = tuple[Side, Reading[Any]]
_WEIGHED = tuple(field for field in FIELDS if not field.part and field.weighs and field.name != PRESENCE)
_OF_TRIGGER = tuple(field for field in FIELDS if field.part == TRIGGER)
_OF_ACTION = tuple(field for field in FIELDS if field.part == ACTION)
_OF_SECTION = {name: tuple(field for field in FIELDS if not field.part and field.section == name) for name in SECTIONS}


def rows(task: Task, host: Host) -> tuple[Row, ...]:
    """Every field that a store of the task tells, in the order of the window."""
    return tuple(_row(field, name, cells, host) for field, name, cells in _fields(task, host))


def differences(task: Task, host: Host) -> tuple[Row, ...]:
    """The rows in which two stores contradict each other; whether they hold the task at all is told by its presence.

    Most tasks have none, so this looks for one first and makes rows only where it finds it.
    """
    records = [record for store in COMPARED if (record := task.record(store)) is not None and not _is_made(record)]
    names = {name for one, other in combinations(records, 2) for name in _differing(one, other, host)}
    if not names:
        return ()
    return tuple(row for row in rows(task, host) if row.field in names and row.verdict is Verdict.DIFFERS)


def _is_made(record: TaskRecord) -> bool:
    """Whether the scheduler's telling was reconstructed from the registry: it repeats its values."""
    return record.store is Store.SCHEDULER and record.keeping.basis.value == "reconstructed"


def _differing(one: TaskRecord, other: TaskRecord, host: Host) -> Iterator[str]:
    """The names of the fields in which two records contradict each other."""
    for field in _WEIGHED:
        if not _alike(field.get(one), field.get(other)):
            cells = [(Side(record, host), _kept(field, record, field.get(record))) for record in (one, other)]
            if _verdict(field, _told(field, cells)) is Verdict.DIFFERS:
                yield field.name
    for fields, name in ((_OF_TRIGGER, "triggers"), (_OF_ACTION, "actions")):
        holders = _holders([one, other], name)
        if len(holders) == 2 and not _parts_alike(fields, holders[0][1], holders[1][1]):
            for field, numbered, part_cells in _parts(fields, name, holders, host):
                if _verdict(field, _told(field, part_cells)) is Verdict.DIFFERS:
                    yield numbered


def _alike(first: Reading[Any], second: Reading[Any]) -> bool:
    """Whether two readings are of one value as they stand, or one of them tells nothing: no need to normalise anything."""
    return first.value == second.value or first.state in _SILENT or second.state in _SILENT


def _parts_alike(fields: tuple[Field, ...], one: Sequence[Any], other: Sequence[Any]) -> bool:
    if len(one) != len(other):
        return False
    return all(_alike(field.get(part), field.get(mate)) for part, mate in zip(one, other, strict=True) for field in fields)


def _holders(records: list[TaskRecord], name: str) -> list[tuple[TaskRecord, Sequence[Any]]]:
    """The records that tell triggers or actions, with them; one that is hidden, absent or unreadable tells none."""
    telling = [record for record in records if record.presence.value in (Presence.PRESENT, Presence.VISIBLE)]
    if name == "triggers":
        return [(record, record.triggers) for record in telling if record.has_triggers]
    return [(record, record.actions) for record in telling if record.has_actions]


def _fields(task: Task, host: Host) -> Iterator[tuple[Field, str, list[_Cell]]]:
    """Every field with its name (numbered for triggers and actions) and the cells of the stores that hold a record."""
    records = [record for store in COMPARED if (record := task.record(store)) is not None]
    sides = [Side(record, host) for record in records]
    for section in SECTIONS:
        if section == "Actions":
            yield from _parts(_OF_ACTION, "actions", _holders(records, "actions"), host)
        elif section == "Triggers":
            yield from _parts(_OF_TRIGGER, "triggers", _holders(records, "triggers"), host)
        yield from _plain(_OF_SECTION[section], sides)
    yield from _extras(sides)


def _plain(fields: tuple[Field, ...], sides: list[Side]) -> Iterator[tuple[Field, str, list[_Cell]]]:
    for field in fields:
        cells = [(side, _kept(field, side.record, field.get(side.record))) for side in sides]
        if _worth_a_row(field, cells):
            yield field, field.name, cells


def _kept(field: Field, record: TaskRecord, reading: Reading[Any]) -> Reading[Any]:
    """Windows 7 keeps Path, Hash, Triggers and DynamicInfo in the registry and nothing else: silence there is no telling.

    Source: 83 of 83 Tasks keys of a real Windows 7 SP1.
    """
    if record.store is Store.REGISTRY and not record.has_actions and not reading.stated and field.name.startswith("registration."):
        return Reading(None, State.NOT_KEPT, reading.refs) if reading.known else reading
    return reading


def _worth_a_row(field: Field, cells: list[_Cell]) -> bool:
    if any(reading.state in (State.STATED, State.UNREADABLE) for _, reading in cells):
        return True
    if field.expected and any(reading.state is State.NOT_STATED for _, reading in cells):
        return True
    return field.defaults and any(reading.known and reading.value is not None for _, reading in cells)


def _parts(
    fields: tuple[Field, ...], prefix: str, holders: list[tuple[TaskRecord, Sequence[Any]]], host: Host
) -> Iterator[tuple[Field, str, list[_Cell]]]:
    """The rows of triggers or actions, by position; a store with fewer of them has a cell that says so in the first row."""
    joined = prefix == "actions" and any(_gives_lines(record) for record, _ in holders)
    for number in range(max((len(parts) for _, parts in holders), default=0)):
        having = [(record, parts[number]) for record, parts in holders if number < len(parts)]
        lacking = [record for record, parts in holders if number >= len(parts)]
        for field in fields:
            cells: list[_Cell] = [(Side(record, host, part, joined), field.get(part)) for record, part in having]
            if field is fields[0]:
                cells += [(Side(record, host), not_stated(None, *record.ref)) for record in lacking]
                cells.sort(key=lambda cell: COMPARED.index(cell[0].record.store))
            if _worth_a_row(field, cells):
                yield field, field.name.replace("[]", f"[{number}]", 1), cells


def _gives_lines(record: TaskRecord) -> bool:
    """Whether a listing gives command and arguments in one text (schtasks: 'Task To Run')."""
    return record.store is Store.SCHEDULER and any(
        action.command.stated and action.arguments.state is State.NOT_KEPT for action in record.actions
    )


def _extras(sides: list[Side]) -> Iterator[tuple[Field, str, list[_Cell]]]:
    for side in sides:
        for extra in side.record.extras:
            field = Field(f"extras.{extra.name}", "Storage", extra.name, _no_reading, normalise.raw, weighs=False)
            yield field, field.name, [(side, extra.reading)]


def _no_reading(record: TaskRecord) -> Reading[str]:
    return stated("", *record.ref)


# -- judging a row -------------------------------------------------------------------------------------------------------


def _told(field: Field, cells: list[_Cell]) -> list[tuple[Side, Told]]:
    return [(side, _doubted(side, reading, field.normal(reading, side))) for side, reading in cells if reading.known]


def _doubted(side: Side, reading: Reading[Any], told: Told) -> Told:
    """What a damaged task file does not state may have stood in the part that is lost: nothing is compared with it."""
    return told if reading.stated or not _is_damaged(side.record) else replace(told, comparable=False)


def _is_damaged(record: TaskRecord) -> bool:
    return record.store is Store.XML and not record.complete


def _is_cut(side: Side, told: Told, other: Told) -> bool:
    """Whether the text of a damaged file may be the beginning of what the other says."""
    if not _is_damaged(side.record):
        return False
    whole = [text for text in other.keys if isinstance(text, str)]
    return any(text.startswith(key) for key in told.keys if isinstance(key, str) for text in whole)


def _verdict(field: Field, told: list[tuple[Side, Told]], unreadable: bool = False) -> Verdict:
    if len(told) < 2:
        return Verdict.UNCOMPARABLE if told and unreadable else Verdict.ONE
    found = {_pair(field, *pair) for pair in combinations(told, 2)}
    if Verdict.DIFFERS in found:
        return Verdict.DIFFERS if field.weighs else Verdict.UNCOMPARABLE
    return Verdict.UNCOMPARABLE if Verdict.UNCOMPARABLE in found or unreadable else Verdict.AGREES


def _pair(field: Field, one: tuple[Side, Told], other: tuple[Side, Told]) -> Verdict:
    (side, first), (other_side, second) = one, other
    if first.agrees(second):
        return Verdict.AGREES
    if field.normal is normalise.trigger_user and (first == normalise.ANY_USER) != (second == normalise.ANY_USER):
        return Verdict.DIFFERS  # somebody, whoever it is, against anybody
    if first.cannot_be(second):
        return Verdict.DIFFERS
    listed = Store.SCHEDULER in (side.record.store, other_side.record.store)
    if _is_cut(side, first, second) or _is_cut(other_side, second, first):
        return Verdict.UNCOMPARABLE
    if not first.comparable or not second.comparable or (listed and (first.resource or second.resource)):
        return Verdict.UNCOMPARABLE
    if field.part and not all(_is_whole(lacking) for lacking in (side, other_side) if lacking.part is None):
        return Verdict.UNCOMPARABLE
    return Verdict.DIFFERS


def _is_whole(side: Side) -> bool:
    """Whether a store that has no such trigger or action would have told it: it was read whole, and a listing shows all.

    A listing that somebody brought may leave out all but the first; the scheduler asked itself leaves out nothing.
    """
    return side.record.complete and (side.record.store is not Store.SCHEDULER or side.record.keeping.basis.value != "listing")


def _row(field: Field, name: str, cells: list[_Cell], host: Host) -> Row:
    told = _told(field, cells)
    unreadable = any(reading.state is State.UNREADABLE for _, reading in cells)
    verdict = _verdict(field, told, unreadable)
    words = {side.record.store: answer.shown for side, answer in told}
    if field.expected:
        words |= {side.record.store: "missing" for side, reading in cells if reading.state is State.NOT_STATED}
    shown = tuple((side.record.store, words.get(side.record.store, normalise.shown_unread(reading))) for side, reading in cells)
    runs, why = _runs(field, [side.record.store for side, _ in told], host) if verdict is Verdict.DIFFERS else (None, "")
    label = field.label if not field.part else f"{int(name[name.index('[') + 1 : name.index(']')]) + 1} \u00b7 {field.label}"
    return Row(
        name, field.section, label, tuple((side.record.store, reading) for side, reading in cells), shown, verdict, runs, why
    )


# -- which telling Windows acts on ---------------------------------------------------------------------------------------


def _runs(field: Field, stores: list[Store], host: Host) -> tuple[Store | None, str]:
    """The store whose value Windows acts on, and why (Windows 7 checks the file's hash; 8 and later read no file)."""
    if field.section in ("Presence", "Storage"):
        return None, "This is what each store says of itself; none of it is acted on."
    build = host.build
    if build is not None and build < WINDOWS_8 and field.part == ACTION:
        if Store.XML not in stores:
            return None, "This Windows takes the actions from the XML file, which is not among these tellings."
        return Store.XML, (
            f"Build {build} (before Windows 8) keeps no actions in the registry: it takes them from the XML file, "
            "and refuses a file that does not match the Hash value."
        )
    if Store.REGISTRY not in stores:
        return None, "The registry, which Windows acts on, is not among these tellings."
    if field.section == "Registration":
        return Store.REGISTRY, "Nothing runs because of this value; Windows shows the registry's."
    if build is None:
        return Store.REGISTRY, (
            "Windows 8 and later act on the registry and do not read the XML file; the evidence does not tell the version "
            "of this Windows (Windows 7 takes actions, and actions alone, from the XML file)."
        )
    if build < WINDOWS_8:
        return Store.REGISTRY, f"Build {build} (before Windows 8) takes triggers, principal and settings from the registry."
    return (
        Store.REGISTRY,
        f"Windows of build {build} runs what the registry says; the XML file is a copy that it writes and does not read back.",
    )
