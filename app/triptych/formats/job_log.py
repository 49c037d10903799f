"""SCHEDLGU.TXT, the log of Task Scheduler 1.0 and of the service's starts: text in a ring, localised, in local time.

Source: files of Windows 2000 to 7. An entry is a line that begins with a quotation mark (the service or a job and, in brackets, its
program) and the indented or bare lines below it. A line of asterisks in brackets marks where the ring was last written: what
stands above it is newest, what stands below it is oldest. The order of day and month is the locale's: see job_log_times.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from triptych.formats.faults import Faults
from triptych.formats.job_log_times import Orders, day_orders, log_time
from triptych.formats.xml_text import Decoded, Offsets, decode
from triptych.model.case import Weight
from triptych.model.evidence import EvidenceRef, ListingPlace, Span, stated
from triptych.model.task import Text

_HEAD = re.compile(r'"([^"\n]*)"[ \t]*(?:\(([^\n]*)\))?[ \t]*')
_MARK = re.compile(r"\[ ?\*{3,}[^\n]*\*{3,} ?\]\s*")
_VERSION = re.compile(r"\d+\.\d+\.\d+\.\d+ \([^\n)]*\)")
_DATE = re.compile(r"\d")
_RESULT = re.compile(r"\((?:0x)?([0-9A-Fa-f]{1,10})\)")
_VERBS = (("started", "Started at"), ("finished", "Finished"), ("exited", "Exited at"), ("result", "Result:"))
_MOST = 20_000


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry: whom it is about (a job's file name, or the service), its lines, and its number from the oldest on."""

    name: str
    order: int
    readings: tuple[tuple[str, Text], ...]
    ref: EvidenceRef


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    start: int
    text: str


def read_job_log(data: bytes, file: str, faults: Faults) -> tuple[LogEntry, ...]:
    """The entries in the order of time (the ring unrolled). Never raises."""
    decoded = decode(data)
    if not decoded.text.strip("\0\r\n\t "):
        faults.add(Weight.NOTE, "job-log.empty", "the whole file", tried="read the scheduler's log", found="no text in it")
        return ()
    groups, mark = _groups(decoded.text)
    groups = groups[mark:] + groups[:mark]
    cite = _Cite(decoded, file)
    if len(groups) > _MOST:
        lost = f"the oldest {len(groups) - _MOST:,}"
        faults.add(
            Weight.LOST, "job-log.too-many", "the whole file", tried="read all entries", found=f"{len(groups):,} entries", lost=lost
        )
    oldest = max(len(groups) - _MOST, 0)
    orders = day_orders(decoded.text)
    entries = tuple(_entry(group, number, cite, orders) for number, group in enumerate(groups[oldest:], 1))
    nameless = [entry for entry in entries if not entry.name]
    if nameless:
        faults.add(
            Weight.NOTE, "job-log.no-head", f"line {_line_of(nameless[0])}", tried="find whom an entry is about",
            found=f"{len(nameless):,} pieces of text without a first line in quotation marks",
            lost="nothing: they are listed without a name", advice="the ring overwrites entries in their middle",
        )  # fmt: skip
    return entries


def _line_of(entry: LogEntry) -> int:
    return entry.ref.place.line if isinstance(entry.ref.place, ListingPlace) else 0


def _groups(text: str) -> tuple[list[list[_Line]], int]:
    """The lines of each entry, and the number of the first entry behind the mark of the newest."""
    groups: list[list[_Line]] = []
    mark, start, fresh = 0, 0, True
    for number, line in enumerate(text.split("\n"), 1):
        bare = line.strip("\r\0\ufeff")
        if _MARK.fullmatch(bare):
            mark, fresh = len(groups), True
        elif bare.strip():
            if fresh or bare.startswith('"'):
                groups.append([])
            groups[-1].append(_Line(number, start, bare))
            fresh = False
        start += len(line) + 1
    return groups, mark


class _Cite:
    def __init__(self, decoded: Decoded, file: str) -> None:
        self._offsets = Offsets(decoded.text, decoded.codec, decoded.mark, decoded.size)
        self._file = file

    def lines(self, lines: list[_Line]) -> EvidenceRef:
        first, last = lines[0], lines[-1]
        start = self._offsets.byte(first.start)
        stop = self._offsets.byte(last.start + len(last.text))
        return EvidenceRef(ListingPlace(first.number), (Span(self._file, start, max(stop - start, 1)),))


def _entry(lines: list[_Line], order: int, cite: _Cite, orders: Orders) -> LogEntry:
    whole = cite.lines(lines)
    head = _HEAD.fullmatch(lines[0].text)
    readings: list[tuple[str, Text]] = [("text", stated("\n".join(line.text.strip() for line in lines), whole))]
    name = ""
    if head:
        name = head.group(1)
        readings.append(("name", stated(name, cite.lines(lines[:1]))))
        if head.group(2) is not None:
            readings.append(("program", stated(head.group(2), cite.lines(lines[:1]))))
    for line in lines[1:] if head else lines:
        readings += _line(line, cite.lines([line]), orders)
    return LogEntry(name, order, tuple(readings), whole)


def _time(said: str, ref: EvidenceRef, orders: Orders) -> Text:
    """A time of the log: as ISO 8601, local, where the order of day and month is certain, else as it is written."""
    instant = log_time(said, orders)
    if instant is None:
        return stated(said, ref, note="local time, as written; the order of day and month is not certain")
    return stated(instant.iso, ref, raw=said, note="local time")


def _line(line: _Line, ref: EvidenceRef, orders: Orders) -> list[tuple[str, Text]]:
    """What a line below the first says; one in another language is kept as `line`."""
    text = line.text.strip()
    for name, verb in _VERBS:
        if text.startswith(verb):
            said = text.removeprefix(verb).strip()
            if name != "result":
                return [(name, _time(said, ref, orders))]
            code = _RESULT.search(text)
            return [(name, stated(said, ref)), *([("exit_code", stated(code.group(1), ref))] if code else [])]
    if _VERSION.fullmatch(text):
        return [("version", stated(text, ref))]
    note = "a language other than English" if _DATE.search(text) else ""
    return [("line", stated(text, ref, note=note))]
