"""Tasks that live for minutes, told by strange logs: what installers, replacements and management do is no alarm, hands are one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.analysis.logged import audited, definition, event, logon, named, process, run
from tests.rules.happened import of_logs
from tests.rules.made import findings, one
from triptych.logs.event_kinds import TASKS
from triptych.model.event import Event
from triptych.model.finding import Severity
from triptych.model.times import Instant

RULE = "created-and-deleted"
SYSTEM = {"SubjectUserSid": "S-1-5-18", "SubjectUserName": "WS-1$"}
EVIL = definition("cmd.exe", "/c whoami")


def on(computer: str, told: Event) -> Event:
    return replace(told, computer=computer)


def severity(*events: Event) -> Severity | None:
    found = findings(of_logs(*events), RULE)
    return found[0].severity if found else None


@pytest.mark.parametrize(
    "name", ["\\Задача обновления", "\\A B\\C D\\x y", "\\100%sure\\%TEMP%", "\\Stra\u00dfe", "\\a\0b", "\\\u202egpj.exe"]
)
def test_any_name_is_told_as_it_stands(name: str) -> None:
    finding = one(
        of_logs(audited(4698, 0, name, EVIL), named(106, 0.1, name), named(141, 40, name), audited(4699, 40.1, name)), RULE
    )
    assert (finding.task, finding.severity) == (name, Severity.HIGH)
    assert "“cmd.exe /c whoami” as SYSTEM" in finding.why
    assert "deleted 40 s later by LAB\\eve" in finding.summary


def test_another_account_that_deletes_is_named_beside_the_one_that_registered() -> None:
    finding = one(of_logs(audited(4698, 0, content=EVIL), audited(4699, 40, SubjectUserName="mallory")), RULE)
    assert "LAB\\eve registered it" in finding.why
    assert "LAB\\mallory deleted it" in finding.why


def test_across_midnight_and_two_files_of_one_channel() -> None:
    evening = event(106, 12 * 3600 - 20, TASKS, file="archive.evtx", TaskName="\\Evil", UserContext="LAB\\eve")
    assert severity(evening, named(141, 12 * 3600 + 20)) is Severity.HIGH


def test_a_registration_here_and_a_deletion_on_another_computer_are_two_stories() -> None:
    assert severity(on("A", named(106, 0)), on("B", named(141, 40))) is None
    assert severity(on("A.corp.example", named(106, 0)), on("a", named(141, 40))) is Severity.HIGH


def test_between_the_events_of_another_computer_the_own_pair_is_found() -> None:
    assert severity(named(106, 0), *(on("B", named(106, 1 + at)) for at in range(5)), named(141, 40)) is Severity.HIGH


def test_a_replaced_task_is_not_removed() -> None:
    good = definition("C:\\Tools\\a.exe")
    replaced = (audited(4698, 0, content=good), audited(4699, 300, content=good), audited(4698, 301, content=good))
    assert severity(*replaced) is Severity.LOW
    assert severity(named(106, 0), named(141, 300), named(106, 301)) is Severity.LOW
    assert severity(*replaced, audited(4699, 340)) is Severity.HIGH


def test_a_replaced_task_that_ran_in_between_may_have_been_another_one() -> None:
    assert severity(named(106, 0), *run(5), named(141, 60), named(106, 61)) is Severity.MEDIUM


def test_a_task_that_was_replaced_by_another_one_was_removed() -> None:
    swapped = (audited(4698, 0, content=EVIL), audited(4699, 300), audited(4698, 301, content=definition("C:\\Tools\\a.exe")))
    assert severity(*swapped) is Severity.HIGH


@pytest.mark.parametrize(
    ("name", "command"),
    [
        (
            "\\OneDrive Standalone Update Task-S-1-5-21-1-2-3-1001",
            "%localappdata%\\Microsoft\\OneDrive\\OneDriveStandaloneUpdater.exe",
        ),
        (
            "\\GoogleUpdateTaskMachineCore{11111111-2222-4333-8444-555555555555}",
            "C:\\Program Files (x86)\\Google\\Update\\GoogleUpdate.exe",
        ),
        ("\\MicrosoftEdgeUpdateTaskMachineCore", "C:\\Program Files (x86)\\Microsoft\\EdgeUpdate\\MicrosoftEdgeUpdate.exe"),
        ("\\Some Installer's Helper", "C:\\Program Files\\Some\\bin\\helper.exe"),
    ],
)
def test_installers_of_persons_are_never_high_and_those_of_services_low_at_most(name: str, command: str) -> None:
    def told(**who: str) -> tuple[Event, Event]:
        return audited(4698, 0, name, definition(command), **who), audited(4699, 40, name, **who)

    assert severity(*told()) in (Severity.LOW, Severity.MEDIUM)
    assert severity(*told(**SYSTEM)) in (None, Severity.LOW)


@pytest.mark.parametrize(
    "command", ["C:\\Program Files\\..\\Users\\a.exe", "C:\\Program Files\\a.exe", "cmd.exe", "C:\\Program.exe"]
)
def test_a_program_that_is_not_surely_an_installers_counts_in_full(command: str) -> None:
    assert severity(audited(4698, 0, content=definition(command)), audited(4699, 40)) is Severity.HIGH


def test_a_vendors_name_excuses_no_other_program() -> None:
    name = "\\GoogleUpdateTaskMachineCore"
    told = (audited(4698, 0, name, definition("C:\\Users\\Public\\a.exe")), audited(4699, 40, name))
    assert severity(*told) is Severity.HIGH


def test_a_task_of_a_person_that_the_system_removed_is_not_passed_over() -> None:
    finding = one(of_logs(named(106, 0, UserContext="LAB\\eve"), named(141, 40, UserName="NT AUTHORITY\\SYSTEM")), RULE)
    assert finding.severity is Severity.MEDIUM
    assert "no event tells which account registered it" in finding.why


@pytest.mark.parametrize(
    "who",
    [
        "NT AUTHORITY\\SYSTEM", "NT-AUTORITÄT\\SYSTEM", "AUTORITE NT\\Système", "S-1-5-18", "NT-AUTORITÄT\\Netzwerkdienst",
    ],
)  # fmt: skip
def test_the_systems_accounts_are_known_in_other_languages(who: str) -> None:
    assert severity(named(106, 0, UserContext=who), named(141, 40, UserName=who)) is Severity.LOW


def managed(name: str, command: str, times: int = 6) -> list[Event]:
    """The same account registers over the network every fourth day, and deletes after a minute."""
    told: list[Event] = []
    for number in range(times):
        start, own = number * 4 * 86_400, f"{name}{number:08x}"
        who = {"logon_id": hex(0x5000 + number), "SubjectUserName": "deploy"}
        told += [
            logon(start, hex(0x5000 + number), name="deploy"),
            audited(4698, start + 1, own, definition("cmd.exe", command), **who),
        ]
        told += [audited(4699, start + 60, own, **who)]
    return told


def test_management_over_weeks_is_low_in_both_rules() -> None:
    case = of_logs(*managed("\\packer-", "/c C:\\Windows\\Temp\\packer.cmd"))
    for rule in (RULE, "created-remotely"):
        assert {finding.severity for finding in findings(case, rule)} == {Severity.LOW}, rule


def test_what_is_suspicious_by_itself_is_no_management_under_any_other_name() -> None:
    case = of_logs(*managed("\\Job-", "/c C:\\Windows\\Temp\\packer.cmd"))
    for rule in (RULE, "created-remotely"):
        assert {finding.severity for finding in findings(case, rule)} == {Severity.HIGH}, rule


def test_three_times_in_an_hour_are_no_routine() -> None:
    case = of_logs(*(told for at in range(3) for told in (named(106, at * 900, f"\\n{at}"), named(141, at * 900 + 60, f"\\n{at}"))))
    assert {finding.severity for finding in findings(case, RULE)} == {Severity.HIGH}


def test_times_that_no_clock_shows_make_no_story() -> None:
    for ticks in (0, -1, -(2**63), 2**63 - 1):
        assert severity(replace(named(106, 0), time=Instant(ticks)), replace(named(141, 0), time=Instant(ticks))) is None


def test_that_nothing_tells_what_it_started_is_said_only_where_nothing_does() -> None:
    unknown = "No event tells what it was to start."
    assert unknown in one(of_logs(named(106, 0), named(141, 40)), RULE).why
    assert unknown not in one(of_logs(named(106, 0), *run(5), named(141, 40)), RULE).why
    line = process(-1, 77, "C:\\Windows\\System32\\schtasks.exe", "schtasks /create /tn Evil /tr calc.exe /sc once /st 10:00")
    told = one(of_logs(line, named(106, 0), named(141, 40)), RULE).why
    assert unknown not in told
    assert "calc.exe" in told
    assert unknown not in one(of_logs(audited(4698, 0, content=EVIL), audited(4699, 40)), RULE).why


def test_a_flood_is_told_in_a_hundred_findings_and_one_and_none_that_speaks_is_lost() -> None:
    loud = definition("C:\\Users\\Public\\a.exe")
    told: list[Event] = []
    for at in range(130):
        name, quiet = f"\\n{at:03}", definition("C:\\Program Files\\A\\a.exe")
        told += [audited(4698, at, name, loud if at == 129 else quiet), audited(4699, at + 30, name)]
    found = findings(of_logs(*told), RULE)
    assert len(found) == 101
    assert "\\n129" in {finding.task for finding in found}
    rest = next(finding for finding in found if finding.task is None)
    assert rest.summary == "30 more tasks were created and deleted within minutes by LAB\\eve"
    assert len(rest.refs) > 20


def test_a_local_user_whose_name_ends_like_a_computers_is_a_person() -> None:
    def told(domain: str, name: str) -> Severity | None:
        who = {"SubjectDomainName": domain, "SubjectUserName": name}
        return severity(audited(4698, 0, content=EVIL, **who), audited(4699, 40, **who))

    assert told("WS-1", "support$") is Severity.HIGH
    assert told("LAB", "WS-1$") is Severity.LOW
    assert told("WORKGROUP", "WS-1$") is Severity.LOW


def test_a_task_of_at_is_nobodys_updater() -> None:
    system = {"UserContext": "NT AUTHORITY\\SYSTEM", "UserName": "NT AUTHORITY\\SYSTEM"}
    assert severity(named(106, 0, "\\At1", **system), named(141, 40, "\\At1", **system)) is Severity.MEDIUM
    assert severity(named(106, 0, "\\Attic", **system), named(141, 40, "\\Attic", **system)) is Severity.LOW
