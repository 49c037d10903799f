"""Hands on the keys and files of tasks that events saw: who took away or wrote what, and with which program.

The service writes there itself, in svchost.exe; so do servicing, setup and a few updaters (SigmaHQ's list of legitimate writers,
rule 4720b7df, and formats.md of the material, 8.3). Nothing but the service takes away SD or sets Index.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import translate
from functools import cache

from triptych import resources
from triptych.analysis.acts import Act
from triptych.analysis.links import address_of
from triptych.analysis.touches import (
    ASKED,
    CACHE,
    DELETED,
    FILE,
    FLAGS,
    INDEX,
    MADE,
    RENAMED,
    RIGHTS,
    SET,
    TASKS,
    TREE,
    WRITTEN,
    Touch,
    touch_of,
)
from triptych.model.event import Event
from triptych.model.evidence import EvidenceRef
from triptych.model.finding import Confidence, Finding, Severity
from triptych.model.paths import fold
from triptych.rules.lives import acts, causes, effects, hand, row, tasks_by_path
from triptych.rules.lookups import once
from triptych.rules.phrases import cited, count, join, quoted, sentences
from triptych.rules.rule import Context, Rule
from triptych.rules.witnesses_words import act_words, of_view

_KINDS = (
    "registry-key", "registry-changed", "registry-renamed", "file-created", "file-deleted", "object-touched", "permissions-changed",
    "handle", "share-access",
)  # fmt: skip
_MANY = 12  # tasks that one program touches: software that is installed, removed or cleaned up, told once
_SHOWN = 6
_OTHER_SERVICES = ("local service", "network service", "s-1-5-19", "s-1-5-20")
_VALUES = frozenset(("sd", "index"))
_ASKED = {WRITTEN: "write", DELETED: "delete", RIGHTS: "change the rights of"}
_HEAVY = frozenset(("actions", "triggers", "id", "path", "dynamicinfo", "hash"))


@dataclass(frozen=True, slots=True)
class _Hand:
    """One event of a hand on a task."""

    event: Event
    touch: Touch
    path: str


def _check(context: Context) -> Iterator[Finding]:
    by_task: dict[str, list[_Hand]] = defaultdict(list)
    for found in _hands(context):
        by_task[fold(found.path) or found.touch.guid or "\\"].append(found)
    crowds = _crowds(by_task)
    for key in sorted(by_task):
        yield from _of_task(context, [one for one in by_task[key] if fold(one.event.process) not in crowds or _is_grave(one.touch)])
    for program in sorted(crowds):
        held = [
            one for hands in by_task.values() for one in hands if fold(one.event.process) == program and not _is_grave(one.touch)
        ]
        if held:
            yield _of_crowd(context, held)
    yield from _by_lines(context, set(by_task))


def _hands(context: Context) -> Iterator[_Hand]:
    paths = once(context, "paths by guid", lambda: {task.guid: task.path for task in context.case.tasks if task.guid})
    for event in of_view(context, *_KINDS):
        touch = touch_of(event)
        if touch is not None and touch.deed == ASKED and _led_to_deletion(context, event):
            touch = replace(touch, deed=DELETED)
        if touch is None or touch.part not in (TREE, TASKS, INDEX, CACHE, FLAGS, FILE) or touch.deed == ASKED:
            continue
        if not _is_regular(context, event, touch):
            yield _Hand(event, touch, touch.task or paths.get(touch.guid, ""))


def _led_to_deletion(context: Context, event: Event) -> bool:
    """Whether the object of a handle (4656) was deleted through it: 4660 says so without a name, a 4663 between would say it too."""
    for tie, _ in effects(context, row(context, event), "handle"):
        return all(other.kind == "handle" for _, other in causes(context, tie.effect, "handle"))
    return False


def _is_grave(touch: Touch) -> bool:
    """SD or Index taken away or set, whole keys deleted: what hides a task."""
    named = fold(touch.value)
    return touch.part == TREE and (named in _VALUES or (not named and touch.deed in (DELETED, RIGHTS, RENAMED)))


@cache
def _writers() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """The service's own program, and the programs that are known to write to tasks beside it, by their whole paths."""
    table = resources.table("words/task_writers.json")
    return re.compile(translate(table["service"])), re.compile("|".join(translate(path) for path in table["writers"]))


