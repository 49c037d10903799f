"""Dates of stores, keys, files and events that cannot all be true.

Few and sure, since honest dates look odd in many ways: maintenance tasks are dated back by whole days, feature upgrades set the
date of installation anew and keep old tasks, a Tasks key is written at every run, the time of registration is kept over updates,
shipped files carry the date of the image.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from triptych.model.evidence import Reading
from triptych.model.finding import Confidence, Finding, Severity
from triptych.model.task import Store, Task, TaskRecord
from triptych.model.times import TICKS_A_DAY, TICKS_A_SECOND, Instant, Zone
from triptych.rules.dates_logged import of_clock, of_tasks
from triptych.rules.lookups import has_tasks_key, is_an_offset, is_linked, is_vendors, once
from triptych.rules.phrases import cited, sentences, when
from triptych.rules.rule import Context, Rule

_TOLERANCE = 300 * TICKS_A_SECOND
_HOUR = 3600 * TICKS_A_SECOND
_SEVERAL = 5  # so many tasks at once are the host's story (a clock set back, an upgrade), not a task's


@dataclass(frozen=True)
class _Clash:
    """Two dates of a task that exclude each other."""

    task: Task
    record: TaskRecord
    found: str
    summary: str
    why: str
    readings: tuple[Reading[Instant], ...]


def _check(context: Context) -> Iterator[Finding]:
    for clashes in (list(_younger_than_key(context)), list(_authored_later(context)), list(_older_file(context))):
        if len(clashes) >= _SEVERAL and len(clashes) * 20 > len(context.case.tasks):
            continue  # one in twenty: the machine's clock was wrong for a while, or the copy brought its own times
        for clash in clashes:
            yield TIME_CONTRADICTION.finding(
                clash.task,
                clash.found,
                summary=f"{clash.task.path}: {clash.summary}",
                why=clash.why,
                refs=cited(*clash.readings, clash.record.ref),
                confidence=Confidence.LIKELY,
                time=clash.readings[0].value,
            )
    yield from _with_events(context)


def _with_events(context: Context) -> Iterator[Finding]:
    """What events contradict; tasks of which the stores alone tell a contradiction are told once more only if it is another."""
    clashes = list(of_tasks(context))
    if len(clashes) >= _SEVERAL and len(clashes) * 20 > len(context.case.tasks):
        clashes = []  # the machine's clock was wrong for a while
    for clash in (*clashes, *of_clock(context)):
        yield TIME_CONTRADICTION.finding(
            clash.task,
            clash.found,
            summary=f"{clash.task.path}: {clash.summary}" if clash.task else clash.summary[:1].upper() + clash.summary[1:],
            why=clash.why,
            refs=clash.refs,
            confidence=Confidence.POSSIBLE if clash.found.startswith("Date") else Confidence.LIKELY,
            time=clash.time,
        )


def _younger_than_key(context: Context) -> Iterator[_Clash]:
    """A date in the Tasks key later than the last write of that key: writing the value would have moved it."""
    for task, record in context.pairs():
        key = record.keeping.tasks_written
        if not has_tasks_key(record) or key.value is None:
            continue
        dates = (
            ("registered", record.run.registered),
            ("run last", record.run.last_run),
            ("finished last", record.run.last_success),
        )
        for words, reading in dates:
            stated = reading.value
            if stated is None or not stated.showable or stated.zone is not Zone.UTC or stated.ticks - key.value.ticks <= _TOLERANCE:
                continue
            yield _Clash(
                task,
                record,
                f"{words} after the key was written",
                f"it says it was {words} at {when(stated)}, and the key that says so was written last at {when(key.value)}",
                sentences(
                    "The key's last-write time moves whenever a value below it is written, so no value can be younger than its "
                    "key. The value was written with a made-up time, or the machine's clock was set back since.",
                    _offset_words(context, stated.ticks - key.value.ticks),
                ),
                (reading, key),
            )
            break


def _offset_words(context: Context, ticks: int) -> str:
    if is_an_offset(context, ticks, _TOLERANCE):
        return (
            "The difference is this host's offset from UTC: local time was written where UTC belongs, as the tool GhostTask does."
        )
    return ""


def _authored_later(context: Context) -> Iterator[_Clash]:
    """A Date that lies days behind the last write of key and file; the zone of a Date is often not told."""
    for task, record in context.pairs():
        file = task.record(Store.XML)
        date = record.registration.date if record.registration.date.value or file is None else file.registration.date
        keepers = [record.keeping.tasks_written, *([file.keeping.file_written] if file else [])]
        written = max((reading for reading in keepers if reading.value), key=_ticks, default=None)
        if not is_linked(record) or written is None or date.value is None or not date.value.showable:
            continue
        if _ticks(date) - _ticks(written) <= 2 * TICKS_A_DAY or context.baseline.find(task.path) is not None:
            continue
        yield _Clash(
            task,
            record,
            f"Date {date.value.iso}",
            f"its Date is {when(date.value)}, and key and file were written last at {when(written.value)}",
            "Date is text that the author of the definition writes, and nothing checks it; this one had not come yet when the "
            "definition was written. It was made up, or comes from a machine whose clock was ahead.",
            (date, written),
        )


def _ticks(reading: Reading[Instant]) -> int:
    return reading.value.ticks if reading.value else 0


def _older_file(context: Context) -> Iterator[_Clash]:
    """A file that claims to be older than the task's registration: the service writes it then, or later at an update."""
    registrations = once(context, "registrations", lambda: _registrations(context))
    for task, record in context.pairs():
        file, registered = task.record(Store.XML), record.run.registered.value
        written = file.keeping.file_written if file else None
        if file is None or written is None or written.value is None or registered is None or not is_linked(record):
            continue
        if written.value.zone is not Zone.UTC or registered.ticks - written.value.ticks <= TICKS_A_DAY:
            continue
        near = bisect_right(registrations, registered.ticks + _HOUR) - bisect_left(registrations, registered.ticks - _HOUR)
        if near >= _SEVERAL or context.baseline.find(task.path) is not None or is_vendors(context, task.path):
            continue
        yield _Clash(
            task,
            record,
            "file older than registration",
            f"its file claims to be of {when(written.value)}, before the task was registered at {when(registered)}",
            "The service writes the file when it registers a task and again when it changes it, never before. The file's time was "
            "set back to let it pass for an old one, or an older file was put in its place. The task is not a shipped one, and no "
            "upgrade registered several tasks in that hour.",
            (written, record.run.registered),
        )


def _registrations(context: Context) -> list[int]:
    return sorted(record.run.registered.value.ticks for _, record in context.pairs() if record.run.registered.value is not None)


TIME_CONTRADICTION = Rule(
    "time-contradiction",
    Severity.LOW,
    "Dates of stores, files, keys and events that cannot all be true.",
    "A machine whose clock was wrong for a while; a hive or file that was restored, or copied with times of its own.",
    (
        "Compare with the order of event record numbers, with $MFT ($FILE_NAME times) and with the USN journal.",
        "Look for changes of the clock: Security 4616, System event 1 of Kernel-General.",
    ),
    _check,
    ("T1070.006",),
)
DATES: tuple[Rule, ...] = (TIME_CONTRADICTION,)
