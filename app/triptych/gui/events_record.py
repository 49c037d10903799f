"""One entry: what links it, its own XML, its bytes, the definition it carries, and how to cite it."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent, QSyntaxHighlighter, QTextCharFormat, QTextOption
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from triptych.gui.display import OneLine, Prose, mnemonic_free, plain_label, set_button, set_text, set_tip, visible
from triptych.gui.events_text import text_of, title
from triptych.gui.hexview import PAGE, HexView
from triptych.gui.jobs import Bytes
from triptych.gui.pieces import column
from triptych.gui.session import Session
from triptych.gui.theme import BODY, SMALL, Theme, face
from triptych.gui.timeline_axis import span_words
from triptych.gui.words import short_place
from triptych.logs.asked import Line
from triptych.logs.one_event import lines_of
from triptych.model.display import show, show_lines
from triptych.model.evidence import Span

MOST_LINES, LONGEST, COLOURED = 5_000, 4_000, 2_000  # lines shown, characters of one, lines that are coloured
_LINKS = 6
_WAIT_MS = 90  # a person who goes quickly from row to row asks for none of them
_TOKEN = re.compile(r'(?P<tag></?[\w:.-]+|/?>)|(?P<name>[\w:.-]+)(?==")|(?P<text>"[^"]*")')
_INK = {"tag": "low", "name": "good", "text": "xml"}


class XmlColours(QSyntaxHighlighter):
    """Tags, names and values in colours of the theme; nothing of it is taken for markup."""

    def __init__(self, view: QPlainTextEdit, theme: Theme) -> None:
        super().__init__(view.document())
        self._theme, self._on = theme, True
        theme.changed.connect(self.rehighlight)

    def set_on(self, on: bool) -> None:
        self._on = on

    def highlightBlock(self, text: str) -> None:
        for match in _TOKEN.finditer(text) if self._on else ():
            form = QTextCharFormat()
            form.setForeground(self._theme.colour(_INK[str(match.lastgroup)]))
            self.setFormat(match.start(), match.end() - match.start(), form)


class XmlView(QPlainTextEdit):
    """Text to be read and copied."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setFont(face(SMALL, mono=True))
        self.setWordWrapMode(QTextOption.WrapMode.NoWrap)
        self.setTabChangesFocus(True)
        self.setAccessibleName(name)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard)
        self._colours = XmlColours(self, theme)

    def show_text(self, text: str) -> None:
        lines = text.split("\n")
        told = [show(line, LONGEST) for line in lines[:MOST_LINES]]
        if len(lines) > MOST_LINES:
            told.append(f"… {len(lines) - MOST_LINES:,} more lines")
        self._colours.set_on(len(told) <= COLOURED)
        self.setPlainText("\n".join(told))


class LinkTo(QPushButton):
    """To another entry: which one, and why the two belong together; the end gives way, the tip says the whole."""

    def __init__(self) -> None:
        super().__init__()
        self.row, self._whole = -1, ""
        self.setObjectName("link")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def lead(self, row: int, text: str) -> None:
        self.row, self._whole = row, visible(text)
        self.setAccessibleName(self._whole)
        set_tip(self, text)
        self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        shown = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, max(self.width() - 8, 60))
        self.setText(mnemonic_free(shown))


