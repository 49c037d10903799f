"""Deleted keys and values in free cells: what was there, whose it was, and what is no longer its own."""

from __future__ import annotations

import struct

import pytest

from tests.formats.test_hive_build import CACHE, STAMP, K, guid, machine, sz
from tests.formats.test_hive_build import Hive as Writer
from tests.material import shared
from triptych.formats.faults import Faults
from triptych.formats.hive import Hive, open_hive
from triptych.formats.hive_deleted import Deleted, DeletedValue, deleted, deleted_keys, deleted_values

SD = b"\1\0\4\x80" + bytes(range(60))


def searched(root: K) -> tuple[Deleted, bytes, Hive, Faults]:
    data = Writer().build(root)
    faults = Faults("S")
    hive = open_hive(data, "S", faults)
    return deleted(hive), data, hive, faults


def bytes_of(data: bytes, value: DeletedValue) -> bytes:
    return b"".join(data[span.offset : span.offset + span.length] for span in value.block.spans())


def test_a_deleted_sd_is_found_beside_its_key() -> None:
    root = machine()
    root.down(f"{CACHE}\\Tree\\Task2").gone.append(("SD", 3, SD))
    found, data, _, faults = searched(root)
    (value,) = found.values
    assert (value.name, value.kind, value.block.data, value.data) == ("SD", 3, SD, "free")
    assert (value.key, value.relation) == (f"{CACHE}\\Tree\\Task2", "possible")
    assert bytes_of(data, value) == SD
    (record,) = value.record.spans()
    assert data[record.offset : record.offset + 2] == b"vk"
    assert data[record.offset + 20 : record.offset + record.length] == b"SD"
    assert found.keys == ()
    assert faults.problems == ()


def test_a_list_that_still_names_the_value_behind_its_end_says_whose_it_was() -> None:
    root = machine()
    key = root.down(f"{CACHE}\\Tree\\Task1")
    key.values.append(("SD", 3, SD))
    other = root.down(f"{CACHE}\\Tree\\Task3")
    data = bytearray(Writer().build(root))
    hive = open_hive(bytes(data), "S", Faults("S"))
    task = hive.find(f"{CACHE}\\Tree\\Task1")
    assert task is not None
    value = list(task.values())[-1]
    cell = 4096 + value.cell  # type: ignore[attr-defined] # values of a hive have their cell
    record_size = struct.unpack_from("<i", data, cell)[0]
    struct.pack_into("<i", data, cell, -record_size)
    content = 4096 + struct.unpack_from("<I", data, cell + 12)[0]
    struct.pack_into("<i", data, content, -struct.unpack_from("<i", data, content)[0])
    struct.pack_into("<I", data, 4096 + key.at + 4 + 36, 3)  # the count of values
    (gone,) = deleted_values(open_hive(bytes(data), "S", Faults("S")))
    assert (gone.key, gone.relation, gone.block.data) == (f"{CACHE}\\Tree\\Task1", "listed", SD)
    assert other.name == "Task3"


def test_a_deleted_task_with_its_values() -> None:
    root = machine()
    gone = K(guid(9), values=[("Path", 1, sz("\\Evil")), ("Actions", 3, bytes(range(90))), ("big", 3, bytes(20_000))])
    root.down(f"{CACHE}\\Tasks").gone_keys.append(gone)
    found, data, _, faults = searched(root)
    (key,) = found.keys
    assert (key.name, key.path, key.parent_known) == (guid(9), f"{CACHE}\\Tasks\\{guid(9)}", True)
    assert key.written is not None
    assert key.written.ticks == STAMP
    assert [(value.name, value.relation, value.data) for value in key.values] == [
        ("Path", "listed", "free"),
        ("Actions", "listed", "free"),
        ("big", "listed", "free"),
    ]
    assert all(bytes_of(data, value) == value.block.data for value in key.values)
    assert key.values[2].block.data == bytes(20_000)
    assert found.values == ()
    assert data[key.ref.spans[0].offset : key.ref.spans[0].offset + 2] == b"nk"
    assert faults.problems == ()


