"""Answer sheets: read from text or JSON, and marked question by question."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from triptych.lessons.answers import AnswerError, Asked, form
from triptych.lessons.answers_kept import Key
from triptych.lessons.lesson import LessonError
from triptych.limits import MIB

RIGHT, WRONG, NONE, UNCLEAR, SELF = "right", "wrong", "no answer", "not understood", "for you to compare with the debrief"

_LINE = re.compile(r"(lesson|student|\d{1,3}|quiz[ -]\d{1,3})\s*:\s*(.*)", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One student's answers by question id; `name` is the sheet's file."""

    name: str
    lesson: str = ""
    student: str = ""
    answers: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Posed:
    """A question as it is marked: how answers to it are understood, the key (None: nothing marks it), the hints."""

    id: str
    asked: Asked
    key: Key | None
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """What became of one answer: RIGHT, WRONG, NONE, UNCLEAR or SELF, and the words that help."""

    id: str
    verdict: str
    hint: str = ""


def read_sheet(data: bytes, name: str) -> Sheet:
    """A sheet from its bytes: JSON where it begins with a brace, else lines `1: answer`. Raises LessonError with the line."""
    if len(data) > MIB:
        raise LessonError(f"{name} is larger than an answer sheet can be ({MIB:,} bytes).")
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise LessonError(f"{name} is not UTF-8 text (byte {error.start}).") from error
    return _from_json(text, name) if text.lstrip().startswith("{") else _from_lines(text, name)


def marked(sheet: Sheet, posed: Sequence[Posed], level: int = 1) -> tuple[Mark, ...]:
    """The marks in the order of the questions. A wrong answer gets the hint that fits it, else the question's hint of that level.

    Raises LessonError where the sheet answers a question that is not there.
    """
    known = [one.id for one in posed]
    for ident in sheet.answers:
        if ident not in known:
            raise LessonError(f"{sheet.name} answers question {ident}, which the lesson has not; it has {', '.join(known)}.")
    return tuple(_marked(one, sheet.answers.get(one.id, ""), level) for one in posed)


def _marked(one: Posed, answer: str | tuple[str, ...], level: int) -> Mark:
    if not (answer if isinstance(answer, tuple) else answer.strip()):
        return Mark(one.id, NONE)
    if one.key is None:
        return Mark(one.id, SELF)
    try:
        verdict = one.key.judge(form(one.asked, answer))
    except AnswerError as error:
        return Mark(one.id, UNCLEAR, f"{error}.")
    if verdict.right:
        return Mark(one.id, RIGHT)
    own = one.hints[min(level, len(one.hints)) - 1] if one.hints else ""
    return Mark(one.id, WRONG, verdict.hint or own)


def _from_lines(text: str, name: str) -> Sheet:
    found: dict[str, list[str]] = {}
    last = ""
    for number, line in enumerate(text.splitlines(), 1):
        match = _LINE.fullmatch(line.rstrip())
        if match is not None:
            last = match[1].lower().replace(" ", "-")
            if last in found:
                raise LessonError(f"{name}, line {number}: {match[1]} stands there twice.")
            found[last] = [match[2]]
        elif line[:1] in (" ", "\t") and line.strip() and last:
            found[last].append(line.strip())
        elif line.strip() and not line.startswith("#"):
            raise LessonError(f"{name}, line {number}: this is no answer; write the question's number, a colon, and the answer.")
    texts = {key: "\n".join(part for part in parts if part.strip()) for key, parts in found.items()}
    return Sheet(name, texts.pop("lesson", ""), texts.pop("student", ""), texts)


def _from_json(text: str, name: str) -> Sheet:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LessonError(f"{name} begins like JSON and is none: {error}.") from error
    answers = told.get("answers", {})
    lesson, student = told.get("lesson", ""), told.get("student", "")
    if not (isinstance(answers, dict) and isinstance(lesson, str) and isinstance(student, str)):
        raise LessonError(f"{name}: lesson and student must be texts, answers an object.")
    read: dict[str, str | tuple[str, ...]] = {}
    for key, value in answers.items():
        if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
            read[key.lower().replace(" ", "-")] = tuple(value)
        elif isinstance(value, str):
            read[key.lower().replace(" ", "-")] = value
        else:
            raise LessonError(f"{name}: the answer to {key} must be a text or a list of texts.")
    return Sheet(name, lesson, student, read)
