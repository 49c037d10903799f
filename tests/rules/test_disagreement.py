"""Two tellings of one task, and which difference weighs what."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from tests.rules.made import STOCK, Machine, daily, findings, guid_of, known, one, stated, tasks_ref, xml_ref
from triptych.model.finding import Severity
from triptych.model.task import Action

PATH = "\\Made\\Task 6"
REF = tasks_ref(guid_of(6))
RULES = ("action-differs", "trigger-differs", "principal-differs", "settings-differs")


def starting(command: str, arguments: str = "", **more: Any) -> Action:
    return Action(type=stated("Exec", REF), command=stated(command, REF), arguments=stated(arguments, REF), **more)


def test_a_stock_machine_has_no_differences() -> None:
    for rule in (*RULES, "path-differs", "hash-differs"):
        assert findings(Machine(), rule) == []


def test_another_command_in_the_registry_is_critical_and_says_what_runs() -> None:
    finding = one(Machine().change(PATH, actions=(starting("cmd.exe", "/c evil"),)), "action-differs")
    assert finding.severity is Severity.CRITICAL
    assert (
        "Command of action 1: the XML says \u201cC:\\Program Files\\Made\\made.exe\u201d, the registry says \u201ccmd.exe\u201d"
        in finding.why
    )
    assert "Arguments of action 1: the XML says \u201c/quiet\u201d, the registry says \u201c/c evil\u201d" in finding.why
    assert "runs what the registry says" in finding.why
    assert REF in finding.refs
    assert xml_ref(PATH) in finding.refs


def test_a_second_action_that_only_the_registry_has_is_shown_whole() -> None:
    machine = Machine()
    machine.change(PATH, actions=(*machine.registry[PATH].actions, starting("mshta.exe", "http://made.example/x")))
    finding = one(machine, "action-differs")
    assert finding.severity is Severity.CRITICAL
    assert "the XML has no such action" in finding.why
    assert "mshta.exe http://made.example/x" in finding.why


def test_another_spelling_is_no_difference() -> None:
    assert (
        findings(Machine().change(PATH, actions=(starting("c:\\PROGRAM FILES\\made\\MADE.EXE", "/quiet"),)), "action-differs") == []
    )


def test_the_working_directory_or_a_name_alone_weighs_less() -> None:
    machine = Machine()
    action = machine.registry[PATH].actions[0]
    machine.change(PATH, actions=(replace(action, working_directory=stated("C:\\Temp", REF)),))
    assert one(machine, "action-differs").severity is Severity.HIGH
    machine.change(PATH, actions=(replace(action, id=stated("First", REF)),))
    assert one(machine, "action-differs").severity is Severity.LOW


def test_a_shipped_task_whose_file_was_changed_runs_what_windows_ships() -> None:
    machine = Machine().change_xml(STOCK, actions=(starting("evil.exe"),))
    finding = one(machine, "action-differs")
    assert finding.severity is Severity.HIGH
    assert "what runs is what it ships" in finding.why


def test_a_shipped_task_whose_registry_was_changed_is_critical() -> None:
    assert one(Machine().change(STOCK, actions=(starting("evil.exe"),)), "action-differs").severity is Severity.CRITICAL


def test_two_shipped_versions_of_one_task_are_an_update() -> None:
    stock = known().find(STOCK)
    assert stock is not None
    exact = [action for action in stock.actions if action.type == "Exec"]
    first, second = next(
        (one, two)
        for one, two in pairwise(exact)
        if one.command.casefold() != two.command.casefold() or one.arguments != two.arguments
    )
    machine = Machine().change(STOCK, actions=(starting(first.command, first.arguments),))
    machine.change_xml(STOCK, actions=(starting(second.command, second.arguments),))
    assert one(machine, "action-differs").severity is Severity.LOW


def test_on_windows_7_actions_stand_in_the_file_alone() -> None:
    machine = Machine().windows_7()
    assert findings(machine, "action-differs") == []
    assert findings(machine, "trigger-differs") == []


def test_another_trigger_is_high() -> None:
    machine = Machine().change(PATH, triggers=(daily(REF, "LogonTrigger"),))
    assert one(machine, "trigger-differs").severity is Severity.HIGH
    more = Machine().change(PATH, triggers=(daily(REF), daily(REF, "BootTrigger")))
    assert "the XML has no such trigger" in one(more, "trigger-differs").why


def test_another_account_is_high_and_another_spelling_of_it_is_none() -> None:
    machine = Machine().change(PATH, "principal", user_id=stated("S-1-5-19", REF))
    assert one(machine, "principal-differs").severity is Severity.HIGH
    same = Machine().change_xml(PATH, "principal", user_id=stated("NT AUTHORITY\\SYSTEM", xml_ref(PATH)))
    assert findings(same, "principal-differs") == []


def test_a_name_that_nothing_resolves_is_not_compared() -> None:
    machine = Machine().change_xml(PATH, "principal", user_id=stated("FOREIGN\\somebody", xml_ref(PATH)))
    assert findings(machine, "principal-differs") == []


def test_a_setting_is_medium() -> None:
    machine = Machine().change(PATH, "settings", hidden=stated(True, REF))
    finding = one(machine, "settings-differs")
    assert finding.severity is Severity.MEDIUM
    assert "Hidden" in finding.summary


def test_the_scheduler_of_another_day_is_no_party() -> None:
    machine = Machine().with_listing()
    for path, record in machine.listing.items():
        machine.listing[path] = replace(record, actions=(starting("other.exe"),), has_actions=True)
    assert findings(machine, "action-differs") == []


def test_an_orphan_is_not_compared_with_a_file() -> None:
    machine = Machine().change(PATH, actions=(starting("cmd.exe"),)).change(PATH, orphan="tasks")
    assert findings(machine, "action-differs") == []


def test_the_key_of_a_finding_depends_on_what_differs_and_not_on_places() -> None:
    first = one(Machine().change(PATH, actions=(starting("cmd.exe"),)), "action-differs")
    there = xml_ref("\\x")
    elsewhere = Action(type=stated("Exec", there), command=stated("cmd.exe", there), arguments=stated("", there))
    assert one(Machine().change(PATH, actions=(elsewhere,)), "action-differs").key == first.key
    assert one(Machine().change(PATH, actions=(starting("cmd2.exe"),)), "action-differs").key != first.key


# -- path, URI, hash -----------------------------------------------------------------------------------------------------


def test_a_path_value_of_another_place_is_medium() -> None:
    machine = Machine().change(PATH, "keeping", tasks_path=stated("\\Elsewhere", REF))
    assert one(machine, "path-differs").severity is Severity.MEDIUM


def uri(text: str) -> Machine:
    machine = Machine().change(PATH, "registration", uri=stated(text, REF))
    return machine.change_xml(PATH, "registration", uri=stated(text, xml_ref(PATH)))


def test_a_copied_definition_keeps_its_uri_and_is_low() -> None:
    assert one(uri("\\Where it was exported"), "path-differs").severity is Severity.LOW


def test_a_uri_that_names_a_shipped_task_is_medium() -> None:
    assert one(uri(STOCK), "path-differs").severity is Severity.MEDIUM


def test_a_uri_that_file_and_registry_do_not_share_is_medium() -> None:
    machine = Machine().change_xml(PATH, "registration", uri=stated("\\Other", xml_ref(PATH)))
    assert one(machine, "path-differs").severity is Severity.MEDIUM


@pytest.mark.parametrize("text", ["made\\task 6", "\\MADE\\TASK 6", "$(@%SystemRoot%\\system32\\x.dll,-1)", ""])
def test_spellings_of_the_same_place_are_none(text: str) -> None:
    assert findings(uri(text), "path-differs") == []


def hashed(machine: Machine, paths: list[str]) -> Machine:
    return machine.each(
        lambda made, path: made.change_xml(path, "keeping", hash_found=stated("ff" * 32, xml_ref(path), note="SHA-256")), paths
    )


def test_a_mismatch_on_a_host_that_proves_the_hash_counts() -> None:
    assert one(hashed(Machine(), [PATH]), "hash-differs").severity is Severity.LOW
    before = hashed(Machine().windows_7(), [PATH])
    assert one(before, "hash-differs").severity is Severity.MEDIUM


def test_where_no_task_matches_the_rule_is_silent() -> None:
    machine = Machine()
    assert findings(hashed(machine, list(machine.xml)), "hash-differs") == []


def test_where_many_do_not_match_it_stays_information() -> None:
    machine = Machine()
    found = findings(hashed(machine, list(machine.xml)[:12]), "hash-differs")
    assert {finding.severity for finding in found} == {Severity.INFO}


def test_another_byte_range_of_the_file_may_be_the_one_that_matches() -> None:
    kept = Machine().registry[PATH].keeping.hash.value
    machine = Machine().change_xml(
        PATH, "keeping", hash_found=stated("ff" * 32, xml_ref(PATH), note=f"also: the whole file {kept}")
    )
    assert findings(machine, "hash-differs") == []


def test_a_crc_is_not_compared() -> None:
    machine = hashed(Machine(), [PATH]).change(PATH, "keeping", hash=stated("deadbeef", REF))
    assert findings(machine, "hash-differs") == []
