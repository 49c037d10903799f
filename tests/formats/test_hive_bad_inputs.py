"""Every crafted bad hive with the outcome it must have: what is listed, what the problem says, and that the balance closes."""

from __future__ import annotations

import resource
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.material import bad_input, bad_inputs
from triptych.formats import keys
from triptych.formats.faults import Faults
from triptych.formats.hive import Hive, open_hive
from triptych.formats.hive_deleted import Deleted, deleted
from triptych.formats.hive_keys import HiveKey
from triptych.formats.hive_values import HiveValue
from triptych.model.case import Problem, Weight

CACHE = "Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache"
SIX = ["Task0", "Task1", "Task2", "Task3", "Task4", "Task5"]
THIRD = "{00000003-1111-4222-8333-000000000003}"


@dataclass
class Read:
    """All that was read of one input."""

    hive: Hive
    faults: Faults
    found: Deleted
    values: dict[str, dict[str, HiveValue]]
    keys: list[HiveKey]

    @property
    def codes(self) -> list[str]:
        return [problem.code for problem in self.faults.problems]

    def problem(self, code: str) -> Problem:
        (problem,) = [problem for problem in self.faults.problems if problem.code == code]
        return problem

    def names(self, below: str) -> list[str]:
        key = self.hive.find(f"{CACHE}\\{below}")
        assert key is not None
        return [sub.name for sub in key.subkeys()]

    def task(self, name: str) -> HiveValue:
        return self.values[f"{CACHE}\\Tasks\\{THIRD}"][name]

    def lost(self) -> tuple[int, int]:
        keys_balance, values_balance = self.hive.balance()
        return keys_balance.lost, values_balance.lost


def read(name: str) -> Read:
    path = bad_input(f"hive/{name}.hive")
    return read_bytes(path.read_bytes(), f"hive/{name}.hive")


def read_bytes(data: bytes, file: str, logs: tuple[tuple[str, bytes], ...] = ()) -> Read:
    faults = Faults(file)
    hive = open_hive(data, file, faults, logs=logs)
    walked = list(hive.walk())
    values: dict[str, dict[str, HiveValue]] = {}
    for key in walked:
        assert isinstance(key.written_ref.spans[0].length, int)
        values[key.path] = {value.name: value for value in key.values() if isinstance(value, HiveValue)}
    orphans = hive.orphans()
    for key in orphans:
        for below in key.tree.walk(key):
            list(below.values())
    found = deleted(hive)
    assert all(balance.closes for balance in hive.balance())
    assert all(balance.lost >= 0 for balance in hive.balance())
    assert all(key.ref.spans for key in walked)
    for problem in faults.problems:
        assert problem.code
        assert problem.where
        assert problem.tried
        assert problem.found
    if any(balance.lost for balance in hive.balance()):
        assert any(problem.severity is Weight.LOST for problem in faults.problems)
    return Read(hive, faults, found, values, walked)


def test_every_row_of_the_manifest_has_its_test() -> None:
    files = [file for file in bad_inputs("hive") if not file.startswith("hivelog")]
    assert {Path(file).stem for file in files} == set(TESTED)


# -- what is no hive --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("empty", "hive.empty", "not a registry hive"),
        ("header_only", "hive.no-bins", "no hive bins"),
        ("not_a_hive", "hive.signature", "signature regf missing; the first bytes are 4d 5a"),
    ],
)
def test_one_problem_for_what_is_no_hive(name: str, code: str, words: str) -> None:
    found = read(name)
    assert found.hive.root is None
    assert found.codes == [code]
    assert words in found.problem(code).found


# -- sound, or odd without loss ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["li_list", "ri_of_ri", "db_whole", "actions_length", "actions_many"])
def test_six_tasks_and_no_problem(name: str) -> None:
    found = read(name)
    assert found.names("Tree") == SIX
    assert found.codes == []
    assert found.lost() == (0, 0)


