"""A registry hive (regf 1.5) from keys: names in Latin-1 or UTF-16, class names, shared descriptors, big data, long lists.

Sources: libregf documentation and the regf specification of M. Suhanov; read back by python-registry, regipy and libregf. The
same keys give the same bytes: identifiers are derived, never drawn.
"""

from __future__ import annotations

import struct
import uuid

from triptych.lessons.hive_cells import Cells
from triptych.lessons.hive_key import HiveKey, HiveValue

NOWHERE = 0xFFFFFFFF
# Bytes in one segment of a value that needs several (`db`), and entries in one leaf: Windows keeps a leaf inside a page.
SEGMENT = 16344
LEAF = 500
_INLINE = 0x80000000
_COMPRESSED_KEY, _ROOT = 0x20, 0x0C


def write_hive(root: HiveKey, file_name: str, security: bytes, *, written: int | None = None, sequence: int = 1) -> bytes:
    r"""The hive's bytes.

    `file_name` is the hive's full path (`\SystemRoot\System32\Config\SOFTWARE`), of which the header keeps the last 31
    characters; `security` is the descriptor of the root, which keys without their own inherit; `written` (ticks) is the
    header's time, else the root key's.
    """
    stamp = root.written if written is None else written
    return _Writer(stamp).write(root, file_name, security, sequence)


def checksum(head: bytes | bytearray) -> int:
    """The XOR of the 127 numbers before it; 0 and all ones are written as their neighbours."""
    total = 0
    for (number,) in struct.iter_unpack("<I", bytes(head[:508])):
        total ^= number
    return {0: 1, NOWHERE: NOWHERE - 1}.get(total, total)


def name_hash(name: str) -> int:
    """The hash of a name in an `lh` leaf: over the UTF-16 units of the name in upper case."""
    total = 0
    for (unit,) in struct.iter_unpack("<H", name.upper().encode("utf-16-le", "surrogatepass")):
        total = (total * 37 + unit) & 0xFFFFFFFF
    return total


def packed_name(name: str) -> tuple[bytes, bool]:
    """A name as it is stored, and whether it is in Latin-1 (one byte a character)."""
    try:
        return name.encode("latin-1"), True
    except UnicodeEncodeError:
        return name.encode("utf-16-le", "surrogatepass"), False


def _base_block(file_name: str, stamp: int, sequence: int, root_at: int, size: int) -> bytes:
    head = bytearray(4096)
    struct.pack_into("<4sIIQIIIIIII", head, 0, b"regf", sequence, sequence, stamp, 1, 5, 0, 1, root_at, size, 1)
    tail = file_name[-31:].encode("utf-16-le")
    head[48 : 48 + len(tail)] = tail
    ident = uuid.uuid5(uuid.NAMESPACE_OID, f"{file_name}{stamp}").bytes_le
    head[112:128] = head[128:144] = head[148:164] = ident
    head[164:168] = b"rmtm"
    struct.pack_into("<I", head, 508, checksum(head))
    return bytes(head)


