"""An event in one line of plain words: what happened, to which task, by whom, with which process and command."""

from __future__ import annotations

from collections.abc import Callable

from triptych import resources
from triptych.analysis.acts import Act
from triptych.analysis.links import address_of, logon_words
from triptych.analysis.links_commands import runs_as, starts
from triptych.analysis.touches import Touch
from triptych.model.event import Event

_LONGEST = 400  # characters of a command or value in a line; the event has the rest
_ASKED = frozenset(("registered", "updated", "deleted", "enabled", "disabled"))


def told(event: Event, task: str | None, touch: Touch | None = None, acts: tuple[Act, ...] = ()) -> str:
    """The line. `task` is the task's path, where the event names one or touches one; `acts` what its command does to tasks."""
    head = _head(event, task, touch)
    parts = [*_who(event), *_details(event, touch)]
    parts += [f"the command reads as: {cut(act.words)}" for act in acts]
    if event.recovered:
        parts.append("recovered from the log by our own reading")
    return f"{head}; {'; '.join(parts)}" if parts else head


def _head(event: Event, task: str | None, touch: Touch | None) -> str:
    words = _WORDS.get((event.lane, event.kind), event.words)
    if touch is not None and event.kind != "share-access":
        who = cut(event.process) or "a process not named"
        return f"{event.words}: {who} {cut(touch.of(task or touch.guid or touch.object))}"
    if event.event_id in (1102, 104) and event.kind == "log-cleared":
        return words if event.event_id == 1102 else f"{words}: {event.get('Channel') or 'not named'}"
    if event.kind == "process-created" and event.lane in ("security", "sysmon"):
        return f"{words}: {cut(event.process) or 'not named'}"  # the task stands where the act is told
    return f"{words}: {task}" if task else words


_WORDS = {
    ("security", "registered"): "Task created",
    ("sysmon", "process-created"): "Process created",
    ("tasks-log", "process-created"): "Process of a task created",
}


def _who(event: Event) -> list[str]:
    """By whom, or as whom: an event of a run names the account of the run."""
    if event.kind == "logon" or not event.account:
        return []
    if event.lane == "tasks-log":  # 106 and 142 name the account of the task where that is another one than the hand's
        return [f"{'user' if event.kind in _ASKED else 'as'} {event.account}"]
    named = f"by {event.account}"
    return [f"{named}, logon {event.logon_id}"] if event.lane == "security" and event.logon_id and event.kind in _ASKED else [named]


def _details(event: Event, touch: Touch | None) -> list[str]:
    maker = _DETAILS.get((event.lane, event.kind)) or _DETAILS.get(("", event.kind))
    if touch is not None and event.kind != "share-access":
        maker = _touched
    found = maker(event) if maker else _plain(event)
    return [*found, *_result(event)]


def _result(event: Event) -> list[str]:
    text = event.result.strip()
    if not text.isascii() or not text.isdigit() or len(text) > 20:
        return [f"result {cut(text)}"] if text else []
    code = int(text) & 0xFFFFFFFF
    meaning = resources.table("words/result_codes.json")["codes"].get(f"0x{code:08X}", "")
    return [f"result 0x{code:X}" + (f", {meaning.rstrip('.')}" if meaning else "")]


def _plain(event: Event) -> list[str]:
    parts = [cut(event.process)] if event.process else []
    if event.process_id is not None:
        parts.append(f"process {event.process_id}")
    if event.command:
        parts.append(cut(event.command))
    return parts


def _defined(event: Event) -> list[str]:
    """A definition in an event: what it starts, and as whom."""
    parts = []
    if event.lane == "security" and event.process_id is not None:
        parts.append(f"asked for by process {event.process_id}")
    if command := starts(event.content):
        parts.append(f"it starts {cut(command)}")
    if account := runs_as(event.content):
        parts.append(f"as {account}")
    return parts


def _process(event: Event) -> list[str]:
    number = event.get("NewProcessId") or event.get("ProcessId")
    parts = [f"process {event.process_id}"] if event.process_id is not None else [f"process {number}"] if number else []
    parent = event.get("ParentProcessName") or event.get("ParentImage")
    if parent or event.parent_id is not None:
        named = f" (process {event.parent_id})" if event.parent_id is not None else ""
        parts.append(f"started by {cut(parent) or 'a process not named'}{named}")
    if event.command:
        parts.append(f"command line {cut(event.command)}")
    return parts


def _logon(event: Event) -> list[str]:
    words = logon_words(event)
    return [words.removeprefix("a "), f"logon {event.logon_id}"] if event.logon_id else [words.removeprefix("a ")]


def _share(event: Event) -> list[str]:
    address = address_of(event)
    target = f"{event.get('ShareName')}\\{event.get('RelativeTargetName')}".strip("\\")
    return [*([f"from {address}"] if address else []), f"it reached {cut(target)}"]


def _touched(event: Event) -> list[str]:
    data = event.get("Details") or event.get("NewValue") or event.get("NewName")
    parts = [f"process {event.process_id}"] if event.process_id is not None else []
    if data.strip("-"):
        parts.append(f"data {cut(data)}")
    return parts


def _audit(event: Event) -> list[str]:
    changes = {"%%8448": "success removed", "%%8449": "success added", "%%8450": "failure removed", "%%8451": "failure added"}
    told = event.get("AuditPolicyChanges")
    for code, words in changes.items():
        told = told.replace(code, words)
    return [f"subcategory {event.get('SubcategoryGuid')}", *([told] if told else [])]


def _time(event: Event) -> list[str]:
    before, after = event.get("PreviousTime") or event.get("OldTime"), event.get("NewTime")
    return [f"from {before} to {after}"] if before and after else []


def _service(event: Event) -> list[str]:
    names = ("ServiceName", "ImagePath", "ServiceFileName", "param1", "param2", "param3", "param4")
    return [cut(", ".join(value for name in names if (value := event.get(name))))] if any(map(event.get, names)) else []


_DETAILS: dict[tuple[str, str], Callable[[Event], list[str]]] = {
    ("security", "registered"): _defined, ("security", "updated"): _defined, ("security", "deleted"): _defined,
    ("security", "enabled"): _defined, ("security", "disabled"): _defined, ("security", "process-created"): _process,
    ("sysmon", "process-created"): _process, ("", "logon"): _logon, ("", "share-access"): _share, ("", "audit-changed"): _audit,
    ("", "time-changed"): _time, ("", "service-installed"): _service, ("", "service-state"): _service,
    ("", "service-control"): _service, ("", "service-start-type"): _service,
}  # fmt: skip


def cut(text: str) -> str:
    """One line of at most some hundred characters; line ends become blanks."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}\u2026 ({len(line) - _LONGEST:,} more characters)"
