"""What events say was done to keys and files of tasks, in the spellings of Sysmon and of the Security log."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analysis.logged import SYSMON, event, named
from triptych.analysis.touches import Touch, touch_of
from triptych.model.event import Event

CACHE = "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache"
MACHINE = "\\REGISTRY\\MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache"
GUID = "{8A3C1D7E-52B0-4C0F-9E0B-6E1F2B7C9D11}"


def sysmon(number: int, **data: str) -> Event:
    return event(number, 0, SYSMON, Image="C:\\Windows\\reg.exe", **data)


def told(one: Event) -> tuple[str, str, str, str, str]:
    touch = touch_of(one)
    assert touch is not None
    return (touch.part, touch.deed, touch.task, touch.guid, touch.value)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (sysmon(12, EventType="DeleteValue", TargetObject=f"{CACHE}\\Tree\\F\\Evil\\SD"), ("Tree key", "deleted", "\\F\\Evil", "", "SD")),
        (sysmon(12, EventType="DeleteKey", TargetObject=f"{CACHE}\\Tree\\Evil"), ("Tree key", "deleted", "\\Evil", "", "")),
        (sysmon(12, EventType="CreateKey", TargetObject=f"{CACHE}\\Tree\\Evil"), ("Tree key", "made", "\\Evil", "", "")),
        (sysmon(13, TargetObject=f"{CACHE}\\Tree\\Evil\\Index", Details="DWORD (0x0)"), ("Tree key", "set", "\\Evil", "", "Index")),
        (sysmon(13, TargetObject=f"{CACHE}\\Tasks\\{GUID.lower()}\\Actions"), ("Tasks key", "set", "", GUID, "Actions")),
        (sysmon(12, EventType="DeleteKey", TargetObject=f"{CACHE}\\Plain\\{GUID}"), ("index key", "deleted", "", GUID, "")),
        (sysmon(14, EventType="RenameKey", TargetObject=f"{CACHE}\\Tree\\Evil", NewName="x"), ("Tree key", "renamed", "\\Evil", "", "")),
        (sysmon(11, TargetFilename="C:\\Windows\\System32\\Tasks\\A\\B"), ("file", "wrote", "\\A\\B", "", "")),
        (sysmon(23, TargetFilename="C:\\Windows\\SysWOW64\\Tasks\\B"), ("file", "deleted", "\\B", "", "")),
        (sysmon(11, TargetFilename="C:\\Windows\\Tasks\\At1.job"), ("job file", "wrote", "", "", "")),
        (sysmon(26, TargetFilename="C:\\Windows\\System32\\winevt\\Logs\\Security.evtx"), ("log file", "deleted", "", "", "")),
        (
            event(4657, 0, ObjectName=f"{MACHINE}\\Tree\\Evil", ObjectValueName="SD", OperationType="%%1906"),
            ("Tree key", "deleted", "\\Evil", "", "SD"),
        ),
        (
            event(4657, 0, ObjectName=f"{MACHINE}\\Tree\\Evil", ObjectValueName="Index", OperationType="%%1905", NewValue="0"),
            ("Tree key", "set", "\\Evil", "", "Index"),
        ),
        (event(4663, 0, ObjectName=f"{MACHINE}\\Tree\\Evil", AccessMask="0x10000"), ("Tree key", "deleted", "\\Evil", "", "")),
        (event(4663, 0, ObjectName="C:\\Windows\\System32\\Tasks\\Evil", AccessMask="0x2"), ("file", "wrote", "\\Evil", "", "")),
        (
            event(5145, 0, ShareName="\\\\*\\C$", RelativeTargetName="Windows\\System32\\Tasks\\A\\Evil", AccessMask="0x13019f"),
            ("file", "wrote", "\\A\\Evil", "", ""),
        ),
        (
            event(5145, 0, ShareName="\\\\*\\ADMIN$", RelativeTargetName="System32\\Tasks\\Evil", AccessMask="0x10080"),
            ("file", "deleted", "\\Evil", "", ""),
        ),
        (event(4670, 0, ObjectName="C:\\Windows\\System32\\Tasks\\Evil"), ("file", "changed the rights of", "\\Evil", "", "")),
        (
            sysmon(
                13, Details="DWORD (0x00000000)",
                TargetObject="HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WINEVT\\Channels\\Microsoft-Windows-TaskScheduler/Operational\\Enabled",
            ),
            ("switch of a log", "set", "", "", "Enabled"),
        ),
    ],
)  # fmt: skip
def test_what_was_touched(one: Event, expected: tuple[str, str, str, str, str]) -> None:
    assert told(one) == expected


def test_reading_touches_nothing() -> None:
    assert touch_of(event(4663, 0, ObjectName="C:\\Windows\\System32\\Tasks\\Evil", AccessMask="0x1")) is None
    assert touch_of(event(4663, 0, ObjectName=f"{MACHINE}\\Tree\\Evil", AccessMask="0x9")) is None
    assert touch_of(event(4663, 0, ObjectName=f"{MACHINE}\\Tree\\Evil", AccessMask="nonsense")) is None
    assert touch_of(named(106, 0)) is None
    for mask in ("0x120089", "0x100180", "", "nonsense"):  # a folder that is looked at, a file that is copied away
        assert touch_of(event(5145, 0, RelativeTargetName="Windows\\System32\\Tasks\\Evil", AccessMask=mask)) is None
    assert touch_of(event(5145, 0, RelativeTargetName="atsvc", AccessMask="0x12019f")) is None


def test_words_for_a_task_and_without_one() -> None:
    touch = Touch("Tree key", "deleted", "\\Evil", value="SD", object="HKLM\\x")
    assert touch.words == "deleted the value SD of its Tree key"
    assert touch.of("\\Evil") == "deleted the value SD of the Tree key of \\Evil"
    assert Touch("job file", "wrote", object="C:\\Windows\\Tasks\\At1.job").words == "wrote C:\\Windows\\Tasks\\At1.job"


@given(st.text(max_size=80), st.sampled_from(["", f"{CACHE}\\", "C:\\Windows\\System32\\Tasks\\", f"{CACHE}\\Tasks\\"]))
def test_any_object_is_taken_calmly(rest: str, before: str) -> None:
    for one in (sysmon(13, TargetObject=before + rest), sysmon(11, TargetFilename=before + rest)):
        touch = touch_of(one)
        assert touch is None or touch.words
