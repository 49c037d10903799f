"""Logs that are switched off: the scheduler's own, others, the service of the logs itself.

Since Windows 10 the scheduler's log is off by default: that is said once, for information. A hand that switched it off, or a log
that was on once, counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from triptych.analysis.touches import SET, SWITCH, Touch, touch_of
from triptych.logs.coverage import Channel, same
from triptych.logs.event_kinds import TASKS
from triptych.model.case import Fact
from triptych.model.event import Event
from triptych.model.evidence import EvidenceRef
from triptych.model.finding import Confidence, Finding, Severity
from triptych.model.times import TICKS_A_DAY, Instant, parse_iso
from triptych.rules.lives import hand
from triptych.rules.lookups import WINDOWS_10, once
from triptych.rules.phrases import cited, sentences
from triptych.rules.rule import Context, Rule
from triptych.rules.witnesses_words import (
    MINUTE,
    act_words,
    acts_near,
    at_setup,
    capital,
    of_view,
    short,
)

_ON_BY_DEFAULT = ("Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-PowerShell/Operational")
_NEAR_SWITCH = TICKS_A_DAY  # between the last record of a log and the switch that ended it


@dataclass(frozen=True)
class _Off:
    """Why a log is off, as far as anything tells."""

    words: list[str] = field(default_factory=list)
    refs: list[EvidenceRef] = field(default_factory=list)
    times: list[Instant] = field(default_factory=list)

    def add(self, words: str, refs: tuple[EvidenceRef, ...], time: Instant | None = None) -> None:
        self.words.append(words)
        self.refs.extend(refs)
        if time is not None:
            self.times.append(time)


# -- logs -----------------------------------------------------------------------------------------------------------------


def _disabled(context: Context) -> Iterator[Finding]:
    names = {TASKS: None, **dict.fromkeys(_ON_BY_DEFAULT)}
    for name in names:
        yield from _of_channel(context, name)
    yield from _of_service(context)


def _of_channel(context: Context, name: str) -> Iterator[Finding]:
    """At most one finding a log: switched off by a hand, off though it was on once, off by itself, off by default."""
    fact = _fact(context, "channel", name)
    off = fact is not None and fact.reading.value == "disabled"
    hands = _hands(context, name)
    held = context.coverage.channel(name)
    if hands.words:
        yield _by_hand(context, name, hands, fact if off else None)
    elif same(name, TASKS) and (own := context.coverage.self_disabled) and not _wrote_after(held, own[-1].time):
        yield _by_itself(name, own[-1])
    elif off and fact is not None:
        yield _off(context, name, fact, held)


def _hands(context: Context, name: str) -> _Off:
    """Events and command lines that switched a log off."""
    found = _Off()
    for event, touch in once(context, "switches set", lambda: _switches_set(context)):
        if _switches_off(touch, name):
            who = f"{event.process or 'a process not named'}, as {hand(event, context.case.host)}"
            found.add(f"At {event.time.iso} its switch was set to 0 by {who}.", (event.ref,), event.time)
    for act in acts_near(context, "disable-log"):
        if same(act.detail, name):
            found.add(act_words(act, context), act.refs, act.time)
    return found


def _switches_set(context: Context) -> list[tuple[Event, Touch]]:
    """The events that set a value of a log's switch."""
    found = ((event, touch_of(event)) for event in of_view(context, "registry-changed"))
    return [(event, touch) for event, touch in found if touch is not None and touch.part == SWITCH]


def _switches_off(touch: Touch, name: str) -> bool:
    return touch.deed == SET and same(touch.object, name) and same(touch.value, "Enabled") and _is_zero(touch.data)


def _is_zero(data: str) -> bool:
    digits = data.casefold().removeprefix("dword").strip(" ()").removeprefix("0x")
    return bool(digits) and not digits.strip("0")


def _by_hand(context: Context, name: str, hands: _Off, fact: Fact | None) -> Finding:
    first = min(hands.times, key=lambda time: time.ticks)
    return LOG_DISABLED.finding(
        None,
        f"hand {name.casefold()} {first.iso}",
        summary=f"{capital(short(name))} was switched off at {first.iso}",
        why=sentences(
            *hands.words[:4],
            "The hive says that it is off still." if fact is not None else "",
            "From then on it tells of nothing, until it is switched on again.",
        ),
        refs=cited(hands.refs, fact.reading if fact is not None else ()),
        severity=Severity.MEDIUM,
        time=first,
    )


def _by_itself(name: str, event: Event) -> Finding:
    return LOG_DISABLED.finding(
        None,
        f"itself {name.casefold()} {event.time.iso}",
        summary=f"The Task Scheduler switched its own log off by itself at {event.time.iso}",
        why="Event 719 says that the service did so to save time, which no person asked for. From then on the log tells of nothing, "
        "until it is switched on again. Information only.",
        refs=(event.ref,),
        severity=Severity.INFO,
        time=event.time,
    )


