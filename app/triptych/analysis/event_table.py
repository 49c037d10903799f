"""All kept events of a case as one table of columns in the order of time; an event is made of a row when it is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias
from weakref import WeakSet

from triptych.analysis.columns import np
from triptych.model.event import TEXTS, Event, EventBlock
from triptych.model.evidence import EventPlace, EvidenceRef, ListingPlace
from triptych.model.times import Instant, Zone

if TYPE_CHECKING:
    from numpy.typing import NDArray

Kind = tuple[str, int, int, str, str, str]
Rows: TypeAlias = "NDArray[np.int64]"
_NUMBERS = (
    ("ticks", "<i8"), ("numbers", "<i8"), ("offsets", "<i8"), ("lengths", "<i4"),
    ("pids", "<i8"), ("parents", "<i8"), ("flags", "u1"),
)  # fmt: skip
_COLUMNS = (*(name for name, _ in _NUMBERS), "kinds", "event_id", "blocks", "lines", *TEXTS)
_WIDE = frozenset(("ticks", "flags"))  # are as they come
_WIDTHS = ((0, 0xFFFF, "<u2"), (-(1 << 31), (1 << 31) - 1, "<i4"))  # the narrowest into which all of a column fit is taken


class EventTable:
    """Columns of equal length, sorted by time, channel, record id and place; a record that several files hold stands once.

    `columns` holds `ticks`, `numbers` (EventRecordID), `offsets`, `lengths`, `pids`, `parents` (-1: none), `flags`, `kinds` (rows
    of `table`), `event_id`, `blocks` (rows of `sources`: file, view), `lines` (0: no listing), and for each name of TEXTS numbers
    into `strings`, whose first is "". A row number means the same as long as the table lives. A table made with the one `before`
    it takes over what was merged of their common blocks, and numbers their strings alike. A table of the very blocks of another
    that is still there shares its columns, which nobody changes: a scan and the window that shows it hold a million events once.
    """

    _living: ClassVar[WeakSet[EventTable]] = WeakSet()
    strings: tuple[str, ...]
    table: tuple[Kind, ...]
    columns: dict[str, NDArray[Any]]

    def __init__(self, blocks: Iterable[EventBlock] = (), before: EventTable | None = None) -> None:
        self._held = tuple(block for block in blocks if block.rows)
        twin = next((table for table in tuple(self._living) if _are_same(table._held, self._held)), None)
        self._merged: _Merged = twin._merged if twin is not None else before._merged if before is not None else _Merged()
        self.sources = tuple((block.file, block.view) for block in self._held)
        self.strings = twin.strings if twin is not None else self._merged.taken(self._held)
        self.table = twin.table if twin is not None else tuple(self._merged.kinds)
        self.columns = twin.columns if twin is not None else self._made()
        self._living.add(self)

    def _made(self) -> dict[str, NDArray[Any]]:
        """All columns in the order of time, one after the other: what is on its way is one column, not all."""
        if not self._held:
            return {}
        order = _ordered(self)
        return {name: _taken(self.whole(name), order) for name in _COLUMNS}

    def whole(self, name: str) -> NDArray[Any]:
        """A column in the order of the blocks, not of time."""
        parts = [self._merged.column(block, at, name) for at, block in enumerate(self._held)]
        column = parts[0] if len(parts) == 1 else np.concatenate(parts)
        if name in _WIDE:
            return column
        low, high = column.min(), column.max()
        form = next((form for least, most, form in _WIDTHS if least <= low and high <= most), "<i8")
        if low == high:  # one value throughout (a channel, no listing, no note) takes no room
            return np.broadcast_to(low.astype(form), column.shape)
        return column.astype(form, copy=False)

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
        wanted = [number for text in texts for number in self._folded.get(text.casefold(), ())]
        return np.flatnonzero(np.isin(self.columns[name], wanted)).astype(np.int64)

    @cached_property
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
        zone = Zone.LOCAL if columns["flags"][row] & 2 else Zone.UTC
        return Event(
            Instant(int(columns["ticks"][row]), zone), channel, event_id, record, lane, kind, words,
            EvidenceRef.to(place, file, int(columns["offsets"][row]), int(columns["lengths"][row])),
            task=texts["task"] or None, account=texts["account"], process=texts["process"], command=texts["command"],
            process_id=None if pid == -1 else pid, parent_id=None if parent == -1 else parent, logon_id=texts["logon_id"],
            instance_id=texts["instance_id"], result=texts["result"], content=texts["content"], provider=texts["provider"],
            computer=texts["computer"], user=texts["user"], version=None if version < 0 else version, data=data,
            recovered=bool(columns["flags"][row] & 1), note=texts["note"], view=view,
        )  # fmt: skip


class _Merged:
    """The strings and kinds of all blocks that were seen, each once; a block that comes again costs nothing."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {"": 0}
        self.kinds: dict[Kind, int] = {}
        self._seen: dict[int, tuple[EventBlock, NDArray[np.int32], NDArray[np.int32]]] = {}  # by identity, which the block keeps
        self._strings: tuple[str, ...] = ("",)

    def taken(self, blocks: Iterable[EventBlock]) -> tuple[str, ...]:
        """All strings of blocks so far and of these, in the order of their numbers."""
        for block in blocks:
            self._of(block)
        if len(self._strings) < len(self._numbers):
            self._strings += tuple(islice(self._numbers, len(self._strings), None))
        return self._strings

    def column(self, block: EventBlock, at: int, name: str) -> NDArray[Any]:
        """A column of a block with the numbers of the whole table."""
        _, strings, kinds = self._of(block)
        made: NDArray[Any]
        if name in _FORMS:
            made = np.frombuffer(getattr(block, name), _FORMS[name])
        elif name in _TEXT_AT:
            made = strings[np.frombuffer(block.texts[_TEXT_AT[name]], "<i4")]
        elif name == "kinds":
            made = kinds[np.frombuffer(block.kinds, "<u2")]
        elif name == "event_id":
            made = np.array([row[1] for row in block.table], np.int32)[np.frombuffer(block.kinds, "<u2")]
        elif name == "lines" and block.lines:
            made = np.frombuffer(block.lines, "<i4")
        else:
            made = np.broadcast_to(np.int32(at if name == "blocks" else 0), (block.rows,))
        return made

    def _of(self, block: EventBlock) -> tuple[EventBlock, NDArray[np.int32], NDArray[np.int32]]:
        known = self._seen.get(id(block))
        if known is None:
            numbers, kinds = self._numbers, self.kinds
            strings = np.array([numbers.setdefault(text, len(numbers)) for text in block.strings], np.int32)
            rows = np.array([kinds.setdefault(row, len(kinds)) for row in block.table], np.int32)
            known = self._seen[id(block)] = (block, strings, rows)
        return known


