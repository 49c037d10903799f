"""Tasks that live for minutes, tasks that live in logs alone, and whose hand it was."""

from __future__ import annotations

import pytest

from tests.analysis.logged import audited, definition, logon, named, process, run, started
from tests.material import shared
from tests.rules.happened import DAY, TASKS, cites, log, of_logs, on_machine, rules_of
from tests.rules.made import STOCK, Machine, findings, one, stated, tree_ref
from tests.scanning import scanned
from triptych.analysis.told_in_logs import tellings
from triptych.model.finding import Confidence, Severity
from triptych.model.task import Trace, TraceKind
from triptych.rules.lives import apart

CALC = definition("calc.exe")
EVIL = definition("cmd.exe", "/c whoami &gt; %windir%\\Temp\\a.tmp 2&gt;&amp;1")
SYSTEM = {"SubjectUserSid": "S-1-5-18", "SubjectUserName": "WS-1$"}
SCHTASKS = "C:\\Windows\\System32\\schtasks.exe"


def test_created_run_and_deleted_within_a_minute_is_high_and_says_all_of_it() -> None:
    made, ran, gone = audited(4698, 0, content=CALC), run(5), audited(4699, 40)
    twin = named(106, 0.01)
    finding = one(of_logs(made, twin, *ran, gone), "created-and-deleted")
    assert (finding.severity, finding.confidence, finding.task, finding.time) == (
        Severity.HIGH, Confidence.CERTAIN, "\\Evil", made.time,
    )  # fmt: skip
    for words in ("LAB\\eve", "calc.exe", "SYSTEM", "process 6292", "4698", "4699"):
        assert words in finding.why, words
    assert "deleted 40 s later by LAB\\eve" in finding.summary
    assert cites(finding, made, twin, gone, ran[0])


def test_what_stands_in_the_stores_for_a_day_is_no_short_life() -> None:
    assert findings(of_logs(audited(4698, 0, content=CALC), audited(4699, DAY)), "created-and-deleted") == []


def test_deleted_before_it_was_created_anew_is_what_group_policy_does() -> None:
    assert findings(of_logs(named(141, 0), named(106, 1)), "created-and-deleted") == []


def test_an_updater_that_makes_and_removes_a_shipped_task_is_nothing() -> None:
    events = (audited(4698, 0, STOCK, content=CALC.replace("calc", "defrag"), **SYSTEM), audited(4699, 5, STOCK, **SYSTEM))
    assert findings(of_logs(*events), "created-and-deleted") == []


def test_the_system_making_and_removing_an_unknown_harmless_task_is_low() -> None:
    events = (audited(4698, 0, content=CALC, **SYSTEM), audited(4699, 5, **SYSTEM))
    assert one(of_logs(*events), "created-and-deleted").severity is Severity.LOW


def test_the_system_starting_a_suspicious_command_so_is_more() -> None:
    events = (audited(4698, 0, content=EVIL, **SYSTEM), audited(4699, 5, **SYSTEM))
    assert one(of_logs(*events), "created-and-deleted").severity is Severity.MEDIUM


def test_106_names_the_account_of_the_task_and_not_the_hand() -> None:
    finding = one(of_logs(named(106, 0, UserContext="S-1-5-18"), named(141, 9)), "created-and-deleted")
    assert finding.severity is Severity.HIGH
    assert "S-1-5-18" not in finding.why


def test_the_same_hand_over_weeks_is_routine() -> None:
    events = [
        each
        for day in range(0, 28, 7)
        for each in (
            audited(4698, day * DAY, f"\\packer-{day}", CALC), audited(4699, day * DAY + 20, f"\\packer-{day}"),
        )
    ]  # fmt: skip
    found = findings(of_logs(*events), "created-and-deleted")
    assert [finding.severity for finding in found] == [Severity.LOW] * 4


def test_a_policy_explains_an_immediate_task() -> None:
    machine = Machine()
    machine.traces.append(Trace(TraceKind.POLICY_TASK, "Evil", (("name", stated("Evil", tree_ref("\\p"))),), (tree_ref("\\p"),)))
    finding = one(on_machine(machine, audited(4698, 0, content=CALC), audited(4699, 5)), "created-and-deleted")
    assert finding.severity is Severity.LOW


def test_command_lines_alone_tell_a_short_life_too() -> None:
    made = process(0, 11, SCHTASKS, "schtasks /create /tn Evil /tr calc.exe /sc once")
    gone = process(30, 12, SCHTASKS, "schtasks /delete /tn evil /f")
    finding = one(of_logs(made, gone), "created-and-deleted")
    assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence.LIKELY)
    assert cites(finding, made, gone)
    assert findings(of_logs(made), "created-and-deleted") == []


def test_the_process_and_the_logon_behind_it_are_told() -> None:
    events = (
        logon(-60, "0x5a41", "2", name="eve"),
        process(-1, 0x777, SCHTASKS, 'schtasks /create /tn Evil /tr "cmd /c x" /sc once'),
        audited(4698, 0, content=CALC, ClientProcessId=str(0x777)),
        audited(4699, 8),
    )
    finding = one(of_logs(*events), "created-and-deleted")
    assert SCHTASKS in finding.why
    assert "interactive" in finding.why
    assert cites(finding, *events)


