"""What the list of tasks shows of a case, worked out in the job thread so that the window only paints. No Qt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from triptych.analysis import accounts, normalise
from triptych.analysis.row import Row
from triptych.gui.events_columns import EntriesBuilder, Happened, no_entries
from triptych.gui.words import STORES, TELLERS
from triptych.model.case import Case, Host
from triptych.model.evidence import State
from triptych.model.finding import Finding, Severity
from triptych.model.task import Action, Presence, Store, Task, TaskRecord
from triptych.model.times import Instant

Compare = Callable[[Task, Host], tuple[Row, ...]]
TaskKey = tuple[str, str]
_PREFERRED = (Store.REGISTRY, Store.XML, Store.SCHEDULER, Store.LOG)  # the service acts on the registry; logs tell what was


class Mark(Enum):
    """How a store's letter is drawn."""

    PRESENT = "present"
    ABSENT = "absent"
    PARTLY = "partly readable"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Line:
    """One task as the list shows it."""

    task: Task
    key: TaskKey
    marks: tuple[Mark, ...]  # of XML, registry, scheduler, and of the logs where some were read
    findings: tuple[Finding, ...]
    hidden: bool
    absent: bool
    differing: bool
    foreign: bool
    runs_as: str
    action: str
    author: str
    last_run: Instant | None
    text: str  # what the filter box looks at, case folded

    @property
    def severity(self) -> Severity | None:
        """Of the worst finding; findings that only inform do not colour a task."""
        worst = min((finding.severity for finding in self.findings), key=lambda severity: severity.rank, default=None)
        return None if worst is Severity.INFO else worst

    @property
    def rank(self) -> int:
        severity = self.severity
        return len(Severity) if severity is None else severity.rank


@dataclass(frozen=True, slots=True)
class Digest:
    """A case and its lines, worst first."""

    case: Case = field(default_factory=Case)
    lines: tuple[Line, ...] = ()
    by_key: dict[TaskKey, Line] = field(default_factory=dict)
    happened: Happened = field(default_factory=no_entries)

    def line(self, key: TaskKey | None) -> Line | None:
        return None if key is None else self.by_key.get(key)

    def known_as(self, key: TaskKey) -> TaskKey | None:
        """The key that a task chosen in an earlier digest has now: its GUID may have come, or gone, with another store."""
        if key in self.by_key:
            return key
        same = [line.key for line in self.lines if line.key[0] == key[0]]
        return same[0] if same else None

    def line_at(self, path: str) -> Line | None:
        """The task of that path; of several with one path the first listed."""
        folded = path.casefold()
        return next((line for line in self.lines if folded and line.key[0] == folded), None)

    def line_of(self, finding: Finding) -> Line | None:
        """The task that a finding is about; None for one about the host."""
        if finding.task is None:
            return None
        folded, guid = finding.task.casefold(), (finding.guid or "").upper()
        exact = self.by_key.get((folded, guid))
        if exact is not None:
            return exact
        of_path = [line for line in self.lines if line.key[0] == folded]
        return of_path[0] if of_path else None


def key_of(task: Task) -> TaskKey:
    return task.path.casefold(), task.guid.upper()


class Digester:
    """Makes digests of growing snapshots; comparisons of tasks that did not change are kept.

    `differences` gives the rows in which the stores of a task contradict each other.
    """

    def __init__(self, differences: Compare) -> None:
        self._compare = differences
        self._entries = EntriesBuilder()
        self._differing: dict[tuple[int, ...], tuple[tuple[TaskRecord, ...], bool]] = {}

    def __call__(self, case: Case) -> Digest:
        by_path: dict[str, list[Finding]] = defaultdict(list)
        for finding in case.findings:
            if finding.task is not None:
                by_path[finding.task.casefold()].append(finding)
        paths: dict[str, int] = defaultdict(int)
        for task in case.tasks:
            paths[task.path.casefold()] += 1
        lines = []
        for task in case.tasks:
            folded, guid = key_of(task)
            found = by_path.get(folded, ())
            if paths[folded] > 1:
                found = [finding for finding in found if not finding.guid or finding.guid.upper() == guid]
            lines.append(self._line(task, case, tuple(found)))
        lines.sort(key=lambda line: (line.rank, line.key))
        return Digest(case, tuple(lines), {line.key: line for line in lines}, self._entries(case))

    def _line(self, task: Task, case: Case, findings: tuple[Finding, ...]) -> Line:
        findings = tuple(sorted(findings, key=lambda finding: finding.severity.rank))
        differing = case.complete and self._differs(task, case.host)  # while reading goes on, the list comes before the comparing
        account, action, author = runs_as(task, case.host), action_of(task), author_of(task)
        known = case.complete
        marks = tuple(mark_of(task, store, known) for store in tellers(case))
        told = (task.path, task.guid, account, author, *(finding.summary for finding in findings), *every_command(task))
        return Line(
            task=task,
            key=key_of(task),
            marks=marks,
            findings=findings,
            hidden=hidden(task),
            absent=absent(task),
            differing=differing,
            foreign=any(finding.rule == "not-in-baseline" for finding in findings),
            runs_as=account,
            action=action,
            author=author,
            last_run=last_run(task),
            text=" ".join(told).casefold(),
        )

    def _differs(self, task: Task, host: Host) -> bool:
        known = self._differing.get(tuple(map(id, task.records)))
        if known is not None and all(kept is record for kept, record in zip(known[0], task.records, strict=True)):
            return known[1]
        answer = len(task.records) > 1 and bool(self._compare(task, host))
        self._differing[tuple(map(id, task.records))] = (task.records, answer)
        return answer


