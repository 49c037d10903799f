"""What an entry says in words: in a row, beside a marker, in a report. No Qt."""

from __future__ import annotations

from triptych.gui.clock import Clock
from triptych.gui.events_columns import Entries
from triptych.gui.timeline_lanes import LANES
from triptych.gui.words import citation
from triptych.model.event import Event
from triptych.model.evidence import EvidenceFile

_TELLING = (
    ("LogonType", "type "), ("IpAddress", "from "), ("WorkstationName", "from "), ("ClientAddress", "from "), ("ClientName", "from "),
    ("RelativeTargetName", ""), ("ObjectName", ""), ("TaskInstanceId", "instance "), ("InstanceId", "instance "), ("ActionName", "action "),
    ("Path", ""), ("ResultCode", "result "), ("ErrorCode", "error "), ("TargetFilename", ""), ("TargetObject", ""), ("Details", ""),
    ("SubcategoryGuid", "subcategory "), ("AuditPolicyChanges", ""), ("Channel", "channel "), ("BackupPath", "kept as "),
    ("NewTime", "to "), ("param1", ""), ("param2", ""), ("ScriptBlockText", ""), ("Query", ""), ("Operation", ""),
)  # fmt: skip
_NOTHING = ("", "-", "::1", "127.0.0.1", "N/A")
SOURCES = {source: lane.title for lane in LANES for source in lane.sources} | {
    "xml": "XML file",
    "file": "File",
    "job": "Job",
    "listing": "Listing",
}


def source_words(source: str) -> str:
    return SOURCES.get(source, source)


def text_of(entries: Entries, row: int) -> str:
    """The sentence of a row."""
    moment, event = entries.moment_of(row), entries.event_of(row)
    if event is None:
        return moment.text if moment is not None else ""
    told = _told(event)
    said = event.words + (f": {told}" if told else "")
    return said + (" (recovered)" if event.recovered else "") + (f" (in {event.view})" if event.view else "")


def _told(event: Event) -> str:
    values = dict(reversed(event.data))
    shown = {event.task, event.account, event.process, event.command}
    said = [
        f"{before}{values[name]}" for name, before in _TELLING if values.get(name, "") not in _NOTHING and values[name] not in shown
    ]
    if event.command:
        said.insert(0, event.command.strip())
    elif event.process and event.process != "-":
        said.insert(0, event.process)
    if event.task:
        said.insert(0, event.task)
    if event.logon_id:
        said.append(f"logon {event.logon_id}")
    return ", ".join(said)


def brief(entries: Entries, row: int) -> str:
    """What stands beside a marker: the EventID and a word, or the kind of a moment."""
    kind = entries.kind(row)
    if not kind.event_id:
        return kind.kind.replace("-", " ")
    command = entries.text("process", row).rpartition("\\")[2] if kind.kind.startswith("process") else ""
    return f"{kind.event_id} {command or kind.words.lower()}"


def short(entries: Entries, row: int) -> str:
    """The EventID, or the kind where there is none."""
    kind = entries.kind(row)
    return kind.event_id or kind.kind.replace("-", " ")


def title(entries: Entries, row: int) -> str:
    kind = entries.kind(row)
    return f"{source_words(kind.source)} {kind.event_id}".rstrip()


def report_text(entries: Entries, row: int, clock: Clock, files: tuple[EvidenceFile, ...]) -> str:
    """An entry as a few lines that a report can take, with what it rests on."""
    lines = [f"{clock.moment(entries.time(row))}  {title(entries, row)}: {text_of(entries, row)}"]
    for name, words in (("task", "Task"), ("account", "Account"), ("process", "Process"), ("command", "Command")):
        told = entries.text(name, row)
        if told:
            lines.append(f"{words}: {told}")
    lines += [citation(ref, files) for ref in entries.refs(row)]
    return "\n".join(lines)
