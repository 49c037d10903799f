r"""Answers in one spelling, so that only what was meant is compared: case, braces, `\` runs, variables, zones, names and SIDs.

Kinds of answers: task (a path), value (a text, a command, a number), guid, account (a name or SID), time (within a second, in
UTC or local), order (items in a row), set (things without order), bytes (offset and length), choice, text (compared with the
debrief by the student; nothing marks it).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from triptych.analysis.accounts import sid_of
from triptych.analysis.places import expand
from triptych.model.case import Host
from triptych.model.paths import fold
from triptych.model.times import TICKS_A_SECOND, Instant, Zone, parse_iso

KINDS = ("task", "value", "guid", "account", "time", "order", "set", "bytes", "choice", "text")
PLAIN_KINDS = ("task", "value", "guid", "account", "time")
"""Kinds that an entry of a set can have."""

_APART = "\x1f"
_HALF = TICKS_A_SECOND // 2
_MARK = re.compile("\u27e8U\\+([0-9A-F]{4,6})\u27e9")
_NUMBER = re.compile(r"(0x[0-9a-f]{1,16}|\d{1,20})(?:\s*\(.*\))?", re.ASCII | re.IGNORECASE)
_RANGE = re.compile(
    r"(0x[0-9a-f]{1,16}|\d{1,20})\s*(-|\+|,|\s)\s*(0x[0-9a-f]{1,16}|\d{1,20})(?:\s*bytes)?", re.ASCII | re.IGNORECASE
)
_ZONED = re.compile(r"(.*?\d)\s*(z|utc|local|[+-]\d\d:?\d\d)", re.ASCII | re.IGNORECASE | re.DOTALL)


class AnswerError(ValueError):
    """An answer that cannot be understood; the message is a sentence that says how to write it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What must be known of a question to understand an answer to it.

    `of` is the kind of a set's entries, `items` what is to be put in order (lettered a, b, c in their order), `choices` what can
    be chosen (numbered from 1), `bias` the minutes that must be added to the machine's local time to have UTC.
    """

    kind: str
    of: str = "task"
    items: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    bias: int = 0


def form(asked: Asked, answer: str | Sequence[str]) -> str:
    """The one spelling of a given answer; equal answers have equal forms. Raises AnswerError."""
    if asked.kind in ("order", "set"):
        return _row(asked, answer)
    text = answer if isinstance(answer, str) else "\n".join(answer)
    if not text.strip():
        raise AnswerError("There is no answer")
    return _one(asked.kind, text, asked)


def accepted(asked: Asked, answer: Sequence[str], accounts: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Every form that is right where the truth is `answer` (one text, or the entries of an order or set), sorted.

    `accounts` are the machine's own, name to SID: an answer may give either. Raises AnswerError.
    """
    if asked.kind == "time":
        return _about(answer[0])
    if asked.kind == "account":
        return tuple(sorted({form(asked, name) for name in _names(answer[0], accounts or {})}))
    return (form(asked, answer if asked.kind in ("order", "set") else answer[0]),)


def mistaken_zone(asked: Asked, answer: Sequence[str]) -> tuple[str, ...]:
    """The forms of a time that was read in one zone and told in the other; none where that makes no difference."""
    if asked.kind != "time" or not asked.bias:
        return ()
    moment = parse_iso(answer[0])
    right = set(accepted(asked, answer))
    wrong = (moment.shifted(minutes, Zone.UTC).iso for minutes in (asked.bias, -asked.bias))
    return tuple(sorted({one for text in wrong for one in _about(text)} - right))


def _one(kind: str, text: str, asked: Asked) -> str:
    text = unmarked(text)
    if kind == "task":
        return _task(text)
    text = text.strip()
    match kind:
        case "guid":
            return _guid(text)
        case "account":
            return _account(text)
        case "time":
            return str(_marks(_moment(text, asked.bias)))
        case "bytes":
            return _range(text)
        case "choice":
            return _value(_named(text, asked.choices, "0123456789"))
    return _value(text)


def unmarked(text: str) -> str:
    """Characters that the window shows as a mark (`⟨U+200B⟩`), put back: a person can type the mark alone."""
    return _MARK.sub(lambda match: chr(min(int(match[1], 16), 0x10FFFF)), text)


def _bare(text: str) -> str:
    """Without the quotation marks around the whole."""
    return text[1:-1].strip() if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" and text[0] not in text[1:-1] else text


