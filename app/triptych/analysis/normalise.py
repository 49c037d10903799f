"""One spelling for values that the stores write in different ways, so that only real differences are left.

Each normaliser answers a `Told`: the values that may be meant, and words for a person. Two tellings agree where they share
a value; one that cannot be compared here (an account name that nothing resolves) never differs from anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from triptych import resources
from triptych.analysis import accounts
from triptych.model.case import Host
from triptych.model.evidence import Reading, State
from triptych.model.paths import fold
from triptych.model.task import Action, Presence, Store, TaskRecord, Trigger
from triptych.model.times import NEVER, TICKS_A_SECOND, Instant, Zone, duration_seconds

_DAY = 86_400
_RESOURCE = "$(@"
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Side:
    """Whose reading it is: the record, the host whose accounts resolve names, the trigger or action it belongs to.

    `joined` says that a listing of the scheduler gives command and arguments in one text.
    """

    record: TaskRecord
    host: Host
    part: Trigger | Action | None = None
    joined: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What a reading comes to: `keys` are the values that may be meant, `shown` is for a person.

    `resource` marks a text that Windows looks up in a library: stores keep it raw, a listing may show what was looked up.
    `person` marks a name of this machine or its domain that nothing resolves: nobody knows whose SID it is, but it is no SID
    of a service or well-known group.
    """

    keys: frozenset[Hashable]
    shown: str
    comparable: bool = True
    resource: bool = False
    person: bool = False

    def agrees(self, other: Told) -> bool:
        return not self.keys.isdisjoint(other.keys)

    def cannot_be(self, other: Told) -> bool:
        """Whether one is a name of a person here and the other a well-known account: they differ, resolved or not."""
        return (self.person and other.is_well_known) or (other.person and self.is_well_known)

    @property
    def is_well_known(self) -> bool:
        sids = [key for key in self.keys if isinstance(key, str) and key.startswith("S-1-")]
        return bool(sids) and not any(sid.startswith(("S-1-5-21-", "S-1-12-1-")) for sid in sids)


ANY_USER = Told(frozenset((None,)), "any user")
Normaliser = Callable[[Reading[Any], Side], Told]


def told(key: Hashable, shown: str) -> Told:
    return Told(frozenset((key,)), shown)


def _default(shown: str, reading: Reading[Any]) -> str:
    if reading.stated:
        return shown
    return f"{shown} (default)" if shown else "not stated"


def text(reading: Reading[Any], side: Side) -> Told:
    """Text as it is but for line ends; missing and empty are one. A resource string `$(@library,-number)` is marked as such."""
    value = str(reading.value or "").replace("\r\n", "\n").replace("\r", "\n")
    return Told(frozenset((value,)), _default(value, reading), resource=value.startswith(_RESOURCE))


def folded(reading: Reading[Any], side: Side) -> Told:
    """Text whose case Windows does not heed: paths, GUIDs."""
    value = str(reading.value or "")
    return told(fold(value), _default(value, reading))


def spaced(reading: Reading[Any], side: Side) -> Told:
    """Text in which runs of white space mean one blank, and none between tags: an event query as XML and as the registry keeps it."""
    value = str(reading.value or "")
    return told(re.sub(r"(?<=>) (?=<)|^ | $", "", re.sub(r"\s+", " ", value)), _default(value, reading))


_BETWEEN_TAGS = re.compile(r'\s+(?=<)|(?<=>)\s+|\s+xmlns(?::\w+)?="[^"]*"|</?Data\b[^>]*>', re.ASCII)


def fragment(reading: Reading[Any], side: Side) -> Told:
    """A piece of XML, without name spaces and white space between tags: each writer sets them in its own way."""
    value = str(reading.value or "")
    return told(_BETWEEN_TAGS.sub("", value).strip(), _default(value, reading))


def guid(reading: Reading[Any], side: Side) -> Told:
    """A GUID with or without braces; the zero GUID is none."""
    value = str(reading.value or "")
    key = value.strip().strip("{}").casefold()
    return told("" if not key.strip("0-") else key, _default(value, reading))


