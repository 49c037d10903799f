"""Rights, older stores and overrides: weak descriptors, .job files, Group Policy, values that redirect the service."""

from __future__ import annotations

import re
from collections.abc import Iterator

from triptych.analysis import accounts
from triptych.analysis.places import expand
from triptych.formats.sddl import parse_sddl
from triptych.formats.security_descriptor import ALLOW, ALLOWS, FILE_ALL, WRITE, WRITE_DAC, WRITE_OWNER, Ace, SecurityDescriptor
from triptych.formats.sid import EVERYONE
from triptych.model.finding import Confidence, Finding, Severity
from triptych.model.task import Trace, TraceKind
from triptych.rules.acting import account, account_words, acting, is_elevated, is_managed, is_shipped_action, leading
from triptych.rules.lookups import WINDOWS_8, access_of, entries, traces
from triptych.rules.phrases import cited, count, join, quoted, sentences
from triptych.rules.rule import Context, Rule

_CHANGING = WRITE | WRITE_DAC | WRITE_OWNER
_NO_LIST = "There is no access list (NULL DACL), which keeps nobody from anything."
_CREATORS = ("S-1-3-0", "S-1-3-1", "S-1-3-4", "S-1-5-10")  # stand for whoever owns: nobody else gets in by them
_GUID_KEY = re.compile(r"\{[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}")
_AT = re.compile(r"at\d{1,6}", re.IGNORECASE)
_EXPLORER = "createexplorershellunelevatedtask.job"
_OWN_FOLDER = ("%systemroot%\\tasks", "%windir%\\tasks")


def _weak(sid: str, own: str) -> bool:
    """Whether somebody with this SID should not be able to change a task that runs with more rights than his."""
    return (
        sid != own and sid not in _CREATORS and not accounts.is_privileged(sid) and not sid.startswith(("S-1-5-80-", "S-1-5-87-"))
    )


def _check_weak(context: Context) -> Iterator[Finding]:
    for task, record in context.pairs():
        descriptor = access_of(record)
        if descriptor is None or not is_elevated(record, context.case.host):
            continue
        own = account(record, context.case.host)
        changing = _changing(descriptor, own)
        owner = descriptor.owner or ""
        owns = owner.startswith("S-1-5-21-") and _weak(owner, own)
        if not changing and not owns:
            continue
        who = [accounts.name_of(ace.sid, context.case.host) for ace in changing] + (
            [accounts.name_of(owner, context.case.host)] if owns else []
        )
        act = acting(task)
        shipped = act is not None and bool(act.actions) and all(is_shipped_action(context, task, action) for action in act.actions)
        yield SD_WEAK.finding(
            task,
            ",".join(sorted({ace.sid for ace in changing} | ({owner} if owns else set()))),
            summary=f"{task.path}: {join(sorted(set(who)))} may change it, and it runs as "
            f"{account_words(record, context.case.host)}",
            why=sentences(
                f"The SD says {quoted(record.keeping.access.value or '', 400)}: {_rights(changing)}.",
                _NO_LIST if descriptor.dacl is None else "",
                "Whoever may change the task decides what runs with its rights.",
                "It starts what Windows ships. Judged lower." if shipped else "",
            ),
            refs=cited(record.keeping.access, record.principal.user_id, record.principal.run_level),
            severity=Severity.LOW if shipped else Severity.MEDIUM,
            confidence=Confidence.LIKELY,
        )
    yield from _weak_folders(context)


def _changing(descriptor: SecurityDescriptor, own: str) -> list[Ace]:
    """The entries by which somebody else may change the task; without a list everybody may do everything."""
    if descriptor.dacl is None:
        return [Ace(ALLOW, 0, FILE_ALL, EVERYONE)]
    return [ace for ace in entries(descriptor) if ace.type in ALLOWS and ace.rights & _CHANGING and _weak(ace.sid, own)]


def _rights(aces: list[Ace]) -> str:
    if not aces:
        return "the owner may always rewrite it"
    mask = 0
    for ace in aces:
        mask |= ace.rights
    named = ((WRITE, "write the task"), (WRITE_DAC, "rewrite its rights"), (WRITE_OWNER, "take it over"))
    return f"they may {join([words for bit, words in named if mask & bit])}"


