"""What a scenario is, and what it leaves: the agreement between those who plant and those who teach.

A scenario is a function from a benign machine and a source of draws to a `Scene`: the machine afterwards, with everything that
a lesson asks for and a debrief tells. It draws from the `Chance` it is given and from nothing else, so that one seed gives the
same bytes again, and it plants in the same pass as everything else: what is asked must not stand out by its file's date, its
place in the hive, the version of its GUID or the rounding of its times.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from triptych.lessons.chance import Chance
from triptych.lessons.machine import Machine
from triptych.lessons.task_spec import TaskSpec

STORES = ("xml", "registry", "scheduler", "log", "file")
"""Where something can be planted: the words of `Planted.store`."""


@dataclass(frozen=True, slots=True)
class Planted:
    r"""One thing that a scenario left or took away, for the debrief.

    `store` is one of STORES. `where` is spelled so that its bytes can be found in the evidence:

    - xml, file: the path from the drive's root, with `/`: `Windows/System32/Tasks/Contoso/Sync`
    - registry: the key below the hive's root, and ` : ` and the value's name where it is a value:
      `Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tree\Contoso\Sync : SD`
      (`tree_key`, `tasks_key` and `in_key` below spell them)
    - log: the channel, and ` : ` and the record id where it is one record: `Security : 40211`
    - scheduler: the task's path

    `what` is a whole sentence: what stands there, or what is missing there, and why.
    """

    store: str
    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Scene:
    """A machine after a scenario, and the truth about it.

    `tasks` are the paths of the planted tasks, `decoys` those of red herrings: harmless, and made to look otherwise.
    `rules` are the findings that a scan must report, each a rule's id and the path of the task that it names ("" where it names
    none); `also` are ids of rules that may speak of planted things as well. On any other task nothing at high or above may be
    found.

    `facts` are the named answers, texts all: task, guid, account (the name), sid, command, arguments, created, hidden-at,
    deleted-at (ISO 8601 in UTC, with `Z`), address, logon-id, clsid, dll, code-point, record, value, and whatever else can be
    asked of this scenario. Names are lower case words with hyphens. A scenario has the same names for every seed, so that a
    lesson file can be checked before anything is built.

    `listing` is what schtasks shows on the machine, where the scenario hands one out, else empty.
    """

    machine: Machine
    tasks: tuple[str, ...]
    rules: tuple[tuple[str, str], ...]
    also: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    planted: tuple[Planted, ...]
    decoys: tuple[str, ...] = ()
    listing: bytes = b""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario by number and name.

    `level` is 1 (first steps) to 4, `version` the Windows it plays on where a lesson names no other (a key of WINDOWS),
    `plant` makes the scene. `teaches` names the signs of a dumb attacker that the scenario teaches on purpose, which are then no
    leak: newest-file, newest-key, last-key, largest-value, odd-guid, odd-time, odd-name.

    `versions` are the releases on which it can be played.

    `onto` lays the technique on a task that is there already: machine, path, moment in ticks. None where the technique cannot
    do without a task of its own making.
    """

    number: int
    name: str
    title: str
    level: int
    version: str
    plant: Callable[[Machine, Chance], Scene]
    teaches: tuple[str, ...] = ()
    versions: tuple[str, ...] = ("7", "10", "11", "2022")
    onto: Callable[[Machine, str, int], Machine] | None = field(default=None)


def with_registered(machine: Machine, *tasks: TaskSpec) -> Machine:
    """The machine with more tasks, each in its place by the time of its registration: keys are written to the hive in that order."""
    made = sorted((*machine.tasks, *tasks), key=lambda task: (task.times.tree, task.path))
    return replace(machine, tasks=tuple(made))


CACHE = r"Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache"
"""The key of the task cache below the root of the SOFTWARE hive."""


def tree_key(path: str) -> str:
    """Where the Tree key of a task or folder stands, as `Planted.where` spells it."""
    return rf"{CACHE}\Tree{path}"


def tasks_key(guid: str) -> str:
    """Where the Tasks key of a GUID stands."""
    return rf"{CACHE}\Tasks\{guid}"


def in_key(key: str, value: str) -> str:
    """A value of a key, as `Planted.where` spells it."""
    return f"{key} : {value}"
