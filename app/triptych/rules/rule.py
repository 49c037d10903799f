"""What a rule is: words for a report, where it starts, and a check over a case."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar, cast

from triptych import resources
from triptych.analysis.baseline import Baseline
from triptych.analysis.event_table import EventTable
from triptych.analysis.pairing import shown_view
from triptych.logs.coverage import Coverage, coverage
from triptych.model.case import Case
from triptych.model.evidence import EvidenceRef
from triptych.model.finding import Confidence, Finding, Severity, finding_key
from triptych.model.task import Store, Task, TaskRecord
from triptych.model.times import Instant

RULES_VERSION = "2026.11.3"  # raised whenever a rule, its severity or its words change
T = TypeVar("T")
# What the coverage of the logs is told by: a million other events need not be made for it.
_WITNESSES = ("log-cleared", "log-disabled", "audit-changed", "registered", "deleted", "enabled", "disabled", "updated")


@dataclass(frozen=True)
class Context:
    """The case a rule looks at, and what several rules ask again and again, worked out once."""

    case: Case
    baseline: Baseline
    cache: dict[str, object] = field(default_factory=dict)

    @property
    def build(self) -> int | None:
        return self.case.host.build

    @property
    def view(self) -> str:
        """The view whose tasks are judged ("" for the running system)."""
        return self._once("view", lambda: shown_view(self.case))

    @property
    def events(self) -> EventTable:
        """Every kept event of every view, in the order of time."""
        return self._once("events", lambda: EventTable(self.case.events))

    @property
    def coverage(self) -> Coverage:
        """What the logs of the judged view cover, and what silenced them."""
        return self._once("coverage", lambda: coverage(self.case.logs, self.events.of(*_WITNESSES), self.case.host, self.view))

    def _once(self, name: str, make: Callable[[], T]) -> T:
        if name not in self.cache:
            self.cache[name] = make()
        return cast("T", self.cache[name])

    def pairs(self) -> Iterator[tuple[Task, TaskRecord]]:
        """Every task that the registry tells, with that record."""
        for task in self.case.tasks:
            record = task.record(Store.REGISTRY)
            if record is not None:
                yield task, record


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `id` is the contract's, `severity` where it starts, `says` one sentence for `triptych rules`,
    `benign` the harmless explanation, `next_steps` what to look at, `attack` ATT&CK ids, by default
    those of resources/attack.json.
    """

    id: str
    severity: Severity
    says: str
    benign: str
    next_steps: tuple[str, ...]
    check: Callable[[Context], Iterator[Finding]]
    attack: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.attack:
            object.__setattr__(self, "attack", tuple(resources.table("attack.json")["rules"].get(self.id, ())))

    def finding(
        self,
        task: Task | None,
        found: str,
        *,
        summary: str,
        why: str,
        refs: tuple[EvidenceRef, ...],
        severity: Severity | None = None,
        confidence: Confidence = Confidence.CERTAIN,
        benign: str = "",
        next_steps: tuple[str, ...] = (),
        time: Instant | None = None,
        attack: tuple[str, ...] | None = None,
    ) -> Finding:
        """A finding of this rule. `found` goes into the key: what was found, never where the evidence lies."""
        path, guid = (task.path, task.guid or None) if task else (None, None)
        return Finding(
            key=finding_key(self.id, path, guid, found),
            rule=self.id,
            severity=severity or self.severity,
            confidence=confidence,
            task=path,
            guid=guid,
            summary=summary,
            why=why,
            benign=benign or self.benign,
            next_steps=next_steps or self.next_steps,
            attack=self.attack if attack is None else attack,
            refs=refs,
            time=time,
        )
