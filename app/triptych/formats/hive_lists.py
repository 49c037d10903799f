"""Lists of subkeys (li, lf, lh, and ri above them) and of values: the offsets they name, bounded by their cells."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from triptych.formats.hive_cells import BASE, NOWHERE, SMALLEST_KEY, Budget, Image
from triptych.model.case import Weight

_WIDTH = {b"li": 4, b"lf": 8, b"lh": 8, b"ri": 4}


@dataclass(slots=True)
class Found:
    """The offsets that a list names. `padded` says that its count is more than its cell holds, so that the last entries may
    be the cell's padding; `refused` that the budget was gone; `faults` are codes with words."""

    cells: list[int] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)
    padded: bool = False
    refused: bool = False


class EntryFaults:
    """The bad entries of one list, told as one problem for each kind."""

    def __init__(self) -> None:
        self._kinds: dict[str, list[tuple[int, str]]] = {}

    def __len__(self) -> int:
        return sum(len(bad) for bad in self._kinds.values())

    def add(self, code: str, number: int, found: str) -> None:
        self._kinds.setdefault(code, []).append((number, found))

    def tell(self, image: Image, at: int, where: str, entries: int, kept: int) -> None:
        for code, bad in self._kinds.items():
            number, found = bad[0]
            more = f", and {len(bad) - 1} more entries like it" if len(bad) > 1 else ""
            image.tell(
                Weight.LOST,
                code,
                at,
                f"entry {number} of the {where}",
                tried=f"read what the {entries} entries of the list name",
                found=f"entry {number}: {found}{more}",
                lost=f"{len(bad)} of {entries} entries; {kept} are kept",
                advice="What no list names is searched for in the cells and shown as an orphan.",
            )


def children(image: Image, offset: int, budget: Budget | None = None) -> Found:
    """The cells of the keys that a list of subkeys names, through lists of lists; every list is read once."""
    found = Found()
    seen: set[int] = set()
    waiting: list[tuple[int, tuple[int, ...]]] = [(offset, ())]
    most = image.end // SMALLEST_KEY
    while waiting and len(found.cells) <= most:
        at, above = waiting.pop()
        if at in seen:
            loop = at in above
            code = "hive.list.loop" if loop else "hive.list.twice"
            words = "subkey list loop: a list names itself" if loop else "subkey list visited twice"
            found.faults.append((code, f"{words} (0x{at:08X})"))
            continue
        seen.add(at)
        if len(above) > image.limits.list_depth:
            found.faults.append(("hive.list.deep", f"list too deep: more than {image.limits.list_depth} lists above each other"))
            continue
        if budget is not None and budget.gone:
            found.refused = True
            break
        lower = _one(image, at, found, budget)
        waiting.extend((entry, (*above, at)) for entry in reversed(lower))
    return found


def _one(image: Image, offset: int, found: Found, budget: Budget | None) -> tuple[int, ...]:
    """Read one list into `found`; the lists below it where it is a list of lists."""
    if offset == NOWHERE:
        found.faults.append(("hive.list.none", "the key names no list of subkeys"))
        return ()
    cell = image.cell(offset, 4)
    if cell is None:
        found.faults.append(("hive.list.outside", f"the list is said to stand at 0x{offset:08X}, the file ends at 0x{image.end:X}"))
        return ()
    sign, count = struct.unpack_from("<2sH", image.data, cell.at)
    width = _WIDTH.get(sign)
    if width is None:
        found.faults.append(("hive.list.kind", f"at 0x{cell.at:X} stands {sign.hex(' ')}, not a list of subkeys"))
        return ()
    if cell.odd:
        found.faults.append(("hive.list.cell", f"the list at 0x{cell.at:X} lies in {cell.odd}"))
    room = max(cell.room - 4, 0) // width
    if count > room:
        found.faults.append(("hive.list.long", f"the list at 0x{cell.at:X} counts {count} entries, its cell holds {room}"))
        found.padded, count = True, room
    if budget is not None:
        budget.spend(count)
    numbers = struct.unpack_from(f"<{count * width // 4}I", image.data, cell.at + 4)
    if sign == b"ri":
        return numbers
    found.cells.extend(numbers if width == 4 else numbers[::2])
    return ()


def values(image: Image, offset: int, stated: int, budget: Budget | None = None) -> Found:
    """The cells of the values that a key's list names; it keeps no count of its own.

    A key that states no values though it names a list of them is believed to hold what the list names.
    """
    found = Found()
    cell = None if offset == NOWHERE else image.cell(offset, 4)
    if cell is None and stated == 0:
        return found
    if cell is None:
        words = "the key names none" if offset == NOWHERE else f"it is said to stand at 0x{offset:08X}"
        found.faults.append(("hive.values.outside", f"{words}, the file ends at 0x{image.end:X}, {stated} values are promised"))
        return found
    if budget is not None and budget.gone:
        found.refused = True
        return found
    room, count = cell.room // 4, stated
    if cell.odd and stated:
        found.faults.append(("hive.values.cell", f"the list lies in {cell.odd}"))
    if stated > room:
        found.faults.append(("hive.values.count", f"the key states {stated} values, its list has room for {room}"))
        found.padded, count = True, room
    elif stated == 0:
        count = _unpromised(image, cell.at, room) if not cell.odd else 0
        if count:
            found.faults.append(("hive.values.count", f"the key states no values, its list names {count}"))
    if budget is not None:
        budget.spend(count)
    found.cells.extend(struct.unpack_from(f"<{count}I", image.data, cell.at))
    return found


def _unpromised(image: Image, at: int, room: int) -> int:
    """How many entries from the start of a list lead to values in use."""
    count = 0
    for (offset,) in struct.iter_unpack("<I", image.data[at : at + 4 * room]):
        value = image.cell(offset, 20)
        if value is None or value.odd or image.data[value.at : value.at + 2] != b"vk":
            break
        count += 1
    return count


def value_slack(image: Image, offset: int, count: int) -> list[tuple[int, int]]:
    """What stands behind the entries of a value list: (file offset, number) up to the end of the free cell that follows it."""
    cell = None if offset == NOWHERE else image.cell(offset, 4)
    if cell is None:
        return []
    stop = cell.stop
    if stop + 4 <= image.stop:
        (size,) = struct.unpack_from("<i", image.data, stop)
        stop = min(stop + size, image.stop) if size > 0 else stop
    start = cell.at + 4 * min(count, cell.room // 4)
    stop = min(stop, start + 1024)
    numbers = struct.iter_unpack("<I", image.data[start : start + ((stop - start) & ~3)])
    return [(start + 4 * index, number) for index, (number,) in enumerate(numbers) if number < image.end - BASE]
