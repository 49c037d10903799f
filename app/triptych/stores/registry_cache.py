"""The keys of a TaskCache, gathered once: the Tree, the Tasks keys, the index keys, and which of them belong together.

What a key is follows from its values as it does for the service: a Tree key with an Id is a task, any other is a folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from triptych.formats.hive_keys import HiveKey
from triptych.formats.keys import REG_SZ, Key, Value, utf16, value
from triptych.stores.registry_open import find_key

SCHEDULE = "Microsoft\\Windows NT\\CurrentVersion\\Schedule"
TASK_CACHE = f"{SCHEDULE}\\TaskCache"
INDEXES = ("Boot", "Logon", "Plain", "Maintenance")
_AT_HAND = 2_000  # keys whose values stay at hand from the first look to the record; of more they are read twice


class Held:
    """A key and its values, read when they are first asked for; a value of a name that came before is in `doubles`."""

    __slots__ = ("_values", "key")

    def __init__(self, key: Key) -> None:
        self.key = key
        self._values: tuple[tuple[Value, ...], dict[str, Value], tuple[Value, ...]] | None = None

    @property
    def values(self) -> tuple[Value, ...]:
        return self._read()[0]

    @property
    def doubles(self) -> tuple[Value, ...]:
        return self._read()[2]

    def get(self, name: str) -> Value | None:
        return self._read()[1].get(name.casefold())

    def let_go(self) -> None:
        """Hold the values no longer; asked again, they are read again."""
        self._values = None

    def _read(self) -> tuple[tuple[Value, ...], dict[str, Value], tuple[Value, ...]]:
        if self._values is None:
            values = tuple(self.key.values())
            named: dict[str, Value] = {}
            doubles = tuple(found for found in values if named.setdefault(found.name.casefold(), found) is not found)
            self._values = values, named, doubles
        return self._values


@dataclass(frozen=True, slots=True)
class TreeKey:
    """A key of the Tree; `path` is the task path that it stands for, `\\` for the Tree itself. `id` is "" for a folder."""

    held: Held
    path: str
    id: str
    is_task: bool
    children: tuple[str, ...]


@dataclass(slots=True)
class Cache:
    """A TaskCache. Lists keep the order of the hive; of two keys with one name both are kept."""

    key: Key
    tree: list[TreeKey] = field(default_factory=list)
    tasks: list[Held] = field(default_factory=list)
    with_access: int = 0  # Tree keys with an SD
    with_actions: int = 0  # Tasks keys with Actions
    unlisted: list[TreeKey] = field(default_factory=list)  # keys of the Tree that no list names: Windows does not see them
    index: dict[str, list[tuple[str, Key]]] = field(default_factory=dict)  # GUID in upper case: index name and entry
    index_keys: list[Key] = field(default_factory=list)

    def by_guid(self) -> dict[str, list[Held]]:
        """The Tasks keys by name in upper case."""
        found: dict[str, list[Held]] = {}
        for held in self.tasks:
            found.setdefault(held.key.name.upper(), []).append(held)
        return found


def hold(key: Key) -> Held:
    """A key with its values."""
    return Held(key)


def gather(cache: Key | None, root: Key, orphans: Iterable[Key] = ()) -> Cache:
    """Everything below a TaskCache key (None where the tree has none), and the keys of one that no list names but a search
    of the cells found: a Tasks key found so still tells a definition, a Tree key no longer makes it a task that Windows lists.
    `root` is cited where there is no TaskCache key.
    """
    gathered = Cache(cache or root)
    for part in cache.subkeys() if cache else ():
        _add(gathered, part, (part.name,))
    for orphan in orphans:
        _add(gathered, orphan, _place(orphan))
    return gathered


def _place(orphan: Key) -> tuple[str, ...]:
    """Where an orphan belongs below TaskCache, by its path; where its parents are lost, by what it looks like."""
    parts = tuple(orphan.path.split("\\"))
    folded = [part.casefold() for part in parts]
    if "taskcache" in folded:
        return parts[folded.index("taskcache") + 1 :]
    if folded[-1] in ("tree", "tasks", *(name.casefold() for name in INDEXES)):
        return parts[-1:]
    is_task = any(value(orphan, name) is not None for name in ("Actions", "Triggers", "DynamicInfo", "Path"))
    return ("Tasks" if is_task else "Tree", parts[-1])


def _add(cache: Cache, key: Key, place: tuple[str, ...]) -> None:
    """Take in a key by its place below TaskCache: `Tree`, `Tree\\Folder`, `Tasks\\{GUID}` ..."""
    if not place:  # a TaskCache itself
        for part in key.subkeys():
            _add(cache, part, (part.name,))
        return
    head, below = place[0].casefold(), place[1:]
    index = next((name for name in INDEXES if name.casefold() == head), None)
    if head == "tree":
        for found in _walk(key, "\\" + "\\".join(below)):
            _add_tree(cache, found, unlisted=isinstance(key, HiveKey) and key.orphan)
    elif head == "tasks":
        for task in [key] if below else key.subkeys():
            _add_task(cache, hold(task))
    elif index is not None:
        entries = [key] if below else list(key.subkeys())
        for entry in entries:
            cache.index.setdefault(entry.name.upper(), []).append((index, entry))
        if not below:
            cache.index_keys.append(key)


def _add_task(cache: Cache, task: Held) -> None:
    cache.tasks.append(task)
    cache.with_actions += task.get("Actions") is not None
    if len(cache.tasks) > _AT_HAND:
        task.let_go()


def _add_tree(cache: Cache, tree: TreeKey, *, unlisted: bool) -> None:
    held = cache.unlisted if unlisted else cache.tree
    held.append(tree)
    cache.with_access += not unlisted and tree.held.get("SD") is not None
    if len(held) > _AT_HAND:
        tree.held.let_go()


def _walk(top: Key, path: str) -> Iterator[TreeKey]:
    """A key of the Tree and all below it, each before its children, without recursion: the depth is the evidence's."""
    waiting: list[tuple[Key, str]] = [(top, path)]
    while waiting:
        key, path = waiting.pop()
        held = hold(key)
        children = list(key.subkeys())
        found = held.get("Id")
        name = utf16(found.block.data)[0] if found is not None and found.kind == REG_SZ else ""
        yield TreeKey(held, path, name, found is not None, tuple(sub.name for sub in children))
        head = path if path.endswith("\\") and len(path) == 1 else f"{path}\\"
        waiting.extend((sub, head + sub.name) for sub in reversed(children))


def task_cache(root: Key) -> Key | None:
    """The TaskCache below HKLM\\SOFTWARE."""
    return find_key(root, TASK_CACHE)
