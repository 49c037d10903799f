"""Regedit's text export: blocks of `Key Name`, `Class Name`, `Last Write Time` and numbered values."""

from __future__ import annotations

import re
from collections.abc import Iterator

from triptych.formats.faults import Faults
from triptych.formats.keys import REG_DWORD, REG_EXPAND_SZ, REG_LINK, REG_MULTI_SZ, REG_QWORD, REG_SZ, TYPE_NAMES
from triptych.formats.reg_keys import Exported, RegKey, widened
from triptych.formats.reg_lines import Line
from triptych.model.case import Weight
from triptych.model.evidence import Span
from triptych.model.times import Instant, Zone, from_parts

_FIELD = re.compile(r"(Key Name|Class Name|Last Write Time|  Name|  Type|  Data):(?: (.*))?", re.DOTALL)
_VALUE = re.compile(r"Value \d+\s*")
_DUMP = re.compile(r"[0-9a-fA-F]{8} {3}((?:[0-9a-fA-F]{2}[ -]{1,3}){1,16})")
_TIME = re.compile(r"(\d{1,4})([/.-])(\d{1,2})\2(\d{1,4})\.? - (\d{1,2}):(\d\d)(?::(\d\d))?(?: ?([AaPp])\.?[Mm]\.?)?")
_KINDS = {name: kind for kind, name in TYPE_NAMES.items()}
_NO_NAME = "<NO NAME>"
_WIDTH = 19  # of the column of labels


def is_head(text: str) -> bool:
    """Whether a text export starts with this line."""
    return text.startswith("Key Name:") and "HKEY_" in text


def read(first: Line, rest: Iterator[Line], file: str, faults: Faults, exported: Exported) -> None:
    """Read an export whose first line is given apart from the others."""
    reader = _Reader(file, faults, exported)
    reader.take(first)
    for line in rest:
        reader.take(line)
    reader.finish()


class _Reader:
    """The export line by line: a value is complete where the next value or key starts."""

    def __init__(self, file: str, faults: Faults, exported: Exported) -> None:
        self.file, self.faults, self.exported = file, faults, exported
        self.key: RegKey | None = None
        self.times: list[tuple[RegKey, Line, re.Match[str]]] = []
        self.start: Line | None = None
        self.name = self.kind = ""
        self.data: list[str] | None = None
        self.end = 0

    def take(self, line: Line) -> None:
        match = _FIELD.match(line.text)
        if match and not (match[1] in ("  Name", "  Type", "  Data") and self.start is None):
            told, blank = match[2] or "", " " * (_WIDTH - 2 - len(match[1]))
            self._field(match[1].strip(), told.removeprefix(blank) if told.startswith(blank) else told.lstrip(), line)
        elif _VALUE.fullmatch(line.text) and self.key is not None:
            self._close()
            self.start, self.end = line, line.stop
        elif self.data is not None:
            self.data.append(line.text)
            self.end = line.stop if line.text.strip() else self.end
        elif line.text.strip():
            self._tell(line, f"a line of no known form: {line.text[:80]!r}")

    def _field(self, label: str, told: str, line: Line) -> None:
        if label == "Key Name":
            self._close()
            self._key(told, line)
        elif label == "Last Write Time":
            self._time(told.strip(), line)
        elif label == "Name":
            self.name = told if told.strip() != _NO_NAME else ""
        elif label == "Type":
            self.kind = told.strip()
        elif label == "Data":
            self.data = [told]
            self.end = line.stop

    def _key(self, path: str, line: Line) -> None:
        span = Span(self.file, line.start, max(line.stop - line.start, 1))
        try:
            self.key = self.exported.key(path, span)
        except ValueError as error:
            self.key = None
            self._tell(line, str(error))
            return
        if not self.key.line:
            self.key.line, self.key.span = line.number, span

    def _time(self, told: str, line: Line) -> None:
        match = _TIME.fullmatch(told)
        if match is None:
            self._tell(line, f"a time of no known form: {told[:60]!r}", weight=Weight.DOUBT, lost="the key's last-write time")
        elif self.key is not None:
            self.times.append((self.key, line, match))

    def _close(self) -> None:
        """State the value that the lines so far describe."""
        start, self.start = self.start, None
        name, kind, data, self.name, self.kind, self.data = self.name, self.kind, self.data, "", "", None
        if start is None or self.key is None:
            return
        span = widened(Span(self.file, start.start, 1), self.end)
        number = _KINDS.get(kind)
        if number is None and kind.lower().startswith("0x"):
            number = int(kind, 16) if re.fullmatch(r"0[xX][0-9a-fA-F]{1,8}", kind) else None
        if data is None or number is None:
            self._tell(start, f"a value {name!r} of type {kind!r}, " + ("without data" if data is None else "which is unknown"))
            return
        try:
            self.key.put(name, number, _bytes(number, data), span)
        except ValueError as error:
            self._tell(start, f"the value {name!r}: {error}")

    def _tell(self, line: Line, found: str, weight: Weight = Weight.LOST, lost: str = "what this line states") -> None:
        where = f"line {line.number}, offset 0x{line.start:X}"
        self.faults.add(weight, "reg.line", where, tried="read a line of a text export", found=found, lost=lost)

    def finish(self) -> None:
        """Close the last value, and give the keys their times, whose order of day and month the whole file tells."""
        self._close()
        order = _order([match for _, _, match in self.times], self.faults)
        for key, line, match in self.times:
            ticks = _ticks(match, order)
            if ticks is None:
                self._tell(line, f"no such time: {match[0]!r}", weight=Weight.DOUBT, lost="the key's last-write time")
            else:
                key.written = Instant(ticks, Zone.LOCAL, 0)
                key.written_span = Span(self.file, line.start, max(line.stop - line.start, 1))


