"""What a machine logs every day whoever uses it: programs, services, updates, policies, logons of services and unlocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from triptych.lessons.chance import Chance
from triptych.lessons.logbook import (
    APPLICATION,
    GROUP_POLICY,
    POWERSHELL,
    SECURITY,
    SYSTEM_LOG,
    WINDOWS_POWERSHELL,
    LoggedEvent,
    Logon,
    Process,
)  # fmt: skip
from triptych.lessons.logbook_machine import application_event, logoff, logon, policy_applied, service_started, service_stopped
from triptych.lessons.logbook_presence import HOUR, Uptime, is_workday, local_clock, service_logon, utc_of
from triptych.lessons.logbook_processes import process, subject
from triptych.lessons.logbook_runs import Span
from triptych.model.times import TICKS_A_SECOND

_SYSTEM32 = "C:\\Windows\\System32\\"
_PROGRAMS = (
    (r"C:\Program Files\Microsoft Office\root\Office16\OUTLOOK.EXE", ""),
    (r"C:\Program Files\Microsoft Office\root\Office16\EXCEL.EXE", ' "C:\\Users\\{}\\Documents\\Plan.xlsx"'),
    (r"C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE", ' /n "C:\\Users\\{}\\Documents\\Offer.docx"'),
    (r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe", " --single-argument https://intranet.corp.example/"),
    (r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe", " --type=renderer --lang=en-GB --device-scale-factor=1"),
    (r"C:\Program Files\Mozilla Firefox\firefox.exe", ""),
    (r"C:\Program Files\Adobe\Acrobat DC\Acrobat\Acrobat.exe", ' "C:\\Users\\{}\\Downloads\\Invoice.pdf"'),
    (r"C:\Windows\System32\notepad.exe", r" C:\Users\{}\Documents\notes.txt"),
    (r"C:\Windows\System32\SnippingTool.exe", ""),
    (r"C:\Windows\System32\mspaint.exe", ""),
)
_OF_SYSTEM = (
    ("svchost.exe", r"C:\Windows\system32\svchost.exe -k netsvcs -p -s wlidsvc", "S-1-5-18"),
    ("svchost.exe", r"C:\Windows\System32\svchost.exe -k netsvcs -p -s BITS", "S-1-5-18"),
    ("svchost.exe", r"C:\Windows\system32\svchost.exe -k wsappx -p -s ClipSVC", "S-1-5-18"),
    ("svchost.exe", r"C:\Windows\system32\svchost.exe -k LocalService -p -s LicenseManager", "S-1-5-19"),
    ("svchost.exe", r"C:\Windows\System32\svchost.exe -k NetworkService -p -s DoSvc", "S-1-5-20"),
    ("sppsvc.exe", r"C:\Windows\system32\sppsvc.exe", "S-1-5-20"),
    ("SearchProtocolHost.exe", r'"C:\Windows\system32\SearchProtocolHost.exe" Global\UsGthrFltPipeMssGthrPipe4_', "S-1-5-18"),
    ("SearchFilterHost.exe", r'"C:\Windows\system32\SearchFilterHost.exe" 0 804 808 816 8192 812', "S-1-5-18"),
    ("wbem\\WmiPrvSE.exe", r"C:\Windows\system32\wbem\wmiprvse.exe -secured -Embedding", "S-1-5-20"),
    ("dllhost.exe", r"C:\Windows\system32\DllHost.exe /Processid:{{AB8902B4-09CA-4BB6-B78D-A8F59079A8D5}}", "S-1-5-18"),
    ("audiodg.exe", r"C:\Windows\system32\AUDIODG.EXE 0x4f8", "S-1-5-19"),
)
_SERVICES = (
    ("BITS", "Background Intelligent Transfer Service"), ("wuauserv", "Windows Update"), ("sppsvc", "Software Protection"),
    ("WinHttpAutoProxySvc", "WinHTTP Web Proxy Auto-Discovery Service"), ("TrustedInstaller", "Windows Modules Installer"),
)  # fmt: skip
_UPDATES = (
    "Security Intelligence Update for Microsoft Defender Antivirus - KB2267602 (Version 1.445.{}.0)",
    "9NBLGGH4NNS1-Microsoft.DesktopAppInstaller",
    "Update for Windows Security platform - KB5007651 (Version 10.0.27{}.1001)",
)
_COM = (
    "application-specific",
    "Local",
    "Activation",
    "{2593F8B9-4EAF-457C-B68A-50F6B8EA6B54}",
    "{15C20B67-12E7-4BB6-92BB-7AFF07997402}",
)

Told = Iterator[tuple[LoggedEvent, ...]]


def everyday(span: Span) -> Told:
    """All that is logged without anybody meaning anything by it, day by day."""
    first, last = local_clock(span.host, span.start)[0], local_clock(span.host, span.end)[0]
    for day in range(first, last + 1):
        chance = Chance("everyday", span.seed, span.host.name, day)
        busy = is_workday(day)
        for tell, count in _PLAN:
            for _ in range(count if busy else count // 3):
                time = _moment(span, chance, day, tell)
                one = span.uptime(time) if span.start <= time <= span.end else None
                if one is not None:
                    yield from tell(one, time, chance)


def unlocks(span: Span) -> Told:
    """The user unlocks the machine: a logon of type 7 that ends at once."""
    for number, time in enumerate(span.unlocks):
        one = span.uptime(time)
        session = one.sessions[0] if one and one.sessions else None
        if one is None or session is None or session.began > time:
            continue
        who = replace(session.logon, kind=7, id=session.logon.id + 0x1111 * (number + 3), elevated=False)
        yield logon(one.running, time, who)
        yield logoff_quietly(one, time + 800_000, who)


def logoff_quietly(one: Uptime, time: int, who: Logon) -> tuple[LoggedEvent, ...]:
    """The 4634 of a logon that nobody ends by hand."""
    return tuple(event for event in logoff(one.running, time, replace(who, kind=3)) if event.event_id == 4634)


def unlock_times(span: Span) -> tuple[int, ...]:
    """When the user comes back to the machine: in the morning and after lunch, on workdays."""
    found = []
    for day in range(local_clock(span.host, span.start)[0], local_clock(span.host, span.end)[0] + 1):
        chance = Chance("unlock", span.seed, span.host.name, day)
        for hour in (8, 13):
            time = utc_of(span.host, day, hour * HOUR) + chance.ticks(0, 2_400)
            if is_workday(day) and span.start <= time <= span.end and span.uptime(time):
                found.append(time)
    return tuple(found)


def _moment(span: Span, chance: Chance, day: int, tell: Callable[..., Told]) -> int:
    low, high = (8 * 3600, 18 * 3600) if tell is _program else (0, 86_399)
    return utc_of(span.host, day, 0) + chance.ticks(low, high)


def _program(one: Uptime, time: int, chance: Chance) -> Told:
    """The user starts a program."""
    sessions = [session for session in one.sessions[:1] if session.began < time]
    if not sessions:
        return
    image, arguments = chance.pick(_PROGRAMS)
    who = sessions[0].logon
    started = one.running.start(time, image, f'"{image}"{arguments.format(who.name)}', who)
    yield process(one.running, started, high=False)


def _system_program(one: Uptime, time: int, chance: Chance) -> Told:
    """A service or one of its helpers starts, with the logon of its account."""
    name, command, sid = chance.pick(_OF_SYSTEM)
    who = service_logon(one.running, sid)
    started = one.running.start(time, _SYSTEM32 + name, command.replace("{{", "{").replace("}}", "}"), who, _services(one))
    yield process(one.running, started)


def _services(one: Uptime) -> Process:
    return one.running.service("services")


def _service_logon(one: Uptime, time: int, _: Chance) -> Told:
    """The service control manager logs SYSTEM on to start a service."""
    yield logon(one.running, time, replace(one.running.system, name="SYSTEM", domain="NT AUTHORITY", kind=5))


def _network_logon(one: Uptime, time: int, chance: Chance) -> Told:
    """The machine's own account comes over the network for its policies, or another one for a share."""
    running = one.running
    if running.windows.server:
        name = f"WS-{chance.pick(('FIN', 'HR', 'ENG'))}-{chance.number(2, 88):02d}$"
        address = f"10.20.{chance.number(1, 9)}.{chance.number(10, 240)}"
        sid = f"S-1-5-21-3421098713-1182647702-2964410587-{chance.number(3000, 3999)}"
        who = Logon(
            sid,
            name,
            running.domain,
            chance.number(0x500000, 0x5000000),
            3,
            0,
            address,
            chance.number(49_700, 65_000),
            elevated=False,
        )
    else:
        who = replace(running.system, id=chance.number(0x500000, 0x5000000), kind=3, address="::1", elevated=False)
        who = replace(who, sid="S-1-5-18")
    yield logon(running, time, who)
    yield logoff_quietly(one, time + chance.ticks(0.05, 12), who)


