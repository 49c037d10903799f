"""Where the chunks of a log stand, found without reading them: what a reader of one stretch must know of the rest of the log.

Of each chunk only its first bytes are read. Two chunks whose first records have the same header may be copies of one
another; which of them comes first does not depend on who reads which stretch.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from triptych.formats.evtx_layout import CHUNK, CHUNK_MAGIC, FILE_HEADER, FIRST, MAGIC, Chunk
from triptych.formats.evtx_window import Bytes

_KEY = slice(FIRST, FIRST + 24)  # the header of the first record
_HEAD = FIRST + 24
_UNKNOWN = (1 << 64) - 1  # a number that no record has


@dataclass(frozen=True, slots=True)
class Index:
    """`places` are the offsets of the chunks and where the last one ends; `earlier` names for a chunk that may be a copy the
    first one with the same first record. `firsts` are the first record numbers that signed chunks state.
    """

    places: array[int]
    firsts: array[int]
    earlier: dict[int, int]

    def __len__(self) -> int:
        return len(self.firsts)

    def follower(self, number: int) -> int | None:
        """The first record number of the chunk behind, None where it is not known."""
        following = self.firsts[number + 1] if number + 1 < len(self.firsts) else _UNKNOWN
        return None if following == _UNKNOWN else following

    def chunk(self, source: Bytes, number: int) -> Chunk:
        """One chunk; with the size 0 where the file was cut since."""
        at, end = self.places[number], self.places[number + 1]
        data = source.read_at(at, end - at)
        return Chunk(number, at, data if len(data) == CHUNK else data.ljust(CHUNK, b"\0"), len(data))


def chunks(source: Bytes) -> Iterator[Chunk]:
    """Every chunk in order."""
    index = index_of(source)
    return (index.chunk(source, number) for number in range(len(index)))


def index_of(source: Bytes) -> Index:
    """Every 64 KiB of the log that may be a chunk. Where one is not at its place, its signature is looked for.

    A log without its file header (carved, or cut at the front) starts with a chunk.
    """
    at = 0 if source.read_at(0, 8) == CHUNK_MAGIC else FILE_HEADER
    places, firsts = array("q"), array("Q")
    seen: dict[bytes, int] = {}
    earlier: dict[int, int] = {}
    head = source.read_at(at, _HEAD) if at < source.size else b""
    while head:
        size, following = _extent(source, at, head)
        number = len(firsts)
        places.append(at)
        firsts.append(_first(head))
        key = head[_KEY]
        if key.count(key[:1]) < len(key):
            first = seen.setdefault(key, number)
            if first < number:
                earlier[number] = first
        at += size
        head = following
    places.append(at)
    return Index(places, firsts, earlier)


def _first(head: bytes) -> int:
    """The first record number that a signed chunk states."""
    return int.from_bytes(head[24:32], "little") if head.startswith(CHUNK_MAGIC) else _UNKNOWN


def _extent(source: Bytes, at: int, head: bytes) -> tuple[int, bytes]:
    """How many bytes belong to the chunk at a place (fewer where bytes were put in or taken out), and the head of the next."""
    following = source.read_at(at + CHUNK, _HEAD)
    size = min(CHUNK, source.size - at)
    if head.startswith(CHUNK_MAGIC):
        if not following or following.startswith(CHUNK_MAGIC):
            return size, following
        inside = source.read_at(at, CHUNK).find(CHUNK_MAGIC, FIRST)  # bytes were taken out: the next chunk stands too early
        moved = inside if inside > 0 and source.read_at(at + inside + CHUNK, 8) in (CHUNK_MAGIC, b"") else 0
    elif head[FIRST : FIRST + 4] == MAGIC:
        return size, following
    else:
        moved = max(source.read_at(at, CHUNK).find(CHUNK_MAGIC), 0)
    return (moved, source.read_at(at + moved, _HEAD)) if moved else (size, following)
