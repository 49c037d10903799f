"""Sentences about a task's life: who asked, through which logon and process, what it was to start, what ran."""

from __future__ import annotations

from collections.abc import Iterator

from triptych.analysis.commands import judge
from triptych.analysis.links import logon_words
from triptych.analysis.trait import Trait
from triptych.model.event import Event
from triptych.model.evidence import EvidenceRef
from triptych.model.task import Task, TaskRecord
from triptych.rules.acting import account_words, action_refs, action_words, is_shipped_action, is_vendors_own
from triptych.rules.lives import RUNS, TWINS, Life, causes, effects, row
from triptych.rules.phrases import cited, join, quoted
from triptych.rules.rule import Context

_MOST = 4


def strong_traits(context: Context, task: Task, record: TaskRecord | None) -> tuple[Trait, ...]:
    """What is striking by itself about what a definition starts, unless Windows or a vendor ships it so."""
    found: list[Trait] = []
    for action in record.actions if record else ():
        if (
            action.type.value == "Exec"
            and not is_shipped_action(context, task, action)
            and not is_vendors_own(context, task, action)
        ):
            traits = judge(action.command.value or "", action.arguments.value or "", context.case.host)
            found += [trait for trait in traits if trait.weight == "strong"]
    return tuple(found)


def starts_words(context: Context, record: TaskRecord | None) -> str:
    """What a definition starts and as whom, as a sentence; "" where the logs do not tell."""
    if record is None or not record.actions:
        return ""
    started = join([quoted(action_words(action), 400) for action in record.actions], _MOST)
    told = record.principal.user_id.value or record.principal.group_id.value
    return f"It was to start {started}" + (f" as {account_words(record, context.case.host)}." if told else ".")


def starts_refs(record: TaskRecord | None) -> tuple[EvidenceRef, ...]:
    return cited(*(action_refs(action) for action in record.actions), record.principal.user_id) if record else ()


ALL = ("logon", "pipe", "client", "act")


def behind(context: Context, event: Event, kinds: tuple[str, ...] = ALL) -> tuple[str, tuple[EvidenceRef, ...]]:
    """Who stands behind a registration, change or deletion: logon, pipe, the process that asked and what started that."""
    words: list[str] = []
    refs: list[EvidenceRef] = []
    at = row(context, event)
    for tie, cause in causes(context, at, *kinds):
        refs.append(cause.ref)
        if tie.kind == "logon":
            words.append(
                f"Behind it stands {logon_words(cause).replace('a interactive', 'an interactive', 1)}, at {cause.time.iso}."
            )
        elif tie.kind == "pipe":
            words.append(f"{tie.why[:1].upper()}{tie.why[1:]}.")
        else:
            process = cause.process or cause.words
            line = f", command line {quoted(cause.command, 300)}" if cause.command else ""
            words.append(f"It was asked for by {process}{line}.")
            for _, parent in causes(context, tie.cause, "parent"):
                refs.append(parent.ref)
                words.append(
                    f"That was started by {parent.process} {quoted(parent.command, 200) if parent.command else ''}".rstrip() + "."
                )
    return " ".join(dict.fromkeys(words)), tuple(refs)


def ran(context: Context, life: Life, since: int, until: int) -> tuple[str, tuple[EvidenceRef, ...]]:
    """What ran of a task between two times: programs that its own log names, processes that its command became."""
    programs: list[str] = []
    refs: list[EvidenceRef] = []
    for event in _between(life, since, until):
        if event.process:
            number = f" (process {event.process_id})" if event.process_id else ""
            programs.append(f"{event.process}{number}")
        refs.append(event.ref)
        for _, process in effects(context, row(context, event), "process"):
            programs.append(_process_words(process))
            refs.append(process.ref)
    for at in life.rows_of("registered", "updated"):
        if since - TWINS <= int(life.table.columns["ticks"][at]) <= until:
            for _, process in effects(context, at, "definition"):
                programs.append(_process_words(process))
                refs.append(process.ref)
    found = list(dict.fromkeys(programs))
    if found:
        return f"In that time it ran {join(found, _MOST)}.", tuple(refs)
    return ("In that time it ran." if refs else ""), tuple(refs)


def _process_words(event: Event) -> str:
    number = f"process {event.process_id}, " if event.process_id else ""
    return (
        f"{quoted(event.command or event.process, 300)} ({number}at {event.time.iso} as {event.account or 'an account not named'})"
    )


def _between(life: Life, since: int, until: int) -> Iterator[Event]:
    ticks = life.table.columns["ticks"]
    rows = [at for at in life.rows_of(*RUNS) if since - TWINS <= int(ticks[at]) <= until]
    return (life.table[at] for at in rows[:50])