def _credentials(one: Uptime, time: int, chance: Chance) -> Told:
    """A program reads the user's saved credentials: 5379."""
    if one.running.windows.is_7 or not one.sessions or one.sessions[0].began > time:
        return
    who = one.sessions[0].logon
    data = (
        *subject(who), ("TargetName", "MicrosoftAccount:target=SSO_POP_Device"), ("ReadOperation", "%%8100"),
        ("ReturnCode", 3_221_226_021), ("ProcessCreationTime", time - chance.ticks(5, 9_000)),
        ("ClientProcessId", chance.number(700, 4200) * 4),
    )  # fmt: skip
    yield _alone(one, time, SECURITY, 5379, data, "lsass")


def _alone(
    one: Uptime, time: int, channel: str, event_id: int, data: tuple[tuple[str, str | int | bytes], ...] = (), service: str = "",
    *, user: str = "", provider: str = "",
) -> tuple[LoggedEvent, ...]:  # fmt: skip
    """One event of a service."""
    held = one.running.service(service) if service else None
    thread = one.running.thread(held.name, time) if held else 0
    return (LoggedEvent(time, channel, event_id, data, user, held.id if held else 0, thread, provider=provider),)


def _service_state(one: Uptime, time: int, chance: Chance) -> Told:
    """A service of the everyday kind runs for a while."""
    name, shown = chance.pick(_SERVICES)
    yield service_started(one.running, time, name, shown)
    yield service_stopped(one.running, time + chance.ticks(60, 900), name, shown)


