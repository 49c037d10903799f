"""Facts about the machine, from real hives and made ones."""

from __future__ import annotations

import lzma

import pytest

from tests.machines import DEVIATIONS, small
from tests.material import shared
from tests.stores.registry_reading import PATH, Read, read
from triptych.model.evidence import RegistryPlace
from triptych.stores.host import HOST

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
