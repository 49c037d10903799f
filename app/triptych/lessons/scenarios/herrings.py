"""Red herrings: harmless things that look odd, each with its events where the logs would have them.

Every one gives the machine and the paths of the tasks that it is about. None of them deserves a finding at high.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from triptych.lessons.benign_tasks import LAPTOP, SYSTEM, as_user, daily, dated, definition, exec_, new_task, user_access
from triptych.lessons.chance import Chance
from triptych.lessons.deviations.hand import clock_of
from triptych.lessons.host import Hives
from triptych.lessons.logbook_acts import process, registered, removed, run
from triptych.lessons.machine import Machine
from triptych.lessons.scenarios.remains import freed
from triptych.lessons.scenarios.telling import Hour, Told, after_run, intrusion, lived, started, told
from triptych.lessons.software_hive import task_values
from triptych.lessons.stock_tasks import subscription
from triptych.lessons.task_spec import Definition, TriggerSpec
from triptych.model.times import TICKS_A_DAY

Herring = Callable[[Machine, Chance], tuple[Machine, tuple[str, ...]]]
_MMC = r'"C:\Windows\system32\mmc.exe" C:\Windows\system32\taskschd.msc'


def _free(machine: Machine, chance: Chance, *paths: str) -> str:
    taken = {task.path.casefold() for task in machine.tasks}
    free = [path for path in paths if path.casefold() not in taken]
    return chance.pick(free) if free else f"{paths[0]} {chance.number(2, 99)}"


def by_administrator(
    machine: Machine, chance: Chance, path: str, tell: Callable[[Hour], Definition], access: str = ""
) -> tuple[Machine, tuple[str, ...]]:
    """A task that an administrator registered in the task window."""
    hour = intrusion(machine, chance)
    clock = clock_of(machine)
    told_so = dated(tell(hour), clock, hour.when)
    task = new_task(chance, clock, machine.windows, path, told_so, registered=hour.when, ran=False, access=access)
    task, runs = lived(machine, task, hour.when)
    window = started(hour, -90, "mmc.exe", _MMC)
    asked = registered(hour.running, task.times.index, task, hour.who, window)
    return told(machine.with_task(task), process(hour.running, window), asked, *runs), (path,)


def hidden_vendor(machine: Machine, chance: Chance) -> tuple[Machine, tuple[str, ...]]:
    """A vendor's task with Hidden=true, which hides nothing from anybody who asks."""
    path = _free(machine, chance, r"\Contoso\Telemetry Upload", r"\Brother\Status Upload", r"\Contoso\Usage Report")

    def tell(_: Hour) -> Definition:
        return definition(
            SYSTEM, (exec_(r"C:\Program Files\Contoso\Agent\upload.exe", "/daily"),), daily("2025-01-10T11:20:00"),
            author="Contoso Ltd.", settings=replace(LAPTOP, hidden=True),
        )  # fmt: skip

    return by_administrator(machine, chance, path, tell)


def disk_watch(machine: Machine, chance: Chance) -> tuple[Machine, tuple[str, ...]]:
    """An administrator's task that wakes on errors of the disk."""
    path = _free(machine, chance, r"\Contoso\Disk Watch", r"\Corp\Disk Errors", r"\Contoso\Volume Watch")
    trigger = TriggerSpec("EventTrigger", subscription=subscription("System", "disk", chance.pick((7, 11, 51))))

    def tell(_: Hour) -> Definition:
        return definition(
            SYSTEM, (exec_(r"C:\Program Files\Contoso\Health\notify.exe", "disk"),), trigger, author=r"CORP\svc-backup"
        )

    return by_administrator(machine, chance, path, tell)


def stored_logon(machine: Machine, chance: Chance) -> tuple[Machine, tuple[str, ...]]:
    """A nightly job of the backup account that runs though nobody is logged on."""
    account = machine.account("svc-backup")
    path = _free(machine, chance, r"\Contoso\Offsite Copy", r"\Corp\Offsite Copy", r"\Contoso\Archive Copy")

    def tell(hour: Hour) -> Definition:
        principal = as_user(account, hour.running.domain, highest=True, logon_type=chance.pick(("Password", "S4U")))
        action = exec_(r"C:\Program Files\Contoso\Backup\offsite.exe", "/nightly")
        return definition(principal, (action,), daily("2025-02-01T03:40:00"), author=r"CORP\svc-backup")

    return by_administrator(machine, chance, path, tell, user_access(path, account.sid))


