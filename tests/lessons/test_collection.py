from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.machines import small
from triptych.lessons.collection import Collection, File, tar_bytes, zip_bytes
from triptych.model.times import parse_iso

ROOTS = {"plain": "", "kape": "WS-1/C/", "velociraptor": "uploads/auto/C%3A/", "cylr": "C/"}
WHEN = parse_iso("2026-03-14T02:17:03.0100375Z").ticks
NAME = "Windows/System32/Tasks/Ünï: 50%"
COLLECTION = Collection("WS-1", WHEN, (File(NAME, b"abc", WHEN), File("a", b"", 1)), ("Windows/SysWOW64/Tasks",))


@pytest.mark.parametrize("shape", sorted(ROOTS))
def test_zips_of_every_shape_hold_every_file(shape: str) -> None:
    data = zip_bytes(COLLECTION, shape)
    assert data == zip_bytes(COLLECTION, shape)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        name = NAME.replace("%", "%25").replace(":", "%3A") if shape == "velociraptor" else NAME
        info = archive.getinfo(ROOTS[shape] + name)
        assert archive.read(info) == b"abc"
        assert info.date_time == (2026, 3, 14, 2, 17, 2)
        assert f"{ROOTS[shape]}Windows/SysWOW64/Tasks/" in archive.namelist()
        assert archive.getinfo(f"{ROOTS[shape]}a").date_time == (1980, 1, 1, 0, 0, 0)


def test_tar_holds_every_file_with_its_time() -> None:
    with tarfile.open(fileobj=io.BytesIO(tar_bytes(COLLECTION))) as archive:
        member = archive.getmember(NAME)
        assert member.mtime == pytest.approx(1773454623.010037, abs=1e-5)
        assert archive.getmember("Windows/SysWOW64/Tasks").isdir()
        stream = archive.extractfile(member)
        assert stream is not None
        assert stream.read() == b"abc"


def test_a_folder_holds_every_file_with_its_time(tmp_path: Path) -> None:
    machine = small()
    machine.write(tmp_path, "kape")
    root = tmp_path / machine.name / "C"
    found = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}
    assert {name: path.read_bytes() for name, path in found.items()} == machine.files()
    for file in machine.contents():
        assert found[file.path].stat().st_mtime_ns // 100 + 116_444_736_000_000_000 == file.modified
    assert (root / "Windows/SysWOW64/Tasks/Microsoft/Windows/PLA/System").is_dir()


def test_a_machine_writes_archives(tmp_path: Path) -> None:
    machine = small()
    machine.write_zip(tmp_path / "m.zip")
    machine.write_tar(tmp_path / "m.tar")
    with zipfile.ZipFile(tmp_path / "m.zip") as archive:
        assert {name for name in archive.namelist() if not name.endswith("/")} == {
            f"{machine.name}/C/{path}" for path in machine.files()
        }
    with tarfile.open(tmp_path / "m.tar") as tar:
        assert {member.name for member in tar if member.isfile()} == set(machine.files())


def test_unknown_shapes_are_refused() -> None:
    with pytest.raises(KeyError):
        zip_bytes(COLLECTION, "other")
