"""Folders of a Windows volume that hold no store of tasks: listed, and not walked. A volume of 400,000 files then takes seconds.

Nothing below a folder of tasks is ever left out, whatever somebody named the folders there.
"""

from __future__ import annotations

_TASKS = frozenset(("tasks", "tasks_migrated"))
_IN_WINDOWS = frozenset(("system32", "syswow64", "tasks", "serviceprofiles", "sysvol"))
_IN_SYSTEM32 = frozenset(("tasks", "tasks_migrated", "config", "winevt", "grouppolicy"))
_BESIDE_WINDOWS = frozenset(
    ("$extend", "$recycle.bin", "msocache", "perflogs", "program files", "program files (x86)", "system volume information")
)
_IN_PROFILE = frozenset(("appdata", "local settings"))
_ON_THE_WAY = (  # below these folders only one name leads on, to UsrClass.dat or to the policies that were applied
    (("appdata",), "local"),
    (("appdata", "local"), "microsoft"),
    (("appdata", "local", "microsoft"), "windows"),
    (("programdata",), "microsoft"),
    (("programdata", "microsoft"), "group policy"),
)


def is_barren(parts: tuple[str, ...], beside: frozenset[str]) -> bool:
    """Whether a folder of a Windows holds nothing that is read; `beside` are the names in its parent, case folded."""
    *above, name = (part.casefold() for part in parts)
    if not above:
        return name in _BESIDE_WINDOWS and "windows" in beside
    if not _TASKS.isdisjoint(above):
        return False
    parent = above[-1]
    if parent in ("windows", "winnt") and "system32" in beside:
        return name not in _IN_WINDOWS
    if parent == "system32" and {"config", "drivers"} <= beside:
        return name not in _IN_SYSTEM32
    if name in _BESIDE_WINDOWS and "windows" in beside:
        return True
    if "ntuser.dat" in beside:
        return name not in _IN_PROFILE
    return any(tuple(above[-len(way) :]) == way and only in beside and name != only for way, only in _ON_THE_WAY)
