"""The findings of one task as a column of cards, worst first."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from triptych.gui.card import Card
from triptych.gui.display import Prose
from triptych.gui.session import Session
from triptych.gui.theme import BODY, Theme, face
from triptych.model.finding import Finding

GAP = 10


class CardPanel(QScrollArea):
    """Cards that do not fit are folded to their title until a person opens them."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme = session, theme
        self.cards: list[Card] = []
        self._opened: dict[str, bool] = {}  # what a person folded or unfolded
        self._detailed: set[str] = set()  # of which a person wants the benign explanation and the steps
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(230)
        self.setAccessibleName("Findings of the task")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = QWidget()
        inner.setObjectName("panel")
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(GAP, GAP, GAP, GAP)
        self._column.setSpacing(GAP)
        self.setWidget(inner)
        session.selection_changed.connect(self.arrange)

    def show_findings(self, findings: Sequence[Finding]) -> None:
        if self.cards and [card.finding for card in self.cards] == list(findings):
            self.arrange()
            return
        while (item := self._column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.cards = [Card(finding, self._session, self._theme) for finding in findings]
        for card in self.cards:
            card.chosen.connect(self._session.select_finding)
            card.wanted.connect(self._wanted)
            card.stepped.connect(self._step)
            self._column.addWidget(card)
            card.show()  # at once, so that it can take the keyboard: a layout shows it later
        if not self.cards:
            self._column.addWidget(self._none())
        self._column.addStretch(1)
        self.arrange()

    def arrange(self, _: object = None) -> None:
        """Unfold from the top while there is room; the selected card is always open and in view."""
        room = self.viewport().height() - 2 * GAP
        width = self.viewport().width() - 2 * GAP
        for card in self.cards:
            card.fold(True, False)
        behind = [card.height_at(width) + GAP for card in self.cards]
        for number, card in enumerate(self.cards):
            key = card.finding.key
            selected = key == self._session.selection.finding
            card.fold(False, key in self._detailed)
            height = card.height_at(width)
            fits = number == 0 or height + sum(behind[number + 1 :]) <= room
            opened = self._opened.get(key, fits or selected)
            card.fold(not opened, key in self._detailed)
            room -= height + GAP if opened else behind[number]
            if selected:
                QTimer.singleShot(0, self._bring)  # once the cards have their places

    def _bring(self) -> None:
        """Scroll the selected card into view: the whole, or its beginning where it is taller than the room."""
        key, bar, high = self._session.selection.finding, self.verticalScrollBar(), self.viewport().height()
        card = next((card for card in self.cards if card.finding.key == key), None)
        if card is None:
            return
        top, bottom = card.y() - GAP, card.y() + card.height() + GAP
        if top < bar.value() or bottom - top > high:
            bar.setValue(top)
        elif bottom > bar.value() + high:
            bar.setValue(bottom - high)

    def focus_selected(self) -> None:
        """Put the keyboard on the selected card, else on the first."""
        key = self._session.selection.finding
        wanted = next((card for card in self.cards if card.finding.key == key), self.cards[0] if self.cards else None)
        if wanted is not None:
            wanted.setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.arrange()

    def _wanted(self, card: Card, folded: bool, detailed: bool) -> None:
        self._opened[card.finding.key] = not folded
        (self._detailed.add if detailed else self._detailed.discard)(card.finding.key)
        self.arrange()

    def _step(self, card: Card, step: int) -> None:
        """Up and Down go from card to card."""
        at = self.cards.index(card) + step
        if 0 <= at < len(self.cards):
            self.cards[at].setFocus()
            self.ensureWidgetVisible(self.cards[at], 0, 20)

    def _none(self) -> QWidget:
        told = (
            "Findings appear here once all stores have been read."
            if not self._session.case.complete
            else "No finding for this task."
        )
        return Prose(told, face(BODY))
