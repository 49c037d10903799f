"""Where a command line leads: variables expanded, the program told from its arguments, the kind of place it lies in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import cache

from triptych import resources
from triptych.model.case import Host

WINDOWS, DRIVE = "C:\\Windows", "C:"
_VARIABLE = re.compile(r"%([A-Za-z_()0-9]+)%", re.ASCII)
_FIXED = {
    "programfiles": "{drive}\\Program Files",
    "programw6432": "{drive}\\Program Files",
    "programfiles(x86)": "{drive}\\Program Files (x86)",
    "commonprogramfiles": "{drive}\\Program Files\\Common Files",
    "commonprogramw6432": "{drive}\\Program Files\\Common Files",
    "commonprogramfiles(x86)": "{drive}\\Program Files (x86)\\Common Files",
    "programdata": "{drive}\\ProgramData",
    "allusersprofile": "{drive}\\ProgramData",
    "public": "{drive}\\Users\\Public",
    "systemdrive": "{drive}",
    "homedrive": "{drive}",
    "systemroot": "{windows}",
    "windir": "{windows}",
    "comspec": "{windows}\\System32\\cmd.exe",
}
_EXTENSIONS = (
    "exe",
    "com",
    "bat",
    "cmd",
    "vbs",
    "vbe",
    "js",
    "jse",
    "wsf",
    "wsh",
    "hta",
    "ps1",
    "msc",
    "lnk",
    "scr",
    "pif",
    "url",
    "cpl",
    "dll",
)
_PROGRAM_END = re.compile(r"\.(?:" + "|".join(_EXTENSIONS) + r")(?=[\s,]|$)", re.IGNORECASE)
_SHORT = {"progra~1": "program files", "progra~2": "program files (x86)", "progra~3": "programdata", "docume~1": "users"}


@cache
def _bare_names() -> dict[str, str]:
    """Program names without `.exe` that Windows finds by themselves, with their path below the Windows folder."""
    table = resources.table("words/programs.json")
    return {name: f"System32\\{name}.exe" for name in table["system32"]} | dict(table["elsewhere"])


def windows_folder(host: Host) -> str:
    """The Windows folder: the host's SystemRoot fact, C:\\Windows where the evidence does not tell."""
    stated = (host.get("system-root").value or "").rstrip("\\")
    return stated if re.fullmatch(r"[A-Za-z]:\\[^%]+", stated) else WINDOWS


def expand(text: str, host: Host) -> str:
    """Text with the variables of the machine expanded; those of a user and unknown ones stay as they are."""
    windows = windows_folder(host)

    def value(match: re.Match[str]) -> str:
        known = _FIXED.get(match[1].casefold())
        return known.format(drive=windows[:2], windows=windows) if known else match[0]

    expanded = _VARIABLE.sub(value, text)
    stripped = expanded.lstrip().lstrip('"')
    for prefix in ("\\SystemRoot\\", "SystemRoot\\"):
        if stripped.casefold().startswith(prefix.casefold()):
            return expanded.replace(stripped[: len(prefix)], windows + "\\", 1)
    return expanded


def split_line(command: str, arguments: str, host: Host) -> tuple[str, str]:
    """The program and its arguments. A whole line in Command is taken apart: quotes, then the first known extension."""
    text = expand(command, host).strip()
    rest = expand(arguments, host).strip()
    if text.startswith('"'):
        program, _, more = text[1:].partition('"')
        return program.strip(), f"{more.strip()} {rest}".strip()
    ends = [match.end() for match in _PROGRAM_END.finditer(text)]
    if ends and ends[0] < len(text):
        return text[: ends[0]], f"{text[ends[0] :].strip()} {rest}".strip()
    head, _, more = text.partition(" ")
    if not ends and more and "\\" not in head and _stem(head) in _bare_names():
        return head, f"{more.strip()} {rest}".strip()
    return text, rest


def program_of(command: str, arguments: str, host: Host) -> str:
    """The full path of the program that a command starts, as far as it can be known; a bare name stays where nobody knows it."""
    program, _ = split_line(command, arguments, host)
    return located(program, host)


def located(program: str, host: Host) -> str:
    """A bare name of a program of Windows with its folder; anything else as it is, `\\??\\` and slashes put right."""
    path = plain(program)
    if not path or "\\" in path or ":" in path or "%" in path:
        return path
    stem, windows = _stem(path), windows_folder(host)
    if path.casefold() not in (stem, f"{stem}.exe"):
        return path
    return f"{windows}\\{_bare_names()[stem]}" if stem in _bare_names() else path


