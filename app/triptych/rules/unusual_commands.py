"""What a task starts: suspicious command lines, a harmless action before another, payloads in fields of text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from triptych.analysis.accounts import is_privileged
from triptych.analysis.commands import judge
from triptych.analysis.patterns import found_in
from triptych.analysis.trait import Trait
from triptych.model.evidence import Reading
from triptych.model.finding import Confidence, Finding, Severity
from triptych.model.paths import fold
from triptych.model.task import Action, Task, TaskRecord
from triptych.rules.acting import (
    account,
    account_readings,
    account_words,
    acting,
    action_refs,
    action_words,
    in_logs_alone,
    is_elevated,
    is_registered,
    is_shipped_action,
    is_vendors_own,
    leading,
    logs_alone_words,
)
from triptych.rules.phrases import cited, join, quoted, sentences
from triptych.rules.rule import Context, Rule

_LONG_TEXT = 1_000
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{120,}={0,2}(?![A-Za-z0-9+/=])")
_TEXT_FIELDS = ("author", "description", "documentation", "source", "version", "uri", "data")


def _traits(context: Context, task: Task, action: Action) -> tuple[Trait, ...]:
    """What is striking about an Exec action that neither Windows nor a known vendor ships under that name."""
    if action.type.value != "Exec" or is_shipped_action(context, task, action) or is_vendors_own(context, task, action):
        return ()
    return judge(action.command.value or "", action.arguments.value or "", context.case.host)


def _strong(traits: tuple[Trait, ...]) -> tuple[Trait, ...]:
    return tuple(trait for trait in traits if trait.weight == "strong")


def _check_suspicious(context: Context) -> Iterator[Finding]:
    for task in context.case.tasks:
        record = acting(task)
        if record is None:
            continue
        for number, action in enumerate(record.actions):
            traits = _traits(context, task, action)
            if traits and (verdict := _weigh(context, task, record, traits)):
                severity, moved = verdict
                yield _suspicious(context, task, record, action, number, traits, severity, moved)


def _suspicious(
    context: Context,
    task: Task,
    record: TaskRecord,
    action: Action,
    number: int,
    traits: tuple[Trait, ...],
    severity: Severity,
    moved: str,
) -> Finding:
    strong = _strong(traits) or traits
    which = f"action {number + 1} " if len(record.actions) > 1 else "the command "
    return COMMAND_SUSPICIOUS.finding(
        task,
        f"{sorted({trait.id for trait in traits})} {action_words(action)}",
        summary=f"{task.path}: {which}{strong[0].words}",
        why=sentences(
            f"It starts {quoted(action_words(action), 400)} as {account_words(leading(task) or record, context.case.host)}.",
            f"The command {join([trait.words for trait in traits], 8)}.",
            logs_alone_words(task),
            moved,
        ),
        refs=cited(action_refs(action), *account_readings(leading(task) or record)) or record.ref,
        severity=severity,
        confidence=Confidence.LIKELY if _strong(traits) else Confidence.POSSIBLE,
        time=record.run.last_run.value or record.run.registered.value or record.keeping.told.value,
    )


def _weigh(context: Context, task: Task, record: TaskRecord, traits: tuple[Trait, ...]) -> tuple[Severity, str] | None:
    strong = _strong(traits)
    who = leading(task) or record
    elevated = is_elevated(who, context.case.host)
    if not strong:
        if any(trait.id == "encoded" for trait in traits):
            return Severity.LOW, "What can be decoded is harmless: agents of management do this. Judged low."
        return None
    if not is_registered(context, task) and not in_logs_alone(task):
        return Severity.LOW, "Nothing registers the file: Windows does not run it as it stands. Judged low."
    if {trait.id for trait in strong} <= {"writable-place"} and not elevated:
        return Severity.LOW, (
            "It runs as the very user who may write there, without higher rights: programs that update themselves for one user "
            "do so, and no boundary is crossed. Judged low."
        )  # fmt: skip
    if is_privileged(account(who, context.case.host)):
        return Severity.HIGH, "It runs as an account of the system, so it is judged higher."
    return Severity.MEDIUM, "It runs with the highest rights of its user." if elevated else ""


def _check_decoy(context: Context) -> Iterator[Finding]:
    for task in context.case.tasks:
        record = acting(task)
        if record is None or len(record.actions) < 2:
            continue
        if _strong(_traits(context, task, record.actions[0])):
            continue
        for number, action in enumerate(record.actions[1:], start=2):
            strong = _strong(_traits(context, task, action))
            if not strong:
                continue
            yield DECOY_ACTION.finding(
                task,
                f"{number} {action_words(action)}",
                summary=f"{task.path}: a harmless first action, and action {number} {strong[0].words}",
                why=sentences(
                    f"Windows runs all {len(record.actions)} actions in order. The first, "
                    f"{quoted(action_words(record.actions[0]))}, is "
                    f"harmless; number {number} is {quoted(action_words(action), 400)}.",
                    "Many tools show the first action alone.",
                ),
                refs=cited(action_refs(record.actions[0]), action_refs(action)),
                confidence=Confidence.LIKELY,
            )


def _check_text(context: Context) -> Iterator[Finding]:
    for task in context.case.tasks:
        is_stock = context.baseline.find(task.path) is not None
        for name in _TEXT_FIELDS:
            found = _field_with_payload(task, name, is_stock=is_stock)
            if found is not None:
                reading, reason = found
                yield TEXT_PAYLOAD.finding(
                    task,
                    f"{name} {len(reading.value or '')}",
                    summary=f"{task.path}: {name.capitalize()} {reason}",
                    why=sentences(
                        f"It begins {quoted(reading.value or '', 120)}.",
                        "Nothing runs a field of text by itself; a command can read it from there, and oversized fields push the "
                        "definition out of event 4698.",
                    ),
                    refs=cited(reading),
                    confidence=Confidence.POSSIBLE,
                )


def _field_with_payload(task: Task, name: str, *, is_stock: bool) -> tuple[Reading[str], str] | None:
    """The first store that states a payload in that field: Windows 7 keeps most of them in the file alone."""
    for record in task.records:
        reading: Reading[str] = getattr(record.registration, name)
        if name == "uri" and fold(reading.value or "") == fold(task.path):
            continue  # the task's own name, which holds no more than names do
        reason = _payload(reading.value or "", is_stock=is_stock) if reading.stated else ""
        if reason:
            return reading, reason
    return None


def _payload(text: str, *, is_stock: bool) -> str:
    if any(trait.weight == "strong" for trait in found_in(text[:20_000], "phrases")):
        return "holds a command that downloads, decodes or hides"
    blob = _BASE64.search(text[:200_000])
    if blob and _is_mixed(blob[0]):
        return f"holds {len(blob[0]):,} characters that look like encoded data"
    if len(text) > (4 * _LONG_TEXT if is_stock else _LONG_TEXT):
        return f"is {len(text):,} characters long"
    return ""


def _is_mixed(text: str) -> bool:
    """Encoded data has upper and lower case and figures; a long word or path has not."""
    return any(c.islower() for c in text) and any(c.isupper() for c in text) and any(c.isdigit() for c in text)


COMMAND_SUSPICIOUS = Rule(
    "command-suspicious",
    Severity.MEDIUM,
    "The task starts a script host with encoded or downloading arguments, a program by way of another, or from a "
    "place any user can write.",
    "Management agents and administrators start PowerShell hidden, encoded or with its policy set aside; vendors "
    "start rundll32 with "
    "libraries of their own; some programs update themselves from a user's folder.",
    (
        "Read the whole command, decoded, and the script or file that it names; take a copy with its times and hash.",
        "Look for who registered the task (event 4698 or 106, file and key times) and for its runs (129, 200, 4688).",
        "Search other hosts for the same command.",
    ),
    _check_suspicious,
)
DECOY_ACTION = Rule(
    "decoy-action",
    Severity.MEDIUM,
    "The task has several actions: a harmless one first, and a suspicious one behind it.",
    "Backup and maintenance jobs of administrators have several actions; one of them may use a script host.",
    ("Read every action, in order.", "Ask who made the task and what the second action is for."),
    _check_decoy,
)
TEXT_PAYLOAD = Rule(
    "text-payload",
    Severity.MEDIUM,
    "A field of text (Data, Description, Documentation, Author and the like) holds code or is far longer than such a "
    "field ever is.",
    "Some vendors write long descriptions or keep settings of their own in Data.",
    ("Read the whole field; decode it where it is encoded.", "Look for a command of this or another task that reads the field."),
    _check_text,
)
COMMANDS = (COMMAND_SUSPICIOUS, DECOY_ACTION, TEXT_PAYLOAD)
