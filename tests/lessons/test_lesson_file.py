"""Lesson files: the built-in ones hold together, and what is wrong with one is told with file, line and key."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.material import PROJECT
from triptych.gui.rooms import ROOMS as WINDOW_ROOMS
from triptych.lessons.answers import KINDS
from triptych.lessons.lesson import ROOMS, LessonError
from triptych.lessons.lesson_file import load, parse, shelf
from triptych.lessons.lesson_lines import Path as Place
from triptych.lessons.lesson_lines import key_lines, line_of
from triptych.lessons.lesson_scene import numbered, play
from triptych.lessons.scenarios import SCENARIOS

PLAIN = r"""id = "mine"
title = "A lesson"
level = 1
minutes = 10
attack = ["T1053.005"]
story = '''
Something runs on {host}.
'''
debrief = "It was {task}, made at {created}."

[scenario]
name = "tarrask"

[[steps]]
text = "Which task?"
room = "compare"
hints = ["Look.", "Look again."]

[steps.check]
kind = "task"
answer = "{task}"
mistakes = [{ answer = '\Contoso\Backup', hint = "That one is harmless." }]

[[quiz]]
text = "Does it run?"
choices = ["yes", "no"]
answer = "yes"
"""


def told(text: str, folder: Path | None = None) -> str:
    with pytest.raises(LessonError) as raised:
        parse(text, "mine.toml", folder)
    return str(raised.value)


@pytest.mark.parametrize("name", shelf())
def test_a_built_in_lesson_holds_together(name: str) -> None:
    lesson = load(name)
    assert lesson.id == name
    assert lesson.attack
    assert lesson.real_windows
    assert all(len(step.hints) == 3 for step in lesson.steps)
    assert len(lesson.steps) >= 4
    assert 3 <= len([end for end in lesson.story.replace("? ", ". ").replace("\n", " ").split(". ") if end]) <= 5
    first = SCENARIOS[lesson.scenarios[0]]
    assert lesson.level == 4 if len(lesson.scenarios) > 1 else lesson.level == first.level
    small = replace(lesson, weeks=0, tasks=60)
    told = [play(small, numbered(seed)).facts for seed in (1, 2, 3)]
    assert len({tuple(facts) for facts in told}) == 1
    assert len({facts["collected"] + facts["host"] for facts in told}) == 3


def test_every_scenario_is_taught() -> None:
    lessons = [load(name, proved=False) for name in shelf()]
    assert {name for lesson in lessons for name in lesson.scenarios} >= {one.name for one in SCENARIOS.values() if one.number <= 17}
    assert len([lesson for lesson in lessons if len(lesson.scenarios) == 1]) >= 16
    assert any(len(lesson.scenarios) > 1 for lesson in lessons)
    words = {word for name in SCENARIOS for word in (name, *name.split("-")) if len(word) > 3}
    for lesson in lessons:
        told = f"{lesson.id} {lesson.title}".lower()
        assert not [word for word in words - {"past", "task", "three"} if word in told], "no name gives the technique away"


def test_rooms_are_those_of_the_window() -> None:
    assert set(ROOMS) <= {room.name for room in WINDOW_ROOMS}


def test_a_lesson_as_it_is_told() -> None:
    lesson = parse(PLAIN, "mine.toml")
    assert [question.id for question in lesson.questions] == ["1", "quiz-1"]
    assert lesson.scenarios == ("tarrask",)
    assert lesson.steps[0].check.own[0].hint == "That one is harmless."


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ('title = "A lesson"', 'titel = "A lesson"', 0, "title is missing"),
        ("level = 1", "level = 1\nlevle = 2", 4, "levle: this key is unknown here"),
        ("level = 1", 'level = "1"', 3, "level: must be a whole number; it is a text"),
        ("level = 1", "level = true", 3, "level: must be a whole number; it is true or false"),
        ("level = 1", "level = 9", 3, "level: 9 is not between 1 and 4"),
        ('["T1053.005"]', '["T1053,005"]', 5, "attack: 'T1053,005' is no ATT&CK id"),
        ('["T1053.005"]', "[1053]", 5, "attack: must hold texts alone"),
        ('id = "mine"', 'id = "../mine"', 1, "id: '../mine' must be of lower case letters"),
        ('name = "tarrask"', 'name = "tarask"', 12, "scenario.name: 'tarask' is unknown; known are tarrask"),
        ('name = "tarrask"', 'name = "tarrask"\nwith = ["x"]', 13, "scenario.with: 'x' is unknown"),
        ('room = "compare"', 'room = "kitchen"', 16, "steps[1].room: 'kitchen' is unknown; known are compare"),
        ('["Look.", "Look again."]', "[]", 17, "steps[1].hints: one to 3 hints"),
        (
            "[scenario]",
            "[machine]\nversion = '7'\n[scenario]",
            12,
            "machine.version: the scenario tarrask cannot be played on Windows 7",
        ),
        ("[scenario]", "[machine]\nweeks = 99\n[scenario]", 12, "machine.weeks: 99 is not between 0 and 26"),
        ('kind = "task"', 'kind = "tusk"', 20, "steps[1].check.kind: 'tusk' is unknown"),
        ('kind = "task"', 'kind = "task"\nof = "guid"', 21, "steps[1].check.of: this key is unknown here"),
        ('kind = "task"', 'kind = "time"', 21, "steps[1].check.answer: is no answer of the kind time"),
        ('answer = "{task}"', 'answer = "{tusk}"', 21, "steps[1].check.answer: there is no fact {tusk}; there are"),
        ('answer = "{task}"', "", 19, "steps[1].check: answer is missing"),
        (r"'\Contoso\Backup'", '"{task}"', 22, "steps[1].check.mistakes[1].answer: is the right answer"),
        ('hint = "That one is harmless."', "hunt = 1", 22, "steps[1].check.mistakes[1]: hint is missing"),
        ("Something runs on {host}.", "The task is {task}.", 6, "story: {task} is an answer of this lesson"),
        ("Something runs on {host}.", "The task is {tusk}.", 6, "story: there is no fact {tusk}"),
        ("Something runs on {host}.", "Its key is {key}.", 6, "story: gives away the answer of question 1"),
        ("made at {created}", "made at {creatid}", 9, "debrief: there is no fact {creatid}"),
        ('choices = ["yes", "no"]', 'choices = ["yes"]', 26, "quiz[1].choices: two at least"),
        ('answer = "yes"', 'answer = "maybe"', 27, "quiz[1].answer: is none of the choices"),
    ],
)
def test_a_mistake_is_told_with_line_and_key(old: str, new: str, line: int, says: str) -> None:
    assert PLAIN.count(old) == 1
    found = told(PLAIN.replace(old, new))
    assert found.startswith(f"mine.toml, line {line}, {says}" if line else f"mine.toml: {says}"), found
    assert found.endswith(".")
    assert "\n" not in found


def test_the_example_of_the_handbook_is_a_lesson(tmp_path: Path) -> None:
    text = (PROJECT / "docs" / "trainers.md").read_text("utf-8")
    example = text.partition("```toml\n")[2].partition("```")[0]
    (tmp_path / "mail.txt").write_text("Hello")
    lesson = parse(example, "mine.toml", tmp_path)
    assert lesson.plant is not None
    assert lesson.files[0].to in text
    for word in (*ROOMS, *KINDS):
        assert word in text


def test_missing_steps_and_checks() -> None:
    head, _, _ = PLAIN.partition("[[steps]]")
    assert told(head) == "mine.toml: steps is missing."
    assert "steps[1]: check is missing" in told(head + '[[steps]]\ntext = "a"\nroom = "compare"\nhints = ["b"]\n')
    assert told(head.replace("[scenario]", "[machine]").replace("name", "version").replace("tarrask", "10")) == (
        "mine.toml: either [scenario] or [plant] must be there, and not both."
    )


def test_a_release_on_which_a_technique_leaves_nothing() -> None:
    """Windows 7 keeps no descriptors in Tree: there is none to delete."""
    plant = "[machine]\nversion = '7'\n\n[plant]\nname = '\\A'\ncommand = 'a.exe'\ntechnique = 'sd-deleted'\n"
    found = told(PLAIN.replace('[scenario]\nname = "tarrask"\n', plant))
    assert found == "mine.toml, line 12, machine.version: the technique sd-deleted leaves nothing on Windows 7."


def test_no_toml_at_all_is_told_with_its_line() -> None:
    assert told("id = 'mine'\ntitle = ").startswith("mine.toml is no TOML: Invalid value")
    assert "line 2" in told("id = 'mine'\ntitle == 1")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(LessonError, match="cannot be read: No such file"):
        load(str(tmp_path / "no.toml"))
    (tmp_path / "latin.toml").write_bytes(b'id = "\xe9"')
    with pytest.raises(LessonError, match="not UTF-8 text"):
        load(str(tmp_path / "latin.toml"))
    with pytest.raises(LessonError, match="There is no lesson 'nothing'; there are"):
        load("nothing")


@pytest.mark.parametrize(
    "source", ["../secret.txt", "/etc/passwd", "..\\secret.txt", "C:/x", "a/../../secret.txt", "a/.. /x", "link.txt"]
)
def test_a_path_out_of_its_folder_is_refused(tmp_path: Path, source: str) -> None:
    folder = tmp_path / "lesson"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("s")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    found = told(f"{PLAIN}\n[[files]]\nsource = '{source}'\nto = 'Users/Public/a.txt'\n", folder)
    assert found.startswith("mine.toml, line 30, files[1].source:"), found


@pytest.mark.parametrize("to", ["../a", "/a", "a/../b", "C:/a", "a//b", "a/", "a\\b", "a./b"])
def test_a_file_goes_below_the_drive(tmp_path: Path, to: str) -> None:
    (tmp_path / "a.txt").write_text("s")
    found = told(f"{PLAIN}\n[[files]]\nsource = 'a.txt'\nto = '{to}'\n", tmp_path)
    assert found.startswith("mine.toml, line 31, files[1].to:"), found


@pytest.mark.parametrize("name", ["..", r"\a\..\b", r"\a/b", r"\a:b", r"\a\ ", "\\", r"\a\\b"])
def test_a_task_has_a_path_that_windows_takes(name: str) -> None:
    plant = f"[plant]\nname = '{name}'\ncommand = 'a.exe'\ntechnique = 'none'\n"
    found = told(PLAIN.replace('[scenario]\nname = "tarrask"\n', plant))
    assert found.startswith("mine.toml, line 12, plant.name:"), found


def test_lines_of_a_text_with_everything_toml_has() -> None:
    text = (
        'a = 1\n# b = 2\n"c d".e = """\nx = 3\n"""\n[f.g]\nh = [\n  1, # ]\n  "]",\n]\n[[i]]\nj = 1\n[[i]]\nj = { k = "\\"" }\n[i.l]\n'
        "m = '''\nn = 1'''\n[[i.o]]\np = 1\n"
    )
    lines = key_lines(text)
    assert {place: lines[place] for place in (("a",), ("c d", "e"), ("f", "g", "h"), ("i", 0, "j"), ("i", 1, "j"))} == {
        ("a",): 1, ("c d", "e"): 3, ("f", "g", "h"): 7, ("i", 0, "j"): 12, ("i", 1, "j"): 14,
    }  # fmt: skip
    assert lines["i", 1, "l", "m"] == 16
    assert lines["i", 1, "o", 0, "p"] == 19
    assert line_of(lines, ("i", 1, "j", "k")) == 14
    assert line_of(lines, ("q",)) == 0
    assert ("x",) not in lines
    assert ("n",) not in lines


def keys(value: object, place: Place = ()) -> Iterator[Place]:
    if isinstance(value, dict):
        for key, below in value.items():
            yield (*place, key)
            yield from keys(below, (*place, key))
    elif isinstance(value, list) and all(isinstance(entry, dict) for entry in value):
        for number, entry in enumerate(value):
            yield from keys(entry, (*place, number))


@pytest.mark.parametrize("name", shelf())
def test_every_key_of_a_lesson_has_its_line(name: str) -> None:
    text = load(name, proved=False).source
    lines = text.splitlines()
    found = key_lines(text)
    for place in keys(tomllib.loads(text)):
        if place in found and place[-1] not in ("steps", "quiz", "mistakes"):
            assert str(place[-1]) in lines[found[place] - 1]
        assert line_of(found, place) or place[-1] in ("steps", "quiz"), place


@given(st.text(max_size=80))
def test_any_text_has_lines_or_none(text: str) -> None:
    assert all(1 <= line <= text.count("\n") + 1 for line in key_lines(text).values())
