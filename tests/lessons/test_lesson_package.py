"""A student's package: the same for the same seed, silent about its answers, written whole or not at all."""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.lessons.ntfs_images import by_sleuth, sleuth
from tests.lessons.test_lesson_file import PLAIN
from tests.material import share
from triptych.lessons.answers import form
from triptych.lessons.lesson import Lesson, LessonError
from triptych.lessons.lesson_class import class_bytes, new_class, read_class
from triptych.lessons.lesson_debrief import debrief
from triptych.lessons.lesson_file import load, parse, shelf
from triptych.lessons.lesson_keys import Keyed, keyed
from triptych.lessons.lesson_package import SEALED, Built, build
from triptych.lessons.lesson_places import Looked, look
from triptych.lessons.lesson_proof import entries
from triptych.lessons.lesson_scene import PUBLIC, numbered, of_class, places, play
from triptych.lessons.lesson_sheet import RIGHT, SELF, WRONG, Sheet, marked, read_sheet
from triptych.lessons.lesson_student import read_package
from triptych.lessons.scenarios.scenario import in_key, tasks_key
from triptych.limits import DEFAULT
from triptych.model.display import show
from triptych.model.evidence import Span
from triptych.stores import proof

SMALL = PLAIN.replace("[scenario]", "[machine]\ntasks = 60\n\n[scenario]")


SEED = numbered(20_260_314)
SLOW = b'{"kind":"task","id":"1","check":{"salt":"","rounds":999999999999,"right":[],"mistakes":[]}}'


def small(folder: Path | None = None, more: str = "") -> Lesson:
    return parse(SMALL + more, "mine.toml", folder)


