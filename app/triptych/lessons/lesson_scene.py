"""From a lesson and a seed to the machine of one student and the truth about it; nothing else decides what is drawn."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from triptych.lessons.benign import benign
from triptych.lessons.chance import Chance
from triptych.lessons.lesson import LIKELY_TASKS, Lesson
from triptych.lessons.lesson_plant import plant_own
from triptych.lessons.machine import Machine
from triptych.lessons.scenarios import SCENARIOS, Scene
from triptych.lessons.scenarios.telling import both
from triptych.model.times import Instant

PLACE = re.compile(r"\{([a-z][a-z0-9]*(?:[-.][a-z0-9]+)*)\}", re.ASCII)
"""A fact's place in a text: `{task}`, `{hidden-at}`, `{index-zero.task}`. A GUID in braces is none."""

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Seed:
    """What everything is drawn from. `words` are the trainer's secret: never written into a package."""

    words: str
    student: str = ""


def numbered(number: int) -> Seed:
    """The seed that a trainer gives as a number."""
    return Seed(f"number {number}")


def of_class(secret: str, student: str, lesson: str) -> Seed:
    """A student's own: SHA-256 over the class secret, the student's id and the lesson's."""
    return Seed("class " + hashlib.sha256(f"{secret}\0{student}\0{lesson}".encode()).hexdigest(), student)


@dataclass(frozen=True, slots=True)
class Played:
    """A lesson's scene for one seed; `facts` hold those of the machine too (host, domain, windows, build, collected, tasks)."""

    scene: Scene
    facts: Mapping[str, str]

    def filled(self, text: str) -> str:
        """The text with its places filled. Raises KeyError for a fact that is not there."""
        return filled(text, self.facts.__getitem__)

    @property
    def accounts(self) -> dict[str, str]:
        """The machine's accounts, name to SID."""
        return {account.name: account.sid for account in self.scene.machine.accounts}


def version_of(lesson: Lesson) -> str:
    """The Windows that a lesson plays on: its own word, else that of its first scenario."""
    return lesson.version or (SCENARIOS[lesson.scenarios[0]].version if lesson.scenarios else "10")


def play(lesson: Lesson, seed: Seed) -> Played:
    """The scene of a seed; files of the trainer's are not in it yet. Raises LessonError where the machine cannot hold a task."""
    chance = Chance("lesson", lesson.id, seed.words)
    tasks = lesson.tasks or chance.number(*LIKELY_TASKS)
    first = SCENARIOS[lesson.scenarios[0]] if lesson.scenarios else None
    number = int.from_bytes(hashlib.sha256(f"{lesson.id}\0{seed.words}".encode()).digest()[:8], "big")
    machine = benign(version_of(lesson), number, tasks=tasks, weeks=lesson.weeks)
    facts: dict[str, str] = {}
    if lesson.plant is not None:
        scene = plant_own(machine, lesson.plant, chance)
    elif first is not None:
        scene = first.plant(machine, chance)
        facts = _named(first.name, scene)
    else:
        raise ValueError("a lesson plants something")
    for name in lesson.scenarios[1:]:
        more = SCENARIOS[name].plant(scene.machine, chance)
        facts |= _named(name, more)
        scene = both(scene, more)
    return Played(scene, facts | dict(scene.facts) | _of_machine(scene))


def _named(name: str, scene: Scene) -> dict[str, str]:
    return {f"{name}.{fact}": value for fact, value in scene.facts}


def _of_machine(scene: Scene) -> dict[str, str]:
    machine: Machine = scene.machine
    return {
        "host": machine.name,
        "domain": machine.domain,
        "windows": machine.windows.product,
        "build": str(machine.windows.build),
        "collected": Instant(machine.collected).iso,
        "tasks": "\n".join(scene.tasks),
        "decoys": "\n".join(scene.decoys),
    }


PUBLIC = frozenset(("host", "domain", "windows", "build", "collected"))
"""Facts that any text may name: the evidence shows them to everybody."""


def places(text: str) -> tuple[str, ...]:
    """The names of the facts that a text has places for."""
    return tuple(match[1] for match in PLACE.finditer(text) if not _GUID.fullmatch(match[1]))


def filled(text: str, fact: Callable[[str], str]) -> str:
    """The text with each place filled by `fact`."""
    return PLACE.sub(lambda match: match[0] if _GUID.fullmatch(match[1]) else fact(match[1]), text)
