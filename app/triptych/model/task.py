"""A task as one store tells it: every leaf is a Reading, and a leaf that a store never holds says so (NOT_KEPT).

Names and words are those of the Task Scheduler schema. Durations are canonical ISO 8601 text (`model.times.duration`),
times are Instants, flags are bools, enumerations their schema words. A leaf that a store could hold and does not is
NOT_STATED and carries the default that Windows assumes, so that two tellings can be compared by `value`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from enum import Enum
from functools import lru_cache
from operator import attrgetter
from typing import Any

from triptych.model.evidence import EvidenceRef, Reading, kept_not
from triptych.model.times import Instant

Text = Reading[str]
Flag = Reading[bool]
Whole = Reading[int]
When = Reading[Instant]
Words = Reading[tuple[str, ...]]
Numbers = Reading[tuple[int, ...]]


class Store(Enum):
    """Who tells; the letters are those of the window's marks."""

    XML = "xml"
    REGISTRY = "registry"
    SCHEDULER = "scheduler"
    LOG = "log"

    __hash__ = object.__hash__  # members are single: by identity is quicker than by name, and tasks are looked up by store often


class Presence(Enum):
    """Whether a store knows a task. VISIBLE, HIDDEN and UNKNOWN are the scheduler's own."""

    PRESENT = "present"
    ABSENT = "absent"
    UNREADABLE = "unreadable"
    NOT_READ = "not-read"
    VISIBLE = "visible"
    HIDDEN = "hidden"
    UNKNOWN = "unknown"


def leaf() -> Any:
    """A field that is NOT_KEPT unless a store says otherwise (Any, as `dataclasses.field` itself is)."""
    return field(default_factory=kept_not)


@dataclass(frozen=True, slots=True)
class Registration:
    """RegistrationInfo, and the attributes of Task beside it."""

    uri: Text = leaf()
    author: Text = leaf()
    date: When = leaf()
    source: Text = leaf()
    description: Text = leaf()
    documentation: Text = leaf()
    version: Text = leaf()
    schema: Text = leaf()
    security_descriptor: Text = leaf()
    data: Text = leaf()


@dataclass(frozen=True, slots=True)
class Principal:
    """Whom the task runs as. `user_id` and `group_id` are as stated (a SID or a name), `account` a name beside it."""

    id: Text = leaf()
    user_id: Text = leaf()
    group_id: Text = leaf()
    account: Text = leaf()
    display_name: Text = leaf()
    logon_type: Text = leaf()
    run_level: Text = leaf()
    process_token_sid_type: Text = leaf()
    required_privileges: Words = leaf()


@dataclass(frozen=True, slots=True)
class Schedule:
    """The calendar part of a trigger. `kind` is Once, Daily, Weekly, Monthly or MonthlyDayOfWeek."""

    kind: Text = leaf()
    days_interval: Whole = leaf()
    weeks_interval: Whole = leaf()
    days_of_week: Words = leaf()
    days_of_month: Words = leaf()
    months: Words = leaf()
    weeks: Words = leaf()


@dataclass(frozen=True, slots=True)
class Trigger:
    """One trigger. `type` is the element name of the schema (TimeTrigger, CalendarTrigger, WnfStateChangeTrigger ...).

    The registry keeps TimeTrigger and CalendarTrigger alike; a record read there says TimeTrigger for one start and
    CalendarTrigger otherwise. `value_queries` are `name=query` texts; `data` is WNF data in hex.
    """

    type: Text = leaf()
    id: Text = leaf()
    enabled: Flag = leaf()
    start_boundary: When = leaf()
    end_boundary: When = leaf()
    execution_time_limit: Text = leaf()
    repetition_interval: Text = leaf()
    repetition_duration: Text = leaf()
    stop_at_duration_end: Flag = leaf()
    delay: Text = leaf()
    random_delay: Text = leaf()
    user_id: Text = leaf()
    state_change: Text = leaf()
    subscription: Text = leaf()
    period_of_occurrence: Text = leaf()
    number_of_occurrences: Whole = leaf()
    matching_element: Text = leaf()
    value_queries: Words = leaf()
    state_name: Text = leaf()
    data: Text = leaf()
    data_offset: Text = leaf()
    schedule: Schedule = field(default_factory=Schedule)


