"""The commands of lessons: `lesson list`, `build`, `check`, `debrief`, `class`, and `demo`."""
# ruff: noqa: T201 - a command line prints

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from triptych.exports.writing import OutputError, check, write
from triptych.model.display import show

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # what add_subparsers gives; it has no public name

    from triptych.lessons.lesson import Lesson
    from triptych.lessons.lesson_class import Class
    from triptych.lessons.lesson_keys import Keyed
    from triptych.lessons.lesson_scene import Played, Seed
    from triptych.lessons.lesson_sheet import Mark, Sheet
    from triptych.lessons.machine import Machine

Run = Callable[[argparse.Namespace], int]

DONE, NOTHING, WRONG_USE = 0, 1, 2
_MOMENT = re.compile(r"20\d\d-\d\d-\d\dT[\d:.]+Z")
_DEMO, _DEMO_SEED = "three-columns", 28
_DEMO_TASKS, _DEMO_HOURS, _DEMO_DAYS = 60, 6, 4  # a small machine, its logs begin hours before what was planted, days at most


def add(commands: Commands, window: Run) -> None:
    """Register the commands. `window` opens the window on `evidence` and `listing`, or prints what a scan prints."""
    lesson = commands.add_parser("lesson", help="training evidence: build, check, debrief", allow_abbrev=False)
    acts: Commands = lesson.add_subparsers(title="what to do", metavar="ACT", required=True)

    listing = acts.add_parser("list", help="the lessons that come with the program", allow_abbrev=False)
    listing.add_argument(
        "--scenarios", action="store_true", help="what can be planted, and the facts of each, for one's own lessons"
    )
    listing.set_defaults(run=_guarded(_list))

    building = acts.add_parser("build", help="write a student's package: evidence, questions, sheet", allow_abbrev=False)
    building.add_argument("lesson", metavar="NAME", help="a lesson of the list, or a file ending with .toml")
    building.add_argument("--out", required=True, metavar="DIR", help="where it goes; the folder must be empty or not there yet")
    kinds = ("folder", "zip", "raw")
    building.add_argument("--image", choices=kinds, default="folder", help="the evidence as a folder, a zip or a disk image (raw)")
    _seed(building)
    building.add_argument("--student", metavar="ID", help="one student of the class; without it a package each, in folders by id")
    building.set_defaults(run=_guarded(_build))

    checking = acts.add_parser("check", help="mark answers", allow_abbrev=False)
    checking.add_argument("paths", nargs="+", metavar="PATH", help="a package and a sheet; with --class, sheets alone")
    checking.add_argument("--hint", type=int, choices=(1, 2, 3), default=1, help="which hint a wrong answer gets (1, the vaguest)")
    checking.add_argument("--class", dest="group", metavar="FILE", help="mark sheets of a class into one table")
    checking.add_argument("--csv", metavar="FILE", help="with --class: write the table as CSV")
    checking.add_argument("--force", action="store_true", help="replace a file that is there")
    checking.set_defaults(run=_guarded(_check))

    telling = acts.add_parser("debrief", help="what was planted, where, and the answers: for the trainer", allow_abbrev=False)
    telling.add_argument("package", metavar="DIR", help="a student's package")
    _seed(telling)
    telling.set_defaults(run=_guarded(_debrief))

    grouping = acts.add_parser("class", help="make a class file: the secret and the students' ids", allow_abbrev=False)
    grouping.add_argument("file", metavar="FILE", help="where it goes; keep it")
    who = grouping.add_mutually_exclusive_group(required=True)
    who.add_argument("--count", type=int, metavar="N", help="so many students, s01, s02, ...")
    who.add_argument("--students", metavar="FILE", help="a text file with an id on each line")
    grouping.set_defaults(run=_guarded(_class))

    demo = commands.add_parser("demo", help="open the window on a lesson built on the spot", allow_abbrev=False)
    demo.add_argument("--lesson", default=_DEMO, metavar="NAME", help=f"another lesson than {_DEMO}")
    demo.add_argument("--seed", type=_number, default=_DEMO_SEED, metavar="N", help="another machine")
    demo.set_defaults(run=_guarded(lambda options: _demo(options, window)))


def _seed(parser: argparse.ArgumentParser) -> None:
    seed = parser.add_mutually_exclusive_group(required=True)
    seed.add_argument("--seed", type=_number, metavar="N", help="the number from which everything is drawn; the debrief needs it")
    seed.add_argument("--class", dest="group", metavar="FILE", help="the class file, which draws each student's own machine")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise argparse.ArgumentTypeError("a whole number of at most 18 digits")
    return int(text)