def test_the_value_in_segments_is_whole() -> None:
    found = read("db_whole")
    texts = [keys.text_of(value).value or "" for values in found.values.values() for value in values.values() if value.kind == 1]
    assert max(len(text) for text in texts) == 20_000
    assert [text for text in texts if text.endswith("TAIL-OF-TASK")]


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("hbin_magic", "hive.bin", "not 'hbin'"),
        ("hbin_size_zero", "hive.bin", "the size is 0x0"),
        ("hbin_size_huge", "hive.bin", "the size is 0xFFFFF000"),
        ("checksum", "hive.checksum", "header checksum"),
        ("dirty_no_logs", "hive.dirty", "dirty, logs missing: newest changes may be absent"),
        ("cell_size_huge", "hive.key.cell", "134217712 bytes"),
        ("list_count_high", "hive.list.long", "65535 entries"),
        ("subkey_count_low", "hive.list.count", "the count disagrees"),
        ("ri_to_data", "hive.list.kind", "not a list of subkeys"),
        ("ri_bomb", "hive.list.twice", "subkey list visited twice"),
        ("parent_pointer", "hive.key.parent", "reached from"),
        ("timestamp", "hive.key.time", "0xFFFFFFFFFFFFFFFF"),
        ("value_type", "hive.value.type", "type 0x99"),
    ],
)
def test_six_tasks_and_one_problem(name: str, code: str, words: str) -> None:
    found = read(name)
    assert found.names("Tree") == SIX
    assert len(found.names("Tasks")) == 6
    assert found.codes == [code]
    assert words in found.problem(code).found
    assert found.problem(code).severity is Weight.DOUBT
    assert found.lost() == (0, 0)


def test_a_free_cell_is_marked_and_its_task_listed_once() -> None:
    found = read("cell_free")
    assert found.names("Tree") == SIX
    (freed,) = [key for key in found.keys if key.note]
    assert (freed.name, freed.note) == ("Task2", "in a freed cell")
    assert found.problem("hive.key.freed").severity is Weight.DOUBT
    assert found.found.keys == ()


def test_a_cell_of_size_zero_ends_no_walk() -> None:
    found = read("cell_size")
    assert found.names("Tree") == SIX
    assert found.problem("hive.key.cell").severity is Weight.DOUBT


def test_a_root_elsewhere_is_found_by_its_mark() -> None:
    found = read("root_offset")
    assert found.names("Tree") == SIX
    assert "marked as a root" in found.problem("hive.root").found


def test_a_name_longer_than_its_cell_is_cut() -> None:
    found = read("name_length")
    names = found.names("Tree")
    assert len(names) == 6
    assert names[2].rstrip("\0") == "Task2"
    (key,) = [key for key in found.keys if key.note]
    assert key.note.startswith("name cut at the end of its cell")
    assert found.codes == ["hive.key.name-length"]


def test_names_are_kept_as_they_are() -> None:
    found = read("names")
    names = found.names("Tree")
    assert names == ["Ta\0sk", "a\u202egpj.exe", "\ud800A", "A\ufffd", "..\\..\\x", ""]
    assert set(found.codes) == {"hive.key.name"}
    assert len(found.codes) == 6
    for key in found.keys:
        (span,) = key.ref.spans
        assert span.length == 76 + key.record_length - 76


def test_a_time_out_of_range_is_none_with_its_bytes() -> None:
    found = read("timestamp")
    (key,) = [key for key in found.keys if key.note]
    assert key.written is None
    assert key.ticks == 0xFFFFFFFFFFFFFFFF
    (span,) = key.written_ref.spans
    assert bad_input("hive/timestamp.hive").read_bytes()[span.offset : span.offset + 8] == b"\xff" * 8


def test_a_parent_pointer_changes_no_path() -> None:
    found = read("parent_pointer")
    assert [key.path for key in found.keys if key.name == "Task3"] == [f"{CACHE}\\Tree\\Task3"]


