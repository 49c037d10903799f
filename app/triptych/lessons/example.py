r"""The evidence that the README opens first: WS-FIN-07, a machine of some eighty tasks on which three things are wrong.

`\Microsoft\Windows\WinUpdate` was registered with a harmless command, then given another one in the registry, hidden by an
empty access list and finally by deleting the list altogether, its Index set to 0. `\OneDrive Reporting` denies everybody who
might look. `\Backup-old` is a file that nothing registers. A week of logs tells the rest: who logged on from where, which command
deleted the list, what ran, and who cleared a log.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from triptych.lessons import logbook_acts as acts
from triptych.lessons.access import descriptor
from triptych.lessons.benign import benign
from triptych.lessons.benign_tasks import LAPTOP, SYSTEM, as_user, daily, definition, exec_
from triptych.lessons.collection import zip_bytes
from triptych.lessons.deviations.hand import planted
from triptych.lessons.deviations.hidden import NOBODY, SYSTEM_DENIED
from triptych.lessons.hive_key import binary, dword
from triptych.lessons.host import Hives
from triptych.lessons.logbook import Logon
from triptych.lessons.logbook_weeks import running_at
from triptych.lessons.machine import Machine
from triptych.lessons.task_spec import TaskTimes, TriggerSpec
from triptych.model.times import parse_iso

FILE = "example/ws-fin-07.zip"
"""The resource's name."""

HOST = "WS-FIN-07"
WIN_UPDATE, ONE_DRIVE, BACKUP_OLD = r"\Microsoft\Windows\WinUpdate", r"\OneDrive Reporting", r"\Backup-old"
GUID = "{8A3C1D7E-52B0-4C0F-9E0B-6E1F2B7C9D11}"
CMD, REG = r"C:\Windows\System32\cmd.exe", r"C:\Windows\System32\reg.exe"
_SEED, _TASKS = 7, 60


def machine() -> Machine:
    """The machine of the example."""
    made = benign("10", _SEED, name=HOST, tasks=_TASKS, weeks=1)
    made = _with_win_update(made)
    made = _with_one_drive(made)
    return _with_night(_with_backup_old(made))


def example_bytes() -> bytes:
    """The zip archive, as KAPE lays it out; the same bytes each time."""
    return zip_bytes(machine().collection(), "kape")


def write(path: Path) -> None:
    """Build the example anew, where the file of the resources stands."""
    path.write_bytes(example_bytes())


def main(arguments: list[str]) -> None:
    """`python -m triptych.lessons.example FILE`: build the resource anew."""
    write(Path(arguments[0]))


def _ticks(text: str) -> int:
    return parse_iso(text).ticks


def _with_win_update(before: Machine) -> Machine:
    """Registered at 02:11:40, the registry's action changed and the list deleted within half a minute, run at 02:17:03."""
    quarterly = TriggerSpec("TimeTrigger", start=parse_iso("2026-03-01T00:02:00Z"), interval="PT15M")
    told = definition(
        SYSTEM,
        (exec_(r'"%ProgramFiles%\Update\updater.exe"', "/quiet"),),
        quarterly,
        author=r"CORP\svc-backup",
        date="2026-03-14T03:11:40.8811302",
        description="Keeps the updater up to date.",
        settings=replace(LAPTOP, start_when_available=True),
    )
    times = TaskTimes(
        _ticks("2026-03-14T02:11:40.9020117Z"),
        _ticks("2026-03-14T02:12:09.3770418Z"),
        _ticks("2026-03-14T02:17:04.6604429Z"),
        _ticks("2026-03-14T02:11:40.9078853Z"),
        _ticks("2026-03-14T02:11:40.9411206Z"),
        _ticks("2026-03-14T02:17:03.0100375Z"),
        _ticks("2026-03-14T02:17:04.6560081Z"),
        result=0,
    )
    task = replace(
        planted(before, WIN_UPDATE, told),
        guid=GUID,
        times=times,
        registry=replace(told, actions=(exec_("cmd.exe", r"/c C:\ProgramData\x\u.bat"),)),
    )

    def hide(hives: Hives) -> None:
        tree = hives.tree(WIN_UPDATE)
        tree.put(binary("SD", descriptor(NOBODY)), dword("Index", 0))
        tree.drop("SD")
        tree.written = times.tree

    return before.with_task(task).with_edit(hide)


def _with_one_drive(before: Machine) -> Machine:
    """A library started as SYSTEM under a well-known name; its list denies SYSTEM and Administrators."""
    told = definition(
        SYSTEM,
        (exec_("rundll32.exe", r"C:\ProgramData\Microsoft\OneDrive\setup\report.dll,Start"),),
        daily("2026-03-14T03:24:00"),
        author="Microsoft Corporation",
        settings=LAPTOP,
    )
    return before.with_task(planted(before, ONE_DRIVE, told, access=SYSTEM_DENIED))


def _with_backup_old(before: Machine) -> Machine:
    """What a removed task left: its file."""
    account = before.accounts[0]
    told = definition(
        as_user(account, "CORP"),
        (exec_("powershell.exe", rf"-NoProfile -File C:\Users\{account.profile}\Documents\backup.ps1"),),
        daily("2025-01-20T18:00:00"),
        author=rf"CORP\{account.name}",
    )
    task = replace(planted(before, BACKUP_OLD, told, ran=False), registered=False)
    file = _ticks("2025-01-20T16:41:08.1170266Z")
    return before.with_task(replace(task, times=replace(task.times, file=file)))


def _with_night(before: Machine) -> Machine:
    """What the logs keep of that night: a logon from another machine, the registrations, the hand on the registry, the run."""
    win_update, one_drive = before.task(WIN_UPDATE), before.task(ONE_DRIVE)
    known = before.account("svc-backup")
    came = _ticks("2026-03-14T02:10:58.1140113Z")
    on = running_at(before, came)
    who = Logon(known.sid, known.name, "CORP", 0x3E7A1C4, kind=3, session=0, address="10.8.0.41", port=52_144, began=came)
    key = rf"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tree{WIN_UPDATE}"
    shell = on.start(
        _ticks("2026-03-14T02:11:47.5521870Z"), CMD, "cmd.exe /c C:\\ProgramData\\x\\i.bat", on.system, on.service("Schedule")
    )
    put = on.start(_ticks("2026-03-14T02:11:52.0874410Z"), REG, r"reg  import C:\ProgramData\x\a.reg", on.system, shell)
    cut = on.start(_ticks("2026-03-14T02:12:09.3410027Z"), REG, f'reg  delete "{key}" /v SD /f', on.system, shell)
    cleared = _ticks("2026-03-14T02:18:05.2201345Z")
    ran = win_update.times
    told = (
        acts.logon(on, came, who),
        acts.share_access(on, _ticks("2026-03-14T02:11:40.8710962Z"), who, "IPC$", "atsvc"),
        acts.registered(on, ran.registered, win_update, who),
        *(acts.process(on, started) for started in (shell, put, cut)),
        acts.registry_deleted(on, ran.tree, cut, key, "SD"),
        acts.run(on, ran.last_run, win_update, on.system, finished=ran.last_success),
        acts.share_access(on, one_drive.times.registered - 300_000, who, "IPC$", "atsvc"),
        acts.registered(on, one_drive.times.registered, one_drive, who),
    )
    made = before.with_events(*(event for act in told for event in act))
    return made.with_cleared_log("System", cleared, *acts.log_cleared(on, cleared, "System", who))


if __name__ == "__main__":
    main(sys.argv[1:])
