"""What was read, from where: each store with its state, each file with its SHA-256."""

from __future__ import annotations

from itertools import takewhile

from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtWidgets import QSplitter, QWidget

from triptych.exports.log_words import LogLine
from triptych.gui import words
from triptych.gui.clock import Clock
from triptych.gui.digest import Digest
from triptych.gui.pieces import column, section_head
from triptych.gui.session import Session
from triptych.gui.tables import Cell, Column, Kind, Table
from triptych.gui.theme import Theme
from triptych.gui.views import TableView
from triptych.model.case import StoreReport
from triptych.model.evidence import EvidenceFile, EvidenceRef, FilePlace, ReadState, Span
from triptych.model.task import Store
from triptych.model.times import Instant

_STATE_TOKENS = {"read": "good", "partly": "medium", "failed": "high", "absent": "dim"}
_STATE_WORDS = {"read": "✓ read", "partly": "■ partly read", "failed": "▲ failed", "absent": "○ not in the evidence"}
_READ_WORDS = {ReadState.WHOLE: "✓ whole", ReadState.PART: "■ in part", ReadState.FAILED: "▲ failed"}
_READ_TOKENS = {ReadState.WHOLE: "good", ReadState.PART: "medium", ReadState.FAILED: "high"}


def _state(report: StoreReport) -> Cell:
    text = _STATE_WORDS.get(report.state, report.state)
    return Cell(text, bold=True, ink=_STATE_TOKENS.get(report.state, "text"), said=report.state)


def _sources(paths: tuple[str, ...]) -> Cell:
    """All of them for a copy; their number and common folder where they do not fit."""
    folders = [path.split("/")[:-1] for path in paths]
    shared = [parts[0] for parts in takewhile(lambda parts: len(set(parts)) == 1, zip(*folders, strict=False))]
    brief = f"{'/'.join(shared)}: {len(paths):,} files" if len(paths) > 1 else ""
    return Cell(", ".join(paths), mono=True, tail=True, brief=brief)


REPORTS: tuple[Column[StoreReport], ...] = (
    Column(
        "Store", lambda report: Cell(words.STORE_NAMES[report.store], bold=True, ink=words.store_token(report.store)), width=110
    ),
    Column("State", _state, width=170),
    Column("Tasks", lambda report: Cell(f"{report.tasks:,}", mono=True), width=80),
    Column("Basis", lambda report: Cell(report.basis), width=130),
    Column("Sources", lambda report: _sources(report.sources), width=320),
    Column("Note", lambda report: Cell(report.note), width=300),
)


def file_refs(file: EvidenceFile) -> tuple[EvidenceRef, ...]:
    """The head of a file, for looking into it."""
    return (EvidenceRef(FilePlace(file.path), (Span(file.path, 0, min(file.size, 16)),)),) if file.size else ()


def _read(file: EvidenceFile) -> Cell:
    return Cell(_READ_WORDS[file.read], file_refs(file), ink=_READ_TOKENS[file.read], said=file.read.value)


def _modified(file: EvidenceFile, clock: Clock) -> Cell:
    if file.modified is None:
        return Cell("", file_refs(file))
    told = Instant(file.modified)
    return Cell(words.moment(told, clock=clock), file_refs(file), mono=True, brief=clock.brief(told))


def files_columns(clock: Clock) -> tuple[Column[EvidenceFile], ...]:
    """The ledger of files, times as the clock tells them."""
    modified: Column[EvidenceFile] = Column(
        "Modified", lambda file: _modified(file, clock), lambda file: file.modified or 0, width=200
    )
    return (*_FILES[:5], modified, *_FILES[5:])


_FILES: tuple[Column[EvidenceFile], ...] = (
    Column(
        "File", lambda file: Cell(file.path, file_refs(file), mono=True, tail=True), lambda file: file.path.casefold(), width=330
    ),
    Column("Read", _read, lambda file: file.read.value, width=90),
    Column("Kind", lambda file: Cell(file.kind, file_refs(file)), lambda file: file.kind, width=110),
    Column("Size", lambda file: Cell(f"{file.size:,}", file_refs(file), mono=True), lambda file: file.size, width=100),
    Column("SHA-256", lambda file: Cell(file.id, file_refs(file), mono=True), lambda file: file.id, width=210),
    Column("Made from", lambda file: Cell(", ".join(file.derived_from), file_refs(file), mono=True), width=180),
    Column("Note", lambda file: Cell(file.note, file_refs(file), Kind.DIM), width=180),
)


