"""Event Viewer's tables: real Japanese lists, made ones of other regions, dates that tell their order and dates that do not, damage."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.material import shared
from triptych.evidence.contents import event_set_kind, role_of
from triptych.formats.evtx_csv_listing import LOCAL, LOCAL_IN_DOUBT, read_csv
from triptych.formats.evtx_json_lines import Listed
from triptych.formats.faults import Faults
from triptych.model.case import Balance
from triptych.model.times import Zone

ENGLISH = "Level,Date and Time,Source,Event ID,Task Category\r\n"
GERMAN = "Ebene,Datum und Uhrzeit,Quelle,Ereignis-ID,Aufgabenkategorie\r\n"
TASKS = "Microsoft-Windows-TaskScheduler"
RUN = "{4ACD45FF-E8FC-45F4-9603-B86F6A366D6A}"


def listed(data: bytes) -> tuple[list[Listed], Balance, Faults]:
    faults = Faults("a.csv")
    *events, balance = read_csv(data, "a.csv", faults)
    assert isinstance(balance, Balance)
    assert balance.closes
    return [found for found in events if isinstance(found, Listed)], balance, faults


def table(*rows: tuple[str, ...], header: str = ENGLISH) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return (header + out.getvalue()).encode()


def one(source: str, number: int, message: str) -> dict[str, str]:
    events, _, _ = listed(table(("Information", "27/10/2021 12:28:26", source, str(number), "None", message)))
    return dict(events[0].fields.data)


@pytest.mark.parametrize(
    "name", ["jpcert-handson1-Sysmon.csv", "jpcert-handson1-TaskScheduler.csv", "jpcert-handson5-TaskScheduler.csv"]
)
def test_real_lists_are_read_whole(name: str) -> None:
    data = shared(f"data/listings/JPCERTCC__log-analysis-training/{name}").read_bytes()
    assert event_set_kind(data[:4096]) == "csv"
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))[1:]
    events, balance, faults = listed(data)
    assert balance.listed == len(rows)
    assert not faults.problems
    for found, row in zip(events, rows, strict=True):
        assert found.fields.event_id == int(row[3])
        data_of = dict(found.fields.data)
        assert data_of["Message"].splitlines() == row[5].splitlines()
        piece = data[found.offset : found.offset + found.length].decode()
        assert next(csv.reader(io.StringIO(piece, newline=""))) == row
        assert data[: found.offset].count(b"\n") == found.line - 1
        assert found.time is not None
        if row[2].endswith("Sysmon"):
            assert found.time.zone is Zone.UTC
            assert found.time.iso[:19] == data_of["UtcTime"][:19].replace(" ", "T")
        else:
            assert (found.time.zone, found.note) == (Zone.LOCAL, LOCAL)
            assert found.time.iso == row[1].replace("/", "-").replace(" ", "T")


def test_numbers_run_from_the_oldest() -> None:
    events, _, _ = listed(shared("data/listings/JPCERTCC__log-analysis-training/jpcert-handson1-TaskScheduler.csv").read_bytes())
    assert [found.fields.record_id for found in events] == list(range(len(events), 0, -1))


@pytest.mark.parametrize(
    ("header", "date", "iso"),
    [
        (ENGLISH, "10/27/2021 12:28:26 AM", "2021-10-27T00:28:26"),
        (ENGLISH, "10/27/2021 12:28:26\u202fPM", "2021-10-27T12:28:26"),
        (ENGLISH, "27/10/2021 3:28:26 p.m.", "2021-10-27T15:28:26"),
        (GERMAN, "27.10.2021 12:28:26", "2021-10-27T12:28:26"),
        (GERMAN, "27-10-2021 12.28.26", "2021-10-27T12:28:26"),
        ("レベル,日付と時刻,ソース,イベント ID,タスクのカテゴリ\r\n", "2021/10/07 17:58:48", "2021-10-07T17:58:48"),
        ("级别,日期和时间,来源,事件 ID,任务类别\r\n", "2021/10/7 下午 5:58:48", "2021-10-07T17:58:48"),
        ("수준,날짜 및 시간,원본,이벤트 ID,작업 범주\r\n", "2021-10-07 오전 12:58:48", "2021-10-07T00:58:48"),
        ("Уровень,Дата и время,Источник,Код события,Категория задачи\r\n", "27.10.2021 9:28:26", "2021-10-27T09:28:26"),
    ],
)
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_regions(header: str, date: str, iso: str, codec: str) -> None:
    text = header + f'Information,{date},{TASKS},106,x,"User ""LAB\\a""  registered Task Scheduler task ""\\T"""\r\n'
    for mark in (",", "\t"):
        data = (text if mark == "," else text.replace(",", "\t")).encode(codec)
        assert role_of("x", data[:4096], listing=False) == "event-set"
        events, _, faults = listed(data)
        assert [found.time.iso for found in events if found.time] == [iso]
        assert dict(events[0].fields.data)["TaskName"] == "\\T"
        assert not faults.problems


