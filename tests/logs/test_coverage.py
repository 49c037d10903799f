"""What the silence of the logs means: cleared, rolled, switched off, not audited, lost, and truly missing are told apart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.logs.test_reading import answers, events
from tests.material import shared
from triptych.logs.coverage import Coverage, coverage, distinct
from triptych.logs.event_kinds import SECURITY, TASKS
from triptych.logs.verdict import LOGGED, MISSING, NOT_AUDITED, NOT_COVERED, UNKNOWN, verdict
from triptych.model.case import Fact, Host
from triptych.model.event import Event, LogReport, NumberGap
from triptych.model.evidence import EventPlace, EvidenceRef, RegistryPlace, Span, stated
from triptych.model.times import TICKS_A_DAY, Instant

DAY = TICKS_A_DAY
START = 133_000_000_000_000_000
KINDS = {
    106: (TASKS, "tasks-log", "registered"),
    719: (TASKS, "tasks-log", "log-disabled"),
    4698: (SECURITY, "security", "registered"),
}
KINDS |= {
    4702: (SECURITY, "security", "updated"),
    4719: (SECURITY, "security", "audit-changed"),
    1102: (SECURITY, "security", "log-cleared"),
}
KINDS |= {104: ("System", "system", "log-cleared")}


def at(day: float) -> Instant:
    return Instant(START + int(day * DAY))


def ref(number: int = 1, file: str = "a.evtx") -> EvidenceRef:
    return EvidenceRef(EventPlace("x", number), (Span(file, 512 * number, 100),))


def event(number: int, day: float, task: str | None = None, **data: str) -> Event:
    channel, lane, kind = KINDS[number]
    record = int(day * 1000)
    return Event(
        at(day), channel, number, record, lane, kind, kind, ref(record + 1), task=task, account="LAB\\eve", data=tuple(data.items())
    )


def report(channel: str, first: float, last: float, **more: object) -> LogReport:
    whole = LogReport(
        channel, f"{channel}.evtx", at(first), at(last), 1000, ordinal=5000, first_number=5000, last_number=5999, ref=ref()
    )
    return replace(whole, **more)  # type: ignore[arg-type]


def switch(word: str) -> Host:
    proof = EvidenceRef(RegistryPlace("Channels", "Enabled"), (Span("SOFTWARE", 10, 4),))
    return Host((Fact("channel", TASKS, stated(word, proof)),))


BOTH = (report(TASKS, 0, 30), report(SECURITY, 0, 30))
OTHER_OBJECT = "{0CCE9227-69AE-11D9-BED3-505054503030}"


def judged(
    day: float | None, reports: tuple[LogReport, ...] = BOTH, events: tuple[Event, ...] = (), host: Host | None = None
) -> tuple[str, str]:
    known = coverage(reports, events, host or Host())
    found = verdict(known, "\\Evil", None if day is None else at(day))
    assert all(witness.reason for witness in found.witnesses)
    return found.word, " | ".join(found.reasons)


def test_an_event_of_the_task_is_found_in_either_log_and_case() -> None:
    word, why = judged(5, events=(event(106, 5.0001, "\\EVIL"),))
    assert word == LOGGED
    assert at(5.0001).iso in why
    assert judged(5, events=(event(4698, 5, "\\Evil"),))[0] == LOGGED
    assert judged(5, events=(event(106, 9, "\\Evil"), event(106, 5, "\\Other")))[0] == MISSING


def test_a_log_that_spans_the_time_and_is_silent_means_something() -> None:
    word, why = judged(5)
    assert word == MISSING
    assert "from before and after, without a gap" in why
    assert "auditing of tasks is off by default" in why


def test_a_log_that_begins_later_or_ends_earlier_does_not() -> None:
    word, why = judged(-1)
    assert word == NOT_COVERED
    assert "its older records were overwritten" in why
    assert judged(31)[0] == NOT_COVERED
    assert judged(31, host=switch("enabled"))[0] == NOT_COVERED  # no log at all is as new as that
    late = (*BOTH, report("System", 0, 40))
    assert judged(31, late, host=switch("enabled"))[0] == MISSING  # it was on, and other logs show that time went on
    word, why = judged(31, late, host=switch("disabled"))
    assert word == NOT_AUDITED
    assert "is switched off (the default since Windows 10)" in why


def test_no_log_in_the_evidence() -> None:
    word, why = judged(5, ())
    assert word == NOT_COVERED
    assert "is not in the evidence" in why
    assert judged(None) == (UNKNOWN, "no store tells when the task was registered")


def test_a_cleared_log_is_told_with_its_hand() -> None:
    cleared = report(SECURITY, 10, 30, ordinal=1, first_number=7000)
    known = coverage((cleared,), (event(1102, 10),), Host())
    held = known.channel("SECURITY")
    assert held is not None
    assert held.beginning == "cleared"
    assert [(clearing.channel, clearing.account) for clearing in known.clearings] == [(SECURITY, "LAB\\eve")]
    word, why = judged(5, (cleared,), (event(1102, 10),))
    assert word == NOT_COVERED
    assert "it was cleared, and begins anew then" in why
    by_system = event(104, 10, Channel=TASKS)
    word, why = judged(5, (report(TASKS, 0, 2, file="old"), report(TASKS, 10, 30)), (by_system,))
    assert word == NOT_COVERED
    assert "was cleared" in why


def test_a_clock_that_was_set_back_begins_no_log_anew() -> None:
    """The record of the earliest time is then not the first that was written."""
    back = report(SECURITY, 0, 30, ordinal=1, first_number=121, last_number=120, records=900)
    held = coverage((back,), (), Host()).channel(SECURITY)
    assert held is not None
    assert held.beginning == "whole"
    anew = coverage((replace(back, first_number=7000, last_number=7899),), (), Host()).channel(SECURITY)
    assert anew is not None
    assert anew.beginning == "cleared"


def test_an_archive_that_reaches_to_the_clearing_covers_what_was_before() -> None:
    archive = report(SECURITY, 0, 10, file="Archive-Security.evtx")
    live = report(SECURITY, 10, 30, ordinal=1, first_number=7000)
    on = event(4719, 1, SubcategoryGuid=OTHER_OBJECT, AuditPolicyChanges="%%8449")
    assert judged(5, (archive, live), (event(1102, 10), on))[0] == MISSING


def test_lost_records_of_that_time_excuse_the_silence() -> None:
    gap = NumberGap(5100, 5200, at(4), at(6))
    word, why = judged(5, (report(TASKS, 0, 30, gaps=(gap,)),))
    assert word == NOT_COVERED
    assert "records 5100 to 5200" in why
    assert judged(12, (report(TASKS, 0, 30, gaps=(gap,)),))[0] == MISSING
    assert judged(12, (report(TASKS, 0, 30, lost=3),))[0] == NOT_COVERED
    assert judged(12, (report(TASKS, 0, 30, exported=True),))[0] == NOT_COVERED
    word, why = judged(12, (report(TASKS, 0, 5), report(TASKS, 20, 30, file="b")))
    assert word == NOT_COVERED
    assert "none of the 2 files" in why


def test_a_log_that_the_service_switched_off_by_itself() -> None:
    off = event(719, 3)
    assert judged(5, (BOTH[0],), (off,))[0] == NOT_COVERED
    assert judged(2, (BOTH[0],), (off,))[0] == MISSING
    assert judged(5, (BOTH[0],), (off, event(106, 4, "\\Other")))[0] == MISSING  # it wrote again


@pytest.mark.parametrize(
    ("changes", "day", "word"),
    [
        ((("%%8449", 1),), 5, MISSING),
        ((("%%8448", 1),), 5, NOT_AUDITED),
        ((("%%8449", 9),), 5, NOT_AUDITED),
        ((("%%8449", 1), ("%%8448", 4)), 5, NOT_AUDITED),
        ((("Success Added", 1),), 5, MISSING),
    ],
)
def test_the_audit_policy_decides_for_the_security_log(changes: tuple[tuple[str, int], ...], day: int, word: str) -> None:
    events = tuple(event(4719, when, SubcategoryGuid=OTHER_OBJECT.lower(), AuditPolicyChanges=code) for code, when in changes)
    other = event(4719, 0.5, SubcategoryGuid="{0CCE9215-69AE-11D9-BED3-505054503030}", AuditPolicyChanges="%%8448")
    assert judged(day, (BOTH[1],), (*events, other))[0] == word


def test_task_events_around_the_time_show_that_tasks_were_audited() -> None:
    assert judged(5, (BOTH[1],), (event(4702, 4, "\\A"), event(4698, 6, "\\B")))[0] == MISSING
    found = verdict(coverage((BOTH[1],), (event(4702, 4, "\\A"),), Host()), "\\Evil", at(5))
    assert found.witnesses[1].word == UNKNOWN
    assert judged(5, (BOTH[1],), ())[0] == NOT_AUDITED


def test_copies_of_a_record_count_once_and_views_stand_apart() -> None:
    one = event(4698, 5, "\\Evil")
    copy = replace(one, ref=ref(9, "copy.evtx"))
    assert distinct((copy, one)) == (one,)
    assert distinct((one, replace(copy, computer="OTHER"))) == (one, replace(copy, computer="OTHER"))
    old = replace(one, view="Windows.old")
    assert coverage(BOTH, (old,), Host()).registered == ()
    assert coverage((replace(BOTH[0], view="Windows.old"),), (old,), Host(), "Windows.old").registered == (old,)


def test_real_logs_and_their_beginnings() -> None:
    security = shared("data/evtx/JPCERTCC/Security.evtx").read_bytes()
    export = shared("data/evtx/Velocidex/TaskScheduler.evtx").read_bytes()
    got = answers({"Security.evtx": security, "tasks.evtx": export})
    known: Coverage = coverage([answer for answer in got if isinstance(answer, LogReport)], events(got), Host())
    assert {channel.name: channel.beginning for channel in known.channels} == {SECURITY: "cleared", TASKS: "exported"}
    assert [clearing.account for clearing in known.clearings] == ["EXAMPLE\\Administrator"]


@pytest.mark.parametrize(
    ("policy", "written", "word"),
    [("success", 1, MISSING), ("success and failure", 1, MISSING), ("off", 1, NOT_AUDITED), ("failure", 1, NOT_AUDITED)],
)
def test_the_audit_policy_of_the_hive_tells_where_no_event_does(policy: str, written: float, word: str) -> None:
    proof = EvidenceRef(RegistryPlace("Policy\\PolAdtEv", ""), (Span("SECURITY", 52, 2),))
    facts = (
        Fact("audit-policy", "Other Object Access Events", stated(policy, proof)),
        Fact("audit-policy-written", "", stated(at(written).iso, proof)),
    )
    assert judged(5, (BOTH[1],), (), Host(facts))[0] == word
    later = (facts[0], replace(facts[1], reading=stated(at(9).iso, proof)))
    assert judged(5, (BOTH[1],), (), Host(later))[0] == NOT_AUDITED  # written since: the default is assumed
    assert "off by default" in judged(5, (BOTH[1],), (), Host(later))[1]


def test_a_record_without_a_time_begins_no_log() -> None:
    known = coverage((report(SECURITY, 3, 30), replace(report(SECURITY, 0, 20, file="cut"), first=Instant(0))), (), Host())
    held = known.channel(SECURITY)
    assert held is not None
    assert held.first == at(3)
