"""The nouns of `model/` as JSON and back: one codec for the frames of reader processes and for the case file.

Never pickle: a reader that hostile evidence took over must not run code in the window. A frame is
`{"files": [...], "places": [...], "refs": [...], "items": [...]}`; an object is a list whose first member is the number of its
class in `TYPES`; references, their places and the names of their files stand once a frame and are named by number. Readings
are most of a frame and have short forms of their own. Lone surrogates come through as JSON escapes.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from enum import Enum
from operator import attrgetter
from typing import Any, cast

from triptych.model import case, event, evidence, finding, task, times
from triptych.model.evidence import NOT_KEPT, EvidenceRef, Reading, Span, State

TYPES: tuple[type, ...] = (
    evidence.EvidenceFile, evidence.Span, evidence.XmlPlace, evidence.RegistryPlace, evidence.EventPlace, evidence.FilePlace,
    evidence.JobPlace, evidence.ListingPlace, evidence.EvidenceRef, evidence.Reading, times.Instant,
    task.Registration, task.Principal, task.Schedule, task.Trigger, task.Action, task.Settings, task.RunState, task.Keeping,
    task.Extra, task.TaskRecord, task.Absence, task.Task, task.Trace,
    event.Link, event.Moment, finding.Finding,
    case.Problem, case.Balance, case.StoreReport, case.Fact, case.Host, case.Case, case.Progress,
    evidence.State, evidence.ReadState, times.Zone, task.Store, task.Presence, task.TraceKind, finding.Severity,
    finding.Confidence, case.Weight, evidence.Excerpt, event.Event, event.NumberGap, event.LogReport, event.EventBlock, case.LogPart,
)  # fmt: skip
_PARTS = (task.Registration, task.Principal, task.Schedule, task.Trigger, task.Action, task.Settings, task.RunState, task.Keeping)
_NUMBER = {kind: number for number, kind in enumerate(TYPES)}
_TUPLE, _BYTES, _REF, _NOT_KEPT, _STATED, _NOT_STATED, _NOTED = -1, -2, -3, -4, -5, -6, -7
_PLAINLY = {_STATED: State.STATED, _NOT_STATED: State.NOT_STATED}
_READINGS = frozenset((_STATED, _NOT_STATED, _NOTED))
_SHORT = 64  # characters of a text that many readings may share
_STATES = tuple(State)
_PLAIN = frozenset((str, int, bool, float, type(None)))


class CodecError(ValueError):
    """A frame that this codec did not write."""


def _getter(kind: type) -> Callable[[Any], tuple[Any, ...]]:
    """What gives all fields of a dataclass, in order."""
    names = tuple(member.name for member in fields(kind))
    return (
        cast("Callable[[Any], tuple[Any, ...]]", attrgetter(*names))
        if len(names) > 1
        else lambda value: (getattr(value, names[0]),)
    )


_MEMBERS = {kind: _getter(kind) for kind in TYPES if is_dataclass(kind)}
_EMPTY: dict[type, Any] = {kind: kind() for kind in _PARTS}


# -- there ----------------------------------------------------------------------------------------------------------------


def encode(items: Iterable[Any]) -> bytes:
    """A frame of model objects, tuples, texts, numbers and bytes. Raises TypeError for anything else."""
    kept = list(items)  # tables know objects by their identity, so they must all live until the frame is made
    tables = _Tables()
    packed = [tables.pack(item) for item in kept]
    frame = {"files": list(tables.files), "places": list(tables.places), "refs": list(tables.refs), "items": packed}
    return json.dumps(frame, separators=(",", ":"), ensure_ascii=True).encode("ascii")


class _Tables:
    """What stands once a frame: file names, places and references, each under its number; by identity it is found sooner."""

    def __init__(self) -> None:
        self.files: dict[str, int] = {}
        self.places: dict[tuple[Any, ...], int] = {}
        self.refs: dict[tuple[int, ...], int] = {}
        self._places: dict[int, int] = {}
        self._refs: dict[int, int] = {}

    def pack(self, value: Any) -> Any:
        kind = type(value)
        if kind in _PLAIN:
            return value
        if kind is Reading:
            return self._reading(value)
        if kind is EvidenceRef:
            return [_REF, self._ref(value)]
        if kind is tuple:
            return [_TUPLE, *self._all(value)]
        if kind is bytes:
            return [_BYTES, base64.b64encode(value).decode("ascii")]
        number = _NUMBER.get(kind)
        if number is None:
            raise TypeError(f"the codec does not know {kind.__name__}")
        if isinstance(value, Enum):
            return [number, value.value]
        if kind in _EMPTY:
            return self._part(number, _MEMBERS[kind](value))
        return [number, *self._all(_MEMBERS[kind](value))]

    def _all(self, values: tuple[Any, ...]) -> list[Any]:
        return [value if type(value) in _PLAIN else self.pack(value) for value in values]

    def _part(self, number: int, readings: tuple[Any, ...]) -> list[Any]:
        """A part of a record: null stands for what the store never keeps; a part without anything is its number alone."""
        row = [None if reading is NOT_KEPT else self.pack(reading) for reading in readings]
        return [number, *row] if any(row) else [number]

    def _reading(self, reading: Reading[Any]) -> list[Any]:
        if reading is NOT_KEPT:
            return [_NOT_KEPT]
        value, state, raw, note = reading.value, reading.state, reading.raw, reading.note
        if type(value) not in _PLAIN:
            value = self.pack(value)
        if state is State.STATED and not raw and not note:
            row = [_STATED, value]
        elif state is State.NOT_STATED and not raw and not note:
            row = [_NOT_STATED, value]
        else:
            row = [_NOTED, value, _STATES.index(state), raw, note]
        known = self._refs.get
        for ref in reading.refs:
            number = known(id(ref))
            row.append(self._ref(ref) if number is None else number)
        return row

    def _ref(self, ref: EvidenceRef) -> int:
        number = self._refs.get(id(ref))
        if number is None:
            row = [self._place(ref.place), self.files.setdefault(ref.file, len(self.files)), ref.offset, ref.length]
            for span in ref.more:
                row += (self.files.setdefault(span.file, len(self.files)), span.offset, span.length)
            self._refs[id(ref)] = number = self.refs.setdefault(tuple(row), len(self.refs))
        return number

    def _place(self, place: evidence.Place) -> int:
        number = self._places.get(id(place))
        if number is None:
            row = (_NUMBER[type(place)], *_MEMBERS[type(place)](place))
            self._places[id(place)] = number = self.places.setdefault(row, len(self.places))
        return number


# -- and back -------------------------------------------------------------------------------------------------------------


def decode(frame: bytes, texts: dict[str, str] | None = None) -> list[Any]:
    """The objects of a frame. Raises CodecError.

    `texts` keeps the names of files, keys and elements, so that those of many frames are held in memory once.
    """
    try:
        loaded = json.loads(frame)
        return _Objects(loaded, {} if texts is None else texts).items(loaded["items"])
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise CodecError(f"not a frame of this codec: {error}") from error


class _Objects:
    """The tables of a frame as objects again; `refs` holds each reference as a tuple of one, which most readings take as it is.

    A case holds millions of objects, so what is said alike is held once: short texts, and readings of one value at one place.
    """

    def __init__(self, loaded: dict[str, Any], texts: dict[str, str]) -> None:
        self._once = once = texts.setdefault
        places = [
            TYPES[row[0]](*[once(value, value) if type(value) is str else value for value in row[1:]]) for row in loaded["places"]
        ]
        files = [once(file, file) for file in loaded["files"]]
        self.refs = [
            (
                EvidenceRef.to(places[row[0]], files[row[1]], row[2], row[3])
                if len(row) == 4
                else EvidenceRef(
                    places[row[0]], tuple([Span(files[row[at]], row[at + 1], row[at + 2]) for at in range(1, len(row), 3)])
                ),
            )
            for row in loaded["refs"]
        ]
        self._readings: dict[tuple[Any, ...], Reading[Any]] = {}

    def items(self, rows: list[Any]) -> list[Any]:
        unpack = self._unpack
        return [unpack(row) if type(row) is list else row for row in rows]

    def _unpack(self, row: list[Any]) -> Any:
        number = row[0]
        if number in _READINGS:
            return self._reading(row)
        if number == _NOT_KEPT:
            return NOT_KEPT
        if number == _REF:
            return self.refs[row[1]][0]
        if number == _TUPLE:
            return tuple(self.items(row[1:]))
        if number == _BYTES:
            return base64.b64decode(row[1])
        if type(number) is not int or not 0 <= number < len(TYPES):
            raise CodecError(f"no type has the number {number!r}")
        kind: Callable[..., Any] = TYPES[number]
        if kind in _EMPTY:
            return (
                kind(*[NOT_KEPT if value is None else self._unpack(value) for value in row[1:]]) if len(row) > 1 else _EMPTY[kind]
            )
        return kind(*self.items(row[1:]))

    def _reading(self, row: list[Any]) -> Reading[Any]:
        value = row[1]
        if type(value) is list:
            return self._new(row, self._unpack(value))
        key = (type(value), *row)  # the type too, since True and 1 are equal
        known = self._readings.get(key)
        if known is None:
            if type(value) is str and len(value) <= _SHORT:
                value = self._once(value, value)
            known = self._readings[key] = self._new(row, value)
        return known

    def _new(self, row: list[Any], value: Any) -> Reading[Any]:
        number = row[0]
        if number == _NOTED:
            _, _, state, raw, note, *refs = row
            return Reading(value, _STATES[state], self._several(refs), self._once(raw, raw), self._once(note, note))
        return Reading(value, _PLAINLY[number], self.refs[row[2]] if len(row) == 3 else self._several(row[2:]))

    def _several(self, numbers: list[int]) -> tuple[EvidenceRef, ...]:
        if len(numbers) == 1:
            return self.refs[numbers[0]]
        return tuple([self.refs[number][0] for number in numbers])
