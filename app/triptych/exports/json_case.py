"""`scan --json`: the whole case as `docs/scan.schema.json` describes it, byte for byte the same for the same evidence."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from triptych import __version__
from triptych.analysis.comparison import differences
from triptych.exports.definition import definition, plain
from triptych.exports.log_words import clearings
from triptych.exports.references import rows
from triptych.logs.coverage import Clearing, beginning, same
from triptych.model.case import Balance, Case, Host, Problem, StoreReport
from triptych.model.event import LogReport, Moment
from triptych.model.evidence import EvidenceFile
from triptych.model.finding import Finding
from triptych.model.task import Store, Task, TaskRecord
from triptych.model.times import Instant
from triptych.rules.rule import RULES_VERSION

SCHEMA = "triptych.scan/1"
Json = dict[str, Any]
_TELLING = (Store.XML, Store.REGISTRY, Store.SCHEDULER)


@dataclass(frozen=True, slots=True)
class Run:
    """When and how a scan ran: the only part of the output that two scans of one evidence differ in."""

    started: str
    finished: str
    command: tuple[str, ...]


def dumps(case: Case, run: Run) -> str:
    """The case as text, a line a row of its lists; ends in a line feed. Lone surrogates stand as JSON escapes, all else as itself."""
    return b"".join(pieces(case, run)).decode("utf-8")


def pieces(case: Case, run: Run) -> Iterator[bytes]:
    """The same as UTF-8, row by row: a whole case as JSON's own types is many times larger."""
    for number, (name, value) in enumerate(_members(case, run)):
        yield f"{',' if number else '{'}\n{_line(name)}: ".encode()
        if not isinstance(value, Iterator):
            yield _utf8(_line(value))
            continue
        before = b"[\n"
        for row in value:
            yield before + _utf8(_line(row))
            before = b",\n"
        yield b"[]" if before == b"[\n" else b"\n]"
    yield b"\n}\n"


_line = json.JSONEncoder(ensure_ascii=False).encode


