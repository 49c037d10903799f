"""The shape of a comparison: one row a field, one cell a store."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from triptych.model.evidence import Reading
from triptych.model.task import Store


class Verdict(Enum):
    AGREES = "agrees"
    DIFFERS = "differs"
    ONE = "one"  # only one store tells the value: nothing to compare
    UNCOMPARABLE = "uncomparable"  # told in ways that cannot be compared here (an account name that nothing resolves)


@dataclass(frozen=True, slots=True)
class Row:
    """A field of a task. `field` is its dotted name (`actions[0].command`), `section` one of SECTIONS, `cells` in the
    order XML, registry, scheduler for the stores that hold a record; `shown` are the normalised values in words beside
    each cell. `runs` is the store whose value Windows would act on, with the reason in `why`.
    """

    field: str
    section: str
    label: str
    cells: tuple[tuple[Store, Reading[Any]], ...]
    shown: tuple[tuple[Store, str], ...]
    verdict: Verdict
    runs: Store | None = None
    why: str = ""

    def cell(self, store: Store) -> Reading[Any] | None:
        return next((reading for kept, reading in self.cells if kept is store), None)

    def text(self, store: Store) -> str:
        return next((text for kept, text in self.shown if kept is store), "")


SECTIONS = ("Presence", "Actions", "Principal", "Triggers", "Run state", "Settings", "Registration", "Storage")
