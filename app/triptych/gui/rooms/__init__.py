"""The rooms of the window, each a widget over the one session; rooms do not know each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtWidgets import QWidget

from triptych.gui.rooms.bytes import BytesRoom
from triptych.gui.rooms.compare import CompareRoom
from triptych.gui.rooms.events import EventsRoom
from triptych.gui.rooms.findings import FindingsRoom
from triptych.gui.rooms.problems import ProblemsRoom
from triptych.gui.rooms.sources import SourcesRoom
from triptych.gui.rooms.timeline import TimelineRoom
from triptych.gui.session import Session
from triptych.gui.theme import Theme
from triptych.model.case import Case


class Focusable(Protocol):
    """What the window asks of a room: to take the keyboard."""

    def focus(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Room:
    """A room behind a tab: its name for the session, its title, how it is made, what its tab counts.

    A `wide` room takes the place of the list of tasks as well, until the list is asked for.
    """

    name: str
    title: str
    make: Callable[[Session, Theme], QWidget]
    count: Callable[[Case], int] | None = None
    wide: bool = False


ROOMS: tuple[Room, ...] = (
    Room("compare", "Compare", CompareRoom),
    Room("bytes", "Bytes", BytesRoom),
    Room("timeline", "Timeline", TimelineRoom, wide=True),
    Room("events", "Events", EventsRoom, lambda case: sum(block.rows for block in case.events), wide=True),
    Room("findings", "All findings", FindingsRoom, lambda case: len(case.findings)),
    Room("problems", "Problems", ProblemsRoom, lambda case: len(case.problems)),
    Room("sources", "Sources", SourcesRoom, lambda case: len(case.files)),
)
