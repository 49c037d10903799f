"""Listings of events and carved logs, found by what is in them and read through a real search of the evidence."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.formats import evtx_made as made
from tests.material import shared
from triptych.analysis.event_table import EventTable
from triptych.evidence.layouts import find
from triptych.evidence.source import open_source
from triptych.limits import DEFAULT
from triptych.logs.jobs import LOGS
from triptych.model.case import Balance, Problem
from triptych.model.event import EventBlock, LogReport
from triptych.model.evidence import EvidenceFile, ListingPlace, ReadState
from triptych.stores.job import Answer


def read(folder: Path) -> list[Answer]:
    source = open_source(str(folder))
    return [answer for job in LOGS.jobs(find(source)) for answer in LOGS.read(job, source, DEFAULT)]


def table(got: list[Answer]) -> EventTable:
    return EventTable(answer for answer in got if isinstance(answer, EventBlock))


@pytest.mark.parametrize("name", ["events.json", "no ending", "odd.txt"])
def test_a_listing_of_events_is_found_whatever_it_is_called(name: str, tmp_path: Path) -> None:
    shutil.copyfile(
        shared("data/evtx/OTRF__Security-Datasets/taskfilter-schtask_modification_2020-12-1907505969.json"), tmp_path / name
    )
    got = read(tmp_path)
    events = table(got)
    assert len(events) > 10
    assert {event.ref.spans[0].file for event in events} == {name}
    assert all(isinstance(event.ref.place, ListingPlace) for event in events)
    data = (tmp_path / name).read_bytes()
    for event in events:
        (span,) = event.ref.spans
        assert f'"EventID":{event.event_id}'.encode() in data[span.offset : span.offset + span.length]
    (balance,) = [answer for answer in got if isinstance(answer, Balance)]
    assert balance.closes
    assert balance.listed == len(data.splitlines())
    assert not [answer for answer in got if isinstance(answer, LogReport)]  # it tells nothing of what its log held besides
    assert [answer.read for answer in got if isinstance(answer, EvidenceFile)] == [ReadState.WHOLE]


def test_a_bad_line_of_a_listing_costs_itself(tmp_path: Path) -> None:
    good = b'{"EventID":106,"Channel":"Microsoft-Windows-TaskScheduler/Operational","TaskName":"\\\\A","@timestamp":"2020-01-02T03:04:05Z"}'
    (tmp_path / "x").write_bytes(good + b"\n" + good[:60] + b"\n" + good)
    got = read(tmp_path)
    assert [event.task for event in table(got)] == ["\\A"]  # twice the same event at one time
    assert "evtx.json-line" in {answer.code for answer in got if isinstance(answer, Problem)}
    assert [answer.read for answer in got if isinstance(answer, EvidenceFile)] == [ReadState.PART]


def test_a_carved_log_is_found_by_its_chunk(tmp_path: Path) -> None:
    (tmp_path / "f0001234").write_bytes(made.chunk(made.task_events(3), 1) + made.chunk(made.task_events(2), 4))
    got = read(tmp_path)
    assert len(table(got)) == 5
    assert {answer.code for answer in got if isinstance(answer, Problem)} == {"evtx.signature"}
