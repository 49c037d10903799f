"""Who serves what a task starts: classes overridden or served from odd places, files that are not what their place promises."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

from triptych.analysis.places import Place, expand, known_product, place_of
from triptych.model.evidence import Reading
from triptych.model.finding import Confidence, Finding, Severity
from triptych.model.task import Action, Store, Task, Trace, TraceKind
from triptych.rules.acting import account_words, acting, is_elevated, is_known, is_registered, leading, target
from triptych.rules.lookups import once, traces, was_read
from triptych.rules.phrases import cited, quoted, sentences
from triptych.rules.rule import Context, Rule

_SERVERS = ("inproc", "local", "treat-as", "code-base", "scriptlet")
_SHELLS = frozenset(
    ("cmd", "powershell", "pwsh", "powershell_ise", "wscript", "cscript", "mshta", "rundll32", "regsvr32", "msbuild", "installutil",
     "certutil", "bitsadmin", "psexec", "psexesvc", "curl", "wmic")
)  # fmt: skip


def _classes(context: Context) -> dict[str, list[tuple[str, Reading[str]]]]:
    def make() -> dict[str, list[tuple[str, Reading[str]]]]:
        found: dict[str, list[tuple[str, Reading[str]]]] = {}
        for fact in context.case.host.all("class"):
            found.setdefault(fact.subject.upper(), []).append((fact.detail, fact.reading))
        return found

    return once(context, "classes", make)


def _handlers(context: Context) -> Iterator[tuple[Task, Action, str]]:
    """Every ComHandler action that could run, with its CLSID in braces and upper case."""
    for task in context.case.tasks:
        record = acting(task)
        if record is not None and is_registered(context, task):
            for action in record.actions:
                if action.type.value == "ComHandler" and action.class_id.value:
                    yield task, action, "{" + action.class_id.value.strip().strip("{}").upper() + "}"


def _check_hijacked(context: Context) -> Iterator[Finding]:
    for task, action, class_id in _handlers(context):
        served = _classes(context).get(class_id, [])
        machine = {_folded(context, reading.value) for detail, reading in served if detail.startswith("machine")}
        for detail, reading in served:
            kind = detail.rpartition("; ")[2]
            if kind not in _SERVERS or not reading.value:
                continue
            if detail.startswith("user "):
                if _folded(context, reading.value) not in machine:
                    yield _overridden(context, task, action, class_id, detail, reading)
            elif kind != "treat-as" and _is_odd(context, reading.value):
                yield _served_oddly(task, action, class_id, detail, reading)


def _file_of(text: str) -> str:
    """The path in a `file:` address, which .NET classes and scriptlets name their code by; anything else as it is."""
    if not text.casefold().startswith("file:"):
        return text
    path = unquote(text[5:]).replace("/", "\\")
    return path.lstrip("\\") if path.startswith("\\\\\\") else path


def _folded(context: Context, path: str | None) -> str:
    return expand(_file_of(path or ""), context.case.host).strip('" ').casefold()


def _is_odd(context: Context, path: str) -> bool:
    full = expand(_file_of(path), context.case.host).strip('" ')
    if full.casefold().startswith(("http:", "https:", "ftp:", "script:")):
        return True
    odd = (
        Place.USER,
        Place.TEMP,
        Place.PROGRAM_DATA,
        Place.ROOT_FOLDER,
        Place.WINDOWS_WRITABLE,
        Place.RECYCLE,
        Place.PERFLOGS,
        Place.UNC,
        Place.WEBDAV,
    )
    return place_of(full) in odd and not known_product(full)


def _overridden(context: Context, task: Task, action: Action, class_id: str, detail: str, reading: Reading[str]) -> Finding:
    record = leading(task)
    elevated = record is not None and is_elevated(record, context.case.host)
    user = detail.partition(";")[0].removeprefix("user ")
    return COM_HANDLER_HIJACKED.finding(
        task,
        f"{class_id} {detail} {reading.value}",
        summary=f"{task.path}: the class it starts, {class_id}, is overridden for the user {user} by "
        f"{quoted(reading.value or '', 160)}",
        why=sentences(
            "A class registered in a user's own hive comes before the machine's for processes of that user at medium "
            "integrity or below: "
            "the task then loads this file instead of the machine's.",
            f"This task runs as {account_words(record, context.case.host)} with more rights than that, where COM "
            "ignores a user's own "
            "classes: the override waits for other programs of the user."
            if record and elevated
            else "",
        ),
        refs=cited(action.class_id, reading),
        severity=Severity.MEDIUM if elevated else Severity.HIGH,
        confidence=Confidence.LIKELY,
    )


def _served_oddly(task: Task, action: Action, class_id: str, detail: str, reading: Reading[str]) -> Finding:
    return COM_HANDLER_HIJACKED.finding(
        task,
        f"{class_id} {detail} {reading.value}",
        summary=f"{task.path}: the class it starts, {class_id}, is served from {quoted(reading.value or '', 160)}",
        why="Servers of classes lie in Windows or Program Files; from this place somebody without administrator's "
        "rights may replace the file.",
        refs=cited(action.class_id, reading),
        confidence=Confidence.LIKELY,
    )


def _check_unknown(context: Context) -> Iterator[Finding]:
    if not was_read(context, Store.REGISTRY) or not _machine_was_asked(context):
        return
    for task, action, class_id in _handlers(context):
        if not any(reading.value for _, reading in _classes(context).get(class_id, [])):
            yield COM_HANDLER_UNKNOWN.finding(
                task,
                class_id,
                summary=f"{task.path}: nothing in the evidence serves the class {class_id} that it starts",
                why="The action fails unless the class is registered per user or by a package whose hive is not in the evidence.",
                refs=cited(action.class_id),
                confidence=Confidence.POSSIBLE,
            )


def _machine_was_asked(context: Context) -> bool:
    """Whether classes of the machine are known at all: those of users alone tell nothing of what the machine serves."""
    return any(detail.startswith("machine") for served in _classes(context).values() for detail, _ in served)


def _check_targets(context: Context) -> Iterator[Finding]:
    found = {trace.get("command").casefold(): trace for trace in traces(context, TraceKind.TARGET)}
    if not found:
        return
    for task in context.case.tasks:
        record = acting(task)
        if record is None or not is_registered(context, task):
            continue
        for action in record.actions:
            trace = found.get(target(action, context.case.host).casefold())
            verdict = _altered(context, task, trace) if trace else None
            if trace and verdict:
                severity, fact, why = verdict
                yield TARGET_ALTERED.finding(
                    task,
                    f"{trace.path.casefold()} {fact}",
                    summary=f"{task.path}: {fact}",
                    why=why,
                    refs=cited(trace.refs, action.command) or record.ref,
                    severity=severity,
                    confidence=Confidence.LIKELY if severity is Severity.MEDIUM else Confidence.CERTAIN,
                )


def _altered(context: Context, task: Task, trace: Trace) -> tuple[Severity, str, str] | None:
    """What is wrong with a file that is at hand: severity, fact, reason."""
    path = trace.get("command")
    name = path.rpartition("\\")[2]
    if trace.get("exists") == "no":
        if is_known(context, task):
            return None
        return (
            Severity.INFO,
            f"the file it starts, {path}, is gone",
            "The task fails until somebody puts a file there: a dead path is a place to fill.",
        )
    original = trace.get("original_name").casefold().removesuffix(".mui")
    stem = original.removesuffix(".exe")
    if stem in _SHELLS and original and original != name.casefold() and stem != name.casefold().removesuffix(".exe"):
        return (
            Severity.MEDIUM,
            f"{name} is {original} under another name",
            (
                f"The version data of {path} names it {original}, which runs whatever its arguments say; a copy under another name "
                "deceives whoever reads the command."
            ),
        )
    if (
        place_of(path) is Place.WINDOWS
        and trace.get("exists") == "yes"
        and not trace.get("company")
        and name.casefold().endswith(".exe")
    ):
        return (
            Severity.MEDIUM,
            f"{name} lies in Windows and has no version data",
            "Programs that Windows ships name their company and version; this file does not.",
        )
    return None


COM_HANDLER_HIJACKED = Rule(
    "com-handler-hijacked",
    Severity.HIGH,
    "The COM class that the task starts is overridden for a user, or served from a place where its file can be replaced.",
    "Software installed for one user registers its classes in that user's hive, with its file in the user's folder.",
    (
        "Take a copy of the file that serves the class, with hash and signature.",
        "Compare with the class on a host of the same build.",
    ),
    _check_hijacked,
)
COM_HANDLER_UNKNOWN = Rule(
    "com-handler-unknown",
    Severity.INFO,
    "Nothing in the evidence serves the COM class that the task starts.",
    "Classes of packaged applications and per-user classes are registered elsewhere.",
    ("Look for the class in the hives of the users and in the package repository.",),
    _check_unknown,
)
TARGET_ALTERED = Rule(
    "target-altered",
    Severity.MEDIUM,
    "The file that the task starts is at hand and is not what its place promises, or it is gone.",
    "Software removed without its task; tools that are distributed without version data.",
    ("Take the file with its hash, and compare it with the same file on a host of the same build.",),
    _check_targets,
)
PLACES = (COM_HANDLER_HIJACKED, COM_HANDLER_UNKNOWN, TARGET_ALTERED)
