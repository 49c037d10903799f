"""Every zip and folder row of the crafted bad inputs, each with the outcome that the manifest demands."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.material import bad_input
from triptych.evidence.layouts import Found, find
from triptych.evidence.source import EvidenceError, EvidenceSource, open_source
from triptych.limits import MIB
from triptych.model.case import Weight

XML_LIMIT = 4 * MIB


def opened(name: str) -> tuple[EvidenceSource, Found]:
    source = open_source(str(bad_input(name)))
    return source, find(source)


def codes(found: Found) -> list[str]:
    return [problem.code for problem in found.problems]


def good(source: EvidenceSource, found: Found) -> bytes:
    item = next(item for item in found.of("task-file") if item.task == "\\Good")
    data = source.read(item.path, XML_LIMIT)
    assert data.startswith(b"<?xml") or b"<Task" in data
    return data


def balanced(found: Found) -> bool:
    return bool(found.balances) and all(balance.closes for balance in found.balances)


def test_slip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    source, found = opened("zip/slip.zip")
    assert good(source, found)
    assert [item.task for item in found.items] == ["\\Good"]
    told = [problem for problem in found.problems if problem.code == "archive.outside"]
    assert ["evil-zip-slip" in told[0].tried, "/etc/evil-abs" in told[1].tried] == [True, True]
    assert balanced(found)
    assert found.balances[0].lost == 2
    assert list(tmp_path.iterdir()) == []
    assert not Path("/tmp/evil-zip-slip").exists()
    assert not Path("/etc/evil-abs").exists()


def test_symlink_is_a_link_and_not_followed() -> None:
    source, found = opened("zip/symlink.zip")
    assert good(source, found)
    (link,) = found.of("link")
    with pytest.raises(EvidenceError, match="never read"):
        source.read(link.path, XML_LIMIT)
    (problem,) = [problem for problem in found.problems if problem.code == "layout.link"]
    assert problem.file == link.path
    assert "/etc/passwd" in problem.found


def test_bomb_is_refused_before_it_is_unpacked() -> None:
    source, found = opened("zip/bomb.zip")
    assert good(source, found)
    big = next(item for item in found.items if item.task == "\\Big")
    with pytest.raises(EvidenceError, match="more than 200 to 1") as caught:
        source.read(big.path, 1 << 40)
    assert caught.value.code == "archive.ratio"
    with pytest.raises(EvidenceError, match="more than 200 to 1"):
        source.peek(big.path, XML_LIMIT)
    assert len(source.peek(big.path, 16)) == 16
    assert [problem.file for problem in found.problems if problem.code == "archive.ratio"] == [big.path]


def test_size_lie_is_counted_as_it_comes_out() -> None:
    source, found = opened("zip/size_lie.zip")
    assert good(source, found)
    lies = next(item for item in found.items if item.task == "\\Lies")
    with pytest.raises(EvidenceError, match="4,194,304"):
        source.read(lies.path, XML_LIMIT)
    (problem,) = [problem for problem in found.problems if problem.code == "archive.size-lie"]
    assert "100 bytes declared" in problem.found
    data = source.read(lies.path, 16 * MIB)
    ledger = source.describe(lies.path, data, "task-file")
    assert len(data) > 1_000_000
    assert "declares 100 bytes" in ledger.note


def test_encrypted() -> None:
    source, found = opened("zip/encrypted.zip")
    assert good(source, found)
    locked = next(item for item in found.items if item.task == "\\Enc")
    with pytest.raises(EvidenceError, match="encrypted, not read") as caught:
        source.read(locked.path, XML_LIMIT)
    assert caught.value.code == "archive.encrypted"
    assert [(problem.file, problem.found) for problem in found.problems] == [(locked.path, "it is encrypted, not read")]


def test_same_name_both_read_and_told_apart() -> None:
    source, found = opened("zip/same_name.zip")
    first, second = found.of("task-file")
    assert first.task == second.task == "\\Good"
    assert second.path == f"{first.path}#2"
    assert source.read(first.path, XML_LIMIT) != source.read(second.path, XML_LIMIT)
    assert codes(found) == ["archive.same-name"]


def test_nested_stops_at_the_limit_and_names_the_depth() -> None:
    _, found = opened("zip/nested.zip")
    (problem,) = found.problems
    assert problem.code == "archive.nesting"
    assert "depth 3" in problem.found
    assert problem.file == "nested.zip!/inner.zip!/inner.zip"


def test_truncated_members_by_their_own_headers() -> None:
    source, found = opened("zip/truncated.zip")
    assert good(source, found)
    assert {item.task for item in found.items} == {"\\Good", "\\B"}
    second = next(item for item in found.items if item.task == "\\B")
    assert len(source.read(second.path, XML_LIMIT)) == second.size
    assert codes(found) == ["archive.directory-lost"]


def test_names_three_tasks_nothing_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    source, found = opened("zip/names.zip")
    assert [item.task for item in found.items] == ["\\Good", "\\a\nb\x1b[31m", "\\con"]
    assert all(source.read(item.path, XML_LIMIT) for item in found.items)
    assert list(tmp_path.iterdir()) == []


def test_many_are_listed_and_no_problem_each() -> None:
    _, found = opened("zip/many.zip")
    assert len(found.of("task-file")) == 20_000
    assert len(found.problems) < 10
    assert balanced(found)


@pytest.fixture
def hostile_folder(tmp_path: Path) -> Path:
    archive = bad_input("folder/folder.tar")
    if os.name == "nt" or os.geteuid() != 0:
        pytest.skip("NEEDS ROOT: the crafted folder holds a device node")
    done = subprocess.run(["tar", "xpf", str(archive), "-C", str(tmp_path)], capture_output=True, check=False)
    assert (tmp_path / "evidence").is_dir(), done.stderr
    return tmp_path / "evidence"


def test_folder_every_regular_file_once_and_nothing_followed(hostile_folder: Path) -> None:
    source = open_source(str(hostile_folder))
    found = find(source)
    wanted = {
        os.fsdecode(os.path.relpath(os.path.join(folder, name), os.fsencode(hostile_folder)))
        for folder, _, names in os.walk(os.fsencode(hostile_folder))
        for name in names
        if os.path.isfile(os.path.join(folder, name)) and not os.path.islink(os.path.join(folder, name))
    }
    files = found.of("task-file")
    assert sorted(item.path for item in files) == sorted(wanted)
    assert all(len(source.read(item.path, XML_LIMIT)) == 543 for item in files)
    links = {item.task for item in found.of("link")}
    assert links == {"\\LinkOut", "\\DirOut", "\\Loop", "\\LoopA", "\\LoopB", "\\Dangling"}
    told = {problem.file.rpartition("/")[2]: problem for problem in found.problems if problem.severity is Weight.LOST}
    assert set(told) == {link.removeprefix("\\") for link in links} | {"Fifo", "Device"}
    assert told["Fifo"].found == "a FIFO"
    assert told["Device"].found == "a character device"
    assert balanced(found)
    (twins,) = [problem for problem in found.problems if problem.severity is not Weight.LOST]
    assert (twins.code, twins.found) == ("layout.found-twice", "1 whose names differ in case alone")
    assert not any("secret" in item.path for item in found.items)


def test_folder_special_files_are_not_opened_even_when_asked(hostile_folder: Path) -> None:
    source = open_source(str(hostile_folder))
    for name in ("Fifo", "Device", "LinkOut", "Loop", "DirOut/secret.xml"):
        with pytest.raises(EvidenceError):
            source.read(f"Windows/System32/Tasks/{name}", XML_LIMIT)
