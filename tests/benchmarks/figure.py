"""One line of what is printed."""

from __future__ import annotations

from dataclasses import dataclass

from tests.benchmarks.measure import Cost


@dataclass(frozen=True, slots=True)
class Figure:
    """One line: what was measured, the figure, what it is held against, and whether it holds ("" where nothing is promised)."""

    what: str
    figure: str
    against: str = ""
    holds: str = ""


def seconds(cost: Cost) -> str:
    return f"{cost.cpu:.2f} s CPU, {cost.wall:.2f} s"


def at_most(found: float, bound: float, unit: str = "") -> tuple[str, str]:
    """What a figure is held against, and whether it holds."""
    return f"{found:.2f}{unit}, at most {bound:.2f}", "holds" if found <= bound else "MISSED"
