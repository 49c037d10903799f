"""What a rule is: words for a report, where it starts, and a check over a case."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from triptych import resources
from triptych.analysis.baseline import Baseline
from triptych.model.case import Case
from triptych.model.evidence import EvidenceRef
from triptych.model.finding import Confidence, Finding, Severity, finding_key
from triptych.model.task import Store, Task, TaskRecord
from triptych.model.times import Instant

RULES_VERSION = "2026.11.1"  # raised whenever a rule, its severity or its words change


@dataclass(frozen=True)
class Context:
    """The case a rule looks at, and what several rules ask again and again, worked out once."""

    case: Case
    baseline: Baseline
    cache: dict[str, object] = field(default_factory=dict)

    @property
    def build(self) -> int | None:
        return self.case.host.build

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