def _stem(name: str) -> str:
    folded = name.casefold()
    return folded.removesuffix(".exe")


def plain(path: str) -> str:
    """A path without quotes, device prefix and forward slashes, `.` and `..` resolved as Windows does."""
    text = path.strip().strip('"').replace("/", "\\")
    for prefix in ("\\\\?\\UNC\\", "\\\\.\\UNC\\"):
        if text.casefold().startswith(prefix.casefold()):
            text = "\\\\" + text[len(prefix) :]
    for prefix in ("\\\\?\\", "\\\\.\\", "\\??\\"):
        text = text.removeprefix(prefix)
    if "\\" not in text:
        return text
    lead = "\\\\" if text.startswith("\\\\") else ""
    parts: list[str] = []
    for part in text[len(lead) :].split("\\"):
        if part == ".." and parts:
            parts.pop()
        elif part not in (".", "..") and (part or not parts):
            parts.append(part)
    return lead + "\\".join(parts)


class Place(Enum):
    """What kind of folder a file lies in; `writable_by_users` says whether anybody who may log on can put a file there."""

    WINDOWS = "the Windows folder"
    PROGRAM_FILES = "Program Files"
    PROGRAM_DATA = "ProgramData"
    USER = "a user's folder"
    TEMP = "a folder for temporary files"
    WINDOWS_WRITABLE = "a folder below Windows that users may write to"
    ROOT_FOLDER = "a folder that somebody made below the drive's root"
    RECYCLE = "the recycle bin"
    PERFLOGS = "PerfLogs"
    UNC = "another computer"
    WEBDAV = "a WebDAV server"
    UNKNOWN = "an unknown place"

    @property
    def writable_by_users(self) -> bool:
        return self in _WRITABLE

    @property
    def of_the_system(self) -> bool:
        """Where only administrators and installers put files."""
        return self in (Place.WINDOWS, Place.PROGRAM_FILES)


_WRITABLE = frozenset(
    (
        Place.PROGRAM_DATA, Place.USER, Place.TEMP, Place.WINDOWS_WRITABLE, Place.ROOT_FOLDER, Place.RECYCLE, Place.PERFLOGS,
        Place.UNC, Place.WEBDAV,
    )
)  # fmt: skip
# Folders below Windows that ordinary users may write to by default (from general knowledge of published default rights).
_WRITABLE_BELOW_WINDOWS = (
    "tasks", "tracing", "system32\\tasks", "syswow64\\tasks", "system32\\spool\\drivers\\color", "system32\\spool\\printers",
    "system32\\spool\\servers", "system32\\com\\dmp", "syswow64\\com\\dmp", "system32\\fxstmp", "syswow64\\fxstmp",
    "registration\\crmlog", "system32\\microsoft\\crypto\\rsa\\machinekeys", "debug\\wia", "servicestate",
    "system32\\logfiles\\wmi",
)  # fmt: skip
# What setup makes below the root. Anything else there was made by somebody: the root hands down rights to users.
_OF_THE_ROOT = frozenset(
    ("$windows.~bt", "$windows.~ws", "$winreagent", "$sysreset", "recovery", "system volume information", "msocache", "windows.old",
     "windowsazure", "packages", "inetpub", "boot", "efi", "config.msi")
)  # fmt: skip
_TEMP_VARIABLES = ("%temp%", "%tmp%")
_USER_VARIABLES = ("%appdata%", "%localappdata%", "%userprofile%", "%homepath%", "%onedrive%", "%home%")


def place_of(path: str) -> Place:
    """The kind of place of a path, quoted or not, expanded or not."""
    text = plain(path).casefold()
    for known in ("%systemroot%", "%windir%"):
        text = text.replace(known, WINDOWS.casefold())
    for name, value in _FIXED.items():
        text = text.replace(f"%{name}%", value.format(drive=DRIVE, windows=WINDOWS).casefold())
    if text.startswith("\\\\"):
        return _remote(text)
    if text.startswith("\\systemroot\\"):
        text = WINDOWS.casefold() + text[11:]
    if text.startswith(_TEMP_VARIABLES):
        return Place.TEMP
    if text.startswith(_USER_VARIABLES):
        return _below_user(text.split("\\")[1:])
    if not re.match(r"[a-z]:\\", text):
        return Place.UNKNOWN
    parts = [_SHORT.get(part, part) for part in text.split("\\")[1:]]
    return _local(parts, text[0])


