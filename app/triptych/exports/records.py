"""What the columns of the logs say beside a moment: event id, provider, computer, SID and so on, found by where a record stands."""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable

from triptych.exports.moments import Row, host_name
from triptych.model.case import Case
from triptych.model.event import TEXTS, EventBlock
from triptych.model.evidence import EvidenceRef

# (column of the block, name in the output); names are those of plaso's event logs where it has one (plaso, winevtx parser)
FIELDS = (
    ("provider", "source_name"),
    ("computer", "computer_name"),
    ("user", "user_sid"),
    ("process", "process"),
    ("command", "command"),
    ("logon_id", "logon_id"),
    ("instance_id", "instance_id"),
    ("result", "result"),
    ("note", "note"),
)
_COLUMNS = tuple((TEXTS.index(column), name) for column, name in FIELDS)


class Records:
    """The kept events of a case by file and offset."""

    def __init__(self, blocks: Iterable[EventBlock]) -> None:
        self._of_file: dict[str, list[_Block]] = {}
        for block in blocks:
            if block.rows:
                self._of_file.setdefault(block.file, []).append(_Block(block))

    def told(self, ref: EvidenceRef) -> dict[str, str | int]:
        """The fields of the record that begins where the reference says; nothing where there is none."""
        span = ref.spans[0]
        for block in self._of_file.get(span.file, ()):
            row = block.row(span.offset)
            if row is not None:
                return block.told(row)
        return {}


class Hosts:
    """On which machine a row happened: the one that a record names itself (it may be forwarded), else the host of the case."""

    def __init__(self, case: Case, records: Records) -> None:
        self._name, self._records = host_name(case), records

    def of(self, row: Row) -> str:
        told = (self._records.told(ref).get("computer_name", "") for ref in row.refs)
        return next((str(name) for name in told if name), self._name)


class _Block:
    """One block, its rows in the order of their offsets."""

    def __init__(self, block: EventBlock) -> None:
        self._block = block
        offsets = _numbers("q", block.offsets)
        self._order = sorted(range(block.rows), key=offsets.__getitem__)
        self._offsets = array("q", (offsets[row] for row in self._order))
        self._kinds = _numbers("H", block.kinds)
        self._pids = _numbers("q", block.pids)
        self._texts = tuple((name, _numbers("i", block.texts[at])) for at, name in _COLUMNS)

    def row(self, offset: int) -> int | None:
        at = bisect_left(self._offsets, offset)
        return self._order[at] if at < len(self._offsets) and self._offsets[at] == offset else None

    def told(self, row: int) -> dict[str, str | int]:
        channel, event_id, *_ = self._block.table[self._kinds[row]]
        found: dict[str, str | int] = {"event_identifier": event_id, "channel": channel}
        if self._pids[row] != -1:
            found["process_id"] = self._pids[row]
        texts = ((name, self._block.strings[column[row]]) for name, column in self._texts)
        return found | {name: text for name, text in texts if text}


def _numbers(form: str, packed: bytes) -> array[int]:
    """Numbers of a little-endian column (see EventBlock)."""
    found = array(form, packed)
    if sys.byteorder == "big":
        found.byteswap()
    return found
