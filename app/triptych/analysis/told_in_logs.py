"""The fourth telling: what the logs say of each task, as records beside those of the stores.

Of every task that an event names there is a record: its newest definition where 4698 to 4702 carry one, else what a command line
says it was to start, else its name alone. How the logs told of tasks at all is the report of this store.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from triptych.analysis.acts import ON_TASKS, Act, acts_of
from triptych.analysis.columns import np
from triptych.analysis.event_table import EventTable
from triptych.analysis.places import split_line
from triptych.formats.faults import Faults
from triptych.limits import DEFAULT, Limits
from triptych.logs.event_kinds import SECURITY, TASKS
from triptych.logs.telling import Telling, jobs_of, telling_of
from triptych.model.case import Case, Host, Weight
from triptych.model.case import StoreReport as Report
from triptych.model.evidence import Reading, ReadState, kept_not, stated
from triptych.model.paths import fold
from triptych.model.task import Action, Keeping, Presence, Principal, Store, TaskRecord
from triptych.stores.job import Answer, Job

AUDITED, NAMED = "audited", "named"  # `basis` of the report: tasks were audited; they are merely named
DEFINED = ("4698", "4699", "4702")  # `keeping.basis` of records whose definition is the contract's; 4700 and 4701 carry one too
LINE = "command line"
_AUDIT = frozenset((4698, 4699, 4700, 4701, 4702))
_FILE = "event logs"


def jobs_of_table(table: EventTable) -> list[Job]:
    """Jobs that read the definitions in the events of a table, each different one once."""
    return jobs_of(tellings(table))


def tellings(table: EventTable, limits: Limits = DEFAULT) -> list[Telling]:
    """Each different definition of a task, at the newest event that carries it; the newest of each task come first, up to a limit."""
    chosen, _ = _chosen(table, limits)
    return chosen


def _chosen(table: EventTable, limits: Limits) -> tuple[list[Telling], int]:
    newest: dict[tuple[str, int, str], int] = {}
    for row in _audit_rows(table):
        task, content = table.text("task", row), int(table.columns["content"][row])
        if task and content and table.strings[content].strip():
            key = (_view(table, row), content, fold(task))
            newest.pop(key, None)
            newest[key] = row
    order = _newest_of_each_first(newest)
    kept = order[: limits.tellings]
    return [telling_of(table[row]) for row in sorted(kept)], len(order) - len(kept)


def _newest_of_each_first(newest: dict[tuple[str, int, str], int]) -> list[int]:
    later: dict[tuple[str, str], int] = {}
    ranked: list[tuple[int, int]] = []
    for (view, _, task), row in reversed(newest.items()):
        rank = later.get((view, task), 0)
        later[view, task] = rank + 1
        ranked.append((rank, -row))
    return [-row for _, row in sorted(ranked)]


def _audit_rows(table: EventTable) -> list[int]:
    if not table.columns:
        return []
    numbers = np.isin(table.columns["event_id"], list(_AUDIT))
    rows = np.flatnonzero(numbers)
    return [int(row) for row in rows if table.table[int(table.columns["kinds"][row])][3] == "security"]


def _view(table: EventTable, row: int) -> str:
    return table.sources[int(table.columns["blocks"][row])][1]


# -- records without a definition ---------------------------------------------------------------------------------------------


@dataclass
class _Named:
    """The first and the last event that names a task."""

    path: str
    first: int
    last: int
    count: int


def answers(case: Case, table: EventTable, limits: Limits = DEFAULT) -> Iterator[Answer]:
    """Records of the tasks that the table's events name without defining them, the report of this store, problems.

    The definitions must be in the case already, and `table` must be that of its events.
    """
    faults = Faults(_FILE)
    defined = {(record.view, fold(record.path)) for record in case.records if record.store is Store.LOG}
    _, left_out = _chosen(table, limits)
    if left_out:
        faults.add(
            Weight.LOST, "telling.too-many", "events 4698 to 4702", tried=f"read at most {limits.tellings:,} different definitions",
            found=f"{left_out:,} more", lost="older definitions in those events; the events are listed",
            advice="filter the events by the name of the task and look at their content",
        )  # fmt: skip
    held = {(record.view, fold(record.path)) for record in case.records}
    records = list(_undefined(table, case.host, defined, held, faults, limits))
    yield from records
    yield _report(case, table, len(defined) + len(records))
    yield from faults.problems


def _undefined(
    table: EventTable, host: Host, defined: set[tuple[str, str]], held: set[tuple[str, str]], faults: Faults, limits: Limits
) -> Iterator[TaskRecord]:
    named = {key: told for key, told in _named(table).items() if key not in defined}
    lines: dict[tuple[str, str], Act] = {}
    leaves = {(view, path.rpartition("\\")[2]) for view, path in (*held, *named)}
    for view in sorted({view for _, view in table.sources}):
        for act in acts_of(table, view, faults, limits):
            key = (view, fold(act.task))
            if act.verb in ON_TASKS and _is_definite(act) and key not in defined and _is_new(act, key, leaves, held, named):
                lines[key] = _better(lines.get(key), act)
    keys = sorted({*named, *lines})
    if len(keys) > limits.told_tasks:
        faults.add(
            Weight.LOST, "telling.too-many-tasks", "the names of tasks", tried=f"give at most {limits.told_tasks:,} tasks a row",
            found=f"{len(keys):,} tasks that the logs alone name", lost="the rows of the others; their events are listed",
            advice="look for what registers so many tasks: it floods the logs",
        )  # fmt: skip
        keys = sorted(keys, key=lambda key: (key not in held, -named[key].last if key in named else 0, key))[: limits.told_tasks]
    for key in keys:
        line, told = lines.get(key), named.get(key)
        if told is not None:
            record = _of_name(table, told, key[0])
            yield _of_line(record, line, host) if line is not None and line.command else record
        elif line is not None:
            yield _of_act(line, key[0], host)


def _named(table: EventTable) -> dict[tuple[str, str], _Named]:
    """Every task that an event names, by view and folded path."""
    found: dict[tuple[str, str], _Named] = {}
    if not table.columns:
        return found
    columns = table.columns
    rows = np.flatnonzero(columns["task"])
    views = columns["blocks"][rows].astype(np.int64)
    both = views * len(table.strings) + columns["task"][rows]
    _, last, count = np.unique(both[::-1], return_index=True, return_counts=True)
    _, first = np.unique(both, return_index=True)
    for begin, end, many in zip(first, last, count, strict=True):
        row = int(rows[len(rows) - 1 - end])
        path = table.text("task", row)
        if not path.strip("\\ \t"):
            continue
        key = (_view(table, row), fold(path))
        known = found.get(key)
        told = _Named(path, int(rows[begin]), row, int(many))
        if known is not None:
            newer = told if told.last > known.last else known
            told = _Named(newer.path, min(known.first, told.first), newer.last, known.count + told.count)
        found[key] = told
    return found


def _is_definite(act: Act) -> bool:
    return bool(act.task) and "*" not in act.task and "$" not in act.task and "%" not in act.task and len(act.task) <= 1_000


def _is_new(
    act: Act, key: tuple[str, str], leaves: set[tuple[str, str]], held: set[tuple[str, str]], named: dict[tuple[str, str], _Named]
) -> bool:
    """Whether an act tells of a task that nothing else tells of, or that events merely name.

    PowerShell takes a name without its folder, and a task of another computer is none of this one where that has one too.
    """
    if key in named:
        return not act.host
    if key in held:
        return False
    return act.verb == "create" or not act.tool.startswith("PowerShell") or (key[0], key[1].rpartition("\\")[2]) not in leaves


def _better(before: Act | None, act: Act) -> Act:
    """Of two acts on one task the one that says what it starts, else the newer."""
    return before if before is not None and before.command and not act.command else act


def _of_act(act: Act, view: str, host: Host) -> TaskRecord:
    """The record of a task that only a command line tells of."""
    where = f" on the computer {act.host}" if act.host else ""
    note = f"known from a command line of {act.time.iso} alone{where}"
    return _of_line(TaskRecord(Store.LOG, act.task, stated(Presence.PRESENT, *act.refs, note=note), view), act, host)


def _of_name(table: EventTable, named: _Named, view: str) -> TaskRecord:
    """The record of a task that events name without defining it."""
    event = table[named.last]
    times = f"named by {named.count:,} events" if named.count > 1 else "named by one event"
    note = f"{times}, the last of {event.time.iso} ({event.event_id}); none carries its definition"
    return TaskRecord(
        Store.LOG, named.path, stated(Presence.PRESENT, event.ref, note=note), view,
        keeping=Keeping(told=stated(event.time, event.ref), basis=stated(NAMED, event.ref)), has_triggers=False, has_actions=False,
    )  # fmt: skip


def _of_line(record: TaskRecord, act: Act, host: Host) -> TaskRecord:
    """A record with what a command line says the task starts, and as whom."""
    keeping = Keeping(told=stated(act.time, *act.refs), basis=stated(LINE, *act.refs))
    note = "as the command line says; no event carries the definition"
    principal = Principal(user_id=stated(act.run_as, *act.refs, note=note)) if act.run_as else Principal()
    actions = (action_of(act, host),) if act.command else ()
    return replace(
        record, keeping=keeping, principal=principal, actions=actions, has_actions=bool(actions), has_triggers=False,
    )  # fmt: skip


def action_of(act: Act, host: Host) -> Action:
    """What an act makes a task start, as an action: program and arguments taken apart as the service does it."""
    program, arguments = _apart(act.command, host)
    given: Reading[str] = stated(arguments, *act.refs) if arguments else kept_not()
    return Action(type=stated("Exec", *act.refs), command=stated(program, *act.refs, raw=act.command), arguments=given)


def _apart(command: str, host: Host) -> tuple[str, str]:
    """Program and arguments, spelled as written (`split_line` fills in variables, which belongs to judging alone)."""
    text = command.strip()
    if text.startswith('"') and '"' in text[1:]:
        program, _, rest = text[1:].partition('"')
        return program, rest.strip()
    program, rest = split_line(text, "", host)
    if rest and text.casefold().endswith(rest.casefold()):
        return text[: len(text) - len(rest)].strip(), rest
    head, _, tail = text.partition(" ")
    return (head, tail.strip()) if rest else (text, "")


# -- the report of the store --------------------------------------------------------------------------------------------------


def _report(case: Case, table: EventTable, tasks: int) -> Report:
    files = [file for file in case.files if file.kind == "event log"]
    hurt = [file for file in files if file.read is not ReadState.WHOLE]
    state = "failed" if files and all(file.read is ReadState.FAILED for file in files) else "partly" if hurt else "read"
    note = (
        ""
        if not hurt
        else f"{hurt[0].path} could not be read whole"
        if len(hurt) == 1
        else f"{len(hurt)} logs could not be read whole"
    )
    sources = tuple(
        sorted({report.file for report in case.logs if report.channel.casefold() in (SECURITY.casefold(), TASKS.casefold())})
    )
    audited = bool(_audit_rows(table))
    return Report(Store.LOG, state, tasks, AUDITED if audited else NAMED if tasks else "", sources[:50], note)
