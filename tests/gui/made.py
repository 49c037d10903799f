"""A made case: WS-FIN-07 with the hidden task WinUpdate, its readings citing bytes of files that exist only here."""

from __future__ import annotations

from collections.abc import Iterator

from triptych.analysis import comparison
from triptych.gui.session import Work
from triptych.model.case import Balance, Case, Fact, Host, Problem, Progress, StoreReport, Weight
from triptych.model.evidence import (
    EvidenceFile,
    EvidenceRef,
    Place,
    Reading,
    ReadState,
    RegistryPlace,
    Span,
    XmlPlace,
    not_stated,
    stated,
)
from triptych.model.finding import Confidence, Finding, Severity, finding_key
from triptych.model.task import (
    Absence,
    Action,
    Keeping,
    Presence,
    Principal,
    Registration,
    RunState,
    Settings,
    Store,
    Task,
    TaskRecord,
    Trigger,
)
from triptych.model.times import Instant, parse_iso

HIVE = "Windows/System32/config/SOFTWARE#replayed"
TREE = "Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tree"
TASKS = "Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tasks"


class Files:
    """Evidence in the making: bytes are put down and cited."""

    def __init__(self) -> None:
        self.data: dict[str, bytearray] = {}

    def put(self, file: str, data: bytes, place: Place) -> EvidenceRef:
        held = self.data.setdefault(file, bytearray(b"hbin" + bytes(range(60)) if file == HIVE else b"\xff\xfe"))
        start = len(held)
        held += data + b"\0\0"
        return EvidenceRef(place, (Span(file, start, len(data)),))

    def fetch(self, file: str, offset: int, length: int) -> bytes:
        return bytes(self.data[file][offset : offset + length])


class Teller:
    """One store's voice for one task."""

    def __init__(self, files: Files, store: Store, path: str, guid: str) -> None:
        self.files, self.store, self.path, self.guid = files, store, path, guid
        self.line = 0

    def ref(self, text: str, name: str) -> EvidenceRef:
        data = text.encode("utf-16-le", "surrogatepass") or b"\0\0"
        if self.store is Store.XML:
            self.line += 1
            return self.files.put(
                f"Windows/System32/Tasks{self.path.replace(chr(92), '/')}", data, XmlPlace(self.line, f"/Task/{name}")
            )
        key = f"{TASKS}\\{self.guid}" if name not in ("Tree", "SD", "Index") else f"{TREE}{self.path}"
        return self.files.put(HIVE, data, RegistryPlace(key, None if name == "Tree" else name))

    def text(self, value: str, name: str) -> Reading[str]:
        return stated(value, self.ref(value, name))

    def time(self, value: str, name: str) -> Reading[Instant]:
        return stated(parse_iso(value), self.ref(value, name))


def record(
    files: Files,
    store: Store,
    path: str,
    guid: str,
    command: str,
    arguments: str = "",
    *,
    account: str = "S-1-5-18",
    last_run: str = "2026-03-10T09:31:00Z",
    presence: Presence = Presence.PRESENT,
    note: str = "",
    index: int | None = 3,
) -> TaskRecord:
    told = Teller(files, store, path, guid)
    registry = store is Store.REGISTRY
    scheduler = store is Store.SCHEDULER
    keeping = Keeping()
    run = RunState()
    if registry:
        keeping = Keeping(
            guid=told.text(guid, "Path"),
            tree_id=told.text(guid, "Id"),
            index=stated(index, told.ref(str(index), "Index")) if index is not None else not_stated(None, told.ref("x", "Tree")),
        )
        run = RunState(registered=told.time("2026-03-14T02:11:40Z", "DynamicInfo"), last_run=told.time(last_run, "DynamicInfo"))
    if com := command.startswith("{"):
        action = Action(type=told.text("ComHandler", "Actions"), class_id=told.text(command, "Actions"))
    else:
        action = Action(
            type=told.text("Exec", "Actions"), command=told.text(command, "Actions"), arguments=told.text(arguments, "Actions")
        )
    seen = Presence.VISIBLE if scheduler and presence is Presence.PRESENT else presence
    whole = not (scheduler and presence is Presence.HIDDEN)
    return TaskRecord(
        store,
        path,
        stated(seen, told.ref(path, "Tree"), note=note),
        registration=Registration(uri=told.text(path, "URI"), author=told.text("Microsoft Corporation", "Author"))
        if whole
        else Registration(),
        principal=Principal(user_id=told.text(account, "UserId"), run_level=told.text("HighestAvailable", "RunLevel"))
        if whole
        else Principal(),
        triggers=(
            Trigger(
                type=told.text("TimeTrigger", "Triggers"),
                start_boundary=told.time("2026-03-01T00:02:00Z", "Triggers"),
                repetition_interval=told.text("PT15M", "Triggers"),
            ),
        )
        if whole
        else (),
        actions=(action,) if whole and (com or command) else (),
        settings=Settings(hidden=stated(False, told.ref("false", "Hidden"))) if whole else Settings(),
        run=run,
        keeping=keeping,
        has_actions=whole,
        has_triggers=whole,
    )


