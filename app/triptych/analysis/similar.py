"""Names that want to be taken for others: look-alikes of stock names, and characters that hide or reorder a name."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field

from triptych.analysis.baseline import Baseline
from triptych.analysis.stock import without_suffix
from triptych.model.display import needs_mark
from triptych.model.paths import fold, impostors

_SHORTEST = 8  # letters of a leaf below which two names are alike by chance
_TWO_EDITS = 10  # letters from which two edits count
_CONFUSED = str.maketrans(
    {
        "а": "a", "е": "e", "о": "o", "р": "p", "с": "c", "у": "y", "х": "x", "і": "i", "ј": "j", "ѕ": "s", "һ": "h", "ԁ": "d",
        "ԛ": "q", "ԝ": "w", "в": "b", "к": "k", "м": "m", "н": "h", "т": "t", "г": "r", "ӏ": "l", "α": "a", "ο": "o", "ν": "v",
        "ρ": "p", "ι": "i", "κ": "k", "τ": "t", "υ": "u", "χ": "x", "ε": "e", "η": "n", "ı": "i", "ɡ": "g", "ɑ": "a", "ո": "n",
        "օ": "o", "ս": "u", "ց": "g", "ł": "l", "ø": "o", "đ": "d", "ß": "b", "0": "o", "1": "l", "|": "l", "3": "e", "5": "s",
        "$": "s", "@": "a", "!": "l",
    }
)  # fmt: skip
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))
_VERSION = re.compile(r"[\s_\-]*(?:v?\d+(?:\.\d+)*|1[cd][0-9a-f]{13}|\(x(?:86|64)\))$", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Known:
    path: str
    leaf: str
    skeleton: str
    letters: int  # the letters that occur, one bit each: two names of distance n differ in 2 n bits at most


@dataclass(frozen=True)
class _Index:
    by_length: dict[int, list[_Known]] = field(default_factory=dict)
    by_leaf: dict[str, list[_Known]] = field(default_factory=dict)
    by_skeleton: dict[str, list[_Known]] = field(default_factory=dict)
    folders: dict[str, dict[str, str]] = field(default_factory=dict)  # folded parent to its folders, folded and as spelled
    asked: dict[str, str] = field(default_factory=dict)  # answers, since many tasks lie in one folder


_last: tuple[Baseline | None, _Index] = (None, _Index())


def lookalike(task_path: str, baseline: Baseline) -> tuple[str, str] | None:
    """The stock or vendor path that a task's name or folder wants to be taken for, and why; None where it is like none.

    Never for a path that any list or pattern knows (whether it starts its own program is for the rule to see). Suffixes
    that vary (GUID, SID, version, hex time) are left aside; leaves of fewer than eight letters are alike by chance.
    """
    if baseline.is_known_name(task_path):
        return None
    index = _index(baseline)
    folder, _, raw_leaf = task_path.rpartition("\\")
    leaf = _stripped(raw_leaf)
    found = _by_letters(leaf, index) or _by_edits(leaf, index) or _in_other_folder(folder, leaf, index)
    return found or _by_folder(task_path, index)


def _by_letters(leaf: str, index: _Index) -> tuple[str, str] | None:
    for known in index.by_skeleton.get(skeleton(leaf), ()):
        if known.leaf != leaf and len(known.skeleton) >= _SHORTEST - 3:
            return known.path, "looks the same, but is written with other characters"
    return None


def _by_edits(leaf: str, index: _Index) -> tuple[str, str] | None:
    own, letters = skeleton(leaf), _letters(skeleton(leaf))
    if _long(leaf, own) < _SHORTEST:
        return None
    for length in range(len(own) - 2, len(own) + 3):
        for known in index.by_length.get(length, ()):
            allowed = 2 if min(length, len(own)) >= _TWO_EDITS else 1
            if (letters ^ known.letters).bit_count() > 2 * allowed + 2 or known.leaf == leaf:
                continue  # a letter put between r and n takes an m from the skeleton: two letters more than the edit itself
            distance = min(edits(own, known.skeleton, allowed), edits(leaf, known.leaf, allowed))
            if 0 < distance <= allowed:
                return known.path, f"differs in {distance} character{'s' if distance > 1 else ''}"
    return None


def _in_other_folder(folder: str, leaf: str, index: _Index) -> tuple[str, str] | None:
    known = index.by_leaf.get(leaf, [])
    if len(known) != 1 or sum(character.isalpha() for character in leaf) < _TWO_EDITS:
        return None
    if fold(known[0].path).rpartition("\\")[0] == fold(folder):
        return None  # the same folder: only a version or GUID at the end is another
    return known[0].path, "bears the name of this task, but lies in another folder"


def _by_folder(path: str, index: _Index) -> tuple[str, str] | None:
    """A folder that is a stock folder but for its first unknown part, which differs in a letter or two."""
    folder, _, leaf = path.rpartition("\\")
    if folder not in index.asked:
        index.asked[folder] = _near_folder(folder, index)
    near = index.asked[folder]
    return (f"{near}\\{leaf}", "lies in a folder whose name is close to a folder of Windows") if near else None


def _near_folder(folder: str, index: _Index) -> str:
    parts = folder.split("\\")
    for at in range(1, len(parts)):
        prefix, part = fold("\\".join(parts[:at])), fold(parts[at])
        siblings = index.folders.get(prefix, {})
        if part in siblings:
            continue
        for other, spelled in siblings.items():
            allowed = 2 if min(len(other), len(part)) >= _TWO_EDITS else 1
            looks = len(other) >= _SHORTEST - 3 and skeleton(part) == skeleton(other)
            if looks or (len(other) >= _SHORTEST and edits(part, other, allowed) <= allowed):
                return "\\".join((*parts[:at], spelled, *parts[at + 1 :]))
        return ""
    return ""


def _index(baseline: Baseline) -> _Index:
    """The index of a baseline, made once (kept for the last one asked)."""
    global _last
    held, index = _last
    if held is not baseline:
        index = _made(baseline)
        _last = (baseline, index)
    return index


def _made(baseline: Baseline) -> _Index:
    by_length: dict[int, list[_Known]] = defaultdict(list)
    by_leaf: dict[str, list[_Known]] = defaultdict(list)
    by_skeleton: dict[str, list[_Known]] = defaultdict(list)
    folders: dict[str, dict[str, str]] = defaultdict(dict)
    for path in [task.path for task in baseline.stock] + [name for entry in baseline.vendors for name in entry.names]:
        folder, _, raw_leaf = path.rpartition("\\")
        leaf = _stripped(raw_leaf)
        known = _Known(path, leaf, skeleton(leaf), _letters(skeleton(leaf)))
        by_skeleton[known.skeleton].append(known)
        if _long(leaf, known.skeleton) >= _SHORTEST:
            by_length[len(known.skeleton)].append(known)
        by_leaf[leaf].append(known)
        parts = folder.split("\\")
        for at in range(1, len(parts)):
            folders[fold("\\".join(parts[:at]))].setdefault(fold(parts[at]), parts[at])
    return _Index(dict(by_length), dict(by_leaf), dict(by_skeleton), dict(folders))


def _long(leaf: str, own: str) -> int:
    """Letters of a leaf, or of its skeleton, where figures stand for letters and pairs of letters for one."""
    return max(sum(character.isalpha() for character in text) for text in (leaf, own))


def _stripped(leaf: str) -> str:
    """A leaf, case folded, without what varies at its end."""
    name = without_suffix(fold(leaf))
    while True:
        shorter = _VERSION.sub("", name)
        if shorter == name or not shorter:
            return name
        name = shorter


def skeleton(text: str) -> str:
    """Text as an eye takes it: case, accents, full width and characters of other alphabets that look alike are one."""
    plain = text.casefold()
    if not plain.isascii():
        plain = unicodedata.normalize("NFKD", plain)
        plain = "".join(character for character in plain if not unicodedata.combining(character) and not needs_mark(character))
    plain = plain.translate(_CONFUSED)
    for pair, single in _PAIRS:
        plain = plain.replace(pair, single)
    return plain.replace("i", "l")


def _letters(text: str) -> int:
    bits = 0
    for character in text:
        bits |= 1 << (ord(character) % 64)
    return bits


def edits(one: str, other: str, most: int) -> int:
    """How many insertions, deletions, replacements or swaps of neighbours make one text the other; `most` + 1 where more."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    far = most + 1
    before: list[int] = []
    row = [min(to, far) for to in range(len(other) + 1)]
    for at, character in enumerate(one, 1):
        previous, row = row, [far] * (len(other) + 1)
        if at <= most:
            row[0] = at
        for to in range(max(1, at - most), min(len(other), at + most) + 1):  # what lies further off the diagonal costs more
            wanted = other[to - 1]
            cost = min(previous[to - 1] + (character != wanted), previous[to] + 1, row[to - 1] + 1)
            if at > 1 and to > 1 and character == other[to - 2] and one[at - 2] == wanted:
                cost = min(cost, before[to - 2] + 1)
            row[to] = cost
        if min(row) > most:
            return far
        before = previous
    return min(row[-1], far)


