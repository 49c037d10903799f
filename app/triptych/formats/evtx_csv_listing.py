"""Events as Event Viewer saves them in a table (CSV, or text with tabs), in any language.

The first row names level (or keywords), date and time, source, event id and task category in the language of Windows; the message
follows in a field that has no name. Checked on English, German and Japanese lists. The list states neither channel nor record
number nor computer nor zone: the channel is told by the source, the number is the row's place among them, oldest first, and the
time is the wall clock of the machine that wrote the list. Where events of Sysmon stand in it, which tell UTC, so is that of the
others between them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from triptych.formats.evtx_csv_listing_messages import SECURITY, SYSMON, TASKS, told
from triptych.formats.evtx_csv_listing_rows import TableRow, rows_of
from triptych.formats.evtx_csv_listing_times import ORDERS, Written, orders_of, written
from triptych.formats.evtx_event import Fields
from triptych.formats.evtx_json_lines import Listed
from triptych.formats.faults import Faults
from triptych.model.case import Balance, Weight
from triptych.model.times import TICKS_A_SECOND, Instant, Zone, parse_iso

LOCAL = "local time of the machine that wrote the list; its zone is not known"
LOCAL_IN_DOUBT = f"{LOCAL}, and day and month may be exchanged"
_BY_SYSMON = "UTC by the events of Sysmon in the same list, which tell it; the list has whole seconds"
_SENSE = 5  # columns that every list has
_UTC_TIME = re.compile(r"^UtcTime:[ \t]*([^\r\n]{1,40}?)[ \t]*$", re.MULTILINE)
_QUARTER = 900 * TICKS_A_SECOND
_CHANNELS = {
    SECURITY: "Security", SYSMON: "Microsoft-Windows-Sysmon/Operational", "Service Control Manager": "System",
    "Microsoft-Windows-PowerShell": "Microsoft-Windows-PowerShell/Operational", "PowerShell": "Windows PowerShell",
    "PowerShellCore": "PowerShellCore/Operational", "Microsoft-Windows-WMI-Activity": "Microsoft-Windows-WMI-Activity/Operational",
    "Microsoft-Windows-GroupPolicy": "Microsoft-Windows-GroupPolicy/Operational", "EventLog": "System",
    "Microsoft-Windows-TerminalServices-LocalSessionManager": "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",
    "Group Policy Scheduled Tasks": "Application", "Microsoft-Windows-Kernel-General": "System",
}  # fmt: skip
_NAMES = {"log": "channel", "computer": "computer", "user": "user"}  # columns that a person may have added, in English alone
_SHORT = {
    "Microsoft Windows security auditing.": SECURITY,
    "TaskScheduler": TASKS,
    "Sysmon": SYSMON,
    "Eventlog": "Microsoft-Windows-Eventlog",
}


class _Ahead:
    """How far the list's clock is ahead of UTC, where events of Sysmon tell it and agree."""

    def __init__(self, pairs: list[tuple[int, int]]) -> None:
        steps = {round((local - utc) / _QUARTER) for local, utc in pairs}
        self.ticks = steps.pop() * _QUARTER if len(steps) == 1 else None
        self._first = min((local for local, _ in pairs), default=0)
        self._last = max((local for local, _ in pairs), default=0)

    def utc(self, local: int) -> int | None:
        """UTC of a wall clock between the first and the last that is known: beyond them summer time may have changed."""
        return local - self.ticks if self.ticks is not None and self._first <= local <= self._last else None


@dataclass(frozen=True, slots=True)
class _Dates:
    """What the rows together tell of their times: of each row its date, UTC ticks of it where its message tells them."""

    dates: tuple[Written | None, ...]
    order: str
    in_doubt: bool
    ahead: _Ahead
    places: tuple[int, ...]


def read_csv(data: bytes, file: str, faults: Faults) -> Iterator[Listed | Balance]:
    """The events of a list in the order of its rows, and its balance last. Raises nothing for bad input."""
    dates = _dates(data, faults)
    promised = listed = 0
    names: dict[str, int] = {}
    width = 0
    for row, is_header in _rows(data, faults):
        if is_header:
            width, names = (
                len(row.fields),
                {_NAMES[name.casefold()]: at for at, name in enumerate(row.fields) if name.casefold() in _NAMES},
            )
            continue
        promised += 1
        fields = _event(row, width, names, dates.places[promised - 1])
        if fields is None:
            faults.add(
                Weight.LOST, "evtx.csv-row", f"line {row.line}", tried="read a row as an event",
                found=f"{len(row.fields)} fields, no event id", lost="that event", advice="look at the line: it was cut or changed",
            )  # fmt: skip
            continue
        listed += 1
        time, note = _time(fields, dates, promised - 1)
        yield Listed(fields, time, row.line, row.offset, row.length, note)
    yield Balance(file, "rows", promised, listed, 0, promised - listed)


