"""What could not be read as it should, and whether the balance of each source closes."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt
from PySide6.QtWidgets import QSplitter, QStackedWidget, QWidget

from triptych.gui import words
from triptych.gui.digest import Digest
from triptych.gui.display import Prose
from triptych.gui.pieces import Empty, column, section_head
from triptych.gui.session import Session
from triptych.gui.tables import Cell, Column, Kind, Table
from triptych.gui.theme import Theme
from triptych.gui.views import TableView
from triptych.model.case import Balance, Problem, Weight

_TOKENS = {Weight.LOST: "high", Weight.DOUBT: "medium", Weight.NOTE: "dim"}
_SHAPES = {Weight.LOST: "▲", Weight.DOUBT: "■", Weight.NOTE: "○"}
_ORDER = {weight: number for number, weight in enumerate(Weight)}


def _weight(problem: Problem) -> Cell:
    word = words.WEIGHTS[problem.severity]
    return Cell(f"{_SHAPES[problem.severity]} {word}", bold=True, ink=_TOKENS[problem.severity], said=word)


def _what(problem: Problem) -> Cell:
    text = f"tried to {problem.tried}; found: {problem.found}" if problem.tried else problem.found
    return Cell(text)


PROBLEMS: tuple[Column[Problem], ...] = (
    Column("Weight", _weight, lambda problem: _ORDER[problem.severity], width=88),
    Column("File", lambda problem: Cell(problem.file, mono=True, tail=True), lambda problem: problem.file.casefold(), width=190),
    Column("Place", lambda problem: Cell(problem.where), lambda problem: problem.where.casefold(), width=110),
    Column("What was tried and found", _what, width=260),
    Column("What is lost", lambda problem: Cell(problem.lost), lambda problem: problem.lost, width=130),
    Column("What to do", lambda problem: Cell(problem.advice), width=150),
    Column("Code", lambda problem: Cell(problem.code, kind=Kind.DIM), lambda problem: problem.code, width=110),
)


def _number(value: int) -> Cell:
    return Cell(f"{value:,}", mono=True)


def _closes(balance: Balance) -> Cell:
    if balance.closes:
        return Cell("✓ closes", ink="good", said="closes")
    missing = balance.promised - balance.listed - balance.repaired - balance.lost
    return Cell(f"▲ {abs(missing):,} {'unaccounted for' if missing > 0 else 'too many'}", bold=True, ink="high")


BALANCES: tuple[Column[Balance], ...] = (
    Column("Balance", _closes, lambda balance: balance.closes, width=150),
    Column("Source", lambda balance: Cell(balance.file, mono=True, tail=True), lambda balance: balance.file.casefold(), width=330),
    Column("Of", lambda balance: Cell(balance.unit), lambda balance: balance.unit, width=140),
    Column("Promised", lambda balance: _number(balance.promised), lambda balance: balance.promised, width=90),
    Column("Listed", lambda balance: _number(balance.listed), lambda balance: balance.listed, width=90),
    Column("Repaired", lambda balance: _number(balance.repaired), lambda balance: balance.repaired, width=90),
    Column("Lost", lambda balance: _number(balance.lost), lambda balance: balance.lost, width=90),
)


class ProblemsRoom(QWidget):
    """Problems above, balances below; both can be copied into a report."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self.problems: Table[Problem] = Table(PROBLEMS, lambda problem: problem, self)
        self.balances: Table[Balance] = Table(BALANCES, lambda balance: balance, self)
        self.view = TableView(self.problems, theme, "Problems")
        self.balance_view = TableView(self.balances, theme, "Balances")
        for view in (self.view, self.balance_view):
            view.setSortingEnabled(True)
            view.horizontalHeader().setSortIndicatorClearable(True)
            view.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
            view.horizontalHeader().setStretchLastSection(True)
        self.empty = Empty()
        self.detail = Prose()
        holder = QWidget()
        holder.setObjectName("panel")
        column(holder, margins=12).addWidget(self.detail)
        listed = QWidget()
        inner = column(listed)
        inner.addWidget(self.view, 1)
        inner.addWidget(holder)
        self.view.selectionModel().currentRowChanged.connect(self._current_changed)
        self._upper = QStackedWidget()
        self._upper.addWidget(listed)
        self._upper.addWidget(self.empty)
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(_under("WHAT COULD NOT BE READ", self._upper))
        split.addWidget(_under("BALANCE OF EACH SOURCE: PROMISED = LISTED + REPAIRED + LOST", self.balance_view))
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setChildrenCollapsible(False)
        column(self).addWidget(split)
        session.case_changed.connect(self.show_digest)
        self.show_digest(session.digest)

    def focus(self) -> None:
        (self.view if self.problems.rowCount() else self.balance_view).setFocus()

    def _current_changed(self, current: QModelIndex, _: QModelIndex) -> None:
        self.detail.set_text(words.problem_text(self.problems.row(current.row())) if current.isValid() else "")

    def show_digest(self, digest: Digest) -> None:
        case = digest.case
        self.problems.set_rows(sorted(case.problems, key=lambda problem: (_ORDER[problem.severity], problem.file, problem.code)))
        self.balances.set_rows(sorted(case.balances, key=lambda balance: (balance.closes, balance.file)))
        self._upper.setCurrentIndex(0 if case.problems else 1)
        if case.problems:
            flags = QItemSelectionModel.SelectionFlag
            self.view.selectionModel().setCurrentIndex(self.problems.index(0, 0), flags.ClearAndSelect | flags.Rows)
        if case.complete:
            self.empty.say("No problems", "Everything that was found could be read. The balance of each source stands below.")
        else:
            self.empty.say("No problems so far", "What cannot be read is listed here, with what is lost and what to do.")


def _under(title: str, widget: QWidget) -> QWidget:
    whole = QWidget()
    layout = column(whole)
    layout.addWidget(section_head(title))
    layout.addWidget(widget, 1)
    return whole
