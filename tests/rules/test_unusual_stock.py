"""Against what Windows ships: altered, switched off, foreign, hidden, unknown; and what is as it was shipped."""

from __future__ import annotations

import json

import pytest

from tests.rules.made import STOCK, Machine, findings, known, not_stated, one, registry, stated, xml
from tests.rules.planted import PATH, REF, as_user, change, executes, handles, planted, served
from triptych.analysis.learning import learn, read_learned
from triptych.model.finding import Severity
from triptych.model.task import TaskRecord
from triptych.rules.book import judged
from triptych.rules.rule import Context
from triptych.rules.unusual_stock import NOT_IN_BASELINE

DEFENDER = "\\Microsoft\\Windows\\Windows Defender\\"
PROTECTING = (
    f"{DEFENDER}Windows Defender Cleanup",
    f"{DEFENDER}Windows Defender Verification",
    "\\Microsoft\\Windows\\SystemRestore\\SR",
)
FOREIGN = "\\Microsoft\\Windows\\NetTrace\\GatherTelemetryCache"
INSIDE, OUTSIDE = "C:\\Program Files\\Made\\made.exe", "C:\\ProgramData\\x\\made.exe"


def starting(command: str, arguments: str = "", *, build: int = 19045) -> Machine:
    machine = Machine(build=build)
    return change(machine, STOCK, actions=(executes(command, arguments),))


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("%windir%\\system32\\defrag.exe", "-c -h -o -$"),
        ("C:\\Windows\\System32\\Defrag.exe", "-c -h -k -g -$"),
        ("defrag.exe", "-c"),
    ],
)
def test_the_shipped_program_is_no_change(command: str, arguments: str) -> None:
    assert findings(starting(command, arguments), "stock-altered") == []


@pytest.mark.parametrize(
    ("command", "arguments", "severity"),
    [
        ("C:\\Windows\\System32\\notepad.exe", "", Severity.MEDIUM),
        (INSIDE, "", Severity.MEDIUM),
        (OUTSIDE, "-c", Severity.HIGH),
        ("C:\\Windows\\System32\\rundll32.exe", "C:\\Windows\\System32\\a.dll,Run", Severity.HIGH),
        ("powershell.exe", "-File C:\\Windows\\a.ps1", Severity.HIGH),
    ],
)
def test_another_program_weighs_by_where_and_what_it_is(command: str, arguments: str, severity: Severity) -> None:
    finding = one(starting(command, arguments), "stock-altered")
    assert finding.severity is severity
    assert finding.task == STOCK
    assert "defrag.exe" in finding.why
    assert REF in finding.refs


PROXY, CLOCK = "\\Microsoft\\Windows\\Autochk\\Proxy", "\\Microsoft\\Windows\\Time Synchronization\\SynchronizeTime"
RUNDLL, SC = "%windir%\\system32\\rundll32.exe", "%windir%\\system32\\sc.exe"


@pytest.mark.parametrize(
    ("path", "command", "arguments"),
    [
        (PROXY, RUNDLL, "/d C:\\Windows\\System32\\evil.dll,PerformAutochkOperations"),
        (PROXY, "rundll32.exe", "evil,Run"),
        (CLOCK, SC, "start evilsvc task_started"),
    ],
)
def test_a_shipped_host_that_runs_something_else(path: str, command: str, arguments: str) -> None:
    machine = change(planted(path, command, arguments), path, "principal", user_id=stated("S-1-5-19", REF))
    finding = one(machine, "stock-altered")
    assert finding.severity is Severity.MEDIUM
    assert "it runs what its arguments name" in finding.why


@pytest.mark.parametrize(
    ("path", "command", "arguments"),
    [
        (PROXY, RUNDLL, "/d acproxy.dll,PerformAutochkOperations"),
        (PROXY, "C:\\Windows\\System32\\rundll32.exe", "C:\\Windows\\system32\\ACPROXY.DLL,PerformAutochkOperations"),
        (PROXY, "rundll32", "/d acproxy,AnotherEntry"),
        (CLOCK, SC, "start W32Time task_started"),
    ],
)
def test_a_shipped_host_on_its_errand_is_no_change(path: str, command: str, arguments: str) -> None:
    machine = change(planted(path, command, arguments), path, "principal", user_id=stated("S-1-5-19", REF))
    assert findings(machine, "stock-altered") == []


