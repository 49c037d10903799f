"""Which process and which logon a number meant at a moment: numbers are used again, so time and the starts of Windows bound them.

A million logons and processes may stand beside a few events of tasks; they are looked up in columns, and no event is made of them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import TYPE_CHECKING

from triptych.analysis.columns import np
from triptych.analysis.event_table import EventTable, Rows
from triptych.model.event import Event
from triptych.model.times import TICKS_A_DAY, TICKS_A_SECOND

if TYPE_CHECKING:
    from numpy.typing import NDArray

NONE = -1
SECURITY, SYSMON = "security", "sysmon"
_STARTED = ("log-started", "audit-started", "system-started")  # 6005 of System, 4608 of Security, 12 of Kernel-General
_ONE_START = 300 * TICKS_A_SECOND  # so long a start takes from the first of them to the last
_WITHOUT_STARTS = 2 * TICKS_A_DAY  # where no log tells of a start, a number is trusted no longer than that


def row_of(table: EventTable, event: Event) -> int:
    """The row of an event of the table, NONE for one that is not of it."""
    if not len(table):
        return NONE
    ticks, span = table.columns["ticks"], event.ref.spans[0]
    first, last = (int(np.searchsorted(ticks, event.time.ticks, side)) for side in ("left", "right"))
    for place in np.flatnonzero(table.columns["offsets"][first:last] == span.offset):
        row = first + int(place)
        if table.sources[int(table.columns["blocks"][row])][0] == span.file:
            return row
    return NONE


class ByKey:
    """Rows by host and value; asked for the last one before a row, or for the nearest one."""

    def __init__(self, rows: Rows, hosts: NDArray[np.int64], values: NDArray[np.int64], size: int) -> None:
        self._size = max(size, 1)
        self._values, places = np.unique(values, return_inverse=True)
        keys = (hosts * max(len(self._values), 1) + places) * self._size + rows
        self._keys = np.sort(keys.astype(np.int64))

    def _place(self, host: int, value: int, row: int) -> tuple[int, int]:
        """The key of host and value, and where the row would stand among the keys; NONE for a value that nobody has."""
        at = int(np.searchsorted(self._values, value))
        if at == len(self._values) or int(self._values[at]) != value:
            return NONE, 0
        key = host * len(self._values) + at
        return key, int(np.searchsorted(self._keys, key * self._size + row))

    def before(self, host: int, value: int, row: int) -> int:
        """The last row before this one, NONE where there is none."""
        key, at = self._place(host, value, row)
        return self._row(key, at - 1)

    def after(self, host: int, value: int, row: int) -> int:
        """The first row after this one, NONE where there is none."""
        key, at = self._place(host, value, row + 1)
        return self._row(key, at)

    def around(self, host: int, value: int, row: int) -> tuple[int, ...]:
        """The rows next before and next after this one."""
        return tuple(found for found in (self.before(host, value, row), self.after(host, value, row)) if found != NONE)

    def _row(self, key: int, at: int) -> int:
        if key == NONE or not 0 <= at < len(self._keys):
            return NONE
        found, row = divmod(int(self._keys[at]), self._size)
        return row if found == key else NONE


class Lookup:
    """Hosts, starts, processes and logons of a table. A host is a computer of a view; `WS-1` and `ws-1.corp.example` are one."""

    def __init__(self, table: EventTable) -> None:
        self.table = table
        self.size = len(table)
        self.ticks = table.columns["ticks"] if self.size else np.zeros(0, np.int64)
        self.hosts = _hosts(table)
        self._starts = self._boots()
        self.process_kinds = self._kinds("process-created", SECURITY, SYSMON)
        self.processes = {lane: self._by("pids", numbers) for lane, numbers in self.process_kinds.items()}
        self.children = {lane: self._by("parents", numbers) for lane, numbers in self.process_kinds.items()}
        self.logons = {lane: self._by("logon_id", numbers) for lane, numbers in self._kinds("logon", SECURITY).items()}
        self.deletions = {lane: self._by("pids", numbers) for lane, numbers in self._kinds("object-deleted", SECURITY).items()}
        self._numbers: dict[str, int] = {}

    def _kinds(self, kind: str, *lanes: str) -> dict[str, list[int]]:
        """By lane the rows of the table of kinds that are of this kind."""
        found: dict[str, list[int]] = {}
        for number, row in enumerate(self.table.table):
            if row[4] == kind and row[3] in lanes:
                found.setdefault(row[3], []).append(number)
        return dict(sorted(found.items()))

    def rows_of(self, numbers: Iterable[int]) -> Rows:
        """The rows of these kinds (numbers of rows of the table of kinds)."""
        if not self.size:
            return np.zeros(0, np.int64)
        return np.flatnonzero(np.isin(self.table.columns["kinds"], list(numbers))).astype(np.int64)

    def _by(self, column: str, numbers: list[int]) -> ByKey:
        """An index of the rows that have a value in a column."""
        rows = self.rows_of(numbers)
        values = self.table.columns[column][rows].astype(np.int64)
        held = values != (0 if column == "logon_id" else -1)
        return ByKey(rows[held], self.hosts[rows[held]], values[held], self.size)

    def is_process(self, row: int) -> bool:
        """Whether a row tells of the creation of a process."""
        kind = self.table.table[int(self.table.columns["kinds"][row])]
        return kind[4] == "process-created" and kind[3] in (SECURITY, SYSMON)

    def lane(self, row: int) -> str:
        return self.table.table[int(self.table.columns["kinds"][row])][3]

    def text_number(self, text: str) -> int:
        """The number of a text in the table, NONE for one that no event has."""
        if not self._numbers:
            self._numbers = {text: number for number, text in enumerate(self.table.strings)}
        return self._numbers.get(text, NONE)

    def _boots(self) -> dict[int, list[int]]:
        """When each host was started; the events that tell of one start come soon after each other, and none of them twice."""
        found: dict[int, list[int]] = {}
        told: dict[int, set[int]] = {}
        for row in self.table.rows(*_STARTED):
            host, number, tick = int(self.hosts[row]), int(self.table.columns["event_id"][row]), int(self.ticks[row])
            starts, seen = found.setdefault(host, []), told.setdefault(host, set())
            if not starts or number in seen or tick - starts[-1] > _ONE_START:
                starts.append(tick)
                seen.clear()
            seen.add(number)
        return found

    def one_start(self, earlier: int, later: int) -> bool:
        """Whether Windows was not started anew between two rows of a host, as far as the logs tell."""
        starts = self._starts.get(int(self.hosts[later]), [])
        first, last = int(self.ticks[earlier]), int(self.ticks[later])
        if not starts or first < starts[0] - TICKS_A_DAY:
            return last - first <= _WITHOUT_STARTS
        # a process of the start itself may be told a moment before the event that tells of the start
        return bisect_right(starts, last) == bisect_right(starts, first + TICKS_A_SECOND)


def _hosts(table: EventTable) -> NDArray[np.int64]:
    """For each row the number of its host."""
    if not len(table):
        return np.zeros(0, np.int64)
    names: dict[str, int] = {}
    views = sorted({view for _, view in table.sources})
    view_of = np.array([views.index(view) for _, view in table.sources], np.int64)[table.columns["blocks"]]
    computers = np.unique(table.columns["computer"])
    plain = {int(number): table.strings[int(number)].partition(".")[0].casefold() for number in computers}
    computer_of = np.zeros(len(table.strings), np.int64)
    for number, name in plain.items():
        computer_of[number] = names.setdefault(name, len(names))
    hosts: NDArray[np.int64] = view_of * max(len(names), 1) + computer_of[table.columns["computer"]]
    return hosts