def user_updater(machine: Machine, chance: Chance) -> tuple[Machine, tuple[str, ...]]:
    """A program that updates itself from its user's folder, without rights of its own."""
    account = machine.accounts[0]
    name = chance.pick(("Miro", "Notion", "Figma", "Postman"))
    path = _free(machine, chance, rf"\{name} Update {account.sid}")
    action = exec_(rf"C:\Users\{account.profile}\AppData\Local\{name}\Update.exe", "--checkForUpdate")

    def tell(hour: Hour) -> Definition:
        principal = as_user(account, hour.running.domain)
        return definition(principal, (action,), daily("2025-06-02T11:05:00"), author=rf"{hour.running.domain}\{account.name}")

    return by_administrator(machine, chance, path, tell, user_access(path, account.sid))


def script_of_administration(machine: Machine, chance: Chance) -> tuple[Machine, tuple[str, ...]]:
    """PowerShell with its policy set aside, for a script in Program Files."""
    path = _free(machine, chance, r"\Corp\Patch Report", r"\Contoso\Patch Report", r"\Corp\Share Report")
    script = r"C:\Program Files\Contoso\Scripts\report.ps1"
    action = exec_("powershell.exe", f'-NoProfile -ExecutionPolicy Bypass -File "{script}"')

    def tell(_: Hour) -> Definition:
        return definition(SYSTEM, (action,), daily("2025-03-03T06:10:00"), author=r"CORP\svc-backup")

    return by_administrator(machine, chance, path, tell)


def installer(machine: Machine, chance: Chance) -> tuple[Machine, tuple[str, ...]]:
    """An installer that makes a task for one run, as the system, and removes it."""
    hour = intrusion(machine, chance)
    path = _free(machine, chance, rf"\Contoso Setup {chance.number(1000, 9999)}")
    action = exec_(r"C:\Program Files\Contoso\Setup\finish.exe", "/once")
    told_so = definition(SYSTEM, (action,), TriggerSpec("RegistrationTrigger"), author="Contoso Ltd.")
    clock = clock_of(machine)
    task = new_task(chance, clock, machine.windows, path, dated(told_so, clock, hour.when), registered=hour.when, ran=False)
    service = hour.running.service("services")
    client = started(hour, -20, "msiexec.exe", r"C:\Windows\system32\msiexec.exe /V", by=hour.system, parent=service)
    begun = task.times.index + chance.ticks(0.5, 2)
    took = chance.ticks(1, 9)
    gone = begun + took + chance.ticks(1, 20)
    acts: tuple[Told, ...] = (
        process(hour.running, client),
        registered(hour.running, task.times.index, task, hour.system, client),
        run(hour.running, begun, task, hour.system, trigger="registration", finished=begun + took),
        removed(hour.running, gone, task, hour.system, client),
    )
    return told(machine.with_edit(freed(machine, after_run(task, begun, took, chance), gone)), *acts), (path,)


def restored_file(machine: Machine, chance: Chance) -> tuple[Machine, tuple[str, ...]]:
    """A task's file that came back from a backup, with the time of the backup."""
    candidates = [
        task for task in machine.tasks if task.path.startswith(r"\Contoso\Nightly") and task.has_file and not task.registry
    ]
    task = chance.pick(candidates)
    back = chance.number(30, 200) * TICKS_A_DAY + chance.ticks(0, 80_000)
    times = replace(task.times, file=max(task.times.file - back, machine.installed + chance.ticks(90_000, 900_000)))
    return machine.with_task(replace(task, times=times)), (task.path,)


def uninstalled(machine: Machine, chance: Chance) -> tuple[Machine, tuple[str, ...]]:
    """What an uninstaller leaves: a Tasks key without Tree key and index, that has not run since."""
    path = _free(machine, chance, r"\Skype Launcher", r"\CCleaner Update", r"\Evernote Sync", r"\WebEx Presence")
    when = machine.installed + chance.number(20, 90) * TICKS_A_DAY + chance.ticks(0, 80_000)
    clock = clock_of(machine)
    told_so = definition(SYSTEM, (exec_(r"C:\Program Files\Common Files\Helper\helper.exe"),), daily("2024-01-09T09:30:00"))
    task = new_task(chance, clock, machine.windows, path, dated(told_so, clock, when), registered=when, ran=False)
    windows = machine.windows

    def edit(hives: Hives) -> None:
        hives.cache.make(rf"Tasks\{task.guid}", task.times.tasks).put(*task_values(task, windows))

    return machine.with_edit(edit), (path,)


HERRINGS: tuple[Herring, ...] = (
    hidden_vendor, disk_watch, stored_logon, user_updater, script_of_administration, installer, restored_file, uninstalled,
)  # fmt: skip
