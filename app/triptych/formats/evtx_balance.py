"""What a log promises against what it gives: record numbers, chunks that its header counts, records behind the live ones.

Promised are the records whose signatures stand in live chunks, those that a chunk's header counts beyond them, and the
numbers that a destroyed chunk must have held. A number that is missing while nothing is destroyed (an edited or cleared
log, a filtered export) is told as a gap and not as a loss of ours.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from triptych.formats.evtx_layout import LATEST, MOST, FileHeader, Layout, Placed, Slot
from triptych.formats.faults import Faults
from triptych.model.case import Balance, Weight

_WRAP = 65_536
_GAPS_KEPT = 1_000


@dataclass(slots=True)
class ChannelTally:
    """What the records of one channel are, wanted or not: how many, first and last in time, by ticks and number."""

    records: int = 0
    first: int | None = None
    last: int | None = None
    first_number: int | None = None
    last_number: int | None = None

    def add(self, ticks: int, number: int) -> None:
        """Count a record; no time at all (0, as some exports leave it) and one that no calendar has are left out of first and last."""
        self.records += 1
        if not 0 < ticks < LATEST:
            return
        if self.first is None or ticks < self.first:
            self.first, self.first_number = ticks, number
        if self.last is None or ticks >= self.last:
            self.last, self.last_number = ticks, number

    def add_all(self, slots: Sequence[Slot]) -> None:
        """Count the records of a sound chunk."""
        ticks = list(slots.ticks) if isinstance(slots, Placed) else [slot.ticks for slot in slots]
        if not min(ticks):
            for slot in slots:
                self.add(slot.ticks, slot.number)
            return
        first = slots[ticks.index(min(ticks))]
        ticks.reverse()
        last = slots[-1 - ticks.index(max(ticks))]  # of several the one that comes last, as `add` takes it
        self.add(first.ticks, first.number)
        self.add(last.ticks, last.number)
        self.records += len(slots) - 2

    def extend(self, other: ChannelTally) -> None:
        """Add what follows in the file."""
        self.records += other.records
        if other.first is not None and (self.first is None or other.first < self.first):
            self.first, self.first_number = other.first, other.first_number
        if other.last is not None and (self.last is None or other.last >= self.last):
            self.last, self.last_number = other.last, other.last_number


@dataclass(frozen=True, slots=True)
class Run:
    """Record numbers without a gap, the chunks where they begin and end, and the times of the first and the last."""

    first: int
    last: int
    first_chunk: int
    last_chunk: int
    first_ticks: int
    last_ticks: int


class Gap(NamedTuple):
    """Record numbers that nothing bears, and the times (ticks) of the records before and after."""

    first: int
    last: int
    after: int
    before: int


@dataclass(slots=True)
class Tally:
    """The sums of one log. `slack` counts whole records behind the live ones, which the log does not list.

    `promised` is counted from places and numbers, the others from what became of each record. `ordinal` is the oldest
    record's place in the file since it was begun: 1 says that nothing was overwritten.
    """

    promised: int = 0
    listed: int = 0
    repaired: int = 0
    lost: int = 0
    slack: int = 0
    twice: int = 0
    by_id: Counter[int] = field(default_factory=Counter)
    channels: dict[str, ChannelTally] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    chunks: int = 0
    used: int = 0
    ordinal: int | None = None
    dead: list[int] = field(default_factory=list)  # chunks that hold nothing, or nothing that is a record
    foreign: list[int] = field(default_factory=list)  # those of them that hold something
    runs: list[Run] = field(default_factory=list)
    known: list[tuple[int, int]] = field(default_factory=list)  # stretches of numbers that chunks told of as lost

    def balance(self, file: str) -> Balance:
        return Balance(file, "records", self.promised, self.listed, self.repaired, self.lost)

    def run(self, layout: Layout, chunk: int) -> None:
        """Take note of the numbers of a chunk, as far as they stand in order."""
        ordinal = layout.header.ordinal if layout.header.count is not None else 0
        if ordinal and (self.ordinal is None or ordinal < self.ordinal):  # the first record of a file is 1: a 0 is no place
            self.ordinal = ordinal
        if layout.plain:
            self.stretch(layout.slots[0], layout.slots[-1], chunk)
            return
        for slot in layout.slots:
            if slot.mend == "hidden":
                continue
            self.stretch(slot, slot, chunk)

    def stretch(self, first: Slot, final: Slot, chunk: int) -> None:
        """Add the numbers from `first` to `final` to the run before, where they go on with it."""
        self.go_on(Run(first.number, final.number, chunk, chunk, first.ticks, final.ticks))

    def go_on(self, run: Run) -> None:
        """Add a run to the one before, where it goes on with it."""
        last = self.runs[-1] if self.runs else None
        if last and run.first == last.last + 1:
            self.runs[-1] = Run(last.first, run.last, last.first_chunk, run.last_chunk, last.first_ticks, run.last_ticks)
        else:
            self.runs.append(run)

    def extend(self, other: Tally) -> None:
        """Add the sums of the chunks that follow; in the order of the file this gives what one reading gives."""
        self.promised += other.promised
        self.listed += other.listed
        self.repaired += other.repaired
        self.lost += other.lost
        self.slack += other.slack
        self.twice += other.twice
        self.chunks += other.chunks
        self.used = max(self.used, other.used)
        self.by_id.update(other.by_id)
        if other.ordinal is not None and (self.ordinal is None or other.ordinal < self.ordinal):
            self.ordinal = other.ordinal
        self.dead += other.dead
        self.foreign += other.foreign
        self.known += other.known
        for run in other.runs:
            self.go_on(run)
        for name, sums in other.channels.items():
            self.channels.setdefault(name, ChannelTally()).extend(sums)


def missing_in(layout: Layout) -> tuple[int, list[tuple[int, int]]]:
    """How many records of a chunk are lost, and the numbers that no record of it bears.

    The header's own count is believed; without one, the numbers around each hole tell.
    """
    if layout.plain:
        return 0, []
    slots = [slot for slot in layout.slots if slot.mend != "hidden"]
    gaps = [(left.number + 1, right.number - 1) for left, right in _neighbours(slots) if 1 < right.number - left.number <= MOST]
    header = layout.header
    if header.count is None:
        beside = {slot.at + slot.length: slot.number for slot in slots}
        after = {first - 1: (first, last) for first, last in gaps}
        numbers_before = [beside.get(hole.at, -1) for hole in layout.holes]
        holed = [after[number] for number in numbers_before if number in after]
        return sum(last - first + 1 for first, last in holed), holed
    lost = max(0, header.count - len(layout.slots))
    if slots and 0 < slots[0].number - header.first <= MOST:
        gaps.insert(0, (header.first, slots[0].number - 1))
    if slots and 0 < header.last - slots[-1].number <= MOST:
        gaps.append((slots[-1].number + 1, header.last))
    if not slots and header.last - header.first + 1 == header.count:
        gaps = [(header.first, header.last)]
    return lost, gaps if lost else []


def _neighbours(slots: list[Slot]) -> list[tuple[Slot, Slot]]:
    return list(pairwise(slots))


def in_order(layout: Layout) -> bool:
    """Whether the numbers of a chunk rise, leaving out records that another one had swallowed."""
    numbers = [slot.number for slot in layout.slots if slot.mend != "hidden"]
    return all(left < right for left, right in pairwise(numbers))


def close(tally: Tally, header: FileHeader, head: bytes, faults: Faults) -> None:
    """Tell what concerns the log as a whole, when all of its chunks are counted; `head` are its first 16 bytes."""
    _close_numbers(tally, faults)
    _close_foreign(tally, header, faults)
    _close_chunks(tally, header, faults)
    if not header.whole or not (header.sound or header.dirty):
        _tell_header(head, header.whole, tally.promised, faults)
    if tally.slack:
        _tell_slack(tally.slack, faults)


def _tell_header(head: bytes, whole: bool, given: int, faults: Faults) -> None:
    """What is wrong with the file header: a file without one is none, or one whose chunks were found all the same."""
    if whole:
        faults.add(
            Weight.DOUBT, "evtx.header-checksum", "file header", tried="check its checksum", found="another one than its bytes give",
            advice="nothing: what the header says was not relied on",
        )  # fmt: skip
    elif not head:
        faults.add(
            Weight.LOST, "evtx.empty", "the whole file", tried="read it as an event log", found="no bytes at all",
            lost="whatever it held", advice="compare with another copy, or with the size on the machine",
        )  # fmt: skip
    else:
        faults.add(
            Weight.DOUBT if given else Weight.LOST, "evtx.signature", "file header", tried="read it as an event log",
            found=f"the signature ElfFile is missing; the file begins with {head.hex(' ')}",
            lost="nothing: its chunks were found by their own signature" if given else "everything: it holds no chunk of an event log",
            advice="the header was destroyed" if given else "it is another kind of file: look at what it is",
        )  # fmt: skip


def _tell_slack(count: int, faults: Faults) -> None:
    faults.add(
        Weight.NOTE, "evtx.slack", "behind the live records of its chunks", tried="count what stands there",
        found=f"{count:,} whole records that the log does not list: of an earlier round, or left out when it was exported",
        advice="they can be evidence: carve them, where it matters what was there before",
    )  # fmt: skip


def _close_numbers(tally: Tally, faults: Faults) -> None:
    """Compare the numbers over all chunks; a gap with destroyed chunks in it is lost, any other is told."""
    runs = sorted(tally.runs, key=lambda run: run.first)
    told = {first for first, _ in tally.known}
    reached: Run | None = None
    for run in runs:
        if reached and run.first > reached.last + 1 and run.first - reached.last < 1 << 40:
            gap = (reached.last + 1, run.first - 1)
            if gap[0] not in told:
                _gap(tally, gap, _within(tally.dead, reached.last_chunk, run.first_chunk), faults)
            if len(tally.gaps) < _GAPS_KEPT:
                tally.gaps.append(Gap(*gap, reached.last_ticks, run.first_ticks))
        if reached is None or run.last > reached.last:
            reached = run


def _within(dead: list[int], after: int, before: int) -> list[int]:
    """The dead chunks between two others; they are known in the order of the file."""
    return dead[bisect_right(dead, after) : bisect_left(dead, before)]


def _gap(tally: Tally, gap: tuple[int, int], dead: list[int], faults: Faults) -> None:
    size = gap[1] - gap[0] + 1
    if dead and size <= MOST * len(dead):
        tally.lost += size
        tally.promised += size
        chunks = numbers([(chunk, chunk) for chunk in dead])
        faults.add(
            Weight.LOST, "evtx.chunk-lost", f"chunk {chunks}", tried="find the records that stood there",
            found=f"nothing that is a record; the records before and after leave out the numbers {numbers([gap])}",
            lost=f"{size} records, numbers {numbers([gap])}", advice="look for another copy of the log (shadow copy, forwarder)",
        )  # fmt: skip
    else:
        faults.add(
            Weight.NOTE, "evtx.numbers-missing", "record numbers", tried="follow the record numbers",
            found=f"no record has the numbers {numbers([gap])}, though nothing of the file is damaged there",
            advice="a log that was filtered when exported, joined or edited leaves such gaps; compare with another copy",
        )  # fmt: skip


def _close_foreign(tally: Tally, header: FileHeader, faults: Faults) -> None:
    """Tell of the chunks that hold something other than records: inside of what the header counts, that is a loss."""
    inside = [chunk for chunk in tally.foreign if header.whole and chunk < header.chunks]
    outside = tally.foreign[len(inside) :]
    for chunks, weight in ((inside, Weight.DOUBT), (outside, Weight.NOTE)):
        if chunks:
            stretches = numbers(_stretches(chunks))
            faults.add(
                weight, "evtx.chunk-foreign", f"chunk {stretches}", tried="find records there", found="bytes that are no chunk of a log",
                lost="what stood there, if it was a chunk" if chunks is inside else "nothing: the header does not count them",
                advice="look at the bytes, if there is reason to: space that was never used can hold anything",
            )  # fmt: skip


def _stretches(chunks: list[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for chunk in chunks:
        if found and chunk == found[-1][1] + 1:
            found[-1] = (found[-1][0], chunk)
        else:
            found.append((chunk, chunk))
    return found


def numbers(gaps: list[tuple[int, int]]) -> str:
    """`11-20, 25`, at most five of them."""
    shown = ", ".join(f"{first}-{last}" if first != last else str(first) for first, last in gaps[:5])
    return f"{shown} and {len(gaps) - 5} more stretches" if len(gaps) > 5 else shown


def _close_chunks(tally: Tally, header: FileHeader, faults: Faults) -> None:
    """Compare the chunks that hold records with those that the file header counts (modulo 65,536)."""
    if not header.whole:
        return
    if header.dirty:
        faults.add(
            Weight.NOTE, "evtx.not-closed", "file header", tried="see whether the log was closed",
            found="the mark of an open log: it was copied while in use, or the machine was not shut down",
            advice="nothing: every chunk on disk was read, whatever the header counts",
        )  # fmt: skip
    more = tally.used - header.chunks
    if more % _WRAP == 0 or (more > 0 and header.dirty):
        return
    if more > 0:
        faults.add(
            Weight.DOUBT, "evtx.chunks-more", "file header", tried="compare its count of chunks with those that are there",
            found=f"more chunks than the header counts: {tally.used} with records, {header.chunks} counted, and the log marked as closed",
            advice="other readers show only what the header counts: somebody may have hidden the rest",
        )  # fmt: skip
    else:
        present = "none present" if not tally.used else f"{tally.used} present"
        faults.add(
            Weight.LOST, "evtx.chunks-missing", "file header", tried="find the chunks that the header counts",
            found=f"header counts {header.chunks} chunks, {present}", lost="the records of the chunks that are missing, if there were any",
            advice="the file was cut, or its header is wrong: compare with another copy",
        )  # fmt: skip
