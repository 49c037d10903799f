"""Ctrl+K: every command by name. Type a few letters, Enter does it."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QStringListModel, Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QDialog, QLineEdit, QListView, QWidget

from triptych.gui.pieces import column

WIDTH, ROWS = 560, 12


class Palette(QDialog):
    """A list of the commands that can be used now."""

    def __init__(self, actions: Iterable[QAction], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("palette")
        self.setWindowTitle("Commands")
        self._actions = [action for action in actions if action.isEnabled()]
        self._found = list(self._actions)
        self.line = QLineEdit()
        self.line.setPlaceholderText("What to do")
        self.line.setAccessibleName("Command")
        self.list = QListView()
        self.list.setAccessibleName("Commands")
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._model = QStringListModel(self)
        self.list.setModel(self._model)
        layout = column(self, margins=8, gap=6)
        layout.addWidget(self.line)
        layout.addWidget(self.list)
        self.setFixedSize(WIDTH, 60 + ROWS * 26)
        self.line.textChanged.connect(self._filter)
        self.line.returnPressed.connect(self._do)
        self.list.clicked.connect(lambda _: self._do())
        self._filter("")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        elif self._found:
            self._choose(min(max(self.list.currentIndex().row() + step, 0), len(self._found) - 1))

    def _filter(self, text: str) -> None:
        needles = text.casefold().split()
        self._found = [action for action in self._actions if all(needle in name_of(action).casefold() for needle in needles)]
        self._model.setStringList([f"{name_of(action)}    {action.shortcut().toString()}".rstrip() for action in self._found])
        self._choose(0)

    def _choose(self, row: int) -> None:
        self.list.setCurrentIndex(self._model.index(row, 0))

    def _do(self) -> None:
        row = self.list.currentIndex().row()
        self.accept()
        if 0 <= row < len(self._found):
            self._found[row].trigger()


def name_of(action: QAction) -> str:
    """A command's name without the mark of its menu key."""
    return action.text().replace("&", "").rstrip("…")
