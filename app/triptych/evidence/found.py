"""What a search finds: items with a role, a view and a place in Windows; the views they belong to."""

from __future__ import annotations

from dataclasses import dataclass

from triptych.model.case import Balance, Problem

# What an item is good for. Recognised by place first, by content where the place says nothing.
ROLES = (
    "software-hive", "system-hive", "sam-hive", "security-hive", "user-hive", "classes-hive", "task-file", "job", "job-log",
    "wow-task-file", "policy-file", "reg-export", "event-log", "event-set", "listing", "link", "other",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Item:
    """One file worth reading. `inner` is its path inside the view, with `/` from the drive's root
    (`Windows/System32/Tasks/Foo`); for a task file `task` is the task path. `logs` are the LOG, LOG1, LOG2 beside a hive
    in that order (evidence paths, "" where missing). `view` is "" for the running system.
    """

    role: str
    path: str
    view: str
    inner: str
    task: str = ""
    logs: tuple[str, str, str] = ("", "", "")
    size: int = 0
    modified: int | None = None

    def as_row(self) -> tuple[str, ...]:
        """The item as texts, for a frame; `from_row` reverses it."""
        modified = "" if self.modified is None else str(self.modified)
        return (self.role, self.path, self.view, self.inner, self.task, *self.logs, str(self.size), modified)

    @staticmethod
    def from_row(row: tuple[str, ...]) -> Item:
        role, path, view, inner, task, log, log1, log2, size, modified = row
        return Item(role, path, view, inner, task, (log, log1, log2), int(size), int(modified) if modified else None)


@dataclass(frozen=True, slots=True)
class View:
    """One Windows in the evidence: `name` is "" for the running system, else `Windows.old`, `RegBack`, `VSS1` ...

    `root` is the evidence path of its drive's root ("" for the evidence itself). `kind` says how it came: volume,
    velociraptor, acquire, collection (a drive's folder by KAPE, CyLR ...), part (a folder of Windows), files.
    `tasks_listed` says that the folder of task files is in the evidence as a whole, so that a file that is not there is
    absent and not merely not collected.
    """

    name: str
    root: str
    kind: str
    tasks_listed: bool


@dataclass(frozen=True, slots=True)
class Found:
    """Everything a source holds that Triptych reads. `problems` are the source's and those of the search."""

    views: tuple[View, ...]
    items: tuple[Item, ...]
    problems: tuple[Problem, ...] = ()
    balances: tuple[Balance, ...] = ()

    def of(self, *roles: str) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.role in roles)
