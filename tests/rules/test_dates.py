"""Dates that exclude each other, and the many that only look odd."""

from __future__ import annotations

from tests.analysis.logged import NOON, blocks, event, logon, named, run
from tests.rules.made import DAY, STOCK, Machine, findings, guid_of, later, one, stated, tasks_ref, tree_ref, xml_ref
from triptych.model.case import Case
from triptych.model.event import Event
from triptych.model.finding import Confidence, Severity
from triptych.model.times import TICKS_A_SECOND, Instant

PATH = "\\Made\\Task 11"
REF = tasks_ref(guid_of(11))


def registered(seconds: float, zone: str = "") -> Machine:
    """Registered so many seconds after the Tasks key was written last."""
    machine = Machine()
    key = machine.registry[PATH].keeping.tasks_written.value or DAY
    if zone:
        machine.fact("bias", zone)
    machine.change_xml(PATH, "keeping", file_written=stated(later(key, seconds), xml_ref(PATH)))
    return machine.change(PATH, "run", registered=stated(later(key, seconds), REF))


def test_a_stock_machine_is_in_order() -> None:
    assert findings(Machine(), "time-contradiction") == []


def test_a_date_younger_than_its_key_is_a_contradiction() -> None:
    finding = one(registered(7200), "time-contradiction")
    assert finding.severity is Severity.LOW
    assert finding.task == PATH
    assert "GhostTask" not in finding.why


def test_the_offset_of_the_host_names_local_time_written_as_utc() -> None:
    assert "offset from UTC" in one(registered(7200, "-120"), "time-contradiction").why


def test_seconds_between_value_and_key_are_the_write_itself() -> None:
    assert findings(registered(20), "time-contradiction") == []


def test_a_task_dated_back_by_maintenance_is_in_order() -> None:
    assert findings(registered(-40 * 86_400), "time-contradiction") == []


def test_an_old_task_with_a_young_key_ran_yesterday() -> None:
    machine = Machine().change(PATH, "keeping", tasks_written=stated(later(DAY, 300 * 86_400), REF))
    assert findings(machine, "time-contradiction") == []


def test_a_clock_that_was_set_back_is_the_story_of_the_host() -> None:
    machine = Machine()
    for number in range(1, 12):
        ref = tasks_ref(guid_of(number))
        machine.change(f"\\Made\\Task {number}", "keeping", tasks_written=stated(DAY, ref))
    assert findings(machine, "time-contradiction") == []


def aged(path: str, days: float) -> Machine:
    machine = Machine()
    at = machine.registry[path].run.registered.value or DAY
    return machine.change_xml(path, "keeping", file_written=stated(later(at, -days * 86_400), xml_ref(path)))


def test_a_file_older_than_the_registration_is_a_contradiction() -> None:
    assert "claims to be of" in one(aged(PATH, 2000), "time-contradiction").summary


def test_shipped_files_carry_the_date_of_the_image() -> None:
    assert findings(aged(STOCK, 2000), "time-contradiction") == []


def test_a_file_written_later_or_within_a_day_is_in_order() -> None:
    assert findings(aged(PATH, -30), "time-contradiction") == []
    assert findings(aged(PATH, 0.5), "time-contradiction") == []


def test_an_upgrade_registers_many_tasks_in_one_hour() -> None:
    machine = aged(PATH, 2000)
    at = machine.registry[PATH].run.registered.value or DAY
    for number in range(12, 18):
        ref = tree_ref(f"\\Made\\Task {number}")
        machine.change(f"\\Made\\Task {number}", "run", registered=stated(later(at, number), ref))
    assert findings(machine, "time-contradiction") == []


def test_a_date_that_had_not_come_yet_is_a_contradiction() -> None:
    machine = Machine()
    key = machine.registry[PATH].keeping.tasks_written.value or DAY
    assert findings(machine.change(PATH, "registration", date=stated(later(key, 90_000), REF)), "time-contradiction") == []
    machine.change(PATH, "registration", date=stated(later(key, 30 * 86_400), REF))
    assert "its Date is" in one(machine, "time-contradiction").summary


