"""Hands at work: what lines and scripts do to tasks, in any order, case and disguise; and what is no act."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analysis.logged import POWERSHELL, event, process, started, table
from tests.material import shared
from tests.scanning import scanned
from triptych.analysis.acts import Act, acts_of
from triptych.analysis.acts_lines import deeds_of_line, may_act
from triptych.analysis.acts_powershell import deeds_of_arguments, deeds_of_script
from triptych.analysis.acts_words import Deed, words
from triptych.analysis.event_table import EventTable
from triptych.formats.faults import Faults
from triptych.limits import DEFAULT
from triptych.model.event import Event

RESTORE = "\\Microsoft\\Windows\\SystemRestore\\SR"
CHANNEL = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WINEVT\\Channels\\Microsoft-Windows-TaskScheduler/Operational"
KEY = "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tree"


def line(text: str) -> list[Deed]:
    return list(deeds_of_line(text, deeds_of_arguments)) if may_act(text) else []


def brief(deeds: list[Deed]) -> list[tuple[str, str, str, str]]:
    return [(deed.verb, deed.task, deed.command, deed.host) for deed in deeds]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (r'schtasks /create /tn "My Task" /tr "\"C:\Program Files\x.exe\" -a" /sc daily',
         ("create", r"\My Task", r'"C:\Program Files\x.exe" -a', "")),
        (r'"C:\Windows\System32\SCHTASKS.EXE" -SC onlogon -TR calc.exe -CREATE -F -TN \Foo\Bar',
         ("create", r"\Foo\Bar", "calc.exe", "")),
        (r"cmd /c s^ch^tasks /c^reate /tn evil /tr a.exe /sc once", ("create", r"\evil", "a.exe", "")),
        (r'cmd.exe /c "sch""tasks /delete /f /tn "\Microsoft\Windows\SystemRestore\SR""', ("delete", RESTORE, "", "")),
        (r"schtasks /create /s fs02 /u lab\adm /p x /tn t2 /tr a.exe /sc daily /mo 10", ("create", r"\t2", "a.exe", "fs02")),
        (r"schtasks /change /tn \Foo /tr b.exe", ("change", r"\Foo", "b.exe", "")),
        (r'schtasks.exe /Change /TN "\Microsoft\Windows\X" /disable', ("disable", r"\Microsoft\Windows\X", "", "")),
        (r"schtasks /change /enable /tn x", ("enable", r"\x", "", "")),
        (r"schtasks /run /i /tn x", ("run", r"\x", "", "")),
        (r"schtasks /end /tn x", ("end", r"\x", "", "")),
        (r'schtasks /create /tn "C:\foo\" /tr x /f', ("create", r"\C:\foo", "x", "")),
        (r"C:\temp\renamed.exe /create /tn hid /tr c:\x.exe /sc onstart", ("create", r"\hid", r"c:\x.exe", "")),
        (r'wmic /node:dc01 process call create "schtasks /create /tn a /tr b.exe /sc once"',
         ("create", r"\a", "b.exe", "dc01")),
        (r"psexec \\h2 -s schtasks /run /tn X", ("run", r"\X", "", "h2")),
        (r'runas /user:a "schtasks /create /tn r /tr r.exe /sc once"', ("create", r"\r", "r.exe", "")),
        (r"at \\srv 13:20 /interactive cmd.exe /c whoami", ("create", "", "cmd.exe /c whoami", "srv")),
        (r"at.exe 2 /delete", ("delete", r"\At2", "", "")),
        (rf'reg delete "{KEY}\Evil" /v SD /f', ("hide", r"\Evil", "", "")),
        (rf'REG ADD "{KEY}\Evil Task" /v Index /t REG_DWORD /d 0x0 /f', ("hide", r"\Evil Task", "", "")),
        (rf'reg delete "{KEY}\Evil" /f', ("remove-key", r"\Evil", "", "")),
        (r"net1 stop schedule", ("stop-service", "", "", "")),
        (r"sc \\h config Schedule start= disabled", ("stop-service", "", "", "h")),
        (r"sc config eventlog start= disabled", ("stop-service", "", "", "")),
        (r'net stop "Windows Event Log" /y', ("stop-service", "", "", "")),
        (r'net stop "task scheduler"', ("stop-service", "", "", "")),
        (r"wevtutil cl Security", ("clear-log", "", "", "")),
        (r"wevtutil sl Microsoft-Windows-TaskScheduler/Operational /e:false", ("disable-log", "", "", "")),
        (rf'reg add "{CHANNEL}" /v Enabled /t REG_DWORD /d 0x0 /f', ("disable-log", "", "", "")),
        (r'auditpol /set /subcategory:"Other Object Access Events" /success:disable', ("audit", "", "", "")),
        (r'powershell -c "Register-ScheduledTask foo -Action (New-ScheduledTaskAction -Exec cmd.exe -Arg \"/c calc\")"',
         ("create", r"\foo", "cmd.exe /c calc", "")),
        (r'powershell.exe -NoP -Command "& {schtasks /create /tn z /tr z.exe /sc daily}"', ("create", r"\z", "z.exe", "")),
    ],
)  # fmt: skip
def test_a_line_is_read_as_an_act(text: str, told: tuple[str, str, str, str]) -> None:
    assert brief(line(text)) == [told]


def test_two_commands_of_one_line_are_two_acts() -> None:
    deeds = line("cmd /c schtasks /create /tn e /tr a.exe /sc once && schtasks /run /tn e & schtasks /delete /tn e /f")
    assert [deed.verb for deed in deeds] == ["create", "run", "delete"]


def test_an_encoded_command_is_decoded() -> None:
    packed = base64.b64encode("$n='Upd';Unregister-ScheduledTask -TaskName $n -Confirm:$false".encode("utf-16-le")).decode()
    assert brief(line(f"powershell -w hidden -enc {packed}")) == [("delete", "\\Upd", "", "")]


def test_account_schedule_and_definition_are_kept() -> None:
    (deed,) = line("schtasks /create /tn x /xml C:\\a.xml /ru SYSTEM /rl highest /sc minute")
    assert (deed.run_as, deed.schedule, deed.detail) == ("SYSTEM", "minute", "from the definition C:\\a.xml")


@pytest.mark.parametrize(
    "text",
    [
        "notepad.exe schtasks.txt", "schtasks", "schtasks /?", "schtasks /create /sc daily", "net stop spooler", "sc query schedule",
        "net start schedule", "reg query HKLM\\SOFTWARE", "reg delete HKCU\\Software\\X /v SD /f", "wevtutil qe Security",
        "auditpol /get /category:*", "C:\\Program Files\\at.exe", "wevtutil sl X /e:true", "cat schedule.txt",
        f'reg add "{CHANNEL}" /v Enabled /t REG_DWORD /d 1 /f', f'reg add "{CHANNEL}" /v MaxSize /d 0 /f', f'reg delete "{CHANNEL}" /f',
        "C:\\Windows\\System32\\svchost.exe -k LocalServiceNetworkRestricted -p -s EventLog", "sc query eventlog",
        'auditpol /set /subcategory:"Other Object Access Events" /success:enable',
    ],
)  # fmt: skip
def test_what_changes_nothing_is_no_act(text: str) -> None:
    assert [deed for deed in line(text) if deed.verb != "query"] == []


SCRIPT = r"""
# Register-ScheduledTask -TaskName no
$Action = New-ScheduledTaskAction -Execute "powershell.exe" `
   -Argument '-w hidden -f C:\Users\Public\a.ps1'
$p = New-ScheduledTaskPrincipal -UserId "SYSTEM" -RunLevel Highest
Register-ScheduledTask -Action $Action -TaskName "Atomic" -TaskPath "\Foo\" -Principal $p -Force
Get-ScheduledTask -TaskName z | Unregister-ScheduledTask -Confirm:$false
"""


def test_a_script_with_variables_is_read() -> None:
    made, gone = list(deeds_of_script(SCRIPT))
    assert (made.verb, made.task, made.command, made.run_as) == (
        "create", "\\Foo\\Atomic", "powershell.exe -w hidden -f C:\\Users\\Public\\a.ps1", "SYSTEM",
    )  # fmt: skip
    assert (gone.verb, gone.task) == ("delete", "\\z")


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (('$s = New-Object -ComObject "Schedule.Service"; $s.Connect("dc1"); $a.Path = "cmd.exe"; $a.Arguments=\'/c x\'; '
         '$f.RegisterTaskDefinition("\\evil",$t,6)'), ("create", "\\evil", "cmd.exe /c x", "dc1")),
        (('Invoke-CimMethod -ClassName PS_ScheduledTask -NameSpace "Root\\Microsoft\\Windows\\TaskScheduler" -MethodName RegisterByXml '
         '-Arguments @{Force=$true; Xml=$x; TaskName="W"}'), ("create", "\\W", "", "")),
        (f"Remove-ItemProperty -Path '{KEY.replace('HKLM', 'HKLM:')}\\Ev il' -Name 'SD'", ("hide", "\\Ev il", "", "")),
        (f"Set-ItemProperty '{KEY.replace('HKLM', 'HKLM:')}\\E2' -Name Index -Value 0", ("hide", "\\E2", "", "")),
        ('$tn = "my task"; schtasks.exe /run /tn $tn', ("run", "\\my task", "", "")),
        ("Invoke-Command -ComputerName srv9 -ScriptBlock { Start-ScheduledTask rt }", ("run", "\\rt", "", "srv9")),
        (("Register-ScheduledTask x -CimSession srv2 -Xml @'\n<Task><Exec><Command>a.exe</Command><Arguments>-x &gt; y</Arguments>"
         "</Exec></Task>\n'@"), ("create", "\\x", "a.exe -x > y", "srv2")),
        ("Disable-ScheduledTask -TaskPath '\\A\\' -TaskName B", ("disable", "\\A\\B", "", "")),
        ("Clear-EventLog -LogName Security", ("clear-log", "", "", "")),
        ("Stop-Service Schedule -Force", ("stop-service", "", "", "")),
    ],
)  # fmt: skip
def test_scripts_are_read_as_acts(script: str, told: tuple[str, str, str, str]) -> None:
    assert brief(list(deeds_of_script(script))) == [told]


@pytest.mark.parametrize(
    "script",
    [
        "function Register-ScheduledTask { param($TaskName) }", "Export-ModuleMember -Function 'Register-ScheduledTask'",
        "<# Unregister-ScheduledTask -TaskName x #>", "Get-ScheduledTask -TaskName x", "Write-Host 'runs at 10:00 daily'",
        "Stop-Service Spooler", "Remove-ItemProperty HKCU:\\Software -Name SD",
    ],
)  # fmt: skip
def test_definitions_comments_and_questions_are_no_acts(script: str) -> None:
    assert list(deeds_of_script(script)) == []


@given(st.text(max_size=300))
def test_no_text_makes_reading_fail(text: str) -> None:
    for start in ("schtasks /create /tn ", "Register-ScheduledTask ", "$a = @'\n", "cmd /c "):
        list(deeds_of_line(start + text, deeds_of_arguments))
        list(deeds_of_script(start + text))


@given(
    st.lists(
        st.text(st.characters(blacklist_characters="\"\\'\r\n", blacklist_categories=("Cs", "Z", "C")), min_size=1), max_size=5
    )
)
def test_words_without_quotes_come_back_as_they_are(parts: list[str]) -> None:
    assert words(" ".join(parts)) == parts


# -- from events ------------------------------------------------------------------------------------------------------------------


def acts(*events: Event) -> tuple[Act, ...]:
    return acts_of(table(*events))


def script(seconds: float, text: str, number: int = 1, total: int = 1, block: str = "b1") -> Event:
    return event(
        4104, seconds, POWERSHELL, ScriptBlockText=text, ScriptBlockId=block, MessageNumber=str(number), MessageTotal=str(total)
    )


def test_an_act_tells_who_when_and_where_it_was_read() -> None:
    made = process(5, 12, "C:\\Windows\\System32\\schtasks.exe", "schtasks /create /tn x /tr a.exe /sc once")
    (act,) = acts(made)
    assert (act.time, act.account, act.tool, act.event, act.refs) == (made.time, "LAB\\eve", "schtasks", made, (made.ref,))
    assert act.words == "created \\x, to start a.exe, by schtasks"


def test_this_very_machine_is_no_other_computer() -> None:
    for host in ("ws-1", "WS-1", "localhost", ".", "127.0.0.1"):
        (act,) = acts(process(0, 12, "C:\\Windows\\System32\\schtasks.exe", f"schtasks /run /s {host} /tn x"))
        assert act.host == ""


def test_a_script_in_parts_is_one_script_whatever_their_order() -> None:
    parts = (script(0.2, "-TaskName 'Split'", 2, 2), script(0.1, "Unregister-ScheduledTask ", 1, 2))
    (act,) = acts(*parts)
    assert (act.verb, act.task, len(act.refs)) == ("delete", "\\Split", 2)


def test_a_word_may_be_cut_between_two_parts_and_its_values_stand_in_a_third() -> None:
    parts = [
        script(0.1 * at, text, at, 3)
        for at, text in enumerate(("$n = 'Cut'; Unregister-Sched", "uledTask -TaskName $n", " -Confirm"), 1)
    ]
    (act,) = acts(*(replace(part, kind="script-piece") for part in parts))
    assert (act.verb, act.task, len(act.refs)) == ("delete", "\\Cut", 3)
    assert acts(replace(script(0, "Get-Process", 1, 2), kind="script-piece")) == ()


def test_com_tells_the_folder_and_the_account() -> None:
    text = (
        '$s = New-Object -ComObject "Schedule.Service"; $s.Connect(); $f = $s.GetFolder("\\Vendor\\Sync"); $a.Path = "q.exe"; '
        '$f.RegisterTaskDefinition("Com", $d, 6, "SYSTEM", $null, 5); $f.DeleteTask("Com", 0)'
    )
    made, gone = deeds_of_script(text)
    assert (made.verb, made.task, made.command, made.run_as) == ("create", "\\Vendor\\Sync\\Com", "q.exe", "SYSTEM")
    assert (gone.verb, gone.task) == ("delete", "\\Vendor\\Sync\\Com")


def test_single_calls_join_the_action_before_them() -> None:
    made = event(4103, 0, POWERSHELL, Payload='CommandInvocation(New-ScheduledTaskAction): "New-ScheduledTaskAction"\n'
                 'ParameterBinding(New-ScheduledTaskAction): name="Execute"; value="cmd.exe"\n'
                 'ParameterBinding(New-ScheduledTaskAction): name="Argument"; value="/c "x""\n')  # fmt: skip
    done = event(4103, 1, POWERSHELL, Payload='CommandInvocation(Register-ScheduledTask): "Register-ScheduledTask"\n'
                 'ParameterBinding(Register-ScheduledTask): name="TaskName"; value="foo bar"\n'
                 'ParameterBinding(Register-ScheduledTask): name="Action"; value="MSFT_TaskExecAction"\n')  # fmt: skip
    (act,) = acts(made, done)
    assert (act.task, act.command, act.refs) == ("\\foo bar", 'cmd.exe /c "x"', (done.ref, made.ref))


def test_a_shell_and_what_it_starts_are_one_act_and_so_are_two_logs() -> None:
    text = "schtasks /create /tn x /tr a.exe /sc once"
    shell = process(0, 11, "C:\\Windows\\System32\\cmd.exe", f"cmd /c {text}")
    own = process(0.1, 12, "C:\\Windows\\System32\\schtasks.exe", text)
    again = process(60, 13, "C:\\Windows\\System32\\schtasks.exe", text)
    assert len(acts(shell, own, started(0.1, 12, "C:\\Windows\\System32\\schtasks.exe", text))) == 1
    assert len(acts(shell, own, again)) == 2


def test_a_renamed_schtasks_is_known_by_the_name_in_its_file() -> None:
    made = started(0, 12, "C:\\Temp\\x.exe", "x.exe /delete /f /tn foo", OriginalFileName="sctasks.exe")
    assert [(act.verb, act.task) for act in acts(made)] == [("delete", "\\foo")]


def test_more_lines_than_the_limit_are_told() -> None:
    events = [process(at, at, "C:\\Windows\\System32\\schtasks.exe", f"schtasks /run /tn t{at}") for at in range(1, 30)]
    faults = Faults("event logs")
    found = acts_of(table(*events), "", faults, replace(DEFAULT, acts=10))
    assert len(found) == 10
    assert [(problem.code, problem.found) for problem in faults.problems] == [("acts.too-many", "19 more")]


@pytest.mark.parametrize(
    ("log", "told"),
    [
        ("mdecrevoisier/ID4688-Scheduled task creation.evtx",
         ("create", "\\tasks_test_hacker2", "myapp.exe", "fs02", "OFFSEC\\lambda-user")),
        ("SigmaHQ/proc_creation_win_schtasks_delete.evtx", ("delete", RESTORE, "", "", "swachchhanda\\xodih")),
        ("SigmaHQ/proc_creation_win_schtasks_disable.evtx", ("disable", RESTORE, "", "", "swachchhanda\\xodih")),
    ],
)  # fmt: skip
def test_real_logs(log: str, told: tuple[str, ...]) -> None:
    case = scanned(shared(f"data/evtx/{log}")).case
    found = [(act.verb, act.task, act.command, act.host, act.account) for act in acts_of(EventTable(case.events))]
    assert found == [told]
