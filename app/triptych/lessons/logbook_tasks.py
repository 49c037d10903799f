"""What Windows logs of tasks: registered, changed, disabled, removed, run.

Fields and order: event manifest of the service and Microsoft Learn (4698 to 4702), checked on real logs of Windows 10: 106, 140,
141, 142 and 129 bear no activity, 100, 102, 107 to 119, 200 and 201 bear the id of the run.
"""

from __future__ import annotations

from triptych.lessons.logbook import SECURITY, TASKS, LoggedEvent, Logon, Process, Value
from triptych.lessons.logbook_processes import file_created, file_deleted, process, subject
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
_VARIABLES = (
    ("%systemroot%", r"C:\Windows"), ("%windir%", r"C:\Windows"), ("%programfiles(x86)%", r"C:\Program Files (x86)"),
    ("%programfiles%", r"C:\Program Files"), ("%programdata%", r"C:\ProgramData"), ("%systemdrive%", "C:"),
)  # fmt: skip
_BY_USER = frozenset(("logon", "connect", "disconnect", "remote-connect", "remote-disconnect", "lock", "unlock"))


def registered(
    machine: Running, time: int, task: TaskSpec, by: Logon, client: Process | None = None, told: Definition | None = None
) -> tuple[LoggedEvent, ...]:
    """A task was registered: 106, 4698 with the XML (`told`, else the task's own), Sysmon 11 of the file.

    `client` is the process that asked. Without a client, or for a logon of type 3, the call came from afar: 4698 then names no process.
    """
    telling = _act(machine, time, "registered", (106, "UserContext"), task, by, client, told)
    _written(telling, task)
    return telling.told()


def updated(
    machine: Running, time: int, task: TaskSpec, by: Logon, client: Process | None = None, told: Definition | None = None
) -> tuple[LoggedEvent, ...]:
    """A task was changed: 140, 4702 with the new XML, Sysmon 11 of the file."""
    telling = _act(machine, time, "updated", (140, "UserName"), task, by, client, told)
    _written(telling, task)
    return telling.told()


def enabled(machine: Running, time: int, task: TaskSpec, by: Logon, client: Process | None = None) -> tuple[LoggedEvent, ...]:
    """A task was enabled: the service logs it as a change (140), the audit as itself (4700)."""
    telling = _act(machine, time, "enabled", (140, "UserName"), task, by, client)
    return telling.told()


def scheduler_event(
    machine: Running, time: int, event_id: int, *data: tuple[str, Value], activity: str = ""
) -> tuple[LoggedEvent, ...]:
    """Any other event of the scheduler's log (101, 103, 146, 322 ...), by the names of its data."""
    telling = Telling(machine, time, "scheduler", event_id)
    telling.add(TASKS, event_id, *data, service="Schedule", user=SCHEDULER, activity=activity)
    return telling.told()


def disabled(machine: Running, time: int, task: TaskSpec, by: Logon, client: Process | None = None) -> tuple[LoggedEvent, ...]:
    """A task was disabled: 142 and 4701."""
    telling = _act(machine, time, "disabled", (142, "UserName"), task, by, client)
    return telling.told()


def removed(machine: Running, time: int, task: TaskSpec, by: Logon, client: Process | None = None) -> tuple[LoggedEvent, ...]:
    """A task was deleted through the service: 141, 4699 whose TaskContent is empty (as in real logs), Sysmon 26 of the file."""
    telling = _act(machine, time, "removed", (141, "UserName"), task, by, client)
    telling.extend(file_deleted(machine, telling.now, machine.service("Schedule"), _file(task)))
    return telling.told()


def _act(
    machine: Running, time: int, what: str, logged: tuple[int, str], task: TaskSpec, by: Logon, client: Process | None,
    told: Definition | None = None,
) -> Telling:  # fmt: skip
    """What every act on a task leaves: the service's own event (its number, and the name that it gives the account), the audit's."""
    number, name = logged
    telling = Telling(machine, time, what, task.path)
    telling.wait(0.0008, 0.006)
    telling.add(TASKS, number, ("TaskName", task.path), (name, by.account), service="Schedule", user=SCHEDULER)
    _audited(telling, what, task, by, client, told)
    return telling


def _file(task: TaskSpec) -> str:
    return rf"C:\Windows\System32\Tasks{task.path}"


def _written(telling: Telling, task: TaskSpec) -> None:
    """The service writes the file: at the time that the task states, where that is of this act."""
    time = task.times.file if 0 <= task.times.file - telling.now < TICKS_A_SECOND else telling.now
    telling.extend(file_created(telling.machine, time, telling.machine.service("Schedule"), _file(task)))


def _audited(telling: Telling, what: str, task: TaskSpec, by: Logon, client: Process | None, told: Definition | None) -> None:
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
    telling.add(SECURITY, _AUDITED[what], *data, service="lsass")


