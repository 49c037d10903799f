"""Real definitions of Windows 10 and 11 written into a registry: file and keys tell the same, field by field."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.machines import Machine, small
from tests.material import shared
from tests.scanning import scan_of
from triptych.analysis import accounts
from triptych.analysis.comparison import differences
from triptych.formats.faults import Faults
from triptych.formats.task_xml import ParsedTask, read_task
from triptych.lessons.deviations.hand import planted
from triptych.lessons.machine import task_file
from triptych.lessons.task_spec import ActionSpec, Definition, PrincipalSpec, RegistrationSpec, SettingsSpec, TriggerSpec
from triptych.limits import DEFAULT
from triptych.model.case import Host
from triptych.model.evidence import Reading
from triptych.model.task import Action, Store, Trigger

SOMEBODY = "S-1-5-21-1-2-3-1001"
NAMES = {
    "multiple_instances": "multiple_instances_policy",
    "no_start_on_batteries": "disallow_start_if_on_batteries",
    "stop_on_batteries": "stop_if_going_on_batteries",
    "network_only": "run_only_if_network_available",
    "idle_only": "run_only_if_idle",
    "idle_wait": "idle_wait_timeout",
    "time_limit": "execution_time_limit",
    "delete_after": "delete_expired_task_after",
    "unified_engine": "use_unified_scheduling_engine",
    "no_remote_app_session": "disallow_start_on_remote_app_session",
}


def said(reading: Reading[Any], default: Any = "") -> Any:
    return reading.value if reading.stated and reading.value is not None else default


def sid(text: str) -> str:
    """The SID that a registry would hold for it; of a stranger that of somebody."""
    return accounts.sid_of(text, Host()) or (SOMEBODY if text else "")


def definition(told: ParsedTask) -> Definition:
    """What a file says, as a description that the writers take."""
    told_of, runs, kept = told.registration, told.principal, told.settings
    names = ("uri", "author", "source", "description", "documentation", "version", "security_descriptor", "data")
    registration = RegistrationSpec(date=told_of.date.raw, **{name: said(getattr(told_of, name)) for name in names})
    user, group = said(runs.user_id), said(runs.group_id)
    principal = PrincipalSpec(
        id=said(runs.id), user_id=user, group_id=group, logon_type=said(runs.logon_type), run_level=said(runs.run_level),
        display_name=said(runs.display_name), token_sid_type=said(runs.process_token_sid_type),
        privileges=said(runs.required_privileges, ()), sid=sid(user or group),
    )  # fmt: skip
    plain = SettingsSpec()
    settings = {name: said(getattr(kept, NAMES.get(name, name)), getattr(plain, name)) for name in plain.__dataclass_fields__}
    return Definition(
        registration,
        principal,
        tuple(map(trigger, told.triggers)),
        tuple(map(action, told.actions)),
        SettingsSpec(**settings),
        said(told_of.schema),
    )


def trigger(told: Trigger) -> TriggerSpec:
    when = told.schedule
    names = ("id", "execution_time_limit", "delay", "random_delay", "user_id", "state_change", "subscription", "state_name", "data")
    queries = tuple((name, query) for name, _, query in (text.partition("=") for text in said(told.value_queries, ())))
    return TriggerSpec(
        said(told.type), enabled=said(told.enabled, True), start=told.start_boundary.value, end=told.end_boundary.value,
        interval=said(told.repetition_interval), duration=said(told.repetition_duration),
        stop_at_duration_end=said(told.stop_at_duration_end, False), user_sid=sid(said(told.user_id)), value_queries=queries,
        days=said(when.days_interval, 0), weeks=said(when.weeks_interval, 0), days_of_week=said(when.days_of_week, ()),
        days_of_month=said(when.days_of_month, ()), months=said(when.months, ()), weeks_of_month=said(when.weeks, ()),
        **{name: said(getattr(told, name)) for name in names},
    )  # fmt: skip


def action(told: Action) -> ActionSpec:
    return ActionSpec(**{name: said(getattr(told, name)) for name in ActionSpec.__dataclass_fields__})


def with_real_tasks() -> tuple[Machine, set[str]]:
    """The small machine with each real file at its place and its definition in the registry, and the paths."""
    machine, paths = small(), set()
    for folder in ("Bluscream-Windows-Tasks", "puffyCid"):
        for file in sorted(path for path in shared(f"data/tasks-xml/{folder}").rglob("*") if path.is_file()):
            data = file.read_bytes()
            told = read_task(data, file.name, Faults(file.name), DEFAULT)
            if not told.is_task:
                continue
            made = definition(told)
            path = "\\" + (made.registration.uri.strip("\\") or f"Real\\{file.name}")
            machine = machine.with_task(replace(planted(machine, path, made), path=path)).with_file(task_file(path), data)
            paths.add(path)
    return machine, paths


def test_file_and_registry_of_real_tasks_tell_the_same() -> None:
    machine, paths = with_real_tasks()
    case = scan_of(machine).case
    assert len(paths) > 100
    found = {path: case.task(path) for path in paths}
    assert [path for path, task in found.items() if not task or not task.record(Store.XML) or not task.record(Store.REGISTRY)] == []
    told = {path: [(row.field, row.shown) for row in differences(task, case.host)] for path, task in found.items() if task}
    assert {path: rows for path, rows in told.items() if rows} == {}
    spoken = {finding.rule for finding in case.findings if finding.task in paths}
    assert not spoken & {
        "action-differs", "trigger-differs", "principal-differs", "settings-differs", "value-malformed", "path-differs",
        "index-mismatch", "stock-altered", "name-lookalike", "name-deceptive", "sd-weak",
    }  # fmt: skip
