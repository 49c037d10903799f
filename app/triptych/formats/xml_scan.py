"""A tree of XML elements that knows where each of them stands, made from sound and from damaged text alike.

libxml2 gives no offsets, and its recovery drops elements without a word (measured: 559 of 1,286 mutated task files, the action
among them). So the text is cut into tags here, in one pass forward; `xml_document` has lxml judge whether the text is
well-formed and whether both read the same. Nothing is resolved, fetched or expanded; a DTD ends the reading.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from triptych.limits import Limits

_TAG = re.compile(r"""<(/?)([^\s<>/="'!?][^\s<>/="']*+)((?:[^<>"'/]++|"[^<"]*+"|'[^<']*+'|/(?!>))*+)(/?)>""")
_LEAF = re.compile(r"""<([^\s<>/="':!?][^\s<>/="':]*+)>([^<&\r]*+)</\1>""")  # most of a task file: a name and its text
_ATTRIBUTE = re.compile(r"""(?<![^\s"'])([^\s=<>"'/]++)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)')""")
_ROW = re.compile("<++")
_REFERENCE = re.compile(r"&(?:#([0-9]{1,9})|#[xX]([0-9a-fA-F]{1,8})|(amp|lt|gt|quot|apos));")
_SPACE = re.compile(r"\r\n|[\r\n\t]")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_REMARKS, _REMARK_TEXT, _ROOTS = 100, 64 * 1024, 16
_HARD_FACTOR = 10  # expected elements are made beyond the limit, so that padding does not hide them, but not without end

Expected = Callable[[str, str], bool]
"""Whether a child of this local name belongs below a parent of that one: (parent, child)."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute with its value, and the characters (from, to) it stands at."""

    name: str
    value: str
    start: int
    stop: int


@dataclass(slots=True)
class Element:
    """An element. `start` is its `<`, `head` what follows its start tag, `stop` what follows its end tag, in characters.

    `pieces` is its own text (without that of its children), references resolved, CDATA and text around comments joined.
    `path` is filled in by those who walk down from the root.
    """

    name: str
    local: str
    namespace: str
    start: int
    head: int
    stop: int = 0
    attributes: tuple[Attribute, ...] = ()
    children: list[Element] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    remarked: bool = False
    closed: bool = True
    path: str = ""

    @property
    def text(self) -> str:
        return "".join(self.pieces)


@dataclass(slots=True)
class Remark:
    """Something that stands in the text and is no element: kind is comment, instruction, deep, crowd, attributes,
    open, stray-end, tag, unread, outside; `start` and `stop` are characters, `count` how many things it stands for.
    """

    kind: str
    start: int
    stop: int
    text: str = ""
    count: int = 1


@dataclass(slots=True)
class Tree:
    """What a text holds: its root elements (a sound one has one), remarks in order, and where a DTD begins, if one does."""

    roots: list[Element] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    dtd: int | None = None
    elements: int = 0

    def of(self, *kinds: str) -> list[Remark]:
        return [remark for remark in self.remarks if remark.kind in kinds]


