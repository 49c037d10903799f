"""All findings of the case, worst first, with those that are about the host and no task."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from triptych.gui import words
from triptych.gui.card import Card
from triptych.gui.digest import Digest
from triptych.gui.pieces import Empty, column
from triptych.gui.session import Selection, Session
from triptych.gui.tables import Cell, Column, Kind, Table
from triptych.gui.theme import Theme
from triptych.gui.views import TableView
from triptych.model.finding import Finding

SHAPES = {"critical": "◆", "high": "▲", "medium": "■", "low": "●", "info": "○"}


def _severity(finding: Finding) -> Cell:
    word = words.SEVERITIES[finding.severity]
    shape = SHAPES[finding.severity.value]
    return Cell(f"{shape} {word}", finding.refs, bold=True, ink=words.severity_token(finding.severity), said=word)


def _task(finding: Finding) -> Cell:
    return Cell(finding.task or "the host", finding.refs, Kind.PLAIN if finding.task else Kind.DIM)


def _evidence(finding: Finding) -> Cell:
    first = words.short_place(finding.refs[0].place) if finding.refs else ""
    more = f" (+{len(finding.refs) - 1})" if len(finding.refs) > 1 else ""
    return Cell(first + more, finding.refs, mono=True)


COLUMNS: tuple[Column[Finding], ...] = (
    Column("Severity", _severity, lambda finding: finding.severity.rank, width=94),
    Column("Finding", lambda finding: Cell(finding.headline, finding.refs), lambda f: f.headline.casefold(), width=290),
    Column("Task", _task, lambda finding: (finding.task or "").casefold(), width=184),
    Column("Confidence", lambda finding: Cell(finding.confidence.value, finding.refs), lambda f: f.confidence.value, width=86),
    Column("Rule", lambda finding: Cell(finding.rule, finding.refs, Kind.DIM), lambda f: f.rule, width=112),
    Column("ATT&CK", lambda finding: Cell(", ".join(finding.attack), finding.refs, Kind.DIM), lambda f: f.attack, width=98),
    Column("Evidence", _evidence, width=140),
)


class FindingsRoom(QWidget):
    """The table of findings, and below it the chosen one in full."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme = session, theme
        self.table: Table[Finding] = Table(COLUMNS, lambda finding: finding.key, self)
        self.view = TableView(self.table, theme, "Findings of the case")
        self.view.setSortingEnabled(True)
        head = self.view.horizontalHeader()
        head.setSortIndicatorClearable(True)
        head.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        head.setStretchLastSection(True)
        self.card: Card | None = None
        self._detail = QScrollArea()
        self._detail.setWidgetResizable(True)
        self._detail.setFrameShape(QFrame.Shape.NoFrame)
        self.empty = Empty()
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.view)
        split.addWidget(self._detail)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setChildrenCollapsible(False)
        self._stack = QStackedWidget()
        self._stack.addWidget(split)
        self._stack.addWidget(self.empty)
        column(self).addWidget(self._stack)
        self.view.selectionModel().currentRowChanged.connect(self._current_changed)
        self.view.proof.connect(self._proof)
        session.case_changed.connect(self.show_digest)
        session.selection_changed.connect(self._selection_changed)
        self.show_digest(session.digest)

    def focus(self) -> None:
        self.view.setFocus()

    def show_digest(self, digest: Digest) -> None:
        self.table.set_rows(digest.case.findings)
        self._selection_changed(self._session.selection)
        self._stack.setCurrentIndex(0 if digest.case.findings else 1)
        if digest.case.complete:
            self.empty.say("No findings", "Every rule was asked and none applies. `triptych rules` lists what is looked for.")
        else:
            self.empty.say("No findings yet", "The rules are asked once all stores have been read.")

    def _current_changed(self, current: QModelIndex, _: QModelIndex) -> None:
        if current.isValid():
            self._session.select_finding(self.table.row(current.row()))

    def _selection_changed(self, selection: Selection) -> None:
        row = self.table.find(selection.finding)
        if row >= 0 and row != self.view.currentIndex().row():
            flags = QItemSelectionModel.SelectionFlag
            model = self.view.selectionModel()
            model.blockSignals(True)
            model.setCurrentIndex(self.table.index(row, 0), flags.ClearAndSelect | flags.Rows)
            model.blockSignals(False)
            self.view.viewport().update()
        self._show(self._session.finding(selection.finding))

    def _show(self, finding: Finding | None) -> None:
        if finding is None:
            self._detail.setVisible(False)
            self.card = None
            return
        if self.card is None or self.card.finding != finding:
            self.card = Card(finding, self._session, self._theme, full=True)
            holder = QWidget()
            holder.setObjectName("panel")
            inner = QVBoxLayout(holder)
            inner.setContentsMargins(12, 12, 12, 12)
            inner.addWidget(self.card)
            inner.addStretch(1)
            self._detail.setWidget(holder)
        self._detail.setVisible(True)

    def _proof(self, _: str, refs: object) -> None:
        index = self.view.currentIndex()
        if index.isValid():
            finding = self.table.row(index.row())
            self._session.show_proof(finding.headline, finding.refs)
