"""Sound hives, real ones and our own, read as three other readers read them; and the whole of a large one."""

from __future__ import annotations

import io
import lzma
import struct
from collections.abc import Iterator
from functools import cache

import pyregf
import pytest
from Registry import Registry, RegistryParse

from tests.formats.test_hive_build import CACHE, K, guid, machine, sealed
from tests.formats.test_hive_build import Hive as Writer
from tests.material import shared
from triptych.formats import keys
from triptych.formats.faults import Faults
from triptych.formats.hive import Hive, open_hive
from triptych.formats.hive_deleted import deleted
from triptych.formats.hive_keys import HiveKey
from triptych.formats.hive_second import second_opinion
from triptych.formats.hive_values import HiveValue
from triptych.limits import Limits
from triptych.model.case import Weight

SOUND = (
    "data/hives/win7sp1-dorkbot-lab/SOFTWARE-schedule-A-M",
    "data/hives/mkorman90__regipy/NTUSER.DAT.xz",
    "data/hives/puffyCid__artemis/NTUSER.DAT",
    "data/hives/williballenthin__python-registry/UNICODE_TESTS",
    "data/hives/williballenthin__python-registry/REORGANIZED_VALUES_TESTS",
    "data/hives/yarp/BigDataHive",
    "data/hives/yarp/ExtendedASCIIHive",
    "data/hives/yarp/ManySubkeysHive",
    "data/hives/yarp/MultiSzHive",
    "data/hives/yarp/UnicodeHive",
    "data/hives/yarp/UpcaseHive",
)
Told = dict[tuple[str, ...], tuple[int, list[tuple[str, int, bytes]]]]


@cache
def material(path: str) -> bytes:
    data = shared(path).read_bytes()
    return lzma.decompress(data) if path.endswith(".xz") else data


def opened(data: bytes, **more: object) -> tuple[Hive, Faults]:
    faults = Faults("SOFTWARE")
    return open_hive(data, "SOFTWARE", faults, **more), faults  # type: ignore[arg-type] # the tests' own keywords


def ours(data: bytes) -> Told:
    hive, faults = opened(data)
    found: Told = {}
    assert hive.root is not None
    waiting: list[tuple[tuple[str, ...], HiveKey]] = [((), hive.root)]
    while waiting:
        path, key = waiting.pop()
        assert key.path == "\\".join(path)
        found[path] = key.ticks, sorted((value.name, value.kind, value.block.data) for value in key.values())
        waiting.extend(((*path, sub.name), sub) for sub in key.subkeys())
    assert [problem for problem in faults.problems if problem.severity is not Weight.NOTE] == []
    assert all(balance.closes and not balance.lost for balance in hive.balance())
    assert hive.balance()[0].listed == len(found) - 1
    return found


def by_python_registry(data: bytes) -> Told:
    found: Told = {}
    waiting = [((), Registry.Registry(io.BytesIO(data)).root()._nkrecord)]
    while waiting:
        path, record = waiting.pop()
        values = []
        if record.values_number():
            for value in record.values_list().values():
                length = value.raw_data_length()
                name = value.name() if value.has_name() else ""
                values.append((name, value.data_type(), bytes(value.raw_data())[: length & 0x7FFFFFFF]))
        found[path] = record.unpack_qword(4), sorted(values)
        if record.subkey_number():
            waiting.extend(((*path, sub.name()), sub) for sub in record.subkey_list().keys())  # noqa: SIM118 - no dict, but a list of python-registry
    return found


def by_libregf(data: bytes) -> Told:
    file = pyregf.file()
    file.open_file_object(io.BytesIO(data))
    found: Told = {}
    waiting = [((), file.get_root_key())]
    while waiting:
        path, key = waiting.pop()
        values = [(value.name or "", value.type, value.data or b"") for value in key.values]
        found[path] = key.get_last_written_time_as_integer(), sorted(values)
        waiting.extend(((*path, sub.name), sub) for sub in key.sub_keys)
    file.close()
    return found


@pytest.mark.parametrize("path", SOUND)
def test_python_registry_and_libregf_read_the_same(path: str) -> None:
    """Same keys, times, names and types by both judges, and for each value the same bytes by at least one of them: python-registry
    gives nothing for a resident REG_MULTI_SZ of two bytes, libregf zeros for some resident REG_BINARY of one or two."""
    data = material(path)
    told, first, second = ours(data), by_python_registry(data), by_libregf(data)
    for judge in (first, second):
        assert {key: value[0] for key, value in told.items()} == {key: value[0] for key, value in judge.items()}
        assert {key: [v[:2] for v in told[key][1]] for key in told} == {key: [v[:2] for v in judge[key][1]] for key in told}
    for key, (_, values) in told.items():
        for value, by_first, by_second in zip(values, first[key][1], second[key][1], strict=True):
            assert value in (by_first, by_second)
            assert value == by_first == by_second or len(value[2]) <= 2


