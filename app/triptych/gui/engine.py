"""Where the window meets the engine: evidence given on the command line or chosen becomes work for the session."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_path

from triptych import resources
from triptych.analysis import comparison, comparison_logs
from triptych.evidence.source import EvidenceError, EvidenceSource, open_source
from triptych.gui.session import Work
from triptych.logs import one_event
from triptych.model.case import Case, Problem, Progress
from triptych.model.evidence import EvidenceFile, Excerpt
from triptych.readers import Readers
from triptych.scan import scan
from triptych.stores import proof
from triptych.stores.job import Job

EXAMPLE = "example/ws-fin-07.zip"


def open_work(arguments: tuple[str, ...], listings: tuple[str, ...]) -> Work:
    """Work over evidence. Nothing is opened here: the threads of `jobs` do, so that the window never waits for a disk."""
    proofs = Bytes(arguments, listings)
    return Work(
        arguments=arguments,
        listings=listings,
        kind=kind_words(arguments),
        scan=lambda: proofs.knowing(_scanned(arguments, listings)),
        fetch=proofs,
        rows=comparison_logs.rows,
        differences=comparison.differences,
        event=proofs.event,
    )


def prepare(arguments: tuple[str, ...], listings: tuple[str, ...]) -> None:
    """Start the reader processes for evidence of the command line before there is a window and its threads.

    A process starts within some milliseconds then; later it would have to load the whole program again. No more than the
    first bytes of the evidence are looked at; what cannot be opened is told when it is opened.
    """
    if not arguments:
        return
    with suppress(OSError):
        source = open_source(*arguments, listings=listings)
        readers = Readers(source)
        readers.warm()
        _prepared[arguments, listings] = (source, readers)


_prepared: dict[tuple[tuple[str, ...], tuple[str, ...]], tuple[EvidenceSource, Readers]] = {}


def _scanned(arguments: tuple[str, ...], listings: tuple[str, ...]) -> Iterator[Progress | Case]:
    prepared = _prepared.pop((arguments, listings), None)
    source = prepared[0] if prepared else open_source(*arguments, listings=listings)
    with prepared[1] if prepared else Readers(source) as readers:
        yield from scan(source, readers)


class Bytes:
    """Bytes of evidence files on demand, read (and replayed) in a reader process of its own, so that the window parses nothing."""

    def __init__(self, arguments: tuple[str, ...], listings: tuple[str, ...]) -> None:
        self._given = (arguments, listings)
        self._readers: Readers | None = None
        self._making = threading.Lock()
        self._files: dict[str, EvidenceFile] = {}

    def knowing(self, steps: Iterator[Progress | Case]) -> Iterator[Progress | Case]:
        """The steps of a scan, passed on; what their ledger says of derived files is kept, to make those anew."""
        for step in steps:
            if isinstance(step, Case):
                self._files = {file.path: file for file in step.files}
            yield step
        self.ready()  # so that the first bytes asked for need not wait for a process to start

    def __call__(self, path: str, offset: int, length: int) -> bytes:
        """Raises EvidenceError where the file cannot be read."""
        file = self._files.get(path)
        if file is None:
            raise EvidenceError("proof.unknown", f"{path} is not a file that this scan has read")
        return self._answer(proof.job(file, offset, length))

    def _answer(self, wanted: Job) -> bytes:
        data: bytes | None = None
        said = ""
        for answer in self.ready().read([wanted]):  # to its end: to leave early would end the reader
            if isinstance(answer, Excerpt):
                data = answer.data
            elif isinstance(answer, Problem):
                said = answer.found
        if data is not None:
            return data
        raise EvidenceError("proof.unread", said or "the reader gave no answer")

    def event(self, path: str, offset: int, length: int) -> bytes:
        """The event that stands there, as `one_event.lines_of` reads it. Raises EvidenceError where it cannot be read."""
        return self._answer(one_event.job(path, offset, length))

    def ready(self) -> Readers:
        """The reader process for bytes, started where there is none."""
        with self._making:
            if self._readers is None:
                self._readers = Readers(open_source(*self._given[0], listings=self._given[1]), workers=1)
                self._readers.warm()
            return self._readers


def kind_words(arguments: tuple[str, ...]) -> str:
    """What was given, in a word or two; what is in it is for the scan to find out."""
    if len(arguments) > 1:
        return f"{len(arguments)} pieces of evidence"
    path = Path(arguments[0]) if arguments else Path()
    if path.is_dir():
        return "folder"
    return {".zip": "zip collection", ".job": "job file", ".reg": "registry export"}.get(path.suffix.casefold(), "single file")


def example() -> str:
    """The path of the example host, laid out in the user's cache folder; "" where this build does not bring it."""
    folder, _, name = EXAMPLE.rpartition("/")
    try:
        if name not in resources.names(folder):
            return ""
        data = resources.data(EXAMPLE)
        path = user_cache_path("triptych", appauthor=False, ensure_exists=True) / name
        if not path.exists() or path.read_bytes() != data:
            path.write_bytes(data)
    except OSError:
        return ""
    return str(path)
