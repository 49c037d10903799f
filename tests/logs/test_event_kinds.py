"""The one table of event kinds: its shape, its words, and its names against real events."""

from __future__ import annotations

from collections.abc import Iterator

from tests.analysis.logged import table
from tests.formats.test_evtx import read, real_logs
from triptych.analysis.links_lines import concerned
from triptych.formats.evtx_event import EventRecord, Fields
from triptych.logs.event_kinds import TASKS, careful, kind_of, kinds, wanted
from triptych.logs.making import event_from
from triptych.model.event import Event
from triptych.model.evidence import EventPlace, EvidenceRef, Span
from triptych.model.times import Instant

LANES = {"tasks-log", "security", "sysmon", "system", "powershell", "application", "wmi", "group-policy", "terminal-services"}
OPTIONAL = {"EnginePID", "ResultCode", "ClientProcessId", "CommandLine", "User", "SubjectDomainName", "ServiceFileName"}


def test_every_row_has_a_lane_of_the_contract_and_words() -> None:
    for (channel, number), kind in kinds().items():
        assert kind.lane in LANES
        assert channel == channel.casefold() == kind.channel.casefold()
        assert 0 < number < 65_536
        assert kind.kind == kind.kind.lower()
        assert kind.words[0].isupper() or kind.words.startswith("WMI")
        assert all(text == text.casefold() for _, texts in kind.keep for text in texts)


def test_what_the_reference_lists_is_there() -> None:
    tasks = {number for channel, number in kinds() if channel == TASKS.casefold()}
    runs = {100, 102, *range(107, 112), *range(117, 126), 129, 200, 201, 202, 203, *range(322, 334)}
    assert {101, 103, 106, 140, 141, 142, 146, 400, 402, 413, 719} | runs <= tasks
    security = {number for channel, number in kinds() if channel == "security"}
    assert {
        *range(4698, 4703),
        4624,
        4634,
        4647,
        4648,
        4672,
        4688,
        4657,
        4656,
        4660,
        4663,
        4670,
        4719,
        1102,
        1100,
        5145,
    } <= security
    assert {number for channel, number in kinds() if "sysmon" in channel} >= {1, 3, 7, 11, 12, 13, 14, 23, 26}
    assert wanted().keys() == careful().keys() | {channel for channel, kind in _contexts()}
    assert all(careful().get(channel, frozenset()) <= numbers for channel, numbers in wanted().items())


def _contexts() -> Iterator[tuple[str, int]]:
    return ((channel, number) for (channel, number), kind in kinds().items() if kind.context)


def test_channels_are_found_in_either_case_and_tasks_by_their_provider() -> None:
    shout = kind_of("MICROSOFT-WINDOWS-TASKSCHEDULER/OPERATIONAL", 106)
    assert shout is not None
    assert shout is kind_of(TASKS, 106) is kind_of("", 106, "Microsoft-Windows-TaskScheduler")
    assert kind_of("", 4698, "Microsoft-Windows-Security-Auditing") is None
    assert kind_of("Security", 1) is None


def test_data_are_named_as_real_events_name_them() -> None:
    seen: set[tuple[str, int]] = set()
    for path in real_logs():
        for record in read(path.read_bytes(), wanted=wanted(), careful={})[0]:
            _check(record, seen)
    assert {(TASKS.casefold(), number) for number in (100, 102, 106, 110, 129, 140, 141, 142, 200, 201)} <= seen
    assert {("security", number) for number in (1102, 4624, 4648, 4672, 4688, 4698, 4699, 4701, 4702, 5145)} <= seen


def _check(record: EventRecord, seen: set[tuple[str, int]]) -> None:
    kind = kind_of(record.channel, record.event_id or -1)
    if kind is None or (record.channel.casefold(), kind.event_id) in seen:
        return
    seen.add((record.channel.casefold(), kind.event_id))
    names = {name for name, _ in record.data}
    for role, told in kind.roles:
        assert set(told) & OPTIONAL or set(told) <= names, (kind.channel, kind.event_id, role, told, sorted(names))


def test_only_events_about_tasks_are_kept_of_noisy_kinds() -> None:
    share = kind_of("Security", 5145)
    assert share is not None
    assert share.keeps([("ShareName", "\\\\*\\IPC$"), ("RelativeTargetName", "atsvc")])
    assert not share.keeps([("RelativeTargetName", "lsarpc")])
    script = kind_of("Microsoft-Windows-PowerShell/Operational", 4104)
    assert script is not None
    assert script.keeps([("ScriptBlockText", "Register-ScheduledTask -TaskName x")])
    assert not script.keeps([("ScriptBlockText", "Get-ChildItem"), ("MessageTotal", "1")])
    tree = kind_of("Microsoft-Windows-Sysmon/Operational", 12)
    assert tree is not None
    assert tree.keeps([("TargetObject", "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tree\\X\\SD")])


def test_a_piece_of_a_script_is_kept_beside_the_others() -> None:
    def made(total: str, text: str) -> Event | None:
        data = (("MessageNumber", "1"), ("MessageTotal", total), ("ScriptBlockText", text), ("ScriptBlockId", "b"))
        fields = Fields(7, "", 4104, 1, "Microsoft-Windows-PowerShell/Operational", "", "", None, None, "", "", data)
        return event_from(fields, Instant(1), EvidenceRef(EventPlace("x", 7), (Span("a.evtx", 0, 9),)), 7, "")

    assert made("1", "$x = 5") is None
    for total in ("2", "10", "11", "110"):
        piece = made(total, "$x = 5")
        assert piece is not None
        assert piece.kind == "script-piece"
        assert len(concerned(table(piece))) == 0
    whole = made("3", "schtasks /query")
    assert whole is not None
    assert whole.kind == "script"
