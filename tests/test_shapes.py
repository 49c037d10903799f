"""One machine, however it was taken away: the same tasks, the same definitions, the same findings under the same keys."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.scanning import Scanned, altered, fresh, scan_with, scanned
from triptych.exports.definition import definition
from triptych.lessons.machine import CONFIG, TASKS, Machine
from triptych.model.task import Store

NAMES = (
    "sd-deleted",
    "index-in-log",
    "command-encoded",
    "registry-triggers",
    "file-only",
    "handler-of-user",
    "at-job",
    "name-look-alike",
)
NAMES_7 = ("index-zero", "command-encoded", "file-edited", "at-job")


def machine(version: str = "10") -> Machine:
    return altered(NAMES if version == "10" else NAMES_7, version)


def reference(version: str = "10") -> Scanned:
    return scan_with(NAMES if version == "10" else NAMES_7, version)


def folder_of(shape: str) -> Callable[[Machine, Path], tuple[Path, ...]]:
    def make(made: Machine, below: Path) -> tuple[Path, ...]:
        made.write(below / "evidence", shape)
        return (below / "evidence",)

    return make


def zip_of(shape: str) -> Callable[[Machine, Path], tuple[Path, ...]]:
    def make(made: Machine, below: Path) -> tuple[Path, ...]:
        made.write_zip(below / "evidence.zip", shape)
        return (below / "evidence.zip",)

    return make


def tar_of(shape: str) -> Callable[[Machine, Path], tuple[Path, ...]]:
    def make(made: Machine, below: Path) -> tuple[Path, ...]:
        made.write_tar(below / "evidence.tar", shape)
        return (below / "evidence.tar",)

    return make


def deep(made: Machine, below: Path) -> tuple[Path, ...]:
    """Mounted somewhere below what is given."""
    made.write(below / "case 17" / "mnt" / "c")
    return (below / "case 17",)


def drive(made: Machine, below: Path) -> tuple[Path, ...]:
    """The drive of a collection, given itself."""
    made.write(below, "kape")
    return (below / made.name / "C",)


def pieces(made: Machine, below: Path) -> tuple[Path, ...]:
    """The registry folder, the Tasks folder and what else there is, each an argument of its own."""
    made.write(below)
    return (below / CONFIG, below / TASKS, below / "Windows/Tasks", below / "Users")


SHAPES: dict[str, Callable[[Machine, Path], tuple[Path, ...]]] = {
    **{f"folder, {shape}": folder_of(shape) for shape in ("kape", "velociraptor", "cylr")},
    **{f"zip, {shape}": zip_of(shape) for shape in ("plain", "kape", "velociraptor", "cylr")},
    **{f"tar, {shape}": tar_of(shape) for shape in ("plain", "kape", "velociraptor")},
    "below other folders": deep,
    "the drive itself": drive,
}


@cache
def shaped(shape: str, version: str = "10") -> Scanned:
    made, below = machine(version), fresh()
    return scanned(*SHAPES.get(shape, pieces)(made, below))


def told(found: Scanned) -> dict[tuple[str, str], dict[str, Any]]:
    """What each store says of each task; times of files are the copy's and stay out."""
    tasks = {}
    for task in found.case.tasks:
        stores = {
            store.value: definition(task.record(store), found.case.host) for store in (Store.XML, Store.REGISTRY, Store.SCHEDULER)
        }
        for says in stores.values():
            if says is not None:
                says["last_written"] = {**says["last_written"], "file": None}
        tasks[task.path, task.guid] = stores
    return tasks


def by_store(found: Scanned, store: str) -> dict[tuple[str, str], Any]:
    return {key: says[store] for key, says in told(found).items() if says[store]}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_tells_the_same(shape: str) -> None:
    found = shaped(shape)
    assert told(found) == told(reference())
    assert found.keys == reference().keys
    assert [finding.severity for finding in found.case.findings] == [finding.severity for finding in reference().case.findings]
    assert [(report.store, report.state, report.tasks) for report in found.case.reports] == [
        (report.store, report.state, report.tasks) for report in reference().case.reports
    ]
    assert {fact.name for fact in found.case.host.facts} == {fact.name for fact in reference().case.host.facts}


@pytest.mark.parametrize("shape", ["folder, kape", "zip, velociraptor", "tar, plain"])
def test_windows_7_in_other_shapes(shape: str) -> None:
    assert told(shaped(shape, "7")) == told(reference("7"))
    assert shaped(shape, "7").keys == reference("7").keys


def test_the_reference_has_something_to_lose() -> None:
    rules = {finding.rule for finding in reference().case.findings}
    assert rules >= {
        "sd-missing", "index-zero", "command-suspicious", "trigger-differs", "xml-only", "com-handler-hijacked", "legacy-job",
        "name-lookalike",
    }  # fmt: skip
    assert len(told(reference())) > 75


def test_the_parts_as_several_arguments_are_one_machine() -> None:
    found = shaped("pieces")
    assert told(found) == told(reference())
    assert found.keys == reference().keys


def test_hive_and_tasks_folder_alone_tell_the_same_of_tasks() -> None:
    below = fresh()
    machine().write(below)
    found = scanned(*sorted((below / CONFIG).glob("SOFTWARE*")), below / TASKS)
    assert set(told(found)) == set(told(reference()))
    assert by_store(found, "registry") == by_store(reference(), "registry")
    assert by_store(found, "xml") == by_store(reference(), "xml")
    elsewhere = {"com-handler-hijacked", "legacy-job"}  # they rest on other files
    assert found.keys >= {finding.key for finding in reference().case.findings if finding.rule not in elsewhere}


REGISTRY_RULES = {
    "sd-missing",
    "index-zero",
    "deleted-recovered",
    "com-handler-unknown",
    "name-lookalike",
    "command-suspicious",
    "hidden-setting",
}


def test_a_lone_hive_has_the_findings_of_the_registry() -> None:
    below = fresh()
    machine().write(below)
    found = scanned(*sorted((below / CONFIG).glob("SOFTWARE*")))
    assert {task.record(Store.XML) for task in found.case.tasks} == {None}
    assert by_store(found, "registry") == by_store(reference(), "registry")
    mine = {finding.key for finding in found.case.findings if finding.rule in REGISTRY_RULES}
    registered = {task.path for task in reference().case.tasks if task.record(Store.REGISTRY)}
    theirs = {
        finding.key
        for finding in reference().case.findings
        if finding.rule in REGISTRY_RULES and (finding.task is None or finding.task in registered)
    }
    assert mine == theirs
    accused = {finding.rule for finding in found.case.findings if finding.severity.rank < 3}
    assert "registry-only" not in accused  # no files were collected, so none is missing


def test_the_hive_copied_elsewhere_under_another_name() -> None:
    below = fresh()
    machine().write(below / "evidence")
    copied = below / "exhibit 3"
    copied.mkdir()
    for file in (below / "evidence" / CONFIG).glob("SOFTWARE*"):
        (copied / file.name.lower()).write_bytes(file.read_bytes())
    found = scanned(copied)
    assert {"sd-missing", "index-zero"} <= {finding.rule for finding in found.case.findings}


def test_the_order_of_arguments_changes_nothing() -> None:
    below = fresh()
    machine().write(below)
    one, other = scanned(below / CONFIG, below / TASKS), scanned(below / TASKS, below / CONFIG)
    assert told(one) == told(other)
    assert one.keys == other.keys
