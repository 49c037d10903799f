from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lessons.definitions import DEFINITIONS
from triptych.formats.cursor import Block
from triptych.formats.faults import Faults
from triptych.formats.sid import sid_bytes
from triptych.formats.task_cache.actions import ActionsBlob, ExecAction, decode_actions
from triptych.formats.task_cache.dynamic_info import decode_dynamic_info
from triptych.formats.task_cache.triggers import OptionalSettings, ScheduleTrigger, TriggersBlob, decode_triggers
from triptych.lessons.benign_tasks import SYSTEM, daily, definition, exec_
from triptych.lessons.task_cache_blobs import actions_value, dynamic_info_value, job_flags, triggers_value
from triptych.lessons.task_spec import Definition, PrincipalSpec, SettingsSpec, TaskTimes, TriggerSpec, indexes_of
from triptych.model.evidence import FilePlace, Span
from triptych.model.times import parse_iso


def _block(data: bytes) -> Block:
    return Block(data, FilePlace("v"), (Span("v", 0, len(data)),))


def _actions(data: bytes) -> ActionsBlob:
    faults = Faults("v")
    blob = decode_actions(_block(data), faults)
    assert not faults.problems
    return blob


def _triggers(data: bytes) -> TriggersBlob:
    faults = Faults("v")
    blob = decode_triggers(_block(data), faults)
    assert not faults.problems
    return blob


@given(DEFINITIONS)
@settings(max_examples=150, deadline=None)
def test_actions_are_read_back(told: Definition) -> None:
    blob = _actions(actions_value(told))
    assert blob.version == 3
    assert blob.context == told.principal.id
    assert len(blob.actions) == len(told.actions)
    for found, asked in zip(blob.actions, told.actions, strict=True):
        if isinstance(found, ExecAction):
            assert (found.command, found.arguments, found.working_directory) == (
                asked.command,
                asked.arguments,
                asked.working_directory,
            )


@given(DEFINITIONS, st.sampled_from([0x15, 0x16, 0x17]))
@settings(max_examples=150, deadline=None)
def test_triggers_principal_and_settings_are_read_back(told: Definition, version: int) -> None:
    blob = _triggers(triggers_value(told, version, 77))
    assert blob.version == version
    assert len(blob.triggers) == len(told.triggers)
    assert [bool(found.enabled) for found in blob.triggers] == [asked.enabled for asked in told.triggers]
    bucket = blob.bucket
    assert bucket is not None
    assert bucket.crc == 77
    assert bucket.user.sid == sid_bytes(told.principal.known_sid)
    assert bucket.principal_id == (told.principal.id if version >= 0x16 else None)
    assert bool(bucket.flags & 0x800000) is told.settings.hidden
    assert bool(bucket.flags & 0x400000) is told.settings.enabled
    assert bool(bucket.flags & 0x40000000) is (version != 0x15)
    assert isinstance(bucket.optional, OptionalSettings)
    assert bucket.optional.priority == told.settings.priority
    assert bucket.optional.maintenance_period.days == {"": 0, "P1D": 1, "P7D": 7}[told.settings.maintenance_period]


def test_the_bytes_of_the_story_are_those_of_the_design() -> None:
    """102 bytes; the command with its length begins at 0x18, the arguments at 0x2A."""
    told = definition(SYSTEM, (exec_("cmd.exe", r"/c C:\ProgramData\x\u.bat"),))
    data = actions_value(told)
    assert len(data) == 102
    assert data[:2] == b"\x03\0"
    assert data[0x18:0x1C] == (14).to_bytes(4, "little")
    assert data[0x1C:0x2A].decode("utf-16-le") == "cmd.exe"
    assert data[0x2A:0x2E] == (50).to_bytes(4, "little")


