"""Zip archives: the directory by the standard library, or by local headers where it is gone; data by our own counting reader.

`zipfile` trusts the sizes that a directory declares and looks at names; both are only claims here. Facts of the format are
from APPNOTE.TXT 6.3 (local header 4.3.7, data descriptor 4.3.9, extra fields 4.5) and Info-ZIP's extrafld.txt (0x5455).
"""

from __future__ import annotations

import bz2
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from triptych.evidence.archive import CHUNK, TARGET, Damaged, Member, gather, names_in, problem, refusal
from triptych.evidence.entry import EvidenceError
from triptych.evidence.random_access import RandomAccess, Window
from triptych.limits import Limits
from triptych.model import times
from triptych.model.case import Problem, Weight

_LOCAL = b"PK\x03\x04"
_HEADER = struct.Struct("<4s5H3I2H")
_ENCRYPTED, _DESCRIPTOR, _UTF8 = 0x1, 0x8, 0x800
_METHODS = {9: "Deflate64", 14: "LZMA", 93: "Zstandard", 95: "XZ", 98: "PPMd", 99: "AES encryption"}
_FULL = 0xFFFFFFFF
_MANY = 0xFFFF  # a count that stands elsewhere (Zip64)
_END = 22  # bytes of the record that ends a directory
_BROKEN_DIRECTORY = (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError, struct.error, EOFError, OSError)


@dataclass(frozen=True, slots=True)
class _Record:
    """Where a member's data is and how it is packed; `start` is its local header, `data` its first byte where known."""

    flags: int
    method: int
    crc: int | None
    packed: int
    size: int
    start: int
    data: int | None = None


class ZipArchive:
    """A zip archive. Raises EvidenceError where neither a directory nor a single member is found."""

    def __init__(self, access: RandomAccess, limits: Limits) -> None:
        self._access, self._limits = access, limits
        self._records: list[_Record] = []
        self._members: list[Member] = []
        self._problems: list[Problem] = []
        self.promised = 0
        try:
            with zipfile.ZipFile(Window(access, limits.archive_index)) as directory:
                listed = directory.infolist()
            if short := _too_few(access, len(listed)):
                self._from_headers(short)
            else:
                self._from_directory(listed)
        except _BROKEN_DIRECTORY as error:
            self._from_headers(str(error))
        self._tell()

    @property
    def members(self) -> tuple[Member, ...]:
        return tuple(self._members)

    @property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(self._problems)

    def _from_directory(self, listed: list[zipfile.ZipInfo]) -> None:
        self.promised = len(listed)
        for info in listed[: self._limits.archive_members]:
            flags = info.flag_bits
            raw = info.orig_filename.encode("utf-8" if flags & _UTF8 else "cp437", "surrogateescape")
            record = _Record(flags, info.compress_type, info.CRC, info.compress_size, info.file_size, info.header_offset)
            modified = _exact_time(info.extra) or _dos_time(info.date_time)
            self._add(record, text_of(raw, flags), modified, info.external_attr >> 16, bool(info.external_attr & 0x10))

    def _from_headers(self, why: str) -> None:
        self._records, self._members = [], []
        for record, name, modified in _local_headers(self._access, self._limits.archive_members):
            self._add(record, name, modified, 0, False)
        self.promised = len(self._members)
        if not self._members:
            raise EvidenceError("archive.not-readable", f"its directory cannot be read ({why}) and no member begins in it")
        self._problems.append(
            problem(
                Weight.DOUBT,
                "archive.directory-lost",
                "the directory at the end of the zip",
                tried="read the archive's directory",
                found=why,
                lost="members after a place where the file is cut, and what only the directory tells of each (links, attributes)",
                advice=f"{len(self._members):,} members were found by their own headers; get a whole copy of the archive",
            )
        )

    def _add(self, record: _Record, name: str, modified: int | None, mode: int, folder: bool) -> None:
        parts, absolute, climbs = names_in(name)
        kind = _kind(name, mode, folder and not record.size)
        refused = refusal(kind, record.size, record.packed, self._limits)
        if record.flags & _ENCRYPTED and kind in ("file", "link"):
            refused = ("archive.encrypted", "it is encrypted, not read")
        elif record.method not in (0, 8, 12) and kind in ("file", "link"):
            refused = (
                "archive.method",
                f"it is packed with {_METHODS.get(record.method, 'an unknown method')} (method {record.method})",
            )
        member = Member(
            len(self._members), name, parts, kind, record.size, record.packed, modified, "", absolute or climbs, refused
        )
        self._records.append(record)
        self._members.append(replace(member, target=self._target(member)) if kind == "link" else member)

    def _target(self, member: Member) -> str:
        """Where a link leads: its content, at most 4 KiB of it."""
        try:
            got = gather(self, replace(member, kind="file"), TARGET, self._limits)
        except EvidenceError as error:
            return f"(not known: {error})"
        return got.data.decode("utf-8", "surrogateescape")

    def _tell(self) -> None:
        if self.promised > len(self._members):
            more = self.promised - len(self._members)
            self._problems.append(
                problem(
                    Weight.LOST,
                    "archive.too-many",
                    "the directory of the zip",
                    tried=f"list {self.promised:,} members",
                    found=f"the limit is {self._limits.archive_members:,}",
                    lost=f"{more:,} members",
                    advice="unpack the archive and give the folder",
                )
            )
        for member in self._members:
            record = self._records[member.number]
            if record.size + record.size // 1000 + 64 < record.packed and not record.flags & _ENCRYPTED:
                self._problems.append(
                    problem(
                        Weight.DOUBT,
                        "archive.size-lie",
                        member.name,
                        tried="believe the size that the archive declares",
                        found=f"{record.size:,} bytes declared, yet {record.packed:,} bytes packed",
                        advice="the bytes are counted as they come out; somebody made this archive by hand",
                    )
                )

    def chunks(self, member: Member) -> Iterator[bytes]:
        record = self._records[member.number]
        data = self._data_of(record)
        crc = 0
        for piece in _unpacked(self._access, data, record):
            crc = zlib.crc32(piece, crc)
            yield piece
        if record.crc is not None and crc != record.crc:
            raise Damaged(f"its checksum is 0x{crc:08X}, the archive says 0x{record.crc:08X}")

    def _data_of(self, record: _Record) -> int:
        if record.data is not None:
            return record.data
        head = self._access.read_at(record.start, _HEADER.size)
        if len(head) < _HEADER.size or not head.startswith(_LOCAL):
            raise EvidenceError("archive.damaged", f"no member begins at 0x{record.start:X}, where the directory says one does")
        fields = _HEADER.unpack(head)
        return record.start + _HEADER.size + int(fields[9]) + int(fields[10])


