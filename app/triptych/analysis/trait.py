"""What is striking about a command line, in words a report can take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Weight = Literal["strong", "weak"]
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Trait:
    """One striking thing. `words` complete the sentence "The command ...", `span` is the text that shows it.

    A strong trait alone deserves a look; a weak one is everyday administration unless something else is odd too.
    """

    id: str
    words: str
    weight: Weight
    span: str


def strong(id: str, words: str, span: str) -> Trait:  # noqa: A002 - the field's name
    return Trait(id, words, "strong", _cut(span))


def weak(id: str, words: str, span: str) -> Trait:  # noqa: A002 - the field's name
    return Trait(id, words, "weak", _cut(span))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "\u2026"
