"""Weeks of ordinary life: hive and logs tell the same, nothing is suspicious, and the same seed gives the same bytes."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lessons.event_logs import by_ours
from tests.machines import small
from tests.scanning import scan_of
from triptych.formats.evtx import Log
from triptych.formats.evtx_event import EventRecord
from triptych.lessons.benign import benign
from triptych.lessons.logbook import CHANNELS, SECURITY, SYSMON, SYSTEM_LOG, TASKS
from triptych.lessons.logbook_files import log_file
from triptych.lessons.logbook_presence import uptimes
from triptych.lessons.logbook_runs import Span, fires
from triptych.lessons.logbook_weeks import USUAL, WATCHED, lived, running_at, session_at
from triptych.lessons.machine import Machine
from triptych.lessons.task_spec import TaskSpec, TaskTimes
from triptych.model.times import TICKS_A_DAY, TICKS_A_SECOND

VERSIONS = ("7", "10", "2022")
WEEKS = 2
_LAUNCHES = frozenset((107, 108, 109, 110, 117, 118, 119, 120, 122, 124, 125))


@cache
def machine(version: str = "10") -> Machine:
    return benign(version, 3, tasks=60, weeks=WEEKS)


@cache
def read(version: str = "10") -> dict[str, tuple[Log, list[EventRecord]]]:
    files = machine(version).files()
    return {channel: by_ours(files[log_file(channel)]) for channel in CHANNELS if log_file(channel) in files}


def records(version: str, channel: str, *ids: int) -> list[EventRecord]:
    return [record for record in read(version)[channel][1] if not ids or record.event_id in ids]


@pytest.mark.parametrize("version", VERSIONS)
def test_record_numbers_have_no_gaps_and_times_go_up(version: str) -> None:
    for channel, (log, found) in read(version).items():
        assert found, channel
        assert log.tally.gaps == [], channel
        assert log.tally.ordinal == found[0].record_id, channel
        assert [record.ticks for record in found] == sorted(record.ticks for record in found), channel
    assert SYSMON not in read(version)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_last_run_of_every_task_is_the_last_one_that_is_logged(version: str) -> None:
    made = machine(version)
    begin = records(version, TASKS)[0].ticks
    last = {record.get("TaskName"): record.ticks for record in records(version, TASKS, 100)}
    done = {record.get("TaskName"): record.ticks for record in records(version, TASKS, 102)}
    ran = 0
    for task in made.tasks:
        if task.times.last_run < begin:
            assert task.path not in last
            continue
        ran += 1
        assert 0 <= last[task.path] - task.times.last_run < TICKS_A_SECOND, task.path
        if task.times.last_success:
            assert 0 <= done[task.path] - task.times.last_success < TICKS_A_SECOND, task.path
            assert task.times.last_success < task.times.tasks < made.collected
    assert ran > 20


def test_runs_follow_the_triggers() -> None:
    nightly = [
        record.ticks for record in records("10", TASKS, 107) if record.get("TaskName").startswith(r"\Contoso\Nightly Accounts")
    ]
    assert len(nightly) >= 10
    gaps = [(after - before) / TICKS_A_DAY for before, after in pairwise(nightly)]
    assert all(0.99 < gap < 1.01 or 1.99 < gap < 2.01 for gap in gaps)
    hourly = [record for record in records("10", TASKS, 107) if "UpdateTaskMachineUA" in record.get("TaskName")]
    assert len(hourly) > 200


@pytest.mark.parametrize("version", VERSIONS)
def test_every_run_is_whole(version: str) -> None:
    """Each 100 has its 200, 201 and 102 of the same instance, and each 129 its process."""
    by_instance: dict[str, set[int]] = {}
    for record in records(version, TASKS, 100, 102, 200, 201, *_LAUNCHES):
        by_instance.setdefault(record.fields.activity, set()).add(record.event_id or 0)
    cut = records(version, TASKS, 100, 102, 200, 201, *_LAUNCHES)[0].fields.activity
    for instance, told in by_instance.items():
        assert instance == cut or {100, 200, 201, 102} <= told, told
    processes = {int(record.get("NewProcessId"), 16) for record in records(version, SECURITY, 4688)}
    begin = records(version, SECURITY)[0].ticks
    started = [int(record.get("ProcessID")) for record in records(version, TASKS, 129) if record.ticks > begin + TICKS_A_SECOND]
    assert started
    assert set(started) <= processes


@pytest.mark.parametrize("version", VERSIONS)
def test_each_registration_that_the_logs_cover_is_logged(version: str) -> None:
    """Three tasks registered in the last days: one of Windows, one of an installer, one of the user's own."""
    made = benign(version, 3, tasks=60)
    fresh = [_registered(made, path, day) for day, path in enumerate(_fresh(made), 1)]
    files = lived(made.with_task(*fresh), 1).files()
    for channel, number in ((TASKS, 106), (SECURITY, 4698)):
        _, found = by_ours(files[log_file(channel)])
        told = {record.get("TaskName"): record for record in found if record.event_id == number}
        assert set(told) == {task.path for task in fresh}
        for task in fresh:
            assert 0 < told[task.path].ticks - task.times.index < TICKS_A_SECOND
    accounts = {task.path: told[task.path].get("SubjectUserName") for task in fresh}
    assert [accounts[path] for path in _fresh(made)] == [f"{made.name}$", f"{made.name}$", "j.ortiz"]


