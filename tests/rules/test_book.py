"""The book as a whole: complete, in the contract's words, sorted, quick, and every finding stands on bytes."""

from __future__ import annotations

import importlib
import pkgutil
import random
import re
from dataclasses import replace

import pytest

import triptych.rules
from tests.material import shared
from tests.rules.made import STOCK, TREE, Machine, deleted, entry, findings, folder, known, not_stated, stated, tree_ref, view_task
from triptych.model.case import Case
from triptych.model.finding import Severity
from triptych.rules.book import RULES, judged
from triptych.rules.rule import Rule

PATH = "\\Made\\Task 13"
OURS = {
    "sd-missing", "sd-invalid", "sd-denies", "folder-sd-missing", "index-zero", "index-missing", "index-invalid", "index-mismatch",
    "tree-missing", "tasks-missing", "duplicate-id", "registry-only", "registry-handmade", "xml-only", "action-differs",
    "trigger-differs", "principal-differs", "settings-differs", "path-differs", "hash-differs", "scheduler-missing",
    "scheduler-only", "value-malformed", "time-contradiction", "deleted-recovered",
}  # fmt: skip


def test_every_rule_of_every_module_is_in_the_book() -> None:
    found: set[str] = set()
    for module in pkgutil.iter_modules(triptych.rules.__path__):
        members = vars(importlib.import_module(f"triptych.rules.{module.name}")).values()
        found |= {member.id for member in members if isinstance(member, Rule)}
    assert found == {rule.id for rule in RULES}
    assert found >= OURS


def test_each_rule_is_there_once_and_says_what_a_report_needs() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.says.endswith(".")
        assert rule.benign
        assert rule.next_steps
        assert all(re.fullmatch(r"T\d{4}(\.\d{3})?", technique) for technique in rule.attack)


def test_ids_and_starting_severities_are_the_contracts() -> None:
    table = dict(_contract())
    for rule in RULES:
        assert rule.id in table
        if rule.id in OURS and " " not in table[rule.id].split(";")[0]:
            assert rule.severity.value == table[rule.id].split(";")[0], rule.id


def _contract() -> list[tuple[str, str]]:
    text = shared("design/contract.md").read_text(encoding="utf-8")
    rows: list[tuple[str, str]] = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 3 and re.fullmatch(r"(`[a-z-]+`(, )?)+", cells[0]):
            names = re.findall(r"`([a-z-]+)`", cells[0])
            severities = (
                cells[2].split(", ") if "," in cells[2] and len(cells[2].split(", ")) == len(names) else [cells[2]] * len(names)
            )
            rows += zip(names, severities, strict=True)
    return rows


def broken() -> Machine:
    """A machine with something for many rules."""
    machine = Machine()
    machine.change(PATH, "keeping", access=not_stated(None, tree_ref(PATH)))
    machine.change("\\Made\\Task 14", "keeping", index=stated(0, tree_ref(PATH)))
    machine.change("\\Made\\Task 15", "settings", hidden=stated(True, tree_ref(PATH)))
    machine.change("\\Made\\Task 16", orphan="tasks")
    machine.change("\\Made\\Task 17", orphan="tree")
    del machine.xml["\\Made\\Task 18"]
    del machine.registry["\\Made\\Task 19"]
    machine.traces += [
        folder("\\Made\\Odd", not_stated(None, tree_ref("\\Made\\Odd"))),
        entry("Boot", 99),
        deleted(f"{TREE}{PATH}", "SD"),
        view_task("\\Made\\Once", "VSS1"),
    ]
    return machine


def test_a_stock_machine_has_no_finding_of_ours() -> None:
    assert [finding.summary for finding in judged(Machine().case, known()) if finding.rule in OURS] == []
    assert [finding.summary for finding in judged(Machine().windows_7().case, known()) if finding.rule in OURS] == []


def test_an_empty_case_has_no_finding() -> None:
    assert judged(Case(), known()) == ()


def test_findings_are_sorted_and_each_key_is_there_once() -> None:
    found = judged(broken().case, known())
    order = [(finding.severity.rank, finding.rule, (finding.task or "").casefold()) for finding in found]
    assert order == sorted(order)
    assert len({finding.key for finding in found}) == len(found)
    assert found[0].severity is Severity.CRITICAL
    assert len({finding.rule for finding in found}) >= 10


def test_every_finding_cites_bytes_and_has_words_for_a_report() -> None:
    for finding in judged(broken().case, known()):
        assert finding.refs, finding.summary
        assert finding.why.rstrip()[-1] in ".)", finding.why
        assert "  " not in finding.why
        assert finding.benign
        assert finding.next_steps
        assert "\n" not in finding.summary


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_the_evidence_leaves_no_mark(seed: int) -> None:
    case = broken().case
    shuffler = random.Random(seed)
    mixed = replace(
        case,
        tasks=tuple(shuffler.sample(case.tasks, len(case.tasks))),
        traces=tuple(shuffler.sample(case.traces, len(case.traces))),
    )
    assert judged(mixed, known()) == judged(case, known())


def test_a_judgement_outlives_a_change_elsewhere() -> None:
    before = {finding.key for finding in judged(broken().case, known())}
    machine = broken().change(STOCK, "settings", hidden=stated(True, tree_ref(STOCK)))
    assert before <= {finding.key for finding in judged(machine.case, known())}


def test_the_findings_of_one_rule_do_not_depend_on_the_others() -> None:
    alone = Machine().change(PATH, "keeping", access=not_stated(None, tree_ref(PATH)))
    assert [finding.key for finding in findings(alone, "sd-missing")] == [
        finding.key for finding in findings(broken(), "sd-missing")
    ]
