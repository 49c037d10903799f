"""A trainer's own task, every technique laid on it, at the trainer's time."""

from __future__ import annotations

import pytest

from tests.lessons.hives import by_python_registry
from tests.material import share
from tests.scanning import scan_of
from triptych.lessons.benign import benign
from triptych.lessons.chance import Chance
from triptych.lessons.lesson import LessonError, OwnTask
from triptych.lessons.lesson_plant import NONE, TECHNIQUES, plant_own
from triptych.lessons.scenarios import SCENARIOS, Scene
from triptych.model.times import TICKS_A_DAY, TICKS_A_SECOND, parse_iso

PATH = r"\Contoso\Till Roll"
WHEN = parse_iso("2026-03-04T13:37:42.1234567Z").ticks
MACHINE = benign("10", 3, tasks=60)
LOGGED = benign("10", 3, tasks=60, weeks=1)


def planted(technique: str, time: int = WHEN, path: str = PATH) -> Scene:
    return plant_own(MACHINE, OwnTask(path, r"C:\ProgramData\till.exe", "/q", technique, time), Chance("plant", technique))


@pytest.mark.parametrize("technique", share(tuple(TECHNIQUES), 2))
def test_a_scan_tells_of_it(technique: str) -> None:
    scene = planted(technique)
    found = {(finding.rule, finding.task or "") for finding in scan_of(scene.machine).case.findings}
    told = {rule for rule, path in found if path == PATH}
    for rule, path in scene.rules:
        assert (rule, path) in found or rule in {rule for rule, _ in found}, rule
    if technique != NONE:
        assert told or scene.rules
    assert dict(scene.facts)["task"] == PATH


@pytest.mark.parametrize("technique", share(tuple(TECHNIQUES), 2))
def test_its_keys_bear_the_time_that_was_given(technique: str) -> None:
    hive = by_python_registry(planted(technique).machine.files()["Windows/System32/config/SOFTWARE"])
    tree = [entry[0] for key, entry in hive.items() if key.upper().endswith(r"\TREE" + PATH.upper())]
    for written in tree:
        assert 0 <= written - WHEN <= 600 * TICKS_A_SECOND, technique
    night = MACHINE.collected - MACHINE.collected % TICKS_A_DAY
    for name in ("Tree", "Plain", "Boot"):
        written = next(entry[0] for key, entry in hive.items() if key.endswith(rf"\TaskCache\{name}"))
        assert not night <= written, "nothing says the night in which deviations are made"


def test_drawn_times_lie_in_the_life_of_the_machine() -> None:
    times = {planted(NONE, 0).facts for _ in range(2)}
    assert len(times) == 1
    made = parse_iso(dict(planted(NONE, 0).facts)["created"]).ticks
    assert MACHINE.installed < made < MACHINE.collected


@pytest.mark.parametrize(
    ("technique", "runs"), [(NONE, True), ("sd-deleted", True), ("disagreement", True), ("tasks-deleted", False)]
)
def test_logs_tell_of_its_registration_and_its_runs(technique: str, runs: bool) -> None:
    when = LOGGED.collected - 3 * TICKS_A_DAY
    scene = plant_own(LOGGED, OwnTask(PATH, r"C:\ProgramData\till.exe", "/q", technique, when), Chance("plant", technique))
    own = [event for event in scene.machine.events if event.get("TaskName") == PATH]
    assert {106, 4698} <= {event.event_id for event in own}
    assert all(0 <= event.time - when <= 2 * TICKS_A_SECOND for event in own if event.event_id in (106, 4698))
    ran = [event for event in own if event.event_id == 200]
    assert bool(ran) is runs
    if technique == "disagreement":
        assert all("cmd.exe" in str(event.get("ActionName")) for event in ran), "the registry decides what runs"
    if runs and technique != "sd-deleted":
        assert max(event.time for event in ran) - scene.machine.task(PATH).times.last_run < TICKS_A_SECOND
    told = [thing.where for thing in scene.planted if thing.store == "log"]
    registered = next(event for event in own if event.event_id == 4698)
    assert f"Security : {scene.machine.record_id(registered)}" in told
    assert len(told) == (2 if runs else 1)


def test_a_drawn_registration_lies_within_what_the_logs_tell() -> None:
    scene = plant_own(LOGGED, OwnTask(PATH, "a.exe", "", NONE), Chance("plant", "drawn"))
    assert [event.event_id for event in scene.machine.events if event.get("TaskName") == PATH][:2] == [106, 4698]


@pytest.mark.parametrize("time", [MACHINE.collected, MACHINE.installed, parse_iso("2031-01-01T00:00:00Z").ticks])
def test_a_time_outside_of_it_is_a_sentence(time: int) -> None:
    with pytest.raises(LessonError, match="outside of the life of this machine, which is between 202"):
        planted(NONE, time)


def test_a_name_that_is_taken_is_a_sentence() -> None:
    with pytest.raises(LessonError, match="has a task"):
        planted(NONE, WHEN, MACHINE.tasks[5].path.upper())


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda scenario: scenario.name)
def test_a_scenario_has_the_same_names_for_every_seed(scenario) -> None:  # type: ignore[no-untyped-def]  # a Scenario
    told = [scenario.plant(benign(scenario.version, seed, tasks=60), Chance(scenario.name, seed)) for seed in (1, 2, 3)]
    assert len({tuple(name for name, _ in scene.facts) for scene in told}) == 1
    assert len({dict(scene.facts)["guid"] for scene in told if "guid" in dict(scene.facts)}) in (0, 3)
    again = scenario.plant(benign(scenario.version, 1, tasks=60), Chance(scenario.name, 1))
    assert again.facts == told[0].facts
    assert again.machine.files() == told[0].machine.files()
