"""The XML file and the registry tell different tasks under one name."""

from __future__ import annotations

from collections.abc import Iterator

from triptych.analysis.comparison import differences
from triptych.analysis.row import Row
from triptych.model.evidence import EvidenceRef
from triptych.model.finding import Confidence, Finding, Severity
from triptych.model.task import Action, Store, Task, TaskRecord
from triptych.rules.lookups import WINDOWS_8, has_stock_actions, is_linked, once
from triptych.rules.phrases import cited, cut, quoted, sentences
from triptych.rules.rule import Context, Rule

_STORES = (Store.XML, Store.REGISTRY)
# Fields that name a part and change nothing of what happens.
_NAMES_ONLY = ("id", "display_name")
_OF_ACTION = {"working_directory": Severity.HIGH}


def _compared(context: Context) -> list[tuple[Task, tuple[Row, ...]]]:
    """Tasks that both stores tell, with the rows in which those two contradict each other; the scheduler's view is left out,
    since it is made from the registry, or is of another moment."""

    def make() -> list[tuple[Task, tuple[Row, ...]]]:
        found = []
        for task, record in context.pairs():
            file = task.record(Store.XML)
            if file is not None and is_linked(record):
                rows = differences(Task(task.path, task.guid, (file, record)), context.case.host)
                if rows:
                    found.append((task, rows))
        return found

    return once(context, "compared", make)


def _differing(context: Context, rule: Rule, prefix: str, what: str) -> Iterator[Finding]:
    for task, rows in _compared(context):
        here = [row for row in rows if row.field.startswith(prefix)]
        if here:
            yield _finding(context, rule, task, here, what)


def _check_actions(context: Context) -> Iterator[Finding]:
    yield from _differing(context, ACTION_DIFFERS, "actions[", "what is started")


def _check_triggers(context: Context) -> Iterator[Finding]:
    yield from _differing(context, TRIGGER_DIFFERS, "triggers[", "when it starts")


def _check_principal(context: Context) -> Iterator[Finding]:
    yield from _differing(context, PRINCIPAL_DIFFERS, "principal.", "whom it runs as")


def _check_settings(context: Context) -> Iterator[Finding]:
    yield from _differing(context, SETTINGS_DIFFERS, "settings.", "settings")


def _finding(context: Context, rule: Rule, task: Task, rows: list[Row], what: str) -> Finding:
    words = [_words(task, row) for row in rows]
    severity, moved = _weigh(context, rule, task, rows)
    complete = all(record.complete for record in task.records if record.store in _STORES)
    return rule.finding(
        task,
        "; ".join(f"{row.field}: {row.text(Store.XML)} | {row.text(Store.REGISTRY)}" for row in rows),
        summary=f"{task.path}: {_summary(task, rows, words, what)}",
        why=sentences(
            f"{'. '.join(words)}.",
            _which_runs(rows),
            moved,
            "" if complete else "One of the two could not be read whole, so a part of the difference may be ours.",
        ),
        refs=cited(*(reading for row in rows for store, reading in row.cells if store in _STORES)) or _records(task),
        severity=severity,
        confidence=Confidence.CERTAIN if complete else Confidence.LIKELY,
    )


def _summary(task: Task, rows: list[Row], words: list[str], what: str) -> str:
    """The difference in a line: for actions what each telling would start, for the rest the first field that differs."""
    number = _number(rows[0].field)
    file, registry = (_started(task.record(store), number) for store in _STORES)
    if _are_actions(rows) and file != registry:
        return f"the registry starts {registry}, the XML file shows {file}"
    more = f" (and {len(words) - 1} more)" if len(words) > 1 else ""
    return f"XML file and registry disagree on {what}: {words[0]}{more}"


def _are_actions(rows: list[Row]) -> bool:
    return rows[0].field.startswith("actions[")


def _started(record: TaskRecord | None, number: int) -> str:
    if record is None or number >= len(record.actions):
        return "nothing"
    return quoted(_line(record.actions[number]), 100)


def _records(task: Task) -> tuple[EvidenceRef, ...]:
    return cited(*(record.ref for record in task.records))


def _words(task: Task, row: Row) -> str:
    """`Command of action 1: the XML says “a”, the registry says “b”`."""
    number, _, name = row.label.partition(" \u00b7 ")
    label = f"{name} of {row.field.partition('[')[0].removesuffix('s')} {number}" if name else row.label
    return f"{label}: the XML {_side(task, row, Store.XML)}, the registry {_side(task, row, Store.REGISTRY)}"


