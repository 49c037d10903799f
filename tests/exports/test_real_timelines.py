"""What real logs and crafted bad inputs give, on each importer's checks: every row is taken, whatever the evidence holds."""

from __future__ import annotations

import json

import pytest

from tests.engine import scanned
from tests.exports import importers
from tests.exports.made import RUN
from tests.exports.test_timeline_formats import made
from tests.material import bad_input, bad_inputs, shared
from triptych.exports.formats import EXPORTERS
from triptych.model.case import Case

ATEXEC = "data/evtx/mdecrevoisier/ID4688,4698,4699,5145,4624-ATexec remote trask creation (GLOBAL).evtx"


def taken(case: Case) -> dict[str, int]:
    """How many rows each importer takes."""
    rows = {
        "jsonl": importers.timesketch_jsonl(made("jsonl", case)),
        "timesketch-csv": importers.timesketch_csv(made("timesketch-csv", case)),
        "tln": importers.tln(made("tln", case)),
    }
    told = {name: len(found) for name, found in rows.items()}
    if any(told.values()):
        told["iris"] = len(importers.iris(made("iris", case)))
    assert len(importers.mactime(made("body", case))) == len(importers.plaso_bodyfile(made("body", case)))
    return told


@pytest.mark.parametrize("name", [name for name in bad_inputs("evtx", "hive", "xml", "table", "job") if "many" not in name])
def test_every_importer_takes_what_bad_inputs_leave(name: str) -> None:
    case = scanned(bad_input(name))
    wanted = len(case.timeline) + sum(finding.time is not None for finding in case.findings)
    assert set(taken(case).values()) == {wanted}


def test_a_real_remote_registration_is_told_whole() -> None:
    case = scanned(shared(ATEXEC))
    rows = importers.timesketch_jsonl(made("jsonl", case))
    assert set(taken(case).values()) == {len(rows)}
    (created,) = [row for row in rows if row.get("event_identifier") == 4698]
    assert created["datetime"] == "2021-06-10T21:21:26.383726+00:00"
    assert created["data_type"] == "windows:evtx:record"
    assert created["task"] == "\\bouWFQYO"
    assert created["account"] == "OFFSEC\\admmig"
    assert created["hostname"] == created["computer_name"] == "fs01.offsec.lan"
    assert created["logon_id"] == "0x5a419bc"
    assert "whoami" in created["message"]
    data = shared(ATEXEC).read_bytes()
    record = data[created["evidence_offset"] : created["evidence_offset"] + created["evidence_length"]]
    assert record.startswith(b"**\0\0"), "the offset is that of the record's own bytes"
    assert created["record_number"].to_bytes(8, "little") in record, "EventRecordID; an exported log numbers its records anew"
    linked = [row for row in rows if row.get("links")]
    assert any("2021-06-10T21:21:26.383726Z Task created: \\bouWFQYO" in link for row in linked for link in row["links"])
    findings = {finding.key for finding in case.findings}
    assert findings >= {key for row in rows for key in row.get("findings", ())}


def test_links_of_the_rows_are_those_of_the_json() -> None:
    case = scanned(shared(ATEXEC))
    (exporter,) = [exporter for exporter in EXPORTERS if exporter.option == "json"]
    document = json.loads(b"".join(exporter.render(case, RUN)[""]))
    links = [f"{link['why']}: " for moment in document["timeline"] for link in moment["links"]]
    told = [link for row in importers.timesketch_jsonl(made("jsonl", case)) for link in row.get("links", ())]
    assert len(told) == len(links) > 0
    assert all(text.startswith(why) for text, why in zip(told, links, strict=True))
