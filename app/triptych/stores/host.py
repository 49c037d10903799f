"""Facts about the machine: what the hives SOFTWARE, SYSTEM and SECURITY say of it, and the classes of the users' own hives."""

from __future__ import annotations

import re
from collections.abc import Iterator

from triptych.evidence.layouts import Found, Item
from triptych.evidence.source import EvidenceSource
from triptych.formats.hive import Hive
from triptych.formats.keys import REG_BINARY, REG_DWORD, REG_QWORD, Key
from triptych.formats.sid import LOCAL_SERVICE, NETWORK_SERVICE, SYSTEM, is_sid
from triptych.limits import Limits
from triptych.model.case import Fact
from triptych.model.evidence import EvidenceRef, Reading, RegistryPlace, Span, State, stated
from triptych.model.times import Instant, from_unix
from triptych.stores import registry_values as values
from triptych.stores.classes import user_classes
from triptych.stores.host_witnesses import log_service, security_facts, switches
from triptych.stores.job import Answer, Job, StoreReader
from triptych.stores.registry_cache import Held, hold
from triptych.stores.registry_open import find_key, open_item

NAME = "host"
VERSION = "Microsoft\\Windows NT\\CurrentVersion"
PROFILES = f"{VERSION}\\ProfileList"
_VERSION_TEXTS = (
    ("product", ("ProductName",)),
    ("build", ("CurrentBuild", "CurrentBuildNumber")),
    ("display-version", ("DisplayVersion", "ReleaseId")),
    ("edition", ("EditionID",)),
    ("installation-type", ("InstallationType",)),
    ("system-root", ("SystemRoot",)),
)
_PROFILES_OF = {
    "systemprofile": SYSTEM,
    "localservice": LOCAL_SERVICE,
    "networkservice": NETWORK_SERVICE,
}


def software_facts(root: Key, view: str, hive: Hive | None = None) -> Iterator[Fact]:
    """What HKLM\\SOFTWARE says: version, installation, accounts that have a profile, the switch of the scheduler's log."""
    version = find_key(root, VERSION)
    if version is not None:
        held = hold(version)
        for name, names in _VERSION_TEXTS:
            yield from _first(name, held, names, view)
        yield from _numbers("ubr", held, "UBR", view)
        yield from _installed(held, view)
    yield from _profiles(root, view)
    yield from switches(root, view)
    yield from _hive_written(hive, view)


def _first(name: str, held: Held, names: tuple[str, ...], view: str) -> Iterator[Fact]:
    """The first of several values that says something."""
    for value in names:
        found = values.text(held, value)
        if found.value or found.state is State.UNREADABLE:
            yield Fact(name, "", found, view)
            return


def _numbers(name: str, held: Held, value: str, view: str, signed: bool = False) -> Iterator[Fact]:
    found = values.number(held, value)
    if found.value is not None:
        number = found.value - (1 << 32) if signed and found.value >> 31 else found.value
        yield Fact(name, "", stated(str(number), *found.refs), view)


def _installed(held: Held, view: str) -> Iterator[Fact]:
    """InstallTime (FILETIME) where it is there, else InstallDate (seconds since 1970); a feature upgrade sets both anew."""
    moment = _filetime(held, "InstallTime") or _unix(held, "InstallDate")
    if moment is not None:
        yield Fact("installed", "", moment, view)


def _filetime(held: Held, name: str) -> Reading[str] | None:
    found = held.get(name)
    if found is None or found.kind not in (REG_QWORD, REG_BINARY) or len(found.block.data) != 8:
        return None
    ticks = int.from_bytes(found.block.data, "little")
    return stated(Instant(ticks).iso, found.ref) if ticks else None


def _unix(held: Held, name: str) -> Reading[str] | None:
    found = held.get(name)
    if found is None or found.kind != REG_DWORD or len(found.block.data) != 4:
        return None
    seconds = int.from_bytes(found.block.data, "little")
    return stated(from_unix(seconds).iso, found.ref, raw=str(seconds)) if seconds else None


def _profiles(root: Key, view: str) -> Iterator[Fact]:
    """Accounts that ever logged on: the SID, and the name of the profile's folder, which is the account's first name."""
    profiles = find_key(root, PROFILES)
    for key in profiles.subkeys() if profiles else ():
        sid = key.name.removesuffix(".bak")
        if not is_sid(sid) or not sid.upper().startswith(("S-1-5-21-", "S-1-12-")):
            continue
        path = values.text(hold(key), "ProfileImagePath")
        if path.stated and path.value:
            name = path.value.rstrip("\\").rpartition("\\")[2]
            note = "the name of its profile folder; a renamed account keeps the old one"
            yield Fact("account", sid.upper(), stated(name, *path.refs, raw=path.value, note=note), view)


def _hive_written(hive: Hive | None, view: str) -> Iterator[Fact]:
    """When the hive says that it was written last; the base block of the best state."""
    if hive is None or hive.base is None or hive.state is None:
        return
    ticks = int.from_bytes(hive.state.data[12:20], "little")
    if ticks:
        place = EvidenceRef(RegistryPlace(""), (Span(hive.state.file, 12, 8),))
        yield Fact("hive-written", "", stated(Instant(ticks).iso, place), view)