def flag(reading: Reading[Any], side: Side) -> Told:
    value = reading.value
    shown = "" if value is None else ("yes" if value else "no")
    return told(value, _default(shown, reading))


def flag_or_engine(reading: Reading[Any], side: Side) -> Told:
    """A flag whose default differs between writers (StopOnIdleEnd: schema true, engine false without IdleSettings)."""
    answer = flag(reading, side)
    return answer if reading.stated else Told(frozenset((True, False, None)), answer.shown)


def number(default: int | None = None) -> Normaliser:
    def normal(reading: Reading[Any], side: Side) -> Told:
        value = default if reading.value is None else reading.value
        return told(value, _default("" if value is None else str(value), reading))

    return normal


def occurrences(reading: Reading[Any], side: Side) -> Told:
    """NumberOfOccurrences: missing, 0 and 1 mean the first event."""
    value = reading.value or 1
    return told(value, _default(str(value), reading))


def result(reading: Reading[Any], side: Side) -> Told:
    """A result as Windows writes it in hex, with what it means where that is known."""
    if reading.value is None:
        return told(None, "")
    meaning = resources.table("words/result_codes.json")["codes"].get(f"0x{reading.value:08X}", "")
    return told(reading.value, f"0x{reading.value:X}" + (f" {meaning.rstrip('.')}" if meaning else ""))


def words(*, ordered: bool = False, default: tuple[str, ...] = ()) -> Normaliser:
    """A list of words; a set unless `ordered`; `default` stands for a missing list."""

    def normal(reading: Reading[Any], side: Side) -> Told:
        value = tuple(str(word) for word in reading.value or default)
        key: Hashable = value if ordered else frozenset(word.casefold() for word in value)
        return told(key, _default(", ".join(value), reading))

    return normal


def privileges(reading: Reading[Any], side: Side) -> Told:
    """Required privileges; a store that is silent means the default set, which no list can be compared with."""
    answer = words()(reading, side)
    return Told(answer.keys, answer.shown, bool(reading.value) or side.record.store is Store.REGISTRY)


def token_type(reading: Reading[Any], side: Side) -> Told:
    """ProcessTokenSidType: the default depends on the account, so silence cannot be compared."""
    return Told(frozenset((reading.value,)), _default(reading.value or "", reading), reading.stated)


def moment(reading: Reading[Any], side: Side) -> Told:
    """A time: UTC ones as instants, local ones by the wall clock; zero and 'never' are no time."""
    value: Instant | None = reading.value
    if value is None or value.ticks <= 0 or value.ticks >= NEVER:
        return told(None, "none" if reading.stated else "not stated")
    return told((value.zone, value.ticks), when(value))


def when(value: Instant) -> str:
    """A time with its zone in words."""
    return value.iso if value.zone is Zone.UTC else f"{value.iso} (local time)"


