"""One task definition in XML: a file of System32\\Tasks, or the same text carried by an event, a listing, a policy.

Source of the schema: MS-TSCH 2.5 and task files of Windows 7 to 11. Every element and attribute of a file ends in a reading
of the model or in an Extra with its path; what is damaged is read as far as it goes and marked.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

from triptych.formats.cursor import Block
from triptych.formats.faults import Faults
from triptych.formats.task_xml_fields import (
    ACTIONS,
    NAMESPACE,
    PRINCIPAL,
    REGISTRATION,
    SECTIONS,
    SETTINGS,
    TRIGGERS,
    UNKNOWN_TRIGGER,
    Table,
    expected,
)
from triptych.formats.task_xml_parts import Parts, Readings, name_children
from triptych.formats.xml_document import Document, read_document, read_text
from triptych.formats.xml_scan import Element
from triptych.limits import Limits
from triptych.model.case import Weight
from triptych.model.display import show
from triptych.model.evidence import NOT_KEPT, EvidenceRef, Reading, State, not_stated, stated
from triptych.model.task import (
    Action,
    Extra,
    Keeping,
    Presence,
    Principal,
    Registration,
    Schedule,
    Settings,
    Store,
    TaskRecord,
    Trigger,
    When,
    leaves,
)

_RAW_KEPT = 64 * 1024
_SCHEDULE = "schedule."
_MOST = 1_000  # triggers or actions that are made; Windows takes 48 and 32


@dataclass(frozen=True, slots=True)
class ParsedTask:
    """A definition as it was read. `is_task` is False where it holds none, and `reason` says why in a few words.

    `whole` cites the Task element, or everything where there is none. `complete` is False where parts could not be read.
    """

    is_task: bool
    whole: EvidenceRef
    reason: str = ""
    complete: bool = True
    registration: Registration = field(default_factory=Registration)
    principal: Principal = field(default_factory=Principal)
    triggers: tuple[Trigger, ...] = ()
    actions: tuple[Action, ...] = ()
    settings: Settings = field(default_factory=Settings)
    encoding: Reading[str] = NOT_KEPT
    hash_found: Reading[str] = NOT_KEPT
    context: Reading[str] = NOT_KEPT
    extras: tuple[Extra, ...] = ()

    def record(self, store: Store, path: str, view: str = "", written: When = NOT_KEPT) -> TaskRecord:
        """The telling of a store at a path; `written` is the time of the file. UNREADABLE where it is no task."""
        presence = Presence.PRESENT if self.is_task else Presence.UNREADABLE
        return TaskRecord(
            store,
            path,
            stated(presence, self.whole, note=self.reason),
            view,
            self.registration,
            self.principal,
            self.triggers,
            self.actions,
            self.settings,
            keeping=Keeping(encoding=self.encoding, hash_found=self.hash_found, file_written=written, actions_context=self.context),
            extras=self.extras,
            complete=self.complete and self.is_task,
        )


def read_task(data: bytes, file: str, faults: Faults, limits: Limits) -> ParsedTask:
    """Read a task file. Never raises: a file without a task gives `is_task` False and a problem."""
    document = read_document(data, file, faults, limits, expected)
    return _parsed(document, faults, limits, _hash(data, document))


def read_task_text(text: str, block: Block, faults: Faults, limits: Limits, codec: str = "") -> ParsedTask:
    """Read a definition that another file carries, citing `block`.

    With a `codec` ("utf-16-le", "utf-8") the block's bytes are the text in that encoding and every value cites its own bytes;
    without one each value cites the block as a whole.
    """
    return _parsed(read_text(text, block, codec, faults, limits, expected), faults, limits, NOT_KEPT)


def read_element(root: Element, document: Document, faults: Faults, limits: Limits) -> ParsedTask:
    """Read a definition that stands inside another document (a policy); its namespace is taken as it is."""
    return _Task(root, replace(document, remarks=(), others=()), Parts(document.places, root.namespace, faults, limits)).parsed(
        NOT_KEPT, NOT_KEPT
    )


def hashes(data: bytes) -> dict[str, str]:
    """SHA-256 in hex of the byte ranges that a Hash value may cover; the first is the one that winreg-kb describes."""
    mark = next((mark for mark in (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf") if data.startswith(mark)), b"")
    body = data[len(mark) :]
    found = {"without the byte-order mark": body}
    if mark:
        found["the whole file"] = data
    end = b"\r\0\n\0" if len(mark) == 2 or body[1:2] == b"\0" else b"\r\n"
    if body.endswith(end):
        found["without mark and last line end"] = body.removesuffix(end)
    else:
        found["without the mark, with a line end"] = body + end
    return {name: hashlib.sha256(part).hexdigest() for name, part in found.items()}


def accounted(record: TaskRecord) -> frozenset[str]:
    """The paths of elements and attributes that a record's stated and unreadable values and its extras cite."""
    found: set[str] = set()
    for _, reading in leaves(record):
        if reading.state in (State.STATED, State.UNREADABLE):
            found.update(getattr(ref.place, "xpath", "") for ref in reading.refs)
    return frozenset(found)


