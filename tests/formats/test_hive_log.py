"""Transaction logs: crafted ones with the outcome each must have, and real dirty hives judged by two other readers."""

from __future__ import annotations

import hashlib
import io
import lzma
import struct
from pathlib import Path

import pytest
from regipy.recovery import apply_transaction_logs
from Registry import Registry, RegistryLog, RegistryParse

from tests.formats.test_hive_bad_inputs import CACHE, SIX, Read, read_bytes
from tests.formats.test_hive_build import Hive as Writer
from tests.formats.test_hive_build import K, guid, machine, sealed, sz
from tests.material import bad_input, shared
from triptych.formats import keys
from triptych.formats.faults import Faults
from triptych.formats.hive import Hive, open_hive
from triptych.formats.hive_log_entries import marvin32
from triptych.model.case import Weight
from triptych.model.evidence import Span


def crafted(name: str) -> Read:
    path = bad_input(f"hivelog/{name}/SOFTWARE")
    log = path.with_name("SOFTWARE.LOG1")
    before = hashlib.sha256(path.read_bytes()).digest(), hashlib.sha256(log.read_bytes()).digest()
    found = read_bytes(path.read_bytes(), "SOFTWARE", (("SOFTWARE.LOG1", log.read_bytes()),))
    assert before == (hashlib.sha256(path.read_bytes()).digest(), hashlib.sha256(log.read_bytes()).digest())
    return found


def test_a_sound_log_is_replayed() -> None:
    found = crafted("dirty_log")
    assert found.names("Tree") == [*SIX[:5], "FromLog"]
    assert found.codes == []
    assert found.hive.replay_note == "LOG1 entry 7"
    key = found.hive.find(f"{CACHE}\\Tree\\FromLog")
    assert key is not None
    (span,) = key.ref.spans
    assert span.file == "SOFTWARE#replayed"
    assert found.hive.replayed_bytes is not None
    assert found.hive.replayed_bytes[span.offset : span.offset + 2] == b"nk"
    origin = found.hive.origin(span)
    assert origin is not None
    assert origin.label == "LOG1 entry 7"
    log = bad_input("hivelog/dirty_log/SOFTWARE.LOG1").read_bytes()
    told = b"".join(log[s.offset : s.offset + s.length] for s in origin.spans)
    assert told == found.hive.replayed_bytes[span.offset : span.offset + span.length]


def test_what_the_log_changed_is_told_by_key() -> None:
    found = crafted("dirty_log")
    changes = list(found.hive.changed_keys(CACHE))
    tree = {(change.what, change.path.rpartition("\\")[2], change.value): change for change in changes}
    assert ("key-added", "FromLog", None) in tree
    assert ("key-removed", "Task5", None) in tree
    assert tree["key-added", "FromLog", None].source == "LOG1 entry 7"
    assert tree["key-added", "FromLog", None].log_refs[0].spans[0].file == "SOFTWARE.LOG1"
    assert not [change for change in changes if change.path.endswith("Task0")]
    assert list(found.hive.changed_keys("Microsoft\\None")) == []


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("log_bad_hash", "hive.log.entry", "log entry 1 not applied: hash"),
        ("log_far_page", "hive.log.entry", "outside the hive bins of 0x3000 bytes"),
        ("log_count", "hive.log.entry", "it counts 4294967280 pages"),
        ("log_foreign", "hive.log.foreign", "stale or of another hive, not applied"),
        ("log_truncated", "hive.log.entry", "cut short"),
        ("log_not", "hive.log.empty", "log empty"),
    ],
)
def test_what_is_not_applied_leaves_the_primary(name: str, code: str, words: str) -> None:
    found = crafted(name)
    assert found.names("Tree") == SIX
    assert found.hive.replayed is None
    assert found.hive.replay_note == ""
    assert found.codes == [code, "hive.dirty"]
    assert words in found.problem(code).found
    assert found.problem(code).severity is (Weight.NOTE if code == "hive.log.empty" else Weight.DOUBT)
    assert "newest changes may be absent" in found.problem("hive.dirty").found
    assert list(found.hive.changed_keys(CACHE)) == []


