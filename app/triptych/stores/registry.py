"""The second telling: the TaskCache of a SOFTWARE hive, or of a text export of it."""

from __future__ import annotations

from collections.abc import Iterator

from triptych.evidence.layouts import Found, Item
from triptych.evidence.source import EvidenceSource
from triptych.formats.keys import Key
from triptych.limits import Limits
from triptych.model.case import Weight
from triptych.stores import classes, registry_traces
from triptych.stores.host import VERSION, software_facts
from triptych.stores.job import Answer, Job, StoreReader
from triptych.stores.registry_cache import Cache, gather, hold, task_cache
from triptych.stores.registry_open import Opened, find_key, keep, let_go, open_item
from triptych.stores.registry_record import Source, records
from triptych.stores.registry_values import Era, text

NAME = "registry"
WINDOWS_8 = 9200


def _jobs(found: Found) -> list[Job]:
    items = found.of("software-hive", "reg-export")
    return [Job(NAME, f"the registry file {item.path}", (item.as_row(),), item.size) for item in items]


def _read(job: Job, source: EvidenceSource, limits: Limits) -> Iterator[Answer]:
    """Records, traces and facts of each file; its row in the ledger comes last."""
    for row in job.items:
        let_go(source)
        opened = open_item(Item.from_row(row), source, limits)
        if opened.root is not None:
            yield from _told(opened, opened.root, limits)
        yield from opened.faults.problems
        yield from opened.balances()
        keep(opened, source)
        yield from opened.files()


def _told(opened: Opened, root: Key, limits: Limits) -> Iterator[Answer]:
    view, faults = opened.item.view, opened.faults
    with faults.guard("registry.facts", "the hive", tried="look up facts of the machine", lost="facts of the machine"):
        yield from software_facts(root, view, opened.hive)
    cache = _gathered(opened, root)
    if cache is None:
        return
    source = Source(cache, era_of(root, cache), view, faults, limits)
    called: set[str] = set()  # classes
    with faults.guard("registry.tasks", "TaskCache", tried="read its tasks", lost="the tasks that follow"):
        for record in records(source):
            called |= classes.class_ids((record,))
            yield record
    with faults.guard(
        "registry.traces", "the hive", tried="read what stands beside the tasks", lost="folders, leftovers, overrides"
    ):
        yield from registry_traces.traces(source, root, opened.hive)
    with faults.guard("registry.classes", "Classes", tried="look up COM classes", lost="the servers of COM handlers"):
        yield from classes.machine_classes(root, called, view)


def _gathered(opened: Opened, root: Key) -> Cache | None:
    """The TaskCache, with what a search of the cells found of it; None, and a note, where there is none at all."""
    top = task_cache(root)
    orphans = opened.hive.orphans() if opened.hive else ()
    if top is None and not orphans:
        opened.faults.add(
            Weight.NOTE,
            "registry.no-task-cache",
            "Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache",
            tried="find the TaskCache",
            found="the file has no such key",
            advice="If this is the SOFTWARE hive of a Windows Vista or later, the key was removed or could not be read.",
        )
        return None
    return gather(top, root, orphans)


def era_of(root: Key, cache: Cache) -> Era:
    """What this Windows keeps in the TaskCache, by its build and by what the other keys have.

    The build alone would let anybody who changes that number switch off the checks for a missing SD; so below 9200 half of
    the Tree keys with an SD count for more than the number. Where no build is told (an export of TaskCache), Actions in most
    Tasks keys prove Windows 8 or later, which keeps an SD too.
    """
    build = build_of(root)
    with_access, with_actions = cache.with_access, cache.with_actions
    if build is None:
        return Era(None, with_access > 0 or 0 < len(cache.tasks) <= 2 * with_actions, with_actions > 0)
    if build >= WINDOWS_8:
        return Era(build, True, True)
    return Era(build, 0 < len(cache.tree) <= 2 * with_access, 0 < len(cache.tasks) <= 2 * with_actions)


def build_of(root: Key) -> int | None:
    """The build number of Windows, None where the hive does not tell."""
    version = find_key(root, VERSION)
    if version is None:
        return None
    held = hold(version)
    found = text(held, "CurrentBuild").value or text(held, "CurrentBuildNumber").value or ""
    return int(found) if found.isascii() and found.isdigit() and len(found) < 8 else None


REGISTRY = StoreReader(NAME, _jobs, _read)
