"""What one may give: lone files with their logs, images that are only recognised, several things, listings."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.evidence.trees import TASK, as_folder, hive, zip_bytes
from tests.material import shared
from triptych.evidence import signatures
from triptych.evidence.contents import hive_role, is_listing, role_of
from triptych.evidence.layouts import find
from triptych.evidence.places import above
from triptych.evidence.source import LISTING, EvidenceError, open_source


def test_what_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"")
    for path in (tmp_path / "gone", tmp_path / "f" / "below"):
        with pytest.raises(FileNotFoundError):
            open_source(str(path))
        with pytest.raises(FileNotFoundError):
            open_source(listings=(str(path),))


def test_a_lone_hive_and_its_logs(tmp_path: Path) -> None:
    root = as_folder(tmp_path, {"software": hive(), "SOFTWARE.Log1": b"1", "software.LOG2": b"2", "SYSTEM": hive(), "x.LOG1": b""})
    source = open_source(str(root / "software"))
    (item,) = find(source).items
    assert (item.role, item.path) == ("software-hive", "software")
    assert item.logs == ("", "SOFTWARE.Log1", "software.LOG2")
    assert source.read("SOFTWARE.Log1", 9) == b"1"
    for path in ("SYSTEM", "x.LOG1", "../software", ""):
        with pytest.raises(EvidenceError):
            source.read(path, 9)


def test_a_link_that_was_given_is_followed(tmp_path: Path) -> None:
    as_folder(tmp_path, {"real/SOFTWARE": hive(), "real/SOFTWARE.LOG1": b"1"})
    (tmp_path / "mine").symlink_to(tmp_path / "real" / "SOFTWARE")
    (tmp_path / "folder").symlink_to(tmp_path / "real")
    (item,) = find(open_source(str(tmp_path / "mine"))).items
    assert (item.path, item.logs[1]) == ("mine", "mine.LOG1")
    assert open_source(str(tmp_path / "mine")).read("mine.LOG1", 9) == b"1"
    assert len(find(open_source(str(tmp_path / "folder"))).items) == 1


def test_arguments_make_an_equal_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_folder(tmp_path, {"a/Tasks/x": TASK, "b.zip": zip_bytes({"C/Windows/System32/Tasks/y": TASK}), "l.csv": b"1", "m.csv": b"2"})
    monkeypatch.chdir(tmp_path)
    source = open_source("a", "b.zip", listings=("l.csv", "m.csv"))
    assert source.arguments == (
        *(str(tmp_path / name) for name in ("a", "b.zip")),
        *(LISTING + str(tmp_path / n) for n in ("l.csv", "m.csv")),
    )
    assert [(one.path, one.kind) for one in source.given] == [(str(tmp_path / "a"), "folder"), (str(tmp_path / "b.zip"), "archive")]
    monkeypatch.chdir("/")
    again = open_source(*source.arguments)
    assert again.arguments == source.arguments
    paths = [entry.path for entry in source.entries() if entry.kind == "file"]
    assert paths == ["0:Tasks/x", "1:b.zip!/C/Windows/System32/Tasks/y", "listing:0/l.csv", "listing:1/m.csv"]
    assert [again.read(path, 1000) for path in paths] == [TASK, TASK, b"1", b"2"]
    for path in ("Tasks/x", "7:Tasks/x", "listing:9/l.csv", "listing:0/m.csv", "1:Tasks/x"):
        with pytest.raises(EvidenceError):
            again.read(path, 1000)


@pytest.mark.parametrize(
    ("head", "tail", "words"),
    [
        (b"EVF\x09\x0d\x0a\xff\x00", b"", "E01"),
        (b"vhdxfile", b"", "VHDX"),
        (b"KDMV", b"", "VMDK"),
        (b"QFI\xfb", b"", "QCOW"),
        (b"\xeb\x52\x90NTFS    ", b"", "raw NTFS"),
        (bytes(512) + b"EFI PART", b"", "raw disk"),
        (bytes(600), b"conectix", "VHD"),
    ],
)
def test_images_are_recognised_and_said_to_be_not_read(head: bytes, tail: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "disk"
    path.write_bytes(head.ljust(4096, b"\0") + tail.ljust(512, b"\0"))
    source = open_source(str(path))
    found = find(source)
    assert found.items == ()
    (problem,) = found.problems
    assert (problem.code, problem.file, source.given[0].kind) == ("evidence.image", "disk", "image")
    assert words in problem.found
    assert "cannot be opened yet" in problem.found
    with pytest.raises(EvidenceError):
        source.read("disk", 10)


@pytest.mark.parametrize(
    "name", ["Velocidex__velociraptor/test.ntfs.dd.E01", "log2timeline__dfvfs/image.vhd", "log2timeline__plaso/image.qcow2"]
)
def test_real_images(name: str) -> None:
    found = find(open_source(str(shared(f"data/images/{name}"))))
    assert [problem.code for problem in found.problems] == ["evidence.image"]


def test_an_image_in_an_archive() -> None:
    found = find(open_source(str(shared("data/images/Velocidex__velociraptor/test.vhdx.zip"))))
    assert "evidence.image" in [problem.code for problem in found.problems]


def test_a_boot_sector_alone_is_no_disk() -> None:
    head = bytes(510) + b"\x55\xaa" + bytes(512)
    assert signatures.container_kind(head, b"", 1024) == ""
    assert signatures.container_kind(head, b"", 1 << 30) == ""
    disk = bytearray(head)
    disk[0x1BE + 4] = 7
    assert signatures.container_kind(bytes(disk), b"", 1 << 30) == "a raw disk image"


def test_nothing_found_is_told(tmp_path: Path) -> None:
    found = find(open_source(str(as_folder(tmp_path / "x", {"a": b"\0"}))))
    assert [problem.code for problem in found.problems] == ["layout.not-recognised", "layout.nothing"]
    assert [problem.code for problem in find(open_source(str(as_folder(tmp_path / "y", {})))).problems] == ["layout.nothing"]


@pytest.mark.parametrize(
    ("name", "stored", "role"),
    [
        ("SOFTWARE", "", "software-hive"),
        ("software.hve", "", "software-hive"),
        ("SOFTWARE-schedule-A-M", "\\tmp\\DEFAULT", "software-hive"),
        ("HOST_SYSTEM.bak", "", "system-hive"),
        ("evidence.bin", "emRoot\\System32\\Config\\SOFTWARE", "software-hive"),
        ("evidence.bin", "\\??\\C:\\Users\\Default\\NTUSER.DAT", "user-hive"),
        ("x", "\\SystemRoot\\System32\\Config\\SAM", "sam-hive"),
        ("UsrClass.dat", "", "classes-hive"),
        ("Amcache.hve", "", "other"),
        ("evidence.bin", "", "hive"),
        ("evidence.bin", "\\x\\whatever", "hive"),
    ],
)
def test_hives_by_name_and_by_what_is_stored(name: str, stored: str, role: str, tmp_path: Path) -> None:
    assert hive_role(name, hive(stored)) == role
    path = tmp_path / name
    path.write_bytes(hive(stored))
    (item,) = find(open_source(str(path))).items
    assert item.role == ("software-hive" if role == "hive" else role)


def test_a_log_is_no_hive() -> None:
    assert hive_role("SOFTWARE", hive(kind=1)) == hive_role("SOFTWARE", hive(kind=6)) == "other"


@pytest.mark.parametrize(
    ("name", "head", "role"),
    [
        ("x", b"ElfFile\0", "event-log"),
        ("broken.evtx", b"", "event-log"),
        ("x", "\ufeffWindows Registry Editor Version 5.00\r\n".encode("utf-16-le"), "reg-export"),
        ("x", b"REGEDIT4\r\n", "reg-export"),
        ("x", "\ufeffKey Name:   HKEY_LOCAL_MACHINE\\X".encode("utf-16-le"), "reg-export"),
        ("a.job", b"", "job"),
        ("schedlgu.TXT", b"", "job-log"),
        ("x", '\ufeff"Task Scheduler Service"\r\n'.encode("utf-16-le"), "job-log"),
        ("x", TASK, "task-file"),
        ("x", TASK.decode().encode("utf-16"), "task-file"),
        ("x", TASK.decode().encode("utf-16-le"), "task-file"),
        ("x", b'<?xml version="1.0"?><!-- c --><!DOCTYPE Task [<!ENTITY a "b">]>' + TASK[21:], "task-file"),
        ("x", b'<t:Task xmlns:t="http://schemas.microsoft.com/windows/2004/02/mit/task">', "task-file"),
        ("x", b'<?xml version="1.0"?><ScheduledTasks clsid="{1}">', "policy-file"),
        ("x", b"<html><body>", ""),
        ("x", b"", ""),
    ],
)
def test_roles_by_first_bytes(name: str, head: bytes, role: str) -> None:
    assert role_of(name, head, listing=True) == role


@pytest.mark.parametrize(
    "text",
    [
        '"HostName","TaskName","Next Run Time"\r\n',
        '"Hostname","Aufgabenname","N\u00e4chste Laufzeit","Status"\r\n"LAB","\\Top","N/A","Bereit"\r\n',
        '"Aufgabenname","N\u00e4chste Laufzeit","Status"\r\n"\\Top","N/A","Bereit"\r\n',
        "Ordner: \\\r\nHostname:   LAB\r\n",
        "Folder: \\Microsoft\r\nTaskName  Next Run Time\r\n====",
        '[{"State":3,"TaskName":"a"}]',
        '{"TaskID":"{1}","Path":"a"}\n{"TaskID":"{2}"}',
        '#TYPE Microsoft.Management.Infrastructure.CimInstance#Root/Microsoft/Windows/TaskScheduler/MSFT_ScheduledTask\r\n"State"',
        "Sysinternals Autoruns\r\nTime,Entry Location,Entry,Enabled,Category,Profile,Description,Launch String\r\n",
    ],
)
def test_listings(text: str) -> None:
    assert is_listing(text)
    assert role_of("x", text.encode("utf-16"), listing=True) == "listing"
    assert role_of("x", text.encode(), listing=False) == ""


def test_listings_as_xml() -> None:
    space = "http://schemas.microsoft.com/windows/2004/02/mit/task"
    for text in (
        f"<Tasks><!-- \\A --><Task xmlns='{space}'/></Tasks>",
        "<autoruns><item/></autoruns>",
        f"<!-- \\A -->{TASK.decode()[21:]}",
    ):
        assert role_of("x", text.encode(), listing=True) == "listing"


def test_an_export_of_events_is_no_listing() -> None:
    assert not is_listing('{"EventID":4698,"Channel":"Security","TaskName":"\\\\a"}')


@pytest.mark.parametrize(
    "name",
    [
        "brianary__scripts/schtasks-v-fo-csv.csv",
        "malawaretester__SuspectedDorkBot/schtasks.txt",
        "writeups/schtasks-list-two-triggers.txt",
        "liamcs98__Forensic-Challenges-and-Data/AD-Autorunsc.csv",
        "ANSSI-FR__dfir-ogre-plugin-windows/orc-autoruns.csv",
        "Velocidex__velociraptor/velociraptor-autoruns.csv",
    ],
)
def test_real_listings_lying_at_the_top(name: str) -> None:
    path = shared(f"data/listings/{name}")
    assert path.name in [item.path for item in find(open_source(str(path.parent))).of("listing")]
    assert [item.path for item in find(open_source(str(path))).of("listing")] == [path.name]


@pytest.mark.parametrize("kind", ["xml", "hive", "evtx", "table", "job"])
def test_crafted_files_given_alone_are_what_they_are_meant_to_be(kind: str) -> None:
    role = {"xml": "task-file", "hive": "software-hive", "evtx": "event-log", "table": "listing", "job": "job"}[kind]
    for path in sorted(shared(f"bad-inputs/{kind}").iterdir()):
        found = find(open_source(str(path)))
        assert [(item.role, item.path) for item in found.items] == [(role, path.name)]
        assert found.problems == ()


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/mnt/C/Windows", ("Windows",)),
        ("D:\\x\\Windows\\System32\\Tasks", ("Windows", "System32", "Tasks")),
        ("/x/tasks/", ("Windows", "System32", "Tasks")),
        ("/x/Windows/Tasks", ("Windows", "Tasks")),
        ("/x/SysWOW64/Tasks", ("Windows", "SysWOW64", "Tasks")),
        ("/x/config", ("Windows", "System32", "config")),
        ("/x/RegBack", ("Windows", "System32", "config", "RegBack")),
        ("/x/logs", ()),
        ("/", ()),
        ("/cases/host1", ()),
    ],
)
def test_what_a_folders_own_name_tells(path: str, names: tuple[str, ...]) -> None:
    assert above(path) == names
