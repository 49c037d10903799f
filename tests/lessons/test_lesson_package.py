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
from pathlib import Path

import pytest

from tests.lessons.test_lesson_file import PLAIN
from triptych.lessons.answers import form
from triptych.lessons.lesson import Lesson, LessonError
from triptych.lessons.lesson_class import class_bytes, new_class, read_class
from triptych.lessons.lesson_debrief import debrief
from triptych.lessons.lesson_file import load, parse, shelf
from triptych.lessons.lesson_keys import keyed
from triptych.lessons.lesson_package import SEALED, Built, build
from triptych.lessons.lesson_places import look
from triptych.lessons.lesson_scene import numbered, of_class, play
from triptych.lessons.lesson_student import read_package

SMALL = PLAIN.replace("[scenario]", "[machine]\ntasks = 60\n\n[scenario]")


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


@pytest.fixture(scope="module", params=shelf())
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Lesson, Path, Built]:
    lesson = load(request.param)
    folder = tmp_path_factory.mktemp("package") / "out"
    return lesson, folder, build(lesson, numbered(20_260_314), folder)


def papers(folder: Path) -> bytes:
    """Everything but the evidence, as `strings` would look at it."""
    return b"\n".join(path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file())


def test_what_is_in_a_package(built: tuple[Lesson, Path, Built]) -> None:
    _, folder, _ = built
    assert sorted(path.name for path in folder.iterdir()) == ["answers.txt", "evidence", "lesson.json", "lesson.txt", "trainer.bin"]
    assert not list(folder.parent.glob(".*"))


def test_no_answer_stands_in_it(built: tuple[Lesson, Path, Built]) -> None:
    lesson, folder, made = built
    held = papers(folder)
    facts = made.played.facts
    secret = {facts[name] for name in facts if name not in ("host", "domain", "windows", "build", "collected", "account", "decoys")}
    secret |= {one.told for one in made.keys if one.asked.kind in ("task", "guid", "time", "value", "bytes")}
    secret |= {part for text in secret for part in text.split("\\")[-1:]}
    checked = 0
    for text in secret:
        if len(text) < 4 or text in ("Plain", "Boot", "Logon"):
            continue
        checked += 1
        for spelled in (text, text.casefold(), text.replace("\\", "\\\\"), text.strip("{}")):
            for encoded in (spelled.encode(), spelled.encode("utf-16-le"), base64.b64encode(spelled.encode()).rstrip(b"=")):
                assert encoded not in held, (lesson.id, text)
    assert checked >= 8
    told = json.loads((folder / "lesson.json").read_bytes())
    for scenario in lesson.scenarios:
        assert scenario not in json.dumps(told), "the technique's name would be an answer too"
    assert lesson.debrief[:40].encode() not in held


def test_the_kept_answers_are_right(built: tuple[Lesson, Path, Built]) -> None:
    _, folder, made = built
    posed = read_package(folder).posed
    for one, kept in zip(made.keys, posed, strict=True):
        assert kept.asked == one.asked
        if one.key is None:
            assert kept.key is None
            continue
        assert kept.key is not None
        assert kept.key.judge(one.key.right[0]).right
        assert not kept.key.judge("something else").right
        for wrong, hint in one.key.mistakes:
            assert kept.key.judge(wrong).hint == hint


def test_the_debrief_names_bytes_that_are_what_it_says(built: tuple[Lesson, Path, Built]) -> None:
    lesson, folder, made = built
    text = debrief(folder, numbered(20_260_314))
    scene = made.played.scene
    assert lesson.id in text
    for thing in scene.planted:
        assert thing.where in text
        assert thing.what.split(":")[0] in " ".join(text.split())
    spans = re.findall(r"^ +(\S.*), offset 0x([0-9A-F]+) \([\d,]+\), ([\d,]+) bytes$", text, re.MULTILINE)
    assert len(spans) >= sum(thing.store in ("xml", "registry") for thing in scene.planted)
    bytes_of = {}
    for path, offset, length in spans:
        data = (folder / "evidence" / path).read_bytes()
        start = int(offset, 16)
        bytes_of[path, start] = data[start : start + int(length.replace(",", ""))]
    command = scene.machine.task(scene.tasks[0]).definition.actions[0].command.encode("utf-16-le")
    assert sum(command in cited for cited in bytes_of.values()) >= 2, "the file and the Actions value"
    for rule, _ in scene.rules:
        assert rule in text


def test_another_seed_does_not_open_it(built: tuple[Lesson, Path, Built]) -> None:
    _, folder, _ = built
    with pytest.raises(LessonError, match="does not open"):
        debrief(folder, numbered(20_260_315))


def test_a_scan_finds_what_was_planted(built: tuple[Lesson, Path, Built]) -> None:
    _, folder, made = built
    case = look(str(folder / "evidence")).case
    found = {(finding.rule, finding.task or "") for finding in case.findings}
    assert set(made.played.scene.rules) <= found
    grave = {finding.task for finding in case.findings if finding.severity.value in ("critical", "high")}
    assert grave <= set(made.played.scene.tasks)


def test_the_place_of_an_answer_holds_it(built: tuple[Lesson, Path, Built]) -> None:
    """The bytes that a question asks for are those of the text that it names."""
    lesson, folder, made = built
    for one in made.keys:
        if one.asked.kind == "bytes":
            offset, length, path = re.fullmatch(r"0x([0-9A-F]+) (\d+) of (.+)", one.told).groups()  # type: ignore[union-attr]  # a test
            data = (folder / "evidence" / path).read_bytes()[int(offset, 16) :][: int(length)]
            assert data.decode("utf-16-le") == made.played.filled(one.question.check.answer[0])
    assert lesson.id != "nobody-lists-it" or any(one.asked.kind == "bytes" for one in made.keys)


@pytest.mark.parametrize("image", ["folder", "zip"])
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
