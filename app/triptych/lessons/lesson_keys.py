"""The keys to a lesson's questions for one student: what is right, which mistakes are typical, and the hint for each."""

from __future__ import annotations

from dataclasses import dataclass

from triptych.lessons.answers import Asked, accepted, form, mistaken_zone
from triptych.lessons.answers_kept import PlainKey
from triptych.lessons.lesson import Lesson, LessonError, Question
from triptych.lessons.lesson_places import Looked
from triptych.lessons.lesson_proof import asked_of, entries
from triptych.lessons.lesson_scene import Played

ZONE_HINT = "The time fits, but in the other zone: look whether the place you read it from tells UTC or the machine's local time."


@dataclass(frozen=True, slots=True)
class Keyed:
    """A question with its key. `told` is the answer for a person; `key` None where nothing marks it (kind text)."""

    question: Question
    asked: Asked
    told: str
    key: PlainKey | None


def needs_evidence(lesson: Lesson) -> bool:
    """Whether an answer is a place in the evidence, which must have been built and scanned to know it."""
    return any(question.check.kind == "bytes" for question in lesson.questions)


def keyed(lesson: Lesson, played: Played, looked: Looked | None) -> tuple[Keyed, ...]:
    """The questions with their keys. Raises LessonError where a place of the evidence is not found."""
    return tuple(_keyed(question, played, looked) for question in lesson.questions)


def _keyed(question: Question, played: Played, looked: Looked | None) -> Keyed:
    check = question.check
    asked = asked_of(check, played.scene.machine.bias, played)
    if check.kind == "text":
        return Keyed(question, asked, "", None)
    if check.kind == "bytes":
        return _placed(question, asked, played, looked)
    truth = entries(check.answer, played)
    right = accepted(asked, truth, played.accounts)
    mistakes = dict.fromkeys(mistaken_zone(asked, truth), ZONE_HINT)
    for mistake in check.own:
        told = entries(mistake.answer, played)
        if told:
            for one in _forms(asked, told, played):
                mistakes[one] = played.filled(mistake.hint)
    kept = tuple(sorted((wrong, hint) for wrong, hint in mistakes.items() if wrong not in right))
    return Keyed(question, asked, "; ".join(truth), PlainKey(right, kept))


def _placed(question: Question, asked: Asked, played: Played, looked: Looked | None) -> Keyed:
    if looked is None:
        raise LessonError(f"question {question.id} asks for a place in the evidence, which is not at hand")
    try:
        span = looked.find(played.filled(question.check.place), played.filled(question.check.answer[0]))
    except LessonError as error:
        raise LessonError(f"question {question.id}: {error}") from error
    told = f"0x{span.offset:X} {span.length}"
    mistakes = tuple((form(asked, mistake.answer), played.filled(mistake.hint)) for mistake in question.check.own)
    return Keyed(question, asked, f"{told} of {span.file}", PlainKey((form(asked, told),), mistakes))


def _forms(asked: Asked, told: tuple[str, ...], played: Played) -> tuple[str, ...]:
    """The forms of a mistake: of each entry where it lists several, so that any decoy counts as one."""
    if asked.kind in ("order", "set"):
        return (form(asked, told),)
    return tuple(one for entry in told for one in accepted(asked, (entry,), played.accounts))
