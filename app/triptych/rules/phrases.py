"""Small words that every rule's sentences are made of.

Text of the evidence goes into findings as it is, cut to a readable length; who shows a finding marks it (`model.display`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from triptych.model.evidence import EvidenceRef, Reading
from triptych.model.times import Instant

LONGEST = 160
REFS_KEPT = 60


def cut(text: str, limit: int = LONGEST) -> str:
    """Text no longer than `limit`, with what was left out counted."""
    return text if len(text) <= limit else f"{text[:limit]}\u2026 ({len(text) - limit:,} more characters)"


def quoted(text: str, limit: int = LONGEST) -> str:
    return f"\u201c{cut(text, limit)}\u201d"


def join(items: Sequence[str], most: int = 12) -> str:
    """`a, b and c`; beyond `most` the rest is counted."""
    shown = list(items[:most])
    if len(items) > most:
        shown.append(f"{len(items) - most:,} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else "none"


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 task`, `3 tasks`, `2 copies`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {plural or noun + 's'}"


def when(instant: Instant | None) -> str:
    return instant.iso if instant is not None else "an unknown time"


def sentences(*parts: str) -> str:
    """Whole sentences in a row; empty ones left out."""
    return " ".join(part for part in parts if part)


def cited(*sources: Reading[Any] | Iterable[EvidenceRef]) -> tuple[EvidenceRef, ...]:
    """References of readings and of references themselves: each once, in order, the first sixty."""
    found: dict[EvidenceRef, None] = {}
    for source in sources:
        for ref in source.refs if isinstance(source, Reading) else source:
            found[ref] = None
    return tuple(found)[:REFS_KEPT]
