"""Settings of all tests: which of them run whole scans, and how many examples hypothesis draws.

`HYPOTHESIS_PROFILE=thorough` draws as many as a night allows.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("gate", max_examples=10, deadline=None)
settings.register_profile("thorough", max_examples=500, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))

# These run whole scans and processes of their own: the parts' own tests cover the same lines, and tracing doubles their time.
_WHOLE = (
    "acceptance", "benchmarks", "machines", "test_bad_inputs.py", "test_cli.py", "test_cli_lessons.py", "test_json.py",
    "test_machines.py", "test_provenance.py", "test_readers.py", "test_safety.py", "test_shapes.py",
    "exports/test_html_report.py", "exports/test_real_timelines.py", "formats/test_evtx.py", "formats/test_hive.py",
    "formats/test_task_xml_bad.py", "gui/test_end_to_end.py", "gui/test_engine.py", "lessons/test_benign.py",
    "lessons/test_deviations.py", "lessons/test_dumb_attacker.py", "lessons/test_lesson_file.py",
    "lessons/test_lesson_package.py", "lessons/test_lesson_plant.py", "lessons/test_logbook.py",
    "lessons/test_logbook_weeks.py", "lessons/test_ntfs", "lessons/test_scenarios.py", "lessons/test_scenarios_readers.py",
    "logs/test_reading_stretches.py", "rules/test_logged_machines.py", "rules/test_witnesses_machines.py",
    "stores/test_registry.py",
)  # fmt: skip
_TESTS = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.relative_to(_TESTS).as_posix().startswith(_WHOLE):
            item.add_marker(pytest.mark.whole)
