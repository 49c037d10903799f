"""The writer of event logs against three readers of others and our own."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lessons.event_logs import COMPUTER, READERS, Told, by_evtx, by_libevtx, by_ours, by_python_evtx, expected, same
from tests.material import shared
from triptych.formats.evtx import Log
from triptych.formats.evtx_binxml import instance_at, read_event, values_at
from triptych.formats.evtx_window import InMemory
from triptych.formats.faults import Faults
from triptych.lessons.event_log import LogState, log_bytes
from triptych.lessons.event_log_templates import template
from triptych.lessons.event_log_values import (
    BINARY,
    BOOL,
    FILETIME,
    GUID,
    HEX32,
    HEX64,
    POINTER,
    SID,
    STRING,
    U8,
    U16,
    U32,
    U64,
    TooLarge,
)  # fmt: skip
from triptych.lessons.event_log_xml import name_hash
from triptych.lessons.logbook import CHANNELS, SECURITY, SYSTEM_LOG, TASKS, WINDOWS_POWERSHELL, LoggedEvent, Value
from triptych.lessons.windows import WINDOWS, Windows
from triptych.model.times import TICKS_A_SECOND, parse_iso
from triptych.resources import table

TEN, SEVEN = WINDOWS["10"], WINDOWS["7"]
START = parse_iso("2026-03-01T00:00:00.1234567Z").ticks
CHUNK = 65_536
Reader = Callable[[bytes, Windows], list[Told]]

_ALPHABET = st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufffe\uffff")
TEXTS = st.one_of(
    st.text(_ALPHABET, max_size=60),
    st.sampled_from(
        (
            "",
            " ",
            "]]>&\"'<x>",
            "\U0001f600\U0001f468\u200d\U0001f4bb",
            "\u202egnp.exe \u200f\u05d0",
            "\tone\r\ntwo\n",
            "long " * 150,
        )
    ),
)
_VALUES: dict[int, st.SearchStrategy[Any]] = {
    STRING: TEXTS,
    GUID: st.uuids().map(str),
    SID: st.sampled_from(("S-1-5-18", "S-1-0-0", "S-1-5-21-3421098713-1182647702-2964410587-1110", "S-1-16-16384")),
    FILETIME: st.integers(START, START + 10**14),
    BOOL: st.integers(0, 1),
    BINARY: st.binary(min_size=1, max_size=40),
    U8: st.integers(0, 0xFF),
    U16: st.integers(0, 0xFFFF),
    U32: st.integers(0, 0xFFFFFFFF),
    HEX32: st.integers(0, 0xFFFFFFFF),
    U64: st.integers(0, 2**64 - 1),
    HEX64: st.integers(0, 2**64 - 1),
    POINTER: st.integers(0, 2**64 - 1),
}


def task_event(number: int, text: str = r"\Contoso\Backup", **more: Any) -> LoggedEvent:
    data: tuple[tuple[str, Value], ...] = (("TaskName", text), ("UserContext", r"CORP\j.ortiz"))
    return LoggedEvent(START + number * TICKS_A_SECOND, TASKS, 106, data, "S-1-5-18", 1_268, 2_168, **more)


def numbers(told: list[Told]) -> list[int]:
    return [dict(record)["number"] for record in told]


def _kinds() -> list[tuple[str, str]]:
    return [(channel, key) for channel in CHANNELS for key in table("lessons/event_templates.json")["channels"][channel]["events"]]


def _numbers_of(key: str) -> tuple[int, int | None, str]:
    if "/" in key:
        provider, _, number = key.rpartition("/")
        return int(number), None, provider
    number, _, version = key.partition(".")
    return int(number), int(version), ""


def _without_low_zero(text: str) -> str:
    """python-evtx loses strings of an array that hold a character whose low byte is 0."""
    return "".join(one for one in text if ord(one) & 0xFF and ord(one) < 0x10000)


@st.composite
def logs(draw: st.DrawFn) -> tuple[str, Windows, list[LoggedEvent]]:
    """A channel, a Windows, and events of that channel with values of every type."""
    windows = draw(st.sampled_from((TEN, SEVEN)))
    channel = draw(st.sampled_from(CHANNELS))
    keys = [key for held, key in _kinds() if held == channel]
    events = []
    for step in range(draw(st.integers(1, 12))):
        event_id, version, provider = _numbers_of(draw(st.sampled_from(keys)))
        found = template(channel, event_id, version, provider, COMPUTER, windows.is_7)
        if found.fields is None:
            texts = draw(
                st.lists(TEXTS.map(lambda text: "".join(one for one in text if ord(one) & 0xFF and ord(one) < 0x10000)), max_size=3)
            )
            data: tuple[tuple[str, Value], ...] = tuple(("Data", text) for text in texts if text)
        else:
            data = tuple((field.name, draw(_VALUES[field.kind])) for field in found.fields)
        activity = "" if found.fields is None else draw(st.sampled_from(("", "{0C7F6A4E-1B5D-4D0E-9E4B-5B0A2C3F1D77}")))
        user = draw(st.sampled_from(("", "S-1-5-18")))
        time = START + step * 13_000_017
        events.append(LoggedEvent(time, channel, event_id, data, user, 1_268, 2_168, activity, version, provider))
    return channel, windows, events


@given(logs())
def test_every_reader_gives_every_value_back(made: tuple[str, Windows, list[LoggedEvent]]) -> None:
    channel, windows, events = made
    data = log_bytes(channel, events, COMPUTER, windows, LogState(first_number=4_711))
    for reader in READERS:
        wanted = [expected(event, 4_711 + at, windows, lines=reader is not by_evtx) for at, event in enumerate(events)]
        assert same(reader(data, windows), wanted), reader.__name__


@given(logs())
def test_our_own_reader_gives_every_text_back(made: tuple[str, Windows, list[LoggedEvent]]) -> None:
    channel, windows, events = made
    _, records = by_ours(log_bytes(channel, events, COMPUTER, windows))
    assert [record.event_id for record in records] == [event.event_id for event in events]
    for event, record in zip(events, records, strict=True):
        found = template(channel, event.event_id, event.version, event.provider, COMPUTER, windows.is_7)
        texts = {field.name for field in found.fields or () if field.kind == STRING}
        assert record.ticks == event.time
        assert record.channel == event.channel
        assert record.fields.user == event.user
        for name, value in event.data:
            if name in texts:
                assert record.get(name) == value


@given(st.lists(st.text(st.characters(blacklist_characters="\0"), max_size=40), min_size=1, max_size=4))
def test_our_own_reader_keeps_lone_surrogates_and_controls(texts: list[str]) -> None:
    events = [task_event(number, "\\" + text) for number, text in enumerate(texts)]
    log = Log(InMemory(log_bytes(TASKS, events, COMPUTER, TEN)), "made.evtx", Faults("made.evtx"))
    assert [record.get("TaskName") for record in log.records()] == ["\\" + text for text in texts]


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.split("/")[0])
def test_every_template_can_be_left_empty(channel: str) -> None:
    kinds = [_numbers_of(key) for held, key in _kinds() if held == channel]
    events = [LoggedEvent(START, channel, number, version=version, provider=provider) for number, version, provider in kinds]
    data = log_bytes(channel, events, COMPUTER, TEN)
    by_ours(data)
    for reader in (by_evtx, by_libevtx):  # python-evtx has no time of 1601
        assert same(reader(data, TEN), [expected(event, at, TEN) for at, event in enumerate(events, 1)]), reader.__name__


def _many(count: int) -> list[LoggedEvent]:
    """Events of two kilobytes, some thirty a chunk."""
    return [task_event(number, rf"\Contoso\Nightly {number % 40} \u00dcloha {'long ' * 180}") for number in range(count)]


def test_several_chunks_and_the_same_bytes_again() -> None:
    events = _many(150)
    data = log_bytes(TASKS, events, COMPUTER, TEN)
    assert data == log_bytes(TASKS, events, COMPUTER, TEN)
    assert len(data) == 4_096 + 17 * CHUNK  # a live log grows by a megabyte
    log, records = by_ours(data)
    assert log.tally.used > 4
    assert log.tally.ordinal == 1
    assert [record.record_id for record in records] == list(range(1, 151))
    for reader in READERS:
        assert same(reader(data, TEN), [expected(event, at, TEN) for at, event in enumerate(events, 1)]), reader.__name__


def test_an_empty_log() -> None:
    data = log_bytes(TASKS, [], COMPUTER, TEN)
    assert len(data) == 4_096 + CHUNK
    log, records = by_ours(data)
    assert records == []
    assert log.header.next_number == 1
    for reader in READERS:
        assert reader(data, TEN) == []


def test_of_a_log_that_is_full_the_oldest_chunks_are_gone() -> None:
    events = _many(240)
    size = 4_096 + 4 * CHUNK + 5_000  # not a whole number of chunks
    data = log_bytes(TASKS, events, COMPUTER, TEN, LogState(size=size))
    assert len(data) == 4_096 + 4 * CHUNK
    log, records = by_ours(data)
    kept = sorted(record.record_id for record in records)
    assert kept == list(range(kept[0], 241))
    assert 1 < kept[0] < 200
    assert log.tally.ordinal == kept[0]
    assert log.tally.gaps == []
    wanted = {at: expected(event, at, TEN) for at, event in enumerate(events, 1) if at >= kept[0]}
    for reader in READERS:
        told = sorted(reader(data, TEN), key=lambda record: dict(record)["number"])
        assert numbers(told) == kept
        assert same(told, list(wanted.values())), reader.__name__


def test_a_cleared_log_goes_on_in_numbers_and_begins_anew_in_places() -> None:
    events = _many(100)
    data = log_bytes(TASKS, events, COMPUTER, TEN, LogState(first_number=300, cleared=events[80].time))
    log, records = by_ours(data)
    assert [record.record_id for record in records] == list(range(380, 400))
    assert log.tally.ordinal == 1
    assert log.header.next_number == 400
    for reader in READERS:
        assert numbers(reader(data, TEN)) == list(range(380, 400))


def test_a_log_whose_older_records_are_gone_counts_places_on() -> None:
    log, records = by_ours(log_bytes(TASKS, _many(3), COMPUTER, TEN, LogState(first_number=48_113)))
    assert log.tally.ordinal == 48_113
    assert records[0].record_id == 48_113


def test_erased_records_leave_a_gap_and_nothing_else() -> None:
    events = [replace(event, erased=30 <= at < 34) for at, event in enumerate(_many(60), 1)]
    log, records = with_notes(log_bytes(TASKS, events, COMPUTER, TEN))
    assert [(gap.first, gap.last) for gap in log.tally.gaps] == [(30, 33)]
    assert len(records) == 56
    data = log_bytes(TASKS, events, COMPUTER, TEN)
    wanted = [expected(event, at, TEN) for at, event in enumerate(events, 1) if not event.erased]
    for reader in READERS:
        assert same(reader(data, TEN), wanted), reader.__name__


def with_notes(data: bytes) -> tuple[Any, list[Any]]:
    faults = Faults("made.evtx")
    log = Log(InMemory(data), "made.evtx", faults)
    records = list(log.records())
    assert {problem.severity.value for problem in faults.problems} <= {"note", "doubt"}
    assert not log.tally.lost
    return log, records


def test_a_log_taken_while_open_is_dirty_and_behind() -> None:
    events = _many(150)
    data = log_bytes(TASKS, events, COMPUTER, TEN, LogState(dirty=True))
    log, records = with_notes(data)
    assert log.header.dirty
    assert log.header.next_number < 151
    assert len(records) == 150
    for reader in (by_evtx, by_python_evtx):
        assert numbers(reader(data, TEN)) == list(range(1, 151))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ((("TaskName", "x" * 40_000),), "TaskName has 80,000 bytes"),
        ((("TaskName", "x" * 32_700), ("UserContext", "y" * 500)), "more than a chunk has"),
        ((("Task", "x"),), "its template has no Task"),
        ((("TaskName", 7),), "a text is wanted"),
    ],
)
def test_what_no_log_can_hold_is_refused(data: tuple[tuple[str, Value], ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        log_bytes(TASKS, [LoggedEvent(START, TASKS, 106, data)], COMPUTER, TEN)


def test_the_largest_event_and_one_that_is_larger() -> None:
    events = [task_event(1, "\\" + "x" * 1_000), task_event(2, "\\" + "x" * 31_000), task_event(3)]
    data = log_bytes(TASKS, events, COMPUTER, TEN)
    log, _ = by_ours(data)
    assert log.tally.used == 2
    for reader in READERS:
        assert same(reader(data, TEN), [expected(event, at, TEN) for at, event in enumerate(events, 1)]), reader.__name__
    with pytest.raises(TooLarge):
        log_bytes(TASKS, [task_event(1, "\\" + "x" * 32_000)], COMPUTER, TEN)


def test_an_unknown_event_is_refused_and_an_unknown_provider_is_a_classic_one() -> None:
    with pytest.raises(KeyError, match="no template"):
        log_bytes(TASKS, [LoggedEvent(START, TASKS, 9_999)], COMPUTER, TEN)
    event = LoggedEvent(START, SYSTEM_LOG, 777, (("Data", "go"),), provider="Serpent")
    assert same(by_libevtx(log_bytes(SYSTEM_LOG, [event], COMPUTER, TEN), TEN), [expected(event, 1, TEN)])


def test_windows_7_writes_the_older_versions() -> None:
    data: tuple[tuple[str, Value], ...] = (("TaskName", r"\x"), ("ActionName", "cmd.exe"))
    event = LoggedEvent(START, TASKS, 200, data)
    for windows, version in ((SEVEN, 0), (TEN, 1)):
        _, records = by_ours(log_bytes(TASKS, [event], COMPUTER, windows))
        assert records[0].fields.version == version
        assert ("EnginePID" in dict(records[0].data)) is (version == 1)


def test_user_data_stands_in_its_frame() -> None:
    event = LoggedEvent(START, SECURITY, 1102, (("SubjectUserSid", "S-1-5-18"), ("SubjectUserName", "j.ortiz")))
    _, records = by_ours(log_bytes(SECURITY, [event], COMPUTER, TEN))
    assert records[0].fields.provider == "Microsoft-Windows-Eventlog"
    assert dict(records[0].data)["SubjectUserName"] == "j.ortiz"


def test_classic_strings_come_one_by_one() -> None:
    event = LoggedEvent(START, WINDOWS_POWERSHELL, 400, (("Data", "Available"), ("Data", "None"), ("Data", "\tEngine")))
    _, records = by_ours(log_bytes(WINDOWS_POWERSHELL, [event], COMPUTER, TEN))
    assert [value for name, value in records[0].data if name == "Data"] == ["Available", "None", "\tEngine"]


def test_hashes_of_names_are_those_of_real_logs() -> None:
    told = {name: name_hash(name) for name in ("Event", "System", "Provider", "EventID")}
    assert told == {"Event": 0x0CBA, "System": 0x546F, "Provider": 0x7BF1, "EventID": 0x61F5}


@pytest.mark.parametrize(
    "path", ["Velocidex/TaskScheduler", "Velocidex/SecurityTasks", "SigmaHQ/proc_creation_win_schtasks_delete"]
)  # fmt: skip
def test_the_templates_of_real_logs_are_ours(path: str) -> None:
    """Values and their types, in order, of each event of a real log are those that the table gives it."""
    real = real_definitions(shared(f"data/evtx/{path}.evtx").read_bytes())
    assert real
    for (channel, event_id, version), told in real.items():
        found = template(channel, event_id, version, "", COMPUTER, False)
        assert found.fields is not None
        assert [(field.name, field.stored) for field in found.fields] == told, (channel, event_id)


def real_definitions(data: bytes) -> dict[tuple[str, int, int], list[tuple[str, int]]]:
    """Of each kind of event in a log: the names of its data and the types of their values, by our own second reader."""
    found = {}
    chunk = data[4_096 : 4_096 + CHUNK]
    at, end = 0x200, struct.unpack_from("<I", chunk, 48)[0]
    while at < end:
        length = struct.unpack_from("<I", chunk, at + 4)[0]
        event = read_event(chunk, at, length)
        _, start = instance_at(chunk, at + 28)
        system, _ = values_at(chunk, start, at + length)
        _, start = instance_at(chunk, system[-1].at + 4)
        own, _ = values_at(chunk, start, at + length)
        top = {child.name: child for child in event.children}
        names = [child.attribute("Name") for child in top["EventData"].children]
        told = top["System"]
        key = tuple(child.text for name in ("Channel", "EventID", "Version") if (child := told.child(name)) is not None)
        found[key[0], int(key[1]), int(key[2])] = list(zip(names, (value.kind for value in own), strict=True))
        at += length
    return found
