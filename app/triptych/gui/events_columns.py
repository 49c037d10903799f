"""All that happened as columns in the order of time: the kept events of the logs and the moments of the stores. No Qt.

Built in the job thread, so that the window only looks numbers up. A million rows cost about 44 bytes each beside the table of events.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from triptych.analysis.columns import np
from triptych.analysis.event_table import EventTable
from triptych.exports.log_words import LogLine, log_lines
from triptych.gui.timeline_lanes import LANES, Coverage, coverage, lane_of
from triptych.model.case import Case, Host
from triptych.model.event import Event, EventBlock, Moment
from triptych.model.evidence import EventPlace, EvidenceRef
from triptych.model.paths import fold
from triptych.model.times import Instant, Zone, parse_iso

if TYPE_CHECKING:
    from numpy.typing import NDArray

Ints: TypeAlias = "NDArray[np.integer[Any]]"
Mask: TypeAlias = "NDArray[np.bool_]"
T = TypeVar("T", bound=Hashable)
EntryKey = tuple[int, str, int, str]  # ticks, file, offset, text: the same entry in a later snapshot
NAMED = ("task", "account", "process", "command")
_FEW = 1 << 16  # different texts that 16 bits number
_MINUTE = 60 * 10_000_000
_HOST_KINDS = ("log-", "audit-", "service-", "time-")


@cache
def nothing() -> Ints:
    """No rows; made late, since numpy starts threads of its own, and reader processes begin best where there is one."""
    return np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class What:
    """What sort of thing an entry is: the contract's source and kind, the EventID ("" for none), the words for a person."""

    source: str
    event_id: str
    kind: str
    words: str
    lane: int


def _numbers(codes: Ints, count: int) -> Ints:
    """Numbers below `count`, in 16 bits where these do."""
    return codes.astype(np.uint16) if count <= _FEW else codes


class Words:
    """The distinct texts of a column and for each row its number among them."""

    def __init__(self, codes: Ints, texts: tuple[str, ...]) -> None:
        self.codes, self.texts = codes, texts

    @cached_property
    def folded(self) -> tuple[str, ...]:
        return tuple(text.casefold() for text in self.texts)

    @cached_property
    def ranks(self) -> Ints:
        """For each text its place in the order of all."""
        order = sorted(range(len(self.texts)), key=self.folded.__getitem__)
        ranks = np.zeros(len(order), np.int64)
        ranks[order] = np.arange(len(order))
        return ranks


