"""What happened, when, and by whom: lanes a source under the density of the whole time, the table of the same below."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QScrollArea, QSizePolicy, QSplitter, QStackedWidget, QWidget

from triptych.gui import words
from triptych.gui.display import OneLine, plain_label, set_button, set_tip
from triptych.gui.events_panel import EventsPanel
from triptych.gui.pieces import Empty, column
from triptych.gui.session import Session
from triptych.gui.theme import BODY, SMALL, TITLE, Theme, face
from triptych.gui.timeline_canvas import SCALES, Canvas
from triptych.gui.timeline_drawing import LEGEND, draw_stretch
from triptych.gui.timeline_layout import roomy_height
from triptych.gui.timeline_lens import ALL, TASK

WIDE = 1240  # below that the legend gives way; the bars name themselves where they have room
AROUND = (("1 min", 1.0), ("5 min", 5.0), ("15 min", 15.0), ("1 h", 60.0), ("6 h", 360.0), ("1 day", 1440.0), ("7 days", 10080.0))
_KEYS = (
    "Wheel: nearer and further at the pointer (Shift: sideways)\nDrag: move. Shift and drag, or drag above: brush\nDouble click: all\n"
    "← → move, Ctrl farther · ↑ ↓ entries · + − nearer, further · Home End · 0 all\n"
    "A: minutes around the chosen entry · T: this task or all · L: scale · Enter: its bytes"
)


class Legend(QWidget):
    """What the bars under the lanes mean."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setAccessibleName(
            "Bars under the lanes: " + ", ".join(text for _, text in LEGEND) + "; rings are of the host, not of this task"
        )
        theme.changed.connect(self.update)
        self._font = face(SMALL)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(0)

    def sizeHint(self) -> QSize:
        return QSize(430, 20)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 20)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self._font)
        metrics = painter.fontMetrics()
        told = [(state, text, 26) for state, text in LEGEND] + [("host", "host", 12)]
        x = float(self.width())
        for _, text, wide in told:
            x -= metrics.horizontalAdvance(text) + wide + 16
        for state, text, wide in told:
            if x >= 0:
                self._sign(painter, state, x, wide)
                painter.setPen(self._theme.colour("dim"))
                painter.drawText(int(x) + wide + 6, 15, text)
            x += metrics.horizontalAdvance(text) + wide + 16
        painter.end()

    def _sign(self, painter: QPainter, state: str, x: float, wide: int) -> None:
        if state != "host":
            draw_stretch(painter, self._theme, state, QRectF(x, 8, wide, 6))
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = painter.pen()
        pen.setColor(self._theme.colour("scheduler"))
        pen.setWidthF(1.8)
        painter.setPen(pen)
        painter.drawEllipse(QRectF(x + 1, 6, 9, 9))
        painter.restore()


