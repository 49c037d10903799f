"""Tasks that the service could not load."""

from __future__ import annotations

from tests.analysis.logged import event, named
from tests.rules.happened import cites, of_logs, on_machine
from tests.rules.made import STOCK, Machine, findings, guid_of, not_stated, one, tasks_ref
from triptych.model.finding import Severity


def test_a_task_that_could_not_be_loaded_is_medium_with_the_reason() -> None:
    events = (named(146, 0, "\\Gone", ResultCode="2147942402"), named(146, 86_400, "\\Gone", ResultCode="2147942402"))
    finding = one(of_logs(*events), "load-failed")
    assert (finding.severity, finding.task, finding.time) == (Severity.MEDIUM, "\\Gone", events[1].time)
    assert "2 times" in finding.summary
    assert "not found" in finding.why
    assert cites(finding, *events)


def test_what_the_registry_lacks_is_told_with_it() -> None:
    path = "\\Made\\Task 2"
    machine = Machine().change(path, "keeping", access=not_stated(None, tasks_ref(guid_of(2))))
    finding = one(on_machine(machine, named(146, 0, path, ResultCode="2147942402")), "load-failed")
    assert "no security descriptor" in finding.why


def test_413_names_no_task() -> None:
    finding = one(of_logs(event(413, 0, "System", ResultCode="2147942402")), "load-failed")
    assert (finding.task, finding.severity) == (None, Severity.MEDIUM)


def test_a_shipped_task_called_misconfigured_is_information() -> None:
    assert one(of_logs(named(414, 0, STOCK)), "load-failed").severity is Severity.INFO
    assert one(of_logs(named(414, 0, "\\Vendor")), "load-failed").severity is Severity.LOW


def test_a_failed_run_is_no_failed_load() -> None:
    assert findings(of_logs(named(101, 0, "\\X", ResultCode="2147942402"), named(203, 1, "\\X")), "load-failed") == []
