"""Tasks and folders that the scheduler cannot show because their security descriptor is gone, broken or closed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from triptych.analysis import accounts
from triptych.formats.security_descriptor import ADMINISTRATOR_TOKEN, DENIES, READ, SYSTEM_TOKEN, Ace, SecurityDescriptor, grants
from triptych.formats.sid import ADMINISTRATORS, AUTHENTICATED_USERS, EVERYONE, INTERACTIVE, SYSTEM, USERS, service_sid
from triptych.model.evidence import EvidenceRef, State
from triptych.model.finding import Confidence, Finding, Severity
from triptych.model.task import Task, TaskRecord, TraceKind
from triptych.rules.lookups import (
    access_of,
    access_share,
    entries,
    folders,
    has_tree_key,
    hive_doubt,
    is_linked,
    is_modern,
    once,
    parents,
    recovered,
    traces,
)
from triptych.rules.phrases import cited, count, join, quoted, sentences
from triptych.rules.rule import Context, Rule

_ATTACK = ("T1053.005", "T1564", "T1112")
_NEXT = (
    "Replay the hive's LOG1 and LOG2 if that has not been done, and look again.",
    "Decode the Actions and Triggers of the task: what it starts, as whom, when.",
    "Look for its runs in TaskScheduler/Operational (129, 200, 201) and for the hand on the key (Sysmon 12 and 13, Security 4657).",
    "Do not register a task of that path again before all three stores are saved.",
)
_RUNS_ON = (
    "Its triggers go on firing as long as the service holds the task in memory; whether it is loaded again at the next start "
    "of the service is not settled."
)
_NOTHING_TO_RUN = "No Tasks key belongs to this Tree key, so there is nothing that could run: a leftover, judged lower."
# Folders whose tasks admit SYSTEM, TrustedInstaller and services only, in every version (known by folder, new names included).
_CLOSED_FOLDERS = tuple(
    f"\\microsoft\\windows\\{name}\\" for name in ("updateorchestrator", "waasmedic", "enterprisemgmt", "enterprisemgmtnoncritical")
)
_LOGONS = {
    "S-1-2-0": "local logons",
    "S-1-2-1": "logons at the console",
    "S-1-5-2": "logons through the network",
    "S-1-5-3": "batch logons",
    "S-1-5-6": "service logons",
    "S-1-5-14": "remote desktop logons",
    "S-1-5-15": "accounts of this organisation",
    "S-1-5-113": "local accounts",
    "S-1-5-114": "local accounts that are administrators",
}
_WIDE = frozenset((SYSTEM, ADMINISTRATORS, EVERYONE, AUTHENTICATED_USERS, USERS, INTERACTIVE))


def _leftover(context: Context, task: Task, record: TaskRecord, start: Severity) -> tuple[Severity, str]:
    """A Tree key without a Tasks key names nothing that could run."""
    if is_linked(record):
        return start, ""
    known = context.baseline.find(task.path) is not None
    return (Severity.LOW if known else Severity.MEDIUM), _NOTHING_TO_RUN


def _siblings(context: Context) -> str:
    having, of_all = access_share(context)
    return f"Of {of_all:,} Tree keys on this host {having:,} have a valid SD."


def _stock(context: Context, task: Task) -> str:
    if context.baseline.find(task.path) is None:
        return ""
    return "Windows ships a task of this path, and ships it with an SD."


def _check_missing(context: Context) -> Iterator[Finding]:
    if not is_modern(context):
        return
    for task, record in context.pairs():
        reading = record.keeping.access
        if not has_tree_key(record) or reading.state is not State.NOT_STATED:
            continue
        severity, lower = _leftover(context, task, record, Severity.CRITICAL)
        deleted = recovered(context, task.path, "SD")
        confidence, doubt = hive_doubt(context, reading.refs)
        proof = f"The deleted SD value was recovered ({count(len(deleted), 'copy', 'copies')}): it was there once."
        yield SD_MISSING.finding(
            task,
            "SD missing",
            summary=f"{task.path}: the Tree key has no SD value, so the scheduler does not show the task",
            why=sentences(
                "Windows 8 and later keep a security descriptor (SD) in the Tree key of every task. Without it the service answers "
                "every question about this task with \u201cfile not found\u201d (0x80070002): Task Scheduler, schtasks and "
                "Get-ScheduledTask leave it out.",
                _RUNS_ON if is_linked(record) else "",
                lower,
                _siblings(context),
                _stock(context, task),
                proof if deleted else "",
                doubt,
            ),
            refs=cited(reading, *(trace.refs for trace in deleted)) or record.ref,
            severity=severity,
            confidence=confidence,
            time=record.keeping.tree_written.value,
        )


def _check_invalid(context: Context) -> Iterator[Finding]:
    if not is_modern(context):
        return
    for task, record in context.pairs():
        reading = record.keeping.access
        if not has_tree_key(record) or reading.state is not State.UNREADABLE:
            continue
        severity, lower = _leftover(context, task, record, Severity.CRITICAL)
        deleted = recovered(context, task.path, "SD")
        yield SD_INVALID.finding(
            task,
            "SD invalid",
            summary=f"{task.path}: the SD value of the Tree key is no security descriptor",
            why=sentences(
                f"What stands there: {reading.note or 'bytes that are no security descriptor'}"
                + (f" ({quoted(reading.raw, 60)})." if reading.raw else "."),
                "The service takes only a REG_BINARY value that is not empty; anything else it answers with an error (0x8007054F), "
                "and the task is left out of every listing. For bytes of the right type that are no descriptor the same is likely.",
                _RUNS_ON if is_linked(record) else "",
                lower,
                _siblings(context),
                _stock(context, task),
                "An earlier SD value was recovered from free space." if deleted else "",
            ),
            refs=cited(reading, *(trace.refs for trace in deleted)) or record.ref,
            severity=severity,
            time=record.keeping.tree_written.value,
        )


def _check_denies(context: Context) -> Iterator[Finding]:
    if not is_modern(context):
        return
    for task, record in context.pairs():
        reading = record.keeping.access
        if not has_tree_key(record) or reading.state is not State.STATED:
            continue
        parsed = access_of(record)
        verdict = _judge(context, task, record, parsed) if parsed else None
        if verdict is None:
            continue
        lower = ""
        if not is_linked(record):
            verdict, lower = replace(verdict, severity=Severity.LOW), _NOTHING_TO_RUN
        yield SD_DENIES.finding(
            task,
            f"SD {reading.value}",
            summary=f"{task.path}: {verdict.fact}",
            why=sentences(f"The SD says {quoted(reading.value or '', 400)}.", verdict.why, lower),
            refs=cited(reading) or record.ref,
            severity=verdict.severity,
            confidence=verdict.confidence,
            time=record.keeping.tree_written.value,
        )


@dataclass(frozen=True)
class _Verdict:
    """What a list does: a half sentence for the summary, and the reasons."""

    severity: Severity
    confidence: Confidence
    fact: str
    why: str


def _judge(context: Context, task: Task, record: TaskRecord, parsed: SecurityDescriptor) -> _Verdict | None:
    """What the DACL keeps from whom, None where SYSTEM and administrators read the task as they should."""
    if parsed.dacl is None:
        return None
    if not entries(parsed):
        mark = (
            " Owner Administrators and group SYSTEM with an empty list is what the tool GhostTask writes."
            if _ghostly(parsed)
            else ""
        )
        return _Verdict(
            Severity.HIGH,
            Confidence.CERTAIN,
            "the SD has an empty access list: nobody may read the task",
            "A list without entries admits nobody, SYSTEM included: the task is left out of every listing, and only a caller with "
            "the backup privilege switched on still gets it by its exact path." + mark,
        )
    system = bool(grants(parsed, SYSTEM_TOKEN, READ))
    administrators = bool(grants(parsed, ADMINISTRATOR_TOKEN, READ))
    denied = _denied(context, record, parsed)
    if denied:
        return _denial(context, denied, hidden=not (system and administrators))
    if not system:
        return _Verdict(
            Severity.HIGH,
            Confidence.CERTAIN,
            "the SD admits no reader that SYSTEM belongs to",
            "No entry lets SYSTEM read the task. Windows writes no such list; it hides the task from tools that run as SYSTEM.",
        )
    if not administrators:
        return _without_administrators(context, task, parsed)
    return _of_a_kind_of_logon(parsed) or _through_administrators(parsed)


def _ghostly(parsed: SecurityDescriptor) -> bool:
    return parsed.owner == ADMINISTRATORS and parsed.group == SYSTEM


def _deniers(parsed: SecurityDescriptor) -> tuple[Ace, ...]:
    """The deny entries that take reading away from somebody."""
    return tuple(ace for ace in entries(parsed) if ace.type in DENIES and ace.rights & READ)


def _denied(context: Context, record: TaskRecord, parsed: SecurityDescriptor) -> tuple[Ace, ...]:
    """Deny entries against those whom nobody denies for a good reason: the wide groups, administrators, the task's account."""
    user = record.principal.user_id.value or record.principal.group_id.value or ""
    own = accounts.sid_of(user, context.case.host) if user else None
    return tuple(ace for ace in _deniers(parsed) if ace.sid in _WIDE or ace.sid == own or _heads_a_domain(ace.sid))


