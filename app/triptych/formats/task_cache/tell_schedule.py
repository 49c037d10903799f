"""The calendar of a trigger in words: days, weekdays, weeks, months."""

from __future__ import annotations

from triptych.formats.task_cache.tell import Told
from triptych.formats.task_cache.triggers import ScheduleTrigger
from triptych.model.evidence import EvidenceRef, Reading, not_stated, stated, unreadable
from triptych.model.task import Schedule

ONCE, DAILY, WEEKLY, MONTHLY, MONTHLY_DAY_OF_WEEK = range(5)
KINDS = ("Once", "Daily", "Weekly", "Monthly", "MonthlyDayOfWeek")
DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKS = ("1", "2", "3", "4", "Last")
DAYS_OF_MONTH = (*map(str, range(1, 32)), "Last")  # that bit 31 is the last day is inferred


def bits(words: tuple[str, ...], mask: int) -> tuple[str, ...]:
    """The words whose bit is set, in the order of the bits."""
    return tuple(word for bit, word in enumerate(words) if mask >> bit & 1)


def _words(told: Told, words: tuple[str, ...], mask: int, *names: str) -> Reading[tuple[str, ...]]:
    refs: list[EvidenceRef] = [told.ref(name) for name in names]
    raw = f"0x{mask:X}"
    if mask >> len(words):
        return unreadable(raw, *refs, note="bits that nobody knows are set")
    return stated(bits(words, mask), *refs, raw=raw) if mask else not_stated((), *refs)


def _months(told: Told, trigger: ScheduleTrigger) -> Reading[tuple[str, ...]]:
    """Months; no bit set means all, as in the schema."""
    return _words(told, MONTHS, trigger.data3, "data3") if trigger.data3 else not_stated(MONTHS, told.ref("data3"))


def schedule(trigger: ScheduleTrigger, told: Told) -> Schedule:
    """The calendar of a time or calendar trigger."""
    lost = told.missing("mode")
    if lost is not None:
        return Schedule(kind=lost)
    mode = trigger.mode
    if mode >= len(KINDS):
        return Schedule(kind=unreadable(str(mode), told.ref("mode"), note="no known kind of schedule"))
    kind = stated(KINDS[mode], told.ref("mode"), raw=str(mode))
    broken = told.missing("data1") or told.missing("data2") or told.missing("data3")
    if broken is not None:
        return Schedule(kind=kind, days_interval=broken, days_of_week=broken, days_of_month=broken, months=broken)
    if mode == DAILY:
        return Schedule(kind=kind, days_interval=told.whole("data1", 1, 0))
    if mode == WEEKLY:
        days = _words(told, DAYS, trigger.data2, "data2")
        return Schedule(kind=kind, weeks_interval=told.whole("data1", 1, 0), days_of_week=days)
    if mode == MONTHLY:
        dates = _words(told, DAYS_OF_MONTH, trigger.data1 | trigger.data2 << 16, "data1", "data2")
        return Schedule(kind=kind, days_of_month=dates, months=_months(told, trigger))
    if mode == MONTHLY_DAY_OF_WEEK:
        days, weeks = _words(told, DAYS, trigger.data1, "data1"), _words(told, WEEKS, trigger.data2, "data2")
        return Schedule(kind=kind, days_of_week=days, weeks=weeks, months=_months(told, trigger))
    return Schedule(kind=kind)
