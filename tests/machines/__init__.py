"""Machines for the tests of everything above: a benign one a release, and the same after one hand was laid on it.

`benign("10")` is a Machine; `with_("sd-deleted")` the benign machine after a deviation of `lessons.deviations`, given by its
name or as a function. Both are made once a process. `.files()` has the bytes by path, `.write(folder)` and the like write them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from triptych.lessons import benign as builder
from triptych.lessons.deviations import DEVIATIONS, Deviation
from triptych.lessons.machine import Machine

__all__ = ["DEVIATIONS", "Deviation", "Machine", "benign", "small", "with_"]


@cache
def benign(version: str = "10", seed: int = 1) -> Machine:
    """A harmless machine of 200 tasks; `version` is 7, 10, 11 or 2022."""
    return builder.benign(version, seed)


@cache
def small(version: str = "10", seed: int = 1) -> Machine:
    """A harmless machine of some 60 tasks, where speed matters more than scale."""
    return builder.benign(version, seed, tasks=60)


@cache
def with_(deviation: str | Callable[[Machine], Machine], version: str = "10", seed: int = 1) -> Machine:
    """The benign machine after one deviation."""
    apply = DEVIATIONS[deviation].apply if isinstance(deviation, str) else deviation
    return apply(benign(version, seed))