def _weak_folders(context: Context) -> Iterator[Finding]:
    for trace in traces(context, TraceKind.TREE_FOLDER):
        reading = trace.reading("access")
        if not reading.stated:
            continue
        try:
            descriptor = parse_sddl(reading.value or "")
        except ValueError:
            continue
        who = [ace for ace in _changing(descriptor, "") if ace.rights & (WRITE_DAC | WRITE_OWNER)]
        if who:
            yield SD_WEAK.finding(
                None,
                f"{trace.path.casefold()} {sorted(ace.sid for ace in who)}",
                summary=f"The folder {trace.path}: "
                f"{join(sorted({accounts.name_of(a.sid, context.case.host) for a in who}))} may rewrite its rights",
                why=f"The SD says {quoted(reading.value or '', 400)}. Whoever rewrites a folder's rights may then "
                "change what is put below it.",
                refs=cited(reading),
                confidence=Confidence.LIKELY,
            )


def _check_jobs(context: Context) -> Iterator[Finding]:
    for trace in traces(context, TraceKind.JOB):
        name = trace.get("name") or re.split(r"[\\/]", trace.path)[-1]
        if name.casefold() == _EXPLORER:
            continue
        at = bool(_AT.fullmatch(name.removesuffix(".job")))
        modern = (context.build or 0) >= WINDOWS_8
        known = context.baseline.vendor("\\" + name.removesuffix(".job")) is not None
        yield LEGACY_JOB.finding(
            None,
            f"{name.casefold()} {trace.get('command')}",
            summary=f"{name}: a task of the old scheduler that starts "
            f"{quoted(' '.join(filter(None, (trace.get('command'), trace.get('arguments')))), 200)}",
            why=sentences(
                "The name is that of the at command, which runs its jobs as SYSTEM." if at else "",
                "Windows 8 and later make no .job files of their own and have no at command. Judged higher."
                if modern and not known
                else "",
                "A known vendor of old makes it." if known else "",
            )
            or "Windows Vista and 7 still read such files; programs of that time made them.",
            refs=trace.refs or cited(trace.reading("command")),
            severity=Severity.MEDIUM if modern and not known else Severity.LOW,
        )
    for task in context.case.tasks:
        record = leading(task)
        if record is not None and _AT.fullmatch(task.path.strip("\\")):
            yield LEGACY_JOB.finding(
                task,
                "at name",
                summary=f"{task.path}: the name of a job of the at command",
                why="The at command names its jobs so and runs them as SYSTEM; Windows 8 and later have no such command any more.",
                refs=record.ref,
                severity=Severity.MEDIUM if (context.build or 0) >= WINDOWS_8 else Severity.LOW,
            )


def _check_policy(context: Context) -> Iterator[Finding]:
    for trace in traces(context, TraceKind.POLICY_TASK):
        immediate = trace.get("element").casefold().startswith("immediatetask")
        as_system = accounts.sid_of(trace.get("account"), context.case.host) == "S-1-5-18"
        secret = bool(trace.get("cpassword"))
        reasons = [
            "It is an immediate task: it is made, run and removed at once, at each refresh of the policy." if immediate else "",
            "It runs as SYSTEM." if as_system else "",
            "The file holds a password under cpassword, whose key Microsoft has published: anybody who reads the file has it."
            if secret
            else "",
        ]
        yield POLICY_DEPLOYED.finding(
            None,
            f"{trace.get('element')} {trace.get('name')} {trace.get('command')}",
            summary=f"Group Policy deploys the task {quoted(trace.get('name') or trace.path, 120)}: "
            f"{quoted(' '.join(filter(None, (trace.get('command'), trace.get('arguments')))), 200)} as "
            f"{trace.get('account') or 'the user'}",
            why=sentences(*reasons) or "The policy's file explains where such a task on this host comes from.",
            refs=trace.refs or cited(trace.reading("name")),
            severity=Severity.MEDIUM if secret or (immediate and as_system) else Severity.INFO,
        )


def _check_overrides(context: Context) -> Iterator[Finding]:
    for trace in traces(context, TraceKind.STATE_FLAGS):
        yield from _state_flags(context, trace)
    yield from _beside(traces(context, TraceKind.WOW_FILE), "files in SysWOW64\\Tasks")
    kept = tuple(
        trace for trace in traces(context, TraceKind.WOW_CACHE) if trace.get("what") == "value" or _GUID_KEY.search(trace.path)
    )
    yield from _beside(kept, "keys or values in a TaskCache below Wow6432Node")
    for trace in traces(context, TraceKind.TASKS_FOLDER):
        yield from _tasks_folder(context, trace)