STOCK = (
    (
        "\\Microsoft\\Windows\\Application Experience\\Microsoft Compatibility Appraiser",
        "%windir%\\system32\\compattelrunner.exe",
        "-maintenance",
    ),
    ("\\Microsoft\\Windows\\Windows Defender\\ProactiveScan", "{CF4270F5-2E43-4468-83B3-A8C45BB33EA1}", ""),
    ("\\Microsoft\\Windows\\Defrag\\ScheduledDefrag", "%windir%\\system32\\defrag.exe", "-c -h -k -g -$"),
    ("\\Microsoft\\Windows\\Servicing\\StartComponentCleanup", "{752073A1-23F2-4396-85F0-8FDB879ED0ED}", ""),
    ("\\Microsoft\\Windows\\Time Synchronization\\SynchronizeTime", "%windir%\\system32\\sc.exe", "start w32time task_started"),
    ("\\Microsoft\\Windows\\WindowsUpdate\\Scheduled Start", "C:\\Windows\\system32\\sc.exe", "start wuauserv"),
    ("\\Microsoft\\Windows\\DiskCleanup\\SilentCleanup", "%windir%\\system32\\cleanmgr.exe", "/autoclean /d %systemdrive%"),
    ("\\Microsoft\\Windows\\Autochk\\Proxy", "%windir%\\system32\\rundll32.exe", "/d acproxy.dll,PerformAutochkOperations"),
    ("\\Microsoft\\Windows\\WlanSvc\\ResolutionHost", "{900BE39D-6BE8-461A-BC4D-B0FA71F5ECB1}", ""),
    ("\\Microsoft\\Windows\\Customer Experience Improvement Program\\Consolidator", "%SystemRoot%\\System32\\wsqmcons.exe", ""),
    ("\\Microsoft\\Windows\\TextServicesFramework\\MsCtfMonitor", "{01575CFE-9A55-4003-A5E1-F38D1EBDCBE1}", ""),
    ("\\Microsoft\\Windows\\Registry\\RegIdleBackup", "{CA767AA8-9157-4604-B64B-40747123D5F2}", ""),
    ("\\Microsoft\\Windows\\Maps\\MapsToastTask", "{9885AEF2-BD9F-41E0-B15E-B3141395E803}", ""),
    ("\\Microsoft\\Windows\\Windows Error Reporting\\QueueReporting", "%windir%\\system32\\wermgr.exe", "-upload"),
)


def guid_of(number: int) -> str:
    return f"{{8A3C1D7E-52B0-4C0F-9E0B-6E1F2B7C{number:04X}}}"


def plain(files: Files, path: str, command: str, arguments: str, number: int, last: str = "2026-03-09T12:00:00Z") -> Task:
    guid = guid_of(number)
    told = [
        record(files, store, path, guid, command, arguments, last_run=last)
        for store in (Store.XML, Store.REGISTRY, Store.SCHEDULER)
    ]
    return Task(path, guid, tuple(told))


