"""From a reference back to the bytes it cites, in a reader process: files as they are, and replayed hives made anew."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from triptych.evidence.source import EvidenceError, EvidenceSource, Stream, open_source
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


@lru_cache(maxsize=2)  # a person looks at one hive at a time, page by page
def _replayed(arguments: tuple[str, ...], path: str, derived_from: tuple[str, ...], limits: Limits) -> bytes:
    return bytes_of(open_source(*arguments), path, derived_from, limits)


@lru_cache(maxsize=1)  # closed when it gives way to another; a member of an archive is unpacked once, not for every page
def _opened(arguments: tuple[str, ...], path: str, limits: Limits) -> Stream:
    return open_source(*arguments).open(path, limits.archive_sum)


def _page(source: EvidenceSource, path: str, derived_from: tuple[str, ...], start: int, length: int, limits: Limits) -> Excerpt:
    """Bytes of a file, no more of it than is asked for; `length` 0 asks for all to its end. Raises EvidenceError."""
    if path.endswith(REPLAYED):
        data = _replayed(source.arguments, path, derived_from, limits)
        return Excerpt(path, start, data[start : start + length if length else len(data)], len(data))
    file = _opened(source.arguments, path, limits)
    return Excerpt(path, start, file.read_at(start, length or max(file.size - start, 0)), file.size)


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
            yield _page(source, path, tuple(derived_from), int(offset), int(length), limits)
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


PROOF = StoreReader(NAME, jobs=lambda found: [], read=_read)
