"""The evidence as given: entries with their names, bytes on demand, a ledger of what was read.

An entry's `path` is its spelling in the contract (relative to the evidence given, index and `:` before it where there are
several, `/`, archive members after `!/`) and is all that is needed to open it again, in another process too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from triptych.model.case import Problem
from triptych.model.evidence import EvidenceFile


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in the evidence. `kind` is file, folder, link (never followed, `target` says where it leads) or other.

    `parts` are the names on the way from the evidence's root, decoded where a collector escaped them, and what layouts
    are recognised by; `path` keeps the spelling on the evidence. `modified` in ticks, None where unknown. `ordinal` tells
    apart members of an archive that bear one name (0 for the first; the path of a further one ends in `#2`).
    """

    path: str
    parts: tuple[str, ...]
    kind: str
    size: int
    modified: int | None
    target: str = ""
    ordinal: int = 0


class EvidenceSource(Protocol):
    """One host's evidence, whatever it came in."""

    @property
    def arguments(self) -> tuple[str, ...]:
        """The paths given; `open_source(*arguments)` makes an equal source."""
        ...

    def entries(self) -> Iterator[Entry]:
        """Everything there is, without opening any file but archives; what is passed over is in `problems`."""
        ...

    def read(self, path: str, limit: int) -> bytes:
        """The bytes of one entry. Raises EvidenceError where it is gone, larger than `limit`, or no regular file."""
        ...

    def peek(self, path: str, length: int) -> bytes:
        """The first bytes, to recognise a file by."""
        ...

    def describe(self, path: str, data: bytes, kind: str) -> EvidenceFile:
        """The ledger's row for bytes that `read` gave, with their SHA-256."""
        ...

    def problems(self) -> tuple[Problem, ...]:
        """What `entries` had to pass over."""
        ...


class EvidenceError(Exception):
    """A file of the evidence that cannot be read; `code` is a problem's, the message a sentence without the path."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