# -- characters that deceive ---------------------------------------------------------------------------------------------

_JOINERS = "\u200c\u200d\u200e\u200f"  # needed in Persian, Indic, Arabic, Hebrew and emoji
_NAMED = {
    "\u202a": "mark that begins text read from left to right", "\u202b": "mark that begins text read from right to left",
    "\u202c": "mark that ends a change of the reading direction", "\u202d": "mark that forces text to read from left to right",
    "\u202e": "mark that forces text to read from right to left", "\u2066": "mark that begins text read from left to right",
    "\u2067": "mark that begins text read from right to left", "\u2068": "mark that begins text of its own direction",
    "\u2069": "mark that ends text of its own direction", "\u200b": "blank without width", "\ufeff": "blank without width",
    "\u200c": "joiner without width", "\u200d": "joiner without width", "\u200e": "direction mark without width",
    "\u200f": "direction mark without width", "\0": "NUL, at which many programs end the name",
}  # fmt: skip
_BLANKS = frozenset("\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u205f\u3164\u2800\u115f\u1160\uffa0")


def deceptive(name: str) -> tuple[tuple[str, str], ...]:
    """The characters of a name or path that hide, reorder or end it early, each once, with a noun for it; blanks at the ends too.

    Joiners and direction marks that Persian, Indic, Arabic, Hebrew names and emoji need count between Latin letters, and where
    nothing in the name needs them.
    """
    found: dict[str, str] = {}
    for at, character in enumerate(name):
        noun = _deceives(name, at, character)
        if noun:
            found.setdefault(character, f"a {noun} (U+{ord(character):04X})")
    for part in name.split("\\"):
        if part and part != part.strip():
            blank = part[0] if part[0].isspace() else part[-1]
            found.setdefault(blank, f"a blank at the beginning or end of a name (U+{ord(blank):04X})")
    return tuple(found.items())


