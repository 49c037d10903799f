"""`--jsonl` and `--timesketch-csv`: the timeline for Timesketch, one line a moment, and one for each finding that has a time.

What the importer wants (google/timesketch, docs/guides/user/import-from-json-csv.md and timesketch/lib/utils.py): `message`,
`datetime` in ISO 8601, `timestamp_desc`, a name that ends in .jsonl or .csv; `timestamp` is microseconds since 1970 and must
agree with `datetime`; `tag` is a list, in a CSV cell a JSON array. The CSV importer takes the form of the first time for that
of all and drops what has another, so every time has six digits and +00:00. `time` holds the time as the evidence states it.

JSON lines are ASCII: no reader splits one at a U+2028 or U+0085. NUL and control characters stand as JSON escapes, so a text
is whole. A lone surrogate stands as `⟨U+D800⟩`, and the bracket itself as `⟨U+27E8⟩`, because no store takes one as UTF-8.
CSV cells are written as `csv_tables.cell` does: marks for every acting character, an apostrophe before what a spreadsheet
would run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from triptych.exports.csv_tables import csv_row
from triptych.exports.json_case import Run
from triptych.exports.moments import Row, iso, rows, unix_microseconds
from triptych.exports.records import FIELDS, Hosts, Records
from triptych.exports.references import cited, words
from triptych.model.case import Case
from triptych.model.display import mark
from triptych.model.evidence import EventPlace

COLUMNS = (
    "datetime", "timestamp", "timestamp_desc", "message", "data_type", "tag", "time", "time_note", "precision", "source", "kind",
    "task", "account", "hostname", "findings", "cited_by", "links", "evidence_file", "evidence_sha256", "evidence_offset",
    "evidence_length", "evidence_place", "evidence", "record_number", "event_identifier", "channel", "process_id",
    *(name for _, name in FIELDS),
)  # fmt: skip
_line = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode


def json_lines(case: Case, _: Run) -> Iterator[bytes]:
    """One JSON object a line; a field that says nothing is left out."""
    for told in _told(case):
        yield _line({name: _storable(value) for name, value in told.items()}).encode("ascii") + b"\n"


def csv(case: Case, _: Run) -> Iterator[bytes]:
    """The same as CSV with COLUMNS as its header, in UTF-8 without a mark, which pandas would take for a part of the first name."""
    yield csv_row(COLUMNS)
    for told in _told(case):
        yield csv_row([_cell(told.get(name)) for name in COLUMNS])


def _told(case: Case) -> Iterator[dict[str, Any]]:
    hashes = {file.path: file.id for file in case.files}
    records = Records(case.events)
    hosts = Hosts(case, records)
    for row in rows(case):
        told = _fields(row, hosts.of(row), hashes)
        told |= records.told(row.refs[0]) if row.record == "event" and row.refs else {}
        yield {name: value for name, value in told.items() if value not in ("", None, [])}


def _fields(row: Row, host: str, hashes: dict[str, str]) -> dict[str, Any]:
    ref = row.refs[0] if row.refs else None
    span = ref.spans[0] if ref else None
    return {
        "datetime": f"{iso(row.ticks)}+00:00",
        "timestamp": unix_microseconds(row.ticks),
        "timestamp_desc": row.words,
        "message": row.message,
        "data_type": _data_type(row),
        "tag": list(row.tags),
        "time": row.time.iso,
        "time_note": row.doubt,
        "precision": row.precision,
        "source": row.source,
        "kind": row.kind,
        "task": row.task,
        "account": row.account,
        "hostname": host,
        "findings": [finding.key for finding in row.findings],
        "cited_by": [finding.key for finding in row.cited],
        "links": list(row.links),
        "evidence_file": span.file if span else None,
        "evidence_sha256": hashes.get(span.file) if span else None,
        "evidence_offset": span.offset if span else None,
        "evidence_length": span.length if span else None,
        "evidence_place": words(ref.place) if ref else None,
        "evidence": [cited(ref) for ref in row.refs],
        "record_number": ref.place.record_id if ref and isinstance(ref.place, EventPlace) else None,
    }


def _data_type(row: Row) -> str:
    """plaso's name for a record of an event log, by which Timesketch's analyzers know it; else our own."""
    return "windows:evtx:record" if row.record == "event" else f"triptych:{row.source}:{row.kind}"


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    return [storable(entry) for entry in value] if isinstance(value, list) else value


def storable(text: str) -> str:
    """A text that UTF-8 can hold: lone surrogates as marks, and the bracket of a mark too, so that none can be mistaken."""
    if text.isascii():
        return text
    return "".join(mark(c) if 0xD800 <= ord(c) <= 0xDFFF or c == "\u27e8" else c for c in text)


def _cell(value: Any) -> Any:
    return _line([storable(entry) for entry in value]) if isinstance(value, list) else value
