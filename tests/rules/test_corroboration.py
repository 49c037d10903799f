"""What the logs add to other findings: a run that they prove, a hand that they saw, a way over the network."""

from __future__ import annotations

from dataclasses import replace

from tests.analysis.logged import SYSMON, audited, blocks, definition, event, logon, named, process, run
from tests.rules.made import Machine, known, not_stated, stated, tree_ref
from triptych.model.case import Case
from triptych.model.event import Event
from triptych.model.finding import Confidence, Finding, Severity
from triptych.rules.book import judged
from triptych.rules.corroboration import corroborated
from triptych.rules.rule import Context

PATH = "\\Made\\Task 13"
CACHE = "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache"
SVCHOST = "C:\\Windows\\System32\\svchost.exe"
PROGRAM = "C:\\Program Files\\Made\\made.exe"


def hidden() -> Machine:
    return Machine().change(PATH, "keeping", index=stated(0, tree_ref(PATH)))


def suspicious() -> Machine:
    machine = Machine()
    record = machine.registry[PATH]
    action = replace(record.actions[0], command=stated("C:\\Users\\Public\\x.exe", *record.ref), arguments=stated("", *record.ref))
    machine.change(PATH, actions=(action,))
    machine.change_xml(PATH, actions=(action,))
    return machine


def of(machine: Machine, rule: str, *events: Event) -> Finding:
    case: Case = machine.case.with_(events=blocks(*events))
    (found,) = [finding for finding in judged(case, known()) if finding.rule == rule and finding.task == PATH]
    return found


def test_a_hidden_task_that_runs_is_at_work() -> None:
    events = (*run(0, 700, PATH, "made.exe"), process(0.01, 700, PROGRAM, f'"{PROGRAM}" /quiet', by=SVCHOST))
    before, after = of(hidden(), "index-zero"), of(hidden(), "index-zero", *events)
    assert (before.severity, after.severity) == (Severity.HIGH, Severity.CRITICAL)
    assert "The logs show that it ran" in after.why
    assert "process 700" in after.why
    assert "Raised from high to critical: a task that is hidden and runs is at work." in after.why
    assert set(before.refs) < set(after.refs)
    assert events[-1].ref in after.refs
    assert after.key == before.key


def test_a_run_alone_accuses_nobody() -> None:
    events = (*run(0, 700, PATH, "x.exe"), process(0.01, 700, "C:\\Users\\Public\\x.exe", "x.exe", by=SVCHOST))
    before, after = of(suspicious(), "command-suspicious"), of(suspicious(), "command-suspicious", *events)
    assert after.severity is before.severity
    assert "The logs show that it ran" in after.why


def test_a_run_of_another_task_says_nothing() -> None:
    assert "ran" not in of(hidden(), "index-zero", *run(0, 700, "\\Made\\Task 14")).why.replace("ranges", "")


def test_the_hand_that_took_the_sd_away_makes_it_certain() -> None:
    machine = Machine().change(PATH, "keeping", access=not_stated(None, tree_ref(PATH)))
    gone = event(
        12, 0, SYSMON, EventType="DeleteValue", TargetObject=f"{CACHE}\\Tree{PATH}\\SD", Image="C:\\Windows\\System32\\reg.exe"
    )
    found = of(machine, "sd-missing", gone)
    assert found.severity is Severity.CRITICAL
    found = of(
        hidden(),
        "index-zero",
        replace(gone, data=(*gone.data[:1], ("TargetObject", f"{CACHE}\\Tree{PATH}\\Index"), *gone.data[2:])),
    )
    assert found.severity is Severity.CRITICAL
    assert found.confidence is Confidence.CERTAIN
    assert "events show the hand that did it" in found.why


def test_a_suspicious_command_registered_over_the_network() -> None:
    content = definition("C:\\Users\\Public\\x.exe")
    events = (logon(0), audited(4698, 1, PATH, content), named(106, 1, PATH))
    before, after = of(suspicious(), "command-suspicious"), of(suspicious(), "command-suspicious", *events)
    if before.severity is Severity.MEDIUM:
        assert after.severity is Severity.HIGH
        assert "registered over the network" in after.why
    assert after.severity is Severity.HIGH


def _finding(rule: str, severity: Severity) -> Finding:
    return Finding(f"{rule}:1", rule, severity, Confidence.LIKELY, PATH, None, "s", "Why.", "b", ("n",), (), (tree_ref(PATH),))


def _moved(rule: str, severity: Severity, *others: Finding) -> Severity:
    context = Context(Case(), known())
    return corroborated(context, (_finding(rule, severity), *others))[0].severity


def test_what_moves_and_how_far() -> None:
    hand, lesser = _finding("tampering-logged", Severity.HIGH), _finding("tampering-logged", Severity.MEDIUM)
    remote, short = _finding("created-remotely", Severity.MEDIUM), _finding("created-and-deleted", Severity.HIGH)
    assert _moved("index-zero", Severity.HIGH, hand) is Severity.CRITICAL
    assert _moved("index-zero", Severity.HIGH, lesser) is Severity.HIGH
    assert _moved("command-suspicious", Severity.MEDIUM, remote) is Severity.HIGH
    assert _moved("command-suspicious", Severity.HIGH, remote) is Severity.HIGH
    assert _moved("command-suspicious", Severity.MEDIUM, short) is Severity.HIGH
    assert _moved("command-suspicious", Severity.MEDIUM, remote, short) is Severity.HIGH  # one step at most
    for calm in (Severity.LOW, Severity.INFO):
        assert _moved("command-suspicious", calm, remote, short, hand) is calm
    assert _moved("xml-only", Severity.MEDIUM, remote, short, hand) is Severity.MEDIUM
    assert _moved("command-suspicious", Severity.MEDIUM, replace(remote, task="\\Other")) is Severity.MEDIUM


def test_without_logs_nothing_changes() -> None:
    machine = hidden()
    assert judged(machine.case, known()) == judged(machine.case.with_(events=()), known())
