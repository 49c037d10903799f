"""Group Policy preferences: tasks that a policy brings to a machine (ScheduledTasks.xml).

Source: MS-GPPREF 2.2.1.16 (Task, ImmediateTask of the old scheduler; TaskV2, ImmediateTaskV2 with a whole task definition
inside), and CVE-2014-1812 for `cpassword`, a password under a key that the vendor published: shown as it stands, never decrypted here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from triptych.formats.faults import Faults
from triptych.formats.task_xml import ParsedTask, read_element
from triptych.formats.task_xml_parts import name_children
from triptych.formats.xml_document import Document, read_document
from triptych.formats.xml_scan import Element
from triptych.limits import Limits
from triptych.model.case import Weight
from triptych.model.display import show
from triptych.model.evidence import EvidenceRef, FilePlace, Reading, Span, stated
from triptych.model.task import Text

KINDS = ("Task", "TaskV2", "ImmediateTask", "ImmediateTaskV2")
ACTIONS = {"C": "create", "R": "replace", "U": "update", "D": "delete"}
_MOST = 5_000
_GUID = re.compile(r"\{[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}")
# Attributes by the names that rules and people know them by; all others keep their own.
_NAMES = {
    "appName": "command", "args": "arguments", "startIn": "working_directory", "runAs": "account", "logonType": "logon_type",
    "comment": "comment", "deleteWhenDone": "delete_when_done", "maxRunTime": "max_run_time",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PolicyTask:
    """A task of a policy: the element that states it, the name it gets, and what it says, each with its bytes.

    `parsed` is the definition inside, where there is one (the V2 kinds).
    """

    element: str
    name: str
    readings: tuple[tuple[str, Text], ...]
    ref: EvidenceRef
    parsed: ParsedTask | None = None


def read_policy(data: bytes, file: str, faults: Faults, limits: Limits) -> tuple[PolicyTask, ...]:
    """The tasks of a ScheduledTasks.xml. Never raises; another document gives a problem and nothing else."""
    document = read_document(data, file, faults, limits, _expected)
    root = document.root
    if root is None:
        return ()
    if root.local != "ScheduledTasks":
        faults.add(
            Weight.NOTE, "policy.not-tasks", "the root element", tried="find the element ScheduledTasks",
            found=f"the element {show(root.name, 100)}", lost="nothing, if the file is of another kind",
        )  # fmt: skip
        return ()
    found = [_task(child, document, file, faults, limits) for child in name_children(root)[:_MOST]]
    if len(root.children) > _MOST:
        lost = f"{len(root.children) - _MOST:,} tasks"
        faults.add(
            Weight.LOST, "policy.too-many", "/ScheduledTasks", tried="read all tasks", found=f"more than {_MOST:,}", lost=lost
        )
    return tuple(found)


def _expected(parent: str, child: str) -> bool:
    return child in KINDS or parent in (*KINDS, "Properties", "Actions", "Exec", "Principals", "Principal")


def where(path: str) -> tuple[str, str]:
    """The GUID of the policy (upper case) and whether it is of the machine or of a user, as the path of the file tells."""
    guids: list[str] = _GUID.findall(path)
    names = [name.casefold() for name in path.split("/")]
    scope = "machine" if "machine" in names else "user" if "user" in names else ""
    return (guids[-1].upper() if guids else "", scope)


def _task(element: Element, document: Document, file: str, faults: Faults, limits: Limits) -> PolicyTask:
    places = document.places
    if element.local not in KINDS:
        faults.add(
            Weight.DOUBT, "policy.unknown", places.spot(element.start), tried="find a kind of task",
            found=f"the element {show(element.name, 100)}", lost="nothing: it is listed under its own name",
        )  # fmt: skip
    readings: list[tuple[str, Text]] = [("element", stated(element.local, places.head(element)))]
    readings += _attributes(element, document)
    parsed = None
    for child in name_children(element):
        if child.local != "Properties":
            readings += _rest(child, document)
            continue
        readings += _attributes(child, document)
        for inner in name_children(child):
            if inner.local == "Task" and parsed is None:
                parsed = read_element(inner, document, faults, limits)
            else:
                readings += _rest(inner, document)
    if parsed is not None:
        readings += _definition(parsed)
    readings += _place(file)
    merged = _first_wins(readings)
    name = next((reading.value or "" for key, reading in merged if key == "name"), "")
    return PolicyTask(element.local, name, merged, places.element(element), parsed)


def _attributes(element: Element, document: Document) -> list[tuple[str, Text]]:
    found: list[tuple[str, Text]] = []
    for attribute in element.attributes:
        name = _NAMES.get(attribute.name, attribute.name)
        note = ACTIONS.get(attribute.value.upper(), "no action of the format") if name == "action" else ""
        found.append((name, stated(attribute.value, document.places.attribute(element, attribute), note=note)))
    return found


def _rest(element: Element, document: Document) -> list[tuple[str, Text]]:
    """An element that has no place of its own (triggers of the old kind, filters): as it is written."""
    text = document.places.text[element.start : element.stop]
    note = f"cut: {len(text):,} characters in the file" if len(text) > 8_192 else ""
    return [(element.local[:64].lower(), stated(text[:8_192], document.places.element(element), note=note))]


def _definition(parsed: ParsedTask) -> list[tuple[str, Text]]:
    """The parts of the definition inside that say what runs, as whom, and when."""
    found: list[tuple[str, Text]] = []
    for number, action in enumerate(parsed.actions):
        suffix = f"[{number}]" if number else ""
        found += [
            (name + suffix, getattr(action, name))
            for name in ("type", "command", "arguments", "working_directory", "class_id", "data")
            if getattr(action, name).stated
        ]
    principal = parsed.principal
    account = principal.user_id if principal.user_id.stated else principal.group_id
    found += [("account", account), ("logon_type", principal.logon_type), ("run_level", principal.run_level)]
    found += [("author", parsed.registration.author), ("description", parsed.registration.description)]
    found += [(f"trigger[{number}]", trigger.type) for number, trigger in enumerate(parsed.triggers)]
    found += [(extra.name, extra.reading) for extra in parsed.extras]
    hidden = parsed.settings.hidden
    if hidden.stated:
        found.append(("hidden", Reading("true" if hidden.value else "false", hidden.state, hidden.refs)))
    return [(name, reading) for name, reading in found if reading.stated]


def _place(file: str) -> list[tuple[str, Text]]:
    guid, scope = where(file)
    ref = EvidenceRef(FilePlace(file), (Span(file, 0, 1),))
    named = (("policy", guid), ("scope", scope))
    return [(name, stated(value, ref, note="from the path of the file")) for name, value in named if value]


def _first_wins(readings: list[tuple[str, Text]]) -> tuple[tuple[str, Text], ...]:
    """A reading of a name that is taken gets a number, so that nothing is hidden behind another; equal ones are one."""
    found: dict[str, Text] = {}
    for name, reading in readings:
        number, free = 1, name
        while free in found and found[free].value != reading.value:
            number += 1
            free = f"{name}#{number}"
        found.setdefault(free, reading)
    return tuple(found.items())
