"""One event as it stands in its log: its XML line by line, each line with the bytes that state it; read when a person asks for it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from triptych.evidence.source import EvidenceSource
from triptych.limits import MIB, Limits
from triptych.logs.asked import Line
from triptych.stores.job import Answer, Job, StoreReader

NAME = "one-event"


def job(path: str, offset: int, length: int) -> Job:
    """A job that answers with an Excerpt whose data are the lines (`lines_of` reads them)."""
    return Job(NAME, f"one event of {path}", ((str(offset), path, str(length)),), MIB)


def lines_of(data: bytes) -> tuple[Line, ...]:
    """The lines of an answer."""
    return tuple((str(text), int(offset), int(length)) for text, offset, length in json.loads(data))


def _read(wanted: Job, source: EvidenceSource, limits: Limits) -> Iterator[Answer]:
    from triptych.logs.one_event_lines import read  # late: only when a person asks

    return read(wanted, source, limits)


ONE_EVENT = StoreReader(NAME, lambda found: [], _read)
