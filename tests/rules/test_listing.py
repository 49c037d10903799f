"""What a listing proves, and when it proves nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.rules.made import STOCK, Machine, findings, later, listed, not_stated, one, registry, stated, tasks_ref, tree_ref, xml
from triptych.model.finding import Confidence, Severity
from triptych.model.task import Store
from triptych.model.times import Instant

PATH = "\\Made\\Task 4"


def test_a_whole_listing_is_quiet() -> None:
    machine = Machine().with_listing()
    assert findings(machine, "scheduler-missing") == []
    assert findings(machine, "scheduler-only") == []


def test_a_task_that_the_listing_lacks_is_high() -> None:
    finding = one(Machine().with_listing(without=[PATH]), "scheduler-missing")
    assert (finding.severity, finding.task) == (Severity.HIGH, PATH)


def test_a_hidden_task_is_confirmed_by_the_listing() -> None:
    machine = Machine().change(PATH, "keeping", access=not_stated(None, tree_ref(PATH))).with_listing(without=[PATH])
    finding = one(machine, "scheduler-missing")
    assert finding.confidence is Confidence.CERTAIN
    assert "confirms" in finding.why


def test_without_a_listing_the_reconstruction_accuses_nobody() -> None:
    machine = Machine().change(PATH, "keeping", access=not_stated(None, tree_ref(PATH)))
    assert findings(machine, "scheduler-missing") == []


def test_a_listing_that_shows_too_little_is_told_once_and_low() -> None:
    finding = one(Machine().with_listing(without=[f"\\Made\\Task {number}" for number in range(1, 9)]), "scheduler-missing")
    assert (finding.severity, finding.task) == (Severity.LOW, None)
    assert "fewer than 95 %" in finding.why


def test_a_listing_of_another_host_is_told_once_and_low() -> None:
    machine = Machine().with_listing(without=[PATH]).fact("listing-host", "OTHER", "OTHER")
    assert one(machine, "scheduler-missing").severity is Severity.LOW
    same = Machine().with_listing(without=[PATH]).fact("listing-host", "made.example.org", "made.example.org")
    assert one(same, "scheduler-missing").severity is Severity.HIGH


def test_a_task_registered_after_the_listing_is_no_contradiction() -> None:
    machine = Machine().with_listing()
    path = "\\Made\\Newcomer"
    new = registry(path, 60)
    newest = max((record.run.last_run.value.ticks for record in machine.listing.values() if record.run.last_run.value), default=0)
    late = Instant(newest + 1)
    machine.registry[path] = replace(new, run=replace(new.run, registered=stated(late, tasks_ref(new.guid))))
    machine.xml[path] = xml(machine.registry[path])
    finding = one(machine, "scheduler-missing")
    assert (finding.severity, finding.task) == (Severity.LOW, None)


@pytest.mark.parametrize(("field", "value"), [("hidden", True), ("enabled", False)])
def test_a_listing_that_leaves_out_a_kind_of_task_is_not_held_against_it(field: str, value: bool) -> None:
    machine = Machine()
    chosen = [f"\\Made\\Task {number}" for number in (1, 2, 3)]
    for path in chosen:
        machine.change(path, "settings", **{field: stated(value, tree_ref(path))})
        machine.change_xml(path, "settings", **{field: stated(value, tree_ref(path))})
    assert findings(machine.with_listing(without=chosen), "scheduler-missing") == []
    assert one(machine.with_listing(without=chosen[:1]), "scheduler-missing").task == chosen[0]


def test_a_name_that_the_table_cut_is_neither_missing_nor_alone() -> None:
    machine = Machine()
    path = "\\Made\\A name that is much longer than the forty characters of a table"
    machine.registry[path] = registry(path, 61)
    machine.xml[path] = xml(machine.registry[path])
    machine.with_listing(without=[path])
    cut = "\\Made\\" + path[6:43] + "..."
    machine.listing[cut] = replace(listed(machine.registry[path]), path=cut)
    assert findings(machine, "scheduler-missing") == []
    assert findings(machine, "scheduler-only") == []


def stranger(machine: Machine, days: float = 0) -> Machine:
    record = listed(registry("\\Stranger", 70))
    ran = later(registry("\\Stranger", 30).run.last_run.value, days * 86_400)
    machine.with_listing().listing["\\Stranger"] = replace(record, run=replace(record.run, last_run=stated(ran, *record.ref)))
    return machine


def test_a_listed_task_that_no_store_holds_is_high() -> None:
    finding = one(stranger(Machine()), "scheduler-only")
    assert (finding.severity, finding.task) == (Severity.HIGH, "\\Stranger")


def test_a_listing_newer_than_the_hive_is_low() -> None:
    assert one(stranger(Machine(), days=400), "scheduler-only").severity is Severity.LOW


def test_a_listing_without_any_registry_is_not_held_against_the_stores() -> None:
    machine = stranger(Machine())
    machine.registry.clear()
    machine.unread.add(Store.REGISTRY)
    assert findings(machine, "scheduler-only") == []


def test_a_stale_file_is_not_missing_from_a_listing() -> None:
    machine = Machine().with_listing(without=[STOCK])
    del machine.registry[STOCK]
    assert findings(machine, "scheduler-missing") == []
