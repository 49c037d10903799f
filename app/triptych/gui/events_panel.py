"""The table of entries with the record beside it: the twin of the picture, for eyes, keyboards and screen readers."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QWidget

from triptych.gui.display import plain_label, set_text
from triptych.gui.events_copy import Copying
from triptych.gui.events_model import FILTERED, EntryTable
from triptych.gui.events_record import Record
from triptych.gui.events_view import EventView
from triptych.gui.pieces import column
from triptych.gui.session import Session
from triptych.gui.theme import SMALL, Theme, face

NARROW = 900  # below that the record stands under the table
_COPIED = 3_000  # rows of one stretch that are looked up for a copy as text or XML
_FOLDED = ("kind", "task", "process", "command")  # where there is little room; the menu of the heads shows them
_SETTLE_MS = 50  # while the brush moves the table waits


class EventsPanel(QWidget):
    """Shows what of the lens the brush holds, or all of its scope. `filled` tells that other rows are shown.

    Beside the picture (`in_brush`) the record stands to the right and only the telling columns are shown at first.
    """

    filled = Signal()

    def __init__(self, session: Session, theme: Theme, *, in_brush: bool) -> None:
        super().__init__()
        self._session, self._lens = session, session.lens
        self.table = EntryTable(session, self)
        self.view = EventView(self.table, theme)
        self.record = Record(session, theme)
        self.copying = Copying(session, self._say, self)
        self.note = plain_label("", "dim", face(SMALL))
        self.note.setContentsMargins(12, 3, 12, 4)
        self.note.hide()
        self._stale = True
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self.fill)
        self._beside = in_brush
        for name in _FOLDED if in_brush else ():
            self.view.setColumnHidden(FILTERED.index(name), True)
        self.split = QSplitter(Qt.Orientation.Horizontal if in_brush else Qt.Orientation.Vertical)
        left = QWidget()
        inner = column(left)
        inner.addWidget(self.view, 1)
        inner.addWidget(self.note)
        self.split.addWidget(left)
        self.split.addWidget(self.record)
        self.split.setStretchFactor(0, 2)
        self.split.setStretchFactor(1, 1)
        self.split.setChildrenCollapsible(False)
        self._divided = False
        self.split.splitterMoved.connect(self._was_divided)
        column(self).addWidget(self.split)
        self.in_brush = self.view.header.in_brush
        self.in_brush.setChecked(in_brush)
        self._connect()

    def _connect(self) -> None:
        session, lens = self._session, self._lens
        self.in_brush.toggled.connect(lambda _: self._later(at_once=True))
        self.view.chose.connect(session.select_entry)
        self.view.proof.connect(session.show_proof)
        self.view.copy_wanted.connect(self.copy)
        self.record.copy_wanted.connect(self.copy)
        self.record.go.connect(session.select_entry)
        self.table.modelReset.connect(self.filled)
        lens.changed.connect(lambda: self._later(at_once=True))
        lens.moved.connect(lambda: self._later() if self.in_brush.isChecked() else None)
        lens.chosen.connect(self._chosen)
        session.clock_changed.connect(lambda _: self.table.set_heads())

    def focus(self) -> None:
        self.view.setFocus()

    def copy(self, form: str) -> None:
        """The selected entries, or the chosen one."""
        parts = self.view.selectionModel().selection().toList()
        rows = {self.table.row(at) for part in parts for at in range(part.top(), min(part.bottom(), part.top() + _COPIED) + 1)}
        chosen = sorted(rows) or ([self._lens.row] if self._lens.row >= 0 else [])
        if form == "table":
            self.view.copy()
        elif form == "xml":
            self.copying.as_xml(chosen)
        elif chosen:
            self.copying.as_text(chosen)

    def fill(self) -> None:
        """Take the rows anew; a panel that nobody sees waits until it is seen."""
        if not self.isVisible():
            self._stale = True
            return
        self._stale = False
        if self._beside:
            self.view.setColumnHidden(
                FILTERED.index("task"), self._lens.scope.task is not None and "task" not in self.table.filters
            )
        self.table.show(self._lens.rows() if self.in_brush.isChecked() else self._lens.scope.rows)
        self.view.follow(self._lens.row)

    def showEvent(self, event: object) -> None:
        if self._stale:
            self.fill()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wanted = Qt.Orientation.Horizontal if self._beside and self.width() >= NARROW else Qt.Orientation.Vertical
        if self.split.orientation() is not wanted:
            self.split.setOrientation(wanted)
            self._divided = False
        if not self._divided:
            whole = self.height() if wanted is Qt.Orientation.Vertical else self.width()
            self.split.setSizes([whole * 64 // 100, whole * 36 // 100])

    def _was_divided(self, *_: int) -> None:
        self._divided = True

    def _later(self, *, at_once: bool = False) -> None:
        if at_once:
            self._settle.stop()
            self.fill()
        elif not self._settle.isActive():
            self._settle.start()

    def _chosen(self) -> None:
        self.table.forget()
        self.view.follow(self._lens.row)

    def _say(self, text: str) -> None:
        set_text(self.note, text)
        self.note.setVisible(bool(text))