def _utf8(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return "".join(f"\\u{ord(c):04x}" if 0xD800 <= ord(c) <= 0xDFFF else c for c in text).encode("utf-8")


def document(case: Case, run: Run) -> Json:
    """The case as JSON's own types, in the order of the contract."""
    return {name: list(value) if isinstance(value, Iterator) else value for name, value in _members(case, run)}


def _members(case: Case, run: Run) -> Iterator[tuple[str, Any]]:
    """The members of the document; those of many rows as iterators, whose rows are made as they are asked for."""
    files = {file.path: file for file in case.files}
    found_for: dict[tuple[str, str], list[str]] = {}
    for finding in case.findings:
        if finding.task is not None:
            found_for.setdefault((finding.task, finding.guid or ""), []).append(finding.key)
    yield "schema", SCHEMA
    yield "run", _run(run)
    yield "host", host(case.host)
    yield "evidence", (_file(file) for file in case.files)
    yield "stores", {report.store.value: _store(report) for report in case.reports}
    yield "logs", logs(case)
    yield "tasks", (_task(case, task, found_for.get((task.path, task.guid), [])) for task in case.tasks)
    yield "findings", (_finding(finding, files) for finding in case.findings)
    yield "timeline", (_moment(moment, files) for moment in case.timeline)
    yield "problems", (_problem(problem) for problem in case.problems)
    yield "balances", (_balance(balance) for balance in case.balances)


def logs(case: Case) -> Iterator[Json]:
    """One row for each channel of each log file, in the order of the case."""
    cleared = clearings(case)
    for report in case.logs:
        yield _log(report, cleared[report.view], case.host)


def _log(report: LogReport, cleared: tuple[Clearing, ...], known: Host) -> Json:
    words = {"enabled": True, "disabled": False}
    switch = (fact for fact in known.all("channel") if fact.view == report.view and same(fact.subject, report.channel))
    fact = next(switch, None)
    return {
        "channel": report.channel,
        "file": report.file,
        "first": _log_time(report.first),
        "last": _log_time(report.last),
        "records": report.records,
        "kept": report.kept,
        "gaps": [[gap.first, gap.last] for gap in report.gaps],
        "enabled": words.get(fact.reading.value or "") if fact else None,
        "cleared": [
            {"time": clearing.time.iso, "account": clearing.account or None}
            for clearing in cleared
            if same(clearing.channel, report.channel)
        ],
        "beginning": beginning(report, cleared),
        "exported": report.exported,
        "first_number": report.first_number,
        "last_number": report.last_number,
        "slack": report.slack,
        "lost": report.lost,
        "view": report.view or None,
    }


def _log_time(time: Instant | None) -> str | None:
    return time.iso if time is not None and time.ticks > 0 else None


def _run(run: Run) -> Json:
    return {
        "tool": "triptych",
        "version": __version__,
        "started": run.started,
        "finished": run.finished,
        "command": list(run.command),
        "rules_version": RULES_VERSION,
    }


def _balance(balance: Balance) -> Json:
    return {
        "file": balance.file,
        "unit": balance.unit,
        "promised": balance.promised,
        "listed": balance.listed,
        "repaired": balance.repaired,
        "lost": balance.lost,
    }


def host(known: Host) -> Json:
    """The host's facts, null where the evidence does not tell."""
    build = known.build
    return {
        "name": plain(known.get("name")),
        "windows": windows_name(known),
        "build": build,
        "ubr": _number(plain(known.get("ubr"))),
        "edition": plain(known.get("edition")),
        "installed": plain(known.get("installed")),
        "time_zone": plain(known.get("time-zone")),
        "bias_minutes": _number(plain(known.get("bias"))),
        "system_root": plain(known.get("system-root")),
        "domain": plain(known.get("domain")),
        "last_shutdown": plain(known.get("last-shutdown")),
    }


def windows_name(known: Host) -> str | None:
    """The product's name; ProductName still says Windows 10 on Windows 11, where the build decides."""
    name: str | None = plain(known.get("product"))
    build = known.build
    if name and build and build >= 22000 and "Server" not in name:
        name = name.replace("Windows 10", "Windows 11")
    version = plain(known.get("display-version"))
    return f"{name} {version}" if name and version else name


def _number(text: Any) -> int | None:
    try:
        return int(text)
    except (TypeError, ValueError):
        return None


def _file(file: EvidenceFile) -> Json:
    return {
        "path": file.path,
        "kind": file.kind,
        "size": file.size,
        "modified": None if file.modified is None else Instant(file.modified).iso,
        "sha256": file.id or None,
        "read": file.read.value,
        "derived_from": list(file.derived_from),
        "view": file.view or None,
        "note": file.note or None,
    }


def _store(report: StoreReport) -> Json:
    told: Json = {"state": report.state, "tasks": report.tasks, "note": report.note or None}
    if report.store is Store.SCHEDULER:
        told["basis"] = report.basis or None
    return told


def _task(case: Case, task: Task, keys: list[str]) -> Json:
    return {
        "path": task.path,
        "guid": task.guid or None,
        "presence": {store.value: _presence(task, store) for store in (*_TELLING, Store.LOG)},
        "absent_because": {absence.store.value: absence.reason for absence in task.absences},
        **{store.value: definition(_defined(task, store), case.host) for store in (*_TELLING, Store.LOG)},
        "differences": [
            {
                "field": row.field,
                **{store.value: row.text(store) for store, reading in row.cells if reading.known and not task.lack(store)},
                "runs": row.runs.value if row.runs else None,
                "why": row.why or None,
            }
            for row in differences(task, case.host)
        ],
        "findings": keys,
    }


def _defined(task: Task, store: Store) -> TaskRecord | None:
    """The record whose definition stands in the document; events that merely name a task define nothing."""
    record = task.record(store)
    return None if record is not None and store is Store.LOG and not record.has_actions else record


def _presence(task: Task, store: Store) -> str:
    record = task.record(store)
    if record is not None and record.presence.value is not None:
        return record.presence.value.value
    absence = task.absence(store)
    if absence is not None:
        return absence.presence.value
    return "unknown" if store is Store.SCHEDULER else "not-read"


def _finding(finding: Finding, files: Mapping[str, EvidenceFile]) -> Json:
    return {
        "key": finding.key,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "task": finding.task,
        "guid": finding.guid,
        "summary": finding.summary,
        "why": finding.why,
        "benign": finding.benign,
        "next_steps": list(finding.next_steps),
        "attack": list(finding.attack),
        "time": finding.time.iso if finding.time else None,
        "evidence": rows(finding.refs, files),
    }


def _moment(moment: Moment, files: Mapping[str, EvidenceFile]) -> Json:
    return {
        "time": moment.time.iso,
        "precision": moment.precision,
        "source": moment.source,
        "kind": moment.kind,
        "task": moment.task,
        "account": moment.account,
        "text": moment.text,
        "links": [{"to": link.to, "why": link.why} for link in moment.links],
        "evidence": rows(moment.refs, files),
    }


def _problem(problem: Problem) -> Json:
    what = f"tried to {problem.tried}; found {problem.found}" if problem.found else problem.tried
    return {
        "severity": problem.severity.value,
        "code": problem.code,
        "file": problem.file,
        "where": problem.where,
        "what": what,
        "lost": problem.lost,
        "advice": problem.advice,
        "count": problem.count,
    }
