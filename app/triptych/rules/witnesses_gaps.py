"""Records that are missing from the middle of a log, and logs that were flooded."""

from __future__ import annotations

from collections.abc import Iterator

from triptych.analysis.columns import np
from triptych.analysis.event_table import Rows
from triptych.logs.coverage import Channel
from triptych.model.event import Event, NumberGap
from triptych.model.finding import Confidence, Finding, Severity
from triptych.model.times import Instant
from triptych.rules.lives import hand, is_service
from triptych.rules.phrases import cited, count, join, sentences
from triptych.rules.rule import Context, Rule
from triptych.rules.witnesses_words import MINUTE, at_setup, capital, is_ours, of_view, short

_POWER = 10 * MINUTE  # around a start of Windows after power was lost
_BURST, _SPAN = 50, MINUTE  # registrations within a minute (formats.md of the material, 8 #19)
_LONG = 30_000  # characters of a definition in one event: more does not fit behind it (likewise)


def _gaps(context: Context) -> Iterator[Finding]:
    for channel in context.coverage.channels:
        if is_ours(channel.name):
            yield from _gaps_of(context, channel)


def _gaps_of(context: Context, channel: Channel) -> Iterator[Finding]:
    """One finding a channel; what our own reading lost, and what an export left out, is told elsewhere."""
    held = [report for report in channel.reports if report.gaps and not report.exported and report.ref]
    found = sorted({gap for report in held for gap in report.gaps}, key=lambda gap: (gap.first, gap.last, gap.after.ticks))
    missing = sum(gap.last - gap.first + 1 for gap in found)
    if not found or sum(report.lost for report in held) >= missing:
        return
    by_power = all(_at_a_start(context, gap) for gap in found)
    words = [f"{_numbers(gap)} between {gap.after.iso} and {gap.before.iso}" for gap in found]
    yield LOG_GAP.finding(
        None,
        f"gap {channel.name.casefold()} {found[0].first}",
        summary=f"{capital(short(channel.name))} lacks {count(missing, 'record')} in its middle",
        why=sentences(
            f"No record bears the numbers {join(words, 6)}. The service numbers records one after the other; what is missing was "
            "taken out, never reached the disk, or was lost when the file was damaged.",
            "What happened to tasks in that time may have been told by them.",
            "Windows was started anew there after an unexpected end: records that were not yet written are lost then. Judged low."
            if by_power
            else "",
        ),
        refs=cited(*((report.ref,) for report in held if report.ref)),
        severity=Severity.LOW if by_power else Severity.MEDIUM,
        confidence=Confidence.LIKELY,
        time=found[0].after,
    )


def _numbers(gap: NumberGap) -> str:
    return f"{gap.first:,}" if gap.first == gap.last else f"{gap.first:,} to {gap.last:,}"


def _at_a_start(context: Context, gap: NumberGap) -> bool:
    """Whether a gap ends where Windows was started after power was lost (6008)."""
    return any(abs(event.time.ticks - gap.before.ticks) <= _POWER for event in of_view(context, "shutdown-unexpected"))


def _flood(context: Context) -> Iterator[Finding]:
    yield from _bursts(context)
    yield from _long(context)


