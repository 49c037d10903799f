"""The makings of an everyday task: definitions in few words, and times that agree with each other."""

from __future__ import annotations

from dataclasses import dataclass, replace

from triptych.formats.sid import task_sid
from triptych.lessons.chance import Chance
from triptych.lessons.host import Account
from triptych.lessons.task_spec import (
    ActionSpec,
    Definition,
    PrincipalSpec,
    RegistrationSpec,
    SettingsSpec,
    TaskSpec,
    TaskTimes,
    TriggerSpec,
    indexes_of,
)
from triptych.lessons.windows import Windows
from triptych.model.times import TICKS_A_DAY, TICKS_A_SECOND, Instant, Zone, parse_iso

LAPTOP = SettingsSpec(no_start_on_batteries=False, stop_on_batteries=False)
SYSTEM = PrincipalSpec("Author", user_id="S-1-5-18", run_level="HighestAvailable")


@dataclass(frozen=True, slots=True)
class Clock:
    """The times between which a machine's everyday life lies, in ticks, and the zone of its wall clock."""

    installed: int
    upgraded: int
    collected: int
    bias: int

    def local(self, ticks: int) -> Instant:
        """A moment as the machine's wall clock tells it, without a zone."""
        return Instant(ticks - self.bias * 60 * TICKS_A_SECOND, Zone.LOCAL)


def dated(told: Definition, clock: Clock, when: int) -> Definition:
    """The definition with the Date that the task window writes: a moment before it is registered, on the wall clock."""
    date = clock.local(when - TICKS_A_SECOND // 7).iso
    return replace(told, registration=replace(told.registration, date=date))


def exec_(command: str, arguments: str = "", directory: str = "") -> ActionSpec:
    """An Exec action."""
    return ActionSpec("Exec", command=command, arguments=arguments, working_directory=directory)


def com(class_id: str, data: str = "") -> ActionSpec:
    """A ComHandler action."""
    return ActionSpec("ComHandler", class_id=class_id, data=data)


def local(text: str) -> Instant:
    """A boundary on the machine's wall clock."""
    return parse_iso(text)


def daily(start: str, **more: str) -> TriggerSpec:
    """Every day at the time of `start`."""
    return TriggerSpec("CalendarTrigger", start=local(start), days=1, **more)  # type: ignore[arg-type]  # all texts here


def as_user(account: Account, domain: str, *, highest: bool = False, logon_type: str = "InteractiveToken") -> PrincipalSpec:
    """The principal of a user's own task: XML names the SID, the registry the name too."""
    level = "HighestAvailable" if highest else "LeastPrivilege"
    return PrincipalSpec("Author", user_id=account.sid, logon_type=logon_type, run_level=level, account=f"{domain}\\{account.name}")


def user_access(path: str, sid: str) -> str:
    """The SD of a task that a user registered: administrators and SYSTEM everything, the user the same, the task may read."""
    return f"O:{sid}G:BAD:AI(A;ID;0x1f019f;;;BA)(A;ID;0x1f019f;;;SY)(A;ID;FA;;;BA)(A;;FA;;;{sid})(A;;FR;;;{task_sid(path)})"


def system_access(path: str) -> str:
    """The SD of a task that an administrator registered for SYSTEM."""
    return f"O:BAG:SYD:AI(A;ID;0x1f019f;;;BA)(A;ID;0x1f019f;;;SY)(A;ID;FA;;;BA)(A;;FR;;;SY)(A;;FR;;;{task_sid(path)})"


def task_times(chance: Chance, clock: Clock, registered: int, *, ran: bool, result: int = 0) -> TaskTimes:
    """Times of a task registered at a moment: keys within milliseconds, the file just after, Tasks rewritten at the last run."""
    tree = registered + chance.ticks(0.001, 0.01)
    index = tree + chance.ticks(0.0001, 0.002)
    file = index + chance.ticks(0.002, 0.06)
    if not ran or clock.collected - registered < TICKS_A_DAY // 8:
        return TaskTimes(registered, tree, index + chance.ticks(0.0001, 0.001), index, file)
    earliest = max(registered + 60 * TICKS_A_SECOND, clock.collected - 9 * TICKS_A_DAY)
    last_run = earliest + chance.ticks(0, (clock.collected - earliest) / TICKS_A_SECOND * 0.98)
    done = last_run + chance.ticks(0.05, 20)
    success = done if not result else 0
    return TaskTimes(registered, tree, done + chance.ticks(0.0005, 0.01), index, file, last_run, success, result)


def registered_between(chance: Chance, low: int, high: int) -> int:
    """A moment between two others."""
    return low + chance.ticks(0, (high - low) / TICKS_A_SECOND)


def new_task(
    chance: Chance,
    clock: Clock,
    windows: Windows,
    path: str,
    definition: Definition,
    *,
    registered: int,
    access: str = "",
    ran: bool = True,
    result: int = 0,
    order: str = "full",
) -> TaskSpec:
    """A task as the service keeps one that was registered at that moment. URI is the path where the definition has none."""
    registration = definition.registration
    definition = replace(definition, registration=replace(registration, uri=registration.uri or path))
    index, keys = indexes_of(definition)
    if windows.is_7:
        keys = tuple(key for key in keys if key != "Maintenance")
    return TaskSpec(
        path,
        chance.guid(),
        definition,
        access or system_access(path),
        task_times(chance, clock, registered, ran=ran and bool(definition.triggers) and definition.settings.enabled, result=result),
        index=index,
        index_keys=keys,
        xml_order=order,
        crc=chance.number(1, 0xFFFFFFFF),
    )


def definition(
    principal: PrincipalSpec,
    actions: tuple[ActionSpec, ...],
    *triggers: TriggerSpec,
    author: str = "",
    date: str = "",
    description: str = "",
    settings: SettingsSpec = LAPTOP,
    schema: str = "1.2",
    version: str = "",
    security_descriptor: str = "",
    source: str = "",
    uri: str = "",
) -> Definition:
    """A definition from the parts that everyday tasks have."""
    registration = RegistrationSpec(
        uri, author, date, source, description, version=version, security_descriptor=security_descriptor
    )
    return Definition(registration, principal, triggers, actions, settings, schema)
