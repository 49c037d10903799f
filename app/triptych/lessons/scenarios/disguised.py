"""Tasks that pass for others: a shipped task whose class is served from elsewhere, a twin of a shipped name, a job of `at`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from triptych.lessons.benign_tasks import SYSTEM, definition, local
from triptych.lessons.chance import Chance
from triptych.lessons.deviations.hand import clock_of
from triptych.lessons.host import ComClass
from triptych.lessons.job_file import INTERACTIVE, NAME_SET, JobSpec, job_bytes, job_log
from triptych.lessons.logbook_acts import registered, registry_set
from triptych.lessons.logbook_presence import uptime_at
from triptych.lessons.machine import CONFIG, Machine, task_file
from triptych.lessons.scenarios.hidden import ALSO, common
from triptych.lessons.scenarios.names import nightly, of_system, payload, script
from triptych.lessons.scenarios.scenario import Planted, Scenario, Scene, in_key, tasks_key, tree_key
from triptych.lessons.scenarios.stage import SERVICED, staged
from triptych.lessons.scenarios.telling import (
    HOUR,
    after_run,
    intrusion,
    iso,
    lived,
    pick_event,
    planted_task,
    processes,
    records,
    registration,
    started,
    system_shell,
    told,
)
from triptych.lessons.task_spec import TaskSpec, TriggerSpec
from triptych.model.times import TICKS_A_DAY, TICKS_A_SECOND, Instant

_DLLS = ("msfte.dll", "wdsync.dll", "cfgmgr.dll", "prntask.dll", "mscorev.dll", "netprov.dll")
_SERVERS = (r"C:\ProgramData\Cache", r"C:\ProgramData\Sync", r"C:\ProgramData\Fonts", r"C:\Users\Public\Libraries")
_GROUPS = ("S-1-5-4", "S-1-5-11", "S-1-5-32-545")
_CYRILLIC = {"a": "\u0430", "c": "\u0441", "e": "\u0435", "o": "\u043e", "p": "\u0440", "x": "\u0445", "i": "\u0456"}
_UNSEEN = ("\u200b", "\u2060", "\ufeff")


# -- classes --------------------------------------------------------------------------------------------------------------


def _calling(machine: Machine, class_id: str) -> tuple[TaskSpec, ...]:
    """The tasks that call a class."""
    wanted = class_id.upper()
    return tuple(task for task in machine.tasks if any(action.class_id.upper() == wanted for action in task.definition.actions))


def _target(machine: Machine, chance: Chance, *, of_users: bool) -> TaskSpec:
    """A shipped task that calls a registered class and has run; one that runs as the user, where asked. Raises LookupError."""
    known = {com.class_id.upper() for com in machine.classes if com.kind == "InprocServer32" and not com.owner}
    found = [
        task for task in machine.tasks
        if task.path.startswith(r"\Microsoft\Windows") and len(task.definition.actions) == 1 and not task.path.startswith(SERVICED)
        and task.definition.actions[0].class_id.upper() in known and task.definition.settings.enabled
        and (task.definition.principal.group_id in _GROUPS or not of_users)
    ]  # fmt: skip
    ran = [task for task in found if task.times.last_run > machine.collected - 3 * TICKS_A_DAY]
    if not found:
        raise LookupError("no task of this machine calls a registered class")
    return chance.pick(ran or found)


def com_hijack(machine: Machine, chance: Chance) -> Scene:
    """The class that a shipped task calls is served from elsewhere; no store of the task changes."""
    hour = intrusion(machine, chance)
    try:
        task = _target(machine, chance, of_users=True)
        of_user = chance.chance(0.5)
    except LookupError:
        task, of_user = _target(machine, chance, of_users=False), False
    class_id = task.definition.actions[0].class_id
    true = next(com for com in machine.classes if com.class_id.upper() == class_id.upper() and not com.owner)
    account = machine.accounts[0]
    folder = rf"C:\Users\{account.profile}\AppData\Local\Microsoft\Cache" if of_user else chance.pick(_SERVERS)
    dll = rf"{folder}\{chance.pick(_DLLS)}"
    written = hour.when
    if of_user:
        classes = (*machine.classes, ComClass(class_id, dll, owner=account.sid, written=written))
        place = rf"HKU\{account.sid}_Classes\CLSID\{class_id}\InprocServer32"
        where = f"Users/{account.profile}/AppData/Local/Microsoft/Windows/UsrClass.dat"
    else:
        classes = tuple(replace(com, server=dll, written=written) if com is true else com for com in machine.classes)
        place = rf"HKLM\SOFTWARE\Classes\CLSID\{class_id}\InprocServer32"
        where = f"{CONFIG}/SOFTWARE"
    window = system_shell(hour)
    client = started(hour, -0.1, "reg.exe", f'reg  add "{place}" /ve /d "{dll}" /f', by=hour.system, parent=window)
    service = [window.parent] if window.parent else []
    acts = (
        *processes(hour, *service, window, client),
        registry_set(hour.running, written, client, place, "(Default)", dll, new=of_user),
    )
    after = told(replace(machine, classes=classes), *acts)
    victims = _calling(after, class_id)
    facts = (
        ("task", task.path), ("guid", task.guid), ("clsid", class_id), ("dll", dll), ("true-dll", true.server),
        ("changed-at", iso(written)),
        ("hive", "user" if of_user else "machine"), ("key", place.partition("\\")[2]), ("account", account.name if of_user else "SYSTEM"),
    )  # fmt: skip
    planted = (
        Planted("file", where, f"{place} names {dll}. Before it was {true.server}." if not of_user
                else f"{place} names {dll}, and comes before the machine's {true.server}."),
        Planted("registry", in_key(tasks_key(task.guid), "Actions"), f"Unchanged: the class {class_id}, as Windows ships it."),
        Planted("scheduler", task.path, "Shows the task as it is shipped: what a class is served by stands elsewhere."),
    )  # fmt: skip
    later = sorted(
        (event for event in after.events if event.event_id == 200 and event.time > written), key=lambda event: event.time
    )
    ran = next((event for event in later if event.get("TaskName") == task.path), None)
    stated = records(
        after,
        (pick_event((e for act in reversed(acts) for e in act), 4688), "The program that wrote the key."),
        (ran, "A run since then: the event names the class, not the file."),
    )  # fmt: skip
    rules = tuple(("com-handler-hijacked", victim.path) for victim in victims)
    return Scene(after, tuple(victim.path for victim in victims), rules, ALSO, facts, planted + stated)


# -- names ----------------------------------------------------------------------------------------------------------------


def _two_blanks(name: str, chance: Chance) -> tuple[str, str]:
    return name.replace(" ", "  ", 1), " "


def _cyrillic(name: str, chance: Chance) -> tuple[str, str]:
    at = chance.pick([at for at, letter in enumerate(name) if letter in _CYRILLIC])
    return name[:at] + _CYRILLIC[name[at]] + name[at + 1 :], _CYRILLIC[name[at]]


def _invisible(name: str, chance: Chance) -> tuple[str, str]:
    letter = chance.pick(_UNSEEN)
    at = chance.pick([at for at in range(2, len(name) - 1) if name[at - 1].isalpha() and name[at].isalpha()])
    return name[:at] + letter + name[at:], letter


_WAYS: tuple[tuple[Callable[[str, Chance], tuple[str, str]], str], ...] = (
    (_two_blanks, "name-lookalike"), (_cyrillic, "name-lookalike"), (_invisible, "name-deceptive"),
)  # fmt: skip


def look_alike(machine: Machine, chance: Chance) -> Scene:
    """A task beside a shipped one, whose name differs by a character that nobody sees."""
    hour = intrusion(machine, chance)
    way, rule = chance.pick(_WAYS)
    twins = [
        task for task in machine.tasks
        if task.path.startswith("\\Microsoft\\Windows\\") and len(task.name) >= 12 and task.name.isascii()
        and "{" not in task.name and sum(letter.isalpha() for letter in task.name) >= 10
        and (way is not _two_blanks or " " in task.name) and any(letter in _CYRILLIC for letter in task.name)
    ]  # fmt: skip
    twin = chance.pick(twins)
    name, letter = way(twin.name, chance)
    path = f"{twin.folder}\\{name}"
    author = chance.pick(("Microsoft Corporation", r"CORP\svc-backup", ""))
    told_so = of_system(payload(chance), nightly(chance, hour.when), author=author)
    task = planted_task(machine, chance, path, told_so, hour.when)
    asked = registration(machine, hour, task, chance)
    task, runs = lived(machine, task, hour.when)
    after = told(machine.with_task(task), *asked, *runs)
    action = task.definition.actions[0]
    facts = (
        ("task", path), ("guid", task.guid), ("twin", twin.path), ("code-point", f"U+{ord(letter):04X}"), ("account", "SYSTEM"),
        ("sid", "S-1-5-18"), ("command", action.command), ("arguments", action.arguments), ("created", iso(hour.when)),
        ("key", tree_key(path)),
    )  # fmt: skip
    stated = records(after, (pick_event((event for act in asked for event in act), 4698), "The registration of the twin."))
    planted = (
        Planted("registry", tree_key(path), f"Stands beside {twin.path}; the difference is U+{ord(letter):04X}."),
        *common(task, "The task window shows both, one below the other."),
        *stated,
    )
    return Scene(after, (path,), ((rule, path),), (*ALSO, "author-spoofed", "name-lookalike", "name-deceptive"), facts, planted)


# -- at -------------------------------------------------------------------------------------------------------------------


def at_job(machine: Machine, chance: Chance) -> Scene:
    """A job of `at`: the old file and its log, and the task that Windows makes of it."""
    hour = intrusion(machine, chance)
    action = script(chance)
    clock = clock_of(machine)
    due = hour.when + chance.ticks(1_200, 4_000)
    due += 60 * TICKS_A_SECOND - clock.local(due).ticks % (60 * TICKS_A_SECOND)
    wall = clock.local(due)
    trigger = TriggerSpec("TimeTrigger", start=local(wall.iso[:19]))
    told_so = definition(SYSTEM, (action,), trigger, author="SYSTEM", schema="1.0")
    path = r"\At1"
    task = planted_task(machine, chance, path, told_so, hour.when)
    window = system_shell(hour, -40)
    at = started(hour, -0.2, "at.exe", f"at  {wall.iso[11:16]} {action.command} {action.arguments}", by=hour.who, parent=window)
    service = [window.parent] if window.parent else []
    asked = (*processes(hour, *service, window, at), registered(hour.running, task.times.index, task, hour.system, at))
    one = uptime_at(machine, machine.seed, due)
    task, runs = lived(machine, task, due - HOUR // 60) if one.running is hour.running else (task, ())
    if not task.times.last_run:
        task = after_run(task, due + 1_311_771, chance.ticks(0.5, 4), chance)
    job = JobSpec(
        action.command, action.arguments, author="NT AUTHORITY\\SYSTEM", comment="Created by NetScheduleJobAdd.",
        product=0x0601 if machine.windows.is_7 else 0x0A00, flags=NAME_SET | INTERACTIVE, last_run=_wall_parts(wall), status=0x41300,
        start=_start_parts(wall),
    )  # fmt: skip
    after = told(machine.with_task(task), *asked, *runs)
    after = after.with_file("Windows/Tasks/At1.job", job_bytes(job), task.times.last_success + 3_117_913)
    after = after.with_file(
        "Windows/Tasks/SCHEDLGU.TXT", _old_log(machine, action.command, due), task.times.last_success + 3_341_007
    )
    facts = (
        ("task", path), ("guid", task.guid), ("account", "SYSTEM"), ("sid", "S-1-5-18"), ("command", action.command),
        ("arguments", action.arguments), ("created", iso(hour.when)), ("due", iso(due)), ("job", "Windows/Tasks/At1.job"),
        ("log", "Windows/Tasks/SCHEDLGU.TXT"),
    )  # fmt: skip
    planted = (
        Planted("file", "Windows/Tasks/At1.job", f"The job as `at` wrote it: {action.command} {action.arguments}, as SYSTEM."),
        Planted("file", "Windows/Tasks/SCHEDLGU.TXT", "The old log tells of its run, in the machine's own time."),
        Planted("xml", task_file(path), "The task that the service made of the job."),
        Planted("registry", tree_key(path), "Its key, beside those of all other tasks."),
        Planted("scheduler", path, "The task window shows At1."),
    )
    stated = records(after, (pick_event((event for act in asked for event in act), 106), "The registration of At1."))
    rules = (("legacy-job", path), ("command-suspicious", path))
    return Scene(after, (path,), rules, (*ALSO, "time-contradiction", "legacy-job"), facts, planted + stated)


def _wall_parts(wall: Instant) -> tuple[int, int, int, int, int, int, int, int]:
    year, month, day, hour, minute = _start_parts(wall)
    weekday = (wall.ticks // TICKS_A_DAY + 1) % 7  # 1601-01-01 was a Monday, and Sunday counts as 0
    return year, month, weekday, day, hour, minute, 0, 131


def _start_parts(wall: Instant) -> tuple[int, int, int, int, int]:
    text = wall.iso
    return int(text[:4]), int(text[5:7]), int(text[8:10]), int(text[11:13]), int(text[14:16])


def _old_log(machine: Machine, command: str, due: int) -> bytes:
    clock = clock_of(machine)

    def spelled(ticks: int) -> str:
        text = clock.local(ticks).iso
        hour = int(text[11:13])
        half = "AM" if hour < 12 else "PM"
        return f"{int(text[5:7])}/{int(text[8:10])}/{text[:4]} {hour % 12 or 12}:{text[14:19]} {half}"

    started_at = uptime_at(machine, machine.seed, due).began + 41 * TICKS_A_SECOND
    return job_log(
        '"Task Scheduler Service"', f"\tStarted at {spelled(started_at)}", f'"At1.job" ({command})', f"\tStarted {spelled(due)}",
        f'"At1.job" ({command})', f"\tFinished {spelled(due + 3 * TICKS_A_SECOND)}",
        "\tResult: The task completed with an exit code of (0).",
    )  # fmt: skip


SCENES = (
    Scenario(8, "com-hijack", "Clean in all three stores", 3, "10", staged(com_hijack)),
    Scenario(9, "look-alike", "Twins", 1, "10", staged(look_alike), ("odd-name",)),
    Scenario(12, "at-job", "A job of at", 2, "7", staged(at_job), ("odd-name",)),
)