def _is_regular(context: Context, event: Event, touch: Touch) -> bool:
    """Whether the service did it, or a program that is known to write there; SD and Index are the service's alone."""
    process, (service, writers) = fold(event.process), _writers()
    if service.match(process):
        return not _is_other_service(context, event)
    if touch.part == FILE and touch.deed not in (DELETED, RIGHTS) and not process and event.kind != "share-access":
        return True
    if touch.deed == MADE and not touch.value and touch.part in (CACHE, INDEX):
        return True
    return not (touch.part == TREE and fold(touch.value) in _VALUES) and writers.match(process) is not None


def _is_other_service(context: Context, event: Event) -> bool:
    """Whether a service host is not the scheduler's: its account, or the line it was started with (Remote Registry writes so)."""
    if fold(event.account).endswith(_OTHER_SERVICES[:2]) or fold(event.account) in _OTHER_SERVICES:
        return True
    for _, process in causes(context, row(context, event), "client"):
        line = fold(process.command)
        if " -s " in line and not line.rpartition(" -s ")[2].startswith("schedule"):
            return True
    return False


def _crowds(by_task: dict[str, list[_Hand]]) -> set[str]:
    """Programs that touched very many tasks."""
    found: dict[str, set[str]] = defaultdict(set)
    for key, hands in by_task.items():
        for one in hands:
            found[fold(one.event.process)].add(key)
    return {program for program, tasks in found.items() if len(tasks) >= _MANY}


def _of_task(context: Context, hands: Sequence[_Hand]) -> Iterator[Finding]:
    if not hands:
        return
    first = hands[0]
    path = next((one.path for one in hands if one.path), "")
    task = tasks_by_path(context).get(fold(path)) if path else None
    name = path or first.touch.guid or first.touch.object
    grave = [one for one in hands if _is_grave(one.touch)]
    ordered = (*grave, *(one for one in hands if not _is_grave(one.touch)))[:_SHOWN]
    severity, moved = _weigh(hands, grave)
    shown = grave or hands
    logged, logged_refs = _behind(context, shown)
    yield TAMPERING_LOGGED.finding(
        task,
        f"hand {fold(name)}",
        summary=f"{name}: {_deed(context, shown[0])} at {shown[0].event.time.iso}",
        why=sentences(
            f"Events tell of {count(len(hands), 'act')} on its keys or file that the service did not do: "
            + join([f"{_deed(context, one)} at {one.event.time.iso}" for one in ordered], _SHOWN)
            + (f", and {len(hands) - _SHOWN:,} more." if len(hands) > _SHOWN else "."),
            _meaning(grave),
            "Event 5145 tells which rights were asked for over a share, not what was done with them."
            if any(one.event.kind == "share-access" for one in shown)
            else "",
            logged,
            moved,
        ),
        refs=cited(*((one.event.ref,) for one in shown), *((one.event.ref,) for one in hands), logged_refs),
        severity=severity,
        confidence=Confidence.CERTAIN if grave else Confidence.LIKELY,
        time=shown[0].event.time,
    )


def _meaning(grave: Sequence[_Hand]) -> str:
    """What Windows makes of what was done."""
    if any(fold(one.touch.value) in _VALUES and one.touch.deed in (DELETED, SET, WRITTEN) for one in grave):
        return "Without its SD, or with an Index of 0, a task runs on and no tool of Windows lists it."
    if any(one.touch.deed in (DELETED, RENAMED) for one in grave):
        return "Without its Tree key no tool of Windows lists a task; the service runs it from memory until it is started anew."
    return "Who may not read its Tree key does not see the task in any list." if grave else ""


def _deed(context: Context, one: _Hand) -> str:
    if one.event.kind == "share-access":
        address = address_of(one.event)
        who = f"{hand(one.event, context.case.host)}, over the network{f' from {address}' if address else ''},"
        return f"{who} asked to {_ASKED[one.touch.deed]} its file"
    process = one.event.process or "a process not named"
    data = f" to {quoted(one.touch.data, 60)}" if one.touch.deed == SET and one.touch.data.strip("-") else ""
    return f"{process} (as {hand(one.event, context.case.host)}) {one.touch.words}{data}"


def _weigh(hands: Sequence[_Hand], grave: Sequence[_Hand]) -> tuple[Severity, str]:
    if grave:
        return Severity.HIGH, ""
    if all(one.touch.part == FILE for one in hands):
        return Severity.MEDIUM, (
            "Only its file was touched: backup programs restore such files, and since Windows 8 the service does not act on them. "
            "Judged medium."
        )
    if not any(_is_heavy(one.touch) for one in hands):
        return Severity.MEDIUM, "Nothing that makes a task run or hides it was touched. Judged medium."
    return Severity.HIGH, ""


