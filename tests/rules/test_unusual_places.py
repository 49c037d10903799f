"""Who serves what a task starts: classes overridden, served oddly or by nothing; files that are not what they say."""

from __future__ import annotations

import pytest

from tests.rules.made import STOCK, Machine, findings, one, stated
from tests.rules.planted import PATH, REF, as_user, change, executes, handles, planted, served
from triptych.model.evidence import EvidenceRef, FilePlace, Span
from triptych.model.finding import Severity
from triptych.model.task import Store, Trace, TraceKind

CLASS = "{6F1D8C11-5A0C-4C2D-8C1E-3B52B05B4E07}"
OTHER = "{11111111-5A0C-4C2D-8C1E-3B52B05B4E07}"
STOCK_DLL = "%SystemRoot%\\System32\\made.dll"
EVIL_DLL = "C:\\Users\\ada\\AppData\\Local\\Temp\\msfte.dll"
FILE = EvidenceRef(FilePlace("Windows/System32/x.exe"), (Span("Windows/System32/x.exe", 0, 4096),))


def calling(class_id: str = CLASS, *, registered: bool = True) -> Machine:
    machine = as_user(change(planted(registered=registered) if registered else planted(), PATH, actions=(handles(class_id),)))
    if not registered:
        del machine.registry[PATH]
    return served(machine, OTHER, "machine; inproc", STOCK_DLL)


def test_a_class_overridden_by_a_user_is_high() -> None:
    machine = served(served(calling(), CLASS, "machine; inproc", STOCK_DLL), CLASS, "user S-1-5-21-1-2-3-1001; inproc", EVIL_DLL)
    finding = one(machine, "com-handler-hijacked")
    assert finding.severity is Severity.HIGH
    assert EVIL_DLL in finding.summary
    assert "for the user S-1-5-21-1-2-3-1001" in finding.summary
    assert REF in finding.refs


def test_an_override_that_an_elevated_task_passes_over_is_medium() -> None:
    machine = served(calling(), CLASS, "user ada; inproc", EVIL_DLL)
    change(machine, PATH, "principal", user_id=stated("S-1-5-18", REF))
    finding = one(machine, "com-handler-hijacked")
    assert finding.severity is Severity.MEDIUM
    assert "as SYSTEM" in finding.why


@pytest.mark.parametrize(
    ("detail", "server"),
    [
        ("machine; inproc", STOCK_DLL),
        ("machine; local", '"C:\\Program Files\\Made\\made.exe" -Embedding'),
        ("machine; inproc", "C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\mscoree.dll"),
        ("machine; inproc", "C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\4.18.2301.6-0\\MpClient.dll"),
        ("machine; inproc", "mscoree.dll"),
        ("machine; app-id", CLASS),
        ("wow64; inproc", STOCK_DLL),
        ("user ada; inproc", "C:\\Windows\\System32\\made.dll"),  # the machine's own, spelled out
    ],
)
def test_a_class_served_as_everywhere_is_nothing(detail: str, server: str) -> None:
    machine = served(served(calling(), CLASS, "machine; inproc", STOCK_DLL), CLASS, detail, server)
    assert findings(machine, "com-handler-hijacked") == []


@pytest.mark.parametrize("server", ["C:\\ProgramData\\x\\msfte.dll", EVIL_DLL, "C:\\x\\msfte.dll", "\\\\host\\share\\a.dll"])
def test_a_class_served_from_a_place_of_users_is_high(server: str) -> None:
    finding = one(served(calling(), CLASS, "machine; inproc", server), "com-handler-hijacked")
    assert finding.severity is Severity.HIGH
    assert server in finding.summary


@pytest.mark.parametrize(
    ("detail", "server"),
    [
        ("machine; code-base", "file:///C:/Users/Public/made%20up.dll"),
        ("machine; code-base", "file://host/share/a.dll"),
        ("machine; code-base", "http://host.example/a.dll"),
        ("machine; scriptlet", "https://host.example/a.sct"),
        ("machine; scriptlet", "C:\\ProgramData\\a.sct"),
        (f"machine, treated as {OTHER}; local", '"C:\\ProgramData\\x\\a.exe" -Embedding'),
    ],
)
def test_code_that_a_host_of_windows_loads_for_a_class_is_judged_like_a_server(detail: str, server: str) -> None:
    machine = served(calling(), CLASS, "machine; inproc", "C:\\Windows\\System32\\mscoree.dll")
    finding = one(served(machine, CLASS, detail, server), "com-handler-hijacked")
    assert finding.severity is Severity.HIGH
    assert server in finding.summary


