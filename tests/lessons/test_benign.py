from __future__ import annotations

import hashlib
import re
import uuid

import pytest
from lxml import etree

from tests.lessons.hives import by_libregf, by_ours, by_python_registry, regipy_counts
from tests.machines import Machine, benign, small
from triptych.formats.cursor import Block
from triptych.formats.faults import Faults
from triptych.formats.security_descriptor import decode_sd
from triptych.formats.sid import task_sid
from triptych.lessons import benign as builder
from triptych.lessons.machine import task_file
from triptych.lessons.windows import WINDOWS
from triptych.model.evidence import FilePlace, Span
from triptych.model.times import TICKS_A_DAY, TICKS_A_SECOND

VERSIONS = sorted(WINDOWS)
SOFTWARE = "Windows/System32/config/SOFTWARE"
CACHE = r"\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache"


@pytest.fixture(params=VERSIONS)
def machine(request: pytest.FixtureRequest) -> Machine:
    return benign(request.param)


def _values(machine: Machine, path: str) -> dict[str, bytes]:
    return {name: data for name, _, data in by_python_registry(machine.files()[SOFTWARE])[path][1]}


def test_four_readers_agree_on_every_hive(machine: Machine) -> None:
    for path, data in machine.files().items():
        if data[:4] == b"regf":
            ours, faults = by_ours(data)
            assert [problem.code for problem in faults.problems if problem.severity.value != "note"] == [], path
            assert by_python_registry(data) == ours, path
            assert {key: told[0] for key, told in by_libregf(data).items()} == {key: told[0] for key, told in ours.items()}, path
            assert regipy_counts(data)[0] == len(ours), path


def test_two_hundred_tasks_and_the_same_bytes_for_the_same_seed(machine: Machine) -> None:
    assert 195 <= len(machine.tasks) <= 210
    again = builder.benign(machine.windows.key, machine.seed)
    assert again.files() == machine.files()
    assert builder.benign(machine.windows.key, machine.seed + 1).files() != machine.files()


def test_every_task_file_is_xml_and_its_hash_is_kept(machine: Machine) -> None:
    hive = by_python_registry(machine.files()[SOFTWARE])
    hashed = 0
    for task in machine.tasks:
        values = {name: data for name, _, data in hive[rf"{CACHE}\Tasks\{task.guid}"][1]}
        assert values["Path"].decode("utf-16-le").rstrip("\0") == task.path
        if task.has_file:
            data = machine.files()[task_file(task.path)]
            assert etree.fromstring(data).tag.endswith("}Task")
            assert values["Hash"] == hashlib.sha256(data[2:]).digest()
            hashed += 1
    assert hashed >= 195


def test_windows_7_keeps_what_windows_7_keeps() -> None:
    hive = by_python_registry(benign("7").files()[SOFTWARE])
    names = {frozenset(name for name, _, _ in told[1]) for path, told in hive.items() if path.startswith(rf"{CACHE}\Tasks" + "\\{")}
    assert names == {frozenset({"Path", "Hash", "Triggers", "DynamicInfo"})}
    tree = [told[1] for path, told in hive.items() if path.startswith(rf"{CACHE}\Tree")]
    assert not any(name == "SD" for values in tree for name, _, _ in values)
    assert rf"{CACHE}\Maintenance" not in hive


def test_keys_link_to_each_other(machine: Machine) -> None:
    hive = by_python_registry(machine.files()[SOFTWARE])
    for task in machine.tasks:
        tree = {name: data for name, _, data in hive[f"{CACHE}\\Tree{task.path}"][1]}
        assert tree["Id"].decode("utf-16-le").rstrip("\0") == task.guid
        index = int.from_bytes(tree["Index"], "little")
        assert {1: "Boot", 2: "Logon", 3: "Plain", 4: "Maintenance"}[index] == task.index_keys[0]
        for name in ("Boot", "Logon", "Plain", "Maintenance"):
            assert (rf"{CACHE}\{name}\{task.guid}" in hive) == (name in task.index_keys)


def test_times_agree_and_are_never_round(machine: Machine) -> None:
    for task in machine.tasks:
        times = task.times
        assert machine.installed - 31 * TICKS_A_DAY <= times.registered <= times.tree <= times.index <= times.file
        assert times.index < times.tasks <= machine.collected
        assert not times.last_run or times.registered < times.last_run <= times.tasks
    written = [moment for task in machine.tasks for moment in (task.times.registered, task.times.tree, task.times.file)]
    assert not any(moment % TICKS_A_SECOND == 0 for moment in written)
    assert sum(moment % 10 == 0 for moment in written) < len(written) / 5, "the clock of Windows counts 100 ns"