def _side(task: Task, row: Row, store: Store) -> str:
    record = task.record(store)
    number = _number(row.field)
    if record is not None and row.field.startswith("actions[") and row.field.endswith("].type"):
        if number >= len(record.actions):
            return "has no such action"
        return f"says {quoted(_line(record.actions[number]))}"
    if record is not None and row.field.startswith("triggers[") and number >= len(record.triggers):
        return "has no such trigger"
    text = row.text(store)
    return f"says {quoted(text)}" if text else "says nothing"


def _number(field: str) -> int:
    inner = field.partition("[")[2].partition("]")[0]
    return int(inner) if inner.isdecimal() else 0


def _line(action: Action) -> str:
    """What an action starts, in a line; a program by its command, anything else with its kind before it."""
    parts = (action.command, action.arguments, action.class_id, action.server, action.title)
    told = [cut(part.value) for part in parts if part.value]
    return " ".join(told if action.type.value == "Exec" and told else [action.type.value or "an action", *told])


def _which_runs(rows: list[Row]) -> str:
    return " ".join(dict.fromkeys(row.why for row in rows if row.runs is not None))


def _weigh(context: Context, rule: Rule, task: Task, rows: list[Row]) -> tuple[Severity, str]:
    leaves = {row.field.rpartition(".")[2] for row in rows}
    if leaves <= set(_NAMES_ONLY):
        return Severity.LOW, "Only names inside the definition differ, which change nothing of what happens. Judged low."
    if rule is not ACTION_DIFFERS:
        return rule.severity, ""
    if leaves <= {*_NAMES_ONLY, *_OF_ACTION}:
        return Severity.HIGH, "Only the working directory differs; it decides where relative names are looked for. Judged lower."
    return _weigh_actions(context, task)


def _weigh_actions(context: Context, task: Task) -> tuple[Severity, str]:
    if context.baseline.find(task.path) is None:
        return Severity.CRITICAL, ""
    file, registry = task.record(Store.XML), task.record(Store.REGISTRY)
    file_fits = file is not None and has_stock_actions(context, task.path, file)
    registry_fits = registry is not None and has_stock_actions(context, task.path, registry)
    if file_fits and registry_fits:
        return Severity.LOW, (
            "Windows ships this task, and both tellings are ones that some version ships: an update changed one and not the other. "
            "Judged low."
        )  # fmt: skip
    runs_file = context.build is not None and context.build < WINDOWS_8
    if (file_fits and runs_file) or (registry_fits and not runs_file):
        return Severity.HIGH, (
            "Windows ships this task, and what runs is what it ships: the telling that nobody runs was changed, to mislead or by a "
            "half-finished change. Judged lower."
        )  # fmt: skip
    return Severity.CRITICAL, "Windows ships this task, and what runs is not what any known version ships."


_NEXT = (
    "Compare both tellings side by side, and with the content of events 4698 and 4702.",
    "See in events 129 and 200 which program really ran.",
    "Compare the last-write time of the Tasks key and the time of the file with events 140 and 4702.",
)
_BENIGN = (
    "An upgrade or a restored file: the two were written at different times. An XML file edited by hand changes nothing that runs."
)
ACTION_DIFFERS = Rule(
    "action-differs",
    Severity.CRITICAL,
    "XML file and registry start something else.",
    _BENIGN,
    _NEXT,
    _check_actions,
    ("T1053.005", "T1112", "T1036"),
)
TRIGGER_DIFFERS = Rule(
    "trigger-differs",
    Severity.HIGH,
    "XML file and registry start the task at different times or events.",
    _BENIGN,
    _NEXT,
    _check_triggers,
    ("T1053.005", "T1112"),
)
PRINCIPAL_DIFFERS = Rule(
    "principal-differs",
    Severity.HIGH,
    "XML file and registry run the task as different accounts or with different rights.",
    _BENIGN,
    _NEXT,
    _check_principal,
    ("T1053.005", "T1112"),
)
SETTINGS_DIFFERS = Rule(
    "settings-differs",
    Severity.MEDIUM,
    "XML file and registry give different settings.",
    _BENIGN,
    _NEXT,
    _check_settings,
    ("T1053.005", "T1112"),
)
DISAGREEMENT: tuple[Rule, ...] = (ACTION_DIFFERS, TRIGGER_DIFFERS, PRINCIPAL_DIFFERS, SETTINGS_DIFFERS)
