"""Opening a hive: the state on disk, and where it is dirty the state that its transaction logs give.

The evidence is bytes; nothing is written. Spans of the replayed state name `<file>#replayed`, whose bytes are
`Hive.replayed_bytes`. Own iteration over keys and values (`hive_keys`), since python-registry loses every sibling of a bad
entry; python-registry gives a second opinion on keys whose lists are damaged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from triptych.formats import hive_cells, hive_scan
from triptych.formats.faults import Faults
from triptych.formats.hive_cells import REPLAYED, BaseBlock, Image
from triptych.formats.hive_keys import HiveKey
from triptych.formats.hive_tree import Tree
from triptych.limits import DEFAULT, Limits
from triptych.model.case import Balance, Weight
from triptych.model.evidence import Span

if TYPE_CHECKING:
    from triptych.formats.hive_changes import Change
    from triptych.formats.hive_log import Origin, Replay


@dataclass(frozen=True, slots=True)
class State:
    """One state of a hive: its bytes under the name that spans use, its bins, and its tree. `root` is None where none is left."""

    image: Image
    bins: tuple[tuple[int, int], ...]
    tree: Tree
    root: HiveKey | None

    @property
    def file(self) -> str:
        return self.image.file

    @property
    def data(self) -> bytes:
        return self.image.data


class Hive:
    """A hive as found, with its logs replayed where it is dirty. Where it cannot be read at all `root` is None.

    `primary` is the file as it stands, `replayed` the state after the logs (None where there was nothing to replay); `state`
    is the better of the two, and `root` its root key. Problems of the primary are not told where a replayed state stands:
    a dirty file may hold half of a change.
    """

    def __init__(self, base: BaseBlock | None, primary: State | None, replayed: State | None, made: Replay | None) -> None:
        self.base, self.primary, self.replayed, self.replay = base, primary, replayed, made

    @property
    def state(self) -> State | None:
        return self.replayed or self.primary

    @property
    def root(self) -> HiveKey | None:
        return self.state.root if self.state else None

    @property
    def replayed_bytes(self) -> bytes | None:
        return self.replayed.data if self.replayed else None

    @property
    def replay_note(self) -> str:
        """Which entries of which log were applied, "" where none was: "LOG1 entry 7; LOG2 entries 8 to 9"."""
        return self.replay.note if self.replay else ""

    @property
    def name(self) -> str:
        """The end of the path under which Windows last had the hive, as the base block keeps it."""
        return self.base.name if self.base else ""

    def find(self, path: str) -> HiveKey | None:
        """The key at a path below the root."""
        return self.root.find(path) if self.root else None

    def reach(self, path: str) -> HiveKey | None:
        """The key at a path, by the lists or else among the orphans and what they list."""
        found = self.find(path)
        for orphan in self.orphans() if found is None else ():
            if found is None and path.casefold().startswith(orphan.path.casefold()):
                below = path[len(orphan.path) :]
                found = orphan.find(below[1:]) if not below or below[0] == "\\" else None
        return found

    @property
    def task_cache(self) -> HiveKey | None:
        """The TaskCache: the one that the tree reaches, else one that a search of the cells finds."""
        return self.find(hive_scan.TASK_CACHE) or next((key for key in self.orphans() if key.name == "TaskCache"), None)

    def walk(self, start: HiveKey | None = None) -> Iterator[HiveKey]:
        """Every key of the tree below `start` (the root), each key before its children."""
        top = start or self.root
        return top.tree.walk(top) if top else iter(())

    def balance(self) -> tuple[Balance, ...]:
        """Entries of the lists that were read so far: what they promised and what became of it, for keys and for values."""
        return self.state.tree.balance() if self.state else ()

    def orphans(self) -> tuple[HiveKey, ...]:
        """Keys of the TaskCache that no list names, found by a search of all cells (once); see `hive_scan.orphans`."""
        return self._orphans

    @cached_property
    def _orphans(self) -> tuple[HiveKey, ...]:
        if self.state is None:
            return ()
        found: list[HiveKey] = []
        faults = self.state.image.faults
        with faults.guard("hive.scan", "the cells of the hive", tried="search the cells for keys", lost="orphans"):
            for key in hive_scan.orphans(self.state.tree, self.state.root):
                found.append(key)
                _tell_orphan(self.state.image, key)
        return tuple(found)

    def changed_keys(self, path: str) -> Iterator[Change]:
        """What the replay of the logs changed in and below the key at `path`; nothing where no log was applied."""
        if self.primary is None or self.replayed is None or self.replay is None:
            return iter(())
        from triptych.formats import hive_changes  # late: most hives are clean

        return hive_changes.changes(self.primary.root, self.replayed.root, path, self.origin)

    def origin(self, *spans: Span) -> Origin | None:
        """The last log entry that changed the bytes of these spans of the replayed state; None where none did."""
        if self.replay is None or self.primary is None:
            return None
        found = [
            origin for span in spans if (origin := self.replay.origin(self.primary.data, span.offset, span.length)) is not None
        ]
        order = [entry.label for entry in self.replay.applied]
        return max(found, key=lambda origin: order.index(origin.label), default=None)


def open_hive(
    data: bytes, file: str, faults: Faults, *, logs: tuple[tuple[str, bytes], ...] = (), limits: Limits = DEFAULT
) -> Hive:
    """Read the bytes of a hive; `logs` are (evidence path, bytes) of the logs beside it, empty ones may be left out.

    Never raises for bad input: problems go to `faults`, and a hive without a root key is returned where nothing can be read.
    """
    base = _checked_base(data, faults)
    if base is None:
        return Hive(None, None, None, None)
    made = _replayed(data, base, tuple(log for log in logs if log[0]), faults, limits) if base.dirty else None
    if made is None:
        _tell_checksum(base, faults)
        return Hive(base, _state(data, file, base, faults, limits), None, None)
    primary = _state(data, file, base, Faults(file), limits)
    new_base = hive_cells.base_block(made.data) or base
    return Hive(base, primary, _state(made.data, file + REPLAYED, new_base, faults, limits), made)


def _replayed(data: bytes, base: BaseBlock, logs: tuple[tuple[str, bytes], ...], faults: Faults, limits: Limits) -> Replay | None:
    from triptych.formats.hive_log import replay  # late: most hives are clean

    return replay(data, base, logs, faults, limits)


def _checked_base(data: bytes, faults: Faults) -> BaseBlock | None:
    """The base block, or a problem that says why there is none."""
    base = hive_cells.base_block(data)
    code, found = "", ""
    if not data:
        code, found = "hive.empty", "not a registry hive: the file is empty"
    elif data[:4] != b"regf":
        code, found = "hive.signature", f"signature regf missing; the first bytes are {data[:16].hex(' ')}"
    elif base is None:
        code, found = "hive.short", f"the file ends at 0x{len(data):X}, inside the base block"
    elif base.kind in (1, 2, 6):
        code, found = "hive.is-log", f"file type {base.kind}: this is a transaction log, not a hive"
    elif len(data) < hive_cells.BASE + 32:
        code, found = "hive.no-bins", f"no hive bins: the file ends at 0x{len(data):X}"
    if not code:
        return base
    lost = "everything that this file holds"
    faults.add(Weight.LOST, code, "base block, offset 0x0", tried="read the base block of a registry hive", found=found, lost=lost)
    return None


def _tell_checksum(base: BaseBlock, faults: Faults) -> None:
    if not base.checksum_right:
        faults.add(
            Weight.DOUBT,
            "hive.checksum",
            "base block, offset 0x1FC",
            tried="check the header checksum",
            found="the header checksum is wrong",
            advice="The header was changed by something other than Windows, or is damaged; the keys are read all the same.",
        )


def _state(data: bytes, file: str, base: BaseBlock, faults: Faults, limits: Limits) -> State:
    image = Image(data, file, base, faults, limits)
    found = tuple(hive_cells.bins(image))
    tree = Tree(image)
    root = tree.root()
    if root is None:
        root = _searched_root(image, tree)
    return State(image, found, tree, root)


def _searched_root(image: Image, tree: Tree) -> HiveKey | None:
    cell = hive_scan.find_root(image)
    found = f"no key stands at 0x{image.base.root:08X}, where the base block says the root is"
    if cell is None:
        image.tell(Weight.LOST, "hive.root", 36, "base block", tried="find the root key", found=found, lost="the tree of keys")
        return None
    image.tell(
        Weight.DOUBT,
        "hive.root",
        36,
        "base block",
        tried="find the root key",
        found=f"{found}; the key at 0x{hive_cells.BASE + cell + 4:X} is marked as a root and was taken",
        advice="The base block was changed or is damaged.",
    )
    image.root = cell
    return tree.root()


def _tell_orphan(image: Image, key: HiveKey) -> None:
    image.tell(
        Weight.DOUBT,
        "hive.key.orphan",
        key.at,
        key.title,
        tried="search the cells for keys of the TaskCache",
        found="a key in use that no list of subkeys names",
        advice="Windows does not see it; it was cut out of the tree, or the tree is damaged.",
    )
