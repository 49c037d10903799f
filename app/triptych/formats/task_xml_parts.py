"""Elements of a task file as readings of the model, and everything that no field takes as Extras."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

from triptych.formats.faults import Faults
from triptych.formats.task_xml_fields import Group, Leaf, Names, Raw, Rule, Table, Texts
from triptych.formats.task_xml_values import text as as_text
from triptych.formats.xml_document import Places
from triptych.formats.xml_scan import Attribute, Element
from triptych.limits import Limits
from triptych.model.case import Weight
from triptych.model.display import show
from triptych.model.evidence import EvidenceRef, Reading, State, not_stated, stated, unreadable
from triptych.model.task import Extra

_EXTRAS = 1_000  # of one file; the rest is counted in one more
_NAME = 64  # characters of a name in a path: names may be as long as the file
_NUMBERED = frozenset(("Triggers", "Actions"))
_BLANK = " \t\r\n"

Readings = dict[str, Reading[Any]]


def name_children(parent: Element) -> list[Element]:
    """Give each child its path: numbered among siblings of its name where there are several, in Triggers and Actions always."""
    children = parent.children
    if not children:
        return children
    names = [child.name for child in children]
    if len(set(names)) == len(names) and parent.local not in _NUMBERED:
        for child in children:
            child.path = f"{parent.path}/{child.name[:_NAME]}"
        return children
    counts = Counter(names)
    seen: dict[str, int] = {}
    for child in children:
        number = seen[child.name] = seen.get(child.name, 0) + 1
        numbered = counts[child.name] > 1 or parent.local in _NUMBERED
        child.path = f"{parent.path}/{child.name[:_NAME]}[{number}]" if numbered else f"{parent.path}/{child.name[:_NAME]}"
    return children


class Parts:
    """Reads the elements of one task. What is odd goes to `faults`, what no field takes to `extras`."""

    def __init__(self, places: Places, namespace: str, faults: Faults, limits: Limits) -> None:
        self.places, self.namespace, self.faults, self.limits = places, namespace, faults, limits
        self.extras: list[Extra] = []
        self._over: list[int] = []
        self._refs: dict[int, EvidenceRef] = {}

    # -- places and absences

    def ref(self, element: Element) -> EvidenceRef:
        """The whole element, one reference for all who cite it."""
        found = self._refs.get(element.start)
        if found is None:
            found = self._refs[element.start] = self.places.element(element)
        return found

    def absent(self, rule: Rule, parent: Element, found: Readings) -> None:
        """Say of every field of a missing element that it is not stated, citing the element that lacks it."""
        refs = (self.ref(parent),)
        for name, default, note in _absences(rule):
            found[name] = Reading(default, State.NOT_STATED, refs, "", note)

    def nothing(self, table: Table, parent: Element) -> Readings:
        """The readings of a section that is not there."""
        found: Readings = {}
        for rule in table.values():
            self.absent(rule, parent, found)
        return found

    # -- elements that hold others

    def fields(self, element: Element, table: Table, attributes: dict[str, str], found: Readings | None = None) -> Readings:
        """The readings of an element's children and attributes; `attributes` names those that have a field."""
        found = {} if found is None else found
        seen: set[str] = set()
        for child in name_children(element):
            rule = table.get(child.local) if child.namespace == self.namespace else None
            if rule is None:
                self.keep_element(child)
            elif child.local in seen:
                self.keep_element(child, note="a second element of this name: the first is compared")
                self._doubt(child.start, child.path, "a second element where one belongs", "compare both with the registry")
            else:
                seen.add(child.local)
                self._read(child, rule, found)
        for name, rule in table.items():
            if name not in seen:
                self.absent(rule, element, found)
        self.attributes(element, attributes, found)
        self.loose_text(element)
        return found

    def attributes(self, element: Element, wanted: dict[str, str], found: Readings) -> None:
        """Attributes with a field, the others as extras."""
        for attribute in element.attributes:
            name = wanted.get(attribute.name)
            if name is not None and name not in found:
                found[name] = stated(attribute.value, self.places.attribute(element, attribute))
            else:
                self.keep_attribute(element, attribute)
        for name in wanted.values():
            if name not in found:
                found[name] = not_stated(None, self.ref(element))

    def _read(self, element: Element, rule: Rule, found: Readings) -> None:
        match rule:
            case Leaf():
                found[rule.field] = self.leaf(element, rule)
            case Group():
                if rule.chosen:
                    found["schedule.kind"] = stated(rule.chosen, self.places.head(element))
                self.fields(element, rule.members, {}, found)
            case Names():
                found[rule.field] = self._names(element, rule)
            case Texts():
                found[rule.field] = self._texts(element, rule)
            case Raw():
                found[rule.field] = self.raw(element)

    # -- elements that hold a value

    def leaf(self, element: Element, rule: Leaf) -> Reading[Any]:
        """The value of an element; one that cannot be understood is UNREADABLE, and a problem."""
        written, note = self._text(element)
        ref = self.places.element(element)
        if element.children:
            for child in name_children(element):
                self.keep_element(child)
            note = _joined(note, "elements stand inside the value")
        if element.attributes:
            self.attributes(element, {}, {})
        if rule.convert is as_text:
            return stated(written, ref, note=note)
        try:
            value, remark = rule.convert(written)
        except ValueError as error:
            self._doubt(element.start, element.path, f"{show(written, 200)}: {error}", "compare with the other tellings")
            return unreadable(written, ref, note=_joined(note, str(error)))
        raw = "" if written in (value, str(value), str(value).lower()) else written
        return stated(value, ref, raw=raw, note=_joined(note, remark))

    def _text(self, element: Element) -> tuple[str, str]:
        written = element.text
        note = "a comment or instruction stands inside the element" if element.remarked else ""
        if len(written) > self.limits.text_kept:
            cut = f"cut: {len(written):,} characters in the file"
            self.faults.add(
                Weight.NOTE, "xml.long-text", f"{element.path}, {self.places.spot(element.start)}", tried="show a text",
                found=f"{len(written):,} characters", lost=f"the text beyond {self.limits.text_kept:,} characters from view",
                advice="its place in the file is cited whole",
            )  # fmt: skip
            written, note = written[: self.limits.text_kept], _joined(note, cut)
        return written, note

    def raw(self, element: Element) -> Reading[str]:
        """The content of an element as text, or as it is written where it holds elements."""
        if element.children:
            inside = self.places.text[element.head : element.stop]
            written = inside.rpartition("</")[0] if element.closed else inside
            note = "XML, as it is written"
        else:
            written, note = self._text(element)
        if element.attributes:
            self.attributes(element, {}, {})
        return stated(written[: self.limits.text_kept], self.places.element(element), note=note)

    def _names(self, element: Element, rule: Names) -> Reading[tuple[str, ...]]:
        found: set[str] = set()
        for child in name_children(element):
            if child.namespace == self.namespace and child.local in rule.words and child.local not in found:
                found.add(child.local)
                if child.children or child.attributes or child.text.strip(_BLANK):
                    self.keep_element(child, note=f"more than the word {child.local}")
            else:
                self.keep_element(child)
                self._doubt(child.start, child.path, f"{show(child.name, 100)} is no word of the schema here, or is repeated", "")
        self.attributes(element, {}, {})
        self.loose_text(element)
        ref = self.places.element(element)
        if not found and rule.all_if_absent:
            return not_stated(rule.words, ref)
        return stated(tuple(word for word in rule.words if word in found), ref)

    def _texts(self, element: Element, rule: Texts) -> Reading[tuple[str, ...]]:
        found: list[str] = []
        for child in name_children(element):
            item = self._item(child, rule) if child.namespace == self.namespace and child.local == rule.child else None
            if item is None:
                self.keep_element(child)
                self._doubt(child.start, child.path, f"{show(child.text, 100)} does not belong here", "")
            else:
                found.append(item)
        self.attributes(element, {}, {})
        self.loose_text(element)
        if rule.words:
            found = [word for word in rule.words if word in set(found)]
        return stated(tuple(found), self.places.element(element))

    def _item(self, child: Element, rule: Texts) -> str | None:
        if rule.inner:
            if sorted(inner.local for inner in child.children) != sorted(rule.inner) or any(map(_more, child.children)):
                return None
            parts = {inner.local: inner.text for inner in child.children}
            return "=".join(parts[name] for name in rule.inner)
        for inner in name_children(child):
            self.keep_element(inner)
        names = [attribute.value for attribute in child.attributes if attribute.name == rule.attribute]
        for attribute in child.attributes:
            if attribute.name != rule.attribute:
                self.keep_attribute(child, attribute)
        text = child.text
        if rule.words and text.strip() not in rule.words:
            return None
        return f"{names[0]}={text}" if names else (text.strip() if rule.words else text)

    # -- what no field takes

    def keep_element(self, element: Element, note: str = "") -> None:
        """Keep an element and all below it: each text, each attribute, each empty element."""
        if element.namespace != self.namespace:
            note = _joined(
                note, f"in the namespace {element.namespace!r}, not the schema's" if element.namespace else "in no namespace"
            )
        stack = [element]
        while stack:
            element = stack.pop()
            text = element.text
            if not element.children or text.strip(_BLANK):
                self.keep(element.path, element.start, element.stop, text, note)
            for attribute in element.attributes:
                self.keep_attribute(element, attribute)
            stack.extend(reversed(element.children if self._over else name_children(element)))

    def keep_attribute(self, element: Element, attribute: Attribute) -> None:
        self.keep(f"{element.path}/@{attribute.name}", attribute.start, attribute.stop, attribute.value, "")

    def loose_text(self, element: Element) -> None:
        """Text that stands in an element which only holds others."""
        if element.text.strip(_BLANK):
            self.keep(f"{element.path}/text()", element.start, element.stop, element.text, "text between elements")

    def keep(self, name: str, start: int, stop: int, text: str, note: str = "") -> None:
        """Keep something as an extra; beyond the thousandth its place alone."""
        if len(self.extras) >= _EXTRAS:
            self._over = [self._over[0], max(stop, self._over[1]), self._over[2] + 1] if self._over else [start, stop, 1]
            return
        if len(text) > self.limits.text_kept:
            text, note = text[: self.limits.text_kept], _joined(note, f"cut: {len(text):,} characters in the file")
        self.extras.append(Extra(name, stated(text, self.places.span(start, stop, name), note=note)))

    def all_extras(self) -> tuple[Extra, ...]:
        """The extras; where there are too many, one more stands for the rest."""
        if not self._over:
            return tuple(self.extras)
        start, stop, count = self._over
        self.faults.add(
            Weight.DOUBT, "xml.extras", self.places.spot(start), tried="keep everything that no field takes",
            found=f"{count:,} things more than {_EXTRAS:,}", lost="their listing one by one; their place is cited",
        )  # fmt: skip
        rest = stated(f"{count:,} more", self.places.span(start, stop, "further"), note="their bytes are cited together")
        return (*self.extras, Extra("further", rest))

    def _doubt(self, at: int, path: str, found: str, advice: str) -> None:
        self.faults.add(
            Weight.DOUBT, "xml.value", f"{path}, {self.places.spot(at)}", tried="read a value as the schema has it", found=found,
            lost="nothing: it is kept as text", advice=advice,
        )  # fmt: skip


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def _more(element: Element) -> bool:
    """Whether an element holds more than text."""
    return bool(element.children or element.attributes)


@cache
def _absences(rule: Rule) -> tuple[tuple[str, Any, str], ...]:
    """Field, default and note of everything that a missing element would hold; a schedule that is not chosen holds nothing."""
    match rule:
        case Leaf():
            return ((rule.field, rule.default, rule.note),)
        case Group():
            return () if rule.chosen else tuple(absence for member in rule.members.values() for absence in _absences(member))
        case Names():
            return ((rule.field, rule.words if rule.all_if_absent else None, ""),)
    return ((rule.field, None, ""),)
