"""Keys and values that a text export of the registry states, in memory, with the lines that state them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from triptych.formats.cursor import Block
from triptych.formats.keys import Value
from triptych.model.evidence import EvidenceRef, RegistryPlace, Span
from triptych.model.times import Instant

ROOTS = {
    "HKLM": "HKEY_LOCAL_MACHINE",
    "HKCU": "HKEY_CURRENT_USER",
    "HKCR": "HKEY_CLASSES_ROOT",
    "HKU": "HKEY_USERS",
    "HKCC": "HKEY_CURRENT_CONFIG",
}
_MACHINE = ("SOFTWARE", "SYSTEM", "SAM", "SECURITY")
_CONTROL_SET = re.compile(r"controlset\d{3}|currentcontrolset|select")
_DEPTH = 512  # names in a path; Windows allows no more


@dataclass(frozen=True, slots=True)
class _Stated:
    name: str
    kind: int
    data: bytes
    span: Span


class RegKey:
    """A key of a text export. `hive` names the hive it belongs to (SOFTWARE, SYSTEM, NTUSER, ...), `mount` the part of the
    path that was cut off, as written; `line` is the line that states the key, 0 for a key that only paths imply."""

    __slots__ = ("_children", "_values", "hive", "line", "mount", "name", "path", "span", "written", "written_span")

    def __init__(self, name: str, path: str, hive: str, mount: str, span: Span) -> None:
        self.name, self.path, self.hive, self.mount, self.span = name, path, hive, mount, span
        self.line = 0
        self.written: Instant | None = None
        self.written_span: Span | None = None
        self._children: dict[str, RegKey] = {}
        self._values: dict[str, _Stated] = {}

    @property
    def ref(self) -> EvidenceRef:
        return EvidenceRef(RegistryPlace(self.path), (self.span,))

    @property
    def written_ref(self) -> EvidenceRef:
        return EvidenceRef(RegistryPlace(self.path), (self.written_span or self.span,))

    def subkeys(self) -> Iterator[RegKey]:
        return iter(tuple(self._children.values()))

    def values(self) -> Iterator[Value]:
        for stated in tuple(self._values.values()):
            place = RegistryPlace(self.path, stated.name)
            yield Value(stated.name, stated.kind, Block(stated.data, place, (stated.span,), exact=False, head=stated.span))

    def child(self, name: str) -> RegKey | None:
        return self._children.get(name.casefold())

    # -- for the readers of exports -----------------------------------------------------------------------------------

    def made(self, name: str, span: Span) -> RegKey:
        """The child of that name, made where it is not there yet."""
        known = self._children.get(name.casefold())
        if known is None:
            path = f"{self.path}\\{name}" if self.path else name
            known = self._children[name.casefold()] = RegKey(name, path, self.hive, self.mount, span)
        return known

    def put(self, name: str, kind: int, data: bytes, span: Span) -> bool:
        """State a value; False where the key had one of that name, which is replaced."""
        folded = name.casefold()
        fresh = folded not in self._values
        self._values[folded] = _Stated(name, kind, data, span)
        return fresh

    def drop_value(self, name: str) -> bool:
        return self._values.pop(name.casefold(), None) is not None

    def drop_child(self, name: str) -> bool:
        return self._children.pop(name.casefold(), None) is not None


class Exported:
    """All keys of one file, by the root they were exported under."""

    def __init__(self, whole: Span) -> None:
        self._whole = whole
        self._roots: dict[str, RegKey] = {}

    def place(self, path: str) -> tuple[str, list[str]]:
        """The mount that a full path starts with, and the names below it. Raises ValueError for a path without a root."""
        head, _, rest = path.partition("\\")
        root = ROOTS.get(head.upper(), head.upper())
        if root not in ROOTS.values():
            raise ValueError(f"a path that starts with {head[:40]!r}, which is no root of the registry")
        names = rest.split("\\") if rest else []
        own = 1 if root in ("HKEY_LOCAL_MACHINE", "HKEY_USERS") else 0
        if len(names) > _DEPTH or any(not name for name in names):
            raise ValueError("a path with an empty name, or deeper than the registry can be")
        return "\\".join((root, *names[:own])), names[own:]

    def key(self, path: str, span: Span) -> RegKey:
        mount, names = self.place(path)
        key = self._roots.get(mount.casefold())
        if key is None:
            key = self._roots[mount.casefold()] = RegKey("", "", hive_name(mount), mount, self._whole)
        for name in names:
            key = key.made(name, span)
        return key

    def drop(self, path: str) -> bool:
        """Take away a key with all that is below it; False where it was not there."""
        mount, names = self.place(path)
        key = self._roots.get(mount.casefold())
        if key is None or not names:
            return self._roots.pop(mount.casefold(), None) is not None
        for name in names[:-1]:
            key = key.child(name)
            if key is None:
                return False
        return key.drop_child(names[-1])

    def roots(self) -> tuple[RegKey, ...]:
        """A root a hive, in the order of the file; mounted hives are told by what they hold."""
        for root in self._roots.values():
            if root.hive == "?":
                _name_all(root, _by_content(root))
        return tuple(self._roots.values())

    def best(self) -> RegKey:
        """The SOFTWARE hive where the file holds one, else the first hive, else a key without anything in it."""
        roots = self.roots()
        software = (root for root in roots if root.hive == "SOFTWARE")
        return next(software, roots[0] if roots else RegKey("", "", "", "", self._whole))


def hive_name(mount: str) -> str:
    """The hive that a mount is of: SOFTWARE, SYSTEM, SAM, SECURITY, NTUSER, USRCLASS, CLASSES; "?" where the name does not tell."""
    root, _, name = mount.partition("\\")
    upper = name.upper()
    if root == "HKEY_LOCAL_MACHINE":
        return upper if upper in _MACHINE else next((hive for hive in _MACHINE if hive in upper), "?")
    if root == "HKEY_USERS":
        return "USRCLASS" if upper.endswith("_CLASSES") else "NTUSER"
    return {"HKEY_CURRENT_USER": "NTUSER", "HKEY_CLASSES_ROOT": "CLASSES"}.get(root, root)


def _by_content(root: RegKey) -> str:
    names = {key.name.casefold() for key in root.subkeys()}
    if any(_CONTROL_SET.fullmatch(name) for name in names):
        return "SYSTEM"
    return "SOFTWARE" if names & {"microsoft", "classes", "wow6432node", "policies"} else "?"


def _name_all(root: RegKey, hive: str) -> None:
    waiting = [root]
    while waiting:
        key = waiting.pop()
        key.hive = hive
        waiting.extend(key.subkeys())


def widened(span: Span, end: int) -> Span:
    """The span up to another end."""
    return replace(span, length=max(end - span.offset, 1))
