"""Files outside of every Windows: recognised by their first bytes, task files by the folder they lie in."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape

from triptych.evidence import contents, signatures
from triptych.evidence.entry import Entry, EvidenceError
from triptych.evidence.found import Item
from triptych.evidence.passed_over import PassedOver
from triptych.evidence.whereabouts import Argument, folder_path, view_of
from triptych.limits import Limits
from triptych.model.case import Weight

Peek = Callable[[str, int], bytes]

_HIVE_FILES = {
    "software-hive": "Windows/System32/config/SOFTWARE",
    "system-hive": "Windows/System32/config/SYSTEM",
    "sam-hive": "Windows/System32/config/SAM",
    "security-hive": "Windows/System32/config/SECURITY",
}
_HOMES = {
    "event-log": "Windows/System32/winevt/Logs/",
    "job": "Windows/Tasks/",
    "job-log": "Windows/Tasks/",
    "task-file": "Windows/System32/Tasks/",
}
_TABLE_ENDINGS = (".csv", ".json", ".jsonl")


@dataclass(slots=True)
class Guess:
    """A loose file and what it is taken for; "" while nothing is known."""

    entry: Entry
    argument: Argument
    role: str = ""
    anchor: int = 0  # names above the folder that its task path counts from
    uri: tuple[str, ...] = ()  # the task path that a task file states, name by name


@dataclass(slots=True)
class Loose:
    """The loose files of a source."""

    limits: Limits
    passed: PassedOver
    guesses: list[Guess] = field(default_factory=list)
    over: int = 0

    def recognise(self, entry: Entry, argument: Argument, top: bool, beside: bool, peek: Peek) -> None:
        """Look at the first bytes of a file; `top` is for what was given by itself or lies at the top of it.

        What lies `beside` the Windows folder of a drive may be a listing, an export or an event log that somebody left there
        (records that another log holds too are told once); a hive or a task's XML there is a file of that machine and no store
        of it.
        """
        if len(self.guesses) >= self.limits.sniffed_files and not top:
            self.over += 1
            return
        guess = Guess(entry, argument)
        try:
            head = peek(entry.path, contents.LONG if top else contents.SHORT)
        except EvidenceError as error:
            self._unread(entry, error)
            head = b""
        guess.role = contents.role_of(entry.parts[-1], head, top)
        if beside and guess.role not in ("listing", "reg-export", "event-set", "event-log"):
            return
        if words := "" if guess.role else signatures.container_kind(head[: signatures.HEAD], b"", entry.size):
            self._image(entry, words)
            return
        guess.anchor = _anchor(entry)
        guess.uri = _uri(head) if guess.role == "task-file" else ()
        self.guesses.append(guess)

    def settle(self, software: frozenset[int]) -> None:
        """Decide what only the neighbours tell; `software` are the arguments in which a SOFTWARE hive was found by place."""
        self._settle_tasks()
        self._settle_anchors()
        self._settle_hives(software)
        self._settle_given()
        self._tell_rest()

    def _settle_tasks(self) -> None:
        anchors = {(guess.entry.argument, _anchor_path(guess)) for guess in self.guesses if guess.role == "task-file"}
        for guess in self.guesses:
            if guess.role or (guess.entry.argument, _anchor_path(guess)) not in anchors:
                continue
            if _in_tasks(guess) or guess.entry.parts[-1].casefold().endswith(".xml"):
                guess.role = "task-file"

    def _settle_anchors(self) -> None:
        """Exported task files stand in folders of anybody's making: their paths count from where the URIs in them say so.

        A file whose URI is the end of its own place shows the folder; files below such a folder count from it too. An export that
        stands alone keeps the name that somebody gave it.
        """
        exports = [(guess, _stated_anchor(guess)) for guess in self.guesses if guess.role == "task-file" and not _in_tasks(guess)]
        shown = {(guess.entry.argument, guess.entry.parts[:own]) for guess, own in exports if own is not None}
        for guess, own in exports:
            parts = guess.entry.parts
            depths = [depth for depth in range(guess.anchor, len(parts)) if (guess.entry.argument, parts[:depth]) in shown]
            guess.anchor = own if own is not None else depths[-1] if depths else guess.anchor

    def _settle_hives(self, software: frozenset[int]) -> None:
        known = software | {guess.entry.argument for guess in self.guesses if guess.role == "software-hive"}
        unknown = [guess for guess in self.guesses if guess.role == "hive"]
        for guess in unknown:
            alone = sum(other.entry.argument == guess.entry.argument for other in unknown) == 1
            if guess.argument.kind == "file" or (alone and guess.entry.argument not in known):
                guess.role = "software-hive"
                continue
            guess.role = "other"
            self.passed.add(
                Weight.DOUBT,
                "layout.hive-unknown",
                guess.entry.path,
                tried="tell what this hive is for by its name and by the name stored in it",
                found="neither says SOFTWARE, SYSTEM, SAM, SECURITY, NTUSER.DAT or UsrClass.dat",
                lost="the tasks in it, if it is a SOFTWARE hive",
                advice="give the file by itself: it is then read as a SOFTWARE hive",
            )

    def _settle_given(self) -> None:
        """A file that somebody gave by itself is meant to be something."""
        for guess in self.guesses:
            if guess.role or guess.argument.kind != "file":
                continue
            name = guess.entry.parts[-1].casefold()
            if name.endswith(".xml"):
                guess.role = "task-file"
            elif name.endswith(_TABLE_ENDINGS):
                guess.role = "listing"

    def _tell_rest(self) -> None:
        rest = [guess.entry for guess in self.guesses if not guess.role]
        if self.over:
            self.passed.add(
                Weight.DOUBT,
                "layout.too-many",
                "",
                tried="recognise files outside of a Windows by their first bytes",
                found=f"more than {self.limits.sniffed_files:,} of them",
                lost=f"{self.over:,} files were not looked at",
                advice="give the folders that matter by themselves",
            )
        if rest:
            names = ", ".join(entry.path for entry in rest[:5])
            self.passed.add(
                Weight.NOTE,
                "layout.not-recognised",
                rest[0].path if len(rest) == 1 else "",
                tried="recognise files outside of a Windows by name and first bytes",
                found=f"{len(rest):,} of no kind that is read: {names}{' ...' if len(rest) > 5 else ''}",
                advice="give a scheduler listing with --listing, a task file with the ending .xml, a hive by itself",
            )

    def _unread(self, entry: Entry, error: EvidenceError) -> None:
        if error.code.startswith("archive."):  # the source named it when it listed the archive
            return
        self.passed.add(
            Weight.LOST,
            error.code,
            entry.path,
            tried="read its first bytes",
            found=str(error),
            lost="its content, if it is evidence of tasks",
            advice="run with the rights to read it, or copy it",
        )

    def _image(self, entry: Entry, words: str) -> None:
        self.passed.add(
            Weight.LOST,
            "evidence.image",
            entry.path,
            tried="open this evidence",
            found=f"{words}: such files cannot be opened yet",
            lost="everything in it",
            advice="mount it read-only and give the mounted folder",
        )

    def items(self) -> list[tuple[Item, Guess]]:
        """What was recognised, without logs."""
        return [(_item(guess), guess) for guess in self.guesses if guess.role]


_URI = re.compile(r"<URI>([^<]{1,2000})</URI>")
_EXPORTED = re.compile(r"(?<=[^\\])\.xml$", re.IGNORECASE)  # exports of a task bear the suffix, files of System32\\Tasks do not


def _anchor(entry: Entry) -> int:
    """How many names stand above the folder that task paths count from: the nearest `Tasks`, else the top of what was given."""
    top = len(entry.parts) - 1 - entry.path.rpartition("!/")[2].count("/") if "!/" in entry.path else 0
    for depth in range(len(entry.parts) - 1, top, -1):
        if entry.parts[depth - 1].casefold() == "tasks":
            return depth
    return top


def _in_tasks(guess: Guess) -> bool:
    return bool(guess.anchor) and guess.entry.parts[guess.anchor - 1].casefold() == "tasks"


def _uri(head: bytes) -> tuple[str, ...]:
    """The names of the task path that the beginning of a task file states, none where it states none."""
    match = _URI.search(contents.text_of(head))
    return tuple(unescape(match[1]).strip().strip("\\").split("\\")) if match else ()


def _stated_anchor(guess: Guess) -> int | None:
    """The names above the folder from which the file's place is the path that it states; None where it is another."""
    names = (*guess.entry.parts[:-1], _EXPORTED.sub("", guess.entry.parts[-1]))
    anchor = len(names) - len(guess.uri)
    same = _folded(names[anchor:]) == _folded(guess.uri)
    return anchor if guess.uri and anchor >= guess.anchor and same else None


def _folded(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.casefold() for name in names)


def _anchor_path(guess: Guess) -> str:
    return folder_path(guess.entry, guess.argument, guess.anchor)


def _item(guess: Guess) -> Item:
    entry, role = guess.entry, guess.role
    names = entry.parts[guess.anchor :]
    inner = _HIVE_FILES.get(role) or "/".join(entry.parts)
    task = ""
    if role in _HOMES:
        inner = _HOMES[role] + ("/".join(names) if role == "task-file" else entry.parts[-1])
    if role == "task-file":
        task = "\\" + "\\".join(names)
        if not _in_tasks(guess):
            task = _EXPORTED.sub("", task)
    view = view_of(entry.parts[:-1])
    if any(part.casefold() == "regback" for part in entry.parts[:-1]):
        view = f"{view}/RegBack".lstrip("/")
    return Item(role, entry.path, view, inner, task, size=entry.size, modified=entry.modified)