@pytest.mark.parametrize("path", SOUND)
def test_every_span_names_the_bytes_of_the_value(path: str) -> None:
    data = material(path)
    hive, _ = opened(data)
    count = 0
    for key in hive.walk():
        (span,) = key.ref.spans
        assert data[span.offset : span.offset + 2] == b"nk"
        (time,) = key.written_ref.spans
        assert struct.unpack_from("<Q", data, time.offset)[0] == key.ticks
        for value in key.values():
            told = b"".join(data[s.offset : s.offset + s.length] for s in value.ref.spans)
            assert told == value.block.data or (not value.block.data and told[:2] == b"vk")
            assert all(s.file == "SOFTWARE" for s in value.ref.spans)
            count += 1
    assert count or "Subkeys" in path or "Unicode" in path or "Upcase" in path


def test_keys_and_values_of_our_own_hive() -> None:
    hive, faults = opened(Writer().build(machine()))
    task = keys.find(hive.root, f"{CACHE}\\Tasks\\{guid(2)}")
    assert task is not None
    assert faults.problems == ()
    assert task.path == f"{CACHE}\\Tasks\\{guid(2)}"
    assert [value.name for value in task.values()] == ["Path", "Actions", "", "e"]
    assert keys.text(task, "Path").value == "\\Task2"
    empty = keys.value(task, "e")
    assert empty is not None
    assert empty.block.data == b""
    assert empty.ref.spans[0].length == 21  # the value's own record, 20 bytes and a name of one
    assert keys.value(task, "") is not None


def test_lookups_by_name_are_those_of_the_list() -> None:
    root = machine()
    root.keys += [K("Straße"), K("ŽLUŤOUČKÝ"), K("a"), K("A")]
    hive, _ = opened(Writer().build(root))
    assert hive.root is not None
    for name in ("STRASSE", "žluťoučký", "A", "microsoft", "none"):
        found, listed = hive.root.child(name), keys.child(hive.root, name)
        assert (found and found.cell) == (listed and listed.cell)  # type: ignore[attr-defined]
    assert hive.find(CACHE.upper()) is not None
    assert hive.find("") is hive.root


def test_a_value_of_several_segments_has_a_span_for_each() -> None:
    data = bytes(index * 7 & 255 for index in range(40_001))
    root = machine()
    root.values.append(("blob", 3, data))
    content = Writer().build(root)
    hive, faults = opened(content)
    assert hive.root is not None
    (value,) = hive.root.values()
    assert value.block.data == data
    assert [span.length for span in value.ref.spans] == [16344, 16344, 40_001 - 2 * 16344]
    assert b"".join(content[s.offset : s.offset + s.length] for s in value.block.spans(16_000, 1_000)) == data[16_000:17_000]
    assert faults.problems == ()


def test_the_limit_of_a_value_is_that_of_the_limits() -> None:
    root = K("ROOT", values=[("v", 3, bytes(40_000))])
    hive, faults = opened(Writer().build(root), limits=Limits(value=20_000))
    assert hive.root is not None
    (value,) = hive.root.values()
    assert isinstance(value, HiveValue)
    assert len(value.block.data) == 20_000
    assert value.note.startswith("refused above the limit")
    assert [problem.code for problem in faults.problems] == ["hive.value.limit"]


def test_a_lookup_again_tells_no_problem_again_and_adds_nothing_to_the_balance() -> None:
    content = bytearray(Writer().build(root := machine()))
    struct.pack_into("<I", content, 4096 + root.down(f"{CACHE}\\Tree\\Task1").at + 4 + 4 + 4, 0xFFFFFFFF)
    hive, faults = opened(bytes(content))
    tree = hive.find(f"{CACHE}\\Tree")
    assert tree is not None
    for _ in range(5):
        assert next(key.written for key in tree.subkeys()) is None
        list(tree.values())
    assert [problem.code for problem in faults.problems] == ["hive.key.time"]
    before = hive.balance()
    list(hive.walk(tree))
    list(hive.walk(tree))
    assert hive.balance()[0].promised == before[0].promised


