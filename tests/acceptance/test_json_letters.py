"""The JSON output to the letter of the contract: what it names is there, null where nobody tells it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scanning import scan_with
from triptych.exports.json_case import Run, document

TRIGGER = {
    "type", "enabled", "start_boundary", "end_boundary", "repetition", "delay", "random_delay", "subscription", "user_id",
    "state_change", "schedule",
}  # fmt: skip
ACTION = {"type", "command", "arguments", "working_directory", "class_id", "data", "server"}


@pytest.mark.parametrize("version", ["7", "10"])
def test_every_trigger_and_action_has_the_fields_of_the_contract(version: str) -> None:
    told: dict[str, Any] = document(scan_with((), version).case, Run("", "", ()))
    tellings = [task[store] for task in told["tasks"] for store in ("xml", "registry", "scheduler") if task[store]]
    triggers = [trigger for telling in tellings for trigger in telling["triggers"] or ()]
    actions = [action for telling in tellings for action in telling["actions"] or ()]
    assert triggers
    assert actions
    assert [trigger for trigger in triggers if not set(trigger) >= TRIGGER] == []
    assert [action for action in actions if not set(action) >= ACTION] == []
