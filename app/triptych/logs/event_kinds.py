"""The kinds of events that tell of tasks, their stores, runs and makers, of logons and processes, and of silenced witnesses.

One table (`resources/words/event_kinds.json`): channel, EventID, lane, kind, words, which data names task, account, process
and so on, and what must be in the event for it to be kept. Channels are compared without regard to case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from triptych.resources import table

TASKS = "Microsoft-Windows-TaskScheduler/Operational"
SECURITY = "Security"
SYSTEM = "System"
SCRIPT, PIECE = "script", "script-piece"  # a piece of a script that says nothing of tasks by itself, only beside the others
_TASK_PROVIDER = "microsoft-windows-taskscheduler"
_ROLES = ("task", "account", "process", "command", "logon", "instance", "pid", "parent", "result", "content")


@dataclass(frozen=True, slots=True)
class EventKind:
    """One row of the table.

    `lane` and `kind` are the contract's words, `words` are for a person. `roles` give for task, account, process, command,
    logon, instance, pid, parent, result and content the names of the data that tell it (two for a domain and a name).
    `keep` names data and texts of which one must be in it (in lower case; the name "" means any data). `context`: it is of
    interest only beside other events. `bulk`: it comes in masses, and its texts are taken as the bulk reader gives them.
    `brief`: the only data that an event of this kind keeps, since there may be a million of them; empty for all.
    """

    channel: str
    event_id: int
    lane: str
    kind: str
    words: str
    roles: tuple[tuple[str, tuple[str, ...]], ...]
    keep: tuple[tuple[str, tuple[str, ...]], ...] = ()
    context: bool = False
    bulk: bool = False
    brief: tuple[str, ...] = ()

    def speaks(self, data: Iterable[tuple[str, str]]) -> bool:
        """Whether a text of an event holds one of the words that any text may hold; true where none are asked for."""
        words = next((texts for wanted, texts in self.keep if not wanted), None)
        return words is None or any(word in value.casefold() for _, value in data for word in words)

    def names(self, role: str) -> tuple[str, ...]:
        """The names of the data that tell a role, none where this kind does not tell it."""
        return next((names for name, names in self.roles if name == role), ())

    def kept(self, data: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        """Of the data of an event those that are kept with it."""
        return tuple(pair for pair in data if pair[0] in self.brief) if self.brief else data

    def keeps(self, data: Iterable[tuple[str, str]]) -> bool:
        """Whether an event with these data concerns us."""
        if not self.keep:
            return True
        return any(
            (not wanted or wanted == name) and any(text in value.casefold() for text in texts)
            for name, value in data
            for wanted, texts in self.keep
        )


@cache
def kinds() -> Mapping[tuple[str, int], EventKind]:
    """Every kind by channel (case folded) and EventID."""
    found = {}
    for channel, entry in table("words/event_kinds.json")["channels"].items():
        for number, row in entry["events"].items():
            kind, words, roles, *more = row
            keep = more[0] if more and more[0] else {}
            found[channel.casefold(), int(number)] = EventKind(
                channel, int(number), entry["lane"], kind, words, _roles(roles),
                tuple((name, tuple(texts)) for name, texts in keep.items()), "context" in more, "bulk" in more,
                tuple(more[2].split()) if len(more) > 2 else (),
            )  # fmt: skip
    return found


def _roles(text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found = []
    for part in text.split():
        role, _, names = part.partition("=")
        if role not in _ROLES:
            raise ValueError(f"no role of that name: {role}")
        found.append((role, tuple(names.split("+"))))
    return tuple(found)


def kind_of(channel: str, event_id: int, provider: str = "") -> EventKind | None:
    """The kind of an event, None for one that does not concern us. Where it names no channel, its provider may tell."""
    name = channel.casefold()
    if not name and provider.casefold() == _TASK_PROVIDER:
        name = TASKS.casefold()
    return kinds().get((name, event_id))


@cache
def wanted() -> Mapping[str, frozenset[int]]:
    """The EventIDs to decode, by channel in case folded form; "" for events that name none."""
    found: dict[str, set[int]] = {}
    for channel, number in kinds():
        found.setdefault(channel, set()).add(number)
    found[""] = set(found[TASKS.casefold()])
    return {channel: frozenset(numbers) for channel, numbers in found.items()}


@cache
def careful() -> Mapping[str, frozenset[int]]:
    """Those of them whose texts are checked against the raw bytes: they speak of tasks, and do not come in masses."""
    found: dict[str, set[int]] = {}
    for (channel, number), kind in kinds().items():
        if not (kind.context or kind.bulk):
            found.setdefault(channel, set()).add(number)
    found[""] = set(found[TASKS.casefold()])
    return {channel: frozenset(numbers) for channel, numbers in found.items()}
