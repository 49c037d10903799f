"""A machine on which nothing is wrong: stock tasks, software, administration, and everything odd that everyday life leaves."""

from __future__ import annotations

from dataclasses import replace

from triptych.lessons.benign_tasks import Clock
from triptych.lessons.chance import Chance
from triptych.lessons.host import Account, ComClass
from triptych.lessons.job_file import JobSpec, job_bytes
from triptych.lessons.logbook import LogPolicy
from triptych.lessons.logbook_weeks import WATCHED, lived
from triptych.lessons.look_alikes import UNFINISHED_ON_7, explorer_task, leftovers, odd_files, odd_tasks
from triptych.lessons.machine import Machine
from triptych.lessons.stock_tasks import StockFact, stock_class, stock_facts, stock_task
from triptych.lessons.task_spec import TaskSpec
from triptych.lessons.vendor_tasks import Maker, admin_jobs, vendor_tasks
from triptych.lessons.windows import WINDOWS, Windows
from triptych.model.times import parse_iso

STOCK = 160
"""So many of a machine's tasks are those that Windows brings along."""

EVERYWHERE = (
    r"\Microsoft\Windows\Defrag\ScheduledDefrag",
    r"\Microsoft\Windows\ExploitGuard",
    r"\Microsoft\Windows\InstallService",
    r"\Microsoft\Windows\RecoveryEnvironment",
    r"\Microsoft\Windows\Registry",
    r"\Microsoft\Windows\SystemRestore",
    r"\Microsoft\Windows\Time Synchronization",
    r"\Microsoft\Windows\UpdateOrchestrator",
    r"\Microsoft\Windows\WaaSMedic",
    r"\Microsoft\Windows\Windows Defender",
    r"\Microsoft\Windows\WindowsUpdate",
)
"""Tasks that protect or mend the machine: one of them missing would be a sign."""

_INSTALLED = parse_iso("2023-11-09T19:20:41.1733127Z").ticks
_UPGRADED = parse_iso("2025-10-14T20:31:07.5310883Z").ticks
_COLLECTED = parse_iso("2026-03-14T09:02:36.8914412Z").ticks
_DOMAIN_SID = "S-1-5-21-3421098713-1182647702-2964410587"


def benign(
    version: str = "10", seed: int = 1, *, name: str = "", tasks: int = 200, weeks: int = 0, policy: LogPolicy = WATCHED
) -> Machine:
    """A harmless machine of about so many tasks. `version` is a key of WINDOWS; the same arguments give the same machine.

    With `weeks` it has event logs that tell of so many weeks before the collection, as far as `policy` lets them be written.
    """
    machine = _without_logs(version, seed, name, tasks)
    return lived(machine, weeks, policy) if weeks else machine


def _without_logs(version: str, seed: int, name: str, tasks: int) -> Machine:
    windows = WINDOWS[version]
    chance = Chance("benign", version, seed)
    clock = _clock(chance, windows)
    host = name or f"{'SRV' if windows.server else 'WS'}-{chance.pick(('FIN', 'HR', 'ENG', 'OPS'))}-{chance.number(2, 88):02d}"
    accounts = (
        Account("j.ortiz", f"{_DOMAIN_SID}-{chance.number(1110, 1999)}", "j.ortiz"),
        Account("svc-backup", f"{_DOMAIN_SID}-{chance.number(2000, 2999)}", "svc-backup"),
    )
    make = Maker(chance, clock, windows, host, "corp.example")
    known = [fact for fact in stock_facts(windows) if not windows.is_7 or fact.path not in UNFINISHED_ON_7]
    facts = _spelt_alike(_chosen(chance, known, max(0, min(STOCK, tasks - 40))))
    made = [stock_task(chance, clock, windows, fact) for fact in facts]
    made += [*vendor_tasks(make, accounts[:1]), *odd_tasks(make, accounts[0])]
    made += admin_jobs(make, accounts[1], max(3, tasks - len(made)))
    if not windows.is_7:
        made.append(explorer_task(make, accounts[0]))
    return Machine(
        host,
        windows,
        clock.installed,
        clock.collected,
        accounts,
        tuple(_filed(made)),
        _classes(facts, clock, chance),
        "corp.example",
        bias=clock.bias,
        upgraded=clock.upgraded,
        seed=seed,
        edits=leftovers(make, made),
        extra_files=() if windows.is_7 else odd_files(make, _explorer_job()),
        folders=("Windows/SysWOW64/Tasks/Microsoft/Windows/PLA/System",),
    )


def _clock(chance: Chance, windows: Windows) -> Clock:
    installed = _INSTALLED + chance.ticks(0, 40 * 86_400)
    upgraded = 0 if windows.is_7 or windows.server else _UPGRADED + chance.ticks(0, 9 * 86_400)
    return Clock(installed, upgraded, _COLLECTED + chance.ticks(0, 1_800), -60)


def _chosen(chance: Chance, facts: list[StockFact], count: int) -> list[StockFact]:
    """So many of the facts: those that no machine lacks, then others with a known principal, then the rest."""
    known = [fact for fact in facts if fact.principal]
    always = [fact for fact in known if fact.path.startswith(EVERYWHERE)]
    others = [fact for fact in known if fact not in always]
    left = max(0, count - len(always))
    chosen = always + chance.some(others, left)
    return chosen + chance.some([fact for fact in facts if not fact.principal], max(0, left - len(others)))


def _spelt_alike(facts: list[StockFact]) -> list[StockFact]:
    """Sources spell folders with other capitals; a machine knows one spelling of each."""
    known: dict[str, str] = {}
    spelt = []
    for fact in facts:
        folder, _, name = fact.path.rpartition("\\")
        parts = folder.split("\\")
        for number in range(1, len(parts)):
            above = "\\".join(parts[: number + 1]).casefold()
            parts[number] = known.setdefault(above, parts[number])
        spelt.append(replace(fact, path="\\".join([*parts, name])))
    return spelt


def _classes(facts: list[StockFact], clock: Clock, chance: Chance) -> tuple[ComClass, ...]:
    """The classes of the handlers; one in forty is registered for packages alone and missing here."""
    found: dict[str, ComClass] = {}
    for fact in facts:
        com = stock_class(fact)
        if com and not chance.chance(0.025):
            written = clock.installed + chance.ticks(0, 600)
            found.setdefault(com.class_id.upper(), replace(com, written=written))
    return tuple(found.values())


def _filed(tasks: list[TaskSpec]) -> list[TaskSpec]:
    """In the order of their registration, and without a file for one task of the update orchestrator that lost it."""
    lost = next((task for task in tasks if r"\UpdateOrchestrator\Schedule Work" in task.path), None)
    kept = [replace(task, has_file=False) if task is lost else task for task in tasks]
    return sorted(kept, key=lambda task: (task.times.tree, task.path))


def _explorer_job() -> bytes:
    command = JobSpec(r"C:\Windows\explorer.exe", "/NoUACCheck", author="ExplorerShellUnelevated", product=0x0A00)
    return job_bytes(command)
