"""Whatever bytes a hive has: nothing is raised, every walk ends, the balance closes, spans lie in the file."""

from __future__ import annotations

import struct
from functools import cache

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.formats.test_hive_build import CACHE, K, guid, machine, sz
from tests.formats.test_hive_build import Hive as Writer
from tests.formats.test_hive_log import dirty, entry, log_header, old_log, pages, states
from triptych.formats.faults import Faults
from triptych.formats.hive import open_hive
from triptych.formats.hive_deleted import deleted
from triptych.model.case import Weight

UNEXPECTED = {"hive.list", "hive.values", "hive.scan", "hive.deleted"}  # codes of the guards: our own code failed
NUMBERS = st.sampled_from([0, 1, 4, 32, 0x1000, 0x7FFFFFFF, 0x80000000, 0x80000004, 0xFFFFFFFF, 0xFFFFFFF0]) | st.integers(
    0, 0x4000
)


@cache
def sound() -> bytes:
    root = machine()
    root.down(CACHE).keys.append(K("ž" * 5, [("ů", 1, sz("x")), ("big", 3, bytes(20_000))]))
    root.down(f"{CACHE}\\Tree\\Task2").gone.append(("SD", 3, bytes(50)))
    root.down(f"{CACHE}\\Tasks").gone_keys.append(K(guid(9), [("Path", 1, sz("\\x")), ("Actions", 3, bytes(20))]))
    return Writer().build(root)


def check(data: bytes, logs: tuple[tuple[str, bytes], ...] = ()) -> None:
    faults = Faults("S")
    hive = open_hive(data, "S", faults, logs=logs)
    end = len(hive.replayed_bytes or data)
    count = 0
    for key in hive.walk():
        count += 1
        assert key.written_ref.spans[0].offset + key.written_ref.spans[0].length <= end
        for value in key.values():
            assert all(span.offset >= 0 and span.offset + span.length <= end for span in value.ref.spans)
            assert value.block.data == b"" or sum(span.length for span in value.ref.spans) == len(value.block.data)
    assert count <= len(data) // 80 + 1
    for orphan in hive.orphans():
        list(orphan.values())
    deleted(hive)
    list(hive.changed_keys(CACHE))
    assert all(balance.closes and balance.lost >= 0 for balance in hive.balance())
    codes = {problem.code for problem in faults.problems}
    assert not codes & UNEXPECTED, faults.problems
    lost = any(balance.lost for balance in hive.balance())
    assert not lost or any(problem.severity is Weight.LOST for problem in faults.problems)


SLOW = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SLOW
@given(st.lists(st.tuples(st.integers(0, len(sound()) // 4 - 1), NUMBERS), min_size=1, max_size=6))
@example([(1024 + 8, 0)])
def test_words_of_a_hive_may_be_anything(changes: list[tuple[int, int]]) -> None:
    data = bytearray(sound())
    for place, number in changes:
        struct.pack_into("<I", data, 4 * place, number)
    check(bytes(data))


@cache
def records() -> list[int]:
    """Places of the fields of all records: where a change hurts most."""
    data, found = sound(), []
    for mark, fields in ((b"nk", range(-4, 76, 2)), (b"vk", range(-4, 20, 2)), (b"lh", range(-4, 16, 2)), (b"db", range(-4, 8, 2))):
        at = data.find(mark, 4096)
        while at >= 0:
            found += [at + offset for offset in fields]
            at = data.find(mark, at + 1)
    return [place for place in found if place + 4 <= len(data)]


@SLOW
@given(st.data())
def test_fields_of_records_may_be_anything(draw: st.DataObject) -> None:
    data = bytearray(sound())
    for _ in range(draw.draw(st.integers(1, 5))):
        place = draw.draw(st.sampled_from(records()))
        struct.pack_into("<I", data, place, draw.draw(NUMBERS | st.sampled_from(offsets())))
    check(bytes(data))


@cache
def offsets() -> list[int]:
    """Offsets of real cells, so that pointers lead to records of another kind."""
    data, at, found = sound(), 4096 + 32, []
    while at < len(data):
        found.append(at - 4096)
        at += abs(struct.unpack_from("<i", data, at)[0])
    return found


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(sound())))
def test_a_hive_may_end_anywhere(length: int) -> None:
    check(sound()[:length])


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=9000))
def test_bytes_may_be_anything(data: bytes) -> None:
    check(data)
    check(sound()[:4096] + data)


@cache
def log(old: bool) -> tuple[bytes, bytes]:
    one, two, three = states()
    if old:
        return dirty(one, 8, 7), old_log(one, two, 8)
    content = log_header(one, 7) + entry(pages(one, two), 7, len(two) - 4096) + entry(pages(two, three), 8, len(three) - 4096)
    return dirty(one, 9, 7), content


@settings(max_examples=200, deadline=None)
@given(st.booleans(), st.lists(st.tuples(st.integers(0, 400), NUMBERS), max_size=4), st.integers(0, 20_000))
def test_logs_may_be_anything(old: bool, changes: list[tuple[int, int]], length: int) -> None:
    primary, content = log(old)
    made = bytearray(content)
    for place, number in changes:
        if 4 * place + 4 <= len(made):
            struct.pack_into("<I", made, 4 * place, number)
    check(primary, (("S.LOG1", bytes(made[:length])),))
