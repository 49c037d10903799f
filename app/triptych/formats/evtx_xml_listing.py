"""Events as Event Viewer and `wevtutil qe /f:xml` export them: `<Event>` elements, in `<Events>` or one after the other.

Each element is cut out of the file's bytes and read by itself, so that a file of any size costs the memory of one event, a damaged
one costs itself alone, and a document type declaration (no exporter writes one) is never read. Times are exact and UTC (Microsoft
Learn, "Event Schema"); `RenderingInfo`, the text in the exporter's language, is not needed and left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from triptych.formats.evtx_event import Fields, Pairs
from triptych.formats.evtx_json_lines import Listed
from triptych.formats.faults import Faults
from triptych.formats.xml_text import decode
from triptych.limits import MIB
from triptych.model.case import Balance, Weight
from triptych.model.display import show
from triptych.model.times import Instant, Zone, parse_iso

_LONGEST = 4 * MIB  # bytes of one event; a record of a log holds 64 KiB
_HEAD = 4096
_FRAME = re.compile(r"<\?xml[^>]{0,200}\?>|</?Events(?:\s[^<>]{0,500})?/?>|[\s\ufeff\0]")
_FORBIDDEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_FORBIDDEN_REFERENCE = re.compile(r"&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01])|[xX]0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F]));")
_BARE = ("System", "RenderingInfo")  # children of an event that hold none of its data


@dataclass(frozen=True, slots=True)
class _Marks:
    """How an event begins and ends in the bytes of a file."""

    codec: str
    start: re.Pattern[bytes]
    end: bytes
    step: int  # bytes of a unit: places between units are no places

    def find_start(self, data: bytes, at: int, origin: int) -> int:
        found = self.start.search(data, at)
        while found and (found.start() - origin) % self.step:
            found = self.start.search(data, found.start() + 1)
        return found.start() if found else -1

    def find_end(self, data: bytes, at: int, stop: int, origin: int) -> int:
        found = data.find(self.end, at, stop)
        while found >= 0 and (found - origin) % self.step:
            found = data.find(self.end, found + 1, stop)
        return found


def read_xml(data: bytes, file: str, faults: Faults) -> Iterator[Listed | Balance]:
    """The events of an export in order, and its balance last. Raises nothing for bad input."""
    head = decode(data[:_HEAD])
    marks, origin = _marks(head.codec), head.mark
    at, line, promised, listed, odd = origin, 1, 0, 0, 0
    start = marks.find_start(data, at, origin)
    while start >= 0:
        before = _text(data[at:start], marks.codec)
        odd += len(_FRAME.sub("", before))
        line += before.count("\n")
        promised += 1
        following = marks.find_start(data, start + 1, origin)
        limit = following if following >= 0 else len(data)
        end = marks.find_end(data, start, limit, origin)
        whole = end >= 0
        at = end + len(marks.end) if whole else limit
        piece = data[start:at] if at - start <= _LONGEST else b""
        event = _event(piece, marks.codec, line, at - start, whole, faults)
        if event is not None:
            listed += 1
            fields, time = event
            yield Listed(fields, time, line, start, at - start, "")
        line += _text(data[start:at], marks.codec).count("\n")
        start = following
    odd += len(_FRAME.sub("", _text(data[at:], marks.codec)))
    if odd:
        faults.add(
            Weight.NOTE, "evtx.xml-between", "between the events", tried="read an export of events",
            found=f"{odd:,} characters that belong to no event", advice="look at the file in an editor: no exporter writes them",
        )  # fmt: skip
    yield Balance(file, "events", promised, listed, 0, promised - listed)


def _marks(codec: str) -> _Marks:
    wide = codec if codec.startswith("utf-16") else ""
    units = [character.encode(wide or "ascii") for character in "<Event"]
    after = b"|".join(re.escape(character.encode(wide or "ascii")) for character in " >\t\r\n/")
    start = re.compile(re.escape(b"".join(units)) + b"(?=" + after + b")")
    return _Marks(codec, start, "</Event>".encode(wide or "ascii"), 2 if wide else 1)


def _text(data: bytes, codec: str) -> str:
    return data.decode(codec, "replace")


def _event(piece: bytes, codec: str, line: int, size: int, whole: bool, faults: Faults) -> tuple[Fields, Instant | None] | None:
    """An event and its time; None, with a problem, where it cannot be read."""
    found = (
        f"{size:,} bytes, more than an event has"
        if not piece
        else ""
        if whole
        else "no </Event>: the file was cut there or changed"
    )
    if not found:
        try:
            root, odd = _parsed(piece.decode(codec, "surrogatepass" if codec.startswith("utf-16") else "replace"))
            fields = _fields(root)
            if fields.event_id is None:
                found = "no EventID"
        except (etree.XMLSyntaxError, ValueError) as error:
            found = show(str(error), 200)
    if found:
        faults.add(
            Weight.LOST, "evtx.xml-event", f"line {line}", tried="read an event as XML", found=found, lost="that event",
            advice="look at the line: it was cut or changed",
        )  # fmt: skip
        return None
    if odd:
        faults.add(
            Weight.DOUBT, "evtx.xml-characters", f"line {line}", tried="read an event as XML",
            found=f"{odd:,} characters that XML has no room for", lost="nothing but those; each is shown as U+FFFD",
        )  # fmt: skip
    try:
        time = parse_iso(fields.system_time)
    except ValueError:
        return fields, None
    return fields, Instant(time.ticks, Zone.UTC, time.digits)  # the schema knows no other; Windows Vista left the Z out


def _parsed(text: str) -> tuple[etree._Element, int]:
    """The element, and how many characters had to be replaced for it to be XML."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(text.encode("utf-8"), parser), 0
    except (etree.XMLSyntaxError, UnicodeEncodeError):
        text, raw = _FORBIDDEN.subn("\ufffd", text)
        text, named = _FORBIDDEN_REFERENCE.subn("\ufffd", text)
        if not raw + named:
            raise
        return etree.fromstring(text.encode("utf-8"), parser), raw + named


def _fields(event: etree._Element) -> Fields:
    system = next((child for child in event if _name(child) == "System"), None)
    parts = {_name(child): child for child in system} if system is not None else {}

    def text(name: str) -> str:
        return (parts[name].text or "").strip() if name in parts else ""

    def attribute(element: str, name: str) -> str:
        return str(parts[element].get(name) or "") if element in parts else ""

    data: list[tuple[str, str]] = []
    for child in event:
        if _name(child) not in _BARE:
            data += _pairs(child)
    return Fields(
        _number(text("EventRecordID")), attribute("TimeCreated", "SystemTime"), _number(text("EventID")), _number(text("Version")),
        text("Channel"), attribute("Provider", "Name"), text("Computer"), _number(attribute("Execution", "ProcessID")),
        _number(attribute("Execution", "ThreadID")), attribute("Security", "UserID"),
        attribute("Correlation", "ActivityID").strip("{}"), tuple(data),
    )  # fmt: skip


def _pairs(part: etree._Element) -> Pairs:
    """The values below EventData or UserData: of `Data` by its Name, of another element by its own."""
    found = []
    for element in part.iterdescendants(etree.Element):
        name = _name(element)
        if name == "Data":
            name = str(element.get("Name") or name)
        else:
            found += [(f"{name}/@{key!s}", str(value)) for key, value in element.attrib.items() if key != "Name"]
        if len(element) == 0:
            found.append((name, element.text or ""))
    return tuple(found)


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
