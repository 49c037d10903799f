"""Links between events: each with its reason, and none where numbers were used again."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analysis.logged import (
    RUN,
    SYSMON,
    SYSTEM,
    TASK,
    audited,
    definition,
    event,
    logon,
    named,
    process,
    run,
    started,
    table,
)  # fmt: skip
from tests.material import shared
from tests.scanning import Scanned, scanned
from triptych.analysis.acts import acts_of
from triptych.analysis.links import Links, links
from triptych.analysis.links_commands import actions_in, command_key, line_key, runs_as, starts
from triptych.analysis.links_lookup import row_of
from triptych.analysis.runs import Run
from triptych.model.event import Event
from triptych.model.evidence import EventPlace

SVCHOST = "C:\\Windows\\System32\\svchost.exe"
CMD = "C:\\Windows\\System32\\cmd.exe"
SCHTASKS = "C:\\Windows\\System32\\schtasks.exe"


def tied(*events: Event) -> set[tuple[int, int, str]]:
    """The ties as (EventID of the cause, EventID of the effect, kind)."""
    held = table(*events)
    acts = [(row_of(held, act.event), act) for act in acts_of(held)]
    return {(held[tie.cause].event_id, held[tie.effect].event_id, tie.kind) for tie in links(held, acts).ties}


def why(kind: str, *events: Event) -> str:
    held = table(*events)
    (tie,) = [tie for tie in links(held).ties if tie.kind == kind]
    return tie.why


# -- logons ---------------------------------------------------------------------------------------------------------------


def test_a_registration_leads_back_to_the_network_logon_and_on_to_the_process() -> None:
    content = definition("cmd.exe", "/C whoami &gt; %windir%\\Temp\\x.tmp 2&gt;&amp;1")
    events = (
        logon(0),
        audited(4698, 1, content=content),
        process(1.1, 976, CMD, "cmd.exe /C whoami > C:\\Windows\\Temp\\x.tmp 2>&1", by=SVCHOST, SubjectUserName="WS-1$"),
        process(1.2, 977, "C:\\Windows\\System32\\whoami.exe", "whoami", parent=976, by=CMD),
        audited(4699, 1.15),
    )
    assert tied(*events) == {
        (4624, 4698, "logon"), (4624, 4699, "logon"), (4698, 4688, "definition"), (4688, 4688, "child"), (4624, 4688, "logon"),
    }  # fmt: skip
    assert why("logon", *events[:2]) == "it names this logon, 0x5a41: a network logon (type 3) of LAB\\eve from 10.0.0.9"


def test_of_several_logons_of_one_number_the_newest_before_counts() -> None:
    held = table(logon(0, address="10.0.0.1"), logon(10, address="10.0.0.2"), audited(4698, 20), logon(30, address="10.0.0.3"))
    (tie,) = links(held).of("logon")
    assert held[tie.cause].get("IpAddress") == "10.0.0.2"


@pytest.mark.parametrize("mark", [event(6005, 50, SYSTEM), event(4608, 700)])
def test_a_start_of_windows_in_between_cuts(mark: Event) -> None:
    first = (event(6005, -100, SYSTEM), logon(0), process(1, 500, SCHTASKS, "schtasks"))
    late = audited(4698, 1000, ClientProcessId="500")
    assert {kind for _, _, kind in tied(*first, late)} == {"logon", "client"}
    assert tied(*first, mark, late) == set()


def test_one_start_told_by_several_logs_is_one() -> None:
    """Processes between 4608 and 6005 belong to the same start."""
    events = (event(4608, 0), process(5, 500, SVCHOST, "svchost.exe -k netsvcs"), event(6005, 20, SYSTEM))
    assert (4688, 4698, "client") in tied(*events, audited(4698, 60, ClientProcessId="500"))


def test_without_any_start_in_the_logs_a_number_is_not_trusted_for_long() -> None:
    assert (4624, 4698, "logon") in tied(logon(0), audited(4698, 86_400))
    assert tied(logon(0), audited(4698, 86_400 * 5)) == set()


@pytest.mark.parametrize("number", ["0x3e7", "0x3e4", "0x3e5", "0x0"])
def test_the_systems_own_logon_ids_lead_nowhere(number: str) -> None:
    assert tied(logon(0, number, kind="5", name="SYSTEM"), audited(4698, 1, logon_id=number)) == set()


def test_another_account_or_another_computer_is_another_logon() -> None:
    assert tied(logon(0, name="bob"), audited(4698, 1)) == set()
    assert tied(logon(0, computer="WS-2"), audited(4698, 1)) == set()
    assert tied(logon(0, computer="ws-1.lab.example"), audited(4698, 1)) == {(4624, 4698, "logon")}
    assert tied(logon(0, view="VSS1"), audited(4698, 1)) == set()


def test_the_pipe_of_the_scheduler_tells_the_address_that_the_logon_does_not() -> None:
    events = (
        logon(0, "0x1"),
        event(
            5145, 0.1, SubjectDomainName="LAB", SubjectUserName="eve", SubjectLogonId="0x1", IpAddress="10.0.0.9",
            ShareName="\\\\*\\IPC$", RelativeTargetName="atsvc",
        ),
        logon(0.2, "0x2", address="-"),
        audited(4698, 0.3, logon_id="0x2"),
    )  # fmt: skip
    assert tied(*events) == {(4624, 5145, "logon"), (5145, 4698, "pipe"), (4624, 4698, "logon")}
    assert "over the network from 10.0.0.9, 200 ms before" in why("pipe", *events)


# -- processes ------------------------------------------------------------------------------------------------------------


def test_the_process_that_asked_and_its_parent() -> None:
    shell = process(0, 400, CMD, "cmd.exe")
    asked = process(5, 500, SCHTASKS, "schtasks /create /tn Evil", parent=400, by=CMD)
    assert tied(shell, asked, audited(4698, 6, ClientProcessId="500")) == {
        (4688, 4698, "client"), (4688, 4688, "parent"),
    } | {(4688, 4698, "client")}  # fmt: skip
    again = process(5.5, 500, "C:\\Windows\\System32\\notepad.exe", "notepad.exe", parent=400, by=CMD)
    held = table(shell, asked, again, audited(4698, 6, ClientProcessId="500"))
    (tie,) = links(held).of("client")
    assert held[tie.cause].process.endswith("notepad.exe")  # the number was used again: the last one counts


def test_the_process_that_a_task_started_by_hexadecimal_or_decimal_number() -> None:
    security, sysmon = process(0.01, 6292, CMD, "cmd.exe"), started(0.02, 6292, CMD, "cmd.exe")
    assert (129, 4688, "process") in tied(*run(0), security)
    assert (129, 1, "process") in tied(*run(0), sysmon)
    assert {(129, 4688, "process"), (129, 1, "process")} <= tied(*run(0), security, sysmon)
    assert "number 6292 in both" in why("process", *run(0), security)


def test_another_program_or_another_minute_is_another_process() -> None:
    assert "process" not in {kind for _, _, kind in tied(*run(0), process(0.01, 6292, "C:\\Windows\\notepad.exe", "notepad"))}
    assert "process" not in {kind for _, _, kind in tied(*run(0), process(60, 6292, CMD, "cmd.exe"))}
    assert "process" not in {kind for _, _, kind in tied(*run(0), process(0.01, 6293, CMD, "cmd.exe"))}


def test_200_tells_the_process_where_129_is_missing() -> None:
    assert (200, 4688, "process") in tied(*run(0)[1:], process(0.01, 6292, CMD, "cmd.exe"))
    assert (200, 4688, "process") not in tied(*run(0), process(0.01, 6292, CMD, "cmd.exe"))


def test_sysmon_knows_its_processes_by_their_guid() -> None:
    def touched(guid: str) -> Event:
        return event(
            13, 2, SYSMON, Image="C:\\Windows\\regedit.exe", ProcessId="77", ProcessGuid=guid,
            TargetObject="HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tree\\Evil\\Index",
        )  # fmt: skip

    made = started(0, 77, "C:\\Windows\\regedit.exe", "regedit", ProcessGuid="{AAAA}")
    assert tied(made, touched("{AAAA}")) == {(1, 13, "client")}
    assert tied(made, touched("{BBBB}")) == set()


def test_a_command_and_what_came_of_it() -> None:
    line = 'schtasks /create /tn Evil /tr "cmd.exe" /sc onlogon'
    assert (4688, 106, "act") in tied(process(0, 500, SCHTASKS, line), named(106, 0.1))
    assert (4688, 4698, "act") in tied(process(0, 500, SCHTASKS, line), named(106, 0.1), audited(4698, 0.1002))
    assert "act" not in {kind for _, _, kind in tied(process(0, 500, SCHTASKS, line), named(106, 300))}
    assert "act" not in {kind for _, _, kind in tied(process(0, 500, SCHTASKS, line), named(106, 0.1, "\\Other"))}
    afar = process(0, 500, SCHTASKS, "schtasks /create /s FS02 /tn Evil /tr cmd.exe /sc onlogon")
    assert "act" not in {kind for _, _, kind in tied(afar, named(106, 0.1))}


# -- definitions ----------------------------------------------------------------------------------------------------------


def test_a_person_who_types_the_same_command_is_not_the_task() -> None:
    made = audited(4698, 0, content=definition("calc.exe"))
    assert "definition" not in {kind for _, _, kind in tied(made, process(5, 1, "C:\\calc.exe", "calc.exe", by=CMD))}
    assert "definition" in {kind for _, _, kind in tied(made, process(5, 1, "C:\\calc.exe", "calc.exe", by=SVCHOST))}
    assert "definition" in {
        kind for _, _, kind in tied(
            made, process(5, 1, "C:\\calc.exe", "calc.exe", by=CMD), process(9, 2, "C:\\calc.exe", "calc.exe", by=SVCHOST)
        )
    }  # fmt: skip


def test_a_definition_counts_until_it_is_changed() -> None:
    made, changed = audited(4698, 0, content=definition("calc.exe")), audited(4702, 10, content=definition("cmd.exe", "/c x"))
    assert "definition" not in {kind for _, _, kind in tied(made, changed, process(20, 1, "C:\\calc.exe", "calc.exe", by=SVCHOST))}
    assert (4702, 4688, "definition") in tied(made, changed, process(20, 1, CMD, '"C:\\Windows\\cmd.exe"  /c   X', by=SVCHOST))


def test_where_no_command_line_was_logged_the_program_counts_for_two_minutes() -> None:
    made = audited(4698, 0, content=definition("%SystemRoot%\\System32\\cmd.exe", "/c x"))
    assert (4698, 4688, "definition") in tied(made, process(60, 1, CMD, "", by=SVCHOST))
    assert "definition" not in {kind for _, _, kind in tied(made, process(200, 1, CMD, "", by=SVCHOST))}


@pytest.mark.parametrize(
    ("command", "arguments", "line"),
    [
        ("cmd.exe", "/c dir", "cmd.exe /c dir"),
        ("C:\\Program Files\\A B\\x.exe", "-q  1", '"C:\\Program Files\\A B\\x.exe" -q 1'),
        ("C:\\Program Files\\A B\\x.exe", "-q", "C:\\Program Files\\A B\\x.exe -q"),
        ("%windir%\\system32\\rundll32.exe", "%systemroot%\\a.dll,B", "C:\\WINDOWS\\system32\\rundll32.exe C:\\Windows\\a.dll,B"),
        ("powershell", "-f %APPDATA%\\x.ps1", "powershell.exe -f C:\\Users\\eve\\AppData\\Roaming\\x.ps1"),
        ("notepad", "", '"C:\\Windows\\system32\\NOTEPAD.EXE"'),
    ],
)
def test_a_command_in_two_spellings(command: str, arguments: str, line: str) -> None:
    assert command_key(command, arguments) == line_key(line)
    assert command_key(command, f"{arguments} more") != line_key(line)


def test_a_glance_at_a_definition() -> None:
    content = definition("cmd.exe", "/c a &amp; b &lt;x&gt;") + "<Exec><Command>second.exe</Command></Exec>"
    assert actions_in(content) == (("cmd.exe", "/c a & b <x>"), ("second.exe", ""))
    assert starts(content) == "cmd.exe /c a & b <x>, then second.exe"
    assert runs_as(content) == "S-1-5-18"
    assert (actions_in("garbage <Exec>"), starts(""), runs_as("<Principals>")) == ((), "", "")
    assert "the handler {ABC}" in starts("<ComHandler><ClassId>{ABC}</ClassId></ComHandler>")


# -- runs and twins -------------------------------------------------------------------------------------------------------


def test_the_events_of_a_run_are_a_chain_in_the_order_of_what_happened() -> None:
    held = table(*run(0))
    (found,) = links(held).runs
    assert [held[line.row].event_id for line in found.lines] == [110, 100, 129, 200, 201, 102]
    ties = [(held[tie.cause].event_id, held[tie.effect].event_id) for tie in links(held).of("run")]
    assert sorted(ties) == sorted([(110, 100), (100, 129), (129, 200), (200, 201), (201, 102)])
    reasons = {held[tie.effect].event_id: tie.why for tie in links(held).of("run")}
    assert reasons[201] == f"the same run, instance {{{RUN}}}"
    assert "process 6292 is the one that event 200 of the run names" in reasons[129]


def test_two_runs_at_once_keep_their_own_processes() -> None:
    other = "99999999-2222-4333-8444-555555555555"
    held = table(*run(0, 1111), *run(0.0001, 2222, instance=other))
    by_instance = {found.instance: _pids(held, found) for found in links(held).runs}
    assert by_instance == {RUN: {1111}, other: {2222}}


def _pids(held: object, found: Run) -> set[int]:
    return {line.pid for line in found.lines if line.pid >= 0}


def test_129_without_numbers_belongs_to_the_run_of_that_moment() -> None:
    old = (named(129, 0, Path="a.exe", ProcessID="5"), named(100, 0.2, InstanceId=RUN))
    assert (100, 129, "run") in tied(*old) | {(b, a, k) for a, b, k in tied(*old)}
    assert tied(old[0], named(100, 30, InstanceId=RUN)) == set()


def test_a_request_with_an_instance_of_its_own_joins_the_run_that_it_began() -> None:
    alone = named(110, 0.0005, InstanceId="5598D79C-1A6E-4922-ADF6-304C33D70505")
    events = [one for one in run(0) if one.event_id != 110]
    assert (110, 100, "run") in tied(*events, alone)


def test_two_logs_of_one_act() -> None:
    pairs = {(4698, 106), (4702, 140), (4699, 141), (4701, 142)}
    for audit, own in pairs:
        assert tied(named(own, 0), audited(audit, 0.3)) == {(audit, own, "twin")}
        assert tied(named(own, 0), audited(audit, 30)) == set()
        assert tied(named(own, 0), audited(audit, 0.3, "\\EVIL")) == {(audit, own, "twin")}
        assert tied(named(own, 0), audited(audit, 0.3, "\\Other")) == set()
    assert tied(named(140, 0), audited(4700, 0.1)) == {(4700, 140, "twin")}


def test_each_event_has_one_twin() -> None:
    held = table(named(106, 0), audited(4698, 0.1), named(106, 1), audited(4698, 1.1))
    twins = [(tie.cause, tie.effect) for tie in links(held).of("twin")]
    assert len({cause for cause, _ in twins}) == len({effect for _, effect in twins}) == 2
    assert all(abs(cause - effect) == 1 for cause, effect in twins)


def test_the_first_run_after_a_change() -> None:
    held = table(audited(4698, 0), *run(10), *run(20, instance="99999999-2222-4333-8444-555555555555"), audited(4699, 30), *run(40))
    (tie,) = links(held).of("first-run")
    assert held[tie.cause].event_id == 4698
    assert held[tie.effect].event_id == 110
    assert held[tie.effect].time.ticks < held[tie.cause].time.ticks + 110_000_000
    assert tie.why == "the first run of the task after it was registered, 10.0 s later"


def test_a_deleted_object_by_its_handle() -> None:
    opened = event(
        4663, 0, SubjectUserName="eve", ProcessId="0x10", HandleId="0x99", AccessMask="0x10000",
        ObjectName="C:\\Windows\\System32\\Tasks\\Evil",
    )  # fmt: skip
    gone = event(4660, 0.1, SubjectUserName="eve", ProcessId="0x10", HandleId="0x99")
    assert tied(opened, gone) == {(4663, 4660, "handle")}
    assert tied(opened, event(4660, 0.1, SubjectUserName="eve", ProcessId="0x10", HandleId="0x98")) == set()


# -- the whole ------------------------------------------------------------------------------------------------------------


def _links(events: list[Event]) -> list[tuple[int, int, str, str]]:
    held = table(*events)
    found: Links = links(held)
    return [(held[tie.cause].record_id, held[tie.effect].record_id, tie.kind, tie.why) for tie in found.ties]


def test_the_order_of_the_blocks_leaves_no_mark() -> None:
    content = definition("cmd.exe", "/c x")
    events = [
        logon(0),
        audited(4698, 1, content=content),
        named(106, 1.01),
        *run(2),
        process(2.01, 6292, CMD, "cmd.exe /c x", by=SVCHOST),
    ]
    expected = _links(events)
    assert len(expected) > 8
    for seed in range(3):
        assert _links(random.Random(seed).sample(events, len(events))) == expected


_SECONDS = st.integers(-5, 40).map(lambda number: number / 4)
_TASKS = st.sampled_from(["\\A", "\\a", "\\B"])
_PIDS = st.sampled_from(["1", "2", "0x2", "", "garbage"])
_IDS = st.sampled_from(["0x1", "0x2", "0x3e7", ""])
_LINES = st.sampled_from(["", "cmd.exe /c x", "q"])
_AUDITED = st.sampled_from([4698, 4699, 4700, 4701, 4702])
_NAMED = st.sampled_from([100, 102, 106, 107, 110, 129, 140, 141, 142, 200, 201, 330])


def _of_log(number: int, seconds: float, task: str, pid: str, instance: str) -> Event:
    return named(number, seconds, task, ProcessID=pid, EnginePID=pid, InstanceId=instance, TaskInstanceId=instance)


def _of_audit(number: int, seconds: float, task: str, pid: str, of_logon: str) -> Event:
    return audited(number, seconds, task, definition("cmd.exe", "/c x"), of_logon, ClientProcessId=pid)


_MADE = st.one_of(
    st.builds(logon, _SECONDS, _IDS),
    st.builds(lambda seconds, pid, line: process(seconds, pid, CMD, line, by=SVCHOST), _SECONDS, st.integers(1, 3), _LINES),
    st.builds(_of_audit, _AUDITED, _SECONDS, _TASKS, _PIDS, _IDS),
    st.builds(_of_log, _NAMED, _SECONDS, _TASKS, _PIDS, st.sampled_from(["", RUN, "X"])),
    st.builds(lambda seconds: event(6005, seconds, SYSTEM), _SECONDS),
)


@given(st.lists(_MADE, max_size=24))
def test_any_events_give_sound_ties(events: list[Event]) -> None:
    held = table(*events)
    found = links(held)
    rows = set(found.rows) | set(found.reached)
    assert len({(tie.cause, tie.effect) for tie in found.ties}) == len(found.ties)
    for tie in found.ties:
        assert {tie.cause, tie.effect} <= rows
        assert tie.cause != tie.effect
        cause, effect = held[tie.cause], held[tie.effect]
        if tie.kind in ("logon", "client", "parent", "definition", "child", "pipe"):
            assert cause.time.ticks <= effect.time.ticks
        if tie.kind == "logon":
            assert cause.event_id == 4624
            assert cause.logon_id == effect.logon_id
        if tie.kind == "process":
            assert cause.process_id == effect.process_id
        if tie.kind in ("twin", "first-run", "run"):
            assert (cause.task or "").casefold() == (effect.task or "").casefold() or cause.instance_id == effect.instance_id
    told = [line.row for run_ in found.runs for line in run_.lines]
    assert len(told) == len(set(told))  # no event belongs to two runs


def test_no_events_no_links() -> None:
    found = links(table())
    assert (found.ties, found.runs, found.reached, len(found.rows)) == ((), (), (), 0)


def test_context_is_reached_only_through_ties() -> None:
    crowd = [process(number, 1000 + number, CMD, f"cmd {number}") for number in range(200)]
    found = links(table(*crowd, logon(1), audited(4698, 300)))
    assert len(found.rows) == 1
    assert len(found.reached) == 1


def test_each_reason_is_a_sentence_without_an_end() -> None:
    content = definition("cmd.exe", "/c x")
    held = table(logon(0), audited(4698, 1, content=content), *run(2), process(2.01, 6292, CMD, "cmd.exe /c x", by=SVCHOST))
    for tie in links(held).ties:
        assert tie.why
        assert not tie.why.endswith(".")
        assert tie.cause != tie.effect


ATEXEC = "data/evtx/mdecrevoisier/ID4688,4698,4699,5145,4624-ATexec remote trask creation (GLOBAL).evtx"


def _chains(found: Scanned, *ids: int) -> list[list[int]]:
    """The paths along links of the timeline whose events have these EventIDs."""
    events = {moment.refs[0]: moment for moment in found.case.timeline}
    assert events
    numbers = [_event_id(found, place) for place in range(len(found.case.timeline))]
    paths = [[place] for place, number in enumerate(numbers) if number == ids[0]]
    for wanted in ids[1:]:
        paths = [[*path, link.to] for path in paths for link in found.case.timeline[path[-1]].links if numbers[link.to] == wanted]
    return paths


def _event_id(found: Scanned, place: int) -> int:
    ref = found.case.timeline[place].refs[0]
    return _ids(found).get((ref.place.channel, ref.place.record_id), 0) if isinstance(ref.place, EventPlace) else 0


def _ids(found: Scanned) -> dict[tuple[str, int], int]:
    from triptych.analysis.event_table import EventTable

    return {(one.channel, one.record_id): one.event_id for one in EventTable(found.case.events)}


def test_atexec_is_one_chain_from_the_address_to_the_program() -> None:
    found = scanned(shared(ATEXEC))
    assert _chains(found, 4624, 4698, 4688)
    (path,) = _chains(found, 4624, 5145, 4698, 4688, 4688)
    texts = [found.case.timeline[place].text for place in path]
    assert "from 10.23.123.11" in texts[0]
    assert "atsvc" in texts[1]
    assert "\\bouWFQYO" in texts[2]
    assert "cmd.exe /C whoami" in texts[3]
    assert "whoami.exe" in texts[4]


def test_the_atomic_set_gives_runs_with_their_processes() -> None:
    found = scanned(shared("data/evtx/Velocidex"))
    assert len(_chains(found, 4698, 106)) == 3
    assert len(_chains(found, 110, 100, 129, 200, 201, 102)) == 2
    assert _chains(found, 4702, 110, 100, 129)
    assert TASK not in {moment.task for moment in found.case.timeline}
