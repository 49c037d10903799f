"""Turning whatever a parser throws into a problem with a place.

One of the two broad handlers of the house lives here (`Faults.guard`); parsers raise `FormatFault` where they can say what was
wrong, and anything else they throw becomes a problem all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from triptych.limits import DEFAULT
from triptych.model.case import Problem, Weight


class FormatFault(Exception):
    """Bytes that are not what the format says. `where` names the structure, `found` what stands there."""

    def __init__(self, code: str, where: str, tried: str, found: str) -> None:
        super().__init__(f"{code} at {where}: tried to {tried}, found {found}")
        self.code, self.where, self.tried, self.found = code, where, tried, found


class Faults:
    """Collects the problems of one source: the first hundred of a kind, then a count."""

    def __init__(self, file: str, cap: int = DEFAULT.problems_of_a_kind) -> None:
        self.file, self._cap = file, cap
        self._kept: list[Problem] = []
        self._seen: dict[str, int] = {}

    def add(
        self, severity: Weight, code: str, where: str, *, tried: str, found: str, lost: str = "nothing", advice: str = ""
    ) -> None:
        """Note one problem; `tried` and `found` are halves of a sentence: "tried to read a key", "the file ends at 0x3000"."""
        self._seen[code] = self._seen.get(code, 0) + 1
        if self._seen[code] <= self._cap:
            self._kept.append(Problem(severity, code, self.file, where, tried, found, lost, advice))

    def take(self, problems: Iterable[Problem]) -> None:
        """Add what another collection of the same file gave as `problems`: in the end as if all had been noted here."""
        for problem in problems:
            if problem.count > 1 or not problem.where:  # its row of those beyond the first hundred
                self._seen[problem.code] = self._seen.get(problem.code, 0) + problem.count
                continue
            seen = self._seen[problem.code] = self._seen.get(problem.code, 0) + 1
            if seen <= self._cap:
                self._kept.append(problem)

    @contextmanager
    def guard(
        self, code: str, where: str, *, tried: str, lost: str, advice: str = "", severity: Weight = Weight.LOST
    ) -> Iterator[None]:
        """Run a step whose failure costs `lost` and nothing else: whatever it throws becomes a problem of that weight."""
        try:
            yield
        except FormatFault as fault:
            self.add(severity, fault.code, fault.where, tried=fault.tried, found=fault.found, lost=lost, advice=advice)
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001 - hostile bytes make libraries throw anything, RecursionError included
            found = f"{type(error).__name__}: {error}"[:300]
            self.add(severity, code, where, tried=tried, found=found, lost=lost, advice=advice)

    def within(self, place: str) -> Faults:
        """The same collection for what stands inside a place: the place is named before each `where`."""
        return _Within(self, place)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was noted, with one further row for each kind that overflowed."""
        over = [(code, count) for code, count in self._seen.items() if count > self._cap]
        rows = list(self._kept)
        for code, count in over:
            first = next(problem for problem in self._kept if problem.code == code)
            more = count - self._cap
            rows.append(
                Problem(
                    first.severity, code, self.file, "", first.tried, f"{more} more of this kind", first.lost, first.advice, more
                )
            )
        return tuple(rows)

    def __len__(self) -> int:
        return len(self._kept)


class _Within(Faults):
    """Hands on to an outer collection, with its place before each `where`."""

    def __init__(self, outer: Faults, place: str) -> None:
        super().__init__(outer.file)
        self._outer, self._place = outer, place

    def add(
        self, severity: Weight, code: str, where: str, *, tried: str, found: str, lost: str = "nothing", advice: str = ""
    ) -> None:
        inside = f"{self._place}, {where}" if where else self._place
        self._outer.add(severity, code, inside, tried=tried, found=found, lost=lost, advice=advice)

    @property
    def problems(self) -> tuple[Problem, ...]:
        return self._outer.problems

    def __len__(self) -> int:
        return len(self._outer)
