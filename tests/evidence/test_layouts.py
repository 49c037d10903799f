"""Layouts of every collector as scratch trees, in every form they come in."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.evidence.trees import FORMS, TASK, Tree, as_folder, hive, tar_bytes, zip_bytes
from tests.evidence.trees import given as given_as
from tests.material import shared
from triptych.evidence.layouts import Found, Item, View, find
from triptych.evidence.source import open_source

WINDOWS: Tree = {
    "Windows/System32/Tasks/Top": TASK,
    "Windows/System32/Tasks/Microsoft/Windows/Servicing/Start{1}.x": TASK,
    "Windows/System32/config/SOFTWARE": hive(),
    "Windows/System32/config/SOFTWARE.LOG1": b"1",
    "Windows/System32/config/SOFTWARE.LOG2": b"2",
    "Windows/System32/config/SYSTEM": hive(),
    "Windows/System32/config/RegBack/SOFTWARE": b"",
    "Windows/System32/winevt/Logs/Security.evtx": b"ElfFile\0",
    "Windows/Tasks/At1.job": b"job",
    "Windows/Tasks/SCHEDLGU.TXT": b"",
    "Windows/SysWOW64/Tasks/Odd": TASK,
    "Windows/System32/Tasks_Migrated/Old": TASK,
    "Windows/System32/GroupPolicy/DataStore/0/sysvol/x/Machine/Preferences/ScheduledTasks/ScheduledTasks.xml": b"<ScheduledTasks/>",
    "ProgramData/Microsoft/Group Policy/History/{1}/Machine/Preferences/ScheduledTasks/ScheduledTasks.xml": b"<ScheduledTasks/>",
    "Users/ann/NTUSER.DAT": hive(),
    "Users/ann/AppData/Local/Microsoft/Windows/UsrClass.dat": hive(),
    "Windows.old/Windows/System32/Tasks/Top": TASK,
    "Windows.old/Windows/System32/config/SOFTWARE": hive(),
}
ROLES = {
    "task-file": 4, "software-hive": 3, "system-hive": 1, "event-log": 1, "job": 1, "job-log": 1, "wow-task-file": 1,
    "policy-file": 2, "user-hive": 1, "classes-hive": 1,
}  # fmt: skip


def search(*arguments: str, listings: tuple[str, ...] = ()) -> Found:
    source = open_source(*arguments, listings=listings)
    found = find(source)
    assert all(balance.closes for balance in found.balances)
    assert list(found.items) == sorted(found.items, key=lambda item: (item.path, item.role))
    for item in found.items:
        if item.role != "link":
            assert len(source.peek(item.path, 8)) <= 8
        for log in item.logs:
            assert not log or source.read(log, 100)
    return found


def placed(tree: Tree, before: str, escape: bool = False) -> Tree:
    return {before + (name.replace("{", "%7B") if escape else name): data for name, data in tree.items()}


def tasks(found: Found, view: str = "") -> set[str]:
    return {item.task for item in found.of("task-file") if item.view == view}


def view(found: Found, name: str = "") -> View:
    return next(one for one in found.views if one.name == name)


def one(found: Found, role: str, view_name: str = "") -> Item:
    (item,) = [item for item in found.of(role) if item.view == view_name]
    return item


SHAPES = {
    "plain": ("", ""),
    "drive": ("C/", "C"),
    "colon": ("C:/", "C:"),
    "kape": ("out/HOST1/C/", "out/HOST1/C"),
    "velociraptor auto": ("uploads/auto/C%3A/", "uploads/auto/C%3A"),
    "velociraptor ntfs": ("uploads/ntfs/%5C%5C.%5CC%3A/", "uploads/ntfs/%5C%5C.%5CC%3A"),
    "velociraptor lazy": ("uploads/lazy_ntfs/%5C%5C.%5CC%3A/", "uploads/lazy_ntfs/%5C%5C.%5CC%3A"),
    "acquire": ("fs/c:/", "fs/c:"),
    "old acquire": ("sysvol/", "sysvol"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_collector_in_every_form(form: str, shape: str, tmp_path: Path) -> None:
    before, root = SHAPES[shape]
    found = search(given_as(form, tmp_path, placed(WINDOWS, before, escape="%" in before)))
    counted = {role: len(found.of(role)) for role in {item.role for item in found.items}}
    assert counted == ROLES
    assert tasks(found) == {"\\Top", "\\Microsoft\\Windows\\Servicing\\Start{1}.x"}
    assert tasks(found, "Windows.old") == {"\\Top"}
    assert tasks(found, "Tasks_Migrated") == {"\\Old"}
    software = one(found, "software-hive")
    assert software.inner == "Windows/System32/config/SOFTWARE"
    assert [log.rpartition(".")[2] for log in software.logs] == ["", "LOG1", "LOG2"]
    assert one(found, "software-hive", "RegBack").logs == ("", "", "")
    assert one(found, "software-hive", "Windows.old").inner == "Windows/System32/config/SOFTWARE"
    archive = "" if form == "folder" else f"given.{form}!"
    assert view(found).root == "/".join(part for part in (archive, root) if part)
    assert view(found).tasks_listed
    assert not view(found, "RegBack").tasks_listed
    assert [problem.code for problem in found.problems] == []


@pytest.mark.parametrize(
    ("prefix", "name"),
    [
        ("VSS1/C/", "VSS1"),
        ("C/VSS2/", "VSS2"),
        ("uploads/ntfs_vss/%5C%5C%3F%5CGLOBALROOT%5CDevice%5CHarddiskVolumeShadowCopy3/", "VSS3"),
        ("VSS1/C/Windows.old/", "VSS1/Windows.old"),
        ("C/windows.old.000/", "Windows.old.000"),
    ],
)
def test_snapshots_and_old_windows_are_views(prefix: str, name: str, tmp_path: Path) -> None:
    tree = {"C/Windows/System32/Tasks/Now": TASK, f"{prefix}Windows/System32/Tasks/Then": TASK}
    found = search(str(as_folder(tmp_path / "x", tree)))
    assert tasks(found) == {"\\Now"}
    assert tasks(found, name) == {"\\Then"}
    assert view(found, name).tasks_listed


def test_names_are_taken_without_regard_to_case_and_all_candidates_kept(tmp_path: Path) -> None:
    tree = {
        "c/WINDOWS/system32/TASKS/Foo": TASK,
        "c/WINDOWS/system32/TASKS/foo": TASK,
        "c/windows/System32/config/software": hive(),
        "c/windows/System32/config/Software.Log1": b"1",
        "c/windows/System32/Tasks/foo": TASK,
    }
    found = search(given_as("zip", tmp_path, tree))
    assert [item.task for item in found.of("task-file")] == ["\\Foo", "\\foo", "\\foo"]
    assert one(found, "software-hive").logs[1].endswith("Software.Log1")
    assert [problem.code for problem in found.problems] == ["layout.found-twice"]


def test_a_backup_in_a_users_folder_is_a_view_of_its_own(tmp_path: Path) -> None:
    tree = {
        "C/Windows/System32/Tasks/Mine": TASK,
        "C/Users/bob/backup/Windows/System32/Tasks/Foreign": TASK,
        "C/Program Files/App/config/SYSTEM": hive(),
        "C/dropped.xml": TASK,
        "C/Users/bob/task.xml": TASK,
    }
    found = search(str(as_folder(tmp_path / "x", tree)))
    assert tasks(found) == {"\\Mine"}
    assert tasks(found, "Users/bob/backup") == {"\\Foreign"}
    assert not found.of("system-hive")


def test_two_accessors_of_one_drive(tmp_path: Path) -> None:
    tree = {
        "uploads/auto/C%3A/Windows/System32/Tasks/A%2FB": TASK,
        "uploads/ntfs/%5C%5C.%5CC%3A/Windows/System32/Tasks/A%2FB": TASK,
        "uploads/ntfs/%5C%5C.%5CC%3A/Windows/System32/Tasks/100%25": TASK,
        "uploads.json": b'{"TaskName": 1}',
        "results/Windows.System.TaskScheduler%2FAnalysis.json": b'{"TaskName": 1}',
    }
    found = search(given_as("zip", tmp_path, tree))
    assert [item.task for item in found.of("task-file")] == ["\\A/B", "\\100%", "\\A/B"]
    assert {item.role for item in found.items} == {"task-file"}
    (problem,) = found.problems
    assert problem.code == "layout.found-twice"
    assert "uploads/auto" in problem.found
    assert "uploads/ntfs" in problem.found


@pytest.mark.parametrize(
    ("name", "tree", "inner"),
    [
        ("System32", {"Tasks/X": TASK, "config/SOFTWARE": hive()}, "Windows/System32/Tasks/X"),
        ("Windows", {"System32/Tasks/X": TASK, "System32/config/SOFTWARE": hive()}, "Windows/System32/Tasks/X"),
        ("Tasks", {"X": b"not even XML"}, "Windows/System32/Tasks/X"),
        ("tasks", {"X": TASK, "At1.job": b"", "Schedlgu.txt": b""}, "Windows/System32/Tasks/X"),
        ("renamed", {"X": TASK}, "Windows/System32/Tasks/X"),
    ],
)
def test_a_folder_that_is_itself_a_part_of_windows(name: str, tree: Tree, inner: str, tmp_path: Path) -> None:
    found = search(str(as_folder(tmp_path / name, tree)))
    (task,) = found.of("task-file")
    assert (task.inner, task.task, task.view) == (inner, "\\X", "")
    assert len(found.of("software-hive")) == ("config/SOFTWARE" in str(tree) or "System32/config/SOFTWARE" in tree)
    assert len(found.of("job")) == ("At1.job" in tree)
    assert view(found).tasks_listed


def test_a_config_folder_and_a_jobs_folder_alone(tmp_path: Path) -> None:
    config = search(str(as_folder(tmp_path / "config", {"SOFTWARE": hive(), "SAM": hive(), "RegBack/SOFTWARE": b""})))
    assert {(item.role, item.view) for item in config.items} == {
        ("software-hive", ""),
        ("sam-hive", ""),
        ("software-hive", "RegBack"),
    }
    assert not view(config).tasks_listed
    jobs = search(str(as_folder(tmp_path / "Windows" / "Tasks", {"a.job": b"", "SchedLgU.txt": b"", "SA.DAT": b""})))
    assert {item.role for item in jobs.items} == {"job", "job-log"}


def test_an_empty_tasks_folder_of_a_volume_is_listed(tmp_path: Path) -> None:
    root = as_folder(tmp_path / "x", {"Windows/System32/config/SOFTWARE": hive()})
    assert not view(search(str(root))).tasks_listed
    (root / "Windows/System32/Tasks").mkdir()
    assert view(search(str(root))).tasks_listed


def test_loose_tasks_count_from_the_nearest_folder_named_tasks(tmp_path: Path) -> None:
    tree = {"host/Tasks/Sub/A": TASK, "host/Tasks/B": b"\xff", "note.txt": b"hello", "other/C.xml": TASK}
    found = search(str(as_folder(tmp_path / "x", tree)))
    assert tasks(found) == {"\\Sub\\A", "\\B", "\\other\\C"}
    assert [problem.code for problem in found.problems] == ["layout.not-recognised"]
    assert "note.txt" in found.problems[0].found


def test_exports_count_from_the_folder_that_their_uris_show(tmp_path: Path) -> None:
    def export(uri: str) -> bytes:
        told = f"<RegistrationInfo><URI>{uri}</URI></RegistrationInfo>" if uri else ""
        return (
            '<?xml version="1.0"?><Task xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">'
            f"{told}<Actions><Exec><Command>x</Command></Exec></Actions></Task>"
        ).encode()

    tree = {
        "case/one/A.xml": export("\\A"),
        "case/one/Sub/B.xml": export("\\Sub\\B"),
        "case/one/Sub/Odd.xml": export("\\Other"),  # stands in a tree whose root is known: its place counts
        "case/two/renamed.xml": export("\\Vendor\\Q &amp; A"),  # stands alone: it keeps the name that somebody gave it
        "case/two/first.xml": export("\\Same"),
        "case/two/second.xml": export("\\Same"),
        "case/two/silent.xml": export(""),
    }
    for path, data in tree.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    assert tasks(search(str(tmp_path))) == {
        "\\A", "\\Sub\\B", "\\Sub\\Odd", "\\case\\two\\renamed", "\\case\\two\\first", "\\case\\two\\second", "\\case\\two\\silent",
    }  # fmt: skip


@pytest.mark.parametrize(
    "folder", ["Bluscream-Windows-Tasks", "Nick2bad4u-Task-Scheduler-Rules", "brianary", "puffyCid", "OrbintSoft"]
)
def test_real_task_folders_give_every_file(folder: str) -> None:
    root = shared(f"data/tasks-xml/{folder}")
    found = search(str(root))
    files = [path for path in root.rglob("*") if path.is_file()]
    assert len(found.of("task-file")) == len(files) == len(found.items)
    assert found.problems == ()
    if folder == "Bluscream-Windows-Tasks":
        assert "\\Microsoft\\Windows\\WlanSvc\\CDSSync" in tasks(found)


def test_real_collections() -> None:
    root = "data/collections/Velocidex__velociraptor/Collection-WIN-E5K9RC5GU23-2021-11-21T18_05_56-08_00.zip"
    found = search(str(shared(root)))
    (user,) = found.items
    assert (user.role, user.inner) == ("user-hive", "Users/Administrator/ntuser.dat")
    for name in ("fs-c-absolute", "fs-x", "sysvol-relative"):
        source = open_source(str(shared(f"data/collections/fox-it__dissect.target/test-windows-{name}.tar")))
        (foo,) = [entry for entry in source.entries() if entry.kind == "file"]
        assert foo.parts[-3:] == ("Windows", "System32", "foo.txt")
        assert len(source.read(foo.path, 100)) == 12


def test_logs_beside_a_windows_are_read_and_hives_there_are_not(tmp_path: Path) -> None:
    tree = {
        **WINDOWS, "logs/mine.evtx": b"ElfFile\0", "Security-old.EVTX": b"ElfFile\0",
        "logs/none.evtx": b"nothing of the kind", "logs/SOFTWARE.bak": hive(),
    }  # fmt: skip
    found = search(given_as("folder", tmp_path, tree))
    logs = {item.path.rpartition("/")[2]: item.view for item in found.of("event-log")}
    assert logs == {"Security.evtx": "", "mine.evtx": "", "Security-old.EVTX": "", "none.evtx": ""}, (
        "what is none is told when it is read"
    )
    assert len([item for item in found.items if item.role == "software-hive"]) == 3


def test_an_archive_in_a_collectors_folder_is_looked_into(tmp_path: Path) -> None:
    inner = zip_bytes({"C/Windows/System32/Tasks/A": TASK})
    tree = {
        "2024_HOST.zip": inner,
        "2024_ConsoleLog.txt": b"",
        "deep/er/no.zip": inner,
        "more/HOST.tar": tar_bytes({"C/Windows/System32/Tasks/B": TASK}),
    }
    found = search(str(as_folder(tmp_path / "dest", tree)))
    assert tasks(found) == {"\\A", "\\B"}
    assert {item.path for item in found.items} == {
        "2024_HOST.zip!/C/Windows/System32/Tasks/A",
        "more/HOST.tar!/C/Windows/System32/Tasks/B",
    }
    volume = search(str(as_folder(tmp_path / "volume", {"Windows/System32/Tasks/X": TASK, "evil.zip": inner})))
    assert tasks(volume) == {"\\X"}


def test_a_zip_in_a_zip(tmp_path: Path) -> None:
    for method in ("zip", "stored.zip"):
        found = search(given_as(method, tmp_path, {"data.zip": zip_bytes({"uploads/auto/C%3A/Windows/System32/Tasks/A": TASK})}))
        (item,) = found.items
        assert item.path == f"given.{method}!/data.zip!/uploads/auto/C%3A/Windows/System32/Tasks/A"
        assert item.task == "\\A"


def test_too_deep_is_told(tmp_path: Path) -> None:
    found = search(str(as_folder(tmp_path / "x", {"1/2/3/4/5/6/7/Windows/System32/Tasks/A": TASK})))
    assert not found.of("task-file")
    assert [problem.code for problem in found.problems] == ["layout.too-deep"]


def test_a_link_where_windows_has_a_folder_is_told(tmp_path: Path) -> None:
    root = as_folder(tmp_path / "x", {"Windows/System32/config/SOFTWARE": hive(), "Users/a/b": b""})
    (root / "Windows/System32/Tasks").symlink_to("/tmp")
    (root / "Documents and Settings").symlink_to("Users")
    (root / "Windows/System32/config/SAM").symlink_to("/etc/passwd")
    (root / "Windows/Tasks").mkdir()
    (root / "Windows/Tasks/x").symlink_to("y")
    found = search(str(root))
    assert {item.path for item in found.of("link")} == {"Windows/System32/config/SAM", "Windows/Tasks/x"}
    told = {problem.file for problem in found.problems if problem.code == "layout.link"}
    assert told == {"Windows/System32/Tasks", "Windows/System32/config/SAM", "Windows/Tasks/x"}
    assert not view(found).tasks_listed


def test_several_arguments_are_one_host(tmp_path: Path) -> None:
    tree = as_folder(tmp_path / "c", {"C/Windows/System32/Tasks/A": TASK})
    lone = as_folder(tmp_path / "h", {"SOFTWARE": hive()}) / "SOFTWARE"
    log = as_folder(tmp_path / "l", {"software.log1": b"1"}) / "software.log1"
    found = search(str(tree), str(lone), str(log))
    assert {(item.role, item.path) for item in found.items} == {
        ("task-file", "0:C/Windows/System32/Tasks/A"),
        ("software-hive", "1:SOFTWARE"),
    }
    assert one(found, "software-hive").logs == ("", "2:software.log1", "")
    assert view(found).root == "0:C"
    plain = search(str(tree / "C"), str(tree / "C/Windows"))
    assert [item.path for item in plain.items] == ["0:Windows/System32/Tasks/A", "1:System32/Tasks/A"]


def test_listings_are_what_they_are_said_to_be(tmp_path: Path) -> None:
    table = as_folder(tmp_path, {"odd.bin": b"whatever"}) / "odd.bin"
    task = as_folder(tmp_path, {"a.xml": TASK}) / "a.xml"
    found = search(str(task), listings=(str(table),))
    assert {(item.role, item.path) for item in found.items} == {("listing", "listing:0/odd.bin"), ("task-file", "a.xml")}
    assert (one(found, "task-file").task, view(found).tasks_listed) == ("\\a", False)


names = st.text(st.characters(exclude_characters="/\\\0", exclude_categories=["Cs"]), min_size=1, max_size=30).filter(
    lambda name: name not in (".", "..") and len(name.encode()) < 200
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.lists(names, min_size=1, max_size=4), st.sampled_from(["", "C/", "x/C/", "fs/c:/"]))
def test_any_task_name_comes_through(tmp_path: Path, path: list[str], before: str) -> None:
    archive = tmp_path / "a.zip"
    archive.write_bytes(zip_bytes({f"{before}Windows/System32/Tasks/{'/'.join(path)}": TASK}))
    (item,) = search(str(archive)).of("task-file")
    assert item.task == "\\" + "\\".join(path)
    assert Item.from_row(item.as_row()) == item
