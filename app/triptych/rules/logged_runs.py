"""Runs of tasks that no store holds."""

from __future__ import annotations

from collections.abc import Iterator

from triptych.analysis.commands import judge
from triptych.analysis.links_commands import leaf
from triptych.logs.coverage import NEAR, same
from triptych.logs.event_kinds import TASKS
from triptych.model.event import Event
from triptych.model.finding import Confidence, Finding, Severity
from triptych.model.paths import fold
from triptych.model.task import Store, Task
from triptych.model.times import TICKS_A_DAY, Instant, parse_iso
from triptych.rules.acting import is_known
from triptych.rules.lives import MINUTE, RUNS, Life, acts_on, definition_at, life_of, lives
from triptych.rules.lives_computers import computers, foreign_files, netbios, own_name
from triptych.rules.lives_words import ran, starts_refs, starts_words
from triptych.rules.lookups import hive_written, is_absent, newest_write, recovered_below
from triptych.rules.phrases import cited, count, sentences
from triptych.rules.rule import Context, Rule

_STARTS = ("process-created", "action-started", "run-started")
_GONE = MINUTE  # a run may end a moment after its task is gone
_SET_BACK = TICKS_A_DAY  # a number that goes up over more than that belongs to a log that was begun anew
_LOOKED_AT = 50  # events of one task's runs
_SHELLS = frozenset(("cmd", "powershell", "pwsh", "wscript", "cscript", "mshta"))
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
        if runs and not _was_deleted(context, life, _last_start(life, runs)):
            yield _finding(context, task, life, runs)


def _last_start(life: Life, runs: list[int]) -> int:
    """The last event of a run that began: one that merely ends may come long after the task was deleted."""
    started = life.rows_of(*_STARTS)
    return started[-1] if started else runs[-1]


def _is_held_by_none(task: Task) -> bool:
    """Whether the registry was read and does not know it, and no file or listing does; a store not collected accuses nobody."""
    if any(record.store is not Store.LOG for record in task.records):
        return False
    return is_absent(task, Store.REGISTRY)


def _was_deleted(context: Context, life: Life, last: int) -> bool:
    """Whether an event or a command line tells that the task was deleted after its last run, or while it went on."""
    ticks = context.events.columns["ticks"]
    since = int(ticks[last]) - _GONE
    if any(int(ticks[at]) >= since or _is_later_record(context, last, at) for at in life.rows_of("deleted")):
        return True
    return any(act.verb == "delete" and act.time.ticks >= since for act in acts_on(context, life.path))


def _is_later_record(context: Context, one: int, other: int) -> bool:
    """Whether a record was written after another one, by their numbers in one log: the clock may have been set back between them."""
    columns = context.events.columns
    blocks = context.events.sources[int(columns["blocks"][one])] == context.events.sources[int(columns["blocks"][other])]
    same_log = blocks and int(columns["channel"][one]) == int(columns["channel"][other])
    told_back = int(columns["ticks"][one]) - int(columns["ticks"][other]) <= _SET_BACK
    return same_log and told_back and int(columns["numbers"][other]) - int(columns["numbers"][one]) > 0


def _finding(context: Context, task: Task, life: Life, runs: list[int]) -> Finding:
    first, last = context.events[runs[0]], context.events[runs[-1]]
    severity, confidence, reason = _weigh(context, task, life, last)
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
            "The registry was read and has no such task" + _deletion_words(life, last),
            f"It was registered at {registered[-1].time.iso}." if registered else "No event tells of its registration.",
            "Free space of the hive still holds keys of it." if left else "",
            "Windows runs a task from memory on when its keys were deleted behind the service.",
            _computer_words(context, life),
            reason,
        ),
        refs=cited((last.ref,), (first.ref,), refs, (event.ref for event in registered[-1:]), starts_refs(record),
                   *(trace.refs for trace in left[:5])),
        severity=severity,
        confidence=confidence,
        time=last.time,
    )  # fmt: skip


def _deletion_words(life: Life, last: Event) -> str:
    gone = life.rows_of("deleted")
    if not gone:
        return ", and no event says that it was deleted."
    event = life.table[gone[-1]]
    if event.time.ticks > last.time.ticks:
        return f". Event {event.event_id} of {event.time.iso} tells of a deletion."
    return f". It was deleted at {event.time.iso} (event {event.event_id}), and ran again after that, with no deletion since."


def _computer_words(context: Context, life: Life) -> str:
    other = _of_another_computer(context, life)
    return f"The events are of the computer {other}, the registry is of {context.case.host.get('name').value}." if other else ""


def _of_another_computer(context: Context, life: Life) -> str:
    """The computer that all events of its runs are of, where the registry is that of another one; "" else."""
    own, found = own_name(context), computers(context, life.rows_of(*RUNS))
    return min(found) if own and found and own not in {netbios(name) for name in found} else ""


def _is_foreign(context: Context, life: Life) -> bool:
    """Whether its runs are those of another computer, of which logs lie beside this one's own."""
    files = {context.events[row].ref.spans[0].file for row in life.rows_of(*RUNS)[-_LOOKED_AT:]}
    return bool(_of_another_computer(context, life)) and files <= foreign_files(context)


def _ran_what_it_is_for(context: Context, task: Task, life: Life) -> bool:
    """Whether nothing that ran of a known task is striking by itself: its name may be borrowed."""
    programs = {event.process for event in life.of(*_STARTS)[-_LOOKED_AT:] if event.process}
    stock = context.baseline.find(task.path)
    shipped = {leaf(action.command or "") for action in stock.actions} if stock is not None else set()
    return not any(
        leaf(program) not in shipped
        and (leaf(program) in _SHELLS or any(trait.weight == "strong" for trait in judge(program, "", context.case.host)))
        for program in programs
    )


def _weigh(context: Context, task: Task, life: Life, last: Event) -> _Reason:
    """At high only where the logs would tell of the deletion, and the hive is as new as they are, and of the same computer."""
    if _is_foreign(context, life):
        return Severity.LOW, Confidence.POSSIBLE, "That is another computer, or the name that this one had before. Judged low."
    if fold(task.path).startswith(_COMING_AND_GOING) or (is_known(context, task) and _ran_what_it_is_for(context, task, life)):
        return Severity.LOW, Confidence.POSSIBLE, "Windows or a vendor makes and removes tasks of this name by itself. Judged low."
    installed = _installed(context)
    if installed is not None and last.time.ticks < installed.ticks:
        return Severity.LOW, Confidence.POSSIBLE, (
            f"Its last run lies before the installation or upgrade of {installed.iso}, which drops tasks without an event. Judged low."
        )  # fmt: skip
    written = hive_written(context) or newest_write(context)
    registered = life.rows_of("registered")
    if written is not None and registered and int(life.table.columns["ticks"][registered[-1]]) > written.ticks:
        return Severity.LOW, Confidence.POSSIBLE, (
            f"The registry at hand was last written at {written.iso}, before the task was registered: it does not know it yet. Judged low."
        )  # fmt: skip
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