def rows_of(*dates: str) -> bytes:
    return table(*(("Information", date, TASKS, "106", "x", 'User "A\\b" registered task "\\T"') for date in dates))


def test_the_order_of_day_and_month_is_told_by_the_rows() -> None:
    for dates, first in (
        (("03/04/2021 10:00:00", "13/04/2021 10:00:00"), "2021-04-03"),
        (("03/04/2021 10:00:00", "04/13/2021 10:00:00"), "2021-03-04"),
        (("05/03/2021 10:00:00", "04/03/2021 09:00:00", "03/04/2021 09:00:00"), "2021-05-03"),  # sorted if month first
        (("03/03/2021 10:00:00",), "2021-03-03"),  # no matter
    ):
        events, _, faults = listed(rows_of(*dates))
        assert not faults.problems, dates
        assert events[0].time is not None
        assert events[0].time.iso[:10] == first


@pytest.mark.parametrize("dates", [("03/04/2021 10:00:00",), ("13/04/2021 10:00:00", "04/13/2021 10:00:00", "01/02/2021 10:00:00")])
def test_where_they_do_not_tell_it_it_is_said(dates: tuple[str, ...]) -> None:
    events, balance, faults = listed(rows_of(*dates))
    assert [problem.code for problem in faults.problems] == ["evtx.csv-date"]
    assert balance.listed == len(dates)
    assert {found.note for found in events if found.time} == {LOCAL_IN_DOUBT}


def test_sysmon_tells_utc_and_the_order_for_its_neighbours() -> None:
    def sysmon(date: str, utc: str) -> tuple[str, ...]:
        return ("Information", date, "Microsoft-Windows-Sysmon", "1", "x", f"Process Create:\r\nUtcTime: {utc}\r\nImage: C:\\a.exe")

    task = ("Information", "04/03/2021 10:30:00", TASKS, "106", "x", 'User "A\\b" registered task "\\T"')
    late = ("Information", "04/03/2021 12:30:00", TASKS, "106", "x", 'User "A\\b" registered task "\\T"')
    events, _, faults = listed(
        table(
            late,
            sysmon("04/03/2021 11:00:00", "2021-03-04 09:00:00.123"),
            task,
            sysmon("04/03/2021 10:00:00", "2021-03-04 08:00:00.000"),
        )
    )
    assert not faults.problems
    assert [found.time.iso for found in events if found.time] == [
        "2021-03-04T12:30:00", "2021-03-04T09:00:00.123Z", "2021-03-04T08:30:00Z", "2021-03-04T08:00:00Z",
    ]  # fmt: skip
    assert [found.note == LOCAL for found in events] == [True, False, False, False]


MESSAGES: tuple[tuple[int, str, dict[str, str]], ...] = (
    (
        100, f'Task Scheduler started "{RUN}" instance of the "\\A" task for user "LAB\\x".',
        {"TaskName": "\\A", "UserContext": "LAB\\x", "InstanceId": RUN},
    ),
    (
        129, 'Task Scheduler launch task "\\A" , instance "C:\\b.exe"  with process ID 2984.',
        {"TaskName": "\\A", "Path": "C:\\b.exe", "ProcessID": "2984"},
    ),
    (
        200, f'Task Scheduler launched action "\\\\srv\\b.exe" in instance "{RUN}" of task "\\A".',
        {"TaskName": "\\A", "ActionName": "\\\\srv\\b.exe", "TaskInstanceId": RUN},
    ),
    (
        201, f'Task Scheduler successfully completed task "\\A" , instance "{RUN}" , action "C:\\b 7.exe" with return code 2147942402.',
        {"TaskName": "\\A", "ActionName": "C:\\b 7.exe", "TaskInstanceId": RUN, "ResultCode": "2147942402"},
    ),
    (
        106, "L'utilisateur \u00ab LAB\\x \u00bb a inscrit la t\u00e2che \u00ab \\A \u00bb du Planificateur de t\u00e2ches",
        {"TaskName": "\\A", "UserContext": "LAB\\x"},
    ),
    (
        141, "Der Benutzer \u201eLAB\\x\u201c hat die Aufgabe \u201e\\A\u201c gel\u00f6scht",
        {"TaskName": "\\A", "UserName": "LAB\\x"},
    ),
    (140, 'User "LAB\\x"  updated Task Scheduler task "A"', {"TaskName": "A", "UserName": "LAB\\x"}),
    (402, 'Task Scheduler service is shutting down "\\A".', {}),
)  # fmt: skip