# -- something is lost ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "missing", "code", "words"),
    [
        ("child_offset", "Task1", "hive.list.entry", "it names offset 0x00ABCDE8, the file ends at 0x3000"),
        ("cycle", "Task0", "hive.key.visited", "already visited"),
        ("cycle_self", "Task0", "hive.key.visited", "already visited"),
        ("duplicate_entry", "Task1", "hive.list.entry-twice", "names already"),
    ],
)
def test_five_tasks_and_the_sixth_as_an_orphan(name: str, missing: str, code: str, words: str) -> None:
    found = read(name)
    assert found.names("Tree") == [task for task in SIX if task != missing]
    problem = found.problem(code)
    assert problem.severity is Weight.LOST
    assert words in problem.found
    assert "1 of 6 entries; 5 are kept" in problem.lost
    assert [(key.path, key.orphan) for key in found.hive.orphans()] == [(f"{CACHE}\\Tree\\{missing}", True)]
    keys_balance, _ = found.hive.balance()
    assert (keys_balance.lost, keys_balance.repaired) == (0, 1)


def test_a_list_that_names_itself_gives_the_other_leaf() -> None:
    found = read("ri_self")
    assert found.names("Tree") == SIX[3:]
    assert "subkey list loop" in found.problem("hive.list.loop").found
    assert [key.name for key in found.hive.orphans()] == SIX[:3]


@pytest.mark.parametrize(("name", "code"), [("ri_deep", "hive.list.deep"), ("list_offset", "hive.list.none")])
def test_tasks_of_a_lost_list_are_orphans(name: str, code: str) -> None:
    found = read(name)
    assert found.names("Tree") == []
    assert len(found.names("Tasks")) == 6
    assert found.problem(code).severity is Weight.LOST
    assert "python-registry reads name 'Tree', subkeys 6" in found.problem(code).found
    assert [key.path for key in found.hive.orphans()] == [f"{CACHE}\\Tree\\{task}" for task in SIX]
    keys_balance, _ = found.hive.balance()
    assert (keys_balance.lost, keys_balance.repaired) == (0, 6)


def test_two_keys_of_one_name_are_both_given() -> None:
    found = read("same_name")
    assert found.names("Tree") == [*SIX, "Task0"]
    assert "the name stands twice" in found.problem("hive.key.name-twice").found
    both = [key for key in found.keys if key.path == f"{CACHE}\\Tree\\Task0"]
    assert len({key.ref.spans for key in both}) == 2
    assert len({tuple(value.block.data for value in key.values()) for key in both}) == 2


def test_one_key_listed_three_thousand_times_is_given_once() -> None:
    found = read("same_child_many")
    assert found.names("Tree") == SIX
    assert len(found.names("Tasks")) == 1
    problem = found.problem("hive.list.entry-twice")
    assert "2998 more" in problem.found
    assert problem.lost.startswith("2999 of 3000 entries")
    assert len(found.hive.orphans()) == 5


def test_keys_deeper_than_windows_allows() -> None:
    found = read("deep_keys")
    assert [key.name for key in found.keys if key.path.startswith(f"{CACHE}\\Tree\\Task")] == SIX
    assert max(key.depth for key in found.keys) == 512
    assert "deeper than the limit" in found.problem("hive.key.deep").found
    assert found.lost() == (1, 0)


def test_a_truncated_hive_names_its_end_and_gives_what_is_whole() -> None:
    found = read("truncated")
    problem = found.problem("hive.truncated")
    assert "the file ends at 0x1900" in problem.found
    assert problem.severity is Weight.LOST
    outside = [problem for problem in found.faults.problems if problem.code == "hive.list.outside"]
    assert ["6 subkeys" in problem.found for problem in outside if "TaskCache\\Tasks" in problem.where] == [True]
    assert all(problem.severity is Weight.LOST for problem in outside)
    whole = [f"{{0000000{number}-1111-4222-8333-00000000000{number}}}" for number in range(1, 6)]
    orphans = {key.path for key in found.hive.orphans()}
    assert {f"{CACHE}\\Tasks\\{name}" for name in whole} <= orphans
    reached = found.hive.reach(f"{CACHE}\\Tasks\\{THIRD}")
    assert reached is not None
    assert reached.orphan
    assert found.hive.task_cache is not None


