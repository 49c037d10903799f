"""Tasks of a Group Policy file: the four kinds, what each states, and where it stands."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from triptych.formats.faults import Faults
from triptych.formats.policy_xml import PolicyTask, read_policy, where
from triptych.limits import DEFAULT

PATH = "SYSVOL/lab.test/Policies/{31b2f340-016d-11d2-945f-00c04fb984f9}/Machine/Preferences/ScheduledTasks/ScheduledTasks.xml"
POLICY = r"""<?xml version="1.0" encoding="utf-8"?>
<ScheduledTasks clsid="{CC63F200-7309-4ba0-B154-A71CD118DBCC}">
<Task clsid="{2DEECB1C-261F-4e13-9B21-16FB83BC03BD}" name="Old" image="0" changed="2024-01-02 03:04:05" uid="{1}">
<Properties action="C" name="Old" appName="C:\old.exe" args="/x" startIn="C:\" comment="c" runAs="LAB\svc" cpassword="j1Uyj3Vx8TY9"
 enabled="1"><Triggers><Trigger type="DAILY" startHour="9"/></Triggers></Properties></Task>
<ImmediateTask name="Now"><Properties action="U" name="Now" appName="cmd.exe" args="/c whoami"/></ImmediateTask>
<TaskV2 name="New" disabled="1"><Properties action="R" name="New" runAs="%LogonDomain%\%LogonUser%" logonType="Group">
<Task version="1.2"><RegistrationInfo><Author>LAB\admin</Author></RegistrationInfo>
<Principals><Principal id="Author"><UserId>S-1-5-18</UserId><RunLevel>HighestAvailable</RunLevel></Principal></Principals>
<Settings><Hidden>true</Hidden></Settings><Triggers><LogonTrigger/></Triggers>
<Actions><Exec><Command>powershell.exe</Command><Arguments>-enc AAAA</Arguments></Exec><Exec><Command>b.exe</Command></Exec></Actions>
</Task></Properties><Filters><FilterGroup name="LAB\x"/></Filters></TaskV2>
<ImmediateTaskV2 name="Evil"><Properties action="C" name="Evil" runAs="NT AUTHORITY\System" logonType="S4U">
<Task version="1.3"><Actions><Exec><Command>evil.exe</Command></Exec></Actions></Task></Properties></ImmediateTaskV2>
<Strange name="S"/>
</ScheduledTasks>"""


def read(text: str = POLICY, path: str = PATH) -> tuple[tuple[PolicyTask, ...], Faults]:
    faults = Faults(path)
    return read_policy(text.encode(), path, faults, DEFAULT), faults


def get(task: PolicyTask, name: str) -> str:
    return next((reading.value or "" for key, reading in task.readings if key == name), "")


def test_the_four_kinds_and_one_that_nobody_knows() -> None:
    tasks, faults = read()
    assert [(task.element, task.name) for task in tasks] == [
        ("Task", "Old"), ("ImmediateTask", "Now"), ("TaskV2", "New"), ("ImmediateTaskV2", "Evil"), ("Strange", "S"),
    ]  # fmt: skip
    assert [problem.code for problem in faults.problems if problem.code.startswith("policy")] == ["policy.unknown"]
    assert "xml.namespace" not in [problem.code for problem in faults.problems]


def test_a_task_of_the_old_kind() -> None:
    old = read()[0][0]
    named = {
        name: get(old, name) for name in ("action", "command", "arguments", "working_directory", "account", "cpassword", "changed")
    }
    assert named == {
        "action": "C",
        "command": "C:\\old.exe",
        "arguments": "/x",
        "working_directory": "C:\\",
        "account": "LAB\\svc",
        "cpassword": "j1Uyj3Vx8TY9",
        "changed": "2024-01-02 03:04:05",
    }
    assert next(reading.note for name, reading in old.readings if name == "action") == "create"
    assert 'type="DAILY"' in get(old, "triggers")


def test_a_task_with_a_definition_inside() -> None:
    new = read()[0][2]
    assert new.parsed is not None
    assert len(new.parsed.actions) == 2
    assert (get(new, "command"), get(new, "arguments"), get(new, "command[1]")) == ("powershell.exe", "-enc AAAA", "b.exe")
    assert (get(new, "account"), get(new, "account#2")) == ("%LogonDomain%\\%LogonUser%", "S-1-5-18")
    assert (get(new, "run_level"), get(new, "hidden"), get(new, "trigger[0]")) == ("HighestAvailable", "true", "LogonTrigger")
    assert (get(new, "author"), get(new, "disabled")) == ("LAB\\admin", "1")
    assert "FilterGroup" in get(new, "filters")


def test_the_policy_and_its_scope_come_from_the_path() -> None:
    assert where(PATH) == ("{31B2F340-016D-11D2-945F-00C04FB984F9}", "machine")
    assert where("a/User/Preferences/x.xml") == ("", "user")
    evil = read()[0][3]
    assert (get(evil, "policy"), get(evil, "scope")) == ("{31B2F340-016D-11D2-945F-00C04FB984F9}", "machine")
    assert (get(evil, "account"), get(evil, "logon_type")) == ("NT AUTHORITY\\System", "S4U")


def test_every_reading_cites_bytes_that_hold_it() -> None:
    data = POLICY.encode()
    for task in read()[0]:
        for name, reading in task.readings:
            (ref,) = reading.refs
            cited = data[ref.spans[0].offset : ref.spans[0].offset + ref.spans[0].length].decode()
            if name not in ("policy", "scope"):
                assert (reading.value or "") in cited, name


def test_another_document_is_a_note() -> None:
    tasks, faults = read("<Groups/>")
    assert not tasks
    assert [problem.code for problem in faults.problems] == ["policy.not-tasks"]


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(POLICY)), st.integers(0, 60), st.text(max_size=4))
def test_mutated_policies_never_raise(at: int, length: int, new: str) -> None:
    text = POLICY[:at] + new + POLICY[at + length :]
    faults = Faults("P")
    data = text.encode("utf-8", "surrogatepass")
    tasks = read_policy(data, "P", faults, DEFAULT)
    assert tasks or faults.problems
    for task in tasks:
        assert all(
            span.offset + span.length <= len(data) for _, reading in task.readings for ref in reading.refs for span in ref.spans
        )
