"""What a student gets: the evidence, the questions, a sheet to fill in, hashes of the answers, and what only the trainer opens."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from triptych import __version__
from triptych.lessons.answers_kept import KeptKey, keep
from triptych.lessons.collection import Collection, write_folder, zip_bytes
from triptych.lessons.lesson import Lesson, LessonError
from triptych.lessons.lesson_keys import Keyed, keyed, needs_evidence
from triptych.lessons.lesson_places import look
from triptych.lessons.lesson_scene import Played, Seed, play
from triptych.lessons.lesson_text import answer_sheet, in_image, in_reach, student_text
from triptych.lessons.machine import Machine
from triptych.lessons.ntfs_disk import write_disk
from triptych.lessons.packing import key_of, pack

SCHEMA = "triptych.lesson/1"
LESSON, TEXT, SHEET, SEALED, LISTING = "lesson.json", "lesson.txt", "answers.txt", "trainer.bin", "listing.txt"
EVIDENCE = {"folder": "evidence", "zip": "evidence.zip", "raw": "evidence.raw"}
"""What the evidence is called, by the kind of image."""

_SHAPE = "kape"


@dataclass(frozen=True, slots=True)
class Built:
    """A package as it was written, and the keys to its questions for the trainer's class file."""

    played: Played
    keys: tuple[Keyed, ...]
    evidence: str
    """SHA-256 over the evidence."""


