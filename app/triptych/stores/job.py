"""The unit of reading: a few files of one store, read anywhere, answered as model objects."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from triptych.evidence.layouts import Found
from triptych.evidence.source import EvidenceSource
from triptych.limits import Limits
from triptych.model.case import Balance, Fact, LogPart, Problem, Progress, StoreReport
from triptych.model.event import EventBlock, LogReport
from triptych.model.evidence import EvidenceFile, Excerpt
from triptych.model.task import TaskRecord, Trace

Answer = (
    TaskRecord
    | Trace
    | Fact
    | Problem
    | Balance
    | EvidenceFile
    | StoreReport
    | Progress
    | Excerpt
    | EventBlock
    | LogReport
    | LogPart
)


@dataclass(frozen=True, slots=True)
class Job:
    """Files that are read together. `reader` is the key of `readers.known.READERS`; each file is a tuple of an item's `as_row`.

    `again` says that a reader died over it before: the next time it is given up.
    """

    reader: str
    label: str
    items: tuple[tuple[str, ...], ...]
    size: int = 0
    again: bool = False

    def as_row(self) -> bytes:
        """The job as JSON, for the way to a reader process; `from_row` reverses it."""
        return json.dumps([self.reader, self.label, self.items, self.size, self.again]).encode("ascii")

    @staticmethod
    def from_row(row: bytes) -> Job:
        reader, label, items, size, again = json.loads(row)
        return Job(reader, label, tuple(tuple(item) for item in items), size, again)


@dataclass(frozen=True, slots=True)
class StoreReader:
    """How a store is read: `jobs` in the parent from names alone, `read` in a reader process.

    `read` yields answers in any order and never raises for bad input; for a job of many files it yields an EvidenceFile as
    each file's last answer, so that a crash costs one file.
    """

    name: str
    jobs: Callable[[Found], list[Job]]
    read: Callable[[Job, EvidenceSource, Limits], Iterator[Answer]]
