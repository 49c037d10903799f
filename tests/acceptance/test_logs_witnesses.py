"""Silenced witnesses in other languages, hands in every program, clocks and contents that are nonsense."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.analysis.logged import SYSMON, after, audited, definition, event, named
from tests.rules.happened import log, of_logs
from tests.rules.made import findings, one
from triptych.logs.coverage import coverage
from triptych.logs.event_kinds import SECURITY
from triptych.logs.verdict import MISSING, NOT_AUDITED, NOT_COVERED, verdict
from triptych.model.case import Host
from triptych.model.event import Event
from triptych.model.finding import Severity
from triptych.model.times import Instant

TASKS_AUDITED = "{0CCE9227-69AE-11D9-BED3-505054503030}"
TREE = "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tree\\Evil"
REG, SVCHOST = "C:\\Windows\\System32\\reg.exe", "C:\\Windows\\System32\\svchost.exe"
REMOVED = ["%%8448", "%%8448, %%8450", "Success removed", "Success Removed, Failure removed", "Erfolg entfernt", "Succès supprimé"]


def policy(words: str, seconds: float = 0, sid: str = "S-1-5-21-1-2-3-1001") -> Event:
    return event(
        4719, seconds, SubjectUserSid=sid, SubjectUserName="eve", SubjectDomainName="LAB", SubcategoryGuid=TASKS_AUDITED,
        AuditPolicyChanges=words,
    )  # fmt: skip


@pytest.mark.parametrize("words", REMOVED)
def test_auditing_that_was_taken_away_is_known_in_other_languages(words: str) -> None:
    assert one(of_logs(policy(words)), "audit-off").severity is Severity.MEDIUM
    known = coverage([log(SECURITY)], [policy(words)], Host())
    assert verdict(known, "\\Evil", after(3600)).word == NOT_AUDITED


@pytest.mark.parametrize("words", ["%%8449", "Success added", "Erfolg hinzugefügt", "Succès ajouté"])
def test_auditing_that_was_switched_on_counts_from_then_on(words: str) -> None:
    known = coverage([log(SECURITY)], [policy(words)], Host())
    assert findings(of_logs(policy(words)), "audit-off") == []
    assert verdict(known, "\\Evil", after(3600)).word == MISSING
    assert verdict(known, "\\Evil", after(-3600)).word == NOT_AUDITED


@pytest.mark.parametrize("words", ["%%8450", "%%8451", "Failure removed", "Fehler entfernt", ""])
def test_what_concerns_failures_alone_silences_nobody(words: str) -> None:
    assert findings(of_logs(policy(words)), "audit-off") == []


def touched(number: int, image: str, user: str = "NT AUTHORITY\\SYSTEM", **what: str) -> Event:
    return event(number, 0, SYSMON, Image=image, User=user, ProcessId="5", **what)


SD = {"EventType": "DeleteValue", "TargetObject": f"{TREE}\\SD"}
INDEX = {"EventType": "SetValue", "TargetObject": f"{TREE}\\Index", "Details": "DWORD (0x00000000)"}
KEY = {"EventType": "DeleteKey", "TargetObject": TREE}


@pytest.mark.parametrize(("number", "what"), [(12, SD), (13, INDEX), (12, KEY)])
def test_the_service_writes_there_and_nobody_else_unseen(number: int, what: dict[str, str]) -> None:
    assert findings(of_logs(touched(number, SVCHOST, **what)), "tampering-logged") == []
    for image, user in (
        (REG, "NT AUTHORITY\\SYSTEM"),
        ("C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe", "NT AUTHORITY\\SYSTEM"),
        ("C:\\Users\\Public\\svchost.exe", "NT AUTHORITY\\SYSTEM"),
        (SVCHOST, "NT AUTHORITY\\LOCAL SERVICE"),  # Remote Registry
        ("C:\\Windows\\regedit.exe", "LAB\\eve"),
    ):
        finding = one(of_logs(touched(number, image, user, **what)), "tampering-logged")
        assert (finding.severity, finding.task) == (Severity.HIGH, None)
        assert image in finding.summary
        assert user in finding.summary


def test_what_was_done_is_told_with_what_windows_makes_of_it() -> None:
    hidden, no_key = "Without its SD, or with an Index of 0", "Without its Tree key"
    for number, what, right, wrong in ((12, SD, hidden, no_key), (13, INDEX, hidden, no_key), (12, KEY, no_key, hidden)):
        why = one(of_logs(touched(number, REG, **what)), "tampering-logged").why
        assert right in why
        assert wrong not in why
    renamed = touched(14, REG, EventType="RenameKey", TargetObject=TREE, NewName=f"{TREE}2")
    assert no_key in one(of_logs(renamed), "tampering-logged").why


def at(told: Event, ticks: int) -> Event:
    return replace(told, time=Instant(ticks))


@pytest.mark.parametrize("ticks", [0, -1, -(10**17), 2**63 - 1, -(2**63), 2_650_467_744_000_000_000])
def test_a_damaged_time_is_no_clock_that_went_back(ticks: int) -> None:
    assert findings(of_logs(at(named(106, 0, record=10), ticks), named(106, 5, "\\B", record=11)), "time-contradiction") == []


def test_a_clock_that_was_set_back_is_told_with_the_hand() -> None:
    back = event(
        4616, 5, SubjectUserName="eve", SubjectDomainName="LAB", PreviousTime="2026-03-01T12:00:05Z", NewTime="2026-02-28T11:00:00Z"
    )
    case = of_logs(named(106, 0, record=100), named(106, -90_000, "\\B", record=101), back)
    finding = one(case, "time-contradiction")
    assert "LAB\\eve" in finding.why
    assert "went back by 25 hours" in finding.summary


PLAIN = definition("cmd.exe", "/c calc")
BOMB = '<?xml version="1.0"?><!DOCTYPE T [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY a{at} "&a{at - 1 if at else ""};&a{at - 1 if at else ""};">' for at in range(40)
)


@pytest.mark.parametrize(
    "content",
    [
        "", "  ", "hello", "<html/>", "<Task>" + "<a>" * 5_000, PLAIN[: len(PLAIN) // 2], PLAIN.replace("UTF-16", "klingon"),
        PLAIN.replace("calc", "c\0alc"), PLAIN.replace("calc", "c\ud800alc"), definition("cmd.exe", "A" * 30_000),
        f"{BOMB}]><Task><Actions><Exec><Command>&a39;</Command></Exec></Actions></Task>",
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><Task><Actions><Exec><Command>&e;</Command></Exec></Actions></Task>',
    ],
)  # fmt: skip
def test_whatever_an_event_carries_its_story_is_told(content: str) -> None:
    finding = one(of_logs(audited(4698, 0, content=content), audited(4699, 40, content=content)), "created-and-deleted")
    assert (finding.severity, finding.task) == (Severity.HIGH, "\\Evil")
    assert len(finding.why) < 4_000
    assert "root:" not in finding.why


def test_a_program_that_hides_very_many_tasks_is_told_of_each() -> None:
    many = [touched(12, REG, EventType="DeleteValue", TargetObject=f"{TREE}{at}\\SD") for at in range(40)]
    found = findings(of_logs(*many), "tampering-logged")
    assert len(found) == 40
    assert {finding.severity for finding in found} == {Severity.HIGH}


def test_a_program_that_hides_one_among_very_many_that_it_touches_is_told_of_that_one_and_of_the_crowd() -> None:
    many = [touched(13, REG, EventType="SetValue", TargetObject=f"{TREE}{at}\\Date", Details="x") for at in range(40)]
    found = findings(of_logs(*many, touched(12, REG, **SD)), "tampering-logged")
    assert sorted(finding.severity.value for finding in found) == ["high", "medium"]
    assert next(finding for finding in found if finding.severity is Severity.MEDIUM).summary.startswith(
        f"{REG} touched keys or files of 4"
    )


def test_a_log_taken_days_before_the_others_does_not_reach_to_their_end() -> None:
    switched_on = policy("%%8449", -3600.0)
    known = coverage([log(SECURITY, last=0.0), log("System", last=9 * 86_400.0)], [switched_on], Host())
    assert verdict(known, "\\Evil", after(3600)).word == MISSING
    silent = verdict(known, "\\Evil", after(3 * 86_400))
    assert silent.word == NOT_COVERED
    assert "ends at 2026-03-01T12:00:00Z, earlier" in " ".join(silent.reasons)
