"""The characters of a text file and the byte each of them starts at, whatever the file says of its own encoding.

Files lie: tasks declare UTF-16 and are stored as UTF-8 (every `schtasks /query /xml` redirected to a file, one stock task of
Windows 11). So the byte-order mark decides, then the pattern of zero bytes, then whether the bytes are sound UTF-8.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate

_MARKS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8"))
_NAMES = {"utf-16-le": "UTF-16LE", "utf-16-be": "UTF-16BE", "utf-8": "UTF-8"}
_DECLARED = re.compile(r"""\s{0,64}<\?xml\s[^<>?]{0,200}?encoding\s{0,8}=\s{0,8}["']([A-Za-z0-9._-]{1,40})["']""")
_ONE_BYTE = re.compile(
    r"windows-125[0-8]|iso-8859-(?:[1-9]|1[0134567])|ibm(?:437|850|852|866)|cp(?:437|85[028]|866|125[0-8])", re.IGNORECASE
)
_PART = 512


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, and what the file is. Bytes that are no text of the codec stand as U+DC80 and up, lone surrogates as they are.

    `mark` is the length of the byte-order mark, `odd` how many bytes at the end make no whole character, `declared` the
    encoding of the XML declaration ("" where there is none), `size` the bytes that the text stands for.
    """

    text: str
    codec: str
    mark: int
    odd: int
    declared: str
    size: int

    @property
    def encoding(self) -> str:
        """What the bytes are, in words."""
        name = _NAMES.get(self.codec, self.codec)
        return f"{name} with a byte-order mark" if self.mark else name

    @property
    def lie(self) -> str:
        """`declared UTF-16, read as UTF-8`, or "" where the declaration is true or missing."""
        declared, family = self.declared.lower(), self.codec
        true = declared in ("", family) or (declared in ("utf-16", "ucs-2") and family.startswith("utf-16"))
        true = true or (declared == "us-ascii" and self.text.isascii())
        return "" if true else f"declared {self.declared}, read as {_NAMES.get(self.codec, self.codec)}"


def decode(data: bytes) -> Decoded:
    """The text of a file; never raises."""
    mark, codec = next(((mark, codec) for mark, codec in _MARKS if data.startswith(mark)), (b"", ""))
    codec = codec or _codec_of(data)
    body = data[len(mark) :]
    odd = len(body) % 2 if codec.startswith("utf-16") else 0
    body = body[: len(body) - odd]
    text = body.decode(codec, _errors(codec))
    match = _DECLARED.match(text)
    return Decoded(text, codec, len(mark), odd, match.group(1) if match else "", len(body))


def _codec_of(data: bytes) -> str:
    head = data[:256]
    low, high = head[::2].count(0), head[1::2].count(0)
    if high * 4 > len(head) and low * 4 < high:
        return "utf-16-le"
    if low * 4 > len(head) and high * 4 < low:
        return "utf-16-be"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        match = _DECLARED.match(head.decode("latin-1"))
        if match and _ONE_BYTE.fullmatch(match.group(1)):
            return match.group(1).lower()
    return "utf-8"


def _errors(codec: str) -> str:
    return "surrogatepass" if codec.startswith("utf-16") else "surrogateescape"


class Offsets:
    """From a character's number to the byte that it starts at, and to its line."""

    def __init__(self, text: str, codec: str, mark: int, size: int) -> None:
        self._text, self._codec, self._mark = text, codec, mark
        self._width = 2 if codec.startswith("utf-16") else 1
        self._starts: list[int] = []
        if size != len(text) * self._width:
            parts = (len(text[at : at + _PART].encode(codec, _errors(codec))) for at in range(0, len(text), _PART))
            self._starts = [0, *accumulate(parts)]

    def byte(self, at: int) -> int:
        """The offset in the file of the character with number `at` (from 0); the text's length gives the file's end."""
        if not self._starts:
            return self._mark + at * self._width
        part = at // _PART
        inside = self._text[part * _PART : at]
        return self._mark + self._starts[part] + len(inside.encode(self._codec, _errors(self._codec)))


def encoded(text: str, codec: str) -> bytes:
    """The bytes that `decode` made the text from, byte-order mark apart."""
    return text.encode(codec, _errors(codec))
