"""References as the contract spells them: one row a span, with the SHA-256 of the file it counts in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from triptych.model.evidence import (
    EventPlace,
    EvidenceFile,
    EvidenceRef,
    FilePlace,
    JobPlace,
    ListingPlace,
    Place,
    RegistryPlace,
    XmlPlace,
)

Json = dict[str, Any]


def place(at: Place) -> Json:
    """A place as the contract names it."""
    match at:
        case XmlPlace():
            return {"kind": "xml", "line": at.line, "xpath": at.xpath}
        case RegistryPlace():
            return {"kind": "registry", "key": at.key, "value": at.value}
        case EventPlace():
            return {"kind": "event", "channel": at.channel, "record_id": at.record_id}
        case FilePlace():
            return {"kind": "file", "path": at.path}
        case JobPlace():
            return {"kind": "job", "field": at.field}
        case ListingPlace():
            return {"kind": "listing", "line": at.line, "column": at.column}


def rows(refs: Iterable[EvidenceRef], files: Mapping[str, EvidenceFile]) -> list[Json]:
    """One row a span, in order; each row once."""
    found: list[Json] = []
    for ref in refs:
        for span in ref.spans:
            file = files.get(span.file)
            row = {
                "file": span.file,
                "sha256": file.id if file else None,
                "place": place(ref.place),
                "offset": span.offset,
                "length": span.length,
            }
            if row not in found:
                found.append(row)
    return found


def words(at: Place) -> str:
    """A place in words, for a line of a report."""
    match at:
        case XmlPlace():
            return f"line {at.line}, {at.xpath}"
        case RegistryPlace():
            return at.key if at.value is None else f"{at.key}, value {at.value or '(default)'}"
        case EventPlace():
            return f"{at.channel}, record {at.record_id}"
        case FilePlace():
            return "the file"
        case JobPlace():
            return at.field
        case ListingPlace():
            return f"line {at.line}" + (f", {at.column}" if at.column else "")


def cited(ref: EvidenceRef) -> str:
    """A reference in one line: the file, where its first span begins and how long it is, and the place in words."""
    span = ref.spans[0]
    return f"{span.file} 0x{span.offset:X}+{span.length} {words(ref.place)}"