def _guarded(run: Run) -> Run:
    """What is wrong with a lesson, a sheet or a class file is a sentence on standard error and wrong use."""

    def guarded(options: argparse.Namespace) -> int:
        from triptych.lessons.lesson import LessonError  # late, as all of lessons: no other command needs them

        try:
            return run(options)
        except LessonError as error:
            print(show(str(error)), file=sys.stderr)
            return WRONG_USE

    return guarded


def _list(options: argparse.Namespace) -> int:
    from triptych.lessons.lesson_file import load, shelf

    lessons = [load(name, proved=False) for name in shelf()]
    for lesson in sorted(lessons, key=lambda lesson: (lesson.level, lesson.id)):
        print(f"{lesson.id:<20} level {lesson.level}  {lesson.minutes:>3} min  {lesson.title}")
    if options.scenarios:
        _scenarios()
    return DONE


def _scenarios() -> None:
    from triptych.lessons.benign import benign
    from triptych.lessons.chance import Chance
    from triptych.lessons.lesson_plant import TECHNIQUES
    from triptych.lessons.lesson_scene import PUBLIC
    from triptych.lessons.scenarios import SCENARIOS

    print("\nScenarios, with the facts that texts and answers may name")
    for scenario in SCENARIOS.values():
        facts = scenario.plant(benign(scenario.version), Chance("list")).facts
        print(f"  {scenario.number:>2} {scenario.name:<16} level {scenario.level}  {scenario.title}")
        print(f"     {', '.join(name for name, _ in facts)}")
    print(f"\nOf every machine: {', '.join(sorted(PUBLIC))}")
    print(f"Techniques for a task of one's own: {', '.join(TECHNIQUES)}")


def _build(options: argparse.Namespace) -> int:
    from triptych.lessons.lesson import LessonError
    from triptych.lessons.lesson_class import read_class
    from triptych.lessons.lesson_file import load
    from triptych.lessons.lesson_package import check_empty
    from triptych.lessons.lesson_scene import numbered

    lesson, out = load(options.lesson), Path(options.out)
    if options.group is None:
        if options.student:
            raise LessonError("--student names one of a class: give --class FILE too.")
        _written(lesson, numbered(options.seed), out, options.image, keep_answers=True)
        print(f"The debrief opens with the seed alone: triptych lesson debrief {show(str(out))} --seed {options.seed}")
        return DONE
    group = read_class(Path(options.group))
    students = (options.student,) if options.student else group.students
    places = {student: out if options.student else out / student for student in students}
    for student, place in places.items():
        if student not in group.students:
            raise LessonError(f"There is no student {student!r} in {options.group}.")
        check_empty(place)
    _build_class(lesson, group, places, options)
    return DONE


def _build_class(lesson: Lesson, group: Class, places: dict[str, Path], options: argparse.Namespace) -> None:
    """A package each; the class file is written after each, so that it knows all that were built."""
    from triptych.lessons.lesson_class import class_bytes
    from triptych.lessons.lesson_scene import of_class

    for student, place in places.items():
        built = _written(lesson, of_class(group.secret, student, lesson.id), place, options.image, keep_answers=False)
        group = group.with_built(lesson.id, student, built)
        write(options.group, class_bytes(group), force=True)


def _written(lesson: Lesson, seed: Seed, place: Path, image: str, *, keep_answers: bool) -> tuple[Keyed, ...]:
    """Write one package and say so; returns the keys to its questions. Raises OutputError, LessonError."""
    from triptych.lessons.lesson_package import EVIDENCE, build

    try:
        built = build(lesson, seed, place, image, keep_answers=keep_answers)
    except OSError as error:
        raise OutputError(f"{place} could not be written ({error.strerror or error}); nothing of it is left.") from error
    print(f"{show(str(place))}: {lesson.id}, host {built.played.facts['host']}, evidence in {EVIDENCE[image]}.")
    return built.keys


def _check(options: argparse.Namespace) -> int:
    from triptych.lessons.lesson import LessonError
    from triptych.lessons.lesson_sheet import marked
    from triptych.lessons.lesson_student import read_package

    if options.group is not None:
        return _check_class(options)
    if options.csv:
        raise LessonError("--csv writes the table of a class: give --class FILE too.")
    if len(options.paths) != 2:
        raise LessonError("Give a package and one sheet, or --class FILE and sheets.")
    held = read_package(Path(options.paths[0]))
    if not held.checkable:
        raise LessonError("The answers of this package are with the trainer: hand in your sheet.")
    sheet = _sheet(options.paths[1])
    if sheet.lesson and sheet.lesson != held.id:
        raise LessonError(f"{sheet.name} is a sheet of the lesson {sheet.lesson!r}; this package is {held.id!r}.")
    marks = marked(sheet, held.posed, options.hint)
    for mark in marks:
        print(f"{mark.id.replace('-', ' '):<8} {mark.verdict}")
        if mark.hint:
            print(f"         {show(' '.join(mark.hint.split()))}")
    print(_sum(marks))
    return DONE


