"""The timeline under a person's hands: wheel zooms at the pointer, dragging pans, Shift and dragging (or the strip) brushes."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from triptych.gui import words
from triptych.gui.display import set_tip, visible
from triptych.gui.events_text import text_of, title
from triptych.gui.session import Session
from triptych.gui.theme import Theme
from triptych.gui.timeline_drawing import Drawing
from triptych.gui.timeline_layout import AXIS, LEFT, STRIP, STRIP_TOP, Flag, Layout, Marker, lay_out, least_height
from triptych.model.finding import Finding

_CLICK = 4  # pixels: less is no dragging
_HANDLE = 6
_STEP = 0.8  # of the span, one step of the wheel or of the key +
_TOLD = 8  # entries of a marker in its tip
SCALES = ("square root", "log")


class Canvas(QWidget):
    """Shows the session's lens; `proof` asks for the bytes of an entry, `turned` for the other scope."""

    proof = Signal(object)  # row
    around_wanted = Signal()
    turned = Signal()
    scaled = Signal()

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme, self.lens = session, theme, session.lens
        self._drawing = Drawing(theme)
        self._layout: Layout | None = None
        self.scale = SCALES[0]
        self._pressed: QPointF | None = None
        self._doing = ""  # pan, sweep, move, left, right, brush
        self._from = (0, 0)
        self._swept: tuple[float, float] | None = None
        self._tip: Marker | Flag | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Timeline; the table below tells the same in words")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        for signal in (
            self.lens.changed,
            self.lens.moved,
            self.lens.chosen,
            theme.changed,
            session.clock_changed,
            session.case_changed,
        ):
            signal.connect(self.refresh)
        self.refresh()

    # what is shown ------------------------------------------------------------------------------------------------
    def refresh(self, *_: object) -> None:
        """Lay out anew at the next frame."""
        self._layout = None
        self.setMinimumHeight(least_height(self.lens))
        self.update()

    def layout_now(self) -> Layout:
        if self._layout is None:
            self._layout = lay_out(self.lens, self.width(), self.height(), self.findings())
            self.setAccessibleDescription(self.span_words())
        return self._layout

    def findings(self) -> tuple[Finding, ...]:
        """Of this task, or of all."""
        line = self._session.line
        return line.findings if self.lens.scope.task is not None and line is not None else self._session.case.findings

    def span_words(self) -> str:
        """From when to when, and how many entries: what a screen reader is told of the picture."""
        between = self._session.clock.between(self.lens.start, self.lens.end)
        shown, whole = len(self.lens.rows()), len(self.lens.scope.rows)
        return f"{between}, {words.plural(whole, 'entry', 'entries') if shown == whole else f'{shown:,} of {whole:,} entries'}"

    def set_scale(self, scale: str) -> None:
        self.scale = scale if scale in SCALES else SCALES[0]
        self.refresh()

    def sizeHint(self) -> QSize:
        return QSize(900, least_height(self.lens) + 40)

    def paintEvent(self, event: QPaintEvent) -> None:
        layout = self.layout_now()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        self._drawing.frame(painter, self.lens, layout, self._session.clock, self.scale, self.devicePixelRatioF())
        if self._swept is not None:
            left, right = sorted(self._swept)
            colour = QColor(self._theme.colour("accent"))
            painter.setPen(QPen(colour, 1))
            colour.setAlphaF(0.2)
            painter.setBrush(colour)
            painter.drawRect(QRectF(left, layout.axis, right - left, layout.height - layout.axis - 2))
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
            painter.setPen(QPen(self._theme.colour("accent"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._layout = None
        super().resizeEvent(event)

    # the mouse ----------------------------------------------------------------------------------------------------
    def wheelEvent(self, event: QWheelEvent) -> None:
        layout, at = self.layout_now(), event.position()
        across, steps = event.angleDelta().x() / 120, event.angleDelta().y() / 120
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            across, steps = steps or across, 0
        if steps:
            ticks = layout.whole_ticks(at.x()) if self._in_strip(at) else layout.ticks(at.x())
            self.lens.zoom(min(max(ticks, self.lens.start), self.lens.end), _STEP**steps)
        elif across:
            self.lens.pan(-across * 0.1)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton:
            event.ignore()
            return
        self._pressed = event.position()
        self._from = (self.lens.start, self.lens.end)
        self._doing = self._what_begins(event.position(), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))

    def _what_begins(self, at: QPointF, shift: bool) -> str:
        if not self._in_strip(at):
            return "sweep" if shift else "pan"
        layout = self.layout_now()
        left, right = layout.whole_x(self.lens.start), layout.whole_x(self.lens.end)
        if not self.lens.is_whole:
            for name, x in (("left", left), ("right", right)):
                if abs(at.x() - x) <= _HANDLE and right - left > 3 * _HANDLE:
                    return name
            if left <= at.x() <= right and not shift:
                return "move"
        return "brush"

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._pressed is None:
            self._hover(at)
            return
        if (at - self._pressed).manhattanLength() < _CLICK and self._swept is None:
            return
        layout, (start, end) = self.layout_now(), self._from
        low, high = layout.whole
        by = (at.x() - self._pressed.x()) / layout.plot
        if self._doing == "pan":
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self.lens.look(start - by * (end - start), end - by * (end - start))
        elif self._doing == "move":
            self.lens.look(start + by * (high - low), end + by * (high - low))
        elif self._doing == "left":
            self.lens.look(min(start + by * (high - low), end - 1), end)
        elif self._doing == "right":
            self.lens.look(start, max(end + by * (high - low), start + 1))
        elif self._doing == "brush":
            self.lens.look(*sorted((layout.whole_ticks(self._pressed.x()), layout.whole_ticks(at.x()))))
        else:
            edge = LEFT + layout.plot
            self._swept = (min(max(self._pressed.x(), LEFT), edge), min(max(at.x(), LEFT), edge))
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed = self._pressed, None
        self.unsetCursor()
        if pressed is None:
            return
        if self._swept is not None:
            layout, (left, right) = self.layout_now(), sorted(self._swept)
            self._swept = None
            self.lens.look(layout.ticks(left), layout.ticks(right))
        elif (event.position() - pressed).manhattanLength() < _CLICK:
            self._clicked(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        layout, at = self.layout_now(), event.position()
        marker = layout.marker_at(at.x(), at.y())
        if marker is not None and marker.count == 1:
            self.proof.emit(int(self.lens.scope.lanes[marker.lane][0][marker.first]))
        elif marker is not None:
            self._into(marker)
        elif layout.flag_at(at.x(), at.y()) is None:
            self.lens.reset()

    def _into(self, marker: Marker) -> None:
        """Nearer, so that the entries of a marker stand apart."""
        ticks = self.lens.scope.lanes[marker.lane][1]
        first, last = int(ticks[marker.first]), int(ticks[marker.last - 1])
        room = max((last - first) // 4, 10_000_000)
        self.lens.look(first - room, last + room)

    def _clicked(self, at: QPointF) -> None:
        layout = self.layout_now()
        marker, flag = layout.marker_at(at.x(), at.y()), layout.flag_at(at.x(), at.y())
        if marker is not None:
            rows = self.lens.scope.lanes[marker.lane][0][marker.first : marker.last]
            own = [row for row in rows[:200].tolist() if self.lens.scope.own(row)]
            following = [row for row in own if row > self.lens.row] if marker.chosen else own
            self._session.select_entry((following or own or rows.tolist())[0])
        elif flag is not None:
            self._session.select_finding(flag.findings[0])
        elif self._in_strip(at):
            span = self.lens.end - self.lens.start
            if not self.lens.is_whole:
                middle = layout.whole_ticks(at.x())
                self.lens.look(middle - span / 2, middle + span / 2)

    def _in_strip(self, at: QPointF) -> bool:
        return at.y() < STRIP_TOP + STRIP + AXIS

    def _hover(self, at: QPointF) -> None:
        layout = self.layout_now()
        under = layout.marker_at(at.x(), at.y()) or layout.flag_at(at.x(), at.y())
        self.setCursor(
            Qt.CursorShape.PointingHandCursor
            if under
            else Qt.CursorShape.CrossCursor
            if self._in_strip(at)
            else Qt.CursorShape.ArrowCursor
        )
        if under != self._tip:
            self._tip = under
            set_tip(self, self._told(under) if under is not None else "")

    def _told(self, under: Marker | Flag) -> str:
        if isinstance(under, Flag):
            return "\n".join(f"{finding.severity.value}: {finding.summary}" for finding in under.findings[:_TOLD])
        rows = self.lens.scope.lanes[under.lane][0][under.first : under.last]
        clock, entries = self._session.clock, self.lens.entries
        lines = [
            f"{clock.moment(entries.time(row))}  {title(entries, row)}: {visible(text_of(entries, row), 140)}"
            for row in rows[:_TOLD].tolist()
        ]
        return "\n".join(lines + ([f"and {len(rows) - _TOLD:,} more"] if len(rows) > _TOLD else []))

    def leaveEvent(self, event: QEvent) -> None:
        self._tip = None
        set_tip(self, "")

    # the keyboard -------------------------------------------------------------------------------------------------
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, modifiers = event.key(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if modifiers & (Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier) or not self._did(
            Qt.Key(key), bool(modifiers & Qt.KeyboardModifier.ControlModifier), bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
        ):
            event.ignore()

    def _did(self, key: Qt.Key, control: bool, shift: bool) -> bool:
        lens = self.lens
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            step = 1 if key == Qt.Key.Key_Right else -1
            if shift:
                self._step(step)
            else:
                lens.pan(step * (0.5 if control else 0.1))
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._step(1 if key == Qt.Key.Key_Down else -1)
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            lens.pan(0.9 if key == Qt.Key.Key_PageDown else -0.9)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus) and not control:
            lens.zoom(self._middle(), 1 / _STEP if key == Qt.Key.Key_Minus else _STEP)
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            low, high = lens.whole
            span = lens.end - lens.start
            lens.look(*((low, low + span) if key == Qt.Key.Key_Home else (high - span, high)))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and lens.row >= 0:
            self.proof.emit(lens.row)
        elif control or shift:
            return False
        elif key == Qt.Key.Key_0:
            lens.reset()
        elif key == Qt.Key.Key_A:
            self.around_wanted.emit()
        elif key == Qt.Key.Key_T:
            self.turned.emit()
        elif key == Qt.Key.Key_L:
            self.scaled.emit()
        else:
            return False
        return True

    def _middle(self) -> float:
        """Zooming by key is about the chosen entry where that is in sight."""
        lens = self.lens
        at = int(lens.entries.ticks[lens.row]) if lens.row >= 0 else -1
        return at if lens.start <= at <= lens.end else (lens.start + lens.end) / 2

    def _step(self, step: int) -> None:
        row = self.lens.neighbour(step)
        if row >= 0:
            self._session.select_entry(row)
