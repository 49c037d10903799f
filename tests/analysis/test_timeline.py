from hypothesis import given
from hypothesis import strategies as st

from tests.analysis.made import GUID, host, local, record, ref, say, utc
from triptych.analysis.timeline import moments
from triptych.model.case import Case
from triptych.model.task import Store, Trace, TraceKind
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
