"""Every scenario leaves what Windows leaves, lacks what its technique avoids, and is found; nobody else is accused."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from functools import cache
from hashlib import sha256

import pytest

from tests.scanning import scan_of
from tests.truth.judging import judged, scene_of, verdict
from tests.truth.table import failures
from triptych.lessons.benign import benign
from triptych.lessons.chance import Chance
from triptych.lessons.logbook import LoggedEvent
from triptych.lessons.logbook_weeks import WATCHED
from triptych.lessons.machine import Machine, task_file
from triptych.lessons.scenarios import SCENARIOS, Scene
from triptych.lessons.scenarios.herrings import HERRINGS
from triptych.lessons.scenarios.scenario import STORES
from triptych.lessons.scheduler_view import visible
from triptych.rules.book import RULES

NAMES = (
    "tarrask", "index-zero", "ghost-task", "disagreement", "event-trigger", "remote-creation", "one-shot", "com-hijack", "look-alike",
    "deny-ace", "log-cleared", "at-job", "hidden-decoy", "upgrade-orphan", "time-stomp", "dirty-hive",
)  # fmt: skip
BY_LOGS = ("event-trigger", "log-cleared", "three-nights", "past-the-window")
"""Scenarios whose log rules are tried in every run of the tests; `python -m tests.truth` tries all."""


@cache
def thin(name: str, seed: int = 1, version: str = "") -> Scene:
    """A scene whose logs hold what the scenario tells and nothing of everyday life."""
    scenario = SCENARIOS[name]
    machine = replace(benign(version or scenario.version, seed, tasks=60), logs=WATCHED)
    return scenario.plant(machine, Chance("thin", name, seed))


def of_task(scene: Scene, path: str, *numbers: int) -> list[LoggedEvent]:
    """The written events of these numbers that name a task, in the order of time."""
    machine = scene.machine
    assert machine.logs is not None
    found = [
        event
        for event in machine.events
        if event.event_id in numbers and event.get("TaskName") == path and machine.logs.writes(event)
    ]
    return sorted(found, key=lambda event: event.time)


def fact(scene: Scene, name: str) -> str:
    return dict(scene.facts)[name]


def lines(scene: Scene) -> list[str]:
    """The command lines of all processes that were started."""
    return [str(event.get("CommandLine")) for event in scene.machine.events if event.event_id == 4688]


def test_the_sixteen_are_there_and_two_mixes() -> None:
    assert tuple(SCENARIOS)[:16] == NAMES
    assert [scenario.number for scenario in SCENARIOS.values()] == list(range(1, len(SCENARIOS) + 1))
    assert len(SCENARIOS) >= 17
    assert all(scenario.version in scenario.versions for scenario in SCENARIOS.values())


def test_the_rules_that_are_named_exist() -> None:
    known = {rule.id for rule in RULES}
    for name in SCENARIOS:
        scene = thin(name)
        assert {rule for rule, _ in scene.rules} | set(scene.also) <= known, name


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_stores_alone_tell_of_it_and_accuse_nobody_else(name: str) -> None:
    assert failures([judged(name, 1, tasks=60, weeks=0)], []) == []


@pytest.mark.parametrize("name", BY_LOGS)
def test_the_logs_tell_of_it_and_accuse_nobody_else(name: str) -> None:
    assert failures([judged(name, 1, tasks=60, weeks=1)], []) == []


@pytest.mark.parametrize("name", SCENARIOS)
def test_it_can_be_played_on_every_release_that_it_names(name: str) -> None:
    for version in SCENARIOS[name].versions:
        scene = scene_of(name, 2, tasks=60, version=version)
        known = {task.path for task in scene.machine.tasks}
        assert scene.rules
        assert set(scene.tasks) <= known or name in ("event-trigger", "one-shot", "past-the-window")
        assert [name for name, value in scene.facts if not name or name != name.lower()] == []


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_is_said_of_it_is_spelled_as_agreed(name: str) -> None:
    scene = thin(name)
    files = set(scene.machine.files())
    for planted in scene.planted:
        assert planted.store in STORES
        assert planted.what.endswith((".", "?"))
        if planted.store == "xml":
            assert planted.where in files
    ids = {(event.channel, scene.machine.record_id(event)) for event in _written(scene)}
    logged = [planted.where for planted in scene.planted if planted.store == "log"]
    assert all((where.rpartition(" : ")[0], int(where.rpartition(" : ")[2])) in ids for where in logged)
    assert logged or name == "upgrade-orphan"


def _written(scene: Scene) -> list[LoggedEvent]:
    """The events that the scene's own text could name: a handful, since each number is counted anew."""
    machine = scene.machine
    assert machine.logs is not None
    wanted = {int(planted.where.rpartition(" : ")[2]) for planted in scene.planted if planted.store == "log"}
    kept = [event for event in machine.events if machine.logs.writes(event)]
    return [event for event in kept if event.event_id in _NAMED and machine.record_id(event) in wanted]


