"""Archives: every member read by index, whatever its name; times, links, damage and limits."""

from __future__ import annotations

import gzip
import io
import os
import stat
import struct
import tarfile
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.evidence.trees import TASK, tar_bytes, zip_bytes
from triptych.evidence.archive import names_in
from triptych.evidence.source import EvidenceError, EvidenceSource, open_source
from triptych.limits import MIB, Limits
from triptych.model.evidence import ReadState
from triptych.model.times import from_parts, from_unix

BIG = 64 * MIB


def source_of(tmp_path: Path, data: bytes, name: str = "a.zip", limits: Limits | None = None) -> EvidenceSource:
    path = tmp_path / name
    path.write_bytes(data)
    return open_source(str(path), limits=limits or Limits())


def read_all(source: EvidenceSource) -> dict[str, bytes]:
    return {entry.path: source.read(entry.path, BIG) for entry in list(source.entries()) if entry.kind == "file"}


def codes(source: EvidenceSource) -> list[str]:
    list(source.entries())
    return [problem.code for problem in source.problems()]


def closes(source: EvidenceSource) -> bool:
    return bool(source.balances()) and all(balance.closes for balance in source.balances())


@pytest.mark.parametrize(
    ("name", "parts", "absolute", "climbs"),
    [
        ("C/Windows/a", ("C", "Windows", "a"), False, False),
        ("C:\\Windows\\a", ("C:", "Windows", "a"), False, False),
        ("/etc/x", ("etc", "x"), True, False),
        ("..\\..\\x", ("..", "..", "x"), False, True),
        ("./a//b/.", ("a", "b"), False, False),
        ("\\\\host\\share", ("host", "share"), True, False),
        ("", (), False, False),
    ],
)
def test_names_are_an_index_only(name: str, parts: tuple[str, ...], absolute: bool, climbs: bool) -> None:
    assert names_in(name) == (parts, absolute, climbs)


@given(st.text(max_size=60))
def test_names_never_hold_what_could_lead_elsewhere(name: str) -> None:
    parts, _, climbs = names_in(name)
    assert not any("/" in part or "\\" in part or part in ("", ".") for part in parts)
    assert climbs == (".." in parts)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.text(min_size=1, max_size=12), st.binary(max_size=50)), min_size=1, max_size=8), st.booleans())
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_every_member_is_listed_once_or_told(tmp_path: Path, members: list[tuple[str, bytes]], tar: bool) -> None:
    packed = io.BytesIO()
    if tar:
        with tarfile.open(fileobj=packed, mode="w:", encoding="utf-8", errors="surrogateescape") as archive:
            for name, data in members:
                info = tarfile.TarInfo(name.replace("\0", "_"))
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    else:
        with zipfile.ZipFile(packed, "w") as archive:
            for name, data in members:
                archive.writestr(zipfile.ZipInfo(name.replace("\0", "_")), data)
    source = source_of(tmp_path, packed.getvalue(), "a.tar" if tar else "a.zip")
    entries = list(source.entries())
    assert len({entry.path for entry in entries if entry.kind != "folder"}) == len([e for e in entries if e.kind != "folder"])
    assert closes(source)
    outside = sum(problem.count for problem in source.problems() if problem.code == "archive.outside")
    roots = len(members) - source.balances()[0].promised
    assert len(entries) + outside + roots == len(members)
    kept = sorted(source.read(entry.path, 100) for entry in entries if entry.kind == "file")
    wanted = [data for name, data in members if _stays(name.replace("\0", "_"), tar)]
    assert kept == sorted(wanted)


def _stays(name: str, tar: bool) -> bool:
    name = name.rstrip("/") if tar else name
    parts, absolute, climbs = names_in(name)
    return bool(parts) and not climbs and (tar or not absolute) and (tar or not name.endswith(("/", "\\")))


def test_zip_times(tmp_path: Path) -> None:
    packed = io.BytesIO()
    ntfs = struct.pack("<HHIHH3Q", 0x000A, 32, 0, 1, 24, 132_000_000_000_000_007, 1, 2)
    posix = struct.pack("<HHBi", 0x5455, 5, 1, 1_600_000_001)
    dates = {
        "dos": ((2024, 2, 29, 13, 14, 16), b""),
        "posix": ((2024, 2, 29, 0, 0, 0), posix),
        "ntfs": ((2024, 2, 29, 0, 0, 0), posix + ntfs),
        "none": ((1980, 1, 1, 0, 0, 0), b""),
        "bad": ((1980, 0, 0, 0, 0, 0), b"\x55\x54\xff\xff"),
    }
    with zipfile.ZipFile(packed, "w") as archive:
        for name, (date, extra) in dates.items():
            info = zipfile.ZipInfo(name, date)
            info.extra = extra
            archive.writestr(info, b"x")
    data = packed.getvalue()
    wanted = {
        "dos": from_parts(2024, 2, 29, 13, 14, 16),
        "posix": from_unix(1_600_000_001).ticks,
        "ntfs": 132_000_000_000_000_007,
        "none": None,
        "bad": None,
    }
    for content in (data, data[: data.rindex(b"PK\x01\x02")]):  # by the directory, and by the local headers alone
        source = source_of(tmp_path, content)
        entries = list(source.entries())
        assert {entry.parts[0]: entry.modified for entry in entries} == wanted
        assert {entry.parts[0]: source.describe(entry.path, b"x", "t").modified for entry in entries} == wanted


