"""From a case to every reading in it, and from every reference to the bytes it names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from tests.scanning import Scanned
from triptych.limits import DEFAULT
from triptych.model.case import Case
from triptych.model.evidence import EvidenceRef, Reading, State
from triptych.model.task import leaves
from triptych.stores import proof


def readings(case: Case) -> Iterator[tuple[str, Reading[Any]]]:
    """Every reading of a case with a name that finds it again: records, traces, facts of the host."""
    for record in case.records:
        for name, reading in leaves(record):
            yield f"{record.store.value} {record.view}{record.path} {name}", reading
    for trace in case.traces:
        for name, reading in trace.readings:
            yield f"{trace.kind.value} {trace.view}{trace.path} {name}", reading
    for fact in case.host.facts:
        yield f"host {fact.view}{fact.name} {fact.subject}", fact.reading


def references(case: Case) -> Iterator[tuple[str, EvidenceRef]]:
    """Every reference of a case: of readings, traces, absences, findings and moments."""
    for name, reading in readings(case):
        yield from ((name, ref) for ref in reading.refs)
    for trace in case.traces:
        yield from ((f"{trace.kind.value} {trace.path}", ref) for ref in trace.refs)
    for task in case.tasks:
        for absence in task.absences:
            yield from ((f"absence {task.path} {absence.store.value}", ref) for ref in absence.refs)
    for finding in case.findings:
        yield from ((f"finding {finding.rule} {finding.task}", ref) for ref in finding.refs)
    for moment in case.timeline:
        yield from ((f"moment {moment.kind} {moment.task}", ref) for ref in moment.refs)


class Bytes:
    """The bytes of every file of a case's ledger, read again from the evidence, each once."""

    def __init__(self, scanned: Scanned) -> None:
        self.files = {file.path: file for file in scanned.case.files}
        self._source = scanned.source
        self._read: dict[str, bytes] = {}

    def of(self, path: str) -> bytes:
        """Raises KeyError for a file that is not in the ledger."""
        if path not in self._read:
            file = self.files[path]
            self._read[path] = proof.bytes_of(self._source, path, file.derived_from, DEFAULT)
        return self._read[path]

    def cited(self, ref: EvidenceRef) -> bytes:
        """The bytes of a reference, its pieces in a row."""
        return b"".join(self.of(span.file)[span.offset : span.offset + span.length] for span in ref.spans)


def broken_references(scanned: Scanned) -> list[str]:
    """What is wrong with the references of a case; empty where each leads to bytes."""
    held = Bytes(scanned)
    wrong = []
    for name, ref in references(scanned.case):
        for span in ref.spans:
            if span.file not in held.files:
                wrong.append(f"{name}: {span.file} is not in the ledger")
            elif not held.files[span.file].id:
                wrong.append(f"{name}: {span.file} has no SHA-256")
            elif span.length < 1 or span.offset < 0 or span.offset + span.length > len(held.of(span.file)):
                wrong.append(f"{name}: {span} ends outside of its {len(held.of(span.file))} bytes")
    return list(dict.fromkeys(wrong))


def false_ledger(scanned: Scanned) -> list[str]:
    """Rows of the ledger whose size or SHA-256 is not that of the bytes."""
    held = Bytes(scanned)
    wrong = []
    for path, file in held.files.items():
        if file.id:
            data = held.of(path)
            if (len(data), hashlib.sha256(data).hexdigest()) != (file.size, file.id):
                wrong.append(f"{path}: {file.size} bytes {file.id[:8]}, and {len(data)} bytes were read")
    return wrong


def without_proof(case: Case) -> list[str]:
    """Readings that state something, or state its absence, and cite nothing; findings that cite nothing."""
    wrong = [name for name, reading in readings(case) if reading.state is not State.NOT_KEPT and not reading.refs]
    return wrong + [f"finding {finding.rule} {finding.task}" for finding in case.findings if not finding.refs]
