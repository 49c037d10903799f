"""All kept events of a case as one table of columns in the order of time; an event is made of a row when it is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

from triptych.analysis.columns import np
from triptych.model.event import TEXTS, Event, EventBlock
from triptych.model.evidence import EventPlace, EvidenceRef, ListingPlace, Span
from triptych.model.times import Instant

if TYPE_CHECKING:
    from numpy.typing import NDArray

Kind = tuple[str, int, int, str, str, str]
Rows: TypeAlias = "NDArray[np.int64]"
_NUMBERS = (
    ("ticks", "<i8"), ("numbers", "<i8"), ("offsets", "<i8"), ("lengths", "<i4"),
    ("pids", "<i8"), ("parents", "<i8"), ("flags", "u1"),
)  # fmt: skip


class EventTable:
    """Columns of equal length, sorted by time, channel, record id and place; a record that several files hold stands once.

    `columns` holds `ticks`, `numbers` (EventRecordID), `offsets`, `lengths`, `pids`, `parents` (-1: none), `flags`, `kinds` (rows
    of `table`), `event_id`, `blocks` (rows of `sources`: file, view), `lines` (0: no listing), and for each name of TEXTS numbers
    into `strings`, whose first is "". A row number means the same as long as the table lives. A table made with the one `before`
    it takes over what was merged of their common blocks, and numbers their strings alike.
    """

    def __init__(self, blocks: Iterable[EventBlock] = (), before: EventTable | None = None) -> None:
        held = tuple(block for block in blocks if block.rows)
        self._merged: _Merged = before._merged if before is not None else _Merged()
        parts: dict[str, list[NDArray[Any]]] = {}
        for at, block in enumerate(held):
            for name, column in self._merged.columns(block, at):
                parts.setdefault(name, []).append(column)
        self.sources = tuple((block.file, block.view) for block in held)
        self.strings = self._merged.strings()
        self.table = tuple(self._merged.kinds)
        whole = {name: np.concatenate(parts.pop(name)) for name in list(parts)}
        self.columns = {name: whole.pop(name)[rows] for rows in _ordered(whole, self) for name in list(whole)}

    def __len__(self) -> int:
        return len(self.columns["ticks"]) if self.columns else 0

    def __getitem__(self, row: int) -> Event:
        return self._event(row)

    def __iter__(self) -> Iterator[Event]:
        return (self._event(row) for row in range(len(self)))

    def rows(self, *kinds: str) -> Rows:
        """The numbers of all rows of these kinds, in order."""
        if not self.columns:
            return np.zeros(0, np.int64)
        wanted = [number for number, row in enumerate(self.table) if row[4] in kinds]
        return np.flatnonzero(np.isin(self.columns["kinds"], wanted)).astype(np.int64)

    def of(self, *kinds: str) -> Iterator[Event]:
        """All events of these kinds in the order of time."""
        return (self._event(int(row)) for row in self.rows(*kinds)) if self.columns else iter(())

    def where(self, name: str, *texts: str) -> Rows:
        """The rows whose text of that name (one of TEXTS) is one of these, without regard to case."""
        if not self.columns:
            return np.zeros(0, np.int64)
        wanted = [number for text in texts for number in self._folded().get(text.casefold(), ())]
        return np.flatnonzero(np.isin(self.columns[name], wanted)).astype(np.int64)

    @lru_cache(maxsize=1)  # noqa: B019 - one table lives as long as its case
    def _folded(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for number, text in enumerate(self.strings):
            found.setdefault(text.casefold(), []).append(number)
        return found

    def text(self, name: str, row: int) -> str:
        return self.strings[int(self.columns[name][row])]

    def _event(self, row: int) -> Event:
        columns = self.columns
        texts = {name: self.strings[int(columns[name][row])] for name in TEXTS}
        channel, event_id, version, lane, kind, words = self.table[int(columns["kinds"][row])]
        file, view = self.sources[int(columns["blocks"][row])]
        record, line = int(columns["numbers"][row]) & 0xFFFFFFFFFFFFFFFF, int(columns["lines"][row])
        place = ListingPlace(line) if line else EventPlace(channel, record)
        pid, parent = int(columns["pids"][row]), int(columns["parents"][row])
        data = tuple((str(name), str(value)) for name, value in json.loads(texts["data"])) if texts["data"] else ()
        return Event(
            Instant(int(columns["ticks"][row])), channel, event_id, record, lane, kind, words,
            EvidenceRef(place, (Span(file, int(columns["offsets"][row]), int(columns["lengths"][row])),)),
            task=texts["task"] or None, account=texts["account"], process=texts["process"], command=texts["command"],
            process_id=None if pid == -1 else pid, parent_id=None if parent == -1 else parent, logon_id=texts["logon_id"],
            instance_id=texts["instance_id"], result=texts["result"], content=texts["content"], provider=texts["provider"],
            computer=texts["computer"], user=texts["user"], version=None if version < 0 else version, data=data,
            recovered=bool(columns["flags"][row]), note=texts["note"], view=view,
        )  # fmt: skip


class _Merged:
    """The strings and kinds of all blocks that were seen, each once; a block that comes again costs nothing."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {"": 0}
        self.kinds: dict[Kind, int] = {}
        self._seen: dict[int, tuple[EventBlock, NDArray[np.int32], NDArray[np.int32]]] = {}  # by identity, which the block keeps
        self._strings: tuple[str, ...] = ("",)

    def strings(self) -> tuple[str, ...]:
        """All strings so far, in the order of their numbers."""
        if len(self._strings) < len(self._numbers):
            self._strings += tuple(islice(self._numbers, len(self._strings), None))
        return self._strings

    def columns(self, block: EventBlock, at: int) -> Iterator[tuple[str, NDArray[Any]]]:
        """The columns of a block with the numbers of the whole table."""
        _, strings, kinds = self._of(block)
        own = np.frombuffer(block.kinds, "<u2")
        for name, form in _NUMBERS:
            yield name, np.frombuffer(getattr(block, name), form)
        yield "kinds", kinds[own]
        yield "event_id", np.array([row[1] for row in block.table], np.int32)[own]
        yield "blocks", np.full(block.rows, at, np.int32)
        yield "lines", np.frombuffer(block.lines, "<i4") if block.lines else np.zeros(block.rows, np.int32)
        for name, column in zip(TEXTS, block.texts, strict=True):
            yield name, strings[np.frombuffer(column, "<i4")]

    def _of(self, block: EventBlock) -> tuple[EventBlock, NDArray[np.int32], NDArray[np.int32]]:
        known = self._seen.get(id(block))
        if known is None:
            numbers, kinds = self._numbers, self.kinds
            strings = np.array([numbers.setdefault(text, len(numbers)) for text in block.strings], np.int32)
            rows = np.array([kinds.setdefault(row, len(kinds)) for row in block.table], np.int32)
            known = self._seen[id(block)] = (block, strings, rows)
        return known


