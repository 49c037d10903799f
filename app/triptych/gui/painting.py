"""Drawing by hand: store marks, severity shapes, hatches, marked characters. Pictures of marks are kept once drawn."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QFontMetricsF, QPainter, QPen, QPixmap, QPolygonF

from triptych.gui.digest import Mark
from triptych.gui.theme import Theme, face
from triptych.model.finding import Severity

MARK = 16  # side of a store mark, pixels
GAP = 3


@lru_cache(maxsize=256)
def _mark_picture(letter: str, mark: Mark, colour: str, on: str, ground: str, ratio: float) -> QPixmap:
    picture = QPixmap(round(MARK * ratio), round(MARK * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    box = QRectF(0.5, 0.5, MARK - 1, MARK - 1)
    ink = QColor(colour)
    pen = QPen(ink, 1.0)
    pen.setCosmetic(True)
    if mark is Mark.PRESENT:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        painter.drawRoundedRect(box, 3, 3)
    elif mark is Mark.PARTLY:
        painter.setPen(pen)
        painter.drawRoundedRect(box, 3, 3)
        painter.setClipRect(QRectF(0, MARK / 2, MARK, MARK / 2))
        painter.setBrush(ink)
        painter.drawRoundedRect(box, 3, 3)
        painter.setClipping(False)
    elif mark is Mark.ABSENT:
        pen.setDashPattern([2.5, 2.0])
        painter.setPen(pen)
        painter.drawRoundedRect(box, 3, 3)
    font = face(10, bold=True)
    painter.setFont(font)
    if mark is Mark.PARTLY:  # the letter stands on both halves: a plate keeps it readable
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(ground))
        painter.drawRoundedRect(QRectF(4, 3, MARK - 8, MARK - 6), 2, 2)
    painter.setPen(QColor(on) if mark is Mark.PRESENT else ink)
    painter.drawText(QRectF(0, 0, MARK, MARK), Qt.AlignmentFlag.AlignCenter, "?" if mark is Mark.UNKNOWN else letter)
    painter.end()
    return picture


def draw_marks(painter: QPainter, theme: Theme, at: QPointF, marks: tuple[tuple[str, str, Mark], ...], ratio: float) -> None:
    """Marks (letter, token, state) from `at` to the right."""
    for number, (letter, token, mark) in enumerate(marks):
        colour = theme.colour("dim" if mark is Mark.UNKNOWN else token).name()
        ground = theme.colour("background").name()
        picture = _mark_picture(letter, mark, colour, theme.colour("on_store").name(), ground, ratio)
        painter.drawPixmap(QPointF(at.x() + number * (MARK + GAP), at.y()), picture)


def draw_severity(painter: QPainter, severity: Severity, colour: QColor, box: QRectF) -> None:
    """Diamond, triangle, square, circle; a ring for what only informs."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    left, top, right, bottom, middle = box.left(), box.top(), box.right(), box.bottom(), box.center()
    if severity is Severity.CRITICAL:
        corners = [QPointF(middle.x(), top), QPointF(right, middle.y()), QPointF(middle.x(), bottom), QPointF(left, middle.y())]
        painter.drawPolygon(QPolygonF(corners))
    elif severity is Severity.HIGH:
        painter.drawPolygon(QPolygonF([QPointF(middle.x(), top), QPointF(right, bottom), QPointF(left, bottom)]))
    elif severity is Severity.MEDIUM:
        painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
    elif severity is Severity.LOW:
        painter.drawEllipse(box)
    else:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, 1.5))
        painter.drawEllipse(box.adjusted(1, 1, -1, -1))
    painter.restore()


def draw_hatch(painter: QPainter, theme: Theme, box: QRect) -> None:
    """The ground of an absence: slanting lines, 2 of 8 pixels, drawn so that they scale with the screen."""
    painter.save()
    painter.setClipRect(box)
    painter.fillRect(box, theme.colour("absent"))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.colour("hatch"), 2.0))
    height = box.height()
    first = box.left() - height - (box.left() - height + box.bottom()) % 8
    for x in range(first, box.right() + 8, 8):
        painter.drawLine(QPointF(x, box.bottom() + 1), QPointF(x + height + 1, box.top()))
    painter.restore()