def test_a_gap_ends_the_replay_and_is_named() -> None:
    found = crafted("log_gap")
    assert found.hive.replay_note == "LOG1 entry 7"
    problem = found.problem("hive.log.gap")
    assert "log entry 2 not applied: its sequence number is 9, 8 should follow" in problem.found
    assert problem.severity is Weight.DOUBT
    assert "FromLog" in {key.name for key in found.hive.orphans()}
    assert found.problem("hive.list.kind").where.endswith("of the replayed hive")
    assert found.hive.primary is not None
    assert found.hive.primary.root is not None
    before = found.hive.primary.root.find(f"{CACHE}\\Tree")
    assert before is not None
    assert [key.name for key in before.subkeys()] == SIX


# -- our own logs -----------------------------------------------------------------------------------------------------


def entry(pages: list[tuple[int, bytes]], sequence: int, bins: int, seed: int = 0) -> bytes:
    body = b"".join(struct.pack("<II", at, len(data)) for at, data in pages) + b"".join(data for _, data in pages)
    size = (40 + len(body) + 511) & ~511
    body = body.ljust(size - 40, b"\0")
    head = struct.pack("<4sIIIIIQ", b"HvLE", size, 0, sequence, bins, len(pages), marvin32(body) ^ seed)
    return head + struct.pack("<Q", marvin32(head)) + body


def log_header(primary: bytes, sequence: int, kind: int = 6) -> bytes:
    head = bytearray(primary[:512])
    struct.pack_into("<II", head, 4, sequence, sequence)
    struct.pack_into("<I", head, 28, kind)
    return sealed(head)


def pages(old: bytes, new: bytes, size: int = 4096) -> list[tuple[int, bytes]]:
    return [(at - 4096, new[at : at + size]) for at in range(4096, len(new), size) if old[at : at + size] != new[at : at + size]]


def dirty(data: bytes, first: int, second: int) -> bytes:
    made = bytearray(data)
    struct.pack_into("<II", made, 4, first, second)
    return sealed(made)


def states() -> tuple[bytes, bytes, bytes]:
    """A hive, the same after a second task's Index was set to 0, and again after the key FromLog came."""
    one, two, three = machine(), machine(), machine()
    for root in (two, three):
        tree = root.down(f"{CACHE}\\Tree\\Task2")
        tree.values[2] = ("Index", 4, struct.pack("<I", 0))
    three.down(f"{CACHE}\\Tree").keys.append(K("FromLog", [("Id", 1, sz(guid(9)))]))
    return Writer().build(one), Writer().build(two), Writer().build(three)


def opened(data: bytes, *logs: tuple[str, bytes]) -> tuple[Hive, Faults]:
    faults = Faults("S")
    return open_hive(data, "S", faults, logs=logs), faults


def index_of(hive: Hive, task: str) -> int | None:
    key = hive.find(f"{CACHE}\\Tree\\{task}")
    return keys.number(key, "Index").value if key else None


@pytest.mark.parametrize("swapped", [False, True])
def test_two_logs_are_applied_in_the_order_of_their_numbers(swapped: bool) -> None:
    one, two, three = states()
    first = log_header(one, 7) + entry(pages(one, two), 7, len(two) - 4096)
    second = log_header(one, 8) + entry(pages(two, three), 8, len(three) - 4096)
    names = ("S.LOG2", "S.LOG1") if swapped else ("S.LOG1", "S.LOG2")
    hive, faults = opened(dirty(one, 8, 7), (names[1], second), (names[0], first))
    assert faults.problems == ()
    assert hive.replay_note == f"{names[0][2:]} entry 7; {names[1][2:]} entry 8"
    assert index_of(hive, "Task2") == 0
    assert hive.find(f"{CACHE}\\Tree\\FromLog") is not None
    sources = {(change.what, change.value): change.source for change in hive.changed_keys(f"{CACHE}\\Tree")}
    assert sources["value-changed", "Index"] == f"{names[0][2:]} entry 7"
    assert sources["key-added", None] == f"{names[1][2:]} entry 8"


