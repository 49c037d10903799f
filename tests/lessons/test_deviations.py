from __future__ import annotations

import pytest

from tests.lessons.hives import by_python_registry
from tests.machines import DEVIATIONS, Machine, benign, with_
from tests.material import share
from triptych.formats.cursor import Block
from triptych.formats.faults import Faults
from triptych.formats.hive import open_hive
from triptych.formats.hive_deleted import deleted
from triptych.formats.job import read_job
from triptych.formats.job_log import read_job_log
from triptych.formats.task_cache.triggers import decode_triggers
from triptych.lessons.deviations import VICTIM
from triptych.lessons.deviations.planted_tasks import GHOST
from triptych.lessons.scheduler_view import visible
from triptych.model.evidence import FilePlace, Span
from triptych.rules.book import RULES

SOFTWARE = "Windows/System32/config/SOFTWARE"
CACHE = r"\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache"
TREE = f"{CACHE}\\Tree{VICTIM}"
CASES = [(name, "10") for name in DEVIATIONS] + share([(name, "7") for name, deviation in DEVIATIONS.items() if deviation.on_7])


def _names(machine: Machine, path: str = TREE) -> list[str]:
    return [name for name, _, _ in by_python_registry(machine.files()[SOFTWARE])[path][1]]


@pytest.mark.parametrize(("name", "version"), CASES)
def test_every_deviation_changes_the_machine_and_leaves_a_sound_hive(name: str, version: str) -> None:
    before, after = benign(version).files(), with_(name, version).files()
    assert before != after
    faults = Faults("SOFTWARE")
    hive = open_hive(after[SOFTWARE], "SOFTWARE", faults)
    assert hive.task_cache is not None
    assert [problem.code for problem in faults.problems if problem.severity.value == "lost"] == []
    assert after == DEVIATIONS[name].apply(benign(version)).files()


def test_every_deviation_names_rules_that_exist() -> None:
    known = {rule.id for rule in RULES}
    for deviation in DEVIATIONS.values():
        assert set(deviation.rules) | set(deviation.also) <= known, deviation.name


def test_a_deleted_descriptor_is_gone_and_recoverable() -> None:
    machine = with_("sd-deleted")
    assert _names(machine) == ["Id", "Index"]
    lost = {name: data for name, _, data in by_python_registry(benign().files()[SOFTWARE])[TREE][1]}["SD"]
    found = deleted(open_hive(machine.files()[SOFTWARE], "SOFTWARE", Faults("x"))).values
    assert [(value.name, value.block.data) for value in found] == [("SD", lost)]


def test_a_deleted_task_leaves_its_keys_in_free_cells() -> None:
    machine = with_("task-deleted")
    assert TREE not in by_python_registry(machine.files()[SOFTWARE])
    found = {key.name for key in deleted(open_hive(machine.files()[SOFTWARE], "SOFTWARE", Faults("x"))).keys}
    assert {"Backup", benign().task(VICTIM).guid} <= found


def test_the_hand_is_seen_in_the_time_of_the_key() -> None:
    before, after = (by_python_registry(machine.files()[SOFTWARE])[TREE][0] for machine in (benign(), with_("sd-deleted")))
    assert before < after < benign().collected


def test_the_log_alone_tells_of_the_deletion() -> None:
    machine = with_("only-in-log")
    files = machine.files()
    assert _names(machine) == ["Id", "Index", "SD"]
    logs = tuple((SOFTWARE + end, files[SOFTWARE + end]) for end in (".LOG1", ".LOG2"))
    key = open_hive(files[SOFTWARE], SOFTWARE, Faults("x"), logs=logs).find(TREE[1:])
    assert key is not None
    assert [value.name for value in key.values()] == ["Id", "Index"]


def test_the_log_puts_back_what_the_hive_lacks() -> None:
    files = with_("undone-in-log").files()
    hive = open_hive(files[SOFTWARE], SOFTWARE, Faults("x"), logs=((f"{SOFTWARE}.LOG1", files[f"{SOFTWARE}.LOG1"]),))
    key = hive.find(TREE[1:])
    assert key is not None
    assert sorted(value.name for value in key.values()) == ["Id", "Index", "SD"]
    assert "SD" not in _names(with_("undone-in-log"))