def test_two_keys_that_share_one_list_cannot_explode() -> None:
    writer = Writer()
    root = machine()
    levels = [K(f"L{number}", keys=[]) for number in range(60)]
    twins = [K(f"T{number}") for number in range(60)]
    root.keys += [levels[0], twins[0]]
    for above, twin, below, other in zip(levels, twins, levels[1:], twins[1:], strict=False):
        above.keys = [below, other]
        twin.keys = []
    content = bytearray(writer.build(root))
    for above, twin in zip(levels[:-1], twins[:-1], strict=True):  # each twin names the list of the key beside it
        at = 4096 + above.at + 4
        content[4096 + twin.at + 4 + 20 : 4096 + twin.at + 4 + 24] = content[at + 20 : at + 24]
        content[4096 + twin.at + 4 + 28 : 4096 + twin.at + 4 + 32] = content[at + 28 : at + 32]
    hive, faults = opened(bytes(content))
    names = [key.name for key in hive.walk() if key.name[1:].isdigit()]
    assert sorted(names) == sorted(key.name for key in (*levels, *twins))
    assert "hive.key.visited" in {problem.code for problem in faults.problems}
    assert all(balance.closes for balance in hive.balance())


def test_lists_shared_by_thousands_of_keys_end_at_the_size_of_the_file() -> None:
    root = K("ROOT", keys=[K("A", keys=[K(f"k{n}") for n in range(2000)])] + [K(f"B{n}") for n in range(2000)])
    content = bytearray(Writer().build(root))
    at = 4096 + root.keys[0].at + 4
    for key in root.keys[1:]:
        other = 4096 + key.at + 4
        content[other + 20 : other + 24], content[other + 28 : other + 32] = content[at + 20 : at + 24], content[at + 28 : at + 32]
    hive, faults = opened(bytes(content))
    assert sum(1 for _ in hive.walk()) == 4002
    assert "hive.list.shared" in {problem.code for problem in faults.problems}


def test_values_that_share_their_data_end_at_the_size_of_the_file() -> None:
    root = K("ROOT", values=[(f"v{n}", 3, bytes(8)) for n in range(3000)] + [("big", 3, b"x" * 16_000)])
    content = bytearray(Writer().build(root))
    hive, _ = opened(bytes(content))
    assert hive.root is not None
    values = list(hive.root.values())
    big = values[-1]
    assert isinstance(big, HiveValue)
    for value in values[:-1]:
        assert isinstance(value, HiveValue)
        at = 4096 + value.cell + 4
        content[at + 4 : at + 12] = content[4096 + big.cell + 8 : 4096 + big.cell + 16]
    hive, faults = opened(bytes(content))
    assert hive.root is not None
    totals = [sum(len(value.block.data) for value in hive.root.values()) for _ in range(2)]
    assert totals[0] <= len(content) + 16_000
    assert totals[0] == totals[1]
    assert "hive.value.shared" in {problem.code for problem in faults.problems}


def test_a_key_that_an_earlier_list_names_too_stays_with_its_parent() -> None:
    root = machine()
    cache = root.down(CACHE)
    early = K("Boot", keys=[K("{stolen}")])
    cache.keys.insert(0, early)
    content = bytearray(Writer().build(root))
    stolen = cache.down("Tree\\Task2").at
    place = content.index(struct.pack("<2sHI", b"lh", 1, early.keys[0].at), 4096)
    struct.pack_into("<I", content, place + 4, stolen)
    hive, faults = opened(bytes(content))
    boot, tree = hive.find(f"{CACHE}\\Boot"), hive.find(f"{CACHE}\\Tree")
    assert boot is not None
    assert tree is not None
    assert list(boot.subkeys()) == []
    assert [key.name for key in tree.subkeys()] == ["Task1", "Task2", "Task3"]
    assert [problem.code for problem in faults.problems] == ["hive.key.visited"]


def test_a_task_cache_cut_off_from_the_root_is_found_by_its_cells() -> None:
    root = machine()
    content = bytearray(Writer().build(root))
    schedule = 4096 + root.down(CACHE.rpartition("\\")[0]).at + 4
    struct.pack_into("<II", content, schedule + 20, 0, 0)
    struct.pack_into("<I", content, schedule + 28, 0xFFFFFFFF)
    hive, faults = opened(bytes(content))
    assert hive.find(CACHE) is None
    cache_key = hive.task_cache
    assert cache_key is not None
    assert (cache_key.path, cache_key.orphan) == (CACHE, True)
    assert {key.name for key in cache_key.subkeys()} == {"Tree", "Tasks", "Plain"}
    assert [problem.code for problem in faults.problems] == ["hive.key.orphan"]


def test_tasks_whose_parents_are_overwritten_are_orphans_without_a_parent() -> None:
    root = machine()
    content = bytearray(Writer().build(root))
    for path in (CACHE, f"{CACHE}\\Tasks", f"{CACHE}\\Tree", f"{CACHE}\\Plain"):
        at = 4096 + root.down(path).at + 4
        content[at : at + 2] = b"zz"
    hive, _ = opened(bytes(content))
    assert sorted(key.name for key in hive.orphans()) == [guid(1), guid(2), guid(3)]
    assert all(key.path.startswith("(parent lost)\\") and key.orphan for key in hive.orphans())