def _hash(data: bytes, document: Document) -> Reading[str]:
    if not data:
        return NOT_KEPT
    (first, value), *others = hashes(data).items()
    note = f"SHA-256 of the file {first}; also: " + ", ".join(f"{name} {other}" for name, other in others)
    return stated(value, document.everything(), note=note)


def _encoding(document: Document) -> Reading[str]:
    decoded = document.decoded
    if not decoded.text:
        return NOT_KEPT
    end = decoded.text.find("?>") + 2 if decoded.declared else 1
    return stated(decoded.encoding, document.places.span(0, end, "/"), raw=decoded.declared, note=decoded.lie)


def _parsed(document: Document, faults: Faults, limits: Limits, hash_found: Reading[str]) -> ParsedTask:
    root = document.root
    reason = document.reason or _not_a_task(root, faults)
    if root is None or reason:
        return ParsedTask(
            False,
            document.everything(),
            reason,
            False,
            encoding=_encoding(document),
            hash_found=hash_found,
            extras=_shown(document),
        )
    if root.namespace != NAMESPACE:
        found = f"the namespace {show(root.namespace, 200)}" if root.namespace else "no namespace"
        faults.add(
            Weight.DOUBT, "xml.namespace", document.places.spot(root.start), tried=f"find the namespace {NAMESPACE}", found=found,
            advice="Windows would not take it as a task; it is read as if it were one",
        )  # fmt: skip
    reading = _Task(root, document, Parts(document.places, root.namespace, faults, limits))
    return reading.parsed(_encoding(document), hash_found)


def _not_a_task(root: Element | None, faults: Faults) -> str:
    if root is None or root.local.lower() == "task":
        return ""
    name = show(root.name, 100)
    faults.add(
        Weight.LOST, "xml.not-a-task", "the root element", tried="find the element Task", found=f"the element {name}",
        lost="this telling of the task, if it is one", advice="look at the file's text",
    )  # fmt: skip
    return f"its root element is {name}, not Task"


def _shown(document: Document) -> tuple[Extra, ...]:
    """The text of what is not read, so that it can be looked at."""
    text = document.decoded.text
    if not text or document.reason in ("empty", "blank"):
        return ()
    note = f"cut: {len(text):,} characters in the file" if len(text) > _RAW_KEPT else ""
    return (Extra("text", stated(text[:_RAW_KEPT], document.everything(), note=note)),)


