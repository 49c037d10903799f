"""What the scenarios build is read alike, and without error, by libraries that are not ours."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from lxml import etree

from tests.lessons.event_logs import READERS, Told, by_ours, same
from tests.lessons.hives import by_libregf, by_python_registry, regipy_counts
from tests.lessons.hives import by_ours as hive_by_ours
from tests.lessons.test_scenarios import thin
from triptych.lessons.logbook_files import FOLDER
from triptych.lessons.machine import CONFIG, Machine
from triptych.lessons.scenarios import SCENARIOS, Scene

_BY_REGIPY = "tarrask"  # it is slow, and one hive with free cells says what there is to say
_HIVE = b"regf"


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_hive_is_read_alike(name: str) -> None:
    hives = {path: data for path, data in thin(name).machine.files().items() if data.startswith(_HIVE) and "LOG" not in path}
    assert f"{CONFIG}/SOFTWARE" in hives
    for path, data in hives.items():
        ours, faults = hive_by_ours(data)
        assert [problem.code for problem in faults.problems if problem.severity.value == "lost"] == []
        assert by_python_registry(data) == by_libregf(data) == ours, path


def test_regipy_finds_as_many_keys_and_values() -> None:
    data = thin(_BY_REGIPY).machine.files()[f"{CONFIG}/SOFTWARE"]
    told = by_python_registry(data)
    assert regipy_counts(data) == (len(told), sum(len(values) for _, values in told.values()))


_RUN = (100, 102, 107, 129, 200, 201, 4688)
_MOST = 8  # events of runs in one log: one of the readers takes long for each record


def sparing(scene: Scene) -> Machine:
    """The machine with few of the many runs that its logs tell of."""
    seen: Counter[tuple[str, bool]] = Counter()
    kept = []
    for event in sorted(scene.machine.events, key=lambda event: event.time):
        kind = (event.channel, event.get("TaskName") in scene.tasks)
        seen[kind] += event.event_id in _RUN
        if event.event_id not in _RUN or seen[kind] <= _MOST:
            kept.append(event)
    return replace(scene.machine, events=tuple(kept))


def _lines(told: list[Told]) -> list[Told]:
    """Line ends as XML keeps them."""
    return [
        tuple((name, value.replace("\r\n", "\n") if isinstance(value, str) else value) for name, value in record) for record in told
    ]


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_log_is_read_alike(name: str) -> None:
    machine = sparing(thin(name))
    logs = {path: data for path, data in machine.files().items() if path.startswith(FOLDER)}
    assert logs
    read = 0
    for path, data in logs.items():
        _, records = by_ours(data)
        told = [_lines(reader(data, machine.windows)) for reader in READERS]
        assert all(same(one, told[0]) for one in told[1:]), path
        assert len(told[0]) == len(records)
        read += len(records)
    assert read > 20


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_definition_is_well_formed_to_others(name: str) -> None:
    files = {path: data for path, data in thin(name).machine.files().items() if data.startswith(b"\xff\xfe<\0?\0x\0")}
    assert len(files) > 50
    for data in files.values():
        by_lxml, by_expat = etree.fromstring(data), ET.fromstring(data)
        assert by_lxml.tag.endswith("}Task")
        assert [(one.tag, one.text) for one in by_lxml.iter()] == [(one.tag, one.text) for one in by_expat.iter()]