def tellers(case: Case) -> tuple[Store, ...]:
    """The stores that have a mark of their own: the three, and the event logs where any were read."""
    report = case.report(Store.LOG)
    return TELLERS if report is not None and report.state in ("read", "partly") else STORES


def mark_of(task: Task, store: Store, complete: bool = True) -> Mark:
    """How a store's letter is drawn; while reading is not `complete`, a store without the task may still tell it."""
    record, absence = task.record(store), task.absence(store)
    if record is not None:
        if record.presence.state is State.UNREADABLE or record.presence.value is Presence.UNREADABLE or not record.complete:
            return Mark.PARTLY
        if record.presence.value in (Presence.HIDDEN, Presence.ABSENT):
            return Mark.ABSENT
        return Mark.UNKNOWN if record.presence.value in (Presence.UNKNOWN, Presence.NOT_READ) else Mark.PRESENT
    if not complete or absence is None or absence.presence in (Presence.NOT_READ, Presence.UNKNOWN):
        return Mark.UNKNOWN
    return Mark.PARTLY if absence.presence is Presence.UNREADABLE else Mark.ABSENT


def told_by_scheduler(task: Task) -> Presence | None:
    record, absence = task.record(Store.SCHEDULER), task.absence(Store.SCHEDULER)
    return record.presence.value if record else absence.presence if absence else None


def hidden(task: Task) -> bool:
    """Whether the scheduler leaves the task out of its listing although the registry holds what it would run.

    A Tree key that leads to no Tasks key holds nothing to run: such a task is absent, not hidden.
    """
    told, registry = told_by_scheduler(task), task.record(Store.REGISTRY)
    return told is Presence.HIDDEN or (told is Presence.ABSENT and registry is not None and registry.orphan != "tree")


def absent(task: Task) -> bool:
    """Whether the scheduler does not have the task, and has nothing that it could hide."""
    return told_by_scheduler(task) is Presence.ABSENT and not hidden(task)


def hidden_from_administrators(task: Task) -> bool:
    """Whether the descriptor hides a task from Administrators and shows it to others: to the system, or to its own user."""
    record = task.record(Store.SCHEDULER)
    return record is not None and record.presence.note.startswith("hidden from Administrators: only ")


def logged_only(task: Task) -> bool:
    """Whether nothing but event logs tells of the task."""
    return bool(task.records) and all(record.store is Store.LOG for record in task.records)


def _ordered(task: Task) -> list[TaskRecord]:
    return [record for store in _PREFERRED if (record := task.record(store)) is not None]


def runs_as(task: Task, host: Host) -> str:
    """The account in words a person uses, from the store the service acts on."""
    for record in _ordered(task):
        stated = normalise.runs_as(record).value or ""
        named = record.principal.account.value or (accounts.name_of(stated, host) if stated else "")
        if named:
            return named
    return ""


def action_of(task: Task) -> str:
    """The first action, how many more there are, and `≠` where the stores do not agree on it."""
    telling = [record for record in _ordered(task) if record.has_actions and record.actions]
    holding = [record for record in telling if record.store is not Store.LOG] or telling  # what was logged once may be old
    told = [[action_words(action) for action in record.actions] for record in holding]
    if not told:
        return ""
    first = told[0]
    more = f" (+{len(first) - 1})" if len(first) > 1 else ""
    differs = any([text.casefold() for text in other] != [text.casefold() for text in first] for other in told[1:])
    return f"{'≠ ' if differs else ''}{first[0]}{more}"


def action_words(action: Action) -> str:
    kind = action.type.value or ""
    if action.command.value is not None:
        return f"{action.command.value} {action.arguments.value or ''}".strip()
    if action.class_id.value is not None:
        return f"COM {action.class_id.value}"
    if action.command.raw:
        return f"unreadable: {action.command.raw}"
    return kind


def author_of(task: Task) -> str:
    return next((found for record in _ordered(task) if (found := record.registration.author.value)), "")


def every_command(task: Task) -> set[str]:
    """All actions of all stores, so that a search finds what only one of them tells."""
    return {action_words(action) for record in task.records for action in record.actions}


def last_run(task: Task) -> Instant | None:
    for record in _ordered(task):
        when = record.run.last_run.value
        if when is not None:
            return when
    return None
