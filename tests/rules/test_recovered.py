"""What was deleted: a task that lacks it now, a task that is gone, and everyday leftovers."""

from __future__ import annotations

from dataclasses import replace

from tests.rules.made import STOCK, TASKS, TREE, Machine, deleted, findings, guid_of, not_stated, one, stated, tree_ref, view_task
from triptych.model.finding import Severity
from triptych.model.task import Store, Trace, TraceKind

PATH = "\\Made\\Task 12"
GONE = guid_of(0xABC)


def traced(*traces: object) -> Machine:
    machine = Machine()
    machine.traces.extend(traces)  # type: ignore[arg-type]  # traces of the builders
    return machine


def test_a_machine_without_remains_is_quiet() -> None:
    assert findings(Machine(), "deleted-recovered") == []


def test_the_sd_of_a_task_that_lacks_it_is_medium() -> None:
    machine = traced(deleted(f"{TREE}{PATH}", "SD")).change(PATH, "keeping", access=not_stated(None, tree_ref(PATH)))
    finding = one(machine, "deleted-recovered")
    assert (finding.severity, finding.task) == (Severity.MEDIUM, PATH)


def test_an_older_sd_of_a_task_that_has_one_is_an_everyday_leftover() -> None:
    assert findings(traced(deleted(f"{TREE}{PATH}", "SD"), deleted(f"{TREE}{PATH}")), "deleted-recovered") == []
    assert findings(traced(deleted(f"{TASKS}\\{guid_of(12)}", "Actions")), "deleted-recovered") == []


def test_a_task_that_is_gone_is_one_finding_whatever_is_left_of_it() -> None:
    machine = traced(
        deleted(f"{TREE}\\Made\\Gone"), deleted(f"{TREE}\\Made\\Gone", "Id", GONE), deleted(f"{TREE}\\Made\\Gone", "SD")
    )
    finding = one(machine, "deleted-recovered")
    assert finding.severity is Severity.MEDIUM
    assert "\\Made\\Gone" in finding.summary
    assert len(finding.refs) == 3


def test_a_recovered_path_names_the_guid() -> None:
    machine = traced(deleted(f"{TASKS}\\{GONE}", "Path", "\\Made\\Named"), deleted(f"{TASKS}\\{GONE}", "Actions", "03 00"))
    assert "\\Made\\Named" in one(machine, "deleted-recovered").summary


def test_a_guid_alone_is_low_and_with_its_actions_medium() -> None:
    assert one(traced(deleted(f"{TASKS}\\{GONE}", "Hash")), "deleted-recovered").severity is Severity.LOW
    assert one(traced(deleted(f"{TASKS}\\{GONE}", "Actions")), "deleted-recovered").severity is Severity.MEDIUM


def test_a_shipped_task_that_was_registered_anew_is_information() -> None:
    machine = traced(deleted(f"{TREE}{STOCK}", "Id", GONE))
    del machine.registry[STOCK], machine.xml[STOCK]
    assert one(machine, "deleted-recovered").severity is Severity.INFO


def test_a_bare_key_may_have_been_a_folder() -> None:
    assert one(traced(deleted(f"{TREE}\\Made\\Folder")), "deleted-recovered").severity is Severity.LOW
    assert findings(traced(deleted(f"{TREE}\\Made")), "deleted-recovered") == []


def test_a_shadow_copy_holds_a_task_that_is_gone() -> None:
    finding = one(traced(view_task("\\Made\\Once", "VSS1", "evil.exe")), "deleted-recovered")
    assert finding.severity is Severity.MEDIUM
    assert "evil.exe" in finding.why


def test_an_upgrade_drops_tasks_and_windows_its_own() -> None:
    assert one(traced(view_task("\\Made\\Once", "Windows.old")), "deleted-recovered").severity is Severity.LOW
    assert findings(traced(view_task("\\Microsoft\\Windows\\Application Experience\\AitAgent", "VSS1")), "deleted-recovered") == []


def test_a_task_of_another_view_that_is_still_there_is_none() -> None:
    assert findings(traced(view_task(PATH.upper(), "VSS1")), "deleted-recovered") == []
    machine = traced(view_task("\\Made\\Once", "VSS1"))
    machine.unread.add(Store.REGISTRY)
    assert findings(machine, "deleted-recovered") == []


def test_a_recovered_half_belongs_to_the_half_that_is_left() -> None:
    machine = traced(deleted(f"{TREE}{PATH}", "Id", guid_of(12))).change(PATH, orphan="tasks")
    assert one(machine, "deleted-recovered").task == PATH
    machine = traced(deleted(f"{TASKS}\\{guid_of(12)}", "Actions", "evil.exe")).change(PATH, orphan="tree")
    finding = one(machine, "deleted-recovered")
    assert finding.task == PATH
    assert "evil.exe" in finding.why


def test_what_the_log_removed_counts_as_deleted() -> None:
    trace = deleted(f"{TREE}{PATH}", "SD")
    reading = trace.reading("key")
    removal = replace(
        trace, kind=TraceKind.LOG_CHANGE, readings=(*trace.readings[1:3], ("what", replace(reading, value="value-removed")))
    )
    machine = traced(removal).change(PATH, "keeping", access=not_stated(None, tree_ref(PATH)))
    assert one(machine, "deleted-recovered").severity is Severity.MEDIUM
    written = replace(removal, readings=(*removal.readings[:-1], ("what", replace(reading, value="value-changed"))))
    assert findings(traced(written), "deleted-recovered") == []


def by_log(what: str, value: str = "", path: str = PATH) -> Trace:
    """What the replay of the hive's log changed at a task's Tree key."""
    ref = tree_ref(path, value or None)
    said = [("what", stated(what, ref)), ("key", stated(f"{TREE}{path}", ref))]
    said += [("value", stated(value, ref)), ("after", stated("O:BAG:SYD:AI(A;;FA;;;SY)", ref))] if value else []
    return Trace(TraceKind.LOG_CHANGE, f"{TREE}{path}", tuple(said), (ref,))


def test_an_sd_that_the_log_puts_back_was_missing_for_a_time() -> None:
    finding = one(traced(by_log("value-added", "SD"), by_log("key-written")), "deleted-recovered")
    assert (finding.severity, finding.task) == (Severity.MEDIUM, PATH)
    assert "put back" in finding.summary
    assert findings(traced(by_log("value-added", "SD")), "sd-missing") == []


def test_a_task_that_the_log_itself_registers_was_never_without_its_sd() -> None:
    assert findings(traced(by_log("key-added"), by_log("value-added", "SD")), "deleted-recovered") == []
    assert findings(traced(by_log("value-added", "Id"), by_log("value-added", "SD")), "deleted-recovered") == []
    assert findings(traced(by_log("value-changed", "SD"), by_log("value-added", "Index")), "deleted-recovered") == []
    assert findings(traced(by_log("value-added", "SD", "\\Made")), "deleted-recovered") == []
