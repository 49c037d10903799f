"""Round times for the axis, told by the chosen clock. No Qt."""

from __future__ import annotations

from collections.abc import Iterator

from triptych.gui.clock import Clock
from triptych.model.times import TICKS_A_DAY, TICKS_A_SECOND, Instant, from_parts

_STEPS = (
    *(TICKS_A_SECOND // part for part in (1000, 500, 200, 100, 50, 20, 10, 5, 2)),
    *(seconds * TICKS_A_SECOND for seconds in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800)),
    *(hours * 3600 * TICKS_A_SECOND for hours in (1, 2, 3, 6, 12)),
    *(days * TICKS_A_DAY for days in (1, 2, 7, 14)),
)
_MINUTE = 60 * TICKS_A_SECOND
_MONTH, _YEAR = 28 * TICKS_A_DAY, 365 * TICKS_A_DAY


def marks(start: int, end: int, most: int, clock: Clock) -> Iterator[tuple[int, str]]:
    """At most about `most` round times between two (ticks), each with what to write: a date where the day begins."""
    span = max(end - start, 1)
    step = next((step for step in _STEPS if span // step <= most), 0)
    if not step:
        yield from _months(start, end, span, most)
        return
    shift = clock.minutes(Instant(max(start, 0))) * _MINUTE
    first = (start + shift) // step * step - shift
    day = ""
    for ticks in range(first if first >= start else first + step, end + 1, step):
        text = Instant(ticks + shift).iso.removesuffix("Z")
        date, _, rest = text.partition("T")
        if step >= TICKS_A_DAY:
            yield ticks, date
            continue
        seconds, _, fraction = rest.partition(".")
        shown = seconds[:5] if step >= _MINUTE else seconds if step >= TICKS_A_SECOND else f"{seconds}.{fraction[:3]:<03}"
        yield ticks, f"{date[5:]} {shown}" if date != day else shown
        day = date


def _months(start: int, end: int, span: int, most: int) -> Iterator[tuple[int, str]]:
    months = next(
        (
            months
            for months in (1, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 2400, 6000, 12000)
            if span // (months * _YEAR // 12) <= most
        ),
        24000,
    )
    year = _year(start) * 12 // months * months
    for number in range(year, _year(end) * 12 + 13, months):
        if not 1601 <= number // 12 <= 9999:
            continue
        ticks = from_parts(number // 12, number % 12 + 1, 1)
        if start <= ticks <= end:
            yield ticks, f"{number // 12}" if months >= 12 else f"{number // 12}-{number % 12 + 1:02d}"


def _year(ticks: int) -> int:
    text = Instant(ticks).iso
    return int(text[:4]) if text[:4].isdigit() else 1601 if ticks < 0 else 9999


def span_words(ticks: int) -> str:
    """How long, as a person says it: `42.8 s`, `5 min`, `3 h`, `12 days`."""
    seconds = abs(ticks) / TICKS_A_SECOND
    if seconds < 0.001:
        return f"{abs(ticks) / 10:g} µs" if ticks else "no time"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    if seconds < 172_800:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 86_400:,.0f} days"