def test_zip_kinds_and_backslashes(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, mode, content in (
            ("C\\Windows\\System32\\Tasks\\Back", 0, "t"),
            ("link", stat.S_IFLNK | 0o777, "../../x"),
            ("pipe", stat.S_IFIFO | 0o644, ""),
            ("dir/", stat.S_IFDIR | 0o755, ""),
        ):
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, content)
    source = source_of(tmp_path, packed.getvalue())
    kinds = {entry.path: (entry.kind, entry.target) for entry in source.entries()}
    assert kinds == {
        "a.zip!/C/Windows/System32/Tasks/Back": ("file", ""),
        "a.zip!/link": ("link", "../../x"),
        "a.zip!/pipe": ("other", ""),
        "a.zip!/dir": ("folder", ""),
    }
    assert [(problem.code, problem.file) for problem in source.problems()] == [("evidence.not-a-file", "a.zip!/pipe")]
    for path in kinds:
        if not path.endswith("Back"):
            with pytest.raises(EvidenceError):
                source.read(path, 10)
            with pytest.raises(EvidenceError):
                source.peek(path, 10)


def test_names_without_the_utf8_flag_and_in_code_page_437(tmp_path: Path) -> None:
    data = zip_bytes({"xxxx": b"1", "yyyy": b"2"}, zipfile.ZIP_STORED)
    data = data.replace(b"xxxx", "\u4e00x".encode()).replace(b"yyyy", b"\x84\xffzz")
    assert set(read_all(source_of(tmp_path, data))) == {"a.zip!/\u4e00x", "a.zip!/\u00e4\u00a0zz"}


def test_a_flagged_name_that_is_no_utf8_loses_nothing(tmp_path: Path) -> None:
    data = zip_bytes({"\u4e00\u4e01": b"1", "b": b"2"}, zipfile.ZIP_STORED).replace("\u4e00".encode(), b"\xff\xfe\xfd")
    source = source_of(tmp_path, data)
    assert sorted(read_all(source).values()) == [b"1", b"2"]
    assert codes(source) == ["archive.directory-lost"]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_damaged_members_give_what_there_is(tmp_path: Path, method: int) -> None:
    content = os.urandom(300_000)
    data = bytearray(zip_bytes({"a": content}, method))
    data[150_000] ^= 0xFF
    source = source_of(tmp_path, bytes(data))
    got = source.read("a.zip!/a", BIG)
    ledger = source.describe("a.zip!/a", got, "x")
    assert ledger.read is ReadState.PART
    assert ledger.note
    assert method == zipfile.ZIP_BZIP2 or got[:100_000] == content[:100_000]  # bzip2 mixes a whole block


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(st.data())
def test_any_damage_ends_in_data_or_in_our_own_error(tmp_path: Path, data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(["zip", "tar", "tar.gz"]))
    tree = {"C/Windows/System32/Tasks/A": TASK, "B": b"b" * 2000, "in.zip": zip_bytes({"x": b"y"})}
    made = zip_bytes(tree) if form == "zip" else tar_bytes(tree, "w:gz" if form == "tar.gz" else "w:")
    broken = bytearray(made[: data.draw(st.integers(0, len(made)))] if data.draw(st.booleans()) else made)
    for at in data.draw(st.lists(st.integers(0, max(len(broken) - 1, 0)), max_size=4)) if broken else []:
        broken[at] = data.draw(st.integers(0, 255))
    source = source_of(tmp_path, bytes(broken), f"a.{form}")
    entries = list(source.entries())
    assert all(balance.closes for balance in source.balances())
    assert entries or source.problems()
    for entry in entries:
        if entry.kind == "file":
            with suppress(EvidenceError):  # anything else fails the test
                source.describe(entry.path, source.read(entry.path, BIG), "x")
            with suppress(EvidenceError):
                assert len(source.peek(entry.path, 16)) <= 16


def test_every_cut_of_a_zip_keeps_the_members_before_it(tmp_path: Path) -> None:
    tree = {f"{n}": bytes([n]) * 500 for n in range(5)}
    data = zip_bytes(tree)
    starts = [at for at in range(len(data)) if data[at : at + 4] == b"PK\x03\x04"]
    for number, end in enumerate([*starts[1:], data.index(b"PK\x01\x02")]):
        got = read_all(source_of(tmp_path, data[:end]))
        assert got == {f"a.zip!/{n}": tree[str(n)] for n in range(number + 1)}