def _heads_a_domain(sid: str) -> bool:
    return sid.startswith("S-1-5-21-") and accounts.is_privileged(sid)


def _denial(context: Context, denied: tuple[Ace, ...], *, hidden: bool) -> _Verdict:
    whom = join(list(dict.fromkeys(accounts.name_of(ace.sid, context.case.host) for ace in denied)))
    if hidden:
        return _Verdict(
            Severity.HIGH,
            Confidence.CERTAIN,
            f"the SD denies {whom} the right to read the task",
            "A caller who may not read a task does not see it: listings leave it out without an error. Windows ships no task with "
            "such a deny entry.",
        )
    return _Verdict(
        Severity.MEDIUM,
        Confidence.LIKELY,
        f"the SD denies {whom} the right to read the task, though SYSTEM and Administrators still get it",
        "The entry stands after one that admits, or names an account beside those two: it hides the task from that account alone. "
        "Judged lower for that.",
    )


def _without_administrators(context: Context, task: Task, parsed: SecurityDescriptor) -> _Verdict:
    fact = "the SD does not let Administrators read the task"
    why = "SYSTEM may read it, an administrator does not see it unless the backup privilege is switched on."
    owners = (None, SYSTEM, ADMINISTRATORS, service_sid("TrustedInstaller"))
    if parsed.owner in owners and not _deniers(parsed):
        if context.baseline.find(task.path) is not None:
            return _Verdict(
                Severity.INFO,
                Confidence.CERTAIN,
                fact,
                why + " Windows ships a task of this path, its owner is a system account and nothing is denied: that is how update "
                "and management tasks are closed. Judged as information.",
            )
        if task.path.casefold().startswith(_CLOSED_FOLDERS):
            return _Verdict(
                Severity.LOW,
                Confidence.POSSIBLE,
                fact,
                why
                + " Windows closes the tasks of this folder in that way; this one is in no list of shipped tasks. Judged lower.",
            )
    return _Verdict(Severity.HIGH, Confidence.CERTAIN, fact, why)


