"""What stays in free cells of a hive when a task is deleted through the service."""

from __future__ import annotations

from triptych.lessons.access import descriptor
from triptych.lessons.hive_key import HiveKey, binary, dword, string
from triptych.lessons.host import Hives
from triptych.lessons.machine import Edit, Machine
from triptych.lessons.software_hive import task_values
from triptych.lessons.task_spec import TaskSpec


def freed(machine: Machine, task: TaskSpec, when: int) -> Edit:
    """The keys of the task, freed and not wiped; the keys above them were written when it was deleted."""
    windows = machine.windows

    def edit(hives: Hives) -> None:
        tree = HiveKey(task.name, task.times.tree)
        if windows.has_access:
            tree.put(binary("SD", descriptor(task.access)))
        tree.put(string("Id", task.guid), dword("Index", task.index))
        tasks = HiveKey(task.guid, task.times.tasks).put(*task_values(task, windows))
        indexes = [(name, HiveKey(task.guid, task.times.index)) for name in task.index_keys]
        folder = hives.cache.at(("Tree" + task.folder).rstrip("\\"))
        for key, gone in (
            (folder, tree),
            (hives.cache.at("Tasks"), tasks),
            *((hives.cache.at(name), key) for name, key in indexes),
        ):
            key.ghost_keys.append(gone)
            key.written = max(key.written, when)

    return edit
