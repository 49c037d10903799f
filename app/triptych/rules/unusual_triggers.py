"""When and as whom a task runs: rare triggers, triggers on signs of discovery, passwords kept for it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from triptych.analysis import accounts
from triptych.model.finding import Confidence, Finding, Severity
from triptych.model.task import Task, Trigger
from triptych.rules.acting import account, account_words, acting, action_words, is_known, is_registered, leading
from triptych.rules.phrases import cited, join, quoted, sentences
from triptych.rules.rule import Context, Rule

_RARE = {
    "EventTrigger": "an event in a log",
    "WnfStateChangeTrigger": "a Windows notification that no public schema describes",
    "SessionStateChangeTrigger": "a session that is connected, locked or unlocked",
}
# What an intruder would want to wake on: (part of the channel's name, event ids, words).
_DEFENCE = (
    ("security", frozenset((1102, *range(4698, 4703))), "the clearing of the Security log or a change of scheduled tasks"),
    ("system", frozenset((104,)), "the clearing of a log"),
    ("taskscheduler/operational", frozenset((140, 141, 142)), "the change or removal of a task"),
    (
        "windows defender/operational",
        frozenset((*range(1006, 1120), 5001, 5007, 5010, 5012)),
        "an alarm or the stop of the antivirus",
    ),
)
_LONGEST = 100_000  # characters of a subscription that are looked at
_SELECT = re.compile(r"<Select\b[^>]{0,400}?Path\s*=\s*[\"']([^\"']{1,200})[\"'][^>]{0,400}>", re.IGNORECASE)
_SELECT_END = re.compile("</Select>", re.IGNORECASE)
_PATH = re.compile(r"<Query\b[^>]{0,400}?Path\s*=\s*[\"']([^\"']{1,200})[\"']", re.IGNORECASE)
_EQUAL = re.compile(r"EventID\s*(?:=|>=|&gt;=)\s*[\"']?(\d{1,5})")
_RANGE = re.compile(r"EventID\s*(?:>=|&gt;=)\s*(\d{1,5})\s+and\s+EventID\s*(?:<=|&lt;=)\s*(\d{1,5})", re.IGNORECASE)


def _check_unusual(context: Context) -> Iterator[Finding]:
    for task in context.case.tasks:
        record = leading(task)
        if record is None or is_known(context, task) or not is_registered(context, task):
            continue
        rare = [trigger for trigger in record.triggers if (trigger.type.value or "") in _RARE]
        if not rare:
            continue
        kinds = sorted({trigger.type.value or "" for trigger in rare})
        yield TRIGGER_UNUSUAL.finding(
            task,
            ",".join(kinds),
            summary=f"{task.path}: starts on {join([_RARE[kind] for kind in kinds])}, and Windows does not ship it",
            why=sentences(
                "Such triggers are rare outside Windows: the task waits for the sign instead of a time.",
                *(
                    f"It subscribes to {quoted(trigger.subscription.value, 300)}."
                    for trigger in rare[:2]
                    if trigger.subscription.value
                ),
            ),
            refs=cited(
                *(trigger.type for trigger in rare), *(trigger.subscription for trigger in rare if trigger.subscription.stated)
            ),
            confidence=Confidence.CERTAIN,
        )


def watched(subscription: str) -> list[str]:
    """The signs of discovery that a subscription names, in words."""
    subscription = subscription[:_LONGEST]
    queries = list(_selects(subscription)) or [(path, subscription) for path in dict.fromkeys(_PATH.findall(subscription))]
    found: list[str] = []
    for path, text in queries:
        ids = _ids(text)
        for channel, events, words in _DEFENCE:
            fits = path.casefold() == channel or (("/" in channel) and path.casefold().endswith(channel))
            if fits and ids & events and words not in found:
                found.append(words)
    return found


def _selects(subscription: str) -> Iterator[tuple[str, str]]:
    """Channel and condition of each Select that is closed."""
    end = None
    for match in _SELECT.finditer(subscription):
        if end is not None and match.start() < end.start():
            continue  # opened inside another
        end = _SELECT_END.search(subscription, match.end())
        if end is None:
            return
        yield match[1], subscription[match.end() : end.start()]


def _ids(text: str) -> set[int]:
    ids = {int(number) for number in _EQUAL.findall(text)}
    for first, last in _RANGE.findall(text):
        ids |= set(range(int(first), min(int(last), int(first) + 2_000) + 1))
    return ids


def _check_defence(context: Context) -> Iterator[Finding]:
    for task in context.case.tasks:
        record = leading(task)
        if record is None or context.baseline.find(task.path) is not None:
            continue
        for number, trigger in enumerate(record.triggers):
            signs = watched(trigger.subscription.value or "")
            if signs:
                yield _on_defence(context, task, number, trigger, signs)


def _on_defence(context: Context, task: Task, number: int, trigger: Trigger, signs: list[str]) -> Finding:
    run = acting(task)
    starts = join([quoted(action_words(action), 120) for action in run.actions], 3) if run else "nothing that is known"
    return TRIGGER_ON_DEFENCE.finding(
        task,
        f"{number} {signs}",
        summary=f"{task.path}: wakes on {join(signs)}",
        why=sentences(
            f"It subscribes to {quoted(trigger.subscription.value or '', 400)} and starts {starts}.",
            "A task that wakes when somebody looks, cleans or clears can repair itself or warn its owner.",
            "" if is_registered(context, task) else "Nothing registers it.",
        ),
        refs=cited(trigger.subscription, trigger.type),
        severity=Severity.MEDIUM if is_registered(context, task) else Severity.LOW,
        confidence=Confidence.LIKELY,
    )


def _check_credentials(context: Context) -> Iterator[Finding]:
    for task in context.case.tasks:
        record = leading(task)
        if record is None or is_known(context, task) or not is_registered(context, task):
            continue
        kind = record.principal.logon_type.value
        sid = account(record, context.case.host)
        privileged = accounts.is_privileged(sid) or sid.endswith("-500") or record.principal.run_level.value == "HighestAvailable"
        if kind not in ("Password", "S4U") or not privileged:
            continue
        how = (
            "its password is kept on this machine, where an administrator can read it"
            if kind == "Password"
            else "it runs without a password, by a service logon of that user"
        )
        yield CREDENTIALS_STORED.finding(
            task,
            f"{kind} {sid}",
            summary=f"{task.path}: runs as {account_words(record, context.case.host)} with stored credentials ({kind})",
            why=f"The task runs whether the user is logged on or not: {how}. Each run leaves a logon of type 4.",
            refs=cited(record.principal.logon_type, record.principal.user_id, record.principal.run_level) or record.ref,
            confidence=Confidence.CERTAIN,
        )


TRIGGER_UNUSUAL = Rule(
    "trigger-unusual",
    Severity.LOW,
    "The task starts on an event, a notification or a session change, and Windows does not ship it.",
    "Administrators attach tasks to events; software reacts to sessions.",
    ("Read the subscription.", "Ask what the sign it waits for would mean to an intruder."),
    _check_unusual,
)
TRIGGER_ON_DEFENCE = Rule(
    "trigger-on-defence",
    Severity.MEDIUM,
    "The task wakes on a cleared log, on the change or removal of a task, or on an alarm or stop of the antivirus.",
    "Defenders do the same, with mail or a collector as the action.",
    (
        "Read what it starts when it wakes.",
        "Do not delete the task before all stores are saved: its removal may be what it waits for.",
    ),
    _check_defence,
)
CREDENTIALS_STORED = Rule(
    "credentials-stored",
    Severity.LOW,
    "The task runs by Password or S4U logon as a privileged account.",
    "Administrators' jobs and backup software do so every day.",
    ("Ask whose account it is and when its password was changed last.", "Look for logons of type 4 of that account."),
    _check_credentials,
)
TRIGGERS = (TRIGGER_UNUSUAL, TRIGGER_ON_DEFENCE, CREDENTIALS_STORED)
