from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.lessons.definitions import DEFINITIONS
from triptych.formats.faults import Faults
from triptych.formats.task_xml import read_task
from triptych.lessons.benign_tasks import SYSTEM, com, daily, definition, exec_
from triptych.lessons.task_spec import ActionSpec, Definition, TriggerSpec
from triptych.lessons.task_xml import NAMESPACE, xml_bytes, xml_hash, xml_text
from triptych.limits import DEFAULT
from triptych.model.times import canonical_duration

ORDERS = ("full", "stock", "minimal")


def _tree(told: Definition, order: str) -> etree._Element:
    return etree.fromstring(xml_bytes(told, order))


@given(DEFINITIONS, st.sampled_from(ORDERS))
@settings(max_examples=150, deadline=None)
def test_lxml_reads_every_document(told: Definition, order: str) -> None:
    root = _tree(told, order)
    assert root.tag == f"{{{NAMESPACE}}}Task"
    assert root.get("version") == (told.schema or None)
    assert root.findtext(f".//{{{NAMESPACE}}}Description") == (told.registration.description or None)
    commands = [element.text or "" for element in root.iter(f"{{{NAMESPACE}}}Command")]
    assert commands == [action.command for action in told.actions if action.type == "Exec" and action.command]
    arguments = [element.text for element in root.iter(f"{{{NAMESPACE}}}Arguments")]
    assert arguments == [action.arguments for action in told.actions if action.arguments]


@given(DEFINITIONS, st.sampled_from(ORDERS))
@settings(max_examples=100, deadline=None)
def test_our_reader_finds_what_was_asked_for_in_every_order(told: Definition, order: str) -> None:
    faults = Faults("task")
    task = read_task(xml_bytes(told, order), "task", faults, DEFAULT)
    assert task.is_task
    assert not faults.problems
    asked, found = told.settings, task.settings
    assert found.enabled.value is asked.enabled
    assert found.hidden.value is asked.hidden
    assert found.wake_to_run.value is asked.wake_to_run
    assert found.disallow_start_if_on_batteries.value is asked.no_start_on_batteries
    assert found.multiple_instances_policy.value == asked.multiple_instances
    assert canonical_duration(found.execution_time_limit.value or "") == canonical_duration(asked.time_limit)
    assert [trigger.type.value for trigger in task.triggers] == [trigger.type for trigger in told.triggers]
    assert [trigger.enabled.value for trigger in task.triggers] == [trigger.enabled for trigger in told.triggers]
    assert [action.type.value for action in task.actions] == [action.type for action in told.actions]
    assert [action.command.value or "" for action in task.actions] == [action.command for action in told.actions]


def test_the_file_is_written_as_windows_writes_it() -> None:
    data = xml_bytes(definition(SYSTEM, (exec_("a.exe", '"x" & <y>'),), daily("2024-01-01T00:00:00")))
    assert data[:2] == b"\xff\xfe"
    text = data.decode("utf-16")
    assert text.startswith('<?xml version="1.0" encoding="UTF-16"?>\r\n<Task version="1.2" xmlns="')
    assert text.endswith("\r\n</Task>")
    assert "\n" not in text.replace("\r\n", "")
    assert '      <Arguments>"x" &amp; &lt;y&gt;</Arguments>' in text
    assert xml_hash(data) == hashlib.sha256(data[2:]).digest()


@pytest.mark.parametrize(
    ("order", "parts"),
    [
        ("full", ["RegistrationInfo", "Triggers", "Principals", "Settings", "Actions"]),
        ("stock", ["RegistrationInfo", "Principals", "Settings", "Triggers", "Actions"]),
    ],
)
def test_the_order_of_parts_is_that_of_real_files(order: str, parts: list[str]) -> None:
    root = _tree(definition(SYSTEM, (exec_("a.exe"),), daily("2024-01-01T00:00:00"), author="x"), order)
    assert [etree.QName(part).localname for part in root] == parts


def test_only_the_service_writes_defaults_down() -> None:
    told = definition(SYSTEM, (com("{B1AEBB5D-EAD9-4476-B375-9C3ED9F32AFC}", "timer"),))
    assert "<Priority>7</Priority>" in xml_text(told, "full")
    assert "Priority" not in xml_text(told, "stock")
    assert "<Data><![CDATA[timer]]></Data>" in xml_text(told, "stock")
    assert "UseUnifiedSchedulingEngine" not in xml_text(told, "full")


def test_every_kind_of_schedule_has_its_element() -> None:
    kinds = {
        "ScheduleByDay": TriggerSpec("CalendarTrigger", days=2),
        "ScheduleByWeek": TriggerSpec("CalendarTrigger", weeks=2, days_of_week=("Monday",)),
        "ScheduleByMonth": TriggerSpec("CalendarTrigger", days_of_month=("1", "Last"), months=("May",)),
        "ScheduleByMonthDayOfWeek": TriggerSpec("CalendarTrigger", weeks_of_month=("Last",), days_of_week=("Friday",)),
    }
    for name, trigger in kinds.items():
        text = xml_text(definition(SYSTEM, (ActionSpec(command="a"),), trigger))
        assert [kind for kind in kinds if f"<{kind}>" in text] == [name]