def logs_columns(clock: Clock) -> tuple[Column[LogLine], ...]:
    """The event logs, times as the clock tells them; every cell leads to the head of its log."""
    return (
        Column("Log", lambda line: Cell(line.channel, _log_refs(line), brief=line.channel.rpartition("-")[2]), _log_key, width=190),
        Column("First", lambda line: _log_time(line, line.first, clock), lambda line: _ticks(line.first), width=178),
        Column("Last", lambda line: _log_time(line, line.last, clock), lambda line: _ticks(line.last), width=178),
        Column(
            "Records",
            lambda line: Cell(f"{line.report.records:,}", mono=True),
            lambda line: line.report.records,
            width=80,
            right=True,
        ),
        Column("Kept", lambda line: Cell(f"{line.report.kept:,}", mono=True), lambda line: line.report.kept, width=76),
        Column("What is missing", lambda line: Cell(_missing(line), _log_refs(line)), width=270),
        Column("File", lambda line: Cell(line.report.file, _log_refs(line), mono=True, tail=True), width=260),
    )


def _log_key(line: LogLine) -> str:
    return line.channel.casefold()


def _log_refs(line: LogLine) -> tuple[EvidenceRef, ...]:
    return (line.report.ref,) if line.report.ref else ()


def _log_time(line: LogLine, time: Instant | None, clock: Clock) -> Cell:
    if time is None:
        return Cell("no records", kind=Kind.DIM)
    return Cell(words.moment(time, clock=clock), _log_refs(line), mono=True, brief=clock.brief(time))


def _ticks(time: Instant | None) -> int:
    return time.ticks if time else 0


def _missing(line: LogLine) -> str:
    cleared = f"cleared {line.cleared}" if line.cleared else ""
    off = f"switched {line.switch}" if line.switch.startswith("off") else ""
    return "; ".join(part for part in (line.lacks, cleared, off, line.begins) if part)


class SourcesRoom(QWidget):
    """Stores above, then the event logs where there are some, the ledger of files below."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session = session
        self.reports: Table[StoreReport] = Table(REPORTS, lambda report: report.store, self)
        self.files: Table[EvidenceFile] = Table(files_columns(session.clock), lambda file: file.path, self)
        self.logs: Table[LogLine] = Table(logs_columns(session.clock), lambda line: (line.report.file, line.channel), self)
        self.logs_view = TableView(self.logs, theme, "Event logs")
        self.report_view = TableView(self.reports, theme, "Stores")
        self.view = TableView(self.files, theme, "Files that were read")
        self.view.setSortingEnabled(True)
        self.view.horizontalHeader().setSortIndicatorClearable(True)
        self.view.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        for view in (self.report_view, self.logs_view, self.view):
            view.horizontalHeader().setStretchLastSection(True)
        self.view.proof.connect(session.show_proof)
        self.logs_view.proof.connect(session.show_proof)
        split = QSplitter(Qt.Orientation.Vertical)
        titled = (
            ("THE STORES", self.report_view),
            ("EVENT LOGS, HOW FAR THEY REACH", self.logs_view),
            ("FILES READ, WITH THEIR SHA-256", self.view),
        )
        parts = [QWidget() for _ in titled]
        self._of_logs = parts[1]
        for part, (title, view) in zip(parts, titled, strict=True):
            inner = column(part)
            inner.addWidget(section_head(title))
            inner.addWidget(view, 1)
            split.addWidget(part)
        split.setSizes([180, 250, 360])
        split.setStretchFactor(2, 1)
        split.setChildrenCollapsible(False)
        column(self).addWidget(split)
        session.case_changed.connect(self.show_digest)
        session.clock_changed.connect(self._clock_changed)
        self.show_digest(session.digest)

    def focus(self) -> None:
        self.view.setFocus()

    def show_store(self, store: Store) -> None:
        """Select a store's row."""
        row = self.reports.find(store)
        if row >= 0:
            flags = QItemSelectionModel.SelectionFlag
            self.report_view.selectionModel().setCurrentIndex(self.reports.index(row, 0), flags.ClearAndSelect | flags.Rows)
            self.report_view.setFocus()

    def _clock_changed(self, clock: Clock) -> None:
        self.files.set_columns(files_columns(clock), self._session.case.files)
        self.logs.set_columns(logs_columns(clock), self._session.digest.happened.logs)

    def show_digest(self, digest: Digest) -> None:
        self.reports.set_rows(digest.case.reports)
        self.files.set_rows(digest.case.files)
        self.logs.set_rows(digest.happened.logs)
        self._of_logs.setVisible(bool(digest.happened.logs))
