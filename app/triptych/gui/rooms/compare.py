"""What exactly is wrong with this one? One row a field, one column a store, the findings beside it."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QItemSelectionModel, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QHeaderView, QSplitter, QStackedWidget, QWidget

from triptych.analysis.row import Verdict
from triptych.gui import words
from triptych.gui.cards import CardPanel
from triptych.gui.comparing import Entry, columns, entries
from triptych.gui.digest import Digest, TaskKey
from triptych.gui.display import plain_label, set_text
from triptych.gui.pieces import Empty, column
from triptych.gui.session import Selection, Session
from triptych.gui.tables import Table
from triptych.gui.theme import BODY, SMALL, Theme, face
from triptych.gui.views import TableView
from triptych.model.task import Task

NARROW = 760  # below that the cards stand under the grid


class StoreHeader(QHeaderView):
    """Heads of the three panels, each under the line of its store's colour."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._theme = theme
        theme.changed.connect(self.viewport().update)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), 32)

    def paintSection(self, painter: QPainter, rect: QRect, logical_index: int) -> None:
        theme = self._theme
        painter.save()
        painter.fillRect(rect, theme.colour("panel"))
        painter.setPen(theme.colour("line"))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        painter.drawLine(rect.topRight(), rect.bottomRight())
        title = str(self.model().headerData(logical_index, Qt.Orientation.Horizontal) or "")
        name, _, where = title.partition("  ")
        if logical_index:
            painter.fillRect(
                QRect(rect.left(), rect.top(), rect.width() - 1, 3), theme.colour(words.STORES[logical_index - 1].value)
            )
        inner = rect.adjusted(9, 3, -6, 0)
        painter.setFont(face(BODY, bold=True))
        painter.setPen(theme.colour("text" if logical_index else "dim"))
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter, name)
        used = painter.fontMetrics().horizontalAdvance(name) + 7
        painter.setFont(face(SMALL))
        painter.setPen(theme.colour("dim"))
        shown = painter.fontMetrics().elidedText(where, Qt.TextElideMode.ElideRight, max(inner.width() - used, 0))
        painter.drawText(inner.adjusted(used, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, shown)
        painter.restore()


class CompareRoom(QWidget):
    """The triptych itself."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session = session
        self._task: Task | None = None
        self.table: Table[Entry] = Table((), lambda entry: (entry.section, entry.row.field if entry.row else ""), self)
        self.view = TableView(self.table, theme, "Comparison of the stores", whole_rows=False)
        head = StoreHeader(theme, self.view)
        self.view.setHorizontalHeader(head)
        self._head = head
        self.only = QCheckBox("Only differences (0)")
        self.only.toggled.connect(self._fill)
        self.cards = CardPanel(session, theme)
        self.empty = Empty()
        self.legend = plain_label("", "dim", face(SMALL))
        self._layout()
        self.view.proof.connect(session.show_proof)
        session.case_changed.connect(self._case_changed)
        session.selection_changed.connect(self._selection_changed)
        self._fill()

    def focus(self) -> None:
        self.view.setFocus()

    def state(self) -> QByteArray:
        return self.split.saveState()

    def restore(self, state: QByteArray) -> None:
        if not state.isEmpty():
            self.split.restoreState(state)
            self._turn()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._turn()

    def _turn(self) -> None:
        wanted = Qt.Orientation.Vertical if self.width() < NARROW else Qt.Orientation.Horizontal
        if self.split.orientation() is not wanted:
            self.split.setOrientation(wanted)
            upright = wanted is Qt.Orientation.Vertical
            self.split.setSizes([self.height() * 3 // 5, self.height() * 2 // 5] if upright else [740, 280])

    def _layout(self) -> None:
        bar = QWidget()
        bar.setObjectName("panel")
        row = QHBoxLayout(bar)
        row.setContentsMargins(10, 5, 12, 5)
        row.addWidget(self.legend, 1)
        row.addWidget(self.only)
        grid = QWidget()
        inner = column(grid)
        inner.addWidget(self.view, 1)
        inner.addWidget(bar)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.addWidget(grid)
        self.split.addWidget(self.cards)
        self.split.setStretchFactor(0, 1)
        self.split.setChildrenCollapsible(False)
        self.split.setSizes([740, 280])
        self._stack = QStackedWidget()
        self._stack.addWidget(self.split)
        self._stack.addWidget(self.empty)
        column(self).addWidget(self._stack)

    def _case_changed(self, _: Digest) -> None:
        self._fill()

    def _selection_changed(self, selection: Selection) -> None:
        line = self._session.line
        if (line.task if line else None) is not self._task:
            self._fill()

    def _fill(self, _: bool = False) -> None:
        line, work = self._session.line, self._session.work
        if line is None or work is None:
            self._task = None
            self._say_empty(self._session.selection.task)
            self._stack.setCurrentIndex(1)
            return
        same = self._task is not None and self._task.path == line.task.path
        place = self.view.verticalScrollBar().value() if same else 0
        at = (self.view.currentIndex().row(), self.view.currentIndex().column())
        self._task = line.task
        rows = work.rows(line.task, self._session.case.host)
        differing = sum(1 for row in rows if row.verdict is Verdict.DIFFERS)
        self.only.setText(f"Only differences ({differing})")
        self.table.set_columns(columns(line.task, self._session.case), entries(rows, only_differences=self.only.isChecked()))
        self._span()
        self._head.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self._head.setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
        self.view.setColumnWidth(0, 150)
        self._current(*(at if same and at[0] >= 0 else (1, 1)))
        self.view.verticalScrollBar().setValue(place)
        self._say_legend(differing, any(row.runs for row in rows))
        self.cards.show_findings(line.findings)
        self._stack.setCurrentIndex(0)

    def _span(self) -> None:
        self.view.clearSpans()
        for number in range(self.table.rowCount()):
            if self.table.row(number).row is None:
                self.view.setSpan(number, 0, 1, self.table.columnCount())

    def _current(self, row: int, at: int) -> None:
        if row < self.table.rowCount():
            index = self.table.index(row, at)
            self.view.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def _say_legend(self, differing: int, acted: bool) -> None:
        if self.only.isChecked() and not differing:
            set_text(self.legend, "The stores that tell this task agree in every field.")
        elif acted:
            set_text(self.legend, "Bold: what Windows acts on. Enter shows the bytes.")
        else:
            set_text(self.legend, "Enter shows the bytes of a cell.")

    def _say_empty(self, wanted: TaskKey | None) -> None:
        if wanted is not None and self._session.run.state == "reading":
            self.empty.say("This task has not been read yet", "It appears here as soon as one of the stores tells it again.")
        else:
            self.empty.say("No task chosen", "Choose a task in the list: its three tellings then stand here side by side.")
