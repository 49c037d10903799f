"""Whose logs they are: a folder may hold the logs of two computers, and a computer may have borne another name before."""

from __future__ import annotations

from triptych.analysis.columns import np
from triptych.analysis.event_table import Rows
from triptych.rules.lives import plain_name
from triptych.rules.lookups import once
from triptych.rules.rule import Context


def own_name(context: Context) -> str:
    """The name of the computer that the registry is of, "" where the evidence does not tell."""
    return netbios(context.case.host.get("name").value or "")


def netbios(computer: str) -> str:
    """A computer's name as SYSTEM keeps it: without its domain, and of a long one the first 15 letters."""
    return plain_name(computer)[:15]


def computers(context: Context, rows: Rows | list[int]) -> set[str]:
    """The computers that these rows are of, as the events spell them."""
    table = context.events
    return {table.strings[int(number)] for number in np.unique(table.columns["computer"][rows])} - {""}


def foreign_files(context: Context) -> frozenset[str]:
    """Logs of other computers: none of their events is of the registry's own, of which there are other logs.

    Where no log at all bears the own name, the computer was renamed or the logs are foreign: that cannot be told apart.
    """
    return once(context, "logs of other computers", lambda: _foreign_files(context))


def _foreign_files(context: Context) -> frozenset[str]:
    own, table = own_name(context), context.events
    if not own or not table.columns:
        return frozenset()
    size = max(len(table.strings), 1)
    pairs = np.unique(table.columns["blocks"].astype(np.int64) * size + table.columns["computer"])
    by_file: dict[str, set[str]] = {}
    for pair in pairs:
        block, computer = divmod(int(pair), size)
        by_file.setdefault(table.sources[block][0], set()).add(netbios(table.strings[computer]))
    if not any(own in names for names in by_file.values()):
        return frozenset()
    return frozenset(file for file, names in by_file.items() if own not in names and "" not in names)
