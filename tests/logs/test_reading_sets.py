"""Listings of events and carved logs, found by what is in them and read through a real search of the evidence."""

from __future__ import annotations

import shutil
from dataclasses import fields, replace
from operator import attrgetter
from pathlib import Path

import pytest
from evtx import PyEvtxParser

from tests.formats import evtx_made as made
from tests.material import shared
from triptych.analysis.event_table import EventTable
from triptych.evidence.layouts import find
from triptych.evidence.source import open_source
from triptych.limits import DEFAULT
from triptych.logs.jobs import LOGS
from triptych.model.case import Balance, Problem
from triptych.model.event import Event, EventBlock, LogReport
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


TASKS = "Microsoft-Windows-TaskScheduler"
XML = (
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='{source}'/><EventID>106</EventID>"
    "<TimeCreated SystemTime='2021-06-01T10:11:12.1234567Z'/><EventRecordID>{number}</EventRecordID>"
    "<Channel>{source}/Operational</Channel><Computer>LAB</Computer></System><EventData><Data Name='TaskName'>\\A{number}</Data>"
    "<Data Name='UserContext'>LAB\\x</Data></EventData></Event>"
)


@pytest.mark.parametrize(
    "name",
    [
        "Velocidex/SecurityTasks.evtx",
        "Velocidex/TaskScheduler.evtx",
        "mdecrevoisier/ID4688,4698,4699,5145,4624-ATexec remote trask creation (GLOBAL).evtx",
        "sbousseaden/babyshark_mimikatz_powershell.evtx",
    ],
)
def test_a_real_log_exported_as_xml_tells_what_the_log_tells(name: str, tmp_path: Path) -> None:
    log, export = tmp_path / "log", tmp_path / "export"
    log.mkdir()
    export.mkdir()
    shutil.copyfile(shared(f"data/evtx/{name}"), log / "x.evtx")
    records = [record["data"].partition("?>")[2] for record in PyEvtxParser(str(log / "x.evtx")).records() if record]
    (export / "x.xml").write_text("<Events>" + "\n".join(records) + "</Events>")
    of_log, of_export = table(read(log)), table(read(export))
    assert len(of_log) > 3
    by_number = attrgetter("channel", "record_id")
    for told, again in zip(sorted(of_log, key=by_number), sorted(of_export, key=by_number), strict=True):
        assert abs(told.time.ticks - again.time.ticks) < 10  # this writer of XML knows microseconds
        same = replace(again, time=told.time, ref=told.ref)
        for field in fields(Event):
            assert _plain(getattr(same, field.name)) == _plain(getattr(told, field.name)), field.name


def _plain(value: object) -> object:
    """Line ends as XML has them."""
    return str(value).replace("\\r\\n", "\\n").replace("\r\n", "\n")


def test_events_as_xml_are_read_like_those_of_a_log(tmp_path: Path) -> None:
    text = "<Events>\n" + "\n".join(XML.format(source=TASKS, number=number) for number in (7, 8)) + "\n</Events>"
    (tmp_path / "export").write_bytes(text.encode("utf-16"))
    got = read(tmp_path)
    events = table(got)
    assert [(event.task, event.account, event.kind, event.record_id) for event in events] == [
        ("\\A7", "LAB\\x", "registered", 7), ("\\A8", "LAB\\x", "registered", 8),
    ]  # fmt: skip
    assert {event.time.iso for event in events} == {"2021-06-01T10:11:12.1234567Z"}
    assert [event.ref.place for event in events] == [ListingPlace(2), ListingPlace(3)]
    assert not [answer for answer in got if isinstance(answer, (Problem, LogReport))]
    assert [answer.read for answer in got if isinstance(answer, EvidenceFile)] == [ReadState.WHOLE]


def test_local_times_are_said_wherever_the_event_is_shown(tmp_path: Path) -> None:
    name = "jpcert-handson1-TaskScheduler.csv"
    shutil.copyfile(shared(f"data/listings/JPCERTCC__log-analysis-training/{name}"), tmp_path / "odd.dat")
    got = read(tmp_path)
    events = table(got)
    assert len(events) == 83
    assert {event.kind for event in events} == {"listed"}  # no rule goes by a time that nobody can place
    assert all(event.words.endswith("(local time)") and event.note.startswith("local time of the machine") for event in events)
    registered = next(event for event in events if event.event_id == 106)
    assert (registered.task, registered.account) == ("\\At1", "EXAMPLE\\sysg.admin")
    assert registered.get("Date and Time") == "2019/11/07 15:49:21"
    (problem,) = [answer for answer in got if isinstance(answer, Problem)]
    assert (problem.code, problem.severity.value) == ("evtx.local-time", "note")
    assert "83 events" in problem.found
    (balance,) = [answer for answer in got if isinstance(answer, Balance)]
    assert (balance.closes, balance.listed) == (True, 83)


def test_two_equal_rows_of_a_table_are_two_events(tmp_path: Path) -> None:
    row = f'Information,27.10.2021 12:28:26,{TASKS},106,x,"User ""A"" registered task ""\\T"""\r\n'
    (tmp_path / "x").write_text("Level,Date and Time,Source,Event ID,Task Category\r\n" + row * 2)
    assert len(table(read(tmp_path))) == 2


def test_a_local_time_in_json_lines_is_no_utc(tmp_path: Path) -> None:
    line = '{"EventID":106,"Channel":"Microsoft-Windows-TaskScheduler/Operational","TaskName":"\\\\A","EventTime":"2020-01-02 03:04:05"}'
    (tmp_path / "x").write_text(line)
    got = read(tmp_path)
    assert [(event.kind, event.words) for event in table(got)] == [("listed", "Task registered (local time)")]
    assert [answer.code for answer in got if isinstance(answer, Problem)] == ["evtx.local-time"]


@pytest.mark.parametrize(
    "text",
    [
        '[{"EventID": 4698, "Channel": "Security", "TaskName": "\\\\A"}]',
        '{"Event": {"System": {"Provider": {}, "EventID": 4698}}}',
        '{"@timestamp": "2020", "winlog": {"event_id": 4698, "task": "x"}}',
        '"TimeCreated","Id","ProviderName","LevelDisplayName","Message"\r\n"1","2","3","4","5"\r\n',
        "Timestamp,RuleTitle,Level,Computer,Channel,EventID,RecordID,Details\r\n1,2,3,4,5,6,7,8\r\n",
        "Event[0]:\r\n  Log Name: Security\r\n  Source: x\r\n",
    ],
)
def test_an_export_that_is_not_read_says_what_it_is(text: str, tmp_path: Path) -> None:
    (tmp_path / "export.json").write_text(text)
    got = read(tmp_path)
    (problem,) = [answer for answer in got if isinstance(answer, Problem)]
    assert problem.code == "evtx.export-unknown"
    assert ".evtx" in problem.advice
    assert [answer.read for answer in got if isinstance(answer, EvidenceFile)] == [ReadState.FAILED]
