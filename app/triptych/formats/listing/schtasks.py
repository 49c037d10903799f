"""`schtasks /query`: CSV (short, /v), LIST and TABLE, in any language: 28 columns are known by their place."""

from __future__ import annotations

from collections.abc import Iterator

from triptych.formats.faults import Faults
from triptych.formats.listing.csv_rows import Csv
from triptych.formats.listing.lines import Line, Text
from triptych.formats.listing.listed import Listed, code, merged, moment, switched, with_leading
from triptych.formats.listing.table import Cell, Row
from triptych.model.case import Balance, Weight
from triptych.model.evidence import EvidenceRef, ListingPlace, Span
from triptych.model.task import Extra, Principal, Registration, RunState, Settings

# The order is the same in every language (English header of schtasks, 28 columns).
COLUMNS = (
    "HostName",
    "TaskName",
    "Next Run Time",
    "Status",
    "Logon Mode",
    "Last Run Time",
    "Last Result",
    "Author",
    "Task To Run",
    "Start In",
    "Comment",
    "Scheduled Task State",
    "Idle Time",
    "Power Management",
    "Run As User",
    "Delete Task If Not Rescheduled",
    "Stop Task If Runs X Hours and X Mins",
    "Schedule",
    "Schedule Type",
    "Start Time",
    "Start Date",
    "End Date",
    "Days",
    "Months",
    "Repeat: Every",
    "Repeat: Until: Time",
    "Repeat: Until: Duration",
    "Repeat: Stop If Still Running",
)
_TAKEN = {"HostName", "TaskName", "Next Run Time", "Status", "Last Run Time", "Last Result", "Author", "Comment", "Run As User"}
_TABLE_NAME = 40  # TABLE cuts names here


def from_csv(csv: Csv, faults: Faults) -> list[Listed]:
    """Tasks of a schtasks CSV; a localised header is read by place. Rows without a task name are a problem each."""
    localised = len(csv.header) in (28, 29) and "TaskName" not in csv.header
    found: list[Listed] = []
    for row in csv.rows:
        named = _by_place(row) if localised else row
        listed = _listed(named)
        if listed is None:
            _nameless(row, faults)
            continue
        found.append(listed)
    return merged(found)


def _nameless(row: Row, faults: Faults) -> None:
    faults.add(
        Weight.LOST,
        "listing.nameless",
        f"line {row.line}",
        tried="read a task",
        found="no task name in the row",
        lost="the row",
        advice="look at the line in the listing",
    )


def _by_place(row: Row) -> Row:
    shift = 1 if len(row.cells) == 29 else 0
    cells = [cell for _, cell in row.cells][shift:]
    return Row(row.line, row.span, tuple(zip(COLUMNS, cells, strict=False)))


def _listed(row: Row) -> Listed | None:
    name = row.text("TaskName")
    if not name:
        return None
    rest = tuple(
        Extra(column, row.reading(column)) for column, cell in row.cells if column not in _TAKEN and cell.text not in ("", "N/A")
    )
    return Listed(
        path=with_leading(name),
        ref=row.ref("TaskName"),
        registration=Registration(author=row.reading("Author"), description=row.reading("Comment")),
        principal=Principal(user_id=row.reading("Run As User")),
        settings=Settings(enabled=switched(row.reading("Scheduled Task State"))),
        run=RunState(
            last_run=moment(row.reading("Last Run Time")),
            last_result=code(row.reading("Last Result")),
            next_run=moment(row.reading("Next Run Time")),
            state=row.reading("Status"),
        ),
        extras=rest,
        host=row.text("HostName"),
    )


def from_list(text: Text, file: str, faults: Faults) -> tuple[list[Listed], Balance]:
    """Tasks of LIST output: `Name:   value` lines, a record from HostName (the first name, in other languages) to the next."""
    found: list[Listed] = []
    record: list[tuple[str, Cell]] = []
    first = ""
    counted = 0
    for line in text.lines:
        name, cell = _pair(line, file)
        if not name:
            continue
        if name.casefold() in ("folder", "ordner", "dossier", "carpeta"):
            continue
        counted += 1
        first = first or name
        if name == first and record:
            found += _record(record, faults)
            record = []
        record.append((name, cell))
    found += _record(record, faults)
    return merged(found), Balance(file, "lines", counted, counted)


def _pair(line: Line, file: str) -> tuple[str, Cell]:
    at = next((line.text.find(f"{name}:") + len(name) for name in COLUMNS if line.text.startswith(f"{name}:")), line.text.find(":"))
    if at <= 0 or not line.text[:at].strip():
        return "", Cell("", line.number, line.span(file))
    value = line.text[at + 1 :].strip()
    start = line.text.find(value, at + 1) if value else at
    return line.text[:at].strip(), Cell(value, line.number, line.span(file, start, start + max(len(value), 1)))


def _record(cells: list[tuple[str, Cell]], faults: Faults) -> Iterator[Listed]:
    if not cells:
        return
    first, last = cells[0][1], cells[-1][1]
    span = Span(first.span.file, first.span.offset, max(last.span.offset + last.span.length - first.span.offset, 1))
    row = Row(first.line, span, tuple(cells))
    if row.get("TaskName") is None and len(cells) >= 20:
        row = Row(row.line, row.span, tuple(zip(COLUMNS, (cell for _, cell in cells), strict=False)))
    listed = _listed(row)
    if listed is not None:
        yield listed
    elif len(cells) > 2:  # a title or a remark before the first record has a colon too
        _nameless(row, faults)


def from_table(text: Text, file: str) -> tuple[list[Listed], Balance]:
    """Tasks of TABLE output; names end at the ruler's first column, 40 characters, and may be cut there."""
    found: list[Listed] = []
    folder, widths, counted = "\\", (0, 0, 0), 0
    for before, line in zip((None, *text.lines), text.lines, strict=False):
        if line.text.startswith("====") and " " in line.text:
            widths = _ruler(line.text)
            continue
        _, _, tail = line.text.partition(": ")
        if tail.startswith("\\") and (before is None or not before.text.strip()):
            folder = tail.strip()
            widths = (0, 0, 0)
            continue
        if not widths[0] or not line.text.strip():
            continue
        name = line.text[: widths[0]].rstrip()
        if len(line.text.rstrip()) <= widths[0] or not line.text[widths[0] : widths[0] + 1].isspace():
            continue  # INFO and ERROR lines run through the columns
        counted += 1
        found.append(_table_row(line, file, folder, name, widths))
    return merged(found), Balance(file, "lines", counted, counted)


def _ruler(text: str) -> tuple[int, int, int]:
    lengths = [len(part) for part in text.split()] + [0, 0]
    return lengths[0], lengths[1], lengths[2]


def _table_row(line: Line, file: str, folder: str, name: str, widths: tuple[int, int, int]) -> Listed:
    path = f"{folder.rstrip(chr(92))}\\{name}"
    second, third = widths[0] + 1, widths[0] + widths[1] + 2

    def cell(start: int, stop: int) -> Cell:
        value = line.text[start:stop].strip()
        at = line.text.find(value, start) if value else start
        return Cell(value, line.number, line.span(file, at, at + max(len(value), 1)))

    row = Row(line.number, line.span(file), (("Next Run Time", cell(second, third)), ("Status", cell(third, len(line.text)))))
    ref = EvidenceRef(ListingPlace(line.number, "TaskName"), (line.span(file, 0, max(len(name), 1)),))
    run = RunState(next_run=moment(row.reading("Next Run Time")), state=row.reading("Status"))
    return Listed(path, ref, run=run, cut=len(name) >= _TABLE_NAME)
