"""What happened on WS-FIN-07: stores, logs with a gap, a cleared and a switched-off one, linked from the logon to the process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from pytestqt.qtbot import QtBot

from tests.gui import made
from triptych.analysis import comparison
from triptych.gui.main import build
from triptych.gui.session import Work
from triptych.gui.settings import Settings
from triptych.gui.window import Window
from triptych.logs.blocks import blocks_of
from triptych.model.case import Case, Progress
from triptych.model.event import Event, Link, LogReport, Moment, NumberGap
from triptych.model.evidence import EventPlace, EvidenceFile, EvidenceRef, Span
from triptych.model.times import Instant, parse_iso

TASK = "\\Microsoft\\Windows\\WinUpdate"
LOGS = "Windows/System32/winevt/Logs/"
TASKS, SECURITY, SYSTEM = "Microsoft-Windows-TaskScheduler/Operational", "Security", "System"
_FILES = {
    TASKS: f"{LOGS}Microsoft-Windows-TaskScheduler%4Operational.evtx",
    SECURITY: f"{LOGS}Security.evtx",
    SYSTEM: f"{LOGS}System.evtx",
}
_LANES = {TASKS: "tasks-log", SECURITY: "security", SYSTEM: "system"}
SIZE = 512
DEFINITION = '<?xml version="1.0" encoding="UTF-16"?>\r\n<Task>\r\n  <Actions/>\r\n</Task>'


def at(text: str) -> Instant:
    return parse_iso(f"2026-03-{text}Z")


def event(number: int, time: str, channel: str, event_id: int, kind: str, words: str, **more: object) -> Event:
    file = _FILES[channel]
    ref = EvidenceRef(EventPlace(channel, number), (Span(file, 4608 + SIZE * (number % 1000), SIZE),))
    given = Event(at(time), channel, event_id, number, _LANES[channel], kind, words, ref)
    return replace(given, **more)  # type: ignore[arg-type]  # names and values as the tests give them


def events() -> tuple[Event, ...]:
    account, logon = "CORP\\svc-backup", "0x3e7a1c4"
    told = [
        event(88190, "14T02:10:58.114", SECURITY, 4624, "logon", "Logon", account=account, logon_id=logon,
              data=(("LogonType", "3"), ("IpAddress", "10.8.0.41"))),
        event(88191, "14T02:10:58.117", SECURITY, 4672, "privileges", "Privileges given to a logon", account=account, logon_id=logon),
        event(88196, "14T02:11:40.871", SECURITY, 5145, "share-access", "Task pipe reached over the network", account=account,
              data=(("IpAddress", "10.8.0.41"), ("RelativeTargetName", "atsvc"))),
        event(501, "14T02:11:40.911", TASKS, 106, "registered", "Task registered", task=TASK, account=account),
        event(88197, "14T02:11:40.9183127", SECURITY, 4698, "registered", "Task created", task=TASK, account=account, logon_id=logon,
              content=DEFINITION),
        event(88201, "14T02:11:52.087", SECURITY, 4688, "process-created", "Process created", account="SYSTEM",
              process="C:\\Windows\\regedit.exe", command="reg.exe import C:\\ProgramData\\x\\a.reg", process_id=5932),
        event(502, "14T02:11:58.604", TASKS, 400, "service-started", "Scheduler service started"),
        event(88204, "14T02:12:09.341", SECURITY, 4688, "process-created", "Process created", account="SYSTEM",
              process="C:\\Windows\\System32\\reg.exe", command="reg.exe delete HKLM\\...\\Tree\\...\\WinUpdate /v SD /f", process_id=5980),
        *(event(510 + place, f"14T02:17:0{3 + place // 4}.{2 + 10 * place:03d}", TASKS, number, kind, words, task=TASK,
                process="cmd.exe" if number in (129, 200, 201) else "")
          for place, (number, kind, words) in enumerate((
              (107, "triggered", "Started by a time trigger"), (129, "process-created", "Process of a task created"),
              (100, "run-started", "Run started"), (200, "action-started", "Action started"),
              (201, "action-finished", "Action finished"), (102, "run-finished", "Run finished")))),
        event(88240, "14T02:17:03.015", SECURITY, 4688, "process-created", "Process created", account="SYSTEM",
              process="C:\\Windows\\System32\\cmd.exe", command="cmd.exe /c C:\\ProgramData\\x\\u.bat", process_id=6112),
        event(7001, "14T02:18:05.220", SYSTEM, 104, "log-cleared", "Log cleared", account=account, data=(("Channel", "System"),)),
        event(530, "14T02:18:20.000", TASKS, 719, "log-disabled", "The service switched its log off"),
    ]  # fmt: skip
    told += [
        event(87000 + 10 * hour + minute, f"{'13' if hour >= 20 else '14'}T{hour:02d}:{minute * 19 % 60:02d}:11", SECURITY, 4688,
              "process-created", "Process created", account="SYSTEM", process="C:\\Windows\\System32\\svchost.exe",
              command=f"svchost.exe -k netsvcs -p -s Schedule{hour}", process_id=900 + hour)
        for hour in (20, 21, 22, 23, 0, 1, 2) for minute in range(3)
    ]  # fmt: skip
    return tuple(told)


def _moment(time: str, source: str, kind: str, text: str, ref: EvidenceRef, task: str | None = TASK) -> Moment:
    return Moment(at(time), source, kind, task, f"{text}: {TASK}", (ref,))


def timeline(case: Case, told: tuple[Event, ...]) -> tuple[Moment, ...]:
    """The stores' moments and the events that concern the task, linked as a chain."""
    hidden = case.tasks[0]
    registry, xml = hidden.records[1], hidden.records[0]
    key = registry.presence.refs[0]
    stores = [
        _moment("14T02:11:40.902", "registry", "registered", "Task Registered (DynamicInfo)", registry.run.registered.refs[0]),
        _moment("14T02:11:40.904", "file", "file-modified", "Task File Modified", xml.presence.refs[0]),
        _moment("14T02:12:09.377", "registry", "tree-key-written", "TaskCache Tree Key Last Written", key),
        _moment("14T02:17:03.009", "registry", "last-run", "Task Last Run (DynamicInfo)", registry.run.last_run.refs[0]),
    ]
    linked = [event for event in told if event.record_id >= 88190 or event.channel != SECURITY]
    moments = stores + [
        Moment(event.time, event.lane, event.kind, event.task, f"{event.words}: {event.command or event.task or ''}", (event.ref,),
               account=event.account or None) for event in linked
    ]  # fmt: skip
    moments.sort(key=lambda moment: (moment.time.ticks, moment.source))
    where = {(moment.source, moment.kind, moment.time.ticks): number for number, moment in enumerate(moments)}

    def number(source: str, kind: str, time: str) -> int:
        return where[source, kind, at(time).ticks]

    created = number("security", "registered", "14T02:11:40.9183127")
    tree = number("registry", "tree-key-written", "14T02:12:09.377")
    run = number("tasks-log", "process-created", "14T02:17:03.012")
    chain = (
        (number("security", "logon", "14T02:10:58.114"), created, "same logon id 0x3e7a1c4"),
        (created, tree, "same task; its Tree key was written after"),
        (tree, run, "same task, same command"),
        (run, number("security", "process-created", "14T02:17:03.015"), "same process id 6112"),
    )
    for earlier, later, why in chain:
        moments[earlier] = replace(moments[earlier], links=(*moments[earlier].links, Link(later, why)))
    return tuple(moments)


