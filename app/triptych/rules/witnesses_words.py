"""What the rules about silenced witnesses ask of the logs again and again: whose hand it was, when Windows was set up, which logs count."""

from __future__ import annotations

from collections.abc import Iterator

from triptych.analysis.acts import Act
from triptych.logs.coverage import same
from triptych.logs.event_kinds import SECURITY, SYSTEM, TASKS, kinds
from triptych.model.event import Event
from triptych.model.evidence import EvidenceRef
from triptych.model.times import TICKS_A_DAY, TICKS_A_SECOND, Instant, parse_iso
from triptych.rules.lives import acts, causes, hand, row
from triptych.rules.lookups import once
from triptych.rules.phrases import quoted
from triptych.rules.rule import Context

MINUTE = 60 * TICKS_A_SECOND
_AROUND_SETUP = TICKS_A_DAY
_IN_PLACE = "winevt/logs/"
WEIGHTY = (SECURITY, TASKS, SYSTEM, "Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-PowerShell/Operational")


def is_ours(channel: str) -> bool:
    """Whether a channel is one of those that tell of tasks."""
    return any(same(name, channel) for name, _ in kinds())


def is_weighty(channel: str) -> bool:
    return any(same(name, channel) for name in WEIGHTY)


def is_in_place(file: str) -> bool:
    """Whether a log lies where Windows keeps it, and is not a copy that somebody made of it."""
    return _IN_PLACE in file.casefold()


def short(channel: str) -> str:
    """A channel as people call it."""
    return "the Task Scheduler's own log" if same(channel, TASKS) else f"the {channel} log"


def capital(text: str) -> str:
    """The same with a capital letter, to begin a sentence."""
    return text[:1].upper() + text[1:]


def at_setup(context: Context, time: Instant) -> bool:
    """Whether a time lies in the first day after an installation or upgrade, when setup clears logs and sets policies."""
    return any(0 <= time.ticks - setup + MINUTE <= _AROUND_SETUP for setup in once(context, "setups", lambda: _setups(context)))


def _setups(context: Context) -> tuple[int, ...]:
    found = []
    for fact in context.case.host.facts:
        if fact.name in ("installed", "earlier-install") and fact.reading.value:
            try:
                found.append(parse_iso(fact.reading.value).ticks)
            except ValueError:
                continue
    return tuple(found)


def of_view(context: Context, *names: str) -> Iterator[Event]:
    """The events of these kinds of the judged view, in the order of time."""
    return (event for event in context.events.of(*names) if event.view == context.view)


def acts_near(context: Context, verb: str, time: Instant | None = None, near: int = 2 * MINUTE) -> tuple[Act, ...]:
    """What command lines did of that kind on this computer, around a time where one is given."""
    found = (act for act in acts(context) if act.verb == verb and not act.host)
    return tuple(act for act in found if time is None or abs(act.time.ticks - time.ticks) <= near)


def act_words(act: Act, context: Context) -> str:
    """Who did what with which command, as a sentence."""
    return f"At {act.time.iso} {hand(act.event, context.case.host)} {act.words}: {quoted(act.line, 300)}."


def logon_behind(context: Context, event: Event) -> tuple[str, tuple[EvidenceRef, ...]]:
    """The logon that an event names, as a sentence with its reference."""
    for tie, logon in causes(context, row(context, event), "logon"):
        return f"Behind it stands {tie.why.partition(': ')[2]}, at {logon.time.iso}.", (logon.ref,)
    return "", ()
