"""Everyday things that look like hiding and are not: leftovers of uninstallers, odd names, tasks of management.

Each stands on every benign machine, so that a rule which cries wolf is caught. The patterns are those that responders know from
real hosts: two Tasks keys of one path after a repair, ids that lead nowhere after an uninstall, names in scripts that need
joiners, descriptors without administrators, entries that deny others.
"""

from __future__ import annotations

import struct
from dataclasses import replace

from triptych.lessons.benign_tasks import LAPTOP, SYSTEM, as_user, com, daily, dated, definition, exec_, local, user_access
from triptych.lessons.collection import File
from triptych.lessons.hive_key import dword, string
from triptych.lessons.host import Account, Hives
from triptych.lessons.machine import Edit
from triptych.lessons.software_hive import task_values
from triptych.lessons.task_spec import PrincipalSpec, SettingsSpec, TaskSpec, TriggerSpec
from triptych.lessons.vendor_tasks import Maker
from triptych.model.times import TICKS_A_DAY, TICKS_A_SECOND, parse_iso

UNFINISHED_ON_7 = (
    r"\Microsoft\Windows\Customer Experience Improvement Program\OptinNotification",
    r"\Microsoft\Windows\MemoryDiagnostic\MemUsageTask",
    r"\Microsoft\Windows\NetworkAccessProtection\NAPStatus UI",
    r"\Microsoft\Windows\PLA\System\ConvertLogEntries",
    r"\Microsoft\Windows\RAC\RACAgent",
    r"\Microsoft\Windows\Shell\CrawlStartPages",
)
"""What a stock Windows 7 SP1 keeps in Tree without a task behind it, last written when Windows was built."""

_MADE = parse_iso("2009-07-14T04:53:42.1201887Z").ticks
_SA_DAT = struct.pack("<6I", 6, 0, 0, 0, 0, 0)


def odd_tasks(make: Maker, account: Account) -> list[TaskSpec]:
    """Tasks that are unusual and harmless."""
    made = [*_names(make, account), _disabled_boot(make), _guests_denied(make, account), _imported(make)]
    made += _managed_below_windows(make, account)
    return made if make.windows.is_7 else [*made, *_newer(make)]


def _names(make: Maker, account: Account) -> list[TaskSpec]:
    """Persian with a zero-width non-joiner, an emoji with a joiner, Hebrew with a mark: how people write, not deception."""
    helper = exec_(r"C:\Program Files\Contoso\Reminder\remind.exe")
    return [
        make.user_task(account, path, helper, triggers=(daily("2024-06-03T08:15:00"),))
        for path in (
            "\\\u06cc\u0627\u062f\u0622\u0648\u0631\u06cc \u0647\u0641\u062a\u0647\u200c\u0627\u06cc",
            "\\Standup \U0001f468\u200d\U0001f4bb",
            "\\\u05d2\u05d9\u05d1\u05d5\u05d9 \u200f(A)",
        )
    ]


def _disabled_boot(make: Maker) -> TaskSpec:
    """A boot trigger that is switched off beside a daily one: the task stands in Plain alone."""
    triggers = (TriggerSpec("BootTrigger", enabled=False), daily("2024-02-12T06:30:00"))
    told = definition(SYSTEM, (exec_(r"C:\Program Files\Contoso\Health\health.exe"),), *triggers, author=rf"{make.domain}\setup")
    return make.task(r"\Contoso\Health Check", told, result=1)


def _guests_denied(make: Maker, account: Account) -> TaskSpec:
    """Deny entries that hide nothing: guests may not read, another user may not write."""
    path = r"\Contoso\Shared Report"
    told = definition(
        as_user(account, make.domain),
        (exec_(r"C:\Program Files\Contoso\Report\report.exe"),),
        daily("2024-04-12T06:30:00"),
        author=rf"{make.domain}\{account.name}",
    )
    other = f"{account.sid.rpartition('-')[0]}-1107"
    denies = f"(D;;FA;;;BG)(D;;0x10116;;;{other})"
    access = user_access(path, account.sid).replace("D:AI", f"D:AI{denies}")
    return replace(make.task(path, told, owner=account.sid), access=access)


def _imported(make: Maker) -> TaskSpec:
    """Imported from another machine: its author and date are of long ago and far away."""
    told = definition(
        SYSTEM,
        (exec_(r"C:\Program Files\Contoso\Backup\backup.exe", "/incremental"),),
        daily("2016-03-01T22:00:00"),
        author=r"OLDHOST\Administrator",
        date="2016-02-24T15:02:11.4170201",
        settings=replace(LAPTOP, wake_to_run=True, restart_interval="PT10M", restart_count=3),
    )
    return make.task(r"\Contoso\Backup", told)


def _managed_below_windows(make: Maker, account: Account) -> list[TaskSpec]:
    """What users and management put below the folder of Windows: a scheduled job of PowerShell, a data collector set."""
    jobs = rf"C:\Users\{account.profile}\AppData\Local\Microsoft\Windows\PowerShell\ScheduledJobs"
    arguments = (
        '-NoLogo -NonInteractive -WindowStyle Hidden -Command "Import-Module PSScheduledJob; '
        "$jobDef = [Microsoft.PowerShell.ScheduledJob.ScheduledJobDefinition]::LoadFromStore('CleanTemp', "
        f"'{jobs}'); $jobDef.Run()\""
    )
    job = definition(
        as_user(account, make.domain, logon_type="S4U"),
        (exec_("powershell.exe", arguments),),
        daily("2024-08-19T03:00:00"),
        author=rf"{make.domain}\{account.name}",
        schema="1.3",
    )
    collector = definition(
        SYSTEM,
        (exec_(r"C:\Windows\system32\rundll32.exe", r'C:\Windows\system32\pla.dll,PlaHost "Disk Trend" "$(Arg0)"'),),
        daily("2024-08-01T00:00:00"),
        author=rf"{make.domain}\{account.name}",
        settings=replace(LAPTOP, hidden=False),
    )
    return [
        make.task(r"\Microsoft\Windows\PowerShell\ScheduledJobs\CleanTemp", job, owner=account.sid),
        make.task(r"\Microsoft\Windows\PLA\Disk Trend", collector),
    ]


