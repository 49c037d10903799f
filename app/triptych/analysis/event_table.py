"""All kept events of a case as one table of columns in the order of time; an event is made of a row when it is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from triptych.model.event import TEXTS, Event, EventBlock
from triptych.model.evidence import EventPlace, EvidenceRef, ListingPlace, Span
from triptych.model.times import Instant

Rows: TypeAlias = NDArray[np.int64]
_NUMBERS = (
    ("ticks", "<i8"), ("numbers", "<i8"), ("offsets", "<i8"), ("lengths", "<i4"),
    ("pids", "<i8"), ("parents", "<i8"), ("flags", "u1"),
)  # fmt: skip


class EventTable:
    """Columns of equal length, sorted by time, channel, record id and place; a record that several files hold stands once.

    `columns` holds `ticks`, `numbers` (EventRecordID), `offsets`, `lengths`, `pids`, `parents` (-1: none), `flags`, `kinds` (rows
    of `table`), `event_id`, `blocks` (rows of `sources`: file, view), `lines` (0: no listing), and for each name of TEXTS numbers
    into `strings`, whose first is "". A row number means the same as long as the table lives.
    """

    def __init__(self, blocks: Iterable[EventBlock] = ()) -> None:
        held = tuple(block for block in blocks if block.rows)
        numbers: dict[str, int] = {"": 0}
        kinds: dict[tuple[str, int, int, str, str, str], int] = {}
        parts: dict[str, list[NDArray[np.int64]]] = {}
        for at, block in enumerate(held):
            for name, column in _of_block(block, at, numbers, kinds):
                parts.setdefault(name, []).append(column)
        self.sources = tuple((block.file, block.view) for block in held)
        self.strings = tuple(numbers)
        self.table = tuple(kinds)
        whole = {name: np.concatenate(columns) for name, columns in parts.items()}
        self.columns = {name: column[rows] for rows in _ordered(whole, self) for name, column in whole.items()}

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
        return (self._event(int(row)) for row in self.rows(*kinds))

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


def _of_block(
    block: EventBlock, at: int, numbers: dict[str, int], kinds: dict[tuple[str, int, int, str, str, str], int]
) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """The columns of a block with the numbers of the whole table."""
    strings = np.array([numbers.setdefault(text, len(numbers)) for text in block.strings], np.int32)
    rows = np.array([kinds.setdefault(row, len(kinds)) for row in block.table], np.int32)
    own = np.frombuffer(block.kinds, "<u2")
    for name, form in _NUMBERS:
        yield name, np.frombuffer(getattr(block, name), form)
    yield "kinds", rows[own]
    yield "event_id", np.array([row[1] for row in block.table], np.int32)[own]
    yield "blocks", np.full(block.rows, at, np.int32)
    yield "lines", np.frombuffer(block.lines, "<i4") if block.lines else np.zeros(block.rows, np.int32)
    for name, column in zip(TEXTS, block.texts, strict=True):
        yield name, strings[np.frombuffer(column, "<i4")]


def _ordered(columns: dict[str, NDArray[np.int64]], table: EventTable) -> Iterator[Rows]:
    """The rows in the order of time, without those that repeat a record; nothing where there are no columns."""
    if not columns:
        return
    channels = _ranks(table.strings)[columns["channel"]]
    files = _ranks(tuple(file for file, _ in table.sources))[columns["blocks"]]
    views = _ranks(tuple(view for _, view in table.sources))[columns["blocks"]]
    order = np.lexsort((columns["offsets"], files, columns["numbers"], channels, columns["ticks"]))
    keys = [views, channels, _ranks(table.strings)[columns["computer"]], columns["event_id"], columns["numbers"], columns["ticks"]]
    grouped = np.lexsort([key[order] for key in keys])  # stable: of equal keys the first in the order of time and place
    ordered = [key[order][grouped] for key in keys]
    first = np.ones(len(order), bool)
    first[1:] = np.logical_or.reduce([key[1:] != key[:-1] for key in ordered])
    yield order[np.sort(grouped[first])].astype(np.int64)


def _ranks(texts: tuple[str, ...]) -> NDArray[np.int64]:
    """For each text its place in the order of all, in case folded form: equal for texts that differ in case alone."""
    folded = [text.casefold() for text in texts]
    places = {text: place for place, text in enumerate(sorted(set(folded)))}
    return np.array([places[text] for text in folded], np.int64)
