"""The Index value of a Tree key, and the index keys Boot, Logon, Plain and Maintenance that it stands for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from triptych.model.evidence import State
from triptych.model.finding import Confidence, Finding, Severity
from triptych.model.task import Task, TaskRecord, TraceKind, Trigger
from triptych.model.times import TICKS_A_SECOND
from triptych.rules.lookups import hive_doubt, hive_written, is_linked, once, traces
from triptych.rules.phrases import cited, join, sentences, when
from triptych.rules.rule import Context, Rule

KEYS = {1: "Boot", 2: "Logon", 3: "Plain", 4: "Maintenance"}
_ATTACK = ("T1053.005", "T1564", "T1112")
_HIDES = (
    "Listings of the scheduler leave out such a task, although it still answers to its exact path and its triggers still fire; "
    "at the next registration of this path the service takes the entry for unfinished, throws it away and makes a new GUID."
)
_NEXT = (
    "Replay the hive's LOG1 and LOG2 if that has not been done, and look again.",
    "Ask a live system for the task by its exact path: an answer there and none in the listing prove the change of Index.",
    "Look for the hand on the key (Sysmon 13 with DWORD 0, Sysmon 12, Security 4657) and for the task's runs (129, 200).",
)
_MOMENT = 10 * TICKS_A_SECOND


def _linked(context: Context) -> Iterator[tuple[Task, TaskRecord]]:
    """Tasks whose Id leads to a Tasks key: a stock Windows 7 keeps Tree keys with Index 0 that lead nowhere."""
    return ((task, record) for task, record in context.pairs() if is_linked(record))


def _check_zero(context: Context) -> Iterator[Finding]:
    for task, record in _linked(context):
        index = record.keeping.index
        if not index.stated or index.value != 0:
            continue
        being_written = _being_written(context, task, record)
        yield INDEX_ZERO.finding(
            task,
            "Index 0",
            summary=f"{task.path}: Index is 0 although its Id leads to a Tasks key",
            why=sentences(
                f"A registered task has Index 1 to 4 ({_meaning()}).",
                _HIDES,
                _in_keys(record),
                "The Tree key was written within seconds of the hive's own last write, the GUID is in an index key and the task "
                "is a shipped one or new: the service may have been registering it when the copy was taken. Judged low."
                if being_written
                else "",
            ),
            refs=cited(index) or record.ref,
            severity=Severity.LOW if being_written else Severity.HIGH,
            confidence=Confidence.POSSIBLE if being_written else Confidence.CERTAIN,
            time=record.keeping.tree_written.value,
        )


def _being_written(context: Context, task: Task, record: TaskRecord) -> bool:
    """The service writes 0 while it registers: seen where a copy was taken at that moment."""
    last, written = hive_written(context), record.keeping.tree_written.value
    if last is None or written is None or abs(last.ticks - written.ticks) > _MOMENT or not record.keeping.index_keys.value:
        return False
    registered = record.run.registered.value
    just_now = registered is not None and abs(registered.ticks - written.ticks) <= _MOMENT
    return just_now or context.baseline.find(task.path) is not None


def _meaning() -> str:
    return ", ".join(f"{number} {name}" for number, name in KEYS.items())


def _in_keys(record: TaskRecord) -> str:
    keys = record.keeping.index_keys.value or ()
    return f"Its GUID is in the index key {join(list(keys))}." if keys else "Its GUID is in no index key."


def _check_missing(context: Context) -> Iterator[Finding]:
    for task, record in _linked(context):
        index = record.keeping.index
        if index.state is not State.NOT_STATED:
            continue
        confidence, doubt = hive_doubt(context, index.refs)
        yield INDEX_MISSING.finding(
            task,
            "Index missing",
            summary=f"{task.path}: the Tree key has no Index value although its Id leads to a Tasks key",
            why=sentences("The service writes Id and Index of a task together.", _HIDES, _in_keys(record), doubt),
            refs=cited(index) or record.ref,
            confidence=confidence,
            time=record.keeping.tree_written.value,
        )


def _check_invalid(context: Context) -> Iterator[Finding]:
    for task, record in _linked(context):
        index = record.keeping.index
        above = index.stated and index.value is not None and not 0 <= index.value <= 4
        if not above and index.state is not State.UNREADABLE:
            continue
        fact = f"Index is {index.value}" if above else f"Index is no number ({index.note or index.raw[:60]})"
        yield INDEX_INVALID.finding(
            task,
            f"Index {index.value if above else 'unreadable'}",
            summary=f"{task.path}: {fact}",
            why=sentences(
                f"The service writes 0 to 4 and nothing else ({_meaning()}), so another hand wrote this.",
                "What it makes of such a value is not known; with 0 or none it leaves the task out of listings.",
                _in_keys(record),
            ),
            refs=cited(index) or record.ref,
            time=record.keeping.tree_written.value,
        )


def _check_mismatch(context: Context) -> Iterator[Finding]:
    linked = list(_linked(context))
    if not any(record.keeping.index_keys.value for _, record in linked):
        linked = []  # an export of the Tree alone: the index keys are not at hand
    for task, record in linked:
        keeping = record.keeping
        if keeping.index.value not in KEYS or keeping.index_keys.state in (State.NOT_KEPT, State.UNREADABLE):
            continue
        named, keys = KEYS[keeping.index.value], keeping.index_keys.value or ()
        clash = _contradiction(record, named, keys)
        if clash:
            yield INDEX_MISMATCH.finding(
                task,
                clash.found,
                summary=f"{task.path}: {clash.summary}",
                why=clash.why,
                refs=cited(keeping.index, keeping.index_keys, *(trigger.type for trigger in record.triggers)) or record.ref,
                confidence=Confidence.CERTAIN if named not in keys else Confidence.LIKELY,
                time=keeping.tree_written.value,
            )
    yield from _orphan_entries(context)


@dataclass(frozen=True)
class _Clash:
    """What was found, in a line, and what follows."""

    found: str
    summary: str
    why: str


def _contradiction(record: TaskRecord, named: str, keys: tuple[str, ...]) -> _Clash | None:
    """What does not fit between Index, keys and triggers; None where all does."""
    if not keys:
        return _Clash(
            "in no index key",
            f"Index says {named}, and no index key holds its GUID",
            "At its start the service walks the index keys and loads what they name: a task in none of them is probably not loaded "
            "any more, or was put there by a hand that forgot the key.",
        )
    if named not in keys:
        return _Clash(
            f"Index {named}, keys {' '.join(keys)}",
            f"Index says {named}, and the GUID is in {join(list(keys))} only",
            "The service writes the first of a task's index keys into Index, so the two fit; a value changed by hand does not.",
        )
    wanted = _wanted(record)
    if wanted and not wanted & set(keys):
        return _Clash(
            f"triggers {' '.join(sorted(wanted))}, keys {' '.join(keys)}",
            f"it starts at {' and '.join(sorted(word.lower() for word in wanted))}, and its GUID is in {join(list(keys))} only",
            "The service puts a task with a boot or logon trigger into the key of that name. No enabled trigger of this task fits "
            "a key that holds it; the tool GhostTask leaves logon triggers in Plain like this.",
        )
    return None


def _wanted(record: TaskRecord) -> set[str]:
    """The index keys that the enabled triggers ask for; none where anything about the task allows others."""
    if not record.complete or record.settings.enabled.value is False or record.settings.maintenance_period.value:
        return set()
    enabled = [trigger for trigger in record.triggers if trigger.enabled.value is not False]
    return {_key_of(trigger) for trigger in enabled} if all(_key_of(trigger) for trigger in enabled) else set()


def _key_of(trigger: Trigger) -> str:
    return {"BootTrigger": "Boot", "LogonTrigger": "Logon"}.get(trigger.type.value or "", "")


def _orphan_entries(context: Context) -> Iterator[Finding]:
    """GUIDs in index keys that no Tasks key has; one that a Tree key names is told there (tasks-missing)."""
    named = once(context, "tree ids", lambda: {(record.keeping.tree_id.value or "").upper() for _, record in context.pairs()})
    for trace in traces(context, TraceKind.INDEX_ENTRY):
        guid = (trace.get("guid") or trace.path).upper()
        if guid in named or not trace.refs:
            continue
        yield INDEX_MISMATCH.finding(
            None,
            f"{trace.get('index')} {guid}",
            summary=f"The index key {trace.get('index')} names {guid}, and no Tasks key and no Tree key has it",
            why=(
                f"The entry was made {when(trace.written)} or later changed; what it stood for is gone. Uninstallers and clean-up "
                "scripts leave such entries, so it is information alone, unless the logs name a run that no store explains."
            ),
            refs=trace.refs,
            severity=Severity.INFO,
            time=trace.written,
            benign="An uninstaller or a clean-up script deleted the Tree and Tasks keys and forgot the index.",
            next_steps=("Look for the GUID in free space of the hive, in shadow copies, and in events 129, 141, 200.",),
        )


INDEX_ZERO = Rule(
    "index-zero",
    Severity.HIGH,
    "Index is 0 on a task whose Id leads to a Tasks key: listings leave it out.",
    "The service writes 0 for a moment while it registers a task; a copy taken in that second shows it.",
    _NEXT,
    _check_zero,
    _ATTACK,
)
INDEX_MISSING = Rule(
    "index-missing",
    Severity.HIGH,
    "The Tree key of a task has an Id and no Index: listings leave it out.",
    "A hive whose logs were not replayed, or a clean-up script that deleted values one by one.",
    _NEXT,
    _check_missing,
    _ATTACK,
)
INDEX_INVALID = Rule(
    "index-invalid",
    Severity.HIGH,
    "Index is above 4 or no number: the service never writes that.",
    "A damaged hive; then neighbouring values are damaged too.",
    _NEXT,
    _check_invalid,
    _ATTACK,
)
INDEX_MISMATCH = Rule(
    "index-mismatch",
    Severity.MEDIUM,
    "Index, the keys Boot, Logon, Plain and Maintenance, and the triggers do not fit together.",
    "Clean-up scripts that deleted index keys; a task changed by an old version of Windows before an upgrade.",
    ("Compare the key's last-write time with events 106 and 140 of the task.", *_NEXT[1:]),
    _check_mismatch,
    ("T1053.005", "T1112"),
)
INDEX: tuple[Rule, ...] = (INDEX_ZERO, INDEX_MISSING, INDEX_INVALID, INDEX_MISMATCH)
