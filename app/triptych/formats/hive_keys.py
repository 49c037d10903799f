"""A key record (nk) of a hive, and the key that the readers get."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Protocol

from triptych.formats.hive_cells import BASE, Image
from triptych.formats.keys import Value
from triptych.model.case import Weight
from triptych.model.evidence import EvidenceRef, RegistryPlace
from triptych.model.times import Instant, from_parts

# size, signature, flags, written, parent, subkeys, subkey list, values, value list, name length
_NK = struct.Struct("<i2sHQ4xII4xI4xII28xH2x")
_NAME = 80  # of a name from the start of its cell
LATIN, ROOT = 0x20, 0x04
LAST_TICK = from_parts(9999, 12, 31, 23, 59, 59, 9_999_999)
_TITLE = 300  # characters of a path in the words of a problem


class Lists(Protocol):
    """What a key asks to read its lists: the tree that it belongs to."""

    @property
    def image(self) -> Image: ...
    def subkeys(self, key: HiveKey) -> list[HiveKey]: ...
    def values(self, key: HiveKey) -> list[Value]: ...
    def names(self, key: HiveKey) -> dict[str, int]: ...
    def walk(self, start: HiveKey) -> Iterator[HiveKey]: ...


class HiveKey:
    """A key of a hive. `cell` is the offset of its cell as the format counts it; `note` says what is wrong with the record.

    `ticks` is the last-write time as it stands there, also where `written` is None because no calendar has it. `orphan` is
    True where no list names the key and a search of the cells found it; `head` is then the path of what stands above it.
    """

    __slots__ = (
        "above", "cell", "depth", "head", "name", "note", "orphan", "parent_cell", "record_length", "stated_subkeys",
        "stated_values", "subkey_list", "ticks", "tree", "value_list",
    )  # fmt: skip

    def __init__(self, tree: Lists, cell: int, fields: tuple[int, ...], name: str, above: HiveKey | None, length: int) -> None:
        self.tree, self.cell, self.name, self.above, self.record_length = tree, cell, name, above, length
        self.ticks, self.parent_cell, self.stated_subkeys, self.subkey_list, self.stated_values, self.value_list = fields
        self.depth: int = 0 if above is None else above.depth + 1
        self.head: str | None = None
        self.note = ""
        self.orphan = False

    @property
    def path(self) -> str:
        """The way by which the key was reached, without the root's name; made anew, since long paths are many."""
        names: list[str] = []
        key = self
        while key.head is None and key.above is not None:
            names.append(key.name)
            key = key.above
        if key.head is not None:
            names += [key.name, key.head] if key.head else [key.name]
        return "\\".join(reversed(names))

    @property
    def written(self) -> Instant | None:
        return Instant(self.ticks) if 0 < self.ticks <= LAST_TICK else None

    @property
    def at(self) -> int:
        """File offset of the nk record."""
        return BASE + self.cell + 4

    @property
    def ref(self) -> EvidenceRef:
        return EvidenceRef(RegistryPlace(self.path), (self.tree.image.span(self.at, self.record_length),))

    @property
    def written_ref(self) -> EvidenceRef:
        return EvidenceRef(RegistryPlace(self.path), (self.tree.image.span(self.at + 4, 8),))

    @property
    def title(self) -> str:
        """The key in the words of a problem."""
        if self.depth == 0 and self.head is None:
            return "the root key"
        path = self.path
        return f"key {path}" if len(path) <= _TITLE else f"key ...{path[-_TITLE:]}"

    def subkeys(self) -> Iterator[HiveKey]:
        return iter(self.tree.subkeys(self))

    def values(self) -> Iterator[Value]:
        return iter(self.tree.values(self))

    def child(self, name: str) -> HiveKey | None:
        """The first child of that name without regard to case; the names of a key's children are looked up once."""
        cell = self.tree.names(self).get(name.casefold())
        return None if cell is None else read_key(self.tree, cell, self, [])

    def find(self, path: str) -> HiveKey | None:
        """The key at a path below this one."""
        key: HiveKey | None = self
        for part in path.split("\\") if path else ():
            key = key.child(part) if key else None
        return key


