"""What Windows logs of tasks: registered, changed, disabled, removed, run.

Fields and order: event manifest of the service and Microsoft Learn (4698 to 4702), checked on real logs of Windows 10: 106, 140,
141, 142 and 129 bear no activity, 100, 102, 107 to 119, 200 and 201 bear the id of the run.
"""

from __future__ import annotations

from triptych.lessons.logbook import SECURITY, TASKS, LoggedEvent, Logon, Process, Value
from triptych.lessons.logbook_processes import process
from triptych.lessons.logbook_running import Running, Telling
from triptych.lessons.task_spec import ActionSpec, Definition, TaskSpec
from triptych.lessons.task_xml import xml_text
from triptych.model.times import TICKS_A_SECOND

SCHEDULER = "S-1-5-18"
_PRIORITY = 16_384  # below normal, as the service starts what a task of priority 7 runs
_AUDITED = {"registered": 4698, "removed": 4699, "enabled": 4700, "disabled": 4701, "updated": 4702}
_LAUNCHED = {
    "time": 107, "event": 108, "registration": 109, "demand": 110, "missed": 114, "idle": 117, "boot": 118, "logon": 119,
    "connect": 120, "disconnect": 121, "remote-connect": 122, "remote-disconnect": 123, "lock": 124, "unlock": 125,
}  # fmt: skip
_BY_USER = frozenset(("logon", "connect", "disconnect", "remote-connect", "remote-disconnect", "lock", "unlock"))


def registered(
    machine: Running, time: int, task: TaskSpec, by: Logon, client: Process | None = None, told: Definition | None = None
) -> tuple[LoggedEvent, ...]:
    """A task was registered: 106 and 4698 with the XML (`told`, else the task's own). `client` is the process that asked.

    Without a client, or for a logon of type 3, the call came from afar: 4698 then names no process.
    """
    telling = Telling(machine, time, "registered", task.path)
    telling.wait(0.0008, 0.006)
    telling.add(TASKS, 106, ("TaskName", task.path), ("UserContext", by.account), service="Schedule", user=SCHEDULER)
    _audited(telling, "registered", task, by, client, told)
    return telling.told()


def updated(
    machine: Running, time: int, task: TaskSpec, by: Logon, client: Process | None = None, told: Definition | None = None
) -> tuple[LoggedEvent, ...]:
    """A task was changed (or enabled): 140 and 4702 with the new XML."""
    telling = Telling(machine, time, "updated", task.path)
    telling.wait(0.0008, 0.006)
    telling.add(TASKS, 140, ("TaskName", task.path), ("UserName", by.account), service="Schedule", user=SCHEDULER)
    _audited(telling, "updated", task, by, client, told)
    return telling.told()


def disabled(machine: Running, time: int, task: TaskSpec, by: Logon, client: Process | None = None) -> tuple[LoggedEvent, ...]:
    """A task was disabled: 142 and 4701."""
    telling = Telling(machine, time, "disabled", task.path)
    telling.wait(0.0008, 0.006)
    telling.add(TASKS, 142, ("TaskName", task.path), ("UserName", by.account), service="Schedule", user=SCHEDULER)
    _audited(telling, "disabled", task, by, client, None)
    return telling.told()


def removed(machine: Running, time: int, task: TaskSpec, by: Logon, client: Process | None = None) -> tuple[LoggedEvent, ...]:
    """A task was deleted through the service: 141 and 4699, whose TaskContent is empty (as in real logs)."""
    telling = Telling(machine, time, "removed", task.path)
    telling.wait(0.0008, 0.006)
    telling.add(TASKS, 141, ("TaskName", task.path), ("UserName", by.account), service="Schedule", user=SCHEDULER)
    _audited(telling, "removed", task, by, client, None)
    return telling.told()


def _audited(
    telling: Telling, what: str, task: TaskSpec, by: Logon, client: Process | None, told: Definition | None
) -> None:
    machine = telling.machine
    telling.wait(0.0004, 0.004)
    name = "TaskContentNew" if what == "updated" else "TaskContent"
    content = "" if what == "removed" else xml_text(told or task.definition, task.xml_order)
    data: list[tuple[str, Value]] = [*subject(by), ("TaskName", task.path), (name, content)]
    if not machine.windows.is_7:
        far = client is None or by.kind == 3
        parent = client.parent.id if client and client.parent else 0
        data += [
            ("ClientProcessStartKey", 0 if far or client is None else start_key(machine, client)),
            ("ClientProcessId", 0 if far or client is None else client.id),
            ("ParentProcessId", 0 if far else parent),
            ("RpcCallClientLocality", 0),
            ("FQDN", machine.computer),
        ]
    activity = telling.chance.guid() if machine.windows.is_7 else ""
    telling.add(SECURITY, _AUDITED[what], *data, service="lsass", activity=activity, version=0 if machine.windows.is_7 else 1)


def subject(by: Logon) -> tuple[tuple[str, Value], ...]:
    """The four values that name who did it."""
    return (
        ("SubjectUserSid", by.sid), ("SubjectUserName", by.name), ("SubjectDomainName", by.domain), ("SubjectLogonId", by.id),
    )  # fmt: skip


def start_key(machine: Running, process: Process) -> int:
    """The start key of a process: the count of starts above, the number of the process below (read off real logs)."""
    return 19 << 48 | (process.started - machine.booted) // 1_000_000 + process.id


def run(
    machine: Running,
    time: int,
    task: TaskSpec,
    by: Logon,
    *,
    trigger: str = "time",
    finished: int = 0,
    result: int = 0,
    actions: tuple[ActionSpec, ...] = (),
    instance: str = "",
) -> tuple[LoggedEvent, ...]:
    """A run that began at `time` (DynamicInfo's last run) as the account `by`, and ended at `finished` (0: it still runs).

    `trigger` is one of time, event, registration, demand, missed, idle, boot, logon, connect, disconnect, remote-connect,
    remote-disconnect, lock, unlock, or "" for none of its own. `actions` are those that ran, else those of the registry.
    The events: the launch (107 ...), 129, 100, 200 and 201 of each action, 102, and for programs 4688 and Sysmon 1.
    """
    raise NotImplementedError