def _fresh(made: Machine) -> tuple[str, str, str]:
    user = next(task.path for task in made.tasks if task.path.startswith(r"\ZoomUpdateTaskUser"))
    return r"\Microsoft\Windows\Defrag\ScheduledDefrag", r"\npcapwatchdog", user


def _registered(made: Machine, path: str, day: int) -> TaskSpec:
    """The task as if it had been registered so many days before the collection."""
    task = made.task(path)
    moved = made.collected - day * TICKS_A_DAY // 2 - task.times.tree
    times = task.times
    return replace(
        task,
        times=TaskTimes(
            times.registered + moved, times.tree + moved, times.index + moved + 5_000, times.index + moved, times.file + moved
        ),
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_was_cleared_and_the_starts_are_clean(version: str) -> None:
    assert records(version, SECURITY, 1102) == []
    assert records(version, SYSTEM_LOG, 104, 6008, 719) == []
    made = machine(version)
    down = [record.ticks for record in records(version, SYSTEM_LOG, 13)]
    up = [record.ticks for record in records(version, SYSTEM_LOG, 12)]
    assert max(down) <= made.last_shutdown < max(up)
    assert made.last_shutdown - max(down) < 5 * TICKS_A_SECOND


def test_uptimes_do_not_depend_on_how_far_back_one_looks() -> None:
    made = machine()
    near = uptimes(made, made.seed, made.collected - 5 * TICKS_A_DAY)
    far = uptimes(made, made.seed, made.collected - 60 * TICKS_A_DAY)
    assert far[-len(near) :] == near
    assert all(before.shutdown < after.began for before, after in pairwise(far))


@given(st.integers(0, 2**32), st.integers(1, 200))
def test_a_machine_is_never_up_twice_and_nobody_is_logged_on_while_it_is_down(seed: int, days: int) -> None:
    made = small()
    found = uptimes(made, seed, made.collected - days * TICKS_A_DAY)
    assert found[0].began <= made.collected - days * TICKS_A_DAY
    assert found[-1].shutdown == 0
    for before, after in pairwise(found):
        assert before.began < before.shutdown < after.began < made.collected
    for one in found:
        for session in one.sessions:
            assert one.began < session.began < (one.shutdown or made.collected)


@given(st.integers(0, 2**32), st.sampled_from(VERSIONS))
def test_triggers_fire_in_the_span_after_the_registration_and_never_twice_at_once(seed: int, version: str) -> None:
    made = small(version)
    start, end = made.collected - 6 * TICKS_A_DAY, made.collected - TICKS_A_DAY
    span = Span(made, seed, start, end, uptimes(made, seed, start))
    for task in made.tasks:
        times = [time for time, _ in fires(span, task)]
        assert all(max(start, task.times.tree) <= time <= end for time in times)
        assert all(after - before >= 60 * TICKS_A_SECOND for before, after in pairwise(times))
        assert all(span.uptime(time) for time in times)


def test_acts_can_be_planted_into_that_life() -> None:
    made = machine()
    time = made.collected - TICKS_A_DAY
    on, who = running_at(made, time), session_at(made, "svc-backup", time)
    assert on.booted < time
    logons = [record for record in records("10", SECURITY, 4624) if record.get("TargetLogonId") == f"0x{who.id:x}"]
    assert len(logons) == 1
    schedule = {record.fields.process_id for record in records("10", TASKS) if record.ticks > on.booted}
    assert schedule == {on.service("Schedule").id}
    with pytest.raises(LookupError):
        session_at(made, "svc-backup", on.booted)


def test_a_machine_as_windows_comes_has_an_empty_scheduler_log() -> None:
    made = lived(benign("10", 3, tasks=60), 1, USUAL)
    _, found = by_ours(made.files()[log_file(TASKS)])
    assert found == []
    _, security = by_ours(made.files()[log_file(SECURITY)])
    assert {record.event_id for record in security} & {4688, 4698} == set()


def test_with_sysmon_it_tells_of_processes_too() -> None:
    made = lived(benign("10", 3, tasks=60), 1, replace(WATCHED, sysmon=True))
    _, found = by_ours(made.files()[log_file(SYSMON)])
    assert len([record for record in found if record.event_id == 1]) > 500


def test_by_default_a_benign_machine_has_no_logs() -> None:
    assert benign("10", 3, tasks=60).events == ()
    assert not [path for path in benign("10", 3, tasks=60).files() if path.endswith(".evtx")]


def test_the_scan_finds_what_it_finds_without_logs() -> None:
    made = scan_of(machine())
    plain = scan_of(benign("10", 3, tasks=60))
    assert {finding.key for finding in made.case.findings} == {finding.key for finding in plain.case.findings}
    assert [problem for problem in made.case.problems if ".evtx" in problem.file] == []
    assert all(balance.closes for balance in made.case.balances)


def _digest(made: Machine) -> str:
    return hashlib.sha256(b"".join(path.encode() + data for path, data in sorted(made.files().items()))).hexdigest()


def test_two_processes_make_the_same_bytes() -> None:
    script = (
        "import hashlib\nfrom triptych.lessons.benign import benign\n"
        "files = benign('10', 3, tasks=60, weeks=2).files()\n"
        "print(hashlib.sha256(b''.join(path.encode() + data for path, data in sorted(files.items()))).hexdigest())\n"
    )
    other = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "77"})
    assert other.stdout.strip() == _digest(machine())
