"""Events as EvtxECmd writes them: a table (`--csv`) or one JSON object a line (`--json`), with the same names.

Names as in EvtxECmd's own output: RecordNumber, EventRecordId, TimeCreated, EventId, Provider, Channel, ProcessId, ThreadId,
Computer, UserId, Payload and others; Payload is the event's data as JSON, names as `@Name`, texts as `#text`. TimeCreated is UTC.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from triptych.formats.evtx_csv_listing_rows import rows_of
from triptych.formats.evtx_event import Fields, Pairs
from triptych.formats.evtx_json_lines import Listed, stated_lines
from triptych.formats.faults import Faults
from triptych.model.case import Balance, Weight
from triptych.model.display import show
from triptych.model.times import Instant, Zone, parse_iso

_LINE = 4 * 1024 * 1024
_DEEP = 16  # levels of a payload; an event has three or four


def read_ecmd_csv(data: bytes, file: str, faults: Faults) -> Iterator[Listed | Balance]:
    """The events of a table in order, and its balance last. Raises nothing for bad input."""
    rows = rows_of(data, faults)
    header = next(rows, None)
    names = header.fields if header else ()
    promised = listed = 0
    for row in rows:
        if row.fields == names:
            continue
        promised += 1
        try:
            fields, time = _event(dict(zip(names, row.fields, strict=False)), row.line, faults)
        except (ValueError, RecursionError) as error:
            _lost(f"line {row.line}", error, faults)
            continue
        listed += 1
        yield Listed(fields, time, row.line, row.offset, row.length, "")
    yield Balance(file, "rows", promised, listed, 0, promised - listed)


def read_ecmd_json(data: bytes, file: str, faults: Faults) -> Iterator[Listed | Balance]:
    """The same from JSON lines."""
    promised = listed = 0
    for number, offset, line in stated_lines(data):
        promised += 1
        try:
            fields, time = _event(_object(line), number, faults)
        except (ValueError, RecursionError) as error:
            _lost(f"line {number}", error, faults)
            continue
        listed += 1
        yield Listed(fields, time, number, offset, len(line), "")
    yield Balance(file, "lines", promised, listed, 0, promised - listed)


def _lost(where: str, error: Exception, faults: Faults) -> None:
    faults.add(
        Weight.LOST, "evtx.ecmd-row", where, tried="read an event that EvtxECmd wrote", found=show(f"{error}", 200),
        lost="that event", advice="look at the line: it was cut or changed",
    )  # fmt: skip


def _object(line: bytes) -> dict[str, str]:
    if len(line) > _LINE:
        raise ValueError(f"a line of {len(line):,} bytes")
    found = json.loads(line.decode("utf-8", "surrogateescape"), parse_int=str, parse_float=str)
    if type(found) is not dict:
        raise ValueError("no object")
    return {name: value for name, value in found.items() if type(value) is str}


def _event(told: Mapping[str, str], line: int, faults: Faults) -> tuple[Fields, Instant | None]:
    event_id = _number(told.get("EventId", ""))
    if event_id is None:
        raise ValueError("no EventId")
    text = told.get("TimeCreated", "")
    try:
        found = parse_iso(text)
        time = Instant(found.ticks, Zone.UTC, found.digits)
    except ValueError:
        time = None
    fields = Fields(
        _number(told.get("EventRecordId", "")), text, event_id, None, told.get("Channel", ""), told.get("Provider", ""),
        told.get("Computer", ""), _number(told.get("ProcessId", "")), _number(told.get("ThreadId", "")), told.get("UserId", ""), "",
        _payload(told.get("Payload", ""), line, faults),
    )  # fmt: skip
    return fields, time


def _payload(text: str, line: int, faults: Faults) -> Pairs:
    if not text:
        return ()
    try:
        return tuple(_pairs("", json.loads(text, parse_int=str, parse_float=str), 0))
    except (ValueError, RecursionError) as error:
        faults.add(
            Weight.LOST, "evtx.ecmd-payload", f"line {line}", tried="read the data of an event", found=show(f"{error}", 200),
            lost="the event's data; that it happened is listed", advice="look at the line: it was cut or changed",
        )  # fmt: skip
        return ()


def _pairs(name: str, value: object, depth: int) -> Iterator[tuple[str, str]]:
    if depth > _DEEP:
        raise ValueError(f"more than {_DEEP} levels")
    if isinstance(value, dict):
        if "@Name" in value:
            yield str(value["@Name"]), _plain(value.get("#text"))
            return
        for key, member in value.items():
            if not key.startswith("@xmlns"):
                yield from _pairs(name if key == "#text" else f"{name}/{key}" if key.startswith("@") else key, member, depth + 1)
    elif isinstance(value, list):
        for member in value:
            yield from _pairs(name, member, depth + 1)
    else:
        yield name, _plain(value)


def _plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
