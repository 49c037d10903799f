"""What the crafted hives and their logs must lead to.

Six tasks stand in each base hive, `\\Task0` to `\\Task5`; most crafted faults sit at the third, whose GUID begins with 00000003.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.engine import Json, Told

Check = Callable[[Told], None]
HIVES: dict[str, Check] = {}
NOTHING_READ = {
    "hive/empty.hive", "hive/header_only.hive", "hive/not_a_hive.hive", "job/empty.job", "job/not_job.job", "xml/empty.xml",
    "xml/blank.xml", "zip/nested.zip", "zip/many.zip",
    *(f"xml/{name}.xml" for name in ("billion_laughs", "quadratic", "xxe_file", "xxe_net", "xxe_param", "dtd_only")),
}  # fmt: skip


def registered(found: Told) -> list[Json]:
    """The tasks that a Tree key names, each with its definition; the others are orphans."""
    return [task for task in found.tasks if task["registry"] and not task["registry"]["orphan"]]


def six(*codes: str, words: str = "") -> Check:
    """All six tasks as Windows would list them, and these problems."""

    def check(found: Told) -> None:
        assert [len(registered(found)), len(found.tasks)] == [6, 6]
        assert len({task["guid"] for task in found.tasks}) == 6
        assert all(task["registry"]["actions"] or not task["registry"]["complete"] for task in found.tasks)
        assert bool(found.codes) == bool(codes)
        assert [code for code in codes if code not in found.codes] == []
        assert not words or words in found.problem(codes[0])["what"]

    return check


def fewer(count: int, code: str, words: str = "") -> Check:
    """`count` tasks by their Tree keys, none twice; the rest of the six as orphans; a problem that says why."""

    def check(found: Told) -> None:
        assert len(registered(found)) == count
        assert len({task["guid"] for task in found.tasks}) == len(found.tasks) == 6
        assert words in found.problem(code)["what"]
        assert "offset 0x" in found.problem(code)["where"]
        assert found.document["stores"]["registry"]["state"] == "partly"

    return check


def unreadable(code: str, words: str) -> Check:
    def check(found: Told) -> None:
        assert found.tasks == []
        assert found.codes == [code]
        assert words in found.problem(code)["what"]
        assert found.document["evidence"][0]["read"] == "failed"
        assert found.document["stores"]["registry"]["state"] == "failed"

    return check


HIVES |= {
    "hive/empty.hive": unreadable("hive.empty", "not a registry hive"),
    "hive/header_only.hive": unreadable("hive.no-bins", "no hive bins"),
    "hive/not_a_hive.hive": unreadable("hive.signature", "signature regf missing; the first bytes are 4d 5a"),
    "hive/hbin_magic.hive": six("hive.bin"),
    "hive/hbin_size_zero.hive": six("hive.bin"),
    "hive/hbin_size_huge.hive": six("hive.bin"),
    "hive/checksum.hive": six("hive.checksum", words="header checksum"),
    "hive/dirty_no_logs.hive": six("hive.dirty", words="dirty, logs missing: newest changes may be absent"),
    "hive/root_offset.hive": six("hive.root"),
    "hive/cycle.hive": fewer(5, "hive.key.visited", "already visited"),
    "hive/cycle_self.hive": fewer(5, "hive.key.visited"),
    "hive/ri_self.hive": fewer(3, "hive.list.loop", "subkey list loop"),
    "hive/ri_bomb.hive": six("hive.list.twice", words="subkey list visited twice"),
    "hive/ri_deep.hive": fewer(0, "hive.list.deep", "list too deep"),
    "hive/ri_of_ri.hive": six(),
    "hive/li_list.hive": six(),
    "hive/list_count_high.hive": six("hive.list.long", words="65535"),
    "hive/subkey_count_low.hive": six("hive.list.count", words="count disagrees"),
    "hive/list_offset.hive": fewer(0, "hive.list.none"),
    "hive/ri_to_data.hive": six("hive.list.kind"),
    "hive/child_offset.hive": fewer(5, "hive.list.entry"),
    "hive/duplicate_entry.hive": fewer(5, "hive.list.entry-twice"),
    "hive/cell_free.hive": six("hive.key.freed", words="in a freed cell"),
    "hive/cell_size.hive": six("hive.key.cell"),
    "hive/cell_size_huge.hive": six("hive.key.cell"),
    "hive/name_length.hive": six("hive.key.name-length", words="cut at the end of its cell"),
    "hive/timestamp.hive": six("hive.key.time", words="0xFFFFFFFFFFFFFFFF"),
    "hive/names.hive": six("hive.key.name"),
    "hive/parent_pointer.hive": six("hive.key.parent"),
    "hive/deep_keys.hive": six("hive.key.deep", words="deeper than the limit"),
    "hive/resident_length.hive": six("hive.value.resident"),
    "hive/length_huge.hive": six("hive.value.length"),
    "hive/data_offset.hive": six("hive.value.data-outside"),
    "hive/value_count.hive": six("hive.values.count", words="7 values read"),
    "hive/value_entry.hive": six("hive.values.entry"),
    "hive/value_type.hive": six("hive.value.type", "task-cache.value-type"),
    "hive/db_whole.hive": six(),
    "hive/db_long.hive": six("hive.value.segments"),
    "hive/db_amplify.hive": six("hive.value.segments", "hive.value.limit"),
    "hive/string_u4e00.hive": six(),
    "hive/string_bom.hive": six(),
    "hive/string_nul.hive": six("task-cache.text-after-nul", words="text after NUL"),
    "hive/string_surrogate.hive": six("task-cache.text-surrogate"),
    "hive/actions_length.hive": six("task-cache.action-unknown"),
    "hive/actions_many.hive": six("task-cache.actions-many"),
    "hivelog/log_bad_hash/SOFTWARE": six("hive.log.entry", "hive.dirty", words="log entry 1 not applied: hash"),
    "hivelog/log_far_page/SOFTWARE": six("hive.log.entry", words="outside the hive bins"),
    "hivelog/log_count/SOFTWARE": six("hive.log.entry", words="more than its"),
    "hivelog/log_foreign/SOFTWARE": six("hive.log.foreign", words="not applied"),
    "hivelog/log_truncated/SOFTWARE": six("hive.log.entry", words="cut short"),
    "hivelog/log_not/SOFTWARE": six("hive.log.empty", words="log empty"),
    "hivelog/dirty_log/SOFTWARE": six(),
}


def also(name: str) -> Callable[[Check], Check]:
    """A check after the one that stands, or the first."""

    def keep(check: Check) -> Check:
        before = HIVES.get(name, lambda _: None)

        def both(found: Told) -> None:
            before(found)
            check(found)

        HIVES[name] = both
        return check

    return keep


def third(found: Told) -> Json:
    return dict(found.guid(3)["registry"])


@also("hive/truncated.hive")
def _truncated(found: Told) -> None:
    """The Tree is behind the cut: five definitions are whole keys without their values, and each list's promise is named."""
    assert len(found.tasks) == 5
    assert {"hive.truncated", "hive.list.outside", "hive.values.outside"} <= set(found.codes)
    assert "0x1900" in found.problem("hive.truncated")["what"]
    promised = [problem["what"] for problem in found.problems if problem["code"] == "hive.list.outside"]
    assert any("states 6 subkeys" in what for what in promised)
    assert found.document["stores"]["registry"]["state"] == "partly"
    assert found.document["evidence"][0]["read"] == "part"