class Entries:
    """Rows numbered in the order of time.

    `ticks` are those of the order (a wall-clock time is taken by the bias that the host states); `event` is the row of `table`,
    -1 for a moment of a store; `moment` the number in `timeline`, -1 for an event that is not in it; `what` numbers into `kinds`.
    """

    def __init__(self, table: EventTable | None = None, timeline: tuple[Moment, ...] = (), host: Host | None = None) -> None:
        self.table = table if table is not None else EventTable()
        self.timeline = timeline
        self._kinds: dict[What, int] = {}
        self._merge((host or Host()).bias or 0)
        self.kinds = tuple(self._kinds)
        self.words = {name: self._named(name) for name in NAMED}

    def __len__(self) -> int:
        return len(self.ticks)

    def _merge(self, bias: int) -> None:
        held, moments = len(self.table), self.timeline
        columns = self.table.columns
        of_event = self._moments_of_events()
        alone = [number for number, moment in enumerate(moments) if number not in of_event]
        own = np.array([_ordered_ticks(moments[number].time, bias) for number in alone], np.int64)
        ticks = np.concatenate([columns["ticks"] if held else nothing(), own])
        event = np.concatenate([np.arange(held, dtype=np.int32), np.full(len(alone), -1, np.int32)])
        moment = np.full(held + len(alone), -1, np.int32)
        for number, row in of_event.items():
            moment[row] = number
        moment[held:] = alone
        lut = np.array(
            [self._kind(What(row[3], str(row[1]), row[4], row[5], lane_of(row[3], row[4]))) for row in self.table.table], np.int32
        )
        told = [self._kind(_what(moments[number])) for number in alone]
        what = np.concatenate([lut[columns["kinds"]] if held else np.zeros(0, np.int32), np.array(told, np.int32)])
        order = np.argsort(ticks, kind="stable") if alone else slice(None)
        self.ticks: Ints = ticks[order]
        self.event: NDArray[np.int32] = event[order]
        self.moment: NDArray[np.int32] = moment[order]
        self.what: Ints = _numbers(what[order], len(self._kinds))

    def _kind(self, what: What) -> int:
        return self._kinds.setdefault(what, len(self._kinds))

    def _moments_of_events(self) -> dict[int, int]:
        """For each moment that an event tells, the event's row."""
        if not len(self.table):
            return {}
        files = {file: number for number, file in enumerate(dict.fromkeys(file for file, _ in self.table.sources))}
        blocks = np.array([files[file] for file, _ in self.table.sources], np.int64)
        keys = (blocks[self.table.columns["blocks"]] << 40) | self.table.columns["offsets"]
        wanted = [
            (number, (files[span.file] << 40) | span.offset)
            for number, moment in enumerate(self.timeline)
            if moment.refs and (span := moment.refs[0].spans[0]).file in files
        ]
        if not wanted:
            return {}
        order = np.argsort(keys, kind="stable")
        places = np.searchsorted(keys[order], [key for _, key in wanted])
        found = {}
        for (number, key), place in zip(wanted, places.tolist(), strict=True):
            if place < len(order) and keys[order[place]] == key:
                found[number] = int(order[place])
        return found

    def _named(self, name: str) -> Words:
        """A column of texts, the distinct ones numbered; of a moment its task and account."""
        numbers: dict[str, int] = {"": 0}
        if len(self.table):
            column = self.table.columns[name]
            used = np.flatnonzero(np.bincount(column, minlength=len(self.table.strings)))
            lut = np.zeros(len(self.table.strings), np.int32)
            for number in used.tolist():
                lut[number] = numbers.setdefault(self.table.strings[number], len(numbers))
            codes = lut[column[np.maximum(self.event, 0)]]
            codes[self.event < 0] = 0
        else:
            codes = np.zeros(len(self.event), np.int32)
        for row in np.flatnonzero(self.moment >= 0).tolist() if name in ("task", "account") else ():
            text = str(getattr(self.timeline[int(self.moment[row])], name) or "")
            if text and not codes[row]:  # what a command line does to a task, the timeline alone knows
                codes[row] = numbers.setdefault(text, len(numbers))
        return Words(_numbers(codes, len(numbers)), tuple(numbers))

    # one row ------------------------------------------------------------------------------------------------------
    def kind(self, row: int) -> What:
        return self.kinds[int(self.what[row])]

    def text(self, name: str, row: int) -> str:
        """Its task, account, process or command."""
        held = self.words[name]
        return held.texts[int(held.codes[row])]

    def event_of(self, row: int) -> Event | None:
        number = int(self.event[row])
        return None if number < 0 else self.table[number]

    def moment_of(self, row: int) -> Moment | None:
        number = int(self.moment[row])
        return None if number < 0 else self.timeline[number]

    def time(self, row: int) -> Instant:
        """When, as the evidence states it."""
        moment = self.moment_of(row)
        return moment.time if moment is not None else Instant(int(self.ticks[row]))

    def refs(self, row: int) -> tuple[EvidenceRef, ...]:
        event = self.event_of(row)
        moment = self.moment_of(row)
        if event is not None:
            return (event.ref,)
        return moment.refs if moment is not None else ()

    def key(self, row: int) -> EntryKey:
        number = int(self.event[row])
        ticks = int(self.ticks[row])
        if number >= 0:
            file, _ = self.table.sources[int(self.table.columns["blocks"][number])]
            return ticks, file, int(self.table.columns["offsets"][number]), ""
        moment = self.timeline[int(self.moment[row])]
        ref = moment.refs[0] if moment.refs else None
        text = "" if ref is not None and isinstance(ref.place, EventPlace) else f"{moment.kind}\x1f{moment.text}"
        return ticks, ref.file if ref else "", ref.offset if ref else 0, text

    def find(self, key: EntryKey | None) -> int:
        """The row of that key, -1 where there is none."""
        if key is None:
            return -1
        rows = self._at(key[0])
        event = self.event[rows.start : rows.stop]
        likely = event < 0
        if len(self.table):  # a log may hold masses of events of one moment
            likely |= self.table.columns["offsets"][event] == key[2]
        return next((rows[at] for at in np.flatnonzero(likely).tolist() if self.key(rows[at]) == key), -1)

    def _at(self, ticks: int) -> range:
        """The rows of one moment."""
        first, last = np.searchsorted(self.ticks, ticks), np.searchsorted(self.ticks, ticks, side="right")
        return range(int(first), int(last))

    # many rows ----------------------------------------------------------------------------------------------------
    @cached_property
    def lanes(self) -> NDArray[np.int8]:
        """The number of each row's lane."""
        lut = np.array([kind.lane for kind in self.kinds] or [0], np.int8)
        return lut[self.what]

    @cached_property
    def everything(self) -> Ints:
        return np.arange(len(self), dtype=np.int32)

    def of_task(self, path: str) -> Mask:
        """Whether a row names that task."""
        folded = fold(path)
        hits = np.array([fold(text) == folded for text in self.words["task"].texts], bool)
        return hits[self.words["task"].codes]

    @cached_property
    def of_lanes(self) -> tuple[tuple[Ints, Ints], ...]:
        """For each lane its rows and their ticks."""
        return split(self, self.everything)

    @cached_property
    def row_of_moment(self) -> NDArray[np.int32]:
        """For each number in the timeline its row."""
        rows = np.full(len(self.timeline), -1, np.int32)
        held = np.flatnonzero(self.moment >= 0)
        rows[self.moment[held]] = held
        return rows

    @cached_property
    def links(self) -> dict[int, tuple[tuple[int, str], ...]]:
        """For each row that is linked: the rows it belongs to, either way, and why."""
        found: dict[int, list[tuple[int, str]]] = {}
        rows = self.row_of_moment
        for number, moment in enumerate(self.timeline):
            for link in moment.links:
                if 0 <= link.to < len(rows):
                    here, there = int(rows[number]), int(rows[link.to])
                    if here >= 0 and there >= 0 and here != there:
                        found.setdefault(here, []).append((there, link.why))
                        found.setdefault(there, []).append((here, link.why))
        return {row: tuple(dict.fromkeys(links)) for row, links in found.items()}

    def witnesses(self) -> Ints:
        """Rows that tell of the host's logs, auditing, services and clock, not of a task."""
        hits = np.array([kind.kind.startswith(_HOST_KINDS) for kind in self.kinds] or [False], bool)
        return np.flatnonzero(hits[self.what])

    def resting_on(self, wanted: Iterable[tuple[T, Iterable[EvidenceRef]]]) -> dict[T, tuple[int, ...]]:
        """For each thing the rows that rest on the same places as its references, in the order of time."""
        things = [(thing, tuple(refs)) for thing, refs in wanted]
        spans = {(ref.spans[0].file, ref.spans[0].offset) for _, refs in things for ref in refs}
        by_span = self._rows_of_events(spans)
        found = {}
        for thing, refs in things:
            rows = {row for ref in refs for place in _places(ref) for row in self._by_place.get(place, ())}
            rows |= {row for ref in refs if (row := by_span.get((ref.spans[0].file, ref.spans[0].offset), -1)) >= 0}
            found[thing] = tuple(sorted(rows))
        return found

    @cached_property
    def _by_place(self) -> dict[Hashable, list[int]]:
        found: dict[Hashable, list[int]] = {}
        for number, row in enumerate(self.row_of_moment.tolist()):
            for ref in self.timeline[number].refs if row >= 0 and self.event[row] < 0 else ():
                for place in _places(ref):
                    found.setdefault(place, []).append(row)
        return found

    def _rows_of_events(self, spans: set[tuple[str, int]]) -> dict[tuple[str, int], int]:
        if not len(self.table) or not spans:
            return {}
        columns = self.table.columns
        found = {}
        for number in np.flatnonzero(np.isin(columns["offsets"], np.array([offset for _, offset in spans], np.int64))).tolist():
            place = (self.table.sources[int(columns["blocks"][number])][0], int(columns["offsets"][number]))
            if place in spans:
                found[place] = self._row_of_event(number)
        return found

    def _row_of_event(self, number: int) -> int:
        rows = self._at(int(self.table.columns["ticks"][number]))
        return rows[int(np.flatnonzero(self.event[rows.start : rows.stop] == number)[0])]


