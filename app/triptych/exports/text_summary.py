"""What `scan` prints: the host, the three tellings, the findings, what could not be read. Plain text, safe for any terminal."""

from __future__ import annotations

import textwrap

from triptych.exports.json_case import windows_name
from triptych.exports.log_words import LogLine, log_lines, logged_names
from triptych.exports.references import words
from triptych.exports.task_history import Histories, History
from triptych.model.case import XML_NOT_LISTED, Case, StoreReport, Weight
from triptych.model.display import show
from triptych.model.evidence import ReadState
from triptych.model.finding import Finding, Severity
from triptych.model.paths import fold
from triptych.model.task import Store
from triptych.rules.phrases import count

WIDTH = 100
_LOGS, _MOMENTS, _LONGEST = 12, 8, 240  # logs, moments of a task, characters of one
BASIS = {XML_NOT_LISTED: "task files without their whole folder"}
_NAMES = {Store.XML: "XML files", Store.REGISTRY: "Registry", Store.SCHEDULER: "Scheduler", Store.LOG: "Event logs"}


def render(case: Case, least: Severity = Severity.INFO) -> str:
    """The summary; findings below `least` are counted, not printed."""
    lines = [*_head(case), "", *_findings(case, least), *_problems(case)]
    return "\n".join(lines) + "\n"


def _head(case: Case) -> list[str]:
    name = show(case.host.get("name").value or logged_names(case) or "Host name not in the evidence")
    windows = show(windows_name(case.host) or "Windows version not in the evidence")
    build = f", build {case.host.build}" if case.host.build else ""
    lines = [f"{name}  {windows}{build}", ""]
    lines += [_store(report, case) for report in case.reports]
    lines += _logs(case)
    lost = sum(1 for file in case.files if file.read is ReadState.FAILED)
    read = (
        f"{len(case.files) - lost:,} of {len(case.files):,} files read"
        if lost
        else f"{count(len(case.files), 'file')} read and hashed"
    )
    return [*lines, f"{'Tasks':<12} {len(case.tasks):,} in all; {read}"]


def _logs(case: Case) -> list[str]:
    """The logs, a line each: how far they reach and what they lack."""
    lines = log_lines(case)
    more = [f"{'':<12} and {len(lines) - _LOGS:,} more logs"] if len(lines) > _LOGS else []
    return [f"{'':<12} {_log(line)}" for line in lines[:_LOGS]] + more


def _log(line: LogLine) -> str:
    reach = f"{line.first.iso} to {line.last.iso}" if line.first and line.last else "no records"
    told = (
        count(line.report.records, "record"),
        line.begins if line.report.records else "",
        line.lacks,
        f"cleared {line.cleared}" if line.cleared else "",
        f"switched {line.switch}" if line.switch.startswith("off") else "",
    )
    return show("; ".join((f"{line.channel}: {reach}", *(part for part in told if part))))


def _store(report: StoreReport, case: Case) -> str:
    if report.state == "absent":
        return f"{_NAMES[report.store]:<12} not in the evidence"
    events = f", {sum(block.rows for block in case.events):,} events kept" if report.store is Store.LOG else ""
    basis = f", {BASIS.get(report.basis, report.basis)}" if report.basis else ""
    note = f" ({show(report.note)})" if report.note else ""
    return f"{_NAMES[report.store]:<12} {count(report.tasks, 'task')}, {report.state}{basis}{events}{note}"


def _findings(case: Case, least: Severity) -> list[str]:
    shown = [finding for finding in case.findings if finding.severity.at_least(least)]
    counts = [(severity, sum(1 for finding in case.findings if finding.severity is severity)) for severity in Severity]
    tally = ", ".join(f"{count} {severity.value}" for severity, count in counts if count)
    if not case.findings:
        return ["No findings."]
    lines = [f"Findings: {tally}."]
    histories, told = Histories(case), set[str]()
    for finding in shown:
        lines += ["", *_finding(finding)]
        if finding.task and fold(finding.task) not in told:  # once a task
            told.add(fold(finding.task))
            lines += _history(histories.of(finding.task, _MOMENTS))
    return lines


def _history(told: History | None) -> list[str]:
    """What happened to the task: nothing where no event tells of it."""
    if told is None:
        return []
    moments = [f"         {moment.time.iso:<28} {show(moment.text, _LONGEST)}" for moment in told.moments]
    more = [f"         and {told.left_out:,} more moments, most of them runs"] if told.left_out else []
    return ["         What happened:", *moments, *more]


def _finding(finding: Finding) -> list[str]:
    head = f"{finding.severity.value.upper():<8} {finding.rule}"
    where = show(finding.task or "(host)") + (f"  {show(finding.guid)}" if finding.guid else "")
    lines = [f"{head}  {where}", *_wrap(show(finding.summary)), *_wrap(show(finding.why))]
    lines += _wrap(f"Benign when: {show(finding.benign)}") if finding.benign else []
    cited = [f"{show(words(ref.place))} ({show(ref.spans[0].file)}, offset 0x{ref.spans[0].offset:X})" for ref in finding.refs[:3]]
    more = f"; {len(finding.refs) - 3} more" if len(finding.refs) > 3 else ""
    lines += _wrap(f"Evidence: {'; '.join(cited)}{more}")
    lines += _wrap(f"ATT&CK {', '.join(finding.attack)}; confidence: {finding.confidence.value}")
    return lines


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="         ", subsequent_indent="         ", break_long_words=False) or []


def _problems(case: Case) -> list[str]:
    if not case.problems:
        return []
    lost = sum(problem.count for problem in case.problems if problem.severity is Weight.LOST)
    doubt = sum(problem.count for problem in case.problems if problem.severity is Weight.DOUBT)
    notes = sum(problem.count for problem in case.problems if problem.severity is Weight.NOTE)
    lines = ["", f"Reading: {lost} lost, {doubt} doubtful, {count(notes, 'note')}."]
    for problem in [problem for problem in case.problems if problem.severity is not Weight.NOTE][:20]:
        where = f"{problem.severity.value}: {show(problem.file)}, {show(problem.where)}"
        lines += _wrap(f"{where}: tried to {show(problem.tried)}; found {show(problem.found)}. Lost: {show(problem.lost)}.")
    return lines
