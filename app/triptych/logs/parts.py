"""A large log is read in stretches, by several readers; what they counted is put together here as if one had read it all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from triptych.formats.evtx import Log
from triptych.formats.evtx_balance import ChannelTally, Run, Tally, close
from triptych.formats.evtx_layout import file_header
from triptych.formats.faults import Faults
from triptych.model.case import LogPart, Problem, Weight
from triptych.model.event import Event, LogReport, NumberGap
from triptych.model.evidence import EvidenceFile, ReadState
from triptych.model.times import Instant
from triptych.stores.files import whole_file
from triptych.stores.job import Answer

KIND = "event log"
_CLEARED = frozenset((("security", 1102), ("system", 104)))
_NONE = -1


@dataclass(slots=True)
class Kept:
    """What the events of a stretch say of their logs."""

    by_channel: Counter[str] = field(default_factory=Counter)
    cleared: list[tuple[str, int]] = field(default_factory=list)
    exported: bool = False

    def add(self, event: Event, number: int) -> None:
        """Count an event whose record has that number in its header."""
        self.by_channel[event.channel] += 1
        self.exported = self.exported or number != event.record_id
        if (event.channel.casefold(), event.event_id) in _CLEARED:
            self.cleared.append((event.channel, event.time.ticks))


def part_of(log: Log, kept: Kept, number: int, parts: int, size: int, head: bytes, faults: Faults, view: str) -> LogPart:
    """What was counted in a stretch, when its records were read to the end."""
    tally = log.tally
    counts = (
        tally.promised, tally.listed, tally.repaired, tally.lost, tally.slack, tally.twice, tally.chunks, tally.used,
        tally.ordinal or 0,
    )  # fmt: skip
    names = sorted(tally.channels.keys() | kept.by_channel.keys())
    channels = tuple(_row(name, tally.channels.get(name, ChannelTally()), kept.by_channel[name]) for name in names)
    return LogPart(
        log.file, view, number, parts, size, head, counts, channels, tuple(_numbers(run) for run in tally.runs),
        tuple(tally.known), tuple(tally.dead), tuple(tally.foreign), tuple(kept.cleared), kept.exported, faults.problems,
    )  # fmt: skip


def _row(name: str, sums: ChannelTally, kept: int) -> tuple[str, int, int, int, int, int, int]:
    times = (sums.first, sums.last, sums.first_number, sums.last_number)
    first, last, first_number, last_number = (_NONE if value is None else value for value in times)
    return (name, sums.records, kept, first, last, first_number, last_number)


def _numbers(run: Run) -> tuple[int, ...]:
    return (run.first, run.last, run.first_chunk, run.last_chunk, run.first_ticks, run.last_ticks)


def _tally(part: LogPart) -> Tally:
    promised, listed, repaired, lost, slack, twice, chunks, used, ordinal = part.counts
    return Tally(
        promised, listed, repaired, lost, slack, twice, chunks=chunks, used=used, ordinal=ordinal or None,
        channels={row[0]: _sums(*row[1:]) for row in part.channels}, runs=[Run(*run) for run in part.runs],
        known=list(part.known), dead=list(part.dead), foreign=list(part.foreign),
    )  # fmt: skip


def _sums(records: int, _: int, first: int, last: int, first_number: int, last_number: int) -> ChannelTally:
    if first == _NONE:
        return ChannelTally(records)
    return ChannelTally(records, first, last, first_number, last_number)


def joined(parts: Iterable[LogPart]) -> Iterator[Answer]:
    """Reports, problems, balance and the state of one log, from what its stretches gave in any order."""
    ordered = sorted(parts, key=lambda part: part.number)
    first = ordered[0]
    faults = Faults(first.file)
    lost = "the sums of the log; its events stay"
    with faults.guard("evtx.sums", "the whole file", tried="put together what was counted in its stretches", lost=lost):
        tally = Tally()
        for part in ordered:
            tally.extend(_tally(part))
            faults.take(part.problems)
        sizes = {part.size for part in ordered}
        if len(sizes) > 1:
            faults.add(
                Weight.LOST, "evidence.changed", "the whole file", tried="read all of its stretches",
                found=f"a size of {max(sizes):,} bytes first and of {min(sizes):,} bytes then: it was changed while it was read",
                lost="what changed meanwhile", advice="copy the file first, then scan the copy",
            )  # fmt: skip
        close(tally, file_header(first.head), first.head[:16], faults)
        yield from _reports(ordered, tally)
        yield tally.balance(first.file)
    yield from faults.problems
    yield _ledger(ordered, faults.problems)


def _reports(parts: list[LogPart], tally: Tally) -> Iterator[LogReport]:
    kept = Counter[str]()
    for part in parts:
        kept.update({row[0]: row[2] for row in part.channels})
    cleared = [found for part in parts for found in part.cleared]
    gaps = tuple(NumberGap(gap.first, gap.last, Instant(gap.after), Instant(gap.before)) for gap in tally.gaps)
    for channel, sums in sorted(tally.channels.items()):
        yield LogReport(
            channel, parts[0].file, _instant(sums.first), _instant(sums.last), sums.records, kept[channel], gaps,
            tuple(Instant(ticks) for name, ticks in cleared if name == channel), sums.first_number, sums.last_number,
            tally.slack, tally.lost, tally.ordinal, any(part.exported for part in parts),
            whole_file(parts[0].file, max(part.size for part in parts)), parts[0].view,
        )  # fmt: skip


def _instant(ticks: int | None) -> Instant | None:
    return None if ticks is None else Instant(ticks)


def _ledger(parts: list[LogPart], problems: tuple[Problem, ...]) -> EvidenceFile:
    """The row of the ledger, with how much of the log could be read."""
    row = next((part.ledger for part in parts if part.ledger), None)
    if row is None:
        note = "the reader that makes its SHA-256 was stopped"
        row = EvidenceFile(parts[0].file, KIND, parts[0].size, None, "", ReadState.PART, view=parts[0].view, note=note)
    if not any(problem.severity is Weight.LOST for problem in problems):
        return row
    return replace(row, read=ReadState.PART if any(part.counts[1] or part.counts[2] for part in parts) else ReadState.FAILED)
