"""The scheduler's own listing (asked live, or given as a file) against the stores: who is missing from it, who is in it alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from triptych.model.evidence import EvidenceRef
from triptych.model.finding import Confidence, Finding, Severity
from triptych.model.task import Store, Task, TaskRecord
from triptych.model.times import TICKS_A_DAY, Instant, Zone
from triptych.rules.lookups import can_be_read, is_absent, is_linked, is_modern, newest_write, offsets, once, was_read
from triptych.rules.phrases import cited, count, join, sentences, when
from triptych.rules.rule import Context, Rule

_ENOUGH = 0.95
_CUT = 40  # schtasks /fo TABLE and LIST cut names there


@dataclass(frozen=True)
class _Listing:
    """What a listing is worth. `faults` are the reasons against it, `left_out` the kinds of task that it does not list at all."""

    missing: tuple[Task, ...]
    alone: tuple[Task, ...]
    made: Instant | None
    faults: tuple[str, ...]
    left_out: tuple[str, ...]
    listed: int
    expected: int


def _listing(context: Context) -> _Listing | None:
    report = context.case.report(Store.SCHEDULER)
    if report is None or report.state not in ("read", "partly") or report.basis == "reconstructed":
        return None
    return once(context, "listing", lambda: _weighed(context))


def _weighed(context: Context) -> _Listing:
    pool = [(task, record) for task in context.case.tasks if (record := _stored(context, task)) is not None]
    listed = [(task, record) for task, record in pool if task.record(Store.SCHEDULER) is not None]
    left_out = _left_out(pool)
    cut_names = tuple(_stem(task.name) for task in context.case.tasks if _is_alone(task) and _is_cut(task.name))
    missing = [
        (task, record)
        for task, record in pool
        if is_absent(task, Store.SCHEDULER)
        and not any(belongs(task, record) for words, belongs in _KINDS if words in left_out)
        and not (len(task.name) >= _CUT - 3 and task.name.startswith(cut_names))
    ]
    unexplained = [(task, record) for task, record in missing if _looks_visible(context, record)]
    expected = len(listed) + len(unexplained)
    faults = []
    if len(listed) < _ENOUGH * expected and not (len(unexplained) == 1 and len(listed) >= 10):
        faults.append(f"it shows {len(listed):,} of {expected:,} tasks that the stores hold ready to be seen, fewer than 95 %")
    other = _other_host(context)
    if other:
        faults.append(f"it names the computer {other}, the evidence is of {context.case.host.get('name').value}")
    return _Listing(
        missing=tuple(task for task, _ in missing),
        alone=tuple(task for task in context.case.tasks if _is_alone(task) and not _cut_of_known(context, task)),
        made=_made(context, listed),
        faults=tuple(faults),
        left_out=left_out,
        listed=len(listed),
        expected=expected,
    )


def _stored(context: Context, task: Task) -> TaskRecord | None:
    """The record by which a store says that the scheduler holds the task; without a registry the file must do."""
    if was_read(context, Store.REGISTRY):
        record = task.record(Store.REGISTRY)
        return record if record is not None and is_linked(record) else None
    return task.record(Store.XML)


def _looks_visible(context: Context, record: TaskRecord) -> bool:
    """Whether nothing in the stores explains that a listing leaves the task out."""
    if record.store is not Store.REGISTRY:
        return True
    index_fits = record.keeping.index.value in (1, 2, 3, 4)
    return index_fits and (not is_modern(context) or can_be_read(record))


def _is_microsoft(task: Task, record: TaskRecord) -> bool:
    return task.path.casefold().startswith("\\microsoft\\")


def _is_hidden(task: Task, record: TaskRecord) -> bool:
    return record.settings.hidden.value is True


def _is_disabled(task: Task, record: TaskRecord) -> bool:
    return record.settings.enabled.value is False


_KINDS = (("hidden tasks", _is_hidden), ("disabled tasks", _is_disabled), ("tasks of Microsoft", _is_microsoft))


def _left_out(pool: list[tuple[Task, TaskRecord]]) -> tuple[str, ...]:
    """Kinds of which a listing shows not one (autorunsc leaves out Microsoft's, some listings leave out hidden ones)."""
    found = []
    for words, belongs in _KINDS:
        members = [task for task, record in pool if belongs(task, record)]
        if len(members) >= 3 and not any(task.record(Store.SCHEDULER) for task in members):
            found.append(words)
    return tuple(found)


def _is_alone(task: Task) -> bool:
    return task.record(Store.SCHEDULER) is not None and not any(
        task.record(store) is not None for store in (Store.XML, Store.REGISTRY)
    )


def _is_cut(name: str) -> bool:
    return len(name) >= _CUT - 3


def _stem(name: str) -> str:
    return name.removesuffix("...").removesuffix("\u2026")[: _CUT - 3]


def _cut_of_known(context: Context, task: Task) -> bool:
    if not _is_cut(task.name):
        return False
    names = once(
        context,
        "long names",
        lambda: {_stem(known.name) for known in context.case.tasks if not _is_alone(known) and _is_cut(known.name)},
    )
    return _stem(task.name) in names


def _made(context: Context, listed: list[tuple[Task, TaskRecord]]) -> Instant | None:
    """The earliest moment at which the listing can have been taken: its newest run, or the newest task that it lists."""
    ahead = next(iter(offsets(context)), 0)
    times = [record.run.registered.value for _, record in listed]
    for task in context.case.tasks:
        told = task.record(Store.SCHEDULER)
        last = told.run.last_run.value if told else None
        if last is not None:
            times.append(last.shifted(-ahead, Zone.UTC) if last.zone is Zone.LOCAL else last)
    return max((time for time in times if time is not None), key=lambda time: time.ticks, default=None)


def _other_host(context: Context) -> str:
    """The computer that the listing names (fact `listing-host`), where it is not the one of the evidence."""
    own = (context.case.host.get("name").value or "").casefold().partition(".")[0]
    named = [fact.reading.value or fact.subject for fact in context.case.host.all("listing-host")]
    strangers = [name for name in named if name.casefold().strip("\\").partition(".")[0] != own]
    return strangers[0] if own and strangers else ""


def _check_missing(context: Context) -> Iterator[Finding]:
    listing = _listing(context)
    if listing is None or not listing.missing:
        return
    pairs = [(task, record) for task in listing.missing if (record := _stored(context, task)) is not None]
    if listing.faults:
        yield _missing_once(context, pairs, f"The listing is not fit to accuse single tasks: {join(list(listing.faults))}.")
        return
    later = [(task, record) for task, record in pairs if _is_later(record, listing.made)]
    if later:
        yield _missing_once(
            context, later, f"They were registered after {when(listing.made)}, the newest moment that the listing knows of."
        )
    for task, record in pairs:
        if _is_later(record, listing.made):
            continue
        from_file = record.store is Store.XML
        explained = not _looks_visible(context, record)
        yield SCHEDULER_MISSING.finding(
            task,
            "not listed",
            summary=f"{task.path}: in the {'task files' if from_file else 'registry'}, and not in the scheduler's own listing",
            why=sentences(
                f"The listing shows {listing.listed:,} of {listing.expected:,} tasks that nothing in the stores hides, and is not "
                f"older than this task (it knows of {when(listing.made)}).",
                "SD or Index of the task explain why it is left out: the scheduler itself confirms that it is hidden."
                if explained
                else "Neither SD nor Index explains it: the listing may have been altered, or the keys since.",
                f"Left out of the reckoning: {join(list(listing.left_out))}, of which it lists none." if listing.left_out else "",
                "No registry is at hand, so the file may be a mere leftover. Judged lower." if from_file else "",
            ),
            refs=cited(record.ref, *(absence.refs for absence in task.absences if absence.store is Store.SCHEDULER)),
            severity=Severity.MEDIUM if from_file else Severity.HIGH,
            confidence=Confidence.CERTAIN if explained else Confidence.LIKELY,
        )


def _is_later(record: TaskRecord, made: Instant | None) -> bool:
    registered = record.run.registered.value
    return made is None or (registered is not None and registered.ticks > made.ticks)


def _missing_once(context: Context, pairs: list[tuple[Task, TaskRecord]], reason: str) -> Finding:
    paths = sorted(task.path for task, _ in pairs)
    return SCHEDULER_MISSING.finding(
        None,
        "listing as a whole",
        summary=f"The scheduler's listing lacks {count(len(paths), 'task')} that the stores hold",
        why=sentences(reason, f"They are {join(paths)}.", "Judged low, once for the whole listing."),
        refs=cited(*(record.ref for _, record in pairs), *_listing_refs(context)),
        severity=Severity.LOW,
        confidence=Confidence.POSSIBLE,
    )


def _listing_refs(context: Context) -> Iterator[tuple[EvidenceRef, ...]]:
    for task in context.case.tasks:
        record = task.record(Store.SCHEDULER)
        if record is not None:
            yield record.ref
            return


def _check_only(context: Context) -> Iterator[Finding]:
    listing = _listing(context)
    if listing is None or not listing.alone or not was_read(context, Store.REGISTRY):
        return
    alone = [(task, record) for task in listing.alone if (record := task.record(Store.SCHEDULER)) is not None]
    stored = newest_write(context)
    late = listing.made is not None and stored is not None and listing.made.ticks - stored.ticks > TICKS_A_DAY
    reasons = [
        *(fault for fault in listing.faults if "computer" in fault),
        *([f"it is more than a day newer ({when(listing.made)}) than the registry ({when(stored)})"] if late else []),
        *([f"most of what it lists is in no store ({len(alone):,} tasks)"] if len(alone) > listing.listed else []),
    ]
    if reasons:
        paths = sorted(task.path for task, _ in alone)
        yield SCHEDULER_ONLY.finding(
            None,
            "listing as a whole",
            summary=f"The scheduler's listing names {count(len(paths), 'task')} that no store holds",
            why=sentences(
                f"The listing and the stores do not belong together: {join(reasons)}.",
                f"They are {join(paths)}.",
                "Judged low, once for the whole listing.",
            ),
            refs=cited(*(record.ref for _, record in alone)),
            severity=Severity.LOW,
            confidence=Confidence.POSSIBLE,
        )
        return
    for task, record in alone:
        yield SCHEDULER_ONLY.finding(
            task,
            "listed only",
            summary=f"{task.path}: in the scheduler's listing, and in no store",
            why=(
                "The service keeps tasks in memory and runs them until it is started again, also when file and keys have been "
                "deleted. The registry here is not older than the listing by more than a day, so this task was taken out of the "
                "stores and left running, or was removed between the two."
            ),
            refs=record.ref,
            confidence=Confidence.LIKELY,
            time=record.run.last_run.value,
        )


SCHEDULER_MISSING = Rule(
    "scheduler-missing",
    Severity.HIGH,
    "A task is in the stores and not in the scheduler's own listing.",
    "The listing was taken without elevation, on another day or of another host, or it leaves out kinds of tasks.",
    (
        "Take the listing again as SYSTEM, with the backup privilege and with hidden tasks.",
        "Ask the live scheduler for the task by its exact path.",
        "Look at SD and Index of its Tree key.",
    ),
    _check_missing,
    ("T1053.005", "T1564"),
)
SCHEDULER_ONLY = Rule(
    "scheduler-only",
    Severity.HIGH,
    "A task is in the scheduler's listing and in no store.",
    "The task was made or removed between the listing and the copy of the stores.",
    (
        "Look for the task in memory of the Schedule service and among running tasks.",
        "Look for its keys and file in free space, LOG1 and LOG2, shadow copies, $MFT.",
        "Look for its events: 106, 129, 141, 200.",
    ),
    _check_only,
    ("T1053.005", "T1070.009"),
)
LISTING: tuple[Rule, ...] = (SCHEDULER_MISSING, SCHEDULER_ONLY)
