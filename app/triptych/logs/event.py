"""An event that concerns tasks, with the record that states it, and what is known of a log as a whole."""

from __future__ import annotations

import re
from dataclasses import dataclass

from triptych.model.evidence import EvidenceRef
from triptych.model.times import Instant

_NUMBER = re.compile(r"0[xX]([0-9a-fA-F]{1,16})|([0-9]{1,20})")


@dataclass(frozen=True, slots=True)
class Event:
    """One kept event.

    `lane` is the contract's source word, `kind` its kind, `words` for a person. `task` is the path as the event spells it,
    with a leading backslash, None where it names none. `account` is DOMAIN\\name or what the event says; `user` is the SID
    in its System part. Numbers of processes are decimal, `logon_id` and `instance_id` as folded by `folded_id`. `data` are all its
    values in order. `recovered`: only our repair brought it back, `note` says how.
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


def folded_id(text: str) -> str:
    """A logon or instance id in one spelling: `0x1a2b` for numbers, upper case without braces for GUIDs, "" for none."""
    bare = text.strip().strip("{}")
    number = _number(bare)
    if number is not None:
        return f"0x{number:x}"
    return bare.upper() if bare.replace("-", "").strip("0") else ""


def process_number(text: str) -> int | None:
    """A process id, written in decimal or as `0x1a2b`; None for 0 and for anything else."""
    return _number(text.strip()) or None


def _number(text: str) -> int | None:
    """Digits in decimal, or in hex after 0x; None for anything else, and for more than 64 bits can hold."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    return int(match[2]) if match[2] else int(match[1], 16)
