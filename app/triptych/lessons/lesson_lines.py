"""On which line of a TOML text each key stands: the standard library's reader does not tell, and a trainer needs to know."""

from __future__ import annotations

import re

Path = tuple[str | int, ...]
"""A key's place: names, and numbers (from 0) where a table is one of an array."""

_HEADER = re.compile(r"[ \t]*(\[\[?)([^\n\]]*)\]\]?[^\n]*", re.ASCII)
_KEY = re.compile(r"[ \t]*((?:[\w-]+|\"[^\"\n]*\"|'[^'\n]*')(?:[ \t]*\.[ \t]*(?:[\w-]+|\"[^\"\n]*\"|'[^'\n]*'))*)[ \t]*=", re.ASCII)
_PART = re.compile(r"\"([^\"]*)\"|'([^']*)'|([\w-]+)", re.ASCII)
_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|\#[^\n]*|\n|[^\n"\'\#\[\]{}]+|.', re.DOTALL
)


def key_lines(text: str) -> dict[Path, int]:
    """The line (from 1) of every key and table of a text that is TOML; keys of inline tables stand on the line of theirs."""
    lines: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    at = 0
    while at < len(text):
        header, key = _HEADER.match(text, at), _KEY.match(text, at)
        line = text.count("\n", 0, at) + 1
        if header is not None:
            table = _table(_parts(header[2]), header[1] == "[[", counts)
            lines.setdefault(table, line)
            at = header.end()
        elif key is not None:
            place = (*table, *_parts(key[1]))
            for length in range(len(table) + 1, len(place) + 1):
                lines.setdefault(place[:length], line)
            at = _end_of_value(text, key.end())
        else:
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
        at += 1
    return lines


def line_of(lines: dict[Path, int], place: Path) -> int:
    """The line of a key, or of the nearest table around it that has one; 0 where nothing of it stands in the text."""
    while place:
        if place in lines:
            return lines[place]
        place = place[:-1]
    return 0


def _parts(text: str) -> tuple[str, ...]:
    return tuple(match[1] or match[2] or match[3] or "" for match in _PART.finditer(text))


def _table(parts: tuple[str, ...], is_array: bool, counts: dict[Path, int]) -> Path:
    """The place of a header's table: the newest member of each array above it, a new one for a header in double brackets."""
    place: Path = ()
    for number, part in enumerate(parts):
        place = (*place, part)
        if is_array and number == len(parts) - 1:
            counts[place] = counts.get(place, -1) + 1
        if place in counts:
            place = (*place, counts[place])
    return place


def _end_of_value(text: str, at: int) -> int:
    """Where the line ends on which a value ends."""
    depth = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            return len(text)
        if token[0] == "\n" and depth == 0:
            return at
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        at = token.end()
    return len(text)
