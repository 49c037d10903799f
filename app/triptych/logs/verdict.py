"""Whether the silence of the logs about a registration means anything, with the reasons in words.

A missing 106 or 4698 says something only where the log was kept, switched on and audited at that time, and nothing of it
was lost. The scheduler's own log is off by default since Windows 10, auditing of tasks is off by default everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from triptych.logs.coverage import NEAR, Channel, Clearing, Coverage, same
from triptych.logs.event_kinds import SECURITY, TASKS
from triptych.model.event import LogReport
from triptych.model.evidence import EvidenceRef
from triptych.model.times import TICKS_A_DAY, Instant

LOGGED, MISSING, NOT_COVERED, NOT_AUDITED, UNKNOWN = "logged", "missing", "not-covered", "not-audited", "unknown"
_QUIET = TICKS_A_DAY  # so long a log may have nothing to tell at its end
_REGISTERED = {TASKS.casefold(): 106, SECURITY.casefold(): 4698}


@dataclass(frozen=True, slots=True)
class Witness:
    """What one log says of a registration, and why."""

    channel: str
    event_id: int
    word: str
    reason: str
    refs: tuple[EvidenceRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the logs together say of a registration.

    `word`: logged (an event tells of it), missing (one had to be there and is not), not-audited (the policy did not ask for
    it), not-covered (the logs do not reach, or were off), unknown. `witnesses` are the logs, each with its reason.
    """

    word: str
    witnesses: tuple[Witness, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        return tuple(witness.reason for witness in self.witnesses)


_BEGINNINGS = {
    "cleared": "it was cleared, and begins anew then",
    "rolled": "its older records were overwritten",
    "exported": "it is an export, which may be a part of the log",
    "whole": "it was begun then",
}


def verdict(known: Coverage, task: str, time: Instant | None) -> Verdict:
    """What the logs say of the registration of a task at a time (UTC, as a store states it)."""
    if time is None:
        return Verdict(UNKNOWN, (Witness("", 0, UNKNOWN, "no store tells when the task was registered"),))
    witnesses = (_scheduler_log(known, task, time), _security_log(known, task, time))
    words = [witness.word for witness in witnesses]
    for word in (LOGGED, MISSING, NOT_AUDITED, NOT_COVERED):
        if word in words:
            return Verdict(word, witnesses)
    return Verdict(UNKNOWN, witnesses)


def _logged(known: Coverage, task: str, time: Instant, channel: str) -> Witness | None:
    number = _REGISTERED[channel.casefold()]
    of_task = [event for event in known.registered if same(event.channel, channel) and same(event.task or "", task)]
    for event in of_task:
        if abs(event.time.ticks - time.ticks) <= NEAR:
            return Witness(channel, number, LOGGED, f"event {number} of {event.time.iso} tells of it", (event.ref,))
    return None


def _out_of_reach(known: Coverage, channel: str, time: Instant, goes_on: bool) -> Witness | None:
    """Why a log cannot know: it is not there, does not reach the time, or lost records of that time."""
    number = _REGISTERED[channel.casefold()]
    held = known.channel(channel)
    if held is None or held.first is None or held.last is None:
        reason = "is not in the evidence" if held is None else "holds no records"
        return Witness(channel, number, NOT_COVERED, f"the log {channel} {reason}", held.refs if held else ())
    if time.ticks < held.first.ticks:
        why = _BEGINNINGS[held.beginning]
        return Witness(channel, number, NOT_COVERED, f"the log {channel} begins at {held.first.iso}, later: {why}", held.refs)
    reach = held.last
    if goes_on and known.latest:  # nothing happened since; but a file that is days older than the others was taken before them
        reach = min(known.latest, Instant(held.last.ticks + _QUIET), key=lambda one: one.ticks)
    if time.ticks > reach.ticks:
        return Witness(channel, number, NOT_COVERED, f"the log {channel} ends at {held.last.iso}, earlier", held.refs)
    return _hole(known, held, number, time)


def _hole(known: Coverage, held: Channel, number: int, time: Instant) -> Witness | None:
    """Why a log that reaches over a time may lack its records all the same."""
    for clearing in known.clearings:
        if same(clearing.channel, held.name) and time.ticks < clearing.time.ticks and not _kept_over(held, clearing):
            reason = f"the log {held.name} was cleared at {clearing.time.iso} by {clearing.account or 'an account not named'}"
            return Witness(held.name, number, NOT_COVERED, reason, (clearing.ref,))
    spanning = [report for report in held.reports if _spans(report, time)]
    if not spanning and held.last is not None and time.ticks <= held.last.ticks:
        reason = f"none of the {len(held.reports)} files of the log {held.name} holds that time"
        return Witness(held.name, number, NOT_COVERED, reason, held.refs)
    if spanning and all(report.exported for report in spanning):
        reason = f"only an export of the log {held.name} holds that time, and an export may leave out records"
        return Witness(held.name, number, NOT_COVERED, reason, held.refs)
    for gap in held.gaps:
        if gap.after.ticks - NEAR <= time.ticks <= gap.before.ticks + NEAR:
            numbers = str(gap.first) if gap.first == gap.last else f"{gap.first} to {gap.last}"
            reason = f"records {numbers} of the log {held.name}, of that time, are missing: it may be one of them"
            return Witness(held.name, number, NOT_COVERED, reason, held.refs)
    lost = sum(report.lost for report in held.reports)
    if lost > sum(gap.last - gap.first + 1 for gap in held.gaps):
        reason = f"{lost} records of the log {held.name} could not be read: it may be one of them"
        return Witness(held.name, number, NOT_COVERED, reason, held.refs)
    return None


def _spans(report: LogReport, time: Instant) -> bool:
    return bool(report.first and report.last and report.first.ticks <= time.ticks <= report.last.ticks)


def _kept_over(held: Channel, clearing: Clearing) -> bool:
    """Whether a file (an archive, a snapshot) still holds what a clearing took away: its records reach to the clearing."""
    return any(
        report.first and report.last and report.first.ticks < clearing.time.ticks - NEAR <= report.last.ticks + NEAR
        for report in held.reports
    )


def _scheduler_log(known: Coverage, task: str, time: Instant) -> Witness:
    enabled = known.switch.reading.value == "enabled" if known.switch and known.switch.reading.known else None
    found = _logged(known, task, time, TASKS) or _out_of_reach(known, TASKS, time, goes_on=enabled is True)
    held = known.channel(TASKS)
    switch_refs = known.switch.reading.refs if known.switch else ()
    if (
        found
        and found.word == NOT_COVERED
        and enabled is False
        and (held is None or held.last is None or time.ticks > held.last.ticks)
    ):
        since = f"; its last record is of {held.last.iso}" if held and held.last else ""
        return Witness(
            TASKS, 106, NOT_COVERED, f"the log {TASKS} is switched off (the default since Windows 10){since}", switch_refs
        )
    if found:
        return found
    for event in known.self_disabled:
        if event.time.ticks <= time.ticks and not _written_after(known, event.time, time):
            reason = f"the service switched its log off by itself at {event.time.iso} (event 719)"
            return Witness(TASKS, 106, NOT_COVERED, reason, (event.ref,))
    reason = f"the log {TASKS} holds records from before and after, without a gap, and none of the registration"
    return Witness(TASKS, 106, MISSING, reason, held.refs if held else ())


def _written_after(known: Coverage, start: Instant, end: Instant) -> bool:
    """Whether the scheduler's log has an event of a registration between two times, so that it was on again."""
    return any(same(event.channel, TASKS) and start.ticks < event.time.ticks <= end.ticks for event in known.registered)


def _security_log(known: Coverage, task: str, time: Instant) -> Witness:
    found = _logged(known, task, time, SECURITY) or _out_of_reach(known, SECURITY, time, goes_on=True)
    if found:
        return found
    before = [change for change in known.audit_changes if change.time.ticks <= time.ticks]
    after = [change for change in known.audit_changes if change.time.ticks > time.ticks]
    held = known.channel(SECURITY)
    refs = held.refs if held else ()
    if before:
        change = before[-1]
        if not change.on:
            who = change.account or "an account not named"
            reason = f"auditing of tasks (Other Object Access Events) was switched off at {change.time.iso} by {who}"
            return Witness(SECURITY, 4698, NOT_AUDITED, reason, (change.ref,))
        reason = f"auditing of tasks was switched on at {change.time.iso}, and no event 4698 tells of the registration"
        return Witness(SECURITY, 4698, MISSING, reason, (change.ref,))
    if after and after[0].on:
        reason = f"auditing of tasks was switched on later, at {after[0].time.iso}"
        return Witness(SECURITY, 4698, NOT_AUDITED, reason, (after[0].ref,))
    earlier = [event for event in known.audited if event.time.ticks <= time.ticks]
    later = [event for event in known.audited if event.time.ticks > time.ticks]
    if earlier and (later or after):
        first, last = earlier[-1], (later[0] if later else earlier[-1])
        reason = (
            f"events of tasks were written at {first.time.iso} and at {last.time.iso}, and none of the registration between them"
        )
        return Witness(SECURITY, 4698, MISSING, reason, (first.ref, last.ref))
    if earlier or later:
        near = (earlier or later)[-1 if earlier else 0]
        reason = f"tasks were audited at {near.time.iso}; whether they were at the time of the registration, no event tells"
        return Witness(SECURITY, 4698, UNKNOWN, reason, (near.ref,))
    stated = _by_policy(known, time)
    if stated is not None:
        return stated
    reason = "no event 4698 to 4702 at all: auditing of tasks is off by default, and nothing says that it was on"
    return Witness(SECURITY, 4698, NOT_AUDITED, reason, refs)


def _by_policy(known: Coverage, time: Instant) -> Witness | None:
    """What the audit policy in the SECURITY hive says of a time, where it was not written since."""
    policy, written = known.policy, known.policy_written
    if policy is None or written is None or written.ticks > time.ticks or policy.reading.value is None:
        return None
    refs = policy.reading.refs
    if "success" in policy.reading.value:
        reason = (
            f"the audit policy asks for events of tasks since {written.iso} or before, and no event 4698 tells of the registration"
        )
        return Witness(SECURITY, 4698, MISSING, reason, refs)
    word = policy.reading.value
    reason = f"the audit policy, written last at {written.iso}, does not ask for events of tasks ({word}; off is the default)"
    return Witness(SECURITY, 4698, NOT_AUDITED, reason, refs)
