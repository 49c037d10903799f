"""Which of these tasks must I look at? The list with its store marks, severity, chips and filter."""

from __future__ import annotations

from collections.abc import Callable, Container

from PySide6.QtCore import QByteArray, QItemSelectionModel, QModelIndex, QPoint, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHeaderView, QMenu, QStackedWidget, QWidget

from triptych.gui import words
from triptych.gui.clock import Clock
from triptych.gui.digest import Digest, Line, Mark, TaskKey
from triptych.gui.display import set_tip, visible
from triptych.gui.pieces import Chip, Empty, Flow, column
from triptych.gui.session import Run, Selection, Session
from triptych.gui.tables import Cell, Column, Kind, Table
from triptych.gui.theme import Theme
from triptych.gui.views import TableView
from triptych.model.case import Weight
from triptych.model.evidence import EvidenceRef
from triptych.model.times import Instant

STORES_COLUMN, NAME_COLUMN, LEAST_NAME = 0, 1, 146
FOUR_MARKS = 90  # pixels
Keep = Callable[[Line], bool]
FILTERS: tuple[tuple[str, str, Keep], ...] = (
    ("All", "Every task of the case", lambda line: True),
    ("Findings", "Tasks that at least one finding is about", lambda line: bool(line.findings)),
    ("Hidden", "Tasks that the scheduler leaves out of its listings", lambda line: line.hidden),
    ("Differing", "Tasks that the stores tell differently", lambda line: line.differing),
    ("Not in baseline", "Tasks that no known Windows ships", lambda line: line.foreign),
)


GROUPS: tuple[tuple[str, str, Callable[[Line], str]], ...] = (
    ("folder", "Folder", lambda line: line.task.folder),
    ("severity", "Severity", lambda line: words.SEVERITIES[line.severity] if line.severity else "No finding"),
    ("account", "Account", lambda line: line.runs_as or "Account not known"),
    ("author", "Author", lambda line: line.author or "Author not stated"),
)


def _refs(line: Line) -> tuple[EvidenceRef, ...]:
    """What proves the task: where each store says that it knows it, and what shows that another does not."""
    known = [ref for record in line.task.records for ref in record.ref]
    return tuple(dict.fromkeys(known + [ref for absence in line.task.absences for ref in absence.refs]))


def _stores(line: Line) -> Cell:
    pairs = list(zip(words.TELLERS, line.marks, strict=False))  # the mark of the logs is there where logs were read
    severity = line.severity
    word = words.SEVERITIES[severity] if severity else "No finding"
    said = f"{word}. " + ", ".join(f"{words.STORE_NAMES[store]} {mark.value}" for store, mark in pairs)
    present = ", ".join(words.STORE_NAMES[store] for store, mark in pairs if mark is Mark.PRESENT)
    marks = tuple((words.LETTERS[store], words.store_token(store), mark) for store, mark in pairs)
    token = words.severity_token(severity) if severity else ""
    return Cell(present, _refs(line), Kind.STORES, ink=token, tip=said, said=said, extra=marks)


def _name(line: Line, marked: Container[TaskKey]) -> Cell:
    task, severity = line.task, line.severity
    count = f", {words.plural(len(line.findings), 'finding')}, the worst {severity.value}" if severity else ""
    parts = (("★ " if line.key in marked else "") + visible(task.name), visible(task.folder))
    said = f"{'marked, ' if line.key in marked else ''}{task.path}{count}"
    return Cell(task.path, _refs(line), Kind.NAME, bold=severity is not None, said=said, tip=task.path, extra=parts)


def _action(line: Line) -> Cell:
    return Cell(line.action, brief=words.brief_command(line.action))


def _last_run(line: Line, clock: Clock) -> Cell:
    if line.last_run is None:
        return Cell("", kind=Kind.DIM, said="last run not known")
    return Cell(words.moment(line.last_run, short=True, clock=clock), mono=True, tip=words.moment(line.last_run, clock=clock))


def _time_key(instant: Instant | None) -> int:
    return -1 if instant is None else instant.ticks


def columns(clock: Clock, marked: Container[TaskKey]) -> tuple[Column[Line], ...]:
    """The columns of the list, times as the clock tells them, marked tasks with a star."""
    title = "Last run" if clock.name == "here" else f"Last run {clock.title.removeprefix('UTC') or 'UTC'}"
    return (
        _STORES,
        Column("Task", lambda line: _name(line, marked), lambda line: line.task.name.casefold(), width=190),
        *_COLUMNS,
        Column(title, lambda line: _last_run(line, clock), lambda line: _time_key(line.last_run), width=136),
    )


