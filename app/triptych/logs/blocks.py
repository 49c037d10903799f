"""Events put into columns in a reader process, so that a million of them can cross and be held."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable
from operator import attrgetter

from triptych.model.event import TEXTS, Event, EventBlock
from triptych.model.evidence import ListingPlace

_PLAIN_TEXTS = tuple(name for name in TEXTS if name != "data")
_texts_of = attrgetter(*_PLAIN_TEXTS)
_DATA = TEXTS.index("data")


class BlockBuilder:
    """Collects events of one file and gives them as a block; the builder is then empty and can go on."""

    def __init__(self, file: str, view: str = "") -> None:
        self._file, self._view = file, view
        self._clear()

    def _clear(self) -> None:
        self._numbers = {name: array("q") for name in ("ticks", "numbers", "offsets", "pids", "parents")}
        self._lengths, self._kinds, self._flags, self._lines = array("i"), array("H"), array("B"), array("i")
        self._texts = [array("i") for _ in TEXTS]
        self._strings: dict[str, int] = {"": 0}
        self._table: dict[tuple[str, int, int, str, str, str], int] = {}

    def __len__(self) -> int:
        return len(self._kinds)

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
        self._flags.append(1 if event.recovered else 0)
        place = event.ref.place
        self._lines.append(place.line if isinstance(place, ListingPlace) else 0)
        strings, texts = self._strings, list(_texts_of(event))
        texts.insert(_DATA, json.dumps(event.data, separators=(",", ":")) if event.data else "")
        for column, text in zip(self._texts, texts, strict=True):
            column.append(strings.setdefault(text or "", len(strings)))

    def block(self) -> EventBlock:
        """What was collected since the last one."""
        numbers = self._numbers
        block = EventBlock(
            file=self._file, view=self._view, rows=len(self), ticks=numbers["ticks"].tobytes(),
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
