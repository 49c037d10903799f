"""Tables for spreadsheets and Timeline Explorer: UTF-8 with a mark, CRLF, no line end inside a cell, no formula runs."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from triptych.analysis.comparison import differences
from triptych.exports.definition import plain
from triptych.exports.json_case import Run
from triptych.exports.log_words import LogLine, log_lines
from triptych.exports.references import cited
from triptych.model.case import Case
from triptych.model.display import show
from triptych.model.evidence import EvidenceRef
from triptych.model.task import Action, Store, Task, TaskRecord, Trigger
from triptych.model.times import Instant

CELL = 32_000  # characters: a spreadsheet's cell holds 32,767, and what is longer spills over the cells beside it
FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_LINE_ENDS = re.compile("\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
_ACTS = frozenset(" =+-@")  # ASCII that may begin a formula, or stand before one
_NUMBER = re.compile(r"-\d+|[+-]\d\d:\d\d", re.ASCII)
_STORES = (Store.XML, Store.REGISTRY, Store.SCHEDULER)


def cell(value: Any) -> str:
    """A cell's text: line ends as one mark, characters that act or hide as `show` marks them; text that a spreadsheet would
    run as a formula begins with an apostrophe, also where white space stands before it; a text too long for a cell is cut.
    """
    text = "" if value is None else str(value)
    if text.isascii() and text.isprintable() and text[:1] not in _ACTS and len(text) <= CELL:
        return text
    shown = show(_LINE_ENDS.sub("\u23ce", text), CELL)
    if text.lstrip().startswith(FORMULA) and not is_number(text):
        return "'" + shown
    return shown


def is_number(text: str) -> bool:
    """Whether a text is a negative number or an offset such as +00:00, all that begins so and runs nothing."""
    return _NUMBER.fullmatch(text) is not None


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """One CSV file."""
    return b"\xef\xbb\xbf" + csv_row(header) + b"".join(map(csv_row, rows))


def csv_row(values: Sequence[Any]) -> bytes:
    """One line of a CSV file, its values as `cell` writes them."""
    line: list[str] = []
    csv.writer(_Line(line.append), lineterminator="\r\n").writerow([cell(value) for value in values])
    return "".join(line).encode("utf-8")


@dataclass(frozen=True, slots=True)
class _Line:
    """What `csv` writes a line to."""

    write: Callable[[str], None]


def render(case: Case, _: Run) -> dict[str, bytes]:
    """All tables by file name. A leading apostrophe before = + - @ and marks like `⟨U+202E⟩` are ours; JSON keeps the text as it is."""
    return {
        "tasks.csv": _tasks(case),
        "differences.csv": _differences(case),
        "findings.csv": _findings(case),
        "timeline.csv": _timeline(case),
        "logs.csv": _logs(case),
        "evidence.csv": _evidence(case),
        "problems.csv": _problems(case),
    }


def _tasks(case: Case) -> bytes:
    header = (
        "Path", "GUID", "Worst", "Findings", "InXml", "InRegistry", "InScheduler", "RunsAs", "RunLevel", "LogonType", "Enabled",
        "Hidden", "Actions", "Triggers", "Author", "Description", "URI", "CreatedOn", "LastStart", "LastStop", "LastActionResult",
        "TreeKeyWritten", "TasksKeyWritten", "FileWritten", "Index", "TreeSD", "Hash", "InLogs", "LoggedAs", "LoggedAt",
    )  # fmt: skip
    worst: dict[tuple[str, str], list[Any]] = {}
    for finding in case.findings:
        worst.setdefault((finding.task or "", finding.guid or ""), []).append(finding)
    return table(header, (_task(task, worst.get((task.path, task.guid), [])) for task in case.tasks))


def _task(task: Task, findings: list[Any]) -> list[Any]:
    xml, registry, logged = task.record(Store.XML), task.record(Store.REGISTRY), task.record(Store.LOG)
    first, acting = tellers(task)
    if first is None or acting is None:
        return [task.path, task.guid]
    return [
        task.path,
        task.guid,
        findings[0].severity.value if findings else "",
        len(findings),
        *(_presence(task, store) for store in _STORES),
        plain(first.principal.user_id) or plain(first.principal.group_id),
        plain(first.principal.run_level),
        plain(first.principal.logon_type),
        plain(first.settings.enabled),
        plain(first.settings.hidden),
        " \u00a6 ".join(command_line(action) for action in acting.actions),
        " \u00a6 ".join(trigger_words(trigger) for trigger in first.triggers),
        plain(first.registration.author),
        plain(first.registration.description),
        plain(first.registration.uri),
        plain(first.run.registered),
        plain(first.run.last_run),
        plain(first.run.last_success),
        _hex(plain(first.run.last_result)),
        *_kept(registry, xml),
        _presence(task, Store.LOG),
        plain(logged.keeping.basis) if logged else None,
        plain(logged.keeping.told) if logged else None,
    ]


def tellers(task: Task) -> tuple[TaskRecord | None, TaskRecord | None]:
    """Who says as whom a task runs, and who says what it starts: registry, file, scheduler; the event logs where these tell nothing."""
    xml, logged = task.record(Store.XML), task.record(Store.LOG)
    first = task.record(Store.REGISTRY) or xml or task.record(Store.SCHEDULER) or logged
    return first, first if first and first.has_actions else xml or (logged if logged and logged.has_actions else first)


def _kept(registry: TaskRecord | None, xml: TaskRecord | None) -> list[Any]:
    keeping = registry.keeping if registry else None
    return [
        plain(keeping.tree_written) if keeping else None,
        plain(keeping.tasks_written) if keeping else None,
        plain(xml.keeping.file_written) if xml else None,
        plain(keeping.index) if keeping else None,
        plain(keeping.access) if keeping else None,
        plain(keeping.hash) if keeping else None,
    ]


def _hex(code: Any) -> str:
    return "" if code is None else f"0x{code:X}"


def _presence(task: Task, store: Store) -> str:
    record, absence = task.record(store), task.absence(store)
    if record is not None and record.presence.value is not None:
        return record.presence.value.value
    return absence.presence.value if absence else "not-read"


def command_line(action: Action) -> str:
    """What an action starts, in one line."""
    kind = action.type.value
    if kind == "Exec":
        return " ".join(part for part in (action.command.value, action.arguments.value) if part)
    if kind == "ComHandler":
        return " ".join(part for part in ("COM", action.class_id.value, action.data.value) if part)
    told = (kind, action.server.value, action.to.value, action.subject.value, action.title.value)
    return " ".join(part for part in told if part)


def trigger_words(trigger: Trigger) -> str:
    """A trigger in one line: its type, start, repetition and schedule."""
    parts = [trigger.type.value or "", trigger.schedule.kind.value or ""]
    if trigger.start_boundary.value:
        parts.append(f"from {trigger.start_boundary.value.iso}")
    if trigger.repetition_interval.value:
        parts.append(f"every {trigger.repetition_interval.value}")
    parts += [word for word in (trigger.user_id.value, trigger.state_change.value, trigger.subscription.value) if word]
    return " ".join(part for part in parts if part) + ("" if trigger.enabled.value is not False else " (disabled)")


def _differences(case: Case) -> bytes:
    rows = (
        [
            task.path,
            task.guid,
            row.field,
            row.label,
            *(row.text(store) for store in _STORES),
            row.runs.value if row.runs else "",
            row.why,
        ]
        for task in case.tasks
        for row in differences(task, case.host)
    )
    return table(("Path", "GUID", "Field", "Label", "Xml", "Registry", "Scheduler", "Runs", "Why"), rows)


def _findings(case: Case) -> bytes:
    header = (
        "Severity",
        "Rule",
        "Confidence",
        "Path",
        "GUID",
        "Time",
        "Summary",
        "Why",
        "Benign",
        "NextSteps",
        "Attack",
        "Evidence",
        "Key",
    )
    rows = (
        [
            found.severity.value,
            found.rule,
            found.confidence.value,
            found.task,
            found.guid,
            found.time.iso if found.time else "",
            found.summary,
            found.why,
            found.benign,
            " \u00a6 ".join(found.next_steps),
            ", ".join(found.attack),
            _cited(found.refs),
            found.key,
        ]
        for found in case.findings
    )
    return table(header, rows)


def _cited(refs: Iterable[EvidenceRef]) -> str:
    return " \u00a6 ".join(map(cited, refs))


def _timeline(case: Case) -> bytes:
    rows = ([m.time.iso, m.precision, m.source, m.kind, m.task, m.account, m.text, _cited(m.refs)] for m in case.timeline)
    return table(("Time", "Precision", "Source", "Kind", "Task", "Account", "Text", "Evidence"), rows)


def _logs(case: Case) -> bytes:
    header = (
        "Channel", "File", "First", "Last", "Records", "Kept", "Begins", "Lacks", "Cleared", "Switch", "FirstNumber", "LastNumber",
        "Gaps", "Lost", "Slack", "View",
    )  # fmt: skip
    rows = ([line.channel, line.report.file, *_log(line)] for line in log_lines(case))
    return table(header, rows)


def _log(line: LogLine) -> list[Any]:
    report = line.report
    return [
        line.first.iso if line.first else "",
        line.last.iso if line.last else "",
        report.records,
        report.kept,
        line.begins,
        line.lacks,
        line.cleared,
        line.switch,
        report.first_number,
        report.last_number,
        len(report.gaps),
        report.lost,
        report.slack,
        report.view,
    ]


def _evidence(case: Case) -> bytes:
    rows = (
        [
            f.path,
            f.kind,
            f.size,
            Instant(f.modified).iso if f.modified is not None else "",
            f.id,
            f.read.value,
            " \u00a6 ".join(f.derived_from),
            f.view,
            f.note,
        ]
        for f in case.files
    )
    return table(("Path", "Kind", "Size", "Modified", "SHA256", "Read", "DerivedFrom", "View", "Note"), rows)


def _problems(case: Case) -> bytes:
    rows = ([p.severity.value, p.code, p.file, p.where, p.tried, p.found, p.lost, p.advice, p.count] for p in case.problems)
    return table(("Severity", "Code", "File", "Where", "Tried", "Found", "Lost", "Advice", "Count"), rows)