_STORES: Column[Line] = Column(
    "Stores",
    _stores,
    lambda line: (line.rank, line.key),
    width=76,
    tip="XML file, Registry, Scheduler, and Events where logs were read; sorts by severity",
)
_COLUMNS: tuple[Column[Line], ...] = (
    Column("Runs as", lambda line: Cell(line.runs_as), lambda line: line.runs_as.casefold(), width=78),
    Column("Action", _action, lambda line: line.action.casefold(), width=112),
)


class TasksRoom(QWidget):
    """The list. The filter's text comes from the window's search box; letters typed here go there."""

    typed = Signal(str)

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._needle, self._chosen, self.group = session, "", 0, ""
        self._filters = (
            *FILTERS,
            ("Marked", "Tasks that you marked with Space or Ctrl+B", lambda line: line.key in session.marked),
        )
        self.setObjectName("side")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.table: Table[Line] = Table(columns(session.clock, session.marked), lambda line: line.key, self)
        self.view = TableView(self.table, theme, "Tasks", filters=True)
        self.view.setSelectionMode(TableView.SelectionMode.SingleSelection)
        self.view.setSortingEnabled(True)
        self._head()
        self.empty = Empty()
        self.empty.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # it stands where the list will stand, and holds the keyboard for it
        self._stack = QStackedWidget()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self.empty)
        self.chips = [Chip(f"{title} 0", checkable=True) for title, _, _ in self._filters]
        self.grouping = Chip("Group ▾")
        self.grouping.setMenu(self._group_menu())
        self._layout()
        self.view.marked.connect(lambda row: session.mark(self.table.row(row).key))
        session.marks_changed.connect(lambda: self.show_digest(session.digest))
        self.table.modelReset.connect(self._span)
        self.table.layoutChanged.connect(self._span)
        self.view.selectionModel().currentRowChanged.connect(self._current_changed)
        self.view.typed.connect(self.typed)
        self.view.proof.connect(session.show_proof)
        session.case_changed.connect(self.show_digest)
        session.selection_changed.connect(self._selection_changed)
        session.run_changed.connect(self._run_changed)
        session.clock_changed.connect(self._clock_changed)
        self.show_digest(session.digest)

    def focus(self) -> None:
        (self.view if self._stack.currentIndex() == 0 else self.empty).setFocus()

    def set_needle(self, text: str) -> None:
        """Show only tasks that hold every word of the text: path, GUID, account, commands of all stores, findings."""
        self._needle = text.casefold()
        self._refilter()

    def step(self, by: int) -> None:
        """Move the selection while the keyboard stands in the search box."""
        last = self.table.rowCount() - 1
        row = min(max(self.view.currentIndex().row() + by, 0), last)
        while 0 <= row <= last and self.table.is_head(row):
            row += 1 if by > 0 or row == 0 else -1
        if 0 <= row <= last:
            self._go(row)

    def group_by(self, name: str) -> None:
        """Group the list by folder, severity, account or author; "" is flat."""
        found = next((group for group in GROUPS if group[0] == name), None)
        self.group = found[0] if found else ""
        self.grouping.say(f"Group: {found[1].lower()} ▾" if found else "Group ▾")
        self.table.set_group(found[2] if found else None)
        for at, action in enumerate(self.grouping.menu().actions()):
            action.setChecked(("", *(group[0] for group in GROUPS))[at] == self.group)
        self._restore()

    def show_digest(self, digest: Digest) -> None:
        for chip, (title, _, keep) in zip(self.chips, self._filters, strict=True):
            number = sum(1 for line in digest.lines if keep(line))
            chip.say(f"{title} {number:,}")
            chip.setVisible(number > 0 or title != "Marked" or chip.isChecked())
        bar = self.view.verticalScrollBar()
        place = bar.value()
        self.table.set_rows(digest.lines)
        self._room_for_marks(digest)
        self._restore()
        bar.setValue(place)
        self._say_empty()

    def _room_for_marks(self, digest: Digest) -> None:
        head = self.view.horizontalHeader()
        if any(len(line.marks) > len(words.STORES) for line in digest.lines[:1]) and head.sectionSize(STORES_COLUMN) < FOUR_MARKS:
            head.resizeSection(STORES_COLUMN, FOUR_MARKS)
            self._fit()

    def state(self) -> QByteArray:
        return self.view.horizontalHeader().saveState()

    def restore(self, state: QByteArray) -> None:
        if not state.isEmpty():
            self.view.horizontalHeader().restoreState(state)
            self.view.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)

    def _head(self) -> None:
        head = self.view.horizontalHeader()
        head.setSortIndicatorClearable(True)
        head.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        head.setSectionsMovable(True)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.view.resized.connect(self._fit)
        head.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        head.customContextMenuRequested.connect(self._columns_menu)

    def _fit(self) -> None:
        """The task's name takes what the other columns leave, and is never so narrow that nobody can read it."""
        head = self.view.horizontalHeader()
        others = sum(head.sectionSize(number) for number in range(head.count()) if number != NAME_COLUMN)
        wanted = max(self.view.viewport().width() - others, LEAST_NAME)
        if head.sectionSize(NAME_COLUMN) != wanted:
            head.resizeSection(NAME_COLUMN, wanted)

    def _layout(self) -> None:
        group = QButtonGroup(self)
        row = QWidget()
        flow = Flow(row)
        flow.setContentsMargins(10, 8, 10, 8)
        for number, (chip, (_, tip, _)) in enumerate(zip(self.chips, self._filters, strict=True)):
            set_tip(chip, tip)
            group.addButton(chip, number)
            flow.addWidget(chip)
        flow.addWidget(self.grouping)
        self.chips[0].setChecked(True)
        group.idClicked.connect(self._choose)
        layout = column(self)
        layout.addWidget(row)
        layout.addWidget(self._stack, 1)

    def _choose(self, number: int) -> None:
        self._chosen = number
        self._refilter()

    def _refilter(self) -> None:
        keep, needles = self._filters[self._chosen][2], self._needle.split()
        self.table.set_filter(lambda line: keep(line) and all(needle in line.text for needle in needles))
        self._restore()
        if not self.view.currentIndex().isValid() and self.table.rowCount():
            self.step(0)
        self._say_empty()

    def _restore(self) -> None:
        """Select again what the session has selected, without telling it so."""
        row = self.table.find(self._session.selection.task)
        model = self.view.selectionModel()
        model.blockSignals(True)
        if row >= 0:
            self._go(row)
        model.blockSignals(False)
        self.view.viewport().update()

    def _go(self, row: int) -> None:
        flags = QItemSelectionModel.SelectionFlag
        column_at = max(self.view.currentIndex().column(), 0)
        index = self.table.index(row, column_at)
        self.view.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
        self.view.scrollTo(index)

    def _current_changed(self, current: QModelIndex, _: QModelIndex) -> None:
        if current.isValid():
            self._session.select_task(self.table.row(current.row()).key)

    def _selection_changed(self, selection: Selection) -> None:
        current = self.view.currentIndex()
        if not current.isValid() or self.table.row(current.row()).key != selection.task:
            self._restore()

    def _run_changed(self, _: Run) -> None:
        self._say_empty()

    def _clock_changed(self, clock: Clock) -> None:
        self.table.columns = columns(clock, self._session.marked)
        self.view.horizontalHeader().viewport().update()
        self.show_digest(self._session.digest)

    def _say_empty(self) -> None:
        had = self.view.hasFocus() or self.empty.hasFocus()
        self._stack.setCurrentIndex(0 if self.table.rowCount() else 1)
        if had:
            self.focus()
        if self.table.rowCount():
            return
        if self._session.digest.lines:
            self.empty.say("No task matches", "Esc clears the text in the search box; the chip All shows every task again.")
        elif self._session.run.state == "reading":
            self.empty.say("Reading", "Tasks appear here as they are found.")
        elif self._session.run.state == "failed":
            self.empty.say(
                "The evidence could not be read", "The line above says why. F5 tries again; Ctrl+O opens other evidence."
            )
        elif self._session.run.state == "cancelled":
            self.empty.say("Cancelled before a task was found", "F5 reads the evidence again.")
        else:
            problems = sorted(self._session.case.problems, key=lambda problem: list(Weight).index(problem.severity))
            told = f" {words.problem_text(problems[0])}" if problems else ""
            self.empty.say("No tasks found", f"The evidence holds no scheduled tasks that could be read.{told}")

    def _span(self) -> None:
        """Heads of groups reach over all columns."""
        self.view.clearSpans()
        for row in self.table.heads():
            self.view.setSpan(row, 0, 1, self.table.columnCount())

    def _group_menu(self) -> QMenu:
        menu = QMenu(self)
        for name, title in (("", "Not grouped"), *((group[0], group[1]) for group in GROUPS)):
            action = menu.addAction(title)
            action.setCheckable(True)
            action.triggered.connect(lambda _=False, wanted=name: self.group_by(wanted))
        return menu

    def _columns_menu(self, at: QPoint) -> None:
        self.columns_menu().exec(self.view.horizontalHeader().mapToGlobal(at))

    def columns_menu(self) -> QMenu:
        """Show and hide columns."""
        menu, head = QMenu(self), self.view.horizontalHeader()
        for number, described in enumerate(self.table.columns):
            action = menu.addAction(described.title)
            action.setCheckable(True)
            action.setChecked(not head.isSectionHidden(number))
            action.setEnabled(number != NAME_COLUMN)
            action.toggled.connect(lambda shown, at=number: head.setSectionHidden(at, not shown))
            action.toggled.connect(self._fit)
        return menu
