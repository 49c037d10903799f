"""What the logs add to findings of other rules: that a task ran, that events saw the hand, that it came over the network.

Applied once, after all rules. A finding moves up by one step at most, and only from medium or high: what was judged low has a
harmless reason that the logs do not take away. That a task ran is said wherever it matters; it moves only what hides a task.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from triptych.model.event import Event
from triptych.model.evidence import EvidenceRef
from triptych.model.finding import Confidence, Finding, Severity
from triptych.model.paths import fold
from triptych.rules.lives import all_links, effects
from triptych.rules.lookups import once
from triptych.rules.phrases import cited, quoted, sentences
from triptych.rules.rule import Context

_HIDES = frozenset(
    (
        "sd-missing", "sd-invalid", "sd-denies", "index-zero", "index-missing", "index-invalid", "tree-missing", "registry-only",
        "registry-handmade", "scheduler-missing", "name-deceptive",
    )
)  # fmt: skip
_STARTS = frozenset(
    (
        "command-suspicious", "action-differs", "stock-altered", "decoy-action", "com-handler-hijacked", "target-altered",
        "hidden-setting", "name-lookalike", "author-spoofed", "stock-folder-foreign",
    )
)  # fmt: skip
_WRITTEN = _HIDES | {
    "action-differs",
    "trigger-differs",
    "principal-differs",
    "settings-differs",
    "tasks-missing",
    "index-mismatch",
}
_STEP = {Severity.MEDIUM: Severity.HIGH, Severity.HIGH: Severity.CRITICAL}


@dataclass(frozen=True, slots=True)
class _Support:
    """A reason to move a finding: `words` are the end of a sentence, `highest` as far as it goes."""

    words: str
    refs: tuple[EvidenceRef, ...]
    highest: Severity
    certain: bool = False


def corroborated(context: Context, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The same findings in the same order, those that the logs speak of with what they say, and moved where they prove it."""
    held = tuple(findings)
    by_task: dict[str, list[Finding]] = {}
    for finding in held:
        if finding.task is not None:
            by_task.setdefault(fold(finding.task), []).append(finding)
    return tuple(_supported(context, finding, by_task.get(fold(finding.task or ""), [])) for finding in held)


def _supported(context: Context, finding: Finding, others: list[Finding]) -> Finding:
    if finding.task is None or finding.rule not in _WRITTEN | _STARTS:
        return finding
    run = _last_run(context, finding.task) if finding.rule in _HIDES | _STARTS else None
    told = replace(finding, why=sentences(finding.why, run.words), refs=cited(finding.refs, run.refs)) if run else finding
    for support in (_hand(finding, others), _network(finding, others), _short(finding, others), _hidden_run(finding, run)):
        moved = _moved(told, support)
        if moved is not None:
            return moved
    return told


def _moved(finding: Finding, support: _Support | None) -> Finding | None:
    step = _STEP.get(finding.severity)
    if support is None or step is None or not support.highest.at_least(step):
        return None
    return replace(
        finding,
        severity=step,
        confidence=Confidence.CERTAIN if support.certain else finding.confidence,
        why=sentences(finding.why, f"Raised from {finding.severity.value} to {step.value}: {support.words}."),
        refs=cited(finding.refs, support.refs),
    )


def _hand(finding: Finding, others: list[Finding]) -> _Support | None:
    """Events that saw the hand which wrote what this finding is about."""
    if finding.rule not in _WRITTEN:
        return None
    return _other(others, "tampering-logged", Severity.HIGH, "events show the hand that did it (tampering-logged)", certain=True)


def _network(finding: Finding, others: list[Finding]) -> _Support | None:
    if finding.rule not in _STARTS | _HIDES:
        return None
    return _other(others, "created-remotely", Severity.MEDIUM, "it was registered over the network (created-remotely)")


def _short(finding: Finding, others: list[Finding]) -> _Support | None:
    if finding.rule not in _STARTS:
        return None
    words = "it was deleted within minutes of its registration (created-and-deleted)"
    return _other(others, "created-and-deleted", Severity.HIGH, words)


def _other(others: list[Finding], rule: str, least: Severity, words: str, *, certain: bool = False) -> _Support | None:
    found = next((other for other in others if other.rule == rule and other.severity.at_least(least)), None)
    highest = Severity.CRITICAL if certain else Severity.HIGH
    return _Support(words, found.refs[:6], highest, certain) if found else None


def _hidden_run(finding: Finding, run: _Support | None) -> _Support | None:
    if run is None or finding.rule not in _HIDES:
        return None
    return _Support("a task that is hidden and runs is at work", (), Severity.CRITICAL)


# -- runs -----------------------------------------------------------------------------------------------------------------


def _last_run(context: Context, path: str) -> _Support | None:
    """The newest run that the logs tell of with its process."""
    rows = once(context, "last runs", lambda: _last_runs(context)).get(fold(path), ())
    for row in rows:
        event = context.events[row]
        process = next((found for _, found in effects(context, row, "process", "definition")), None)
        if event.view == context.view and (process is not None or event.kind in ("process-created", "action-started")):
            return _Support(_ran_words(event, process), (event.ref, *((process.ref,) if process else ())), Severity.CRITICAL)
    return None


def _ran_words(event: Event, process: Event | None) -> str:
    if process is None:
        number = f" as process {event.process_id}" if event.process_id is not None else ""
        return f"The logs show that it ran, last at {event.time.iso}: {quoted(event.process)}{number}."
    return (
        f"The logs show that it ran, last at {process.time.iso}: {quoted(process.command or process.process)}, process "
        f"{process.process_id}, as {_whose(process.account)}."
    )


def _whose(account: str) -> str:
    """The account of a process; the machine's own name in a log is SYSTEM."""
    if account.endswith("$"):
        return f"SYSTEM (logged as {account})"
    return account or "an account not named"


def _last_runs(context: Context) -> dict[str, tuple[int, ...]]:
    """For each task the rows that may prove its newest run, the best first."""
    found: dict[str, dict[str, int]] = {}
    linked = all_links(context)
    for run in linked.runs:
        for line in run.lines:
            if line.event_id in (129, 200):
                found.setdefault(run.task, {})[str(line.event_id)] = line.row
    for tie in linked.of("definition"):
        task = fold(context.events.text("task", tie.cause))
        found.setdefault(task, {})["definition"] = tie.cause
    order = ("129", "200", "definition")
    return {task: tuple(rows[name] for name in order if name in rows) for task, rows in found.items()}
