"""One table model for every table of the window: rows of anything, columns that say what a cell shows and what proves it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from triptych.gui.display import copied, escaped_tip, visible
from triptych.model.evidence import EvidenceRef

T = TypeVar("T")
Index = QModelIndex | QPersistentModelIndex
PROOF_ROLE = Qt.ItemDataRole.UserRole + 1  # tuple[EvidenceRef, ...]: what a cell rests on
CELL_ROLE = Qt.ItemDataRole.UserRole + 2  # Cell: how it is drawn
ROW_ROLE = Qt.ItemDataRole.UserRole + 3  # the row itself
NOWHERE = QModelIndex()


class Kind(Enum):
    """How a cell is drawn."""

    PLAIN = "plain"
    DIM = "dim"  # no telling: neither absence nor difference
    DIFFERS = "differs"
    ABSENT = "absent"
    SECTION = "section"
    STORES = "stores"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Cell:
    """What one cell shows. `text` is the original; `marks` count in the text as shown; `said` goes to screen readers."""

    text: str
    refs: tuple[EvidenceRef, ...] = ()
    kind: Kind = Kind.PLAIN
    marks: tuple[tuple[int, int], ...] = ()
    mono: bool = False
    bold: bool = False
    ink: str = ""  # a token for the text, or for the stripe of a row
    tip: str = ""
    brief: str = ""  # shown in place of the text where that does not fit
    tail: bool = False  # where there is little room the end is what counts: paths
    said: str = ""
    extra: object = None  # what a delegate of its own needs


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """`key` sorts (None: not sortable); `width` in pixels to begin with."""

    title: str
    cell: Callable[[T], Cell]
    key: Callable[[T], Any] | None = None
    width: int = 120
    right: bool = False
    tip: str = ""


class Table(QAbstractTableModel, Generic[T]):
    """Own order, filter and groups over a tuple of rows: a list of row numbers, replaced as a whole. Cells are kept once made.

    In the list a group's head stands as a negative number: -1 is the first. Heads cannot be chosen.
    """

    def __init__(self, columns: Sequence[Column[T]], identity: Callable[[T], Hashable], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self._identity = identity
        self._rows: tuple[T, ...] = ()
        self._order: list[int] = []
        self._keep: Callable[[T], bool] | None = None
        self._group: Callable[[T], str] | None = None
        self._heads: list[Cell] = []
        self._sorting: tuple[int, bool] | None = None
        self._cells: dict[tuple[int, int], Cell] = {}

    # what Qt asks -------------------------------------------------------------------------------------------------
    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._order)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= self.rowCount():
            return None
        if role == ROW_ROLE:
            return None if self.is_head(index.row()) else self.row(index.row())
        cell = self.cell(index.row(), index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return visible(cell.text)
            case Qt.ItemDataRole.ToolTipRole:
                return escaped_tip(cell.tip or cell.text)
            case Qt.ItemDataRole.AccessibleTextRole:
                return visible(cell.said or cell.text)
            case _ if role == PROOF_ROLE:
                return cell.refs
            case _ if role == CELL_ROLE:
                return cell
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if index.isValid() and index.row() < self.rowCount() and self.is_head(index.row()):
            return Qt.ItemFlag.NoItemFlags
        return super().flags(index)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        column = self.columns[section]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return visible(column.title)
            case Qt.ItemDataRole.ToolTipRole:
                return escaped_tip(column.tip) or None
            case Qt.ItemDataRole.TextAlignmentRole:
                side = Qt.AlignmentFlag.AlignRight if column.right else Qt.AlignmentFlag.AlignLeft
                return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; -1 gives the rows' own order back."""
        sortable = 0 <= column < len(self.columns) and self.columns[column].key is not None
        self._sorting = (column, order is Qt.SortOrder.DescendingOrder) if sortable else None
        self._rearrange()

    # what rooms ask -----------------------------------------------------------------------------------------------
    def row(self, number: int) -> T:
        """The row at a place of the table as it is sorted and filtered now. Raises LookupError for the head of a group."""
        if self.is_head(number):
            raise LookupError(f"row {number} is the head of a group")
        return self._rows[self._order[number]]

    def rows(self) -> list[T]:
        return [self._rows[number] for number in self._order if number >= 0]

    def is_head(self, number: int) -> bool:
        return self._order[number] < 0

    def heads(self) -> list[int]:
        """Where the heads of groups stand."""
        return [at for at, number in enumerate(self._order) if number < 0]

    def cell(self, row: int, column: int) -> Cell:
        place = (self._order[row], column)
        if place[0] < 0:
            return self._heads[-1 - place[0]]
        found = self._cells.get(place)
        if found is None:
            found = self._cells[place] = self.columns[column].cell(self._rows[place[0]])
        return found

    def find(self, identity: Hashable) -> int:
        """Where the row of that identity stands; -1 where it is not shown."""
        return next(
            (at for at, number in enumerate(self._order) if number >= 0 and self._identity(self._rows[number]) == identity), -1
        )

    def set_rows(self, rows: Sequence[T]) -> None:
        """Other rows, in the order in force. The view's place is lost: whoever calls keeps it."""
        self.beginResetModel()
        self._rows = tuple(rows)
        self._cells.clear()
        self._order = self._ordered()
        self.endResetModel()

    def set_columns(self, columns: Sequence[Column[T]], rows: Sequence[T]) -> None:
        """Other columns and rows at once."""
        self.columns = tuple(columns)
        self.set_rows(rows)

    def set_filter(self, keep: Callable[[T], bool] | None) -> None:
        self._keep = keep
        self.beginResetModel()
        self._order = self._ordered()
        self.endResetModel()

    def set_group(self, group: Callable[[T], str] | None) -> None:
        """Put rows of the same word together under a head; groups stand where their first row stood."""
        self._group = group
        self.beginResetModel()
        self._order = self._ordered()
        self.endResetModel()

    def text_of(self, ranges: Sequence[tuple[int, int, int, int]]) -> str:
        """Ranges (top, left, bottom, right) as text for a report: values whole, columns by tabs, a heading over several."""
        lines = []
        for top, left, bottom, right in ranges:
            for row in range(top, bottom + 1):
                cells = [self.cell(row, column) for column in range(left, right + 1)]
                cells = cells[:1] if cells and cells[0].kind is Kind.SECTION else cells
                lines.append("\t".join(copied(cell.text) for cell in cells))
        widths = {(left, right) for _, left, _, right in ranges}
        if len(lines) > 1 and len(widths) == 1:
            left, right = widths.pop()
            if right > left:
                lines.insert(0, "\t".join(copied(column.title) for column in self.columns[left : right + 1]))
        return "\n".join(lines)

    def _ordered(self) -> list[int]:
        keep = self._keep
        order = [number for number, row in enumerate(self._rows) if keep is None or keep(row)]
        if self._sorting is not None and self._sorting[0] < len(self.columns):
            key = self.columns[self._sorting[0]].key
            if key is not None:
                order.sort(key=lambda number: key(self._rows[number]), reverse=self._sorting[1])
        return self._grouped(order)

    def _grouped(self, order: list[int]) -> list[int]:
        self._heads = []
        if self._group is None:
            return order
        groups: dict[str, list[int]] = {}
        for number in order:
            groups.setdefault(self._group(self._rows[number]), []).append(number)
        grouped: list[int] = []
        for title, members in groups.items():
            said = f"Group {title}, {len(members):,}"
            self._heads.append(Cell(title, kind=Kind.SECTION, tip=title, said=said, extra=f"{visible(title)}   {len(members):,}"))
            grouped += [-len(self._heads), *members]
        return grouped

    def _rearrange(self) -> None:
        """Another order of the same rows; what views hold on to moves with it."""
        self.layoutAboutToBeChanged.emit()
        held = self.persistentIndexList()
        numbers = [self._order[index.row()] for index in held]
        self._order = self._ordered()
        places = {number: at for at, number in enumerate(self._order)}
        nowhere = QModelIndex()  # a head: it cannot be held on to
        moved = [
            self.index(places[number], index.column()) if number >= 0 else nowhere
            for number, index in zip(numbers, held, strict=True)
        ]
        self.changePersistentIndexList(held, moved)
        self.layoutChanged.emit()