_FORMS = dict(_NUMBERS)
_TEXT_AT = {name: at for at, name in enumerate(TEXTS)}


def _taken(column: NDArray[Any], order: Rows | None) -> NDArray[Any]:
    """A column in an order, which may leave rows out."""
    if order is None:
        return column
    return column[: len(order)] if column.strides == (0,) else column[order]


def _are_same(some: tuple[EventBlock, ...], others: tuple[EventBlock, ...]) -> bool:
    return bool(some) and len(some) == len(others) and all(one is other for one, other in zip(some, others, strict=True))


def _ordered(table: EventTable) -> Rows | None:
    """The rows in the order of time, without those that repeat a record; None where they stand so already."""
    columns = {name: table.whole(name) for name in ("ticks", "numbers", "offsets", "blocks", "channel")}
    channels = _ranks(table.strings, columns.pop("channel"))
    files = _ranks(tuple(file for file, _ in table.sources), columns["blocks"])
    order = np.lexsort((columns.pop("offsets"), files, columns["numbers"], channels, columns["ticks"]))
    doubtful = np.zeros(len(order), bool)  # rows beside one of the same time, channel and number
    same = np.logical_and.reduce(
        [(key := whole[order])[1:] == key[:-1] for whole in (columns["ticks"], channels, columns["numbers"])]
    )
    doubtful[1:] |= same
    doubtful[:-1] |= same
    if not doubtful.any():
        return None if _is_in_order(order) else order.astype(np.int64, copy=False)
    few = order[doubtful]
    views = _ranks(tuple(view for _, view in table.sources), columns["blocks"])[few]
    computers = _ranks(table.strings, table.whole("computer"))[few]
    keys = [views, channels[few], computers, table.whole("event_id")[few], columns["numbers"][few], columns["ticks"][few]]
    grouped = np.lexsort(keys)  # stable: of equal keys the first in the order of time and place
    ordered = [key[grouped] for key in keys]
    again = np.zeros(len(few), bool)
    again[1:] = np.logical_and.reduce([key[1:] == key[:-1] for key in ordered])
    kept = np.ones(len(order), bool)
    kept[np.flatnonzero(doubtful)[grouped[again]]] = False
    return order[kept].astype(np.int64, copy=False)


def _is_in_order(order: Rows) -> bool:
    return bool(order[0] == 0 and np.all(np.diff(order) == 1))


def _ranks(texts: Sequence[str], column: NDArray[np.int32]) -> NDArray[np.int32]:
    """For each number of a column the place of its text among those used, in case folded form: equal where only case differs."""
    used = np.flatnonzero(np.bincount(column, minlength=len(texts)))
    folded = {int(number): texts[int(number)].casefold() for number in used}
    places = {text: place for place, text in enumerate(sorted(set(folded.values())))}
    ranks = np.zeros(len(texts), np.int32)
    for number, text in folded.items():
        ranks[number] = places[text]
    return ranks[column]
