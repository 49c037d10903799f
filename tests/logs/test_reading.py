"""Logs read through the evidence: events with their proof, reports, balances; whatever a file is called."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from tests.formats import evtx_made as made
from tests.material import bad_input, bad_inputs, shared
from tests.stores.memory_source import MemorySource
from triptych.analysis.event_table import EventTable
from triptych.evidence.layouts import Found, Item
from triptych.formats.faults import Faults
from triptych.limits import DEFAULT
from triptych.logs.event_kinds import TASKS
from triptych.logs.jobs import LOGS
from triptych.logs.numbers import folded_id, process_number
from triptych.logs.reading import listed_events
from triptych.model.case import Balance, Problem
from triptych.model.event import Event, EventBlock, LogReport
from triptych.model.evidence import EventPlace, EvidenceFile, ListingPlace, ReadState
from triptych.stores.job import Answer


def answers(files: Mapping[str, bytes | None], view: str = "") -> list[Answer]:
    source = MemorySource(files)
    items = tuple(source.item("event-log", path, view=view) for path in files)
    found = Found((), (*items, Item("listing", "other.csv", "", "other.csv")))
    return [answer for job in LOGS.jobs(found) for answer in LOGS.read(job, source, DEFAULT)]  # type: ignore[arg-type]


def events(got: list[Answer]) -> list[Event]:
    """Every event that came, in the order of the files and of the records in them."""
    tables = [EventTable([answer]) for answer in got if isinstance(answer, EventBlock)]
    return [event for table in tables for event in sorted(table, key=lambda event: event.ref.spans[0].offset)]


def test_the_atomic_set_tells_its_story() -> None:
    folder = shared("data/evtx/Velocidex")
    files = {"a": (folder / "TaskScheduler.evtx").read_bytes(), "b": (folder / "SecurityTasks.evtx").read_bytes()}
    got = answers(files)
    told = [(event.event_id, event.task) for event in events(got) if event.task and "OnLogon" in event.task]
    assert told == [(number, "\\T1053_005_OnLogon") for number in (106, 140, 129, 100, 200, 110, 201, 102, 141, 4698, 4702, 4699)]
    started = next(event for event in events(got) if event.event_id == 200)
    assert (started.process, started.process_id) == ("cmd.exe", 6292)
    assert started.instance_id == "FFBEDBA1-9858-4250-BEB7-F545AE86A0F5"
    assert {event.instance_id for event in events(got) if event.event_id in (100, 102, 110, 201)} >= {started.instance_id}
    created = next(event for event in events(got) if event.event_id == 4698)
    assert (created.account, created.logon_id, created.process_id) == ("RE-DEV\\yolo", "0x30e6e", 7356)
    assert "<Command>cmd.exe</Command>" in created.content
    assert created.lane == "security"
    assert created.version == 1


def test_every_event_cites_its_record() -> None:
    folder = shared("data/evtx/Velocidex")
    files = {"x/odd name.bin": (folder / "TaskScheduler.evtx").read_bytes()}
    for event in events(answers(files)):
        (span,) = event.ref.spans
        raw = files[span.file][span.offset : span.offset + span.length]
        assert raw.startswith(b"\x2a\x2a\0\0")
        assert event.ref.place == EventPlace(TASKS, event.record_id)
        assert event.record_id.to_bytes(8, "little") in raw  # EventRecordID, which an export keeps


def test_atexec_shows_the_remote_logon_and_the_pipe() -> None:
    (path,) = shared("data/evtx/mdecrevoisier").glob("ID4688,4698*ATexec*.evtx")
    got = events(answers({"a": path.read_bytes()}))
    kinds = {event.event_id for event in got}
    assert {4624, 4698, 4699, 5145, 4688} <= kinds
    created = next(event for event in got if event.event_id == 4698)
    logons = [event for event in got if event.event_id == 4624 and event.logon_id == created.logon_id]
    assert [event.get("LogonType") for event in logons] == ["3"]
    assert {event.get("RelativeTargetName") for event in got if event.event_id == 5145} == {"atsvc"}


def test_a_report_a_balance_and_the_file_last() -> None:
    clear = made.Made(1102, (("SubjectUserName", "eve"), ("SubjectDomainName", "LAB")), ticks=made.START)
    data = made.log(
        made.chunk([clear, *made.task_events(3, made.START + made.SECOND)], 50, ordinal=1), made.chunk(made.task_events(2), 60)
    )
    got = answers({"Archive-1.evtx": data}, view="VSS1")
    report = next(answer for answer in got if isinstance(answer, LogReport))
    assert (report.channel, report.records, report.kept, report.ordinal, report.view) == ("Security", 6, 6, 1, "VSS1")
    assert [(gap.first, gap.last) for gap in report.gaps] == [(54, 59)]
    assert [time.ticks for time in report.cleared] == [made.START]
    assert not report.exported
    (balance,) = [answer for answer in got if isinstance(answer, Balance)]
    assert (balance.promised, balance.listed, balance.closes) == (6, 6, True)
    last = got[-1]
    assert isinstance(last, EvidenceFile)
    assert (last.id, last.read, last.view) == (hashlib.sha256(data).hexdigest(), ReadState.WHOLE, "VSS1")
    assert {event.account for event in events(got) if event.kind == "log-cleared"} == {"LAB\\eve"}


def test_each_bad_log_costs_itself_alone() -> None:
    good = made.log(made.chunk(made.task_events(2), 1))
    files: dict[str, bytes | None] = {"a.evtx": good, "gone.evtx": None, "z.evtx": good}
    files |= {name: bad_input(name).read_bytes() for name in bad_inputs("evtx")}
    got = answers(files)
    ledger = {answer.path: answer.read for answer in got if isinstance(answer, EvidenceFile)}
    assert ledger.keys() == files.keys()
    assert (ledger["a.evtx"], ledger["z.evtx"], ledger["gone.evtx"]) == (ReadState.WHOLE, ReadState.WHOLE, ReadState.FAILED)
    if "evtx/empty.evtx" in files:
        assert ledger["evtx/empty.evtx"] is ledger["evtx/not_evtx.evtx"] is ReadState.FAILED
        assert ledger["evtx/records_zeroed.evtx"] is ReadState.PART
    assert all(answer.closes for answer in got if isinstance(answer, Balance))
    assert {event.ref.spans[0].file for event in events(got)} >= {"a.evtx", "z.evtx"}
    assert "gone.evtx" in {answer.file for answer in got if isinstance(answer, Problem)}


def test_small_logs_are_read_together_and_large_ones_in_stretches() -> None:
    rows = [Item("event-log", f"{number}.evtx", "", "", size=size) for number, size in enumerate([70_000] * 3 + [64 << 20, 70_000])]
    jobs = LOGS.jobs(Found((), tuple(rows)))
    assert sorted(len(job.items) for job in jobs) == [1] * 5 + [4]  # four stretches and the SHA-256
    packed = Item("event-log", "a.zip!/b.evtx", "", "", size=64 << 20)
    assert len(LOGS.jobs(Found((), (packed,)))) == 1  # it would be unpacked by each reader


def test_ids_have_one_spelling() -> None:
    assert folded_id("0x0000000000030E6E") == folded_id("200302") == "0x30e6e"
    assert folded_id("{ffbedba1-9858-4250-beb7-f545ae86a0f5}") == "FFBEDBA1-9858-4250-BEB7-F545AE86A0F5"
    assert folded_id("00000000-0000-0000-0000-000000000000") == folded_id("-") == folded_id("") == ""
    assert (process_number("0x1a2"), process_number("418"), process_number("0"), process_number("x")) == (418, 418, None, None)


def test_a_listing_of_events_gives_the_same_events() -> None:
    path = shared("data/evtx/OTRF__Security-Datasets/taskfilter-schtask_modification_2020-12-1907505969.json")
    data = path.read_bytes()
    faults = Faults(path.name)
    source = MemorySource({path.name: data})
    got = list(listed_events(data, source.item("listing", path.name), faults))
    assert isinstance(got[-1], Balance)
    first = got[0]
    assert isinstance(first, Event)
    assert (first.event_id, first.task) == (108, "\\Microsoft\\Windows\\LanguageComponentsInstaller\\Installation")
    assert first.instance_id == "0503AC85-E5DB-4E1A-8659-3DC76A5C89CA"
    assert first.ref.place == ListingPlace(1)
    assert first.time.iso == "2020-12-19T07:50:26.095Z"
    assert not faults.problems
