"""Hands laid beside the task: COM classes, old jobs, policies, overrides, other views of the system, the hive's log."""

from __future__ import annotations

from dataclasses import replace

from triptych.lessons.benign_tasks import SYSTEM, daily, definition, exec_
from triptych.lessons.deviations.hand import VICTIM, as_of, moment, planted
from triptych.lessons.deviations.hidden import delete_access, zero_index
from triptych.lessons.hive_key import dword, expand_string, string
from triptych.lessons.host import ComClass, Hives
from triptych.lessons.job_file import INTERACTIVE, NAME_SET, JobSpec, job_bytes, job_log
from triptych.lessons.machine import CONFIG, TASKS, Machine
from triptych.lessons.software_hive import task_values
from triptych.lessons.task_spec import TaskSpec
from triptych.lessons.task_xml import xml_bytes
from triptych.model.times import TICKS_A_DAY

POLICY = "{31B2F340-016D-11D2-945F-00C04FB984F9}"
POLICY_FILE = (
    f"Windows/System32/GroupPolicy/DataStore/0/sysvol/corp.example/Policies/{POLICY}/Machine/Preferences/ScheduledTasks/"
    "ScheduledTasks.xml"
)
GONE = r"\Cache Maintenance"
_OVERRIDE = r"Wow6432Node\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache"


def handler_task(machine: Machine) -> TaskSpec:
    """A stock task that calls a COM class which is registered. Raises LookupError."""
    registered = {com.class_id.upper() for com in machine.classes}
    for task in machine.tasks:
        actions = task.definition.actions
        if task.path.startswith(r"\Microsoft\Windows") and actions and actions[0].class_id.upper() in registered:
            return task
    raise LookupError("no task of this machine calls a registered class")


def hijack_for_user(machine: Machine) -> Machine:
    """A class of a shipped task, overridden in a user's own hive."""
    class_id = handler_task(machine).definition.actions[0].class_id
    account = machine.accounts[0]
    server = rf"C:\Users\{account.profile}\AppData\Local\Temp\msfte.dll"
    com = ComClass(class_id, server, owner=account.sid, written=moment(machine))
    return replace(machine, classes=(*machine.classes, com))


def hijack_for_machine(machine: Machine) -> Machine:
    """A class of a shipped task, served from ProgramData."""
    class_id = handler_task(machine).definition.actions[0].class_id.upper()
    classes = tuple(
        replace(com, server=r"C:\ProgramData\x\msfte.dll", kind="InprocServer32", written=moment(machine))
        if com.class_id.upper() == class_id
        else com
        for com in machine.classes
    )
    return replace(machine, classes=classes)


def at_job(machine: Machine) -> Machine:
    """A job of `at`: the old file, and the log that tells of its run."""
    job = JobSpec(
        "cmd.exe",
        r"/c C:\ProgramData\x\u.bat",
        author="NT AUTHORITY\\SYSTEM",
        comment="Created by NetScheduleJobAdd.",
        product=0x0601 if machine.windows.is_7 else 0x0A00,
        flags=NAME_SET | INTERACTIVE,
        last_run=(2026, 3, 6, 14, 2, 20, 0, 112),
        status=0x41300,
    )
    log = job_log(
        '"Task Scheduler Service"',
        "\tStarted at 3/14/2026 1:58:11 AM",
        '"At1.job" (cmd.exe)',
        "\tStarted 3/14/2026 2:20:00 AM",
        '"At1.job" (cmd.exe)',
        "\tFinished 3/14/2026 2:20:04 AM",
        "\tResult: The task completed with an exit code of (0).",
    )
    with_job = machine.with_file("Windows/Tasks/At1.job", job_bytes(job), moment(machine))
    return with_job.with_file("Windows/Tasks/SCHEDLGU.TXT", log, moment(machine, 240))


def policy_task(machine: Machine) -> Machine:
    """An immediate task of a policy, as SYSTEM, and one with a stored password."""
    xml = """<?xml version="1.0" encoding="utf-8"?>
<ScheduledTasks clsid="{CC63F200-7309-4ba0-B154-A71CD118DBCC}">
  <ImmediateTaskV2 clsid="{9756B581-76EC-4169-9AFC-0CA8D43ADB5F}" name="Health" image="0" changed="2026-03-13 21:02:44" uid="{7F0C8C86-3A9E-4C0A-8B0B-0E0D3E3B2C11}" userContext="0" removePolicy="0">
    <Properties action="C" name="Health" runAs="NT AUTHORITY\\System" logonType="S4U">
      <Task version="1.3">
        <RegistrationInfo><Author>CORP\\gpadmin</Author><Description></Description></RegistrationInfo>
        <Principals><Principal id="Author"><UserId>NT AUTHORITY\\System</UserId><LogonType>S4U</LogonType><RunLevel>HighestAvailable</RunLevel></Principal></Principals>
        <Settings><Enabled>true</Enabled><Hidden>false</Hidden></Settings>
        <Triggers><TimeTrigger><StartBoundary>%LocalTimeXmlEx%</StartBoundary><EndBoundary>%LocalTimeXmlEx%</EndBoundary><Enabled>true</Enabled></TimeTrigger></Triggers>
        <Actions Context="Author"><Exec><Command>cmd.exe</Command><Arguments>/c C:\\ProgramData\\x\\u.bat</Arguments></Exec></Actions>
      </Task>
    </Properties>
  </ImmediateTaskV2>
  <Task clsid="{2DEECB1C-261F-4e13-9B21-16FB83BC03BD}" name="Inventory" image="2" changed="2024-02-01 06:12:31" uid="{0B2F6A6E-55D7-4B53-9A0B-6B1D6C1E7A90}">
    <Properties action="U" name="Inventory" appName="C:\\Program Files\\Contoso\\Inventory\\inventory.exe" args="" startIn="" comment="" enabled="1" runAs="CORP\\svc-inventory" cpassword="j1Uyj3Vx8TY9LtLZil2uAuZkFQA/4latT76ZwgdHdhw">
      <Triggers><Trigger type="DAILY" startHour="6" startMinutes="30" beginYear="2024" beginMonth="2" beginDay="1" hasEndDate="0" repeatTask="0" interval="1"/></Triggers>
    </Properties>
  </Task>
</ScheduledTasks>
"""  # noqa: E501 - written as the policy editor writes it
    return machine.with_file(POLICY_FILE, xml.replace("\n", "\r\n").encode(), moment(machine))


