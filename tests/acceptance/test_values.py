"""Values of the Tree and Tasks keys in every wrong form that a hand may give them."""

from __future__ import annotations

import struct

import pytest

from tests.acceptance.hands import Hand, on_tasks, on_tree, told
from tests.machines import small
from tests.scanning import scan_of
from triptych.formats.keys import REG_BINARY, REG_DWORD, REG_SZ
from triptych.formats.security_descriptor import Ace, encode_sd
from triptych.lessons.access import descriptor
from triptych.lessons.deviations.hand import VICTIM
from triptych.lessons.hive_key import HiveValue, binary, dword, expand_string, qword, string
from triptych.model.case import Weight
from triptych.model.finding import Severity

CRITICAL, HIGH, MEDIUM, LOW = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW
BOTH = "(A;;FA;;;BA)(A;;FA;;;SY)"
SOUND = descriptor(f"O:BAG:SYD:{BOTH}")
GUID = small().task(VICTIM).guid


def put(*values: HiveValue) -> Hand:
    return lambda key, hives: key.put(*values)


@pytest.mark.parametrize(
    ("sddl", "rule", "severity"),
    [
        ("O:BAG:SYD:NO_ACCESS_CONTROL", "sd-weak", MEDIUM),
        ("O:BAG:SY", "sd-weak", MEDIUM),
        ("O:BAG:SYD:(D;;FR;;;WD)" + BOTH, "sd-denies", HIGH),
        ("O:BAG:SYD:(D;;FR;;;AU)" + BOTH, "sd-denies", HIGH),
        ("O:BAG:SYD:(D;;FR;;;IU)" + BOTH, "sd-denies", HIGH),
        ("O:BAG:SYD:(D;;GR;;;BA)" + BOTH, "sd-denies", HIGH),
        ("O:BAG:SYD:(D;;0x1;;;SY)" + BOTH, "sd-denies", HIGH),
        ("O:BAG:SYD:" + BOTH + "(D;;FA;;;BA)", "sd-denies", MEDIUM),
        ("O:BAG:SYD:(A;;0x2;;;BA)(A;;0x2;;;SY)", "sd-denies", HIGH),
        ("O:BAG:SYD:(A;OICIIO;FA;;;BA)(A;OICIIO;FA;;;SY)", "sd-denies", HIGH),
        ("O:BAG:SYD:(A;;FA;;;SY)", "sd-denies", HIGH),
        ("O:BAG:SYD:(D;;FA;;;S-1-5-2)" + BOTH, "sd-denies", LOW),
        ("O:BAG:SYD:(D;;FA;;;S-1-5-114)" + BOTH, "sd-denies", LOW),
    ],
)
def test_descriptors(sddl: str, rule: str, severity: Severity) -> None:
    assert told(on_tree(put(binary("SD", descriptor(sddl))))) == {rule: severity}


@pytest.mark.parametrize(
    "sddl", [f"O:BAG:SYD:(D;;FA;;;BG){BOTH}", f"O:BAG:SYD:(D;;WD;;;WD){BOTH}", "O:BAG:SYD:(A;;FR;;;AU)" + BOTH]
)
def test_descriptors_that_hide_nothing(sddl: str) -> None:
    assert told(on_tree(put(binary("SD", descriptor(sddl))))) == {}


def test_a_second_reading_that_fails_loses_nothing() -> None:
    """libfwnt refuses some object entries; the descriptor has been read by then."""
    allowed = Ace(5, 0, 0x1F01FF, "S-1-5-18", struct.pack("<I", 1) + bytes(range(16)))
    data = encode_sd("S-1-5-32-544", "S-1-5-18", (allowed, Ace(5, 0, 0x1F01FF, "S-1-5-32-544", allowed.data)))
    case = scan_of(on_tree(put(binary("SD", data)))).case
    assert [problem.code for problem in case.problems if problem.severity is Weight.LOST] == []
    assert all(finding.rule != "sd-invalid" for finding in case.findings)


@pytest.mark.parametrize(
    ("kind", "data"),
    [(REG_SZ, SOUND), (0, SOUND), (REG_BINARY, b""), (REG_BINARY, bytes(20)), (REG_BINARY, SOUND[:19]), (REG_BINARY, SOUND[:-4])],
)
def test_what_is_no_descriptor(kind: int, data: bytes) -> None:
    assert told(on_tree(put(HiveValue("SD", kind, data)))) == {"sd-invalid": CRITICAL}


@pytest.mark.parametrize(
    "value",
    [
        string("Index", "3"),
        qword("Index", 3),
        dword("Index", 0xFFFFFFFF),
        HiveValue("Index", 5, b"\0\0\0\3"),
        HiveValue("Index", REG_DWORD, b"\3"),
        HiveValue("Index", REG_DWORD, b"\3\0\0\0\0\0\0\0"),
        binary("Index", bytes(4)),
    ],
)
def test_an_index_that_is_no_number_of_the_service(value: HiveValue) -> None:
    assert told(on_tree(put(value))) == {"index-invalid": HIGH}


@pytest.mark.parametrize(
    "data",
    [GUID.lower() + "\0", GUID + "\0\0", GUID],
)
def test_spellings_of_one_id_are_one_task(data: str) -> None:
    assert told(on_tree(put(HiveValue("Id", REG_SZ, data.encode("utf-16-le"))))) == {}


@pytest.mark.parametrize("value", [string("Id", GUID.strip("{}")), string("Id", GUID + " "), string("Id", "")])
def test_an_id_that_leads_nowhere(value: HiveValue) -> None:
    assert told(on_tree(put(value))) == {"tree-missing": HIGH, "tasks-missing": MEDIUM}


def test_an_id_of_another_type_is_told_as_such() -> None:
    found = told(on_tree(put(expand_string("Id", GUID))))
    assert found == {"tree-missing": HIGH, "tasks-missing": MEDIUM, "value-malformed": MEDIUM}


@pytest.mark.parametrize("path", [VICTIM[1:], VICTIM + " ", VICTIM + "\\", "", VICTIM.replace("\\", "/"), "\\" + "x" * 300])
def test_a_path_value_that_is_not_the_place(path: str) -> None:
    assert told(on_tasks(put(string("Path", path)))) == {"path-differs": MEDIUM}


def test_a_path_value_in_capitals_is_the_same_place() -> None:
    assert told(on_tasks(put(string("Path", VICTIM.upper())))) == {}


def _dynamic_info(magic: int) -> Hand:
    return lambda key, hives: key.put(binary("DynamicInfo", bytes([magic, 0, 0, 0]) + key.value("DynamicInfo").data[4:]))


@pytest.mark.parametrize(
    "hand",
    [
        put(expand_string("Path", VICTIM)),
        _dynamic_info(4),
        put(binary("Payload", b"MZ" + bytes(5_000))),
        lambda key, hives: key.make("Sub", key.written),
    ],
    ids=["path of another type", "dynamic info the service refuses", "a stowaway", "a key below"],
)
def test_values_that_the_service_would_not_leave(hand: Hand) -> None:
    assert told(on_tasks(hand)) == {"value-malformed": MEDIUM}


@pytest.mark.parametrize("value", [string("Package", "Contoso.App_1.0.0.0_x64__8wekyb3d8bbwe" * 9), dword("NewInNextWindows", 1)])
def test_values_that_newer_windows_keeps_accuse_nobody(value: HiveValue) -> None:
    assert told(on_tasks(put(value))) == {}
