"""What a file is by its first bytes and its name, where its place says nothing: a hive, a log, a task, an export, a listing."""

from __future__ import annotations

import re

SHORT, LONG = 4096, 65_536  # bytes looked at: of any file; of one that may be a listing

_TASK_NAMESPACE = "schemas.microsoft.com/windows/2004/02/mit/task"
_ELEMENT = re.compile(r"<(?:[\w.-]+:)?([A-Za-z][\w.-]*)[\s/>]")
_PATH_COMMENT = re.compile(r"(?:<\?[^>]*>\s*)?<!--\s*\\")
_REG_HEADS = ("Windows Registry Editor Version 5.00", "REGEDIT4")
_HIVE_NAMES = {
    "software": "software-hive",
    "system": "system-hive",
    "sam": "sam-hive",
    "security": "security-hive",
    "default": "user-hive",
    "ntuser": "user-hive",
    "usrclass": "classes-hive",
}
_OTHER_HIVES = frozenset(
    ("amcache", "syscache", "bcd", "bcd-template", "components", "drivers", "elam", "bbi", "schema", "settings")
)
_HIVE_ENDINGS = (".hive", ".hve", ".hiv", ".dat")
_BY_ENDING = {".evtx": "event-log", ".job": "job", ".reg": "reg-export"}
_FOLDER_LINE = re.compile(r"^\w[^:\r\n]{1,40}:[ \t]+\\", re.MULTILINE)  # schtasks LIST and TABLE: "Folder: \", in any language
_TASK_COLUMN = re.compile(r'(?:^|,)"\\[^"\r\n]+"', re.MULTILINE)  # a quoted cell that is a task's path
_EVENT_SET = re.compile(rb'\A(?:\xef\xbb\xbf)?\s*\{(?=[^\n]*"EventID"\s*:)(?=[^\n]*"Channel"\s*:)')
_ECMD_SET = re.compile(rb'\A(?:\xef\xbb\xbf)?\s*\{(?=[^\n]*"EventId"\s*:)(?=[^\n]*"(?:Payload|MapDescription)"\s*:)')
_EVENT_NAMESPACE = "schemas.microsoft.com/win/2004/08/events/event"
_ECMD_COLUMNS = frozenset(("EventRecordId", "TimeCreated", "EventId", "Channel"))
# Event Viewer's table in any language: level, date and time, source, event id, category, then a row of that shape.
_CELL = r'"?[^,;\t"\r\n]{1,120}"?'
_EVENT_HEADER = re.compile(r"\A(?:Level|Keywords)([,;\t])Date and Time\1Source\1Event ID\1Task Category")
_EVENT_TABLE = re.compile(
    rf"\A(?P<header>{_CELL}(?P<by>[,;\t]){_CELL}(?P=by){_CELL}(?P=by){_CELL}(?P=by){_CELL}[^\r\n]{{0,300}})\r?\n"
    rf'(?:{_CELL})?(?P=by)"?[^\d"\t\r\n]{{0,6}}\d{{1,4}} ?[./\-\u5e74\ub144] ?\d{{1,2}} ?[./\-\u6708\uc6d4][^"\t\r\n]{{4,40}}"?'
    rf'(?P=by){_CELL}(?P=by)"?\d{{1,6}}"?(?P=by)'
)
# Exports of events that are known by their looks and not read: other tools' JSON and tables, `wevtutil qe /f:text`.
_OTHER_EVENTS = re.compile(
    r'\A\s*(?:\[\s*)?\{(?=[^\0]{0,4000}(?:"System"\s*:\s*\{[^\0]{0,2000}"EventID"|"winlog"\s*:\s*\{|"LogName"\s*:\s*"|"RuleTitle"\s*:))'
    r'|\A\s*\[\s*\{(?=[^\0]{0,4000}"Event(?:ID|Id)"\s*:)(?=[^\0]{0,4000}"Channel"\s*:)'
    r'|\A(?:#TYPE[^\n]*EventLogRecord|[^\n]{0,400}"?RuleTitle"?,[^\n]{0,400}"?Event ?ID"?)'
    r'|\A[^\n]{0,400}"?(?:ProviderName|LogName|LevelDisplayName)"?,[^\n]{0,400}"?(?:ProviderName|LogName|LevelDisplayName|Message)"?'
    r"|\A\s*Event\[\d+\]:?\s*\n\s*Log Name:"
)
_TASK_KEY = re.compile(r'"(?:TaskName|TaskPath|TaskID|TaskXML|TreeSD|MSFT_ScheduledTask)"')


def role_of(name: str, head: bytes, listing: bool) -> str:
    """The role of a file by its first bytes, then by its name; "" where neither tells. `listing`: it may be one.

    A hive whose purpose neither tells is `hive`.
    """
    if head.startswith(b"regf"):
        return hive_role(name, head)
    if head.startswith((b"ElfFile\0", b"ElfChnk\0")):  # the second: carved, or cut at the front
        return "event-log"
    if is_event_set(head):
        return "event-set"
    return _text_role(name, text_of(head), listing) or _name_role(name)


def is_event_set(head: bytes) -> bool:
    """Whether the first bytes of a file are a listing of events; the first line must be among them as far as its names."""
    return bool(event_set_kind(head))


