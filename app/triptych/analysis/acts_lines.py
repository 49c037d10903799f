"""What a command line does to tasks: schtasks, at, reg, sc, net, wevtutil, auditpol, wmic, and the programs that start them.

Options: Microsoft Learn (schtasks, at, reg, sc, wevtutil, auditpol). Both `/` and `-` begin an option, in any case and order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from triptych.analysis.acts_words import Deed, chained, on_cache, on_switch, option, stem, task_path, uncareted, words

_DEEPEST = 4
_VERBS = ("create", "delete", "change", "run", "end", "query")
_VALUES = frozenset(
    ("s", "u", "p", "ru", "rp", "sc", "mo", "d", "m", "i", "tn", "tr", "st", "et", "du", "sd", "ed", "xml", "rl", "delay", "ri", "ec", "fo")
)  # fmt: skip
_FLAGS = frozenset(("k", "it", "np", "z", "v1", "f", "hresult", "enable", "disable", "nh", "v", "showsid", *_VERBS))
_AUDITED = "0cce9227"  # Other Object Access Events (MS-GPAC 2.2.2)
_HINT = re.compile(
    r"schtasks|sctasks|taskcache|scheduledtask|scheduledjob|schedule\.service|/tn\b|-tn\b|\bat(?:\.exe)?[\"']?\s+(?:\\\\|/|\d)|"
    r"wevtutil|auditpol|winevt\\+channels|\bschedule\b|task scheduler|\beventlog\b|windows event log|"
    r"[-/\u2013\u2014\u2015]e[a-z]{0,13}\s+[\"']?[A-Za-z0-9+/=]{16,}|job\s+call",
    re.IGNORECASE,
)
Scripts = Callable[[str, int], Iterator[Deed]]


def may_act(line: str) -> bool:
    """Whether a line is worth taking apart."""
    return _HINT.search(uncareted(line).replace('""', "").replace('"', "") if '"' in line or "^" in line else line) is not None


def deeds_of_line(line: str, script: Scripts, original: str = "", depth: int = 0) -> Iterator[Deed]:
    """Everything that a command line does. `script` reads what PowerShell is given, `original` is the name in the program's file."""
    if depth > _DEEPEST:
        return
    for piece in chained(uncareted(line)):
        found = words(piece)
        while found and found[0].casefold() in ("call", "@", "start", "/b", "/min", "/wait"):
            found = found[1:]
        if found:
            yield from _of_program(found, piece, script, original, depth)


def _of_program(found: list[str], piece: str, script: Scripts, original: str, depth: int) -> Iterator[Deed]:
    name = stem(found[0].lstrip("@("))
    rest = found[1:]
    known = _PROGRAMS.get(name) or _PROGRAMS.get(stem(original))
    if known is None and _looks_like_schtasks(rest):
        known = _schtasks
    if known is not None:
        yield from known(rest)
        if name == "wmic":
            yield from _started_by_wmic(rest, script, depth)
    elif name in ("powershell", "pwsh"):
        yield from script(_after_first(piece), depth)
    elif name == "cmd":
        yield from deeds_of_line(_told_to_cmd(piece), script, depth=depth + 1)
    else:
        yield from _inside(rest, script, depth)


def _looks_like_schtasks(rest: list[str]) -> bool:
    """Whether a program of any name is given what only schtasks takes: a renamed copy."""
    options = {option(word) for word in rest}
    return (
        bool(rest)
        and option(rest[0]) in _VALUES | _FLAGS
        and "tn" in options
        and bool(options & {"create", "change", "delete", "run", "end"})
    )


