"""Listings as a store reads them: what they say is kept, what is no task is counted, and an empty one is a problem."""

from __future__ import annotations

import json

from tests.stores.memory_source import MemorySource
from triptych.evidence.layouts import Item
from triptych.limits import DEFAULT
from triptych.model.case import Balance, Problem
from triptych.model.evidence import EvidenceFile, ReadState
from triptych.model.task import TaskRecord
from triptych.stores.job import Job
from triptych.stores.scheduler import LISTING, LISTINGS

HEADER = "HostName,TaskName,Next Run Time,Status,Author,Task To Run,Comment\r\n"


def read(data: bytes) -> tuple[list[TaskRecord], dict[str, Problem], EvidenceFile, Balance | None]:
    item = Item("listing", "l", "", "l", size=len(data))
    answers = list(LISTINGS.read(Job(LISTING, "it", (item.as_row(),), len(data)), MemorySource({"l": data}), DEFAULT))
    balances = [answer for answer in answers if isinstance(answer, Balance)]
    (file,) = [answer for answer in answers if isinstance(answer, EvidenceFile)]
    problems = {answer.code: answer for answer in answers if isinstance(answer, Problem)}
    return [answer for answer in answers if isinstance(answer, TaskRecord)], problems, file, balances[0] if balances else None


def test_what_a_second_row_of_a_task_says_is_kept() -> None:
    rows = HEADER + "LAB,\\T,N/A,Ready,one,a.exe,c\r\nLAB,\\T,N/A,Ready,two,b.exe,d\r\n"
    (record,), problems, file, _ = read(rows.encode())
    extras = {(extra.name, extra.reading.value) for extra in record.extras}
    assert record.registration.author.value == "one"
    assert {("Author", "two"), ("Comment", "d"), ("Task To Run", "a.exe"), ("Task To Run", "b.exe")} <= extras
    assert all(extra.reading.refs for extra in record.extras)
    assert (problems, file.read) == ({}, ReadState.WHOLE)


def test_rows_that_are_the_same_are_one_task_and_nothing_more() -> None:
    (record,), _, _, balance = read((HEADER + "LAB,\\T,N/A,Ready,one,a.exe,c\r\n" * 2).encode())
    assert [extra.name for extra in record.extras] == ["Task To Run"]
    assert balance is not None
    assert (balance.promised, balance.listed) == (2, 2)


def test_entries_that_are_no_tasks_are_counted_as_lost() -> None:
    rows = [{"TaskName": "A", "TaskPath": "\\"}, {"Name": "no task"}, {"TaskName": 5}]
    records, problems, file, balance = read(json.dumps(rows).encode())
    assert [record.path for record in records] == ["\\A"]
    assert "2 of 3 entries" in problems["listing.not-a-task"].where
    assert balance is not None
    assert (balance.promised, balance.listed, balance.lost) == (3, 1, 2)
    assert file.read is ReadState.PART


def test_values_that_are_no_objects_are_counted() -> None:
    records, problems, _, _ = read(b'[{"TaskName": "A"}, 1, "x", [2, {"TaskName": "B"}]]')
    assert [record.path for record in records] == ["\\A", "\\B"]
    assert "listing.json-no-object" in problems


def test_a_listing_of_nothing_is_a_problem() -> None:
    for data in (HEADER.encode(), b"[]"):
        records, problems, _, _ = read(data)
        assert records == []
        assert "listing.no-tasks" in problems
    records, problems, file, _ = read(b"no listing at all")
    assert (records, file.read) == ([], ReadState.FAILED)
    assert "listing.unknown" in problems


def test_a_record_of_a_list_without_a_name_is_a_problem() -> None:
    text = "HostName: LAB\r\nTaskName: \\A\r\nStatus: Ready\r\n\r\nHostName: LAB\r\nStatus: Ready\r\nAuthor: x\r\n"
    records, problems, _, _ = read(text.encode())
    assert [record.path for record in records] == ["\\A"]
    assert problems["listing.nameless"].where == "line 5"


def test_a_listing_that_is_gone() -> None:
    item = Item("listing", "gone", "", "gone", size=1)
    answers = list(LISTINGS.read(Job(LISTING, "it", (item.as_row(),), 1), MemorySource({}), DEFAULT))
    assert [type(answer) for answer in answers] == [Problem, EvidenceFile]
    assert isinstance(answers[1], EvidenceFile)
    assert answers[1].read is ReadState.FAILED
