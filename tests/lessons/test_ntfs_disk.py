"""Disk images that lessons write, read back by libfsntfs and The Sleuth Kit, value for value."""

from __future__ import annotations

import gzip
import hashlib
import random
import struct
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lessons.ntfs_images import VOLUME_AT, Seen, bits, by_libfsntfs, by_sleuth, content, occupied, sleuth
from tests.material import shared
from triptych.lessons.benign import benign
from triptych.lessons.collection import Collection, File
from triptych.lessons.ntfs_disk import write_disk
from triptych.lessons.ntfs_names import LONGEST, same, units, upcase_bytes
from triptych.lessons.ntfs_security import stream
from triptych.lessons.ntfs_system import attribute_definitions
from triptych.model.times import from_parts

FORMATTED = from_parts(2024, 2, 29) + 1_234_567
TAKEN = from_parts(2026, 3, 14) + 1
MFT, MIRROR, VOLUME, ALLOCATED, BOOT, SECURE = 0, 1, 3, 6, 7, 9
BITMAP, VOLUME_NAME, VOLUME_INFORMATION = 0xB0, 0x60, 0x70


def collection(files: Iterable[tuple[str, bytes]], folders: tuple[str, ...] = ()) -> Collection:
    """Files with times of their own, a little over an hour apart."""
    made = [File(path, data, TAKEN - at * 36_001_234_567) for at, (path, data) in enumerate(files)]
    return Collection("WS-LAB-01", TAKEN, tuple(made), folders)


def written(held: Collection, path: Path) -> Path:
    path.unlink(missing_ok=True)
    write_disk(held, path, FORMATTED)
    return path


def key(path: str) -> tuple[tuple[int, ...], ...]:
    return tuple(same(part) for part in path.split("/"))


def expected(held: Collection) -> dict[tuple[tuple[int, ...], ...], Seen]:
    """What a reader must see, by path without case."""
    nothing = hashlib.sha256(b"").hexdigest()
    found = {}
    for path in (*held.folders, *(file.path.rpartition("/")[0] for file in held.files)):
        parts = path.split("/") if path else []
        for depth in range(1, len(parts) + 1):
            found[key("/".join(parts[:depth]))] = Seen(True, 0, nothing, (FORMATTED,) * 4, (FORMATTED,) * 4)
    for file in held.files:
        times = (file.modified,) * 4
        found[key(file.path)] = Seen(False, len(file.data), hashlib.sha256(file.data).hexdigest(), times, times)
    return found


def assert_holds(path: Path, held: Collection) -> None:
    """Both libraries see exactly the collection, each name as it is spelled."""
    names = {file.path.rpartition("/")[2] for file in held.files}
    for seen in (by_libfsntfs(path), by_sleuth(path)):
        assert {key(name): one for name, one in seen.items()} == expected(held)
        assert len(seen) == len(expected(held)), "none stands there twice"
        assert {name.rpartition("/")[2] for name, one in seen.items() if not one.folder} == names


