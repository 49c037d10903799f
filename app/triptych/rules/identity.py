"""Where a task is said to be, and whether its file is the one that was registered: Path, URI and Hash."""

from __future__ import annotations

from collections.abc import Iterator

from triptych.model.evidence import Reading
from triptych.model.finding import Confidence, Finding, Severity
from triptych.model.paths import fold
from triptych.model.task import Store, Task, TaskRecord
from triptych.rules.lookups import WINDOWS_8, WINDOWS_10, is_linked
from triptych.rules.phrases import cited, join, quoted, sentences
from triptych.rules.rule import Context, Rule


def _check_paths(context: Context) -> Iterator[Finding]:
    for task in context.case.tasks:
        registry, file = task.record(Store.REGISTRY), task.record(Store.XML)
        claims = _claims(registry, file)
        here = _folded(task.path)
        wrong = [
            (who, path, reading)
            for who, path, reading in claims
            if (fold(path) != fold(task.path) if who == _PATH_VALUE else _folded(path) != here)
        ]
        if not wrong:
            continue
        told = [f"{who} says {quoted(path)}" for who, path, _ in wrong]
        fitting = [claim for claim in claims if claim not in wrong and claim[0] != _PATH_VALUE]
        severity, why = _weigh_path(context, wrong, bool(fitting))
        yield PATH_DIFFERS.finding(
            task,
            "; ".join(f"{who}={path.casefold()}" for who, path, _ in wrong),
            summary=f"{task.path}: {join(told)}",
            why=sentences("The task stands at another place than it says of itself.", why),
            refs=cited(*(reading for _, _, reading in wrong), *(record.ref for record in task.records)),
            severity=severity,
        )


_Claim = tuple[str, str, Reading[str]]


def _weigh_path(context: Context, wrong: list[_Claim], another_fits: bool) -> tuple[Severity, str]:
    if any(who == _PATH_VALUE for who, _, _ in wrong):
        return Severity.MEDIUM, (
            "The service compares Path with the place at every change and refuses (0x8000FFFF): it writes no two that differ."
        )  # fmt: skip
    free = "URI is free text that Windows shows and does not go by."
    if any(context.baseline.find("\\" + path.strip("\\")) is not None for _, path, _ in wrong):
        return Severity.MEDIUM, f"{free} This one is the path of a task that Windows ships: it passes itself off as that task."
    if another_fits or len({_folded(path) for _, path, _ in wrong}) > 1:
        return Severity.MEDIUM, f"{free} File and registry do not even agree on it, so the one is not a copy of the other."
    return Severity.LOW, (
        f"{free} It stays when a definition is copied, or exported and imported under another name. Judged low."
    )  # fmt: skip


_PATH_VALUE = "the Path value of the Tasks key"


def _claims(registry: TaskRecord | None, file: TaskRecord | None) -> list[_Claim]:
    found = []
    if registry is not None and is_linked(registry):
        found.append((_PATH_VALUE, registry.keeping.tasks_path))
        found.append(("the URI in the registry", registry.registration.uri))
    if file is not None:
        found.append(("the URI in the XML file", file.registration.uri))
    return [
        (who, reading.value, reading)
        for who, reading in found
        if reading.stated and reading.value is not None and (reading.value or who == _PATH_VALUE)
        if not reading.value.startswith("$(")
    ]


def _folded(path: str) -> str:
    return fold(path).strip("\\")


# -- the Hash value ------------------------------------------------------------------------------------------------------


def _check_hash(context: Context) -> Iterator[Finding]:
    """Learned on this host: only where the files of shipped tasks match their Hash does a mismatch mean anything."""
    pairs = [(task, record) for task, record in context.pairs() if _hashes(task, record)]
    matching = sum(1 for task, record in pairs if _fits(task, record))
    if matching == 0:
        return  # the way in which the file is hashed is then not the one known to us
    for task, record in pairs:
        if _fits(task, record):
            continue
        severity, moved = _weigh_hash(context, matching, len(pairs))
        file = task.record(Store.XML)
        yield HASH_DIFFERS.finding(
            task,
            "Hash differs",
            summary=f"{task.path}: the Hash in the registry is not that of the XML file",
            why=sentences(
                "The service writes file and Hash together, so the file was changed or put there by another hand.",
                moved,
                "Windows 7 refuses such a task (0x80041321)."
                if context.build is not None and context.build < WINDOWS_8
                else "Windows 10 and later run the registry and never compare the two.",
            ),
            refs=cited(record.keeping.hash, file.keeping.hash_found if file else (), file.ref if file else ()),
            severity=severity,
            confidence=Confidence.LIKELY if severity is not Severity.INFO else Confidence.POSSIBLE,
            time=file.keeping.file_written.value if file else None,
        )


def _hashes(task: Task, record: TaskRecord) -> tuple[str, str] | None:
    """The Hash value, and what the file's bytes give (its note holds what other byte ranges give); None where one is missing.

    A Hash of four bytes is the CRC32 of systems before KB2305420 and cannot be compared.
    """
    file = task.record(Store.XML)
    if file is None or not is_linked(record) or not file.keeping.hash_found.value:
        return None
    kept, found = (record.keeping.hash.value or "").casefold(), file.keeping.hash_found
    return (kept, f"{found.value} {found.note}".casefold()) if len(kept) == 64 else None


def _fits(task: Task, record: TaskRecord) -> bool:
    hashes = _hashes(task, record)
    return hashes is not None and hashes[0] in hashes[1]


_ENOUGH_HASHES = 10
_NEARLY_ALL = 0.9


def _weigh_hash(context: Context, matching: int, known: int) -> tuple[Severity, str]:
    figures = f"On this host {matching:,} of {known:,} task files match their Hash"
    if matching < _ENOUGH_HASHES or matching < _NEARLY_ALL * known:
        return Severity.INFO, f"{figures}: too few to prove what is hashed, so this is information only."
    before_10 = context.build is not None and context.build < WINDOWS_10
    return (Severity.MEDIUM if before_10 else Severity.LOW), f"{figures}, which proves what is hashed: the mismatch is real."


PATH_DIFFERS = Rule(
    "path-differs",
    Severity.MEDIUM,
    "The place in the Tree, the Path value, the URI and the place of the file disagree.",
    "A definition exported and imported under another name keeps its URI.",
    ("Look for a task at the place that is claimed.", "Compare Author, Date and actions with that task."),
    _check_paths,
    ("T1036.004",),
)
HASH_DIFFERS = Rule(
    "hash-differs",
    Severity.INFO,
    "The Hash in the registry is not that of the XML file; information until this host proves what is hashed.",
    "A file saved again by an upgrade or a migration tool, or restored from a backup.",
    ("Compare file and registry field by field.", "Look at the file's times in $MFT and at the USN journal."),
    _check_hash,
    ("T1036",),
)
IDENTITY: tuple[Rule, ...] = (PATH_DIFFERS, HASH_DIFFERS)
