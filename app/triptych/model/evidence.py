"""Where a value stands: files of the evidence, spans in them, references, and readings that carry both.

The idea of the house: a value is never separated from the bytes that state it. A `Reading` is the only way a value
of the evidence travels, and each of its references names a file, an offset and a length.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Generic, TypeVar

T = TypeVar("T")
_NO_SPAN = "a span names at least one byte: {}, {}"


class State(Enum):
    """What a store says of a value."""

    STATED = "stated"  # written there
    NOT_STATED = "not-stated"  # the store could hold it and does not: `value` is the default that Windows assumes
    NOT_KEPT = "not-kept"  # this store never holds it
    UNREADABLE = "unreadable"  # something stands there that could not be understood; `raw` shows it


class ReadState(Enum):
    """How much of a file was read."""

    WHOLE = "whole"
    PART = "part"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """One file that was read, as the ledger keeps it.

    `path` is spelled as the contract demands (relative to the evidence given, `/`, members of an archive after `!/`,
    a replayed hive with `#replayed`) and is the name that spans use; `id` is the SHA-256 of its bytes in lower-case hex,
    empty where it could not be read. `modified` is in ticks (see `model.times`), None where unknown.
    """

    path: str
    kind: str
    size: int
    modified: int | None
    id: str
    read: ReadState = ReadState.WHOLE
    derived_from: tuple[str, ...] = ()
    view: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """`length` bytes (at least one) at `offset` of the evidence file whose `path` is `file`."""

    file: str
    offset: int
    length: int

    def __post_init__(self) -> None:
        if self.length < 1 or self.offset < 0:
            raise ValueError(_NO_SPAN.format(self.offset, self.length))


@dataclass(frozen=True, slots=True)
class XmlPlace:
    """An element of a task file: its line (from 1) and its path, e.g. `/Task/Actions/Exec[1]/Command`."""

    line: int
    xpath: str


@dataclass(frozen=True, slots=True)
class RegistryPlace:
    """A key (path below the hive's root) and a value in it; value None names the key itself, "" its default value."""

    key: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class EventPlace:
    channel: str
    record_id: int


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A file or folder as such: its existence, its times, its whole content."""

    path: str


@dataclass(frozen=True, slots=True)
class JobPlace:
    """A field of a .job file, by name."""

    field: str


@dataclass(frozen=True, slots=True)
class ListingPlace:
    """A line (from 1) of a listing, and the column where the value stands there."""

    line: int
    column: str = ""


Place = XmlPlace | RegistryPlace | EventPlace | FilePlace | JobPlace | ListingPlace


@dataclass(frozen=True, slots=True, init=False)
class EvidenceRef:
    """A place a person understands, and the bytes behind it in order; a value in several pieces has several spans.

    A case holds a hundred references a task, nearly all of one span: that one lies in the reference itself (`file`, `offset`,
    `length`), further ones are in `more`.
    """

    place: Place
    file: str
    offset: int
    length: int
    more: tuple[Span, ...]

    def __init__(self, place: Place, spans: tuple[Span, ...]) -> None:
        if not spans:
            raise ValueError("a reference names at least one span")
        first = spans[0]
        self._put(place, first.file, first.offset, first.length, spans[1:])

    def _put(self, place: Place, file: str, offset: int, length: int, more: tuple[Span, ...]) -> None:
        put = object.__setattr__
        put(self, "place", place)
        put(self, "file", file)
        put(self, "offset", offset)
        put(self, "length", length)
        put(self, "more", more)

    @staticmethod
    def to(place: Place, file: str, offset: int, length: int) -> EvidenceRef:
        """A reference of one span. Raises ValueError as a Span does."""
        if length < 1 or offset < 0:
            raise ValueError(_NO_SPAN.format(offset, length))
        ref = EvidenceRef.__new__(EvidenceRef)
        ref._put(place, file, offset, length, ())
        return ref

    @property
    def spans(self) -> tuple[Span, ...]:
        return (Span(self.file, self.offset, self.length), *self.more)


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """A value, what the store says of it, and the proof.

    `raw` is the text as written where it differs from `value`; `note` is for a person. References may be empty only
    for NOT_KEPT; an absence cites the key, element or folder that lacks the value.
    """

    value: T | None = None
    state: State = State.NOT_KEPT
    refs: tuple[EvidenceRef, ...] = ()
    raw: str = ""
    note: str = ""

    @property
    def known(self) -> bool:
        """Whether the store tells a value, in words or by its silence."""
        return self.state in (State.STATED, State.NOT_STATED)

    @property
    def stated(self) -> bool:
        return self.state is State.STATED

    def noted(self, note: str) -> Reading[T]:
        """The same reading with a further note."""
        return replace(self, note=f"{self.note}; {note}" if self.note else note)


NOT_KEPT: Reading[Any] = Reading()


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Bytes of an evidence file, to show what a reference cites: `data` stands at `offset` of a file of `size` bytes."""

    file: str
    offset: int
    data: bytes
    size: int


def stated(value: T, *refs: EvidenceRef, raw: str = "", note: str = "") -> Reading[T]:
    return Reading(value, State.STATED, refs, raw, note)


def not_stated(default: T | None, *refs: EvidenceRef, note: str = "") -> Reading[T]:
    """The store is silent and Windows assumes `default`; the references cite what lacks the value."""
    return Reading(default, State.NOT_STATED, refs, "", note)


def unreadable(raw: str, *refs: EvidenceRef, note: str = "") -> Reading[Any]:
    """Something stands there that could not be understood: shown as it is, with its proof."""
    return Reading(None, State.UNREADABLE, refs, raw, note)


def kept_not() -> Reading[Any]:
    """A value that this store never holds; one shared object, since most leaves of a record are one."""
    return NOT_KEPT


__all__ = [
    "NOT_KEPT",
    "EventPlace",
    "EvidenceFile",
    "EvidenceRef",
    "Excerpt",
    "FilePlace",
    "JobPlace",
    "ListingPlace",
    "Place",
    "ReadState",
    "Reading",
    "RegistryPlace",
    "Span",
    "State",
    "XmlPlace",
    "kept_not",
    "not_stated",
    "stated",
    "unreadable",
]
