"""Which telling Windows acts on, and what is known of a task: asked by every rule on what is unusual."""

from __future__ import annotations

import re

from triptych.analysis import accounts
from triptych.analysis.baseline import is_known_action, vendor_program
from triptych.analysis.places import Place, known_product, place_of, program_of
from triptych.model.case import Case, Host
from triptych.model.evidence import EvidenceRef, Reading
from triptych.model.task import Action, Presence, Store, Task, TaskRecord
from triptych.rules.rule import Context

_TELLERS = (Store.REGISTRY, Store.XML, Store.SCHEDULER, Store.LOG)  # logs come last: they tell what was, not what is
# Tasks that users, policy or management put below \Microsoft\Windows\: known by folder and program together (formats, 8.3).
_MANAGED = (
    (re.compile(r"\\microsoft\\windows\\powershell\\scheduledjobs\\"), re.compile(r"\\powershell\.exe$")),
    (re.compile(r"\\microsoft\\windows\\pla\\"), re.compile(r"\\(?:rundll32|plasrv|logman)\.exe$")),
    (re.compile(r"\\microsoft\\windows\\enterprisemgmt(?:noncritical)?\\"), re.compile(r"\\(?:deviceenroller|omadmclient)\.exe$")),
    (re.compile(r"\\microsoft\\windows\\server manager\\"), re.compile(r"\\servermanager(?:launcher)?\.exe$")),
    (re.compile(r"\\microsoft\\windows\\windowsbackup\\"), re.compile(r"\\(?:sdclt|rundll32|wbadmin)\.exe$")),
    (re.compile(r"\\microsoft\\windows\\backup\\"), re.compile(r"\\wbadmin\.exe$")),
)


def acting(task: Task) -> TaskRecord | None:
    """The telling whose actions Windows runs: the registry's, the XML file's where the registry keeps none (Windows 7).

    Of a task that no store holds it is what the logs say of it, where they say what it starts.
    """
    told = [record for store in _TELLERS if (record := task.record(store)) is not None and _is_there(record)]
    records = [record for record in told if record.store is not Store.LOG or record.actions]
    return next((record for record in records if record.has_actions and record.actions), records[0] if records else None)


def leading(task: Task) -> TaskRecord | None:
    """The telling of principal, triggers and settings that counts: the registry's, else the file's, else the listing's."""
    return next((record for store in _TELLERS if (record := task.record(store)) is not None and _is_there(record)), None)


def _is_there(record: TaskRecord) -> bool:
    return record.presence.value in (Presence.PRESENT, Presence.VISIBLE)


def in_logs_alone(task: Task) -> bool:
    """Whether nothing but the logs tells of a task."""
    return all(record.store is Store.LOG for record in task.records)


def logs_alone_words(task: Task) -> str:
    """A sentence that says so, "" for other tasks."""
    record = task.record(Store.LOG)
    if record is None or not in_logs_alone(task):
        return ""
    return f"Only the logs tell of it ({record.presence.note}); no store in the evidence holds it."


def is_registered(context: Context, task: Task) -> bool:
    """Whether the service could run it: a registry telling, or no registry read at all."""
    if task.record(Store.REGISTRY) is not None:
        return True
    report = context.case.report(Store.REGISTRY)
    return report is None or report.state in ("absent", "failed")


def account(record: TaskRecord, host: Host) -> str:
    """The SID a task runs as, "" where the evidence does not tell."""
    stated = record.principal.user_id.value or record.principal.group_id.value or ""
    return accounts.sid_of(stated, host) or ""


def is_elevated(record: TaskRecord, host: Host) -> bool:
    """Whether it runs with more rights than an ordinary user: a privileged account, or highest privileges."""
    return accounts.is_privileged(account(record, host)) or record.principal.run_level.value == "HighestAvailable"


def account_words(record: TaskRecord, host: Host) -> str:
    sid = account(record, host)
    return (
        accounts.name_of(sid, host)
        if sid
        else record.principal.user_id.value or record.principal.group_id.value or "an unknown account"
    )


