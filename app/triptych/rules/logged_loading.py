"""Tasks that the service could not load."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from triptych.model.event import Event
from triptych.model.finding import Confidence, Finding, Severity
from triptych.model.paths import fold
from triptych.model.task import Store, Task
from triptych.rules.lives import tasks_by_path
from triptych.rules.lookups import is_modern
from triptych.rules.phrases import cited, count, sentences
from triptych.rules.rule import Context, Rule

_SERIOUS = (146, 413)
_MEANING = {
    146: "The service could not load the task when it started: its parts in the registry do not fit together.",
    413: "The service could not load tasks when it started; the event names none. An entry of an index without its keys causes it.",
    414: "The service found the definition misconfigured.",
    148: "The task's image could not be restored after an upgrade.",
    149: "The task's properties do not go together.",
    150: "The subscription of its event trigger failed.",
}
_NOT_FOUND = ("2147942402", "0x80070002", "-2147024894")


def _check(context: Context) -> Iterator[Finding]:
    groups: dict[tuple[str, int], list[Event]] = defaultdict(list)
    for event in context.events.of("load-failed"):
        if event.view == context.view:
            groups[fold(event.task or ""), event.event_id].append(event)
    for (path, number), held in sorted(groups.items()):
        yield _finding(context, tasks_by_path(context).get(path), number, held)


def _finding(context: Context, task: Task | None, number: int, held: list[Event]) -> Finding:
    last = held[-1]
    severity, moved = _weigh(context, task, number)
    name = last.task or "the service"
    result = f" The result is {last.result}" + (" (not found)." if last.result in _NOT_FOUND else ".") if last.result else ""
    lack = _lack(context, task)
    return LOAD_FAILED.finding(
        task,
        f"{number} {fold(last.task or '')}",
        summary=f"{name}: could not be loaded (event {number}, {count(len(held), 'time')})"
        if last.task
        else f"Tasks could not be loaded when the service started (event {number}, {count(len(held), 'time')})",
        why=sentences(
            f"{_MEANING.get(number, 'The service could not load the task.')}{result}",
            f"First at {held[0].time.iso}, last at {last.time.iso}." if len(held) > 1 else f"At {last.time.iso}.",
            lack,
            moved,
        ),
        refs=cited(event.ref for event in (held[0], *held[-20:])),
        severity=severity,
        confidence=Confidence.LIKELY if number in _SERIOUS else Confidence.POSSIBLE,
        time=last.time,
    )


def _weigh(context: Context, task: Task | None, number: int) -> tuple[Severity, str]:
    if number in _SERIOUS:
        return Severity.MEDIUM, ""
    if task is not None and context.baseline.find(task.path) is not None:
        return Severity.INFO, "Windows says so of tasks that it ships itself. Information only."
    return Severity.LOW, "Faulty definitions of vendors cause it too. Judged low."


def _lack(context: Context, task: Task | None) -> str:
    """What the registry lacks of it, which explains the event."""
    record = task.record(Store.REGISTRY) if task is not None else None
    if record is None:
        return ""
    if record.orphan == "tree":
        return "Its Tree key is there and its Tasks key is not."
    if record.orphan == "tasks":
        return "Its Tasks key is there and its Tree key is not."
    if is_modern(context) and not record.keeping.access.stated:
        return "Its Tree key has no security descriptor that can be read."
    return ""


LOAD_FAILED = Rule(
    "load-failed",
    Severity.MEDIUM,
    "The service could not load a task when it started, as after parts of its registry keys were removed by hand.",
    "Uninstallers and cleaning scripts delete only some keys of a task; upgrades and broken definitions of vendors.",
    (
        "Look at the task's Tree, Tasks and index keys and at what is missing.",
        "Look for what was done to the registry before the service started.",
    ),
    _check,
)
LOADING = (LOAD_FAILED,)
