"""Nothing that is asked leaks by dates, order, sizes, GUIDs, rounding or names: who knows nothing guesses no better than chance.

Here on few seeds; `python -m tests.truth` does it on fifty.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.truth.judging import scene_of
from tests.truth.signs import SIGNS, Guesses, guessed, pointed
from triptych.lessons.scenarios import SCENARIOS, Scene

SEEDS = range(101, 104)
TASKS = 120


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_sign_points_at_the_planted_task(name: str) -> None:
    assert [f"{guess.sign}: {guess.hits} of {guess.seeds}" for guess in guessed(name, SEEDS, TASKS) if guess.leaks] == []


def test_a_scenario_teaches_signs_that_there_are() -> None:
    known = {word for word, _ in SIGNS.values()}
    assert all(set(scenario.teaches) <= known for scenario in SCENARIOS.values())


@pytest.mark.parametrize(
    ("sign", "leak"),
    [
        ("newest file", {"file": 1}),
        ("newest Tree key", {"tree": 1}),
        ("newest Tasks key", {"tasks": 1}),
        ("newest index key", {"index": 1}),
        ("round time", {"file": 0}),
    ],
)
def test_a_time_that_gives_the_task_away_is_seen(sign: str, leak: dict[str, int]) -> None:
    scene = scene_of("hidden-decoy", 101, tasks=60)
    machine = scene.machine
    task = machine.task(scene.tasks[0])
    times = {name: machine.collected - 1 if late else machine.collected // 10_000_000 * 10_000_000 for name, late in leak.items()}
    assert pointed(_with(scene, times=replace(task.times, **times)))[sign][0] == 1
    assert pointed(scene)[sign][0] == 0


def test_a_guid_of_another_version_is_seen() -> None:
    scene = scene_of("hidden-decoy", 101, tasks=60)
    assert pointed(_with(scene, guid="{6BA7B810-9DAD-51D1-80B4-00C04FD430C8}"))["odd GUID"][0] == 1
    assert pointed(scene)["odd GUID"] == (0, 0)


def test_a_text_that_is_larger_than_all_others_is_seen() -> None:
    scene = scene_of("hidden-decoy", 101, tasks=60)
    told = scene.machine.task(scene.tasks[0]).definition
    leaky = _with(scene, definition=replace(told, registration=replace(told.registration, description="x" * 9_000)))
    assert {pointed(leaky)[sign][0] for sign in ("largest value", "largest file")} == {1}


def _with(scene: Scene, **changes: object) -> Scene:
    """The scene with its planted task changed."""
    machine = scene.machine
    task = machine.task(scene.tasks[0])
    return replace(scene, machine=machine.with_task(replace(task, **changes)))  # type: ignore[arg-type]  # fields of a TaskSpec


def test_two_hits_of_three_are_no_luck() -> None:
    assert Guesses("x", "y", False, 3, 2, 1 / 120).leaks
    assert not Guesses("x", "y", False, 3, 1, 1 / 120).leaks
    assert not Guesses("x", "y", True, 5, 5, 1 / 200).leaks
    assert not Guesses("x", "y", False, 5, 0, 0).leaks