def test_second_opinion_of_a_sound_and_of_a_broken_key() -> None:
    root = machine()
    content = Writer().build(root)
    told = second_opinion(content, root.down(f"{CACHE}\\Tree").at)
    assert told == "python-registry reads name 'Tree', subkeys 3, values 0"
    assert "fails" in second_opinion(content, 0x7FFFFFFF)
    assert "fails" in second_opinion(content[:4200], 100)


def test_a_hive_with_a_wrong_root_and_no_other_has_none() -> None:
    content = bytearray(Writer().build(root := K("ROOT")))
    content[4096 + root.at + 4 : 4096 + root.at + 6] = b"zz"
    hive, faults = opened(bytes(content))
    assert hive.root is None
    assert [problem.code for problem in faults.problems] == ["hive.root"]
    assert hive.orphans() == ()
    assert deleted(hive).keys == ()


def test_the_name_of_the_hive_is_that_of_its_base_block() -> None:
    hive, _ = opened(Writer().build(machine()))
    assert hive.name == "\\SOFTWARE"
    assert hive.base is not None
    assert not hive.base.dirty


def test_values_of_a_key_that_states_none_are_read() -> None:
    root = machine()
    content = bytearray(Writer().build(root))
    struct.pack_into("<I", content, 4096 + root.down(f"{CACHE}\\Tree\\Task1").at + 4 + 36, 0)
    hive, faults = opened(bytes(content))
    key = hive.find(f"{CACHE}\\Tree\\Task1")
    assert key is not None
    assert [value.name for value in key.values()][:3] == ["SD", "Id", "Index"]
    assert [problem.code for problem in faults.problems] == ["hive.values.count"]


def test_a_log_is_not_a_hive() -> None:
    content = bytearray(Writer().build(machine()))
    struct.pack_into("<I", content, 28, 6)
    hive, faults = opened(sealed(content))
    assert hive.root is None
    assert [problem.code for problem in faults.problems] == ["hive.is-log"]


def _walked(hive: Hive) -> Iterator[tuple[str, int]]:
    for key in hive.walk():
        yield key.path, key.tree.image.end and sum(1 for _ in key.values())


def test_a_hive_of_262_529_keys_is_read_whole() -> None:
    data = material("data/hives/win7sp1-dorkbot-lab/SOFTWARE-262k-keys-schedule-A-M.xz")
    hive, faults = opened(data)
    cache_key = hive.find(CACHE)
    assert cache_key is not None
    assert sum(1 for _ in hive.walk(cache_key)) == 165
    tasks = cache_key.child("Tasks")
    assert tasks is not None
    assert sum(1 for _ in tasks.subkeys()) == 46
    assert hive.orphans() == ()
    assert deleted(hive) == type(deleted(hive))()
    assert faults.problems == ()
    counts = [count for _, count in _walked(hive)]
    assert (len(counts), sum(counts)) == (262_529, 379_414)
    assert [(balance.promised, balance.lost, balance.closes) for balance in hive.balance()] == [
        (262_528, 0, True),
        (379_414, 0, True),
    ]


def test_the_task_cache_of_the_large_hive_is_that_of_the_small_one() -> None:
    small = open_hive(material(SOUND[0]), "s", Faults("s")).find(CACHE)
    large = open_hive(material("data/hives/win7sp1-dorkbot-lab/SOFTWARE-262k-keys-schedule-A-M.xz"), "l", Faults("l")).find(CACHE)
    assert small is not None
    assert large is not None

    def told(key: HiveKey) -> dict[str, list[tuple[str, int, bytes]]]:
        return {k.path: [(v.name, v.kind, v.block.data) for v in k.values()] for k in key.tree.walk(key)}

    assert told(small) == told(large)


def test_python_registry_would_lose_the_siblings() -> None:
    """Why the iteration is our own; when this fails python-registry has learnt it."""
    content = bytearray(Writer().build(root := machine()))
    tree = root.down(f"{CACHE}\\Tree")
    place = content.index(struct.pack("<2sHI", b"lh", 3, tree.keys[0].at), 4096)
    struct.pack_into("<I", content, place + 12, 0x00ABCDE8)
    with pytest.raises((struct.error, RegistryParse.ParseException)):
        Registry.Registry(io.BytesIO(bytes(content))).open(f"{CACHE}\\Tree").subkeys()
    hive, _ = opened(bytes(content))
    ours_read = hive.find(f"{CACHE}\\Tree")
    assert ours_read is not None
    assert [key.name for key in ours_read.subkeys()] == ["Task1", "Task3"]
