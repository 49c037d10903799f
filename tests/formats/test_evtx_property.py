"""Whatever is done to a log: it is read to the end, the balance closes, and damage costs no more than what it touched."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formats import evtx_made as made
from tests.formats.test_evtx import read
from triptych.formats import evtx_layout as layout

LOG = made.log(made.chunk(made.task_events(6), 1), made.chunk(made.task_events(6), 7), made.chunk(made.task_events(6), 13))
SLOTS = [
    (0x1000 + number * 0x10000 + slot.at, slot.length)
    for number in range(3)
    for slot in layout.lay_out(layout.Chunk(number, 0, LOG[0x1000 + number * 0x10000 :][:0x10000], 0x10000), None).slots
]
NAMES = [f"\\Task{index}" for _ in range(3) for index in range(6)]
edits = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 8_000), st.binary(min_size=1, max_size=12)), min_size=1, max_size=4)


def test_the_log_of_these_tests_is_sound() -> None:
    records, log, faults = read(LOG)
    assert [record.get("TaskName") for record in records] == NAMES
    assert log.tally.listed == len(SLOTS) == 18
    assert not faults.problems


@settings(max_examples=150, deadline=None)
@given(edits)
def test_any_damage_is_read_to_the_end_and_balances(changes: list[tuple[int, int, bytes]]) -> None:
    data = bytearray(LOG)
    for chunk, at, piece in changes:
        place = 0x1000 + chunk * 0x10000 + at
        data[place : place + len(piece)] = piece
    records, log, faults = read(bytes(data))
    assert log.tally.balance("a").closes
    unread = sum(bool(record.fault) for record in records)
    assert len(records) == log.tally.listed + log.tally.repaired + unread
    if log.tally.lost:
        assert faults.problems
    for record in records:
        assert record.fields.data or record.fault or record.event_id != 4698 or record.note or faults.problems


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 17), st.data())
def test_damage_to_one_record_costs_one_record(victim: int, data: st.DataObject) -> None:
    offset, length = SLOTS[victim]
    at = data.draw(st.integers(0, length - 1))
    piece = data.draw(st.binary(min_size=1, max_size=min(40, length - at)))
    changed = LOG[: offset + at] + piece + LOG[offset + at + len(piece) :]
    records, log, _ = read(changed)
    others = [record.get("TaskName") for record in records if record.offset != offset and not record.fault]
    assert others == NAMES[:victim] + NAMES[victim + 1 :]
    assert log.tally.balance("a").closes
    assert log.tally.promised >= 18


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(LOG)))
def test_a_log_cut_anywhere_gives_what_is_whole(length: int) -> None:
    records, log, faults = read(LOG[:length])
    whole = [name for (offset, size), name in zip(SLOTS, NAMES, strict=True) if offset + size <= length]
    assert [record.get("TaskName") for record in records if not record.fault][: len(whole)] == whole
    assert log.tally.balance("a").closes
    if length < len(LOG):
        assert faults.problems


def test_masses_of_false_signatures_and_dead_chunks_stay_cheap() -> None:
    false = bytearray((made.chunk(made.task_events(1), 9_001)[:0x2000] + b"\x2a\x2a\0\0" * 16_384)[:0x10000])
    false[48:52] = (0x10000).to_bytes(4, "little")
    junk = bytes(range(256)) * 256
    chunks = [made.chunk(made.task_events(1), number) for number in range(1, 400, 2)]
    woven = [piece for chunk in chunks for piece in (chunk, junk)]
    records, log, faults = read(made.log(bytes(false), *woven))
    assert [record.number for record in records if not record.fault] == [9_001, *range(1, 400, 2)]
    assert log.tally.balance("a").closes
    assert len(faults.problems) < 400
