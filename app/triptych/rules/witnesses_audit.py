"""Auditing of tasks: off by default everywhere, which is said once, for information; taken away by a hand, it counts."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator

from triptych.analysis.acts import Act
from triptych.logs.coverage import OTHER_OBJECT_ACCESS, adds_success, removes_success
from triptych.model.case import Fact
from triptych.model.event import Event
from triptych.model.finding import Confidence, Finding, Severity
from triptych.rules.lives import hand, is_service
from triptych.rules.phrases import cited, join, sentences
from triptych.rules.rule import Context, Rule
from triptych.rules.witnesses_words import MINUTE, act_words, acts_near, at_setup, logon_behind, of_view

_UNDONE = 5 * MINUTE
_SUBCATEGORIES = {
    OTHER_OBJECT_ACCESS: "Other Object Access Events (4698 to 4702, tasks)",
    "0CCE922B-69AE-11D9-BED3-505054503030": "Process Creation (4688)",
    "0CCE9215-69AE-11D9-BED3-505054503030": "Logon (4624)",
    "0CCE921E-69AE-11D9-BED3-505054503030": "Registry (4657)",
    "0CCE921D-69AE-11D9-BED3-505054503030": "File System (4663)",
}  # fmt: skip


def _audit_off(context: Context) -> Iterator[Finding]:
    """At most one finding: auditing was taken away by a hand, was there once and is off, or is off by default."""
    changes = tuple(of_view(context, "audit-changed"))
    added = _added(changes)
    lasting = [event for event in changes if _takes_away(event) and _lasts(event, added)]
    acts = acts_near(context, "audit")
    by_hand = [event for event in lasting if not is_service(event, context.case.host)]
    if by_hand or acts:
        yield _removed(context, by_hand, acts)
        return
    fact = context.coverage.policy
    off = fact is not None and fact.reading.value is not None and "success" not in fact.reading.value
    once_on = context.coverage.audited
    if off and fact is not None and once_on:
        yield _was_on(context, fact, once_on[-1])
    elif any(_subcategory(event) == OTHER_OBJECT_ACCESS for event in lasting):
        yield _by_policy(context, [event for event in lasting if _subcategory(event) == OTHER_OBJECT_ACCESS][-1])
    elif off and fact is not None:
        yield AUDIT_OFF.finding(
            None,
            "default",
            summary="Tasks are not audited: no event 4698 to 4702 is written",
            why=f"The audit policy in the SECURITY hive says {fact.reading.value} for Other Object Access Events, which is the default of "
            "Windows. That the Security log tells of no task says nothing. Information only.",
            refs=cited(fact.reading),
            severity=Severity.INFO,
        )


def _subcategory(event: Event) -> str:
    return event.get("SubcategoryGuid").strip("{} ").upper()


def _takes_away(event: Event) -> bool:
    return _subcategory(event) in _SUBCATEGORIES and removes_success(event)


def _added(events: Iterable[Event]) -> dict[str, list[int]]:
    """When success was added again, by subcategory."""
    found: dict[str, list[int]] = defaultdict(list)
    for event in events:
        if adds_success(event):
            found[_subcategory(event)].append(event.time.ticks)
    return found


def _lasts(removal: Event, added: dict[str, list[int]]) -> bool:
    """Whether a removal was not undone within minutes, as policies do when they are applied anew."""
    ticks = added.get(_subcategory(removal), [])
    at = bisect_left(ticks, removal.time.ticks)
    return at == len(ticks) or ticks[at] - removal.time.ticks > _UNDONE


def _removed(context: Context, events: list[Event], acts: tuple[Act, ...]) -> Finding:
    times = [event.time for event in events] + [act.time for act in acts]
    first = min(times, key=lambda time: time.ticks)
    what = sorted({_SUBCATEGORIES[_subcategory(event)] for event in events})
    who = hand(events[0] if events else acts[0].event, context.case.host)
    logon, refs = logon_behind(context, events[0]) if events else ("", ())
    return AUDIT_OFF.finding(
        None,
        f"hand {first.iso}",
        summary=f"Auditing was switched off at {first.iso} by {who}",
        why=sentences(
            f"Event 4719 says that success is no longer audited for {join(what)}." if what else "",
            *(act_words(act, context) for act in acts[:3]),
            logon,
            "From then on the Security log does not tell of what belongs there.",
        ),
        refs=cited(*((event.ref,) for event in events), *(act.refs for act in acts[:3]), refs),
        severity=Severity.MEDIUM,
        time=first,
    )


def _was_on(context: Context, fact: Fact, last: Event) -> Finding:
    written = context.coverage.policy_written
    return AUDIT_OFF.finding(
        None,
        "was on",
        summary="Tasks were audited once, and are not any longer",
        why=sentences(
            f"The audit policy in the SECURITY hive says {fact.reading.value} for Other Object Access Events"
            + (f", written last at {written.iso}." if written else "."),
            f"The last event of tasks in the Security log is of {last.time.iso} ({last.event_id}): until then they were audited. "
            "No event 4719 of a person says who changed it.",
        ),
        refs=cited(fact.reading, (last.ref,)),
        severity=Severity.MEDIUM,
        confidence=Confidence.LIKELY,
        time=written,
    )


def _by_policy(context: Context, event: Event) -> Finding:
    return AUDIT_OFF.finding(
        None,
        f"policy {event.time.iso}",
        summary=f"Auditing of tasks was switched off at {event.time.iso} by {hand(event, context.case.host)}",
        why="Event 4719 says that success is no longer audited for Other Object Access Events. The system itself did it, as it does when "
        "a policy is applied. Judged low.",
        refs=(event.ref,),
        severity=Severity.INFO if at_setup(context, event.time) else Severity.LOW,
        time=event.time,
    )


AUDIT_OFF = Rule(
    "audit-off",
    Severity.MEDIUM,
    "Auditing of tasks was switched off, or never asked for.",
    "The default of Windows; a policy that is applied anew; an administrator who reduced the size of the log.",
    (
        "Look for event 4719 and for auditpol in command lines, and compare with the policy of the domain.",
        "Rely on other witnesses: the Task Scheduler's own log, process creation, key and file times.",
    ),
    _audit_off,
)
