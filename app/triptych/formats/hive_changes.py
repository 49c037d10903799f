"""What the replay of a hive's logs changed below a key: the primary and the replayed tree, name by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from triptych.formats.hive_keys import HiveKey
from triptych.formats.hive_log import Origin
from triptych.formats.keys import Value
from triptych.model.evidence import EvidenceRef


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `what` is key-added, key-removed, key-written, value-added, value-removed or value-changed.

    `before` and `after` are the key or value in the primary and in the replayed state, None where it is not there;
    `source` names the entry of the log ("LOG1 entry 7", "" where its bytes cannot be told), `log_refs` its bytes in the log.
    """

    what: str
    path: str
    value: str | None
    before: HiveKey | Value | None
    after: HiveKey | Value | None
    source: str
    log_refs: tuple[EvidenceRef, ...] = ()


Found = Callable[..., Origin | None]
Pair = tuple[HiveKey | None, HiveKey | None]


def changes(before: HiveKey | None, after: HiveKey | None, path: str, origin: Found) -> Iterator[Change]:
    """The differences in and below the key at `path`; below a key that came or went, every key and value is one."""
    first = (before.find(path) if before else None, after.find(path) if after else None)
    waiting: list[tuple[str, Pair, HiveKey | None]] = [(path, first, None)]
    while waiting:
        at, (old, new), above = waiting.pop()
        if old is None and new is None:
            continue
        yield from _key(at, old, new, above, origin)
        yield from _values(at, old, new, above, origin)
        below = _children(old, new)
        waiting.extend((f"{at}\\{name}" if at else name, pair, new or above) for name, pair in reversed(below))


def _key(path: str, old: HiveKey | None, new: HiveKey | None, above: HiveKey | None, origin: Found) -> Iterator[Change]:
    if old is None and new is not None:
        yield _change("key-added", path, None, old, new, origin(*new.ref.spans), new)
    elif old is not None and new is None:
        yield _change("key-removed", path, None, old, new, _found(None, above, origin), old)
    elif old is not None and new is not None and old.ticks != new.ticks:
        yield _change("key-written", path, None, old, new, origin(*new.written_ref.spans), new)


def _values(path: str, old: HiveKey | None, new: HiveKey | None, above: HiveKey | None, origin: Found) -> Iterator[Change]:
    olds, news = _by_name(old), _by_name(new)
    for name in dict.fromkeys((*olds, *news)):
        was, now = olds.get(name), news.get(name)
        if was is not None and now is not None and (was.kind, was.block.data) == (now.kind, now.block.data):
            continue
        what = "value-changed" if was and now else "value-added" if now else "value-removed"
        told = now or was
        yield _change(what, path, told.name if told else "", was, now, _found(now, new or above, origin), new or old)


def _found(now: Value | None, key: HiveKey | None, origin: Found) -> Origin | None:
    """Where a state comes from: the value's data, else its record, else the record of the key that counts and lists it (of the
    nearest key above that is still there, for what was taken away)."""
    places = [now.ref.spans, (now.block.head,) if now.block.head else ()] if now else []
    places += [key.ref.spans] if key else []
    return next((found for spans in places if spans and (found := origin(*spans)) is not None), None)


def _by_name(key: HiveKey | None) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for value in key.values() if key else ():
        found.setdefault(value.name.casefold(), value)
    return found


def _children(old: HiveKey | None, new: HiveKey | None) -> list[tuple[str, Pair]]:
    olds, news = _named(old), _named(new)
    return [((news.get(name) or olds[name]).name, (olds.get(name), news.get(name))) for name in dict.fromkeys((*olds, *news))]


def _named(key: HiveKey | None) -> dict[str, HiveKey]:
    found: dict[str, HiveKey] = {}
    for child in key.subkeys() if key else ():
        found.setdefault(child.name.casefold(), child)
    return found


def _change(
    what: str,
    path: str,
    value: str | None,
    before: HiveKey | Value | None,
    after: HiveKey | Value | None,
    found: Origin | None,
    holder: HiveKey | None,
) -> Change:
    if found is None or holder is None:
        return Change(what, path, value, before, after, found.label if found else "")
    return Change(what, path, value, before, after, found.label, (EvidenceRef(holder.ref.place, found.spans),))
