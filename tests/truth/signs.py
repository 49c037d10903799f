"""The signs by which somebody who knows nothing would point at a task, read off the built keys and files.

Each sign gives the tasks it points at. A scenario leaks where a sign points at its planted tasks more often than chance would;
what it teaches on purpose is no leak.
"""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import comb

from tests.truth.judging import scene_of
from triptych.lessons.hive_key import HiveKey
from triptych.lessons.machine import Machine, built_hives
from triptych.lessons.scenarios import SCENARIOS, Scene
from triptych.lessons.task_xml import xml_bytes

_INDEXES = ("Boot", "Logon", "Maintenance", "Plain")


@dataclass(frozen=True)
class Row:
    """A task as its keys and its file show it."""

    path: str
    guid: str
    tree: int
    tasks: int
    index: int
    file: int
    largest_value: int
    file_size: int
    times: tuple[int, ...]


@dataclass(frozen=True)
class Seen:
    """The tasks in the order of their Tree keys in the hive, and GUIDs in that of the Tasks keys; paths by class, newest class."""

    rows: tuple[Row, ...]
    guids: tuple[str, ...]
    of_newest_class: frozenset[str]


Sign = Callable[[Seen], frozenset[str]]


def seen(machine: Machine) -> Seen:
    """What the primary hive and the task files show; the bytes follow the order of these keys."""
    hives = built_hives(machine, machine.edits)
    cache = hives.cache
    specs = {task.path.casefold(): task for task in machine.tasks}
    rows = []
    for path, key in _walk(cache.at("Tree"), ""):
        guid = next((value.data.decode("utf-16-le").rstrip("\0") for value in key.values if value.name == "Id"), "")
        held = cache.at("Tasks").keys.get(guid.upper())
        spec = specs.get(path.casefold())
        if held is None or spec is None:
            continue
        holders = [cache.keys[name.upper()].keys for name in _INDEXES if name.upper() in cache.keys]
        indexes = [keys[guid.upper()].written for keys in holders if guid.upper() in keys]
        has_file = spec.has_file
        rows.append(
            Row(
                path, guid, key.written, held.written, max(indexes, default=0), spec.times.file if has_file else 0,
                max(len(value.data) for value in held.values), len(xml_bytes(spec.definition, spec.xml_order)) if has_file else 0,
                tuple(time for time in (key.written, held.written, spec.times.registered, spec.times.file) if time),
            )
        )  # fmt: skip
    newest = max((com for com in machine.classes), key=lambda com: com.written, default=None)
    calling = frozenset(
        task.path
        for task in machine.tasks
        if newest and any(action.class_id.upper() == newest.class_id.upper() for action in task.definition.actions)
    )
    ordered = tuple(key.name for key in sorted(cache.at("Tasks").keys.values(), key=lambda key: key.name))
    return Seen(tuple(rows), ordered, calling)


def _walk(key: HiveKey, path: str) -> Iterator[tuple[str, HiveKey]]:
    """Keys below a key as the hive has them: by name in upper case, each before what is below it."""
    for child in sorted(key.keys.values(), key=lambda sub: sub.name.upper().encode("utf-16-be", "surrogatepass")):
        yield f"{path}\\{child.name}", child
        yield from _walk(child, f"{path}\\{child.name}")


def _top(rows: Iterable[Row], of: Callable[[Row], int]) -> frozenset[str]:
    best = max(rows, key=of, default=None)
    return frozenset({best.path} if best and of(best) else ())


def _oddest_name(found: Seen) -> frozenset[str]:
    """The name whose pairs of letters are the rarest among all names of Latin letters."""
    names = {row.path: row.path.rpartition("\\")[2].casefold() for row in found.rows}
    latin = {path: name for path, name in names.items() if name.isascii() and len(name) > 3 and "{" not in name}
    pairs = Counter(pair for name in latin.values() for pair in set(_pairs(name)))
    scores = {path: sum(pairs[pair] for pair in _pairs(name)) / len(_pairs(name)) for path, name in latin.items()}
    return frozenset({min(scores, key=lambda path: (scores[path], path))} if scores else ())


