"""Logs without a hive name the host, where they agree."""

from __future__ import annotations

from dataclasses import replace

import evtx
import pytest

from tests.material import shared
from tests.scanning import scanned
from triptych.analysis.event_table import EventTable
from triptych.analysis.host_in_logs import facts
from triptych.logs.blocks import blocks_of
from triptych.model.case import Case, Fact, Host
from triptych.model.event import Event
from triptych.model.evidence import EventPlace, EvidenceRef, ListingPlace, Span, stated
from triptych.model.times import Instant

NOON = 134_168_400_000_000_000
REF = EvidenceRef(EventPlace("Security", 7), (Span("s.evtx", 512, 200),))


def event(hour: int, computer: str, channel: str = "Security") -> Event:
    ticks = NOON + hour * 36_000_000_000
    return Event(Instant(ticks), channel, 4624, 7 + hour, "security", "logon", "Logon", REF, computer=computer)


def told(*events: Event, case: Case | None = None) -> dict[str, str | None]:
    return {fact.name: fact.reading.value for fact in facts(case or Case(), EventTable(blocks_of(events)))}


def test_name_and_domain_stand_in_the_newest_record() -> None:
    assert told(event(0, "WS-1.corp.example"), event(1, "ws-1.corp.example", "System")) == {
        "name": "ws-1",
        "domain": "corp.example",
    }
    assert told(event(0, "WS-1")) == {"name": "WS-1"}


def test_a_renamed_machine_has_the_name_of_its_newest_records() -> None:
    assert told(event(0, "WIN-8K2"), event(1, "WS-1")) == {"name": "WS-1"}


@pytest.mark.parametrize(
    "events",
    [
        (event(0, "WS-1"), event(0, "WS-2", "System")),
        (event(0, "WS-1", "ForwardedEvents"),),
        (event(0, ""),),
        (replace(event(0, "WS-1"), ref=EvidenceRef(ListingPlace(3), REF.spans)),),
        (),
    ],
    ids=["two computers", "forwarded", "no name", "a listing", "nothing"],
)
def test_what_does_not_tell_whose_it_is(events: tuple[Event, ...]) -> None:
    assert told(*events) == {}


@pytest.mark.parametrize("name", ["name", "listing-host"])
def test_what_is_known_is_left_alone(name: str) -> None:
    assert told(event(0, "WS-1"), case=Case(host=Host((Fact(name, "", stated("OTHER", REF)),)))) == {}


def test_a_real_log_names_its_machine_by_the_record_that_is_cited() -> None:
    log = shared("data/evtx/mdecrevoisier/ID4688,4698,4699,5145,4624-ATexec remote trask creation (GLOBAL).evtx")
    reading = scanned(log).case.host.get("name")
    assert reading.value == "fs01"
    place = reading.refs[0].place
    assert isinstance(place, EventPlace)
    texts = [str(row) for row in evtx.PyEvtxParser(str(log)).records_json()]
    (cited,) = [text for text in texts if f'"EventRecordID":{place.record_id},' in text]
    assert '"Computer":"fs01.offsec.lan"' in cited
