"""The second reader of a record: its binary XML as a tree, each value with the bytes of the chunk that state it.

Slow and patient where the bulk reader refuses or drops: odd text stays whole, unknown types become hex, times that no
calendar has stay numbers. Everything is bounded: depth, elements, tokens, and no offset is followed out of the chunk.
Facts: MS-EVEN6 2.2.12, the libevtx format description; judged against the bulk reader and python-evtx on real logs.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import NamedTuple

from triptych.formats.evtx_values import BINXML, STRING, is_odd, members, string, text_of
from triptych.formats.faults import FormatFault

_DEPTH = 128  # fragments and templates inside one another: the 64 values that the bulk reader allows
_OPEN = 512  # elements inside one another
_TOKENS = 50_000
_VALUES = 4_096
_FRAGMENT, _INSTANCE = 0x0F, 0x0C
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


@dataclass(slots=True)
class Piece:
    """A stretch of text: where its bytes stand in the chunk (length 0 for none), and what is odd about it.

    `members` are those of an array, for which Windows repeats the element.
    """

    text: str
    at: int
    length: int
    odd: str = ""
    members: tuple[str, ...] | None = None


@dataclass(slots=True)
class Element:
    name: str
    attributes: list[tuple[str, list[Piece]]] = field(default_factory=list)
    children: list[Element] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)

    def child(self, name: str) -> Element | None:
        return next((child for child in self.children if child.name == name), None)

    def attribute(self, name: str) -> str:
        """Its text, "" where there is none."""
        return next(("".join(piece.text for piece in pieces) for key, pieces in self.attributes if key == name), "")


class Value(NamedTuple):
    """One substitution of a template instance: its type and its bytes in the chunk."""

    kind: int
    at: int
    length: int


def read_event(data: bytes, at: int, length: int) -> Element:
    """The event of the record at `at` of a chunk. Raises FormatFault, naming the place, and nothing else."""
    try:
        return _Reader(data).event(at + 24, at + length - 4)
    except (struct.error, IndexError, ValueError, OverflowError, RecursionError) as error:
        raise FormatFault("evtx.binxml", f"chunk offset 0x{at:X}", "read the record's binary XML", str(error)) from error


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._tokens = 0

    def event(self, at: int, end: int) -> Element:
        root = Element("")
        self._fragment(at, end, root, (), depth=0)
        if len(root.children) != 1:
            raise _fault(at, "read one event", f"{len(root.children)} elements")
        return root.children[0]

    def _fragment(self, at: int, end: int, parent: Element, values: tuple[Value, ...] | None, depth: int) -> int:
        """Read tokens into `parent` up to the end mark. `values` None means a fragment outside of a template."""
        if depth > _DEPTH:
            raise _fault(at, "read binary XML", f"more than {_DEPTH // 2} values inside one another")
        stack = [parent]
        target: list[Piece] | None = None
        in_template = depth % 2 == 1
        while at < end:
            self._count(at)
            token = self._data[at]
            kind = token & 0x0F
            if kind == 0x00:
                return at + 1
            if kind == 0x0F:
                at += 4
            elif kind == 0x01:
                at = self._open(at, token, stack, dependency=2 if in_template else 0)
                target = None
            elif kind == 0x06:
                name, at = self._name(at + 1)
                target = []
                stack[-1].attributes.append((name, target))
            elif kind == 0x02:
                target, at = None, at + 1
            elif kind in (0x03, 0x04):
                if len(stack) < 2:
                    raise _fault(at, "close an element", "none is open")
                stack.pop()
                target, at = None, at + 1
            elif kind == 0x0C:
                at = self._instance(at, end, stack[-1], depth)
            elif kind in (0x0D, 0x0E):
                self._substitute(at, stack[-1], target, values or (), depth)
                at += 4
            else:
                piece, at = self._text(at, kind)
                (stack[-1].pieces if target is None else target).append(piece)
        return at

    def _count(self, at: int) -> None:
        self._tokens += 1
        if self._tokens > _TOKENS:
            raise _fault(at, "read binary XML", f"more than {_TOKENS:,} tokens")

    def _open(self, at: int, token: int, stack: list[Element], dependency: int) -> int:
        name, following = self._name(at + 5 + dependency)
        if len(stack) > _OPEN:
            raise _fault(at, "open an element", f"more than {_OPEN} inside one another")
        element = Element(name)
        stack[-1].children.append(element)
        stack.append(element)
        return following + 4 if token & 0x40 else following

    def _name(self, at: int) -> tuple[str, int]:
        """A name by the offset that stands at `at`; it may stand right behind. Gives what follows."""
        offset = struct.unpack_from("<I", self._data, at)[0]
        if offset + 8 > len(self._data):
            raise _fault(at, "read a name", f"an offset of 0x{offset:X}, outside of the chunk")
        count = struct.unpack_from("<H", self._data, offset + 6)[0]
        raw = self._data[offset + 8 : offset + 8 + 2 * count]
        if len(raw) < 2 * count:
            raise _fault(at, "read a name", f"{count} characters at 0x{offset:X}, beyond the chunk")
        following = at + 4
        return string(raw)[0], following + 10 + 2 * count if offset == following else following

    def _text(self, at: int, kind: int) -> tuple[Piece, int]:
        if kind == 0x05:
            if self._data[at + 1] != STRING:
                raise _fault(at, "read a value", f"the type 0x{self._data[at + 1]:02X} where only text may stand")
            return self._counted(at + 2)
        if kind in (0x07, 0x0B):
            return self._counted(at + 1)
        if kind == 0x08:
            return Piece(chr(struct.unpack_from("<H", self._data, at + 1)[0]), at + 1, 2), at + 3
        if kind in (0x09, 0x0A):
            name, following = self._name(at + 1)
            text = _ENTITIES.get(name, f"&{name};") if kind == 0x09 else ""
            return Piece(text, at + 1, 4), following
        raise _fault(at, "read binary XML", f"the unknown token 0x{self._data[at]:02X}")

    def _counted(self, at: int) -> tuple[Piece, int]:
        count = struct.unpack_from("<H", self._data, at)[0]
        raw = self._data[at + 2 : at + 2 + 2 * count]
        if len(raw) < 2 * count:
            raise _fault(at, "read text", f"{count} characters, beyond the chunk")
        text, odd = string(raw)
        return Piece(text, at + 2, 2 * count, odd), at + 2 + 2 * count

    def _instance(self, at: int, end: int, parent: Element, depth: int) -> int:
        if depth % 2:
            raise _fault(at, "read a template", "an instance of a template inside of a template's definition")
        definition, table = instance_at(self._data, at)
        values, following = values_at(self._data, table, end)
        self._fragment(definition + 24, len(self._data), parent, values, depth + 1)
        return following

    def _substitute(self, at: int, element: Element, target: list[Piece] | None, values: tuple[Value, ...], depth: int) -> None:
        index = struct.unpack_from("<H", self._data, at + 1)[0]
        pieces = element.pieces if target is None else target
        if index >= len(values):
            pieces.append(Piece("", at, 0, f"value {index} of the template is missing in the record"))
            return
        value = values[index]
        if value.kind == BINXML and target is None:
            if value.length:
                self._fragment(value.at, value.at + value.length, element, None, depth + 1)
            return
        raw = self._data[value.at : value.at + value.length]
        text, odd = text_of(value.kind, raw)
        pieces.append(Piece(text, value.at, value.length, odd, members(value.kind, raw)))


def instance_at(data: bytes, at: int) -> tuple[int, int]:
    """Of a template instance: where its definition stands, and where its table of values. Raises FormatFault."""
    definition = struct.unpack_from("<I", data, at + 6)[0]
    if definition + 24 > len(data):
        raise _fault(at, "find a template", f"an offset of 0x{definition:X}, outside of the chunk")
    if definition != at + 10:
        return definition, at + 10
    size = struct.unpack_from("<I", data, definition + 20)[0]
    if definition + 24 + size > len(data):
        raise _fault(at, "read a template", f"{size:,} bytes at 0x{definition:X}, beyond the chunk")
    return definition, definition + 24 + size


def values_at(data: bytes, at: int, end: int) -> tuple[tuple[Value, ...], int]:
    """The table of values at `at` of a chunk, and what follows. Raises FormatFault where it does not fit the record."""
    count = struct.unpack_from("<I", data, at)[0]
    if count > _VALUES or at + 4 + 4 * count > end:
        raise _fault(at, "read the values", f"{count:,} of them, more than the record holds")
    found: list[Value] = []
    make = tuple.__new__  # half the time of the class's own constructor
    place = at + 4 + 4 * count
    for size, kind in struct.iter_unpack("<HBx", data[at + 4 : place]):
        if place + size > end:
            raise _fault(at, f"read value {len(found)}", f"{size} bytes at 0x{place:X}, beyond the record")
        found.append(make(Value, (kind, place, size)))
        place += size
    return tuple(found), place


class Doubts:
    """Finds the records of one log in which the bulk reader drops something without a word."""

    def __init__(self) -> None:
        self._templates: dict[bytes, tuple[int, bool]] = {}  # by the definition itself: its GUID can be that of another one

    def about(self, data: bytes, at: int, length: int) -> bool:
        """Whether a record holds odd text, lacks values that its template asks for, or has no template."""
        try:
            return self._fragment(data, at + 24, at + length - 4)
        except (FormatFault, struct.error, IndexError, ValueError, OverflowError, RecursionError):
            return True

    def _fragment(self, data: bytes, at: int, end: int) -> bool:
        if data[at] == _FRAGMENT:
            at += 4
        if data[at] != _INSTANCE:
            return True
        definition, table = instance_at(data, at)
        values, _ = values_at(data, table, end)
        needed, odd = self._template(data, definition)
        if odd or needed > len(values):
            return True
        for value in values:
            if value.kind == STRING and is_odd(data[value.at : value.at + value.length]):
                return True
            if value.kind == BINXML and value.length and self._fragment(data, value.at, value.at + value.length):
                return True
        return False

    def _template(self, data: bytes, definition: int) -> tuple[int, bool]:
        """How many values a template uses, and whether its own text is odd."""
        size = struct.unpack_from("<I", data, definition + 20)[0]
        key = data[definition + 4 : definition + 24 + size]
        known = self._templates.get(key)
        if known is None:
            probe = _Probe(data)
            probe.read(definition)
            known = self._templates[key] = (probe.needed, probe.odd)
        return known


class _Probe(_Reader):
    """Reads a definition alone and notes which values it asks for."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.needed = 0
        self.odd = False

    def read(self, definition: int) -> None:
        self._fragment(definition + 24, len(self._data), Element(""), (), depth=1)

    def _substitute(self, at: int, element: Element, target: list[Piece] | None, values: tuple[Value, ...], depth: int) -> None:
        self.needed = max(self.needed, struct.unpack_from("<H", self._data, at + 1)[0] + 1)

    def _counted(self, at: int) -> tuple[Piece, int]:
        piece, following = super()._counted(at)
        self.odd = self.odd or bool(piece.odd)
        return piece, following


def _fault(at: int, tried: str, found: str) -> FormatFault:
    return FormatFault("evtx.binxml", f"chunk offset 0x{at:X}", tried, found)
