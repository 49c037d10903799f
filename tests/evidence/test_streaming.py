"""Files held open instead of read whole: folders by a descriptor, members of archives as a copy; never through a link."""

from __future__ import annotations

import os
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from triptych.evidence.source import EvidenceError, open_source
from triptych.limits import DEFAULT, MIB

DATA = bytes(range(256)) * 4096


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.evtx").write_bytes(DATA)
    with zipfile.ZipFile(tmp_path / "in" / "c.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("deep/a.evtx", DATA)
    return tmp_path / "in"


@pytest.mark.parametrize("name", ["a.evtx", "c.zip!/deep/a.evtx"])
@pytest.mark.parametrize("in_memory", [0, 64 * MIB])
def test_any_place_can_be_read_and_the_end_is_short(name: str, in_memory: int, folder: Path) -> None:
    source = open_source(str(folder), limits=replace(DEFAULT, archive_in_memory=in_memory))
    list(source.entries())
    file = source.open(name, 2 * MIB)
    assert (file.size, file.whole) == (len(DATA), True)
    assert file.read_at(300, 1000) == DATA[300:1300]
    assert file.read_at(len(DATA) - 5, 100) == DATA[-5:]
    assert file.read_at(len(DATA), 1) == file.read_at(-1, 1) == b""
    file.close()
    with pytest.raises(EvidenceError) as told:
        source.open(name, len(DATA) - 1)
    assert told.value.code == "evidence.too-large"
    source.close()


def test_one_file_and_an_archive_given_by_itself(folder: Path) -> None:
    for given, name in ((folder / "a.evtx", "a.evtx"), (folder / "c.zip", "c.zip!/deep/a.evtx")):
        source = open_source(str(given))
        file = source.open(name, MIB)
        assert file.read_at(0, MIB) == DATA
        file.close()
        source.close()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no links and FIFOs to make here")
def test_links_and_fifos_are_never_opened(folder: Path) -> None:
    secret = folder.parent / "secret"
    secret.write_bytes(b"not evidence")
    (folder / "link.evtx").symlink_to(secret)
    (folder / "way").symlink_to(folder.parent)
    os.mkfifo(folder / "fifo.evtx")
    source = open_source(str(folder))
    for name, code in (
        ("link.evtx", "evidence.link"), ("way/secret", "evidence.gone"), ("fifo.evtx", "evidence.not-a-file"), ("none", "evidence.gone"),
        ("../secret", "evidence.gone"),
    ):  # fmt: skip
        with pytest.raises(EvidenceError) as told:
            source.open(name, MIB)
        assert told.value.code in (code, "evidence.link"), name


def test_a_damaged_member_gives_what_there_is(tmp_path: Path) -> None:
    whole = tmp_path / "a.zip"
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.evtx", DATA)
    data = bytearray(whole.read_bytes())
    data[200_000] ^= 1
    whole.write_bytes(bytes(data))
    source = open_source(str(whole))
    file = source.open("a.zip!/a.evtx", 2 * MIB)
    assert (file.whole, file.size) == (False, len(DATA))
    assert "checksum" in file.note
    file.close()
    source.close()
