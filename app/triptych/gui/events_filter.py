"""Filters over entries, a column each, and the stacking of rare values. No Qt.

A filter is words with blanks between them; all must be found. `!word` must not be found, `=word` is the whole text, `a|b` one of
them, and "two words" stand together. Texts are looked through once each, however many rows bear them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from triptych.analysis.columns import np
from triptych.gui.events_columns import NAMED, Entries, Ints, Mask, What
from triptych.gui.events_text import source_words

COLUMNS = ("source", "id", "kind", *NAMED, "text")
_TERM = re.compile(r'(!?)(=?)("(?:[^"\\]|\\.)*"?(?:\|"(?:[^"\\]|\\.)*"?)*|\S+)')
_PART = re.compile(r'"((?:[^"\\]|\\.)*)"?|([^|]+)')


@dataclass(frozen=True, slots=True)
class Term:
    """One of `texts` (case folded) must be in the text, or be it where `whole`; must not where `negated`."""

    texts: tuple[str, ...]
    whole: bool = False
    negated: bool = False

    def hits(self, text: str) -> bool:
        return any(wanted == text if self.whole else wanted in text for wanted in self.texts)


def terms(text: str) -> tuple[Term, ...]:
    """What a person typed as terms."""
    found = []
    for negated, whole, body in _TERM.findall(text):
        parts = tuple(
            (re.sub(r"\\(.)", r"\1", quoted) if quoted else plain.removeprefix("=") if whole else plain).casefold()
            for quoted, plain in _PART.findall(body)
            if quoted or plain
        )
        if parts:
            found.append(Term(parts, bool(whole), bool(negated)))
        elif whole:
            found.append(Term(("",), True, bool(negated)))
    return tuple(found)


def exactly(value: str, *, negated: bool = False) -> str:
    """A filter for exactly that value."""
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{"!" if negated else ""}="{quoted}"'


def kept(entries: Entries, rows: Ints, filters: Mapping[str, str]) -> Ints:
    """Those of the rows that every column's filter lets through."""
    for column, text in filters.items():
        for term in terms(text):
            rows = rows[_mask(entries, rows, column, term) != term.negated]
    return rows


def _mask(entries: Entries, rows: Ints, column: str, term: Term) -> Mask:
    if column in NAMED:
        words = entries.words[column]
        return _lut(words.folded, term)[words.codes[rows]]
    mask: Mask = _lut(tuple(told(kind, column).casefold() for kind in entries.kinds), term)[entries.what[rows]]
    return mask | _in_text(entries, rows, term) if column == "text" else mask


def told(kind: What, column: str) -> str:
    """What a column says of an entry by its kind alone."""
    return {"source": source_words(kind.source), "id": kind.event_id, "kind": kind.kind}.get(column, kind.words)


def _in_text(entries: Entries, rows: Ints, term: Term) -> Mask:
    """Whether the sentence of the timeline, or the event's own values or note, hold it."""
    moments = np.append(_lut(tuple(moment.text.casefold() for moment in entries.timeline), term), False)
    mask: Mask = moments[entries.moment[rows]]
    if len(entries.table):
        event = entries.event[rows]
        for name in ("data", "note"):
            column = entries.table.columns[name]
            hits = np.zeros(len(entries.table.strings), bool)
            used = np.flatnonzero(np.bincount(column, minlength=len(hits)))
            hits[used] = [term.hits(entries.table.strings[number].casefold()) for number in used.tolist()]
            hits[0] = False
            mask |= hits[column[event]] & (event >= 0)
    return mask


def _lut(folded: tuple[str, ...], term: Term) -> Mask:
    if len(term.texts) == 1 and not term.whole:
        wanted = term.texts[0]
        return np.fromiter((wanted in text for text in folded), bool, len(folded))
    return np.fromiter(map(term.hits, folded), bool, len(folded))


@dataclass(frozen=True, slots=True)
class Stack:
    """A value of a column, and how many of the rows bear it."""

    value: str
    count: int


def stacked(entries: Entries, rows: Ints, column: str) -> tuple[Stack, ...]:
    """Every value of a column among the rows, the rarest first: what happens once is what is looked at."""
    if column in NAMED:
        words = entries.words[column]
        counts = np.bincount(words.codes[rows], minlength=len(words.texts))
        found = {words.texts[number]: int(counts[number]) for number in np.flatnonzero(counts).tolist()}
    else:
        counts = np.bincount(entries.what[rows], minlength=len(entries.kinds))
        found = {}
        for number in np.flatnonzero(counts).tolist():
            value = told(entries.kinds[number], column)
            found[value] = found.get(value, 0) + int(counts[number])
    return tuple(
        sorted((Stack(value, count) for value, count in found.items()), key=lambda stack: (stack.count, stack.value.casefold()))
    )
