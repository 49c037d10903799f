"""Everything that is drawn by lot for a machine, from one seed: the same seed draws the same."""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from typing import TypeVar

from triptych.model.times import TICKS_A_SECOND

T = TypeVar("T")


class Chance:
    """A source of draws; `Chance("machine", 7)` and `Chance("machine", 7)` draw alike, each with its own place in the row."""

    def __init__(self, *seed: object) -> None:
        self._random = random.Random("\0".join(map(str, seed)))  # noqa: S311 - training evidence, repeatable on purpose

    def guid(self) -> str:
        """A random (version 4) GUID in braces and upper case, as the task service makes them."""
        return "{" + str(uuid.UUID(int=self._random.getrandbits(128), version=4)).upper() + "}"

    def number(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both within."""
        return self._random.randint(low, high)

    def ticks(self, low: float, high: float) -> int:
        """A stretch of time between two numbers of seconds, in ticks: never a round figure."""
        return self._random.randint(int(low * TICKS_A_SECOND), int(high * TICKS_A_SECOND)) | 1

    def pick(self, items: Sequence[T]) -> T:
        return self._random.choice(items)

    def some(self, items: Sequence[T], count: int) -> list[T]:
        """So many of the items, in their order."""
        chosen = sorted(self._random.sample(range(len(items)), min(count, len(items))))
        return [items[at] for at in chosen]

    def chance(self, share: float) -> bool:
        return self._random.random() < share
