"""The first thing a person sees: what to open, where to drop it, what was open before."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from triptych.gui import icons
from triptych.gui.display import Prose, mnemonic_free, picture_label, plain_label, set_tip, visible
from triptych.gui.theme import BODY, LARGE, SMALL, TITLE, Theme, face

WIDTH = 1160
OPENABLE = (
    ("Windows", "the root of a mounted image or volume"),
    ("Collection", "folder or zip of KAPE, Velociraptor, CyLR, acquire"),
    ("Single files", "SOFTWARE hive with its logs, Tasks folder, .job, .reg export of TaskCache"),
    ("Scheduler listing", "schtasks, PowerShell, autorunsc, Velociraptor output"),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the large choices: what it is called, what it does, and the key for it."""

    name: str
    icon: str
    title: str
    text: str
    foot: str
    key: str


FOLDER = Choice(
    "folder",
    "folder-plus",
    "Open a folder",
    "A mounted image, a collection, a Tasks folder. Its kind is found out.",
    "opened read only",
    "Ctrl+O",
)
FILE = Choice(
    "file", "file-plus", "Open a file", "A collector's zip, a hive, a .reg export, a .job file.", "opened read only", "Ctrl+Shift+O"
)
EXAMPLE = Choice(
    "example",
    "columns-3",
    "Example host",
    "WS-FIN-07, a made-up host with a hidden task: a first look.",
    "comes with Triptych",
    "Ctrl+Shift+E",
)


