"""Events as EvtxECmd writes them: CSV and JSON lines tell the same, damage costs its own row, payloads of every shape."""

from __future__ import annotations

import csv
import io
import json

import pytest

from triptych.evidence.contents import event_set_kind, role_of
from triptych.formats.evtx_csv_listing_ecmd import read_ecmd_csv, read_ecmd_json
from triptych.formats.evtx_json_lines import Listed
from triptych.formats.faults import Faults
from triptych.model.case import Balance
from triptych.model.times import Zone

COLUMNS = (
    "RecordNumber", "EventRecordId", "TimeCreated", "EventId", "Level", "Provider", "Channel", "ProcessId", "ThreadId", "Computer",
    "ChunkNumber", "UserId", "MapDescription", "UserName", "RemoteHost", "PayloadData1", "PayloadData2", "PayloadData3", "PayloadData4",
    "PayloadData5", "PayloadData6", "ExecutableInfo", "HiddenRecord", "SourceFile", "Keywords", "ExtraDataOffset", "Payload",
)  # fmt: skip
PAYLOAD = (
    '{"EventData":{"Data":[{"@Name":"TaskName","#text":"\\\\A"},{"@Name":"UserContext","#text":"LAB\\\\x"},{"@Name":"Empty"}]}}'
)


def told(payload: str = PAYLOAD, time: str = "2021-06-01 10:11:12.1234567", number: str = "106") -> dict[str, str]:
    known = {
        "RecordNumber": "3", "EventRecordId": "77", "TimeCreated": time, "EventId": number, "Level": "Info",
        "Provider": "Microsoft-Windows-TaskScheduler", "Channel": "Microsoft-Windows-TaskScheduler/Operational", "ProcessId": "4",
        "ThreadId": "8", "Computer": "LAB", "UserId": "S-1-5-18", "PayloadData1": "Task: \\A", "Payload": payload,
    }  # fmt: skip
    return {name: known.get(name, "") for name in COLUMNS}


def as_csv(*rows: dict[str, str]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def as_json(*rows: dict[str, str]) -> bytes:
    whole = [{**row, "EventId": int(row["EventId"]), "HiddenRecord": False} for row in rows]
    return b"\xef\xbb\xbf" + "\r\n".join(json.dumps(row) for row in whole).encode()


def listed(data: bytes) -> tuple[list[Listed], Balance, Faults]:
    faults = Faults("a")
    kind = event_set_kind(data[:65_536])
    assert role_of("a", data[:65_536], listing=True) == "event-set"
    *events, balance = {"ecmd-csv": read_ecmd_csv, "ecmd-json": read_ecmd_json}[kind](data, "a", faults)
    assert isinstance(balance, Balance)
    assert balance.closes
    return [found for found in events if isinstance(found, Listed)], balance, faults


@pytest.mark.parametrize("write", [as_csv, as_json])
@pytest.mark.parametrize("time", ["2021-06-01 10:11:12.1234567", "2021-06-01T10:11:12.1234567+00:00"])
def test_both_forms_tell_the_same(write: object, time: str) -> None:
    assert callable(write)
    data = write(told(time=time), told(time=time, number="140"))
    events, balance, faults = listed(data)
    assert (balance.listed, len(faults)) == (2, 0)
    for found, number in zip(events, (106, 140), strict=True):
        assert found.time is not None
        assert (found.time.iso, found.time.zone) == ("2021-06-01T10:11:12.1234567Z", Zone.UTC)
        assert found.fields.data == (("TaskName", "\\A"), ("UserContext", "LAB\\x"), ("Empty", ""))
        assert (found.fields.event_id, found.fields.record_id, found.fields.process_id, found.fields.user) == (
            number,
            77,
            4,
            "S-1-5-18",
        )
        piece = data[found.offset : found.offset + found.length]
        assert str(number).encode() in piece
        assert b"\n" not in piece


@pytest.mark.parametrize(
    ("payload", "data"),
    [
        ('{"EventData":{"Data":"a, b"}}', (("Data", "a, b"),)),
        ('{"EventData":{"Data":{"@Name":"One","#text":"1"}}}', (("One", "1"),)),
        ('{"UserData":{"Cleared":{"@xmlns:x":"y","SubjectUserName":"a","Deep":{"@Size":"3","#text":"z"}}}}',
         (("SubjectUserName", "a"), ("Deep/@Size", "3"), ("Deep", "z"))),
        ("", ()),
    ],
)  # fmt: skip
def test_payloads(payload: str, data: tuple[tuple[str, str], ...]) -> None:
    events, _, _ = listed(as_csv(told(payload)))
    assert events[0].fields.data == data


def test_damage_costs_its_own() -> None:
    deep = '{"EventData":' + '{"a":' * 50 + "1" + "}" * 51
    events, balance, faults = listed(as_csv(told(), told("{"), told(deep), told(number="x"), told(time="soon")))
    assert (balance.promised, balance.listed, balance.lost) == (5, 4, 1)
    assert [problem.code for problem in faults.problems] == ["evtx.ecmd-payload", "evtx.ecmd-payload", "evtx.ecmd-row"]
    assert [found.time is None for found in events] == [False, False, False, True]
    whole = as_json(told(), told())
    _, balance, faults = listed(whole + b"\n" + whole[3:80] + b"\n[1]\n{}")
    assert (balance.listed, balance.lost, {problem.code for problem in faults.problems}) == (2, 3, {"evtx.ecmd-row"})
