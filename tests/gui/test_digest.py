"""What the list knows of a task: marks, hidden, differing, the words of its columns."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.gui import made
from triptych.analysis import comparison
from triptych.gui.comparing import telling
from triptych.gui.digest import Digest, Digester, Mark, absent, hidden, mark_of
from triptych.gui.tables import Kind
from triptych.model.case import Case
from triptych.model.evidence import stated, unreadable
from triptych.model.finding import Severity
from triptych.model.task import Absence, Presence, Store, Task


@pytest.fixture
def digest(case: Case) -> Digest:
    return Digester(comparison.differences)(case)


def test_the_worst_comes_first(digest: Digest) -> None:
    ranks = [line.rank for line in digest.lines]
    assert ranks == sorted(ranks)
    assert digest.lines[0].severity is Severity.CRITICAL
    assert digest.lines[-1].severity is None


def test_win_update_is_hidden_and_differs(digest: Digest) -> None:
    line = digest.lines[0]
    assert line.task.name == "WinUpdate"
    assert line.marks == (Mark.PRESENT, Mark.PRESENT, Mark.ABSENT)
    assert line.hidden
    assert line.differing
    assert line.action == "≠ cmd.exe /c C:\\ProgramData\\x\\u.bat"
    assert line.runs_as == "SYSTEM"


def test_findings_reach_their_task_and_the_hosts_reach_none(digest: Digest) -> None:
    for finding in digest.case.findings:
        line = digest.line_of(finding)
        assert (line.task.path if line else None) == finding.task


def test_a_task_that_only_a_file_tells_is_not_hidden(digest: Digest) -> None:
    line = next(line for line in digest.lines if line.task.name == "Backup-old")
    assert line.marks == (Mark.PRESENT, Mark.ABSENT, Mark.ABSENT)
    assert not line.hidden


@pytest.mark.parametrize(
    ("presence", "mark"),
    [
        (Presence.ABSENT, Mark.ABSENT),
        (Presence.HIDDEN, Mark.ABSENT),
        (Presence.NOT_READ, Mark.UNKNOWN),
        (Presence.UNKNOWN, Mark.UNKNOWN),
        (Presence.UNREADABLE, Mark.PARTLY),
    ],
)
def test_absences_have_their_marks(presence: Presence, mark: Mark) -> None:
    task = Task("\\x", "", (), (Absence(Store.REGISTRY, presence, "why"),))
    assert mark_of(task, Store.REGISTRY) is mark
    assert mark_of(task, Store.XML) is Mark.UNKNOWN


def test_unreadable_records_are_half_marks(files: made.Files) -> None:
    record = made.record(files, Store.XML, "\\x", "", "a.exe")
    ref = record.presence.refs[0]
    for broken in (
        replace(record, complete=False),
        replace(record, presence=unreadable("ff", ref)),
        replace(record, presence=stated(Presence.UNREADABLE, ref)),
    ):
        assert mark_of(Task("\\x", "", (broken,)), Store.XML) is Mark.PARTLY


def test_two_tasks_of_one_path_share_no_finding(files: made.Files) -> None:
    one = made.plain(files, "\\Same", "a.exe", "", 1)
    two = made.plain(files, "\\Same", "b.exe", "", 2)
    finding = made.finding(two, "sd-missing", Severity.HIGH, "s", "w", two.records[0].presence.refs)
    digest = Digester(comparison.differences)(Case(tasks=(one, two), findings=(finding,)))
    assert [len(line.findings) for line in digest.lines] == [1, 0]
    assert digest.lines[0].task is two


def test_a_digester_compares_a_task_once(case: Case) -> None:
    asked: list[str] = []

    def differences(task, host):  # type: ignore[no-untyped-def]  # as comparison.differences
        asked.append(task.path)
        return comparison.differences(task, host)

    digester = Digester(differences)
    digester(case)
    first = len(asked)
    digester(case.with_(findings=()))
    assert len(asked) == first > 10


@pytest.mark.parametrize(
    ("orphan", "presence", "is_hidden", "is_absent"),
    [
        ("", Presence.HIDDEN, True, False),
        ("", Presence.ABSENT, True, False),  # a whole listing leaves out what the registry has
        ("tasks", Presence.ABSENT, True, False),  # a Tasks key without a Tree key: it could run and is not listed
        ("tree", Presence.ABSENT, False, True),  # a Tree key without a Tasks key: there is nothing to run
        ("", Presence.VISIBLE, False, False),
        ("", Presence.UNKNOWN, False, False),
    ],
)
def test_hidden_is_what_could_run_and_is_not_listed(
    files: made.Files, orphan: str, presence: Presence, is_hidden: bool, is_absent: bool
) -> None:
    registry = replace(made.record(files, Store.REGISTRY, "\\x", "{A}", "a.exe"), orphan=orphan)
    scheduler = made.record(files, Store.SCHEDULER, "\\x", "{A}", "", presence=presence)
    task = Task("\\x", "{A}", (registry, scheduler))
    assert (hidden(task), absent(task)) == (is_hidden, is_absent)


def test_a_task_is_known_again_when_its_guid_comes_with_another_store(digest: Digest) -> None:
    line = digest.lines[0]
    assert digest.known_as(line.key) == line.key
    assert digest.known_as((line.key[0], "")) == line.key
    assert digest.known_as(("\\nowhere", "")) is None


def test_nothing_is_absent_while_reading_goes_on() -> None:
    task = Task("\\x", "", (), (Absence(Store.REGISTRY, Presence.ABSENT, "why"),))
    assert mark_of(task, Store.REGISTRY, False) is Mark.UNKNOWN
    told = telling(task, Store.REGISTRY, complete=False)
    assert (told.kind, told.reason) == (Kind.DIM, "not read so far")
    assert telling(task, Store.REGISTRY).kind is Kind.ABSENT
