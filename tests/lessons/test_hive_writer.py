from __future__ import annotations

import io
import struct
from collections import Counter

import pyregf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lessons.hives import by_libregf, by_ours, by_python_registry, regipy_counts, stated
from triptych.formats.faults import Faults
from triptych.formats.hive import open_hive
from triptych.formats.hive_deleted import deleted
from triptych.lessons.access import descriptor, key_descriptor
from triptych.lessons.hive_key import HiveKey, HiveValue, binary, dword, expand_string, qword, string, strings
from triptych.lessons.hive_writer import checksum, name_hash, write_hive

T = 133_549_632_000_000_123
NAMES = st.text(st.sampled_from("abzAB01 -é ñЖяش😀"), min_size=1, max_size=12)
ANY_VALUE = st.builds(HiveValue, NAMES | st.just(""), st.sampled_from([1, 3, 7]), st.binary(max_size=40))
# As other readers take them: libregf shifts data of one to three bytes, python-registry cuts texts at their NUL.
VALUES = st.one_of(
    st.builds(HiveValue, NAMES | st.just(""), st.just(3), st.binary(max_size=20).map(lambda data: data * 4)),
    st.builds(string, NAMES | st.just(""), st.text("abЖ😀", min_size=2, max_size=20)),
)


def _key(name: str, written: int, values: list[HiveValue], children: list[HiveKey]) -> HiveKey:
    made = HiveKey(name, written)
    made.put(*values)
    for child in children:
        made.keys[child.name.upper()] = child
    return made


TREES = st.recursive(
    st.builds(_key, NAMES, st.integers(1, 2**61), st.lists(VALUES, max_size=3), st.just([])),
    lambda inner: st.builds(_key, NAMES, st.integers(1, 2**61), st.lists(VALUES, max_size=3), st.lists(inner, max_size=4)),
    max_leaves=12,
)

BARE = st.recursive(
    st.builds(_key, NAMES, st.just(T), st.just([]), st.just([])),
    lambda inner: st.builds(_key, NAMES, st.just(T), st.just([]), st.lists(inner, max_size=4)),
    max_leaves=12,
)


def _written(root: HiveKey) -> bytes:
    return write_hive(root, r"\SystemRoot\System32\Config\SOFTWARE", key_descriptor())


@given(TREES)
@settings(max_examples=60, deadline=None)
def test_every_reader_finds_what_was_asked_for(root: HiveKey) -> None:
    data = _written(root)
    wanted = stated(root)
    assert by_python_registry(data) == wanted
    assert by_libregf(data) == wanted
    ours, _ = by_ours(data)
    assert ours == wanted
    assert regipy_counts(data) == (len(wanted), sum(len(told[1]) for told in wanted.values()))


@given(st.lists(ANY_VALUE, max_size=6))
@settings(max_examples=60, deadline=None)
def test_values_of_every_size_are_kept(values: list[HiveValue]) -> None:
    root = HiveKey("ROOT", T).put(*values)
    assert by_ours(_written(root))[0] == stated(root)


@given(TREES)
@settings(max_examples=20, deadline=None)
def test_the_same_keys_give_the_same_bytes(root: HiveKey) -> None:
    assert _written(root) == _written(root)


def _nk(data: bytes) -> list[tuple[int, int, int]]:
    """(cell, flags, sk cell) of every allocated nk."""
    return [
        (at, *struct.unpack_from("<H", body, 2), *struct.unpack_from("<I", body, 44))
        for at, body in _cells(data)
        if body[:2] == b"nk"
    ]


def _cells(data: bytes) -> list[tuple[int, bytes]]:
    """Allocated cells; the chain of bins and cells is checked on the way."""
    found, at, size = [], 0, struct.unpack_from("<I", data, 40)[0]
    assert len(data) == 4096 + size
    while at < size:
        sign, offset, length = struct.unpack_from("<4sII", data, 4096 + at)
        assert (sign, offset, length % 4096) == (b"hbin", at, 0)
        cell, free_before = at + 32, False
        while cell < at + length:
            (width,) = struct.unpack_from("<i", data, 4096 + cell)
            assert width
            assert abs(width) % 8 == 0
            assert not (width > 0 and free_before), "two free cells touch"
            if width < 0:
                found.append((cell, data[4096 + cell + 4 : 4096 + cell - width]))
            free_before = width > 0
            cell += abs(width)
        assert cell == at + length
        at += length
    return found


@given(BARE, st.data())
@settings(max_examples=30, deadline=None)
def test_descriptors_are_shared_counted_and_form_a_ring(root: HiveKey, draw: st.DataObject) -> None:
    own = descriptor("O:SYG:SYD:P(A;;FA;;;SY)")
    for key in root.keys.values():
        key.security = draw.draw(st.sampled_from([None, own]))
    data = _written(root)
    used = Counter(sk for _, _, sk in _nk(data))
    cells = {at: struct.unpack_from("<2sHIIII", body) for at, body in _cells(data) if body[:2] == b"sk"}
    assert set(used) == set(cells)
    for at, (_, _, after, before, references, _) in cells.items():
        assert references == used[at]
        assert cells[after][3] == at
        assert cells[before][2] == at


