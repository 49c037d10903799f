"""What exactly is wrong with this one? One row a field, one column a store, the findings beside it."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QItemSelectionModel, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QHeaderView, QSplitter, QStackedWidget, QWidget

from triptych.analysis.row import Verdict
from triptych.gui import words
from triptych.gui.cards import CardPanel
from triptych.gui.comparing import Entry, columns, entries
from triptych.gui.digest import Digest, TaskKey, logged_only
from triptych.gui.display import OneLine, visible
from triptych.gui.painting import lines_needed
from triptych.gui.pieces import Empty, column
from triptych.gui.session import Selection, Session
from triptych.gui.tables import Kind, Table
from triptych.gui.theme import BODY, ROW, SMALL, Theme, face
from triptych.gui.views import TableView
from triptych.model.task import Task

SILENT = 122  # pixels of a store that does not tell a task which event logs alone tell
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
                QRect(rect.left(), rect.top(), rect.width() - 1, 3),
                theme.colour(words.store_token(words.TELLERS[logical_index - 1])),
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
        self._divided = False  # whether a person divided the room between grid and cards
        self._folds: dict[str, bool] = {}  # what a person folded or unfolded
        self.cards = CardPanel(session, theme)
        self.empty = Empty()
        self.legend = OneLine(face(SMALL), whole=True)
        self.legend.setObjectName("dim")
        self.corner = QWidget()  # the window puts it beside the tabs
        self._layout()
        self.view.proof.connect(session.show_proof)
        self.view.section.connect(self._turn_section)
        session.clock_changed.connect(lambda _: self._fill())
        session.case_changed.connect(self._case_changed)
        session.selection_changed.connect(self._selection_changed)
        self._fill()

    def focus(self) -> None:
        self.view.setFocus()

    def state(self) -> QByteArray:
        return self.split.saveState() if self._divided else QByteArray()

    def restore(self, state: QByteArray) -> None:
        if not state.isEmpty():
            self.split.restoreState(state)
            self._divided = True
            self._turn()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._turn()
        self._make_room()

    def _moved(self, *_: int) -> None:
        self._divided = True
        self._make_room()

    def _turn(self) -> None:
        wanted = Qt.Orientation.Vertical if self.width() < NARROW else Qt.Orientation.Horizontal
        if self.split.orientation() is not wanted:
            self.split.setOrientation(wanted)
            self._divided = False
        if not self._divided:
            cards = self.height() * 2 // 5 if wanted is Qt.Orientation.Vertical else min(max(self.width() * 27 // 100, 240), 360)
            whole = self.height() if wanted is Qt.Orientation.Vertical else self.width()
            self.split.setSizes([whole - cards, cards])

    def _layout(self) -> None:
        row = QHBoxLayout(self.corner)
        row.setContentsMargins(10, 0, 4, 0)
        row.setSpacing(16)
        row.addWidget(self.legend, 1)
        row.addWidget(self.only)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.addWidget(self.view)
        self.split.addWidget(self.cards)
        self.split.setStretchFactor(0, 1)
        self.split.setChildrenCollapsible(False)
        self.split.splitterMoved.connect(self._moved)
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
        place = self.view.verticalScrollBar().value()
        at = (self.view.currentIndex().row(), self.view.currentIndex().column())
        self._task = line.task
        case = self._session.case
        rows = work.rows(line.task, case.host)
        differing = sum(1 for row in rows if row.verdict is Verdict.DIFFERS)
        self.only.setText(f"Only differences ({differing})")
        shown = entries(rows, only_differences=self.only.isChecked(), folds=self._folds)
        self.table.set_columns(columns(line.task, case, self._session.clock), shown)
        self._span()
        self._head.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self._head.setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
        self.view.setColumnWidth(0, 124)
        if logged_only(line.task):  # three columns that only say why they are empty leave the room to the one that tells
            for silent in range(1, len(words.STORES) + 1):
                self._head.setSectionResizeMode(silent, QHeaderView.ResizeMode.Fixed)
                self.view.setColumnWidth(silent, SILENT)
        self._make_room()
        self._current(*(at if same and at[0] >= 0 else self._first_difference()))
        if same:
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

    def _make_room(self) -> None:
        """The first row says why a store is absent, or how it has the task: it is as high as that needs."""
        rows = self.view.verticalHeader()
        if not self.table.rowCount():
            return
        for number in range(min(self.table.rowCount(), 2)):
            rows.resizeSection(number, ROW)
        if self.table.rowCount() > 1 and self.table.row(1).first:
            told = [(at, self.table.cell(1, at)) for at in range(1, self.table.columnCount())]
            lines = [lines_needed(visible(cell.text, 400), face(SMALL), self.view.columnWidth(at) - 18) for at, cell in told]
            rows.resizeSection(1, max(ROW, 10 + 16 * min(max(lines, default=1), 6)))

    def _first_difference(self) -> tuple[int, int]:
        """Where the eye should fall first: the first cell that differs, on the store that Windows acts on where one is known."""
        for number in range(self.table.rowCount()):
            differing = [
                at for at in (2, 1, *range(3, self.table.columnCount())) if self.table.cell(number, at).kind is Kind.DIFFERS
            ]
            if differing:
                return number, next((at for at in differing if self.table.cell(number, at).bold), differing[0])
        speaking = range(1, self.table.columnCount())
        told = [at for at in speaking if self.table.rowCount() > 1 and self.table.cell(1, at).kind is Kind.PLAIN]
        return 1, next(iter(told), 1)

    def _turn_section(self, row: int) -> None:
        """Fold or unfold a section; the keyboard stays on its head."""
        entry = self.table.row(row)
        if not self.only.isChecked():
            self._folds[entry.section] = not entry.folded
            self._fill()

    def _say_legend(self, differing: int, acted: bool) -> None:
        if self.only.isChecked() and not differing:
            self.legend.say("The stores that tell this task agree in every field.")
        elif acted:
            self.legend.say("Bold: what Windows acts on. Enter shows the bytes.")
        else:
            self.legend.say("Enter shows the bytes of a cell.")

    def _say_empty(self, wanted: TaskKey | None) -> None:
        if wanted is not None and self._session.run.state == "reading":
            self.empty.say("This task has not been read yet", "It appears here as soon as one of the stores tells it again.")
        elif not self._session.digest.lines:
            self.empty.say("No task to compare", "The three tellings of a task stand here side by side as soon as one is found.")
        else:
            self.empty.say("No task chosen", "Choose a task in the list: its three tellings then stand here side by side.")
