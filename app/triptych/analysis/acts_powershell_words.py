"""PowerShell text taken apart as far as acts on tasks need it: variables with literal values, calls with their parameters.

It is no PowerShell: what a script works out at run time stays unknown, and is told as not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_ASSIGNED = re.compile(r"\$(?:\w+:)?(\w+)\s*=\s*(?=['\"@(])")
_COMMENT = re.compile(r"^[ \t]*#[^\r\n]*", re.MULTILINE)
_INSIDE = re.compile(r"\$(?:\{(\w+)\}|(?:\w+:)?(\w+))")
_HERE = re.compile(r"@(['\"])[ \t]{0,80}\r?\n")
_PARAMETER = re.compile(r"[-\u2013\u2014\u2015]([A-Za-z]\w*)(:?)")
_SPLAT = re.compile(r"@(\w+)(?![\w'\"({])")
_PAIR = re.compile(r"[\s;]*['\"]?(\w+)['\"]?\s*=\s*")
_BARE = re.compile(r"[^\s;|)}]+")
_DEFINES = re.compile(r"(?:function|filter|alias|command|help)\s+$", re.IGNORECASE)
_LONGEST_VALUE = 16 * 1024
_LONGEST_CALL = 2 * _LONGEST_VALUE
_MOST = 200  # variables, and calls of a set of commands
_ENDS = ";|\r\n)}&"
_OPEN = {"(": ")", "{": "}"}


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a command: its named parameters (names in lower case) and its values without a name, where it stands."""

    name: str
    start: int
    stop: int
    named: dict[str, str] = field(default_factory=dict)
    loose: tuple[str, ...] = ()

    def get(self, *names: str) -> str:
        """The value of a parameter, which PowerShell takes by any beginning of its name; "" where it is not given."""
        for name in names:
            for given, value in self.named.items():
                if given == name or (len(given) > 1 and name.startswith(given)):
                    return value
        return ""

    def has(self, name: str) -> bool:
        return any(given == name or (len(given) > 1 and name.startswith(given)) for given in self.named)


def cleaned(text: str) -> str:
    """Without comments, and without the backticks that continue a line or hide a word."""
    if "<#" in text:
        text = _without_blocks(text)
    if "#" in text:
        text = _COMMENT.sub(" ", text)
    return re.sub(r"`[ \t]{0,80}\r?\n", "  ", text).replace("`", "") if "`" in text else text


def _without_blocks(text: str) -> str:
    """Without comments in `<# #>`; one that is not closed goes to the end."""
    kept, at = [], 0
    while (begin := text.find("<#", at)) >= 0:
        kept.append(text[at:begin])
        stop = text.find("#>", begin)
        at = stop + 2 if stop >= 0 else len(text)
    return " ".join([*kept, text[at:]])


