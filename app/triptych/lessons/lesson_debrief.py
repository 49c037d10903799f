"""The trainer's debrief: derived anew from the seed, with the place of each planted thing as a scan of the evidence finds it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from triptych.lessons.lesson import Lesson, LessonError
from triptych.lessons.lesson_file import parse
from triptych.lessons.lesson_keys import Keyed, keyed
from triptych.lessons.lesson_package import SEALED, digest_of, scannable, trainer_key, truth_of
from triptych.lessons.lesson_places import Looked, look
from triptych.lessons.lesson_scene import Played, Seed, play
from triptych.lessons.lesson_student import Held, read_package
from triptych.lessons.lesson_text import in_image, label, wrapped
from triptych.lessons.packing import unpack
from triptych.lessons.scenarios import Planted
from triptych.model.display import show

_STORES = {"xml": "XML file", "registry": "Registry", "scheduler": "Scheduler", "log": "Event log", "file": "File"}

_IN_IMAGE = """\
The files named here stand in the NTFS volume of {evidence}; offsets count from the start of each file, not of the image. Triptych \
reads no disk images: it made the same files anew from the seed and scanned those."""
_NOT_SCANNED = "The files that your lesson brings are in the image, and were not scanned: "


def debrief(folder: Path, seed: Seed) -> str:
    """The debrief of a package. Raises LessonError where the seed does not open it or the evidence is not there."""
    held = read_package(folder)
    lesson, sealed = _opened(folder, held, seed)
    played = play(lesson, seed)
    machine = played.scene.machine
    if truth_of(played) != sealed["truth"] or (in_image(held.evidence) and digest_of(machine.collection()) != sealed.get("files")):
        raise LessonError(f"{folder} was built by {held.tool}, which draws otherwise: take that version for the debrief.")
    try:
        with scannable(folder / held.evidence, machine) as place:
            looked = look(str(place), str(folder / held.listing) if held.listing else "")
            return "\n".join(_lines(lesson, played, keyed(lesson, played, looked), looked, held)) + "\n"
    except OSError as error:
        raise LessonError(f"{folder / held.evidence} cannot be opened: {error.strerror or error}.") from error


def _opened(folder: Path, held: Held, seed: Seed) -> tuple[Lesson, dict[str, str]]:
    try:
        packed = (folder / SEALED).read_bytes()
    except OSError as error:
        raise LessonError(f"{folder / SEALED} cannot be read: {error.strerror or error}.") from error
    try:
        told: dict[str, str] = json.loads(unpack(packed, trainer_key(seed, held.id)))
    except ValueError as error:
        raise LessonError(f"This seed or class file does not open {folder}: it was built with another one.") from error
    return parse(told["source"], told["file"], proved=False), told


def _lines(lesson: Lesson, played: Played, keys: tuple[Keyed, ...], looked: Looked, held: Held) -> Iterator[str]:
    title = f"Debrief: {played.filled(lesson.title)}"
    yield from (title, "=" * len(title), "")
    student = f", student {held.student}" if held.student else ""
    attack = f", ATT&CK {', '.join(lesson.attack)}" if lesson.attack else ""
    yield f"Lesson {lesson.id}, level {lesson.level}{attack}, host {played.facts['host']}{student}."
    if in_image(held.evidence):
        yield from ("", wrapped(_IN_IMAGE.format(evidence=held.evidence)))
        if lesson.files:
            yield from ("", wrapped(f"{_NOT_SCANNED}{', '.join(file.to for file in lesson.files)}."))
    yield from ("", wrapped(played.filled(lesson.debrief)), "", "What was planted")
    for thing in played.scene.planted:
        yield from _planted(thing, looked)
    if played.scene.decoys:
        yield from ("", "What only looked like it", *(f"  {show(path)}" for path in played.scene.decoys))
    yield from ("", "Answers")
    for one in keys:
        yield from _answer(one, played)
    yield from ("", "What a scan of this evidence says of it", *_findings(played, looked))
    if lesson.real_windows:
        yield from ("", "What a real Windows would show in addition", wrapped(played.filled(lesson.real_windows), "  "))


def _planted(thing: Planted, looked: Looked) -> Iterator[str]:
    yield f"  {_STORES[thing.store]}: {show(thing.where)}"
    yield wrapped(thing.what, "      ")
    for span in () if thing.store == "scheduler" else looked.where(thing.where):
        yield f"      {show(span.file)}, offset 0x{span.offset:X} ({span.offset:,}), {span.length:,} bytes"


def _answer(one: Keyed, played: Played) -> Iterator[str]:
    question = one.question
    told = show(one.told) if one.key is not None else "compare with the debrief"
    yield f"  {label(question.id)}. {show(played.filled(question.text).splitlines()[0], 120)}"
    yield f"      {told}"
    if question.why:
        yield wrapped(played.filled(question.why), "      ")


def _findings(played: Played, looked: Looked) -> Iterator[str]:
    wanted = {path.casefold() for path in (*played.scene.tasks, *played.scene.decoys)}
    told = {(rule, path.casefold()) for rule, path in played.scene.rules}
    for finding in looked.case.findings:
        path = (finding.task or "").casefold()
        if path in wanted or (finding.rule, path) in told:
            yield f"  {finding.severity.value:<9} {finding.rule:<20} {show(finding.summary)}"