def _inside(rest: list[str], script: Scripts, depth: int) -> Iterator[Deed]:
    """A program that is given another one's line (psexec, runas, conhost, forfiles, winrs): from that word on, or inside a word."""
    host = next((word.strip("\\") for word in rest if re.fullmatch(r"\\\\[\w.\-]+", word)), "")
    host = host or next((word.partition(":")[2] for word in rest if option(word).startswith(("r:", "remote:"))), "")
    for at, word in enumerate(rest):
        bare = word.lstrip("@(")
        if stem(bare) in _PROGRAMS or stem(bare) in ("cmd", "powershell", "pwsh"):
            line = " ".join((bare, *(_quoted(one) for one in rest[at + 1 :])))
        elif " " in word and may_act(word):
            line = word
        else:
            continue
        yield from (replace(deed, host=deed.host or host) for deed in deeds_of_line(line, script, depth=depth + 1))
        return


def _quoted(word: str) -> str:
    return f'"{word}"' if not word or any(letter.isspace() or letter in "&|" for letter in word) else word


def _after_first(piece: str) -> str:
    """The line behind its first word, as it stands."""
    match = re.match(r"\s*(?:\"[^\"]*\"|\S+)\s*", piece)
    return piece[match.end() :] if match else ""


def _told_to_cmd(piece: str) -> str:
    match = re.search(r"\s/[a-z:]*?[ckr](?=[\s\"]|$)\s*", piece, re.IGNORECASE)
    inner = piece[match.end() :].strip() if match else ""
    return inner[1:-1] if len(inner) > 1 and inner[0] == inner[-1] == '"' else inner


# -- the tools ------------------------------------------------------------------------------------------------------------


def _schtasks(rest: list[str]) -> Iterator[Deed]:
    told: dict[str, str] = {}
    at = 0
    while at < len(rest):
        name = option(rest[at])
        at += 1
        if name not in _VALUES and name not in _FLAGS:
            continue
        value = ""
        if name in _VALUES and at < len(rest) and option(rest[at]) not in _VALUES | _FLAGS:
            value = rest[at]
            at += 1
        told.setdefault(name, value)
    verb = next((verb for verb in _VERBS if verb in told), "")
    if verb == "change":
        verb = "enable" if "enable" in told else "disable" if "disable" in told else "change"
    if verb and (verb == "query" or "tn" in told):
        yield Deed(
            verb, "schtasks", task_path(told.get("tn", "")), told.get("tr", "").strip(), told.get("s", "").strip("\\"),
            told.get("ru", ""), told.get("sc", ""), f"from the definition {told['xml']}" if told.get("xml") and verb == "create" else "",
        )  # fmt: skip


_AT_TIME = re.compile(r"\d{1,2}:\d\d(?:[ap]m?)?", re.IGNORECASE)


def _at(rest: list[str]) -> Iterator[Deed]:
    """`at [\\\\host] time [options] command`, `at [\\\\host] [id] /delete`; tasks made by it are named At and a number."""
    host = next((word.strip("\\") for word in rest if word.startswith("\\\\")), "")
    number = next((word for word in rest if word.isdecimal()), "")
    times = [at for at, word in enumerate(rest) if _AT_TIME.fullmatch(word)]
    if any(option(word).startswith("del") for word in rest):
        yield Deed("delete", "at", task_path(f"At{number}") if number else "", host=host)
    elif times:
        command = rest[times[0] + 1 :]
        while command and option(command[0]).partition(":")[0] in ("interactive", "every", "next"):
            command = command[1:]
        if command:
            yield Deed("create", "at", command=" ".join(_quoted(word) for word in command), host=host, schedule=rest[times[0]])


def _reg(rest: list[str]) -> Iterator[Deed]:
    if len(rest) < 2 or rest[0].casefold() not in ("add", "delete"):
        return
    told = {option(word): rest[at + 1] if at + 1 < len(rest) else "" for at, word in enumerate(rest) if option(word)}
    removes = rest[0].casefold() == "delete"
    deed = on_cache(rest[1], told.get("v", ""), "reg", removes=removes, data=told.get("d", ""))
    if deed is None and not removes:
        deed = on_switch(rest[1], told.get("v", ""), "reg", told.get("d", ""))
    if deed is not None:
        host = re.match(r"\\\\([\w.\-]+)\\", rest[1])
        yield replace(deed, host=host[1] if host else "")