def _start_type(one: Uptime, time: int, _: Chance) -> Told:
    """Windows Update changes how BITS starts, and back."""
    shown, on, off = "Background Intelligent Transfer Service", "auto start", "demand start"
    for step, (old, new) in enumerate(((off, on), (on, off))):
        data = (("param1", shown), ("param2", old), ("param3", new), ("param4", "BITS"))
        yield _alone(one, time + step * 127 * TICKS_A_SECOND, SYSTEM_LOG, 7040, data, "services", user="S-1-5-18")


def _com(one: Uptime, time: int, _: Chance) -> Told:
    """DCOM's everyday complaint: 10016."""
    who = service_logon(one.running, "S-1-5-19")
    texts = (*_COM, "NT AUTHORITY", who.name, who.sid, "LocalHost (Using LRPC)", "Unavailable", "Unavailable")
    data = tuple((f"param{number}", text) for number, text in enumerate(texts, 1))
    yield _alone(one, time, SYSTEM_LOG, 10016, data, "DcomLaunch", user=who.sid)


def _update(one: Uptime, time: int, chance: Chance) -> Told:
    """An update is fetched and installed: 44, 43, 19."""
    title = chance.pick(_UPDATES).format(chance.number(100, 999))
    ident = chance.guid()
    for number in (44, 43, 19):
        data = (("updateTitle", title), ("updateGuid", ident), ("updateRevisionNumber", 200))
        yield _alone(one, time, SYSTEM_LOG, number, data, "Schedule", user="S-1-5-18")
        time += chance.ticks(4, 60)


