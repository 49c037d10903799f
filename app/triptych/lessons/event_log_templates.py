"""What an event of a channel looks like: the System part and the part of its own, from the table of templates.

Four shapes of the System part are found in real logs: with provider and channel as values (events of a manifest, EventData or
UserData), and with both as text of the template (classic events, short on Windows 7, full on newer ones; and those of the
event log service itself, which have UserData).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from triptych.lessons.event_log_values import (
    BINARY,
    FILETIME,
    GUID,
    HEX64,
    POINTER,
    SID,
    STRING,
    STRINGS,
    U8,
    U16,
    U32,
    U64,
    XML,
    kind_named,
    packer,
)  # fmt: skip
from triptych.lessons.event_log_xml import ALWAYS, Definition, Node, Slot
from triptych.lessons.logbook import Value
from triptych.resources import table

_EVENT_NS = "http://schemas.microsoft.com/win/2004/08/events/event"
_TABLE = "lessons/event_templates.json"
_CLASSIC = {"level": 4, "task": 0, "opcode": 0, "keywords": "80000000000000", "qualifiers": 0, "data": "*"}
"""What an event of a provider looks like that is not in the table: a classic one with inserted strings."""

_BY_VALUE, _BY_TEXT = 17, 19
"""The number of the last value of the System part, which is the event's own part."""


@dataclass(frozen=True, slots=True)
class Field:
    """One value of an event: its name, its type in the template and in the record, and what makes bytes of it.

    The two are one but for pointers, which a record of 64-bit Windows holds as 64-bit hex numbers.
    """

    name: str
    kind: int
    stored: int
    pack: Callable[[Value], bytes]


@dataclass(frozen=True)
class EventTemplate:
    """An event by its numbers and its two definitions. `fields` None: unnamed inserted strings.

    `by_value`: provider and channel are values of the System part, not text of its template.
    """

    event_id: int
    version: int
    provider: str
    provider_guid: str
    channel: str
    level: int
    task: int
    opcode: int
    keywords: int
    qualifiers: int | None
    fields: tuple[Field, ...] | None
    by_value: bool
    system: Definition
    event: Definition


def size_limit(channel: str) -> int:
    """The size that Windows lets a log of that channel grow to, in bytes. Raises KeyError for a channel we do not know."""
    return int(table(_TABLE)["channels"][channel]["size"])


def provider_guid(channel: str) -> str:
    """The GUID of the usual provider of a channel. Raises KeyError for one that has none."""
    held = table(_TABLE)
    return str(held["providers"][held["channels"][channel]["provider"]])


@cache
def template(channel: str, event_id: int, version: int | None, provider: str, computer: str, is_7: bool) -> EventTemplate:
    """The template of an event on a machine; `version` None takes the newest that its Windows has. Raises KeyError."""
    held = table(_TABLE)["channels"][channel]
    key, row = _row(held["events"], event_id, version, provider, is_7)
    name = str(row.get("provider", key.partition("/")[0] if "/" in key else held["provider"]))
    known = table(_TABLE)["providers"].get(name, ["", ""])
    guid, source = (known, None) if isinstance(known, str) else known
    fields = _fields(str(row["data"]))
    frame = str(row.get("frame", ""))
    return EventTemplate(
        event_id, 0 if "/" in key else int(key.partition(".")[2]), name, guid, channel, row["level"], row["task"], row["opcode"],
        int(row["keywords"], 16), row.get("qualifiers"), fields, source is None,
        Definition(_system(computer, channel, name, guid, source, bool(frame), is_7)),
        Definition(_event(fields, frame, str(row.get("namespace", "")), str(row.get("name", "")))),
    )  # fmt: skip


