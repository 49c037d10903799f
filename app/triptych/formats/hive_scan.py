"""Keys found by their signature in the cells, with or without a list that names them: orphans, and lost roots."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator

from triptych.formats import hive_lists
from triptych.formats.hive_cells import BASE, Image
from triptych.formats.hive_keys import ROOT, HiveKey
from triptych.formats.hive_tree import Tree

TASK_CACHE = "Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache"
GUID_NAME = re.compile(r"\{[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}")
NAMED = frozenset({"tree", "tasks", "boot", "logon", "plain", "maintenance"})
_KEY = re.compile(rb"nk(?=(?s:.{18}))")
TASK_VALUES = frozenset({"Actions", "Triggers", "DynamicInfo"})  # that no other key of a SOFTWARE hive has
_CACHE_NAME = b"TaskCache"
_LONGEST_WAY = 160  # keys above a key of interest: a task's path has at most 260 characters
LOST_PARENT = "(parent lost)"
_BY_SCAN = "found by a search of the cells; no list names it"


def find_root(image: Image) -> int | None:
    """The cell of a key that says it is the root; None where there is none in use."""
    for match in _KEY.finditer(image.data, BASE, image.stop):
        at = match.start() - 4
        flags = int(struct.unpack_from("<H", image.data, at + 6)[0])
        if not at & 7 and image.data[at + 3] & 0x80 and flags & ROOT and at + 80 <= image.end:
            return at - BASE
    return None


def orphans(tree: Tree, root: HiveKey | None) -> Iterator[HiveKey]:
    """Keys of the TaskCache that no list names: each is the top of what hangs below it, with the path of its parents.

    These are a TaskCache that the tree does not reach, keys whose parent pointers lead below one, and keys whose parents are
    lost and that are named like those of a TaskCache or hold the values of a task; the path of what does not hang from the
    root starts with `(parent lost)`.
    """
    cells = tree.image.key_cells
    reached: set[int] = set()
    for cache, is_orphan in _caches(tree, root):
        if is_orphan:
            yield cache
        reached.update(key.cell for key in tree.walk(cache))
        if not reached.issuperset(cells.below(reached)):
            yield from _unlisted(tree, cache, cells.by_parent, reached)
    for children in cells.lost.values():
        yield from _without_parent(tree, children, reached)


def concerned(tree: Tree, cache: Iterable[int], root: HiveKey | None) -> list[int]:
    """Cells of keys, in use or free, that parent pointers put below these keys of the TaskCache, and of all whose way to the
    root is lost; in the order of the file.
    """
    cells = tree.image.key_cells
    found = {*cache, *cells.free}
    top = -1 if root is None else root.cell  # its parent is nobody: that says nothing of what is below it
    waiting = [cell for cell in (*cells.below(found), *(cell for lost in cells.lost.values() for cell in lost)) if cell != top]
    if not found.issuperset(waiting):
        while waiting:
            cell = waiting.pop()
            if cell not in found:
                found.add(cell)
                waiting += cells.by_parent.get(cell, ())
    return sorted(found)


def _caches(tree: Tree, root: HiveKey | None) -> Iterator[tuple[HiveKey, bool]]:
    """Every TaskCache in use: the one that the tree reaches first, then those that only their signature and name show."""
    reached = root.find(TASK_CACHE) if root else None
    if reached is not None:
        yield reached, False
    data, at = tree.image.data, BASE
    ways: dict[int, tuple[str, ...] | None] = {}
    while (at := data.find(_CACHE_NAME, at + 1, tree.image.stop)) >= 0:
        cell = at - 80 - BASE
        if cell < 0 or cell & 7 or not data[BASE + cell + 3] & 0x80 or cell in tree.owners:
            continue
        key = tree.peek(cell)
        if key is None or key.name != "TaskCache" or not is_whole(tree.image, key):
            continue
        names = way(tree, key.parent_cell, root, ways)
        if names is None:
            found = tree.adopt(cell, None, _BY_SCAN, LOST_PARENT)
        elif reached is None:  # beside one that is reached, as below Wow6432Node, another has its own way there
            found = tree.adopt(cell, None, _BY_SCAN, "\\".join(names), len(names) + 1)
        else:
            continue
        if found is not None:
            yield found, True


def way(tree: Tree, cell: int, root: HiveKey | None, known: dict[int, tuple[str, ...] | None]) -> tuple[str, ...] | None:
    """The names from below the root down to the key in a cell, by parent pointers; None where they do not start at the root.

    Ways once found stay in `known`, so that many keys below one long way cost it once.
    """
    names: list[tuple[int, str]] = []
    at = cell
    found: tuple[str, ...] | None = None
    passed: set[int] = set()
    while at not in passed and len(passed) < _LONGEST_WAY:
        if at in known:
            found = known[at]
            break
        if root is not None and at == root.cell:
            found = ()
            break
        passed.add(at)
        key = tree.peek(at)
        if key is None or not is_whole(tree.image, key):
            break
        names.append((at, key.name))
        at = key.parent_cell
    for place, name in reversed(names):
        found = None if found is None or len(found) >= _LONGEST_WAY else (*found, name)
        known[place] = found
    return found


def _unlisted(tree: Tree, cache: HiveKey, by_parent: dict[int, list[int]], reached: set[int]) -> Iterator[HiveKey]:
    """Go down by parent pointers from the cache; what the walk did not reach is an orphan, and what it lists is reached."""
    waiting = [cache]
    passed = {cache.cell}
    while waiting:
        above = waiting.pop()
        listed = {key.cell: key for key in tree.subkeys(above)}
        for cell in by_parent.get(above.cell, ()):
            if cell in passed:
                continue
            passed.add(cell)
            key = listed.get(cell)
            if key is None and cell not in reached and (key := _adopted(tree, cell, above)) is not None:
                yield key
                reached.update(below.cell for below in tree.walk(key))
            if key is not None:
                waiting.append(key)


def _adopted(tree: Tree, cell: int, above: HiveKey | None, head: str | None = None) -> HiveKey | None:
    quiet = tree.peek(cell, above)
    if quiet is None or not is_whole(tree.image, quiet) or quiet.depth > tree.image.limits.key_depth:
        return None
    return tree.adopt(cell, above, _BY_SCAN, head)


def _without_parent(tree: Tree, cells: list[int], reached: set[int]) -> Iterator[HiveKey]:
    """Keys whose parent is no key in use, where they look like those of a TaskCache."""
    for cell in cells:
        if cell in reached or cell in tree.owners:
            continue
        quiet = tree.peek(cell)
        if quiet is None or not _like_a_task(tree, quiet):
            continue
        key = _adopted(tree, cell, None, LOST_PARENT)
        if key is not None:
            yield key
            reached.update(sub.cell for sub in tree.walk(key))
            yield from _unlisted(tree, key, tree.image.key_cells.by_parent, reached)


def _like_a_task(tree: Tree, key: HiveKey) -> bool:
    """A GUID with the values of a task, or a key named like one of the TaskCache with a GUID or a task below it."""
    if GUID_NAME.fullmatch(key.name):
        cells = hive_lists.values(tree.image, key.value_list, key.stated_values).cells
        return any(value_name(tree.image, cell) in TASK_VALUES for cell in cells[:64])
    if key.name.casefold() not in NAMED:
        return False
    below = (tree.peek(cell) for cell in tree.image.key_cells.by_parent.get(key.cell, ())[:64])
    return any(sub is not None and GUID_NAME.fullmatch(sub.name) for sub in below) or key.name.casefold() == "tree"


def value_name(image: Image, cell: int) -> str:
    """The name of the value whose record stands in a cell, "" where none does."""
    found = image.cell(cell, 20)
    if found is None or image.data[found.at : found.at + 2] != b"vk":
        return ""
    length = int(struct.unpack_from("<H", image.data, found.at + 2)[0])
    return image.data[found.at + 20 : found.at + 20 + min(length, 64)].decode("latin-1")


def is_whole(image: Image, key: HiveKey) -> bool:
    """Whether a record that only its signature speaks for looks like a key: bounds, a name, a time, counts that can be."""
    size = struct.unpack_from("<i", image.data, BASE + key.cell)[0]
    most = image.end // 24
    return (
        bool(key.name)
        and 4 + key.record_length <= abs(size)
        and key.record_length - 76 <= 1024
        and BASE + key.cell + abs(size) <= image.end
        and key.written is not None
        and key.stated_subkeys <= most
        and key.stated_values <= most
    )
