"""Acts and the events that Windows logs of them: every function gives all that could be written, the policy keeps what was.

Times are ticks (UTC). Where an act also writes keys or files, `time` is the last-write time of the key, and the events follow
it by milliseconds. The acts on tasks stand in `logbook_tasks`, those on processes, registry, files and scripts in
`logbook_processes`, those of the machine and its logs in `logbook_machine`; this is the door to all of them.
"""

from __future__ import annotations

from triptych.lessons.logbook_machine import (
    application_event,
    audit_changed,
    boot,
    log_cleared,
    log_switched,
    logoff,
    logon,
    policy_applied,
    service_started,
    service_stopped,
    share_access,
    shutdown,
)
from triptych.lessons.logbook_processes import (
    file_created,
    file_deleted,
    process,
    registry_deleted,
    registry_renamed,
    registry_set,
    script_block,
)
from triptych.lessons.logbook_running import Running, Telling, running
from triptych.lessons.logbook_tasks import disabled, enabled, registered, removed, run, scheduler_event, updated

__all__ = [
    "Running",
    "Telling",
    "application_event",
    "audit_changed",
    "boot",
    "disabled",
    "enabled",
    "file_created",
    "file_deleted",
    "log_cleared",
    "log_switched",
    "logoff",
    "logon",
    "policy_applied",
    "process",
    "registered",
    "registry_deleted",
    "registry_renamed",
    "registry_set",
    "removed",
    "run",
    "running",
    "scheduler_event",
    "script_block",
    "service_started",
    "service_stopped",
    "share_access",
    "shutdown",
    "updated",
]
