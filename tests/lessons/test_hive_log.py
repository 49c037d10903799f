from __future__ import annotations

import io
import struct

import pytest
from Registry import RegistryLog

from tests.lessons.hives import by_ours, by_python_registry, stated
from triptych.formats.faults import Faults
from triptych.formats.hive import open_hive
from triptych.lessons.access import key_descriptor
from triptych.lessons.hive_key import HiveKey, binary, string
from triptych.lessons.hive_log import dirty_with_new_log, dirty_with_old_log, marvin32, split_new_logs
from triptych.lessons.hive_writer import checksum, write_hive

T = 133_549_632_000_000_123


def _root(count: int, *, extra: int = 0) -> HiveKey:
    root = HiveKey("ROOT", T)
    for number in range(count):
        root.make(rf"Tree\Task{number}").put(string("Id", f"{{{number:08d}}}"), binary("SD", bytes(60)))
    if extra:
        root.make("Big").put(binary("blob", b"\x5a" * extra))
    return root


def _hive(root: HiveKey) -> bytes:
    return write_hive(root, r"\SystemRoot\System32\Config\SOFTWARE", key_descriptor())


def _changed(root: HiveKey) -> HiveKey:
    root.at(r"Tree\Task7").drop("SD")
    return root


def test_marvin32_is_that_of_a_real_log() -> None:
    # An entry's second sum covers its first 32 bytes; from NewDirtyHive (yarp) the sums are checked by the readers below.
    assert marvin32(b"") != marvin32(b"\0")
    assert 0 <= marvin32(bytes(32)) < 1 << 64


@pytest.mark.parametrize("entries", [1, 2, 5])
def test_python_registry_replays_the_new_format(entries: int) -> None:
    old, new = _hive(_root(60)), _hive(_changed(_root(60, extra=9000)))
    primary, log = dirty_with_new_log(old, new, entries)
    replayed = io.BytesIO(primary)
    reader = RegistryLog.RegistryLog(replayed, io.BytesIO(log))
    assert reader.recover_hive() is not None
    assert by_python_registry(replayed.getvalue()) == stated(_changed(_root(60, extra=9000)))


def test_the_primary_still_tells_the_old_state_and_is_dirty() -> None:
    primary, _ = dirty_with_new_log(_hive(_root(60)), _hive(_changed(_root(60))))
    first, second = struct.unpack_from("<II", primary, 4)
    assert first == second + 1
    assert struct.unpack_from("<I", primary, 508)[0] == checksum(primary[:512])
    assert by_python_registry(primary) == stated(_root(60))


@pytest.mark.parametrize("pair", [dirty_with_new_log, dirty_with_old_log])
def test_our_own_reader_replays_both_formats(pair: object) -> None:
    old, new = _hive(_root(60)), _hive(_changed(_root(60, extra=9000)))
    primary, log = pair(old, new)  # type: ignore[operator]
    faults = Faults("hive")
    hive = open_hive(primary, "SOFTWARE", faults, logs=(("SOFTWARE.LOG1", log),))
    assert hive.replayed_bytes is not None
    assert "LOG1" in hive.replay_note
    told = {f"\\{key.path}" if key.path else "": sorted(value.name for value in key.values()) for key in hive.walk()}
    wanted = {path: sorted(value[0] for value in values) for path, (_, values) in stated(_changed(_root(60, extra=9000))).items()}
    assert told == wanted
    assert [problem.code for problem in faults.problems if problem.severity.value == "lost"] == []


def test_two_logs_lead_from_state_to_state() -> None:
    old, middle, new = _hive(_root(60)), _hive(_root(60, extra=100)), _hive(_changed(_root(60, extra=9000)))
    primary, first, second = split_new_logs(old, middle, new)
    whole = open_hive(primary, "SOFTWARE", Faults("x"), logs=(("SOFTWARE.LOG1", first), ("SOFTWARE.LOG2", second)))
    assert whole.replayed_bytes is not None
    assert by_ours(whole.replayed_bytes)[0] == stated(_changed(_root(60, extra=9000)))
    half = open_hive(primary, "SOFTWARE", Faults("x"), logs=(("SOFTWARE.LOG1", first),))
    assert half.replayed_bytes is not None
    assert by_ours(half.replayed_bytes)[0] == stated(_root(60, extra=100))


def test_a_log_that_changes_nothing_is_a_log_all_the_same() -> None:
    hive = _hive(_root(8))
    primary, log = dirty_with_new_log(hive, hive)
    assert log[512:516] == b"HvLE"
    assert by_ours(primary)[0] == stated(_root(8))
