"""Is that true? The bytes a value rests on: in the file, with what they read as and a citation for the report."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from triptych.gui import words
from triptych.gui.digest import Digest
from triptych.gui.display import OneLine, Prose, copied, plain_label, set_button, to_clipboard
from triptych.gui.hexview import HexView
from triptych.gui.jobs import Bytes
from triptych.gui.pieces import Empty, column, section_head
from triptych.gui.session import Proof, Session
from triptych.gui.tables import Cell, Column, Table
from triptych.gui.theme import BODY, ROW, SMALL, Theme, face
from triptych.gui.views import TableView
from triptych.model.evidence import EvidenceRef, Span

MOST_PLACES = 8  # rows of the list of places before it scrolls
Cited = tuple[int, EvidenceRef, Span]

PLACES: tuple[Column[Cited], ...] = (
    Column("Place", lambda cited: Cell(words.short_place(cited[1].place), tip=words.place(cited[1].place)), width=330),
    Column("Bytes", lambda cited: Cell(words.extent(cited[2]), mono=True), width=210),
    Column("File", lambda cited: Cell(cited[2].file, mono=True, tail=True), width=300),
)


def reads_as(data: bytes) -> list[tuple[str, str]]:
    """What bytes may say: text where it is text, numbers where there are few bytes."""
    said: list[tuple[str, str]] = []
    if len(data) >= 2 and len(data) % 2 == 0:
        wide = data.decode("utf-16-le", "surrogatepass").rstrip("\0")
        if wide and sum(0x20 <= ord(character) < 0x7F for character in wide) * 2 >= len(wide):
            said.append(("UTF-16", wide))
    try:
        narrow = data.decode("utf-8").rstrip("\0")
        if narrow and "\0" not in narrow and not said:
            said.append(("UTF-8", narrow))
    except UnicodeDecodeError:
        pass
    if len(data) in (1, 2, 4, 8):
        number = int.from_bytes(data, "little")
        said.append((f"u{8 * len(data)}", f"{number:,} (0x{number:0{2 * len(data)}X})"))
    return said or [("hex", data[:64].hex(" "))]


class BytesRoom(QWidget):
    """One proof: its places, the bytes at the chosen one, what they read as, how to cite them."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session = session
        self._cited: Cited | None = None
        self._proof: Proof | None = None
        self.title = OneLine(face(BODY, bold=True))
        self.table: Table[Cited] = Table(PLACES, lambda cited: cited[0], self)
        self.places = TableView(self.table, theme, "Places of this proof")
        self.places.horizontalHeader().setStretchLastSection(True)
        self.hex = HexView(theme)
        self.error = Prose("", face(BODY))
        self.reading = Prose("", face(SMALL, mono=True))
        self.citation = Prose("", face(SMALL, mono=True))
        self.copy_citation = QPushButton()
        set_button(self.copy_citation, "Copy citation")
        self.copy_citation.clicked.connect(self.copy)
        self.empty = Empty(
            "No bytes chosen",
            "Press Enter on a cell of the comparison, a finding or a task, or choose Show bytes: what it rests on stands here.",
        )
        self._layout()
        self.places.selectionModel().currentRowChanged.connect(self._place_changed)
        self.hex.wanted.connect(self._fetch)
        session.proof_wanted.connect(self.show_proof)
        session.bytes_came.connect(self._came)
        session.case_changed.connect(self._case_changed)

    def focus(self) -> None:
        self.hex.setFocus()

    def show_proof(self, proof: Proof) -> None:
        self._proof = proof
        rows = [(ref, span) for ref in proof.refs for span in ref.spans]
        self.title.say(proof.title)
        self.table.set_rows([(number, ref, span) for number, (ref, span) in enumerate(rows)])
        self.places.setVisible(len(rows) > 1)
        wanted = min(len(rows), MOST_PLACES) * ROW + self.places.horizontalHeader().sizeHint().height() + 2
        self._split.setSizes([wanted, max(self._split.height() - wanted, 200)])
        self._stack.setCurrentIndex(0)
        flags = QItemSelectionModel.SelectionFlag
        self.places.selectionModel().setCurrentIndex(self.table.index(0, 0), flags.ClearAndSelect | flags.Rows)

    def copy(self) -> None:
        """The citation of the chosen place, as text for a report."""
        if self._cited is not None:
            to_clipboard("\n".join(copied(line) for line in self._citation().split("\n")))

    def _layout(self) -> None:
        top = QWidget()
        top.setObjectName("panel")
        head = QHBoxLayout(top)
        head.setContentsMargins(12, 9, 12, 9)
        head.addWidget(self.title, 1)
        self.hexbox = QWidget()
        inner = column(self.hexbox)
        inner.addWidget(section_head("BYTES OF THE FILE"))
        inner.addWidget(self.error)
        inner.addWidget(self.hex, 1)
        split = self._split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.places)
        split.addWidget(self.hexbox)
        split.setStretchFactor(1, 1)
        split.setChildrenCollapsible(False)
        split.setSizes([128, 500])
        self.error.setContentsMargins(12, 8, 12, 8)
        self.error.hide()
        whole = QWidget()
        layout = QVBoxLayout(whole)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(top)
        layout.addWidget(split, 1)
        layout.addWidget(self._foot())
        self._stack = QStackedWidget()
        self._stack.addWidget(whole)
        self._stack.addWidget(self.empty)
        self._stack.setCurrentIndex(1)
        column(self).addWidget(self._stack)

    def _foot(self) -> QWidget:
        foot = QWidget()
        foot.setObjectName("panel")
        grid = QGridLayout(foot)
        grid.setContentsMargins(12, 9, 12, 10)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(7)
        top = Qt.AlignmentFlag.AlignTop
        grid.addWidget(plain_label("Reads as", "dim"), 0, 0, top)
        grid.addWidget(self.reading, 0, 1)
        grid.addWidget(plain_label("Cite", "dim"), 1, 0, top)
        grid.addWidget(self.citation, 1, 1)
        grid.addWidget(self.copy_citation, 0, 2, 2, 1, Qt.AlignmentFlag.AlignVCenter)
        grid.setColumnStretch(1, 1)
        return foot

    def _place_changed(self, current: QModelIndex, before: QModelIndex) -> None:
        if not current.isValid():
            return
        self._cited = self.table.row(current.row())
        span = self._cited[2]
        file = next((file for file in self._session.case.files if file.path == span.file), None)
        spans = [other for _, _, other in self.table.rows()]
        self.error.hide()
        self.hex.show_span(span, spans, file.size if file else 0)
        self.citation.set_text("")
        self._say()
        self._fetch(span.offset - span.offset % 4096, 4096)

    def _fetch(self, offset: int, length: int) -> None:
        if self._cited is not None:
            self._session.fetch(self._cited[2].file, offset, length)

    def _came(self, answer: Bytes) -> None:
        if self._cited is None or answer.file != self._cited[2].file:
            return
        if answer.error:
            self.error.set_text(f"The bytes of {answer.file} cannot be shown: {answer.error}")
            self.error.show()
            return
        self.hex.put(answer.offset, answer.data)
        self._say()

    def _say(self) -> None:
        data = self.hex.cited()
        said = "   ".join(f"{kind}: {text}" for kind, text in reads_as(data)) if data else "being read"
        self.reading.set_text(said)
        self.citation.set_text(" · ".join(self._citation().split("\n")))

    def _citation(self) -> str:
        if self._cited is None:
            return ""
        _, ref, span = self._cited
        return words.citation(EvidenceRef(ref.place, (span,)), self._session.case.files)

    def _case_changed(self, digest: Digest) -> None:
        if not digest.lines and not digest.case.files:
            self._cited = self._proof = None
            self._stack.setCurrentIndex(1)
        elif self._cited is not None:
            self._say()