def place_of(rows: Ints, row: int) -> int:
    """Where a row stands, or would stand, among sorted rows; asked in their own width, since another makes a copy of them all."""
    return int(np.searchsorted(rows, rows.dtype.type(row)))


def split(entries: Entries, rows: Ints) -> tuple[tuple[Ints, Ints], ...]:
    """Rows by lane, each with their ticks."""
    lanes = entries.lanes[rows]
    order = np.argsort(lanes, kind="stable")
    cuts = np.searchsorted(lanes[order], np.arange(len(LANES) + 1))
    parts = [rows[order[start:end]] for start, end in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True)]
    return tuple((part, entries.ticks[part]) for part in parts)


def _places(ref: EvidenceRef) -> tuple[Hashable, ...]:
    """What two references of one thing have in common: the place in its file, or the very bytes."""
    return ((ref.spans[0].file, ref.place), ref.spans[0])


def _what(moment: Moment) -> What:
    words = moment.text.split(": ", 1)[0] if ": " in moment.text else moment.kind.replace("-", " ")
    return What(moment.source, "", moment.kind, words, lane_of(moment.source, moment.kind))


def _ordered_ticks(time: Instant, bias: int) -> int:
    return time.ticks + (bias * _MINUTE if time.zone is Zone.LOCAL else 0)


