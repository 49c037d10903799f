"""A student's package read again: its questions with the kept answers. The file may have been changed: nothing is believed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from triptych.lessons.answers import KINDS, PLAIN_KINDS, Asked
from triptych.lessons.answers_kept import KeptKey
from triptych.lessons.lesson import LessonError
from triptych.lessons.lesson_package import LESSON, SCHEMA
from triptych.lessons.lesson_sheet import Posed
from triptych.limits import MIB

_MOST_ROUNDS = 1_000_000
_MOST_QUESTIONS = 200


@dataclass(frozen=True, slots=True)
class Held:
    """What a package says of itself. `posed` have a key where the package keeps the answers' hashes (`checkable`)."""

    id: str
    title: str
    student: str
    tool: str
    evidence: str
    listing: str
    posed: tuple[Posed, ...]
    checkable: bool


def read_package(folder: Path) -> Held:
    """Raises LessonError with a sentence where the folder holds no package."""
    path = folder / LESSON
    try:
        if path.stat().st_size > MIB:
            raise LessonError(f"{path} is larger than a lesson can be ({MIB:,} bytes).")
        told = json.loads(path.read_bytes())
        if told["schema"] != SCHEMA:
            raise LessonError(f"{path} is of another kind ({told['schema']!r}); this version reads {SCHEMA}.")
        bias = int(told["bias"])
        questions = told["questions"][:_MOST_QUESTIONS]
        posed = tuple(_posed(one, bias) for one in questions)
        evidence, listing = _below(told["evidence"]["path"]), _below(told["evidence"]["listing"])
        texts = [str(told[name]) for name in ("id", "title", "student", "tool")]
    except OSError as error:
        raise LessonError(f"{folder} holds no lesson: {path.name} cannot be read ({error.strerror or error}).") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        if isinstance(error, LessonError):
            raise
        raise LessonError(f"{path} is no lesson that can be used ({type(error).__name__}: {error}).") from error
    return Held(texts[0], texts[1], texts[2], texts[3], evidence, listing, posed, any(one.key for one in posed))


def _below(name: str) -> str:
    if Path(name).name != name:
        raise ValueError(f"{name!r} leads out of the package")
    return name


def _posed(told: dict[str, object], bias: int) -> Posed:
    kind, of = str(told["kind"]), str(told.get("of", "task"))
    if kind not in KINDS or of not in PLAIN_KINDS:
        raise ValueError(f"{kind!r} of {of!r} is no kind of question")
    asked = Asked(kind, of, _texts(told.get("items", [])), _texts(told.get("choices", [])), bias)
    check = told.get("check")
    return Posed(str(told["id"]), asked, None if check is None else _kept(check), _texts(told.get("hints", [])))


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise ValueError("a list of texts was expected")
    return tuple(value)


def _kept(told: object) -> KeptKey:
    if not isinstance(told, dict):
        raise ValueError("a check is an object")
    rounds = int(told["rounds"])
    if not 0 < rounds <= _MOST_ROUNDS:
        raise ValueError(f"{rounds} rounds are not between 1 and {_MOST_ROUNDS:,}")
    mistakes = tuple((bytes.fromhex(one["digest"]), bytes.fromhex(one["hint"])) for one in told["mistakes"])
    return KeptKey(bytes.fromhex(told["salt"]), tuple(map(bytes.fromhex, told["right"])), mistakes, rounds)
