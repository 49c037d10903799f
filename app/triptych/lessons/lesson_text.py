"""The pages of a lesson that people read: the student's text and the sheet for the answers."""

from __future__ import annotations

import textwrap

from triptych.lessons.lesson import Lesson
from triptych.lessons.lesson_keys import Keyed
from triptych.lessons.lesson_scene import Played
from triptych.model.display import show, show_lines

WIDTH = 100
LETTERS = "abcdefghijklmnopqrstuvwxyz"

HOW = {
    "task": r"the task's path, such as \Folder\Name (in quotation marks where it ends with a blank)",
    "value": "the text or number",
    "guid": "the GUID",
    "account": "the account's name or SID",
    "time": "the time with its zone: 2026-03-14 02:17:03 Z, or 2026-03-14 03:17:03 local",
    "order": "the letters in the right order, such as b, a, c",
    "set": "all of them, with semicolons between",
    "bytes": "offset and length in the file, such as 0x3C8 60",
    "choice": "the number",
    "text": "in your own words; the debrief tells whether it is right",
}
"""How an answer of each kind is written."""

IMAGE = """\
The evidence is {evidence}, a raw disk image with one NTFS volume, which begins at byte 1,048,576. Open it with a forensic tool \
that reads disk images (such as Autopsy). Triptych reads files and not images: make the files of the volume a folder, and open that.

  Unpack it:          7z x {evidence} -oFOLDER
  or mount it (root): mount -o ro,loop,offset=1048576 {evidence} FOLDER
  then:               triptych open FOLDER{more}

Offsets that a question asks for count from the start of a file of the volume, not of the image.
"""


def wrapped(text: str, indent: str = "") -> str:
    """Paragraphs in lines that fit a page, acting characters marked; one with a line that begins with a blank stays as it is."""
    made = []
    for paragraph in show_lines(text.strip()).split("\n\n"):
        if any(line.startswith((" ", "\t", "- ")) for line in paragraph.splitlines()):
            made.append(textwrap.indent(paragraph, indent))
        else:
            lines = textwrap.wrap(paragraph, WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False)
            made.append("\n".join(lines))
    return "\n\n".join(made)


def label(ident: str) -> str:
    """A question's id as people write it."""
    return ident.replace("-", " ")


def in_image(evidence: str) -> bool:
    """Whether the evidence of that name is a disk image."""
    return evidence.endswith(".raw")


def in_reach(evidence: str, listing: str) -> str:
    """How a student opens the evidence."""
    more = f" --listing {listing}" if listing else ""
    if not in_image(evidence):
        return f"Open the evidence: triptych open {evidence}{more}"
    return wrapped(IMAGE.format(evidence=evidence, more=more))


def student_text(lesson: Lesson, played: Played, keys: tuple[Keyed, ...], opening: str, *, checkable: bool) -> str:
    """What lies beside the evidence to be read first. Hints are not in it: `triptych lesson check` gives them."""
    title = played.filled(lesson.title)
    made = [title, "=" * len(title), "", wrapped(played.filled(lesson.story)), ""]
    begins = f"Level {lesson.level}, about {lesson.minutes} minutes."
    made += [f"{begins}\n\n{opening}" if "\n" in opening else f"{begins} {opening}", ""]
    for one in keys:
        question = one.question
        room = f" (room: {question.room})" if question.room else ""
        made += [f"{label(question.id)}.{room}", wrapped(played.filled(question.text), "   ")]
        made += [f"   {LETTERS[number]}. {show(item)}" for number, item in enumerate(one.asked.items)]
        made += [f"   {number}. {show(choice)}" for number, choice in enumerate(one.asked.choices, 1)]
        made += [f"   Answer: {HOW[one.asked.kind]}.", ""]
    then = "then: triptych lesson check . answers.txt" if checkable else "and hand it in."
    made += [f"Write your answers into answers.txt, {then}", ""]
    return "\n".join(made)


def answer_sheet(lesson: Lesson, student: str, keys: tuple[Keyed, ...]) -> str:
    """An empty sheet."""
    made = ["# Your answers, each behind its number. A line that begins with # is a remark.", f"lesson: {lesson.id}"]
    made += [f"student: {student}", ""]
    for one in keys:
        made += [f"# {HOW[one.asked.kind]}", f"{label(one.question.id)}:"]
    return "\n".join([*made, ""])
