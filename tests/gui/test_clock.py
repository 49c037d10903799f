"""Times in three zones, and never one without its zone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from triptych.gui.clock import Clock, machine_offset
from triptych.gui.rooms.compare import CompareRoom
from triptych.gui.rooms.sources import SourcesRoom
from triptych.gui.window import Window
from triptych.model.case import Fact, Host
from triptych.model.evidence import EvidenceRef, FilePlace, Span, stated
from triptych.model.times import NEVER, Instant, parse_iso

REF = EvidenceRef(FilePlace("SYSTEM"), (Span("SYSTEM", 0, 4),))
MOMENT = parse_iso("2026-03-14T02:17:03.0100375Z")


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if not hasattr(time, "tzset"):
        pytest.skip("this system's zone cannot be set for a test")
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def host(**bias: str) -> Host:
    return Host(tuple(Fact(name.replace("_", "-"), "", stated(text, REF)) for name, text in bias.items()))


def test_utc() -> None:
    assert Clock().moment(MOMENT) == "2026-03-14 02:17:03.0100375Z"
    assert Clock().moment(MOMENT, short=True) == "2026-03-14 02:17"
    assert Clock().brief(MOMENT) == "2026-03-14 02:17:03Z"


def test_the_machines_zone_is_told_with_its_offset() -> None:
    assert Clock("machine", 60).moment(MOMENT) == "2026-03-14 03:17:03.0100375+01:00"
    assert Clock("machine", 60).brief(MOMENT) == "2026-03-14 03:17:03+01"
    assert Clock("machine", -210).brief(MOMENT) == "2026-03-13 22:47:03-03:30"
    assert Clock("machine", None).moment(MOMENT) == Clock().moment(MOMENT)


def test_this_computers_zone_knows_summer_time(berlin: None) -> None:
    assert Clock("here").moment(MOMENT).endswith("03:17:03.0100375+01:00")
    assert Clock("here").moment(parse_iso("2026-07-14T02:17:03Z"), short=True) == "2026-07-14 04:17+02:00"


@pytest.mark.parametrize("name", ["utc", "here", "machine"])
def test_wall_clock_times_stay_what_they_are(name: str) -> None:
    clock = Clock(name, 60)
    assert clock.moment(parse_iso("2026-03-14T02:17:00")) == "2026-03-14 02:17:00 local"
    assert clock.brief(parse_iso("2026-03-14T02:17:00")) == "2026-03-14 02:17 local"
    assert clock.moment(Instant(0)) == "never"
    assert clock.moment(Instant(NEVER)) == "no end"


@given(st.integers(-(1 << 64), 1 << 64), st.sampled_from(["utc", "here", "machine"]), st.integers(-1440, 1440))
def test_any_ticks_are_told(ticks: int, name: str, offset: int) -> None:
    clock = Clock(name, offset)
    assert clock.moment(Instant(ticks))
    assert clock.brief(Instant(ticks))


def test_the_offset_is_what_the_machine_had_when_it_was_collected() -> None:
    assert machine_offset(host(bias="-60", active_bias="-120")) == 120
    assert machine_offset(host(bias="300")) == -300
    assert machine_offset(host()) is None
    assert machine_offset(host(bias="99999999")) is None
    assert machine_offset(host(bias="1-1")) is None


def test_the_zone_is_switched_in_every_room_and_kept(qtbot: QtBot, window: Window) -> None:
    compare, sources = window.rooms["compare"], window.rooms["sources"]
    assert isinstance(compare, CompareRoom)
    assert isinstance(sources, SourcesRoom)
    digest = window.session.digest
    window.session.digest = replace(digest, case=digest.case.with_(host=host(bias="-60")))
    row = next(n for n in range(compare.table.rowCount()) if compare.table.cell(n, 0).text == "Last run")
    before = compare.table.cell(row, 2).text
    window.actions_of["clock-machine"].trigger()
    assert before.endswith("Z")
    assert compare.table.cell(row, 2).text.endswith("+01:00")
    assert window.tasks.table.columns[-1].title == "Last run +01:00"
    assert window.strip.clock.text() == "times: UTC+01:00 ▾"
    assert window.settings.text("clock") == "machine"
    assert all("Z" not in sources.files.cell(number, 5).text for number in range(sources.files.rowCount()))
