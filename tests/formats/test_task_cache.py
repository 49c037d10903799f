"""Actions, Triggers and DynamicInfo against real blobs: the same bytes back, and values worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.material import shared
from triptych.formats.cursor import Block
from triptych.formats.faults import Faults
from triptych.formats.hive import open_hive
from triptych.formats.task_cache import (
    ActionsBlob,
    ComHandlerAction,
    DynamicInfoBlob,
    EventTrigger,
    ExecAction,
    GenericTrigger,
    JobBucket,
    OptionalSettings,
    ScheduleTrigger,
    SendEmailAction,
    SessionTrigger,
    ShowMessageAction,
    TriggersBlob,
    TsPeriod,
    TsTime,
    UserInfo,
    WnfTrigger,
    decode_actions,
    decode_dynamic_info,
    decode_triggers,
    encode_actions,
    encode_dynamic_info,
    encode_triggers,
    hash_kind,
)
from triptych.formats.task_cache.tell_actions import context, tell_actions
from triptych.formats.task_cache.tell_triggers import TriggersTold, tell_triggers
from triptych.model.evidence import NOT_KEPT, RegistryPlace, Span, State
from triptych.model.times import Zone

GDATA = "data/reg-exports/gdata-winreg-tasks-blobs"
USER = "S-1-5-21-3262475209-2374237165-4262510312-1000"


def block(data: bytes) -> Block:
    return Block(data, RegistryPlace("Tasks\\{X}", "V"), (Span("f", 0, len(data)),) if data else (), head=Span("f", 0, 1))


def real(name: str) -> Block:
    return block((shared(GDATA) / f"{name}.bin").read_bytes())


def same_but_padding(data: bytes, *encoded: bytes) -> bool:
    """Whether bytes written twice, with two kinds of padding, are the original wherever the padding does not reach."""
    first, second = encoded
    return len(first) == len(second) == len(data) and all(a == c for a, b, c in zip(first, second, data, strict=True) if a == b)


@cache
def windows_7() -> tuple[tuple[str, str, Block], ...]:
    """Every blob of the real Windows 7: key, value name, bytes."""
    path: Path = shared("data/hives/win7sp1-dorkbot-lab/SOFTWARE-schedule-A-M")
    hive = open_hive(path.read_bytes(), "SOFTWARE", Faults("SOFTWARE"))
    tasks = hive.find("Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tasks")
    assert tasks is not None
    return tuple((key.name, value.name, value.block) for key in tasks.subkeys() for value in key.values())


def of_windows_7(name: str) -> Iterator[Block]:
    return (found for _, kind, found in windows_7() if kind == name)


def told(found: Block) -> TriggersTold:
    return tell_triggers(decode_triggers(found, Faults("f")), found)


# -- round trips over real bytes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["actions-TestTaskParser_ComHandler", "actions-TestTaskParser_ExeTasks"])
def test_real_actions_come_back(name: str) -> None:
    found = real(name)
    blob = decode_actions(found, Faults("f"))
    assert same_but_padding(found.data, encode_actions(blob, 0), encode_actions(blob, 0xFF))


@pytest.mark.parametrize("name", ["TestBootTrigger", "TestLogonTrigger", "TestStateChangeTrigger", "TestTimeTrigger"])
def test_real_triggers_come_back(name: str) -> None:
    found, faults = real(f"triggers-{name}"), Faults("f")
    blob = decode_triggers(found, faults)
    assert not len(faults)
    assert not blob.rest.found
    assert same_but_padding(found.data, encode_triggers(blob, 0), encode_triggers(blob, 0xFF))


def test_every_blob_of_a_real_windows_7_comes_back() -> None:
    faults = Faults("f")
    triggers, dynamic = list(of_windows_7("Triggers")), list(of_windows_7("DynamicInfo"))
    assert (len(triggers), len(dynamic)) == (46, 46)
    for found in triggers:
        blob = decode_triggers(found, faults)
        assert (blob.version, blob.rest.found) == (0x15, "")
        assert same_but_padding(found.data, encode_triggers(blob, 0), encode_triggers(blob, 0xFF))
    for found in dynamic:
        info = decode_dynamic_info(found, faults)
        assert info.last_success is None
        assert encode_dynamic_info(info) == found.data
    assert not len(faults)
    assert {hash_kind(found.data) for found in of_windows_7("Hash")} == {"SHA-256"}


# -- values worked out by hand -------------------------------------------------------------------------------------------


def test_exec_actions() -> None:
    found, faults = real("actions-TestTaskParser_ExeTasks"), Faults("f")
    blob = decode_actions(found, faults)
    actions = tell_actions(blob, found)
    assert (blob.version, context(blob, found).value) == (3, "Author")
    assert [(action.command.value, action.arguments.value, action.working_directory.value) for action in actions] == [
        ("execution.exe", None, None),
        ("moar.exe", None, None),
        ("C:\\users\\case\\Desktop\\witharg.xml", "arg arg2", None),
        ("D:\\only_workingdir.ps1", None, "C:\\windows"),
        ("z:\\allof\\it.exe", "arg1 arg2", "c:\\workingdir"),
    ]
    assert {action.id.value for action in actions} == {"exec"}
    first = blob.actions[0]
    assert isinstance(first, ExecAction)
    assert first.flags == 1
    # the sample lacks the last byte of the last action's flags: told, and nothing else is lost by it
    assert [problem.where for problem in faults.problems] == ["Actions, offset 0x1A2"]
    assert blob.actions[4].cut == "flags"


def test_com_handler() -> None:
    found = real("actions-TestTaskParser_ComHandler")
    (action,) = tell_actions(decode_actions(found, Faults("f")), found)
    assert action.type.value == "ComHandler"
    assert (action.class_id.value, action.data.value) == ("{61BCD1B9-340C-40EC-9D41-D7F1C0632F05}", "MissingCredentials")
    assert action.command is NOT_KEPT


def test_flags_of_the_worked_examples() -> None:
    settings, principal = told(real("triggers-TestBootTrigger")).settings, told(real("triggers-TestTimeTrigger")).principal
    yes = {
        "enabled", "allow_start_on_demand", "disallow_start_if_on_batteries", "stop_if_going_on_batteries", "stop_on_idle_end",
        "allow_hard_terminate",
    }  # fmt: skip
    no = {
        "hidden", "run_only_if_idle", "restart_on_idle", "start_when_available", "run_only_if_network_available", "wake_to_run",
    }  # fmt: skip
    assert {name for name in yes | no if getattr(settings, name).value is True} == yes
    assert {name for name in yes | no if getattr(settings, name).value is False} == no
    assert settings.multiple_instances_policy.value == "IgnoreNew"
    assert settings.enabled.raw == "0x42412138"
    assert (principal.run_level.value, principal.logon_type.value) == ("HighestAvailable", "InteractiveToken")
    assert (principal.id.value, principal.user_id.value, principal.account.value) == ("Author", USER, "CASE-PC\\case")
    assert settings.enabled.refs[0] is settings.hidden.refs[0]


def test_settings_that_are_not_set_are_the_defaults_of_the_schema() -> None:
    settings = told(real("triggers-TestBootTrigger")).settings
    assert (settings.execution_time_limit.state, settings.execution_time_limit.value) == (State.STATED, "P3D")
    assert (settings.priority.state, settings.priority.value) == (State.STATED, 7)
    for name, default in (("idle_duration", "PT10M"), ("idle_wait_timeout", "PT1H"), ("delete_expired_task_after", None)):
        reading = getattr(settings, name)
        assert (reading.state, reading.value) == (State.NOT_STATED, default)
        assert reading.refs
    none = told(real("triggers-TestStateChangeTrigger")).settings
    assert (none.execution_time_limit.state, none.execution_time_limit.value) == (State.NOT_STATED, "P3D")
    assert (none.maintenance_exclusive.state, none.maintenance_exclusive.value) == (State.NOT_STATED, False)
    assert settings.volatile is settings.use_unified_scheduling_engine is settings.disallow_start_on_remote_app_session is NOT_KEPT


def test_logon_trigger() -> None:
    (trigger,) = told(real("triggers-TestLogonTrigger")).triggers
    assert (trigger.type.value, trigger.enabled.value, trigger.user_id.value) == ("LogonTrigger", False, USER)
    assert trigger.start_boundary.value is not None
    assert trigger.end_boundary.value is not None
    assert (trigger.start_boundary.value.iso, trigger.start_boundary.value.zone) == ("2022-04-07T01:02:03", Zone.LOCAL)
    assert trigger.end_boundary.value.iso == "2023-04-04T03:06:07Z"
    assert (trigger.delay.value, trigger.execution_time_limit.value) == ("PT30S", "PT1H")
    assert (trigger.repetition_interval.value, trigger.repetition_duration.value) == ("PT5M", "PT15M")


def test_state_change_triggers_stand_at_odd_offsets() -> None:
    first, second = told(real("triggers-TestStateChangeTrigger")).triggers
    assert (first.type.value, first.state_name.value, first.data.value) == ("WnfStateChangeTrigger", "7518BCA32B188341", "01")
    assert (second.state_name.value, second.data.value) == ("7528BCA32B188341", "03")
    assert second.type.refs[0].spans == (Span("f", 0x109, 4),)


def test_calendars() -> None:
    once, daily, weekly, monthly, weekdays = told(real("triggers-TestTimeTrigger")).triggers
    assert [trigger.type.value for trigger in (once, daily)] == ["TimeTrigger", "CalendarTrigger"]
    assert (daily.schedule.days_interval.value, daily.repetition_interval.value, daily.stop_at_duration_end.value) == (
        3,
        "PT1H",
        True,
    )
    assert weekly.schedule.weeks_interval.value == 4
    assert weekly.schedule.days_of_week.value == ("Monday", "Friday", "Saturday")
    assert monthly.schedule.days_of_month.value == ("1", "7", "8", "9", "14", "18", "19", "28")
    assert monthly.schedule.months.value == ("March", "May", "August", "September")
    assert weekdays.schedule.weeks.value == ("3", "4")
    assert weekdays.schedule.days_of_week.value == ("Wednesday", "Thursday", "Friday")
    assert once.repetition_interval.state is State.NOT_STATED
    assert once.end_boundary.state is State.NOT_STATED


def test_dynamic_info() -> None:
    found = real("dynamic_info-TestDynamicInfo_Read_WithSuccess")
    info = decode_dynamic_info(found, Faults("f"))
    assert (info.created, info.last_run, info.last_success) == (0x01D81C31F12D79E9, 0x01D81C3EA554C196, 0x01D81C3EA5A379F6)
    assert encode_dynamic_info(info) == found.data
    data = bytes.fromhex("03000000e9792df1311cd801b44a8b8d3e1cd8010000000002000780e470d567341cd801")
    info = decode_dynamic_info(block(data), Faults("f"))
    assert (info.result, info.state, info.last_success) == (0x80070002, 0, 0x01D81C3467D570E4)


def test_longer_dynamic_info_is_kept() -> None:
    data = encode_dynamic_info(DynamicInfoBlob(created=5, last_success=7)) + b"12345678"
    info = decode_dynamic_info(block(data), Faults("f"))
    assert (info.last_success, info.rest.data, info.rest.at) == (7, b"12345678", 36)
    assert encode_dynamic_info(info) == data


def test_windows_7_keeps_no_hard_terminate_and_no_ids() -> None:
    for found in of_windows_7("Triggers"):
        kept = told(found)
        assert kept.settings.allow_hard_terminate is NOT_KEPT
        assert kept.principal.id is kept.principal.display_name is NOT_KEPT
        assert {kept.principal.logon_type.value} <= {"Group", "ServiceAccount"}
        who = kept.principal.group_id if kept.principal.logon_type.value == "Group" else kept.principal.user_id
        assert who.stated
        assert (who.value or "").startswith("S-1-")


def test_event_trigger_of_windows_7() -> None:
    by_guid = {key: found for key, name, found in windows_7() if name == "Triggers"}
    event, registration, boot = told(by_guid["{5F5A18EB-DC73-4E45-A11C-B59043598412}"]).triggers
    assert [trigger.type.value for trigger in (event, registration, boot)] == ["EventTrigger", "RegistrationTrigger", "BootTrigger"]
    assert "EventID=1502" in (event.subscription.value or "")
    assert (event.number_of_occurrences.state, event.number_of_occurrences.value) == (State.NOT_STATED, 1)
    assert (boot.delay.value, boot.repetition_interval.value) == ("PT10S", "PT8H")


# -- layouts that no real blob at hand has -------------------------------------------------------------------------------


EVERY_ACTION = (
    ExecAction("a", "c.exe", "x y", "C:\\", 1),
    ComHandlerAction("b", bytes(range(16)), "data"),
    SendEmailAction("c", "f", "t", "c", "b", "r", "s", "subject", "body", ("a1", "a2"), (("h", "v"),)),
    ShowMessageAction("d", "title", "body"),
)


@pytest.mark.parametrize(("version", "named"), [(1, False), (1, True), (2, True), (2, False), (3, True)])
def test_every_action_in_every_version(version: int, named: bool) -> None:
    exe = ExecAction("a", "c.exe", "x y", "C:\\", 1 if version == 3 else 0)
    blob = ActionsBlob(version, "Author" if named else None, (exe, *EVERY_ACTION[1:]))
    faults = Faults("f")
    assert decode_actions(block(encode_actions(blob)), faults) == blob
    assert not len(faults)


def test_eight_bytes_of_triggers_say_nothing() -> None:
    blob = decode_triggers(block(bytes.fromhex("1700000000000000")), Faults("f"))
    assert (blob.bucket, blob.triggers, blob.rest.found) == (None, (), "")
    assert len(encode_triggers(blob)) == 8


EVERY_TRIGGER = (
    ScheduleTrigger(start=TsTime(1, 9), mode=2, data1=1, data2=0x7F, random_delay=60, id="s"),
    EventTrigger(subscription="<q/>", period=60, occurrences=2, matching_element="m", value_queries=(("n", "q"),), id="e"),
    GenericTrigger(magic=0xEEEE),
    GenericTrigger(magic=0xFFFF, delay=5),
    GenericTrigger(magic=0x8888),
    SessionTrigger(state=5, user=UserInfo(0, 1, name="N")),
    WnfTrigger(state_name=b"12345678", data=b"abc"),
)


@pytest.mark.parametrize("length", [0, 0x2C, 0x38, 0x58])
@pytest.mark.parametrize("version", [0x15, 0x16, 0x17])
def test_every_trigger_and_every_form_of_optional_settings(version: int, length: int) -> None:
    optional = OptionalSettings(length) if length else None
    if length == 0x58:
        optional = OptionalSettings(
            length,
            privileges=1 << 20,
            maintenance_period=TsPeriod(days=7),
            maintenance_deadline=TsPeriod(months=1),
            maintenance_exclusive=1,
        )
    bucket = JobBucket(
        optional=optional, principal_id="P" if version > 0x15 else None, display_name="D" if version > 0x16 else None
    )
    named = EVERY_TRIGGER if version > 0x15 else tuple(_without_id(trigger) for trigger in EVERY_TRIGGER)
    blob = TriggersBlob(version, bucket=bucket, triggers=named)
    found, faults = block(encode_triggers(blob)), Faults("f")
    assert decode_triggers(found, faults) == blob
    assert not len(faults)
    settings = told(found).settings
    if length == 0x58:
        assert (settings.maintenance_period.value, settings.maintenance_deadline.value) == ("P7D", "P1M")
        assert told(found).principal.required_privileges.value == ("SeDebugPrivilege",)
    else:
        assert settings.maintenance_period.state is State.NOT_STATED


def _without_id(trigger: ScheduleTrigger | GenericTrigger) -> ScheduleTrigger | GenericTrigger:
    from dataclasses import replace

    return replace(trigger, id="")


# -- what is broken ------------------------------------------------------------------------------------------------------


def test_a_broken_action_keeps_what_came_before_it() -> None:
    data = bytearray(encode_actions(ActionsBlob(3, "Author", EVERY_ACTION[:1])))
    at = data.index("x y".encode("utf-16-le")) - 4
    data[at : at + 4] = b"\xff\xff\xff\xff"
    found, faults = block(bytes(data)), Faults("f")
    blob = decode_actions(found, faults)
    (action,) = tell_actions(blob, found)
    assert action.command.value == "c.exe"
    assert action.arguments.state is action.working_directory.state is State.UNREADABLE
    assert action.arguments.raw.startswith("ff ff ff ff")
    assert blob.rest.found
    assert encode_actions(blob) == found.data
    (problem,) = faults.problems
    assert "4294967295" in problem.tried
    assert problem.lost


def test_bytes_after_the_last_action_are_told() -> None:
    data = encode_actions(ActionsBlob(3, "Author", EVERY_ACTION[:2])) + b"\x01\x02\x03"
    faults = Faults("f")
    blob = decode_actions(block(data), faults)
    assert len(blob.actions) == 2
    assert (blob.rest.data, blob.rest.at) == (b"\x01\x02\x03", len(data) - 3)
    assert len(faults) == 1
    assert encode_actions(blob) == data


def test_more_actions_than_windows_allows_are_counted() -> None:
    data = encode_actions(ActionsBlob(3, "A", EVERY_ACTION[:1] * 40))
    faults = Faults("f")
    blob = decode_actions(block(data), faults)
    assert len(blob.actions) == 32
    assert faults.problems[0].found == "8 more actions after the first 32"
    assert encode_actions(blob) == data


def test_more_triggers_than_windows_allows_are_counted() -> None:
    data = encode_triggers(TriggersBlob(bucket=JobBucket(), triggers=EVERY_TRIGGER[2:3] * 50))
    faults = Faults("f")
    blob = decode_triggers(block(data), faults)
    assert len(blob.triggers) == 48
    assert faults.problems[0].found == "2 more triggers after the first 48"
    assert encode_triggers(blob) == data


def test_a_broken_account_leaves_the_flags_and_says_so() -> None:
    whole = encode_triggers(TriggersBlob(bucket=JobBucket(principal_id="Author", user=UserInfo(sid=b"\1\1\0\0\0\0\0\5\x12\0\0\0"))))
    found, faults = block(whole[: whole.index(b"\1\1\0\0\0\0\0\5") + 4]), Faults("f")
    blob = decode_triggers(found, faults)
    kept = tell_triggers(blob, found)
    assert kept.settings.enabled.value is True
    assert kept.principal.id.value == "Author"
    assert kept.principal.user_id.state is State.UNREADABLE
    assert kept.settings.priority.state is State.UNREADABLE
    assert len(faults) == 1
    assert encode_triggers(blob) == found.data


def test_bits_that_contradict_each_other_are_shown_and_not_chosen() -> None:
    kept = told(block(encode_triggers(TriggersBlob(bucket=JobBucket(flags=0x4000 | 0x40000 | 0x400 | 0x800)))))
    assert kept.principal.logon_type.state is State.UNREADABLE
    assert kept.settings.multiple_instances_policy.note == "several at once: Parallel, StopExisting"
