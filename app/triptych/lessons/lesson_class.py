"""A class: the secret from which every student's machine is drawn, their ids, and the answers that only the trainer holds."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from triptych.lessons.answers import Asked
from triptych.lessons.answers_kept import PlainKey
from triptych.lessons.lesson import LessonError
from triptych.lessons.lesson_keys import Keyed
from triptych.lessons.lesson_sheet import Posed

SCHEMA = "triptych.class/1"
MOST_STUDENTS = 1_000
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Class:
    """`lessons` has, for each lesson and student, the questions with their plain keys."""

    secret: str
    students: tuple[str, ...]
    lessons: Mapping[str, Mapping[str, tuple[Posed, ...]]] = field(default_factory=dict)

    def posed(self, lesson: str, student: str) -> tuple[Posed, ...]:
        """Raises LessonError where nothing was built for that student."""
        if student not in self.students:
            raise LessonError(f"there is no student {student!r} in the class file")
        try:
            return self.lessons[lesson][student]
        except KeyError:
            raise LessonError(f"no lesson {lesson!r} was built for {student}") from None

    def with_built(self, lesson: str, student: str, keys: Iterable[Keyed]) -> Class:
        """The class with the keys of a package that was built."""
        posed = tuple(Posed(one.question.id, one.asked, one.key, one.question.hints) for one in keys)
        return replace(self, lessons={**self.lessons, lesson: {**self.lessons.get(lesson, {}), student: posed}})


def new_class(students: Iterable[str]) -> Class:
    """A class with a new secret. Raises LessonError for an id that is no name of a folder, or given twice."""
    made = tuple(students)
    for student in made:
        if not _ID.fullmatch(student):
            raise LessonError(f"{student!r} cannot be a student's id: letters, digits, - and _ alone, 40 at most.")
    if len({student.casefold() for student in made}) < len(made):
        raise LessonError("Two students have the same id.")
    if not 0 < len(made) <= MOST_STUDENTS:
        raise LessonError(f"A class has between 1 and {MOST_STUDENTS:,} students.")
    return Class(secrets.token_hex(32), made)


def class_bytes(group: Class) -> bytes:
    """The class file: JSON, for the trainer alone."""
    lessons = {
        lesson: {student: [_told(one) for one in posed] for student, posed in built.items()}
        for lesson, built in group.lessons.items()
    }
    document = {
        "about": "Keep this file: whoever has it can open the answers and the debrief of every package of this class.",
        "schema": SCHEMA,
        "secret": group.secret,
        "students": list(group.students),
        "lessons": lessons,
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace") + b"\n"


def read_class(path: Path) -> Class:
    """Raises LessonError with a sentence."""
    try:
        told = json.loads(path.read_bytes())
        if told["schema"] != SCHEMA:
            raise LessonError(f"{path} is of another kind ({told['schema']!r}); this version reads {SCHEMA}.")
        lessons = {
            str(lesson): {str(student): tuple(_posed(one) for one in posed) for student, posed in built.items()}
            for lesson, built in told["lessons"].items()
        }
        students = new_class(map(str, told["students"])).students
        return Class(str(told["secret"]), students, lessons)
    except OSError as error:
        raise LessonError(f"{path} cannot be read as a class file: {error.strerror or error}.") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        if isinstance(error, LessonError):
            raise
        raise LessonError(f"{path} is no class file ({type(error).__name__}: {error}).") from error


def _told(one: Posed) -> dict[str, object]:
    asked = one.asked
    told: dict[str, object] = {
        "id": one.id, "kind": asked.kind, "of": asked.of, "items": asked.items, "choices": asked.choices, "bias": asked.bias,
        "hints": one.hints,
    }  # fmt: skip
    if isinstance(one.key, PlainKey):
        told |= {"right": one.key.right, "mistakes": one.key.mistakes}
    return told


def _posed(told: Mapping[str, object]) -> Posed:
    right, mistakes = told.get("right"), told.get("mistakes", [])
    asked = Asked(str(told["kind"]), str(told["of"]), _texts(told["items"]), _texts(told["choices"]), int(str(told["bias"])))
    key = None
    if isinstance(right, list) and isinstance(mistakes, list):
        key = PlainKey(_texts(right), tuple((str(wrong), str(hint)) for wrong, hint in mistakes))
    return Posed(str(told["id"]), asked, key, _texts(told["hints"]))


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError("a list of texts was expected")
    return tuple(map(str, value))