def _rows(data: bytes, faults: Faults) -> Iterator[tuple[TableRow, bool]]:
    """The first row, which is the header, then all that are not the header again (lists that were put together)."""
    header: TableRow | None = None
    for row in rows_of(data, faults):
        if header is None or row.fields != header.fields:
            yield row, header is None
        header = header or row


def _dates(data: bytes, faults: Faults) -> _Dates:
    """The first reading of a list, for its dates alone: a row makes sense only beside the others."""
    dates: list[Written | None] = []
    known: list[tuple[Written, int]] = []
    for row, is_header in _rows(data, Faults(faults.file)):
        if is_header:
            continue
        date = written(row.fields[1]) if len(row.fields) >= _SENSE else None
        utc = _utc(row.fields) if date is not None else None
        if date is not None and utc is not None:
            known.append((date, utc.ticks))
        dates.append(date)
    found = [date for date in dates if date is not None]
    orders = orders_of(found, known)
    order = orders[0] if orders and len(orders) == 1 else _likeliest(found, orders)
    in_doubt = bool(found) and len(orders) != 1
    if in_doubt:
        _tell_order(orders, order, faults)
    ahead = _Ahead([(clock, utc) for date, utc in known if (clock := date.ticks(order)) is not None])
    local = [date.ticks(order) if date is not None else None for date in dates]
    return _Dates(tuple(dates), order, in_doubt, ahead, tuple(_places(local)))


def _likeliest(dates: list[Written], orders: tuple[str, ...]) -> str:
    """Of orders that may be, or of all, the one that makes a date of most rows; month first where that tells nothing."""
    return max(reversed(orders or ORDERS), key=lambda order: sum(date.ticks(order) is not None for date in dates))


def _event(row: TableRow, width: int, names: dict[str, int], place: int) -> Fields | None:
    cells = row.fields
    if len(cells) < _SENSE or not (cells[3].isascii() and cells[3].strip().isdigit() and len(cells[3]) < 10):
        return None
    source, event_id = _SHORT.get(cells[2], cells[2]), int(cells[3])
    message = cells[width] if len(cells) > width else ""
    named = {name: cells[at] for name, at in names.items() if at < len(cells)}
    return Fields(
        place, cells[1], event_id, None, named.get("channel") or _channel(source, event_id), source, named.get("computer", ""),
        None, None, named.get("user", ""), "",
        (*told(source, event_id, message), ("Date and Time", cells[1]), ("Message", message)),
    )  # fmt: skip


def _channel(source: str, event_id: int) -> str:
    if source == TASKS:
        return f"{TASKS}/{'Maintenance' if 800 <= event_id < 900 else 'Operational'}"
    if source == "Microsoft-Windows-Eventlog":
        return "Security" if event_id in (1100, 1102, 1104, 1105) else "System"
    return _CHANNELS.get(source, "")


def _utc(cells: tuple[str, ...]) -> Instant | None:
    """When an event of Sysmon happened, by its own data."""
    match = _UTC_TIME.search(cells[-1]) if _SHORT.get(cells[2], cells[2]) == SYSMON else None
    try:
        found = parse_iso(match[1]) if match else None
    except ValueError:
        return None
    return Instant(found.ticks, Zone.UTC, found.digits) if found else None


def _tell_order(orders: tuple[str, ...], order: str, faults: Faults) -> None:
    found = "no row tells which number is the day" if orders else "no one order makes a date of every row"
    faults.add(
        Weight.DOUBT, "evtx.csv-date", "the column of dates", tried="find the order of day and month", found=found,
        lost=f"nothing; the dates are read as {order}", advice="ask which region the machine was set to, or give the .evtx itself",
    )  # fmt: skip


def _time(fields: Fields, dates: _Dates, at: int) -> tuple[Instant | None, str]:
    """When the event of a row happened, and what there is to say of it."""
    date = dates.dates[at]
    local = date.ticks(dates.order) if date is not None else None
    text = next((value for name, value in fields.data if name == "UtcTime"), "") if fields.provider == SYSMON else ""
    own = _utc(("", "", SYSMON, f"UtcTime: {text}")) if text else None
    if own is not None:
        return own, ""
    if local is None:
        return None, ""
    utc = dates.ahead.utc(local)
    if utc is not None and not dates.in_doubt:
        return Instant(utc, Zone.UTC, 0), _BY_SYSMON
    return Instant(local, Zone.LOCAL, 0), LOCAL_IN_DOUBT if dates.in_doubt else LOCAL


def _places(local: list[int | None]) -> list[int]:
    """A number for each row, from 1, oldest first: Event Viewer lists the newest first unless somebody sorted it otherwise."""
    told = [ticks for ticks in local if ticks is not None]
    count = len(local)
    newest_first = bool(told) and told[0] > told[-1]
    return [count - at if newest_first else at + 1 for at in range(count)]
