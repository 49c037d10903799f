"""`scan --json`: valid, the same bytes for the same evidence, and every reference leads to a row of `evidence`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.machines import DEVIATIONS, Machine, small
from tests.material import PROJECT, shared
from tests.scanning import altered, fresh
from triptych.cli import main
from triptych.exports import json_case
from triptych.lessons import listing
from triptych.lessons.deviations import VICTIM
from triptych.lessons.hive_key import string
from triptych.lessons.host import Hives
from triptych.lessons.logbook_weeks import lived
from triptych.lessons.scheduler_view import visible
from triptych.logs.blocks import blocks_of
from triptych.model.case import Case, Fact, Host
from triptych.model.event import Event, LogReport, NumberGap
from triptych.model.evidence import EventPlace, EvidenceRef, Span, stated
from triptych.model.times import Instant

HANDS = (
    "only-in-log", "ghost-task", "at-job", "policy-task", "wow-file", "wow-cache", "state-flags", "handler-of-user", "file-only",
    "name-nul", "name-right-to-left", "registry-principal",
)  # fmt: skip
ATEXEC = "data/evtx/mdecrevoisier/ID4688,4698,4699,5145,4624-ATexec remote trask creation (GLOBAL).evtx"
HALF = "\ud83d half of a character"


def scanned_to(out: Path, *arguments: str, workers: int = 0) -> bytes:
    """What the command leaves in a file; standard output and the exit code are looked at elsewhere."""
    out.unlink(missing_ok=True)
    assert main(["scan", *arguments, "--json", str(out), "--workers", str(workers), "-q"]) == 0
    return out.read_bytes()


def written(machine: Machine) -> str:
    folder = fresh()
    machine.write(folder / "evidence")
    return str(folder / "evidence")


def with_half_a_character() -> Machine:
    """A lone surrogate in values of the registry, as only a hand puts it there."""
    guid = small().task(VICTIM).guid

    def edit(hives: Hives) -> None:
        key = hives.tasks(guid)
        for name in ("Author", "Description"):
            value = string(name, "x")
            key.put(replace(value, data=HALF.encode("utf-16-le", "surrogatepass") + b"\0\0"))

    return small().with_edit(edit)


def _listed() -> tuple[str, ...]:
    machine, folder = DEVIATIONS["sd-deleted"].apply(small()), fresh()
    (folder / "tasks.json").write_bytes(listing.powershell_json(machine, visible(machine)))
    return (written(machine), "--listing", str(folder / "tasks.json"))


def _zipped() -> tuple[str, ...]:
    path = fresh() / "evidence.zip"
    altered(HANDS[:4]).write_zip(path)
    return (str(path),)


EVIDENCE: dict[str, Callable[[], tuple[str, ...]]] = {
    "benign 10": lambda: (written(small()),),
    "benign 7": lambda: (written(small("7")),),
    "many hands": lambda: (written(altered(HANDS)),),
    "Windows.old": lambda: (written(altered(("earlier-system", "actions-text", "triggers-longer"), "11")),),
    "half a character": lambda: (written(with_half_a_character()),),
    "a listing": _listed,
    "a zip": _zipped,
    "real hive": lambda: (str(shared("data/hives/win7sp1-dorkbot-lab/SOFTWARE-schedule-A-M")),),
    "real task files": lambda: (str(shared("data/tasks-xml")),),
    "real jobs": lambda: (str(shared("data/jobs")),),
    "real exports": lambda: (str(shared("data/reg-exports")),),
    "weeks of logs": lambda: (written(lived(small(), 1)),),
    "real logs": lambda: (str(shared("data/evtx/Velocidex")),),
    "a real log of ATexec": lambda: (str(shared(ATEXEC)),),
    "real listing": lambda: (
        str(shared("data/hives/win7sp1-dorkbot-lab/SOFTWARE-schedule-A-M")),
        "--listing",
        str(shared("data/listings/malawaretester__SuspectedDorkBot/schtasks.txt")),
    ),
}


NOON = Instant(134_168_400_000_000_000)
REF = EvidenceRef(EventPlace("Security", 7), (Span("s.evtx", 512, 200),))
CLEARED = Event(NOON, "Security", 1102, 7, "security", "log-cleared", "Security log cleared", REF, account="LAB\\eve")


@cache
def arguments(name: str) -> tuple[str, ...]:
    return EVIDENCE[name]()


@cache
def first(name: str) -> bytes:
    return scanned_to(fresh() / "first.json", *arguments(name))


def parsed(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(first(name))
    return document


def without_run(data: bytes) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(data)
    return {key: value for key, value in document.items() if key != "run"}


@cache
def _validator() -> jsonschema.Draft202012Validator:
    schema = json.loads((PROJECT / "docs" / "scan.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.fixture(params=EVIDENCE)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_document_is_what_the_schema_says(name: str) -> None:
    wrong = [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in _validator().iter_errors(parsed(name))
    ]
    assert wrong[:10] == []


def test_the_schema_refuses_what_is_none_of_ours() -> None:
    for path in ("tasks", "findings", "evidence", "problems"):
        document = parsed("many hands")
        document[path][0]["invented"] = 1
        assert not _validator().is_valid(document), path
    document = parsed("many hands")
    del document["stores"]["scheduler"]["basis"]
    assert not _validator().is_valid(document)
    document = parsed("many hands")
    document["findings"][0]["severity"] = "grave"
    assert not _validator().is_valid(document)


def test_two_runs_give_the_same_bytes_but_for_run(name: str) -> None:
    again = scanned_to(fresh() / "again.json", *arguments(name))
    assert _but_run(again) == _but_run(first(name))


def _but_run(data: bytes) -> str:
    """The text without the object that `run` is."""
    text = data.decode("utf-8")
    start = text.index("{", text.index('"run"'))
    _, end = json.JSONDecoder().raw_decode(text, start)
    return text[:start] + text[end:]


@pytest.mark.parametrize("which", ["many hands", "half a character", "weeks of logs", "a real log of ATexec"])
def test_reader_processes_change_nothing(which: str) -> None:
    assert _but_run(scanned_to(fresh() / "two.json", *arguments(which), workers=2)) == _but_run(first(which))


def test_the_bytes_are_utf_8_without_a_lone_surrogate(name: str) -> None:
    text = first(name).decode("utf-8")
    assert text.endswith("}\n")
    assert not any(0xD800 <= ord(character) <= 0xDFFF for character in text)


def test_a_lone_surrogate_stands_as_its_escape_and_comes_back() -> None:
    assert b"\\ud83d half of a character" in first("half a character")
    task = next(task for task in parsed("half a character")["tasks"] if task["path"] == VICTIM)
    assert task["registry"]["author"] == HALF
    assert "\N{MAN}".encode() in first("half a character")  # what is no lone half is written as itself


def _references(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for row in (*document["findings"], *document["timeline"]):
        assert row["evidence"], row
        yield from row["evidence"]


def test_every_reference_names_a_row_of_evidence(name: str) -> None:
    document = parsed(name)
    files = {file["path"]: file for file in document["evidence"]}
    assert len(files) == len(document["evidence"])
    seen = 0
    for reference in _references(document):
        file = files[reference["file"]]
        assert reference["sha256"] == file["sha256"]
        assert file["sha256"] is not None
        assert reference["length"] >= 1
        assert 0 <= reference["offset"] <= file["size"] - reference["length"]
        seen += 1
    assert seen
    for file in document["evidence"]:
        assert all(origin in files for origin in file["derived_from"])


def test_tasks_name_their_findings_and_lists_are_sorted(name: str) -> None:
    document = parsed(name)
    keys = [finding["key"] for finding in document["findings"]]
    assert len(set(keys)) == len(keys)
    named = [key for task in document["tasks"] for key in task["findings"]]
    assert set(named) == {finding["key"] for finding in document["findings"] if finding["task"] is not None}
    paths = [(task["path"].casefold(), task["guid"] or "") for task in document["tasks"]]
    assert paths == sorted(paths)
    weight = ["critical", "high", "medium", "low", "info"]
    order = [(weight.index(row["severity"]), row["rule"], (row["task"] or "").casefold()) for row in document["findings"]]
    assert order == sorted(order)
    assert [file["path"] for file in document["evidence"]] == sorted(file["path"] for file in document["evidence"])
    assert [problem["file"] for problem in document["problems"]] == sorted(problem["file"] for problem in document["problems"])


def test_balances_close(name: str) -> None:
    for row in parsed(name)["balances"]:
        assert row["promised"] == row["listed"] + row["repaired"] + row["lost"], row


def test_keys_survive_another_shape_and_another_place() -> None:
    machine, folder = altered(HANDS), fresh()
    machine.write_zip(folder / "elsewhere.zip", "velociraptor")
    document = json.loads(scanned_to(folder / "out.json", str(folder / "elsewhere.zip")))
    assert {finding["key"] for finding in document["findings"]} == {finding["key"] for finding in parsed("many hands")["findings"]}
    assert [finding["key"] for finding in document["findings"]] == [finding["key"] for finding in parsed("many hands")["findings"]]


def test_another_hand_changes_no_key_of_the_others() -> None:
    document = json.loads(scanned_to(fresh() / "more.json", written(altered((*HANDS, "hidden-setting")))))
    assert {finding["key"] for finding in parsed("many hands")["findings"]} < {finding["key"] for finding in document["findings"]}


def test_run_tells_how_it_was_made() -> None:
    run = parsed("many hands")["run"]
    assert run["tool"] == "triptych"
    assert run["command"][0] == "scan"
    assert run["started"] <= run["finished"]


def test_two_arguments_are_told_apart_by_their_number() -> None:
    folder = fresh()
    small().write(folder)
    out = scanned_to(folder / "out.json", str(folder / "Windows/System32/config"), str(folder / "Windows/System32/Tasks"))
    document = json.loads(out)
    assert {file["path"].partition(":")[0] for file in document["evidence"]} == {"0", "1"}
    assert without_run(out)["schema"] == "triptych.scan/1"


def test_below_a_severity_findings_are_left_out_and_tasks_stay() -> None:
    loud = json.loads(scanned_to(fresh() / "loud.json", *arguments("many hands"), "--min-severity", "high"))
    every = parsed("many hands")
    assert [finding["key"] for finding in loud["findings"]] == [
        finding["key"] for finding in every["findings"] if finding["severity"] in ("critical", "high")
    ]
    assert len(loud["tasks"]) == len(every["tasks"])


# -- logs and links -------------------------------------------------------------------------------------------------------


def test_each_log_has_its_row() -> None:
    rows = {row["channel"]: row for row in parsed("real logs")["logs"]}
    assert set(rows) == {"Security", "Microsoft-Windows-TaskScheduler/Operational"}
    own = rows["Microsoft-Windows-TaskScheduler/Operational"]
    assert own["first"] == "2021-01-27T11:40:14.7279671Z"
    assert own["last"] == "2021-01-27T11:42:29.9694245Z"
    assert (own["records"], own["kept"], own["gaps"], own["cleared"]) == (20, 20, [], [])
    assert own["enabled"] is None
    assert (own["beginning"], own["exported"], own["lost"]) == ("exported", True, 0)
    assert own["file"].endswith("TaskScheduler.evtx")


def test_a_cleared_log_says_by_whom_and_a_switch_is_told() -> None:
    case = Case(
        host=Host((Fact("channel", "Microsoft-Windows-TaskScheduler/Operational", stated("disabled", REF)),)),
        logs=(
            LogReport("Security", "s.evtx", NOON, NOON, 9, 9, (NumberGap(4, 6, NOON, NOON),), ordinal=1, first_number=7),
            LogReport("Microsoft-Windows-TaskScheduler/Operational", "t.evtx", Instant(0), NOON, 1, ordinal=9, first_number=3),
        ),
        events=blocks_of((CLEARED,)),
    )
    security, own = json_case.logs(case)
    assert security["cleared"] == [{"time": NOON.iso, "account": "LAB\\eve"}]
    assert security["gaps"] == [[4, 6]]
    assert security["beginning"] == "cleared"
    assert security["enabled"] is None
    assert own["enabled"] is False
    assert own["cleared"] == []
    assert own["first"] is None
    assert own["beginning"] == "rolled"


def test_links_lead_from_the_logon_over_the_registration_to_the_process() -> None:
    timeline = parsed("a real log of ATexec")["timeline"]
    chains = [
        (logon, made, ran)
        for logon in timeline
        for made in (timeline[link["to"]] for link in logon["links"])
        for ran in (timeline[link["to"]] for link in made["links"])
    ]
    kinds = {tuple(row["kind"] for row in chain) for chain in chains}
    assert ("logon", "registered", "process-created") in kinds
    assert ("logon", "share-access", "registered") in kinds
    (chain,) = [chain for chain in chains if [row["kind"] for row in chain] == ["logon", "registered", "process-created"]]
    assert "network logon (type 3)" in chain[0]["text"]
    assert chain[1]["task"] == "\\bouWFQYO"
    assert "whoami" in chain[2]["text"]
    assert all(link["why"] for row in chain for link in row["links"])


def test_links_stay_inside_the_timeline_and_never_lead_to_themselves(name: str) -> None:
    timeline = parsed(name)["timeline"]
    for place, row in enumerate(timeline):
        targets = [link["to"] for link in row["links"]]
        assert targets == sorted(set(targets))
        assert place not in targets
        assert all(0 <= target < len(timeline) for target in targets)


def test_a_reference_of_an_event_is_the_record_itself() -> None:
    data = shared(ATEXEC).read_bytes()
    looked = 0
    for row in parsed("a real log of ATexec")["timeline"]:
        for reference in row["evidence"]:
            record = data[reference["offset"] : reference["offset"] + reference["length"]]
            assert record[:4] == b"**\0\0"
            assert int.from_bytes(record[4:8], "little") == len(record)
            assert int.from_bytes(record[-4:], "little") == len(record)
            assert reference["place"]["kind"] == "event"
            assert reference["place"]["channel"] == "Security"
            looked += 1
    assert looked >= 6
