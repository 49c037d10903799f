"""The keys of one state of a hive, read list by list: what is damaged costs its own entry and nothing else.

Every key has one owner, the key whose list it was accepted from, so no walk can run in circles or explode; which of two keys
that list it is the owner follows the parent pointer of the key, where that leads to the root.
"""

from __future__ import annotations

from collections.abc import Iterator

from triptych.formats import hive_lists
from triptych.formats.hive_cells import NOWHERE, Budget, Image
from triptych.formats.hive_keys import HiveKey, read_key
from triptych.formats.hive_second import second_opinion
from triptych.formats.hive_values import read_value
from triptych.formats.keys import Value
from triptych.model.case import Balance, Weight

_ROOT, _SCANNED = -1, -2  # owner of the root, and owner of keys that a search of the cells found
_OPINIONS = 20  # damaged keys that python-registry is asked about, in one hive


class Tree:
    """All keys of one image. The sums of the balance grow as lists are read; a list read again adds nothing."""

    def __init__(self, image: Image) -> None:
        self.image = image
        self.owners: dict[int, int] = {}
        self.lost_below: dict[int, int] = {}
        self.promised, self.listed, self.repaired, self.lost = ({"keys": 0, "values": 0} for _ in range(4))
        self._counted: set[int] = set()  # keys whose list was read: cell * 2, + 1 for its values
        self._names: dict[int, dict[str, int]] = {}
        self._budget, self._claims = Budget(image.data), Budget(image.data)
        self._refused: set[int] = set()
        self._opinions_left = _OPINIONS

    def root(self) -> HiveKey | None:
        """The root key; None where no key stands at its place."""
        key = read_key(self, self.image.root, None, [])
        if key is not None:
            self.owners[key.cell] = _ROOT
        return key

    def peek(self, cell: int, above: HiveKey | None = None) -> HiveKey | None:
        """The key in a cell for its pointers: nothing is noted, and nothing becomes of it."""
        return read_key(self, cell, above, [], quiet=True)

    # -- lists --------------------------------------------------------------------------------------------------------

    def subkeys(self, key: HiveKey) -> list[HiveKey]:
        """The children of a key in the order of its list."""
        kept: list[HiveKey] = []
        if key.stated_subkeys == 0 and key.subkey_list == NOWHERE:
            return kept
        with self.image.faults.guard(
            "hive.list", f"key at 0x{key.at:X}", tried="read the subkeys of a key", lost="the key's other subkeys"
        ):
            self._children(key, kept)
        return kept

    def _children(self, key: HiveKey, kept: list[HiveKey]) -> None:
        first = key.cell * 2 not in self._counted
        self._counted.add(key.cell * 2)
        if key.depth >= self.image.limits.key_depth:
            self._too_deep(key, first)
            return
        found = hive_lists.children(self.image, key.subkey_list, self._budget if first else None)
        if self._is_refused(key, "keys", found, first):
            return
        entries = found.cells
        faults = hive_lists.EntryFaults()
        seen: set[int] = set()
        extra = 0
        for number, cell in enumerate(entries, 1):
            if cell in seen:
                faults.add("hive.list.entry-twice", number, "it names a key that this list names already")
                continue
            seen.add(cell)
            wrong: list[str] = []
            child = read_key(self, cell, key, wrong)
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
        claimant = self.peek(at)
        while at != self.image.root:
            above = self.peek(at) if at != child.cell else None
            steps += 1
            if above is None or steps > self.image.limits.key_depth:
                return False
            at = above.parent_cell
        return claimant is not None and child.cell in hive_lists.children(self.image, claimant.subkey_list, self._claims).cells

    def _is_refused(self, key: HiveKey, unit: str, found: hive_lists.Found, first: bool) -> bool:
        """Whether the lists read so far hold more entries than the file has room for; such a list is refused for good."""
        mark = key.cell * 2 + (unit == "values")
        if found.refused:
            self._refused.add(mark)
            stated = key.stated_subkeys if unit == "keys" else key.stated_values
            promised = min(stated, self.image.most_keys)
            self._count(unit, key, promised, 0, promised, first)
            self.image.tell(
                Weight.LOST,
                "hive.list.shared",
                key.at,
                key.title,
                tried=f"read the list of its {unit}",
                found="the lists read so far hold more entries than the file has room for: keys share their lists",
                lost=f"{promised} {unit}",
                advice="No Windows writes such a hive; compare it with a backup.",
            )
        return mark in self._refused

    def _too_deep(self, key: HiveKey, first: bool) -> None:
        promised = min(key.stated_subkeys, self.image.most_keys)
        self._count("keys", key, promised, 0, promised, first)
        self.image.tell(
            Weight.LOST,
            "hive.key.deep",
            key.at,
            key.title,
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
        if faults:
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

    def values(self, key: HiveKey) -> list[Value]:
        """The values of a key in the order of its list."""
        kept: list[Value] = []
        if key.value_list == NOWHERE and key.stated_values == 0:
            return kept
        with self.image.faults.guard(
            "hive.values", f"key at 0x{key.at:X}", tried="read the values of a key", lost="the key's other values"
        ):
            self._values(key, kept)
        return kept

    def _values(self, key: HiveKey, kept: list[Value]) -> None:
        first = key.cell * 2 + 1 not in self._counted
        self._counted.add(key.cell * 2 + 1)
        found = hive_lists.values(self.image, key.value_list, key.stated_values, self._budget if first else None)
        if self._is_refused(key, "values", found, first):
            return
        entries, path = found.cells, key.path
        faults = hive_lists.EntryFaults()
        seen: set[int] = set()
        unpromised = 0
        for number, cell in enumerate(entries, 1):
            if cell in seen:
                faults.add("hive.values.entry-twice", number, "it names a value that this list names already")
                continue
            value = read_value(self.image, path, cell, first)
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
        if faults:
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

    def adopt(self, cell: int, above: HiveKey | None, note: str, head: str | None = None, depth: int = 1) -> HiveKey | None:
        """A key that no list names and a search of the cells found; what its parent's list lost is repaired by it.

        Where no key above it is known, `head` is the path of what stands above and `depth` the key's place below the root.
        """
        key = read_key(self, cell, above, [])
        if key is None:
            return None
        key.orphan = True
        if above is None:
            key.head, key.depth = head, depth
        key.note = f"{key.note}; {note}" if key.note else note
        if cell not in self.owners:
            self.owners[cell] = _SCANNED
            if self.lost_below.get(key.parent_cell, 0) > 0:
                self.lost_below[key.parent_cell] -= 1
                self.lost["keys"] -= 1
                self.repaired["keys"] += 1
        return key
