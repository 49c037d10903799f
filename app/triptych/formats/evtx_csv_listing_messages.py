"""What the message text of an event tells, in any language: by quotation marks and the order of lines, not by words.

The scheduler's messages put each value in quotation marks (Microsoft Learn, "Task Monitoring and Control"; checked on English and
Japanese lists): a path begins with a backslash, a run is a GUID. The Security messages of tasks begin with the four lines of the
subject, then name the task and end with its XML. Sysmon's are `Name: value` lines with the names of the data themselves.
"""

from __future__ import annotations

import re

from triptych.formats.evtx_event import Pairs

TASKS = "Microsoft-Windows-TaskScheduler"
SECURITY = "Microsoft-Windows-Security-Auditing"
SYSMON = "Microsoft-Windows-Sysmon"

_QUOTED = re.compile(
    '["\u201c\u201e\u201d]([^"\u201c\u201e\u201d\r\n]*)["\u201c\u201d]|[\u00ab]\\s?([^\u00ab\u00bb\r\n]*?)\\s?\u00bb|\u300c([^\u300c\u300d\r\n]*)\u300d'
)
_GUID = re.compile(r"\{[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}")
_INTEGER = re.compile(r"(?<![\w.])\d{1,10}(?![\w.]*\w)", re.ASCII)
_CONTEXT = frozenset((100, 101, 102, 103, 106, 110, 330))  # those that call the account UserContext, the others UserName
_USER = frozenset((119, 120, 121, 122, 123, 124, 125, 140, 141, 142, 332))
_ACTIONS = frozenset((200, 201, 202, 203))
_RESULTS = frozenset((101, 103, 201, 202, 203))
_RUN_OF_ENGINE = frozenset((200, 201, 202, 203, 304, 322, 327, 328, 329, 330, 331))
_NAMELESS = frozenset(
    (104, 105, 115, 134, 145, 300, 301, 303, 309, 310, 311, 314, 317, 318, 320, 400, 401, 402, 403, 404, 411, 413, 700, 719)
)

_LINE = re.compile(r"^[ \t]*([^:\r\n]{1,80}):[ \t]*([^\r\n]*?)[ \t]*$", re.MULTILINE)
_HEX = re.compile(r"0x[0-9a-fA-F]{1,16}")
_XML = re.compile(r"(?:<\?xml[^>]{0,200}\?>\s*)?<Task[\s>].*</Task>", re.DOTALL)
_OF_TASKS = {4698: "TaskContent", 4699: "TaskContent", 4700: "TaskContent", 4701: "TaskContent", 4702: "TaskContentNew"}
_SUBJECT = ("SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId")
_ENGLISH = {  # of 4688; in another language they are left out
    "New Process ID": "NewProcessId", "New Process Name": "NewProcessName", "Creator Process ID": "ProcessId",
    "Creator Process Name": "ParentProcessName", "Process Command Line": "CommandLine", "Token Elevation Type": "TokenElevationType",
}  # fmt: skip
_SYSMON_NAME = re.compile(r"[A-Za-z]{2,40}")


def told(source: str, event_id: int, message: str) -> Pairs:
    """The data that a message tells, under the names that the event's own data have; none where its shape is not known."""
    if source == TASKS:
        return _of_scheduler(event_id, message)
    if source == SECURITY and (event_id in _OF_TASKS or event_id == 4688):
        return _of_security(event_id, message)
    if source == SYSMON:
        return tuple((name, value) for name, value in _LINE.findall(message) if _SYSMON_NAME.fullmatch(name) and value)
    return ()


def _of_scheduler(event_id: int, message: str) -> Pairs:
    if event_id in _NAMELESS:
        return ()
    values = ["".join(found) for found in _QUOTED.findall(message)]
    numbers = [int(found) for found in _INTEGER.findall(_QUOTED.sub(" ", message))]
    runs = [value for value in values if _GUID.fullmatch(value)]
    others = [value for value in values if value and value not in runs]
    task = next((value for value in others if value.startswith("\\") and not value.startswith("\\\\")), "")
    if not task and event_id in (106, 140, 141, 142) and len(others) == 2:
        task = others[1]  # without its backslash: the account stands before it
    found = [("TaskName", task)] if task else []
    rest = [value for value in others if value != task]
    if event_id in _CONTEXT | _USER and rest:
        found.append(("UserContext" if event_id in _CONTEXT else "UserName", rest[0]))
    elif event_id in _ACTIONS and rest:
        found.append(("ActionName", rest[0]))
    elif event_id == 129:
        found += [("Path", value) for value in rest[:1]] + [("ProcessID", str(number)) for number in numbers[:1]]
    if runs:
        found.append(("TaskInstanceId" if event_id in _RUN_OF_ENGINE else "InstanceId", runs[0]))
    if event_id in _RESULTS and numbers:
        found.append(("ResultCode", str(numbers[-1])))
    return tuple(found)


def _of_security(event_id: int, message: str) -> Pairs:
    xml = _XML.search(message)
    lines = [(name.strip(), value) for name, value in _LINE.findall(message[: xml.start()] if xml else message) if value]
    found = []
    if len(lines) >= len(_SUBJECT) and _HEX.fullmatch(lines[3][1]):
        found = [(name, value) for name, (_, value) in zip(_SUBJECT, lines, strict=False)]
    if event_id == 4688:
        return (*found, *((_ENGLISH[name], value) for name, value in lines if name in _ENGLISH))
    task = next((value for _, value in lines[len(found) :] if value.startswith("\\")), "")
    if task:
        found.append(("TaskName", task))
    if xml:
        found.append((_OF_TASKS[event_id], xml.group()))
    return tuple(found)