def event_set_kind(head: bytes) -> str:
    """Which listing of events the first bytes of a file begin: `json` (lines), `xml`, `csv` (Event Viewer), `ecmd-json`, `ecmd-csv`
    (EvtxECmd), `other` for one that is known by its looks and not read; "" for none.
    """
    if _EVENT_SET.match(head):
        return "json"
    if _ECMD_SET.match(head):
        return "ecmd-json"
    text = text_of(head).lstrip("\ufeff \t\r\n")
    if text.startswith("<"):
        return "xml" if _is_event_xml(text) else ""
    if (
        set(re.findall(r"\w+", text[: text.find("\n")] if "\n" in text else text)) >= _ECMD_COLUMNS
        and "," in text
        and text[:1] not in "{["
    ):
        return "ecmd-csv"
    if _EVENT_HEADER.match(text) or _is_event_table(text):
        return "csv"
    return "other" if _OTHER_EVENTS.match(text) else ""


def _is_event_xml(text: str) -> bool:
    first = _ELEMENT.search(text)
    element = first[1] if first else ""
    return element in ("Events", "Event") and (_EVENT_NAMESPACE in text or "<System>" in text)


def _is_event_table(text: str) -> bool:
    match = _EVENT_TABLE.match(text)
    return match is not None and ("id" in match["header"].casefold() or "Microsoft-Windows-" in text)


def text_of(head: bytes) -> str:
    """First bytes as text, to look for words in: UTF-16 by its mark or its NULs, else bytes as they are."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "replace")
    if head.startswith(b"\xef\xbb\xbf"):
        return head[3:].decode("utf-8", "replace")
    if len(head) >= 4 and head[1:4:2] == b"\0\0":
        return head.decode("utf-16-le", "replace")
    if len(head) >= 4 and head[0:4:2] == b"\0\0":
        return head.decode("utf-16-be", "replace")
    return head.decode("latin-1")


def hive_role(name: str, head: bytes) -> str:
    """What a hive is for: by the file's name, then by the name in its base block (offset 48), else `hive`; a log is `other`."""
    if len(head) >= 32 and int.from_bytes(head[28:32], "little") in (1, 2, 6):
        return "other"  # a transaction log: it is read with its hive
    inside = head[48:112].decode("utf-16-le", "replace").partition("\0")[0]
    stored = re.split(r"[\\/]", inside)[-1]
    exact = _HIVE_NAMES.get(_stem(name)) or _by_words(name)
    return exact or _HIVE_NAMES.get(_stem(stored)) or ("other" if {_stem(name), _stem(stored)} & _OTHER_HIVES else "hive")


def _stem(name: str) -> str:
    folded = name.casefold()
    for ending in _HIVE_ENDINGS:
        folded = folded.removesuffix(ending)
    return folded


def _by_words(name: str) -> str:
    """A role by one word of the name (`HOST1_SOFTWARE`, `SYSTEM-2021.bak`), where only one role is named."""
    words = set(re.split(r"[^a-z0-9]+", name.casefold()))
    roles = {role for word, role in _HIVE_NAMES.items() if word in words}
    return roles.pop() if len(roles) == 1 else ""


def _name_role(name: str) -> str:
    folded = name.casefold()
    if folded == "schedlgu.txt":
        return "job-log"
    ending = folded[folded.rfind(".") :] if "." in folded else ""
    if ending in _BY_ENDING:
        return _BY_ENDING[ending]
    if ending in (".hive", ".hve", ".hiv"):
        return _by_words(name) or "hive"
    known = folded in ("software", "system", "sam", "security", "ntuser.dat", "usrclass.dat")
    return _HIVE_NAMES[_stem(name)] if known else ""


def _text_role(name: str, text: str, listing: bool) -> str:
    start = text.lstrip("\ufeff \t\r\n")
    if start.startswith(_REG_HEADS) or (start.startswith("Key Name:") and "HKEY_" in start[:2048]):
        return "reg-export"
    if start.startswith('"Task Scheduler Service"'):
        return "job-log"
    if start.startswith("<"):
        return _xml_role(start, listing)
    return "listing" if listing and is_listing(start) else ""


def _xml_role(text: str, listing: bool) -> str:
    first = _ELEMENT.search(text)
    element = first[1] if first else ""
    if element == "Task" and (_TASK_NAMESPACE in text or "<RegistrationInfo" in text or "<Actions" in text):
        told = listing and _PATH_COMMENT.match(text)  # schtasks /query /xml tells the path in a comment before each task
        return "listing" if told else "task-file"
    if element == "ScheduledTasks":
        return "policy-file"
    tables = {"Tasks": _TASK_NAMESPACE in text, "autoruns": True, "Objs": "ScheduledTask" in text or "TaskScheduler" in text}
    return "listing" if listing and tables.get(element) else ""


def is_listing(text: str) -> bool:
    """Whether text is a scheduler listing: schtasks (CSV, LIST, TABLE, any language), PowerShell, autorunsc, Velociraptor."""
    lines = text.splitlines()
    first = lines[0] if lines else ""
    if first.startswith(("[", "{")):
        events = '"EventID"' in text and '"Channel"' in text  # an export of event logs, which names tasks too
        return not events and bool(_TASK_KEY.search(text))
    if "TaskName" in first and ("," in first or "\t" in first):
        return True
    if any("Entry Location" in line and "Launch String" in line for line in lines[:20]):
        return True
    if first.startswith("#TYPE") and "ScheduledTask" in first:
        return True
    quoted = first.startswith('"') and first.count('","') >= 2
    return (quoted and bool(_TASK_COLUMN.search(text))) or bool(_FOLDER_LINE.match(text)) or "\nTaskName:" in text
