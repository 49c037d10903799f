"""What a terminal gets: plain lines, nothing that acts, counts that agree."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.exports.made import poisoned, sound
from triptych.exports.text_summary import render
from triptych.model.case import XML_NOT_LISTED, Case, Problem, StoreReport, Weight
from triptych.model.display import needs_mark
from triptych.model.evidence import EvidenceFile, ReadState
from triptych.model.finding import Severity
from triptych.model.task import Store


@pytest.mark.parametrize("case", [Case, sound, poisoned])
def test_nothing_reaches_the_terminal_that_acts(case) -> None:  # type: ignore[no-untyped-def]  # one of three ways to a Case
    text = render(case())
    assert text.endswith("\n")
    assert not any(needs_mark(character) for character in text if character != "\n")


def test_each_finding_is_told_once_and_counted() -> None:
    case = sound()
    text = render(case)
    assert sum(text.count(f"{severity.value.upper():<8} ") for severity in Severity) == len(case.findings)
    for severity in Severity:
        count = sum(finding.severity is severity for finding in case.findings)
        assert (f"{count} {severity.value}" in text) == bool(count)


def test_below_the_level_findings_are_counted_and_not_told() -> None:
    case = sound()
    few = render(case, Severity.CRITICAL)
    assert "Findings: " in few
    assert len(few.splitlines()) < len(render(case).splitlines())


def test_a_finding_with_a_hostile_guid_is_marked() -> None:
    case = sound()
    finding = replace(case.findings[0], guid="\x1b]0;owned\x07")
    assert "\x1b" not in render(case.with_(findings=(finding,)))
    assert "\u27e8U+001B\u27e9" in render(case.with_(findings=(finding,)))


def test_files_that_failed_are_not_counted_as_read() -> None:
    files = (EvidenceFile("a", "hive", 1, None, "00" * 32), EvidenceFile("b", "hive", 1, None, "00" * 32, ReadState.FAILED))
    assert "1 of 2 files read" in render(Case(files=files))
    assert "1 file read and hashed" in render(Case(files=files[:1]))


def test_task_files_without_their_folder_are_told_in_words() -> None:
    report = StoreReport(Store.XML, "read", 1, XML_NOT_LISTED)
    assert "task files without their whole folder" in render(Case(reports=(report,)))


def test_losses_are_told_and_notes_counted() -> None:
    lost = Problem(Weight.LOST, "x.y", "f\x1b", "here", "read it", "nothing", "all", "look", 3)
    note = Problem(Weight.NOTE, "x.z", "g", "there", "read it", "a thing", "nothing", "rest")
    text = render(Case(problems=(lost, note)))
    assert "Reading: 3 lost, 0 doubtful, 1 note." in text
    assert "f\u27e8U+001B\u27e9" in text
    assert "there" not in text
