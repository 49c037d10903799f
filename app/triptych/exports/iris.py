"""`--iris`: the timeline as the CSV that DFIR-IRIS imports into a case.

What its importer wants (dfir-iris/iris-web, `case_events_upload_csv` and `EventSchema`): exactly these columns; a title in
every row; the date as `%Y-%m-%dT%H:%M:%S.%f`, the zone apart. Assets, IOCs and categories that the case does not know make it
refuse the whole file, so these stay empty (an empty category is the default one). Tags stand between `|`. It splits the text
into lines before it reads CSV, so no cell holds anything that ends a line, and it wants one row at least. Its `event_source`
comes from a box of the import dialog, so the source stands in the content and the tags too.
"""

from __future__ import annotations

from collections.abc import Iterator

from triptych.exports.csv_tables import csv_row
from triptych.exports.json_case import Run
from triptych.exports.moments import Row, iso, rows
from triptych.exports.records import Hosts, Records
from triptych.exports.references import cited
from triptych.model.case import Case

COLUMNS = (
    "event_date", "event_tz", "event_title", "event_category", "event_content", "event_raw", "event_source", "event_assets",
    "event_iocs", "event_tags",
)  # fmt: skip
_TITLE = 200  # characters: a title is one line on a card; the content has the whole text


def render(case: Case, _: Run) -> Iterator[bytes]:
    """One line a moment, and one for each finding that has a time; UTF-8 without a mark."""
    hosts = Hosts(case, Records(case.events))
    yield csv_row(COLUMNS)
    for row in rows(case):
        yield csv_row(_cells(row, hosts.of(row)))


def _cells(row: Row, host: str) -> tuple[str, ...]:
    raw = " \u00a6 ".join(map(cited, row.refs))
    return (iso(row.ticks), "+00:00", _title(row), "", _content(row, host), raw, row.source, "", "", "|".join(_tags(row)))


def _title(row: Row) -> str:
    text = row.text or row.words
    text = text if len(text) <= _TITLE else f"{text[: _TITLE - 1]}\u2026"
    return f"[time in doubt] {text}" if row.doubt else text


def _content(row: Row, host: str) -> str:
    told = [row.message, f"Time as stated: {row.time.iso} ({row.words})", f"Source: {row.source}, {row.kind}"]
    told += [f"{name}: {text}" for name, text in (("Host", host), ("Task", row.task), ("Account", row.account)) if text]
    told += [f"Finding {finding.key} ({finding.severity.value}): {finding.summary}" for finding in row.findings]
    told += [f"Linked: {link}" for link in row.links]
    return " \u00a6 ".join(told)


def _tags(row: Row) -> tuple[str, ...]:
    techniques = sorted({technique for finding in row.findings for technique in finding.attack})
    return tuple(tag for tag in ("triptych", row.source, *row.tags, *techniques) if "|" not in tag and "," not in tag)
