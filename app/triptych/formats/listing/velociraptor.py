"""Velociraptor rows. They tell of files or keys, not of the scheduler: each says which store it speaks for.

`Windows.System.TaskScheduler/Analysis` reads the XML files; `Windows.Registry.ScheduledTasks` reads TaskCache (exchange
artifact); columns as their definitions give them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from triptych.formats.listing.listed import Listed, with_leading
from triptych.model.evidence import EvidenceRef, Reading, not_stated, stated
from triptych.model.task import Action, Extra, Keeping, Principal, Registration, Store


def store_of(value: dict[str, Any]) -> Store | None:
    """The store that a row tells of; None where it is no task row of Velociraptor."""
    if "TaskID" in value and "Path" in value:
        return Store.REGISTRY
    if ({"OSPath", "FullPath"} & set(value)) and ({"Command", "_XML", "ComHandler"} & set(value)):
        return Store.XML
    return None


def task_path(value: dict[str, Any]) -> str:
    """The task's path: below the Tasks folder where the file's path tells, else the name stated."""
    where = str(value.get("OSPath") or value.get("FullPath") or "")
    folded = where.replace("/", "\\")
    at = folded.casefold().find("\\system32\\tasks\\")
    if at >= 0 and "TaskID" not in value:
        return folded[at + len("\\system32\\tasks") :]
    return with_leading(str(value.get("Path") or value.get("TaskName") or folded.rpartition("\\")[2]))


def from_object(value: dict[str, Any], ref_of: Callable[[str], EvidenceRef]) -> tuple[Listed, Keeping]:
    """One row, and what it says of keys."""

    def text(*names: str) -> Reading[str]:
        for name in names:
            found = value.get(name)
            if isinstance(found, str | int) and found != "":
                return stated(str(found), ref_of(name))
        return not_stated(None, ref_of(names[0]))

    action = Action(type=stated("Exec", ref_of("Command")), command=text("Command"), arguments=text("Arguments"))
    if value.get("ComHandler"):
        action = Action(type=stated("ComHandler", ref_of("ComHandler")), class_id=text("ComHandler"))
    listed = Listed(
        path=task_path(value),
        ref=ref_of("OSPath"),
        registration=Registration(uri=text("URI", "TaskName"), author=text("Author"), description=text("Description")),
        principal=Principal(user_id=text("UserId"), run_level=text("RunLevel"), logon_type=text("LogonType")),
        actions=(action,) if value.get("Command") or value.get("ComHandler") else (),
        has_actions=bool(value.get("Command") or value.get("ComHandler")),
        extras=tuple(
            Extra(name, stated(str(member), ref_of(name)))
            for name, member in value.items()
            if name in ("Mtime", "OSPath", "FullPath", "RegistrationTime", "StartBoundary", "Authenticode") and member
        ),
    )
    return listed, Keeping(guid=text("TaskID"), access=text("TreeSD")) if "TaskID" in value else Keeping()
