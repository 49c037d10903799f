"""Events as JSON lines: real sets, odd lines, places."""

from __future__ import annotations

import json

from tests.formats.test_evtx import read
from tests.material import shared
from triptych.evidence.contents import is_event_set
from triptych.formats.evtx_json_lines import Listed, read_lines
from triptych.formats.faults import Faults
from triptych.model.case import Balance
from triptych.model.times import Zone


def listed(data: bytes) -> tuple[list[Listed], Balance, Faults]:
    faults = Faults("a.json")
    *events, balance = read_lines(data, "a.json", faults)
    assert isinstance(balance, Balance)
    return [event for event in events if isinstance(event, Listed)], balance, faults


def test_real_sets_are_read_whole() -> None:
    sets = sorted(shared("data/evtx/OTRF__Security-Datasets").glob("*.json"))
    assert len(sets) == 5
    for path in sets:
        data = path.read_bytes()
        assert is_event_set(data[:65_536]), path.name
        events, balance, faults = listed(data)
        rows = [json.loads(line) for line in data.splitlines()]
        assert [event.fields.event_id for event in events] == [row["EventID"] for row in rows]
        assert balance.closes
        assert balance.listed == len(rows)
        assert not faults.problems
        for event, row in zip(events, rows, strict=True):
            assert json.loads(data[event.offset : event.offset + event.length]) == row
            assert event.time is not None
            assert event.time.zone is Zone.UTC


def test_a_listing_is_known_by_its_first_line() -> None:
    assert is_event_set(b'{"Channel":"Security","EventID":4698}\n')
    assert not is_event_set(b'{"TaskName":"x"}\n{"Channel":"Security","EventID":4698}\n')
    assert not is_event_set(b"Channel,EventID\n")
    assert read(b'{"Channel":"Security","EventID":4698}\n')[2].problems[0].code == "evtx.signature"


def test_odd_lines_cost_themselves_alone() -> None:
    good = b'{"EventID":"4698","Channel":"Security","TimeCreated":"2022-07-05T02:02:04.383Z","TaskName":"\\\\A","TaskName":"\\\\B"}'
    deep = b'{"EventID":1,"x":' + b"[" * 100_000 + b"}"
    events, balance, faults = listed(
        b"\xef\xbb\xbf" + good + b"\r\n\r\n" + good[:50] + b"\n[1]\n{}\n" + deep + b"\n" + b"\xff" + good
    )
    assert [event.fields.data for event in events] == [(("TaskName", "\\A"), ("TaskName", "\\B"))]
    assert [event.line for event in events] == [1]
    assert (balance.promised, balance.listed, balance.lost) == (6, 1, 5)
    assert len(faults.problems) == 5
    huge, _, _ = listed(b'{"EventID":7,"Channel":"x","n":' + b"9" * 5000 + b',"b":true,"z":null}')
    assert huge[0].fields.data == (("n", "9" * 5000), ("b", "true"), ("z", ""))
    assert huge[0].time is None
