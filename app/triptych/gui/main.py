"""Putting the window together: application, theme, session, window."""

from __future__ import annotations

import sys

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from triptych.gui.session import Open, Session
from triptych.gui.settings import Settings
from triptych.gui.theme import Theme
from triptych.gui.trouble import Trouble, keep_log
from triptych.gui.window import Window


def build(opening: Open, settings: Settings, example: str = "") -> Window:
    """A window over an application that exists already."""
    theme = Theme(settings.text("theme", "system"))
    theme.apply()
    return Window(Session(opening), theme, settings, example)


def main(opening: Open, example: str, arguments: tuple[str, ...], listings: tuple[str, ...]) -> int:
    """Run the application until its window is closed."""
    QGuiApplication.setDesktopFileName("triptych")
    app = QApplication(sys.argv[:1])
    app.setApplicationName("Triptych")
    window = build(opening, Settings(), example)
    trouble = Trouble()
    trouble.happened.connect(window.say_trouble)
    undo = trouble.install(keep_log())
    if arguments:
        window.open(arguments, listings)
    window.show()
    try:
        return app.exec()
    finally:
        undo()
