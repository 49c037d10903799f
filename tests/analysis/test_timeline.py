from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analysis.logged import NOON, SYSMON, audited, blocks, definition, event, logon, named, process, run
from tests.analysis.made import GUID, host, local, record, ref, say, utc
from tests.material import shared
from tests.proving import broken_references
from tests.scanning import scanned
from triptych.analysis.timeline import moments
from triptych.logs.event_kinds import TASKS, kinds
from triptych.model.case import Case, Fact, Host
from triptych.model.event import Event, Moment
from triptych.model.evidence import EventPlace, EvidenceRef, Span
from triptych.model.task import Store, Task, Trace, TraceKind
from triptych.model.times import NEVER, Instant

DAY = "2026-03-14T02:1"


def _case() -> Case:
    xml = record(Store.XML, registration={"date": local("2024-01-01T00:00:00")}, keeping={"file_written": utc(DAY + "1:00")})
    registry = record(
        guid=GUID,
        registration={"date": local("2024-01-01T00:00:00")},
        keeping={"tree_written": utc(DAY + "2:00"), "tasks_written": utc(DAY + "5:00"), "index_written": utc(DAY + "2:30")},
        run={"registered": utc(DAY + "2:10"), "last_run": utc(DAY + "4:00"), "last_success": utc(DAY + "6:00")},
    )
    deleted = Trace(TraceKind.DELETED, "Tree\\Gone", (("what", say("key")),), (ref(),), utc(DAY + "3:00"))
    return Case(host=host(), records=(registry, xml), traces=(deleted, deleted))


def test_the_moments_of_a_task_in_order() -> None:
    found = moments(_case())
    assert [(moment.source, moment.kind) for moment in found] == [
        ("xml", "registration-date"),
        ("file", "file-modified"),
        ("registry", "tree-key-written"),
        ("registry", "registered"),
        ("registry", "index-key-written"),
        ("registry", "deleted-key"),
        ("registry", "last-run"),
        ("registry", "tasks-key-written"),
        ("registry", "last-success"),
    ]
    assert found[0].text == "XML Registration Date: \\Foo"
    assert found[0].precision == "seconds"
    assert all(moment.refs for moment in found)
    assert {moment.task for moment in found} == {"\\Foo", None}


def test_the_order_of_records_leaves_no_mark() -> None:
    case = _case()
    assert moments(case) == moments(case.with_(records=case.records[::-1], traces=case.traces[::-1]))


def test_other_views_are_named() -> None:
    old = record(view="Windows.old", keeping={"tree_written": utc(DAY + "1:00")})
    (moment,) = moments(Case(records=(old,)))
    assert moment.text.endswith("(in Windows.old)")


def test_times_that_no_calendar_has_are_left_out() -> None:
    odd = {"registered": Instant(0), "last_run": Instant(NEVER), "last_success": Instant(-5)}
    assert moments(Case(records=(record(run=odd),))) == ()


def test_local_times_are_ordered_by_the_hosts_bias() -> None:
    here = record(Store.XML, "\\L", registration={"date": local("2026-03-14T12:00:00")})
    there = record(path="\\U", keeping={"tree_written": utc("2026-03-14T11:30:00")})
    east = moments(Case(host=host(active_bias="-60"), records=(here, there)))
    west = moments(Case(host=host(active_bias="300"), records=(here, there)))
    assert [moment.task for moment in east] == ["\\L", "\\U"]
    assert [moment.task for moment in west] == ["\\U", "\\L"]


def test_what_traces_state() -> None:
    job = Trace(TraceKind.JOB, "Tasks/At1.job", (("last_run", say("2010-05-01T10:00:00")),), (ref(),))
    log = Trace(
        TraceKind.JOB_LOG, "SchedLgU.txt", (("started", say("2010-05-01T10:00:00")), ("finished", say("garbage"))), (ref(),)
    )
    found = moments(Case(traces=(job, log)))
    assert [(moment.source, moment.kind) for moment in found] == [("job", "job-started"), ("job", "last-run")]


def test_what_is_reconstructed_is_told_once() -> None:
    again = record(Store.SCHEDULER, run={"last_run": utc(DAY + "1:00")}, keeping={"basis": "reconstructed"})
    listed = record(Store.SCHEDULER, run={"last_run": local("2026-03-14T02:11:00")}, keeping={"basis": "listing"})
    assert moments(Case(records=(again,))) == ()
    assert [moment.source for moment in moments(Case(records=(listed,)))] == ["listing"]


