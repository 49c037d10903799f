"""Model things in words for the screen and for a report. No Qt."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum

from triptych.gui.clock import UTC, Clock
from triptych.model.case import Problem, Weight
from triptych.model.evidence import (
    EventPlace,
    EvidenceFile,
    EvidenceRef,
    FilePlace,
    JobPlace,
    ListingPlace,
    Place,
    RegistryPlace,
    Span,
    State,
    XmlPlace,
)
from triptych.model.finding import Finding, Severity
from triptych.model.task import Store
from triptych.model.times import Instant

STORES = (Store.XML, Store.REGISTRY, Store.SCHEDULER)
STORE_NAMES = {Store.XML: "XML", Store.REGISTRY: "Registry", Store.SCHEDULER: "Scheduler", Store.LOG: "Log"}
LETTERS = {Store.XML: "X", Store.REGISTRY: "R", Store.SCHEDULER: "S", Store.LOG: "E"}  # E: events
TELLERS = (*STORES, Store.LOG)
SEVERITIES = {severity: severity.value.capitalize() for severity in Severity}
WEIGHTS = {Weight.LOST: "Lost", Weight.DOUBT: "In doubt", Weight.NOTE: "Note"}
STATES = {State.NOT_KEPT: "not kept", State.NOT_STATED: "not stated", State.UNREADABLE: "unreadable", State.STATED: ""}


def store_token(store: Store) -> str:
    """The colour of a store; the event logs bear that of links and events."""
    return store.value if store in STORES else "accent"


def severity_token(severity: Severity) -> str:
    """The colour of a severity; information is told in plain dim text."""
    return "dim" if severity is Severity.INFO else severity.value


def moment(instant: Instant, *, short: bool = False, clock: Clock = UTC) -> str:
    """A time with its zone: `2026-03-14 02:17:03Z`; without seconds and zone where `short` (the column names the zone)."""
    return clock.moment(instant, short=short)


_PROGRAM = re.compile(
    r'(≠ )?"?(?:[a-z]:\\|%[^%"\\]+%\\|\\\\)[^"]*?([^\\"/]+?\.(?:exe|com|bat|cmd|ps1|vbs|js|dll|msc|scr))\b"?(.*)',
    re.IGNORECASE | re.DOTALL,
)


def brief_command(command: str) -> str:
    """A command without the folders of its program, for where the whole does not fit; "" where it has none."""
    match = _PROGRAM.fullmatch(command)
    return f"{match[1] or ''}…\\{match[2]}{match[3]}" if match else ""


def value(thing: object) -> str:
    """A reading's value as text, exact."""
    if isinstance(thing, bool):
        return "true" if thing else "false"
    if isinstance(thing, Instant):
        return moment(thing)
    if isinstance(thing, Enum):
        return str(thing.value)
    if isinstance(thing, tuple):
        return ", ".join(value(member) for member in thing)
    return "" if thing is None else str(thing)


def place(where: Place) -> str:
    """A place as a report names it."""
    match where:
        case XmlPlace(line, xpath):
            return f"line {line:,}, {xpath}"
        case RegistryPlace(key, None):
            return f"key {key}"
        case RegistryPlace(key, name):
            return f"key {key}, value {name or '(default)'}"
        case EventPlace(channel, record):
            return f"{channel}, record {record:,}"
        case FilePlace(path):
            return f"the file or folder {path}"
        case JobPlace(field):
            return f"job file, {field}"
        case ListingPlace(line, column):
            return f"line {line:,}" + (f", column {column}" if column else "")


def short_place(where: Place) -> str:
    """The same where there is little room."""
    match where:
        case XmlPlace(line, xpath):
            return f"line {line:,} <{xpath.rpartition('/')[2]}>"
        case RegistryPlace(key, name):
            leaf = key.rpartition("\\")[2]
            leaf = f"{leaf[:9]}…}}" if leaf.startswith("{") and len(leaf) == 38 else leaf
            return f"{leaf}, {name or '(default)'}" if name is not None else f"key {leaf}"
        case FilePlace(path):
            return path.replace("\\", "/").rstrip("/").rpartition("/")[2] or path
        case _:
            return place(where)


def extent(span: Span) -> str:
    """`0x18–0x5F, 72 bytes`."""
    last = span.offset + span.length - 1
    unit = "byte" if span.length == 1 else "bytes"
    reach = f"0x{span.offset:X}" if span.length == 1 else f"0x{span.offset:X}–0x{last:X}"
    return f"{reach}, {span.length:,} {unit}"


def citation(ref: EvidenceRef, files: Iterable[EvidenceFile]) -> str:
    """File with its SHA-256, place, offset and length: what a report needs to let anybody look the bytes up."""
    ledger = {file.path: file for file in files}
    lines = []
    for span in ref.spans:
        file = ledger.get(span.file)
        lines.append(f"{span.file}\nSHA-256 {file.id if file and file.id else 'not known'}")
        lines.append(f"{place(ref.place)}\nbytes {extent(span)} of the file")
    return "\n".join(lines)


def problem_text(problem: Problem) -> str:
    """A problem as one sentence after the other, for a report."""
    parts = (
        f"{WEIGHTS[problem.severity]}: {problem.file}" + (f", {problem.where}" if problem.where else ""),
        (f"Tried to {problem.tried}; found: {problem.found}" if problem.tried else f"Found: {problem.found}"),
        f"Lost: {problem.lost}" if problem.lost else "",
        f"What to do: {problem.advice}" if problem.advice else "",
    )
    return ". ".join(part.rstrip(".") for part in parts if part) + "."


def finding_text(finding: Finding, files: Iterable[EvidenceFile]) -> str:
    """A finding as text that a report can take, with everything it rests on."""
    lines = [f"{SEVERITIES[finding.severity]} · {finding.confidence.value}: {finding.summary}"]
    if finding.task is not None:
        lines.append(f"Task: {finding.task}" + (f" {finding.guid}" if finding.guid else ""))
    lines.append(finding.why)
    if finding.benign:
        lines.append(f"A benign explanation: {finding.benign}")
    lines += [f"Next: {step}" for step in finding.next_steps]
    lines.append(f"Rule {finding.rule}" + (f" · {' · '.join(finding.attack)}" if finding.attack else ""))
    ledger = tuple(files)
    for ref in finding.refs:
        lines += ["Evidence:", citation(ref, ledger)]
    return "\n".join(lines)


def plural(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
