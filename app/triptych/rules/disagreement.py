"""The XML file and the registry tell different tasks under one name."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from triptych.analysis.comparison import differences
from triptych.analysis.row import Row
from triptych.model.evidence import EvidenceRef, Reading
from triptych.model.finding import Confidence, Finding, Severity
from triptych.model.task import Action, Store, Task, TaskRecord
from triptych.rules.lookups import WINDOWS_8, WINDOWS_10, has_stock_actions, is_linked, once
from triptych.rules.phrases import cited, cut, join, quoted, sentences
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


def _check(prefix: str, rule: Callable[[], Rule], what: str) -> Callable[[Context], Iterator[Finding]]:
    def check(context: Context) -> Iterator[Finding]:
        for task, rows in _compared(context):
            here = [row for row in rows if row.field.startswith(prefix)]
            if here:
                yield _finding(context, rule(), task, here, what)

    return check


def _finding(context: Context, rule: Rule, task: Task, rows: list[Row], what: str) -> Finding:
    words = [_words(task, row) for row in rows]
    more = f" (and {len(words) - 1} more)" if len(words) > 1 else ""
    severity, moved = _weigh(context, rule, task, rows)
    complete = all(record.complete for record in task.records if record.store in _STORES)
    return rule.finding(
        task,
        "; ".join(f"{row.field}: {row.text(Store.XML)} | {row.text(Store.REGISTRY)}" for row in rows),
        summary=f"{task.path}: file and registry disagree on {what}: {words[0]}{more}",
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


def _records(task: Task) -> tuple[EvidenceRef, ...]:
    return cited(*(record.ref for record in task.records))


def _words(task: Task, row: Row) -> str:
    """`1 · Command: the XML says “a”, the registry says “b”`."""
    return f"{row.label}: the XML {_side(task, row, Store.XML)}, the registry {_side(task, row, Store.REGISTRY)}"


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
    """What an action starts, in a line."""
    parts = (action.command, action.arguments, action.class_id, action.server, action.title)
    return " ".join([action.type.value or "an action", *(cut(part.value) for part in parts if part.value)])


def _which_runs(rows: list[Row]) -> str:
    told = {(row.runs, row.why): None for row in rows if row.runs is not None}
    names = {Store.XML: "the XML file", Store.REGISTRY: "the registry"}
    return " ".join(f"Windows acts on {names.get(store, store.value)}: {why}" for store, why in told if store is not None)


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


# -- where the task is said to be ----------------------------------------------------------------------------------------


def _check_paths(context: Context) -> Iterator[Finding]:
    for task in context.case.tasks:
        registry, file = task.record(Store.REGISTRY), task.record(Store.XML)
        claims = _claims(registry, file)
        here = _folded(task.path)
        wrong = [(who, path, reading) for who, path, reading in claims if _folded(path) != here]
        if not wrong:
            continue
        told = [f"{who} says {quoted(path)}" for who, path, _ in wrong]
        by_key = any(who == _PATH_VALUE for who, _, _ in wrong)
        yield PATH_DIFFERS.finding(
            task,
            "; ".join(f"{who}={path.casefold()}" for who, path, _ in wrong),
            summary=f"{task.path}: {join(told)}",
            why=sentences(
                "The task stands at another place than it says of itself.",
                "The service compares Path with the place when the task is changed and refuses (0x8000FFFF); it never writes two "
                "that differ."
                if by_key
                else "URI is free text that Windows shows and does not go by: it stays when a definition is copied, exported and "
                "imported under another name, and it can be written to mislead. Judged low.",
            ),
            refs=cited(*(reading for _, _, reading in wrong), *(record.ref for record in task.records)),
            severity=Severity.MEDIUM if by_key else Severity.LOW,
        )


_PATH_VALUE = "the Path value of the Tasks key"


def _claims(registry: TaskRecord | None, file: TaskRecord | None) -> list[tuple[str, str, Reading[str]]]:
    found = []
    if registry is not None:
        if is_linked(registry):
            found.append((_PATH_VALUE, registry.keeping.tasks_path))
        found.append(("the URI in the registry", registry.registration.uri))
    if file is not None:
        found.append(("the URI in the XML file", file.registration.uri))
    return [
        (who, reading.value, reading)
        for who, reading in found
        if reading.stated and reading.value and not reading.value.startswith("$(")
    ]


def _folded(path: str) -> str:
    return path.casefold().strip("\\")


# -- the Hash value ------------------------------------------------------------------------------------------------------


def _check_hash(context: Context) -> Iterator[Finding]:
    """Learned on this host: only where the files of shipped tasks match their Hash does a mismatch mean anything."""
    pairs = [(task, record) for task, record in context.pairs() if _hashes(task, record)]
    matching = sum(1 for task, record in pairs if _fits(task, record))
    if matching == 0:
        return  # the way in which the file is hashed is then not the one known to us
    for task, record in pairs:
        if _fits(task, record):
            continue
        severity, moved = _weigh_hash(context, matching, len(pairs))
        file = task.record(Store.XML)
        yield HASH_DIFFERS.finding(
            task,
            "Hash differs",
            summary=f"{task.path}: the Hash in the registry is not that of the XML file",
            why=sentences(
                "The service writes file and Hash together, so the file was changed or put there by another hand.",
                moved,
                "Windows 7 refuses such a task (0x80041321)."
                if context.build is not None and context.build < WINDOWS_8
                else "Windows 10 and later run the registry and never compare the two.",
            ),
            refs=cited(record.keeping.hash, *([file.keeping.hash_found, file.ref] if file else [])),
            severity=severity,
            confidence=Confidence.LIKELY if severity is not Severity.INFO else Confidence.POSSIBLE,
            time=file.keeping.file_written.value if file else None,
        )


def _hashes(task: Task, record: TaskRecord) -> tuple[str, str] | None:
    """The two SHA-256 in hex; None where one is missing or is the older CRC32 of four bytes."""
    file = task.record(Store.XML)
    kept, found = (record.keeping.hash.value or "").lower(), (file.keeping.hash_found.value or "").lower() if file else ""
    return (kept, found) if is_linked(record) and len(kept) == 64 and found else None


def _fits(task: Task, record: TaskRecord) -> bool:
    hashes = _hashes(task, record)
    return hashes is not None and hashes[0] in hashes[1]


_ENOUGH_HASHES = 10
_NEARLY_ALL = 0.9


def _weigh_hash(context: Context, matching: int, known: int) -> tuple[Severity, str]:
    figures = f"On this host {matching:,} of {known:,} task files match their Hash"
    if matching < _ENOUGH_HASHES or matching < _NEARLY_ALL * known:
        return Severity.INFO, f"{figures}: too few to prove what is hashed, so this is information only."
    before_10 = context.build is not None and context.build < WINDOWS_10
    return (Severity.MEDIUM if before_10 else Severity.LOW), f"{figures}, which proves what is hashed: the mismatch is real."


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
    _check("actions[", lambda: ACTION_DIFFERS, "what is started"),
    ("T1053.005", "T1112", "T1036"),
)
TRIGGER_DIFFERS = Rule(
    "trigger-differs",
    Severity.HIGH,
    "XML file and registry start the task at different times or events.",
    _BENIGN,
    _NEXT,
    _check("triggers[", lambda: TRIGGER_DIFFERS, "when it starts"),
    ("T1053.005", "T1112"),
)
PRINCIPAL_DIFFERS = Rule(
    "principal-differs",
    Severity.HIGH,
    "XML file and registry run the task as different accounts or with different rights.",
    _BENIGN,
    _NEXT,
    _check("principal.", lambda: PRINCIPAL_DIFFERS, "whom it runs as"),
    ("T1053.005", "T1112"),
)
SETTINGS_DIFFERS = Rule(
    "settings-differs",
    Severity.MEDIUM,
    "XML file and registry give different settings.",
    _BENIGN,
    _NEXT,
    _check("settings.", lambda: SETTINGS_DIFFERS, "settings"),
    ("T1053.005", "T1112"),
)
PATH_DIFFERS = Rule(
    "path-differs",
    Severity.MEDIUM,
    "The place in the Tree, the Path value, the URI and the place of the file disagree.",
    "A definition exported and imported under another name keeps its URI.",
    ("Look for a task at the place that is claimed.", "Compare Author, Date and actions with that task."),
    _check_paths,
    ("T1036.004",),
)
HASH_DIFFERS = Rule(
    "hash-differs",
    Severity.INFO,
    "The Hash in the registry is not that of the XML file; information until this host proves what is hashed.",
    "A file saved again by an upgrade or a migration tool, or restored from a backup.",
    ("Compare file and registry field by field.", "Look at the file's times in $MFT and at the USN journal."),
    _check_hash,
    ("T1036",),
)
DISAGREEMENT: tuple[Rule, ...] = (
    ACTION_DIFFERS, TRIGGER_DIFFERS, PRINCIPAL_DIFFERS, SETTINGS_DIFFERS, PATH_DIFFERS, HASH_DIFFERS,
)  # fmt: skip
