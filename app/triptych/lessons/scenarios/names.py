"""What is drawn for a planted task: its name and folder, its program, the account and place it comes from; all as real ones are."""

from __future__ import annotations

from dataclasses import replace

from triptych.lessons.benign_tasks import LAPTOP, SYSTEM, daily, definition, exec_
from triptych.lessons.chance import Chance
from triptych.lessons.machine import Machine
from triptych.lessons.task_spec import ActionSpec, Definition, SettingsSpec, TriggerSpec
from triptych.model.times import TICKS_A_DAY, Instant

FOLDERS = ("\\Contoso", "\\Contoso Endpoint", "\\Corp", "\\HP", "\\Mozilla", "", "", "")
NAMES = (
    "Asset Sync", "Cache Refresh", "Certificate Renewal", "Device Telemetry", "Driver Check", "Font Cache", "License Check",
    "Log Rotation", "Office Sync", "Policy Refresh", "Print Queue Cleanup", "Profile Sync", "Session Cleanup", "Spooler Health",
    "Battery Report", "Display Calibration", "Endpoint Inventory", "Help Content Update", "Index Maintenance", "Mail Archive",
    "Network Probe", "Package Cleanup", "Quota Report", "Report Upload", "Token Refresh", "VPN Profile Update",
)  # fmt: skip
_PROGRAMS = ("cachesvc.exe", "dsync.exe", "fontcfg.exe", "hlpsvc.exe", "logrot.exe", "mstel.exe", "prnsvc.exe", "wlsync.exe")
_PLACES = (
    r"C:\ProgramData\Cache", r"C:\ProgramData\Fonts", r"C:\ProgramData\Logs", r"C:\ProgramData\Sync", r"C:\Users\Public\Libraries",
)  # fmt: skip
_ARGUMENTS = ("-q", "/service", "-k netsvc", "--background", "/s /i", "-run")
_SCRIPTS = ("c.bat", "cfg.cmd", "init.bat", "setup.cmd", "sync.bat", "u.bat")
_WORKSTATIONS = ("WS-LAB-03", "WS-TEMP-11", "LT-SALES-27", "DESKTOP-7Q2KD91", "DESKTOP-M40R8TB", "WIN-5TQ8P1J6KRA")
AUTHOR = r"CORP\svc-backup"
"""The administrators' account of every machine, which the intruder has."""


def free_path(machine: Machine, chance: Chance) -> str:
    """An ordinary path that no task of the machine has."""
    taken = {task.path.casefold() for task in machine.tasks}
    folders = (*FOLDERS, *sorted({task.folder for task in machine.tasks if task.folder.count("\\") == 1 and task.folder != "\\"}))
    free = [path for folder in folders for name in NAMES if (path := f"{folder}\\{name}").casefold() not in taken]
    return chance.pick(free)


def payload(chance: Chance) -> ActionSpec:
    """A program in a folder that any user may write to."""
    return exec_(rf"{chance.pick(_PLACES)}\{chance.pick(_PROGRAMS)}", chance.pick(_ARGUMENTS))


def script(chance: Chance) -> ActionSpec:
    """A command processor with a script from such a folder."""
    command = chance.pick(("cmd.exe", r"C:\Windows\System32\cmd.exe", r"%SystemRoot%\System32\cmd.exe"))
    return exec_(command, rf"/c {chance.pick(_PLACES)}\{chance.pick(_SCRIPTS)}")


def harmless(chance: Chance) -> ActionSpec:
    """A program in Program Files."""
    folder = chance.pick((r"C:\Program Files\Contoso\Agent", r"C:\Program Files\Contoso\Tools", r"C:\Program Files\HP\Support"))
    return exec_(rf"{folder}\{chance.pick(('agent.exe', 'collect.exe', 'maintain.exe', 'upkeep.exe'))}", chance.pick(_ARGUMENTS))


def nightly(chance: Chance, when: int) -> TriggerSpec:
    """Every day at a drawn minute, from the day of the registration on."""
    return daily(f"{Instant(when - when % TICKS_A_DAY).iso[:10]}T{chance.number(0, 23):02d}:{chance.number(0, 59):02d}:00")


def of_system(
    action: ActionSpec, trigger: TriggerSpec, author: str = AUTHOR, settings: SettingsSpec = LAPTOP, *more: ActionSpec
) -> Definition:
    """A definition that runs as SYSTEM."""
    return definition(SYSTEM, (action, *more), trigger, author=author, settings=replace(settings))


def address(chance: Chance) -> str:
    """A computer of the same network."""
    return f"10.{chance.number(12, 40)}.{chance.number(2, 9)}.{chance.number(20, 230)}"


def workstation(chance: Chance) -> str:
    """The name of a computer that is not this one."""
    return chance.pick(_WORKSTATIONS)
