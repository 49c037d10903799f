"""Definitions of templates in binary XML: written once a chunk, at the place of their first use.

Names stand in the chunk once, behind the first offset that leads to them, and are found by hash; so what a definition looks
like depends on where it stands. Here it is a row of small steps that a chunk follows. Facts: MS-EVEN6 2.2.12 and the libevtx
format description; tokens, dependency ids and the version nibble of the GUIDs read off real logs of Windows 7 to 11.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from functools import cached_property

from triptych.lessons.event_log_values import STRING

FRAGMENT = b"\x0f\x01\x01\x00"
ALWAYS = 0xFFFF
"""The dependency id of an element that is there whatever its values are; else it is the number of the value it depends on."""
_OPEN, _OPEN_WITH, _CLOSE_START, _CLOSE_EMPTY, _END, _TEXT, _ATTRIBUTE, _MORE = 0x01, 0x41, 0x02, 0x03, 0x04, 0x05, 0x06, 0x46
_NORMAL, _OPTIONAL = 0x0D, 0x0E
BYTES, NAME, SIZE, PATCH = range(4)

Step = tuple[int, bytes]


@dataclass(frozen=True, slots=True)
class Slot:
    """Where the value of a number goes. An optional one leaves nothing behind where the value is null."""

    number: int
    kind: int
    optional: bool = True


Content = str | Slot


@dataclass(frozen=True, slots=True)
class Node:
    """An element of a definition; a `Slot` among its children is text or nested XML."""

    name: str
    children: tuple[Node | Content, ...] = ()
    attributes: tuple[tuple[str, Content], ...] = ()
    depends: int = ALWAYS


@dataclass(frozen=True)
class Definition:
    """A definition ready to be written: its steps, its GUID (made of them, so that equal ones are one) and its short id."""

    root: Node

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        found: list[Step] = []
        _element(self.root, found)
        return tuple(_joined(found))

    @cached_property
    def guid(self) -> bytes:
        digest = bytearray(hashlib.sha256(repr(self.steps).encode()).digest()[:16])
        digest[7] = digest[7] & 0x0F | 0x50
        return bytes(digest)

    @cached_property
    def ident(self) -> int:
        return int(struct.unpack_from("<I", self.guid)[0])


def name_bytes(name: str) -> bytes:
    """A name as it stands in a chunk after the offset of the next one in its bucket: hash, length, text, NUL."""
    return struct.pack("<HH", name_hash(name), len(name)) + name.encode("utf-16-le") + b"\0\0"


def name_hash(name: str) -> int:
    """The hash by which the chunk's table finds a name (read off real logs: Event 0x0CBA, System 0x546F)."""
    found = 0
    for character in name:
        found = (found * 65_599 + ord(character)) & 0xFFFFFFFF
    return found & 0xFFFF


def _element(node: Node, steps: list[Step]) -> None:
    steps.append((BYTES, struct.pack("<BH", _OPEN_WITH if node.attributes else _OPEN, node.depends)))
    steps += ((SIZE, b""), (NAME, node.name.encode()))
    if node.attributes:
        steps.append((SIZE, b""))
        for number, (name, content) in enumerate(node.attributes, 1):
            steps.append((BYTES, bytes([_ATTRIBUTE if number == len(node.attributes) else _MORE])))
            steps += ((NAME, name.encode()), (BYTES, _content(content)))
        steps.append((PATCH, b""))
    if node.children or not node.attributes:
        steps.append((BYTES, bytes([_CLOSE_START])))
        for child in node.children:
            if isinstance(child, Node):
                _element(child, steps)
            else:
                steps.append((BYTES, _content(child)))
        steps.append((BYTES, bytes([_END])))
    else:
        steps.append((BYTES, bytes([_CLOSE_EMPTY])))
    steps.append((PATCH, b""))


def _content(content: Content) -> bytes:
    if isinstance(content, str):
        return struct.pack("<BBH", _TEXT, STRING, len(content)) + content.encode("utf-16-le")
    return struct.pack("<BHB", _OPTIONAL if content.optional else _NORMAL, content.number, content.kind)


def _joined(steps: list[Step]) -> list[Step]:
    """The same steps with neighbouring bytes as one."""
    found: list[Step] = []
    for kind, data in steps:
        if kind == BYTES and found and found[-1][0] == BYTES:
            found[-1] = (BYTES, found[-1][1] + data)
        else:
            found.append((kind, data))
    return found