_NAMED = (104, 106, 141, 129, 200, 777, 1102, 4624, 4688, 4698, 4702, 5145, 7036)


def test_two_to_four_red_herrings_are_drawn_of_eight() -> None:
    assert len(HERRINGS) == 8
    drawn = {len(scene_of("tarrask", seed, tasks=60).decoys) for seed in range(1, 12)}
    assert drawn == {2, 3, 4}
    assert {len(scene_of("three-nights", seed, tasks=60).decoys) for seed in (1, 2, 3)} == {2}


def test_several_can_be_played_on_one_machine() -> None:
    """A lesson may name more than one: the stage is set once, and each is found beside the others."""
    machine, whole = benign("10", 5, tasks=60), None
    for name in NAMES[:13]:
        scene = SCENARIOS[name].plant(machine, Chance("together", name, 5))
        assert not whole or scene.decoys == () or name == "hidden-decoy"
        machine = scene.machine
        whole = replace(
            whole or scene,
            machine=machine,
            tasks=(*(whole.tasks if whole else ()), *scene.tasks),
            rules=(*(whole.rules if whole else ()), *scene.rules),
            also=(*(whole.also if whole else ()), *scene.also),
        )
    assert whole is not None
    assert len(set(whole.tasks)) >= 13
    assert failures([verdict("together", 5, whole, scan_of(machine))], []) == []


# -- what each leaves and lacks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["tarrask", "index-zero", "dirty-hive"])
def test_a_hidden_task_is_registered_runs_on_and_is_not_shown(name: str) -> None:
    scene = thin(name)
    path = scene.tasks[0]
    assert len(of_task(scene, path, 106)) == len(of_task(scene, path, 4698)) == 1
    assert task_file(path) in scene.machine.files()
    assert path not in {task.path for task in visible(scene.machine)}
    assert any("TaskCache\\Tree" + path in line for line in lines(scene))
    hidden = fact(scene, "hidden-at")
    assert fact(scene, "created") < hidden
    if name != "dirty-hive":
        assert fact(scene, "last-run") > hidden
        assert of_task(scene, path, 200)[-1].time > of_task(scene, path, 106)[0].time


def test_the_ghost_was_never_registered_and_runs_since_the_service_was_started() -> None:
    scene = thin("ghost-task")
    path = scene.tasks[0]
    assert of_task(scene, path, 106, 140, 4698, 4702) == []
    assert task_file(path) not in scene.machine.files()
    runs = of_task(scene, path, 129, 200)
    assert runs
    starts = [event.time for event in scene.machine.events if event.event_id == 7036 and event.get("param2") == "running"]
    assert min(starts) < runs[0].time
    assert not scene.machine.task(path).hashed


def test_the_logs_know_the_harmless_definition_and_the_other_program() -> None:
    scene = thin("disagreement")
    path = scene.tasks[0]
    content = str(of_task(scene, path, 4698)[0].get("TaskContent"))
    assert fact(scene, "stated-command") in content
    assert fact(scene, "command") not in content
    assert of_task(scene, path, 140, 4702) == []
    assert of_task(scene, path, 200)[-1].get("ActionName") == fact(scene, "command")
    task = scene.machine.task(path)
    assert task.times.file < task.times.tasks