class Logo(QWidget):
    """Three panels, the third one absent."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setFixedSize(60, 40)
        theme.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for number, token in enumerate(("xml", "registry")):
            painter.setBrush(self._theme.colour(token))
            painter.drawRoundedRect(QRectF(number * 21, 2, 17, 36), 2, 2)
        pen = QPen(self._theme.colour("scheduler"), 1.5)
        pen.setDashPattern([2.5, 2.0])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(42.75, 2.75, 15.5, 34.5), 2, 2)
        painter.end()


class ChoiceButton(QPushButton):
    """A large choice."""

    def __init__(self, choice: Choice, theme: Theme) -> None:
        super().__init__()
        self.choice, self._theme = choice, theme
        self.setObjectName("choice")
        self.setMinimumHeight(224)
        self.setAutoDefault(True)
        self.setAccessibleName(f"{choice.title}: {choice.text}")
        self._icon = picture_label()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 18)
        layout.setSpacing(6)
        layout.addWidget(self._icon)
        layout.addSpacing(14)
        layout.addWidget(plain_label(choice.title, font=face(20, bold=True)))
        layout.addWidget(Prose(choice.text, face(BODY)))
        layout.addStretch(1)
        foot = QHBoxLayout()
        foot.addWidget(plain_label(choice.foot, "dim", face(SMALL)))
        foot.addStretch(1)
        foot.addWidget(plain_label(choice.key, "key", face(SMALL, mono=True)))
        layout.addLayout(foot)
        for child in self.findChildren(QWidget):
            child.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._draw()
        theme.changed.connect(self._draw)

    def _draw(self) -> None:
        self._icon.setPixmap(icons.picture(self.choice.icon, self._theme.colour("accent"), 40, self.devicePixelRatioF()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.focusNextPrevChild(event.key() == Qt.Key.Key_Right)
        else:
            super().keyPressEvent(event)


class DropTarget(QWidget):
    """Says where evidence may be dropped (anywhere in the window) and what can be opened."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.lit = False
        words = QVBoxLayout()
        words.addStretch(1)
        words.addWidget(plain_label("Drop evidence here", font=face(TITLE, bold=True)))
        words.addWidget(plain_label("Several files and folders become one host.", "dim"))
        words.addStretch(1)
        table = QGridLayout()
        table.setHorizontalSpacing(26)
        table.setVerticalSpacing(6)
        for row, (kind, text) in enumerate(OPENABLE):
            table.addWidget(plain_label(kind, "dim"), row, 0, Qt.AlignmentFlag.AlignTop)
            table.addWidget(Prose(text, face(BODY)), row, 1)
        table.setColumnStretch(1, 1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(26, 20, 26, 20)
        layout.addLayout(words)
        layout.addSpacing(56)
        layout.addLayout(table, 1)
        theme.changed.connect(self.update)

    def light(self, lit: bool) -> None:
        self.lit = lit
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(self._theme.colour("accent" if self.lit else "strong_line"), 2)
        pen.setDashPattern([3.0, 2.5])
        painter.setPen(pen)
        painter.setBrush(self._theme.colour("selection") if self.lit else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 8, 8)
        painter.end()


class StartRoom(QScrollArea):
    """Choices, drop target, the last evidence."""

    chosen = Signal(str)  # the name of a choice
    recent_chosen = Signal(object)  # tuple[str, ...]

    def __init__(self, theme: Theme, choices: tuple[Choice, ...], recent: tuple[tuple[str, ...], ...]) -> None:
        super().__init__()
        self._theme = theme
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.buttons = [ChoiceButton(choice, theme) for choice in choices]
        self.recents: list[QPushButton] = []
        self.drop = DropTarget(theme)
        page = QWidget()
        row = QHBoxLayout(page)
        row.addStretch(1)
        inner = QWidget()
        inner.setMaximumWidth(WIDTH)
        row.addWidget(inner, 20)
        row.addStretch(1)
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(20, 40, 20, 20)
        self._column.setSpacing(20)
        self._column.addStretch(1)
        self._column.addLayout(self._head())
        self._column.addSpacing(8)
        self._column.addLayout(self._choices())
        self._column.addWidget(self.drop)
        self._recent = QWidget()
        self._column.addWidget(self._recent)
        self._column.addStretch(3)
        self.setWidget(page)
        self.show_recent(recent)

    def focus(self) -> None:
        self.buttons[0].setFocus()

    def show_recent(self, recent: tuple[tuple[str, ...], ...]) -> None:
        """The last evidence opened; nothing at all where there is none."""
        fresh = QWidget()
        layout = QVBoxLayout(fresh)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.setSpacing(2)
        self.recents = []
        if recent:
            layout.addWidget(plain_label("Recent evidence", font=face(15, bold=True)))
            layout.addSpacing(4)
        for arguments in recent:
            button = self._recent_button(arguments)
            layout.addWidget(button)
            self.recents.append(button)
        self._column.replaceWidget(self._recent, fresh)
        self._recent.deleteLater()
        self._recent = fresh

    def _recent_button(self, arguments: tuple[str, ...]) -> QPushButton:
        button = QPushButton()
        button.setObjectName("recent")
        button.setAutoDefault(True)
        name = Path(arguments[0].rstrip("/\\")).name or arguments[0]
        more = f" and {len(arguments) - 1} more" if len(arguments) > 1 else ""
        button.setText(mnemonic_free(f"{visible(name, 80)}{more}    {visible(str(Path(arguments[0]).parent), 120)}"))
        set_tip(button, "\n".join(arguments))
        button.setAccessibleName(f"Open again: {visible(', '.join(arguments), 300)}")
        button.clicked.connect(lambda: self.recent_chosen.emit(arguments))
        return button

    def _head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(18)
        head.addWidget(Logo(self._theme))
        text = QVBoxLayout()
        text.setSpacing(2)
        text.addWidget(plain_label("Triptych", font=face(LARGE, bold=True)))
        text.addWidget(
            plain_label("Each scheduled task as the file, the registry and the scheduler tell it, side by side.", "dim", face(15))
        )
        head.addLayout(text, 1)
        return head

    def _choices(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(20)
        for button in self.buttons:
            button.clicked.connect(lambda _=False, name=button.choice.name: self.chosen.emit(name))
            row.addWidget(button, 1)
        return row