class TimelineRoom(QWidget):
    """The picture above, its twin in words below; both are one selection with the list of tasks and the findings."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._lens = session, session.lens
        self.canvas = Canvas(session, theme)
        self.panel = EventsPanel(session, theme, in_brush=True)
        self.this, self.all = self._button("This task"), self._button("All")
        self.span = OneLine(face(BODY, mono=False))
        self.around, self.reach = QPushButton(), QComboBox()
        self.scale, self.reset = QComboBox(), QPushButton()
        self.empty = Empty()
        self._layout(theme)
        self._connect()
        self.refresh()

    def focus(self) -> None:
        self.canvas.setFocus()

    def state(self) -> QByteArray:
        return self.split.saveState() if self._divided else QByteArray()

    def restore(self, state: QByteArray) -> None:
        if not state.isEmpty():
            self._divided = self.split.restoreState(state)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.legend.setVisible(self.width() >= WIDE)  # the words of what is looked at come first
        self._divide()

    def _was_divided(self, *_: int) -> None:
        self._divided = True

    def _divide(self) -> None:
        """As a person left it, else so high that every lane has room, and the table at least a third."""
        if not self._divided and self.split.height() > 0:
            whole = self.split.height()
            picture = min(roomy_height(self._lens), whole * 3 // 5)
            self.split.setSizes([picture, whole - picture])

    def _button(self, text: str) -> QPushButton:
        button = QPushButton()
        button.setObjectName("chip")
        button.setCheckable(True)
        set_button(button, text)
        return button

    def _layout(self, theme: Theme) -> None:
        bar = QWidget()
        bar.setObjectName("panel")
        bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(bar)
        row.setContentsMargins(12, 7, 12, 7)
        row.setSpacing(7)
        title = plain_label("Timeline", font=face(TITLE, bold=True))
        set_tip(title, _KEYS)
        row.addWidget(title)
        row.addSpacing(6)
        row.addWidget(self.this)
        row.addWidget(self.all)
        row.addSpacing(6)
        row.addWidget(self.span, 1)
        self.legend = Legend(theme)
        row.addWidget(self.legend)
        set_button(self.around, "±")
        set_tip(self.around, "So long before and after the chosen entry (A)")
        self.around.setAccessibleName("Around the chosen entry")
        self.reach.setAccessibleName("How long before and after")
        self.reach.addItems([text for text, _ in AROUND])
        self.reach.setCurrentIndex(1)
        self.scale.setAccessibleName("Scale of the density")
        self.scale.addItems(list(SCALES))
        set_button(self.reset, "All of it")
        set_tip(self.reset, "The whole time again (0, or a double click)")
        for widget in (self.around, self.reach, self.scale, self.reset):
            row.addWidget(widget)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self.canvas)
        self.split = QSplitter(Qt.Orientation.Vertical)
        self.split.addWidget(scroll)
        self.split.addWidget(self.panel)
        self.split.setStretchFactor(0, 1)
        self.split.setStretchFactor(1, 1)
        self.split.setChildrenCollapsible(False)
        self.split.splitterMoved.connect(self._was_divided)
        self._divided = False
        self._stack = QStackedWidget()
        self._stack.addWidget(self.split)
        self._stack.addWidget(self.empty)
        layout = column(self)
        layout.addWidget(bar)
        layout.addWidget(self._stack, 1)

    def _connect(self) -> None:
        self.this.clicked.connect(lambda: self._choose(TASK))
        self.all.clicked.connect(lambda: self._choose(ALL))
        self.around.clicked.connect(self.show_around)
        self.reset.clicked.connect(self._lens.reset)
        self.scale.currentTextChanged.connect(self.canvas.set_scale)
        self.reach.activated.connect(lambda _: self.show_around())
        self.canvas.around_wanted.connect(self.show_around)
        self.canvas.turned.connect(lambda: self._choose(ALL if self._lens.mode == TASK else TASK))
        self.canvas.scaled.connect(lambda: self.scale.setCurrentIndex(1 - self.scale.currentIndex()))
        self.canvas.proof.connect(self._proof)
        for signal in (
            self._lens.changed,
            self._lens.moved,
            self._session.case_changed,
            self._session.clock_changed,
            self._session.selection_changed,
        ):
            signal.connect(self.refresh)

    def show_around(self) -> None:
        """So many minutes before and after the chosen entry."""
        self._lens.around(AROUND[self.reach.currentIndex()][1])

    def refresh(self, *_: object) -> None:
        """Say what is looked at."""
        lens, case = self._lens, self._session.case
        line = self._session.line
        set_button(self.this, line.task.name if line else "This task")
        set_button(self.all, f"All {words.plural(len(case.tasks), 'task')}" if case.tasks else "All")
        self.this.setEnabled(line is not None)
        self.this.setChecked(lens.scope.task is not None)
        self.all.setChecked(lens.scope.task is None)
        own, host = lens.scope.counted
        of = "of this task" if lens.scope.task is not None else "of tasks"
        shared = f"  ·  {own:,} {of}, {host:,} of the host" if host else ""
        self.span.say(f"{self.canvas.span_words()}{shared}")
        shown = bool(len(lens.scope.rows) or lens.happened.covered)
        self._stack.setCurrentIndex(0 if shown else 1)
        self._divide()
        if not shown:
            self.empty.say(*self._why_empty())

    def _why_empty(self) -> tuple[str, str]:
        if len(self._lens.entries):
            return "Nothing of this task has a time", "No store and no log tells when something happened to it. All tasks: press T."
        if self._session.run.state == "reading":
            return "Nothing yet", "Times of files and keys, runs and the events of the logs appear here as they are read."
        return (
            "Nothing that has a time",
            "Event logs (winevt\\Logs), a SOFTWARE hive or task files fill this room: open a folder or an archive that holds them.",
        )

    def _choose(self, mode: str) -> None:
        self._lens.choose_mode(mode)
        self.refresh()

    def _proof(self, row: int) -> None:
        entries = self._lens.entries
        self._session.show_proof(f"{entries.kind(row).words} {self._session.clock.moment(entries.time(row))}", entries.refs(row))
