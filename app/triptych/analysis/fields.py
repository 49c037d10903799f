"""Everything that is compared, one line a field: a new line here reaches the window, CSV, JSON and the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from triptych.analysis import normalise as to
from triptych.analysis.normalise import Normaliser
from triptych.model.evidence import Reading, stated
from triptych.model.task import TaskRecord

TRIGGER, ACTION = "triggers[]", "actions[]"


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its dotted name, the part of the window, its label, how it is got and what it comes to.

    `get` takes the record, or the trigger or action for names that begin with TRIGGER or ACTION. `weighs` is False for
    what two honest tellings may state differently (times of runs in a listing): such a row never differs. `defaults` is
    False for what is left out where no store states it. `expected` is what a registered task always has (SD, Index): that it
    is missing is a fact worth a row.
    """

    name: str
    section: str
    label: str
    get: Callable[[Any], Reading[Any]]
    normal: Normaliser = to.text
    weighs: bool = True
    defaults: bool = False
    expected: bool = False

    @property
    def part(self) -> str:
        """TRIGGER, ACTION or "" for a field of the task itself."""
        return next((part for part in (TRIGGER, ACTION) if self.name.startswith(part)), "")


def _task(
    name: str,
    section: str,
    label: str,
    normal: Normaliser = to.text,
    *,
    weighs: bool = True,
    defaults: bool = False,
    expected: bool = False,
) -> Field:
    return Field(name, section, label, attrgetter(name), normal, weighs, defaults, expected)


def _trigger(name: str, label: str, normal: Normaliser = to.text) -> Field:
    return Field(f"{TRIGGER}.{name}", "Triggers", label, attrgetter(name), normal)


def _action(name: str, label: str, normal: Normaliser = to.text) -> Field:
    return Field(f"{ACTION}.{name}", "Actions", label, attrgetter(name), normal)


def _principal(name: str, label: str, normal: Normaliser, *, defaults: bool = False) -> Field:
    return _task(f"principal.{name}", "Principal", label, to.of_principal(normal), defaults=defaults)


def _setting(name: str, label: str, normal: Normaliser = to.flag) -> Field:
    return _task(f"settings.{name}", "Settings", label, normal, defaults=True)


def _path(record: TaskRecord) -> Reading[str]:
    return stated(record.path, *record.ref)