def _pairs(name: str) -> list[str]:
    return [name[at : at + 2] for at in range(len(name) - 1)]


def _strange_letters(found: Seen) -> frozenset[str]:
    names = {row.path: row.path.rpartition("\\")[2] for row in found.rows}
    return frozenset(path for path, name in names.items() if not name.isascii() or "  " in name or name != name.strip())


SIGNS: dict[str, tuple[str, Sign]] = {
    "newest file": ("newest-file", lambda found: _top(found.rows, lambda row: row.file)),
    "newest Tree key": ("newest-key", lambda found: _top(found.rows, lambda row: row.tree)),
    "newest Tasks key": ("newest-key", lambda found: _top(found.rows, lambda row: row.tasks)),
    "newest index key": ("newest-key", lambda found: _top(found.rows, lambda row: row.index)),
    "newest class": ("newest-key", lambda found: found.of_newest_class),
    "last Tree key": ("last-key", lambda found: frozenset({found.rows[-1].path})),
    "last Tasks key": ("last-key", lambda found: frozenset(row.path for row in found.rows if row.guid == found.guids[-1])),
    "largest value": ("largest-value", lambda found: _top(found.rows, lambda row: row.largest_value)),
    "largest file": ("largest-value", lambda found: _top(found.rows, lambda row: row.file_size)),
    "odd GUID": ("odd-guid", lambda found: frozenset(row.path for row in found.rows if uuid.UUID(row.guid).version != 4)),
    "round time": (
        "odd-time",
        lambda found: frozenset(row.path for row in found.rows if any(time % 10_000 == 0 for time in row.times)),
    ),
    "rarest letters": ("odd-name", _oddest_name),
    "strange letters": ("odd-name", _strange_letters),
}  # fmt: skip
"""Each sign with the word by which a scenario says that it teaches it."""


@dataclass(frozen=True)
class Guesses:
    """How often a sign pointed at a planted task, over so many seeds, and the mean chance of doing so by luck."""

    scenario: str
    sign: str
    teaches: bool
    seeds: int
    hits: int
    luck: float

    @property
    def p(self) -> float:
        """How likely so many hits are by luck alone (binomial)."""
        return sum(
            comb(self.seeds, k) * self.luck**k * (1 - self.luck) ** (self.seeds - k) for k in range(self.hits, self.seeds + 1)
        )

    @property
    def leaks(self) -> bool:
        return not self.teaches and self.hits > 0 and self.p < 0.001


def guessed(name: str, seeds: Iterable[int], tasks: int) -> list[Guesses]:
    """Every sign on the scenes of a scenario, built without logs."""
    numbers = list(seeds)
    hits: Counter[str] = Counter()
    luck: dict[str, float] = defaultdict(float)
    for seed in numbers:
        scene = scene_of(name, seed, tasks=tasks)
        for sign, (points, by_luck) in pointed(scene).items():
            hits[sign] += points
            luck[sign] += by_luck
    taught = SCENARIOS[name].teaches
    return [
        Guesses(name, sign, word in taught, len(numbers), hits[sign], luck[sign] / len(numbers))
        for sign, (word, _) in SIGNS.items()
    ]


def pointed(scene: Scene) -> dict[str, tuple[int, float]]:
    """For each sign whether it points at a planted task, and how likely that is by luck."""
    found = seen(scene.machine)
    planted = {path.casefold() for path in scene.tasks} & {row.path.casefold() for row in found.rows}
    total = len(found.rows)
    answers = {}
    for sign, (_, points_at) in SIGNS.items():
        suspects = {path.casefold() for path in points_at(found)}
        spared = comb(total - len(suspects), len(planted)) / comb(total, len(planted)) if len(suspects) <= total else 0.0
        answers[sign] = (int(bool(suspects & planted)), 1 - spared)
    return answers
