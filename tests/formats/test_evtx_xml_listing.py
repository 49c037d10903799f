"""Events as XML: encodings, frames, damage, hostile input, places."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.evidence.contents import event_set_kind, role_of
from triptych.formats.evtx_json_lines import Listed
from triptych.formats.evtx_xml_listing import read_xml
from triptych.formats.faults import Faults
from triptych.model.case import Balance, Weight
from triptych.model.times import Zone

SPACE = "http://schemas.microsoft.com/win/2004/08/events/event"


def event(number: int = 106, data: str = "<EventData Name='x'><Data Name='TaskName'>\\A</Data></EventData>", more: str = "") -> str:
    return (
        f"<Event xmlns='{SPACE}'><System><Provider Name='Microsoft-Windows-TaskScheduler' Guid='{{de7b24ea}}'/><EventID>{number}</EventID>"
        "<Version>0</Version><TimeCreated SystemTime='2021-06-01T10:11:12.1234567Z'/><EventRecordID>77</EventRecordID>"
        "<Correlation ActivityID='{0000000A-0000-0000-0000-000000000000}'/><Execution ProcessID='4' ThreadID='8'/>"
        "<Channel>Microsoft-Windows-TaskScheduler/Operational</Channel><Computer>LAB</Computer><Security UserID='S-1-5-18'/></System>"
        f"{data}{more}</Event>"
    )


def listed(data: bytes) -> tuple[list[Listed], Balance, Faults]:
    faults = Faults("a.xml")
    *events, balance = read_xml(data, "a.xml", faults)
    assert isinstance(balance, Balance)
    assert balance.closes
    return [found for found in events if isinstance(found, Listed)], balance, faults


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    ("before", "after"), [("", ""), ("<Events>\r\n", "\r\n</Events>\r\n"), ("<?xml version='1.0'?>\n<Events>", "</Events>")]
)
def test_every_way_in_which_it_is_written(codec: str, before: str, after: str) -> None:
    text = (
        before + event() + "\r\n" + event(140, more="<RenderingInfo Culture='de-DE'><Message>ü</Message></RenderingInfo>") + after
    )
    data = text.encode(codec)
    assert event_set_kind(data[:4096]) == "xml"
    assert role_of("whatever.txt", data[:4096], listing=False) == "event-set"
    events, balance, faults = listed(data)
    assert (balance.promised, balance.listed) == (2, 2)
    assert not faults.problems
    first, second = events
    assert first.time is not None
    assert (first.time.iso, first.time.zone) == ("2021-06-01T10:11:12.1234567Z", Zone.UTC)
    assert first.fields.data == (("TaskName", "\\A"),) == second.fields.data
    assert (first.fields.event_id, second.fields.event_id, first.fields.record_id) == (106, 140, 77)
    assert first.fields.activity == "0000000A-0000-0000-0000-000000000000"
    assert second.line == first.line + 1
    for found in events:
        bare = "utf-16-be" if codec == "utf-16-be" else "utf-16-le" if codec.startswith("utf-16") else "utf-8"
        piece = data[found.offset : found.offset + found.length].decode(bare)
        assert piece.startswith("<Event ")
        assert piece.endswith("</Event>")


def test_data_of_every_shape() -> None:
    user = "<UserData><Cleared xmlns='x'><SubjectUserName>a</SubjectUserName><Deep Size='3'><Leaf/></Deep></Cleared></UserData>"
    events, _, _ = listed(
        (event(data="<EventData><Data>one</Data><Data/><Binary>00FF</Binary></EventData>") + event(data=user)).encode()
    )
    assert events[0].fields.data == (("Data", "one"), ("Data", ""), ("Binary", "00FF"))
    assert events[1].fields.data == (("SubjectUserName", "a"), ("Deep/@Size", "3"), ("Leaf", ""))


def test_damage_costs_the_damaged_event_alone() -> None:
    good = event()
    cut, odd = good[:200], good.replace("</Data>", "</Dat>")
    events, balance, faults = listed(f"<Events>{good}{cut}{good}{odd}{good.replace('106', 'x')}\n{good}{cut}".encode())
    assert (balance.promised, balance.listed, balance.lost) == (7, 3, 4)
    assert [found.line for found in events] == [1, 1, 2]
    assert {problem.code for problem in faults.problems} == {"evtx.xml-event"}


def test_a_character_that_xml_forbids_is_replaced_and_told() -> None:
    events, _, faults = listed(event(data="<EventData><Data Name='TaskName'>\\A\x01&#x2;&#31;b</Data></EventData>").encode())
    assert events[0].fields.data == (("TaskName", "\\A\ufffd\ufffd\ufffdb"),)
    assert [(problem.code, problem.severity) for problem in faults.problems] == [("evtx.xml-characters", Weight.DOUBT)]


def test_entities_and_depth_are_refused() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    inner = event(data="<EventData><Data Name='TaskName'>&b;&f;</Data></EventData>")
    events, balance, faults = listed(f"{bomb}<Events>{inner}{event()}</Events>".encode())
    assert (balance.listed, balance.lost) == (1, 1)
    assert events[0].fields.data == (("TaskName", "\\A"),)
    assert {problem.code for problem in faults.problems} == {"evtx.xml-event", "evtx.xml-between"}
    deep = event(data="<EventData>" + "<a>" * 100_000 + "</a>" * 100_000 + "</EventData>")
    assert listed(deep.encode())[1].lost == 1
    assert (
        listed(event(data="<EventData><Data>" + "x" * 5_000_000 + "</Data></EventData>").encode() + event().encode())[1].lost == 1
    )


def test_other_xml_is_none() -> None:
    for text in (
        "<Events><item/></Events>",
        "<Event>x</Event>",
        "<Task xmlns='http://schemas.microsoft.com/windows/2004/02/mit/task'>",
    ):
        assert event_set_kind(text.encode()) == ""


@given(st.binary(max_size=300), st.integers(0, 900))
def test_whatever_stands_there_the_sum_closes(noise: bytes, at: int) -> None:
    data = event().encode() * 2
    for text in (data[:at] + noise + data[at:], noise):
        _, balance, faults = listed(text)
        assert balance.lost == sum(problem.count for problem in faults.problems if problem.code == "evtx.xml-event")
