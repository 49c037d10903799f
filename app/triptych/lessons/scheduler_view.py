"""Which tasks of a machine the scheduler would show: what a listing taken on it would hold."""

from __future__ import annotations

from collections.abc import Iterator

from triptych.formats.cursor import Block
from triptych.formats.faults import Faults
from triptych.formats.keys import REG_BINARY, REG_DWORD, REG_SZ
from triptych.formats.security_descriptor import ADMINISTRATOR_TOKEN, READ, SYSTEM_TOKEN, decode_sd, grants
from triptych.lessons.hive_key import HiveKey, HiveValue
from triptych.lessons.machine import Machine, built_hives
from triptych.lessons.task_spec import TaskSpec
from triptych.model.evidence import FilePlace, Span


def visible(machine: Machine) -> tuple[TaskSpec, ...]:
    """The tasks that the scheduler shows after a restart, by folder and name.

    A Tree key needs an Id that leads to a Tasks key, an Index of 1 to 4, and (since Windows 8) an SD that lets SYSTEM or an
    administrator read; a folder without a usable SD takes all below it along.
    """
    hives = built_hives(machine, machine.edits + machine.logged_edits)
    known = {task.guid.upper(): task for task in machine.tasks if task.registered}
    alive = hives.cache.at("Tasks").keys
    listed = _listed(hives.cache.at("Tree"), machine.windows.has_access)
    shown = [known[guid] for guid in listed if guid in known and guid in alive]
    return tuple(sorted(shown, key=lambda task: (task.folder.casefold(), task.name.casefold())))


def _listed(key: HiveKey, has_access: bool) -> Iterator[str]:
    """The Ids of the tasks below a folder that nothing hides."""
    if has_access and not _readable(_value(key, "SD")):
        return
    for child in key.keys.values():
        ident = _value(child, "Id")
        if ident is None:
            yield from _listed(child, has_access)
        elif ident.kind == REG_SZ and _indexed(_value(child, "Index")) and (not has_access or _readable(_value(child, "SD"))):
            yield ident.data.decode("utf-16-le").rstrip("\0").upper()


def _value(key: HiveKey, name: str) -> HiveValue | None:
    return next((value for value in key.values if value.name.upper() == name.upper()), None)


def _indexed(index: HiveValue | None) -> bool:
    return index is not None and index.kind == REG_DWORD and int.from_bytes(index.data, "little") in (1, 2, 3, 4)


def _readable(access: HiveValue | None) -> bool:
    if access is None or access.kind != REG_BINARY or not access.data:
        return False
    block = Block(access.data, FilePlace("SD"), (Span("SD", 0, len(access.data)),))
    descriptor = decode_sd(block, Faults("SD"))
    return any(grants(descriptor, token, READ) for token in (SYSTEM_TOKEN, ADMINISTRATOR_TOKEN))
