"""$Secure: every security descriptor of a volume once, with indexes by number and by hash.

Files and folders have the same descriptors everywhere: an owner of their own would tell which of them somebody made.
"""

from __future__ import annotations

import struct

from triptych.lessons.access import descriptor
from triptych.lessons.ntfs_index import HASHES, NUMBERS, Entry, Index, keyed, small_index
from triptych.lessons.ntfs_records import aligned

READ_ONLY, READ_WRITE, OF_FOLDERS, OF_FILES = 0x100, 0x101, 0x102, 0x103
"""Numbers of descriptors: Windows begins at 0x100, with those of the volume's own files."""

_DESCRIPTORS = {
    READ_ONLY: "O:SYG:BAD:(A;;0x120089;;;SY)(A;;0x120089;;;BA)",
    READ_WRITE: "O:SYG:BAD:(A;;0x12019f;;;SY)(A;;0x12019f;;;BA)",
    OF_FOLDERS: "O:BAG:SYD:(A;OICI;0x1f01ff;;;SY)(A;OICI;0x1f01ff;;;BA)(A;OICI;0x1200a9;;;BU)",
    OF_FILES: "O:BAG:SYD:(A;;0x1f01ff;;;SY)(A;;0x1f01ff;;;BA)(A;;0x1200a9;;;BU)",
}
_HEAD = struct.Struct("<IIQI")
_COPY_AT = 0x40000
"""All is written twice, 256 KiB apart."""


def stream() -> bytes:
    """The stream $SDS: each descriptor behind its hash, number, place and size, and the whole once more."""
    first = bytearray()
    for head, body in _placed():
        first = first.ljust(_HEAD.unpack(head)[2], b"\0") + head + body
    return bytes(first.ljust(_COPY_AT, b"\0") + first)


def indexes() -> tuple[Index, Index]:
    """The indexes $SDH (by hash, then number) and $SII (by number)."""
    by_hash: dict[tuple[int, int], Entry] = {}
    by_number: dict[int, Entry] = {}
    for head, _ in _placed():
        hashed, number, _, _ = _HEAD.unpack(head)
        by_hash[hashed, number] = keyed(head[:8], head, "II".encode("utf-16-le"))
        by_number[number] = keyed(head[4:8], head)
    return (
        small_index("$SDH", HASHES, [by_hash[key] for key in sorted(by_hash)]),
        small_index("$SII", NUMBERS, [by_number[number] for number in sorted(by_number)]),
    )


def _placed() -> list[tuple[bytes, bytes]]:
    """Each descriptor with its head; they begin at multiples of 16 bytes."""
    made: list[tuple[bytes, bytes]] = []
    at = 0
    for number, text in _DESCRIPTORS.items():
        body = descriptor(text)
        size = _HEAD.size + len(body)
        made.append((_HEAD.pack(_hash(body), number, at, size), body))
        at += aligned(size, 16)
    return made


def _hash(body: bytes) -> int:
    """Windows' own: rotate left by three bits, add the next four bytes."""
    total = 0
    for (word,) in struct.iter_unpack("<I", body[: len(body) // 4 * 4]):
        total = ((total << 3 | total >> 29) + word) & 0xFFFFFFFF
    return total