Marks = tuple[tuple[int, int], ...]


def fitted(text: str, marks: Marks, width: float, measure: Callable[[str], float]) -> tuple[str, Marks]:
    """Text elided to a width with its first marked stretch in view; the marks moved along and cut."""
    if measure(text) <= width:
        return text, marks
    start = 0
    if marks and measure(text[: min(marks[0][1], marks[0][0] + 12)] + "…") > width:
        start = max(marks[0][0] - 6, 0)
    head = "…" if start else ""
    room = _longest(lambda length: measure(head + text[start : start + length] + "…") <= width, len(text) - start)
    end = start + room
    tail = "…" if end < len(text) else ""
    shift = len(head) - start
    kept = tuple((max(a, start) + shift, min(b, end) + shift) for a, b in marks if b > start and a < end)
    return head + text[start:end] + tail, kept


def _longest(fits: Callable[[int], bool], length: int) -> int:
    low, high = 0, length
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low


def fitted_tail(text: str, width: float, measure: Callable[[str], float]) -> str:
    """Text elided to a width with its end in view."""
    if measure(text) <= width:
        return text
    return "…" + text[len(text) - _longest(lambda length: measure("…" + text[len(text) - length :]) <= width, len(text)) :]


@lru_cache(maxsize=8192)
def _fitted(
    text: str, marks: Marks, width: int, font: QFont, tail: bool, brief: str
) -> tuple[str, Marks, tuple[tuple[float, float], ...]]:
    metrics = QFontMetricsF(font)
    if brief and metrics.horizontalAdvance(text[:1200]) > width:
        text, marks = brief, ()
    if tail:
        return fitted_tail(text[-1200:], width, metrics.horizontalAdvance), (), ()
    shown, kept = fitted(text[:1200], marks, width, metrics.horizontalAdvance)
    boxes = tuple((metrics.horizontalAdvance(shown[:a]), metrics.horizontalAdvance(shown[:b])) for a, b in kept)
    return shown, kept, boxes


_MOMENT = re.compile(r"(?<=\d)T(?=\d\d:)")


def breakable(text: str) -> str:
    """Text whose times may go on to another line between date and time of day, for where it is drawn."""
    return _MOMENT.sub("T\u200b", text)


def draw_block(painter: QPainter, box: QRect, text: str, font: QFont, colour: QColor) -> None:
    """Text on as many lines as the box has room for."""
    painter.setFont(font)
    painter.setPen(colour)
    flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
    painter.drawText(box, int(flags) | int(Qt.TextFlag.TextWordWrap), breakable(text))


def lines_needed(text: str, font: QFont, width: int) -> int:
    """On how many lines a text of some words stands at a width."""
    metrics = QFontMetrics(font)
    wrapped = metrics.boundingRect(QRect(0, 0, max(width, 40), 10_000), int(Qt.TextFlag.TextWordWrap), breakable(text[:1200]))
    return max(round(wrapped.height() / metrics.lineSpacing()), 1)


def draw_text(
    painter: QPainter,
    box: QRect,
    text: str,
    font: QFont,
    colour: QColor,
    marks: Marks = (),
    mark: QColor | None = None,
    *,
    tail: bool = False,
    brief: str = "",
) -> None:
    """One line of text in a box, its marked stretches on the mark's ground; `brief` instead where it does not fit."""
    shown, _, boxes = _fitted(text, marks, box.width(), font, tail, brief)
    painter.setFont(font)
    if mark is not None:
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(mark)
        high = QFontMetricsF(font).height() + 2
        for left, right in boxes:
            ground = QRectF(box.left() + left - 2, box.center().y() + 0.5 - high / 2, right - left + 4, high)
            painter.drawRoundedRect(ground.intersected(QRectF(box.adjusted(-3, 0, 3, 0))), 2, 2)
        painter.restore()
    painter.setPen(colour)
    painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextSingleLine), shown)