def test_thirteen_hundred_children_need_a_list_of_lists_and_stay_in_order() -> None:
    root = HiveKey("ROOT", T)
    for number in range(1300):
        root.make(f"k{number * 7919 % 1300:05d}", T + number)
    data = _written(root)
    assert any(body[:2] == b"ri" for _, body in _cells(data))
    assert by_python_registry(data) == stated(root)
    assert regipy_counts(data)[0] == 1301
    names = [key for key in by_libregf(data) if key]
    assert names == sorted(names)


def test_big_data_is_split_and_put_together_again() -> None:
    content = bytes(number * 7 & 255 for number in range(40_000))
    root = HiveKey("ROOT", T).put(binary("blob", content), binary("edge", content[:16344]), binary("over", content[:16352]))
    data = _written(root)
    assert sum(body[:2] == b"db" for _, body in _cells(data)) == 2
    ours, faults = by_ours(data)
    assert ours == stated(root)
    assert not faults.problems
    assert by_python_registry(data) == stated(root)
    assert by_libregf(data) == stated(root)
    root.put(binary("odd", content[:16345]))  # libregf cuts the last segment to a multiple of eight
    assert by_python_registry(_written(root)) == by_ours(_written(root))[0] == stated(root)


def test_values_of_every_kind_are_encoded_as_windows_does() -> None:
    assert string("a", "é😀").data == "é😀".encode("utf-16-le") + b"\0\0"
    assert expand_string("a", "%x%").kind == 2
    assert strings("a", ["x", ""]).data == b"x\0\0\0\0\0\0\0"
    assert dword("a", -1).data == b"\xff\xff\xff\xff"
    assert qword("a", 1 << 40).data == (1 << 40).to_bytes(8, "little")


def test_header_names_the_end_of_the_path_and_its_checksum_fits() -> None:
    data = _written(HiveKey("ROOT", T))
    assert data[48:112].decode("utf-16-le").rstrip("\0") == r"emRoot\System32\Config\SOFTWARE"
    assert struct.unpack_from("<I", data, 508)[0] == checksum(data[:512])
    assert struct.unpack_from("<Q", data, 12)[0] == T


def test_name_hash_is_the_one_of_real_hives() -> None:
    # Control sum by hand: ((('A' * 37) + 'B') * 37) + 'C', on the name in upper case.
    assert name_hash("abC") == ((65 * 37) + 66) * 37 + 67


def test_a_deleted_value_stays_in_a_free_cell_and_leaves_the_list() -> None:
    root = HiveKey("ROOT", T)
    cache = root.make(r"Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tree\Foo")
    cache.put(string("Id", "{1}"), binary("SD", descriptor("O:BAG:SYD:P(A;;FA;;;SY)")))
    gone = cache.drop("sd")
    data = _written(root)
    assert [
        value[0] for value in by_python_registry(data)[r"\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tree\Foo"][1]
    ] == ["Id"]
    found = deleted(open_hive(data, "hive", Faults("hive"))).values
    assert [(value.name, value.block.data) for value in found] == [("SD", gone.data)]


def test_a_deleted_key_stays_in_free_cells_with_its_values_and_holds_no_descriptor() -> None:
    root = HiveKey("ROOT", T)
    tasks = root.make(r"Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tasks")
    guid = "{8A3C1D7E-52B0-4C0F-9E0B-6E1F2B7C9D11}"
    tasks.make(guid, security=descriptor("O:SYG:SYD:P(A;;FA;;;SY)")).put(
        string("Path", r"\Foo"), binary("Actions", b"\3\0" + b"x" * 30)
    )
    tasks.remove(guid)
    data = _written(root)
    assert by_libregf(data) == stated(root)
    assert sum(body[:2] == b"sk" for _, body in _cells(data)) == 1
    found = deleted(open_hive(data, "hive", Faults("hive"))).keys
    assert [key.name for key in found] == [guid]


def test_class_names_and_their_longest_are_kept() -> None:
    root = HiveKey("ROOT", T)
    root.make("Lsa").class_name = "0a1b2c3d"
    data = _written(root)
    file = pyregf.file()
    file.open_file_object(io.BytesIO(data))
    assert file.get_root_key().get_sub_key(0).class_name == "0a1b2c3d"
    assert struct.unpack_from("<I", next(body for _, body in _cells(data) if body[:2] == b"nk"), 56)[0] == 16


def test_names_that_no_hive_can_hold_are_refused() -> None:
    root = HiveKey("ROOT", T)
    for path in ("", "a\\\\b", "x" * 256):
        with pytest.raises(ValueError, match="no key can have the name"):
            root.make(path)
