"""Tasks that Windows and vendors ship, as facts: their shapes, their names without what varies, their actions compared."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from triptych.analysis.places import expand, located, plain, split_line, windows_folder
from triptych.model.case import Host
from triptych.model.paths import fold
from triptych.model.task import Action

ANY = "*"  # arguments or data that no source states: anything fits


@dataclass(frozen=True, slots=True)
class StockAction:
    """An action that a source saw: command and arguments of Exec, or class id and data of ComHandler; ANY where not stated."""

    type: str
    command: str = ""
    arguments: str = ""
    class_id: str = ""
    data: str = ""
    module: str = ""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StockTask:
    """A task that Windows ships: every action, principal (SIDs, "user" for a named account) and version any source states."""

    path: str
    product: str
    windows: tuple[str, ...]
    actions: tuple[StockAction, ...]
    principals: tuple[str, ...]
    hidden: bool | None
    author: str | None
    triggers: tuple[str, ...]
    maintenance: bool | None
    builds: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VendorTask:
    """A pattern over the whole path of a vendor's task, with what sources state of its program; empty where they do not."""

    vendor: str
    product: str
    pattern: re.Pattern[str]
    directories: tuple[str, ...] = ()
    executables: tuple[str, ...] = ()
    class_ids: tuple[str, ...] = ()
    principals: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    names: tuple[str, ...] = ()  # paths that the pattern stands for, without what varies; for look-alikes


def stock_task(entry: dict[str, object]) -> StockTask:
    """A task from its JSON object. Raises KeyError, TypeError or ValueError for one of another shape."""
    actions = entry.get("actions", [])
    if not isinstance(actions, list):
        raise TypeError("actions is a list")
    hidden, maintenance, author = entry.get("hidden"), entry.get("maintenance"), entry.get("author")
    return StockTask(
        path=_text(entry["path"]),
        product=_text(entry.get("product", "")),
        windows=_texts(entry, "windows"),
        actions=tuple(_stock_action(action) for action in actions),
        principals=_texts(entry, "principals"),
        hidden=bool(hidden) if hidden is not None else None,
        author=_text(author) if author is not None else None,
        triggers=_texts(entry, "triggers"),
        maintenance=bool(maintenance) if maintenance is not None else None,
        builds=_texts(entry, "builds"),
        sources=_texts(entry, "sources"),
    )


def _stock_action(entry: object) -> StockAction:
    if not isinstance(entry, dict):
        raise TypeError("an action is an object")
    kept = {name: _text(entry.get(name, "")) for name in ("type", "command", "class_id", "module")}
    loose = {name: ANY if entry.get(name, "") is None else _text(entry.get(name, "")) for name in ("arguments", "data")}
    return StockAction(**kept, **loose, sources=_texts(entry, "sources"))


def vendor_task(entry: dict[str, object]) -> VendorTask:
    """A vendor's entry from its JSON object. Raises KeyError, TypeError or `re.error`."""
    return VendorTask(
        _text(entry["vendor"]),
        _text(entry["product"]),
        re.compile(_text(entry["pattern"]), re.IGNORECASE),
        _texts(entry, "command_directories"),
        _texts(entry, "executables"),
        _texts(entry, "class_ids"),
        _texts(entry, "principals"),
        _texts(entry, "sources"),
        _texts(entry, "names"),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"text expected, found {type(value).__name__}")
    return value


def _texts(entry: dict[str, object], name: str) -> tuple[str, ...]:
    value = entry.get(name, [])
    if not isinstance(value, list):
        raise TypeError(f"{name} is a list")
    return tuple(_text(member) for member in value)


# -- names ---------------------------------------------------------------------------------------------------------------

_GUID = r"\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?"
_SID = r"s-1-(?:5-21|12-1)(?:-\d+)+"
_SUFFIX = re.compile(rf"[\s_\-]*(?:{_GUID}|{_SID})$", re.IGNORECASE | re.ASCII)
HEX_TIME = re.compile(r"1[cd][0-9a-f]{13}$", re.IGNORECASE | re.ASCII)  # a FILETIME of these decades, in hex
_IDENTITY = re.compile(rf"(?P<sid>{_SID})|(?P<guid>{_GUID})", re.IGNORECASE | re.ASCII)