def test_job_flags_are_those_of_real_tasks() -> None:
    user = PrincipalSpec("Author", user_id="S-1-5-21-1-2-3-1001", logon_type="InteractiveToken")
    plain = Definition(principal=user, actions=(exec_("a"),))
    assert job_flags(plain) == 0x42412138  # decoded from a blob of GDATA
    highest = Definition(
        principal=PrincipalSpec("Author", user_id=user.user_id, run_level="HighestAvailable"), actions=(exec_("a"),)
    )
    assert job_flags(highest) == 0x43412138
    group = Definition(
        principal=PrincipalSpec("User", group_id="S-1-5-4"),
        settings=SettingsSpec(
            hidden=True, multiple_instances="Parallel", no_start_on_batteries=False, stop_on_batteries=False,
            allow_hard_terminate=False, start_when_available=True, network_only=True,
        ),
    )  # fmt: skip
    assert job_flags(group) == 0x02C085C8  # a stock task of GDATA's
    assert job_flags(Definition(principal=SYSTEM)) & 0xFC000 == 0x20000


def test_padding_is_what_the_service_fills_its_buffer_with() -> None:
    data = triggers_value(definition(SYSTEM, (exec_("a"),), daily("2024-01-01T03:00:00")))
    assert data[:8] == b"\x17" + b"H" * 7
    assert data[0x28 + 4 : 0x28 + 8] == b"HHHH"


@pytest.mark.parametrize(
    ("trigger", "mode", "numbers"),
    [
        (TriggerSpec("TimeTrigger"), 0, (0, 0, 0)),
        (TriggerSpec("CalendarTrigger", days=3), 1, (3, 0, 0)),
        (TriggerSpec("CalendarTrigger", weeks=4, days_of_week=("Monday", "Friday", "Saturday")), 2, (4, 0x62, 0)),
        (TriggerSpec("CalendarTrigger", days_of_month=("1", "17", "Last"), months=("January", "December")), 3, (1, 0x8001, 0x801)),
        (TriggerSpec("CalendarTrigger", weeks_of_month=("Last",), days_of_week=("Sunday",)), 4, (1, 0x10, 0xFFF)),
    ],
)
def test_calendars_have_the_modes_and_bits_of_real_blobs(trigger: TriggerSpec, mode: int, numbers: tuple[int, int, int]) -> None:
    found = _triggers(triggers_value(definition(SYSTEM, (exec_("a"),), trigger))).triggers[0]
    assert isinstance(found, ScheduleTrigger)
    assert (found.mode, (found.data1, found.data2, found.data3)) == (mode, numbers)


def test_times_keep_their_zone() -> None:
    local, utc = (
        _triggers(triggers_value(definition(SYSTEM, (exec_("a"),), TriggerSpec("TimeTrigger", start=parse_iso(text)))))
        for text in ("2024-01-01T03:00:00", "2024-01-01T03:00:00Z")
    )
    assert (local.start.local, utc.start.local) == (1, 0)
    assert local.start.ticks == utc.start.ticks == parse_iso("2024-01-01T03:00:00Z").ticks


def test_dynamic_info_has_two_lengths() -> None:
    times = TaskTimes(11, 12, 13, 14, 15, 16, 17, 0x80070002)
    long, short = dynamic_info_value(times), dynamic_info_value(times, short=True)
    assert (len(long), len(short)) == (36, 28)
    blob = decode_dynamic_info(_block(long), Faults("v"))
    assert (blob.created, blob.last_run, blob.result, blob.last_success) == (11, 16, 0x80070002, 17)
    assert decode_dynamic_info(_block(short), Faults("v")).last_success is None


def test_a_principal_without_a_sid_cannot_be_kept() -> None:
    with pytest.raises(ValueError, match="needs a SID"):
        triggers_value(definition(PrincipalSpec("Author", user_id=r"CORP\anna"), (exec_("a"),)))


@pytest.mark.parametrize(
    ("triggers", "maintenance", "wanted"),
    [
        ((), "", (3, ("Plain",))),
        (("BootTrigger",), "", (1, ("Boot",))),
        (("LogonTrigger", "CalendarTrigger"), "", (2, ("Logon", "Plain"))),
        (("BootTrigger", "LogonTrigger"), "", (1, ("Boot", "Logon"))),
        ((), "P1D", (3, ("Plain", "Maintenance"))),
    ],
)
def test_the_index_follows_the_triggers(triggers: tuple[str, ...], maintenance: str, wanted: tuple[int, tuple[str, ...]]) -> None:
    told = definition(SYSTEM, (exec_("a"),), *map(TriggerSpec, triggers), settings=SettingsSpec(maintenance_period=maintenance))
    assert indexes_of(told) == wanted
