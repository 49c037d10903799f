"""CSV as tools write it: proper quoting (PowerShell, autorunsc) and schtasks' own, which escapes no inner quote."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from triptych.formats.faults import Faults
from triptych.formats.listing.lines import Line, Text
from triptych.formats.listing.table import Cell, Row
from triptych.limits import Limits
from triptych.model.case import Balance, Weight
from triptych.model.evidence import Span

_LONGEST_RECORD = 200  # lines that one quoted field may run over before an open quote is the likelier reading
Field = tuple[str, int, int]  # text, first and last character in the line


@dataclass(frozen=True, slots=True)
class Csv:
    """Rows of a CSV, with the header they were read under; the balance counts lines of data."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    balance: Balance


def read_csv(text: Text, file: str, faults: Faults, limits: Limits) -> Csv | None:
    """Rows of a CSV listing; None where no line looks like a header. Repeated header lines are left out by content."""
    start = _header_line(text)
    if start is None:
        return None
    raw = text.lines[start].text.startswith('"') and _is_schtasks(text.lines[start].text)
    header = tuple(name for name, _, _ in (_split_raw if raw else _split)(text.lines[start].text)[0])
    counted = _Counter()
    reader = _Reader(file, faults, limits, header, raw, counted)
    rows = tuple(reader.rows(text.lines[start + 1 :], text.lines[start].text))
    balance = Balance(file, "lines", counted.promised, counted.listed, counted.repaired, counted.lost)
    return Csv(header, rows, balance)


@dataclass(slots=True)
class _Counter:
    promised: int = 0
    listed: int = 0
    repaired: int = 0
    lost: int = 0


def _header_line(text: Text) -> int | None:
    """The first line with three fields or more, one of which names a task column; banners may stand before it."""
    for number, line in enumerate(text.lines[:50]):
        if line.text.startswith("#TYPE"):
            continue
        names = {name.casefold() for name, _, _ in _split(line.text)[0]}
        if len(names) >= 3 and names & {"taskname", "entry", "hostname", "uri", "fullpath", "ospath", "path", "taskpath"}:
            return number
        if len(_split_raw(line.text)[0]) in (28, 29):  # a localised schtasks header is known by its width alone
            return number
    return None


def _is_schtasks(header: str) -> bool:
    fields = _split_raw(header)[0]
    return len(fields) in (28, 29) or [name for name, _, _ in fields[:3]] == ["TaskName", "Next Run Time", "Status"]


