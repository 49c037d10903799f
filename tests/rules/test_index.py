"""Index 0, none, absurd, or not fitting the index keys."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.rules.made import (
    STOCK,
    Machine,
    daily,
    entry,
    findings,
    guid_of,
    later,
    not_stated,
    one,
    stated,
    tasks_ref,
    tree_ref,
    unreadable,
)
from triptych.model.evidence import Reading
from triptych.model.finding import Severity
from triptych.model.times import Instant

PATH = "\\Made\\Task 5"


def index(value: object, **more: object) -> Machine:
    reading: Reading[object] = value if isinstance(value, Reading) else stated(value, tree_ref(PATH))
    return Machine().change(PATH, "keeping", index=reading, **more)


def test_a_stock_machine_says_nothing_about_indexes() -> None:
    for rule in ("index-zero", "index-missing", "index-invalid", "index-mismatch"):
        assert findings(Machine(), rule) == []


def test_index_0_of_a_living_task_is_high() -> None:
    finding = one(index(0), "index-zero")
    assert finding.severity is Severity.HIGH
    assert finding.refs == (tree_ref(PATH),)
    assert findings(index(0), "index-mismatch") == []


def test_index_0_without_a_tasks_key_is_the_leftover_of_a_stock_windows_7() -> None:
    machine = Machine().windows_7().change(PATH, "keeping", index=stated(0, tree_ref(PATH))).change(PATH, orphan="tree")
    assert findings(machine, "index-zero") == []


def test_index_0_counts_on_windows_7_too() -> None:
    machine = Machine().windows_7().change(PATH, "keeping", index=stated(0, tree_ref(PATH)))
    assert one(machine, "index-zero").severity is Severity.HIGH


def test_index_0_while_the_service_was_registering_is_low() -> None:
    machine = index(0)
    written: Instant = machine.registry[PATH].keeping.tree_written.value or Instant(0)
    assert one(machine.fact("hive-written", later(written, 3).iso), "index-zero").severity is Severity.LOW
    assert one(index(0).fact("hive-written", later(written, 60).iso), "index-zero").severity is Severity.HIGH


def test_a_missing_index_is_high() -> None:
    assert one(index(not_stated(None, tree_ref(PATH))), "index-missing").severity is Severity.HIGH


@pytest.mark.parametrize("reading", [stated(5, tree_ref(PATH)), unreadable("33 00", tree_ref(PATH), note="REG_SZ, not a number")])
def test_an_index_that_the_service_never_writes_is_high(reading: Reading[int]) -> None:
    assert one(index(reading), "index-invalid").severity is Severity.HIGH


def test_index_and_key_that_differ_are_a_mismatch() -> None:
    finding = one(index(2), "index-mismatch")
    assert finding.severity is Severity.MEDIUM
    assert "Index says Logon, and the GUID is in Plain only" in finding.summary


def test_a_task_in_several_index_keys_is_legal() -> None:
    keys = stated(("Plain", "Maintenance"), tasks_ref(guid_of(5)))
    assert findings(index(3, index_keys=keys), "index-mismatch") == []
    assert findings(index(4, index_keys=keys), "index-mismatch") == []


def test_a_task_in_no_index_key_is_a_mismatch() -> None:
    assert "no index key" in one(index(3, index_keys=stated((), tasks_ref(guid_of(5)))), "index-mismatch").summary


def test_an_export_of_the_tree_alone_accuses_nobody() -> None:
    machine = Machine().each(lambda made, path: made.change(path, "keeping", index_keys=not_stated((), tree_ref(path))))
    assert findings(machine, "index-mismatch") == []


def triggers(*kinds: str, enabled: bool = True) -> Machine:
    ref = tasks_ref(guid_of(5))
    made = tuple(replace(daily(ref, kind), enabled=stated(enabled, ref)) for kind in kinds)
    return Machine().change(PATH, triggers=made).change_xml(PATH, triggers=made)


def test_a_logon_trigger_in_plain_alone_is_a_mismatch() -> None:
    assert "it starts at logon" in one(triggers("LogonTrigger"), "index-mismatch").summary
    assert "it starts at boot" in one(triggers("BootTrigger"), "index-mismatch").summary


def test_disabled_or_mixed_triggers_and_maintenance_allow_other_keys() -> None:
    assert findings(triggers("LogonTrigger", enabled=False), "index-mismatch") == []
    assert findings(triggers("LogonTrigger", "CalendarTrigger"), "index-mismatch") == []
    maintained = triggers("LogonTrigger").change(PATH, "settings", maintenance_period=stated("P1D", tasks_ref(guid_of(5))))
    assert findings(maintained, "index-mismatch") == []


def test_an_orphaned_index_entry_is_information() -> None:
    machine = Machine()
    machine.traces.append(entry("Plain", 4711))
    finding = one(machine, "index-mismatch")
    assert finding.severity is Severity.INFO
    assert finding.task is None


def test_an_entry_whose_guid_a_tree_key_names_is_told_there() -> None:
    machine = Machine().change(STOCK, orphan="tree")
    machine.traces.append(entry("Plain", 900))
    assert findings(machine, "index-mismatch") == []
    assert "index key Plain" in one(machine, "tasks-missing").why
