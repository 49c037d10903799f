"""Values of the registry as readings of a task: texts, numbers, hashes, dates, access rights, and what nobody knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from triptych.formats.faults import Faults
from triptych.formats.hive_keys import HiveKey
from triptych.formats.hive_values import HiveValue
from triptych.formats.keys import (
    REG_BINARY,
    REG_DWORD,
    REG_EXPAND_SZ,
    REG_LINK,
    REG_MULTI_SZ,
    REG_QWORD,
    REG_SZ,
    TYPE_NAMES,
    Key,
    Value,
    text_of,
)
from triptych.formats.reg_keys import RegKey
from triptych.formats.sddl import sddl
from triptych.formats.security_descriptor import decode_sd
from triptych.formats.task_cache import hash_kind
from triptych.model.case import Weight
from triptych.model.evidence import NOT_KEPT, Reading, State, not_stated, stated, unreadable
from triptych.model.task import Extra, Text, When, Whole
from triptych.model.times import parse_iso
from triptych.stores.registry_cache import Held

SHOWN = 64
KEPT = 4096
_TEXTS = (REG_SZ, REG_EXPAND_SZ, REG_LINK)


@dataclass(frozen=True, slots=True)
class Era:
    """What this Windows keeps: Windows 7 has no SD in the Tree, and of a definition no more than Triggers."""

    build: int | None
    keeps_access: bool
    keeps_actions: bool


def kind_name(found: Value) -> str:
    return TYPE_NAMES.get(found.kind, f"type {found.kind}")


def wrong_type(found: Value, wanted: str) -> Reading[Any]:
    raw = found.block.data[:SHOWN].hex(" ")
    return unreadable(raw, found.ref, note=f"{kind_name(found)} of {len(found.block.data)} bytes, not {wanted}")


def _noted(found: Value, reading: Reading[Any]) -> Reading[Any]:
    """The reading with what is wrong with the value's record: cut, refused."""
    note = found.note if isinstance(found, HiveValue) else ""
    return reading.noted(note) if note else reading


def text(held: Held, name: str, missing: Reading[Any] | None = None) -> Text:
    """A text; `missing` is what to say where there is none, the key that lacks it by default."""
    found = held.get(name)
    if found is None:
        return missing or not_stated(None, held.key.ref)
    if isinstance(found, HiveValue) and found.note.startswith("lost: "):
        return unreadable("", found.ref, note=found.note)
    return _noted(found, text_of(found))


def plain_text(held: Held, name: str) -> Text:
    """A REG_SZ and no other kind of text: the service refuses an Id of another type (0x80020005)."""
    found = held.get(name)
    return text(held, name) if found is None or found.kind == REG_SZ else wrong_type(found, "REG_SZ")


def number(held: Held, name: str, missing: Reading[Any] | None = None) -> Whole:
    """A REG_DWORD of 4 bytes, as everybody who asks Windows for one has to have it."""
    found = held.get(name)
    if found is None:
        return missing or not_stated(None, held.key.ref)
    if found.kind != REG_DWORD or len(found.block.data) != 4:
        return wrong_type(found, "a REG_DWORD of 4 bytes")
    return _noted(found, stated(int.from_bytes(found.block.data, "little"), found.ref))


def schema(held: Held, missing: Reading[Any]) -> Text:
    """The version of the XML schema: 0x00010002 is 1.2."""
    found = number(held, "Schema", missing)
    if found.value is None or not found.stated:
        return Reading(None, found.state, found.refs, found.raw, found.note)
    return stated(f"{found.value >> 16}.{found.value & 0xFFFF}", *found.refs, raw=f"0x{found.value:08X}", note=found.note)


def date(held: Held, missing: Reading[Any]) -> When:
    """The Date value, a text exactly as in the XML."""
    found = text(held, "Date", missing)
    if not found.stated or found.value is None:
        return Reading(None, found.state, found.refs, found.raw, found.note)
    try:
        return stated(parse_iso(found.value), *found.refs, raw=found.value, note=found.note)
    except ValueError:
        return unreadable(found.value, *found.refs, note="no date that a calendar has")


