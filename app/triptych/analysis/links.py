"""Which events belong together, and why: the logon behind a registration, the process behind a run, two logs of one act.

Numbers of processes and logons are used again, so each search is bounded by time and by the starts of Windows (formats.md 7.4 of
the material; checked on real logs). Only events that concern tasks are gone through; the others are looked up in columns.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from triptych.analysis.acts import Act
from triptych.analysis.event_table import EventTable
from triptych.analysis.links_commands import leaf, same_program
from triptych.analysis.links_definitions import Commands
from triptych.analysis.links_lines import SECURITY, SYSMON, TASKS_LOG, Line, Tie, apart, concerned, lines_of
from triptych.analysis.links_lookup import NONE, Lookup
from triptych.analysis.runs import Run, run_ties, runs
from triptych.logs.numbers import folded_id
from triptych.model.event import Event
from triptych.model.paths import fold
from triptych.model.times import NEVER, TICKS_A_SECOND

NETWORK = "3"
LOGON_TYPES = {
    "0": "of the system", "2": "interactive", "3": "network", "4": "batch", "5": "service", "7": "unlock", "8": "network with password",
    "9": "with other credentials", "10": "remote desktop", "11": "cached interactive", "12": "cached remote", "13": "cached unlock",
}  # fmt: skip
_EVERYBODYS = frozenset(("", "0x0", "0x3e4", "0x3e5", "0x3e7"))  # none, NETWORK SERVICE, LOCAL SERVICE, SYSTEM: of no one logon
_TWINS = 5 * TICKS_A_SECOND
_STARTED = 10 * TICKS_A_SECOND  # between a process and the event of its task
_PIPE = 15 * TICKS_A_SECOND
_PAIRS = {106: (4698,), 140: (4702, 4700), 141: (4699,), 142: (4701,)}
_CHANGES = frozenset(("registered", "updated"))
_RUNS = frozenset(("triggered", "run-started", "process-created", "action-started"))
_CHILDREN, _OFFSPRING = 16, 600 * TICKS_A_SECOND  # processes of a task's process that are followed, and for how long
_ACT = 60 * TICKS_A_SECOND  # between a command and what it brings about
_BEFORE = TICKS_A_SECOND  # logs of two providers are not written in one order
_CAME_ABOUT = {
    "create": ("registered", "updated", "file-created"), "change": ("updated", "file-created"), "delete": ("deleted", "file-deleted"),
    "enable": ("enabled", "updated"), "hide": ("registry-key", "registry-changed"), "edit-key": ("registry-key", "registry-changed"),
    "remove-key": ("registry-key", "registry-changed"),
    "disable": ("disabled",), "run": ("triggered", "run-started"), "end": ("run-stopped",),
}  # fmt: skip
_DELETES = 0x10000  # access right DELETE
_SENSES = {"registered": "registered", "updated": "changed", "deleted": "deleted", "enabled": "enabled", "disabled": "disabled"}


@dataclass(frozen=True, slots=True)
class Links:
    """Everything that ties events of a table together. `rows` concern tasks, `reached` stand beside them and a tie leads there."""

    rows: tuple[int, ...] = ()
    ties: tuple[Tie, ...] = ()
    runs: tuple[Run, ...] = ()
    reached: tuple[int, ...] = ()

    def of(self, *kinds: str) -> Iterator[Tie]:
        return (tie for tie in self.ties if tie.kind in kinds)


def links(table: EventTable, acting: Iterable[tuple[int, Act]] = ()) -> Links:
    """Tie the events of a table; `acting` are rows whose command line or script acts on a task. In the order of cause, effect."""
    if not len(table):
        return Links()
    lookup = Lookup(table)
    rows = concerned(table)
    lines = list(lines_of(table, rows, lookup.hosts))
    made = runs(lines)
    ties = list(run_ties(made))
    ties += _twins(lines)
    ties += _first_runs(lines, made)
    ties += _logons(lines, lookup)
    ties += _clients(lines, lookup)
    ties += _started(lines, lookup)
    ties += _pipes(lines, lookup)
    ties += _handles(lines, lookup)
    ties += Commands(lookup).ties(lines)
    acts = tuple(acting)
    ties += _acts(acts, lines, lookup)
    ties += _behind(ties, lookup, (row for row, _ in acts if lookup.is_process(row)))
    kept = {(tie.cause, tie.effect): tie for tie in reversed(ties)}
    ordered = tuple(sorted(kept.values(), key=lambda tie: (tie.cause, tie.effect)))
    told = tuple(rows.tolist())
    known = set(told)
    reached = sorted({row for tie in ordered for row in (tie.cause, tie.effect) if row not in known})
    return Links(told, ordered, made, tuple(reached))


# -- two logs, one act ----------------------------------------------------------------------------------------------------


def _twins(lines: Sequence[Line]) -> Iterator[Tie]:
    """106 and 4698, 140 and 4702 (or 4700), 141 and 4699, 142 and 4701 of one task within seconds, each with its nearest."""
    audited: dict[tuple[int, str, int], list[Line]] = defaultdict(list)
    for line in lines:
        if line.lane == SECURITY and line.task:
            audited[line.host, line.task, line.event_id].append(line)
    taken: set[int] = set()
    for line in lines:
        if line.lane != TASKS_LOG or line.event_id not in _PAIRS:
            continue
        found = [
            near for number in _PAIRS[line.event_id] for near in _near(audited[line.host, line.task, number], line.tick, _TWINS)
        ]
        best = min(
            (other for other in found if other.row not in taken), key=lambda other: abs(other.tick - line.tick), default=None
        )
        if best is not None:
            taken.add(best.row)
            why = (
                f"events {best.event_id} and {line.event_id} of one task, {apart(best.tick - line.tick)} apart: two logs of one act"
            )
            yield Tie(best.row, line.row, "twin", why)


def _near(held: Sequence[Line], tick: int, span: int) -> list[Line]:
    """Lines within a span of time, at most a few on either side."""
    at = bisect_left(held, tick, key=lambda line: line.tick)
    return [line for line in held[max(0, at - 4) : at + 4] if abs(line.tick - tick) <= span]


def _first_runs(lines: Sequence[Line], found: Sequence[Run]) -> Iterator[Tie]:
    """From a registration or change to the first run after it, of the same task, with no deletion between them."""
    heads = {line.row: run.first for run in found for line in run.lines}
    changed: dict[tuple[int, str], Line] = {}
    for line in lines:
        key = (line.host, line.task)
        if not line.task:
            continue
        if line.kind in _CHANGES:
            changed[key] = line
        elif line.kind == "deleted":
            changed.pop(key, None)
        elif line.kind in _RUNS and line.lane == TASKS_LOG and key in changed:
            change, head = changed.pop(key), heads.get(line.row, line)
            if head.task and head.task != line.task:
                head = line  # one instance id on two tasks: that of this one
            why = f"the first run of the task after it was {_SENSES[change.kind]}, {apart(line.tick - change.tick)} later"
            yield Tie(change.row, head.row, "first-run", why)


# -- who: logons and processes --------------------------------------------------------------------------------------------


def _logons(lines: Iterable[Line], lookup: Lookup) -> Iterator[Tie]:
    for line in lines:
        if line.lane == SECURITY:
            yield from _logon(lookup, line.host, line.logon, line.row, "it names this logon")


def _logon(lookup: Lookup, host: int, logon: str, row: int, words: str) -> Iterator[Tie]:
    """The newest 4624 of that logon id before a row, on the same computer, in the same start of Windows, of the same account."""
    number = lookup.text_number(logon)
    if logon in _EVERYBODYS or number == NONE:
        return
    for index in lookup.logons.values():
        found = index.before(host, number, row)
        if found in (NONE, row) or not lookup.one_start(found, row):
            continue
        event = lookup.table[found]
        if one_account(event.account, lookup.table.text("account", row)) or lookup.table.text("account", row).endswith("$"):
            yield Tie(found, row, "logon", f"{words}, {logon}: {logon_words(event)}")


def logon_words(event: Event) -> str:
    """A logon as a person would tell it: its kind, whose it is, where from."""
    kind = event.get("LogonType")
    address = address_of(event)
    nowhere = " from the machine itself" if is_loopback(event) else " from an address that its record does not state"
    where = f" from {address}" if address else nowhere if kind == NETWORK else ""
    station = event.get("WorkstationName").strip("- ")
    named = f" ({station})" if station and station.casefold() not in event.computer.casefold() else ""
    word = LOGON_TYPES.get(kind, "kind of")
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word} logon (type {kind}) of {event.account or 'an account not named'}{where}{named}"


def told_address(event: Event) -> str:
    """The address as an event states it, IPv4 in its own spelling; "" for none."""
    address = (event.get("IpAddress") or event.get("ClientAddress")).strip()
    mapped = address.casefold().startswith("::ffff:") and "." in address
    return "" if address == "-" else address[len("::ffff:") :] if mapped else address


def is_loopback(event: Event) -> bool:
    """Whether a logon or an access over the network came from the machine itself."""
    address = told_address(event).partition("%")[0].casefold()
    return address in _OWN or address.startswith("127.")


def address_of(event: Event) -> str:
    """The address a logon or an access over the network came from, "" for none and for the machine itself."""
    return "" if is_loopback(event) else told_address(event)


_OWN = frozenset(("::1", "0:0:0:0:0:0:0:1", "local", "localhost"))


def one_account(one: str, other: str) -> bool:
    """Whether two spellings can be one account: the names without domain are equal, or one is not told."""
    first, second = (text.rpartition("\\")[2].partition("@")[0].casefold() for text in (one, other))
    return not first or not second or first == second


def _clients(lines: Iterable[Line], lookup: Lookup) -> Iterator[Tie]:
    """The process that an event names as the one who asked: its creation, the newest of that number before."""
    for line in lines:
        if line.pid < 0 or line.lane not in (SECURITY, SYSMON):
            continue
        for lane, index in lookup.processes.items():
            if line.lane == SYSMON and lane != SYSMON and SYSMON in lookup.processes:
                continue  # Sysmon tells its own processes best
            found = index.before(line.host, line.pid, line.row)
            if found == NONE or not lookup.one_start(found, line.row):
                continue
            if same_program(lookup.table.text("process", found), line.process) and _one_guid(lookup, found, line):
                why = f"process {line.pid}, which {_asked(line)}, was created {apart(line.tick - int(lookup.ticks[found]))} before"
                yield Tie(found, line.row, "client", f"{why}; the last one of that number")


def _asked(line: Line) -> str:
    return "asked for it" if line.kind in _SENSES else "did it"


def _one_guid(lookup: Lookup, found: int, line: Line) -> bool:
    """Sysmon gives each process a GUID of its own: two that differ are two processes with one number."""
    if line.lane != SYSMON or lookup.lane(found) != SYSMON:
        return True
    one, other = (lookup.table[row].get("ProcessGuid") for row in (found, line.row))
    return not one or not other or folded_id(one) == folded_id(other)


def _started(lines: Sequence[Line], lookup: Lookup) -> Iterator[Tie]:
    """129 and 200 to the creation of the process whose number they name, nearest in time, where the programs can be one."""
    told = {(line.host, line.pid, line.task) for line in lines if line.event_id == 129 and line.lane == TASKS_LOG}
    for line in lines:
        if line.lane != TASKS_LOG or line.event_id not in (129, 200) or line.pid < 0:
            continue
        if line.event_id == 200 and (line.host, line.pid, line.task) in told:
            continue
        for index in lookup.processes.values():
            around = [row for row in index.around(line.host, line.pid, line.row) if _is_it(lookup, row, line)]
            best = min(around, key=lambda row: abs(int(lookup.ticks[row]) - line.tick), default=NONE)
            if best != NONE:
                away = apart(int(lookup.ticks[best]) - line.tick)
                why = f"the process that the task started: number {line.pid} in both, {away} apart"
                yield Tie(line.row, best, "process", why)


def _is_it(lookup: Lookup, row: int, line: Line) -> bool:
    near = abs(int(lookup.ticks[row]) - line.tick) <= _STARTED
    return near and same_program(lookup.table.text("process", row), line.process)


def _behind(ties: Iterable[Tie], lookup: Lookup, acting: Iterable[int]) -> Iterator[Tie]:
    """What stands behind the processes that were reached: the logon they belong to, and for those that asked their parent."""
    asked = {tie.cause for tie in ties if tie.kind == "client"} | set(acting)
    started = {tie.effect for tie in ties if tie.kind in ("process", "definition")}
    for row in sorted(asked | started):
        event, host = lookup.table[row], int(lookup.hosts[row])
        logon = folded_id(event.get("TargetLogonId")) if event.lane == SECURITY else event.logon_id
        if logon in _EVERYBODYS:
            logon = event.logon_id
        yield from _logon(lookup, host, logon, row, "the process belongs to this logon")
        if row in started:
            yield from _children(lookup, event, row)
        if row in asked and event.parent_id is not None and event.lane in lookup.processes:
            found = lookup.processes[event.lane].before(host, event.parent_id, row)
            parent = event.get("ParentProcessName") or event.get("ParentImage")
            if found != NONE and lookup.one_start(found, row) and same_program(lookup.table.text("process", found), parent):
                yield Tie(found, row, "parent", f"process {event.parent_id} started it; the last one of that number before")


def _children(lookup: Lookup, event: Event, row: int) -> Iterator[Tie]:
    """The first processes that a task's process started itself, as long as its number is not given to another one."""
    host, number = int(lookup.hosts[row]), event.process_id
    if number is None or event.lane not in lookup.children:
        return
    following = lookup.processes[event.lane].after(host, number, row)
    until = min(int(lookup.ticks[row]) + _OFFSPRING, int(lookup.ticks[following]) if following != NONE else NEVER)
    child = row
    for _ in range(_CHILDREN):
        child = lookup.children[event.lane].after(host, number, child)
        if child == NONE or int(lookup.ticks[child]) > until:
            return
        if leaf(lookup.table.text("process", child)) != "conhost":
            later = apart(int(lookup.ticks[child]) - int(lookup.ticks[row]))
            why = f"process {number}, which the task started, started this one {later} later"
            yield Tie(row, child, "child", why)