@dataclass(frozen=True, slots=True)
class Action:
    """One action. `type` is Exec, ComHandler, SendEmail, ShowMessage, or the name of an element nobody knows."""

    type: Text = leaf()
    id: Text = leaf()
    command: Text = leaf()
    arguments: Text = leaf()
    working_directory: Text = leaf()
    class_id: Text = leaf()
    data: Text = leaf()
    server: Text = leaf()
    subject: Text = leaf()
    sender: Text = leaf()
    to: Text = leaf()
    cc: Text = leaf()
    bcc: Text = leaf()
    reply_to: Text = leaf()
    attachments: Words = leaf()
    headers: Words = leaf()
    title: Text = leaf()
    body: Text = leaf()


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of the schema, flat: IdleSettings, NetworkSettings, RestartOnFailure, MaintenanceSettings with a prefix."""

    enabled: Flag = leaf()
    hidden: Flag = leaf()
    allow_start_on_demand: Flag = leaf()
    multiple_instances_policy: Text = leaf()
    disallow_start_if_on_batteries: Flag = leaf()
    stop_if_going_on_batteries: Flag = leaf()
    allow_hard_terminate: Flag = leaf()
    start_when_available: Flag = leaf()
    run_only_if_network_available: Flag = leaf()
    network_profile_name: Text = leaf()
    network_name: Text = leaf()
    network_id: Text = leaf()
    wake_to_run: Flag = leaf()
    run_only_if_idle: Flag = leaf()
    idle_duration: Text = leaf()
    idle_wait_timeout: Text = leaf()
    stop_on_idle_end: Flag = leaf()
    restart_on_idle: Flag = leaf()
    execution_time_limit: Text = leaf()
    delete_expired_task_after: Text = leaf()
    priority: Whole = leaf()
    restart_interval: Text = leaf()
    restart_count: Whole = leaf()
    use_unified_scheduling_engine: Flag = leaf()
    disallow_start_on_remote_app_session: Flag = leaf()
    maintenance_period: Text = leaf()
    maintenance_deadline: Text = leaf()
    maintenance_exclusive: Flag = leaf()
    volatile: Flag = leaf()


@dataclass(frozen=True, slots=True)
class RunState:
    """What the runs left. `last_result` is an unsigned 32 bit code, `state` a word (Ready, Disabled, Running, Queued)."""

    registered: When = leaf()
    last_run: When = leaf()
    last_success: When = leaf()
    last_result: Whole = leaf()
    next_run: When = leaf()
    state: Text = leaf()


@dataclass(frozen=True, slots=True)
class Keeping:
    """How a store keeps the task: its file, its keys, its place in the index, and the marks of the writer.

    Registry: `tree_id` is the Id of the Tree key, `guid` the name of the Tasks key, `tasks_path` its Path value, `index`
    the Index value, `index_keys` the index keys that hold the GUID (Boot, Logon, Plain, Maintenance), `access` the SDDL
    of the Tree key's SD value, `value_names` every value of the Tasks key, `actions_version` and `triggers_version` the
    versions of the blobs. XML: `encoding` as found. `written` times: the Tree key, the Tasks key, the file, the newest
    index key; `hash` is the Hash value in hex, `hash_found` what the bytes of the XML file give. Log: `told` is the time of the
    event that tells it, `basis` which kind of event it is ("4698", "command line", "named").
    """

    guid: Text = leaf()
    tree_id: Text = leaf()
    tasks_path: Text = leaf()
    index: Whole = leaf()
    index_keys: Words = leaf()
    access: Text = leaf()
    hash: Text = leaf()
    hash_found: Text = leaf()
    crc: Whole = leaf()
    tree_written: When = leaf()
    tasks_written: When = leaf()
    index_written: When = leaf()
    file_written: When = leaf()
    encoding: Text = leaf()
    value_names: Words = leaf()
    actions_version: Whole = leaf()
    triggers_version: Whole = leaf()
    actions_context: Text = leaf()
    basis: Text = leaf()
    told: When = leaf()


@dataclass(frozen=True, slots=True)
class Extra:
    """Something a store states that no field of the schema takes: kept and shown, never dropped."""

    name: str
    reading: Text


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """One store's telling of one task.

    `view` names the system it belongs to ("" is the running one; Windows.old, RegBack and the like are others). `path` is
    the task's path with a leading backslash as this store spells it; `presence` cites where the store says so. Of several
    registry records the orphan of a Tasks key without a Tree key has `orphan` "tasks", a Tree key without a Tasks key
    "tree". `complete` is False where parts of it could not be read (problems say which).
    """

    store: Store
    path: str
    presence: Reading[Presence]
    view: str = ""
    registration: Registration = field(default_factory=Registration)
    principal: Principal = field(default_factory=Principal)
    triggers: tuple[Trigger, ...] = ()
    actions: tuple[Action, ...] = ()
    settings: Settings = field(default_factory=Settings)
    run: RunState = field(default_factory=RunState)
    keeping: Keeping = field(default_factory=Keeping)
    extras: tuple[Extra, ...] = ()
    orphan: str = ""
    complete: bool = True
    has_triggers: bool = True  # False where this store keeps no triggers at all
    has_actions: bool = True  # False where this store keeps no actions at all (Windows 7 registry, short listings)

    @property
    def guid(self) -> str:
        """The GUID in braces and upper case, "" where this store knows none."""
        found = self.keeping.guid.value or self.keeping.tree_id.value or ""
        return found.upper()

    @property
    def ref(self) -> tuple[EvidenceRef, ...]:
        """What proves that the store knows the task."""
        return self.presence.refs


@dataclass(frozen=True, slots=True)
class Absence:
    """A store that does not hold a task, with the reason in words and what shows it."""

    store: Store
    presence: Presence
    reason: str
    refs: tuple[EvidenceRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """One task, as each store tells it; at most one record a store, an absence for each store that was read without it."""

    path: str
    guid: str
    records: tuple[TaskRecord, ...] = ()
    absences: tuple[Absence, ...] = ()

    def record(self, store: Store) -> TaskRecord | None:
        for record in self.records:  # asked a hundred times a task: no generator
            if record.store is store:
                return record
        return None

    def absence(self, store: Store) -> Absence | None:
        return next((absence for absence in self.absences if absence.store is store), None)

    def lack(self, store: Store) -> Absence | None:
        """Why a store shows no such task: its absence, or the reason of a record that says hidden or absent."""
        record = self.record(store)
        if record is not None and record.presence.value in (Presence.HIDDEN, Presence.ABSENT):
            return Absence(store, record.presence.value, record.presence.note, record.presence.refs)
        return self.absence(store) if record is None else None

    @property
    def name(self) -> str:
        return self.path.rpartition("\\")[2]

    @property
    def folder(self) -> str:
        """The folder with a leading and no trailing backslash; the root is a lone backslash."""
        return self.path.rpartition("\\")[0] or "\\"


class TraceKind(Enum):
    """What is found beside tasks and judged or shown with them."""

    TREE_FOLDER = "tree-folder"  # a Tree key without Id: readings access, written
    INDEX_ENTRY = "index-entry"  # a GUID below an index key that no Tasks key has: index, guid, written
    DELETED = "deleted"  # a key or value recovered from free space: what, key, value, data, written
    LOG_CHANGE = "log-change"  # what replaying the hive's log changed below TaskCache: key, before, after
    STATE_FLAGS = "state-flags"  # TaskStateFlags\<name>: flags, written
    WOW_CACHE = "wow-cache"  # a key or value of TaskCache below Wow6432Node: key
    WOW_FILE = "wow-file"  # a file in SysWOW64\Tasks
    TASKS_FOLDER = "tasks-folder"  # SchedulingAgent\TasksFolder: value
    JOB = "job"  # a .job file: command, arguments, author, comment, last_run, hidden, ...
    JOB_LOG = "job-log"  # an entry of SCHEDLGU.TXT: text, started, finished, result
    POLICY_TASK = "policy-task"  # a task of a Group Policy file: element, name, account, cpassword, command, action
    LINK = "link"  # a link or reparse point in the evidence: target
    TARGET = "target"  # the file that an action starts: command, exists, original_name, company, signed, modified, size
    VIEW_TASK = "view-task"  # a task that another view holds: view, guid


@dataclass(frozen=True, slots=True)
class Trace:
    """A fact beside the tasks. `path` is a task path, key or file as the kind demands; `readings` are named by the kind."""

    kind: TraceKind
    path: str
    readings: tuple[tuple[str, Text], ...] = ()
    refs: tuple[EvidenceRef, ...] = ()
    written: Instant | None = None
    view: str = ""

    def get(self, name: str) -> str:
        """The value of one reading, "" where it is not there."""
        return next((reading.value or "" for key, reading in self.readings if key == name), "")

    def reading(self, name: str) -> Text:
        return next((reading for key, reading in self.readings if key == name), kept_not())


def leaves(record: TaskRecord) -> Iterator[tuple[str, Reading[Any]]]:
    """Every reading of a record with its dotted name (`actions[0].command`); NOT_KEPT ones too."""
    yield "presence", record.presence
    for names, get in _FIXED_LEAVES:
        yield from zip(names, get(record), strict=True)
    for number, trigger in enumerate(record.triggers):
        names, get = _part_leaves(Trigger, f"triggers[{number}].")
        yield from zip(names, get(trigger), strict=True)
    for number, action in enumerate(record.actions):
        names, get = _part_leaves(Action, f"actions[{number}].")
        yield from zip(names, get(action), strict=True)
    for extra in record.extras:
        yield f"extras.{extra.name}", extra.reading


_Leaves = tuple[tuple[str, ...], Callable[[Any], tuple[Reading[Any], ...]]]


@lru_cache(maxsize=256)
def _part_leaves(part: type, prefix: str, before: str = "") -> _Leaves:
    """The dotted names of the readings of a part (a schedule's among those of its trigger), and what gets them all at once."""
    names = [
        f"schedule.{inner.name}" if member.name == "schedule" else member.name
        for member in fields(part)
        for inner in (fields(Schedule) if member.name == "schedule" else (member,))
    ]
    return tuple(prefix + name for name in names), attrgetter(*(before + name for name in names))


_FIXED_LEAVES: tuple[_Leaves, ...] = tuple(
    _part_leaves(part, f"{name}.", f"{name}.")
    for name, part in (
        ("registration", Registration), ("principal", Principal), ("settings", Settings), ("run", RunState), ("keeping", Keeping),
    )
)  # fmt: skip
