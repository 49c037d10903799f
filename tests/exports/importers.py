"""What the importers of other programs check, written anew from their public sources (named at each), to try our files on.

Each gives the rows that would be taken, and raises `Refused` where its importer would refuse the file.
"""

from __future__ import annotations

import csv
import json
import re
from datetime import datetime
from typing import Any


class Refused(Exception):
    pass


def timesketch_jsonl(data: bytes) -> list[dict[str, Any]]:
    """google/timesketch, timesketch/lib/utils.py, read_and_validate_jsonl. Lines as the strictest reader would split them."""
    taken = []
    for number, line in enumerate(data.decode("utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise Refused(f"Error parsing JSON at line {number}: {error}") from error
        missing = [name for name in ("message", "datetime", "timestamp_desc") if name not in row]
        if missing:
            raise Refused(f"Missing field(s) at line {number}: {missing}")
        stated = datetime.fromisoformat(row["datetime"])
        epoch = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
        since = stated - epoch
        if row["timestamp"] != (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds:
            raise Refused(f"timestamp and datetime do not agree at line {number}")
        json.dumps(row, ensure_ascii=False).encode("utf-8")  # as its store gets it
        taken.append(row | {"tag": [tag for tag in timesketch_tags(row.get("tag", [])) if tag]})
    return taken


def timesketch_csv(data: bytes) -> list[dict[str, Any]]:
    """The same source, read_and_validate_csv: mandatory columns; pandas drops a row whose time has another form than the first."""
    lines = data.decode("utf-8").splitlines(keepends=True)
    if not lines or lines[0].startswith("\ufeff"):
        raise Refused("the first column's name begins with a mark")
    table = list(csv.reader(lines, strict=True))
    header, body = table[0], table[1:]
    if not {"message", "datetime", "timestamp_desc"} <= set(header):
        raise Refused("Missing mandatory CSV headers")
    if any(len(row) != len(header) for row in body) or len(body) != len(lines) - 1:
        raise Refused("a row has another number of columns, or runs over two lines")
    taken = []
    for cells in body:
        row: dict[str, Any] = dict(zip(header, cells, strict=True))
        datetime.strptime(row["datetime"], "%Y-%m-%dT%H:%M:%S.%f%z")  # one form for all
        taken.append({name: cell for name, cell in row.items() if cell} | {"tag": timesketch_tags(row["tag"])})
    return taken


def timesketch_tags(value: Any) -> list[str]:
    """The same source, _parse_tag_field."""
    if isinstance(value, list):
        return value
    if value.startswith("[") and value.endswith("]"):
        return list(json.loads(value))
    return [] if value == "-" else value.split(",")


IRIS = (
    "event_date", "event_tz", "event_title", "event_category", "event_content", "event_raw", "event_source", "event_assets",
    "event_iocs", "event_tags",
)  # fmt: skip


def iris(data: bytes, assets: frozenset[str] = frozenset(), iocs: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
    """dfir-iris/iris-web, case_timeline_routes.py, case_events_upload_csv, and EventSchema with validate_date."""
    table = list(csv.DictReader(data.decode("utf-8").splitlines(), delimiter=","))
    if not table:
        raise Refused("list index out of range")
    missing = [name for name in IRIS if table[0].get(name) is None]
    if missing:
        raise Refused(f"Bad SCV Fields Mapping. Fields missing: {missing}")
    for number, row in enumerate(table, 1):
        if set(row) != set(IRIS) or any(value is None for value in row.values()):
            raise Refused(f"row {number} has another number of cells")
        if not row["event_title"]:
            raise Refused(f"Event Title can not be empty, row {number}")
        if unknown := [name for name in row["event_assets"].split(";") if name and name not in assets]:
            raise Refused(f"Asset not recognized: {unknown}")
        if unknown := [name for name in row["event_iocs"].split("|") if name and name not in iocs]:
            raise Refused(f"IoC not recognized: {unknown}")
        if row["event_category"] not in ("", "Unspecified", "Legitimate", "Persistence"):
            raise Refused(f"event_category not recognized: {row['event_category']}")
        try:
            datetime.strptime(row["event_date"], "%Y-%m-%dT%H:%M:%S.%f")
            datetime.strptime(row["event_date"] + row["event_tz"], "%Y-%m-%dT%H:%M:%S.%f%z")
        except ValueError as error:
            raise Refused(f"Invalid date time, row {number}") from error
    return [row | {"event_tags": row["event_tags"].split("|")} for row in table]


def mactime(data: bytes) -> list[dict[str, Any]]:
    """sleuthkit/sleuthkit, tools/timeline/mactime.base, read_body and tm_split: what it skips is left out here too."""
    taken = []
    for line in re.split(rb"\n", data):
        if not line.strip() or line.startswith(b"#"):
            continue
        cells = [_decoded(cell) for cell in line.split(b"|")]
        names = ("md5", "name", "inode", "mode", "uid", "gid", "size", "atime", "mtime", "ctime", "crtime")
        row = dict(zip(names, cells, strict=False))
        if len(cells) != len(names) or not all(re.search(r"\d+", row[name]) for name in names[4:]):
            continue
        if not re.search(r"[\d-]+", row["inode"]) or all(row[name] == "0" for name in names[7:]):
            continue
        taken.append(row)
    return taken


def _decoded(cell: bytes) -> str:
    return re.sub(rb"%([A-Fa-f0-9]{2})", lambda found: bytes([int(found[1], 16)]), cell).decode("utf-8")


def plaso_bodyfile(data: bytes) -> list[tuple[str, float]]:
    """log2timeline/plaso, plaso/parsers/bodyfile.py: names and modification times; unset times are 0."""
    taken = []
    for number, line in enumerate(data.decode("utf-8").split("\n")):
        if not line:
            continue
        values = line.split("|")
        if len(values) < 11:
            raise Refused(f"invalid number of values: {len(values)} in line: {number}")
        if values[0] != "0" and not re.fullmatch("[0-9a-fA-F]{32}", values[0]):
            raise Refused(f"invalid MD5 value in line: {number}")
        crtime, ctime, mtime, atime = (float(values.pop()) for _ in range(4))
        _, _, _ = (int(values.pop()) for _ in range(3))
        values.pop()
        int(values.pop())
        name = "|".join(values[1:])
        if any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in name):
            raise Refused(f"filename in line {number} contains unescaped control characters")
        if crtime or ctime or atime:
            raise Refused("times that nobody stated")
        taken.append((name, mtime))
    return taken


def tln(data: bytes) -> list[tuple[int, str, str, str, str]]:
    """forensics.wiki, TLN: five fields between pipes, the first whole seconds since 1970; no header."""
    taken = []
    for number, line in enumerate(data.decode("utf-8").split("\n")[:-1], 1):
        cells = line.split("|")
        if len(cells) != 5 or not re.fullmatch(r"-?\d+", cells[0]):
            raise Refused(f"line {number} is not TLN: {line[:80]}")
        taken.append((int(cells[0]), cells[1], cells[2], cells[3], cells[4]))
    return taken