@given(st.lists(st.integers(-(2**64), 2**64), max_size=6))
def test_any_ticks_are_sorted(ticks: list[int]) -> None:
    records = tuple(record(path=f"\\{number}", keeping={"tree_written": Instant(value)}) for number, value in enumerate(ticks))
    found = moments(Case(records=records))
    assert [moment.time.ticks for moment in found] == sorted(moment.time.ticks for moment in found)
    assert all(moment.time.showable for moment in found)


# -- events ---------------------------------------------------------------------------------------------------------------


def _logged(*events: Event, **more: Any) -> tuple[Moment, ...]:
    return moments(Case(events=blocks(*events), **more))


def test_events_are_told_in_words_with_their_record() -> None:
    content = definition("cmd.exe", "/c calc")
    found = _logged(
        audited(4698, 0, content=content, ClientProcessId="0x10"), named(201, 1, ActionName="cmd.exe", ResultCode="2147942401")
    )
    assert [moment.text for moment in found] == [
        "Task created: \\Evil; by LAB\\eve, logon 0x5a41; asked for by process 16; it starts cmd.exe /c calc; as S-1-5-18",
        "Action finished: \\Evil; cmd.exe; result 0x80070001, Incorrect function",
    ]
    assert [(moment.source, moment.kind, moment.task) for moment in found] == [
        ("security", "registered", "\\Evil"), ("tasks-log", "action-finished", "\\Evil"),
    ]  # fmt: skip
    assert found[0].account == "LAB\\eve"
    assert isinstance(found[0].refs[0].place, EventPlace)


def test_a_task_is_spelled_as_the_case_spells_it() -> None:
    case = Case(events=blocks(named(106, 0, "\\EVIL")), tasks=(Task("\\Evil", GUID),))
    assert [moment.task for moment in moments(case)] == ["\\Evil"]


def test_a_touch_names_the_task_by_its_path_or_guid() -> None:
    cache = "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache"
    reg = {"Image": "C:\\Windows\\System32\\reg.exe", "User": "NT AUTHORITY\\SYSTEM"}
    tree = event(12, 0, SYSMON, EventType="DeleteValue", TargetObject=f"{cache}\\Tree\\evil\\SD", **reg)
    tasks = event(13, 1, SYSMON, TargetObject=f"{cache}\\Tasks\\{GUID}\\Actions", Details="Binary Data", **reg)
    first, second = _logged(tree, tasks, tasks=(Task("\\Evil", GUID),))
    assert first.task == second.task == "\\Evil"
    assert "reg.exe deleted the value SD of the Tree key of \\Evil; by NT AUTHORITY\\SYSTEM" in first.text
    assert "reg.exe set the value Actions of the Tasks key of \\Evil" in second.text
    assert "data Binary Data" in second.text


def test_context_stands_there_only_where_a_link_leads_to_it() -> None:
    crowd = [process(number, 900 + number, "C:\\Windows\\x.exe", f"x {number}") for number in range(50)]
    found = _logged(*crowd, logon(60), audited(4698, 61))
    assert [moment.kind for moment in found] == ["logon", "registered"]
    assert [(link.to, link.why) for link in found[0].links] == [
        (1, "it names this logon, 0x5a41: a network logon (type 3) of LAB\\eve from 10.0.0.9")
    ]


def test_a_command_that_acts_on_a_task_is_of_that_task() -> None:
    line = 'schtasks /create /tn Evil /tr "calc.exe" /sc onlogon'
    first, second = _logged(process(0, 500, "C:\\Windows\\System32\\schtasks.exe", line), named(106, 0.1))
    assert first.task == "\\Evil"
    assert "the command reads as: created \\Evil, to start calc.exe, by schtasks" in first.text
    assert [link.to for link in first.links] == [1]
    assert second.kind == "registered"


