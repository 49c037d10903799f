"""Kept events as one table: order, records told twice, snapshots that grow, and events as they went in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from triptych.analysis.event_table import EventTable
from triptych.logs.blocks import BlockBuilder, blocks_of
from triptych.model.event import Event, EventBlock
from triptych.model.evidence import EventPlace, EvidenceRef, Span
from triptych.model.times import Instant

START = 133_000_000_000_000_000


def event(
    number: int, *, ticks: int = 0, file: str = "a.evtx", channel: str = "Security", computer: str = "PC", **more: object
) -> Event:
    file = f"{more.get('view') or 'C'}/{file}"  # a file is in one view
    ref = EvidenceRef(EventPlace(channel, number), (Span(file, 4096 + 512 + 100 * number, 100),))
    made = Event(
        Instant(START + ticks), channel, 4698, number, "security", "registered", "Task created", ref, task=f"\\T{number % 7}"
    )
    return replace(made, computer=computer, **more)


def key(one: Event) -> tuple[str, str, str, int, int, int]:
    return (one.view, one.channel.casefold(), one.computer.casefold(), one.event_id, one.record_id, one.time.ticks)


def by_hand(events: list[Event]) -> list[Event]:
    """What the table must hold: sorted, of each record the first."""
    ordered = sorted(
        events,
        key=lambda one: (one.time.ticks, one.channel.casefold(), one.record_id, one.ref.spans[0].file, one.ref.spans[0].offset),
    )
    first: dict[tuple[str, str, str, int, int, int], Event] = {}
    for one in ordered:
        first.setdefault(key(one), one)
    return list(first.values())


EVENTS = st.lists(
    st.builds(
        event, st.integers(0, 5), ticks=st.integers(0, 3), file=st.sampled_from(["a.evtx", "b.evtx"]), view=st.sampled_from(["", "VSS1"]),
        channel=st.sampled_from(["Security", "SECURITY", "System"]), computer=st.sampled_from(["PC", "pc", "DC"]),
        process_id=st.sampled_from([None, 4, 1 << 40]), data=st.sampled_from([(), (("A", "\u202e\0\ud800"),)]),
    ),
    max_size=30,
)  # fmt: skip


@given(EVENTS)
def test_order_and_records_told_twice(events: list[Event]) -> None:
    assert list(EventTable(blocks_of(events))) == by_hand(events)


@given(st.lists(EVENTS, max_size=4))
def test_a_table_that_grew_holds_what_a_new_one_holds(parts: list[list[Event]]) -> None:
    blocks: list[EventBlock] = []
    table = EventTable()
    for part in parts:
        blocks = sorted([*blocks, *blocks_of(part)], key=lambda block: (block.view, block.file, block.offsets[:8]))
        table = EventTable(blocks, table)
    anew = EventTable([replace(block) for block in blocks])  # equal blocks, so that it shares nothing with the one that grew
    assert anew.columns is not table.columns
    assert list(table) == list(anew)


def test_a_snapshot_merges_only_the_strings_of_new_blocks() -> None:
    class Counted(str):
        """A text that counts how often it is looked up."""

        __slots__ = ()
        looked = 0

        def __hash__(self) -> int:
            Counted.looked += 1
            return super().__hash__()

    (block,) = blocks_of([event(number, ticks=number) for number in range(20)])
    block = replace(block, strings=tuple(Counted(text) for text in block.strings))
    table = EventTable([block])
    first = Counted.looked
    assert first > 0
    more = blocks_of([event(99, ticks=7, file="b.evtx")])
    grown = EventTable([block, *more], table)
    assert Counted.looked == first
    assert len(grown) == 21
    assert len(table) == 20  # the one before stays as it is
    assert [one.record_id for one in table] == list(range(20))


def test_where_and_rows_find_events() -> None:
    table = EventTable(blocks_of([event(number, ticks=number) for number in range(20)]))
    assert [table[int(row)].record_id for row in table.where("task", "\\t3")] == [3, 10, 17]
    assert len(table.rows("registered")) == 20
    assert not len(table.rows("deleted"))
    assert [one.record_id for one in table.of("registered")] == list(range(20))
    assert len(EventTable()) == len(EventTable().where("task", "x")) == 0


def test_columns_of_a_kind_stand_beside_single_events() -> None:
    builder = BlockBuilder("a.evtx")
    builder.add(event(1))
    row = ("Security", 4624, 2, "security", "logon", "Logon")
    pc = builder.number("PC")
    numbers = [(1 << 64) - 1, 8]
    builder.extend(
        row, 2, {"computer": [pc, pc], "account": []}, ticks=[START + 1, START + 2], numbers=numbers, offsets=[5000, 6000],
        lengths=[10, 20], pids=[-1, 4], parents=[-1, -1],
    )  # fmt: skip
    builder.add(event(2, ticks=9))
    table = EventTable([builder.block()])
    assert [(one.event_id, one.record_id, one.process_id, one.computer) for one in table] == [
        (4698, 1, None, "PC"), (4624, (1 << 64) - 1, None, "PC"), (4624, 8, 4, "PC"), (4698, 2, None, "PC"),
    ]  # fmt: skip
    assert not len(builder)
    assert table.columns["lengths"].tolist() == [100, 10, 20, 100]
    assert np.all(np.diff(table.columns["ticks"]) >= 0)


def test_tables_of_the_very_same_blocks_share_their_columns() -> None:
    blocks = list(blocks_of([event(number, ticks=number) for number in range(20)]))
    table = EventTable(blocks)
    assert EventTable(blocks).columns is table.columns
    assert EventTable([replace(block) for block in blocks]).columns is not table.columns
    assert EventTable().columns == {}


def test_columns_are_as_wide_as_their_numbers_need() -> None:
    table = EventTable(blocks_of([event(number, ticks=number) for number in range(20)]))
    assert table.columns["numbers"].dtype == np.uint16
    assert table.columns["pids"].dtype in (np.uint16, np.int32)
    assert table.columns["ticks"].dtype == np.int64
    assert table.columns["lines"].strides == (0,)  # one value throughout takes no room
    wide = EventTable(blocks_of([event(number, ticks=number) for number in ((1 << 31) - 1, 1 << 31, 7)]))
    assert wide.columns["numbers"].dtype == np.int64
    assert sorted(one.record_id for one in wide) == [7, (1 << 31) - 1, 1 << 31]
