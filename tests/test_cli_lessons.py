"""Lessons on the command line: one played to its end, a class of students, and what is refused."""

from __future__ import annotations

import csv
import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lessons.test_lesson_package import SMALL, answers_of, digest
from triptych import cli, resources
from triptych.lessons import lesson_package
from triptych.lessons.lesson_file import shelf

Run = tuple[int, str, str]
LESSON, SEED = "nobody-lists-it", "424242"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]  # a function
    """Run a command in this process: its exit code, standard output and standard error."""

    def one(*arguments: str | Path) -> Run:
        monkeypatch.setattr(sys, "path", list(sys.path))
        capsys.readouterr()
        code = cli.main([str(argument) for argument in arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return one


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(SMALL, "utf-8")
    return path


def sheet(path: Path, answers: dict[str, str], student: str = "", lesson: str = LESSON) -> Path:
    lines = [f"lesson: {lesson}", f"student: {student}", *(f"{key}: {value}" for key, value in answers.items())]
    path.write_text("\n".join(lines), "utf-8")
    return path


def test_the_list_names_every_lesson(run) -> None:  # type: ignore[no-untyped-def]
    code, out, err = run("lesson", "list")
    assert (code, err) == (0, "")
    assert sorted(line.split()[0] for line in out.splitlines()) == list(shelf())
    levels = re.findall(r" level (\d) ", out)
    assert levels == sorted(levels)
    code, out, _ = run("lesson", "list", "--scenarios")
    assert code == 0
    assert "tarrask" in out
    assert "hidden-at" in out
    assert "sd-deleted" in out


def test_a_lesson_played_to_its_end(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """Built, answered wrongly, helped on, answered rightly, debriefed."""
    package, small = tmp_path / "package", tmp_path / "small.toml"
    small.write_text(resources.text(f"lessons/{LESSON}.toml").replace("weeks = 1", "tasks = 60"), "utf-8")
    code, out, err = run("lesson", "build", small, "--seed", SEED, "--out", package)
    assert (code, err) == (0, "")
    assert f"lesson debrief {package} --seed {SEED}" in out

    code, out, err = run("lesson", "check", package, package / "answers.txt")
    assert (code, err) == (0, "")
    assert out.count("no answer") == 9
    assert out.endswith("0 of 9 right.\n")

    code, debrief, err = run("lesson", "debrief", package, "--seed", SEED)
    assert (code, err) == (0, "")
    truth = answers_of(debrief)
    assert list(truth) == ["1", "2", "3", "4", "5", "6", "7", "quiz 1", "quiz 2"]
    truth["6"] = truth["6"].partition(" of ")[0]

    created = re.search(r"ordinary way at\s+(\S+Z)", debrief)
    assert created is not None
    wrong = {
        "1": r"\Contoso\Backup",
        "2": "index",
        "3": f"{created[1][:19]} Z",
        "4": "LOCAL SERVICE",
        "5": f"{truth['5']} /x",
        "6": "0x10 4",
        "7": "1",
        "quiz 1": "1",
        "quiz 2": "3",
    }
    code, out, _ = run("lesson", "check", package, sheet(tmp_path / "wrong.txt", wrong))
    assert code == 0
    assert out.endswith("0 of 9 right.\n")
    hints = dict(re.findall(r"^(\S+|quiz \d) +wrong\n {9}(.+)$", out, re.MULTILINE))
    assert hints["1"].startswith("A task has a telling in the files"), "no typical mistake: the first hint of the step"
    assert hints["2"] == "A missing or zero Index hides a task as well; here it is as the service wrote it."
    assert hints["3"] == "That is when the task was registered. It was hidden a little later."
    assert hints["quiz 1"].startswith("Look at the last run")
    _, out, _ = run("lesson", "check", package, tmp_path / "wrong.txt", "--hint", "3")
    assert "Every task's Tree key should have three values." in out
    hour = f"{truth['3'][:11]}{int(truth['3'][11:13]) + 1:02d}{truth['3'][13:19]} Z"
    _, out, _ = run("lesson", "check", package, sheet(tmp_path / "zone.txt", {"3": hour}))
    assert "in the other zone" in out
    _, out, _ = run("lesson", "check", package, sheet(tmp_path / "none.txt", {"3": truth["3"][:19]}))
    assert "not understood\n         Say in which zone" in out

    code, out, _ = run("lesson", "check", package, sheet(tmp_path / "right.txt", truth))
    assert code == 0
    assert out.count(" right\n") == 9
    assert out.endswith("9 of 9 right.\n")
    (tmp_path / "right.json").write_text(json.dumps({"lesson": LESSON, "answers": truth}))
    assert run("lesson", "check", package, tmp_path / "right.json")[1] == out


def test_a_class_from_nothing_to_its_table(run, own: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    group, out = tmp_path / "class.json", tmp_path / "packages"
    assert run("lesson", "class", group, "--count", "3")[0] == 0
    code, told, err = run("lesson", "build", own, "--class", group, "--out", out, "--image", "zip")
    assert (code, err) == (0, "")
    assert len(told.splitlines()) == 3
    assert sorted(path.name for path in out.iterdir()) == ["s01", "s02", "s03"]
    assert (out / "s01" / "evidence.zip").is_file()
    code, _, err = run("lesson", "check", out / "s01", out / "s01" / "answers.txt")
    assert code == 2
    assert "hand in your sheet" in err

    truths = {}
    for student in ("s01", "s02", "s03"):
        code, told, _ = run("lesson", "debrief", out / student, "--class", group)
        assert code == 0
        assert f"student {student}" in told
        truths[student] = answers_of(told)
    assert len({truth["1"] for truth in truths.values()}) > 1, "each has a machine of its own"

    sheets = [
        sheet(tmp_path / "a.txt", truths["s01"], "s01", "mine"),
        sheet(tmp_path / "b.txt", {"1": r"\Contoso\Backup", "quiz 1": "1"}, "s02", "mine"),
        sheet(tmp_path / "c.txt", truths["s01"], "s09", "mine"),
    ]
    code, told, err = run("lesson", "check", "--class", group, *sheets, "--csv", tmp_path / "marks.csv")
    assert code == 0
    assert re.search(r"^  s01  \+ \+ .*2 of 2$", told, re.MULTILINE)
    assert re.search(r"^  s02  - \+ .*1 of 2$", told, re.MULTILINE)
    assert "c.txt is not marked: there is no student 's09'" in err
    rows = list(csv.DictReader((tmp_path / "marks.csv").read_text("utf-8-sig").splitlines()))
    assert [(row["student"], row["question"], row["verdict"]) for row in rows] == [
        ("s01", "1", "right"), ("s01", "quiz-1", "right"), ("s02", "1", "wrong"), ("s02", "quiz-1", "right"),
    ]  # fmt: skip
    assert run("lesson", "check", "--class", group, *sheets, "--csv", tmp_path / "marks.csv")[0] == 2, "the table is there already"
    assert run("lesson", "check", "--class", group, tmp_path / "c.txt")[0] == 1

    again = tmp_path / "again"
    assert run("lesson", "build", own, "--class", group, "--student", "s02", "--out", again, "--image", "zip")[0] == 0
    assert digest(again) == digest(out / "s02"), "the secret draws the same again"


def test_students_by_a_list_of_names(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "names.txt").write_text("mia\n\nnoor\n")
    assert run("lesson", "class", tmp_path / "c.json", "--students", tmp_path / "names.txt")[0] == 0
    assert json.loads((tmp_path / "c.json").read_bytes())["students"] == ["mia", "noor"]
    assert run("lesson", "class", tmp_path / "c.json", "--count", "2")[0] == 2, "a class file is never written over"
    assert run("lesson", "class", tmp_path / "d.json", "--students", tmp_path / "no.txt")[0] == 2
    assert run("lesson", "class", tmp_path / "d.json", "--count", "0")[0] == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["lesson"], "required"),
        (["lesson", "build", LESSON, "--out", "x"], "--seed"),
        (["lesson", "build", LESSON, "--out", "x", "--seed", "1", "--class", "c"], "not allowed with"),
        (["lesson", "build", LESSON, "--out", "x", "--seed", "-1"], "whole number"),
        (["lesson", "build", LESSON, "--seed", "1", "--out", "x", "--image", "e01"], "invalid choice"),
        (["lesson", "build", "nothing", "--seed", "1", "--out", "x"], "There is no lesson 'nothing'"),
        (["lesson", "build", LESSON, "--seed", "1", "--student", "a", "--out", "x"], "give --class FILE too"),
        (["lesson", "check", "x"], "Give a package and one sheet"),
        (["lesson", "check", "x", "y"], "holds no lesson"),
        (["lesson", "check", "x", "y", "--csv", "z"], "give --class FILE too"),
        (["lesson", "check", "x", "--class", "nowhere"], "cannot be read as a class file"),
        (["lesson", "debrief", "x"], "--seed"),
        (["lesson", "debrief", "x", "--seed", "1"], "holds no lesson"),
        (["demo", "--lesson", "nothing"], "There is no lesson 'nothing'"),
    ],
)
def test_two_where_the_command_is_wrong(  # type: ignore[no-untyped-def]
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert says in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_a_lesson_file_that_is_wrong_is_one_sentence(run, own: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    own.write_text(SMALL.replace("level = 1", "levle = 1"))
    code, out, err = run("lesson", "build", own, "--seed", "1", "--out", tmp_path / "out")
    assert (code, out) == (2, "")
    assert err == "mine.toml: level is missing.\n"
    own.write_text(SMALL.replace("level = 1", "level = 1\ncolour = 2"))
    assert run("lesson", "build", own, "--seed", "1", "--out", tmp_path / "out")[2].startswith("mine.toml, line 4, colour: ")
    assert not (tmp_path / "out").exists()


def test_a_full_disk_is_a_sentence(run, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(lesson_package, "write_folder", full)
    code, out, err = run("lesson", "build", own, "--seed", "1", "--out", tmp_path / "out")
    assert (code, out) == (2, "")
    assert err == f"{tmp_path / 'out'} could not be written (No space left on device); nothing of it is left.\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.toml"]


def test_the_evidence_as_a_disk_image(run, own: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    out = tmp_path / "out"
    code, told, err = run("lesson", "build", own, "--seed", "1", "--image", "raw", "--out", out)
    assert (code, err) == (0, "")
    assert "evidence in evidence.raw." in told
    assert run("lesson", "check", out, out / "answers.txt")[1].endswith("0 of 2 right.\n")
    code, told, err = run("lesson", "debrief", out, "--seed", "1")
    assert (code, err) == (0, "")
    code, told, _ = run("lesson", "check", out, sheet(tmp_path / "right.txt", answers_of(told), lesson="mine"))
    assert told.endswith("2 of 2 right.\n")


def test_a_sheet_of_another_lesson(run, own: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert run("lesson", "build", own, "--seed", "1", "--out", tmp_path / "out")[0] == 0
    code, _, err = run("lesson", "check", tmp_path / "out", sheet(tmp_path / "s.txt", {"1": "x"}, lesson="other"))
    assert code == 2
    assert "is a sheet of the lesson 'other'" in err
    assert run("lesson", "check", tmp_path / "out", tmp_path / "nowhere")[0] == 2


def test_the_demo_gives_the_window_evidence_and_takes_it_away(run, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    from triptych.gui import app

    seen: list[tuple[Path, int]] = []

    def opened(arguments: tuple[str, ...], listings: tuple[str, ...]) -> int:
        (evidence,) = map(Path, arguments)
        assert listings == ()
        seen.append((evidence, sum(path.is_file() for path in evidence.rglob("*"))))
        return 0

    monkeypatch.setattr(app, "why_not", lambda: None)
    monkeypatch.setattr(app, "run", opened)
    assert run("demo") == (0, "", "")
    assert run("demo", "--lesson", "wrong-number", "--seed", "9")[0] == 0
    assert all(count > 80 for _, count in seen)
    assert seen[0][0].name != seen[1][0].name
    assert not any(path.exists() or path.parent.exists() for path, _ in seen)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere a window opens without being asked where")
def test_without_a_display_the_demo_prints_what_a_scan_prints(tmp_path: Path) -> None:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "XDG_SESSION_TYPE")
    environment = {name: value for name, value in os.environ.items() if name not in hidden} | {"TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-m", "triptych", "demo"], capture_output=True, env=environment, check=False)
    assert done.returncode == 0
    assert b"No display" in done.stderr
    assert b"CRITICAL sd-missing" in done.stdout
    assert list(tmp_path.iterdir()) == []
