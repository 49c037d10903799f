"""What belongs to what: the chain of links through an entry, and the entries a task brings with it. No Qt."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from triptych.analysis.columns import np
from triptych.gui.events_columns import Entries, Ints
from triptych.model.times import TICKS_A_SECOND

MOST = 12  # links drawn at once
_BESIDE = 600 * TICKS_A_SECOND  # before and after a task's own entries
_FAR = 4  # links away from a task's own entries


@dataclass(frozen=True, slots=True)
class Drawn:
    """A link as it is drawn: its number, the earlier and the later row, why."""

    number: int
    earlier: int
    later: int
    why: str


def chain(entries: Entries, row: int) -> tuple[Drawn, ...]:
    """The links through a row and on from there, nearest first until there are MOST, numbered in the order of time."""
    if row < 0:
        return ()
    seen, found = {row}, dict[tuple[int, int], str]()
    ahead = deque([row])
    while ahead and len(found) < MOST:
        here = ahead.popleft()
        for there, why in sorted(entries.links.get(here, ())):
            pair = (min(here, there), max(here, there))
            if pair not in found and len(found) < MOST:
                found[pair] = why
            if there not in seen:
                seen.add(there)
                ahead.append(there)
    return tuple(Drawn(number, *pair, found[pair]) for number, pair in enumerate(sorted(found), 1))


def with_context(entries: Entries, own: Ints) -> Ints:
    """A task's own rows, those of no other task that links lead to, and what befell the logs in that time."""
    if not len(own):
        return own
    reached = set(own.tolist())
    ahead = list(reached)
    none = entries.words["task"].codes
    for _ in range(_FAR):
        further = {there for row in ahead for there, _ in entries.links.get(row, ()) if there not in reached and not none[there]}
        reached |= further
        ahead = list(further)
    silencing = entries.witnesses()
    first, last = int(entries.ticks[own[0]]) - _BESIDE, int(entries.ticks[own[-1]]) + _BESIDE
    inside = silencing[(entries.ticks[silencing] >= first) & (entries.ticks[silencing] <= last)]
    return np.array(sorted(reached | set(inside.tolist())), np.int64)