def _task(text: str) -> str:
    """A path; blanks at its end count, since a name may end with one. A sheet's line needs quotation marks to show them."""
    quoted = re.fullmatch(r"\s*\"([^\"]*)\"\s*", text)
    path = re.sub(r"\\+", r"\\", (quoted[1] if quoted else text.lstrip(" \t").rstrip("\r\n")).replace("/", "\\"))
    return fold(path if path.startswith("\\") else f"\\{path}")


def _value(text: str) -> str:
    number = _NUMBER.fullmatch(text)
    if number is not None:
        return str(int(number[1], 16 if number[1].lower().startswith("0x") else 10))
    plain = re.sub(r"\\+", r"\\", expand(_bare(text), Host()).replace('"', ""))
    return fold(re.sub(r"\s+", " ", plain).strip())


def _guid(text: str) -> str:
    try:
        return str(uuid.UUID(text.strip("{}() ")))
    except ValueError:
        raise AnswerError("This is no GUID: it has 32 hex digits, as in {8A3C1D7E-52B0-4C0F-9E0B-6E1F2B7C9D11}") from None


def _account(text: str) -> str:
    name = _bare(text)
    sid = sid_of(name, Host())
    if sid is not None:
        return sid
    return fold(re.sub(r"\\+", r"\\", name).rpartition("\\")[2].partition("@")[0].strip())


def _names(account: str, accounts: Mapping[str, str]) -> set[str]:
    """An account by its name and by its SID, as far as the machine knows both."""
    folded = _account(account)
    for name, sid in accounts.items():
        if folded in (fold(name), sid):
            return {name, sid}
    return {account}


def _moment(text: str, bias: int) -> Instant:
    match = _ZONED.fullmatch(text)
    if match is None:
        raise AnswerError(
            "Say in which zone the time is: 2026-03-14 02:17:03 Z for UTC, 2026-03-14 03:17:03 local for the machine's own"
        )
    zone = match[2].lower()
    try:
        moment = parse_iso(match[1] + ("Z" if zone in ("z", "utc") else "" if zone == "local" else zone))
    except ValueError:
        raise AnswerError("This is no time: write it as 2026-03-14 02:17:03 Z") from None
    return moment.shifted(bias, Zone.UTC) if zone == "local" else moment


def _marks(moment: Instant) -> int:
    """Times are compared in half seconds."""
    return (moment.ticks + _HALF // 2) // _HALF


def _about(truth: str) -> tuple[str, ...]:
    """Every half second that is no more than a second away from the truth."""
    ticks = parse_iso(truth).ticks
    return tuple(str(half) for half in range(-(-(ticks - TICKS_A_SECOND) // _HALF), (ticks + TICKS_A_SECOND) // _HALF + 1))


def _range(text: str) -> str:
    match = _RANGE.fullmatch(text.replace("offset", " ").replace("length", " ").strip())
    if match is None:
        raise AnswerError("Write offset and length, as in 0x3C8 60, or first and last byte, as in 0x3C8-0x403")
    first, second = (int(part, 16 if part.lower().startswith("0x") else 10) for part in (match[1], match[3]))
    length = second - first + 1 if match[2] == "-" else second
    if length < 1:
        raise AnswerError("The last byte stands before the first")
    return f"{first}+{length}"


def _named(text: str, things: Sequence[str], labels: str) -> str:
    """The thing that a label stands for: a number from 1, or a letter from a; any other text stands for itself."""
    label = text.strip().rstrip(".)").lower()
    if labels.startswith("0"):
        number = int(label) if label.isascii() and label.isdigit() and len(label) < 4 else 0
        if any(_value(thing) == _value(text) for thing in things):
            return text
    else:
        number = labels.index(label) + 1 if len(label) == 1 and label in labels else 0
    return things[number - 1] if 0 < number <= len(things) else text


def _row(asked: Asked, answer: str | Sequence[str]) -> str:
    told = [entry.strip() for entry in _split(asked, answer)] if isinstance(answer, str) else answer
    entries = [entry for entry in told if entry.strip()]
    if not entries:
        raise AnswerError("There is no answer")
    if asked.kind == "order":
        letters = "abcdefghijklmnopqrstuvwxyz"
        return _APART.join(_value(unmarked(_named(entry, asked.items, letters))) for entry in entries)
    return _APART.join(sorted({_one(asked.of, entry, asked) for entry in entries}))


def _split(asked: Asked, text: str) -> list[str]:
    """Entries stand on lines of their own or between semicolons; letters also between commas or blanks."""
    letters = re.fullmatch(r"[a-z](?:[\s,;>]+[a-z])*", text.strip(), re.ASCII | re.IGNORECASE)
    return re.split(r"[\s,;>]+" if asked.kind == "order" and letters else r"[;\n]", text)