# -- what command lines asked for -----------------------------------------------------------------------------------------


def _acts(acting: Iterable[tuple[int, Act]], lines: Iterable[Line], lookup: Lookup) -> Iterator[Tie]:
    """A command line or script to the first event after it that tells that it came about."""
    done: dict[tuple[int, str, str], list[Line]] = defaultdict(list)
    for line in lines:
        if line.task:
            done[line.host, line.task, line.kind].append(line)
    for row, act in acting:
        if act.host or not act.task:
            continue  # done on another computer, or to a task that it does not name
        tick, host = int(lookup.ticks[row]), int(lookup.hosts[row])
        found = [
            line
            for kind in _CAME_ABOUT.get(act.verb, ())
            for line in _near(done.get((host, fold(act.task), kind), ()), tick, _ACT)
            if line.tick >= tick - _BEFORE and line.row != row
        ]
        for lane in (SECURITY, TASKS_LOG, SYSMON):
            best = min((line for line in found if line.lane == lane), key=lambda line: abs(line.tick - tick), default=None)
            if best is not None:
                yield Tie(row, best.row, "act", f"a command asked for this {apart(best.tick - tick)} before: {act.tool} {act.verb}")
                break


# -- over the network, and handles ----------------------------------------------------------------------------------------


def _pipes(lines: Iterable[Line], lookup: Lookup) -> Iterator[Tie]:
    """5145 of the pipe `atsvc` to what the same account did with tasks in the seconds after: remote tools speak through it."""
    asked: dict[tuple[int, str], list[Line]] = defaultdict(list)
    pipes = []
    for line in lines:
        account = lookup.table.text("account", line.row).rpartition("\\")[2].casefold()
        if line.lane == SECURITY and line.task and account:
            asked[line.host, account].append(line)
        elif line.kind == "share-access" and account:
            pipes.append((line, account))
    for line, account in pipes:
        event = lookup.table[line.row]
        if "atsvc" not in event.get("RelativeTargetName").casefold():
            continue
        held = asked[line.host, account]
        at = bisect_right(held, line.tick, key=lambda other: other.tick)
        if at < len(held) and held[at].tick - line.tick <= _PIPE:
            address = address_of(event)
            where = f" from {address}" if address else ""
            before = apart(held[at].tick - line.tick)
            why = f"the same account reached the pipe of the Task Scheduler over the network{where}, {before} before"
            yield Tie(line.row, held[at].row, "pipe", why)


def _handles(lines: Iterable[Line], lookup: Lookup) -> Iterator[Tie]:
    """4656 and 4663 with the right DELETE to the 4660 of the same handle and process, which names no object itself."""
    for line in lines:
        if not lookup.deletions or line.event_id not in (4656, 4663) or line.pid < 0:
            continue
        event = lookup.table[line.row]
        if not _number(event.get("AccessMask")) & _DELETES:
            continue
        for index in lookup.deletions.values():
            found = index.after(line.host, line.pid, line.row)
            if found != NONE and lookup.table[found].get("HandleId") == event.get("HandleId"):
                yield Tie(
                    line.row, found, "handle", f"the same process and handle {event.get('HandleId')}: this object was deleted"
                )


def _number(text: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        return 0
