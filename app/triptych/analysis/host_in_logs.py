"""What event logs say of the machine whose they are, for evidence that has no hive to ask."""

from __future__ import annotations

from collections.abc import Iterator

from triptych.analysis.columns import np
from triptych.analysis.event_table import EventTable
from triptych.model.case import Case, Fact
from triptych.model.evidence import stated

_FORWARDED = "forwardedevents"


def facts(case: Case, table: EventTable) -> Iterator[Fact]:
    """Name and domain, where nothing else names the host and the newest event of every channel is of one computer.

    Each record bears the name that its computer had then: older ones of a renamed machine say another. Forwarded events are of
    other computers.
    """
    if not table.columns or case.host.all("name") or case.host.all("listing-host"):
        return
    newest = list(_newest(table))
    names = {table.text("computer", row).partition(".")[0].casefold() for row in newest}
    if len(names) != 1 or not names.isdisjoint(("", "localhost")):
        return
    event = table[max(newest)]
    name, _, domain = (event.computer or "").partition(".")
    for fact, value in (("name", name), ("domain", domain)):
        if value:
            yield Fact(fact, "", stated(value, event.ref))


def _newest(table: EventTable) -> Iterator[int]:
    """The last row of each channel that stands in a log; rows are in the order of time."""
    kinds = table.columns["kinds"]
    of_log = table.columns["lines"] == 0
    channels: dict[str, list[int]] = {}
    for number, row in enumerate(table.table):
        if row[0].casefold() != _FORWARDED:
            channels.setdefault(row[0].casefold(), []).append(number)
    for numbers in channels.values():
        rows = np.flatnonzero(np.isin(kinds, numbers) & of_log)
        if len(rows):
            yield int(rows[-1])
