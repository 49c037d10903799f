"""SCHEDLGU.TXT: a real one of three Windows versions, its ring, and odd ones."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.material import shared
from triptych.formats.faults import Faults
from triptych.formats.job_log import LogEntry, read_job_log

REAL = "data/listings/fox-it__dissect.target/schedlgu.txt"
MARK = "[ ***** Most recent entry is above this line ***** ]"


def read(text: str) -> tuple[tuple[LogEntry, ...], Faults]:
    faults = Faults("L")
    return read_job_log(b"\xff\xfe" + text.encode("utf-16-le"), "L", faults), faults


def get(entry: LogEntry, name: str) -> str:
    return next((reading.value or "" for key, reading in entry.readings if key == name), "")


def test_every_line_of_a_real_log_is_in_an_entry_that_cites_it() -> None:
    data = shared(REAL).read_bytes()
    faults = Faults("L")
    entries = read_job_log(data, "L", faults)
    assert len(entries) == 77
    assert not faults.problems
    lines = [line.strip() for line in data.decode("utf-16").splitlines() if line.strip() and "*****" not in line]
    assert sum(len(get(entry, "text").split("\n")) for entry in entries) == len(lines)
    for entry in entries:
        assert f'"{entry.name}"' in data[entry.ref.spans[0].offset :][: entry.ref.spans[0].length].decode("utf-16-le")


def test_jobs_services_results_and_versions() -> None:
    entries = read_job_log(shared(REAL).read_bytes(), "L", Faults("L"))
    assert get(entries[0], "started") == "2006-11-02T07:35:17"
    assert get(entries[1], "version") == "6.0.6000.16386 (vista_rtm.061101-2205)"
    job = next(entry for entry in entries if get(entry, "result"))
    assert (job.name, get(job, "program")) == ("Symantec NetDetect.job", "NDETECT.EXE")
    assert get(job, "exit_code") == "65"
    assert get(job, "finished")


def test_the_ring_is_unrolled() -> None:
    text = f'"new.job" (n.exe)\r\n\tStarted at 3\r\n{MARK}\r\n\tFinished 1\r\n"old.job" (o.exe)\r\n\tStarted at 2\r\n'
    entries, faults = read(text)
    assert [(entry.order, entry.name) for entry in entries] == [(1, ""), (2, "old.job"), (3, "new.job")]
    assert [problem.code for problem in faults.problems] == ["job-log.no-head"]


def test_another_language_is_kept_as_lines() -> None:
    entries, _ = read('"Aufgabe.job" (a.exe)\r\n\tGestartet 14.9.2003 13:11:00\r\n')
    assert get(entries[0], "line") == "Gestartet 14.9.2003 13:11:00"


def test_an_empty_log_says_so() -> None:
    faults = Faults("L")
    assert read_job_log(b"\xff\xfe\0\0", "L", faults) == ()
    assert [problem.code for problem in faults.problems] == ["job-log.empty"]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_end_well(data: bytes) -> None:
    for entry in read_job_log(data, "L", Faults("L")):
        (span,) = entry.ref.spans
        assert span.offset + span.length <= max(len(data), 1)