def test_guids_are_random_ones(machine: Machine) -> None:
    guids = [uuid.UUID(task.guid) for task in machine.tasks]
    assert len(set(guids)) == len(guids)
    assert {guid.version for guid in guids} == {4}


@pytest.mark.parametrize("version", ["10", "11", "2022"])
def test_descriptors_can_be_read_and_name_the_tasks_own_account(version: str) -> None:
    machine = benign(version)
    hive = by_python_registry(machine.files()[SOFTWARE])
    own = 0
    for task in machine.tasks:
        data = {name: data for name, _, data in hive[f"{CACHE}\\Tree{task.path}"][1]}["SD"]
        faults = Faults("SD")
        read = decode_sd(Block(data, FilePlace("SD"), (Span("SD", 0, len(data)),)), faults)
        assert not read.fault
        assert not faults.problems
        own += any(ace.sid == task_sid(task.path) for ace in read.dacl or ())
    assert own > 150


def test_the_odd_and_harmless_is_there() -> None:
    machine = benign("10")
    files = machine.files()
    hive = by_python_registry(files[SOFTWARE])
    tasks = {task.path: task for task in machine.tasks}
    paths = " ".join(tasks)
    assert {"\u200c", "\u200d", "\u200f"} <= set(paths)
    assert re.search(r"GoogleUpdateTaskMachineCore\{[0-9A-F-]{36}\}", paths)
    assert re.search(r"OneDrive Standalone Update Task-S-1-5-21-", paths)
    assert re.search(r"\\EnterpriseMgmt\\[0-9A-F-]{36}\\Schedule #1 created by enrollment client", paths)
    assert r"\Microsoft\Windows\PowerShell\ScheduledJobs\CleanTemp" in tasks
    assert r"\Microsoft\Windows\PLA\Disk Trend" in tasks
    assert "Windows/Tasks/CreateExplorerShellUnelevatedTask.job" in files
    assert "Windows/SysWOW64/Tasks/Microsoft/Windows/PLA/System" in machine.folders
    assert any(task.definition.registration.author.startswith("$(@%") for task in machine.tasks)
    assert any(not task.definition.registration.uri for task in machine.tasks)
    assert any(task.definition.settings.hidden for task in machine.tasks)
    assert any(task.times.tree - task.times.registered > TICKS_A_DAY for task in machine.tasks)
    assert any(not task.has_file and task.path.startswith(r"\Microsoft") for task in machine.tasks)
    assert any(len(task.definition.actions) > 1 for task in machine.tasks)
    assert any(
        "ProgramData\\Microsoft\\Windows Defender" in action.command for task in machine.tasks for action in task.definition.actions
    ) or any("Windows Defender" in action.command for task in machine.tasks for action in task.definition.actions)
    assert any("(D;;FA;;;BG)" in task.access for task in machine.tasks)
    assert any("UpdateOrchestrator" in task.path and ";;;BA)" not in task.access for task in machine.tasks)
    assert any("-EncodedCommand" in action.arguments for task in machine.tasks for action in task.definition.actions)
    assert any("SYSVOL" in action.command for task in machine.tasks for action in task.definition.actions)
    handlers = {action.class_id.upper() for task in machine.tasks for action in task.definition.actions if action.class_id}
    registered = {com.class_id.upper() for com in machine.classes}
    assert handlers - registered
    assert len(handlers & registered) > 40
    guids = {task.guid for task in machine.tasks}
    keys = {
        name: {path.rpartition("\\")[2] for path in hive if path.startswith(rf"{CACHE}\{name}" + "\\{")}
        for name in ("Tasks", "Plain")
    }
    assert len(keys["Tasks"] - guids) == 2
    assert len(keys["Plain"] - guids) == 1
    version = {name: data for name, _, data in hive[r"\Microsoft\Windows NT\CurrentVersion"][1]}
    installed = int.from_bytes(version["InstallDate"], "little")
    assert sum(task.times.tree < (installed + 11_644_473_600) * TICKS_A_SECOND for task in machine.tasks) > 100


def test_the_host_is_described(machine: Machine) -> None:
    system = by_python_registry(machine.files()["Windows/System32/config/SYSTEM"])
    name = {key: data for key, _, data in system[r"\ControlSet001\Control\ComputerName\ComputerName"][1]}["ComputerName"]
    assert name.decode("utf-16-le").rstrip("\0") == machine.name
    told = _values(machine, r"\Microsoft\Windows NT\CurrentVersion")
    assert told["CurrentBuild"].decode("utf-16-le").rstrip("\0") == str(machine.windows.build)
    assert r"\Microsoft\Windows NT\CurrentVersion\ProfileList\S-1-5-18" in by_python_registry(machine.files()[SOFTWARE])


def test_a_small_machine_is_small() -> None:
    assert len(small().tasks) < 100