def unescape(text: str) -> str:
    """Character data as XML reads it: line ends unified, references resolved; a reference that means nothing stays."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _REFERENCE.sub(_resolve, text) if "&" in text else text


def _resolve(match: re.Match[str]) -> str:
    decimal, hexadecimal, name = match.groups()
    if name:
        return _NAMED[name]
    number = int(decimal) if decimal else int(hexadecimal, 16)
    return chr(number) if number <= 0x10FFFF else match.group()


class _Scan:
    """One pass over a text. Every step moves forward and no text is looked at more than a fixed number of times."""

    def __init__(self, text: str, limits: Limits, expected: Expected) -> None:
        self.text, self.limits, self.expected = text, limits, expected
        self.tree = Tree()
        self.open: list[Element] = []
        self.spaces: list[dict[str, str]] = [{}]
        self.skipped = 0  # open elements below one that is not made
        self.skip_from, self.skip_kind = 0, ""
        self.seen: dict[str, int] = {}
        self.last: dict[str, Remark] = {}
        self.crowd: list[int] = []  # first, last, count of the elements beyond the limit

    def run(self) -> Tree:
        text, at, end = self.text, 0, len(self.text)
        match_tag, match_leaf, find = _TAG.match, _LEAF.match, text.find
        while at < end:
            begin = find("<", at)
            if begin < 0:
                self._text(at, end)
                break
            if begin > at:
                self._text(at, begin)
            leaf = match_leaf(text, begin)
            if leaf is not None and self._leaf(leaf):
                at = leaf.end()
                continue
            match = match_tag(text, begin)
            at = self._tag(match) if match else self._other(begin)
            if self.tree.dtd is not None:
                return self.tree
        self._finish(end)
        return self.tree

    def _text(self, start: int, stop: int, cdata: bool = False) -> None:
        if self.skipped:
            return
        piece = self.text[start:stop]
        if self.open:
            self.open[-1].pieces.append(piece if cdata else unescape(piece))
        elif piece.strip(" \t\r\n\0\ufeff"):
            self._remark("outside", start, stop, piece)

    def _remark(self, kind: str, start: int, stop: int, text: str = "", count: int = 1) -> None:
        """Keep a remark; from the hundred-first of a kind on, one stands for all that follow."""
        seen = self.seen[kind] = self.seen.get(kind, 0) + 1
        if seen <= _REMARKS:
            self.last[kind] = Remark(kind, start, stop, text[:_REMARK_TEXT], count)
            self.tree.remarks.append(self.last[kind])
        else:
            kept = self.last[kind]
            kept.count += count
            kept.stop = max(kept.stop, stop)

    def _leaf(self, match: re.Match[str]) -> bool:
        """Take an element that is a name and its text at once; False where it needs a closer look."""
        if self.skipped or not self.open:
            return False
        name, text = match.groups()
        parent = self.open[-1]
        if self._too_much(parent, name):
            return False
        self.tree.elements += 1
        start, stop = match.span()
        element = Element(name, name, self.spaces[-1].get("", ""), start, match.start(2), stop, pieces=[text] if text else [])
        parent.children.append(element)
        return True

    def _tag(self, match: re.Match[str]) -> int:
        closing, name, inner, lone = match.groups()
        start, stop = match.span()
        if closing:
            self._close(name, start, stop)
        elif self.skipped:
            self.skipped += not lone
        else:
            self._start(name, match.span(3) if inner.strip() else None, start, stop, bool(lone))
        return stop

    def _start(self, name: str, inner: tuple[int, int] | None, start: int, stop: int, lone: bool) -> None:
        parent = self.open[-1] if self.open else None
        prefix, _, local = name.rpartition(":")
        if reason := self._too_much(parent, local):
            self._skip(reason, start, stop, lone)
            return
        self.tree.elements += 1
        space = self.spaces[-1]
        attributes: tuple[Attribute, ...] = ()
        if inner:
            attributes, declared = self._attributes(*inner)
            space = {**space, **declared} if declared else space
        element = Element(
            name, local, space.get(prefix, "" if not prefix else f"undeclared prefix {prefix}"), start, stop, stop, attributes
        )
        (parent.children if parent else self.tree.roots).append(element)
        if not lone:
            element.closed = False
            self.open.append(element)
            self.spaces.append(space)

    def _too_much(self, parent: Element | None, local: str) -> str:
        if parent is None:
            return "crowd" if len(self.tree.roots) >= _ROOTS else ""
        if len(self.open) >= self.limits.xml_depth:
            return "deep"
        made = self.tree.elements
        if made < self.limits.xml_elements:
            return ""
        wanted = made < self.limits.xml_elements * _HARD_FACTOR and self.expected(parent.local, local)
        return "" if wanted else "crowd"

    def _skip(self, kind: str, start: int, stop: int, lone: bool) -> None:
        if kind == "crowd":
            self.crowd = [self.crowd[0], stop, self.crowd[2] + 1] if self.crowd else [start, stop, 1]
        if not lone:
            self.skipped, self.skip_from, self.skip_kind = 1, start, kind
        elif kind == "deep":
            self._remark("deep", start, stop)

    def _attributes(self, start: int, stop: int) -> tuple[tuple[Attribute, ...], dict[str, str]]:
        found: list[Attribute] = []
        spaces: dict[str, str] = {}
        for number, match in enumerate(_ATTRIBUTE.finditer(self.text, start, stop)):
            if number >= self.limits.xml_attributes:
                self._remark("attributes", match.start(), stop, self.text[match.start() : stop])
                break
            name, double, single = match.groups()
            value = unescape(_SPACE.sub(" ", double if double is not None else single))
            if name == "xmlns" or name.startswith("xmlns:"):
                spaces[name[6:]] = value
            else:
                found.append(Attribute(name, value, *match.span()))
        return tuple(found), spaces

    def _close(self, name: str, start: int, stop: int) -> None:
        if self.skipped:
            self.skipped -= 1
            if not self.skipped and self.skip_kind == "deep":
                self._remark("deep", self.skip_from, stop)
            elif not self.skipped:
                self.crowd[1] = stop
            return
        if not (self.open and self.open[-1].name == name) and not any(element.name == name for element in self.open):
            self._remark("stray-end", start, stop, self.text[start:stop])
            return
        while (element := self.open.pop()).name != name:
            self.spaces.pop()
            element.stop = start
            self._remark("open", element.start, element.head, element.name)
        self.spaces.pop()
        element.stop, element.closed = stop, True

    def _other(self, start: int) -> int:
        """A comment, CDATA, an instruction, a declaration, or a `<` that begins nothing; gives where to go on."""
        text = self.text
        if text[start + 1 : start + 2] not in ("!", "?"):
            return self._stray(start)
        for opening, ending, kind in (("<!--", "-->", "comment"), ("<![CDATA[", "]]>", "cdata"), ("<?", "?>", "instruction")):
            if not text.startswith(opening, start):
                continue
            inside = start + len(opening)
            stop = text.find(ending, inside)
            if stop < 0:
                self._remark("unread", start, len(text), text[start:])
                return len(text)
            after = stop + len(ending)
            if kind == "cdata":
                self._text(inside, stop, cdata=True)
            elif text[start:after].split(None, 1)[0] != "<?xml":
                self._aside(kind, start, after, text[inside:stop])
            return after
        if text[start : start + 9].upper() == "<!DOCTYPE" or text.startswith("<!ENTITY", start):
            self.tree.dtd = start
            return len(text)
        return self._stray(start)

    def _stray(self, start: int) -> int:
        """A `<`, or a row of them, that begins no tag: text."""
        stop = max(_ROW.match(self.text, start).end() - 1, start + 1)  # type: ignore[union-attr]  # a `<` stands there
        self._remark("tag", start, stop, self.text[start : start + 200])
        self._text(start, stop)
        return stop

    def _aside(self, kind: str, start: int, stop: int, text: str) -> None:
        self._remark(kind, start, stop, text)
        if self.open and not self.skipped:
            self.open[-1].remarked = True

    def _finish(self, end: int) -> None:
        if self.skipped and self.skip_kind == "deep":
            self._remark("deep", self.skip_from, end)
        for element in reversed(self.open):
            element.stop = end
            self._remark("open", element.start, element.head, element.name)
        if self.crowd:
            first, last, count = self.crowd
            self._remark("crowd", first, last, count=count)


def scan(text: str, limits: Limits, expected: Expected) -> Tree:
    """The tree of a text; never raises, takes time in proportion to the text. `Limits.xml_depth` and `xml_elements` hold."""
    return _Scan(text, limits, expected).run()
