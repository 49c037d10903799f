"""Security descriptors for evidence: from SDDL to the self-relative bytes that a Tree key's SD or a key's cell holds."""

from __future__ import annotations

import struct
from functools import cache

from triptych.formats.sddl import parse_sddl
from triptych.formats.security_descriptor import encode_sd
from triptych.formats.sid import sid_bytes

_HIVE_KEY = "O:BAG:SYD:P(A;CI;0xf003f;;;SY)(A;CI;0xf003f;;;BA)(A;CI;0x20019;;;BU)"
_AT_OFFSETS = 4


@cache
def descriptor(sddl: str) -> bytes:
    """The self-relative descriptor of an SDDL text, list before owner and group as Windows lays it out. Raises ValueError."""
    parsed = parse_sddl(sddl)
    body = bytearray(encode_sd(None, None, parsed.dacl, parsed.control))
    for number, sid in enumerate((parsed.owner, parsed.group)):
        if sid:
            struct.pack_into("<I", body, _AT_OFFSETS + 4 * number, len(body))
            body += sid_bytes(sid)
    return bytes(body)


def key_descriptor() -> bytes:
    """What the keys of a hive inherit: SYSTEM and Administrators everything, Users read."""
    return descriptor(_HIVE_KEY)