# -- values -----------------------------------------------------------------------------------------------------------


def test_a_resident_value_has_at_most_four_bytes() -> None:
    found = read("resident_length")
    assert found.names("Tree") == SIX
    value = found.task("Actions")
    assert len(value.block.data) == 4
    assert value.note.startswith("cut: 1048576 bytes stated")
    assert found.codes == ["hive.value.resident"]


def test_a_value_longer_than_its_cell_is_cut_there() -> None:
    found = read("length_huge")
    value = found.task("Actions")
    assert len(value.block.data) == 100
    assert "cut" in value.note
    assert "hive.value.length" in found.codes


def test_a_value_whose_data_lies_outside_keeps_its_name() -> None:
    found = read("data_offset")
    value = found.task("Path")
    assert (value.block.data, value.note) == (b"", "lost: the data lies outside the file")
    assert value.ref.spans[0].length == 24
    assert found.codes == ["hive.value.data-outside"]
    assert len(found.values[f"{CACHE}\\Tasks\\{THIRD}"]) == 7


def test_an_impossible_count_of_values_gives_what_the_list_holds() -> None:
    found = read("value_count")
    assert len(found.values[f"{CACHE}\\Tasks\\{THIRD}"]) == 7
    assert found.codes == ["hive.values.count"]
    assert found.lost() == (0, 0)


def test_one_bad_value_entry_costs_one_value() -> None:
    found = read("value_entry")
    assert len(found.values[f"{CACHE}\\Tasks\\{THIRD}"]) == 6
    assert "1 of 7 entries; 6 are kept" in found.problem("hive.values.entry").lost
    assert found.lost() == (0, 1)


def test_segments_shorter_than_the_value() -> None:
    found = read("db_long")
    value = found.task("Author")
    assert len(value.block.data) == 40_004
    assert "cut after 40004 bytes" in value.note
    assert {"hive.value.limit", "hive.value.segments"} == set(found.codes)


def test_one_segment_named_many_times_is_read_once() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = read("db_amplify")
    assert found.names("Tree") == SIX
    value = found.task("Actions")
    assert len(value.block.data) <= 1 << 20
    assert "refused above the limit" in value.note
    assert {"hive.value.limit", "hive.value.segments"} == set(found.codes)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


# -- strings: the bytes are the hive's, the text is that of formats.keys ----------------------------------------------


def test_a_string_with_two_zero_bytes_at_an_odd_offset_is_whole() -> None:
    assert keys.text_of(read("string_u4e00").task("Path")).value == "C:\\一二\\evil.exe"


def test_a_byte_order_mark_swaps_nothing() -> None:
    text = keys.text_of(read("string_bom").task("Path")).value
    assert text is not None
    assert text[0] in "\ufeff\ufffe"


def test_text_after_a_nul_is_told() -> None:
    reading = keys.text_of(read("string_nul").task("Path"))
    assert reading.value
    assert "text after NUL" in reading.note


def test_half_a_surrogate_pair_is_kept() -> None:
    text = keys.text_of(read("string_surrogate").task("Path")).value or ""
    assert any("\ud800" <= sign <= "\udfff" for sign in text)


TESTED = {
    "empty", "header_only", "not_a_hive", "li_list", "ri_of_ri", "db_whole", "actions_length", "actions_many", "hbin_magic",
    "hbin_size_zero", "hbin_size_huge", "checksum", "dirty_no_logs", "cell_size_huge", "list_count_high", "subkey_count_low",
    "ri_to_data", "ri_bomb", "parent_pointer", "timestamp", "value_type", "cell_free", "cell_size", "root_offset", "name_length",
    "names", "child_offset", "cycle", "cycle_self", "duplicate_entry", "ri_self", "ri_deep", "list_offset", "same_name",
    "same_child_many", "deep_keys", "truncated", "resident_length", "length_huge", "data_offset", "value_count", "value_entry",
    "db_long", "db_amplify", "string_u4e00", "string_bom", "string_nul", "string_surrogate",
}  # fmt: skip
