"""What an event of the registry or of files says was done to a task's keys and file, or to the logs themselves.

Spellings: Sysmon 11 to 14, 23 and 26 name `HKLM\\SOFTWARE\\...` with the value as the last part; 4657 names
`\\REGISTRY\\MACHINE\\SOFTWARE\\...` and the value apart; 4656, 4663 and 4670 name keys and files, and the rights in a mask;
5145 names a file below a share, and the rights that were asked for (Microsoft Learn, checked on real logs).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from triptych.model.event import Event
from triptych.model.paths import fold

TREE, TASKS, INDEX, CACHE, FLAGS, FILE, JOB, SWITCH, LOG_FILE = (
    "Tree key", "Tasks key", "index key", "TaskCache", "TaskStateFlags", "file", "job file", "switch of a log", "log file",
)  # fmt: skip
DELETED, SET, MADE, RENAMED, WRITTEN, RIGHTS, ASKED = (
    "deleted",
    "set",
    "made",
    "renamed",
    "wrote",
    "changed the rights of",
    "opened",
)
_CACHE = "\\schedule\\taskcache"
_FLAGS = "\\schedule\\taskstateflags"
_CHANNELS = "\\winevt\\channels\\"
_FOLDERS = ("\\system32\\tasks\\", "\\syswow64\\tasks\\", "\\sysnative\\tasks\\")
_JOBS, _LOGS = "\\windows\\tasks\\", "\\winevt\\logs\\"
_INDEXES = frozenset(("boot", "logon", "plain", "maintenance"))
_GUID = re.compile(r"\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}", re.IGNORECASE | re.ASCII)
TOUCHING = frozenset(
    (
        "registry-key", "registry-changed", "registry-renamed", "file-created", "file-deleted", "object-touched", "handle",
        "permissions-changed", "share-access",
    )
)  # fmt: skip
_KEY_WRITES, _FILE_WRITES = 0x2 | 0x4 | 0x20, 0x2 | 0x4 | 0x10 | 0x100  # set value, create subkey, link; write, append, attributes
_SHARE_WRITES = 0x2 | 0x4  # write, append: attributes are asked for by whoever looks at a folder
_DELETE, _WRITE_RIGHTS = 0x10000, 0x40000 | 0x80000


@dataclass(frozen=True, slots=True)
class Touch:
    """`task` is a path or "", `guid` in upper case or "". `value` is the value's name, "" for the key or file itself.

    `part` and `deed` are words of this module; `data` what was written, as the event spells it.
    """

    part: str
    deed: str
    task: str = ""
    guid: str = ""
    value: str = ""
    data: str = ""
    object: str = ""
    wow: bool = False

    @property
    def words(self) -> str:
        """`deleted the value SD of its Tree key`, where the task is named already."""
        return self._words(f"its {self.part}")

    def of(self, task: str) -> str:
        """`deleted the value SD of the Tree key of \\Task`, or the whole object where no task is known."""
        return self._words(f"the {self.part} of {task}")

    def _words(self, whose: str) -> str:
        what = whose if (self.task or self.guid) and self.part in (TREE, TASKS, INDEX, FILE) else self.object
        return f"{self.deed} the value {self.value} of {what}" if self.value else f"{self.deed} {what}"


def touch_of(event: Event) -> Touch | None:
    """What an event did to a task's keys or file; None for one that tells of nothing such."""
    if event.kind not in TOUCHING:
        return None
    named = event.get("TargetFilename") or event.get("TargetObject") or event.get("ObjectName")
    if event.kind == "share-access":
        named = "\\" + event.get("RelativeTargetName").lstrip("\\")
    deed = _deed(event, named)
    if not named or not deed:
        return None
    value, data = event.get("ObjectValueName"), event.get("Details") or event.get("NewValue") or event.get("NewName")
    if event.lane == "sysmon" and (event.kind == "registry-changed" or "value" in event.get("EventType").casefold()):
        named, _, value = named.rpartition("\\")
    return _file(named, deed, data) or _key(named, deed, value, data)


def _deed(event: Event, named: str) -> str:
    match event.kind:
        case "registry-key":
            return DELETED if "delete" in event.get("EventType").casefold() else MADE
        case "registry-changed":
            return DELETED if "%%1906" in event.get("OperationType") else SET
        case "registry-renamed":
            return RENAMED
        case "file-created":
            return WRITTEN
        case "file-deleted":
            return DELETED
        case "permissions-changed":
            return RIGHTS
        case "handle":
            return ASKED
        case "share-access":
            return _by_share(event.get("AccessMask"))
    return _by_mask(event.get("AccessMask"), is_key="registry" in fold(named))


def _by_mask(text: str, is_key: bool) -> str:
    """What the rights that were used amount to; "" for those that only read."""
    try:
        mask = int(text, 0)
    except ValueError:
        return ""
    if mask & _DELETE:
        return DELETED
    if mask & _WRITE_RIGHTS:
        return RIGHTS
    return WRITTEN if mask & (_KEY_WRITES if is_key else _FILE_WRITES) else ""


def _by_share(text: str) -> str:
    """What the rights amount to that were asked for over a share: whoever writes a file anew asks for its deletion too."""
    try:
        mask = int(text, 0)
    except ValueError:
        return ""
    return WRITTEN if mask & _SHARE_WRITES else _by_mask(hex(mask & (_DELETE | _WRITE_RIGHTS)), is_key=False)


def _file(named: str, deed: str, data: str) -> Touch | None:
    folded = fold(named)
    for folder in _FOLDERS:
        if folder in folded:
            rest = named[folded.index(folder) + len(folder) :]
            return Touch(FILE, deed, "\\" + rest, object=named, data=data, wow=folder == _FOLDERS[1])
    if _JOBS in folded:
        return Touch(JOB, deed, object=named, data=data)
    return Touch(LOG_FILE, deed, object=named, data=data) if _LOGS in folded else None


def _key(named: str, deed: str, value: str, data: str) -> Touch | None:
    folded = fold(named)
    wow = "\\wow6432node\\" in folded
    if _CHANNELS in folded:
        return Touch(SWITCH, deed, value=value, data=data, object=named[folded.index(_CHANNELS) + len(_CHANNELS) :])
    if _FLAGS in folded:
        return Touch(FLAGS, deed, value=value, data=data, object=named)
    if _CACHE not in folded:
        return None
    rest = named[folded.index(_CACHE) + len(_CACHE) :].lstrip("\\")
    head, _, below = rest.partition("\\")
    guid = _GUID.search(below)
    if fold(head) == "tree" and below:
        return Touch(TREE, deed, "\\" + below, value=value, data=data, object=named, wow=wow)
    if fold(head) == "tasks" and guid:
        return Touch(TASKS, deed, guid=guid[0].upper(), value=value, data=data, object=named, wow=wow)
    if fold(head) in _INDEXES and guid:
        return Touch(INDEX, deed, guid=guid[0].upper(), value=value, data=data, object=named, wow=wow)
    return Touch(CACHE, deed, value=value, data=data, object=named, wow=wow)
