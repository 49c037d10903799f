"""The table of entries as it is driven: a filter under every head, one value or all but it by the menu, copies in three forms."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QHeaderView, QLineEdit, QMenu, QPushButton, QWidget

from triptych.gui.display import set_button, set_tip
from triptych.gui.events_filter import exactly
from triptych.gui.events_model import FILTERED, EntryTable
from triptych.gui.theme import SMALL, Theme, face
from triptych.gui.views import TableView

ROW = 24
_FIELD = 24  # height of a filter
_TIP = "Blanks between words: all must be found\n!word: must not be found\n=word: the whole text\na|b: one of them"


class FilterHeader(QHeaderView):
    """Heads with a line to filter by under each; the first has a button that keeps to what the brush holds."""

    filtered = Signal(object)  # dict of column name to text
    leave = Signal()  # Down or Enter: the keyboard goes to the rows

    def __init__(self, table: EntryTable, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.fields: dict[str, QLineEdit] = {}
        self._widgets: dict[int, QWidget] = {}
        self.setSectionsClickable(True)
        self.setSortIndicatorShown(True)
        self.setSectionsMovable(False)
        self.in_brush = QPushButton(self)
        self.in_brush.setObjectName("brush")
        self.in_brush.setCheckable(True)
        set_button(self.in_brush, "in brush")
        set_tip(self.in_brush, "Only what the brush of the timeline holds")
        self._widgets[0] = self.in_brush
        for number, name in enumerate(FILTERED):
            if name:
                self.fields[name] = self._widgets[number] = self._field(table.columns[number].title)
        self.sectionResized.connect(self.place)
        self.sectionCountChanged.connect(self.place)

    def _field(self, title: str) -> QLineEdit:
        field = QLineEdit(self)
        field.setObjectName("filter")
        field.setPlaceholderText("filter")
        field.setAccessibleName(f"Filter: {title}")
        field.setFont(face(SMALL))
        set_tip(field, _TIP)
        field.textChanged.connect(lambda _: self.filtered.emit(self.texts()))
        field.returnPressed.connect(self.leave)
        return field

    def texts(self) -> dict[str, str]:
        return {name: field.text() for name, field in self.fields.items() if field.text().strip()}

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        hint.setHeight(hint.height() + _FIELD + 6)
        return hint

    def updateGeometries(self) -> None:
        self.setViewportMargins(0, 0, 0, _FIELD + 6)
        super().updateGeometries()
        self.place()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu().exec(event.globalPos())

    def menu(self) -> QMenu:
        """Which columns are shown; a column that filters stays."""
        menu = QMenu(self)
        for number in range(1, self.count()):
            action = menu.addAction(str(self.model().headerData(number, Qt.Orientation.Horizontal)))
            action.setCheckable(True)
            action.setChecked(not self.isSectionHidden(number))
            action.setEnabled(FILTERED[number] not in self.texts())
            action.toggled.connect(lambda on, number=number: self.setSectionHidden(number, not on))
        return menu

    def place(self, *_: int) -> None:
        top = self.height() - _FIELD - 4
        for number, widget in self._widgets.items():
            widget.setGeometry(self.sectionViewportPosition(number) + 4, top, max(self.sectionSize(number) - 8, 20), _FIELD)
            widget.setVisible(not self.isSectionHidden(number))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Down:
            self.leave.emit()
        elif event.key() == Qt.Key.Key_Escape and any(field.text() for field in self.fields.values()):
            for field in self.fields.values():
                field.clear()
        else:
            super().keyPressEvent(event)


class EventView(TableView):
    """Rows of the lens. `chose` tells the entry a person came to; `copy_wanted` the form in which the selection is to be copied."""

    chose = Signal(object)  # row of the entries
    copy_wanted = Signal(str)  # text, table, xml

    def __init__(self, table: EntryTable, theme: Theme) -> None:
        super().__init__(table, theme, "Events")
        self.events = table
        self.header = FilterHeader(table, self)
        self.setHorizontalHeader(self.header)
        rows = self.verticalHeader()
        rows.setMinimumSectionSize(ROW)
        rows.setDefaultSectionSize(ROW)
        for number, column in enumerate(table.columns):
            self.setColumnWidth(number, column.width)
        self.header.setMinimumSectionSize(48)
        self.header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.header.setHighlightSections(False)
        self.header.setSortIndicator(0, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        self.header.filtered.connect(table.set_filters)
        self.header.leave.connect(self.setFocus)
        self.header.setSectionResizeMode(FILTERED.index("text"), QHeaderView.ResizeMode.Stretch)
        self.horizontalScrollBar().valueChanged.connect(self.header.place)
        self._following = False
        self.selectionModel().currentRowChanged.connect(self._came_to)
        table.modelReset.connect(self._keep_choice)
        self._chosen = -1

    def follow(self, row: int) -> None:
        """Show the chosen entry, without telling that a person came to it."""
        self._chosen = row
        at = self.events.find(row)
        self._following = True
        flags = QItemSelectionModel.SelectionFlag
        if at >= 0 and at != self.currentIndex().row():
            index = self.events.index(at, max(self.currentIndex().column(), 0))
            self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
            self.scrollTo(index)
        elif at < 0:
            self.selectionModel().clear()
        self._following = False

    def filter_by(self, column: str, text: str) -> None:
        """Put a filter where a person sees it; a second one of a column is added."""
        field = self.header.fields[column]
        self.header.setSectionHidden(FILTERED.index(column), False)
        if text not in field.text():
            field.setText(f"{field.text()} {text}".strip())

    def menu(self, index: QModelIndex) -> QMenu:
        menu = super().menu(index)
        menu.addAction("Copy as text for a report").triggered.connect(lambda: self.copy_wanted.emit("text"))
        menu.addAction("Copy as XML").triggered.connect(lambda: self.copy_wanted.emit("xml"))
        name = FILTERED[index.column()]
        if name:
            value = (
                self.events.cell(index.row(), index.column()).text
                if name != "text"
                else self.events.entries.kind(self.events.row(index.row())).words
            )
            menu.addSeparator()
            menu.addAction("Only this value").triggered.connect(lambda: self.filter_by(name, exactly(value)))
            menu.addAction("Not this value").triggered.connect(lambda: self.filter_by(name, exactly(value, negated=True)))
        return menu

    def _to_end(self, *, last: bool) -> None:
        count = self.events.rowCount()
        if count:
            flags = QItemSelectionModel.SelectionFlag
            index = self.events.index(count - 1 if last else 0, max(self.currentIndex().column(), 0))
            self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)

    def _came_to(self, current: QModelIndex, _: QModelIndex) -> None:
        if current.isValid() and not self._following:
            self._chosen = self.events.row(current.row())
            self.chose.emit(self._chosen)

    def _keep_choice(self) -> None:
        self.follow(self._chosen)
