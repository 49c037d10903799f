"""A baseline of one's own: what a golden image holds, kept as JSON and read back."""

from __future__ import annotations

import json
from typing import Any

from triptych.analysis import accounts
from triptych.analysis.stock import StockTask, generic_path, stock_task, windows_labels
from triptych.model.case import Case, Host
from triptych.model.task import Action, Store, Task, TaskRecord

SCHEMA = "triptych.baseline/1"
_LONGEST = 64 * 1024 * 1024


class BaselineError(ValueError):
    """A file that is no baseline; the message is a sentence for a person."""


def learn(case: Case) -> dict[str, Any]:
    """What a case teaches, ready to be written as JSON: every task with its actions, account, triggers; sorted, no times.

    SIDs and GUIDs in paths become `<sid>` and `<guid>`, accounts of the machine or domain "user", so that it fits others.
    """
    tasks: dict[str, dict[str, Any]] = {}
    for task in case.tasks:
        entry = _entry(task, case.host)
        tasks[json.dumps(entry, sort_keys=True)] = entry
    return {
        "schema": SCHEMA,
        "host": case.host.get("name").value,
        "build": case.host.build,
        "tasks": [tasks[key] for key in sorted(tasks, key=lambda key: (tasks[key]["path"].casefold(), key))],
    }


def _entry(task: Task, host: Host) -> dict[str, Any]:
    """The registry's telling, since Windows acts on it; the actions from the XML file where the registry keeps none."""
    order = (Store.REGISTRY, Store.XML, Store.SCHEDULER, Store.LOG)
    records = [record for store in order if (record := task.record(store)) is not None]
    acting = next((record for record in records if record.has_actions and record.actions), records[0])
    first = records[0]
    return {
        "path": generic_path(task.path),
        "windows": sorted(windows_labels(host)),
        "actions": [_action(action) for action in acting.actions],
        "principals": _principals(first, host),
        "triggers": [trigger.type.value or "" for trigger in first.triggers],
        "hidden": first.settings.hidden.value,
        "author": next((record.registration.author.value for record in records if record.registration.author.stated), None),
    }


def _action(action: Action) -> dict[str, str]:
    named = ("type", "command", "arguments", "class_id", "data")
    return {name: value for name in named if (value := getattr(action, name).value)}


def _principals(record: TaskRecord, host: Host) -> list[str]:
    found = []
    for reading in (record.principal.user_id, record.principal.group_id):
        if reading.stated and reading.value:
            sid = accounts.sid_of(reading.value, host)
            found.append(sid if sid and not sid.startswith(("S-1-5-21-", "S-1-12-1-")) else "user")
    return sorted(set(found))


def read_learned(data: bytes) -> tuple[StockTask, ...]:
    """The tasks of a learned baseline, for `Baseline.with_learned`. Raises BaselineError."""
    if len(data) > _LONGEST:
        raise BaselineError(f"a baseline of {len(data):,} bytes is larger than any machine's")
    try:
        loaded = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BaselineError(f"this is no JSON: {error}") from error
    if not isinstance(loaded, dict) or loaded.get("schema") != SCHEMA:
        found = loaded.get("schema") if isinstance(loaded, dict) else type(loaded).__name__
        raise BaselineError(f"this is no baseline: its schema is {str(found)[:80]!r}, {SCHEMA!r} was expected")
    try:
        return tuple(stock_task(entry) for entry in loaded["tasks"])
    except (KeyError, TypeError, AttributeError) as error:
        raise BaselineError(f"a task of this baseline has another shape: {error}") from error
