"""Names and SIDs of accounts: the well-known ones in several languages, services, and those that the host's facts tell."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from functools import cache

from triptych import resources
from triptych.model.case import Fact, Host

_SID = re.compile(r"S-1-(0x[0-9a-f]+|\d+)((?:-\d+)*)", re.ASCII | re.IGNORECASE)
_SERVICE = "NT SERVICE"
SYSTEM, LOCAL_SERVICE, NETWORK_SERVICE = "S-1-5-18", "S-1-5-19", "S-1-5-20"
ADMINISTRATORS = "S-1-5-32-544"
_PRIVILEGED = frozenset((SYSTEM, LOCAL_SERVICE, NETWORK_SERVICE, ADMINISTRATORS))
_PRIVILEGED_RIDS = ("-500", "-512", "-518", "-519")  # Administrator; Domain, Schema and Enterprise Admins
# Known by their services; the SID follows from the name, so that a SID can be named too.
_SERVICES = ("TrustedInstaller", "Schedule", "WinDefend", "wuauserv", "UsoSvc", "WaaSMedicSvc", "DiagTrack", "BITS")


def canonical_sid(text: str) -> str | None:
    """A SID in one spelling, None where the text is none."""
    match = _SID.fullmatch(text.strip())
    if match is None:
        return None
    authority = int(match[1], 16) if match[1].lower().startswith("0x") else int(match[1])
    return f"S-1-{authority}" + "".join(f"-{int(part)}" for part in match[2].split("-") if part)


def service_sid(name: str) -> str:
    """The SID of a service: S-1-5-80 and the SHA-1 of its upper-case UTF-16LE name as five 32-bit numbers (MS-DTYP 2.4.2.4)."""
    digest = hashlib.sha1(name.upper().encode("utf-16-le", "surrogatepass"), usedforsecurity=False).digest()
    parts = [str(int.from_bytes(digest[at : at + 4], "little")) for at in range(0, 20, 4)]
    return "S-1-5-80-" + "-".join(parts)


@dataclass(frozen=True)
class _WellKnown:
    by_name: dict[str, str]
    by_sid: dict[str, str]
    authorities: frozenset[str]


@cache
def _well_known() -> _WellKnown:
    table = resources.table("words/accounts.json")
    by_name = {name.casefold(): sid for sid, names in table["accounts"].items() for name in names}
    by_sid = {sid: names[0] for sid, names in table["accounts"].items()}
    by_sid |= {service_sid(name): f"{_SERVICE}\\{name}" for name in _SERVICES}
    return _WellKnown(by_name, by_sid, frozenset(name.casefold() for name in table["authorities"]))


@dataclass(frozen=True)
class _Book:
    """The accounts of one host; a plain name that two SIDs bear resolves to neither."""

    names: dict[str, str] = field(default_factory=dict)  # SID to name
    sids: dict[str, set[str]] = field(default_factory=dict)  # folded name to SIDs
    host_name: str = ""


_last: tuple[tuple[Fact, ...], _Book] = ((), _Book())


def _book(host: Host) -> _Book:
    """The host's accounts, worked out once for each tuple of facts (kept for the last one asked)."""
    global _last
    facts, book = _last
    if facts is not host.facts:
        book = _made(host)
        _last = (host.facts, book)
    return book


def _made(host: Host) -> _Book:
    names: dict[str, str] = {}
    sids: dict[str, set[str]] = {}
    for fact in sorted(host.all("account"), key=lambda fact: bool(fact.view)):
        sid, name = canonical_sid(fact.subject), fact.reading.value
        if sid is None or not name:
            continue
        names.setdefault(sid, name)
        sids.setdefault(name.casefold(), set()).add(sid)
    return _Book(names, sids, (host.get("name").value or "").casefold())


def sid_of(text: str, host: Host) -> str | None:
    """The SID that a SID, a well-known name, `DOMAIN\\name` or `name` stands for; None where nothing here resolves it."""
    sid = canonical_sid(text)
    if sid is not None:
        return sid
    name = text.strip().casefold()
    if not name:
        return None
    book, known = _book(host), _well_known()
    domain, slash, leaf = name.rpartition("\\")
    if not slash:
        return _only(book.sids.get(leaf)) or known.by_name.get(leaf)
    if domain == _SERVICE.casefold():
        return service_sid(leaf)
    if domain in known.authorities and leaf in known.by_name:
        return known.by_name[leaf]
    found = _only(book.sids.get(name))
    if found is None and domain in (book.host_name, "."):
        found = _only(book.sids.get(leaf)) or known.by_name.get(leaf)
    return found


def is_of_here(text: str, host: Host) -> bool:
    """Whether `DOMAIN\\name` names an account of this machine or of the domain it belongs to."""
    domain, slash, _ = text.strip().casefold().rpartition("\\")
    joined = (host.get("domain").value or "").casefold()
    return bool(slash) and domain in {name for name in (_book(host).host_name, joined, joined.partition(".")[0]) if name}


def _only(sids: set[str] | None) -> str | None:
    return next(iter(sids)) if sids and len(sids) == 1 else None


def name_of(sid: str, host: Host) -> str:
    """The name that a person knows the account by; the text itself where nothing names it."""
    canonical = canonical_sid(sid)
    if canonical is None:
        return sid
    return _well_known().by_sid.get(canonical) or _book(host).names.get(canonical) or canonical


def is_service_account(sid: str) -> bool:
    """SYSTEM, LOCAL SERVICE, NETWORK SERVICE and the SIDs of services and tasks (S-1-5-80, S-1-5-87)."""
    return sid in (SYSTEM, LOCAL_SERVICE, NETWORK_SERVICE) or sid.startswith(("S-1-5-80-", "S-1-5-87-"))


def is_group(sid: str) -> bool:
    """Well-known groups that a task may have as GroupId: Everyone, INTERACTIVE, Authenticated Users, the built-in aliases."""
    return sid in ("S-1-1-0", "S-1-5-2", "S-1-5-3", "S-1-5-4", "S-1-5-6", "S-1-5-11") or sid.startswith("S-1-5-32-")


def is_privileged(sid: str) -> bool:
    """Whether an account has more rights than an ordinary user: services, SYSTEM, Administrators, those of a domain."""
    if sid in _PRIVILEGED or is_service_account(sid):
        return True
    return sid.startswith("S-1-5-21-") and sid.endswith(_PRIVILEGED_RIDS)