def _ordered(columns: dict[str, NDArray[Any]], table: EventTable) -> Iterator[Rows]:
    """The rows in the order of time, without those that repeat a record; nothing where there are no columns."""
    if not columns:
        return
    channels = _ranks(table.strings, columns["channel"])
    files = _ranks(tuple(file for file, _ in table.sources), columns["blocks"])
    order = np.lexsort((columns["offsets"], files, columns["numbers"], channels, columns["ticks"]))
    doubtful = np.zeros(len(order), bool)  # rows beside one of the same time, channel and number
    same = np.logical_and.reduce(
        [(key := whole[order])[1:] == key[:-1] for whole in (columns["ticks"], channels, columns["numbers"])]
    )
    doubtful[1:] |= same
    doubtful[:-1] |= same
    few = order[doubtful]
    views = _ranks(tuple(view for _, view in table.sources), columns["blocks"])[few]
    computers = _ranks(table.strings, columns["computer"])[few]
    keys = [views, channels[few], computers, *(columns[name][few] for name in ("event_id", "numbers", "ticks"))]
    grouped = np.lexsort(keys)  # stable: of equal keys the first in the order of time and place
    ordered = [key[grouped] for key in keys]
    again = np.zeros(len(few), bool)
    again[1:] = np.logical_and.reduce([key[1:] == key[:-1] for key in ordered])
    kept = np.ones(len(order), bool)
    kept[np.flatnonzero(doubtful)[grouped[again]]] = False
    yield order[kept].astype(np.int64)


def _ranks(texts: Sequence[str], column: NDArray[np.int32]) -> NDArray[np.int32]:
    """For each number of a column the place of its text among those used, in case folded form: equal where only case differs."""
    used = np.flatnonzero(np.bincount(column, minlength=len(texts)))
    folded = {int(number): texts[int(number)].casefold() for number in used}
    places = {text: place for place, text in enumerate(sorted(set(folded.values())))}
    ranks = np.zeros(len(texts), np.int32)
    for number, text in folded.items():
        ranks[number] = places[text]
    return ranks[column]
