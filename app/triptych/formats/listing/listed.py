"""What a listing says of one task, in the words of the model."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from triptych.model.evidence import EvidenceRef, Reading, not_stated, stated, unreadable
from triptych.model.task import Action, Extra, Principal, Registration, RunState, Settings, Trigger
from triptych.model.times import Instant, Zone, from_parts, parse_iso


@dataclass(frozen=True, slots=True)
class Listed:
    """One task of a listing. `command_line` is what it would start as one text (schtasks, autorunsc cannot tell program
    and arguments apart); `cut` says that the name may be cut short (TABLE cuts at 40 characters).
    """

    path: str
    ref: EvidenceRef
    registration: Registration = field(default_factory=Registration)
    principal: Principal = field(default_factory=Principal)
    actions: tuple[Action, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    settings: Settings = field(default_factory=Settings)
    run: RunState = field(default_factory=RunState)
    extras: tuple[Extra, ...] = ()
    has_actions: bool = False
    has_triggers: bool = False
    cut: bool = False
    host: str = ""


_AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}),? (\d{1,2}):(\d\d):(\d\d) ?([AP])M", re.IGNORECASE)
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4}),? (\d{1,2}):(\d\d):(\d\d)")
_YEAR_FIRST = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2}) (\d{1,2}):(\d\d):(\d\d)")
_NET_JSON = re.compile(r"/Date\((-?\d+)\)/")
_NEVER_YEARS = (1601, 1899, 1999)


def moment(reading: Reading[str]) -> Reading[Instant]:
    """A time as a listing prints it, local to its machine. 1999-11-30 (schtasks) and 1899-12-30 (COM) mean never.

    Only spellings that cannot be mistaken are read: ISO, year first, M/D/Y with AM or PM (United States), D.M.Y with
    points; the rest (D/M/Y or M/D/Y without a hint) stays as written, UNREADABLE.
    """
    if not reading.stated or reading.value is None:
        return not_stated(None, *reading.refs)
    text = reading.value.strip()
    try:
        found = _moment(text)
    except ValueError:
        found = None
    if found is None:
        return unreadable(text, *reading.refs, note="a date whose order of day and month the listing does not tell")
    year = int(found.iso[:4]) if found.showable else 0
    if year in _NEVER_YEARS:
        return not_stated(None, *reading.refs, note="never")
    return stated(found, *reading.refs, raw=text)


def _moment(text: str) -> Instant | None:
    net = _NET_JSON.fullmatch(text)
    if net:
        return Instant((int(net[1]) + 11_644_473_600_000) * 10_000)
    american = _AMERICAN.fullmatch(text)
    if american:
        month, day, year, hour, minute, second = (int(part) for part in american.groups()[:6])
        hour = hour % 12 + (12 if american[7].upper() == "P" else 0)
        return Instant(from_parts(year, month, day, hour, minute, second), Zone.LOCAL, 0)
    dotted = _DOTTED.fullmatch(text)
    if dotted:
        day, month, year, hour, minute, second = (int(part) for part in dotted.groups())
        return Instant(from_parts(year, month, day, hour, minute, second), Zone.LOCAL, 0)
    first = _YEAR_FIRST.fullmatch(text)
    if first:
        year, month, day, hour, minute, second = (int(part) for part in first.groups())
        return Instant(from_parts(year, month, day, hour, minute, second), Zone.LOCAL, 0)
    return parse_iso(text)


def code(reading: Reading[str]) -> Reading[int]:
    """A result code, printed as signed decimal (-2147024894), unsigned or hex, as an unsigned 32 bit number."""
    if not reading.stated or reading.value is None:
        return not_stated(None, *reading.refs)
    try:
        return stated(int(reading.value.strip(), 0) & 0xFFFFFFFF, *reading.refs, raw=reading.value)
    except ValueError:
        return unreadable(reading.value, *reading.refs, note="not a number")


def switched(reading: Reading[str]) -> Reading[bool]:
    """Enabled or Disabled in English; other languages stay as written."""
    if not reading.stated or reading.value is None:
        return not_stated(None, *reading.refs)
    word = reading.value.strip().casefold()
    if word in ("enabled", "true", "disabled", "false"):
        return stated(word in ("enabled", "true"), *reading.refs)
    return unreadable(reading.value, *reading.refs, note="a word of another language")


def with_leading(path: str) -> str:
    """A task path with one leading backslash."""
    return path if path.startswith("\\") else "\\" + path


def merged(rows: list[Listed]) -> list[Listed]:
    """schtasks prints a row a trigger: one task a path, the first row's values, what the further rows say beside as extras."""
    found: dict[str, Listed] = {}
    for row in rows:
        key = row.path.casefold()
        first = found.get(key)
        if first is None:
            found[key] = row
        elif new := tuple(extra for extra in _told(row) if not _has(first, extra)):
            found[key] = replace(first, extras=first.extras + new)
    return list(found.values())


def _told(row: Listed) -> tuple[Extra, ...]:
    """Everything a row says, under the names of the columns: also what would be the same in each row of one task."""
    columns = {
        "Author": row.registration.author,
        "Comment": row.registration.description,
        "Run As User": row.principal.user_id,
        "Status": row.run.state,
    }
    return (*row.extras, *(Extra(name, reading) for name, reading in columns.items() if reading.stated))


def _has(first: Listed, extra: Extra) -> bool:
    return any(told.name == extra.name and told.reading.value == extra.reading.value for told in _told(first))
