"""The event logs in the report: how far they reach and what they lack, and what happened to a task that a finding is about."""

from __future__ import annotations

from triptych.exports.log_words import LogLine, log_lines
from triptych.exports.markup import Markup, element, joined
from triptych.exports.task_history import History
from triptych.model.case import Case
from triptych.model.event import Moment
from triptych.model.paths import fold

MOST = 40  # moments of one task
_LONGEST = 600  # characters of what a moment says


def logs(case: Case) -> Markup | None:
    """Each log with its reach. Nothing where the evidence holds none."""
    lines = log_lines(case)
    if not lines:
        return None
    head = element("tr", *(element("th", name) for name in ("Log", "First", "Last", "Records", "Kept", "What is missing", "File")))
    rows = [element("tr", *_cells(line)) for line in lines]
    return element(
        "section",
        element("h2", "Event logs"),
        element(
            "p",
            "A missing event says something only where a log covers the time. First and Last are the times of the oldest and the "
            "newest record; kept are the events that concern tasks, their makers and their witnesses.",
            css="dim",
        ),
        element("table", head, *rows, css="logs"),
    )


def _cells(line: LogLine) -> list[Markup]:
    report = line.report
    missing = (
        line.lacks,
        line.begins,
        f"cleared {line.cleared}" if line.cleared else "",
        f"switched {line.switch}" if line.switch.startswith("off") else "",
    )
    return [
        element("td", line.channel),
        element("td", line.first.iso if line.first else "\u2014"),
        element("td", line.last.iso if line.last else "\u2014"),
        element("td", f"{report.records:,}"),
        element("td", f"{report.kept:,}"),
        element("td", "; ".join(part for part in missing if part)),
        element("td", element("code", report.file)),
    ]


def history(told: History, path: str) -> Markup:
    """What happened to a task, a line a moment."""
    head = element("tr", *(element("th", name) for name in ("Time", "Source", "By", "What happened")))
    rows = [element("tr", *_moment(moment, path)) for moment in told.moments]
    more = f"{told.left_out:,} more moments of this task, most of them runs, stand in the JSON, the CSV and the timeline formats."
    return joined(
        element("h3", "What happened"),
        element("table", head, *rows, css="history"),
        element("p", more, css="dim") if told.left_out else None,
    )


def _moment(moment: Moment, path: str) -> list[Markup]:
    own = moment.task is not None and fold(moment.task) == fold(path)
    text = moment.text if len(moment.text) <= _LONGEST else f"{moment.text[:_LONGEST]}\u2026"
    return [
        element("td", moment.time.iso),
        element("td", moment.source),
        element("td", moment.account or ""),
        element("td", text, css="" if own else "dim"),
    ]
