"""No file, or nothing but a file."""

from __future__ import annotations

from tests.rules.made import STOCK, Machine, findings, guid_of, not_stated, one, registry, stated, tasks_ref, xml
from triptych.model.finding import Severity
from triptych.model.task import Store

PATH = "\\Made\\Task 2"


def fileless(*paths: str) -> Machine:
    machine = Machine()
    for path in paths or (PATH,):
        del machine.xml[path]
    return machine


def test_a_registered_task_without_file_is_medium() -> None:
    finding = one(fileless(), "registry-only")
    assert (finding.severity, finding.task) == (Severity.MEDIUM, PATH)


def test_without_hash_and_schema_it_is_high() -> None:
    ref = tasks_ref(guid_of(2))
    machine = (
        fileless().change(PATH, "keeping", hash=not_stated(None, ref)).change(PATH, "registration", schema=not_stated(None, ref))
    )
    assert one(machine, "registry-only").severity is Severity.HIGH


def test_a_missing_schema_alone_says_nothing() -> None:
    machine = fileless().change(PATH, "registration", schema=not_stated(None, tasks_ref(guid_of(2))))
    assert one(machine, "registry-only").severity is Severity.MEDIUM


def test_a_shipped_task_with_its_own_action_is_information() -> None:
    assert one(fileless(STOCK), "registry-only").severity is Severity.INFO


def test_a_shipped_name_with_another_action_counts_in_full() -> None:
    machine = fileless(STOCK)
    action = machine.registry[STOCK].actions[0]
    evil = stated("C:\\Users\\Public\\defrag.exe", *action.command.refs)
    machine.change(STOCK, actions=(type(action)(type=action.type, command=evil),))
    assert one(machine, "registry-only").severity is Severity.MEDIUM


def test_files_that_were_not_collected_give_no_finding() -> None:
    machine = fileless(*Machine().xml)
    machine.unread.add(Store.XML)
    assert findings(machine, "registry-only") == []


def test_half_a_tasks_folder_is_information() -> None:
    machine = fileless(*(f"\\Made\\Task {number}" for number in range(1, 15)))
    assert {finding.severity for finding in findings(machine, "registry-only")} == {Severity.INFO}


def test_a_whole_folder_that_collectors_cannot_copy_is_low() -> None:
    machine = Machine()
    for number in (501, 502):
        path = f"\\Microsoft\\Windows\\Fictional Folder\\Task {number}"
        machine.registry[path] = registry(path, number)
    assert [finding.severity for finding in findings(machine, "registry-only")] == [Severity.LOW, Severity.LOW]
    path = "\\Microsoft\\Windows\\Fictional Folder\\Task 503"
    machine.registry[path] = registry(path, 503)
    machine.xml[path] = xml(machine.registry[path])
    assert [finding.severity for finding in findings(machine, "registry-only")] == [Severity.MEDIUM, Severity.MEDIUM]


def test_an_orphaned_tasks_key_is_not_registered() -> None:
    assert findings(fileless().change(PATH, orphan="tasks"), "registry-only") == []


def test_a_file_that_nothing_registers_is_low() -> None:
    machine = Machine()
    del machine.registry[PATH]
    finding = one(machine, "xml-only")
    assert (finding.severity, finding.task) == (Severity.LOW, PATH)


def test_without_a_registry_every_file_is_alone_and_none_is_accused() -> None:
    machine = Machine()
    machine.registry.clear()
    machine.unread.add(Store.REGISTRY)
    assert findings(machine, "xml-only") == []
    assert findings(Machine(), "xml-only") == []
