"""From a case to every reading in it, and from every reference to the bytes it names."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections.abc import Iterator
from enum import Enum
from typing import Any

from tests.scanning import Scanned
from tests.telling import tells
from triptych.limits import DEFAULT
from triptych.model.case import Case
from triptych.model.evidence import EvidenceRef, Reading, RegistryPlace, State
from triptych.model.task import leaves
from triptych.model.times import Instant
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
        self._breaks: dict[str, list[int]] = {}

    def of(self, path: str) -> bytes:
        """Raises KeyError for a file that is not in the ledger."""
        if path not in self._read:
            file = self.files[path]
            self._read[path] = proof.bytes_of(self._source, path, file.derived_from, DEFAULT)
        return self._read[path]

    def line_of(self, path: str, offset: int) -> int:
        """The line, from 1, in which a byte of a text stands."""
        if path not in self._breaks:
            data = self.of(path)
            mark = {b"\xff\xfe": b"\n\0", b"\xfe\xff": b"\0\n"}.get(data[:2], b"\n")
            self._breaks[path] = [match.start() for match in re.finditer(mark, data) if len(mark) == 1 or match.start() % 2 == 0]
        return bisect_left(self._breaks[path], offset) + 1

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


# What the product says in words of its own; the bytes show why, but do not hold the words.
_OUR_WORDS = re.compile(
    r"(?:scheduler|deleted|log-change|wow-cache|wow-file|view-task|policy-task|job|target) .*"
    r"(?:keeping\.basis|what|kind|scope|source|store|enabled|hidden|trigger\[\d+\]|actions\[\d+\]\.type|exists|sha256)"
    r"|xml .*(?:keeping\.encoding|keeping\.hash_found|keeping\.file_written|triggers\[\d+\]\.schedule\.kind)"
    r"|registry .*keeping\.value_names",
    re.DOTALL,
)


def untold(scanned: Scanned) -> tuple[list[str], int]:
    """Stated values that their cited bytes do not tell, and how many values were looked at."""
    held, wrong, looked = Bytes(scanned), [], 0
    known: dict[tuple[str, str, tuple[EvidenceRef, ...]], bool] = {}
    for name, reading in readings(scanned.case):
        if not reading.stated or _OUR_WORDS.fullmatch(name):
            continue
        several = reading.value.split("; ") if name.endswith(" action") else reading.value
        for text in _texts(several):
            looked += 1
            key = (text, reading.raw, reading.refs)
            if key not in known:
                data = b"".join(held.cited(ref) for ref in reading.refs)
                known[key] = tells(data, text, reading.raw) or any(_placed(ref, text) for ref in reading.refs)
            if not known[key]:
                wrong.append(f"{name}: {text[:80]!r}")
    return wrong, looked


def _texts(value: object) -> list[str]:
    """A value as texts; yes and no are bits of a number or words of a schema and are left out, like empty texts."""
    if isinstance(value, Instant):
        return [value.iso]
    if isinstance(value, tuple | list):
        return [text for item in value for text in _texts(item)]
    return [] if isinstance(value, bool | Enum) or value in (None, "") else [str(value)]


def _placed(ref: EvidenceRef, text: str) -> bool:
    """Whether the place itself is what the value names: a key, a value, a file."""
    place = ref.place
    names = [place.key, place.value or ""] if isinstance(place, RegistryPlace) else []
    return any(text in name for name in (*names, ref.spans[0].file))