class _Writer:
    """One hive in the making: its cells, and the descriptors shared by its keys (bytes to cell and references)."""

    def __init__(self, stamp: int) -> None:
        self._stamp = stamp
        self._cells = Cells(stamp)
        self._shared: dict[bytes, list[int]] = {}

    def write(self, root: HiveKey, file_name: str, security: bytes, sequence: int) -> bytes:
        root_at = self._key(root, NOWHERE, root.security or security)
        self._descriptors()
        bins = self._cells.bins()
        return _base_block(file_name, self._stamp, sequence, root_at, len(bins)) + bins

    def _key(self, key: HiveKey, parent: int, security: bytes) -> int:
        security = key.security if key.security is not None else security
        name, compressed = packed_name(key.name)
        at = self._cells.reserve(76 + len(name))
        shared = self._share(security)
        class_name = key.class_name.encode("utf-16-le")
        class_at = self._cells.put(class_name) if class_name else NOWHERE
        values = [self._value(value)[0] for value in key.values]
        values_at = self._cells.put(struct.pack(f"<{len(values)}I", *values)) if values else NOWHERE
        for ghost in key.ghosts:
            self._free(self._value(ghost))
        children = sorted(key.keys.values(), key=lambda sub: sub.name.upper().encode("utf-16-be", "surrogatepass"))
        places = [self._key(sub, at, security) for sub in children]
        for gone in key.ghost_keys:
            self._ghost_key(gone, at, security)
        flags = (_COMPRESSED_KEY if compressed else 0) | (_ROOT if parent == NOWHERE else 0)
        record = struct.pack(
            "<2sHQIIIIIIIIIIIIIIIHH",
            *(b"nk", flags, key.written, 0, 0 if parent == NOWHERE else parent),
            *(len(children), 0, self._list(children, places), NOWHERE),
            *(len(values), values_at, shared, class_at),
            *_longest(children, key.values),
            *(0, len(name), len(class_name)),
        )
        self._cells.fill(at, record + name)
        return at

    def _share(self, security: bytes) -> int:
        if security not in self._shared:
            self._shared[security] = [self._cells.reserve(20 + len(security)), 0]
        self._shared[security][1] += 1
        return self._shared[security][0]

    def _descriptors(self) -> None:
        """Fill the descriptors' cells, which form a ring; one that only deleted keys had is freed."""
        for security, (at, references) in list(self._shared.items()):
            if not references:
                self._cells.fill(at, struct.pack("<2sHIIII", b"sk", 0, at, at, 0, len(security)) + security)
                self._cells.free(at)
                del self._shared[security]
        ring = list(self._shared.items())
        for number, (security, (at, references)) in enumerate(ring):
            after, before = ring[(number + 1) % len(ring)][1][0], ring[number - 1][1][0]
            self._cells.fill(at, struct.pack("<2sHIIII", b"sk", 0, after, before, references, len(security)) + security)

    def _ghost_key(self, key: HiveKey, parent: int, security: bytes) -> None:
        before = {known: shared[1] for known, shared in self._shared.items()}
        mark = len(self._cells.made)
        self._key(key, parent, security)
        for known, shared in self._shared.items():  # a deleted key holds no reference
            shared[1] = before.get(known, 0)
        kept = {shared[0] for shared in self._shared.values()}
        self._free([at for at in self._cells.made[mark:] if at not in kept])

    def _list(self, children: list[HiveKey], places: list[int]) -> int:
        if not children:
            return NOWHERE
        leaves = []
        for start in range(0, len(children), LEAF):
            pairs = zip(children[start : start + LEAF], places[start : start + LEAF], strict=True)
            body = b"".join(struct.pack("<II", at, name_hash(sub.name)) for sub, at in pairs)
            leaves.append(self._cells.put(struct.pack("<2sH", b"lh", len(body) // 8) + body))
        if len(leaves) == 1:
            return leaves[0]
        return self._cells.put(struct.pack("<2sH", b"ri", len(leaves)) + struct.pack(f"<{len(leaves)}I", *leaves))

    def _value(self, value: HiveValue) -> list[int]:
        """The cells of a value: its record first, then those of its data."""
        name, compressed = packed_name(value.name)
        size, used = len(value.data), []
        if size <= 4:
            where, size = int.from_bytes(value.data, "little"), size | _INLINE
        elif size <= SEGMENT:
            where = self._cells.put(value.data)
            used = [where]
        else:
            used = self._big(value.data)
            where = used[-1]
        flags = 1 if compressed and name else 0
        record = struct.pack("<2sHIIIHH", b"vk", len(name), size, where, value.kind, flags, 0) + name
        return [self._cells.put(record), *used]

    def _big(self, data: bytes) -> list[int]:
        parts = [self._cells.put(data[start : start + SEGMENT]) for start in range(0, len(data), SEGMENT)]
        index = self._cells.put(struct.pack(f"<{len(parts)}I", *parts))
        return [*parts, index, self._cells.put(struct.pack("<2sHII", b"db", len(parts), index, 0))]

    def _free(self, cells: list[int]) -> None:
        for at in cells:
            self._cells.free(at)


def _longest(children: list[HiveKey], values: list[HiveValue]) -> tuple[int, int, int, int]:
    """Four sizes that a key keeps: of its children's names and class names, of its values' names and data."""
    return (
        max((2 * len(sub.name) for sub in children), default=0),
        max((2 * len(sub.class_name) for sub in children), default=0),
        max((2 * len(value.name) for value in values), default=0),
        max((len(value.data) for value in values), default=0),
    )
