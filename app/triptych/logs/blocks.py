"""Events put into columns in a reader process, so that a million of them can cross and be held."""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Hashable, Iterable
from operator import attrgetter
from typing import Generic, Protocol, TypeVar

from triptych.formats.evtx_event import unescaped
from triptych.model.event import TEXTS, Event, EventBlock
from triptych.model.evidence import ListingPlace
from triptych.model.times import Zone

Key = TypeVar("Key", bound=Hashable)
Row = tuple[str, int, int, str, str, str]
_PLAIN_TEXTS = tuple(name for name in TEXTS if name != "data")
_texts_of = attrgetter(*_PLAIN_TEXTS)
_DATA = TEXTS.index("data")


class Memo(dict[Key, int], Generic[Key]):
    """Numbers by what they were made of, each made once."""

    def __init__(self, make: Callable[[Key], int]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: Key) -> int:
        made = self[key] = self._make(key)
        return made


class Feed(Protocol):
    """Events on their way into a builder."""

    def __len__(self) -> int: ...
    def pour(self, into: BlockBuilder) -> None: ...


class BlockBuilder:
    """Collects events of one file and gives them as a block; the builder is then empty and can go on.

    `feeds` hold events of their own, which go into the next block too.
    """

    def __init__(self, file: str, view: str = "") -> None:
        self._file, self._view = file, view
        self.feeds: list[Feed] = []
        self._clear()

    def _clear(self) -> None:
        self._numbers = {name: array("q") for name in ("ticks", "numbers", "offsets", "pids", "parents")}
        self._lengths, self._kinds, self._flags, self._lines = array("i"), array("H"), array("B"), array("i")
        self._texts = [array("i") for _ in TEXTS]
        self._strings: dict[str, int] = {"": 0}
        self._table: dict[Row, int] = {}
        self.raw = Memo[str](lambda raw: self.number(unescaped(raw)))  # texts as JSON has them between its quotes

    def __len__(self) -> int:
        return len(self._kinds) + sum(map(len, self.feeds))

    def number(self, text: str) -> int:
        """The number of a text in this block."""
        return self._strings.setdefault(text, len(self._strings))

    def data(self, pairs: tuple[tuple[str, str], ...]) -> int:
        """The number of the values of an event."""
        return self.number(json.dumps(pairs, separators=(",", ":")) if pairs else "")

    def add(self, event: Event) -> None:
        """One event more; its reference must be of one span in this builder's file."""
        (span,) = event.ref.spans
        row = (event.channel, event.event_id, -1 if event.version is None else event.version, event.lane, event.kind, event.words)
        numbers = self._numbers
        numbers["ticks"].append(event.time.ticks)
        numbers["numbers"].append(_signed(event.record_id))
        numbers["offsets"].append(span.offset)
        numbers["pids"].append(-1 if event.process_id is None else _signed(event.process_id))
        numbers["parents"].append(-1 if event.parent_id is None else _signed(event.parent_id))
        self._lengths.append(span.length)
        self._kinds.append(self._table.setdefault(row, len(self._table)))
        self._flags.append((1 if event.recovered else 0) | (2 if event.time.zone is Zone.LOCAL else 0))
        place = event.ref.place
        self._lines.append(place.line if isinstance(place, ListingPlace) else 0)
        strings, texts = self._strings, list(_texts_of(event))
        texts.insert(_DATA, json.dumps(event.data, separators=(",", ":")) if event.data else "")
        for column, text in zip(self._texts, texts, strict=True):
            column.append(strings.setdefault(text or "", len(strings)))

    def extend(
        self, row: Row, count: int, texts: dict[str, list[int]], *, ticks: list[int], numbers: list[int],
        offsets: list[int], lengths: list[int], pids: list[int], parents: list[int],
    ) -> None:  # fmt: skip
        """`count` events of one kind, column by column; a text that is missing or has an empty column is said by none."""
        columns = {"ticks": ticks, "offsets": offsets, "numbers": numbers, "pids": pids, "parents": parents}
        for name, column in columns.items():
            try:
                self._numbers[name].extend(column)
            except OverflowError:
                del self._numbers[name][len(self._kinds) :]
                self._numbers[name].extend(map(_signed, column))
        self._lengths.extend(lengths)
        self._kinds.extend([self._table.setdefault(row, len(self._table))] * count)
        self._flags.frombytes(bytes(count))
        self._lines.frombytes(bytes(4 * count))
        for name, into in zip(TEXTS, self._texts, strict=True):
            if texts.get(name):
                into.extend(texts[name])
            else:
                into.frombytes(bytes(4 * count))

    def block(self) -> EventBlock:
        """What was collected since the last one."""
        for feed in self.feeds:
            feed.pour(self)
        numbers = self._numbers
        block = EventBlock(
            file=self._file, view=self._view, rows=len(self._kinds), ticks=numbers["ticks"].tobytes(),
            numbers=numbers["numbers"].tobytes(), offsets=numbers["offsets"].tobytes(), lengths=self._lengths.tobytes(),
            kinds=self._kinds.tobytes(), pids=numbers["pids"].tobytes(), parents=numbers["parents"].tobytes(),
            flags=self._flags.tobytes(), texts=tuple(column.tobytes() for column in self._texts),
            strings=tuple(self._strings), table=tuple(self._table), lines=self._lines.tobytes() if any(self._lines) else b"",
        )  # fmt: skip
        self._clear()
        return block


def blocks_of(events: Iterable[Event]) -> tuple[EventBlock, ...]:
    """Events as blocks, one for each file and view, in the order in which these come."""
    builders: dict[tuple[str, str], BlockBuilder] = {}
    for event in events:
        key = (event.ref.spans[0].file, event.view)
        builders.setdefault(key, BlockBuilder(*key)).add(event)
    return tuple(builder.block() for builder in builders.values())


def _signed(number: int) -> int:
    """An unsigned 64-bit number as the signed one of the same bits."""
    return number - (1 << 64) if number >= 1 << 63 else number
