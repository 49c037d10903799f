"""Tasks that one store keeps and the other does not: no XML file, or nothing but an XML file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from triptych.model.evidence import EvidenceRef, State
from triptych.model.finding import Confidence, Finding, Severity
from triptych.model.paths import fold
from triptych.model.task import Store, Task, TaskRecord
from triptych.rules.lookups import (
    has_stock_actions,
    hive_doubt,
    is_absent,
    is_linked,
    is_modern,
    once,
    recovered_below,
    was_read,
)
from triptych.rules.phrases import cited, sentences
from triptych.rules.rule import Context, Rule

_STOCK_FOLDERS = "\\microsoft\\windows\\"


def _fileless(context: Context) -> list[tuple[Task, TaskRecord]]:
    def make() -> list[tuple[Task, TaskRecord]]:
        files = {fold(task.path) for task in context.case.tasks if task.record(Store.XML) is not None}
        return [
            (task, record)
            for task, record in context.pairs()
            if is_linked(record) and is_absent(task, Store.XML) and not _stands_elsewhere(task, record, files)
        ]

    return once(context, "tasks without a file", make)


def _stands_elsewhere(task: Task, record: TaskRecord, files: set[str]) -> bool:
    """Whether the Tasks key gives another path that has its file: the Tree key is then the odd one (duplicate-id, path-differs)."""
    named = fold(record.keeping.tasks_path.value or "")
    return named != fold(task.path) and named in files


def _check_registry_only(context: Context) -> Iterator[Finding]:
    for task, record in _fileless(context):
        severity, moved = _weigh(context, task, record)
        runs = (
            "Windows 8 and later run what the registry holds and never look for the file: the task works as if nothing were "
            "missing, while everybody who looks at the Tasks folder misses it."
            if is_modern(context)
            else "Windows 7 takes the actions from the XML file and refuses a task without it, so this one does not run."
        )
        yield REGISTRY_ONLY.finding(
            task,
            "no XML file",
            summary=f"{task.path}: registered, and no XML file at its place below System32\\Tasks",
            why=sentences(runs, moved),
            refs=cited(record.ref, record.keeping.hash, record.registration.schema, *_absence_refs(task)),
            severity=severity,
            time=record.run.registered.value,
        )


def _absence_refs(task: Task) -> list[tuple[EvidenceRef, ...]]:
    absence = task.absence(Store.XML)
    return [absence.refs] if absence else []


def _weigh(context: Context, task: Task, record: TaskRecord) -> tuple[Severity, str]:
    hash_there = record.keeping.hash.state in (State.STATED, State.UNREADABLE)
    schema_there = record.registration.schema.state in (State.STATED, State.UNREADABLE)
    if not hash_there and not schema_there:
        return Severity.HIGH, (
            "The Tasks key has neither Hash nor Schema, which the service writes for every task that it registers from XML: the "
            "task was written straight into the registry. Judged higher."
        )  # fmt: skip
    secured = record.keeping.access.stated or not is_modern(context)
    if context.baseline.find(task.path) is not None and hash_there and secured and has_stock_actions(context, task.path, record):
        return Severity.INFO, (
            "Windows ships this task, it has its Hash and SD and starts what Windows ships: upgrades and Windows Update leave such "
            "tasks without a file. Information only."
        )  # fmt: skip
    lacking, of_all = once(context, "file share", lambda: _share(context))
    if lacking >= 10 and lacking * 2 > of_all:
        return Severity.INFO, (
            f"{lacking:,} of {of_all:,} registered tasks have no file here: the task files were not collected as a whole. "
            "Information only."
        )  # fmt: skip
    if hash_there and secured and _folder_is_bare(context, task):
        return Severity.LOW, (
            "No task of this Windows folder has its file here: collectors that do not read the disk itself cannot copy folders "
            "that admit SYSTEM alone. Judged low."
        )  # fmt: skip
    return Severity.MEDIUM, ""


def _share(context: Context) -> tuple[int, int]:
    linked = sum(1 for _, record in context.pairs() if is_linked(record))
    return len(_fileless(context)), linked


def _folder_is_bare(context: Context, task: Task) -> bool:
    """Whether a folder below `\\Microsoft\\Windows` with several tasks has no file at all."""
    if not task.path.casefold().startswith(_STOCK_FOLDERS):
        return False

    def make() -> tuple[Counter[str], Counter[str]]:
        bare = Counter(task.folder.casefold() for task, _ in _fileless(context))
        every = Counter(task.folder.casefold() for task, record in context.pairs() if is_linked(record))
        return bare, every

    bare, every = once(context, "bare folders", make)
    folder = task.folder.casefold()
    return bare[folder] == every[folder] and bare[folder] > 1


def _check_xml_only(context: Context) -> Iterator[Finding]:
    if not was_read(context, Store.REGISTRY):
        return
    report = context.case.report(Store.REGISTRY)
    partly = report is not None and report.state == "partly"
    for task in context.case.tasks:
        record = task.record(Store.XML)
        if record is None or task.record(Store.REGISTRY) is not None or not is_absent(task, Store.REGISTRY):
            continue
        absence = task.absence(Store.REGISTRY)
        lacking = absence.refs if absence else ()
        confidence, doubt = hive_doubt(context, lacking)
        deleted = recovered_below(context, task.path)
        yield XML_ONLY.finding(
            task,
            "nothing registers it",
            summary=f"{task.path}: an XML file that nothing in the registry registers",
            why=sentences(
                "Windows runs what is registered; a file alone is never run, whoever put it there.",
                "Deleted registry data of this path was recovered: it was registered once." if deleted else "",
                "If the logs show runs of it, it was registered when they happened.",
                "Not every part of the registry could be read." if partly and not doubt else doubt,
            ),
            refs=cited(record.ref, lacking, *(trace.refs for trace in deleted)),
            confidence=Confidence.LIKELY if partly else confidence,
            time=record.keeping.file_written.value,
        )


REGISTRY_ONLY = Rule(
    "registry-only",
    Severity.MEDIUM,
    "A task is registered, and there is no XML file for it.",
    "Upgrades and Windows Update leave shipped tasks without files; a collector could not copy the file.",
    (
        "Look for the file in $MFT, the USN journal and shadow copies: was it deleted, or never there?",
        "Decode Actions and Triggers: what it starts, as whom, when.",
        "Look for its registration (106, 4698) and its runs (100, 129, 200).",
    ),
    _check_registry_only,
    ("T1053.005", "T1112", "T1070.004"),
)
XML_ONLY = Rule(
    "xml-only",
    Severity.LOW,
    "An XML file below System32\\Tasks that nothing registers.",
    "A failed upgrade, a rollback, a copied file, an uninstaller that forgot the file.",
    (
        "Look for events of that path: 106, 141, 4698, 4699, and runs (129, 200).",
        "Look for its keys in free space of the hive, in shadow copies and in Windows.old.",
    ),
    _check_xml_only,
    ("T1053.005",),
)
PRESENCE: tuple[Rule, ...] = (REGISTRY_ONLY, XML_ONLY)