@pytest.mark.parametrize("place", ["C:/Program%20Files/Made/made.dll", "C:/Windows/System32/made.dll"])
def test_code_from_where_programs_lie_is_nothing(place: str) -> None:
    machine = served(calling(), CLASS, "machine; inproc", "C:\\Windows\\System32\\mscoree.dll")
    assert findings(served(machine, CLASS, "machine; code-base", f"file:///{place}"), "com-handler-hijacked") == []


def test_classes_that_no_task_calls_are_nobodys_business() -> None:
    machine = served(planted(), CLASS, "user ada; inproc", EVIL_DLL)
    assert findings(machine, "com-handler-hijacked") == []
    assert findings(served(calling(registered=False), CLASS, "user ada; inproc", EVIL_DLL), "com-handler-hijacked") == []


def test_a_class_that_nothing_serves_is_information() -> None:
    finding = one(calling(), "com-handler-unknown")
    assert finding.severity is Severity.INFO
    assert CLASS in finding.summary


def test_a_served_class_and_an_unasked_machine_are_nothing() -> None:
    assert findings(served(calling(), CLASS, "machine; packaged", "Made_1.0_x64"), "com-handler-unknown") == []
    assert findings(served(calling(), CLASS, "user ada; inproc", "C:\\Users\\ada\\made.dll"), "com-handler-unknown") == []
    unasked = change(planted(), PATH, actions=(handles(CLASS),))
    assert findings(unasked, "com-handler-unknown") == []
    assert findings(served(unasked, OTHER, "user ada; inproc", STOCK_DLL), "com-handler-unknown") == []
    files = calling()
    files.unread.add(Store.REGISTRY)
    assert findings(files, "com-handler-unknown") == []


def at_hand(machine: Machine, command: str, **said: str) -> Machine:
    readings = tuple((name, stated(text, FILE)) for name, text in {"command": command, "exists": "yes", **said}.items())
    machine.traces.append(Trace(TraceKind.TARGET, command, readings, (FILE,)))
    return machine


TOOL = "C:\\Program Files\\Planted\\planted.exe"


@pytest.mark.parametrize("original", ["PowerShell.EXE", "Cmd.Exe", "RUNDLL32.EXE.MUI", "mshta.exe"])
def test_a_shell_under_another_name_is_medium(original: str) -> None:
    finding = one(at_hand(planted(PATH, TOOL), TOOL, original_name=original, company="Microsoft Corporation"), "target-altered")
    assert finding.severity is Severity.MEDIUM
    assert original.casefold().removesuffix(".mui") in finding.summary
    assert FILE in finding.refs


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (TOOL, {"original_name": "made.exe", "company": "Made"}),
        (TOOL, {"original_name": "Setup.exe", "company": "Made"}),
        (TOOL, {}),  # tools without version data are common outside Windows
        ("C:\\Windows\\System32\\cmd.exe", {"original_name": "Cmd.Exe.MUI", "company": "Microsoft Corporation"}),
        (
            "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe",
            {"original_name": "PowerShell.EXE", "company": "Microsoft"},
        ),
        (TOOL, {"exists": "not-collected"}),
    ],
)
def test_files_that_are_what_they_say_are_nothing(command: str, said: dict[str, str]) -> None:
    assert findings(at_hand(planted(PATH, command), command, **said), "target-altered") == []


def test_a_program_in_windows_without_version_data_is_medium() -> None:
    command = "C:\\Windows\\System32\\wsvc.exe"
    assert one(at_hand(planted(PATH, command), command), "target-altered").severity is Severity.MEDIUM


def test_a_file_that_is_gone_is_information_and_of_a_stock_task_nothing() -> None:
    finding = one(at_hand(planted(PATH, TOOL), TOOL, exists="no"), "target-altered")
    assert finding.severity is Severity.INFO
    assert "is gone" in finding.summary
    defrag = "C:\\Windows\\System32\\defrag.exe"
    assert findings(at_hand(Machine(), defrag, exists="no"), "target-altered") == []
    assert STOCK in Machine().registry


def test_each_action_is_looked_up() -> None:
    machine = change(planted(), PATH, actions=(executes("C:\\Windows\\System32\\sc.exe"), executes(TOOL)))
    assert one(at_hand(machine, TOOL, original_name="powershell.exe"), "target-altered").task == PATH
