"""The bins and cells of a registry hive (regf 1.5), handed out one after the other.

Sources: libregf documentation and the regf specification of M. Suhanov. A bin starts with 32 bytes (`hbin`, its offset, its
size), a cell with its size, negative while in use. Offsets count from the end of the base block.
"""

from __future__ import annotations

import struct

BIN = 4096
BIN_HEAD = 32


class Cells:
    """Cells in the order they were asked for. A cell never crosses a bin; what is left of a bin becomes a free cell."""

    def __init__(self, stamp: int) -> None:
        self._out = bytearray()
        self._left = 0
        self._stamp = stamp
        self.made: list[int] = []

    def reserve(self, size: int) -> int:
        """A cell for `size` bytes, zeroed; its offset."""
        need = (size + 4 + 7) & ~7
        if need > self._left:
            self._close_bin()
            self._open_bin(need)
        at = len(self._out)
        self._out += struct.pack("<i", -need) + bytes(need - 4)
        self._left -= need
        self.made.append(at)
        return at

    def put(self, data: bytes) -> int:
        """A new cell with these bytes; its offset."""
        at = self.reserve(len(data))
        self.fill(at, data)
        return at

    def fill(self, at: int, data: bytes) -> None:
        """Write the content of a cell reserved before."""
        self._out[at + 4 : at + 4 + len(data)] = data

    def free(self, at: int) -> None:
        """Free a cell without wiping it."""
        (size,) = struct.unpack_from("<i", self._out, at)
        struct.pack_into("<i", self._out, at, abs(size))

    def bins(self) -> bytes:
        """All bins; free cells that touch are one, as the kernel joins them (the inner sizes stay behind)."""
        self._close_bin()
        at = 0
        while at < len(self._out):
            (size,) = struct.unpack_from("<I", self._out, at + 8)
            self._join_free(at + BIN_HEAD, at + size)
            at += size
        return bytes(self._out)

    def _open_bin(self, need: int) -> None:
        size = (need + BIN_HEAD + BIN - 1) // BIN * BIN
        # The kernel stamps the first bin of a hive alone.
        stamp = 0 if self._out else self._stamp
        self._out += struct.pack("<4sIIQQI", b"hbin", len(self._out), size, 0, stamp, 0)
        self._left = size - BIN_HEAD

    def _close_bin(self) -> None:
        if self._left:
            self._out += struct.pack("<i", self._left) + bytes(self._left - 4)
            self._left = 0

    def _join_free(self, at: int, end: int) -> None:
        head = None
        while at < end:
            (size,) = struct.unpack_from("<i", self._out, at)
            if size < 0:
                head = None
            elif head is None:
                head = at
            else:
                (before,) = struct.unpack_from("<i", self._out, head)
                struct.pack_into("<i", self._out, head, before + size)
            at += abs(size)
