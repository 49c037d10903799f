"""One file of the evidence as a store reads it: its bytes within a limit, its row in the ledger, and what went wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace

from triptych.evidence.layouts import Item
from triptych.evidence.source import EvidenceError, EvidenceSource
from triptych.formats.faults import Faults
from triptych.model.case import Weight
from triptych.model.evidence import EvidenceFile, EvidenceRef, FilePlace, ReadState, Span, kept_not, stated
from triptych.model.task import When
from triptych.model.times import Instant


@dataclass(frozen=True, slots=True)
class FileRead:
    """What reading gave. `data` is None where the file could not be read; `ledger` is the answer that ends the file."""

    data: bytes | None
    ledger: EvidenceFile
    ref: EvidenceRef


def read_file(source: EvidenceSource, item: Item, kind: str, limit: int, faults: Faults) -> FileRead:
    """The first `limit` bytes of a file; a longer one is cut, told as a problem and has no SHA-256 in the ledger."""
    try:
        if item.size <= limit:
            data = source.read(item.path, limit)
            ledger = replace(source.describe(item.path, data, kind), view=item.view)
        else:
            data = source.peek(item.path, limit)
            ledger = _cut(item, kind, limit, faults)
    except EvidenceError as error:
        faults.add(
            Weight.LOST, error.code, "the whole file", tried=f"read the {kind}", found=str(error), lost="what it says",
            advice="check that the evidence is mounted and readable, then scan again",
        )  # fmt: skip
        ledger = EvidenceFile(item.path, kind, item.size, item.modified, "", ReadState.FAILED, view=item.view, note=str(error))
        return FileRead(None, ledger, whole_file(item.path, item.size))
    return FileRead(data, ledger, whole_file(item.path, len(data)))


def _cut(item: Item, kind: str, limit: int, faults: Faults) -> EvidenceFile:
    faults.add(
        Weight.LOST, "file.too-large", f"byte 0x{limit:X}", tried=f"read the {kind}", found=f"{item.size:,} bytes",
        lost=f"what stands after the first {limit:,} bytes", advice="no file of this kind is that large: look at it by hand",
    )  # fmt: skip
    note = f"only the first {limit:,} bytes were read, so its SHA-256 is not known"
    return EvidenceFile(item.path, kind, item.size, item.modified, "", ReadState.PART, view=item.view, note=note)


def whole_file(path: str, size: int) -> EvidenceRef:
    """A citation of a file as such."""
    return EvidenceRef(FilePlace(path), (Span(path, 0, max(size, 1)),))


def written(item: Item, ref: EvidenceRef) -> When:
    """The file's modification time, NOT_KEPT where the evidence has none."""
    return kept_not() if item.modified is None else stated(Instant(item.modified), ref, note="the file's modification time")
