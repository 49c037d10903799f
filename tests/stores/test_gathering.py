"""Answers into a case: order leaves no mark, problems are told once and in full, stores say how they were read."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from triptych.evidence.layouts import Found, Item, View
from triptych.model.case import XML_NOT_LISTED, Balance, Fact, Problem, Progress, Weight
from triptych.model.evidence import EvidenceFile, EvidenceRef, Excerpt, FilePlace, ReadState, Span, stated
from triptych.model.task import Presence, Store, TaskRecord
from triptych.stores.gathering import Gathering
from triptych.stores.job import Answer
from triptych.stores.troubles import settled

REF = EvidenceRef(FilePlace("f"), (Span("f", 0, 1),))


def problem(file: str, code: str = "x.y", weight: Weight = Weight.LOST, where: str = "here") -> Problem:
    return Problem(weight, code, file, where, "read it", "nothing", "all", "look")


def file(path: str, read: ReadState = ReadState.WHOLE, note: str = "", kind: str = "task file") -> EvidenceFile:
    return EvidenceFile(path, kind, 1, None, "00" * 32, read, note=note)


def record(path: str, store: Store = Store.XML, presence: Presence = Presence.PRESENT, complete: bool = True) -> TaskRecord:
    return TaskRecord(store, path, stated(presence, REF), complete=complete)


def item(path: str, role: str = "task-file") -> Item:
    return Item(role, path, "", path)


def found(*items: Item, listed: bool = True, problems: tuple[Problem, ...] = ()) -> Found:
    return Found((View("", "", "volume", listed),), items, problems)


def test_what_the_search_told_is_not_told_again() -> None:
    gathering = Gathering(found(problems=(problem("a", "archive.ratio"),)))
    gathering.extend(
        [problem("a", "archive.ratio", where="the whole file"), problem("a", "other.code"), problem("b", "archive.ratio")]
    )
    assert [(row.file, row.code) for row in gathering.case().problems] == [
        ("a", "archive.ratio"), ("a", "other.code"), ("b", "archive.ratio"),
    ]  # fmt: skip


@pytest.mark.parametrize(("read", "code"), [(ReadState.PART, "evidence.part"), (ReadState.FAILED, "evidence.failed")])
def test_a_file_not_read_whole_has_a_problem(read: ReadState, code: str) -> None:
    gathering = Gathering(found())
    gathering.extend([file("a", read, "its member is damaged"), file("b", read, "told"), problem("b")])
    rows = {row.file: row for row in gathering.case().problems}
    assert (rows["a"].code, rows["a"].found, rows["a"].severity) == (code, "its member is damaged", Weight.LOST)
    assert rows["b"].code == "x.y"
    assert len(rows) == 2


def test_every_part_of_a_problem_is_said() -> None:
    (row,) = settled([Problem(Weight.DOUBT, "x.y", "", "", "read", "thing", "", "")], [], [], [])
    assert all((row.file, row.where, row.lost, row.advice))
    assert settled([problem("a")], [], [], []) == (problem("a"),)


def test_a_flood_is_counted_and_hides_nothing_else() -> None:
    flood = [problem(f"tasks/f{number:04d}") for number in range(950)]
    few = [problem(f"tasks/f{number:04d}", "rare.kind", Weight.NOTE) for number in range(3)]
    rows = settled([], [*flood, *few], [], [], cap=100)
    assert len(rows) == 104
    (rest,) = [row for row in rows if row.count > 1]
    assert (rest.count, rest.file, rest.where) == (850, "tasks", "850 files")
    assert "850 more of this kind" in rest.found
    assert sum(row.count for row in rows) == 953
    assert [row.code for row in rows].count("rare.kind") == 3


def test_a_count_that_stands_for_many_stays_one() -> None:
    many = [replace(problem("a", where=str(number)), count=5) for number in range(4)]
    rows = settled([], many, [], [], cap=2)
    assert sum(row.count for row in rows) == 20
    assert max(row.count for row in rows) == 10
    assert {row.file for row in rows} == {"a"}


def test_an_open_balance_is_a_loss() -> None:
    (row,) = settled([], [], [], [Balance("a", "rows", 5, 2, 1, 1), Balance("b", "rows", 2, 2)])
    assert (row.code, row.file, row.severity) == ("balance.open", "a", Weight.LOST)
    assert "1 rows without a reason" in row.lost


def test_two_readers_of_one_file_leave_one_row_whatever_the_order() -> None:
    whole = replace(file("a"), size=7, modified=5, id="11" * 32)
    stopped = EvidenceFile("a", "registry", 0, None, "", ReadState.PART, note="its reader was stopped")
    rows = set()
    for order in ([whole, stopped], [stopped, whole]):
        gathering = Gathering(found())
        gathering.extend(order)
        rows.add(gathering.case().files)
    ((row,),) = rows
    assert (row.read, row.id, row.size, row.note) == (ReadState.PART, "11" * 32, 7, "its reader was stopped")


def test_the_order_of_the_answers_leaves_no_mark() -> None:
    answers: list[Answer] = [record(f"\\T{number % 7}", store) for number in range(20) for store in (Store.XML, Store.REGISTRY)]
    answers += [file(f"f{number}") for number in range(9)] + [problem(f"f{number % 3}", where=str(number)) for number in range(9)]
    answers += [Fact("name", "", stated(f"N{number}", REF)) for number in range(5)] + [Balance("f", "x", n, n) for n in range(4)]
    cases = set()
    for seed in range(6):
        random.Random(seed).shuffle(answers)
        gathering = Gathering(found())
        gathering.extend(answers)
        cases.add(repr(gathering.case()))
    assert len(cases) == 1


@pytest.mark.parametrize("answer", [Progress("x"), Excerpt("f", 0, b"", 0)])
def test_what_is_no_part_of_a_case_is_refused(answer: Answer) -> None:
    with pytest.raises(TypeError):
        Gathering(found()).add(answer)


def report(store: Store, gathering: Gathering) -> tuple[str, str]:
    told = gathering.case().report(store)
    assert told is not None
    return told.state, told.basis


def test_task_files_without_their_folder_prove_no_absence() -> None:
    listed, alone = Gathering(found(item("a"))), Gathering(found(item("a"), listed=False))
    for gathering in (listed, alone):
        gathering.extend([file("a"), record("\\a")])
    assert report(Store.XML, listed) == ("read", "")
    assert report(Store.XML, alone) == ("read", XML_NOT_LISTED)
    assert report(Store.XML, Gathering(found(listed=False))) == ("absent", "")
    assert report(Store.XML, Gathering(found())) == ("read", "")


def test_how_the_registry_was_read() -> None:
    def of(*answers: Answer) -> str:
        gathering = Gathering(found(item("SOFTWARE", "software-hive")))
        gathering.extend(answers)
        return report(Store.REGISTRY, gathering)[0]

    assert of() == "absent"
    assert of(file("SOFTWARE"), record("\\a", Store.REGISTRY)) == "read"
    assert of(file("SOFTWARE")) == "read"
    assert of(file("SOFTWARE", ReadState.PART), record("\\a", Store.REGISTRY)) == "partly"
    assert of(file("SOFTWARE"), record("\\a", Store.REGISTRY, complete=False)) == "partly"
    assert of(file("SOFTWARE", ReadState.FAILED)) == "failed"
    assert of(file("SOFTWARE"), file("other", ReadState.FAILED)) == "read"


def test_how_a_listing_was_read() -> None:
    gathering = Gathering(found())
    gathering.add(file("l.json", ReadState.FAILED, kind="listing (JSON)"))
    assert report(Store.SCHEDULER, gathering)[0] == "failed"
    gathering.add(record("\\a", Store.SCHEDULER, Presence.VISIBLE))
    assert report(Store.SCHEDULER, gathering)[0] == "partly"