@dataclass(frozen=True, slots=True)
class Happened:
    """What the rooms of time show of one snapshot: the entries, how far the logs reach, and on which entries findings rest."""

    entries: Entries
    covered: Coverage
    resting: Mapping[str, tuple[int, ...]]  # rows by the finding's key
    begins: int = 0
    ends: int = 0
    logs: tuple[LogLine, ...] = ()  # how far each log reaches, and what it lacks


class EntriesBuilder:
    """Makes entries of growing snapshots; what did not change is kept."""

    def __init__(self) -> None:
        self._blocks: tuple[EventBlock, ...] = ()
        self._table = EventTable()
        self._case: Case | None = None
        self._made = no_entries()

    def __call__(self, case: Case) -> Happened:
        """The newest; nothing is made again where neither events nor moments nor findings changed."""
        before = self._case
        if (
            before is not None
            and before.events is case.events
            and before.timeline is case.timeline
            and before.findings is case.findings
            and before.logs is case.logs
        ):
            return self._made
        if len(self._blocks) != len(case.events) or any(
            one is not other for one, other in zip(self._blocks, case.events, strict=True)
        ):
            self._blocks, self._table = case.events, EventTable(case.events, self._table)
        self._case = case
        self._made = _happened(Entries(self._table, case.timeline, case.host), case)
        return self._made


def _happened(entries: Entries, case: Case) -> Happened:
    _ = entries.of_lanes, entries.links, entries.row_of_moment  # here, not in the window's thread
    for words in entries.words.values():
        _ = words.folded
    reach = [time.ticks for report in case.logs for time in (report.first, report.last) if time is not None]
    if len(entries):
        reach += [int(entries.ticks[0]), int(entries.ticks[-1])]
    begins, ends = (min(reach), max(reach)) if reach else (0, 0)
    table = entries.table
    cleared = [
        ("Security" if event.event_id == 1102 else event.get("Channel"), event.time.ticks) for event in table.of("log-cleared")
    ]
    disabled = [event.time.ticks for event in table.of("log-disabled")]
    resting = entries.resting_on((finding.key, finding.refs) for finding in case.findings)
    return Happened(
        entries,
        coverage(case.logs, cleared, disabled, begins, ends, _switched_off(case.host)),
        resting,
        begins,
        ends,
        log_lines(case, table),
    )


def _switched_off(host: Host) -> list[tuple[str, int]]:
    """The channels that the running system's registry has off, and when their keys were last written (0: not known)."""
    written = {fact.subject: fact.reading.value for fact in host.all("channel-written") if not fact.view}
    off = [fact.subject for fact in host.all("channel") if not fact.view and fact.reading.value == "disabled"]
    return [(channel, parse_iso(time).ticks if (time := written.get(channel)) else 0) for channel in off]


@cache
def no_entries() -> Happened:
    """What a case without moments and events gives."""
    return Happened(Entries(), {}, {})
