"""The window: start page, case strip, list of tasks, rooms behind tabs. It arranges; what is shown is the rooms' own matter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QTabBar,
    QWidget,
)

from triptych import __version__
from triptych.gui.asking import path_asked
from triptych.gui.bar import Bar
from triptych.gui.choices import Choices
from triptych.gui.commands import COMMANDS, actions, key_sheet
from triptych.gui.digest import Digest
from triptych.gui.display import tell, visible
from triptych.gui.exporting import Exporting
from triptych.gui.head import TaskHead
from triptych.gui.palette import Palette
from triptych.gui.pieces import column
from triptych.gui.rooms import ROOMS
from triptych.gui.rooms.bytes import BytesRoom
from triptych.gui.rooms.compare import CompareRoom
from triptych.gui.rooms.sources import SourcesRoom
from triptych.gui.rooms.start import EXAMPLE, FILE, FOLDER, StartRoom
from triptych.gui.rooms.tasks import TasksRoom
from triptych.gui.rooms.timeline import TimelineRoom
from triptych.gui.session import Proof, Run, Session, Work
from triptych.gui.settings import Settings
from triptych.gui.status import Status
from triptych.gui.strip import CaseStrip
from triptych.gui.theme import Theme
from triptych.gui.trouble import TroubleStrip
from triptych.model.task import Store

_ABOUT = (
    f"Triptych {__version__}\n\nEach scheduled task as the file, the registry and the scheduler tell it, side by side.\n"
    "Evidence is opened read only; nothing of it is run or followed.\n\n"
    "Typefaces: Inter and JetBrains Mono (SIL Open Font License). Icons: Lucide (ISC licence). Qt for Python (LGPL)."
)


R = TypeVar("R", bound=QWidget)


class Window(QMainWindow):
    """Everything a person sees. `ask` opens a file dialog and gives the path chosen, "" where none was."""

    def __init__(self, session: Session, theme: Theme, settings: Settings, example: str = "") -> None:
        super().__init__()
        self.session, self.theme, self.settings, self._example = session, theme, settings, example
        self.ask: Callable[[str], str] = lambda kind: path_asked(self, settings, kind)
        self.setWindowTitle("Triptych")
        self.setAcceptDrops(True)
        self._came_from, self._divided = "compare", not settings.state("split").isEmpty()
        choices = (FOLDER, FILE, *((EXAMPLE,) if example else ()))
        self.start = StartRoom(theme, choices, settings.recent())
        self.tasks = TasksRoom(session, theme)
        self.rooms = {room.name: room.make(session, theme) for room in ROOMS}
        self.strip = CaseStrip(session, theme)
        self.trouble = TroubleStrip()
        self.tabs = QTabBar()
        self.stack = QStackedWidget()
        self._pages = QStackedWidget()
        self._choices = Choices(session, theme, settings)
        self.exporting = Exporting(self, session, settings, self.say_trouble)
        self.actions_of = actions(self, self.menuBar(), self._does())
        self._choices.restore(self.actions_of)
        self.bar = Bar(self.actions_of)
        self.search = self.bar.search
        self.setStatusBar(Status(session))
        self._build()
        self._connect()
        self._restore()
        self._run_changed(session.run)
        self.start.focus()

    # what commands do ---------------------------------------------------------------------------------------------
    def _does(self) -> dict[str, Callable[[], None]]:
        does: dict[str, Callable[[], None]] = {
            "open-folder": lambda: self._open_asked("folder"),
            "open-file": lambda: self._open_asked("file"),
            "add-listing": self._add_listing,
            "export": self.exporting.choose,
            "rescan": self.session.rescan,
            "cancel": self.session.cancel,
            "start": self.show_start,
            "quit": self._quit,
            "find": self._find,
            "copy-citation": self._room(BytesRoom).copy,
            "go-tasks": self.show_tasks,
            "next-room": lambda: self._step_room(1),
            "previous-room": lambda: self._step_room(-1),
            "mark": lambda: self.session.mark(self.session.selection.task),
            "only-differences": self._room(CompareRoom).only.toggle,
            "next-finding": lambda: self._step_finding(1),
            "previous-finding": lambda: self._step_finding(-1),
            "palette": self._commands,
            "keys": lambda: tell(self, "Keys", key_sheet(self.actions_of)),
            "about": lambda: tell(self, "About Triptych", _ABOUT),
        }
        does |= {f"go-{room.name}": lambda name=room.name: self.show_room(name) for room in ROOMS}  # type: ignore[misc]  # bound default
        does |= self._choices.does()
        if self._example:
            does["open-example"] = lambda: self.open((self._example,))
        return does

    def open(self, arguments: tuple[str, ...], listings: tuple[str, ...] = ()) -> None:
        """Open evidence and show it as it is read."""
        self.trouble.hide()
        self.session.open(arguments, listings)
        if arguments != (self._example,):
            self.settings.opened(arguments)
            self.start.show_recent(self.settings.recent())
        self._pages.setCurrentIndex(1)
        self._divide()
        self.show_room("compare")
        self.show_tasks()

    def show_start(self) -> None:
        self._pages.setCurrentIndex(0)
        self.start.focus()

    def show_tasks(self) -> None:
        """The first question: the keyboard goes to the list."""
        self._pages.setCurrentIndex(1)
        self.tasks.show()
        self.tasks.focus()

    def show_room(self, name: str) -> None:
        """Bring a room to the front and give it the keyboard."""
        if self.current_room in ("compare", "findings"):
            self._came_from = self.current_room
        self.tabs.setCurrentIndex([room.name for room in ROOMS].index(name))
        room = self.rooms[name]
        focus = getattr(room, "focus", None)
        if focus is not None:
            focus()

    @property
    def current_room(self) -> str:
        return ROOMS[max(self.tabs.currentIndex(), 0)].name

    def say_trouble(self, text: str) -> None:
        self.trouble.say(text)

    # building -----------------------------------------------------------------------------------------------------
    def _build(self) -> None:
        whole = QWidget()
        layout = column(whole)
        layout.addWidget(self.trouble)
        layout.addWidget(self._pages, 1)
        self._pages.addWidget(self.start)
        self._pages.addWidget(self._case_page())
        self.setCentralWidget(whole)
        self.setMinimumSize(820, 560)
        self.resize(1600, 1000)

    def _case_page(self) -> QWidget:
        page = QWidget()
        layout = column(page)
        layout.addWidget(self.bar)
        layout.addWidget(self.strip)
        right = QWidget()
        right.setObjectName("panel")
        inner = column(right)
        inner.addWidget(TaskHead(self.session))
        inner.addWidget(self._tab_row())
        inner.addWidget(self.stack, 1)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.addWidget(self.tasks)
        self.split.addWidget(right)
        self.split.setChildrenCollapsible(False)
        self.split.splitterMoved.connect(lambda *_: self._mark_divided())
        self.tasks.setMinimumWidth(240)
        layout.addWidget(self.split, 1)
        return page

    def _tab_row(self) -> QWidget:
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(True)
        self.tabs.setAccessibleName("Rooms")
        for room in ROOMS:
            self.tabs.addTab(room.title)
            self.stack.addWidget(self.rooms[room.name])
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(10, 0, 10, 0)
        row.addWidget(self.tabs)
        self._corners = {room.name: getattr(self.rooms[room.name], "corner", None) for room in ROOMS}
        for corner in self._corners.values():
            if corner is not None:
                row.addWidget(corner, 1)
        row.addStretch(0)
        return holder

    def _room_shown(self, at: int) -> None:
        self.stack.setCurrentIndex(at)
        for name, corner in self._corners.items():
            if corner is not None:
                corner.setVisible(name == ROOMS[at].name)
        self.tasks.setVisible(not ROOMS[at].wide)

    def _connect(self) -> None:
        self.tabs.currentChanged.connect(self._room_shown)
        self.search.textChanged.connect(self.tasks.set_needle)
        self.search.installEventFilter(self)
        self.tasks.typed.connect(self._typed)
        self.start.chosen.connect(self._chosen)
        self.start.recent_chosen.connect(self.open)
        self.strip.store_clicked.connect(self._show_store)
        self.strip.clock.setMenu(self._choices.clock_menu(self))
        self.strip.warnings_clicked.connect(lambda: self.show_room("problems"))
        self.session.proof_wanted.connect(self._proof_wanted)
        self.session.case_changed.connect(self._case_changed)
        self.session.run_changed.connect(self._run_changed)
        self.session.opened.connect(self._opened)

    # following ----------------------------------------------------------------------------------------------------
    def _case_changed(self, digest: Digest) -> None:
        for number, room in enumerate(ROOMS):
            count = room.count(digest.case) if room.count else 0
            self.tabs.setTabText(number, f"{room.title} {count:,}" if count else room.title)

    def _run_changed(self, run: Run) -> None:
        now = {"": True, "case": self.session.work is not None, "reading": run.state == "reading"}
        for command in COMMANDS:
            if command.name in self.actions_of:
                self.actions_of[command.name].setEnabled(now[command.needs])
        if run.state == "failed":
            shown = " What was read until then is shown." if self.session.digest.lines else ""
            self.trouble.say(f"The evidence could not be read to its end: {run.error.rstrip('.')}.{shown}")

    def _opened(self, work: Work) -> None:
        name = Path(work.arguments[0]).name if work.arguments else ""
        self.setWindowTitle(f"{visible(name, 80)} – Triptych" if name else "Triptych")

    def _proof_wanted(self, _: Proof) -> None:
        self.show_room("bytes")

    def _show_store(self, store: Store) -> None:
        self.show_room("sources")
        self._room(SourcesRoom).show_store(store)

    def _step_finding(self, step: int) -> None:
        self.session.step_finding(step)
        if self.current_room == "findings":
            return
        if self.session.selection.finding is not None:
            finding = self.session.finding(self.session.selection.finding)
            self.show_room("compare" if finding and finding.task is not None else "findings")
            if self.current_room == "compare":
                self._room(CompareRoom).cards.focus_selected()

    def _step_room(self, step: int) -> None:
        """F6: the list, then one room after the other, and round again."""
        if self.tasks.isAncestorOf(QApplication.focusWidget() or self):
            self.show_room(ROOMS[0 if step > 0 else len(ROOMS) - 1].name)
            return
        wanted = self.tabs.currentIndex() + step
        if 0 <= wanted < len(ROOMS):
            self.show_room(ROOMS[wanted].name)
        else:
            self.show_tasks()

    # choosing -----------------------------------------------------------------------------------------------------
    def _chosen(self, name: str) -> None:
        if name == "example":
            self.open((self._example,))
        else:
            self._open_asked(name)

    def _open_asked(self, kind: str) -> None:
        path = self.ask(kind)
        if path:
            self.open((path,))

    def _add_listing(self) -> None:
        path = self.ask("listing")
        if path:
            self.session.add_listing(path)

    def _commands(self) -> None:
        made = self.actions_of
        palette = Palette((made[command.name] for command in COMMANDS if command.name in made), self)
        palette.move(
            self.mapToGlobal(self.rect().center()).x() - palette.width() // 2, self.mapToGlobal(self.rect().topLeft()).y() + 80
        )
        palette.exec()
        palette.deleteLater()

    def _typed(self, text: str) -> None:
        self.search.setFocus()
        self.search.insert(text)

    def _find(self) -> None:
        self._pages.setCurrentIndex(1)
        self.search.setFocus()
        self.search.selectAll()

    def _room(self, kind: type[R]) -> R:
        return next(room for room in self.rooms.values() if isinstance(room, kind))

    # what Qt sends ------------------------------------------------------------------------------------------------
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -20, Qt.Key.Key_PageDown: 20}.get(Qt.Key(event.key()))
            if step is not None:
                self.tasks.step(step)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.show_tasks()
                return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._pages.currentIndex() == 1:
            self._back()
        else:
            super().keyPressEvent(event)

    def _back(self) -> None:
        """Esc: out of the search box, from the bytes to where they were asked for, else to the list."""
        if self.search.text() and (self.search.hasFocus() or self.tasks.view.hasFocus()):
            self.search.clear()
            self.show_tasks()
        elif self.current_room == "bytes" and not self.tasks.view.hasFocus():
            self.show_room(self._came_from)
        else:
            self.show_tasks()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if not self._divided:
            self._divide()

    def _divide(self) -> None:
        """As a person left it; else a third of the window for the list, a little more in a wide one."""
        kept = self.settings.state("split")
        if self._divided and not kept.isEmpty():
            self.split.restoreState(kept)
            return
        width = self.width()
        share = 0.31 + 0.05 * min(max((width - 1280) / 320, 0.0), 1.0)
        side = min(round(width * share), 640)
        self.split.setSizes([side, width - side])

    def _mark_divided(self) -> None:
        self._divided = True
        self.settings.keep("split", self.split.saveState())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self.start.drop.light(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.start.drop.light(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.start.drop.light(False)
        paths = tuple(url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile())
        if paths:
            event.acceptProposedAction()
            self.open(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._keep()
        self.session.close()
        super().closeEvent(event)

    def _quit(self) -> None:
        self.close()

    def _keep(self) -> None:
        self.settings.keep("geometry", self.saveGeometry())
        if self._divided and self._pages.currentIndex() == 1:
            self.settings.keep("split", self.split.saveState())
        self.settings.keep("tasks", self.tasks.state())
        self.settings.keep("group", self.tasks.group)
        self.settings.keep("compare", self._room(CompareRoom).state())
        self.settings.keep("timeline", self._room(TimelineRoom).state())
        self.settings.sync()

    def _restore(self) -> None:
        if not self.settings.state("geometry").isEmpty():
            self.restoreGeometry(self.settings.state("geometry"))
        self.tasks.restore(self.settings.state("tasks"))
        self.tasks.group_by(self.settings.text("group"))
        self._room(CompareRoom).restore(self.settings.state("compare"))
        self._room(TimelineRoom).restore(self.settings.state("timeline"))
