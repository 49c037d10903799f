"""The buttons above the case, and the search box."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from triptych.gui.display import set_button

_BUTTONS = (
    ("open-folder", "Open folder…"),
    ("open-file", "Open file…"),
    ("add-listing", "Add scheduler listing…"),
    ("rescan", "Read again"),
)


class Bar(QWidget):
    """What a person does with evidence."""

    def __init__(self, actions: Mapping[str, QAction]) -> None:
        super().__init__()
        self.setObjectName("bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 8, 10, 8)
        row.setSpacing(8)
        for name, text in _BUTTONS:
            row.addWidget(_button(actions[name], text, main=name == "open-folder"))
        row.addStretch(1)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search tasks, commands, accounts   Ctrl+F")
        self.search.setAccessibleName("Search tasks")
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumWidth(200)
        self.search.setMaximumWidth(380)
        row.addWidget(self.search, 4)


def _button(action: QAction, text: str, *, main: bool) -> QPushButton:
    button = QPushButton()
    set_button(button, text)
    button.setObjectName("main" if main else "")
    button.setAutoDefault(False)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.clicked.connect(action.trigger)
    action.enabledChanged.connect(button.setEnabled)
    return button
