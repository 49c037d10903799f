"""The whole way from a machine's files to findings: every technique is told of, and nothing else is accused."""

from __future__ import annotations

import tempfile
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.machines import DEVIATIONS, Machine, benign, small
from tests.material import share
from triptych.evidence.opening import open_source
from triptych.model.case import Case
from triptych.model.finding import Severity
from triptych.model.task import Store
from triptych.readers import Readers
from triptych.scan import scan

CASES = [(name, version) for version in ("10", "7") for name, deviation in DEVIATIONS.items() if version == "10" or deviation.on_7]
QUIET = {Severity.LOW, Severity.INFO}
HARMLESS = {
    "com-handler-unknown",
    "command-suspicious",
    "duplicate-id",
    "index-mismatch",
    "not-in-baseline",
    "registry-only",
    "sd-denies",
    "tasks-missing",
    "tree-missing",
}
"""What may be said of a benign machine, in a low voice: leftovers, tasks of management, an encoded command that is harmless."""


def told(machine: Machine) -> Case:
    with tempfile.TemporaryDirectory() as folder:
        machine.write(Path(folder))
        source = open_source(folder)
        case = [step for step in scan(source, Readers(source, workers=0)) if isinstance(step, Case)][-1]
    assert case.complete
    return case


def findings(case: Case) -> Counter[tuple[str, str | None, str]]:
    return Counter((finding.rule, finding.task, finding.severity.value) for finding in case.findings)


@cache
def before(version: str) -> Counter[tuple[str, str | None, str]]:
    return findings(told(small(version)))


@pytest.mark.parametrize("version", ["7", "10", "11", "2022"])
def test_a_benign_machine_is_told_whole_and_in_a_low_voice(version: str) -> None:
    machine = benign(version)
    case = told(machine)
    assert [(finding.rule, finding.task) for finding in case.findings if finding.severity not in QUIET] == []
    assert {finding.rule for finding in case.findings} <= HARMLESS
    assert all(balance.closes for balance in case.balances)
    assert [problem for problem in case.problems if problem.severity.value == "lost"] == []
    registered = {task.path for task in case.tasks if task.record(Store.REGISTRY)}
    assert {task.path for task in machine.tasks} <= registered
    filed = {task.path for task in case.tasks if task.record(Store.XML)}
    assert filed == {task.path for task in machine.tasks if task.has_file}


@pytest.mark.parametrize(("name", "version"), share(CASES))
def test_every_technique_is_told_of_and_nothing_else(name: str, version: str) -> None:
    deviation = DEVIATIONS[name]
    case = told(deviation.apply(small(version)))
    new = {rule for rule, _, _ in findings(case) - before(version)}
    expected = set(deviation.expected(version))
    assert expected <= new
    assert new - expected - set(deviation.also) <= {"not-in-baseline"}
    assert all(balance.closes for balance in case.balances)
