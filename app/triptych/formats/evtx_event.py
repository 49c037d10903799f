"""One event of a log as plain fields, from the bulk reader's JSON or from the second reader's tree."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import repeat
from typing import NamedTuple

from triptych.formats.evtx_binxml import Element
from triptych.formats.evtx_layout import LATEST
from triptych.model.times import parse_iso

Pairs = tuple[tuple[str, str], ...]

_TEXT = r'"((?:[^"\\]|\\.)*)"'
_HEAD = re.compile(
    r'\{"Event":\{(?:"#attributes":\{"xmlns":"[^"]*"\},)?"System":\{'
    rf'"Provider":\{{"#attributes":\{{"Name":{_TEXT}(?:,"Guid":"[^"]*")?(?:,"EventSourceName":"(?:[^"\\]|\\.)*")?\}}\}},'
    r'"EventID":(?:(\d+)|\{"#attributes":\{"Qualifiers":\d+\},"#text":(\d+)\}),'
    r'(?:"Version":(\d+),)?"Level":\d+,"Task":\d+,(?:"Opcode":\d+,)?"Keywords":"0x[0-9a-f]+",'
    r'"TimeCreated":\{"#attributes":\{"SystemTime":"([^"]*)"\}\},"EventRecordID":(\d+),'
    r'(?:"Correlation":(?:null|\{"#attributes":\{(?:"ActivityID":"([^"]*)")?(?:,?"RelatedActivityID":"[^"]*")?\}\}),)?'
    r'(?:"Execution":\{"#attributes":\{"ProcessID":(\d+),"ThreadID":(\d+)\}\},)?'
    rf'"Channel":{_TEXT},"Computer":{_TEXT},'
    r'"Security":(?:null|\{"#attributes":\{"UserID":"([^"]*)"\}\})\},"(?:Event|User)Data":'
).match
_EVENT_ID = re.compile(r'"EventID":(?:\{"#attributes":\{[^}]*\},"#text":)?"?(\d{1,9})').search
_EVENT_IDS: dict[str, int] = {}  # what stands behind the name, as it is, to the number: a pure function, remembered
_EVENT_IDS_KEPT = 100_000
_CHANNEL = re.compile(rf'"Channel":{_TEXT},"Computer":').search
_decode = json.JSONDecoder(object_pairs_hook=tuple).raw_decode
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ODD_NAME = re.compile(r'[<>&"\x00-\x1f\ud800-\udfff]').search


class Fields(NamedTuple):
    """What an event states of itself. Numbers are None where it states none, texts empty; `data` in the order written.

    `system_time` is the text of TimeCreated: six digits at most, so the record header's ticks are preferred to it.
    """

    record_id: int | None
    system_time: str
    event_id: int | None
    version: int | None
    channel: str
    provider: str
    computer: str
    process_id: int | None
    thread_id: int | None
    user: str
    activity: str
    data: Pairs


def event_id(text: str) -> int:
    """The EventID of a record as JSON, without parsing it; -1 where it states none.

    The first `"EventID":` is an element: in a value the quotes would be escaped.
    """
    at = text.find('"EventID":')
    digits = text[at + 10 : at + 16]
    known = _EVENT_IDS.get(digits)
    if known is not None:
        return known
    match = _EVENT_ID(text)
    if match is None:
        return -1
    if digits[:1].isdigit() and not digits.isdigit() and len(_EVENT_IDS) < _EVENT_IDS_KEPT:
        _EVENT_IDS[digits] = int(match[1])
    return int(match[1])


def event_ids(texts: list[str]) -> list[int]:
    """The EventID of each record, as `event_id` tells it; made for the records of one chunk, which nearly always begin alike."""
    known = _EVENT_IDS
    at = texts[0].find('"EventID":') + 10 if texts else 0
    head, end = texts[0][:at] if at >= 10 else "\0", at + 6
    try:
        return [known[text[at:end]] if text.startswith(head) else event_id(text) for text in texts]
    except KeyError:
        return list(map(event_id, texts))


def all_of(mark: str, texts: list[str]) -> bool:
    """Whether each record holds the mark of a channel (see `channel_mark`); most hold it at about the same place."""
    search = _search_for(mark)
    start = max(texts[0].find(mark) - 150, 0) if texts else 0  # numbers and an activity before it have no fixed length
    return None not in map(search, texts, repeat(start)) or not [None for text in texts if mark not in text]


@lru_cache(maxsize=64)
def _search_for(mark: str) -> Callable[[str, int], re.Match[str] | None]:
    return re.compile(re.escape(mark)).search


def channel(text: str) -> str:
    """The channel of a record as JSON; "" where it states none. Parsed only where the elements stand in an unusual order."""
    match = _CHANNEL(text)
    if match is not None:
        return unescaped(match[1])
    try:
        return fields_of(text).channel
    except (ValueError, RecursionError, TypeError):
        return ""


def channel_mark(name: str) -> str:
    """The piece of JSON that a record of that channel holds and that no value can forge."""
    return f'"Channel":{json.dumps(name, ensure_ascii=False)},"Computer":'


def fields_of(text: str) -> Fields:
    """The fields of a record as JSON. Raises ValueError or RecursionError where it is no JSON that can be read."""
    match = _HEAD(text)
    if match is None:
        return _generic(text)
    provider, plain, qualified, version, time, record, activity, process, thread, name, computer, user = match.groups()
    body, end = _decode(text, match.end())
    if text[end:] != "}}":
        return _generic(text)
    return Fields(
        int(record), time, int(plain or qualified), int(version) if version else None, unescaped(name), unescaped(provider),
        unescaped(computer), int(process) if process else None, int(thread) if thread else None, user or "", activity or "",
        _flat(body) or tuple(_pairs(body)),
    )  # fmt: skip


def body_of(text: str) -> tuple[tuple[str, object], ...] | None:
    """The members of EventData or UserData of a record as JSON where it has the usual head, else None; values as JSON has them."""
    match = _HEAD(text)
    if match is None:
        return None
    body, end = _decode(text, match.end())
    return body if type(body) is tuple and text[end:] == "}}" else None


def _flat(body: object) -> Pairs:
    """The data of the usual event, names and simple values; nothing where it is of another shape."""
    found = []
    for key, value in _members(body):
        kind = type(value)
        if kind is str or kind is int:
            found.append((key, str(value)))
        elif value is None:
            found.append((key, ""))
        elif key != "#attributes":
            return ()
        if key[-1:].isdigit() and "_" in key:
            return ()
    return tuple(found)


def unescaped(text: str) -> str:
    """The text of what stands between two quotes of JSON."""
    return str(json.loads(f'"{text}"')) if "\\" in text else text


def _pairs(body: object, name: str = "") -> Iterator[tuple[str, str]]:
    """The leaves of an object in order; an array is one pair a member, an element's own text stands under its name."""
    if type(body) is not tuple:
        yield from _leaf(name, body)
        return
    for key, value in body:
        if key[-1:].isdigit() and "_" in key:
            key = _repeated(key, body)
        if type(value) is str:
            yield (name if key == "#text" else key), value
        elif key == "#attributes":
            if name and type(value) is tuple:
                yield from ((f"{name}/@{attribute}", _plain(found)) for attribute, found in value if _kept(attribute))
        elif type(value) is tuple:
            yield from _pairs(value, key)
        else:
            yield from _leaf(name if key == "#text" else key, value)


