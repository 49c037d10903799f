"""Tasks whose registration no log tells of, though it had to be there."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from triptych.analysis.columns import np
from triptych.analysis.event_table import Rows
from triptych.logs.coverage import Coverage, coverage, same
from triptych.logs.event_kinds import TASKS
from triptych.logs.verdict import LOGGED, MISSING, Verdict, verdict
from triptych.model.event import Event
from triptych.model.evidence import EvidenceRef
from triptych.model.finding import Confidence, Finding, Severity
from triptych.model.paths import fold
from triptych.model.task import Task, TaskRecord
from triptych.model.times import NEVER, TICKS_A_DAY, TICKS_A_SECOND, Instant, Zone, parse_iso
from triptych.rules.acting import is_known, is_vendors_own
from triptych.rules.lives import acts_on, lives
from triptych.rules.lives_computers import foreign_files
from triptych.rules.lookups import is_linked, offsets, once
from triptych.rules.phrases import cited, count, join, sentences
from triptych.rules.rule import Context, Rule

_DAYS = 3 * TICKS_A_DAY  # of neighbours
_MANY = 4  # tasks that lack their event together
_SETUP = TICKS_A_DAY  # setup writes tasks without the service
_SILENT = 2 * TICKS_A_DAY  # a log that is kept tells of some run every hour that the machine is on
_BOOT = 300 * TICKS_A_SECOND  # the first minutes after a start have no log


def _check(context: Context) -> Iterator[Finding]:
    if not context.case.logs:
        return
    quiet: list[tuple[Task, TaskRecord]] = []
    found: list[Finding] = []
    judged = sorted(_judged(context), key=lambda one: one[1].ticks)
    for task, record, time, told in _silent(context):
        first = bisect_left(judged, time.ticks - _DAYS, key=lambda one: one[1].ticks)
        last = bisect_right(judged, time.ticks + _DAYS, key=lambda one: one[1].ticks)
        words = [one.word for path, _, one in judged[first:last] if path != fold(task.path)]
        if LOGGED not in words and words.count(MISSING) >= _MANY:
            quiet.append((task, record))
        else:
            found.append(_finding(context, task, record, time, told, words))
    yield from found
    if quiet:
        yield _of_many(quiet)


def _of_many(quiet: list[tuple[Task, TaskRecord]]) -> Finding:
    """One finding for tasks that all lack their event: something registers tasks here of which no log tells."""
    return NO_CREATION_EVENT.finding(
        None,
        f"many {sorted(fold(task.path) for task, _ in quiet)}",
        summary=f"No event tells of the registration of {count(len(quiet), 'task')}, though the logs cover those times",
        why=sentences(
            f"They are {join([task.path for task, _ in quiet], 8)}.",
            "None of the tasks registered in the same days has its event, so the log may not have been kept as it seems, or an installer "
            "or image wrote them all. Judged low.",
        ),
        refs=cited(*(record.run.registered for _, record in quiet)),
        severity=Severity.LOW,
        confidence=Confidence.POSSIBLE,
    )


def _judged(context: Context) -> list[tuple[str, Instant, Verdict]]:
    """Time of registration and verdict of every task that Windows does not ship, by path."""

    def make() -> list[tuple[str, Instant, Verdict]]:
        found = []
        for task, record in context.pairs():
            time = _registered(record)
            if time is not None and is_linked(record) and context.baseline.find(task.path) is None:
                found.append((fold(task.path), time, _verdict(context, task, time)))
        return found

    return once(context, "verdicts of registrations", make)


def _silent(context: Context) -> Iterator[tuple[Task, TaskRecord, Instant, Verdict]]:
    told = {(path, time.ticks): verdict for path, time, verdict in _judged(context)}
    for task, record in context.pairs():
        time = _registered(record)
        found = told.get((fold(task.path), time.ticks)) if time is not None else None
        if time is None or found is None or found.word != MISSING or _is_known(context, task, record):
            continue
        if not _is_of_setup(context, time) and not _is_after_start(context, time):
            yield task, record, time, found


def _is_known(context: Context, task: Task, record: TaskRecord) -> bool:
    """Whether a known maker registers it; a vendor's name on what is none of that vendor's programs is no excuse."""
    borrowed = (
        context.baseline.vendor(task.path) is not None
        and record.actions
        and not all(is_vendors_own(context, task, action) for action in record.actions)
    )
    return is_known(context, task) and not borrowed


def _registered(record: TaskRecord) -> Instant | None:
    time = record.run.registered.value
    return time if time is not None and 0 < time.ticks < NEVER and time.showable else None


def _verdict(context: Context, task: Task, time: Instant) -> Verdict:
    """What the logs say of a registration; a writer that is not the service may have put the machine's own clock there.

    The worst verdict counts last: an event at either time tells of it, and silence counts only where both times are covered.
    """
    times = (
        time,
        *(Instant(time.ticks - minutes * 60 * TICKS_A_SECOND, Zone.UTC, time.digits) for minutes in offsets(context) if minutes),
    )
    known = _coverage_for(context, task.path)
    found = [verdict(known, task.path, one) for one in times]
    return next((one for one in found if one.word == LOGGED), None) or next((one for one in found if one.word != MISSING), found[0])


def _coverage_for(context: Context, path: str) -> Coverage:
    """The coverage with the registrations of one task: of a flood of others each verdict need not look at all."""

    def make() -> dict[str, list[Event]]:
        found: dict[str, list[Event]] = defaultdict(list)
        for event in _own_coverage(context).registered:
            found[(event.task or "").casefold()].append(event)
        return found

    known = _own_coverage(context)
    if known.self_disabled:  # then registrations of others tell that the log was on again
        return known
    return replace(known, registered=tuple(once(context, "registrations by task", make).get(path.casefold(), ())))


def _own_coverage(context: Context) -> Coverage:
    """What the logs of this computer cover: those of another one that lie beside them know nothing of its tasks."""
    foreign = foreign_files(context)
    if not foreign:
        return context.coverage

    def make() -> Coverage:
        known = context.coverage
        reports = [report for report in context.case.logs if report.file not in foreign]
        own = coverage(reports, (), context.case.host, context.view)
        return replace(
            known,
            channels=own.channels,
            latest=own.latest,
            registered=tuple(event for event in known.registered if event.ref.spans[0].file not in foreign),
            audited=tuple(event for event in known.audited if event.ref.spans[0].file not in foreign),
        )

    return once(context, "coverage of the own logs", make)


def _is_of_setup(context: Context, time: Instant) -> bool:
    text = context.case.host.get("installed").value
    try:
        installed = parse_iso(text) if text else None
    except ValueError:
        return False
    return installed is not None and time.ticks < installed.ticks + _SETUP


def _is_after_start(context: Context, time: Instant) -> bool:
    """Whether the service had just started, so that its log may not have been open yet."""
    columns = context.events.columns
    rows = context.events.rows("service-started", "log-started", "audit-started")
    return any(0 <= time.ticks - int(columns["ticks"][at]) <= _BOOT for at in rows)


def _finding(context: Context, task: Task, record: TaskRecord, time: Instant, told: Verdict, neighbours: list[str]) -> Finding:
    logged = neighbours.count(LOGGED)
    silent = neighbours.count(MISSING)
    severity, weight = Severity.MEDIUM, ""
    if silent and not logged:
        severity = Severity.LOW
        weight = (
            f"{count(silent, 'other task')} registered in the same days lack their event too: an installer or image may have written them. "
            "Judged low."
        )
    elif silence := _silence(context, time, told):
        severity = Severity.LOW
        weight = (
            f"The scheduler's log tells of nothing at all between {silence[0].iso} and {silence[1].iso}: it may have been switched off, or "
            "the machine was. Judged low."
        )
    elif logged:
        weight = f"The events of {count(logged, 'other task')} registered in the same days are there."
    refs: list[EvidenceRef] = [ref for witness in told.witnesses if witness.word == MISSING for ref in witness.refs]
    acts = acts_on(context, task.path)
    life = lives(context).get(fold(task.path))
    return NO_CREATION_EVENT.finding(
        task,
        "no creation event",
        summary=f"{task.path}: registered at {time.iso}, and no event tells of it though the logs cover that time",
        why=sentences(
            *(f"{witness.reason[:1].upper()}{witness.reason[1:]}." for witness in told.witnesses if witness.word == MISSING),
            "Who writes a task's keys past the service leaves no such event.",
            f"Other events name the task ({count(len(life.rows), 'event')})." if life is not None else "",
            f"A command line on it: {acts[0].words}." if acts else "",
            weight,
        ),
        refs=cited(record.run.registered, refs) or record.ref,
        severity=severity,
        confidence=Confidence.LIKELY if logged else Confidence.POSSIBLE,
        time=time,
    )


def _silence(context: Context, time: Instant, told: Verdict) -> tuple[Instant, Instant] | None:
    """The times of the records around a long silence of the scheduler's log, where that log alone lacks the event."""
    if any(witness.word == MISSING and not same(witness.channel, TASKS) for witness in told.witnesses):
        return None
    ticks = once(context, "times of the scheduler's log", lambda: _ticks_of_log(context))
    at = int(np.searchsorted(ticks, time.ticks))
    if not 0 < at < len(ticks) or int(ticks[at]) - int(ticks[at - 1]) <= _SILENT:
        return None
    return Instant(int(ticks[at - 1])), Instant(int(ticks[at]))


def _ticks_of_log(context: Context) -> Rows:
    table = context.events
    if not table.columns:
        return np.zeros(0, np.int64)
    kinds = [number for number, row in enumerate(table.table) if same(row[0], TASKS)]
    blocks = [
        block for block, (file, view) in enumerate(table.sources) if view == context.view and file not in foreign_files(context)
    ]
    columns = table.columns
    found: Rows = columns["ticks"][np.isin(columns["kinds"], kinds) & np.isin(columns["blocks"], blocks)]
    return found


NO_CREATION_EVENT = Rule(
    "no-creation-event",
    Severity.MEDIUM,
    "The registry says when a task was registered, the logs cover that time without a gap, and none tells of it: the service did not "
    "register it.",
    "Servicing, setup, sysprep and restored images write tasks without the service; a time of registration is kept over updates.",
    (
        "Look at the marks of the writer: descriptor, Index, versions of the values.",
        "Look for writes to TaskCache by other programs (Sysmon 12 and 13, Security 4657) at that time.",
    ),
    _check,
)
CREATION = (NO_CREATION_EVENT,)