def _policy(one: Uptime, time: int, chance: Chance) -> Told:
    """Group policy is refreshed."""
    yield policy_applied(one.running, time, chance.pick(("Security", "Registry", "Audit Policy Configuration")))
    data = (("PolicyElaspedTimeInSeconds", 1), ("PrincipalSamName", one.running.system.account), ("IsMachine", 1))
    yield _alone(one, time + chance.ticks(1, 3), GROUP_POLICY, 8006, data, "gpsvc", user="S-1-5-18")


def _licence(one: Uptime, time: int, _: Chance) -> Told:
    """The licence service wakes, looks, and goes to sleep."""
    spp = "Microsoft-Windows-Security-SPP"
    yield application_event(one.running, time, spp, 16394)
    stop = application_event(one.running, time + 30 * TICKS_A_SECOND, spp, 16384, "2126-02-18T09:02:36Z", "RulesEngine")
    yield stop


def _application(one: Uptime, time: int, chance: Chance) -> Told:
    """What else the Application log is full of."""
    provider, number, texts = chance.pick(
        (
            ("edgeupdate", 0, ("Service stopped.",)),
            ("SecurityCenter", 15, ("Windows Defender", "SECURITY_PRODUCT_STATE_ON")),
            ("VSS", 8224, ()),
            ("ESENT", 326, ("svchost", "4820,D,50", "DS_Token_DB: ", "1", r"C:\Windows\system32\config\DataStore.edb")),
        )
    )
    yield application_event(one.running, time, provider, number, *texts)


def powershell_started(one: Uptime, started: Process, took: int) -> Told:
    """A PowerShell that a task starts: the console of the new log, the engine of the classic one."""
    time = started.started
    named = (("param1", str(started.id)), ("param2", "DefaultAppDomain"))
    for number in (40961, 53504, 40962):
        time += 1_310_717
        data = named if number == 53504 else ()
        yield (LoggedEvent(time, POWERSHELL, number, data, started.logon.sid, started.id, started.id + 8),)
    lines = ("NewEngineState={}", "PreviousEngineState={}", "", "HostName=ConsoleHost", "HostApplication=" + started.command)
    for number, new, old, at in ((400, "Available", "None", 0), (403, "Stopped", "Available", max(took - 2_000_000, 10))):
        text = "\r\n".join("\t" + line for line in lines).format(new, old)
        texts = (("Data", new), ("Data", old), ("Data", text))
        yield (LoggedEvent(time + at, WINDOWS_POWERSHELL, number, texts, provider="PowerShell"),)


def installed(one: Uptime, time: int, product: str, by: Logon) -> tuple[LoggedEvent, ...]:
    """A product was installed: 11707 and 1033 of the installer."""
    texts = (f"Product: {product} -- Installation completed successfully.", "(NULL)", "(NULL)", "(NULL)", "(NULL)")
    done = LoggedEvent(time, APPLICATION, 11707, tuple(("Data", text) for text in texts), by.sid, provider="MsiInstaller")
    more = tuple(("Data", text) for text in (product, "1.0.0", "1033", "0", f"{product} publisher", "(NULL)"))
    return (done, LoggedEvent(time + 2_300_000, APPLICATION, 1033, more, by.sid, provider="MsiInstaller"))


_PLAN: tuple[tuple[Callable[[Uptime, int, Chance], Told], int], ...] = (
    (_program, 70),
    (_system_program, 75),
    (_service_logon, 60),
    (_network_logon, 8),
    (_credentials, 14),
    (_service_state, 6),
    (_start_type, 3),
    (_com, 4),
    (_update, 1),
    (_policy, 14),
    (_licence, 5),
    (_application, 9),
)
"""What is told on a workday, and how often; on other days a third of it."""
