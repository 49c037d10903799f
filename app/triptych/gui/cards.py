"""Findings as cards that explain themselves: shape, word and confidence, what, why, and the way to the bytes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from triptych.gui import words
from triptych.gui.display import Prose, copied, set_button, to_clipboard, visible
from triptych.gui.painting import draw_severity
from triptych.gui.pieces import link
from triptych.gui.session import Session
from triptych.gui.theme import BODY, SMALL, Theme, face
from triptych.model.finding import Finding, Severity


class Level(QWidget):
    """Shape and words of a severity, in its colour."""

    def __init__(self, severity: Severity, text: str, theme: Theme) -> None:
        super().__init__()
        self._severity, self._text, self._theme = severity, text, theme
        self.setFixedHeight(18)
        self.setAccessibleName(text)

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self._text) + 24, 18)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colour = self._theme.colour(words.severity_token(self._severity))
        draw_severity(painter, self._severity, colour, QRectF(0, 4, 10, 10))
        painter.setPen(colour)
        painter.setFont(face(SMALL, bold=True))
        painter.drawText(self.rect().adjusted(17, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self._text)
        painter.end()


class Card(QFrame):
    """One finding. Enter shows its bytes, Space folds it, Ctrl+C copies it as text for a report."""

    chosen = Signal(object)  # Finding
    toggled = Signal(object)  # Card

    def __init__(self, finding: Finding, session: Session, theme: Theme, *, full: bool = False) -> None:
        super().__init__()
        self.finding, self.folded, self.full = finding, False, full
        self._session, self._theme = session, theme
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        level = f"{words.SEVERITIES[finding.severity]} · {finding.confidence.value}"
        self.setAccessibleName(visible(f"{level}: {finding.summary}"))
        self._fold = link("▾")
        self._fold.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._fold.setAccessibleName("Fold or unfold this finding")
        self._fold.clicked.connect(lambda: self.toggled.emit(self))
        self._level = Level(finding.severity, level, theme)
        self._title = Prose(words.headline(finding), face(BODY, bold=True))
        self._why = Prose(finding.why, face(BODY))
        benign = f"A benign explanation: {finding.benign}" if finding.benign else ""
        steps = " ".join(f"{number}. {step}" for number, step in enumerate(finding.next_steps, 1))
        self._more = [Prose(text, face(SMALL)) for text in (benign, f"Next: {steps}" if steps else "") if text]
        self._meta = Prose(self._where(), face(SMALL))
        self._bytes = link(self._show_bytes())
        self._bytes.clicked.connect(self.show_bytes)
        self._copy = link("Copy")
        self._copy.clicked.connect(self.copy)
        self._layout()
        self._colour()
        self.fold(False)
        theme.changed.connect(self._colour)

    def fold(self, folded: bool) -> None:
        """Show the title alone, or the whole."""
        self.folded = folded
        selected = self.full or self._session.selection.finding == self.finding.key
        for part in (self._why, self._meta, self._foot):
            part.setVisible(not folded)
        for part in self._more:
            part.setVisible(not folded and selected)
        self._fold.setVisible(not self.full)
        set_button(self._fold, "▸" if folded else "▾")
        self.update()

    def height_at(self, width: int) -> int:
        """The height it needs at a width, unfolded."""
        return self.heightForWidth(width) if self.hasHeightForWidth() else self.sizeHint().height()

    def show_bytes(self) -> None:
        self.chosen.emit(self.finding)
        self._session.show_proof(words.headline(self.finding), self.finding.refs)

    def copy(self) -> None:
        text = words.finding_text(self.finding, self._session.case.files)
        to_clipboard("\n".join(copied(line) for line in text.split("\n")))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.show_bytes()
        elif event.key() == Qt.Key.Key_Space and not self.full:
            self.toggled.emit(self)
        elif event.key() == Qt.Key.Key_C and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self.copy()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus()
        self.chosen.emit(self.finding)
        if self.folded:
            self.toggled.emit(self)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        selected = self._session.selection.finding == self.finding.key and not self.full
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        edge = "accent" if self.hasFocus() or selected else "line"
        painter.setPen(QPen(self._theme.colour(edge), 1))
        painter.setBrush(self._theme.colour("panel"))
        painter.drawRoundedRect(box, 5, 5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour(words.severity_token(self.finding.severity)))
        painter.drawRoundedRect(QRectF(1, 1, 3.5, self.height() - 2), 1.5, 1.5)
        painter.end()

    def _layout(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.addWidget(self._level, 1)
        head.addWidget(self._fold)
        self._foot = QWidget()
        foot = QHBoxLayout(self._foot)
        foot.setContentsMargins(0, 0, 0, 0)
        foot.setSpacing(6)
        foot.addWidget(self._bytes)
        foot.addWidget(self._copy)
        foot.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(15, 9, 8, 9)
        layout.setSpacing(5)
        layout.addLayout(head)
        for part in (self._title, self._why, *self._more, self._meta, self._foot):
            layout.addWidget(part)

    def _colour(self) -> None:
        told = ((self._title, "text"), (self._why, "text"), *((part, "dim") for part in self._more), (self._meta, "dim"))
        for part, token in told:
            palette = part.palette()
            palette.setColor(part.foregroundRole(), self._theme.colour(token))
            part.setPalette(palette)

    def _where(self) -> str:
        first = words.short_place(self.finding.refs[0].place) if self.finding.refs else ""
        return " · ".join((*self.finding.attack, self.finding.rule, *((first,) if first else ())))

    def _show_bytes(self) -> str:
        number = len(self.finding.refs)
        return "Show bytes" if number < 2 else f"Show bytes ({number} places)"


class CardPanel(QScrollArea):
    """The cards of one task, worst first; those that do not fit are folded to their title until a person opens them."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme = session, theme
        self.cards: list[Card] = []
        self._opened: dict[str, bool] = {}  # what a person folded or unfolded
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(230)
        self.setAccessibleName("Findings of the task")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = QWidget()
        inner.setObjectName("panel")
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(10, 10, 10, 10)
        self._column.setSpacing(10)
        self.setWidget(inner)
        session.selection_changed.connect(self.arrange)

    def show_findings(self, findings: Sequence[Finding]) -> None:
        if [card.finding for card in self.cards] == list(findings):
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
            card.toggled.connect(self._toggled)
            self._column.addWidget(card)
        if not self.cards:
            self._column.addWidget(self._none())
        self._column.addStretch(1)
        self.arrange()

    def arrange(self, _: object = None) -> None:
        """Unfold from the top while there is room; the selected card is always open and in view."""
        room = self.viewport().height() - 20
        width = self.viewport().width() - 20
        folded_height = 66
        for number, card in enumerate(self.cards):
            selected = card.finding.key == self._session.selection.finding
            behind = (len(self.cards) - number - 1) * (folded_height + 10)
            card.fold(False)
            height = card.height_at(width)
            fits = number == 0 or height + behind <= room
            opened = self._opened.get(card.finding.key, fits or selected)
            card.fold(not opened)
            room -= (height if opened else folded_height) + 10
            if selected:
                self.ensureWidgetVisible(card, 0, 20)

    def focus_selected(self) -> None:
        """Put the keyboard on the selected card, else on the first."""
        key = self._session.selection.finding
        wanted = next((card for card in self.cards if card.finding.key == key), self.cards[0] if self.cards else None)
        if wanted is not None:
            wanted.setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.arrange()

    def _toggled(self, card: Card) -> None:
        self._opened[card.finding.key] = card.folded
        self.arrange()

    def _none(self) -> QWidget:
        told = (
            "Findings appear here once all stores have been read."
            if not self._session.case.complete
            else "No finding for this task."
        )
        return Prose(told, face(BODY))
