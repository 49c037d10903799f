"""Tasks of everyday software and administration: updaters, agents, backups, per-user helpers."""

from __future__ import annotations

import base64
from dataclasses import replace

from triptych.lessons.benign_tasks import (
    LAPTOP,
    SYSTEM,
    Clock,
    as_user,
    com,
    daily,
    dated,
    definition,
    exec_,
    local,
    new_task,
    registered_between,
    user_access,
)
from triptych.lessons.chance import Chance
from triptych.lessons.host import Account
from triptych.lessons.task_spec import ActionSpec, Definition, PrincipalSpec, SettingsSpec, TaskSpec, TriggerSpec
from triptych.lessons.windows import Windows
from triptych.model.times import TICKS_A_DAY

_DEPARTMENTS = (
    "Accounts", "Archive", "Assembly", "Audit", "Billing", "Canteen", "Claims", "Contracts", "Controlling", "Dispatch",
    "Facilities", "Fleet", "Imports", "Insurance", "Inventory", "Invoices", "Laboratory", "Leasing", "Legal", "Logistics",
    "Mailroom", "Marketing", "Payroll", "Planning", "Pricing", "Print", "Procurement", "Projects", "Quality", "Receipts",
    "Reception", "Records", "Returns", "Sales", "Shipping", "Stock", "Subsidies", "Support", "Taxes", "Tenders",
    "Tooling", "Training", "Transport", "Travel", "Treasury", "Vendors", "Visitors", "Warehouse", "Warranty", "Workshop",
)  # fmt: skip


class Maker:
    """Registers everyday tasks on one machine, each at its own moment after installation."""

    def __init__(self, chance: Chance, clock: Clock, windows: Windows, name: str, domain: str) -> None:
        self.chance, self.clock, self.windows, self.name = chance, clock, windows, name
        self.domain = domain.split(".")[0].upper() or name

    def task(
        self, path: str, told: Definition, *, owner: str = "", result: int = 0, order: str = "full", stamped: bool = False
    ) -> TaskSpec:
        """A task registered on some day; one with an owner has that user's descriptor, and `stamped` writes its Date."""
        chance, clock = self.chance, self.clock
        registered = registered_between(chance, clock.installed + TICKS_A_DAY, clock.collected - 3 * TICKS_A_DAY)
        told = dated(told, clock, registered) if stamped else told
        access = user_access(path, owner) if owner else ""
        return new_task(chance, clock, self.windows, path, told, registered=registered, access=access, result=result, order=order)

    def user_task(self, account: Account, path: str, *actions: ActionSpec, triggers: tuple[TriggerSpec, ...]) -> TaskSpec:
        """A user's own task, without elevation."""
        told = definition(as_user(account, self.domain), actions, *triggers, author=f"{self.domain}\\{account.name}", schema="1.4")
        return self.task(path, told, owner=account.sid)


def vendor_tasks(make: Maker, accounts: tuple[Account, ...]) -> list[TaskSpec]:
    """Updaters of the machine, and each user's own."""
    made = [*_updaters(make), *_agents(make)]
    for account in accounts:
        made += _per_user(make, account)
    return made


def _updaters(make: Maker) -> list[TaskSpec]:
    google = r"C:\Program Files (x86)\Google\Update\GoogleUpdate.exe"
    edge = r"C:\Program Files (x86)\Microsoft\EdgeUpdate\MicrosoftEdgeUpdate.exe"
    adobe = definition(
        PrincipalSpec("Author", group_id="S-1-5-4"),
        (exec_(r"C:\Program Files (x86)\Common Files\Adobe\ARM\1.0\AdobeARM.exe"),),
        TriggerSpec("LogonTrigger", delay="PT12M"),
        daily("2013-01-01T11:00:00"),
        author="Adobe Systems Incorporated",
        date="2012-05-22T12:00:00",
        description="This task keeps your Adobe Reader and Acrobat applications up to date.",
    )
    pairs = [*_update_pair(make, "Google", google), *_update_pair(make, "MicrosoftEdge", edge)]
    return [*pairs, make.task(r"\Adobe Acrobat Update Task", adobe)]


def _update_pair(make: Maker, vendor: str, program: str) -> list[TaskSpec]:
    """Core at logon and daily, UA hourly, both with a GUID at the end of their names."""
    suffix = make.chance.guid()
    day = daily("2023-11-12T10:14:36")
    hourly = replace(day, interval="PT1H", duration="P1D")
    told = definition(
        SYSTEM,
        (exec_(program, "/c"),),
        *(TriggerSpec("LogonTrigger"), day),
        description=f"Keeps your {vendor} software up to date.",
        settings=replace(LAPTOP, start_when_available=True),
        version="1.3.195.15",
    )
    again = replace(told, triggers=(hourly,), actions=(exec_(program, "/ua /installsource scheduler"),))
    return [
        make.task(rf"\{vendor}UpdateTaskMachineCore{suffix}", told),
        make.task(rf"\{vendor}UpdateTaskMachineUA{suffix}", again, order="stock"),
    ]