def test_a_build_newer_than_the_lists_makes_an_inner_change_low_and_no_outer_one() -> None:
    assert one(starting(INSIDE, build=29000), "stock-altered").severity is Severity.LOW
    assert one(starting(OUTSIDE, build=29000), "stock-altered").severity is Severity.HIGH


def test_an_action_more_is_a_change() -> None:
    machine = Machine()
    change(machine, STOCK, actions=(*machine.registry[STOCK].actions, executes(OUTSIDE)))
    assert "action 1" not in one(machine, "stock-altered").summary
    assert OUTSIDE in one(machine, "stock-altered").summary


def test_a_class_instead_of_a_program_is_a_change() -> None:
    machine = served(Machine(), "{6F1D8C11-5A0C-4C2D-8C1E-3B52B05B4E07}", "machine; inproc", "C:\\Windows\\System32\\a.dll")
    change(machine, STOCK, actions=(handles("{6F1D8C11-5A0C-4C2D-8C1E-3B52B05B4E07}"),))
    assert "COM class {6F1D8C11" in one(machine, "stock-altered").summary


def test_a_shipped_task_raised_to_system() -> None:
    path = next(
        task.path
        for task in known().stock
        if task.actions and task.principals and not {"S-1-5-18", "S-1-5-32-544"} & {*task.principals}
    )
    stock = known().find(path)
    assert stock is not None
    record = registry(path, 720, stock.actions[0].command, stock.actions[0].arguments)
    if stock.actions[0].type != "Exec":
        record = _with_class(record, stock.actions[0].class_id)
    machine = Machine()
    machine.registry[path], machine.xml[path] = record, xml(record)
    finding = one(machine, "stock-altered")
    assert "runs as SYSTEM" in finding.summary
    assert finding.severity is Severity.MEDIUM
    change(machine, path, "principal", user_id=stated(stock.principals[0], REF), run_level=stated("LeastPrivilege", REF))
    assert findings(machine, "stock-altered") == []


def _with_class(record: TaskRecord, class_id: str) -> TaskRecord:
    machine = Machine()
    machine.registry[record.path] = record
    return machine.change(record.path, actions=(handles(class_id),)).registry[record.path]


def disabled(paths: tuple[str, ...], *, enabled: bool = False) -> Machine:
    machine = Machine()
    for number, path in enumerate(paths, 730):
        record = registry(path, number, "C:\\Windows\\System32\\made.exe", "")
        machine.registry[path], machine.xml[path] = record, xml(record)
        change(machine, path, "settings", enabled=stated(enabled, REF))
    return machine


def test_one_protecting_task_switched_off_is_low_and_several_are_medium() -> None:
    assert one(disabled(PROTECTING[:1]), "stock-disabled").severity is Severity.LOW
    assert [finding.severity for finding in findings(disabled(PROTECTING[:2]), "stock-disabled")] == [Severity.LOW] * 2
    several = findings(disabled(PROTECTING), "stock-disabled")
    assert [finding.severity for finding in several] == [Severity.MEDIUM] * 3
    assert all("3 protecting tasks" in finding.why for finding in several)


def test_enabled_ones_and_other_stock_tasks_switched_off_are_nothing() -> None:
    assert findings(disabled(PROTECTING, enabled=True), "stock-disabled") == []
    assert findings(change(Machine(), STOCK, "settings", enabled=stated(False, REF)), "stock-disabled") == []


def test_a_protecting_task_without_triggers() -> None:
    path = f"{DEFENDER}Windows Defender Scheduled Scan"
    stock = known().find(path)
    assert stock is not None
    assert stock.maintenance, "Windows starts it in maintenance"
    machine = change(disabled((path,), enabled=True), path, triggers=())
    assert one(machine, "stock-disabled").summary.startswith(f"{path} has no trigger left")
    kept = change(machine, path, "settings", maintenance_period=stated("P1D", REF))
    assert findings(kept, "stock-disabled") == []
    assert findings(change(disabled((path,), enabled=True), path, has_triggers=False, triggers=()), "stock-disabled") == []


