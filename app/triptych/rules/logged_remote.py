"""Tasks registered from another computer, and from here on another one."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from triptych.analysis.acts import Act
from triptych.analysis.columns import np
from triptych.analysis.links import address_of, is_loopback, one_account, told_address
from triptych.model.event import Event
from triptych.model.evidence import EvidenceRef
from triptych.model.finding import Confidence, Finding, Severity
from triptych.model.paths import fold
from triptych.model.task import Task
from triptych.rules.lives import (
    MINUTE,
    Life,
    Routine,
    acts,
    apart,
    causes,
    definition_at,
    hand,
    is_managements,
    is_service,
    lives,
    plain_name,
    routines,
    row,
    tasks_by_path,
)
from triptych.rules.lives_short import is_short_lived
from triptych.rules.lives_words import behind, ran, starts_refs, starts_words, strong_traits
from triptych.rules.lookups import once
from triptych.rules.phrases import cited, count, join, quoted, sentences
from triptych.rules.rule import Context, Rule

_NETWORK = "3"
_REMOTE = "2"  # RpcCallClientLocality: 0 invalid, 1 local, 2 remote, 3 unknown (the RPC enumeration of that name)
_LATER = 2 * MINUTE  # a logon may be told after what was done with it
_NEIGHBOURS = 64  # logons of one id that are looked at after an event
_RUN = 10 * MINUTE


@dataclass(frozen=True, slots=True)
class _Arrival:
    """How a registration came over the network: the proof in words, the address, the events."""

    task: Task
    life: Life
    event: Event
    words: str
    address: str
    refs: tuple[EvidenceRef, ...]
    confidence: Confidence
    is_local: bool = False  # the network logon came from the machine itself


def _arrivals(context: Context) -> list[_Arrival]:
    def make() -> list[_Arrival]:
        return [told for task, life, event in _audited(context) if (told := _arrival(context, task, life, event))]

    return once(context, "remote registrations", make)


def _audited(context: Context) -> Iterator[tuple[Task, Life, Event]]:
    for path, life in lives(context).items():
        task = tasks_by_path(context).get(path)
        if task is not None:
            yield from ((task, life, event) for event in life.of("registered") if event.lane == "security")


def _arrival(context: Context, task: Task, life: Life, event: Event) -> _Arrival | None:
    logon = _network_logon(context, event)
    pipe = next((cause for _, cause in causes(context, row(context, event), "pipe")), None)
    address = (address_of(logon) if logon else "") or (address_of(pipe) if pipe else "")
    refs = tuple(one.ref for one in (logon, pipe) if one is not None)
    where = f" from {address}" if address else ""
    if logon is not None and is_loopback(logon):
        words = (
            f"through a network logon of the machine to itself: its logon {event.logon_id} is of type 3, from {told_address(logon)}"
        )
        return _Arrival(task, life, event, words, "", refs, Confidence.CERTAIN, is_local=True)
    if logon is not None and pipe is not None and not address_of(logon):
        words = (
            f"over the network: its logon {event.logon_id} is a network logon (type 3) whose record states no address; the same account "
            f"reached the pipe of the Task Scheduler (atsvc){where} just before"
        )
        return _Arrival(task, life, event, words, address, refs, Confidence.CERTAIN)
    if logon is not None:
        words = f"over the network{where}: its logon {event.logon_id} is a network logon (type 3)"
        return _Arrival(task, life, event, words, address, refs, Confidence.CERTAIN)
    if pipe is not None:
        words = f"over the network{where}: the same account reached the pipe of the Task Scheduler (atsvc) just before"
        return _Arrival(task, life, event, words, address, refs, Confidence.LIKELY)
    locality, client = event.get("RpcCallClientLocality").strip(), event.get("ClientProcessId").strip()
    if locality == _REMOTE:
        return _Arrival(task, life, event, "over the network: the event says that the caller was remote", "", (), Confidence.LIKELY)
    if locality == "0" and client in ("0", "0x0") and not _has_logon(context, event):
        words = "probably over the network: the event names no process of this machine as the caller"
        return _Arrival(task, life, event, words, "", (), Confidence.POSSIBLE)
    return None


def _has_logon(context: Context, event: Event) -> bool:
    """Whether the logs tell its logon, which then is none over the network."""
    return any(True for _ in causes(context, row(context, event), "logon"))


def _network_logon(context: Context, event: Event) -> Event | None:
    for _, cause in causes(context, row(context, event), "logon"):
        return cause if cause.get("LogonType") == _NETWORK else None
    rows, ticks = _logons(context).get(event.logon_id, []), context.events.columns["ticks"]
    first = bisect_left(rows, event.time.ticks, key=lambda at: int(ticks[at]))
    for at in rows[first : first + _NEIGHBOURS]:  # records may be told out of order
        other = context.events[at]
        if (
            other.time.ticks - event.time.ticks <= _LATER
            and other.view == event.view
            and plain_name(other.computer) == plain_name(event.computer)
            and other.get("LogonType") == _NETWORK
            and one_account(other.account, event.account)
        ):
            return other
    return None


def _logons(context: Context) -> dict[str, list[int]]:
    """The rows of logons by their id; those of the system's own accounts are nobody's."""

    def make() -> dict[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        table = context.events
        rows, numbers = table.rows("logon"), table.columns["logon_id"]
        asked = np.unique(numbers[table.rows("registered")])  # a million others are not looked at
        for at in rows[np.isin(numbers[rows], asked)]:
            found[table.text("logon_id", int(at))].append(int(at))
        for name in ("", "0x0", "0x3e7", "0x3e5", "0x3e4"):
            found.pop(name, None)
        return found

    return once(context, "logons by id", make)


def _check(context: Context) -> Iterator[Finding]:
    by_task: dict[str, list[_Arrival]] = defaultdict(list)
    for arrival in _arrivals(context):
        by_task[fold(arrival.task.path)].append(arrival)
    for held in by_task.values():
        yield _finding(context, held)
    yield from _elsewhere(context)
    yield from _pipes_alone(context)


def _finding(context: Context, held: list[_Arrival]) -> Finding:
    last = held[-1]
    host = context.case.host
    record = definition_at(context, last.life, last.event.time.ticks)
    strong = strong_traits(context, last.task, record)
    asked, asked_refs = behind(context, last.event, ("client", "act"))
    programs, run_refs = ran(context, last.life, last.event.time.ticks, last.event.time.ticks + _RUN)
    severity, moved = _weigh(context, last, strong=bool(strong))
    return CREATED_REMOTELY.finding(
        last.task,
        f"{last.event.time.iso} {last.address}",
        summary=f"{last.task.path}: registered by {hand(last.event, host)} "
        + ("through a network logon of the machine to itself" if last.is_local else "over the network")
        + (f" from {last.address}" if last.address else ""),
        why=sentences(
            f"Event {last.event.event_id} of {last.event.time.iso} tells of a registration by {hand(last.event, host)}, {last.words}.",
            asked,
            starts_words(context, record),
            f"The command {strong[0].words}." if strong else "",
            programs,
            f"A task of this name was registered so {count(len(held), 'time')}." if len(held) > 1 else "",
            moved,
        ),
        refs=cited((last.event.ref,), last.refs, asked_refs, run_refs, starts_refs(record)),
        severity=severity,
        confidence=last.confidence,
        time=last.event.time,
    )


def _weigh(context: Context, last: _Arrival, *, strong: bool) -> tuple[Severity, str]:
    if strong and not is_managements(last.task.path):
        return Severity.HIGH, "What it starts is suspicious by itself. Judged higher."
    routine = _of_hand(context)[fold(hand(last.event, context.case.host)), last.address]
    if routine.is_one:
        return Severity.LOW, (
            f"The same account registered {routine.count} tasks so over {apart(routine.span)}: management does that. Judged low."
        )
    if strong:
        return Severity.HIGH, "What it starts is suspicious by itself. Judged higher."
    if is_service(last.event, context.case.host):
        return Severity.LOW, "The account is that of a machine: clusters and servers of management register tasks so. Judged low."
    if last.is_local:
        return (
            Severity.LOW,
            "The logon came from this machine itself: tools that use WinRM or a share of their own machine do so. Judged low.",
        )
    if is_short_lived(context, last.task.path):
        return (
            Severity.HIGH,
            "It was deleted again within minutes, as tools for running commands on other computers do. Judged higher.",
        )
    return Severity.MEDIUM, ""


def _of_hand(context: Context) -> dict[tuple[str, str], Routine]:
    """How often and over how long each account registered tasks from each address."""

    def make() -> dict[tuple[str, str], Routine]:
        return routines(
            ((fold(hand(one.event, context.case.host)), one.address), one.event.time.ticks) for one in _arrivals(context)
        )

    return once(context, "remote registrations by hand", make)


def _elsewhere(context: Context) -> Iterator[Finding]:
    """What command lines of this machine did to tasks of other computers: one finding for each computer and task."""
    groups: dict[tuple[str, str], list[Act]] = defaultdict(list)
    for act in acts(context):
        if act.host and act.verb in ("create", "change", "run", "delete"):
            groups[act.host.casefold(), fold(act.task)].append(act)
    for (_, path), held in groups.items():
        first = held[0]
        task = tasks_by_path(context).get(path)
        who = hand(first.event, context.case.host)
        verbs = join(list(dict.fromkeys(act.verb for act in held)), 4)
        yield CREATED_REMOTELY.finding(
            task,
            f"elsewhere {first.host.casefold()} {path} {verbs}",
            summary=f"{first.task or 'a task'}: {who} {_PAST[first.verb]} it on the computer {first.host} from here",
            why=sentences(
                *(
                    f"At {act.time.iso} {hand(act.event, context.case.host)} {act.words}: {quoted(act.line, 400)}."
                    for act in held[:4]
                ),
                "The task is one of that computer: what became of it, its stores and logs tell.",
            ),
            refs=cited(*(act.refs for act in held)),
            confidence=Confidence.LIKELY,
            time=first.time,
            next_steps=(f"Look for the task on {first.host}: stores, logs, and what it started.", "Ask the account's owner."),
        )


_PAST = {"create": "created", "change": "changed", "run": "started", "delete": "deleted"}


def _pipes_alone(context: Context) -> Iterator[Finding]:
    """The pipe of the Task Scheduler reached from elsewhere, where no event of the Security log names a task: by account, address."""
    if any(True for event in context.events.of("registered") if event.lane == "security" and event.view == context.view):
        return
    groups: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in context.events.of("share-access"):
        if event.view == context.view and "atsvc" in event.get("RelativeTargetName").casefold() and address_of(event):
            groups[fold(event.account), address_of(event)].append(event)
    for (_, address), held in groups.items():
        who = hand(held[0], context.case.host)
        yield CREATED_REMOTELY.finding(
            None,
            f"pipe {fold(who)} {address}",
            summary=f"{who} reached the Task Scheduler's pipe (atsvc) over the network from {address}",
            why=sentences(
                f"Event 5145 tells so {count(len(held), 'time')}, first at {held[0].time.iso}.",
                "Tools that run commands on other computers register a task through this pipe; Windows' own tools do not use it.",
                "The events of tasks (4698 to 4702) were not recorded, so no event says what was done.",
            ),
            refs=cited(event.ref for event in held[:20]),
            severity=Severity.LOW,
            confidence=Confidence.POSSIBLE,
            time=held[0].time,
        )


CREATED_REMOTELY = Rule(
    "created-remotely",
    Severity.MEDIUM,
    "A task was registered over the network: through a network logon, the pipe of the Task Scheduler, or a caller on another "
    "computer; or a command line here did so on another computer.",
    "Administration from afar (WinRM, Ansible, MECM, backup and monitoring servers), cluster tasks; a person who sits at the machine "
    "may work through WinRM too.",
    (
        "Find the computer of that address, and what ran there under this account at that time.",
        "Look for other things the logon did: files copied, services, further tasks.",
        "Ask the account's owner.",
    ),
    _check,
)
REMOTE = (CREATED_REMOTELY,)
