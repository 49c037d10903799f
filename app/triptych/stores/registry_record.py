"""A task as the registry tells it: Tree key and Tasks key made into one record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from triptych.formats.cursor import Block
from triptych.formats.faults import Faults
from triptych.formats.hive_keys import HiveKey
from triptych.formats.keys import REG_BINARY, Key
from triptych.formats.task_cache import (
    ActionsBlob,
    DynamicInfoBlob,
    Rest,
    decode_actions,
    decode_dynamic_info,
    decode_triggers,
)
from triptych.formats.task_cache.tell_actions import context, tell_actions, version
from triptych.formats.task_cache.tell_triggers import tell_triggers
from triptych.limits import Limits
from triptych.model.evidence import NOT_KEPT, EvidenceRef, Reading, State, not_stated, stated, unreadable
from triptych.model.task import (
    Extra,
    Keeping,
    Presence,
    Registration,
    RunState,
    Store,
    TaskRecord,
    Text,
    When,
    Whole,
    Words,
    leaves,
)
from triptych.model.times import NEVER, UNBOUNDED, Instant
from triptych.stores import registry_values as values
from triptych.stores.registry_cache import INDEXES, Cache, Held, TreeKey

_TREE = frozenset(("sd", "id", "index"))
_TASKS = frozenset((
    "path", "hash", "schema", "uri", "date", "author", "source", "description", "documentation", "version",
    "securitydescriptor", "data", "actions", "triggers", "dynamicinfo",
))  # fmt: skip
# A state at 0x14 that is larger than any task state is a result code: 28-byte blobs and Windows 8 keep it there.
_LARGEST_STATE = 0xFF
_MAGIC = 3  # of DynamicInfo


@dataclass(frozen=True, slots=True)
class Source:
    """What the records of one hive have in common."""

    cache: Cache
    era: values.Era
    view: str
    faults: Faults
    limits: Limits


def records(source: Source) -> Iterator[TaskRecord]:
    """One record a Tree key with an Id, then one for each Tasks key that none of them names.

    Tree keys that share an Id share the definition; of two Tasks keys of one name the first is the one that Windows finds.
    """
    by_guid = source.cache.by_guid()
    trees = [tree for tree in source.cache.tree if tree.is_task]
    pairs: list[tuple[TreeKey | None, Held | None]] = [(tree, next(iter(by_guid.get(tree.id.upper(), ())), None)) for tree in trees]
    claimed = {id(tasks) for _, tasks in pairs}
    pairs += [(None, held) for held in source.cache.tasks if id(held) not in claimed]
    for pair in pairs:
        where = next(held.key.path for held in (pair[1], pair[0].held if pair[0] else None) if held is not None)
        with source.faults.guard("registry.task", where, tried="read a task", lost="this task", advice="look at its keys by hand"):
            yield _record(source, *pair)
        for held in (pair[1], pair[0].held if pair[0] else None):
            if held is not None:
                held.let_go()


def _record(source: Source, tree: TreeKey | None, tasks: Held | None) -> TaskRecord:
    """A record of at least one of the two keys."""
    record = TaskRecord(Store.REGISTRY, _path(tree, tasks), _presence(tree, tasks), source.view)
    keeping = _keeping(source, tree, tasks)
    extras = list(values.unknown(tree.held, _TREE, "Tree.")) if tree else []
    if tree and tree.children:
        below = "; ".join(tree.children[:20])
        extras.append(Extra("Tree.subkeys", stated(below, tree.held.key.ref, note=f"{len(tree.children)} keys below a task")))
    orphan = "tasks" if tree is None else "tree" if tasks is None else ""
    record = replace(record, keeping=keeping, orphan=orphan)
    if tasks is None:
        record = replace(record, extras=tuple(extras), has_triggers=False, has_actions=False)
    else:
        extras += values.unknown(tasks, _TASKS)
        extras += [Extra(f"key {sub.name}", stated(sub.name, sub.ref)) for sub in tasks.key.subkeys()]
        record = _defined(source, replace(record, extras=tuple(extras)), tasks)
    _tell(source, record)
    broken = any(reading.state is State.UNREADABLE for _, reading in leaves(record))
    return replace(record, complete=record.complete and not broken)


def _path(tree: TreeKey | None, tasks: Held | None) -> str:
    """The path of the Tree key; of a Tasks key alone what its Path says, or its name."""
    path = tree.path if tree else ""
    if tasks and not path:
        path = values.text(tasks, "Path").value or tasks.key.name
    return path if path.startswith("\\") else f"\\{path}"


def _presence(tree: TreeKey | None, tasks: Held | None) -> Reading[Presence]:
    keys: list[Key] = [held.key for held in ((tree.held if tree else None), tasks) if held is not None]
    notes = [key.note for key in keys if isinstance(key, HiveKey) and key.note]
    return stated(Presence.PRESENT, *(key.ref for key in keys), note="; ".join(dict.fromkeys(notes)))


def _keeping(source: Source, tree: TreeKey | None, tasks: Held | None) -> Keeping:
    """How the two keys keep the task; what belongs to a key that is not there is not kept."""
    guid = (tasks.key.name if tasks else tree.id if tree else "").upper()
    index_keys, index_written = _index(source.cache, guid)
    keeping = Keeping(index_keys=index_keys, index_written=index_written)
    if tree is not None:
        held = tree.held
        keeping = replace(
            keeping,
            tree_id=values.plain_text(held, "Id"),
            index=values.number(held, "Index"),
            access=values.access(held, source.era, source.faults.within(held.key.path)),
            tree_written=values.written(held.key),
        )
    if tasks is not None:
        raw = tasks.key.name if tasks.key.name != guid else ""
        names = tuple(value.name for value in tasks.values)
        keeping = replace(
            keeping,
            guid=stated(guid, tasks.key.ref, raw=raw),
            tasks_path=values.plain_text(tasks, "Path"),
            hash=values.task_hash(tasks),
            tasks_written=values.written(tasks.key),
            value_names=stated(names, tasks.key.ref),
        )
    return keeping


def _index(cache: Cache, guid: str) -> tuple[Words, When]:
    """The index keys that hold a GUID, and when the newest entry was written; absence cites the index keys."""
    entries = cache.index.get(guid, [])
    if not entries:
        return not_stated((), *([key.ref for key in cache.index_keys] or [cache.key.ref])), NOT_KEPT
    names = tuple(name for name in INDEXES if any(name == found for found, _ in entries))
    newest = max((entry for _, entry in entries), key=lambda entry: entry.written.ticks if entry.written else 0)
    return stated(names, *(entry.ref for _, entry in entries)), values.written(newest)


def _defined(source: Source, record: TaskRecord, tasks: Held) -> TaskRecord:
    """The record with what the Tasks key defines."""
    record = replace(record, registration=_registration(source, tasks))
    record = _with_actions(source, record, tasks)
    record = _with_triggers(source, record, tasks)
    return _with_run(source, record, tasks)


def _registration(source: Source, tasks: Held) -> Registration:
    """Texts beside the blobs; Windows 7 keeps none of them, so there their absence says nothing."""
    missing: Reading[Any] = not_stated(None, tasks.key.ref) if source.era.keeps_actions else NOT_KEPT
    return Registration(
        uri=values.text(tasks, "URI", missing),
        author=values.text(tasks, "Author", missing),
        date=values.date(tasks, missing),
        source=values.text(tasks, "Source", missing),
        description=values.text(tasks, "Description", missing),
        documentation=values.text(tasks, "Documentation", missing),
        version=values.text(tasks, "Version", missing),
        schema=values.schema(tasks, missing),
        security_descriptor=values.text(tasks, "SecurityDescriptor", missing),
        data=values.text(tasks, "Data", missing),
    )


def _blob(record: TaskRecord, tasks: Held, name: str) -> tuple[Block | None, TaskRecord]:
    """The bytes of a binary value; one of another type is read all the same, and told among the extras."""
    found = tasks.get(name)
    if found is None:
        return None, record
    if found.kind != REG_BINARY:
        record = replace(record, extras=(*record.extras, Extra(name, values.wrong_type(found, "REG_BINARY"))))
    return found.block, record


def _left_over(record: TaskRecord, name: str, block: Block, rest: Rest) -> TaskRecord:
    """The record with the bytes that its blob has beyond what was understood."""
    if not rest.found:
        return record
    raw = rest.data[: values.SHOWN].hex(" ")
    extra = Extra(name, unreadable(raw, block.ref(*rest.spot), note=f"{len(rest.data):,} bytes not understood: {rest.found}"))
    return replace(record, extras=(*record.extras, extra), complete=False)


def _with_actions(source: Source, record: TaskRecord, tasks: Held) -> TaskRecord:
    block, record = _blob(record, tasks, "Actions")
    if block is None:
        if not source.era.keeps_actions:
            return replace(record, has_actions=False)
        absent: Whole = not_stated(None, tasks.key.ref)
        return replace(record, keeping=replace(record.keeping, actions_version=absent))
    blob: ActionsBlob = decode_actions(block, source.faults.within(tasks.key.path), source.limits.actions)
    keeping = replace(record.keeping, actions_version=version(blob, block), actions_context=context(blob, block))
    record = replace(record, actions=tell_actions(blob, block), keeping=keeping)
    return _left_over(record, "Actions", block, blob.rest)


def _with_triggers(source: Source, record: TaskRecord, tasks: Held) -> TaskRecord:
    block, record = _blob(record, tasks, "Triggers")
    if block is None:
        absent: Whole = not_stated(None, tasks.key.ref)
        return replace(record, keeping=replace(record.keeping, triggers_version=absent))
    blob = decode_triggers(block, source.faults.within(tasks.key.path), source.limits.triggers)
    told = tell_triggers(blob, block)
    record = replace(
        record,
        settings=told.settings,
        principal=told.principal,
        triggers=told.triggers,
        keeping=replace(record.keeping, triggers_version=told.version, crc=told.crc),
        extras=record.extras + told.extras,
    )
    return _left_over(record, "Triggers", block, blob.rest)


def _with_run(source: Source, record: TaskRecord, tasks: Held) -> TaskRecord:
    block, record = _blob(record, tasks, "DynamicInfo")
    if block is None:
        return record
    blob = decode_dynamic_info(block, source.faults.within(tasks.key.path))
    run = RunState(
        registered=_moment(blob, block, "created"),
        last_run=_moment(blob, block, "last_run"),
        last_success=_moment(blob, block, "last_success"),
        last_result=_result(blob, block),
    )
    record = replace(record, run=run)
    if blob.magic != _MAGIC and not blob.cut:
        note = f"version {blob.magic}, not {_MAGIC}: the service refuses it (0x80041313)"
        told = unreadable(block.data[:4].hex(" "), block.ref(*blob.spots["magic"]), note=note)
        record = replace(record, extras=(*record.extras, Extra("DynamicInfo", told)))
    if blob.rest.found and not blob.cut:
        tail = stated(blob.rest.data[: values.SHOWN].hex(" "), block.ref(*blob.rest.spot), note=blob.rest.found)
        return replace(record, extras=(*record.extras, Extra("DynamicInfo.rest", tail)))
    return _left_over(record, "DynamicInfo", block, blob.rest)


def _moment(blob: DynamicInfoBlob, block: Block, name: str) -> When:
    """A time of DynamicInfo in UTC; 0 is never."""
    if name not in blob.spots or name == blob.cut:
        return NOT_KEPT
    ticks: int = getattr(blob, name)
    ref = block.ref(*blob.spots[name])
    if ticks in (0, NEVER, UNBOUNDED):
        return not_stated(None, ref, note="never")
    return stated(Instant(ticks), ref)


def _result(blob: DynamicInfoBlob, block: Block) -> Whole:
    """The last result: at 0x18, on Windows 7 and 8 at 0x14 where that holds a code; both are told where they differ."""
    if "result" not in blob.spots or blob.cut in ("state", "result"):
        return NOT_KEPT
    place = "state" if not blob.result and blob.state > _LARGEST_STATE else "result"
    value = blob.state if place == "state" else blob.result
    ref: EvidenceRef = block.ref(*blob.spots[place])
    note = f"at 0x14 stands 0x{blob.state:08X}, at 0x18 0x{blob.result:08X}" if blob.state else ""
    return stated(value, ref, raw=f"0x{value:08X}", note=note)


def _tell(source: Source, record: TaskRecord) -> None:
    """Problems for the values of one record that are not what they should be."""
    ref = record.presence.refs[-1]
    where = getattr(ref.place, "key", record.path)
    values.tell_texts(where, _texts(record), source.faults)


# The names under which people know these values.
_VALUES = {
    "access": "SD",
    "tree_id": "Id",
    "tasks_path": "Path",
    "uri": "URI",
    "security_descriptor": "SecurityDescriptor",
}


def _texts(record: TaskRecord) -> Iterator[tuple[str, Text]]:
    for name, reading in leaves(record):
        group, _, part = name.partition(".")
        if group in ("registration", "keeping", "extras"):
            yield _VALUES.get(part, part if group == "extras" else part.replace("_", " ").capitalize()), reading