def _sc(rest: list[str]) -> Iterator[Deed]:
    host = rest[0].strip("\\") if rest and rest[0].startswith("\\\\") else ""
    folded = [word.casefold() for word in (rest[1:] if host else rest)]
    if len(folded) < 2 or folded[1] not in _SERVICES:
        return
    if folded[0] in ("stop", "delete", "pause") or (folded[0] == "config" and "disabled" in folded):
        yield Deed("stop-service", "sc", host=host, detail=f"{folded[0]} {_SERVICES[folded[1]]}")


def _net(rest: list[str]) -> Iterator[Deed]:
    if len(rest) > 1 and rest[0].casefold() in ("stop", "pause") and rest[1].casefold() in _SERVICES:
        yield Deed("stop-service", "net", detail=f"{rest[0].casefold()} {_SERVICES[rest[1].casefold()]}")


_SERVICES = {
    "schedule": "the Task Scheduler", "task scheduler": "the Task Scheduler",
    "eventlog": "the event log", "windows event log": "the event log",
}  # fmt: skip


def _wevtutil(rest: list[str]) -> Iterator[Deed]:
    folded = [word.casefold() for word in rest]
    if len(rest) < 2:
        return
    if folded[0] in ("cl", "clear-log"):
        yield Deed("clear-log", "wevtutil", detail=rest[1])
    elif folded[0] in ("sl", "set-log") and any(re.fullmatch(r"[-/]e(?:nabled)?:f(?:alse)?", word) for word in folded):
        yield Deed("disable-log", "wevtutil", detail=rest[1])


def _auditpol(rest: list[str]) -> Iterator[Deed]:
    text = " ".join(rest).casefold()
    options = {option(word).partition(":")[0] for word in rest}
    if "clear" in options or "remove" in options:
        yield Deed("audit", "auditpol", detail="the whole audit policy cleared")
    elif "set" in options and "success:disable" in text and any(
        name in text for name in (_AUDITED, "other object access events", "object access", "category:*")
    ):  # fmt: skip
        yield Deed("audit", "auditpol", detail="auditing of tasks switched off")


def _wmic(rest: list[str]) -> Iterator[Deed]:
    text = " ".join(rest)
    if re.search(r"\bjob\s+call\s+create\b", text, re.IGNORECASE):
        command = re.search(r"call\s+create\s*,?\s*(.*)", text, re.IGNORECASE)
        yield Deed("create", "wmic", command=command[1] if command else "", host=_node(rest), detail="a job of at")
    registered = re.search(r"\bPS_ScheduledTask\b.*\bRegisterBy\w+", text, re.IGNORECASE)
    if registered:
        named = re.search(r"TaskName\s*=\s*\"?([^\",)]+)", text, re.IGNORECASE)
        yield Deed("create", "wmic", task_path(named[1]) if named else "", host=_node(rest), detail="by WMI (PS_ScheduledTask)")


def _node(rest: list[str]) -> str:
    return next((word.partition(":")[2].strip("\"' ") for word in rest if option(word).startswith("node:")), "")


def _started_by_wmic(rest: list[str], script: Scripts, depth: int) -> Iterator[Deed]:
    folded = [word.casefold().strip(",") for word in rest]
    if "create" in folded and "process" in folded:
        told = rest[folded.index("create") + 1 :]
        line = told[0] if told and " " in told[0] else " ".join(told)
        yield from (replace(deed, host=deed.host or _node(rest)) for deed in deeds_of_line(line, script, depth=depth + 1))


_PROGRAMS: dict[str, Callable[[list[str]], Iterator[Deed]]] = {
    "schtasks": _schtasks, "sctasks": _schtasks, "at": _at, "reg": _reg, "sc": _sc, "net": _net, "net1": _net,
    "wevtutil": _wevtutil, "auditpol": _auditpol, "wmic": _wmic,
}  # fmt: skip