def digest(folder: Path) -> str:
    """Over every file of a package: its path, time and bytes."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            time = path.stat().st_mtime_ns if "evidence" in path.parts else 0
            total.update(f"{path.relative_to(folder).as_posix()} {time} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


@dataclass(frozen=True)
class Made:
    """A package of a built-in lesson on a small machine, a scan of its evidence and its debrief."""

    lesson: Lesson
    folder: Path
    built: Built
    looked: Looked
    debrief: str

    @property
    def keys(self) -> tuple[Keyed, ...]:
        return self.built.keys


WITH_LOGS = "three-columns"
"""The lesson that is built with its logs too; the others without, since logs take the longest."""


PACKED = share(shelf())  # a package takes seconds


@pytest.fixture(scope="module", params=[*((name, 0) for name in PACKED), (WITH_LOGS, 1)], ids=lambda one: f"{one[0]}-{one[1]}")
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    name, weeks = request.param
    lesson = replace(load(name, proved=False), weeks=weeks, tasks=60)
    folder = tmp_path_factory.mktemp("package") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("triptych.lessons.answers_kept.ROUNDS", 500)  # thousands of answers are tried here
        built = build(lesson, SEED, folder)
        looked = look(str(folder / "evidence"))
        patch.setattr("triptych.lessons.lesson_debrief.look", lambda *_: looked)
        patch.setattr("triptych.lessons.lesson_debrief.parse", lambda *_, **__: lesson)  # the sealed one says its own size
        return Made(lesson, folder, built, looked, debrief(folder, SEED))


def bytes_at(made: Made, span: Span) -> bytes:
    """The bytes of a place; those of a hive whose log was replayed stand in no file."""
    derived = next(file.derived_from for file in made.looked.case.files if file.path == span.file)
    data = bytes(proof.bytes_of(made.looked.source, span.file, derived, DEFAULT))
    if not derived:
        assert data == (made.folder / "evidence" / span.file).read_bytes()
    return data[span.offset :][: span.length]


def papers(folder: Path) -> bytes:
    """Everything but the evidence, as `strings` would look at it."""
    return b"\n".join(path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file())


def answers_of(text: str) -> dict[str, str]:
    """The answers that a debrief tells, by question."""
    told = text.partition("\nAnswers\n")[2].partition("\nWhat a scan")[0]
    return {match[1]: match[2] for match in re.finditer(r"^  (\d+|quiz \d+)\. .*\n {6}(.*)$", told, re.MULTILINE)}


def test_what_is_in_a_package(made: Made) -> None:
    there = sorted(path.name for path in made.folder.iterdir())
    assert there == ["answers.txt", "evidence", "lesson.json", "lesson.txt", "trainer.bin"]
    assert not list(made.folder.parent.glob(".*"))


def secrets_of(made: Made) -> set[str]:
    """What was drawn for this student and no text names: the facts that are others for other seeds, and the answers."""
    facts = made.built.played.facts
    others = [play(made.lesson, numbered(seed)).facts for seed in (1, 2, 3)]
    drawn = {name for name in facts if len({facts[name], *(other[name] for other in others)}) > 1}
    lesson = made.lesson
    named = {name for text in (lesson.title, lesson.story, *(one.text for one in lesson.questions)) for name in places(text)}
    words = {"Plain", "Boot", "Logon", "Maintenance", "SYSTEM", "user", "machine", "cmd.exe", "Administrator"}
    texts = {facts[name] for name in drawn - named - PUBLIC - {"decoys", "tasks"} if "account" not in name and "-by" not in name}
    texts |= {one.told for one in made.keys if one.asked.kind in ("task", "guid", "time", "bytes")}
    texts |= {part for text in texts for part in text.split("\\")[-1:] if len(part) > 5}
    return {text for text in texts if len(text) > 4 and text not in words and not any(facts[name] in text for name in named)}


def test_no_answer_stands_in_it(made: Made) -> None:
    held = papers(made.folder)
    secret = secrets_of(made)
    assert len(secret) >= 3
    for text in secret:
        for spelled in (text, text.casefold(), text.replace("\\", "\\\\"), text.strip("{}")):
            for encoded in (spelled.encode(), spelled.encode("utf-16-le"), base64.b64encode(spelled.encode()).rstrip(b"=")):
                assert encoded not in held, (made.lesson.id, text)
    told = json.dumps(json.loads((made.folder / "lesson.json").read_bytes()))
    for scenario in made.lesson.scenarios:
        assert scenario not in told, "the technique's name would be an answer too"
    assert made.lesson.debrief[:40].encode() not in held


def test_the_kept_answers_are_right(made: Made) -> None:
    for one, kept in zip(made.keys, read_package(made.folder).posed, strict=True):
        assert kept.asked == one.asked
        if one.key is None:
            assert kept.key is None
            continue
        assert kept.key is not None
        assert kept.key.judge(one.key.right[0]).right
        assert not kept.key.judge("something else").right
        for wrong, hint in one.key.mistakes:
            assert kept.key.judge(wrong).hint == hint


def test_the_answers_of_the_debrief_are_accepted(made: Made) -> None:
    """As a trainer reads them there, and writes them into a sheet."""
    posed = read_package(made.folder).posed
    truth = answers_of(made.debrief)
    assert [key.replace(" ", "-") for key in truth] == [one.id for one in posed]
    lines = [f"{key}: {value.partition(' of ')[0] if value.startswith('0x') else value}" for key, value in truth.items()]
    marks = marked(read_sheet("\n".join(lines).encode(), "sheet"), posed)
    wrong = [mark for one, mark in zip(posed, marks, strict=True) if mark.verdict != (SELF if one.key is None else RIGHT)]
    assert not wrong


def test_a_typical_mistake_gets_the_hint_that_fits_it(made: Made) -> None:
    posed = {one.id: one for one in read_package(made.folder).posed}
    played, tried = made.built.played, 0
    for question in made.lesson.questions:
        for mistake in question.check.own:
            told = entries(mistake.answer, played)
            answers = [told] if question.check.kind in ("set", "order") else [(one,) for one in told]
            for answer in answers if told else ():
                sheet = Sheet("sheet", answers={question.id: answer if question.check.kind in ("set", "order") else answer[0]})
                (mark,) = marked(sheet, [posed[question.id]])
                tried += 1
                assert (mark.verdict, mark.hint) == (WRONG, played.filled(mistake.hint)), (question.id, answer)
    assert tried >= 3


def test_the_debrief_names_bytes_that_are_what_it_says(made: Made) -> None:
    text, scene = made.debrief, made.built.played.scene
    assert made.lesson.id in text
    flowing = " ".join(text.split())
    places_told = 0
    for thing in scene.planted:
        assert show(thing.where) in text
        assert " ".join(show(thing.what).split(":")[0].split()) in flowing
        spans = () if thing.store == "scheduler" else made.looked.where(thing.where)
        assert spans or thing.store == "scheduler", thing.where
        for span in spans:
            assert f"{show(span.file)}, offset 0x{span.offset:X} ({span.offset:,}), {span.length:,} bytes" in text
            assert len(bytes_at(made, span)) == span.length > 0
            places_told += 1
    assert places_told >= 2
    assert any(thing.store == "log" for thing in scene.planted) == bool(made.lesson.weeks)
    assert "{" not in re.sub(r"\{[0-9A-Fa-f]{8}-[^}]*\}", "", text), "every fact is filled"
    for rule, _ in scene.rules:
        assert rule in text


def test_the_action_that_is_told_stands_where_it_is_told(made: Made) -> None:
    scene = made.built.played.scene
    for task in scene.machine.tasks:
        (action, *_) = task.told_by_registry.actions or (None,)
        where = in_key(tasks_key(task.guid), "Actions")
        if (
            task.path in scene.tasks
            and action is not None
            and action.command
            and any(thing.where == where for thing in scene.planted)
        ):
            (span,) = made.looked.where(where)
            assert action.command.encode("utf-16-le") in bytes_at(made, span)


def test_the_records_of_a_mix_are_those_of_its_tasks(made: Made) -> None:
    """Each further scenario puts records before those that an earlier one told of."""
    if made.lesson.weeks:
        held = [bytes_at(made, *made.looked.where(one.where)) for one in made.built.played.scene.planted if one.store == "log"]
        names = [path.encode("utf-16-le") for path in made.built.played.scene.tasks]
        assert all(record[:4] == b"**\0\0" for record in held)
        assert sum(any(name in record for name in names) for record in held) >= len(held) - 1, "all but the restart of the service"


def test_another_seed_does_not_open_it(made: Made) -> None:
    with pytest.raises(LessonError, match="does not open"):
        debrief(made.folder, numbered(20_260_315))


def test_a_scan_finds_what_was_planted(made: Made) -> None:
    findings = made.looked.case.findings
    scene = made.built.played.scene
    assert set(scene.rules) <= {(finding.rule, finding.task or "") for finding in findings}
    assert {finding.task for finding in findings if finding.severity.value in ("critical", "high") and finding.task} <= set(
        scene.tasks
    )


def test_the_place_of_an_answer_holds_it(made: Made) -> None:
    """The bytes that a question asks for are those of the text that it names."""
    for one in made.keys:
        if one.asked.kind == "bytes":
            match = re.fullmatch(r"0x([0-9A-F]+) (\d+) of (.+)", one.told)
            assert match is not None
            data = (made.folder / "evidence" / match[3]).read_bytes()[int(match[1], 16) :][: int(match[2])]
            assert data.decode("utf-16-le") == made.built.played.filled(one.question.check.answer[0])
    with_bytes = ("nobody-lists-it", "what-really-ran", "old-habits")
    assert made.lesson.id not in with_bytes or any(one.asked.kind == "bytes" for one in made.keys)


@pytest.mark.parametrize("image", ["folder", "zip", "raw"])
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, image: str) -> None:
    lesson = small()
    build(lesson, numbered(7), tmp_path / "a", image)
    build(lesson, numbered(7), tmp_path / "b", image)
    build(lesson, numbered(8), tmp_path / "c", image)
    assert digest(tmp_path / "a") == digest(tmp_path / "b") != digest(tmp_path / "c")
    (tmp_path / "mine.toml").write_text(SMALL)
    command = ["lesson", "build", str(tmp_path / "mine.toml"), "--seed", "7", "--image", image, "--out", str(tmp_path / "d")]
    environment = {**os.environ, "PYTHONHASHSEED": "12345"}
    subprocess.run([sys.executable, "-m", "triptych", *command], check=True, capture_output=True, env=environment)
    assert digest(tmp_path / "d") == digest(tmp_path / "a"), "and in another process"


def test_a_disk_image_is_asked_about_by_the_files_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its volume holds the files of the folder form; places count from the start of a file of the volume, for key and debrief."""
    lesson = replace(load("what-really-ran", proved=False), weeks=0, tasks=60)
    made = build(lesson, SEED, tmp_path / "raw", "raw")
    assert sorted(path.name for path in (tmp_path / "raw").iterdir()) == [
        "answers.txt", "evidence.raw", "lesson.json", "lesson.txt", "trainer.bin",
    ]  # fmt: skip
    files = {path: one for path, one in by_sleuth(tmp_path / "raw" / "evidence.raw").items() if not one.folder}
    held = made.played.scene.machine.contents()
    assert {path: one.sha256 for path, one in files.items()} == {one.path: hashlib.sha256(one.data).hexdigest() for one in held}
    text = (tmp_path / "raw" / "lesson.txt").read_text()
    assert "evidence.raw, a raw disk image" in text
    assert "triptych open FOLDER\n" in text
    assert "triptych open evidence" not in text

    (asked,) = [one for one in made.keys if one.asked.kind == "bytes"]
    match = re.fullmatch(r"0x([0-9A-F]+) (\d+) of (Windows/System32/config/SOFTWARE)", asked.told)
    assert match is not None
    data = sleuth(tmp_path / "raw" / "evidence.raw").open("/" + match[3]).read_random(int(match[1], 16), int(match[2]))
    assert data.decode("utf-16-le") == made.played.filled(asked.question.check.answer[0])
    monkeypatch.setattr("triptych.lessons.lesson_debrief.parse", lambda *_, **__: lesson)
    told = debrief(tmp_path / "raw", SEED)
    assert "stand in the NTFS volume of evidence.raw" in " ".join(told.split())
    places_told = re.findall(r"^ {6}(\S.*), offset 0x([0-9A-F]+) \([\d,]+\), ([\d,]+) bytes$", told, re.MULTILINE)
    assert len(places_told) >= 2
    assert all(int(offset, 16) + int(length.replace(",", "")) <= files[path].size for path, offset, length in places_told)
    assert "were not scanned" not in told
    posed = read_package(tmp_path / "raw").posed
    lines = [f"{key}: {value.partition(' of ')[0] if value.startswith('0x') else value}" for key, value in answers_of(told).items()]
    assert {mark.verdict for mark in marked(read_sheet("\n".join(lines).encode(), "sheet"), posed)} <= {RIGHT, SELF}


