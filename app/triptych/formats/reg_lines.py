"""The lines of a text file with their places in its bytes, whatever the encoding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_MARKS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8"))


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end: its number from 1, its text, where its bytes start and where the next line starts."""

    number: int
    text: str
    start: int
    stop: int


def encoding(data: bytes) -> tuple[str, int]:
    """The encoding of a text, by its mark or else by its first bytes, and the length of the mark."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name, len(mark)
    if len(data) > 3 and data[1] == data[3] == 0:
        return "utf-16-le", 0
    if len(data) > 3 and data[0] == data[2] == 0:
        return "utf-16-be", 0
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252", 0
    return "utf-8", 0


def lines(data: bytes) -> Iterator[Line]:
    """Every line. Bytes that the encoding does not have become U+FFFD, halves of surrogate pairs stay."""
    name, start = encoding(data)
    wide = name.startswith("utf-16")
    feed = {"utf-16-le": b"\n\0", "utf-16-be": b"\0\n"}.get(name, b"\n")
    number = 0
    while start < len(data):
        at = _next(data, feed, start)
        stop = at + len(feed) if at >= 0 else len(data)
        number += 1
        yield Line(number, _decoded(data[start : at if at >= 0 else stop], name, wide).rstrip("\r"), start, stop)
        start = stop


def _next(data: bytes, feed: bytes, start: int) -> int:
    """Where the next line feed stands; one of two bytes counts at whole characters only."""
    at = data.find(feed, start)
    while len(feed) == 2 and at >= 0 and (at - start) & 1:
        at = data.find(feed, at + 1)
    return at


def _decoded(raw: bytes, name: str, wide: bool) -> str:
    if not wide:
        return raw.decode(name, "replace")
    text = raw[: len(raw) & ~1].decode(name, "surrogatepass")
    return text + ("\ufffd" if len(raw) & 1 else "")
