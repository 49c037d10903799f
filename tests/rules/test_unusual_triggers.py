"""When and as whom a task runs: rare triggers, triggers on signs of discovery, stored credentials."""

from __future__ import annotations

import pytest

from tests.rules.made import STOCK, Machine, daily, findings, one, stated
from tests.rules.planted import ADMINISTRATOR, PATH, REF, USER, as_user, change, planted, wakes
from triptych.model.finding import Severity
from triptych.rules.unusual_triggers import watched


def select(channel: str, condition: str) -> str:
    return f'<QueryList><Query Id="0" Path="{channel}"><Select Path="{channel}">*[System[{condition}]]</Select></Query></QueryList>'


SERIAL = select("Application", "Provider[@Name='Serial'] and EventID=777")
CLEARED = select("Security", "EventID=1102")


@pytest.mark.parametrize("kind", ["EventTrigger", "WnfStateChangeTrigger", "SessionStateChangeTrigger"])
def test_a_rare_trigger_on_a_task_of_nobody_is_low(kind: str) -> None:
    finding = one(change(planted(), PATH, triggers=(daily(REF), wakes(kind, SERIAL))), "trigger-unusual")
    assert finding.severity is Severity.LOW
    assert "Serial" in finding.why
    assert finding.refs == (REF,)


@pytest.mark.parametrize(
    "kind", ["CalendarTrigger", "TimeTrigger", "BootTrigger", "LogonTrigger", "IdleTrigger", "RegistrationTrigger"]
)
def test_everyday_triggers_are_nothing(kind: str) -> None:
    assert findings(change(planted(), PATH, triggers=(wakes(kind),)), "trigger-unusual") == []


def test_stock_tasks_and_files_alone_may_wake_on_anything() -> None:
    assert findings(change(Machine(), STOCK, triggers=(wakes("EventTrigger", SERIAL),)), "trigger-unusual") == []
    alone = planted(registered=False).change_xml(PATH, triggers=(wakes("EventTrigger", SERIAL),))
    assert findings(alone, "trigger-unusual") == []


SIGNS = [
    select("Security", "EventID=1102"),
    select("Security", "(EventID=4698 or EventID=4702)"),
    select("System", "Provider[@Name='Microsoft-Windows-Eventlog'] and EventID = 104"),
    select("Microsoft-Windows-TaskScheduler/Operational", "(EventID &gt;= 140 and EventID &lt;= 142)"),
    select("Microsoft-Windows-TaskScheduler/Operational", "EventID=141"),
    select("Microsoft-Windows-Windows Defender/Operational", "(EventID=1116 or EventID=5001)"),
    "<QueryList><Query Path='Security'><Select>*[System[EventID=1102]]</Select></Query></QueryList>",
]


@pytest.mark.parametrize("subscription", SIGNS)
def test_signs_of_discovery_are_medium(subscription: str) -> None:
    finding = one(change(planted(), PATH, triggers=(wakes("EventTrigger", subscription),)), "trigger-on-defence")
    assert finding.severity is Severity.MEDIUM
    assert "made.exe" in finding.why
    assert finding.refs == (REF,)


@pytest.mark.parametrize(
    "subscription",
    [
        SERIAL,
        select("Security", "EventID=4624"),
        select("System", "EventID=1074"),
        select("Application", "EventID=1102"),
        select("Microsoft-Windows-TaskScheduler/Operational", "EventID=200"),
        select("Microsoft-Windows-Windows Defender/Operational", "EventID=2000"),
        select("Some-Security/Operational", "EventID=1102"),
        "EventID=1102",
        "",
    ],
)
def test_other_events_are_no_signs(subscription: str) -> None:
    assert watched(subscription) == []
    assert findings(change(planted(), PATH, triggers=(wakes("EventTrigger", subscription),)), "trigger-on-defence") == []


def test_what_nothing_registers_is_low_and_a_stock_task_nothing() -> None:
    alone = planted(registered=False).change_xml(PATH, triggers=(wakes("EventTrigger", CLEARED),))
    assert one(alone, "trigger-on-defence").severity is Severity.LOW
    assert findings(change(Machine(), STOCK, triggers=(wakes("EventTrigger", CLEARED),)), "trigger-on-defence") == []


def test_several_signs_of_one_subscription_are_one_finding() -> None:
    both = CLEARED.replace("</QueryList>", "") + select("System", "EventID=104").replace("<QueryList>", "")
    assert len(watched(both)) == 2
    assert len(findings(change(planted(), PATH, triggers=(wakes("EventTrigger", both),)), "trigger-on-defence")) == 1


def test_a_hostile_subscription_ends_soon() -> None:
    for opened in ('<Select Path="Security">', "<Select ", '<Query Path="Security', "<Select Path='a'>EventID=1</Select>"):
        assert watched(opened * 20_000) == []
    assert watched(select("Security", "EventID >= 1 and EventID <= 99999"))


def logging_on(kind: str, sid: str = USER, level: str = "HighestAvailable", path: str = PATH) -> Machine:
    machine = as_user(planted(path) if path == PATH else Machine(), path, sid, level)
    return change(machine, path, "principal", logon_type=stated(kind, REF))


@pytest.mark.parametrize("kind", ["Password", "S4U"])
@pytest.mark.parametrize(
    ("sid", "level"), [(USER, "HighestAvailable"), (ADMINISTRATOR, "LeastPrivilege"), ("S-1-5-32-544", "LeastPrivilege")]
)
def test_stored_credentials_of_somebody_privileged_are_low(kind: str, sid: str, level: str) -> None:
    finding = one(logging_on(kind, sid, level), "credentials-stored")
    assert finding.severity is Severity.LOW
    assert kind in finding.summary
    assert ("password is kept" in finding.why) is (kind == "Password")


@pytest.mark.parametrize(
    ("kind", "level"), [("InteractiveToken", "HighestAvailable"), ("Password", "LeastPrivilege"), ("S4U", "LeastPrivilege")]
)
def test_a_plain_user_or_an_interactive_logon_stores_nothing(kind: str, level: str) -> None:
    assert findings(logging_on(kind, USER, level), "credentials-stored") == []


def test_known_tasks_may_store_credentials() -> None:
    assert findings(logging_on("S4U", path=STOCK), "credentials-stored") == []
