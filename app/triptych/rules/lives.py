"""What the logs say of a task's life: registered, changed, run, deleted, by whom, from where; asked by the rules about logs.

The events of all tasks are found once, in columns; an event is made when a rule looks at it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar
from weakref import WeakKeyDictionary

from triptych.analysis import accounts
from triptych.analysis.acts import ON_TASKS, Act, acts_of
from triptych.analysis.columns import np
from triptych.analysis.event_table import EventTable, Rows
from triptych.analysis.links import Links
from triptych.analysis.links_kept import tied
from triptych.analysis.links_lines import Tie
from triptych.analysis.links_lookup import row_of
from triptych.model.case import Host
from triptych.model.event import Event
from triptych.model.evidence import EvidenceRef
from triptych.model.paths import fold
from triptych.model.task import Store, Task, TaskRecord
from triptych.model.times import TICKS_A_DAY, TICKS_A_SECOND, Instant
from triptych.rules.lookups import once
from triptych.rules.rule import Context

if TYPE_CHECKING:
    from numpy.typing import NDArray

MINUTE = 60 * TICKS_A_SECOND
TWINS = 5 * TICKS_A_SECOND  # the scheduler's log and the Security log tell of one act within so much
SERVICES = frozenset((accounts.SYSTEM, accounts.LOCAL_SERVICE, accounts.NETWORK_SERVICE))
_OFTEN = 3
K = TypeVar("K")
_MANAGEMENT = re.compile(r"\\(?:packer-|ansible|winrm-elevated|chef|pdq)")
RUNS = ("process-created", "action-started", "run-started", "action-finished", "run-finished")


@dataclass(frozen=True, slots=True)
class Life:
    """The events that name one task, in the order of time, as rows of the table."""

    path: str
    table: EventTable
    rows: Rows

    def of(self, *kinds: str) -> tuple[Event, ...]:
        """Its events of these kinds."""
        return tuple(self.table[row] for row in self.rows_of(*kinds))

    def rows_of(self, *kinds: str) -> list[int]:
        found: list[int] = self.rows[_are(self.table, kinds)[self.table.columns["kinds"][self.rows]]].tolist()
        return found


_ARE: WeakKeyDictionary[EventTable, dict[tuple[str, ...], NDArray[np.bool_]]] = WeakKeyDictionary()


def _are(table: EventTable, kinds: tuple[str, ...]) -> NDArray[np.bool_]:
    """For each row of the table of kinds whether it is one of these; asked for every task again."""
    known = _ARE.setdefault(table, {})
    if kinds not in known:
        known[kinds] = np.array([row[4] in kinds for row in table.table], bool)
    return known[kinds]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done to a task, as one or two logs tell it; `event` is the one that tells more (the Security log's)."""

    event: Event
    refs: tuple[EvidenceRef, ...]

    @property
    def ticks(self) -> int:
        return self.event.time.ticks


def lives(context: Context) -> dict[str, Life]:
    """The lives of all tasks that events of the judged view name, by folded path."""
    return once(context, "lives", lambda: _lives(context))


def _lives(context: Context) -> dict[str, Life]:
    table = context.events
    if not table.columns:
        return {}
    of_view = np.array([view == context.view for _, view in table.sources], bool)
    rows = np.flatnonzero((table.columns["task"] != 0) & of_view[table.columns["blocks"]])
    numbers = np.unique(table.columns["task"][rows])
    folded: dict[str, int] = {}
    place = np.zeros(len(table.strings), np.int64)
    for number in numbers:
        place[number] = folded.setdefault(fold(table.strings[int(number)]), len(folded))
    order = rows[np.argsort(place[table.columns["task"][rows]], kind="stable")]
    ends = np.cumsum(np.bincount(place[table.columns["task"][order]], minlength=len(folded)))
    parts = np.split(order, ends[:-1]) if folded else []
    found = {}
    for path, part in zip(folded, parts, strict=True):
        if path.strip("\\ \t"):
            found[path] = Life(table.text("task", int(part[-1])), table, part.astype(np.int64))
    return dict(sorted(found.items()))


def life_of(context: Context, task: Task) -> Life | None:
    return lives(context).get(fold(task.path))


