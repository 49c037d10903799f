"""From a field of a blob to a Reading: the value, its state, and the very bytes. Shared by actions and triggers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from triptych.formats.cursor import Block
from triptych.formats.faults import FormatFault
from triptych.formats.sid import sid_text
from triptych.formats.task_cache.parts import Spots, TsPeriod, TsTime
from triptych.model.evidence import EvidenceRef, Reading, kept_not, not_stated, stated, unreadable
from triptych.model.times import NEVER, UNBOUNDED, Instant, Zone, duration

SHOWN = 64


@dataclass(frozen=True, slots=True)
class Told:
    """One structure of a blob and the way from its fields to readings; references are made once a field."""

    block: Block
    structure: Any
    spots: Spots
    refs: dict[str, EvidenceRef] = field(default_factory=dict)

    def ref(self, name: str) -> EvidenceRef:
        """The bytes of a field."""
        if name not in self.refs:
            self.refs[name] = self.block.ref(*self.spots[name])
        return self.refs[name]

    def get(self, name: str) -> Any:
        return getattr(self.structure, name)

    def missing(self, name: str) -> Reading[Any] | None:
        """Why a field has no value: not part of this version's layout, or behind the place where the bytes broke."""
        cut = getattr(self.structure, "cut", "")
        if name == cut or (cut and name not in self.spots):
            at, length = self.spots[cut]
            raw = self.block.data[at : at + min(length, SHOWN)].hex(" ")
            return unreadable(raw, self.ref(cut), note="the bytes end or make no sense here")
        return kept_not() if name not in self.spots else None

    def text(self, name: str) -> Reading[str]:
        """A text; an empty one is not stated."""
        value = self.get(name)
        return self.missing(name) or (stated(value, self.ref(name)) if value else not_stated(None, self.ref(name)))

    def hex(self, name: str) -> Reading[str]:
        value: bytes = self.get(name)
        found = self.missing(name)
        return found or (stated(value.hex().upper(), self.ref(name)) if value else not_stated(None, self.ref(name)))

    def whole(self, name: str, default: int | None = None, unset: int | None = 0) -> Reading[int]:
        """A number; the value `unset` means that nothing is set."""
        value = self.get(name)
        found = self.missing(name)
        return found or (not_stated(default, self.ref(name)) if value == unset else stated(value, self.ref(name)))

    def flag(self, name: str) -> Reading[bool]:
        value = self.get(name)
        raw = "" if value in (0, 1) else str(value)
        return self.missing(name) or stated(bool(value), self.ref(name), raw=raw)

    def seconds(self, name: str, default: str | None, unset: tuple[int, ...]) -> Reading[str]:
        """A duration in seconds, as canonical ISO 8601 text."""
        value = self.get(name)
        found = self.missing(name)
        if found is not None:
            return found
        if value in unset:
            return not_stated(default, self.ref(name))
        return stated(duration(value), self.ref(name), raw=f"{value} s")

    def moment(self, name: str) -> Reading[Instant]:
        """A boundary: local wall clock or UTC; 0, never and unbounded are none."""
        value: TsTime = self.get(name)
        found = self.missing(name)
        if found is not None:
            return found
        if value.ticks in (0, NEVER, UNBOUNDED):
            return not_stated(None, self.ref(name))
        zone = Zone.LOCAL if value.local else Zone.UTC
        return stated(Instant(value.ticks, zone), self.ref(name), raw=f"0x{value.ticks:016X}, local {value.local}")

    def period(self, name: str) -> Reading[str]:
        """A calendar duration; all zero is none."""
        value: TsPeriod = self.get(name)
        found = self.missing(name)
        if found is not None:
            return found
        text = period_text(value)
        return stated(text, self.ref(name)) if text else not_stated(None, self.ref(name))


def period_text(value: TsPeriod) -> str:
    """`P1D`, canonical where no months or years make its length depend on the calendar; "" for nothing."""
    seconds = ((value.weeks * 7 + value.days) * 24 + value.hours) * 3600 + value.minutes * 60 + value.seconds
    if not value.years and not value.months:
        return duration(seconds) if seconds else ""
    years, months = (f"{amount}{letter}" if amount else "" for amount, letter in ((value.years, "Y"), (value.months, "M")))
    return f"P{years}{months}{duration(seconds)[1:] if seconds else ''}"


def guid_text(data: bytes) -> str:
    """`{XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX}` of the 16 bytes of a GUID, in upper case."""
    first, second, third = (int.from_bytes(data[a:b], "little") for a, b in ((0, 4), (4, 6), (6, 8)))
    return f"{{{first:08X}-{second:04X}-{third:04X}-{data[8:10].hex().upper()}-{data[10:16].hex().upper()}}}"


def account(told: Told) -> Reading[str]:
    """The SID of a UserInfo, or its name where it has none; not stated for any user."""
    user = told.structure
    if user.skip_user:
        return not_stated(None, told.ref("skip_user"), note="any user")
    if user.skip_sid:
        return told.text("name")
    if "sid" not in told.spots:
        return unreadable("", told.block.ref(), note="the account could not be read")
    try:
        return stated(sid_text(user.sid), told.ref("sid"))
    except FormatFault as fault:
        return unreadable(user.sid[:SHOWN].hex(" "), told.ref("sid"), note=fault.found)
