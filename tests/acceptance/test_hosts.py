"""Evidence of more than one computer or of the same one twice, hives of which little is left, listings with lost letters."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.machines import DEVIATIONS, small
from tests.scanning import Scanned, scan_of, scan_with, scanned
from triptych.lessons.hive_key import binary
from triptych.lessons.host import Hives
from triptych.lessons.listing import schtasks_csv
from triptych.lessons.scheduler_view import visible
from triptych.model.case import Problem
from triptych.model.finding import Severity
from triptych.model.task import Presence, Store

HIVE = "Windows/System32/config/SOFTWARE"


def heavy(scan: Scanned) -> list[tuple[str, str | None]]:
    return [(finding.rule, finding.task) for finding in scan.case.findings if finding.severity.at_least(Severity.MEDIUM)]


def coded(scan: Scanned, code: str) -> list[Problem]:
    return [problem for problem in scan.case.problems if problem.code == code]


def listed(name: str) -> Scanned:
    machine = small()
    text = schtasks_csv(machine, visible(machine)).decode("utf-16")
    return scan_of(machine, listing=text.replace(machine.name, name).encode("utf-16"))


def test_a_listing_of_another_computer_is_told() -> None:
    (problem,) = coded(listed("OTHER-PC"), "host.names-disagree")
    assert small().name in problem.found
    assert "OTHER-PC" in problem.found


@pytest.mark.parametrize("name", [small().name, small().name.lower(), f"{small().name}.corp.example", f"\\\\{small().name}"])
def test_spellings_of_one_name_agree(name: str) -> None:
    assert coded(listed(name), "host.names-disagree") == []


def test_hives_of_two_computers_are_told(tmp_path: Path) -> None:
    small().write(tmp_path / "a")
    small(seed=2).write(tmp_path / "b")
    assert len(coded(scanned(tmp_path / "a", tmp_path / "b"), "host.names-disagree")) == 1


def test_the_same_evidence_twice_says_nothing_more(tmp_path: Path) -> None:
    small().write(tmp_path / "e")
    once, twice = scanned(tmp_path / "e"), scanned(tmp_path / "e", tmp_path / "e")
    assert [(task.path, task.guid) for task in twice.case.tasks] == [(task.path, task.guid) for task in once.case.tasks]
    assert twice.keys == once.keys
    assert coded(twice, "registry.told-twice") == []


@pytest.mark.parametrize("first", ["clean", "changed"])
def test_two_copies_of_a_hive_that_disagree_are_told(tmp_path: Path, first: str) -> None:
    small().write(tmp_path / "clean")
    DEVIATIONS["sd-deleted"].apply(small()).write(tmp_path / "changed")
    second = "changed" if first == "clean" else "clean"
    scan = scanned(tmp_path / first, tmp_path / second / HIVE)
    (problem,) = coded(scan, "registry.told-twice")
    assert problem.where == "\\Contoso\\Backup"
    assert "keeping.access" in problem.found


def test_a_lone_hive_of_a_benign_machine_is_quiet(tmp_path: Path) -> None:
    small().write(tmp_path / "e")
    scan = scanned(tmp_path / "e" / HIVE)
    assert heavy(scan) == []
    assert len(scan.case.tasks) == len(scan_with().case.tasks)


def test_a_hive_that_was_cut_before_its_tasks_says_nothing_of_them(tmp_path: Path) -> None:
    small().write(tmp_path / "e")
    hive = tmp_path / "e" / HIVE
    hive.write_bytes(hive.read_bytes()[:5000])
    case = scanned(tmp_path / "e").case
    assert case.tasks
    for task in case.tasks:
        absence = task.absence(Store.REGISTRY)
        assert absence is not None
        assert absence.presence is Presence.NOT_READ
    assert [finding.rule for finding in case.findings if finding.rule == "xml-only"] == []


def test_a_folder_of_an_older_windows_hides_nothing_in_the_running_one(tmp_path: Path) -> None:
    def bare(hives: Hives) -> None:
        hives.tree("\\Contoso").put(binary("SD", b""))

    small().write(tmp_path / "e")
    small().with_edit(bare).write(tmp_path / "e" / "Windows.old.parts")
    (tmp_path / "e" / "Windows.old.parts" / "Windows").rename(tmp_path / "e" / "Windows.old.windows")
    (tmp_path / "e" / "Windows.old").mkdir()
    (tmp_path / "e" / "Windows.old.windows").rename(tmp_path / "e" / "Windows.old" / "Windows")
    task = scanned(tmp_path / "e").case.task("\\Contoso\\Backup")
    assert task is not None
    record = task.record(Store.SCHEDULER)
    assert record is not None
    assert record.presence.value is Presence.VISIBLE


@pytest.mark.parametrize("encoding", ["cp1252", "cp850"])
def test_a_listing_whose_console_lost_letters_accuses_nobody(encoding: str) -> None:
    machine = small()
    scan = scan_of(machine, listing=schtasks_csv(machine, visible(machine), encoding=encoding))
    assert scan.keys == scan_with().keys
    assert len(scan.case.tasks) == len(scan_with().case.tasks)
