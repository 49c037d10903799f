"""Names that deceive: characters that hide or reorder, near-twins of stock tasks, authors that are claimed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from triptych.analysis.places import Place, place_of
from triptych.analysis.similar import deceptive, lookalike
from triptych.model.evidence import Reading
from triptych.model.finding import Confidence, Finding, Severity
from triptych.model.task import Store, Task, TaskRecord
from triptych.model.times import TICKS_A_DAY, Instant
from triptych.rules.acting import acting, action_refs, action_words, is_known, leading, logs_alone_words, target, targets_in_system
from triptych.rules.phrases import cited, join, quoted, sentences, when
from triptych.rules.rule import Context, Rule

_REFUSED = {"/": "slash", ":": "colon"}
_MICROSOFT = ("microsoft", "$(@%systemroot%", "$(@%windir%")
# What Windows and products of Microsoft put below Program Files; a folder of any other name is somebody else's.
_MICROSOFTS_FOLDER = re.compile(
    r"[a-z]:\\program files(?: \((?:x86|arm)\))?\\(?:common files\\(?:microsoft|system\\)|microsoft|windows|modifiablewindowsapps\\|"
    r"internet explorer\\|dotnet\\|powershell\\|azure|hyper-v\\|iis|laps\\|msbuild\\|reference assemblies\\|rempl\\|ruxim\\|unp\\|"
    r"update services\\)"
)


def _check_deceptive(context: Context) -> Iterator[Finding]:
    for task in context.case.tasks:
        found = (*deceptive(task.path), *_refused(task))
        record = leading(task)
        if found and record is not None:
            yield NAME_DECEPTIVE.finding(
                task,
                ",".join(f"U+{ord(character[0]):04X}" for character, _ in found),
                summary=f"{task.path}: the name holds {join([words for _, words in found], 4)}",
                why=sentences(
                    "Such a character makes a name look like another, hides its end, or keeps tools that take names as text from "
                    "finding the task.",
                    "The service refuses such a name, so another hand wrote the key." if _refused(task) else "",
                    "A NUL can only be written past the service, by the native interface of the registry."
                    if any(character == "\0" for character, _ in found)
                    else "",
                    logs_alone_words(task),
                ),
                refs=cited(record.ref, record.keeping.tasks_path),
            )


def _refused(task: Task) -> tuple[tuple[str, str], ...]:
    """What the service takes in no name of a task; file names of a collection say nothing, since collectors rename."""
    if task.record(Store.REGISTRY) is None:
        return ()
    found = [(letter, f"a {noun} (U+{ord(letter):04X})") for letter, noun in _REFUSED.items() if letter in task.path]
    dots = [(part, f"the folder {part}") for part in ("..", ".") if part in task.path.split("\\")]
    return (*found, *dots)


def _check_lookalike(context: Context) -> Iterator[Finding]:
    for task in context.case.tasks:
        record = acting(task) or leading(task)
        if record is None or is_known(context, task):
            continue
        twin = lookalike(task.path, context.baseline)
        if twin is None:
            continue
        stock, reason = twin
        starts = join([quoted(action_words(action), 120) for action in record.actions], 3)
        told = f"It starts {starts}." if record.actions or record.has_actions else ""
        yield NAME_LOOKALIKE.finding(
            task,
            stock.casefold(),
            summary=f"{task.path}: looks like {stock}, and is not that task",
            why=sentences(f"{reason[:1].upper()}{reason[1:]}.", told, logs_alone_words(task)),
            refs=cited(record.ref, *(action_refs(action) for action in record.actions)),
            confidence=Confidence.LIKELY,
        )


def _check_author(context: Context) -> Iterator[Finding]:
    for task in context.case.tasks:
        record, claim = acting(task), _claim(task)
        if record is None or claim is None or not record.actions or _is_named(context, task):
            continue
        verdict = _weigh_claim(context, task, record)
        if verdict is None:
            continue
        name, reading = claim
        severity, why, date = verdict
        yield AUTHOR_SPOOFED.finding(
            task,
            f"{name} {reading.value}",
            summary=f"{task.path}: {name} says {quoted(reading.value or '', 80)}, and what it starts is not Microsoft's",
            why=sentences(
                f"It starts {join([quoted(action_words(action), 160) for action in record.actions], 3)}, {why}",
                "Author, Source and Date are text that whoever registers a task may choose.",
            ),
            refs=cited(reading, *date, *(action_refs(action) for action in record.actions)),
            severity=severity,
            confidence=Confidence.LIKELY if severity is Severity.MEDIUM else Confidence.POSSIBLE,
        )


def _is_named(context: Context, task: Task) -> bool:
    """Whether Windows, a vendor or the golden image has a task of that name: then the claim is that task's own."""
    known = context.baseline.find(task.path) or context.baseline.vendor(task.path) or context.baseline.learned_task(task.path)
    return known is not None