@pytest.mark.parametrize("name", ["event-trigger", "one-shot"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_fleeting_task_leaves_its_events_and_free_cells_alone(name: str, seed: int) -> None:
    scene = thin(name, seed)
    path = scene.tasks[0]
    assert path not in {task.path for task in scene.machine.tasks}
    told = [event.event_id for event in of_task(scene, path, 106, 108, 110, 129, 200, 201, 102, 141)]
    assert told[0] == 106
    assert told[-1] == 141
    assert (108 if name == "event-trigger" else 110) in told
    assert fact(scene, "command") in str(of_task(scene, path, 4698)[0].get("TaskContent"))
    guid = fact(scene, "guid").encode("ascii")
    software = scene.machine.files()["Windows/System32/config/SOFTWARE"]
    assert guid in software
    if name == "event-trigger":
        woken = next(event for event in scene.machine.events if event.event_id == 777)
        assert of_task(scene, path, 106)[0].time < woken.time < of_task(scene, path, 108)[0].time


def test_what_came_over_the_network_hangs_together_by_its_logon() -> None:
    scene = thin("remote-creation")
    machine = scene.machine
    created = of_task(scene, scene.tasks[0], 4698)[0]
    ident = created.get("SubjectLogonId")
    logon = next(event for event in machine.events if event.event_id == 4624 and event.get("TargetLogonId") == ident)
    pipe = next(event for event in machine.events if event.event_id == 5145 and event.get("SubjectLogonId") == ident)
    assert (logon.get("LogonType"), logon.get("IpAddress")) == (3, fact(scene, "address"))
    assert pipe.get("RelativeTargetName") == "atsvc"
    assert logon.time < pipe.time < created.time
    assert created.get("ClientProcessId") == 0
    assert isinstance(ident, int)
    assert fact(scene, "logon-id") == f"0x{ident:x}"
    assert machine.name not in fact(scene, "author")
    others = {event.get("RelativeTargetName") for event in machine.events if event.event_id == 5145}
    assert len(others) > 2, "shares are used by others too"


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_hijacked_class_changes_no_store_of_the_task(seed: int) -> None:
    scene = scene_of("com-hijack", seed, tasks=60)
    before = benign("10", seed, tasks=60)
    for path in scene.tasks:
        assert scene.machine.task(path).definition == before.task(path).definition
        assert scene.machine.task(path).guid == before.task(path).guid
    assert any(com.server == fact(scene, "dll") for com in scene.machine.classes)


def test_the_twin_differs_by_a_character_that_is_named() -> None:
    for seed in range(1, 9):
        scene = scene_of("look-alike", seed, tasks=60)
        character = chr(int(fact(scene, "code-point").replace("U+", "0x"), 0))
        path, twin = fact(scene, "task"), fact(scene, "twin")
        assert path != twin
        assert scene.machine.task(twin)
        assert path.count(character) == twin.count(character) + 1


def test_administrators_are_denied_before_anybody_is_admitted() -> None:
    scene = thin("deny-ace")
    access = scene.machine.task(scene.tasks[0]).access
    assert "(D;" in access
    assert access.index("(D;") < access.index("(A;")
    assert len(of_task(scene, scene.tasks[0], 4702)) == 1


def test_a_cleared_log_begins_anew_and_the_registry_remembers() -> None:
    scene = thin("log-cleared")
    policy = scene.machine.logs
    assert policy is not None
    assert {channel for channel, _ in policy.cleared} == {"Security", "Microsoft-Windows-TaskScheduler/Operational"}
    created = of_task(scene, scene.tasks[0], 106, 4698)
    assert all(event.time < policy.cleared_at(event.channel) for event in created)
    assert {event.event_id for event in scene.machine.events} >= {104, 1102}
    assert scene.machine.task(scene.tasks[0]).times.registered < min(time for _, time in policy.cleared)


def test_at_leaves_the_old_file_its_log_and_a_task() -> None:
    files = thin("at-job").machine.files()
    assert {"Windows/Tasks/At1.job", "Windows/Tasks/SCHEDLGU.TXT", task_file(r"\At1")} <= set(files)
    assert "At1.job" in files["Windows/Tasks/SCHEDLGU.TXT"].decode("utf-16")


def test_three_shipped_tasks_are_hidden_and_the_bad_one_is_not() -> None:
    scene = thin("hidden-decoy")
    decoys = [fact(scene, f"hidden-{number}") for number in (1, 2, 3)]
    assert all(scene.machine.task(path).definition.settings.hidden for path in decoys)
    assert set(decoys) <= set(scene.decoys)
    assert not scene.machine.task(scene.tasks[0]).definition.settings.hidden


def test_an_upgrade_leaves_dozens_at_once() -> None:
    scene = thin("upgrade-orphan")
    migrated = [path for path in scene.machine.files() if path.startswith("Windows/System32/Tasks_Migrated/")]
    assert len(migrated) == int(fact(scene, "orphans")) > 25
    assert scene.tasks == ()


def test_the_stomped_file_is_as_old_as_its_neighbour() -> None:
    scene = thin("time-stomp")
    task, neighbour = scene.machine.task(scene.tasks[0]), scene.machine.task(fact(scene, "neighbour"))
    assert task.times.file == neighbour.times.file < task.times.registered
    assert of_task(scene, task.path, 106)[0].time > task.times.registered


def test_the_deletion_stands_in_the_log_of_the_hive_alone() -> None:
    machine = thin("dirty-hive").machine
    assert machine.logged_edits
    assert machine.files()["Windows/System32/config/SOFTWARE.LOG1"]


# -- the same seed --------------------------------------------------------------------------------------------------------


def digest(machine: Machine) -> str:
    total = sha256()
    for file in machine.contents():
        total.update(f"{file.path} {file.modified} ".encode() + file.data)
    return total.hexdigest()


_TWICE = ("dirty-hive", "event-trigger", "remote-creation", "upgrade-orphan", "past-the-window")


def digests(names: list[str]) -> list[str]:
    return [digest(thin(name, 3).machine) for name in names]


def test_the_same_seed_gives_the_same_bytes_in_another_process() -> None:
    code = "import sys; from tests.lessons.test_scenarios import digests; print(*digests(sys.argv[1:]))"
    told = subprocess.run(
        [sys.executable, "-c", code, *_TWICE],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": "."},
    )
    assert told.stdout.split() == digests(list(_TWICE))
    assert len(set(told.stdout.split())) == len(_TWICE)
