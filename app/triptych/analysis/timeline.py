"""What happened when: dates that stores state, times of files and keys, runs, and every event of the logs that concerns tasks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from triptych.analysis.acts import Act
from triptych.analysis.event_table import EventTable
from triptych.analysis.links import Links
from triptych.analysis.links_kept import tied
from triptych.analysis.links_stores import left
from triptych.analysis.timeline_events import told
from triptych.analysis.timeline_stores import stored
from triptych.analysis.touches import touch_of
from triptych.model.case import Case
from triptych.model.event import Event, Link, Moment
from triptych.model.paths import fold
from triptych.model.times import Zone

_MINUTE = 60 * 10_000_000
_STORES = -1  # row of a moment that no event tells


@dataclass(frozen=True, slots=True)
class _Entry:
    """A moment on its way into the timeline: `row` of the event table, `record` its number, `path` what a store's moment is about."""

    moment: Moment
    view: str
    path: str = ""
    row: int = _STORES
    record: int = 0


def moments(case: Case, table: EventTable | None = None) -> tuple[Moment, ...]:
    """Every moment that stores and logs tell, of other views too, sorted by time, source, record. Each moment once.

    A local time keeps its zone; for the order it is taken by the bias that the host states, as UTC where none is stated. Links
    name other moments by their place in this tuple, and lead from what was there first or caused something to what came of it.
    `table` are the events of the case, where somebody has put them together already.
    """
    bias = case.host.bias or 0
    entries = list(_of_stores(case))
    events = EventTable(case.events) if table is None else table
    found = tied(events)
    entries += _of_events(case, events, found.links, found.acts)
    ordered = sorted(entries, key=lambda entry: _order(entry, bias))
    return tuple(_linked(ordered, found.links))


def _of_stores(case: Case) -> Iterator[_Entry]:
    found: dict[tuple[object, ...], _Entry] = {}
    for moment, view, path in stored(case):
        found.setdefault((moment.time, moment.source, moment.kind, moment.text), _Entry(moment, view, path))
    yield from found.values()


def _of_events(case: Case, table: EventTable, linked: Links, acts: dict[int, tuple[Act, ...]]) -> Iterator[_Entry]:
    """Events that concern tasks, those that acts were read from, and those that a tie leads to; a record of two views once."""
    rows = sorted({*linked.rows, *linked.reached, *acts})
    spelled, by_guid = _names(case)
    running: set[tuple[object, ...]] = set()
    others: list[tuple[Event, int]] = []
    for row in rows:
        event = table[row]
        if event.view:
            others.append((event, row))
            continue
        running.add(_identity(event))
        yield _entry(event, row, acts.get(row, ()), spelled, by_guid)
    for event, row in others:
        if _identity(event) not in running:
            yield _entry(event, row, acts.get(row, ()), spelled, by_guid)


def _identity(event: Event) -> tuple[object, ...]:
    return (event.time.ticks, event.channel.casefold(), event.computer.casefold(), event.record_id, event.event_id)


def _names(case: Case) -> tuple[dict[str, str], dict[str, str]]:
    """How the tasks of the case spell their paths, by folded path and by GUID."""
    spelled = {fold(task.path): task.path for task in case.tasks}
    return spelled, {task.guid: task.path for task in case.tasks if task.guid}


def _entry(event: Event, row: int, acts: tuple[Act, ...], spelled: dict[str, str], by_guid: dict[str, str]) -> _Entry:
    touch = touch_of(event)
    path = event.task or (touch.task if touch else "") or next((act.task for act in acts if act.task and not act.host), "")
    task = spelled.get(fold(path), path) if path else by_guid.get(touch.guid) if touch else None
    text = told(event, task, touch, acts) + (f" (in {event.view})" if event.view else "")
    refs = tuple(dict.fromkeys((event.ref, *(ref for act in acts for ref in act.refs))))
    precision = "100ns" if event.time.digits else "seconds"
    who = event.account or (event.user if event.lane == "powershell" else "")  # the scheduler and others write as SYSTEM
    moment = Moment(event.time, event.lane, event.kind, task, text, refs, who or None, precision)
    return _Entry(moment, event.view, row=row, record=event.record_id)


def _linked(ordered: list[_Entry], linked: Links) -> Iterator[Moment]:
    """The moments with their links, which name places in this order."""
    places = {entry.row: place for place, entry in enumerate(ordered) if entry.row != _STORES}
    found: dict[int, dict[int, str]] = defaultdict(dict)
    for tie in linked.ties:
        if tie.cause in places and tie.effect in places:
            found[places[tie.cause]].setdefault(places[tie.effect], tie.why)
    events = ((place, entry.moment, entry.view) for place, entry in enumerate(ordered) if entry.row != _STORES)
    stores = [(place, entry.moment, entry.view, entry.path) for place, entry in enumerate(ordered) if entry.row == _STORES]
    for one in left(events, stores):
        found[one.event].setdefault(one.store, one.why)
    for place, entry in enumerate(ordered):
        if place in found:
            yield replace(entry.moment, links=tuple(Link(to, why) for to, why in sorted(found[place].items())))
        else:
            yield entry.moment


def _order(entry: _Entry, bias: int) -> tuple[int, str, int, str, str, str, str]:
    moment = entry.moment
    ticks = moment.time.ticks + (bias * _MINUTE if moment.time.zone is Zone.LOCAL else 0)
    task = moment.task or ""
    return (ticks, moment.source, entry.record, moment.kind, task.casefold(), task, f"{moment.text}\x1f{moment.refs[:1]}")
