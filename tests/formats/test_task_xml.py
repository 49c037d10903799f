"""Real task files: every one becomes a task, nothing in it is dropped, every value cites the bytes that state it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from lxml import etree

from tests.material import shared
from triptych.formats.cursor import Block
from triptych.formats.faults import Faults
from triptych.formats.task_xml import ParsedTask, accounted, hashes, read_task, read_task_text
from triptych.limits import DEFAULT
from triptych.model.evidence import EventPlace, EvidenceRef, FilePlace, Span, State, XmlPlace
from triptych.model.task import Store, TaskRecord, leaves
from triptych.model.times import Zone

NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
# Elements that only hold others, and elements whose children are words of one value.
LISTS = (
    "DaysOfWeek",
    "Months",
    "DaysOfMonth",
    "Weeks",
    "RequiredPrivileges",
    "ValueQueries",
    "HeaderFields",
    "Attachments",
    "Data",
)


def read(data: bytes) -> tuple[ParsedTask, Faults]:
    faults = Faults("T")
    return read_task(data, "T", faults, DEFAULT), faults


def task(inner: str, head: str = f'<Task version="1.4" xmlns="{NAMESPACE}">') -> bytes:
    actions = "" if "<Actions" in inner else "<Actions><Exec><Command>a.exe</Command></Exec></Actions>"
    return f"{head}{inner}{actions}</Task>".encode("utf-8", "surrogateescape")


def record(data: bytes) -> TaskRecord:
    return read(data)[0].record(Store.XML, "\\T")


@cache
def real_files() -> tuple[Path, ...]:
    return tuple(sorted(path for path in shared("data/tasks-xml").rglob("*") if path.is_file()))


def text_of(data: bytes) -> str:
    return data[2:].decode("utf-16-le") if data.startswith(b"\xff\xfe") else data.decode("utf-8-sig")


def test_every_real_file_is_a_task_read_whole() -> None:
    problems = []
    for path in real_files():
        parsed, faults = read(path.read_bytes())
        assert parsed.is_task, path
        assert parsed.complete, path
        assert parsed.actions, path
        problems += [(path.name, problem.code) for problem in faults.problems if problem.code != "xml.encoding"]
    assert len(real_files()) >= 150
    assert not problems


def test_the_file_that_lies_about_its_encoding_says_so() -> None:
    lying = next(path for path in real_files() if path.name == "SoftLandingCreativeManagementTask")
    parsed, faults = read(lying.read_bytes())
    assert [problem.code for problem in faults.problems] == ["xml.encoding"]
    assert faults.problems[0].found == "declared UTF-16, read as UTF-8"
    assert parsed.encoding.value == "UTF-8"
    assert parsed.encoding.note == "declared UTF-16, read as UTF-8"


def places_of(element: etree._Element, path: str) -> Iterator[tuple[str, str]]:
    """Paths (named as ours are) and texts of everything that must be accounted for, by an independent reader."""
    yield from ((f"{path}/@{name}", value) for name, value in element.attrib.items())
    children = [child for child in element if isinstance(child.tag, str)]
    local = etree.QName(element).localname
    if not children or local in LISTS:
        yield path, element.text or ""
        return
    names = [etree.QName(child).localname for child in children]
    for number, child in enumerate(children):
        name = names[number]
        index = f"[{names[: number + 1].count(name)}]" if names.count(name) > 1 or local in ("Triggers", "Actions") else ""
        yield from places_of(child, f"{path}/{name}{index}")


def test_nothing_in_a_real_file_is_dropped() -> None:
    checked = 0
    for path in real_files():
        text = text_of(path.read_bytes())
        bare = text[text.index("?>") + 2 :] if text.startswith("<?xml") else text
        found = accounted(read(path.read_bytes())[0].record(Store.XML, "\\T"))
        for place, value in places_of(etree.fromstring(bare), "/Task"):
            empty_section = not value.strip() and place.count("/") == 2
            assert place in found or empty_section, (path.name, place, value)
            checked += 1
    assert checked > 3_500


def cited(data: bytes, ref: EvidenceRef) -> str:
    raw = b"".join(data[span.offset : span.offset + span.length] for span in ref.spans)
    return raw.decode("utf-16-le" if data.startswith(b"\xff\xfe") else "utf-8")


def test_every_stated_value_cites_its_element_to_the_byte() -> None:
    for path in real_files():
        data = path.read_bytes()
        lines = text_of(data).split("\n")
        parsed, _ = read(data)
        for name, reading in leaves(parsed.record(Store.XML, "\\T")):
            if reading.state is not State.STATED or name in ("presence", "keeping.hash_found", "keeping.encoding"):
                continue
            (ref,) = reading.refs
            assert isinstance(ref.place, XmlPlace)
            text = cited(data, ref)
            local = ref.place.xpath.rpartition("/")[2].partition("[")[0]
            if local.startswith("@"):
                assert text.startswith(f'{local[1:]}="'), (path, name)
                assert text.endswith('"')
            else:
                assert text.startswith(f"<{local}"), (path, name, text[:50])
                assert text.endswith(">")
            assert text.split("\n")[0].rstrip("\r") in lines[ref.place.line - 1]
            written = reading.raw or reading.value
            if isinstance(written, str) and not any(mark in text for mark in "&\r") and not name.endswith(".kind"):
                assert written in text, (path, name)


def test_absence_cites_the_parent_once_for_all() -> None:
    data = task("<Settings><Hidden>true</Hidden></Settings>")
    settings = record(data).settings
    assert settings.hidden.value is True
    assert settings.enabled.state is State.NOT_STATED
    assert settings.enabled.value is True
    assert settings.execution_time_limit.value == "P3D"
    assert settings.enabled.refs == settings.priority.refs
    assert cited(data, settings.enabled.refs[0]) == "<Settings><Hidden>true</Hidden></Settings>"
    assert cited(data, record(data).principal.run_level.refs[0]) == data.decode()


def test_values_are_normalised_and_kept_as_written() -> None:
    found = record(
        task(
            "<RegistrationInfo><Date>2024-05-06T07:08:09.1234567</Date></RegistrationInfo>"
            "<Settings><ExecutionTimeLimit>PT72H</ExecutionTimeLimit><Enabled>0</Enabled><Priority> 5 </Priority></Settings>"
            "<Triggers><TimeTrigger id='x'><StartBoundary>2024-01-01T01:00:00+02:00</StartBoundary></TimeTrigger></Triggers>"
        )
    )
    assert found.registration.date.value is not None
    assert found.registration.date.value.iso == "2024-05-06T07:08:09.1234567"
    assert found.registration.date.value.zone is Zone.LOCAL
    assert (found.settings.execution_time_limit.value, found.settings.execution_time_limit.raw) == ("P3D", "PT72H")
    assert (found.settings.enabled.value, found.settings.enabled.raw) == (False, "0")
    assert (found.settings.priority.value, found.settings.priority.raw) == (5, " 5 ")
    trigger = found.triggers[0]
    assert trigger.start_boundary.value is not None
    assert trigger.start_boundary.value.iso == "2023-12-31T23:00:00Z"
    assert (trigger.id.value, trigger.schedule.kind.value) == ("x", "Once")
    assert trigger.delay.state is State.NOT_KEPT
    assert found.registration.schema.value == "1.4"


def test_schedules_of_the_calendar() -> None:
    month = "<Months><December/><January/></Months>"
    found = record(
        task(
            "<Triggers>"
            "<CalendarTrigger><ScheduleByDay/></CalendarTrigger>"
            "<CalendarTrigger><ScheduleByWeek><WeeksInterval>2</WeeksInterval>"
            "<DaysOfWeek><Friday/><Monday/></DaysOfWeek></ScheduleByWeek></CalendarTrigger>"
            f"<CalendarTrigger><ScheduleByMonth><DaysOfMonth><Day>Last</Day><Day>3</Day></DaysOfMonth>{month}</ScheduleByMonth>"
            "</CalendarTrigger><CalendarTrigger><ScheduleByMonthDayOfWeek><Weeks><Week>Last</Week><Week>1</Week></Weeks>"
            "<DaysOfWeek><Sunday/></DaysOfWeek></ScheduleByMonthDayOfWeek></CalendarTrigger><CalendarTrigger/>"
            "</Triggers>"
        )
    )
    daily, weekly, monthly, dow, nothing = (trigger.schedule for trigger in found.triggers)
    assert (daily.kind.value, daily.days_interval.value, daily.days_interval.state) == ("Daily", 1, State.NOT_STATED)
    assert daily.months.state is State.NOT_KEPT
    assert (weekly.kind.value, weekly.weeks_interval.value, weekly.days_of_week.value) == ("Weekly", 2, ("Monday", "Friday"))
    assert (monthly.days_of_month.value, monthly.months.value) == (("3", "Last"), ("January", "December"))
    assert (dow.kind.value, dow.weeks.value, dow.days_of_week.value) == ("MonthlyDayOfWeek", ("1", "Last"), ("Sunday",))
    assert dow.months.state is State.NOT_STATED
    assert len(dow.months.value or ()) == 12
    assert nothing.kind.state is State.NOT_STATED


def test_triggers_that_no_public_schema_has() -> None:
    found = record(
        task(
            "<Triggers><WnfStateChangeTrigger><StateName>7524BCA33E06830D</StateName><Data>01</Data><DataOffset>0</DataOffset>"
            "</WnfStateChangeTrigger><MoonTrigger><Enabled>false</Enabled><Phase>full</Phase></MoonTrigger></Triggers>"
        )
    )
    wnf, moon = found.triggers
    assert (wnf.state_name.value, wnf.data.value, wnf.data_offset.value) == ("7524BCA33E06830D", "01", "0")
    assert (moon.type.value, moon.enabled.value) == ("MoonTrigger", False)
    assert "knows no trigger" in moon.type.note
    assert [(extra.name, extra.reading.value) for extra in found.extras] == [("/Task/Triggers/MoonTrigger[1]/Phase", "full")]


def test_events_messages_and_mail() -> None:
    found = record(
        task(
            "<Triggers><EventTrigger><Subscription>&lt;QueryList/&gt;</Subscription><ValueQueries>"
            "<Value name='n'>Event/System/EventID</Value></ValueQueries></EventTrigger></Triggers>"
            "<Actions Context='A'><ComHandler><ClassId>{0}</ClassId><Data><![CDATA[<x>]]></Data></ComHandler>"
            "<SendEmail id='m'><Server>s</Server><From>f</From>"
            "<HeaderFields><HeaderField><Name>X</Name><Value>1</Value></HeaderField></HeaderFields><Attachments><File>a</File><File>b</File></Attachments></SendEmail>"
            "<ShowMessage><Title>t</Title><Body>b</Body></ShowMessage></Actions>"
        )
    )
    event = found.triggers[0]
    assert (event.subscription.value, event.value_queries.value) == ("<QueryList/>", ("n=Event/System/EventID",))
    assert event.number_of_occurrences.value == 1
    handler, mail, message = found.actions
    assert (handler.class_id.value, handler.data.value) == ("{0}", "<x>")
    assert (mail.id.value, mail.sender.value, mail.headers.value, mail.attachments.value) == ("m", "f", ("X=1",), ("a", "b"))
    assert (message.title.value, message.body.value) == ("t", "b")
    assert found.keeping.actions_context.value == "A"
    assert not found.extras


def test_the_principal_that_the_actions_name_is_the_one() -> None:
    principals = (
        "<Principals><Principal id='A'><UserId>S-1-5-19</UserId></Principal>"
        "<Principal id='B'><UserId>S-1-5-18</UserId><RequiredPrivileges><Privilege>SeDebugPrivilege</Privilege>"
        "</RequiredPrivileges></Principal></Principals>"
    )
    found = record(task(principals + "<Actions Context='B'><Exec/></Actions>"))
    assert (found.principal.id.value, found.principal.user_id.value) == ("B", "S-1-5-18")
    assert found.principal.required_privileges.value == ("SeDebugPrivilege",)
    assert "/Task/Principals/Principal[1]/UserId" in [extra.name for extra in found.extras]
    assert record(task(principals)).principal.user_id.value == "S-1-5-19"


def test_what_no_field_takes_is_kept_with_its_path() -> None:
    found = record(
        task(
            "<Settings odd='1'><Hidden why='x'>true</Hidden><hidden>false</hidden><Hidden>false</Hidden>loose</Settings>"
            "<Strange><A b='c'>d</A><E/></Strange><o:Settings xmlns:o='urn:o'><o:Hidden>no</o:Hidden></o:Settings>"
            "<Actions><Exec><Command>a<b>c</b>d</Command></Exec></Actions>"
        )
    )
    kept = {extra.name: extra.reading.value for extra in found.extras}
    assert found.settings.hidden.value is True
    assert found.actions[0].command.value == "ad"
    assert kept == {
        "/Task/Settings/@odd": "1",
        "/Task/Settings/Hidden[1]/@why": "x",
        "/Task/Settings/hidden": "false",
        "/Task/Settings/Hidden[2]": "false",
        "/Task/Settings/text()": "loose",
        "/Task/Strange/A": "d",
        "/Task/Strange/A/@b": "c",
        "/Task/Strange/E": "",
        "/Task/o:Settings/o:Hidden": "no",
        "/Task/Actions/Exec[1]/Command/b": "c",
    }


def test_data_is_kept_as_it_is_written() -> None:
    found = record(task("<Data><my:thing xmlns:my='urn:m'>1 &amp; 2</my:thing></Data>"))
    assert found.registration.data.value == "<my:thing xmlns:my='urn:m'>1 &amp; 2</my:thing>"
    assert record(task("<Data>1 &amp; 2</Data>")).registration.data.value == "1 & 2"


@pytest.mark.parametrize(
    ("inner", "field"),
    [
        ("<Settings><Priority>11</Priority></Settings>", "settings.priority"),
        ("<Settings><Enabled>perhaps</Enabled></Settings>", "settings.enabled"),
        ("<Settings><Enabled/></Settings>", "settings.enabled"),
        ("<Settings><MultipleInstancesPolicy>Never</MultipleInstancesPolicy></Settings>", "settings.multiple_instances_policy"),
        ("<Settings><IdleSettings><Duration>-PT1M</Duration></IdleSettings></Settings>", "settings.idle_duration"),
        ("<Settings><RestartOnFailure><Count>0</Count></RestartOnFailure></Settings>", "settings.restart_count"),
        ("<Principals><Principal><LogonType>Magic</LogonType></Principal></Principals>", "principal.logon_type"),
        ("<RegistrationInfo><Date>0001-01-01T00:00:00</Date></RegistrationInfo>", "registration.date"),
        ("<RegistrationInfo><Date>" + "9" * 5_000 + "</Date></RegistrationInfo>", "registration.date"),
    ],
)
def test_a_value_out_of_range_is_unreadable_and_told(inner: str, field: str) -> None:
    parsed, faults = read(task(inner))
    reading = dict(leaves(parsed.record(Store.XML, "\\T")))[field]
    assert reading.state is State.UNREADABLE
    assert reading.value is None
    assert reading.raw or "<Enabled/>" in inner
    assert reading.refs
    assert [problem.code for problem in faults.problems] == ["xml.value"]


def test_one_bad_day_leaves_the_others() -> None:
    days = "<Day>1</Day><Day>32</Day>"
    parsed, faults = read(
        task(
            f"<Triggers><CalendarTrigger><ScheduleByMonth><DaysOfMonth>{days}</DaysOfMonth></ScheduleByMonth></CalendarTrigger></Triggers>"
        )
    )
    assert parsed.triggers[0].schedule.days_of_month.value == ("1",)
    assert [extra.reading.value for extra in parsed.extras] == ["32"]
    assert [problem.code for problem in faults.problems] == ["xml.value"]


def test_more_triggers_than_windows_takes_are_shown_and_told() -> None:
    parsed, faults = read(task("<Triggers>" + "<IdleTrigger/>" * 60 + "</Triggers>"))
    assert len(parsed.triggers) == 60
    assert [problem.code for problem in faults.problems] == ["xml.too-many"]


def test_the_hash_covers_what_follows_the_mark() -> None:
    body = task("").decode().encode("utf-16-le")
    data = b"\xff\xfe" + body
    parsed, _ = read(data)
    assert parsed.hash_found.value == hashlib.sha256(body).hexdigest()
    assert hashes(data)["the whole file"] == hashlib.sha256(data).hexdigest()
    assert hashes(data)["the whole file"] in parsed.hash_found.note
    assert parsed.hash_found.refs[0].spans == (Span("T", 2, len(body)),)


def test_a_definition_in_an_event_cites_the_record() -> None:
    text = '<?xml version="1.0" encoding="UTF-16"?>' + task("").decode()
    place = EventPlace("Security", 7)
    block = Block(
        text.encode("utf-16-le"), place, (Span("Security.evtx", 1_000, 100), Span("Security.evtx", 5_000, len(text) * 2 - 100))
    )
    faults = Faults("Security.evtx")
    command = read_task_text(text, block, faults, DEFAULT, "utf-16-le").actions[0].command
    assert command.value == "a.exe"
    (ref,) = command.refs
    assert ref.place == place
    at = text.index("<Command>") * 2
    assert ref.spans == (Span("Security.evtx", 5_000 + at - 100, len("<Command>a.exe</Command>") * 2),)
    assert not faults.problems
    whole = read_task_text(text, block, faults, DEFAULT).actions[0].command
    assert whole.refs[0].spans == block.pieces
    wrong = Block(b"something else", place, (Span("Security.evtx", 9, 14),))
    assert read_task_text(text, wrong, faults, DEFAULT, "utf-8").actions[0].command.refs[0].spans == wrong.pieces


def test_the_record_names_its_store_and_file_time() -> None:
    parsed, _ = read(task(""))
    made = parsed.record(Store.XML, "\\A\\B", "Windows.old")
    assert (made.store, made.path, made.view, made.complete) == (Store.XML, "\\A\\B", "Windows.old", True)
    assert isinstance(made.presence.refs[0].place, XmlPlace)
    assert not isinstance(made.presence.refs[0].place, FilePlace)
    assert made.run.last_run.state is State.NOT_KEPT
