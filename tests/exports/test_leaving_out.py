"""Leaving out as asked: times and severities, and a case that says what is missing from it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exports.made_moments import NO_DATE, case, moment
from triptych.exports.leaving_out import Wanted, bound, limited, without_events
from triptych.model.finding import Severity
from triptych.model.times import Instant, Zone, parse_iso


def texts(wanted: Wanted, bias: str | None = "-60") -> list[str]:
    return [found.text for found in limited(case(bias=bias), wanted)[0].timeline]


@pytest.mark.parametrize(
    ("text", "end", "iso"),
    [
        ("2026-03-14", False, "2026-03-14T00:00:00Z"),
        ("2026-03-14", True, "2026-03-14T23:59:59.9999999Z"),
        ("2026-03-14T02:17:03", True, "2026-03-14T02:17:03Z"),
        ("2026-03-14 02:17:03.1234567Z", False, "2026-03-14T02:17:03.1234567Z"),
        ("2026-03-14T02:17:03+01:00", False, "2026-03-14T01:17:03Z"),
    ],
)
def test_a_bound_as_a_person_gives_it(text: str, end: bool, iso: str) -> None:
    assert bound(text, end=end).iso == iso


@pytest.mark.parametrize("text", ["", "yesterday", "14.03.2026", "2026-02-30", "2026-03-14T25:00:00Z", "2026-03-14T02:17"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        bound(text)


def test_nothing_asked_changes_nothing() -> None:
    found = case()
    assert limited(found, Wanted()) == (found, "")
    assert limited(found, Wanted())[0] is found


def test_both_ends_are_inside() -> None:
    time = parse_iso("2026-03-14T02:17:03.1234567Z")
    assert texts(Wanted(time, time)) == ["TaskCache Tree Key Last Written: \\Evil"]
    assert texts(Wanted(Instant(time.ticks + 1), None))[0].startswith("XML")
    assert texts(Wanted(None, Instant(time.ticks - 1))) == ["Task File Modified: \\Old"]


def test_findings_without_a_time_stay_and_those_outside_go() -> None:
    found, said = limited(case(), Wanted(since=bound("2026-03-14T02:30:00Z")))
    assert [finding.rule for finding in found.findings] == ["created-remotely", "log-cleared", "not-in-baseline"]
    assert said == "Left out, as asked for by --since 2026-03-14T02:30:00Z: 1 of 4 findings and 2 of 4 moments of the timeline."


def test_severity_leaves_the_timeline_alone() -> None:
    found, said = limited(case(), Wanted(least=Severity.MEDIUM))
    assert [finding.severity.value for finding in found.findings] == ["critical", "medium", "medium"]
    assert found.timeline == case().timeline
    assert said == "Left out, as asked for by --min-severity medium: 1 of 4 findings."
    assert limited(case(), Wanted(least=Severity.LOW, since=bound("1990-01-01")))[1].endswith(": 1 of 4 findings.")
    assert limited(case(), Wanted(since=bound("1990-01-01")))[1].endswith(": nothing.")


def test_what_leaves_says_what_is_missing() -> None:
    found, _ = limited(case(), Wanted(until=bound("2026-03-14T02:30:00Z"), least=Severity.HIGH))
    assert found.problems[0].code == "output.limited"
    assert found.problems[0].lost == "from this output alone: 3 of 4 findings and 1 of 4 moments of the timeline"
    assert "--until 2026-03-14T02:30:00Z --min-severity high" in found.problems[0].found
    assert without_events(case()).problems[0].code == "output.no-events"
    assert (found.tasks, found.files, found.events) == (case().tasks, case().files, case().events)


def test_links_follow_their_moments() -> None:
    found, _ = limited(case(), Wanted(since=bound("2026-03-14")))
    assert [moment.text[:3] for moment in found.timeline] == ["Tas", "XML", "469"]
    assert [(link.to, link.why) for link in found.timeline[0].links] == [(1, "same task")], "the other end of the second is outside"


def test_a_local_time_is_taken_by_the_hosts_offset_where_it_is_known() -> None:
    assert "XML Registration Date: \\Evil" in texts(Wanted(None, bound("2026-03-14T02:30:00Z")))
    assert "XML Registration Date: \\Evil" not in texts(Wanted(None, bound("2026-03-14T02:29:59Z")))


def test_a_local_time_without_an_offset_stays_where_it_may_be_inside() -> None:
    text = "XML Registration Date: \\Evil"  # 03:30 by the clock of a machine somewhere
    assert text in texts(Wanted(None, bound("2026-03-13T13:30:00Z")), None)
    assert text not in texts(Wanted(None, bound("2026-03-13T13:29:59Z")), None)
    assert text in texts(Wanted(bound("2026-03-14T15:30:00Z"), None), None)
    assert text not in texts(Wanted(bound("2026-03-14T15:30:01Z"), None), None)


def test_what_is_no_date_is_never_outside() -> None:
    found = case(extra=(moment(NO_DATE, "Odd: \\Evil"),))
    assert [m.text for m in limited(found, Wanted(until=bound("1990-01-01")))[0].timeline] == ["Odd: \\Evil"]


@given(
    st.integers(1, 2 * 10**18), st.integers(1, 2 * 10**18), st.integers(1, 2 * 10**18), st.sampled_from(Zone),
    st.one_of(st.none(), st.integers(-14 * 60, 12 * 60)),
)  # fmt: skip
def test_inside_means_between_the_bounds(ticks: int, one: int, other: int, zone: Zone, minutes: int | None) -> None:
    since, until = sorted((one, other))
    held = Wanted(Instant(since), Instant(until)).holds(Instant(ticks, zone), minutes)
    offsets = [0] if zone is Zone.UTC else [minutes] if minutes is not None else list(range(-14 * 60, 12 * 60 + 1))
    minute = 600_000_000
    reached = (ticks + offsets[0] * minute, ticks + offsets[-1] * minute)
    assert held == (reached[1] >= since and reached[0] <= until)