def task_hash(held: Held) -> Text:
    """The Hash value in hex."""
    found = held.get("Hash")
    if found is None:
        return not_stated(None, held.key.ref)
    kind = hash_kind(found.block.data)
    if found.kind != REG_BINARY or not kind:
        return wrong_type(found, "a SHA-256 of 32 bytes or a CRC32 of 4")
    return _noted(found, stated(found.block.data.hex(), found.ref, note=kind))


def access(held: Held, era: Era, faults: Faults) -> Text:
    """The SD value as SDDL. The service takes a REG_BINARY that is not empty, and nothing else."""
    found = held.get("SD")
    if found is None:
        return not_stated(None, held.key.ref) if era.keeps_access and not _is_implied(held.key) else NOT_KEPT
    if found.kind != REG_BINARY:
        return wrong_type(found, "REG_BINARY")
    if not found.block.data:
        return unreadable("", found.ref, note="the value is empty")
    sd = decode_sd(found.block, faults)
    if sd.fault:
        return unreadable(found.block.data[:SHOWN].hex(" "), found.ref, note=sd.fault)
    return _noted(found, stated(sddl(sd), found.ref))


def _is_implied(key: Key) -> bool:
    """Whether an export only names the key in the paths of others: it tells nothing of its values then."""
    return isinstance(key, RegKey) and not key.line


def written(key: Key) -> When:
    """The last-write time; an export keeps none, and one that no calendar has is shown as it stands."""
    if key.written is not None:
        return stated(key.written, key.written_ref)
    if isinstance(key, HiveKey) and key.ticks:
        return unreadable(f"0x{key.ticks:016X}", key.written_ref, note="no date that a calendar has")
    return NOT_KEPT


def any_text(found: Value) -> Text:
    """Whatever a value holds, as text: strings, numbers, else the bytes in hex."""
    data = found.block.data
    if found.kind in _TEXTS:
        return _noted(found, text_of(found))
    if found.kind == REG_MULTI_SZ:
        texts = data[: len(data) & ~1].decode("utf-16-le", "surrogatepass").split("\0")
        return _noted(found, stated("; ".join(filter(None, texts)), found.ref, note=kind_name(found)))
    if (found.kind, len(data)) in ((REG_DWORD, 4), (REG_QWORD, 8)):
        return stated(str(int.from_bytes(data, "little")), found.ref, note=kind_name(found))
    note = kind_name(found) if len(data) <= KEPT else f"{kind_name(found)}, the first {KEPT:,} of {len(data):,} bytes"
    return _noted(found, stated(data[:KEPT].hex(" "), found.ref, note=note))


def unknown(held: Held, known: frozenset[str], prefix: str = "") -> Iterator[Extra]:
    """Values that no field takes, and further values of a name."""
    for found in held.values:
        if found.name.casefold() not in known and found not in held.doubles:
            yield Extra(f"{prefix}{found.name or '(default)'}", any_text(found))
    for found in held.doubles:
        yield Extra(f"{prefix}{found.name or '(default)'}", any_text(found).noted("a second value of this name"))


def tell_texts(where: str, names: Iterator[tuple[str, Reading[Any]]], faults: Faults) -> None:
    """Problems for values of the wrong type, and for texts with more to them than Windows shows."""
    advice = "look at the bytes"
    for name, reading in names:
        tried = f"read the value {name}"
        own = getattr(reading.refs[-1].place, "key", where) if reading.refs else where
        if reading.state is State.UNREADABLE and ", not " in reading.note:
            faults.add(Weight.DOUBT, "task-cache.value-type", own, tried=tried, found=reading.note, advice=advice)
        elif "text after NUL" in reading.note:
            faults.add(Weight.DOUBT, "task-cache.text-after-nul", own, tried=tried, found=reading.note, advice=advice)
        elif isinstance(reading.value, str) and any("\ud800" <= letter <= "\udfff" for letter in reading.value):
            found = "half of a surrogate pair: no text that Windows would write"
            faults.add(Weight.NOTE, "task-cache.text-surrogate", own, tried=tried, found=found)