def test_a_second_log_that_does_not_follow_is_not_applied() -> None:
    one, two, three = states()
    first = log_header(one, 7) + entry(pages(one, two), 7, len(two) - 4096)
    later = log_header(one, 11) + entry(pages(two, three), 11, len(three) - 4096)
    hive, faults = opened(dirty(one, 8, 7), ("S.LOG1", first), ("S.LOG2", later))
    assert hive.replay_note == "LOG1 entry 7"
    assert index_of(hive, "Task2") == 0
    assert [problem.code for problem in faults.problems] == ["hive.log.gap"]


def test_sequence_numbers_run_over() -> None:
    one, two, three = states()
    log = log_header(one, 0xFFFFFFFF) + entry(pages(one, two), 0xFFFFFFFF, len(two) - 4096)
    log += entry(pages(two, three), 0, len(three) - 4096)
    hive, faults = opened(dirty(one, 0, 0xFFFFFFFF), ("S.LOG1", log))
    assert faults.problems == ()
    assert hive.find(f"{CACHE}\\Tree\\FromLog") is not None


def test_a_log_that_makes_the_hive_grow() -> None:
    one = Writer().build(machine(3))
    grown = Writer().build(machine(40))
    assert len(grown) > len(one)
    padded = one.ljust(len(grown), b"\0")
    log = log_header(one, 7) + entry(pages(padded, grown), 7, len(grown) - 4096)
    hive, faults = opened(dirty(one, 8, 7), ("S.LOG1", log))
    assert faults.problems == ()
    assert hive.replayed_bytes is not None
    assert hive.replayed_bytes[4096:] == grown[4096:]
    tree = hive.find(f"{CACHE}\\Tree")
    assert tree is not None
    assert sum(1 for _ in tree.subkeys()) == 40


def test_a_log_cannot_ask_for_more_memory_than_it_and_the_hive_have() -> None:
    one, two, _ = states()
    log = log_header(one, 7) + entry(pages(one, two), 7, 256 << 20)
    hive, faults = opened(dirty(one, 8, 7), ("S.LOG1", log))
    assert hive.replayed is None
    assert "more than hive and log can hold" in faults.problems[0].found


def test_a_log_of_another_hive_is_refused() -> None:
    one, two, _ = states()
    mine, other = bytearray(dirty(one, 8, 7)), bytearray(log_header(one, 7))
    mine[112:128], other[112:128] = b"A" * 16, b"B" * 16
    log = sealed(other) + entry(pages(one, two), 7, len(two) - 4096)
    hive, faults = opened(sealed(mine), ("S.LOG1", log))
    assert hive.replayed is None
    assert "identifier of another hive" in faults.problems[0].found


def test_remnants_of_an_earlier_use_are_no_problem() -> None:
    one, two, three = states()
    log = log_header(one, 7) + entry(pages(one, two), 7, len(two) - 4096) + entry(pages(two, three), 3, len(three) - 4096)
    hive, faults = opened(dirty(one, 8, 7), ("S.LOG1", log))
    assert faults.problems == ()
    assert hive.replay_note == "LOG1 entry 7"


def test_a_clean_hive_needs_no_log() -> None:
    one, two, _ = states()
    log = log_header(one, 7) + entry(pages(one, two), 7, len(two) - 4096)
    hive, faults = opened(one, ("S.LOG1", log))
    assert hive.replayed is None
    assert faults.problems == ()
    assert index_of(hive, "Task2") == 3


def test_a_damaged_header_is_taken_from_the_log() -> None:
    one, two, _ = states()
    log = log_header(one, 7) + entry(pages(one, two), 7, len(two) - 4096)
    broken = bytearray(dirty(one, 8, 7))
    broken[36:44] = b"\xff" * 8
    hive, faults = opened(bytes(broken), ("S.LOG1", log))
    assert faults.problems == ()
    assert index_of(hive, "Task2") == 0
    assert hive.replayed_bytes is not None
    assert hive.replayed_bytes[4:512] == dirty(two, 7, 7)[4:512]


