"""What a definition in an event starts, and how a process names itself: the two are one command, written in two ways.

Only a glance: the definition itself is read with care where tasks are told (`logs.telling`).
"""

from __future__ import annotations

import re
from functools import lru_cache

from triptych.formats.xml_scan import unescape

_EXEC = re.compile(r"<Exec(?:\s[^<>]*)?>(.*?)</Exec>", re.DOTALL)
_COMMAND = re.compile(r"<Command>([^<]*)</Command>")
_ARGUMENTS = re.compile(r"<Arguments>([^<]*)</Arguments>")
_HANDLER = re.compile(r"<ClassId>([^<]*)</ClassId>")
_PRINCIPALS = re.compile(r"<Principals>(.*?)</Principals>", re.DOTALL)
_ACCOUNT = re.compile(r"<(?:UserId|GroupId)>([^<]*)</")
_VARIABLE = re.compile(r"%[a-z()0-9]+%")
_HOME = re.compile(r"c:\\users\\[^\\/:*?\"<>|]+")
_FOLDERS = {
    "%windir%": "c:\\windows", "%systemroot%": "c:\\windows", "%systemdrive%": "c:", "%comspec%": "c:\\windows\\system32\\cmd.exe",
    "%programdata%": "c:\\programdata", "%allusersprofile%": "c:\\programdata", "%programfiles%": "c:\\program files",
    "%programfiles(x86)%": "c:\\program files (x86)", "%public%": "%userprofile%", "%appdata%": "%userprofile%\\appdata\\roaming",
    "%localappdata%": "%userprofile%\\appdata\\local", "%temp%": "%userprofile%\\appdata\\local\\temp",
    "%tmp%": "%userprofile%\\appdata\\local\\temp",
}  # fmt: skip
_MOST = 32  # actions that Windows takes
_LONGEST = 200_000  # characters that are looked at


@lru_cache(maxsize=1024)
def actions_in(content: str) -> tuple[tuple[str, str], ...]:
    """Command and arguments of every program that a definition in XML starts."""
    found = []
    for match in _EXEC.finditer(content[:_LONGEST]):
        command, arguments = _COMMAND.search(match[1]), _ARGUMENTS.search(match[1])
        if command:
            found.append((unescape(command[1]).strip(), unescape(arguments[1]).strip() if arguments else ""))
    return tuple(found[:_MOST])


@lru_cache(maxsize=1024)
def starts(content: str) -> str:
    """What a definition starts, in words; "" where it says nothing of it."""
    lines = [f"{command} {arguments}".strip() for command, arguments in actions_in(content)]
    lines += [f"the handler {unescape(found)}" for found in _HANDLER.findall(content[:_LONGEST])[:_MOST]]
    return ", then ".join(lines)


@lru_cache(maxsize=1024)
def runs_as(content: str) -> str:
    """The account that a definition names, as it stands there."""
    principals = _PRINCIPALS.search(content[:_LONGEST])
    account = _ACCOUNT.search(principals[1]) if principals else None
    return unescape(account[1]).strip() if account else ""


def leaf(path: str) -> str:
    """The name of a program without folder, quotes and `.exe`, in lower case: how two spellings of one are known."""
    name = path.strip().strip('"').replace("/", "\\").rpartition("\\")[2].casefold()
    return name.removesuffix(".exe")


def same_program(one: str, other: str) -> bool:
    """Whether two paths can name one program: the last parts are equal, or one of them is not told."""
    return not leaf(one) or not leaf(other) or leaf(one) == leaf(other)


def command_key(command: str, arguments: str) -> str:
    """A command as a definition states it, in the spelling of `line_key`."""
    return f"{leaf(command)} {_spaced(arguments)}".rstrip()


def line_key(line: str) -> str:
    """The command line of a process: the program's name, and its arguments with single blanks, in lower case."""
    text = line.strip()
    if text.startswith('"'):
        program, _, rest = text[1:].partition('"')
    else:
        program, _, rest = text.partition(" ")
        if ".exe " in text.casefold() and not program.casefold().endswith(".exe"):  # blanks in a path without quotes
            at = text.casefold().index(".exe ") + 4
            program, rest = text[:at], text[at:]
    return f"{leaf(program)} {_spaced(rest)}".rstrip()


def _spaced(text: str) -> str:
    """Text in lower case with single blanks, and folders by the names of their variables, which the service resolves."""
    plain = " ".join(text.split()).casefold()
    if "%" in plain:
        plain = _VARIABLE.sub(lambda match: _FOLDERS.get(match[0], match[0]), plain)
    return _HOME.sub("%userprofile%", plain)