def account_readings(record: TaskRecord) -> tuple[Reading[str], Reading[str]]:
    return record.principal.user_id, record.principal.run_level


def is_vendors_own(context: Context, task: Task, action: Action) -> bool:
    """Whether a known vendor's task starts that vendor's program."""
    entry = context.baseline.vendor(task.path)
    return entry is not None and vendor_program(entry, action, context.case.host) is True


def is_shipped_action(context: Context, task: Task, action: Action) -> bool:
    """Whether Windows, or the golden image, has this task with this action."""
    found = [stock for stock in (context.baseline.find(task.path), context.baseline.learned_task(task.path)) if stock is not None]
    return any(is_known_action(stock, action, context.case.host) for stock in found)


def is_managed(context: Context, task: Task) -> bool:
    """Whether policy, management or a user's own job put it in a folder of Windows, by folder and program."""
    folded = task.path.casefold()
    record = acting(task)
    for folder, program in _MANAGED:
        if folder.match(folded) and record is not None and record.actions:
            return all(program.search(target(action, context.case.host).casefold()) for action in record.actions)
    return False


def is_known(context: Context, task: Task) -> bool:
    """Whether the task has a name that Windows, a vendor or the golden image uses, or lies where management puts its tasks."""
    known = context.baseline.is_known_name(task.path) or context.baseline.learned_task(task.path) is not None
    return known or is_managed(context, task)


def target(action: Action, host: Host) -> str:
    """The program of an Exec action in full, "" for others."""
    if action.type.value != "Exec":
        return ""
    return program_of(action.command.value or "", action.arguments.value or "", host)


def class_servers(context: Context, class_id: str) -> tuple[tuple[str, str], ...]:
    """Where a CLSID is served from: pairs of detail (`machine; inproc`, `user <name>; inproc` ...) and path."""
    wanted = "{" + class_id.strip().strip("{}").upper() + "}"
    return tuple((fact.detail, fact.reading.value or "") for fact in context.case.host.all("class") if fact.subject == wanted)


def is_of_the_system(path: str) -> bool:
    """Whether a program lies in Windows, in Program Files, or in a folder that a known product keeps elsewhere."""
    return place_of(path) in (Place.WINDOWS, Place.PROGRAM_FILES) or bool(known_product(path))


def targets_in_system(context: Context, record: TaskRecord) -> bool:
    """Whether everything a task starts lies where only an administrator may put it."""
    host = context.case.host
    for action in record.actions:
        if action.type.value == "Exec":
            path = target(action, host)
            if "\\" in path and not is_of_the_system(path):
                return False
        elif action.type.value == "ComHandler":
            servers = class_servers(context, action.class_id.value or "")
            if any("\\" in path and not is_of_the_system(path.strip('"')) for _, path in servers):
                return False
    return True


def action_words(action: Action) -> str:
    """What an action starts, for a sentence."""
    if action.type.value == "Exec":
        return " ".join(part for part in (action.command.value, action.arguments.value) if part)
    if action.type.value == "ComHandler":
        return f"COM class {action.class_id.value}"
    return action.type.value or "an action nobody knows"


def action_refs(action: Action) -> tuple[EvidenceRef, ...]:
    readings = (action.command, action.arguments, action.class_id, action.data)
    found = tuple(ref for reading in readings if reading.stated for ref in reading.refs)
    return found or action.type.refs


def programs(case: Case) -> tuple[str, ...]:
    """The full path of every program that a task starts, each once; names that Windows does not find by itself stay out."""
    found = {target(action, case.host) for task in case.tasks if (record := acting(task)) for action in record.actions}
    return tuple(sorted(path for path in found if "\\" in path))


def classes_of_files(case: Case) -> tuple[str, ...]:
    """The CLSIDs that task files alone call, where the registry keeps no actions (Windows 7) and could not be asked for them."""
    files = [acting(task) for task in case.tasks if (told := task.record(Store.REGISTRY)) is not None and not told.has_actions]
    found = {action.class_id.value for record in files if record for action in record.actions if action.class_id.value}
    return tuple(sorted({"{" + class_id.strip().strip("{}").upper() + "}" for class_id in found}))
