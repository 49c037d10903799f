"""Hostile text for eyes: screen, log, console, HTML. Reversible marks for what would hide, reorder or ring a bell."""

from __future__ import annotations

import unicodedata

_ZERO_WIDTH = frozenset(
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\u3164\ufeff\uffa0"
)
_BIDI = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_CATEGORIES = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


def needs_mark(character: str) -> bool:
    """Whether a character acts, hides or cannot be drawn: controls, format and bidi characters, lone surrogates, unassigned."""
    if " " <= character <= "~":
        return False
    return character in _ZERO_WIDTH or character in _BIDI or unicodedata.category(character) in _CATEGORIES


def mark(character: str) -> str:
    """`⟨U+202E⟩`: visible, and nothing of the evidence can be mistaken for it, since a real bracket is marked too."""
    return f"\u27e8U+{ord(character):04X}\u27e9"


def show(text: str, limit: int = 0) -> str:
    """Text with every acting character marked; with a `limit`, cut there and the number of characters left out told."""
    cut = text[:limit] if limit and len(text) > limit else text
    if cut.isascii() and cut.isprintable():
        shown = cut
    else:
        shown = "".join(mark(c) if needs_mark(c) or c == "\u27e8" else c for c in cut)
    return shown if len(cut) == len(text) else f"{shown}\u2026 ({len(text) - len(cut):,} more characters)"


def show_lines(text: str, limit: int = 0) -> str:
    """Like `show`, but line ends and tabs stay what they are: for text shown as a block."""
    lines = text.replace("\r\n", "\n").split("\n")
    shown = "\n".join("\t".join(show(part) for part in line.split("\t")) for line in lines)
    return shown if not limit or len(shown) <= limit else f"{shown[:limit]}\u2026 ({len(shown) - limit:,} more characters)"
