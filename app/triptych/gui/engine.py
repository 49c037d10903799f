"""Where the window meets the engine: evidence given on the command line or chosen becomes work for the session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from platformdirs import user_cache_path

from triptych import resources
from triptych.analysis import comparison
from triptych.evidence.source import EvidenceSource, open_source
from triptych.gui.session import Work
from triptych.limits import DEFAULT
from triptych.model.case import Case, Progress
from triptych.readers import Readers
from triptych.scan import scan

EXAMPLE = "example/ws-fin-07.zip"


def open_work(arguments: tuple[str, ...], listings: tuple[str, ...]) -> Work:
    """Work over evidence. Nothing is opened here: the threads of `jobs` do, so that the window never waits for a disk."""
    return Work(
        arguments=arguments,
        listings=listings,
        kind=kind_words(arguments),
        scan=lambda: _scanned(arguments, listings),
        fetch=_Bytes(arguments, listings),
        rows=comparison.rows,
        differences=comparison.differences,
    )


def _scanned(arguments: tuple[str, ...], listings: tuple[str, ...]) -> Iterator[Progress | Case]:
    source = open_source(*arguments, listings=listings)
    with Readers(source) as readers:
        yield from scan(source, readers)


class _Bytes:
    """Bytes of evidence files on demand; the last file stays in memory, since a person looks at one at a time."""

    def __init__(self, arguments: tuple[str, ...], listings: tuple[str, ...]) -> None:
        self._given = (arguments, listings)
        self._source: EvidenceSource | None = None
        self._last: tuple[str, bytes] = ("", b"")

    def __call__(self, file: str, offset: int, length: int) -> bytes:
        """Raises EvidenceError where the file cannot be read."""
        if self._source is None:
            self._source = open_source(*self._given[0], listings=self._given[1])
        if self._last[0] != file:
            self._last = (file, self._source.read(file, DEFAULT.hive))
        return self._last[1][offset : offset + length]


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