def _beside(found: tuple[Trace, ...], what: str) -> Iterator[Finding]:
    """One finding for all that lies in a place that only looks like a store; empty folders and keys ship with Windows."""
    if not found:
        return
    paths = list(dict.fromkeys(trace.path for trace in found))
    yield OVERRIDE_PRESENT.finding(
        None,
        f"{what} {sorted(path.casefold() for path in paths)}",
        summary=f"{count(len(paths), 'entry', 'entries')}: {what}, which the scheduler never reads",
        why=sentences(
            f"They are {join(paths, 6)}.",
            "The service is a 64-bit program and does not look there; ordinary users could long write to such places.",
        ),
        refs=cited(*(trace.refs for trace in found)),
    )


def _state_flags(context: Context, trace: Trace) -> Iterator[Finding]:
    flags = trace.get("flags")
    number = int(flags, 0) if re.fullmatch(r"(?:0x[0-9A-Fa-f]+|\d+)", flags) else None
    if number == 0 or (number is not None and number > 3):
        return
    stock = context.baseline.find(trace.path) is not None or any(
        is_managed(context, task) for task in context.case.tasks if task.path.casefold() == trace.path.casefold()
    )
    yield OVERRIDE_PRESENT.finding(
        context.case.task(trace.path),
        f"state-flags {trace.path.casefold()} {flags}",
        summary=f"{trace.path}: TaskStateFlags says {flags or 'something that is no number'}, so parts of the task "
        "come from elsewhere",
        why=sentences(
            "Bit 0 takes the triggers, bit 1 the settings, account and enabled state from an override key: what XML "
            "file and Tasks key show may "
            "not be what runs.",
            "Windows ships the task. Judged lower." if stock else "",
        ),
        refs=cited(trace.reading("flags")) or trace.refs,
        severity=Severity.LOW if stock else Severity.MEDIUM,
        confidence=Confidence.POSSIBLE,
    )


def _tasks_folder(context: Context, trace: Trace) -> Iterator[Finding]:
    value = trace.get("value").rstrip("\\").casefold()
    default = {folder.casefold() for folder in _OWN_FOLDER} | {expand("%SystemRoot%\\Tasks", context.case.host).casefold()}
    if not value or value in default:
        return
    yield OVERRIDE_PRESENT.finding(
        None,
        f"tasks-folder {value}",
        summary=f"The folder of .job files is redirected to {quoted(trace.get('value'), 160)}",
        why="SchedulingAgent\\TasksFolder decides where the old store of tasks lies; Windows writes %SystemRoot%\\Tasks.",
        refs=cited(trace.reading("value")) or trace.refs,
        time=trace.written,
    )


SD_WEAK = Rule(
    "sd-weak",
    Severity.MEDIUM,
    "Somebody besides SYSTEM, Administrators, services and the account it runs as may change a task that runs with "
    "more rights than his.",
    "Software that lets its users start or stop its task gives more rights than it needs to.",
    ("Read the descriptor entry by entry.", "Look for changes of the task by that account (event 140, 4702)."),
    _check_weak,
)
LEGACY_JOB = Rule(
    "legacy-job",
    Severity.LOW,
    "A .job file, or a task that bears a name of the at command.",
    "Updaters of old software; machines that were upgraded from Windows XP or 7.",
    ("Read the file's command, author and last run.", "Look in SCHEDLGU.TXT for its runs."),
    _check_jobs,
)
POLICY_DEPLOYED = Rule(
    "policy-deployed",
    Severity.INFO,
    "A Group Policy file deploys a scheduled task: with the policy, its account, and any password it holds.",
    "Administrators deploy tasks by policy every day.",
    ("Look in the domain for the policy and who changed it last.", "Change every account whose password stands in such a file."),
    _check_policy,
)
OVERRIDE_PRESENT = Rule(
    "override-present",
    Severity.MEDIUM,
    "Something redirects or shadows the stores: TaskStateFlags, a TaskCache below Wow6432Node, files in "
    "SysWOW64\\Tasks, a moved TasksFolder.",
    "Scripts that tidy up Windows set TaskStateFlags; 64-bit Windows ships empty folders below SysWOW64\\Tasks, which "
    "are no finding.",
    ("Export the key or take the file.", "Look for the task of the same name in the stores that count."),
    _check_overrides,
)
RIGHTS = (SD_WEAK, LEGACY_JOB, POLICY_DEPLOYED, OVERRIDE_PRESENT)
