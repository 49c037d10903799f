"""The ties between the events of a table, worked out once for the timeline and for the rules, and kept as long as it lives."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from triptych.analysis.acts import Act, acts_of
from triptych.analysis.event_table import EventTable
from triptych.analysis.links import Links, links
from triptych.analysis.links_lookup import row_of


@dataclass(frozen=True, slots=True)
class Tied:
    """`acts` are what command lines and scripts of every view did, by the row of the event that tells it; listing is no act."""

    acts: dict[int, tuple[Act, ...]]
    links: Links


def tied(table: EventTable) -> Tied:
    """The acts and ties of a table."""
    if table not in _KEPT:
        acts = _acts(table)
        _KEPT[table] = Tied(acts, links(table, ((row, act) for row, held in acts.items() for act in held)))
    return _KEPT[table]


_KEPT: WeakKeyDictionary[EventTable, Tied] = WeakKeyDictionary()


def _acts(table: EventTable) -> dict[int, tuple[Act, ...]]:
    found: dict[int, list[Act]] = defaultdict(list)
    for view in sorted({view for _, view in table.sources}):
        for act in acts_of(table, view):
            if act.verb != "query" and (row := row_of(table, act.event)) >= 0:
                found[row].append(act)
    return {row: tuple(held) for row, held in found.items()}
