"""What stands in a SOFTWARE hive beside the tasks: folders, leftovers of the index, overrides, deleted things, replayed changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from triptych.formats.faults import Faults
from triptych.formats.hive import Hive
from triptych.formats.hive_deleted import DeletedKey, DeletedValue, deleted
from triptych.formats.hive_keys import HiveKey
from triptych.formats.keys import REG_BINARY, Key, Value
from triptych.formats.sddl import sddl
from triptych.formats.security_descriptor import decode_sd
from triptych.formats.task_cache import decode_actions
from triptych.formats.task_cache.tell_actions import tell_actions
from triptych.model.evidence import EvidenceRef, Reading, State, stated
from triptych.model.task import Action, Text, Trace, TraceKind
from triptych.model.times import Instant
from triptych.stores import registry_values as values
from triptych.stores.registry_cache import SCHEDULE, TASK_CACHE, TreeKey, hold
from triptych.stores.registry_open import find_key
from triptych.stores.registry_record import Source

if TYPE_CHECKING:
    from triptych.formats.hive_changes import Change

_WOW = "Wow6432Node\\Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache"
_AGENT = "Microsoft\\SchedulingAgent"
# Values of a Tree key that has no Id are those of a folder: SD and nothing else.
_FOLDER = frozenset(("sd",))


def traces(source: Source, root: Key, hive: Hive | None) -> Iterator[Trace]:
    """Every trace of one hive or export."""
    yield from folders(source)
    yield from index_leftovers(source)
    yield from state_flags(root, source.view)
    yield from wow_cache(root, source.view)
    yield from tasks_folder(root, source.view)
    yield from unlisted(source)
    if hive is not None:
        yield from recovered(hive, source.view)
        yield from changed(hive, source.view)


def folders(source: Source) -> Iterator[Trace]:
    """Tree keys without an Id, with their access rights; values that a folder does not have are named as they are."""
    for tree in source.cache.tree:
        if not tree.is_task:
            yield _folder(source, tree)


def _folder(source: Source, tree: TreeKey) -> Trace:
    key = tree.held.key
    access = values.access(tree.held, source.era, source.faults)
    odd = tuple((extra.name, extra.reading) for extra in values.unknown(tree.held, _FOLDER))
    return Trace(TraceKind.TREE_FOLDER, tree.path, (("access", access), *odd), (key.ref,), key.written, source.view)


def index_leftovers(source: Source) -> Iterator[Trace]:
    """GUIDs below an index key that no Tasks key has."""
    living = {held.key.name.upper() for held in source.cache.tasks}
    for guid, entries in source.cache.index.items():
        for index, key in () if guid in living else entries:
            readings = (("index", stated(index, key.ref)), ("guid", stated(guid, key.ref)))
            yield Trace(TraceKind.INDEX_ENTRY, key.path, readings, (key.ref,), key.written, source.view)


def state_flags(root: Key, view: str) -> Iterator[Trace]:
    """TaskStateFlags: a key a task, its path with `/` for each backslash; 1 to 3 take triggers or settings from elsewhere."""
    flags = find_key(root, f"{SCHEDULE}\\TaskStateFlags")
    for key in flags.subkeys() if flags else ():
        held = hold(key)
        found = values.number(held, "StateFlags")
        flags_text = Reading(None if found.value is None else str(found.value), found.state, found.refs, found.raw, found.note)
        path = "\\" + key.name.replace("/", "\\").lstrip("\\")
        readings: tuple[tuple[str, Text], ...] = (("flags", flags_text), ("key", stated(key.path, key.ref)))
        yield Trace(TraceKind.STATE_FLAGS, path, readings, (key.ref,), key.written, view)


def wow_cache(root: Key, view: str) -> Iterator[Trace]:
    """Every key and value of a TaskCache below Wow6432Node, which the 64-bit service does not use."""
    top = find_key(root, _WOW)
    waiting = [top] if top else []
    while waiting:
        key = waiting.pop()
        yield _wow(key, "key", (), (key.ref,), view)
        for value in key.values():
            named = (("value", stated(value.name, value.ref)), ("data", shown(value)))
            yield _wow(key, "value", named, (value.ref,), view)
        waiting.extend(reversed(list(key.subkeys())))


def _wow(key: Key, what: str, more: tuple[tuple[str, Text], ...], refs: tuple[EvidenceRef, ...], view: str) -> Trace:
    readings = (("what", stated(what, *refs)), ("key", stated(key.path, key.ref)), *more)
    return Trace(TraceKind.WOW_CACHE, key.path, readings, refs, key.written, view)


def tasks_folder(root: Key, view: str) -> Iterator[Trace]:
    """Where .job files are kept: SchedulingAgent\\TasksFolder, `%SystemRoot%\\Tasks` unless somebody changed it."""
    agent = find_key(root, _AGENT)
    found = values.text(hold(agent), "TasksFolder") if agent else None
    if agent is not None and found is not None and found.state is not State.NOT_STATED:
        yield Trace(TraceKind.TASKS_FOLDER, agent.path, (("value", found),), found.refs, agent.written, view)


def unlisted(source: Source) -> Iterator[Trace]:
    """Keys of the Tree that are in use and that no list names: cut out of the tree, so gone for Windows."""
    for tree in source.cache.unlisted:
        key, note = tree.held.key, "in use, and no list of subkeys names it: gone for Windows"
        what: tuple[tuple[str, Text], ...] = (("what", stated("key", key.ref)), ("key", stated(key.path, key.ref, note=note)))
        yield Trace(TraceKind.DELETED, key.path, what, (key.ref,), key.written, source.view)
        for value in tree.held.values:
            readings = (
                ("what", stated("value", value.ref)),
                ("key", stated(key.path, key.ref, note=note)),
                ("value", stated(value.name, value.ref)),
                ("data", shown(value)),
            )
            yield Trace(TraceKind.DELETED, key.path, readings, (value.ref,), key.written, source.view)


def recovered(hive: Hive, view: str) -> Iterator[Trace]:
    """Keys and values of the TaskCache in free space of the hive."""
    found = deleted(hive)
    for key in found.keys:
        yield _deleted_key(key, view)
        for value in key.values:
            yield _deleted_value(value, key.written, view)
    for value in found.values:
        yield _deleted_value(value, None, view)


def _deleted_key(key: DeletedKey, view: str) -> Trace:
    note = "" if key.parent_known else "its parent key is lost"
    readings: tuple[tuple[str, Text], ...] = (
        ("what", stated("key", key.ref)),
        ("key", stated(key.path, key.ref, note=note)),
    )
    return Trace(TraceKind.DELETED, key.path, readings, (key.ref,), key.written, view)


_RELATIONS = {"possible": "the key is inferred: the nearest one before the value in the file", "none": "whose value it was is lost"}


def _deleted_value(value: DeletedValue, written: Instant | None, view: str) -> Trace:
    record = value.record.ref()
    refs = (record,) if value.data == "reused" else (record, value.block.ref())
    readings: tuple[tuple[str, Text], ...] = (
        ("what", stated("value", record)),
        ("key", stated(value.key, record, note=_RELATIONS.get(value.relation, ""))),
        ("value", stated(value.name, record)),
    )
    if value.data != "reused":
        readings = (*readings, ("data", shown(Value(value.name, value.kind, value.block))))
    return Trace(TraceKind.DELETED, value.key, readings, refs, written, view)


def shown(value: Value) -> Text:
    """What a value says, in words: access rights as SDDL, actions as what they start, anything else as it stands."""
    if value.kind == REG_BINARY and value.name.casefold() == "sd":
        sd = decode_sd(value.block, Faults(""))
        if not sd.fault:
            return stated(sddl(sd), value.ref)
    if value.kind == REG_BINARY and value.name.casefold() == "actions":
        actions = tell_actions(decode_actions(value.block, Faults("")), value.block)
        if actions:
            return stated("; ".join(map(_action_text, actions)), value.ref)
    return values.any_text(value)


def _action_text(action: Action) -> str:
    parts = (action.command, action.arguments, action.class_id, action.data, action.title, action.body, action.subject)
    return " ".join(reading.value for reading in parts if reading.value) or str(action.type.value)


def changed(hive: Hive, view: str) -> Iterator[Trace]:
    """What replaying the hive's logs changed below the TaskCache."""
    for change in hive.changed_keys(TASK_CACHE):
        yield _change(change, view)


def _change(change: Change, view: str) -> Trace:
    refs = tuple(side.ref for side in (change.after, change.before) if side is not None) + change.log_refs
    readings: list[tuple[str, Text]] = [("what", stated(change.what, *refs)), ("key", stated(change.path, *refs))]
    if change.value is not None:
        readings.append(("value", stated(change.value, *refs)))
    for name, side in (("before", change.before), ("after", change.after)):
        told = _side(side)
        if told is not None:
            readings.append((name, told))
    if change.source:
        readings.append(("source", stated(change.source, *(change.log_refs or refs))))
    written = change.after.written if isinstance(change.after, HiveKey) else None
    return Trace(TraceKind.LOG_CHANGE, change.path, tuple(readings), refs, written, view)


def _side(side: HiveKey | Value | None) -> Text | None:
    if isinstance(side, HiveKey):
        return stated(side.written.iso if side.written else f"0x{side.ticks:016X}", side.written_ref)
    return shown(side) if side is not None else None