def without_suffix(path: str) -> str:
    """A path without a SID or GUID at its end (`...-S-1-5-21-1-2-3-1001`, `...{GUID}`)."""
    return _SUFFIX.sub("", path)


def generic_path(path: str) -> str:
    """A path with its SIDs and GUIDs taken out, so that the task is the same on another machine."""
    return _IDENTITY.sub(lambda match: "<sid>" if match["sid"] else "<guid>", path)


_CLIENTS = ((22000, "11"), (10240, "10"), (9600, "8.1"), (9200, "8"), (7600, "7"), (6000, "vista"))
_SERVERS = ((17763, "server2019"), (14393, "server2016"), (9600, "server2012r2"))


def windows_labels(host: Host) -> frozenset[str]:
    """The names under which the lists may know the host's Windows; empty where the build is unknown.

    A server has the tasks of the client of its build, few lists tell of servers: both names count.
    """
    build = host.build
    if build is None:
        return frozenset()
    labels = {next((label for least, label in _CLIENTS if build >= least), "")}
    stated = " ".join(host.get(name).value or "" for name in ("installation-type", "product", "windows", "product-name"))
    if "server" in stated.casefold():
        labels |= {next((label for least, label in _SERVERS if build >= least), "")}
    return frozenset(labels - {""})


# -- actions -------------------------------------------------------------------------------------------------------------


def same_action(stock: StockAction, action: Action, host: Host) -> bool:
    """Whether an action is the one a source saw: spelling of variables, bare names, quotes, case and version folders aside."""
    if (action.type.value or "") != stock.type:
        return False
    if stock.type == "ComHandler":
        same_class = _class(action.class_id.value or "") == _class(stock.class_id)
        return same_class and stock.data in (ANY, action.data.value or "")
    command, arguments = action.command.value or "", action.arguments.value or ""
    if stock.arguments == ANY:
        return _fits(_program(stock.command, "", host), _program(command, arguments, host))
    return _fits(_program(stock.command, stock.arguments, host), _program(command, arguments, host)) and _fits(
        _arguments(stock.command, stock.arguments, host), _arguments(command, arguments, host)
    )


def same_program(stock: StockAction, action: Action, host: Host) -> bool:
    """Whether an action starts the program or class that a source saw, whatever its arguments."""
    if (action.type.value or "") != stock.type:
        return False
    if stock.type == "ComHandler":
        return _class(action.class_id.value or "") == _class(stock.class_id)
    found = _program(action.command.value or "", action.arguments.value or "", host)
    return _fits(_program(stock.command, stock.arguments if stock.arguments != ANY else "", host), found)


_CARRIERS = frozenset(("rundll32", "sc", "cmd", "powershell", "pwsh", "cscript", "wscript"))
_NAMED_FILE = re.compile(r"[^\\/\s\"',;]+\.(?:dll|exe|cmd|bat|ps1|vbs|js|wsf)\b", re.IGNORECASE)


def same_errand(stock: StockAction, action: Action, host: Host) -> bool:
    """Whether a program that only runs what its arguments name runs what a source saw; True for every other program."""
    program, arguments = split_line(action.command.value or "", action.arguments.value or "", host)
    stem = plain(program).rpartition("\\")[2].casefold().removesuffix(".exe")
    if stem not in _CARRIERS or stock.arguments == ANY:
        return True
    return _errand(stem, arguments) == _errand(stem, split_line(stock.command, stock.arguments, host)[1])


def _errand(stem: str, arguments: str) -> frozenset[str]:
    """The library of rundll32, the service of sc, the files that an interpreter is given; by their bare names."""
    if stem == "sc":
        return frozenset(arguments.casefold().split()[1:2])
    if stem == "rundll32":
        library = re.sub(r"^\s*(?:[/-]\w+\s+)*", "", arguments).partition(",")[0].strip('" ')
        return frozenset((plain(library).rpartition("\\")[2].casefold().removesuffix(".dll"),))
    return frozenset(match[0].casefold() for match in _NAMED_FILE.finditer(arguments))