def _sheet(path: str) -> Sheet:
    from triptych.lessons.lesson import LessonError
    from triptych.lessons.lesson_sheet import read_sheet

    try:
        return read_sheet(Path(path).read_bytes(), path)
    except OSError as error:
        raise LessonError(f"{path} cannot be read: {error.strerror or error}.") from error


def _sum(marks: Sequence[Mark]) -> str:
    from triptych.lessons.lesson_sheet import RIGHT, SELF

    own = sum(mark.verdict == SELF for mark in marks)
    told = f"{sum(mark.verdict == RIGHT for mark in marks)} of {len(marks) - own} right"
    return f"{told}; {own} to compare with the debrief." if own else f"{told}."


def _check_class(options: argparse.Namespace) -> int:
    """One row a sheet. A sheet that cannot be marked is told, and the others are."""
    from triptych.lessons.lesson import LessonError
    from triptych.lessons.lesson_class import read_class
    from triptych.lessons.lesson_marks import table_csv, table_text
    from triptych.lessons.lesson_sheet import marked

    if options.csv:
        check(options.csv, options.force)
    group = read_class(Path(options.group))
    rows: list[tuple[str, str, tuple[Mark, ...]]] = []
    for path in options.paths:
        try:
            sheet = _sheet(path)
            rows.append((sheet.lesson, sheet.student, marked(sheet, group.posed(sheet.lesson, sheet.student))))
        except LessonError as error:
            print(show(f"{path} is not marked: {error}"), file=sys.stderr)
    if not rows:
        return NOTHING
    rows.sort(key=lambda row: row[:2])
    print(table_text(rows), end="")
    if options.csv:
        write(options.csv, table_csv(rows), options.force)
    return DONE


def _debrief(options: argparse.Namespace) -> int:
    from triptych.lessons.lesson_class import read_class
    from triptych.lessons.lesson_debrief import debrief
    from triptych.lessons.lesson_scene import numbered, of_class
    from triptych.lessons.lesson_student import read_package

    package = Path(options.package)
    if options.group is None:
        seed = numbered(options.seed)
    else:
        held = read_package(package)
        seed = of_class(read_class(Path(options.group)).secret, held.student, held.id)
    print(debrief(package, seed), end="")
    return DONE


def _class(options: argparse.Namespace) -> int:
    from triptych.lessons.lesson import LessonError
    from triptych.lessons.lesson_class import MOST_STUDENTS, class_bytes, new_class

    if options.students is None:
        if not 0 < options.count <= MOST_STUDENTS:
            raise LessonError(f"A class has between 1 and {MOST_STUDENTS:,} students.")
        students = [f"s{number:02d}" for number in range(1, options.count + 1)]
    else:
        try:
            lines = Path(options.students).read_text("utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise LessonError(f"{options.students} cannot be read as a list of students: {error}.") from error
        students = [line.strip() for line in lines if line.strip()]
    group = new_class(students)
    write(options.file, class_bytes(group))
    print(
        f"{len(group.students)} students in {show(options.file)}. Keep this file: it opens the answers and debriefs of the class."
    )
    return DONE


def _demo(options: argparse.Namespace, window: Run) -> int:
    from triptych.lessons.lesson_file import load
    from triptych.lessons.lesson_scene import numbered, play

    lesson = load(options.lesson, proved=False)
    played = play(replace(lesson, weeks=min(lesson.weeks, 1), tasks=_DEMO_TASKS), numbered(options.seed))
    scene, machine = played.scene, _newest(played)
    with tempfile.TemporaryDirectory(prefix="triptych-demo-", ignore_cleanup_errors=True) as folder:
        evidence = Path(folder) / machine.name
        options.evidence, options.listing = [str(evidence)], []
        try:
            machine.write(evidence)
            if scene.listing:
                listing = Path(folder) / "listing.txt"
                listing.write_bytes(scene.listing)
                options.listing = [str(listing)]
        except OSError as error:
            raise OutputError(f"The lesson could not be written to {folder} ({error.strerror or error}).") from error
        return window(options)


def _newest(played: Played) -> Machine:
    """The machine with logs that begin shortly before the first planted thing: what is read soon is shown soon."""
    from triptych.model.times import TICKS_A_DAY, parse_iso

    machine = played.scene.machine
    told = [parse_iso(value).ticks for _, value in sorted(played.facts.items()) if _MOMENT.fullmatch(value)]
    since = machine.collected - _DEMO_DAYS * TICKS_A_DAY
    begin = min((ticks for ticks in told if ticks > since), default=since) - _DEMO_HOURS * TICKS_A_DAY // 24
    return replace(machine, events=tuple(event for event in machine.events if event.time > begin))
