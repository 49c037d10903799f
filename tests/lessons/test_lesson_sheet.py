"""Answer sheets of every shape, and the marks they get."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.lessons.answers import Asked, form
from triptych.lessons.answers_kept import PlainKey
from triptych.lessons.lesson import LessonError
from triptych.lessons.lesson_marks import table_csv, table_text
from triptych.lessons.lesson_sheet import NONE, RIGHT, SELF, UNCLEAR, WRONG, Posed, marked, read_sheet

POSED = (
    Posed("1", Asked("task"), PlainKey((r"\a",), ((r"\b", "That is the decoy."),)), ("One.", "Two.")),
    Posed("2", Asked("guid"), PlainKey(("00000000-0000-0000-0000-000000000001",))),
    Posed("3", Asked("set"), PlainKey(("\\a\x1f\\b",))),
    Posed("4", Asked("text"), None),
    Posed("quiz-1", Asked("choice", choices=("no", "yes")), PlainKey(("yes",))),
)
TEXT = b"# remark\nlesson: x\nstudent: s01\n\n1: \\A\n2: 1\n3: \\B\n   \\A\n4: because\nQuiz 1: 2\n"


def verdicts(data: bytes, level: int = 1) -> list[tuple[str, str]]:
    return [(mark.verdict, mark.hint) for mark in marked(read_sheet(data, "sheet"), POSED, level)]


def test_a_sheet_of_lines() -> None:
    sheet = read_sheet(TEXT, "sheet")
    assert (sheet.lesson, sheet.student) == ("x", "s01")
    told = verdicts(TEXT)
    assert [verdict for verdict, _ in told] == [RIGHT, UNCLEAR, RIGHT, SELF, RIGHT]
    assert told[1][1].startswith("This is no GUID")


def test_a_sheet_of_json_says_the_same() -> None:
    data = rb'{"lesson":"x","student":"s01","answers":{"1":"\\A","2":"1","3":["\\B","\\A"],"4":"because","quiz 1":"2"}}'
    assert verdicts(data) == verdicts(TEXT)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-8"])
def test_editors_save_as_they_like(encoding: str) -> None:
    data = TEXT.decode().replace("\n", "\r\n").encode(encoding)
    assert verdicts(data) == verdicts(TEXT)


def test_a_wrong_answer_gets_the_hint_that_fits() -> None:
    assert verdicts(b"1: \\b")[0] == (WRONG, "That is the decoy.")
    assert verdicts(b"1: \\c")[0] == (WRONG, "One.")
    assert verdicts(b"1: \\c", 2)[0] == verdicts(b"1: \\c", 3)[0] == (WRONG, "Two.")
    assert verdicts(b"quiz-1: 1")[4] == (WRONG, "")
    assert verdicts(b"")[0] == (NONE, "")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"1: a\n1: b", "sheet, line 2: 1 stands there twice"),
        (b"1: a\nnonsense", "sheet, line 2: this is no answer"),
        (b"9: a", "answers question 9, which the lesson has not"),
        (b"{", "begins like JSON and is none"),
        (b'{"answers":[]}', "answers an object"),
        (b'{"answers":{"1":2}}', "the answer to 1 must be a text"),
        (b"\xff\xff\xff", "not UTF-8"),
        (b"{" + b'"a":{' * 100_000, "begins like JSON"),
    ],
)
def test_what_is_wrong_with_a_sheet(data: bytes, says: str) -> None:
    with pytest.raises(LessonError, match=says):
        verdicts(data)


@given(st.binary(max_size=120))
def test_any_bytes_are_a_sheet_or_a_sentence(data: bytes) -> None:
    told = "sheet"
    try:
        marked(read_sheet(data, "sheet"), POSED)
    except LessonError as error:
        told = str(error)
    assert "sheet" in told


def test_a_name_that_ends_with_a_blank() -> None:
    posed = (Posed("1", Asked("task"), PlainKey((form(Asked("task"), "\\Scan "),))),)
    assert marked(read_sheet(b'1: "\\Scan "', "sheet"), posed)[0].verdict == RIGHT
    assert marked(read_sheet(rb'{"answers":{"1":"\\Scan "}}', "sheet"), posed)[0].verdict == RIGHT
    assert marked(read_sheet(b"1: \\Scan ", "sheet"), posed)[0].verdict == WRONG


def test_the_table_of_a_class() -> None:
    marks = marked(read_sheet(TEXT, "sheet"), POSED)
    rows = [("x", "s01", marks), ("x", "s002", marked(read_sheet(b"1: \\c", "b"), POSED))]
    assert table_text(rows).splitlines() == [
        "x",
        "        1 2 3 4 q1  right",
        "  s01   + ? + * +   3 of 4",
        "  s002  - . . . .   0 of 5",
        "",
        "+ right   - wrong   . no answer   ? not understood   * compared with the debrief",
    ]
    lines = table_csv(rows).decode("utf-8-sig").splitlines()
    assert lines[0] == "lesson,student,question,verdict"
    assert lines[1] == "x,s01,1,right"
    assert len(lines) == 11
