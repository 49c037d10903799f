"""One door to every listing: what kind it is, found by content, and the tasks it names."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from triptych.formats.faults import Faults
from triptych.formats.listing import autoruns, clixml, powershell, schtasks, schtasks_xml, velociraptor
from triptych.formats.listing.csv_rows import Csv, read_csv
from triptych.formats.listing.json_rows import read_json
from triptych.formats.listing.lines import Line, Text, decode
from triptych.formats.listing.listed import Listed, merged
from triptych.formats.listing.table import Row
from triptych.limits import Limits
from triptych.model.case import Balance, Weight
from triptych.model.evidence import EvidenceRef, ListingPlace, Span
from triptych.model.task import Keeping, Store


@dataclass(frozen=True, slots=True)
class Entry:
    """A task as listed, the store the listing speaks for, and what it says of keys."""

    listed: Listed
    store: Store = Store.SCHEDULER
    keeping: Keeping = field(default_factory=Keeping)


@dataclass(frozen=True, slots=True)
class Listing:
    """A whole listing. `kind` in words; `hosts` are the machine names it states."""

    kind: str
    entries: tuple[Entry, ...]
    balance: Balance | None

    @property
    def hosts(self) -> tuple[str, ...]:
        return tuple(sorted({entry.listed.host for entry in self.entries if entry.listed.host}))


def read_listing(data: bytes, file: str, faults: Faults, limits: Limits) -> Listing:
    """Read whatever listing it is; never raises. A file that is none gives no entries and a problem."""
    text = decode(data, faults)
    head = "\n".join(line.text for line in text.lines[:60])
    stripped = head.lstrip("\ufeff \r\n\t")
    if clixml.is_clixml(stripped):
        return _clixml(text, file, faults)
    if stripped.startswith("<") and ("<Task" in head or "<autoruns" in head):
        return _xml(text, data, file, faults, limits)
    if stripped.startswith(("{", "[")) and not stripped.startswith("[ "):
        return _json(text, file, faults, limits)
    if any(line.text.startswith("====") for line in text.lines):
        rows, balance = schtasks.from_table(text, file)
        return Listing("schtasks table", _entries(rows), balance)
    csv = read_csv(text, file, faults, limits)
    if csv is not None:
        return _csv(csv, faults)
    rows, balance = schtasks.from_list(text, file, faults)
    if rows:
        return Listing("schtasks list", _entries(rows), balance)
    faults.add(
        Weight.LOST,
        "listing.unknown",
        "the whole file",
        tried="recognise a listing of schtasks, PowerShell, autorunsc or Velociraptor",
        found=f"begins with {stripped[:60]!r}",
        lost="the file",
        advice="`triptych formats` names the listings that are read",
    )
    return Listing("unknown", (), None)


def _entries(rows: list[Listed]) -> tuple[Entry, ...]:
    return tuple(Entry(row) for row in rows)


def _csv(csv: Csv, faults: Faults) -> Listing:
    names = {name.casefold() for name in csv.header}
    if autoruns.is_autoruns(csv.header):
        return Listing("autorunsc", _entries(autoruns.from_csv(csv)), csv.balance)
    values = [({name: cell.text for name, cell in row.cells}, _refs_of_row(row)) for row in csv.rows]
    if values and velociraptor.store_of(values[0][0]) is not None:
        return Listing("Velociraptor", _velociraptor(values), csv.balance)
    if "taskname" in names and {"taskpath", "state", "uri"} & names:
        rows = [powershell.from_object(value, ref_of) for value, ref_of in values if powershell.is_task(value)]
        return Listing("Get-ScheduledTask CSV", _entries(merged(rows)), csv.balance)
    return Listing("schtasks CSV", _entries(schtasks.from_csv(csv, faults)), csv.balance)


def _refs_of_row(row: Row) -> Callable[[str], EvidenceRef]:
    def ref_of(name: str) -> EvidenceRef:
        cell = row.get(name)
        return EvidenceRef(ListingPlace(cell.line, name), (cell.span,)) if cell else row.ref(name)

    return ref_of


def _json(text: Text, file: str, faults: Faults, limits: Limits) -> Listing:
    positions = _Positions(text, file)
    values = [(found.value, positions.refs(found.start, found.stop)) for found in read_json(text.whole, faults, limits)]
    entries = len(values)
    balance = Balance(file, "entries", entries, entries)
    stores = [velociraptor.store_of(value) for value, _ in values]
    if any(stores):
        return Listing("Velociraptor", _velociraptor(values), balance)
    rows = [powershell.from_object(value, ref_of) for value, ref_of in values if powershell.is_task(value)]
    balance = Balance(file, "entries", entries, len(rows), 0, entries - len(rows))
    _not_tasks(entries - len(rows), entries, faults)
    return Listing("Get-ScheduledTask JSON", _entries(merged(rows)), balance)


def _velociraptor(values: list[tuple[dict[str, Any], Callable[[str], EvidenceRef]]]) -> tuple[Entry, ...]:
    found: list[Entry] = []
    for value, ref_of in values:
        store = velociraptor.store_of(value)
        if store is not None:
            listed, keeping = velociraptor.from_object(value, ref_of)
            found.append(Entry(listed, store, keeping))
    return tuple(found)


def _clixml(text: Text, file: str, faults: Faults) -> Listing:
    values = clixml.read_clixml(text.whole, faults)
    rows: list[Listed] = []
    for value, number in values:
        if powershell.is_task(value):
            line = text.lines[min(number, len(text.lines)) - 1]
            rows.append(powershell.from_object(value, _refs_of_line(line, file)))
    others = len(values) - len(rows)
    _not_tasks(others, len(values), faults)
    return Listing("Get-ScheduledTask CLIXML", _entries(merged(rows)), Balance(file, "objects", len(values), len(rows), 0, others))


def _not_tasks(others: int, entries: int, faults: Faults) -> None:
    if others:
        faults.add(
            Weight.LOST,
            "listing.not-a-task",
            f"{others:,} of {entries:,} entries",
            tried="read each entry as a task",
            found="entries without a TaskName",
            lost="those entries",
            advice="look at them in an editor: Get-ScheduledTask writes a TaskName for each",
        )


def _refs_of_line(line: Line, file: str) -> Callable[[str], EvidenceRef]:
    return lambda name: EvidenceRef(ListingPlace(line.number, name), (line.span(file),))


class _Positions:
    """From characters of the joined text back to lines and bytes."""

    def __init__(self, text: Text, file: str) -> None:
        self._text, self._file = text, file
        self._starts: list[int] = []
        at = 0
        for line in text.lines:
            self._starts.append(at)
            at += len(line.text) + 1

    def refs(self, start: int, stop: int) -> Callable[[str], EvidenceRef]:
        """Cites the object at these characters, whatever the member."""
        first, last = self._at(start), self._at(max(stop - 1, start))
        head = first[0].span(self._file, first[1])
        tail = last[0].span(self._file, 0, last[1] + 1)
        span = Span(self._file, head.offset, max(tail.offset + tail.length - head.offset, 1))
        return lambda name: EvidenceRef(ListingPlace(first[0].number, name), (span,))

    def _at(self, character: int) -> tuple[Line, int]:
        number = max(bisect_right(self._starts, character) - 1, 0)
        return self._text.lines[number], character - self._starts[number]


def _xml(text: Text, data: bytes, file: str, faults: Faults, limits: Limits) -> Listing:
    if "<autoruns" in "\n".join(line.text for line in text.lines[:60]):
        rows, balance = schtasks_xml.read_autoruns(text, file, faults)
        return Listing("autorunsc XML", _entries(merged(rows)), balance)
    rows, balance = schtasks_xml.read_tasks(text, data, file, faults, limits)
    return Listing("schtasks XML", _entries(rows), balance)
