"""What `scan` prints: the host, the three tellings, the findings, what could not be read. Plain text, safe for any terminal."""

from __future__ import annotations

import textwrap

from triptych.exports.json_case import windows_name
from triptych.exports.references import words
from triptych.model.case import XML_NOT_LISTED, Case, StoreReport, Weight
from triptych.model.display import show
from triptych.model.evidence import ReadState
from triptych.model.finding import Finding, Severity
from triptych.model.task import Store

WIDTH = 100
BASIS = {XML_NOT_LISTED: "task files without their whole folder"}
_NAMES = {Store.XML: "XML files", Store.REGISTRY: "Registry", Store.SCHEDULER: "Scheduler", Store.LOG: "Event logs"}


def render(case: Case, least: Severity = Severity.INFO) -> str:
    """The summary; findings below `least` are counted, not printed."""
    lines = [*_head(case), "", *_findings(case, least), *_problems(case)]
    return "\n".join(lines) + "\n"


def _head(case: Case) -> list[str]:
    name = show(case.host.get("name").value or "Host name not in the evidence")
    windows = show(windows_name(case.host) or "Windows version not in the evidence")
    build = f", build {case.host.build}" if case.host.build else ""
    lines = [f"{name}  {windows}{build}", ""]
    lines += [_store(report) for report in case.reports]
    lost = sum(1 for file in case.files if file.read is ReadState.FAILED)
    read = f"{len(case.files) - lost:,} of {len(case.files):,} files read" if lost else f"{len(case.files):,} files read and hashed"
    return [*lines, f"{'Tasks':<10} {len(case.tasks):,} in all; {read}"]


def _store(report: StoreReport) -> str:
    if report.state == "absent":
        return f"{_NAMES[report.store]:<10} not in the evidence"
    basis = f", {BASIS.get(report.basis, report.basis)}" if report.basis else ""
    note = f" ({show(report.note)})" if report.note else ""
    return f"{_NAMES[report.store]:<10} {report.tasks:,} tasks, {report.state}{basis}{note}"


def _findings(case: Case, least: Severity) -> list[str]:
    shown = [finding for finding in case.findings if finding.severity.at_least(least)]
    counts = [(severity, sum(1 for finding in case.findings if finding.severity is severity)) for severity in Severity]
    tally = ", ".join(f"{count} {severity.value}" for severity, count in counts if count)
    if not case.findings:
        return ["No findings."]
    lines = [f"Findings: {tally}."]
    for finding in shown:
        lines += ["", *_finding(finding)]
    return lines


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
    lines = ["", f"Reading: {lost} lost, {doubt} doubtful, {notes} notes."]
    for problem in [problem for problem in case.problems if problem.severity is not Weight.NOTE][:20]:
        where = f"{problem.severity.value}: {show(problem.file)}, {show(problem.where)}"
        lines += _wrap(f"{where}: tried to {show(problem.tried)}; found {show(problem.found)}. Lost: {show(problem.lost)}.")
    return lines
