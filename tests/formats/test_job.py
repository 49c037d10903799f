"""Job files: two real ones field by field, every crafted one with its outcome, and mutated ones without end."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.material import bad_input, bad_inputs, shared
from triptych.formats.faults import Faults
from triptych.formats.job import ParsedJob, read_job
from triptych.model import codec
from triptych.model.case import Problem
from triptych.model.display import show
from triptych.model.evidence import JobPlace, State
from triptych.model.task import Text
from triptych.model.times import Zone

AT = "data/jobs/fox-it__dissect.target/AtTask.job"
GOOGLE = "data/jobs/log2timeline__plaso/wintask.job"


def read(data: bytes) -> tuple[ParsedJob, tuple[Problem, ...]]:
    faults = Faults("J")
    return read_job(data, "J", faults), faults.problems


def bad(name: str) -> tuple[ParsedJob, tuple[Problem, ...]]:
    return read(bad_input(f"job/{name}.job").read_bytes())


def codes(problems: tuple[Problem, ...]) -> set[str]:
    """Codes, without the one that all crafted files share: their header names the first trigger, not the count."""
    return {problem.code for problem in problems} - {"job.trigger-offset"}


def reading(job: ParsedJob, name: str) -> Text:
    return next(found for key, found in job.readings if key == name)


def test_a_job_of_windows_7() -> None:
    job, problems = read(shared(GOOGLE).read_bytes())
    assert not problems
    assert job.is_job
    assert job.complete
    assert job.get("product") == "Windows 7 (0x0601)"
    assert job.get("command") == "C:\\Program Files (x86)\\Google\\Update\\GoogleUpdate.exe"
    assert job.get("arguments") == "/ua /installsource scheduler"
    assert reading(job, "working_directory").state is State.NOT_STATED
    assert job.get("author") == "Brian"
    assert job.get("comment").startswith("Keeps your Google software up to date.")
    assert job.get("status") == "ready (0x00041300)"
    assert job.get("max_run_time") == "no limit (0xFFFFFFFE)"
    assert job.get("hidden") == "false"
    assert (job.get("flags"), reading(job, "flags").raw) == ("application name set, unknown 0x20800000", "0x21800000")
    assert job.last_run is not None
    assert (job.last_run.iso, job.last_run.zone) == ("2013-08-24T12:42:00.112", Zone.LOCAL)
    assert job.get("trigger[0]") == "every 1 days, from 2013-07-12 15:42, every 60 minutes for 1,440 minutes"


def test_an_at_job_of_windows_xp() -> None:
    job, problems = read(shared(AT).read_bytes())
    assert not problems
    assert job.get("uuid") == "{92528912-0AFB-48D0-A97E-FD9BAD9E90DF}"
    assert job.get("command") == "C:\\WINDOWS\\NOTEPAD.EXE"
    assert job.get("author") == "user1"
    assert [job.get(f"trigger[{number}]").partition(",")[0] for number in (0, 3)] == ["every 3 days", "on day 15 of March"]
    assert job.get("trigger[1]").startswith("on the second Wednesday of June, September, from 2023-05-11 13:37, until 2023-05-20")
    assert "kill on batteries" in job.get("flags")


def test_every_reading_cites_its_bytes() -> None:
    data = shared(GOOGLE).read_bytes()
    job, _ = read(data)
    for name, found in job.readings:
        (ref,) = found.refs
        assert isinstance(ref.place, JobPlace)
        (span,) = ref.spans
        cited = data[span.offset : span.offset + span.length]
        if name in ("command", "arguments", "author", "comment"):
            assert cited[2:].decode("utf-16-le").rstrip("\0") == found.value
        if name == "trigger[0]":
            assert cited[:2] == b"\x30\0"
            assert len(cited) == 48


def test_the_manifest_is_covered() -> None:
    covered = {"empty", "not_job", "string_length", "string_zero", "app_offset", "triggers", "date", "utf16"}
    assert {Path(name).stem for name in bad_inputs("job")} == covered


@pytest.mark.parametrize(("name", "code"), [("empty", "job.too-short"), ("not_job", "job.not-a-job")])
def test_what_is_no_job_is_told(name: str, code: str) -> None:
    job, problems = bad(name)
    assert not job.is_job
    assert codes(problems) == {code}


@pytest.mark.parametrize("name", ["string_length", "string_zero"])
def test_a_wrong_count_is_told_with_its_offset_and_costs_one_string_at_most(name: str) -> None:
    job, problems = bad(name)
    assert codes(problems) == {"job.string-count"}
    assert "offset 0x46" in [problem.where for problem in problems]
    assert job.get("command") == "C:\\old\\a.exe"
    assert "read up to its NUL" in reading(job, "command").note
    assert [job.get(part) for part in ("arguments", "working_directory", "author", "comment")] == [
        "/q",
        "C:\\old",
        "maker",
        "comment",
    ]
    assert job.get("status") == "has not run (0x00041303)"


def test_counts_that_nothing_repairs_are_told_and_no_string_passes_for_another() -> None:
    data = bytearray(bad_input("job/string_length.job").read_bytes())
    at = data.index("/q".encode("utf-16-le")) - 2
    data[at : at + 2] = b"\xfe\xff"
    job, problems = read(bytes(data))
    assert "job.strings" in codes(problems)
    assert not job.complete
    assert reading(job, "command").state is State.UNREADABLE
    assert reading(job, "command").raw == "C:\\old\\a.exe"
    assert reading(job, "author").state is State.UNREADABLE
    assert job.get("trigger[0]")
    assert job.get("last_run") == "2024-01-17T10:00:00"


def test_an_application_offset_outside_names_both_readings() -> None:
    job, problems = bad("app_offset")
    told = next(problem for problem in problems if problem.code == "job.application-offset")
    assert "0xFFFF" in told.found
    assert "C:\\old\\a.exe" in told.found
    assert job.get("command") == "C:\\old\\a.exe"


def test_an_application_offset_elsewhere_shows_both() -> None:
    data = bytearray(bad_input("job/utf16.job").read_bytes())
    other = len(data)
    data += struct.pack("<H", 6) + "b.exe\0".encode("utf-16-le")
    data[20:22] = struct.pack("<H", other)
    job, problems = read(bytes(data))
    assert "job.application-offset" in codes(problems)
    assert (job.get("command_at_0x46") or "").startswith("C:\\")
    assert "b.exe" in (job.get("command") + reading(job, "command").raw)


def test_more_triggers_than_fit() -> None:
    job, problems = bad("triggers")
    assert codes(problems) == {"job.triggers"}
    assert [name for name, _ in job.readings if name.startswith("trigger[")] == ["trigger[0]"]
    assert "65,535 triggers promised, room for 1" in [problem.found for problem in problems]


def test_an_impossible_date_stays_as_text() -> None:
    job, problems = bad("date")
    assert codes(problems) == {"job.date"}
    assert reading(job, "last_run").state is State.UNREADABLE
    assert reading(job, "last_run").raw == "65535-13-45 99:99:99.9999"
    assert job.last_run is None


def test_a_lone_surrogate_leaves_escaped() -> None:
    job, problems = bad("utf16")
    assert not codes(problems)
    assert "\ud800" in job.get("command")
    assert "⟨U+D800⟩" in show(job.get("command"))
    frame = codec.encode([tuple(found for _, found in job.readings)])
    assert codec.decode(frame) == [tuple(found for _, found in job.readings)]


def test_bytes_after_the_triggers() -> None:
    data = shared(GOOGLE).read_bytes()
    job, problems = read(data + b"hidden")
    assert codes(problems) == {"job.trailing"}
    assert job.get("trailing") == b"hidden".hex(" ")
    job, problems = read(data + b"\x01\0\x01\0" + b"s" * 64)
    assert not problems
    assert job.get("signature")


@settings(max_examples=400, deadline=None)
@given(
    st.booleans(), st.lists(st.tuples(st.integers(0, 900), st.binary(min_size=1, max_size=4)), max_size=5), st.integers(0, 1_000)
)
def test_mutated_jobs_never_raise(at_job: bool, changes: list[tuple[int, bytes]], cut: int) -> None:
    data = bytearray(shared(AT if at_job else GOOGLE).read_bytes())
    for at, new in changes:
        data[at : at + len(new)] = new
    data = data[: len(data) - cut] if cut < 400 else data
    job, problems = read(bytes(data))
    assert job.is_job or problems
    assert job.complete or problems
    for _, found in job.readings:
        for span in found.refs[0].spans:
            assert span.offset + span.length <= len(data)