def state_flags(machine: Machine, path: str = VICTIM) -> Machine:
    """The switch that lets another key override a task's triggers."""
    name = path.replace("\\", "/")

    def edit(hives: Hives) -> None:
        hives.schedule.make(rf"TaskStateFlags\{name}", moment(machine, 50)).put(dword("StateFlags", 1))

    return machine.with_edit(edit)


def wow_cache(machine: Machine, path: str = r"\Contoso\Cache Refresh") -> Machine:
    """A task in the TaskCache of the 32-bit side, which the service never reads."""
    told = definition(SYSTEM, (exec_(r"C:\Program Files\Contoso\Cache\refresh.exe"),), daily("2026-03-01T02:17:00"))
    task = planted(machine, path, told)

    def edit(hives: Hives) -> None:
        cache = hives.software.make(_OVERRIDE, moment(machine, 51))
        cache.make(f"Tree{path}", moment(machine, 51)).put(string("Id", task.guid), dword("Index", 3))
        cache.make(rf"Tasks\{task.guid}", moment(machine, 51)).put(*task_values(task, machine.windows))

    return machine.with_edit(edit)


def wow_file(machine: Machine) -> Machine:
    """An XML file in SysWOW64, where no service looks."""
    told = definition(SYSTEM, (exec_("cmd.exe", r"/c C:\ProgramData\x\u.bat"),), daily("2026-03-01T02:17:00"))
    return machine.with_file("Windows/SysWOW64/Tasks/Cache Refresh", xml_bytes(told), moment(machine))


def redirected_folder(machine: Machine) -> Machine:
    """The folder of old jobs leads elsewhere."""

    def edit(hives: Hives) -> None:
        key = hives.software.at(r"Microsoft\SchedulingAgent")
        key.put(expand_string("TasksFolder", r"C:\ProgramData\x\Tasks"))
        key.written = moment(machine, 52)

    return machine.with_edit(edit)


def gone_since_backup(machine: Machine, path: str = VICTIM) -> Machine:
    """RegBack still knows a task of which the hive has nothing left, not even in free cells."""
    before = as_of(machine, machine.collected - 5 * TICKS_A_DAY)
    backup = before.files()[f"{CONFIG}/SOFTWARE"]
    return machine.without_task(path).with_file(f"{CONFIG}/RegBack/SOFTWARE", backup, before.collected)


def only_in_log(machine: Machine, path: str = VICTIM) -> Machine:
    """The hive still has the SD; its deletion stands in the log alone."""
    changed = delete_access(machine, path)
    return replace(changed, edits=machine.edits, logged_edits=changed.edits[len(machine.edits) :])


def index_in_log(machine: Machine, path: str = VICTIM) -> Machine:
    """The hive has the Index; the log sets it to 0. On Windows 7 the log is of the old format."""
    changed = zero_index(machine, path)
    return replace(changed, edits=machine.edits, logged_edits=changed.edits[len(machine.edits) :])


def over_two_logs(machine: Machine, path: str = VICTIM) -> Machine:
    """LOG1 sets the Index to 0, LOG2 deletes the SD: who replays one log alone sees half of it."""
    changed = delete_access(zero_index(machine, path), path)
    return replace(changed, edits=machine.edits, logged_edits=changed.edits[len(machine.edits) :])


def undone_in_log(machine: Machine, path: str = VICTIM) -> Machine:
    """The hive lacks the SD; the log puts it back: without the log a reader would accuse a task that is in order."""

    def restore(hives: Hives) -> None:
        key = hives.tree(path)
        key.put(key.ghosts[-1])
        key.written = moment(machine, 55)

    return delete_access(machine, path).with_logged_edit(restore)


def earlier_system(machine: Machine) -> Machine:
    """Windows.old as an upgrade leaves it: the tasks of then, one of which is no longer there."""
    when = (machine.upgraded or machine.collected) - TICKS_A_DAY // 24
    told = definition(SYSTEM, (exec_(r"C:\Windows\Temp\svc.exe"),), daily("2024-03-01T02:17:00"), author=r"CORP\svc-backup")
    gone = planted(machine, GONE, told, ran=False)
    back = gone.times.registered - machine.installed - 30 * TICKS_A_DAY
    times = replace(
        gone.times,
        registered=gone.times.registered - back,
        tree=gone.times.tree - back,
        tasks=gone.times.tasks - back,
        index=gone.times.index - back,
        file=gone.times.file - back,
    )
    old = as_of(machine.with_task(replace(gone, times=times)), when)
    for file in old.contents():
        if file.path.startswith((f"{CONFIG}/S", f"{TASKS}/")):
            machine = machine.with_file(f"Windows.old/{file.path}", file.data, file.modified)
    return machine
