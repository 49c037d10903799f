"""What events tell of tasks, for the made case: a definition beside the stores, and a task that logs alone tell."""

from __future__ import annotations

from dataclasses import replace

from triptych.model.case import Case, StoreReport
from triptych.model.evidence import EventPlace, EvidenceRef, Span, stated
from triptych.model.task import Absence, Keeping, Presence, Store, Task, TaskRecord
from triptych.model.times import Instant, parse_iso

REF = EvidenceRef(EventPlace("Security", 7), (Span("Security.evtx", 512, 80),))
AT: Instant = parse_iso("2026-03-14T02:11:40Z")


def logged(task: Task, basis: str = "4698", *, command: str = "") -> TaskRecord:
    """What a 4698 of this task's file would tell, with another command where one is given."""
    file = task.record(Store.XML)
    assert file is not None
    actions = file.actions
    if command:
        actions = (replace(actions[0], command=stated(command, REF)), *actions[1:])
    keeping = Keeping(told=stated(AT, REF), basis=stated(basis, REF))
    return replace(file, store=Store.LOG, presence=stated(Presence.PRESENT, REF), actions=actions, keeping=keeping)


ALONE = "\\bouWFQYO"


def alone(case: Case) -> Task:
    """A task that was created and deleted: no store has it any longer."""
    pattern = next(task for task in case.tasks if task.record(Store.XML))
    record = replace(logged(pattern, command="C:\\Users\\Public\\gone.exe"), path=ALONE)
    absences = tuple(
        Absence(store, Presence.ABSENT, "nothing there", (REF,)) for store in (Store.XML, Store.REGISTRY, Store.SCHEDULER)
    )
    return Task(ALONE, "", (record,), absences)


def with_logs(case: Case) -> Case:
    """The case, its logs read: one task more that they alone tell."""
    report = StoreReport(Store.LOG, "read", 1, "audited", ("Security.evtx",))
    return case.with_(tasks=(*case.tasks, alone(case)), reports=(*case.reports, report))
