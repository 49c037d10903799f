"""The logs' telling beside the stores': where it stands, what it proves, and when it contradicts them."""

from __future__ import annotations

from dataclasses import replace

from tests.gui import made
from tests.gui.made_logged import AT, logged
from triptych.analysis import comparison
from triptych.analysis.comparison_logs import differences, log_telling, rows
from triptych.analysis.row import Row, Verdict
from triptych.model.case import Case
from triptych.model.task import Store, Task, TaskRecord


def with_log(task: Task, record: TaskRecord) -> Task:
    return replace(task, records=(*task.records, record))


def by_field(told: tuple[Row, ...]) -> dict[str, Row]:
    return {row.field: row for row in told}


def agreeing(case: Case) -> Task:
    """A task of which file and registry tell the same."""
    return next(
        task
        for task in case.tasks
        if task.record(Store.XML) and task.record(Store.REGISTRY) and not comparison.differences(task, case.host)
    )


def test_without_a_telling_of_the_logs_nothing_changes() -> None:
    case = made.case(made.Files())
    for task in case.tasks:
        assert rows(task, case.host) == comparison.rows(task, case.host)
        assert differences(task, case.host) == comparison.differences(task, case.host)


def test_every_cell_of_the_logs_keeps_its_reading_and_its_proof() -> None:
    case = made.case(made.Files())
    task = agreeing(case)
    record = logged(task)
    told = rows(with_log(task, record), case.host)
    cells = {row.field: row.cell(Store.LOG) for row in told}
    command = cells["actions[0].command"]
    assert command is record.actions[0].command
    assert all(cell.refs for cell in cells.values() if cell is not None and cell.stated)
    assert [row.field for row in told if row.cell(Store.XML) is not None] == [
        row.field for row in comparison.rows(task, case.host) if row.cell(Store.XML) is not None
    ]


def test_a_definition_like_the_stores_contradicts_nothing_and_another_command_does() -> None:
    case = made.case(made.Files())
    task = agreeing(case)
    assert differences(with_log(task, logged(task)), case.host) == ()
    other = with_log(task, logged(task, command="C:\\Users\\Public\\other.exe"))
    (row,) = differences(other, case.host)
    assert row.field == "actions[0].command"
    assert row.verdict is Verdict.DIFFERS
    assert row.runs is None  # no store runs what the log told
    assert AT.iso in row.why
    assert row.text(Store.LOG) == "C:\\Users\\Public\\other.exe"


def test_a_command_line_is_no_definition_that_could_contradict() -> None:
    case = made.case(made.Files())
    task = agreeing(case)
    other = with_log(task, logged(task, "command line", command="C:\\Users\\Public\\other.exe"))
    assert differences(other, case.host) == ()


def test_a_file_alone_is_compared_as_well() -> None:
    case = made.case(made.Files())
    task = agreeing(case)
    alone = replace(task, records=tuple(record for record in task.records if record.store is Store.XML))
    assert differences(with_log(alone, logged(task)), case.host) == ()
    found = differences(with_log(alone, logged(task, command="x.exe")), case.host)
    assert [row.field for row in found] == ["actions[0].command"]


def test_a_name_alone_is_a_telling_only_where_no_store_has_the_task() -> None:
    case = made.case(made.Files())
    task = agreeing(case)
    named = replace(logged(task, "named"), actions=(), triggers=(), has_actions=False, has_triggers=False)
    assert log_telling(with_log(task, named)) is None
    lone = Task(task.path, "", (named,))
    assert log_telling(lone) is named
    told = by_field(rows(lone, case.host))
    assert told["path"].text(Store.LOG) == task.path
    assert all(store is Store.LOG for row in told.values() for store, _ in row.cells)