class _Task:
    """The sections of one Task element."""

    def __init__(self, root: Element, document: Document, parts: Parts) -> None:
        self.root, self.document, self.parts = root, document, parts
        self.sections: dict[str, Element] = {}

    def parsed(self, encoding: Reading[str], hash_found: Reading[str]) -> ParsedTask:
        self._divide()
        registration = self._registration()
        settings = Settings(**self._section("Settings", SETTINGS))
        triggers = self._triggers()
        actions, context = self._actions()
        principal = self._principal(context)
        self._remarks()
        return ParsedTask(
            True, self.parts.ref(self.root), "", self.document.whole, registration, principal, triggers, actions, settings,
            encoding, hash_found, context, self.parts.all_extras(),
        )  # fmt: skip

    def _divide(self) -> None:
        """Find the sections; whatever else stands below Task is kept."""
        for child in name_children(self.root):
            known = child.namespace == self.parts.namespace and child.local in SECTIONS
            if known and child.local not in self.sections:
                self.sections[child.local] = child
            else:
                self.parts.keep_element(child, note="a second section of this name" if known else "")
                if known:
                    self.parts.faults.add(
                        Weight.DOUBT, "xml.section-twice", f"{child.path}, {self.parts.places.spot(child.start)}",
                        tried="find each section once", found=f"a second {child.local}",
                        advice="Windows would refuse the task; the first is shown, the second is kept beside it",
                    )  # fmt: skip
        self.parts.loose_text(self.root)

    def _section(self, name: str, table: Table) -> Readings:
        section = self.sections.get(name)
        return self.parts.fields(section, table, {}) if section else self.parts.nothing(table, self.root)

    def _registration(self) -> Registration:
        found = self._section("RegistrationInfo", REGISTRATION)
        self.parts.attributes(self.root, {"version": "schema"}, found)
        data = self.sections.get("Data")
        found["data"] = self.parts.raw(data) if data else not_stated(None, self.parts.ref(self.root))
        return Registration(**found)

    def _triggers(self) -> tuple[Trigger, ...]:
        if section := self.sections.get("Triggers"):
            self.parts.attributes(section, {}, {})
        return tuple(self._trigger(child) for child in self._many("Triggers", self.parts.limits.triggers))

    def _many(self, section: str, limit: int) -> list[Element]:
        """The children of Triggers or Actions; more than Windows takes are told, and made all the same."""
        parent = self.sections.get(section)
        if parent is None:
            return []
        children = name_children(parent)
        self.parts.loose_text(parent)
        if len(children) > limit:
            self.parts.faults.add(
                Weight.DOUBT, "xml.too-many", parent.path, tried=f"read at most {limit}, as Windows does",
                found=f"{len(children):,} of them", advice="Windows would refuse the task",
            )  # fmt: skip
        for child in children[_MOST:]:
            self.parts.keep_element(child)
        return children[:_MOST]

    def _trigger(self, element: Element) -> Trigger:
        known = element.namespace == self.parts.namespace and element.local in TRIGGERS
        table = TRIGGERS[element.local] if known else UNKNOWN_TRIGGER
        found = self.parts.fields(element, table, {"id": "id"})
        note = "" if known else _unknown(element, self.parts.namespace, "trigger")
        found["type"] = stated(element.local, self.parts.places.head(element), note=note)
        if element.local == "TimeTrigger" and known:
            found["schedule.kind"] = stated("Once", self.parts.places.head(element))
        elif element.local == "CalendarTrigger" and known and "schedule.kind" not in found:
            found["schedule.kind"] = not_stated(None, self.parts.ref(element), note="no schedule, though the schema demands one")
        schedule = {name.removeprefix(_SCHEDULE): found.pop(name) for name in list(found) if name.startswith(_SCHEDULE)}
        values: dict[str, Any] = found
        trigger = Trigger(**values)
        return replace(trigger, schedule=Schedule(**schedule)) if schedule else trigger

    def _actions(self) -> tuple[tuple[Action, ...], Reading[str]]:
        actions = tuple(self._action(child) for child in self._many("Actions", self.parts.limits.actions))
        section = self.sections.get("Actions")
        if section is None:
            self.parts.faults.add(
                Weight.DOUBT, "xml.no-actions", self.root.path, tried="find what the task starts", found="no element Actions",
                lost="what the task starts, if it was there", advice="Windows would refuse the task",
            )  # fmt: skip
            return actions, not_stated(None, self.parts.ref(self.root))
        found: Readings = {}
        self.parts.attributes(section, {"Context": "context"}, found)
        return actions, found["context"]

    def _action(self, element: Element) -> Action:
        known = element.namespace == self.parts.namespace and element.local in ACTIONS
        near = next((name for name in ACTIONS if name.lower() == element.local.lower()), "")
        table = ACTIONS.get(near, {})
        note = "" if known else _unknown(element, self.parts.namespace, "action")
        if not known:
            self.parts.faults.add(
                Weight.DOUBT, "xml.unknown-action", f"{element.path}, {self.parts.places.spot(element.start)}",
                tried="find an action of the schema", found=show(element.name, 100), advice="compare with the registry's actions",
            )  # fmt: skip
        reader = self.parts if known or element.namespace == self.parts.namespace else self._foreign(element.namespace)
        found = reader.fields(element, table, {"id": "id"})
        found["type"] = stated(element.local, self.parts.places.head(element), note=note)
        return Action(**found)

    def _foreign(self, namespace: str) -> Parts:
        """A reader for an action that stands in another namespace; what no field takes goes to the same extras."""
        foreign = Parts(self.parts.places, namespace, self.parts.faults, self.parts.limits)
        foreign.extras = self.parts.extras
        return foreign

    def _principal(self, context: Reading[str]) -> Principal:
        section = self.sections.get("Principals")
        principals: list[Element] = []
        for child in name_children(section) if section else ():
            if child.namespace == self.parts.namespace and child.local == "Principal":
                principals.append(child)
            else:
                self.parts.keep_element(child)
        if section:
            self.parts.attributes(section, {}, {})
            self.parts.loose_text(section)
        if not principals:
            found = self.parts.nothing(PRINCIPAL, section or self.root)
            return Principal(**found, id=not_stated(None, self.parts.ref(section or self.root)))
        named = [element for element in principals if context.value in [a.value for a in element.attributes if a.name == "id"]]
        chosen = named[0] if named else principals[0]
        for element in principals:
            if element is not chosen:
                self.parts.keep_element(element, note="a further principal: the actions run as another")
        return Principal(**self.parts.fields(chosen, PRINCIPAL, {"id": "id"}))

    def _remarks(self) -> None:
        """Keep comments, instructions, what was passed over or could not be read, and further roots."""
        text = self.document.places.text
        for remark in self.document.remarks:
            content = text[remark.start : min(remark.stop, remark.start + _RAW_KEPT)]
            self.parts.keep(f"{remark.kind}()", remark.start, remark.stop, content)
        for number, root in enumerate(self.document.others, 2):
            root.path = f"/{root.name[:64]}[{number}]"
            self.parts.keep_element(root, note="a second root element")


def _unknown(element: Element, namespace: str, what: str) -> str:
    if element.namespace != namespace:
        where = f"in the namespace {element.namespace!r}" if element.namespace else "in no namespace"
        return f"{where}: Windows knows no such {what}"
    return f"Windows knows no {what} of this name"
