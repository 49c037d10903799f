"""Times as whole numbers of 100 ns since 1601-01-01 (FILETIME ticks), with zone and precision.

`datetime` cannot hold them (microseconds, year 9999), so the arithmetic is here: proleptic Gregorian, no leap seconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import Enum

TICKS_A_SECOND = 10_000_000
TICKS_A_DAY = 86_400 * TICKS_A_SECOND
NEVER = 0x7FFFFFFFFFFFFFFF
UNBOUNDED = 0xFFFFFFFFFFFFFFFF
_EPOCH = date(1601, 1, 1).toordinal()
_UNIX = 11_644_473_600
_LAST_DAY = date(9999, 12, 31).toordinal() - _EPOCH
_ISO = re.compile(r"\s*(\d{4,5})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d\d:?\d\d)?\s*", re.ASCII)


class Zone(Enum):
    UTC = "utc"
    LOCAL = "local"  # wall clock of the machine the evidence is of


@dataclass(frozen=True, slots=True)
class Instant:
    """`ticks` of 100 ns since 1601; LOCAL counts the machine's wall clock. `digits` of the fraction that were written."""

    ticks: int
    zone: Zone = Zone.UTC
    digits: int = 7

    @property
    def iso(self) -> str:
        """ISO 8601 with as many digits as the fraction needs, `Z` for UTC, no suffix for local time."""
        days, rest = divmod(self.ticks, TICKS_A_DAY)
        suffix = "Z" if self.zone is Zone.UTC else ""
        if not 0 <= days <= _LAST_DAY:
            return f"0x{self.ticks & UNBOUNDED:016X}"
        day = date.fromordinal(_EPOCH + days)
        seconds, fraction = divmod(rest, TICKS_A_SECOND)
        tail = f".{fraction:07d}".rstrip("0") if fraction else ""
        return f"{day.isoformat()}T{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{tail}{suffix}"

    @property
    def showable(self) -> bool:
        """Whether the ticks name a date that a calendar has."""
        return 0 <= self.ticks // TICKS_A_DAY <= _LAST_DAY

    def shifted(self, minutes: int, zone: Zone) -> Instant:
        """The same moment told in another zone; `minutes` are added."""
        return Instant(self.ticks + minutes * 60 * TICKS_A_SECOND, zone, self.digits)


def from_unix(seconds: float | int) -> Instant:
    """A POSIX time; whole nanoseconds may be given by `from_unix_ns`."""
    return from_unix_ns(int(seconds * 1_000_000_000))


def from_unix_ns(nanoseconds: int) -> Instant:
    return Instant(nanoseconds // 100 + _UNIX * TICKS_A_SECOND)


def to_unix(ticks: int) -> float:
    return ticks / TICKS_A_SECOND - _UNIX


def from_parts(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0, ticks: int = 0) -> int:
    """Ticks of a civil date. Raises ValueError for a date or time that no calendar has."""
    if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60):
        raise ValueError(f"no such time of day: {hour}:{minute}:{second}")
    days = date(year, month, day).toordinal() - _EPOCH
    return days * TICKS_A_DAY + ((hour * 60 + minute) * 60 + second) * TICKS_A_SECOND + ticks


def parse_iso(text: str) -> Instant:
    """An XML dateTime or date. Without a zone the time is local to the machine. Raises ValueError."""
    match = _ISO.fullmatch(text)
    if match is None:
        raise ValueError(f"not an ISO 8601 time: {text!r}")
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    digits = len(fraction or "")
    part = int((fraction or "0").ljust(7, "0")[:7])
    extra_day = 0
    if hour == "24" and (minute, second, part) == ("00", "00", 0):
        hour, extra_day = "00", TICKS_A_DAY
    ticks = from_parts(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), part) + extra_day
    if zone is None:
        return Instant(ticks, Zone.LOCAL, min(digits, 7))
    if zone != "Z":
        minutes = int(zone[1:3]) * 60 + int(zone[-2:])
        ticks -= (minutes if zone[0] == "+" else -minutes) * 60 * TICKS_A_SECOND
    return Instant(ticks, Zone.UTC, min(digits, 7))


_DURATION = re.compile(
    r"\s*(-)?P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d+))?S)?)?\s*", re.ASCII
)


def duration(seconds: int) -> str:
    """Seconds as the canonical ISO 8601 duration: P3D for 72 hours, PT1H30M, PT0S."""
    days, rest = divmod(seconds, 86_400)
    hours, minutes, secs = rest // 3600, rest // 60 % 60, rest % 60
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "") + (f"{secs}S" if secs else "")
    if not days and not clock:
        return "PT0S"
    return "P" + (f"{days}D" if days else "") + (f"T{clock}" if clock else "")


def duration_seconds(text: str) -> int | None:
    """Seconds of a duration of fixed length; None where months or years make it depend on the calendar. Raises ValueError."""
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()[1:]) or text.rstrip().endswith("T"):
        raise ValueError(f"not an ISO 8601 duration: {text!r}")
    sign, years, months, weeks, days, hours, minutes, secs, _ = match.groups()
    if int(years or 0) or int(months or 0):
        return None
    total = (int(weeks or 0) * 7 + int(days or 0)) * 86_400
    total += int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(secs or 0)
    return -total if sign else total


def canonical_duration(text: str) -> str:
    """A duration in one spelling, so that PT72H and P3D are equal; one with months or years stays as it is. Raises ValueError."""
    seconds = duration_seconds(text)
    if seconds is None or seconds < 0:
        return text.strip()
    return duration(seconds)
