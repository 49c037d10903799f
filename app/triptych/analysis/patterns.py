"""Tables of what a command line may say that deserves a look; the entries are `resources/words/commands.json`.

`proxies` are programs of Windows used to start something else, limited to those programs; `phrases` are what a text says,
whoever runs it: the command line itself, or what an encoded command decodes to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from triptych import resources
from triptych.analysis.trait import Trait, Weight

Table = Literal["proxies", "phrases"]
LONGEST_LINE = 32_768  # no program is ever given a longer command line (CreateProcess)


@dataclass(frozen=True, slots=True)
class Phrase:
    """One entry; without `programs` it is for any program."""

    id: str
    words: str
    weight: Weight
    pattern: str
    programs: frozenset[str] = frozenset()


@cache
def phrases(table: Table) -> tuple[Phrase, ...]:
    """The entries of a table in their order."""
    entries = resources.table("words/commands.json")[table]
    return tuple(
        Phrase(
            entry["id"],
            entry["words"],
            entry["weight"],
            "|".join(f"(?:{part})" for part in entry["any"]),
            frozenset(entry.get("programs", ())),
        )
        for entry in entries
    )


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compiled when it is first asked for: most programs that a phrase is limited to are never met."""
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


def found_in(text: str, table: Table, program: str = "") -> list[Trait]:
    """A trait for each entry that the text fits."""
    traits = []
    for phrase in phrases(table):
        if phrase.programs and program not in phrase.programs:
            continue
        match = _compiled(phrase.pattern).search(text[:LONGEST_LINE])
        if match is not None:
            traits.append(Trait(phrase.id, phrase.words, phrase.weight, match[0][:200]))
    return traits
