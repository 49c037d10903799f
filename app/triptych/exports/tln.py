"""`--tln`: the timeline in five fields between pipes, `Time|Source|Host|User|Description` (forensics.wiki, TLN; H. Carvey).

Time is whole seconds since 1970 in UTC. The format knows no header and no escape: a pipe in a text stands as `⟨U+007C⟩`, like
every other character that would act; parts of a digit smaller than a second stand in the description, in ISO 8601.
"""

from __future__ import annotations

from collections.abc import Iterator

from triptych.exports.json_case import Run
from triptych.exports.moments import Row, rows, unix_seconds
from triptych.exports.records import Hosts, Records
from triptych.model.case import Case
from triptych.model.display import mark, show

# The source is about eight characters by custom; names are those that its author's tools use where they have one.
_SOURCES = {"registry": "REG", "file": "FILE", "xml": "TASKXML", "job": "JOB", "listing": "LISTING", "finding": "TRIPTYCH"}


def render(case: Case, _: Run) -> Iterator[bytes]:
    """One line a moment, and one for each finding that has a time."""
    hosts = Hosts(case, Records(case.events))
    for row in rows(case):
        yield _line(row, field(hosts.of(row)))


def _line(row: Row, host: str) -> bytes:
    source = _SOURCES.get(row.source, "EVTX" if row.record == "event" else row.source.upper()[:8])
    words = () if row.text.startswith(row.words) else (row.words,)
    told = "; ".join((row.time.iso, *words, row.message, *row.tags))
    return f"{unix_seconds(row.ticks)}|{field(source)}|{host}|{field(row.account or '')}|{field(told)}\n".encode()


def field(text: str) -> str:
    """A text that stays in its field and on its line."""
    return show(text).replace("|", mark("|"))