def tasks_by_path(context: Context) -> dict[str, Task]:
    """The first row of each path: the one whose registration counts."""

    def make() -> dict[str, Task]:
        found: dict[str, Task] = {}
        for task in context.case.tasks:
            found.setdefault(fold(task.path), task)
        return found

    return once(context, "tasks by path", make)


def plain_name(computer: str) -> str:
    """The name of a computer without its domain, in lower case: logs give either."""
    return computer.partition(".")[0].casefold()


def steps(events: Iterable[Event]) -> list[Step]:
    """Events of one kind as steps in its life: what two logs tell of one act is one."""
    found: list[Step] = []
    for event in events:
        last = found[-1] if found else None
        if (
            last is not None
            and event.time.ticks - last.ticks <= TWINS
            and event.lane != last.event.lane
            and len(last.refs) == 1
            and plain_name(event.computer) == plain_name(last.event.computer)
        ):
            teller = event if event.lane == "security" else last.event
            found[-1] = Step(teller, (*last.refs, event.ref))
        else:
            found.append(Step(event, (event.ref,)))
    return found


# -- hands --------------------------------------------------------------------------------------------------------------------


def hand(event: Event, host: Host) -> str:
    """Who did it, in words; a SID by its name where the evidence has one."""
    text = event.account or event.get("SubjectUserSid") or event.user
    sid = accounts.canonical_sid(text)
    return accounts.name_of(sid, host) if sid else text or "an account that is not named"


def is_service(event: Event, host: Host) -> bool:
    """Whether the system itself, a service or a machine's account did it, as updaters do."""
    domain, _, name = event.account.rpartition("\\")
    if event.get("SubjectUserSid") in SERVICES or name.casefold() == "system":
        return True
    if name.endswith("$"):  # a computer's account, unless somebody gave a local user such a name, which lists leave out
        return domain.casefold() != plain_name(event.computer)[:15] or name[:-1].casefold() == domain.casefold()
    found = accounts.sid_of(event.account, host) if event.account else None
    return found is not None and accounts.is_service_account(found)


def is_managements(path: str) -> bool:
    """Whether a task bears a name that tools of management give the tasks by which they run something once (formats.md, 8.3)."""
    return _MANAGEMENT.match(fold(path)) is not None


@dataclass(frozen=True, slots=True)
class Routine:
    """How often a hand did a thing, and the ticks between the first and the last time."""

    count: int
    span: int

    @property
    def is_one(self) -> bool:
        """Whether it is done again and again over more than a week, as management does."""
        return self.count >= _OFTEN and self.span >= 7 * TICKS_A_DAY


def routines(told: Iterable[tuple[K, int]]) -> dict[K, Routine]:
    """For each hand its routine, from who did it and when."""
    found: dict[K, tuple[int, int, int]] = {}
    for key, ticks in told:
        count, first, last = found.get(key, (0, ticks, ticks))
        found[key] = (count + 1, min(first, ticks), max(last, ticks))
    return {key: Routine(count, last - first) for key, (count, first, last) in found.items()}


def acts(context: Context) -> tuple[Act, ...]:
    """What command lines and scripts of the judged view did."""
    return once(context, "acts", lambda: acts_of(context.events, context.view))


def acts_on(context: Context, path: str) -> tuple[Act, ...]:
    """The acts on one task of this computer; PowerShell may leave out the folder."""

    def make() -> dict[str, list[Act]]:
        found: dict[str, list[Act]] = defaultdict(list)
        for act in acts(context):
            if act.task and not act.host and act.verb in ON_TASKS:
                found[fold(act.task)].append(act)
        return found

    return tuple(once(context, "acts by task", make).get(fold(path), ()))


@dataclass(frozen=True, slots=True)
class ByHand:
    """That a person switched a task off or deleted it, as the logs tell; `done` is disabled or deleted, `words` a sentence."""

    done: str
    words: str
    time: Instant
    refs: tuple[EvidenceRef, ...]


