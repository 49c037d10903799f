"""What differs, what only looks different, and what cannot be compared at all."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analysis.made import GUID, USER, action, host, local, record, replace, say, silent, task, trigger, twins, utc
from triptych.analysis.comparison import differences, rows
from triptych.analysis.fields import FIELDS
from triptych.analysis.normalise import MONTHS
from triptych.analysis.row import SECTIONS, Row, Verdict
from triptych.model.case import Host
from triptych.model.evidence import Reading, State, not_stated, unreadable
from triptych.model.task import Action, Presence, Settings, Store, Task, Trigger
from triptych.model.times import Instant, duration

HERE = host()
SYSTEM, INTERACTIVE = {"user_id": "S-1-5-18"}, silent("InteractiveToken")
ONCE, DAILY = {"kind": "Once"}, {"kind": "Daily"}


def _row(of: Task, field: str, on: Host = HERE) -> Row:
    return next(row for row in rows(of, on) if row.field == field)


def _pair(section: str, xml: dict[str, Any], registry: dict[str, Any], **more: Any) -> Task:
    one: dict[str, Any] = {section: xml, **more}
    other: dict[str, Any] = {section: registry, **more}
    return task(record(Store.XML, **one), record(Store.REGISTRY, guid=GUID, **other))


def _fields(of: Task, on: Host = HERE) -> list[str]:
    return [row.field for row in differences(of, on)]


def test_another_command_differs_and_the_registry_runs() -> None:
    xml = record(Store.XML, actions=(action(command="C:\\Program Files\\u.exe", arguments="/quiet"),))
    registry = record(guid=GUID, actions=(action(command="cmd.exe", arguments="/c C:\\ProgramData\\x\\u.bat"),))
    found = differences(task(xml, registry), HERE)
    assert [row.field for row in found] == ["actions[0].command", "actions[0].arguments"]
    assert found[0].runs is Store.REGISTRY
    assert "19045" in found[0].why
    assert found[0].label == "1 \u00b7 Command"
    assert [store for store, _ in found[0].cells] == [Store.XML, Store.REGISTRY]
    assert found[0].text(Store.REGISTRY) == "cmd.exe"
    assert all(reading.refs for _, reading in found[0].cells)


def test_windows_7_runs_what_the_file_says() -> None:
    xml = record(Store.XML, actions=(action(command="a.exe"),), settings={"hidden": False}, registration={"author": "A"})
    registry = record(guid=GUID, has_actions=False, settings={"hidden": True}, registration={"author": silent()})
    of = task(xml, registry)
    seven = host(build=7601)
    assert _fields(of, seven) == ["settings.hidden"]  # no actions and no author are kept in that registry
    assert differences(of, seven)[0].runs is Store.REGISTRY
    listed = record(Store.SCHEDULER, actions=(action(command="b.exe", arguments=""),))
    row = differences(task(xml, registry, listed), seven)[0]
    assert (row.field, row.runs) == ("actions[0].command", Store.XML)


def test_an_unknown_build_is_said_with_care() -> None:
    of = _pair("settings", {"enabled": True}, {"enabled": False})
    (row,) = differences(of, host(build=None))
    assert row.runs is Store.REGISTRY
    assert "does not tell the version" in row.why


def test_text_of_registration_runs_nothing() -> None:
    (row,) = differences(_pair("registration", {"author": "Microsoft"}, {"author": "x"}), HERE)
    assert "Nothing runs because of this value" in row.why


@pytest.mark.parametrize(
    ("field", "xml", "registry"),
    [
        ("execution_time_limit", "PT72H", "P3D"),
        ("execution_time_limit", silent("PT72H"), "P3D"),
        ("maintenance_period", "P1M", "P30D"),
        ("maintenance_period", "P1M", "P31D"),
        ("maintenance_period", "P1M", "P1M"),
        ("maintenance_deadline", "P1Y", "P365D"),
        ("idle_duration", silent("PT10M"), "PT0S"),
        ("idle_duration", "PT10M", "PT0S"),
        ("idle_wait_timeout", silent("PT1H"), silent()),
        ("stop_on_idle_end", silent(True), False),
        ("stop_on_idle_end", silent(True), True),
        ("delete_expired_task_after", silent("PT0S"), silent()),
        ("priority", silent(7), 7),
        ("restart_count", silent(), 0),
        ("restart_interval", silent(), "PT0S"),
        ("multiple_instances_policy", silent("IgnoreNew"), "IgnoreNew"),
        ("network_id", silent(), "{00000000-0000-0000-0000-000000000000}"),
        ("network_id", "{ABCDEF00-0000-0000-0000-000000000001}", "abcdef00-0000-0000-0000-000000000001"),
    ],
)
def test_settings_that_only_look_different(field: str, xml: Any, registry: Any) -> None:
    of = _pair("settings", {field: xml}, {field: registry})
    assert _row(of, f"settings.{field}").verdict is Verdict.AGREES
    assert _fields(of) == []


@pytest.mark.parametrize(
    ("field", "xml", "registry"),
    [
        ("enabled", False, True),
        ("enabled", silent(True), False),
        ("hidden", True, False),
        ("execution_time_limit", "PT0S", "P3D"),
        ("execution_time_limit", "P1M", "P32D"),
        ("stop_on_idle_end", True, False),
        ("delete_expired_task_after", "PT0S", silent()),
        ("priority", 7, 1),
        ("idle_duration", "PT5M", "PT0S"),
    ],
)
def test_settings_that_differ(field: str, xml: Any, registry: Any) -> None:
    assert _fields(_pair("settings", {field: xml}, {field: registry})) == [f"settings.{field}"]


@pytest.mark.parametrize("field", ["use_unified_scheduling_engine", "volatile", "network_name"])
def test_what_the_registry_does_not_keep_is_no_difference(field: str) -> None:
    of = _pair("settings", {field: True if field != "network_name" else "n"}, {})
    assert _row(of, f"settings.{field}").verdict is Verdict.ONE
    assert _fields(of) == []


# -- principal -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("xml", "registry", "verdict"),
    [
        ({"user_id": "S-1-5-18"}, {"user_id": "S-1-5-18"}, Verdict.AGREES),
        ({"user_id": "SYSTEM"}, {"user_id": "S-1-5-18"}, Verdict.AGREES),
        ({"user_id": "NT-AUTORITÄT\\SYSTEM"}, {"user_id": "S-1-5-18"}, Verdict.AGREES),
        ({"user_id": "WS-FIN-07\\j.ortiz"}, {"user_id": USER}, Verdict.AGREES),
        ({"user_id": "CORP\\x"}, {"user_id": "S-1-5-21-9-9-9-1"}, Verdict.UNCOMPARABLE),
        ({"user_id": "CORP\\x"}, {"user_id": "S-1-5-21-9-9-9-1", "account": "corp\\X"}, Verdict.AGREES),
        ({"user_id": "LOCAL SERVICE"}, {"user_id": "S-1-5-18"}, Verdict.DIFFERS),
        ({"user_id": "WS-FIN-07\\nobody.knows"}, {"user_id": "S-1-5-18"}, Verdict.DIFFERS),
        ({"user_id": "WS-FIN-07\\nobody.knows"}, {"user_id": "S-1-5-21-9-9-9-1"}, Verdict.UNCOMPARABLE),
        ({"user_id": "AUTORITAS\\SISTEM"}, {"user_id": "S-1-5-18"}, Verdict.UNCOMPARABLE),
        ({"group_id": "S-1-5-32-545"}, {"group_id": "S-1-5-32-545"}, Verdict.AGREES),
        ({"group_id": "Users"}, {"user_id": "S-1-5-32-545"}, Verdict.AGREES),
        ({"user_id": silent(), "run_level": "HighestAvailable"}, {"user_id": "S-1-5-18"}, Verdict.UNCOMPARABLE),
    ],
)
def test_accounts(xml: dict[str, Any], registry: dict[str, Any], verdict: Verdict) -> None:
    here = host(accounts={USER: "j.ortiz"}, name="WS-FIN-07")
    assert _row(_pair("principal", xml, registry), "principal.user_id", here).verdict is verdict


def test_a_file_without_a_principal_differs_in_nothing_of_it() -> None:
    xml = {"user_id": silent(), "logon_type": silent("InteractiveToken"), "run_level": silent("LeastPrivilege")}
    registry = {"user_id": "S-1-5-18", "logon_type": "ServiceAccount", "run_level": "HighestAvailable"}
    of = _pair("principal", xml, registry)
    assert _fields(of) == []
    assert _row(of, "principal.run_level").verdict is Verdict.UNCOMPARABLE


@pytest.mark.parametrize(
    ("xml", "registry", "differs"),
    [
        (
            {"user_id": "S-1-5-18", "logon_type": silent("InteractiveToken")},
            {"user_id": "S-1-5-18", "logon_type": "ServiceAccount"},
            False,
        ),
        ({"user_id": "SYSTEM", "logon_type": "Password"}, {"user_id": "S-1-5-18", "logon_type": "ServiceAccount"}, False),
        ({"group_id": "S-1-5-4", "logon_type": INTERACTIVE}, {"group_id": "S-1-5-4", "logon_type": "Group"}, False),
        ({"user_id": USER, "logon_type": INTERACTIVE}, {"user_id": USER, "logon_type": "InteractiveToken"}, False),
        ({"user_id": USER, "logon_type": INTERACTIVE}, {"user_id": USER, "logon_type": "Password"}, True),
        ({"user_id": USER, "logon_type": "S4U"}, {"user_id": USER, "logon_type": "InteractiveToken"}, True),
        ({"user_id": "S-1-5-18", "logon_type": silent()}, {"user_id": "S-1-5-18", "logon_type": "InteractiveToken"}, True),
        ({"user_id": "SISTEMA LOCALE", "logon_type": silent()}, {"user_id": "S-1-5-18", "logon_type": "ServiceAccount"}, False),
    ],
)
def test_logon_types(xml: dict[str, Any], registry: dict[str, Any], differs: bool) -> None:
    assert ("principal.logon_type" in _fields(_pair("principal", xml, registry))) is differs


def test_run_level_and_its_words() -> None:
    base = {"user_id": USER}
    assert _fields(_pair("principal", base | {"run_level": silent()}, base | {"run_level": "LeastPrivilege"})) == []
    assert _fields(_pair("principal", base | {"run_level": "LeastPrivilege"}, base | {"run_level": "HighestAvailable"})) == [
        "principal.run_level"
    ]
    xml, _ = twins(principal=base | {"run_level": "HighestAvailable"})
    listed = record(Store.SCHEDULER, principal=base | {"run_level": "Highest"})
    assert _fields(task(xml, listed)) == []


# -- triggers ------------------------------------------------------------------------------------------------------------


def _triggers(xml: list[Trigger], registry: list[Trigger]) -> Task:
    return task(record(Store.XML, triggers=tuple(xml)), record(guid=GUID, triggers=tuple(registry)))


@pytest.mark.parametrize(
    ("xml", "registry", "differs"),
    [
        ({"start_boundary": local("2026-03-01T02:00:00")}, {"start_boundary": local("2026-03-01T02:00:00.0000000")}, []),
        ({"start_boundary": local("2026-03-01T02:00:00+01:00")}, {"start_boundary": utc("2026-03-01T01:00:00")}, []),
        ({"start_boundary": local("2026-03-01T02:00:00")}, {"start_boundary": utc("2026-03-01T02:00:00")}, ["start_boundary"]),
        ({"start_boundary": local("2026-03-01T02:00:00")}, {"start_boundary": local("2026-03-01T02:00:01")}, ["start_boundary"]),
        ({"end_boundary": silent()}, {"end_boundary": Instant(0)}, []),
        ({"repetition_interval": "PT60M"}, {"repetition_interval": "PT1H"}, []),
        ({"repetition_interval": silent()}, {"repetition_interval": "PT0S"}, []),
        ({"repetition_interval": "PT15M"}, {"repetition_interval": "PT1M"}, ["repetition_interval"]),
        ({"enabled": silent(True)}, {"enabled": False}, ["enabled"]),
        ({"delay": "PT0M"}, {"delay": "PT0S"}, []),
        ({"user_id": silent()}, {"user_id": USER}, ["user_id"]),
        ({"user_id": "CORP\\x"}, {"user_id": USER}, []),
        ({"user_id": "CORP\\x"}, {"user_id": silent()}, ["user_id"]),
        ({"subscription": "<QueryList>\r\n  <Query/>"}, {"subscription": "<QueryList>\n <Query/>"}, []),
        ({"subscription": "*[System/EventID=1]"}, {"subscription": "*[System/EventID=2]"}, ["subscription"]),
        ({"number_of_occurrences": silent(1)}, {"number_of_occurrences": 0}, []),
        ({"state_name": "7508BCA3380C960C"}, {"state_name": "7508bca3380c960c"}, []),
    ],
)
def test_fields_of_a_trigger(xml: dict[str, Any], registry: dict[str, Any], differs: list[str]) -> None:
    of = _triggers([trigger("LogonTrigger", **xml)], [trigger("LogonTrigger", **registry)])
    assert _fields(of) == [f"triggers[0].{name}" for name in differs]


@pytest.mark.parametrize(
    ("xml", "registry", "differs"),
    [
        (trigger("TimeTrigger"), trigger("TimeTrigger", schedule=ONCE), []),
        (trigger("TimeTrigger", repetition_interval="PT1H"), trigger("TimeTrigger", schedule=ONCE, repetition_interval="PT1H"), []),
        (trigger("CalendarTrigger", schedule=DAILY), trigger("CalendarTrigger", schedule=DAILY | {"days_interval": 1}), []),
        (
            trigger("CalendarTrigger", schedule={"kind": "Monthly", "days_of_month": ("1", "Last")}),
            trigger("CalendarTrigger", schedule={"kind": "Monthly", "days_of_month": ("Last", "1"), "months": MONTHS}),
            [],
        ),
        (trigger("CalendarTrigger", schedule=DAILY), trigger("TimeTrigger", schedule=ONCE), ["schedule.kind"]),
        (
            trigger("CalendarTrigger", schedule={"kind": "Weekly", "days_of_week": ("Monday",)}),
            trigger("CalendarTrigger", schedule={"kind": "Weekly", "days_of_week": ("Monday", "Friday")}),
            ["schedule.days_of_week"],
        ),
        (trigger("BootTrigger"), trigger("LogonTrigger"), ["type"]),
    ],
)  # fmt: skip
def test_schedules(xml: Trigger, registry: Trigger, differs: list[str]) -> None:
    assert _fields(_triggers([xml], [registry])) == [f"triggers[0].{name}" for name in differs]


def test_a_missing_trigger_is_one_row() -> None:
    of = _triggers([trigger("BootTrigger")], [trigger("BootTrigger"), trigger("LogonTrigger", user_id=USER)])
    (row,) = differences(of, HERE)
    assert row.field == "triggers[1].type"
    assert row.text(Store.XML) == "no such trigger"
    assert row.cells[0][1].refs


def test_an_action_more_is_one_row() -> None:
    one, two = action(command="a.exe"), action(command="b.exe")
    (row,) = differences(task(record(Store.XML, actions=(one,)), record(guid=GUID, actions=(one, two))), HERE)
    assert row.field == "actions[1].type"


def test_a_listing_may_leave_out_triggers_and_actions() -> None:
    one, two = action(command="a.exe", arguments=""), action(command="b.exe", arguments="")
    listed = record(Store.SCHEDULER, actions=(one,), keeping={"basis": "listing"})
    assert _fields(task(record(guid=GUID, actions=(one, two)), listed)) == []
    live = record(Store.SCHEDULER, actions=(one,), keeping={"basis": "live"})
    assert _fields(task(record(guid=GUID, actions=(one, two)), live)) == ["actions[1].type"]


def test_a_store_that_keeps_no_triggers_is_left_out() -> None:
    listed = record(Store.SCHEDULER, has_triggers=False, has_actions=False)
    assert _fields(task(record(guid=GUID, triggers=(trigger(),), actions=(action(command="a"),)), listed)) == []


# -- actions -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("xml", "registry", "differs"),
    [
        ({"command": "C:\\Windows\\X.exe"}, {"command": "c:\\windows\\x.EXE"}, []),
        ({"command": "a.exe"}, {"command": "a.exe "}, ["command"]),
        ({"command": "a.exe", "arguments": silent()}, {"command": "a.exe", "arguments": ""}, []),
        ({"command": "a.exe", "arguments": "/Q"}, {"command": "a.exe", "arguments": "/q"}, ["arguments"]),
        ({"command": "%windir%\\a.exe"}, {"command": "C:\\Windows\\a.exe"}, ["command"]),
        ({"class_id": "{ABCDEF00-0000-0000-0000-000000000001}"}, {"class_id": "{abcdef00-0000-0000-0000-000000000001}"}, []),
        (
            {"class_id": "{ABCDEF00-0000-0000-0000-000000000001}"},
            {"class_id": "{ABCDEF00-0000-0000-0000-000000000002}"},
            ["class_id"],
        ),
        ({"type": "Exec", "command": "a"}, {"type": "ComHandler", "class_id": "{1}"}, ["type"]),
    ],
)
def test_fields_of_an_action(xml: dict[str, Any], registry: dict[str, Any], differs: list[str]) -> None:
    of = task(record(Store.XML, actions=(action(**xml),)), record(guid=GUID, actions=(action(**registry),)))
    assert _fields(of) == [f"actions[0].{name}" for name in differs]


def test_a_listing_with_whole_lines() -> None:
    kept = record(guid=GUID, actions=(action(command='"C:\\Program Files\\a.exe"', arguments="/x y"),))
    same = record(Store.SCHEDULER, actions=(action(command="C:\\Program Files\\a.exe /x y"),))
    other = record(Store.SCHEDULER, actions=(action(command="C:\\Program Files\\b.exe /x y"),))
    assert _fields(task(kept, same)) == []
    assert _fields(task(kept, other)) == ["actions[0].command"]


def test_a_resource_string_is_never_compared_with_what_it_resolves_to() -> None:
    raw = {"author": "$(@%SystemRoot%\\system32\\x.dll,-1)"}
    kept = record(guid=GUID, registration=raw)
    listed = record(Store.SCHEDULER, registration={"author": "Microsoft Corporation"})
    assert _row(task(kept, listed), "registration.author").verdict is Verdict.UNCOMPARABLE
    assert _fields(_pair("registration", raw, {"author": "$(@%SystemRoot%\\system32\\x.dll,-2)"})) == ["registration.author"]
    assert _fields(_pair("registration", raw, {"author": "Microsoft Corporation"})) == ["registration.author"]


@pytest.mark.parametrize("coded", ["0x00010002", "65538", "1.2"])
def test_schema_versions(coded: str) -> None:
    assert _fields(_pair("registration", {"schema": "1.2"}, {"schema": coded})) == []
    assert _fields(_pair("registration", {"schema": "1.3"}, {"schema": coded})) == ["registration.schema"]


def test_runs_are_shown_and_never_differ() -> None:
    kept = record(guid=GUID, run={"last_run": utc("2026-01-01T00:00:00"), "last_result": 0})
    listed = record(Store.SCHEDULER, run={"last_run": local("2025-12-31T10:00:00"), "last_result": 1})
    of = task(kept, listed)
    assert _fields(of) == []
    assert _row(of, "run.last_run").text(Store.SCHEDULER).endswith("(local time)")
    assert _row(of, "run.last_result").text(Store.SCHEDULER).startswith("0x1 The program ended with 1")


def test_hidden_from_the_scheduler_is_a_difference_of_presence() -> None:
    of = task(record(guid=GUID), record(Store.SCHEDULER, presence=Presence.HIDDEN))
    row = _row(of, "presence")
    assert (row.verdict, row.runs) == (Verdict.DIFFERS, None)
    assert differences(of, HERE) == ()  # the contract tells presence apart from values
    absent = task(record(guid=GUID, orphan="tasks"), record(Store.SCHEDULER, presence=Presence.ABSENT))
    assert _row(absent, "presence").verdict is Verdict.UNCOMPARABLE


def test_what_cannot_be_read_is_not_compared() -> None:
    of = _pair("settings", {"enabled": True}, {"enabled": unreadable("ff")})
    row = _row(of, "settings.enabled")
    assert row.verdict is Verdict.UNCOMPARABLE
    assert row.text(Store.REGISTRY) == "unreadable: ff"


# -- the whole -----------------------------------------------------------------------------------------------------------


def test_fields_are_unique_and_their_sections_known() -> None:
    names = [field.name for field in FIELDS]
    assert len(names) == len(set(names))
    assert {field.section for field in FIELDS} == set(SECTIONS)


@pytest.mark.parametrize(("kind", "prefix"), [(Action, "actions[]."), (Settings, "settings."), (Trigger, "triggers[].")])
def test_no_field_of_the_model_is_forgotten(kind: Any, prefix: str) -> None:
    compared = {field.name.removeprefix(prefix).partition(".")[0] for field in FIELDS if field.name.startswith(prefix)}
    assert compared == set(kind.__dataclass_fields__)


def test_rows_come_by_section() -> None:
    xml, registry = twins(
        registration={"author": "A"}, principal={"user_id": "S-1-5-18"}, settings={"enabled": True},
        actions=(action(command="a"),), triggers=(trigger(),), run={"last_run": utc("2026-01-01T00:00:00")},
        keeping={"access": "O:BA"},
    )  # fmt: skip
    order = [SECTIONS.index(row.section) for row in rows(task(xml, registry), HERE)]
    assert order == sorted(order)


_WORDS = st.text(max_size=12)


@given(
    registration=st.dictionaries(st.sampled_from(("author", "uri", "description", "version")), _WORDS),
    settings=st.dictionaries(st.sampled_from(("enabled", "hidden", "wake_to_run")), st.booleans()),
    command=_WORDS,
    arguments=_WORDS,
    seconds=st.integers(0, 10**7),
)
def test_one_telling_never_differs_from_itself(
    registration: dict[str, str], settings: dict[str, bool], command: str, arguments: str, seconds: int
) -> None:
    xml, registry = twins(
        registration=registration,
        settings=settings,
        actions=(action(command=command, arguments=arguments),),
        triggers=(trigger("BootTrigger", delay=duration(seconds)),),
        principal={"user_id": command or "x", "logon_type": "Password"},
    )
    assert differences(task(xml, registry), HERE) == ()
    for row in rows(task(xml, registry), HERE):
        assert row.verdict is not Verdict.DIFFERS


@given(st.integers(0, 10**8))
def test_a_duration_is_the_same_in_any_spelling(seconds: int) -> None:
    for spelling in (f"PT{seconds}S", f"PT{seconds // 60}M{seconds % 60}S", duration(seconds)):
        assert _fields(_pair("settings", {"execution_time_limit": spelling}, {"execution_time_limit": duration(seconds)})) == []


def test_reading_states_are_shown_in_words() -> None:
    of = _pair("settings", {"enabled": silent(True)}, {"enabled": say(True)})
    row = _row(of, "settings.enabled")
    assert (row.text(Store.XML), row.text(Store.REGISTRY), row.verdict) == ("yes (default)", "yes", Verdict.AGREES)
    lone = _row(replace(of, records=of.records[1:]), "settings.enabled")
    assert lone.verdict is Verdict.ONE
    assert Reading(None, State.NOT_KEPT).known is False


def test_a_file_that_cannot_be_read_lacks_nothing() -> None:
    broken = replace(record(Store.XML, presence=Presence.UNREADABLE), complete=False)
    full = record(guid=GUID, actions=(action(command="a"),), triggers=(trigger(),))
    assert _fields(task(broken, full)) == []
    partly = replace(record(Store.XML), complete=False)
    assert _fields(task(partly, full)) == []


_SETTINGS = st.dictionaries(
    st.sampled_from(("idle_duration", "execution_time_limit", "maintenance_period")),
    st.sampled_from(("PT0S", "PT10M", "PT72H", "P3D", "P1M", "P30D")),
)
_COMMANDS = st.lists(st.sampled_from(("a.exe", "A.EXE", "b.exe", "a.exe ")), max_size=3)


@given(_SETTINGS, _SETTINGS, _COMMANDS, _COMMANDS, st.sampled_from(("listing", "live", "reconstructed")))
def test_the_short_way_finds_what_the_rows_say(
    one: dict[str, str], other: dict[str, str], commands: list[str], others: list[str], basis: str
) -> None:
    xml = record(Store.XML, settings=one, actions=tuple(action(command=command) for command in commands))
    registry = record(guid=GUID, settings=other, actions=tuple(action(command=command) for command in others))
    seen = replace(registry, store=Store.SCHEDULER, keeping=record(keeping={"basis": basis}).keeping)
    of = task(xml, registry, seen)
    said = tuple(row for row in rows(of, HERE) if row.verdict is Verdict.DIFFERS and row.field != "presence")
    assert differences(of, HERE) == said


def test_a_missing_descriptor_is_a_row_of_its_own() -> None:
    kept = record(guid=GUID)
    bare = replace(kept, keeping=replace(kept.keeping, access=not_stated(None, *kept.ref), index=not_stated(None, *kept.ref)))
    of = task(record(Store.XML), bare)
    assert _row(of, "keeping.access").text(Store.REGISTRY) == "missing"
    assert _row(of, "keeping.index").text(Store.REGISTRY) == "missing"
    assert _fields(of) == []
