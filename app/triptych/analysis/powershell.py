"""What PowerShell is told on its command line: its switches in every abbreviation, the encoded command decoded."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

_SWITCH = re.compile(
    r"(?:^|\s)[-/\u2013\u2014\u2015]([A-Za-z]+)(?:[\s:]+(\"[^\"]*\"|'[^']*'|(?![-/\u2013\u2014\u2015])[^\s\"']+))?", re.ASCII
)
_BASE64 = re.compile(r"[A-Za-z0-9+/]{8,}={0,2}", re.ASCII)
_LONGEST = 256 * 1024


@dataclass(frozen=True, slots=True)
class PowerShellCall:
    """The switches that matter. `encoded` is the text as written, `decoded` what it says (None where it is no Base64)."""

    encoded: str = ""
    decoded: str | None = None
    hidden: bool = False
    policy: str = ""
    file: str = ""
    command: str = ""


def read_call(arguments: str) -> PowerShellCall:
    """The call that the arguments make. PowerShell takes any unambiguous beginning of a switch (about_PowerShell.exe)."""
    encoded, hidden, policy, file, command = "", False, "", "", ""
    for match in _SWITCH.finditer(arguments):
        switch, value = match[1].casefold(), (match[2] or "").strip("\"'")
        if switch == "ec" or (switch.startswith("e") and "encodedcommand".startswith(switch)):
            encoded = encoded or value
        elif switch.startswith("w") and "windowstyle".startswith(switch):
            hidden = hidden or value.casefold().startswith("h") or value == "1"
        elif switch in ("ep", "ex", "exec") or (len(switch) > 2 and "executionpolicy".startswith(switch)):
            policy = policy or value
        elif switch.startswith("f") and "file".startswith(switch):
            file = arguments[match.start(2) :].strip() if match[2] else ""
            break
        elif switch.startswith("c") and "command".startswith(switch):
            command = arguments[match.start(2) :].strip() if match[2] else ""
            break
    if not (encoded or file or command):
        command = arguments
    return PowerShellCall(encoded, decode(encoded) if encoded else None, hidden, policy, file, command)


def decode(text: str) -> str | None:
    """The text behind Base64 of UTF-16LE (or of bytes that are plain text); None where it is none."""
    packed = re.sub(r"\s+", "", text)[:_LONGEST]
    if not _BASE64.fullmatch(packed):
        return None
    packed = packed.rstrip("=")
    try:
        data = base64.b64decode(packed + "=" * (-len(packed) % 4))
    except (binascii.Error, ValueError):
        return None
    for encoding in ("utf-16-le", "utf-8"):
        try:
            found = data.decode(encoding).rstrip("\0")
        except UnicodeDecodeError:
            continue
        if _readable(found):
            return found
    return None


def _readable(text: str) -> bool:
    plain = sum(character.isascii() and (character.isprintable() or character in "\r\n\t") for character in text)
    return bool(text) and plain * 10 >= len(text) * 8
