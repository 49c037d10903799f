"""Which file a reader failed over, and what is said of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace

from triptych.evidence.layouts import Item as FoundItem
from triptych.evidence.source import EvidenceSource
from triptych.formats.faults import Faults
from triptych.limits import Limits
from triptych.model.case import Balance, Problem, Weight
from triptych.model.evidence import EvidenceFile, ReadState
from triptych.readers.known import READERS
from triptych.stores.job import Answer, Job

Item = tuple[str, ...]
_LOST = "everything behind what is listed from it"
_ADVICE = "open it in another tool, or scan it alone; `triptych formats` names the limits"


def answers_for(waiting: deque[Item], answer: EvidenceFile) -> bool:
    """Whether the answer ends a file that waits; that file, and those before it that have no answer of their own, are done."""
    at = next((number for number, item in enumerate(waiting) if item[1] == answer.path), None)
    for _ in range(0 if at is None else at + 1):
        waiting.popleft()
    return at is not None


def size_of(job: Job, item: Item) -> int:
    """The bytes of one file of a job, as far as its row tells them."""
    if len(job.items) > 1 and len(item) == len(FoundItem.__dataclass_fields__) + 2:
        return FoundItem.from_row(item).size
    return job.size


def fault_of(job: Job, guilty: Item, code: str, found: str) -> Problem:
    """The problem of a file that its reader did not come through."""
    return Problem(
        Weight.LOST, code, guilty[1], "the whole file", tried=f"read it as {job.label}", found=found, lost=_LOST, advice=_ADVICE
    )


def given_up(job: Job, guilty: Item, problem: Problem) -> Iterator[Answer]:
    """What is told of a file that its reader did not come through: a row of the ledger without SHA-256, and the problem."""
    yield EvidenceFile(guilty[1], job.reader, size_of(job, guilty), None, "", ReadState.PART, note="its reader was stopped")
    yield problem


def counted(job: Job, answered: list[ReadState], lost: int = 0) -> Iterator[Balance]:
    """What became of the files of a job that did not reach its own count."""
    listed = answered.count(ReadState.WHOLE)
    repaired = answered.count(ReadState.PART)
    if promised := len(answered) + lost:
        yield Balance(job.label, "files", promised, listed, repaired, promised - listed - repaired)


def in_this_process(job: Job, source: EvidenceSource, limits: Limits) -> Iterator[Answer]:
    """Read a job without a process of its own; what a reader throws costs the file it was at."""
    waiting = deque(job.items)
    while waiting:
        faults = Faults(waiting[0][1])
        rest = replace(job, items=tuple(waiting))
        with faults.guard("reader.fault", "the whole file", tried=f"read it as {job.label}", lost=_LOST, advice=_ADVICE):
            for answer in READERS[job.reader].read(rest, source, limits):
                if isinstance(answer, EvidenceFile):
                    answers_for(waiting, answer)
                yield answer
        if not faults.problems or not waiting:
            yield from faults.problems
            return
        guilty = waiting.popleft()
        for problem in faults.problems:
            yield from given_up(job, guilty, replace(problem, file=guilty[1]))
