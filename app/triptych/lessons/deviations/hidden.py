"""Hiding a task from the scheduler: its descriptor, its Index, its keys."""

from __future__ import annotations

from dataclasses import replace

from triptych.lessons.access import descriptor
from triptych.lessons.deviations.hand import VICTIM, edit_tree, moment
from triptych.lessons.hive_key import binary, dword, string
from triptych.lessons.host import Hives
from triptych.lessons.machine import Machine

NOBODY = "O:BAG:SYD:"
SYSTEM_DENIED = "O:BAG:SYD:P(D;;FA;;;SY)(D;;FA;;;BA)(A;;FA;;;SY)(A;;FA;;;BA)"
WEAK = "O:BAG:SYD:P(A;;FA;;;BA)(A;;FA;;;SY)(A;;FA;;;WD)"


def delete_access(machine: Machine, path: str = VICTIM) -> Machine:
    """The SD value is deleted, as Tarrask did; its cells stay behind and still hold it."""
    return edit_tree(machine, path, lambda hives: _ignore(hives.tree(path).drop("SD")))


def _ignore(_: object) -> None:
    """An edit answers nothing."""


def set_access(machine: Machine, sddl: str, path: str = VICTIM) -> Machine:
    """The SD value is replaced."""
    return edit_tree(machine, path, lambda hives: _ignore(hives.tree(path).put(binary("SD", descriptor(sddl)))))


def empty_access_list(machine: Machine, path: str = VICTIM) -> Machine:
    """An access list without an entry: nobody may read the task."""
    return set_access(machine, NOBODY, path)


def deny_system(machine: Machine, path: str = VICTIM) -> Machine:
    """Entries that deny SYSTEM and Administrators, before those that allow."""
    return set_access(machine, SYSTEM_DENIED, path)


def weaken_access(machine: Machine, path: str = VICTIM) -> Machine:
    """Everyone may change a task that runs as SYSTEM."""
    return set_access(machine, WEAK, path)


def blank_access(machine: Machine, path: str = VICTIM) -> Machine:
    """An SD value of no bytes."""
    return edit_tree(machine, path, lambda hives: _ignore(hives.tree(path).put(binary("SD", b""))))


def garble_access(machine: Machine, path: str = VICTIM) -> Machine:
    """An SD value that is a text, and so no descriptor to the service."""
    return edit_tree(machine, path, lambda hives: _ignore(hives.tree(path).put(string("SD", "none"))))


def delete_folder_access(machine: Machine, path: str = r"\Contoso") -> Machine:
    """The SD of a folder is deleted: all below it is out of reach."""
    return edit_tree(machine, path, lambda hives: _ignore(hives.tree(path).drop("SD")))


def set_index(machine: Machine, number: int, path: str = VICTIM) -> Machine:
    """The Index value is replaced."""
    return edit_tree(machine, path, lambda hives: _ignore(hives.tree(path).put(dword("Index", number))))


def zero_index(machine: Machine, path: str = VICTIM) -> Machine:
    return set_index(machine, 0, path)


def invalid_index(machine: Machine, path: str = VICTIM) -> Machine:
    return set_index(machine, 9, path)


def delete_index(machine: Machine, path: str = VICTIM) -> Machine:
    """The Index value is deleted; its four bytes stand in the freed record."""
    return edit_tree(machine, path, lambda hives: _ignore(hives.tree(path).drop("Index")))


def move_index_entry(machine: Machine, path: str = VICTIM) -> Machine:
    """The GUID stands below Boot, where nothing of the task fits, and no longer below Plain."""
    guid = machine.task(path).guid

    def edit(hives: Hives) -> None:
        when = moment(machine, 31)
        for name in machine.task(path).index_keys:
            hives.cache.at(name).remove(guid)
            hives.cache.at(name).written = when
        hives.cache.make(rf"Boot\{guid}", when)
        hives.cache.at("Boot").written = when

    return machine.with_edit(edit)


def delete_tree_key(machine: Machine, path: str = VICTIM) -> Machine:
    """The Tree key is deleted; the Tasks key, the entry of the index and the file stay."""

    def edit(hives: Hives) -> None:
        _remove_tree(hives, path, moment(machine, 32))

    return machine.with_edit(edit)


def _remove_tree(hives: Hives, path: str, when: int) -> None:
    folder, _, name = path.rpartition("\\")
    key = hives.tree(folder)
    key.remove(name)
    key.written = when


def delete_tasks_key(machine: Machine, path: str = VICTIM) -> Machine:
    """The Tasks key is deleted; the Tree key and the entry of the index lead nowhere."""
    guid = machine.task(path).guid

    def edit(hives: Hives) -> None:
        hives.cache.at("Tasks").remove(guid)
        hives.cache.at("Tasks").written = moment(machine, 33)

    return machine.with_edit(edit)


def duplicate_id(machine: Machine, path: str = VICTIM, twin: str = r"\Contoso\Backup Monitor") -> Machine:
    """A second Tree key with the Id of another task."""
    task = machine.task(path)

    def edit(hives: Hives) -> None:
        first = hives.tree(path)
        key = hives.cache.make(f"Tree{twin}", moment(machine, 34))
        key.put(*first.values)
        hives.tree(task.folder).written = moment(machine, 34)

    return machine.with_edit(edit)


def delete_task(machine: Machine, path: str = VICTIM) -> Machine:
    """Everything of the task is deleted; what is left stands in free cells of the hive."""
    task = machine.task(path)

    def edit(hives: Hives) -> None:
        when = moment(machine, 35)
        _remove_tree(hives, path, when)
        for name in ("Tasks", *task.index_keys):
            hives.cache.at(name).remove(task.guid)
            hives.cache.at(name).written = when

    return machine.with_task(replace(task, has_file=False)).with_edit(edit)