def _off(context: Context, name: str, fact: Fact, held: Channel | None) -> Finding:
    severity, words = _weigh(context, name, held)
    written = _written(context, name)
    written_fact = _fact(context, "channel-written", name)
    return LOG_DISABLED.finding(
        None,
        f"off {name.casefold()}",
        summary=f"{capital(short(name))} is switched off",
        why=sentences(
            f"The SOFTWARE hive says so; the key of the switch was written last at {written.iso}."
            if written
            else "The SOFTWARE hive says so.",
            f"The newest record of the log is of {held.last.iso}." if held and held.last else "The evidence holds no record of it.",
            words,
            "A missing event of that log says nothing about a task.",
        ),
        refs=cited(fact.reading, written_fact.reading if written_fact else (), held.refs if held and held.last else ()),
        severity=severity,
        confidence=Confidence.LIKELY if severity is Severity.MEDIUM else Confidence.CERTAIN,
        time=written,
    )


def _weigh(context: Context, name: str, held: Channel | None) -> tuple[Severity, str]:
    if not same(name, TASKS):
        return Severity.LOW, "It is on by default, or was put there to be used; somebody or a policy switched it off. Judged low."
    if held is None or held.last is None:
        if context.build is not None and context.build < WINDOWS_10:
            return Severity.MEDIUM, "On this version of Windows it is on by default: somebody or a policy switched it off."
        return Severity.INFO, "That is the default since Windows 10. Information only."
    written = _written(context, name)
    if written is not None and at_setup(context, written):
        return (
            Severity.LOW,
            "It holds records, so it was on once; the switch was last touched by an installation or upgrade. Judged low.",
        )
    if written is not None and 0 <= written.ticks - held.last.ticks + MINUTE <= _NEAR_SWITCH:
        return (
            Severity.MEDIUM,
            "It holds records up to the time at which its switch was touched: it was on, and was switched off then.",
        )
    return (
        Severity.MEDIUM,
        "It holds records, so it was on once and was switched off since; no event 719 says that the service did it.",
    )


def _wrote_after(held: Channel | None, time: Instant) -> bool:
    """Whether a log has records from well after a time, so that it was switched on again."""
    return held is not None and held.last is not None and held.last.ticks - time.ticks > MINUTE


def _of_service(context: Context) -> Iterator[Finding]:
    """The service of the logs itself, set never to start."""
    found = _Off()
    fact = _fact(context, "eventlog-start", "")
    if fact is not None and fact.reading.value == "4":
        found.add("The SYSTEM hive says that the service of the event logs does not start (Start is 4).", fact.reading.refs)
    for event in of_view(context, "service-start-type"):
        texts = [event.get(name).casefold() for name in ("param1", "param2", "param3", "param4")]
        if texts[2] == "disabled" and (texts[3] == "eventlog" or "event log" in texts[0]):
            found.add(f"Event 7040 of {event.time.iso} says that it was set so.", (event.ref,), event.time)
    for act in acts_near(context, "stop-service"):
        if "event log" in act.detail:
            found.add(act_words(act, context), act.refs, act.time)
    if found.words:
        yield LOG_DISABLED.finding(
            None,
            "service eventlog",
            summary="The service of the event logs was stopped or set never to start",
            why=sentences(*found.words[:4], "While it does not run, no log tells of anything."),
            refs=cited(found.refs),
            severity=Severity.MEDIUM,
            time=min(found.times, key=lambda time: time.ticks, default=None),
        )


def _fact(context: Context, name: str, subject: str) -> Fact | None:
    found = (fact for fact in context.case.host.facts if fact.name == name and fact.view == context.view)
    return next((fact for fact in found if not subject or same(fact.subject, subject)), None)


def _written(context: Context, channel: str) -> Instant | None:
    """When the switch of a log was last changed."""
    fact = _fact(context, "channel-written", channel)
    try:
        return parse_iso(fact.reading.value) if fact is not None and fact.reading.value else None
    except ValueError:
        return None


LOG_DISABLED = Rule(
    "log-disabled",
    Severity.MEDIUM,
    "A log that tells of tasks is switched off, or was.",
    "The default since Windows 10 for the Task Scheduler's log; a policy or a tool for speed; the service itself (event 719).",
    (
        "Look at the time of the switch's key, and at who worked on the machine then.",
        "Rely on other witnesses: Security 4698 to 4702, process creation, key and file times, $MFT and USN journal.",
    ),
    _disabled,
)