# -- against events -------------------------------------------------------------------------------------------------------


def logged(machine: Machine, *events: Event) -> Case:
    return machine.case.with_(events=blocks(*events))


def at(instant: Instant | None, seconds: float) -> float:
    """Seconds of an event so that it lies so many after a moment."""
    assert instant is not None
    return (instant.ticks - NOON) / TICKS_A_SECOND + seconds


def test_a_key_older_than_the_event_of_its_registration() -> None:
    machine = Machine()
    key = machine.registry[PATH].keeping.tasks_written.value
    found = one(logged(machine, named(106, at(key, 3600), PATH)), "time-contradiction")
    assert "key claims to be of" in found.summary
    registered = machine.registry[PATH].run.registered.value
    assert findings(logged(machine, named(106, at(registered, 10), PATH)), "time-contradiction") == []


def test_a_hive_older_than_the_event_knows_nothing_of_it() -> None:
    machine = Machine()
    late = at(DAY, 200 * 86_400)
    assert findings(logged(machine, named(106, late, PATH), *run(late, 5, PATH)), "time-contradiction") == []


def test_a_last_run_older_than_the_newest_run_event() -> None:
    machine = Machine()
    last = machine.registry[PATH].run.last_run.value
    found = one(logged(machine, *run(at(last, 3600), 5, PATH)), "time-contradiction")
    assert "ran last at" in found.summary
    assert findings(logged(machine, *run(at(last, 5), 5, PATH)), "time-contradiction") == []


def test_a_file_older_than_the_event_of_its_registration() -> None:
    machine = Machine()
    registered = machine.registry[PATH].run.registered.value
    old = stated(later(DAY, -400 * 86_400), xml_ref(PATH))
    machine.change(PATH, "run", registered=stated(later(registered or DAY, -3600), REF))
    machine.change_xml(PATH, "keeping", file_written=old)
    found = findings(logged(machine, named(106, at(registered, 0), PATH)), "time-contradiction")
    assert any("before event 106" in one.summary for one in found)
    fresh = Machine()
    assert findings(logged(fresh, named(106, at(registered, 0), PATH)), "time-contradiction") == []


def test_a_date_long_before_its_registration_by_an_author_of_this_machine() -> None:
    machine = Machine()
    registered = machine.registry[PATH].run.registered.value
    machine.change(PATH, "registration", date=stated(later(DAY, -900 * 86_400), REF), author=stated("MADE\\eve", REF))
    found = one(logged(machine, named(106, at(registered, 0), PATH)), "time-contradiction")
    assert found.confidence is Confidence.POSSIBLE
    assert "its Date is" in found.summary
    machine.change(PATH, "registration", author=stated("Vendor Inc.", REF))
    assert findings(logged(machine, named(106, at(registered, 0), PATH)), "time-contradiction") == []


def test_stock_tasks_and_their_events_are_left_in_peace() -> None:
    machine = Machine()
    key = machine.registry[STOCK].keeping.tasks_written.value
    assert findings(logged(machine, named(106, at(key, 7200), STOCK)), "time-contradiction") == []


def test_a_clock_that_went_back_is_told_once_with_its_change() -> None:
    change = event(4616, 7000, record=101, SubjectDomainName="LAB", SubjectUserName="eve", ProcessName="C:\\x.exe")
    events = [logon(0, record=100), logon(7200, record=102), logon(100, record=103), logon(-9000, record=104)]
    found = one(logged(Machine(), *events, change), "time-contradiction")
    assert found.task is None
    assert "went back by" in found.summary
    again = [logon(0, record=1), logon(-10, record=2), logon(-5, record=3)]
    assert findings(logged(Machine(), *again), "time-contradiction") == []


def test_many_at_once_are_the_machines_story() -> None:
    machine = Machine()
    events = [
        named(106, at(record.keeping.tasks_written.value, 3600), path) for path, record in machine.registry.items() if path != STOCK
    ]
    assert findings(logged(machine, *events), "time-contradiction") == []
