"""Security descriptors for evidence: from SDDL to the self-relative bytes that a Tree key's SD or a key's cell holds."""

from __future__ import annotations

import hashlib
import re
import struct

# SDDL aliases and rights: [MS-DTYP] 2.5.1.1 and 2.4.2.4.
SIDS = {
    "SY": "S-1-5-18", "LS": "S-1-5-19", "NS": "S-1-5-20", "BA": "S-1-5-32-544", "BU": "S-1-5-32-545", "BG": "S-1-5-32-546",
    "AU": "S-1-5-11", "IU": "S-1-5-4", "WD": "S-1-1-0", "AC": "S-1-15-2-1", "OW": "S-1-3-4", "CO": "S-1-3-0", "AN": "S-1-5-7",
    "SU": "S-1-5-6", "NU": "S-1-5-2", "RC": "S-1-5-12",
}  # fmt: skip
_RIGHTS = {
    "GA": 0x10000000, "GR": 0x80000000, "GW": 0x40000000, "GX": 0x20000000, "FA": 0x1F01FF, "FR": 0x120089, "FW": 0x120116,
    "FX": 0x1200A0, "KA": 0xF003F, "KR": 0x20019, "RC": 0x20000, "SD": 0x10000, "WD": 0x40000, "WO": 0x80000,
    "CC": 0x1, "DC": 0x2, "LC": 0x4, "SW": 0x8, "RP": 0x10, "WP": 0x20, "DT": 0x40, "LO": 0x80, "CR": 0x100,
}  # fmt: skip
_ACE_TYPES = {"A": 0, "D": 1}
_ACE_FLAGS = {"OI": 0x01, "CI": 0x02, "NP": 0x04, "IO": 0x08, "ID": 0x10}
_CONTROL = {"P": 0x1000, "AI": 0x0400, "AR": 0x0100}
_SELF_RELATIVE, _DACL_PRESENT = 0x8000, 0x0004
_SDDL = re.compile(r"(?:O:([A-Z]{2}|S-[\d-]+))?(?:G:([A-Z]{2}|S-[\d-]+))?(?:D:((?:P|AI|AR)*)((?:\([^)]*\))*))?")
_TREE_KEY = "O:BAG:SYD:P(A;CI;KA;;;SY)(A;CI;KA;;;BA)(A;CI;KR;;;BU)"


def sid_bytes(text: str) -> bytes:
    """A SID from its text (`S-1-5-18`) or its SDDL alias (`SY`)."""
    parts = [int(part) for part in SIDS.get(text, text).split("-")[1:]]
    count = len(parts) - 2
    return bytes([parts[0], count]) + parts[1].to_bytes(6, "big") + struct.pack(f"<{count}I", *parts[2:])


def task_sid(path: str) -> str:
    r"""The SID of `NT TASK\<path with - for \>`: SHA-1 of the name in upper case, like service SIDs.

    Checked on the descriptor that Windows ships for `\Microsoft\Windows\Customer Experience Improvement Program\UsbCeip`.
    """
    return "S-1-5-87-" + _hashed(path.strip("\\").replace("\\", "-"))


def service_sid(name: str) -> str:
    """The SID of `NT SERVICE\\<name>`."""
    return "S-1-5-80-" + _hashed(name)


def _hashed(name: str) -> str:
    digest = hashlib.sha1(name.upper().encode("utf-16-le"), usedforsecurity=False).digest()
    return "-".join(str(part) for part in struct.unpack("<5I", digest))


def descriptor(sddl: str) -> bytes:
    """The self-relative descriptor of an SDDL text with owner, group and DACL. Raises ValueError.

    Allow and deny entries with file, key and generic rights are known, which is all that tasks have.
    """
    match = _SDDL.fullmatch(sddl)
    if match is None:
        raise ValueError(f"no SDDL that this writer knows: {sddl}")
    owner, group, flags, entries = match.groups()
    acl = _acl(entries) if entries is not None else b""
    control = _SELF_RELATIVE | (_DACL_PRESENT if acl else 0)
    for flag in re.findall("P|AI|AR", flags or ""):
        control |= _CONTROL[flag]
    owner_bytes = sid_bytes(owner) if owner else b""
    group_bytes = sid_bytes(group) if group else b""
    at_owner = 20 + len(acl)
    at_group = at_owner + len(owner_bytes)
    head = struct.pack(
        "<BBHIIII",
        *(1, 0, control, at_owner if owner else 0, at_group if group else 0, 0, 20 if acl else 0),
    )
    return head + acl + owner_bytes + group_bytes


def _acl(entries: str) -> bytes:
    body = [_ace(entry) for entry in re.findall(r"\(([^)]*)\)", entries)]
    size = 8 + sum(map(len, body))
    return struct.pack("<BBHHH", 2, 0, size, len(body), 0) + b"".join(body)


def _ace(entry: str) -> bytes:
    kind, flags, rights, _, _, who = entry.split(";")
    sid = sid_bytes(who)
    flag_bits = sum(_ACE_FLAGS[flag] for flag in re.findall("..", flags))
    if rights.startswith("0x"):
        mask = int(rights, 16)
    else:
        mask = 0
        for right in re.findall("..", rights):
            mask |= _RIGHTS[right]
    return struct.pack("<BBHI", _ACE_TYPES[kind], flag_bits, 8 + len(sid), mask) + sid


def key_descriptor() -> bytes:
    """What the keys of a hive inherit: SYSTEM and Administrators everything, Users read."""
    return descriptor(_TREE_KEY)
