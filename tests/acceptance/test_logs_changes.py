"""Changes that the logs tell: what services do with tasks of their own is no borrowing, what hands do is."""

from __future__ import annotations

import pytest

from tests.analysis.logged import RUN, audited, definition, named, run
from tests.rules.happened import of_logs
from tests.rules.made import STOCK, findings, one
from triptych.model.event import Event
from triptych.model.finding import Severity

RULE = "changed-logged"
SYSTEM = {"SubjectUserSid": "S-1-5-18", "SubjectUserName": "WS-1$"}
SCAN = "\\Microsoft\\Windows\\UpdateOrchestrator\\Schedule Scan"
A, B = "C:\\Program Files\\A\\a.exe", "C:\\Program Files\\A\\b.exe"
DEFRAG = ("%windir%\\system32\\defrag.exe", "-c -h -o -$")
ONEDRIVE = "\\OneDrive Standalone Update Task-S-1-5-21-1-2-3-1001"


def flip(task: str, one: tuple[str, str], other: tuple[str, str], **who: str) -> list[Event]:
    """Changed, and put back a minute later."""
    return [audited(4702, at, task, definition(*what), **who) for at, what in ((0, one), (100, other), (160, one))]


def severities(*events: Event) -> list[Severity]:
    return [finding.severity for finding in findings(of_logs(*events), RULE)]


def test_an_updater_that_flips_its_own_task_is_low() -> None:
    assert severities(*flip("\\Own", (A, ""), (B, ""), **SYSTEM)) == [Severity.LOW]
    usoclient = "%systemroot%\\system32\\usoclient.exe"
    assert severities(*flip(SCAN, (usoclient, "StartScan"), (usoclient, "StartWork"), **SYSTEM)) in ([], [Severity.LOW])
    folder = "%localappdata%\\Microsoft\\OneDrive\\"
    flipped = flip(ONEDRIVE, (f"{folder}OneDriveStandaloneUpdater.exe", ""), (f"{folder}23.1\\OneDriveStandaloneUpdater.exe", ""))
    assert severities(*flipped) == []


def test_a_shipped_task_that_is_borrowed_is_high_whoever_does_it() -> None:
    for who in ({}, SYSTEM):
        assert severities(*flip(STOCK, DEFRAG, ("C:\\tools\\x.exe", ""), **who)) == [Severity.HIGH]


def test_a_vendors_task_that_starts_another_program_for_a_minute_is_borrowed() -> None:
    folder = "%localappdata%\\Microsoft\\OneDrive\\"
    assert severities(*flip(ONEDRIVE, (f"{folder}OneDriveStandaloneUpdater.exe", ""), ("cmd.exe", "/c calc"))) == [Severity.HIGH]


def test_a_run_is_claimed_only_where_one_is_told() -> None:
    flipped = flip("\\Own", (A, ""), ("cmd.exe", "/c calc"))
    assert "No event tells of a run between them." in one(of_logs(*flipped), RULE).why
    with_run = one(of_logs(*flipped, *run(110, task="\\Own")), RULE).why
    assert "No event tells of a run" not in with_run
    assert "it ran cmd.exe (process 6292)" in with_run


@pytest.mark.parametrize(("who", "wanted"), [("NT AUTHORITY\\SYSTEM", Severity.LOW), ("LAB\\eve", Severity.HIGH)])
def test_updates_without_content_by_an_updater_and_by_a_person(who: str, wanted: Severity) -> None:
    name = "\\GoogleUpdateTaskMachineUA"
    earlier = run(
        -90_000, task=name, program="C:\\Program Files (x86)\\Google\\Update\\GoogleUpdate.exe", instance=RUN.replace("1", "4")
    )
    between = run(5, task=name, program="C:\\Program Files\\Google\\GoogleUpdater\\1\\updater.exe")
    case = of_logs(*earlier, named(140, 0, name, UserName=who), *between, named(140, 60, name, UserName=who))
    finding = one(case, RULE)
    assert finding.severity is wanted
    assert finding.why.count("updater.exe at ") == 1
