"""Security descriptors, as the SD value of a Tree key holds them: read with the place of every entry, written, and judged.

Source: [MS-DTYP] 2.4.4 to 2.4.6 for the layout. What the scheduler asks (read 0x1, change 0x2, FILE generic mapping) is from
readings of schedsvc.dll and agrees with the Win32 documentation. libfwnt reads every sound descriptor a second time.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

import pyfwnt

from triptych.formats.cursor import Block
from triptych.formats.faults import Faults, FormatFault
from triptych.formats.sid import (
    ADMINISTRATORS,
    AUTHENTICATED_USERS,
    EVERYONE,
    INTERACTIVE,
    OWNER_RIGHTS,
    SYSTEM,
    USERS,
    sid_bytes,
    sid_length,
    sid_text,
)
from triptych.model.case import Weight
from triptych.model.evidence import EvidenceRef

READ, WRITE, EXECUTE = 0x1, 0x2, 0x20
DELETE, READ_CONTROL, WRITE_DAC, WRITE_OWNER = 0x10000, 0x20000, 0x40000, 0x80000
FILE_ALL = 0x001F01FF
_GENERIC = ((0x80000000, 0x00120089), (0x40000000, 0x00120116), (0x20000000, 0x001200A0), (0x10000000, FILE_ALL))
DACL_PRESENT, SACL_PRESENT, DACL_AUTO_INHERITED, DACL_PROTECTED, SELF_RELATIVE = 0x4, 0x10, 0x400, 0x1000, 0x8000
INHERIT_ONLY, INHERITED = 0x08, 0x10
ALLOW, DENY, AUDIT = 0, 1, 2
ALLOWS, DENIES = (0, 5, 9), (1, 6, 10)
OBJECT_TYPES, CONDITIONAL_TYPES = (5, 6, 7, 8, 11, 12, 15, 16), (9, 10, 11, 12, 13, 14, 15, 16)

# The accounts that a token of each kind holds, for `grants`.
SYSTEM_TOKEN = frozenset((SYSTEM, ADMINISTRATORS, EVERYONE, AUTHENTICATED_USERS))
ADMINISTRATOR_TOKEN = frozenset((ADMINISTRATORS, USERS, EVERYONE, AUTHENTICATED_USERS, INTERACTIVE))
USER_TOKEN = frozenset((USERS, EVERYONE, AUTHENTICATED_USERS, INTERACTIVE))


@dataclass(frozen=True, slots=True)
class Ace:
    """One entry. `sid` is "" for a type whose layout has none; `data` are the bytes after (object GUIDs, a condition).

    `ref` cites the entry's bytes, None where it was read from text or made.
    """

    type: int
    flags: int
    mask: int
    sid: str
    data: bytes = b""
    ref: EvidenceRef | None = None

    @property
    def inherit_only(self) -> bool:
        """Whether it counts for what is below alone, not for the task or folder itself."""
        return bool(self.flags & INHERIT_ONLY)

    @property
    def rights(self) -> int:
        """The mask with generic rights mapped as the scheduler does, as for files."""
        return mapped(self.mask)


@dataclass(frozen=True, slots=True)
class SecurityDescriptor:
    """A descriptor. `dacl` None means that there is none (everybody may do everything), () that nobody is let in.

    `fault` says why Windows would refuse the bytes, "" where they are sound; what could be read is there all the same.
    """

    owner: str | None = None
    group: str | None = None
    dacl: tuple[Ace, ...] | None = None
    sacl: tuple[Ace, ...] | None = None
    control: int = SELF_RELATIVE
    fault: str = ""
    ref: EvidenceRef | None = None
    owner_ref: EvidenceRef | None = None
    group_ref: EvidenceRef | None = None
    dacl_ref: EvidenceRef | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """Whether a right is granted, the entry that decided (None: the owner's right, no DACL, or no entry at all), and why."""

    granted: bool
    ace: Ace | None
    why: str

    def __bool__(self) -> bool:
        return self.granted


def mapped(mask: int) -> int:
    """Generic rights turned into those of files."""
    for generic, rights in _GENERIC:
        if mask & generic:
            mask = mask & ~generic | rights
    return mask


def decode_sd(block: Block, faults: Faults) -> SecurityDescriptor:
    """A self-relative security descriptor. Never raises for bad bytes: `fault` and a problem say what is wrong."""
    sd = SecurityDescriptor(control=0, ref=block.ref())
    try:
        sd = _header(block, sd)
        offsets = struct.unpack_from("<4I", block.data, 4)
        for name, offset in zip(("owner", "group", "sacl", "dacl"), offsets, strict=True):
            sd = _member(block, sd, name, offset)
    except FormatFault as fault:
        faults.add(
            Weight.LOST,
            fault.code,
            fault.where,
            tried=fault.tried,
            found=fault.found,
            lost="a part of the access rights",
            advice="look at the bytes",
        )
        return replace(sd, fault=f"{fault.where}: {fault.found}")
    _second_opinion(block, sd, faults)
    return sd


def _header(block: Block, sd: SecurityDescriptor) -> SecurityDescriptor:
    data = block.data
    if len(data) < 20:
        raise FormatFault("sd.short", "security descriptor", "read its header of 20 bytes", f"{len(data)} bytes")
    control = int.from_bytes(data[2:4], "little")
    sd = replace(sd, control=control)
    if data[0] != 1:
        raise FormatFault("sd.revision", "security descriptor, offset 0x0", "read revision 1", f"revision {data[0]}")
    if not control & SELF_RELATIVE:
        raise FormatFault("sd.control", "security descriptor, offset 0x2", "read a self-relative descriptor", f"0x{control:04X}")
    return sd


def _member(block: Block, sd: SecurityDescriptor, name: str, offset: int) -> SecurityDescriptor:
    """The descriptor with its owner, group, SACL or DACL read. Raises FormatFault, with all before it kept by the caller."""
    data = block.data
    present = {"sacl": SACL_PRESENT, "dacl": DACL_PRESENT}.get(name)
    if not offset or (present and not sd.control & present):
        return sd
    where = f"security descriptor, {name}"
    if not 20 <= offset < len(data):
        raise FormatFault("sd.offset", where, f"find the {name}", f"offset 0x{offset:X} in {len(data)} bytes")
    if name == "owner":
        length = sid_length(data[offset:])
        return replace(sd, owner=sid_text(data[offset:]), owner_ref=block.ref(offset, length))
    if name == "group":
        length = sid_length(data[offset:])
        return replace(sd, group=sid_text(data[offset:]), group_ref=block.ref(offset, length))
    size, aces = _acl(block, offset, where)
    if name == "sacl":
        return replace(sd, sacl=aces)
    return replace(sd, dacl=aces, dacl_ref=block.ref(offset, size))


def _acl(block: Block, offset: int, where: str) -> tuple[int, tuple[Ace, ...]]:
    data = block.data
    if offset + 8 > len(data):
        raise FormatFault("sd.acl", where, "read a list's header", f"{len(data) - offset} bytes")
    revision, _, size, count, _ = struct.unpack_from("<BBHHH", data, offset)
    if not 2 <= revision <= 4 or size < 8 or offset + size > len(data):
        raise FormatFault("sd.acl", where, "read a list", f"revision {revision}, {size} bytes at 0x{offset:X} of {len(data)}")
    aces: list[Ace] = []
    at, end = offset + 8, offset + size
    for number in range(1, count + 1):
        length = int.from_bytes(data[at + 2 : at + 4], "little") if at + 4 <= end else 0
        if length < 8 or at + length > end:
            raise FormatFault(
                "sd.ace", f"{where}, entry {number} of {count}", "read an entry", f"{end - at} bytes left, length {length}"
            )
        aces.append(_ace(block, at, length, f"{where}, entry {number}"))
        at += length
    return size, tuple(aces)


def _ace(block: Block, at: int, length: int, where: str) -> Ace:
    kind, flags, _, mask = struct.unpack_from("<BBHI", block.data, at)
    body, head = block.data[at + 8 : at + length], b""
    if kind == 4:  # a compound entry, which no Windows makes
        return Ace(kind, flags, mask, "", body, block.ref(at, length))
    if kind in OBJECT_TYPES:
        present = int.from_bytes(body[:4], "little")
        size = 4 + 16 * (bool(present & 1) + bool(present & 2))
        head, body = body[:size], body[size:]
    try:
        end = sid_length(body)
        return Ace(kind, flags, mask, sid_text(body), head + body[end:], block.ref(at, length))
    except FormatFault as fault:
        raise FormatFault("sd.ace", where, "read the account of an entry", fault.found) from fault


def _second_opinion(block: Block, sd: SecurityDescriptor, faults: Faults) -> None:
    """What libfwnt makes of the same bytes; a disagreement is worth a look."""
    where, tried = "security descriptor", "read it a second time with libfwnt"
    lost = "nothing: the first reading is shown"
    with faults.guard("sd.second-reading", where, tried=tried, lost=lost, severity=Weight.DOUBT):
        other = pyfwnt.security_descriptor()
        other.copy_from_byte_stream(block.data)
        owner = other.owner.get_string() if other.owner else None
        group = other.group.get_string() if other.group else None
        acl = other.discretionary_acl
        count = acl.number_of_entries if acl else None
        ours = (sd.owner, sd.group, None if sd.dacl is None else len(sd.dacl))
        if (owner, group, count) != ours:
            found = f"{(owner, group, count)} where the first reading found {ours}"
            faults.add(Weight.DOUBT, "sd.readings-differ", where, tried=tried, found=found)


def grants(sd: SecurityDescriptor, sids: Collection[str], right: int) -> Grant:
    """Whether a token with these SIDs gets `right`, as the service's access check decides.

    Entries count in their order, those for what is below alone do not; an entry under a condition grants nothing, since
    nobody can tell here whether it holds. The owner may read and change permissions unless an OWNER RIGHTS entry says else.
    """
    if sd.dacl is None:
        return Grant(True, None, "there is no DACL: everybody may do everything")
    wanted = mapped(right)
    held = set(sids)
    if sd.owner in held:
        held.add(OWNER_RIGHTS)
        if not any(ace.sid == OWNER_RIGHTS and not ace.inherit_only for ace in sd.dacl):
            wanted &= ~(READ_CONTROL | WRITE_DAC)
            if not wanted:
                return Grant(True, None, "the owner may read and change the permissions")
    for ace in sd.dacl:
        if ace.inherit_only or ace.sid not in held or not ace.rights & wanted:
            continue
        if ace.type in DENIES:
            return Grant(False, ace, f"an entry denies it to {ace.sid}")
        if ace.type in ALLOWS and ace.type not in CONDITIONAL_TYPES:
            wanted &= ~ace.rights
            if not wanted:
                return Grant(True, ace, f"an entry allows it to {ace.sid}")
    return Grant(False, None, "the DACL is empty: nobody is let in" if not sd.dacl else "no entry allows it")


def encode_sd(owner: str | None, group: str | None, dacl: Iterable[Ace] | None, control: int = SELF_RELATIVE) -> bytes:
    """A self-relative descriptor: header, owner, group, DACL. `dacl` None writes a NULL DACL. Raises ValueError for a bad SID."""
    parts = [b"" if sid is None else sid_bytes(sid) for sid in (owner, group)]
    parts.append(b"" if dacl is None else _encode_acl(tuple(dacl)))
    offsets, at = [], 20
    for part in parts:
        offsets.append(at if part else 0)
        at += len(part)
    header = struct.pack("<BBHIIII", 1, 0, control | SELF_RELATIVE | DACL_PRESENT, offsets[0], offsets[1], 0, offsets[2])
    return header + b"".join(parts)


def _encode_acl(aces: tuple[Ace, ...]) -> bytes:
    body = b"".join(_encode_ace(ace) for ace in aces)
    revision = 4 if any(ace.type in OBJECT_TYPES for ace in aces) else 2
    return struct.pack("<BBHHH", revision, 0, 8 + len(body), len(aces), 0) + body


def _encode_ace(ace: Ace) -> bytes:
    head, tail = b"", ace.data
    if ace.type in OBJECT_TYPES:
        present = int.from_bytes(ace.data[:4], "little")
        size = 4 + 16 * (bool(present & 1) + bool(present & 2))
        head, tail = ace.data[:size], ace.data[size:]
    body = head + (sid_bytes(ace.sid) if ace.sid else b"") + tail
    return struct.pack("<BBHI", ace.type, ace.flags, 8 + len(body), ace.mask) + body
