"""Moments of the timeline: file times, key times, dates that stores state."""

from __future__ import annotations

from dataclasses import dataclass

from triptych.model.evidence import EvidenceRef
from triptych.model.times import Instant


@dataclass(frozen=True, slots=True)
class Link:
    """From one moment to another (its number in the timeline), and why they belong together."""

    to: int
    why: str


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened. `source` and `kind` are the contract's words; `precision` is seconds, ticks or days."""

    time: Instant
    source: str
    kind: str
    task: str | None
    text: str
    refs: tuple[EvidenceRef, ...]
    account: str | None = None
    precision: str = "100ns"
    links: tuple[Link, ...] = ()
