"""Facts about the machine, from real hives and made ones."""

from __future__ import annotations

import lzma
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.machines import DEVIATIONS, small
from tests.material import shared
from tests.stores.registry_reading import PATH, Read, read
from triptych.formats.cursor import Block
from triptych.lessons.hive_key import HiveKey, HiveValue, dword
from triptych.lessons.hive_writer import write_hive
from triptych.model.evidence import RegistryPlace, Span, State
from triptych.model.times import Instant
from triptych.stores.host import HOST
from triptych.stores.host_witnesses import TASKS, audited

SYSTEM = "Windows/System32/config/SYSTEM"


def system(data: bytes) -> Read:
    return read({SYSTEM: data}, SYSTEM, "system-hive", HOST)


def test_a_real_windows_10() -> None:
    data = lzma.decompress(shared("data/hives/mkorman90__regipy/SYSTEM_WIN_10_1709.xz").read_bytes())
    found = system(data)
    told = {fact.name: fact.reading.value for fact in found.facts if not fact.subject}
    assert told == {
        "name": "DESKTOP-2KGM189",
        "time-zone": "Pacific Standard Time",
        "bias": "480",
        "active-bias": "420",
        "last-shutdown": "2020-04-19T09:08:44.9237487Z",
        "schedule-start": "2",
        "schedule-image": "%systemroot%\\system32\\svchost.exe -k netsvcs -p",
        "schedule-dll": "%systemroot%\\system32\\schedsvc.dll",
        "eventlog-start": "2",
    }
    earlier = [(fact.reading.value, fact.detail) for fact in found.facts if fact.name == "earlier-install"]
    assert ("2017-07-12T07:18:28.9312427Z", "Windows 10 Pro 15063") in earlier
    assert len(earlier) == 2
    for fact in found.facts:
        (ref,) = fact.reading.refs
        assert isinstance(ref.place, RegistryPlace)
        stated = b"".join(data[span.offset : span.offset + span.length] for span in ref.spans)
        if fact.name in ("name", "time-zone", "schedule-dll"):
            assert stated.decode("utf-16-le").partition("\0")[0] == fact.reading.value
        if fact.name == "bias":
            assert int.from_bytes(stated, "little", signed=True) == 480


def test_a_real_windows_7_software_hive() -> None:
    found = read({PATH: shared("data/hives/win7sp1-dorkbot-lab/SOFTWARE-schedule-A-M").read_bytes()})
    assert found.fact("build").reading.value == "7601"
    assert found.fact("product").reading.value == "Windows 7 Professional"
    assert found.fact("installed").reading.value == "2017-08-09T13:36:16Z"
    assert found.fact("system-root").reading.value == "C:\\Windows"


@pytest.mark.parametrize("version", ["7", "10", "11", "2022"])
def test_made_machines(version: str) -> None:
    machine = small(version)
    files = machine.files()
    software, found = read(files), read(files, SYSTEM, "system-hive", HOST)
    assert found.fact("name").reading.value == machine.name
    assert found.fact("bias").reading.value == str(machine.bias)
    assert software.fact("build").reading.value
    accounts = {fact.reading.value for fact in software.facts if fact.name == "account"}
    assert "j.ortiz" in accounts
    for fact in software.facts:
        if fact.name == "account":
            assert fact.subject.startswith("S-1-5-21-")
            assert fact.reading.raw.endswith(f"\\{fact.reading.value}")


def test_a_class_of_a_user() -> None:
    path = "Users/j.ortiz/AppData/Local/Microsoft/Windows/UsrClass.dat"
    files = DEVIATIONS["handler-of-user"].apply(small()).files()
    hit = [
        fact for user in (path, "Users/svc-backup/AppData/Local/Microsoft/Windows/UsrClass.dat") for fact in _classes(files, user)
    ]
    assert [fact.name for fact in hit] == ["class"]
    assert hit[0].detail.startswith("user ")
    assert hit[0].detail.endswith("; inproc")
    assert hit[0].subject == hit[0].subject.upper()
    assert not _classes(small().files(), path)


def _classes(files: dict[str, bytes], path: str) -> list:  # type: ignore[type-arg]  # of Fact
    return read(files, path, "classes-hive", HOST).facts


def test_what_is_no_hive_is_a_problem() -> None:
    found = system(b"MZ nothing")
    assert not found.facts
    assert found.codes == {"hive.signature"}


# -- the witnesses: switches of logs, audit policy, log service --------------------------------------------------------------

