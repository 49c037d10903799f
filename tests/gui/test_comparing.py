"""Rows of the comparison: differences, absences, silence - each drawn as what it is."""

from __future__ import annotations

import pytest

from tests.gui import made
from triptych.analysis import comparison
from triptych.analysis.row import Row, Verdict
from triptych.gui import words
from triptych.gui.comparing import Entry, columns, entries, telling
from triptych.gui.tables import Cell, Kind
from triptych.model.case import Case
from triptych.model.evidence import State, not_stated, unreadable
from triptych.model.task import Absence, Presence, Store, Task


def cells(case: Case, task: Task, label: str) -> list[Cell]:
    entry = next(
        entry
        for entry in entries(comparison.rows(task, case.host), only_differences=False)
        if entry.row and entry.row.label == label
    )
    return [column.cell(entry) for column in columns(task, case)]


@pytest.fixture
def hidden(case: Case) -> Task:
    return case.tasks[0]


def test_differing_cells_are_marked_and_the_acting_one_is_bold(case: Case, hidden: Task) -> None:
    _, xml, registry, scheduler = cells(case, hidden, "1 · Command")
    assert (xml.kind, registry.kind, scheduler.kind) == (Kind.DIFFERS, Kind.DIFFERS, Kind.ABSENT)
    assert registry.bold
    assert not xml.bold
    assert registry.marks == ((0, 7),)
    assert "Windows acts on this" in registry.said


def test_absence_says_why_once_then_a_dash(case: Case, hidden: Task) -> None:
    made_entries = entries(comparison.rows(hidden, case.host), only_differences=False)
    column = columns(hidden, case)[3]
    told = [column.cell(entry).text for entry in made_entries if entry.row]
    assert told[0] == "absent: the Tree key has no SD value"
    assert set(told[1:]) == {"—"}


def test_what_differs_from_an_absence_alone_is_not_drawn_as_a_difference(case: Case, hidden: Task) -> None:
    _, xml, registry, _ = cells(case, hidden, "Listed")
    assert xml.kind is registry.kind is Kind.PLAIN


def test_a_store_that_never_keeps_a_value_says_so_in_dim_words(case: Case, hidden: Task) -> None:
    _, xml, _, _ = cells(case, hidden, "Last run")
    assert (xml.kind, xml.text) == (Kind.DIM, "not kept in XML")


def test_only_differences_leaves_the_heads_of_their_sections(case: Case, hidden: Task) -> None:
    kept = entries(comparison.rows(hidden, case.host), only_differences=True)
    assert all(entry.row is None or entry.row.verdict is Verdict.DIFFERS for entry in kept)
    heads = [entry.section for entry in kept if entry.row is None]
    assert heads == list(dict.fromkeys(entry.section for entry in kept))
    assert sum(entry.first for entry in kept) == 1


@pytest.mark.parametrize(
    ("presence", "kind"),
    [(Presence.NOT_READ, Kind.DIM), (Presence.UNKNOWN, Kind.DIM), (Presence.ABSENT, Kind.ABSENT), (Presence.HIDDEN, Kind.ABSENT)],
)
def test_not_knowing_is_no_absence(presence: Presence, kind: Kind) -> None:
    task = Task("\\x", "", (), (Absence(Store.SCHEDULER, presence, "no listing in the evidence"),))
    told = telling(task, Store.SCHEDULER)
    assert told.kind is kind
    assert "no listing in the evidence" in told.reason


def test_unreadable_and_silent_values(case: Case, files: made.Files, hidden: Task) -> None:
    ref = hidden.records[0].presence.refs[0]
    row = Row(
        "principal.id", "Principal", "Id",
        ((Store.XML, not_stated(None, ref)), (Store.REGISTRY, unreadable("de ad", ref, note="REG_BINARY"))),
        (), Verdict.UNCOMPARABLE,
    )  # fmt: skip
    made_columns = columns(hidden, case)
    silent, broken = (made_columns[at].cell(Entry("Principal", row)) for at in (1, 2))
    assert (silent.text, silent.kind) == ("not stated", Kind.DIM)
    assert broken.text == "unreadable: de ad"
    assert broken.refs == (ref,)
    assert "REG_BINARY" in broken.tip


def test_cells_of_every_row_show_the_refs_of_their_reading(case: Case) -> None:
    for task in case.tasks:
        for entry in entries(comparison.rows(task, case.host), only_differences=False):
            for column, store in zip(columns(task, case)[1:], words.STORES, strict=True):
                reading = entry.row.cell(store) if entry.row else None
                if reading is not None and telling(task, store).kind is Kind.PLAIN and reading.state is not State.NOT_KEPT:
                    assert column.cell(entry).refs == reading.refs


def test_times_and_commands_stand_in_the_fixed_face(case: Case, hidden: Task) -> None:
    assert cells(case, hidden, "1 · Arguments")[1].mono
    assert cells(case, hidden, "Last run")[2].mono
    assert not cells(case, hidden, "Author")[1].mono
