"""Dates of the old scheduler's log, which are written as the locale of the day had it: 11/2/2006 7:35:17 AM, 14-9-2003 13:11:00.

Which of the first two numbers is the day shows in other dates of the same spelling (same separator, same clock) in the same log:
one of them above 12 decides. Where none does, or two contradict, nothing is guessed.
"""

from __future__ import annotations

import re

from triptych.model.times import Instant, Zone, from_parts

_TIME = re.compile(r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})\s+(\d{1,2}):(\d{2}):(\d{2})(?:\s*([AaPp])\.?[Mm]\.?)?", re.ASCII)
_DAY_FIRST, _MONTH_FIRST, _YEAR_FIRST = "day", "month", "year"

Spelling = tuple[str, bool, bool]
Orders = dict[Spelling, str]


def _spelling(match: re.Match[str]) -> Spelling:
    return match.group(2), bool(match.group(8)), len(match.group(1)) == 4


def day_orders(text: str) -> Orders:
    """For each spelling of dates in a log, which number comes first; a spelling that nothing decides is missing."""
    found: dict[Spelling, set[str]] = {}
    for match in _TIME.finditer(text):
        orders = found.setdefault(_spelling(match), set())
        if len(match.group(1)) == 4:
            orders.add(_YEAR_FIRST)
        elif int(match.group(1)) > 12:
            orders.add(_DAY_FIRST)
        elif int(match.group(3)) > 12:
            orders.add(_MONTH_FIRST)
    return {spelling: orders.pop() for spelling, orders in found.items() if len(orders) == 1}


def log_time(text: str, orders: Orders) -> Instant | None:
    """A time in the machine's local time; None where it is no time or the order of its numbers is not certain."""
    match = _TIME.fullmatch(text.strip())
    order = orders.get(_spelling(match)) if match else None
    if match is None or order is None:
        return None
    first, second, third, hour, minute, seconds = (int(match.group(number)) for number in (1, 3, 4, 5, 6, 7))
    year, month, day = {
        _DAY_FIRST: (third, second, first), _MONTH_FIRST: (third, first, second), _YEAR_FIRST: (first, second, third),
    }[order]  # fmt: skip
    half = (match.group(8) or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        return Instant(from_parts(year if year > 99 else 2000 + year, month, day, hour, minute, seconds), Zone.LOCAL, 0)
    except ValueError:
        return None