def _row(
    events: dict[str, dict[str, Any]], event_id: int, version: int | None, provider: str, is_7: bool
) -> tuple[str, dict[str, Any]]:
    by_provider = events.get(f"{provider}/{event_id}")
    if by_provider is not None:
        return f"{provider}/{event_id}", by_provider
    start = f"{event_id}."
    fitting = [(key, row) for key, row in events.items() if key.startswith(start) and not (is_7 and "since" in row)]
    if version is not None:
        fitting = [(key, row) for key, row in events.items() if key == f"{event_id}.{version}"]
    if not fitting and provider:
        return f"{provider}/{event_id}", _CLASSIC
    if not fitting:
        raise KeyError(f"no template for event {event_id} version {version} of {provider or 'the usual provider'}")
    return fitting[-1]


def _fields(text: str) -> tuple[Field, ...] | None:
    if text == "*":
        return None
    found = []
    for part in text.split():
        name, _, kind = part.partition(":")
        number = kind_named(kind or "string")
        found.append(Field(name, number, HEX64 if number == POINTER else number, packer(number)))
    return tuple(found)


def _event(fields: tuple[Field, ...] | None, frame: str, namespace: str, name: str) -> Node:
    if fields is None:
        strings = Node("Data", (Slot(0, STRINGS),), depends=0)
        return Node("EventData", (strings, Node("Binary", (Slot(2, BINARY),), depends=2)))
    if frame:
        parts = tuple(Node(field.name, (Slot(at, field.kind, optional=False),)) for at, field in enumerate(fields))
        return Node(frame, parts, (("xmlns", namespace),))
    data = tuple(_data(at, field) for at, field in enumerate(fields))
    return Node("EventData", data, (("Name", name),) if name else ())


def _data(at: int, field: Field) -> Node:
    if not field.name:
        return Node("Binary", (Slot(at, field.kind),), depends=at)
    return Node("Data", (Slot(at, field.kind, optional=False),), (("Name", field.name),))


def _system(computer: str, channel: str, provider: str, guid: str, source: str | None, framed: bool, is_7: bool) -> Node:
    by_text = source is not None
    last = _BY_TEXT if by_text else _BY_VALUE
    classic = by_text and not guid
    short = classic and is_7
    body: Node | Slot = Node("UserData", (Slot(last, XML),), depends=last) if framed else Slot(last, XML)
    related = Slot(18 if by_text else 13, GUID)
    parts = [
        _provider(provider, guid, source),
        Node("EventID", (Slot(3, U16),), (("Qualifiers", Slot(4, U16)),), depends=3),
        None if short else Node("Version", (Slot(11, U8),), depends=11),
        Node("Level", (Slot(0, U8),), depends=0),
        Node("Task", (Slot(2, U16),), depends=2),
        None if short else Node("Opcode", (Slot(1, U8),), depends=1),
        Node("Keywords", (Slot(5, HEX64),), depends=5),
        Node("TimeCreated", (), (("SystemTime", Slot(6, FILETIME)),)),
        Node("EventRecordID", (Slot(10, U64),), depends=10),
        None if short else Node("Correlation", (), (("ActivityID", Slot(7, GUID)), ("RelatedActivityID", related))),
        None if short else Node("Execution", (), (("ProcessID", Slot(8, U32)), ("ThreadID", Slot(9, U32)))),
        Node("Channel", (channel,)) if by_text else Node("Channel", (Slot(16, STRING),), depends=16),
        Node("Computer", (computer,)),
        Node("Security", (), (("UserID", Slot(12, SID)),)),
    ]
    system = Node("System", tuple(part for part in parts if part is not None))
    return Node("Event", (system, body), (("xmlns", _EVENT_NS),), depends=ALWAYS if framed else last)


def _provider(provider: str, guid: str, source: str | None) -> Node:
    if source is None:
        return Node("Provider", (), (("Name", Slot(14, STRING)), ("Guid", Slot(15, GUID))))
    attributes = [("Name", provider)]
    if guid:
        attributes.append(("Guid", f"{{{guid}}}"))
    if source:
        attributes.append(("EventSourceName", source))
    return Node("Provider", (), tuple(attributes))
