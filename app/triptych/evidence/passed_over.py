"""What a walk had to pass over: problems of many files, the first hundred of a kind and then a count."""

from __future__ import annotations

from collections.abc import Iterable

from triptych.limits import DEFAULT
from triptych.model.case import Problem, Weight


class PassedOver:
    """Collects problems, each naming its own file."""

    def __init__(self, cap: int = DEFAULT.problems_of_a_kind) -> None:
        self._cap = cap
        self._kept: list[Problem] = []
        self._seen: dict[str, int] = {}

    def add(
        self,
        severity: Weight,
        code: str,
        file: str,
        where: str = "",
        *,
        tried: str,
        found: str,
        lost: str = "nothing",
        advice: str = "",
    ) -> None:
        """Note one problem; `tried` and `found` are halves of a sentence."""
        self.note(Problem(severity, code, file, where, tried, found, lost, advice))

    def note(self, problem: Problem) -> None:
        seen = self._seen[problem.code] = self._seen.get(problem.code, 0) + 1
        if seen <= self._cap:
            self._kept.append(problem)

    def extend(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            self.note(problem)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was noted, with one further row for each kind that overflowed."""
        rows = list(self._kept)
        for code, count in self._seen.items():
            if count > self._cap:
                first = next(problem for problem in self._kept if problem.code == code)
                more = count - self._cap
                found = f"{more:,} more of this kind"
                rows.append(Problem(first.severity, code, "", "", first.tried, found, first.lost, first.advice, more))
        return tuple(rows)
