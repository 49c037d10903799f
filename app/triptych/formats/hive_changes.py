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
    waiting: list[tuple[str, Pair]] = [(path, (before.find(path) if before else None, after.find(path) if after else None))]
    while waiting:
        at, (old, new) = waiting.pop()
        if old is None and new is None:
            continue
        yield from _key(at, old, new, origin)
        yield from _values(at, old, new, origin)
        below = _children(old, new)
        waiting.extend((f"{at}\\{name}" if at else name, pair) for name, pair in reversed(below))


def _key(path: str, old: HiveKey | None, new: HiveKey | None, origin: Found) -> Iterator[Change]:
    if old is None and new is not None:
        yield _change("key-added", path, None, old, new, origin(*new.ref.spans), new)
    elif old is not None and new is None:
        yield _change("key-removed", path, None, old, new, None, old)
    elif old is not None and new is not None and old.ticks != new.ticks:
        yield _change("key-written", path, None, old, new, origin(*new.written_ref.spans), new)


def _values(path: str, old: HiveKey | None, new: HiveKey | None, origin: Found) -> Iterator[Change]:
    olds, news = _by_name(old), _by_name(new)
    holder = new or old
    for name in dict.fromkeys((*olds, *news)):
        was, now = olds.get(name), news.get(name)
        if was is not None and now is not None:
            if (was.kind, was.block.data) != (now.kind, now.block.data):
                found = origin(*now.ref.spans) or (new and origin(*new.ref.spans))
                yield _change("value-changed", path, now.name, was, now, found or None, holder)
        elif now is not None:
            yield _change("value-added", path, now.name, was, now, origin(*now.ref.spans), holder)
        elif was is not None:
            found = origin(*new.ref.spans) if new else None  # the list and the count went from the key's record
            yield _change("value-removed", path, was.name, was, now, found, holder)


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
