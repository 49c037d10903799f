"""Times of events against those of keys, files, DynamicInfo and Date; and a clock that went back while logs were written.

Few and sure: a registration writes keys and file in the same second and a run writes DynamicInfo, so an older time than the event's
was set back, or the file was put there by another hand. A hive that is older than the event knows nothing of it and is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from triptych.analysis.columns import np
from triptych.analysis.event_table import Rows
from triptych.model.event import Event
from triptych.model.evidence import EvidenceRef, Reading
from triptych.model.task import Store, Task
from triptych.model.times import TICKS_A_DAY, TICKS_A_SECOND, Instant, Zone
from triptych.rules.lives import Life, apart, hand, life_of
from triptych.rules.lookups import is_linked, is_vendors, newest_write
from triptych.rules.phrases import cited, sentences, when
from triptych.rules.rule import Context

_TOLERANCE = 300 * TICKS_A_SECOND
_ZONES = 15 * 3600 * TICKS_A_SECOND  # a copy may bring the file's time in another zone
_LONG_AGO = 30 * TICKS_A_DAY
_BEYOND = 2_650_467_744_000_000_000  # FILETIME of the year 10000
_BACK = 3600 * TICKS_A_SECOND
_RUNS = ("run-started", "action-started", "process-created")


@dataclass(frozen=True, slots=True)
class LoggedClash:
    """Two times that exclude each other, one of them an event's; `task` is None where it is the host's story."""

    task: Task | None
    found: str
    summary: str
    why: str
    refs: tuple[EvidenceRef, ...]
    time: Instant


def of_tasks(context: Context) -> Iterator[LoggedClash]:
    """The clashes of each task that the logs name, at most one a task."""
    for task in context.case.tasks:
        life = life_of(context, task)
        if life is None or context.baseline.find(task.path) is not None or is_vendors(context, task.path):
            continue
        for clashes in (_older_key, _older_file, _older_run, _older_date):
            clash = clashes(context, task, life)
            if clash is not None:
                yield clash
                break


def _last(life: Life, *kinds: str) -> Event | None:
    rows = life.rows_of(*kinds)
    return life.table[rows[-1]] if rows else None


def _is_known(context: Context, event: Event) -> bool:
    """Whether the hive is newer than an event, so that it must know of it."""
    newest = newest_write(context)
    return newest is not None and newest.ticks >= event.time.ticks


def _older_key(context: Context, task: Task, life: Life) -> LoggedClash | None:
    record, event = task.record(Store.REGISTRY), _last(life, "registered")
    if record is None or event is None or not is_linked(record) or not _is_known(context, event):
        return None
    for name, reading in (("Tree key", record.keeping.tree_written), ("Tasks key", record.keeping.tasks_written)):
        if _is_older(reading, event, _TOLERANCE):
            return LoggedClash(
                task,
                f"{name} older than its registration",
                f"its {name} claims to be of {when(reading.value)}, and was registered at {event.time.iso} (event {event.event_id})",
                "Registering a task writes its keys, so neither can be older. The key was written by other means than the service and its "
                "time set back, the hive was put together from two states, or the clock was wrong when the event was written.",
                cited(reading, (event.ref,)),
                event.time,
            )
    return None


def _is_older(reading: Reading[Instant], event: Event, by: int) -> bool:
    value = reading.value
    known = value is not None and value.zone is Zone.UTC and event.time.zone is Zone.UTC
    return reading.stated and known and value is not None and 0 < value.ticks < event.time.ticks - by


def _older_file(context: Context, task: Task, life: Life) -> LoggedClash | None:
    """The task's file claims to be older than the event of its registration."""
    file, event = task.record(Store.XML), _last(life, "registered")
    if file is None or event is None or not _is_older(file.keeping.file_written, event, _ZONES):
        return None
    if newest_write(context) is not None and not _is_known(context, event):
        return None  # the evidence may be of two days
    registry = task.record(Store.REGISTRY)
    registered = registry.run.registered.value if registry else None
    if registered is not None and abs(registered.ticks - event.time.ticks) <= _TOLERANCE:
        return None  # told already, by the registry's own time
    written = file.keeping.file_written
    return LoggedClash(
        task,
        "file older than its registration event",
        f"its file claims to be of {when(written.value)}, before event {event.event_id} of {event.time.iso} tells of its registration",
        "The service writes the file when it registers a task. The file's time was set back to let it pass for an old one, or an older "
        "file was put in its place.",
        cited(written, (event.ref,)),
        event.time,
    )


