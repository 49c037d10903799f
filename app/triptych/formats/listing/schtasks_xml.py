"""`schtasks /query /xml` and `autorunsc -x`: read piece by piece, since one broken task must not hide the rest.

The path of a task stands in the comment before it alone; a name with `--` makes that comment ill-formed, the declared UTF-16
is seldom true, and without ONE some versions write several documents one after the other.
"""

from __future__ import annotations

import re

from triptych.formats.cursor import Block
from triptych.formats.faults import Faults
from triptych.formats.listing.lines import Text
from triptych.formats.listing.listed import Listed, switched, with_leading
from triptych.formats.task_xml import read_task_text
from triptych.formats.xml_scan import unescape
from triptych.limits import Limits
from triptych.model.case import Balance, Weight
from triptych.model.evidence import EvidenceRef, ListingPlace, Reading, Span, stated
from triptych.model.task import Extra, Settings

_NEXT = r"(?=(?:<!--(?:(?!-->).){0,2000}-->\s*)?<Task[\s>])"  # a task that never ends gives way to the next, and to its comment
_TASK = re.compile(rf"<Task[\s>].*?(?:</Task\s*>|{_NEXT}|\Z)", re.DOTALL)
_COMMENT = re.compile(r"<!--(.*?)-->\s*\Z", re.DOTALL)
_ITEM = re.compile(r"<item>(.*?)</item>", re.DOTALL)
_MEMBER = re.compile(r"<(\w+)>(.*?)</\1>", re.DOTALL)
_AUTORUNS_NAMES = {
    "launchstring": "Task To Run",
    "imagepath": "Image Path",
    "description": "Description",
    "signer": "Signer",
    "company": "Company",
}


class _Places:
    """Bytes and lines of stretches of the joined text."""

    def __init__(self, text: Text, file: str) -> None:
        self.file, self.codec = file, text.encoding
        self.start = text.lines[0].offset if text.lines else 0
        self.text = text.whole
        self._lines = text.lines
        self._starts = [0]
        for line in text.lines:
            self._starts.append(self._starts[-1] + len(line.text) + 1)

    def line(self, at: int) -> int:
        return self.text.count("\n", 0, at) + 1

    def span(self, start: int, stop: int) -> Span:
        first, last = self.line(start) - 1, self.line(max(stop - 1, start)) - 1
        head = self._lines[first].span(self.file, start - self._starts[first])
        tail = self._lines[last].span(self.file, 0, stop - self._starts[last])
        return Span(self.file, head.offset, max(tail.offset + tail.length - head.offset, 1))

    def ref(self, start: int, stop: int, column: str = "") -> EvidenceRef:
        return EvidenceRef(ListingPlace(self.line(start), column), (self.span(start, stop),))


def read_tasks(text: Text, data: bytes, file: str, faults: Faults, limits: Limits) -> tuple[list[Listed], Balance]:
    """The tasks of `schtasks /xml`; a task that cannot be read is listed all the same, with its problem."""
    places = _Places(text, file)
    found: list[Listed] = []
    before = 0
    for match in _TASK.finditer(places.text):
        span = places.span(match.start(), match.end())
        block = Block(data[span.offset : span.offset + span.length], ListingPlace(places.line(match.start())), (span,))
        parsed = read_task_text(match.group(), block, faults, limits)
        path = _named(places.text[before : match.start()]) or parsed.registration.uri.value or ""
        before = match.end()
        if not path:
            faults.add(
                Weight.DOUBT,
                "listing.nameless",
                f"line {places.line(match.start())}",
                tried="find the path of a task in the comment before it, or its URI",
                found="neither",
                lost="its place in the tree",
                advice="look at the listing there",
            )
            path = f"\\(line {places.line(match.start())})"
        found.append(
            Listed(
                with_leading(path),
                places.ref(match.start(), match.end(), "Task"),
                parsed.registration,
                parsed.principal,
                parsed.actions,
                parsed.triggers,
                parsed.settings,
                extras=parsed.extras,
                has_actions=parsed.is_task,
                has_triggers=parsed.is_task,
            )
        )
    promised = len(re.findall(r"<Task[\s>]", places.text))
    return found, Balance(file, "tasks", promised, len(found))


def _named(between: str) -> str:
    comment = _COMMENT.search(between)
    return unescape(comment[1].strip()) if comment else ""


def read_autoruns(text: Text, file: str, _: Faults) -> tuple[list[Listed], Balance]:
    """The Task Scheduler items of `autorunsc -x`."""
    places = _Places(text, file)
    found: list[Listed] = []
    items = list(_ITEM.finditer(places.text))
    for item in items:
        members = {
            member[1].casefold(): (unescape(member[2]), item.start(1) + member.start(), item.start(1) + member.end())
            for member in _MEMBER.finditer(item[1])
        }
        location, name = members.get("location", ("", 0, 0))[0], members.get("itemname", ("", 0, 0))
        if "task scheduler" not in location.casefold() or not name[0]:
            continue

        def reading(key: str, at: dict[str, tuple[str, int, int]] = members) -> Reading[str]:
            value, start, stop = at[key]
            return stated(value, places.ref(start, stop, key))

        found.append(
            Listed(
                with_leading(name[0]),
                places.ref(name[1], name[2], "itemname"),
                settings=Settings(enabled=switched(reading("enabled"))) if "enabled" in members else Settings(),
                extras=tuple(
                    Extra(label, reading(key)) for key, label in _AUTORUNS_NAMES.items() if members.get(key, ("", 0, 0))[0]
                ),
            )
        )
    return found, Balance(file, "items", len(items), len(items))
