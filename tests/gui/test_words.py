"""Words for the screen and for a report."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.gui import made
from triptych.gui import words
from triptych.model.case import Case
from triptych.model.evidence import EventPlace, FilePlace, JobPlace, ListingPlace, Place, RegistryPlace, Span, XmlPlace
from triptych.model.times import NEVER, Instant, Zone, parse_iso


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (XmlPlace(26, "/Task/Actions/Exec[1]/Command"), "line 26, /Task/Actions/Exec[1]/Command"),
        (RegistryPlace("a\\b", "SD"), "key a\\b, value SD"),
        (RegistryPlace("a\\b", ""), "key a\\b, value (default)"),
        (RegistryPlace("a\\b"), "key a\\b"),
        (EventPlace("Security", 4698), "Security, record 4,698"),
        (FilePlace("Tasks/x"), "the file or folder Tasks/x"),
        (JobPlace("Command"), "job file, Command"),
        (ListingPlace(3, "Author"), "line 3, column Author"),
    ],
)
def test_places(place: Place, said: str) -> None:
    assert words.place(place) == said
    assert words.short_place(place)


def test_extent() -> None:
    assert words.extent(Span("f", 0x18, 72)) == "0x18–0x5F, 72 bytes"
    assert words.extent(Span("f", 0, 1)) == "0x0, 1 byte"


def test_a_time_always_shows_its_zone() -> None:
    assert words.moment(parse_iso("2026-03-14T02:17:03Z")) == "2026-03-14 02:17:03Z"
    local = parse_iso("2026-03-14T02:17:03")
    assert local.zone is Zone.LOCAL
    assert words.moment(local) == "2026-03-14 02:17:03 local"
    assert words.moment(local, short=True) == "2026-03-14 02:17 local"
    assert words.moment(Instant(0)) == "never"
    assert words.moment(Instant(NEVER)) == "no end"


def test_values_are_exact() -> None:
    assert words.value(True) == "true"
    assert words.value(("a", "b")) == "a, b"
    assert words.value(None) == ""
    assert words.value(1 << 63) == "9223372036854775808"


def test_a_finding_as_text_cites_every_file_with_its_hash(case: Case, files: made.Files) -> None:
    finding = next(finding for finding in case.findings if finding.rule == "action-differs")
    text = words.finding_text(finding, case.files)
    assert text.startswith("Critical · certain: The registry runs another command than the XML shows\nTask: \\Microsoft")
    assert text.count("SHA-256 ") == 3
    assert made.HIVE in text
    assert "value Actions" in text


def test_a_problem_as_sentences_and_a_headline_without_the_path(case: Case) -> None:
    said = words.problem_text(case.problems[0])
    assert said.startswith("Lost: Windows/System32/Tasks/Old, line 12. Tried to read the XML file as a task; found: ")
    assert said.endswith("What to do: open the file in a text editor.")
    finding = replace(case.findings[0], summary=f"{case.findings[0].task}: the Tree key has no SD value")
    assert finding.headline == "The Tree key has no SD value"
    assert case.findings[0].headline == case.findings[0].summary


@pytest.mark.parametrize(
    ("command", "brief"),
    [
        ("≠ cmd.exe /c C:\\ProgramData\\x\\u.bat", ""),
        ('"C:\\Program Files\\A B\\x.exe" /q', "…\\x.exe /q"),
        ("≠ %windir%\\system32\\cscript.exe C:\\a.vbs", "≠ …\\cscript.exe C:\\a.vbs"),
        ("\\\\srv\\share\\a.exe", "…\\a.exe"),
        ("COM {1}", ""),
        ("", ""),
    ],
)
def test_a_command_in_brief_names_its_program(command: str, brief: str) -> None:
    assert words.brief_command(command) == brief
