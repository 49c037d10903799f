"""The chosen task over its rooms: path, badges, GUID."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from triptych.gui.digest import Digest, Line, hidden_from_administrators, logged_only
from triptych.gui.display import OneLine, plain_label, set_text
from triptych.gui.session import Selection, Session
from triptych.gui.theme import SMALL, TITLE, face

WIDE = 960  # below that the badges stand under the path


def badges(line: Line) -> tuple[str, ...]:
    """What must be known of a task before anything else."""
    return (*((scheduler,) if (scheduler := _listed(line)) else ()), *(("◆ The stores disagree",) if line.differing else ()))


def _listed(line: Line) -> str:
    if line.hidden:
        return f"◆ Hidden from {'Administrators' if hidden_from_administrators(line.task) else 'the scheduler'}"
    if logged_only(line.task):
        return "Told by event logs alone"
    return "Not in the scheduler" if line.absent else ""


class TaskHead(QWidget):
    """Follows the selection."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.setObjectName("head")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.path = OneLine(face(TITLE, bold=True))
        self.badges = [plain_label("", "badge", face(SMALL)) for _ in range(2)]
        self.guid = plain_label("", "dim", face(SMALL, mono=True))
        self._holder = QWidget()
        flow = QHBoxLayout(self._holder)
        flow.setContentsMargins(0, 0, 0, 0)
        for badge in self.badges:
            flow.addWidget(badge)
        flow.addStretch(1)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(14, 10, 14, 4)
        self._grid.setHorizontalSpacing(10)
        self._grid.setColumnStretch(0, 1)
        self._grid.addWidget(self.path, 0, 0)
        self._grid.addWidget(self._holder, 0, 1)
        self._grid.addWidget(self.guid, 0, 2)
        self._wide = True
        session.selection_changed.connect(self.follow)
        session.case_changed.connect(self.follow)
        self.follow()

    def follow(self, _: Selection | Digest | None = None) -> None:
        line = self._session.line
        self.path.say(line.task.path if line else "No task")
        told = badges(line) if line else ()
        for number, badge in enumerate(self.badges):
            badge.setVisible(number < len(told))
            set_text(badge, told[number] if number < len(told) else "")
        set_text(self.guid, line.task.guid if line else "")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() > WIDE
        if wide is not self._wide:
            self._wide = wide
            self.guid.setVisible(wide)
            self._grid.removeWidget(self._holder)
            self._grid.addWidget(self._holder, *((0, 1) if wide else (1, 0, 1, 3)))