def persons_hand(context: Context, path: str) -> ByHand | None:
    """The last time that a person disabled or deleted a task, unless it was enabled or registered again later."""
    life, host = lives(context).get(fold(path)), context.case.host
    found: list[ByHand] = []
    again = 0
    if life is not None:
        again = max((int(life.table.columns["ticks"][at]) for at in life.rows_of("enabled", "registered")), default=0)
        for event in life.of("disabled", "deleted"):
            if not is_service(event, host):
                words = f"{hand(event, host)} {event.kind} it at {event.time.iso} (event {event.event_id})."
                found.append(ByHand(event.kind, words, event.time, (event.ref,)))
    for act in acts_on(context, path):
        if act.verb in ("enable", "create"):
            again = max(again, act.time.ticks)
        elif act.verb in ("disable", "delete") and not is_service(act.event, host):
            words = f"By a command line of {act.time.iso} {hand(act.event, host)} {act.words}."
            found.append(ByHand(f"{act.verb}d", words, act.time, act.refs))
    last = max(found, key=lambda one: one.time.ticks, default=None)
    return last if last is not None and last.time.ticks > again else None


# -- what stands behind an event ----------------------------------------------------------------------------------------------


def all_links(context: Context) -> Links:
    """The ties between events, worked out once."""
    return tied(context.events).links


def causes(context: Context, row: int, *kinds: str) -> Iterator[tuple[Tie, Event]]:
    """What led to a row: the logon, the process that asked, the pipe, the command."""
    for tie in _ties_by(context, "effect").get(row, ()):
        if tie.kind in kinds:
            yield tie, context.events[tie.cause]


def effects(context: Context, row: int, *kinds: str) -> Iterator[tuple[Tie, Event]]:
    """What came of a row: the process that its definition's command became, and the like."""
    for tie in _ties_by(context, "cause").get(row, ()):
        if tie.kind in kinds:
            yield tie, context.events[tie.effect]


def _ties_by(context: Context, end: Literal["cause", "effect"]) -> dict[int, list[Tie]]:
    """All ties by the row at one of their ends, worked out once."""

    def make() -> dict[int, list[Tie]]:
        found: dict[int, list[Tie]] = defaultdict(list)
        for tie in all_links(context).ties:
            found[tie.cause if end == "cause" else tie.effect].append(tie)
        return found

    return once(context, f"ties by {end}", make)


def row(context: Context, event: Event) -> int:
    return row_of(context.events, event)


# -- definitions in events ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Definition:
    """A definition that an event carries; `record` is None where it was not read."""

    event: Event
    record: TaskRecord | None


def definitions(context: Context, life: Life) -> list[Definition]:
    """The definitions of a task in the order of time, of equal ones in a row the first; an event without content carries none."""
    contents = context.events.columns["content"][life.rows]
    found: list[Definition] = []
    before = 0
    for at, content in zip(life.rows[contents != 0], contents[contents != 0], strict=True):
        if content != before:
            found.append(Definition(context.events[int(at)], _by_content(context).get((int(content), fold(life.path)))))
        before = content
    return found


def definition_at(context: Context, life: Life, ticks: int) -> TaskRecord | None:
    """The definition in force at a time: the last one told before, else the first one told."""
    told = [one for one in definitions(context, life) if one.record is not None and one.record.has_actions]
    before = [one for one in told if one.event.time.ticks <= ticks + TWINS]
    return (before[-1] if before else told[0]).record if told else None


def apart(ticks: int) -> str:
    """A span of time in words that a person reads at once."""
    seconds = abs(ticks) / TICKS_A_SECOND
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return (
        f"{seconds / 60:.0f} minutes"
        if seconds < 7200
        else f"{seconds / 3600:.0f} hours"
        if seconds < 172_800
        else f"{seconds / 86_400:.0f} days"
    )


def _by_content(context: Context) -> dict[tuple[int, str], TaskRecord]:
    """The record of each different content of a task: it cites the newest event that carries it."""

    def make() -> dict[tuple[int, str], TaskRecord]:
        by_ref = {
            record.ref[0]: record
            for record in context.case.records
            if record.store is Store.LOG and record.view == context.view and record.ref
        }
        found: dict[tuple[int, str], TaskRecord] = {}
        for path, life in lives(context).items():
            contents = context.events.columns["content"][life.rows]
            for at, content in zip(life.rows[contents != 0], contents[contents != 0], strict=True):
                record = by_ref.get(context.events[int(at)].ref)
                if record is not None:
                    found[int(content), path] = record
        return found

    return once(context, "definitions by content", make)