def test_a_foreign_task_in_a_stock_folder_is_low_inside_and_medium_outside() -> None:
    assert one(planted(FOREIGN, INSIDE), "stock-folder-foreign").severity is Severity.LOW
    outside = one(planted(FOREIGN, OUTSIDE), "stock-folder-foreign")
    assert outside.severity is Severity.MEDIUM
    assert OUTSIDE in outside.why
    assert one(planted(FOREIGN, INSIDE, build=29000), "stock-folder-foreign").severity is Severity.INFO


def test_a_file_that_nothing_registers_stays_low() -> None:
    assert one(planted(FOREIGN, OUTSIDE, registered=False), "stock-folder-foreign").severity is Severity.LOW


def test_tasks_of_management_and_other_folders_are_not_foreign() -> None:
    for path, command in (
        (PATH, OUTSIDE),
        ("\\Microsoft\\Office\\Made", OUTSIDE),
        (
            "\\Microsoft\\Windows\\EnterpriseMgmt\\{11111111-2222-4333-8444-555555555555}\\Schedule",
            "C:\\Windows\\System32\\deviceenroller.exe",
        ),
        ("\\Microsoft\\Windows\\PowerShell\\ScheduledJobs\\Nightly", "powershell.exe"),
    ):
        assert findings(planted(path, command), "stock-folder-foreign") == []
    evil = planted("\\Microsoft\\Windows\\EnterpriseMgmt\\{11111111-2222-4333-8444-555555555555}\\Schedule", OUTSIDE)
    assert one(evil, "stock-folder-foreign").severity is Severity.MEDIUM


def test_several_of_one_folder_are_one_finding() -> None:
    machine = Machine()
    for number in range(4):
        path = f"\\Microsoft\\Windows\\MadeNew\\Feature {number}"
        record = registry(path, 740 + number, INSIDE)
        machine.registry[path], machine.xml[path] = record, xml(record)
    finding = one(machine, "stock-folder-foreign")
    assert finding.task is None
    assert "4 tasks" in finding.summary
    assert finding.severity is Severity.LOW


def hidden(path: str, command: str = INSIDE) -> Machine:
    machine = Machine() if path == STOCK else planted(path, command)
    return change(machine, path, "settings", hidden=stated(True, REF))


def test_a_hidden_task_of_nobody_is_medium() -> None:
    finding = one(hidden(PATH), "hidden-setting")
    assert finding.severity is Severity.MEDIUM
    assert finding.refs == (REF,)


def test_hidden_stock_tasks_and_unhidden_ones_are_nothing() -> None:
    assert findings(hidden(STOCK), "hidden-setting") == []
    assert findings(planted(), "hidden-setting") == []
    assert findings(change(planted(), PATH, "settings", hidden=not_stated(False, REF)), "hidden-setting") == []


def test_a_stock_name_excuses_no_foreign_program() -> None:
    machine = change(starting(OUTSIDE), STOCK, "settings", hidden=stated(True, REF))
    assert one(machine, "hidden-setting").task == STOCK


def test_the_file_alone_may_hide_but_must_be_registered() -> None:
    assert one(planted().change_xml(PATH, "settings", hidden=stated(True, REF)), "hidden-setting").task == PATH
    machine = planted(registered=False).change_xml(PATH, "settings", hidden=stated(True, REF))
    assert findings(machine, "hidden-setting") == []


def test_only_what_no_list_names_is_outside_the_baseline() -> None:
    told = {finding.task: finding.severity for finding in findings(planted(), "not-in-baseline")}
    assert told[PATH] is Severity.INFO
    assert STOCK not in told
    assert len(told) == len(Machine().registry)  # the made tasks and the planted one, without the stock task


def test_a_golden_image_knows_its_own_tasks_and_no_others() -> None:
    golden = learn(Machine().case)
    baseline = known().with_learned(read_learned(json.dumps(golden).encode()))
    found = [finding.task for finding in judged(planted().case, baseline) if finding.rule == "not-in-baseline"]
    assert found == [PATH]
    assert list(NOT_IN_BASELINE.check(Context(Machine().case, baseline))) == []


def test_a_user_is_no_reason_for_any_of_these() -> None:
    machine = as_user(planted())
    for rule in ("stock-altered", "stock-disabled", "stock-folder-foreign", "hidden-setting"):
        assert findings(machine, rule) == []
