"""Every crafted event log has the outcome that the list of bad inputs demands."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.formats.test_evtx import read
from tests.material import bad_input, bad_inputs
from triptych.model.case import Weight


@dataclass(frozen=True)
class Outcome:
    """How many records are listed, repaired, lost; the problems (code: severity) there must be, and what they must say."""

    listed: int
    repaired: int = 0
    lost: int = 0
    problems: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    silent: bool = False


OUTCOMES = {
    "empty": Outcome(0, problems=("lost evtx.empty",)),
    "header_only": Outcome(0, problems=("lost evtx.chunks-missing",), says=("header counts 3 chunks, none present",)),
    "not_evtx": Outcome(0, problems=("lost evtx.signature",), says=("signature ElfFile is missing", "50 4b 03 04")),
    "header_zeroed": Outcome(30, problems=("doubt evtx.signature",)),
    "truncated_chunk": Outcome(20, 10, problems=("doubt evtx.chunk-cut",), says=("0x22800",)),
    "zeroed_chunk": Outcome(20, 0, 10, problems=("lost evtx.chunk-lost",), says=("numbers 11-20",)),
    "chunk_magic": Outcome(20, 10, problems=("doubt evtx.chunk-header",)),
    "data_crc": Outcome(30, problems=("doubt evtx.checksum",)),
    "head_crc": Outcome(30, problems=("doubt evtx.checksum",)),
    "dirty_count": Outcome(30, problems=("note evtx.not-closed",)),
    "count_clean": Outcome(30, problems=("doubt evtx.chunks-more",), says=("more chunks than the header counts",)),
    "count_high": Outcome(30, problems=("lost evtx.chunks-missing",)),
    "free_low": Outcome(20, 10, problems=("doubt evtx.free-space",), says=("records after the free-space offset",)),
    "free_high": Outcome(30, problems=("doubt evtx.free-space",)),
    "record_size_0": Outcome(29, 1, problems=("doubt evtx.record-size",)),
    "record_size_2g": Outcome(29, 1, problems=("doubt evtx.record-size",)),
    "record_size_odd": Outcome(29, 1, problems=("doubt evtx.record-size",)),
    "record_magic": Outcome(29, 1, problems=("doubt evtx.record-signature",)),
    "records_zeroed": Outcome(28, 0, 2, problems=("lost evtx.records-lost",), says=("record numbers 15-16",)),
    "filetime": Outcome(29, 1, problems=("doubt evtx.record-time",), says=("0xFFFFFFFFFFFFFFFF",)),
    "filetime_value": Outcome(9, 1, problems=("doubt evtx.value-odd",), says=("shown as it stands",)),
    "record_ids": Outcome(6, problems=("doubt evtx.numbers-order",), says=("record numbers not in order",)),
    "record_gap": Outcome(10, problems=("note evtx.numbers-missing",), says=("6-499",)),
    "template_next_self": Outcome(10, problems=("doubt evtx.checksum",)),
    "string_next_self": Outcome(10, problems=("doubt evtx.checksum",)),
    "template_offset": Outcome(9, 0, 1, problems=("lost evtx.record-unreadable",), says=("its bytes are kept",)),
    "template_size": Outcome(0, 9, 1, problems=("lost evtx.record-unreadable",), says=("its bytes are kept",)),
    "template_self": Outcome(0, 0, 3, problems=("lost evtx.record-unreadable",) * 3),
    "name_offset": Outcome(0, 0, 10, problems=("lost evtx.record-unreadable",) * 10),
    "subst_count": Outcome(9, 0, 1, problems=("lost evtx.record-unreadable",)),
    "subst_size": Outcome(9, 0, 1, problems=("lost evtx.record-unreadable",)),
    "subst_type": Outcome(9, 1, problems=("doubt evtx.value-odd",), says=("unknown type 0x55, shown as hex",)),
    "subst_missing": Outcome(10, problems=("doubt evtx.value-odd",), says=("is missing in the record",)),
    "deep_elements": Outcome(0, 0, 2, problems=("lost evtx.record-unreadable",), says=("512 inside one another",)),
    "nested_binxml": Outcome(2, problems=("doubt evtx.no-event-id",)),
    "odd_text": Outcome(1, problems=("doubt evtx.value-odd", "doubt evtx.name-odd")),
    "name_injection": Outcome(1, problems=("doubt evtx.no-event-id",)),
    "chunk_twice": Outcome(30, problems=("note evtx.chunk-twice",)),
    "slack": Outcome(30, silent=True),
}


@pytest.mark.parametrize("file", bad_inputs("evtx"))
def test_outcome(file: str) -> None:
    wanted = OUTCOMES[file.removeprefix("evtx/").removesuffix(".evtx")]
    data = bad_input(file).read_bytes()
    records, log, faults = read(data)
    tally = log.tally
    assert (tally.listed, tally.repaired, tally.lost) == (wanted.listed, wanted.repaired, wanted.lost)
    assert tally.balance(file).closes
    unread = [record for record in records if record.fault]
    assert len(records) == wanted.listed + wanted.repaired + len(unread)
    assert sum(record.recovered for record in records) == wanted.repaired
    told = [f"{problem.severity.value} {problem.code}" for problem in faults.problems]
    for problem in set(wanted.problems):
        assert told.count(problem) >= wanted.problems.count(problem), told
    everything = "\n".join(f"{problem.where} {problem.found} {problem.lost}" for problem in faults.problems)
    assert all(text in everything for text in wanted.says), everything
    if wanted.silent:
        assert all(problem.severity is Weight.NOTE for problem in faults.problems)
    if wanted.lost:
        assert any(problem.severity is Weight.LOST for problem in faults.problems)
    for record in records:  # the bytes of each record are kept, readable or not
        assert record.length >= 28
        assert record.offset + record.length <= len(data)
        assert record.number.to_bytes(8, "little") == data[record.offset + 8 : record.offset + 16]


def test_records_of_a_chunk_with_a_wrong_checksum_are_marked() -> None:
    records, _, _ = read(bad_input("evtx/data_crc.evtx").read_bytes())
    assert [record.number for record in records if record.note] == list(range(11, 21))


def test_odd_text_is_kept_whole() -> None:
    (record,), _, _ = read(bad_input("evtx/odd_text.evtx").read_bytes())
    ((name, value),) = [pair for pair in record.data if "/@" not in pair[0]]
    assert "\0" in name
    assert "\0" in value
    assert "\ud800" in value


def test_a_forged_element_is_no_element() -> None:
    (record,), log, _ = read(bad_input("evtx/name_injection.evtx").read_bytes())
    assert record.event_id is None
    assert 999 not in log.tally.by_id


def test_a_time_that_no_calendar_has_stays_as_it_stands() -> None:
    records, _, _ = read(bad_input("evtx/filetime.evtx").read_bytes())
    (odd,) = [record for record in records if record.recovered]
    assert odd.written == 0xFFFFFFFFFFFFFFFF
    assert 0 < odd.ticks < 1 << 60  # TimeCreated tells it