def build(lesson: Lesson, seed: Seed, target: Path, image: str = "folder", *, keep_answers: bool = True) -> Built:
    """Write a student's package into `target`, whole or not at all; without `keep_answers` not even their hashes.

    Raises LessonError where the folder is there and not empty or the lesson does not fit its machine, OSError where it cannot be
    written.
    """
    check_empty(target)
    played = play(lesson, seed)
    machine = with_files(played.scene.machine, lesson)
    there = target.is_dir()
    home = target if there else target.parent  # the same disk in any case, so that nothing need be copied
    home.mkdir(parents=True, exist_ok=True)
    part = home / f".{secrets.token_hex(8)}.part"
    try:
        part.mkdir()
        evidence = _write_evidence(part, machine, played, image)
        keys = _keys(lesson, played, part / EVIDENCE[image], machine)
        for name, data in _papers(lesson, seed, played, keys, image, evidence, keep_answers).items():
            (part / name).write_bytes(data)
        if there:
            for entry in sorted(part.iterdir()):
                entry.rename(target / entry.name)
        else:
            part.rename(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Built(played, keys, evidence)


def trainer_key(seed: Seed, lesson: str) -> bytes:
    """What opens the sealed part of a package: the seed's words and the lesson's id."""
    return key_of(f"{seed.words} {lesson}")


def truth_of(played: Played) -> str:
    """A digest of everything that was drawn: another version of the program may draw otherwise."""
    return hashlib.sha256(json.dumps(dict(played.facts), sort_keys=True).encode("ascii")).hexdigest()


def check_empty(target: Path) -> None:
    """Raises LessonError where something stands in the way of a package."""
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise LessonError(f"{target} is there already and is no folder; give another name.")
    if target.is_dir() and any(target.iterdir()):
        raise LessonError(f"{target} is not empty; give a folder that is empty or not there yet.")


def with_files(machine: Machine, lesson: Lesson) -> Machine:
    """The machine with the files that the lesson brings. Raises OSError."""
    for file in lesson.files:
        machine = machine.with_file(file.to, file.source.read_bytes(), file.modified)
    return machine


@contextmanager
def scannable(evidence: Path, machine: Machine) -> Iterator[Path]:
    """Evidence as a scan can open it: as it stands, or of a disk image the same files in a folder, for as long as it is looked at.

    Their paths then count from the root of the volume. Raises OSError.
    """
    if not in_image(evidence.name):
        yield evidence
        return
    evidence.stat()
    with tempfile.TemporaryDirectory(prefix="triptych-lesson-", ignore_cleanup_errors=True) as folder:
        machine.write(Path(folder))
        yield Path(folder)


def digest_of(collection: Collection) -> str:
    """SHA-256 over the files of a collection: contents, times and paths."""
    total = hashlib.sha256()
    for file in collection.files:
        total.update(f"{hashlib.sha256(file.data).hexdigest()} {file.modified} {file.path}\n".encode("utf-8", "surrogatepass"))
    return total.hexdigest()


def _keys(lesson: Lesson, played: Played, evidence: Path, machine: Machine) -> tuple[Keyed, ...]:
    if not needs_evidence(lesson):
        return keyed(lesson, played, None)
    with scannable(evidence, machine) as place:
        return keyed(lesson, played, look(str(place)))


def _write_evidence(part: Path, machine: Machine, played: Played, image: str) -> str:
    """Write the evidence, and the listing where the scenario hands one out; returns the SHA-256 over its files."""
    collection = machine.collection()
    target = part / EVIDENCE[image]
    if image == "zip":
        target.write_bytes(zip_bytes(collection, _SHAPE))
    elif image == "raw":
        try:
            write_disk(collection, target, machine.installed)
        except ValueError as error:
            raise LessonError(f"No disk image can hold the files of this lesson: {error}.") from error
    else:
        write_folder(collection, target, _SHAPE)
    if played.scene.listing:
        (part / LISTING).write_bytes(played.scene.listing)
    return digest_of(collection)


def _papers(
    lesson: Lesson, seed: Seed, played: Played, keys: tuple[Keyed, ...], image: str, evidence: str, keep_answers: bool
) -> dict[str, bytes]:
    key = trainer_key(seed, lesson.id)
    listing = LISTING if played.scene.listing else ""
    document = {
        "schema": SCHEMA,
        "tool": f"triptych {__version__}",
        "id": lesson.id,
        "title": played.filled(lesson.title),
        "level": lesson.level,
        "minutes": lesson.minutes,
        "student": seed.student,
        "story": played.filled(lesson.story),
        "evidence": {"path": EVIDENCE[image], "sha256": evidence, "listing": listing},
        "bias": played.scene.machine.bias,
        "questions": [_question(one, played, key if keep_answers else b"") for one in keys],
    }
    return {
        LESSON: json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8") + b"\n",
        TEXT: student_text(lesson, played, keys, in_reach(EVIDENCE[image], listing), checkable=keep_answers).encode("utf-8"),
        SHEET: answer_sheet(lesson, seed.student, keys).encode("utf-8"),
        SEALED: pack(json.dumps(_for_trainer(lesson, played, image)).encode("ascii"), key),
    }


def _for_trainer(lesson: Lesson, played: Played, image: str) -> dict[str, str]:
    """What the debrief needs; with a disk image, `files` tells whether the program still writes those of the machine as it did."""
    told = {"source": lesson.source, "file": lesson.file, "truth": truth_of(played)}
    return told | {"files": digest_of(played.scene.machine.collection())} if image == "raw" else told


def _question(one: Keyed, played: Played, key: bytes) -> dict[str, object]:
    """A question for the student; with a key (bytes) its answer as hashes, the salts drawn from it."""
    question = one.question
    told: dict[str, object] = {
        "id": question.id,
        "kind": one.asked.kind,
        "text": played.filled(question.text),
        "room": question.room,
        "hints": [played.filled(hint) for hint in question.hints],
    }
    more = {"of": one.asked.of if one.asked.kind == "set" else "", "items": one.asked.items, "choices": one.asked.choices}
    told |= {name: value for name, value in more.items() if value}
    if key and one.key is not None:
        told["check"] = _kept(keep(one.key, hmac.digest(key, question.id.encode("ascii"), "sha256")[:16]))
    return told


def _kept(key: KeptKey) -> dict[str, object]:
    return {
        "salt": key.salt.hex(),
        "rounds": key.rounds,
        "right": [digest.hex() for digest in key.right],
        "mistakes": [{"digest": digest.hex(), "hint": hint.hex()} for digest, hint in key.mistakes],
    }