def win_update(files: Files) -> Task:
    path, guid = "\\Microsoft\\Windows\\WinUpdate", "{8A3C1D7E-52B0-4C0F-9E0B-6E1F2B7C9D11}"
    last = "2026-03-14T02:17:03Z"
    return Task(
        path,
        guid,
        (
            record(files, Store.XML, path, guid, '"%ProgramFiles%\\Update\\updater.exe"', "/quiet"),
            record(files, Store.REGISTRY, path, guid, "cmd.exe", "/c C:\\ProgramData\\x\\u.bat", last_run=last, index=0),
            record(files, Store.SCHEDULER, path, guid, "", presence=Presence.HIDDEN, note="the Tree key has no SD value"),
        ),
    )


def finding(
    task: Task | None,
    rule: str,
    severity: Severity,
    summary: str,
    why: str,
    refs: tuple[EvidenceRef, ...],
    *,
    confidence: Confidence = Confidence.CERTAIN,
    attack: tuple[str, ...] = ("T1564", "T1053.005"),
) -> Finding:
    path, guid = (task.path, task.guid) if task else (None, None)
    return Finding(
        key=finding_key(rule, path, guid, summary),
        rule=rule,
        severity=severity,
        confidence=confidence,
        task=path,
        guid=guid,
        summary=summary,
        why=why,
        benign="None known.",
        next_steps=("Look at the bytes.", "Ask who was logged on at that time."),
        attack=attack,
        refs=refs,
    )


