"""Texts of the Task Scheduler schema as values: each converter gives the value and a note, or raises ValueError with a reason.

Ranges and words: MS-TSCH 2.5 and the schema published with it. Durations are kept by Windows as 32-bit seconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from triptych.model.times import Instant, canonical_duration, duration_seconds, parse_iso

T = TypeVar("T")
Converter = Callable[[str], tuple[T, str]]

WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
DAYS = (*(str(day) for day in range(1, 32)), "Last")
WEEKS = ("1", "2", "3", "4", "Last")
_FLAGS = {"true": True, "1": True, "false": False, "0": False}
_SECONDS = 0xFFFFFFFF
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}")


def text(written: str) -> tuple[str, str]:
    """Text as it stands, white space included."""
    return written, ""


def flag(written: str) -> tuple[bool, str]:
    """xs:boolean: true, false, 1, 0; another spelling is understood and noted."""
    bare = written.strip()
    value = _FLAGS.get(bare.lower())
    if value is None:
        raise ValueError("neither true nor false")
    return value, "" if bare in _FLAGS else "not the schema's spelling"


def whole(low: int, high: int) -> Converter[int]:
    """A whole number from `low` to `high`."""

    def convert(written: str) -> tuple[int, str]:
        bare = written.strip()
        if not _NUMBER.fullmatch(bare):
            raise ValueError("not a whole number, or one of more than nine digits")
        value = int(bare)
        if not low <= value <= high:
            raise ValueError(f"outside {low} to {high}")
        return value, ""

    return convert


def span(written: str) -> tuple[str, str]:
    """A duration in its canonical spelling; one with months or years stays as it is, as its length depends on the calendar."""
    if len(written) > 64:
        raise ValueError("too long for a duration")
    try:
        seconds = duration_seconds(written)
    except ValueError:
        raise ValueError("not an ISO 8601 duration") from None
    if seconds is not None and not 0 <= seconds <= _SECONDS:
        raise ValueError("negative" if seconds < 0 else "more seconds than 32 bits hold")
    return canonical_duration(written), ""


def when(written: str) -> tuple[Instant, str]:
    """A date with time; without a zone it is local to the machine."""
    if len(written) > 64:
        raise ValueError("too long for a date")
    try:
        instant = parse_iso(written)
    except (ValueError, OverflowError):
        raise ValueError("not a date that a calendar has") from None
    if not instant.showable:
        raise ValueError("before 1601 or after 9999: Windows' times cannot hold it")
    return instant, ""


def word(*words: str) -> Converter[str]:
    """One of the schema's words; another spelling of one is understood and noted."""
    spelled = {known.lower(): known for known in words}

    def convert(written: str) -> tuple[str, str]:
        bare = written.strip()
        known = spelled.get(bare.lower())
        if known is None:
            raise ValueError(f"none of {', '.join(words)}")
        return known, "" if bare == known else "not the schema's spelling"

    return convert


LOGON_TYPE = word("S4U", "Password", "InteractiveToken", "InteractiveTokenOrPassword", "Group", "ServiceAccount", "None")
RUN_LEVEL = word("LeastPrivilege", "HighestAvailable")
SID_TYPE = word("None", "Unrestricted", "Default")
STATE_CHANGE = word("ConsoleConnect", "ConsoleDisconnect", "RemoteConnect", "RemoteDisconnect", "SessionLock", "SessionUnlock")
INSTANCES = word("Parallel", "Queue", "IgnoreNew", "StopExisting")
