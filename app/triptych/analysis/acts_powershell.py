"""What PowerShell does to tasks: the cmdlets of ScheduledTasks, jobs, CIM, the COM interface, the registry, and native programs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from triptych.analysis.acts_lines import deeds_of_line
from triptych.analysis.acts_powershell_words import Call, Script
from triptych.analysis.acts_words import Deed, on_cache, task_path
from triptych.analysis.powershell import read_call

_VERBS = {
    "register-scheduledtask": "create", "set-scheduledtask": "change", "unregister-scheduledtask": "delete",
    "start-scheduledtask": "run", "stop-scheduledtask": "end", "disable-scheduledtask": "disable",
    "enable-scheduledtask": "enable", "register-scheduledjob": "create", "unregister-scheduledjob": "delete",
    "get-scheduledtask": "query",
}  # fmt: skip
_REGISTRY = ("Remove-ItemProperty", "Clear-ItemProperty", "Set-ItemProperty", "New-ItemProperty", "Remove-Item", "rp", "sp")
_LOGS = {"clear-eventlog": "clear-log", "remove-eventlog": "clear-log", "limit-eventlog": "disable-log"}
_NATIVE = re.compile(
    r"(?:(?<![\w'-])|(?<=& '))(?:[\w:\\.%$]{0,200}\\)?(?:schtasks|wevtutil|auditpol|reg|sc|net1?|wmic|at(?=\.exe))(?:\.exe)?"
    r"[\"']?\s+[^\r\n;|]{3,4000}",
    re.IGNORECASE,
)
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(?:\w+:)?(\w+))")
_COM = re.compile(r"schedule\.service", re.IGNORECASE)
_CIM = re.compile(r"\bPS_ScheduledTask\b", re.IGNORECASE)
_JOBS = "\\Microsoft\\Windows\\PowerShell\\ScheduledJobs"
_MOST = 200  # calls of one method
_LONGEST = 256 * 1024  # characters of a script that are looked at


def deeds_of_arguments(arguments: str, depth: int = 0) -> Iterator[Deed]:
    """What the arguments of powershell.exe do: the command, or what is encoded in them."""
    call = read_call(arguments)
    if call.decoded:
        yield from deeds_of_script(call.decoded, depth + 1)
    if call.command:
        command = call.command.strip()
        if len(command) > 1 and command[0] == command[-1] == '"':
            command = command[1:-1]
        yield from deeds_of_script(command.replace('\\"', '"'), depth + 1)


def deeds_of_script(text: str, depth: int = 0) -> Iterator[Deed]:
    """What a script does, in no order; each thing once."""
    script = Script(text[:_LONGEST])
    remote = _sessions(script)
    found: dict[Deed, None] = {}
    for deed in (*_cmdlets(script, remote), *_by_cim(script), *_by_com(script), *_on_the_registry(script), *_on_witnesses(script)):
        found[deed] = None
    for deed in _native(script, depth):
        found[deed] = None
    yield from found


# -- the cmdlets ------------------------------------------------------------------------------------------------------------


def _sessions(script: Script) -> str:
    """The other computer, where the script opens a session to one."""
    for call in script.calls("New-CimSession", "New-PSSession", "Enter-PSSession", "Invoke-Command", "icm"):
        host = _literal(call.get("computername")) or (
            call.loose[0] if call.name.casefold() == "new-cimsession" and call.loose else ""
        )
        if host:
            return host
    return ""


def _cmdlets(script: Script, remote: str) -> Iterator[Deed]:
    actions = list(script.calls("New-ScheduledTaskAction"))
    principals = list(script.calls("New-ScheduledTaskPrincipal"))
    before = Call("", 0, 0)
    for call in script.calls(*(name for name in _VERBS if name.endswith("task"))):
        verb = _VERBS[call.name.casefold()]
        host = _literal(call.get("cimsession", "computername")) or remote
        piped = script.text[before.stop : call.start].strip() == "|"
        task = _task_of(call) or (_task_of(before) if piped else "")
        before = call
        if verb == "query":
            continue
        command, run_as, detail = "", "", ""
        if verb in ("create", "change"):
            command = _command_of(script, call, actions)
            run_as = _literal(call.get("user")) or next((_literal(one.get("userid")) for one in principals), "")
            detail = "from a definition in XML" if call.has("xml") and not command else ""
        yield Deed(verb, "PowerShell", task, command, host, run_as, detail=detail)
    for call in script.calls("Register-ScheduledJob", "Unregister-ScheduledJob"):
        name = _literal(call.get("name") or (call.loose[0] if call.loose else ""))
        block = call.get("scriptblock", "filepath")
        task = f"{_JOBS}{task_path(name)}" if name else ""
        yield Deed(_VERBS[call.name.casefold()], "PowerShell", task, f"powershell.exe {block}" if block else "", remote)


def _task_of(call: Call) -> str:
    name = _literal(call.get("taskname")) or _literal(call.loose[0] if call.loose else "")
    folder = _literal(call.get("taskpath"))
    return task_path(f"{folder.rstrip(chr(92))}\\{name}" if folder and name else name)


def _literal(text: str) -> str:
    """A value that the text states; "" for a variable or an expression."""
    bare = text.strip()
    return "" if bare.startswith(("$", "(", "@", "[")) or "\n" in bare or len(bare) > 1_000 else bare


def _command_of(script: Script, call: Call, actions: list[Call]) -> str:
    """What the task starts: the action inside the call, that of the variable it names, else the last one made before it."""
    inside = [one for one in actions if call.start < one.start < call.stop]
    named = re.match(r"\s*\$(?:\w+:)?(\w+)", call.get("action"))
    if not inside and named:
        made = [
            one
            for one in actions
            if re.search(r"\$(?:\w+:)?" + named[1] + r"\s*\+?=\s*@?\(?\s*$", script.text[: one.start], re.IGNORECASE)
        ]
        inside = made
    chosen = inside or [one for one in actions if one.start < call.start][-1:]
    words = [_action_words(one) for one in chosen]
    return "; ".join(word for word in words if word) or xml_command(call.get("xml"))


def _action_words(call: Call) -> str:
    execute = call.get("execute") or (call.loose[0] if call.loose else "")
    argument = call.get("argument")
    return " ".join(part for part in (execute, argument) if part)


def xml_command(text: str) -> str:
    """What a definition in XML starts, as far as a look at its text tells."""
    command = re.search(r"<Command>\s*([^<]{1,8000}?)\s*</Command>", text)
    arguments = re.search(r"<Arguments>\s*([^<]{1,30000}?)\s*</Arguments>", text)
    found = " ".join(match[1] for match in (command, arguments) if match) if command else ""
    for name, letter in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
        found = found.replace(name, letter)
    return found


# -- WMI and COM --------------------------------------------------------------------------------------------------------------


def _by_cim(script: Script) -> Iterator[Deed]:
    if not _CIM.search(script.text):
        return
    for call in script.calls("Invoke-CimMethod", "Invoke-WmiMethod"):
        given = f"{call.get('arguments', 'argumentlist')} {' '.join(call.loose)}"
        method = call.get("methodname", "name")
        if "register" in f"{method} {given}".casefold():
            name = re.search(r"TaskName[\"']?\s*=\s*['\"]?([^'\";}\r\n]+)", given, re.IGNORECASE)
            task = _variable(script, name[1].strip(), call.start) if name else ""
            command = xml_command(given) or xml_command(script.text)
            host = _literal(call.get("computername", "cimsession"))
            yield Deed("create", "WMI", task_path(task), command, host, detail=f"PS_ScheduledTask.{method}".rstrip("."))
    if method_called := re.search(r"\.RegisterBy(\w{1,20})\s*\(", script.text, re.IGNORECASE):
        yield Deed("create", "WMI", command=xml_command(script.text), detail=f"PS_ScheduledTask.RegisterBy{method_called[1]}")


def _variable(script: Script, text: str, before: int) -> str:
    return script.variable(text[1:], before) if text.startswith("$") else text


_CALLED = re.compile(
    r"\.(RegisterTaskDefinition|RegisterTask|DeleteTask|GetFolder|Connect)\s*\(\s*(?:'([^']*)'|\"([^\"]*)\"|\$(?:\w+:)?(\w+))?",
    re.IGNORECASE,
)
# behind the name: definition, flags, and the account it is to run as (MS Learn, ITaskFolder::RegisterTaskDefinition)
_RUN_AS = re.compile(r"(?:\s*,[^,()\r\n]*){2},\s*(?:'([^']*)'|\"([^\"]*)\"|\$(?:\w+:)?(\w+))")
_SET = re.compile(r"\.(Path|Arguments|UserId)\s*=\s*(?:'([^'\r\n]*)'|\"([^\"\r\n]*)\"|\$(?:\w+:)?(\w+))", re.IGNORECASE)


def _by_com(script: Script) -> Iterator[Deed]:
    if not _COM.search(script.text):
        return
    told: dict[str, str] = {}
    for match in _SET.finditer(script.text):
        told[match[1].casefold()] = match[2] or match[3] or script.variable(match[4] or "", match.start())
    command = " ".join(part for part in (told.get("path", ""), told.get("arguments", "")) if part) or xml_command(script.text)
    host = folder = ""
    for match in islice(_CALLED.finditer(script.text), _MOST):
        name = match[2] or match[3] or script.variable(match[4] or "", match.start())
        method = match[1].casefold()
        if method == "connect":
            host = name
        elif method == "getfolder":
            folder = name.strip("\\/")
        elif method == "deletetask":
            yield Deed("delete", "COM", _below(folder, name), host=host)
        else:
            given = _RUN_AS.match(script.text, match.end())
            run_as = (given[1] or given[2] or script.variable(given[3] or "", match.start())) if given else ""
            yield Deed("create", "COM", _below(folder, name), command, host, run_as or told.get("userid", ""))


def _below(folder: str, name: str) -> str:
    """The path of a task by its name in the folder that was asked for last; a name that begins at the root is a path."""
    return task_path(f"{folder}\\{name}" if folder and name and name[0] not in "\\/" else name)


# -- the registry, the witnesses, other programs ------------------------------------------------------------------------------


def _on_the_registry(script: Script) -> Iterator[Deed]:
    if "taskcache" not in script.text.casefold():
        return
    for call in script.calls(*_REGISTRY):
        key = call.get("path", "literalpath") or (call.loose[0] if call.loose else "")
        more = call.loose if call.get("path", "literalpath") else call.loose[1:]
        name = call.get("name") or (more[0] if more and call.name.casefold() != "remove-item" else "")
        removes = call.name.casefold() in ("remove-itemproperty", "clear-itemproperty", "remove-item", "rp")
        deed = on_cache(key, name.strip(), "PowerShell", removes=removes, data=call.get("value"))
        if deed is not None:
            yield deed


def _on_witnesses(script: Script) -> Iterator[Deed]:
    for call in script.calls("Clear-EventLog", "Remove-EventLog", "Limit-EventLog"):
        log = call.get("logname") or (call.loose[0] if call.loose else "")
        yield Deed(_LOGS[call.name.casefold()], "PowerShell", detail=log, host=_literal(call.get("computername")))
    for call in script.calls("Stop-Service", "Set-Service"):
        name = (call.get("name") or (call.loose[0] if call.loose else "")).casefold()
        stops = call.name.casefold() == "stop-service" or call.get("startuptype").casefold() == "disabled"
        if stops and name in ("schedule", "eventlog"):
            what = "the Task Scheduler" if name == "schedule" else "the event log"
            yield Deed("stop-service", "PowerShell", detail=f"stop {what}")


def _native(script: Script, depth: int) -> Iterator[Deed]:
    """Programs that the script runs; its variables are put in where they are known."""
    elsewhere = list(_elsewhere(script))
    for match in _NATIVE.finditer(script.text):
        host = next((host for host, start, stop in elsewhere if start <= match.start() < stop), "")
        for deed in _of_line(_with_values(script, match), depth):
            yield replace(deed, host=deed.host or host)
    for call in script.calls("Start-Process", "saps"):
        listed = [call.get("argumentlist")] if call.has("argumentlist") else []
        loose = call.loose if call.has("filepath") else call.loose[1:]
        program, given = call.get("filepath") or "".join(call.loose[:1]), [*listed, *loose]
        if program and given:
            yield from _of_line(f'"{program}" {_listed(given)}', depth)


def _of_line(line: str, depth: int) -> Iterator[Deed]:
    for deed in deeds_of_line(line, lambda arguments, deeper: iter(()), depth=depth + 1):
        yield replace(deed, tool=f"{deed.tool} in PowerShell")


def _elsewhere(script: Script) -> Iterator[tuple[str, int, int]]:
    """The stretches of a script that run on another computer: its name, where they begin and end."""
    for call in script.calls("Invoke-Command", "icm"):
        host = _literal(call.get("computername"))
        if host:
            yield host, call.start, call.stop


_ITEM = re.compile(r"'([^']*)'|\"([^\"]*)\"")


def _listed(words: Sequence[str]) -> str:
    """What a program is given as a command line: one text as it stands, several words or a list (`@('/tn','A B')`) each quoted."""
    found = list(words)
    if len(words) == 1:
        inside = [match[1] or match[2] or "" for match in _ITEM.finditer(words[0])] if "," in words[0] else []
        if len(inside) < 2:
            return words[0]
        found = inside
    return " ".join(f'"{word}"' if " " in word and '"' not in word else word for word in found)


def _with_values(script: Script, line: re.Match[str]) -> str:
    def known(found: re.Match[str]) -> str:
        value = script.variable(found[1] or found[2], line.start())
        bare = line[0][found.start() - 1 : found.start()].isspace()
        return (f'"{value}"' if bare and " " in value and '"' not in value else value) or found[0]

    text = _balanced(line[0])
    quote = _CALLED_BY_NAME.match(text)  # `& "schtasks.exe" /create`: the quote that opened stands before the program
    return _VARIABLE.sub(known, f"{quote[1]} {text[quote.end() :]}" if quote else text)


_CALLED_BY_NAME = re.compile(r"([^\s\"']+)[\"']\s+")


def _balanced(line: str) -> str:
    """A line up to the bracket that closes what it stands in."""
    depth, quote = 0, ""
    for at, letter in enumerate(line):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter in "({":
            depth += 1
        elif letter in ")}":
            depth -= 1
            if depth < 0:
                return line[:at]
    return line


# -- events of single calls (4103) --------------------------------------------------------------------------------------------

_CALL = re.compile(r"CommandInvocation\(([\w-]+)\)")
_GIVEN = re.compile(r"ParameterBinding\(([\w-]+)\):[^=\r\n]*=\"(\w+)\";[^=\r\n]*=\"((?:[^\"]|\"(?!\r?\n|\Z))*)\"")


def call_of_payload(payload: str) -> Call | None:
    """The call that the payload of event 4103 tells: command and parameters; the words around them are the language's own."""
    named = _CALL.search(payload)
    if named is None:
        return None
    given = {match[2].casefold(): match[3] for match in _GIVEN.finditer(payload) if match[1] == named[1]}
    return Call(named[1], 0, len(payload), given)


def deeds_of_call(call: Call, action: str) -> Iterator[Deed]:
    """What a single call does; `action` is what the last New-ScheduledTaskAction before it said."""
    name = call.name.casefold()
    if name in _VERBS and name.endswith("task"):
        verb = _VERBS[name]
        command = (action or xml_command(call.get("xml"))) if verb in ("create", "change") else ""
        host = _literal(call.get("cimsession", "computername"))
        yield Deed(verb, "PowerShell", _task_of(call), command, host, _literal(call.get("user")))
    elif name in ("remove-itemproperty", "clear-itemproperty", "remove-item", "set-itemproperty", "new-itemproperty"):
        removes = name.startswith(("remove", "clear"))
        deed = on_cache(call.get("path", "literalpath"), call.get("name"), "PowerShell", removes=removes, data=call.get("value"))
        if deed is not None:
            yield deed


def action_of_call(call: Call) -> str:
    """What a call of New-ScheduledTaskAction makes the task start, "" for any other call."""
    return _action_words(call) if call.name.casefold() == "new-scheduledtaskaction" else ""
