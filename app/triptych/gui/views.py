"""How tables are drawn and driven: one view and one delegate for all of them."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QContextMenuEvent, QKeyEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from triptych.gui.display import to_clipboard, visible
from triptych.gui.painting import draw_block, draw_hatch, draw_marks, draw_text
from triptych.gui.tables import CELL_ROLE, PROOF_ROLE, Cell, Kind, Table
from triptych.gui.theme import BODY, ROW, SMALL, Theme, face
from triptych.model.evidence import EvidenceRef

_GROUNDS = {Kind.DIFFERS: "difference", Kind.SECTION: "raised"}
EDGE = 3  # width of the stripe at the left of a row


class CellDelegate(QStyledItemDelegate):
    """Draws a cell by its kind. On the grounds of difference and absence only the colours that can be read there."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        cell = index.data(CELL_ROLE)
        if not isinstance(cell, Cell):
            super().paint(painter, option, index)
            return
        box = QRect(option.rect)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected) and _shows_choice(option.widget)
        painter.save()
        self._ground(painter, box, cell, chosen)
        if cell.kind is Kind.STORES:
            self._stores(painter, box, cell)
        elif cell.kind is Kind.NAME:
            self._name(painter, box, cell)
        elif box.height() > ROW and not cell.mono:
            draw_block(painter, box.adjusted(9, 0, -8, -1), visible(cell.text, 400), face(SMALL), self._ink(cell, chosen))
        else:
            font = face(SMALL if cell.mono or cell.kind in (Kind.SECTION, Kind.ABSENT) else BODY, bold=cell.bold, mono=cell.mono)
            mark = self._theme.colour("mark") if cell.kind is Kind.DIFFERS and not chosen else None
            draw_text(
                painter,
                box.adjusted(9, 0, -8, -1),
                cell.extra if isinstance(cell.extra, str) else visible(cell.text),
                font,
                self._ink(cell, chosen),
                cell.marks,
                mark,
                tail=cell.tail,
                brief=visible(cell.brief),
            )
        self._frame(painter, box, option, index.column())
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(80, ROW)

    def _ground(self, painter: QPainter, box: QRect, cell: Cell, chosen: bool) -> None:
        if cell.kind is Kind.ABSENT:
            draw_hatch(painter, self._theme, box)
            if chosen:
                painter.fillRect(box, self._theme.colour("selection"))
            return
        token = "selection" if chosen else _GROUNDS.get(cell.kind, "background")  # over the view's own ground of a choice
        painter.fillRect(box, self._theme.colour(token))

    def _ink(self, cell: Cell, chosen: bool) -> QColor:
        if cell.kind is Kind.ABSENT:
            return self._theme.colour("text" if chosen else "absent_text")
        if cell.kind is Kind.DIFFERS:
            return self._theme.colour("text")
        if cell.kind in (Kind.DIM, Kind.SECTION):
            return self._theme.colour("dim")
        return self._theme.colour(cell.ink or "text")

    def _stores(self, painter: QPainter, box: QRect, cell: Cell) -> None:
        marks = cell.extra if isinstance(cell.extra, tuple) else ()
        at = QPointF(box.left() + 12, box.center().y() - 7.5)
        device = painter.device()
        draw_marks(painter, self._theme, at, marks, device.devicePixelRatio() if device else 1.0)
        if cell.ink:
            painter.fillRect(QRect(box.left(), box.top(), EDGE, box.height()), self._theme.colour(cell.ink))

    def _name(self, painter: QPainter, box: QRect, cell: Cell) -> None:
        name, folder = cell.extra if isinstance(cell.extra, tuple) else (cell.text, "")
        inner = box.adjusted(9, 0, -8, -1)
        font = face(BODY, bold=cell.bold)
        draw_text(painter, inner, name, font, self._theme.colour("text"))
        painter.setFont(font)
        used = painter.fontMetrics().horizontalAdvance(name) + 8
        if folder and inner.width() - used > 40:
            draw_text(painter, inner.adjusted(used, 0, 0, 0), folder, face(BODY), self._theme.colour("dim"))

    def _frame(self, painter: QPainter, box: QRect, option: QStyleOptionViewItem, column: int) -> None:
        painter.setPen(self._theme.colour("line"))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        view = option.widget
        if not isinstance(view, TableView):
            return
        if not view.whole_rows:
            painter.drawLine(box.topRight(), box.bottomRight())
        elif option.state & QStyle.StateFlag.State_Selected and view.hasFocus() and column == 0:
            painter.fillRect(QRect(box.left() + EDGE, box.top(), 2, box.height() - 1), self._theme.colour("accent"))
        if option.state & QStyle.StateFlag.State_HasFocus and not view.whole_rows:
            focus = QPen(self._theme.colour("accent"), 1)
            painter.setPen(focus)
            painter.drawRect(box.adjusted(0, 0, -1, -1))


def _shows_choice(view: QWidget | None) -> bool:
    """A chosen row always shows; a chosen cell only while it has the keyboard, or as part of several."""
    if not isinstance(view, TableView) or view.whole_rows or view.hasFocus():
        return True
    ranges = view.selectionModel().selection().toList()
    return len(ranges) > 1 or any(part.width() * part.height() > 1 for part in ranges)


