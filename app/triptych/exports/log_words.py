"""The event logs of a case in words: how far each reaches, what it lacks, whether it was on. For the report, the summary, the window."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

from triptych.analysis.event_table import EventTable
from triptych.logs.coverage import Clearing, beginning, clearings_of, same
from triptych.model.case import Case, Host
from triptych.model.event import TEXTS, LogReport
from triptych.model.times import Instant
from triptych.rules.phrases import count

_CLEARINGS_TOLD = 3
_BEGINNINGS = {
    "whole": "from its first record",
    "cleared": "begins anew: it was cleared",
    "rolled": "older records were overwritten",
    "exported": "exported: it may be a part",
    "none": "no records",
}


@dataclass(frozen=True, slots=True)
class LogLine:
    """One channel in one file. `lacks` says what is missing of it, "" where nothing is known to be; `switch` is on, off or ""."""

    report: LogReport
    first: Instant | None
    last: Instant | None
    begins: str
    lacks: str
    cleared: str
    switch: str

    @property
    def channel(self) -> str:
        return self.report.channel


def log_lines(case: Case, table: EventTable | None = None) -> tuple[LogLine, ...]:
    """A line for each log, in the order of the case. `table` is that of the case's events, where there is one already."""
    if not case.logs:
        return ()
    cleared = clearings(case, table)
    return tuple(_line(report, cleared[report.view], case.host) for report in case.logs)


def clearings(case: Case, table: EventTable | None = None) -> dict[str, tuple[Clearing, ...]]:
    """What was cleared, for each view that has logs."""
    if table is None:
        table = EventTable(block for block in case.events if any(row[4] == "log-cleared" for row in block.table))
    events = tuple(table.of("log-cleared"))
    return {view: clearings_of(events, view) for view in {report.view for report in case.logs}}


def _line(report: LogReport, clearings: tuple[Clearing, ...], host: Host) -> LogLine:
    mine = [clearing for clearing in clearings if same(clearing.channel, report.channel)]
    told = [f"{clearing.time.iso}" + (f" by {clearing.account}" if clearing.account else "") for clearing in mine[:_CLEARINGS_TOLD]]
    more = [f"{len(mine) - _CLEARINGS_TOLD:,} more times"] if len(mine) > _CLEARINGS_TOLD else []
    first, last = (time if time is not None and time.ticks > 0 else None for time in (report.first, report.last))
    begins = _BEGINNINGS.get(beginning(report, clearings), "")
    return LogLine(report, first, last, begins, _lacks(report), "; ".join((*told, *more)), _switch(report, host))


def _lacks(report: LogReport) -> str:
    missing = sum(gap.last - gap.first + 1 for gap in report.gaps)
    gaps = f"{count(len(report.gaps), 'gap')} ({count(missing, 'record number')})" if report.gaps else ""
    return ", ".join(part for part in (gaps, f"{count(report.lost, 'record')} lost" if report.lost else "") if part)


def logged_names(case: Case) -> str:
    """The computers that the records of the running system name, for a case without a hive; "" where none does."""
    at = TEXTS.index("computer")
    named = {
        block.strings[number]
        for block in case.events
        if not block.view
        for number in set(array("i", block.texts[at]))
        if block.strings[number]
    }
    return f"{', '.join(sorted(named, key=str.casefold)[:3])} (named by the logs)" if named else ""


def _switch(report: LogReport, host: Host) -> str:
    """On or off by the registry, and since when its key says so."""
    facts = {
        fact.name: fact.reading.value or ""
        for fact in host.facts
        if fact.name in ("channel", "channel-written") and fact.view == report.view and same(fact.subject, report.channel)
    }
    word = {"enabled": "on", "disabled": "off"}.get(facts.get("channel", ""), "")
    return f"{word}, key last written {facts['channel-written']}" if word == "off" and facts.get("channel-written") else word