def _bursts(context: Context) -> Iterator[Finding]:
    """Very many registrations within a minute, told once for the whole host."""
    rows = _registrations(context)
    if len(rows) < _BURST:
        return
    ticks = context.events.columns["ticks"][rows]
    full = np.flatnonzero(ticks[_BURST - 1 :] - ticks[: len(ticks) - _BURST + 1] <= _SPAN)
    by_hand = [int(at) for at in full if not _by_the_system(context, rows[int(at)])]
    if not by_hand:
        return
    at = by_hand[0]
    last = at + int(np.searchsorted(ticks[at:], ticks[at] + _SPAN, "right")) - 1
    first = context.events[int(rows[at])]
    calm, who = at_setup(context, first.time), hand(first, context.case.host)
    yield LOG_FLOOD.finding(
        None,
        f"burst {first.time.iso}",
        summary=f"{count(last - at + 1, 'task')} were registered within a minute from {first.time.iso} on, by {who}",
        why=sentences(
            "So many registrations push older records out of a log that overwrites itself, and hide one among many.",
            f"In the whole of the logs there are {count(len(full) + _BURST - 1, 'registration')} that lie so close together.",
            "It lies within a day after Windows was installed or upgraded, which registers hundreds of tasks. Information only."
            if calm
            else "",
        ),
        refs=cited(*((context.events[int(row)].ref,) for row in rows[at : at + 10]), (context.events[int(rows[last])].ref,)),
        severity=Severity.INFO if calm else Severity.MEDIUM,
        confidence=Confidence.LIKELY,
        time=first.time,
    )


def _registrations(context: Context) -> Rows | tuple[()]:
    """Registrations by 4698; by 106 where no 4698 is there: never both, which would count each twice; none unless they are many."""
    table = context.events
    for number in (4698, 106) if table.columns else ():
        rows = table.rows("registered")
        if len(rows):
            of_view = np.array([view == context.view for _, view in table.sources], bool)[table.columns["blocks"][rows]]
            rows = rows[(table.columns["event_id"][rows] == number) & of_view]
        if len(rows) >= _BURST:
            return rows
    return ()


def _by_the_system(context: Context, row: int) -> bool:
    return is_service(context.events[int(row)], context.case.host)


def _long(context: Context) -> Iterator[Finding]:
    """Definitions so large that an event could not hold them, or that are cut off in it; one finding a task."""
    seen: set[str] = set()
    for event in _overfull(context):
        path = event.task or ""
        if path.casefold() in seen:
            continue
        seen.add(path.casefold())
        cut = not event.content.rstrip().endswith("</Task>")
        yield LOG_FLOOD.finding(
            context.case.task(path),
            f"content {path.casefold()}",
            summary=f"{path}: its definition in event {event.event_id} "
            + (f"is cut off after {len(event.content):,} characters" if cut else f"has {len(event.content):,} characters"),
            why="Such a definition pushes what follows out of the event, so that programs which read the log do not see what the "
            "task starts. Texts of that size in Author or Description serve no other purpose.",
            refs=(event.ref,),
            severity=Severity.MEDIUM,
            confidence=Confidence.LIKELY,
            time=Instant(event.time.ticks),
        )


def _is_overfull(text: str) -> bool:
    head = text[:400].lstrip()
    return len(text) > _LONG or (head.startswith("<?xml") and "<Task" in head and not text.rstrip().endswith("</Task>"))


def _overfull(context: Context) -> Iterator[Event]:
    table = context.events
    long = {number for number, text in enumerate(table.strings) if _is_overfull(text)}
    if not long:
        return
    rows = table.rows("registered", "updated")
    for row in rows[np.isin(table.columns["content"][rows], list(long))]:
        event = table[int(row)]
        if event.view == context.view:
            yield event


LOG_GAP = Rule(
    "log-gap",
    Severity.MEDIUM,
    "Records are missing from the middle of a log that tells of tasks.",
    "Power was lost before records were written; a file that was damaged or copied while it was written.",
    (
        "Look for the missing records in the slack of the file, in shadow copies and on a log server.",
        "Compare with other logs of that time, and look for tools that take single records out of logs.",
    ),
    _gaps,
)
LOG_FLOOD = Rule(
    "log-flood",
    Severity.MEDIUM,
    "A log was flooded with registrations, or an event with a definition too large for it.",
    "Setup, an upgrade or a deployment that registers many tasks at once; software with a very long description.",
    (
        "Look at what the log held before, in archives, shadow copies or on a log server.",
        "Compare the definition in the event with the one in registry and file.",
    ),
    _flood,
)
