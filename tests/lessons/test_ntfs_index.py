"""Folder indexes as trees: sorted, as deep on every side, nothing lost, no node too full."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.lessons.ntfs_index import I30, Index, folder_index, named
from triptych.lessons.ntfs_names import order, same
from triptych.lessons.ntfs_records import CLUSTER, RECORD, Name, file_name, record, reference, room, standard_information


@dataclass(frozen=True)
class Node:
    """The entries of a node, with the block that each leads to; the last has no name."""

    entries: tuple[tuple[str | None, int | None], ...]


def node(data: bytes, header_at: int) -> Node:
    first, length, allocated, leads = struct.unpack_from("<IIII", data, header_at)
    assert length <= allocated <= len(data) - header_at
    at, end, found = header_at + first, header_at + length, []
    while True:
        _, size, key, flags, _ = struct.unpack_from("<QHHHH", data, at)
        assert bool(flags & 1) == bool(leads)
        child = struct.unpack_from("<Q", data, at + size - 8)[0] if flags & 1 else None
        name = None if flags & 2 else data[at + 16 + 66 : at + 16 + key].decode("utf-16-le", "surrogatepass")
        found.append((name, child))
        at += size
        if flags & 2:
            assert at == end
            return Node(tuple(found))


def block(data: bytes) -> bytes:
    """A block without its fixups."""
    assert data[:4] == b"INDX"
    assert len(data) == CLUSTER
    at, count = struct.unpack_from("<HH", data, 4)
    made = bytearray(data)
    for sector in range(1, count):
        assert made[sector * 512 - 2 : sector * 512] == data[at : at + 2]
        made[sector * 512 - 2 : sector * 512] = data[at + 2 * sector : at + 2 * sector + 2]
    return bytes(made)


def walked(index: Index) -> list[str]:
    """All names from left to right; every block is met once and every way down is as long."""
    met: list[int] = []
    depths: set[int] = set()

    def below(one: Node, depth: int) -> list[str]:
        names = []
        for name, child in one.entries:
            if child is None:
                depths.add(depth)
            else:
                met.append(child)
                held = block(index.blocks[child])
                assert struct.unpack_from("<Q", held, 16) == (child,)
                inner = node(held, 24)
                assert len(inner.entries) > 1, "no node is empty"
                names += below(inner, depth + 1)
            names += [] if name is None else [name]
        return names

    found = below(node(index.root, 16), 0)
    assert sorted(met) == list(range(len(index.blocks)))
    assert len(depths) == 1
    return found


def built(names: list[str], of: str) -> Index:
    base = (standard_information(1, 0, 0), file_name(Name(of, 5, 1)))
    entries = [named(reference(at + 27), Name(name, 5, 1)) for at, name in enumerate(sorted(names, key=order))]
    index = folder_index(entries, room(base))
    assert len(record(27, (*base, *index.attributes(9)))) == RECORD, "the record holds it"
    return index


@given(st.lists(st.text(min_size=1, max_size=255).filter(lambda name: len(name.encode("utf-16-le", "surrogatepass")) <= 510),
                unique_by=same, max_size=120), st.sampled_from(["x", "y" * 255]))  # fmt: skip
def test_every_name_stands_in_its_place(names: list[str], of: str) -> None:
    assert walked(built(names, of)) == sorted(names, key=order)


@pytest.mark.parametrize("of", ["x", "y" * 255])
@pytest.mark.parametrize("count", [0, 1, 2, 4, 5, 6, 7, 30, 31, 32, 33, 34, 35, 36, 1_000, 1_190, 1_191, 1_192])
def test_at_the_edges_of_a_block(of: str, count: int) -> None:
    names = [f"{at:015}" for at in range(count)]
    assert walked(built(names, of)) == names


@pytest.mark.parametrize("length", [12, 100])
def test_whatever_room_the_root_has_it_is_not_overdrawn(length: int) -> None:
    names = [f"{at:0{length}}" for at in range(330)]
    for size in range(1, 256, 3):
        assert len(walked(built(names, "y" * size))) == 330


@pytest.mark.parametrize(("count", "blocks"), [(20_000, 384), (400, 0)])
def test_the_bitmap_of_a_large_index_stands_outside_of_the_record(count: int, blocks: int) -> None:
    index = built([f"{at:015}" for at in range(count)], "x")
    assert index.long == bool(blocks)
    assert len(index.blocks) > blocks
    assert index.name == I30
    assert len(index.stored()) == len(index.blocks) * CLUSTER + (len(index.bitmap()) if index.long else 0)
    assert index.bitmap().rstrip(b"\0") == ((1 << len(index.blocks)) - 1).to_bytes(-(-len(index.blocks) // 8), "little")
    assert index.attributes(9)[-1].run is not None or not index.long


def test_the_order_is_that_of_upper_case_letters() -> None:
    """By the upper-case letter: the underscore stands behind them all, y with dots where its capital is, the long s stays itself."""
    assert sorted(["_", "b", "A", "ß", "ſ", "s", "ÿ", "Z"], key=order) == ["A", "b", "s", "Z", "_", "ß", "ÿ", "ſ"]
    assert same("Straße İ ı") != same("STRASSE I I")
    assert same("éǆω") == same("ÉǄΩ")