def read_key(tree: Lists, cell: int, above: HiveKey | None, wrong: list[str], quiet: bool = False) -> HiveKey | None:
    """The key in a cell, as a child of `above`; None where no key stands there, with the reason added to `wrong`.

    A `quiet` reading notes no oddities of the record: the key is asked for its pointers only.
    """
    image = tree.image
    data, at = image.data, BASE + cell
    if at + _NAME > image.end:
        wrong.append(f"it names offset 0x{cell:08X}, the file ends at 0x{image.end:X}")
        return None
    size, sign, flags, ticks, parent, subkeys, subkey_list, values, value_list, length = _NK.unpack_from(data, at)
    if sign != b"nk":
        wrong.append(f"at 0x{at + 4:X} stands {sign.hex(' ')}, not a key ('nk')")
        return None
    start, stop, room = at + _NAME, at + _NAME + length, at + abs(size)
    odd = size >= 0 or room > image.end or stop > room
    if odd:
        stop = min(stop, room if start <= room <= image.end else image.end)
    raw = data[start:stop]
    if flags & LATIN:
        name = raw.decode("latin-1")
    else:
        name = raw[: len(raw) & ~1].decode("utf-16-le", "surrogatepass") + ("\ufffd" if len(raw) & 1 else "")
    fields = (ticks, parent, subkeys, subkey_list, values, value_list)
    key = HiveKey(tree, cell, fields, name, above, _NAME - 4 + stop - start)
    if not quiet and (odd or ticks > LAST_TICK or cell & 7 or not _plain(name)):
        _tell_oddities(image, key, size, length, raw)
    return key


def _tell_oddities(image: Image, key: HiveKey, size: int, length: int, raw: bytes) -> None:
    """Note what is odd about a key's record; the key is given all the same."""
    notes: list[tuple[str, str, Weight]] = []
    cut = len(raw) < length
    if size == 0 or key.at - 4 + abs(size) > image.end or abs(size) < _NAME:
        notes.append(("hive.key.cell", f"in a cell of impossible size ({abs(size)} bytes)", Weight.DOUBT))
    elif size > 0:
        notes.append(("hive.key.freed", "in a freed cell", Weight.DOUBT))
    if cut:
        words = f"name cut at the end of its cell: {length} bytes stated, {len(raw)} there"
        notes.append(("hive.key.name-length", words, Weight.DOUBT))
    if key.ticks > LAST_TICK:
        notes.append(("hive.key.time", f"last-write time out of range: 0x{key.ticks:016X}", Weight.DOUBT))
    if key.cell & 7:
        notes.append(("hive.key.place", "not at a multiple of 8", Weight.DOUBT))
    if key.depth and not cut and (fault := _name_fault(key.name, raw)):
        notes.append(("hive.key.name", fault, Weight.NOTE))
    for code, found, weight in notes:
        image.tell(weight, code, key.at, key.title, tried="read the key's record", found=found)
    key.note = "; ".join(found for _, found, _ in notes)


def _plain(name: str) -> bool:
    """Whether a name shows what it is."""
    return bool(name) and name.isprintable() and "\\" not in name and name[-1] != "\ufffd"


def _name_fault(name: str, raw: bytes) -> str:
    """What is strange about a key's name, in words; "" where only a script needs it."""
    if not name:
        return "the name is empty"
    if "\ufffd" in name and len(raw) & 1:
        return "the name has an odd number of bytes, and is said to be UTF-16"
    found = [
        words
        for words, there in (
            ("a NUL", "\0" in name),
            ("a backslash", "\\" in name),
            ("half of a surrogate pair", any("\ud800" <= sign <= "\udfff" for sign in name)),
            ("characters that are not shown or turn the text around", not name.isprintable()),
        )
        if there
    ]
    return f"the name holds {found[0]}" if found else ""