def _newer(make: Maker) -> list[TaskSpec]:
    """Device management, and a handler whose class is registered for packages alone."""
    enrolment = make.chance.guid()[1:-1]
    folder = rf"\Microsoft\Windows\EnterpriseMgmt\{enrolment}"
    enroller = r"%windir%\system32\deviceenroller.exe"
    made = []
    for number, start in ((1, "2024-01-20T09:11:03"), (3, "2024-01-20T11:11:03")):
        trigger = TriggerSpec("TimeTrigger", start=local(start), interval="PT8H")
        told = definition(
            PrincipalSpec("Author", user_id="S-1-5-18"),
            (exec_(enroller, f'/o "{enrolment}" /c'),),
            trigger,
            author="Microsoft Corporation",
            settings=replace(LAPTOP, unified_engine=True),
            schema="1.3",
        )
        path = rf"{folder}\Schedule #{number} created by enrollment client"
        made.append(replace(make.task(path, told), access="O:SYG:SYD:P(A;;FA;;;SY)"))
    widget = com("{0B3398EA-00F1-418B-AA31-6F2F9BE5809B}", "$(Arg0)")
    packaged = definition(
        PrincipalSpec("InteractiveUsers", group_id="S-1-5-4"), (widget,), TriggerSpec("LogonTrigger"), schema="1.6"
    )
    made.append(make.task(r"\Contoso\Widgets", packaged))
    return made


def explorer_task(make: Maker, account: Account) -> TaskSpec:
    """What Explorer registers to start programs without elevation."""
    told = definition(
        as_user(account, make.domain),
        (exec_(r"C:\Windows\explorer.exe", "/NoUACCheck"),),
        TriggerSpec("RegistrationTrigger"),
        author="ExplorerShellUnelevated",
        settings=SettingsSpec(no_start_on_batteries=False, time_limit="PT0S"),
        schema="1.1",
    )
    return make.task(r"\CreateExplorerShellUnelevatedTask", told, owner=account.sid)


def leftovers(make: Maker, tasks: list[TaskSpec]) -> tuple[Edit, ...]:
    """Hands that everyday life laid on the keys: a second Tasks key, an id that leads nowhere, an entry without a task."""
    chance, clock, windows = make.chance, make.clock, make.windows
    repaired = next(task for task in tasks if task.path.startswith(r"\Contoso\Nightly"))
    old, gone, entry, untreed = (chance.guid() for _ in range(4))
    when = clock.installed + 9 * TICKS_A_DAY + chance.ticks(0, 3600)
    times = replace(repaired.times, registered=when, last_run=0, last_success=0, result=0x41303)
    before = replace(repaired, definition=dated(repaired.definition, clock, when), times=times)

    def two_tasks_keys(hives: Hives) -> None:
        """One path twice after a repair, and a path that an uninstaller left without a Tree key."""
        lost = replace(before, guid=untreed, path=r"\Dropbox Update Cleanup")
        hives.cache.make(rf"Tasks\{old}", when).put(*task_values(replace(before, guid=old), windows))
        hives.cache.make(rf"Tasks\{untreed}", when).put(*task_values(lost, windows))

    def tree_without_tasks(hives: Hives) -> None:
        key = hives.cache.make(r"Tree\Dropbox Cleanup", when + 7 * TICKS_A_SECOND)
        if windows.has_access:
            key.put(hives.tree(repaired.path).value("SD"))
        key.put(string("Id", gone), dword("Index", 3))

    def entry_without_task(hives: Hives) -> None:
        hives.cache.make(rf"Plain\{entry}", when + 31 * TICKS_A_SECOND)

    if windows.is_7:
        return two_tasks_keys, tree_without_tasks, entry_without_task, _unfinished(make)
    return two_tasks_keys, tree_without_tasks, entry_without_task


def _unfinished(make: Maker) -> Edit:
    """Tree keys with Index 0 and no Tasks key, as every Windows 7 has them since it was made."""
    guids = {path: make.chance.guid() for path in UNFINISHED_ON_7}

    def edit(hives: Hives) -> None:
        for number, (path, guid) in enumerate(guids.items()):
            key = hives.cache.make(f"Tree{path}", _MADE + 171_871 * number)
            key.put(string("Id", guid), dword("Index", 0))

    return edit


def odd_files(make: Maker, explorer_job: bytes) -> tuple[File, ...]:
    r"""`Windows\Tasks` as Windows 10 has it, and task files that an upgrade set aside."""
    when = make.clock.collected - 2 * TICKS_A_DAY + make.chance.ticks(0, 3600)
    return (
        File("Windows/Tasks/CreateExplorerShellUnelevatedTask.job", explorer_job, when),
        File("Windows/Tasks/SA.DAT", _SA_DAT, when),
    )
