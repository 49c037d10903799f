"""The keys of one state of a hive, read list by list: what is damaged costs its own entry and nothing else.

Every key has one owner, the key whose list it was accepted from, so no walk can run in circles or explode; which of two keys
that list it is the owner follows the parent pointer of the key, where that leads to the root.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from triptych.formats import hive_lists
from triptych.formats.hive_cells import BASE, NOWHERE, Image
from triptych.formats.hive_second import second_opinion
from triptych.formats.hive_values import HiveValue, read_value
from triptych.formats.keys import Value
from triptych.model.case import Balance, Weight
from triptych.model.evidence import EvidenceRef, RegistryPlace
from triptych.model.times import Instant, from_parts

# size, signature, flags, written, parent, subkeys, subkey list, values, value list, name length
_NK = struct.Struct("<i2sHQ4xII4xI4xII28xH2x")
_NAME = 80  # of a name from the start of its cell
LATIN, ROOT = 0x20, 0x04
LAST_TICK = from_parts(9999, 12, 31, 23, 59, 59, 9_999_999)
_ROOT, _SCANNED = -1, -2  # owner of the root, and owner of keys that a search of the cells found
_OPINIONS = 20  # damaged keys that python-registry is asked about, in one hive


class HiveKey:
    """A key of a hive. `cell` is the offset of its cell as the format counts it; `note` says what is wrong with the record.

    `ticks` is the last-write time as it stands there, also where `written` is None because no calendar has it. `orphan` is
    True where no list names the key and a search of the cells found it.
    """

    __slots__ = (
        "cell", "depth", "listed", "name", "note", "orphan", "parent_cell", "path", "record_length", "stated_subkeys",
        "stated_values", "subkey_list", "ticks", "tree", "value_list",
    )  # fmt: skip

    def __init__(self, tree: Tree, cell: int, fields: tuple[int, ...], name: str, path: str, depth: int, length: int) -> None:
        self.tree, self.cell, self.name, self.path, self.depth, self.record_length = tree, cell, name, path, depth, length
        self.ticks, self.parent_cell, self.stated_subkeys, self.subkey_list, self.stated_values, self.value_list = fields
        self.note = ""
        self.orphan = False

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
        return f"key {self.path}" if self.path else "the root key"

    def subkeys(self) -> Iterator[HiveKey]:
        return iter(self.tree.subkeys(self))

    def values(self) -> Iterator[Value]:
        return iter(self.tree.values(self))

    def child(self, name: str) -> HiveKey | None:
        """The first child of that name without regard to case; the names of a key's children are looked up once."""
        cell = self.tree.names(self).get(name.casefold())
        return None if cell is None else self.tree.read(cell, self, [])

    def find(self, path: str) -> HiveKey | None:
        """The key at a path below this one."""
        key: HiveKey | None = self
        for part in path.split("\\") if path else ():
            key = key.child(part) if key else None
        return key


