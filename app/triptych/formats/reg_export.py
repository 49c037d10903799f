"""Text exports of the registry: `.reg` files of both versions and regedit's text export, as keys like those of a hive.

`.reg` (Microsoft, "How to add, modify, or delete registry subkeys and values by using a .reg file"): version 5 is UTF-16 with
UTF-16 in `hex(1)`, `hex(2)`, `hex(7)`; REGEDIT4 is in the code page of the machine, with bytes of it there. The text export has
last-write times in the local time of the exporting machine, to the minute; checked on a Windows 7 export of 2017.
Values come as the bytes that a hive would hold; their spans are the lines that state them.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator

from triptych.formats import reg_text
from triptych.formats.faults import Faults
from triptych.formats.keys import REG_BINARY, REG_DWORD, REG_EXPAND_SZ, REG_MULTI_SZ, REG_SZ
from triptych.formats.reg_keys import Exported, RegKey
from triptych.formats.reg_lines import Line, encoding, lines
from triptych.limits import DEFAULT, Limits
from triptych.model.case import Weight
from triptych.model.evidence import Span

_HEAD = re.compile(r"(Windows Registry Editor Version 5\.\d+|REGEDIT4)\s*")
_NAME = re.compile(r'(?:@|"([^"\\]*(?:\\.[^"\\]*)*)")\s*=\s*', re.DOTALL)
_STRING = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"\s*(?:;.*)?', re.DOTALL)
_TO_QUOTE = re.compile(r'[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_HEX_START = re.compile(r'\s*(?:@|"[^"\\]*(?:\\.[^"\\]*)*")\s*=\s*hex', re.DOTALL | re.IGNORECASE)
_HEX = re.compile(r"hex(?:\(([0-9a-fA-F]{1,8})\))?:([0-9a-fA-F,\s]*)(?:;.*)?", re.IGNORECASE)
_DWORD = re.compile(r"dword:\s*([0-9a-fA-F]{1,8})\s*(?:;.*)?", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_TEXTS = (REG_SZ, REG_EXPAND_SZ, REG_MULTI_SZ)
_CODE_PAGE = "cp1252"


def read_export(data: bytes, file: str, faults: Faults, limits: Limits = DEFAULT) -> RegKey:
    """The root of the SOFTWARE hive that the file exports, else of the first hive in it; see `read_exports` for all of them.

    Never raises: a line that cannot be understood is a problem with its number, a file that is no export gives an empty root.
    """
    return _exported(data, file, faults, limits).best()


def read_exports(data: bytes, file: str, faults: Faults, limits: Limits = DEFAULT) -> tuple[RegKey, ...]:
    """The root of each hive that a file exports, in its order; `hive` names it and `mount` is what its paths started with."""
    return _exported(data, file, faults, limits).roots()


def is_export(head: bytes) -> bool:
    """Whether a file that starts with these bytes (a few hundred) is a text export of the registry."""
    first = next((line.text for line in lines(head) if line.text.strip()), "")
    return bool(_HEAD.match(first.lstrip("\ufeff"))) or reg_text.is_head(first.lstrip("\ufeff"))


def _exported(data: bytes, file: str, faults: Faults, limits: Limits) -> Exported:
    exported = Exported(Span(file, 0, max(len(data), 1)))
    with faults.guard("reg.file", "the file", tried="read a text export of the registry", lost="the rest of the file"):
        found = lines(data)
        first = next((line for line in found if line.text.strip()), None)
        head = first.text.lstrip("\ufeff") if first else ""
        if first is not None and reg_text.is_head(head):
            reg_text.read(first, found, file, faults, exported)
        elif match := _HEAD.match(head):
            _Reader(file, faults, exported, limits, match[1] == "REGEDIT4", encoding(data)[0]).read(found)
        else:
            faults.add(
                Weight.LOST,
                "reg.head",
                "line 1",
                tried="read a text export of the registry",
                found=f"the first line is {head[:60]!r}" if head else "the file is empty",
                lost="everything that this file holds",
            )
    return exported


class _Reader:
    """A `.reg` file, statement by statement."""

    def __init__(self, file: str, faults: Faults, exported: Exported, limits: Limits, old: bool, encoded: str) -> None:
        self.file, self.faults, self.exported, self.limits, self.old = file, faults, exported, limits, old
        self.code_page = _CODE_PAGE if encoded.startswith("utf") else encoded
        self.key: RegKey | None = None

    def read(self, found: Iterator[Line]) -> None:
        for text, first, last in statements(found, self.limits.value):
            span = Span(self.file, first.start, max(last.stop - first.start, 1))
            stripped = text.strip()
            if not stripped or stripped.startswith(";"):
                continue
            try:
                if stripped.startswith("["):
                    self._header(stripped, first, span)
                else:
                    self._statement(stripped, first, span)
            except ValueError as error:
                if stripped.startswith("["):
                    self.key = None
                self._tell(Weight.LOST, "reg.line", first, str(error), "what this line states")

    def _tell(self, weight: Weight, code: str, line: Line, found: str, lost: str) -> None:
        where = f"line {line.number}, offset 0x{line.start:X}"
        self.faults.add(weight, code, where, tried="read a line of a .reg file", found=found, lost=lost)

    def _header(self, text: str, line: Line, span: Span) -> None:
        close = text.rfind("]")
        if close < 0:
            raise ValueError(f"a key's line without its closing bracket: {text[:80]!r}")
        path = text[1:close]
        if path.startswith("-"):
            self.key = None
            gone = self.exported.drop(path[1:])
            what = "and takes it away with what is below it" if gone else "which the file does not state"
            self._tell(Weight.NOTE, "reg.deletes-key", line, f"the file asks to delete the key {path[1:]}, {what}", "nothing")
            return
        self.key = self.exported.key(path, span)
        if not self.key.line:
            self.key.line, self.key.span = line.number, span

    def _statement(self, text: str, line: Line, span: Span) -> None:
        match = _NAME.match(text)
        if match is None:
            raise ValueError(f"neither a key nor a value: {text[:80]!r}")
        if self.key is None:
            raise ValueError(f"a value without a key: {text[:80]!r}")
        name, told = _unescaped(match[1] or ""), text[match.end() :]
        if told == "-":
            self.key.drop_value(name)
            self._tell(Weight.NOTE, "reg.deletes-value", line, f"the file asks to delete the value {name!r}", "nothing")
            return
        kind, data = self._data(told)
        if not self.key.put(name, kind, data, span):
            self._tell(
                Weight.NOTE, "reg.value-twice", line, f"the value {name!r} is stated twice; the last counts", "the first one"
            )

    def _data(self, told: str) -> tuple[int, bytes]:
        """Type and bytes of what stands behind the equals sign. Raises ValueError."""
        if match := _STRING.fullmatch(told):
            return REG_SZ, utf16_bytes(_unescaped(match[1]))
        if match := _DWORD.fullmatch(told):
            return REG_DWORD, int(match[1], 16).to_bytes(4, "little")
        match = _HEX.fullmatch(told)
        if match is None:
            raise ValueError(f"a value of no known form: {told[:80]!r}")
        kind = int(match[1], 16) if match[1] else REG_BINARY
        digits = [part.strip() for part in match[2].split(",")]
        if any(len(part) > 2 or " " in part for part in digits):
            raise ValueError(f"a byte of more than two digits: {told[:80]!r}")
        data = bytes(int(part, 16) for part in digits if part)
        if self.old and kind in _TEXTS:
            data = data.decode(self.code_page, "replace").encode("utf-16-le", "surrogatepass")
        return kind, data


class _Source:
    """Lines, some of which may be given back."""

    def __init__(self, found: Iterator[Line]) -> None:
        self._found, self._back = found, deque[Line]()

    def next(self) -> Line | None:
        return self._back.popleft() if self._back else next(self._found, None)

    def back(self, looked: list[Line]) -> None:
        self._back.extendleft(reversed(looked))


def statements(found: Iterator[Line], limit: int) -> Iterator[tuple[str, Line, Line]]:
    """The text of each statement with its first and last line: hex goes on behind a backslash, a string to its closing quote.

    A string that is not closed within `limit` characters, or before a line that starts a key, ends with its first line.
    """
    source = _Source(found)
    while (line := source.next()) is not None:
        if _continued(line.text):
            yield _joined(line, source)
        elif _open_string(line.text):
            yield _closed(line, source, limit)
        else:
            yield line.text, line, line


def _continued(text: str) -> bool:
    stripped = text.rstrip()
    return stripped.endswith("\\") and _HEX_START.match(stripped) is not None


def _joined(line: Line, source: _Source) -> tuple[str, Line, Line]:
    """Hex over several lines; a line that starts something else ends it."""
    parts, last = [line.text.rstrip()[:-1]], line
    while (after := source.next()) is not None:
        told = after.text.strip()
        if told.startswith(("[", '"', "@")):
            source.back([after])
            break
        last = after
        parts.append(told.removesuffix("\\"))
        if not told.endswith("\\"):
            break
    return "".join(parts), line, last


def _open_string(text: str) -> bool:
    match = _NAME.match(text.lstrip())
    told = text.lstrip()[match.end() :] if match else ""
    return told.startswith('"') and _STRING.match(told) is None


def _closed(line: Line, source: _Source, limit: int) -> tuple[str, Line, Line]:
    """A string over several lines: it ends at the first quote that is not escaped, which must end its line."""
    parts, looked, size = [line.text], list[Line](), len(line.text)
    while (after := source.next()) is not None:
        looked.append(after)
        size += len(after.text) + 2
        parts.append(after.text)
        if _TO_QUOTE.match(after.text):
            if _STRING.fullmatch('"' + after.text.rstrip()):
                return "\r\n".join(parts), line, after
            break
        if size > limit or after.text.startswith(("[HK", "[-HK")):
            break
    source.back(looked)
    return line.text, line, line


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(r"\1", text)


def utf16_bytes(text: str) -> bytes:
    """Text as a hive holds it: UTF-16LE with a closing NUL."""
    return text.encode("utf-16-le", "surrogatepass") + b"\0\0"
