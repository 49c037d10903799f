"""The table of entries: a million rows as an array of row numbers, cells made when they are seen. No proxy, no list of rows."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

from PySide6.QtCore import QObject, Qt

from triptych.analysis.columns import np
from triptych.gui.events_columns import NAMED, Entries, Ints, nothing, place_of
from triptych.gui.events_filter import kept, told
from triptych.gui.events_text import source_words, text_of
from triptych.gui.session import Session
from triptych.gui.tables import Cell, Column, Kind, Table
from triptych.gui.timeline_lanes import LANES
from triptych.model.times import Instant, Zone

CELLS_KEPT = 6000
COPIED = 50_000  # rows that one copy takes; more leave by an export
FILTERED = ("", "source", "id", "kind", *NAMED, "text", "")
"""For each column of the table what its filter looks at, "" for none."""


class EntryTable(Table[int]):
    """Rows are entries of the session's lens."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        self._session = session
        self._shown: Ints = nothing()
        self._given: Ints = nothing()
        self._by: tuple[int, bool] = (0, False)
        self.filters: dict[str, str] = {}
        super().__init__(self._columns(), lambda row: row, parent)

    @property
    def entries(self) -> Entries:
        return self._session.lens.entries

    @property
    def shown(self) -> Ints:
        """The rows as they are filtered and sorted now."""
        return self._shown

    @property
    def given(self) -> Ints:
        """The rows before filtering."""
        return self._given

    # what changes -------------------------------------------------------------------------------------------------
    def show(self, rows: Ints) -> None:
        """Other rows, filtered and sorted as before."""
        self._given = rows
        self._refill()

    def set_filters(self, filters: Mapping[str, str]) -> None:
        self.filters = {column: text for column, text in filters.items() if text.strip()}
        self._refill()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._by = (max(column, 0), order is Qt.SortOrder.DescendingOrder and column >= 0)
        self._refill()

    def forget(self) -> None:
        """Cells are to be made anew: the clock or the links are others."""
        self._cells.clear()
        if len(self._shown):
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._shown) - 1, len(self.columns) - 1))
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, 0)

    def set_heads(self) -> None:
        """The head of the time names the zone."""
        self.columns = self._columns()
        self.forget()

    def _refill(self) -> None:
        self.beginResetModel()
        self._cells.clear()
        self._shown = self._sorted(kept(self.entries, self._given, self.filters))
        self.endResetModel()

    def _sorted(self, rows: Ints) -> Ints:
        column, descending = self._by
        if FILTERED[column] == "":
            return rows[::-1] if descending else rows
        name = FILTERED[column]
        if name in NAMED:
            words = self.entries.words[name]
            keys = words.ranks[words.codes[rows]]
        else:
            texts = [told(kind, name).casefold() for kind in self.entries.kinds]
            places = {text: place for place, text in enumerate(sorted(set(texts), key=_natural))}
            keys = np.array([places[text] for text in texts] or [0], np.int64)[self.entries.what[rows]]
        return rows[np.argsort(-keys if descending else keys, kind="stable")]

    # what the views ask -------------------------------------------------------------------------------------------
    def rowCount(self, parent: object = None) -> int:
        valid = getattr(parent, "isValid", None)
        return 0 if valid is not None and valid() else len(self._shown)

    def row(self, number: int) -> int:
        return int(self._shown[number])

    def rows(self) -> list[int]:
        found: list[int] = self._shown.tolist()
        return found

    def is_head(self, number: int) -> bool:
        return False

    def heads(self) -> list[int]:
        return []

    def cell(self, row: int, column: int) -> Cell:
        place = (int(self._shown[row]), column)
        found = self._cells.get(place)
        if found is None:
            if len(self._cells) >= CELLS_KEPT:
                self._cells.clear()
            found = self._cells[place] = self.columns[column].cell(place[0])
        return found

    def find(self, identity: Hashable) -> int:
        """Where an entry stands; -1 where it is not shown."""
        if not isinstance(identity, int) or identity < 0:
            return -1
        if self._by == (0, False):
            at = place_of(self._shown, identity)
            return at if at < len(self._shown) and int(self._shown[at]) == identity else -1
        hits = np.flatnonzero(self._shown == identity)
        return int(hits[0]) if len(hits) else -1

    def text_of(self, ranges: Sequence[tuple[int, int, int, int]]) -> str:
        """Ranges as text, at most COPIED rows; how many are left out is told."""
        allowed, cut, left_out = COPIED, [], 0
        for top, left, bottom, right in ranges:
            last = min(bottom, top + allowed - 1)
            left_out += bottom - last
            allowed -= last - top + 1
            if last >= top:
                cut.append((top, left, last, right))
        text = super().text_of(cut)
        return text if not left_out else f"{text}\n… {left_out:,} more rows: write them with Export"

    # the columns --------------------------------------------------------------------------------------------------
    def _columns(self) -> tuple[Column[int], ...]:
        tip = "Blanks between words: all must be found. !word: not. =word: exactly. a|b: one of them."
        return (
            Column(f"Time {self._session.clock.title}", self._time, width=212),
            Column("Source", self._source, width=124, tip=tip),
            Column("Event", self._number, width=62, tip=tip),
            Column("Kind", lambda row: Cell(self.entries.kind(row).kind, refs=self.entries.refs(row)), width=104, tip=tip),
            Column("Task", lambda row: self._named(row, "task", tail=True), width=150, tip=tip),
            Column("Account", lambda row: self._named(row, "account"), width=120, tip=tip),
            Column("Process", lambda row: self._named(row, "process", tail=True), width=120, tip=tip),
            Column("Command", lambda row: self._named(row, "command"), width=170, tip=tip),
            Column("What happened", lambda row: Cell(text_of(self.entries, row), self.entries.refs(row)), width=330, tip=tip),
            Column("Links", self._links, width=62, tip="The numbers of the links drawn for the chosen entry"),
        )

    def _time(self, row: int) -> Cell:
        time = self.entries.time(row)
        clock = self._session.clock
        whole = clock.moment(time)
        brief = clock.moment(Instant(time.ticks - time.ticks % 10_000, time.zone, 3)) if time.showable else whole
        shown = _padded(brief) if time.zone is Zone.UTC else f"{whole[:19]} local" if time.showable else whole
        return Cell(whole, self.entries.refs(row), mono=True, extra=shown)  # a wall clock is told as one, to the second

    def _source(self, row: int) -> Cell:
        own = self._session.lens.scope.own(row)
        kind = self.entries.kind(row)
        words = source_words(kind.source)
        from_where = words if own else f"{words}, of the host"
        ink = LANES[kind.lane].token
        return Cell(words, self.entries.refs(row), ink=ink, said=from_where, tip=from_where, extra=f"{'●' if own else '○'} {words}")

    def _number(self, row: int) -> Cell:
        return Cell(self.entries.kind(row).event_id, self.entries.refs(row), mono=True)

    def _named(self, row: int, name: str, *, tail: bool = False) -> Cell:
        return Cell(self.entries.text(name, row), self.entries.refs(row), tail=tail)

    def _links(self, row: int) -> Cell:
        numbers = [link.number for link in self._session.lens.links if row in (link.earlier, link.later)]
        if numbers:
            return Cell(", ".join(map(str, numbers)), ink="accent", bold=True)
        host = not self._session.lens.scope.own(row)
        linked = len(self.entries.links.get(row, ()))
        return Cell("host", kind=Kind.DIM) if host else Cell(f"({linked})" if linked else "", kind=Kind.DIM)


def _natural(text: str) -> tuple[int, str]:
    """Numbers in their order, before words."""
    return (int(text), "") if text.isascii() and text.isdigit() else (1 << 62, text)


def _padded(text: str) -> str:
    """A time with three digits of its fraction and without its zone, which the head of the column names."""
    date, blank, rest = text.partition(" ")
    if not blank or len(rest) < 8 or rest[2] != ":":
        return text
    seconds, dot, fraction = rest[:12].partition(".")
    digits = "".join(character for character in fraction if character.isdigit()) if dot else ""
    return f"{date} {seconds[:8]}.{digits:<03}"
