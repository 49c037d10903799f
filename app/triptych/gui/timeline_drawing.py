"""How the timeline is drawn: every colour a token, every mark with words beside it or in the table."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from triptych.analysis.columns import np
from triptych.gui.clock import Clock
from triptych.gui.display import visible
from triptych.gui.events_columns import Ints
from triptych.gui.events_text import brief, short
from triptych.gui.painting import draw_severity
from triptych.gui.theme import Theme, face
from triptych.gui.timeline_axis import marks
from triptych.gui.timeline_density import BIN, bars, counts, edges, heights
from triptych.gui.timeline_lanes import CLEARED, COVERED, DISABLED, GAP, Stretch
from triptych.gui.timeline_layout import FINDINGS, LEFT, STRIP, STRIP_TOP, Layout, Marker, Strip
from triptych.gui.timeline_lens import Lens
from triptych.gui.timeline_links import Drawn
from triptych.gui.words import severity_token

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TINY = 11
_BAR = 5  # height of a coverage bar
_BADGE = 8
_SHARES = (0.5, 0.4, 0.6, 0.3, 0.7, 0.2)  # of a link's curve, where its number may stand
_LABEL = 34  # characters beside a marker; the tip and the table tell the whole
_TOLD = 5_000  # entries of a marker whose kinds are told
_FORMAT = QImage.Format.Format_ARGB32


@lru_cache(maxsize=2048)
def _width(text: str, font: QFont) -> float:
    return QFontMetricsF(font).horizontalAdvance(text)


@lru_cache(maxsize=512)
def _dot(colour: str, ground: str, ink: str, count: int, hollow: bool, ratio: float) -> QPixmap:
    """A marker as a picture: a dot, a ring, or a pill with a number."""
    text = f"{count:,}" if count < 100_000 else f"{count // 1000:,}k"
    font = face(_TINY, bold=True)
    wide = 12.0 if count == 1 else max(_width(text, font) + 11, 19.0)
    picture = QPixmap(math.ceil((wide + 4) * ratio), math.ceil(20 * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(colour), 2.0) if hollow else Qt.PenStyle.NoPen)
    painter.setBrush(QColor(ground if hollow else colour))
    if count == 1:
        painter.drawEllipse(QPointF(8, 10), 4.2 if hollow else 5.2, 4.2 if hollow else 5.2)
    else:
        box = QRectF(2, 2.5, wide, 15)
        painter.drawRoundedRect(box, 7.5, 7.5)
        painter.setFont(font)
        painter.setPen(QColor(colour if hollow else ink))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    painter.end()
    return picture


class Drawing:
    """Draws frames; what the density strip shows is kept while neither rows nor size change."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._strip_for: tuple[object, ...] = ()
        self._strip: Ints = np.zeros(0, np.int64)
        self._taken: list[QRectF] = []  # where markers and words stand in this frame
        self._bars: list[QRectF] = []

    def frame(self, painter: QPainter, lens: Lens, layout: Layout, clock: Clock, scale: str, ratio: float) -> None:
        self._taken.clear()
        self._bars.clear()
        painter.fillRect(QRectF(0, 0, layout.width, layout.height), self._theme.colour("panel"))
        self._density(painter, lens, layout, clock, scale)
        self._axis(painter, layout, clock)
        self._flags(painter, layout)
        for strip in layout.strips:
            self._lane(painter, lens, layout, strip, scale)
        self._links(painter, lens, layout, under=True)
        self._at_choice(painter, lens, layout)
        for strip in layout.strips:
            self._markers(painter, lens, layout, strip, ratio)
        self._links(painter, lens, layout, under=False)

    # above --------------------------------------------------------------------------------------------------------
    def _density(self, painter: QPainter, lens: Lens, layout: Layout, clock: Clock, scale: str) -> None:
        theme, low = self._theme, STRIP_TOP + STRIP
        bins = layout.plot // BIN
        wanted = (id(lens.scope), layout.plot, scale, layout.whole)
        if wanted != self._strip_for:
            self._strip_for = wanted
            self._strip = heights(counts(lens.scope.ticks, edges(*layout.whole, bins)), STRIP - 2, scale)
        left, right = layout.whole_x(layout.start), layout.whole_x(layout.end)
        self._ground_of_brush(painter, layout, left, right)
        places = LEFT + np.arange(bins) * BIN
        inside = (places >= left - BIN) & (places <= right)
        colours = np.where(inside, np.uint32(theme.colour("accent").rgba()), np.uint32(theme.colour("dim").rgba()))
        self._image(painter, bars(self._strip, STRIP - 2, colours.astype(np.uint32), bins * BIN), LEFT, STRIP_TOP + 2)
        painter.setPen(theme.colour("strong_line"))
        painter.drawLine(QPointF(LEFT, low), QPointF(LEFT + layout.plot, low))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour("accent"), 1.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(left, STRIP_TOP - 2, max(right - left, 3), STRIP + 3), 2, 2)
        painter.setBrush(theme.colour("accent"))
        for x in (left, max(right, left + 3)):
            painter.drawRoundedRect(QRectF(x - 1.6, STRIP_TOP + STRIP / 2 - 8, 3.2, 16), 1.6, 1.6)
        self._words(painter, 12, STRIP_TOP + 18, "Density", "text", face(_TINY + 1, bold=True))
        each = "logarithm" if scale == "log" else "square root"
        self._words(painter, 12, STRIP_TOP + 34, f"{each}, {len(lens.scope.rows):,} entries", "dim", face(_TINY))
        self._labels(painter, layout, list(marks(*layout.whole, max(layout.plot // 110, 2), clock)), low + 13, whole=True)

    def _ground_of_brush(self, painter: QPainter, layout: Layout, left: float, right: float) -> None:
        """What the brush holds, and that the lanes below show just that."""
        colour = QColor(self._theme.colour("selection"))
        colour.setAlphaF(0.45)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRect(QRectF(left, STRIP_TOP - 2, max(right - left, 3), STRIP + 3))
        colour.setAlphaF(0.18)
        painter.setBrush(colour)
        top, low = STRIP_TOP + STRIP + 1.0, layout.axis
        edge = LEFT + layout.plot
        shape = [QPointF(left, top), QPointF(max(right, left + 3), top), QPointF(edge, low), QPointF(LEFT, low)]
        painter.drawPolygon(QPolygonF(shape))

    def _axis(self, painter: QPainter, layout: Layout, clock: Clock) -> None:
        told = list(marks(layout.start, layout.end, max(layout.plot // 110, 2), clock))
        painter.setPen(QPen(self._theme.colour("line"), 1, Qt.PenStyle.DotLine))
        for ticks, _ in told:
            x = round(layout.x(ticks)) + 0.5
            painter.drawLine(
                QPointF(x, layout.lanes_top - FINDINGS),
                QPointF(x, layout.strips[-1].top + layout.strips[-1].height if layout.strips else layout.height),
            )
        self._labels(painter, layout, told, layout.axis + 13, whole=False)

    def _labels(self, painter: QPainter, layout: Layout, told: list[tuple[int, str]], base: float, *, whole: bool) -> None:
        font, free = face(_TINY), 0.0
        for ticks, text in told:
            x = layout.whole_x(ticks) if whole else layout.x(ticks)
            wide = _width(text, font)
            at = min(max(x - wide / 2, LEFT - 4), LEFT + layout.plot - wide + 8)
            if at > free:
                self._words(painter, at, base, text, "dim", font)
                free = at + wide + 8

    def _flags(self, painter: QPainter, layout: Layout) -> None:
        top = layout.lanes_top - FINDINGS
        painter.setPen(self._theme.colour("line"))
        painter.drawLine(QPointF(0, layout.lanes_top), QPointF(layout.width, layout.lanes_top))
        self._words(painter, 12, top + 17, "Findings", "text", face(_TINY + 1, bold=True))
        if layout.unplaced:
            self._words(painter, 72, top + 17, f"{layout.unplaced:,} undated", "dim", face(_TINY))
        free = 0.0
        for number, flag in enumerate(layout.flags):
            worst = flag.findings[0]
            colour = self._theme.colour(severity_token(worst.severity))
            draw_severity(painter, worst.severity, colour, QRectF(flag.x - 6, top + 7, 12, 12))
            text = worst.severity.value if len(flag.findings) == 1 else f"{worst.severity.value}, {len(flag.findings)} findings"
            after = layout.flags[number + 1].x if number + 1 < len(layout.flags) else LEFT + layout.plot
            font = face(_TINY)
            if flag.x + 10 > free and flag.x + 14 + _width(text, font) < after:
                self._words(painter, flag.x + 10, top + 17, text, "text", font)
                free = flag.x + 10 + _width(text, font)

    # lanes --------------------------------------------------------------------------------------------------------
    def _lane(self, painter: QPainter, lens: Lens, layout: Layout, strip: Strip, scale: str) -> None:
        theme, end = self._theme, LEFT + layout.plot
        painter.fillRect(QRectF(0, strip.top + 1, 4, strip.height - 2), theme.colour(strip.lane.token))
        self._words(painter, 12, strip.top + strip.height / 2 - 3, strip.lane.title, "text", face(_TINY + 1, bold=True))
        self._words(painter, 12, strip.top + strip.height / 2 + 11, strip.lane.where, "dim", face(_TINY))
        painter.setPen(theme.colour("line"))
        painter.drawLine(QPointF(0, strip.top + strip.height), QPointF(layout.width, strip.top + strip.height))
        painter.setPen(theme.colour("strong_line"))
        painter.drawLine(QPointF(LEFT, strip.line), QPointF(end, strip.line))
        if strip.crowd is not None:
            high = int(strip.height) - _BAR - 7
            picture = bars(heights(strip.crowd, high, scale), high, theme.colour(strip.lane.token).rgba(), len(strip.crowd) * BIN)
            painter.fillRect(QRectF(LEFT, strip.top + 2, layout.plot, high), theme.colour("panel"))
            self._image(painter, picture, LEFT, strip.top + 2)
        painter.save()
        painter.setClipRect(QRectF(LEFT, strip.top, layout.plot, strip.height))
        for stretch in lens.happened.covered.get(strip.number, ()):
            self._covered(painter, layout, strip, stretch)
        painter.restore()

    def _covered(self, painter: QPainter, layout: Layout, strip: Strip, stretch: Stretch) -> None:
        left, right = layout.x(stretch.start), layout.x(stretch.end)
        if right < LEFT or left > LEFT + layout.plot:
            return
        left, right = max(left, LEFT - 4.0), min(right, LEFT + layout.plot + 4.0)
        box = QRectF(left, strip.top + strip.height - _BAR - 3, max(right - left, 2.0), _BAR)
        draw_stretch(painter, self._theme, stretch.state, box)
        self._bars.append(box)
        font = face(10)
        if stretch.words and _width(stretch.words, font) + 8 < right - left and strip.crowd is None:
            wide = _width(stretch.words, font)
            self._words(painter, (left + right - wide) / 2, box.top() - 2.5, stretch.words, "dim", font)

    def _markers(self, painter: QPainter, lens: Lens, layout: Layout, strip: Strip, ratio: float) -> None:
        theme, end = self._theme, LEFT + layout.plot
        ground, ink = theme.colour("panel").name(), theme.colour("on_store").name()
        colour = theme.colour(strip.lane.token).name()
        font, free = face(_TINY), float(LEFT)
        for number, marker in enumerate(strip.markers):
            picture = _dot(colour, ground, ink, marker.count, marker.hollow, ratio)
            wide = picture.width() / ratio
            if marker.chosen:
                self._ring(painter, marker.x, strip.line, wide)
            painter.drawPixmap(QPointF(marker.x - wide / 2, strip.line - 10), picture)
            if lens.links:
                self._taken.append(QRectF(marker.x - wide / 2, strip.line - 9, wide, 18))
            before = strip.markers[number - 1].x + 10 if number else float(LEFT)
            after = strip.markers[number + 1].x - 10 if number + 1 < len(strip.markers) else float(end)
            text = self._label(lens, marker)
            room, start = after - marker.x - wide / 2, marker.x + wide / 2 + 2
            if _width(text, font) > room and marker.x - wide / 2 - _width(text, font) > max(before, free):
                start = marker.x - wide / 2 - 2 - _width(text, font)
            elif _width(text, font) > room:
                continue
            if start >= free and self._clear(lens, layout, strip, start, start + _width(text, font)):
                if lens.links:
                    box = QRectF(start, strip.line - 15, _width(text, font), 14)
                    self._taken.append(box)
                    painter.fillRect(box, theme.colour("panel"))  # a link's line would cross the words
                self._words(painter, start, strip.line - 4.5, text, "text", font)
                free = start + _width(text, font) + 8

    def _clear(self, lens: Lens, layout: Layout, strip: Strip, left: float, right: float) -> bool:
        """Labels keep off the line of the chosen entry."""
        if lens.row < 0:
            return True
        x = layout.x(int(lens.entries.ticks[lens.row]))
        return not left < x < right

    def _label(self, lens: Lens, marker: Marker) -> str:
        rows = lens.scope.lanes[marker.lane][0][marker.first : marker.last]
        if len(rows) == 1:
            return _cut(visible(brief(lens.entries, int(rows[0]))))
        _, firsts = np.unique(lens.entries.what[rows[:_TOLD]], return_index=True)
        told = list(dict.fromkeys(short(lens.entries, int(rows[at])) for at in sorted(firsts.tolist())))
        return _cut(visible(" · ".join(told[:5]))) + (" …" if len(told) > 5 or len(rows) > _TOLD else "")

    def _ring(self, painter: QPainter, x: float, y: float, wide: float) -> None:
        painter.setPen(QPen(self._theme.colour("accent"), 2))
        painter.setBrush(self._theme.colour("selection"))
        painter.drawRoundedRect(QRectF(x - wide / 2 - 1, y - 10.5, wide + 2, 21), 10.5, 10.5)

    # the choice ---------------------------------------------------------------------------------------------------
    def _at_choice(self, painter: QPainter, lens: Lens, layout: Layout) -> None:
        if lens.row < 0 or not layout.strips:
            return
        ticks = int(lens.entries.ticks[lens.row])
        if not layout.start <= ticks <= layout.end:
            return
        x = layout.x(ticks)
        painter.setPen(QPen(self._theme.colour("accent"), 1))
        painter.drawLine(QPointF(x, layout.lanes_top - FINDINGS), QPointF(x, layout.strips[-1].top + layout.strips[-1].height))
        line = layout.lines.get(int(lens.entries.lanes[lens.row]))
        if line is not None:
            self._ring(painter, x, line, 12)

    def _links(self, painter: QPainter, lens: Lens, layout: Layout, *, under: bool) -> None:
        painter.save()
        painter.setClipRect(QRectF(LEFT - 6, layout.lanes_top, layout.plot + 12, layout.height - layout.lanes_top))
        for link in lens.links:
            ends = [self._place(lens, layout, row) for row in (link.earlier, link.later)]
            if ends[0] is None or ends[1] is None:
                continue
            start, end = ends[0], ends[1]
            if max(start.x(), end.x()) < LEFT or min(start.x(), end.x()) > LEFT + layout.plot:
                continue
            if (start - end).manhattanLength() < 12:
                continue
            (self._curve if under else self._badge)(painter, lens, layout, link, start, end)
        painter.restore()

    def _place(self, lens: Lens, layout: Layout, row: int) -> QPointF | None:
        line = layout.lines.get(int(lens.entries.lanes[row]))
        if line is None:
            return None
        x = min(max(layout.x(int(lens.entries.ticks[row])), LEFT - 400.0), LEFT + layout.plot + 400.0)
        return QPointF(x, line)

    def _curve(self, painter: QPainter, lens: Lens, layout: Layout, link: Drawn, start: QPointF, end: QPointF) -> None:
        colour = self._theme.colour("accent")
        pen = QPen(colour, 1.4, Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        path = QPainterPath(start)
        bend = self._bend(start, end)
        path.quadTo(bend, end)
        painter.drawPath(path)
        aim = end - bend
        length = math.hypot(aim.x(), aim.y()) or 1.0
        unit = QPointF(aim.x() / length, aim.y() / length)
        tip = end - unit * 8
        side = QPointF(-unit.y(), unit.x())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawPolygon(QPolygonF([tip, tip - unit * 7 + side * 3.5, tip - unit * 7 - side * 3.5]))

    def _bend(self, start: QPointF, end: QPointF) -> QPointF:
        """The control point: straight between lanes, an arc over the line within one."""
        middle = (start + end) / 2
        return middle - QPointF(0, 26) if abs(start.y() - end.y()) < 2 else middle

    def _badge(self, painter: QPainter, lens: Lens, layout: Layout, link: Drawn, start: QPointF, end: QPointF) -> None:
        """The link's number on its curve where nothing else stands, and its reason where that has room as well."""
        colour, bend = self._theme.colour("accent"), self._bend(start, end)
        free = [at for share in _SHARES if (at := _on_curve(start, bend, end, share)) and self._free(layout, _around(at))]
        if not free:
            return
        at = free[0]
        self._taken.append(_around(at))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour, 1.4))
        painter.setBrush(self._theme.colour("panel"))
        painter.drawEllipse(at, _BADGE, _BADGE)
        painter.setFont(face(_TINY, bold=True))
        painter.setPen(colour)
        painter.drawText(_around(at), Qt.AlignmentFlag.AlignCenter, str(link.number))
        font = face(_TINY)
        across = abs(end.x() - start.x())
        room = max(across / 2 - 14, 130) if across >= 40 else 260
        shown = QFontMetricsF(font).elidedText(visible(link.why, 120), Qt.TextElideMode.ElideRight, room)
        wide = _width(shown, font) + 6
        for left, top in (
            (at.x() + 11, at.y() - 15 if across >= 40 else at.y() - 7),
            (at.x() + 11, at.y() + 2),
            (at.x() - 11 - wide, at.y() - 7),
        ):
            box = QRectF(left, top, wide, 14)
            if self._free(layout, box) and not any(box.intersects(bar) for bar in self._bars):
                self._taken.append(box)
                self._words(painter, box.left() + 3, box.bottom() - 3, shown, "text", font)
                return

    def _free(self, layout: Layout, box: QRectF) -> bool:
        inside = box.left() >= LEFT and box.right() <= LEFT + layout.plot + 8 and box.top() >= layout.lanes_top
        return inside and not any(box.intersects(other) for other in self._taken)

    # pieces -------------------------------------------------------------------------------------------------------
    def _words(self, painter: QPainter, x: float, base: float, text: str, token: str, font: QFont) -> None:
        painter.setFont(font)
        painter.setPen(self._theme.colour(token))
        painter.drawText(QPointF(x, base), text)

    def _image(self, painter: QPainter, picture: NDArray[np.uint32], x: float, y: float) -> None:
        held = np.ascontiguousarray(picture)
        high, wide = held.shape
        painter.drawImage(QPointF(x, y), QImage(held.data, wide, high, wide * 4, _FORMAT))


def _cut(text: str) -> str:
    return text if len(text) <= _LABEL else f"{text[:_LABEL]}…"


def _around(at: QPointF) -> QRectF:
    return QRectF(at.x() - _BADGE, at.y() - _BADGE, 2 * _BADGE, 2 * _BADGE)


def _on_curve(start: QPointF, bend: QPointF, end: QPointF, share: float) -> QPointF:
    rest = 1 - share
    return start * (rest * rest) + bend * (2 * rest * share) + end * (share * share)


def draw_stretch(painter: QPainter, theme: Theme, state: str, box: QRectF) -> None:
    """A stretch of coverage: full, dashed (gap), hatched red (cleared), hatched grey (switched off)."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if state == COVERED:
        painter.fillRect(box, theme.colour("panel"))  # two logs may fill one lane: their bars are no darker than one
        colour = QColor(theme.colour("good"))
        colour.setAlphaF(0.55)
        painter.fillRect(box, colour)
    elif state == GAP:
        painter.fillRect(box, theme.colour("panel"))
        painter.setPen(QPen(theme.colour("medium"), 1, Qt.PenStyle.DashLine))
        painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
    elif state in (CLEARED, DISABLED):
        ink = theme.colour("critical" if state == CLEARED else "dim")
        painter.fillRect(box, theme.colour("panel"))
        painter.setPen(QPen(ink, 1))
        painter.setClipRect(box, Qt.ClipOperation.IntersectClip)
        x = box.left() - box.height() - box.left() % 6
        while x < box.right():
            painter.drawLine(QPointF(x, box.bottom()), QPointF(x + box.height(), box.top()))
            x += 6
        painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
    painter.restore()


LEGEND = ((COVERED, "covered"), (GAP, "gap"), (CLEARED, "cleared"), (DISABLED, "switched off"))