@also("hive/same_name.hive")
def _both_shown(found: Told) -> None:
    assert len(found.tasks) == 7
    twice = [task for task in found.tasks if task["path"] == "\\Task0"]
    assert len({task["guid"] for task in twice}) == len({str(task["registry"]["actions"]) for task in twice}) == 2
    assert "name stands twice" in found.problem("hive.key.name-twice")["what"]


@also("hive/same_child_many.hive")
def _once(found: Told) -> None:
    assert len(found.tasks) == len({task["guid"] for task in found.tasks}) == 6
    repeated = [problem for problem in found.problems if "twice" in problem["code"] or "many" in problem["code"]]
    assert repeated
    assert any(character.isdigit() for character in repeated[0]["lost"])


@also("hive/name_length.hive")
def _cut_name(found: Told) -> None:
    assert found.guid(3)["path"].startswith("\\Task2")


@also("hive/timestamp.hive")
def _raw_time(found: Told) -> None:
    assert "0xFFFFFFFFFFFFFFFF" in [row["raw"] for row in third(found)["unreadable"]]


@also("hive/names.hive")
def _lossless(found: Told) -> None:
    assert {"\\Ta\0sk", "\\a\u202egpj.exe", "\\\ud800A", "\\..\\..\\x"} <= set(found.paths)


