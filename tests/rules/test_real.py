"""Real evidence: a stock Windows 7 SP1 must be quiet, and the same after one hand was laid on it must not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

from tests.material import shared
from tests.rules.made import known
from triptych.analysis.pairing import paired
from triptych.evidence.layouts import Found, Item
from triptych.evidence.source import Entry
from triptych.limits import DEFAULT
from triptych.model.case import Case, Problem, Progress
from triptych.model.evidence import EvidenceFile, not_stated
from triptych.model.finding import Severity
from triptych.model.task import Store
from triptych.rules.book import judged
from triptych.stores.gathering import Gathering
from triptych.stores.job import Job
from triptych.stores.registry import REGISTRY


class OneFile:
    """A source of one file, wherever it lies."""

    arguments: tuple[str, ...] = ()

    def entries(self) -> Iterator[Entry]:
        return iter(())

    def read(self, path: str, limit: int) -> bytes:
        return Path(path).read_bytes()

    def peek(self, path: str, length: int) -> bytes:
        return self.read(path, length)[:length]

    def describe(self, path: str, data: bytes, kind: str) -> EvidenceFile:
        return EvidenceFile(path, kind, len(data), None, hashlib.sha256(data).hexdigest())

    def problems(self) -> tuple[Problem, ...]:
        return ()


@cache
def windows_7() -> Case:
    path = shared("data/hives/win7sp1-dorkbot-lab/SOFTWARE-schedule-A-M")
    item = Item("software-hive", str(path), "", "Windows/System32/config/SOFTWARE", size=path.stat().st_size)
    gathering = Gathering(Found((), (item,)))
    job = Job("registry", "the hive", (item.as_row(),), item.size)
    gathering.extend(answer for answer in REGISTRY.read(job, OneFile(), DEFAULT) if not isinstance(answer, Progress))
    return gathering.case()


def test_a_stock_windows_7_shows_its_own_leftovers_and_nothing_above_low() -> None:
    case = paired(windows_7())
    assert len(case.tasks) == 48
    found = judged(case, known())
    assert [finding.summary for finding in found if finding.severity.at_least(Severity.MEDIUM)] == []
    leftovers = [finding.task for finding in found if finding.rule == "tasks-missing"]
    assert [(task or "").rpartition("\\")[2] for task in leftovers] == ["OptinNotification", "MemUsageTask"]


def test_an_index_taken_from_a_real_task_is_seen() -> None:
    case = windows_7()
    victim = next(record for record in case.records if record.store is Store.REGISTRY and not record.orphan)
    index = not_stated(None, *victim.keeping.index.refs)
    records = tuple(
        replace(record, keeping=replace(record.keeping, index=index)) if record is victim else record for record in case.records
    )
    found = judged(paired(case.with_(records=records)), known())
    assert [finding.task for finding in found if finding.rule == "index-missing"] == [victim.path]
