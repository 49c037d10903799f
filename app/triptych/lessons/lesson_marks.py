"""The table of a class: a row for each sheet, a column for each question."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from triptych.lessons.lesson_sheet import NONE, RIGHT, SELF, UNCLEAR, WRONG, Mark

Row = tuple[str, str, tuple[Mark, ...]]
"""Lesson, student, marks."""

_SIGNS = {RIGHT: "+", WRONG: "-", NONE: ".", UNCLEAR: "?", SELF: "*"}
LEGEND = "+ right   - wrong   . no answer   ? not understood   * compared with the debrief"


def table_text(rows: Sequence[Row]) -> str:
    """One table a lesson, for a terminal."""
    made = []
    width = max(len(student) for _, student, _ in rows)
    for lesson in dict.fromkeys(lesson for lesson, _, _ in rows):
        of_lesson = [(student, marks) for one, student, marks in rows if one == lesson]
        heads = [_head(mark.id) for mark in of_lesson[0][1]]
        made += [lesson, f"  {'':<{width}}  {' '.join(heads)}  right"]
        for student, marks in of_lesson:
            signs = " ".join(f"{_SIGNS[mark.verdict]:<{len(head)}}" for mark, head in zip(marks, heads, strict=True))
            made.append(f"  {student:<{width}}  {signs}  {_right(marks)} of {_counted(marks)}")
        made.append("")
    return "\n".join([*made, LEGEND, ""])


def table_csv(rows: Sequence[Row]) -> bytes:
    """Every mark in a row of its own: lesson, student, question, verdict."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(("lesson", "student", "question", "verdict"))
    for lesson, student, marks in rows:
        table.writerows((lesson, student, mark.id, mark.verdict) for mark in marks)
    return out.getvalue().encode("utf-8-sig")


def _head(ident: str) -> str:
    return ident.replace("quiz-", "q")


def _right(marks: Sequence[Mark]) -> int:
    return sum(mark.verdict == RIGHT for mark in marks)


def _counted(marks: Sequence[Mark]) -> int:
    return sum(mark.verdict != SELF for mark in marks)
