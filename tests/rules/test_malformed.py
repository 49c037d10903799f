"""Values that the service would not have written so, and host-wide habits that are no hand on one task."""

from __future__ import annotations

import pytest

from tests.rules.made import VALUES, Machine, findings, guid_of, not_stated, one, stated, tasks_ref, tree_ref, unreadable
from triptych.model.evidence import Reading
from triptych.model.finding import Severity
from triptych.model.task import Extra

PATH = "\\Made\\Task 10"
REF = tasks_ref(guid_of(10), "Actions")


def with_extra(name: str, reading: Reading[str]) -> Machine:
    return Machine().change(PATH, extras=(Extra(name, reading),), complete=reading.note == "x")


def test_a_stock_machine_is_well_formed() -> None:
    assert findings(Machine(), "value-malformed") == []
    assert findings(Machine().windows_7(), "value-malformed") == []


def test_bytes_left_over_are_medium() -> None:
    reading = unreadable("de ad", REF, note="2 bytes not understood: an unknown action 0xADDE")
    finding = one(with_extra("Actions", reading), "value-malformed")
    assert finding.severity is Severity.MEDIUM
    assert "Actions: 2 bytes not understood" in finding.summary
    assert finding.refs[0] == REF


def test_a_value_of_the_wrong_type_is_medium() -> None:
    reading = unreadable("63 00", REF, note="REG_SZ of 40 bytes, not REG_BINARY")
    assert "cannot be read (REG_SZ of 40 bytes, not REG_BINARY)" in one(with_extra("Actions", reading), "value-malformed").summary


def test_text_after_nul_and_a_second_value_are_told() -> None:
    machine = Machine().change(PATH, "registration", author=stated("Made", REF, note="text after NUL: 'evil'"))
    assert "goes on after its end" in one(machine, "value-malformed").summary
    twice = with_extra("Actions", stated("00", REF, note="REG_BINARY; a second value of this name"))
    assert "twice" in one(twice, "value-malformed").summary


def test_keys_below_a_task_hide_what_lies_there() -> None:
    assert "keys lie below" in one(with_extra("Tree.subkeys", stated("Under", tree_ref(PATH))), "value-malformed").summary


def test_an_unknown_value_that_can_be_read_is_none() -> None:
    assert findings(with_extra("Package", stated("Made.Package", REF)), "value-malformed") == []


@pytest.mark.parametrize("missing", ["Path", "Triggers", "DynamicInfo", "Actions", "Hash"])
def test_a_value_that_the_service_always_writes_is_missed(missing: str) -> None:
    names = tuple(name for name in VALUES if name != missing)
    finding = one(Machine().change(PATH, "keeping", value_names=stated(names, REF)), "value-malformed")
    assert finding.severity is Severity.MEDIUM
    assert f"no {missing} value" in finding.summary


def test_schema_is_missed_where_the_file_states_a_version_alone() -> None:
    names = tuple(name for name in VALUES if name != "Schema")
    machine = Machine().change(PATH, "keeping", value_names=stated(names, REF))
    assert "Schema" in one(machine, "value-malformed").summary
    machine.change_xml(PATH, "registration", schema=not_stated(None, REF))
    assert findings(machine, "value-malformed") == []


def test_what_sd_and_index_rules_tell_is_not_told_twice() -> None:
    machine = Machine().change(PATH, "keeping", access=unreadable("", REF), index=unreadable("", REF)).change(PATH, complete=False)
    assert findings(machine, "value-malformed") == []


def test_a_fault_of_many_tasks_is_told_once_and_low() -> None:
    machine = Machine()
    for path, record in list(machine.registry.items()):
        reading = unreadable("00", tasks_ref(record.guid), note="8 bytes not understood: a layout of tomorrow")
        machine.change(path, extras=(Extra("Triggers", reading),), complete=False)
    finding = one(machine, "value-malformed")
    assert (finding.severity, finding.task) == (Severity.LOW, None)


def test_half_a_task_lacks_nothing() -> None:
    assert (
        findings(Machine().change(PATH, "keeping", value_names=stated((), REF)).change(PATH, orphan="tasks"), "value-malformed")
        == []
    )
