"""The nouns of `model/` as JSON and back: one codec for the frames of reader processes and for the case file.

Never pickle: a reader that hostile evidence took over must not run code in the window. A frame is
`{"refs": [...], "items": [...]}`; an object is a list whose first member is the number of its class in `TYPES`,
references are kept once a frame and named by number. Lone surrogates come through as JSON escapes.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from triptych.model import case, event, evidence, finding, task, times

TYPES: tuple[type, ...] = (
    evidence.EvidenceFile, evidence.Span, evidence.XmlPlace, evidence.RegistryPlace, evidence.EventPlace, evidence.FilePlace,
    evidence.JobPlace, evidence.ListingPlace, evidence.EvidenceRef, evidence.Reading, times.Instant,
    task.Registration, task.Principal, task.Schedule, task.Trigger, task.Action, task.Settings, task.RunState, task.Keeping,
    task.Extra, task.TaskRecord, task.Absence, task.Task, task.Trace,
    event.Link, event.Moment, finding.Finding,
    case.Problem, case.Balance, case.StoreReport, case.Fact, case.Host, case.Case, case.Progress,
    evidence.State, evidence.ReadState, times.Zone, task.Store, task.Presence, task.TraceKind, finding.Severity,
    finding.Confidence, case.Weight, evidence.Excerpt,
)  # fmt: skip
_NUMBER = {kind: number for number, kind in enumerate(TYPES)}
_FIELDS = {kind: tuple(member.name for member in fields(kind)) for kind in TYPES if is_dataclass(kind)}
_TUPLE, _BYTES, _REF, _NOT_KEPT = -1, -2, -3, -4


class CodecError(ValueError):
    """A frame that this codec did not write."""


def encode(items: Iterable[Any]) -> bytes:
    """A frame of model objects, tuples, texts, numbers and bytes. Raises TypeError for anything else."""
    refs: dict[evidence.EvidenceRef, int] = {}
    packed = [_pack(item, refs) for item in items]
    table = [[_pack(ref.place, refs), [[s.file, s.offset, s.length] for s in ref.spans]] for ref in refs]
    return json.dumps({"refs": table, "items": packed}, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def _pack(value: Any, refs: dict[evidence.EvidenceRef, int]) -> Any:
    kind = type(value)
    if kind in (str, int, bool, float) or value is None:
        return value
    if value is evidence.NOT_KEPT:
        return [_NOT_KEPT]
    if kind is evidence.EvidenceRef:
        return [_REF, refs.setdefault(value, len(refs))]
    if kind is tuple:
        return [_TUPLE, *(_pack(member, refs) for member in value)]
    if kind is bytes:
        return [_BYTES, base64.b64encode(value).decode("ascii")]
    number = _NUMBER.get(kind)
    if number is None:
        raise TypeError(f"the codec does not know {kind.__name__}")
    if isinstance(value, Enum):
        return [number, value.value]
    return [number, *[_pack(getattr(value, name), refs) for name in _FIELDS[kind]]]


def decode(frame: bytes) -> list[Any]:
    """The objects of a frame. Raises CodecError."""
    try:
        loaded = json.loads(frame)
        refs: list[evidence.EvidenceRef] = []
        for place, spans in loaded["refs"]:
            refs.append(evidence.EvidenceRef(_unpack(place, refs), tuple(evidence.Span(*span) for span in spans)))
        return [_unpack(item, refs) for item in loaded["items"]]
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise CodecError(f"not a frame of this codec: {error}") from error


def _unpack(value: Any, refs: list[evidence.EvidenceRef]) -> Any:
    if type(value) is not list:
        return value
    number = value[0]
    if number == _NOT_KEPT:
        return evidence.NOT_KEPT
    if number == _REF:
        return refs[value[1]]
    if number == _TUPLE:
        return tuple([_unpack(member, refs) for member in value[1:]])
    if number == _BYTES:
        return base64.b64decode(value[1])
    if type(number) is not int or not 0 <= number < len(TYPES):
        raise CodecError(f"no type has the number {number!r}")
    kind: Callable[..., Any] = TYPES[number]
    return kind(*[_unpack(member, refs) for member in value[1:]])