def _of_a_kind_of_logon(parsed: SecurityDescriptor) -> _Verdict | None:
    """Deny entries for whoever comes in one way: an administrator who comes in that way does not see the task."""
    ways = [_LOGONS[ace.sid] for ace in _deniers(parsed) if ace.sid in _LOGONS]
    if not ways:
        return None
    return _Verdict(
        Severity.LOW,
        Confidence.POSSIBLE,
        f"the SD denies {join(list(dict.fromkeys(ways)))} the right to read the task",
        "Administrators and SYSTEM as such still get it, one whose logon is of that kind does not. Judged low.",
    )


def _through_administrators(parsed: SecurityDescriptor) -> _Verdict | None:
    if grants(parsed, SYSTEM_TOKEN - {ADMINISTRATORS}, READ):
        return None
    return _Verdict(
        Severity.LOW,
        Confidence.POSSIBLE,
        "the SD names Administrators and not SYSTEM",
        "SYSTEM reads the task as a member of Administrators, so nothing is hidden; the list that the service writes by itself "
        "names SYSTEM, so somebody wrote this one. Judged low.",
    )


def _check_folders(context: Context) -> Iterator[Finding]:
    if not is_modern(context):
        return
    below = once(context, "tasks below folders", lambda: _tasks_below(context))
    for path, trace in folders(context).items():
        reading = trace.reading("access")
        if reading.state not in (State.NOT_STATED, State.UNREADABLE):
            continue
        tasks = below[path]
        missing = reading.state is State.NOT_STATED
        confidence, doubt = hive_doubt(context, reading.refs) if missing else (Confidence.CERTAIN, "")
        fact = "has no SD value" if missing else "has an SD value that is no security descriptor"
        yield FOLDER_SD_MISSING.finding(
            None,
            f"{path} {'missing' if missing else 'invalid'}",
            summary=f"The folder {trace.path} {fact}; {count(tasks, 'task')} below it",
            why=sentences(
                "The service needs the folder's SD to list what is in it: without one the folder and the tasks below are left out "
                "of listings, while a task asked for by its exact path may still answer.",
                "" if tasks else "No task lies below it: an empty folder hides nothing. Judged low.",
                _siblings(context),
                doubt,
            ),
            refs=cited(reading) or trace.refs or _any_ref(context),
            severity=Severity.HIGH if tasks else Severity.LOW,
            confidence=confidence,
            time=trace.written,
        )


