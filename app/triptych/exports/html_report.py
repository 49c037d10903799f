"""`scan --html`: a report for people. One file, nothing loaded from outside, no script, no link made of evidence; prints well."""

from __future__ import annotations

from collections.abc import Iterable

from triptych.analysis import comparison_logs
from triptych.analysis.comparison_logs import SAME_NOW, log_telling
from triptych.analysis.row import Row, Verdict
from triptych.exports.csv_tables import command_line, tellers
from triptych.exports.html_report_logs import MOST, history, logs
from triptych.exports.json_case import Run, windows_name
from triptych.exports.markup import Child, Markup, element, joined
from triptych.exports.references import words
from triptych.exports.task_history import Histories
from triptych.exports.text_summary import BASIS
from triptych.model.case import Case, StoreReport, Weight
from triptych.model.evidence import EvidenceFile
from triptych.model.finding import Finding, Severity
from triptych.model.task import Absence, Store, Task
from triptych.resources import text

_SHAPES = {
    Severity.CRITICAL: "\u25c6",
    Severity.HIGH: "\u25b2",
    Severity.MEDIUM: "\u25a0",
    Severity.LOW: "\u25cf",
    Severity.INFO: "\u25cb",
}
_STORES = (Store.XML, Store.REGISTRY, Store.SCHEDULER)
_NAMES = {Store.XML: "XML", Store.REGISTRY: "Registry", Store.SCHEDULER: "Scheduler", Store.LOG: "Event logs"}
_TOLD_ALONE = ("Actions", "Principal", "Triggers")  # of a task that event logs alone tell
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def render(case: Case, run: Run) -> str:
    """The report as one HTML document."""
    name = case.host.get("name").value or "Host without a name"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"{name}: scheduled tasks"),
        Markup(f"<style>{text('report.css')}</style>"),
    )
    body = element(
        "body",
        _summary(case, name, run),
        *_findings(case),
        _tasks(case),
        logs(case),
        _problems(case),
        _sources(case),
        _colophon(run),
    )
    return "<!doctype html>\n" + element("html", head, body, lang="en").text + "\n"


def _summary(case: Case, name: str, run: Run) -> Markup:
    build = f"build {case.host.build}" if case.host.build else "build not in the evidence"
    counts = [(severity, sum(1 for found in case.findings if found.severity is severity)) for severity in Severity]
    tally = [
        element("span", f"{_SHAPES[severity]} {count} {severity.value}", css=f"tally {severity.value}")
        for severity, count in counts
        if count
    ]
    stores = [
        element(
            "tr",
            element("th", _NAMES[report.store], css=report.store.value),
            element("td", "not in the evidence" if report.state == "absent" else f"{report.tasks:,} tasks"),
            element("td", _how(report, case)),
        )
        for report in case.reports
        if report.store in _NAMES
    ]
    return element(
        "header",
        element("h1", name),
        element(
            "p",
            f"{windows_name(case.host) or 'Windows'}, {build}. {len(case.tasks):,} scheduled tasks, "
            "as the file, the registry and the scheduler tell them"
            + (", and what the event logs say of them." if case.logs else "."),
        ),
        element("p", *(tally or [element("span", "No findings.")]), css="tallies"),
        element("table", *stores, css="stores"),
        element(
            "p", f"Scanned {run.started}. Times end in Z where they are UTC; without it they are local to the machine.", css="dim"
        ),
    )


def _how(report: StoreReport, case: Case) -> str:
    if report.state == "absent":
        return ""
    events = sum(block.rows for block in case.events) if report.store is Store.LOG else 0
    told = (report.state, BASIS.get(report.basis, report.basis), f"{events:,} events kept" if events else "")
    return ", ".join(part for part in told if part)


def _findings(case: Case) -> Iterable[Markup]:
    tasks = {(task.path, task.guid): task for task in case.tasks}
    files = {file.path: file for file in case.files}
    histories = Histories(case)
    for number, finding in enumerate(case.findings, start=1):
        task = tasks.pop((finding.task or "", finding.guid or ""), None)  # the tellings stand in a task's first finding
        happened = histories.of(task.path, MOST) if task else None
        told = (_tellings(task, case) if task else None, history(happened, task.path) if task and happened else None)
        yield _finding(finding, told, files, f"Finding {number} of {len(case.findings)}")


def _finding(finding: Finding, told: tuple[Markup | None, Markup | None], files: dict[str, EvidenceFile], number: str) -> Markup:
    """`told` are the tellings and the history of its task, where they stand in this finding."""
    attack = f"ATT&CK {', '.join(finding.attack)}" if finding.attack else ""
    return element(
        "section",
        element(
            "p",
            element(
                "span",
                f"{_SHAPES[finding.severity]} {finding.severity.value.capitalize()}",
                css=f"severity {finding.severity.value}",
            ),
            f" {finding.confidence.value} \u00b7 {finding.rule} \u00b7 {attack}",
            element("span", number, css="number"),
            css="head",
        ),
        element("h2", finding.headline),
        element("p", element("strong", finding.task or "(the host)"), " ", element("code", finding.guid or ""), css="task"),
        *told,
        element("h3", "What Windows would do, and why it matters"),
        element("p", finding.why),
        element("h3", "A benign explanation"),
        element("p", finding.benign),
        element("h3", "Next steps"),
        element("ol", *(element("li", step) for step in finding.next_steps)),
        element("h3", "Evidence"),
        _evidence(finding, files),
        css=f"finding {finding.severity.value}",
        id=finding.key,
    )


