"""The Triggers value of a Tasks key: triggers, and with them principal and settings (the "job bucket").

Source: winreg-tasks (GDATA) for the grammar, the service's own writer for sizes and offsets of the optional settings, checked
on 46 blobs of a Windows 7 SP1 and on GDATA's blobs of Windows 10. Version 0x15 is Windows 7, 0x16 Windows 8, 0x17 Windows 10
and later; principal id and trigger ids are there from 0x16 on, the display name from 0x17 on.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from triptych.formats.cursor import Block
from triptych.formats.faults import Faults, FormatFault
from triptych.formats.task_cache.bucket import ANY_USER, UNSET, USER, JobBucket, OptionalSettings, UserInfo, bucket_layout
from triptych.formats.task_cache.parts import (
    BSTR_ALIGNED,
    BUFFER_LOOSE,
    NO_REST,
    PAD,
    TEXT_COUNTED,
    TIME,
    U8,
    U8_ALIGNED,
    U16,
    U32,
    U32_ALIGNED,
    Cut,
    Layout,
    Part,
    Reader,
    Rest,
    Spots,
    TsTime,
    Writer,
    no_spots,
    number,
    padding,
    raw,
    read_layout,
    read_records,
    write_layout,
)
from triptych.limits import DEFAULT
from triptych.model.case import Weight
from triptych.model.times import UNBOUNDED

__all__ = [
    "ANY_USER", "BOOT", "EVENT", "IDLE", "LOGON", "NO_END", "NO_TIME", "REGISTRATION", "SCHEDULE", "SESSION", "UNSET", "WNF",
    "EventTrigger", "GenericTrigger", "JobBucket", "LogonTrigger", "OptionalSettings", "ScheduleTrigger", "SessionTrigger",
    "TriggerLayout", "TriggersBlob", "UserInfo", "WnfTrigger", "decode_triggers", "encode_triggers",
]  # fmt: skip
SCHEDULE, EVENT, IDLE, BOOT, LOGON, REGISTRATION, SESSION, WNF = 0xDDDD, 0xCCCC, 0xEEEE, 0xFFFF, 0xAAAA, 0x8888, 0x7777, 0x6666
NO_TIME, NO_END = TsTime(), TsTime(0, UNBOUNDED)


@dataclass(frozen=True, slots=True)
class ScheduleTrigger:
    """TimeTrigger and CalendarTrigger. `mode` 0 once, 1 daily, 2 weekly, 3 days of months, 4 weekdays of months.

    `data1` to `data3` by mode: 1 interval in days; 2 interval in weeks, weekday bits (Sunday 1); 3 day bits low and high,
    month bits (January 1); 4 weekday bits, week bits (last 0x10), month bits. `unknown_time` and `unknown` are kept.
    """

    magic: int = SCHEDULE
    start: TsTime = NO_TIME
    end: TsTime = NO_TIME
    unknown_time: TsTime = NO_TIME
    repetition_interval: int = 0
    repetition_duration: int = 0
    execution_time_limit: int = UNSET
    mode: int = 0
    data1: int = 0
    data2: int = 0
    data3: int = 0
    stop_at_duration_end: int = 0
    enabled: int = 1
    unknown: int = 1
    random_delay: int = 0
    id: str = ""
    cut: str = ""
    spots: Spots = field(default_factory=no_spots, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class GenericTrigger:
    """BootTrigger, IdleTrigger, RegistrationTrigger by `magic`, and the first part of the others.

    `repetition_duration_again` and the eight bytes of `unknown` are kept as they are.
    """

    magic: int = BOOT
    start: TsTime = NO_TIME
    end: TsTime = NO_END
    delay: int = 0
    execution_time_limit: int = UNSET
    repetition_interval: int = 0
    repetition_duration: int = 0
    repetition_duration_again: int = 0
    stop_at_duration_end: int = 0
    enabled: int = 1
    unknown: bytes = bytes(8)
    id: str = ""
    cut: str = ""
    spots: Spots = field(default_factory=no_spots, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class LogonTrigger(GenericTrigger):
    magic: int = LOGON
    user: UserInfo = ANY_USER


@dataclass(frozen=True, slots=True)
class SessionTrigger(GenericTrigger):
    """`state`: 1 ConsoleConnect, 2 ConsoleDisconnect, 3 RemoteConnect, 4 RemoteDisconnect, 5 SessionLock, 6 SessionUnlock."""

    magic: int = SESSION
    state: int = 0
    user: UserInfo = ANY_USER


@dataclass(frozen=True, slots=True)
class EventTrigger(GenericTrigger):
    """`period` and `occurrences` are inferred to be PeriodOfOccurrence and NumberOfOccurrences; 0 where not set."""

    magic: int = EVENT
    subscription: str = ""
    period: int = 0
    occurrences: int = 0
    matching_element: str = ""
    value_queries: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class WnfTrigger(GenericTrigger):
    """WnfStateChangeTrigger, an element of no public schema: eight bytes of state name, and data that is not padded."""

    magic: int = WNF
    state_name: bytes = bytes(8)
    data: bytes = b""


TriggerLayout = ScheduleTrigger | GenericTrigger


@dataclass(frozen=True, slots=True)
class TriggersBlob:
    """The whole value. Of the form of eight bytes there is `version` alone: `bucket` is None, no start, no end."""

    version: int = 0x17
    start: TsTime = NO_TIME
    end: TsTime = NO_END
    bucket: JobBucket | None = None
    triggers: tuple[TriggerLayout, ...] = ()
    rest: Rest = NO_REST
    cut: str = ""
    spots: Spots = field(default_factory=no_spots, compare=False, repr=False)


def _read_queries(reader: Reader, what: str) -> tuple[tuple[tuple[str, str], ...], int, int]:
    at = reader.at
    count = U32_ALIGNED.read(reader, f"the number of {what}")[0]
    pair = (TEXT_COUNTED.read, TEXT_COUNTED.read)
    queries = tuple((pair[0](reader, what)[0], pair[1](reader, what)[0]) for _ in range(count))  # the blob's size bounds it
    return queries, at, reader.at - at


def _write_queries(writer: Writer, queries: tuple[tuple[str, str], ...]) -> None:
    U32_ALIGNED.write(writer, len(queries))
    for name, query in queries:
        TEXT_COUNTED.write(writer, name)
        TEXT_COUNTED.write(writer, query)


_SCHEDULE: Layout = (
    ("magic", U32_ALIGNED),
    ("start", TIME),
    ("end", TIME),
    ("unknown_time", TIME),
    ("repetition_interval", U32),
    ("repetition_duration", U32),
    ("execution_time_limit", U32),
    ("mode", U32),
    ("data1", U16),
    ("data2", U16),
    ("data3", U16),
    ("", padding(2)),
    ("stop_at_duration_end", U8),
    ("enabled", U8),
    ("", padding(2)),
    ("unknown", U32),
    ("random_delay", U32),
    ("", padding(4)),
)
_GENERIC: Layout = (
    ("magic", U32_ALIGNED),
    ("start", TIME),
    ("end", TIME),
    ("delay", U32),
    ("execution_time_limit", U32),
    ("repetition_interval", U32),
    ("repetition_duration", U32),
    ("repetition_duration_again", U32),
    ("stop_at_duration_end", number(1, 3)),
    ("enabled", U8_ALIGNED),
    ("unknown", raw(8)),
)
_TAILS: dict[int, Layout] = {
    LOGON: (("user", USER),),
    SESSION: (("state", U32_ALIGNED), ("user", USER)),
    EVENT: (
        ("subscription", TEXT_COUNTED),
        ("period", U32),
        ("occurrences", U32),
        ("matching_element", TEXT_COUNTED),
        ("value_queries", Part(_read_queries, _write_queries)),
    ),
    WNF: (("state_name", raw(8)), ("data", BUFFER_LOOSE)),
}
_CLASSES: dict[int, type[TriggerLayout]] = {
    SCHEDULE: ScheduleTrigger,
    EVENT: EventTrigger,
    IDLE: GenericTrigger,
    BOOT: GenericTrigger,
    LOGON: LogonTrigger,
    REGISTRATION: GenericTrigger,
    SESSION: SessionTrigger,
    WNF: WnfTrigger,
}


def _trigger_layout(magic: int, version: int) -> Layout:
    ids: Layout = (("id", BSTR_ALIGNED),) if version >= 0x16 else ()
    return (*(_SCHEDULE if magic == SCHEDULE else _GENERIC), *ids, *_TAILS.get(magic, ()))


def _trigger(reader: Reader, version: int) -> tuple[TriggerLayout, FormatFault | None]:
    start = reader.at
    magic = reader.u32("the kind of a trigger") & 0xFFFF
    reader.at = start
    kind = _CLASSES.get(magic)
    if kind is None:
        found = f"0x{magic:04X}, no known kind, and {reader.left} bytes from there"
        raise FormatFault("task-cache.trigger-unknown", f"Triggers, offset 0x{start:X}", "read a trigger", found)
    try:
        values, spots = read_layout(reader, _trigger_layout(magic, version))
    except Cut as cut:
        return kind(**cut.values, cut=cut.field, spots=cut.spots), cut
    return kind(**values, spots=spots), None


_VERSION: Layout = (("version", U8_ALIGNED),)
_HEADER_SIZE = 0x28
_HEADER: Layout = (*_VERSION, ("start", TIME), ("end", TIME))


def decode_triggers(block: Block, faults: Faults, limit: int = DEFAULT.triggers) -> TriggersBlob:
    """The layout of a Triggers value; what cannot be read stays as `rest`, with a problem. Never raises for bad bytes."""
    reader = Reader(block, "Triggers")
    if len(block.data) == 8:
        values, spots = read_layout(reader, _VERSION)
        return TriggersBlob(**values, spots=spots)
    try:
        values, spots = read_layout(reader, _HEADER)
    except Cut as cut:
        return _cut_blob(block, faults, TriggersBlob(**{"version": 0, **cut.values}, cut=cut.field, spots=cut.spots), cut)
    version = values["version"]
    if version not in (0x15, 0x16, 0x17):
        found = f"version 0x{version:X}, read as the nearest known one"
        faults.add(Weight.DOUBT, "task-cache.triggers-version", "Triggers, offset 0x0", tried="read the version", found=found)
    try:
        content, places = read_layout(reader, bucket_layout(version))
    except Cut as cut:
        bucket = JobBucket(**{"flags": 0, **cut.values}, cut=cut.field, spots=cut.spots)
        return _cut_blob(block, faults, TriggersBlob(**values, bucket=bucket, spots=spots), cut)
    bucket = JobBucket(**content, spots=places)
    triggers, rest = read_records(reader, faults, lambda at: _trigger(at, version), limit, "trigger")
    reader.report(faults, "task-cache.triggers-odd")
    return TriggersBlob(**values, bucket=bucket, triggers=triggers, rest=rest, spots=spots)


def _cut_blob(block: Block, faults: Faults, blob: TriggersBlob, cut: Cut) -> TriggersBlob:
    """A blob whose header or bucket is broken: nothing after it can be read."""
    lost = "the triggers, and a part of principal and settings"
    faults.add(
        Weight.LOST, "task-cache.triggers-cut", cut.where, tried=cut.tried, found=cut.found, lost=lost, advice="look at the bytes"
    )
    at = 0 if blob.cut else _HEADER_SIZE
    return replace(blob, rest=Rest(at, block.data[at:], cut.found))


def encode_triggers(blob: TriggersBlob, pad: int = PAD) -> bytes:
    """The bytes of the value; what was kept as `rest` follows as it was. Raises OverflowError where a number does not fit."""
    writer = Writer(pad)
    if blob.cut:
        return blob.rest.data
    if blob.bucket is None:
        write_layout(writer, _VERSION, blob)
        return bytes(writer.data)
    write_layout(writer, _HEADER, blob)
    if not blob.bucket.cut:
        write_layout(writer, bucket_layout(blob.version), blob.bucket)
    for trigger in blob.triggers:
        if not trigger.cut:
            write_layout(writer, _trigger_layout(trigger.magic & 0xFFFF, blob.version), trigger)
    writer.raw(blob.rest.data)
    return bytes(writer.data)
