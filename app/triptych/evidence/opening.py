"""What was given, made one source: folders, archives, single files, scheduler listings, and images that are only recognised."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import replace

from triptych.evidence import roots
from triptych.evidence.archive import Got
from triptych.evidence.entry import LISTING, Entry, EvidenceError, EvidenceSource, Given, Skip, Stream
from triptych.evidence.passed_over import PassedOver
from triptych.limits import DEFAULT, Limits
from triptych.model.case import Balance, Problem
from triptych.model.evidence import EvidenceFile, ReadState

_NUMBERED = re.compile(r"(\d{1,6}):(.*)", re.DOTALL | re.ASCII)
_LISTED = re.compile(r"listing:(\d{1,6})/(.*)", re.DOTALL | re.ASCII)


def open_source(*arguments: str, listings: tuple[str, ...] = (), limits: Limits = DEFAULT) -> EvidenceSource:
    """One host's evidence: each argument a folder, an archive or a file; listings are what `--listing` names.

    An argument that begins with `--listing=` is a listing too, so that `open_source(*source.arguments)` makes an equal
    source. Nothing but first bytes is read here. Raises FileNotFoundError for a path that is not there.
    """
    evidence = [os.path.abspath(path) for path in arguments if not path.startswith(LISTING)]  # noqa: PTH100 - resolve() follows links
    tables = [path.removeprefix(LISTING) for path in arguments if path.startswith(LISTING)] + list(listings)
    return GivenSource(tuple(evidence), tuple(os.path.abspath(path) for path in tables), limits)  # noqa: PTH100


class GivenSource:
    """The evidence of one host, as it was given."""

    def __init__(self, evidence: tuple[str, ...], listings: tuple[str, ...], limits: Limits) -> None:
        several = len(evidence) > 1
        self._evidence, self._listings = evidence, listings
        self._roots = [
            roots.open_root(path, f"{number}:" if several else "", number, limits) for number, path in enumerate(evidence)
        ]
        self._tables = [roots.FileRoot(path, f"listing:{number}/", -1, limits) for number, path in enumerate(listings)]
        self._passed = PassedOver(limits.problems_of_a_kind)
        self._limits = limits
        self._balances: list[Balance] = []
        self._ledger: dict[str, Got] = {}

    @property
    def arguments(self) -> tuple[str, ...]:
        return (*self._evidence, *(LISTING + path for path in self._listings))

    @property
    def given(self) -> tuple[Given, ...]:
        return tuple(Given(path, root.kind) for path, root in zip(self._evidence, self._roots, strict=True))

    def entries(self, skip: Skip | None = None) -> Iterator[Entry]:
        self._passed = PassedOver(self._limits.problems_of_a_kind)
        self._balances = []
        for root in (*self._roots, *self._tables):
            yield from root.entries(self._passed, self._balances, skip)

    def read(self, path: str, limit: int) -> bytes:
        root, rest = self._root_of(path)
        got = root.read(rest, limit)
        self._ledger[path] = replace(got, data=b"")
        return got.data

    def open(self, path: str, limit: int) -> Stream:
        root, rest = self._root_of(path)
        return root.stream(rest, limit)

    def peek(self, path: str, length: int) -> bytes:
        root, rest = self._root_of(path)
        return root.peek(rest, length)

    def describe(self, path: str, data: bytes, kind: str) -> EvidenceFile:
        got = self._ledger.get(path) or Got(b"", modified=self._modified(path))
        state = ReadState.WHOLE if got.whole else ReadState.PART
        return EvidenceFile(path, kind, len(data), got.modified, hashlib.sha256(data).hexdigest(), state, note=got.note)

    def _modified(self, path: str) -> int | None:
        try:
            root, rest = self._root_of(path)
            return root.modified(rest)
        except EvidenceError:
            return None

    def problems(self) -> tuple[Problem, ...]:
        return self._passed.problems

    def balances(self) -> tuple[Balance, ...]:
        return tuple(self._balances)

    def close(self) -> None:
        for root in self._roots:
            root.close()

    def _root_of(self, path: str) -> tuple[roots.Root, str]:
        if self._tables and (match := _LISTED.fullmatch(path)) and int(match[1]) < len(self._tables):
            return self._tables[int(match[1])], match[2]
        if len(self._roots) == 1:
            return self._roots[0], path
        match = _NUMBERED.fullmatch(path)
        if match is None or int(match[1]) >= len(self._roots):
            raise EvidenceError("evidence.gone", "no evidence given has that number")
        return self._roots[int(match[1])], match[2]
