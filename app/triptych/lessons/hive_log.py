"""Transaction logs of a hive: a primary file that still holds the old state, and the log that turns it into the new one.

New format (Windows 8.1 and later): after 512 bytes of base block entries `HvLE`, each with its pages and two Marvin32 sums. Old
format (Windows Vista to 8): `DIRT`, a bitmap with one bit for 512 bytes of bins, then the marked pages. Sources: regf
specification of M. Suhanov; read back by python-registry (new) and our own reader (both).
"""

from __future__ import annotations

import struct

from triptych.lessons.hive_writer import checksum

BASE, PAGE, SECTOR = 4096, 4096, 512
_SEED = 0x82EF4D887A4E55C5
_MASK = 0xFFFFFFFF
_NEW_LOG, _OLD_LOG = 6, 1


def marvin32(data: bytes) -> int:
    """The sum of an entry, with the seed that the kernel uses for logs."""
    low, high = _SEED & _MASK, _SEED >> 32
    whole = len(data) & ~3
    for (word,) in struct.iter_unpack("<I", data[:whole]):
        low, high = _mix((low + word) & _MASK, high)
    low, high = _mix((low + int.from_bytes(data[whole:] + b"\x80", "little")) & _MASK, high)
    low, high = _mix(low, high)
    return high << 32 | low


def _mix(low: int, high: int) -> tuple[int, int]:
    high ^= low
    low = ((low << 20 | low >> 12) + high) & _MASK
    high = ((high << 9 | high >> 23) & _MASK) ^ low
    low = (((low << 27 | low >> 5) & _MASK) + high) & _MASK
    return low, (high << 19 | high >> 13) & _MASK


def base_block(primary: bytes, first: int, second: int, kind: int = 0) -> bytes:
    """The first 512 bytes of a hive with other sequence numbers and file type (0 primary, 1 old log, 6 new log)."""
    head = bytearray(primary[:512])
    struct.pack_into("<II", head, 4, first, second)
    struct.pack_into("<I", head, 28, kind)
    struct.pack_into("<I", head, 508, checksum(head))
    return bytes(head)


def dirty_with_new_log(old: bytes, new: bytes, entries: int = 1) -> tuple[bytes, bytes]:
    """(primary, LOG1): the pages in which `new` differs from `old`, spread over about so many entries."""
    sequence = _sequence(old)
    changed = _changed(old, new, PAGE)
    share = max(1, -(-len(changed) // entries))
    log = bytearray(base_block(old, sequence, sequence, _NEW_LOG))
    for number, start in enumerate(range(0, max(len(changed), 1), share)):
        log += _entry(new, changed[start : start + share], sequence + number)
    return base_block(old, sequence + 1, sequence) + old[512:], bytes(log)


def split_new_logs(old: bytes, middle: bytes, new: bytes) -> tuple[bytes, bytes, bytes]:
    """(primary, LOG1, LOG2): LOG1 leads from `old` to `middle`, LOG2 on to `new`; both must be replayed, LOG1 first."""
    sequence = _sequence(old)
    first = base_block(old, sequence, sequence, _NEW_LOG) + _entry(middle, _changed(old, middle, PAGE), sequence)
    second = base_block(old, sequence + 1, sequence + 1, _NEW_LOG) + _entry(new, _changed(middle, new, PAGE), sequence + 1)
    return base_block(old, sequence + 2, sequence) + old[512:], first, second


def _entry(new: bytes, pages: list[int], sequence: int) -> bytes:
    bins = _bins(new)
    body = b"".join(struct.pack("<II", page, PAGE) for page in pages)
    body += b"".join(new[BASE + page : BASE + page + PAGE].ljust(PAGE, b"\0") for page in pages)
    size = (40 + len(body) + SECTOR - 1) // SECTOR * SECTOR
    body = body.ljust(size - 40, b"\0")
    head = struct.pack("<4sIIIII", b"HvLE", size, 0, sequence, bins, len(pages)) + struct.pack("<Q", marvin32(body))
    return head + struct.pack("<Q", marvin32(head)) + body


def dirty_with_old_log(old: bytes, new: bytes) -> tuple[bytes, bytes]:
    """(primary, LOG1) in the format of Windows 7.

    There the primary's base block is written before its bins: it has the new size and time, and the log's base block the same.
    """
    sequence = _sequence(old)
    changed = _changed(old, new, SECTOR)
    bitmap = bytearray(-(-_bins(new) // SECTOR // 8))
    for sector in changed:
        bitmap[sector // SECTOR // 8] |= 1 << (sector // SECTOR % 8)
    log = base_block(new, sequence + 1, sequence + 1, _OLD_LOG) + b"DIRT" + bytes(bitmap)
    log = log.ljust(-(-len(log) // SECTOR) * SECTOR, b"\0")
    log += b"".join(new[BASE + sector : BASE + sector + SECTOR] for sector in changed)
    return base_block(new, sequence + 1, sequence) + old[512:].ljust(len(new) - 512, b"\0"), log


def _sequence(hive: bytes) -> int:
    return int(struct.unpack_from("<I", hive, 4)[0])


def _bins(hive: bytes) -> int:
    return int(struct.unpack_from("<I", hive, 40)[0])


def _changed(old: bytes, new: bytes, step: int) -> list[int]:
    """Offsets below the base block of the steps in which the hives differ."""
    return [at for at in range(0, _bins(new), step) if old[BASE + at :][:step] != new[BASE + at :][:step]]
