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
    """One way out. `render` gives file names and bytes; one file with the empty name goes where the option says.

    `suffix` is how the name of such a file ends, where a window suggests one.
    """

    option: str
    target: str
    says: str
    render: Callable[[Case, Run], Mapping[str, Data]]
    suffix: str = ""

    @property
    def name(self) -> str:
        """The option as the parsed command line names it."""
        return self.option.replace("-", "_")


def _json(case: Case, run: Run) -> Mapping[str, Data]:
    return {"": json_case.pieces(case, run)}


def _csv(case: Case, run: Run) -> Mapping[str, Data]:
    from triptych.exports import csv_tables  # late, as below: loaded where it is asked for

    return csv_tables.render(case, run)


def _html(case: Case, run: Run) -> Mapping[str, Data]:
    from triptych.exports import html_report

    return {"": html_report.render(case, run).encode("utf-8")}


def _jsonl(case: Case, run: Run) -> Mapping[str, Data]:
    from triptych.exports import timesketch

    return {"": timesketch.json_lines(case, run)}


def _timesketch_csv(case: Case, run: Run) -> Mapping[str, Data]:
    from triptych.exports import timesketch

    return {"": timesketch.csv(case, run)}


def _body(case: Case, run: Run) -> Mapping[str, Data]:
    from triptych.exports import body_file

    return {"": body_file.render(case, run)}


def _tln(case: Case, run: Run) -> Mapping[str, Data]:
    from triptych.exports import tln

    return {"": tln.render(case, run)}


def _iris(case: Case, run: Run) -> Mapping[str, Data]:
    from triptych.exports import iris

    return {"": iris.render(case, run)}


EXPORTERS: tuple[Exporter, ...] = (
    Exporter("json", "FILE", "the whole case as triptych.scan/1 (docs/scan.schema.json)", _json, ".json"),
    Exporter("csv", "DIR", "tasks, differences, findings, timeline, evidence and problems as CSV tables", _csv),
    Exporter("html", "FILE", "a report for people: one file, nothing loaded from outside, printable", _html, ".html"),
    Exporter("jsonl", "FILE", "the timeline for Timesketch, one JSON object a line (name it .jsonl)", _jsonl, ".jsonl"),
    Exporter("timesketch-csv", "FILE", "the timeline for Timesketch as CSV (name it .csv)", _timesketch_csv, ".csv"),
    Exporter("body", "FILE", "times of files and registry keys as a body file for mactime", _body, ".body"),
    Exporter("tln", "FILE", "the timeline in five fields: time, source, host, user, description", _tln, ".tln"),
    Exporter("iris", "FILE", "the timeline as the CSV that DFIR-IRIS imports", _iris, ".csv"),
)
