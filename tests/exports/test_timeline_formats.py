"""The timeline for other programs: their importers' own checks, nothing lost, nothing that acts, no local time told as UTC."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exports import importers
from tests.exports.made import RUN, poisoned, sound, texts
from tests.exports.made_moments import FILE, HIVE, LOCAL, NO_DATE, TREE, case, hostile, moment
from triptych.exports import body_file, iris, timesketch, tln
from triptych.exports.formats import EXPORTERS
from triptych.exports.moments import iso, rows, unix_microseconds, unix_seconds
from triptych.exports.writing import Data
from triptych.model.case import Case
from triptych.model.display import needs_mark
from triptych.model.event import Moment
from triptych.model.times import Instant, from_unix_ns, parse_iso

NEW = ("jsonl", "timesketch-csv", "body", "tln", "iris")


def made(option: str, of: Case) -> bytes:
    (exporter,) = [exporter for exporter in EXPORTERS if exporter.option == option]
    files = exporter.render(of, RUN)
    assert tuple(files) == ("",)
    data: Data = files[""]
    return data if isinstance(data, bytes) else b"".join(data)


def jsonl(of: Case) -> list[dict[str, object]]:
    return importers.timesketch_jsonl(made("jsonl", of))


# every importer, every case ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("of", [sound, poisoned, case, lambda: hostile(texts())], ids=["sound", "poisoned", "made", "hostile"])
def test_each_importer_takes_every_row(of: Callable[[], Case]) -> None:
    found = of()
    dated = sum(finding.time is not None for finding in found.findings)
    wanted = len(found.timeline) + dated
    assert wanted > 0
    assert len(jsonl(found)) == wanted
    assert len(importers.timesketch_csv(made("timesketch-csv", found))) == wanted
    assert len(importers.iris(made("iris", found))) == wanted
    assert len(importers.tln(made("tln", found))) == wanted
    stamped = sum(
        m.kind.endswith(("-written", "-modified", "deleted-key")) for m in found.timeline if m.source in ("file", "registry")
    )
    assert len(importers.mactime(made("body", found))) == len(importers.plaso_bodyfile(made("body", found))) == stamped > 0


@pytest.mark.parametrize("option", NEW)
def test_an_empty_case_gives_no_rows(option: str) -> None:
    data = made(option, Case())
    assert len(data.splitlines()) == (1 if option in ("timesketch-csv", "iris") else 0)


@given(st.lists(st.text(max_size=40), min_size=1, max_size=6))
def test_no_text_leaves_its_row(strings: list[str]) -> None:
    found = hostile(tuple(strings))
    assert len(jsonl(found)) == len(importers.timesketch_csv(made("timesketch-csv", found))) == len(strings)
    assert len(importers.iris(made("iris", found))) == len(importers.tln(made("tln", found))) == len(strings)
    assert len(importers.mactime(made("body", found))) == len(importers.plaso_bodyfile(made("body", found))) == len(strings)


@pytest.mark.parametrize("option", [option for option in NEW if option != "jsonl"])
def test_nothing_acts(option: str) -> None:
    for of in (hostile(texts()), poisoned()):
        for line in made(option, of).decode("utf-8").split("\n"):
            assert not any(needs_mark(character) for character in line.rstrip("\r"))


@pytest.mark.parametrize("option", ["timesketch-csv", "iris"])
def test_no_cell_is_a_formula(option: str) -> None:
    read = importers.timesketch_csv if option == "timesketch-csv" else importers.iris
    for row in read(made(option, hostile(("=1+1", "+1", "-2+3", "@SUM(1)", "\t=1", "\r=1", "\uff1d1")))):
        for name, cell in row.items():
            if isinstance(cell, str) and name not in ("event_tz", "timestamp"):
                assert not cell.lstrip("\u23ce").lstrip().startswith(("=", "+", "-", "@", "\uff1d")), (name, cell)


# Timesketch ----------------------------------------------------------------------------------------------------------
def test_texts_are_whole_in_json_lines() -> None:
    strings = ("a\0b", "\x1b[2J", "line1\nline2", "x\u2028y\x85z", "a\u202eb", "\U000e0041tag", "\U0001f600")
    found = made("jsonl", hostile(strings))
    assert found.isascii()
    assert [row["task"] for row in importers.timesketch_jsonl(found)] == list(strings)


def test_a_lone_surrogate_is_a_mark_that_nothing_else_can_be_taken_for() -> None:
    told = [row["task"] for row in jsonl(hostile(("\ud800x", "\u27e8U+D800\u27e9x")))]
    assert told == ["\u27e8U+D800\u27e9x", "\u27e8U+27E8\u27e9U+D800\u27e9x"]


def test_a_row_tells_what_when_where_and_which_findings() -> None:
    row = next(row for row in jsonl(case()) if row["kind"] == "tree-key-written")
    keys = [finding.key for finding in case().findings if finding.task == "\\Evil"]
    assert row["datetime"] == "2026-03-14T02:17:03.123456+00:00"
    assert row["timestamp"] == 1773454623123456
    assert row["time"] == "2026-03-14T02:17:03.1234567Z", "the evidence's own precision is not lost"
    assert row["timestamp_desc"] == "TaskCache Tree Key Last Written"
    assert row["message"] == "TaskCache Tree Key Last Written: \\Evil"
    assert row["data_type"] == "triptych:registry:tree-key-written"
    assert (row["source"], row["task"], row["hostname"]) == ("registry", "\\Evil", "WS-1")
    assert (row["evidence_file"], row["evidence_offset"], row["evidence_length"]) == (HIVE, 64, 8)
    assert row["evidence_sha256"] == "00" * 32
    assert row["tag"] == ["created-remotely", "not-in-baseline", "sd-missing", "critical"]
    assert row["findings"] == keys, "worst first"
    assert row["links"] == [
        "same task: 2026-03-14T03:30:00 XML Registration Date: \\Evil",
        "other: 1999-12-31T23:59:59Z Task File Modified: \\Old",
    ]
    assert row["cited_by"] == [case().findings[0].key], "the finding that rests on this very key"


def test_a_record_of_a_log_bears_what_analyzers_ask_for() -> None:
    (row,) = [row for row in jsonl(case()) if row["source"] == "security"]
    assert row["data_type"] == "windows:evtx:record"
    assert row["timestamp_desc"] == "Event Logged"
    assert (row["record_number"], row["event_identifier"], row["channel"]) == (77, 4698, "Security")
    assert (row["source_name"], row["computer_name"]) == ("Microsoft-Windows-Security-Auditing", "WS-9")
    assert (row["user_sid"], row["logon_id"], row["process_id"]) == ("S-1-5-21-1", "0x3e7", 4242)
    assert row["account"] == "CORP\\eve"
    assert row["hostname"] == "WS-9", "a record is of the machine that it names"
    assert "log-cleared" in row["tag"], "a finding about the host joins by the record it rests on"
    assert "log-cleared" not in next(row["tag"] for row in jsonl(case()) if row["source"] == "registry")


def test_findings_with_a_time_are_rows_in_their_place() -> None:
    told = jsonl(case())
    assert [row["kind"] for row in told if row["source"] == "finding"] == ["sd-missing", "created-remotely"]
    times = [row["timestamp"] for row in told]
    assert times == sorted(times)
    assert {row["timestamp_desc"] for row in told if row["source"] == "finding"} == {"Time of the Finding's Evidence"}


def test_json_lines_and_csv_say_the_same() -> None:
    columns = set(timesketch.COLUMNS)
    for lines, cells in zip(jsonl(case()), importers.timesketch_csv(made("timesketch-csv", case())), strict=True):
        assert set(lines) <= columns
        assert lines["tag"] == cells["tag"]
        for name in ("datetime", "message", "timestamp_desc", "data_type", "task", "evidence_file"):
            assert lines.get(name) == cells.get(name)
        for name in ("timestamp", "evidence_offset", "record_number", "event_identifier"):
            assert str(lines.get(name, "")) == cells.get(name, "")


# times ---------------------------------------------------------------------------------------------------------------
def test_a_local_time_is_shifted_by_the_hosts_offset_and_says_so() -> None:
    row = next(row for row in jsonl(case(bias="-60")) if row["source"] == "xml")
    assert row["datetime"] == "2026-03-14T02:30:00.000000+00:00"
    assert row["time"] == LOCAL.iso == "2026-03-14T03:30:00"
    assert "taken as UTC+01:00" in str(row["time_note"])
    assert str(row["time_note"]) in str(row["message"])
    assert "UTC-05:30" in str(next(row for row in jsonl(case(bias="330")) if row["source"] == "xml")["time_note"])


@pytest.mark.parametrize("option", ["jsonl", "timesketch-csv", "tln", "iris"])
def test_a_local_time_without_an_offset_is_never_silently_utc(option: str) -> None:
    found = case(bias=None)
    unlinked = found.with_(timeline=tuple(replace(moment, links=()) for moment in found.timeline))
    lines = made(option, unlinked).decode("utf-8").splitlines()
    (local,) = [line for line in lines if "Registration Date" in line]
    assert "its offset is not known" in local
    stated = [line for line in lines if "Tree Key Last Written" in line]
    assert stated
    assert all("offset is not known" not in line for line in stated)


@pytest.mark.parametrize("option", ["jsonl", "timesketch-csv", "tln", "iris"])
def test_a_time_that_is_no_date_stays_and_says_so(option: str) -> None:
    found = case(extra=(moment(NO_DATE, "Odd time: \\Evil"),))
    lines = [line for line in made(option, found).decode("utf-8").splitlines() if "Odd time" in line]
    assert len(lines) == 1
    assert "0x7FFFFFFFFFFFFFF0" in lines[0]
    assert "no date" in lines[0]


def test_a_body_file_says_that_a_time_is_in_doubt() -> None:
    found = case(bias=None, extra=(moment(LOCAL, "Task File Modified: \\Evil", "file-modified", "file"),))
    assert "offset is not known" in importers.mactime(made("body", found))[-1]["name"]


@given(st.integers(min_value=0, max_value=from_unix_ns(0).ticks * 3))
def test_times_keep_their_microseconds(ticks: int) -> None:
    told = datetime.fromisoformat(iso(ticks) + "+00:00")
    since = told - datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    assert unix_microseconds(ticks) == (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    assert unix_seconds(ticks) == unix_microseconds(ticks) // 1_000_000
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}", iso(ticks))


def test_a_shift_over_the_edge_of_the_calendar_is_not_made() -> None:
    for text, bias in (("9999-12-31T23:59:59", "600"), ("1601-01-01T00:00:01", "-600")):
        found = case(bias=bias).with_(timeline=(moment(parse_iso(text), "Date: \\Evil"),), findings=())
        (row,) = jsonl(found)
        assert row["datetime"] == f"{text}.000000+00:00"
        assert "offset is not known" in str(row["time_note"])


# body file, TLN, IRIS ------------------------------------------------------------------------------------------------
def test_a_body_file_has_the_stamps_of_files_and_keys_alone() -> None:
    told = importers.mactime(made("body", case()))
    of_file, of_key = (
        (f"{FILE} (Task File Modified)", "946684799", "100"),
        (f"{HIVE}: {TREE} (TaskCache Tree Key Last Written)", "1773454623", "0"),
    )
    assert [(row["name"], row["mtime"], row["size"]) for row in told] == [of_file, of_key]
    assert all((row["atime"], row["ctime"], row["crtime"]) == ("0", "0", "0") for row in told)


@pytest.mark.parametrize("text", ["a|b", "100%41", "%7C", "%zz", "%", "a%7c%25b"])
def test_a_name_comes_back_from_mactime_as_it_was(text: str) -> None:
    (row,) = importers.mactime(made("body", hostile((text,))))
    assert row["name"].startswith(f"C/{text} (")


def test_tln_says_who_and_where() -> None:
    told = importers.tln(made("tln", case()))
    assert (1773456000, "EVTX", "WS-9", "CORP\\eve") in [row[:4] for row in told]
    assert {row[1] for row in told} == {"FILE", "REG", "TASKXML", "EVTX", "TRIPTYCH"}
    assert all(len(row[1]) <= 8 for row in told)
    key = next(row for row in told if row[1] == "REG")
    assert key[4].startswith("2026-03-14T02:17:03.1234567Z; TaskCache Tree Key Last Written: \\Evil; ")
    assert key[4].endswith("; sd-missing; critical")
    assert "|" not in tln.field("a|b")


def test_iris_gets_its_columns_in_order_and_no_name_it_could_refuse() -> None:
    data = made("iris", case())
    assert data.decode("utf-8").splitlines()[0] == ",".join(importers.IRIS) == ",".join(iris.COLUMNS)
    told = importers.iris(data)
    key = next(row for row in told if row["event_source"] == "registry")
    assert (key["event_date"], key["event_tz"]) == ("2026-03-14T02:17:03.123456", "+00:00")
    assert key["event_title"] == "TaskCache Tree Key Last Written: \\Evil"
    assert set(key["event_tags"]) >= {"triptych", "registry", "sd-missing", "critical", "T1053.005", "T1564"}
    assert HIVE in key["event_raw"]
    assert next(row for row in told if "Registration" in row["event_title"])["event_title"].startswith("[time in doubt] ")
    assert all(row["event_assets"] == row["event_iocs"] == row["event_category"] == "" for row in told)


def test_the_importers_refuse_what_they_should() -> None:
    good = made("iris", case())
    for bad in (
        good.replace(b"event_tz", b"zone", 1),
        good.replace(b",+00:00,", b",'+00:00,"),
        good.splitlines()[0],
        good.replace(b"TaskCache Tree Key Last Written: \\Evil,", b",", 1),
        good.replace(b"Task File Modified: \\Old", "x\u2028y".encode(), 1),
    ):
        with pytest.raises(importers.Refused):
            importers.iris(bad)
    lines = made("jsonl", case())
    for bad in (lines.replace(b'"message"', b'"words"', 1), lines.replace(b'"timestamp":1', b'"timestamp":2', 1), lines[:-5]):
        with pytest.raises(importers.Refused):
            importers.timesketch_jsonl(bad)
    with pytest.raises(importers.Refused):
        importers.timesketch_csv(b"\xef\xbb\xbf" + made("timesketch-csv", case()))
    with pytest.raises(importers.Refused):
        importers.plaso_bodyfile(made("body", case()).replace(b"|0|0\n", b"|0\n", 1))
    with pytest.raises(importers.Refused):
        importers.tln(b"Time|Source|Host|User|Description\n")


# the house -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("option", NEW)
def test_the_same_case_gives_the_same_bytes(option: str) -> None:
    assert made(option, case()) == made(option, case())


def test_a_moment_without_references_is_a_row_too() -> None:
    found = case().with_(timeline=(Moment(Instant(1), "registry", "tree-key-written", None, "Bare", ()),))
    assert [row.text for row in rows(found)][:1] == ["Bare"]
    for option in NEW:
        assert b"Bare" in made(option, found)
    assert b"".join(body_file.render(found, RUN)).startswith(b"0|Bare (")