@pytest.mark.parametrize(("number", "message", "told"), MESSAGES)
def test_messages_of_the_scheduler(number: int, message: str, told: dict[str, str]) -> None:
    found = one(TASKS, number, message)
    assert {name: value for name, value in found.items() if name not in ("Message", "Date and Time")} == told


def test_messages_of_security() -> None:
    source = "Microsoft-Windows-Security-Auditing"
    xml = (
        '<?xml version="1.0" encoding="UTF-16"?>\r\n<Task version="1.2"><Actions><Exec><Command>a</Command></Exec></Actions></Task>'
    )
    subject = (
        "Subject:\r\n\tSecurity ID:\t\tS-1-5-18\r\n\tAccount Name:\t\tx\r\n\tAccount Domain:\t\tLAB\r\n\tLogon ID:\t\t0x3E7\r\n"
    )
    task = f"Task Information:\r\n\tTask Name: \t\t\\A B\r\n\tTask Content: \t\t{xml}\r\n\t"
    found = one(source, 4698, f"A scheduled task was created.\r\n\r\n{subject}\r\n{task}")
    assert (found["TaskName"], found["TaskContent"]) == ("\\A B", xml.replace("\r\n", "\n"))
    assert (found["SubjectUserName"], found["SubjectDomainName"], found["SubjectLogonId"]) == ("x", "LAB", "0x3E7")
    process = "Process Information:\r\n\tNew Process ID:\t\t0x10\r\n\tProcess Command Line:\tcmd /c a: b"
    found = one(source, 4688, f"A new process has been created.\r\n\r\n{subject}\r\n{process}")
    assert (found["NewProcessId"], found["CommandLine"], found["SubjectUserSid"]) == ("0x10", "cmd /c a: b", "S-1-5-18")


def test_damage_costs_the_damaged_row_alone() -> None:
    good = f'Information,27/10/2021 12:28:26,{TASKS},106,x,"User ""A"" registered task ""\\T"""\r\n'
    open_quote = f'Information,27/10/2021 12:28:26,{TASKS},106,x,"User ""A\r\n'
    data = (ENGLISH + good + "nonsense\r\n" + good + ENGLISH + "\r\n" + good + open_quote).encode() + b"Information,soon,\xff,7,x,y"
    events, balance, faults = listed(data)
    assert (balance.promised, balance.listed, balance.lost) == (6, 5, 1)
    assert {problem.code for problem in faults.problems} == {"evtx.csv-row", "evtx.csv-quote"}
    assert [found.time is None for found in events] == [False] * 4 + [True]


@pytest.mark.parametrize(
    "text",
    [
        '"HostName","TaskName","Next Run Time"\r\n"LAB","\\A","1/2/2021"\r\n', "a,b,c,d,e\r\n1,2,3,4,5\r\n", "",
        "name,date,size,count,kind\r\na,1/2/2021 10:00:00,big,7,x\r\n",
    ],
)  # fmt: skip
def test_other_tables_are_none(text: str) -> None:
    assert event_set_kind(text.encode()) == ""


@given(st.binary(max_size=300), st.integers(0, 200))
def test_whatever_stands_there_the_sum_closes(noise: bytes, at: int) -> None:
    data = rows_of("03/04/2021 10:00:00", "13/04/2021 10:00:00")
    for text in (data[:at] + noise + data[at:], noise):
        _, balance, faults = listed(text)
        assert balance.lost == sum(problem.count for problem in faults.problems if problem.code == "evtx.csv-row")
