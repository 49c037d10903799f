"""The tables: one line a row, no formula runs, nothing acts, counts agree with the case."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exports.made import RUN, machine, poisoned, sound
from triptych.exports.csv_tables import CELL, cell, render, table
from triptych.model.case import Case
from triptych.model.display import needs_mark

TABLES = ("tasks.csv", "differences.csv", "findings.csv", "timeline.csv", "logs.csv", "evidence.csv", "problems.csv")


def rows(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("-2+3", "'-2+3"),
        ("-", "'-"),
        ("-5", "-5"),
        ("\uff1d1", "'\uff1d1"),
        ("\uff0b1", "'\uff0b1"),
        ("\uff0d1", "'\uff0d1"),
        ("\uff201", "'\uff201"),
        (" =1", "' =1"),
        ("\t=1", "'\u27e8U+0009\u27e9=1"),
        ("\r=1", "'\u23ce=1"),
        ("\r\n", "\u23ce"),
        ("a\nb\u2028c\x85d", "a\u23ceb\u23cec\u23ced"),
        ("a\0b", "a\u27e8U+0000\u27e9b"),
        ("a\u202eb", "a\u27e8U+202E\u27e9b"),
        ("\ud800", "\u27e8U+D800\u27e9"),
        ("C:\\a b.exe", "C:\\a b.exe"),
        (None, ""),
        (0, "0"),
        (True, "True"),
    ],
)
def test_cell(text: object, shown: str) -> None:
    assert cell(text) == shown


def test_a_text_too_long_for_a_cell_says_how_much_is_missing() -> None:
    assert cell("x" * (CELL + 5)) == "x" * CELL + "\u2026 (5 more characters)"


@given(st.text(max_size=60))
def test_no_text_leaves_its_cell(text: str) -> None:
    (found,) = rows(table(("a",), [(text, text)]))[1:]
    assert found[0] == found[1] == cell(text)
    assert not any(needs_mark(character) for character in found[0])
    first = found[0].lstrip()[:1]
    assert first not in "=+-@\uff1d\uff0b\uff0d\uff20" or not first or found[0][1:].isdigit()


def lines(case: Case) -> dict[str, int]:
    made = render(case, RUN)
    assert tuple(made) == TABLES
    counts = {}
    for name, data in made.items():
        assert data.startswith(b"\xef\xbb\xbf")
        assert data.endswith(b"\r\n")
        physical = data.decode("utf-8-sig").splitlines()
        assert len(physical) == len(rows(data)), f"{name}: a row runs over two lines"
        assert len({len(row) for row in rows(data)}) == 1
        counts[name] = len(physical) - 1
    return counts


@pytest.mark.parametrize("case", [sound, poisoned])
def test_counts(case) -> None:  # type: ignore[no-untyped-def]  # one of two functions that give a Case
    found = case()
    counts = lines(found)
    assert counts["tasks.csv"] == len(found.tasks) > 4
    assert counts["findings.csv"] == len(found.findings)
    assert counts["timeline.csv"] == len(found.timeline) > 0
    assert counts["evidence.csv"] == len(found.files) > 0
    assert counts["problems.csv"] == len(found.problems)


def test_no_cell_of_a_hostile_machine_acts() -> None:
    for data in render(poisoned(), RUN).values():
        for row in rows(data)[1:]:
            for found in row:
                assert not any(needs_mark(character) for character in found)
                assert not found.lstrip().startswith(("=", "+", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "-1+", "-2+"))


def test_the_table_of_tasks_says_what_a_task_is() -> None:
    header, *body = rows(render(sound(), RUN)["tasks.csv"])
    told = {(row["Path"], row["GUID"]): row for row in (dict(zip(header, row, strict=True)) for row in body)}
    assert len(told) == len(sound().tasks)
    for task in machine().tasks:
        row = told[cell(task.path), task.guid.upper()]
        assert row["InRegistry"] == ("present" if task.registered else "absent")
        assert row["InXml"] == ("present" if task.has_file else "absent")
        assert row["Hidden"] == str(task.definition.settings.hidden)


def test_an_empty_case_gives_headers_alone() -> None:
    assert set(lines(Case()).values()) == {0}
