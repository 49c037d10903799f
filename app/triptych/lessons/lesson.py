"""A lesson: a story, a machine on which something was planted, questions with hints and answers, a debrief."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOMS = ("compare", "bytes", "timeline", "events", "findings", "problems", "sources")
"""Where a step may send a student, by the names of the window's rooms."""

LEVELS = (1, 2, 3, 4)
HINTS = 3
FEWEST_TASKS, MOST_TASKS = 60, 2_000
MOST_WEEKS = 26
LIKELY_TASKS = (180, 240)
"""Between these the number of a machine's tasks is drawn where the lesson does not fix it."""


class LessonError(ValueError):
    """What is wrong with a lesson, a package, a sheet or a class file: a sentence that names file, line and key."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A typical wrong answer and the hint that fits it; both may name facts, the hint no answer."""

    answer: tuple[str, ...]
    hint: str


@dataclass(frozen=True, slots=True)
class Check:
    """How an answer is checked. `kind` and `of` as in `answers`; texts may name facts in braces.

    `answer` is one text, the entries of an order or set, or for `bytes` what is looked for: a text (found as UTF-16LE or
    UTF-8) or `0x` and hex digits, within the bytes of `place` (spelled as `Planted.where`). `own` are the mistakes.
    """

    kind: str
    answer: tuple[str, ...] = ()
    of: str = "task"
    items: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    place: str = ""
    own: tuple[Mistake, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """A step of the lesson or a question of its quiz. `id` is 1, 2, ... or quiz-1, quiz-2, ...; a quiz has no room."""

    id: str
    text: str
    check: Check
    room: str = ""
    hints: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class OwnTask:
    """A task of the trainer's: its path, what it starts, the technique laid on it, when it was registered (ticks, 0: drawn)."""

    path: str
    command: str
    arguments: str
    technique: str
    time: int = 0


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A file of the trainer's that goes into the evidence: where it lies, its place from the drive's root, its time (ticks)."""

    source: Path
    to: str
    modified: int = 0


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson as its file tells it. Either `scenarios` names what is planted, the first being the lesson's, or `plant` does.

    `tasks` 0 draws their number, `weeks` is how far the event logs reach back (0: no logs), `version` "" takes that of the
    scenario. `source` is the text of the file, `file` its name.
    """

    id: str
    title: str
    level: int
    minutes: int
    attack: tuple[str, ...]
    story: str
    debrief: str
    steps: tuple[Question, ...]
    quiz: tuple[Question, ...] = ()
    real_windows: str = ""
    scenarios: tuple[str, ...] = ()
    plant: OwnTask | None = None
    version: str = ""
    tasks: int = 0
    weeks: int = 0
    files: tuple[OwnFile, ...] = ()
    source: str = ""
    file: str = ""

    @property
    def questions(self) -> tuple[Question, ...]:
        return self.steps + self.quiz
