"""Two files of one registry (a hive and a copy of it, a hive and an export) that tell the same task in two ways.

One of them is shown; that the other says something else must not be lost, since the change may be what somebody looks for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import Any

from triptych.limits import DEFAULT
from triptych.model.case import Case, Problem, Weight
from triptych.model.display import show
from triptych.model.evidence import State
from triptych.model.paths import fold
from triptych.model.task import Store, TaskRecord, leaves

_SHOWN = 8
_OF_THE_COPY = ("presence", "keeping.tree_written", "keeping.tasks_written", "keeping.index_written")  # exports have no times
_SAID = (State.STATED, State.UNREADABLE, State.NOT_STATED)


def with_disagreements(case: Case) -> tuple[Problem, ...]:
    """The problems of a case and those of this module, by file."""
    return tuple(sorted((*case.problems, *islice(told_twice(case), DEFAULT.problems_of_a_kind)), key=lambda problem: problem.file))


def told_twice(case: Case) -> Iterator[Problem]:
    """A problem for each pair of files that disagree on a task of one path and GUID, with the fields they disagree on."""
    groups: dict[tuple[str, ...], dict[str, TaskRecord]] = defaultdict(dict)
    for record in case.records:
        if record.store is Store.REGISTRY and record.presence.refs:
            file = record.presence.refs[0].spans[0].file
            groups[record.view, fold(record.path), record.guid].setdefault(file, record)
    for key in sorted(groups):
        (first, one), *others = sorted(groups[key].items())
        for second, other in others:
            fields = _disagreeing(one, other)
            if fields:
                yield _problem(one, first, second, fields)


def _disagreeing(one: TaskRecord, other: TaskRecord) -> list[str]:
    told, also = _values(one), _values(other)
    return sorted(name for name in told.keys() & also.keys() if told[name] != also[name]) + sorted(
        name for name in told.keys() ^ also.keys() if name.startswith(("actions[", "triggers[")) and name.endswith(".type")
    )


def _values(record: TaskRecord) -> dict[str, Any]:
    return {
        name: (reading.value, reading.raw if reading.state is State.UNREADABLE else "")
        for name, reading in leaves(record)
        if reading.state in _SAID and name not in _OF_THE_COPY
    }


def _problem(record: TaskRecord, first: str, second: str, fields: list[str]) -> Problem:
    more = f" and {len(fields) - _SHOWN} more" if len(fields) > _SHOWN else ""
    return Problem(
        Weight.DOUBT,
        "registry.told-twice",
        second,
        show(record.path, 200),
        tried=f"find the same task in it as in {first}",
        found=f"another {', '.join(fields[:_SHOWN])}{more}",
        lost="nothing of one file; what the other says of this task is not shown beside it",
        advice="scan each of the two files by itself and compare what they say of this task",
    )