def start_key(machine: Running, started: Process) -> int:
    """The start key of a process: the count of starts above, the number of the process below (read off real logs)."""
    return 19 << 48 | (started.started - machine.booted) // 1_000_000 + started.id


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
    telling = Telling(machine, time, "run", task.path)
    run_id = instance or telling.chance.guid()
    done = actions or task.told_by_registry.actions
    if trigger:
        _launched(telling, trigger, task, by, run_id)
    for number, action in enumerate(done):
        last = number + 1 == len(done)
        end = (finished if last else time + (finished - time) * (number + 1) // len(done)) if finished else 0
        _action(telling, task, action, by, run_id, first=not number, end=end, result=result)
    if finished:
        telling.now = max(telling.now, finished)
        telling.wait(0.0002, 0.002)
        _of_run(telling, 102, run_id, ("TaskName", task.path), ("UserContext", by.token), ("InstanceId", run_id))
    return telling.told()


def _of_run(telling: Telling, event_id: int, run_id: str, *data: tuple[str, Value]) -> None:
    telling.add(TASKS, event_id, *data, service="Schedule", user=SCHEDULER, activity=run_id)


def _launched(telling: Telling, trigger: str, task: TaskSpec, by: Logon, run_id: str) -> None:
    telling.wait(0.0002, 0.002)
    data: list[tuple[str, Value]] = [("TaskName", task.path), ("InstanceId", run_id)]
    if trigger in _BY_USER:
        data.insert(1, ("UserName", by.token))
    if trigger == "demand":
        data.append(("UserContext", by.token.rpartition("\\")[2]))
    _of_run(telling, _LAUNCHED[trigger], run_id, *data)


def _action(
    telling: Telling, task: TaskSpec, action: ActionSpec, by: Logon, run_id: str, *, first: bool, end: int, result: int
) -> None:
    """What is logged of one action: 129 and the process of a program, 100 before the first one, 200, and 201 at its end."""
    telling.wait(0.001, 0.02)
    machine = telling.machine
    started = task_process(machine, telling.now, action, by)
    name = action.command if action.type == "Exec" else action.class_id
    if action.type == "Exec":
        telling.extend(process(machine, started))
        path = (("TaskName", task.path), ("Path", action.command), ("ProcessID", started.id), ("Priority", _PRIORITY))
        telling.wait(0.001, 0.01)
        telling.add(TASKS, 129, *path, service="Schedule", user=SCHEDULER)
    engine: tuple[tuple[str, Value], ...] = () if machine.windows.is_7 else (("EnginePID", started.id),)
    if first:
        telling.wait(0.0002, 0.002)
        _of_run(telling, 100, run_id, ("TaskName", task.path), ("UserContext", by.token), ("InstanceId", run_id))
    telling.wait(0.0002, 0.003)
    _of_run(telling, 200, run_id, ("TaskName", task.path), ("ActionName", name), ("TaskInstanceId", run_id), *engine)
    if end:
        telling.now = max(telling.now + 10_000, end - 20_000)
        data: tuple[tuple[str, Value], ...] = (
            ("TaskName", task.path),
            ("TaskInstanceId", run_id),
            ("ActionName", name),
            ("ResultCode", result),
            *engine,
        )
        _of_run(telling, 201, run_id, *data)


def task_process(machine: Running, time: int, action: ActionSpec, by: Logon) -> Process:
    """The process that an action starts: the program itself below the service, or the host of COM handlers."""
    service = machine.service("taskeng" if machine.windows.is_7 else "Schedule")
    if action.type != "Exec":
        host = r"C:\Windows\System32\taskhost.exe" if machine.windows.is_7 else r"C:\Windows\System32\taskhostw.exe"
        return machine.start(time, host, host.rpartition("\\")[2], by, service)
    image = program(action.command, by)
    command = f'"{image}" {action.arguments}'.rstrip() if " " in image else f"{image} {action.arguments}".rstrip()
    if image.lower().endswith((".cmd", ".bat")):
        image, command = r"C:\Windows\System32\cmd.exe", rf'C:\Windows\SYSTEM32\cmd.exe /c "{image}" {action.arguments}'.rstrip()
    return machine.start(time, image, command, by, service, action.working_directory)


def program(command: str, by: Logon) -> str:
    """The full path of the program that a command names, as Windows finds it."""
    bare = command.strip('"')
    for name, path in (*_VARIABLES, ("%localappdata%", rf"C:\Users\{by.name}\AppData\Local")):
        if bare.lower().startswith(name):
            bare = path + bare[len(name) :]
    if "\\" in bare:
        return bare
    named = bare if "." in bare else f"{bare}.exe"
    if named.lower() == "powershell.exe":
        return r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe"
    return rf"C:\Windows\System32\{named}"
