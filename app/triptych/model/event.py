"""Events of the logs, what is known of a log as a whole, and the moments of the timeline."""

from __future__ import annotations

from dataclasses import dataclass

from triptych.model.evidence import EvidenceRef
from triptych.model.times import Instant

TEXTS = (
    "task", "account", "process", "command", "logon_id", "instance_id", "result", "content", "provider", "computer", "user",
    "channel", "data", "note",
)  # fmt: skip
"""The texts of an event that a block keeps as columns, in their order; `data` as a JSON array of pairs."""


@dataclass(frozen=True, slots=True)
class Event:
    """One kept event.

    `lane` is the contract's source word, `kind` its kind, `words` for a person. `task` is the path as the event spells it,
    with a leading backslash, None where it names none. `account` is DOMAIN\\name or what the event says; `user` is the SID
    in its System part. Numbers of processes are decimal, `logon_id` and `instance_id` as folded by `folded_id`. `data` are all its
    values in order; of kinds that come in masses (4624, 4634, 4648, 4672, 4688) only those that `event_kinds.json` names for them: the
    record itself has the rest, and is read again when a person asks for it. `recovered`: only our repair brought it back, `note` says how.
    """

    time: Instant
    channel: str
    event_id: int
    record_id: int
    lane: str
    kind: str
    words: str
    ref: EvidenceRef
    task: str | None = None
    account: str = ""
    process: str = ""
    command: str = ""
    process_id: int | None = None
    parent_id: int | None = None
    logon_id: str = ""
    instance_id: str = ""
    result: str = ""
    content: str = ""
    provider: str = ""
    computer: str = ""
    user: str = ""
    version: int | None = None
    data: tuple[tuple[str, str], ...] = ()
    recovered: bool = False
    note: str = ""
    view: str = ""

    def get(self, name: str) -> str:
        """The first value of that name, "" where there is none."""
        return next((value for key, value in self.data if key == name), "")


@dataclass(frozen=True, slots=True)
class NumberGap:
    """A stretch of record numbers that no record of a file bears, and the times of the records before and after it."""

    first: int
    last: int
    after: Instant
    before: Instant


@dataclass(frozen=True, slots=True)
class LogReport:
    """One channel in one log file.

    `first` and `last` are the times of its oldest and newest record (any record, kept or not), `first_number` and
    `last_number` their numbers, `records` how many there are, `kept` how many are events of ours. `gaps` are stretches of
    record numbers that no record of the file bears, `cleared` the times at which events of this file say that a log was
    cleared (which one stands in the event). `slack` counts whole records that the log does not list. `ordinal` is the oldest
    record's place since the file was begun (1: nothing was overwritten since; with a higher number it was begun anew by a
    clearing). `exported`: its records were numbered anew, as an export does, so that a part of the log may be missing.
    """

    channel: str
    file: str
    first: Instant | None = None
    last: Instant | None = None
    records: int = 0
    kept: int = 0
    gaps: tuple[NumberGap, ...] = ()
    cleared: tuple[Instant, ...] = ()
    first_number: int | None = None
    last_number: int | None = None
    slack: int = 0
    lost: int = 0
    ordinal: int | None = None
    exported: bool = False
    ref: EvidenceRef | None = None
    view: str = ""


@dataclass(frozen=True, slots=True)
class EventBlock:
    """Kept events of one log file as columns: a million of them cost about a hundred bytes each, and what they share once.

    Columns are packed little-endian: `ticks`, `numbers` (EventRecordID), `offsets` are signed 64 bit, `lengths` 32 bit (bytes of
    the record or line in the file), `kinds` 16 bit, the number of a row of `table`; `pids` and `parents` signed 64 bit, -1
    for none; `flags` 8 bit (1: recovered, 2: wall clock). `texts` holds for each name of TEXTS a column of 32 bit numbers
    into `strings`, whose first is "". `table` rows are channel, EventID, version (-1: none stated), lane, kind, words.
    `lines` is empty, or 32 bit numbers of lines for events that come from a listing.
    """

    file: str
    view: str
    rows: int
    ticks: bytes
    numbers: bytes
    offsets: bytes
    lengths: bytes
    kinds: bytes
    pids: bytes
    parents: bytes
    flags: bytes
    texts: tuple[bytes, ...]
    strings: tuple[str, ...]
    table: tuple[tuple[str, int, int, str, str, str], ...]
    lines: bytes = b""


@dataclass(frozen=True, slots=True)
class Link:
    """From one moment to another (its number in the timeline), and why they belong together."""

    to: int
    why: str


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened. `source` and `kind` are the contract's words; `precision` is seconds, ticks or days."""

    time: Instant
    source: str
    kind: str
    task: str | None
    text: str
    refs: tuple[EvidenceRef, ...]
    account: str | None = None
    precision: str = "100ns"
    links: tuple[Link, ...] = ()
