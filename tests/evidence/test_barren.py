"""What a walk of a Windows volume leaves out, and what it must never leave out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.evidence.test_layouts import ROLES, WINDOWS
from tests.evidence.trees import TASK, Tree, as_folder, hive
from triptych.evidence.barren import is_barren
from triptych.evidence.layouts import find
from triptych.evidence.source import open_source

FILLER: Tree = {
    "Windows/System32/drivers/etc/hosts": b"",
    "Windows/System32/DriverStore/FileRepository/x/y.inf": b"",
    "Windows/WinSxS/amd64/x.dll": b"",
    "Program Files/App/Tasks/x.xml": TASK,
    "$Recycle.Bin/S-1/x": b"",
    "Users/ann/Documents/deep/er/x.txt": b"",
    "Users/ann/AppData/Roaming/Microsoft/x": b"",
    "Users/ann/AppData/Local/Google/Chrome/x": b"",
    "Users/ann/AppData/Local/Microsoft/Edge/x": b"",
    "ProgramData/Package Cache/x": b"",
}


@pytest.mark.parametrize("before", ["", "C/", "out/HOST/C/"])
def test_a_volume_gives_the_same_with_and_without_its_filler(before: str, tmp_path: Path) -> None:
    root = as_folder(tmp_path / "v", {before + name: data for name, data in {**WINDOWS, **FILLER}.items()})
    source = open_source(str(root))
    found = find(source)
    assert {role: len(found.of(role)) for role in {item.role for item in found.items}} == ROLES
    listed = {entry.path.removeprefix(before) for entry in source.entries(is_barren) if entry.kind == "file"}
    assert listed == set(WINDOWS)
    everything = {entry.path.removeprefix(before) for entry in source.entries() if entry.kind == "file"}
    assert everything == set(WINDOWS) | set(FILLER)


def test_names_below_a_folder_of_tasks_cannot_hide_a_task(tmp_path: Path) -> None:
    tree = {
        f"Windows/System32/Tasks/{name}": TASK
        for name in (
            "Microsoft/Windows/System32/config/a",
            "Microsoft/Windows/System32/drivers/b",
            "Microsoft/Windows/Servicing/c",
            "Program Files/d",
            "Windows/e",
            "ntuser.dat",
            "other/f",
            "ProgramData/Microsoft/g",
            "ProgramData/h/i",
        )
    }
    found = find(open_source(str(as_folder(tmp_path / "v", {**tree, "Windows/System32/config/SOFTWARE": hive()}))))
    assert {item.path for item in found.of("task-file")} == set(tree)


def test_only_a_folder_of_a_windows_is_left_out() -> None:
    assert is_barren(("Windows", "WinSxS"), frozenset(("system32", "winsxs")))
    assert not is_barren(("Windows", "WinSxS"), frozenset(("winsxs",)))
    assert not is_barren(("export", "Microsoft", "Windows", "Servicing"), frozenset(("servicing", "wlansvc")))
    assert not is_barren(("Windows", "System32", "config"), frozenset(("config", "drivers")))
    assert not is_barren(("AppData",), frozenset(("appdata",)))
