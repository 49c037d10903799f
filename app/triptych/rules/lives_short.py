"""Tasks that live for minutes: registered, run, and deleted again."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from triptych.analysis.acts import Act
from triptych.model.evidence import EvidenceRef
from triptych.model.finding import Confidence, Finding, Severity
from triptych.model.paths import fold
from triptych.model.task import Task, TaskRecord, TraceKind
from triptych.rules.acting import action_words, is_known, is_vendors_own, target
from triptych.rules.lives import (
    MINUTE,
    TWINS,
    Life,
    Routine,
    Step,
    acts_on,
    apart,
    definition_at,
    definitions,
    hand,
    is_managements,
    is_service,
    lives,
    plain_name,
    routines,
    steps,
    tasks_by_path,
)
from triptych.rules.lives_words import behind, ran, starts_refs, starts_words, strong_traits
from triptych.rules.lookups import once, traces
from triptych.rules.phrases import cited, count, cut, join, quoted, sentences
from triptych.rules.rule import Context, Rule

_SHORT = 10 * MINUTE
_TOLD = 100  # short lives by one hand that are told one by one
_AFTERWARDS = MINUTE  # what it started may be told a little later than its deletion
_REPLACED = MINUTE  # registered again so soon after its deletion, a task was replaced by its next version
_NEIGHBOURS = 64  # registrations that are looked at around a deletion: those of other computers may lie between
_AT = re.compile(r"\\at\d+")
_PROGRAM_FILES = re.compile(r"[a-z]:\\program files(?: \(x86\))?\\[^\\]+\\.")


@dataclass(frozen=True, slots=True)
class _Pair:
    """A registration and the deletion that followed it within minutes."""

    task: Task
    life: Life
    made: Step
    gone: Step
    again: Step | None = None  # the registration that followed at once: the task was replaced


def _check(context: Context) -> Iterator[Finding]:
    by_hand: dict[str, list[Finding]] = defaultdict(list)
    for held in _pairs(context).values():
        finding = _finding(context, held)
        if finding is not None:
            by_hand[hand(held[-1].gone.event, context.case.host)].append(finding)
    for who, found in by_hand.items():
        found.sort(key=lambda finding: finding.severity.rank)  # those of equal weight stay in the order of their paths
        yield from found[:_TOLD]
        if len(found) > _TOLD:
            yield _of_many(who, found[_TOLD:])
    yield from _by_lines(context)


def _of_many(who: str, found: list[Finding]) -> Finding:
    """One finding for the rest of a flood: nobody reads ten thousand that say the same."""
    first = min(found, key=lambda finding: finding.time.ticks if finding.time else 0)
    names = sorted({finding.task or "" for finding in found}, key=fold)
    return CREATED_AND_DELETED.finding(
        None,
        f"many {fold(who)}",
        summary=f"{count(len(found), 'more task')} were created and deleted within minutes by {who}",
        why=sentences(
            f"The {_TOLD} that weigh most are told one by one. The others are {join([cut(name, 60) for name in names], 8)}.",
            "So many registrations push older records out of a log that overwrites itself, and hide one task among many.",
        ),
        refs=cited(*(finding.refs for finding in found[:20])),
        severity=found[0].severity,
        time=first.time,
    )


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
    """Each deletion with the last registration before it, on one computer."""
    if not life.rows_of("deleted"):
        return
    made = steps(life.of("registered"))
    for step in steps(life.of("deleted")):
        if step.ticks <= 0 or not step.event.time.showable:
            continue  # a damaged time is none
        at = bisect_right(made, step.ticks, key=lambda one: one.ticks)
        before = next((one for one in reversed(made[max(0, at - _NEIGHBOURS) : at]) if _one_computer(one, step)), None)
        if before is None or step.ticks - before.ticks > _SHORT:
            continue
        after = next((one for one in made[at : at + _NEIGHBOURS] if _one_computer(one, step)), None)
        again = after if after is not None and after.ticks - step.ticks <= _REPLACED else None
        yield _Pair(task, life, before, step, again)


def _one_computer(one: Step, other: Step) -> bool:
    return plain_name(one.event.computer) == plain_name(other.event.computer)


def is_short_lived(context: Context, path: str) -> bool:
    """Whether a task was registered and deleted within minutes."""
    return any(pair.again is None for pair in _pairs(context).get(fold(path), ()))


def _finding(context: Context, pairs: list[_Pair]) -> Finding | None:
    pair = next((one for one in reversed(pairs) if one.again is None), pairs[-1])
    record = _deleted(context, pair)
    strong = strong_traits(context, pair.task, record)
    verdict = _weigh(context, pair, strong=bool(strong))
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
            starts_words(context, record) or _unknown_words(context, pair, programs),
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


def _unknown_words(context: Context, pair: _Pair, programs: str) -> str:
    told = programs or any(act.command for act in acts_on(context, pair.task.path))
    return "" if told else "No event tells what it was to start."


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


def _weigh(context: Context, pair: _Pair, *, strong: bool) -> tuple[Severity, str] | None:
    """How a short life weighs; None for what services do all the time."""
    host = context.case.host
    audited = pair.made.event.lane == "security"
    if is_service(pair.made.event if audited else pair.gone.event, host) and is_service(pair.gone.event, host):
        return _of_service(context, pair, strong=strong, audited=audited)
    if pair.again is not None and not _is_another(context, pair, pair.again):
        later = apart(pair.again.ticks - pair.gone.ticks)
        if _defined(context, pair, 0, pair.gone.ticks) is None and ran(context, pair.life, pair.made.ticks, pair.gone.ticks)[0]:
            return Severity.MEDIUM, (
                f"It was registered again {later} later; whether what ran and what stands there now are one, no event tells. Judged medium."
            )
        return Severity.LOW, f"It was registered again {later} later: it was replaced, not removed. Judged low."
    if _is_of_policy(context, pair.task):
        return (
            Severity.LOW,
            "A Group Policy file defines a task of this name: an immediate task is made, run and removed. Judged low.",
        )
    if strong and not is_managements(pair.task.path):
        return Severity.HIGH, ""
    record = _deleted(context, pair)
    if record is not None and record.actions and all(is_vendors_own(context, pair.task, action) for action in record.actions):
        return (
            Severity.LOW,
            "A vendor's installer makes and removes the task of this name and program. Judged low.",
        )
    routine = _of_hand(context)[fold(hand(pair.gone.event, host))]
    if routine.is_one:
        return Severity.LOW, (
            f"The same account made and removed {routine.count} tasks like this over {apart(routine.span)}: tools of management do so. "
            "Judged low."
        )
    if not strong and _is_an_installers(context, record):
        return Severity.MEDIUM, (
            "What it was to start lies in Program Files, where only administrators can put it: installers make and remove tasks so. "
            "Judged medium."
        )
    return Severity.HIGH, ""


def _is_another(context: Context, pair: _Pair, again: Step) -> bool:
    """Whether what was registered anew is told to start something else than what was deleted."""
    gone = _defined(context, pair, 0, pair.gone.ticks)
    new = _defined(context, pair, pair.gone.ticks + 1, again.ticks + TWINS)
    return gone is not None and new is not None and starts_words(context, gone) != starts_words(context, new)


def _defined(context: Context, pair: _Pair, since: int, until: int) -> TaskRecord | None:
    """The last definition that events carry between two times."""
    told = (one.record for one in definitions(context, pair.life) if since <= one.event.time.ticks <= until)
    return next((record for record in reversed(list(told)) if record is not None and record.has_actions), None)


def _deleted(context: Context, pair: _Pair) -> TaskRecord | None:
    """What was deleted, as far as events tell."""
    return _defined(context, pair, 0, pair.gone.ticks) or definition_at(context, pair.life, pair.gone.ticks)


def _of_service(context: Context, pair: _Pair, *, strong: bool, audited: bool) -> tuple[Severity, str] | None:
    """The same where an account of the system removed the task, and nothing says that a person registered it."""
    if strong:
        return Severity.MEDIUM, "An account of the system did it, as updaters do; what it started is not what these start."
    if is_known(context, pair.task):
        return None
    if _AT.fullmatch(fold(pair.task.path)):
        return Severity.MEDIUM, (
            "The service makes tasks of this name for at.exe and its interface, and removes them after their run; which account asked for "
            "it no event tells. Judged medium."
        )
    if not audited and pair.made.event.account and not is_service(pair.made.event, context.case.host):
        return Severity.MEDIUM, (
            "An account of the system removed it, as Windows does with a task whose time is over. It was to run as "
            f"{pair.made.event.account}, and no event tells which account registered it. Judged medium."
        )
    return Severity.LOW, "An account of the system did it: updaters and installers make and remove tasks so. Judged low."


def _is_of_policy(context: Context, task: Task) -> bool:
    path = fold(task.path).strip("\\")
    return any(fold(trace.path).strip("\\") == path for trace in traces(context, TraceKind.POLICY_TASK))


def _of_hand(context: Context) -> dict[str, Routine]:
    """How often and over how long each account made a task that it deleted within minutes."""

    def make() -> dict[str, Routine]:
        told = (
            (fold(hand(one.gone.event, context.case.host)), one.made.ticks) for held in _pairs(context).values() for one in held
        )
        return routines(told)

    return once(context, "short lives by hand", make)


def _is_an_installers(context: Context, record: TaskRecord | None) -> bool:
    """Whether all that a definition starts are programs in Program Files."""
    if record is None or not record.actions:
        return False
    programs = [fold(target(action, context.case.host)) for action in record.actions]
    return all(_PROGRAM_FILES.match(program) and ".." not in program for program in programs)


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
