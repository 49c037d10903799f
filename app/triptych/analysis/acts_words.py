"""Command lines taken apart as cmd and the C runtime do it, and what was put in to hide a word taken out."""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST = 64 * 1024  # characters of a line that are looked at; Windows takes 32,767
_DASHES = "-/\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_CHAINED = frozenset("&|\r\n")


@dataclass(frozen=True, slots=True)
class Deed:
    """What a line or script does to a task or to its witnesses, as far as the text tells.

    `verb`: create, change, delete, run, end, enable, disable, query (tasks); hide (SD or Index taken away), edit-key, remove-key
    (TaskCache); stop-service, clear-log, disable-log, audit (witnesses). `task` has a leading backslash, "" where the text does not
    tell it. `host` is the other computer it is done on, `run_as` the account of the task, `detail` what else matters.
    """

    verb: str
    tool: str
    task: str = ""
    command: str = ""
    host: str = ""
    run_as: str = ""
    schedule: str = ""
    detail: str = ""


def uncareted(text: str) -> str:
    """Without the carets by which cmd escapes characters: a doubled one stands for itself."""
    return text.replace("^^", "\0").replace("^", "").replace("\0", "^") if "^" in text else text


def words(text: str) -> list[str]:
    """The words of a line: quotes taken away, `\\"` a quote, as the C runtime does it; single quotes where a word begins with one."""
    found: list[str] = []
    word: list[str] = []
    quoted = started = nested = False  # nested: between two \\" inside a quoted word
    at, size = 0, min(len(text), LONGEST)
    while at < size:
        letter = text[at]
        if letter == "\\":
            run = at
            while run < size and text[run] == "\\":
                run += 1
            slashes = run - at
            if run < size and text[run] == '"':
                word.append("\\" * (slashes // 2))
                if slashes % 2 and (nested or not _ends_here(text, run, quoted=quoted)):
                    word.append('"')
                    nested = quoted and not nested
                    at = run + 1
                    started = True
                    continue
                word.append("\\" * (slashes % 2))
            else:
                word.append("\\" * slashes)
            at, started = run, True
            continue
        if letter == '"':
            quoted, started, nested = not quoted, True, False
        elif letter == "'" and not started and not quoted and (end := text.find("'", at + 1)) > 0:
            word.append(text[at + 1 : end])
            at, started = end, True
        elif letter.isspace() and not quoted:
            if started:
                found.append("".join(word))
            word, started = [], False
        else:
            word.append(letter)
            started = True
        at += 1
    return [*found, "".join(word)] if started else found


def _ends_here(text: str, at: int, *, quoted: bool) -> bool:
    """Whether a quote behind one backslash ends the word after all (`"C:\\folder\\" /f`): no further quote could end it."""
    rest = text[at + 1 :]
    return quoted and (not rest or rest[0].isspace()) and '"' not in _until_option(rest)


def _until_option(text: str) -> str:
    match = re.search(r"\s/[A-Za-z]{1,8}(?:\s|$)", text)
    return text[: match.start()] if match else text


def chained(text: str) -> list[str]:
    """The commands of a line that cmd would run one after the other."""
    pieces: list[str] = []
    begin, quoted = 0, False
    for at, letter in enumerate(text[:LONGEST]):
        if letter == '"' and text[at - 1 : at] != "\\":
            quoted = not quoted
        elif letter in _CHAINED and not quoted and text[at - 1 : at] != ">":
            pieces.append(text[begin:at])
            begin = at + 1
    pieces.append(text[begin:LONGEST])
    return [piece for piece in (one.strip() for one in pieces) if piece]


def option(word: str) -> str:
    """The name of an option (`/TN`, `-tn`) in lower case, "" for any other word."""
    return word[1:].casefold() if len(word) > 1 and word[0] in _DASHES else ""


def stem(program: str) -> str:
    """The name of a program in lower case, without folder and `.exe`."""
    name = program.strip().strip("\"'").replace("/", "\\").rpartition("\\")[2].casefold()
    return name.removesuffix(".exe").removesuffix(".com")


def task_path(name: str) -> str:
    """A task's name as a path with a leading backslash, "" for none."""
    bare = name.strip().strip("\"'").strip()
    return "" if not bare.strip("\\") else "\\" + bare.replace("/", "\\").strip("\\")


_TREE = re.compile(r"\\schedule\\taskcache(?:\\(tree|tasks|boot|logon|plain|maintenance))?(?:\\(.*))?$", re.IGNORECASE)


def cache_key(key: str) -> tuple[str, str] | None:
    """The part of TaskCache that a registry key lies in (tree, tasks, plain ...; "" for the top) and what follows; None elsewhere."""
    match = _TREE.search(key.strip().strip("\"'").replace("/", "\\").rstrip("\\"))
    return ((match[1] or "").casefold(), match[2] or "") if match else None


def on_cache(key: str, value: str, tool: str, *, removes: bool, data: str = "") -> Deed | None:
    """What taking away or writing a value (`value` "": the whole key) below TaskCache does; None for keys elsewhere."""
    place = cache_key(key)
    if place is None:
        return None
    part, rest = place
    task = task_path(rest) if part == "tree" else ""
    name = value.casefold()
    if part == "tree" and ((removes and name in ("sd", "index")) or (name == "index" and _is_zero(data))):
        done = "took away" if removes else "set to 0"
        return Deed("hide", tool, task, detail=f"{done} the value {value} of the task's Tree key")
    what = f"the value {value}" if value else "the key"
    where = f"TaskCache\\{part.capitalize()}\\{rest}".rstrip("\\")
    if removes:
        return Deed("remove-key", tool, task, detail=f"took away {what} of {where}")
    return Deed("edit-key", tool, task, detail=f"wrote {what} of {where}")


_SWITCH = re.compile(r"\\winevt\\channels\\(.+)$", re.IGNORECASE)  # a channel's name may hold a slash, which is none of the key's


def on_switch(key: str, value: str, tool: str, data: str) -> Deed | None:
    """What writing a value of a log's key does: `Enabled` is its switch. None for other keys, and for what leaves it on."""
    match = _SWITCH.search(key.strip().strip("\"'").rstrip("\\"))
    if match is None or value.strip().casefold() != "enabled" or not _is_zero(data):
        return None
    return Deed("disable-log", tool, detail=match[1])


def _is_zero(text: str) -> bool:
    bare = text.strip().casefold().removeprefix("0x")
    return bool(bare) and not bare.strip("0")