class Script:
    """A text with its variables."""

    def __init__(self, text: str) -> None:
        self.text = cleaned(text)
        self._variables: dict[str, list[tuple[int, str]]] = {}
        for count, match in enumerate(_ASSIGNED.finditer(self.text)):
            if count >= _MOST:
                break
            value, _ = self._value(match.end())
            if value:
                self._variables.setdefault(match[1].casefold(), []).append((match.start(), value))

    def variable(self, name: str, before: int) -> str:
        """What a variable was last set to before a place, "" where the text does not tell."""
        told = [value for at, value in self._variables.get(name.casefold(), ()) if at < before]
        return told[-1] if told else ""

    def calls(self, *names: str) -> Iterator[Call]:
        """The calls of these commands in the order of the text; definitions of functions and names in quotes are none."""
        pattern = re.compile(r"(?<![\w$.-])(" + "|".join(map(re.escape, names)) + r")(?![\w'\"-])", re.IGNORECASE)
        for count, match in enumerate(pattern.finditer(self.text)):
            if count >= _MOST:
                return
            if not _DEFINES.search(self.text[max(0, match.start() - 20) : match.start()]):
                yield self._call(match[1], match.start(), match.end())

    def _call(self, name: str, start: int, at: int) -> Call:
        named: dict[str, str] = {}
        loose: list[str] = []
        splats, text = 0, self.text
        while True:
            at = _skip(text, at)
            if at >= len(text) or text[at] in _ENDS or at - start > _LONGEST_CALL or len(loose) + splats >= _MOST:
                return Call(name, start, at, named, tuple(loose))
            match = _PARAMETER.match(text, at)
            splat = _SPLAT.match(text, at)
            if splat is not None:
                for key, value in self._splatted(splat[1], start):
                    named.setdefault(key, value)
                at, splats = splat.end(), splats + 1
                continue
            if match is None:
                value, after = self._value(at)
                loose.append(value)
                at = max(after, at + 1)
                continue
            at = _skip(text, match.end())
            value = ""
            if at < len(text) and text[at] not in _ENDS and (match[2] or not _PARAMETER.match(text, at)):
                value, at = self._value(at)
            named.setdefault(match[1].casefold(), value)

    def _splatted(self, name: str, before: int) -> Iterator[tuple[str, str]]:
        """The parameters that a hash table (`$name = @{TaskName = 'A'; ...}`) brings to a call that is given `@name`."""
        tables = rf"\$(?:\w+:)?{re.escape(name)}\s*=\s*(?:\[ordered\]\s*)?@\{{"
        at = max((match.end() for match in re.finditer(tables, self.text[:before], re.IGNORECASE)), default=before)
        while at < before:
            pair = _PAIR.match(self.text, at)
            if pair is None:
                return
            value, at = self._value(pair.end())
            yield pair[1].casefold(), value
            while at < before and self.text[at] not in ";\r\n}":  # the rest of an expression
                at = _closing(self.text, at) if self.text[at] in _OPEN else at + 1

    def _value(self, at: int) -> tuple[str, int]:
        """The value that begins at a place, and where it ends; a group in brackets is given as it stands."""
        text = self.text
        here = _HERE.match(text, at)
        if here:
            stop = text.find(f"\n{here[1]}@", here.end() - 1)
            inner = text[here.end() : stop if stop >= 0 else None].rstrip("\r")[:_LONGEST_VALUE]
            return self.filled(inner, at) if here[1] == '"' else inner, stop + 3 if stop >= 0 else len(text)
        letter = text[at : at + 1]
        if letter == "'":
            return _single(text, at)
        if letter == '"':
            inner, stop = _double(text, at)
            return self.filled(inner, at), stop
        if letter in _OPEN or text[at : at + 2] in ("@(", "@{", "$("):
            begin = at if letter in _OPEN else at + 1
            stop = _closing(text, begin)
            inner = text[begin + 1 : stop - 1]
            return self._joined(inner, at), stop
        bare = _BARE.match(text, at)
        if bare is None:
            return "", at + 1
        return self._resolved(bare[0], at), bare.end()

    def _resolved(self, word: str, at: int) -> str:
        variable = re.fullmatch(r"\$(?:\w+:)?(\w+)", word)
        if variable:
            return self.variable(variable[1], at) or word
        return word

    def _joined(self, group: str, at: int) -> str:
        """The text that a group of pieces put together by + gives; any other group as it stands."""
        pieces = re.fullmatch(r"\s*((?:'[^']*'|\"[^\"]*\")(?:\s*\+\s*(?:'[^']*'|\"[^\"]*\"))*)\s*", group)
        if pieces is None:
            alone = re.fullmatch(r"\s*\$(?:\w+:)?(\w+)\s*", group)
            return (self.variable(alone[1], at) if alone else "") or group[:_LONGEST_VALUE]
        return "".join(one[1:-1] for one in re.findall(r"'[^']*'|\"[^\"]*\"", pieces[1]))

    def filled(self, text: str, at: int) -> str:
        """A text in double quotes with the variables that are known put in."""
        if "$" not in text:
            return text
        return _INSIDE.sub(lambda match: self.variable(match[1] or match[2], at) or match[0], text)[:_LONGEST_VALUE]


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t,":
        at += 1
    return at


def _single(text: str, at: int) -> tuple[str, int]:
    stop = at + 1
    while (stop := text.find("'", stop)) >= 0:
        if text[stop + 1 : stop + 2] != "'":
            return text[at + 1 : stop].replace("''", "'")[:_LONGEST_VALUE], stop + 1
        stop += 2
    return text[at + 1 : at + 1 + _LONGEST_VALUE], len(text)


def _double(text: str, at: int) -> tuple[str, int]:
    stop = at + 1
    while (stop := text.find('"', stop)) >= 0:
        if text[stop + 1 : stop + 2] == '"':
            stop += 2
        else:
            return text[at + 1 : stop].replace('""', '"')[:_LONGEST_VALUE], stop + 1
    return text[at + 1 : at + 1 + _LONGEST_VALUE], len(text)


def _closing(text: str, at: int) -> int:
    """The place behind the bracket that closes the one at a place; quotes are passed over."""
    opening, closing = text[at], _OPEN.get(text[at], ")")
    depth, here = 0, at
    for here in range(at, min(len(text), at + _LONGEST_VALUE)):
        letter = text[here]
        if letter == opening:
            depth += 1
        elif letter == closing:
            depth -= 1
            if depth == 0:
                return here + 1
    return here + 1
