"""The silenced witnesses: cleared, cut, switched off, flooded; what is the default is information, a hand counts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.analysis.logged import (
    NOON,
    SECURITY,
    SYSMON,
    SYSTEM,
    TASKS,
    after,
    audited,
    blocks,
    definition,
    event,
    logon,
    named,
    process,
)  # fmt: skip
from tests.material import shared
from tests.rules.made import Machine, findings, known, one
from tests.scanning import scanned
from triptych.model.case import Case, Fact
from triptych.model.event import Event, LogReport, NumberGap
from triptych.model.evidence import EvidenceRef, FilePlace, RegistryPlace, Span, stated
from triptych.model.finding import Confidence, Finding, Severity
from triptych.model.times import TICKS_A_DAY, Instant
from triptych.rules.book import judged

PROOF = EvidenceRef(RegistryPlace("WINEVT\\Channels", "Enabled"), (Span("SOFTWARE", 10, 4),))
OTHER_OBJECT = "{0CCE9227-69AE-11D9-BED3-505054503030}"
OURS = {"log-cleared", "log-gap", "log-disabled", "audit-off", "log-flood", "tampering-logged"}


def day(number: float) -> Instant:
    return Instant(NOON + int(number * TICKS_A_DAY))


def log(channel: str, first: float = -30, last: float = 30, **more: Any) -> LogReport:
    """A log in its place that has rolled."""
    path = f"Windows/System32/winevt/Logs/{channel.replace('/', '%4')}.evtx"
    whole = EvidenceRef(FilePlace(path), (Span(path, 0, 4096),))
    made = LogReport(channel, path, day(first), day(last), 1000, 10, ordinal=5000, first_number=5000, last_number=5999, ref=whole)
    return replace(made, **more)


def fact(name: str, value: str, subject: str = "") -> Fact:
    return Fact(name, subject, stated(value, PROOF))


def case(*events: Event, logs: tuple[LogReport, ...] = (), facts: tuple[Fact, ...] = (), build: int = 19045) -> Case:
    made = Machine(build=build)
    made.facts += facts
    return made.case.with_(events=blocks(*events), logs=logs)


def switched(word: str, written: float = -100) -> tuple[Fact, Fact]:
    return fact("channel", word, TASKS), fact("channel-written", day(written).iso, TASKS)


def cleared(seconds: float, name: str = "eve", channel: str = "", **more: Any) -> Event:
    who = {"SubjectDomainName": "LAB", "SubjectUserName": name, **more}
    return event(104, seconds, SYSTEM, Channel=channel, **who) if channel else event(1102, seconds, **who)


def ours(found: Case) -> list[Finding]:
    return [finding for finding in judged(found, known()) if finding.rule in OURS]


# -- cleared, and what is told apart from it ------------------------------------------------------------------------------


def test_a_clearing_names_the_log_the_hand_and_the_logon() -> None:
    found = one(case(logon(0, "0x77"), cleared(5, SubjectLogonId="0x77")), "log-cleared")
    assert found.summary == f"The Security log was cleared at {after(5).iso} by LAB\\eve"
    assert found.severity is Severity.MEDIUM
    assert "network logon (type 3) of LAB\\eve from 10.0.0.9" in found.why
    assert len(found.refs) == 2


def test_clearings_by_one_hand_within_minutes_are_one_finding() -> None:
    names = (TASKS, "Microsoft-Windows-PowerShell/Operational", "Application")
    found = one(case(cleared(0), *(cleared(number + 1, channel=name) for number, name in enumerate(names))), "log-cleared")
    assert "4 logs were cleared" in found.summary
    assert all(name in found.why for name in names)
    assert len(findings(case(cleared(0), cleared(1, "bob"), cleared(7200)), "log-cleared")) == 3


def test_the_command_that_cleared_it_is_cited() -> None:
    line = process(4, 7, "C:\\Windows\\System32\\wevtutil.exe", "wevtutil cl Security")
    found = one(case(line, cleared(5)), "log-cleared")
    assert "wevtutil cl Security" in found.why
    assert line.ref in found.refs


def test_commands_that_clear_logs_where_no_event_says_so() -> None:
    lines = [
        process(number, 70 + number, "C:\\Windows\\System32\\wevtutil.exe", f"wevtutil.exe cl {name}")
        for number, name in enumerate(("security", "system", "application"))
    ]
    found = one(case(*lines), "log-cleared")
    assert found.confidence is Confidence.LIKELY
    assert found.summary == f"LAB\\eve had commands clear 3 logs at {after(0).iso}"
    assert {line.ref for line in lines} <= set(found.refs)
    assert len(findings(case(*lines, cleared(5)), "log-cleared")) == 1


@pytest.mark.parametrize(
    ("events", "facts", "severity"),
    [
        ((cleared(5),), (fact("installed", after(-3600).iso),), Severity.INFO),
        ((cleared(5),), (fact("installed", day(-5).iso),), Severity.MEDIUM),
        ((cleared(5, "WS-1$"),), (), Severity.LOW),
        ((cleared(5, "SYSTEM", SubjectUserSid="S-1-5-18"),), (), Severity.LOW),
        ((cleared(5, channel="Vendor-Thing/Admin"),), (), Severity.LOW),
        ((cleared(5, channel=TASKS),), (), Severity.MEDIUM),
    ],
)
def test_setup_services_and_foreign_logs_weigh_less(events: tuple[Event, ...], facts: tuple[Fact, ...], severity: Severity) -> None:
    assert one(case(*events, facts=facts), "log-cleared").severity is severity


def test_a_log_begun_anew_without_an_event_was_cleared_or_replaced() -> None:
    anew = log(TASKS, ordinal=1, first_number=7001)
    found = one(case(logs=(anew,)), "log-cleared")
    assert found.confidence is Confidence.LIKELY
    assert "7,001" in found.why
    assert "7,000 records" in found.why
    assert "104 in System" in found.why


def test_copies_exports_rolled_and_whole_logs_are_not_cleared() -> None:
    lone = log(TASKS, ordinal=1, first_number=7001, file="Desktop/tasks.evtx")
    for report in (
        lone, log(TASKS), log(TASKS, ordinal=1, first_number=1), log(TASKS, ordinal=1, first_number=7001, exported=True),
        log("Vendor/Log", ordinal=1, first_number=7001),
    ):  # fmt: skip
        assert ours(case(logs=(report,))) == []


def test_a_log_that_was_archived_when_full_is_not_cleared() -> None:
    archive = log(
        SECURITY, first=-60, last=-30, first_number=1, last_number=7000, file="Windows/System32/winevt/Logs/Archive-Security.evtx"
    )
    anew = log(SECURITY, first=-30, ordinal=1, first_number=7001)
    assert ours(case(logs=(archive, anew))) == []
    assert len(ours(case(logs=(replace(archive, last_number=6000), anew)))) == 1


def test_a_clearing_that_is_told_is_not_told_again() -> None:
    anew = log(SECURITY, first=0, ordinal=1, first_number=7001)
    assert len(findings(case(cleared(0), logs=(anew,)), "log-cleared")) == 1


# -- gaps -----------------------------------------------------------------------------------------------------------------


def test_missing_numbers_are_told_once_a_channel() -> None:
    gaps = (NumberGap(5100, 5102, day(1), day(1.1)), NumberGap(5200, 5200, day(2), day(2.1)))
    found = one(case(logs=(log(SECURITY, gaps=gaps),)), "log-gap")
    assert found.severity is Severity.MEDIUM
    assert "lacks 4 records" in found.summary
    assert "5,100 to 5,102" in found.why
    assert "5,200 between" in found.why


def test_what_our_reading_lost_or_an_export_left_out_is_no_gap() -> None:
    gaps = (NumberGap(5100, 5102, day(1), day(1.1)),)
    assert ours(case(logs=(log(SECURITY, gaps=gaps, lost=3),))) == []
    assert ours(case(logs=(log(SECURITY, gaps=gaps, exported=True),))) == []
    assert ours(case(logs=(log("Vendor/Log", gaps=gaps),))) == []


def test_power_that_was_lost_explains_a_gap() -> None:
    gaps = (NumberGap(5100, 5102, after(-500), after(0)),)
    found = one(case(event(6008, 60, SYSTEM), logs=(log(SYSTEM, gaps=gaps),)), "log-gap")
    assert found.severity is Severity.LOW
    assert "Judged low" in found.why


# -- switched off ---------------------------------------------------------------------------------------------------------


def test_the_schedulers_log_is_off_by_default_and_that_is_information() -> None:
    found = one(case(facts=switched("disabled")), "log-disabled")
    assert found.severity is Severity.INFO
    assert "default since Windows 10" in found.why
    assert ours(case(facts=switched("enabled"))) == []
    assert one(case(facts=switched("disabled"), build=7601), "log-disabled").severity is Severity.MEDIUM


def test_a_log_that_was_on_once_was_switched_off() -> None:
    found = one(case(logs=(log(TASKS, last=-1),), facts=switched("disabled", -0.9)), "log-disabled")
    assert found.severity is Severity.MEDIUM
    assert "was switched off then" in found.why
    assert day(-1).iso in found.why
    installed = (*switched("disabled", -0.9), fact("installed", day(-1.5).iso))
    assert one(case(logs=(log(TASKS, last=-1),), facts=installed), "log-disabled").severity is Severity.LOW


def test_the_service_that_switched_its_log_off_is_no_hand() -> None:
    off = event(719, 0, TASKS)
    found = one(case(off, logs=(log(TASKS, last=0),), facts=switched("disabled", 0)), "log-disabled")
    assert found.severity is Severity.INFO
    assert "719" in found.why


SWITCH = f"HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WINEVT\\Channels\\{TASKS}\\Enabled"


def test_a_hand_on_the_switch_is_named() -> None:
    hand = event(
        13,
        0,
        SYSMON,
        Image="C:\\Windows\\System32\\wevtutil.exe",
        User="LAB\\eve",
        TargetObject=SWITCH,
        Details="DWORD (0x00000000)",
    )
    found = one(case(hand, logs=(log(TASKS, last=0),), facts=switched("disabled", 0)), "log-disabled")
    assert found.severity is Severity.MEDIUM
    assert "wevtutil.exe, as LAB\\eve" in found.why
    assert found.time == after(0)
    on = event(13, 0, SYSMON, Image="x.exe", TargetObject=SWITCH, Details="DWORD (0x00000001)")
    assert ours(case(on)) == []


def test_a_command_that_switches_the_log_off() -> None:
    line = process(0, 7, "C:\\Windows\\System32\\wevtutil.exe", f'wevtutil sl "{TASKS}" /e:false')
    found = one(case(line), "log-disabled")
    assert "/e:false" in found.why


def test_the_service_of_the_logs() -> None:
    assert "does not start" in one(case(facts=(fact("eventlog-start", "4"),)), "log-disabled").why
    assert ours(case(facts=(fact("eventlog-start", "2"),))) == []
    changed = event(7040, 0, SYSTEM, param1="Windows Event Log", param2="auto start", param3="disabled", param4="EventLog")
    assert "7040" in one(case(changed), "log-disabled").why
    back = event(7040, 0, SYSTEM, param1="Windows Event Log", param2="disabled", param3="auto start", param4="EventLog")
    assert ours(case(back)) == []


# -- audit policy ---------------------------------------------------------------------------------------------------------


def change(seconds: float, code: str, name: str = "eve", guid: str = OTHER_OBJECT) -> Event:
    who = {"SubjectDomainName": "LAB", "SubjectUserName": name}
    return event(4719, seconds, SubcategoryGuid=guid, AuditPolicyChanges=code, **who)


def test_a_person_who_takes_auditing_away() -> None:
    found = one(case(change(0, "%%8448")), "audit-off")
    assert found.severity is Severity.MEDIUM
    assert found.summary.endswith("by LAB\\eve")
    assert "4698 to 4702" in found.why
    two = one(case(change(0, "%%8448"), change(1, "%%8448, %%8450", guid="{0CCE922B-69AE-11D9-BED3-505054503030}")), "audit-off")
    assert "Process Creation" in two.why


def test_what_is_no_loss_is_no_finding() -> None:
    for events in (
        (change(0, "%%8449"),), (change(0, "%%8448"), change(60, "%%8449")),
        (change(0, "%%8448", guid="{0CCE9210-69AE-11D9-BED3-505054503030}"),), (change(0, "%%8450"),),
    ):  # fmt: skip
        assert ours(case(*events)) == []


def test_the_system_that_applies_a_policy_weighs_less() -> None:
    assert one(case(change(0, "%%8448", "WS-1$")), "audit-off").severity is Severity.LOW


def test_the_default_is_said_once_and_for_information() -> None:
    found = one(case(facts=(fact("audit-policy", "off", "Other Object Access Events"),)), "audit-off")
    assert found.severity is Severity.INFO
    assert ours(case(facts=(fact("audit-policy", "success", "Other Object Access Events"),))) == []


def test_tasks_that_were_audited_once_and_are_not_now() -> None:
    off = (fact("audit-policy", "off", "Other Object Access Events"),)
    found = one(case(audited(4702, 0, content=definition("a.exe")), facts=off), "audit-off")
    assert found.severity is Severity.MEDIUM
    assert "are not any longer" in found.summary


# -- floods ---------------------------------------------------------------------------------------------------------------


def burst(number: int, seconds: float, name: str = "eve") -> list[Event]:
    return [audited(4698, at * seconds / number, f"\\Flood{at}", SubjectUserName=name) for at in range(number)]


def test_very_many_registrations_within_a_minute() -> None:
    found = one(case(*burst(80, 40)), "log-flood")
    assert "80 tasks were registered within a minute" in found.summary
    assert findings(case(*burst(49, 40)), "log-flood") == []
    assert findings(case(*burst(80, 4000)), "log-flood") == []
    assert findings(case(*burst(80, 40, "WS-1$")), "log-flood") == []
    setup = case(*burst(80, 40), facts=(fact("installed", after(-60).iso),))
    assert one(setup, "log-flood").severity is Severity.INFO


def test_a_definition_that_overflows_its_event() -> None:
    whole = definition("a.exe")
    long = whole.replace("<Principals>", f"<RegistrationInfo><Author>{'A' * 40_000}</Author></RegistrationInfo><Principals>")
    assert "characters" in one(case(audited(4698, 0, content=long)), "log-flood").summary
    assert "cut off" in one(case(audited(4698, 0, content=whole[:-20])), "log-flood").summary
    assert findings(case(audited(4698, 0, content=whole), audited(4699, 1)), "log-flood") == []


# -- hands on keys and files ----------------------------------------------------------------------------------------------

CACHE = "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache"
REG = {"Image": "C:\\Windows\\System32\\reg.exe", "User": "NT AUTHORITY\\SYSTEM", "ProcessId": "77"}
SVC = {"Image": "C:\\Windows\\system32\\svchost.exe", "User": "NT AUTHORITY\\SYSTEM", "ProcessId": "1044"}
PATH = "\\Made\\Task 5"


def test_an_sd_that_was_taken_away_by_hand() -> None:
    gone = event(12, 1, SYSMON, EventType="DeleteValue", TargetObject=f"{CACHE}\\Tree{PATH}\\SD", **REG)
    line = event(1, 0, SYSMON, CommandLine=f'reg delete "{CACHE}\\Tree{PATH}" /v SD /f', **REG)
    found = one(case(line, gone), "tampering-logged")
    assert found.severity is Severity.HIGH
    assert found.task == PATH
    assert "reg.exe (as NT AUTHORITY\\SYSTEM) deleted the value SD of its Tree key" in found.summary
    assert "/v SD /f" in found.why
    assert {gone.ref, line.ref} <= set(found.refs)


def test_the_same_as_the_security_log_tells_it() -> None:
    gone = event(
        4657, 0, SubjectDomainName="LAB", SubjectUserName="eve", ProcessName="C:\\Windows\\regedit.exe", ObjectValueName="Index",
        OperationType="%%1905", NewValue="0",
        ObjectName=f"\\REGISTRY\\MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tree{PATH}",
    )  # fmt: skip
    found = one(case(gone), "tampering-logged")
    assert found.severity is Severity.HIGH
    assert "regedit.exe (as LAB\\eve) set the value Index of its Tree key" in found.summary


@pytest.mark.parametrize(
    "image",
    [
        "C:\\Windows\\system32\\svchost.exe", "C:\\WINDOWS\\System32\\MoUsoCoreWorker.exe",
        "\\Device\\HarddiskVolume3\\Windows\\System32\\svchost.exe",
        "C:\\Windows\\WinSxS\\amd64_x\\TiWorker.exe", "C:\\Windows\\System32\\msiexec.exe", "System",
    ],
)  # fmt: skip
def test_the_service_and_servicing_write_there_every_day(image: str) -> None:
    key = {**SVC, "Image": image}
    events = (
        event(12, 0, SYSMON, EventType="CreateKey", TargetObject=f"{CACHE}\\Tree{PATH}", **key),
        event(
            13, 0.1, SYSMON, TargetObject=f"{CACHE}\\Tasks\\{{00000005-1111-4222-8333-444455556666}}\\Actions", Details="x", **key
        ),
        event(11, 0.2, SYSMON, TargetFilename=f"C:\\Windows\\System32\\Tasks{PATH}", **key),
    )
    assert findings(case(*events), "tampering-logged") == []


@pytest.mark.parametrize(
    "image", ["C:\\Temp\\svchost.exe", "C:\\Users\\eve\\MoUsoCoreWorker.exe", "C:\\Windows\\Temp\\System32\\x.exe"]
)
def test_a_name_alone_excuses_nobody(image: str) -> None:
    touched = event(12, 0, SYSMON, EventType="DeleteKey", TargetObject=f"{CACHE}\\Tree{PATH}", **{**SVC, "Image": image})
    assert one(case(touched), "tampering-logged").severity is Severity.HIGH


def test_nothing_but_the_service_touches_sd_and_index() -> None:
    touched = event(
        12, 0, SYSMON, EventType="DeleteValue", TargetObject=f"{CACHE}\\Tree{PATH}\\SD",
        **{**SVC, "Image": "C:\\Windows\\System32\\msiexec.exe"},
    )  # fmt: skip
    assert one(case(touched), "tampering-logged").severity is Severity.HIGH


def test_remote_registry_is_a_service_host_and_not_the_scheduler() -> None:
    touched = {"TargetObject": f"{CACHE}\\Tree{PATH}\\Index", "Details": "DWORD (0x00000003)"}
    by_account = event(13, 1, SYSMON, **{**SVC, "User": "NT AUTHORITY\\LOCAL SERVICE"}, **touched)
    assert one(case(by_account), "tampering-logged").severity is Severity.HIGH
    host = event(1, 0, SYSMON, CommandLine="C:\\Windows\\system32\\svchost.exe -k localService -p -s RemoteRegistry", **SVC)
    assert one(case(host, event(13, 1, SYSMON, **SVC, **touched)), "tampering-logged").severity is Severity.HIGH
    own = event(1, 0, SYSMON, CommandLine="C:\\Windows\\system32\\svchost.exe -k netsvcs -p -s Schedule", **SVC)
    assert findings(case(own, event(13, 1, SYSMON, **SVC, **touched)), "tampering-logged") == []


def test_a_file_alone_weighs_less() -> None:
    written = event(
        11, 0, SYSMON, TargetFilename=f"C:\\Windows\\System32\\Tasks{PATH}", Image="C:\\Tools\\restore.exe", User="LAB\\eve"
    )
    found = one(case(written), "tampering-logged")
    assert found.severity is Severity.MEDIUM
    assert "Judged medium" in found.why


def test_a_file_that_is_written_over_a_share() -> None:
    by = {"SubjectDomainName": "LAB", "SubjectUserName": "eve", "IpAddress": "10.0.0.9", "ShareName": "\\\\*\\C$"}
    place = f"Windows\\System32\\Tasks{PATH}"
    found = one(case(event(5145, 0, RelativeTargetName=place, AccessMask="0x2", **by)), "tampering-logged")
    assert found.severity is Severity.MEDIUM
    assert found.task == PATH
    assert "LAB\\eve, over the network from 10.0.0.9, asked to write its file" in found.summary
    assert findings(case(event(5145, 0, RelativeTargetName=place, AccessMask="0x120089", **by)), "tampering-logged") == []


def test_a_key_that_was_deleted_through_a_handle() -> None:
    """4660 names no object; the 4656 of the same process and handle does (Microsoft Learn)."""
    by = {
        "SubjectDomainName": "LAB", "SubjectUserName": "eve", "ProcessName": "C:\\Windows\\reg.exe", "ProcessId": "0x4d",
        "HandleId": "0x1a4",
    }  # fmt: skip
    key = f"\\REGISTRY\\MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tree{PATH}"
    asked = event(4656, 0, ObjectName=key, AccessMask="0x10000", **by)
    used = event(4663, 0.1, ObjectName=key, AccessMask="0x10000", **by)
    gone = event(4660, 0.2, **by)
    found = one(case(asked, gone), "tampering-logged")
    assert (found.severity, found.task) == (Severity.HIGH, PATH)
    assert "deleted its Tree key" in found.summary
    assert "1 act " in one(case(asked, used, gone), "tampering-logged").why
    assert findings(case(asked), "tampering-logged") == []


def test_software_that_touches_many_tasks_is_told_once() -> None:
    image = {"Image": "C:\\Vendor\\cleaner.exe", "User": "LAB\\eve", "ProcessId": "5"}
    keys = [
        event(12, number, SYSMON, EventType="DeleteValue", TargetObject=f"{CACHE}\\Tree\\Made\\Task {number}\\X", **image)
        for number in range(1, 21)
    ]
    found = one(case(*keys), "tampering-logged")
    assert found.severity is Severity.MEDIUM
    assert "20 tasks" in found.summary
    hidden = event(12, 30, SYSMON, EventType="DeleteValue", TargetObject=f"{CACHE}\\Tree{PATH}\\SD", **image)
    assert [one.severity for one in findings(case(*keys, hidden), "tampering-logged")] == [Severity.HIGH, Severity.MEDIUM]


def test_a_command_line_that_hides_a_task_where_no_event_of_the_registry_is() -> None:
    line = process(0, 7, "C:\\Windows\\System32\\reg.exe", f'reg delete "{CACHE}\\Tree{PATH}" /v SD /f')
    found = one(case(line), "tampering-logged")
    assert found.severity is Severity.HIGH
    assert found.task == PATH
    assert "what somebody tried" in found.why


# -- all of them ----------------------------------------------------------------------------------------------------------


def test_every_finding_has_words_and_proof() -> None:
    events = (
        cleared(0), change(1, "%%8448"), *burst(60, 30), event(719, 5, TASKS),
        event(12, 6, SYSMON, EventType="DeleteValue", TargetObject=f"{CACHE}\\Tree{PATH}\\SD", **REG),
    )  # fmt: skip
    gaps = (NumberGap(5100, 5102, day(1), day(1.1)),)
    found = ours(case(*events, logs=(log(SECURITY, gaps=gaps), log(TASKS, last=0))))
    assert {finding.rule for finding in found} == OURS
    for finding in found:
        assert finding.refs
        assert finding.why.endswith(".")
        assert "  " not in finding.why
        assert finding.benign
        assert finding.next_steps
        assert finding.attack


def test_a_quiet_machine_with_logs_has_nothing_of_it() -> None:
    events = [named(106, 0, PATH), named(100, 5, PATH, InstanceId="X"), logon(1, kind="2")]
    assert ours(case(*events, logs=(log(SECURITY), log(TASKS), log(SYSTEM)), facts=switched("enabled"))) == []


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("JPCERTCC", {"log-cleared"}), ("puffyCid", set()), ("SigmaHQ", set()), ("omerbenamram", set()), ("sbousseaden", set()),
        ("sans-blue-team", {"log-cleared"}), ("Velocidex", set()), ("fox-it__dissect.target", set()), ("Yamato-Security", {"log-cleared"}),
    ],
)  # fmt: skip
def test_real_logs_give_no_more_than_is_true(name: str, rules: set[str]) -> None:
    """What was cleared says so itself (1102, wevtutil cl); nothing else of these logs and cut exports accuses anybody."""
    found = scanned(shared(f"data/evtx/{name}"))
    assert {finding.rule for finding in found.case.findings if finding.rule in OURS | {"time-contradiction"}} == rules


def test_a_command_line_that_hides_a_task_of_another_computer() -> None:
    key = f"\\\\SRV3\\{CACHE}\\Tree{PATH}"
    line = process(0, 7, "C:\\Windows\\System32\\reg.exe", f'reg add "{key}" /v Index /t REG_DWORD /d 0 /f')
    found = one(case(line), "tampering-logged")
    assert (found.severity, found.task) == (Severity.HIGH, None)
    assert f"hid {PATH} on the computer SRV3" in found.summary
    assert "look at the keys of the computer SRV3." in found.why


def test_a_value_that_the_event_does_not_name_may_be_what_makes_it_run() -> None:
    key = f"\\REGISTRY\\MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tree{PATH}"
    written = event(4663, 0, ObjectName=key, AccessMask="0x2", ProcessName="C:\\Windows\\regedit.exe", ProcessId="0x4d")
    found = one(case(written), "tampering-logged")
    assert found.severity is Severity.HIGH
    assert "Judged medium" not in found.why