def _older_run(context: Context, task: Task, life: Life) -> LoggedClash | None:
    """DynamicInfo states a last run, and the logs tell of a later one that the hive must know."""
    record, event = task.record(Store.REGISTRY), _last(life, *_RUNS)
    if record is None or event is None or not is_linked(record) or not _is_known(context, event):
        return None
    last = record.run.last_run
    if not _is_older(last, event, _TOLERANCE):
        return None
    return LoggedClash(
        task,
        "last run older than its run event",
        f"DynamicInfo says it ran last at {when(last.value)}, and event {event.event_id} tells of a run at {event.time.iso}",
        "The service writes the time of each start into DynamicInfo. It was set back to hide the run, the value was restored from an "
        "older state, or the run was one of a task that bore this name before.",
        cited(last, (event.ref,)),
        event.time,
    )


def _older_date(context: Context, task: Task, life: Life) -> LoggedClash | None:
    """A Date long before the first event of its registration, of an author of this machine: he wrote an old date into it."""
    first = next(iter(life.rows_of("registered")), None)
    record = task.record(Store.REGISTRY) or task.record(Store.XML) or task.record(Store.LOG)
    if first is None or record is None:
        return None
    event, date, author = life.table[first], record.registration.date, record.registration.author.value or ""
    value = date.value
    if value is None or not value.showable or value.ticks <= 0 or value.ticks > event.time.ticks - _LONG_AGO:
        return None
    registered = record.run.registered.value
    if not _is_of_here(context, author, event) or (registered is not None and registered.ticks - value.ticks < _LONG_AGO):
        return None  # made elsewhere, or registered when the Date says so, and anew since
    return LoggedClash(
        task,
        "Date before its registration event",
        f"its Date is {when(value)}, and event {event.event_id} tells of its registration at {event.time.iso}, "
        f"{apart(event.time.ticks - value.ticks)} later",
        "Tools that make a task write the day into Date, and nothing checks it. Its author is of this machine; either the task was made "
        "then, and registered anew from its definition, or the date was made up to let it pass for an old one.",
        cited(date, record.registration.author, (event.ref,)),
        event.time,
    )


def _is_of_here(context: Context, author: str, event: Event) -> bool:
    """Whether an author is an account of this computer, as its name says."""
    domain, _, name = author.rpartition("\\")
    own = {(context.case.host.get("name").value or "").casefold(), event.computer.partition(".")[0].casefold()} - {""}
    return bool(name) and domain.casefold() in own


# -- the clock ------------------------------------------------------------------------------------------------------------


def of_clock(context: Context) -> Iterator[LoggedClash]:
    """A log whose record numbers go up while its times go back by more than an hour: the clock was set back. Told once."""
    table = context.events
    if not table.columns:
        return
    worst: tuple[int, int, int] | None = None
    for rows in _of_one_log(context):
        ordered = rows[np.argsort(table.columns["numbers"][rows], kind="stable")]
        steps = np.diff(table.columns["ticks"][ordered])
        if len(steps) and int(steps.min()) < -_BACK and (worst is None or int(steps.min()) < worst[0]):
            at = int(steps.argmin())
            worst = (int(steps[at]), int(ordered[at]), int(ordered[at + 1]))
    if worst is not None:
        yield _set_back(context, table[worst[1]], table[worst[2]])


def _of_one_log(context: Context) -> Iterator[Rows]:
    """The rows of each channel of each log file of the judged view; listings, whose records may bear no numbers, are left out,
    and so are records whose time is none that a clock can show: they are damaged, and tell nothing of the clock."""
    table = context.events
    files: dict[str, list[int]] = {}
    for block, (file, view) in enumerate(table.sources):
        if view == context.view:
            files.setdefault(file, []).append(block)
    blocks, channels, lines, ticks = (table.columns[name] for name in ("blocks", "channel", "lines", "ticks"))
    for held in files.values():
        rows = np.flatnonzero(np.isin(blocks, held) & (lines == 0) & (ticks > 0) & (ticks < _BEYOND)).astype(np.int64)
        for channel in np.unique(channels[rows]):
            yield rows[channels[rows] == channel]


def _set_back(context: Context, before: Event, after: Event) -> LoggedClash:
    changes = [
        event
        for event in context.events.of("time-changed")
        if event.view == context.view and after.time.ticks - _TOLERANCE <= event.time.ticks <= before.time.ticks + _TOLERANCE
    ][:3]
    words = [
        f"Event {event.event_id} of {event.time.iso} tells of a change of the clock by {hand(event, context.case.host)}."
        for event in changes
    ]
    return LoggedClash(
        None,
        f"clock {after.time.iso}",
        f"the clock went back by {apart(before.time.ticks - after.time.ticks)} between two records of {before.channel}",
        sentences(
            f"Record {before.record_id:,} is of {before.time.iso}, and the later record {after.record_id:,} of {after.time.iso}. "
            "Times of events, keys and files from around there are not in the order in which things happened.",
            *words,
        ),
        cited((before.ref, after.ref), *((event.ref,) for event in changes)),
        after.time,
    )