def case(files: Files, *, many: int = 0) -> Case:
    hidden = win_update(files)
    one = plain(files, "\\OneDrive Reporting", "rundll32.exe", "C:\\Users\\Public\\od.dll,Start", 2, "2026-03-14T02:05:00Z")
    one = Task(
        one.path,
        one.guid,
        one.records[:2],
        (Absence(Store.SCHEDULER, Presence.ABSENT, "the listing does not name it", one.records[1].ref),),
    )
    google = plain(files, "\\GoogleUpdateTaskMachineUA", "C:\\Program Files (x86)\\Google\\Update\\GoogleUpdate.exe", "/ua", 3)
    other = record(
        files, Store.REGISTRY, google.path, google.guid, "C:\\Program Files (x86)\\Google\\Update\\GoogIeUpdate.exe", "/ua"
    )
    google = Task(google.path, google.guid, (google.records[0], other, google.records[2]))
    backup = record(files, Store.XML, "\\Backup-old", "", "powershell.exe", "-File D:\\backup.ps1", account="WS-FIN-07\\j.ortiz")
    lone = Task(
        "\\Backup-old",
        "",
        (backup,),
        (
            Absence(Store.REGISTRY, Presence.ABSENT, "no Tree key and no Tasks key names this path", backup.ref),
            Absence(Store.SCHEDULER, Presence.ABSENT, "not registered, so the service has nothing to list", backup.ref),
        ),
    )
    stock = [
        plain(files, *row, 16 + number, f"2026-03-{1 + number % 9:02d}T0{number % 9}:31:00Z") for number, row in enumerate(STOCK)
    ]
    stock += [
        plain(files, f"\\Vendor\\Job {number:05d}", "C:\\Program Files\\Vendor\\job.exe", f"/n {number}", 1000 + number)
        for number in range(many)
    ]
    registry = hidden.records[1]
    action = registry.actions[0]
    findings = (
        finding(
            hidden,
            "sd-missing",
            Severity.CRITICAL,
            "Security descriptor deleted",
            "The Tree key of this task has no SD value. The service leaves it out of every listing, yet ran it at 02:17:03Z.",
            registry.presence.refs,
        ),
        finding(
            hidden,
            "action-differs",
            Severity.CRITICAL,
            "The registry runs another command than the XML shows",
            "The service starts what the Actions value says: cmd.exe. The XML file was left with the harmless command.",
            (*action.command.refs, *action.arguments.refs, *hidden.records[0].actions[0].command.refs),
            attack=("T1112", "T1053.005"),
        ),
        finding(
            hidden,
            "index-zero",
            Severity.HIGH,
            "Index is 0 where Plain lists the task",
            "An Index of 0 keeps the task out of listings on some builds.",
            registry.keeping.index.refs,
        ),
        finding(
            hidden,
            "command-suspicious",
            Severity.HIGH,
            "Runs a script from ProgramData as SYSTEM",
            "Any local user can replace the file that this task starts.",
            action.arguments.refs,
            confidence=Confidence.LIKELY,
            attack=("T1574.010",),
        ),
        finding(
            one,
            "scheduler-missing",
            Severity.HIGH,
            "The scheduler's listing does not name the task",
            "The registry has the task and the imported listing does not.",
            one.records[1].presence.refs,
        ),
        finding(
            google,
            "action-differs",
            Severity.HIGH,
            "The registry runs another program than the XML shows",
            "GoogIeUpdate.exe is spelt with a capital I.",
            other.actions[0].command.refs,
        ),
        finding(
            lone,
            "xml-only",
            Severity.MEDIUM,
            "An XML file that nothing registers",
            "The task was removed from the registry, or never registered.",
            backup.presence.refs,
            confidence=Confidence.LIKELY,
        ),
        finding(
            None,
            "override-present",
            Severity.MEDIUM,
            "TaskStateFlags are in use on this host",
            "Flags beside TaskCache can disable tasks without a trace in their definition.",
            registry.presence.refs,
        ),
    )
    sources = tuple(
        EvidenceFile(name, "hive" if name == HIVE else "task file", len(data), 134178439000000000, f"{number:02x}" * 32)
        for number, (name, data) in enumerate(sorted(files.data.items()))
    )
    tasks = (hidden, one, google, lone, *stock)
    here = registry.ref[0]
    facts = (
        Fact("name", "", stated("WS-FIN-07", here)),
        Fact("product", "", stated("Windows 10 Pro", here)),
        Fact("display-version", "", stated("22H2", here)),
        Fact("build", "", stated("19045", here)),
    )
    reports = (
        StoreReport(Store.XML, "read", len(tasks), sources=("Windows/System32/Tasks",)),
        StoreReport(Store.REGISTRY, "partly", len(tasks) - 1, sources=(HIVE,), note="logs replayed"),
        StoreReport(Store.SCHEDULER, "read", len(tasks) - 3, "reconstructed"),
    )
    problems = (
        Problem(
            Weight.LOST,
            "task-xml.truncated",
            "Windows/System32/Tasks/Old",
            "line 12",
            "read the XML file as a task",
            "the file ends inside <Exec>",
            "the second action",
            "open the file in a text editor",
        ),
        Problem(
            Weight.DOUBT,
            "hive.log.gap",
            HIVE,
            "sequence 41",
            "replay the log",
            "entry 42 is missing",
            "changes after 02:18Z",
            "look for LOG2",
        ),
        Problem(Weight.NOTE, "xml.encoding", "Windows/System32/Tasks/Two", "line 1", "decode as UTF-16", "UTF-8", "nothing", ""),
    )
    balances = (
        Balance("Windows/System32/Tasks", "task files", 219, 217, 1, 1),
        Balance(HIVE, "Tasks keys", 216, 216),
        Balance("x.csv", "rows", 5, 4),
    )
    return Case(
        host=Host(facts),
        files=(*sources, EvidenceFile("bad", "task file", 0, None, "", ReadState.FAILED)),
        reports=reports,
        balances=balances,
        tasks=tasks,
        records=tuple(r for task in tasks for r in task.records),
        findings=findings,
        problems=problems,
        complete=True,
    )


def work(made: Case, files: Files, arguments: tuple[str, ...] = ("/cases/ws-fin-07",)) -> Work:
    def scan() -> Iterator[Progress | Case]:
        yield Progress("SOFTWARE", 10, 216)
        yield made.with_(findings=(), complete=False)
        yield Progress("Judging")
        yield made

    return Work(arguments, (), "mounted image", scan, files.fetch, comparison.rows, comparison.differences)
