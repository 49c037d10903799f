"""Descriptors that hide: missing, broken, closed; and the neighbours that hide nothing."""

from __future__ import annotations

import pytest

from tests.rules.made import (
    SDDL,
    STOCK,
    TREE,
    Machine,
    deleted,
    findings,
    folder,
    not_stated,
    one,
    stated,
    tree_ref,
    unreadable,
)
from triptych.model.case import Problem, Weight
from triptych.model.finding import Confidence, Severity

PATH = "\\Made\\Task 3"
UPDATE = "\\Microsoft\\Windows\\UpdateOrchestrator\\Made Here"
TRUSTED = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"


def without_sd(machine: Machine, path: str = PATH) -> Machine:
    return machine.change(path, "keeping", access=not_stated(None, tree_ref(path)))


def with_sd(sddl: str, path: str = PATH) -> Machine:
    return Machine().change(path, "keeping", access=stated(sddl, tree_ref(path)))


def test_a_tree_key_without_sd_is_critical() -> None:
    finding = one(without_sd(Machine()), "sd-missing")
    assert finding.severity is Severity.CRITICAL
    assert finding.confidence is Confidence.CERTAIN
    assert finding.task == PATH
    assert finding.refs[0] == tree_ref(PATH)
    assert "Of 29 Tree keys on this host 28 have a valid SD" in finding.why


def test_a_stock_machine_says_nothing_about_descriptors() -> None:
    machine = Machine()
    for rule in ("sd-missing", "sd-invalid", "sd-denies", "folder-sd-missing"):
        assert findings(machine, rule) == []


def test_windows_7_keeps_no_sd_and_accuses_nobody() -> None:
    machine = Machine().windows_7()
    machine.each(lambda made, path: made.change(path, "keeping", access=not_stated(None, tree_ref(path))))
    assert findings(machine, "sd-missing") == []


def test_a_forged_build_number_does_not_switch_the_rule_off() -> None:
    assert one(without_sd(Machine(build=7601)), "sd-missing").task == PATH


def test_without_a_build_the_siblings_decide() -> None:
    assert one(without_sd(Machine(build=None)), "sd-missing").task == PATH


def test_a_leftover_without_tasks_key_is_judged_lower() -> None:
    machine = without_sd(Machine()).change(PATH, orphan="tree")
    assert one(machine, "sd-missing").severity is Severity.MEDIUM
    assert one(without_sd(Machine(), STOCK).change(STOCK, orphan="tree"), "sd-missing").severity is Severity.LOW


def test_the_recovered_value_is_cited_as_proof() -> None:
    machine = without_sd(Machine())
    machine.traces.append(deleted(f"{TREE}{PATH}", "SD", "01000480"))
    finding = one(machine, "sd-missing")
    assert "was recovered (1 copy)" in finding.why
    assert machine.traces[-1].refs[0] in finding.refs


def test_a_damaged_hive_makes_an_absence_less_sure() -> None:
    machine = without_sd(Machine())
    span = tree_ref(PATH).spans[0].file
    machine.problems.append(Problem(Weight.LOST, "hive.list.entry-outside", span, "", "read", "an entry outside", "a key", ""))
    finding = one(machine, "sd-missing")
    assert finding.confidence is Confidence.LIKELY
    assert "an entry outside" in finding.why


def test_an_orphaned_tasks_key_has_no_tree_key_to_lack_an_sd() -> None:
    assert findings(without_sd(Machine()).change(PATH, orphan="tasks"), "sd-missing") == []


def test_an_sd_of_the_wrong_type_is_critical() -> None:
    reading = unreadable("78 00", tree_ref(PATH, "SD"), note="REG_SZ, not a security descriptor")
    finding = one(Machine().change(PATH, "keeping", access=reading), "sd-invalid")
    assert finding.severity is Severity.CRITICAL
    assert "REG_SZ, not a security descriptor" in finding.why
    assert finding.refs == (tree_ref(PATH, "SD"),)