def system_facts(root: Key, view: str) -> Iterator[Fact]:
    """What HKLM\\SYSTEM says, of the control set that was in use."""
    control_set = _control_set(root)
    if control_set is not None:
        yield from _names(control_set, view)
        yield from _time_zone(control_set, view)
        windows = find_key(control_set, "Control\\Windows")
        shutdown = _filetime(hold(windows), "ShutdownTime") if windows else None
        if shutdown is not None:
            yield Fact("last-shutdown", "", shutdown, view)
        yield from _schedule_service(control_set, view)
        yield from log_service(control_set, view)
    yield from _earlier_installs(root, view)


def _control_set(root: Key) -> Key | None:
    """The control set that Select names as current, the first one there is where it names none."""
    select = find_key(root, "Select")
    current = values.number(hold(select), "Current").value if select else None
    found = find_key(root, f"ControlSet{current or 1:03d}")
    if found is not None:
        return found
    return next((key for key in root.subkeys() if re.fullmatch(r"(?i)ControlSet\d{3}|CurrentControlSet", key.name)), None)


def _names(control_set: Key, view: str) -> Iterator[Fact]:
    computer = find_key(control_set, "Control\\ComputerName\\ComputerName")
    if computer is not None:
        yield from _first("name", hold(computer), ("ComputerName",), view)
    tcpip = find_key(control_set, "Services\\Tcpip\\Parameters")
    if tcpip is not None:
        held = hold(tcpip)
        if computer is None:
            yield from _first("name", held, ("Hostname", "NV Hostname"), view)
        yield from _first("domain", held, ("Domain", "NV Domain"), view)


def _time_zone(control_set: Key, view: str) -> Iterator[Fact]:
    """The zone's name, and in minutes what must be added to the wall clock to have UTC: without summer time, and at the end."""
    zone = find_key(control_set, "Control\\TimeZoneInformation")
    if zone is None:
        return
    held = hold(zone)
    yield from _first("time-zone", held, ("TimeZoneKeyName", "StandardName"), view)
    yield from _numbers("bias", held, "Bias", view, signed=True)
    yield from _numbers("active-bias", held, "ActiveTimeBias", view, signed=True)


def _schedule_service(control_set: Key, view: str) -> Iterator[Fact]:
    service = find_key(control_set, "Services\\Schedule")
    if service is None:
        return
    held = hold(service)
    yield from _numbers("schedule-start", held, "Start", view)
    yield from _first("schedule-image", held, ("ImagePath",), view)
    parameters = find_key(service, "Parameters")
    if parameters is not None:
        yield from _first("schedule-dll", hold(parameters), ("ServiceDll",), view)


def _earlier_installs(root: Key, view: str) -> Iterator[Fact]:
    """Windows installations before the last feature upgrade: keys `Setup\\Source OS (Updated on ...)`."""
    setup = find_key(root, "Setup")
    for key in setup.subkeys() if setup else ():
        if not key.name.casefold().startswith("source os"):
            continue
        held = hold(key)
        moment = _filetime(held, "InstallTime") or _unix(held, "InstallDate")
        parts = (values.text(held, "ProductName").value, values.text(held, "CurrentBuild").value)
        if moment is not None:
            yield Fact("earlier-install", key.name, moment, view, " ".join(part for part in parts if part))


def _jobs(found: Found) -> list[Job]:
    items = found.of("system-hive", "security-hive", "user-hive", "classes-hive")
    return [Job(NAME, f"the hive {item.path}", (item.as_row(),), item.size) for item in items]


def _read(job: Job, source: EvidenceSource, limits: Limits) -> Iterator[Answer]:
    """The facts of SYSTEM and SECURITY hives, and the classes of users' hives."""
    for row in job.items:
        item = Item.from_row(row)
        opened = open_item(item, source, limits)
        if opened.root is not None:
            with opened.faults.guard("host.facts", "the hive", tried="look up facts of the machine", lost="facts of the machine"):
                yield from _facts(opened.root, item)
        yield from opened.faults.problems
        yield from opened.balances()
        yield from opened.files()


def _facts(root: Key, item: Item) -> Iterator[Fact]:
    if item.role == "system-hive":
        return system_facts(root, item.view)
    if item.role == "security-hive":
        return security_facts(root, item.view)
    return user_classes(root, user_of(root, item.inner), item.view)


def user_of(root: Key, inner: str) -> str:
    """Whose hive it is: the SID where the root's name or a fixed place tells it, else the name of the profile's folder."""
    sid = root.name.removesuffix("_Classes").removesuffix("_classes")
    if is_sid(sid):
        return sid.upper()
    parts = [part.casefold() for part in inner.split("/")]
    for part, known in _PROFILES_OF.items():
        if part in parts:
            return known
    if parts[-2:] == ["config", "default"]:
        return SYSTEM  # the hive .DEFAULT is that of the account SYSTEM
    if "users" in parts[:-1]:
        return inner.split("/")[parts.index("users") + 1]
    return inner.rpartition("/")[2] or "unknown"


HOST = StoreReader(NAME, _jobs, _read)
