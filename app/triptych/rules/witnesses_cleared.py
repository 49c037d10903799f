"""Logs that were cleared: told by 1102 and 104, or seen from a log that was begun anew with a high record number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from triptych.analysis.acts import Act
from triptych.logs.coverage import Channel, beginning, same
from triptych.logs.event_kinds import SECURITY, SYSTEM
from triptych.model.event import Event, LogReport
from triptych.model.finding import Confidence, Finding, Severity
from triptych.model.times import TICKS_A_DAY, Instant
from triptych.rules.lives import hand, is_service
from triptych.rules.phrases import cited, count, join, sentences
from triptych.rules.rule import Context, Rule
from triptych.rules.witnesses_words import (
    MINUTE,
    act_words,
    acts_near,
    at_setup,
    capital,
    is_in_place,
    is_ours,
    is_weighty,
    logon_behind,
    of_view,
    short,
)

_TOGETHER = 10 * MINUTE


def _check(context: Context) -> Iterator[Finding]:
    groups = list(_groups(context))
    for group in groups:
        yield _told(context, group)
    yield from _by_lines(context, groups)
    named = {channel_of(event).casefold() for group in groups for event in group}
    for channel in context.coverage.channels:
        if channel.name.casefold() not in named:
            yield from _untold(context, channel)


def channel_of(event: Event) -> str:
    """The log that an event says was cleared."""
    return SECURITY if event.event_id == 1102 else event.get("Channel") or "a log that is not named"


def _groups(context: Context) -> Iterator[list[Event]]:
    """Clearings by one hand within minutes belong together."""
    group: list[Event] = []
    for event in of_view(context, "log-cleared"):
        if group and (event.time.ticks - group[-1].time.ticks > _TOGETHER or not same(event.account, group[-1].account)):
            yield group
            group = []
        group.append(event)
    if group:
        yield group


def _told(context: Context, group: Sequence[Event]) -> Finding:
    first, who = group[0], hand(group[0], context.case.host)
    channels = sorted({channel_of(event) for event in group}, key=str.casefold)
    severity, moved = _weigh(context, group, channels)
    lines = [act for event in group for act in acts_near(context, "clear-log", event.time)]
    logon, logon_refs = logon_behind(context, first)
    what = short(channels[0]) if len(channels) == 1 else count(len(channels), "log")
    return LOG_CLEARED.finding(
        None,
        f"cleared {' '.join(channel.casefold() for channel in channels)} {first.time.iso}",
        summary=f"{capital(what)} {'was' if len(channels) == 1 else 'were'} cleared at {first.time.iso} by {who}",
        why=sentences(
            f"Cleared: {join(channels)}. All records from before are gone from {'it' if len(channels) == 1 else 'them'}, so that "
            "their silence about tasks registered, changed or run before that means nothing.",
            _kept_words(context, channels, first),
            logon,
            *dict.fromkeys(act_words(act, context) for act in lines[:3]),
            moved,
        ),
        refs=cited(*((event.ref,) for event in group), logon_refs, *(act.refs for act in lines[:3])),
        severity=severity,
        time=first.time,
    )


def _by_lines(context: Context, groups: Sequence[Sequence[Event]]) -> Iterator[Finding]:
    """Command lines that clear logs, where no event says that it came about."""
    told = [event.time for group in groups for event in group]
    group: list[Act] = []
    for act in (*acts_near(context, "clear-log"), None):
        if group and (act is None or act.time.ticks - group[-1].time.ticks > _TOGETHER or not same(act.account, group[-1].account)):
            yield _tried(context, group)
            group = []
        if act is not None and not any(abs(time.ticks - act.time.ticks) <= _TOGETHER for time in told):
            group.append(act)


def _tried(context: Context, group: Sequence[Act]) -> Finding:
    first = group[0]
    who = hand(first.event, context.case.host) if first.account else "An account that is not named"
    channels = sorted({act.detail for act in group if act.detail}, key=str.casefold)
    return LOG_CLEARED.finding(
        None,
        f"tried {first.time.iso}",
        summary=f"{who} had commands clear {count(max(len(channels), 1), 'log')} at {first.time.iso}",
        why=sentences(
            f"The commands name {join(channels)}." if channels else "",
            act_words(first, context),
            "A command line says what somebody tried; no event of a clearing (1102, or 104 in System) is in the evidence.",
        ),
        refs=cited(*(act.refs for act in group)),
        severity=Severity.MEDIUM if not channels or any(is_ours(channel) for channel in channels) else Severity.LOW,
        confidence=Confidence.LIKELY,
        time=first.time,
    )


def _weigh(context: Context, group: Sequence[Event], channels: Sequence[str]) -> tuple[Severity, str]:
    if at_setup(context, group[0].time):
        return Severity.INFO, "It lies within a day after Windows was installed or upgraded: setup clears logs. Information only."
    if not any(is_ours(channel) for channel in channels):
        return Severity.LOW, "None of them tells of tasks; installers clear logs of their own. Judged low."
    if is_service(group[0], context.case.host):
        return Severity.LOW, "The system itself or a service did it, as preparing an image does. Judged low."
    return Severity.MEDIUM, ""


def _kept_words(context: Context, channels: Sequence[str], cleared: Event) -> str:
    """Whether a file of the evidence still holds what was there before."""
    kept = [
        report.file
        for channel in context.coverage.channels
        for report in channel.reports
        if any(same(channel.name, name) for name in channels)
        and report.first
        and report.last
        and 0 < report.first.ticks < cleared.time.ticks - MINUTE <= report.last.ticks + TICKS_A_DAY
        and report.ref
    ]
    return f"Records from before the clearing are in {join(sorted(kept), 3)}." if kept else ""


def _untold(context: Context, channel: Channel) -> Iterator[Finding]:
    """A log in its place that begins anew with a high number, and no event that tells of a clearing."""
    if not is_weighty(channel.name):
        return
    for report in channel.reports:
        first = report.first
        if (
            first is None
            or report.ref is None
            or not is_in_place(report.file)
            or beginning(report, context.coverage.clearings) != "cleared"
        ):
            continue
        archived = any(other.last_number is not None and other.last_number + 1 == report.first_number for other in channel.reports)
        if not archived and not at_setup(context, first):
            yield _begun_anew(channel, report, first)
            return


def _begun_anew(channel: Channel, report: LogReport, first: Instant) -> Finding:
    teller = SECURITY if same(channel.name, SECURITY) else SYSTEM
    return LOG_CLEARED.finding(
        None,
        f"begun anew {channel.name.casefold()}",
        summary=f"{capital(short(channel.name))} was begun anew at {first.iso}: it was cleared or replaced",
        why=sentences(
            f"Its oldest record bears the number {report.first_number:,} and is the first of its file: nothing was overwritten, "
            f"and the {(report.first_number or 1) - 1:,} records before it are not there.",
            f"The event that tells of a clearing ({'1102' if teller == SECURITY else '104 in System'}) is not in the evidence.",
            "A log that is set to be archived when it is full is begun anew in the same way. Records from before mean nothing by their "
            "absence.",
        ),
        refs=(report.ref,) if report.ref else (),
        severity=Severity.MEDIUM,
        confidence=Confidence.LIKELY,
        time=first,
    )


LOG_CLEARED = Rule(
    "log-cleared",
    Severity.MEDIUM,
    "A log that tells of tasks was cleared, so that its silence means nothing.",
    "An administrator who made room or began a test; setup and the preparation of an image; an installer that clears its own log.",
    (
        "Look for older copies of the log: archives beside it, shadow copies, a log server.",
        "Ask who used the account at that time, and look at what it did in the hour before.",
        "Look for records of the old log in the slack of the file and in memory.",
    ),
    _check,
)
