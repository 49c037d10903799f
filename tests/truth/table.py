"""The tables of a run, in Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from tests.truth.judging import Verdict
from tests.truth.signs import Guesses


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def _share(found: int, asked: int) -> str:
    return f"{found / asked:.1%}" if asked else "-"


def by_scenario(verdicts: Sequence[Verdict]) -> str:
    rows = []
    for name in dict.fromkeys(verdict.scenario for verdict in verdicts):
        held = [verdict for verdict in verdicts if verdict.scenario == name]
        asked, missing = sum(len(one.asked) for one in held), sum(len(one.missing) for one in held)
        alarms, quieter = sum(len(one.alarms) for one in held), sum(len(one.quieter) for one in held)
        rows.append((name, len(held), asked, asked - missing, _share(asked - missing, asked), alarms, quieter))
    head = ("Scenario", "Seeds", "Asked", "Found", "Recall", "False alarms", "Medium on harmless")
    return _table(head, rows)


def by_rule(verdicts: Sequence[Verdict]) -> str:
    asked = Counter(rule for verdict in verdicts for rule, _ in verdict.asked)
    missing = Counter(rule for verdict in verdicts for rule, _ in verdict.missing)
    alarms = Counter(finding.rule for verdict in verdicts for finding in verdict.alarms)
    quieter = Counter(finding.rule for verdict in verdicts for finding in verdict.quieter)
    rows = [
        (
            f"`{rule}`",
            asked[rule],
            asked[rule] - missing[rule],
            _share(asked[rule] - missing[rule], asked[rule]),
            alarms[rule],
            quieter[rule],
        )
        for rule in sorted({*asked, *alarms, *quieter})
    ]
    return _table(("Rule", "Asked", "Found", "Recall", "False alarms", "Medium on harmless"), rows)


def by_sign(guesses: Sequence[Guesses]) -> str:
    """One row a scenario, one column a sign: how often it pointed at a planted task; in brackets where that is taught."""
    signs = list(dict.fromkeys(guess.sign for guess in guesses))
    rows = []
    for name in dict.fromkeys(guess.scenario for guess in guesses):
        held = {guess.sign: guess for guess in guesses if guess.scenario == name}
        rows.append((name, *(_cell(held[sign]) for sign in signs)))
    return _table(("Scenario", *signs), rows)


def _cell(guess: Guesses) -> str:
    text = f"({guess.hits})" if guess.teaches else str(guess.hits)
    return f"**{text}**" if guess.leaks else text


def failures(verdicts: Sequence[Verdict], guesses: Sequence[Guesses]) -> list[str]:
    """What does not hold, a sentence each."""
    told = []
    for verdict in verdicts:
        where = f"{verdict.scenario}, seed {verdict.seed}"
        told += [f"{where}: {rule} says nothing of {path or 'the host'}" for rule, path in verdict.missing]
        told += [f"{where}: {one.rule} at {one.severity.value} on what nobody planted: {one.summary}" for one in verdict.alarms]
        told += [f"{where}: a problem in reading what we wrote: {code}" for code in verdict.losses]
    told += [
        f"{guess.scenario}: {guess.sign} points at the planted task in {guess.hits} of {guess.seeds} (p = {guess.p:.1g})"
        for guess in guesses
        if guess.leaks
    ]
    return told
