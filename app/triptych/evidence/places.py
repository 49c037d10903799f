"""What a file is by its place: the folders of Windows that hold tasks, hives, logs and policies, wherever a copy of it begins.

Places are from MS-TSCH, KapeFiles' targets (ScheduledTasks, RegistryHives, EventLogs), dissect's task plug-in (Tasks_Migrated,
group policy) and velociraptor's `Windows.KapeFiles.Targets`. Names are compared without regard to case.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

_HIVES = {
    "software": "software-hive",
    "system": "system-hive",
    "sam": "sam-hive",
    "security": "security-hive",
    "default": "user-hive",
}
_PROFILE_HIVES = {
    ("ntuser.dat",): "user-hive",
    ("appdata", "local", "microsoft", "windows", "usrclass.dat"): "classes-hive",
    ("local settings", "application data", "microsoft", "windows", "usrclass.dat"): "classes-hive",
}
_WINDOWS = frozenset(("windows", "winnt"))
_PREFERENCES = ("preferences", "scheduledtasks")
TASKS = ("Windows", "System32", "Tasks")

# Folders that a link must not stand for: what lies behind it would be missing without a word.
_FOLDERS = frozenset(
    (
        ("windows",),
        ("windows", "tasks"),
        ("windows", "syswow64"),
        ("windows", "syswow64", "tasks"),
        ("windows", "system32"),
        ("windows", "system32", "tasks"),
        ("windows", "system32", "tasks_migrated"),
        ("windows", "system32", "config"),
        ("windows", "system32", "config", "regback"),
        ("windows", "system32", "winevt"),
        ("windows", "system32", "winevt", "logs"),
    )
)
_LINKS_KEPT = (("windows", "tasks"), ("windows", "system32", "config"))  # any link in these folders is worth a row

_SHADOW = re.compile(r"harddiskvolumeshadowcopy(\d+)$|^vss[ _-]?(\d+)$")


@dataclass(frozen=True, slots=True)
class Place:
    """A role, the names before the drive's root, those from there on, the task's names, the view inside that Windows."""

    role: str
    before: tuple[str, ...]
    inner: tuple[str, ...]
    task: tuple[str, ...] = ()
    view: str = ""
    whole: bool = True  # begins with a Windows folder, and not with one that may be anything (config, Users)


Rule = Callable[[tuple[str, ...]], tuple[str, int, str] | None]  # folded names -> role, where the task's names begin, view


def place_of(parts: tuple[str, ...]) -> Place | None:
    """The place of a file, by the outermost folder that fits; None where it lies in no place of Windows that matters."""
    folded = tuple(part.casefold() for part in parts)
    for at, name in enumerate(folded[:-1]):
        start = _STARTS.get(name)
        if start is None:
            continue
        above, rule = start
        found = rule(folded[at + 1 :])
        if found is not None:
            role, task, view = found
            names = parts[at + 1 + task :] if task else ()
            return Place(role, parts[:at], above + parts[at:], names, view, name in _WINDOWS)
    return None


def link_place(parts: tuple[str, ...]) -> Place | None:
    """The place of a link: that of a file of its name, or any name in a folder where links are worth a row."""
    found = place_of(parts)
    if found is not None:
        return replace(found, role="link")
    folded = tuple("windows" if part.casefold() in _WINDOWS else part.casefold() for part in parts)
    for at in range(len(folded)):
        for kept in _LINKS_KEPT:
            if folded[at : at + len(kept)] == kept and len(folded) > at + len(kept):
                return Place("link", parts[:at], parts[at:])
    return None


def is_windows_folder(parts: tuple[str, ...]) -> bool:
    """Whether a thing of that name stands where Windows has a folder that matters."""
    folded = tuple("windows" if part.casefold() in _WINDOWS else part.casefold() for part in parts)
    return any(folded[at:] in _FOLDERS for at in range(len(folded)))


def is_task_folder(parts: tuple[str, ...]) -> bool:
    """Whether this is the folder of task files of a Windows (`Windows/System32/Tasks`)."""
    folded = tuple(part.casefold() for part in parts)
    return len(folded) >= 2 and folded[-2:] == ("system32", "tasks")


def shadow_of(parts: tuple[str, ...]) -> str:
    """`VSS1` for names with a folder of a shadow copy (KAPE's `VSS1`, Velociraptor's `HarddiskVolumeShadowCopy1`); else ""."""
    for part in parts:
        match = _SHADOW.search(part.casefold())
        if match is not None:
            return f"VSS{int(match[1] or match[2])}"
    return ""


def above(path: str) -> tuple[str, ...]:
    """The names of Windows that stand above what lies in a folder, by the folder's own path; () where that tells nothing.

    `.../System32/Tasks` and a folder named `Tasks` alone give Windows, System32, Tasks; `.../Windows/Tasks` gives that of jobs.
    """
    names = tuple(part.casefold() for part in re.split(r"[\\/]+", path.rstrip("\\/"))[-4:])
    last, parent = names[-1], names[-2] if len(names) > 1 else ""
    if last in _WINDOWS:
        return ("Windows",)
    if last == "tasks" and parent in _WINDOWS:
        return ("Windows", "Tasks")
    if last == "tasks" and parent == "syswow64":
        return ("Windows", "SysWOW64", "Tasks")
    if last == "logs" and parent == "winevt":
        return ("Windows", "System32", "winevt", "Logs")
    if last == "regback":
        return ("Windows", "System32", "config", "RegBack")
    known = {
        "system32": (),
        "tasks": ("Tasks",),
        "tasks_migrated": ("Tasks_Migrated",),
        "config": ("config",),
        "winevt": ("winevt",),
    }
    return ("Windows", "System32", *known[last]) if last in known else ()


def _in_windows(names: tuple[str, ...]) -> tuple[str, int, str] | None:
    first, rest = names[0], names[1:]
    if first == "system32":
        found = _in_system32(rest)
        return None if found is None else (found[0], found[1] and found[1] + 1, found[2])
    if first == "syswow64" and len(rest) > 1 and rest[0] == "tasks":
        return "wow-task-file", 2, ""
    if first == "tasks" and len(rest) == 1 and rest[0].endswith(".job"):
        return "job", 0, ""
    if names in (("schedlgu.txt",), ("tasks", "schedlgu.txt")):
        return "job-log", 0, ""
    if first == "serviceprofiles":
        return _in_profiles(rest)
    return _policy(names) if first == "sysvol" else None


def _in_system32(names: tuple[str, ...]) -> tuple[str, int, str] | None:
    if len(names) < 2:
        return None
    first, rest = names[0], names[1:]
    if first == "tasks":
        return "task-file", 1, ""
    if first == "tasks_migrated":
        return "task-file", 1, "Tasks_Migrated"
    if first == "config":
        return _in_config(rest)
    if first == "winevt":
        return _in_winevt(rest)
    return _policy(names) if first == "grouppolicy" else None


def _in_config(names: tuple[str, ...]) -> tuple[str, int, str] | None:
    if len(names) == 1 and names[0] in _HIVES:
        return _HIVES[names[0]], 0, ""
    if len(names) == 2 and names[0] == "regback" and names[1] in _HIVES:
        return _HIVES[names[1]], 0, "RegBack"
    return _in_profiles(names) if names[0] == "systemprofile" else None


def _in_winevt(names: tuple[str, ...]) -> tuple[str, int, str] | None:
    return ("event-log", 0, "") if len(names) >= 2 and names[0] == "logs" and names[-1].endswith(".evtx") else None


def _in_profiles(names: tuple[str, ...]) -> tuple[str, int, str] | None:
    role = _PROFILE_HIVES.get(names[1:])
    return None if role is None else (role, 0, "")


def _policy(names: tuple[str, ...]) -> tuple[str, int, str] | None:
    if len(names) >= 3 and names[-1].endswith(".xml") and names[-3:-1] == _PREFERENCES:
        return "policy-file", 0, ""
    return None


_STARTS: dict[str, tuple[tuple[str, ...], Rule]] = {
    "windows": ((), _in_windows),
    "winnt": ((), _in_windows),
    "system32": (("Windows",), _in_system32),
    "config": (("Windows", "System32"), _in_config),
    "winevt": (("Windows", "System32"), _in_winevt),
    "users": ((), _in_profiles),
    "documents and settings": ((), _in_profiles),
    "programdata": ((), _policy),
    "grouppolicy": (("Windows", "System32"), _policy),
    "policies": (("Windows", "SYSVOL"), _policy),
}