def _repeated(key: str, body: tuple[tuple[str, object], ...]) -> str:
    """The name of an element that the bulk reader numbered because it stands there several times (`Application_2`)."""
    base, _, number = key.rpartition("_")
    names = {name for name, _ in body}
    numbered = base in names and number.isdigit() and (number == "1" or f"{base}_1" in names)
    return base if numbered else key


def _kept(attribute: str) -> bool:
    return attribute != "Name" and not attribute.startswith("xmlns")


def _leaf(name: str, value: object) -> Iterator[tuple[str, str]]:
    if type(value) is list:
        for member in value:
            yield from _pairs(member, name)
    elif name or value is not None:
        yield name, _plain(value)


def _plain(value: object) -> str:
    if value is None:
        return ""
    if type(value) is bool:
        return "true" if value else "false"
    return str(value)


def _generic(text: str) -> Fields:
    """Any other shape: classic events, UserData of its own making, hostile ones."""
    event = _first(_decode(text)[0], "Event")
    system = _first(event, "System")
    attribute = {
        (element, name): _plain(value)
        for element in ("Provider", "TimeCreated", "Correlation", "Execution", "Security")
        for name, value in _members(_first(_first(system, element), "#attributes"))
    }
    data: list[tuple[str, str]] = []
    for name, body in _members(event):
        if name not in ("System", "#attributes"):
            data += _pairs(body)
    return Fields(
        _number(_first(system, "EventRecordID")), attribute.get(("TimeCreated", "SystemTime"), ""),
        _number(_first(system, "EventID")), _number(_first(system, "Version")), _plain(_first(system, "Channel")),
        attribute.get(("Provider", "Name"), ""), _plain(_first(system, "Computer")),
        _number(attribute.get(("Execution", "ProcessID"))), _number(attribute.get(("Execution", "ThreadID"))),
        attribute.get(("Security", "UserID"), ""), attribute.get(("Correlation", "ActivityID"), ""), tuple(data),
    )  # fmt: skip


def _members(value: object) -> tuple[tuple[str, object], ...]:
    return value if type(value) is tuple else ()


def _first(value: object, name: str) -> object:
    return next((found for key, found in _members(value) if key == name), None)


