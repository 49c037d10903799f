"""Tasks that event logs alone tell, the reach of the logs, and what happened, in the tables, the report and the summary."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from functools import cache

from lxml import html as lxml_html

from tests.engine import scanned
from tests.exports.made import RUN, sound
from tests.gui import made, made_events
from tests.material import shared
from triptych.analysis.event_table import EventTable
from triptych.exports import csv_tables, html_report, text_summary
from triptych.exports.html_report_logs import MOST
from triptych.exports.log_words import log_lines
from triptych.exports.task_history import Histories
from triptych.model.case import Case, Fact
from triptych.model.display import needs_mark
from triptych.model.event import Link, LogReport, Moment, NumberGap
from triptych.model.evidence import EventPlace, EvidenceRef, Span, stated
from triptych.model.task import Store
from triptych.model.times import Instant, parse_iso

ATEXEC = "data/evtx/mdecrevoisier/ID4688,4698,4699,5145,4624-ATexec remote trask creation (GLOBAL).evtx"
COMMAND = "cmd.exe /C whoami > %windir%\\Temp\\bouWFQYO.tmp 2>&1"
REF = EvidenceRef(EventPlace("Security", 7), (Span("Security.evtx", 512, 80),))


@cache
def atexec() -> Case:
    return scanned(shared(ATEXEC))


def table(case: Case, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(csv_tables.render(case, RUN)[name].decode("utf-8-sig"), newline="")))


def page(case: Case) -> lxml_html.HtmlElement:
    return lxml_html.document_fromstring(html_report.render(case, RUN).encode("utf-8"))


def test_the_table_of_tasks_tells_what_the_log_tells() -> None:
    (row,) = table(atexec(), "tasks.csv")
    assert (row["Actions"], row["RunsAs"], row["InLogs"], row["LoggedAs"]) == (COMMAND, "S-1-5-18", "present", "4698")
    assert row["LoggedAt"] == "2021-06-10T21:21:26.383726Z"
    assert row["Triggers"].startswith("CalendarTrigger")


def test_stores_come_before_the_log_in_the_table() -> None:
    case = sound()
    task = next(task for task in case.tasks if task.record(Store.XML))
    (record,) = (record for record in atexec().tasks[0].records if record.store is Store.LOG)
    both = case.with_(tasks=(replace(task, records=(*task.records, record)),))
    (before,), (after,) = table(case.with_(tasks=(task,)), "tasks.csv"), table(both, "tasks.csv")
    assert {name for name in before if before[name] != after[name]} == {"InLogs", "LoggedAs", "LoggedAt"}


def test_a_table_of_the_logs() -> None:
    (row,) = table(atexec(), "logs.csv")
    (report,) = atexec().logs
    assert (row["Channel"], row["Records"], row["Kept"]) == ("Security", str(report.records), str(report.kept))
    assert report.first is not None
    assert row["First"] == report.first.iso
    assert table(Case(), "logs.csv") == []


def test_the_report_shows_command_proof_history_and_reach() -> None:
    document = page(atexec())
    first, *rest = document.find_class("finding")
    (tellings,) = first.find_class("tellings")
    assert [cell.text_content() for cell in tellings.find_class("log")] == ["Event logs"]
    assert "whoami" in tellings.text_content()
    assert not tellings.xpath(".//mark")  # nothing contradicts it
    (history,) = first.find_class("history")
    told = history.text_content()
    for word in ("reached over the network", "Logon", "Task created", "Task deleted", "10.23.123.11", "OFFSEC\\admmig"):
        assert word in told
    times = [row[0].text_content() for row in history.xpath("./tr")[1:]]
    assert times == sorted(times)
    assert not any(section.find_class("history") for section in rest)  # once a task
    (logs,) = document.find_class("logs")
    assert "2021-06-10T21:21:20.6360705Z" in logs.text_content()
    (row,) = document.xpath("//table[@class='tasks']/tr")[1:]
    assert COMMAND in row.text_content()
    assert len(row.find_class("log")) == 1


def test_a_report_without_logs_has_none_of_it() -> None:
    document = page(sound().with_(logs=(), events=()))
    assert document.find_class("logs") == []
    assert "log" not in document.xpath("//table[@class='tasks']//@class")


def test_the_summary_names_each_log_and_what_happened() -> None:
    text = text_summary.render(atexec())
    assert "Event logs   1 task, read, audited, 9 events kept" in text
    assert "Security: 2021-06-10T21:21:20.6360705Z to 2021-06-10T21:21:29.4393558Z" in text
    assert text.count("What happened:") == 1
    assert "Task deleted: \\bouWFQYO" in text


# -- made ones ----------------------------------------------------------------------------------------------------------------


def at(minute: int) -> Instant:
    return parse_iso(f"2026-03-14T02:{minute % 60:02d}:00Z")


def moment(minute: int, kind: str, source: str = "tasks-log", task: str | None = "\\Job", **more: object) -> Moment:
    ref = EvidenceRef(EventPlace("Security", minute + 1), (Span("Task.evtx", 512 + 100 * minute, 80),))
    return Moment(at(minute), source, kind, task, f"{kind}\x1b<b>\u202e", (ref,), **more)  # type: ignore[arg-type]  # as the tests give them


def with_moments(*moments: Moment) -> Case:
    """A case with one finding about \\Job that rests on nothing of these moments."""
    case = atexec()
    task = replace(case.tasks[0], path="\\Job")
    return case.with_(tasks=(task,), findings=(replace(case.findings[0], task="\\Job"),), timeline=moments)


def test_runs_give_way_to_what_was_done_and_are_counted() -> None:
    runs = tuple(moment(minute, "run-started") for minute in range(1, 59))
    case = with_moments(moment(0, "registered", links=(Link(1, "why"),)), *runs)
    history = Histories(case).of("\\job", 10)
    assert history is not None
    assert len(history.moments) == 10
    assert history.left_out == 49
    assert history.moments[0].kind == "registered"
    assert [one.time for one in history.moments[2:]] == [at(minute) for minute in range(51, 59)]  # beside the linked, the newest


def test_what_is_linked_to_a_doing_is_told_whichever_way_the_link_leads() -> None:
    case = with_moments(
        moment(0, "logon", "security", None, links=(Link(1, "same logon"),)),
        moment(1, "registered", links=(Link(2, "its process"),)),
        moment(2, "process-created", "security", None),
        moment(3, "logon", "security", None),
    )
    history = Histories(case).of("\\Job", 10)
    assert history is not None
    assert [one.time for one in history.moments] == [at(0), at(1), at(2)]
    assert history.left_out == 0


def test_without_an_event_there_is_no_history() -> None:
    case = with_moments(moment(0, "registered", "registry"), moment(1, "file-modified", "file"))
    assert Histories(case).of("\\Job", 10) is None
    assert Histories(case).of("\\Other", 10) is None
    assert "What happened" not in text_summary.render(case)


def test_histories_are_bounded_escaped_and_plain() -> None:
    case = with_moments(*(moment(minute, "registered") for minute in range(59)))
    document = page(case)
    (history,) = document.find_class("history")
    assert len(history.xpath("./tr")) == MOST + 1
    assert f"{59 - MOST:,} more moments" in document.text_content()
    assert not history.xpath(".//b")
    for text in (text_summary.render(case), html_report.render(case, RUN)):
        assert not any(needs_mark(character) for character in text if character != "\n")


def test_lines_of_logs_tell_gaps_losses_clearings_and_the_switch() -> None:
    report = LogReport(
        "Security", "a.evtx", at(0), at(9), 90, 5, (NumberGap(4, 6, at(1), at(2)), NumberGap(8, 8, at(3), at(4))), lost=2, ordinal=1,
        first_number=1,
    )  # fmt: skip
    off = (
        Fact("channel", "security", stated("disabled", REF)),
        Fact("channel-written", "Security", stated("2026-03-14T03:00:00Z", REF)),
        Fact("channel", "Security", stated("enabled", REF), view="Windows.old"),
    )
    case = Case().with_(logs=(report,))
    (line,) = log_lines(case.with_(host=replace(case.host, facts=off)), EventTable())
    assert line.lacks == "2 gaps (4 record numbers), 2 records lost"
    assert line.begins == "from its first record"
    assert line.switch == "off, key last written 2026-03-14T03:00:00Z"
    assert line.cleared == ""
    (plain,) = log_lines(case)
    assert plain.switch == ""
    (empty,) = log_lines(case.with_(logs=(LogReport("System", "b.evtx"),)))
    assert (empty.first, empty.last, empty.begins) == (None, None, "no records")


def test_a_clearing_is_told_with_its_time_and_hand() -> None:
    case = made_events.case(made.Files())
    cleared = {line.channel: line.cleared for line in log_lines(case)}
    assert cleared["System"] == "2026-03-14T02:18:05.22Z by CORP\\svc-backup"
    assert cleared["Security"] == ""
    assert log_lines(case, EventTable(case.events)) == log_lines(case)
    assert f"cleared {cleared['System']}" in text_summary.render(case)
    assert cleared["System"] in page(case).find_class("logs")[0].text_content()