def _is_heavy(touch: Touch) -> bool:
    """Whether it may be what makes a task run: 4663 tells that a value was written and not which."""
    unnamed = touch.deed == WRITTEN and touch.part in (TREE, TASKS) and not touch.value
    return unnamed or fold(touch.value) in _HEAVY or touch.deed in (DELETED, RIGHTS, RENAMED)


def _behind(context: Context, hands: Sequence[_Hand]) -> tuple[str, tuple[EvidenceRef, ...]]:
    """The command line of the process and the logon it belongs to, where events tell them."""
    words: dict[str, None] = {}
    refs: list[EvidenceRef] = []
    for one in hands[:_SHOWN]:
        at = row(context, one.event)
        for tie, process in causes(context, at, "client"):
            if process.command:
                words[f"The process was started with {quoted(process.command, 300)} at {process.time.iso}."] = None
                refs.append(process.ref)
            for _, parent in causes(context, tie.cause, "parent"):
                words[f"It was started by {parent.process or 'a process not named'} {quoted(parent.command, 200)}."] = None
                refs.append(parent.ref)
        for tie, logon in causes(context, at, "logon"):
            words[f"Behind it stands {tie.why.partition(': ')[2]}, at {logon.time.iso}."] = None
            refs.append(logon.ref)
    return " ".join(list(words)[:_SHOWN]), tuple(refs)


def _of_crowd(context: Context, hands: Sequence[_Hand]) -> Finding:
    """A program that touched very many tasks, and hid none of them."""
    first = hands[0]
    names = sorted({one.path or one.touch.guid or one.touch.object for one in hands}, key=fold)
    process = first.event.process or "A process that is not named"
    return TAMPERING_LOGGED.finding(
        None,
        f"crowd {fold(first.event.process)}",
        summary=f"{process} touched keys or files of {count(len(names), 'task')} from {first.event.time.iso} on",
        why=sentences(
            f"The tasks: {join(names)}. It is not the service that keeps them.",
            "Software that is installed, removed or cleaned up touches many tasks at once; it touched no SD and no Index. Judged medium.",
        ),
        refs=cited(*((one.event.ref,) for one in hands)),
        severity=Severity.MEDIUM,
        confidence=Confidence.POSSIBLE,
        time=first.event.time,
    )


def _by_lines(context: Context, seen: set[str]) -> Iterator[Finding]:
    """Command lines and scripts that take SD or Index away or write to TaskCache, where no event of the registry tells of it."""
    found: dict[tuple[str, str], list[Act]] = defaultdict(list)
    for act in acts(context):
        if act.verb in ("hide", "remove-key", "edit-key"):
            found[act.host.casefold(), fold(act.task) or "TaskCache"].append(act)
    for (host, key), held in sorted(found.items(), key=lambda one: one[0]):
        if key in seen and not host:
            continue
        first = next((act for act in held if act.verb == "hide"), held[0])
        hides = first.verb == "hide"
        yield TAMPERING_LOGGED.finding(
            None if host else tasks_by_path(context).get(key),
            f"line {host} {key}" if host else f"line {key}",
            summary=f"{first.task or 'TaskCache'}: {hand(first.event, context.case.host)} {first.words} at {first.time.iso}",
            why=sentences(
                *(act_words(act, context) for act in held[:_SHOWN]),
                "Without its SD, or with an Index of 0, a task runs on and no tool of Windows lists it." if hides else "",
                "A command line says what somebody tried. No event of the registry says whether it came about; look at the keys"
                + (f" of the computer {first.host}." if host else "."),
            ),
            refs=cited(*(act.refs for act in held)),
            severity=Severity.HIGH if hides or any(act.task for act in held) else Severity.MEDIUM,
            confidence=Confidence.LIKELY,
            time=first.time,
        )


TAMPERING_LOGGED = Rule(
    "tampering-logged",
    Severity.HIGH,
    "Events show a hand on the keys or the file of a task that is not the service's.",
    "A backup that is restored, an antivirus program that removes a task, a script of an administrator who cleans up leftovers.",
    (
        "Compare the task in registry, file and scheduler, and look for deleted values in the free space of the hive.",
        "Look at the process and the logon behind it, and at what else they did in that hour.",
    ),
    _check,
)
