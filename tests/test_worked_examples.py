"""What docs/worked-examples.md states of two real logs is what a scan of them says today.

Every quoted line must be printed, every row of a table must be a record at that place that states what the row says, every link must
be there with its words, and every name, number and address in the prose must occur in what the scan tells.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from functools import cache

import pytest
from evtx import PyEvtxParser

from tests.material import PROJECT, shared
from tests.scanning import fresh, scanned
from triptych.analysis.event_table import EventTable
from triptych.exports import text_summary
from triptych.exports.definition import definition
from triptych.model.case import Case
from triptych.model.event import Moment
from triptych.model.evidence import EventPlace
from triptych.model.finding import Severity
from triptych.model.task import Store

PAGE = (PROJECT / "docs/worked-examples.md").read_text(encoding="utf-8")
FRONT, *PARTS = re.split(r"^# \d\. .*$", PAGE, flags=re.MULTILINE)
EXAMPLES = {"atomic": PARTS[0], "atexec": PARTS[1]}
ATTACKS = "data/evtx/mdecrevoisier"
GLOBAL = f"{ATTACKS}/ID4688,4698,4699,5145,4624-ATexec remote trask creation (GLOBAL).evtx"
FILES = {
    "atomic": {
        "SecurityTasks.evtx": "data/evtx/Velocidex/SecurityTasks.evtx",
        "TaskScheduler.evtx": "data/evtx/Velocidex/TaskScheduler.evtx",
    },
    "atexec": {"atexec.evtx": GLOBAL},
}
CHANNELS = {"Security": "Security", "Task log": "Microsoft-Windows-TaskScheduler/Operational"}
FACT = re.compile(
    r"`([^`]+)`|((?:RE-DEV|OFFSEC)\\\w+\$?)|\b(0x[0-9A-Fa-f]+)|\b(process \d+)|\b(\d+\.\d+\.\d+\.\d+)|\b([\w-]+\.exe)"
)
ROW = re.compile(r"^\| (\d{4}-\S+Z) \| (Security|Task log) (\d+), (0x[0-9A-F]+) \| (\d+) \| (.+) \|$", re.MULTILINE)
LINK = re.compile(r"^\| (Security|Task log) (\d+) \| (Security|Task log) (\d+) \| (.+) \|$", re.MULTILINE)


@cache
def case_of(name: str) -> Case:
    folder = fresh()
    for new, path in FILES[name].items():
        shutil.copyfile(shared(path), folder / new)
    return scanned(folder).case


@cache
def moments(name: str) -> dict[tuple[str, int], Moment]:
    """The moments of a timeline by channel and record."""
    return {
        (ref.place.channel, ref.place.record_id): moment
        for moment in case_of(name).timeline
        for ref in moment.refs[:1]
        if isinstance(ref.place, EventPlace)
    }


@cache
def event_ids(name: str) -> dict[tuple[str, int], int]:
    return {(event.channel, event.record_id): event.event_id for event in EventTable(case_of(name).events)}


def plain(cell: str) -> str:
    """A cell as it is read: without the marks that Markdown wants."""
    return cell.replace("\\*", "*")


def flat(text: str) -> str:
    return " ".join(text.split())


def facts(text: str) -> Iterator[str]:
    for match in FACT.finditer(plain(text)):
        yield next(group for group in match.groups() if group is not None)


def everything(name: str) -> str:
    """All that a scan tells of an example: its text, its timeline, the definitions in its logs."""
    case = case_of(name)
    told = [flat(text_summary.render(case))]
    told += [f"{moment.time.iso} {moment.task} {moment.account} {moment.text}" for moment in case.timeline]
    for task in case.tasks:
        told += [json.dumps(definition(record, case.host)) for record in task.records if record.store is Store.LOG]
    return "\n".join(told).replace("\\\\", "\\")


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_files_are_those_that_the_page_names(name: str) -> None:
    for new, path in FILES[name].items():
        assert f"`{new}`" in FRONT
        assert hashlib.sha256(shared(path).read_bytes()).hexdigest() in FRONT


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_quoted_line_is_printed(name: str) -> None:
    printed = flat(text_summary.render(case_of(name)))
    quoted = [line for block in re.findall(r"```text\n(.*?)```", EXAMPLES[name], re.DOTALL) for line in block.splitlines()]
    assert len(quoted) >= 8
    assert [line for line in quoted if flat(line) not in printed] == []
    assert len(case_of(name).findings) == sum(line.startswith("HIGH") for line in quoted)
    assert {finding.severity for finding in case_of(name).findings} == {Severity.HIGH}


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_row_is_a_record_at_that_place_that_says_so(name: str) -> None:
    rows = ROW.findall(EXAMPLES[name])
    assert len(rows) >= 7
    for time, log, number, offset, event_id, states in rows:
        key = (CHANNELS[log], int(number))
        moment = moments(name)[key]
        assert moment.time.iso == time
        assert f"0x{moment.refs[0].spans[0].offset:X}" == offset
        assert event_ids(name)[key] == int(event_id)
        said = f"{moment.task} {moment.account} {moment.text}"
        assert [fact for fact in facts(states) if fact not in said] == [], (log, number)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_link_is_there_for_the_reason_given(name: str) -> None:
    links = LINK.findall(EXAMPLES[name])
    assert len(links) >= 5
    timeline = case_of(name).timeline
    for log, number, other_log, other, why in links:
        reasons = {
            timeline[link.to].refs[0].place: link.why
            for link in moments(name)[CHANNELS[log], int(number)].links
            if link.to < len(timeline)
        }
        assert reasons[EventPlace(CHANNELS[other_log], int(other))] == why


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_fact_of_the_prose_is_in_what_the_scan_tells(name: str) -> None:
    prose = "\n".join(line for line in EXAMPLES[name].splitlines() if line.startswith(">"))
    told = everything(name)
    named = list(facts(prose))
    assert len(named) >= 10
    assert [fact for fact in named if fact not in told] == []
    clocks = re.findall(r"\b\d\d:\d\d:\d\d\b", prose)
    assert clocks
    assert [clock for clock in clocks if f"T{clock}" not in told] == []


def test_the_whole_chain_of_the_attack_is_one() -> None:
    """4624, 5145, 4698, 4688: from the remote logon to the process, link by link."""
    timeline = case_of("atexec").timeline
    at = moments("atexec")["Security", 2004844]
    seen = [at]
    for record in (2004847, 2004852, 2004853, 2004858):
        wanted = moments("atexec")["Security", record]
        assert wanted in [timeline[link.to] for link in seen[-1].links]
        seen.append(wanted)


def read_by_another(path: str) -> dict[int, str]:
    """The records of a log as XML by EventRecordID, read by the bulk reader alone."""
    texts = [str(row["data"]) for row in PyEvtxParser(str(shared(path))).records() if row is not None]
    return {int(re.findall(r"<EventRecordID>(\d+)", text)[0]): text for text in texts}


def test_what_the_page_says_of_kept_and_hidden_records() -> None:
    (report,) = case_of("atexec").logs
    assert (report.records, report.kept, report.exported, report.slack) == (12, 9, True, 23)
    kept = event_ids("atexec")
    left = {number: data for number, data in read_by_another(GLOBAL).items() if ("Security", number) not in kept}
    assert list(left) == [2004857, 2004860, 2004862]
    assert all("Temp\\bouWFQYO.tmp" in data and "ADMIN$" in data and ">0x5a41984<" in data for data in left.values())
    mask = int(re.findall(r'"AccessMask">(0x[0-9a-f]+)', left[2004862])[0], 16)
    assert mask & 0x10000  # DELETE
    assert ("Security", 2004840) in kept
    assert ("Security", 2004840) not in moments("atexec")
    slack = {log.channel: (log.exported, log.slack) for log in case_of("atomic").logs}
    assert slack == {"Security": (True, 0), "Microsoft-Windows-TaskScheduler/Operational": (True, 49)}


def test_what_the_page_says_of_the_definitions() -> None:
    case = case_of("atexec")
    (task,) = case.tasks
    told = json.dumps(definition(next(record for record in task.records if record.store is Store.LOG), case.host))
    assert '"start_boundary": "2015-07-15T20:35:13' in told
    assert '"hidden": true' in told
    assert '"run_level": "HighestAvailable"' in told
    assert "2021-01-27T22:40:14" in everything("atomic")
    assert not [moment for moment in case_of("atomic").timeline if moment.kind in ("logon", "command")]


def test_fewer_records_of_the_attack_give_less() -> None:
    alone = scanned(shared(f"{ATTACKS}/ID4698-4699-Fast created & deleted task by ATexec (susp. arg.).evtx")).case
    assert {finding.rule for finding in alone.findings} == {"command-suspicious", "created-and-deleted"}
    assert not any("10.23.123.11" in finding.why or "process" in finding.why for finding in alone.findings)
    pipes = scanned(shared(f"{ATTACKS}/ID5145-Remote schedule task creation (ATexec).evtx")).case
    (finding,) = pipes.findings
    assert (finding.rule, finding.severity, finding.confidence.value, finding.task) == (
        "created-remotely",
        Severity.LOW,
        "possible",
        None,
    )
    assert "10.23.123.11" in finding.summary


def test_every_picture_is_there_in_both_themes() -> None:
    pictures = set(re.findall(r"\((pictures/worked-[\w-]+\.png)\)", PAGE))
    assert {path.rpartition("-")[0] for path in pictures if path.endswith("-dark.png")} == {
        path.rpartition("-")[0] for path in pictures if path.endswith("-light.png")
    }
    assert len(pictures) == 8
    assert all((PROJECT / "docs" / path).is_file() for path in pictures)
