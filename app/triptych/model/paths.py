"""Names of tasks, folders and files in one spelling, as Windows compares them: letter by letter, never one letter for two."""

from __future__ import annotations


def fold(text: str) -> str:
    """Text in lower case as Windows sees it equal: each character by itself, and no foreign one made an ASCII letter.

    `str.casefold` goes further than Windows: it turns the long s (U+017F) into s, the Kelvin sign (U+212A) into k and a sharp s
    into two letters. Names that differ so are two tasks and two files, and one may be made to pass for the other.
    """
    return text.lower() if text.isascii() else "".join(map(_lower, text))


def _lower(character: str) -> str:
    lower = character.lower()
    return lower if len(lower) == 1 and (character.isascii() or not lower.isascii()) else character


def impostors(text: str) -> tuple[str, ...]:
    """Characters that comparisons of Unicode take for an ASCII letter and Windows does not."""
    return () if text.isascii() else tuple(letter for letter in text if not letter.isascii() and _imitates(letter))


def _imitates(letter: str) -> bool:
    folded = letter.casefold()
    return len(folded) == 1 and folded.isascii()
