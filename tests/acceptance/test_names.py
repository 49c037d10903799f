"""Names that pass for others: letters that Unicode folds together and Windows keeps apart, joiners, refused characters."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.acceptance.hands import told
from tests.analysis.made import GUID, record
from tests.machines import Machine, small
from triptych.analysis import baseline
from triptych.analysis.pairing import paired
from triptych.lessons.deviations.hand import VICTIM, planted
from triptych.model.case import Case
from triptych.model.finding import Severity
from triptych.model.paths import fold, impostors
from triptych.model.task import Store

HIGH = Severity.HIGH


def with_task(*paths: str) -> Machine:
    """The machine with harmless tasks of these paths, registered through the service."""
    machine = small()
    told_of = machine.task(VICTIM).definition
    made = [planted(machine, p, replace(told_of, registration=replace(told_of.registration, uri=p))) for p in paths]
    return machine.with_task(*made)


def test_folding_is_that_of_windows() -> None:
    assert fold("\\Microsoft\\\u00c4RGER") == "\\microsoft\\\u00e4rger"
    assert fold("Wor\u212a Micro\u017foft Stra\u00dfe \u0130") == "wor\u212a micro\u017foft stra\u00dfe \u0130"
    assert impostors("Wor\u212a Micro\u017foft Stra\u00dfe") == ("\u212a", "\u017f")


@pytest.mark.parametrize(
    "path", ["\\Microsoft\\Windows\\UpdateOrchestrator\\Schedule Wor\u212a", "\\GoogleUpdateTa\u017fkMachineCore"]
)
def test_a_letter_that_only_unicode_takes_for_another_is_no_known_name(path: str) -> None:
    known = baseline.load()
    assert known.find(path) is None
    assert known.vendor(path) is None
    assert told(with_task(path))["name-deceptive"] is HIGH


def test_two_names_that_unicode_folds_together_stay_two_tasks() -> None:
    paths = ("\\Stra\u00dfe", "\\Strasse")
    guids = (GUID, "{11111111-2222-3333-4444-555555555555}")
    records = [record(Store.XML, path) for path in reversed(paths)]
    records += [record(path=path, guid=guid) for path, guid in zip(paths, guids, strict=True)]
    case = paired(Case(records=tuple(records)))
    assert {task.path: (task.guid, len(task.records)) for task in case.tasks} == {
        path: (guid, 2) for path, guid in zip(paths, guids, strict=True)
    }


@pytest.mark.parametrize("path", ["\\Contoso\\Nightly\u200d", "\\\u200cContoso Nightly", "\\Contoso\u200d\\Nightly"])
def test_joiners_at_the_edge_of_a_latin_name_are_deceptive(path: str) -> None:
    assert told(with_task(path))["name-deceptive"] is HIGH


@pytest.mark.parametrize("path", ["\\a/b", "\\a:b", "\\Contoso\\..\\Nightly"])
def test_names_that_the_service_refuses(path: str) -> None:
    assert told(with_task(path))["name-deceptive"] is HIGH


def test_deep_and_long_names_are_tasks_like_others() -> None:
    deep = "".join(f"\\d{number}" for number in range(20)) + "\\Task"
    for path in (deep, "\\" + "n" * 230):
        assert told(with_task(path)) == {}