def _weigh_claim(context: Context, task: Task, record: TaskRecord) -> tuple[Severity, str, tuple[Reading[Instant], ...]] | None:
    """How a claim to be Microsoft's weighs: severity, reason, and the dates it rests on; None where nothing contradicts it."""
    if not targets_in_system(context, record):
        return Severity.MEDIUM, "outside Windows and Program Files.", ()
    programs = [target(action, context.case.host).casefold() for action in record.actions]
    if not any(place_of(path) is Place.PROGRAM_FILES and not _MICROSOFTS_FOLDER.match(path) for path in programs):
        return None
    dates = _backdated(task)
    if dates:
        return Severity.MEDIUM, (
            f"in Program Files, where no product of Microsoft is known to lie; and its Date says {when(dates[0].value)}, "
            f"long before it was registered at {when(dates[1].value)}."
        ), dates  # fmt: skip
    return Severity.LOW, "in Program Files, where no product of Microsoft is known to lie. Judged lower.", ()


def _backdated(task: Task) -> tuple[Reading[Instant], ...]:
    """Date and time of registration where they are more than a day apart: of a task made here they are one moment."""
    for record in task.records:
        date, registered = record.registration.date, record.run.registered
        if date.stated and registered.stated and date.value and registered.value:
            return (date, registered) if registered.value.ticks - date.value.ticks > TICKS_A_DAY else ()
    return ()


def _claim(task: Task) -> tuple[str, Reading[str]] | None:
    """The field in which a task claims to be Microsoft's."""
    records: list[TaskRecord] = [record for store in (Store.REGISTRY, Store.XML) if (record := task.record(store)) is not None]
    for record in records:
        for name in ("author", "source"):
            reading: Reading[str] = getattr(record.registration, name)
            if reading.stated and (reading.value or "").casefold().lstrip().startswith(_MICROSOFT):
                return name.capitalize(), reading
    return None


NAME_DECEPTIVE = Rule(
    "name-deceptive",
    Severity.HIGH,
    "The name or folder of a task holds bidirectional, zero-width, control or NUL characters, begins or ends with a blank, or is "
    "one that the service refuses.",
    "Names in Persian, Indic scripts, Arabic, Hebrew, and pictures need some of these characters; there they are no finding.",
    ("Copy the name from the finding, not from the screen.", "Look at what the task starts and who registered it."),
    _check_deceptive,
)
NAME_LOOKALIKE = Rule(
    "name-lookalike",
    Severity.MEDIUM,
    "The name or folder of a task is close to a task that Windows or a vendor ships, and it is not that task.",
    "Software of the same vendor with a similar name; a name that happens to be near.",
    ("Compare what both start.", "Look for who registered it and when."),
    _check_lookalike,
)
AUTHOR_SPOOFED = Rule(
    "author-spoofed",
    Severity.MEDIUM,
    "The task claims to be Microsoft's, and starts something that Microsoft does not keep there.",
    "Products of Microsoft in folders that the list of products does not know.",
    ("Look at the signature of what it starts.", "Compare with a host that has the same product."),
    _check_author,
)
NAMES = (NAME_DECEPTIVE, NAME_LOOKALIKE, AUTHOR_SPOOFED)
