"""Event logs of real machines: counts against an independent reader, two readings of each record, places of the bytes."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import pytest
from Evtx.Evtx import ChunkHeader

from tests.formats import evtx_made as made
from tests.material import shared
from triptych.formats import evtx_layout as layout
from triptych.formats import evtx_window as window
from triptych.formats.evtx import Log
from triptych.formats.evtx_binxml import Doubts, read_event
from triptych.formats.evtx_event import EventRecord, channel, event_id, event_ids, fields_of, fields_of_tree
from triptych.formats.evtx_index import chunks
from triptych.formats.evtx_record import one_record, without_circles
from triptych.formats.faults import Faults, FormatFault
from triptych.model.case import Weight
from triptych.model.times import Instant


def read(data: bytes, **more: object) -> tuple[list[EventRecord], Log, Faults]:
    faults = Faults("a.evtx")
    log = Log(window.InMemory(data), "a.evtx", faults, **more)  # type: ignore[arg-type]
    return list(log.records()), log, faults


def real_logs() -> list[Path]:
    return sorted(shared("data/evtx").rglob("*.evtx"))


def counted_by_python_evtx(data: bytes) -> Counter[int]:
    """The EventIDs of a log by python-evtx, chunk by chunk on disk: value 3 of the template that Windows uses for System."""
    found: Counter[int] = Counter()
    for start in range(0x1000, len(data), 0x10000):
        chunk = data[start : start + 0x10000]
        if not chunk.startswith(b"ElfChnk\0") or len(chunk) < 0x10000:
            continue
        for record in ChunkHeader(chunk, 0).records():
            found[int(record.root().substitutions()[3].string())] += 1
    return found


def test_counts_equal_those_of_an_independent_reader() -> None:
    logs = real_logs()
    assert len(logs) >= 40
    for path in logs:
        data = path.read_bytes()
        records, log, faults = read(data)
        assert log.tally.by_id == counted_by_python_evtx(data), path.name
        assert len(records) == sum(log.tally.by_id.values()), path.name
        assert log.tally.balance("a").closes
        assert (log.tally.lost, log.tally.repaired) == (0, 0), path.name
        assert not [problem for problem in faults.problems if problem.severity is not Weight.NOTE], path.name


def test_both_readers_agree_on_every_record_of_every_log() -> None:
    doubts, count = Doubts(), 0
    for path in real_logs():
        for chunk in chunks(window.InMemory(path.read_bytes())):
            if chunk.number % 3:  # a third of the chunks is plenty, and each log has its first one read
                continue
            placed = layout.lay_out(chunk, None)
            data = window.mended(chunk, placed)
            for slot, text in zip(placed.slots, window.texts(data), strict=True):
                assert text is not None
                assert fields_of(text) == fields_of_tree(read_event(data, slot.at, slot.length)), (path.name, slot.number)
                assert not doubts.about(data, slot.at, slot.length)
                count += 1
    assert count > 3_000


def test_every_record_is_where_it_says() -> None:
    data = shared("data/evtx/Velocidex/TaskScheduler.evtx").read_bytes()
    records, log, _ = read(data)
    assert [record.record_id for record in records[:2]] == [2599, 2600]
    for record in records:
        raw = data[record.offset : record.offset + record.length]
        assert raw.startswith(b"\x2a\x2a\0\0")
        assert int.from_bytes(raw[8:16], "little") == record.number
        assert int.from_bytes(raw[-4:], "little") == record.length == len(raw)
    assert log.tally.slack == 49  # an export keeps the bytes of what its filter left out
    first = records[0]
    assert (first.event_id, first.channel) == (106, "Microsoft-Windows-TaskScheduler/Operational")
    assert (first.get("TaskName"), first.get("UserContext")) == ("\\T1053_005_OnLogon", "RE-DEV\\yolo")
    assert Instant(first.ticks).iso == "2021-01-27T11:40:14.7279671Z"  # all seven digits, which the JSON cuts


def test_a_clean_ring_and_an_unclosed_log_are_told_apart() -> None:
    _, log, faults = read(shared("data/evtx/puffyCid/Security.evtx").read_bytes())
    assert log.header.dirty
    assert log.tally.listed == 1112
    assert {problem.code for problem in faults.problems} == {"evtx.not-closed"}
    _, log, _ = read(shared("data/evtx/JPCERTCC/Security.evtx").read_bytes())
    tally = log.tally.channels["Security"]
    assert (log.tally.ordinal, tally.first_number) == (1, 3150)  # begun anew by a clearing; the numbers went on


def test_only_wanted_ids_of_a_channel_are_given_and_all_are_counted() -> None:
    data = made.log(
        made.chunk([made.Made(4698), made.Made(1, channel="System"), made.Made(4698, channel="System"), made.Made(4624)], 1)
    )
    records, log, _ = read(data, wanted={"security": frozenset((4698,)), "system": frozenset((1,))})
    assert [(record.channel, record.event_id) for record in records] == [("Security", 4698), ("System", 1)]
    assert log.tally.by_id == {4698: 2, 1: 1, 4624: 1}
    assert {name: sums.records for name, sums in log.tally.channels.items()} == {"Security": 2, "System": 2}


def test_a_log_is_read_from_an_open_file_too() -> None:
    data = made.log(made.chunk(made.task_events(5), 1), made.chunk(made.task_events(3), 6))
    source = window.InFile(io.BytesIO(data))
    log = Log(source, "a", Faults("a"))
    assert [record.get("TaskName") for record in log.records()][-1] == "\\Task2"
    assert log.tally.listed == 8


def test_repeated_names_are_all_kept() -> None:
    event = made.Made(4698, (("TaskName", "\\A"), ("TaskName", "\\B"), ("Other", "")))
    (record,), _, _ = read(made.log(made.chunk([event], 1)))
    assert record.data == (("TaskName", "\\A"), ("TaskName", "\\B"), ("Other", ""))


@pytest.mark.parametrize("name", ["\\a\0b", "\\a\ud800b", "\\\u202egpj.exe", "\\x\x1b[31m", '\\","EventID":1102,"x":"'])
def test_odd_texts_come_through_whole_and_forge_nothing(name: str) -> None:
    (record,), log, _ = read(made.log(made.chunk([made.Made(4698, (("TaskName", name),))], 1)))
    assert record.get("TaskName") == name
    assert log.tally.by_id == {4698: 1}


def test_a_channel_is_found_in_any_order_of_elements() -> None:
    assert channel('{"Event":{"System":{"Channel":"Security","Computer":"A"}}}') == "Security"
    assert channel('{"Event":{"System":{"Channel":"Security","Other":1,"Computer":"A"}}}') == "Security"
    assert channel('{"Event":{"UserData":{"Channel":"System"},"System":{"Computer":"A"}}}') == ""
    assert channel("{") == ""


def test_event_ids_are_found_without_parsing() -> None:
    texts = [
        '{"EventID":7}',
        '{"EventID":{"#attributes":{"Qualifiers":0},"#text":7036}}',
        '{"x":"\\"EventID\\":5"}',
        '{"EventID":"12"}',
    ]
    assert [event_id(text) for text in texts] == event_ids(texts) == [7, 7036, -1, 12]
    assert event_ids(texts) == [7, 7036, -1, 12]  # and again, from what is remembered


def test_a_record_that_swallowed_others_gives_them_back() -> None:
    """The known way to hide records: the one before is made larger, counts and checksums are put right."""
    data = bytearray(made.chunk(made.task_events(4), 1))
    sizes = []
    at = made.FIRST
    for _ in range(4):
        sizes.append(int.from_bytes(data[at + 4 : at + 8], "little"))
        at += sizes[-1]
    second = made.FIRST + sizes[0]
    data[second + 4 : second + 8] = (sizes[1] + sizes[2]).to_bytes(4, "little")
    end = second + sizes[1] + sizes[2]
    data[end - 4 : end] = (sizes[1] + sizes[2]).to_bytes(4, "little")
    data[end + 8 : end + 16] = (3).to_bytes(8, "little")
    data[16:24] = data[32:40] = (3).to_bytes(8, "little")
    records, log, faults = read(made.log(made.sealed(bytes(data))))
    assert [record.get("TaskName") for record in records] == ["\\Task0", "\\Task1", "\\Task2", "\\Task3"]
    assert [record.recovered for record in records] == [False, True, True, False]
    assert {"evtx.record-hidden", "evtx.record-size"} <= {problem.code for problem in faults.problems}
    assert log.tally.balance("a").closes


def test_records_that_a_lowered_count_would_hide_are_listed() -> None:
    data = bytearray(made.chunk(made.task_events(10), 1))
    data[16:24] = data[32:40] = (7).to_bytes(8, "little")
    records, log, faults = read(made.log(made.sealed(bytes(data))))
    assert [record.number for record in records] == list(range(1, 11))
    assert log.tally.promised == 10
    assert "evtx.records-more" in {problem.code for problem in faults.problems}


def test_bytes_put_in_between_chunks_move_nothing_out_of_sight() -> None:
    first, second = made.chunk(made.task_events(3), 1), made.chunk(made.task_events(3), 4)
    records, _, _ = read(made.log(first) + b"junk" * 100 + second)
    assert [record.number for record in records] == [1, 2, 3, 4, 5, 6]
    records, _, _ = read(first + second)  # carved: no file header
    assert len(records) == 6


def test_a_ring_that_went_round_has_no_gap() -> None:
    late, early = made.chunk(made.task_events(3), 7), made.chunk(made.task_events(3), 4)
    _, log, faults = read(made.log(late, early))
    assert not log.tally.gaps
    assert not faults.problems
    _, log, faults = read(made.log(made.chunk(made.task_events(3), 9), early))
    assert [(gap.first, gap.last) for gap in log.tally.gaps] == [(7, 8)]
    assert [problem.code for problem in faults.problems] == ["evtx.numbers-missing"]


def test_one_record_in_detail_cites_each_value() -> None:
    data = shared("data/evtx/Velocidex/TaskScheduler.evtx").read_bytes()
    faults = Faults("a")
    detail = one_record(data, 9280, faults)
    assert not faults.problems
    values = {value.name: value for value in detail.values}
    task = values["TaskName"]
    assert data[task.offset : task.offset + task.length].decode("utf-16-le") == task.text == "\\T1053_005_OnLogon"
    assert values["System/EventID"].text == "200"
    assert data[values["System/EventID"].offset :][:2] == b"\xc8\x00"
    places = {(value.offset, value.length) for value in detail.values}
    for theirs in detail.second:  # python-evtx finds each value where we do
        if theirs.length and theirs.kind != "BXml":
            assert (theirs.offset, theirs.length) in places, theirs
    piece = data[0x1000:0x11000]
    assert one_record(piece, 9280, faults, base=0x1000) == detail
    with pytest.raises(FormatFault):
        one_record(data, 0x1010, faults)


def test_circles_in_the_tables_are_cut_before_the_second_library_sees_them() -> None:
    for name in ("template_next_self", "string_next_self"):
        data = shared(f"bad-inputs/evtx/{name}.evtx").read_bytes()
        faults = Faults("a")
        detail = one_record(data, 0x1200, faults)
        assert detail.values
        assert detail.second
        assert not faults.problems
    chunk = bytearray(made.chunk(made.task_events(1), 1))
    chunk[128:132] = (0x300).to_bytes(4, "little")
    chunk[0x300:0x304] = (0x300).to_bytes(4, "little")
    assert without_circles(bytes(chunk))[128:132] == bytes(4)


def test_a_damaged_template_is_no_judgement_of_another_chunks() -> None:
    """Two definitions can bear one GUID: what is known of one must not decide over the records of the other."""
    data = shared("data/evtx/JPCERTCC/Security.evtx").read_bytes()
    chunk = bytearray(data[0x1000:0x11000])
    first = next(slot for slot in layout.lay_out(layout.Chunk(0, 0x1000, bytes(chunk), len(chunk)), None).slots)
    definition = int.from_bytes(chunk[first.at + 34 : first.at + 38], "little")
    whole, doubts = bytes(chunk), Doubts()
    at = whole.index(b"\x0e", definition + 24)  # a value that may be left out: let it ask for one that no record has
    chunk[at + 1 : at + 3] = (30_000).to_bytes(2, "little")
    assert doubts.about(bytes(chunk), first.at, first.length)
    assert not doubts.about(whole, first.at, first.length)


def test_a_record_without_a_time_is_not_the_first_one() -> None:
    (path,) = shared("data/evtx/Yamato-Security").glob("psattack-security.evtx")
    tally = read(path.read_bytes())[1].tally.channels["Security"]
    assert tally.first is not None
    assert Instant(tally.first).iso.startswith("2016-09-")
    times = [made.START, 0, made.START + 5]
    steady = [made.Made(4698, ticks=made.START, number=number) for number in (1, 2)]
    untimed = [made.Made(4698, ticks=ticks, number=number) for number, ticks in enumerate(times, 3)]
    tally = read(made.log(made.chunk(steady, 1), made.chunk(untimed, 3)))[1].tally.channels["Security"]
    assert (tally.records, tally.first, tally.last, tally.first_number, tally.last_number) == (5, made.START, made.START + 5, 1, 5)
