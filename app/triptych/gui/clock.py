"""In which zone times are told: UTC, this computer's, or the evidence machine's. No Qt.

Stored wall-clock times without a zone stay what they are and say 'local': the evidence does not tell their offset.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC as _UTC
from datetime import datetime

from triptych.model.case import Host
from triptych.model.times import NEVER, TICKS_A_SECOND, UNBOUNDED, Instant, Zone, to_unix

NAMES = ("utc", "here", "machine")
_SPECIAL = {0: "never", NEVER: "no end", UNBOUNDED: "no end"}


@dataclass(frozen=True, slots=True)
class Clock:
    """`offset` is the machine's, in minutes east of UTC, None where the evidence tells none (then UTC is used)."""

    name: str = "utc"
    offset: int | None = None

    @property
    def title(self) -> str:
        """The zone in a word or two, for a button and for the head of a column."""
        if self.name == "here":
            return "this computer"
        if self.name == "machine" and self.offset is not None:
            return f"UTC{offset_words(self.offset)}"
        return "UTC"

    def moment(self, instant: Instant, *, short: bool = False) -> str:
        """`2026-03-14 02:17:03Z` or `2026-03-14 03:17:03+01:00`; `short` to the minute, without the zone where the column
        names it."""
        if instant.ticks in _SPECIAL:
            return _SPECIAL[instant.ticks]
        offset = self._offset(instant) if instant.zone is Zone.UTC and instant.showable else None
        told = instant if offset is None else instant.shifted(offset, Zone.LOCAL)
        text = told.iso.replace("T", " ")
        if not told.showable:
            return text
        zone = " local" if instant.zone is Zone.LOCAL else "" if offset is None else offset_words(offset)
        if not short:
            return text + zone
        return text[:16] + (zone if instant.zone is Zone.LOCAL or self.name == "here" else "")

    def between(self, start: int, end: int) -> str:
        """A stretch of UTC times (ticks) in words: `2026-03-14 02:11:10 – 02:17:34Z`, the day once, as exact as it needs to be."""
        unit = TICKS_A_SECOND if end - start > 10 * TICKS_A_SECOND else TICKS_A_SECOND // 1000
        first, last = (
            self.brief(Instant(at - at % TICKS_A_SECOND)) if unit == TICKS_A_SECOND else self.moment(Instant(at - at % unit))
            for at in (start, end)
        )
        same = first[:10] == last[:10]
        zone = len(first.rstrip("Z")) if first.endswith("Z") else max(first.rfind("+"), first.rfind("-", 11))
        return f"{first[:zone] if zone > 11 else first} – {last[11:] if same else last}"

    def brief(self, instant: Instant) -> str:
        """The same to the second, whole hours of the offset alone, and of a local time no seconds where they are 0."""
        if instant.ticks in _SPECIAL or not instant.showable:
            return self.moment(instant)
        told = self.moment(Instant(instant.ticks - instant.ticks % TICKS_A_SECOND, instant.zone))
        if instant.zone is Zone.LOCAL:
            return told.replace(":00 local", " local")
        return told.removesuffix(":00") if len(told) > len("2026-03-14 02:17:03+") else told

    def minutes(self, instant: Instant) -> int:
        """Minutes east of UTC at that moment in the zone in which times are told."""
        return self._offset(instant) or 0

    def _offset(self, instant: Instant) -> int | None:
        if self.name == "machine":
            return self.offset
        if self.name != "here":
            return None
        try:
            there = datetime.fromtimestamp(int(to_unix(instant.ticks)), _UTC).astimezone().utcoffset()
        except (OverflowError, OSError, ValueError):  # a date that the system's calendar does not reach
            return None
        return None if there is None else int(there.total_seconds()) // 60


UTC = Clock()


def offset_words(minutes: int) -> str:
    """`+01:00`."""
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def machine_offset(host: Host) -> int | None:
    """Minutes east of UTC as the machine was set when it was collected; None where its evidence does not tell.

    Windows keeps the minutes that must be added to local time (ActiveTimeBias, with summer time; Bias without).
    """
    return None if host.bias is None else -host.bias
