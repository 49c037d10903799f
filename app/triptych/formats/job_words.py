"""The numbers of a .job file in words. Source: MS-TSCH 2.4; the priority classes are those of the Windows API."""

from __future__ import annotations

from datetime import date

from triptych.formats.task_xml_values import MONTHS, WEEKDAYS

_PRODUCTS = {
    0x0400: "Windows NT 4", 0x0500: "Windows 2000", 0x0501: "Windows XP", 0x0502: "Windows Server 2003", 0x0600: "Windows Vista",
    0x0601: "Windows 7", 0x0602: "Windows 8", 0x0603: "Windows 8.1", 0x0A00: "Windows 10 or 11",
}  # fmt: skip
_STATUS = {
    0x41300: "ready", 0x41301: "running", 0x41302: "disabled", 0x41303: "has not run", 0x41304: "no more runs",
    0x41305: "not scheduled", 0x41306: "terminated", 0x41307: "no valid triggers", 0x41308: "event triggers",
}  # fmt: skip
_PRIORITY = {0x20: "normal", 0x40: "idle", 0x80: "high", 0x100: "realtime"}
_FLAGS = (
    (0x1, "interactive"), (0x2, "delete when done"), (0x4, "disabled"), (0x10, "start only if idle"), (0x20, "kill when idle ends"),
    (0x40, "no start on batteries"), (0x80, "kill on batteries"), (0x100, "run if docked"), (0x200, "hidden"),
    (0x400, "run if connected to the Internet"), (0x800, "restart when idle again"), (0x1000, "wake the system"),
    (0x2000, "run only if logged on"), (0x01000000, "application name set"),
)  # fmt: skip
_WEEKS = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "last"}


def product_words(number: int) -> str:
    """The Windows that wrote the job, "" for a number nobody knows."""
    name = _PRODUCTS.get(number)
    return f"{name} (0x{number:04X})" if name else ""


def status_words(number: int) -> str:
    return f"{_STATUS.get(number, 'unknown')} (0x{number:08X})"


def priority_words(number: int) -> str:
    return f"{_PRIORITY.get(number, 'unknown')} (0x{number:X})"


def flag_words(flags: int) -> str:
    """The bits that have a meaning; the others in hex."""
    words = [word for bit, word in _FLAGS if flags & bit]
    unknown = flags & ~sum(bit for bit, _ in _FLAGS)
    return ", ".join([*words, *([f"unknown 0x{unknown:X}"] if unknown else [])]) or "none"


def trigger_words(raw: bytes) -> tuple[str, bool]:
    """A trigger of 48 bytes as a sentence, and whether its values are ones that a job may have."""
    at = [int.from_bytes(raw[start : start + 2], "little") for start in range(0, 48, 2)]
    duration, interval = at[10] | at[11] << 16, at[12] | at[13] << 16
    flags, kind = at[14] | at[15] << 16, at[16] | at[17] << 16
    begin, good = _day(at[2], at[3], at[4])
    when, known = _kind(kind, at[18], at[19], at[20])
    good = good and known and at[0] == 48 and at[8] < 24 and at[9] < 60
    words = [when, f"from {begin} {at[8]:02d}:{at[9]:02d}"]
    if flags & 1:
        end, fine = _day(at[5], at[6], at[7])
        words.append(f"until {end}")
        good = good and fine
    if interval:
        words.append(f"every {interval:,} minutes for {duration:,} minutes")
    if flags & 2:
        words.append("stopped when the duration ends")
    if flags & 4:
        words.append("disabled")
    if flags & ~7:
        words.append(f"unknown flags 0x{flags & ~7:X}")
    return ", ".join(words), good


def _day(year: int, month: int, day: int) -> tuple[str, bool]:
    try:
        return date(year, month, day).isoformat(), True
    except ValueError:
        return f"{year}-{month}-{day} (no such day)", False


def _kind(kind: int, first: int, second: int, third: int) -> tuple[str, bool]:
    match kind:
        case 0:
            return "once", True
        case 1:
            return f"every {first} days", first > 0
        case 2:
            return f"every {first} weeks on {_bits(second, WEEKDAYS)}", first > 0 and 0 < second < 0x80
        case 3:
            days = first | second << 16
            named = _bits(days, tuple(str(day) for day in range(1, 32)))
            return f"on day {named} of {_bits(third, MONTHS)}", 0 < days < 1 << 31 and 0 < third < 1 << 12
        case 4:
            week = f"{_WEEKS.get(first, f'week {first}')} {_bits(second, WEEKDAYS)}"
            return f"on the {week} of {_bits(third, MONTHS)}", first in _WEEKS and 0 < second < 0x80 and 0 < third < 1 << 12
        case 5 | 6 | 7:
            return ("when idle", "at system start", "at logon")[kind - 5], True
    return f"unknown kind {kind}", False


def _bits(number: int, words: tuple[str, ...]) -> str:
    found = [word for bit, word in enumerate(words) if number >> bit & 1]
    rest = number >> len(words)
    return ", ".join([*found, *([f"unknown bits 0x{rest << len(words):X}"] if rest else [])]) or "none"
