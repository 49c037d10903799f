"""Made cases: a machine whose stores agree, and one change after the other to it. Small enough to be read in a test."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from typing import Any

from triptych.analysis import baseline
from triptych.analysis.baseline import Baseline
from triptych.analysis.pairing import paired
from triptych.model.case import Case, Fact, Host, Problem, StoreReport
from triptych.model.evidence import (
    EvidenceRef,
    ListingPlace,
    Reading,
    RegistryPlace,
    Span,
    XmlPlace,
    not_stated,
    stated,
    unreadable,
)
from triptych.model.finding import Finding
from triptych.model.task import (
    Action,
    Keeping,
    Presence,
    Principal,
    Registration,
    RunState,
    Settings,
    Store,
    TaskRecord,
    Trace,
    TraceKind,
    Trigger,
)
from triptych.model.times import TICKS_A_SECOND, Instant, from_parts, parse_iso
from triptych.rules.book import judged
from triptych.rules.rule import Rule

HIVE = "Windows/System32/config/SOFTWARE"
TREE = "Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tree"
TASKS = "Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tasks"
SDDL = "O:BAG:SYD:AI(A;;FA;;;BA)(A;;FA;;;SY)(A;;FRFX;;;LS)"
VALUES = ("Path", "Hash", "Schema", "Date", "Author", "URI", "Triggers", "Actions", "DynamicInfo")
DAY = Instant(from_parts(2026, 3, 1, 8, 30, 0, 1_234_567))
STOCK = "\\Microsoft\\Windows\\Defrag\\ScheduledDefrag"


def tree_ref(path: str, value: str | None = None) -> EvidenceRef:
    return EvidenceRef(RegistryPlace(f"{TREE}{path}", value), (Span(HIVE, 4096 + sum(map(ord, path)), 80),))


def tasks_ref(guid: str, value: str | None = None) -> EvidenceRef:
    return EvidenceRef(RegistryPlace(f"{TASKS}\\{guid}", value), (Span(HIVE, 65536 + sum(map(ord, guid)), 80),))


def xml_ref(path: str, xpath: str = "/Task") -> EvidenceRef:
    return EvidenceRef(XmlPlace(1, xpath), (Span(f"Windows/System32/Tasks{path.replace(chr(92), '/')}", 0, 200),))


def guid_of(number: int) -> str:
    return f"{{{number:08X}-1111-4222-8333-444455556666}}"


def later(instant: Instant, seconds: float) -> Instant:
    return Instant(instant.ticks + round(seconds * TICKS_A_SECOND), instant.zone, instant.digits)


def daily(ref: EvidenceRef, kind: str = "CalendarTrigger") -> Trigger:
    return Trigger(type=stated(kind, ref), enabled=stated(True, ref), start_boundary=stated(parse_iso("2026-01-01T03:00:00"), ref))


def registry(path: str, number: int, command: str = "C:\\Program Files\\Made\\made.exe", arguments: str = "/quiet") -> TaskRecord:
    """A task as the service registers it on Windows 10."""
    guid, tree = guid_of(number), tree_ref(path)
    tasks = tasks_ref(guid)
    registered = later(DAY, number * 7200.7)
    return TaskRecord(
        Store.REGISTRY,
        path,
        stated(Presence.PRESENT, tree),
        registration=Registration(
            uri=stated(path, tasks),
            author=stated("MADE\\admin", tasks),
            schema=stated("1.2", tasks),
            date=stated(registered, tasks),
        ),
        principal=Principal(user_id=stated("S-1-5-18", tasks), run_level=stated("HighestAvailable", tasks)),
        triggers=(daily(tasks),),
        actions=(
            Action(
                type=stated("Exec", tasks),
                id=not_stated(None, tasks),
                command=stated(command, tasks),
                arguments=stated(arguments, tasks),
                working_directory=not_stated(None, tasks),
            ),
        ),
        settings=Settings(enabled=stated(True, tasks), hidden=stated(False, tasks)),
        run=RunState(registered=stated(registered, tasks), last_run=stated(later(registered, 90_000), tasks)),
        keeping=Keeping(
            guid=stated(guid, tasks),
            tree_id=stated(guid, tree),
            tasks_path=stated(path, tasks),
            index=stated(3, tree),
            index_keys=stated(("Plain",), tasks),
            access=stated(SDDL, tree),
            hash=stated(f"{number:064x}", tasks),
            crc=stated(0x1000 + number, tasks),
            tree_written=stated(later(registered, 0.2), tree),
            tasks_written=stated(later(registered, 90_001), tasks),
            index_written=stated(later(registered, 0.1), tasks),
            value_names=stated(VALUES, tasks),
        ),
    )


def xml(record: TaskRecord) -> TaskRecord:
    """The file that belongs to a registry record."""
    ref = xml_ref(record.path)
    here = lambda reading: replace(reading, refs=(ref,))  # noqa: E731 - a word for "cited in the file"
    return TaskRecord(
        Store.XML,
        record.path,
        stated(Presence.PRESENT, ref),
        registration=Registration(
            uri=here(record.registration.uri),
            author=here(record.registration.author),
            schema=here(record.registration.schema),
            date=here(record.registration.date),
        ),
        principal=Principal(user_id=stated("S-1-5-18", ref), run_level=stated("HighestAvailable", ref)),
        triggers=tuple(replace(trigger, type=here(trigger.type)) for trigger in record.triggers),
        actions=tuple(
            replace(action, type=here(action.type), command=here(action.command), arguments=here(action.arguments))
            for action in record.actions
        ),
        settings=Settings(enabled=stated(True, ref), hidden=stated(False, ref)),
        keeping=Keeping(
            hash_found=here(record.keeping.hash),
            file_written=stated(later(record.run.registered.value or DAY, 1), ref),
        ),
    )


def listed(record: TaskRecord) -> TaskRecord:
    """The line of a listing for a task."""
    ref = EvidenceRef(ListingPlace(2), (Span("listing.csv", 0, 40),))
    return TaskRecord(
        Store.SCHEDULER,
        record.path,
        stated(Presence.VISIBLE, ref),
        run=RunState(last_run=stated(record.run.last_run.value, ref)),
        keeping=Keeping(basis=stated("listing", ref)),
        has_actions=False,
        has_triggers=False,
    )


def folder(path: str, access: Reading[str] | None = None, written: Instant | None = None) -> Trace:
    ref = tree_ref(path)
    return Trace(
        TraceKind.TREE_FOLDER, path, (("access", access or stated(SDDL, ref)),), (ref,), written or later(DAY, 90 * 86_400)
    )


def deleted(key: str, value: str = "", data: str = "", written: Instant | None = None) -> Trace:
    ref = EvidenceRef(RegistryPlace(key, value or None), (Span(HIVE, 900_000 + len(key), 64),))
    readings = [("what", stated("value" if value else "key", ref)), ("key", stated(key, ref))]
    readings += [("value", stated(value, ref)), ("data", stated(data, ref))] if value else []
    return Trace(TraceKind.DELETED, key, tuple(readings), (ref,), written or DAY)


def entry(index: str, number: int) -> Trace:
    ref = EvidenceRef(RegistryPlace(f"TaskCache\\{index}\\{guid_of(number)}"), (Span(HIVE, 700_000 + number, 80),))
    return Trace(
        TraceKind.INDEX_ENTRY, guid_of(number), (("index", stated(index, ref)), ("guid", stated(guid_of(number), ref))), (ref,), DAY
    )


def view_task(path: str, view: str, action: str = "") -> Trace:
    ref = EvidenceRef(RegistryPlace(f"{TREE}{path}"), (Span(f"{view}/SOFTWARE", 4096, 80),))
    return Trace(TraceKind.VIEW_TASK, path, (("view", stated(view, ref)), ("action", stated(action, ref))), (ref,), DAY, view)


class Machine:
    """A Windows 10 with a few tasks of its own folder, one shipped task and their folders; `case` pairs what it holds."""

    def __init__(self, tasks: int = 24, build: int | None = 19045) -> None:
        self.build = build
        names = [f"\\Made\\Task {number}" for number in range(1, tasks)]
        self.registry = {path: registry(path, number) for number, path in enumerate(names, 1)}
        self.registry[STOCK] = registry(STOCK, 900, "%windir%\\system32\\defrag.exe", "-c -h -o -$")
        self.xml = {path: xml(record) for path, record in self.registry.items()}
        self.listing: dict[str, TaskRecord] = {}
        self.more: list[TaskRecord] = []
        self.traces = [
            folder(path) for path in ("\\", "\\Made", "\\Microsoft", "\\Microsoft\\Windows", "\\Microsoft\\Windows\\Defrag")
        ]
        self.facts: list[Fact] = [Fact("name", "", stated("MADE", tree_ref("\\host")))]
        self.problems: list[Problem] = []
        self.unread: set[Store] = set()

    def change(self, path: str, part: str = "", /, **changes: Any) -> Machine:
        """Change the registry's telling: `change(path, "keeping", index=stated(0))`, or fields of the record itself."""
        self.registry[path] = _changed(self.registry[path], part, changes)
        return self

    def change_xml(self, path: str, part: str = "", /, **changes: Any) -> Machine:
        self.xml[path] = _changed(self.xml[path], part, changes)
        return self

    def each(self, act: Callable[[Machine, str], object], paths: Iterable[str] = ()) -> Machine:
        for path in paths or list(self.registry):
            act(self, path)
        return self

    def with_listing(self, without: Iterable[str] = ()) -> Machine:
        self.listing = {path: listed(record) for path, record in self.registry.items() if path not in set(without)}
        return self

    def fact(self, name: str, value: str, subject: str = "") -> Machine:
        self.facts.append(Fact(name, subject, stated(value, tree_ref("\\host"))))
        return self

    def windows_7(self) -> Machine:
        """Neither SD nor Actions nor Schema, as a real Windows 7 SP1 keeps its tasks."""
        self.build = 7601
        for path, record in self.registry.items():
            none: Reading[Any] = Reading()
            names = stated(("Path", "Hash", "Triggers", "DynamicInfo"), tasks_ref(record.guid))
            self.registry[path] = replace(
                record,
                actions=(),
                has_actions=False,
                registration=Registration(),
                keeping=replace(record.keeping, access=none, value_names=names),
            )
        self.traces = [replace(trace, readings=()) for trace in self.traces]
        return self

    @property
    def case(self) -> Case:
        records = (*self.registry.values(), *self.xml.values(), *self.listing.values(), *self.more)
        facts = list(self.facts)
        if self.build is not None:
            facts.append(Fact("build", "", stated(str(self.build), tree_ref("\\host"))))
        reports = (
            self._report(Store.XML, len(self.xml)),
            self._report(Store.REGISTRY, len(self.registry)),
            StoreReport(Store.SCHEDULER, "read", len(self.listing), "listing")
            if self.listing
            else StoreReport(Store.SCHEDULER, "absent", 0),
        )
        return paired(
            Case(
                host=Host(tuple(facts)),
                records=records,
                traces=tuple(self.traces),
                reports=reports,
                problems=tuple(self.problems),
            )
        )

    def _report(self, store: Store, tasks: int) -> StoreReport:
        return StoreReport(store, "absent", 0) if store in self.unread else StoreReport(store, "read", tasks)


def _changed(record: TaskRecord, part: str, changes: dict[str, Any]) -> TaskRecord:
    if not part:
        return replace(record, **changes)
    return replace(record, **{part: replace(getattr(record, part), **changes)})


@cache
def known() -> Baseline:
    return baseline.load()


def findings(machine: Machine | Case, rule: Rule | str) -> list[Finding]:
    """What one rule says of a machine, judged by the whole book."""
    case = machine.case if isinstance(machine, Machine) else machine
    wanted = rule if isinstance(rule, str) else rule.id
    return [finding for finding in judged(case, known()) if finding.rule == wanted]


def one(machine: Machine | Case, rule: Rule | str) -> Finding:
    """The only finding of a rule; the message names what else there is."""
    found = findings(machine, rule)
    assert len(found) == 1, [finding.summary for finding in found]
    return found[0]


__all__ = [
    "DAY", "SDDL", "STOCK", "TASKS", "TREE", "VALUES", "Machine", "daily", "deleted", "entry", "findings", "folder",
    "guid_of", "known", "later", "listed", "not_stated", "one", "registry", "stated", "tasks_ref", "tree_ref", "unreadable",
    "view_task", "xml", "xml_ref",
]  # fmt: skip
