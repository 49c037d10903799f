"""The rows of the timeline: filtered by every column, stacked by the rarest value, copied, opened as XML and bytes."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QSplitter, QStackedWidget, QWidget

from triptych.gui import words
from triptych.gui.display import OneLine, plain_label, set_button, set_tip
from triptych.gui.events_filter import COLUMNS, Stack, exactly, stacked
from triptych.gui.events_model import FILTERED
from triptych.gui.events_panel import EventsPanel
from triptych.gui.pieces import Empty, column
from triptych.gui.session import Session
from triptych.gui.tables import Cell, Column, Kind, Table
from triptych.gui.theme import BODY, SMALL, Theme, face
from triptych.gui.timeline_lens import ALL, TASK
from triptych.gui.views import TableView

MOST = 2_000  # values of a stack that are listed, the rarest
STACK: tuple[Column[Stack], ...] = (
    Column("Count", lambda stack: Cell(f"{stack.count:,}", mono=True), lambda stack: stack.count, width=84),
    Column(
        "Value",
        lambda stack: Cell(stack.value) if stack.value else Cell("(none)", kind=Kind.DIM),
        lambda stack: stack.value.casefold(),
        width=300,
    ),
)


class EventsRoom(QWidget):
    """The table over the whole room; on the left, when asked for, the values of one column with their counts."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._lens = session, session.lens
        self.panel = EventsPanel(session, theme, in_brush=False)
        self.stack_table: Table[Stack] = Table(STACK, lambda stack: stack.value, self)
        self.stack_view = TableView(self.stack_table, theme, "Values and how often they occur, the rarest first")
        self.stack_by = QComboBox()
        self.this, self.all, self.clear = QPushButton(), QPushButton(), QPushButton()
        self.count = OneLine(face(SMALL))
        self.empty = Empty()
        self._layout()
        self._connect()
        self.refresh()

    def focus(self) -> None:
        self.panel.focus()

    def _layout(self) -> None:
        bar = QWidget()
        bar.setObjectName("panel")
        bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(bar)
        row.setContentsMargins(12, 7, 12, 7)
        for button, text in ((self.this, "This task"), (self.all, "All")):
            button.setObjectName("chip")
            button.setCheckable(True)
            set_button(button, text)
            row.addWidget(button)
        row.addWidget(self.count, 1)
        set_button(self.clear, "No filter")
        row.addWidget(self.clear)
        row.addWidget(plain_label("Rare values of", "dim", face(BODY)))
        self.stack_by.setAccessibleName("Column whose values are counted")
        self.stack_by.addItem("no column", "")
        for name in COLUMNS:
            self.stack_by.addItem(self.panel.table.columns[FILTERED.index(name)].title, name)
        set_tip(
            self.stack_by,
            "Counts the values of a column among the rows shown, the rarest first; a click keeps one value alone",
        )
        row.addWidget(self.stack_by)
        self.stack_view.setSortingEnabled(True)
        self.stack_view.horizontalHeader().setSortIndicator(0, Qt.SortOrder.AscendingOrder)
        self.stack_view.horizontalHeader().setStretchLastSection(True)
        self.stack_view.hide()
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.addWidget(self.stack_view)
        self.split.addWidget(self.panel)
        self.split.setStretchFactor(1, 1)
        self.split.setChildrenCollapsible(False)
        self.split.setSizes([300, 1000])
        self._stack = QStackedWidget()
        self._stack.addWidget(self.split)
        self._stack.addWidget(self.empty)
        layout = column(self)
        layout.addWidget(bar)
        layout.addWidget(self._stack, 1)

    def _connect(self) -> None:
        self.this.clicked.connect(lambda: self._choose(TASK))
        self.all.clicked.connect(lambda: self._choose(ALL))
        self.clear.clicked.connect(self._clear)
        self.stack_by.currentIndexChanged.connect(lambda _: self._restack())
        self.stack_view.clicked.connect(self._picked)
        self.panel.filled.connect(self.refresh)
        self.panel.filled.connect(self._restack)
        for signal in (self._lens.changed, self._session.case_changed, self._session.selection_changed):
            signal.connect(self.refresh)

    def refresh(self, *_: object) -> None:
        """Say how many there are."""
        lens, table = self._lens, self.panel.table
        line = self._session.line
        set_button(self.this, line.task.name if line else "This task")
        set_button(self.all, f"All {words.plural(len(self._session.case.tasks), 'task')}" if self._session.case.tasks else "All")
        self.this.setEnabled(line is not None)
        self.this.setChecked(lens.scope.task is not None)
        self.all.setChecked(lens.scope.task is None)
        kept = f"{table.rowCount():,} of " if table.filters else ""
        self.count.say(f"{kept}{words.plural(len(table.given), 'entry', 'entries')}")
        self.clear.setEnabled(bool(table.filters))
        shown = bool(len(lens.entries))
        self._stack.setCurrentIndex(0 if shown else 1)
        if not shown:
            self.empty.say(
                "No events",
                "Event logs (winevt\\Logs, exported .evtx files) and the times of files and keys fill this room: open their folder.",
            )

    def _restack(self) -> None:
        name = str(self.stack_by.currentData() or "")
        self.stack_view.setVisible(bool(name))
        if name and self.isVisible():
            self.stack_table.set_rows(stacked(self._lens.entries, self.panel.table.shown, name)[:MOST])

    def _picked(self, index: QModelIndex) -> None:
        """Keep the value alone."""
        name = str(self.stack_by.currentData() or "")
        if name and index.isValid():
            self.panel.view.filter_by(name, exactly(self.stack_table.row(index.row()).value))

    def _clear(self) -> None:
        for field in self.panel.view.header.fields.values():
            field.clear()

    def _choose(self, mode: str) -> None:
        self._lens.choose_mode(mode)
        self.refresh()