def text_of(raw: bytes, flags: int) -> str:
    """A member's name: UTF-8 where flagged or where it reads as such (many tools forget the flag), else code page 437."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("utf-8", "surrogateescape") if flags & _UTF8 else raw.decode("cp437")


def _too_few(access: RandomAccess, listed: int) -> str:
    """Why a directory cannot be whole, "" where it may be: its end states more members, or members stand before an empty one."""
    tail = access.read_at(max(access.size - _END - 0xFFFF, 0), _END + 0xFFFF)
    at = tail.rfind(b"PK\5\6")
    stated = int.from_bytes(tail[at + 10 : at + 12], "little") if 0 <= at <= len(tail) - _END else 0
    if stated > listed and stated != _MANY:
        return f"its end states {stated:,} members, its directory lists {listed:,}"
    if not listed and access.read_at(0, 4) == b"PK\3\4":
        return "its directory lists nothing, and a member stands before it"
    return ""


def _kind(name: str, mode: int, folder: bool) -> str:
    if stat.S_ISLNK(mode):
        return "link"
    if name.endswith(("/", "\\")) or stat.S_ISDIR(mode) or folder:
        return "folder"
    return "file" if stat.S_ISREG(mode) or not stat.S_IFMT(mode) else "other"


def _unpacked(access: RandomAccess, data: int, record: _Record) -> Iterator[bytes]:
    if record.method == 0:
        yield from _stored(access, data, record.packed)
    elif record.method == 8:
        yield from _deflated(access, data, record.packed)
    else:
        yield from _bzipped(access, data, record.packed)


def _packed(access: RandomAccess, at: int, length: int) -> Iterator[bytes]:
    while length > 0:
        piece = access.read_at(at, min(CHUNK, length))
        if not piece:
            return
        yield piece
        at, length = at + len(piece), length - len(piece)


def _stored(access: RandomAccess, at: int, length: int) -> Iterator[bytes]:
    for piece in _packed(access, at, length):
        yield piece
        length -= len(piece)
    if length:
        raise Damaged(f"the archive ends {length:,} bytes too early")


def _deflated(access: RandomAccess, at: int, length: int) -> Iterator[bytes]:
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for piece in _packed(access, at, length):
            rest = piece
            while rest and not engine.eof:
                yield engine.decompress(rest, CHUNK)
                rest = engine.unconsumed_tail
            if engine.eof:
                return
        while not engine.eof and (last := engine.decompress(b"", CHUNK)):  # held back by the bound of the last call
            yield last
    except zlib.error as error:
        raise Damaged(f"its packed data are broken ({error})") from error
    if not engine.eof:
        raise Damaged("its packed data end too early")


def _bzipped(access: RandomAccess, at: int, length: int) -> Iterator[bytes]:
    engine = bz2.BZ2Decompressor()
    try:
        for piece in _packed(access, at, length):
            rest = piece
            while not engine.eof and (rest or not engine.needs_input):
                yield engine.decompress(rest, CHUNK)
                rest = b""
            if engine.eof:
                return
    except (OSError, EOFError) as error:
        raise Damaged(f"its packed data are broken ({error})") from error
    raise Damaged("its packed data end too early")


def _local_headers(access: RandomAccess, most: int) -> Iterator[tuple[_Record, str, int | None]]:
    """Members by their own headers, from the start of the file on."""
    at: int | None = _next_header(access, 0)
    while at is not None and most > 0:
        head = access.read_at(at, _HEADER.size)
        if len(head) < _HEADER.size:
            return
        _, _, flags, method, clock, day, crc, packed, size, name_length, extra_length = _HEADER.unpack(head)
        names = access.read_at(at + _HEADER.size, name_length + extra_length)
        if len(names) < name_length + extra_length or not name_length:
            at = _next_header(access, at + 4)
            continue
        data = at + _HEADER.size + name_length + extra_length
        extra = names[name_length:]
        packed, size = _zip64(extra, packed, size)
        record = _Record(flags, method, crc, packed, size, at, data)
        if flags & _DESCRIPTOR and not packed:
            record = _measured(access, record, data)
        yield record, text_of(names[:name_length], flags), _exact_time(extra) or _dos_time(_dos_parts(day, clock))
        most -= 1
        at = _next_header(access, data + record.packed)


def _next_header(access: RandomAccess, at: int) -> int | None:
    while at < access.size:
        piece = access.read_at(at, 16 * CHUNK)
        found = piece.find(_LOCAL)
        if found >= 0:
            return at + found
        if len(piece) < 16 * CHUNK:
            return None
        at += len(piece) - 3
    return None


def _measured(access: RandomAccess, record: _Record, data: int) -> _Record:
    """A member whose sizes follow its data (APPNOTE 4.4.4, bit 3): measured by unpacking it, or up to the next header."""
    if record.method == 8 and not record.flags & _ENCRYPTED:
        engine = zlib.decompressobj(-zlib.MAX_WBITS)
        taken = size = 0
        try:
            for piece in _packed(access, data, access.size - data):
                rest = piece
                while rest and not engine.eof:
                    size += len(engine.decompress(rest, CHUNK))
                    rest = engine.unconsumed_tail
                taken += len(piece) - len(engine.unused_data)
                if engine.eof:
                    return replace(record, packed=taken, size=size, crc=None)
        except zlib.error:
            pass  # the member is broken; its data reach to the next header, and reading it will say so
    end = _next_header(access, data) or access.size
    return replace(record, packed=end - data, size=end - data, crc=None)


def _zip64(extra: bytes, packed: int, size: int) -> tuple[int, int]:
    data = _extra(extra, 0x0001)
    wanted = [size == _FULL, packed == _FULL]
    numbers = [int.from_bytes(data[at : at + 8], "little") for at in range(0, len(data) - 7, 8)]
    if wanted[0] and numbers:
        size = numbers.pop(0)
    if wanted[1] and numbers:
        packed = numbers.pop(0)
    return packed, size


def _extra(extra: bytes, wanted: int) -> bytes:
    """The content of one extra field, empty where it is not there or cut."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == wanted:
            return extra[at + 4 : at + 4 + length]
        at += 4 + length
    return b""


def _exact_time(extra: bytes) -> int | None:
    """Modification time in ticks from the NTFS field (0x000a, FILETIME) or the extended timestamp (0x5455, POSIX); both UTC."""
    ntfs = _extra(extra, 0x000A)
    if len(ntfs) >= 16 and ntfs[4:6] == b"\x01\x00":
        return int.from_bytes(ntfs[8:16], "little")
    posix = _extra(extra, 0x5455)
    if len(posix) >= 5 and posix[0] & 1:
        return times.from_unix_ns(int.from_bytes(posix[1:5], "little", signed=True) * 1_000_000_000).ticks
    return None


def _dos_parts(day: int, clock: int) -> tuple[int, int, int, int, int, int]:
    return 1980 + (day >> 9), day >> 5 & 15, day & 31, clock >> 11, clock >> 5 & 63, (clock & 31) * 2


def _dos_time(parts: tuple[int, int, int, int, int, int]) -> int | None:
    """The directory's own time, to two seconds and without a zone, taken as UTC.

    None for 1980-01-01 00:00:00, which is what programs write that know no time, and for 1980-00-00 and the like.
    """
    if parts == (1980, 1, 1, 0, 0, 0):
        return None
    try:
        return times.from_parts(*parts)
    except ValueError:
        return None
