"""Evidence that lies in memory: names and bytes, for tests of the stores."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from triptych.evidence.layouts import Item
from triptych.evidence.source import Entry, EvidenceError, Stream
from triptych.model.case import Problem
from triptych.model.evidence import EvidenceFile


class _Held:
    """Bytes that are read at a place."""

    def __init__(self, data: bytes) -> None:
        self._data, self.size = data, len(data)

    def read_at(self, offset: int, length: int) -> bytes:
        return self._data[offset : offset + length]

    def close(self) -> None:
        """Nothing is held open."""


@dataclass(frozen=True, eq=False)
class MemorySource:
    """Files by their evidence path; a path with `None` cannot be read."""

    files: Mapping[str, bytes | None]
    modified: int | None = 133_000_000_000_000_000

    @property
    def arguments(self) -> tuple[str, ...]:
        return ("memory",)

    def entries(self) -> Iterator[Entry]:
        for path, data in self.files.items():
            yield Entry(path, tuple(path.split("/")), "file", len(data or b""), self.modified)

    def read(self, path: str, limit: int) -> bytes:
        data = self.files.get(path)
        if data is None:
            raise EvidenceError("evidence.gone", "the file is gone")
        if len(data) > limit:
            raise EvidenceError("evidence.large", "the file is larger than the limit")
        return data

    def open(self, path: str, limit: int) -> Stream:
        return Stream(_Held(self.read(path, limit)), self.modified)

    def peek(self, path: str, length: int) -> bytes:
        return (self.files[path] or b"")[:length]

    def describe(self, path: str, data: bytes, kind: str) -> EvidenceFile:
        return EvidenceFile(path, kind, len(data), self.modified, hashlib.sha256(data).hexdigest())

    def problems(self) -> tuple[Problem, ...]:
        return ()

    def item(self, role: str, path: str, task: str = "", view: str = "") -> Item:
        return Item(role, path, view, path, task, size=len(self.files[path] or b""), modified=self.modified)