def _deceives(name: str, at: int, character: str) -> str:
    """A noun for a character that deceives where it stands, "" for any other."""
    if " " <= character <= "~":
        return ""
    if character in _JOINERS:
        before, after = name[at - 1 : at], name[at + 1 : at + 2]
        between = _is_latin_letter(before) and _is_latin_letter(after)
        return _NAMED[character] if between or not _belongs(_part_at(name, at)) else ""
    if character in _NAMED:
        return _NAMED[character]
    if character in _BLANKS:
        return "character that looks like a blank or like nothing"
    if impostors(character):
        return f"character that is taken for the letter {character.casefold()}, which Windows keeps apart"
    if unicodedata.category(character) == "Cf":
        return "" if _belongs(name) else "character that cannot be seen"
    return _OF_CATEGORY.get(unicodedata.category(character), "")


_OF_CATEGORY = {"Cc": "control character", "Cs": "half of a character", "Zl": "line end", "Zp": "line end"}


def _part_at(name: str, at: int) -> str:
    """The part of a path in which a character stands."""
    return name[name.rfind("\\", 0, at) + 1 :].partition("\\")[0]


def _is_latin_letter(character: str) -> bool:
    return character.isalpha() and unicodedata.name(character, "").startswith("LATIN")


def _belongs(name: str) -> bool:
    """Whether a name is of a script or of pictures that need format characters."""
    return any(not character.isascii() and unicodedata.category(character) in ("Lo", "So", "Mn") for character in name)
