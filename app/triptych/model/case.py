"""Everything known of one host at one moment of a scan; snapshots share their tuples, so they are cheap."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum

from triptych.model.event import EventBlock, LogReport, Moment
from triptych.model.evidence import EvidenceFile, Reading, kept_not
from triptych.model.finding import Finding
from triptych.model.paths import fold
from triptych.model.task import Store, Task, TaskRecord, Trace

XML_NOT_LISTED = "not-listed"  # `basis` of the XML store's report where the folder of task files is not in the evidence as a whole


_DAY = 24 * 60  # minutes: no zone is further off


class Weight(Enum):
    """How much a problem takes away."""

    LOST = "lost"  # something is not shown
    DOUBT = "doubt"  # it is shown, but do not rely on it
    NOTE = "note"  # nothing is lost; know it


@dataclass(frozen=True, slots=True)
class Problem:
    """What could not be read as it should: which file, which place, what was tried and found, what is lost, what to do."""

    severity: Weight
    code: str
    file: str
    where: str
    tried: str
    found: str
    lost: str
    advice: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Balance:
    """What one source promised against what became of it; `promised == listed + repaired + lost` or it is a problem."""

    file: str
    unit: str
    promised: int
    listed: int
    repaired: int = 0
    lost: int = 0

    @property
    def closes(self) -> bool:
        return self.promised == self.listed + self.repaired + self.lost


@dataclass(frozen=True, slots=True)
class LogPart:
    """What a reader counted in one stretch of a log; when all stretches of a file are there, they are put together.

    `number` of `parts` (from 0) in the order of the file. `counts` are promised, listed, repaired, lost, slack, twice, chunks, used
    and ordinal (0: none); `channels` are name, records, kept, and first and last time with their numbers (-1 for none); `runs`,
    `known`, `dead` and `foreign` as in `formats.evtx_balance.Tally`; `cleared` channel and ticks. `head` are the first 128 bytes
    of the file, `size` its bytes as this reader saw it. `problems` are the rows of its `Faults`. One of the parts brings the row
    of the `ledger`, with the SHA-256.
    """

    file: str
    view: str
    number: int
    parts: int
    size: int
    head: bytes
    counts: tuple[int, ...]
    channels: tuple[tuple[str, int, int, int, int, int, int], ...]
    runs: tuple[tuple[int, ...], ...]
    known: tuple[tuple[int, int], ...]
    dead: tuple[int, ...]
    foreign: tuple[int, ...]
    cleared: tuple[tuple[str, int], ...]
    exported: bool
    problems: tuple[Problem, ...] = ()
    ledger: EvidenceFile | None = None


@dataclass(frozen=True, slots=True)
class StoreReport:
    """How a store was read: `state` is read, partly, absent or failed.

    `basis` is the scheduler's (listing, reconstructed), or XML_NOT_LISTED for task files without their folder.
    """

    store: Store
    state: str
    tasks: int
    basis: str = ""
    sources: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact about the host: `name` (build, name, time-zone, account, class ...), what it is about, and the reading.

    account: subject is a SID, the value a name. class: subject is a CLSID, the value the server's path or command, and
    `detail` where it is registered (machine, user <SID>, wow64; inproc, local, treat-as, code-base, scriptlet, app-id).
    """

    name: str
    subject: str
    reading: Reading[str]
    view: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Host:
    """The machine the evidence is of, as a bag of facts; `get` gives the running system's."""

    facts: tuple[Fact, ...] = ()

    def get(self, name: str, subject: str = "") -> Reading[str]:
        """The first fact of that name and subject, the running system before other views; NOT_KEPT where there is none."""
        found: Reading[str] | None = None
        for fact in self.facts:
            if fact.name == name and fact.subject == subject:
                if not fact.view:
                    return fact.reading
                found = found or fact.reading
        return found or kept_not()

    def all(self, name: str) -> tuple[Fact, ...]:
        return tuple(fact for fact in self.facts if fact.name == name)

    @property
    def build(self) -> int | None:
        """The build number of Windows (7601, 19045, 26100), None where the evidence does not tell."""
        text = self.get("build").value or ""
        return int(text) if text.isascii() and text.isdigit() else None

    @property
    def bias(self) -> int | None:
        """Minutes to add to the host's wall clock for UTC, with summer time as at its last shutdown; None where nothing tells."""
        for name in ("active-bias", "bias"):
            text = self.get(name).value or ""
            digits = text.removeprefix("-")
            if digits.isascii() and digits.isdigit() and int(digits) <= _DAY:
                return int(text)
        return None


@dataclass(frozen=True, slots=True)
class Case:
    """The whole of what a scan knows. Lists are sorted as the contract demands once `judged` made it."""

    host: Host = field(default_factory=Host)
    files: tuple[EvidenceFile, ...] = ()
    reports: tuple[StoreReport, ...] = ()
    balances: tuple[Balance, ...] = ()
    records: tuple[TaskRecord, ...] = ()
    traces: tuple[Trace, ...] = ()
    logs: tuple[LogReport, ...] = ()
    events: tuple[EventBlock, ...] = ()
    tasks: tuple[Task, ...] = ()
    timeline: tuple[Moment, ...] = ()
    findings: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()
    complete: bool = False

    def with_(self, **changes: object) -> Case:
        return replace(self, **changes)  # type: ignore[arg-type]

    def report(self, store: Store) -> StoreReport | None:
        return next((report for report in self.reports if report.store is store), None)

    def task(self, path: str) -> Task | None:
        folded = fold(path)
        return next((task for task in self.tasks if fold(task.path) == folded), None)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a scan is, in words a person can read; `total` 0 where nobody knows yet."""

    text: str
    done: int = 0
    total: int = 0
