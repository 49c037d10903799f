"""A hive with its logs, or a text export, as a tree of keys and the files that its spans name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

from triptych.evidence.layouts import Item
from triptych.evidence.source import EvidenceSource
from triptych.formats.faults import Faults
from triptych.formats.hive import Hive, open_hive
from triptych.formats.hive_keys import HiveKey
from triptych.formats.keys import Key, child
from triptych.formats.reg_keys import RegKey
from triptych.limits import Limits
from triptych.model.case import Balance, Weight
from triptych.model.evidence import EvidenceFile, ReadState
from triptych.stores.files import read_file

EXPORT = "reg-export"


@dataclass(frozen=True, slots=True)
class Opened:
    """What a file gave. `root` is None where nothing can be read; `hive` None for an export. `logs` are the logs beside it."""

    item: Item
    faults: Faults
    root: Key | None
    hive: Hive | None
    logs: tuple[EvidenceFile, ...]
    file: EvidenceFile

    def files(self) -> Iterator[EvidenceFile]:
        """Logs, the replayed state, and last the file itself, with how much of it was read."""
        yield from self.logs
        replayed = self.hive.replayed if self.hive else None
        if self.hive is not None and replayed is not None:
            sources = (self.item.path, *(log.path for log in self.logs if log.read is not ReadState.FAILED))
            data, note = replayed.data, self.hive.replay_note
            digest = hashlib.sha256(data).hexdigest()
            yield EvidenceFile(
                replayed.file, "replayed-hive", len(data), None, digest, ReadState.WHOLE, sources, self.item.view, note
            )
        lost = any(problem.severity is Weight.LOST for problem in self.faults.problems)
        if self.root is None:
            yield replace(self.file, read=ReadState.FAILED)
        elif lost and self.file.read is ReadState.WHOLE:
            yield replace(self.file, read=ReadState.PART)
        else:
            yield self.file

    def balances(self) -> tuple[Balance, ...]:
        return self.hive.balance() if self.hive else ()


_at_hand: WeakKeyDictionary[EvidenceSource, tuple[Item, Opened]] = WeakKeyDictionary()


def keep(opened: Opened, source: EvidenceSource) -> None:
    """Keep a file for `open_again`, in the place of the one before: while tasks are read, nobody knows which classes they call."""
    if opened.hive is not None and opened.hive.state is not None:
        opened.hive.state.image.forget_key_cells()
    _at_hand[source] = opened.item, opened


def let_go(source: EvidenceSource) -> None:
    """Keep no file any longer: before the next one is opened, so that two never are in memory."""
    _at_hand.pop(source, None)


def open_again(item: Item, source: EvidenceSource, limits: Limits) -> Opened:
    """The file that was kept, where it is this one; else it is opened anew. An item's `task` is of no account."""
    kept = _at_hand.get(source)
    if kept is not None and kept[0] == replace(item, task=kept[0].task):
        return kept[1]
    return open_item(item, source, limits)


def open_item(item: Item, source: EvidenceSource, limits: Limits) -> Opened:
    """Read one hive or export. Never raises for bad input."""
    faults = Faults(item.path)
    kind = EXPORT if item.role == EXPORT else "hive"
    read = read_file(source, item, kind, limits.hive, faults)
    if read.data is None:
        return Opened(item, faults, None, None, (), read.ledger)
    if kind == EXPORT:
        from triptych.formats.reg_export import read_export  # late: exports are rare

        return Opened(item, faults, read_export(read.data, item.path, faults, limits), None, (), read.ledger)
    logs, contents = _logs(item, source, limits, faults)
    hive = open_hive(read.data, item.path, faults, logs=contents, limits=limits)
    return Opened(item, faults, hive.root, hive, logs, read.ledger)


def _logs(
    item: Item, source: EvidenceSource, limits: Limits, faults: Faults
) -> tuple[tuple[EvidenceFile, ...], tuple[tuple[str, bytes], ...]]:
    files: list[EvidenceFile] = []
    contents: list[tuple[str, bytes]] = []
    for path in filter(None, item.logs):
        log = read_file(source, Item("other", path, item.view, ""), "hive-log", limits.hive_log, faults)
        files.append(log.ledger)
        if log.data is not None:
            contents.append((path, log.data))
    return tuple(files), tuple(contents)


def find_key(key: Key | None, path: str) -> Key | None:
    """The key at a path below `key`. The key's own index of names is used where it has one: some have 10,000 children."""
    for name in path.split("\\"):
        if key is None:
            return None
        key = key.child(name) if isinstance(key, HiveKey | RegKey) else child(key, name)
    return key
