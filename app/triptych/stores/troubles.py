"""The problems of a whole scan: each told once, complete in its words, and never so many of a kind that they hide the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from triptych.limits import DEFAULT
from triptych.model.case import Balance, Problem, Weight
from triptych.model.evidence import EvidenceFile, ReadState

EMPTY_NOT_LISTED = "xml.empty-not-listed"  # its problem names a folder, and counts the empty files in it
_ADVICE = {
    Weight.LOST: "read this source with a second tool and compare what it lists",
    Weight.DOUBT: "compare with the other tellings before relying on it",
    Weight.NOTE: "nothing needs to be done; keep it with the record of the scan",
}
_RANK = {Weight.LOST: 0, Weight.DOUBT: 1, Weight.NOTE: 2}


def settled(
    found: Iterable[Problem],
    told: Iterable[Problem],
    files: Iterable[EvidenceFile],
    balances: Iterable[Balance],
    cap: int = DEFAULT.problems_of_a_kind,
) -> tuple[Problem, ...]:
    """All problems, sorted by file. `found` come from the search for evidence, `told` from the readers.

    What a reader meets again is dropped where the search has told it of the same file; a file that was not read whole has a
    problem, made of its note where nothing else names it; so has a balance that does not close.
    """
    kept = list(found)
    known = {(problem.file, problem.code) for problem in kept}
    kept += [problem for problem in told if (problem.file, problem.code) not in known]
    named = {problem.file for problem in kept}
    # of these folders the empty files were told at once
    counted = tuple(f"{problem.file}/" for problem in kept if problem.code == EMPTY_NOT_LISTED)
    kept += [
        _of_file(file)
        for file in files
        if file.read is not ReadState.WHOLE and file.path not in named and (file.size or not file.path.startswith(counted))
    ]
    kept += [_of_balance(balance) for balance in balances if not balance.closes]
    return tuple(_folded(sorted((_worded(problem) for problem in kept), key=_order), cap))


def _of_file(file: EvidenceFile) -> Problem:
    part = file.read is ReadState.PART
    return Problem(
        Weight.LOST,
        "evidence.part" if part else "evidence.failed",
        file.path,
        "the whole file",
        tried=f"read it as {file.kind}",
        found=file.note or ("not all of it could be read" if part else "it could not be read"),
        lost="what was not read of it" if part else "what it says",
        advice="get another copy of the file from the evidence, and compare their SHA-256",
    )


def _of_balance(balance: Balance) -> Problem:
    missing = balance.promised - balance.listed - balance.repaired - balance.lost
    return Problem(
        Weight.LOST,
        "balance.open",
        balance.file,
        balance.unit,
        tried=f"account for {balance.promised} {balance.unit} that the source promises",
        found=f"{balance.listed} listed, {balance.repaired} repaired, {balance.lost} named as lost",
        lost=f"{missing} {balance.unit} without a reason" if missing > 0 else f"nothing: {-missing} {balance.unit} too many",
        advice="read this source with a second tool and compare the counts",
    )


def _worded(problem: Problem) -> Problem:
    """The problem with every part said, so that it can be put into a report as it is."""
    if problem.file and problem.where and problem.lost and problem.advice:
        return problem
    return replace(
        problem,
        file=problem.file or "the evidence",
        where=problem.where or "the whole file",
        lost=problem.lost or "nothing",
        advice=problem.advice or _ADVICE[problem.severity],
    )


def _order(problem: Problem) -> tuple[str, int, str, str, str, str]:
    return (problem.file, _RANK[problem.severity], problem.code, problem.where, problem.tried, problem.found)


def _folded(problems: list[Problem], cap: int) -> list[Problem]:
    """The first `cap` of a kind, and one row that counts the rest: a hostile archive must not flood the list."""
    kinds: dict[tuple[Weight, str], list[Problem]] = defaultdict(list)
    for problem in problems:
        kinds[problem.severity, problem.code].append(problem)
    if all(len(kind) <= cap for kind in kinds.values()):
        return problems
    kept: list[Problem] = []
    for kind in kinds.values():
        kept += kind[:cap]
        if rest := kind[cap:]:
            kept.append(_counted(rest))
    return sorted(kept, key=_order)


def _counted(rest: list[Problem]) -> Problem:
    count = sum(problem.count for problem in rest)
    files = {problem.file for problem in rest}
    where = f"{len(files):,} files" if len(files) > 1 else "the whole file"
    found = f"{count:,} more of this kind; the ledger of files says how each was read"
    return replace(rest[0], file=_common(files), where=where, found=found, count=count)


def _common(files: set[str]) -> str:
    """The folder or archive that holds all of them, or the first where they share none."""
    first, last = min(files), max(files)
    shared = []
    for one, other in zip(first.split("/"), last.split("/"), strict=False):
        if one != other:
            break
        shared.append(one)
    return "/".join(shared).removesuffix("!") or first
