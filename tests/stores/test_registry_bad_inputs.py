"""Every crafted bad hive, with the outcome that its row of the manifest demands."""

from __future__ import annotations

import pytest

from tests.material import bad_input, bad_inputs
from tests.stores.registry_reading import PATH, Read, read
from triptych.model.case import Weight
from triptych.model.evidence import ReadState, State
from triptych.model.task import TraceKind

THIRD = "\\Task2"  # the task that most of the crafted hives damage is the third: {00000003-...}
GUID = "{00000003-1111-4222-8333-000000000003}"


def opened(name: str) -> Read:
    if name.startswith("hivelog/"):
        folder = bad_input(name).parent
        files = {f"{PATH}{file.name.removeprefix('SOFTWARE')}": file.read_bytes() for file in sorted(folder.iterdir())}
    else:
        files = {PATH: bad_input(name).read_bytes()}
    return read(files)


def hives() -> list[str]:
    return [name for name in bad_inputs("hive", "hivelog") if name.endswith((".hive", "/SOFTWARE"))]


NOT_HIVES = ("hive/empty.hive", "hive/header_only.hive", "hive/not_a_hive.hive")
SOUND = {
    "hivelog/dirty_log/SOFTWARE", "hive/db_whole.hive", "hive/li_list.hive", "hive/ri_of_ri.hive", "hive/string_bom.hive",
    "hive/string_u4e00.hive",
}  # fmt: skip
# Six definitions in each; where the Tree lost a key, its task is the definition without a Tree key.
LESS = {"hive/truncated.hive": 5, "hive/same_name.hive": 7}


@pytest.mark.parametrize("name", hives())
def test_all_definitions_are_listed_and_the_balance_closes(name: str) -> None:
    found = opened(name)
    assert all(balance.closes for balance in found.balances)
    if name in NOT_HIVES:
        assert not found.records
        assert [problem.severity for problem in found.problems] == [Weight.LOST]
        assert found.files[-1].read is ReadState.FAILED
        return
    assert len(found.records) == LESS.get(name, 6)
    told = [record for record in found.records if record.keeping.guid.stated]
    assert len({(record.guid, record.path) for record in told}) == len(told), "none twice"
    assert bool(found.problems) != (name in SOUND)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("hive/actions_length.hive", "task-cache.action-unknown"),
        ("hive/actions_many.hive", "task-cache.actions-many"),
        ("hive/string_nul.hive", "task-cache.text-after-nul"),
        ("hive/string_surrogate.hive", "task-cache.text-surrogate"),
        ("hive/value_type.hive", "task-cache.value-type"),
    ],
)
def test_what_only_the_meaning_shows_is_a_problem_too(name: str, code: str) -> None:
    assert code in opened(name).codes


def test_a_problem_names_the_value_as_the_registry_does() -> None:
    told = [problem for problem in opened("hive/value_type.hive").problems if problem.code == "task-cache.value-type"]
    assert told
    assert all(problem.tried == "read the value Path" for problem in told)


def third(found: Read) -> object:
    (record,) = [record for record in found.records if record.guid == GUID]
    return record


def damaged(name: str):  # type: ignore[no-untyped-def]  # a TaskRecord, found by its GUID
    return third(opened(name))


def test_an_action_that_cannot_be_read_shows_its_bytes() -> None:
    record = damaged("hive/actions_length.hive")
    assert not record.complete
    (extra,) = [extra for extra in record.extras if extra.name == "Actions"]
    assert extra.reading.state is State.UNREADABLE
    assert extra.reading.raw.startswith("f0 ff ff ff")
    assert extra.reading.refs


def test_thousands_of_actions_are_counted() -> None:
    record = damaged("hive/actions_many.hive")
    assert len(record.actions) == 32
    (extra,) = [extra for extra in record.extras if extra.name == "Actions"]
    assert "4,968 more actions after the first 32" in extra.reading.note


def test_texts() -> None:
    nul = damaged("hive/string_nul.hive").keeping.tasks_path
    assert nul.stated
    assert "text after NUL" in nul.note
    assert damaged("hive/string_u4e00.hive").keeping.tasks_path.value == "C:\\一二\\evil.exe"
    assert damaged("hive/string_bom.hive").keeping.tasks_path.value[0] in "\ufeff\ufffe"
    assert any("\ud800" <= letter <= "\udfff" for letter in damaged("hive/string_surrogate.hive").keeping.tasks_path.value)
    author = damaged("hive/db_whole.hive").registration.author.value
    assert author.endswith("TAIL-OF-TASK")
    assert len(author) * 2 + 2 >= 40_000
    assert "cut" in damaged("hive/db_long.hive").registration.author.note or damaged("hive/db_long.hive").registration.author.note


def test_a_path_of_an_unknown_type_is_shown_and_the_tree_has_the_path() -> None:
    for name in ("hive/value_type.hive", "hive/data_offset.hive"):
        record = damaged(name)
        assert record.path == THIRD
        assert (record.keeping.tasks_path.value, record.keeping.tasks_path.state) == (None, State.UNREADABLE)


def test_a_time_that_no_calendar_has_is_shown_in_hex() -> None:
    written = damaged("hive/timestamp.hive").keeping.tasks_written
    assert (written.state, written.raw) == (State.UNREADABLE, "0xFFFFFFFFFFFFFFFF")


def test_a_task_in_a_freed_cell_is_marked() -> None:
    assert "in a freed cell" in damaged("hive/cell_free.hive").presence.note


def test_two_keys_of_one_name_are_both_there() -> None:
    found = opened("hive/same_name.hive")
    twins = [record for record in found.records if record.path == "\\Task0"]
    assert len(twins) == 2
    assert len({record.actions[0].command.value for record in twins}) == 2


def test_a_tree_that_lost_its_list_leaves_orphans_and_shows_the_keys() -> None:
    found = opened("hive/list_offset.hive")
    assert {record.orphan for record in found.records} == {"tasks"}
    cut_out = [trace for trace in found.of(TraceKind.DELETED) if trace.get("what") == "key"]
    assert len(cut_out) == 6
    assert "no list of subkeys names it" in cut_out[0].reading("key").note


def test_a_cycle_costs_one_entry() -> None:
    for name in ("hive/cycle.hive", "hive/cycle_self.hive"):
        assert [record.orphan for record in opened(name).records].count("") == 5


def test_names_are_kept_as_they_are() -> None:
    paths = {record.path for record in opened("hive/names.hive").records}
    assert {"\\Ta\0sk", "\\a\u202egpj.exe", "\\\ud800A"} <= paths


def test_a_task_from_the_log_is_listed_with_its_source() -> None:
    found = opened("hivelog/dirty_log/SOFTWARE")
    assert "\\FromLog" in {record.path for record in found.records}
    added = [trace for trace in found.of(TraceKind.LOG_CHANGE) if trace.path.endswith("\\FromLog")]
    assert {trace.get("source") for trace in added} == {"LOG1 entry 7"}


@pytest.mark.parametrize("name", ["log_bad_hash", "log_far_page", "log_count", "log_foreign", "log_truncated", "log_not"])
def test_a_log_that_is_not_applied_leaves_the_primary(name: str) -> None:
    found = opened(f"hivelog/{name}/SOFTWARE")
    assert not [record for record in found.records if record.orphan]
    assert "replayed-hive" not in {file.kind for file in found.files}
    assert {"hive-log", "hive"} == {file.kind for file in found.files}


def test_a_hive_that_is_gone_is_a_problem() -> None:
    found = read({PATH: None})
    assert not found.records
    assert found.files[-1].read is ReadState.FAILED
    assert found.problems[0].severity is Weight.LOST
