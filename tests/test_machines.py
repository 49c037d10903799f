"""The whole engine on whole machines: what each hand leaves is found, nobody else is accused, and a clean machine is quiet."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.machines import DEVIATIONS, Machine, benign, small
from tests.scanning import Scanned, fresh, scan_of, scan_with, scanned
from triptych.lessons import listing
from triptych.lessons.deviations import VICTIM
from triptych.lessons.deviations.elsewhere import handler_task
from triptych.lessons.scheduler_view import visible
from triptych.lessons.task_spec import TaskSpec
from triptych.model.finding import Finding, Severity
from triptych.model.task import Store

CRITICAL, HIGH, MEDIUM, LOW, INFO = Severity
VERSIONS = ("7", "10", "11", "2022")
TWIN = r"\Contoso\Backup Monitor"

# What must be said of each deviation, and how loudly at least.
EXPECTED: dict[str, dict[str, Severity]] = {
    "sd-deleted": {"sd-missing": CRITICAL, "deleted-recovered": MEDIUM},
    "sd-blank": {"sd-invalid": CRITICAL},
    "sd-text": {"sd-invalid": CRITICAL},
    "sd-empty-list": {"sd-denies": HIGH},
    "sd-denies-system": {"sd-denies": HIGH},
    "sd-weak": {"sd-weak": MEDIUM},
    "folder-sd-deleted": {"folder-sd-missing": HIGH},
    "index-zero": {"index-zero": HIGH},
    "index-deleted": {"index-missing": HIGH, "deleted-recovered": MEDIUM},
    "index-nine": {"index-invalid": HIGH},
    "index-moved": {"index-mismatch": MEDIUM},
    "tree-deleted": {"tree-missing": HIGH, "deleted-recovered": MEDIUM},
    "tasks-deleted": {"tasks-missing": MEDIUM, "deleted-recovered": MEDIUM},
    "id-twice": {"duplicate-id": HIGH},
    "task-deleted": {"deleted-recovered": MEDIUM},
    "file-deleted": {"registry-only": MEDIUM},
    "file-edited": {"action-differs": CRITICAL, "hash-differs": LOW},
    "registry-actions": {"action-differs": CRITICAL, "command-suspicious": HIGH},
    "registry-triggers": {"trigger-differs": HIGH},
    "registry-principal": {"principal-differs": HIGH, "sd-weak": MEDIUM},
    "registry-settings": {"settings-differs": MEDIUM, "hidden-setting": MEDIUM},
    "path-mismatch": {"path-differs": MEDIUM},
    "uri-mismatch": {"path-differs": MEDIUM},
    "actions-cut": {"value-malformed": MEDIUM},
    "actions-text": {"value-malformed": MEDIUM},
    "triggers-longer": {"value-malformed": MEDIUM},
    "ghost-task": {"registry-handmade": HIGH, "registry-only": HIGH, "sd-denies": HIGH, "command-suspicious": HIGH},
    "file-only": {"xml-only": LOW, "command-suspicious": LOW},
    "hidden-setting": {"hidden-setting": MEDIUM},
    "name-look-alike": {"name-lookalike": MEDIUM, "stock-folder-foreign": LOW},
    "name-right-to-left": {"name-deceptive": HIGH},
    "name-zero-width": {"name-deceptive": HIGH, "name-lookalike": MEDIUM},
    "name-trailing-space": {"name-deceptive": HIGH},
    "name-nul": {"name-deceptive": HIGH, "registry-only": MEDIUM},
    "author-spoofed": {"author-spoofed": MEDIUM},
    "stock-altered": {"stock-altered": HIGH, "command-suspicious": HIGH},
    "stock-disabled": {"stock-disabled": MEDIUM},
    "stock-folder-foreign": {"stock-folder-foreign": LOW},
    "command-encoded": {"command-suspicious": HIGH},
    "command-mshta": {"command-suspicious": HIGH},
    "command-rundll32": {"command-suspicious": HIGH},
    "command-network": {"command-suspicious": HIGH},
    "command-web-folder": {"command-suspicious": HIGH},
    "command-writable": {"command-suspicious": HIGH},
    "decoy-action": {"decoy-action": MEDIUM, "command-suspicious": HIGH},
    "event-trigger": {"trigger-unusual": LOW},
    "wnf-trigger": {"trigger-unusual": LOW},
    "defence-trigger": {"trigger-on-defence": MEDIUM},
    "password-logon": {"credentials-stored": LOW},
    "s4u-logon": {"credentials-stored": LOW},
    "description-payload": {"text-payload": MEDIUM},
    "data-payload": {"text-payload": MEDIUM},
    "self-deleting": {"command-suspicious": HIGH},
    "handler-unknown": {"com-handler-unknown": INFO},
    "false-times": {"time-contradiction": LOW},
    "handler-of-user": {"com-handler-hijacked": MEDIUM},
    "handler-of-machine": {"com-handler-hijacked": HIGH},
    "at-job": {"legacy-job": MEDIUM},
    "policy-task": {"policy-deployed": MEDIUM},
    "state-flags": {"override-present": MEDIUM},
    "wow-cache": {"override-present": MEDIUM},
    "wow-file": {"override-present": MEDIUM},
    "tasks-folder": {"override-present": MEDIUM},
    "gone-since-backup": {"deleted-recovered": MEDIUM},
    "earlier-system": {"deleted-recovered": LOW},
    "only-in-log": {"sd-missing": CRITICAL, "deleted-recovered": MEDIUM},
    "index-in-log": {"index-zero": HIGH},
    "over-two-logs": {"sd-missing": CRITICAL, "index-zero": HIGH, "deleted-recovered": MEDIUM},
    "undone-in-log": {"deleted-recovered": MEDIUM},
}
# Windows 7 keeps neither actions nor descriptors in the registry, has fewer protecting tasks, and job files are its own.
ON_7: dict[str, dict[str, Severity]] = {
    "file-edited": {"hash-differs": MEDIUM, "command-suspicious": HIGH},
    "registry-principal": {"principal-differs": HIGH},
    "stock-disabled": {"stock-disabled": LOW},
    "at-job": {"legacy-job": LOW},
}
# Windows 7 is another world in the registry and in what is taken from the files; how a command is judged is the same.
ALSO_ON_7 = (
    *ON_7, "index-zero", "index-deleted", "index-nine", "index-moved", "tree-deleted", "tasks-deleted", "id-twice", "task-deleted",
    "file-deleted", "registry-triggers", "registry-settings", "path-mismatch", "uri-mismatch", "triggers-longer", "file-only",
    "hidden-setting", "name-look-alike", "name-nul", "author-spoofed", "stock-altered", "command-encoded", "description-payload",
    "data-payload", "handler-unknown", "handler-of-user", "handler-of-machine", "wow-cache", "gone-since-backup", "earlier-system",
    "index-in-log",
)  # fmt: skip
CASES = [(name, "10") for name in DEVIATIONS] + [(name, "7") for name in ALSO_ON_7]
LISTINGS = (listing.schtasks_csv, listing.schtasks_list, listing.schtasks_table, listing.schtasks_xml, listing.powershell_json)


def touched(name: str, machine: Machine) -> set[str]:
    """The paths, case folded, of the tasks that a deviation lays its hand on."""
    if name.startswith("handler-of-"):
        class_id = handler_task(machine).definition.actions[0].class_id.upper()
        called = [task for task in machine.tasks if any(action.class_id.upper() == class_id for action in task.definition.actions)]
        return {task.path.casefold() for task in called}
    if name == "stock-disabled":
        return {task.path.casefold() for task in DEVIATIONS[name].apply(machine).tasks if not task.definition.settings.enabled}
    return {DEVIATIONS[name].path.casefold(), *({TWIN.casefold()} if name == "id-twice" else ())}


def told(findings: list[Finding]) -> list[str]:
    return [f"{finding.severity.value} {finding.rule}: {finding.summary}" for finding in findings]


def loud(scanned: Scanned, least: Severity = MEDIUM) -> list[str]:
    return told([finding for finding in scanned.case.findings if finding.severity.at_least(least)])


def test_every_deviation_has_its_expectation() -> None:
    assert set(EXPECTED) == set(DEVIATIONS)
    for name, deviation in DEVIATIONS.items():
        assert set(deviation.rules) <= set(EXPECTED[name]), name
        assert set(ON_7.get(name, {})) <= {*EXPECTED[name], *deviation.also}
    assert all(DEVIATIONS[name].on_7 for name in ALSO_ON_7)


@pytest.mark.parametrize(("name", "version"), CASES)
def test_the_hand_is_found_and_nobody_else_is_accused(name: str, version: str) -> None:
    before, deviation = scan_with((), version), DEVIATIONS[name]
    after = scan_of(deviation.apply(small(version)))
    new = [finding for finding in after.case.findings if finding.key not in before.keys]
    paths = touched(name, small(version))
    for rule, least in (ON_7.get(name, EXPECTED[name]) if version == "7" else EXPECTED[name]).items():
        named = [finding for finding in new if finding.rule == rule and (finding.task is None or finding.task.casefold() in paths)]
        assert any(finding.severity.at_least(least) for finding in named), (rule, told(new))
    elsewhere = [
        finding
        for finding in new
        if finding.severity.at_least(LOW)
        and (
            finding.rule not in {*deviation.rules, *deviation.also, *EXPECTED[name]}
            or (finding.task is not None and finding.task.casefold() not in paths)
        )
    ]
    assert told(elsewhere) == []
    lost = [finding for finding in before.case.findings if finding.key not in after.keys]
    assert told([finding for finding in lost if (finding.task or "").casefold() not in paths]) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_clean_machine_is_quiet(version: str) -> None:
    found = scan_of(benign(version))
    assert loud(found) == []
    assert len(found.case.tasks) >= 200
    assert {report.store.value: report.state for report in found.case.reports} == {
        "xml": "read", "registry": "read", "scheduler": "read", "log": "absent"
    }  # fmt: skip
    assert [problem.code for problem in found.case.problems if problem.severity.value != "note"] == []
    assert all(balance.closes for balance in found.case.balances)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("seed", [2, 3])
def test_other_clean_machines_are_as_quiet(version: str, seed: int) -> None:
    assert loud(scan_of(small(version, seed))) == []


# -- listings ------------------------------------------------------------------------------------------------------------


def with_listing(machine: Machine, write: object, *more: TaskSpec) -> Scanned:
    shown = sorted((*visible(machine), *more), key=lambda task: (task.folder.casefold(), task.name.casefold()))
    assert callable(write)
    return scan_of(machine, listing=write(machine, tuple(shown)))


def of_listing(scanned: Scanned) -> list[Finding]:
    return [finding for finding in scanned.case.findings if finding.rule in ("scheduler-missing", "scheduler-only")]


@pytest.mark.parametrize("write", LISTINGS)
def test_a_listing_of_a_clean_machine_adds_nothing(write: object) -> None:
    found = with_listing(small(), write)
    assert told(of_listing(found)) == []
    assert loud(found) == []
    report = found.case.report(Store.SCHEDULER)
    assert report is not None
    assert (report.state, report.basis) == ("read", "listing")
    listed = sum(task.record(Store.SCHEDULER) is not None for task in found.case.tasks)
    assert listed == report.tasks == len(visible(small()))
    assert all(task.record(Store.REGISTRY) for task in found.case.tasks if task.record(Store.SCHEDULER))


@pytest.mark.parametrize(("name", "write"), [*(("sd-deleted", write) for write in LISTINGS), ("index-zero", listing.schtasks_csv)])
def test_a_hidden_task_is_missing_from_the_listing(name: str, write: object) -> None:
    finding = next(iter(of_listing(with_listing(DEVIATIONS[name].apply(small()), write))))
    assert (finding.rule, finding.severity, finding.task) == ("scheduler-missing", HIGH, VICTIM)


@pytest.mark.parametrize("write", LISTINGS)
def test_a_task_that_is_in_the_listing_alone(write: object) -> None:
    machine = small()
    extra = replace(machine.task(VICTIM), path=r"\Contoso\Cache Refresh", guid="{11111111-2222-4333-8444-555555555555}")
    found = of_listing(with_listing(machine, write, extra))
    assert [(finding.rule, finding.severity, finding.task) for finding in found] == [("scheduler-only", HIGH, extra.path)]


def test_several_listings_of_one_machine_add_nothing() -> None:
    machine, folder = small(), fresh()
    machine.write(folder / "evidence")
    for number, write in enumerate(LISTINGS):
        (folder / f"listing-{number}").write_bytes(write(machine, visible(machine)))
    found = scanned(folder / "evidence", listings=tuple(folder / f"listing-{number}" for number in range(len(LISTINGS))))
    assert told(of_listing(found)) == []
    assert loud(found) == []
    assert found.keys == scan_with().keys
    assert [task.path for task in found.case.tasks] == [task.path for task in scan_with().case.tasks]


@pytest.mark.parametrize("version", ["7", "11", "2022"])
def test_listings_of_other_versions(version: str) -> None:
    assert told(of_listing(with_listing(small(version), listing.schtasks_csv))) == []
    machine = DEVIATIONS["index-zero"].apply(small(version))
    found = of_listing(with_listing(machine, listing.powershell_json))
    assert [(finding.rule, finding.task) for finding in found] == [("scheduler-missing", VICTIM)]


def test_a_listing_of_another_machine_accuses_no_single_task() -> None:
    machine = small()
    shown = visible(replace(machine, name="WS-OTHER-01"))
    found = of_listing(scan_of(machine, listing=listing.schtasks_csv(replace(machine, name="WS-OTHER-01"), shown[1:])))
    assert all(finding.severity is LOW and finding.task is None for finding in found)
