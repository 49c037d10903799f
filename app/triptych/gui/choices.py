"""What a person chooses once for all rooms: the theme and the zone of times. Kept between runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from triptych.gui.clock import NAMES
from triptych.gui.session import Session
from triptych.gui.settings import Settings
from triptych.gui.theme import CHOICES, Theme


class Choices:
    """The commands `theme-…` and `clock-…`, and the marks in their menus."""

    def __init__(self, session: Session, theme: Theme, settings: Settings) -> None:
        self._session, self._theme, self._settings = session, theme, settings
        self._actions: Mapping[str, QAction] = {}

    def does(self) -> dict[str, Callable[[], None]]:
        """What each command does, by its name."""
        themes: dict[str, Callable[[], None]] = {f"theme-{name}": partial(self._choose_theme, name) for name in CHOICES}
        return themes | {f"clock-{name}": partial(self._choose_clock, name) for name in NAMES}

    def restore(self, actions: Mapping[str, QAction]) -> None:
        """Take what was kept, and mark it in the menus from now on."""
        self._actions = actions
        self._session.choose_clock(self._settings.text("clock", "utc"))
        self._mark()

    def clock_menu(self, parent: QWidget) -> QMenu:
        menu = QMenu(parent)
        for name in NAMES:
            menu.addAction(self._actions[f"clock-{name}"])
        return menu

    def _choose_theme(self, name: str) -> None:
        self._theme.choose(name)
        self._settings.keep("theme", name)
        self._mark()

    def _choose_clock(self, name: str) -> None:
        self._session.choose_clock(name)
        self._settings.keep("clock", name)
        self._mark()

    def _mark(self) -> None:
        for name in CHOICES:
            self._actions[f"theme-{name}"].setChecked(name == self._theme.choice)
        for name in NAMES:
            self._actions[f"clock-{name}"].setChecked(name == self._session.clock.name)