def _tasks_below(context: Context) -> Counter[str]:
    return Counter(parent for _, record in context.pairs() if has_tree_key(record) for parent in parents(record.path))


def _any_ref(context: Context) -> tuple[EvidenceRef, ...]:
    return next((trace.refs for trace in traces(context, TraceKind.TREE_FOLDER) if trace.refs), ())


SD_MISSING = Rule(
    "sd-missing",
    Severity.CRITICAL,
    "The Tree key of a task has no SD value (Windows 8 and later): the scheduler does not show the task.",
    "A hive whose logs were not replayed, or a key that was being written when the copy was taken. Windows 7 keeps no SD at all.",
    _NEXT,
    _check_missing,
    _ATTACK,
)
SD_INVALID = Rule(
    "sd-invalid",
    Severity.CRITICAL,
    "The SD of a task is empty, of the wrong type or no security descriptor: the scheduler does not show the task.",
    "A damaged hive; then neighbouring values are damaged too.",
    _NEXT,
    _check_invalid,
    _ATTACK,
)
SD_DENIES = Rule(
    "sd-denies",
    Severity.HIGH,
    "The SD keeps SYSTEM or Administrators from reading the task: an empty list, deny entries, no entry.",
    "Update and management tasks of Windows admit SYSTEM and services only; protection software closes its own tasks.",
    ("List the tasks as SYSTEM and with the backup privilege, and compare.", *_NEXT[1:]),
    _check_denies,
    ("T1053.005", "T1564"),
)
FOLDER_SD_MISSING = Rule(
    "folder-sd-missing",
    Severity.HIGH,
    "The Tree key of a folder above tasks has no SD, or one that is no security descriptor.",
    "A folder that an installer or a script made or cleaned by writing into the registry.",
    ("Look at every task below the folder, and at who wrote the key (Sysmon 12 and 13, Security 4657).", _NEXT[0]),
    _check_folders,
    _ATTACK,
)
SECURITY: tuple[Rule, ...] = (SD_MISSING, SD_INVALID, SD_DENIES, FOLDER_SD_MISSING)
