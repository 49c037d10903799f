"""From a reference back to the bytes it cites, in a reader process: files as they are, and replayed hives made anew."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from triptych.evidence.source import EvidenceError, EvidenceSource, open_source
from triptych.formats.faults import Faults
from triptych.formats.hive import open_hive
from triptych.limits import Limits
from triptych.model.case import Problem, Weight
from triptych.model.evidence import EvidenceFile, Excerpt
from triptych.stores.job import Answer, Job, StoreReader

REPLAYED = "#replayed"
NAME = "proof"


def job(file: EvidenceFile, offset: int = 0, length: int = 0) -> Job:
    """A job that answers with an Excerpt; `length` 0 asks for the whole file."""
    item = (str(offset), file.path, str(length), *file.derived_from)
    return Job(NAME, f"the bytes of {file.path}", (item,), file.size)


@lru_cache(maxsize=2)  # a person looks at one file at a time, page by page
def _kept(arguments: tuple[str, ...], path: str, derived_from: tuple[str, ...], limits: Limits) -> bytes:
    return bytes_of(open_source(*arguments), path, derived_from, limits)


def bytes_of(source: EvidenceSource, path: str, derived_from: tuple[str, ...], limits: Limits) -> bytes:
    """All bytes of a file that spans may name. Raises EvidenceError where it cannot be read again."""
    if not path.endswith(REPLAYED):
        return source.read(path, limits.archive_member)
    primary, *logs = derived_from
    hive = open_hive(
        source.read(primary, limits.hive),
        primary,
        Faults(primary),
        logs=tuple((log, source.read(log, limits.hive_log)) for log in logs),
        limits=limits,
    )
    if hive.replayed_bytes is None:
        raise EvidenceError("proof.not-replayed", "replaying its logs again gave nothing: the files have changed since the scan")
    return hive.replayed_bytes


def _read(wanted: Job, source: EvidenceSource, limits: Limits) -> Iterator[Answer]:
    for offset, path, length, *derived_from in wanted.items:
        try:
            data = _kept(source.arguments, path, tuple(derived_from), limits)
        except EvidenceError as error:
            yield Problem(
                Weight.LOST,
                error.code,
                path,
                "the whole file",
                tried="read it again to show its bytes",
                found=str(error),
                lost="the view of its bytes; the values read before stay",
                advice="check that the evidence is still mounted and unchanged",
            )
            continue
        start = int(offset)
        stop = start + int(length) if int(length) else len(data)
        yield Excerpt(path, start, data[start:stop], len(data))


PROOF = StoreReader(NAME, jobs=lambda found: [], read=_read)