def test_sizes_after_the_data_are_measured(tmp_path: Path) -> None:
    class Stream(io.RawIOBase):  # a file that cannot seek makes zipfile write data descriptors
        def __init__(self) -> None:
            self.data = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]  # bytes are all that zipfile writes
            self.data += data
            return len(data)

    stream = Stream()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"a" * 100_000)
        archive.writestr("b", TASK)
    data = bytes(stream.data)
    got = read_all(source_of(tmp_path, data[: data.index(b"PK\x01\x02")]))
    assert got == {"a.zip!/a": b"a" * 100_000, "a.zip!/b": TASK}


def test_tar_links_devices_sparse_and_absolute_names(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:") as archive:
        for name, kind, target in (
            ("/fs/c:/Windows/System32/Tasks/A", tarfile.REGTYPE, ""),
            ("sym", tarfile.SYMTYPE, "/etc/passwd"),
            ("hard", tarfile.LNKTYPE, "A"),
            ("dev", tarfile.CHRTYPE, ""),
            ("fifo", tarfile.FIFOTYPE, ""),
            ("../up", tarfile.REGTYPE, ""),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            info.size = 3 if kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(b"abc"))
    source = source_of(tmp_path, packed.getvalue(), "x.tar")
    assert {entry.path: (entry.kind, entry.target) for entry in source.entries()} == {
        "x.tar!/fs/c:/Windows/System32/Tasks/A": ("file", ""),
        "x.tar!/sym": ("link", "/etc/passwd"),
        "x.tar!/hard": ("link", "A (the same file, by a hard link)"),
        "x.tar!/dev": ("other", ""),
        "x.tar!/fifo": ("other", ""),
    }
    assert sorted(codes(source)) == ["archive.outside", "evidence.not-a-file", "evidence.not-a-file"]
    assert closes(source)


def test_tar_header_that_claims_gigabytes(tmp_path: Path) -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 1 << 40
    good = tarfile.TarInfo("good")
    good.size = 3
    data = good.tobuf() + b"abc".ljust(512, b"\0") + info.tobuf(tarfile.GNU_FORMAT) + bytes(1024)
    source = source_of(tmp_path, data, "x.tar")
    assert read_all(source) == {"x.tar!/good": b"abc"}
    assert codes(source) == ["archive.damaged"]


def test_tar_gz_cut_and_not_a_tar(tmp_path: Path) -> None:
    data = tar_bytes({"a": os.urandom(5000), "b": os.urandom(5000)}, "w:gz")
    source = source_of(tmp_path, data[: len(data) // 2], "x.tar.gz")
    entries = list(source.entries())
    assert entries[0].path == "x.tar.gz!/a"
    assert "archive.damaged" in codes(source)
    assert codes(source_of(tmp_path, gzip.compress(b"hello" * 300), "y.gz")) == ["archive.not-a-tar"]


def test_tar_gz_bomb_stops(tmp_path: Path) -> None:
    info = tarfile.TarInfo("zeros")
    info.size = 200 * MIB
    data = gzip.compress(info.tobuf() + bytes(info.size))
    source = source_of(tmp_path, data, "x.tar.gz")
    assert "archive.ratio" in codes(source)
    with pytest.raises(EvidenceError):
        source.read("x.tar.gz!/zeros", 64 * MIB)


def test_member_limit_is_told(tmp_path: Path) -> None:
    tree = {f"{n}": b"" for n in range(10)}
    for name, data in (("a.zip", zip_bytes(tree)), ("a.tar", tar_bytes(tree))):
        source = source_of(tmp_path, data, name, Limits(archive_members=4))
        assert len(list(source.entries())) == 4
        assert codes(source) == ["archive.too-many"]
        assert closes(source)


def test_a_mostly_empty_log_is_no_bomb(tmp_path: Path) -> None:
    log = b"ElfFile\0" + bytes(20 * MIB)
    source = source_of(tmp_path, zip_bytes({"Security.evtx": log}))
    assert source.read("a.zip!/Security.evtx", BIG) == log
    assert codes(source) == []


def test_unknown_methods_are_named(tmp_path: Path) -> None:
    data = bytearray(zip_bytes({"a": b"x" * 100}))
    data[8:10] = b"\x09\x00"
    at = data.index(b"PK\x01\x02") + 10
    data[at : at + 2] = b"\x09\x00"
    source = source_of(tmp_path, bytes(data))
    list(source.entries())
    (problem,) = source.problems()
    assert problem.code == "archive.method"
    assert "Deflate64" in problem.found


def test_an_inner_archive_that_is_none(tmp_path: Path) -> None:
    source = source_of(tmp_path, zip_bytes({"inner.zip": b"PK\x03\x04 no", "t": b"1"}))
    assert set(read_all(source)) == {"a.zip!/inner.zip", "a.zip!/t"}
    assert codes(source) == ["archive.not-readable"]
    source.close()
    assert source.read("a.zip!/t", 9) == b"1"
