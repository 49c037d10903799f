"""Dates that exclude each other, and the many that only look odd."""

from __future__ import annotations

from tests.rules.made import DAY, STOCK, Machine, findings, guid_of, later, one, stated, tasks_ref, tree_ref, xml_ref
from triptych.model.finding import Severity

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