@dataclass(slots=True)
class _Reader:
    file: str
    faults: Faults
    limits: Limits
    header: tuple[str, ...]
    raw: bool
    counted: _Counter

    def rows(self, lines: tuple[Line, ...], header_text: str) -> Iterator[Row]:
        at = 0
        while at < len(lines):
            line = lines[at]
            if not line.text.strip() or line.text == header_text or line.text.startswith("#TYPE"):
                at += 1
                continue
            taken = 1
            if self.raw:
                fields = _merged(_split_raw(line.text)[0], len(self.header))
                cells = [self._cell(line, field) for field in fields]
            else:
                cells, taken = self._record(lines, at)
            self.counted.promised += taken
            self.counted.listed += taken
            self._check(line, cells)
            yield Row(
                line.number, self._cover(line, lines[at + taken - 1]), tuple(zip(self._names(len(cells)), cells, strict=False))
            )
            at += taken

    def _record(self, lines: tuple[Line, ...], at: int) -> tuple[list[Cell], int]:
        """Cells of a properly quoted record and the lines it takes; an open quote costs its own line alone."""
        fields, is_open = _split(lines[at].text)
        if not is_open:
            return [self._cell(lines[at], field) for field in fields], 1
        joined = self._joined(lines, at)
        if joined is not None:
            return joined
        self.faults.add(
            Weight.DOUBT,
            "listing.quote-open",
            f"line {lines[at].number}",
            tried="find the end of a quoted field",
            found=f"an unclosed quote from line {lines[at].number} on",
            lost="nothing; the lines behind it are read one by one",
            advice="check this line in the original output",
        )
        return [self._cell(lines[at], field) for field in fields], 1

    def _joined(self, lines: tuple[Line, ...], at: int) -> tuple[list[Cell], int] | None:
        text = lines[at].text
        for more in range(1, min(_LONGEST_RECORD, len(lines) - at)):
            following = lines[at + more].text
            fields, is_open = _split(following)
            if not is_open and len(fields) == len(self.header) and len(fields) > 2:
                return None
            text += "\n" + following
            fields, is_open = _split(text)
            if not is_open:
                span = self._cover(lines[at], lines[at + more])
                return [Cell(self._cut(lines[at], content), lines[at].number, span) for content, _, _ in fields], more + 1
        return None

    def _cell(self, line: Line, field: Field) -> Cell:
        content, start, stop = field
        return Cell(self._cut(line, content), line.number, line.span(self.file, start, stop))

    def _cut(self, line: Line, content: str) -> str:
        if len(content) <= self.limits.table_field:
            return content
        self.faults.add(
            Weight.LOST,
            "listing.field-long",
            f"line {line.number}",
            tried="keep a field",
            found=f"{len(content):,} characters, more than {self.limits.table_field:,}",
            lost=f"{len(content) - self.limits.table_field:,} characters of the field for display; the bytes stay cited",
            advice="open the listing in an editor to see the whole field",
        )
        return content[: self.limits.table_field]

    def _check(self, line: Line, cells: list[Cell]) -> None:
        if len(cells) != len(self.header):
            self.faults.add(
                Weight.DOUBT,
                "listing.columns",
                f"line {line.number}",
                tried=f"read {len(self.header)} columns",
                found=f"{len(cells)} fields",
                lost="nothing; the fields there are taken from the left",
                advice="check this line in the original output",
            )

    def _names(self, count: int) -> list[str]:
        return [*self.header, *(f"column {number}" for number in range(len(self.header) + 1, count + 1))]

    def _cover(self, first: Line, last: Line) -> Span:
        return Span(self.file, first.offset, max(last.offset + last.length - first.offset, 1))


def _split(text: str) -> tuple[list[Field], bool]:
    """Fields of properly quoted CSV, and whether a quote is still open at the end."""
    fields: list[Field] = []
    at, size = 0, len(text)
    while True:
        start = at
        if text.startswith('"', at):
            at += 1
            parts: list[str] = []
            while True:
                stop = text.find('"', at)
                if stop < 0:
                    fields.append(("".join([*parts, text[at:]]), start, size))
                    return fields, True
                parts.append(text[at:stop])
                at = stop + 1
                if not text.startswith('"', at):
                    break
                parts.append('"')
                at += 1
            stop = text.find(",", at)
            stop = size if stop < 0 else stop
            fields.append(("".join(parts) + text[at:stop], start, stop))
        else:
            stop = text.find(",", at)
            stop = size if stop < 0 else stop
            fields.append((text[at:stop], start, stop))
        if stop >= size:
            return fields, False
        at = stop + 1


def _split_raw(text: str) -> tuple[list[Field], bool]:
    """Fields of a schtasks line: only `","` divides, since inner quotes are not escaped."""
    body = text.rstrip()
    if not (body.startswith('"') and body.endswith('"') and len(body) >= 2):
        return _split(text)
    fields: list[Field] = []
    at = 1
    for part in body[1:-1].split('","'):
        fields.append((part, at, at + len(part)))
        at += len(part) + 3
    return fields, False


def _merged(fields: list[Field], width: int) -> list[Field]:
    """A command that holds `","` splits a line too often: what is too much belongs to Task To Run, the ninth of 28 columns."""
    extra = len(fields) - width
    if extra <= 0 or width < 28:
        return fields
    at = 8 + (width - 28)
    parts = fields[at : at + extra + 1]
    merged = ('","'.join(part[0] for part in parts), parts[0][1], parts[-1][2])
    return [*fields[:at], merged, *fields[at + extra + 1 :]]
