"""What a rule says about a task, in a form that stands up in a report."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum

from triptych.model.evidence import EvidenceRef
from triptych.model.times import Instant


class Severity(Enum):
    """In order of weight; `rank` is 0 for critical."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        return _ORDER[self]

    def at_least(self, other: Severity) -> bool:
        return self.rank <= other.rank


_ORDER = {severity: rank for rank, severity in enumerate(Severity)}


class Confidence(Enum):
    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, with everything a responder needs to judge it.

    `key` is made of the rule, the task's path, its GUID and what was found; never of order or place of the evidence, so
    that a judgement survives a rescan. `refs` cite the bytes it rests on and are never empty.
    """

    key: str
    rule: str
    severity: Severity
    confidence: Confidence
    task: str | None
    guid: str | None
    summary: str
    why: str
    benign: str
    next_steps: tuple[str, ...]
    attack: tuple[str, ...]
    refs: tuple[EvidenceRef, ...]
    time: Instant | None = None

    @property
    def headline(self) -> str:
        """What was found, without the task's path where the summary begins with it: for places where the task stands beside it."""
        rest = self.summary.removeprefix(f"{self.task}: ") if self.task else self.summary
        return rest[:1].upper() + rest[1:]


def finding_key(rule: str, task: str | None, guid: str | None, found: str) -> str:
    """A stable key: 16 hex digits over rule, path (case folded), GUID (upper case) and what was found."""
    parts = (rule, (task or "").casefold(), (guid or "").upper(), found)
    text = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return f"{rule}:{hashlib.sha256(text).hexdigest()[:16]}"
