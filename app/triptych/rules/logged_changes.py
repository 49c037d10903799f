"""Changes of tasks that the logs tell: what a task starts, as whom, when; by whom; and whether it was put back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

from triptych.analysis import accounts
from triptych.analysis.columns import np
from triptych.analysis.links_commands import leaf
from triptych.model.event import Event
from triptych.model.evidence import EvidenceRef
from triptych.model.finding import Confidence, Finding, Severity
from triptych.model.paths import fold
from triptych.model.task import Schedule, Store, Task, TaskRecord, Trigger
from triptych.rules.acting import account_words, acting, action_words, is_shipped_action, is_vendors_own
from triptych.rules.lives import (
    MINUTE,
    TWINS,
    Definition,
    Life,
    Step,
    apart,
    definitions,
    hand,
    is_service,
    lives,
    steps,
    tasks_by_path,
)
from triptych.rules.lives_words import behind, ran, starts_refs, strong_traits
from triptych.rules.lookups import is_vendors
from triptych.rules.phrases import cited, join, quoted, sentences
from triptych.rules.rule import Context, Rule

_BACK = 30 * MINUTE
_MOST_RUNS = 2_000
_Signature = tuple[tuple[Any, ...], ...]
_WORDS = {"starts": "what it starts", "account": "the account it runs as", "triggers": "when it starts"}


@dataclass(frozen=True, slots=True)
class _Change:
    """Two definitions that follow each other, and the parts in which they differ (keys of _WORDS)."""

    before: Definition
    after: Definition
    parts: tuple[str, ...]
    back: Definition | None = None  # the later one that says again what the first says


def _check(context: Context) -> Iterator[Finding]:
    for path, life in lives(context).items():
        task = tasks_by_path(context).get(path)
        if task is None or not life.rows_of("updated", "registered"):
            continue
        changes = list(_changes(context, life))
        found = [finding for change in changes if (finding := _of_change(context, task, life, change))]
        yield from _weightiest(found)
        if not changes:
            yield from _of_runs(context, task, life)
            yield from _of_first(context, task, life)


def _weightiest(found: Sequence[Finding]) -> Iterable[Finding]:
    """Changes that were put back alone where there are any: the way back is told with them."""
    back = [finding for finding in found if finding.severity is Severity.HIGH]
    return back or found


# -- by definitions -----------------------------------------------------------------------------------------------------------


def _changes(context: Context, life: Life) -> Iterator[_Change]:
    if len(np.unique(context.events.columns["content"][life.rows])) < 2:
        return  # one content at most, or one beside events without any
    told = [(one, _signature(context, one.record)) for one in definitions(context, life) if one.record and one.record.has_actions]
    again: dict[_Signature, Definition] = {}  # the next later one that says so
    found: list[_Change] = []
    for at in range(len(told) - 1, 0, -1):
        (before, old), (after, new) = told[at - 1], told[at]
        parts = tuple(part for part, one, other in zip(_WORDS, old, new, strict=True) if one != other)
        if parts and after.event.kind in ("updated", "registered"):
            back = again.get(old)
            near = back is not None and back.event.time.ticks - after.event.time.ticks <= _BACK
            found.append(_Change(before, after, parts, back if near else None))
        again[new] = after
    yield from reversed(found)


def _signature(context: Context, record: TaskRecord | None) -> _Signature:
    """What a definition says, in the order of _WORDS: actions, account, triggers."""
    if record is None:
        return ((), (), ())
    host, principal = context.case.host, record.principal
    who = principal.user_id.value or principal.group_id.value or ""
    return (
        tuple(
            tuple(
                (reading.value or "").strip().casefold()
                for reading in (one.type, one.command, one.arguments, one.working_directory, one.class_id, one.data)
            )
            for one in record.actions
        ),
        ((accounts.sid_of(who, host) or who).casefold(), principal.run_level.value or "LeastPrivilege"),
        tuple(_of_trigger(trigger) for trigger in record.triggers),
    )


_TRIGGER = tuple(member.name for member in fields(Trigger) if member.name not in ("id", "schedule"))
_SCHEDULE = tuple(member.name for member in fields(Schedule))


def _of_trigger(trigger: Trigger) -> tuple[str, ...]:
    readings = [getattr(trigger, name) for name in _TRIGGER] + [getattr(trigger.schedule, name) for name in _SCHEDULE]
    return tuple(str(reading.value) if reading.known else "" for reading in readings)


def _of_change(context: Context, task: Task, life: Life, change: _Change) -> Finding | None:
    event, host = change.after.event, context.case.host
    record = change.after.record
    verdict = _weigh(context, task, life, change)
    if verdict is None or record is None:
        return None
    severity, moved = verdict
    asked, asked_refs = behind(context, event)
    until = change.back.event.time.ticks if change.back else event.time.ticks + _BACK
    programs, run_refs = ran(context, life, event.time.ticks, until) if change.back else ("", ())
    what = join([_WORDS[part] for part in change.parts])
    back = f", and put back {apart(until - event.time.ticks)} later" if change.back else ""
    return CHANGED_LOGGED.finding(
        task,
        f"{change.parts} {event.time.iso}",
        summary=f"{task.path}: {hand(event, host)} changed {what}{back}",
        why=sentences(
            f"Event {event.event_id} of {event.time.iso} tells of the change by {hand(event, host)}.",
            *(_difference(context, part, change) for part in change.parts),
            asked,
            programs,
            _back_words(context, change, programs),
            moved,
        ),
        refs=cited(
            (change.before.event.ref, event.ref), (change.back.event.ref,) if change.back else (), run_refs, asked_refs,
            starts_refs(record), starts_refs(change.before.record),
        ),
        severity=severity,
        time=event.time,
    )  # fmt: skip


def _back_words(context: Context, change: _Change, programs: str) -> str:
    """That the change was undone, and whether the task is known to have run in between."""
    if change.back is None:
        return ""
    ran_not = "" if programs else " No event tells of a run between them."
    event = change.back.event
    return (
        f"At {event.time.iso} {hand(event, context.case.host)} put back what was before, so that its definition shows nothing of it."
        f"{ran_not}"
    )


def _difference(context: Context, part: str, change: _Change) -> str:
    before, after = change.before.record, change.after.record
    if before is None or after is None:
        return ""
    if part == "starts":
        return f"It starts {_starts(after)}; before it started {_starts(before)}."
    if part == "account":
        host = context.case.host
        return (
            f"It runs as {_runs_as(after, account_words(after, host))}; before as {_runs_as(before, account_words(before, host))}."
        )
    return f"Its triggers are {_triggers(after)}; before they were {_triggers(before)}."


def _starts(record: TaskRecord) -> str:
    return join([quoted(action_words(action), 300) for action in record.actions], 4)


def _runs_as(record: TaskRecord, name: str) -> str:
    return f"{name} with the highest rights" if record.principal.run_level.value == "HighestAvailable" else name


def _triggers(record: TaskRecord) -> str:
    words = [
        " ".join(
            part
            for part in (trigger.type.value or "", trigger.start_boundary.value.iso if trigger.start_boundary.value else "")
            if part
        )
        for trigger in record.triggers
    ]
    return join(words, 4)


def _weigh(context: Context, task: Task, life: Life, change: _Change) -> tuple[Severity, str] | None:
    """How a change weighs; None for what services do with their own tasks, and people with theirs."""
    event, host = change.after.event, context.case.host
    stock = context.baseline.find(task.path) is not None
    strong = strong_traits(context, task, change.after.record)
    own = _is_own(context, task, change.after.record)
    if change.back is not None and "starts" in change.parts and not own:
        if strong or not is_service(event, host) or (stock and _programs(change.before) != _programs(change.after)):
            return Severity.HIGH, "A task is borrowed so for one run. Judged higher."
        return Severity.LOW, "An account of the system did it, as updaters do with tasks of their own. Judged low."
    if is_service(event, host):
        if strong and "starts" in change.parts and not own:
            return Severity.MEDIUM, f"An account of the system did it, and the new command {strong[0].words}."
        return None
    if own and not stock:
        return None
    if stock:
        foreign = change.after.record is not None and not all(
            is_shipped_action(context, task, action) for action in change.after.record.actions
        )
        if strong and foreign:
            return Severity.HIGH, f"Windows ships this task; the new command {strong[0].words}. Judged higher."
        if not foreign and change.parts == ("triggers",):
            return (
                Severity.LOW,
                "Windows ships this task, and what it starts is as shipped: a setting of an administrator. Judged low.",
            )
        return Severity.MEDIUM, "Windows ships this task, and a person changed it."
    if change.back is not None:
        return Severity.MEDIUM, ""
    owner = _owner(task, life, change)
    if owner and fold(owner) != fold(event.account):
        return Severity.MEDIUM, f"The task is that of {owner}: another's task was changed."
    if strong and "starts" in change.parts:
        return Severity.MEDIUM, f"The new command {strong[0].words}."
    return None


def _is_own(context: Context, task: Task, record: TaskRecord | None) -> bool:
    """Whether all that a definition starts is what Windows ships there, or the program of the vendor whose task it is."""
    actions = record.actions if record is not None else ()
    return bool(actions) and all(
        is_shipped_action(context, task, action) or is_vendors_own(context, task, action) for action in actions
    )


def _programs(definition: Definition) -> list[str]:
    """The names of the programs and handlers that a definition starts."""
    actions = definition.record.actions if definition.record is not None else ()
    return [leaf(action.command.value or action.class_id.value or "") for action in actions]


def _owner(task: Task, life: Life, change: _Change) -> str:
    """Who registered a task, by the Security log or by its Author; "" where nothing tells."""
    for event in life.of("registered"):
        if event.lane == "security" and event.time.ticks < change.after.event.time.ticks:
            return event.account
    record = change.before.record
    author = record.registration.author.value if record is not None else ""
    return author if author and "\\" in author else ""


# -- a first definition, and runs without definitions -------------------------------------------------------------------------


def _of_first(context: Context, task: Task, life: Life) -> Iterator[Finding]:
    """A shipped task updated by a person to start something that Windows does not ship there; what was before, no event tells."""
    if context.baseline.find(task.path) is None:
        return
    for one in definitions(context, life):
        record, event = one.record, one.event
        if record is None or event.kind != "updated" or is_service(event, context.case.host) or not record.actions:
            continue
        if all(is_shipped_action(context, task, action) for action in record.actions):
            continue
        asked, refs = behind(context, event)
        yield CHANGED_LOGGED.finding(
            task,
            f"first {event.time.iso}",
            summary=f"{task.path}: {hand(event, context.case.host)} updated it, and what it starts is not what Windows ships",
            why=sentences(
                f"Event {event.event_id} of {event.time.iso} tells so. It starts {_starts(record)}.",
                asked,
                "What it was before, no event in the logs tells.",
            ),
            refs=cited((event.ref,), refs, starts_refs(record)),
            confidence=Confidence.LIKELY,
            time=event.time,
        )


def _of_runs(context: Context, task: Task, life: Life) -> Iterator[Finding]:
    """Updates without content (140): the programs that ran before, between and after them tell what was changed."""
    runs = [(event.time.ticks, leaf(event.process), event) for event in _runs(life)]
    updates = steps(life.of("updated"))
    if not updates or not runs:
        return
    now = _programs_now(task)
    for first, second in pairwise(updates):
        if second.ticks - first.ticks > _BACK:
            continue
        between = {name for ticks, name, _ in runs if first.ticks - TWINS <= ticks <= second.ticks}
        outside = {name for ticks, name, _ in runs if ticks < first.ticks - TWINS or ticks > second.ticks} | now
        strange = [event for ticks, name, event in runs if first.ticks - TWINS <= ticks <= second.ticks and name not in outside]
        if between and outside and strange and not between & outside:
            yield _borrowed(context, task, first, second, strange, outside)
            return


def _runs(life: Life) -> list[Event]:
    rows = life.rows_of("action-started", "process-created")[-_MOST_RUNS:]
    return [event for event in (life.table[at] for at in rows) if event.process]


def _programs_now(task: Task) -> set[str]:
    """The programs that the stores say it starts."""
    record = acting(task)
    if record is None or record.store is Store.LOG:
        return set()
    return {leaf(action.command.value or action.class_id.value or "") for action in record.actions} - {""}


def _borrowed(context: Context, task: Task, first: Step, second: Step, strange: list[Event], outside: set[str]) -> Finding:
    host = context.case.host
    firsts: dict[str, Event] = {}
    for event in strange:
        firsts.setdefault(fold(event.process), event)
    ran_words = join([f"{event.process} at {event.time.iso}" for event in firsts.values()], 4)
    refs: list[EvidenceRef] = [*first.refs, *(event.ref for event in strange[:10]), *second.refs]
    severity, moved = Severity.HIGH, "Changed, run and put back is how a task is borrowed for one run. Judged higher."
    if is_service(first.event, host) and is_service(second.event, host) and is_vendors(context, task.path):
        severity, moved = Severity.LOW, "An account of the system updated a vendor's own task, as updaters do. Judged low."
    return CHANGED_LOGGED.finding(
        task,
        f"borrowed {first.event.time.iso}",
        summary=f"{task.path}: updated by {hand(first.event, host)}, run with another program, and updated again "
        f"{apart(second.ticks - first.ticks)} later",
        why=sentences(
            f"At {first.event.time.iso} and at {second.event.time.iso} the task was updated (event {first.event.event_id}), and between "
            f"them it ran {ran_words}.",
            f"Before and after it starts {join(sorted(outside), 4)}: the stores show nothing of it.",
            moved,
        ),
        refs=cited(refs),
        severity=severity,
        confidence=Confidence.LIKELY,
        time=first.event.time,
    )


CHANGED_LOGGED = Rule(
    "changed-logged",
    Severity.MEDIUM,
    "The logs tell that what a task starts, as whom or when was changed: a shipped task by a person, another's task, or changed, run and "
    "put back within minutes.",
    "Services update their own tasks; administrators change the hours and accounts of tasks that are theirs to keep.",
    (
        "Compare the definition before and after, and with what Windows ships.",
        "Follow what ran between the changes.",
        "Ask the account's owner; look at the logon behind the change.",
    ),
    _check,
)
CHANGES = (CHANGED_LOGGED,)
