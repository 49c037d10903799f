"""Which characters of two tellings differ. No Qt; worked out when a task is chosen, never while painting."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache

Marks = tuple[tuple[int, int], ...]
_TOKEN = re.compile(r"[\w.%{}-]+|\s+|.", re.DOTALL)
_ALIKE = 0.5  # below that, single marks would be confetti: the whole value is marked
_LONGEST = 2000  # characters compared in detail


@lru_cache(maxsize=4096)
def marks(text: str, other: str) -> Marks:
    """Stretches (start, end) of `text` that `other` does not have, case ignored; all of it where they are hardly alike."""
    if not text or text.casefold() == other.casefold():
        return ()
    whole = ((0, len(text)),)
    if not other or len(text) > _LONGEST or len(other) > _LONGEST:
        return whole
    ours, theirs = _TOKEN.findall(text), _TOKEN.findall(other)
    matcher = SequenceMatcher(None, [token.casefold() for token in ours], [token.casefold() for token in theirs], autojunk=False)
    if matcher.ratio() < _ALIKE:
        return whole
    starts = [0]
    for token in ours:
        starts.append(starts[-1] + len(token))
    found = [(starts[i], starts[j]) for kind, i, j, _, _ in matcher.get_opcodes() if kind in ("replace", "delete")]
    return tuple(found)


def against_all(text: str, others: Sequence[str]) -> Marks:
    """Stretches that differ from any of the other tellings, joined where they overlap."""
    found = sorted(stretch for other in others for stretch in marks(text, other))
    joined: list[tuple[int, int]] = []
    for start, end in found:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)
