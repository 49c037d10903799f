"""Half tasks: which are leftovers, and which are alive and unseen."""

from __future__ import annotations

from dataclasses import replace

from tests.rules.made import (
    DAY,
    STOCK,
    Machine,
    entry,
    findings,
    folder,
    guid_of,
    later,
    not_stated,
    one,
    registry,
    stated,
    tasks_ref,
    tree_ref,
)
from triptych.model.finding import Severity
from triptych.model.task import Store

PATH = "\\Made\\Task 7"


def treeless(keys: tuple[str, ...] = (), days: float = 1) -> Machine:
    """A Tasks key whose Tree key is gone; it ran so many days after 1 March, the folder was written 90 days after."""
    ref = tasks_ref(guid_of(7))
    machine = Machine().change(PATH, orphan="tasks")
    machine.change(PATH, "run", last_run=stated(later(DAY, days * 86_400), ref))
    return machine.change(PATH, "keeping", index_keys=stated(keys, ref), tree_id=not_stated(None, ref))


def test_a_stock_machine_has_no_halves() -> None:
    for rule in ("tree-missing", "tasks-missing", "duplicate-id"):
        assert findings(Machine(), rule) == []


def test_a_tasks_key_without_tree_in_an_index_key_is_high() -> None:
    finding = one(treeless(("Plain",)), "tree-missing")
    assert finding.severity is Severity.HIGH
    assert finding.task == PATH


def test_without_index_and_without_a_later_run_it_is_a_leftover() -> None:
    assert one(treeless(days=10), "tree-missing").severity is Severity.LOW


def test_a_run_after_the_folder_was_written_makes_it_high_again() -> None:
    assert one(treeless(days=91), "tree-missing").severity is Severity.HIGH


def test_a_tree_key_that_lost_its_id_is_high() -> None:
    machine = treeless()
    machine.traces.append(folder(PATH))
    assert "lost its Id" in one(machine, "tree-missing").summary
    assert one(machine, "tree-missing").severity is Severity.HIGH


def second(keys: tuple[str, ...], seconds: float) -> Machine:
    """A second Tasks key that claims the path of a living task; registered so many seconds after the living one ran."""
    machine = Machine()
    old = registry(PATH, 77)
    ref = tasks_ref(guid_of(77))
    newest = machine.registry[PATH].run.last_run.value or DAY
    keeping = replace(old.keeping, index_keys=stated(keys, ref), tree_id=not_stated(None, ref))
    run = replace(old.run, registered=stated(later(newest, seconds), ref), last_run=not_stated(None, ref))
    machine.more.append(replace(old, orphan="tasks", keeping=keeping, run=run))
    return machine


def test_an_old_guid_of_a_task_registered_anew_is_low_in_both_rules() -> None:
    machine = second((), -1000)
    assert one(machine, "tree-missing").severity is Severity.LOW
    assert one(machine, "duplicate-id").severity is Severity.LOW


def test_a_second_guid_that_is_indexed_or_newer_is_high() -> None:
    for machine in (second(("Plain",), -1000), second((), 1000)):
        assert one(machine, "tree-missing").severity is Severity.HIGH
        assert one(machine, "duplicate-id").severity is Severity.HIGH


def no_tasks_key(xml: bool = True) -> Machine:
    machine = Machine().change(PATH, orphan="tree").change(PATH, "keeping", index_keys=stated((), tree_ref(PATH)))
    if not xml:
        del machine.xml[PATH]
    return machine


def test_a_tree_id_that_leads_nowhere_is_medium_while_something_else_is_left() -> None:
    assert one(no_tasks_key(), "tasks-missing").severity is Severity.MEDIUM
    machine = no_tasks_key(xml=False)
    machine.traces.append(entry("Logon", 7))
    assert one(machine, "tasks-missing").severity is Severity.MEDIUM


def test_without_index_and_file_it_is_a_leftover() -> None:
    assert one(no_tasks_key(xml=False), "tasks-missing").severity is Severity.LOW


def test_files_that_were_not_collected_prove_nothing() -> None:
    machine = no_tasks_key(xml=False)
    machine.unread.add(Store.XML)
    machine.xml.clear()
    finding = one(machine, "tasks-missing")
    assert finding.severity is Severity.LOW
    assert "none were collected" in finding.why


def test_the_leftovers_of_a_stock_windows_7_are_low() -> None:
    machine = Machine().windows_7().change(STOCK, orphan="tree")
    machine.change(STOCK, "keeping", index=stated(0, tree_ref(STOCK)), index_keys=stated((), tree_ref(STOCK)))
    assert one(machine, "tasks-missing").severity is Severity.LOW


def test_two_tree_keys_with_one_id_are_high() -> None:
    other, ref = "\\Made\\Task 8", tasks_ref(guid_of(7))
    shared = stated(guid_of(7), tree_ref(other))
    machine = Machine().change(other, "keeping", tree_id=shared, guid=stated(guid_of(7), ref), tasks_path=stated(PATH, ref))
    found = [finding for finding in findings(machine, "duplicate-id") if "share the Id" in finding.summary]
    assert [finding.task for finding in found] == [other]
    assert found[0].severity is Severity.HIGH