COUNTS = {"7": (5, 9, 12, 3, 4, 6, 6, 4, 4), "10": (5, 11, 14, 3, 6, 6, 6, 4, 4), "11": (5, 12, 14, 3, 6, 6, 6, 4, 4)}
SECURITY = "Windows/System32/config/SECURITY"
SD = bytes.fromhex("010004803000000040000000000000001400000002001c000100000000001400ff010f00010100000000000512000000") + bytes(32)


def policy(counts: tuple[int, ...], at: int, number: int) -> bytes:
    """An audit policy with one subcategory set, in the published layout."""
    settings = [0] * sum(counts)
    settings[at] = number
    body = struct.pack(f"<{len(settings)}HH", *settings, 0)
    return struct.pack("<HHII", 0x100, 0, len(counts), 12 + len(body)) + body + struct.pack(f"<{len(counts)}H", *counts)


def security_hive(data: bytes, written: int = 133_000_000_000_000_000) -> Read:
    root = HiveKey("CMI-CreateHive{0297523D-E529-4E02-BBB5-E5F5C4C1B1D8}", written)
    root.make("Policy\\PolAdtEv", written).put(HiveValue("", 0, data))
    return read({SECURITY: write_hive(root, "SECURITY", SD)}, SECURITY, "security-hive", HOST)


@pytest.mark.parametrize("version", COUNTS)
@pytest.mark.parametrize(("number", "words"), [(0, "off"), (1, "success"), (2, "failure"), (3, "success and failure")])
def test_how_tasks_are_audited(version: str, number: int, words: str) -> None:
    counts = COUNTS[version]
    found = security_hive(policy(counts, counts[0] + counts[1] + 4, number))
    fact = found.fact("audit-policy", "Other Object Access Events")
    assert fact.reading.value == words
    assert sum(span.length for span in fact.reading.refs[0].spans) == 2
    assert found.fact("audit-policy-written").reading.value == Instant(133_000_000_000_000_000).iso


def test_only_that_subcategory_counts() -> None:
    counts = COUNTS["10"]
    for at in set(range(sum(counts))) - {counts[0] + counts[1] + 4}:
        assert audited(Block(policy(counts, at, 3), RegistryPlace("Policy\\PolAdtEv", ""), (Span("S", 0, 150),))).value == "off"


@given(st.binary(max_size=200))
def test_any_policy_is_read_or_called_unreadable(data: bytes) -> None:
    block = Block(data, RegistryPlace("Policy\\PolAdtEv", ""), (Span("S", 0, max(1, len(data))),), head=Span("S", 0, 1))
    reading = audited(block)
    assert reading.refs
    assert reading.value in (None, "off", "success", "failure", "success and failure")
    assert reading.known is (reading.value is not None)


def test_a_policy_of_another_shape_is_unreadable() -> None:
    whole = policy(COUNTS["10"], 20, 1)
    for data in (b"", whole[:11], whole[:-1], b"\xff" * 150, whole[:4] + struct.pack("<I", 2) + whole[8:]):
        fact = security_hive(data).fact("audit-policy", "Other Object Access Events")
        assert fact.reading.state is State.UNREADABLE, data
    number = policy(COUNTS["10"], 20, 9)
    assert security_hive(number).fact("audit-policy", "Other Object Access Events").reading.raw == "9"


def test_the_switch_of_a_channel_and_when_it_was_changed() -> None:
    files = small().files()
    root = HiveKey("ROOT", 133_000_000_000_000_000)
    channel = "Microsoft\\Windows\\CurrentVersion\\WINEVT\\Channels\\"
    root.make(f"{channel}{TASKS}", 133_100_000_000_000_000).put(dword("Enabled", 0))
    root.make(f"{channel}Microsoft-Windows-Sysmon/Operational", 133_200_000_000_000_000).put(dword("Enabled", 1))
    root.make(f"{channel}Somebody-Else/Operational", 133_200_000_000_000_000).put(dword("Enabled", 1))
    found = read({**files, PATH: write_hive(root, "SOFTWARE", SD)})
    assert found.fact("channel", TASKS).reading.value == "disabled"
    assert found.fact("channel-written", TASKS).reading.value == Instant(133_100_000_000_000_000).iso
    assert found.fact("channel", "Microsoft-Windows-Sysmon/Operational").reading.value == "enabled"
    assert len([fact for fact in found.facts if fact.name == "channel"]) == 2


def test_how_the_service_of_the_logs_starts() -> None:
    root = HiveKey("ROOT", 133_000_000_000_000_000)
    root.make("Select").put(dword("Current", 1))
    root.make("ControlSet001\\Services\\EventLog").put(dword("Start", 4))
    assert system(write_hive(root, "SYSTEM", SD)).fact("eventlog-start").reading.value == "4"
