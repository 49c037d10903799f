"""Numbers that events write in several spellings: logon and instance ids, process ids."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"0[xX]([0-9a-fA-F]{1,16})|([0-9]{1,20})")


def folded_id(text: str) -> str:
    """A logon or instance id in one spelling: `0x1a2b` for numbers, upper case without braces for GUIDs, "" for none."""
    if not text:
        return ""
    bare = text.strip().strip("{}")
    number = _number(bare)
    if number is not None:
        return f"0x{number:x}"
    return bare.upper() if bare.replace("-", "").strip("0") else ""


def process_number(text: str) -> int | None:
    """A process id, written in decimal or as `0x1a2b`; None for 0 and for anything else."""
    return _number(text.strip()) or None if text else None


def _number(text: str) -> int | None:
    """Digits in decimal, or in hex after 0x; None for anything else, and for more than 64 bits can hold."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    return int(match[2]) if match[2] else int(match[1], 16)
