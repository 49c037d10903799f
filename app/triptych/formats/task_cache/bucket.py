"""Principal and settings of a Triggers value (the "job bucket"), and the accounts that some triggers name too.

Source: winreg-tasks (GDATA); the service's own writer for the sizes and offsets of the optional settings.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from triptych.formats.task_cache.parts import (
    BUFFER_ALIGNED,
    PERIOD,
    TEXT_ALIGNED,
    U8_ALIGNED,
    U32,
    U32_ALIGNED,
    Cut,
    Layout,
    Part,
    Reader,
    Spot,
    Spots,
    TsPeriod,
    Writer,
    fill,
    no_spots,
    number,
    padding,
    raw,
    read_layout,
    write_layout,
)

UNSET = 0xFFFFFFFF
NO_PERIOD = TsPeriod()


@dataclass(frozen=True, slots=True)
class UserInfo:
    """An account. With `skip_user` nothing follows (any user); with `skip_sid` the name alone. `sid_type` is SID_NAME_USE."""

    skip_user: int = 0
    skip_sid: int = 0
    sid_type: int = 1
    sid: bytes = b""
    name: str | None = None
    spots: Spots = field(default_factory=no_spots, compare=False, repr=False)


ANY_USER = UserInfo(skip_user=1)


@dataclass(frozen=True, slots=True)
class OptionalSettings:
    """The settings after the account; `length` is 0x2C, 0x38 (with privileges) or 0x58 (with maintenance too).

    Numbers are seconds. `more` are bytes beyond the form that is known. Defaults are those of a task that the service makes.
    """

    length: int = 0x2C
    idle_duration: int = 0
    idle_wait_timeout: int = UNSET
    execution_time_limit: int = 259_200
    delete_expired_task_after: int = UNSET
    priority: int = 7
    restart_interval: int = 0
    restart_count: int = 0
    network_id: bytes = bytes(16)
    privileges: int = 0
    maintenance_period: TsPeriod = NO_PERIOD
    maintenance_deadline: TsPeriod = NO_PERIOD
    maintenance_exclusive: int = 0
    more: bytes = b""
    spots: Spots = field(default_factory=no_spots, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class JobBucket:
    """Principal and settings. `optional` is None where the blob says that there are none (length 0)."""

    flags: int = 0x42412138
    crc: int = 0
    principal_id: str | None = None
    display_name: str | None = None
    user: UserInfo = ANY_USER
    optional: OptionalSettings | None = None
    cut: str = ""
    spots: Spots = field(default_factory=no_spots, compare=False, repr=False)


_SKIP_USER: Layout = (("skip_user", U8_ALIGNED),)
_SKIP_SID: Layout = (("skip_sid", U8_ALIGNED),)
_SID: Layout = (("sid_type", U32_ALIGNED), ("sid", BUFFER_ALIGNED))
_NAME: Layout = (("name", TEXT_ALIGNED),)


def _read_user(reader: Reader, what: str) -> tuple[UserInfo, int, int]:
    at = reader.at
    values: dict[str, Any] = {}
    spots: dict[str, Spot] = {}
    for layout, unless in ((_SKIP_USER, ""), (_SKIP_SID, ""), (_SID, "skip_sid"), (_NAME, "")):
        if values.get("skip_user") or values.get(unless):
            continue
        try:
            more, places = read_layout(reader, layout)
        except Cut as cut:
            partial = UserInfo(**values, **cut.values, spots={**spots, **cut.spots})
            raise Cut({}, spots, cut.field, cut, partial) from cut
        values |= more
        spots |= places
    return UserInfo(**values, spots=spots), at, reader.at - at


def _write_user(writer: Writer, user: UserInfo) -> None:
    write_layout(writer, _SKIP_USER, user)
    if not user.skip_user:
        write_layout(writer, _SKIP_SID, user)
        if not user.skip_sid:
            write_layout(writer, _SID, user)
        write_layout(writer, _NAME, user)


USER = Part(_read_user, _write_user)

_BASE_SETTINGS: Layout = (
    ("idle_duration", U32),
    ("idle_wait_timeout", U32),
    ("execution_time_limit", U32),
    ("delete_expired_task_after", U32),
    ("priority", U32),
    ("restart_interval", U32),
    ("restart_count", U32),
    ("network_id", raw(16)),
)
_PRIVILEGES: Layout = (("", padding(4)), ("privileges", number(8)))
_MAINTENANCE: Layout = (("maintenance_period", PERIOD), ("maintenance_deadline", PERIOD), ("maintenance_exclusive", U32))


def _settings_layout(length: int) -> Layout:
    """The fields that a length promises; () for one that is too small for any."""
    layout: Layout = ()
    for needed, more in ((0x2C, _BASE_SETTINGS), (0x38, _PRIVILEGES), (0x58, _MAINTENANCE)):
        if length >= needed:
            layout += more
    return layout


def _read_optional(reader: Reader, what: str) -> tuple[OptionalSettings | None, int, int]:
    start = reader.at
    length = U32_ALIGNED.read(reader, what)[0]
    if not length:
        return None, start, 4
    at = reader.at
    body = reader.take(length, what)
    reader.at = at
    values, spots = read_layout(reader, _settings_layout(length))
    more = body[reader.at - at :]
    if length not in (0x2C, 0x38, 0x58):
        reader.oddities.append((what, start, f"a length of 0x{length:X}, where 0, 0x2C, 0x38 and 0x58 are known"))
    spots = {**spots, "length": (start, 4), "more": (reader.at, len(more))}
    reader.at = at + length
    reader.pad(fill(length))
    return OptionalSettings(length, **values, more=more, spots=spots), at, length


def _write_optional(writer: Writer, settings: OptionalSettings | None) -> None:
    U32_ALIGNED.write(writer, settings.length if settings else 0)
    if settings:
        write_layout(writer, _settings_layout(settings.length), settings)
        writer.raw(settings.more)
        writer.pad(fill(settings.length))


_OPTIONAL = Part(_read_optional, _write_optional)


def bucket_layout(version: int) -> Layout:
    ids: Layout = (("principal_id", TEXT_ALIGNED),) if version >= 0x16 else ()
    names: Layout = (("display_name", TEXT_ALIGNED),) if version >= 0x17 else ()
    return (("flags", U32_ALIGNED), ("crc", U32_ALIGNED), *ids, *names, ("user", USER), ("optional", _OPTIONAL))
