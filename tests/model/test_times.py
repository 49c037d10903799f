"""Ticks, ISO texts and durations: exact to 100 ns, in both directions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.model.times import (
    UNBOUNDED,
    Instant,
    Zone,
    canonical_duration,
    duration,
    duration_seconds,
    from_parts,
    from_unix_ns,
    parse_iso,
    to_unix,
)

EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
LAST = 2_650_467_743_999_999_999  # the last tick of the year 9999


@given(st.integers(0, LAST))
def test_a_written_time_reads_back_as_the_same_ticks(ticks: int) -> None:
    assert parse_iso(Instant(ticks).iso) == Instant(ticks, Zone.UTC, len(Instant(ticks).iso.partition(".")[2].rstrip("Z")))


@given(st.datetimes(datetime(1601, 1, 1), datetime(9999, 12, 31)))
def test_the_calendar_is_that_of_the_standard_library(moment: datetime) -> None:
    ticks = (moment.replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1) * 10
    parts = (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
    assert from_parts(*parts, ticks=moment.microsecond * 10) == ticks


def test_zones() -> None:
    assert parse_iso("2026-03-14T02:11:40.1234567+01:00").iso == "2026-03-14T01:11:40.1234567Z"
    assert parse_iso("2026-03-14T02:11:40-0530").iso == "2026-03-14T07:41:40Z"
    local = parse_iso("2026-03-14T02:11:40")
    assert (local.zone, local.iso) == (Zone.LOCAL, "2026-03-14T02:11:40")
    assert parse_iso("2026-03-14T24:00:00Z").iso == "2026-03-15T00:00:00Z"


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00:00", "2026-02-30", "2026-01-01T25:00:00", "٢٠٢٦-01-01"])
def test_what_no_calendar_has_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_iso(text)


def test_out_of_range_is_shown_as_it_stands() -> None:
    assert Instant(UNBOUNDED).iso == "0xFFFFFFFFFFFFFFFF"
    assert not Instant(UNBOUNDED).showable


def test_posix_times() -> None:
    assert from_unix_ns(0).iso == "1970-01-01T00:00:00Z"
    assert from_unix_ns(1_500_000_000_123_456_700).iso == "2017-07-14T02:40:00.1234567Z"
    assert to_unix(from_unix_ns(5_000_000_000).ticks) == 5


@given(st.integers(0, 10**9))
def test_seconds_and_durations_round_trip(seconds: int) -> None:
    assert duration_seconds(duration(seconds)) == seconds
    assert canonical_duration(duration(seconds)) == duration(seconds)


def test_durations_of_one_length_have_one_spelling() -> None:
    assert canonical_duration("PT72H") == canonical_duration("P3D") == "P3D"
    assert canonical_duration("PT90M") == "PT1H30M"
    assert canonical_duration("PT0S") == "PT0S"
    assert canonical_duration("P1M") == "P1M"
    assert duration_seconds("P1M") is None


@pytest.mark.parametrize("text", ["", "P", "PT", "P1DT", "5 minutes", "PT1X"])
def test_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        canonical_duration(text)
