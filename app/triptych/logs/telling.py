"""Definitions of tasks that events carry (TaskContent of 4698 to 4702), read in a reader process like any other bad input.

The events are known already; a job brings their texts, so that no log is opened a second time. Source: Microsoft Learn
(4698, 4699, 4702), checked on real logs: the text declares UTF-16, and that of 4699 is often empty.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from triptych.evidence.source import EvidenceSource
from triptych.formats.cursor import Block
from triptych.formats.faults import Faults
from triptych.formats.task_xml import read_task_text
from triptych.limits import MIB, Limits
from triptych.model.case import Weight
from triptych.model.event import Event
from triptych.model.evidence import EventPlace, EvidenceRef, ListingPlace, stated
from triptych.model.task import Keeping, Presence, Store, TaskRecord
from triptych.model.times import Instant
from triptych.stores.job import Answer, Job, StoreReader

NAME = "tellings"
_TOGETHER = 200  # definitions of one job, or so many characters of them
_CHARACTERS = 2 * MIB


@dataclass(frozen=True, slots=True)
class Telling:
    """A definition as an event carries it: the task's path, the text, the event's number, time and place."""

    path: str
    content: str
    event_id: int
    ticks: int
    ref: EvidenceRef
    view: str = ""


def telling_of(event: Event) -> Telling:
    return Telling(event.task or "", event.content, event.event_id, event.time.ticks, event.ref, event.view)


def jobs_of(tellings: Iterable[Telling]) -> list[Job]:
    """Jobs that read these definitions, those of one log together. What they answer: TaskRecords and Problems."""
    by_file: dict[str, list[Telling]] = {}
    for telling in tellings:
        by_file.setdefault(telling.ref.spans[0].file, []).append(telling)
    return [job for file, held in by_file.items() for job in _jobs_of_file(file, held)]


def _jobs_of_file(file: str, tellings: list[Telling]) -> Iterator[Job]:
    batch: list[Telling] = []
    size = 0
    for telling in tellings:
        if batch and (len(batch) >= _TOGETHER or size + len(telling.content) > _CHARACTERS):
            yield _job(file, batch, size)
            batch, size = [], 0
        batch.append(telling)
        size += len(telling.content)
    if batch:
        yield _job(file, batch, size)


def _job(file: str, tellings: list[Telling], size: int) -> Job:
    rows = [_row(telling) for telling in tellings]
    label = f"{len(rows)} task definitions in events of {file}"
    return Job(NAME, label, (("telling", file, json.dumps(rows)),), size)


_Row = tuple[str, str, int, int, str, str, int, int, int, int]


def _row(telling: Telling) -> _Row:
    (span,), place = telling.ref.spans, telling.ref.place
    channel, record = (place.channel, place.record_id) if isinstance(place, EventPlace) else ("", 0)
    line = place.line if isinstance(place, ListingPlace) else 0
    return (
        telling.path, telling.content, telling.event_id, telling.ticks, telling.view,
        channel, record, line, span.offset, span.length,
    )  # fmt: skip


def _telling(row: _Row, file: str) -> Telling:
    path, content, event_id, ticks, view, channel, record, line, offset, length = row
    place = ListingPlace(line) if line else EventPlace(channel, record)
    return Telling(path, content, event_id, ticks, EvidenceRef.to(place, file, offset, length), view)


def _read(job: Job, source: EvidenceSource, limits: Limits) -> Iterator[Answer]:
    for _, file, rows in job.items:
        faults = Faults(file)
        for row in json.loads(rows):
            telling = _telling(tuple(row), file)
            with faults.guard(
                "telling.unread", _words(telling), tried="read the task definition in it", lost="the definition of the task"
            ):
                yield record_of(telling, faults, limits)
        yield from faults.problems


def record_of(telling: Telling, faults: Faults, limits: Limits) -> TaskRecord:
    """What one event tells of a task; every value cites the event. One that cannot be understood still tells that it is there."""
    content = telling.content
    where = faults.within(_words(telling))
    if len(content) > limits.xml:
        where.add(
            Weight.LOST, "telling.too-large", "TaskContent", tried=f"read at most {limits.xml:,} characters",
            found=f"{len(content):,} characters", lost="what stands behind them", advice="look at the event itself",
        )  # fmt: skip
        content = content[: limits.xml]
    block = Block(b"", telling.ref.place, telling.ref.spans, exact=False)
    parsed = read_task_text(content, block, where, limits, "utf-16-le")  # as Windows holds it: a lone surrogate may stand there
    record = parsed.record(Store.LOG, telling.path, telling.view)
    time = Instant(telling.ticks)
    keeping = Keeping(told=stated(time, telling.ref), basis=stated(str(telling.event_id), telling.ref))
    note = f"defined by event {telling.event_id} of {time.iso}"
    if not parsed.is_task:
        note = f"named by event {telling.event_id} of {time.iso}, whose definition cannot be read: {parsed.reason}"
    return replace(
        record, presence=stated(Presence.PRESENT, telling.ref, note=note), keeping=keeping,
        has_triggers=parsed.is_task, has_actions=parsed.is_task,
    )  # fmt: skip


def _words(telling: Telling) -> str:
    place = telling.ref.place
    where = f"line {place.line}" if isinstance(place, ListingPlace) else f"record {getattr(place, 'record_id', 0)}"
    return f"{where} (event {telling.event_id})"


TELLINGS = StoreReader(NAME, lambda found: [], _read)
