"""Registrations over the network: addresses in every spelling, logons that are none, numbers that are used again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.analysis.logged import SYSTEM, audited, definition, event, logon
from tests.rules.happened import of_logs
from tests.rules.made import findings, one
from triptych.model.event import Event
from triptych.model.finding import Confidence, Finding, Severity

RULE = "created-remotely"
PLAIN = definition("C:\\Program Files\\A\\a.exe")


def told(*before: Event, **who: str) -> list[Finding]:
    return findings(of_logs(*before, audited(4698, 60, content=PLAIN, **who)), RULE)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("10.0.0.9", "from 10.0.0.9"),
        ("::ffff:10.0.0.9", "from 10.0.0.9"),
        ("::FFFF:10.0.0.9", "from 10.0.0.9"),
        ("fe80::1%5", "from fe80::1%5"),
        ("2001:db8::7", "from 2001:db8::7"),
        ("-", "over the network"),
        ("", "over the network"),
    ],
)
def test_an_address_is_told_once_and_plainly(address: str, words: str) -> None:
    (finding,) = told(logon(0, address=address))
    assert (finding.severity, finding.confidence) == (Severity.MEDIUM, Confidence.CERTAIN)
    assert finding.summary.endswith(words)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.53", "::1", "::1%1", "::ffff:127.0.0.1", "0:0:0:0:0:0:0:1", "LOCAL"])
def test_a_network_logon_of_the_machine_to_itself_is_low_and_no_other_computer(address: str) -> None:
    (finding,) = told(logon(0, address=address))
    assert finding.severity is Severity.LOW
    assert "of the machine to itself" in finding.summary
    assert "over the network" not in finding.why


@pytest.mark.parametrize("kind", ["2", "4", "5", "7", "10", "11"])
def test_other_kinds_of_logon_are_none_over_the_network(kind: str) -> None:
    assert told(logon(0, kind=kind)) == []


@pytest.mark.parametrize("number", ["0x3e7", "0x3e4", "0x3e5", "0x0"])
def test_the_systems_own_logons_are_nobodys(number: str) -> None:
    assert told(logon(0, number=number), logon_id=number) == []


def test_a_number_that_was_used_before_a_restart_or_by_another_account_is_another_logon() -> None:
    assert told(logon(0), event(6005, 30, SYSTEM)) == []
    assert told(logon(0, name="bob")) == []


def test_a_logon_told_late_counts_only_for_its_own_account_and_system() -> None:
    late = logon(100)
    assert len(told(late)) == 1
    assert told(logon(100, name="bob")) == []
    assert told(replace(late, computer="WS-2")) == []
    assert told(replace(late, view="vss/1")) == []


def test_the_account_of_a_computer_is_low_unless_the_command_speaks() -> None:
    server = {"SubjectUserName": "SCCM$"}
    (plain,) = told(logon(0, name="SCCM$"), **server)
    assert plain.severity is Severity.LOW
    evil = audited(4698, 60, content=definition("C:\\Users\\Public\\a.exe"), **server)
    assert one(of_logs(logon(0, name="SCCM$"), evil), RULE).severity is Severity.HIGH


def test_what_is_made_over_the_network_and_removed_at_once_is_high() -> None:
    case = of_logs(logon(0), audited(4698, 60, content=PLAIN), audited(4699, 100))
    assert one(case, RULE).severity is Severity.HIGH
