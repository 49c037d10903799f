"""Security descriptors as text (SDDL): written as Windows writes them, and read back.

Source: [MS-DTYP] 2.5.1. Rights are spelled as for files (FA, FR, FW, FX), which is what the scheduler's tools show.
"""

from __future__ import annotations

import re
from functools import lru_cache

from triptych.formats.security_descriptor import (
    DACL_AUTO_INHERITED,
    DACL_PRESENT,
    DACL_PROTECTED,
    OBJECT_TYPES,
    SACL_PRESENT,
    SELF_RELATIVE,
    Ace,
    SecurityDescriptor,
)
from triptych.formats.sid import is_sid
from triptych.resources import table

_PART = re.compile(r"([OGDS]):((?:\((?:[^()]|\([^()]*\))*\)|[^()OGDS:]|[OGDS](?!:))*)")
_ENTRY = re.compile(r"\(((?:[^()]|\([^()]*\))*)\)")
_INHERITANCE = (("P", DACL_PROTECTED), ("AR", 0x100), ("AI", DACL_AUTO_INHERITED))


def _words() -> dict[str, dict[str, str]]:
    words: dict[str, dict[str, str]] = table("words/access.json")
    return words


def sddl(sd: SecurityDescriptor) -> str:
    """`O:BAG:SYD:P(A;;FA;;;SY)`; a NULL DACL is `D:NO_ACCESS_CONTROL`, a DACL that is not there is left out."""
    text = f"O:{_account(sd.owner)}" if sd.owner else ""
    text += f"G:{_account(sd.group)}" if sd.group else ""
    if sd.dacl is not None:
        text += f"D:{_inheritance(sd.control)}{''.join(map(_entry, sd.dacl))}"
    elif sd.control & DACL_PRESENT:
        text += "D:NO_ACCESS_CONTROL"
    if sd.sacl is not None:
        text += f"S:{_inheritance(sd.control >> 1)}{''.join(map(_entry, sd.sacl))}"
    return text


def _inheritance(control: int) -> str:
    return "".join(letters for letters, bit in _INHERITANCE if control & bit)


def _account(sid: str) -> str:
    short: dict[str, str] = table("words/sids.json")["sddl"]
    return next((letters for letters, known in short.items() if known == sid), sid)


def _entry(ace: Ace) -> str:
    words = _words()
    kind = words["ace_types"].get(str(ace.type), (f"0x{ace.type:X}",))[0]
    flags = "".join(letters[0] for bit, letters in words["ace_flags"].items() if ace.flags & int(bit, 16))
    objects, data = ("", ""), ace.data
    if ace.type in OBJECT_TYPES:
        objects, data = _objects(ace.data)
    tail = f";(0x{data.hex()})" if data.strip(b"\0") else ""
    return f"({kind};{flags};{rights_text(ace.mask)};{objects[0]};{objects[1]};{_account(ace.sid)}{tail})"


def _objects(data: bytes) -> tuple[tuple[str, str], bytes]:
    """The two GUIDs of an object entry as text, and what stands after them."""
    present, at, found = int.from_bytes(data[:4], "little"), 4, []
    for bit in (1, 2):
        found.append(_guid(data[at : at + 16]) if present & bit else "")
        at += 16 if present & bit else 0
    return (found[0], found[1]), data[at:]


def _guid(data: bytes) -> str:
    first, second, third = (int.from_bytes(data[a:b], "little") for a, b in ((0, 4), (4, 6), (6, 8)))
    return f"{first:08x}-{second:04x}-{third:04x}-{data[8:10].hex()}-{data[10:16].hex()}"


def rights_text(mask: int) -> str:
    """A mask as Windows spells it: file rights as a whole, pairs of letters where they cover every bit, else hex."""
    words = _words()
    for letters, known in words["sddl_masks"].items():
        if mask == int(known, 16):
            return str(letters)
    text, left = "", mask
    for letters, known in words["sddl_rights"].items():
        if left & int(known, 16):
            text, left = text + letters, left & ~int(known, 16)
    return f"0x{mask:x}" if left else text


@lru_cache(maxsize=512)  # most tasks of a machine have one of a few descriptors, and several rules look at each
def parse_sddl(text: str) -> SecurityDescriptor:
    """The descriptor that a text means, for judging it; object GUIDs and conditions are left out. Raises ValueError."""
    parts = {match[1]: match[2] for match in _PART.finditer(text.strip())}
    if not parts or "".join(f"{letter}:{part}" for letter, part in parts.items()) != text.strip():
        raise ValueError(f"not a security descriptor in SDDL: {text[:200]!r}")
    control = SELF_RELATIVE | (DACL_PRESENT if "D" in parts else 0) | (SACL_PRESENT if "S" in parts else 0)
    dacl = sacl = None
    if "D" in parts and parts["D"] != "NO_ACCESS_CONTROL":
        bits, dacl = _parse_acl(parts["D"])
        control |= bits
    if "S" in parts:
        bits, sacl = _parse_acl(parts["S"])
        control |= bits << 1
    owner, group = (_parse_account(parts[letter]) if parts.get(letter) else None for letter in "OG")
    return SecurityDescriptor(owner, group, dacl, sacl, control)


def _parse_account(text: str) -> str:
    """The SID of an account; of one that every domain has its own of (`LA`, `DA`) the SID with `domain` in the domain's place."""
    words = table("words/sids.json")
    known = words["sddl"].get(text.upper())
    relative = words["sddl_of_a_domain"].get(text.upper())
    if known is None and relative is None and not is_sid(text):
        raise ValueError(f"not an account of SDDL: {text!r}")
    return str(known or (relative and f"S-1-5-21-domain-{relative}") or text.upper())


def _parse_acl(text: str) -> tuple[int, tuple[Ace, ...]]:
    head = text.partition("(")[0]
    bits, rest = 0, head
    for letters, bit in _INHERITANCE:
        if rest.startswith(letters):
            bits, rest = bits | bit, rest[len(letters) :]
    entries = _ENTRY.findall(text)
    if rest or "".join(f"({entry})" for entry in entries) != text[len(head) :]:
        raise ValueError(f"not a list of SDDL: {text[:200]!r}")
    return bits, tuple(_parse_entry(entry) for entry in entries)


def _parse_entry(text: str) -> Ace:
    fields = text.split(";", 6)
    if len(fields) < 6:
        raise ValueError(f"not an entry of SDDL: {text!r}")
    words = _words()
    kind = next((int(number) for number, names in words["ace_types"].items() if names[0] == fields[0].upper()), None)
    flags = 0
    for letters in _pairs(fields[1]):
        bit = next((bit for bit, names in words["ace_flags"].items() if names[0] == letters), None)
        if bit is None:
            raise ValueError(f"not a flag of SDDL: {letters!r}")
        flags |= int(bit, 16)
    return Ace(int(fields[0], 0) if kind is None else kind, flags, _parse_rights(fields[2]), _parse_account(fields[5]))


def _pairs(text: str) -> list[str]:
    text = text.upper()
    return [text[at : at + 2] for at in range(0, len(text), 2)]


def _parse_rights(text: str) -> int:
    if text[:1].isdigit():
        return int(text, 0) & 0xFFFFFFFF
    words = _words()
    known = {**words["sddl_masks"], **words["sddl_rights"]}
    mask = 0
    for letters in _pairs(text):
        if letters not in known:
            raise ValueError(f"not a right of SDDL: {letters!r}")
        mask |= int(known[letters], 16)
    return mask
