"""Bytes that can be read at any place: an open file of the evidence, or the unpacked copy of an archive in an archive."""

from __future__ import annotations

import io
import os
import tempfile
import threading
from typing import Protocol

from triptych.evidence.entry import EvidenceError
from triptych.model.times import from_unix_ns

_CHUNK = 1 << 20


class RandomAccess(Protocol):
    """`size` bytes, read at an offset; short where they end. Safe to use from several threads."""

    @property
    def size(self) -> int: ...
    def read_at(self, offset: int, length: int) -> bytes: ...
    def close(self) -> None: ...


class OpenFile:
    """A file descriptor that was opened for reading; it is closed with this object. `modified` in ticks."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()
        status = os.fstat(descriptor)
        self.size, self.modified = status.st_size, from_unix_ns(status.st_mtime_ns).ticks

    def read_at(self, offset: int, length: int) -> bytes:
        """Raises EvidenceError where the medium fails."""
        pieces: list[bytes] = []
        if not 0 <= offset < self.size:  # offsets come from hostile headers: negative, or beyond what a file can have
            return b""
        try:
            while length > 0:
                piece = self._read(offset, min(length, max(self.size - offset, _CHUNK)))  # what is there in one piece, uncopied
                if not piece:
                    break
                pieces.append(piece)
                offset, length = offset + len(piece), length - len(piece)
        except OSError as error:
            raise EvidenceError("evidence.unreadable", f"the system could not read at 0x{offset:X}: {error.strerror}") from error
        return b"".join(pieces)

    def _read(self, offset: int, length: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self._descriptor, length, offset)
        with self._lock:  # Windows has no pread
            os.lseek(self._descriptor, offset, os.SEEK_SET)
            return os.read(self._descriptor, length)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __del__(self) -> None:
        self.close()


class Copy:
    """An unpacked copy: in memory while small, then in a temporary file without a name."""

    def __init__(self, in_memory: int) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=in_memory)  # noqa: SIM115 - lives as long as this object
        self._lock = threading.Lock()
        self.size = 0

    def append(self, data: bytes) -> None:
        """Raises EvidenceError where there is no room for it."""
        try:
            self._file.write(data)
        except OSError as error:
            raise EvidenceError("archive.no-room", f"the temporary folder cannot take the copy: {error.strerror}") from error
        self.size += len(data)

    def read_at(self, offset: int, length: int) -> bytes:
        if not 0 <= offset < self.size:
            return b""
        with self._lock:
            self._file.seek(offset)
            return self._file.read(length)

    def close(self) -> None:
        self._file.close()

    def __del__(self) -> None:
        self.close()


class Window(io.RawIOBase):
    """A file object over random access, for the libraries of archives; one read may not be larger than `largest`."""

    def __init__(self, access: RandomAccess, largest: int) -> None:
        super().__init__()
        self._access, self._largest, self._at = access, largest, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._access.size}[whence]
        if base + offset < 0:
            raise OSError("a place before the start of the file")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        wanted = max(self._access.size - self._at, 0) if size is None or size < 0 else size
        if wanted > self._largest:
            raise OSError(f"a structure of {wanted:,} bytes")
        data = self._access.read_at(self._at, wanted)
        self._at += len(data)
        return data
