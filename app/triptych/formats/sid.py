"""Security identifiers: bytes and text, the names that Windows gives them, and those of services and tasks.

Source: [MS-DTYP] 2.4.2 for the layout; service SIDs are the SHA-1 of the upper-case name, which TrustedInstaller's confirms.
Text and bytes go through libfwnt (Joachim Metz); what it refuses is told as a FormatFault.
"""

from __future__ import annotations

import hashlib
import re
import struct
from functools import cache

import pyfwnt

from triptych.formats.faults import FormatFault
from triptych.resources import table

SYSTEM, LOCAL_SERVICE, NETWORK_SERVICE = "S-1-5-18", "S-1-5-19", "S-1-5-20"
ADMINISTRATORS, USERS, EVERYONE, AUTHENTICATED_USERS = "S-1-5-32-544", "S-1-5-32-545", "S-1-1-0", "S-1-5-11"
INTERACTIVE, CREATOR_OWNER, OWNER_RIGHTS = "S-1-5-4", "S-1-3-0", "S-1-3-4"
_TEXT = re.compile(r"S-1-(0x[0-9A-Fa-f]{1,12}|\d{1,15})((?:-\d{1,10}){0,15})", re.ASCII | re.IGNORECASE)


def sid_length(data: bytes) -> int:
    """How many bytes the SID at the start of `data` takes. Raises FormatFault where it is none or is cut off."""
    if len(data) < 8 or data[0] != 1 or data[1] > 15:
        raise FormatFault("sid.invalid", "SID", "read a SID", f"{data[:8].hex(' ') or 'no bytes'}")
    length = 8 + 4 * data[1]
    if length > len(data):
        raise FormatFault("sid.short", "SID", f"read a SID of {data[1]} parts ({length} bytes)", f"{len(data)} bytes")
    return length


def sid_text(data: bytes) -> str:
    """`S-1-5-18` for the SID at the start of `data`. Raises FormatFault."""
    raw = data[: sid_length(data)]
    if raw[1] == 0 or raw[2] or raw[3]:  # libfwnt wants a part, and spells large authorities in its own way
        authority = int.from_bytes(raw[2:8], "big")
        parts = struct.unpack(f"<{raw[1]}I", raw[8:])
        head = f"0x{authority:012X}" if authority >> 32 else str(authority)
        return "-".join(("S-1", head, *map(str, parts)))
    sid = pyfwnt.security_identifier()
    try:
        sid.copy_from_byte_stream(raw)
        return str(sid.get_string())
    except (OSError, ValueError) as error:
        raise FormatFault("sid.invalid", "SID", "read a SID", f"{raw.hex(' ')} ({error})") from error


def sid_bytes(text: str) -> bytes:
    """The bytes of a SID in text. Raises ValueError."""
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ValueError(f"not a SID: {text!r}")
    authority = int(match[1], 0)
    parts = [int(part) for part in match[2].split("-")[1:]]
    if authority >> 48 or any(part >> 32 for part in parts):
        raise ValueError(f"not a SID: {text!r}")
    return bytes((1, len(parts))) + authority.to_bytes(6, "big") + struct.pack(f"<{len(parts)}I", *parts)


def is_sid(text: str) -> bool:
    return _TEXT.fullmatch(text) is not None


@cache
def sid_name(sid: str) -> str:
    """The name that Windows gives a well-known SID, "" for any other; accounts of domains by their last part."""
    words = table("words/sids.json")
    sid = sid.upper()
    known = words["sids"].get(sid)
    if known is not None:
        return str(known)
    if sid.startswith("S-1-5-21-"):
        return str(words["rids"].get(sid.rpartition("-")[2], ""))
    if sid.startswith("S-1-5-80-"):
        return "a service's account"
    if sid.startswith("S-1-5-87-"):
        return "a task's account"
    return ""


def _hashed(authority: int, name: str) -> str:
    digest = hashlib.sha1(name.upper().encode("utf-16-le", "surrogatepass"), usedforsecurity=False).digest()
    return "-".join((f"S-1-5-{authority}", *map(str, struct.unpack("<5I", digest))))


def service_sid(name: str) -> str:
    """The SID of the account `NT SERVICE\\name`."""
    return _hashed(80, name)


def task_sid(path: str) -> str:
    """The SID of the account `NT TASK\\name` of a task path: made as a service's, with `-` for each backslash.

    Checked on the descriptor that Windows ships for `SoftwareProtectionPlatform\\SvcRestartTask`.
    """
    return _hashed(87, path.lstrip("\\").replace("\\", "-"))
