"""What happened to a task, for a report that people read: the telling moments, a bounded number, in the order of time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from triptych.model.case import Case
from triptych.model.event import Moment
from triptych.model.evidence import EvidenceRef
from triptych.model.paths import fold

_STORES = frozenset(("xml", "registry", "job", "file", "listing"))  # sources that are no log
_RUNS = (
    "triggered",
    "run-",
    "action-",
    "engine-",
    "process-created",
    "woke",
    "maintenance",
)  # what every task does, again and again


@dataclass(frozen=True, slots=True)
class History:
    """Moments in the order of time, and how many of the task were left out."""

    moments: tuple[Moment, ...]
    left_out: int = 0


class Histories:
    """The histories of a case's tasks; made once, asked for by path."""

    def __init__(self, case: Case) -> None:
        self._timeline = case.timeline
        paths = {fold(finding.task) for finding in case.findings if finding.task}
        self._cited: set[tuple[str, int]] = {_place(ref) for finding in case.findings for ref in finding.refs}
        self._own: dict[str, list[int]] = defaultdict(list)
        for number, moment in enumerate(case.timeline):
            if moment.task and (folded := fold(moment.task)) in paths:
                self._own[folded].append(number)
        held = {number for numbers in self._own.values() for number in numbers}
        self._linked: dict[int, set[int]] = defaultdict(set)
        for number, moment in enumerate(case.timeline):
            for link in moment.links:
                if number in held or link.to in held:
                    self._linked[number].add(link.to)
                    self._linked[link.to].add(number)

    def of(self, path: str, most: int) -> History | None:
        """At most `most` moments of a task that a finding is about; None where no event tells of it.

        What findings rest on comes first, then what was done to the task, then what is linked to that (the logon, the process),
        then its newest runs.
        """
        own = self._own.get(fold(path), [])
        if all(self._timeline[number].source in _STORES for number in own):
            return None
        doings = [number for number in own if not self._is_run(number)]
        linked = {other for number in doings for other in self._linked.get(number, ())} - set(own)
        every = [*own, *linked]
        ranked = sorted(every, key=lambda number: self._rank(number, linked))
        kept = sorted(ranked[:most])
        return History(tuple(self._timeline[number] for number in kept), len(every) - len(kept))

    def _rank(self, number: int, linked: Iterable[int]) -> tuple[int, int]:
        if any(_place(ref) in self._cited for ref in self._timeline[number].refs):
            return 0, number
        if number in linked:
            return 2, number
        return (3, -number) if self._is_run(number) else (1, number)

    def _is_run(self, number: int) -> bool:
        moment = self._timeline[number]
        return moment.source not in _STORES and moment.kind.startswith(_RUNS)


def _place(ref: EvidenceRef) -> tuple[str, int]:
    return ref.file, ref.offset