def test_own_files_are_in_a_disk_image_too(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("Call me.")
    more = "\n[[files]]\nsource = 'note.txt'\nto = '{}'\n"
    build(small(tmp_path, more.format("users/Public/note.txt")), numbered(1), tmp_path / "out", "raw")
    seen = by_sleuth(tmp_path / "out" / "evidence.raw")
    assert seen["Users/Public/note.txt"].sha256 == hashlib.sha256(b"Call me.").hexdigest()
    assert "were not scanned: users/Public/note.txt." in " ".join(debrief(tmp_path / "out", numbered(1)).split())
    with pytest.raises(LessonError, match=r"No disk image can hold the files of this lesson: .*case alone"):
        build(small(tmp_path, more.format("windows/system32/Config/Software")), numbered(1), tmp_path / "twice", "raw")
    assert not (tmp_path / "twice").exists()


def test_a_debrief_of_a_disk_image_that_is_not_this_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(small(), numbered(1), tmp_path / "out", "raw")
    with monkeypatch.context() as patch:
        patch.setattr("triptych.lessons.lesson_debrief.digest_of", lambda collection: "0" * 64)
        with pytest.raises(LessonError, match="which draws otherwise"):
            debrief(tmp_path / "out", numbered(1))
    (tmp_path / "out" / "evidence.raw").unlink()
    with pytest.raises(LessonError, match=r"evidence\.raw cannot be opened"):
        debrief(tmp_path / "out", numbered(1))


def test_a_package_that_says_it_has_a_disk_image_and_was_built_without(tmp_path: Path) -> None:
    build(small(), numbered(1), tmp_path / "out")
    path = tmp_path / "out" / "lesson.json"
    path.write_bytes(path.read_bytes().replace(b'"evidence"', b'"evidence.raw"', 2).replace(b'"evidence.raw":', b'"evidence":'))
    with pytest.raises(LessonError, match="which draws otherwise"):
        debrief(tmp_path / "out", numbered(1))


def test_a_disk_image_that_cannot_be_written_whole_is_not_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(collection: object, path: Path, formatted: int) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr("triptych.lessons.lesson_package.write_disk", full)
    with pytest.raises(OSError, match="No space left"):
        build(small(), numbered(1), tmp_path / "out", "raw")
    assert list(tmp_path.iterdir()) == []


def test_students_of_a_class_have_machines_of_their_own() -> None:
    lesson = small()
    told = [play(lesson, of_class("secret", student, lesson.id)).facts for student in ("s01", "s02", "s01")]
    assert told[0] == told[2]
    assert told[0]["guid"] != told[1]["guid"]
    assert play(lesson, of_class("other", "s01", lesson.id)).facts != told[0]


def test_a_folder_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old.txt").write_text("old")
    with pytest.raises(LessonError, match="is not empty"):
        build(small(), numbered(1), tmp_path / "out")
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "old.txt"]
    (tmp_path / "file").write_text("old")
    with pytest.raises(LessonError, match="is no folder"):
        build(small(), numbered(1), tmp_path / "file")