def _number(value: object) -> int | None:
    if type(value) is tuple:
        value = _first(value, "#text")
    if type(value) is int:
        return value
    text = value if type(value) is str else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def fields_of_tree(event: Element) -> Fields:
    """The same fields from the second reader's tree."""
    system = event.child("System") or Element("System")

    def text(name: str) -> str:
        found = system.child(name)
        return found.text if found else ""

    def attribute(element: str, name: str) -> str:
        found = system.child(element)
        return found.attribute(name) if found else ""

    data: list[tuple[str, str]] = []
    for child in event.children:
        if child.name != "System":
            data += _tree_pairs(child, top=True)
    return Fields(
        _number(text("EventRecordID")), attribute("TimeCreated", "SystemTime"), _number(text("EventID")),
        _number(text("Version")), text("Channel"), attribute("Provider", "Name"), text("Computer"),
        _number(attribute("Execution", "ProcessID")), _number(attribute("Execution", "ThreadID")),
        attribute("Security", "UserID"), attribute("Correlation", "ActivityID"), tuple(data),
    )  # fmt: skip


def _tree_pairs(element: Element, top: bool = False) -> Iterator[tuple[str, str]]:
    name = "" if top else element.attribute("Name") if element.name == "Data" and element.attribute("Name") else element.name
    if not top:
        for key, pieces in element.attributes:
            if _kept(key):
                yield f"{name}/@{key}", "".join(piece.text for piece in pieces)
    arrays = [piece.members for piece in element.pieces if piece.members is not None]
    if len(element.pieces) == 1 and arrays:
        yield from ((name, member) for member in arrays[0])
    elif element.text.strip() or (not element.children and not top and not _bare(element)):
        yield name, element.text
    for child in element.children:
        yield from _tree_pairs(child)


def _bare(element: Element) -> bool:
    """An empty element that has attributes beside its name is a frame without a value."""
    return not element.text and any(key != "Name" for key, _ in element.attributes)


_NOTHING = Fields(None, "", None, None, "", "", "", None, None, "", "", ())


class EventRecord:
    """One record of a log. Its fields are parsed when they are first asked for: most of a log is only counted and placed.

    `number` is the one in the record's header, `record_id` EventRecordID (an exported log numbers its records anew and
    keeps the latter). `ticks` tell when it happened, `written` is the header's time as it stands. `offset` and `length`
    are its bytes in the file. `recovered`: it is there by our repair alone; `note` says why, or what to doubt. `fault` is
    not empty for a record whose content could not be read: then the bytes are all there is.
    """

    __slots__ = ("_fields", "_text", "fault", "length", "note", "number", "offset", "recovered", "written")

    def __init__(
        self, number: int, written: int, offset: int, length: int, content: str | Fields | None,
        recovered: bool = False, note: str = "", fault: str = "",
    ) -> None:  # fmt: skip
        self.number, self.written, self.offset, self.length = number, written, offset, length
        self.recovered, self.note, self.fault = recovered, note, fault
        self._text = content if isinstance(content, str) else ""
        self._fields = content if isinstance(content, Fields) else None

    @property
    def fields(self) -> Fields:
        """What the event states; nothing at all where its content could not be read."""
        if self._fields is None:
            try:
                self._fields = fields_of(self._text) if self._text else _NOTHING
            except (ValueError, RecursionError, TypeError):
                self._fields = _NOTHING
        return self._fields

    @property
    def event_id(self) -> int | None:
        if self._fields is None and self._text:
            number = event_id(self._text)
            return number if number >= 0 else None
        return self.fields.event_id

    @property
    def record_id(self) -> int:
        found = self.fields.record_id
        return self.number if found is None else found

    @property
    def ticks(self) -> int:
        return ticks_of(self.fields.system_time, self.written)

    @property
    def channel(self) -> str:
        return self.fields.channel

    @property
    def data(self) -> Pairs:
        return self.fields.data

    def get(self, name: str) -> str:
        """The first value of that name, "" where there is none."""
        return next((value for key, value in self.fields.data if key == name), "")


def ticks_of(system_time: str, written: int) -> int:
    """When the event happened: the record header's ticks where TimeCreated agrees with them to the microsecond, else its own."""
    try:
        micro = (datetime.fromisoformat(system_time) - _EPOCH) // _MICROSECOND
    except (ValueError, TypeError):
        try:
            return parse_iso(system_time).ticks
        except ValueError:
            return written
    return written if -1 <= micro - written // 10 <= 1 or (written >= LATEST and micro < 0) else micro * 10


def odd_names(data: Pairs) -> tuple[str, ...]:
    """Names that are markup or hold characters that no name may: they are shown, and never taken for elements."""
    if not _ODD_NAME("".join([name for name, _ in data])):
        return ()
    return tuple(name for name, _ in data if _ODD_NAME(name))
