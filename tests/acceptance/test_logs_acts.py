"""Command lines and scripts as hands write them: wrappers, odd quotes, lists, splats, other computers, and texts made to hang a reader."""

from __future__ import annotations

import base64

import pytest

from triptych.analysis.acts_lines import deeds_of_line, may_act
from triptych.analysis.acts_powershell import deeds_of_arguments, deeds_of_script
from triptych.analysis.acts_words import Deed

CREATE = "/create /tn Evil /tr calc /sc once /st 10:00"


def deeds(line: str) -> list[Deed]:
    assert may_act(line), "the line is not even looked at"
    return list(deeds_of_line(line, deeds_of_arguments))


def encoded(text: str) -> str:
    return base64.b64encode(text.encode("utf-16-le")).decode()


@pytest.mark.parametrize(
    "line",
    [
        f"schtasks {CREATE}",
        f"C:\\Windows\\SysWOW64\\SCHTASKS.EXE {CREATE.replace('/', '-')}",
        f"\\\\?\\C:\\Windows\\System32\\schtasks.exe {CREATE}",
        f's"cht"asks {CREATE}',
        f"sch^tasks {CREATE}",
        f"C:\\Users\\Public\\renamed.exe {CREATE}",
        f'cmd /c "schtasks {CREATE}"',
        f"cmd /c for %a in (A B) do @schtasks {CREATE}",
        f"for /L %i in (1,1,10) do (schtasks {CREATE})",
        f'start "" schtasks {CREATE}',
        f'forfiles /m notepad.exe /c "schtasks {CREATE}"',
        f'wmic process call create "schtasks {CREATE}"',
        f"powershell schtasks {CREATE}",
        f"powershell -enc {encoded(f'schtasks {CREATE}')}",
        f"powershell -Command \"Start-Process schtasks -ArgumentList '{CREATE}'\"",
    ],
)
def test_one_act_in_many_wrappers(line: str) -> None:
    assert [(deed.verb, deed.task, deed.command, deed.host) for deed in deeds(line)] == [("create", "\\Evil", "calc", "")]


def test_a_command_in_quotes_inside_of_quotes_stays_whole() -> None:
    line = 'wmic /node:"10.1.1.1" process call create "schtasks /create /tn Evil /tr \\"cmd /c calc\\" /sc once /st 10:00"'
    assert [(deed.task, deed.command, deed.host) for deed in deeds(line)] == [("\\Evil", "cmd /c calc", "10.1.1.1")]
    folder = 'schtasks /create /tn Evil /tr "\\"C:\\A B\\x.exe\\" -a b" /sc once'
    assert [deed.command for deed in deeds(folder)] == ['"C:\\A B\\x.exe" -a b']
    assert [deed.task for deed in deeds('schtasks /delete /tn "\\A B\\" /f')] == ["\\A B"]


@pytest.mark.parametrize("name", ["Мой\\Задача 1", "100%% sure", "A B\\C D"])
def test_any_name_of_a_task(name: str) -> None:
    assert [deed.task for deed in deeds(f'schtasks /create /tn "{name}" /tr calc /sc daily')] == [f"\\{name}"]


def only(script: str) -> Deed:
    (deed,) = deeds_of_script(script)
    return deed


def test_splatted_parameters_are_those_of_the_call() -> None:
    deed = only(
        "$p=@{TaskName='Evil';Action=(New-ScheduledTaskAction -Execute 'calc.exe');User='SYSTEM'}\nRegister-ScheduledTask @p"
    )
    assert (deed.verb, deed.task, deed.command, deed.run_as) == ("create", "\\Evil", "calc.exe", "SYSTEM")
    lines = (
        '$name = "Evil Task"', '$action = New-ScheduledTaskAction -Execute "cmd.exe" -Argument "/c whoami"', "$params = [ordered]@{",
        "  TaskName = $name", "  'TaskPath' = '\\Foo\\'", "  Action = $action", "}", "Register-ScheduledTask @params -Force",
    )  # fmt: skip
    for end in ("\n", "\r\n"):
        deed = only(end.join(lines))
        assert (deed.task, deed.command) == ("\\Foo\\Evil Task", "cmd.exe /c whoami")


def test_a_parameter_of_the_call_and_the_last_table_before_it_count() -> None:
    deed = only("$p=@{TaskName='Old'}\n$p=@{TaskName='New'}\nRegister-ScheduledTask @p -User SYSTEM\n$p=@{TaskName='Later'}")
    assert (deed.task, deed.run_as) == ("\\New", "SYSTEM")
    assert only("Register-ScheduledTask @unknown").task == ""


@pytest.mark.parametrize(
    "script",
    [
        f'& "schtasks.exe" {CREATE}',
        f"& 'schtasks.exe' {CREATE}",
        f"& $env:SystemRoot\\System32\\schtasks.exe {CREATE}",
        f'iex "schtasks {CREATE}"',
        'Start-Process -FilePath schtasks.exe -ArgumentList "/create","/tn","Evil","/tr","calc" -Wait',
        "saps schtasks.exe @('/create','/tn','Evil','/tr','calc')",
    ],
)
def test_programs_that_a_script_starts(script: str) -> None:
    assert [(deed.verb, deed.task, deed.command) for deed in deeds_of_script(script)] == [("create", "\\Evil", "calc")]


def test_what_runs_on_another_computer_is_no_task_of_this_one() -> None:
    script = f"Invoke-Command -ComputerName H2 -ScriptBlock {{ schtasks {CREATE} }}\nschtasks /run /tn Mine"
    assert {(deed.task, deed.host) for deed in deeds_of_script(script)} == {("\\Evil", "H2"), ("\\Mine", "")}


@pytest.mark.parametrize(
    "text",
    [
        "Register-ScheduledTask @p " * 2_000, "$p=@{" * 5_000 + "Register-ScheduledTask @p", "Start-Process schtasks " + "'a'," * 8_000,
        "Invoke-Command -ComputerName a { " * 3_000, "& 'schtasks " * 5_000, "$p=@{a=" * 3_000 + "Register-ScheduledTask @p;" * 200,
        "schtasks" + '\\"' * 20_000,
    ],
)  # fmt: skip
def test_texts_made_to_hang_a_reader_are_read_to_an_end(text: str) -> None:
    assert len(list(deeds_of_script(text))) <= 10_000
    assert len(list(deeds_of_line(text, deeds_of_arguments))) <= 10_000