def _remote(text: str) -> Place:
    host, _, rest = text[2:].partition("\\")
    if "davwwwroot" in rest.split("\\") or "@ssl" in host or re.search(r"@\d+$", host):
        return Place.WEBDAV
    return Place.UNC


def _local(parts: list[str], drive: str) -> Place:
    """`parts` below the drive's root, case folded; the last is the file."""
    top, rest = parts[0], parts[1:]
    if top in ("windows", "winnt") and rest:
        return _below_windows(rest)
    if top in ("program files", "program files (x86)", "program files (arm)") and rest:
        return Place.PROGRAM_FILES
    if top == "programdata":
        return Place.TEMP if "temp" in rest[:-1] else Place.PROGRAM_DATA
    if top in ("users", "documents and settings"):
        if len(rest) > 1 and rest[0] == "all users":
            return Place.PROGRAM_DATA
        return _below_user(rest[1:])
    if top in ("temp", "tmp") and rest:
        return Place.TEMP
    if top in ("$recycle.bin", "recycler", "recycled"):
        return Place.RECYCLE
    if top == "perflogs":
        return Place.PERFLOGS
    if top in _OF_THE_ROOT and rest and drive == "c":
        return Place.UNKNOWN
    return Place.ROOT_FOLDER


def _below_windows(rest: list[str]) -> Place:
    inner = "\\".join(rest)
    if "temp" in rest[:-1] and rest[0] in ("temp", "serviceprofiles", "system32", "syswow64"):
        return Place.TEMP
    if any(inner.startswith(folder + "\\") for folder in _WRITABLE_BELOW_WINDOWS):
        return Place.WINDOWS_WRITABLE
    return Place.WINDOWS


def _below_user(rest: list[str]) -> Place:
    return Place.TEMP if "temp" in rest[:-1] or "tmp" in rest[:-1] else Place.USER


@dataclass(frozen=True, slots=True)
class _Keeper:
    """A folder in a place that users may write to, of a product known to protect it or to update itself from there."""

    pattern: re.Pattern[str]
    product: str


def _keeper(pattern: str, product: str) -> _Keeper:
    return _Keeper(re.compile(pattern, re.ASCII), product)


_LOCAL = r"(?:c:\\users\\[^\\]+\\appdata\\local|%localappdata%)"
# A fixed list of product and folder, nothing wider: `ProgramData\Microsoft` as such is a favourite hiding place.
_KEEPERS = (
    _keeper(r"c:\\programdata\\microsoft\\windows defender\\platform\\[0-9.\-]+\\[^\\]+", "Microsoft Defender"),
    _keeper(r"c:\\programdata\\microsoft\\windows defender advanced threat protection\\.+", "Microsoft Defender"),
    _keeper(r"c:\\programdata\\(lenovo|dell|nvidia corporation|intel|hp|hewlett-packard)\\.+", "a hardware vendor"),
    _keeper(r"c:\\programdata\\package cache\\\{[0-9a-f\-]{36}\}.*\\[^\\]+", "an installer's cache"),
    _keeper(r"c:\\programdata\\(winget-autoupdate|megasync|chocolatey|amazon\\ec2-windows\\launch)\\.+", "a known product"),
    _keeper(_LOCAL + r"\\microsoft\\(onedrive|teams|edgeupdate|edge)\\.+", "Microsoft"),
    _keeper(_LOCAL + r"\\(google\\(update|googleupdater)|dropbox\\update)\\.+", "updaters"),
    _keeper(r"(c:\\users\\[^\\]+\\appdata\\roaming|%appdata%)\\zoom\\bin\\zoom\.exe", "Zoom"),
    _keeper(r"c:\\windowsazure\\.+|c:\\packages\\plugins\\.+", "the Azure agent"),
)  # fmt: skip


def known_product(path: str) -> str:
    """The product whose own folder a path lies in although users could write there by default; "" for any other path."""
    text = plain(path).casefold().replace("%programdata%", "c:\\programdata")
    return next((keeper.product for keeper in _KEEPERS if keeper.pattern.fullmatch(text)), "")