def test_an_empty_folder_is_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one is, as the folder one stands in or the root of a stick: it stays the same folder."""
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    build(small(), numbered(1), Path())
    build(small(), numbered(1), tmp_path / "new" / "one")
    assert sorted(path.name for path in Path().iterdir()) == sorted(path.name for path in (tmp_path / "new" / "one").iterdir())
    assert digest(Path()) == digest(tmp_path / "new" / "one")


@pytest.mark.parametrize("fails_at", [1, 10, 30])
@pytest.mark.parametrize("there", [True, False])
def test_a_full_disk_leaves_no_half_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int, there: bool) -> None:
    count = 0
    if there:
        (tmp_path / "deep" / "out").mkdir(parents=True)
    write = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        nonlocal count
        count += 1
        if count == fails_at:
            write(path, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        build(small(), numbered(1), tmp_path / "deep" / "out")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert [path.name for path in (tmp_path / "deep").iterdir()] == (["out"] if there else [])
    assert not there or list((tmp_path / "deep" / "out").iterdir()) == []


def test_two_scenarios_on_one_machine() -> None:
    mixed = SMALL.replace('name = "tarrask"', 'name = "tarrask"\nwith = ["index-zero"]')
    check = 'kind = "set"\nof = "task"\nanswer = ["{tasks}"]'
    mixed = mixed.replace('kind = "task"\nanswer = "{task}"', check).replace("made at {created}", "and {index-zero.task}")
    lesson = parse(mixed, "mine.toml")
    played = play(lesson, numbered(4))
    both = {played.facts["task"], played.facts["index-zero.task"]}
    assert len(both) == 2
    assert set(played.scene.tasks) == both
    (first, _) = keyed(lesson, played, None)
    assert first.key is not None
    assert first.key.judge(form(first.asked, "; ".join(sorted(both)))).right
    assert not first.key.judge(form(first.asked, played.facts["task"])).right


def test_logs_of_some_weeks_come_along(tmp_path: Path) -> None:
    lesson = parse(SMALL.replace("tasks = 60", "tasks = 60\nweeks = 1"), "mine.toml")
    made = build(lesson, numbered(2), tmp_path / "out")
    assert len(list((tmp_path / "out").rglob("*.evtx"))) > 3
    looked = look(str(tmp_path / "out" / "evidence"))
    machine = made.played.scene.machine
    event = max((event for event in machine.events if event.event_id == 200), key=lambda event: event.time)
    (span,) = looked.where(f"{event.channel} : {machine.record_id(event)}")
    assert span.file.endswith("TaskScheduler%4Operational.evtx")
    record = (tmp_path / "out" / "evidence" / span.file).read_bytes()[span.offset :][: span.length]
    assert record[:4] == b"**\0\0"
    assert str(event.get("TaskName")).encode("utf-16-le") in record


def test_own_files_come_along_with_their_time(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("Call me.")
    more = "\n[[files]]\nsource = 'note.txt'\nto = 'Users/Public/note.txt'\nmodified = 2026-03-01T10:00:00Z\n"
    made = build(small(tmp_path, more), numbered(1), tmp_path / "out")
    (path,) = (tmp_path / "out" / "evidence").rglob("note.txt")
    assert path.read_text() == "Call me."
    assert path.stat().st_mtime == 1_772_359_200
    assert path.parts[-5:] == (made.played.facts["host"], "C", "Users", "Public", "note.txt")
    assert "Debrief" in debrief(tmp_path / "out", numbered(1)), "the debrief needs no file of the trainer's"


def test_without_kept_answers_there_is_no_hash(tmp_path: Path) -> None:
    lesson = small()
    build(lesson, of_class("secret", "s01", lesson.id), tmp_path / "out", keep_answers=False)
    held = read_package(tmp_path / "out")
    assert not held.checkable
    assert held.student == "s01"
    assert b'"check"' not in (tmp_path / "out" / "lesson.json").read_bytes()
    assert "Debrief" in debrief(tmp_path / "out", of_class("secret", "s01", lesson.id))


def test_another_version_draws_otherwise_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(small(), numbered(1), tmp_path / "out")
    monkeypatch.setattr("triptych.lessons.lesson_debrief.truth_of", lambda played: "0" * 64)
    with pytest.raises(LessonError, match=r"was built by triptych .* which draws otherwise"):
        debrief(tmp_path / "out", numbered(1))


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"{}", b"[" * 100_000, b'{"schema":"triptych.lesson/9"}', b"\xff\xfe\x00",
        b'{"schema":"triptych.lesson/1","bias":0,"questions":[{"kind":"x","id":"1"}],"evidence":{"path":"a","listing":""}}',
        b'{"schema":"triptych.lesson/1","bias":0,"questions":[],"evidence":{"path":"../a","listing":""}}',
        b'{"schema":"triptych.lesson/1","bias":0,"evidence":{"path":"a","listing":""},"questions":[%s]}' % SLOW,
    ],
)  # fmt: skip
def test_a_package_that_is_none_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "lesson.json").write_bytes(content)
    with pytest.raises(LessonError, match=r"lesson\.json"):
        read_package(tmp_path)


def test_a_sealed_part_that_was_changed_is_a_sentence(tmp_path: Path) -> None:
    build(small(), numbered(1), tmp_path / "out")
    path = tmp_path / "out" / SEALED
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(LessonError, match="does not open"):
        debrief(tmp_path / "out", numbered(1))


def test_a_class_file_comes_back(tmp_path: Path) -> None:
    lesson = small()
    group = new_class(("s01", "s02"))
    played = play(lesson, of_class(group.secret, "s01", lesson.id))
    group = group.with_built(lesson.id, "s01", keyed(lesson, played, None))
    path = tmp_path / "class.json"
    path.write_bytes(class_bytes(group))
    assert read_class(path) == group
    (posed, _) = group.posed(lesson.id, "s01")
    assert posed.key is not None
    assert posed.key.judge(form(posed.asked, played.facts["task"])).right
    for lesson_id, student, says in (
        (lesson.id, "s02", "was built for s02"),
        ("x", "s01", "no lesson 'x'"),
        ("x", "s9", "no student"),
    ):
        with pytest.raises(LessonError, match=says):
            group.posed(lesson_id, student)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"schema":"x"}', b'{"schema":"triptych.class/1","lessons":{},"students":[]}']
)
def test_a_class_file_that_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "c").write_bytes(content)
    with pytest.raises(LessonError):
        read_class(tmp_path / "c")


@pytest.mark.parametrize("students", [(), ("a", "A"), ("../a",), ("a b",), ("-a",), ("",)])
def test_students_that_cannot_be(students: tuple[str, ...]) -> None:
    with pytest.raises(LessonError):
        new_class(students)
