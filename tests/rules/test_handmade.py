"""Marks of another writer: three make a hand, two make none."""

from __future__ import annotations

from dataclasses import replace

from tests.rules.made import Machine, daily, findings, guid_of, not_stated, one, stated, tasks_ref, tree_ref
from triptych.model.finding import Confidence, Severity
from triptych.model.times import Instant, parse_iso

PATH = "\\Made\\Task 9"
REF = tasks_ref(guid_of(9))
GHOST_VALUES = ("Author", "Path", "URI", "Date", "Actions", "DynamicInfo", "Triggers")


def hashless(machine: Machine) -> Machine:
    machine.change(PATH, "keeping", hash=not_stated(None, REF), value_names=stated(GHOST_VALUES, REF))
    return machine.change(PATH, "registration", schema=not_stated(None, REF))


def in_milliseconds(machine: Machine) -> Machine:
    ticks = (machine.registry[PATH].run.registered.value or Instant(0)).ticks
    return machine.change(PATH, "run", registered=stated(Instant(ticks - ticks % 10_000), REF))


def fileless(machine: Machine) -> Machine:
    del machine.xml[PATH]
    return machine


def test_a_stock_machine_is_the_services_own() -> None:
    assert findings(Machine(), "registry-handmade") == []
    assert findings(Machine().windows_7(), "registry-handmade") == []


def test_a_ghosttask_bears_all_marks() -> None:
    machine = fileless(in_milliseconds(hashless(Machine())))
    machine.change(PATH, triggers=(daily(REF, "LogonTrigger"),))
    machine.change(PATH, "keeping", crc=stated(0, REF), access=stated("O:BAG:SYD:", tree_ref(PATH)))
    finding = one(machine, "registry-handmade")
    assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence.LIKELY)
    for words in (
        "exactly the values Author",
        "logon trigger",
        "empty access list",
        "checksum of 0",
        "milliseconds",
        "no XML file",
    ):
        assert words in finding.why
    assert {REF, tree_ref(PATH)} <= set(finding.refs)


def test_three_marks_are_enough_and_less_sure() -> None:
    finding = one(fileless(in_milliseconds(hashless(Machine()))), "registry-handmade")
    assert finding.confidence is Confidence.POSSIBLE


def test_two_marks_are_not_enough() -> None:
    assert findings(fileless(hashless(Machine())), "registry-handmade") == []
    assert findings(fileless(in_milliseconds(Machine())), "registry-handmade") == []


def test_a_mark_that_many_tasks_bear_is_a_habit_of_the_host() -> None:
    machine = fileless(in_milliseconds(hashless(Machine())))
    for number in range(10, 20):
        ref = tasks_ref(guid_of(number))
        machine.change(f"\\Made\\Task {number}", "run", registered=stated(parse_iso("2026-02-01T10:00:00Z"), ref))
    assert findings(machine, "registry-handmade") == []


def test_local_time_written_as_utc_is_a_mark_where_the_zone_is_known() -> None:
    machine = in_milliseconds(hashless(Machine())).fact("active-bias", "-120")
    registered = machine.registry[PATH].run.registered.value or Instant(0)
    key = replace(registered, ticks=registered.ticks - 120 * 60 * 10_000_000 + 5_000_000)
    machine.change(PATH, "keeping", tree_written=stated(key, tree_ref(PATH)))
    assert "offset from UTC" in one(machine, "registry-handmade").why


def test_a_task_imported_without_version_has_no_schema_and_is_honest() -> None:
    machine = fileless(in_milliseconds(Machine())).change(PATH, "registration", schema=not_stated(None, REF))
    assert findings(machine, "registry-handmade") == []
