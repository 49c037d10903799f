"""The lanes of the timeline: which source stands in which, and how far each log reaches. No Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from triptych.logs.event_kinds import SECURITY, TASKS, kinds
from triptych.model.event import LogReport

_PEOPLE = ("logon", "logoff", "privileges", "process-", "session-")  # beginnings of the kinds of logons and processes
COVERED, GAP, CLEARED, DISABLED = "covered", "gap", "cleared", "disabled"


@dataclass(frozen=True, slots=True)
class Lane:
    """One line of the timeline: its title, what stands in it, the token of its colour, the contract's sources in it."""

    title: str
    where: str
    token: str
    sources: tuple[str, ...]


LANES: tuple[Lane, ...] = (
    Lane("Files", "Task files and programs", "xml", ("xml", "file")),
    Lane("Registry", "TaskCache", "registry", ("registry",)),
    Lane("Task log", "TaskScheduler", "scheduler", ("tasks-log",)),
    Lane("Security log", "Security", "high", ("security",)),
    Lane("Logons, processes", "4624, 4672, 4688", "accent", ()),
    Lane("Sysmon", "Sysmon", "medium", ("sysmon",)),
    Lane("PowerShell", "4103, 4104", "low", ("powershell",)),
    Lane("System", "System", "low", ("system",)),
    Lane("Sessions", "TerminalServices", "accent", ("terminal-services",)),
    Lane("Application", "Application", "dim", ("application",)),
    Lane("WMI", "WMI-Activity", "dim", ("wmi",)),
    Lane("Group Policy", "GroupPolicy", "dim", ("group-policy",)),
    Lane("Jobs, listings", "At jobs, listings", "good", ("job", "listing")),
)
PEOPLE = next(number for number, lane in enumerate(LANES) if not lane.sources)
_BY_SOURCE = {source: number for number, lane in enumerate(LANES) for source in lane.sources}


def lane_of(source: str, kind: str) -> int:
    """The number of the lane in which something of a source and kind stands."""
    if source == "security" and kind.startswith(_PEOPLE):
        return PEOPLE
    return _BY_SOURCE.get(source, len(LANES) - 1)


def channel_lanes(channel: str) -> tuple[int, ...]:
    """The lanes that a log fills; the Security log fills two."""
    lane = _BY_SOURCE.get(_channels().get(channel.casefold(), ""))
    if lane is None:
        return ()
    return (lane, PEOPLE) if channel.casefold() == SECURITY.casefold() else (lane,)


@cache
def _channels() -> dict[str, str]:
    return {channel: kind.lane for (channel, _), kind in kinds().items()}


@dataclass(frozen=True, slots=True)
class Stretch:
    """From a time to a time (ticks): what a log is there, and that in words where it must be said."""

    start: int
    end: int
    state: str
    words: str = ""


Coverage = dict[int, tuple[Stretch, ...]]  # by lane


def coverage(
    reports: Iterable[LogReport],
    cleared: Iterable[tuple[str, int]],
    disabled: Iterable[int],
    begins: int,
    ends: int,
    switched: Iterable[tuple[str, int]] = (),
) -> Coverage:
    """What each lane's logs cover between two times. `cleared` are channels and times, `disabled` times at which the task log was
    switched off, `switched` channels that are off by the registry and when that was last written. A log that was cleared tells
    nothing of before, unless another file still does; one that is off was on for as long as it holds records."""
    by_channel: dict[str, list[LogReport]] = {}
    for report in reports:
        if report.first is not None and report.last is not None:
            by_channel.setdefault(report.channel.casefold(), []).append(report)
    clearings: dict[str, list[int]] = {}
    for channel, ticks in cleared:
        clearings.setdefault(channel.casefold(), []).append(ticks)
    off = {channel.casefold(): ticks for channel, ticks in switched}
    found: dict[int, list[Stretch]] = {}
    for channel in sorted({*by_channel, *clearings, *off}):
        stretches = _of_channel(by_channel.get(channel, []), clearings.get(channel, []), begins)
        if channel == TASKS.casefold():
            held = [stretch.end for stretch in stretches if stretch.state == COVERED]
            stretches += [
                Stretch(ticks, ends, DISABLED, "switched off") for ticks in disabled if not held or ticks >= max(held) - _SECOND
            ]
        if channel in off:
            stretches += _off(stretches, max(off[channel], begins), ends)
        for lane in channel_lanes(channel):
            found.setdefault(lane, []).extend(stretches)
    return {lane: tuple(stretches) for lane, stretches in found.items()}


_SECOND = 10_000_000


def _of_channel(reports: list[LogReport], cleared: list[int], begins: int) -> list[Stretch]:
    spans = sorted((report.first.ticks, report.last.ticks) for report in reports if report.first and report.last)
    found = [Stretch(start, end, COVERED) for start, end in _joined(spans)]
    if cleared:
        last = max(cleared)
        end = min((start for start, stop in spans if stop >= last - _SECOND), default=last)
        begin = max((stop for _, stop in spans if stop < end), default=begins)
        if begin < end:
            found.append(Stretch(begin, end, CLEARED, "cleared: nothing older is left"))
    for report in reports:
        for gap in report.gaps:
            count = gap.last - gap.first + 1
            if gap.after.ticks <= gap.before.ticks:
                found.append(Stretch(gap.after.ticks, gap.before.ticks, GAP, f"gap: {count:,} record number{'s' * (count > 1)}"))
    return found


def _off(stretches: list[Stretch], since: int, ends: int) -> list[Stretch]:
    """From its last record or the write of its switch to the end, unless an event tells the same already."""
    if any(stretch.state == DISABLED for stretch in stretches):
        return []
    start = max([since, *(stretch.end for stretch in stretches if stretch.state == COVERED)])
    return [Stretch(start, ends, DISABLED, "switched off in the registry")] if start < ends else []


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined
