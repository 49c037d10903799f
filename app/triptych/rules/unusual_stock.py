"""Against what Windows ships: altered, switched off, foreign in a folder of Windows, hidden, unknown to the baseline."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from triptych.analysis import accounts
from triptych.analysis.baseline import StockTask, same_errand, same_program
from triptych.analysis.commands import judge
from triptych.model.finding import Confidence, Finding, Severity
from triptych.model.task import Action, Store, Task, TaskRecord
from triptych.rules.acting import (
    account,
    account_words,
    acting,
    action_refs,
    action_words,
    in_logs_alone,
    is_known,
    is_managed,
    is_of_the_system,
    is_registered,
    is_shipped_action,
    leading,
    logs_alone_words,
    target,
    targets_in_system,
)
from triptych.rules.lives import persons_hand
from triptych.rules.lookups import WINDOWS_8, was_read
from triptych.rules.phrases import cited, count, join, quoted, sentences
from triptych.rules.rule import Context, Rule

_HOSTS = frozenset(
    ("cmd.exe", "powershell.exe", "pwsh.exe", "wscript.exe", "cscript.exe", "mshta.exe", "rundll32.exe", "regsvr32.exe", "msbuild.exe",
     "installutil.exe", "regasm.exe", "certutil.exe", "bitsadmin.exe", "forfiles.exe", "pcalua.exe", "conhost.exe", "schtasks.exe")
)  # fmt: skip
_RANK = {"S-1-5-18": 3, "S-1-5-32-544": 2}
_NEWEST_KNOWN = 26100  # builds after this one may ship tasks and actions that no list has yet
_WINDOWS = "\\microsoft\\windows\\"
# Tasks that protect the machine and that every version ships enabled, where it ships them at all.
_PROTECTING = {
    "\\microsoft\\windows\\windows defender\\windows defender cache maintenance": "keeps the antivirus in order",
    "\\microsoft\\windows\\windows defender\\windows defender cleanup": "removes what the antivirus found",
    "\\microsoft\\windows\\windows defender\\windows defender scheduled scan": "scans for malware",
    "\\microsoft\\windows\\windows defender\\windows defender verification": "checks that the antivirus works",
    "\\microsoft\\windows\\exploitguard\\exploitguard mdm policy refresh": "refreshes the exploit protection policy",
    "\\microsoft\\windows\\windowsupdate\\scheduled start": "starts Windows Update",
    "\\microsoft\\windows\\updateorchestrator\\schedule scan": "looks for updates",
    "\\microsoft\\windows\\waasmedic\\performremediation": "repairs Windows Update",
    "\\microsoft\\windows\\systemrestore\\sr": "makes restore points",
    "\\microsoft\\windows\\registry\\regidlebackup": "saves copies of the registry",
}
_SEVERAL = 3


def _check_altered(context: Context) -> Iterator[Finding]:
    for task in context.case.tasks:
        stock, record = context.baseline.find(task.path), acting(task)
        if stock is None or record is None or not is_registered(context, task):
            continue
        for number, action in enumerate(record.actions):
            if not is_shipped_action(context, task, action) and (verdict := _altered(context, task, stock, action)):
                severity, why = verdict
                yield STOCK_ALTERED.finding(
                    task,
                    f"action {number} {action_words(action)}",
                    summary=f"{task.path}: Windows ships this task, and not with {quoted(action_words(action), 120)}",
                    why=sentences(f"Windows starts {_shipped_words(stock)} here.", why),
                    refs=cited(action_refs(action)) or record.ref,
                    severity=severity,
                    confidence=Confidence.LIKELY,
                    time=record.keeping.tasks_written.value,
                )
        yield from _raised(context, task, stock)


def _altered(context: Context, task: Task, stock: StockTask, action: Action) -> tuple[Severity, str] | None:
    """How a shipped task's unknown action weighs; None where it is the shipped program on the shipped errand, or nothing is known."""
    host = context.case.host
    if not stock.actions:
        return None
    path = target(action, host)
    name = path.rpartition("\\")[2].casefold()
    alike = [known for known in stock.actions if same_program(known, action, host)]
    if alike:
        strong = [
            trait for trait in judge(action.command.value or "", action.arguments.value or "", host) if trait.weight == "strong"
        ]
        if strong:
            return Severity.HIGH, f"The program is the shipped one, with other arguments: it {strong[0].words}. Judged higher."
        if any(same_errand(known, action, host) for known in alike):
            return None
        return _inside_windows(
            context, task, "The program is the shipped one; it runs what its arguments name, which no list knows."
        )
    if action.type.value == "Exec" and "\\" in path and not is_of_the_system(path):
        return Severity.HIGH, "The new program lies outside Windows and Program Files. Judged higher."
    if name in _HOSTS:
        return Severity.HIGH, f"The new program is {name}, which runs whatever its arguments say. Judged higher."
    return _inside_windows(context, task, "")


def _inside_windows(context: Context, task: Task, fact: str) -> tuple[Severity, str]:
    host = context.case.host
    if context.baseline.ships(task.path, host) == "other-version" or (host.build or 0) > _NEWEST_KNOWN:
        return (
            Severity.LOW,
            sentences(
                fact,
                "The lists know this task of other versions of Windows alone, so this version may start something else. Judged low.",
            ),
        )
    return Severity.MEDIUM, sentences(
        fact, "All stores may agree: a change through the scheduler itself leaves no contradiction behind."
    )


def _shipped_words(stock: StockTask) -> str:
    shown = [
        f"{known.command} {known.arguments}".strip() if known.type == "Exec" else f"COM class {known.class_id}"
        for known in stock.actions
    ]
    return join([quoted(text, 100) for text in dict.fromkeys(shown)], 4)


def _raised(context: Context, task: Task, stock: StockTask) -> Iterator[Finding]:
    record = leading(task)
    if record is None or not stock.principals:
        return
    sid = account(record, context.case.host)
    rank = _RANK.get(sid, 0)
    shipped = max(_RANK.get(known, 0) for known in stock.principals)
    if rank > shipped and rank == 3:
        known = [accounts.name_of(name, context.case.host) if name.startswith("S-1-") else "a user" for name in stock.principals]
        yield STOCK_ALTERED.finding(
            task,
            f"runs as {sid}",
            summary=f"{task.path}: runs as {account_words(record, context.case.host)}; Windows ships it to run as {join(known)}",
            why="The account decides what the task may do; this one may do more than the task needs.",
            refs=cited(record.principal.user_id, record.principal.group_id) or record.ref,
            confidence=Confidence.POSSIBLE,
        )


def _check_disabled(context: Context) -> Iterator[Finding]:
    found: list[tuple[Task, TaskRecord, str, str]] = []
    for task in context.case.tasks:
        purpose = _PROTECTING.get(task.path.casefold())
        record = leading(task)
        if purpose is None or record is None:
            continue
        if in_logs_alone(task):
            if by_hand := persons_hand(context, task.path):
                found.append((task, record, f"was {by_hand.done}", purpose))
            elif record.settings.enabled.value is False:
                found.append((task, record, "is disabled", purpose))
            continue
        if not is_registered(context, task):
            continue
        if record.settings.enabled.value is False:
            found.append((task, record, "is disabled", purpose))
        elif record.has_triggers and not record.triggers and _had_a_start(context, task, record):
            found.append((task, record, "has no trigger left", purpose))
    several = len(found) >= _SEVERAL
    for task, record, fact, purpose in found:
        by_hand = persons_hand(context, task.path)
        yield STOCK_DISABLED.finding(
            task,
            fact,
            summary=f"{task.path} {fact}: the task that {purpose} does not run",
            why=sentences(
                "Windows ships it enabled.",
                f"{by_hand.words} Judged higher." if by_hand else "",
                logs_alone_words(task),
                f"{count(len(found), 'protecting task')} on this host cannot run: that is more than one setting. Judged higher."
                if several
                else "",
            ),
            refs=cited(record.settings.enabled if fact == "is disabled" else record.ref, by_hand.refs if by_hand else ())
            or record.ref,
            severity=Severity.MEDIUM if several or by_hand else Severity.LOW,
            time=by_hand.time if by_hand else record.keeping.tasks_written.value,
        )


def _had_a_start(context: Context, task: Task, record: TaskRecord) -> bool:
    """Whether Windows ships the task with a trigger or a maintenance period, and this one has no period that starts it.

    Automatic maintenance came with Windows 8 (Task Scheduler schema 1.4); what is known of such a task tells nothing of older ones.
    """
    stock = context.baseline.find(task.path)
    if stock is None or not record.complete or (stock.maintenance and (context.build or WINDOWS_8) < WINDOWS_8):
        return False
    return not record.settings.maintenance_period.value if stock.maintenance else bool(stock.triggers)


def _check_foreign(context: Context) -> Iterator[Finding]:
    quiet: dict[str, list[tuple[Task, TaskRecord]]] = defaultdict(list)
    for task in context.case.tasks:
        record = acting(task)
        if record is None or not task.path.casefold().startswith(_WINDOWS) or is_known(context, task):
            continue
        if targets_in_system(context, record):
            quiet[task.folder.casefold()].append((task, record))
        else:
            yield _foreign(
                context, task, record, Severity.MEDIUM, "What it starts lies outside Windows and Program Files. Judged higher."
            )
    for group in quiet.values():
        if len(group) < _SEVERAL:
            for task, record in group:
                yield _foreign(context, task, record, *_inside(context))
            continue
        folder, refs = group[0][0].folder, cited(*(record.ref for _, record in group))
        severity, why = _inside(context)
        yield STOCK_FOLDER_FOREIGN.finding(
            None,
            folder.casefold(),
            summary=f"{folder}: {count(len(group), 'task')} that no known Windows ships there",
            why=sentences(f"They are {join([task.name for task, _ in group], 8)}.", why),
            refs=refs,
            severity=severity,
            confidence=Confidence.POSSIBLE,
        )


def _inside(context: Context) -> tuple[Severity, str]:
    if (context.build or 0) > _NEWEST_KNOWN:
        return (
            Severity.INFO,
            "What it starts lies in Windows or Program Files, and this build is newer than the lists. Information only.",
        )
    return Severity.LOW, "What it starts lies in Windows or Program Files."


def _foreign(context: Context, task: Task, record: TaskRecord, severity: Severity, why: str) -> Finding:
    starts = join([quoted(action_words(action), 120) for action in record.actions], 3)
    return STOCK_FOLDER_FOREIGN.finding(
        task,
        "foreign",
        summary=f"{task.path}: a task in a folder of Windows that no known Windows ships there",
        why=sentences(
            f"It starts {starts} as {account_words(leading(task) or record, context.case.host)}.",
            why,
            "" if is_registered(context, task) else "Nothing registers it.",
        ),
        refs=cited(record.ref, *(action_refs(action) for action in record.actions)),
        severity=severity if is_registered(context, task) else Severity.LOW,
        confidence=Confidence.LIKELY if severity is Severity.MEDIUM else Confidence.POSSIBLE,
    )


def _check_hidden(context: Context) -> Iterator[Finding]:
    for task in context.case.tasks:
        telling = [record for store in (Store.REGISTRY, Store.XML) if (record := task.record(store)) is not None]
        hiding = next((record for record in telling if record.settings.hidden.value is True), None)
        if hiding is None or not is_registered(context, task):
            continue
        if is_managed(context, task) or _is_shipped(context, task):
            continue
        yield HIDDEN_SETTING.finding(
            task,
            "hidden",
            summary=f"{task.path}: has the setting Hidden, and Windows does not ship it",
            why="The Task Scheduler console leaves such tasks out unless it is told to show hidden ones; schtasks, "
            "PowerShell and the "
            "programming interface with its flag still list them.",
            refs=cited(hiding.settings.hidden) or hiding.ref,
            confidence=Confidence.CERTAIN,
        )


def _is_shipped(context: Context, task: Task) -> bool:
    """Whether a known name goes with a known program: a name alone excuses nothing."""
    record = acting(task)
    if not is_known(context, task) or record is None:
        return False
    return all(is_shipped_action(context, task, action) for action in record.actions) or targets_in_system(context, record)


def _check_baseline(context: Context) -> Iterator[Finding]:
    if not was_read(context, Store.REGISTRY) and not was_read(context, Store.XML):
        return
    learned = bool(context.baseline.learned)
    for task in context.case.tasks:
        record = leading(task)
        known = context.baseline.learned_task(task.path) is not None if learned else is_known(context, task)
        if known or record is None:
            continue
        against = "the golden image" if learned else "the lists of what Windows and common vendors ship"
        yield NOT_IN_BASELINE.finding(
            task,
            "unknown",
            summary=f"{task.path}: not in {against}",
            why="Most such tasks are somebody's software or an administrator's work. Whoever looks for the foreign "
            "one begins here.",
            refs=record.ref,
        )


STOCK_ALTERED = Rule(
    "stock-altered",
    Severity.MEDIUM,
    "All stores may agree, and a task that Windows ships starts another program or class, has an action more, or runs "
    "as a higher account.",
    "A version or edition of Windows that the lists do not know well; a product that replaces a task of Windows with its own.",
    (
        "Compare with the same task on a host of the same build.",
        "Look for event 140 or 4702 for this path, and for who was logged on then.",
        "Take a copy of what it starts now.",
    ),
    _check_altered,
)
STOCK_DISABLED = Rule(
    "stock-disabled",
    Severity.LOW,
    "A shipped task that protects the machine (malware scans, updates, restore points, recovery) is disabled or "
    "emptied of triggers.",
    "Another antivirus is registered, updates are managed by WSUS or MECM, a privacy or virtual desktop script "
    "switched off dozens of tasks.",
    ("Look for event 142 or 4701 for this path and who caused it.", "Ask whether policy or an image build switched it off."),
    _check_disabled,
)
STOCK_FOLDER_FOREIGN = Rule(
    "stock-folder-foreign",
    Severity.LOW,
    "A task below \\Microsoft\\Windows\\ that no known Windows ships there.",
    "New builds bring new tasks; policy, management and users put tasks of their own below this folder.",
    ("Look at what it starts and who signed it.", "Compare with a host of the same build."),
    _check_foreign,
)
HIDDEN_SETTING = Rule(
    "hidden-setting",
    Severity.MEDIUM,
    "The setting Hidden is on for a task that Windows does not ship.",
    "Some vendors hide their updaters; remote execution tools of administrators do it too.",
    ("Look at what it starts, as whom and when.", "Look for who registered it (event 4698 or 106)."),
    _check_hidden,
)
NOT_IN_BASELINE = Rule(
    "not-in-baseline",
    Severity.INFO,
    "The task is not in the baseline: neither Windows nor a common vendor ships it, or the golden image lacks it.",
    "Any software that is not in the lists.",
    ("Learn a baseline from a clean machine of the same kind: triptych baseline EVIDENCE --out FILE.",),
    _check_baseline,
)
STOCK = (STOCK_ALTERED, STOCK_DISABLED, STOCK_FOLDER_FOREIGN, HIDDEN_SETTING, NOT_IN_BASELINE)