def old_log(primary: bytes, new: bytes, sequence: int) -> bytes:
    changed = dict(pages(primary, new, 512))
    bins = len(new) - 4096
    bitmap = bytearray((bins // 512 + 7) // 8)
    for at in changed:
        bitmap[at // 4096] |= 1 << (at // 512 % 8)
    head = (log_header(primary, sequence, 1) + b"DIRT" + bytes(bitmap)).ljust((516 + len(bitmap) + 511) & ~511, b"\0")
    return head + b"".join(changed[at] for at in sorted(changed))


def test_the_old_format() -> None:
    one, two, _ = states()
    hive, faults = opened(dirty(one, 8, 7), ("S.LOG1", old_log(one, two, 8)), ("S.LOG2", b""))
    assert faults.problems == ()
    assert hive.replay_note == "LOG1 entry 8"
    assert index_of(hive, "Task2") == 0


@pytest.mark.parametrize("sequence", [7, 9])
def test_an_old_log_of_another_moment_is_refused(sequence: int) -> None:
    one, two, _ = states()
    hive, faults = opened(dirty(one, 8, 7), ("S.LOG1", old_log(one, two, sequence)))
    assert hive.replayed is None
    assert [problem.code for problem in faults.problems] == ["hive.log.foreign", "hive.dirty"]


def test_an_old_log_cut_short_is_refused() -> None:
    one, two, _ = states()
    for length in (-512, -1, 600 - 1024):
        hive, faults = opened(dirty(one, 8, 7), ("S.LOG1", old_log(one, two, 8)[:length]))
        assert hive.replayed is None
        assert "hive.log.entry" in {problem.code for problem in faults.problems}


def test_marvin32_is_that_of_python_registry() -> None:
    block = RegistryParse.HvLEBlock(entry([], 1, 4096), 0, None)
    for length in range(0, 72, 4):  # a log's bodies are whole words
        data = bytes((index * 37 + length) & 255 for index in range(length))
        assert marvin32(data) == block.marvin32_hash(data)


# -- real dirty hives -------------------------------------------------------------------------------------------------


def tree_of(hive: Hive) -> dict[str, tuple[int, list[tuple[str, int, bytes]]]]:
    return {key.path: (key.ticks, sorted((v.name, v.kind, v.block.data) for v in key.values())) for key in hive.walk()}


def real(folder: str, name: str) -> tuple[Hive, Faults]:
    path = shared(f"data/hives/yarp/{folder}/{name}")
    logs = tuple((f"{name}.LOG{n}", path.with_name(f"{name}.LOG{n}").read_bytes()) for n in (1, 2))
    return opened(path.read_bytes(), *logs)


def test_an_old_dirty_hive_becomes_what_windows_7_made_of_it() -> None:
    hive, faults = real("OldDirtyHive", "OldDirtyHive")
    truth, _ = opened(shared("data/hives/yarp/OldDirtyHive/RecoveredHive_Windows7").read_bytes())
    assert faults.problems == ()
    ours, theirs = tree_of(hive), tree_of(truth)
    assert ours == theirs
    primary, _ = opened(shared("data/hives/yarp/OldDirtyHive/OldDirtyHive").read_bytes())
    assert tree_of(primary) != theirs
    changes = list(hive.changed_keys(""))
    assert {"key-written", "value-added"} <= {change.what for change in changes}
    assert {change.source for change in changes} == {"LOG1 entry 5"}


def test_an_old_dirty_hive_with_a_broken_header() -> None:
    hive, faults = real("BadBaseBlockHive", "BadBaseBlockHive")
    truth, _ = opened(shared("data/hives/yarp/OldDirtyHive/RecoveredHive_Windows7").read_bytes())
    assert faults.problems == ()
    assert tree_of(hive) == tree_of(truth)


def test_a_log_with_a_broken_header_is_not_applied() -> None:
    hive, faults = real("BadLogHive1", "BadLogHive")
    assert hive.replayed is None
    codes = [problem.code for problem in faults.problems]
    assert codes == ["hive.log.header", "hive.log.empty", "hive.dirty"]


def test_a_new_dirty_hive_as_python_registry_recovers_it() -> None:
    hive, faults = real("NewDirtyHive2", "NewDirtyHive")
    assert hive.replay_note == "LOG2 entries 3 to 5"
    assert [(problem.code, problem.severity) for problem in faults.problems] == [("hive.log.foreign", Weight.NOTE)]
    path = shared("data/hives/yarp/NewDirtyHive2/NewDirtyHive")
    judged = io.BytesIO(path.read_bytes())
    RegistryLog.RegistryLog(judged, io.BytesIO(path.with_name("NewDirtyHive.LOG2").read_bytes())).recover_hive()
    assert hive.replayed_bytes is not None
    assert hive.replayed_bytes[4096:] == judged.getvalue()[4096 : len(hive.replayed_bytes)]
    assert hive.replayed_bytes[:512] == judged.getvalue()[:512]


@pytest.fixture(scope="module")
def transactions() -> tuple[bytes, bytes, bytes]:
    folder = "data/hives/mkorman90__regipy/transactions_"
    names = ("NTUSER.DAT.xz", "ntuser.dat.log1.xz", "ntuser.dat.log2.xz")
    first, second, third = (lzma.decompress(shared(folder + name).read_bytes()) for name in names)
    return first, second, third


def test_a_real_user_hive_as_two_others_recover_it(transactions: tuple[bytes, bytes, bytes], tmp_path: Path) -> None:
    data, log1, log2 = transactions
    hive, faults = opened(data, ("NTUSER.DAT.LOG1", log1), ("NTUSER.DAT.LOG2", log2))
    assert [(problem.code, problem.severity) for problem in faults.problems] == [("hive.log.foreign", Weight.NOTE)]
    assert hive.replay_note == "LOG1 entries 566 to 588"
    assert hive.replayed_bytes is not None

    judged = io.BytesIO(data)
    RegistryLog.RegistryLog(judged, io.BytesIO(log1)).recover_hive()
    assert hive.replayed_bytes[:512] == judged.getvalue()[:512]
    assert hive.replayed_bytes[4096:] == judged.getvalue()[4096 : len(hive.replayed_bytes)]

    for name, content in (("NTUSER.DAT", data), ("l1", log1)):  # regipy applies the stale second log over the first
        (tmp_path / name).write_bytes(content)
    restored, pages_written = apply_transaction_logs(str(tmp_path / "NTUSER.DAT"), str(tmp_path / "l1"))
    assert pages_written
    assert Path(restored).read_bytes()[4096:] == hive.replayed_bytes[4096:]


def test_every_changed_value_of_a_real_hive_is_in_the_log(transactions: tuple[bytes, bytes, bytes]) -> None:
    data, log1, log2 = transactions
    hive, _ = opened(data, ("N.LOG1", log1), ("N.LOG2", log2))
    changes = list(hive.changed_keys(""))
    assert {change.what for change in changes} >= {"key-written", "value-changed"}
    for change in changes:
        if change.what == "key-written":
            assert change.source.startswith("LOG1 entry ")
            (span,) = change.log_refs[0].spans
            assert change.after is not None
            (there,) = change.after.written_ref.spans  # type: ignore[union-attr] # a key, as `what` says
            assert log1[span.offset : span.offset + 8] == (hive.replayed_bytes or b"")[there.offset : there.offset + 8]


def test_a_place_that_no_log_changed_has_no_origin(transactions: tuple[bytes, bytes, bytes]) -> None:
    data, log1, _ = transactions
    hive, _ = opened(data, ("N.LOG1", log1))
    assert hive.origin(Span("S#replayed", 4096, 4)) is None


def test_python_registry_sees_the_replayed_hive_as_clean(transactions: tuple[bytes, bytes, bytes]) -> None:
    data, log1, _ = transactions
    hive, _ = opened(data, ("N.LOG1", log1))
    registry = Registry.Registry(io.BytesIO(hive.replayed_bytes or b""))
    assert registry._regf.validate_checksum()
    assert registry._regf.validate_sequence_numbers()
    assert {key.name() for key in registry.root().subkeys()} == {key.name for key in (hive.root.subkeys() if hive.root else ())}
