"""The formats a scan can leave in, in one tuple."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from triptych.exports import json_case
from triptych.exports.json_case import Run
from triptych.exports.writing import Data
from triptych.model.case import Case


@dataclass(frozen=True, slots=True)
class Exporter:
    """One way out. `render` gives file names and bytes; one file with the empty name goes where the option says."""

    option: str
    target: str
    says: str
    render: Callable[[Case, Run], Mapping[str, Data]]


def _json(case: Case, run: Run) -> Mapping[str, Data]:
    return {"": json_case.pieces(case, run)}


def _csv(case: Case, run: Run) -> Mapping[str, Data]:
    from triptych.exports import csv_tables  # late, as below: loaded where it is asked for

    return csv_tables.render(case, run)


def _html(case: Case, run: Run) -> Mapping[str, Data]:
    from triptych.exports import html_report

    return {"": html_report.render(case, run).encode("utf-8")}


EXPORTERS: tuple[Exporter, ...] = (
    Exporter("json", "FILE", "the whole case as triptych.scan/1 (docs/scan.schema.json)", _json),
    Exporter("csv", "DIR", "tasks, differences, findings, timeline, evidence and problems as CSV tables", _csv),
    Exporter("html", "FILE", "a report for people: one file, nothing loaded from outside, printable", _html),
)
