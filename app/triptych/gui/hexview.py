"""Bytes of a file, sixteen a row: only the rows in sight are drawn, only the pages in sight are asked for."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame

from triptych.gui.display import to_clipboard
from triptych.gui.theme import BODY, Theme, face
from triptych.model.evidence import Span

PAGE = 4096
COLUMNS = 16
_PAGES_KEPT = 256


def printable(byte: int) -> str:
    return chr(byte) if 0x20 <= byte < 0x7F else "·"


class HexView(QAbstractScrollArea):
    """Offset, bytes, text. `wanted` asks for a page (its offset and length); `put` brings it."""

    wanted = Signal(object, object)  # offset, length: Python numbers, larger than Qt's

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._pages: dict[int, bytes] = {}
        self._asked: set[int] = set()
        self._size = 0
        self._span: Span | None = None
        self._others: tuple[Span, ...] = ()
        self._font = face(BODY, mono=True)
        metrics = QFontMetricsF(self._font)
        self._wide, self._high = metrics.horizontalAdvance("0"), metrics.height() + 5
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Bytes")
        theme.changed.connect(self.viewport().update)

    def show_span(self, span: Span, others: Sequence[Span], size: int) -> None:
        """Show a file of `size` bytes at a span; the proof's other spans in the same file are tinted."""
        if self._span is None or span.file != self._span.file:
            self._pages.clear()
            self._asked.clear()
        self._span, self._others = span, tuple(other for other in others if other.file == span.file and other != span)
        self._size = max(size, span.offset + span.length)
        self._scale()
        self.verticalScrollBar().setValue(max(span.offset // COLUMNS - 4, 0))
        last = span.offset + span.length - 1
        self.setAccessibleDescription(f"{span.length:,} bytes cited, from 0x{span.offset:X} to 0x{last:X}")
        self.viewport().update()

    def put(self, offset: int, data: bytes) -> None:
        """A page that was asked for."""
        self._asked.discard(offset)
        if len(self._pages) >= _PAGES_KEPT:
            self._pages.pop(next(iter(self._pages)))
        self._pages[offset] = data
        if len(data) < PAGE and offset + len(data) < self._size:
            self._size = max(offset + len(data), (self._span.offset + self._span.length) if self._span else 0)
            self._scale()
        self.viewport().update()

    def byte(self, offset: int) -> int | None:
        """The byte at an offset; None while its page is not here or behind the end of the file."""
        page = self._pages.get(offset - offset % PAGE)
        at = offset % PAGE
        return page[at] if page is not None and at < len(page) else None

    def cited(self) -> bytes:
        """The cited bytes as far as they are here."""
        if self._span is None:
            return b""
        found = [self.byte(offset) for offset in range(self._span.offset, self._span.offset + min(self._span.length, PAGE))]
        return bytes(byte for byte in found if byte is not None)

    def copy(self) -> None:
        """The cited bytes as a dump that a report can take."""
        data, start = self.cited(), self._span.offset if self._span else 0
        lines = []
        for at in range(0, len(data), COLUMNS):
            row = data[at : at + COLUMNS]
            lines.append(f"0x{start + at:08X}  {row.hex(' '):<47}  {''.join(map(printable, row))}")
        to_clipboard("\n".join(lines))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_C and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self.copy()
        elif event.text().isprintable() and event.text() and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._scale()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), self._theme.colour("background"))
        painter.setFont(self._font)
        self._heads(painter)
        first = self.verticalScrollBar().value()
        for row in range(self._rows_in_sight() + 1):
            offset = (first + row) * COLUMNS
            if offset >= self._size:
                break
            self._row(painter, offset, self._high * (row + 1) + 6)
        painter.end()

    def _heads(self, painter: QPainter) -> None:
        painter.setPen(self._theme.colour("dim"))
        base = self._high - 6
        painter.drawText(QPointF(12, base), "Offset")
        for column in range(COLUMNS):
            painter.drawText(QPointF(self._byte_x(column), base), f"{column:02X}")
        painter.drawText(QPointF(self._text_x(0), base), "Text")

    def _row(self, painter: QPainter, offset: int, top: float) -> None:
        base = top + self._high - 8
        painter.setPen(self._theme.colour("dim"))
        painter.drawText(QPointF(12, base), f"0x{offset:08X}")
        text = self._theme.colour("text")
        for column in range(min(COLUMNS, self._size - offset)):
            at = offset + column
            byte = self.byte(at)
            if byte is None and at - at % PAGE not in self._pages:
                self._ask(at - at % PAGE)
            self._ground(painter, at, column, top)
            painter.setPen(text if byte is not None else self._theme.colour("dim"))
            painter.drawText(QPointF(self._byte_x(column), base), "··" if byte is None else f"{byte:02x}")
            painter.drawText(QPointF(self._text_x(column), base), " " if byte is None else printable(byte))

    def _ground(self, painter: QPainter, at: int, column: int, top: float) -> None:
        span = self._span
        cited = span is not None and span.offset <= at < span.offset + span.length
        beside = any(other.offset <= at < other.offset + other.length for other in self._others)
        if not (cited or beside):
            return
        colour = self._theme.colour("selection" if cited else "bytes_number")
        left = self._byte_x(column)
        box = QRectF(left - self._wide * 0.6, top, self._wide * 3.2, self._high)
        painter.fillRect(box, colour)
        painter.fillRect(QRectF(self._text_x(column), top, self._wide, self._high), colour)
        if cited and span is not None:
            self._outline(painter, at, column, box, span)

    def _outline(self, painter: QPainter, at: int, column: int, box: QRectF, span: Span) -> None:
        """The edges of the cited stretch: where the neighbour is not part of it."""
        start, end = span.offset, span.offset + span.length
        painter.setPen(QPen(self._theme.colour("accent"), 1.5))
        if at - COLUMNS < start:
            painter.drawLine(box.topLeft(), box.topRight())
        if at + COLUMNS >= end:
            painter.drawLine(box.bottomLeft(), box.bottomRight())
        if column == 0 or at == start:
            painter.drawLine(box.topLeft(), box.bottomLeft())
        if column == COLUMNS - 1 or at == end - 1:
            painter.drawLine(box.topRight(), box.bottomRight())

    def _byte_x(self, column: int) -> float:
        return 12 + self._wide * (13 + 3.2 * column)

    def _text_x(self, column: int) -> float:
        return 12 + self._wide * (13 + 3.2 * COLUMNS + 2 + column)

    def _ask(self, page: int) -> None:
        if page not in self._asked:
            self._asked.add(page)
            self.wanted.emit(page, PAGE)

    def _rows_in_sight(self) -> int:
        return max(int((self.viewport().height() - self._high - 6) // self._high), 1)

    def _scale(self) -> None:
        rows = -(-self._size // COLUMNS)
        sight = self._rows_in_sight()
        self.verticalScrollBar().setRange(0, min(max(rows - sight, 0), 0x7FFFFFFF))
        self.verticalScrollBar().setPageStep(sight)