def test_events_lead_to_the_times_they_left() -> None:
    at = Instant(NOON)
    registry = record(
        path="\\Evil", guid=GUID,
        keeping={"tree_written": Instant(NOON + 500_000), "tasks_written": Instant(NOON + 600_000_000 + 70_000)},
        run={"registered": at, "last_run": Instant(NOON + 600_000_000 + 20_000), "last_success": Instant(NOON + 610_000_000)},
    )  # fmt: skip
    xml = record(Store.XML, "\\Evil", keeping={"file_written": Instant(NOON + 900_000)})
    folder = Trace(TraceKind.TREE_FOLDER, "\\", (), (ref(),), Instant(NOON + 400_000))
    other = record(path="\\Other", keeping={"tree_written": Instant(NOON + 500_000)})
    case = Case(events=blocks(named(106, 0), *run(60)), records=(registry, xml, other), traces=(folder,))
    found = moments(case)
    led = {(found[place].kind, found[link.to].kind) for place in range(len(found)) for link in found[place].links}
    assert {
        ("registered", "tree-key-written"), ("registered", "registered"), ("registered", "file-modified"),
        ("registered", "folder-key-written"),
    } <= led  # fmt: skip
    assert ("run-finished", "last-success") in led or ("action-finished", "last-success") in led
    assert any(target == "last-run" for _, target in led)
    assert any(target == "tasks-key-written" and source != "registered" for source, target in led)
    other_places = {place for place, moment in enumerate(found) if moment.task == "\\Other"}
    assert not any(link.to in other_places for moment in found for link in moment.links)
    reasons = [link.why for moment in found for link in moment.links if found[link.to].kind == "tree-key-written"]
    assert reasons == ["the Tree key was last written 50 ms later: this act wrote it"]


def test_links_name_places_in_the_order_of_the_timeline() -> None:
    early = record(path="\\Early", keeping={"tree_written": utc("2020-01-01T00:00:00")})
    found = _logged(*run(0), process(0.01, 6292, "C:\\Windows\\System32\\cmd.exe", "cmd.exe"), records=(early,))
    assert found[0].task == "\\Early"
    for place, moment in enumerate(found):
        for link in moment.links:
            assert link.to != place
            assert 0 < link.to < len(found)
    (started,) = [moment for moment in found if moment.kind == "process-created" and moment.source == "tasks-log"]
    assert "security" in {found[link.to].source for link in started.links}


def test_a_record_that_a_shadow_copy_holds_too_stands_once() -> None:
    log = "Windows/System32/winevt/Logs/x.evtx"
    here = named(106, 0, record=7)
    copy = replace(here, view="VSS1", ref=EvidenceRef(here.ref.place, (Span(f"VSS1/{log}", 512, 400),)))
    gone = replace(named(141, 5, record=8), view="VSS1")
    found = _logged(here, copy, gone)
    assert [(moment.kind, moment.text.endswith("(in VSS1)")) for moment in found] == [("registered", False), ("deleted", True)]


def test_the_order_of_events_leaves_no_mark() -> None:
    events = (
        logon(0),
        audited(4698, 1, content=definition("cmd.exe")),
        named(106, 1),
        *run(2),
        process(2, 6292, "cmd.exe", "cmd.exe"),
    )
    assert _logged(*events) == _logged(*events[::-1])


def test_recovered_records_say_so() -> None:
    (moment,) = _logged(replace(named(106, 0), recovered=True))
    assert moment.text.endswith("recovered from the log by our own reading")


@pytest.mark.parametrize("number", sorted({number for channel, number in kinds() if channel == TASKS.casefold()}))
def test_every_kind_of_the_schedulers_log_has_words(number: int) -> None:
    (moment,) = _logged(event(number, 0, TASKS, TaskName="\\Evil", TaskPath="\\Evil"))
    assert moment.text
    assert moment.source == "tasks-log"


def test_real_logs_have_words_links_and_proof_for_every_event() -> None:
    for name in ("sbousseaden", "mdecrevoisier", "SigmaHQ", "puffyCid"):
        found = scanned(shared(f"data/evtx/{name}"))
        for place, moment in enumerate(found.case.timeline):
            assert moment.refs
            assert "\n" not in moment.text
            assert "  " not in moment.text
            assert "None" not in moment.text
            assert all(link.why and link.to != place for link in moment.links)
        times = [moment.time.ticks for moment in found.case.timeline]
        assert times == sorted(times)
        assert broken_references(found) == []


def test_the_switch_of_a_log_and_the_audit_policy_have_their_times() -> None:
    facts = (
        Fact("channel-written", TASKS, say("2026-03-14T02:11:00Z")),
        Fact("audit-policy-written", "", say("2026-03-14T02:12:00Z")),
        Fact("channel-written", "Other", say("garbage")),
    )
    found = moments(Case(host=Host(facts)))
    assert [(moment.kind, moment.text) for moment in found] == [
        ("switch-written", f"Event Log Switch Key Last Written: {TASKS}"),
        ("audit-policy-written", "Audit Policy Key Last Written"),
    ]