FIELDS: tuple[Field, ...] = (
    _task("presence", "Presence", "Listed", to.presence),
    Field("path", "Presence", "Path", _path, to.folded),
    _task("keeping.access", "Presence", "Security descriptor", to.raw, weighs=False, expected=True),
    _task("keeping.index", "Presence", "Index", to.number(), expected=True),
    _action("type", "Type", to.action_type),
    _action("id", "Id"),
    _action("command", "Command", to.command),
    _action("arguments", "Arguments"),
    _action("working_directory", "Working directory", to.folded),
    _action("class_id", "Class id", to.guid),
    _action("data", "Data", to.spaced),
    _action("server", "Server"),
    _action("subject", "Subject"),
    _action("sender", "From"),
    _action("to", "To"),
    _action("cc", "Cc"),
    _action("bcc", "Bcc"),
    _action("reply_to", "Reply to"),
    _action("attachments", "Attachments", to.words(ordered=True)),
    _action("headers", "Header fields", to.words(ordered=True)),
    _action("title", "Title"),
    _action("body", "Body"),
    _task("keeping.actions_context", "Actions", "Context"),
    Field("principal.user_id", "Principal", "Runs as", to.runs_as, to.of_principal(to.account), defaults=True),
    _principal("logon_type", "Logon type", to.logon_type, defaults=True),
    _principal("run_level", "Run level", to.run_level, defaults=True),
    _principal("id", "Principal id", to.text),
    _principal("display_name", "Display name", to.text),
    _principal("process_token_sid_type", "Process token SID type", to.token_type),
    _principal("required_privileges", "Required privileges", to.privileges),
    _trigger("type", "Type", to.trigger_type),
    _trigger("id", "Id"),
    _trigger("enabled", "Enabled", to.flag),
    _trigger("start_boundary", "Starts", to.moment),
    _trigger("end_boundary", "Ends", to.moment),
    _trigger("schedule.kind", "Schedule", to.schedule_kind),
    _trigger("schedule.days_interval", "Every so many days", to.number(1)),
    _trigger("schedule.weeks_interval", "Every so many weeks", to.number(1)),
    _trigger("schedule.days_of_week", "Days of the week", to.words()),
    _trigger("schedule.days_of_month", "Days of the month", to.words()),
    _trigger("schedule.weeks", "Weeks of the month", to.words()),
    _trigger("schedule.months", "Months", to.words(default=to.MONTHS)),
    _trigger("repetition_interval", "Repeats every", to.duration()),
    _trigger("repetition_duration", "Repeats for", to.duration()),
    _trigger("stop_at_duration_end", "Stops at the end of the repetition", to.flag),
    _trigger("execution_time_limit", "Time limit of the trigger", to.duration()),
    _trigger("delay", "Delay", to.duration()),
    _trigger("random_delay", "Random delay", to.duration()),
    _trigger("user_id", "User", to.trigger_user),
    _trigger("state_change", "State change"),
    _trigger("subscription", "Event query", to.spaced),
    _trigger("period_of_occurrence", "Period of occurrence", to.duration()),
    _trigger("number_of_occurrences", "Number of occurrences", to.occurrences),
    _trigger("matching_element", "Matching element"),
    _trigger("value_queries", "Value queries", to.words(ordered=True)),
    _trigger("state_name", "WNF state name", to.folded),
    _trigger("data", "WNF data", to.folded),
    _trigger("data_offset", "WNF data offset"),
    _task("run.state", "Run state", "State", to.raw, weighs=False),
    _task("run.registered", "Run state", "Registered", to.second, weighs=False),
    _task("run.last_run", "Run state", "Last run", to.second, weighs=False),
    _task("run.last_success", "Run state", "Last success", to.second, weighs=False),
    _task("run.last_result", "Run state", "Last result", to.result, weighs=False),
    _task("run.next_run", "Run state", "Next run", to.second, weighs=False),
    _task("keeping.file_written", "Run state", "File written", to.second, weighs=False),
    _task("keeping.tree_written", "Run state", "Tree key written", to.second, weighs=False),
    _task("keeping.tasks_written", "Run state", "Tasks key written", to.second, weighs=False),
    _task("keeping.index_written", "Run state", "Index key written", to.second, weighs=False),
    _setting("enabled", "Enabled"),
    _setting("hidden", "Hidden"),
    _setting("allow_start_on_demand", "Start on demand"),
    _setting("multiple_instances_policy", "Multiple instances", to.text),
    _setting("disallow_start_if_on_batteries", "Not on batteries"),
    _setting("stop_if_going_on_batteries", "Stops on batteries"),
    _setting("allow_hard_terminate", "May be terminated"),
    _setting("start_when_available", "Start when available"),
    _setting("run_only_if_network_available", "Only with network"),
    _setting("network_profile_name", "Network profile", to.text),
    _setting("network_name", "Network name", to.text),
    _setting("network_id", "Network id", to.guid),
    _setting("wake_to_run", "Wakes the machine"),
    _setting("run_only_if_idle", "Only when idle"),
    # The schema says PT10M and PT1H, the engine itself 0 and no limit (MS-TSCH, product notes; a real Windows 7 writes 0).
    _setting("idle_duration", "Idle for", to.duration(default="PT0S", also=("PT10M",))),
    _setting("idle_wait_timeout", "Waits for idle", to.duration(default="PT0S", also=("PT1H",))),
    _setting("stop_on_idle_end", "Stops when no longer idle", to.flag_or_engine),
    _setting("restart_on_idle", "Restarts when idle again"),
    _setting("execution_time_limit", "Time limit", to.duration(default="PT72H")),
    _setting("delete_expired_task_after", "Deleted after expiry", to.expiry),
    _setting("priority", "Priority", to.number(7)),
    _setting("restart_interval", "Restart after failure", to.duration()),
    _setting("restart_count", "Restarts", to.number(0)),
    _setting("use_unified_scheduling_engine", "Unified scheduling engine"),
    _setting("disallow_start_on_remote_app_session", "Not in a remote app session"),
    _setting("maintenance_period", "Maintenance period", to.duration()),
    _setting("maintenance_deadline", "Maintenance deadline", to.duration()),
    _setting("maintenance_exclusive", "Maintenance exclusive"),
    _setting("volatile", "Volatile"),
    _task("registration.uri", "Registration", "URI"),
    _task("registration.author", "Registration", "Author"),
    _task("registration.date", "Registration", "Date", to.moment),
    _task("registration.source", "Registration", "Source"),
    _task("registration.description", "Registration", "Description"),
    _task("registration.documentation", "Registration", "Documentation"),
    _task("registration.version", "Registration", "Version"),
    _task("registration.schema", "Registration", "Schema version", to.schema),
    _task("registration.data", "Registration", "Data", to.fragment),
    _task("registration.security_descriptor", "Registration", "Security descriptor as authored"),
    _task("keeping.guid", "Storage", "GUID", to.guid),
    _task("keeping.tree_id", "Storage", "Id of the Tree key", to.guid),
    _task("keeping.tasks_path", "Storage", "Path value", to.folded),
    _task("keeping.index_keys", "Storage", "Index keys", to.words()),
    _task("keeping.value_names", "Storage", "Values of the Tasks key", to.words()),
    _task("keeping.encoding", "Storage", "Encoding", to.raw),
    _task("keeping.actions_version", "Storage", "Version of the Actions value", to.number()),
    _task("keeping.triggers_version", "Storage", "Version of the Triggers value", to.number()),
    _task("keeping.hash", "Storage", "Hash kept", to.folded, weighs=False),
    _task("keeping.hash_found", "Storage", "Hash of the file", to.folded, weighs=False),
    _task("keeping.crc", "Storage", "CRC kept", to.raw, weighs=False),
)