def test_a_deleted_branch_keeps_its_path() -> None:
    root = machine()
    branch = K("Folder", keys=[K("Inner", values=[("Id", 1, sz(guid(5)))])])
    root.down(f"{CACHE}\\Tree").gone_keys.append(branch)
    found, _, _, _ = searched(root)
    assert [key.path for key in found.keys] == [f"{CACHE}\\Tree\\Folder", f"{CACHE}\\Tree\\Folder\\Inner"]
    assert [value.name for value in found.keys[1].values] == ["Id"]


def test_data_in_a_cell_that_is_in_use_again_is_not_given() -> None:
    root = machine()
    root.down(f"{CACHE}\\Tree\\Task2").gone.append(("SD", 3, SD))
    data = bytearray(Writer().build(root))
    at = data.index(SD[:32], 4096) - 4
    struct.pack_into("<i", data, at, -struct.unpack_from("<i", data, at)[0])
    (value,) = deleted_values(open_hive(bytes(data), "S", Faults("S")))
    assert (value.data, value.block.data) == ("reused", b"")
    assert bytes(data[value.block.spans()[0].offset :][:2]) == b"vk"


def test_what_others_deleted_is_not_of_interest() -> None:
    root = machine()
    other = root.down("Microsoft\\Office")
    other.gone += [("Path", 1, sz("C:\\x")), ("Index", 4, b"\1\0\0\0")]
    other.gone_keys.append(K(guid(77), values=[("Path", 1, sz("C:\\y"))]))
    found, _, _, _ = searched(root)
    assert found == Deleted()


def test_a_listed_key_in_a_free_cell_is_not_deleted() -> None:
    root = machine()
    data = bytearray(Writer().build(root))
    at = 4096 + root.down(f"{CACHE}\\Tree\\Task2").at
    struct.pack_into("<i", data, at, -struct.unpack_from("<i", data, at)[0])
    hive = open_hive(bytes(data), "S", Faults("S"))
    assert list(deleted_keys(hive)) == []
    tree = hive.find(f"{CACHE}\\Tree")
    assert tree is not None
    assert [key.name for key in tree.subkeys()] == ["Task1", "Task2", "Task3"]


def test_remnants_behind_the_last_hive_bin_are_searched() -> None:
    root = machine()
    gone = K(guid(9), values=[("Path", 1, sz("\\Evil"))])
    root.down(f"{CACHE}\\Tasks").gone_keys.append(gone)
    data = bytearray(Writer().build(root))
    start, length = 4096 + gone.at, 80 + 38 + 2
    record = bytes(data[start : start + length])
    data[start + 4 : start + 6] = b"zz"
    data += record.ljust(4096, b"\0")
    (key,) = deleted_keys(open_hive(bytes(data), "S", Faults("S")))
    assert key.path == f"{CACHE}\\Tasks\\{guid(9)}"
    assert key.ref.spans[0].offset >= len(data) - 4096


@pytest.mark.parametrize("name", ["DeletedDataHive", "DeletedTreeHive", "RemnantsHive", "SqliteHive", "PairHive"])
def test_real_hives_without_a_task_cache_give_nothing(name: str) -> None:
    faults = Faults(name)
    hive = open_hive(shared(f"data/hives/yarp/{name}").read_bytes(), name, faults)
    assert deleted(hive) == Deleted()
    assert hive.orphans() == ()


def test_lies_in_free_cells_raise_nothing() -> None:
    root = machine()
    root.down(f"{CACHE}\\Tasks").gone_keys.append(K(guid(9), values=[("Path", 1, sz("\\Evil")), ("big", 3, bytes(20_000))]))
    data = Writer().build(root)
    gone = 4096 + root.down(f"{CACHE}\\Tasks").gone_keys[0].at
    for offset in range(4, 80, 4):
        for lie in (0, 0xFFFFFFFF, 0x7FFFFFF8, 0x10000, 32):
            changed = bytearray(data)
            struct.pack_into("<I", changed, gone + offset, lie)
            faults = Faults("S")
            found = deleted(open_hive(bytes(changed), "S", faults))
            assert len(found.keys) <= 1
            assert faults.problems == ()
