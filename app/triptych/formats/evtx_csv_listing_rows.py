"""Rows of a table of events as text, each with its line and bytes: quoted fields run over many lines (a message is a field)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from triptych.formats.faults import Faults
from triptych.formats.xml_text import decode
from triptych.limits import MIB
from triptych.model.case import Weight

_HEAD = 4096
_LINES, _SIZE = 5_000, 4 * MIB  # of one row; a task's definition in a message has some hundred lines


@dataclass(frozen=True, slots=True)
class TableRow:
    """Its fields, the line it begins in (from 1), and the bytes it takes without the end of its last line."""

    fields: tuple[str, ...]
    line: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str
    offset: int
    stop: int


def rows_of(data: bytes, faults: Faults) -> Iterator[TableRow]:
    """The rows of a table, its header first; what divides the fields (comma, semicolon, tab) the header tells."""
    held: list[_Line] = []  # lines that were looked at and not yet taken, the last first
    lines = _lines(data)
    mark = ""
    while (first := held.pop() if held else next(lines, None)) is not None:
        if not first.text.strip():
            continue
        mark = mark or max(",;\t", key=first.text.count)
        taken, is_open = [first], first.text.count('"') % 2 == 1
        size = len(first.text)
        while is_open and len(taken) < _LINES and size < _SIZE:
            following = held.pop() if held else next(lines, None)
            if following is None:
                break
            taken.append(following)
            size += len(following.text)
            is_open ^= following.text.count('"') % 2 == 1
        if is_open:
            faults.add(
                Weight.DOUBT, "evtx.csv-quote", f"line {first.number}", tried="find the end of a quoted field", found="none",
                lost="what stood in that field behind its first line", advice="look at the line: the list was cut or changed",
            )  # fmt: skip
            held += reversed(taken[1:])
            taken = taken[:1]
        text = "\n".join([line.text for line in taken])
        yield TableRow(_fields(text, mark), first.number, first.offset, max(taken[-1].stop - first.offset, 1))


def _fields(text: str, mark: str) -> tuple[str, ...]:
    found = []
    for match in _FIELD[mark].finditer(text):
        quoted, plain, end = match.groups()
        found.append(quoted.replace('""', '"') if quoted is not None else plain)
        if not end:
            break
    return tuple(found)


def _field(mark: str) -> re.Pattern[str]:
    return re.compile(rf'(?:"((?:[^"]++|"")*+)"[^{mark}]*|([^{mark}]*+))({mark}|\Z)', re.DOTALL)


_FIELD = {mark: _field(mark) for mark in ",;\t"}


def _lines(data: bytes) -> Iterator[_Line]:
    """The lines of a file as text; bytes that are no text stand as U+FFFD."""
    head = decode(data[:_HEAD])
    codec = "utf-8" if not head.codec.startswith("utf-16") else head.codec
    end = "\n".encode(codec)
    at, number = head.mark, 0
    while at < len(data):
        stop = data.find(end, at)
        while stop >= 0 and (stop - head.mark) % len(end):
            stop = data.find(end, stop + 1)
        stop = len(data) if stop < 0 else stop
        number += 1
        text = data[at:stop].decode(codec, "replace")
        cut = text.removesuffix("\r")
        yield _Line(number, cut, at, stop - (len(end) if cut != text else 0))
        at = stop + len(end)
