"""A lesson played once before it is used: its places, its answers, and whether a text gives an answer away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from triptych.lessons.answers import AnswerError, Asked, accepted, form
from triptych.lessons.lesson import FEWEST_TASKS, Check, Lesson, LessonError, Question
from triptych.lessons.lesson_fields import Source
from triptych.lessons.lesson_lines import Path
from triptych.lessons.lesson_plant import plays_on
from triptych.lessons.lesson_scene import PUBLIC, Played, numbered, places, play, version_of
from triptych.lessons.machine import built_hives
from triptych.lessons.scenarios import SCENARIOS
from triptych.model.paths import fold

_SHORTEST = 5
"""An answer of fewer characters may stand in a text by chance."""

_GIVEN_AWAY = ("task", "value", "guid", "time", "set")


def prove(lesson: Lesson, source: Source) -> None:
    """Raises LessonError with file, line and key for what would not work, or would tell an answer, whatever the seed."""
    _playable(lesson, source)
    try:
        tasks = lesson.tasks if lesson.tasks or lesson.plant else FEWEST_TASKS  # names of a scenario's own are never taken
        played = play(replace(lesson, weeks=min(1, lesson.weeks), tasks=tasks), numbered(0))
        machine = played.scene.machine
        built_hives(machine, machine.edits + machine.logged_edits)
    except LessonError as error:
        raise source.error(("plant",), str(error)) from error
    except LookupError as error:
        says = f"this cannot be played on Windows {version_of(lesson)} ({error} is not there)"
        raise source.error(("machine", "version") if lesson.version else ("scenario",), says) from error
    answers = _answer_facts(lesson)
    for place, text in _told_to_students(lesson):
        for name in places(text):
            if name not in played.facts:
                raise source.error(place, f"there is no fact {{{name}}}; there are {', '.join(sorted(played.facts))}")
            if name in answers and name not in PUBLIC:
                raise source.error(place, f"{{{name}}} is an answer of this lesson: a student would read it")
    for place, text in (("debrief",), lesson.debrief), (("real_windows",), lesson.real_windows):
        _known(text, place, played, source)
    for question, place in _placed(lesson):
        _proved(question, place, played, source)
    _kept_silent(lesson, played, source)


def _playable(lesson: Lesson, source: Source) -> None:
    """On the release that the lesson names, or the scenario's."""
    version = version_of(lesson)
    for name in lesson.scenarios:
        if version not in SCENARIOS[name].versions:
            raise source.error(("machine", "version"), f"the scenario {name} cannot be played on Windows {version}")
    if lesson.plant is not None and not plays_on(lesson.plant.technique, version):
        raise source.error(("machine", "version"), f"the technique {lesson.plant.technique} leaves nothing on Windows {version}")


def asked_of(check: Check, bias: int, played: Played) -> Asked:
    """What must be known to understand an answer to a question."""
    return Asked(check.kind, check.of, tuple(map(played.filled, check.items)), tuple(map(played.filled, check.choices)), bias)


def entries(texts: tuple[str, ...], played: Played) -> tuple[str, ...]:
    """The texts filled; a fact that is a list (tasks, decoys) gives an entry each."""
    return tuple(entry for text in texts for entry in played.filled(text).split("\n") if entry)


def _placed(lesson: Lesson) -> Iterator[tuple[Question, Path]]:
    for number, step in enumerate(lesson.steps):
        yield step, ("steps", number)
    for number, question in enumerate(lesson.quiz):
        yield question, ("quiz", number)


def _told_to_students(lesson: Lesson) -> Iterator[tuple[Path, str]]:
    yield ("id",), lesson.id
    yield ("title",), lesson.title
    yield ("story",), lesson.story
    for question, place in _placed(lesson):
        yield (*place, "text"), question.text
        yield from (((*place, "hints"), hint) for hint in question.hints)
        check = (*place, "check") if question.room else place
        yield from (((*check, "choices"), choice) for choice in question.check.choices)
        yield from (((*check, "items"), item) for item in question.check.items)
        for number, mistake in enumerate(question.check.own):
            yield (*check, "mistakes", number, "hint"), mistake.hint


def _answer_facts(lesson: Lesson) -> set[str]:
    return {name for question in lesson.questions for text in question.check.answer for name in places(text)}


def _known(text: str, place: Path, played: Played, source: Source) -> None:
    for name in places(text):
        if name not in played.facts:
            raise source.error(place, f"there is no fact {{{name}}}; there are {', '.join(sorted(played.facts))}")


def _proved(question: Question, place: Path, played: Played, source: Source) -> None:
    """The answer and the mistakes of one question, as one machine fills them."""
    check = question.check
    inner = (*place, "check") if question.room else place
    for text in (*check.answer, check.place):
        _known(text, (*inner, "find" if check.kind == "bytes" else "answer"), played, source)
    for number, mistake in enumerate(check.own):
        for text in mistake.answer:
            _known(text, (*inner, "mistakes", number, "answer"), played, source)
    _known(question.why, (*place, "why"), played, source)
    if check.kind in ("bytes", "text"):
        return
    asked = asked_of(check, played.scene.machine.bias, played)
    try:
        right = accepted(asked, entries(check.answer, played), played.accounts)
    except (AnswerError, ValueError, IndexError) as error:
        raise source.error((*inner, "answer"), f"is no answer of the kind {check.kind} ({error})") from error
    for number, mistake in enumerate(check.own):
        told = entries(mistake.answer, played)
        where = (*inner, "mistakes", number, "answer")
        try:
            wrong = form(asked, told) if told else ""
        except AnswerError as error:
            raise source.error(where, f"is no answer of the kind {check.kind} ({error})") from error
        if wrong in right:
            raise source.error(where, "is the right answer")


def _kept_silent(lesson: Lesson, played: Played, source: Source) -> None:
    """No text for students holds an answer letter by letter."""
    answers = {
        fold(entry): question.id
        for question in lesson.questions
        if question.check.kind in _GIVEN_AWAY
        for entry in entries(question.check.answer, played)
        if len(entry) >= _SHORTEST
    }
    for place, text in _told_to_students(lesson):
        if "choices" in place or "items" in place:
            continue
        told = fold(played.filled(text))
        for answer, ident in answers.items():
            if answer in told:
                raise source.error(place, f"gives away the answer of question {ident}")
