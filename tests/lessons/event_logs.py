"""Event logs as three readers of others see them, and ours: every value in one spelling, so that they can be compared."""

from __future__ import annotations

import base64
import io
import json
import re
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import evtx
import pyevtx
from Evtx.Evtx import Evtx
from lxml import etree

from triptych.formats.evtx import Log
from triptych.formats.evtx_window import InMemory
from triptych.formats.faults import Faults
from triptych.lessons.event_log_templates import template
from triptych.lessons.event_log_values import BINARY, BOOL, FILETIME, GUID, SID, STRING, nothing
from triptych.lessons.logbook import LoggedEvent, Value
from triptych.lessons.windows import Windows
from triptych.model.times import parse_iso

_NS = "{http://schemas.microsoft.com/win/2004/08/events/event}"
_STRING = re.compile("<string>(.*?)</string>\n", re.DOTALL)
COMPUTER = "WS-FIN-07.corp.example"

Told = tuple[tuple[str, Any], ...]
"""A record: its System part and its values, by name, in one spelling."""


def expected(event: LoggedEvent, number: int, windows: Windows, lines: bool = False, computer: str = COMPUTER) -> Told:
    """What a reader must tell of an event that was written under that number; `lines`: as XML keeps line ends."""
    found = template(event.channel, event.event_id, event.version, event.provider, COMPUTER, windows.is_7)
    told: list[tuple[str, Any]] = [
        ("number", number), ("time", event.time // 10), ("id", event.event_id), ("provider", found.provider),
        ("channel", event.channel), ("computer", computer), ("level", found.level), ("task", found.task),
        ("keywords", found.keywords), ("user", event.user), ("activity", uuid.UUID(event.activity) if event.activity else None),
    ]  # fmt: skip
    if found.fields is None:
        texts = [_lines(str(value), lines) for _, value in event.data if not isinstance(value, bytes)]
        return tuple(told) + tuple(("", text) for text in ([] if texts == [""] else texts))
    given = dict(event.data)
    for field in found.fields:
        value = given.get(field.name, nothing(field.kind))
        if value == b"":
            continue
        told.append((field.name, _canonical(field.kind, value, lines)))
    return tuple(told)


def _lines(text: str, wanted: bool) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if wanted else text


def _canonical(kind: int, value: Value, lines: bool) -> object:
    if kind == STRING:
        return _lines(str(value), lines)
    if kind == GUID:
        return uuid.UUID(str(value))
    if kind == FILETIME:
        return int(value) // 10
    if kind == BOOL:
        return bool(value)
    return value


def _parsed(kind: int, text: str) -> object:
    """A text of any reader as the value it stands for."""
    if kind in (STRING, SID):
        return text
    if kind == GUID:
        return uuid.UUID(text.strip("{}"))
    if kind == FILETIME:
        return microseconds(text)
    if kind == BOOL:
        return text.lower() in ("true", "1", "0x00000001")
    if kind == BINARY:
        return _bytes(text)
    return int(text, 16 if text.lower().startswith("0x") else 10)


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return base64.b64decode(text)


def microseconds(text: str) -> int:
    return parse_iso(text.replace(" ", "T").replace("+00:00", "Z")).ticks // 10


def _told(system: dict[str, str], values: list[tuple[str, str]], windows: Windows) -> Told:
    event_id = int(system["id"])
    found = template(system["channel"], event_id, int(system["version"]) if system["version"] else None,
                     system["provider"], COMPUTER, windows.is_7)  # fmt: skip
    told: list[tuple[str, Any]] = [
        ("number", int(system["number"])), ("time", microseconds(system["time"])), ("id", event_id),
        ("provider", system["provider"]), ("channel", system["channel"]), ("computer", system["computer"]),
        ("level", int(system["level"])), ("task", int(system["task"])), ("keywords", int(system["keywords"], 16)),
        ("user", system["user"]), ("activity", uuid.UUID(system["activity"].strip("{}")) if system["activity"] else None),
    ]  # fmt: skip
    if found.fields is None:
        texts = [part for _, text in values for part in _array(text)]
        return tuple(told) + tuple(("", text) for text in ([] if texts == [""] else texts))
    binary = any(not name for name, _ in values)  # readers leave out an empty one
    fields = [field for field in found.fields if field.name or binary]
    assert [name for name, _ in values] == [field.name for field in fields], (event_id, values)
    told += [(field.name, _parsed(field.kind, text)) for field, (_, text) in zip(fields, values, strict=True)]
    return tuple(told)


def _array(text: str) -> list[str]:
    """The members of an array of strings, which python-evtx shows as markup in one text."""
    return _STRING.findall(text) if text.startswith("<string>") else [text]


def by_evtx(data: bytes, windows: Windows) -> list[Told]:
    """The Rust reader, which raises where it refuses a record."""
    records = cast("Iterator[dict[str, str]]", evtx.PyEvtxParser(io.BytesIO(data), number_of_threads=1).records_json())
    return [_of_json(json.loads(record["data"], object_pairs_hook=list), windows) for record in records]


def _of_json(record: list[tuple[str, Any]], windows: Windows) -> Told:
    event = dict(dict(record)["Event"])
    system = dict(event["System"])

    def attribute(name: str, key: str) -> str:
        held = dict(system[name] or []) if name in system else {}
        return str(dict(held.get("#attributes", [])).get(key, ""))

    number = system["EventID"]
    told = {
        "number": str(system["EventRecordID"]), "time": attribute("TimeCreated", "SystemTime"),
        "id": str(dict(number)["#text"] if isinstance(number, list) else number), "provider": attribute("Provider", "Name"),
        "channel": system["Channel"], "computer": system["Computer"], "level": str(system["Level"]), "task": str(system["Task"]),
        "keywords": system["Keywords"], "user": attribute("Security", "UserID"), "activity": attribute("Correlation", "ActivityID"),
        "version": str(system.get("Version", "")),
    }  # fmt: skip
    body = event.get("EventData", event.get("UserData")) or []
    if "UserData" in event:
        body = body[0][1] or []
    values: list[tuple[str, str]] = []
    for name, value in body:
        if name == "#attributes" or (name == "Binary" and value is None):
            continue
        if name == "Data":
            texts = [] if value is None else dict(value).get("#text")
            values += [("", _text(text)) for text in (texts if isinstance(texts, list) else [texts])]
        else:
            values.append(("" if name == "Binary" else name, _text(value)))
    return _told(told, values, windows)


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _of_xml(text: str, windows: Windows) -> Told:
    event = etree.fromstring(text.encode("utf-8"), etree.XMLParser(huge_tree=True))
    system, *rest = event

    def element(name: str) -> Any:
        return system.find(_NS + name)

    def attribute(name: str, key: str) -> str:
        found = element(name)
        return "" if found is None else found.get(key, "")

    told = {
        "number": element("EventRecordID").text, "time": attribute("TimeCreated", "SystemTime"), "id": element("EventID").text,
        "provider": attribute("Provider", "Name"), "channel": element("Channel").text, "computer": element("Computer").text,
        "level": element("Level").text, "task": element("Task").text, "keywords": element("Keywords").text,
        "user": attribute("Security", "UserID"), "activity": attribute("Correlation", "ActivityID"),
        "version": "" if element("Version") is None else element("Version").text,
    }  # fmt: skip
    values = []
    for body in rest:
        inner = body[0] if etree.QName(body).localname == "UserData" else body
        for child in inner:
            name = etree.QName(child).localname
            if name == "Binary" and not child.text:
                continue
            values.append((child.get("Name", "") if name in ("Data", "Binary") else name, child.text or ""))
    return _told(told, values, windows)


def by_python_evtx(data: bytes, windows: Windows) -> list[Told]:
    """python-evtx; its checks of the file header and of every chunk must hold."""
    with _OnDisk(data) as path, Evtx(path) as log:
        assert log.get_file_header().verify()
        assert all(chunk.verify() for chunk in log.chunks())
        return [_of_xml(record.xml(), windows) for record in log.records()]


def by_libevtx(data: bytes, windows: Windows) -> list[Told]:
    """libevtx; it must find nothing corrupt and nothing to recover."""
    with _OnDisk(data) as path:
        log = pyevtx.file()
        log.open(path)
        try:
            assert not log.is_corrupted()
            assert log.number_of_recovered_records == 0
            return [_of_xml(log.get_record(number).get_xml_string(), windows) for number in range(log.number_of_records)]
        finally:
            log.close()


READERS: tuple[Callable[[bytes, Windows], list[Told]], ...] = (by_evtx, by_python_evtx, by_libevtx)


def rebuilt(reader: Callable[..., list[Told]], data: bytes, events: list[LoggedEvent], windows: Windows, computer: str) -> bool:
    """Whether a reader gives all these events back, numbered from 1.

    python-evtx puts the strings of an array in the wrong order where the first one is empty: those events are left out for it.
    """
    told = reader(data, windows)
    wanted = [expected(event, at, windows, reader is not by_evtx, computer) for at, event in enumerate(events, 1)]
    if reader is by_python_evtx and len(told) == len(wanted):
        kept = [at for at, event in enumerate(events) if event.data[:1] != (("Data", ""),)]
        told, wanted = [told[at] for at in kept], [wanted[at] for at in kept]
    return same(told, wanted)


def same(told: list[Told], wanted: list[Told]) -> bool:
    """Whether two readings agree; a time may be off by the two microseconds that python-evtx loses to a float."""
    return len(told) == len(wanted) and all(map(_same_record, told, wanted))


def _same_record(told: Told, wanted: Told) -> bool:
    return len(told) == len(wanted) and all(
        name == other and (value == there or (_is_time(value) and _is_time(there) and abs(value - there) <= 2))
        for (name, value), (other, there) in zip(told, wanted, strict=True)
    )


def _is_time(value: object) -> bool:
    """Microseconds of this millennium."""
    return type(value) is int and 12_000_000_000_000_000 < value < 15_000_000_000_000_000


class _OnDisk:
    """A log as a file for readers that want one."""

    def __init__(self, data: bytes) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._path = Path(self._folder.name) / "log.evtx"
        self._path.write_bytes(data)

    def __enter__(self) -> str:
        return str(self._path)

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()


def by_ours(data: bytes) -> tuple[Log, list[Any]]:
    """Our reader: the log with its sums, and its records; nothing may be wrong."""
    faults = Faults("made.evtx")
    log = Log(InMemory(data), "made.evtx", faults)
    records = list(log.records())
    assert faults.problems == ()
    assert log.tally.balance("made.evtx").closes
    assert (log.tally.lost, log.tally.repaired) == (0, 0)
    return log, records
