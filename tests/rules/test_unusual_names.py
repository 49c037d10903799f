"""Names and authors that deceive, and the honest neighbours that look almost the same."""

from __future__ import annotations

import pytest

from tests.rules.made import STOCK, Machine, findings, later, one, stated, tree_ref
from tests.rules.planted import PATH, REF, change, planted
from triptych.model.finding import Confidence, Severity
from triptych.model.times import TICKS_A_DAY, TICKS_A_SECOND

TOOL = "C:\\Program Files\\Contoso\\svc.exe"
STRANGE = "C:\\Users\\Public\\svc.exe"


def claiming(author: str, command: str, path: str = PATH) -> Machine:
    return change(planted(path, command), path, "registration", author=stated(author, REF))


def backdated(machine: Machine, seconds: int) -> Machine:
    registered = machine.registry[PATH].run.registered.value
    assert registered is not None
    return machine.change(PATH, "registration", date=stated(later(registered, -seconds), REF))


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("\\Update\u202egnp.exe", "U+202E"),
        ("\\Google\u200bUpdate", "U+200B"),
        ("\\Pro\0xy", "U+0000"),
        ("\\OneDrive Update ", "U+0020"),
        ("\\ Leading\\Task", "U+0020"),
        ("\\Line\x07Feed", "U+0007"),
        ("\\Adobe\u200dUpdate", "U+200D"),
        ("\\Sync\ufeff", "U+FEFF"),
        ("\\Folder\u2066x\\Task", "U+2066"),
    ],
)
def test_a_character_that_hides_or_reorders_is_high(name: str, code: str) -> None:
    finding = one(planted(name), "name-deceptive")
    assert finding.severity is Severity.HIGH
    assert finding.task == name
    assert code in finding.summary
    assert tree_ref(name) in finding.refs


@pytest.mark.parametrize(
    "name",
    [
        "\\Sicherung täglich", "\\یادآوری هفته\u200cای", "\\גיבוי \u200f(A)", "\\Standup 👨\u200d💻", "\\A B  C", "\\Über\\Büro (x86)",
        "\\日本語 タスク",
    ],
)  # fmt: skip
def test_honest_names_of_any_script_are_nothing(name: str) -> None:
    assert findings(planted(name), "name-deceptive") == []


def test_a_nul_is_told_to_come_from_the_native_interface() -> None:
    assert "native interface" in one(planted("\\Pro\0xy"), "name-deceptive").why
    assert "native interface" not in one(planted("\\Proxy "), "name-deceptive").why


@pytest.mark.parametrize(
    ("path", "stock"),
    [
        ("\\Microsoft\\Windows\\Defrag\\SheduledDefrag", STOCK),
        ("\\Microsoft\\Windows\\Defrag\\Scheduled\u0501efrag", STOCK),
        ("\\Made\\ScheduledDefrag", STOCK),
        ("\\Microsoft\\Windows\\Defragg\\ScheduledDefrag", STOCK),
        ("\\GoogleUpdateTaskMachineC0re", "\\GoogleUpdateTaskMachineCore"),
    ],
)
def test_a_name_a_letter_from_a_stock_task_is_a_look_alike(path: str, stock: str) -> None:
    finding = one(planted(path, TOOL), "name-lookalike")
    assert finding.severity is Severity.MEDIUM
    assert f"looks like {stock}" in finding.summary
    assert TOOL in finding.why


@pytest.mark.parametrize("path", [STOCK, "\\Made\\Backup", "\\Made\\Sync", "\\Made\\Backup Monitor", "\\Contoso\\Defrag nightly"])
def test_stock_names_and_everyday_names_are_no_look_alikes(path: str) -> None:
    assert findings(planted(path, "%windir%\\system32\\defrag.exe", "-c -h -o -$"), "name-lookalike") == []


def test_a_claim_to_be_microsofts_that_the_program_denies() -> None:
    finding = one(claiming("Microsoft Corporation", STRANGE), "author-spoofed")
    assert finding.severity is Severity.MEDIUM
    assert "“Microsoft Corporation”" in finding.summary
    assert STRANGE in finding.why
    assert REF in finding.refs


@pytest.mark.parametrize(
    ("author", "command"),
    [
        ("Microsoft Corporation", "C:\\Program Files\\Microsoft Office\\root\\Office16\\sdxhelper.exe"),
        ("Microsoft Office", "C:\\Program Files\\Common Files\\Microsoft Shared\\ClickToRun\\OfficeC2RClient.exe"),
        ("Microsoft Corporation", "C:\\Program Files (x86)\\Microsoft\\EdgeUpdate\\MicrosoftEdgeUpdate.exe"),
        ("Microsoft Corporation", "C:\\Program Files\\Windows Defender\\MpCmdRun.exe"),
        ("Microsoft Corporation", "C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\4.18.2301.6-0\\MpCmdRun.exe"),
        ("Microsoft Corporation", "C:\\Program Files\\rempl\\sedlauncher.exe"),
        ("Microsoft Corporation", "%windir%\\system32\\rundll32.exe"),
        ("$(@%SystemRoot%\\system32\\sc.dll,-1)", "sc.exe"),
        ("MADE\\admin", STRANGE),
        ("Contoso, a partner of Microsoft", STRANGE),
    ],
)
def test_claims_that_hold_and_tasks_that_claim_nothing(author: str, command: str) -> None:
    assert findings(claiming(author, command), "author-spoofed") == []


def test_in_program_files_of_another_the_claim_is_low_and_with_a_false_date_medium() -> None:
    finding = one(claiming("Microsoft Corporation", TOOL), "author-spoofed")
    assert (finding.severity, finding.confidence) == (Severity.LOW, Confidence.POSSIBLE)
    assert "Judged lower" in finding.why
    day = TICKS_A_DAY // TICKS_A_SECOND
    assert one(backdated(claiming("Microsoft Corporation", TOOL), 300 * day), "author-spoofed").severity is Severity.MEDIUM
    assert one(backdated(claiming("Microsoft Corporation", TOOL), day // 2), "author-spoofed").severity is Severity.LOW
    assert findings(backdated(claiming("MADE\\admin", TOOL), 300 * day), "author-spoofed") == []


def test_a_shipped_name_makes_no_false_claim() -> None:
    machine = claiming("Microsoft Corporation", STRANGE, STOCK)
    assert findings(machine, "author-spoofed") == []
    assert one(machine, "stock-altered").severity is Severity.HIGH


def test_a_claim_in_the_file_alone_counts_too() -> None:
    machine = planted(PATH, STRANGE).change_xml(PATH, "registration", source=stated("Microsoft Corporation.", REF))
    assert "Source says" in one(machine, "author-spoofed").summary
