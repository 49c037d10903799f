"""The rows of the time-line formats: every moment of a case and every finding that has a time, with UTC and what joins them."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from triptych.model.case import Case
from triptych.model.event import Moment
from triptych.model.evidence import EventPlace, EvidenceRef, ListingPlace, RegistryPlace
from triptych.model.finding import Finding
from triptych.model.paths import fold
from triptych.model.times import TICKS_A_SECOND, Instant, Zone, from_parts

LAST = from_parts(9999, 12, 31, 23, 59, 59, TICKS_A_SECOND - 1)  # the last moment that these formats can name
_MINUTE = 60 * TICKS_A_SECOND
_UNIX = from_parts(1970, 1, 1)
_LONGEST_WORDS = 60
_STORES = ("xml", "registry", "job", "file", "listing")  # sources that are no log


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a time line.

    `ticks` are UTC (100 ns since 1601) as well as they can be told, and `doubt` says in words where they are not what the
    evidence states: a local time, or a number that is no date. `time` is the time as stated. `words` say what the time is
    (`timestamp_desc` of Timesketch). `record` is "finding" for a finding itself, "event" for a record of a log, else "moment".
    `findings` are those about the same task or resting on the same record, key or file; `cited` are those of them that rest on
    it. `links` say why it belongs to which other moment.
    """

    ticks: int
    time: Instant
    doubt: str
    record: str
    source: str
    kind: str
    words: str
    task: str | None
    account: str | None
    text: str
    refs: tuple[EvidenceRef, ...]
    findings: tuple[Finding, ...] = ()
    cited: tuple[Finding, ...] = ()
    precision: str = ""
    links: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """The text with its doubt: whoever reads this line alone must not take it for more than it is. Never empty."""
        text = self.text or self.words
        return f"{text} ({self.doubt})" if self.doubt else text

    @property
    def tags(self) -> tuple[str, ...]:
        """The rules of its findings, and the worst severity among them."""
        rules = sorted({finding.rule for finding in self.findings})
        worst = min((finding.severity for finding in self.findings), key=lambda severity: severity.rank, default=None)
        return (*rules, worst.value) if worst else ()


def rows(case: Case) -> Iterator[Row]:
    """Every moment in the order of the case's timeline, and the findings that have a time among them."""
    joins = Joins(case.findings)
    known = case.host.bias
    told = (_of_moment(moment, joins, known, case.timeline) for moment in case.timeline)
    found = sorted((_of_finding(finding, known) for finding in case.findings if finding.time), key=lambda row: row.ticks)
    return heapq.merge(told, found, key=lambda row: row.ticks)


class Joins:
    """Which findings belong to a moment."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self._files: set[str] = set()
        self._known: dict[tuple[str | None, tuple[Finding, ...]], tuple[Finding, ...]] = {}
        self._of_task: dict[str, list[Finding]] = {}
        self._of_place: dict[tuple[str, ...], list[Finding]] = {}
        for finding in findings:
            if finding.task is not None:
                self._of_task.setdefault(fold(finding.task), []).append(finding)
            for place in dict.fromkeys(place_of(ref) for ref in finding.refs):
                self._files.add(place[0])
                self._of_place.setdefault(place, []).append(finding)

    def cited(self, refs: Iterable[EvidenceRef]) -> tuple[Finding, ...]:
        """The findings that rest on the record, key or file of these references."""
        of_files = [ref for ref in refs if ref.spans[0].file in self._files]
        found = [finding for ref in of_files for finding in self._of_place.get(place_of(ref), ())]
        return _worst_first(found) if found else ()

    def all(self, task: str | None, cited: tuple[Finding, ...]) -> tuple[Finding, ...]:
        """These, and those about the task."""
        known = self._known.get((task, cited))
        if known is None:
            known = _worst_first((*cited, *self._of_task.get(fold(task), ()))) if task else cited
            self._known[task, cited] = known
        return known


def _worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    once = {finding.key: finding for finding in findings}
    return tuple(sorted(once.values(), key=lambda finding: (finding.severity.rank, finding.rule, finding.key)))


def place_of(ref: EvidenceRef) -> tuple[str, ...]:
    """What a reference stands in, as one thing: a record of a log, a key of a hive, a line of a listing, else the file."""
    file, at = ref.spans[0].file, ref.place
    match at:
        case EventPlace():
            return file, fold(at.channel), str(at.record_id)
        case RegistryPlace():
            return file, fold(at.key)
        case ListingPlace():
            return file, str(at.line)
        case _:
            return (file,)


def _of_moment(moment: Moment, joins: Joins, known: int | None, timeline: Sequence[Moment]) -> Row:
    ticks, doubt = utc(moment.time, known)
    cited = joins.cited(moment.refs)
    is_event = moment.source not in _STORES
    before, colon, _ = moment.text.partition(": ")
    stated = before if colon and len(before) <= _LONGEST_WORDS and not is_event else moment.kind.replace("-", " ").capitalize()
    return Row(
        ticks, moment.time, doubt, "event" if is_event else "moment", moment.source, moment.kind,
        "Event Logged" if is_event else stated, moment.task, moment.account, moment.text, moment.refs,
        joins.all(moment.task, cited), cited, moment.precision,
        tuple(f"{link.why}: {timeline[link.to].time.iso} {timeline[link.to].text}" for link in moment.links),
    )  # fmt: skip


def _of_finding(finding: Finding, known: int | None) -> Row:
    time = finding.time or Instant(0)
    ticks, doubt = utc(time, known)
    text = f"Finding ({finding.severity.value}): {finding.summary}"
    return Row(
        ticks, time, doubt, "finding", "finding", finding.rule, "Time of the Finding's Evidence", finding.task, None, text,
        finding.refs, (finding,), (finding,),
    )  # fmt: skip


def utc(time: Instant, known: int | None) -> tuple[int, str]:
    """The ticks in UTC, and in words why they may not be the truth; "" where the evidence states UTC itself."""
    if not time.showable:
        return LAST, f"the evidence states {time.iso}, which is no date; placed at the end of the calendar"
    if time.zone is Zone.UTC:
        return time.ticks, ""
    shifted = time.ticks + known * _MINUTE if known is not None else -1
    if known is None or not 0 <= shifted <= LAST:
        return time.ticks, "local time of the machine, its offset is not known: written as if it were UTC"
    return shifted, f"local time of the machine, taken as UTC{_offset(-known)}, which it was set to when it was last used"


def _offset(minutes: int) -> str:
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def iso(ticks: int) -> str:
    """`2026-03-14T02:17:03.000000`: six digits always, since importers take the form of the first row for that of all."""
    fraction = ticks % TICKS_A_SECOND // 10
    return f"{Instant(ticks - ticks % TICKS_A_SECOND, Zone.LOCAL).iso}.{fraction:06d}"


def unix_seconds(ticks: int) -> int:
    """Whole seconds since 1970, rounded down; before 1970 below 0."""
    return (ticks - _UNIX) // TICKS_A_SECOND


def unix_microseconds(ticks: int) -> int:
    """Whole microseconds since 1970, rounded down."""
    return (ticks - _UNIX) // 10


def host_name(case: Case) -> str:
    """The host's name, "" where the evidence does not tell it."""
    return case.host.get("name").value or ""
