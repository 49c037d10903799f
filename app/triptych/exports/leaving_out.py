"""What a person asked to leave out of the output: times outside of `--since` and `--until`, findings below `--min-severity`.

Moments of the timeline and findings are left out, nothing else: tasks, differences, evidence, logs and problems stay whole. A finding
without a time cannot be outside, so it stays. A local time whose offset is not known stays where it may be inside. The
case that leaves says itself what is missing, as a note among its problems; judging and `--fail-on` have seen everything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from triptych.model.case import Case, Problem, Weight
from triptych.model.event import Link, Moment
from triptych.model.finding import Severity
from triptych.model.times import TICKS_A_DAY, TICKS_A_SECOND, Instant, Zone, parse_iso

_MINUTE = 60 * TICKS_A_SECOND
_EAST, _WEST = 14 * 60, 12 * 60  # minutes: how far clocks stand before and behind UTC at most
_DATE_ALONE = re.compile(r"\s*\d{4}-\d\d-\d\d\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to stay. `since` and `until` are UTC, both inclusive, None for no bound; `least` is the lowest severity shown."""

    since: Instant | None = None
    until: Instant | None = None
    least: Severity = Severity.INFO

    def holds(self, time: Instant, minutes: int | None) -> bool:
        """Whether a time is, or may be, inside; `minutes` are those to add to local time for UTC, None where unknown."""
        first = last = time.ticks
        if not time.showable:
            return True
        if time.zone is Zone.LOCAL:
            first += (-_EAST if minutes is None else minutes) * _MINUTE
            last += (_WEST if minutes is None else minutes) * _MINUTE
        return not (self.since and last < self.since.ticks) and not (self.until and first > self.until.ticks)


def bound(text: str, *, end: bool = False) -> Instant:
    """A time as a person gives it: a date or an ISO 8601 time, in UTC where it names no zone. Raises ValueError.

    A date alone is its first moment, or with `end` its last.
    """
    time = parse_iso(text)
    whole_day = TICKS_A_DAY - 1 if end and _DATE_ALONE.fullmatch(text) else 0
    return Instant(time.ticks + whole_day)


def limited(case: Case, wanted: Wanted) -> tuple[Case, str]:
    """The case without what is not wanted, and a sentence that says what is missing; the same case and "" where nothing was asked."""
    asked = _asked(wanted)
    if not asked:
        return case, ""
    minutes = case.host.bias
    findings = tuple(
        finding
        for finding in case.findings
        if finding.severity.at_least(wanted.least) and (finding.time is None or wanted.holds(finding.time, minutes))
    )
    timeline = case.timeline
    if wanted.since or wanted.until:
        timeline = _between(case.timeline, wanted, minutes)
    gone = _gone("findings", len(case.findings), len(findings)) + _gone(
        "moments of the timeline", len(case.timeline), len(timeline)
    )
    lost = " and ".join(gone) or "nothing"
    note = Problem(
        Weight.NOTE, "output.limited", "the output", asked, tried="write all that was found", found=f"asked for {asked}",
        lost=f"from this output alone: {lost}", advice="repeat it without these options to see all",
    )  # fmt: skip
    sentence = f"Left out, as asked for by {asked}: {lost}."
    return case.with_(findings=findings, timeline=timeline, problems=(note, *case.problems)), sentence


def without_events(case: Case) -> Case:
    """The case with a note that its logs were left aside as asked."""
    note = Problem(
        Weight.NOTE, "output.no-events", "the event logs", "--no-events", tried="read the event logs", found="asked to leave them aside",
        lost="what the logs tell, and every finding that needs them", advice="repeat it without --no-events to read them",
    )  # fmt: skip
    return case.with_(problems=(note, *case.problems))


def _asked(wanted: Wanted) -> str:
    told = [f"--since {wanted.since.iso}"] if wanted.since else []
    told += [f"--until {wanted.until.iso}"] if wanted.until else []
    told += [f"--min-severity {wanted.least.value}"] if wanted.least is not Severity.INFO else []
    return " ".join(told)


def _gone(what: str, before: int, after: int) -> list[str]:
    return [f"{before - after:,} of {before:,} {what}"] if before != after else []


def _between(timeline: tuple[Moment, ...], wanted: Wanted, minutes: int | None) -> tuple[Moment, ...]:
    """The moments inside. Links name moments by number, so they are numbered anew; one to a moment outside goes with it."""
    kept = [at for at, moment in enumerate(timeline) if wanted.holds(moment.time, minutes)]
    numbers = {old: new for new, old in enumerate(kept)}
    return tuple(_relinked(timeline[at], numbers) for at in kept)


def _relinked(moment: Moment, numbers: dict[int, int]) -> Moment:
    if not moment.links:
        return moment
    return replace(moment, links=tuple(Link(numbers[link.to], link.why) for link in moment.links if link.to in numbers))
