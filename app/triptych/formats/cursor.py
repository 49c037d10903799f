"""Bounds-checked reading of little-endian structures, every value with the span that states it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from triptych.formats.faults import FormatFault
from triptych.model.evidence import EvidenceRef, Place, Span


@dataclass(frozen=True, slots=True)
class Block:
    """The bytes of one structure and where each of them stands in a file.

    `pieces` cover `data` in order and have its length in all, unless `exact` is False (a value written as hex text in an
    export): then a citation names all pieces. `head` is cited for an empty stretch of an empty block (a value's own record).
    """

    data: bytes
    place: Place
    pieces: tuple[Span, ...]
    exact: bool = True
    head: Span | None = None

    def spans(self, start: int = 0, length: int | None = None) -> tuple[Span, ...]:
        """The spans of `length` bytes from `start`; an empty stretch cites the byte it stands at, an empty block its head."""
        wanted = len(self.data) - start if length is None else length
        if not self.exact:
            return self.pieces
        if not self.data:
            return (self.head,) if self.head else self.pieces
        if wanted <= 0:
            wanted, start = 1, min(max(start, 0), len(self.data) - 1)
        return _cut(self.pieces, start, wanted)

    def ref(self, start: int = 0, length: int | None = None) -> EvidenceRef:
        return EvidenceRef(self.place, self.spans(start, length))


def _cut(pieces: tuple[Span, ...], start: int, length: int) -> tuple[Span, ...]:
    found: list[Span] = []
    at = 0
    for piece in pieces:
        first, last = max(start, at), min(start + length, at + piece.length)
        if first < last:
            found.append(Span(piece.file, piece.offset + first - at, last - first))
        at += piece.length
    return tuple(found) or pieces[-1:]


class Cursor:
    """Reads forward through a block. Every method raises FormatFault where the block ends too early."""

    def __init__(self, block: Block, where: str, at: int = 0) -> None:
        self.block, self.where, self.at = block, where, at

    @property
    def left(self) -> int:
        return len(self.block.data) - self.at

    def take(self, length: int, what: str = "bytes") -> bytes:
        if length < 0 or length > self.left:
            raise FormatFault(
                "cursor.short", f"{self.where}, offset 0x{self.at:X}", f"read {what} ({length} bytes)", f"{self.left} bytes left"
            )
        data = self.block.data[self.at : self.at + length]
        self.at += length
        return data

    def skip(self, length: int) -> None:
        self.take(length, "padding")

    def u8(self, what: str = "a byte") -> int:
        return self.take(1, what)[0]

    def u16(self, what: str = "a 16-bit number") -> int:
        return int(struct.unpack("<H", self.take(2, what))[0])

    def u32(self, what: str = "a 32-bit number") -> int:
        return int(struct.unpack("<I", self.take(4, what))[0])

    def u64(self, what: str = "a 64-bit number") -> int:
        return int(struct.unpack("<Q", self.take(8, what))[0])

    def ref(self, start: int, length: int | None = None) -> EvidenceRef:
        """What was read from `start` on (to here, unless a length is given)."""
        return self.block.ref(start, self.at - start if length is None else length)