def assert_sound(path: Path) -> None:
    """The volume's own books agree with what is there."""
    fs = sleuth(path)
    table, image = content(fs, MFT), path.read_bytes()
    total, sectors = fs.info.block_count, (len(image) - VOLUME_AT) // 512
    clusters = occupied(fs)
    assert len(clusters) == len(set(clusters)), "no cluster has two owners"
    whole = bits(content(fs, ALLOCATED))
    assert whole == set(clusters) | set(range(total, 8 * len(content(fs, ALLOCATED))))
    assert clusters
    assert max(clusters) < total == (sectors - 1) // 8
    in_use = {at // 1024 for at in range(0, len(table), 1024) if table[at + 22] & 1}
    assert bits(content(fs, MFT, BITMAP)) == in_use
    assert content(fs, MIRROR) == table[:4096]
    first = image[VOLUME_AT:][:512]
    assert first == image[-512:] == content(fs, BOOT)[:512]
    assert struct.unpack_from("<Q", first, 0x28) == (sectors - 1,)
    assert struct.unpack_from("<II", image, 446 + 8) == (VOLUME_AT // 512, sectors)
    assert not any(image[VOLUME_AT + (max(clusters) + 1) * 4096 : -512]), "what is free is zero"


def test_a_machine_as_an_image(tmp_path: Path) -> None:
    machine = benign("10", 7, tasks=60)
    held = machine.collection()
    write_disk(held, tmp_path / "image", machine.installed)
    seen = by_sleuth(tmp_path / "image")
    assert seen == by_libfsntfs(tmp_path / "image")
    files = {path: one for path, one in seen.items() if not one.folder}
    assert {path: (one.sha256, *one.times, *one.names) for path, one in files.items()} == {
        file.path: (hashlib.sha256(file.data).hexdigest(), *(file.modified,) * 8) for file in held.files
    }
    assert {time for one in seen.values() if one.folder for time in (*one.times, *one.names)} == {machine.installed}
    assert_sound(tmp_path / "image")


_LETTERS = st.sampled_from([*"aAbB ._-~$é", "É", "ß", "ı", "İ", "ﬁ", "ǆ", "Ǆ", "漢", "😀", "\u200b", "\u202e", "{", ":", "%", "\\"])
_NAMES = st.one_of(
    st.text(_LETTERS, min_size=1, max_size=12),
    st.builds(lambda text, many: (text * many)[:60], st.text(_LETTERS, min_size=1, max_size=12), st.integers(8, 60)),
).filter(lambda name: name not in (".", ".."))
_PATHS = st.lists(_NAMES, min_size=1, max_size=6).map("/".join)
_CONTENT = st.one_of(
    st.just(b""),
    st.binary(max_size=40),
    st.builds(lambda byte, size: bytes((byte,)) * size, st.integers(0, 255), st.integers(480, 9_000)),
)


@given(st.dictionaries(_PATHS, _CONTENT, max_size=40), st.lists(_PATHS, max_size=4))
def test_any_tree_comes_back(tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes], folders: list[str]) -> None:
    taken: dict[tuple[tuple[int, ...], ...], str] = {}
    for path in files:
        taken.setdefault(key(path), path)
    above = {way[:depth] for way in (*taken, *map(key, folders)) for depth in range(1, len(way))} | set(map(key, folders))
    kept = [(path, files[path]) for way, path in taken.items() if way not in above]
    held = collection(kept, tuple(folders))
    path = written(held, tmp_path_factory.mktemp("tree") / "image")
    assert_holds(path, held)
    assert_sound(path)


@pytest.mark.parametrize("length", [1, 12, LONGEST])
def test_files_around_what_fits_into_a_record(tmp_path: Path, length: int) -> None:
    """The record's last bytes are used, no byte is lost where its sectors end, and no file of a size is left out."""
    held = collection((f"{size}".rjust(length, "x"), bytes(at % 251 + 1 for at in range(size))) for size in range(100, 761, 3))
    if length == 1:
        held = collection((f"{size}/x", b"\xff" * size) for size in range(690, 761))
    path = written(held, tmp_path / "image")
    assert_holds(path, held)
    fs = sleuth(path)
    resident = {
        bool(attribute.info.flags & 2)
        for number in range(27, fs.info.last_inum)
        for attribute in fs.open_meta(number)
        if int(attribute.info.type) == 0x80
    }
    assert resident == {False, True}, "some on either side"


@pytest.mark.parametrize(("count", "length"), [(40, 8), (3_000, 40), (700, LONGEST)])
def test_many_files_in_one_folder(tmp_path: Path, count: int, length: int) -> None:
    folder = "Windows/" + "T" * length  # a long name leaves the index's root less room
    names = [f"{at * 7_919 % count:0{length}x}" for at in range(count)]
    held = collection((f"{folder}/{name}", name.encode()[-9:]) for name in names)
    path = written(held, tmp_path / "image")
    assert_holds(path, held)
    assert_sound(path)
    listed = [entry.info.name.name.decode() for entry in sleuth(path).open_dir(folder)]
    assert sorted(listed) == sorted([".", "..", *names])


def test_deep_folders_and_strange_names(tmp_path: Path) -> None:
    deep = "/".join(["d" * 200] * 60)
    held = collection([(f"{deep}/end", b"x"), ("漢" * 85, b"y" * 800), ("trailing. ", b""), ('a<b>c"d|e?f*g', b"z")])
    path = written(held, tmp_path / "image")
    assert_holds(path, held)
    assert_sound(path)


def test_the_longest_name_there_is(tmp_path: Path) -> None:
    """Of letters that take three bytes each in UTF-8: The Sleuth Kit cuts those, and so has no say."""
    held = collection([("漢" * LONGEST, b"x" * 2_000)])
    path = written(held, tmp_path / "image")
    assert {key(name): one for name, one in by_libfsntfs(path).items()} == expected(held)
    assert_sound(path)


def test_nothing_at_all(tmp_path: Path) -> None:
    path = written(collection([]), tmp_path / "image")
    assert by_sleuth(path) == by_libfsntfs(path) == {}
    assert_sound(path)


def test_folders_that_differ_in_case_alone_are_one(tmp_path: Path) -> None:
    held = collection([("windows/System32/a", b"1"), ("Windows/SYSTEM32/b", b"2"), ("Windows/System32/c", b"3")])
    path = written(held, tmp_path / "image")
    assert_holds(path, held)
    assert sorted(by_sleuth(path))[:2] == ["Windows", "Windows/SYSTEM32"]


@pytest.mark.parametrize(
    ("paths", "says"),
    [
        (["a/B", "A/b"], "case alone"),
        (["a", "a/b"], "case alone"),
        (["x" * (LONGEST + 1)], "longer than 255"),
        (["a//b"], "no name"),
        (["../a"], "no name"),
        (["./a"], "no name"),
        (["a\0b"], "no name"),
        (["/a"], "no name"),
        (["$mft"], "keeps for itself"),
        (["$Extend/a"], "keeps for itself"),
    ],
)
def test_what_no_volume_can_hold(tmp_path: Path, paths: list[str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        written(collection((path, b"x") for path in paths), tmp_path / "image")
    assert not (tmp_path / "image").exists()


def test_the_same_files_give_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    files = list(collection((f"{at % 7}/{at}", bytes((at,)) * at * 9) for at in range(200)).files)
    held = Collection("WS-LAB-01", TAKEN, tuple(files))
    first = written(held, tmp_path / "a").read_bytes()
    random.Random(1).shuffle(files)
    assert written(replace(held, files=tuple(files)), tmp_path / "b").read_bytes() == first
    other = written(replace(held, name="WS-LAB-02"), tmp_path / "c").read_bytes()
    assert other[440:444] != first[440:444], "the disk's signature is another"
    assert other[VOLUME_AT + 0x48 :][:8] != first[VOLUME_AT + 0x48 :][:8], "and the volume's number"


def test_neither_numbers_nor_clusters_tell_which_file_came_last(tmp_path: Path) -> None:
    """With all times turned around, every file has the same record and the same clusters."""
    held = collection((f"Tasks/{name}", name.encode() * 300) for name in "hbaxcq")
    turned = replace(
        held,
        files=tuple(File(file.path, file.data, other.modified) for file, other in zip(held.files, held.files[::-1], strict=True)),
    )
    places = [
        [(number, [run.addr for attribute in fs.open_meta(number) for run in attribute]) for number in range(27, fs.info.last_inum)]
        for fs in (sleuth(written(held, tmp_path / "a")), sleuth(written(turned, tmp_path / "b")))
    ]
    assert places[0] == places[1]
    listed = {entry.info.name.name: entry.info.meta.addr for entry in sleuth(tmp_path / "a").open_dir("Tasks")}
    assert [listed[name.encode()] for name in "abchqx"] == list(range(28, 34)), "by path"


def test_the_volume_says_what_it_is(tmp_path: Path) -> None:
    path = written(collection([("a", b"x")]), tmp_path / "image")
    fs = sleuth(path)
    assert content(fs, VOLUME, VOLUME_NAME) == units("Windows")
    assert content(fs, VOLUME, VOLUME_INFORMATION)[8:] == b"\3\1\0\0", "version 3.1, clean"
    assert set(content(fs, 2)) == {0xFF}, "a log without a record"
    own = {entry.info.name.name for entry in fs.open_dir("/") if entry.info.name.meta_addr < 27}
    assert own >= {b"$MFT", b"$MFTMirr", b"$LogFile", b"$Volume", b"$AttrDef", b"$Bitmap", b"$Boot", b"$BadClus", b"$Secure"}
    assert {entry.info.name.name for entry in fs.open_dir("/$Extend")} >= {b"$ObjId", b"$Quota", b"$Reparse"}
    assert (fs.info.block_size, fs.info.ftype) == (4096, 1)
    with pytest.raises(FileExistsError):
        write_disk(collection([]), path, FORMATTED)


def test_a_real_volume_has_the_same_tables() -> None:
    """$UpCase, $AttrDef and the descriptors of a volume that Windows formatted."""
    image = gzip.decompress(shared("data/images/dissect.ntfs/ntfs.bin.gz").read_bytes())
    assert image[3 * 4096 :][: 2 * 65_536] == upcase_bytes()
    assert image[35 * 4096 :][:2560] == attribute_definitions()
    assert image[832 * 4096 :][:0x100] == stream()[:0x100], "hash, number, place, size and descriptor of the first two"
    assert stream()[0x40000:] == stream()[: len(stream()) - 0x40000]
