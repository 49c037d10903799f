"""One finding as a card that explains itself: shape, word and confidence, what, why, and each place it rests on."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from triptych.gui import words
from triptych.gui.display import Prose, copied, plain_label, set_button, to_clipboard, visible
from triptych.gui.painting import draw_severity
from triptych.gui.pieces import Flow, PlaceLink, column, link
from triptych.gui.session import Session
from triptych.gui.theme import BODY, SMALL, Theme, face
from triptych.model.evidence import EvidenceRef
from triptych.model.finding import Finding, Severity

PLACES = 6  # links of a card; the rest is reached by 'Show bytes'


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
    """Enter shows its bytes, Space folds it, Right and Left unfold and fold it step by step, Ctrl+C copies it for a report."""

    chosen = Signal(object)  # Finding
    stepped = Signal(object, int)  # Card; to the next or the one before
    wanted = Signal(object, bool, bool)  # Card; whether it shall be folded, whether benign explanation and steps shall show

    def __init__(self, finding: Finding, session: Session, theme: Theme, *, full: bool = False) -> None:
        super().__init__()
        self.finding, self.folded, self.detailed, self.full = finding, False, full, full
        self._session, self._theme = session, theme
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        level = f"{words.SEVERITIES[finding.severity]} · {finding.confidence.value}"
        self.setAccessibleName(visible(f"{level}: {finding.summary}"))
        self._fold = link("▾")
        self._fold.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._fold.setAccessibleName("Fold or unfold this finding")
        self._fold.clicked.connect(lambda: self.wanted.emit(self, not self.folded, self.detailed))
        self._level = Level(finding.severity, level, theme)
        self._title = Prose(finding.headline, face(BODY, bold=True))
        self._why = Prose(finding.why, face(BODY))
        self._meta = Prose(" · ".join((finding.rule, *finding.attack)), face(SMALL))
        self.places = self._places()
        self._evidence = self._part("Evidence", self.places)
        self._more = self._part("Benign when", [Prose(finding.benign, face(BODY))] if finding.benign else [])
        self._steps = self._part("Next steps", self._numbered(finding.next_steps))
        self.bytes, self.more, copy = link("Show bytes"), link(""), link("Copy")
        self.bytes.clicked.connect(self.show_bytes)
        self.more.clicked.connect(lambda: self.wanted.emit(self, False, not self.detailed))
        copy.clicked.connect(self.copy)
        self._foot = _row((self.bytes, copy, self.more))
        self._layout()
        self._colour()
        self.fold(False, full)
        theme.changed.connect(self._colour)

    def fold(self, folded: bool, detailed: bool) -> None:
        """Show the title alone, or what is wrong and why, or with `detailed` what else it may be and what to do."""
        self.folded, self.detailed = folded, detailed
        for part in (self._why, self._meta, self._evidence, self._foot):
            part.setVisible(not folded)
        self._more.setVisible(bool(self.finding.benign) and detailed and not folded)
        self._steps.setVisible(bool(self.finding.next_steps) and detailed and not folded)
        self._fold.setVisible(not self.full)
        set_button(self._fold, "▸" if folded else "▾")
        self.more.setVisible(not self.full and bool(self.finding.benign or self.finding.next_steps))
        set_button(self.more, "Less ▴" if detailed else "Next steps ▾")
        self.update()

    def height_at(self, width: int) -> int:
        """The height it needs at a width, as it is folded now."""
        return self.heightForWidth(width) if self.hasHeightForWidth() else self.sizeHint().height()

    def show_bytes(self) -> None:
        self._prove(self.finding.refs)

    def copy(self) -> None:
        text = words.finding_text(self.finding, self._session.case.files)
        to_clipboard("\n".join(copied(line) for line in text.split("\n")))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.show_bytes()
        elif key == Qt.Key.Key_Space and not self.full:
            self.wanted.emit(self, not self.folded, self.detailed)
        elif key == Qt.Key.Key_Right and not self.full:
            self.wanted.emit(self, False, not self.folded)
        elif key == Qt.Key.Key_Left and not self.full:
            self.wanted.emit(self, not self.detailed, False)
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.stepped.emit(self, 1 if key == Qt.Key.Key_Down else -1)
        elif key == Qt.Key.Key_C and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self.copy()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus()
        self.chosen.emit(self.finding)
        if self.folded:
            self.wanted.emit(self, False, self.detailed)

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

    def _prove(self, refs: tuple[EvidenceRef, ...]) -> None:
        self.chosen.emit(self.finding)
        self._session.show_proof(self.finding.headline, refs)

    def _places(self) -> list[PlaceLink]:
        """A link a place, each to its own bytes."""
        made = []
        for ref in self.finding.refs[:PLACES]:
            span = ref.spans[0]
            tip = f"{words.place(ref.place)}\n{span.file}\nbytes {words.extent(span)}"
            button = PlaceLink(words.short_place(ref.place), f"0x{span.offset:X}", tip)
            button.clicked.connect(lambda _=False, at=ref: self._prove((at,)))
            made.append(button)
        return made

    def _part(self, title: str, content: Iterable[QWidget]) -> QWidget:
        """A small heading with what belongs under it."""
        part = QWidget()
        layout = column(part, gap=2)
        layout.setContentsMargins(0, 4, 0, 0)
        head = plain_label(title, "dim", face(SMALL, bold=True))
        layout.addWidget(head)
        for widget in content:
            layout.addWidget(widget)
        return part

    def _numbered(self, steps: tuple[str, ...]) -> list[QWidget]:
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(7)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        for number, step in enumerate(steps):
            grid.addWidget(plain_label(f"{number + 1}.", "dim"), number, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(Prose(step, face(BODY)), number, 1)
        return [holder]

    def _layout(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.addWidget(self._level, 1)
        head.addWidget(self._fold)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(15, 9, 10, 9)
        layout.setSpacing(5)
        layout.addLayout(head)
        for part in (self._title, self._why, self._more, self._steps, self._evidence, self._meta, self._foot):
            layout.addWidget(part)

    def _colour(self) -> None:
        palette = self._meta.palette()
        palette.setColor(self._meta.foregroundRole(), self._theme.colour("dim"))
        self._meta.setPalette(palette)


def _row(widgets: Iterable[QWidget]) -> QWidget:
    holder = QWidget()
    row = Flow(holder, gap=8)
    row.setContentsMargins(0, 2, 0, 0)
    for widget in widgets:
        row.addWidget(widget)
    return holder