class TableView(QTableView):
    """A table for a person with a keyboard: Enter asks for the proof, Ctrl+C copies whole values, letters may go elsewhere."""

    proof = Signal(str, object)  # what it proves, tuple[EvidenceRef, ...]
    typed = Signal(str)  # text typed where letters filter
    section = Signal(int)  # the row of a section head that shall fold or unfold
    marked = Signal(int)  # the row on which Space was pressed
    resized = Signal()

    def __init__(self, model: Table[Any], theme: Theme, name: str, *, whole_rows: bool = True, filters: bool = False) -> None:
        super().__init__()
        self.table = model
        self.whole_rows, self._filters, self._theme = whole_rows, filters, theme
        self.setAccessibleName(name)
        self.setModel(model)
        self._delegate = CellDelegate(theme, self)
        self.setItemDelegate(self._delegate)
        behavior = QAbstractItemView.SelectionBehavior
        self.setSelectionBehavior(behavior.SelectRows if whole_rows else behavior.SelectItems)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        rows = self.verticalHeader()
        rows.setVisible(False)
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setMinimumSectionSize(ROW)
        rows.setDefaultSectionSize(ROW)
        columns = self.horizontalHeader()
        columns.setHighlightSections(False)
        columns.setMinimumSectionSize(48)
        columns.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for number, column in enumerate(model.columns):
            self.setColumnWidth(number, column.width)
        self.doubleClicked.connect(self.ask_proof)
        self.clicked.connect(lambda index: self.section.emit(index.row()) if self._on_section(index) else None)
        theme.changed.connect(self.viewport().update)

    def ask_proof(self, index: QModelIndex | None = None) -> None:
        """Tell what proves a cell, or the first cell of its row that has a proof."""
        index = index or self.currentIndex()
        if not index.isValid():
            return
        row, columns = index.row(), range(self.table.columnCount())
        for column in (index.column(), *columns):
            refs = self.table.index(row, column).data(PROOF_ROLE)
            if refs:
                self.proof.emit(self._title(row, column), refs)
                return

    def copy(self) -> None:
        """What is selected, whole, as text for a report."""
        ranges = [(part.top(), part.left(), part.bottom(), part.right()) for part in self.selectionModel().selection().toList()]
        if not ranges and self.currentIndex().isValid():
            row, column = self.currentIndex().row(), self.currentIndex().column()
            ranges = [(row, column, row, column)]
        if ranges:
            to_clipboard(self.table.text_of(sorted(ranges)))

    def copy_cell(self) -> None:
        index = self.currentIndex()
        if index.isValid():
            to_clipboard(self.table.text_of([(index.row(), index.column(), index.row(), index.column())]))

    def copy_all(self) -> None:
        if self.table.rowCount():
            to_clipboard(self.table.text_of([(0, 0, self.table.rowCount() - 1, self.table.columnCount() - 1)]))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()

    def event(self, event: QEvent) -> bool:
        if self._filters and isinstance(event, QKeyEvent) and event.type() is QEvent.Type.ShortcutOverride and _types(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter, space = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter), event.key() == Qt.Key.Key_Space
        if (enter or space) and self._on_section(self.currentIndex()):
            self.section.emit(self.currentIndex().row())
        elif enter:
            self.ask_proof()
        elif space and event.modifiers() == Qt.KeyboardModifier.NoModifier and self.currentIndex().isValid():
            self.marked.emit(self.currentIndex().row())
        elif event.key() == Qt.Key.Key_C and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self.copy()
        elif self.whole_rows and event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._to_end(last=event.key() == Qt.Key.Key_End)
        elif self._filters and _types(event):
            self.typed.emit(event.text())
        elif event.key() == Qt.Key.Key_Escape or (not self._filters and _types(event)):
            event.ignore()  # for the window: Esc goes back, J and K step
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        index = self.indexAt(event.pos())
        if index.isValid():
            self.menu(index).exec(self.viewport().mapToGlobal(QPoint(event.pos())))

    def menu(self, index: QModelIndex) -> QMenu:
        """What can be done with a cell."""
        menu = QMenu(self)
        if refs_of_row(self.table, index.row()):
            menu.addAction("Show bytes").triggered.connect(lambda: self.ask_proof(index))
            menu.addSeparator()
        menu.addAction("Copy cell").triggered.connect(self.copy_cell)
        menu.addAction("Copy selection").triggered.connect(self.copy)
        menu.addAction("Copy table").triggered.connect(self.copy_all)
        return menu

    def _to_end(self, *, last: bool) -> None:
        """The first or last row; Qt would go along the row."""
        rows = [row for row in range(self.table.rowCount()) if not self.table.is_head(row)]
        if rows:
            flags = QItemSelectionModel.SelectionFlag
            index = self.table.index(rows[-1 if last else 0], max(self.currentIndex().column(), 0))
            self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)

    def _on_section(self, index: QModelIndex) -> bool:
        return index.isValid() and self.table.cell(index.row(), 0).kind is Kind.SECTION

    def _title(self, row: int, column: int) -> str:
        first = self.table.cell(row, 0)
        shown = self.table.cell(row, column)
        return first.text if first is shown else f"{first.text} · {self.table.columns[column].title}"


def refs_of_row(table: Table[Any], row: int) -> tuple[EvidenceRef, ...]:
    return next((refs for column in range(table.columnCount()) if (refs := table.cell(row, column).refs)), ())


def _types(event: QKeyEvent) -> bool:
    """Whether a key writes a character (a blank alone does not: it marks)."""
    free = event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
    return free == Qt.KeyboardModifier.NoModifier and len(event.text()) == 1 and event.text().isprintable() and event.text() != " "