def is_known_action(task: StockTask, action: Action, host: Host) -> bool:
    """Whether any source saw the task with that action."""
    return any(same_action(stock, action, host) for stock in task.actions)


def vendor_program(entry: VendorTask, action: Action, host: Host) -> bool | None:
    """Whether an action is the vendor's own program; None where no source states which one it is."""
    if (action.type.value or "") == "ComHandler":
        return _class(action.class_id.value or "") in {_class(known) for known in entry.class_ids} if entry.class_ids else None
    if not entry.directories and not entry.executables:
        return None
    program, arguments = split_line(action.command.value or "", action.arguments.value or "", host)
    program = _folded(located(program, host), host)
    name = program.rpartition("\\")[2].removesuffix(".exe")
    if entry.executables and name not in {known.casefold().removesuffix(".exe") for known in entry.executables}:
        return False
    if not entry.directories or any(_lies_in(folder, program, host) for folder in entry.directories):
        return True
    # A script host of Windows is started with the vendor's script.
    script = _folded(arguments, host) if program.removesuffix(".exe") == _SCRIPT_HOSTS.get(name) else ""
    return bool(script) and any(_lies_in(folder, script, host) for folder in entry.directories if _start(folder, host))


_SCRIPT_HOSTS = {name: name for name in ("cmd", "wscript", "cscript", "rundll32")} | {
    "powershell": "windowspowershell\\v1.0\\powershell"
}  # as `_folded` spells them in System32


def _start(folder: str, host: Host) -> str:
    """A folder, folded, with its backslash; System32 folds to nothing."""
    return _folded(folder + "\\-", host).removesuffix("-")


def _lies_in(folder: str, text: str, host: Host) -> bool:
    """Whether a folded path, or arguments that hold one, are below a folder."""
    start = _start(folder, host)
    if not start:
        return "\\" not in text
    return re.search(rf"(?:^|[\s\"'=,;(]){_pattern(start)}", text) is not None


def _class(text: str) -> str:
    return text.strip().strip("{}").casefold()


def _program(command: str, arguments: str, host: Host) -> str:
    program, _ = split_line(command, arguments, host)
    return _folded(located(program, host), host).removesuffix(".exe")


def _arguments(command: str, arguments: str, host: Host) -> str:
    _, rest = split_line(command, arguments, host)
    return " ".join(_folded(rest, host, is_path=False).replace('"', "").split())


_USER_FOLDERS = (
    (re.compile(r"(?:c:\\users\\[^\\]+|%userprofile%)\\appdata\\local(?=\\|$)"), "%localappdata%"),
    (re.compile(r"(?:c:\\users\\[^\\]+|%userprofile%)\\appdata\\roaming(?=\\|$)"), "%appdata%"),
)


def _folded(text: str, host: Host, *, is_path: bool = True) -> str:
    """Text in one spelling: the Windows folder and System32 left out, both Program Files alike, a user's folder by its variable."""
    folded = fold(expand(text, host))
    folded = plain(folded) if is_path else folded
    for folder in (windows_folder(host).casefold(), "c:\\windows"):
        folded = folded.replace(f"{folder}\\system32\\", "").replace(f"{folder}\\", "%windir%\\")
    folded = folded.replace("program files (x86)", "program files")
    for pattern, variable in _USER_FOLDERS:
        folded = pattern.sub(variable, folded)
    return folded


_HOLE = re.compile(r"<(?:version|hash|guid|sid)>|\{\}")


def _fits(stock: str, found: str) -> bool:
    """Whether a text is the stock one, whose holes (`<version>`, `{}`) take anything but a backslash."""
    if "<" not in stock and "{}" not in stock:
        return stock == found
    return re.fullmatch(_pattern(stock), found) is not None


@cache
def _pattern(stock: str) -> str:
    parts = _HOLE.split(stock)
    return r"[^\\]*".join(re.escape(part) for part in parts)
