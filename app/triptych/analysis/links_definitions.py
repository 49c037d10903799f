"""From a definition in an event to the process that its command became, where no event of the scheduler names the process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from triptych.analysis.columns import np
from triptych.analysis.event_table import Rows
from triptych.analysis.links_commands import actions_in, command_key, leaf, line_key
from triptych.analysis.links_lines import SECURITY, Line, Tie, apart
from triptych.analysis.links_lookup import NONE, ByKey, Lookup
from triptych.model.times import TICKS_A_DAY, TICKS_A_SECOND

_BLIND = 120 * TICKS_A_SECOND  # where no command line was logged, a process of the right name counts no longer than that
_TRIES = 8  # processes of one command that are looked at after a registration
_SERVICES = frozenset(("svchost", "taskeng", "taskhost", "taskhostw", "taskhostex"))
_TOLD = frozenset(("registered", "updated", "enabled"))


class Commands:
    """Processes by what they were started with."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._index: dict[str, ByKey] | None = None
        self._numbers: dict[str, int] = {}

    def ties(self, lines: Iterable[Line]) -> Iterator[Tie]:
        """For each definition the first process after it that the scheduler started with its command, before it changed again."""
        told = [line for line in lines if line.lane == SECURITY and line.task and (line.kind in _TOLD or line.kind == "deleted")]
        following: dict[tuple[int, str], Line] = {}
        found: list[Tie] = []
        for line in reversed(told):
            if line.kind != "deleted":
                found += self._of(line, following.get((line.host, line.task)))
            following[line.host, line.task] = line
        yield from reversed(found)

    def _of(self, line: Line, following: Line | None) -> Iterator[Tie]:
        table = self._lookup.table
        content = table.text("content", line.row)
        until = line.tick + TICKS_A_DAY
        if following is not None:  # a run goes on for a moment after the task was deleted or changed
            until = min(until, following.tick + TICKS_A_SECOND)
        for command, arguments in actions_in(content):
            for index in self._indexes().values():
                yield from self._first(index, line, command_key(command, arguments), until, "with the command of this definition")
                blind = f"?{leaf(command)}"
                words = "of the program of this definition; its command line was not logged"
                yield from self._first(index, line, blind, min(until, line.tick + _BLIND), words)

    def _first(self, index: ByKey, line: Line, key: str, until: int, words: str) -> Iterator[Tie]:
        number, row = self._numbers.get(key), line.row
        if number is None:
            return
        for _ in range(_TRIES):
            row = index.after(line.host, number, row)
            if row == NONE or int(self._lookup.ticks[row]) > until:
                return
            if self._by_the_service(row):
                away = apart(int(self._lookup.ticks[row]) - line.tick)
                yield Tie(line.row, row, "definition", f"a process {words}, {away} later{self._parent_words(row)}")
                return

    def _parent(self, row: int) -> str:
        event = self._lookup.table[row]
        return event.get("ParentProcessName") or event.get("ParentImage")

    def _by_the_service(self, row: int) -> bool:
        parent = leaf(self._parent(row))
        return not parent or parent in _SERVICES

    def _parent_words(self, row: int) -> str:
        parent = self._parent(row)
        return f", started by {parent}" if parent else ""

    def _indexes(self) -> dict[str, ByKey]:
        """Made at the first question: most evidence has no definition in its logs."""
        if self._index is None:
            lookup, table = self._lookup, self._lookup.table
            self._index = {}
            for lane, numbers in lookup.process_kinds.items():
                rows = lookup.rows_of(numbers)
                commands, processes = table.columns["command"][rows], table.columns["process"][rows]
                values = self._values(commands, line_key)
                blind = self._values(processes, lambda text: f"?{leaf(text)}")
                values = np.where(commands == 0, blind, values)
                self._index[lane] = ByKey(rows, lookup.hosts[rows], values, lookup.size)
        return self._index

    def _values(self, column: Rows, key: Callable[[str], str]) -> Rows:
        """For each row the number of its key; each text is cut into its parts once."""
        texts, places = np.unique(column, return_inverse=True)
        strings, numbers = self._lookup.table.strings, self._numbers
        made = [numbers.setdefault(key(strings[int(text)]), len(numbers)) for text in texts]
        return np.array(made, np.int64)[places] if made else np.zeros(0, np.int64)