def _tellings(task: Task, case: Case) -> Markup | None:
    """What differs, a column a store, and one of the event logs where they tell more than the name; absence with its reason.

    Nothing where all show the task and agree. Of a task that logs alone tell, what it starts, as whom and when.
    """
    stores = _STORES if log_telling(task) is None else (*_STORES, Store.LOG)
    lacks = {store: task.lack(store) for store in stores}
    alone = not any(task.record(store) for store in _STORES)
    if alone:
        rows = [row for row in comparison_logs.rows(task, case.host) if row.section in _TOLD_ALONE]
    else:
        rows = list(comparison_logs.differences(task, case.host))
    if not rows and not any(lacks.values()):
        return None
    head = element("tr", element("th"), *(element("th", _NAMES[store], css=store.value) for store in stores))
    listed = element("tr", element("th", "Listed"), *(_listed(task, lacks[store], store) for store in stores))
    body = [element("tr", element("th", row.label), *(_cell(row, store, lacks[store]) for store in stores)) for row in rows]
    runs = next((row.why for row in rows if row.why), "")
    return joined(
        element("h3", "Three tellings" if len(stores) == len(_STORES) else "Three tellings, and the event logs"),
        element("table", head, listed, *body, css="tellings"),
        element("p", runs, css="dim") if runs else None,
    )


def _listed(task: Task, lack: Absence | None, store: Store) -> Markup:
    if lack is not None:
        return element("td", element("strong", lack.presence.value), f" {lack.reason}", css="absent")
    record = task.record(store)
    if record is not None and store is Store.LOG:
        return element("td", f"{record.path}: {record.presence.note}" if record.presence.note else record.path)
    return element("td", record.path if record else "not read", css="" if record else "dim")


def _cell(row: Row, store: Store, lack: Absence | None) -> Markup:
    reading = row.cell(store)
    if lack is not None or reading is None or not reading.known:
        return element("td", "\u2014", css="absent" if lack else "dim")
    if row.verdict is not Verdict.DIFFERS or (store is Store.LOG and row.section not in SAME_NOW):
        return element("td", row.text(store))
    return element("td", element("mark", row.text(store)), css="differs")


def _evidence(finding: Finding, files: dict[str, EvidenceFile]) -> Markup:
    items: list[Child] = []
    for ref in finding.refs:
        span = ref.spans[0]
        file = files.get(span.file)
        more = f" and {len(ref.spans) - 1} more pieces" if len(ref.spans) > 1 else ""
        items.append(
            element(
                "li",
                element("code", span.file),
                element("br"),
                f"{words(ref.place)} \u00b7 {sum(piece.length for piece in ref.spans):,} bytes from offset 0x{span.offset:X}{more}",
                element("br"),
                element("code", f"SHA-256 {file.id}" if file and file.id else "SHA-256 not known", css="dim"),
            )
        )
    return element("ol", *items, css="evidence")


def _tasks(case: Case) -> Markup:
    stores = (*_STORES, Store.LOG) if case.logs else _STORES
    letters = ("X", "R", "S", "E")[: len(stores)]
    head = element("tr", *(element("th", name) for name in ("Task", *letters, "Runs as", "Starts")))
    return element(
        "section",
        element("h2", f"All {len(case.tasks):,} tasks"),
        element("p", "X: XML file, R: registry, S: scheduler" + (", E: events" if case.logs else ""), css="dim"),
        element("table", head, *(_task(task, stores) for task in case.tasks), css="tasks"),
    )


def _task(task: Task, stores: tuple[Store, ...]) -> Markup:
    first, acting = tellers(task)
    runs_as = (first.principal.user_id.value or first.principal.group_id.value or "") if first else ""
    starts = "; ".join(command_line(action) for action in acting.actions) if acting else ""
    marks = [element("td", "\u25cf" if task.record(store) else "\u25cb", css=store.value) for store in stores]
    return element("tr", element("td", task.path), *marks, element("td", runs_as), element("td", element("code", starts)))


def _problems(case: Case) -> Markup | None:
    if not case.problems:
        return None
    lost = sum(problem.count for problem in case.problems if problem.severity is Weight.LOST)
    head = element("tr", *(element("th", name) for name in ("", "File and place", "What", "Lost", "What to do")))
    rows = [
        element(
            "tr",
            element("td", problem.severity.value, css=problem.severity.value),
            element("td", element("code", problem.file), " ", problem.where),
            element("td", f"tried to {problem.tried}; found {problem.found}"),
            element("td", problem.lost),
            element("td", problem.advice),
        )
        for problem in case.problems
    ]
    title = f"What could not be read: {lost} lost" if lost else "Notes on reading: nothing lost"
    return element("section", element("h2", title), element("table", head, *rows, css="problems"))


def _sources(case: Case) -> Markup:
    head = element("tr", *(element("th", name) for name in ("File", "Kind", "Bytes", "SHA-256")))
    rows = [
        element(
            "tr",
            element("td", element("code", file.path)),
            element("td", file.kind),
            element("td", f"{file.size:,}"),
            element("td", element("code", file.id)),
        )
        for file in case.files
    ]
    return element("section", element("h2", "Sources"), element("table", head, *rows, css="sources"))


def _colophon(run: Run) -> Markup:
    return element("footer", f"Triptych. Command: {' '.join(run.command)}", css="dim")
