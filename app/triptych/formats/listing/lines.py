"""Text of unknown encoding as lines that know their bytes.

Redirected output is in the OEM code page (cmd), UTF-16LE with a mark (Windows PowerShell 5) or UTF-8 (PowerShell 7).
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from triptych.formats.faults import Faults
from triptych.model.case import Weight
from triptych.model.evidence import Span

_CODE_PAGES = ("cp850", "cp1252", "cp932")


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end: `number` from 1, `offset` of its first byte in the file, `encoding` of its bytes."""

    number: int
    text: str
    offset: int
    length: int
    encoding: str

    def span(self, file: str, start: int = 0, stop: int | None = None) -> Span:
        """The bytes of characters `start` to `stop`; an empty stretch cites the byte it stands at (of an empty line, its end)."""
        first = self._width(self.text[:start])
        last = self._width(self.text[:stop]) if stop is not None and stop < len(self.text) else self.length
        if last <= first:
            first = min(first, max(self.length - 1, 0))
            return Span(file, self.offset + first, 1)
        return Span(file, self.offset + first, last - first)

    def _width(self, text: str) -> int:
        return (
            len(text)
            if text.isascii() and self.encoding != "utf-16-le"
            else len(text.encode(self.encoding, "surrogateescape" if self.encoding == "utf-8" else "surrogatepass"))
        )


@dataclass(frozen=True, slots=True)
class Text:
    """A decoded file: its lines, the encoding, and what had to be assumed (for the person)."""

    lines: tuple[Line, ...]
    encoding: str
    note: str = ""

    @property
    def whole(self) -> str:
        return "\n".join(line.text for line in self.lines)


def decode(data: bytes, faults: Faults) -> Text:
    """Lines of a listing; never raises. What had to be guessed is a note, NUL characters are a problem."""
    start, encoding, note = _encoding(data)
    if note:
        faults.add(Weight.NOTE, "listing.encoding", "the whole file", tried="decode it as UTF-8", found=note, lost="nothing")
    lines = tuple(_lines(data, start, encoding))
    first_nul = next((line for line in lines if "\0" in line.text), None)
    if first_nul is not None:
        faults.add(
            Weight.DOUBT,
            "listing.nul",
            f"line {first_nul.number}",
            tried="read text",
            found="NUL characters",
            lost="nothing; they are shown as marks",
            advice="compare with the original output: no tool writes NUL",
        )
    return Text(lines, encoding, note)


def _encoding(data: bytes) -> tuple[int, str, str]:
    if data.startswith(codecs.BOM_UTF16_LE):
        return 2, "utf-16-le", ""
    if data.startswith(codecs.BOM_UTF16_BE):
        return 2, "utf-16-be", ""
    if data.startswith(codecs.BOM_UTF8):
        return 3, "utf-8", ""
    head = data[:400]
    if len(head) >= 8 and head[1::2].count(0) > len(head) // 3 and head[::2].count(0) < len(head) // 20:
        return 0, "utf-16-le", "UTF-16 without a byte-order mark"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        page = _code_page(data)
        return 0, page, f"not UTF-8; taken as code page {page[2:]}"
    return 0, "utf-8", ""


def _code_page(data: bytes) -> str:
    """The code page under which most bytes beyond ASCII become letters; the console's own where it makes no difference."""
    high = bytes(byte for byte in data[:200_000] if byte > 0x7F or byte in (0x20, 0x0A))

    def letters(page: str) -> int:
        try:
            return sum(1 for c in high.decode(page) if c.isalpha())
        except UnicodeDecodeError:
            return -1

    return max(_CODE_PAGES[:2], key=letters)


def _lines(data: bytes, start: int, encoding: str) -> list[Line]:
    wide = encoding.startswith("utf-16")
    end = b"\n\0" if encoding == "utf-16-le" else b"\0\n" if wide else b"\n"
    errors = "surrogateescape" if encoding == "utf-8" else "replace" if encoding.startswith("cp") else "surrogatepass"
    found: list[Line] = []
    at = start
    while at < len(data):
        stop = data.find(end, at)
        while wide and stop >= 0 and (stop - start) % 2:
            stop = data.find(end, stop + 1)
        following = len(data) if stop < 0 else stop + len(end)
        raw = data[at : len(data) if stop < 0 else stop]
        if wide and len(raw) % 2:
            raw = raw[:-1]
        text = raw.decode(encoding, errors)
        if text.endswith("\r"):
            text, raw = text[:-1], raw[: -2 if wide else -1]
        found.append(Line(len(found) + 1, text, at, len(raw), encoding))
        at = following
    return found
