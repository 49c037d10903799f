"""What evidence is made of: entries with their names, the source that gives their bytes, and how a reading fails.

An entry's `path` is its spelling in the contract (relative to the evidence given, index and `:` before it where there are
several, `/`, archive members after `!/`) and is all that is needed to open it again, in another process too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from triptych.model.case import Balance, Problem
from triptych.model.evidence import EvidenceFile

LISTING = "--listing="  # before the path of a listing in `EvidenceSource.arguments`


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in the evidence. `kind` is file, folder, link (never followed, `target` says where it leads) or other.

    `parts` are the names on the way from the evidence's root, decoded where a collector escaped them, and what layouts
    are recognised by; `path` keeps the spelling on the evidence. `modified` in ticks, None where unknown. `ordinal` tells
    apart members of an archive that bear one name (0 for the first; the path of a further one ends in `#2`).
    `argument` is the number of the evidence given that holds it, -1 for a listing.
    """

    path: str
    parts: tuple[str, ...]
    kind: str
    size: int
    modified: int | None
    target: str = ""
    ordinal: int = 0
    argument: int = 0


@dataclass(frozen=True, slots=True)
class Given:
    """One path that was given: `kind` is folder, archive, file, image (known, not read) or other."""

    path: str
    kind: str


Skip = Callable[[tuple[str, ...], frozenset[str]], bool]


class Places(Protocol):
    """Bytes that are read at a place; short where they end. Reading raises EvidenceError where the medium fails."""

    @property
    def size(self) -> int: ...
    def read_at(self, offset: int, length: int) -> bytes: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Stream:
    """A file of the evidence held open, to be read in pieces; `close` it. The other fields are for the ledger.

    `modified` in ticks, None where unknown; `whole` is False where the archive that holds it could not give all of it.
    """

    places: Places
    modified: int | None = None
    whole: bool = True
    note: str = ""

    @property
    def size(self) -> int:
        return self.places.size

    def read_at(self, offset: int, length: int) -> bytes:
        return self.places.read_at(offset, length)

    def close(self) -> None:
        self.places.close()


class EvidenceSource(Protocol):
    """One host's evidence, whatever it came in."""

    @property
    def arguments(self) -> tuple[str, ...]:
        """The absolute paths given (a listing's after `--listing=`); `open_source(*arguments)` makes an equal source."""
        ...

    @property
    def given(self) -> tuple[Given, ...]:
        """What each argument is, in their order, without the listings."""
        ...

    def entries(self, skip: Skip | None = None) -> Iterator[Entry]:
        """Everything there is, without opening any file but archives; what is passed over is in `problems`.

        Folders on disk for which `skip` (given their parts and the case folded names beside them) is true are not entered.
        """
        ...

    def read(self, path: str, limit: int) -> bytes:
        """The bytes of one entry. Raises EvidenceError where it is gone, larger than `limit`, or no regular file.

        A damaged member of an archive gives what could be had of it; `describe` then says so.
        """
        ...

    def peek(self, path: str, length: int) -> bytes:
        """The first bytes, to recognise a file by. Raises EvidenceError."""
        ...

    def open(self, path: str, limit: int) -> Stream:
        """One entry held open instead of read whole: a file of a folder by its descriptor, a member of an archive as a copy.

        Raises EvidenceError as `read` does.
        """
        ...

    def describe(self, path: str, data: bytes, kind: str) -> EvidenceFile:
        """The ledger's row for bytes that `read` gave, with their SHA-256."""
        ...

    def problems(self) -> tuple[Problem, ...]:
        """What `entries` had to pass over."""
        ...

    def balances(self) -> tuple[Balance, ...]:
        """For each archive, and for the folders given: what `entries` met against what it listed."""
        ...

    def close(self) -> None:
        """Let go of open archives and temporary copies; the source may be used again and opens them anew."""
        ...


class EvidenceError(Exception):
    """A file of the evidence that cannot be read; `code` is a problem's, the message a sentence without the path."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
