"""Letting the stores tell different things of one task."""

from __future__ import annotations

from dataclasses import replace

from triptych.formats.keys import REG_SZ
from triptych.lessons.benign_tasks import daily, exec_
from triptych.lessons.deviations.hand import VICTIM, edit_tasks, moment, retold
from triptych.lessons.hive_key import HiveValue, binary, string
from triptych.lessons.host import Hives
from triptych.lessons.machine import Machine, task_file
from triptych.lessons.task_spec import Definition
from triptych.lessons.task_xml import xml_bytes

PAYLOAD = exec_(r"C:\Windows\System32\cmd.exe", r"/c C:\ProgramData\x\u.bat")


def delete_file(machine: Machine, path: str = VICTIM) -> Machine:
    """The XML file is deleted; on Windows 10 nothing of the scheduler changes."""
    return machine.with_task(replace(machine.task(path), has_file=False))


def edit_file(machine: Machine, path: str = VICTIM) -> Machine:
    """The XML file starts something else, and the registry does not know: Hash is still that of the old file."""
    task = machine.task(path)
    told = replace(task.definition, actions=(PAYLOAD,))
    return machine.with_file(task_file(path), xml_bytes(told, task.xml_order), moment(machine, 45))


def _told(machine: Machine, path: str) -> Definition:
    return machine.task(path).told_by_registry


def edit_registry_actions(machine: Machine, path: str = VICTIM) -> Machine:
    """The Actions value starts something else; file and Hash stay."""
    return retold(machine, path, replace(_told(machine, path), actions=(PAYLOAD,)))


def edit_registry_triggers(machine: Machine, path: str = VICTIM) -> Machine:
    """The Triggers value wakes the task every quarter of an hour."""
    often = replace(daily("2026-03-01T00:07:00"), interval="PT15M", duration="P1D")
    return retold(machine, path, replace(_told(machine, path), triggers=(often,)))


def edit_registry_principal(machine: Machine, path: str = r"\Contoso\Shared Report") -> Machine:
    """A user's task runs as SYSTEM, by the registry alone."""
    told = _told(machine, path)
    system = replace(told.principal, user_id="S-1-5-18", account="", logon_type="", run_level="HighestAvailable")
    return retold(machine, path, replace(told, principal=system))


def edit_registry_settings(machine: Machine, path: str = VICTIM) -> Machine:
    """Hidden and unlimited, by the registry alone."""
    told = _told(machine, path)
    return retold(machine, path, replace(told, settings=replace(told.settings, hidden=True, time_limit="PT0S")))


def mismatch_path(machine: Machine, path: str = VICTIM) -> Machine:
    """The Path value of the Tasks key names another task than the Tree key that leads to it."""
    guid = machine.task(path).guid

    def change(hives: Hives) -> None:
        hives.tasks(guid).put(string("Path", r"\Contoso\Health Check 2"))

    return edit_tasks(machine, path, change)


def mismatch_uri(machine: Machine, path: str = VICTIM) -> Machine:
    """URI names another task, in file and registry."""
    task = machine.task(path)
    registration = replace(task.definition.registration, uri=r"\Microsoft\Windows\Servicing\StartComponentCleanup")
    return machine.with_task(replace(task, definition=replace(task.definition, registration=registration)))


def _put(machine: Machine, path: str, value: HiveValue) -> Machine:
    guid = machine.task(path).guid

    def change(hives: Hives) -> None:
        hives.tasks(guid).put(value)

    return edit_tasks(machine, path, change)


def cut_actions(machine: Machine, path: str = VICTIM) -> Machine:
    """The Actions value ends in the middle of a command."""
    return _put(machine, path, binary("Actions", bytes.fromhex("03000c0000004100750074006800") + b"\0" * 8))


def text_actions(machine: Machine, path: str = VICTIM) -> Machine:
    """Actions as a text, a mistake that a public implant makes."""
    return _put(machine, path, HiveValue("Actions", REG_SZ, "cmd.exe /c calc\0".encode("utf-16-le")))


def lengthen_triggers(machine: Machine, path: str = VICTIM) -> Machine:
    """Bytes that belong to no trigger at the end of Triggers."""
    guid = machine.task(path).guid

    def change(hives: Hives) -> None:
        key = hives.tasks(guid)
        key.put(binary("Triggers", key.value("Triggers").data + b"\x13\x37" * 12))

    return edit_tasks(machine, path, change)
