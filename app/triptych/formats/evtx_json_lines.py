"""Events that a collector wrote as one JSON object a line (winlogbeat, NXLog, the Security-Datasets project): flat names.

Such a file is a listing: what the collector left out is not there, and its times are the collector's where it says no other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from triptych.formats.evtx_event import Fields
from triptych.formats.faults import Faults
from triptych.model.case import Balance, Weight
from triptych.model.times import Instant, Zone, parse_iso

_LINE = 4 * 1024 * 1024
_FRAME = frozenset(
    (
        "@timestamp", "@version", "AccountType", "Category", "Channel", "EventID", "EventReceivedTime", "EventTime", "EventTypeOrignal",
        "ExecutionProcessID", "Hostname", "Keywords", "Level", "Message", "OpcodeValue", "ProviderGuid", "RecordNumber", "Severity",
        "SeverityValue", "SourceModuleName", "SourceModuleType", "SourceName", "ThreadID", "TimeCreated", "Version", "host", "port", "tags",
    )
)  # fmt: skip
# Which name tells the time, whether it is UTC without saying so, and what there is to say of it.
_TIMES = (
    ("UtcTime", True, ""),
    ("TimeCreated", False, ""),
    ("@timestamp", False, "the collector's time"),
    ("EventTime", False, ""),
)


@dataclass(frozen=True, slots=True)
class Listed:
    """One event of a listing: its fields, when it happened (None: it does not tell), its line (from 1) and the line's bytes."""

    fields: Fields
    time: Instant | None
    line: int
    offset: int
    length: int
    note: str


def stated_lines(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Number (from 1), offset and bytes of each line that holds anything, without what stands around it."""
    at = 0
    for number, raw in enumerate(data.splitlines(keepends=True), 1):
        line = raw.strip(b"\xef\xbb\xbf \t\r\n")
        if line:
            yield number, at + raw.find(line), line
        at += len(raw)


def read_lines(data: bytes, file: str, faults: Faults) -> Iterator[Listed | Balance]:
    """The events of a listing in order, and its balance last. Raises nothing for bad input."""
    promised = listed = 0
    for number, offset, line in stated_lines(data):
        promised += 1
        try:
            event = _event(line)
        except (ValueError, RecursionError) as error:
            faults.add(
                Weight.LOST, "evtx.json-line", f"line {number}", tried="read an event as JSON", found=f"{error}"[:200],
                lost="that event", advice="look at the line: it was cut or changed",
            )  # fmt: skip
            continue
        fields, time, note = event
        listed += 1
        yield Listed(fields, time, number, offset, len(line), note)
    yield Balance(file, "lines", promised, listed, 0, promised - listed)


def _event(line: bytes) -> tuple[Fields, Instant | None, str]:
    if len(line) > _LINE:
        raise ValueError(f"a line of {len(line):,} bytes")
    pairs = json.loads(line.decode("utf-8", "surrogateescape"), object_pairs_hook=tuple, parse_int=str, parse_float=str)
    if type(pairs) is not tuple:
        raise ValueError("no object")
    data = tuple((str(name), _plain(value)) for name, value in pairs)
    first: dict[str, str] = {}
    for name, value in data:
        first.setdefault(name, value)
    time, note, written = _time(first)
    fields = Fields(
        _number(first.get("RecordNumber", "")), written, _number(first.get("EventID", "")), _number(first.get("Version", "")),
        first.get("Channel", ""), first.get("SourceName", ""), first.get("Hostname", ""), _number(first.get("ExecutionProcessID", "")),
        _number(first.get("ThreadID", "")), first.get("UserID", ""), first.get("ActivityID", ""),
        tuple((name, value) for name, value in data if name not in _FRAME),
    )  # fmt: skip
    if fields.event_id is None:
        raise ValueError("no EventID")
    return fields, time, note


def _plain(value: object) -> str:
    if value is None:
        return ""
    if type(value) is bool:
        return "true" if value else "false"
    return value if type(value) is str else json.dumps(value, ensure_ascii=False)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def _time(first: dict[str, str]) -> tuple[Instant | None, str, str]:
    """The time by the best name that there is, what to say of it, and its text."""
    for name, is_utc, note in _TIMES:
        text = first.get(name, "")
        try:
            found = parse_iso(text)
        except ValueError:
            continue
        return (Instant(found.ticks, Zone.UTC, found.digits) if is_utc else found), note, text
    return None, "", ""
