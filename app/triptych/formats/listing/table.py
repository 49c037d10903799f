"""Rows of a listing: names and cells, each cell with its line and its bytes."""

from __future__ import annotations

from dataclasses import dataclass

from triptych.model.evidence import EvidenceRef, ListingPlace, Reading, Span, not_stated, stated


@dataclass(frozen=True, slots=True)
class Cell:
    """Text of one field and the span of its bytes (quotes included)."""

    text: str
    line: int
    span: Span


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a listing; `cells` by column name as written. `span` covers the record."""

    line: int
    span: Span
    cells: tuple[tuple[str, Cell], ...]

    def get(self, *names: str) -> Cell | None:
        """The first cell whose column bears one of the names, without regard to case."""
        wanted = [name.casefold() for name in names]
        return next((cell for name, cell in self.cells if name.casefold() in wanted), None)

    def text(self, *names: str) -> str:
        cell = self.get(*names)
        return cell.text if cell else ""

    def reading(self, *names: str) -> Reading[str]:
        """The cell as a reading; NOT_STATED (citing the record) where the column is missing or says N/A."""
        cell = self.get(*names)
        if cell is None:
            return not_stated(None, self.ref(names[0]))
        ref = EvidenceRef(ListingPlace(cell.line, names[0]), (cell.span,))
        if cell.text in ("", "N/A"):
            return not_stated(None, ref)
        return stated(cell.text, ref)

    def ref(self, column: str = "") -> EvidenceRef:
        return EvidenceRef(ListingPlace(self.line, column), (self.span,))