@also("hive/data_offset.hive")
def _path_of_tree(found: Told) -> None:
    assert found.guid(3)["path"] == "\\Task2"
    assert not third(found)["tasks_path"]


@also("hive/value_type.hive")
def _typed(found: Told) -> None:
    assert "keeping.tasks_path" in [row["field"] for row in third(found)["unreadable"]]


@also("hive/value_entry.hive")
def _six_values(found: Told) -> None:
    assert "6 are kept" in found.problem("hive.values.entry")["lost"]


@also("hive/resident_length.hive")
def _four_bytes(found: Told) -> None:
    assert third(found)["actions"] == []
    assert max(len(row["raw"].split()) for row in third(found)["unreadable"]) <= 4


@also("hive/length_huge.hive")
def _cut_to_its_cell(found: Told) -> None:
    assert third(found)["actions"][0]["command"] == "C:\\Tools\\t2.exe"
    assert not third(found)["complete"]


@also("hive/db_whole.hive")
def _whole(found: Told) -> None:
    assert third(found)["author"].endswith("TAIL-OF-TASK")
    assert len(third(found)["author"]) > 19_000


@also("hive/db_long.hive")
def _what_is_there(found: Told) -> None:
    assert len(third(found)["author"]) > 19_000
    assert "segments end after" in found.problem("hive.value.segments")["what"]


@also("hive/string_u4e00.hive")
def _uncut(found: Told) -> None:
    assert third(found)["tasks_path"] == "C:\\\u4e00\u4e8c\\evil.exe"


@also("hive/string_bom.hive")
def _mark_shown(found: Told) -> None:
    assert third(found)["tasks_path"][0] in "\ufffe\ufeff"


@also("hive/string_nul.hive")
def _first_string(found: Told) -> None:
    path = third(found)["tasks_path"]
    assert path
    assert "Hidden" not in path
    assert "Hidden" in found.problem("task-cache.text-after-nul")["what"]


@also("hive/string_surrogate.hive")
def _kept(found: Told) -> None:
    assert any(0xD800 <= ord(character) <= 0xDFFF for character in third(found)["tasks_path"])


@also("hive/actions_length.hive")
def _hex_kept(found: Told) -> None:
    (row,) = [row for row in third(found)["unreadable"] if row["field"] == "extras.Actions"]
    assert row["raw"].startswith("f0 ff ff ff")
    assert "00000003-" in found.problem("task-cache.action-unknown")["where"]
    assert "offset 0x" in found.problem("task-cache.action-unknown")["where"]


@also("hive/actions_many.hive")
def _thirty_two(found: Told) -> None:
    assert len(third(found)["actions"]) == 32
    assert any(character.isdigit() for character in found.problem("task-cache.actions-many")["lost"])


@also("hivelog/dirty_log/SOFTWARE")
def _from_log(found: Told) -> None:
    assert found.task("\\FromLog")["registry"]["actions"]
    replayed = found.file("#replayed")
    assert replayed["note"] == "LOG1 entry 7"
    assert replayed["derived_from"] == ["SOFTWARE", "SOFTWARE.LOG1"]


@also("hivelog/log_gap/SOFTWARE")
def _first_entry_alone(found: Told) -> None:
    """Half a change leaves a torn tree: what it held is shown as orphans, and the entry that was left out is named."""
    assert found.file("#replayed")["note"].startswith("LOG1 entry 7")
    assert "log entry 2 not applied" in found.problem("hive.log.gap")["what"]
    assert len(found.tasks) == 6