class Record(QWidget):
    """Follows the chosen entry. `copy_wanted` names a form."""

    copy_wanted = Signal(str)
    go = Signal(object)  # to a row of the entries

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._lens = session, session.lens
        self._lines: tuple[Line, ...] = ()
        self._span: Span | None = None
        self._told: object = None
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.title = OneLine(face(BODY, bold=True))
        self.copy = QPushButton()
        set_button(self.copy, "Copy")
        self.copy.setMenu(self._copy_menu())
        self.said = Prose("", face(SMALL))
        self.links = [self._link() for _ in range(_LINKS)]
        self.more = plain_label("", "dim", face(SMALL))
        self.xml, self.definition = XmlView(theme, "XML of the event"), XmlView(theme, "Task definition in the event")
        self.hex = HexView(theme)
        self.tabs = QTabBar()
        self.foot = OneLine(face(SMALL, mono=True))
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(_WAIT_MS)
        self._wait.timeout.connect(self._ask)
        self._layout()
        self.xml.cursorPositionChanged.connect(self._line_chosen)
        self.hex.wanted.connect(self._page_wanted)
        self._lens.chosen.connect(self.follow)
        self._lens.changed.connect(self.follow)
        session.event_came.connect(self._came)
        session.bytes_came.connect(self._bytes)
        session.clock_changed.connect(lambda _: self.follow())
        self.follow()

    def _copy_menu(self) -> QMenu:
        menu = QMenu(self)
        for form, words in (("text", "As text for a report"), ("table", "As a table"), ("xml", "As XML")):
            menu.addAction(words).triggered.connect(lambda _=False, form=form: self.copy_wanted.emit(form))
        return menu

    def _link(self) -> LinkTo:
        button = LinkTo()
        button.clicked.connect(lambda: self.go.emit(button.row))
        return button

    def _layout(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(12, 8, 10, 4)
        head.addWidget(self.title, 1)
        head.addWidget(self.copy)
        told = QVBoxLayout()
        told.setContentsMargins(12, 0, 12, 6)
        told.setSpacing(2)
        told.addWidget(self.said)
        for button in self.links:
            told.addWidget(button)
        told.addWidget(self.more)
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName("Views of the event")
        self.stack = QStackedWidget()
        for words, page in (("XML", self.xml), ("Bytes", self.hex), ("Definition", self.definition)):
            self.tabs.addTab(words)
            self.stack.addWidget(page)
        self.tabs.currentChanged.connect(self._page_shown)
        foot = QHBoxLayout()
        foot.setContentsMargins(12, 6, 12, 7)
        foot.addWidget(self.foot)
        layout = column(self)
        layout.addLayout(head)
        layout.addLayout(told)
        layout.addWidget(self.tabs)
        layout.addWidget(self.stack, 1)
        layout.addStretch(0)
        layout.addLayout(foot)

    # following ----------------------------------------------------------------------------------------------------
    def follow(self) -> None:
        """Show the chosen entry, or say how to choose one."""
        row, entries = self._lens.row, self._lens.entries
        chosen = 0 <= row < len(entries)
        for widget in (self.tabs, self.stack, self.copy):
            widget.setVisible(chosen)
        if not chosen:
            self.title.say("No entry chosen")
            self.said.set_text("Choose a marker or a row: what happened, what it belongs to, its XML and its bytes stand here.")
            self.foot.say("")
            self._show_links(())
            self._told = None
            return
        kind = entries.kind(row)
        self.title.say(f"{title(entries, row)}  {kind.words.lower() if kind.event_id else ''}".rstrip())
        self.said.set_text(f"{self._session.clock.moment(entries.time(row))}  {text_of(entries, row)}")
        self._show_links(tuple(sorted(entries.links.get(row, ()))))
        if self._told != entries.key(row):
            self._told = entries.key(row)
            self._show_record(row)

    def _show_links(self, links: tuple[tuple[int, str], ...]) -> None:
        entries, row = self._lens.entries, self._lens.row
        numbers = {(link.earlier, link.later): link.number for link in self._lens.links}
        for button, link in zip(self.links, (*links, *(None,) * _LINKS), strict=False):
            button.setVisible(link is not None)
            if link is not None:
                there, why = link
                number = numbers.get((min(row, there), max(row, there)), 0)
                apart = int(entries.ticks[there]) - int(entries.ticks[row])
                when = f"{span_words(apart)} {'later' if apart >= 0 else 'before'}"
                button.lead(there, f"{number or '·'}  {title(entries, there)}, {when}: {why}")
        set_text(self.more, f"and {len(links) - _LINKS:,} more" if len(links) > _LINKS else "")
        self.more.setVisible(len(links) > _LINKS)

    def _show_record(self, row: int) -> None:
        event, refs = self._lens.entries.event_of(row), self._lens.entries.refs(row)
        self._lines, self._span = (), refs[0].spans[0] if refs else None
        content = event.content if event is not None else ""
        self.tabs.setTabVisible(0, event is not None)
        self.tabs.setTabVisible(2, bool(content))
        self.definition.show_text(content.replace("\r\n", "\n"))
        self.xml.setPlainText("being read")
        if event is None:
            self.tabs.setCurrentIndex(1)
        elif self.tabs.currentIndex() == 2 and not content:
            self.tabs.setCurrentIndex(0)
        self._page_shown(self.tabs.currentIndex())
        self._cite()
        self._wait.start()

    def _cite(self) -> None:
        refs = self._lens.entries.refs(self._lens.row)
        if not refs:
            self.foot.say("")
            return
        span = refs[0].spans[0]
        file = next((file for file in self._session.case.files if file.path == span.file), None)
        known = f" · SHA-256 {file.id}" if file and file.id else ""
        self.foot.say(f"{short_place(refs[0].place)} · offset 0x{span.offset:X}, {span.length:,} bytes · {span.file}{known}")

    def _page_shown(self, at: int) -> None:
        self.stack.setCurrentIndex(at)
        if at == 1 and self._span is not None:
            self._show_bytes(self._span)

    def _show_bytes(self, span: Span) -> None:
        file = next((file for file in self._session.case.files if file.path == span.file), None)
        whole = self._span
        self.hex.show_span(span, (whole,) if whole is not None and whole != span else (), file.size if file else 0)

    def _ask(self) -> None:
        if self._span is not None and self.isVisible() and self._lens.entries.event_of(self._lens.row) is not None:
            self._session.fetch_event(self._span.file, self._span.offset, self._span.length)

    def showEvent(self, event: object) -> None:
        if not self._lines:
            self._wait.start()

    def _came(self, answer: Bytes) -> None:
        if self._span is None or (answer.file, answer.offset) != (self._span.file, self._span.offset) or self._lines:
            return
        if answer.error:
            self.xml.setPlainText(
                show_lines(f"The event cannot be shown: {answer.error}\nIts bytes stand in the other tab.", LONGEST)
            )
            return
        self._lines = lines_of(answer.data)
        self.xml.show_text("\n".join(line[0].replace("\n", " ") for line in self._lines))

    def _bytes(self, answer: Bytes) -> None:
        if self._span is not None and answer.file == self._span.file and not answer.error and answer.length == PAGE:
            self.hex.put(answer.offset, answer.data)

    def _page_wanted(self, offset: int, length: int) -> None:
        if self._span is not None:
            self._session.fetch(self._span.file, offset, length)

    def _line_chosen(self) -> None:
        """The bytes that state the line under the cursor are the ones shown."""
        at = self.xml.textCursor().blockNumber()
        if self._span is not None and self.xml.hasFocus() and at < len(self._lines) and self._lines[at][2]:
            self._show_bytes(Span(self._span.file, self._lines[at][1], self._lines[at][2]))
        elif self._span is not None and self._lines:
            self._show_bytes(self._span)
