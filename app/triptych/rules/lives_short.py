"""Tasks that live for minutes: registered, run, and deleted again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from triptych.analysis.acts import Act
from triptych.model.evidence import EvidenceRef
from triptych.model.finding import Confidence, Finding, Severity
from triptych.model.paths import fold
from triptych.model.task import Task, TaskRecord, TraceKind
from triptych.model.times import TICKS_A_DAY
from triptych.rules.acting import action_words, is_known
from triptych.rules.lives import (
    MINUTE,
    Life,
    Step,
    acts_on,
    apart,
    definition_at,
    hand,
    is_service,
    lives,
    steps,
    tasks_by_path,
)
from triptych.rules.lives_words import behind, ran, starts_refs, starts_words, strong_traits
from triptych.rules.lookups import once, traces
from triptych.rules.phrases import cited, count, join, quoted, sentences
from triptych.rules.rule import Context, Rule

_SHORT = 10 * MINUTE
_AFTERWARDS = MINUTE  # what it started may be told a little later than its deletion
_ROUTINE, _WEEK = 3, 7 * TICKS_A_DAY


@dataclass(frozen=True, slots=True)
class _Pair:
    """A registration and the deletion that followed it within minutes."""

    task: Task
    life: Life
    made: Step
    gone: Step


def _check(context: Context) -> Iterator[Finding]:
    for held in _pairs(context).values():
        finding = _finding(context, held)
        if finding is not None:
            yield finding
    yield from _by_lines(context)


def _pairs(context: Context) -> dict[str, list[_Pair]]:
    def make() -> dict[str, list[_Pair]]:
        found: dict[str, list[_Pair]] = {}
        for path, life in lives(context).items():
            task = tasks_by_path(context).get(path)
            if task is not None and (pairs := list(_of_life(task, life))):
                found[path] = pairs
        return found

    return once(context, "short lives", make)


def _of_life(task: Task, life: Life) -> Iterator[_Pair]:
    gone = life.rows_of("deleted")
    if not gone:
        return
    made = steps(life.of("registered"))
    for step in steps(life.of("deleted")):
        before = [one for one in made if 0 <= step.ticks - one.ticks <= _SHORT]
        if before:
            yield _Pair(task, life, before[-1], step)


def is_short_lived(context: Context, path: str) -> bool:
    """Whether a task was registered and deleted within minutes."""
    return fold(path) in _pairs(context)


def _finding(context: Context, pairs: list[_Pair]) -> Finding | None:
    pair = pairs[-1]
    record = definition_at(context, pair.life, pair.gone.ticks)
    strong = strong_traits(context, pair.task, record)
    verdict = _weigh(context, pairs, strong=bool(strong))
    if verdict is None:
        return None
    severity, moved = verdict
    host = context.case.host
    who, until = hand(pair.gone.event, host), pair.gone.ticks + _AFTERWARDS
    asked, asked_refs = behind(context, pair.made.event)
    programs, run_refs = ran(context, pair.life, pair.made.ticks, until)
    span = apart(pair.gone.ticks - pair.made.ticks)
    return CREATED_AND_DELETED.finding(
        pair.task,
        f"{pair.made.event.time.iso} {pair.gone.event.time.iso}",
        summary=f"{pair.task.path}: created, and deleted {span} later by {who}",
        why=sentences(
            _made_words(pair, context),
            asked,
            starts_words(context, record),
            _at_first(context, pair, record),
            f"The command {strong[0].words}." if strong else "",
            programs,
            f"At {pair.gone.event.time.iso} {who} deleted it (event {pair.gone.event.event_id}).",
            f"This happened {count(len(pairs), 'time')} to a task of this name." if len(pairs) > 1 else "",
            moved,
        ),
        refs=cited(pair.made.refs, pair.gone.refs, run_refs, asked_refs, starts_refs(record)),
        severity=severity,
        time=pair.made.event.time,
    )


def _at_first(context: Context, pair: _Pair, record: TaskRecord | None) -> str:
    """What it was to start before it was changed, where its definition says something else than the last one."""
    first = definition_at(context, pair.life, pair.made.ticks)
    if first is None or record is None or starts_words(context, first) == starts_words(context, record):
        return ""
    return f"At first it was to start {join([quoted(action_words(action), 300) for action in first.actions], 3)}."


def _made_words(pair: _Pair, context: Context) -> str:
    event = pair.made.event
    if event.event_id == 106:  # its UserContext is the account that the task runs as, not the one that registered it
        return f"It was registered at {event.time.iso} (event 106)."
    return f"{hand(event, context.case.host)} registered it at {event.time.iso} (event {event.event_id})."


def _weigh(context: Context, pairs: list[_Pair], *, strong: bool) -> tuple[Severity, str] | None:
    """How a short life weighs; None for what services do all the time."""
    pair, host = pairs[-1], context.case.host
    teller = pair.made.event if pair.made.event.lane == "security" else pair.gone.event
    if is_service(teller, host) and is_service(pair.gone.event, host):
        if strong:
            return Severity.MEDIUM, "An account of the system did it, as updaters do; what it started is not what these start."
        return None if is_known(context, pair.task) else (
            Severity.LOW, "An account of the system did it: updaters and installers make and remove tasks so. Judged low.",
        )  # fmt: skip
    if any(fold(trace.path).strip("\\") == fold(pair.task.path).strip("\\") for trace in traces(context, TraceKind.POLICY_TASK)):
        return (
            Severity.LOW,
            "A Group Policy file defines a task of this name: an immediate task is made, run and removed. Judged low.",
        )
    mine = fold(hand(pair.gone.event, host))
    same = [one for held in _pairs(context).values() for one in held if fold(hand(one.gone.event, host)) == mine]
    times = [one.made.ticks for one in same]
    if not strong and len(same) >= _ROUTINE and max(times) - min(times) >= _WEEK:
        return Severity.LOW, (
            f"The same account made and removed {len(same)} tasks like this over {apart(max(times) - min(times))}: tools of "
            "management do so. Judged low."
        )  # fmt: skip
    return Severity.HIGH, ""


def _by_lines(context: Context) -> Iterator[Finding]:
    """Where no event of the scheduler tells it: a command line that creates a task, and one that deletes it minutes later."""
    for path, task in tasks_by_path(context).items():
        acts = acts_on(context, task.path)
        life = lives(context).get(path)
        if len(acts) < 2 or (life is not None and life.rows_of("registered", "deleted")):
            continue
        made: Act | None = None
        for act in acts:
            made = act if act.verb == "create" else made
            if act.verb == "delete" and made is not None and act.time.ticks - made.time.ticks <= _SHORT:
                yield _of_lines(
                    context, task, made, act, [one for one in acts if made.time.ticks <= one.time.ticks <= act.time.ticks]
                )
                break


def _of_lines(context: Context, task: Task, made: Act, gone: Act, acts: list[Act]) -> Finding:
    span = apart(gone.time.ticks - made.time.ticks)
    refs: list[EvidenceRef] = [ref for act in acts for ref in act.refs]
    return CREATED_AND_DELETED.finding(
        task,
        f"{made.time.iso} {gone.time.iso}",
        summary=f"{task.path}: a command line creates it, and another deletes it {span} later",
        why=sentences(
            f"At {made.time.iso} {hand(made.event, context.case.host)} {made.words}: {quoted(made.line, 300)}.",
            *(f"Then the task was started by a command line at {act.time.iso}." for act in acts if act.verb == "run"),
            f"At {gone.time.iso} {hand(gone.event, context.case.host)} {gone.words}.",
            "No event of the scheduler tells whether it came about.",
        ),
        refs=cited(refs),
        severity=Severity.LOW if is_service(made.event, context.case.host) else Severity.HIGH,
        confidence=Confidence.LIKELY,
        time=made.time,
    )


CREATED_AND_DELETED = Rule(
    "created-and-deleted",
    Severity.HIGH,
    "A task was registered and deleted again within ten minutes: it was made for one run, and nothing of it was to stay.",
    "Installers, updaters and tools of management (Ansible, Packer, MECM, PDQ) run something once as another account by such a "
    "task; a person who tries something out does it too.",
    (
        "Read what it started, and follow that process: its children, files and connections.",
        "Look for the same name, command or account on other hosts at that time.",
        "Ask the account's owner; look at the logon behind it.",
    ),
    _check,
)
SHORT_LIVES = (CREATED_AND_DELETED,)
