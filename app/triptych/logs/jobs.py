"""Which event logs are read together: told from names and sizes alone, so that a case without logs loads nothing that reads one."""

from __future__ import annotations

from collections.abc import Iterator

from triptych.evidence.layouts import Found, Item
from triptych.evidence.source import EvidenceSource
from triptych.limits import DEFAULT, MIB, Limits
from triptych.logs.asked import ROLE, SET, SUM
from triptych.stores.job import Answer, Job, StoreReader

NAME = "logs"
TOGETHER = 16 * MIB  # small logs are read in batches of this size, large ones in stretches


def _jobs(found: Found) -> list[Job]:
    """Jobs of one stretch of a large log each, batches for the small logs (a machine has hundreds)."""
    jobs: list[Job] = []
    batch: list[Item] = []
    for item in found.of(ROLE):
        if item.size >= TOGETHER:
            jobs += jobs_of(item)
            continue
        batch.append(item)
        if sum(held.size for held in batch) >= TOGETHER or len(batch) >= DEFAULT.batch_files:
            jobs.append(_job(batch))
            batch = []
    sets = [Job(NAME, f"events listed in {item.path}", (item.as_row(),), item.size) for item in found.of(SET)]
    return jobs + ([_job(batch)] if batch else []) + sets


def _job(items: list[Item]) -> Job:
    label = f"event log {items[0].path}" if len(items) == 1 else f"{len(items)} event logs from {items[0].path} on"
    return Job(NAME, label, tuple(item.as_row() for item in items), sum(item.size for item in items))


def jobs_of(item: Item, stretch: int = TOGETHER) -> list[Job]:
    """The jobs of one large log: its SHA-256, and stretches of so many bytes. A member of an archive is unpacked only once."""
    from triptych.formats.evtx_layout import CHUNK, FILE_HEADER  # late, as above

    chunks = max(stretch // CHUNK, 1)
    parts = -(-max(item.size - FILE_HEADER, 1) // (chunks * CHUNK))
    if "!/" in item.path or parts < 2:
        return [_job([item])]
    jobs = [Job(NAME, f"the SHA-256 of {item.path}", ((*item.as_row(), str(SUM), str(parts), str(chunks)),), item.size)]
    for number in range(parts):
        row = (*item.as_row(), str(number), str(parts), str(chunks))
        jobs.append(Job(NAME, f"event log {item.path}, part {number + 1} of {parts}", (row,), chunks * CHUNK))
    return jobs


def _read(job: Job, source: EvidenceSource, limits: Limits) -> Iterator[Answer]:
    from triptych.logs.reading import read  # late: only where there is a log

    return read(job, source, limits)


LOGS = StoreReader(NAME, _jobs, _read)