# -- tasks in logs alone ----------------------------------------------------------------------------------------------------------


def test_the_command_of_a_task_in_the_logs_alone_is_judged_and_says_so() -> None:
    finding = one(of_logs(audited(4698, 0, content=EVIL)), "command-suspicious")
    assert finding.severity is Severity.HIGH
    assert "Only the logs tell of it" in finding.why
    assert "4698" in finding.why


def test_a_deleted_task_is_judged_where_the_registry_was_read_too() -> None:
    finding = one(on_machine(Machine(), audited(4698, 0, content=EVIL), audited(4699, DAY)), "command-suspicious")
    assert finding.severity is Severity.HIGH
    assert "Nothing registers" not in finding.why


def test_a_command_known_from_a_line_alone_is_judged() -> None:
    line = 'schtasks /create /tn Evil /ru SYSTEM /sc once /tr "C:\\Users\\Public\\a.exe"'
    made = started(0, 12, SCHTASKS, line)
    finding = one(of_logs(made), "command-suspicious")
    assert (finding.task, finding.severity) == ("\\Evil", Severity.HIGH)
    assert cites(finding, made)


def test_a_deceptive_name_in_an_event_is_judged() -> None:
    finding = one(of_logs(named(106, 0, "\\Micro\u202esoft")), "name-deceptive")
    assert "Only the logs tell of it" in finding.why


def test_a_harmless_task_in_the_logs_accuses_nobody() -> None:
    case = of_logs(audited(4698, 0, "\\Backup", definition("C:\\Program Files\\Backup\\backup.exe", "-q", "LAB\\eve")))
    assert findings(case, "command-suspicious") == []
    assert rules_of(case) == set()


def test_events_of_the_tasks_that_the_stores_hold_accuse_nobody() -> None:
    machine = Machine()
    start = 4 * DAY
    events = [
        each for at, path in enumerate(machine.registry) for each in run(start + at * 60, 100 + at, path, instance=f"{at:032x}")
    ]
    assert rules_of(on_machine(machine, *events, logs=(log(TASKS, 3 * DAY),))) == set()


# -- whose hand -------------------------------------------------------------------------------------------------------------------

RESTORE = "\\Microsoft\\Windows\\SystemRestore\\SR"


@pytest.mark.parametrize(
    ("log", "fact"),
    [
        ("proc_creation_win_schtasks_delete.evtx", "was deleted"),
        ("proc_creation_win_schtasks_disable.evtx", "was disabled"),
        ("win_security_susp_scheduled_task_delete_or_disable.evtx", "was disabled"),
    ],
)
def test_a_protecting_task_switched_off_by_a_person(log: str, fact: str) -> None:
    finding = one(scanned(shared(f"data/evtx/SigmaHQ/{log}")).case, "stock-disabled")
    assert (finding.severity, finding.task) == (Severity.MEDIUM, RESTORE)
    assert fact in finding.summary
    assert "xodih" in finding.why


def test_switched_on_again_is_no_finding() -> None:
    events = (named(142, 0, RESTORE, UserName="LAB\\eve"), audited(4700, 60, RESTORE))
    assert findings(of_logs(*events), "stock-disabled") == []


def test_by_the_system_itself_is_no_persons_hand() -> None:
    assert findings(of_logs(audited(4701, 0, RESTORE, **SYSTEM)), "stock-disabled") == []


# -- real logs ----------------------------------------------------------------------------------------------------------------------


def test_the_atomic_set_names_task_account_process_and_command() -> None:
    folder = shared("data/evtx/Velocidex/SecurityTasks.evtx").parent
    case = scanned(folder).case
    found = {finding.task: finding for finding in findings(case, "created-and-deleted")}
    assert set(found) == {"\\T1053_005_OnLogon", "\\T1053_005_OnStartup", "\\T1053_005_powershell"}
    powershell = found["\\T1053_005_powershell"]
    for words in ("RE-DEV\\yolo", "calc.exe", "process 6632", "4698", "4699"):
        assert words in powershell.why
    assert "At first it was to start" in found["\\T1053_005_OnLogon"].why
    assert "as SYSTEM" in found["\\T1053_005_OnStartup"].why


def test_a_task_made_from_a_shadow_copy_is_known_by_its_line_alone_and_judged() -> None:
    case = scanned(shared("data/evtx/sbousseaden/sysmon_exec_from_vss_persistence.evtx")).case
    finding = one(case, "command-suspicious")
    assert finding.task == "\\eyNQLDvUSuvVPg"
    assert "svhost64.exe" in finding.why
    assert "known from a command line" in finding.why


@pytest.mark.parametrize(("ticks", "words"), [(200_000, "20 ms"), (970_000_000, "97 s"), (1_280_000_000, "2 minutes")])
def test_spans_in_words(ticks: int, words: str) -> None:
    assert apart(ticks) == words


def test_a_case_without_events_has_no_telling() -> None:
    from triptych.analysis.event_table import EventTable

    assert tellings(EventTable()) == []