def _order(times: list[re.Match[str]], faults: Faults) -> str:
    """`mdy`, `dmy` or `ymd`: what all dates of the file allow; a slash with neither proof is read the American way."""
    if not times:
        return "mdy"
    if any(len(match[1]) == 4 for match in times):
        return "ymd"
    if any(int(match[1]) > 12 for match in times) or times[0][2] in ".-":
        return "dmy"
    if not any(int(match[3]) > 12 for match in times) and not times[0][8]:
        faults.add(
            Weight.DOUBT,
            "reg.dates",
            "the last-write times",
            tried="tell the month from the day",
            found="no date of the file shows which of the two comes first; the month was taken",
            lost="certainty about the dates of this file",
            advice="Ask with which regional settings the export was made.",
        )
    return "mdy"


def _ticks(match: re.Match[str], order: str) -> int | None:
    """Ticks of local time; None where no calendar has it."""
    a, b, c = int(match[1]), int(match[3]), int(match[4])
    year, month, day = {"mdy": (c, a, b), "dmy": (c, b, a), "ymd": (a, b, c)}[order]
    hour, minute, second = int(match[5]), int(match[6]), int(match[7] or 0)
    half = (match[8] or "").lower()
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        return from_parts(year, month, day, hour, minute, second)
    except ValueError:
        return None


def _bytes(kind: int, data: list[str]) -> bytes:
    """The bytes of a value from the lines behind `Data:`. Raises ValueError."""
    lines = list(data)
    while len(lines) > 1 and not lines[-1].strip():
        lines.pop()
    if kind in (REG_DWORD, REG_QWORD):
        width = 4 if kind == REG_DWORD else 8
        number = int(lines[0].strip(), 0)
        if not 0 <= number < 1 << 8 * width:
            raise ValueError(f"a number that does not fit into {width} bytes")
        return number.to_bytes(width, "little")
    if kind in (REG_SZ, REG_EXPAND_SZ, REG_LINK):
        return ("\r\n".join(lines) + "\0").encode("utf-16-le", "surrogatepass")
    if kind == REG_MULTI_SZ:
        return ("".join(f"{line}\0" for line in lines if line) + "\0").encode("utf-16-le", "surrogatepass")
    found = bytearray()
    for line in lines:
        if not line.strip():
            continue
        match = _DUMP.match(line)
        if match is None:
            raise ValueError(f"a line of bytes of no known form: {line[:60]!r}")
        found += bytes.fromhex(match[1].replace("-", " "))
    return bytes(found)
