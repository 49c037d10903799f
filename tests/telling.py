"""Whether bytes tell a value: the text itself in some spelling, or the numbers, times and identities it was made of.

Written without the decoders of the product wherever that is possible, so that a reading which cites its neighbour is found out.
"""

from __future__ import annotations

import html
import json
import re
import struct
import uuid
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache

from triptych.formats.cursor import Block
from triptych.formats.faults import Faults
from triptych.formats.sddl import sddl
from triptych.formats.security_descriptor import decode_sd
from triptych.model.evidence import FilePlace, Span
from triptych.model.times import duration_seconds, parse_iso, to_unix

_GUID = re.compile(r"\{[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}")
_SID = re.compile(r"S-1-\d+(?:-\d+)+", re.IGNORECASE)
_HEX_LINE = re.compile(r"=(hex|dword)(?:\([0-9a-f]+\))?:([0-9A-Fa-f,\s\\]+)")
_DUMP_LINE = re.compile(r"^\s*[0-9A-Fa-f]{8}   ((?:[0-9A-Fa-f]{2}[ -]+){1,16})", re.MULTILINE)
_NUMBER = re.compile(r"0x[0-9A-Fa-f]+|\d+")


def tells(data: bytes, value: str, raw: str = "") -> bool:
    """Whether a value, or the text as it was written, can be had from these bytes alone."""
    told = (data, *_exported(data))
    return any(_holds(one, text) for one in told for text in (value, raw) if text)


def _holds(data: bytes, text: str) -> bool:
    return _holds_text(data, text) or _holds_identity(data, text) or _holds_number(data, text) or _holds_date(data, text)


@lru_cache(maxsize=256)
def _exported(data: bytes) -> tuple[bytes, ...]:
    return tuple(_spelled_in_hex(data))


def _spelled_in_hex(data: bytes) -> Iterator[bytes]:
    """The bytes that a .reg file, or an export of the registry editor as text, spells in hex digits."""
    for encoding in ("utf-16-le", "utf-8"):
        for pair in _HEX_LINE.finditer(data.decode(encoding, "replace")):
            digits = re.sub(r"[^0-9A-Fa-f]", "", pair[2])
            if len(digits) % 2 == 0:
                yield bytes.fromhex(digits)[:: -1 if pair[1] == "dword" else 1]
        dumped = "".join(_DUMP_LINE.findall(data.decode(encoding, "replace")))
        if dumped:
            yield bytes.fromhex(re.sub(r"[^0-9A-Fa-f]", "", dumped))


def _holds_text(data: bytes, text: str) -> bool:
    wanted = _squeezed(text)
    return any(wanted in shown for shown in _squeezed_texts(data))


@lru_cache(maxsize=1024)
def _squeezed_texts(data: bytes) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(_squeezed, _as_text(data))))


def _as_text(data: bytes) -> Iterator[str]:
    """The bytes as every kind of text that evidence is written in, escapes of XML, JSON and CSV taken back."""
    aligned = ((data, encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be", "latin-1", "cp437"))
    shifted = ((data[1:], encoding) for encoding in ("utf-16-le", "utf-16-be"))
    for part, encoding in (*aligned, *shifted):
        text = _decoded(part, encoding)
        yield text
        yield html.unescape(text)
        yield text.replace('""', '"')
        yield text.replace("\\\\", "\\").replace('\\"', '"').replace("\\/", "/")
        with suppress(ValueError):
            yield json.loads(f'"{text.strip().strip(chr(34))}"', strict=False)


def _decoded(data: bytes, encoding: str) -> str:
    """Half characters are text too; what is no text in this encoding is none."""
    try:
        return data.decode(encoding, "surrogatepass" if encoding.startswith("utf-16") else "replace")
    except UnicodeDecodeError:
        return ""


def _squeezed(text: str) -> str:
    """Without white space and case: both are folded while reading, as the schema demands or for names."""
    return re.sub(r"\s+", "", text).casefold()


def _holds_identity(data: bytes, text: str) -> bool:
    if _GUID.fullmatch(text):
        return uuid.UUID(text).bytes_le in data
    if _SID.fullmatch(text):
        return _sid(text) in data
    if re.match(r"[OGD]:", text):
        return _descriptor(data) == text
    plain = text.removeprefix("0x").replace(" ", "")
    if re.fullmatch(r"(?:[0-9A-Fa-f]{2})+", plain):
        return bytes.fromhex(plain) in data or bytes.fromhex(plain)[::-1] in data
    return False


def _sid(text: str) -> bytes:
    authority, *parts = (int(part) for part in text.split("-")[2:])
    return bytes((1, len(parts))) + authority.to_bytes(6, "big") + struct.pack(f"<{len(parts)}I", *parts)


def _descriptor(data: bytes) -> str:
    block = Block(data, FilePlace("SD"), (Span("SD", 0, len(data)),))
    return sddl(decode_sd(block, Faults("SD")))


def _holds_number(data: bytes, text: str) -> bool:
    """Whether every number in a text stands in the bytes, little-endian: counts, flags, seconds, dates, FILETIME."""
    with suppress(ValueError):
        moment = parse_iso(text)
        if struct.pack("<q", moment.ticks) in data:
            return True
        seconds = to_unix(moment.ticks)
        if seconds.is_integer() and 0 <= seconds < 1 << 32 and struct.pack("<I", int(seconds)) in data:
            return True
    with suppress(ValueError):
        seconds = duration_seconds(text)
        if seconds is not None and any(
            number.to_bytes(size, "little") in data for number in (seconds, seconds // 60) for size in (4,)
        ):
            return True
    if len(text) > 60 or "\\" in text or "/" in text:
        return False  # figures in a path or a sentence are no numbers
    spelled = _NUMBER.findall(re.sub(r"(?<=\d),(?=\d{3})", "", text))
    hexadecimal = [number for number in spelled if number.startswith("0x")]
    numbers = [int(number, 16) for number in hexadecimal] or [int(number) for number in spelled]
    return bool(numbers) and all(_holds_whole(data, number) or number == len(data) for number in numbers)


def _holds_whole(data: bytes, number: int) -> bool:
    sizes = [size for size in (1, 2, 4, 8) if number < 1 << (8 * size)]
    signed = [(-number & 0xFFFFFFFF).to_bytes(4, "little")] if 0 < number < 1 << 31 else []
    return any(number.to_bytes(size, "little") in data for size in sizes[:1] + sizes) or any(other in data for other in signed)


def _holds_date(data: bytes, text: str) -> bool:
    """Whether a time stands there as people write it: its year, month, day and minute, in whatever order."""
    try:
        year, month, day, _, minute = re.split(r"[-T:]", parse_iso(text).iso)[:5]
    except ValueError:
        return False
    wanted = {int(part) for part in (year, month, day, minute)}
    return any(wanted <= {int(number) for number in re.findall(r"\d{1,4}", shown)} for shown in _as_text(data))
