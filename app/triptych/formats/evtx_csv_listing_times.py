"""Dates of Event Viewer's tables: local to the machine that wrote the list, in the format of its region.

Which number is the day the rows tell together: one above 12, or the order in which Event Viewer sorts them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from triptych.model.times import TICKS_A_DAY, from_parts

_DATE = re.compile(
    r"(\d{1,4})\s?[./\-\u5e74\ub144]\s?(\d{1,2})\s?[./\-\u6708\uc6d4]\s?(\d{1,4})[.,\u65e5\uc77c]?\s*(\D*?)\s*"
    r"(\d{1,2})[:.](\d\d)(?:[:.](\d\d))?\s*(\D*)"
)
_MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_MORNING = ("am", "\u5348\u524d", "\u4e0a\u5348", "\uc624\uc804")  # Japanese, Chinese, Korean
_EVENING = ("pm", "\u5348\u5f8c", "\u4e0b\u5348", "\uc624\ud6c4")
ORDERS = ("year, month, day", "day, month, year", "month, day, year")


@dataclass(frozen=True, slots=True)
class Written:
    """The three numbers of a date as they stand, and the ticks of its time of day."""

    numbers: tuple[int, int, int]
    clock: int

    def ticks(self, order: str) -> int | None:
        """Ticks of the wall clock with the numbers read in an order of ORDERS; None where no calendar has that date."""
        one, two, three = self.numbers
        year, month, day = {ORDERS[0]: (one, two, three), ORDERS[1]: (three, two, one), ORDERS[2]: (three, one, two)}[order]
        try:
            return from_parts(year + 2000 if year < 100 else year, month, day) + self.clock
        except ValueError:
            return None


def written(text: str) -> Written | None:
    """A date with its time of day; None where it is neither."""
    match = _DATE.fullmatch(_MARKS.sub("", text).strip())
    if match is None:
        return None
    one, two, three, before, hour, minute, second, after = match.groups()
    half = (before + after).casefold().replace(".", "").replace(" ", "").replace("\xa0", "")
    hours = int(hour)
    if half in _EVENING and hours < 12:
        hours += 12
    elif half in _MORNING and hours == 12:
        hours = 0
    elif half and half not in _MORNING + _EVENING:
        return None
    try:
        clock = from_parts(2000, 1, 1, hours, int(minute), int(second or 0)) - from_parts(2000, 1, 1)
    except ValueError:
        return None
    return Written((int(one), int(two), int(three)), clock)


def orders_of(dates: Sequence[Written], known: Sequence[tuple[Written, int]]) -> tuple[str, ...]:
    """The orders in which these dates make sense: one where the rows tell it, none where they contradict each other.

    `known` are dates whose UTC ticks another field of the row tells; no zone is more than 14 hours from UTC.
    """
    possible = [order for order in ORDERS if all(date.ticks(order) is not None and _is_plausible(date, order) for date in dates)]
    near = [
        order for order in possible if all(abs((date.ticks(order) or 0) - utc) <= TICKS_A_DAY * 15 // 24 for date, utc in known)
    ]
    possible = near if known else possible
    sorted_so = [order for order in possible if _is_sorted([date.ticks(order) or 0 for date in dates])]
    if len(sorted_so) == 1:
        return (sorted_so[0],)
    same = {tuple(date.ticks(order) for date in dates) for order in possible}
    return tuple(possible[:1] if len(same) == 1 else possible)


def _is_plausible(date: Written, order: str) -> bool:
    """A year stands where the order has it: of four digits, or of two at the end (no region writes two in front)."""
    year = date.numbers[0] if order == ORDERS[0] else date.numbers[2]
    return year > 1600 or (order != ORDERS[0] and year < 100 and date.numbers[0] < 100)


def _is_sorted(ticks: list[int]) -> bool:
    pairs = list(pairwise(ticks))
    rising, falling = all(a <= b for a, b in pairs), all(a >= b for a, b in pairs)
    return rising or falling