@pytest.mark.parametrize(
    ("sddl", "words"),
    [
        ("O:BAG:SYD:", "empty access list"),
        ("O:BAG:SYD:(A;IO;FA;;;SY)(A;IO;FA;;;BA)", "empty access list"),
        ("O:BAG:SYD:(D;;FA;;;BA)(A;;FA;;;SY)(A;;FA;;;BA)", "denies"),
        ("O:BAG:SYD:(D;;GR;;;SY)(A;;FA;;;SY)(A;;FA;;;BA)", "denies"),
        ("O:BAG:SYD:(D;;0x1;;;WD)(A;;FA;;;SY)(A;;FA;;;BA)", "denies"),
        ("O:BAG:SYD:(D;;FR;;;BU)(A;;FA;;;SY)(A;;FA;;;BA)", "denies"),
        ("O:BAG:SYD:(A;;FA;;;S-1-5-21-1-2-3-1001)", "no reader that SYSTEM belongs to"),
        ("O:BAG:SYD:(A;;FA;;;SY)", "does not let Administrators read"),
    ],
)
def test_a_list_that_keeps_system_or_administrators_out_is_high(sddl: str, words: str) -> None:
    finding = one(with_sd(sddl), "sd-denies")
    assert finding.severity is Severity.HIGH
    assert words in finding.summary
    assert sddl in finding.why


def test_the_mark_of_ghosttask_is_named() -> None:
    assert "GhostTask" in one(with_sd("O:BAG:SYD:"), "sd-denies").why
    assert "GhostTask" not in one(with_sd("O:S-1-5-21-1-2-3-1001G:SYD:"), "sd-denies").why


@pytest.mark.parametrize(
    "sddl",
    [
        "D:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;FRFX;;;AU)",
        "D:(D;;SD;;;AU)(A;;FRFWFX;;;AU)",  # denies deleting alone, and lets everybody else in
        "D:(A;;FA;;;WD)",
        "D:(A;;FA;;;SY)(A;;FRFX;;;IU)",
        "D:P(A;;FA;;;SY)(A;CI;0x80010000;;;WD)(A;;FA;;;S-1-5-21-476446702-302789185-3387769606-1001)",
        "D:(D;;FA;;;S-1-5-21-1-2-3-1001)(A;;FA;;;SY)(A;;FA;;;BA)",  # a user who is nobody special
        "O:BAG:BA",  # no DACL: everybody may do everything, which is another rule's
        "D:(A;;FA;;;SY)(A;;FA;;;LS)(A;;FR;;;BA)",
    ],
)
def test_lists_that_windows_and_vendors_write_hide_nothing(sddl: str) -> None:
    assert findings(with_sd(sddl), "sd-denies") == []


def test_a_deny_for_the_account_of_the_task_is_told_lower() -> None:
    machine = with_sd("D:(D;;FR;;;S-1-5-21-1-2-3-1001)(A;;FA;;;SY)(A;;FA;;;BA)")
    machine.change(PATH, "principal", user_id=stated("S-1-5-21-1-2-3-1001", tree_ref(PATH)))
    assert one(machine, "sd-denies").severity is Severity.MEDIUM


def test_administrators_by_group_alone_are_worth_a_low_remark() -> None:
    assert one(with_sd("D:(A;;FA;;;BA)"), "sd-denies").severity is Severity.LOW


def test_a_shipped_task_closed_to_administrators_is_information() -> None:
    assert one(with_sd(f"O:{TRUSTED}G:SYD:(A;;FA;;;SY)", STOCK), "sd-denies").severity is Severity.INFO
    assert one(with_sd("O:S-1-5-21-1-2-3-1001D:(A;;FA;;;SY)", STOCK), "sd-denies").severity is Severity.HIGH


def test_a_folder_without_sd_above_tasks_is_high() -> None:
    machine = Machine()
    machine.traces[1] = folder("\\Made", not_stated(None, tree_ref("\\Made")))
    finding = one(machine, "folder-sd-missing")
    assert finding.severity is Severity.HIGH
    assert "23 tasks below it" in finding.summary
    assert finding.task is None


def test_an_empty_folder_without_sd_is_low_and_a_sound_one_is_nothing() -> None:
    machine = Machine()
    machine.traces.append(folder("\\Empty", not_stated(None, tree_ref("\\Empty"))))
    assert one(machine, "folder-sd-missing").severity is Severity.LOW
    machine.traces[-1] = folder("\\Empty", stated(SDDL, tree_ref("\\Empty")))
    assert findings(machine, "folder-sd-missing") == []


def test_the_root_is_a_folder_above_everything() -> None:
    machine = Machine()
    machine.traces[0] = folder("\\", unreadable("", tree_ref("\\"), note="0 bytes"))
    assert "24 tasks below it" in one(machine, "folder-sd-missing").summary