class Tree:
    """All keys of one image. The sums of the balance grow as lists are read; a list read again adds nothing."""

    def __init__(self, image: Image) -> None:
        self.image = image
        self.owners: dict[int, int] = {}
        self.lost_below: dict[int, int] = {}
        self.promised, self.listed, self.repaired, self.lost = ({"keys": 0, "values": 0} for _ in range(4))
        self._counted: set[int] = set()  # keys whose list was read: cell * 2, + 1 for its values
        self._names: dict[int, dict[str, int]] = {}
        self._claims_left = len(image.data) // 4
        self._opinions_left = _OPINIONS

    # -- keys ---------------------------------------------------------------------------------------------------------

    def root(self) -> HiveKey | None:
        """The root key; None where no key stands at its place."""
        key = self.read(self.image.root, None, [])
        if key is not None:
            self.owners[key.cell] = _ROOT
        return key

    def read(self, cell: int, above: HiveKey | None, wrong: list[str], quiet: bool = False) -> HiveKey | None:
        """The key in a cell, as a child of `above`; None where no key stands there, with the reason added to `wrong`.

        A `quiet` reading notes no oddities of the record: the key is asked for its pointers only.
        """
        data, at = self.image.data, BASE + cell
        if at + _NAME > self.image.end:
            wrong.append(f"it names offset 0x{cell:08X}, the file ends at 0x{self.image.end:X}")
            return None
        size, sign, flags, ticks, parent, subkeys, subkey_list, values, value_list, length = _NK.unpack_from(data, at)
        if sign != b"nk":
            wrong.append(f"at 0x{at + 4:X} stands {sign.hex(' ')}, not a key ('nk')")
            return None
        start, stop = at + _NAME, at + _NAME + length
        room = at - size
        cut = size >= 0 or room > self.image.end or stop > room
        if cut:
            stop = min(stop, room if at + _NAME <= room <= self.image.end else self.image.end)
        raw = data[start:stop]
        if flags & LATIN:
            name = raw.decode("latin-1")
        else:
            name = raw[: len(raw) & ~1].decode("utf-16-le", "surrogatepass") + ("\ufffd" if len(raw) & 1 else "")
        path, depth = "", 0
        if above is not None:
            path, depth = (f"{above.path}\\{name}" if above.path else name), above.depth + 1
        key = HiveKey(
            self, cell, (ticks, parent, subkeys, subkey_list, values, value_list), name, path, depth, _NAME - 4 + stop - start
        )
        if not quiet and (cut or ticks > LAST_TICK or cell & 7 or not _plain(name)):
            self._oddities(key, size, length, room, raw)
        return key

    def _oddities(self, key: HiveKey, size: int, length: int, room: int, raw: bytes) -> None:
        """Note what is odd about a key's record; the key is given all the same."""
        notes: list[tuple[str, str, Weight]] = []
        if size > 0:
            notes.append(("hive.key.freed", "in a freed cell", Weight.DOUBT))
        elif size == 0 or room > self.image.end:
            notes.append(("hive.key.cell", f"in a cell of impossible size ({-size} bytes)", Weight.DOUBT))
        cut = len(raw) < length
        if cut:
            notes.append(
                ("hive.key.name-length", f"name cut at the end of its cell: {length} bytes stated, {len(raw)} there", Weight.DOUBT)
            )
        if key.ticks > LAST_TICK:
            notes.append(("hive.key.time", f"last-write time out of range: 0x{key.ticks:016X}", Weight.DOUBT))
        if key.cell & 7:
            notes.append(("hive.key.place", "not at a multiple of 8", Weight.DOUBT))
        if key.depth and not cut and (fault := _name_fault(key.name, raw)):
            notes.append(("hive.key.name", fault, Weight.NOTE))
        for code, found, weight in notes:
            self.image.tell(weight, code, key.at, key.title, tried="read the key's record", found=found)
        key.note = "; ".join(found for _, found, _ in notes)

    # -- lists --------------------------------------------------------------------------------------------------------

    def subkeys(self, key: HiveKey) -> list[HiveKey]:
        """The children of a key in the order of its list."""
        kept: list[HiveKey] = []
        if key.stated_subkeys == 0 and key.subkey_list == NOWHERE:
            return kept
        with self.image.faults.guard("hive.list", key.title, tried="read the subkeys of a key", lost="the key's other subkeys"):
            self._children(key, kept)
        return kept

    def _children(self, key: HiveKey, kept: list[HiveKey]) -> None:
        first = key.cell * 2 not in self._counted
        self._counted.add(key.cell * 2)
        if key.depth >= self.image.limits.key_depth:
            self._too_deep(key, first)
            return
        found = hive_lists.children(self.image, key.title, key.subkey_list)
        entries = self._afford(key, found.cells, first, "hive.list.shared")
        faults = hive_lists.EntryFaults()
        seen: set[int] = set()
        extra = 0
        for number, cell in enumerate(entries, 1):
            if cell in seen:
                faults.add("hive.list.entry-twice", number, "it names a key that this list names already")
                continue
            seen.add(cell)
            wrong: list[str] = []
            child = self.read(cell, key, wrong)
            unpromised = number > key.stated_subkeys and (found.padded or not key.stated_subkeys)
            if child is None or (unpromised and child.parent_cell != key.cell):
                if unpromised:
                    extra += 1
                else:
                    faults.add("hive.list.entry", number, wrong[0] if wrong else "it belongs to another key")
            elif self._accepted(child, key):
                kept.append(child)
            else:
                faults.add("hive.key.visited", number, f"it names the key at 0x{child.at:X}, which was already visited elsewhere")
        self._report_list(key, found, faults, len(entries) - extra, len(kept), first)
        self._same_names(key, kept)

    def _accepted(self, child: HiveKey, key: HiveKey) -> bool:
        """Whether `key` is the owner of `child`; the first who asks becomes it, unless the child's own pointer names another."""
        owner = self.owners.get(child.cell)
        if owner is None:
            if child.parent_cell != key.cell:
                if self._claimed(child):
                    return False
                self.image.tell(
                    Weight.DOUBT,
                    "hive.key.parent",
                    child.at,
                    child.title,
                    tried="compare the key's parent pointer with the key that lists it",
                    found=f"it names the cell at 0x{child.parent_cell:08X}, the key was reached from 0x{key.cell:08X}",
                    advice="The path shown is the way by which the key was reached.",
                )
            self.owners[child.cell] = owner = key.cell
        return owner == key.cell

    def _claimed(self, child: HiveKey) -> bool:
        """Whether the key that the child's parent pointer names lists it and itself hangs from the root."""
        at, steps = child.parent_cell, 0
        claimant = self.read(at, None, [], quiet=True)
        while at != self.image.root:
            above = self.read(at, None, [], quiet=True) if at != child.cell else None
            steps += 1
            if above is None or steps > self.image.limits.key_depth:
                return False
            at = above.parent_cell
        if claimant is None or self._claims_left <= 0:
            return False
        cells = hive_lists.children(self.image, claimant.title, claimant.subkey_list).cells
        self._claims_left -= len(cells) + 1
        return child.cell in cells

    def _afford(self, key: HiveKey, cells: list[int], first: bool, code: str) -> list[int]:
        """The entries of a list, none where the lists read so far hold more entries than the file has room for."""
        if first:
            self.image.entries_left -= len(cells)
        if self.image.entries_left >= 0:
            return cells
        self.image.tell(
            Weight.LOST,
            code,
            key.at,
            key.title,
            tried="read the lists of subkeys and values",
            found="the lists hold more entries than the file has room for: keys share their lists",
            lost=f"{len(cells)} entries of this key",
            advice="No Windows writes such a hive; compare it with a backup.",
        )
        return []

    def _too_deep(self, key: HiveKey, first: bool) -> None:
        promised = min(key.stated_subkeys, self.image.most_keys)
        self._count("keys", key, promised, 0, promised, first)
        self.image.tell(
            Weight.LOST,
            "hive.key.deep",
            key.at,
            f"key {key.path[-120:]}",
            tried="go down to the subkeys",
            found=f"a key {key.depth} levels below the root, deeper than the limit of Windows ({self.image.limits.key_depth})",
            lost=f"{promised} of its subkeys, and what is below them",
        )

    def _report_list(
        self, key: HiveKey, found: hive_lists.Found, faults: hive_lists.EntryFaults, entries: int, kept: int, first: bool
    ) -> None:
        if not key.stated_subkeys and not kept:
            return  # nothing was promised, and the pointer leads to nothing of this key
        missing = 0
        if entries < key.stated_subkeys <= self.image.most_keys:
            missing = key.stated_subkeys - entries
        self._count("keys", key, entries + missing, kept, len(faults) + missing, first)
        if found.faults or entries != key.stated_subkeys:
            self._tell_counts(key, found.faults, entries, missing)
        faults.tell(self.image, key.at, f"subkey list of {key.title}", entries, kept)

    def _tell_counts(self, key: HiveKey, faults: list[tuple[str, str]], entries: int, lost: int) -> None:
        lost_words = f"{lost} of the subkeys" if lost > 0 else "nothing"
        opinion = self._opinion(key.cell) if lost > 0 else ""
        for code, found in faults:
            self.image.tell(
                Weight.LOST if lost > 0 else Weight.DOUBT,
                code,
                key.at,
                f"subkey list of {key.title}",
                tried="read the list of subkeys",
                found=f"{found}; the key states {key.stated_subkeys} subkeys{opinion}",
                lost=lost_words,
                advice="Keys that no list names are searched for in the cells and shown as orphans.",
            )
        if entries != key.stated_subkeys and not faults:
            self.image.tell(
                Weight.LOST if lost > 0 else Weight.DOUBT,
                "hive.list.count",
                key.at,
                key.title,
                tried="compare the key's count of subkeys with its list",
                found=f"the count disagrees: the key states {key.stated_subkeys} subkeys, its list holds {entries}{opinion}",
                lost=lost_words,
                advice="The list is believed.",
            )

    def _opinion(self, cell: int) -> str:
        if self._opinions_left <= 0:
            return ""
        self._opinions_left -= 1
        return f" ({second_opinion(self.image.data, cell)})"

    def _same_names(self, key: HiveKey, kept: list[HiveKey]) -> None:
        """Two subkeys of one name: both are given, and told apart by their bytes."""
        if len({child.name.casefold() for child in kept}) == len(kept):
            return
        seen: set[str] = set()
        for child in kept:
            folded = child.name.upper()
            if folded in seen:
                self.image.tell(
                    Weight.DOUBT,
                    "hive.key.name-twice",
                    child.at,
                    child.title,
                    tried="tell the subkeys of a key apart by name",
                    found=f"the name stands twice in the list of {key.title}",
                    advice="Both are shown; Windows finds the one that its search meets first.",
                )
            seen.add(folded)

    # -- values -------------------------------------------------------------------------------------------------------

    def values(self, key: HiveKey) -> list[HiveValue]:
        """The values of a key in the order of its list."""
        kept: list[HiveValue] = []
        if key.value_list == NOWHERE and key.stated_values == 0:
            return kept
        with self.image.faults.guard("hive.values", key.title, tried="read the values of a key", lost="the key's other values"):
            self._values(key, kept)
        return kept

    def _values(self, key: HiveKey, kept: list[HiveValue]) -> None:
        first = key.cell * 2 + 1 not in self._counted
        self._counted.add(key.cell * 2 + 1)
        found = hive_lists.values(self.image, key.value_list, key.stated_values)
        entries = self._afford(key, found.cells, first, "hive.values.shared")
        faults = hive_lists.EntryFaults()
        seen: set[int] = set()
        unpromised = 0
        for number, cell in enumerate(entries, 1):
            if cell in seen:
                faults.add("hive.values.entry-twice", number, "it names a value that this list names already")
                continue
            value = read_value(self.image, key.path, cell, first)
            if not isinstance(value, str):
                seen.add(cell)
                kept.append(value)
            elif found.padded:
                unpromised += 1  # the count is impossible, so an entry that leads nowhere is padding
            else:
                faults.add("hive.values.entry", number, value)
        promised = len(entries) - unpromised
        lost_list = bool(found.faults) and not entries and key.stated_values <= self.image.most_keys * 3
        if lost_list:
            promised = key.stated_values
        self._count("values", key, promised, len(kept), promised if lost_list else len(faults), first)
        for code, words in found.faults:
            self.image.tell(
                Weight.LOST if lost_list else Weight.DOUBT,
                code,
                key.at,
                f"value list of {key.title}",
                tried="read the list of values",
                found=f"{words}; {len(kept)} values read" + (self._opinion(key.cell) if lost_list else ""),
                lost=f"{promised} values" if lost_list else "nothing",
            )
        faults.tell(self.image, key.at, f"value list of {key.title}", promised, len(kept))

    # -- sums and walks -----------------------------------------------------------------------------------------------

    def _count(self, unit: str, key: HiveKey, promised: int, listed: int, lost: int, first: bool) -> None:
        if not first:
            return
        self.promised[unit] += promised
        self.listed[unit] += listed
        self.lost[unit] += lost
        if unit == "keys" and lost:
            self.lost_below[key.cell] = lost

    def balance(self) -> tuple[Balance, Balance]:
        """Entries of key lists and of value lists that were read so far, and what became of them."""
        keys, values = (
            Balance(self.image.file, unit, self.promised[unit], self.listed[unit], self.repaired[unit], self.lost[unit])
            for unit in ("keys", "values")
        )
        return keys, values

    def names(self, key: HiveKey) -> dict[str, int]:
        """The children of a key by folded name, the first of a name; kept, since look-ups come again."""
        known = self._names.get(key.cell)
        if known is None:
            known = {}
            for child in self.subkeys(key):
                known.setdefault(child.name.casefold(), child.cell)
            self._names[key.cell] = known
        return known

    def walk(self, start: HiveKey) -> Iterator[HiveKey]:
        """A key and everything below it, each key before its children."""
        waiting = [start]
        while waiting:
            key = waiting.pop()
            yield key
            waiting.extend(reversed(self.subkeys(key)))

    def adopt(self, cell: int, above: HiveKey | None, note: str) -> HiveKey | None:
        """A key that no list names and a search of the cells found; what its parent's list lost is repaired by it."""
        key = self.read(cell, above, [])
        if key is None:
            return None
        key.orphan = True
        key.note = f"{key.note}; {note}" if key.note else note
        if cell not in self.owners:
            self.owners[cell] = _SCANNED
            if self.lost_below.get(key.parent_cell, 0) > 0:
                self.lost_below[key.parent_cell] -= 1
                self.lost["keys"] -= 1
                self.repaired["keys"] += 1
        return key


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