def second(reading: Reading[Any], side: Side) -> Told:
    """A time of a run, for a row that only shows: a listing cuts it to seconds of the wall clock."""
    value: Instant | None = reading.value
    if value is None or value.ticks <= 0:
        return told(None, "never" if reading.known else "")
    return told((value.zone, value.ticks // TICKS_A_SECOND), when(value))


@lru_cache(maxsize=4096)
def spans_of(value: str) -> frozenset[Hashable]:
    """The seconds that a duration may come to: months are 28 to 31 days, years 365 or 366; text that is none stands for itself."""
    try:
        seconds = duration_seconds(value)
    except ValueError:
        return frozenset((value,))
    if seconds is not None:
        return frozenset((seconds,))
    match = re.match(r"\s*P(?:(\d+)Y)?(?:(\d+)M)?(.*)", value, re.ASCII | re.DOTALL)
    years, months = (int(match[1] or 0), int(match[2] or 0)) if match else (0, 0)
    if match is None or years * 12 + months > 120:
        return frozenset((value.strip(),))
    rest = match[3].strip()
    fixed = duration_seconds("P" + rest) if rest else 0
    days = range(years * 365 + months * 28, years * 366 + months * 31 + 1)
    return frozenset(day * _DAY + (fixed or 0) for day in days)


def duration(*, default: str = "PT0S", also: Iterable[str] = ()) -> Normaliser:
    """A duration in seconds. `default` stands for a missing one; `also` are defaults of other writers that mean the same."""
    defaults: frozenset[Hashable] = spans_of(default).union(*(spans_of(other) for other in also)) if default else frozenset((None,))

    def normal(reading: Reading[Any], side: Side) -> Told:
        value: str | None = reading.value
        if not reading.stated or not value:
            return Told(defaults, _default(value or default, reading))
        keys = spans_of(value)
        return Told(keys | defaults if also and not keys.isdisjoint(defaults) else keys, value)

    return normal


def expiry(reading: Reading[Any], side: Side) -> Told:
    """DeleteExpiredTaskAfter: a store that is silent means never, whatever default a schema names."""
    if not reading.stated or reading.value is None:
        return told(None, "never (default)")
    return Told(spans_of(reading.value), reading.value)


def presence(reading: Reading[Any], side: Side) -> Told:
    value: Presence = reading.value or Presence.UNKNOWN
    key = Presence.PRESENT if value in (Presence.PRESENT, Presence.VISIBLE) else value
    shown = f"{value.value}: {reading.note}" if reading.note else value.value
    return Told(frozenset((key,)), shown, value in (Presence.PRESENT, Presence.VISIBLE, Presence.HIDDEN))


_SCHEMA = re.compile(r"(?:0x)?([0-9a-f]+)", re.ASCII | re.IGNORECASE)


def schema(reading: Reading[Any], side: Side) -> Told:
    """A schema version: `1.2`, or the registry's number 0x00010002 (MS-TSCH 2.5; high word major, low word minor)."""
    value = str(reading.value or "").strip()
    match = _SCHEMA.fullmatch(value)
    if match and (value.lower().startswith("0x") or len(value) >= 5):
        coded = int(match[1], 16 if value.lower().startswith("0x") else 10)
        value = f"{coded >> 16}.{coded & 0xFFFF}"
    return told(value, _default(value, reading))


# -- accounts ------------------------------------------------------------------------------------------------------------


def account(reading: Reading[Any], side: Side) -> Told:
    """An account by its SID. A name that nothing here resolves agrees with the same name and is compared with nothing else."""
    value = str(reading.value or "")
    if not value:
        return Told(frozenset((None,)), "not stated", comparable=False)
    return _account(value, side, str(side.record.principal.account.value or "") if side.part is None else "")


def trigger_user(reading: Reading[Any], side: Side) -> Told:
    """The user of a logon or session trigger; none means any user."""
    value = str(reading.value or "")
    return _account(value, side, "") if value else ANY_USER


def _account(value: str, side: Side, name: str) -> Told:
    sid = accounts.sid_of(value, side.host)
    keys: set[Hashable] = {f"name:{text.casefold()}" for text in (value, name) if text and not accounts.canonical_sid(text)}
    if sid is None:
        return Told(frozenset(keys), value, comparable=False, person=accounts.is_of_here(value, side.host))
    shown = name or accounts.name_of(sid, side.host)
    return Told(frozenset((*keys, sid)), sid if shown == sid else f"{shown} ({sid})")


def no_principal(record: TaskRecord) -> bool:
    """Whether a store states nothing at all about whom the task runs as: then it is the account that registered it."""
    told_of = record.principal
    return not any(
        reading.stated for reading in (told_of.id, told_of.user_id, told_of.group_id, told_of.logon_type, told_of.run_level)
    )


def runs_as(record: TaskRecord) -> Reading[str]:
    """UserId, or GroupId where no user is stated."""
    user, group = record.principal.user_id, record.principal.group_id
    return group if group.stated and not user.stated else user


_LOGON = {
    "interactive": "InteractiveToken",
    "interactiveorpassword": "InteractiveTokenOrPassword",
    "interactivetoken": "InteractiveToken",
    "interactivetokenorpassword": "InteractiveTokenOrPassword",
    "password": "Password",
    "s4u": "S4U",
    "group": "Group",
    "serviceaccount": "ServiceAccount",
}


def logon_type(reading: Reading[Any], side: Side) -> Told:
    """LogonType. The registry says Group for a GroupId and ServiceAccount for SYSTEM and services, whatever the XML says of it.

    Source: flags 0x8000 and 0x20000 of the job bucket, seen on a real Windows 7; XML then shows only the account.
    """
    value = str(reading.value or "")
    word = _LOGON.get(value.casefold())
    if side.record.store is Store.REGISTRY:
        return told(word or value, _default(value, reading))
    as_whom = runs_as(side.record)
    sid = accounts.sid_of(as_whom.value or "", side.host)
    if side.record.principal.group_id.stated or (sid and accounts.is_group(sid)):
        return told("Group", "Group (from the account)")
    if sid and accounts.is_service_account(sid):
        return told("ServiceAccount", "ServiceAccount (from the account)")
    known = bool(sid) or reading.stated
    return Told(frozenset((word or value,)), _default(value, reading), comparable=known and (word is not None or not value))


_LEVEL = {"highest": "HighestAvailable", "limited": "LeastPrivilege"}


def run_level(reading: Reading[Any], side: Side) -> Told:
    value = str(reading.value or "LeastPrivilege")
    return told(_LEVEL.get(value.casefold(), value), _default(value, reading))


def of_principal(normal: Normaliser) -> Normaliser:
    """The same, but not comparable for a task file without a Principal: it leaves the account to whoever registers it."""

    def guarded(reading: Reading[Any], side: Side) -> Told:
        answer = normal(reading, side)
        if side.record.store is Store.XML and no_principal(side.record):
            return Told(answer.keys, answer.shown, comparable=False)
        return answer

    return guarded


# -- triggers and actions ------------------------------------------------------------------------------------------------


def trigger_type(reading: Reading[Any], side: Side) -> Told:
    """The registry keeps TimeTrigger and CalendarTrigger alike: the schedule tells them apart."""
    value = str(reading.value or "")
    if not value:
        return told(None, "no such trigger")
    return told("time" if value in ("TimeTrigger", "CalendarTrigger") else value, value)


def schedule_kind(reading: Reading[Any], side: Side) -> Told:
    part = side.part
    value = str(reading.value or "")
    if isinstance(part, Trigger) and part.type.value == "TimeTrigger":
        value = "Once"
    return told(value, value or "not stated")


def action_type(reading: Reading[Any], side: Side) -> Told:
    return told(reading.value, reading.value or "no such action")


def command(reading: Reading[Any], side: Side) -> Told:
    """A command: case, quotes around the whole and the line ends of an indented file do not matter, everything else does.

    Beside a listing that gives the whole line, the line counts too.
    """
    value = str(reading.value or "")
    keys = {fold(_bare(value))}
    part = side.part
    if side.joined and isinstance(part, Action):
        line = f"{value} {part.arguments.value or ''}".strip()
        keys |= {fold(line), fold(line.replace('"', "")), fold(value.replace('"', ""))}
    return Told(frozenset(keys), _default(value, reading))


_INDENTED = re.compile(r"^[ \t\r]*\n\s*|\s*\n[ \t\r]*$")


def _bare(text: str) -> str:
    """A command without the indentation of its file and without quotes around it: it starts the same program."""
    text = _INDENTED.sub("", text)
    inner = text[1:-1]
    return inner if len(text) > 2 and text[0] == text[-1] == '"' and '"' not in inner else text


def raw(reading: Reading[Any], side: Side) -> Told:
    """Any value as it stands."""
    value = reading.value
    if isinstance(value, tuple):
        return told(value, ", ".join(str(word) for word in value))
    return told(value, "" if value is None else str(value))


def shown_unread(reading: Reading[Any]) -> str:
    """Words for a cell that tells no value."""
    if reading.state is State.UNREADABLE:
        return f"unreadable: {reading.raw}" if reading.raw else "unreadable"
    return "not kept here"
