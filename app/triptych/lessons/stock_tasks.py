"""The tasks that Windows brings along, built from the facts of the baseline: real paths, actions, classes and principals.

What the facts do not tell (the hour of a trigger, the batteries, descriptions) is drawn from what real files of such tasks show.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from triptych.formats.sid import service_sid, task_sid
from triptych.lessons.benign_tasks import Clock, com, definition, exec_, local, new_task, registered_between
from triptych.lessons.chance import Chance
from triptych.lessons.host import ComClass
from triptych.lessons.task_spec import ActionSpec, PrincipalSpec, SettingsSpec, TaskSpec, TriggerSpec
from triptych.lessons.windows import Windows
from triptych.model.times import TICKS_A_DAY
from triptych.resources import table

DEFENDER_VERSION = "4.18.26010.5-0"
_PRINCIPALS = {
    "S-1-5-18": ("LocalSystem", False),
    "S-1-5-19": ("LocalService", False),
    "S-1-5-20": ("NetworkService", False),
    "S-1-5-4": ("InteractiveUsers", True),
    "S-1-5-11": ("AuthenticatedUsers", True),
    "S-1-5-32-544": ("Administrators", True),
    "S-1-5-32-545": ("Users", True),
    "S-1-1-0": ("Everyone", True),
}
# Descriptors that files of such tasks state, with the owner and group that the service adds.
_ACCESS = (
    "D:P(A;;FA;;;BA)(A;;FA;;;SY)(A;;FRFX;;;LS)",
    "D:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;FRFX;;;AU)",
    "D:AI(A;;FA;;;BA)(A;;FA;;;SY)(A;;FRFX;;;LS)(A;;FR;;;AU)",
    "D:P(A;;FA;;;SY)(A;;FRFX;;;BA)(A;;FRFX;;;AU)(A;;FRFX;;;IU)",
)
_EVENTS = (
    ("System", "Microsoft-Windows-Kernel-Power", 107),
    ("Application", "Microsoft-Windows-Winlogon", 6001),
    ("Microsoft-Windows-User Device Registration/Admin", "Microsoft-Windows-User Device Registration", 105),
)


@dataclass(frozen=True, slots=True)
class StockFact:
    """What the baseline says of one task, narrowed to one of its actions and principals."""

    path: str
    action: Mapping[str, Any]
    principal: str
    triggers: tuple[str, ...]
    hidden: bool
    maintenance: bool
    author: str


def stock_facts(windows: Windows) -> list[StockFact]:
    """The tasks of a release with known principal first, then the others, each group by path."""
    found = []
    for task in table("baselines/stock.json")["tasks"]:
        if task.get("product") != "Windows" or not task.get("actions") or not set(windows.baseline) & set(task.get("windows", ())):
            continue
        principals = [sid for sid in task.get("principals", ()) if sid in _PRINCIPALS]
        found.append(
            StockFact(
                task["path"],
                task["actions"][0],
                principals[0] if principals else "",
                tuple(task.get("triggers", ())),
                bool(task.get("hidden")),
                bool(task.get("maintenance")),
                task.get("author") or "",
            )
        )
    return sorted(found, key=lambda fact: (not fact.principal, fact.path.casefold()))


def stock_task(chance: Chance, clock: Clock, windows: Windows, fact: StockFact) -> TaskSpec:
    """The task of a fact, registered by setup or by a later update."""
    late = chance.chance(0.2)
    low, high = (
        (clock.upgraded, clock.collected - 20 * TICKS_A_DAY) if late else (clock.installed, clock.installed + TICKS_A_DAY // 24)
    )
    registered = registered_between(chance, low or clock.installed, high)
    triggers = tuple(_trigger(chance, kind) for kind in fact.triggers)
    access = chance.pick(_ACCESS)
    made = new_task(
        chance,
        clock,
        windows,
        fact.path,
        definition(
            _principal(fact),
            (_action(fact),),
            *triggers,
            author=fact.author,
            source=fact.author if fact.author.startswith("$(") and chance.chance(0.6) else "",
            description=fact.author.replace(",-", ",-1") if fact.author.startswith("$(") else "",
            date=chance.pick(("", "", "", "2005-10-11T13:21:17-08:00", "2014-01-01T00:00:00")),
            settings=_settings(chance, fact, windows),
            schema=_schema(chance, windows),
            security_descriptor=access,
        ),
        registered=registered,
        access=_tree_access(fact.path, access),
        ran=chance.chance(0.7),
        order="stock",
    )
    return _backdated(chance, _spelt(chance, made))


def stock_class(fact: StockFact) -> ComClass | None:
    """The class behind a ComHandler, served from where the facts say, else from System32."""
    if fact.action["type"] != "ComHandler":
        return None
    name = fact.path.rpartition("\\")[2]
    server = fact.action.get("module") or rf"%SystemRoot%\System32\{name.replace(' ', '')[:8].lower()}task.dll"
    kind = "LocalServer32" if server.lower().endswith(".exe") else "InprocServer32"
    return ComClass(fact.action["class_id"], server, kind, name=f"{name} Task Handler")


def _action(fact: StockFact) -> ActionSpec:
    if fact.action["type"] == "ComHandler":
        return com(fact.action["class_id"], fact.action.get("data") or "")
    command = fact.action["command"].replace("<version>", DEFENDER_VERSION)
    return exec_(command, fact.action.get("arguments") or "")


def _principal(fact: StockFact) -> PrincipalSpec:
    sid = fact.principal or "S-1-5-18"
    name, group = _PRINCIPALS[sid]
    if group:
        return PrincipalSpec(name, group_id=sid)
    return PrincipalSpec(name, user_id=sid)


def _settings(chance: Chance, fact: StockFact, windows: Windows) -> SettingsSpec:
    settings = SettingsSpec(
        hidden=fact.hidden,
        no_start_on_batteries=chance.chance(0.4),
        stop_on_batteries=chance.chance(0.4),
        start_when_available=chance.chance(0.5),
        network_only=chance.chance(0.2),
        stop_on_idle_end=chance.chance(0.6),
        time_limit=chance.pick(("P3D", "PT5M", "PT15M", "PT1H", "PT2H", "PT0S")),
        multiple_instances=chance.pick(("IgnoreNew", "IgnoreNew", "IgnoreNew", "Parallel", "Queue")),
        unified_engine=not windows.is_7,
    )
    if fact.maintenance and not windows.is_7:
        period = chance.pick(("P1D", "P7D", "P1M"))
        return replace(settings, maintenance_period=period, maintenance_deadline=chance.pick(("", "P30D", "P1M")))
    return settings


def _schema(chance: Chance, windows: Windows) -> str:
    if windows.is_7:
        return chance.pick(("1.2", "1.3"))
    return chance.pick(("", "", "", "1.4", "1.6"))


def _trigger(chance: Chance, kind: str) -> TriggerSpec:
    clock = f"{chance.number(0, 23):02d}:{chance.number(0, 59):02d}:00"
    start = local(f"{chance.pick(('2004', '2008', '2011', '2016'))}-0{chance.number(1, 9)}-01T{clock}")
    match kind:
        case "TimeTrigger":
            return TriggerSpec(kind, start=start, interval=chance.pick(("PT1H", "PT6H", "P1D")), random_delay="PT1H")
        case "CalendarTrigger":
            return TriggerSpec(kind, start=start, days=1, random_delay="PT2H")
        case "BootTrigger" | "LogonTrigger" | "RegistrationTrigger":
            return TriggerSpec(kind, delay=chance.pick(("", "PT30S", "PT5M")))
        case "SessionStateChangeTrigger":
            return TriggerSpec(kind, state_change=chance.pick(("SessionUnlock", "ConsoleConnect", "SessionLock")))
        case "EventTrigger":
            return TriggerSpec(kind, subscription=subscription(*chance.pick(_EVENTS)))
        case "WnfStateChangeTrigger":
            name = f"75{chance.pick(('08', '10', '0C'))}BCA3{chance.number(0x10000000, 0x3FFFFFFF):08X}"
            return TriggerSpec(kind, state_name=name, data=chance.pick(("", "", "01")), delay=chance.pick(("", "PT3M")))
        case _:
            return TriggerSpec(kind)


def subscription(channel: str, provider: str, event: int) -> str:
    """The query of an event trigger, as the task window writes it."""
    return (
        f'<QueryList><Query Id="0" Path="{channel}"><Select Path="{channel}">'
        f"*[System[Provider[@Name='{provider}'] and EventID={event}]]</Select></Query></QueryList>"
    )


def _tree_access(path: str, stated: str) -> str:
    if r"\UpdateOrchestrator\Reboot" in path or r"\UpdateOrchestrator\USO_" in path or r"\WaaSMedic" in path:
        return f"O:SYG:SYD:P(A;;FA;;;SY)(A;;FA;;;{service_sid('TrustedInstaller')})(A;;FRFX;;;{service_sid('UsoSvc')})"
    return f"O:BAG:SY{stated}(A;;FR;;;{task_sid(path)})"


def _spelt(chance: Chance, task: TaskSpec) -> TaskSpec:
    """URI as stock files have it: the path, the path without its first backslash, or nothing."""
    uri = chance.pick((task.path, task.path, task.path, task.path[1:], ""))
    registration = replace(task.definition.registration, uri=uri)
    return replace(task, definition=replace(task.definition, registration=registration))


def _backdated(chance: Chance, task: TaskSpec) -> TaskSpec:
    """A task of automatic maintenance is registered as of a random day of its period in the past (service code)."""
    period = {"P7D": 7, "P1M": 30}.get(task.definition.settings.maintenance_period, 1)
    days = chance.number(0, period - 1)
    return replace(task, times=replace(task.times, registered=task.times.registered - days * TICKS_A_DAY))
