"""Folders: nothing followed, nothing changed, names kept as they are, limits told."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.evidence.trees import TASK, as_folder
from triptych.evidence import access
from triptych.evidence.layouts import find
from triptych.evidence.random_access import Copy, OpenFile
from triptych.evidence.source import EvidenceError, open_source
from triptych.limits import Limits
from triptych.model.evidence import ReadState
from triptych.model.times import from_unix_ns

posix = pytest.mark.skipif(os.name == "nt", reason="POSIX file kinds")


def listing(root: Path, limits: Limits | None = None) -> dict[str, str]:
    source = open_source(str(root), limits=limits or Limits())
    return {entry.path: entry.kind for entry in source.entries()}


def test_entries_are_sorted_and_described(tmp_path: Path) -> None:
    root = as_folder(tmp_path / "x", {"b": b"22", "a/c": b"1"})
    os.utime(root / "b", ns=(1_700_000_000_123_456_700, 1_700_000_000_123_456_700))
    source = open_source(str(root))
    entries = list(source.entries())
    assert [(entry.path, entry.parts, entry.kind) for entry in entries] == [
        ("a", ("a",), "folder"),
        ("a/c", ("a", "c"), "file"),
        ("b", ("b",), "file"),
    ]
    data = source.read("b", 10)
    ledger = source.describe("b", data, "task-file")
    assert (ledger.path, ledger.kind, ledger.size, ledger.read, ledger.note) == ("b", "task-file", 2, ReadState.WHOLE, "")
    assert ledger.modified == entries[2].modified == from_unix_ns(1_700_000_000_123_456_700).ticks
    assert ledger.id == "785f3ec7eb32f30b90cd0fcf3657d388b5ff4297f2f9716ff66e9b69c05ddd09"
    assert open_source(*source.arguments).read("b", 10) == data


@posix
def test_evidence_stays_untouched(tmp_path: Path) -> None:
    root = as_folder(tmp_path / "x", {"C/Windows/System32/Tasks/A": TASK, "HOST.zip": b"PK\x03\x04", "loose": b"x"})
    things = [root, *sorted(root.rglob("*"))]
    for thing in things:
        os.utime(thing, ns=(1_000_000_000, 2_000_000_000))  # an access time this old moves on any read (relatime)
    before = [(thing, thing.stat().st_atime_ns, thing.stat().st_mtime_ns) for thing in things]
    contents = {thing: thing.read_bytes() for thing in things if thing.is_file()}
    for thing, accessed, modified in before:
        os.utime(thing, ns=(accessed, modified))
    source = open_source(str(root))
    found = find(source)
    for item in found.items:
        source.describe(item.path, source.read(item.path, 1000), item.role)
    assert found.items
    assert [(thing, thing.stat().st_atime_ns, thing.stat().st_mtime_ns) for thing in things] == before
    assert {thing: thing.read_bytes() for thing in contents} == contents
    assert sorted(root.rglob("*")) == things[1:]


@posix
def test_the_ledger_says_when_access_times_may_have_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = as_folder(tmp_path / "x", {"a": b"1"})
    really = os.open

    def refused(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if flags & os.O_NOATIME:
            raise PermissionError(1, "Operation not permitted")
        return really(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", refused)
    monkeypatch.setattr(access, "_never_moves", lambda _: False)
    monkeypatch.setattr(os, "supports_dir_fd", {*os.supports_dir_fd, refused})
    source = open_source(str(root))
    assert [entry.path for entry in source.entries()] == ["a"]
    assert [problem.code for problem in source.problems()] == ["evidence.access-time"]
    assert "access times may have moved" in source.describe("a", source.read("a", 10), "task-file").note


@posix
def test_links_fifos_and_sockets(tmp_path: Path) -> None:
    root = as_folder(tmp_path / "x", {"a/f": b"1"})
    (tmp_path / "secret").write_bytes(b"canary")
    (root / "out").symlink_to(tmp_path / "secret")
    (root / "loop").symlink_to(".")
    (root / "folder").symlink_to("a")
    os.mkfifo(root / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(root / "sock"))
        source = open_source(str(root))
        entries = {entry.path: entry for entry in source.entries()}
        kinds = {"a": "folder", "a/f": "file", "folder": "link", "loop": "link", "out": "link", "pipe": "other", "sock": "other"}
        assert {path: entry.kind for path, entry in entries.items()} == kinds
        assert entries["out"].target == str(tmp_path / "secret")
        assert {(problem.file, problem.found) for problem in source.problems()} == {("pipe", "a FIFO"), ("sock", "a socket")}
        for path in ("out", "pipe", "sock", "folder/f", "loop/a/f", "a", "../secret", "/etc/passwd", "a/../../secret"):
            with pytest.raises(EvidenceError):
                source.read(path, 100)


def test_a_path_never_climbs_out(tmp_path: Path) -> None:
    root = as_folder(tmp_path / "x", {"a": b"1"})
    (tmp_path / "secret").write_bytes(b"canary")
    source = open_source(str(root))
    for path in ("../secret", "a/../../secret", str(tmp_path / "secret"), "", ".", "..", "a\0b", "a/", "/a"):
        with pytest.raises(EvidenceError):
            source.read(path, 100)


def test_limits_are_told(tmp_path: Path) -> None:
    root = as_folder(tmp_path / "x", {"1/2/3/deep": b"1", "a": b"1", "b": b"1"})
    source = open_source(str(root), limits=Limits(folder_depth=2))
    assert {entry.path for entry in source.entries()} == {"1", "1/2", "1/2/3", "a", "b"} - {"1/2/3"}
    assert [(problem.code, problem.file) for problem in source.problems()] == [("evidence.too-deep", "1/2")]
    source = open_source(str(root), limits=Limits(folder_entries=2))
    assert len(list(source.entries())) == 2
    assert "evidence.folder-cut" in {problem.code for problem in source.problems()}


def test_too_large_and_gone(tmp_path: Path) -> None:
    root = as_folder(tmp_path / "x", {"a": b"12345"})
    source = open_source(str(root))
    for path, limit, code in (("a", 4, "evidence.too-large"), ("b", 9, "evidence.gone"), ("a/b", 9, "evidence.gone")):
        with pytest.raises(EvidenceError) as caught:
            source.read(path, limit)
        assert caught.value.code == code
    assert source.read("a", 5) == b"12345"
    assert source.peek("a", 2) == b"12"


@posix
def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = as_folder(tmp_path / "x", {"Windows/System32/Tasks/locked": TASK, "loose/locked": b"1"})
    really = os.open

    def refused(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if path == "locked":
            raise PermissionError(13, "Permission denied")
        return really(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", refused)
    monkeypatch.setattr(os, "supports_dir_fd", {*os.supports_dir_fd, refused})
    source = open_source(str(root))
    (item,) = find(source).of("task-file")
    with pytest.raises(EvidenceError, match="does not let this account read it") as caught:
        source.read(item.path, 1000)
    assert caught.value.code == "evidence.denied"
    loose = find(open_source(str(root / "loose")))
    assert next((problem.code, problem.file) for problem in loose.problems) == ("evidence.denied", "locked")


def test_places_outside_of_a_file_hold_nothing(tmp_path: Path) -> None:
    root = as_folder(tmp_path / "x", {"a": b"12345"})
    copy = Copy(1 << 20)
    copy.append(b"12345")
    opened = OpenFile(os.open(root / "a", os.O_RDONLY))
    for bytes_ in (opened, copy):
        assert [bytes_.read_at(at, 9) for at in (-1, 5, 1 << 63, 1 << 70)] == [b""] * 4
        assert bytes_.read_at(3, 9) == b"45"
        bytes_.close()


def test_a_file_that_goes_away_is_described_all_the_same(tmp_path: Path) -> None:
    root = as_folder(tmp_path / "x", {"a": b"1", "b": b"2"})
    source = open_source(str(root))
    data = source.read("a", 9)
    (root / "a").unlink()
    (root / "b").unlink()
    assert source.describe("a", data, "x").modified is not None
    assert source.describe("b", data, "x").modified is None


@posix
def test_a_folder_that_cannot_be_listed_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = as_folder(tmp_path / "x", {"locked/f": b"1", "open/g": b"1"})
    really = access.DescriptorDirectory.enter

    def enter(self: access.DescriptorDirectory, name: str) -> access.DescriptorDirectory:
        if name == "locked":
            raise PermissionError(13, "Permission denied")
        return really(self, name)

    monkeypatch.setattr(access.DescriptorDirectory, "enter", enter)
    source = open_source(str(root))
    assert [entry.path for entry in source.entries()] == ["locked", "open", "open/g"]
    assert [(problem.code, problem.file) for problem in source.problems()] == [("evidence.folder-unreadable", "locked")]


def test_descriptors_are_given_back(tmp_path: Path) -> None:
    if not Path("/proc/self/fd").exists():
        pytest.skip("needs /proc")
    root = as_folder(tmp_path / "x", {f"{n}/{n}/f": b"1" for n in range(20)})
    before = len(os.listdir("/proc/self/fd"))
    source = open_source(str(root))
    walk = source.entries()
    next(walk), next(walk), next(walk)
    walk.close()  # type: ignore[attr-defined]  # a generator, and cancelling a scan closes it
    for entry in list(source.entries()):
        if entry.kind == "file":
            source.read(entry.path, 10)
    assert len(os.listdir("/proc/self/fd")) == before


@posix
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=6, unique=True))
def test_any_bytes_as_names(tmp_path: Path, names: list[bytes]) -> None:
    wanted = {name for name in names if b"/" not in name and b"\0" not in name and name not in (b".", b"..")}
    root = tmp_path / f"x{len(list(tmp_path.iterdir()))}"
    root.mkdir()
    for name in wanted:
        (root / os.fsdecode(name)).write_bytes(name)
    source = open_source(str(root))
    entries = list(source.entries())
    assert {os.fsencode(entry.path) for entry in entries} == wanted
    for entry in entries:
        assert source.read(entry.path, 100) == os.fsencode(entry.path)


@pytest.mark.parametrize("windows", [True, False])
def test_folders_by_path_behave_as_those_by_descriptor(tmp_path: Path, windows: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    root = as_folder(tmp_path / "x", {"a/f": b"1", "g": b"22"})
    (root / "l").symlink_to("g")
    if windows:
        monkeypatch.setattr(access, "open_folder", access.PathDirectory)
        monkeypatch.setattr("triptych.evidence.folder.open_folder", access.PathDirectory)
    source = open_source(str(root))
    assert {entry.path: entry.kind for entry in source.entries()} == {"a": "folder", "a/f": "file", "g": "file", "l": "link"}
    assert source.read("a/f", 9) == b"1"
    for path in ("l", "a", "gone"):
        with pytest.raises(EvidenceError):
            source.read(path, 9)
    note = source.describe("g", source.read("g", 9), "x").note
    assert bool(note) == windows


def test_reparse_points_and_long_paths_of_windows() -> None:
    assert access.kind_of(stat.S_IFDIR, 0x400) == access.kind_of(stat.S_IFREG, 0x410) == "link"
    assert access.kind_of(stat.S_IFREG, 0x20) == "file"
    assert access.long_path("C:\\x", windows=True) == "\\\\?\\C:\\x"
    assert access.long_path("\\\\host\\share\\x", windows=True) == "\\\\?\\UNC\\host\\share\\x"
    assert access.long_path("\\\\?\\C:\\x", windows=True) == "\\\\?\\C:\\x"
    assert access.long_path("/x", windows=False) == "/x"