def test_two_logs_must_be_replayed_one_after_the_other() -> None:
    files = with_("over-two-logs").files()
    logs = tuple((SOFTWARE + end, files[SOFTWARE + end]) for end in (".LOG1", ".LOG2"))
    told = []
    for given in ((), logs[:1], logs):
        key = open_hive(files[SOFTWARE], SOFTWARE, Faults("x"), logs=given).find(TREE[1:])
        assert key is not None
        told.append({value.name: value.block.data for value in key.values()})
    assert [("SD" in values, values["Index"][0]) for values in told] == [(True, 3), (True, 0), (False, 0)]


def test_windows_7_has_logs_of_the_old_format() -> None:
    machine = with_("index-in-log", "7")
    files = machine.files()
    assert files[f"{SOFTWARE}.LOG1"][512:516] == b"DIRT"
    assert with_("index-in-log", "10").files()[f"{SOFTWARE}.LOG1"][512:516] == b"HvLE"
    hive = open_hive(files[SOFTWARE], SOFTWARE, Faults("x"), logs=((f"{SOFTWARE}.LOG1", files[f"{SOFTWARE}.LOG1"]),))
    key = hive.find(TREE[1:])
    assert key is not None
    assert next(value.block.data for value in key.values() if value.name == "Index") == bytes(4)


def test_the_ghost_bears_every_mark_of_its_maker() -> None:
    machine = with_("ghost-task")
    task = machine.task(GHOST)
    hive = by_python_registry(machine.files()[SOFTWARE])
    values = {name: data for name, _, data in hive[rf"{CACHE}\Tasks\{task.guid}"][1]}
    assert set(values) == {"Author", "Path", "URI", "Date", "Actions", "DynamicInfo", "Triggers"}
    block = Block(values["Triggers"], FilePlace("v"), (Span("v", 0, len(values["Triggers"])),))
    bucket = decode_triggers(block, Faults("v")).bucket
    assert bucket is not None
    assert bucket.optional is not None
    assert (bucket.flags, bucket.crc, bucket.user.sid_type, bucket.user.name) == (0x42412108, 0, 1, None)
    assert (bucket.optional.length, bucket.optional.idle_duration, bucket.optional.idle_wait_timeout) == (0x2C, 600, 3600)
    created = int.from_bytes(values["DynamicInfo"][4:12], "little")
    assert created % 10_000 == 0
    assert created > task.times.tree, "the machine's wall clock, written as if it were UTC"
    assert not any(path.endswith("Sync Center Cache") for path in machine.files())
    tree = {name: data for name, _, data in hive[f"{CACHE}\\Tree{GHOST}"][1]}
    assert len(tree["SD"]) == 56


def test_the_old_job_is_one_that_our_reader_reads() -> None:
    files = with_("at-job", "7").files()
    faults = Faults("job")
    job = read_job(files["Windows/Tasks/At1.job"], "job", faults)
    assert job.is_job
    assert job.complete
    assert {name: reading.value for name, reading in job.readings}["command"] == "cmd.exe"
    log = read_job_log(files["Windows/Tasks/SCHEDLGU.TXT"], "log", faults)
    assert not faults.problems
    assert len(log) == 3


def test_a_name_with_nul_is_in_the_hive_and_nowhere_else() -> None:
    machine = with_("name-nul")
    assert any("\0" in path for path in by_python_registry(machine.files()[SOFTWARE]))
    assert not any("\0" in path for path in machine.files())


@pytest.mark.parametrize(
    ("name", "hidden"),
    [
        ("sd-deleted", True),
        ("sd-empty-list", True),
        ("sd-denies-system", True),
        ("sd-blank", True),
        ("index-zero", True),
        ("index-deleted", True),
        ("tree-deleted", True),
        ("tasks-deleted", True),
        ("only-in-log", True),
        ("undone-in-log", False),
        ("sd-weak", False),
        ("registry-actions", False),
        ("file-deleted", False),
    ],
)
def test_the_scheduler_shows_what_is_not_hidden(name: str, hidden: bool) -> None:
    shown = {task.path for task in visible(with_(name))}
    assert (VICTIM not in shown) is hidden
    assert {task.path for task in visible(benign())} - {VICTIM} <= shown


def test_a_folder_without_descriptor_takes_its_tasks_along() -> None:
    shown = {task.path for task in visible(with_("folder-sd-deleted"))}
    assert not any(path.startswith("\\Contoso\\") for path in shown)
    assert any(path.startswith("\\Contoso Endpoint\\") for path in shown)
