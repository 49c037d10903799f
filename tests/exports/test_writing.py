"""Writing: whole or not at all, never over what is there, with the permissions that the umask gives."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from triptych.exports.writing import OutputError, check, check_folder, write, write_folder


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB."""
    place = tmp_path / "full"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("NEEDS ROOT: a tmpfs cannot be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_permissions_follow_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write(str(tmp_path / "a"), b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o666 & ~umask


def test_what_is_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with pytest.raises(OutputError, match="--force"):
        write(str(path), b"new")
    assert path.read_bytes() == b"old"
    write(str(path), b"new", force=True)
    assert path.read_bytes() == b"new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a"]


def test_a_link_is_replaced_and_never_written_through(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"old")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "target")
    with pytest.raises(OutputError):
        write(str(link), b"new")
    write(str(link), b"new", force=True)
    assert (tmp_path / "target").read_bytes() == b"old"
    dangling = tmp_path / "dangling"
    dangling.symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputError):
        write(str(dangling), b"new")
    assert not (tmp_path / "nowhere").exists()


def test_a_device_is_written_into_and_never_replaced() -> None:
    write("/dev/null", b"x")
    write("/dev/null", b"x", force=True)
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_a_full_disk_leaves_the_old_file_and_no_part(full: Path) -> None:
    path = full / "report.json"
    path.write_bytes(b"old")
    with pytest.raises(OutputError, match="200,000 bytes are needed"):
        write(str(path), bytes(200_000), force=True)
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in full.iterdir()] == ["report.json"]


def test_a_disk_that_fills_up_at_the_end_is_told_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"No space left on device\); 1 bytes"):
        write(str(tmp_path / "a"), b"x")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_or_no_folder(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="could not be written"):
        write(str(tmp_path / "no" / "a"), b"x")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError):
        write(str(tmp_path / "file" / "a"), b"x")
    with pytest.raises(OutputError):
        write_folder(str(tmp_path / "file"), {"a": b"x"})
    with pytest.raises(OutputError):
        write(str(tmp_path), b"x", force=True)


def test_a_name_as_long_as_the_system_allows(tmp_path: Path) -> None:
    write(str(tmp_path / ("n" * 255)), b"x")
    assert [entry.name for entry in tmp_path.iterdir()] == ["n" * 255]


def test_a_folder_is_written_whole_or_refused_before(tmp_path: Path) -> None:
    target = tmp_path / "tables"
    write_folder(str(target), {"a": b"1", "b": b"2"})
    assert sorted(entry.name for entry in target.iterdir()) == ["a", "b"]
    (target / "b").unlink()
    with pytest.raises(OutputError, match="a is there already"):
        write_folder(str(target), {"b": b"3", "a": b"4"})
    assert not (target / "b").exists()
    write_folder(str(target), {"b": b"3", "a": b"4"}, force=True)
    assert (target / "a").read_bytes() == b"4"


def test_checks_say_beforehand_what_writing_would_say(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    check(str(tmp_path / "b"), force=False)
    check(str(tmp_path / "a"), force=True)
    check("-", force=False)
    with pytest.raises(OutputError):
        check(str(tmp_path / "a"), force=False)
    with pytest.raises(OutputError):
        check_folder(str(tmp_path), ["b", "a"], force=False)
    with pytest.raises(OutputError, match="folder"):
        check_folder("-", ["a"], force=True)


def test_standard_output(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    write("-", b"\x00\xff")
    assert capsysbinary.readouterr().out == b"\x00\xff"