def _agents(make: Maker) -> list[TaskSpec]:
    firefox = f"{make.chance.number(0x1000000000000000, 0xFFFFFFFFFFFFFFFF):016X}"
    browser = r"C:\Program Files\Mozilla Firefox\default-browser-agent.exe"
    users = PrincipalSpec("Author", group_id="S-1-5-32-545")
    npcap = exec_(r"C:\Program Files\Npcap\CheckStatus.bat")
    made = [
        make.task(
            rf"\Mozilla\Firefox Default Browser Agent {firefox}",
            definition(users, (exec_(browser, f'do-task "{firefox}"'),), daily("2024-01-10T09:11:42"), author="Mozilla"),
        ),
        make.task(r"\npcapwatchdog", definition(SYSTEM, (npcap,), TriggerSpec("BootTrigger"), author=rf"{make.name}\setup")),
        make.task(
            r"\NvDriverUpdateCheckDaily_{B2FE1952-0186-46C3-BAEC-A80AA35AC5B8}",
            definition(
                SYSTEM,
                (exec_(r"C:\Program Files\NVIDIA Corporation\NvContainer\nvcontainer.exe", "-d NvDriverUpdateCheck"),),
                daily("2023-12-01T12:25:00"),
                author="NVIDIA Corporation",
            ),
        ),
        make.task(
            r"\Intel PTT EK Recertification",
            definition(
                SYSTEM,
                (
                    exec_(
                        r"C:\Windows\System32\DriverStore\FileRepository\iclsclient.inf_amd64_75f2a7a7d9b8e3f1\lib"
                        r"\IntelPTTEKRecertification.exe"
                    ),
                ),
                daily("2023-11-11T04:00:00"),
                author="Intel",
            ),
        ),
    ]
    return [*made, *_management(make)]


def _management(make: Maker) -> list[TaskSpec]:
    """Management: an agent's encoded PowerShell with harmless content, a script of the own domain, `sc` and `rundll32`."""
    inventory = "Get-CimInstance -ClassName Win32_LogicalDisk | Select-Object DeviceID, Size, FreeSpace"
    encoded = base64.b64encode(inventory.encode("utf-16-le")).decode("ascii")
    powershell = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe"
    return [
        make.task(
            r"\Contoso Endpoint\Inventory",
            definition(
                SYSTEM,
                (exec_(powershell, f"-NoProfile -ExecutionPolicy Bypass -EncodedCommand {encoded}"),),
                daily("2024-02-01T12:40:00"),
                author="Contoso Endpoint Management",
            ),
        ),
        make.task(
            r"\Corp\Logon Inventory",
            definition(
                SYSTEM,
                (exec_(r"\\corp.example\SYSVOL\corp.example\scripts\inventory.cmd"),),
                daily("2024-02-01T07:40:00"),
                author=r"CORP\gpadmin",
            ),
        ),
        make.task(
            r"\HP\Consent Manager Launcher",
            definition(SYSTEM, (exec_("sc", "start hptouchpointanalyticsservice"),), TriggerSpec("LogonTrigger")),
        ),
        make.task(
            r"\Printer Status Monitor",
            definition(
                PrincipalSpec("Author", group_id="S-1-5-32-545"),
                (exec_("rundll32.exe", r'"C:\Program Files\Brother\BrMonitor\BrStMon.dll",StartMonitor'),),
                TriggerSpec("LogonTrigger"),
                author="Brother Industries, Ltd.",
            ),
        ),
    ]


def _per_user(make: Maker, account: Account) -> list[TaskSpec]:
    home = rf"C:\Users\{account.profile}\AppData"
    onedrive = r"%localappdata%\Microsoft\OneDrive\OneDriveStandaloneUpdater.exe"
    made = [
        make.user_task(
            account,
            rf"\OneDrive Standalone Update Task-{account.sid}",
            exec_(onedrive),
            triggers=(replace(daily("1992-05-01T03:00:00"), days=1, random_delay="PT4H"),),
        ),
        make.user_task(
            account,
            rf"\OneDrive Reporting Task-{account.sid}",
            exec_(onedrive, "/reporting"),
            triggers=(TriggerSpec("TimeTrigger", start=local("2024-03-02T11:25:11"), interval="P1D"),),
        ),
        make.user_task(
            account,
            rf"\ZoomUpdateTaskUser-{account.sid}",
            exec_(rf"{home}\Roaming\Zoom\bin\Zoom.exe", "--action=UpdateSchedule"),
            triggers=(daily("2024-05-02T11:25:11"),),
        ),
    ]
    optimize = make.user_task(
        account,
        rf"\Optimize Start Menu Cache Files-{account.sid}",
        com("{2D3F8A1B-6DCD-4ED5-BDBA-A096594B98EF}", "$(Arg0)"),
        triggers=(TriggerSpec("IdleTrigger"),),
    )
    return [*made, optimize]


def admin_jobs(make: Maker, account: Account, count: int) -> list[TaskSpec]:
    """Nightly jobs that an administrator made: several actions, one of them with foreign names."""
    made = []
    principal = as_user(account, make.domain, highest=False)
    for number in range(count):
        department = _DEPARTMENTS[number % len(_DEPARTMENTS)]
        folder = r"C:\Program Files\Contoso\Nightly"
        night = f"2024-{1 + number % 12:02d}-{1 + number % 27:02d}T{number % 5 + 1:02d}:{number * 7 % 60:02d}:00"
        settings = SettingsSpec(time_limit="PT4H", start_when_available=number % 3 == 0)
        name = department if number < len(_DEPARTMENTS) else f"{department} {number // len(_DEPARTMENTS) + 1}"
        actions: tuple[ActionSpec, ...] = (exec_(rf"{folder}\export.exe", f"--unit {department.lower()}", folder),)
        if number % 6 == 0:
            actions += (exec_(rf"{folder}\copy.exe", f"--unit {department.lower()} --to archive", folder),)
        author = rf"{make.domain}\{account.name}"
        told = definition(principal, actions, daily(night), author=author, settings=settings)
        made.append(make.task(rf"\Contoso\Nightly {name}", told, owner=account.sid, stamped=True))
    return made
