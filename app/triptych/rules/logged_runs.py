"""Runs of tasks that no store holds."""

from __future__ import annotations

from collections.abc import Iterator

from triptych.logs.coverage import NEAR, same
from triptych.logs.event_kinds import TASKS
from triptych.model.event import Event
from triptych.model.finding import Confidence, Finding, Severity
from triptych.model.paths import fold
from triptych.model.task import Store, Task
from triptych.model.times import TICKS_A_DAY, Instant, parse_iso
from triptych.rules.acting import is_known
from triptych.rules.lives import MINUTE, RUNS, Life, acts_on, definition_at, life_of, lives
from triptych.rules.lives_words import ran, starts_refs, starts_words
from triptych.rules.lookups import hive_written, is_absent, newest_write, recovered_below
from triptych.rules.phrases import cited, count, sentences
from triptych.rules.rule import Context, Rule

_GONE = MINUTE  # a run may end a moment after its task is gone
_COMING_AND_GOING = "\\microsoft\\windows\\updateorchestrator\\"
_Reason = tuple[Severity, Confidence, str]


def _check(context: Context) -> Iterator[Finding]:
    if not lives(context):
        return
    for task in context.case.tasks:
        life = life_of(context, task)
        if life is None or not _is_held_by_none(task):
            continue
        runs = life.rows_of(*RUNS)
        if runs and not _was_deleted(context, life, runs[-1]):
            yield _finding(context, task, life, runs)


def _is_held_by_none(task: Task) -> bool:
    """Whether the registry was read and does not know it, and no file or listing does; a store not collected accuses nobody."""
    if any(record.store is not Store.LOG for record in task.records):
        return False
    return is_absent(task, Store.REGISTRY)


def _was_deleted(context: Context, life: Life, last: int) -> bool:
    """Whether an event or a command line tells that the task was deleted after its last run, or while it went on."""
    ticks = context.events.columns["ticks"]
    since = int(ticks[last]) - _GONE
    if any(int(ticks[at]) >= since for at in life.rows_of("deleted")):
        return True
    return any(act.verb == "delete" and act.time.ticks >= since for act in acts_on(context, life.path))


def _finding(context: Context, task: Task, life: Life, runs: list[int]) -> Finding:
    first, last = context.events[runs[0]], context.events[runs[-1]]
    severity, confidence, reason = _weigh(context, task, last)
    record = definition_at(context, life, last.time.ticks)
    programs, refs = ran(context, life, first.time.ticks, last.time.ticks + _GONE)
    left = recovered_below(context, task.path)
    registered = life.of("registered")
    return GHOST_RUN.finding(
        task,
        "runs",
        summary=f"{task.path}: the logs tell of its runs, and no store holds it",
        why=sentences(
            f"{count(len(runs), 'event')} tell of its runs, the last of {last.time.iso} ({last.event_id}).",
            programs.replace("In that time it ran", "It ran", 1),
            starts_words(context, record),
            "The registry was read and has no such task, and no event says that it was deleted.",
            f"It was registered at {registered[-1].time.iso}." if registered else "No event tells of its registration.",
            "Free space of the hive still holds keys of it." if left else "",
            "Windows runs a task from memory on when its keys were deleted behind the service.",
            reason,
        ),
        refs=cited((last.ref,), (first.ref,), refs, (event.ref for event in registered[-1:]), starts_refs(record),
                   *(trace.refs for trace in left[:5])),
        severity=severity,
        confidence=confidence,
        time=last.time,
    )  # fmt: skip


def _weigh(context: Context, task: Task, last: Event) -> _Reason:
    """At high only where the logs would tell of the deletion, and the hive is as new as they are."""
    if fold(task.path).startswith(_COMING_AND_GOING) or is_known(context, task):
        return Severity.LOW, Confidence.POSSIBLE, "Windows or a vendor makes and removes tasks of this name by itself. Judged low."
    installed = _installed(context)
    if installed is not None and last.time.ticks < installed.ticks:
        return Severity.LOW, Confidence.POSSIBLE, (
            f"Its last run lies before the installation or upgrade of {installed.iso}, which drops tasks without an event. Judged low."
        )  # fmt: skip
    written = hive_written(context) or newest_write(context)
    if written is not None and last.time.ticks > written.ticks + TICKS_A_DAY:
        return Severity.LOW, Confidence.POSSIBLE, (
            f"The registry at hand was last written at {written.iso}, before that run: it may simply not know the task yet. Judged low."
        )  # fmt: skip
    hole = _hole(context, last)
    if hole:
        return Severity.MEDIUM, Confidence.POSSIBLE, f"{hole}, so the event of its deletion may be lost. Judged lower."
    return Severity.HIGH, Confidence.LIKELY, ""


def _hole(context: Context, last: Event) -> str:
    """What may have taken the event of the deletion, in words; "" where the log goes on whole."""
    for clearing in context.coverage.clearings:
        if same(clearing.channel, TASKS) and clearing.time.ticks >= last.time.ticks:
            return f"The scheduler's log was cleared at {clearing.time.iso}"
    channel = context.coverage.channel(TASKS)
    if channel is None or channel.last is None:
        return "The scheduler's own log is not in the evidence"
    for gap in channel.gaps:
        if gap.before.ticks >= last.time.ticks - NEAR:
            return f"Records {gap.first} to {gap.last} of the scheduler's log are missing"
    for event in context.coverage.self_disabled:
        if event.time.ticks >= last.time.ticks:
            return f"The service switched its log off at {event.time.iso}"
    switch = context.coverage.switch
    if switch is not None and switch.reading.value == "disabled":
        return "The scheduler's log is switched off"
    return ""


def _installed(context: Context) -> Instant | None:
    text = context.case.host.get("installed").value
    try:
        return parse_iso(text) if text else None
    except ValueError:
        return None


GHOST_RUN = Rule(
    "ghost-run",
    Severity.HIGH,
    "The logs tell of runs of a task that neither the registry nor a task file holds, and of no deletion: its keys were removed behind "
    "the service, which runs it from memory.",
    "Upgrades drop tasks without an event; updaters make and remove tasks; the registry may have been saved before the logs.",
    (
        "Search free space of the hive, its logs, shadow copies and backups for the task's keys.",
        "Follow the processes that it started.",
        "On the live machine ask the scheduler for running tasks before it is restarted: memory may be the only copy.",
    ),
    _check,
)
RUNS_WITHOUT_TASK = (GHOST_RUN,)
