"""Roots and views: which drive a placed file belongs to, and which Windows of it (the running one, an old one, a snapshot)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from triptych.evidence.entry import Entry, Given
from triptych.evidence.places import Place, above, shadow_of

_ACQUIRE = frozenset(("fs", "sysvol", "$fs$"))


@dataclass(frozen=True, slots=True)
class Root:
    """The root of a drive in the evidence: the argument it lies in, its names from there, its path, how it came."""

    argument: int
    names: tuple[str, ...]
    path: str
    kind: str


@dataclass(frozen=True, slots=True)
class Argument:
    """What a search needs to know of one argument: its kind, what stands before its paths, what stands above it in Windows."""

    kind: str
    base: str
    above: tuple[str, ...] = ()
    name: str = ""

    @staticmethod
    def of(given: Given, number: int, several: bool) -> Argument:
        base = f"{number}:" if several else ""
        name = re.split(r"[\\/]", given.path)[-1]
        return Argument(given.kind, base, above(given.path) if given.kind == "folder" else (), name)


def names_of(entry: Entry, argument: Argument) -> tuple[str, ...]:
    """The names by which a place is known: those of the entry, below what the argument's own name tells."""
    return argument.above + entry.parts


def root_of(entry: Entry, argument: Argument, place: Place) -> Root:
    """The root of the drive that a placed entry lies on."""
    names = entry.parts[: max(len(place.before) - len(argument.above), 0)]
    inner = len(place.before) < len(argument.above) or (bool(argument.above) and not names)
    if any(name.casefold() == "uploads" for name in names):
        kind = "velociraptor"
    elif names and names[0].casefold() in _ACQUIRE:
        kind = "acquire"
    elif names:
        kind = "collection"
    else:
        kind = "part" if inner else "volume"
    return Root(entry.argument, names, folder_path(entry, argument, len(names)), kind)


def folder_path(entry: Entry, argument: Argument, depth: int) -> str:
    """The evidence path of the folder that is `depth` names below the argument, on the way to an entry."""
    steps = entry.path[len(argument.base) :].split("/")
    kept = steps[: len(steps) - len(entry.parts) + depth]
    return argument.base + "/".join(kept)


def is_below(root: Root, other: Root) -> bool:
    """Whether a root lies inside another one of the same argument."""
    return (
        root.argument == other.argument
        and len(root.names) > len(other.names)
        and root.names[: len(other.names)] == other.names
        and root.path.startswith(other.path)
    )


def view_of(names: tuple[str, ...], outer: tuple[str, ...] | None = None) -> str:
    """The view that the names of a root tell: a snapshot, an old Windows, a copy inside another drive; "" for the running one.

    `outer` are the names of the root it lies in, None where it lies in none.
    """
    shadow = shadow_of(names)
    old = next((f"Windows.old{name[11:]}" for name in names if name.casefold().startswith("windows.old")), "")
    if not shadow and not old and outer is not None:
        return "/".join(names[len(outer) :])
    return "/".join(part for part in (shadow, old) if part)