def case(files: made.Files) -> Case:
    whole = made.case(files)
    told = events()
    for file in _FILES.values():
        files.data[file] = bytearray(b"ElfFile\0".ljust(4608, b"\0") + bytes(range(256)) * 2 * 1000)
    found = tuple(EvidenceFile(file, "event log", len(files.data[file]), None, "ab" * 32) for file in _FILES.values())
    gap = NumberGap(88205, 88231, at("14T02:13:12"), at("14T02:14:40"))
    logs = (
        LogReport(TASKS, _FILES[TASKS], at("13T20:00:00"), at("14T02:18:20"), 40, 9),
        LogReport(SECURITY, _FILES[SECURITY], at("13T20:00:00"), at("14T02:29:41"), 240, 20, gaps=(gap,)),
        LogReport(SYSTEM, _FILES[SYSTEM], at("14T02:18:05.220"), at("14T02:29:41"), 12, 1, cleared=(at("14T02:18:05.220"),)),
    )
    return whole.with_(events=blocks_of(told), timeline=timeline(whole, told), logs=logs, files=(*whole.files, *found))


def work(shown: Case, files: made.Files, arguments: tuple[str, ...] = ("/cases/ws-fin-07",)) -> Work:
    """Reading in three snapshots: nothing of the logs, half of the events, everything."""

    def scan() -> Iterator[Progress | Case]:
        yield Progress("Security.evtx", 10, 216)
        yield shown.with_(findings=(), events=(), timeline=(), logs=(), complete=False)
        yield shown.with_(findings=(), timeline=(), events=shown.events[:1], complete=False)
        yield Progress("Judging")
        yield shown

    def record(file: str, offset: int, length: int) -> bytes:
        return json.dumps([["<Event>", 0, 0], [f"  <At>{offset}</At>", offset + 8, 4], ["</Event>", 0, 0]]).encode()

    return Work(arguments, (), "mounted image", scan, files.fetch, comparison.rows, comparison.differences, record)


def opened(qtbot: QtBot, files: made.Files, case: Case, settings: Settings) -> Window:
    """The window, shown and with the case read to its end."""
    shown = build(lambda given, listings: work(case, files, given), settings)
    qtbot.addWidget(shown)
    shown.resize(1600, 1000)
    with qtbot.waitExposed(shown):
        shown.show()
    shown.activateWindow()
    shown.open(("/cases/ws-fin-07",))
    qtbot.waitUntil(lambda: shown.session.run.state == "done", timeout=5000)
    return shown
