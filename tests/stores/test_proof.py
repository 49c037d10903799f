"""One page of a file comes from that page alone; a member of an archive and a replayed hive give the same bytes as the whole."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from triptych.evidence.random_access import OpenFile
from triptych.evidence.source import open_source
from triptych.limits import DEFAULT
from triptych.model.case import Problem
from triptych.model.evidence import EvidenceFile, Excerpt
from triptych.stores import proof

MIB = 1 << 20


def asked(path: Path, name: str, offset: int, length: int) -> list[object]:
    source = open_source(str(path))
    file = EvidenceFile(name, "event log", 1, None, "")
    return list(proof.PROOF.read(proof.job(file, offset, length), source, DEFAULT))


def test_a_page_of_a_large_file_reads_that_page_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "Security.evtx"
    with path.open("wb") as file:
        file.truncate(64 * MIB)  # sparse: nobody shall read it
        file.seek(33 * MIB)
        file.write(b"here it stands")
    read: list[int] = []
    whole = OpenFile.read_at

    def counted(self: OpenFile, offset: int, length: int) -> bytes:
        read.append(length)
        return whole(self, offset, length)

    monkeypatch.setattr(OpenFile, "read_at", counted)
    assert asked(path, path.name, 33 * MIB, 14) == [Excerpt(path.name, 33 * MIB, b"here it stands", 64 * MIB)]
    assert sum(read) < MIB


def test_the_end_of_a_file_and_what_lies_beyond(tmp_path: Path) -> None:
    path = tmp_path / "Application.evtx"
    path.write_bytes(b"0123456789")
    assert asked(path, path.name, 8, 100) == [Excerpt(path.name, 8, b"89", 10)]
    assert asked(path, path.name, 20, 4) == [Excerpt(path.name, 20, b"", 10)]
    assert asked(path, path.name, 0, 0) == [Excerpt(path.name, 0, b"0123456789", 10)]


def test_pages_of_a_member_of_an_archive(tmp_path: Path) -> None:
    path, data = tmp_path / "logs.zip", bytes(range(256)) * 64
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("logs/System.evtx", data)
    name = "logs.zip!/logs/System.evtx"
    for offset in (0, 4096, 16_000):
        assert asked(path, name, offset, 512) == [Excerpt(name, offset, data[offset : offset + 512], len(data))]


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    (tmp_path / "here").write_bytes(b"x")
    (answer,) = asked(tmp_path, "not/there.evtx", 0, 16)
    assert isinstance(answer, Problem)
    assert answer.file == "not/there.evtx"
    assert answer.lost
